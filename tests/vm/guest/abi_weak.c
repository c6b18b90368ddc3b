// SPDX-License-Identifier: MIT
/*
 * abi_weak: cases for weaknesses of the stock driver that no other test is
 * for. See tests/W-TABLE.md.
 *
 *	abi_weak	those that need nothing special
 *	abi_weak sync	those that show with bounce buffers only
 */
#include <dirent.h>
#include <linux/udmabuf.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>

#include "abi.h"

static size_t page;

static bool all_are(const uint8_t *p, size_t size, uint8_t byte)
{
	size_t i;

	for (i = 0; i < size && p[i] == byte; i++)
		;
	return i == size;
}

/* What was freed a moment ago is used and gets other contents. */
static void use_up_memory(void)
{
	size_t size = 48 << 20;
	void *p = pages(size);

	memset(p, 0x11, size);
	munmap(p, size);
}

static uint8_t *map_handle(int fd, uint64_t handle, size_t size)
{
	uint8_t *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, handle);

	if (p == MAP_FAILED) {
		perror("mmap of a buffer");
		exit(1);
	}
	return p;
}

static void freed_while_mapped(int fd)
{
	struct hailo8l_low_memory_alloc low = { .buffer_size = 64 * page };
	struct hailo8l_continuous_alloc cont = { .buffer_size = 64 * page };
	uint8_t *p, *q;

	EXPECT(call(fd, HAILO8L_LOW_MEMORY_ALLOC, &low), 0);
	EXPECT(call(fd, HAILO8L_CONTINUOUS_ALLOC, &cont), 0);
	p = map_handle(fd, low.buffer_handle, 64 * page);
	q = map_handle(fd, cont.buffer_handle, 64 * page);
	memset(p, 0xaa, 64 * page);
	memset(q, 0xbb, 64 * page);
	EXPECT(call(fd, HAILO8L_LOW_MEMORY_FREE, &low.buffer_handle), 0);
	EXPECT(call(fd, HAILO8L_CONTINUOUS_FREE, &cont.buffer_handle), 0);
	use_up_memory();
	CHECK(all_are(p, 64 * page, 0xaa));
	CHECK(all_are(q, 64 * page, 0xbb));
	munmap(p, 64 * page);
	munmap(q, 64 * page);
}

/* A mapping has the size of its buffer and stays so. */
static void mapping_does_not_grow(int fd)
{
	struct hailo8l_low_memory_alloc low = { .buffer_size = 4 * page };
	uint8_t *p, *grown;

	EXPECT(call(fd, HAILO8L_LOW_MEMORY_ALLOC, &low), 0);
	p = map_handle(fd, low.buffer_handle, 4 * page);
	grown = mremap(p, 4 * page, 8 * page, MREMAP_MAYMOVE);
	CHECK(grown == MAP_FAILED);
	if (grown != MAP_FAILED)
		return;
	/* A part goes, the rest stays. */
	munmap(p, page);
	memset(p + page, 0x77, 3 * page);
	EXPECT(call(fd, HAILO8L_LOW_MEMORY_FREE, &low.buffer_handle), 0);
	use_up_memory();
	CHECK(all_are(p + page, 3 * page, 0x77));
	munmap(p + page, 3 * page);
}

static void low_memory_is_zeroed(int fd)
{
	struct hailo8l_low_memory_alloc low = { .buffer_size = 1 << 20 };
	uint8_t *p;
	int i;

	use_up_memory();
	for (i = 0; i < 3; i++) {
		EXPECT(call(fd, HAILO8L_LOW_MEMORY_ALLOC, &low), 0);
		p = map_handle(fd, low.buffer_handle, 1 << 20);
		CHECK(all_are(p, 1 << 20, 0));
		memset(p, 0xaa, 1 << 20);
		munmap(p, 1 << 20);
		EXPECT(call(fd, HAILO8L_LOW_MEMORY_FREE, &low.buffer_handle), 0);
	}
}

/* Pages that a child shares stay the parent's that the chip writes to. */
static void pinned_over_a_fork(int fd)
{
	struct net n;
	pid_t child;

	net_start(&n, fd, DESCS);
	EXPECT(launch_out(&n), 1);
	child = fork();
	if (!child) {
		pause();
		_exit(0);
	}
	memset(n.out, 0x77, OUT_BYTES);
	EXPECT(launch_in(&n), IN_DESCS);
	EXPECT(wait_for(fd, CH_OUT, 1), 1);
	CHECK(!all_are(n.out, OUT_BYTES, 0x77));
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	net_stop(&n);
	net_free(&n);
}

/* ---- dma-bufs of the kernel's udmabuf ---- */

struct shared {
	int fd;			/* dma-buf */
	uint8_t *view;		/* its memory, seen otherwise */
	size_t size;
};

static bool share(struct shared *s, size_t size)
{
	int device = open("/dev/udmabuf", O_RDWR | O_CLOEXEC);
	int memory = memfd_create("abi_weak", MFD_ALLOW_SEALING | MFD_CLOEXEC);
	struct udmabuf_create create = { .memfd = memory, .size = size };

	if (device < 0)
		return false;
	CHECK(!ftruncate(memory, size) && !fcntl(memory, F_ADD_SEALS, F_SEAL_SHRINK));
	s->size = size;
	s->view = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
	s->fd = ioctl(device, UDMABUF_CREATE, &create);
	CHECK(s->fd >= 0 && s->view != MAP_FAILED);
	memset(s->view, 0x5a, size);
	close(memory);
	close(device);
	return true;
}

static void unshare_(struct shared *s)
{
	munmap(s->view, s->size);
	close(s->fd);
}

static int open_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

/* The chip's answer goes exactly there. */
static void output_to(struct net *n, const void *p, uint64_t type)
{
	struct hailo8l_launch_transfer t = transfer(CH_OUT, n->list_out, n->next_out, p, OUT_BYTES);

	t.should_bind = 1;
	t.buffers[0].type = type;
	EXPECT(launch(n->fd, &t), 1);
	n->next_out = (n->next_out + 1) % n->descs;
	EXPECT(launch_in(n), IN_DESCS);
	EXPECT(wait_for(n->fd, CH_OUT, 1), 1);
	EXPECT(wait_for(n->fd, CH_IN, 1), 1);
}

static void dma_buf_by_address(int fd, struct shared *s)
{
	uint8_t *p = mmap(NULL, 8 * page, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd, 2 * page);
	int files = open_files();
	int64_t map = map_buffer(fd, p + page, page, HAILO8L_DIR_FROM_DEVICE);
	struct net n;

	CHECK(p != MAP_FAILED && map > 0);
	/* Not all of it is a dma-buf's. */
	CHECK(map_buffer(fd, p + 7 * page, 2 * page, HAILO8L_DIR_FROM_DEVICE) < 0);
	EXPECT(open_files(), files);
	net_start(&n, fd, DESCS);
	output_to(&n, p + page, HAILO8L_BUFFER_USER_PTR);
	CHECK(!all_are(s->view + 3 * page, OUT_BYTES, 0x5a));
	memset(s->view + 3 * page, 0x5a, OUT_BYTES);
	CHECK(all_are(s->view, s->size, 0x5a));
	net_stop(&n);
	net_free(&n);
	EXPECT(unmap_buffer(fd, map), 0);
	munmap(p, 8 * page);
}

static int64_t map_dma_buf(int fd, int dma_buf, uint64_t size)
{
	struct hailo8l_buffer_map a = {
		.user_address = dma_buf, .size = size, .buffer_type = HAILO8L_BUFFER_DMABUF,
		.allocated_buffer_handle = HAILO8L_NO_ALLOCATED_BUFFER,
	};
	int ret = call(fd, HAILO8L_VDMA_BUFFER_MAP, &a);

	return ret < 0 ? ret : (int64_t)a.mapped_handle;
}

static void dma_buf_by_number(int fd, struct shared *s)
{
	struct hailo8l_buffer_sync sync = { .count = page };
	int64_t map = map_dma_buf(fd, s->fd, s->size);
	struct net n;

	CHECK(map > 0);
	EXPECT((int)map_dma_buf(fd, s->fd, s->size + 1), -EINVAL);
	EXPECT((int)map_dma_buf(fd, s->fd, 1u << 31), -EINVAL);
	sync.handle = map;
	EXPECT(call(fd, HAILO8L_VDMA_BUFFER_SYNC, &sync), 0);
	net_start(&n, fd, DESCS);
	output_to(&n, (void *)(uintptr_t)s->fd, HAILO8L_BUFFER_DMABUF);
	CHECK(!all_are(s->view, OUT_BYTES, 0x5a));
	memset(s->view, 0x5a, OUT_BYTES);
	CHECK(all_are(s->view, s->size, 0x5a));
	net_stop(&n);
	net_free(&n);
	EXPECT(unmap_buffer(fd, map), 0);
}

static void dma_bufs(int fd)
{
	struct shared s;

	if (!share(&s, 16 * page)) {
		puts("SKIP W-12 W-14 this kernel has no udmabuf");
		return;
	}
	CASE("W-12 a dma-buf found by an address in it", dma_buf_by_address(fd, &s));
	CASE("W-14 a dma-buf and its size", dma_buf_by_number(fd, &s));
	unshare_(&s);
}

/* With bounce buffers a sync that is too wide takes back what the CPU wrote. */
static void sync_is_exact(int fd)
{
	uint8_t *p = pages(4 * page);
	int64_t map = map_buffer(fd, p, 4 * page, HAILO8L_DIR_BOTH);
	struct hailo8l_buffer_sync sync = { .handle = map, .offset = page, .count = 64 };

	memset(p, 0x33, 4 * page);
	EXPECT(call(fd, HAILO8L_VDMA_BUFFER_SYNC, &sync), 0);
	CHECK(all_are(p, page, 0x33));
	CHECK(all_are(p + page, 64, 0x5a));
	CHECK(all_are(p + page + 64, 3 * page - 64, 0x33));
	EXPECT(unmap_buffer(fd, map), 0);
	munmap(p, 4 * page);
}

/* ---- memory that somebody else has to provide first ---- */

static const unsigned long slow[] = {
	HAILO8L_FW_CONTROL, HAILO8L_VDMA_BUFFER_MAP, HAILO8L_DESC_LIST_CREATE,
	HAILO8L_VDMA_LAUNCH_TRANSFER, HAILO8L_DESC_LIST_PROGRAM, HAILO8L_VDMA_INTERRUPTS_WAIT,
	HAILO8L_READ_LOG, HAILO8L_LOW_MEMORY_ALLOC, HAILO8L_VDMA_ENABLE_CHANNELS,
	HAILO8L_VDMA_READ_TIMESTAMPS, HAILO8L_MARK_AS_IN_USE, 0,
};
#define SLOW (sizeof(slow) / sizeof(*slow))

struct sleeper {
	pthread_t thread;
	int fd;
	unsigned long request;	/* 0: maps the memory */
	uint8_t *memory;
};

static void *sleep_in_ioctl(void *arg)
{
	struct sleeper *s = arg;

	if (s->request)
		call(s->fd, s->request, s->memory);
	else
		map_buffer(s->fd, s->memory, page, HAILO8L_DIR_BOTH);
	return NULL;
}

static void user_fault(int uffd, uint8_t *memory, size_t size)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = {
		.range = { (uintptr_t)memory, size }, .mode = UFFDIO_REGISTER_MODE_MISSING,
	};

	CHECK(!ioctl(uffd, UFFDIO_API, &api) && !ioctl(uffd, UFFDIO_REGISTER, &reg));
}

/* One thread of a program waits for its memory, all others work. */
static void waits_hold_no_lock(int fd, int uffd)
{
	uint8_t *memory = mmap(NULL, SLOW * page, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct sleeper s[SLOW];
	struct net n;
	size_t i;

	user_fault(uffd, memory, SLOW * page);
	for (i = 0; i < SLOW; i++) {
		s[i] = (struct sleeper) { 0, fd, slow[i], memory + i * page };
		CHECK(!pthread_create(&s[i].thread, NULL, sleep_in_ioctl, &s[i]));
	}
	usleep(200000);
	alarm(60);		/* which kills, if everybody hangs */
	net_start(&n, fd, DESCS);
	EXPECT(launch_out(&n), 1);
	EXPECT(launch_in(&n), IN_DESCS);
	EXPECT(wait_for(fd, CH_OUT, 1), 1);
	net_stop(&n);
	net_free(&n);
	EXPECT(simple_control(fd, HW_OP_IDENTIFY, HAILO8L_CPU_APP), 0);
	alarm(0);
	for (i = 0; i < SLOW; i++) {
		struct uffdio_zeropage zero = { .range = { (uintptr_t)s[i].memory, page } };

		ioctl(uffd, UFFDIO_ZEROPAGE, &zero);
		pthread_join(s[i].thread, NULL);
	}
	munmap(memory, SLOW * page);
}

static void waiting_for_memory(int fd)
{
	int uffd = syscall(SYS_userfaultfd, O_CLOEXEC);

	if (uffd < 0 && errno == ENOSYS) {
		puts("SKIP W-30 this kernel has no userfaultfd");
		return;
	}
	CASE("W-30 waiting for memory holds no lock", waits_hold_no_lock(fd, uffd));
	close(uffd);
}

/* ---- other calls ---- */

/* Any value but 0 of a byte is "yes"; C's bool could not hold it. */
static void odd_booleans(int fd)
{
	struct hailo8l_desc_list_create c = {
		.desc_count = 32, .desc_page_size = 64, .is_circular = 0x80,
	};
	struct hailo8l_enable_channels e = { .bitmap = { 1u << 20 }, .enable_timestamps = 0xfe };
	struct hailo8l_desc_list_program p = {
		.buffer_size = 2048, .batch_size = 1, .should_bind = 0xff, .is_debug = 0x7e,
	};
	uint8_t *memory = pages(4096);

	EXPECT(call(fd, HAILO8L_DESC_LIST_CREATE, &c), 0);
	p.desc_handle = c.desc_handle;
	p.buffer_handle = map_buffer(fd, memory, 4096, HAILO8L_DIR_BOTH);
	EXPECT(call(fd, HAILO8L_DESC_LIST_PROGRAM, &p), 32);
	EXPECT(call(fd, HAILO8L_VDMA_ENABLE_CHANNELS, &e), 0);
	EXPECT(disable(fd, 1u << 20), 0);
	c.desc_count = 33;
	EXPECT(call(fd, HAILO8L_DESC_LIST_CREATE, &c), -EINVAL);
	EXPECT(release_list(fd, p.desc_handle), 0);
	EXPECT(unmap_buffer(fd, p.buffer_handle), 0);
	munmap(memory, 4096);
}

/* The file belongs to whoever has it, also to a child. */
static void notifications_in_a_child(void)
{
	struct hailo8l_notification a;
	int fd = open_node(), status;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (!child) {
		failures = 0;
		EXPECT(call(fd, HAILO8L_READ_NOTIFICATION, &a), -ECANCELED);
		exit(failures != 0);
	}
	usleep(200000);
	EXPECT(waitpid(child, &status, WNOHANG), 0);
	EXPECT(call(fd, HAILO8L_DISABLE_NOTIFICATION, NULL), 0);
	waitpid(child, &status, 0);
	EXPECT(status, 0);
	close(fd);
}

#ifdef __x86_64__
/* ioctl as a 32-bit program calls it; its pointers are short. */
static int call32(int fd, uint32_t request, uint32_t arg)
{
	int ret;

	__asm__ volatile("int $0x80" : "=a"(ret) : "a"(54), "b"(fd), "c"(request), "d"(arg)
			 : "memory", "r8", "r9", "r10", "r11");
	return ret;
}

static void calls_of_32_bits(int fd)
{
	EXPECT(call32(fd, HAILO8L_QUERY_DRIVER_INFO, 0), -ENOTTY);
	EXPECT(call32(fd, HAILO8L_FW_CONTROL, 0), -ENOTTY);
	EXPECT(call32(fd, HAILO8L_DISABLE_NOTIFICATION, 0), -ENOTTY);
}

static void on_fault(int sig)
{
	(void)sig;
	_exit(1);
}

/* A kernel without such programs takes the call for a fault. */
static bool takes_calls_of_32_bits(int fd)
{
	pid_t child = fork();
	int status = 0;

	if (!child) {
		signal(SIGSEGV, on_fault);
		call32(fd, HAILO8L_QUERY_DRIVER_INFO, 0);
		_exit(0);
	}
	waitpid(child, &status, 0);
	return !status;
}

static void programs_of_32_bits(int fd)
{
	if (!takes_calls_of_32_bits(fd)) {
		puts("SKIP W-35 this kernel runs no programs of 32 bits");
		return;
	}
	CASE("W-35 programs of 32 bits", calls_of_32_bits(fd));
}
#else
static void programs_of_32_bits(int fd)
{
	(void)fd;
	puts("SKIP W-35 calls of 32 bits are made on x86 only");
}
#endif

/* Frees the next handle as soon as there is one. */
struct thief {
	pthread_t thread;
	int fd;
	unsigned long drop;
	_Atomic uint64_t next;
	atomic_bool stop;
	atomic_uint stolen;
};

static void *steal(void *arg)
{
	struct thief *t = arg;

	while (!t->stop) {
		uint64_t handle = t->next;

		t->stolen += call(t->fd, t->drop, &handle) == 0;
	}
	return NULL;
}

static uint64_t take_mapping(int fd)
{
	static void *memory;

	if (!memory)
		memory = pages(page);
	return map_buffer(fd, memory, page, HAILO8L_DIR_BOTH);
}

static uint64_t take_low(int fd)
{
	struct hailo8l_low_memory_alloc a = { .buffer_size = page };

	return call(fd, HAILO8L_LOW_MEMORY_ALLOC, &a) ? 0 : a.buffer_handle;
}

static uint64_t take_continuous(int fd)
{
	struct hailo8l_continuous_alloc a = { .buffer_size = page };
	int ret = call(fd, HAILO8L_CONTINUOUS_ALLOC, &a);

	CHECK(ret || !(a.dma_address & (page - 1)));
	return ret ? 0 : a.buffer_handle;
}

/* What one thread is told of may have been freed by another before. */
static void stolen(int fd, uint64_t (*take)(int fd), unsigned long drop, uint64_t step)
{
	struct thief t = { .fd = fd, .drop = drop };
	uint64_t last = take(fd), handle = last;
	int64_t begin = now_ms();

	t.next = last + step;
	CHECK(!pthread_create(&t.thread, NULL, steal, &t));
	while (handle == last && now_ms() - begin < (t.stolen ? 1500 : 30000)) {
		call(fd, drop, &last);
		t.next = last + step;
		handle = take(fd);
		last += step;
	}
	t.stop = true;
	pthread_join(t.thread, NULL);
	if (handle != last)
		printf("handle %#llx, not %#llx\n", (unsigned long long)handle,
		       (unsigned long long)last);
	CHECK(handle == last);
	CHECK(t.stolen > 0);
	call(fd, drop, &last);
}

static void stolen_handles(void)
{
	int fd = open_node();

	stolen(fd, take_mapping, HAILO8L_VDMA_BUFFER_UNMAP, 1);
	stolen(fd, take_low, HAILO8L_LOW_MEMORY_FREE, page);
	stolen(fd, take_continuous, HAILO8L_CONTINUOUS_FREE, page);
	close(fd);
}

int main(int argc, char **argv)
{
	int fd = open_node();

	page = sysconf(_SC_PAGESIZE);
	if (argc > 1 && !strcmp(argv[1], "sync")) {
		CASE("W-14 a sync touches nothing else", sync_is_exact(fd));
		return verdict("abi_weak sync");
	}
	CASE("W-2 freed while mapped", freed_while_mapped(fd));
	CASE("W-32 a mapping does not grow", mapping_does_not_grow(fd));
	CASE("W-36 low memory is zeroed", low_memory_is_zeroed(fd));
	CASE("W-13 pinned over a fork", pinned_over_a_fork(fd));
	dma_bufs(fd);
	waiting_for_memory(fd);
	CASE("W-41 odd booleans", odd_booleans(fd));
	CASE("handles that another thread frees", stolen_handles());
	CASE("W-44 notifications in a child", notifications_in_a_child());
	programs_of_32_bits(fd);
	close(fd);
	return verdict("abi_weak");
}
