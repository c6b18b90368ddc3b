// SPDX-License-Identifier: MIT
/* Several frames at a time, and memory registered once. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hw/control.h"
#include "lib/network.h"
#include "tests/unit/lib_alloc.h"

#include "tests/unit/lib_bench.h"	/* last: cmocka defines fail() */

#define DEPTH	4
#define STEP	4096			/* between the buffers of frames */

/* Buffers of DEPTH frames in one piece per stream */
struct queue {
	struct bench *b;
	uint8_t *in, *out, *small;
	size_t offset;			/* 8: nothing begins with a page */
};

/* The bench with its network, or another one, is the queue's from now on */
static struct queue *new_queue_on(struct bench *b, const struct h8l_network_options *options)
{
	struct queue *q = calloc(1, sizeof(*q));

	q->b = b;
	assert_int_equal(bench_open_device(q->b), 0);
	if (bench_open_network(q->b, options))
		fail_msg("%s", q->b->error.text);
	q->in = bench_pages((DEPTH + 1) * STEP);
	q->out = bench_pages((DEPTH + 1) * STEP);
	q->small = bench_pages((DEPTH + 1) * STEP);
	return q;
}

static struct queue *new_queue(const struct h8l_network_options *options)
{
	return new_queue_on(bench_new(DESC_HAILO8), options);
}

static void free_queue(struct queue *q)
{
	bench_free(q->b);
	free(q->in);
	free(q->out);
	free(q->small);
	free(q);
}

static size_t place(const struct queue *q, uint64_t frame)
{
	return frame % DEPTH * STEP + q->offset;
}

static int submit(struct queue *q, uint64_t frame)
{
	struct h8l_buffer in = { q->in + place(q, frame), BENCH_IN_SIZE };
	struct h8l_buffer out[2] = { { q->out + place(q, frame), BENCH_OUT_SIZE },
				     { q->small + place(q, frame), BENCH_SMALL_SIZE } };
	uint64_t number = UINT64_MAX;
	int err;

	memset(in.data, (int)frame, BENCH_IN_SIZE);
	err = h8l_network_submit(q->b->network, &in, 1, out, 2, &number, &q->b->error);
	assert_true(err || number == frame);
	return err;
}

static int take(struct queue *q, uint64_t frame, int timeout_ms)
{
	struct h8l_completion c;
	int got = h8l_network_wait(q->b->network, timeout_ms, &c, &q->b->error);

	if (got != 1)
		return got;
	assert_int_equal(c.frame, frame);
	return c.status ? c.status : 1;
}

/* `since`: the first frame since the network was started */
static void check(const struct queue *q, uint64_t frame, uint64_t since)
{
	const uint8_t *in = q->in + place(q, frame);

	bench_check(q->b, in, q->out + place(q, frame), 0, (uint32_t)(frame - since));
	bench_check(q->b, in, q->small + place(q, frame), 1, (uint32_t)(frame - since));
}

static const struct h8l_network_options deep = { .queue_depth = DEPTH };

static void run_queue(struct queue *q, uint64_t from, uint64_t to)
{
	for (uint64_t frame = from; frame < from + DEPTH - 1; frame++)
		assert_int_equal(submit(q, frame), 0);
	for (uint64_t frame = from; frame < to; frame++) {
		if (frame + DEPTH - 1 < to)
			assert_int_equal(submit(q, frame + DEPTH - 1), 0);
		assert_int_equal(take(q, frame, -1), 1);
		check(q, frame, 0);
	}
}

static void in_order(void **state)
{
	struct queue *q = new_queue(&deep);

	(void)state;
	assert_int_equal(h8l_network_queue_depth(q->b->network), DEPTH);
	run_queue(q, 0, 100);
	q->offset = 8;
	run_queue(q, 100, 200);
	assert_int_equal(take(q, 200, 0), -ENOENT);
	free_queue(q);
}

static void full(void **state)
{
	struct queue *q = new_queue(&deep);

	(void)state;
	for (uint64_t frame = 0; frame < DEPTH; frame++)
		assert_int_equal(submit(q, frame), 0);
	assert_int_equal(submit(q, DEPTH), -EAGAIN);
	assert_non_null(strstr(q->b->error.text, "4 frames"));
	memset(q->in, 0, BENCH_IN_SIZE);	/* what the failed call changed */
	for (uint64_t frame = 0; frame < DEPTH; frame++) {
		assert_int_equal(take(q, frame, -1), 1);
		if (frame)
			check(q, frame, 0);
	}
	free_queue(q);
}

/* As many as the descriptor lists hold: 9 descriptors and a spare one each */
static void deepest(void **state)
{
	struct h8l_network_options options = { .queue_depth = 100000 };
	struct queue *q = new_queue(&options);
	unsigned int depth = h8l_network_queue_depth(q->b->network);

	(void)state;
	assert_in_range(depth, 32, 127);
	free_queue(q);
}

static void busy(void **state)
{
	static const struct h8l_format floats = { H8L_TYPE_FLOAT32, 0 };
	struct queue *q = new_queue(&deep);
	struct h8l_buffer in = { q->in, BENCH_IN_SIZE };
	struct h8l_buffer out[2] = { { q->out, BENCH_OUT_SIZE }, { q->small, BENCH_SMALL_SIZE } };

	(void)state;
	assert_int_equal(submit(q, 0), 0);
	assert_int_equal(h8l_network_run(q->b->network, &in, 1, out, 2, &q->b->error), -EBUSY);
	assert_int_equal(h8l_network_set_format(q->b->network, H8L_INPUT, 0, floats, NULL),
			 -EBUSY);
	assert_int_equal(take(q, 0, -1), 1);
	assert_int_equal(h8l_network_run(q->b->network, &in, 1, out, 2, &q->b->error), 0);
	free_queue(q);
}

static void not_yet(void **state)
{
	struct queue *q = new_queue(&deep);
	uint64_t before;

	(void)state;
	q->b->drv->stuck = true;
	assert_int_equal(submit(q, 0), 0);
	before = q->b->drv->now_us;
	assert_int_equal(take(q, 0, 0), 0);
	assert_int_equal(q->b->drv->now_us, before);
	assert_int_equal(take(q, 0, 300), 0);
	assert_int_equal(q->b->drv->now_us, before + 300000);
	q->b->drv->stuck = false;
	assert_int_equal(take(q, 0, 0), 1);
	check(q, 0, 0);
	free_queue(q);
}

/* ---- what goes wrong ---- */

/* Frame 1 never comes: it gets the reason, those behind it are given up */
static void error_inside(void **state)
{
	struct queue *q = new_queue(&deep);

	(void)state;
	assert_int_equal(submit(q, 0), 0);
	assert_int_equal(take(q, 0, -1), 1);
	q->b->drv->stuck = true;
	for (uint64_t frame = 1; frame < 4; frame++)
		assert_int_equal(submit(q, frame), 0);
	assert_int_equal(take(q, 1, -1), -ETIMEDOUT);
	assert_non_null(strstr(q->b->error.text, "no result within 10000 ms"));
	assert_non_null(strstr(q->b->error.text, "(frame 1)"));
	assert_int_equal(take(q, 2, -1), -ECANCELED);
	assert_non_null(strstr(q->b->error.text, "frame 2"));
	assert_int_equal(take(q, 3, -1), -ECANCELED);
	assert_int_equal(q->b->drv->enabled_app, -1);
	q->b->drv->stuck = false;
	assert_int_equal(submit(q, 4), 0);
	assert_int_equal(take(q, 4, -1), 1);
	check(q, 4, 4);
	free_queue(q);
}

static void dma_error(void **state)
{
	struct queue *q = new_queue(&deep);

	(void)state;
	for (uint64_t frame = 0; frame < 3; frame++)
		assert_int_equal(submit(q, frame), 0);
	q->b->drv->irq_data = HAILO8L_IRQ_DATA_ERROR;
	assert_int_equal(take(q, 0, -1), -EIO);
	assert_int_equal(take(q, 1, 0), -ECANCELED);
	assert_int_equal(take(q, 2, 0), -ECANCELED);
	free_queue(q);
}

static void stopped(void **state)
{
	struct queue *q = new_queue(&deep);

	(void)state;
	q->b->drv->stuck = true;
	assert_int_equal(submit(q, 0), 0);
	assert_int_equal(submit(q, 1), 0);
	assert_int_equal(h8l_network_stop(q->b->network, NULL), 0);
	q->b->drv->stuck = false;
	assert_int_equal(submit(q, 2), 0);	/* starts it again */
	assert_int_equal(take(q, 0, -1), -ECANCELED);
	assert_int_equal(take(q, 1, -1), -ECANCELED);
	assert_int_equal(take(q, 2, -1), 1);
	check(q, 2, 2);
	free_queue(q);
}

static void launch_fails(void **state)
{
	struct queue *q = new_queue(&deep);

	(void)state;
	q->b->drv->stuck = true;
	assert_int_equal(submit(q, 0), 0);
	q->b->drv->fail_ioctl = HAILO8L_VDMA_LAUNCH_TRANSFER;
	q->b->drv->fail_skip = 1;
	q->b->drv->fail_errno = -EIO;
	assert_int_equal(submit(q, 1), -EIO);
	assert_int_equal(take(q, 0, -1), -ECANCELED);
	q->b->drv->fail_ioctl = 0;
	q->b->drv->stuck = false;
	assert_int_equal(submit(q, 1), 0);	/* was no frame the first time */
	assert_int_equal(take(q, 1, -1), 1);
	check(q, 1, 1);
	free_queue(q);
}

/* Closed with frames under way: nothing is left behind */
static void closed(void **state)
{
	struct queue *q = new_queue(&deep);

	(void)state;
	q->b->drv->stuck = true;
	for (uint64_t frame = 0; frame < DEPTH; frame++)
		assert_int_equal(submit(q, frame), 0);
	free_queue(q);
}

/* Another network waits until this one's frames are done */
static void drained(void **state)
{
	struct queue *q = new_queue(&deep);
	struct h8l_network *first = q->b->network, *second;
	struct h8l_buffer in = { q->in + DEPTH * STEP, BENCH_IN_SIZE };
	struct h8l_buffer out[2] = { { q->out + DEPTH * STEP, BENCH_OUT_SIZE },
				     { q->small + DEPTH * STEP, BENCH_SMALL_SIZE } };

	(void)state;
	assert_int_equal(bench_open_network(q->b, NULL), 0);
	second = q->b->network;
	q->b->network = first;
	for (uint64_t frame = 0; frame < DEPTH; frame++)
		assert_int_equal(submit(q, frame), 0);
	assert_int_equal(h8l_network_run(second, &in, 1, out, 2, &q->b->error), 0);
	for (uint64_t frame = 0; frame < DEPTH; frame++) {
		assert_int_equal(take(q, frame, 0), 1);
		check(q, frame, 0);
	}
	assert_int_equal(submit(q, DEPTH), 0);
	assert_int_equal(take(q, DEPTH, -1), 1);
	check(q, DEPTH, DEPTH);
	h8l_network_close(second);
	free_queue(q);
}

/* ---- poll() ---- */

static void pollable(void **state)
{
	struct queue *q = new_queue(&deep);
	struct pollfd p = { .events = POLLIN };

	(void)state;
	assert_int_equal(h8l_network_fd(q->b->network), h8l_device_fd(q->b->device));
	h8l_network_close(q->b->network);
	h8l_device_close(q->b->device);
	q->b->drv->has_poll = false;
	assert_int_equal(bench_open_device(q->b), 0);
	assert_int_equal(bench_open_network(q->b, &deep), 0);
	p.fd = h8l_network_fd(q->b->network);
	assert_int_equal(poll(&p, 1, 0), 0);
	q->b->drv->stuck = true;
	assert_int_equal(submit(q, 0), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(poll(&p, 1, 5000), 1);
		assert_int_equal(take(q, 0, 0), 0);
	}
	q->b->drv->stuck = false;
	assert_int_equal(poll(&p, 1, 5000), 1);
	assert_int_equal(take(q, 0, 0), 1);
	assert_int_equal(poll(&p, 1, 20), 0);
	free_queue(q);
}

/* ---- batches ---- */

static uint16_t last_batch(const struct drv *drv)
{
	for (unsigned int i = drv->control_count; i--;) {
		const struct hw_change_status *s =
			(const void *)(drv->controls[i].bytes + HW_CTRL_REQUEST_HEAD);

		if (drv->controls[i].opcode == HW_OP_CHANGE_CONTEXT_SWITCH_STATUS)
			return le16toh(s->dynamic_batch);
	}
	return UINT16_MAX;
}

/* Another number of frames at a time costs one message, with the host's channels as
 * they are (the scripted driver checks that): nothing is stopped.
 */
static void change_batches(struct queue *q)
{
	struct h8l_buffer in = { q->in, BENCH_IN_SIZE };
	struct h8l_buffer out[2] = { { q->out, BENCH_OUT_SIZE }, { q->small, BENCH_SMALL_SIZE } };
	unsigned int messages;

	assert_int_equal(h8l_network_run(q->b->network, &in, 1, out, 2, NULL), 0);
	assert_int_equal(last_batch(q->b->drv), 1);
	messages = q->b->drv->control_count;
	assert_int_equal(submit(q, 1), 0);
	assert_int_equal(last_batch(q->b->drv), 0);
	assert_int_equal(q->b->drv->control_count, messages + 1);
	assert_int_equal(submit(q, 2), 0);
	assert_int_equal(take(q, 1, -1), 1);
	assert_int_equal(take(q, 2, -1), 1);
	check(q, 2, 0);
	assert_int_equal(q->b->drv->control_count, messages + 1);
}

static const struct h8l_network_options of_two = { .queue_depth = DEPTH, .batch_size = 2 };

static void batches(void **state)
{
	struct queue *q = new_queue(&of_two);

	(void)state;
	change_batches(q);
	free_queue(q);
}

#define CONTEXTS							\
	"network big\n"							\
	"input in 16x32x8\n"						\
	"conv first in features=8 kernel=3x3 pad=1\n"			\
	"weights random 3 -100 100\n"					\
	"shift 9\n"							\
	"output first name=out order=nhwc\n"				\
	"context\n"							\
	"read first\n"							\
	"max_pool small first kernel=2x2 stride=2x2\n"			\
	"output small order=fcr\n"

static void batches_of_contexts(void **state)
{
	struct queue *q = new_queue_on(bench_new_net(DESC_HAILO8, CONTEXTS), &of_two);

	(void)state;
	change_batches(q);
	free_queue(q);
}

/* ---- registered memory ---- */

static void register_all(struct queue *q, struct h8l_memory *memories[3])
{
	struct h8l_device *device = q->b->device;

	assert_int_equal(h8l_memory_register(device, q->in, (DEPTH + 1) * STEP, &memories[0],
					     &q->b->error), 0);
	assert_int_equal(h8l_memory_register(device, q->out, (DEPTH + 1) * STEP, &memories[1],
					     &q->b->error), 0);
	assert_int_equal(h8l_memory_register(device, q->small, (DEPTH + 1) * STEP, &memories[2],
					     &q->b->error), 0);
}

static void unregister_all(struct h8l_memory *memories[3])
{
	for (int i = 0; i < 3; i++)
		h8l_memory_unregister(memories[i]);
}

/* One ioctl per transfer and one wait per frame, no map, no allocation */
static void registered(void **state)
{
	struct h8l_network_options options = {
		.queue_depth = DEPTH, .flags = H8L_NETWORK_NO_BOUNCE,
	};
	struct queue *q = new_queue(&options);
	struct h8l_memory *memories[3];
	unsigned int ioctls, maps;

	(void)state;
	register_all(q, memories);
	assert_int_equal(h8l_network_start(q->b->network, NULL), 0);
	ioctls = q->b->drv->ioctl_count;
	maps = q->b->drv->map_calls;
	run_queue(q, 0, 100);
	assert_int_equal(q->b->drv->map_calls, maps);
	assert_in_range(q->b->drv->ioctl_count - ioctls, 300, 400);
	assert_int_equal(q->b->drv->launches, 300);
	unregister_all(memories);
	h8l_memory_unregister(NULL);
	run_queue(q, 100, 110);		/* now mapped for every frame */
	assert_int_equal(q->b->drv->map_calls, maps + 30);
	free_queue(q);
}

static void not_registered(void **state)
{
	struct h8l_network_options options = {
		.queue_depth = DEPTH, .flags = H8L_NETWORK_NO_BOUNCE,
	};
	struct queue *q = new_queue(&options);
	struct h8l_memory *memory;

	(void)state;
	assert_int_equal(h8l_memory_register(q->b->device, q->in + 8, STEP, &memory, &q->b->error),
			 -EINVAL);
	assert_int_equal(h8l_memory_register(q->b->device, q->in, 0, &memory, NULL), -EINVAL);
	q->b->drv->fail_ioctl = HAILO8L_VDMA_BUFFER_MAP;
	q->b->drv->fail_errno = -ENOMEM;
	assert_int_equal(h8l_memory_register(q->b->device, q->in, STEP, &memory, &q->b->error),
			 -ENOMEM);
	assert_non_null(strstr(q->b->error.text, "ulimit -l"));
	q->offset = 8;
	assert_int_equal(submit(q, 0), -EINVAL);
	assert_non_null(strstr(q->b->error.text, "cannot be used as it is"));
	q->offset = 0;
	assert_int_equal(submit(q, 0), 0);
	assert_int_equal(take(q, 0, -1), 1);
	free_queue(q);
}

/* ---- outputs in float32 ---- */

static const struct h8l_format floats = { H8L_TYPE_FLOAT32, H8L_ORDER_AUTO };

/* One frame; its output 0 at `data`, the other one as it comes */
static int run_floats(struct queue *q, void *data)
{
	struct h8l_buffer in = { q->in, BENCH_IN_SIZE };
	struct h8l_buffer out[2] = { { data, BENCH_OUT_SIZE * sizeof(float) },
				     { q->small, BENCH_SMALL_SIZE } };

	return h8l_network_run(q->b->network, &in, 1, out, 2, &q->b->error);
}

static void check_floats(const struct queue *q, const float *got, uint32_t frame)
{
	struct h8l_stream_info info;
	uint8_t raw[BENCH_OUT_SIZE];

	assert_int_equal(h8l_network_stream(q->b->network, H8L_OUTPUT, 0, &info), 0);
	for (size_t i = 0; i < BENCH_OUT_SIZE; i++)
		raw[i] = (uint8_t)(int)(got[i] / info.quant.scale + info.quant.zero_point + 0.5f);
	bench_check(q->b, q->in, raw, 0, frame);
}

/* In registered memory they become floats where they are: nothing is copied, so a
 * network without buffers of its own takes them. The neighbours are left alone.
 */
static void floats_in_place(void **state)
{
	struct h8l_network_options options = { .flags = H8L_NETWORK_NO_BOUNCE };
	struct queue *q = new_queue(&options);
	struct h8l_memory *memories[3];
	unsigned long allocations = 0;
	unsigned int ioctls = 0;

	(void)state;
	register_all(q, memories);
	assert_int_equal(h8l_network_set_format(q->b->network, H8L_OUTPUT, 0, floats, NULL), 0);
	for (uint32_t frame = 0; frame < 5; frame++) {
		memset(q->in, (int)frame, BENCH_IN_SIZE);
		memset(q->out, 0xa5, (DEPTH + 1) * STEP);
		assert_int_equal(run_floats(q, q->out), 0);
		assert_int_equal(q->out[4 * BENCH_OUT_SIZE], 0xa5);
		check_floats(q, (float *)q->out, frame);
		if (frame == 0) {
			allocations = alloc_count;
			ioctls = q->b->drv->ioctl_count;
		}
	}
	assert_int_equal(alloc_count - allocations, 4);	/* of check_floats() */
	assert_int_equal(q->b->drv->ioctl_count - ioctls, 4 * 4);
	assert_int_equal(run_floats(q, q->out + 8), -EINVAL);
	assert_non_null(strstr(q->b->error.text, "cannot be used as it is"));
	unregister_all(memories);
	assert_int_equal(run_floats(q, q->out), -EINVAL);
	free_queue(q);
}

/* No memory for a row to be set aside: that frame fails, the next one runs */
static void floats_fail(void **state)
{
	struct queue *q = new_queue(&deep);
	struct h8l_memory *memories[3];
	int err;

	(void)state;
	register_all(q, memories);
	assert_int_equal(h8l_network_set_format(q->b->network, H8L_OUTPUT, 0, floats, NULL), 0);
	assert_int_equal(h8l_network_start(q->b->network, NULL), 0);
	alloc_fail_at = alloc_count + 1;
	err = run_floats(q, q->out);
	alloc_fail_at = 0;
	assert_int_equal(err, -ENOMEM);
	assert_non_null(strstr(q->b->error.text, "out of memory"));
	assert_int_equal(run_floats(q, q->out), 0);
	check_floats(q, (float *)q->out, 0);
	unregister_all(memories);
	free_queue(q);
}

/* ---- outputs that the chip pads ---- */

/* 63 features are 64 on the wire: a frame is a little larger there */
#define PADDED								\
	"network padded\n"						\
	"input in 16x32x8\n"						\
	"conv out in features=63 kernel=3x3 pad=1\n"			\
	"weights random 3 -100 100\n"					\
	"shift 9\n"							\
	"output out order=fcr\n"
#define PADDED_SIZE	(16 * 32 * 63)
#define PADDED_STEP	(16 * 32 * 64)

struct padded {
	struct bench *b;
	struct h8l_memory *memory;
	uint8_t *out;			/* DEPTH of them, and a page */
};

static void open_padded(struct padded *p, unsigned int flags, bool reg)
{
	struct h8l_network_options options = { .queue_depth = DEPTH, .flags = flags };

	*p = (struct padded){ .b = bench_new_net(DESC_HAILO8, PADDED) };
	p->out = bench_pages(DEPTH * PADDED_STEP + STEP);
	assert_int_equal(bench_open_device(p->b), 0);
	assert_int_equal(bench_open_network(p->b, &options), 0);
	if (reg)
		assert_int_equal(h8l_memory_register(p->b->device, p->out,
						     DEPTH * PADDED_STEP + STEP, &p->memory,
						     &p->b->error), 0);
}

static void close_padded(struct padded *p)
{
	h8l_memory_unregister(p->memory);
	bench_free(p->b);
	free(p->out);
}

static int submit_padded(const struct padded *p, unsigned int i)
{
	struct h8l_buffer in = { p->b->in, BENCH_IN_SIZE };
	struct h8l_buffer out = { p->out + i * PADDED_STEP, PADDED_SIZE };

	memset(out.data, 0xa5, PADDED_STEP);
	return h8l_network_submit(p->b->network, &in, 1, &out, 1, NULL, &p->b->error);
}

static void run_padded(const struct padded *p)
{
	struct h8l_completion c;

	for (unsigned int i = 0; i < DEPTH; i++)
		assert_int_equal(submit_padded(p, i), 0);
	for (unsigned int i = 0; i < DEPTH; i++) {
		assert_int_equal(h8l_network_wait(p->b->network, -1, &c, &p->b->error), 1);
		assert_int_equal(c.status, 0);
	}
}

/* Only what does not fit into the program's buffer goes elsewhere: the same bytes,
 * and none behind them is touched
 */
static void tails(void **state)
{
	struct padded copied, kept;
	unsigned int maps;

	(void)state;
	open_padded(&copied, 0, false);
	open_padded(&kept, 0, true);
	run_padded(&copied);
	run_padded(&kept);
	assert_memory_equal(kept.out, copied.out, DEPTH * PADDED_STEP);
	assert_int_equal(kept.out[PADDED_SIZE], 0xa5);
	assert_null(kept.b->network->streams[1].bounce.data);
	assert_non_null(copied.b->network->streams[1].bounce.data);
	assert_in_range(kept.b->network->streams[1].tails.size, 1, DEPTH * PADDED_STEP / 4);
	maps = kept.b->drv->map_calls;
	run_padded(&kept);
	assert_int_equal(kept.b->drv->map_calls, maps + DEPTH);	/* of the inputs */
	close_padded(&copied);
	close_padded(&kept);
}

/* Memory for them is memory of the library's own */
static void no_tails(void **state)
{
	struct padded p;

	(void)state;
	open_padded(&p, H8L_NETWORK_NO_BOUNCE, true);
	assert_int_equal(submit_padded(&p, 0), -EINVAL);
	assert_non_null(strstr(p.b->error.text, "cannot be used as it is"));
	close_padded(&p);
	open_padded(&p, 0, true);
	assert_int_equal(h8l_network_start(p.b->network, NULL), 0);
	p.b->drv->fail_ioctl = HAILO8L_VDMA_BUFFER_MAP;
	p.b->drv->fail_errno = -ENOMEM;
	assert_int_equal(submit_padded(&p, 0), -ENOMEM);
	run_padded(&p);
	close_padded(&p);
}

/* ---- life ---- */

/* The device lives as long as memory is registered with it */
static void outlives(void **state)
{
	struct queue *q = new_queue(&deep);
	struct h8l_memory *memories[3];

	(void)state;
	register_all(q, memories);
	h8l_device_close(q->b->device);
	q->b->device = NULL;
	run_queue(q, 0, 10);
	h8l_network_close(q->b->network);
	q->b->network = NULL;
	assert_int_equal(q->b->drv->open_fds, 1);
	unregister_all(memories);
	assert_int_equal(q->b->drv->open_fds, 0);
	free_queue(q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_order),
		cmocka_unit_test(full),
		cmocka_unit_test(deepest),
		cmocka_unit_test(busy),
		cmocka_unit_test(not_yet),
		cmocka_unit_test(error_inside),
		cmocka_unit_test(dma_error),
		cmocka_unit_test(stopped),
		cmocka_unit_test(launch_fails),
		cmocka_unit_test(closed),
		cmocka_unit_test(drained),
		cmocka_unit_test(pollable),
		cmocka_unit_test(batches),
		cmocka_unit_test(batches_of_contexts),
		cmocka_unit_test(registered),
		cmocka_unit_test(not_registered),
		cmocka_unit_test(floats_in_place),
		cmocka_unit_test(floats_fail),
		cmocka_unit_test(tails),
		cmocka_unit_test(no_tails),
		cmocka_unit_test(outlives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
