// SPDX-License-Identifier: MIT
/*
 * Threads with a network each on one device, several on one network, and others
 * that read sensors, register memory, open and close networks: every frame must
 * be right. Built with -fsanitize=thread it also finds races.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "lib/device.h"
#include "tests/hef/pattern.h"

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

/* A bench whose driver many threads may call */
static struct bench *new_bench(void)
{
	static struct h8l_os original;
	struct bench *b = bench_new(DESC_HAILO8);

	original = b->drv->os;
	script = &original;
	b->drv->os.ioctl = locked_ioctl;
	b->drv->os.poll = locked_poll;
	b->drv->os.now_us = locked_now;
	assert_int_equal(bench_open_device(b), 0);
	return b;
}

static void together(void **state)
{
	struct bench *b = new_bench();
	struct runner runners[2] = { { 0 } };
	pthread_t threads[3];
	void *sensors;

	(void)state;
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

/* ---- several threads, one network ---- */

#define SUBMITTERS 3
#define DEPTH 4

/* Which frames have come back, and how */
struct shared {
	struct h8l_network *network;
	struct h8l_stream_info info[2];
	atomic_int done[SUBMITTERS * FRAMES];	/* 1: well, -1: not */
};

struct submitter {
	struct shared *shared;
	uint8_t value;
	unsigned int good;
};

static bool is_right(const struct shared *s, const uint8_t *in, const uint8_t *got,
		     unsigned int output, uint64_t frame)
{
	uint64_t hash = pattern_hash(PATTERN_HASH_INIT, in, BENCH_IN_SIZE);
	const struct h8l_stream_info *info = &s->info[output];
	uint8_t *expected = malloc(info->device_frame_size);
	bool same;

	pattern_fill(pattern_seed(hash, (uint8_t)info->index, (uint32_t)frame), expected,
		     info->device_frame_size);
	same = !memcmp(got, expected, info->device_frame_size);
	free(expected);
	return same;
}

/* One frame after the other: somebody else takes it back */
static void *submit_frames(void *arg)
{
	struct submitter *s = arg;
	struct h8l_buffer in = { bench_pages(BENCH_IN_SIZE), BENCH_IN_SIZE };
	struct h8l_buffer out[2] = {
		{ bench_pages(BENCH_OUT_SIZE), BENCH_OUT_SIZE },
		{ bench_pages(BENCH_SMALL_SIZE), BENCH_SMALL_SIZE },
	};

	for (int i = 0; i < FRAMES; i++) {
		atomic_int *done;
		uint64_t frame;

		memset(in.data, s->value + i, BENCH_IN_SIZE);
		while (h8l_network_submit(s->shared->network, &in, 1, out, 2, &frame, NULL))
			sched_yield();
		done = &s->shared->done[frame];
		while (!atomic_load(done))
			sched_yield();
		s->good += atomic_load(done) == 1 &&
			   is_right(s->shared, in.data, out[0].data, 0, frame) &&
			   is_right(s->shared, in.data, out[1].data, 1, frame);
	}
	free(in.data);
	free(out[0].data);
	free(out[1].data);
	return NULL;
}

/* Two of these: each takes what it gets */
static void *collect_frames(void *arg)
{
	static atomic_int taken;
	struct shared *s = arg;

	while (atomic_load(&taken) < SUBMITTERS * FRAMES) {
		struct h8l_completion c;

		if (h8l_network_wait(s->network, 0, &c, NULL) != 1) {
			sched_yield();
			continue;
		}
		atomic_fetch_add(&taken, 1);
		atomic_store(&s->done[c.frame], c.status ? -1 : 1);
	}
	return NULL;
}

/* Memory comes and goes meanwhile */
static void *disturb(void *arg)
{
	unsigned int *good = calloc(1, sizeof(*good));

	for (int i = 0; i < FRAMES; i++) {
		struct h8l_memory *memory = NULL;

		*good += !h8l_memory_alloc(arg, 10000, &memory, NULL);
		h8l_memory_unregister(memory);
	}
	return good;
}

static void one_network(void **state)
{
	struct h8l_network_options options = { .queue_depth = DEPTH };
	struct submitter submitters[SUBMITTERS];
	static struct shared shared;
	struct bench *b = new_bench();
	pthread_t threads[SUBMITTERS + 3];
	void *good;

	(void)state;
	assert_int_equal(bench_open_network(b, &options), 0);
	shared.network = b->network;
	for (unsigned int i = 0; i < 2; i++)
		h8l_network_stream(b->network, H8L_OUTPUT, i, &shared.info[i]);
	assert_int_equal(pthread_create(&threads[0], NULL, disturb, b->device), 0);
	for (int i = 1; i < 3; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, collect_frames, &shared), 0);
	for (int i = 0; i < SUBMITTERS; i++) {
		submitters[i] = (struct submitter){ &shared, (uint8_t)(i * 70), 0 };
		assert_int_equal(pthread_create(&threads[i + 3], NULL, submit_frames,
						&submitters[i]), 0);
	}
	assert_int_equal(pthread_join(threads[0], &good), 0);
	assert_int_equal(*(unsigned int *)good, FRAMES);
	free(good);
	for (int i = 1; i < SUBMITTERS + 3; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	for (int i = 0; i < SUBMITTERS; i++)
		assert_int_equal(submitters[i].good, FRAMES);
	bench_free(b);
}

/* ---- networks that come and go beside one that runs ---- */

#define OPENINGS 12

static void *open_and_close(void *arg)
{
	struct bench *b = arg;
	unsigned int *good = calloc(1, sizeof(*good));

	for (int i = 0; i < OPENINGS; i++) {
		struct h8l_network *network = NULL;

		*good += !h8l_network_open(b->device, b->hef, NULL, &network, NULL);
		h8l_network_close(network);
	}
	return good;
}

static void openings(void **state)
{
	struct bench *b = new_bench();
	struct runner runner = { 0 };
	pthread_t threads[3];
	void *good;

	(void)state;
	assert_int_equal(bench_open_network(b, NULL), 0);
	runner.network = b->network;
	assert_int_equal(pthread_create(&threads[0], NULL, run_frames, &runner), 0);
	for (int i = 1; i < 3; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, open_and_close, b), 0);
	assert_int_equal(pthread_join(threads[0], NULL), 0);
	if (runner.good != FRAMES)
		fail_msg("%u frames: %s", runner.good, runner.error.text);
	for (int i = 1; i < 3; i++) {
		assert_int_equal(pthread_join(threads[i], &good), 0);
		assert_int_equal(*(unsigned int *)good, OPENINGS);
		free(good);
	}
	bench_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(together),
		cmocka_unit_test(one_network),
		cmocka_unit_test(openings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
