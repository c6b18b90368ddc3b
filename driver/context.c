// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading the action lists that are sent to firmware. What is read here must be
 * exactly what firmware reads, or a list that the caller does not own could
 * hide in a message. So everything is refused that could be read in two ways.
 *
 * Layouts by version: reference firmware-control.md 3.4 and 7, from the headers
 * of the stock library's versions 4.17.0 to 4.23.0. That firmware of the same
 * version reads what they say has been seen of 4.23 only, and is inferred of the
 * others; nothing public tells 4.24's, which is taken to be 4.23's.
 */
#include <asm/byteorder.h>
#include <linux/errno.h>
#include <linux/stddef.h>

#include "context.h"
#include "hw/control.h"

#define NO_BUFFER	0xff

/* Size of each action's body, and where it has a channel and a host buffer. */
struct shape {
	__u8 size;
	__u8 channel;
	__u8 buffer;
	__u8 firmware_driven;
	__u8 registers;			/* of a stream, in front of the buffer */
	__u8 since;			/* minor version that has it in this layout, 0: all */
};

/* HW_OLD_REG_BY_HOST_AT: one byte that registers have before firmware 4.21 */
#define OLD_MORE	1

#define PLAIN(bytes)	{ .size = (bytes), .buffer = NO_BUFFER }
#define SINCE(minor, bytes)	{ .size = (bytes), .buffer = NO_BUFFER, .since = (minor) }
#define BUFFER(type, ...) {				\
	.size = sizeof(struct type),			\
	.channel = offsetof(struct type, channel),	\
	.buffer = offsetof(struct type, buf),		\
	__VA_ARGS__					\
}

#define BOUNDARY	.registers = 1
#define INSIDE		.registers = 1, .firmware_driven = 1
#define CACHE		.firmware_driven = 1, .since = H8L_NEW_LAYOUT

static const struct shape shapes[HW_ACTION_COUNT] = {
	[HW_ACTION_FETCH_CFG_DESCS] = PLAIN(sizeof(struct hw_fetch_cfg_descs)),
	[HW_ACTION_TRIGGER_SEQUENCER] = PLAIN(sizeof(struct hw_trigger_sequencer)),
	[HW_ACTION_FETCH_DATA] = PLAIN(sizeof(struct hw_fetch_data)),
	[HW_ACTION_ENABLE_LCU_DEFAULT] = PLAIN(sizeof(struct hw_enable_lcu_default)),
	[HW_ACTION_ENABLE_LCU] = PLAIN(sizeof(struct hw_enable_lcu)),
	[HW_ACTION_DISABLE_LCU] = PLAIN(1),
	[HW_ACTION_ACTIVATE_BOUNDARY_INPUT] = BUFFER(hw_activate_boundary_input, BOUNDARY),
	[HW_ACTION_ACTIVATE_BOUNDARY_OUTPUT] = BUFFER(hw_activate_output, BOUNDARY),
	[HW_ACTION_ACTIVATE_INTER_INPUT] = BUFFER(hw_activate_inter_input, INSIDE),
	[HW_ACTION_ACTIVATE_INTER_OUTPUT] = BUFFER(hw_activate_output, INSIDE),
	[HW_ACTION_ACTIVATE_DDR_INPUT] = BUFFER(hw_activate_ddr_input, INSIDE),
	[HW_ACTION_ACTIVATE_DDR_OUTPUT] = BUFFER(hw_activate_ddr_output, INSIDE),
	[HW_ACTION_DEACTIVATE_CHANNEL] = PLAIN(sizeof(struct hw_deactivate_channel)),
	[HW_ACTION_CHANGE_STREAM_MAPPING] = PLAIN(sizeof(struct hw_change_stream_mapping)),
	[HW_ACTION_ADD_DDR_PAIR] = PLAIN(sizeof(struct hw_add_ddr_pair)),
	[HW_ACTION_DDR_BUFFERING_START] = PLAIN(0),
	[HW_ACTION_WAIT_LCU] = PLAIN(1),
	[HW_ACTION_WAIT_SEQUENCER] = PLAIN(1),
	[HW_ACTION_WAIT_INPUT_DONE] = PLAIN(sizeof(struct hw_wait_transfer_done)),
	[HW_ACTION_WAIT_OUTPUT_DONE] = PLAIN(sizeof(struct hw_wait_transfer_done)),
	[HW_ACTION_WAIT_MODULE_CONFIG] = PLAIN(1),
	[HW_ACTION_WAIT_APP_CHANGE] = PLAIN(0),
	[HW_ACTION_ACTIVATE_CFG_CHANNEL] = BUFFER(hw_activate_cfg_channel, .firmware_driven = 1),
	[HW_ACTION_DEACTIVATE_CFG_CHANNEL] = PLAIN(sizeof(struct hw_deactivate_cfg_channel)),
	[HW_ACTION_WAIT_DMA_IDLE] = PLAIN(sizeof(struct hw_wait_dma_idle)),
	[HW_ACTION_WAIT_NMS] = PLAIN(sizeof(struct hw_wait_nms)),
	[HW_ACTION_FETCH_CCW_BURSTS] = PLAIN(3),
	[HW_ACTION_VALIDATE_CHANNEL] = PLAIN(sizeof(struct hw_deactivate_channel)),
	[HW_ACTION_BURST_CREDITS_START] = PLAIN(0),
	[HW_ACTION_BURST_CREDITS_RESET] = PLAIN(0),
	[HW_ACTION_DDR_BUFFERING_RESET] = PLAIN(0),
	[HW_ACTION_OPEN_BOUNDARY_INPUT] = BUFFER(hw_open_boundary_input),
	[HW_ACTION_OPEN_BOUNDARY_OUTPUT] = BUFFER(hw_open_boundary_output),
	[HW_ACTION_ENABLE_NMS] = PLAIN(sizeof(struct hw_enable_nms)),
	[HW_ACTION_WRITE_DATA_BY_TYPE] = PLAIN(sizeof(struct hw_write_data_by_type)),
	[HW_ACTION_SWITCH_LCU_BATCH] = PLAIN(sizeof(struct hw_switch_lcu_batch)),
	[HW_ACTION_CHANGE_INPUT_BATCH] = PLAIN(1),
	[HW_ACTION_PAUSE_CHANNEL] = PLAIN(sizeof(struct hw_channel_direction)),
	[HW_ACTION_RESUME_CHANNEL] = PLAIN(sizeof(struct hw_channel_direction)),
	[HW_ACTION_ACTIVATE_CACHE_INPUT] = BUFFER(hw_activate_inter_input, CACHE),
	[HW_ACTION_ACTIVATE_CACHE_OUTPUT] = BUFFER(hw_activate_cache_output, CACHE),
	[HW_ACTION_WAIT_CACHE_UPDATED] = SINCE(18, 0),
	[HW_ACTION_SLEEP] = SINCE(19, 4),
	[HW_ACTION_HALT] = SINCE(19, 0),
};

static int check_frame(const struct hw_context_info *info, const __u8 *at, const __u8 *end)
{
	const __be32 one = __cpu_to_be32(1);

	if (info->first_len != one || info->last_len != one || info->type_len != one)
		return -EINVAL;
	return __be32_to_cpu(info->list_len) == (__u32)(end - at) ? 0 : -EINVAL;
}

/**
 * h8l_context_begin() - begin to read a message
 * @w: filled in
 * @block: what the message before left; changed as this one is read
 * @data: message
 * @len: its length
 * @minor: of the firmware's version, which is 4.minor
 *
 * Return: 0 or -EINVAL.
 */
int h8l_context_begin(struct h8l_walk *w, struct h8l_block *block, const __u8 *data, __u32 len,
		      __u8 minor)
{
	const struct hw_ctrl_request *head = (const void *)data;
	const struct hw_context_info *info = (const void *)(head + 1);
	int err;

	if (len < sizeof(*head) + sizeof(*info))
		return -EINVAL;
	/* A sequence number that came before may be dropped unread. */
	if (__be32_to_cpu(head->param_count) != 4 || head->sequence)
		return -EINVAL;
	w->block = block;
	w->at = (const void *)(info + 1);
	w->end = data + len;
	w->last = info->last;
	w->minor = minor;
	err = check_frame(info, w->at, w->end);
	if (err)
		return err;
	if (info->first) {
		block->left = 0;
		block->lost = 0;
	}
	return block->lost ? -EINVAL : 0;
}

static int take_body(struct h8l_walk *w, __u8 type, struct h8l_step *step)
{
	const struct shape *shape = &shapes[type];
	__u8 more = shape->registers && w->minor < H8L_NEW_LAYOUT ? OLD_MORE : 0;

	if (w->minor < shape->since || shape->size + more > w->end - w->at)
		return -EINVAL;
	step->type = type;
	step->body = w->at;
	step->channel = shape->buffer == NO_BUFFER ? 0 : w->at[shape->channel];
	step->firmware_driven = shape->firmware_driven;
	step->buf = shape->buffer == NO_BUFFER ? NULL :
		    (const void *)(w->at + shape->buffer + more);
	w->at += shape->size + more;
	return 1;
}

/*
 * Its bodies may go on in the next message. A count of 0 and a block that was
 * executed in part are nothing that a host sends.
 */
static int begin_block(struct h8l_walk *w)
{
	const struct hw_repeated *head = (const void *)w->at;

	if (sizeof(*head) > (__u32)(w->end - w->at))
		return -EINVAL;
	if (head->type >= HW_ACTION_COUNT || head->type == HW_ACTION_REPEATED ||
	    !head->count || head->last_executed)
		return -EINVAL;
	w->at += sizeof(*head);
	w->block->type = head->type;
	w->block->left = head->count;
	return 0;
}

static int take_action(struct h8l_walk *w, struct h8l_step *step)
{
	const struct hw_action *head = (const void *)w->at;

	if (sizeof(*head) > (__u32)(w->end - w->at) || head->type >= HW_ACTION_COUNT)
		return -EINVAL;
	w->at += sizeof(*head);
	return head->type == HW_ACTION_REPEATED ? begin_block(w) : take_body(w, head->type, step);
}

/**
 * h8l_context_next() - the next action of a message
 * @w: begun
 * @step: filled in
 *
 * Return: 1; 0 at the end; -EINVAL for what cannot be understood.
 */
int h8l_context_next(struct h8l_walk *w, struct h8l_step *step)
{
	int ret = 0;

	while (!ret && w->at != w->end) {
		if (!w->block->left) {
			ret = take_action(w, step);
			continue;
		}
		ret = take_body(w, w->block->type, step);
		w->block->left--;
	}
	/* Bodies that do not come would be taken from the next context. */
	if (!ret && w->last && w->block->left)
		return -EINVAL;
	return ret;
}
