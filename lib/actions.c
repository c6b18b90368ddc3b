// SPDX-License-Identifier: MIT
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "actions.h"
#include "hw/control.h"

/* ---- collecting ---- */

void actions_free(struct action_list *list)
{
	free(list->items);
	*list = (struct action_list){ 0 };
}

static bool grow(struct action_list *list)
{
	size_t capacity = list->capacity ? list->capacity * 2 : 64;
	struct hef_action *items = reallocarray(list->items, capacity, sizeof(*items));

	if (!items) {
		list->failed = true;
		return false;
	}
	list->items = items;
	list->capacity = capacity;
	return true;
}

void actions_add(struct action_list *list, uint8_t type, const void *body, size_t size)
{
	struct hef_action *action;

	if (list->count == list->capacity && !grow(list))
		return;
	action = &list->items[list->count++];
	action->type = type;
	action->size = (uint8_t)size;
	if (size)
		memcpy(action->body, body, size);
}

void actions_add_plain(struct action_list *list, uint8_t type)
{
	actions_add(list, type, NULL, 0);
}

/* ---- cutting into messages ---- */

/* A message is held back until the next piece does not fit or there is none,
 * since the last one of a list is marked.
 */
struct cutter {
	actions_send_fn *send;
	void *ctx;
	bool first;
	size_t size;
	uint8_t bytes[HW_CONTEXT_INFO_MAX_LIST];
};

static int send_chunk(struct cutter *c, bool last)
{
	int err = c->send(c->ctx, c->first, last, c->bytes, c->size);

	c->first = false;
	c->size = 0;
	return err;
}

/* Pieces are never cut */
static int add_piece(struct cutter *c, const void *head, size_t head_size, const void *body,
		     size_t body_size)
{
	int err = 0;

	if (c->size + head_size + body_size > sizeof(c->bytes))
		err = send_chunk(c, false);
	memcpy(c->bytes + c->size, head, head_size);
	c->size += head_size;
	if (body_size)
		memcpy(c->bytes + c->size, body, body_size);
	c->size += body_size;
	return err;
}

static int add_action(struct cutter *c, const struct hef_action *action)
{
	struct hw_action head = { action->type, htole32(HW_ACTION_TIMESTAMP) };

	return add_piece(c, &head, sizeof(head), action->body, action->size);
}

/* The head of a block and each of its bodies are pieces of their own */
static int add_block(struct cutter *c, const struct hef_action *actions, size_t count)
{
	struct {
		struct hw_action action;
		struct hw_repeated repeated;
	} __attribute__((packed)) head = {
		.action = { HW_ACTION_REPEATED, htole32(HW_ACTION_TIMESTAMP) },
		.repeated = { .count = (uint8_t)count, .type = actions[0].type },
	};
	int err = add_piece(c, &head, sizeof(head), NULL, 0);

	for (size_t i = 0; i < count && !err; i++)
		err = add_piece(c, actions[i].body, actions[i].size, NULL, 0);
	return err;
}

/* ---- merging ---- */

static bool is_mergeable(uint8_t type)
{
	switch (type) {
	case HW_ACTION_FETCH_CFG_DESCS:
	case HW_ACTION_TRIGGER_SEQUENCER:
	case HW_ACTION_FETCH_DATA:
	case HW_ACTION_ENABLE_LCU_DEFAULT:
	case HW_ACTION_ENABLE_LCU:
	case HW_ACTION_DISABLE_LCU:
	case HW_ACTION_CHANGE_STREAM_MAPPING:
	case HW_ACTION_ADD_DDR_PAIR:
	case HW_ACTION_ENABLE_NMS:
	case HW_ACTION_SWITCH_LCU_BATCH:
		return true;
	default:
		return false;
	}
}

static size_t run_length(const struct action_list *list, size_t first)
{
	size_t length = 1;

	while (length < HW_REPEATED_MAX && first + length < list->count &&
	       list->items[first + length].type == list->items[first].type)
		length++;
	return length;
}

int actions_serialise(const struct action_list *list, bool merge, actions_send_fn *send,
		      void *ctx)
{
	struct cutter c = { .send = send, .ctx = ctx, .first = true };
	size_t i = 0;
	int err = list->failed ? -ENOMEM : 0;

	while (i < list->count && !err) {
		const struct hef_action *action = &list->items[i];
		size_t length = merge && is_mergeable(action->type) ? run_length(list, i) : 1;

		if (length > 1)
			err = add_block(&c, action, length);
		else if (action->type != HEF_ACTION_NONE)
			err = add_action(&c, action);
		i += length;
	}
	if (err)
		return err;
	return c.size ? send_chunk(&c, true) : 0;
}
