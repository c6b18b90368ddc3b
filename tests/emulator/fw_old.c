// SPDX-License-Identifier: MIT
/*
 * Firmware before 4.21, as the headers of the stock library's versions 4.17 to
 * 4.20 tell it: reference firmware-control.md section 7. What the host sends is
 * brought into today's layout as it comes in, and no further difference made.
 */
#include <stddef.h>

#include "tests/emulator/fw.h"

#define FIRST_NEW_MINOR	21

uint32_t fw_minor(const struct fw *fw)
{
	return le32toh(fw->image[1].minor);
}

bool fw_is_old(const struct fw *fw)
{
	return fw_minor(fw) < FIRST_NEW_MINOR;
}

/* Config channels are not in it; batches of networks never differ here */
struct hw_app_header fw_old_header(const void *bytes)
{
	struct hw_old_app_header old;

	memcpy(&old, bytes, sizeof(old));
	return (struct hw_app_header){
		.dynamic_contexts = old.dynamic_contexts,
		.preliminary_run_asap = old.preliminary_run_asap,
		.batch_register_config = old.batch_register_config,
		.can_fast_batch_switch = old.can_fast_batch_switch,
		.is_abbale_supported = old.is_abbale_supported,
		.networks = old.networks,
		.csm_buffer_size = old.csm_buffer_size,
		.batch_size = old.batch_size[0],
		.external_action_list = old.external_action_list,
	};
}

bool fw_old_batches(const void *bytes)
{
	struct hw_old_app_header old;

	memcpy(&old, bytes, sizeof(old));
	for (unsigned int i = 0; i < HW_OLD_HEADER_NETWORKS; i++)
		if (old.batch_size[i] != (i < old.networks ? old.batch_size[0] : 0))
			return false;
	return true;
}

/* Offset of the stream registers in the body of an action, 0: it has none */
static uint32_t registers_at(uint8_t type)
{
	switch (type) {
	case HW_ACTION_ACTIVATE_BOUNDARY_INPUT:
	case HW_ACTION_ACTIVATE_DDR_INPUT:
	case HW_ACTION_ACTIVATE_DDR_OUTPUT:
		return offsetof(struct hw_activate_boundary_input, reg);
	case HW_ACTION_ACTIVATE_BOUNDARY_OUTPUT:
	case HW_ACTION_ACTIVATE_INTER_INPUT:
	case HW_ACTION_ACTIVATE_INTER_OUTPUT:
		return offsetof(struct hw_activate_output, reg);
	default:
		return 0;
	}
}

/* Takes the byte that later firmware does not have out of the action there.
 * What firmware does that computes the portions itself, nobody has told.
 */
static uint32_t drop_by_host(struct fw_list *list, uint32_t action)
{
	uint32_t registers = registers_at(list->bytes[action]);
	uint32_t at = action + sizeof(struct hw_action) + registers + HW_OLD_REG_BY_HOST_AT;

	if (!registers)
		return 0;
	if (at >= list->len)
		return FW_CS_MISALIGNED;
	if (list->bytes[at] != 1)
		return FW_CS_NOT_SUPPORTED;
	memmove(list->bytes + at, list->bytes + at + 1, list->len - at - 1);
	list->len--;
	return 0;
}

/* 4.18 brought the cache actions, in a layout that is not modelled; 4.19 two more */
static uint32_t check_type(uint8_t type, uint32_t minor)
{
	uint8_t count = minor < 18 ? HW_ACTION_ACTIVATE_CACHE_INPUT :
			minor < 19 ? HW_ACTION_SLEEP : HW_ACTION_COUNT;

	if (type >= count)
		return HW_STATUS_CS_INVALID_ACTION;
	if (type == HW_ACTION_ACTIVATE_CACHE_INPUT || type == HW_ACTION_ACTIVATE_CACHE_OUTPUT)
		return FW_CS_NOT_SUPPORTED;
	return 0;
}

/* As fw_list_next(); brings the action there into today's layout before. */
uint32_t fw_old_next(struct fw_list *list, uint32_t minor, struct fw_cursor *cursor,
		     struct fw_step *step)
{
	uint32_t status = 0;

	if (!cursor->repeat_left && cursor->offset < list->len) {
		status = check_type(list->bytes[cursor->offset], minor);
		status = status ? status : drop_by_host(list, cursor->offset);
	}
	return status ? status : fw_list_next(list, cursor, step);
}

uint32_t fw_old_list(struct fw_list *list, uint32_t minor)
{
	struct fw_cursor cursor = { 0 };
	struct fw_step step;
	uint32_t status;

	do
		status = fw_old_next(list, minor, &cursor, &step);
	while (status == 1);
	return status;
}
