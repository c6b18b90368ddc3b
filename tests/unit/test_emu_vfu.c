// SPDX-License-Identifier: MIT
/* The vfio-user server, from the side of a client that may be good or bad. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/emulator/core.h"
#include "tests/emulator/vfu.h"
#include "tests/emulator/vfu_priv.h"
#include "tests/unit/emu_stub_fw.h"

#define IOVA	0x100000000ull

/* As QEMU 11.1 sends it. */
static const char qemu_version[] =
	"{\"capabilities\":{\"migration\":{\"max_bitmap_size\":268435456,\"pgsize\":4096},"
	"\"pgsizes\":4096,\"max_msg_fds\":16,\"max_dma_maps\":65535,"
	"\"max_data_xfer_size\":1048576,\"write_multiple\":true}}";

struct client {
	struct vfu *vfu;
	struct emu *emu;
	struct emu_host host;
	FILE *log;
	int sock;
	struct vfu_header header;	/* of the last reply */
	uint8_t reply[1 << 16];
	size_t reply_len;
};

/* ---- a client ---- */

static void client_connect(struct client *client)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	client->sock = pair[0];
	vfu_attach(client->vfu, client->emu, pair[1]);
}

static void client_disconnect(struct client *client)
{
	close(client->sock);
	vfu_detach(client->vfu);
}

static void send_raw(struct client *client, const void *data, size_t len, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov = { (void *)data, len };
	struct msghdr header = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (fd >= 0) {
		struct cmsghdr *c;

		header.msg_control = control;
		header.msg_controllen = sizeof(control);
		c = CMSG_FIRSTHDR(&header);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	}
	assert_int_equal(sendmsg(client->sock, &header, MSG_NOSIGNAL), len);
}

static void send_command(struct client *client, unsigned int command, uint32_t flags,
			 const void *payload, size_t len, int fd)
{
	static uint8_t message[1 << 16];
	const struct vfu_header header = {
		.id = 77, .command = command, .size = sizeof(header) + len, .flags = flags,
	};

	memcpy(message, &header, sizeof(header));
	if (len)
		memcpy(message + sizeof(header), payload, len);
	send_raw(client, message, sizeof(header) + len, fd);
}

static void receive_all(struct client *client, void *data, size_t len)
{
	if (len)
		assert_int_equal(recv(client->sock, data, len, MSG_WAITALL), len);
}

static bool has_reply(struct client *client)
{
	struct pollfd poll_fd = { .fd = client->sock, .events = POLLIN };

	return poll(&poll_fd, 1, 0) == 1;
}

static void receive_reply(struct client *client)
{
	assert_true(has_reply(client));
	receive_all(client, &client->header, sizeof(client->header));
	client->reply_len = client->header.size - sizeof(client->header);
	assert_true(client->reply_len <= sizeof(client->reply));
	receive_all(client, client->reply, client->reply_len);
	assert_int_equal(client->header.id, 77);
	assert_int_equal(client->header.flags & VFU_TYPE_MASK, VFU_TYPE_REPLY);
}

/* The error of the reply, 0 for success. */
static int call_fd(struct client *client, unsigned int command, const void *payload, size_t len,
		   int fd)
{
	send_command(client, command, 0, payload, len, fd);
	assert_int_equal(vfu_process(client->vfu), 0);
	receive_reply(client);
	assert_int_equal(client->header.command, command);
	if (!(client->header.flags & VFU_ERROR))
		assert_int_equal(client->header.error, 0);
	else
		assert_int_equal(client->reply_len, 0);
	return client->header.flags & VFU_ERROR ? (int)client->header.error : 0;
}

static int call(struct client *client, unsigned int command, const void *payload, size_t len)
{
	return call_fd(client, command, payload, len, -1);
}

static int negotiate(struct client *client, const char *json, size_t json_len)
{
	uint8_t payload[512] = { 0 };

	memcpy(payload + 4, json, json_len);
	return call(client, VFU_VERSION, payload, 4 + json_len);
}

/* ---- set-up ---- */

static int setup_chip(void **state, const struct emu_fault *fault)
{
	struct client *client = calloc(1, sizeof(*client));
	struct emu_config config;

	emu_config_init(&config);
	if (fault)
		config.faults[config.fault_count++] = *fault;
	client->log = fopen("/dev/null", "w");
	config.log = client->log;
	client->sock = -1;
	client->vfu = vfu_new(client->log);
	assert_non_null(client->vfu);
	vfu_get_host(client->vfu, &client->host);
	client->emu = emu_new(&config, &client->host);
	assert_non_null(client->emu);
	*state = client;
	return 0;
}

static int setup_unconnected(void **state)
{
	return setup_chip(state, NULL);
}

static int setup_silent(void **state)
{
	setup_unconnected(state);
	client_connect(*state);
	return 0;
}

static int setup(void **state)
{
	setup_silent(state);
	return negotiate(*state, qemu_version, sizeof(qemu_version));
}

/* A card that is gone after the first access to a BAR. */
static int setup_unplugged(void **state)
{
	const struct emu_fault gone = { .kind = EMU_FAULT_ALL_ONES, .key = -1, .value = 0 };

	setup_chip(state, &gone);
	client_connect(*state);
	return negotiate(*state, qemu_version, sizeof(qemu_version));
}

static int teardown(void **state)
{
	struct client *client = *state;

	if (client->sock >= 0)
		close(client->sock);
	emu_free(client->emu);
	vfu_free(client->vfu);
	fclose(client->log);
	free(client);
	return 0;
}

static unsigned int open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int count = 0;

	assert_non_null(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

/* ---- negotiation ---- */

static void test_version(void **state)
{
	struct client *client = *state;
	const char *json = (const char *)client->reply + 4;

	assert_int_equal(negotiate(client, qemu_version, sizeof(qemu_version)), 0);
	assert_true(client->reply_len <= 4 + sizeof(qemu_version));
	assert_int_equal(client->reply[client->reply_len - 1], 0);
	assert_non_null(strstr(json, "\"write_multiple\":true"));
	assert_non_null(strstr(json, "\"max_data_xfer_size\":1048576"));
	assert_int_equal(negotiate(client, qemu_version, sizeof(qemu_version)), EINVAL);
}

static void test_version_without_multi(void **state)
{
	static const char json[] = "{\"capabilities\":{\"max_msg_fds\":8,\"padding\":"
				   "\"0123456789012345678901234567890123456789\"}}";
	struct client *client = *state;

	assert_int_equal(negotiate(client, json, sizeof(json)), 0);
	assert_null(strstr((char *)client->reply + 4, "write_multiple"));
	assert_non_null(strstr((char *)client->reply + 4, "max_msg_fds"));
}

/* The reply never outgrows the request. */
static void test_version_in_little_room(void **state)
{
	static const char multi[] = "{\"capabilities\":{\"write_multiple\":true}}";
	struct client *client = *state;

	assert_int_equal(negotiate(client, multi, sizeof(multi)), 0);
	assert_int_equal(client->reply_len, 4 + sizeof(multi));
	assert_string_equal((char *)client->reply + 4, multi);
	client_disconnect(client);
	client_connect(client);
	assert_int_equal(negotiate(client, "{}", 3), 0);
	assert_string_equal((char *)client->reply + 4, "{}");
	client_disconnect(client);
	client_connect(client);
	assert_int_equal(negotiate(client, "", 0), 0);
	assert_int_equal(client->reply_len, 4);
}

static void test_bad_versions(void **state)
{
	struct client *client = *state;
	static const char *const bad[] = { "", "{", "[]", "7", "nonsense", "{\"a\":" };
	const uint8_t major_one[] = { 1, 0, 0, 0 };

	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(negotiate(client, bad[i], strlen(bad[i]) + 1), EINVAL);
	assert_int_equal(negotiate(client, "{}", 2), EINVAL);	/* no NUL */
	assert_int_equal(call(client, VFU_VERSION, major_one, 4), ENOTSUP);
	assert_int_equal(call(client, VFU_VERSION, major_one, 2), EINVAL);
	assert_int_equal(negotiate(client, qemu_version, sizeof(qemu_version)), 0);
}

static void test_nothing_before_version(void **state)
{
	struct client *client = *state;
	const struct vfu_device_info info = { .argsz = sizeof(info) };

	assert_int_equal(call(client, VFU_GET_INFO, &info, sizeof(info)), EINVAL);
	assert_int_equal(call(client, VFU_DEVICE_RESET, NULL, 0), EINVAL);
}

/* ---- what there is ---- */

static void test_device_info(void **state)
{
	struct client *client = *state;
	struct vfu_device_info info = { .argsz = sizeof(info) };

	assert_int_equal(call(client, VFU_GET_INFO, &info, sizeof(info)), 0);
	assert_int_equal(client->reply_len, sizeof(info));
	memcpy(&info, client->reply, sizeof(info));
	assert_int_equal(info.flags, 3);
	assert_int_equal(info.regions, 9);
	assert_int_equal(info.irqs, 5);
	info.argsz = 8;
	assert_int_equal(call(client, VFU_GET_INFO, &info, sizeof(info)), EINVAL);
	assert_int_equal(call(client, VFU_GET_INFO, &info, 8), EINVAL);
}

static void test_region_info(void **state)
{
	static const uint64_t size[9] = { 0x4000, 0, 0x1000, 0, 0x4000, 0, 0, 0x1000, 0 };
	struct client *client = *state;
	struct vfu_region_info info = { .argsz = sizeof(info) };

	for (uint32_t i = 0; i < 9; i++) {
		info = (struct vfu_region_info){ .argsz = sizeof(info), .index = i };
		assert_int_equal(call(client, VFU_GET_REGION_INFO, &info, sizeof(info)), 0);
		memcpy(&info, client->reply, sizeof(info));
		assert_int_equal(info.index, i);
		assert_int_equal(info.size, size[i]);
		assert_int_equal(info.flags, size[i] ? 3 : 0);
	}
	info.index = 9;
	assert_int_equal(call(client, VFU_GET_REGION_INFO, &info, sizeof(info)), EINVAL);
}

static void test_irq_info(void **state)
{
	static const uint32_t count[5] = { 1, 1, 0, 1, 1 };
	struct client *client = *state;
	struct vfu_irq_info info;

	for (uint32_t i = 0; i < 5; i++) {
		info = (struct vfu_irq_info){ .argsz = sizeof(info), .index = i };
		assert_int_equal(call(client, VFU_GET_IRQ_INFO, &info, sizeof(info)), 0);
		memcpy(&info, client->reply, sizeof(info));
		assert_int_equal(info.count, count[i]);
	}
	info.index = 5;
	assert_int_equal(call(client, VFU_GET_IRQ_INFO, &info, sizeof(info)), EINVAL);
}

/* ---- regions ---- */

static int region_read(struct client *client, uint32_t region, uint64_t offset, uint32_t count)
{
	const struct vfu_access access = { .offset = offset, .region = region, .count = count };

	return call(client, VFU_REGION_READ, &access, sizeof(access));
}

static uint32_t read_word(struct client *client, uint32_t region, uint64_t offset)
{
	uint32_t word;

	assert_int_equal(region_read(client, region, offset, 4), 0);
	assert_int_equal(client->reply_len, sizeof(struct vfu_access) + 4);
	memcpy(&word, client->reply + sizeof(struct vfu_access), 4);
	return word;
}

struct write {				/* struct vfu_access with room for data */
	uint64_t offset;
	uint32_t region;
	uint32_t count;
	uint8_t data[8];
} __attribute__((packed));

#define WRITE_HEAD	offsetof(struct write, data)

static struct write make_write(uint32_t region, uint64_t offset, uint64_t value, uint32_t count)
{
	struct write write = { .offset = offset, .region = region, .count = count };

	memcpy(write.data, &value, sizeof(value));
	return write;
}

static int region_write(struct client *client, uint32_t region, uint64_t offset, uint64_t value,
			uint32_t count)
{
	const struct write write = make_write(region, offset, value, count);

	return call(client, VFU_REGION_WRITE, &write, WRITE_HEAD + count);
}

static void enable(struct client *client)
{
	assert_int_equal(region_write(client, 7, 0x04, 0x0006, 2), 0);
}

static void test_region_access(void **state)
{
	struct client *client = *state;

	assert_int_equal(read_word(client, 7, 0), 0x28641e60);
	enable(client);
	assert_int_equal(read_word(client, 0, 0x98), 0x28641e60);
	assert_int_equal(region_write(client, 0, 0x188, 0x12345678, 4), 0);
	assert_int_equal(read_word(client, 0, 0x188), 0x12345678);
	assert_int_equal(region_write(client, 0, 0x708, 0x0000000100060000, 8), 0);
	assert_int_equal(read_word(client, 0, 0x70c), 1);
}

/* Whatever count and offset: pieces that the device takes. */
static void test_odd_sizes(void **state)
{
	struct client *client = *state;

	assert_int_equal(region_read(client, 7, 0, 4096), 0);
	assert_int_equal(client->reply_len, sizeof(struct vfu_access) + 4096);
	assert_int_equal(client->reply[sizeof(struct vfu_access) + 0x80], 0x10);
	assert_int_equal(region_read(client, 7, 1, 6), 0);
	assert_int_equal(client->reply[sizeof(struct vfu_access)], 0x1e);
	enable(client);
	assert_int_equal(region_read(client, 4, 0, 0x4000), 0);
	assert_int_equal(client->reply_len, sizeof(struct vfu_access) + 0x4000);
	assert_int_equal(region_write(client, 0, 0x709, 0x0605040302, 5), 0);
	assert_int_equal(read_word(client, 0, 0x708), 0x04030200);
	assert_int_equal(read_word(client, 0, 0x70c), 0x00000605);
}

static void test_bad_accesses(void **state)
{
	static const struct {
		uint32_t region;
		uint64_t offset;
		uint32_t count;
	} bad[] = {
		{ 0, 0x4000, 4 }, { 0, 0x3ffe, 4 }, { 2, 0x1000, 1 }, { 1, 0, 4 }, { 6, 0, 4 },
		{ 7, 0x1000, 4 }, { 7, UINT64_MAX, 4 }, { 7, 1ull << 32, 4 }, { 8, 0, 4 }, { 9, 0, 4 },
		{ UINT32_MAX, 0, 4 }, { 0, 0, 0 }, { 0, UINT64_MAX - 3, 8 },
	};
	struct client *client = *state;

	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(region_read(client, bad[i].region, bad[i].offset, bad[i].count),
				 EINVAL);
		assert_int_equal(region_write(client, bad[i].region, bad[i].offset, 0,
					      bad[i].count), EINVAL);
	}
	assert_int_equal(region_read(client, 0, 0, 0x4001), EINVAL);
	assert_int_equal(region_read(client, 0, 0, UINT32_MAX), EINVAL);
}

static void test_wrong_lengths(void **state)
{
	const struct write write = make_write(0, 0x188, 1, 4);
	struct client *client = *state;
	static uint8_t zero[64];

	assert_int_equal(call(client, VFU_REGION_WRITE, &write, WRITE_HEAD), EINVAL);
	assert_int_equal(call(client, VFU_REGION_WRITE, &write, WRITE_HEAD + 3), EINVAL);
	assert_int_equal(call(client, VFU_REGION_WRITE, &write, WRITE_HEAD + 5), EINVAL);
	assert_int_equal(call(client, VFU_REGION_READ, &write, WRITE_HEAD + 4), EINVAL);
	for (unsigned int command = 2; command < 20; command++)
		if (command != VFU_DEVICE_RESET)
			assert_int_not_equal(call(client, command, zero, 3), 0);
	assert_int_equal(call(client, 999, zero, 0), ENOTSUP);
	assert_int_equal(call(client, 0, zero, 0), ENOTSUP);
}

static void test_posted_write(void **state)
{
	struct write write = make_write(0, 0x188, 0xabcd, 4);
	struct client *client = *state;

	enable(client);
	send_command(client, VFU_REGION_WRITE, VFU_NO_REPLY, &write, WRITE_HEAD + 4, -1);
	write.region = 5;
	send_command(client, VFU_REGION_WRITE, VFU_NO_REPLY, &write, WRITE_HEAD + 4, -1);
	assert_int_equal(vfu_process(client->vfu), 0);
	assert_false(has_reply(client));
	assert_int_equal(read_word(client, 0, 0x188), 0xabcd);
}

static void test_write_multi(void **state)
{
	struct {
		uint64_t count;
		struct vfu_write_one one[201];
	} __attribute__((packed)) multi = { .count = 200 };
	struct client *client = *state;
	const size_t full = 8 + 200 * sizeof(multi.one[0]);

	enable(client);
	for (uint32_t i = 0; i < 201; i++)
		multi.one[i] = (struct vfu_write_one){ 0x188, 0, 4, { i + 1 } };
	send_command(client, VFU_REGION_WRITE_MULTI, VFU_NO_REPLY, &multi, full, -1);
	assert_int_equal(vfu_process(client->vfu), 0);
	assert_false(has_reply(client));
	assert_int_equal(read_word(client, 0, 0x188), 200);
	assert_int_equal(call(client, VFU_REGION_WRITE_MULTI, &multi, full), 0);
	assert_int_equal(client->reply[0], 200);
	assert_int_equal(call(client, VFU_REGION_WRITE_MULTI, &multi, full - 1), EINVAL);
	multi.count = 201;
	assert_int_equal(call(client, VFU_REGION_WRITE_MULTI, &multi, sizeof(multi)), EINVAL);
	multi.count = UINT64_MAX / 24 + 2;
	assert_int_equal(call(client, VFU_REGION_WRITE_MULTI, &multi, full), EINVAL);
	multi.count = 2;
	multi.one[1].count = 9;
	assert_int_equal(call(client, VFU_REGION_WRITE_MULTI, &multi, 8 + 2 * 24), EINVAL);
}

/* One byte, or QEMU dies: see vfu_region.c. */
static void test_interrupt_pin_of_a_card_that_is_gone(void **state)
{
	struct client *client = *state;
	const uint8_t *data = client->reply + sizeof(struct vfu_access);

	assert_int_equal(read_word(client, 0, 0x98), 0xffffffff);
	assert_int_equal(read_word(client, 7, 0), 0xffffffff);
	assert_int_equal(read_word(client, 7, 0x3c), 0xffffffff);
	assert_int_equal(region_read(client, 7, 0x3d, 1), 0);
	assert_int_equal(*data, 1);
}

static void test_reset(void **state)
{
	struct client *client = *state;

	enable(client);
	assert_int_equal(call(client, VFU_DEVICE_RESET, NULL, 0), 0);
	assert_int_equal(read_word(client, 7, 4), 0x00100000);
}

/* ---- streams of bytes ---- */

static void test_bytes_one_by_one(void **state)
{
	const struct vfu_access access = { .region = 7, .count = 4 };
	struct client *client = *state;
	uint8_t message[sizeof(struct vfu_header) + sizeof(access)];
	const struct vfu_header header = {
		.id = 77, .command = VFU_REGION_READ, .size = sizeof(message),
	};

	memcpy(message, &header, sizeof(header));
	memcpy(message + sizeof(header), &access, sizeof(access));
	for (size_t i = 0; i < sizeof(message); i++) {
		assert_false(has_reply(client));
		send_raw(client, message + i, 1, -1);
		assert_int_equal(vfu_process(client->vfu), 0);
	}
	receive_reply(client);
	assert_int_equal(client->header.flags, VFU_TYPE_REPLY);
}

static void test_many_at_once(void **state)
{
	const struct vfu_access access = { .region = 7, .count = 4 };
	struct client *client = *state;

	for (unsigned int i = 0; i < 100; i++)
		send_command(client, VFU_REGION_READ, 0, &access, sizeof(access), -1);
	assert_int_equal(vfu_process(client->vfu), 0);
	for (unsigned int i = 0; i < 100; i++)
		receive_reply(client);
	assert_false(has_reply(client));
}

static void test_impossible_sizes(void **state)
{
	static const uint32_t sizes[] = { 0, 15, VFU_MAX_MESSAGE + 1, UINT32_MAX };
	struct client *client = *state;

	for (unsigned int i = 0; i < 4; i++) {
		const struct vfu_header header = { .command = VFU_VERSION, .size = sizes[i] };

		client_disconnect(client);
		client_connect(client);
		send_raw(client, &header, sizeof(header), -1);
		assert_int_equal(vfu_process(client->vfu), -ENOTCONN);
		assert_int_equal(vfu_process(client->vfu), -ENOTCONN);
	}
}

static void test_client_goes_away(void **state)
{
	const struct vfu_header header = { .command = VFU_VERSION, .size = 100 };
	struct client *client = *state;

	send_raw(client, &header, 10, -1);
	assert_int_equal(vfu_process(client->vfu), 0);
	close(client->sock);
	assert_int_equal(vfu_process(client->vfu), -ENOTCONN);
	client_connect(client);
	assert_int_equal(negotiate(client, qemu_version, sizeof(qemu_version)), 0);
	/* Gone with a reply on its way. */
	send_command(client, VFU_DEVICE_RESET, 0, NULL, 0, -1);
	close(client->sock);
	assert_int_equal(vfu_process(client->vfu), -ENOTCONN);
	client_connect(client);
	assert_int_equal(negotiate(client, qemu_version, sizeof(qemu_version)), 0);
}

/* Nothing that the client could send stays without an answer. */
static void test_finish(void **state)
{
	const struct vfu_access access = { .region = 7, .count = 4 };
	struct client *client = *state;

	for (unsigned int i = 0; i < 3; i++)
		send_command(client, VFU_REGION_READ, 0, &access, sizeof(access), -1);
	vfu_finish(client->vfu);
	for (unsigned int i = 0; i < 3; i++)
		receive_reply(client);
	assert_int_equal(send(client->sock, &access, 1, MSG_NOSIGNAL), -1);
	assert_int_equal(errno, EPIPE);
	vfu_detach(client->vfu);
	assert_int_equal(recv(client->sock, client->reply, 1, 0), 0);
	vfu_finish(client->vfu);
}

static void test_strange_flags(void **state)
{
	struct client *client = *state;

	send_command(client, VFU_DEVICE_RESET, VFU_TYPE_REPLY, NULL, 0, -1);
	assert_int_equal(vfu_process(client->vfu), 0);
	assert_false(has_reply(client));
	send_command(client, VFU_DEVICE_RESET, 7, NULL, 0, -1);
	assert_int_equal(vfu_process(client->vfu), 0);
	receive_reply(client);
	assert_int_equal(client->header.error, EINVAL);
}

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/* Messages of every kind with random insides, and random bytes. */
static void random_message(struct client *client, uint32_t *seed)
{
	uint8_t payload[96];
	size_t len = next_random(seed) % sizeof(payload);

	for (size_t i = 0; i < len; i++)
		payload[i] = next_random(seed) % 5 ? next_random(seed) % 8 : next_random(seed);
	send_command(client, next_random(seed) % 17,
		     next_random(seed) % 3 ? 0 : next_random(seed) & 0x31, payload, len,
		     next_random(seed) % 8 ? -1 : client->sock);
}

static void test_garbage(void **state)
{
	struct client *client = *state;
	unsigned int fds = open_fds();
	uint32_t seed = 2864;

	for (unsigned int round = 0; round < 300; round++) {
		uint8_t bytes[64];
		uint64_t next;
		int error;

		client_disconnect(client);
		client_connect(client);
		if (round % 4)
			negotiate(client, qemu_version, sizeof(qemu_version));
		for (unsigned int i = 0; i < 40; i++)
			random_message(client, &seed);
		error = vfu_process(client->vfu);
		assert_true(error == 0 || error == -ENOTCONN);
		vfu_run(client->vfu, round, &next);
		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = next_random(&seed);
		send_raw(client, bytes, sizeof(bytes), -1);
		vfu_process(client->vfu);
	}
	client_disconnect(client);
	client_connect(client);
	assert_int_equal(open_fds(), fds);
	assert_int_equal(negotiate(client, qemu_version, sizeof(qemu_version)), 0);
	assert_int_equal(read_word(client, 7, 0), 0x28641e60);
}

/* ---- interrupts ---- */

static int set_irqs(struct client *client, uint32_t index, uint32_t flags, uint32_t count, int fd)
{
	const struct vfu_set_irqs request = {
		.argsz = sizeof(request), .flags = flags, .index = index, .count = count,
	};

	return call_fd(client, VFU_SET_IRQS, &request, sizeof(request), fd);
}

static uint64_t take(int fd)
{
	uint64_t count = 0;

	if (read(fd, &count, sizeof(count)) < 0)
		return 0;
	return count;
}

static void test_msi(void **state)
{
	struct client *client = *state;
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	enable(client);
	assert_int_equal(region_write(client, 7, 0xe4, 0xfee00000, 4), 0);
	assert_int_equal(region_write(client, 7, 0xe2, 1, 2), 0);
	assert_int_equal(region_write(client, 0, 0x188, 0xff00ffff, 4), 0);
	assert_int_equal(set_irqs(client, 1, 0x24, 1, fd), 0);
	assert_int_equal(take(fd), 0);
	emu_raise_sw_irq(client->emu, HW_IRQ_CONTROL);
	assert_int_equal(take(fd), 1);
	assert_int_equal(region_write(client, 0, 0x18c, 0xffffffff, 4), 0);
	assert_int_equal(set_irqs(client, 1, 0x21, 0, -1), 0);
	emu_raise_sw_irq(client->emu, HW_IRQ_CONTROL);
	assert_int_equal(take(fd), 0);
	close(fd);
}

static void test_intx(void **state)
{
	struct client *client = *state;
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	enable(client);
	assert_int_equal(region_write(client, 0, 0x188, 0xff00ffff, 4), 0);
	assert_int_equal(set_irqs(client, 0, 0x24, 1, fd), 0);
	emu_raise_sw_irq(client->emu, HW_IRQ_CONTROL);
	assert_int_equal(take(fd), 1);
	assert_int_equal(set_irqs(client, 0, 0x11, 1, -1), 0);	/* seen, still there */
	assert_int_equal(take(fd), 1);
	assert_int_equal(region_write(client, 0, 0x18c, 0xffffffff, 4), 0);
	emu_raise_sw_irq(client->emu, HW_IRQ_CONTROL);		/* not unmasked yet */
	assert_int_equal(take(fd), 0);
	assert_int_equal(region_write(client, 0, 0x18c, 0xffffffff, 4), 0);
	assert_int_equal(set_irqs(client, 0, 0x11, 1, -1), 0);
	assert_int_equal(take(fd), 0);
	assert_int_equal(set_irqs(client, 0, 0x09, 1, -1), 0);	/* masked */
	emu_raise_sw_irq(client->emu, HW_IRQ_CONTROL);
	assert_int_equal(take(fd), 0);
	assert_int_equal(set_irqs(client, 0, 0x11, 1, -1), 0);
	assert_int_equal(take(fd), 1);
	close(fd);
}

static void test_bad_irqs(void **state)
{
	struct client *client = *state;
	unsigned int fds = open_fds();
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	assert_int_equal(set_irqs(client, 5, 0x24, 1, fd), EINVAL);
	assert_int_equal(set_irqs(client, 1, 0x24, 2, fd), EINVAL);
	assert_int_equal(set_irqs(client, 2, 0x24, 1, fd), EINVAL);
	assert_int_equal(set_irqs(client, 1, 0x24, 0, fd), EINVAL);
	assert_int_equal(set_irqs(client, 1, 0x20, 1, fd), EINVAL);
	assert_int_equal(set_irqs(client, 1, 0x0c, 1, -1), ENOTSUP);
	assert_int_equal(set_irqs(client, 1, 0x22, 1, -1), EINVAL);
	assert_int_equal(set_irqs(client, 0, 0x11, 1, -1), 0);
	assert_int_equal(set_irqs(client, 3, 0x24, 1, fd), 0);
	assert_int_equal(set_irqs(client, 3, 0x24, 1, fd), 0);
	assert_int_equal(open_fds(), fds + 2);
	assert_int_equal(set_irqs(client, 3, 0x24, 1, -1), 0);
	close(fd);
	assert_int_equal(open_fds(), fds);
}

/* ---- DMA through mapped memory ---- */

static int make_memory(size_t size)
{
	int fd = memfd_create("guest", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, size), 0);
	return fd;
}

static struct vfu_dma_map map_request(uint64_t addr, uint64_t size, uint32_t flags)
{
	return (struct vfu_dma_map){ .argsz = 32, .flags = flags, .addr = addr, .size = size };
}

static int dma_map(struct client *client, uint64_t addr, uint64_t size, uint32_t flags, int fd)
{
	const struct vfu_dma_map map = map_request(addr, size, flags);

	return call_fd(client, VFU_DMA_MAP, &map, sizeof(map), fd);
}

static int dma_unmap(struct client *client, uint64_t addr, uint64_t size, uint32_t flags)
{
	const struct vfu_dma_unmap unmap = { 24, flags, addr, size };

	return call(client, VFU_DMA_UNMAP, &unmap, sizeof(unmap));
}

static int dma_get(struct client *client, uint64_t addr, void *buf, size_t len)
{
	return client->host.dma_read(client->host.ctx, addr, buf, len);
}

static int dma_put(struct client *client, uint64_t addr, const void *buf, size_t len)
{
	return client->host.dma_write(client->host.ctx, addr, buf, len);
}

static void test_dma_by_fd(void **state)
{
	struct client *client = *state;
	int fd = make_memory(0x4000);
	char text[16] = "";

	assert_int_equal(dma_get(client, IOVA, text, 4), -EFAULT);
	assert_int_equal(dma_map(client, IOVA, 0x4000, 3, fd), 0);
	assert_int_equal(client->reply_len, 0);
	assert_int_equal(dma_put(client, IOVA + 0xffe, "over pages", 11), 0);
	assert_int_equal(pread(fd, text, 11, 0xffe), 11);
	assert_string_equal(text, "over pages");
	assert_int_equal(pwrite(fd, "back", 5, 0x3ffb), 5);
	assert_int_equal(dma_get(client, IOVA + 0x3ffb, text, 5), 0);
	assert_string_equal(text, "back");
	assert_int_equal(dma_get(client, IOVA + 0x3ffc, text, 5), -EFAULT);
	assert_int_equal(dma_get(client, IOVA - 1, text, 2), -EFAULT);
	assert_int_equal(dma_unmap(client, IOVA, 0x4000, 0), 0);
	assert_int_equal(client->reply_len, sizeof(struct vfu_dma_unmap));
	assert_int_equal(dma_get(client, IOVA, text, 4), -EFAULT);
	close(fd);
}

static void test_neighbouring_maps(void **state)
{
	struct client *client = *state;
	int first = make_memory(0x1000), second = make_memory(0x2000);
	char text[8] = "";

	assert_int_equal(dma_map(client, IOVA + 0x1000, 0x2000, 3, second), 0);
	assert_int_equal(dma_map(client, IOVA, 0x1000, 3, first), 0);
	assert_int_equal(dma_put(client, IOVA + 0xffd, "abcdef", 6), 0);
	assert_int_equal(pread(first, text, 3, 0xffd), 3);
	assert_int_equal(pread(second, text + 3, 3, 0), 3);
	assert_string_equal(text, "abcdef");
	assert_int_equal(dma_unmap(client, IOVA, 0x3000, 0), 0);
	assert_int_equal(dma_get(client, IOVA, text, 1), -EFAULT);
	assert_int_equal(dma_get(client, IOVA + 0x1000, text, 1), -EFAULT);
	close(first);
	close(second);
}

static void test_read_only_map(void **state)
{
	struct client *client = *state;
	int fd = make_memory(0x1000);
	char byte = 1;

	assert_int_equal(dma_map(client, IOVA, 0x1000, 1, fd), 0);
	assert_int_equal(dma_get(client, IOVA, &byte, 1), 0);
	assert_int_equal(byte, 0);
	assert_int_equal(dma_put(client, IOVA, &byte, 1), -EFAULT);
	close(fd);
}

static void test_bad_maps(void **state)
{
	struct vfu_dma_map map = map_request(IOVA, 0x1000, 3);
	struct client *client = *state;
	unsigned int fds = open_fds();
	int fd = make_memory(0x1000), pipe_fds[2];

	assert_int_equal(dma_map(client, IOVA, 0, 3, fd), EINVAL);
	assert_int_equal(dma_map(client, IOVA, 0x1000, 7, fd), EINVAL);
	assert_int_equal(dma_map(client, UINT64_MAX - 0xffe, 0x1000, 3, -1), EINVAL);
	assert_int_equal(dma_map(client, IOVA, 0x1001, 3, fd), EINVAL);
	map.offset = 0x1000;
	assert_int_equal(call_fd(client, VFU_DMA_MAP, &map, sizeof(map), fd), EINVAL);
	map.offset = UINT64_MAX;
	assert_int_equal(call_fd(client, VFU_DMA_MAP, &map, sizeof(map), fd), EINVAL);
	map.argsz = 16;
	assert_int_equal(call(client, VFU_DMA_MAP, &map, sizeof(map)), EINVAL);
	assert_int_equal(pipe(pipe_fds), 0);
	assert_int_not_equal(dma_map(client, IOVA, 0x1000, 3, pipe_fds[0]), 0);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	assert_int_equal(dma_map(client, IOVA, 0x1000, 3, fd), 0);
	assert_int_equal(dma_map(client, IOVA, 0x1000, 3, fd), EEXIST);
	assert_int_equal(dma_map(client, IOVA - 0xfff, 0x1000, 3, -1), EEXIST);
	assert_int_equal(dma_map(client, IOVA + 0xfff, 0x1000, 3, -1), EEXIST);
	assert_int_equal(dma_map(client, 0, UINT64_MAX, 3, -1), EEXIST);
	assert_int_equal(dma_unmap(client, IOVA, 0x800, 0), EINVAL);
	assert_int_equal(dma_unmap(client, IOVA + 0x800, 0x800, 0), EINVAL);
	assert_int_equal(dma_unmap(client, IOVA + 0x1000, 0x1000, 0), ENOENT);
	assert_int_equal(dma_unmap(client, IOVA, 0, 0), EINVAL);
	assert_int_equal(dma_unmap(client, IOVA, 0x1000, 1), ENOTSUP);
	assert_int_equal(dma_unmap(client, 0, 0, 2), 0);
	assert_int_equal(dma_unmap(client, IOVA, 0x1000, 0), ENOENT);
	close(fd);
	assert_int_equal(open_fds(), fds);
}

static void test_fds_nobody_asked_for(void **state)
{
	const struct vfu_device_info info = { .argsz = sizeof(info) };
	struct client *client = *state;
	unsigned int fds = open_fds();
	int fd = make_memory(0x1000);

	assert_int_equal(call_fd(client, VFU_DEVICE_RESET, NULL, 0, fd), EINVAL);
	assert_int_equal(call_fd(client, VFU_GET_INFO, &info, sizeof(info), fd), EINVAL);
	send_command(client, VFU_DEVICE_RESET, VFU_TYPE_REPLY, NULL, 0, fd);
	assert_int_equal(vfu_process(client->vfu), 0);
	close(fd);
	assert_int_equal(open_fds(), fds);
}

static void test_many_maps(void **state)
{
	struct client *client = *state;
	int fd = make_memory(0x1000);
	uint32_t word;

	for (unsigned int i = 0; i < 500; i++) {
		uint64_t at = IOVA + 0x2000ull * (i * 7 % 500);

		assert_int_equal(dma_map(client, at, 0x1000, 3, fd), 0);
	}
	for (unsigned int i = 0; i < 500; i++) {
		assert_int_equal(dma_put(client, IOVA + 0x2000ull * i, &i, sizeof(i)), 0);
		assert_int_equal(dma_get(client, IOVA + 0x2000ull * i + 0x1000, &word, 4),
				 -EFAULT);
	}
	close(fd);
}

/* The kernel glues small pieces together; the descriptor must find its message. */
static void test_fd_belongs_to_its_message(void **state)
{
	struct client *client = *state;
	const struct vfu_dma_map plain = map_request(IOVA, 0x1000, 3);
	const struct vfu_dma_map with_fd = map_request(IOVA + 0x1000, 0x1000, 3);
	const struct vfu_dma_map last = map_request(IOVA + 0x2000, 0x1000, 3);
	int fd = make_memory(0x1000);

	send_command(client, VFU_DMA_MAP, 0, &plain, sizeof(plain), -1);
	send_command(client, VFU_DMA_MAP, 0, &with_fd, sizeof(with_fd), fd);
	send_command(client, VFU_DMA_MAP, 0, &last, sizeof(last), -1);
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(vfu_process(client->vfu), 0);
	for (unsigned int i = 0; i < 3; i++) {
		receive_reply(client);
		assert_int_equal(client->header.flags, VFU_TYPE_REPLY);
	}
	assert_int_equal(dma_put(client, IOVA + 0x1000, "x", 1), 0);
	assert_int_equal(client->vfu->map_count, 3);
	assert_null(client->vfu->maps[0].memory);
	assert_non_null(client->vfu->maps[1].memory);
	assert_null(client->vfu->maps[2].memory);
	close(fd);
}

static void test_memory_shrinks(void **state)
{
	struct client *client = *state;
	int fd = make_memory(0x2000);
	char bytes[16] = { 0 };

	/* Again: cmocka has put its own handler over that of vfu_new(). */
	assert_int_equal(vfu_dma_catch_bus_errors(), 0);
	assert_int_equal(dma_map(client, IOVA, 0x2000, 3, fd), 0);
	assert_int_equal(ftruncate(fd, 0x1000), 0);
	assert_int_equal(dma_put(client, IOVA + 0x1000, bytes, 16), -EFAULT);
	assert_int_equal(dma_get(client, IOVA + 0x1ff0, bytes, 16), -EFAULT);
	assert_int_equal(dma_put(client, IOVA, bytes, 16), 0);
	close(fd);
}

/* ---- DMA by message: the client answers from a thread of its own ---- */

struct remote {
	struct client *client;
	uint8_t memory[0x40000];
	unsigned int requests;
	unsigned int nested_words;	/* region reads made while the device waits */
	enum { ANSWER, ANSWER_ERROR, ANSWER_SHORT, GO_AWAY } mood;
	bool read_meanwhile;
	bool reset_meanwhile;
	bool unmap_meanwhile;
	pthread_t thread;
};

static void reply_to(struct client *client, const struct vfu_header *request,
		     const struct vfu_dma_access *access, const void *data, size_t len,
		     uint32_t flags)
{
	static uint8_t message[VFU_MAX_DMA_MESSAGE + 64];
	const struct vfu_header header = {
		.id = request->id, .command = request->command,
		.size = sizeof(header) + sizeof(*access) + len,
		.flags = VFU_TYPE_REPLY | flags, .error = flags ? EIO : 0,
	};

	memcpy(message, &header, sizeof(header));
	memcpy(message + sizeof(header), access, sizeof(*access));
	memcpy(message + sizeof(header) + sizeof(*access), data, len);
	send_raw(client, message, header.size, -1);
}

/* As a guest's CPU does while the device's DMA waits in QEMU's main loop. */
static void read_meanwhile(struct remote *remote)
{
	const struct vfu_access access = { .region = 7, .count = 4 };
	uint8_t reply[sizeof(struct vfu_header) + sizeof(access) + 4];
	uint32_t word;

	send_command(remote->client, VFU_REGION_READ, 0, &access, sizeof(access), -1);
	receive_all(remote->client, reply, sizeof(reply));
	memcpy(&word, reply + sizeof(reply) - 4, 4);
	if (word == 0x28641e60)
		remote->nested_words++;
}

static void call_meanwhile(struct remote *remote, unsigned int command, const void *payload,
			   size_t len, size_t reply_len)
{
	uint8_t reply[64];

	send_command(remote->client, command, 0, payload, len, -1);
	receive_all(remote->client, reply, sizeof(struct vfu_header) + reply_len);
}

static void be_busy(struct remote *remote)
{
	const struct vfu_dma_unmap unmap = { 24, 2, 0, 0 };

	if (remote->read_meanwhile)
		read_meanwhile(remote);
	if (remote->reset_meanwhile)
		call_meanwhile(remote, VFU_DEVICE_RESET, NULL, 0, 0);
	if (remote->unmap_meanwhile)
		call_meanwhile(remote, VFU_DMA_UNMAP, &unmap, sizeof(unmap), sizeof(unmap));
}

static void serve_dma(struct remote *remote, const struct vfu_header *header)
{
	struct vfu_dma_access access;
	uint8_t data[VFU_MAX_DMA_MESSAGE];
	bool is_read = header->command == VFU_DMA_READ;
	uint8_t *memory;
	size_t len;

	receive_all(remote->client, &access, sizeof(access));
	assert_in_range(access.addr, IOVA, IOVA + sizeof(remote->memory) - 1);
	memory = remote->memory + (access.addr - IOVA);
	len = access.count;
	if (!is_read)
		receive_all(remote->client, data, len);
	be_busy(remote);
	if (!is_read)
		memcpy(memory, data, len);
	if (remote->mood == ANSWER_SHORT)
		reply_to(remote->client, header, &access, memory, len - 1, 0);
	else
		reply_to(remote->client, header, &access, memory, is_read ? len : 0,
			 remote->mood == ANSWER_ERROR ? VFU_ERROR : 0);
}

static void *run_remote(void *arg)
{
	struct remote *remote = arg;
	struct vfu_header header;

	while (recv(remote->client->sock, &header, sizeof(header), MSG_WAITALL) ==
	       sizeof(header)) {
		remote->requests++;
		if (remote->mood == GO_AWAY) {
			shutdown(remote->client->sock, SHUT_RDWR);
			break;
		}
		serve_dma(remote, &header);
	}
	return NULL;
}

static struct remote *start_remote(struct client *client, int mood)
{
	struct remote *remote = calloc(1, sizeof(*remote));

	assert_non_null(remote);
	remote->client = client;
	remote->mood = mood;
	assert_int_equal(dma_map(client, IOVA, sizeof(remote->memory), 3, -1), 0);
	for (size_t i = 0; i < sizeof(remote->memory); i++)
		remote->memory[i] = i * 3;
	assert_int_equal(pthread_create(&remote->thread, NULL, run_remote, remote), 0);
	return remote;
}

static void stop_remote(struct remote *remote)
{
	shutdown(remote->client->sock, SHUT_RDWR);
	pthread_join(remote->thread, NULL);
	free(remote);
}

static void test_dma_by_message(void **state)
{
	struct client *client = *state;
	struct remote *remote = start_remote(client, ANSWER);
	uint8_t data[0x3000];

	assert_int_equal(dma_get(client, IOVA + 5, data, sizeof(data)), 0);
	assert_memory_equal(data, remote->memory + 5, sizeof(data));
	memset(data, 0x77, sizeof(data));
	assert_int_equal(dma_put(client, IOVA + 7, data, sizeof(data)), 0);
	assert_memory_equal(data, remote->memory + 7, sizeof(data));
	assert_int_equal(remote->requests, 2);
	stop_remote(remote);
}

static void test_dma_message_size_limit(void **state)
{
	static const char json[] = "{\"capabilities\":{\"max_data_xfer_size\":1000}}";
	struct client *client = *state;
	struct remote *remote;
	uint8_t data[0x1000];

	assert_int_equal(negotiate(client, json, sizeof(json)), 0);
	remote = start_remote(client, ANSWER);
	assert_int_equal(dma_get(client, IOVA, data, sizeof(data)), 0);
	assert_memory_equal(data, remote->memory, sizeof(data));
	assert_int_equal(remote->requests, 5);
	stop_remote(remote);
}

static void test_large_dma_in_parts(void **state)
{
	struct client *client = *state;
	struct remote *remote = start_remote(client, ANSWER);
	uint8_t *data = calloc(1, sizeof(remote->memory));

	assert_non_null(data);
	assert_int_equal(dma_get(client, IOVA, data, sizeof(remote->memory)), 0);
	assert_memory_equal(data, remote->memory, sizeof(remote->memory));
	assert_int_equal(remote->requests, sizeof(remote->memory) / VFU_MAX_DMA_MESSAGE);
	free(data);
	stop_remote(remote);
}

static void test_requests_while_dma_waits(void **state)
{
	struct client *client = *state;
	struct remote *remote = start_remote(client, ANSWER);
	uint8_t data[64];

	remote->read_meanwhile = true;
	for (unsigned int i = 0; i < 10; i++)
		assert_int_equal(dma_get(client, IOVA, data, sizeof(data)), 0);
	assert_int_equal(remote->nested_words, 10);
	stop_remote(remote);
}

static void test_unmap_while_dma_waits(void **state)
{
	struct client *client = *state;
	struct remote *remote = start_remote(client, ANSWER);
	uint8_t data[64];

	remote->unmap_meanwhile = true;
	assert_int_equal(dma_get(client, IOVA, data, sizeof(data)), 0);
	assert_int_equal(dma_get(client, IOVA, data, sizeof(data)), -EFAULT);
	stop_remote(remote);
}

static uint64_t run_dma(struct fw *fw)
{
	uint8_t data[64];

	assert_int_equal(dma_get(fw->ctx, IOVA, data, sizeof(data)), 0);
	fw->run = NULL;
	return EMU_IDLE;
}

/* A request that comes in one piece with the answer to a DMA message: nothing
 * more will arrive, so it must be handled without waiting for that.
 */
static void test_request_behind_the_answer(void **state)
{
	const struct vfu_access read = { .region = 7, .count = 4 };
	const struct vfu_dma_access access = { .addr = IOVA, .count = 64 };
	const struct vfu_header request = { .id = 0, .command = VFU_DMA_READ };
	struct client *client = *state;
	struct fw *fw = emu_get_fw(client->emu);
	uint8_t skipped[32], data[64] = { 0 };
	uint64_t next;

	assert_int_equal(dma_map(client, IOVA, 0x1000, 3, -1), 0);
	reply_to(client, &request, &access, data, sizeof(data), 0);
	send_command(client, VFU_REGION_READ, 0, &read, sizeof(read), -1);
	fw->running = true;
	fw->ctx = client;
	fw->run = run_dma;
	assert_int_equal(vfu_run(client->vfu, 1, &next), 0);
	receive_all(client, skipped, sizeof(skipped));
	receive_reply(client);
	assert_int_equal(client->header.command, VFU_REGION_READ);
	fw->running = false;
}

static void test_dma_message_errors(void **state)
{
	struct client *client = *state;
	struct remote *remote = start_remote(client, ANSWER_ERROR);
	uint8_t data[64];

	assert_int_equal(dma_get(client, IOVA, data, sizeof(data)), -EFAULT);
	assert_int_equal(dma_put(client, IOVA, data, sizeof(data)), -EFAULT);
	remote->mood = ANSWER_SHORT;
	assert_int_equal(dma_get(client, IOVA, data, sizeof(data)), -EFAULT);
	remote->mood = GO_AWAY;
	assert_int_equal(dma_get(client, IOVA, data, sizeof(data)), -ENOTCONN);
	assert_int_equal(dma_put(client, IOVA, data, sizeof(data)), -ENOTCONN);
	assert_int_equal(vfu_process(client->vfu), -ENOTCONN);
	stop_remote(remote);
}

/* ---- the listening server ---- */

static void no_stats(void *ctx)
{
	(void)ctx;
}

static int serve_in_child(struct client *client, const char *path, bool once)
{
	const struct vfu_server_options options = {
		.path = path, .once = once, .on_stats = no_stats,
	};
	pid_t child = fork();

	assert_true(child >= 0);
	if (!child)
		_exit(vfu_serve(client->vfu, client->emu, &options) ? 1 : 0);
	return child;
}

static void connect_to(struct client *client, const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	strcpy(addr.sun_path, path);
	for (unsigned int i = 0; i < 500; i++) {
		client->sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (!connect(client->sock, (struct sockaddr *)&addr, sizeof(addr)))
			return;
		close(client->sock);
		usleep(10000);
	}
	fail_msg("nobody listens at %s", path);
}

static void talk(struct client *client)
{
	uint8_t payload[512] = { 0 };

	memcpy(payload + 4, qemu_version, sizeof(qemu_version));
	send_command(client, VFU_VERSION, 0, payload, 4 + sizeof(qemu_version), -1);
	receive_all(client, &client->header, sizeof(client->header));
	assert_int_equal(client->header.flags, VFU_TYPE_REPLY);
	close(client->sock);
	client->sock = -1;
}

static void expect_exit(pid_t child)
{
	int status;

	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_server(void **state)
{
	char path[] = "/tmp/test_emu_vfu.XXXXXX";
	const struct vfu_header garbage = { .size = 3 };
	struct client *client = *state;
	pid_t child;

	close(mkstemp(path));
	unlink(path);
	child = serve_in_child(client, path, false);
	for (unsigned int i = 0; i < 3; i++) {
		connect_to(client, path);
		talk(client);
		connect_to(client, path);
		send_raw(client, &garbage, sizeof(garbage), -1);
		assert_int_equal(recv(client->sock, client->reply, 1, 0), 0);
		close(client->sock);
	}
	client->sock = -1;
	kill(child, SIGTERM);
	expect_exit(child);
	assert_int_equal(access(path, F_OK), -1);
	child = serve_in_child(client, path, true);
	connect_to(client, path);
	talk(client);
	expect_exit(child);
}

static void test_server_keeps_other_files(void **state)
{
	char path[] = "/tmp/test_emu_vfu.XXXXXX";
	struct client *client = *state;
	const struct vfu_server_options options = {
		.path = path, .once = true, .on_stats = no_stats,
	};
	sigset_t set;

	close(mkstemp(path));
	assert_int_equal(vfu_serve(client->vfu, client->emu, &options), -EEXIST);
	assert_int_equal(access(path, F_OK), 0);
	unlink(path);
	sigemptyset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)
#define SILENT(name)	cmocka_unit_test_setup_teardown(name, setup_silent, teardown)
#define ALONE(name)	cmocka_unit_test_setup_teardown(name, setup_unconnected, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SILENT(test_version),
		SILENT(test_version_without_multi),
		SILENT(test_version_in_little_room),
		SILENT(test_bad_versions),
		SILENT(test_nothing_before_version),
		TEST(test_device_info),
		TEST(test_region_info),
		TEST(test_irq_info),
		TEST(test_region_access),
		TEST(test_odd_sizes),
		TEST(test_bad_accesses),
		TEST(test_wrong_lengths),
		TEST(test_posted_write),
		TEST(test_write_multi),
		cmocka_unit_test_setup_teardown(test_interrupt_pin_of_a_card_that_is_gone,
						setup_unplugged, teardown),
		TEST(test_reset),
		TEST(test_bytes_one_by_one),
		TEST(test_many_at_once),
		TEST(test_impossible_sizes),
		TEST(test_client_goes_away),
		TEST(test_finish),
		TEST(test_strange_flags),
		TEST(test_garbage),
		TEST(test_msi),
		TEST(test_intx),
		TEST(test_bad_irqs),
		TEST(test_dma_by_fd),
		TEST(test_neighbouring_maps),
		TEST(test_read_only_map),
		TEST(test_bad_maps),
		TEST(test_fds_nobody_asked_for),
		TEST(test_many_maps),
		TEST(test_fd_belongs_to_its_message),
		TEST(test_memory_shrinks),
		TEST(test_dma_by_message),
		SILENT(test_dma_message_size_limit),
		TEST(test_large_dma_in_parts),
		TEST(test_requests_while_dma_waits),
		TEST(test_unmap_while_dma_waits),
		TEST(test_request_behind_the_answer),
		TEST(test_dma_message_errors),
		ALONE(test_server),
		ALONE(test_server_keeps_other_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
