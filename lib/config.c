// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <string.h>

#include "config.h"

#define MAX_LIST 65535		/* descriptors that the stock library puts in a list */

/* ---- sizes ---- */

static uint64_t group_bytes(const struct hef_action *actions, size_t length, uint8_t channel)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < length; i++)
		if (actions[i].ccw.channel == channel)
			bytes += actions[i].ccw.size;
	return bytes;
}

/* As the stock library counts: with pointers into the file (container 1 and
 * later) every pointer by itself, although a group is one transfer.
 */
static uint64_t group_descs(const struct hef_action *actions, size_t length, uint8_t channel,
			    unsigned int container_version, uint32_t page)
{
	uint64_t descs = 0;

	if (container_version == 0)
		return div_round_up(group_bytes(actions, length, channel), page);
	for (size_t i = 0; i < length; i++)
		if (actions[i].ccw.channel == channel)
			descs += div_round_up(actions[i].ccw.size, page);
	return descs;
}

size_t config_group_length(const struct hef_action_list *actions, size_t first)
{
	size_t length = 0;

	while (first + length < actions->count &&
	       actions->items[first + length].type == HEF_ACTION_CCW)
		length++;
	return length;
}

static uint64_t stream_descs(const struct hef_action_list *actions, uint8_t channel,
			     unsigned int container_version, uint32_t page)
{
	uint64_t descs = 0;

	for (size_t i = 0; i < actions->count; i++) {
		size_t length = config_group_length(actions, i);

		if (!length)
			continue;
		descs += group_descs(actions->items + i, length, channel, container_version, page);
		i += length - 1;
	}
	return descs;
}

/* ---- making ---- */

static int create_stream(const struct h8l_device *device, struct config_stream *stream,
			 uint8_t channel, uint32_t descs, uint32_t page, struct h8l_error *error)
{
	struct program program = {
		.size = (uint64_t)descs * page,
		.transfers = 1,
		.channel = channel,
		.bind = true,
		.irq = HAILO8L_IRQ_NONE,
	};
	int err = dma_buffer_create(device, program.size, HAILO8L_DIR_TO_DEVICE, &stream->buffer,
				    error);

	err = err ?: desc_list_create(device, descs, page, false, &stream->list, error);
	return err ?: desc_list_program(device, &stream->list, &stream->buffer, &program, error);
}

static int plan_stream(const struct h8l_device *device, const struct hef_action_list *actions,
		       uint8_t channel, unsigned int container_version,
		       struct config_stream *stream, struct h8l_error *error)
{
	uint32_t most = device->identity.max_page_size;
	uint32_t page = most < CONFIG_PAGE_SIZE ? most : CONFIG_PAGE_SIZE;

	for (; page <= most; page *= 2) {
		uint64_t descs = stream_descs(actions, channel, container_version, page);

		if (!descs)
			return 0;
		if (descs + 1 <= MAX_LIST)
			return create_stream(device, stream, channel, (uint32_t)descs + 1, page,
					     error);
	}
	return fail(error, -ENOTSUP, "the network has more configuration words on one channel "
		    "than %d descriptors of %" PRIu32 " bytes can carry", MAX_LIST, most);
}

int config_create(const struct h8l_device *device, const struct hef_action_list *actions,
		  unsigned int container_version, struct config_set *set,
		  struct h8l_error *error)
{
	int err = 0;

	for (uint8_t i = 0; i < HW_MAX_CONFIG_CHANNELS && !err; i++)
		err = plan_stream(device, actions, i, container_version, &set->stream[i], error);
	return err;
}

void config_release(const struct h8l_device *device, struct config_set *set)
{
	for (unsigned int i = 0; i < HW_MAX_CONFIG_CHANNELS; i++) {
		desc_list_release(device, &set->stream[i].list);
		dma_buffer_release(device, &set->stream[i].buffer);
	}
}

/* ---- filling ---- */

static bool contains(const struct config_group *group, uint8_t channel)
{
	for (unsigned int i = 0; i < group->count; i++)
		if (group->channel[i] == channel)
			return true;
	return false;
}

/* The stock library walks a hash map: with version 0 in rising order, else the
 * channel that appears last comes first. Reference hef.md section 7.
 */
static void order_channels(const struct hef_action *actions, size_t length,
			   unsigned int container_version, struct config_group *group)
{
	group->count = 0;
	for (uint8_t c = 0; container_version == 0 && c < HW_MAX_CONFIG_CHANNELS; c++)
		if (group_bytes(actions, length, c))
			group->channel[group->count++] = c;
	for (size_t i = 0; container_version != 0 && i < length; i++) {
		uint8_t channel = actions[i].ccw.channel;

		if (contains(group, channel))
			continue;
		memmove(group->channel + 1, group->channel, group->count);
		group->channel[0] = channel;
		group->count++;
	}
}

#define COPY_BLOCK 128

/* Megabytes at a time, so worth a thought: what compilers make of a memcpy() of
 * a known size are a few moves of vector registers.
 */
static void copy_bytes(uint8_t *to, const uint8_t *from, size_t size)
{
	for (; size >= COPY_BLOCK; size -= COPY_BLOCK) {
		memcpy(to, from, COPY_BLOCK);
		to += COPY_BLOCK;
		from += COPY_BLOCK;
	}
	memcpy(to, from, size);
}

/* The chip cannot fetch them from the file: there they lie at odd addresses,
 * with gaps in a transfer, while a descriptor counts whole pages from an aligned
 * one, and the driver refuses a buffer_offset that is no multiple of a page.
 */
static uint64_t copy_words(uint8_t *to, const struct hef_action *actions, size_t length,
			   uint8_t channel)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < length; i++) {
		if (actions[i].ccw.channel != channel)
			continue;
		copy_bytes(to + bytes, actions[i].ccw.data, actions[i].ccw.size);
		bytes += actions[i].ccw.size;
	}
	return bytes;
}

/* Every transfer starts on a page; its last descriptor wakes the firmware */
static int add_transfer(const struct h8l_device *device, struct config_stream *stream,
			const struct hef_action *actions, size_t length, uint8_t channel,
			uint16_t *descs, struct h8l_error *error)
{
	uint32_t page = stream->list.page_size;
	struct program program = {
		.offset = (uint64_t)stream->desc_used * page,
		.transfers = 1,
		.first_desc = stream->desc_used,
		.channel = channel,
		.irq = HAILO8L_IRQ_DEVICE,
	};

	program.size = copy_words((uint8_t *)stream->buffer.data + program.offset, actions, length,
				  channel);
	*descs = (uint16_t)div_round_up(program.size, page);
	stream->desc_used += *descs;
	return desc_list_program(device, &stream->list, &stream->buffer, &program, error);
}

int config_add_group(const struct h8l_device *device, struct config_set *set,
		     const struct hef_action *actions, size_t length,
		     unsigned int container_version, struct config_group *group,
		     struct h8l_error *error)
{
	int err = 0;

	order_channels(actions, length, container_version, group);
	for (unsigned int i = 0; i < group->count && !err; i++)
		err = add_transfer(device, &set->stream[group->channel[i]], actions, length,
				   group->channel[i], &group->descs[i], error);
	return err;
}

int config_flush(const struct h8l_device *device, const struct config_set *set,
		 struct h8l_error *error)
{
	int err = 0;

	for (unsigned int i = 0; i < HW_MAX_CONFIG_CHANNELS && !err; i++)
		if (set->stream[i].buffer.data)
			err = dma_buffer_flush(device, &set->stream[i].buffer);
	return err ? fail_errno(error, err, "handing configuration words to the chip") : 0;
}
