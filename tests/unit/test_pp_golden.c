// SPDX-License-Identifier: MIT
/*
 * Post-processing against what the stock library returned for the same device
 * data: every recorded scenario of every network file with a host op. Device
 * data is made again from its seeds and checked against its recorded hash.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "golden.h"
#include "pp_hef.h"

#define PATH		512
#define MAX_FRAMES	64

/* One scenario: a recording and how it was made */
struct scenario {
	struct pp_hef hef;
	char name[128];
	char *trace;
	void *workspace;
	enum h8l_type type;		/* of the op's output */
	struct pp_input inputs[PP_HEF_OUTPUTS];
	uint8_t *output;
	size_t output_size;
};

struct tally {
	unsigned int scenarios, outputs, beyond_stock;
};

/* ---- the recording ---- */

/* The next line of the trace with "ev":EV; advances *at */
static const char *next_event(const char **at, const char *ev)
{
	char wanted[32];

	snprintf(wanted, sizeof(wanted), "\"ev\":\"%s\"", ev);
	for (const char *line = *at; *line;) {
		const char *end = strchr(line, '\n');
		const char *next = end ? end + 1 : line + strlen(line);
		const char *found = strstr(line, wanted);

		if (found && found < next) {
			*at = next;
			return line;
		}
		line = next;
	}
	return NULL;
}

/* A client line of a kind about one output; NULL: none */
static const char *client_line(const struct scenario *s, const char **at, const char *what)
{
	const char *line;
	char text[H8L_NAME_SIZE];

	while ((line = next_event(at, "client"))) {
		json_string(line, "what", text, sizeof(text));
		if (strcmp(text, what))
			continue;
		json_string(line, "name", text, sizeof(text));
		if (!strcmp(text, s->hef.output))
			return line;
	}
	return NULL;
}

static void add_streams(struct scenario *s)
{
	const char *at = s->trace, *line;
	char what[32];

	while ((line = next_event(&at, "client"))) {
		json_string(line, "what", what, sizeof(what));
		if (!strcmp(what, "stream_info"))
			pp_hef_add_stream(&s->hef, line);
	}
}

/* Makes the device's outputs of a frame; false if there was no such frame */
static bool make_inputs(struct scenario *s, unsigned int frame)
{
	const char *at = s->trace, *line;
	char wanted[SHA256_TEXT], hash[SHA256_TEXT];
	unsigned int made = 0;

	for (unsigned int i = 0; i < s->hef.stream_count; i++)
		s->inputs[i].size = 0;
	while (made < s->hef.stream_count && (line = next_event(&at, "d2h"))) {
		unsigned int stream = (unsigned int)json_number(line, "stream", 0), i = 0;
		struct pp_input *input;

		if ((unsigned int)json_number(line, "frame", 0) != frame)
			continue;
		while (i < s->hef.stream_count && s->hef.stream_index[i] != stream)
			i++;
		assert_true(i < s->hef.stream_count);
		input = &s->inputs[i];
		if (input->size)
			continue;
		input->size = (size_t)json_number(line, "bytes", 0);
		free((void *)input->data);
		input->data = malloc(input->size);
		assert_non_null(input->data);
		golden_fill(line, (void *)input->data, input->size);
		json_string(line, "sha256", wanted, sizeof(wanted));
		sha256_text(input->data, input->size, hash);
		assert_string_equal(hash, wanted);
		made++;
	}
	return made == s->hef.stream_count;
}

/* ---- settings of a scenario ---- */

static bool option(const char *args, const char *name, double *value)
{
	const char *at = strstr(args, name);

	if (!at)
		return false;
	*value = strtod(at + strlen(name), NULL);
	return true;
}

static void apply_options(struct pp_nms *nms, const char *args)
{
	double value;

	if (strstr(args, "--order byscore"))
		nms->output = PP_BY_SCORE;
	if (option(args, "--thr ", &value))
		nms->score_threshold = (float)value;
	if (option(args, "--iou ", &value))
		nms->iou_threshold = (float)value;
	if (option(args, "--maxmask ", &value))
		nms->max_mask_bytes = (uint32_t)value;
	if (option(args, "--maxprop ", &value) && nms->output == PP_BY_SCORE)
		nms->max_total = (uint32_t)value;
	else if (option(args, "--maxprop ", &value))
		nms->max_per_class = (uint32_t)value;
}

static void set_up_nms(struct scenario *s)
{
	const char *reason = "";
	int64_t size = pp_nms_workspace(&s->hef.nms, &reason);

	if (size < 0)
		fail_msg("%s: %s", s->name, reason);
	s->workspace = realloc(s->workspace, (size_t)size);
	assert_non_null(s->workspace);
	pp_nms_init(&s->hef.nms, s->workspace);
	s->output_size = (size_t)pp_nms_frame_size(&s->hef.nms);
}

static enum h8l_type type_of(const char *line)
{
	char type[16];

	json_string(line, "type", type, sizeof(type));
	if (!strcmp(type, "uint8"))
		return H8L_TYPE_UINT8;
	return strcmp(type, "uint16") ? H8L_TYPE_FLOAT32 : H8L_TYPE_UINT16;
}

/* From how the output was set up: its size must be ours */
static void check_output_line(struct scenario *s)
{
	const char *at = s->trace, *line = client_line(s, &at, "im_output");

	at = s->trace;
	if (!line)
		line = client_line(s, &at, "vs_output");
	if (!line)
		return;
	s->type = type_of(line);
	if (s->hef.kind == PP_HEF_NMS)
		assert_int_equal(s->output_size, (size_t)json_number(line, "frame_size", 0));
	else
		s->output_size = (size_t)json_number(line, "frame_size", 0);
}

/* ---- running ---- */

/* Features of each pixel together, as real values (what lib/format*.c does) */
static float *to_real_nhwc(const struct pp_tensor *t, const void *data)
{
	const struct h8l_shape *s = &t->shape;
	float *real = malloc((size_t)s->height * s->width * s->features * sizeof(*real));
	size_t n = 0;

	assert_non_null(real);
	for (uint32_t r = 0; r < s->height; r++)
		for (uint32_t c = 0; c < s->width; c++)
			for (uint32_t f = 0; f < s->features; f++) {
				size_t at = pp_row(t, r) +
					    (size_t)f * t->device_shape.width + c;

				if (t->order != H8L_ORDER_NHCW)
					at = pp_row(t, r) +
					     (size_t)c * t->device_shape.features + f;
				real[n++] = pp_real(t, data, at);
			}
	return real;
}

static int run_softmax(struct scenario *s)
{
	const struct pp_tensor *t = &s->hef.streams[s->hef.logits_stream];
	float *real = to_real_nhwc(t, s->inputs[s->hef.logits_stream].data);
	size_t pixels = (size_t)t->shape.height * t->shape.width;

	assert_int_equal(s->output_size, pixels * t->shape.features * sizeof(*real));
	pp_softmax_frame(real, pixels, t->shape.features);
	memcpy(s->output, real, s->output_size);
	free(real);
	return 0;
}

static int run_argmax(struct scenario *s)
{
	const struct pp_tensor *t = &s->hef.streams[s->hef.logits_stream];
	const char *reason = "";

	if (pp_argmax_check(t, s->type, &reason))
		fail_msg("%s: %s", s->name, reason);
	return pp_argmax(t, &s->inputs[s->hef.logits_stream], s->type, s->output,
			 s->output_size);
}

static int run_frame(struct scenario *s)
{
	s->output = realloc(s->output, s->output_size);
	assert_non_null(s->output);
	memset(s->output, 0, s->output_size);
	switch (s->hef.kind) {
	case PP_HEF_SOFTMAX:
		return run_softmax(s);
	case PP_HEF_ARGMAX:
		return run_argmax(s);
	default:
		return pp_nms_run(&s->hef.nms, s->workspace, s->inputs, s->output,
				  s->output_size);
	}
}

/* ---- comparing ---- */

/* Bytes up to the end of the last detection */
static size_t used_bytes(const struct scenario *s)
{
	const struct pp_nms *nms = &s->hef.nms;
	uint16_t count;
	size_t used = 0;

	if (nms->output == PP_BY_SCORE) {
		memcpy(&count, s->output, sizeof(count));
		return sizeof(count) + 22u * count;
	}
	for (uint32_t k = 0; k < pp_nms_classes(nms); k++) {
		float boxes;

		memcpy(&boxes, s->output + used, sizeof(boxes));
		used += sizeof(boxes) + 20 * (size_t)boxes;
	}
	return used;
}

static void expect_hash(const struct scenario *s, const char *line, const char *key,
			const void *data, size_t size)
{
	char wanted[SHA256_TEXT], hash[SHA256_TEXT];

	json_string(line, key, wanted, sizeof(wanted));
	sha256_text(data, size, hash);
	if (strcmp(hash, wanted))
		fail_msg("%s frame %g: %s differs", s->name, json_number(line, "frame", -1), key);
}

/* The stock library counts one detection too many and writes it behind the
 * buffer (defect 1). But for the count, the buffer must be the same.
 */
static void compare_one_too_many(struct scenario *s, const char *line)
{
	uint16_t count;

	memcpy(&count, s->output, sizeof(count));
	assert_int_equal(count, s->hef.nms.max_total);
	count++;
	memcpy(s->output, &count, sizeof(count));
	expect_hash(s, line, "sha256", s->output, s->output_size);
}

static void compare_detections(struct scenario *s, const char *line, struct tally *tally)
{
	size_t used = used_bytes(s);

	if (s->hef.nms.output == PP_BY_SCORE &&
	    json_number(line, "detections", 0) == s->hef.nms.max_total + 1.0) {
		compare_one_too_many(s, line);
		tally->beyond_stock++;
		return;
	}
	assert_int_equal(used, (size_t)json_number(line, "used", 0));
	expect_hash(s, line, "used_sha256", s->output, used);
}

/* ---- masks ---- */

struct entry {
	float y_min, x_min, y_max, x_max;
	uint64_t bytes;
	const uint8_t *mask;
};

static struct entry read_entry(const uint8_t *at)
{
	struct entry e;

	memcpy(&e, at, 16);
	memcpy(&e.bytes, at + 22, sizeof(e.bytes));
	e.mask = at + 38;
	return e;
}

static unsigned int edge(float position, float size)
{
	float up = position * size;
	unsigned int whole = up > 0 ? (unsigned int)up : 0;

	return whole + (up > (float)whole);
}

/* The defined part of a mask, one bit per pixel (golden README 6.2) */
static size_t pack_core(const struct pp_nms *nms, const struct entry *e, uint8_t *bits)
{
	float w = nms->image_width, h = nms->image_height;
	unsigned int width = edge(e->x_max - e->x_min, w);
	unsigned int x0 = edge(e->x_min, w), x1 = edge(e->x_max, w);
	unsigned int y0 = edge(e->y_min, h), y1 = edge(e->y_max, h);
	size_t n = 0;

	for (unsigned int y = y0; y <= y1 && y < (unsigned int)h; y++)
		for (unsigned int x = x0; x <= x1 && x < (unsigned int)w; x++) {
			size_t at = (size_t)(y - y0) * width + x - x0;

			if (x - x0 >= width || at >= e->bytes)
				continue;
			if (n % 8 == 0)
				bits[n / 8] = 0;
			bits[n / 8] |= (uint8_t)(e->mask[at] << n % 8);
			n++;
		}
	return (n + 7) / 8;
}

static void compare_masks(struct scenario *s, const char *line, int status, struct tally *tally)
{
	unsigned int entries = (unsigned int)json_number(line, "entries", 0);
	uint8_t *heads = malloc(38 * (size_t)entries + 1), *core = malloc(s->output_size);
	size_t at = sizeof(uint16_t), core_size = 0;
	uint16_t count;

	assert_true(heads && core);
	memcpy(&count, s->output, sizeof(count));
	assert_int_equal(count, entries);
	for (unsigned int i = 0; i < entries; i++) {
		struct entry e = read_entry(s->output + at);
		uint64_t place = at + 38;

		memcpy(heads + 38 * i, s->output + at, 30);
		memcpy(heads + 38 * i + 30, &place, sizeof(place));
		core_size += pack_core(&s->hef.nms, &e, core + core_size);
		at += 38 + e.bytes;
	}
	assert_int_equal(core_size, (size_t)json_number(line, "masks_core", 0));
	if (entries) {
		expect_hash(s, line, "heads_sha256", heads, 38 * (size_t)entries);
		expect_hash(s, line, "masks_core_sha256", core, core_size);
	}
	/* the stock library counts the one that did not fit (defect 3) */
	assert_int_equal(json_number(line, "detections", 0), entries + (status == 1));
	tally->beyond_stock += status == 1;
	free(heads);
	free(core);
}

static void compare_output(struct scenario *s, const char *line, struct tally *tally)
{
	int status;

	assert_true(make_inputs(s, (unsigned int)json_number(line, "frame", 0)));
	assert_int_equal(s->output_size, (size_t)json_number(line, "bytes", 0));
	status = run_frame(s);
	assert_true(status == 0 || status == 1);
	if (s->hef.kind != PP_HEF_NMS || s->hef.nms.output == PP_BOXES)
		expect_hash(s, line, "sha256", s->output, s->output_size);
	else if (s->hef.nms.output == PP_BYTE_MASK)
		compare_masks(s, line, status, tally);
	else
		compare_detections(s, line, tally);
	tally->outputs++;
}

/* ---- scenarios ---- */

static void release(struct scenario *s)
{
	for (unsigned int i = 0; i < PP_HEF_OUTPUTS; i++)
		free((void *)s->inputs[i].data);
	free(s->trace);
	free(s->workspace);
	free(s->output);
	pp_hef_close(&s->hef);
}

static void run_scenario(const char *hef, const char *scenario, const char *args,
			 struct tally *tally)
{
	struct scenario s = { .type = H8L_TYPE_FLOAT32 };
	char path[PATH];
	const char *at, *line;
	size_t size;

	snprintf(s.name, sizeof(s.name), "%s/%s", hef, scenario);
	snprintf(path, sizeof(path), "%s/%s.jsonl", golden_traces(), s.name);
	s.trace = (char *)golden_read(path, &size);
	assert_non_null(s.trace);
	snprintf(path, sizeof(path), "%s/%s.hef", golden_hefs(), hef);
	assert_true(pp_hef_open(&s.hef, path));
	add_streams(&s);
	assert_true(pp_hef_finish(&s.hef));
	if (s.hef.kind == PP_HEF_NMS) {
		apply_options(&s.hef.nms, args);
		set_up_nms(&s);
	}
	check_output_line(&s);
	at = s.trace;
	tally->scenarios++;
	while ((line = client_line(&s, &at, "output")))
		compare_output(&s, line, tally);
	release(&s);
}

/* Field `index` of a line of INDEX.tsv */
static void field(const char *line, unsigned int index, char *text, size_t size)
{
	for (; index; index--) {
		line += strcspn(line, "\t\n");
		line += *line == '\t';
	}
	snprintf(text, size, "%.*s", (int)strcspn(line, "\t\n"), line);
}

/* Raw streams have no post-processing; the rest must have at least one output */
static void run_line(const char *line, const char *wanted, struct tally *tally)
{
	char hef[64], scenario[64], result[16], args[512];

	field(line, 0, hef, sizeof(hef));
	field(line, 1, scenario, sizeof(scenario));
	field(line, 2, result, sizeof(result));
	field(line, 9, args, sizeof(args));
	if (strcmp(hef, wanted) || strcmp(result, "ok") || strstr(args, "--api raw"))
		return;
	run_scenario(hef, scenario, args, tally);
}

static void test_hef(void **state)
{
	const char *hef = *state;
	struct tally tally = { 0 };
	char path[PATH], *index;
	size_t size;

	if (!golden_traces() || !golden_hefs())
		skip();
	snprintf(path, sizeof(path), "%s/INDEX.tsv", golden_traces());
	index = (char *)golden_read(path, &size);
	assert_non_null(index);
	for (const char *line = index; *line; line += strcspn(line, "\n") + 1)
		run_line(line, hef, &tally);
	free(index);
	print_message("%s: %u outputs of %u scenarios as recorded, %u of them without a stock defect\n",
		      hef, tally.outputs, tally.scenarios, tally.beyond_stock);
	assert_true(tally.outputs >= tally.scenarios && tally.scenarios > 0);
}

int main(void)
{
	static char *names[] = {
		"h8_yolov8n_nms_v2", "syn_yolov8_bbox", "syn_yolov5_u8", "syn_yolov5_u16",
		"syn_yolov5_u8_bbox", "syn_yolov5_seg_u8", "syn_yolox", "syn_ssd",
		"syn_argmax_nhcw", "syn_argmax_nhcw_u16", "syn_argmax_f8cr", "syn_argmax_nc",
		"syn_softmax_nc", "syn_softmax_nhwc",
	};
	struct CMUnitTest tests[sizeof(names) / sizeof(names[0])];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		tests[i] = (struct CMUnitTest){
			.name = names[i],
			.test_func = test_hef,
			.initial_state = names[i],
		};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
