// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/hef/pattern.h"
#include "tests/unit/lib_bench.h"

#define NET								\
	"network big\n"							\
	"input in 16x32x8\n"						\
	"conv out in features=8 kernel=3x3 pad=1\n"			\
	"weights random 3 -100 100\n"					\
	"shift 9\n"							\
	"max_pool small out kernel=2x2 stride=2x2\n"			\
	"output out order=nhwc\n"					\
	"output small order=fcr\n"

static void on_input(void *ctx, const struct drv_channel *channel, const uint8_t *data)
{
	struct bench *b = ctx;

	b->input_hash = pattern_hash(PATTERN_HASH_INIT, data, channel->frame_size);
}

static void on_output(void *ctx, const struct drv_channel *channel, uint8_t *data)
{
	const struct bench *b = ctx;

	pattern_fill(pattern_seed(b->input_hash, channel->stream, (uint32_t)channel->frames), data,
		     channel->frame_size);
}

void *bench_pages(size_t size)
{
	void *data;

	assert_int_equal(posix_memalign(&data, (size_t)sysconf(_SC_PAGESIZE), size), 0);
	memset(data, 0, size);
	return data;
}

int bench_open_network(struct bench *b, const struct h8l_network_options *options)
{
	memset(&b->error, 0, sizeof(b->error));
	return h8l_network_open(b->device, b->hef, options, &b->network, &b->error);
}

int bench_open_device(struct bench *b)
{
	return device_open_os(&b->drv->os, NULL, &b->device, &b->error);
}

struct bench *bench_new_net(enum desc_chip chip, const char *net)
{
	struct bench *b = calloc(1, sizeof(*b));

	b->drv = drv_new(1);
	b->drv->ctx = b;
	b->drv->on_input = on_input;
	b->drv->on_output = on_output;
	make_hef(net, 1, chip, NULL, &b->blob);
	assert_int_equal(h8l_hef_open_memory(b->blob.data, b->blob.size, &b->hef, &b->error), 0);
	b->in = bench_pages(BENCH_IN_SIZE + 4096);
	b->out = bench_pages(BENCH_OUT_SIZE + 4096);
	b->small = bench_pages(BENCH_SMALL_SIZE + 4096);
	return b;
}

struct bench *bench_new(enum desc_chip chip)
{
	return bench_new_net(chip, NET);
}

void bench_free(struct bench *b)
{
	h8l_network_close(b->network);
	h8l_device_close(b->device);
	h8l_hef_close(b->hef);
	assert_string_equal(b->drv->violation, "");
	assert_int_equal(drv_leftovers(b->drv), 0);
	assert_int_equal(b->drv->open_fds, 0);
	drv_free(b->drv);
	blob_free(&b->blob);
	free(b->in);
	free(b->out);
	free(b->small);
	free(b);
}

void bench_check(const struct bench *b, const uint8_t *in, const uint8_t *got,
		 unsigned int output, uint32_t frame)
{
	uint64_t hash = pattern_hash(PATTERN_HASH_INIT, in, BENCH_IN_SIZE);
	struct h8l_stream_info info;
	uint8_t *expected;

	assert_int_equal(h8l_network_stream(b->network, H8L_OUTPUT, output, &info), 0);
	expected = malloc(info.device_frame_size);
	pattern_fill(pattern_seed(hash, (uint8_t)info.index, frame), expected,
		     info.device_frame_size);
	assert_memory_equal(got, expected, info.device_frame_size);
	free(expected);
}
