// SPDX-License-Identifier: MIT
/*
 * What a frame costs once the first ones are through: one ioctl per transfer, at
 * most one wait, no other system call, no memory, no message, and no copy where
 * the formats match.
 */
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/network.h"
#include "tests/unit/lib_alloc.h"

#include "tests/unit/lib_bench.h"	/* last: cmocka defines fail() */

#define DEPTH	4
#define FRAMES	100

ssize_t __wrap_read(int fd, void *data, size_t size);
ssize_t __real_read(int fd, void *data, size_t size);

static unsigned int reads;

ssize_t __wrap_read(int fd, void *data, size_t size)
{
	reads++;
	return __real_read(fd, data, size);
}

static const struct h8l_network_options deep = { .queue_depth = DEPTH };

static struct bench *new_bench(bool stock_driver)
{
	struct bench *b = bench_new(DESC_HAILO8);

	b->drv->has_poll = !stock_driver;
	assert_int_equal(bench_open_device(b), 0);
	assert_int_equal(bench_open_network(b, &deep), 0);
	return b;
}

struct memory {
	uint8_t *in, *out, *small;
	struct h8l_memory *registered[3];
};

static void take_memory(struct bench *b, struct memory *m)
{
	uint8_t **pieces[] = { &m->in, &m->out, &m->small };

	for (int i = 0; i < 3; i++) {
		*pieces[i] = bench_pages(DEPTH * 4096);
		assert_int_equal(h8l_memory_register(b->device, *pieces[i], DEPTH * 4096,
						     &m->registered[i], NULL), 0);
	}
}

static void give_memory(struct memory *m)
{
	for (int i = 0; i < 3; i++)
		h8l_memory_unregister(m->registered[i]);
	free(m->in);
	free(m->out);
	free(m->small);
}

static int submit(struct bench *b, const struct memory *m, unsigned int frame)
{
	size_t at = frame % DEPTH * 4096;
	struct h8l_buffer in = { m->in + at, BENCH_IN_SIZE };
	struct h8l_buffer out[2] = { { m->out + at, BENCH_OUT_SIZE },
				     { m->small + at, BENCH_SMALL_SIZE } };

	return h8l_network_submit(b->network, &in, 1, out, 2, NULL, NULL);
}

/* DEPTH frames are always under way; 0, or what failed */
static int run(struct bench *b, const struct memory *m, unsigned int frames)
{
	struct h8l_completion c;

	for (unsigned int i = 0; i < frames; i++) {
		if (i >= DEPTH && (h8l_network_wait(b->network, -1, &c, NULL) != 1 || c.status))
			return 1;
		if (submit(b, m, i))
			return 2;
	}
	for (unsigned int i = 0; i < DEPTH; i++)
		if (h8l_network_wait(b->network, -1, &c, NULL) != 1 || c.status)
			return 3;
	return 0;
}

static void check_counts(bool stock_driver)
{
	struct bench *b = new_bench(stock_driver);
	struct memory m;
	unsigned int ioctls, launches, waits, controls, maps;

	take_memory(b, &m);
	assert_int_equal(run(b, &m, FRAMES), 0);
	ioctls = b->drv->ioctl_count;
	launches = b->drv->launches;
	waits = b->drv->waits;
	controls = b->drv->control_count;
	maps = b->drv->map_calls;
	alloc_count = 0;
	reads = 0;
	b->drv->sleeps = 0;
	assert_int_equal(run(b, &m, FRAMES), 0);
	assert_int_equal(alloc_count, 0);
	assert_int_equal(reads, 0);
	assert_int_equal(b->drv->sleeps, 0);
	assert_int_equal(b->drv->control_count, controls);
	assert_int_equal(b->drv->map_calls, maps);
	assert_int_equal(b->drv->launches - launches, 3 * FRAMES);
	assert_true(b->drv->waits - waits <= FRAMES);
	assert_int_equal(b->drv->ioctl_count - ioctls,
			 3 * FRAMES + b->drv->waits - waits);
	/* Nothing was copied: there is nowhere to copy to */
	for (unsigned int i = 0; i < b->network->stream_count; i++)
		assert_null(b->network->streams[i].bounce.data);
	give_memory(&m);
	bench_free(b);
}

static void own_driver(void **state)
{
	(void)state;
	check_counts(false);
}

static void stock_driver(void **state)
{
	(void)state;
	check_counts(true);
}

/* With conversions memory is taken for the first frames, and never again */
static void conversions(void **state)
{
	static const struct h8l_format real = { H8L_TYPE_FLOAT32, H8L_ORDER_AUTO };
	struct bench *b = new_bench(false);
	float *in = bench_pages(BENCH_IN_SIZE * sizeof(float));
	struct h8l_buffer i = { in, BENCH_IN_SIZE * sizeof(float) };
	struct h8l_buffer o[2] = { { b->out, BENCH_OUT_SIZE }, { b->small, BENCH_SMALL_SIZE } };
	unsigned int maps;

	(void)state;
	assert_int_equal(h8l_network_set_format(b->network, H8L_INPUT, 0, real, NULL), 0);
	assert_int_equal(h8l_network_run(b->network, &i, 1, o, 2, NULL), 0);
	alloc_count = 0;
	maps = b->drv->map_calls;
	for (int n = 0; n < FRAMES; n++)
		assert_int_equal(h8l_network_run(b->network, &i, 1, o, 2, NULL), 0);
	assert_int_equal(alloc_count, 0);
	/* The outputs are mapped for each frame: they are not registered */
	assert_int_equal(b->drv->map_calls - maps, 2 * FRAMES);
	free(in);
	bench_free(b);
}

/* A process that may do nothing but read, write and end */
static void no_system_call(void **state)
{
	int status = -1;

	(void)state;
	for (int stock = 0; stock < 2; stock++) {
		struct bench *b = new_bench(stock);
		struct memory m;
		pid_t child;

		take_memory(b, &m);
		assert_int_equal(run(b, &m, FRAMES), 0);
		child = fork();
		if (!child) {
			if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT))
				_exit(99);
			syscall(SYS_exit, run(b, &m, FRAMES));
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, 0);
		give_memory(&m);
		bench_free(b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own_driver),
		cmocka_unit_test(stock_driver),
		cmocka_unit_test(conversions),
		cmocka_unit_test(no_system_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
