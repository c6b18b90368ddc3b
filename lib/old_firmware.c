// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "old_firmware.h"

struct hw_old_app_header old_header(const struct hw_app_header *header)
{
	struct hw_old_app_header old = {
		.dynamic_contexts = header->dynamic_contexts,
		.preliminary_run_asap = header->preliminary_run_asap,
		.batch_register_config = header->batch_register_config,
		.can_fast_batch_switch = header->can_fast_batch_switch,
		.networks = header->networks,
		.csm_buffer_size = header->csm_buffer_size,
	};

	for (unsigned int i = 0; i < header->networks && i < HW_OLD_HEADER_NETWORKS; i++)
		old.batch_size[i] = header->batch_size;
	return old;
}

/* Where the stream registers are in the body of an action, 0: nowhere */
static size_t registers_at(uint8_t type)
{
	switch (type) {
	case HW_ACTION_ACTIVATE_BOUNDARY_INPUT:
		return offsetof(struct hw_activate_boundary_input, reg);
	case HW_ACTION_ACTIVATE_BOUNDARY_OUTPUT:
	case HW_ACTION_ACTIVATE_INTER_OUTPUT:
		return offsetof(struct hw_activate_output, reg);
	case HW_ACTION_ACTIVATE_INTER_INPUT:
		return offsetof(struct hw_activate_inter_input, reg);
	case HW_ACTION_ACTIVATE_DDR_INPUT:
		return offsetof(struct hw_activate_ddr_input, reg);
	case HW_ACTION_ACTIVATE_DDR_OUTPUT:
		return offsetof(struct hw_activate_ddr_output, reg);
	default:
		return 0;
	}
}

/* Files that want the firmware to compute the portions are refused */
static void insert_by_host(struct hef_action *action, size_t at)
{
	memmove(action->body + at + 1, action->body + at, action->size - at);
	action->body[at] = 1;
	action->size++;
}

/* Of files made for measuring */
static bool is_too_new(uint8_t type, uint32_t minor)
{
	return minor < FIRMWARE_SLEEP && (type == HW_ACTION_SLEEP || type == HW_ACTION_HALT);
}

static int refuse(const struct h8l_device *device, uint8_t type, struct h8l_error *error)
{
	const uint32_t *v = device->identity.firmware;

	return fail(error, -ENOTSUP, "%s: firmware %" PRIu32 ".%" PRIu32 ".%" PRIu32
		    " cannot %s between its steps, as the network file wants; %u.%u to %u.%u can",
		    device->node, v[0], v[1], v[2], type == HW_ACTION_SLEEP ? "sleep" : "halt",
		    FIRMWARE_MAJOR, FIRMWARE_SLEEP, FIRMWARE_MAJOR, FIRMWARE_MAX);
}

int old_actions(const struct h8l_device *device, struct action_list *list,
		struct h8l_error *error)
{
	for (size_t i = 0; i < list->count; i++) {
		uint8_t type = list->items[i].type;
		size_t registers = registers_at(type);

		if (is_too_new(type, device->identity.firmware[1]))
			return refuse(device, type, error);
		if (registers)
			insert_by_host(&list->items[i], registers + HW_OLD_REG_BY_HOST_AT);
	}
	return 0;
}
