// SPDX-License-Identifier: MIT
/*
 * The interpreter: runs the contexts of the enabled application. Order:
 * ACTIVATION before ENABLED is answered, PRELIMINARY once, then the DYNAMIC
 * contexts round and round; when the batch of a running application changes, in the
 * midst of the first of these, BATCH_SWITCHING. What real firmware does between the
 * controls is inferred (reference configure-and-run.md 14.2, hardware.md 11.1).
 */
#include "tests/emulator/fw.h"

#define TICK_NS		5	/* time stamps count 200 MHz clocks, inferred */

static struct fw_app *running_app(struct fw *fw)
{
	return &fw->apps[fw->cs.app];
}

void fw_cs_fail(struct fw *fw, uint32_t status)
{
	if (fw->cs.phase != FW_CS_RUNNING)
		return;
	fw->cs.phase = FW_CS_FAILED;
	emu_violation(fw->emu, "run-time error 0x%08x: application %u context %u action %u",
		      status, fw->cs.app, fw->cs.context, fw->cs.cursor.index);
	fw_log(fw, 1, FW_LOG_ERROR, FW_LOG_RUN_TIME_ERROR, 4, status, fw->cs.app,
	       fw->cs.context, (uint32_t)fw->cs.cursor.index);
	fw_notify_run_time_error(fw, status);
}

static void stamp(struct fw *fw, const struct fw_list *list, const struct fw_step *step)
{
	uint64_t ticks = (emu_now(fw->emu) - fw->cs.enabled_at) / TICK_NS;
	uint32_t value = htole32(HW_ACTION_TIMESTAMP - (uint32_t)ticks);

	if (fw->cs.timestamp && fw->cs.batches != fw->cs.timestamp_batch)
		return;
	memcpy(list->bytes + step->action + offsetof(struct hw_action, timestamp), &value,
	       sizeof(value));
}

/* ---- breakpoints: 11 bytes {any app, app, any batch, batch, ...} ---- */

static uint16_t le16_at(const uint8_t *p)
{
	return p[0] | p[1] << 8;
}

static bool breakpoint_fits(const struct fw *fw, const struct fw_step *step)
{
	const uint8_t *d = fw->cs.breakpoint.data;

	return (d[0] || d[1] == fw->cs.app) &&
	       (d[2] || le16_at(d + 3) == fw->cs.batches) &&
	       (d[5] || le16_at(d + 6) == fw->cs.context) &&
	       (d[8] || le16_at(d + 9) == step->index);
}

/* True while the interpreter has to stand at this action. */
static bool at_breakpoint(struct fw *fw, const struct fw_step *step)
{
	struct fw_breakpoint *bp = &fw->cs.breakpoint;

	if (!bp->status)
		return false;
	if (!breakpoint_fits(fw, step)) {
		bp->passed = false;
		return false;
	}
	if (bp->passed)
		return false;
	if (bp->status == 1) {
		bp->status = 2;
		fw_notify_breakpoint(fw);
	}
	return true;
}

/* ---- one context ---- */

enum outcome { OUTCOME_STEP, OUTCOME_WAIT, OUTCOME_END, OUTCOME_FAILED };

static enum outcome step_once(struct fw *fw, const struct fw_list *list)
{
	struct fw_cursor before = fw->cs.cursor;
	struct fw_step step = { 0 };
	uint32_t status = fw_list_next(list, &fw->cs.cursor, &step);

	if (!status)
		return OUTCOME_END;
	if (status == 1) {
		struct fw_cursor after = fw->cs.cursor;

		fw->cs.cursor = before;		/* where an error is reported */
		if (at_breakpoint(fw, &step))
			return OUTCOME_WAIT;
		status = fw_cs_execute(fw, &step);
		if (status == FW_WAIT)
			return OUTCOME_WAIT;
		fw->cs.cursor = status ? before : after;
	}
	if (status) {
		fw_cs_fail(fw, status);
		return OUTCOME_FAILED;
	}
	stamp(fw, list, &step);
	return OUTCOME_STEP;
}

static void enter_context(struct fw *fw, uint32_t context)
{
	fw->cs.context = context;
	memset(&fw->cs.cursor, 0, sizeof(fw->cs.cursor));
	fw_log(fw, 1, FW_LOG_DEBUG, FW_LOG_CONTEXT, 2, fw->cs.app, context);
}

/* Internal channels must be closed by the actions that end a context. */
static bool internals_closed(const struct fw *fw)
{
	unsigned int i;

	for (i = 0; i < FW_CHANNELS; i++)
		if (fw->cs.channel[i].role == FW_INTER || fw->cs.channel[i].role == FW_DDR)
			return false;
	return true;
}

static bool has_computed(const struct fw *fw)
{
	unsigned int i;

	for (i = 0; i < FW_MAX_NETWORKS; i++)
		if (fw->cs.network[i].computed)
			return true;
	return false;
}

static void end_round(struct fw *fw)
{
	unsigned int i;

	for (i = 0; i < FW_MAX_NETWORKS; i++)
		fw->cs.network[i].frame += fw->cs.batch;
	fw->cs.batches++;
	enter_context(fw, FW_FIRST_DYNAMIC);
}

/* True if the next context was entered. */
static bool end_dynamic(struct fw *fw)
{
	bool last = fw->cs.context + 1 == running_app(fw)->context_count;

	fw->cs.waiting = true;
	if (!fw_flow_pass_done(fw))
		return false;
	if (!internals_closed(fw) && running_app(fw)->context_count > FW_FIRST_DYNAMIC + 1) {
		fw_cs_fail(fw, FW_VDMA_NOT_IDLE);
		return false;
	}
	fw->cs.waiting = false;
	fw_flow_next_pass(fw);
	if (last)
		end_round(fw);
	else
		enter_context(fw, fw->cs.context + 1);
	return true;
}

/* ---- the batch, also another one while the application runs ---- */

static void set_batch(struct fw *fw, uint16_t dynamic_batch, uint16_t batch_count)
{
	uint16_t configured = le16toh(running_app(fw)->header.batch_size);

	fw->cs.batch = dynamic_batch ? dynamic_batch : configured;
	fw->cs.batch_count = batch_count;
	fw->cs.batches = 0;
	fw->cs.enabled_at = emu_now(fw->emu);
	memset(fw->cs.network, 0, sizeof(fw->cs.network));
	fw_log(fw, 1, FW_LOG_INFO, FW_LOG_ENABLED, 2, fw->cs.app, (uint32_t)fw->cs.batch);
}

static bool batch_has_begun(const struct fw *fw)
{
	unsigned int i;

	for (i = 0; i < FW_CHANNELS; i++)
		if (fw->cs.channel[i].role == FW_BOUNDARY && fw->cs.channel[i].frames)
			return true;
	return false;
}

/* The context that waits for input is not begun again but goes on where it is, with
 * the new batch: its words are no longer all in the chip, since those of the next
 * context come while it waits. Inferred: BATCH_SWITCHING itself opens what is inside
 * of the first context and starts DDR and credits, and a write of the batch size in
 * the first context forbids it all, which it would not if that ran again (reference
 * configure-and-run.md 9.3, hef.md 6.2). The channels of the host go on running.
 */
static void begin_switch(struct fw *fw)
{
	struct fw_batch next = fw->cs.next;

	if (!fw->cs.endless && batch_has_begun(fw))
		emu_violation(fw->emu, "another batch while frames of the last are in the chip");
	fw->cs.next.wanted = false;
	fw->cs.left = fw->cs.cursor;
	set_batch(fw, next.frames, next.count);
	enter_context(fw, FW_BATCH_SWITCHING);
}

static void end_switch(struct fw *fw)
{
	fw->cs.context = FW_FIRST_DYNAMIC;
	fw->cs.cursor = fw->cs.left;
}

static bool end_context(struct fw *fw)
{
	if (fw->cs.context == FW_BATCH_SWITCHING) {
		end_switch(fw);
		return true;
	}
	if (fw->cs.context < FW_FIRST_DYNAMIC) {
		enter_context(fw, fw->cs.context == FW_ACTIVATION ? FW_PRELIMINARY :
								     FW_FIRST_DYNAMIC);
		return true;
	}
	if (fw_flow_pass_done(fw) && !has_computed(fw)) {
		fw_cs_fail(fw, FW_CS_CREDITS);	/* no input: would go round for ever */
		return false;
	}
	return end_dynamic(fw);
}

static bool all_batches_done(const struct fw *fw)
{
	return fw->cs.batch_count && fw->cs.batches >= fw->cs.batch_count;
}

bool fw_cs_run(struct fw *fw)
{
	bool stepped = false;

	while (fw->cs.phase == FW_CS_RUNNING) {
		struct fw_list *list;

		if (fw->cs.next.wanted && fw->cs.context == FW_FIRST_DYNAMIC)
			begin_switch(fw);
		if (all_batches_done(fw))
			break;
		list = &running_app(fw)->contexts[fw->cs.context];
		fw->cs.waiting = false;
		switch (step_once(fw, list)) {
		case OUTCOME_STEP:
			break;
		case OUTCOME_END:
			if (!end_context(fw))
				return stepped;
			break;
		default:
			return stepped;
		}
		stepped = true;
	}
	return stepped;
}

uint64_t fw_cs_deadline(const struct fw *fw)
{
	if (fw->cs.phase == FW_CS_RUNNING && fw->cs.sleep_until)
		return fw->cs.sleep_until;
	return EMU_IDLE;
}

/* ---- state changes ---- */

static void forget_run(struct fw *fw)
{
	struct fw_cs kept = {
		.breakpoint = fw->cs.breakpoint,
		.timestamp = fw->cs.timestamp,
		.timestamp_batch = fw->cs.timestamp_batch,
	};

	fw_channels_close(fw);
	fw->cs = kept;
	nn_reset(fw->nn);
}

void fw_cs_reset(struct fw *fw)
{
	fw_log(fw, 1, FW_LOG_INFO, FW_LOG_RESET, 0);
	forget_run(fw);
	vdma_abort_all(fw->emu);
}

/* The boundary channels must be started before ENABLED is answered. */
static uint32_t run_activation(struct fw *fw)
{
	struct fw_list *list = &running_app(fw)->contexts[FW_ACTIVATION];
	struct fw_step step = { 0 };
	uint32_t status;

	enter_context(fw, FW_ACTIVATION);
	while ((status = fw_list_next(list, &fw->cs.cursor, &step)) == 1) {
		status = fw_cs_execute(fw, &step);
		if (status == FW_WAIT)
			return FW_CS_NOT_SUPPORTED;	/* nothing can be waited for yet */
		if (status)
			return status;
		stamp(fw, list, &step);
	}
	return status;
}

uint32_t fw_cs_enable(struct fw *fw, unsigned int index, uint16_t dynamic_batch,
		      uint16_t batch_count)
{
	struct fw_app *app = fw_app_get(fw, index);
	uint32_t status;

	if (!app)
		return HW_STATUS_CS_INVALID_APPLICATION;
	if (!fw_app_is_complete(app))
		return HW_STATUS_CS_CONTEXT_COUNT;
	if (dynamic_batch > le16toh(app->header.batch_size))
		return FW_CS_BATCH_SIZE;
	if (fw_temperature_zone(fw) == FW_ZONE_RED)
		return FW_CS_TOO_HOT;
	if (fw->cs.phase == FW_CS_RUNNING && fw->cs.app == index &&
	    app->header.can_fast_batch_switch) {
		fw->cs.next = (struct fw_batch){ true, dynamic_batch, batch_count };
		return 0;
	}
	forget_run(fw);
	vdma_abort_all(fw->emu);
	fw->cs.app = index;
	set_batch(fw, dynamic_batch, batch_count);
	status = run_activation(fw);
	if (status) {
		forget_run(fw);
		return status;
	}
	enter_context(fw, FW_PRELIMINARY);
	fw->cs.phase = FW_CS_RUNNING;
	return 0;
}
