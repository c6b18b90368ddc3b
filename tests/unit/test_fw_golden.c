// SPDX-License-Identifier: MIT
/*
 * What the stock library really sends, replayed on the software chip: every
 * trace of ../shared/golden that ended well, and the session recorded on a real
 * card. The descriptor lists of a trace are programmed here as its ioctls say,
 * configuration is replaced by words of the same length, and every frame that the
 * trace got must come back, with the bytes that pattern.h says.
 *
 * A developer's check: skipped where the traces are not (H8L_SHARED says where).
 * With H8L_ALL_TRACES set, also those that differ only in what the host computes.
 */
#include <dirent.h>
#include <endian.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/emulator/fw.h"
#include "tests/hef/pattern.h"
#include "tests/unit/fw_host.h"

#define LIST_BASE	0x100000000ull	/* golden/README.md section 3 */
#define LIST_STRIDE	0x1000000ull
#define LIST_COUNT	96
#define DATA_BASE	(LIST_BASE + LIST_COUNT * LIST_STRIDE)
#define DATA_STRIDE	0x8000000ull
#define HOST_SIZE	(LIST_COUNT * (LIST_STRIDE + DATA_STRIDE))
#define MAX_QUEUE	4096
#define MAX_EPOCHS	64
#define MAX_FRAMES	512

static const char *shared(void)
{
	const char *path = getenv("H8L_SHARED");

	if (!path)
		path = "../shared";
	return access(path, R_OK) ? NULL : path;
}

/* ---- JSON lines: only what these files need ---- */

static const char *field(const char *line, const char *name)
{
	char key[64];
	const char *p;

	snprintf(key, sizeof(key), "\"%s\":", name);
	p = strstr(line, key);
	return p ? p + strlen(key) + (p[strlen(key)] == '"') : NULL;
}

static uint64_t number(const char *line, const char *name)
{
	const char *p = field(line, name);

	return p ? strtoull(p, NULL, 0) : 0;
}

static bool is(const char *line, const char *name, const char *value)
{
	const char *p = field(line, name);

	return p && strncmp(p, value, strlen(value)) == 0 && p[strlen(value)] == '"';
}

/* ---- one trace ---- */

struct transfer {
	unsigned int pieces;		/* buffers of the launch; each starts a page */
	uint64_t addr[8];
	uint32_t len[8];
	uint32_t size;			/* sum of len */
	uint64_t end;			/* descriptors of the channel until its last */
};

struct channel {
	struct transfer queue[MAX_QUEUE];
	unsigned int head, tail;
	uint64_t launched, processed;	/* descriptors since the channel started */
	uint32_t count;			/* of its list */
	uint16_t last_proc;
	unsigned int frames;		/* completed since ENABLED */
};

struct epoch {				/* from one ENABLED to the next */
	int stream[HW_VDMA_CHANNELS];	/* -1: no frame of this channel */
	unsigned int frames[HW_VDMA_CHANNELS];
};

struct replay {
	struct host host;
	const char *name;
	bool two_contexts;
	struct epoch epoch[MAX_EPOCHS];
	unsigned int epochs, now;	/* how many there are; 1 + the current one */
	uint32_t count[LIST_COUNT], page[LIST_COUNT];
	struct channel ch[HW_VDMA_CHANNELS];
	uint64_t hash[MAX_FRAMES][HW_VDMA_FIRST_D2H];	/* of inputs since ENABLED */
	unsigned int inputs[HW_VDMA_FIRST_D2H];
	unsigned int checked;		/* frames compared */
	unsigned int controls;
};

static unsigned int list_number(const char *line)
{
	unsigned int n = number(line, "desc_handle") / 0x1000 - 1;

	assert_true(n < LIST_COUNT);
	return n;
}

static uint64_t list_addr(unsigned int n)
{
	return LIST_BASE + n * LIST_STRIDE;
}

/* Each list has its own memory, page i of it behind descriptor i. */
static uint64_t data_addr(const struct replay *r, unsigned int list, uint64_t desc)
{
	return DATA_BASE + list * DATA_STRIDE + desc * r->page[list];
}

static void create_list(struct replay *r, const char *line)
{
	unsigned int n = list_number(line);

	r->count[n] = number(line, "desc_count");
	r->page[n] = number(line, "desc_page_size");
}

/* Configuration words of exactly `size` bytes. */
static void fill_config(struct replay *r, uint64_t addr, uint32_t size)
{
	uint32_t *p = host_at(&r->host, addr, size), words;

	assert_int_equal(size % 8, 0);
	while (size) {
		words = size / 4 - 2;
		if (words > 1022)
			words = 1022;
		if (size == 8) {		/* no operation */
			p[0] = 0;
			p[1] = 0;
			return;
		}
		p[0] = htole32(words - 1);
		p[1] = htole32(0x11000000);
		p += 2 + words;
		size -= 4 * (2 + words);
	}
}

/* Without binding only the last descriptor of every transfer changes. */
static void program_last(struct replay *r, const char *line, unsigned int n)
{
	uint32_t size = number(line, "size"), first = number(line, "starting_desc");
	uint32_t batch = number(line, "batch_size"), descs = number(line, "rc") / batch, b, last;
	struct hw_vdma_desc *list = host_at(&r->host, list_addr(n), r->count[n] * 16);

	if (!number(line, "last_irq"))
		return;
	for (b = 0; b < batch; b++) {
		last = first + (b + 1) * descs - 1;
		list[last].size_ctrl = htole32((size - (descs - 1) * r->page[n])
					       << HW_DESC_SIZE_SHIFT | 0x1e);
	}
	if (number(line, "ch") < HW_VDMA_FIRST_D2H)
		fill_config(r, data_addr(r, n, first), size);
}

static void program_list(struct replay *r, const char *line)
{
	unsigned int n = list_number(line);
	uint32_t first = number(line, "starting_desc");

	if (number(line, "should_bind"))
		host_program(&r->host, list_addr(n), first, r->count[n], r->page[n],
			     data_addr(r, n, first), number(line, "size"), HW_DESC_CTRL_PLAIN);
	else
		program_last(r, line, n);
}

/* ---- frames ---- */

static uint64_t combined_inputs(const struct replay *r, const struct epoch *e, unsigned int frame)
{
	uint64_t c = PATTERN_HASH_INIT;
	int stream, ch;

	for (stream = 0; stream < 256; stream++)
		for (ch = 0; ch < HW_VDMA_FIRST_D2H; ch++)
			if (e->stream[ch] == stream)
				c = pattern_combine(c, stream, r->hash[frame][ch]);
	return c;
}

/* h8_xfeat: the first context's four streams are the second one's inputs. */
static uint64_t combined_second(uint64_t first, unsigned int frame)
{
	static const struct {
		uint8_t in, out;
		uint32_t size;
	} edge[] = { { 1, 2, 307200 }, { 4, 0, 8 }, { 5, 1, 307200 }, { 8, 3, 8 } };
	static uint8_t bytes[307200];
	uint64_t c = PATTERN_HASH_INIT;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		pattern_fill(pattern_seed(first, edge[i].out, frame), bytes, edge[i].size);
		c = pattern_combine(c, edge[i].in,
				    pattern_hash(PATTERN_HASH_INIT, bytes, edge[i].size));
	}
	return c;
}

static void check_output(struct replay *r, unsigned int ch, const struct transfer *t)
{
	const struct epoch *e = &r->epoch[r->now - 1];
	unsigned int frame = r->ch[ch].frames++;
	uint8_t *want = malloc(t->size), *p = want;
	unsigned int i;
	uint64_t c;

	assert_true(frame < MAX_FRAMES);
	assert_non_null(want);
	assert_int_not_equal(e->stream[ch], -1);
	c = combined_inputs(r, e, frame);
	if (r->two_contexts)
		c = combined_second(c, frame);
	pattern_fill(pattern_seed(c, e->stream[ch], frame), want, t->size);
	for (i = 0; i < t->pieces; p += t->len[i++])
		assert_memory_equal(host_at(&r->host, t->addr[i], t->len[i]), p, t->len[i]);
	free(want);
	r->checked++;
}

static void collect(struct replay *r)
{
	unsigned int i;

	host_run(&r->host);
	for (i = HW_VDMA_FIRST_D2H; i < HW_VDMA_CHANNELS; i++) {
		struct channel *ch = &r->ch[i];
		uint16_t proc = host_channel_word(&r->host, i, HW_VDMA_REG_NUM_PROC);

		if (!ch->count)
			continue;
		ch->processed += (uint16_t)(proc - ch->last_proc) & (ch->count - 1);
		ch->last_proc = proc;
		while (ch->tail < ch->head && ch->queue[ch->tail].end <= ch->processed)
			check_output(r, i, &ch->queue[ch->tail++]);
	}
}

static void fill_input(struct replay *r, unsigned int ch, const struct transfer *t)
{
	unsigned int frame = r->inputs[ch]++, i;
	uint8_t *data = malloc(t->size), *p = data;

	assert_true(frame < MAX_FRAMES);
	assert_non_null(data);
	pattern_fill(frame * 32 + ch + 1, data, t->size);
	r->hash[frame][ch] = pattern_hash(PATTERN_HASH_INIT, data, t->size);
	for (i = 0; i < t->pieces; p += t->len[i++])
		memcpy(host_at(&r->host, t->addr[i], t->len[i]), p, t->len[i]);
	free(data);
}

/* Programs what the driver would; returns the descriptors. */
static uint32_t bind_buffers(struct replay *r, const char *line, unsigned int n,
			     struct transfer *t)
{
	uint32_t first = number(line, "starting_desc"), descs = 0, page = r->page[n];
	const char *p = line, *end = strstr(line, "\"first_irq\"");

	while ((p = field(p, "page_off")) != NULL && p < end) {
		assert_true(t->pieces < 8);
		t->addr[t->pieces] = data_addr(r, n, (first + descs) % r->count[n]);
		t->len[t->pieces] = number(p, "size");
		t->size += t->len[t->pieces];
		descs += (t->len[t->pieces++] + page - 1) / page;
	}
	return descs;
}

/* The memory behind a list is as long as the list twice, so nothing wraps. */
static void program_launch(struct replay *r, unsigned int n, uint32_t first,
			   const struct transfer *t)
{
	unsigned int i;

	for (i = 0; i < t->pieces; i++)
		first += host_program(&r->host, list_addr(n), first % r->count[n], r->count[n],
				      r->page[n], t->addr[i], t->len[i],
				      i + 1 == t->pieces ? 0x2e : HW_DESC_CTRL_PLAIN);
}

static void launch(struct replay *r, const char *line)
{
	unsigned int n = list_number(line), id = number(line, "ch");
	uint32_t first = number(line, "starting_desc"), descs;
	struct channel *ch = &r->ch[id];
	struct transfer t = { 0 };

	descs = bind_buffers(r, line, n, &t);
	assert_int_equal(descs, number(line, "rc"));
	program_launch(r, n, first, &t);
	ch->count = r->count[n];
	ch->launched += descs;
	t.end = ch->launched;
	assert_true(ch->head < MAX_QUEUE);
	ch->queue[ch->head++] = t;
	if (id < HW_VDMA_FIRST_D2H)
		fill_input(r, id, &t);
	host_set_avail(&r->host, id, (first + descs) % r->count[n]);
	collect(r);
}

/* ---- controls ---- */

static void end_epoch(struct replay *r)
{
	const struct epoch *e = &r->epoch[r->now ? r->now - 1 : 0];
	unsigned int i;

	for (i = HW_VDMA_FIRST_D2H; r->now && i < HW_VDMA_CHANNELS; i++)
		if (r->ch[i].frames < e->frames[i])
			fail_msg("%s: channel %u gave %u frames of %u", r->name, i,
				 r->ch[i].frames, e->frames[i]);
}

static void enabled(struct replay *r)
{
	unsigned int i;

	end_epoch(r);
	r->now++;
	memset(r->inputs, 0, sizeof(r->inputs));
	for (i = 0; i < HW_VDMA_CHANNELS; i++) {
		r->ch[i].frames = 0;
		if (!host_channel_word(&r->host, i, HW_VDMA_REG_NUM_PROC))
			memset(&r->ch[i], 0, sizeof(r->ch[i]));
	}
}

/* The device behind these traces said yes to everything. Ours, like a real one,
 * has no memory access and no I2C, and continues only from a breakpoint that was
 * reached, and its user configuration is shorter than that one.
 */
static bool may_be_refused(uint32_t opcode)
{
	switch (opcode) {
	case HW_OP_WRITE_MEMORY:
	case HW_OP_READ_MEMORY:
	case HW_OP_I2C_WRITE:
	case HW_OP_I2C_READ:
	case HW_OP_CONFIG_BREAKPOINT:
	case HW_OP_READ_USER_CONFIG:
	case HW_OP_WRITE_USER_CONFIG:
		return true;
	default:
		return false;
	}
}

static void control(struct replay *r, const char *line)
{
	uint8_t request[HW_CTRL_MAX_LEN], response[HW_CTRL_MAX_LEN];
	size_t len = from_hex(field(line, "req"), request, sizeof(request)), got;
	uint32_t opcode = number(line, "opn"), status;

	got = host_control(&r->host, number(line, "cpu"), request, len, response);
	r->controls++;
	if (opcode == HW_OP_RESET && request[27] != 1) {
		assert_int_equal(got, 0);
		return;
	}
	assert_true(got >= HW_CTRL_RESPONSE_HEAD);
	memcpy(&status, response + 16, sizeof(status));
	if (status && !may_be_refused(opcode))
		fail_msg("%s: opcode 0x%02x refused with 0x%08x: %.200s", r->name, opcode,
			 be32toh(status), line);
	if (opcode == HW_OP_CHANGE_CONTEXT_SWITCH_STATUS && request[24] == HW_CS_ENABLED)
		enabled(r);
}

/* ---- all of it ---- */

static bool is_enabled(const char *line)
{
	const char *p = field(line, "req");

	return is(line, "name", "HAILO_FW_CONTROL") &&
	       number(line, "opn") == HW_OP_CHANGE_CONTEXT_SWITCH_STATUS &&
	       strncmp(p + 48, "01", 2) == 0;
}

static void scan_line(struct replay *r, struct emu_config *config, const char *line)
{
	struct epoch *e = r->epochs ? &r->epoch[r->epochs - 1] : NULL;
	uint8_t rsp[HW_CTRL_MAX_LEN];
	size_t len;

	if (is_enabled(line)) {
		assert_true(r->epochs < MAX_EPOCHS);
		memset(r->epoch[r->epochs++].stream, 0xff, sizeof(e->stream));
	} else if (e && is(line, "ev", "d2h")) {
		e->stream[number(line, "ch")] = number(line, "stream");
		e->frames[number(line, "ch")]++;
	} else if (e && is(line, "name", "HAILO_VDMA_LAUNCH_TRANSFER") && field(line, "stream")) {
		e->stream[number(line, "ch")] = number(line, "stream");
	} else if (is(line, "ev", "fw_reply") && is(line, "op", "GET_DEVICE_INFORMATION")) {
		len = from_hex(field(line, "rsp"), rsp, sizeof(rsp));
		config->layout = rsp[len - 1];
	}
}

static void replay_line(struct replay *r, const char *line)
{
	if (is(line, "name", "HAILO_FW_CONTROL"))
		control(r, line);
	else if (is(line, "name", "HAILO_DESC_LIST_CREATE"))
		create_list(r, line);
	else if (is(line, "name", "HAILO_DESC_LIST_PROGRAM"))
		program_list(r, line);
	else if (is(line, "name", "HAILO_VDMA_LAUNCH_TRANSFER") && (int64_t)number(line, "rc") > 0)
		launch(r, line);
}

static void each_line(struct replay *r, const char *path, struct emu_config *config,
		      void (*scan)(struct replay *, struct emu_config *, const char *))
{
	FILE *file = fopen(path, "r");
	char *line = NULL;
	size_t size = 0;

	assert_non_null(file);
	while (getline(&line, &size, file) > 0) {
		if (scan)
			scan(r, config, line);
		else
			replay_line(r, line);
	}
	free(line);
	fclose(file);
}

/* A user configuration, so that the tools that read it find one. */
static void load_user_config(struct host *host)
{
	from_hex("0ba4f61f" "00000000" "01000000" "01000100" "01000000" "01",
		 emu_memory(host->emu, HW_BOOT_FW_CONFIG, HW_BOOT_CONFIG_FILE_MAX),
		 HW_BOOT_CONFIG_FILE_MAX);
}

static void replay_trace(const char *path, const char *hef, unsigned int *frames)
{
	struct replay *r = calloc(1, sizeof(*r));
	struct emu_config config;

	assert_non_null(r);
	r->name = path;
	r->two_contexts = strcmp(hef, "h8_xfeat_2contexts_v0") == 0;
	host_config(&config);
	config.architecture = HW_ARCH_HAILO8;
	config.layout = 0xff;
	config.power_w = 2.5f;
	each_line(r, path, &config, scan_line);
	host_start(&r->host, &config, LIST_BASE, HOST_SIZE);
	load_user_config(&r->host);
	each_line(r, path, NULL, NULL);
	end_epoch(r);
	if (host_log_has(&r->host, "run-time error"))
		fail_msg("%s: %s", path, r->host.log_text);
	*frames += r->checked;
	host_stop(&r->host);
	free(r);
}

/* What the host does to its own data or memory, the chip cannot see: without
 * these scenarios the same lists, controls and launches are all still there.
 */
static bool is_variant(const char *scenario)
{
	static const char *const words[] = {
		"f32", "fmtu", "nchw", "premap", "sync", "vs_u8", "ultra", "latency", "nms_",
	};
	unsigned int i;

	if (getenv("H8L_ALL_TRACES"))
		return false;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strstr(scenario, words[i]))
			return true;
	return false;
}

static void golden_traces(void **state)
{
	unsigned int traces = 0, frames = 0;
	char line[4096], path[1024], *hef, *scenario, *result;
	FILE *index;

	(void)state;
	if (!shared())
		skip();
	snprintf(path, sizeof(path), "%s/golden/INDEX.tsv", shared());
	index = fopen(path, "r");
	assert_non_null(index);
	while (fgets(line, sizeof(line), index)) {
		hef = strtok(line, "\t");
		scenario = strtok(NULL, "\t");
		result = strtok(NULL, "\t");
		if (!result || strcmp(result, "ok") != 0)
			continue;
		snprintf(path, sizeof(path), "%s/golden/%s/%s.jsonl", shared(), hef, scenario);
		if (is_variant(scenario) || access(path, R_OK))
			continue;
		replay_trace(path, hef, &frames);
		traces++;
	}
	fclose(index);
	print_message("# %u traces, %u frames\n", traces, frames);
	assert_true(traces > 0 && frames > 0);
}

/* ---- the recorded session of a real card ---- */

#define RECORDED_BASE	0x103a000000ull	/* its lists are at 0x10_3a6x_0000 */
#define RECORDED_SIZE	0x10000000u
#define PROCESS_MONITOR	127		/* offset in the device information, 24 bytes */

/* Words for every descriptor that the list's actions will fetch. */
static void program_config(struct replay *r, const struct fw_list *list)
{
	struct hw_activate_cfg_channel cfg[HW_VDMA_FIRST_D2H] = { 0 };
	uint32_t at[HW_VDMA_FIRST_D2H] = { 0 }, bytes;
	struct fw_cursor cursor = { 0 };
	struct fw_step step;
	uint64_t data;

	while (fw_list_next(list, &cursor, &step) == 1) {
		const struct hw_fetch_cfg_descs *fetch = (const void *)step.body;

		if (step.type == HW_ACTION_ACTIVATE_CFG_CHANNEL) {
			memcpy(&cfg[step.body[0]], step.body, sizeof(cfg[0]));
		} else if (step.type == HW_ACTION_FETCH_CFG_DESCS) {
			struct hw_host_buffer *buf = &cfg[fetch->channel].buf;

			bytes = fetch->count * buf->page_size;
			data = host_alloc(&r->host, bytes, 4096);
			host_program(&r->host, buf->dma_address, at[fetch->channel],
				     buf->desc_count, buf->page_size, data, bytes, 0x1e);
			fill_config(r, data, bytes);
			at[fetch->channel] += fetch->count;
		}
	}
}

static void expect_response(const char *seq, const char *hex, const uint8_t *got, size_t len)
{
	uint8_t want[HW_CTRL_MAX_LEN];
	size_t size = from_hex(hex, want, sizeof(want));

	if (size != len)
		fail_msg("row %s: %zu bytes, recorded %zu", seq, len, size);
	if (want[15] == HW_OP_GET_DEVICE_INFORMATION)
		memcpy(want + PROCESS_MONITOR, got + PROCESS_MONITOR, 24);
	if (memcmp(want, got, len) != 0)
		fail_msg("row %s: not what was recorded", seq);
}

/* One MNIST frame as in real-device.md 6.5: register values are recorded. */
static void run_mnist_frame(struct replay *r)
{
	uint64_t in = host_alloc(&r->host, 1024, 4096), out = host_alloc(&r->host, 64, 4096);
	uint8_t want[16];
	uint64_t c;

	assert_int_equal(host_channel_word(&r->host, 2, 0), 0x00002801);
	assert_int_equal(host_channel_word(&r->host, 16, 0), 0x00002801);
	host_program(&r->host, RECORDED_BASE + 0x620000, 0, 32, 64, out, 16, 0x2e);
	host_set_avail(&r->host, 16, 1);
	host_program(&r->host, RECORDED_BASE + 0x610000, 0, 32, 512, in, 784, 0x2e);
	memset(host_at(&r->host, in, 784), 0x5a, 784);
	host_set_avail(&r->host, 2, 2);
	host_run(&r->host);
	assert_int_equal(host_channel_word(&r->host, 2, 4), 0x00020002);
	assert_int_equal(host_channel_word(&r->host, 2, 0), 0x00022801);
	assert_int_equal(host_channel_word(&r->host, 16, 4), 0x00010001);
	c = pattern_combine(PATTERN_HASH_INIT, 1,
			    pattern_hash(PATTERN_HASH_INIT, host_at(&r->host, in, 784), 784));
	pattern_fill(pattern_seed(c, 0, 0), want, sizeof(want));
	assert_memory_equal(host_at(&r->host, out, 16), want, sizeof(want));
}

static void before_row(struct replay *r, const uint8_t *request, size_t len)
{
	struct fw_list list = { .len = len - 39 };

	if (request[15] != HW_OP_SET_CONTEXT_INFO)
		return;
	list.bytes = malloc(list.len);
	assert_non_null(list.bytes);
	memcpy(list.bytes, request + 39, list.len);
	program_config(r, &list);
	free(list.bytes);
}

static void recorded_row(struct replay *r, char *line)
{
	char *seq = strtok(line, "\t"), *cpu = strtok(NULL, "\t"), *next;
	uint8_t request[HW_CTRL_MAX_LEN], response[HW_CTRL_MAX_LEN];
	size_t len;

	strtok(NULL, "\t");
	len = from_hex(strtok(NULL, "\t"), request, sizeof(request));
	if (strcmp(seq, "B12") == 0)	/* its header is the same as all others */
		host_set_header(&r->host, &(struct hw_app_header){ 1, 1, 0, 1, 0, 1, 512, 1, 0,
				{ 0, 0, 0 }, 2, { 0, 1, 0, 0 } });
	before_row(r, request, len);
	len = host_control(&r->host, *cpu == '1', request, len, response);
	next = strtok(NULL, "\t");
	if (*seq == 'B')		/* responses were not captured */
		assert_int_equal(response[16], 0);
	else
		expect_response(seq, next, response, len);
	if (strcmp(seq, "M20") == 0)
		run_mnist_frame(r);
	r->controls++;
}

static void recorded_session(void **state)
{
	struct replay *r = calloc(1, sizeof(*r));
	struct emu_config config;
	char line[8192], path[1024];
	FILE *file;

	(void)state;
	if (!shared()) {
		free(r);
		skip();
	}
	snprintf(path, sizeof(path), "%s/reference/real-device-controls.tsv", shared());
	file = fopen(path, "r");
	assert_non_null(file);
	host_config(&config);
	host_start(&r->host, &config, RECORDED_BASE, RECORDED_SIZE);
	r->host.used = 0x1000000;
	assert_non_null(fgets(line, sizeof(line), file));
	while (fgets(line, sizeof(line), file))
		recorded_row(r, line);
	fclose(file);
	if (host_log_has(&r->host, "run-time error"))
		fail_msg("%s", r->host.log_text);
	assert_int_equal(r->controls, 52);
	host_stop(&r->host);
	free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recorded_session),
		cmocka_unit_test(golden_traces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
