// SPDX-License-Identifier: MIT
/*
 * The neural core's synthetic networks against the reference evaluator, which
 * was written apart from it: every network of tests/hef/nets and networks with
 * one spoilt byte must be judged alike and give the same bytes.
 */
#include <dirent.h>
#include <endian.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/crc32.h"
#include "tests/emulator/nn.h"
#include "tests/hef/desc.h"
#include "tests/hef/image.h"
#include "tests/hef/nn_format.h"
#include "tests/hef/pattern.h"
#include "tests/unit/nn_pair.h"
#include "tests/hef/refnet.h"

#define NETS		"tests/hef/nets"
#define FRAMES		3
#define MUTATIONS	1000

/* ---- images ---- */

static void choose_indices(struct desc_context *context)
{
	size_t i;

	for (i = 0; i < context->stream_count; i++)
		if (context->streams[i].sys_index < 0)
			context->streams[i].sys_index = i;
}

static void build_image(const char *path, struct blob *image)
{
	struct failure failure;
	struct blob text = { 0 };
	struct desc desc;

	if (read_file(path, &text, &failure))
		fail_msg("%s", failure.text);
	desc_init(&desc);
	if (desc_parse(&desc, path, (const char *)text.data, text.size, &failure))
		fail_msg("%s", failure.text);
	choose_indices(&desc.contexts[0]);
	if (image_build(&desc, &desc.contexts[0], image, &failure))
		fail_msg("%s", failure.text);
	desc_free(&desc);
	blob_free(&text);
}

static int load(struct nn *nn, const uint8_t *image, size_t size)
{
	nn_reset(nn);
	assert_int_equal(size % 4, 0);
	assert_int_equal(nn_write(nn, NN_MEMORY_BASE, image, size), 0);
	assert_true(nn_is_dirty(nn));
	return nn_load(nn);
}

static void set_crc(uint8_t *image, size_t size)
{
	uint32_t crc = htole32(crc32_digest(image + sizeof(struct nn_header),
					    size - sizeof(struct nn_header)));

	memcpy(image + offsetof(struct nn_header, crc32), &crc, sizeof(crc));
}

/* ---- one frame through both ---- */

static void compare_frame(struct nn *nn, struct refnet *net, uint64_t seed, const char *what)
{
	uint8_t *frames[NN_MAX_STREAMS];
	size_t i;

	for (i = 0; i < net->stream_count; i++) {
		frames[i] = malloc(net->streams[i].device_size);
		assert_non_null(frames[i]);
		pattern_fill(seed + i + 1, frames[i], net->streams[i].device_size);
	}
	nn_pair_compare(nn, net, frames, 0, what);
	for (i = 0; i < net->stream_count; i++)
		free(frames[i]);
}

/* ---- agreement ---- */

static void compare_network(struct nn *nn, const char *path)
{
	struct blob image = { 0 };
	struct failure failure;
	struct refnet net;
	unsigned int i;

	build_image(path, &image);
	if (load(nn, image.data, image.size))
		fail_msg("%s: %s", path, nn_error(nn));
	assert_true(nn_is_network(nn));
	if (refnet_open_image(&net, image.data, image.size, &failure))
		fail_msg("%s: %s", path, failure.text);
	for (i = 0; i < FRAMES; i++)
		compare_frame(nn, &net, i * 1000 + 1, path);
	refnet_free(&net);
	blob_free(&image);
}

static void all_networks(void **state)
{
	struct nn *nn = nn_new();
	unsigned int count = 0;
	struct dirent *entry;
	char path[300];
	DIR *dir = opendir(NETS);

	(void)state;
	assert_non_null(nn);
	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		if (!strstr(entry->d_name, ".net"))
			continue;
		snprintf(path, sizeof(path), NETS "/%s", entry->d_name);
		compare_network(nn, path);
		count++;
	}
	closedir(dir);
	nn_free(nn);
	assert_true(count >= 15);
}

/* The tables, not the weights, are what can be wrong in interesting ways. */
static void mutate(uint8_t *image, size_t size, uint64_t *random)
{
	uint8_t bytes[16];
	size_t at;

	pattern_fill(*random, bytes, sizeof(bytes));
	memcpy(random, bytes + 8, sizeof(*random));
	at = (bytes[0] | bytes[1] << 8) % (size < 600 ? size : 600);
	if (bytes[2] & 1)
		image[at] = bytes[3];
	else
		image[at] ^= 1 << (bytes[3] & 7);
	set_crc(image, size);
}

static bool is_small(const struct refnet *net)
{
	size_t i, sum = 0;

	for (i = 0; i < net->stream_count; i++)
		sum += net->streams[i].device_size;
	return sum < 1 << 20;
}

/* Returns whether both took it. */
static bool judge_alike(struct nn *nn, const uint8_t *image, size_t size)
{
	struct failure failure = { "" };
	struct refnet net;
	int mine = load(nn, image, size);
	int theirs;

	if (!mine && !nn_is_network(nn))
		return false;			/* the magic is gone */
	theirs = refnet_open_image(&net, image, size, &failure);
	if (!mine != !theirs)
		fail_msg("chip: %s; reference: %s", mine ? nn_error(nn) : "taken",
			 theirs ? failure.text : "taken");
	if (theirs)
		return false;
	if (is_small(&net))
		compare_frame(nn, &net, 77, "a spoilt network");
	refnet_free(&net);
	return true;
}

static void spoilt(const char *name, unsigned int *taken, unsigned int *refused)
{
	uint64_t random = 0x123456789abcdefull;
	struct blob image = { 0 };
	struct nn *nn = nn_new();
	uint8_t *copy;
	int i;

	assert_non_null(nn);
	build_image(name, &image);
	copy = malloc(image.size);
	assert_non_null(copy);
	for (i = 0; i < MUTATIONS; i++) {
		memcpy(copy, image.data, image.size);
		mutate(copy, image.size, &random);
		*(judge_alike(nn, copy, image.size) ? taken : refused) += 1;
	}
	free(copy);
	blob_free(&image);
	nn_free(nn);
}

static void spoilt_networks(void **state)
{
	static const char *const names[] = {
		NETS "/conv.net", NETS "/depthwise.net", NETS "/max_pool.net", NETS "/add.net",
		NETS "/avg_pool.net", NETS "/fc.net", NETS "/f8cr_u16.net", NETS "/many.net",
	};
	unsigned int taken = 0, refused = 0, i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		spoilt(names[i], &taken, &refused);
	print_message("# %u taken, %u refused\n", taken, refused);
	assert_true(taken > 100 && refused > 100);
}

/* ---- what is wrong is said ---- */

static void expect_error(size_t offset, uint8_t value, const char *text)
{
	struct blob image = { 0 };
	struct nn *nn = nn_new();

	assert_non_null(nn);
	build_image(NETS "/conv.net", &image);
	image.data[offset] = value;
	if (offset >= sizeof(struct nn_header))
		set_crc(image.data, image.size);
	assert_int_not_equal(load(nn, image.data, image.size), 0);
	if (!strstr(nn_error(nn), text))
		fail_msg("'%s' does not say '%s'", nn_error(nn), text);
	assert_false(nn_is_network(nn));
	nn_free(nn);
	blob_free(&image);
}

static void errors(void **state)
{
	(void)state;
	expect_error(offsetof(struct nn_header, version), 2, "version 2");
	expect_error(offsetof(struct nn_header, header_size), 1, "header of");
	expect_error(offsetof(struct nn_header, crc32), 0x5a, "checksum");
	expect_error(offsetof(struct nn_header, image_size) + 3, 0x7f, "image of");
	expect_error(offsetof(struct nn_header, reserved), 1, "reserved");
	expect_error(offsetof(struct nn_header, tensor_count) + 1, 0xff, "tensors");
}

/* The image of a network, and channels that have other frames. */
static void other_streams(void **state)
{
	uint8_t frame[64] = { 0 };
	struct nn_io io = { 0, frame, sizeof(frame), 0 };
	struct blob image = { 0 };
	struct nn *nn = nn_new();

	(void)state;
	assert_non_null(nn);
	build_image(NETS "/conv.net", &image);
	assert_int_equal(load(nn, image.data, image.size), 0);
	assert_int_not_equal(nn_run(nn, &io, 1, &io, 1, 0), 0);
	assert_non_null(strstr(nn_error(nn), "bytes per frame"));
	nn_reset(nn);
	assert_int_equal(nn_load(nn), 0);
	assert_false(nn_is_network(nn));
	nn_free(nn);
	blob_free(&image);
}

/* Words outside the network memory are opaque; none may straddle its end. */
static void memory_bounds(void **state)
{
	uint8_t words[16] = { 0 };
	struct nn *nn = nn_new();

	(void)state;
	assert_non_null(nn);
	assert_int_equal(nn_write(nn, 0x11000000, words, sizeof(words)), 0);
	assert_int_equal(nn_write(nn, NN_MEMORY_BASE + NN_MEMORY_SIZE, words, 16), 0);
	assert_int_equal(nn_write(nn, NN_MEMORY_BASE + NN_MEMORY_SIZE - 16, words, 16), 0);
	assert_int_not_equal(nn_write(nn, NN_MEMORY_BASE + NN_MEMORY_SIZE - 8, words, 16), 0);
	nn_free(nn);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_networks),
		cmocka_unit_test(spoilt_networks),
		cmocka_unit_test(errors),
		cmocka_unit_test(other_streams),
		cmocka_unit_test(memory_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
