// SPDX-License-Identifier: MIT
/*
 * What every action does. Meaning: reference firmware-control.md 3.4-3.6,
 * hardware.md 11. Each function gets a body of the right size and returns 0, a
 * status word, or FW_WAIT; one that waits is called again and must not have done
 * anything before.
 */
#include "tests/emulator/fw.h"

#define MODULE_COUNT	32		/* largest seen is 25 */

typedef uint32_t action_fn(struct fw *fw, const uint8_t *body);

static const struct hw_app_header *header_of(const struct fw *fw)
{
	return &fw->apps[fw->cs.app].header;
}

/* Blocks on data: lets it flow meanwhile. */
static uint32_t wait_unless(struct fw *fw, bool condition)
{
	if (condition)
		return 0;
	fw->cs.waiting = true;
	return FW_WAIT;
}

/* ---- clusters ---- */

static uint32_t check_cluster(const struct fw *fw, unsigned int cluster)
{
	return cluster < FW_CLUSTERS && fw->config->layout >> cluster & 1 ? 0 : FW_CS_CLUSTER;
}

static uint32_t check_network(const struct fw *fw, unsigned int network)
{
	return network < header_of(fw)->networks ? 0 : FW_CS_NETWORK;
}

static uint32_t check_lcu(const struct fw *fw, uint8_t lcu)
{
	return lcu & 0x80 ? FW_CS_CLUSTER : check_cluster(fw, lcu >> 4);
}

static uint32_t set_lcu(struct fw *fw, uint8_t lcu, bool enable)
{
	uint32_t status = check_lcu(fw, lcu);
	uint16_t bit = 1 << (lcu & 0xf);

	if (status)
		return status;
	if (enable)
		fw->cs.lcu[lcu >> 4] |= bit;
	else
		fw->cs.lcu[lcu >> 4] &= ~bit;
	return 0;
}

/* Both kinds begin with LCU and network. */
static uint32_t enable_lcu(struct fw *fw, const uint8_t *body)
{
	uint32_t status = check_network(fw, body[1]);

	return status ? status : set_lcu(fw, body[0], true);
}

static uint32_t disable_lcu(struct fw *fw, const uint8_t *body)
{
	return set_lcu(fw, body[0], false);
}

static uint32_t switch_lcu_batch(struct fw *fw, const uint8_t *body)
{
	uint32_t status = check_network(fw, body[1]);

	return status ? status : check_lcu(fw, body[0]);
}

static uint32_t wait_lcu(struct fw *fw, const uint8_t *body)
{
	uint32_t status = check_lcu(fw, body[0]);
	unsigned int i;

	if (status)
		return status;
	if (!(fw->cs.lcu[body[0] >> 4] >> (body[0] & 0xf) & 1))
		return FW_CS_TIMEOUT_LCU;	/* it will never interrupt */
	for (i = 0; i < HW_VDMA_FIRST_D2H; i++)
		if (fw->cs.channel[i].allowed && !fw_flow_channel_done(fw, i))
			return wait_unless(fw, false);
	return 0;
}

static uint32_t trigger_sequencer(struct fw *fw, const uint8_t *body)
{
	uint32_t status = check_cluster(fw, body[0]);

	if (status)
		return status;
	fw->cs.sequencers |= 1 << body[0];
	return 0;
}

/* Config waits do not let data flow. A failure has been reported already. */
static uint32_t wait_config(struct fw *fw)
{
	return fw_config_is_done(fw) ? 0 : FW_WAIT;
}

static uint32_t wait_sequencer(struct fw *fw, const uint8_t *body)
{
	uint32_t status = check_cluster(fw, body[0]);

	if (status)
		return status;
	if (!(fw->cs.sequencers >> body[0] & 1))
		return FW_CS_TIMEOUT_SEQUENCER;	/* nobody triggered it */
	status = wait_config(fw);
	if (!status)
		fw->cs.sequencers &= ~(1 << body[0]);
	return status;
}

static uint32_t wait_module_config(struct fw *fw, const uint8_t *body)
{
	return body[0] < MODULE_COUNT ? wait_config(fw) : FW_CS_MODULE;
}

/* ---- configuration channels ---- */

static uint32_t fetch_cfg(struct fw *fw, const uint8_t *body)
{
	return fw_config_fetch(fw, (const void *)body);
}

static uint32_t activate_cfg(struct fw *fw, const uint8_t *body)
{
	return fw_config_activate(fw, (const void *)body);
}

static uint32_t deactivate_cfg(struct fw *fw, const uint8_t *body)
{
	return fw_config_deactivate(fw, (const void *)body);
}

/* ---- boundary channels ---- */

static uint32_t open_boundary_input(struct fw *fw, const uint8_t *body)
{
	const struct hw_open_boundary_input *a = (const void *)body;
	struct fw_channel *ch;
	uint32_t status = fw_channel_lookup(fw, a->channel, true, &ch);

	if (!status)
		status = check_network(fw, a->network);
	if (!status && le32toh(a->frame_periph_size) != le32toh(a->buf.bytes_in_pattern))
		status = FW_CS_CREDITS;
	if (!status)
		status = fw_channel_open(fw, a->channel, FW_BOUNDARY, &a->buf);
	if (status)
		return status;
	ch->stream = a->stream;
	ch->network = a->network;
	return 0;
}

static uint32_t open_boundary_output(struct fw *fw, const uint8_t *body)
{
	const struct hw_open_boundary_output *a = (const void *)body;
	struct fw_channel *ch;
	uint32_t status = fw_channel_lookup(fw, a->channel, false, &ch);

	return status ? status : fw_channel_open(fw, a->channel, FW_BOUNDARY, &a->buf);
}

/* The periphery's registers: its buffers must add up to one frame, in words of
 * 8 bytes. More than 65535 buffers cannot be said, the host clamps them.
 */
static uint32_t check_reg(const struct hw_stream_reg *reg, uint32_t frame_bytes)
{
	uint32_t bytes = le16toh(reg->periph_bytes_per_buffer);
	uint32_t buffers = le16toh(reg->periph_buffers_per_frame);

	if (!bytes || bytes % 8)
		return FW_CS_BYTES_PER_BUFFER;
	if (buffers != 0xffff && bytes * buffers != frame_bytes)
		return FW_CS_BYTES_PER_BUFFER;
	return 0;
}

static bool stream_in_use(const struct fw *fw, unsigned int channel, uint8_t stream)
{
	unsigned int i;

	for (i = 0; i < FW_CHANNELS; i++)
		if (i != channel && fw_is_input(i) == fw_is_input(channel) &&
		    fw->cs.channel[i].active && fw->cs.channel[i].stream == stream)
			return true;
	return false;
}

struct activation {
	uint8_t channel;
	uint8_t stream;
	uint8_t network;
	bool input;
	enum fw_role role;
	const struct hw_stream_reg *reg;
	const struct hw_host_buffer *buf;
};

static bool is_same(const struct fw_channel *ch, const struct activation *a)
{
	return ch->role == a->role && memcmp(&ch->buf, a->buf, sizeof(ch->buf)) == 0;
}

/* A context that runs as soon as possible is activated twice, in PRELIMINARY and
 * in the first DYNAMIC context: the second time nothing starts again.
 */
static uint32_t activate(struct fw *fw, const struct activation *a)
{
	struct fw_channel *ch;
	uint32_t status = fw_channel_lookup(fw, a->channel, a->input, &ch);

	if (!status)
		status = check_network(fw, a->network);
	if (!status && stream_in_use(fw, HW_CHANNEL_OF(a->channel), a->stream))
		status = FW_CS_SAME_STREAM;
	if (status)
		return status;
	if (!is_same(ch, a)) {
		if (a->role == FW_BOUNDARY)
			return FW_CS_CHANNEL;	/* never opened, or with another list */
		status = fw_channel_open(fw, a->channel, a->role, a->buf);
		if (status)
			return status;
	}
	ch->reg = *a->reg;
	ch->stream = a->stream;
	ch->network = a->network;
	ch->active = true;
	return 0;
}

static uint32_t activate_boundary_input(struct fw *fw, const uint8_t *body)
{
	const struct hw_activate_boundary_input *a = (const void *)body;
	uint8_t network = fw->cs.channel[HW_CHANNEL_OF(a->channel)].network;

	if (check_reg(&a->reg, le32toh(a->buf.bytes_in_pattern)))
		return FW_CS_BYTES_PER_BUFFER;
	if (!a->initial_credit)
		return FW_CS_CREDITS;
	return activate(fw, &(struct activation){
		a->channel, a->stream, network, true, FW_BOUNDARY, &a->reg, &a->buf });
}

static uint32_t activate_boundary_output(struct fw *fw, const uint8_t *body)
{
	const struct hw_activate_output *a = (const void *)body;

	if (check_reg(&a->reg, le32toh(a->buf.bytes_in_pattern)))
		return FW_CS_BYTES_PER_BUFFER;
	return activate(fw, &(struct activation){
		a->channel, a->stream, a->network, false, FW_BOUNDARY, &a->reg, &a->buf });
}

static uint32_t fetch_data(struct fw *fw, const uint8_t *body)
{
	const struct hw_fetch_data *a = (const void *)body;
	struct fw_channel *ch;
	uint32_t status = fw_channel_lookup(fw, a->channel, true, &ch);
	uint32_t size = le32toh(a->frame_periph_size);
	bool bytes = a->credit_type == HW_CREDIT_BYTES;

	if (!status)
		status = check_network(fw, a->network);
	if (status)
		return status;
	if (!ch->active || ch->stream != a->stream)
		return FW_CS_CHANNEL;
	if (a->buffer_type)
		return FW_CS_BUFFER_TYPE;
	if (ch->role == FW_DDR || bytes != (ch->role == FW_BOUNDARY))
		return FW_CS_CREDIT_TYPE;
	if (size != (bytes ? ch->frame_bytes : ch->frame_descs))
		return FW_CS_CREDITS;
	ch->network = a->network;
	ch->allowed = true;
	return fw_flow_has_passes(fw) ? fw_flow_load(fw) : 0;
}

static uint32_t change_mapping(struct fw *fw, const uint8_t *body)
{
	const struct hw_change_stream_mapping *a = (const void *)body;
	struct fw_channel *ch = &fw->cs.channel[HW_CHANNEL_OF(a->channel)];

	if (HW_ENGINE_OF(a->channel) || ch->role != FW_BOUNDARY)
		return FW_CS_CHANNEL;
	if (ch->active == (a->is_dummy != 0))
		return FW_CS_SAME_STREAM;	/* a stream of this context, or not */
	if (ch->active && ch->stream != a->stream)
		return FW_CS_SAME_STREAM;
	ch->mapped = true;
	ch->dummy = a->is_dummy;
	return 0;
}

static uint32_t change_input_batch(struct fw *fw, const uint8_t *body)
{
	struct fw_channel *ch;
	uint32_t status = fw_channel_lookup(fw, body[0], true, &ch);

	if (status)
		return status;
	return ch->role == FW_BOUNDARY ? 0 : FW_CS_CHANNEL;
}

static uint32_t set_paused(struct fw *fw, const uint8_t *body, bool pause)
{
	const struct hw_channel_direction *a = (const void *)body;
	struct fw_channel *ch;
	uint32_t status;

	if (a->direction != HW_DIR_H2D && a->direction != HW_DIR_D2H)
		return FW_CS_LAYER_DIRECTION;
	status = fw_channel_lookup(fw, a->channel, a->direction == HW_DIR_H2D, &ch);
	if (status)
		return status;
	if (ch->role == FW_CLOSED)
		return FW_CS_CHANNEL;
	vdma_pause(fw->emu, HW_CHANNEL_OF(a->channel), pause);
	ch->paused = pause;
	return 0;
}

static uint32_t pause_channel(struct fw *fw, const uint8_t *body)
{
	return set_paused(fw, body, true);
}

static uint32_t resume_channel(struct fw *fw, const uint8_t *body)
{
	return set_paused(fw, body, false);
}

/* ---- internal channels ---- */

static uint32_t frame_descs(const struct hw_host_buffer *buf)
{
	uint32_t page = le16toh(buf->page_size);

	return (le32toh(buf->bytes_in_pattern) + page - 1) / page;
}

static uint32_t activate_inter(struct fw *fw, const struct activation *a)
{
	uint32_t status = check_reg(a->reg, le32toh(a->buf->bytes_in_pattern));

	if (!status && frame_descs(a->buf) * fw->cs.batch >= le32toh(a->buf->desc_count))
		status = FW_CS_TOO_MANY_DESCS;
	if (!status)
		status = activate(fw, a);
	if (!status)
		fw->cs.channel[HW_CHANNEL_OF(a->channel)].frame_descs = frame_descs(a->buf);
	return status;
}

static uint32_t activate_inter_input(struct fw *fw, const uint8_t *body)
{
	const struct hw_activate_inter_input *a = (const void *)body;

	if (!a->initial_credit)
		return FW_CS_CREDITS;
	return activate_inter(fw, &(struct activation){
		a->channel, a->stream, a->network, true, FW_INTER, &a->reg, &a->buf });
}

static uint32_t activate_inter_output(struct fw *fw, const uint8_t *body)
{
	const struct hw_activate_output *a = (const void *)body;

	return activate_inter(fw, &(struct activation){
		a->channel, a->stream, a->network, false, FW_INTER, &a->reg, &a->buf });
}

static uint32_t activate_ddr(struct fw *fw, const struct activation *a)
{
	uint32_t row = le32toh(a->buf->bytes_in_pattern);

	if (row != le16toh(a->reg->core_bytes_per_buffer) || row % le16toh(a->buf->page_size))
		return FW_CS_BYTES_PER_BUFFER;
	return activate(fw, a);
}

static uint32_t activate_ddr_input(struct fw *fw, const uint8_t *body)
{
	const struct hw_activate_ddr_input *a = (const void *)body;
	uint32_t status;

	status = activate_ddr(fw, &(struct activation){
		a->channel, a->stream, 0, true, FW_DDR, &a->reg, &a->buf });
	if (!status)
		fw->cs.channel[HW_CHANNEL_OF(a->channel)].peer = a->d2h_channel;
	return status;
}

static uint32_t activate_ddr_output(struct fw *fw, const uint8_t *body)
{
	const struct hw_activate_ddr_output *a = (const void *)body;
	uint32_t room = le32toh(a->buf.desc_count) / frame_descs(&a->buf), status;

	if (!a->buffered_rows || le32toh(a->buffered_rows) > room)
		return FW_DDR_DESCRIPTORS;
	status = activate_ddr(fw, &(struct activation){
		a->channel, a->stream, 0, false, FW_DDR, &a->reg, &a->buf });
	if (!status)
		fw->cs.channel[HW_CHANNEL_OF(a->channel)].buffered_rows =
			le32toh(a->buffered_rows);
	return status;
}

static uint32_t check_drained(struct fw *fw, const struct hw_deactivate_channel *a)
{
	if (!a->check_host_empty || !vdma_transfer_bytes(fw->emu, HW_CHANNEL_OF(a->channel)))
		return 0;
	emu_violation(fw->emu, "channel %u: not empty at the end of its context", a->channel);
	return FW_VDMA_NOT_DRAINED;
}

static uint32_t find_internal(struct fw *fw, const struct hw_deactivate_channel *a,
			      struct fw_channel **ch)
{
	if (a->direction != HW_DIR_H2D && a->direction != HW_DIR_D2H)
		return FW_CS_LAYER_DIRECTION;
	if (a->buffer_type)
		return FW_CS_BUFFER_TYPE;
	return fw_channel_lookup(fw, a->channel, a->direction == HW_DIR_H2D, ch);
}

static uint32_t deactivate_channel(struct fw *fw, const uint8_t *body)
{
	const struct hw_deactivate_channel *a = (const void *)body;
	struct fw_channel *ch;
	uint32_t status = find_internal(fw, a, &ch);

	if (status)
		return status;
	if (ch->role == FW_CLOSED && fw->cs.context == FW_BATCH_SWITCHING)
		return 0;			/* another context was running */
	if (ch->role != FW_INTER && ch->role != FW_DDR)
		return FW_CS_CHANNEL;
	if (fw->cs.context >= FW_FIRST_DYNAMIC && ch->role == FW_INTER &&
	    !fw_flow_channel_done(fw, HW_CHANNEL_OF(a->channel)))
		return wait_unless(fw, false);
	status = check_drained(fw, a);
	if (!status)
		fw_channel_close(fw, HW_CHANNEL_OF(a->channel));
	return status;
}

static uint32_t validate_channel(struct fw *fw, const uint8_t *body)
{
	const struct hw_deactivate_channel *a = (const void *)body;
	struct fw_channel *ch;
	uint32_t status = find_internal(fw, a, &ch);

	if (status)
		return status;
	return ch->role == FW_CLOSED ? FW_CS_CHANNEL : check_drained(fw, a);
}

/* ---- DDR buffers ---- */

static bool pair_known(const struct fw *fw, const struct hw_add_ddr_pair *a)
{
	unsigned int i;

	for (i = 0; i < fw->cs.ddr_count; i++)
		if (fw->cs.ddr[i].h2d == a->h2d_channel && fw->cs.ddr[i].d2h == a->d2h_channel)
			return true;
	return false;
}

static uint32_t check_pair(const struct fw *fw, const struct hw_add_ddr_pair *a,
			   const struct fw_channel *in, const struct fw_channel *out)
{
	uint32_t descs;

	if (in->role != FW_DDR || out->role != FW_DDR || in->peer != a->d2h_channel)
		return FW_DDR_PAIR_STATE;
	if (in->buf.dma_address != out->buf.dma_address ||
	    in->buf.desc_count != out->buf.desc_count || in->frame_bytes != out->frame_bytes)
		return FW_DDR_PAIR_STATE;
	descs = frame_descs(&out->buf) * le16toh(out->reg.core_buffers_per_frame);
	if (le32toh(a->descs_per_frame) != descs ||
	    le16toh(a->programmed_descs) != (uint16_t)le32toh(out->buf.desc_count))
		return FW_DDR_DESCRIPTORS;
	return check_network(fw, a->network);
}

static uint32_t add_ddr_pair(struct fw *fw, const uint8_t *body)
{
	const struct hw_add_ddr_pair *a = (const void *)body;
	struct fw_channel *in, *out;
	uint32_t status;

	status = fw_channel_lookup(fw, a->h2d_channel, true, &in);
	if (!status)
		status = fw_channel_lookup(fw, a->d2h_channel, false, &out);
	if (!status)
		status = check_pair(fw, a, in, out);
	if (status || pair_known(fw, a))
		return status;
	if (fw->cs.ddr_count == FW_MAX_DDR_PAIRS)
		return FW_DDR_PAIR_STATE;
	fw->cs.ddr[fw->cs.ddr_count++] = (struct fw_ddr_pair){
		a->h2d_channel, a->d2h_channel, a->network, le32toh(a->descs_per_frame), false };
	return 0;
}

static uint32_t ddr_start(struct fw *fw, const uint8_t *body)
{
	(void)body;
	if (!fw->cs.ddr_count)
		return FW_DDR_NO_PAIRS;
	fw->cs.ddr_running = true;
	return 0;
}

static uint32_t ddr_reset(struct fw *fw, const uint8_t *body)
{
	(void)body;
	fw->cs.ddr_count = 0;
	fw->cs.ddr_running = false;
	return 0;
}

/* ---- waits and the rest ---- */

static uint32_t wait_channel(struct fw *fw, uint8_t id, uint8_t stream, bool input)
{
	struct fw_channel *ch;
	uint32_t status = fw_channel_lookup(fw, id, input, &ch);

	if (status)
		return status;
	if (!ch->active || ch->stream != stream)
		return FW_CS_CHANNEL;
	return wait_unless(fw, fw_flow_channel_done(fw, HW_CHANNEL_OF(id)));
}

static uint32_t wait_input_done(struct fw *fw, const uint8_t *body)
{
	return wait_channel(fw, body[0], body[1], true);
}

static uint32_t wait_output_done(struct fw *fw, const uint8_t *body)
{
	return wait_channel(fw, body[0], body[1], false);
}

static uint32_t wait_dma_idle(struct fw *fw, const uint8_t *body)
{
	return wait_channel(fw, body[0], body[1], fw_is_input(HW_CHANNEL_OF(body[0])));
}

static uint32_t wait_nms(struct fw *fw, const uint8_t *body)
{
	(void)body;
	return wait_unless(fw, fw_flow_pass_done(fw));
}

static uint32_t enable_nms(struct fw *fw, const uint8_t *body)
{
	const struct hw_enable_nms *a = (const void *)body;
	uint32_t status = check_network(fw, a->network);

	if (status)
		return status;
	if (a->unit >= FW_NMS_UNITS)
		return FW_NMS_UNIT;
	if (!a->classes)
		return FW_NMS_CLASSES;
	if (!a->burst)
		return FW_NMS_BURST;
	fw->cs.nms[a->unit] = (struct fw_nms){
		true, a->network, le16toh(a->classes), le16toh(a->burst),
		a->division_factor ? a->division_factor : 1 };
	return 0;
}

/* All configuration is there: look at it now, not when the first frame comes. */
static uint32_t park(struct fw *fw, const uint8_t *body)
{
	uint32_t status = fw_flow_load(fw);

	(void)body;
	if (status)
		return status;
	fw->cs.endless = true;
	return wait_unless(fw, false);
}

static uint32_t burst_credits_start(struct fw *fw, const uint8_t *body)
{
	(void)body;
	fw->cs.burst_credits = true;
	return 0;
}

static uint32_t burst_credits_reset(struct fw *fw, const uint8_t *body)
{
	(void)body;
	fw->cs.burst_credits = false;
	return 0;
}

static uint32_t write_data_by_type(struct fw *fw, const uint8_t *body)
{
	const struct hw_write_data_by_type *a = (const void *)body;
	uint32_t data = a->data_type ? fw->cs.batch : le32toh(a->data);

	if (a->data_type > 1)
		return FW_CS_WRITE_TYPE;
	if (le32toh(a->address) % 4 || a->shift > 31)
		return FW_CS_WRITE_ADDRESS;
	data = htole32(data << a->shift & le32toh(a->mask));
	return nn_write(fw->nn, le32toh(a->address), &data, sizeof(data)) ?
	       FW_CS_WRITE_ADDRESS : 0;
}

static uint32_t sleep_us(struct fw *fw, const uint8_t *body)
{
	uint32_t us;

	memcpy(&us, body, sizeof(us));
	if (!fw->cs.sleep_until)
		fw->cs.sleep_until = emu_now(fw->emu) + (uint64_t)le32toh(us) * 1000;
	if (emu_now(fw->emu) < fw->cs.sleep_until)
		return FW_WAIT;
	fw->cs.sleep_until = 0;
	return 0;
}

static uint32_t halt(struct fw *fw, const uint8_t *body)
{
	(void)fw;
	(void)body;
	return FW_WAIT;
}

static action_fn *const actions[HW_ACTION_COUNT] = {
	[HW_ACTION_FETCH_CFG_DESCS] = fetch_cfg,
	[HW_ACTION_TRIGGER_SEQUENCER] = trigger_sequencer,
	[HW_ACTION_FETCH_DATA] = fetch_data,
	[HW_ACTION_ENABLE_LCU_DEFAULT] = enable_lcu,
	[HW_ACTION_ENABLE_LCU] = enable_lcu,
	[HW_ACTION_DISABLE_LCU] = disable_lcu,
	[HW_ACTION_ACTIVATE_BOUNDARY_INPUT] = activate_boundary_input,
	[HW_ACTION_ACTIVATE_BOUNDARY_OUTPUT] = activate_boundary_output,
	[HW_ACTION_ACTIVATE_INTER_INPUT] = activate_inter_input,
	[HW_ACTION_ACTIVATE_INTER_OUTPUT] = activate_inter_output,
	[HW_ACTION_ACTIVATE_DDR_INPUT] = activate_ddr_input,
	[HW_ACTION_ACTIVATE_DDR_OUTPUT] = activate_ddr_output,
	[HW_ACTION_DEACTIVATE_CHANNEL] = deactivate_channel,
	[HW_ACTION_CHANGE_STREAM_MAPPING] = change_mapping,
	[HW_ACTION_ADD_DDR_PAIR] = add_ddr_pair,
	[HW_ACTION_DDR_BUFFERING_START] = ddr_start,
	[HW_ACTION_WAIT_LCU] = wait_lcu,
	[HW_ACTION_WAIT_SEQUENCER] = wait_sequencer,
	[HW_ACTION_WAIT_INPUT_DONE] = wait_input_done,
	[HW_ACTION_WAIT_OUTPUT_DONE] = wait_output_done,
	[HW_ACTION_WAIT_MODULE_CONFIG] = wait_module_config,
	[HW_ACTION_WAIT_APP_CHANGE] = park,
	[HW_ACTION_ACTIVATE_CFG_CHANNEL] = activate_cfg,
	[HW_ACTION_DEACTIVATE_CFG_CHANNEL] = deactivate_cfg,
	[HW_ACTION_WAIT_DMA_IDLE] = wait_dma_idle,
	[HW_ACTION_WAIT_NMS] = wait_nms,
	[HW_ACTION_VALIDATE_CHANNEL] = validate_channel,
	[HW_ACTION_BURST_CREDITS_START] = burst_credits_start,
	[HW_ACTION_BURST_CREDITS_RESET] = burst_credits_reset,
	[HW_ACTION_DDR_BUFFERING_RESET] = ddr_reset,
	[HW_ACTION_OPEN_BOUNDARY_INPUT] = open_boundary_input,
	[HW_ACTION_OPEN_BOUNDARY_OUTPUT] = open_boundary_output,
	[HW_ACTION_ENABLE_NMS] = enable_nms,
	[HW_ACTION_WRITE_DATA_BY_TYPE] = write_data_by_type,
	[HW_ACTION_SWITCH_LCU_BATCH] = switch_lcu_batch,
	[HW_ACTION_CHANGE_INPUT_BATCH] = change_input_batch,
	[HW_ACTION_PAUSE_CHANNEL] = pause_channel,
	[HW_ACTION_RESUME_CHANNEL] = resume_channel,
	[HW_ACTION_SLEEP] = sleep_us,
	[HW_ACTION_HALT] = halt,
};

uint32_t fw_cs_execute(struct fw *fw, const struct fw_step *step)
{
	action_fn *action = step->type < HW_ACTION_COUNT ? actions[step->type] : NULL;

	if (!action)
		return FW_CS_NOT_SUPPORTED;
	emu_trace(fw->emu, "action", "context %u action %u.%u type %u", fw->cs.context,
		  step->index, step->repeat, step->type);
	return action(fw, step->body);
}
