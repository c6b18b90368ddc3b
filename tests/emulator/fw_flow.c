// SPDX-License-Identifier: MIT
/*
 * Data flow of the running context. A network's frame is computed when all its
 * inputs have arrived and the frame before has left through all its outputs, so
 * the chip holds one frame of each stream: whoever is slow holds up the rest.
 *
 * A pass is what one run through a context processes: a batch of frames. A
 * context that parks (single-context networks) has no passes and never ends.
 */
#include <errno.h>
#include <stdlib.h>

#include "tests/emulator/fw.h"

static bool takes_part(const struct fw_channel *ch)
{
	return ch->active && (ch->role == FW_BOUNDARY || ch->role == FW_INTER);
}

static bool more_wanted(const struct fw *fw, uint32_t frames)
{
	return fw->cs.endless || frames < fw->cs.batch;
}

static void stop_channel(struct fw *fw, unsigned int channel, ssize_t error)
{
	struct fw_channel *ch = &fw->cs.channel[channel];

	ch->broken = true;
	fw_log(fw, 1, FW_LOG_ERROR, FW_LOG_CHANNEL_STOPPED, 2, channel, (uint32_t)-error);
	if (error != -EPROTO)
		return;
	emu_violation(fw->emu, "channel %u: a frame of %u bytes shares a descriptor",
		      channel, ch->frame_bytes);
	fw_cs_fail(fw, FW_CS_DESC_MISMATCH);
}

/* Firmware owns the available descriptors of intermediate buffers. */
static bool request_frame(struct fw *fw, unsigned int channel)
{
	struct fw_channel *ch = &fw->cs.channel[channel];

	if (ch->role != FW_INTER || ch->fill || ch->requested > ch->frames)
		return true;
	if (vdma_advance(fw->emu, channel, ch->frame_descs)) {
		fw_cs_fail(fw, FW_CS_TOO_MANY_DESCS);
		return false;
	}
	ch->requested++;
	return true;
}

/* From the arrival of the first input frame to the first output frame's end. */
static void measure_latency(struct fw *fw)
{
	if (!fw->set.latency_start || fw->set.latency_ns)
		return;
	fw->set.latency_ns = emu_now(fw->emu) - fw->set.latency_start;
	if (!fw->set.latency_ns)
		fw->set.latency_ns = 1;
}

static void input_arrived(struct fw *fw, struct fw_channel *ch)
{
	ch->frames++;
	if (fw->set.latency && !fw->set.latency_start)
		fw->set.latency_start = emu_now(fw->emu);
}

static bool read_input(struct fw *fw, unsigned int channel)
{
	struct fw_channel *ch = &fw->cs.channel[channel];
	ssize_t n;

	if (!takes_part(ch) || !ch->allowed || ch->paused || ch->broken ||
	    ch->fill == ch->frame_bytes || !more_wanted(fw, ch->frames) ||
	    !request_frame(fw, channel))
		return false;
	n = vdma_read(fw->emu, channel, ch->frame + ch->fill, ch->frame_bytes - ch->fill);
	if (n < 0)
		stop_channel(fw, channel, n);
	if (n <= 0)
		return false;
	ch->fill += n;
	if (ch->fill == ch->frame_bytes)
		input_arrived(fw, ch);
	return true;
}

static bool write_output(struct fw *fw, unsigned int channel)
{
	struct fw_channel *ch = &fw->cs.channel[channel];
	ssize_t n;

	if (!takes_part(ch) || !ch->pending || ch->broken || !request_frame(fw, channel))
		return false;
	n = vdma_write(fw->emu, channel, ch->frame + ch->fill, ch->frame_bytes - ch->fill);
	if (n < 0)
		stop_channel(fw, channel, n);
	if (n <= 0)
		return false;
	ch->fill += n;
	if (ch->fill == ch->frame_bytes) {
		ch->pending = false;
		ch->fill = 0;
		ch->frames++;
		measure_latency(fw);
	}
	return true;
}

/* ---- DDR buffers: rows that leave the chip and come back within a frame ---- */

static bool give_descs(struct fw *fw, unsigned int channel)
{
	const struct fw_channel *ch = &fw->cs.channel[channel];

	return vdma_advance(fw->emu, channel, ch->frame_bytes / le16toh(ch->buf.page_size)) == 0;
}

/* The bytes are a function of where they belong, so a row that comes back from
 * elsewhere shows.
 */
static void make_row(const struct fw_channel *ch, uint8_t stream, uint32_t row)
{
	uint32_t i;

	for (i = 0; i < ch->frame_bytes; i++)
		ch->frame[i] = row * 131 + i * 7 + stream;
}

static bool write_row(struct fw *fw, const struct fw_ddr_pair *pair, uint32_t row)
{
	struct fw_channel *out = &fw->cs.channel[pair->d2h];

	make_row(out, out->stream, row);
	return give_descs(fw, pair->d2h) &&
	       vdma_write(fw->emu, pair->d2h, out->frame, out->frame_bytes) == out->frame_bytes;
}

static bool read_row(struct fw *fw, const struct fw_ddr_pair *pair, uint32_t row)
{
	struct fw_channel *out = &fw->cs.channel[pair->d2h], *in = &fw->cs.channel[pair->h2d];

	make_row(out, out->stream, row);
	return give_descs(fw, pair->h2d) &&
	       vdma_read(fw->emu, pair->h2d, in->frame, in->frame_bytes) == in->frame_bytes &&
	       memcmp(out->frame, in->frame, in->frame_bytes) == 0;
}

/* As many rows as the buffer is said to hold are out before the first one comes
 * back: a buffer that is smaller, or overlaps itself, loses some.
 */
static bool move_pair(struct fw *fw, const struct fw_ddr_pair *pair)
{
	uint32_t rows = le16toh(fw->cs.channel[pair->d2h].reg.core_buffers_per_frame);
	uint32_t ahead = fw->cs.channel[pair->d2h].buffered_rows, row;

	for (row = 0; row < rows + ahead - 1; row++) {
		if ((row >= rows || write_row(fw, pair, row)) &&
		    (row + 1 < ahead || row + 1 - ahead >= rows ||
		     read_row(fw, pair, row + 1 - ahead)))
			continue;
		emu_violation(fw->emu, "DDR buffer of channels %u and %u: row %u is lost",
			      pair->d2h, pair->h2d, row);
		fw_cs_fail(fw, FW_DDR_TIMEOUT);
		return false;
	}
	return true;
}

static bool move_ddr(struct fw *fw, unsigned int network)
{
	unsigned int i;

	for (i = 0; i < fw->cs.ddr_count; i++)
		if (fw->cs.ddr[i].network == network && !move_pair(fw, &fw->cs.ddr[i]))
			return false;
	return true;
}

/* ---- computing ---- */

static bool is_part_of(const struct fw_channel *ch, unsigned int network)
{
	return takes_part(ch) && ch->network == network;
}

/* All inputs are here (at least one), all outputs are free. */
static bool is_ready(const struct fw *fw, unsigned int network)
{
	const struct fw_channel *ch = fw->cs.channel;
	unsigned int i, inputs = 0;

	for (i = 0; i < FW_CHANNELS; i++) {
		if (!is_part_of(&ch[i], network))
			continue;
		if (!fw_is_input(i) && ch[i].pending)
			return false;
		if (fw_is_input(i) && ch[i].fill < ch[i].frame_bytes)
			return false;
		inputs += fw_is_input(i);
	}
	return inputs > 0;
}

static int by_index(const void *a, const void *b)
{
	return ((const struct nn_io *)a)->sys_index - ((const struct nn_io *)b)->sys_index;
}

static unsigned int collect(struct fw *fw, unsigned int network, bool input, struct nn_io *io)
{
	unsigned int i, count = 0;

	for (i = 0; i < FW_CHANNELS; i++) {
		struct fw_channel *ch = &fw->cs.channel[i];

		if (fw_is_input(i) == input && is_part_of(ch, network))
			io[count++] = (struct nn_io){ ch->stream, ch->frame, ch->frame_bytes };
	}
	qsort(io, count, sizeof(*io), by_index);
	return count;
}

/* Of the output with the lowest stream index. */
static void flip_output(struct fw *fw, const struct nn_io *out, unsigned int count)
{
	const struct emu_fault *fault;

	if (!count || !emu_fault(fw->emu, EMU_FAULT_FLIP_OUTPUT, -1, &fault))
		return;
	if (fault->key >= 0 && fault->key < out[0].len)
		out[0].data[fault->key] ^= fault->value;
}

static void hand_over(struct fw *fw, unsigned int network)
{
	unsigned int i;

	for (i = 0; i < FW_CHANNELS; i++) {
		struct fw_channel *ch = &fw->cs.channel[i];

		if (!is_part_of(ch, network))
			continue;
		ch->fill = 0;
		ch->pending = !fw_is_input(i);
	}
}

/* Several contexts: later ones are configured while this one runs. */
bool fw_flow_has_passes(const struct fw *fw)
{
	return fw->apps[fw->cs.app].context_count > FW_FIRST_DYNAMIC + 1;
}

uint32_t fw_flow_load(struct fw *fw)
{
	if (!nn_is_dirty(fw->nn))
		return 0;
	if (nn_load(fw->nn)) {
		emu_violation(fw->emu, "network: %s", nn_error(fw->nn));
		return FW_NN_CORE_ARGUMENT;
	}
	fw_log(fw, 1, FW_LOG_INFO, FW_LOG_NETWORK, 1, (uint32_t)nn_is_network(fw->nn));
	return 0;
}

static bool load_late(struct fw *fw)
{
	uint32_t status = fw_flow_has_passes(fw) ? 0 : fw_flow_load(fw);

	if (status)
		fw_cs_fail(fw, status);
	return !status;
}

static bool last_context(const struct fw *fw)
{
	return fw->cs.context + 1 == fw->apps[fw->cs.app].context_count;
}

static bool compute(struct fw *fw, unsigned int network)
{
	struct nn_io in[HW_VDMA_FIRST_D2H], out[HW_VDMA_FIRST_D2H];
	struct fw_network *net = &fw->cs.network[network];
	unsigned int in_count, out_count;

	if (!is_ready(fw, network) || !load_late(fw) || !move_ddr(fw, network))
		return false;
	in_count = collect(fw, network, true, in);
	out_count = collect(fw, network, false, out);
	if (nn_run(fw->nn, in, in_count, out, out_count, net->frame + net->computed)) {
		emu_violation(fw->emu, "network: %s", nn_error(fw->nn));
		fw_cs_fail(fw, FW_NN_CORE_ARGUMENT);
		return false;
	}
	flip_output(fw, out, out_count);
	hand_over(fw, network);
	net->computed++;
	if (last_context(fw))
		emu_count_frame(fw->emu);
	return true;
}

bool fw_flow_turn(struct fw *fw)
{
	bool moved = false;
	unsigned int i;

	if (fw->cs.phase != FW_CS_RUNNING || !fw->cs.waiting)
		return false;
	for (i = 0; i < FW_CHANNELS; i++)
		moved |= fw_is_input(i) ? read_input(fw, i) : write_output(fw, i);
	for (i = 0; i < FW_MAX_NETWORKS && fw->cs.phase == FW_CS_RUNNING; i++)
		moved |= compute(fw, i);
	return moved;
}

/* ---- passes ---- */

bool fw_flow_channel_done(const struct fw *fw, unsigned int channel)
{
	const struct fw_channel *ch = &fw->cs.channel[channel];

	if (fw_is_input(channel))
		return fw->cs.network[ch->network].computed >= fw->cs.batch;
	return !ch->pending && ch->frames >= fw->cs.batch;
}

bool fw_flow_pass_done(const struct fw *fw)
{
	unsigned int i;

	for (i = 0; i < FW_CHANNELS; i++)
		if (takes_part(&fw->cs.channel[i]) && !fw_flow_channel_done(fw, i))
			return false;
	return true;
}

void fw_flow_next_pass(struct fw *fw)
{
	unsigned int i;

	for (i = 0; i < FW_CHANNELS; i++) {
		struct fw_channel *ch = &fw->cs.channel[i];

		ch->active = false;
		ch->allowed = false;
		ch->mapped = false;
		ch->dummy = false;
		ch->frames = 0;
		ch->requested = 0;
	}
	for (i = 0; i < FW_MAX_NETWORKS; i++)
		fw->cs.network[i].computed = 0;
}
