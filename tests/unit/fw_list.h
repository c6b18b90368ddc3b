/* SPDX-License-Identifier: MIT */
/* Action lists built by hand. Include after cmocka.h. */
#ifndef FW_LIST_H
#define FW_LIST_H

#include <stdint.h>
#include <string.h>

#include "hw/context.h"

#define PAGE		64		/* of every list in these tests */

struct list {
	uint8_t bytes[1400];
	uint32_t len;
};

static inline void add(struct list *list, uint8_t type, const void *body, size_t size)
{
	struct hw_action head = { type, HW_ACTION_TIMESTAMP };

	assert_true(list->len + sizeof(head) + size <= sizeof(list->bytes));
	memcpy(list->bytes + list->len, &head, sizeof(head));
	if (size)
		memcpy(list->bytes + list->len + sizeof(head), body, size);
	list->len += sizeof(head) + size;
}

/* An action whose body is these bytes */
#define ADD(list, type, ...) \
	do { \
		const uint8_t body_[] = { __VA_ARGS__ }; \
		add(list, type, body_, sizeof(body_)); \
	} while (0)

static inline struct hw_host_buffer buffer(uint64_t list, uint32_t count, uint32_t bytes)
{
	return (struct hw_host_buffer){ 0, list, PAGE, count, bytes };
}

/* `bytes` in one buffer */
static inline struct hw_stream_reg reg(uint32_t bytes)
{
	return (struct hw_stream_reg){ bytes, 1, bytes, 1, 0, 0, 0, 1 };
}

#endif /* FW_LIST_H */
