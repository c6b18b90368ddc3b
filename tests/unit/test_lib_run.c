// SPDX-License-Identifier: MIT
/*
 * Networks on a scripted driver: frames, errors in every message and ioctl, no
 * memory, several networks, closing in every state.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hw/control.h"
#include "lib/device.h"
#include "lib/hef.h"
#include "tests/hef/pattern.h"
#include "tests/unit/lib_alloc.h"
#include "tests/unit/lib_driver.h"

#include "tests/unit/hef_common.h"	/* last: cmocka defines fail() */

#define NET								\
	"network big\n"							\
	"input in 16x32x8\n"						\
	"conv out in features=8 kernel=3x3 pad=1\n"			\
	"weights random 3 -100 100\n"					\
	"shift 9\n"							\
	"max_pool small out kernel=2x2 stride=2x2\n"			\
	"output out order=nhwc\n"					\
	"output small order=fcr\n"

#define IN_SIZE		(16 * 32 * 8)	/* 4096 */
#define OUT_SIZE	(16 * 32 * 8)
#define SMALL_SIZE	(8 * 16 * 8)

struct bench {
	struct drv *drv;
	struct blob blob;
	struct h8l_device *device;
	struct h8l_hef *hef;
	struct h8l_network *network;
	struct h8l_error error;
	uint8_t *in, *out, *small;
	uint64_t input_hash;
};

/* What comes out is a function of what went in */
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

static void *page_buffer(size_t size)
{
	void *data;

	assert_int_equal(posix_memalign(&data, (size_t)sysconf(_SC_PAGESIZE), size), 0);
	memset(data, 0, size);
	return data;
}

static int open_network(struct bench *b, const struct h8l_network_options *options)
{
	memset(&b->error, 0, sizeof(b->error));
	return h8l_network_open(b->device, b->hef, options, &b->network, &b->error);
}

static struct bench *new_bench(void)
{
	struct bench *b = calloc(1, sizeof(*b));

	b->drv = drv_new(1);
	b->drv->ctx = b;
	b->drv->on_input = on_input;
	b->drv->on_output = on_output;
	make_hef(NET, 1, DESC_HAILO8, NULL, &b->blob);
	assert_int_equal(h8l_hef_open_memory(b->blob.data, b->blob.size, &b->hef, &b->error), 0);
	assert_int_equal(device_open_os(&b->drv->os, NULL, &b->device, &b->error), 0);
	b->in = page_buffer(IN_SIZE + 4096);
	b->out = page_buffer(OUT_SIZE + 4096);
	b->small = page_buffer(SMALL_SIZE + 4096);
	return b;
}

static struct bench *running_bench(void)
{
	struct bench *b = new_bench();

	if (open_network(b, NULL))
		fail_msg("%s", b->error.text);
	return b;
}

static void free_bench(struct bench *b)
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

static int run_at(struct bench *b, size_t offset)
{
	struct h8l_buffer in = { b->in + offset, IN_SIZE };
	struct h8l_buffer out[2] = { { b->out + offset, OUT_SIZE },
				     { b->small + offset, SMALL_SIZE } };

	memset(&b->error, 0, sizeof(b->error));
	return h8l_network_run(b->network, &in, 1, out, 2, &b->error);
}

static void check_output(const struct bench *b, const uint8_t *got, unsigned int index,
			 size_t size, uint32_t frame)
{
	struct h8l_stream_info info;
	uint8_t *expected = malloc(size);
	uint64_t hash;

	hash = pattern_hash(PATTERN_HASH_INIT, b->in, IN_SIZE);
	assert_int_equal(h8l_network_stream(b->network, H8L_OUTPUT, index, &info), 0);
	pattern_fill(pattern_seed(hash, (uint8_t)info.index, frame), expected, size);
	assert_memory_equal(got, expected, size);
	free(expected);
}

/* ---- frames ---- */

static void direct_frames(void **state)
{
	struct bench *b = running_bench();
	unsigned long allocations = 0;
	unsigned int ioctls = 0;

	(void)state;
	for (uint32_t frame = 0; frame < 200; frame++) {
		memset(b->in, (int)frame, IN_SIZE);
		if (run_at(b, 0))
			fail_msg("%s", b->error.text);
		check_output(b, b->out, 0, OUT_SIZE, frame);
		check_output(b, b->small, 1, SMALL_SIZE, frame);
		if (frame == 0) {
			allocations = alloc_count;
			ioctls = b->drv->ioctl_count;
		}
	}
	/* The buffers of this test and of the script allocate, the library not:
	 * 3 in the script's frames and 2 in check_output()
	 */
	assert_int_equal(alloc_count - allocations, 199 * 5);
	/* Per frame: map, launch and unmap of three buffers, one wait */
	assert_int_equal(b->drv->ioctl_count - ioctls, 199 * 10);
	assert_int_equal(b->drv->polls, 200);
	assert_int_equal(b->drv->sleeps, 0);
	free_bench(b);
}

static void bounced_frames(void **state)
{
	struct bench *b = running_bench();
	unsigned int ioctls, maps = b->drv->map_calls;

	(void)state;
	assert_int_equal(run_at(b, 8), 0);
	ioctls = b->drv->ioctl_count;
	for (uint32_t frame = 1; frame < 50; frame++) {
		memset(b->in, (int)frame, IN_SIZE + 8);
		assert_int_equal(run_at(b, 8), 0);
		check_output(b, b->out + 8, 0, OUT_SIZE, frame);
		check_output(b, b->small + 8, 1, SMALL_SIZE, frame);
	}
	assert_int_equal(b->drv->map_calls, maps);
	/* Per frame: three launches, one wait */
	assert_int_equal(b->drv->ioctl_count - ioctls, 49 * 4);
	free_bench(b);
}

/* The user's memory cannot be mapped: copied instead */
static void map_fails(void **state)
{
	struct bench *b = running_bench();

	(void)state;
	assert_int_equal(h8l_network_start(b->network, NULL), 0);
	b->drv->fail_ioctl = HAILO8L_VDMA_BUFFER_MAP;
	b->drv->fail_errno = -EFAULT;
	assert_int_equal(run_at(b, 0), 0);
	check_output(b, b->out, 0, OUT_SIZE, 0);
	free_bench(b);
}

/* The stock driver has no poll() */
static void without_poll(void **state)
{
	struct bench *b = new_bench();

	(void)state;
	b->drv->has_poll = false;
	h8l_device_close(b->device);
	assert_int_equal(device_open_os(&b->drv->os, NULL, &b->device, &b->error), 0);
	assert_int_equal(open_network(b, NULL), 0);
	for (uint32_t frame = 0; frame < 10; frame++) {
		assert_int_equal(run_at(b, 0), 0);
		check_output(b, b->out, 0, OUT_SIZE, frame);
	}
	assert_int_equal(b->drv->polls, 0);
	b->drv->stuck = true;
	assert_int_equal(run_at(b, 0), -ETIMEDOUT);
	assert_true(b->drv->now_us >= 10000000);
	free_bench(b);
}

/* Without a limit one wait per frame is all there is */
static void for_ever(void **state)
{
	struct h8l_network_options options = { .timeout_ms = UINT_MAX };
	struct bench *b = new_bench();

	(void)state;
	assert_int_equal(open_network(b, &options), 0);
	for (uint32_t frame = 0; frame < 10; frame++)
		assert_int_equal(run_at(b, 8), 0);
	assert_int_equal(b->drv->polls + b->drv->sleeps, 0);
	assert_int_equal(b->drv->waits, 10);
	free_bench(b);
}

static void formats(void **state)
{
	static const struct h8l_format floats = { H8L_TYPE_FLOAT32, H8L_ORDER_NHWC };
	static const struct h8l_format nchw = { H8L_TYPE_UINT8, H8L_ORDER_NCHW };
	struct bench *b = running_bench();
	float *real = page_buffer(OUT_SIZE * sizeof(float));
	struct h8l_buffer in = { b->in, IN_SIZE };
	struct h8l_buffer out[2] = { { real, OUT_SIZE * sizeof(float) },
				     { b->small, SMALL_SIZE } };
	struct h8l_stream_info info;

	(void)state;
	assert_int_equal(h8l_network_set_format(b->network, H8L_OUTPUT, 0, floats, NULL), 0);
	assert_int_equal(h8l_network_frame_size(b->network, H8L_OUTPUT, 0), OUT_SIZE * 4);
	assert_int_equal(h8l_network_run(b->network, &in, 1, out, 2, &b->error), 0);
	assert_int_equal(run_at(b, 0), -EINVAL);	/* buffers of the old size */
	assert_non_null(strstr(b->error.text, "takes 16384 bytes, the buffer has 4096"));
	h8l_network_stream(b->network, H8L_OUTPUT, 0, &info);
	assert_int_equal(h8l_network_set_format(b->network, H8L_OUTPUT, 0, nchw, &b->error),
			 -ENOTSUP);
	assert_int_equal(h8l_network_set_format(b->network, H8L_OUTPUT, 7, nchw, &b->error),
			 -ENOENT);
	assert_int_equal(h8l_network_frame_size(b->network, H8L_INPUT, 1), -ENOENT);
	assert_int_equal(h8l_network_inputs(b->network), 1);
	assert_int_equal(h8l_network_outputs(b->network), 2);
	free(real);
	free_bench(b);
}

static void wrong_buffers(void **state)
{
	struct bench *b = running_bench();
	struct h8l_buffer in = { b->in, IN_SIZE };
	struct h8l_buffer out[2] = { { b->out, OUT_SIZE }, { NULL, SMALL_SIZE } };

	(void)state;
	assert_int_equal(h8l_network_run(b->network, &in, 1, out, 2, &b->error), -EINVAL);
	out[1].data = b->small;
	assert_int_equal(h8l_network_run(b->network, &in, 1, out, 1, &b->error), -EINVAL);
	assert_non_null(strstr(b->error.text, "2 outputs, 1 buffers"));
	assert_int_equal(h8l_network_run(b->network, NULL, 0, out, 2, &b->error), -EINVAL);
	in.size++;
	assert_int_equal(h8l_network_run(b->network, &in, 1, out, 2, &b->error), -EINVAL);
	assert_int_equal(b->drv->launches, 0);
	free_bench(b);
}

/* ---- errors while running: stopped, and it can go on ---- */

static void expect_run(struct bench *b, int err, const char *says)
{
	int got = run_at(b, 0);

	if (got != err || !strstr(b->error.text, says))
		fail_msg("%d \"%s\", expected %d \"%s\"", got, b->error.text, err, says);
	assert_int_equal(b->drv->enabled_app, -1);
	b->drv->fail_ioctl = 0;
	b->drv->stuck = false;
	b->drv->irq_data = -1;
	assert_int_equal(run_at(b, 0), 0);
	check_output(b, b->out, 0, OUT_SIZE, 0);
}

static void run_errors(void **state)
{
	struct h8l_network_options options = { .timeout_ms = 250 };
	struct bench *b = new_bench();

	(void)state;
	assert_int_equal(open_network(b, &options), 0);
	assert_int_equal(run_at(b, 0), 0);
	b->drv->stuck = true;
	expect_run(b, -ETIMEDOUT, "within 250 ms");
	b->drv->irq_data = HAILO8L_IRQ_DATA_NOT_ACTIVE;
	expect_run(b, -ECONNRESET, "stopped stream");
	b->drv->irq_data = HAILO8L_IRQ_DATA_ERROR;
	expect_run(b, -EIO, "DMA error");
	b->drv->irq_data = 2;
	expect_run(b, -EPROTO, "more transfers");
	b->drv->fail_ioctl = HAILO8L_VDMA_LAUNCH_TRANSFER;
	b->drv->fail_errno = -ECONNRESET;
	expect_run(b, -ECONNRESET, "start the network again");
	b->drv->fail_ioctl = HAILO8L_VDMA_LAUNCH_TRANSFER;
	b->drv->fail_skip = 2;		/* the outputs wait already */
	b->drv->fail_errno = -EFAULT;
	expect_run(b, -EFAULT, "does not take a frame");
	b->drv->fail_ioctl = HAILO8L_VDMA_INTERRUPTS_WAIT;
	b->drv->fail_skip = 0;
	b->drv->fail_errno = -ENODEV;
	expect_run(b, -ENODEV, "waiting for results");
	free_bench(b);
}

static void interrupted(void **state)
{
	struct bench *b = running_bench();

	(void)state;
	b->drv->fail_ioctl = HAILO8L_VDMA_INTERRUPTS_WAIT;
	b->drv->fail_errno = -EINTR;	/* once: fail_skip counts below zero */
	assert_int_equal(run_at(b, 0), 0);
	assert_int_equal(b->drv->waits, 1);
	free_bench(b);
}

/* ---- starting and stopping ---- */

static unsigned int count_controls(const struct drv *drv, uint32_t opcode)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < drv->control_count; i++)
		count += drv->controls[i].opcode == opcode;
	return count;
}

static void start_stop(void **state)
{
	struct bench *b = running_bench();
	unsigned int before = b->drv->control_count;

	(void)state;
	assert_int_equal(h8l_network_start(b->network, &b->error), 0);
	assert_int_equal(h8l_network_start(b->network, &b->error), 0);
	assert_int_equal(b->drv->control_count, before + 1);
	assert_int_equal(run_at(b, 0), 0);
	assert_int_equal(b->drv->control_count, before + 1);
	assert_int_equal(h8l_network_stop(b->network, &b->error), 0);
	assert_int_equal(h8l_network_stop(b->network, &b->error), 0);
	assert_int_equal(b->drv->control_count, before + 2);
	assert_int_equal(run_at(b, 0), 0);
	check_output(b, b->out, 0, OUT_SIZE, 0);	/* counted from ENABLED */
	free_bench(b);
}

/* Only what is needed: one question, header, four lists */
static void few_messages(void **state)
{
	struct bench *b = running_bench();

	(void)state;
	assert_int_equal(count_controls(b->drv, HW_OP_GET_HW_CONSTS), 1);
	assert_int_equal(count_controls(b->drv, HW_OP_GET_DEVICE_INFORMATION), 0);
	assert_int_equal(count_controls(b->drv, HW_OP_SET_CONTEXT_INFO), 4);
	assert_int_equal(b->drv->control_count, 1 + 2 + 1 + 1 + 4);
	free_bench(b);
}

static void two_networks(void **state)
{
	struct bench *b = running_bench();
	struct h8l_network *first = b->network, *second;

	(void)state;
	assert_int_equal(run_at(b, 0), 0);
	assert_int_equal(open_network(b, NULL), 0);	/* stops the first one */
	second = b->network;
	for (int turn = 0; turn < 3; turn++) {
		b->network = first;
		assert_int_equal(run_at(b, 0), 0);
		check_output(b, b->out, 0, OUT_SIZE, 0);
		b->network = second;
		assert_int_equal(run_at(b, 8), 0);
		check_output(b, b->small + 8, 1, SMALL_SIZE, 0);
	}
	/* Changing over is one message: the resets are those of opening and the
	 * one that stopped the first network then
	 */
	assert_int_equal(count_controls(b->drv, HW_OP_CHANGE_CONTEXT_SWITCH_STATUS), 1 + 1 + 1 + 6);
	h8l_network_close(first);
	assert_int_equal(run_at(b, 0), 0);
	assert_int_equal(b->drv->app_count, 2);
	free_bench(b);
}

/* Closed in the wrong order: what is needed lives on */
static void closing_order(void **state)
{
	struct bench *b = running_bench();

	(void)state;
	h8l_device_close(b->device);
	h8l_hef_close(b->hef);
	b->device = NULL;
	b->hef = NULL;
	assert_int_equal(run_at(b, 0), 0);
	check_output(b, b->out, 0, OUT_SIZE, 0);
	h8l_network_close(NULL);
	free_bench(b);
}

static void many_networks(void **state)
{
	struct bench *b = new_bench();
	struct h8l_network *networks[32];

	(void)state;
	/* Applications are counted until there is none: closing frees no number */
	for (int i = 0; i < 31; i++) {
		assert_int_equal(open_network(b, NULL), 0);
		networks[i] = b->network;
		if (i)
			h8l_network_close(networks[i - 1]);
	}
	assert_int_equal(open_network(b, NULL), 0);
	networks[31] = b->network;
	b->network = NULL;
	assert_int_equal(open_network(b, NULL), -ENOSPC);
	assert_non_null(strstr(b->error.text, "32 networks"));
	h8l_network_close(networks[30]);
	h8l_network_close(networks[31]);
	assert_int_equal(b->drv->app_count, 0);
	assert_int_equal(open_network(b, NULL), 0);
	free_bench(b);
}

/* ---- options and refusals ---- */

static void expect_open(struct bench *b, const struct h8l_network_options *options, int err,
			const char *says)
{
	int got = open_network(b, options);

	if (got != err || !strstr(b->error.text, says))
		fail_msg("%d \"%s\", expected %d \"%s\"", got, b->error.text, err, says);
	assert_null(b->network);
	assert_int_equal(drv_leftovers(b->drv), 0);
	assert_string_equal(b->drv->violation, "");
}

static void options(void **state)
{
	struct h8l_network_options o = { .batch_size = 64 };
	struct bench *b = new_bench();

	(void)state;
	expect_open(b, &o, -EINVAL, "batch of 64");
	o = (struct h8l_network_options){ .group = 1 };
	expect_open(b, &o, -EINVAL, "no network group 1");
	o = (struct h8l_network_options){ .flags = 1u << 31 };
	expect_open(b, &o, -EINVAL, "flags");
	o = (struct h8l_network_options){ .reserved = { 0, 0, 0, 1 } };
	expect_open(b, &o, -EINVAL, "reserved");
	assert_int_equal(h8l_network_open(NULL, b->hef, NULL, &b->network, NULL), -EINVAL);
	assert_int_equal(b->drv->control_count, 1);
	o = (struct h8l_network_options){ .batch_size = 63 };
	assert_int_equal(open_network(b, &o), 0);
	assert_int_equal(run_at(b, 0), 0);
	free_bench(b);
}

static void wrong_chip(void **state)
{
	struct bench *b = new_bench();

	(void)state;
	h8l_device_close(b->device);
	b->drv->architecture = HW_ARCH_HAILO8L;
	assert_int_equal(device_open_os(&b->drv->os, NULL, &b->device, NULL), 0);
	expect_open(b, NULL, -ENOEXEC, "compiled for Hailo-8, but this chip is a Hailo-8L");
	assert_int_equal(b->drv->control_count, 2);	/* two IDENTIFY, nothing else */
	free_bench(b);
}

static void wrong_layout(void **state)
{
	struct bench *b = new_bench();

	(void)state;
	h8l_device_close(b->device);
	h8l_hef_close(b->hef);
	blob_free(&b->blob);
	make_hef(NET, 1, DESC_HAILO8L, NULL, &b->blob);
	assert_int_equal(h8l_hef_open_memory(b->blob.data, b->blob.size, &b->hef, NULL), 0);
	b->drv->architecture = HW_ARCH_HAILO8L;
	b->drv->layout = 0x5a;
	assert_int_equal(device_open_os(&b->drv->os, NULL, &b->device, NULL), 0);
	expect_open(b, NULL, -ENOEXEC, "layout 0x5a");
	b->drv->layout = 0xcc;
	assert_int_equal(open_network(b, NULL), 0);
	assert_int_equal(run_at(b, 0), 0);
	free_bench(b);
}

static void in_use(void **state)
{
	struct bench *b = new_bench();

	(void)state;
	b->drv->in_use = true;
	expect_open(b, NULL, -EBUSY, "another process");
	assert_int_equal(b->drv->control_count, 1);
	b->drv->in_use = false;
	assert_int_equal(open_network(b, NULL), 0);
	free_bench(b);
}

/* Every message of configuring refused: nothing is left, and it can be tried
 * again
 */
static void refused_messages(void **state)
{
	static const uint32_t opcodes[] = {
		HW_OP_CHANGE_CONTEXT_SWITCH_STATUS, HW_OP_CLEAR_CONFIGURED_APPS,
		HW_OP_GET_HW_CONSTS, HW_OP_SET_NETWORK_GROUP_HEADER, HW_OP_SET_CONTEXT_INFO,
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(opcodes); i++) {
		struct bench *b = new_bench();

		b->drv->refuse_opcode = opcodes[i];
		b->drv->refuse_major = HW_STATUS_CS_INVALID_ACTION;
		expect_open(b, NULL, -EREMOTEIO, "0x40130018");
		b->drv->refuse_opcode = -1;
		if (open_network(b, NULL))
			fail_msg("after %u: %s", opcodes[i], b->error.text);
		assert_int_equal(run_at(b, 0), 0);
		check_output(b, b->out, 0, OUT_SIZE, 0);
		free_bench(b);
	}
}

static void firmware_full(void **state)
{
	struct bench *b = new_bench();

	(void)state;
	b->drv->refuse_opcode = HW_OP_SET_CONTEXT_INFO;
	b->drv->refuse_major = HW_STATUS_CS_SRAM_FULL;
	expect_open(b, NULL, -ENOSPC, "memory for networks is full");
	free_bench(b);
}

/* The n-th ioctl of one kind fails, for every n */
static void failing_ioctls(void **state)
{
	static const unsigned long requests[] = {
		HAILO8L_MARK_AS_IN_USE, HAILO8L_FW_CONTROL, HAILO8L_DESC_LIST_CREATE,
		HAILO8L_DESC_LIST_PROGRAM, HAILO8L_VDMA_BUFFER_MAP, HAILO8L_VDMA_BUFFER_SYNC,
		HAILO8L_VDMA_ENABLE_CHANNELS,
	};
	unsigned int tries = 0;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(requests); i++)
		for (unsigned int n = 0, err = 1; err; n++, tries++) {
			struct bench *b = new_bench();

			b->drv->fail_ioctl = requests[i];
			b->drv->fail_skip = n;
			b->drv->fail_errno = -ENOBUFS;
			err = open_network(b, NULL) || h8l_network_start(b->network, &b->error);
			assert_true(!err || b->error.code == -ENOBUFS);
			free_bench(b);
		}
	assert_true(tries > 25);
}

static void allocation_failures(void **state)
{
	unsigned long n;
	int err = -1;

	(void)state;
	for (n = 1; err; n++) {
		struct bench *b = new_bench();

		alloc_fail_at = alloc_count + n;
		err = open_network(b, NULL);
		alloc_fail_at = 0;
		if (err && (err != -ENOMEM || !strstr(b->error.text, "out of memory")))
			fail_msg("allocation %lu: %d %s", n, err, b->error.text);
		free_bench(b);
	}
	assert_true(n > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(direct_frames),
		cmocka_unit_test(bounced_frames),
		cmocka_unit_test(map_fails),
		cmocka_unit_test(without_poll),
		cmocka_unit_test(for_ever),
		cmocka_unit_test(formats),
		cmocka_unit_test(wrong_buffers),
		cmocka_unit_test(run_errors),
		cmocka_unit_test(interrupted),
		cmocka_unit_test(start_stop),
		cmocka_unit_test(few_messages),
		cmocka_unit_test(two_networks),
		cmocka_unit_test(closing_order),
		cmocka_unit_test(many_networks),
		cmocka_unit_test(options),
		cmocka_unit_test(wrong_chip),
		cmocka_unit_test(wrong_layout),
		cmocka_unit_test(in_use),
		cmocka_unit_test(refused_messages),
		cmocka_unit_test(firmware_full),
		cmocka_unit_test(failing_ioctls),
		cmocka_unit_test(allocation_failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
