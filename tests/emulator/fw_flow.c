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
	if (ch->fill == ch->frame_bytes) {
		if (ch->role == FW_INTER)
			fw_inter_read(fw, ch, channel);
		input_arrived(fw, ch);
	}
	return true;
}

/* What is left of the transfer that is under way: no descriptor goes beyond it. */
static uint32_t transfer_left(const struct fw_channel *ch)
{
	return ch->frame_bytes - ch->fill % ch->frame_bytes;
}

static void output_left(struct fw *fw, struct fw_channel *ch)
{
	if (ch->role == FW_INTER)
		fw_inter_wrote(fw, ch);
	ch->pending = false;
	ch->fill = 0;
	ch->frames++;
	measure_latency(fw);
}

static bool write_output(struct fw *fw, unsigned int channel)
{
	struct fw_channel *ch = &fw->cs.channel[channel];
	ssize_t n;

	if (!takes_part(ch) || !ch->pending || ch->broken || !request_frame(fw, channel))
		return false;
	n = vdma_write(fw->emu, channel, ch->frame + ch->fill, transfer_left(ch));
	if (n < 0)
		stop_channel(fw, channel, n);
	if (n <= 0)
		return false;
	ch->fill += n;
	if (ch->fill == ch->used)
		output_left(fw, ch);
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
			io[count++] = (struct nn_io){ ch->stream, ch->frame, ch->room, 0 };
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
	if (fault->key >= 0 && fault->key < out[0].used)
		out[0].data[fault->key] ^= fault->value;
}

static uint32_t used_bytes(const struct nn_io *out, unsigned int count, uint8_t stream)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (out[i].sys_index == stream)
			return out[i].used;
	return 0;
}

static void hand_over(struct fw *fw, unsigned int network, const struct nn_io *out,
		      unsigned int count)
{
	unsigned int i;

	for (i = 0; i < FW_CHANNELS; i++) {
		struct fw_channel *ch = &fw->cs.channel[i];

		if (!is_part_of(ch, network))
			continue;
		ch->fill = 0;
		ch->pending = !fw_is_input(i);
		ch->used = used_bytes(out, count, ch->stream);
	}
}

/* ---- non-maximum suppression ---- */

static bool nms_enabled(const struct fw *fw, unsigned int network, const struct nn_output *o)
{
	unsigned int i;

	for (i = 0; i < FW_NMS_UNITS; i++) {
		const struct fw_nms *unit = &fw->cs.nms[i];

		if (unit->enabled && unit->network == network &&
		    unit->classes == o->nms_classes && unit->burst == o->nms_burst &&
		    unit->chunks == o->nms_chunks)
			return true;
	}
	return false;
}

static bool any_nms(const struct fw *fw)
{
	unsigned int i;

	for (i = 0; i < FW_NMS_UNITS; i++)
		if (fw->cs.nms[i].enabled)
			return true;
	return false;
}

/* Room for all transfers of the frame; false if it cannot leave like that. */
static bool prepare_output(struct fw *fw, struct fw_channel *ch)
{
	struct nn_output o;
	uint8_t *frame;

	if (!nn_find_output(fw->nn, ch->stream, &o))
		return true;		/* nn_run() says what is wrong */
	if (o.transfer_bytes != ch->frame_bytes) {
		emu_violation(fw->emu, "output stream %u: transfers of %u bytes, the channel has %u",
			      ch->stream, o.transfer_bytes, ch->frame_bytes);
		return false;
	}
	if (o.nms_burst && !nms_enabled(fw, ch->network, &o)) {
		emu_violation(fw->emu, "output stream %u: no unit for NMS of %u classes in bursts of %u, %u chunks",
			      ch->stream, o.nms_classes, o.nms_burst, o.nms_chunks);
		return false;
	}
	if (ch->room >= o.max_bytes)
		return true;
	frame = realloc(ch->frame, o.max_bytes);
	if (!frame)
		return false;
	ch->frame = frame;
	ch->room = o.max_bytes;
	return true;
}

static bool prepare_outputs(struct fw *fw, unsigned int network)
{
	unsigned int i;

	if (!nn_is_network(fw->nn) && any_nms(fw)) {
		emu_violation(fw->emu, "this chip has no NMS for networks that it cannot compute");
		return false;
	}
	for (i = HW_VDMA_FIRST_D2H; i < FW_CHANNELS; i++)
		if (is_part_of(&fw->cs.channel[i], network) &&
		    !prepare_output(fw, &fw->cs.channel[i]))
			return false;
	return true;
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

static bool refuse(struct fw *fw)
{
	fw_cs_fail(fw, FW_NN_CORE_ARGUMENT);
	return false;
}

static bool compute(struct fw *fw, unsigned int network)
{
	struct nn_io in[HW_VDMA_FIRST_D2H], out[HW_VDMA_FIRST_D2H];
	struct fw_network *net = &fw->cs.network[network];
	unsigned int in_count, out_count;

	if (!is_ready(fw, network) || !load_late(fw) || !fw_ddr_move(fw, network))
		return false;
	if (!prepare_outputs(fw, network))
		return refuse(fw);
	in_count = collect(fw, network, true, in);
	out_count = collect(fw, network, false, out);
	if (nn_run(fw->nn, in, in_count, out, out_count, net->frame + net->computed)) {
		emu_violation(fw->emu, "network: %s", nn_error(fw->nn));
		return refuse(fw);
	}
	if (!fw_ddr_used(fw, network))
		return refuse(fw);
	flip_output(fw, out, out_count);
	hand_over(fw, network, out, out_count);
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
