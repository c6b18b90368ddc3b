// SPDX-License-Identifier: MIT
/*
 * The library beside the stock one: for every recording of ../shared/golden
 * that runs a network, the same network is configured and run on a scripted
 * driver. Control messages must be the same bytes but for addresses of lists,
 * and so must be the configuration words that the chip fetches, the frames it
 * gets and the frames the program gets. golden/README.md section 5 says what may
 * differ.
 *
 * A developer's check: skipped where the recordings are not (H8L_SHARED says
 * where they are).
 */
#include <dirent.h>
#include <endian.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>
#include <openssl/sha.h>

#include "hw/context.h"
#include "hw/control.h"
#include "lib/device.h"
#include "lib/network.h"
#include "uapi/hailo8l.h"
#include "tests/unit/lib_driver.h"
#include "tests/unit/post_pack.h"

#include <cmocka.h>		/* last: it defines fail() */

#define MAX_ROWS	1024
#define MAX_LINES	65536
#define MAX_STREAMS	40
#define MAX_FRAMES	3		/* of a recording that are compared */

static char shared_path[256];

static struct {
	unsigned int recordings, messages, contexts, configs, inputs, outputs, transforms;
	unsigned int posts, better_posts;
} compared;

/* ---- recordings ---- */

struct row {
	char hef[64];
	char scenario[64];
	bool ok;
	char env[256];
	char args[256];
};

static struct row rows[MAX_ROWS];
static unsigned int row_count;

struct trace {
	struct json_object *lines[MAX_LINES];
	unsigned int count;
};

static const char *text(struct json_object *line, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(line, key, &value) ? json_object_get_string(value) : "";
}

static int64_t number(struct json_object *line, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(line, key, &value) ? json_object_get_int64(value) : -1;
}

static bool is(struct json_object *line, const char *key, const char *value)
{
	return !strcmp(text(line, key), value);
}

static struct trace *load_trace(const struct row *row)
{
	struct trace *trace = calloc(1, sizeof(*trace));
	char path[512], *buffer = NULL;
	size_t size = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/golden/%s/%s.jsonl", shared_path, row->hef, row->scenario);
	f = fopen(path, "r");
	assert_non_null(f);
	while (getline(&buffer, &size, f) > 0 && trace->count < MAX_LINES)
		trace->lines[trace->count++] = json_tokener_parse(buffer);
	free(buffer);
	fclose(f);
	return trace;
}

static void free_trace(struct trace *trace)
{
	for (unsigned int i = 0; i < trace->count; i++)
		json_object_put(trace->lines[i]);
	free(trace);
}

/* The line with these values; NULL values match anything */
static struct json_object *find_line(const struct trace *trace, const char *what,
				     const char *name, int64_t frame, const char *type)
{
	for (unsigned int i = 0; i < trace->count; i++) {
		struct json_object *line = trace->lines[i];

		if (is(line, "what", what) && (!name || is(line, "name", name)) &&
		    (frame < 0 || number(line, "frame") == frame) &&
		    (!type || is(line, "type", type)))
			return line;
	}
	return NULL;
}

static bool has_event(const struct trace *trace, const char *event)
{
	for (unsigned int i = 0; i < trace->count; i++)
		if (is(trace->lines[i], "ev", event))
			return true;
	return false;
}

static void split_row(char *line)
{
	struct row *row = &rows[row_count];
	char *fields[10] = { NULL };

	line[strcspn(line, "\n")] = '\0';
	for (int i = 0; i < 10; i++)
		fields[i] = strsep(&line, "\t");
	if (!fields[9] || strncmp(fields[9], "infer", 5) || row_count == MAX_ROWS)
		return;
	snprintf(row->hef, sizeof(row->hef), "%s", fields[0]);
	snprintf(row->scenario, sizeof(row->scenario), "%s", fields[1]);
	snprintf(row->env, sizeof(row->env), "%s", fields[8]);
	snprintf(row->args, sizeof(row->args), "%s", fields[9]);
	row->ok = !strcmp(fields[2], "ok");
	if (*row->hef != '_')
		row_count++;
}

static void load_index(void)
{
	char path[512], *buffer = NULL;
	size_t size = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/golden/INDEX.tsv", shared_path);
	f = fopen(path, "r");
	if (!f)
		return;
	while (getline(&buffer, &size, f) > 0)
		split_row(buffer);
	free(buffer);
	fclose(f);
}

static bool find_shared(void)
{
	const char *path = getenv("H8L_SHARED");

	snprintf(shared_path, sizeof(shared_path), "%s", path ? path : "../shared");
	return !access(shared_path, R_OK);
}

/* ---- data patterns, golden/README.md section 4 ---- */

static uint64_t splitmix64(uint64_t z)
{
	z += 0x9e3779b97f4a7c15ull;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static uint64_t seed_of(uint64_t kind, uint64_t stream, uint64_t frame)
{
	uint64_t seed = splitmix64(0x48414c4f38474f4cull ^ kind << 56 ^ stream << 32 ^ frame);

	return seed ? seed : 1;
}

static uint64_t next_random(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

static void fill_uniform(uint64_t seed, uint8_t *data, size_t size)
{
	for (size_t at = 0; at < size; at += 8) {
		uint64_t word = htole64(next_random(&seed));

		memcpy(data + at, &word, size - at < 8 ? size - at : 8);
	}
}

struct scores {
	unsigned int k, hi, hs, lo, ls;
};

static uint8_t score(const struct scores *s, unsigned int lane)
{
	unsigned int t = lane & 1023, v = lane >> 10, high = s->hi + (v << s->hs);

	if (t < s->k)
		return (uint8_t)(high > 255 ? 255 : high);
	return (uint8_t)(s->lo + (v >> s->ls));
}

static struct scores scores_of(struct json_object *p)
{
	return (struct scores){
		(unsigned int)number(p, "k"), (unsigned int)number(p, "hi"),
		(unsigned int)number(p, "hs"), (unsigned int)number(p, "lo"),
		(unsigned int)number(p, "ls"),
	};
}

/* Mode S, and mode C: two sets of parameters by channel */
static void fill_scores(uint64_t seed, uint8_t *data, size_t size, struct json_object *p)
{
	struct scores s = scores_of(p), a = s, b = s;
	struct json_object *part;
	bool channels = is(p, "mode", "C");
	uint64_t word = 0;

	if (channels && json_object_object_get_ex(p, "a", &part))
		a = scores_of(part);
	if (channels && json_object_object_get_ex(p, "b", &part))
		b = scores_of(part);
	for (size_t i = 0; i < size; i++) {
		if (i % 4 == 0)
			word = next_random(&seed);
		if (channels) {
			int64_t entry = number(p, "entry");
			int64_t channel = (int64_t)i / number(p, "row_bytes") %
					  number(p, "features") % entry;

			s = channel < number(p, "head") || channel >= entry - number(p, "tail") ?
			    a : b;
		}
		data[i] = score(&s, word >> (16 * (i % 4)) & 0xffff);
	}
}

static const char *hex_sha(const void *data, size_t size)
{
	static char hex[2 * SHA256_DIGEST_LENGTH + 1];
	uint8_t digest[SHA256_DIGEST_LENGTH];

	SHA256(data, size, digest);
	for (int i = 0; i < SHA256_DIGEST_LENGTH; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	return hex;
}

/* ---- one comparison ---- */

struct run {
	const struct row *row;
	struct trace *trace;
	struct drv *drv;
	struct h8l_network *network;
	bool started;			/* in the recording */
	bool check_inputs;
	unsigned int configs;
	struct {
		struct h8l_post *post;
		struct h8l_post_info info;
		struct h8l_post_options options;
	} posts[MAX_STREAMS];
	unsigned int post_count;
};

static void fail_run(const struct run *r, const char *what, const char *detail)
{
	fail_msg("%s/%s: %s: %s", r->row->hef, r->row->scenario, what, detail);
}

static void on_config(void *ctx, unsigned int context, unsigned int stream, const uint8_t *data,
		      size_t size)
{
	struct run *r = ctx;

	for (unsigned int i = 0; i < r->trace->count; i++) {
		struct json_object *line = r->trace->lines[i];

		if (!is(line, "ev", "cfg_data") || number(line, "ctx") != context ||
		    number(line, "cfg_stream") != stream)
			continue;
		if (number(line, "bytes") != (int64_t)size ||
		    !is(line, "sha256", hex_sha(data, size)))
			fail_run(r, "configuration words differ", text(line, "ch"));
		r->configs++;
		compared.configs++;
		return;
	}
	fail_run(r, "configuration words that the recording does not have", "");
}

/* What the chip got. The recording's frames may come from any thread, so the
 * launch is looked up by stream and frame.
 */
static void on_input(void *ctx, const struct drv_channel *channel, const uint8_t *data)
{
	struct run *r = ctx;

	if (!r->check_inputs)
		return;
	for (unsigned int i = 0; i < r->trace->count; i++) {
		struct json_object *line = r->trace->lines[i];

		if (!is(line, "name", "HAILO_VDMA_LAUNCH_TRANSFER") || !*text(line, "sha256") ||
		    number(line, "stream") != channel->stream ||
		    number(line, "frame") != (int64_t)channel->frames)
			continue;
		if (!is(line, "sha256", hex_sha(data, channel->frame_size)))
			fail_run(r, "the chip gets another frame", text(line, "stream"));
		compared.inputs++;
		return;
	}
	fail_run(r, "no frame for the chip in the recording", "");
}

static void on_output(void *ctx, const struct drv_channel *channel, uint8_t *data)
{
	uint64_t seed = seed_of(3, channel->stream, channel->frames);
	struct run *r = ctx;

	for (unsigned int i = 0; i < r->trace->count; i++) {
		struct json_object *line = r->trace->lines[i], *pattern;

		if (!is(line, "ev", "d2h") || number(line, "stream") != channel->stream ||
		    number(line, "frame") != (int64_t)channel->frames)
			continue;
		json_object_object_get_ex(line, "pattern", &pattern);
		if (is(pattern, "mode", "U"))
			fill_uniform(seed, data, channel->frame_size);
		else
			fill_scores(seed, data, channel->frame_size, pattern);
		if (!is(line, "sha256", hex_sha(data, channel->frame_size)))
			fail_run(r, "this test makes another pattern", text(line, "stream"));
		return;
	}
	fail_run(r, "no frame from the chip in the recording", "");
}

/* ---- messages ---- */

static size_t parse_hex(const char *hex, uint8_t *bytes, size_t max)
{
	size_t size = 0;

	for (; hex[0] && hex[1] && size < max; hex += 2) {
		unsigned int byte;

		sscanf(hex, "%2x", &byte);
		bytes[size++] = (uint8_t)byte;
	}
	return size;
}

/* Where an action has the address of a list, or -1 */
static int address_offset(uint8_t type)
{
	size_t buffer = offsetof(struct hw_host_buffer, dma_address);

	switch (type) {
	case HW_ACTION_ACTIVATE_BOUNDARY_INPUT:
		return (int)(offsetof(struct hw_activate_boundary_input, buf) + buffer);
	case HW_ACTION_ACTIVATE_BOUNDARY_OUTPUT:
	case HW_ACTION_ACTIVATE_INTER_OUTPUT:
		return (int)(offsetof(struct hw_activate_output, buf) + buffer);
	case HW_ACTION_ACTIVATE_INTER_INPUT:
		return (int)(offsetof(struct hw_activate_inter_input, buf) + buffer);
	case HW_ACTION_ACTIVATE_DDR_INPUT:
		return (int)(offsetof(struct hw_activate_ddr_input, buf) + buffer);
	case HW_ACTION_ACTIVATE_DDR_OUTPUT:
		return (int)(offsetof(struct hw_activate_ddr_output, buf) + buffer);
	case HW_ACTION_ACTIVATE_CFG_CHANNEL:
		return (int)(offsetof(struct hw_activate_cfg_channel, buf) + buffer);
	case HW_ACTION_OPEN_BOUNDARY_INPUT:
		return (int)(offsetof(struct hw_open_boundary_input, buf) + buffer);
	case HW_ACTION_OPEN_BOUNDARY_OUTPUT:
		return (int)(offsetof(struct hw_open_boundary_output, buf) + buffer);
	default:
		return -1;
	}
}

static void mask_address(void *ctx, uint8_t type, uint8_t *body)
{
	int offset = address_offset(type);

	(void)ctx;
	if (offset >= 0)
		memset(body + offset, 0, sizeof(uint64_t));
}

#define LIST_AT (HW_CTRL_REQUEST_HEAD + sizeof(struct hw_context_info))

/* All chunks of a context, to be compared when the last one came */
struct lists {
	uint8_t theirs[16384], ours[16384];
	size_t size;
};

static void compare_chunk(struct run *r, struct lists *l, const uint8_t *theirs,
			  const uint8_t *ours, size_t len)
{
	const struct hw_context_info *info = (const void *)(ours + HW_CTRL_REQUEST_HEAD);
	size_t size = len - LIST_AT;

	if (memcmp(theirs, ours, LIST_AT))
		fail_run(r, "another head of a context message", "");
	assert_true(l->size + size <= sizeof(l->ours));
	memcpy(l->theirs + l->size, theirs + LIST_AT, size);
	memcpy(l->ours + l->size, ours + LIST_AT, size);
	l->size += size;
	if (!info->last)
		return;
	assert_int_equal(drv_walk(l->theirs, l->size, mask_address, NULL), 0);
	assert_int_equal(drv_walk(l->ours, l->size, mask_address, NULL), 0);
	for (size_t i = 0; i < l->size; i++)
		if (l->theirs[i] != l->ours[i]) {
			char detail[96];

			snprintf(detail, sizeof(detail), "type %u, byte %zu of %zu: %02x not %02x",
				 info->type, i, l->size, l->ours[i], l->theirs[i]);
			fail_run(r, "another action list", detail);
		}
	l->size = 0;
	compared.contexts++;
}

static uint64_t setting(const char *list, const char *key, uint64_t otherwise)
{
	const char *at = strstr(list, key);

	return at ? strtoull(at + strlen(key), NULL, 0) : otherwise;
}

static bool is_scheduled(const struct row *row)
{
	return !strstr(row->args, "--sched none") && !strstr(row->args, "--api raw");
}

/* Which batch ENABLED names is the scheduler's choice, by what is queued, but no
 * more than was configured. Without a scheduler it must be the same.
 */
static void settle_batch(struct run *r, uint8_t *theirs, const uint8_t *mine)
{
	const struct hw_change_status *ours = (const void *)(mine + HW_CTRL_REQUEST_HEAD);
	struct hw_change_status *status = (void *)(theirs + HW_CTRL_REQUEST_HEAD);
	unsigned int most = (unsigned int)setting(r->row->args, "--batch ", MAX_BATCH_SIZE);

	if (status->state != HW_CS_ENABLED || !is_scheduled(r->row))
		return;
	if (!status->dynamic_batch || le16toh(status->dynamic_batch) > most)
		fail_run(r, "a batch that cannot be", "");
	status->dynamic_batch = ours->dynamic_batch;
}

static void compare_message(struct run *r, struct lists *lists, struct json_object *line,
			    const struct drv_control *ours)
{
	uint8_t theirs[HW_CTRL_MAX_LEN], mine[HW_CTRL_MAX_LEN];
	size_t len = parse_hex(text(line, "req"), theirs, sizeof(theirs));

	memcpy(mine, ours->bytes, ours->len);
	if (ours->len != len || ours->cpu != (uint32_t)number(line, "cpu"))
		fail_run(r, "a message of another length", text(line, "op"));
	if (ours->opcode == HW_OP_CHANGE_CONTEXT_SWITCH_STATUS)
		settle_batch(r, theirs, mine);
	if (ours->opcode == HW_OP_SET_CONTEXT_INFO)
		compare_chunk(r, lists, theirs, mine, len);
	else if (memcmp(theirs, mine, len))
		fail_run(r, "another message", text(line, "op"));
	compared.messages++;
}

static bool is_configured(const struct drv_control *c)
{
	return c->opcode == HW_OP_CHANGE_CONTEXT_SWITCH_STATUS &&
	       c->bytes[HW_CTRL_REQUEST_HEAD + 4] == HW_CS_ENABLED;
}

/* From opening to ENABLED in order; what comes after depends on threads */
static void compare_messages(struct run *r)
{
	struct lists *lists = calloc(1, sizeof(*lists));
	unsigned int ours = 0;

	for (unsigned int i = 0; i < r->trace->count && ours < r->drv->control_count; i++) {
		struct json_object *line = r->trace->lines[i];

		if (!is(line, "name", "HAILO_FW_CONTROL"))
			continue;
		if (number(line, "opn") != r->drv->controls[ours].opcode)
			fail_run(r, "another opcode, theirs is", text(line, "op"));
		compare_message(r, lists, line, &r->drv->controls[ours]);
		if (is_configured(&r->drv->controls[ours++]))
			break;
	}
	free(lists);
	assert_true(ours >= 12);
}

/* ---- the table: make golden-table ---- */

__attribute__((format(printf, 2, 3)))
static void print_row(const struct row *row, const char *format, ...)
{
	va_list args;

	if (!getenv("H8L_GOLDEN_TABLE"))
		return;
	printf("%-32s %-28s ", row->hef, row->scenario);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

/* ---- setting up ---- */

static struct drv *new_driver(const struct row *row)
{
	struct drv *drv = drv_new(1);

	if (strstr(row->env, "HFAKE_ARCH=hailo8l"))
		drv->architecture = HW_ARCH_HAILO8L;
	drv->layout = (uint32_t)setting(row->env, "HFAKE_LAYOUT=", 0x33);
	drv->page_size = (uint16_t)setting(row->env, "HFAKE_PAGE=", 4096);
	drv->optimise_credits = setting(row->env, "HFAKE_OPT_CREDITS=", 1);
	return drv;
}

static struct h8l_hef *open_hef(const struct row *row, struct h8l_error *error)
{
	struct h8l_hef *hef = NULL;
	char path[512];

	snprintf(path, sizeof(path), "%s/hefs/%s.hef", shared_path, row->hef);
	h8l_hef_open(path, &hef, error);
	return hef;
}

/* ---- frames ---- */

struct buffers {
	struct h8l_buffer in[MAX_STREAMS], out[MAX_STREAMS];
	unsigned int inputs, outputs;
};

static void *new_buffer(int64_t size)
{
	void *data = NULL;

	assert_true(size > 0);
	assert_int_equal(posix_memalign(&data, (size_t)sysconf(_SC_PAGESIZE), (size_t)size), 0);
	memset(data, 0, (size_t)size);
	return data;
}

static void make_buffers(struct h8l_network *network, struct buffers *b)
{
	b->inputs = h8l_network_inputs(network);
	b->outputs = h8l_network_outputs(network);
	for (unsigned int i = 0; i < b->inputs; i++) {
		b->in[i].size = (size_t)h8l_network_frame_size(network, H8L_INPUT, i);
		b->in[i].data = new_buffer((int64_t)b->in[i].size);
	}
	for (unsigned int i = 0; i < b->outputs; i++) {
		b->out[i].size = (size_t)h8l_network_frame_size(network, H8L_OUTPUT, i);
		b->out[i].data = new_buffer((int64_t)b->out[i].size);
	}
}

static void free_buffers(struct buffers *b)
{
	for (unsigned int i = 0; i < b->inputs; i++)
		free(b->in[i].data);
	for (unsigned int i = 0; i < b->outputs; i++)
		free(b->out[i].data);
}

static void fill_float(const struct h8l_stream_info *info, unsigned int index,
		       unsigned int frame, struct h8l_buffer *b)
{
	size_t count = b->size / sizeof(float);
	uint8_t *base = malloc(count), *jitter = malloc(count);
	float *x = b->data;

	fill_uniform(seed_of(1, index, frame), base, count);
	fill_uniform(seed_of(2, index, frame), jitter, count);
	for (size_t i = 0; i < count; i++) {
		float step = (float)((int)(jitter[i] & 7) - 4) * 0.125f;
		float q = (float)base[i] + step;
		float centred = q - info->quant.zero_point;

		x[i] = info->quant.scale * centred;
	}
	free(base);
	free(jitter);
}

static void fill_inputs(struct run *r, struct buffers *b, unsigned int frame)
{
	for (unsigned int i = 0; i < b->inputs; i++) {
		struct h8l_stream_info info;
		struct json_object *line;

		h8l_network_stream(r->network, H8L_INPUT, i, &info);
		line = find_line(r->trace, "input", info.name, frame, NULL);
		if (!line)
			fail_run(r, "no input in the recording", info.name);
		if (strstr(r->row->args, "--fmt f32"))
			fill_float(&info, (unsigned int)number(line, "idx"), frame, &b->in[i]);
		else
			fill_uniform(seed_of(1, (uint64_t)number(line, "idx"), frame),
				     b->in[i].data, b->in[i].size);
		if (number(line, "bytes") != (int64_t)b->in[i].size ||
		    !is(line, "sha256", hex_sha(b->in[i].data, b->in[i].size)))
			fail_run(r, "this test makes another input", info.name);
	}
}

static void compare_outputs(struct run *r, const struct buffers *b, const char *what,
			    unsigned int frame, const char *type)
{
	for (unsigned int i = 0; i < b->outputs; i++) {
		struct h8l_stream_info info;
		struct json_object *line;

		h8l_network_stream(r->network, H8L_OUTPUT, i, &info);
		line = find_line(r->trace, what, info.name, frame, type);
		if (!line)
			continue;
		if (number(line, "bytes") != (int64_t)b->out[i].size ||
		    !is(line, "sha256", hex_sha(b->out[i].data, b->out[i].size)))
			fail_run(r, "the program gets another frame", info.name);
		if (type)
			compared.transforms++;
		else
			compared.outputs++;
	}
}

/* ---- detections, classes, probabilities ---- */

static enum h8l_type type_of(const char *name)
{
	for (int t = H8L_TYPE_UINT8; t <= H8L_TYPE_FLOAT32; t++)
		if (!strcmp(h8l_type_name((enum h8l_type)t), name))
			return (enum h8l_type)t;
	return H8L_TYPE_AUTO;
}

/* A hash over part of a frame */
static void expect_hash(const struct run *r, struct json_object *line, const char *key,
			const void *data, size_t size)
{
	if (!is(line, key, hex_sha(data, size)))
		fail_run(r, "other results", key);
}

/* The stock library counts one detection too many and writes it behind the
 * buffer (golden/README.md 6.1). But for the count, the buffer must be the same.
 */
static void compare_by_score(struct run *r, unsigned int i, struct json_object *line,
			     const struct h8l_post_result *result, uint8_t *packed)
{
	size_t used = post_pack_by_score(result, packed);
	uint16_t count = (uint16_t)number(line, "detections");

	if (count == result->count) {
		assert_int_equal(used, number(line, "used"));
		expect_hash(r, line, "used_sha256", packed, used);
		return;
	}
	assert_int_equal(count, result->count + 1);
	assert_int_equal(result->count, r->posts[i].options.max_total ?:
					r->posts[i].info.max_total);
	memcpy(packed, &count, sizeof(count));
	expect_hash(r, line, "sha256", packed, (size_t)number(line, "bytes"));
	compared.better_posts++;
}

/* 0 is not recorded */
static int64_t count_in(struct json_object *line, const char *key)
{
	int64_t count = number(line, key);

	return count < 0 ? 0 : count;
}

/* It also counts the mask that did not fit (golden/README.md 6.2) */
static void compare_masks(struct run *r, struct json_object *line,
			  const struct h8l_post_result *result, uint8_t *packed)
{
	struct h8l_stream_info input;
	size_t size = post_pack_heads(result, packed);

	assert_int_equal(result->count, count_in(line, "entries"));
	assert_int_equal(result->count + (result->truncated != 0), count_in(line, "detections"));
	compared.better_posts += result->truncated != 0;
	if (!result->count)
		return;
	expect_hash(r, line, "heads_sha256", packed, size);
	h8l_network_stream(r->network, H8L_INPUT, 0, &input);
	size = post_pack_masks(result, (float)input.shape.height, (float)input.shape.width,
			       packed);
	assert_int_equal(size, number(line, "masks_core"));
	expect_hash(r, line, "masks_core_sha256", packed, size);
}

static void compare_result(struct run *r, unsigned int i, struct json_object *line,
			   const struct h8l_post_result *result)
{
	const struct h8l_post_info *info = &r->posts[i].info;
	uint8_t *packed = calloc(1, (size_t)number(line, "bytes") + 64);
	size_t used;

	if (info->kind == H8L_POST_MASKS) {
		compare_masks(r, line, result, packed);
	} else if (info->kind != H8L_POST_DETECTIONS) {
		assert_int_equal(result->size, number(line, "bytes"));
		expect_hash(r, line, "sha256", result->values, result->size);
	} else if (r->posts[i].options.order == H8L_POST_BY_SCORE) {
		compare_by_score(r, i, line, result, packed);
	} else {
		used = post_pack_by_class(result, info->class_count, packed);
		assert_int_equal(used, number(line, "used"));
		expect_hash(r, line, "used_sha256", packed, used);
	}
	free(packed);
	compared.posts++;
}

static void compare_posts(struct run *r, const struct buffers *b, unsigned int frame)
{
	for (unsigned int i = 0; i < r->post_count; i++) {
		struct json_object *line = find_line(r->trace, "output", r->posts[i].info.name,
						     frame, NULL);
		struct h8l_post_result result;
		struct h8l_error error;

		if (!line)
			fail_run(r, "no result in the recording", r->posts[i].info.name);
		if (h8l_post_run(r->posts[i].post, b->out, b->outputs, &result, &error))
			fail_run(r, "post-processing", error.text);
		compare_result(r, i, line, &result);
	}
}

static double option_of(const char *args, const char *name, double otherwise)
{
	const char *at = strstr(args, name);

	return at ? strtod(at + strlen(name), NULL) : otherwise;
}

static struct h8l_post_options post_options(const struct row *row, struct json_object *line)
{
	struct h8l_post_options o = H8L_POST_DEFAULTS;
	unsigned int most = (unsigned int)setting(row->args, "--maxprop ", 0);
	struct json_object *format;

	if (strstr(row->args, "--order byscore"))
		o.order = H8L_POST_BY_SCORE;
	o.score_threshold = (float)option_of(row->args, "--thr ", -1);
	o.iou_threshold = (float)option_of(row->args, "--iou ", -1);
	o.max_mask_bytes = setting(row->args, "--maxmask ", 0);
	if (o.order == H8L_POST_BY_SCORE)
		o.max_total = most;
	else
		o.max_per_class = most;
	if (json_object_object_get_ex(line, "format", &format))
		o.type = type_of(text(format, "type"));
	return o;
}

/* Opens what the recording has results of */
static void open_posts(struct run *r, const struct h8l_hef *hef, const char *what)
{
	struct h8l_post_info info;
	struct h8l_error error;

	for (unsigned int i = 0; !h8l_hef_post(hef, 0, i, &info); i++) {
		struct json_object *line = find_line(r->trace, what, info.name, -1, NULL);
		unsigned int n = r->post_count;

		if (!line || !find_line(r->trace, "output", info.name, 0, NULL))
			continue;
		r->posts[n].info = info;
		r->posts[n].options = post_options(r->row, line);
		if (h8l_post_open(r->network, i, &r->posts[n].options, &r->posts[n].post, &error))
			fail_run(r, "opening post-processing", error.text);
		r->post_count++;
	}
}

static void close_posts(struct run *r)
{
	while (r->post_count)
		h8l_post_close(r->posts[--r->post_count].post);
}

static void run_frames(struct run *r, const char *what, const char *type, unsigned int frames)
{
	struct h8l_error error = { 0 };
	struct buffers b;

	make_buffers(r->network, &b);
	for (unsigned int frame = 0; frame < frames; frame++) {
		fill_inputs(r, &b, frame);
		if (h8l_network_run(r->network, b.in, b.inputs, b.out, b.outputs, &error))
			fail_run(r, "running", error.text);
		compare_outputs(r, &b, what, frame, type);
		compare_posts(r, &b, frame);
	}
	free_buffers(&b);
}

static enum h8l_order order_of(const char *name)
{
	for (int o = H8L_ORDER_NHWC; o <= H8L_ORDER_NMS_ON_CHIP; o++)
		if (!strcmp(h8l_order_name((enum h8l_order)o), name))
			return (enum h8l_order)o;
	return H8L_ORDER_AUTO;
}

/* Sets the formats that the recording had; false if one does not exist, which
 * the stock library finds out only at the first frame. Outputs of host
 * operations are no streams: theirs stay as they are.
 */
static bool set_formats(struct run *r, enum h8l_direction direction, const char *what)
{
	struct h8l_stream_info info;

	for (unsigned int i = 0; !h8l_network_stream(r->network, direction, i, &info); i++) {
		struct json_object *line = find_line(r->trace, what, info.name, -1, NULL), *f;
		struct h8l_format format;

		if (!line || !json_object_object_get_ex(line, "format", &f))
			continue;
		format.type = type_of(text(f, "type"));
		format.order = order_of(text(f, "order"));
		if (h8l_network_set_format(r->network, direction, i, format, NULL))
			return false;
	}
	return true;
}

/* Outputs are hashed even if the frame failed */
static bool ran(const struct trace *trace)
{
	return has_event(trace, "d2h") && find_line(trace, "output", NULL, 0, NULL);
}

static unsigned int frames_of(const struct trace *trace)
{
	unsigned int frames = 0;

	while (frames < MAX_FRAMES && find_line(trace, "input", NULL, frames, NULL))
		frames++;
	return frames;
}

/* The raw interface transforms only in the recording's extra lines */
static void run_raw(struct run *r)
{
	static const struct h8l_format floats = { H8L_TYPE_FLOAT32, H8L_ORDER_AUTO };
	struct h8l_stream_info info;

	for (unsigned int i = 0; !h8l_network_stream(r->network, H8L_INPUT, i, &info); i++)
		assert_int_equal(h8l_network_set_format(r->network, H8L_INPUT, i,
							info.device_format, NULL), 0);
	run_frames(r, "transform", "auto", 1);
	h8l_network_stop(r->network, NULL);
	for (unsigned int i = 0; i < h8l_network_outputs(r->network); i++)
		assert_int_equal(h8l_network_set_format(r->network, H8L_OUTPUT, i, floats, NULL),
				 0);
	run_frames(r, "transform", "float32", 1);
}

/* Many recordings differ only in how the stock library was driven; their
 * frames are the same. What is sent is compared for all of them.
 */
static bool compares_frames(const struct row *row)
{
	static const char *const same[] = {
		"_b4", "_b8", "_latency", "_premap", "_sync", "_none", "_rr", "_x2",
	};

	for (size_t i = 0; i < ARRAY_SIZE(same); i++)
		if (strstr(row->scenario, same[i]))
			return false;
	return true;
}

static void run_network(struct run *r, const struct h8l_hef *hef)
{
	bool vs = strstr(r->row->args, "--api vs") != NULL;
	struct h8l_error error = { 0 };

	if (!r->started)
		return;
	if (h8l_network_start(r->network, &error))
		fail_run(r, "starting", error.text);
	if (!compares_frames(r->row))
		return;
	r->check_inputs = true;
	if (strstr(r->row->args, "--api raw")) {
		run_raw(r);
		return;
	}
	if (!set_formats(r, H8L_INPUT, vs ? "vs_input" : "im_input") ||
	    !set_formats(r, H8L_OUTPUT, vs ? "vs_output" : "im_output")) {
		if (ran(r->trace))
			fail_run(r, "a format that the stock library has", "");
		return;
	}
	open_posts(r, hef, vs ? "vs_output" : "im_output");
	run_frames(r, "output", NULL, frames_of(r->trace));
	close_posts(r);
}

static void compare_ok(struct run *r, struct h8l_device *device, struct h8l_hef *hef)
{
	struct h8l_network_options options = {
		.batch_size = (unsigned int)setting(r->row->args, "--batch ", 0),
		.flags = H8L_NETWORK_STOCK_MESSAGES,
	};
	struct h8l_error error = { 0 };

	if (strstr(r->row->args, "--power"))
		options.flags |= H8L_NETWORK_ULTRA;
	if (h8l_network_open(device, hef, &options, &r->network, &error))
		fail_run(r, "configuring", error.text);
	r->started = has_event(r->trace, "cfg_data");
	run_network(r, hef);
	h8l_network_close(r->network);
	compare_messages(r);
	assert_true(r->configs > 0 || !r->started);
	compared.recordings++;
}

/* ---- what the stock library refuses, too ---- */

/* Formats that do not exist are found when they are set */
static int try_formats(struct run *r, const struct h8l_hef *hef, struct h8l_error *error)
{
	static const struct h8l_format bytes = { H8L_TYPE_UINT8, H8L_ORDER_AUTO };
	struct h8l_post_options options = H8L_POST_DEFAULTS;
	struct h8l_post_info info;
	struct h8l_post *post = NULL;
	int err = 0;

	options.type = H8L_TYPE_UINT8;
	for (unsigned int i = 0; !err && !h8l_hef_post(hef, 0, i, &info); i++) {
		err = h8l_post_open(r->network, i, &options, &post, error);
		h8l_post_close(err ? NULL : post);
	}
	for (unsigned int i = 0; !err && i < h8l_network_outputs(r->network); i++)
		err = h8l_network_set_format(r->network, H8L_OUTPUT, i, bytes, error);
	return err;
}

static int try_row(const struct row *row, struct h8l_hef *hef, struct h8l_error *error)
{
	struct run r = { .row = row, .drv = new_driver(row) };
	struct h8l_device *device = NULL;
	int err = device_open_os(&r.drv->os, NULL, &device, error) ?:
		  h8l_network_open(device, hef, NULL, &r.network, error) ?:
		  try_formats(&r, hef, error);

	h8l_network_close(r.network);
	h8l_device_close(device);
	drv_free(r.drv);
	return err;
}

/* Damaged and foreign files, formats that do not exist */
static void compare_refused(const struct row *row)
{
	struct h8l_error error = { 0 };
	struct h8l_hef *hef = open_hef(row, &error);
	int err = error.code;

	if (hef)
		err = try_row(row, hef, &error);
	else
		assert_true(err == -EBADMSG || err == -ENOEXEC);
	h8l_hef_close(hef);
	if (err)
		print_row(row, "refused by both: %s", error.text);
	else
		print_row(row, "refused by the stock library only");
	/* Larger pages than the chip's are cut down here, not refused */
	assert_true(err || strstr(row->scenario, "page16k"));
	compared.recordings++;
}

static void print_identical(const struct row *row, const unsigned int *before)
{
	const unsigned int *now = &compared.recordings;

	print_row(row, "identical: %u messages, %u action lists, %u config streams, %u frames in, "
		  "%u out, %u results", now[1] - before[1], now[2] - before[2], now[3] - before[3],
		  now[4] - before[4], now[5] + now[6] - before[5] - before[6],
		  now[7] - before[7]);
}

static void compare_row(const struct row *row)
{
	unsigned int before[sizeof(compared) / sizeof(unsigned int)];
	struct run r = { .row = row, .trace = load_trace(row), .drv = new_driver(row) };
	struct h8l_error error = { 0 };
	struct h8l_hef *hef = open_hef(row, &error);
	struct h8l_device *device;

	memcpy(before, &compared, sizeof(before));
	if (!hef)
		fail_run(&r, "opening", error.text);
	r.drv->ctx = &r;
	r.drv->on_config = on_config;
	r.drv->on_input = on_input;
	r.drv->on_output = on_output;
	assert_int_equal(device_open_os(&r.drv->os, NULL, &device, &error), 0);
	compare_ok(&r, device, hef);
	h8l_device_close(device);
	h8l_hef_close(hef);
	if (r.drv->violation[0])
		fail_run(&r, "the driver complains", r.drv->violation);
	assert_int_equal(drv_leftovers(r.drv), 0);
	assert_int_equal(r.drv->open_fds, 0);
	drv_free(r.drv);
	free_trace(r.trace);
	print_identical(row, before);
}

/* ---- two files at once, switched by message only ---- */

struct multi {
	struct run run;			/* messages and the scripted driver */
	struct h8l_device *device;
	struct h8l_hef *hefs[2];
	struct h8l_network *networks[2];
	struct buffers buffers[2];
};

static void open_multi(struct multi *m, const char *const names[2], unsigned int batch)
{
	struct h8l_network_options options = {
		.batch_size = batch, .flags = H8L_NETWORK_STOCK_MESSAGES,
	};
	struct h8l_error error = { 0 };

	assert_int_equal(device_open_os(&m->run.drv->os, NULL, &m->device, &error), 0);
	for (int i = 0; i < 2; i++) {
		struct row row = { 0 };

		snprintf(row.hef, sizeof(row.hef), "%s", names[i]);
		m->hefs[i] = open_hef(&row, &error);
		if (!m->hefs[i] || h8l_network_open(m->device, m->hefs[i], &options,
						    &m->networks[i], &error))
			fail_run(&m->run, "configuring", error.text);
		make_buffers(m->networks[i], &m->buffers[i]);
	}
}

/* In the order of the recording */
static void run_multi(struct multi *m)
{
	const struct trace *trace = m->run.trace;
	struct h8l_error error = { 0 };

	for (unsigned int i = 0; i < trace->count; i++) {
		struct json_object *line = trace->lines[i];
		struct buffers *b;
		int64_t model;

		if (!is(line, "what", "phase") || !is(line, "name", "run"))
			continue;
		model = number(line, "model");
		b = &m->buffers[model];
		if (h8l_network_run(m->networks[model], b->in, b->inputs, b->out, b->outputs,
				    &error))
			fail_run(&m->run, "running", error.text);
	}
}

/* But for the last `left_out` of theirs */
static void compare_all_messages(struct run *r, unsigned int left_out)
{
	struct lists *lists = calloc(1, sizeof(*lists));
	unsigned int ours = 0, theirs = 0;

	for (unsigned int i = 0; i < r->trace->count; i++) {
		struct json_object *line = r->trace->lines[i];

		if (!is(line, "name", "HAILO_FW_CONTROL"))
			continue;
		theirs++;
		if (ours == r->drv->control_count)
			continue;
		if (number(line, "opn") != r->drv->controls[ours].opcode)
			fail_run(r, "another opcode, theirs is", text(line, "op"));
		compare_message(r, lists, line, &r->drv->controls[ours++]);
	}
	assert_int_equal(ours, r->drv->control_count);
	assert_int_equal(ours + left_out, theirs);
	free(lists);
}

static void compare_multi(const char *scenario, const char *first, const char *second,
			  unsigned int batch)
{
	const char *const names[2] = { first, second };
	unsigned int messages = compared.messages;
	struct row row = { .hef = "_multi" };
	struct multi m = { .run.row = &row };

	snprintf(row.scenario, sizeof(row.scenario), "%s", scenario);
	m.run.trace = load_trace(&row);
	m.run.drv = new_driver(&row);
	open_multi(&m, names, batch);
	run_multi(&m);
	for (int i = 0; i < 2; i++) {
		h8l_network_close(m.networks[1 - i]);
		h8l_hef_close(m.hefs[i]);
		free_buffers(&m.buffers[i]);
	}
	h8l_device_close(m.device);
	compare_all_messages(&m.run, 0);
	print_row(&row, "identical: %u messages", compared.messages - messages);
	assert_string_equal(m.run.drv->violation, "");
	assert_int_equal(drv_leftovers(m.run.drv), 0);
	drv_free(m.run.drv);
	free_trace(m.run.trace);
	compared.recordings++;
}

static void two_files(void **state)
{
	(void)state;
	compare_multi("shortcut_mnist_b1", "h8_shortcut_net_v1", "h8_mnist_cnn_v0", 0);
	compare_multi("arcface_yolov8n_b4", "h8_arcface_mobilefacenet_v1", "h8_yolov8n_nms_v2",
		      4);
}

/* ---- starts that the firmware refuses ---- */

static int try_start(struct h8l_device **device, struct run *r, struct h8l_hef *hef,
		     struct h8l_error *error)
{
	struct h8l_network_options options = { .flags = H8L_NETWORK_STOCK_MESSAGES };

	return device_open_os(&r->drv->os, NULL, device, error) ?:
	       h8l_network_open(*device, hef, &options, &r->network, error) ?:
	       h8l_network_start(r->network, error);
}

/* The same messages before it and, to put things in order, behind it */
static void compare_refusal(const char *scenario, int64_t opcode, unsigned int left_out)
{
	struct row row = { .hef = "h8_shortcut_net_v1" };
	struct h8l_error error = { 0 };
	struct h8l_device *device = NULL;
	struct run r = { .row = &row };
	struct h8l_hef *hef = open_hef(&row, &error);
	unsigned int messages = compared.messages;

	snprintf(row.hef, sizeof(row.hef), "_errors");
	snprintf(row.scenario, sizeof(row.scenario), "%s", scenario);
	r.trace = load_trace(&row);
	r.drv = new_driver(&row);
	r.drv->refuse_opcode = opcode;
	r.drv->refuse_major = 5;
	r.drv->refuse_minor = 7;
	assert_int_equal(try_start(&device, &r, hef, &error), -EREMOTEIO);
	assert_non_null(strstr(error.text, "0x00000005"));
	h8l_network_close(r.network);
	h8l_device_close(device);
	h8l_hef_close(hef);
	compare_all_messages(&r, left_out);
	print_row(&row, "identical: %u messages%s", compared.messages - messages,
		  left_out ? ", and no clearing of what was not configured" : "");
	assert_string_equal(r.drv->violation, "");
	assert_int_equal(drv_leftovers(r.drv), 0);
	drv_free(r.drv);
	free_trace(r.trace);
	compared.recordings++;
}

static void refusals(void **state)
{
	(void)state;
	compare_refusal("fw_fails_identify", HW_OP_IDENTIFY, 0);
	compare_refusal("fw_fails_change_status", HW_OP_CHANGE_CONTEXT_SWITCH_STATUS, 0);
	compare_refusal("fw_fails_clear_apps", HW_OP_CLEAR_CONFIGURED_APPS, 0);
	/* Theirs clears the chip as at the end of a network, here there was none */
	compare_refusal("fw_fails_get_hw_consts", HW_OP_GET_HW_CONSTS, 2);
	compare_refusal("fw_fails_set_header", HW_OP_SET_NETWORK_GROUP_HEADER, 0);
	compare_refusal("fw_fails_set_context_info", HW_OP_SET_CONTEXT_INFO, 0);
}

/* ---- starts that end before anything is said to firmware ---- */

static unsigned long request_called(const char *name)
{
	static const struct {
		const char *name;
		unsigned long request;
	} known[] = {
		{ "HAILO_QUERY_DRIVER_INFO", HAILO8L_QUERY_DRIVER_INFO },
		{ "HAILO_QUERY_DEVICE_PROPERTIES", HAILO8L_QUERY_DEVICE_PROPERTIES },
		{ "HAILO_MARK_AS_IN_USE", HAILO8L_MARK_AS_IN_USE },
		{ "HAILO_DISABLE_NOTIFICATION", HAILO8L_DISABLE_NOTIFICATION },
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (!strcmp(known[i].name, name))
			return known[i].request;
	fail_msg("the recording has a call that is not known here: %s", name);
	return 0;
}

struct failing_start {
	const char *scenario;
	int err;
	const char *says[4];		/* what, where, and what to do */
	unsigned int calls;		/* of ours */
};

/* Theirs does at least as much, and that in this order */
static void compare_calls(const struct drv *drv, const struct trace *trace)
{
	unsigned int opens = 0, calls = 0;

	for (unsigned int i = 0; i < trace->count; i++) {
		struct json_object *line = trace->lines[i];

		opens += is(line, "ev", "open");
		if (!is(line, "ev", "ioctl"))
			continue;
		if (calls < drv->ioctl_count)
			assert_int_equal(drv->first_ioctls[calls],
					 request_called(text(line, "name")));
		calls++;
	}
	assert_int_equal(drv->opens, opens);
	assert_in_range(drv->ioctl_count, 0, calls);
}

static void compare_start(const struct failing_start *start, struct drv *drv)
{
	struct row row = { .hef = "_errors" };
	struct h8l_device *device = NULL;
	struct h8l_error error = { 0 };
	struct trace *trace;

	snprintf(row.scenario, sizeof(row.scenario), "%s", start->scenario);
	trace = load_trace(&row);
	assert_int_equal(device_open_os(&drv->os, NULL, &device, &error), start->err);
	assert_int_equal(error.code, start->err);
	for (unsigned int i = 0; i < ARRAY_SIZE(start->says) && start->says[i]; i++)
		if (!strstr(error.text, start->says[i]))
			fail_msg("%s: \"%s\" is not in: %s", start->scenario, start->says[i],
				 error.text);
	compare_calls(drv, trace);
	assert_int_equal(drv->ioctl_count, start->calls);
	assert_int_equal(drv->open_fds, 0);
	assert_int_equal(drv_leftovers(drv), 0);
	assert_string_equal(drv->violation, "");
	print_row(&row, "refused by both, %u calls: %s", drv->ioctl_count, error.text);
	drv_free(drv);
	free_trace(trace);
	compared.recordings++;
}

/* Theirs takes no driver but of its own version, this one all that have its calls */
static void other_drivers(void)
{
	for (unsigned int minor = 21; minor <= 25; minor++) {
		struct drv *drv = drv_new(1);
		struct h8l_device *device = NULL;

		drv->version[1] = minor;
		assert_int_equal(device_open_os(&drv->os, NULL, &device, NULL), 0);
		h8l_device_close(device);
		assert_string_equal(drv->violation, "");
		drv_free(drv);
	}
}

static void failing_starts(void **state)
{
	static const struct failing_start starts[] = {
		{ "no_device", -ENODEV, { "no Hailo device", "nothing in", "lspci", "dmesg" }, 0 },
		{ "driver_version_mismatch", -EPROTO,
		  { "/dev/hailo0", "driver 5.23.0", "4.21 and later", "install the driver" }, 1 },
		{ "fw_not_loaded", -ENOEXEC,
		  { "/dev/hailo0", "no firmware", "/lib/firmware", "reload the driver" }, 2 },
	};
	struct drv *drv;

	(void)state;
	compare_start(&starts[0], drv_new(0));
	drv = drv_new(1);
	drv->version[0] = 5;
	compare_start(&starts[1], drv);
	other_drivers();
	drv = drv_new(1);
	drv->fw_loaded = false;
	compare_start(&starts[2], drv);
}

/* ---- tests, one per file ---- */

static void one_file(void **state)
{
	const char *hef = *state;

	for (unsigned int i = 0; i < row_count; i++) {
		if (strcmp(rows[i].hef, hef))
			continue;
		if (rows[i].ok)
			compare_row(&rows[i]);
		else
			compare_refused(&rows[i]);
	}
}

static void no_recordings(void **state)
{
	(void)state;
	print_message("no recordings at %s\n", shared_path);
	skip();
}

static int print_sums(void **state)
{
	(void)state;
	print_message("# compared: %u recordings, %u messages, %u action lists, %u config "
		      "streams, %u frames in, %u frames out, %u transforms, %u results (%u "
		      "of them without a defect of the stock library)\n",
		      compared.recordings, compared.messages, compared.contexts, compared.configs,
		      compared.inputs, compared.outputs, compared.transforms, compared.posts,
		      compared.better_posts);
	return 0;
}

static bool listed(const struct CMUnitTest *tests, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(tests[i].name, name))
			return true;
	return false;
}

int main(void)
{
	static struct CMUnitTest tests[128];
	size_t count = 0;

	if (find_shared())
		load_index();
	for (unsigned int i = 0; i < row_count && count < ARRAY_SIZE(tests) - 3; i++)
		if (!listed(tests, count, rows[i].hef))
			tests[count++] = (struct CMUnitTest){
				.name = rows[i].hef, .test_func = one_file,
				.initial_state = rows[i].hef,
			};
	if (count) {
		tests[count++] = (struct CMUnitTest)cmocka_unit_test(two_files);
		tests[count++] = (struct CMUnitTest)cmocka_unit_test(refusals);
		tests[count++] = (struct CMUnitTest)cmocka_unit_test(failing_starts);
	} else {
		tests[count++] = (struct CMUnitTest)cmocka_unit_test(no_recordings);
	}
	return _cmocka_run_group_tests("golden", tests, count, NULL, print_sums);
}
