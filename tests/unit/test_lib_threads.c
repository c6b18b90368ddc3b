// SPDX-License-Identifier: MIT
/*
 * Two threads with a network each on one device, a third that reads sensors:
 * every frame must be right. Built with -fsanitize=thread it also finds races.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "lib/device.h"

#include "tests/unit/lib_bench.h"	/* last: cmocka defines fail() */

#define FRAMES 200

/* The scripted driver serves one call at a time, as the real one's locks do */
static pthread_mutex_t driver_lock = PTHREAD_MUTEX_INITIALIZER;
static const struct h8l_os *script;

static int locked_ioctl(const struct h8l_os *os, int fd, unsigned long request, void *arg)
{
	int result;

	pthread_mutex_lock(&driver_lock);
	result = script->ioctl(os, fd, request, arg);
	pthread_mutex_unlock(&driver_lock);
	return result;
}

static int locked_poll(const struct h8l_os *os, int fd, int timeout_ms)
{
	int result;

	pthread_mutex_lock(&driver_lock);
	result = script->poll(os, fd, timeout_ms);
	pthread_mutex_unlock(&driver_lock);
	return result;
}

static uint64_t locked_now(const struct h8l_os *os)
{
	uint64_t now;

	pthread_mutex_lock(&driver_lock);
	now = script->now_us(os);
	pthread_mutex_unlock(&driver_lock);
	return now;
}

struct runner {
	struct h8l_network *network;
	unsigned int good;
	struct h8l_error error;
};

static void *run_frames(void *arg)
{
	struct runner *r = arg;
	struct h8l_buffer in = { bench_pages(BENCH_IN_SIZE), BENCH_IN_SIZE };
	struct h8l_buffer out[2] = {
		{ bench_pages(BENCH_OUT_SIZE), BENCH_OUT_SIZE },
		{ bench_pages(BENCH_SMALL_SIZE), BENCH_SMALL_SIZE },
	};

	for (int i = 0; i < FRAMES; i++)
		r->good += !h8l_network_run(r->network, &in, 1, out, 2, &r->error);
	free(in.data);
	free(out[0].data);
	free(out[1].data);
	return NULL;
}

static void *read_sensors(void *arg)
{
	struct h8l_temperature t;
	unsigned int *good = calloc(1, sizeof(*good));

	for (int i = 0; i < FRAMES; i++)
		*good += !h8l_device_read_temperature(arg, &t, NULL) && t.sensor[0] == 42.0f;
	return good;
}

static void together(void **state)
{
	struct bench *b = bench_new(DESC_HAILO8);
	struct h8l_os original = b->drv->os;
	struct runner runners[2] = { { 0 } };
	pthread_t threads[3];
	void *sensors;

	(void)state;
	script = &original;
	b->drv->os.ioctl = locked_ioctl;
	b->drv->os.poll = locked_poll;
	b->drv->os.now_us = locked_now;
	assert_int_equal(bench_open_device(b), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(bench_open_network(b, NULL), 0);
		runners[i].network = b->network;
	}
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, run_frames, &runners[i]), 0);
	assert_int_equal(pthread_create(&threads[2], NULL, read_sensors, b->device), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		if (runners[i].good != FRAMES)
			fail_msg("%u frames: %s", runners[i].good, runners[i].error.text);
	}
	assert_int_equal(pthread_join(threads[2], &sensors), 0);
	assert_int_equal(*(unsigned int *)sensors, FRAMES);
	free(sensors);
	h8l_network_close(runners[0].network);
	bench_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
