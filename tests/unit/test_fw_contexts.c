// SPDX-License-Identifier: MIT
/*
 * Several contexts, intermediate and DDR buffers of the software chip, with
 * lists in the shape of real two-context and DDR networks (reference
 * firmware-control.md 3.6, Ex. 6; configure-and-run.md 10.2, 16).
 */
#include <endian.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/emulator/fw.h"
#include "tests/hef/pattern.h"
#include "tests/unit/fw_fixture.h"
#include "tests/unit/fw_list.h"

#define IN		1		/* boundary */
#define OUT		16
#define INTER_OUT	17
#define INTER_IN	2
#define COUNT		64
#define BYTES		80		/* every frame: a full page and a short one */
#define DESCS		2
#define BATCH		2
#define IN_STREAM	6
#define OUT_STREAM	0
#define INTER_OUT_STREAM 3
#define INTER_IN_STREAM	8
#define ROW		(2 * PAGE)
#define ROWS		5


struct app {
	uint64_t in, out, inter, ddr;			/* lists */
	uint64_t in_data, out_data, inter_data, ddr_data, config_data;
	unsigned int in_at, out_at;
	struct list activation, batch, preliminary, first, second;
	struct hw_app_header header;
};

/* ---- lists ---- */

static uint64_t new_list(uint64_t *data)
{
	*data = host_alloc(&host, COUNT * PAGE, 4096);
	return host_alloc(&host, COUNT * 16, HW_VDMA_LIST_ALIGN);
}

static void add_boundary_out(const struct app *app, struct list *list)
{
	struct hw_activate_output a = { OUT, OUT_STREAM, 0, reg(BYTES),
					buffer(app->out, COUNT, BYTES) };

	add(list, HW_ACTION_ACTIVATE_BOUNDARY_OUTPUT, &a, sizeof(a));
}

static void add_boundary_in(const struct app *app, struct list *list)
{
	struct hw_activate_boundary_input a = { IN, IN_STREAM, reg(BYTES),
						buffer(app->in, COUNT, BYTES), 0x10000 };

	add(list, HW_ACTION_ACTIVATE_BOUNDARY_INPUT, &a, sizeof(a));
}

static struct hw_host_buffer inter_buffer(const struct app *app)
{
	return buffer(app->inter, DESCS * BATCH + 1, BYTES);
}

static void add_inter_out(const struct app *app, struct list *list)
{
	struct hw_activate_output a = { INTER_OUT, INTER_OUT_STREAM, 0, reg(BYTES),
					inter_buffer(app) };

	add(list, HW_ACTION_ACTIVATE_INTER_OUTPUT, &a, sizeof(a));
}

static void add_inter_in(const struct app *app, struct list *list)
{
	struct hw_activate_inter_input a = { INTER_IN, INTER_IN_STREAM, 0, reg(BYTES),
					     inter_buffer(app), 0x10000 };

	add(list, HW_ACTION_ACTIVATE_INTER_INPUT, &a, sizeof(a));
}

static void add_fetch(struct list *list, uint8_t channel, uint8_t stream, uint32_t size,
		      uint8_t credit)
{
	struct hw_fetch_data a = { channel, stream, 0, size, credit, 0 };

	add(list, HW_ACTION_FETCH_DATA, &a, sizeof(a));
}

static void add_deactivate(struct list *list, uint8_t channel, uint8_t direction, uint8_t check)
{
	struct hw_deactivate_channel a = { channel, direction, check, 0, 0x10000 };

	add(list, HW_ACTION_DEACTIVATE_CHANNEL, &a, sizeof(a));
}

static void build_activation(struct app *app)
{
	struct hw_open_boundary_output out = { OUT, buffer(app->out, COUNT, BYTES) };
	struct hw_open_boundary_input in = { IN, buffer(app->in, COUNT, BYTES), IN_STREAM, 0,
					     BYTES, BYTES };

	add(&app->activation, HW_ACTION_BURST_CREDITS_RESET, NULL, 0);
	add(&app->activation, HW_ACTION_OPEN_BOUNDARY_OUTPUT, &out, sizeof(out));
	add(&app->activation, HW_ACTION_OPEN_BOUNDARY_INPUT, &in, sizeof(in));
}

static void build_batch(struct app *app)
{
	ADD(&app->batch, HW_ACTION_SWITCH_LCU_BATCH, 0x10, 0, 2, 0, 0, 0);
	add_deactivate(&app->batch, INTER_OUT, HW_DIR_D2H, 0);
	add(&app->batch, HW_ACTION_DDR_BUFFERING_RESET, NULL, 0);
	add_inter_out(app, &app->batch);
	ADD(&app->batch, HW_ACTION_CHANGE_INPUT_BATCH, IN);
	add(&app->batch, HW_ACTION_BURST_CREDITS_START, NULL, 0);
}

/* Activation to fetch, as PRELIMINARY and the first context both have it. */
static void start_first(struct app *app, struct list *list)
{
	add_inter_out(app, list);
	add_boundary_in(app, list);
	ADD(list, HW_ACTION_CHANGE_STREAM_MAPPING, IN, IN_STREAM, 0);
	ADD(list, HW_ACTION_CHANGE_STREAM_MAPPING, OUT, IN_STREAM, 1);
	ADD(list, HW_ACTION_RESUME_CHANNEL, IN, HW_DIR_H2D);
	add_fetch(list, IN, IN_STREAM, BYTES, HW_CREDIT_BYTES);
	add(list, HW_ACTION_BURST_CREDITS_START, NULL, 0);
}

static void build_first(struct app *app)
{
	start_first(app, &app->first);
	ADD(&app->first, HW_ACTION_WAIT_LCU, 0x10);
	ADD(&app->first, HW_ACTION_WAIT_OUTPUT_DONE, INTER_OUT, INTER_OUT_STREAM, 0, 1, 0);
	add_deactivate(&app->first, INTER_OUT, HW_DIR_D2H, 1);
	ADD(&app->first, HW_ACTION_PAUSE_CHANNEL, IN, HW_DIR_H2D);
}

static void build_second(struct app *app)
{
	add_boundary_out(app, &app->second);
	add_inter_in(app, &app->second);
	ADD(&app->second, HW_ACTION_CHANGE_STREAM_MAPPING, IN, OUT_STREAM, 1);
	ADD(&app->second, HW_ACTION_CHANGE_STREAM_MAPPING, OUT, OUT_STREAM, 0);
	add_fetch(&app->second, INTER_IN, INTER_IN_STREAM, DESCS, HW_CREDIT_DESCS);
	ADD(&app->second, HW_ACTION_WAIT_DMA_IDLE, OUT, OUT_STREAM, 0, 0);
	add_deactivate(&app->second, INTER_IN, HW_DIR_H2D, 1);
}

static void program_inter(struct app *app)
{
	unsigned int i;

	for (i = 0; i < BATCH; i++)
		host_program(&host, app->inter, i * DESCS, DESCS * BATCH + 1, PAGE,
			     app->inter_data + i * DESCS * PAGE, BYTES, 0x1e);
}

static void two_contexts(struct app *app)
{
	memset(app, 0, sizeof(*app));
	app->in = new_list(&app->in_data);
	app->out = new_list(&app->out_data);
	app->inter = new_list(&app->inter_data);
	app->header = (struct hw_app_header){ 2, 1, 0, 1, 0, 1, 512, BATCH, 0, { 0, 0, 0 }, 0,
					      { 0, 0, 0, 0 } };
	build_activation(app);
	build_batch(app);
	start_first(app, &app->preliminary);
	ADD(&app->preliminary, HW_ACTION_ENABLE_LCU_DEFAULT, 0x10, 0);
	build_first(app);
	build_second(app);
	program_inter(app);
}

static void configure(struct app *app)
{
	assert_int_equal(host_set_header(&host, &app->header), 0);
	assert_int_equal(host_set_context(&host, HW_CONTEXT_ACTIVATION, app->activation.bytes,
					  app->activation.len), 0);
	assert_int_equal(host_set_context(&host, HW_CONTEXT_BATCH_SWITCHING, app->batch.bytes,
					  app->batch.len), 0);
	assert_int_equal(host_set_context(&host, HW_CONTEXT_PRELIMINARY, app->preliminary.bytes,
					  app->preliminary.len), 0);
	assert_int_equal(host_set_context(&host, HW_CONTEXT_DYNAMIC, app->first.bytes,
					  app->first.len), 0);
	if (app->header.dynamic_contexts == 2)
		assert_int_equal(host_set_context(&host, HW_CONTEXT_DYNAMIC, app->second.bytes,
						  app->second.len), 0);
}

static void enable(uint16_t batch)
{
	assert_int_equal(host_change_status(&host, HW_CS_ENABLED, 0, batch), 0);
}

/* ---- frames: page 2n and 2n + 1 of a list's memory hold frame n ---- */

static void send_frame(struct app *app, uint8_t value)
{
	uint64_t data = app->in_data + app->in_at * PAGE;

	memset(host_at(&host, data, BYTES), value, BYTES);
	host_program(&host, app->in, app->in_at, COUNT, PAGE, data, BYTES, 0x2e);
	app->in_at += DESCS;
	host_set_avail(&host, IN, app->in_at % COUNT);
	host_run(&host);
}

static void ask_frame(struct app *app)
{
	host_program(&host, app->out, app->out_at, COUNT, PAGE,
		     app->out_data + app->out_at * PAGE, BYTES, 0x2e);
	app->out_at += DESCS;
	host_set_avail(&host, OUT, app->out_at % COUNT);
	host_run(&host);
}

static uint64_t one_input(uint8_t stream, const uint8_t *frame)
{
	return pattern_combine(PATTERN_HASH_INIT, stream,
			       pattern_hash(PATTERN_HASH_INIT, frame, BYTES));
}

static void expect_frame(struct app *app, unsigned int place, uint8_t value, uint32_t frame)
{
	uint8_t bytes[BYTES];

	memset(bytes, value, sizeof(bytes));
	pattern_fill(pattern_seed(one_input(IN_STREAM, bytes), INTER_OUT_STREAM, frame), bytes,
		     sizeof(bytes));
	pattern_fill(pattern_seed(one_input(INTER_IN_STREAM, bytes), OUT_STREAM, frame), bytes,
		     sizeof(bytes));
	assert_memory_equal(host_at(&host, app->out_data + place * DESCS * PAGE, BYTES), bytes,
			    sizeof(bytes));
}

static uint32_t processed(unsigned int channel)
{
	return host_channel_word(&host, channel, HW_VDMA_REG_NUM_PROC) & 0xffff;
}

static uint32_t run_time_error(void)
{
	uint8_t event[HW_NOTIFICATION_MAX_LEN];
	uint32_t status;

	if (host_take_event(&host, event) != 28 + 11)
		return 0;
	memcpy(&status, event + 28, sizeof(status));
	return le32toh(status);
}

/* ---- two contexts ---- */

static void batches_go_round(void **state)
{
	struct app app;
	unsigned int i;

	(void)state;
	two_contexts(&app);
	configure(&app);
	enable(0);
	for (i = 0; i < 8; i++)
		ask_frame(&app);
	for (i = 0; i < 8; i++) {
		send_frame(&app, 10 + i);
		assert_int_equal(processed(OUT), (i + 1) / BATCH * BATCH * DESCS);
	}
	for (i = 0; i < 8; i++)
		expect_frame(&app, i, 10 + i, i);
	assert_int_equal(run_time_error(), 0);
}

/* Input for a second batch waits until the first is through both contexts. */
static void input_stops_at_the_batch(void **state)
{
	struct app app;
	unsigned int i;

	(void)state;
	two_contexts(&app);
	configure(&app);
	enable(0);
	for (i = 0; i < 5; i++)
		send_frame(&app, i);
	assert_int_equal(processed(IN), BATCH * DESCS);
	ask_frame(&app);
	assert_int_equal(processed(IN), BATCH * DESCS);
	ask_frame(&app);
	assert_int_equal(processed(IN), 2 * BATCH * DESCS);
	expect_frame(&app, 0, 0, 0);
	expect_frame(&app, 1, 1, 1);
}

/* What the host changes between the contexts does not go unnoticed. */
static void a_changed_byte_between_contexts(void **state)
{
	struct app app;

	(void)state;
	two_contexts(&app);
	configure(&app);
	enable(0);
	ask_frame(&app);
	ask_frame(&app);
	send_frame(&app, 1);
	*(uint8_t *)host_at(&host, app.inter_data + 3, 1) ^= 0x10;
	send_frame(&app, 2);
	assert_int_equal(run_time_error(), FW_VDMA_PATTERN);
	assert_true(host_log_has(&host, "frame 0 is not what was written to this buffer"));
	assert_int_equal(processed(OUT), 0);
}

static void batch_of_one(void **state)
{
	struct app app;

	(void)state;
	two_contexts(&app);
	configure(&app);
	enable(1);
	ask_frame(&app);
	send_frame(&app, 3);
	expect_frame(&app, 0, 3, 0);
	enable(2);				/* channels go on, numbers restart */
	ask_frame(&app);
	ask_frame(&app);
	send_frame(&app, 4);
	assert_int_equal(processed(OUT), DESCS);
	send_frame(&app, 5);
	expect_frame(&app, 1, 4, 0);
	expect_frame(&app, 2, 5, 1);
	assert_int_equal(run_time_error(), 0);
}

/* As real files: the words of the second context come while the first waits for its
 * input. They are taken once for each round, also if the batch changes meanwhile.
 */
static void first_configures_second(struct app *app)
{
	uint64_t data, list = new_list(&data);
	struct hw_activate_cfg_channel on = { 0, 0, buffer(list, COUNT, PAGE) };
	uint32_t *word = host_at(&host, data, PAGE);

	word[0] = htole32(PAGE / 4 - 2 - 1);
	word[1] = htole32(0x11000000);
	host_program(&host, list, 0, COUNT, PAGE, data, PAGE, 0x1e);
	app->config_data = data;
	app->header.config_channels = 1;
	app->first.len = 0;
	add(&app->first, HW_ACTION_ACTIVATE_CFG_CHANNEL, &on, sizeof(on));
	start_first(app, &app->first);
	ADD(&app->first, HW_ACTION_FETCH_CFG_DESCS, 1, 0, 0);
	ADD(&app->first, HW_ACTION_WAIT_LCU, 0x10);
	ADD(&app->first, HW_ACTION_DEACTIVATE_CFG_CHANNEL, 0, 0);
	add_deactivate(&app->first, INTER_OUT, HW_DIR_D2H, 1);
	ADD(&app->first, HW_ACTION_PAUSE_CHANNEL, IN, HW_DIR_H2D);
}

static void batch_switch_goes_on(void **state)
{
	struct app app;
	uint8_t *word;

	(void)state;
	two_contexts(&app);
	first_configures_second(&app);
	configure(&app);
	enable(1);
	ask_frame(&app);
	send_frame(&app, 3);
	expect_frame(&app, 0, 3, 0);
	word = host_at(&host, app.config_data, PAGE);
	word[0] ^= 0x80;			/* would be noticed if taken again */
	enable(2);
	ask_frame(&app);
	ask_frame(&app);
	send_frame(&app, 4);
	assert_int_equal(run_time_error(), 0);
	word[0] ^= 0x80;
	send_frame(&app, 5);
	expect_frame(&app, 1, 4, 0);
	expect_frame(&app, 2, 5, 1);
	assert_int_equal(run_time_error(), 0);
}

/* What becomes of frames that are in the chip is not known: the host must not */
static void batch_switch_with_frames(void **state)
{
	struct app app;

	(void)state;
	two_contexts(&app);
	configure(&app);
	enable(2);
	send_frame(&app, 3);
	enable(1);
	assert_true(host_log_has(&host, "another batch while frames of the last"));
}

/* The data really goes through the host: spoil it there. */
static void intermediate_data_is_in_host_memory(void **state)
{
	struct app app;
	uint8_t *inter;

	(void)state;
	two_contexts(&app);
	configure(&app);
	enable(1);
	send_frame(&app, 3);			/* the second context has read it */
	inter = host_at(&host, app.inter_data, BYTES);
	assert_int_not_equal(inter[0] | inter[1] | inter[2], 0);
	assert_int_equal(inter[BYTES], 0);
	ask_frame(&app);
	expect_frame(&app, 0, 3, 0);
}

static void forgotten_deactivation(void **state)
{
	struct app app;

	(void)state;
	two_contexts(&app);
	app.second.len -= 5 + sizeof(struct hw_deactivate_channel);
	configure(&app);
	enable(1);
	ask_frame(&app);
	send_frame(&app, 3);
	assert_int_equal(run_time_error(), FW_VDMA_NOT_IDLE);
}

static void buffer_too_small_for_batch(void **state)
{
	struct app app;

	(void)state;
	two_contexts(&app);
	app.header.batch_size = BATCH + 1;
	configure(&app);
	enable(0);
	assert_int_equal(run_time_error(), FW_CS_TOO_MANY_DESCS);
}

static void no_input_in_a_context(void **state)
{
	struct app app;

	(void)state;
	two_contexts(&app);
	app.second.len = 0;
	ADD(&app.second, HW_ACTION_DISABLE_LCU, 0x11);
	configure(&app);
	enable(1);
	send_frame(&app, 3);
	assert_int_equal(run_time_error(), FW_CS_CREDITS);
}

/* ---- DDR ---- */

static void add_ddr(struct app *app, struct list *list, uint32_t buffered)
{
	struct hw_stream_reg r = { ROW, ROWS, ROW, ROWS, 0, 0, 0, 1 };
	struct hw_activate_ddr_output out = { INTER_OUT, 14, r, buffer(app->ddr, 16, ROW),
					      buffered };
	struct hw_activate_ddr_input in = { INTER_IN, 13, r, buffer(app->ddr, 16, ROW), 0x10000,
					    INTER_OUT };
	struct hw_add_ddr_pair pair = { INTER_IN, INTER_OUT, 0, 2 * ROWS, 16 };

	add(list, HW_ACTION_ACTIVATE_DDR_OUTPUT, &out, sizeof(out));
	add(list, HW_ACTION_ACTIVATE_DDR_INPUT, &in, sizeof(in));
	add(list, HW_ACTION_ADD_DDR_PAIR, &pair, sizeof(pair));
	add(list, HW_ACTION_DDR_BUFFERING_START, NULL, 0);
}

static void with_ddr(struct app *app, uint32_t buffered)
{
	memset(app, 0, sizeof(*app));
	app->in = new_list(&app->in_data);
	app->out = new_list(&app->out_data);
	app->ddr = new_list(&app->ddr_data);
	app->header = (struct hw_app_header){ 1, 0, 0, 1, 0, 1, 512, 1, 0, { 0, 0, 0 }, 0,
					      { 0, 0, 0, 0 } };
	build_activation(app);
	add(&app->batch, HW_ACTION_DDR_BUFFERING_RESET, NULL, 0);
	ADD(&app->preliminary, HW_ACTION_ENABLE_LCU_DEFAULT, 0x10, 0);
	add_ddr(app, &app->first, buffered);
	add_boundary_out(app, &app->first);
	add_boundary_in(app, &app->first);
	ADD(&app->first, HW_ACTION_RESUME_CHANNEL, IN, HW_DIR_H2D);
	add_fetch(&app->first, IN, IN_STREAM, BYTES, HW_CREDIT_BYTES);
	add(&app->first, HW_ACTION_WAIT_APP_CHANGE, NULL, 0);
	host_program(&host, app->ddr, 0, 16, PAGE, app->ddr_data, 16 * PAGE, 0x02);
}

static uint32_t ddr_frames(struct app *app, unsigned int count)
{
	configure(app);
	enable(0);
	while (count--) {
		ask_frame(app);
		send_frame(app, count);
	}
	return run_time_error();
}

static void ddr_rows_come_back(void **state)
{
	struct app app;

	(void)state;
	with_ddr(&app, 4);
	assert_int_equal(ddr_frames(&app, 6), 0);	/* 30 rows in a ring of 8 */
	assert_int_equal(processed(OUT), 6 * DESCS);
}

/* Two rows in one place: with four on their way one is lost. */
static void ddr_buffer_overlaps(void **state)
{
	struct app app;

	(void)state;
	with_ddr(&app, 4);
	host_program(&host, app.ddr, 4, 16, PAGE, app.ddr_data, ROW, 0x02);
	assert_int_equal(ddr_frames(&app, 1), FW_DDR_TIMEOUT);
	assert_int_equal(processed(OUT), 0);
}

static void ddr_buffer_too_short(void **state)
{
	struct app app;

	(void)state;
	with_ddr(&app, 9);
	assert_int_equal(ddr_frames(&app, 1), FW_DDR_DESCRIPTORS);
}

#define WITH_HOST(f)	cmocka_unit_test_setup_teardown(f, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_HOST(batches_go_round),
		WITH_HOST(input_stops_at_the_batch),
		WITH_HOST(a_changed_byte_between_contexts),
		WITH_HOST(batch_of_one),
		WITH_HOST(batch_switch_goes_on),
		WITH_HOST(batch_switch_with_frames),
		WITH_HOST(intermediate_data_is_in_host_memory),
		WITH_HOST(forgotten_deactivation),
		WITH_HOST(buffer_too_small_for_batch),
		WITH_HOST(no_input_in_a_context),
		WITH_HOST(ddr_rows_come_back),
		WITH_HOST(ddr_buffer_overlaps),
		WITH_HOST(ddr_buffer_too_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
