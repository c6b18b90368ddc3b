// SPDX-License-Identifier: MIT
/*
 * The frame of control messages at its limits, from both ends: what the library
 * sends is what firmware parses, and what is not an answer is not taken for one.
 * Random, within bounds; H8L_SEED repeats a run.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/control.h"
#include "lib/md5.h"
#include "tests/emulator/fw.h"
#include "tests/unit/fw_host.h"
#include "tests/unit/lib_driver.h"
#include "tests/unit/seeded.h"

#include <cmocka.h>		/* last: it defines fail() */

#define ROUNDS 3000
#define HEAD HW_CTRL_RESPONSE_HEAD

static void any_bytes(uint8_t *at, size_t size)
{
	while (size--)
		*at++ = seeded(256);
}

struct fixture {
	struct drv *drv;
	int (*ioctl)(const struct h8l_os *os, int fd, unsigned long request, void *arg);
	struct h8l_device *device;
	struct host host;		/* the chip */
	struct hailo8l_fw_control sent, answer;
};

static struct fixture *fixture;

/* Keeps the request, and answers what was prepared. */
static int fake_ioctl(const struct h8l_os *os, int fd, unsigned long request, void *arg)
{
	if (request != HAILO8L_FW_CONTROL)
		return fixture->ioctl(os, fd, request, arg);
	memcpy(&fixture->sent, arg, sizeof(fixture->sent));
	memcpy(arg, &fixture->answer, sizeof(fixture->answer));
	return 0;
}

static int setup(void **state)
{
	struct emu_config config;
	struct h8l_error error;

	fixture = calloc(1, sizeof(*fixture));
	assert_non_null(fixture);
	fixture->drv = drv_new(1);
	assert_int_equal(device_open_os(&fixture->drv->os, NULL, &fixture->device, &error), 0);
	fixture->ioctl = fixture->drv->os.ioctl;
	fixture->drv->os.ioctl = fake_ioctl;
	host_config(&config);
	host_start(&fixture->host, &config, 0x100000000, 1 << 20);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	host_stop(&fixture->host);
	fixture->drv->os.ioctl = fixture->ioctl;
	h8l_device_close(fixture->device);
	drv_free(fixture->drv);
	free(fixture);
	return 0;
}

/* ---- requests ---- */

/* As many parameters as there is room for, or fewer; often to the last byte */
static void any_request(struct control_request *request)
{
	size_t end = seeded(3) ? HW_CTRL_REQUEST_HEAD + seeded(200) : HW_CTRL_MAX_LEN - seeded(2);
	uint8_t value[HW_CTRL_MAX_LEN];

	control_begin(request, seeded(HW_OP_COUNT));
	while (request->size + 4 <= end && seeded(12)) {
		size_t size = seeded(4) ? seeded(20) : end - request->size - 4;

		if (size > end - request->size - 4)
			size = end - request->size - 4;
		any_bytes(value, size);
		control_param(request, value, size);
	}
}

static uint32_t be32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | at[1] << 16 | at[2] << 8 | at[3];
}

/* What firmware makes of a message: opcode and status of the answer */
struct verdict {
	uint32_t opcode, major, minor;
};

static struct verdict ask_firmware(const void *data, uint32_t len, const uint8_t *md5)
{
	static const uint32_t bell[] = { HW_DOORBELL_APP_CONTROL, HW_DOORBELL_CORE_CONTROL };
	struct emu *emu = fixture->host.emu;
	struct hw_mbox_control *in, *out;

	in = (void *)emu_memory(emu, HW_ADDR_MAILBOX + HW_MBOX_REQUEST, sizeof(*in));
	out = (void *)emu_memory(emu, HW_ADDR_MAILBOX + HW_MBOX_RESPONSE, sizeof(*out));
	memcpy(in->md5, md5, sizeof(in->md5));
	memcpy(in->data, data, len < sizeof(in->data) ? len : sizeof(in->data));
	in->len = htole32(len);
	out->len = 0;
	emu_bar_write(emu, HW_BAR_FW, HW_MBOX_DOORBELL, &bell[fixture->sent.cpu_id], 4);
	host_run(&fixture->host);
	if (!out->len)		/* a reset has no answer */
		return (struct verdict){ HW_OP_RESET, 0, 0 };
	assert_in_range(le32toh(out->len), HEAD, HW_CTRL_MAX_LEN);
	assert_int_equal(be32(out->data + 4), HW_CTRL_FLAG_ACK);
	return (struct verdict){ be32(out->data + 12), be32(out->data + 16),
				 be32(out->data + 20) };
}

static bool is_malformed(const struct verdict *v)
{
	/* The library knows the CPU of those opcodes only that it uses. */
	return v->opcode == UINT32_MAX && v->major == FW_PARSE_FAILED &&
	       v->minor != HW_STATUS_INVALID_OPCODE;
}

static void send_any(struct control_request *request)
{
	any_request(request);
	fixture->answer.buffer_len = 0;
	assert_int_equal(control_send(fixture->device, request, NULL, NULL), -EPROTO);
	assert_int_equal(fixture->sent.buffer_len, request->size);
	assert_int_equal(fixture->sent.timeout_ms, 1000);
	assert_in_range(fixture->sent.cpu_id, 0, 1);
}

static void test_requests_are_understood(void **state)
{
	struct control_request request;
	int i, longest = 0;

	(void)state;
	for (i = 0; i < ROUNDS; i++) {
		struct verdict v;

		send_any(&request);
		v = ask_firmware(fixture->sent.buffer, fixture->sent.buffer_len,
				 fixture->sent.md5);
		assert_false(is_malformed(&v));
		assert_int_equal(be32(fixture->sent.buffer + 8), 0);
		longest += request.size == HW_CTRL_MAX_LEN;
	}
	assert_true(longest > 0);
}

/* One bit on its way, in the message or in its digest */
static void test_damaged_requests_are_refused(void **state)
{
	struct control_request request;
	int i;

	(void)state;
	for (i = 0; i < ROUNDS; i++) {
		struct hailo8l_fw_control *c = &fixture->sent;
		uint32_t bit, bits;
		struct verdict v;

		send_any(&request);
		bits = 8 * (sizeof(c->md5) + c->buffer_len);
		bit = seeded(bits);
		if (bit < 8 * sizeof(c->md5))
			c->md5[bit / 8] ^= 1 << bit % 8;
		else
			c->buffer[bit / 8 - sizeof(c->md5)] ^= 1 << bit % 8;
		v = ask_firmware(c->buffer, c->buffer_len, c->md5);
		assert_true(is_malformed(&v));
		assert_int_equal(v.minor, HW_STATUS_MD5_MISMATCH);
	}
}

/* With a right digest: the lengths must still lead exactly to the end. */
static void test_lengths_of_requests(void **state)
{
	uint8_t data[HW_CTRL_MAX_LEN + 4] = { 0 }, md5[16];
	struct control_request request;
	struct verdict v;
	uint32_t len;
	int i;

	(void)state;
	for (len = 1; len < HW_CTRL_REQUEST_HEAD; len++) {
		md5_digest(data, len, md5);
		v = ask_firmware(data, len, md5);
		assert_true(is_malformed(&v));
	}
	v = ask_firmware(data, HW_CTRL_MAX_LEN + 1, md5);
	assert_true(is_malformed(&v));
	v = ask_firmware(data, UINT32_MAX, md5);
	assert_true(is_malformed(&v));
	for (i = 0; i < ROUNDS; i++) {
		send_any(&request);
		memcpy(data, fixture->sent.buffer, fixture->sent.buffer_len);
		len = fixture->sent.buffer_len;
		if (seeded(2) && len > HW_CTRL_REQUEST_HEAD)
			len -= 1 + seeded(len - HW_CTRL_REQUEST_HEAD);
		else
			data[HW_CTRL_REQUEST_HEAD - 1] += 1 + seeded(200);
		/* A cut may leave a shorter message that is right but for its count. */
		md5_digest(data, len, md5);
		v = ask_firmware(data, len, md5);
		assert_true(is_malformed(&v));
	}
}

/* ---- answers ---- */

static void put_be32(uint8_t *at, uint32_t v)
{
	v = htobe32(v);
	memcpy(at, &v, sizeof(v));
}

static void sign(struct hailo8l_fw_control *c)
{
	md5_digest(c->buffer, c->buffer_len, c->md5);
}

/* A right answer with up to so many bytes of parameters; returns their number */
static uint32_t any_answer(uint32_t opcode, uint32_t room)
{
	struct hailo8l_fw_control *c = &fixture->answer;
	uint32_t count = 0, at = HEAD;

	memset(c, 0, sizeof(*c));
	put_be32(c->buffer, HW_CTRL_PROTOCOL_VERSION);
	put_be32(c->buffer + 4, HW_CTRL_FLAG_ACK);
	put_be32(c->buffer + 8, seeded(2) ? seeded(UINT32_MAX) : 0);	/* nobody compares it */
	put_be32(c->buffer + 12, opcode);
	while (at + 4 <= HEAD + room && seeded(10)) {
		uint32_t size = seeded(3) ? seeded(30) : HEAD + room - at - 4;

		if (size > HEAD + room - at - 4)
			size = HEAD + room - at - 4;
		put_be32(c->buffer + at, size);
		any_bytes(c->buffer + at + 4, size);
		at += 4 + size;
		count++;
	}
	put_be32(c->buffer + 24, count);
	c->buffer_len = at;
	sign(c);
	return count;
}

static int ask(uint32_t opcode, struct control_response *response)
{
	struct control_request request;

	control_begin(&request, opcode);
	return control_send(fixture->device, &request, response, NULL);
}

static void test_answers_are_taken(void **state)
{
	struct control_response response;
	int i, longest = 0;

	(void)state;
	for (i = 0; i < ROUNDS; i++) {
		uint32_t opcode = seeded(HW_OP_COUNT), size;

		any_answer(opcode, seeded(3) ? seeded(200) : HW_CTRL_MAX_LEN - HEAD);
		size = fixture->answer.buffer_len - HEAD;
		assert_int_equal(ask(opcode, &response), 0);
		assert_int_equal(response.size, size);
		assert_memory_equal(response.bytes, fixture->answer.buffer + HEAD, size);
		longest += size == HW_CTRL_MAX_LEN - HEAD;
	}
	assert_true(longest > 0);
}

static void test_damaged_answers_are_refused(void **state)
{
	struct hailo8l_fw_control *c = &fixture->answer;
	struct control_response response;
	int i;

	(void)state;
	for (i = 0; i < ROUNDS; i++) {
		uint32_t bit;

		any_answer(HW_OP_IDENTIFY, seeded(300));
		bit = seeded(8 * (sizeof(c->md5) + c->buffer_len));
		if (bit < 8 * sizeof(c->md5))
			c->md5[bit / 8] ^= 1 << bit % 8;
		else
			c->buffer[bit / 8 - sizeof(c->md5)] ^= 1 << bit % 8;
		assert_int_equal(ask(HW_OP_IDENTIFY, &response), -EPROTO);
	}
}

/* One field at a time, with a right digest */
static void test_answers_that_are_none(void **state)
{
	struct hailo8l_fw_control *c = &fixture->answer;
	struct control_response response;
	int i;

#define BAD(change, code) \
	do { \
		uint32_t count_ = any_answer(HW_OP_IDENTIFY, 300); \
		(void)count_; \
		change; \
		sign(c); \
		assert_int_equal(ask(HW_OP_IDENTIFY, &response), code); \
	} while (0)
	(void)state;
	for (i = 0; i < 200; i++) {
		BAD(put_be32(c->buffer, seeded(2)), -EPROTO);
		BAD(put_be32(c->buffer + 4, seeded(500) * 2), -EPROTO);
		BAD(put_be32(c->buffer + 12, 1 + seeded(UINT32_MAX)), -EPROTO);
		BAD(put_be32(c->buffer + 24, count_ + 1 + seeded(1000)), -EPROTO);
		BAD(put_be32(c->buffer + 24, UINT32_MAX), -EPROTO);
		BAD(c->buffer_len = seeded(HEAD - 4), -EPROTO);
		BAD((c->buffer[c->buffer_len] = 0, c->buffer_len++), -EPROTO);
		BAD(put_be32(c->buffer + 16, 0x40030083), -EREMOTEIO);
		BAD(put_be32(c->buffer + 16, HW_STATUS_UNSUPPORTED_OPCODE), -EOPNOTSUPP);
	}
#undef BAD
	/* Lengths that the mailbox does not have are not even read. */
	any_answer(HW_OP_IDENTIFY, 300);
	c->buffer_len = HW_CTRL_MAX_LEN + 1;
	assert_int_equal(ask(HW_OP_IDENTIFY, &response), -EPROTO);
	c->buffer_len = UINT32_MAX;
	assert_int_equal(ask(HW_OP_IDENTIFY, &response), -EPROTO);
	/* A head without the number of parameters is an answer, see reference 1.3. */
	any_answer(HW_OP_IDENTIFY, 0);
	c->buffer_len = HEAD - 4;
	sign(c);
	assert_int_equal(ask(HW_OP_IDENTIFY, &response), 0);
	assert_int_equal(response.size, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_requests_are_understood, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damaged_requests_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lengths_of_requests, setup, teardown),
		cmocka_unit_test_setup_teardown(test_answers_are_taken, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damaged_answers_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_answers_that_are_none, setup, teardown),
	};

	return cmocka_run_group_tests_name("frames of controls", tests, seeded_setup, NULL);
}
