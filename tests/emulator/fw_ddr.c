// SPDX-License-Identifier: MIT
/*
 * DDR buffers: rows that leave the chip and come back within a frame. Those of a
 * synthetic network are what it has computed, and it goes on with what comes back;
 * those of a real one are a function of where they belong, so that a row which
 * comes back from elsewhere shows.
 */
#include "tests/emulator/fw.h"

/* `out`, `in`: all rows of a frame; NULL for a real network */
struct rows {
	const uint8_t *out;
	uint8_t *in;
};

static bool give_descs(struct fw *fw, unsigned int channel)
{
	const struct fw_channel *ch = &fw->cs.channel[channel];

	return vdma_advance(fw->emu, channel, ch->frame_bytes / le16toh(ch->buf.page_size)) == 0;
}

static void make_row(const struct fw_channel *ch, const struct rows *rows, uint32_t row)
{
	uint32_t i;

	if (rows->out) {
		memcpy(ch->frame, rows->out + (size_t)row * ch->frame_bytes, ch->frame_bytes);
		return;
	}
	for (i = 0; i < ch->frame_bytes; i++)
		ch->frame[i] = row * 131 + i * 7 + ch->stream;
}

static bool write_row(struct fw *fw, const struct fw_ddr_pair *pair, const struct rows *rows,
		      uint32_t row)
{
	struct fw_channel *out = &fw->cs.channel[pair->d2h];

	make_row(out, rows, row);
	return give_descs(fw, pair->d2h) &&
	       vdma_write(fw->emu, pair->d2h, out->frame, out->frame_bytes) == out->frame_bytes;
}

static bool read_row(struct fw *fw, const struct fw_ddr_pair *pair, const struct rows *rows,
		     uint32_t row)
{
	struct fw_channel *out = &fw->cs.channel[pair->d2h], *in = &fw->cs.channel[pair->h2d];

	make_row(out, rows, row);
	if (!give_descs(fw, pair->h2d) ||
	    vdma_read(fw->emu, pair->h2d, in->frame, in->frame_bytes) != in->frame_bytes ||
	    memcmp(out->frame, in->frame, in->frame_bytes))
		return false;
	if (rows->in)
		memcpy(rows->in + (size_t)row * in->frame_bytes, in->frame, in->frame_bytes);
	return true;
}

/* As many rows as the buffer is said to hold are out before the first one comes
 * back: a buffer that is smaller, or overlaps itself, loses some.
 */
static bool move_pair(struct fw *fw, struct fw_ddr_pair *pair, const struct rows *source)
{
	uint32_t rows = le16toh(fw->cs.channel[pair->d2h].reg.core_buffers_per_frame);
	uint32_t ahead = fw->cs.channel[pair->d2h].buffered_rows, row;

	for (row = 0; row < rows + ahead - 1; row++) {
		if ((row >= rows || write_row(fw, pair, source, row)) &&
		    (row + 1 < ahead || row + 1 - ahead >= rows ||
		     read_row(fw, pair, source, row + 1 - ahead)))
			continue;
		emu_violation(fw->emu, "DDR buffer of channels %u and %u: row %u is lost",
			      pair->d2h, pair->h2d, row);
		fw_cs_fail(fw, FW_DDR_TIMEOUT);
		return false;
	}
	pair->moved = true;
	return true;
}

/* A pair stays until the next reset; its channels are open in their context only. */
static bool is_open(const struct fw *fw, const struct fw_ddr_pair *pair, unsigned int network)
{
	return pair->network == network && fw->cs.channel[pair->d2h].role == FW_DDR;
}

bool fw_ddr_move(struct fw *fw, unsigned int network)
{
	const struct rows none = { 0 };
	unsigned int i;

	for (i = 0; i < fw->cs.ddr_count; i++) {
		struct fw_ddr_pair *pair = &fw->cs.ddr[i];

		if (!is_open(fw, pair, network))
			continue;
		pair->moved = false;
		if (!nn_is_network(fw->nn) && !move_pair(fw, pair, &none))
			return false;
	}
	return true;
}

bool fw_ddr_used(struct fw *fw, unsigned int network)
{
	unsigned int i;

	for (i = 0; i < fw->cs.ddr_count; i++) {
		if (!is_open(fw, &fw->cs.ddr[i], network) || fw->cs.ddr[i].moved)
			continue;
		emu_violation(fw->emu, "DDR buffer of channels %u and %u: nothing uses it",
			      fw->cs.ddr[i].d2h, fw->cs.ddr[i].h2d);
		return false;
	}
	return true;
}

static struct fw_ddr_pair *find_pair(struct fw *fw, uint8_t out_stream, uint8_t in_stream)
{
	unsigned int i;

	for (i = 0; i < fw->cs.ddr_count; i++) {
		struct fw_ddr_pair *pair = &fw->cs.ddr[i];

		if (fw->cs.channel[pair->d2h].stream == out_stream &&
		    fw->cs.channel[pair->h2d].stream == in_stream)
			return pair;
	}
	return NULL;
}

int fw_ddr_rows(void *context, uint8_t out_stream, uint8_t in_stream, const uint8_t *out,
		uint8_t *in, uint32_t row, uint32_t rows)
{
	struct fw *fw = context;
	struct fw_ddr_pair *pair = find_pair(fw, out_stream, in_stream);
	const struct rows source = { out, in };
	const struct fw_channel *ch;

	if (!pair || !fw->cs.ddr_running) {
		emu_violation(fw->emu, "DDR streams %u and %u: no buffer", out_stream, in_stream);
		return -EIO;
	}
	ch = &fw->cs.channel[pair->d2h];
	if (ch->frame_bytes != row || le16toh(ch->reg.core_buffers_per_frame) != rows) {
		emu_violation(fw->emu, "DDR stream %u: %u rows of %u bytes, the buffer has %u of %u",
			      out_stream, rows, row, le16toh(ch->reg.core_buffers_per_frame),
			      ch->frame_bytes);
		return -EIO;
	}
	return move_pair(fw, pair, &source) ? 0 : -EIO;
}
