// SPDX-License-Identifier: MIT
/* vDMA channels as the context switching sees them: opened, found, closed. */
#include <stdlib.h>

#include "tests/emulator/fw.h"

#define FW_VDMA_POWER_OF_TWO	0x402d0011u

static uint32_t check_id(uint8_t id)
{
	return HW_ENGINE_OF(id) || id & 0x80 ? FW_CS_CHANNEL : 0;
}

uint32_t fw_channel_open(struct fw *fw, uint8_t id, enum fw_role role,
			 const struct hw_host_buffer *buf)
{
	struct fw_channel *ch = &fw->cs.channel[HW_CHANNEL_OF(id)];
	struct vdma_list list = {
		.address = le64toh(buf->dma_address),
		.count = le32toh(buf->desc_count),
		.page_size = le16toh(buf->page_size),
	};

	if (check_id(id))
		return FW_CS_CHANNEL;
	if (ch->role != FW_CLOSED)
		return FW_CS_ALREADY_SET;
	if ((role == FW_BOUNDARY || role == FW_DDR) && list.count & (list.count - 1))
		return FW_VDMA_POWER_OF_TWO;
	memset(ch, 0, sizeof(*ch));
	if (role != FW_CONFIG) {
		ch->frame = calloc(1, le32toh(buf->bytes_in_pattern));
		if (!ch->frame)
			return HW_STATUS_CS_SRAM_FULL;
	}
	if (vdma_start(fw->emu, HW_CHANNEL_OF(id), &list)) {
		free(ch->frame);
		ch->frame = NULL;
		return FW_CS_DEPTH;
	}
	ch->role = role;
	ch->buf = *buf;
	ch->frame_bytes = le32toh(buf->bytes_in_pattern);
	ch->room = ch->frame_bytes;
	return 0;
}

uint32_t fw_channel_lookup(struct fw *fw, uint8_t id, bool input, struct fw_channel **channel)
{
	if (check_id(id))
		return FW_CS_CHANNEL;
	if (fw_is_input(HW_CHANNEL_OF(id)) != input)
		return FW_CS_CHANNEL_DIRECTION;
	*channel = &fw->cs.channel[HW_CHANNEL_OF(id)];
	return 0;
}

void fw_channel_close(struct fw *fw, unsigned int channel)
{
	struct fw_channel *ch = &fw->cs.channel[channel];

	if (ch->role == FW_CLOSED)
		return;
	vdma_abort(fw->emu, channel);
	free(ch->frame);
	memset(ch, 0, sizeof(*ch));
}

void fw_channels_close(struct fw *fw)
{
	unsigned int i;

	for (i = 0; i < FW_CHANNELS; i++)
		fw_channel_close(fw, i);
}
