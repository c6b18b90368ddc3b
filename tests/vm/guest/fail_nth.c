// SPDX-License-Identifier: MIT
/*
 * fail_nth KIND calls|device: each call of the driver with the first, second,
 * ... n-th thing of a kind failing in it, until a call needs no more than that.
 * `device`: what starts and stops the chip.
 * Only what the driver asks for counts. Each call must work or return the
 * error that fits, and leave a chip that answers and runs frames. One row for
 * each call: how often something failed in it, and which errors came of that.
 *
 *	failslab, fail_page_alloc, fail_usercopy	of the kernel
 *	function	calls that the driver makes, by inject.ko
 */
#include <limits.h>
#include <stdarg.h>
#include <sys/poll.h>

#include "abi.h"

#define MOST 2000		/* points where one call can fail */
#define ERRORS 8
#define LIMIT_S 120		/* no call may take longer */
/*
 * How far above an allocation the driver is looked for. What starts and stops
 * the chip enters the kernel deeply, where a failure is not handled well (in
 * 6.12, ACPI uses freed memory after one in _PRT, and a handler's folder in
 * /proc is removed without being there): only what is near the driver fails,
 * and, by inject.ko, each of its own calls as a whole.
 */
#define DEPTH_CALLS 32
#define DEPTH_DEVICE 8

#define CHECKER_BYTES 4096	/* more than its longest function has */

static const char *const kinds[] = { "failslab", "fail_page_alloc", "fail_usercopy" };

struct state {
	int fd, other;
	struct net net;
	uint8_t *memory;
	int64_t handle;
	uint64_t given;		/* handle of a second object */
	char location[32];
};

/* ---- what fails ---- */

static void __attribute__((format(printf, 2, 3)))
put(const char *path, const char *format, ...)
{
	char text[64];
	va_list args;
	int fd = open(path, O_WRONLY | O_CLOEXEC), len;

	va_start(args, format);
	len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (fd < 0 || write(fd, text, len) != len) {
		printf("FAIL %s: %s\n", path, strerror(errno));
		exit(1);
	}
	close(fd);
}

static long get(const char *path)
{
	FILE *file = fopen(path, "re");
	long value = -1;

	if (!file || fscanf(file, "%li", &value) != 1)
		printf("FAIL %s cannot be read\n", path);
	if (file)
		fclose(file);
	return value;
}

/* Where the driver's code is; the size has its data, too, which does not hurt */
static void find_driver(unsigned long *from, unsigned long *to)
{
	FILE *file = fopen("/proc/modules", "re");
	unsigned long size;
	char line[256];

	*from = 0;
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "hailo8l %lu %*s %*s %*s %lx", &size, from) == 2)
			*to = *from + size;
	if (file)
		fclose(file);
	if (!*from) {
		puts("FAIL the driver is not in /proc/modules");
		exit(1);
	}
}

/*
 * Where the checker of DMA mappings is: what it allocates for its own books is no
 * call of the driver's, and without it the checker switches itself off.
 */
static void find_checker(unsigned long *from, unsigned long *to)
{
	FILE *file = fopen("/proc/kallsyms", "re");
	unsigned long at;
	char line[256], name[128];

	*from = ULONG_MAX;
	*to = 0;
	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%lx %*c %127s", &at, name) != 2 || strchr(name, '.') ||
		    (strncmp(name, "debug_dma_", 10) && strcmp(name, "add_dma_entry")))
			continue;
		*from = at < *from ? at : *from;
		*to = at + CHECKER_BYTES > *to ? at + CHECKER_BYTES : *to;
	}
	if (file)
		fclose(file);
	if (!*to || *to - *from > 16 * CHECKER_BYTES) {
		puts("FAIL the checker of DMA mappings is not in /proc/kallsyms");
		exit(1);
	}
}

/* A kind that needs the driver on the stack, or one that nothing fulfils */
static void set_kind(const char *kind, unsigned long from, unsigned long to, int depth)
{
	unsigned long checker_from, checker_to;
	char path[96];

#define FILE_OF(name) (snprintf(path, sizeof(path), "/sys/kernel/debug/%s/" name, kind), path)
	put(FILE_OF("require-start"), "%#lx", from);
	put(FILE_OF("require-end"), "%#lx", to);
	find_checker(&checker_from, &checker_to);
	put(FILE_OF("reject-start"), "%#lx", checker_from);
	put(FILE_OF("reject-end"), "%#lx", checker_to);
	put(FILE_OF("stacktrace-depth"), "%d", depth);
	put(FILE_OF("verbose"), "0");
	if (strcmp(kind, "fail_usercopy"))
		put(FILE_OF("ignore-gfp-wait"), "N");
	if (strcmp(kind, "fail_page_alloc"))
		return;
	put(FILE_OF("ignore-gfp-highmem"), "N");
	put(FILE_OF("min-order"), "0");
}

/* Always this thread; the driver's code may have moved with a new loading. */
static void select_kind(const char *kind, int depth)
{
	unsigned long from, to;
	size_t i;

	find_driver(&from, &to);
	for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!strcmp(kind, kinds[i]))
			set_kind(kinds[i], from, to, depth);
		else
			set_kind(kinds[i], 1, 2, depth);
}

/* A function that the driver calls, and what it says instead of working */
struct function {
	const char *name;
	long value;
	int error;		/* that a program may see of it, besides ENOMEM */
};

/* NULL, "no" and negative errors; -512 is -ERESTARTSYS. */
static const struct function functions[] = {
	{ "pin_user_pages_fast", -ENOMEM, 0 },
	{ "pin_user_pages_fast", -EFAULT, EFAULT },
	{ "sg_alloc_table_from_pages_segment", -ENOMEM, 0 },
	{ "dma_map_sgtable", -EIO, ENXIO },
	{ "dma_alloc_attrs", 0, ENOBUFS },
	{ "dma_mmap_attrs", -ENXIO, ENXIO },
	{ "vm_map_pages_zero", -ENXIO, ENXIO },
	{ "dma_buf_attach", -ENOMEM, EINVAL },
	{ "dma_buf_map_attachment_unlocked", -ENOMEM, EINVAL },
	{ "wait_for_completion_interruptible_timeout", -512, EINTR },
	{ "__pm_runtime_resume", -EIO, ENODEV },
	{ "pcim_enable_device", -EINVAL, EINVAL },
	{ "devm_ioremap_resource", -EBUSY, EBUSY },
	{ "dma_set_mask", -EIO, EIO },
	{ "dma_set_coherent_mask", -EIO, EIO },
	{ "pci_alloc_irq_vectors", -ENOSPC, ENOSPC },
	{ "request_threaded_irq", -EBUSY, EBUSY },
	{ "firmware_request_nowarn", -ENOMEM, 0 },
	{ "wait_for_completion_timeout", 0, ETIMEDOUT },
	{ "ida_alloc_range", -ENOSPC, ENOSPC },
	{ "dev_set_name", -ENOMEM, 0 },
	{ "cdev_device_add", -EBUSY, EBUSY },
	{ "hwmon_device_register_with_info", -ENOMEM, 0 },
	{ "pci_store_saved_state", 0, 0 },
	{ "pci_save_state", -EIO, EIO },
	{ "debugfs_create_dir", -ENOMEM, 0 },
	{ "debugfs_create_file", -ENOMEM, 0 },
	{ "__kvmalloc_node_noprof", 0, 0 },
};
#define FUNCTIONS (sizeof(functions) / sizeof(*functions))

#define INJECT "/sys/module/inject/parameters/"

static const struct function *function;	/* NULL: one of the kernel's kinds */

static bool inject_begins(const struct function *f)
{
	unsigned long from, to;

	find_driver(&from, &to);
	put(INJECT "from", "%lu", from);
	put(INJECT "to", "%lu", to);
	put(INJECT "value", "%ld", f->value);
	put(INJECT "pid", "%d", getpid());
	function = f;
	return true;
}

static int nth_file(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		puts("SKIP no fail-nth in this kernel");
		exit(77);
	}
	return fd;
}

static void arm(int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%d", n);

	if (function) {
		put(INJECT "nth", "%d", n);
		put(INJECT "function", "%s", function->name);
	} else if (pwrite(nth_file(), text, len, 0) != len) {
		printf("FAIL fail-nth: %s\n", strerror(errno));
		exit(1);
	}
}

/* Whether the n-th point was reached, so that it failed. */
static bool disarm(void)
{
	char text[16] = "";

	if (function) {
		bool hit = get(INJECT "hits") > 0;

		put(INJECT "function", "\n");
		return hit;
	}
	if (pread(nth_file(), text, sizeof(text) - 1, 0) < 1) {
		printf("FAIL fail-nth: %s\n", strerror(errno));
		exit(1);
	}
	arm(0);
	return atoi(text) == 0;
}

/* ---- the calls ---- */

static int handle_of(struct state *s, int ret, int64_t handle)
{
	s->handle = ret < 0 ? 0 : handle;
	return ret < 0 ? ret : 0;
}

static int do_open(struct state *s)
{
	int fd = open(NODE, O_RDWR | O_CLOEXEC);

	return handle_of(s, fd < 0 ? -errno : 0, fd);
}

static void after_open(struct state *s, int ret)
{
	if (ret >= 0)
		close((int)s->handle);
}

/* A file with one of everything */
static void before_close(struct state *s)
{
	int fd = open_node();
	struct hailo8l_low_memory_alloc a = { .buffer_size = 16384 };

	CHECK(map_buffer(fd, s->memory, 65536, HAILO8L_DIR_BOTH) > 0);
	CHECK(create_list(fd, 1024, 512, NULL) > 0);
	EXPECT(call(fd, HAILO8L_LOW_MEMORY_ALLOC, &a), 0);
	s->handle = fd;
}

static int do_close(struct state *s)
{
	return close((int)s->handle) ? -errno : 0;
}

static int do_poll(struct state *s)
{
	struct pollfd p = { .fd = s->fd, .events = POLLIN | POLLPRI };

	return poll(&p, 1, 0) < 0 ? -errno : 0;
}

static int read_file(const char *path)
{
	char text[4096];
	int fd = open(path, O_RDONLY | O_CLOEXEC), ret = 0;

	if (fd < 0)
		return -errno;
	if (read(fd, text, sizeof(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

static int do_fdinfo(struct state *s)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", s->fd);
	return read_file(path);
}

static int do_debugfs(struct state *s)
{
	char path[96];

	snprintf(path, sizeof(path), "/sys/kernel/debug/hailo8l/%s/state", s->location);
	return read_file(path);
}

static int do_properties(struct state *s)
{
	struct hailo8l_device_properties a;

	return call(s->fd, HAILO8L_QUERY_DEVICE_PROPERTIES, &a);
}

static int do_driver_info(struct state *s)
{
	struct hailo8l_driver_info a;

	return call(s->fd, HAILO8L_QUERY_DRIVER_INFO, &a);
}

static int do_map(struct state *s)
{
	int64_t ret = map_buffer(s->fd, s->memory, 65536, HAILO8L_DIR_BOTH);

	return handle_of(s, ret < 0 ? (int)ret : 0, ret);
}

static void after_map(struct state *s, int ret)
{
	if (ret >= 0)
		EXPECT(unmap_buffer(s->fd, s->handle), 0);
}

static void before_unmap(struct state *s)
{
	EXPECT(do_map(s), 0);
}

static int do_unmap(struct state *s)
{
	return unmap_buffer(s->fd, s->handle);
}

static void after_unmap(struct state *s, int ret)
{
	if (ret < 0)
		EXPECT(unmap_buffer(s->fd, s->handle), 0);
}

static int do_sync(struct state *s)
{
	struct hailo8l_buffer_sync a = {
		.handle = s->net.map_in, .sync_type = HAILO8L_SYNC_FOR_DEVICE, .count = IN_BYTES,
	};

	return call(s->fd, HAILO8L_VDMA_BUFFER_SYNC, &a);
}

static int do_list(struct state *s)
{
	int64_t ret = create_list(s->fd, 1024, 512, NULL);

	return handle_of(s, ret < 0 ? (int)ret : 0, ret);
}

static void after_list(struct state *s, int ret)
{
	if (ret >= 0)
		EXPECT(release_list(s->fd, s->handle), 0);
}

static void before_release(struct state *s)
{
	EXPECT(do_list(s), 0);
}

static int do_release(struct state *s)
{
	return release_list(s->fd, s->handle);
}

static void after_release(struct state *s, int ret)
{
	if (ret < 0)
		EXPECT(release_list(s->fd, s->handle), 0);
}

static int do_program(struct state *s)
{
	int ret = bind_ring(s->fd, s->net.list_in, s->net.map_in, DESCS * IN_PAGE);

	return ret < 0 ? ret : 0;
}

static int do_low(struct state *s)
{
	struct hailo8l_low_memory_alloc a = { .buffer_size = 16384 };
	int ret = call(s->fd, HAILO8L_LOW_MEMORY_ALLOC, &a);

	return handle_of(s, ret, (int64_t)a.buffer_handle);
}

static int do_low_free(struct state *s)
{
	struct hailo8l_low_memory_free a = { .buffer_handle = s->handle };

	return call(s->fd, HAILO8L_LOW_MEMORY_FREE, &a);
}

static void after_low(struct state *s, int ret)
{
	if (ret >= 0)
		EXPECT(do_low_free(s), 0);
}

static void before_low_free(struct state *s)
{
	EXPECT(do_low(s), 0);
}

static void after_low_free(struct state *s, int ret)
{
	if (ret < 0)
		EXPECT(do_low_free(s), 0);
}

static int do_continuous(struct state *s)
{
	struct hailo8l_continuous_alloc a = { .buffer_size = 16384 };
	int ret = call(s->fd, HAILO8L_CONTINUOUS_ALLOC, &a);

	return handle_of(s, ret, (int64_t)a.buffer_handle);
}

static int do_continuous_free(struct state *s)
{
	struct hailo8l_continuous_free a = { .buffer_handle = s->handle };

	return call(s->fd, HAILO8L_CONTINUOUS_FREE, &a);
}

static void after_continuous(struct state *s, int ret)
{
	if (ret >= 0)
		EXPECT(do_continuous_free(s), 0);
}

static void before_continuous_free(struct state *s)
{
	EXPECT(do_continuous(s), 0);
}

static void after_continuous_free(struct state *s, int ret)
{
	if (ret < 0)
		EXPECT(do_continuous_free(s), 0);
}

/* Both kinds of memory of the driver into the process and out again */
static int do_mmap(struct state *s)
{
	void *p = mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd,
		       (off_t)s->handle);

	if (p == MAP_FAILED)
		return -errno;
	*(volatile uint8_t *)p = 1;
	munmap(p, 16384);
	return 0;
}

static void free_low(struct state *s, int ret)
{
	(void)ret;
	EXPECT(do_low_free(s), 0);
}

static void free_continuous(struct state *s, int ret)
{
	(void)ret;
	EXPECT(do_continuous_free(s), 0);
}

static int do_mark(struct state *s)
{
	struct hailo8l_mark_as_in_use a;

	return call(s->fd, HAILO8L_MARK_AS_IN_USE, &a);
}

static int do_control(struct state *s)
{
	return simple_control(s->fd, HW_OP_IDENTIFY, HAILO8L_CPU_APP);
}

static int do_log(struct state *s)
{
	struct hailo8l_read_log a = { .buffer_size = 512 };

	return call(s->fd, HAILO8L_READ_LOG, &a);
}

/* Firmware is asked for a notification; then one can be read. */
static void before_notification(struct state *s)
{
	struct pollfd p = { .fd = s->fd, .events = POLLPRI };
	uint8_t priority = 0;
	struct message m;

	begin(&m, HW_OP_SEND_HOST_INFO_EVENT);
	add(&m, &priority, sizeof(priority));
	EXPECT(send_control(s->fd, &m, HAILO8L_CPU_APP, 1000), 0);
	EXPECT(poll(&p, 1, 20000), 1);
}

static int do_notification(struct state *s)
{
	struct hailo8l_notification a;

	return call(s->fd, HAILO8L_READ_NOTIFICATION, &a);
}

/* Ends the notifications of a file, so one of its own */
static int do_disable_notification(struct state *s)
{
	return call(s->other, HAILO8L_DISABLE_NOTIFICATION, NULL);
}

static int do_claim(struct state *s)
{
	struct hailo8l_claim a = { .size = sizeof(a), .flags = HAILO8L_CLAIM_NONBLOCK };

	return call(s->fd, HAILO8L_CLAIM, &a);
}

static int do_query(struct state *s)
{
	struct hailo8l_claim a = { .size = sizeof(a) };

	return call(s->fd, HAILO8L_CLAIM_QUERY, &a);
}

static int do_unclaim(struct state *s)
{
	return call(s->fd, HAILO8L_UNCLAIM, NULL);
}

/* The networks went with the claim. */
static void after_unclaim(struct state *s, int ret)
{
	(void)ret;
	disable(s->fd, NET_CHANNELS);
	net_configure(&s->net);
	net_enable(&s->net);
}

static void before_claim(struct state *s)
{
	EXPECT(do_claim(s), 0);
}

/* Whatever was launched: the chip and the lists start from the beginning. */
static void again(struct state *s, int ret)
{
	(void)ret;
	disable(s->fd, NET_CHANNELS);
	EXPECT(change_status(s->fd, HW_CS_RESET), 0);
	EXPECT(change_status(s->fd, HW_CS_ENABLED), 0);
	EXPECT(enable(s->fd, NET_CHANNELS), 0);
	s->net.next_in = 0;
	s->net.next_out = 0;
}

static int do_launch(struct state *s)
{
	int ret = launch_out(&s->net);

	if (ret > 0)
		ret = launch_in(&s->net);
	return ret < 0 ? ret : 0;
}

static void before_wait(struct state *s)
{
	EXPECT(do_launch(s), 0);
}

static int do_wait(struct state *s)
{
	struct hailo8l_interrupts_wait a;

	return wait_channels(s->fd, NET_CHANNELS, &a);
}

static int do_timestamps(struct state *s)
{
	static struct hailo8l_read_timestamps a = { .channel = CH_IN };

	return call(s->fd, HAILO8L_VDMA_READ_TIMESTAMPS, &a);
}

static int do_disable(struct state *s)
{
	return disable(s->fd, NET_CHANNELS);
}

static void before_enable(struct state *s)
{
	EXPECT(do_disable(s), 0);
	EXPECT(change_status(s->fd, HW_CS_RESET), 0);
	EXPECT(change_status(s->fd, HW_CS_ENABLED), 0);
}

static int do_enable(struct state *s)
{
	return enable(s->fd, NET_CHANNELS);
}

/* ---- more than one call ---- */

/* A program of its own kind: from the open to one frame and the close */
static int run_program(struct state *s)
{
	static const uint8_t contexts[] = { HW_CONTEXT_PRELIMINARY, HW_CONTEXT_DYNAMIC };
	struct net *n = &s->net;
	struct hailo8l_interrupts_wait a;
	size_t i;
	int ret;

	if ((ret = simple_control(n->fd, HW_OP_CLEAR_CONFIGURED_APPS, HAILO8L_CPU_CORE)) < 0 ||
	    (ret = send_header(n->fd)) < 0 || (ret = send_activation(n)) < 0 ||
	    (ret = send_batch_switching(n)) < 0)
		return ret;
	for (i = 0; i < sizeof(contexts); i++)
		if ((ret = send_main(n, contexts[i])) < 0)
			return ret;
	if ((ret = change_status(n->fd, HW_CS_ENABLED)) < 0 ||
	    (ret = enable(n->fd, NET_CHANNELS)) < 0)
		return ret;
	n->next_in = 0;
	n->next_out = 0;
	ret = do_launch(s);
	return ret < 0 ? ret : wait_channels(n->fd, 1u << CH_OUT, &a);
}

static void before_program(struct state *s)
{
	EXPECT(do_disable(s), 0);
	EXPECT(change_status(s->fd, HW_CS_RESET), 0);
}

static int do_program_run(struct state *s)
{
	return run_program(s);
}

static void after_program(struct state *s, int ret)
{
	(void)ret;
	disable(s->fd, NET_CHANNELS);
	EXPECT(change_status(s->fd, HW_CS_RESET), 0);
	net_configure(&s->net);
	net_enable(&s->net);
}

static int put_location(const char *file, const char *text)
{
	int fd = open(file, O_WRONLY | O_CLOEXEC);
	int ret = fd < 0 || write(fd, text, strlen(text)) < 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	return ret;
}

#define DRIVER "/sys/bus/pci/drivers/hailo8l/"

static void closed(struct state *s)
{
	close(s->fd);
	close(s->other);
	munmap(s->net.in, DESCS * IN_PAGE);
	munmap(s->net.out, DESCS * OUT_PAGE);
}

static void opened(struct state *s)
{
	s->fd = open_node();
	s->other = open_node();
	net_start(&s->net, s->fd, DESCS);
}

static void before_probe(struct state *s)
{
	closed(s);
	EXPECT(put_location(DRIVER "unbind", s->location), 0);
}

static int do_probe(struct state *s)
{
	return put_location(DRIVER "bind", s->location);
}

static void after_probe(struct state *s, int ret)
{
	int i;

	if (ret < 0)
		EXPECT(do_probe(s), 0);
	for (i = 0; i < 1200 && access(NODE, R_OK | W_OK); i++)
		usleep(50000);
	opened(s);
}

static int do_remove(struct state *s)
{
	return put_location(DRIVER "unbind", s->location);
}

static void after_remove(struct state *s, int ret)
{
	closed(s);
	EXPECT(ret, 0);
	EXPECT(do_probe(s), 0);
	after_probe(s, 0);
}

static int do_reset(struct state *s)
{
	(void)s;
	return put_location("/sys/class/hailo_chardev/hailo0/reset", "1");
}

static void after_reset(struct state *s, int ret)
{
	closed(s);
	if (ret < 0)
		EXPECT(do_reset(s), 0);
	opened(s);
}

static const struct probe {
	const char *name;
	void (*before)(struct state *s);
	int (*call)(struct state *s);
	void (*after)(struct state *s, int ret);
	bool device;
} probes[] = {
	{ "open", NULL, do_open, after_open, false },
	{ "close", before_close, do_close, NULL, false },
	{ "poll", NULL, do_poll, NULL, false },
	{ "fdinfo", NULL, do_fdinfo, NULL, false },
	{ "debugfs", NULL, do_debugfs, NULL, false },
	{ "mmap of low memory", before_low_free, do_mmap, free_low, false },
	{ "mmap of continuous", before_continuous_free, do_mmap, free_continuous, false },
	{ "QUERY_DEVICE_PROPERTIES", NULL, do_properties, NULL, false },
	{ "QUERY_DRIVER_INFO", NULL, do_driver_info, NULL, false },
	{ "VDMA_ENABLE_CHANNELS", before_enable, do_enable, again, false },
	{ "VDMA_DISABLE_CHANNELS", NULL, do_disable, again, false },
	{ "VDMA_INTERRUPTS_WAIT", before_wait, do_wait, again, false },
	{ "VDMA_READ_TIMESTAMPS", NULL, do_timestamps, NULL, false },
	{ "VDMA_BUFFER_MAP", NULL, do_map, after_map, false },
	{ "VDMA_BUFFER_UNMAP", before_unmap, do_unmap, after_unmap, false },
	{ "VDMA_BUFFER_SYNC", NULL, do_sync, NULL, false },
	{ "DESC_LIST_CREATE", NULL, do_list, after_list, false },
	{ "DESC_LIST_RELEASE", before_release, do_release, after_release, false },
	{ "DESC_LIST_PROGRAM", NULL, do_program, NULL, false },
	{ "LOW_MEMORY_ALLOC", NULL, do_low, after_low, false },
	{ "LOW_MEMORY_FREE", before_low_free, do_low_free, after_low_free, false },
	{ "MARK_AS_IN_USE", NULL, do_mark, NULL, false },
	{ "CONTINUOUS_ALLOC", NULL, do_continuous, after_continuous, false },
	{ "CONTINUOUS_FREE", before_continuous_free, do_continuous_free, after_continuous_free, false },
	{ "VDMA_LAUNCH_TRANSFER", NULL, do_launch, again, false },
	{ "FW_CONTROL", NULL, do_control, NULL, false },
	{ "READ_NOTIFICATION", before_notification, do_notification, NULL, false },
	{ "DISABLE_NOTIFICATION", NULL, do_disable_notification, NULL, false },
	{ "READ_LOG", NULL, do_log, NULL, false },
	{ "CLAIM", NULL, do_claim, NULL, false },
	{ "CLAIM_QUERY", NULL, do_query, NULL, false },
	{ "UNCLAIM", before_claim, do_unclaim, after_unclaim, false },
	{ "configure and run", before_program, do_program_run, after_program, false },
	{ "reset", NULL, do_reset, after_reset, true },
	{ "remove", NULL, do_remove, after_remove, true },
	{ "probe", before_probe, do_probe, after_probe, true },
};
#define PROBES (sizeof(probes) / sizeof(*probes))

/* ---- the sweep ---- */

struct row {
	int points, worked;
	int errors[ERRORS];
};

static void remember(struct row *row, int error)
{
	int i;

	for (i = 0; i < ERRORS && row->errors[i] && row->errors[i] != error; i++)
		;
	if (i < ERRORS)
		row->errors[i] = error;
}

static bool fits(int error, const char *kind, bool device)
{
	if (!strcmp(kind, "fail_usercopy"))
		return error == EFAULT;
	/* Coherent memory is of pages; its want has an error of its own (stock ABI). */
	if (!strcmp(kind, "fail_page_alloc") && error == ENOBUFS)
		return true;
	/* devm_ioremap_resource() does not say that it had no memory. */
	if (!strcmp(kind, "failslab") && device && error == EBUSY)
		return true;
	return error == ENOMEM || (function && error == function->error);
}

/* Answers and runs a frame */
static void usable(struct state *s)
{
	EXPECT(simple_control(s->fd, HW_OP_IDENTIFY, HAILO8L_CPU_APP), 0);
	EXPECT(launch_out(&s->net), 1);
	EXPECT(launch_in(&s->net), IN_DESCS);
	EXPECT(wait_for(s->fd, CH_OUT, 1), 1);
	EXPECT(wait_for(s->fd, CH_IN, 1), 1);
}

/* Once with the n-th point failing. True while there are that many. */
static bool fail_once(const struct probe *p, struct state *s, int n, const char *kind,
		      struct row *row)
{
	int ret, before = failures;
	bool hit;

	if (p->before)
		p->before(s);
	alarm(LIMIT_S);
	arm(n);
	ret = p->call(s);
	hit = disarm();
	alarm(0);
	if (hit)
		row->points++;
	if (ret < 0)
		remember(row, -ret);
	else if (hit)
		row->worked++;
	if (ret < 0 && (!hit || !fits(-ret, kind, p->device))) {
		printf("%s: %s%s\n", p->name, strerrorname_np(-ret), hit ? "" : " without a fault");
		failures++;
	}
	if (p->after)
		p->after(s, ret);
	if (hit)
		usable(s);
	if (failures != before)
		printf("that was %s %d of %s %s\n", kind, n, p->name,
		       function ? function->name : "");
	return hit;
}

static void sweep_one(const struct probe *p, struct state *s, const char *kind, struct row *row)
{
	int n = 1;

	while (n < MOST && fail_once(p, s, n, kind, row))
		n++;
	CHECK(n < MOST);
}

static void sweep(const struct probe *p, struct state *s, const char *kind)
{
	struct row row = { 0 };
	int before = failures, i;
	size_t f;

	for (f = 0; f < FUNCTIONS && !strcmp(kind, "function"); f++)
		if (inject_begins(&functions[f]))
			sweep_one(p, s, kind, &row);
	if (strcmp(kind, "function"))
		sweep_one(p, s, kind, &row);
	printf("%-4s %-24s %-16s %4d failed, %d of these without harm%s",
	       failures == before ? "ok" : "FAIL", p->name, kind, row.points, row.worked,
	       row.errors[0] ? ";" : "");
	for (i = 0; i < ERRORS && row.errors[i]; i++)
		printf(" %s", strerrorname_np(row.errors[i]));
	puts("");
	fflush(stdout);
}

static void find_location(char *location, size_t size)
{
	char path[PATH_MAX];

	if (!realpath("/sys/class/hailo_chardev/hailo0/device", path))
		exit(1);
	snprintf(location, size, "%s", strrchr(path, '/') + 1);
}

int main(int argc, char **argv)
{
	struct state s = { .memory = pages(65536) };
	const char *kind = argc > 1 ? argv[1] : "failslab";
	bool device = argc > 2 && !strcmp(argv[2], "device");
	size_t i;

	alarms_interrupt();
	nth_file();
	find_location(s.location, sizeof(s.location));
	select_kind(kind, device ? DEPTH_DEVICE : DEPTH_CALLS);
	opened(&s);
	for (i = 0; i < PROBES; i++)
		if (probes[i].device == device)
			sweep(&probes[i], &s, kind);
	net_stop(&s.net);
	net_free(&s.net);
	return failures ? 1 : 0;
}
