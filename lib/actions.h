/* SPDX-License-Identifier: MIT */
/*
 * Action lists as the firmware takes them: equal actions merged, bytes cut
 * into messages. Reference configure-and-run.md sections 9.6, 10 and 12.
 */
#ifndef H8L_ACTIONS_H
#define H8L_ACTIONS_H

#include "error.h"
#include "hef.h"

/* A growing list. Only types that the firmware knows, and HEF_ACTION_NONE. */
struct action_list {
	struct hef_action *items;
	size_t count;
	size_t capacity;
	bool failed;			/* out of memory once: the list is useless */
};

void actions_free(struct action_list *list);
/* Adds an action with a copy of `size` bytes of parameters */
void actions_add(struct action_list *list, uint8_t type, const void *body, size_t size);
void actions_add_plain(struct action_list *list, uint8_t type);

/* Takes `size` bytes of a list, at most HW_CONTEXT_INFO_MAX_LIST; 0 or error */
typedef int actions_send_fn(void *ctx, bool first, bool last, const void *bytes, size_t size);

/* Hands the list over in messages. `merge`: equal neighbours become blocks. */
int actions_serialise(const struct action_list *list, bool merge, actions_send_fn *send,
		      void *ctx);

#endif /* H8L_ACTIONS_H */
