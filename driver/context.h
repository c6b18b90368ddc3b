/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a SET_CONTEXT_INFO says, as plain memory: no device, no locks, no
 * allocation. Compiled into the module and into a unit test in user space.
 */
#ifndef _H8L_CONTEXT_H
#define _H8L_CONTEXT_H

#include <linux/types.h>

#include "hw/context.h"

/*
 * Minor versions of firmware 4.x whose application headers and action lists can
 * be read here, and the first where they are as today.
 */
#define H8L_MINOR_MIN	17
#define H8L_MINOR_MAX	24
#define H8L_NEW_LAYOUT	21

/**
 * struct h8l_block - what one message leaves for the next one
 * @type: of the repeated actions that a block has begun with
 * @left: bodies of them that are still to come
 * @lost: firmware may not have taken the last message, so that nobody knows
 *	what the next one means unless it begins a context
 *
 * Firmware joins the messages of a context before it reads them.
 */
struct h8l_block {
	__u8 type;
	__u8 left;
	__u8 lost;
};

/* One message on its way through h8l_context_next() */
struct h8l_walk {
	struct h8l_block *block;
	const __u8 *at, *end;
	__u8 last;			/* message of its context */
	__u8 minor;			/* the firmware that reads it is 4.minor */
};

/**
 * struct h8l_step - one action
 * @type: enum hw_action_type, never HW_ACTION_REPEATED
 * @channel: packed channel id that uses @buf
 * @firmware_driven: firmware decides how far @buf is used
 * @body: its parameters
 * @buf: descriptor list that it names, or NULL
 */
struct h8l_step {
	__u8 type;
	__u8 channel;
	__u8 firmware_driven;
	const __u8 *body;
	const struct hw_host_buffer *buf;
};

int h8l_context_begin(struct h8l_walk *w, struct h8l_block *block, const __u8 *data, __u32 len,
		      __u8 minor);
int h8l_context_next(struct h8l_walk *w, struct h8l_step *step);

#endif /* _H8L_CONTEXT_H */
