// SPDX-License-Identifier: MIT
/*
 * Context switching of the software chip: a small application built by hand,
 * its frames, and everything that can be wrong with one. Status words as in
 * tests/emulator/fw_status.h.
 */
#include <endian.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/crc32.h"
#include "tests/emulator/fw.h"
#include "tests/hef/nn_format.h"
#include "tests/hef/pattern.h"
#include "tests/unit/fw_fixture.h"
#include "tests/unit/fw_list.h"

#define CFG		0
#define IN		1
#define OUT		16
#define COUNT		32		/* descriptors of the boundary lists */
#define CFG_COUNT	9
#define IN_BYTES	96		/* two descriptors, the second one short */
#define OUT_BYTES	128
#define IN_STREAM	5
#define OUT_STREAM	3

struct app {
	uint64_t cfg, in, out;		/* lists */
	uint64_t cfg_data, in_data, out_data;
	uint32_t cfg_descs;		/* fetched, and in the pattern */
	uint32_t in_bytes, out_bytes;
	unsigned int in_at, out_at;	/* next descriptor */
	struct list activation, batch, preliminary, dynamic;
	struct hw_app_header header;
};


/* ---- building an application ---- */

static void build_activation(struct app *app)
{
	struct hw_open_boundary_output out = { OUT, buffer(app->out, COUNT, app->out_bytes) };
	struct hw_open_boundary_input in = { IN, buffer(app->in, COUNT, app->in_bytes),
					     IN_STREAM, 0, app->in_bytes, app->in_bytes };

	app->activation.len = 0;
	add(&app->activation, HW_ACTION_BURST_CREDITS_RESET, NULL, 0);
	add(&app->activation, HW_ACTION_OPEN_BOUNDARY_OUTPUT, &out, sizeof(out));
	add(&app->activation, HW_ACTION_OPEN_BOUNDARY_INPUT, &in, sizeof(in));
}

static void add_config(struct app *app)
{
	struct hw_activate_cfg_channel on = { CFG, 0, buffer(app->cfg, CFG_COUNT,
							    app->cfg_descs * PAGE) };

	add(&app->preliminary, HW_ACTION_ACTIVATE_CFG_CHANNEL, &on, sizeof(on));
	ADD(&app->preliminary, HW_ACTION_DISABLE_LCU, 0x10);
	ADD(&app->preliminary, HW_ACTION_FETCH_CFG_DESCS, app->cfg_descs, 0, CFG);
	ADD(&app->preliminary, HW_ACTION_WAIT_MODULE_CONFIG, 5);
}

static void add_flow(struct app *app, struct list *list)
{
	struct hw_activate_output out = { OUT, OUT_STREAM, 0, reg(app->out_bytes),
					  buffer(app->out, COUNT, app->out_bytes) };
	struct hw_activate_boundary_input in = { IN, IN_STREAM, reg(app->in_bytes),
						 buffer(app->in, COUNT, app->in_bytes), 0x10000 };
	struct hw_fetch_data fetch = { IN, IN_STREAM, 0, app->in_bytes, HW_CREDIT_BYTES, 0 };

	add(list, HW_ACTION_ACTIVATE_BOUNDARY_OUTPUT, &out, sizeof(out));
	add(list, HW_ACTION_ACTIVATE_BOUNDARY_INPUT, &in, sizeof(in));
	ADD(list, HW_ACTION_RESUME_CHANNEL, IN, HW_DIR_H2D);
	add(list, HW_ACTION_FETCH_DATA, &fetch, sizeof(fetch));
	add(list, HW_ACTION_BURST_CREDITS_START, NULL, 0);
}

static void build_app(struct app *app, uint32_t cfg_descs, uint32_t in_bytes, uint32_t out_bytes)
{
	memset(app, 0, sizeof(*app));
	app->cfg = host_alloc(&host, CFG_COUNT * 16, HW_VDMA_LIST_ALIGN);
	app->in = host_alloc(&host, COUNT * 16, HW_VDMA_LIST_ALIGN);
	app->out = host_alloc(&host, COUNT * 16, HW_VDMA_LIST_ALIGN);
	app->cfg_data = host_alloc(&host, CFG_COUNT * PAGE, 4096);
	app->in_data = host_alloc(&host, COUNT * PAGE, 4096);
	app->out_data = host_alloc(&host, COUNT * PAGE, 4096);
	app->cfg_descs = cfg_descs;
	app->in_bytes = in_bytes;
	app->out_bytes = out_bytes;
	app->header = (struct hw_app_header){ 1, 1, 0, 1, 0, 1, 512, 4, 0, { 0, 0, 0 }, 1,
					      { CFG, 0, 0, 0 } };
	build_activation(app);
	ADD(&app->batch, HW_ACTION_SWITCH_LCU_BATCH, 0x10, 0, 2, 0, 0, 0);
	add(&app->batch, HW_ACTION_DDR_BUFFERING_RESET, NULL, 0);
	ADD(&app->batch, HW_ACTION_CHANGE_INPUT_BATCH, IN);
	add_config(app);
	add_flow(app, &app->preliminary);
	ADD(&app->preliminary, HW_ACTION_ENABLE_LCU_DEFAULT, 0x10, 0);
	ADD(&app->preliminary, HW_ACTION_DEACTIVATE_CFG_CHANNEL, CFG, 0);
	add_flow(app, &app->dynamic);
	add(&app->dynamic, HW_ACTION_WAIT_APP_CHANGE, NULL, 0);
}

/* Configuration: one packet of words to an address outside the network memory. */
static void write_config(struct app *app, uint32_t address)
{
	uint32_t bytes = app->cfg_descs * PAGE;
	uint32_t *ccw = host_at(&host, app->cfg_data, bytes);

	ccw[0] = htole32(bytes / 4 - 2 - 1);
	ccw[1] = htole32(address);
	host_program(&host, app->cfg, 0, CFG_COUNT, PAGE, app->cfg_data, bytes, 0x1e);
}

static void standard_app(struct app *app)
{
	build_app(app, 2, IN_BYTES, OUT_BYTES);
	write_config(app, 0x11000000);
}

static uint32_t send_context(uint8_t type, const struct list *list)
{
	return host_set_context(&host, type, list->bytes, list->len);
}

static uint32_t configure(const struct app *app)
{
	uint32_t status = host_set_header(&host, &app->header);

	if (!status)
		status = send_context(HW_CONTEXT_ACTIVATION, &app->activation);
	if (!status)
		status = send_context(HW_CONTEXT_BATCH_SWITCHING, &app->batch);
	if (!status)
		status = send_context(HW_CONTEXT_PRELIMINARY, &app->preliminary);
	return status ? status : send_context(HW_CONTEXT_DYNAMIC, &app->dynamic);
}

static uint32_t enable(uint8_t index)
{
	return host_change_status(&host, HW_CS_ENABLED, index, 0);
}

static uint32_t reset(void)
{
	return host_change_status(&host, HW_CS_RESET, HW_CS_NO_APPLICATION, 0);
}

/* ---- frames ---- */

static void launch(uint64_t list, uint64_t data, unsigned int channel, unsigned int *at,
		   uint32_t bytes)
{
	host_program(&host, list, *at, COUNT, PAGE, data, bytes, 0x2e);
	*at = (*at + (bytes + PAGE - 1) / PAGE) % COUNT;
	host_set_avail(&host, channel, *at);
	host_run(&host);
}

static void send_frame(struct app *app, uint8_t first_byte)
{
	memset(host_at(&host, app->in_data, app->in_bytes), 0x11, app->in_bytes);
	*(uint8_t *)host_at(&host, app->in_data, 1) = first_byte;
	launch(app->in, app->in_data, IN, &app->in_at, app->in_bytes);
}

static void ask_frame(struct app *app)
{
	launch(app->out, app->out_data, OUT, &app->out_at, app->out_bytes);
}

static uint32_t processed(unsigned int channel)
{
	return host_channel_word(&host, channel, HW_VDMA_REG_NUM_PROC) & 0xffff;
}

static void expect_frame(struct app *app, uint8_t first_byte, uint32_t frame)
{
	uint8_t in[IN_BYTES], want[OUT_BYTES];
	uint64_t c;

	memset(in, 0x11, app->in_bytes);
	in[0] = first_byte;
	c = pattern_combine(PATTERN_HASH_INIT, IN_STREAM,
			    pattern_hash(PATTERN_HASH_INIT, in, app->in_bytes));
	pattern_fill(pattern_seed(c, OUT_STREAM, frame), want, app->out_bytes);
	assert_memory_equal(host_at(&host, app->out_data, app->out_bytes), want,
			    app->out_bytes);
}

/* The run-time error that waits: its status, 0 if none. */
static uint32_t run_time_error(unsigned int *action)
{
	uint8_t event[HW_NOTIFICATION_MAX_LEN];
	struct hw_event head;
	uint32_t status;

	if (host_take_event(&host, event) != sizeof(head) + 11)
		return 0;
	memcpy(&head, event, sizeof(head));
	assert_int_equal(head.event_id, HW_EVENT_RUN_TIME_ERROR);
	assert_int_equal(head.priority, 1);
	assert_int_equal(head.param_count, 5);
	memcpy(&status, event + sizeof(head), sizeof(status));
	if (action)
		*action = event[sizeof(head) + 9];
	return le32toh(status);
}

/* ---- what works ---- */

static void channels_run_before_the_answer(void **state)
{
	struct app app;

	(void)state;
	standard_app(&app);
	assert_int_equal(configure(&app), 0);
	assert_int_equal(host_channel_word(&host, IN, 0), 0);
	assert_int_equal(enable(0), 0);
	assert_int_equal(host_channel_word(&host, IN, 0), 0x2801);
	assert_int_equal(host_channel_word(&host, OUT, 0), 0x2801);
	assert_int_equal(host_channel_word(&host, CFG, 0) & 3, 0);
	assert_int_equal(run_time_error(NULL), 0);
}

static void frames(void **state)
{
	struct app app;
	unsigned int i;

	(void)state;
	standard_app(&app);
	assert_int_equal(configure(&app), 0);
	assert_int_equal(enable(0), 0);
	for (i = 0; i < 40; i++) {		/* more than once around */
		ask_frame(&app);
		send_frame(&app, i);
		expect_frame(&app, i, i);
	}
}

static void frame_number_restarts(void **state)
{
	struct app app;

	(void)state;
	standard_app(&app);
	assert_int_equal(configure(&app), 0);
	assert_int_equal(enable(0), 0);
	ask_frame(&app);
	send_frame(&app, 9);
	expect_frame(&app, 9, 0);
	assert_int_equal(reset(), 0);
	assert_int_equal(host_channel_word(&host, IN, 0) & 3, 0);
	app.in_at = 0;
	app.out_at = 0;
	assert_int_equal(enable(0), 0);
	assert_int_equal(processed(IN), 0);
	send_frame(&app, 9);
	ask_frame(&app);
	expect_frame(&app, 9, 0);
}

/* A frame in the core, one before it and one behind it: then input stops. */
static void back_pressure(void **state)
{
	struct app app;
	unsigned int i;

	(void)state;
	standard_app(&app);
	assert_int_equal(configure(&app), 0);
	assert_int_equal(enable(0), 0);
	for (i = 0; i < 5; i++)
		send_frame(&app, 7);
	assert_int_equal(processed(IN), 4);	/* two frames of two descriptors */
	assert_int_equal(processed(OUT), 0);
	ask_frame(&app);
	assert_int_equal(processed(IN), 6);
	expect_frame(&app, 7, 0);
	for (i = 1; i < 5; i++) {
		ask_frame(&app);
		expect_frame(&app, 7, i);
	}
	assert_int_equal(processed(IN), 10);
}

static void half_a_frame(void **state)
{
	struct app app;

	(void)state;
	standard_app(&app);
	assert_int_equal(configure(&app), 0);
	assert_int_equal(enable(0), 0);
	ask_frame(&app);
	memset(host_at(&host, app.in_data, IN_BYTES), 0x11, IN_BYTES);
	host_program(&host, app.in, 0, COUNT, PAGE, app.in_data, IN_BYTES, 0x2e);
	host_set_avail(&host, IN, 1);
	host_run(&host);
	assert_int_equal(processed(IN), 1);
	assert_int_equal(processed(OUT), 0);
	host_set_avail(&host, IN, 2);
	host_run(&host);
	expect_frame(&app, 0x11, 0);
}

static void two_applications(void **state)
{
	struct app a, b;

	(void)state;
	standard_app(&a);
	standard_app(&b);
	assert_int_equal(configure(&a), 0);
	assert_int_equal(configure(&b), 0);
	assert_int_equal(enable(0), 0);
	ask_frame(&a);
	send_frame(&a, 1);
	expect_frame(&a, 1, 0);
	assert_int_equal(enable(1), 0);		/* no RESET in between */
	assert_int_equal(processed(IN), 0);
	ask_frame(&b);
	send_frame(&b, 2);
	expect_frame(&b, 2, 0);
}

/* Same application, other batch: the host's channels are left alone. */
static void batch_switch(void **state)
{
	struct app app;

	(void)state;
	standard_app(&app);
	assert_int_equal(configure(&app), 0);
	assert_int_equal(enable(0), 0);
	ask_frame(&app);
	send_frame(&app, 1);
	assert_int_equal(host_change_status(&host, HW_CS_ENABLED, 0, 2), 0);
	assert_int_equal(processed(IN), 2);
	ask_frame(&app);
	send_frame(&app, 2);
	expect_frame(&app, 2, 0);
	assert_int_equal(run_time_error(NULL), 0);
	assert_int_equal(host_change_status(&host, HW_CS_ENABLED, 0, 5), FW_CS_BATCH_SIZE);
}

static void driver_down_stops_channels(void **state)
{
	struct app app;

	(void)state;
	standard_app(&app);
	assert_int_equal(configure(&app), 0);
	assert_int_equal(enable(0), 0);
	fw_driver_down(emu_get_fw(host.emu));
	assert_int_equal(host_channel_word(&host, IN, 0) & 3, 0);
	assert_int_equal(host_channel_word(&host, OUT, 0) & 3, 0);
}

/* ---- synthetic networks ---- */

struct identity {			/* output = input, 64 bytes */
	uint32_t ccw_words, ccw_address;
	struct nn_header header;
	struct nn_tensor tensor;
	struct nn_stream stream[2];
	uint32_t padding[13];
} __attribute__((packed));

static void identity_network(struct app *app)
{
	struct identity net = {
		.ccw_words = (sizeof(net) - 8) / 4 - 1,
		.ccw_address = NN_MEMORY_BASE,
		.header = {
			.magic = NN_MAGIC, .version = NN_VERSION,
			.header_size = sizeof(net.header), .image_size = 40 + 12 + 24,
			.tensor_count = 1, .stream_count = 2,
			.tensors_offset = 40, .layers_offset = 40, .streams_offset = 52,
		},
		.tensor = { .height = 8, .width = 8, .features = 1, .type = NN_TYPE_U8 },
		.stream = {
			{ 0, IN_STREAM, 0, 0, 0, 8, 8, 1 },
			{ 1, OUT_STREAM, 0, 0, 0, 8, 8, 1 },
		},
	};

	_Static_assert(sizeof(net) == 2 * PAGE + 8, "padding");
	build_app(app, 3, 64, 64);
	net.header.crc32 = crc32_digest(&net.tensor, 36);
	memset(host_at(&host, app->cfg_data, 3 * PAGE), 0, 3 * PAGE);
	memcpy(host_at(&host, app->cfg_data, sizeof(net)), &net, sizeof(net));
	host_program(&host, app->cfg, 0, CFG_COUNT, PAGE, app->cfg_data, 3 * PAGE, 0x1e);
}

static void synthetic_network(void **state)
{
	struct app app;

	(void)state;
	identity_network(&app);
	assert_int_equal(configure(&app), 0);
	assert_int_equal(enable(0), 0);
	ask_frame(&app);
	send_frame(&app, 0xa5);
	assert_memory_equal(host_at(&host, app.out_data, 64), host_at(&host, app.in_data, 64), 64);
}

/* The next application is a real network again: nothing of the first one stays. */
static void network_is_forgotten(void **state)
{
	struct app net, real;

	(void)state;
	identity_network(&net);
	standard_app(&real);
	assert_int_equal(configure(&net), 0);
	assert_int_equal(configure(&real), 0);
	assert_int_equal(enable(0), 0);
	assert_int_equal(enable(1), 0);
	ask_frame(&real);
	send_frame(&real, 3);
	expect_frame(&real, 3, 0);
}

static void bad_network(void **state)
{
	struct app app;

	(void)state;
	identity_network(&app);
	((uint8_t *)host_at(&host, app.cfg_data, 100))[60] ^= 1;
	assert_int_equal(configure(&app), 0);
	assert_int_equal(enable(0), 0);
	assert_int_equal(run_time_error(NULL), FW_NN_CORE_ARGUMENT);
	assert_true(host_log_has(&host, "checksum"));
	ask_frame(&app);
	send_frame(&app, 1);
	assert_int_equal(processed(IN), 0);
}

/* ---- order ---- */

static void contexts_out_of_order(void **state)
{
	struct app app;

	(void)state;
	standard_app(&app);
	assert_int_equal(send_context(HW_CONTEXT_ACTIVATION, &app.activation),
			 HW_STATUS_CS_CONTEXT_BEFORE_HEADER);
	assert_int_equal(host_set_header(&host, &app.header), 0);
	assert_int_equal(send_context(HW_CONTEXT_PRELIMINARY, &app.preliminary),
			 HW_STATUS_CS_CONTEXT_ORDER);
	assert_int_equal(send_context(4, &app.preliminary), HW_STATUS_CS_INVALID_CONTEXT_TYPE);
	assert_int_equal(host_set_chunk(&host, false, true, HW_CONTEXT_ACTIVATION,
					app.activation.bytes, app.activation.len),
			 HW_STATUS_CS_CONTEXT_ORDER);
	assert_int_equal(enable(0), HW_STATUS_CS_CONTEXT_COUNT);
	assert_int_equal(host_set_header(&host, &app.header), HW_STATUS_CS_CONTEXT_ORDER);
	assert_int_equal(send_context(HW_CONTEXT_ACTIVATION, &app.activation), 0);
	assert_int_equal(send_context(HW_CONTEXT_BATCH_SWITCHING, &app.batch), 0);
	assert_int_equal(send_context(HW_CONTEXT_PRELIMINARY, &app.preliminary), 0);
	assert_int_equal(send_context(HW_CONTEXT_DYNAMIC, &app.dynamic), 0);
	assert_int_equal(send_context(HW_CONTEXT_DYNAMIC, &app.dynamic), FW_CS_CONTEXT_RANGE);
	assert_int_equal(enable(1), HW_STATUS_CS_INVALID_APPLICATION);
	assert_int_equal(enable(0), 0);
}

static void bad_headers(void **state)
{
	struct hw_app_header good = { 1, 1, 0, 1, 0, 1, 512, 1, 0, { 0, 0, 0 }, 1, { 0, 0, 0, 0 } };
	struct hw_app_header h;

	(void)state;
	h = good;
	h.dynamic_contexts = 0;
	assert_int_equal(host_set_header(&host, &h), HW_STATUS_CS_CONTEXT_COUNT);
	h.dynamic_contexts = 1022;
	assert_int_equal(host_set_header(&host, &h), HW_STATUS_CS_TOO_MANY_CONTEXTS);
	h = good;
	h.networks = 0;
	assert_int_equal(host_set_header(&host, &h), FW_CS_NETWORK);
	h = good;
	h.batch_size = 0;
	assert_int_equal(host_set_header(&host, &h), FW_CS_BATCH_SIZE);
	h = good;
	h.config_channels = 5;
	assert_int_equal(host_set_header(&host, &h), FW_CS_CONFIG_CHANNELS);
	h = good;
	h.config_channel[0] = 16;
	assert_int_equal(host_set_header(&host, &h), FW_CS_CHANNEL);
	h = good;
	h.external_action_list = 4;
	assert_int_equal(host_set_header(&host, &h), FW_CS_EXTERNAL_LIST);
}

static void not_while_active(void **state)
{
	struct app app;

	(void)state;
	standard_app(&app);
	assert_int_equal(configure(&app), 0);
	assert_int_equal(enable(0), 0);
	assert_int_equal(host_set_header(&host, &app.header),
			 HW_STATUS_CS_CONFIGURE_WHILE_ACTIVE);
	assert_int_equal(host_request(&host, 1, HW_OP_CLEAR_CONFIGURED_APPS, 0, NULL, 0),
			 HW_STATUS_CS_CLEAR_WHILE_ACTIVE);
	assert_int_equal(reset(), 0);
	assert_int_equal(host_request(&host, 1, HW_OP_CLEAR_CONFIGURED_APPS, 0, NULL, 0), 0);
	assert_int_equal(enable(0), HW_STATUS_CS_INVALID_APPLICATION);
	assert_int_equal(configure(&app), 0);	/* numbering restarts */
	assert_int_equal(enable(0), 0);
	assert_int_equal(host_change_status(&host, HW_CS_PAUSED, 0, 0), FW_CS_BAD_STATE);
	assert_int_equal(host_change_status(&host, HW_CS_RESET, 0, 0),
			 HW_STATUS_CS_INVALID_APPLICATION);
}

static void many_applications(void **state)
{
	struct app app;
	unsigned int i;

	(void)state;
	standard_app(&app);
	for (i = 0; i < HW_MAX_APPLICATIONS; i++)
		assert_int_equal(configure(&app), 0);
	assert_int_equal(configure(&app), HW_STATUS_CS_INVALID_APPLICATION);
	assert_int_equal(enable(31), 0);
}

static void sram_full(void **state)
{
	struct list nops = { .len = 0 };
	struct app app;
	uint32_t status = 0, chunks = 0;

	(void)state;
	standard_app(&app);
	while (nops.len + 5 <= sizeof(nops.bytes))
		add(&nops, HW_ACTION_BURST_CREDITS_RESET, NULL, 0);
	assert_int_equal(host_set_header(&host, &app.header), 0);
	while (!status && chunks < 1000)
		status = host_set_chunk(&host, !chunks++, false, HW_CONTEXT_ACTIVATION, nops.bytes,
					nops.len);
	assert_int_equal(status, HW_STATUS_CS_SRAM_FULL);
	assert_int_equal(chunks, FW_LIST_SRAM / nops.len + 1);
}

/* ---- firmware before 4.21 ---- */

static void start_version(uint32_t minor)
{
	struct hw_fw_header image = { .major = htole32(4), .minor = htole32(minor) };

	fw_start(emu_get_fw(host.emu), &image, &image);
}

/* `by_host` into the stream registers of the one action that has some */
static void make_old(struct list *list, uint8_t type, size_t registers, uint8_t by_host)
{
	size_t at = 0;

	while (list->bytes[at] != type)
		at += sizeof(struct hw_action) + (size_t)fw_action_size(list->bytes[at]);
	at += sizeof(struct hw_action) + registers + HW_OLD_REG_BY_HOST_AT;
	memmove(list->bytes + at + 1, list->bytes + at, list->len - at);
	list->bytes[at] = by_host;
	list->len++;
}

static void make_flow_old(struct list *list, uint8_t by_host)
{
	make_old(list, HW_ACTION_ACTIVATE_BOUNDARY_INPUT, 2, by_host);
	make_old(list, HW_ACTION_ACTIVATE_BOUNDARY_OUTPUT, 3, by_host);
}

static uint32_t set_old_header(uint16_t batch, uint16_t second_batch)
{
	struct {
		uint32_t len;
		struct hw_old_app_header header;
	} __attribute__((packed)) p = {
		htobe32(sizeof(p.header)),
		{ 1, 1, 0, 1, 0, 1, 512, { batch, second_batch }, 0, { 0 } },
	};

	return host_request(&host, 1, HW_OP_SET_NETWORK_GROUP_HEADER, 1, &p, sizeof(p));
}

/* Each version takes its own layout and refuses the other one */
static void versions(void **state)
{
	(void)state;
	for (uint32_t minor = 17; minor <= 23; minor++) {
		struct app app;

		start_version(minor);
		standard_app(&app);
		if (minor >= 21) {
			assert_int_equal(set_old_header(4, 0), HW_STATUS_APP_HEADER_LENGTH);
			assert_int_equal(configure(&app), 0);
			assert_int_equal(enable(0), 0);
			continue;
		}
		assert_int_equal(host_set_header(&host, &app.header), HW_STATUS_APP_HEADER_LENGTH);
		assert_int_equal(set_old_header(4, 2), FW_CS_BATCH_SIZE);
		assert_int_equal(set_old_header(4, 0), 0);
		make_flow_old(&app.preliminary, 1);
		make_flow_old(&app.dynamic, 1);
		assert_int_equal(send_context(HW_CONTEXT_ACTIVATION, &app.activation), 0);
		assert_int_equal(send_context(HW_CONTEXT_BATCH_SWITCHING, &app.batch), 0);
		assert_int_equal(send_context(HW_CONTEXT_PRELIMINARY, &app.preliminary), 0);
		assert_int_equal(send_context(HW_CONTEXT_DYNAMIC, &app.dynamic), 0);
		assert_int_equal(enable(0), 0);
	}
}

/* Lists of today, and portions that the firmware would have to compute */
static void wrong_for_old(void **state)
{
	struct app app;

	(void)state;
	for (int by_host = 0; by_host < 2; by_host++) {
		start_version(20);
		standard_app(&app);
		assert_int_equal(set_old_header(4, 0), 0);
		assert_int_equal(send_context(HW_CONTEXT_ACTIVATION, &app.activation), 0);
		assert_int_equal(send_context(HW_CONTEXT_BATCH_SWITCHING, &app.batch), 0);
		if (!by_host)
			make_flow_old(&app.preliminary, 0);
		assert_int_not_equal(send_context(HW_CONTEXT_PRELIMINARY, &app.preliminary), 0);
	}
}

/* ---- chunks ---- */

static void block_across_chunks(void **state)
{
	static const uint8_t block[] = { HW_ACTION_REPEATED, 0xff, 0xff, 0xff, 0xff, 3, 0,
					 HW_ACTION_DISABLE_LCU, 0x10, 0x11, 0x12 };
	struct app app;

	(void)state;
	standard_app(&app);
	assert_int_equal(host_set_header(&host, &app.header), 0);
	assert_int_equal(send_context(HW_CONTEXT_ACTIVATION, &app.activation), 0);
	assert_int_equal(send_context(HW_CONTEXT_BATCH_SWITCHING, &app.batch), 0);
	assert_int_equal(host_set_chunk(&host, true, false, 0, block, 9), 0);
	assert_int_equal(host_set_chunk(&host, true, false, 0, block, 9),
			 HW_STATUS_CS_CONTEXT_ORDER);
	assert_int_equal(host_set_chunk(&host, false, false, 0, block + 9, 2), 0);
	assert_int_equal(host_set_chunk(&host, false, true, 0, app.preliminary.bytes,
					app.preliminary.len), 0);
	assert_int_equal(send_context(HW_CONTEXT_DYNAMIC, &app.dynamic), 0);
	assert_int_equal(enable(0), 0);
	ask_frame(&app);
	send_frame(&app, 1);
	expect_frame(&app, 1, 0);
}

/* ---- lists that are refused ---- */

static uint32_t try_activation(const void *bytes, size_t len)
{
	struct hw_app_header h = { 1, 1, 0, 1, 0, 1, 512, 1, 0, { 0, 0, 0 }, 1, { 0, 0, 0, 0 } };

	fw_cs_reset(emu_get_fw(host.emu));
	fw_apps_clear(emu_get_fw(host.emu));
	assert_int_equal(host_set_header(&host, &h), 0);
	return host_set_context(&host, HW_CONTEXT_ACTIVATION, bytes, len);
}

#define TRY(...) try_activation((const uint8_t[]){ __VA_ARGS__ }, \
				sizeof((const uint8_t[]){ __VA_ARGS__ }))
#define STAMP 0xff, 0xff, 0xff, 0xff

static void malformed_lists(void **state)
{
	(void)state;
	assert_int_equal(TRY(45, STAMP), HW_STATUS_CS_INVALID_ACTION);
	assert_int_equal(TRY(HW_ACTION_DISABLE_LCU, STAMP), FW_CS_MISALIGNED);
	assert_int_equal(TRY(HW_ACTION_BURST_CREDITS_RESET, 0xff), FW_CS_MISALIGNED);
	assert_int_equal(TRY(HW_ACTION_REPEATED, STAMP, 1), FW_CS_MISALIGNED);
	assert_int_equal(TRY(HW_ACTION_REPEATED, STAMP, 2, 0, HW_ACTION_DISABLE_LCU, 0),
			 FW_CS_MISALIGNED);
	assert_int_equal(TRY(HW_ACTION_REPEATED, STAMP, 0, 0, HW_ACTION_DISABLE_LCU),
			 FW_CS_REPEATED_COUNT);
	assert_int_equal(TRY(HW_ACTION_REPEATED, STAMP, 1, 1, HW_ACTION_DISABLE_LCU, 0),
			 FW_CS_REPEATED_HEADER);
	assert_int_equal(TRY(HW_ACTION_REPEATED, STAMP, 1, 0, HW_ACTION_WAIT_LCU, 0),
			 FW_CS_REPEATED_TYPE);
	assert_int_equal(TRY(HW_ACTION_FETCH_CCW_BURSTS, STAMP, 1, 0, 0),
			 FW_CCW_BURSTS_REFUSED);
	assert_int_equal(TRY(HW_ACTION_WAIT_CACHE_UPDATED, STAMP), FW_CS_NOT_SUPPORTED);
	assert_int_equal(TRY(HW_ACTION_DEACTIVATE_CFG_CHANNEL, STAMP, 0, 1),
			 FW_CS_CONFIG_STREAM);
	assert_int_equal(TRY(HW_ACTION_DEACTIVATE_CFG_CHANNEL, STAMP, 1, 0), FW_CS_CHANNEL);
}

static uint32_t try_buffer(struct hw_host_buffer buf)
{
	struct hw_open_boundary_output out = { OUT, buf };
	struct list list = { .len = 0 };

	add(&list, HW_ACTION_OPEN_BOUNDARY_OUTPUT, &out, sizeof(out));
	return try_activation(list.bytes, list.len);
}

static void bad_buffers(void **state)
{
	struct hw_host_buffer good = buffer(HOST_BASE, COUNT, 128), b;

	(void)state;
	assert_int_equal(try_buffer(good), 0);
	b = good;
	b.type = 1;
	assert_int_equal(try_buffer(b), FW_CS_BUFFER_TYPE);
	b = good;
	b.dma_address += 0x1000;
	assert_int_equal(try_buffer(b), HW_STATUS_CS_LIST_NOT_ALIGNED);
	b = good;
	b.page_size = 96;
	assert_int_equal(try_buffer(b), FW_CS_PAGE_SIZE);
	b.page_size = 8192;
	assert_int_equal(try_buffer(b), FW_CS_PAGE_SIZE);
	b = good;
	b.desc_count = 1;
	assert_int_equal(try_buffer(b), FW_CS_DEPTH);
	b.desc_count = 65537;
	assert_int_equal(try_buffer(b), FW_CS_DEPTH);
	b = good;
	b.bytes_in_pattern = 0;
	assert_int_equal(try_buffer(b), FW_VDMA_PATTERN);
	b.bytes_in_pattern = COUNT * PAGE + 8;
	assert_int_equal(try_buffer(b), FW_VDMA_PATTERN);
}

/* ---- ACTIVATION that fails: ENABLED says so ---- */

static void bad_activation(void **state)
{
	struct app app;

	(void)state;
	standard_app(&app);
	add(&app.activation, HW_ACTION_OPEN_BOUNDARY_OUTPUT,
	    &(struct hw_open_boundary_output){ OUT, buffer(app.out, COUNT, 128) },
	    sizeof(struct hw_open_boundary_output));
	assert_int_equal(configure(&app), 0);
	assert_int_equal(enable(0), FW_CS_ALREADY_SET);
	assert_int_equal(host_channel_word(&host, OUT, 0) & 3, 0);
	assert_int_equal(host_request(&host, 1, HW_OP_CLEAR_CONFIGURED_APPS, 0, NULL, 0), 0);
}

/* ---- run-time errors ---- */

/* Runs an application whose PRELIMINARY starts with `list`. */
static uint32_t run_list(const struct list *list, unsigned int *action)
{
	struct app app;

	standard_app(&app);
	app.preliminary = *list;
	assert_int_equal(configure(&app), 0);
	assert_int_equal(enable(0), 0);
	return run_time_error(action);
}

#define RUN(type, ...) ({ \
	struct list list_ = { .len = 0 }; \
	uint32_t status_; \
	ADD(&list_, type, __VA_ARGS__); \
	status_ = run_list(&list_, NULL); \
	reset(); \
	host_request(&host, 1, HW_OP_CLEAR_CONFIGURED_APPS, 0, NULL, 0); \
	status_; })

static void impossible_actions(void **state)
{
	(void)state;
	assert_int_equal(RUN(HW_ACTION_DISABLE_LCU, 0x20), FW_CS_CLUSTER);	/* not in 0x33 */
	assert_int_equal(RUN(HW_ACTION_DISABLE_LCU, 0x81), FW_CS_CLUSTER);
	assert_int_equal(RUN(HW_ACTION_ENABLE_LCU_DEFAULT, 0x10, 1), FW_CS_NETWORK);
	assert_int_equal(RUN(HW_ACTION_WAIT_LCU, 0x10), FW_CS_TIMEOUT_LCU);
	assert_int_equal(RUN(HW_ACTION_WAIT_SEQUENCER, 0), FW_CS_TIMEOUT_SEQUENCER);
	assert_int_equal(RUN(HW_ACTION_WAIT_MODULE_CONFIG, 99), FW_CS_MODULE);
	assert_int_equal(RUN(HW_ACTION_FETCH_CFG_DESCS, 1, 0, CFG), FW_CSM_NOT_ENABLED);
	assert_int_equal(RUN(HW_ACTION_FETCH_CFG_DESCS, 1, 0, OUT), FW_CS_CHANNEL_DIRECTION);
	assert_int_equal(RUN(HW_ACTION_FETCH_CFG_DESCS, 1, 0, 0x21), FW_CS_CHANNEL);
	assert_int_equal(RUN(HW_ACTION_PAUSE_CHANNEL, 7, HW_DIR_H2D), FW_CS_CHANNEL);
	assert_int_equal(RUN(HW_ACTION_PAUSE_CHANNEL, IN, 3), FW_CS_LAYER_DIRECTION);
	assert_int_equal(RUN(HW_ACTION_PAUSE_CHANNEL, IN, HW_DIR_D2H), FW_CS_CHANNEL_DIRECTION);
	assert_int_equal(RUN(HW_ACTION_CHANGE_INPUT_BATCH, 9), FW_CS_CHANNEL);
	assert_int_equal(RUN(HW_ACTION_FETCH_DATA, IN, IN_STREAM, 0, 96, 0, 0, 0, 1, 0),
			 FW_CS_CHANNEL);	/* not activated */
	assert_int_equal(RUN(HW_ACTION_WAIT_OUTPUT_DONE, OUT, OUT_STREAM, 0, 0, 0), FW_CS_CHANNEL);
	assert_int_equal(RUN(HW_ACTION_DEACTIVATE_CHANNEL, OUT, 2, 0, 0, 0, 0, 1, 0),
			 FW_CS_CHANNEL);	/* a boundary channel */
	assert_int_equal(RUN(HW_ACTION_CHANGE_STREAM_MAPPING, OUT, OUT_STREAM, 0),
			 FW_CS_SAME_STREAM);	/* not in this context */
	assert_int_equal(RUN(HW_ACTION_ADD_DDR_PAIR, 3, 17, 0, 1, 0, 0, 0, 1, 0),
			 FW_DDR_PAIR_STATE);
	assert_int_equal(RUN(HW_ACTION_WRITE_DATA_BY_TYPE, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0,
			     0, 0), FW_CS_WRITE_TYPE);
	assert_int_equal(RUN(HW_ACTION_WRITE_DATA_BY_TYPE, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
			     0, 0), FW_CS_WRITE_ADDRESS);
}

static void error_names_the_action(void **state)
{
	struct list list = { .len = 0 };
	unsigned int action;

	(void)state;
	ADD(&list, HW_ACTION_DISABLE_LCU, 0x10);
	ADD(&list, HW_ACTION_DISABLE_LCU, 0x11);
	ADD(&list, HW_ACTION_WAIT_LCU, 0x11);
	assert_int_equal(run_list(&list, &action), FW_CS_TIMEOUT_LCU);
	assert_int_equal(action, 2);
}

static void ddr_without_pairs(void **state)
{
	struct list list = { .len = 0 };

	(void)state;
	add(&list, HW_ACTION_DDR_BUFFERING_START, NULL, 0);
	assert_int_equal(run_list(&list, NULL), FW_DDR_NO_PAIRS);
}

/* ---- configuration that is wrong ---- */

static uint32_t run_app(struct app *app)
{
	assert_int_equal(configure(app), 0);
	assert_int_equal(enable(0), 0);
	return run_time_error(NULL);
}

static void too_little_config(void **state)
{
	struct app app;

	(void)state;
	standard_app(&app);
	app.cfg_descs = 3;			/* announced; two are fetched */
	app.preliminary.len = 0;
	add_config(&app);
	app.preliminary.bytes[26 + 6 + 5] = 2;
	add_flow(&app, &app.preliminary);
	ADD(&app.preliminary, HW_ACTION_DEACTIVATE_CFG_CHANNEL, CFG, 0);
	assert_int_equal(run_app(&app), FW_CS_DESC_MISMATCH);
	assert_true(host_log_has(&host, "2 of 3 descriptors fetched"));
}

static void too_much_config(void **state)
{
	struct app app;

	(void)state;
	standard_app(&app);
	app.preliminary.bytes[26 + 6 + 5] = 3;	/* pattern: 2 descriptors */
	assert_int_equal(run_app(&app), FW_CS_TOO_MANY_DESCS);
}

static void malformed_words(void **state)
{
	struct app app;

	(void)state;
	standard_app(&app);
	*(uint32_t *)host_at(&host, app.cfg_data, 4) = htole32(30);	/* one word too many */
	assert_int_equal(run_app(&app), FW_CS_TIMEOUT_CONFIG);
	assert_true(host_log_has(&host, "configuration word at byte 0 of 128 is malformed"));
}

static void config_not_mapped(void **state)
{
	struct app app;

	(void)state;
	standard_app(&app);
	host_program(&host, app.cfg, 0, CFG_COUNT, PAGE, HOST_BASE + HOST_SIZE, 2 * PAGE, 0x1e);
	assert_int_equal(run_app(&app), FW_CS_TIMEOUT_CONFIG);
}

static void config_stuck(void **state)
{
	struct app app;

	(void)state;
	start_with_fault(&(struct emu_fault){ .kind = EMU_FAULT_CHANNEL_STUCK, .key = CFG });
	standard_app(&app);
	assert_int_equal(run_app(&app), 0);
	ask_frame(&app);
	send_frame(&app, 1);
	assert_int_equal(processed(IN), 0);	/* parked nowhere: still configuring */
	assert_int_equal(reset(), 0);
	host_stop(&host);
}

/* ---- streams that do not fit ---- */

static void wrong_periph_bytes(void **state)
{
	struct app app;

	(void)state;
	standard_app(&app);
	/* dynamic list: ACTIVATE_BOUNDARY_OUTPUT, periph_bytes_per_buffer */
	app.preliminary.len = 0;
	add_config(&app);
	app.dynamic.bytes[5 + 3 + 4] = 8;
	ADD(&app.preliminary, HW_ACTION_DEACTIVATE_CFG_CHANNEL, CFG, 0);
	assert_int_equal(run_app(&app), FW_CS_BYTES_PER_BUFFER);
}

static void other_list_in_dynamic(void **state)
{
	struct app app;

	(void)state;
	standard_app(&app);
	app.dynamic.bytes[5 + 20 + 1 + 3] ^= 0x10;	/* bits 31:24 of the list address */
	assert_int_equal(run_app(&app), FW_CS_CHANNEL);
}

static void shared_descriptor(void **state)
{
	struct app app;

	(void)state;
	standard_app(&app);
	assert_int_equal(run_app(&app), 0);
	ask_frame(&app);
	/* 96 bytes per frame, but two full pages */
	host_program(&host, app.in, 0, COUNT, PAGE, app.in_data, 128, 0x2e);
	host_set_avail(&host, IN, 2);
	host_run(&host);
	assert_int_equal(run_time_error(NULL), FW_CS_DESC_MISMATCH);
	assert_true(host_log_has(&host, "shares a descriptor"));
	assert_int_equal(processed(OUT), 0);
}

/* ---- faults ---- */

static void flipped_output(void **state)
{
	struct app app;
	uint8_t *byte;

	(void)state;
	start_with_fault(&(struct emu_fault){ .kind = EMU_FAULT_FLIP_OUTPUT, .key = 17,
					      .value = 0x80, .after = 1, .count = 1 });
	standard_app(&app);
	assert_int_equal(run_app(&app), 0);
	ask_frame(&app);
	send_frame(&app, 1);
	expect_frame(&app, 1, 0);
	ask_frame(&app);
	send_frame(&app, 1);
	byte = host_at(&host, app.out_data + 17, 1);
	*byte ^= 0x80;
	expect_frame(&app, 1, 1);
	host_stop(&host);
}

/* ---- breakpoints, download ---- */

static uint32_t breakpoint(uint8_t control, uint8_t context)
{
	const uint8_t params[] = {
		0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 1, control, 0, 0, 0, 11,
		1, 0, 1, 0, 0, 0, context, 0, 1, 0, 0,
	};

	return host_request(&host, 1, HW_OP_CONFIG_BREAKPOINT, 3, params, sizeof(params));
}

static void breakpoint_holds(void **state)
{
	uint8_t event[HW_NOTIFICATION_MAX_LEN];
	struct app app;

	(void)state;
	standard_app(&app);
	assert_int_equal(configure(&app), 0);
	assert_int_equal(breakpoint(1, 0), FW_CS_BREAKPOINT_NOT_REACHED);
	assert_int_equal(breakpoint(0, FW_FIRST_DYNAMIC), 0);
	assert_int_equal(breakpoint(0, 2), FW_CS_BREAKPOINT_BUSY);
	assert_int_equal(enable(0), 0);
	assert_int_equal(host_take_event(&host, event), 28 + 7);
	assert_int_equal(event[16], HW_EVENT_BREAKPOINT);
	assert_int_equal(event[28 + 3], FW_FIRST_DYNAMIC);
	ask_frame(&app);
	send_frame(&app, 1);
	assert_int_equal(processed(IN), 0);
	assert_int_equal(breakpoint(1, 0), 0);
	host_run(&host);
	expect_frame(&app, 1, 0);
	assert_int_equal(breakpoint(2, 0), 0);
}

static size_t download(uint8_t type, uint16_t offset, uint8_t *response)
{
	const uint8_t params[] = {
		0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 1, type, 0, 0, 0, 2, 0, 0,
		0, 0, 0, 2, offset >> 8, offset,
	};
	uint8_t request[HW_CTRL_MAX_LEN];
	size_t len = host_build(request, HW_OP_DOWNLOAD_ACTION_LIST, 4, params, sizeof(params));

	return host_control(&host, 1, request, len, response);
}

static void lists_come_back(void **state)
{
	uint8_t response[HW_CTRL_MAX_LEN];
	struct app app;

	(void)state;
	standard_app(&app);
	assert_int_equal(configure(&app), 0);
	assert_int_equal(download(HW_CONTEXT_DYNAMIC, 0, response), 28 + 33 + app.dynamic.len);
	assert_int_equal(response[28 + 12], 1);		/* all of it */
	assert_memory_equal(response + 28 + 33, app.dynamic.bytes, app.dynamic.len);
	assert_int_equal(download(HW_CONTEXT_DYNAMIC, 100, response),
			 28 + 33 + app.dynamic.len - 100);
	assert_int_equal(download(HW_CONTEXT_DYNAMIC, app.dynamic.len, response), 28);
	assert_int_equal(download(7, 0, response), 28);
}

static void main_header(void **state)
{
	uint8_t request[HW_CTRL_MAX_LEN], response[HW_CTRL_MAX_LEN];
	struct app app;

	(void)state;
	standard_app(&app);
	assert_int_equal(configure(&app), 0);
	assert_int_equal(host_control(&host, 1, request,
				      host_build(request, HW_OP_GET_MAIN_HEADER, 0, NULL, 0),
				      response), 28 + 1029);
	assert_int_equal(response[32], 1);
	assert_memory_equal(response + 33, &app.header, sizeof(app.header));
}

/* ---- measurements ---- */

static void latency(void **state)
{
	const uint8_t on[] = {
		0, 0, 0, 1, 1, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0,
		0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0,
	};
	uint8_t request[HW_CTRL_MAX_LEN], response[HW_CTRL_MAX_LEN];
	struct app app;

	(void)state;
	standard_app(&app);
	assert_int_equal(run_app(&app), 0);
	assert_int_equal(host_request(&host, 0, HW_OP_LATENCY_CONFIG, 5, on, sizeof(on)), 0);
	host.now = 1000000;
	send_frame(&app, 1);
	host.now += 70000;
	ask_frame(&app);			/* the host was slow to take it */
	host_control(&host, 0, request, host_build(request, HW_OP_LATENCY_READ, 0, NULL, 0),
		     response);
	assert_memory_equal(response + 32, "\x00\x01\x11\x70", 4);	/* 70000 */
}

static void too_hot_to_run(void **state)
{
	struct emu_config config;
	struct app app;

	(void)state;
	host_config(&config);
	config.temperature[0] = 121;
	host_start(&host, &config, HOST_BASE, HOST_SIZE);
	standard_app(&app);
	assert_int_equal(configure(&app), 0);
	assert_int_equal(enable(0), FW_CS_TOO_HOT);
	host_stop(&host);
}

/* ---- noise: whatever arrives, the chip answers and can be reset ---- */

static void spoil(struct list *list, uint64_t *random)
{
	uint8_t bytes[16];
	unsigned int i;

	pattern_fill(*random, bytes, sizeof(bytes));
	memcpy(random, bytes + 8, sizeof(*random));
	for (i = 0; i < 1 + (bytes[7] & 1u); i++)
		list->bytes[(bytes[2 * i] | bytes[2 * i + 1] << 8) % list->len] = bytes[4 + i];
}

static void check_alive(void)
{
	assert_int_equal(reset(), 0);
	assert_int_equal(host_request(&host, 1, HW_OP_CLEAR_CONFIGURED_APPS, 0, NULL, 0), 0);
	assert_int_equal(host_channel_word(&host, IN, 0) & 3, 0);
}

static void spoilt_lists(void **state)
{
	struct app good, bad;
	uint64_t random = 42;
	unsigned int i, ran = 0;
	uint8_t event[HW_NOTIFICATION_MAX_LEN];

	(void)state;
	standard_app(&good);
	for (i = 0; i < 3000; i++) {
		bad = good;
		spoil(i % 3 == 0 ? &bad.activation : i % 3 == 1 ? &bad.preliminary :
		      &bad.dynamic, &random);
		if (!configure(&bad) && !enable(0)) {
			ran++;
			ask_frame(&bad);
			send_frame(&bad, 1);
		}
		check_alive();
		while (host_take_event(&host, event))
			host_run(&host);
	}
	assert_true(ran > 300);
}

static void spoilt_controls(void **state)
{
	uint8_t request[HW_CTRL_MAX_LEN], response[HW_CTRL_MAX_LEN], bytes[8];
	uint64_t random = 4711;
	unsigned int i;
	size_t len;

	(void)state;
	for (i = 0; i < 5000; i++) {
		random = random * 6364136223846793005u + 1442695040888963407u;
		pattern_fill(random | 1, bytes, sizeof(bytes));
		len = host_build(request, bytes[0] % 0x52, bytes[1] % 8, NULL, 0);
		pattern_fill(random | 1, request + len, bytes[2]);
		request[len + 3] = bytes[3] % 5;	/* small first length */
		memset(request + len, 0, 3);
		if (request[15] == HW_OP_RESET)
			continue;
		assert_true(host_control(&host, bytes[4] & 1, request, len + bytes[2], response) >=
			    HW_CTRL_RESPONSE_HEAD);
	}
	check_alive();
}

#define WITH_HOST(f)	cmocka_unit_test_setup_teardown(f, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_HOST(channels_run_before_the_answer),
		WITH_HOST(frames),
		WITH_HOST(frame_number_restarts),
		WITH_HOST(back_pressure),
		WITH_HOST(half_a_frame),
		WITH_HOST(two_applications),
		WITH_HOST(batch_switch),
		WITH_HOST(driver_down_stops_channels),
		WITH_HOST(synthetic_network),
		WITH_HOST(network_is_forgotten),
		WITH_HOST(bad_network),
		WITH_HOST(contexts_out_of_order),
		WITH_HOST(bad_headers),
		WITH_HOST(not_while_active),
		WITH_HOST(many_applications),
		WITH_HOST(sram_full),
		WITH_HOST(versions),
		WITH_HOST(wrong_for_old),
		WITH_HOST(block_across_chunks),
		WITH_HOST(malformed_lists),
		WITH_HOST(bad_buffers),
		WITH_HOST(bad_activation),
		WITH_HOST(impossible_actions),
		WITH_HOST(error_names_the_action),
		WITH_HOST(ddr_without_pairs),
		WITH_HOST(too_little_config),
		WITH_HOST(too_much_config),
		WITH_HOST(malformed_words),
		WITH_HOST(config_not_mapped),
		cmocka_unit_test(config_stuck),
		WITH_HOST(wrong_periph_bytes),
		WITH_HOST(other_list_in_dynamic),
		WITH_HOST(shared_descriptor),
		cmocka_unit_test(flipped_output),
		WITH_HOST(breakpoint_holds),
		WITH_HOST(lists_come_back),
		WITH_HOST(main_header),
		WITH_HOST(latency),
		cmocka_unit_test(too_hot_to_run),
		WITH_HOST(spoilt_lists),
		WITH_HOST(spoilt_controls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
