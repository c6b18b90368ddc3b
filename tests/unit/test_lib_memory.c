// SPDX-License-Identifier: MIT
/*
 * Memory for frames: registered, of the driver, and dma-bufs (the scripted driver
 * takes memfds for such).
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/memory.h"
#include "tests/unit/lib_alloc.h"

#include "tests/unit/lib_bench.h"	/* last: cmocka defines fail() */

#define PAGE		4096
#define FRAME		(3 * PAGE)	/* in, out and small begin a page each */
#define FRAMES		5
#define BUFFER		(FRAMES * FRAME)

static struct bench *idle_bench(void)
{
	struct bench *b = bench_new(DESC_HAILO8);

	assert_int_equal(bench_open_device(b), 0);
	return b;
}

static struct bench *running_bench(unsigned int flags)
{
	struct h8l_network_options options = { .flags = flags };
	struct bench *b = idle_bench();

	if (bench_open_network(b, &options))
		fail_msg("%s", b->error.text);
	assert_int_equal(h8l_network_start(b->network, NULL), 0);
	return b;
}

/* One frame whose buffers are at `at`, in pages of their own */
static int run_at(struct bench *b, uint8_t *at)
{
	struct h8l_buffer in = { at, BENCH_IN_SIZE };
	struct h8l_buffer out[2] = { { at + PAGE, BENCH_OUT_SIZE },
				     { at + 2 * PAGE, BENCH_SMALL_SIZE } };

	memset(&b->error, 0, sizeof(b->error));
	return h8l_network_run(b->network, &in, 1, out, 2, &b->error);
}

/* Runs it and looks at what comes, where the processor sees it */
static void check_frame(struct bench *b, uint8_t *at, uint8_t *seen, uint32_t number)
{
	memset(seen, (int)number + 1, BENCH_IN_SIZE);
	if (run_at(b, at))
		fail_msg("frame %u: %s", number, b->error.text);
	bench_check(b, seen, seen + PAGE, 0, number);
	bench_check(b, seen, seen + 2 * PAGE, 1, number);
}

/* A dma-buf of frames, and where the test sees it */
static int new_dmabuf(size_t size, uint8_t **seen)
{
	int fd = memfd_create("dma-buf", MFD_CLOEXEC);
	void *data;

	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	data = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(data, MAP_FAILED);
	*seen = data;
	return fd;
}

static struct h8l_memory *import(struct bench *b, int fd, size_t offset, size_t size)
{
	struct h8l_memory *memory = NULL;

	if (h8l_memory_import(b->device, fd, offset, size, &memory, &b->error))
		fail_msg("%s", b->error.text);
	return memory;
}

/* ---- dma-bufs ---- */

/* Several frames in a part of one, nothing mapped or copied per frame */
static void dmabuf_frames(void **state)
{
	struct bench *b = running_bench(H8L_NETWORK_NO_BOUNCE);
	uint8_t *seen, *data;
	int fd = new_dmabuf(BUFFER + PAGE, &seen);
	struct h8l_memory *memory = import(b, fd, PAGE, BUFFER);
	unsigned int maps = b->drv->map_calls, ioctls = b->drv->ioctl_count;
	unsigned long allocations = alloc_count;

	(void)state;
	data = h8l_memory_data(memory);
	for (uint32_t i = 0; i < FRAMES; i++)
		check_frame(b, data + i * FRAME, seen + PAGE + i * FRAME, i);
	assert_int_equal(b->drv->map_calls, maps);
	assert_int_equal(b->drv->ioctl_count - ioctls, FRAMES * 4);
	assert_int_equal(alloc_count - allocations, FRAMES * 2);	/* of check_frame() */
	assert_int_equal(b->drv->cpu_reads + b->drv->cpu_writes, 0);
	h8l_memory_unregister(memory);
	close(fd);
	munmap(seen, BUFFER + PAGE);
	bench_free(b);
}

/* Its descriptor belongs to the program, which may close it and open another
 * file that gets the same number.
 */
static void closed_dmabuf(void **state)
{
	struct bench *b = running_bench(H8L_NETWORK_NO_BOUNCE);
	uint8_t *seen, *other;
	int fd = new_dmabuf(FRAME, &seen), again;

	(void)state;
	for (int hidden = 0; hidden < 2; hidden++) {
		struct h8l_memory *memory;

		b->drv->refuses_views = hidden;
		memory = import(b, fd, 0, FRAME);
		if (!hidden) {
			close(fd);
			again = new_dmabuf(FRAME, &other);
			assert_int_equal(again, fd);
			check_frame(b, h8l_memory_data(memory), seen, 0);
			assert_int_equal(other[PAGE], 0);
			munmap(seen, FRAME);
			seen = other;
		}
		assert_int_not_equal(memory->fd, fd);
		h8l_memory_unregister(memory);
	}
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close(fd);
	munmap(seen, FRAME);
	bench_free(b);
}

/* The driver knows it by descriptor only, or nobody can map it: a frame from
 * its beginning on still goes without a copy.
 */
static void dmabuf_by_descriptor(void **state)
{
	(void)state;
	for (int hidden = 0; hidden < 2; hidden++) {
		struct bench *b = running_bench(H8L_NETWORK_NO_BOUNCE);
		struct h8l_buffer in, out[2] = { { b->out, BENCH_OUT_SIZE },
						 { b->small, BENCH_SMALL_SIZE } };
		struct h8l_memory *memory;
		uint8_t *seen;
		int fd = new_dmabuf(FRAME, &seen);

		b->drv->hides_dmabufs = hidden;
		b->drv->refuses_views = true;
		memory = import(b, fd, 0, FRAME);
		assert_true(memory->by_fd);
		assert_int_equal(memory->visible, !hidden);
		memset(seen, 0x3c, BENCH_IN_SIZE);
		in = (struct h8l_buffer){ h8l_memory_data(memory), BENCH_IN_SIZE };
		if (h8l_network_run(b->network, &in, 1, out, 2, &b->error))
			fail_msg("%s", b->error.text);
		bench_check(b, seen, b->out, 0, 0);
		assert_int_equal(run_at(b, h8l_memory_data(memory)), -EINVAL);
		assert_non_null(strstr(b->error.text, hidden ? "is not for the processor" :
						      "cannot be used as it is"));
		/* What can never be is refused without harm to frames under way */
		assert_int_equal(b->drv->enabled_app < 0, !hidden);
		h8l_memory_unregister(memory);
		close(fd);
		munmap(seen, FRAME);
		bench_free(b);
	}
}

/* Conversions and copies are announced to the dma-buf's owner */
static void converted_dmabuf(void **state)
{
	static const struct h8l_format floats = { H8L_TYPE_FLOAT32, H8L_ORDER_NHWC };
	struct bench *b = running_bench(0);
	uint8_t *seen, *data;
	int fd = new_dmabuf(8 * PAGE, &seen);
	struct h8l_memory *memory = import(b, fd, 0, 8 * PAGE);
	struct h8l_buffer in = { h8l_memory_data(memory), BENCH_IN_SIZE };
	struct h8l_buffer out[2] = { { NULL, BENCH_OUT_SIZE * sizeof(float) },
				     { b->small, BENCH_SMALL_SIZE } };

	(void)state;
	data = h8l_memory_data(memory);
	assert_int_equal(run_at(b, data + 64), 0);	/* not at a multiple of 4096 */
	bench_check(b, seen + 64, seen + PAGE + 64, 0, 0);
	assert_int_equal(b->drv->cpu_reads, 1);
	assert_int_equal(b->drv->cpu_writes, 2);
	assert_int_equal(h8l_network_set_format(b->network, H8L_OUTPUT, 0, floats, NULL), 0);
	out[0].data = data + 2 * PAGE;
	assert_int_equal(h8l_network_run(b->network, &in, 1, out, 2, &b->error), 0);
	assert_int_equal(b->drv->cpu_reads, 1);
	assert_int_equal(b->drv->cpu_writes, 3);
	assert_int_equal(b->drv->cpu_now, 0);
	h8l_memory_unregister(memory);
	close(fd);
	munmap(seen, 8 * PAGE);
	bench_free(b);
}

static void expect_import(struct bench *b, int fd, size_t offset, size_t size, int err,
			  const char *says)
{
	struct h8l_memory *memory = NULL;
	int got = h8l_memory_import(b->device, fd, offset, size, &memory, &b->error);

	if (got != err || !strstr(b->error.text, says) || memory)
		fail_msg("%d \"%s\", expected %d \"%s\"", got, b->error.text, err, says);
}

static void wrong_dmabufs(void **state)
{
	struct bench *b = idle_bench();
	uint8_t *seen;
	int fd = new_dmabuf(FRAME, &seen), ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	expect_import(b, ends[0], 0, PAGE, -EINVAL, "is not a dma-buf");
	expect_import(b, -1, 0, PAGE, -EBADF, "-1 is not open");
	expect_import(b, 12345, 0, PAGE, -EBADF, "12345 is not open");
	expect_import(b, fd, 0, 0, -EINVAL, "more than none");
	expect_import(b, fd, 512, PAGE, -EINVAL, "multiple of 4096");
	expect_import(b, fd, 0, FRAME + 1, -ERANGE, "has 12288 bytes");
	expect_import(b, fd, PAGE, FRAME, -ERANGE, "hold 12288 from byte 4096");
	expect_import(b, fd, SIZE_MAX / PAGE * PAGE, 2 * PAGE, -ERANGE, "from byte");
	b->drv->hides_dmabufs = true;
	expect_import(b, fd, PAGE, PAGE, -ENOTSUP, "from its first byte on");
	assert_int_equal(b->drv->map_calls, 0);
	b->drv->fail_ioctl = HAILO8L_VDMA_BUFFER_MAP;
	b->drv->fail_errno = -EINVAL;
	expect_import(b, fd, 0, PAGE, -EINVAL, "cannot import 4096 bytes");
	assert_int_equal(drv_leftovers(b->drv), 0);
	close(ends[0]);
	close(ends[1]);
	close(fd);
	munmap(seen, FRAME);
	bench_free(b);
}

/* Opened for reading: inputs only, and frames under way are not disturbed */
static void read_only_dmabuf(void **state)
{
	struct bench *b = running_bench(0);
	char path[64];
	uint8_t *seen;
	int fd = new_dmabuf(FRAME, &seen), readable;
	struct h8l_memory *memory;
	struct h8l_buffer in, out[2] = { { b->out, BENCH_OUT_SIZE },
					 { b->small, BENCH_SMALL_SIZE } };
	struct h8l_completion completion;

	(void)state;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	readable = open(path, O_RDONLY | O_CLOEXEC);
	memory = import(b, readable, 0, FRAME);
	assert_true(memory->read_only);
	in = (struct h8l_buffer){ h8l_memory_data(memory), BENCH_IN_SIZE };
	memset(seen, 9, BENCH_IN_SIZE);
	assert_int_equal(h8l_network_submit(b->network, &in, 1, out, 2, NULL, &b->error), 0);
	assert_int_equal(h8l_network_wait(b->network, -1, &completion, &b->error), 1);
	assert_int_equal(completion.status, 0);
	bench_check(b, seen, b->out, 0, 0);
	assert_int_equal(run_at(b, h8l_memory_data(memory)), -EACCES);
	assert_non_null(strstr(b->error.text, "for reading only"));
	assert_int_not_equal(b->drv->enabled_app, -1);
	assert_int_equal(h8l_network_run(b->network, &in, 1, out, 2, &b->error), 0);
	bench_check(b, seen, b->out, 0, 1);
	h8l_memory_unregister(memory);
	close(readable);
	close(fd);
	munmap(seen, FRAME);
	bench_free(b);
}

/* ---- memory of ours and of the driver ---- */

static void allocated(void **state)
{
	(void)state;
	for (int driver = 0; driver < 2; driver++) {
		struct bench *b = bench_new(DESC_HAILO8);
		struct h8l_network_options options = { .flags = H8L_NETWORK_NO_BOUNCE };
		struct h8l_memory *memory;
		struct h8l_identity id;
		unsigned int maps;
		uint8_t *data;

		b->drv->driver_memory = driver;
		assert_int_equal(bench_open_device(b), 0);
		h8l_device_identity(b->device, &id);
		assert_int_equal(id.driver_memory, driver);
		assert_int_equal(bench_open_network(b, &options), 0);
		assert_int_equal(h8l_memory_alloc(b->device, 0, &memory, &b->error), -EINVAL);
		assert_int_equal(h8l_memory_alloc(b->device, BUFFER - 100, &memory, NULL), 0);
		data = h8l_memory_data(memory);
		for (size_t i = 0; i < BUFFER - 100; i++)
			assert_int_equal(data[i], 0);
		maps = b->drv->map_calls;
		for (uint32_t i = 0; i < FRAMES; i++)
			check_frame(b, data + i * FRAME, data + i * FRAME, i);
		assert_int_equal(b->drv->map_calls, maps);
		h8l_memory_unregister(memory);
		bench_free(b);
	}
}

/* Where the chip reaches nothing else: the program's own memory is copied, and
 * a program that wants no copies hears of it.
 */
static void only_driver_memory(void **state)
{
	struct h8l_network_options options = { .flags = H8L_NETWORK_NO_BOUNCE };
	struct bench *b = bench_new(DESC_HAILO8);
	struct h8l_memory *memory;
	uint8_t *pages = bench_pages(FRAME);

	(void)state;
	b->drv->driver_memory = true;
	assert_int_equal(bench_open_device(b), 0);
	assert_int_equal(h8l_memory_register(b->device, pages, FRAME, &memory, &b->error),
			 -ENOTSUP);
	assert_non_null(strstr(b->error.text, "h8l_memory_alloc()"));
	assert_int_equal(bench_open_network(b, NULL), 0);
	for (uint32_t i = 0; i < 3; i++)
		check_frame(b, pages, pages, i);
	h8l_network_close(b->network);
	assert_int_equal(bench_open_network(b, &options), 0);
	assert_int_equal(run_at(b, pages), -EINVAL);
	assert_non_null(strstr(b->error.text, "not from h8l_memory_alloc()"));
	free(pages);
	bench_free(b);
}

/* ---- when something fails ---- */

static int try_all(struct bench *b, int fd)
{
	struct h8l_memory *memory[2] = { NULL, NULL };
	int err = h8l_memory_alloc(b->device, FRAME, &memory[0], &b->error);

	err = err ?: h8l_memory_import(b->device, fd, 0, FRAME, &memory[1], &b->error);
	h8l_memory_unregister(memory[0]);
	h8l_memory_unregister(memory[1]);
	assert_int_equal(drv_leftovers(b->drv), 0);
	return err;
}

static void failing_ioctls(void **state)
{
	static const unsigned long requests[] = {
		HAILO8L_LOW_MEMORY_ALLOC, HAILO8L_VDMA_BUFFER_MAP,
	};
	struct bench *b = bench_new(DESC_HAILO8);
	uint8_t *seen;
	int fd = new_dmabuf(FRAME, &seen);

	(void)state;
	b->drv->driver_memory = true;
	assert_int_equal(bench_open_device(b), 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(requests); i++) {
		b->drv->fail_ioctl = requests[i];
		b->drv->fail_errno = -ENOMEM;
		b->drv->fail_skip = 0;
		assert_int_equal(try_all(b, fd), -ENOMEM);
		assert_non_null(strstr(b->error.text, "ulimit -l"));
	}
	b->drv->fail_ioctl = 0;
	assert_int_equal(try_all(b, fd), 0);
	close(fd);
	munmap(seen, FRAME);
	bench_free(b);
}

static void failing_allocations(void **state)
{
	uint8_t *seen;
	int fd = new_dmabuf(FRAME, &seen), err = -1;
	unsigned long n;

	(void)state;
	for (n = 1; err; n++) {
		struct bench *b = idle_bench();

		b->drv->hides_dmabufs = true;
		alloc_fail_at = alloc_count + n;
		err = try_all(b, fd);
		alloc_fail_at = 0;
		if (err && (err != -ENOMEM || !strstr(b->error.text, "out of memory")))
			fail_msg("allocation %lu: %d %s", n, err, b->error.text);
		bench_free(b);
	}
	assert_true(n >= 5);
	close(fd);
	munmap(seen, FRAME);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dmabuf_frames),
		cmocka_unit_test(closed_dmabuf),
		cmocka_unit_test(dmabuf_by_descriptor),
		cmocka_unit_test(converted_dmabuf),
		cmocka_unit_test(wrong_dmabufs),
		cmocka_unit_test(read_only_dmabuf),
		cmocka_unit_test(allocated),
		cmocka_unit_test(only_driver_memory),
		cmocka_unit_test(failing_ioctls),
		cmocka_unit_test(failing_allocations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
