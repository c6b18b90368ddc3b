// SPDX-License-Identifier: MIT
/*
 * Action lists: walking them and what can be checked without executing them.
 * Encoding: reference firmware-control.md 3.3 and 3.4.
 */
#include "tests/emulator/action_size.h"
#include "tests/emulator/fw.h"

#define NO_TYPE		(-1)

int fw_action_size(uint8_t type)
{
	return type < HW_ACTION_COUNT ? action_size[type] : NO_TYPE;
}

bool fw_action_repeats(uint8_t type)
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
	case HW_ACTION_FETCH_CCW_BURSTS:
	case HW_ACTION_ENABLE_NMS:
	case HW_ACTION_SWITCH_LCU_BATCH:
		return true;
	default:
		return false;
	}
}

static uint32_t enter_repeated(const struct fw_list *list, struct fw_cursor *cursor)
{
	struct hw_repeated head;

	memcpy(&head, list->bytes + cursor->offset, sizeof(head));
	if (head.last_executed)
		return FW_CS_REPEATED_HEADER;
	if (!fw_action_repeats(head.type))
		return FW_CS_REPEATED_TYPE;
	if (!head.count)
		return FW_CS_REPEATED_COUNT;
	cursor->offset += sizeof(head);
	cursor->repeat_type = head.type;
	cursor->repeat_left = head.count;
	return 0;
}

static uint32_t take_body(const struct fw_list *list, struct fw_cursor *cursor, uint8_t type,
			  struct fw_step *step)
{
	uint32_t size = fw_action_size(type);

	if (size > list->len - cursor->offset)
		return FW_CS_MISALIGNED;
	step->type = type;
	step->action = cursor->action;
	step->index = cursor->index;
	step->body = list->bytes + cursor->offset;
	cursor->offset += size;
	return 1;
}

static uint32_t take_repeated(const struct fw_list *list, struct fw_cursor *cursor,
			      struct fw_step *step)
{
	uint32_t status;

	step->repeat = list->bytes[cursor->action + sizeof(struct hw_action)] -
		       cursor->repeat_left;
	status = take_body(list, cursor, cursor->repeat_type, step);
	if (status == 1 && --cursor->repeat_left == 0)
		cursor->index++;
	return status;
}

uint32_t fw_list_next(const struct fw_list *list, struct fw_cursor *cursor,
		      struct fw_step *step)
{
	uint32_t status;
	uint8_t type;

	if (cursor->repeat_left)
		return take_repeated(list, cursor, step);
	if (cursor->offset == list->len)
		return 0;
	if (list->len - cursor->offset < sizeof(struct hw_action))
		return FW_CS_MISALIGNED;
	cursor->action = cursor->offset;
	type = list->bytes[cursor->offset];
	if (fw_action_size(type) == NO_TYPE)
		return HW_STATUS_CS_INVALID_ACTION;
	cursor->offset += sizeof(struct hw_action);
	if (type == HW_ACTION_REPEATED) {
		if (list->len - cursor->offset < sizeof(struct hw_repeated))
			return FW_CS_MISALIGNED;
		status = enter_repeated(list, cursor);
		return status ? status : take_repeated(list, cursor, step);
	}
	step->repeat = 0;
	status = take_body(list, cursor, type, step);
	if (status == 1)
		cursor->index++;
	return status;
}

/* ---- checks ---- */

uint32_t fw_buffer_check(const struct hw_host_buffer *buf)
{
	uint32_t page = le16toh(buf->page_size), count = le32toh(buf->desc_count);

	if (buf->type)				/* continuous buffers: not over PCIe */
		return FW_CS_BUFFER_TYPE;
	if (le64toh(buf->dma_address) % HW_VDMA_LIST_ALIGN)
		return HW_STATUS_CS_LIST_NOT_ALIGNED;
	if (page < HW_DESC_PAGE_MIN || page > HW_DESC_PAGE_MAX || page & (page - 1))
		return FW_CS_PAGE_SIZE;
	if (count < HW_VDMA_MIN_DESCS || count > HW_VDMA_MAX_DESCS)
		return FW_CS_DEPTH;
	if (!buf->bytes_in_pattern || le32toh(buf->bytes_in_pattern) > page * count)
		return FW_VDMA_PATTERN;
	return 0;
}

/* The host buffer an action carries, NULL for most. */
static const struct hw_host_buffer *buffer_of(const struct fw_step *step)
{
	const void *body = step->body;

	switch (step->type) {
	case HW_ACTION_ACTIVATE_BOUNDARY_INPUT:
		return &((const struct hw_activate_boundary_input *)body)->buf;
	case HW_ACTION_ACTIVATE_BOUNDARY_OUTPUT:
	case HW_ACTION_ACTIVATE_INTER_OUTPUT:
		return &((const struct hw_activate_output *)body)->buf;
	case HW_ACTION_ACTIVATE_INTER_INPUT:
		return &((const struct hw_activate_inter_input *)body)->buf;
	case HW_ACTION_ACTIVATE_DDR_INPUT:
		return &((const struct hw_activate_ddr_input *)body)->buf;
	case HW_ACTION_ACTIVATE_DDR_OUTPUT:
		return &((const struct hw_activate_ddr_output *)body)->buf;
	case HW_ACTION_ACTIVATE_CFG_CHANNEL:
		return &((const struct hw_activate_cfg_channel *)body)->buf;
	case HW_ACTION_OPEN_BOUNDARY_INPUT:
		return &((const struct hw_open_boundary_input *)body)->buf;
	case HW_ACTION_OPEN_BOUNDARY_OUTPUT:
		return &((const struct hw_open_boundary_output *)body)->buf;
	default:
		return NULL;
	}
}

/* A config channel must be one that the application header announced. */
static uint32_t check_config_channel(const struct hw_app_header *header, uint8_t channel,
				     uint8_t stream)
{
	if (!header && stream < HW_MAX_CONFIG_CHANNELS)
		return fw_is_input(HW_CHANNEL_OF(channel)) ? 0 : FW_CS_CHANNEL;
	if (!header || stream >= header->config_channels)
		return FW_CS_CONFIG_STREAM;
	return header->config_channel[stream] == channel ? 0 : FW_CS_CHANNEL;
}

static uint32_t check_step(const struct fw_step *step, const struct hw_app_header *header)
{
	const struct hw_host_buffer *buf = buffer_of(step);

	switch (step->type) {
	case HW_ACTION_FETCH_CCW_BURSTS:
		return FW_CCW_BURSTS_REFUSED;
	case HW_ACTION_ACTIVATE_CACHE_INPUT:
	case HW_ACTION_ACTIVATE_CACHE_OUTPUT:
	case HW_ACTION_WAIT_CACHE_UPDATED:
		return FW_CS_NOT_SUPPORTED;
	case HW_ACTION_ACTIVATE_CFG_CHANNEL:
	case HW_ACTION_DEACTIVATE_CFG_CHANNEL:
		if (check_config_channel(header, step->body[0], step->body[1]))
			return check_config_channel(header, step->body[0], step->body[1]);
		break;
	}
	return buf ? fw_buffer_check(buf) : 0;
}

uint32_t fw_list_check(const struct fw_list *list, const struct hw_app_header *header)
{
	struct fw_cursor cursor = { 0 };
	struct fw_step step;
	uint32_t status;

	while ((status = fw_list_next(list, &cursor, &step)) == 1) {
		status = check_step(&step, header);
		if (status)
			return status;
	}
	return status;
}
