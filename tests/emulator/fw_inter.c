// SPDX-License-Identifier: MIT
/*
 * Intermediate buffers: what one context writes is what another reads, byte for
 * byte and frame for frame, whatever the host does with its memory meanwhile.
 */
#include "tests/emulator/fw.h"
#include "tests/hef/pattern.h"

static struct fw_inter *find(struct fw *fw, uint64_t address)
{
	unsigned int i;

	for (i = 0; i < FW_MAX_INTER; i++)
		if (fw->cs.inter[i].address == address)
			return &fw->cs.inter[i];
	return NULL;
}

void fw_inter_wrote(struct fw *fw, const struct fw_channel *ch)
{
	uint64_t address = le64toh(ch->buf.dma_address);
	struct fw_inter *inter = find(fw, address);

	if (!inter)
		inter = find(fw, 0);
	if (!inter || ch->frames >= FW_MAX_BATCH)
		return;
	inter->address = address;
	inter->frames = ch->frames + 1;
	inter->hash[ch->frames] = pattern_hash(PATTERN_HASH_INIT, ch->frame, ch->used);
}

void fw_inter_read(struct fw *fw, const struct fw_channel *ch, unsigned int channel)
{
	const struct fw_inter *inter = find(fw, le64toh(ch->buf.dma_address));

	if (ch->frames >= FW_MAX_BATCH)
		return;
	if (inter && ch->frames < inter->frames &&
	    inter->hash[ch->frames] ==
	    pattern_hash(PATTERN_HASH_INIT, ch->frame, ch->frame_bytes))
		return;
	emu_violation(fw->emu, "channel %u: frame %u is not what was written to this buffer",
		      channel, ch->frames);
	fw_cs_fail(fw, FW_VDMA_PATTERN);
}
