// SPDX-License-Identifier: MIT
/*
 * How the driver reads what is sent to firmware: as the table of the reference
 * (firmware-control.md 3.4) says, and never otherwise than the software chip's
 * firmware, which was written without it.
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

#include <cmocka.h>

#include "driver/context.h"
#include "hw/control.h"
#include "tests/emulator/fw.h"
#include "tests/unit/seeded.h"

#define ROUNDS 100000
#define MAX_LIST 400
#define NO_BUF 0xff

/* Body of each action: its size, where its channel and its host buffer are */
static const struct {
	uint8_t size, channel, buf;
} table[HW_ACTION_COUNT] = {
	{ 3, 0, NO_BUF }, { 44, 0, NO_BUF }, { 9, 0, NO_BUF }, { 2, 0, NO_BUF },
	{ 8, 0, NO_BUF }, { 1, 0, NO_BUF }, { 42, 0, 19 }, { 39, 0, 20 }, { 43, 0, 20 },
	{ 39, 0, 20 }, { 43, 0, 19 }, { 42, 0, 19 }, { 8, 0, NO_BUF }, { 3, 0, NO_BUF },
	{ 9, 0, NO_BUF }, { 0, 0, NO_BUF }, { 1, 0, NO_BUF }, { 1, 0, NO_BUF },
	{ 5, 0, NO_BUF }, { 5, 0, NO_BUF }, { 1, 0, NO_BUF }, { 0, 0, NO_BUF },
	{ 21, 0, 2 }, { 2, 0, NO_BUF }, { 3, 0, NO_BUF }, { 4, 0, NO_BUF }, { 6, 0, NO_BUF },
	{ 3, 0, NO_BUF }, { 8, 0, NO_BUF }, { 0, 0, NO_BUF }, { 0, 0, NO_BUF },
	{ 0, 0, NO_BUF }, { 28, 0, 1 }, { 20, 0, 1 }, { 7, 0, NO_BUF }, { 15, 0, NO_BUF },
	{ 6, 0, NO_BUF }, { 1, 0, NO_BUF }, { 2, 0, NO_BUF }, { 2, 0, NO_BUF }, { 43, 0, 20 },
	{ 41, 38, 17 }, { 0, 0, NO_BUF }, { 4, 0, NO_BUF }, { 0, 0, NO_BUF },
};

static const uint32_t versions[] = { 17, 18, 19, 20, 21, 23, 24 };
static uint32_t minor = 23;		/* of the firmware, 4.minor */

/* Section 7 there: one byte more, the last but one of the stream registers */
static bool is_longer(int type)
{
	return minor < 21 && type >= HW_ACTION_ACTIVATE_BOUNDARY_INPUT &&
		type <= HW_ACTION_ACTIVATE_DDR_OUTPUT;
}

static uint32_t size_of(int type)
{
	return table[type].size + is_longer(type);
}

/* What came with 4.18, in a layout of its own before 4.21, and with 4.19 */
static bool is_refused(int type)
{
	switch (type) {
	case HW_ACTION_ACTIVATE_CACHE_INPUT:
	case HW_ACTION_ACTIVATE_CACHE_OUTPUT:
		return minor < 21;
	case HW_ACTION_WAIT_CACHE_UPDATED:
		return minor < 18;
	case HW_ACTION_SLEEP:
	case HW_ACTION_HALT:
		return minor < 19;
	default:
		return false;
	}
}

struct message {
	uint8_t data[HW_CTRL_MAX_LEN];
	uint32_t len;
};

static struct hw_context_info *info_of(struct message *m)
{
	return (void *)(m->data + HW_CTRL_REQUEST_HEAD);
}

static const uint8_t *list_of(struct message *m)
{
	return (void *)(info_of(m) + 1);
}

static void make(struct message *m, bool first, bool last, const uint8_t *list, uint32_t len)
{
	const uint32_t one = htobe32(1);
	struct hw_ctrl_request head = {
		.version = htobe32(HW_CTRL_PROTOCOL_VERSION), .param_count = htobe32(4),
		.opcode = htobe32(HW_OP_SET_CONTEXT_INFO),
	};
	struct hw_context_info info = {
		.first_len = one, .last_len = one, .type_len = one, .first = first, .last = last,
		.list_len = htobe32(len),
	};

	memcpy(m->data, &head, sizeof(head));
	memcpy(m->data + sizeof(head), &info, sizeof(info));
	memcpy(m->data + sizeof(head) + sizeof(info), list, len);
	m->len = sizeof(head) + sizeof(info) + len;
}

static int begin(struct h8l_walk *w, struct h8l_block *block, const struct message *m)
{
	return h8l_context_begin(w, block, m->data, m->len, minor);
}

/* 0 when it was read to its end */
static int read_all(struct h8l_block *block, const struct message *m)
{
	struct h8l_step step;
	struct h8l_walk w;
	int ret = begin(&w, block, m);

	if (ret)
		return ret;
	while ((ret = h8l_context_next(&w, &step)) == 1)
		;
	return ret;
}

static uint32_t put_head(uint8_t *at, uint8_t type)
{
	memset(at, 0xff, sizeof(struct hw_action));
	at[0] = type;
	return sizeof(struct hw_action);
}

static void check_step(struct h8l_walk *w, int type)
{
	struct h8l_step step;

	assert_int_equal(h8l_context_next(w, &step), 1);
	assert_int_equal(step.type, type);
	assert_int_equal(!step.buf, table[type].buf == NO_BUF);
	if (step.buf) {
		assert_int_equal(step.channel, 5 + table[type].channel);
		assert_ptr_equal(step.buf, step.body + table[type].buf + is_longer(type));
	}
	assert_int_equal(h8l_context_next(w, &step), 0);
}

static void check_action(int type)
{
	uint8_t list[64];
	uint32_t len = put_head(list, type) + size_of(type), i;
	struct h8l_block block = { 0 };
	struct h8l_walk w;
	struct message m;

	for (i = 5; i < len; i++)
		list[i] = i;
	make(&m, true, true, list, len);
	if (is_refused(type)) {
		assert_int_equal(read_all(&block, &m), -EINVAL);
		return;
	}
	assert_int_equal(begin(&w, &block, &m), 0);
	check_step(&w, type);
	/* One byte less, one more */
	make(&m, true, true, list, len - 1);
	assert_int_equal(read_all(&block, &m), -EINVAL);
	make(&m, true, true, list, len + 1);
	assert_int_equal(read_all(&block, &m), -EINVAL);
}

static void test_every_action(void **state)
{
	(void)state;
	for (size_t v = 0; v < sizeof(versions) / sizeof(versions[0]); v++) {
		minor = versions[v];
		for (int type = 0; type < HW_ACTION_COUNT; type++)
			if (type != HW_ACTION_REPEATED)
				check_action(type);
	}
}

static void test_unknown_actions(void **state)
{
	uint8_t list[64] = { 0 };
	int type;

	(void)state;
	for (type = HW_ACTION_COUNT; type < 256; type++) {
		struct h8l_block block = { 0 };
		struct message m;

		put_head(list, type);
		make(&m, true, true, list, 5);
		assert_int_equal(read_all(&block, &m), -EINVAL);
	}
}

static void test_frames(void **state)
{
	const uint8_t list[5] = { HW_ACTION_BURST_CREDITS_START, 255, 255, 255, 255 };
	struct h8l_block block = { 0 };
	struct message m;
	uint32_t len;

#define BAD(change) \
	do { \
		make(&m, true, true, list, sizeof(list)); \
		change; \
		assert_int_equal(read_all(&block, &m), -EINVAL); \
	} while (0)
	(void)state;
	make(&m, true, true, list, sizeof(list));
	assert_int_equal(read_all(&block, &m), 0);
	make(&m, true, true, list, 0);
	assert_int_equal(read_all(&block, &m), 0);
	BAD(info_of(&m)->first_len = htobe32(2));
	BAD(info_of(&m)->last_len = 0);
	BAD(info_of(&m)->type_len = 1);
	BAD(info_of(&m)->list_len = htobe32(4));
	BAD(info_of(&m)->list_len = htobe32(6));
	BAD(info_of(&m)->list_len = UINT32_MAX);
	BAD(m.data[19] = 3);
	BAD(m.data[16] = 1);
	BAD(m.len++);
	/* A number that firmware has seen before may be dropped unread. */
	BAD(m.data[11] = 1);
	for (len = 0; len < HW_CTRL_REQUEST_HEAD + sizeof(struct hw_context_info); len++)
		BAD(m.len = len);
#undef BAD
}

/* A block with three bodies of one byte, over two messages */
static void test_block_over_messages(void **state)
{
	uint8_t list[16] = { 0 };
	struct h8l_block block = { 0 };
	struct message m;

	(void)state;
	put_head(list, HW_ACTION_REPEATED);
	list[5] = 3;
	list[6] = 0;
	list[7] = HW_ACTION_DISABLE_LCU;
	make(&m, true, false, list, 9);
	assert_int_equal(read_all(&block, &m), 0);
	assert_int_equal(block.left, 2);
	make(&m, false, false, list + 9, 1);
	assert_int_equal(read_all(&block, &m), 0);
	make(&m, false, true, list + 9, 1);
	assert_int_equal(read_all(&block, &m), 0);
	/* Not all of them come */
	make(&m, true, true, list, 9);
	assert_int_equal(read_all(&block, &m), -EINVAL);
	/* None, begun in the middle, blocks in blocks, the head cut */
	list[5] = 0;
	make(&m, true, false, list, 9);
	assert_int_equal(read_all(&block, &m), -EINVAL);
	list[5] = 3;
	list[6] = 1;
	make(&m, true, false, list, 9);
	assert_int_equal(read_all(&block, &m), -EINVAL);
	list[6] = 0;
	list[7] = HW_ACTION_REPEATED;
	make(&m, true, false, list, 9);
	assert_int_equal(read_all(&block, &m), -EINVAL);
	list[7] = HW_ACTION_DISABLE_LCU;
	make(&m, true, false, list, 7);
	assert_int_equal(read_all(&block, &m), -EINVAL);
}

/* What firmware did not take says nothing about the next message. */
static void test_lost_message(void **state)
{
	const uint8_t list[5] = { HW_ACTION_BURST_CREDITS_START, 255, 255, 255, 255 };
	struct h8l_block block = { .type = HW_ACTION_DISABLE_LCU, .left = 9, .lost = 1 };
	struct message m;

	(void)state;
	make(&m, false, true, list, sizeof(list));
	assert_int_equal(read_all(&block, &m), -EINVAL);
	make(&m, true, true, list, sizeof(list));
	assert_int_equal(read_all(&block, &m), 0);
	assert_int_equal(block.lost, 0);
	assert_int_equal(block.left, 0);
}

/* ---- against the firmware's own reading ---- */

static uint32_t random_body(uint8_t *at, uint8_t type)
{
	uint32_t i;

	for (i = 0; i < size_of(type); i++)
		at[i] = seeded(4) ? seeded(256) : seeded(3);
	/* Firmware that computes portions is not known. */
	if (is_longer(type) && seeded(8))
		at[table[type].buf - 1] = 1;
	return size_of(type);
}

static uint8_t random_type(void)
{
	uint8_t type = seeded(HW_ACTION_COUNT);

	return type == HW_ACTION_REPEATED ? 0 : type;
}

static uint32_t random_block(uint8_t *at)
{
	uint32_t len = put_head(at, HW_ACTION_REPEATED), i;
	uint8_t type = random_type(), count = 1 + seeded(6);

	at[len] = count;
	at[len + 1] = seeded(16) == 0;
	at[len + 2] = type;
	len += 3;
	for (i = 0; i < count; i++)
		len += random_body(at + len, type);
	return len;
}

/* A list that is right, or has a few wrong bytes, or is cut */
static uint32_t random_list(uint8_t *list)
{
	uint32_t len = 0, i, actions = seeded(6);

	for (i = 0; i < actions && len < MAX_LIST - 300; i++) {
		if (seeded(4)) {
			uint8_t type = random_type();

			len += put_head(list + len, type);
			len += random_body(list + len, type);
		} else {
			len += random_block(list + len);
		}
	}
	for (i = seeded(4) ? 0 : 1 + seeded(3); len && i; i--)
		list[seeded(len)] = seeded(2) ? seeded(HW_ACTION_COUNT) : seeded(256);
	return seeded(8) || !len ? len : seeded(len);
}

/* A list in the hands of the firmware, which may change its copy */
struct theirs {
	uint8_t bytes[MAX_LIST];
	struct fw_list list;
	struct fw_cursor cursor;
	struct fw_step step;
	uint32_t len;			/* before it was changed */
};

static void give(struct theirs *t, const uint8_t *list, uint32_t len)
{
	*t = (struct theirs){ .list = { t->bytes, len, false }, .len = len };
	memcpy(t->bytes, list, len);
}

static uint32_t their_next(struct theirs *t)
{
	return minor < 21 ? fw_old_next(&t->list, minor, &t->cursor, &t->step) :
			    fw_list_next(&t->list, &t->cursor, &t->step);
}

/* How far the firmware has read of the list as it was sent */
static uint32_t place_of(const struct theirs *t)
{
	return t->cursor.offset + (t->len - t->list.len);
}

/* Where a message may end: what host libraries send is never cut elsewhere. */
static uint32_t next_cut(const uint8_t *list, uint32_t len, uint32_t from)
{
	uint32_t steps = 1 + seeded(4);
	struct theirs t;

	give(&t, list, len);
	while (place_of(&t) <= from || --steps)
		if (their_next(&t) != 1)
			return len;
	return seeded(16) ? place_of(&t) : from + seeded(len - from + 1);
}

/* Both have read up to `to` and found the same; firmware has taken notice of a byte
 * that is out of its copy.
 */
static void compare_step(const struct h8l_step *ours, const struct theirs *t, const uint8_t *to)
{
	uint32_t more = is_longer(ours->type);
	uint32_t at = more ? table[ours->type].buf - 1u : 0;

	assert_int_equal(ours->type, t->step.type);
	assert_ptr_equal(ours->body + size_of(ours->type), to);
	assert_memory_equal(ours->body, t->step.body, at);
	assert_true(!more || ours->body[at] == 1);
	assert_memory_equal(ours->body + at + more, t->step.body + at,
			    table[ours->type].size - at);
}

/*
 * Walks message by message beside the firmware, which has all of them joined.
 * What the driver takes, firmware reads in the same way or refuses.
 */
static void compare(const uint8_t *list, uint32_t len)
{
	struct h8l_block block = { 0 };
	uint32_t from = 0, to, status = 1;
	struct h8l_step ours;
	struct message m;
	struct h8l_walk w;
	struct theirs t;
	int ret;

	give(&t, list, len);
	do {
		to = next_cut(list, len, from);
		make(&m, !from, to == len, list + from, to - from);
		if (begin(&w, &block, &m))
			return;
		while ((ret = h8l_context_next(&w, &ours)) == 1) {
			status = their_next(&t);
			if (status != 1)
				break;
			compare_step(&ours, &t, list_of(&m) + place_of(&t) - from);
		}
		from = to;
	} while (!ret && status == 1 && from < len);
	if (!ret && status == 1)
		assert_int_equal(their_next(&t), 0);
}

static void test_as_firmware_reads_it(void **state)
{
	uint8_t list[MAX_LIST];
	int i;

	minor = *(const uint32_t *)*state;
	for (i = 0; i < ROUNDS; i++)
		compare(list, random_list(list));
}

/* What firmware takes and a host would send, the driver takes, too. */
static void test_right_lists_pass(void **state)
{
	uint8_t list[MAX_LIST];
	int i, taken = 0;

	minor = *(const uint32_t *)*state;
	for (i = 0; i < ROUNDS; i++) {
		struct h8l_block block = { 0 };
		struct message m;
		struct theirs t;
		uint32_t status;

		give(&t, list, random_list(list));
		while ((status = their_next(&t)) == 1)
			;
		if (status)
			continue;
		make(&m, true, true, list, t.len);
		assert_int_equal(read_all(&block, &m), 0);
		taken++;
	}
	assert_in_range(taken, ROUNDS / 10, ROUNDS - 1);
}

int main(void)
{
#define RANDOM(text, v) \
	{ "as firmware " text " reads it", test_as_firmware_reads_it, NULL, NULL, \
	  (void *)(uintptr_t)&versions[v] }, \
	{ "right lists for " text, test_right_lists_pass, NULL, NULL, \
	  (void *)(uintptr_t)&versions[v] }
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_action),
		cmocka_unit_test(test_unknown_actions),
		cmocka_unit_test(test_frames),
		cmocka_unit_test(test_block_over_messages),
		cmocka_unit_test(test_lost_message),
		RANDOM("4.17", 0), RANDOM("4.18", 1), RANDOM("4.19", 2), RANDOM("4.23", 5),
	};

	return cmocka_run_group_tests_name("how the driver reads contexts", tests, seeded_setup,
					   NULL);
}
