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
#include "lib/old_firmware.h"
#include "tests/unit/lib_alloc.h"

#include "tests/unit/lib_bench.h"	/* last: cmocka defines fail() */

#define IN_SIZE		BENCH_IN_SIZE
#define OUT_SIZE	BENCH_OUT_SIZE
#define SMALL_SIZE	BENCH_SMALL_SIZE

static struct bench *new_bench(void)
{
	struct bench *b = bench_new(DESC_HAILO8);

	assert_int_equal(bench_open_device(b), 0);
	return b;
}

static struct bench *running_bench(void)
{
	struct bench *b = new_bench();

	if (bench_open_network(b, NULL))
		fail_msg("%s", b->error.text);
	return b;
}

static int run_at(struct bench *b, size_t offset)
{
	struct h8l_buffer in = { b->in + offset, IN_SIZE };
	struct h8l_buffer out[2] = { { b->out + offset, OUT_SIZE },
				     { b->small + offset, SMALL_SIZE } };

	memset(&b->error, 0, sizeof(b->error));
	return h8l_network_run(b->network, &in, 1, out, 2, &b->error);
}

static void check_output(const struct bench *b, const uint8_t *got, unsigned int output,
			 uint32_t frame)
{
	bench_check(b, b->in, got, output, frame);
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
		check_output(b, b->out, 0, frame);
		check_output(b, b->small, 1, frame);
		if (frame == 0) {
			allocations = alloc_count;
			ioctls = b->drv->ioctl_count;
		}
	}
	/* check_output() allocates, the library not */
	assert_int_equal(alloc_count - allocations, 199 * 2);
	/* Per frame: map, launch and unmap of three buffers, one wait */
	assert_int_equal(b->drv->ioctl_count - ioctls, 199 * 10);
	assert_int_equal(b->drv->polls, 200);
	assert_int_equal(b->drv->sleeps, 0);
	bench_free(b);
}

static void bounced_frames(void **state)
{
	struct bench *b = running_bench();
	unsigned int ioctls, maps = b->drv->map_calls;

	(void)state;
	assert_int_equal(run_at(b, 8), 0);
	/* The library's own memory is there when it is needed, one per stream */
	assert_int_equal(b->drv->map_calls, maps + 3);
	maps = b->drv->map_calls;
	ioctls = b->drv->ioctl_count;
	for (uint32_t frame = 1; frame < 50; frame++) {
		memset(b->in, (int)frame, IN_SIZE + 8);
		assert_int_equal(run_at(b, 8), 0);
		check_output(b, b->out + 8, 0, frame);
		check_output(b, b->small + 8, 1, frame);
	}
	assert_int_equal(b->drv->map_calls, maps);
	/* Per frame: three launches, one wait */
	assert_int_equal(b->drv->ioctl_count - ioctls, 49 * 4);
	bench_free(b);
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
	check_output(b, b->out, 0, 0);
	bench_free(b);
}

/* The stock driver has no poll() */
static void without_poll(void **state)
{
	struct bench *b = new_bench();

	(void)state;
	b->drv->has_poll = false;
	h8l_device_close(b->device);
	assert_int_equal(bench_open_device(b), 0);
	assert_int_equal(bench_open_network(b, NULL), 0);
	for (uint32_t frame = 0; frame < 10; frame++) {
		assert_int_equal(run_at(b, 0), 0);
		check_output(b, b->out, 0, frame);
	}
	assert_int_equal(b->drv->polls, 0);
	b->drv->stuck = true;
	assert_int_equal(run_at(b, 0), -ETIMEDOUT);
	assert_true(b->drv->now_us >= 10000000);
	bench_free(b);
}

/* Without a limit one wait per frame is all there is */
static void for_ever(void **state)
{
	struct h8l_network_options options = { .timeout_ms = UINT_MAX };
	struct bench *b = new_bench();

	(void)state;
	assert_int_equal(bench_open_network(b, &options), 0);
	for (uint32_t frame = 0; frame < 10; frame++)
		assert_int_equal(run_at(b, 8), 0);
	assert_int_equal(b->drv->polls + b->drv->sleeps, 0);
	assert_int_equal(b->drv->waits, 10);
	bench_free(b);
}

static void formats(void **state)
{
	static const struct h8l_format floats = { H8L_TYPE_FLOAT32, H8L_ORDER_NHWC };
	static const struct h8l_format nchw = { H8L_TYPE_UINT8, H8L_ORDER_NCHW };
	struct bench *b = running_bench();
	float *real = bench_pages(OUT_SIZE * sizeof(float));
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
	bench_free(b);
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
	bench_free(b);
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
	check_output(b, b->out, 0, 0);
}

static void run_errors(void **state)
{
	struct h8l_network_options options = { .timeout_ms = 250 };
	struct bench *b = new_bench();

	(void)state;
	assert_int_equal(bench_open_network(b, &options), 0);
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
	bench_free(b);
}

static void interrupted(void **state)
{
	struct bench *b = running_bench();

	(void)state;
	b->drv->fail_ioctl = HAILO8L_VDMA_INTERRUPTS_WAIT;
	b->drv->fail_errno = -EINTR;	/* once: fail_skip counts below zero */
	assert_int_equal(run_at(b, 0), 0);
	assert_int_equal(b->drv->waits, 1);
	bench_free(b);
}

/* A program that waits hears of its signals, and loses no frame */
static void wait_interrupted(void **state)
{
	struct bench *b = running_bench();
	struct h8l_buffer in = { b->in, IN_SIZE };
	struct h8l_buffer out[2] = { { b->out, OUT_SIZE }, { b->small, SMALL_SIZE } };
	struct h8l_completion completion;

	(void)state;
	assert_int_equal(h8l_network_submit(b->network, &in, 1, out, 2, NULL, &b->error), 0);
	b->drv->fail_ioctl = HAILO8L_VDMA_INTERRUPTS_WAIT;
	b->drv->fail_errno = -EINTR;
	assert_int_equal(h8l_network_wait(b->network, -1, &completion, &b->error), 0);
	assert_int_equal(h8l_network_wait(b->network, -1, &completion, &b->error), 1);
	assert_int_equal(completion.status, 0);
	check_output(b, b->out, 0, 0);
	bench_free(b);
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
	check_output(b, b->out, 0, 0);	/* counted from ENABLED */
	bench_free(b);
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
	bench_free(b);
}

static void two_networks(void **state)
{
	struct bench *b = running_bench();
	struct h8l_network *first = b->network, *second;

	(void)state;
	assert_int_equal(run_at(b, 0), 0);
	assert_int_equal(bench_open_network(b, NULL), 0);	/* stops the first one */
	second = b->network;
	for (int turn = 0; turn < 3; turn++) {
		b->network = first;
		assert_int_equal(run_at(b, 0), 0);
		check_output(b, b->out, 0, 0);
		b->network = second;
		assert_int_equal(run_at(b, 8), 0);
		check_output(b, b->small + 8, 1, 0);
	}
	/* Changing over is one message: the resets are those of opening and the
	 * one that stopped the first network then
	 */
	assert_int_equal(count_controls(b->drv, HW_OP_CHANGE_CONTEXT_SWITCH_STATUS), 1 + 1 + 1 + 6);
	h8l_network_close(first);
	assert_int_equal(run_at(b, 0), 0);
	assert_int_equal(b->drv->app_count, 2);
	bench_free(b);
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
	check_output(b, b->out, 0, 0);
	h8l_network_close(NULL);
	bench_free(b);
}

static void many_networks(void **state)
{
	struct bench *b = new_bench();
	struct h8l_network *networks[32];

	(void)state;
	/* Applications are counted until there is none: closing frees no number */
	for (int i = 0; i < 31; i++) {
		assert_int_equal(bench_open_network(b, NULL), 0);
		networks[i] = b->network;
		if (i)
			h8l_network_close(networks[i - 1]);
	}
	assert_int_equal(bench_open_network(b, NULL), 0);
	networks[31] = b->network;
	b->network = NULL;
	assert_int_equal(bench_open_network(b, NULL), -ENOSPC);
	assert_non_null(strstr(b->error.text, "32 networks"));
	h8l_network_close(networks[30]);
	h8l_network_close(networks[31]);
	assert_int_equal(b->drv->app_count, 0);
	assert_int_equal(bench_open_network(b, NULL), 0);
	bench_free(b);
}

/* ---- options and refusals ---- */

static void expect_open(struct bench *b, const struct h8l_network_options *options, int err,
			const char *says)
{
	int got = bench_open_network(b, options);

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
	o = (struct h8l_network_options){ .reserved = { 0, 0, 1 } };
	expect_open(b, &o, -EINVAL, "reserved");
	assert_int_equal(h8l_network_open(NULL, b->hef, NULL, &b->network, NULL), -EINVAL);
	assert_int_equal(b->drv->control_count, 1);
	o = (struct h8l_network_options){ .batch_size = 63 };
	assert_int_equal(bench_open_network(b, &o), 0);
	assert_int_equal(run_at(b, 0), 0);
	bench_free(b);
}

static void wrong_chip(void **state)
{
	struct bench *b = new_bench();

	(void)state;
	h8l_device_close(b->device);
	b->drv->architecture = HW_ARCH_HAILO8L;
	assert_int_equal(bench_open_device(b), 0);
	expect_open(b, NULL, -ENOEXEC, "compiled for Hailo-8, but this chip is a Hailo-8L");
	assert_int_equal(b->drv->control_count, 2);	/* two IDENTIFY, nothing else */
	bench_free(b);
}

static void wrong_layout(void **state)
{
	struct bench *b = bench_new(DESC_HAILO8L);

	(void)state;
	b->drv->architecture = HW_ARCH_HAILO8L;
	b->drv->layout = 0x5a;
	assert_int_equal(bench_open_device(b), 0);
	expect_open(b, NULL, -ENOEXEC, "layout 0x5a");
	b->drv->layout = 0xcc;
	assert_int_equal(bench_open_network(b, NULL), 0);
	assert_int_equal(run_at(b, 0), 0);
	bench_free(b);
}

static void in_use(void **state)
{
	struct bench *b = new_bench();

	(void)state;
	b->drv->in_use = true;
	expect_open(b, NULL, -EBUSY, "another process");
	assert_int_equal(b->drv->control_count, 1);
	b->drv->in_use = false;
	assert_int_equal(bench_open_network(b, NULL), 0);
	bench_free(b);
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
		if (bench_open_network(b, NULL))
			fail_msg("after %u: %s", opcodes[i], b->error.text);
		assert_int_equal(run_at(b, 0), 0);
		check_output(b, b->out, 0, 0);
		bench_free(b);
	}
}

static void firmware_full(void **state)
{
	struct bench *b = new_bench();

	(void)state;
	b->drv->refuse_opcode = HW_OP_SET_CONTEXT_INFO;
	b->drv->refuse_major = HW_STATUS_CS_SRAM_FULL;
	expect_open(b, NULL, -ENOSPC, "memory for networks is full");
	bench_free(b);
}

/* Other layouts before 4.21, and the same results. What the bytes are: see
 * reference firmware-control.md section 7.
 */
static const struct drv_control *find_control(const struct drv *drv, uint32_t opcode)
{
	for (unsigned int i = 0; i < drv->control_count; i++)
		if (drv->controls[i].opcode == opcode)
			return &drv->controls[i];
	return NULL;
}

static void check_old_header(const struct drv_control *c)
{
	static const uint8_t batches[16] = { 3 };
	const uint8_t *header = c->bytes + 24;

	assert_int_equal(c->len, 24 + 41);
	assert_int_equal(header[0], 1);			/* contexts */
	assert_int_equal(header[6], 1);			/* networks */
	assert_int_equal(header[7] | header[8] << 8, 512);
	assert_memory_equal(header + 9, batches, sizeof(batches));
	for (int i = 25; i < 41; i++)
		assert_int_equal(header[i], 0);
}

static void firmware_versions(void **state)
{
	struct h8l_network_options batch = { .batch_size = 3 };

	(void)state;
	for (uint32_t minor = 16; minor <= 25; minor++) {
		struct bench *b = bench_new(DESC_HAILO8);
		const struct drv_control *header;

		b->drv->firmware[1] = minor;
		assert_int_equal(bench_open_device(b), 0);
		if (minor < 17 || minor > 24) {
			expect_open(b, &batch, -ENOTSUP, "4.17 to 4.23 can");
			bench_free(b);
			continue;
		}
		if (bench_open_network(b, &batch))
			fail_msg("firmware 4.%u: %s", minor, b->error.text);
		assert_int_equal(run_at(b, 0), 0);
		check_output(b, b->out, 0, 0);
		check_output(b, b->small, 1, 0);
		header = find_control(b->drv, HW_OP_SET_NETWORK_GROUP_HEADER);
		if (minor < 21)
			check_old_header(header);
		else
			assert_int_equal(header->len, 24 + 32);
		bench_free(b);
	}
}

/* Actions that came with 4.19, of files made for measuring */
static void measuring_actions(void **state)
{
	static const uint8_t types[] = { HW_ACTION_SLEEP, HW_ACTION_HALT };
	const uint32_t us = htole32(1000);

	(void)state;
	for (uint32_t i = 0; i < 8; i++) {
		struct bench *b = bench_new(DESC_HAILO8);
		uint32_t minor = 17 + i / 2;
		uint8_t type = types[i % 2];
		struct action_list list = { 0 };

		b->drv->firmware[1] = minor;
		assert_int_equal(bench_open_device(b), 0);
		actions_add(&list, type, &us, type == HW_ACTION_SLEEP ? sizeof(us) : 0);
		if (minor < 19) {
			assert_int_equal(old_actions(b->device, &list, &b->error), -ENOTSUP);
			assert_non_null(strstr(b->error.text, type == HW_ACTION_SLEEP ?
					       "cannot sleep" : "cannot halt"));
			assert_non_null(strstr(b->error.text, "4.19 to 4.23 can"));
		} else {
			assert_int_equal(old_actions(b->device, &list, &b->error), 0);
		}
		actions_free(&list);
		bench_free(b);
	}
}

/* The right to run networks comes with the first and goes with the last. */
static void claims(void **state)
{
	struct bench *b = new_bench();

	(void)state;
	b->drv->extended = true;
	b->drv->in_use = true;
	expect_open(b, NULL, -EBUSY, "4711");
	assert_int_equal(h8l_device_claim(b->device, 50, &b->error), -EBUSY);
	assert_non_null(strstr(b->error.text, "4711"));
	assert_int_equal(h8l_device_waiting(b->device, &b->error), 3);
	b->drv->in_use = false;
	assert_int_equal(bench_open_network(b, NULL), 0);
	assert_true(b->drv->marked);
	assert_int_equal(h8l_device_unclaim(b->device, &b->error), -EBUSY);
	h8l_network_close(b->network);
	b->network = NULL;
	assert_false(b->drv->marked);
	assert_int_equal(h8l_device_claim(b->device, -1, &b->error), 0);
	assert_int_equal(bench_open_network(b, NULL), 0);
	assert_int_equal(run_at(b, 0), 0);
	h8l_network_close(b->network);
	b->network = NULL;
	assert_true(b->drv->marked);
	assert_int_equal(h8l_device_unclaim(b->device, &b->error), 0);
	assert_false(b->drv->marked);
	bench_free(b);
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
			err = bench_open_network(b, NULL) ||
			      h8l_network_start(b->network, &b->error);
			assert_true(!err || b->error.code == -ENOBUFS);
			bench_free(b);
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
		err = bench_open_network(b, NULL);
		alloc_fail_at = 0;
		if (err && (err != -ENOMEM || !strstr(b->error.text, "out of memory")))
			fail_msg("allocation %lu: %d %s", n, err, b->error.text);
		bench_free(b);
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
		cmocka_unit_test(wait_interrupted),
		cmocka_unit_test(start_stop),
		cmocka_unit_test(few_messages),
		cmocka_unit_test(two_networks),
		cmocka_unit_test(closing_order),
		cmocka_unit_test(many_networks),
		cmocka_unit_test(options),
		cmocka_unit_test(wrong_chip),
		cmocka_unit_test(wrong_layout),
		cmocka_unit_test(in_use),
		cmocka_unit_test(claims),
		cmocka_unit_test(refused_messages),
		cmocka_unit_test(firmware_versions),
		cmocka_unit_test(measuring_actions),
		cmocka_unit_test(firmware_full),
		cmocka_unit_test(failing_ioctls),
		cmocka_unit_test(allocation_failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
