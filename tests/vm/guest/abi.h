/* SPDX-License-Identifier: MIT */
/*
 * For programs that talk to /dev/hailo0 by ioctls, without the library, so
 * that they can do what no library would.
 *
 * The network here is the smallest that firmware accepts: 784 bytes in on
 * channel 2, 16 bytes out on channel 16, no weights.
 */
#ifndef ABI_H
#define ABI_H

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "hw/context.h"
#include "hw/control.h"
#include "lib/md5.h"
#include "uapi/hailo8l.h"

#define NODE "/dev/hailo0"
#define CH_IN 2
#define CH_OUT 16
#define IN_BYTES 784
#define OUT_BYTES 16
#define IN_PAGE 512
#define OUT_PAGE 64
#define DESCS 32		/* unless a test wants more */
#define IN_DESCS 2		/* of a frame */

static int failures;

/* ---- checks: say what is wrong and go on ---- */

static inline void check_(bool good, const char *what, int line)
{
	if (good)
		return;
	printf("line %d: %s\n", line, what);
	failures++;
}
#define CHECK(condition) check_(condition, "not true: " #condition, __LINE__)

static inline void on_alarm(int sig)
{
	(void)sig;
}

/* From now on alarm() ends a sleep in the driver with -EINTR, not the program */
static inline void alarms_interrupt(void)
{
	struct sigaction action = { .sa_handler = on_alarm };

	sigaction(SIGALRM, &action, NULL);
}

/* Value of an ioctl, or -errno */
static inline int call(int fd, unsigned long request, void *arg)
{
	int ret = ioctl(fd, request, arg);

	return ret < 0 ? -errno : ret;
}

static inline void expect_(int got, int want, const char *what, int line)
{
	if (got == want)
		return;
	printf("line %d: %s is %d (%s), not %d (%s)\n", line, what, got,
	       got < 0 ? strerror(-got) : "", want, want < 0 ? strerror(-want) : "");
	failures++;
}
#define EXPECT(expression, want) expect_(expression, want, #expression, __LINE__)

/*
 * A part of a test with a name and a verdict of its own. Many are named after
 * the weakness of the stock driver that they would find: tests/W-TABLE.md.
 */
static inline void case_(const char *name, int before)
{
	printf("%-4s %s\n", failures == before ? "ok" : "FAIL", name);
	fflush(stdout);
}
#define CASE(name, statement) \
	do { int before_ = failures; statement; case_(name, before_); } while (0)

static inline int open_node(void)
{
	int fd = open(NODE, O_RDWR | O_CLOEXEC);

	if (fd < 0) {
		printf("%s: %s\n", NODE, strerror(errno));
		exit(1);
	}
	return fd;
}

static inline void *pages(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	memset(p, 0x5a, size);
	return p;
}

static inline int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- one call each: handle or -errno ---- */

static inline int64_t map_buffer(int fd, void *p, uint64_t size, uint32_t direction)
{
	struct hailo8l_buffer_map a = {
		.user_address = (uintptr_t)p, .size = size, .data_direction = direction,
		.buffer_type = HAILO8L_BUFFER_USER_PTR,
		.allocated_buffer_handle = HAILO8L_NO_ALLOCATED_BUFFER,
	};
	int ret = call(fd, HAILO8L_VDMA_BUFFER_MAP, &a);

	return ret < 0 ? ret : (int64_t)a.mapped_handle;
}

static inline int unmap_buffer(int fd, uint64_t handle)
{
	struct hailo8l_buffer_unmap a = { .mapped_handle = handle };

	return call(fd, HAILO8L_VDMA_BUFFER_UNMAP, &a);
}

static inline int64_t create_list(int fd, uint64_t count, uint16_t page, uint64_t *address)
{
	struct hailo8l_desc_list_create a = {
		.desc_count = count, .desc_page_size = page, .is_circular = 1,
	};
	int ret = call(fd, HAILO8L_DESC_LIST_CREATE, &a);

	if (address)
		*address = a.dma_address;
	return ret < 0 ? ret : (int64_t)a.desc_handle;
}

static inline int release_list(int fd, uint64_t handle)
{
	struct hailo8l_desc_list_release a = { .desc_handle = handle };

	return call(fd, HAILO8L_DESC_LIST_RELEASE, &a);
}

static inline int enable(int fd, uint32_t bitmap)
{
	struct hailo8l_enable_channels a = { .bitmap = { bitmap } };

	return call(fd, HAILO8L_VDMA_ENABLE_CHANNELS, &a);
}

static inline int disable(int fd, uint32_t bitmap)
{
	struct hailo8l_disable_channels a = { .bitmap = { bitmap } };

	return call(fd, HAILO8L_VDMA_DISABLE_CHANNELS, &a);
}

static inline int wait_channels(int fd, uint32_t bitmap, struct hailo8l_interrupts_wait *a)
{
	memset(a, 0, sizeof(*a));
	a->bitmap[0] = bitmap;
	return call(fd, HAILO8L_VDMA_INTERRUPTS_WAIT, a);
}

/* ---- controls ---- */

struct message {
	uint32_t len;
	uint8_t data[HAILO8L_MAX_CONTROL_LEN];
};

static inline void begin(struct message *m, uint32_t opcode)
{
	struct hw_ctrl_request head = {
		.version = htobe32(HW_CTRL_PROTOCOL_VERSION), .opcode = htobe32(opcode),
	};

	memcpy(m->data, &head, sizeof(head));
	m->len = sizeof(head);
}

static inline void add(struct message *m, const void *value, uint32_t len)
{
	uint32_t be = htobe32(len);
	struct hw_ctrl_request *head = (void *)m->data;

	memcpy(m->data + m->len, &be, sizeof(be));
	memcpy(m->data + m->len + sizeof(be), value, len);
	m->len += sizeof(be) + len;
	head->param_count = htobe32(be32toh(head->param_count) + 1);
}

/* 0, -errno, or -EPROTO when firmware refuses. The answer replaces *m. */
static inline int send_control(int fd, struct message *m, uint32_t cpu, uint32_t timeout_ms)
{
	struct hailo8l_fw_control a = {
		.buffer_len = m->len, .timeout_ms = timeout_ms, .cpu_id = cpu,
	};
	const struct hw_ctrl_response *head = (void *)a.buffer;
	int ret;

	memcpy(a.buffer, m->data, m->len);
	md5_digest(a.buffer, m->len, a.md5);
	ret = call(fd, HAILO8L_FW_CONTROL, &a);
	if (ret < 0)
		return ret;
	m->len = a.buffer_len;
	memcpy(m->data, a.buffer, a.buffer_len);
	if (head->major_status) {
		printf("firmware: opcode %#x status %#x\n", be32toh(head->opcode),
		       be32toh(head->major_status));
		return -EPROTO;
	}
	return 0;
}

static inline int simple_control(int fd, uint32_t opcode, uint32_t cpu)
{
	struct message m;

	begin(&m, opcode);
	return send_control(fd, &m, cpu, 1000);
}

static inline int change_status(int fd, uint8_t state)
{
	uint8_t application = state == HW_CS_RESET ? HW_CS_NO_APPLICATION : 0;
	uint16_t none = 0;
	struct message m;

	begin(&m, HW_OP_CHANGE_CONTEXT_SWITCH_STATUS);
	add(&m, &state, sizeof(state));
	add(&m, &application, sizeof(application));
	add(&m, &none, sizeof(none));
	add(&m, &none, sizeof(none));
	return send_control(fd, &m, HAILO8L_CPU_CORE, 1000);
}

/* ---- the network ---- */

struct net {
	int fd;
	uint32_t descs;			/* of each list */
	int64_t list_in, list_out;
	uint64_t bus_in, bus_out;
	uint8_t *in, *out;		/* rings as long as the lists */
	int64_t map_in, map_out;
	uint32_t next_in, next_out;	/* descriptors */
};

struct actions {
	uint32_t len;
	uint8_t data[512];
};

/* Of the firmware in whose layout messages are: 4.minor */
static uint32_t firmware_minor = 23;

static inline bool is_old(void)
{
	return firmware_minor < 21;
}

static inline void find_firmware(int fd)
{
	struct hw_core_identify id;
	struct message m;

	begin(&m, HW_OP_CORE_IDENTIFY);
	EXPECT(send_control(fd, &m, HAILO8L_CPU_CORE, 1000), 0);
	memcpy(&id, m.data + sizeof(struct hw_ctrl_response), sizeof(id));
	firmware_minor = le32toh(id.fw_version[1]);
}

/* Where old firmware wants a byte more in the body of an action, 0: nowhere */
static inline uint32_t by_host_at(uint8_t type)
{
	switch (is_old() ? type : HW_ACTION_HALT) {
	case HW_ACTION_ACTIVATE_BOUNDARY_INPUT:
	case HW_ACTION_ACTIVATE_DDR_INPUT:
	case HW_ACTION_ACTIVATE_DDR_OUTPUT:
		return offsetof(struct hw_activate_boundary_input, reg) + HW_OLD_REG_BY_HOST_AT;
	case HW_ACTION_ACTIVATE_BOUNDARY_OUTPUT:
	case HW_ACTION_ACTIVATE_INTER_INPUT:
	case HW_ACTION_ACTIVATE_INTER_OUTPUT:
		return offsetof(struct hw_activate_output, reg) + HW_OLD_REG_BY_HOST_AT;
	default:
		return 0;
	}
}

static inline void put_bytes(struct actions *a, const void *bytes, uint32_t len)
{
	if (len)
		memcpy(a->data + a->len, bytes, len);
	a->len += len;
}

static inline void action(struct actions *a, uint8_t type, const void *body, uint32_t len)
{
	struct hw_action head = { .type = type, .timestamp = htole32(HW_ACTION_TIMESTAMP) };
	uint32_t at = by_host_at(type);
	uint8_t by_host = 1;

	put_bytes(a, &head, sizeof(head));
	put_bytes(a, body, at);
	put_bytes(a, &by_host, at ? 1 : 0);
	put_bytes(a, (const uint8_t *)body + at, len - at);
}

static inline int send_context(int fd, uint8_t type, const struct actions *list)
{
	uint8_t yes = 1;
	struct message m;

	begin(&m, HW_OP_SET_CONTEXT_INFO);
	add(&m, &yes, sizeof(yes));
	add(&m, &yes, sizeof(yes));
	add(&m, &type, sizeof(type));
	add(&m, list->data, list->len);
	return send_control(fd, &m, HAILO8L_CPU_CORE, 1000);
}

static inline struct hw_host_buffer host_buffer(const struct net *n, uint64_t bus,
						uint16_t page, uint32_t bytes)
{
	return (struct hw_host_buffer) {
		.dma_address = htole64(bus), .page_size = htole16(page),
		.desc_count = htole32(n->descs), .bytes_in_pattern = htole32(bytes),
	};
}

static inline void add_streams(const struct net *n, struct actions *list)
{
	struct hw_activate_output out = {
		.channel = CH_OUT, .stream = 0,
		.reg = { 16, 1, 16, 1, 0, 0, 0, 0 },
		.buf = host_buffer(n, n->bus_out, OUT_PAGE, OUT_BYTES),
	};
	struct hw_activate_boundary_input in = {
		.channel = CH_IN, .stream = 1,
		.reg = { 28, 28, 784, 1, 0, 0, 0, 0 },
		.buf = host_buffer(n, n->bus_in, IN_PAGE, IN_BYTES),
		.initial_credit = htole32(0x10000),
	};
	struct hw_channel_direction resume = { CH_IN, HW_DIR_H2D };
	struct hw_fetch_data fetch = {
		.channel = CH_IN, .stream = 1, .frame_periph_size = htole32(IN_BYTES),
		.credit_type = HW_CREDIT_BYTES,
	};

	action(list, HW_ACTION_ACTIVATE_BOUNDARY_OUTPUT, &out, sizeof(out));
	action(list, HW_ACTION_ACTIVATE_BOUNDARY_INPUT, &in, sizeof(in));
	action(list, HW_ACTION_RESUME_CHANNEL, &resume, sizeof(resume));
	action(list, HW_ACTION_FETCH_DATA, &fetch, sizeof(fetch));
	action(list, HW_ACTION_BURST_CREDITS_START, NULL, 0);
}

static inline int send_activation(const struct net *n)
{
	struct hw_open_boundary_output out = {
		.channel = CH_OUT, .buf = host_buffer(n, n->bus_out, OUT_PAGE, OUT_BYTES),
	};
	struct hw_open_boundary_input in = {
		.channel = CH_IN, .buf = host_buffer(n, n->bus_in, IN_PAGE, IN_BYTES), .stream = 1,
		.periph_bytes_per_buffer = htole16(IN_BYTES),
		.frame_periph_size = htole32(IN_BYTES),
	};
	struct actions list = { 0 };

	action(&list, HW_ACTION_BURST_CREDITS_RESET, NULL, 0);
	action(&list, HW_ACTION_OPEN_BOUNDARY_OUTPUT, &out, sizeof(out));
	action(&list, HW_ACTION_OPEN_BOUNDARY_INPUT, &in, sizeof(in));
	return send_context(n->fd, HW_CONTEXT_ACTIVATION, &list);
}

static inline int send_batch_switching(const struct net *n)
{
	struct actions list = { 0 };
	uint8_t channel = CH_IN;

	action(&list, HW_ACTION_DDR_BUFFERING_RESET, NULL, 0);
	action(&list, HW_ACTION_CHANGE_INPUT_BATCH, &channel, sizeof(channel));
	action(&list, HW_ACTION_BURST_CREDITS_START, NULL, 0);
	return send_context(n->fd, HW_CONTEXT_BATCH_SWITCHING, &list);
}

static inline int send_main(const struct net *n, uint8_t type)
{
	struct actions list = { 0 };

	add_streams(n, &list);
	if (type == HW_CONTEXT_DYNAMIC)
		action(&list, HW_ACTION_WAIT_APP_CHANGE, NULL, 0);
	return send_context(n->fd, type, &list);
}

static inline int send_header(int fd)
{
	struct hw_app_header header = {
		.dynamic_contexts = htole16(1), .preliminary_run_asap = 1, .networks = 1,
		.csm_buffer_size = htole16(512), .batch_size = htole16(1),
	};
	struct hw_old_app_header old = {
		.dynamic_contexts = htole16(1), .preliminary_run_asap = 1, .networks = 1,
		.csm_buffer_size = htole16(512), .batch_size = { htole16(1) },
	};
	struct message m;

	begin(&m, HW_OP_SET_NETWORK_GROUP_HEADER);
	if (is_old())
		add(&m, &old, sizeof(old));
	else
		add(&m, &header, sizeof(header));
	return send_control(fd, &m, HAILO8L_CPU_CORE, 1000);
}

/* Map both rings and point the whole lists to them. */
static inline int bind_ring(int fd, int64_t list, int64_t map, uint32_t bytes)
{
	struct hailo8l_desc_list_program a = {
		.buffer_handle = map, .buffer_size = bytes, .batch_size = 1,
		.desc_handle = list, .should_bind = 1,
	};

	return call(fd, HAILO8L_DESC_LIST_PROGRAM, &a);
}

static inline void net_prepare(struct net *n, int fd, uint32_t descs)
{
	memset(n, 0, sizeof(*n));
	n->fd = fd;
	n->descs = descs;
	n->list_in = create_list(fd, descs, IN_PAGE, &n->bus_in);
	n->list_out = create_list(fd, descs, OUT_PAGE, &n->bus_out);
	n->in = pages(descs * IN_PAGE);
	n->out = pages(descs * OUT_PAGE);
	n->map_in = map_buffer(fd, n->in, descs * IN_PAGE, HAILO8L_DIR_TO_DEVICE);
	n->map_out = map_buffer(fd, n->out, descs * OUT_PAGE, HAILO8L_DIR_FROM_DEVICE);
	CHECK(n->list_in > 0 && n->list_out > 0 && n->map_in > 0 && n->map_out > 0);
	EXPECT(bind_ring(fd, n->list_in, n->map_in, descs * IN_PAGE), (int)descs);
	EXPECT(bind_ring(fd, n->list_out, n->map_out, descs * OUT_PAGE), (int)descs);
}

static inline void net_configure(struct net *n)
{
	EXPECT(change_status(n->fd, HW_CS_RESET), 0);
	EXPECT(simple_control(n->fd, HW_OP_CLEAR_CONFIGURED_APPS, HAILO8L_CPU_CORE), 0);
	EXPECT(send_header(n->fd), 0);
	EXPECT(send_activation(n), 0);
	EXPECT(send_batch_switching(n), 0);
	EXPECT(send_main(n, HW_CONTEXT_PRELIMINARY), 0);
	EXPECT(send_main(n, HW_CONTEXT_DYNAMIC), 0);
}

#define NET_CHANNELS (1u << CH_IN | 1u << CH_OUT)

static inline void net_enable(struct net *n)
{
	EXPECT(change_status(n->fd, HW_CS_ENABLED), 0);
	EXPECT(enable(n->fd, NET_CHANNELS), 0);
	n->next_in = 0;
	n->next_out = 0;
}

static inline void net_start(struct net *n, int fd, uint32_t descs)
{
	net_prepare(n, fd, descs);
	net_configure(n);
	net_enable(n);
}

static inline void net_stop(struct net *n)
{
	EXPECT(disable(n->fd, NET_CHANNELS), 0);
	EXPECT(change_status(n->fd, HW_CS_RESET), 0);
}

static inline void net_free(struct net *n)
{
	EXPECT(release_list(n->fd, n->list_in), 0);
	EXPECT(release_list(n->fd, n->list_out), 0);
	EXPECT(unmap_buffer(n->fd, n->map_in), 0);
	EXPECT(unmap_buffer(n->fd, n->map_out), 0);
	munmap(n->in, n->descs * IN_PAGE);
	munmap(n->out, n->descs * OUT_PAGE);
}

static inline struct hailo8l_launch_transfer transfer(uint8_t channel, int64_t list,
						      uint32_t start, const void *p, uint32_t size)
{
	return (struct hailo8l_launch_transfer) {
		.channel = channel, .desc_handle = list, .starting_desc = start,
		.buffers_count = 1,
		.buffers[0] = { HAILO8L_BUFFER_USER_PTR, (uintptr_t)p, size },
		.last_interrupts_domain = HAILO8L_IRQ_HOST,
	};
}

static inline int launch(int fd, struct hailo8l_launch_transfer *t)
{
	return call(fd, HAILO8L_VDMA_LAUNCH_TRANSFER, t);
}

static inline int launch_in(struct net *n)
{
	struct hailo8l_launch_transfer t = transfer(CH_IN, n->list_in, n->next_in,
						    n->in + n->next_in * IN_PAGE, IN_BYTES);
	int ret = launch(n->fd, &t);

	if (ret > 0)
		n->next_in = (n->next_in + ret) % n->descs;
	return ret;
}

static inline int launch_out(struct net *n)
{
	struct hailo8l_launch_transfer t = transfer(CH_OUT, n->list_out, n->next_out,
						    n->out + n->next_out * OUT_PAGE, OUT_BYTES);
	int ret = launch(n->fd, &t);

	if (ret > 0)
		n->next_out = (n->next_out + ret) % n->descs;
	return ret;
}

/* Transfers that completed on a channel since the last time */
static inline int completed(int fd, uint8_t channel)
{
	struct hailo8l_interrupts_wait a;
	int i, sum = 0;
	int ret = wait_channels(fd, 1u << channel, &a);

	if (ret)
		return ret;
	for (i = 0; i < a.channels_count; i++)
		if (a.irq_data[i].channel == channel)
			sum += a.irq_data[i].data;
	return sum;
}

static inline int wait_for(int fd, uint8_t channel, int transfers)
{
	int got, sum = 0;

	while (sum < transfers) {
		got = completed(fd, channel);
		if (got < 0)
			return got;
		sum += got;
	}
	return sum;
}

/* > 0, or what went wrong */
static inline int run_frame(struct net *n)
{
	int ret = launch_out(n);

	if (ret > 0)
		ret = launch_in(n);
	if (ret > 0)
		ret = wait_for(n->fd, CH_IN, 1);
	if (ret > 0)
		ret = wait_for(n->fd, CH_OUT, 1);
	return ret;
}

static inline int verdict(const char *name)
{
	printf("%s: %d failures\n", name, failures);
	return failures ? 1 : 0;
}

#endif /* ABI_H */
