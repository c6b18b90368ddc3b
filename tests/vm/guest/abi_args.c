// SPDX-License-Identifier: MIT
/*
 * abi_args: every ioctl with good and bad arguments, no network running.
 * W-n are the weaknesses in reference uapi-4.23.md section 12.
 */
#include <pthread.h>
#include <sys/resource.h>

#include "abi.h"

static const unsigned long implemented[] = {
	HAILO8L_QUERY_DEVICE_PROPERTIES, HAILO8L_QUERY_DRIVER_INFO,
	HAILO8L_VDMA_ENABLE_CHANNELS, HAILO8L_VDMA_DISABLE_CHANNELS,
	HAILO8L_VDMA_INTERRUPTS_WAIT, HAILO8L_VDMA_READ_TIMESTAMPS,
	HAILO8L_VDMA_BUFFER_MAP, HAILO8L_VDMA_BUFFER_UNMAP, HAILO8L_VDMA_BUFFER_SYNC,
	HAILO8L_DESC_LIST_CREATE, HAILO8L_DESC_LIST_RELEASE, HAILO8L_DESC_LIST_PROGRAM,
	HAILO8L_LOW_MEMORY_ALLOC, HAILO8L_LOW_MEMORY_FREE, HAILO8L_MARK_AS_IN_USE,
	HAILO8L_CONTINUOUS_ALLOC, HAILO8L_CONTINUOUS_FREE, HAILO8L_VDMA_LAUNCH_TRANSFER,
	HAILO8L_FW_CONTROL, HAILO8L_READ_LOG,
};

/* A null pointer, and the last byte on a page that is not there. */
static void bad_pointers(int fd)
{
	size_t page_size = sysconf(_SC_PAGESIZE);
	char *page = pages(2 * page_size);
	size_t i;

	munmap(page + page_size, page_size);
	for (i = 0; i < sizeof(implemented) / sizeof(*implemented); i++) {
		size_t size = _IOC_SIZE(implemented[i]);

		memset(page, 0, page_size);
		check_(call(fd, implemented[i], NULL) == -EFAULT, "null pointer accepted", i);
		check_(call(fd, implemented[i], page + page_size - size + 1) < 0,
		       "overrun accepted", i);
	}
	munmap(page, page_size);
}

static void unknown_numbers(int fd)
{
	uint8_t arg[4096] = { 0 };
	size_t i;

	for (i = 0; i < sizeof(implemented) / sizeof(*implemented); i++) {
		EXPECT(call(fd, implemented[i] ^ 0x10000, arg), -ENOTTY);
		EXPECT(call(fd, implemented[i] ^ 0xc0000000, arg), -ENOTTY);
	}
	EXPECT(call(fd, HAILO8L_RESET_NN_CORE, NULL), -ENOTTY);
	EXPECT(call(fd, HAILO8L_WRITE_ACTION_LIST, arg), -ENOTTY);
	EXPECT(call(fd, HAILO8L_SOC_CONNECT, arg), -EINVAL);
	EXPECT(call(fd, 0x80027301, arg), -EINVAL);
	EXPECT(call(fd, 0x00007302, arg), -EINVAL);
	EXPECT(call(fd, HAILO8L_PCI_EP_ACCEPT, arg), -ENOTTY);
	EXPECT(call(fd, 0x80027001, arg), -ENOTTY);
	EXPECT(call(fd, 0xD0186700, arg), -ENOTTY);	/* MEMORY_TRANSFER of 4.22 */
	EXPECT(call(fd, 0, arg), -ENOTTY);
	EXPECT(call(fd, 0xffffffff, arg), -ENOTTY);
}

static void queries(int fd)
{
	struct hailo8l_device_properties p;
	struct hailo8l_driver_info d;

	memset(&p, 0xff, sizeof(p));
	EXPECT(call(fd, HAILO8L_QUERY_DEVICE_PROPERTIES, &p), 0);
	EXPECT(p.desc_max_page_size, 4096);
	CHECK(p.board_type == 0 && p.dma_type == 0 && p.dma_engines_count == 1);
	CHECK(p.allocation_mode == HAILO8L_ALLOC_USER && p.is_fw_loaded == 1);
	EXPECT(call(fd, HAILO8L_QUERY_DRIVER_INFO, &d), 0);
	CHECK(d.major == 4 && d.minor == 23 && d.revision == 0);
}

static void file_operations(int fd)
{
	char byte;

	CHECK(read(fd, &byte, 1) < 0 && errno == EINVAL);
	CHECK(write(fd, &byte, 1) < 0 && errno == EINVAL);
	CHECK(lseek(fd, 0, SEEK_SET) < 0 && errno == ESPIPE);
}

/* W-1 */
static void control_lengths(int fd)
{
	struct hailo8l_fw_control *a = calloc(1, sizeof(*a));
	uint32_t bad[] = { 0, 1501, 4096, 0x7fffffff, UINT32_MAX };
	struct message m;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		a->buffer_len = bad[i];
		a->timeout_ms = 100;
		EXPECT(call(fd, HAILO8L_FW_CONTROL, a), -EINVAL);
	}
	begin(&m, HW_OP_IDENTIFY);
	EXPECT(send_control(fd, &m, HAILO8L_CPU_APP, UINT32_MAX), 0);
	EXPECT(m.len, HW_CTRL_RESPONSE_HEAD + sizeof(struct hw_identify));
	/* The longest that there is: firmware refuses it, the driver does not. */
	a->buffer_len = HAILO8L_MAX_CONTROL_LEN;
	memcpy(a->buffer, m.data, m.len);
	a->timeout_ms = 1000;
	EXPECT(call(fd, HAILO8L_FW_CONTROL, a), 0);
	free(a);
}

static void list_arguments(int fd)
{
	struct { uint64_t count; uint32_t page; int circular, want; } bad[] = {
		{ 0, 512, 0, -EINVAL }, { 1, 512, 0, -EINVAL }, { 65537, 512, 0, -EINVAL },
		{ 1ull << 32 | 32, 512, 0, -EINVAL }, { UINT64_MAX, 512, 0, -EINVAL },
		{ 0x80000001, 512, 0, -EINVAL }, { 24, 512, 1, -EINVAL },
		{ 32, 0, 0, -EINVAL }, { 32, 1, 0, -EINVAL }, { 32, 32, 0, -EINVAL },
		{ 32, 96, 0, -EINVAL }, { 32, 8192, 0, -EINVAL }, { 32, 32768, 0, -EINVAL },
		{ 24, 512, 0, 0 }, { 2, 64, 1, 0 }, { 65536, 4096, 1, 0 },
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct hailo8l_desc_list_create a = {
			.desc_count = bad[i].count, .desc_page_size = bad[i].page,
			.is_circular = bad[i].circular,
		};

		expect_(call(fd, HAILO8L_DESC_LIST_CREATE, &a), bad[i].want, "CREATE", i);
		if (bad[i].want)
			continue;
		CHECK(a.desc_handle && !(a.desc_handle & (sysconf(_SC_PAGESIZE) - 1)));
		CHECK(a.dma_address && !(a.dma_address & 0xffff));
		EXPECT(release_list(fd, a.desc_handle), 0);
		EXPECT(release_list(fd, a.desc_handle), -EINVAL);
	}
	EXPECT(release_list(fd, 0), -EINVAL);
	EXPECT(release_list(fd, UINT64_MAX), -EINVAL);
}

/* W-8, W-13, W-15 */
static void map_arguments(int fd)
{
	size_t page = sysconf(_SC_PAGESIZE);
	uint8_t *p = pages(4 * page);
	const uint8_t *text = (void *)(uintptr_t)map_arguments;
	int64_t handle;

	EXPECT(map_buffer(fd, p, 0, 0), -EINVAL);
	EXPECT(map_buffer(fd, p, 1ull << 32, 0), -EINVAL);
	EXPECT(map_buffer(fd, p, UINT64_MAX, 0), -EINVAL);
	EXPECT(map_buffer(fd, p, 4096, HAILO8L_DIR_NONE), -EINVAL);
	EXPECT(map_buffer(fd, p, 4096, 4), -EINVAL);
	EXPECT(map_buffer(fd, p, 4096, UINT32_MAX), -EINVAL);
	EXPECT(map_buffer(fd, p + 1, 4096, 0), -EINVAL);
	EXPECT(map_buffer(fd, (void *)(UINTPTR_MAX - 4095), 8192, 0), -EINVAL);
	EXPECT(map_buffer(fd, NULL, 4096, 0), -EFAULT);
	munmap(p + 2 * page, 2 * page);
	EXPECT(map_buffer(fd, p, 4 * page, 0), -EFAULT);
	/* Nothing of the process that it cannot write is written by the chip. */
	text = (void *)((uintptr_t)text & ~(page - 1));
	EXPECT(map_buffer(fd, (void *)text, 4096, HAILO8L_DIR_FROM_DEVICE), -EFAULT);
	EXPECT(map_buffer(fd, (void *)text, 4096, HAILO8L_DIR_BOTH), -EFAULT);
	handle = map_buffer(fd, (void *)text, 4096, HAILO8L_DIR_TO_DEVICE);
	CHECK(handle > 0);
	EXPECT(unmap_buffer(fd, handle), 0);
	handle = map_buffer(fd, p, 1, HAILO8L_DIR_BOTH);
	CHECK(handle > 0);
	EXPECT(unmap_buffer(fd, handle), 0);
	EXPECT(unmap_buffer(fd, handle), -EINVAL);
	EXPECT(unmap_buffer(fd, 0), -EINVAL);
	/* Twice the same, and overlapping */
	handle = map_buffer(fd, p, 2 * page, HAILO8L_DIR_BOTH);
	EXPECT(map_buffer(fd, p, 2 * page, HAILO8L_DIR_BOTH), handle + 1);
	EXPECT(map_buffer(fd, p + page, 4096, HAILO8L_DIR_TO_DEVICE), handle + 2);
	while (handle > 0 && !unmap_buffer(fd, handle))
		handle++;
	munmap(p, 2 * page);
}

/* W-12, W-14: file descriptors that are no dma-buf */
static void map_descriptors(int fd)
{
	struct hailo8l_buffer_map a = {
		.size = 4096, .buffer_type = HAILO8L_BUFFER_DMABUF,
		.allocated_buffer_handle = HAILO8L_NO_ALLOCATED_BUFFER,
	};
	uint64_t bad[] = { 0, 9999, fd, UINT64_MAX, 1ull << 32 };
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		a.user_address = bad[i];
		EXPECT(call(fd, HAILO8L_VDMA_BUFFER_MAP, &a), -EINVAL);
	}
	a.buffer_type = 2;
	EXPECT(call(fd, HAILO8L_VDMA_BUFFER_MAP, &a), -EINVAL);
}

/* W-15 */
static void sync_arguments(int fd)
{
	void *p = pages(8192);
	int64_t handle = map_buffer(fd, p, 8192, HAILO8L_DIR_BOTH);
	struct hailo8l_buffer_sync good = { .handle = handle, .count = 8192 }, a;

#define SYNC(change, want) \
	do { a = good; change; EXPECT(call(fd, HAILO8L_VDMA_BUFFER_SYNC, &a), want); } while (0)
	SYNC((void)0, 0);
	SYNC(a.sync_type = 1, 0);
	SYNC(a.sync_type = 2, -EINVAL);
	SYNC(a.handle = 0, -EINVAL);
	SYNC(a.count = 8193, -EINVAL);
	SYNC(a.offset = 1, -EINVAL);
	SYNC((a.offset = 4000, a.count = 200), 0);
	SYNC((a.offset = 8192, a.count = 0), 0);
	SYNC(a.offset = UINT64_MAX, -EINVAL);
	SYNC((a.offset = 2, a.count = UINT64_MAX), -EINVAL);
	SYNC((a.offset = 1ull << 32, a.count = 1), -EINVAL);
#undef SYNC
	EXPECT(unmap_buffer(fd, handle), 0);
	munmap(p, 8192);
}

/* W-7, W-9 */
static void program_arguments(int fd)
{
	void *p = pages(65536);
	int64_t map = map_buffer(fd, p, 65536, HAILO8L_DIR_BOTH);
	int64_t list = create_list(fd, 64, 512, NULL);
	struct hailo8l_desc_list_program good = {
		.buffer_handle = map, .buffer_size = 4096, .batch_size = 1, .desc_handle = list,
		.should_bind = 1, .last_interrupts_domain = HAILO8L_IRQ_DEVICE,
	}, a;

#define PROGRAM(change, want) \
	do { a = good; change; EXPECT(call(fd, HAILO8L_DESC_LIST_PROGRAM, &a), want); } while (0)
	PROGRAM(a.should_bind = 0, -EFAULT);	/* points to nothing yet */
	PROGRAM((void)0, 8);
	PROGRAM(a.should_bind = 0, 8);
	PROGRAM(a.channel_index = 255, 8);
	PROGRAM((a.batch_size = 8, a.buffer_size = 4000), 64);
	PROGRAM((a.batch_size = 9, a.buffer_size = 4000), -ERANGE);
	PROGRAM(a.batch_size = UINT32_MAX, -ERANGE);
	PROGRAM(a.batch_size = 0, -EINVAL);
	PROGRAM(a.buffer_size = 0, -EINVAL);
	PROGRAM(a.buffer_size = 65537, -EFAULT);
	PROGRAM(a.buffer_size = UINT64_MAX, -EFAULT);
	PROGRAM(a.buffer_size = 65536, -ERANGE);
	PROGRAM(a.buffer_offset = 1, -EINVAL);
	PROGRAM(a.buffer_offset = 65536 - 512, -EFAULT);
	PROGRAM(a.buffer_offset = 1ull << 32, -EFAULT);
	PROGRAM(a.buffer_offset = UINT64_MAX & ~511ull, -EFAULT);
	PROGRAM(a.buffer_offset = 65536 - 4096, 8);
	PROGRAM(a.starting_desc = 63, 8);
	PROGRAM(a.starting_desc = 64, -EINVAL);
	PROGRAM(a.starting_desc = UINT32_MAX, -EINVAL);
	PROGRAM(a.stride = 512, 8);
	PROGRAM(a.stride = 256, 8);
	PROGRAM(a.stride = 513, -EINVAL);
	PROGRAM((a.stride = 256, a.buffer_size = 4000), -EINVAL);
	PROGRAM(a.last_interrupts_domain = 4, -EINVAL);
	PROGRAM(a.desc_handle = 0, -EFAULT);
	PROGRAM(a.buffer_handle = 0, -EFAULT);
#undef PROGRAM
	EXPECT(unmap_buffer(fd, map), 0);
	EXPECT(release_list(fd, list), 0);
	munmap(p, 65536);
}

/* W-2, W-32, W-36: memory of the driver, freed while mapped */
static void low_memory(int fd)
{
	struct hailo8l_low_memory_alloc a = { .buffer_size = 3 * sysconf(_SC_PAGESIZE) - 5 };
	size_t i, size = 3 * sysconf(_SC_PAGESIZE);
	struct hailo8l_buffer_map m = { 0 };
	uint8_t *p;

	EXPECT(call(fd, HAILO8L_LOW_MEMORY_ALLOC, &a), 0);
	p = mmap(NULL, size - sysconf(_SC_PAGESIZE), PROT_READ, MAP_SHARED, fd, a.buffer_handle);
	CHECK(p == MAP_FAILED);
	p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, a.buffer_handle);
	CHECK(p == MAP_FAILED);
	p = mmap(NULL, size - 5, PROT_READ | PROT_WRITE, MAP_SHARED, fd, a.buffer_handle);
	CHECK(p != MAP_FAILED);
	for (i = 0; i < size; i++)
		CHECK(p[i] == 0);
	m = (struct hailo8l_buffer_map) {
		.user_address = (uintptr_t)p, .size = size - 5,
		.allocated_buffer_handle = a.buffer_handle,
	};
	EXPECT(call(fd, HAILO8L_VDMA_BUFFER_MAP, &m), 0);
	m.size = 4096;
	EXPECT(call(fd, HAILO8L_VDMA_BUFFER_MAP, &m), -EINVAL);
	EXPECT(call(fd, HAILO8L_LOW_MEMORY_FREE, &a.buffer_handle), 0);
	EXPECT(call(fd, HAILO8L_LOW_MEMORY_FREE, &a.buffer_handle), -EINVAL);
	memset(p, 0xaa, size);
	EXPECT(unmap_buffer(fd, m.mapped_handle), 0);
	memset(p, 0x55, size);
	CHECK(p[size - 1] == 0x55);
	munmap(p, size);
	CHECK(mmap(NULL, size, PROT_READ, MAP_SHARED, fd, a.buffer_handle) == MAP_FAILED);
	a.buffer_size = 0;
	EXPECT(call(fd, HAILO8L_LOW_MEMORY_ALLOC, &a), -EINVAL);
	a.buffer_size = UINT64_MAX;
	EXPECT(call(fd, HAILO8L_LOW_MEMORY_ALLOC, &a), -EINVAL);
}

static void continuous_memory(int fd)
{
	struct hailo8l_continuous_alloc a = { .buffer_size = 100000 };
	int64_t list = create_list(fd, 32, 512, NULL);
	uint8_t *p;
	size_t i;

	EXPECT(call(fd, HAILO8L_CONTINUOUS_ALLOC, &a), 0);
	CHECK(a.dma_address && !(a.dma_address & 4095));
	p = mmap(NULL, 100000, PROT_READ | PROT_WRITE, MAP_SHARED, fd, a.buffer_handle);
	CHECK(p != MAP_FAILED);
	for (i = 0; i < 100000; i++)
		CHECK(p[i] == 0);
	EXPECT(call(fd, HAILO8L_LOW_MEMORY_FREE, &a.buffer_handle), -EINVAL);
	EXPECT(call(fd, HAILO8L_CONTINUOUS_FREE, &a.buffer_handle), 0);
	memset(p, 0xaa, 100000);
	munmap(p, 100000);
	EXPECT(call(fd, HAILO8L_CONTINUOUS_FREE, &a.buffer_handle), -EINVAL);
	CHECK(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, list) == MAP_FAILED);
	CHECK(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED);
	EXPECT(release_list(fd, list), 0);
	a.buffer_size = 1ull << 31;
	EXPECT(call(fd, HAILO8L_CONTINUOUS_ALLOC, &a), -ENOBUFS);
	a.buffer_size = 0;
	EXPECT(call(fd, HAILO8L_CONTINUOUS_ALLOC, &a), -EINVAL);
}

/* W-36, W-13: locked memory counts */
static void memory_limit(void)
{
	struct rlimit limit = { 64 << 10, 64 << 10 };
	int status;

	if (fork() == 0) {
		failures = 0;
		int fd = open_node();
		void *p = pages(1 << 20);
		int64_t handle;

		setrlimit(RLIMIT_MEMLOCK, &limit);
		EXPECT(setgid(1000) | setuid(1000), 0);
		EXPECT(map_buffer(fd, p, 1 << 20, 0), -ENOMEM);
		EXPECT(create_list(fd, 65536, 512, NULL), -ENOMEM);
		handle = map_buffer(fd, p, 32 << 10, 0);
		CHECK(handle > 0);
		EXPECT(map_buffer(fd, p, 64 << 10, 0), -ENOMEM);
		EXPECT(unmap_buffer(fd, handle), 0);
		CHECK(map_buffer(fd, p, 64 << 10, 0) > 0);
		exit(failures != 0);
	}
	wait(&status);
	CHECK(status == 0);
}

/* W-16, 7. of section 14 */
static void marks(int fd)
{
	struct hailo8l_mark_as_in_use a;
	int other = open_node();

	EXPECT(call(fd, HAILO8L_MARK_AS_IN_USE, &a), 0);
	CHECK(a.in_use == 0);
	EXPECT(call(fd, HAILO8L_MARK_AS_IN_USE, &a), 0);
	CHECK(a.in_use == 0);
	EXPECT(call(other, HAILO8L_MARK_AS_IN_USE, &a), 0);
	CHECK(a.in_use == 1);
	close(fd);
	EXPECT(call(other, HAILO8L_MARK_AS_IN_USE, &a), 0);
	CHECK(a.in_use == 0);
	close(other);
}

static void *read_in_thread(void *arg)
{
	struct hailo8l_notification a;

	return (void *)(intptr_t)call(*(int *)arg, HAILO8L_READ_NOTIFICATION, &a);
}

/* L7, W-44 */
static void notifications(int fd)
{
	struct hailo8l_notification a;
	pthread_t thread;
	void *result;

	pthread_create(&thread, NULL, read_in_thread, &fd);
	usleep(100000);
	EXPECT(call(fd, HAILO8L_DISABLE_NOTIFICATION, NULL), 0);
	pthread_join(thread, &result);
	EXPECT((int)(intptr_t)result, -ECANCELED);
	EXPECT(call(fd, HAILO8L_READ_NOTIFICATION, &a), -ECANCELED);
}

static void logs(int fd)
{
	struct hailo8l_read_log a = { .buffer_size = 512 };

	EXPECT(call(fd, HAILO8L_READ_LOG, &a), 0);
	CHECK(a.read_bytes <= 512);
	a.cpu_id = HAILO8L_CPU_CORE;
	EXPECT(call(fd, HAILO8L_READ_LOG, &a), 0);
	a.cpu_id = 2;
	EXPECT(call(fd, HAILO8L_READ_LOG, &a), -EINVAL);
	a.cpu_id = 0;
	a.buffer_size = 513;
	EXPECT(call(fd, HAILO8L_READ_LOG, &a), -EINVAL);
	a.buffer_size = UINT64_MAX;
	EXPECT(call(fd, HAILO8L_READ_LOG, &a), -EINVAL);
	a.buffer_size = 0;
	EXPECT(call(fd, HAILO8L_READ_LOG, &a), 0);
	CHECK(a.read_bytes == 0);
}

static void channels(int fd)
{
	struct hailo8l_read_timestamps *t = calloc(1, sizeof(*t));
	struct hailo8l_interrupts_wait w;

	EXPECT(enable(fd, 0), 0);
	EXPECT(enable(fd, UINT32_MAX), 0);
	EXPECT(enable(fd, 1), -EINVAL);
	EXPECT(disable(fd, 1), 0);
	EXPECT(disable(fd, 1), 0);
	EXPECT(enable(fd, 3), -EINVAL);
	EXPECT(enable(fd, 1), 0);
	EXPECT(disable(fd, UINT32_MAX), 0);
	EXPECT(wait_channels(fd, 0, &w), -EINVAL);
	EXPECT(wait_channels(fd, 5, &w), 0);
	CHECK(w.channels_count == 0);
	t->engine = 1;
	EXPECT(call(fd, HAILO8L_VDMA_READ_TIMESTAMPS, t), -EINVAL);
	t->engine = 0;
	t->channel = 32;
	EXPECT(call(fd, HAILO8L_VDMA_READ_TIMESTAMPS, t), -EINVAL);
	t->channel = 3;
	EXPECT(call(fd, HAILO8L_VDMA_READ_TIMESTAMPS, t), 0);
	CHECK(t->count == 0);
	free(t);
}

/* Closing with everything left over must free everything. */
static void leave_a_mess(void)
{
	struct hailo8l_low_memory_alloc low = { .buffer_size = 50000 };
	struct hailo8l_continuous_alloc cont = { .buffer_size = 50000 };
	int i, fd = open_node();
	struct net n;

	for (i = 0; i < 10; i++) {
		net_prepare(&n, fd, 64);
		EXPECT(call(fd, HAILO8L_LOW_MEMORY_ALLOC, &low), 0);
		EXPECT(call(fd, HAILO8L_CONTINUOUS_ALLOC, &cont), 0);
	}
	EXPECT(enable(fd, UINT32_MAX), 0);
	close(fd);
}

int main(void)
{
	int fd = open_node();

	CASE("pointers that lead nowhere", bad_pointers(fd));
	CASE("W-35 numbers that are not implemented", unknown_numbers(fd));
	CASE("W-35 queries, pages of 4096 at most", queries(fd));
	CASE("operations of the file", file_operations(fd));
	CASE("W-1 lengths of controls", control_lengths(fd));
	CASE("W-7 sizes of lists", list_arguments(fd));
	CASE("W-8 W-15 sizes of mappings", map_arguments(fd));
	CASE("W-12 descriptors that are no dma-buf", map_descriptors(fd));
	CASE("W-15 ranges that overflow", sync_arguments(fd));
	CASE("W-9 batches that do not fit", program_arguments(fd));
	CASE("low memory", low_memory(fd));
	CASE("continuous memory", continuous_memory(fd));
	CASE("W-13 locked memory counts", memory_limit());
	CASE("notifications end for good", notifications(fd));
	CASE("logs", logs(fd));
	CASE("channels", channels(fd));
	CASE("a file closed in a mess", (leave_a_mess(), leave_a_mess()));
	CASE("W-16 the mark of use", marks(fd));
	return verdict("abi_args");
}
