// SPDX-License-Identifier: MIT
/*
 * Networks whose streams are not what a program sees: several outputs in one
 * stream, a picture in several, boxes in as many transfers as the chip finds. The
 * scripted driver computes them as tests/hef/refnet.c does, so every byte is
 * known.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/device.h"
#include "lib/hef.h"
#include "tests/unit/lib_alloc.h"
#include "tests/unit/lib_driver.h"

#include "tests/unit/hef_common.h"	/* last: cmocka defines fail() */

#define MAX_PORTS	8
#define DEPTH		4

#define PICTURE(planes)							\
	"network picture\n" planes					\
	"max_pool light y kernel=2x2 stride=2x2\n"			\
	"output light order=fcr\n"

#define I420	PICTURE("input y 16x24x1 order=nhw planes=p scale=0.5\n"	\
			"input u 8x12x1 order=nhw planes=p scale=0.25\n"	\
			"input v 8x12x1 order=nhw planes=p\n"		\
			"max_pool du u\nmax_pool dv v\noutput du order=nhw\noutput dv order=nhw\n")

static const char boxes[] =
	"network boxes\n"
	"input in 16x16x3\n"
	"conv boxes in features=4 kernel=3x3 stride=2x2 pad=1,1,0,0\n"
	"weights random 71 -60 127\nmult 100\nshift 16\n"
	"conv scores in features=3 kernel=3x3 stride=2x2 pad=1,1,0,0\n"
	"weights random 72 -127 127\nmult 100\nshift 16\n";

#define FIND(chunks, burst)						\
	"nms found boxes scores max=10 score=60 iou=128 chunks=" #chunks "\n"	\
	"mult 12 1\nshift 0\n"						\
	"output found " burst " scale=0.000244\n"

/* A network, the chip that computes it, and a second one that checks */
struct rig {
	struct drv *drv;
	struct h8l_device *device;
	struct h8l_hef *hef;
	struct h8l_network *network;
	struct h8l_error error;
	struct blob blob;
	struct refnet net;
	uint8_t *chip[MAX_PORTS], *mine[MAX_PORTS];	/* device frames */
	bool fresh;			/* inputs came, nothing is computed */
	size_t sent[MAX_PORTS];		/* of the chip's frame, by output's first stream */
	size_t stop_at;			/* bytes of an output, 0: do not stop */
	uint32_t nested;		/* groups of the outer mux, 0: there is one mux */
	bool stop_in;			/* when the inputs are there */
	uint8_t spoil;			/* what boxes are, 0: as computed */
	uint8_t wire[65536];
	unsigned int inputs, outputs;
	struct h8l_buffer in[DEPTH][MAX_PORTS], out[DEPTH][MAX_PORTS];
};

/* ---- the chip ---- */

static unsigned int stream_at(const struct rig *r, bool output, uint8_t index)
{
	unsigned int i = 0;

	while (r->net.streams[i].is_output != output || r->net.streams[i].sys_index != index)
		assert_true(++i < r->net.stream_count);
	return i;
}

static void on_input(void *ctx, const struct drv_channel *channel, const uint8_t *data)
{
	struct rig *r = ctx;
	unsigned int i = stream_at(r, false, channel->stream);

	memcpy(r->chip[i], data, r->net.streams[i].device_size);
	memset(r->sent, 0, sizeof(r->sent));
	r->fresh = true;
	r->drv->stuck = r->stop_in;
}

static uint8_t *put_rows(const struct rig *r, unsigned int i, size_t row, size_t rows,
			 uint8_t *to)
{
	const struct ref_stream *s = &r->net.streams[i];
	size_t bytes = s->device_size / s->padded.height;

	memcpy(to, r->chip[i] + row * bytes, rows * bytes);
	return to + rows * bytes;
}

/* In every group 16 rows of "tall" by so many groups, then as many of the inner
 * mux's 4 as there are to a group: 2 rows of "half" and 1 of "quarter"
 */
static size_t nested_wire(struct rig *r)
{
	size_t tall = 16 / r->nested, inner = 4 / r->nested;
	uint8_t *to = r->wire;

	for (size_t group = 0; group < r->nested; group++) {
		to = put_rows(r, 1, group * tall, tall, to);
		for (size_t i = group * inner; i < (group + 1) * inner; i++) {
			to = put_rows(r, 2, 2 * i, 2, to);
			to = put_rows(r, 3, i, 1, to);
		}
	}
	return (size_t)(to - r->wire);
}

/* What goes over the wire for the output that begins with streams[i] */
static size_t wire_of(struct rig *r, unsigned int i)
{
	const struct ref_stream *s = &r->net.streams[i];

	if (s->mux_slices && r->nested)
		return nested_wire(r);
	if (s->mux_slices)
		return refnet_mux(&r->net, i, r->chip, r->wire);
	memcpy(r->wire, r->chip[i], s->device_size);
	return refnet_device_bytes(s, r->chip[i]);
}

static void on_output(void *ctx, const struct drv_channel *channel, uint8_t *data)
{
	struct rig *r = ctx;
	unsigned int i = stream_at(r, true, channel->stream);

	if (r->fresh)
		refnet_run(&r->net, r->chip);
	r->fresh = false;
	wire_of(r, i);
	memcpy(data, r->wire + r->sent[i], channel->frame_size);
	if (r->spoil)
		memset(data, r->spoil, channel->frame_size);
	r->sent[i] += channel->frame_size;
	if (r->stop_at && r->sent[i] >= r->stop_at)
		r->drv->stuck = true;
}

static bool more(void *ctx, const struct drv_channel *channel)
{
	struct rig *r = ctx;
	unsigned int i = stream_at(r, true, channel->stream);

	return !r->drv->stuck && (r->spoil || r->sent[i] < wire_of(r, i));
}

/* ---- the program ---- */

static unsigned int size_of(struct rig *r, enum h8l_direction direction, unsigned int i)
{
	int64_t size = h8l_network_frame_size(r->network, direction, i);

	assert_true(size > 0);
	return (unsigned int)size;
}

/* Never at the beginning of a page: none is mapped by chance. 0: frees it */
static void renew(struct h8l_buffer *b, size_t size)
{
	uint8_t *pages = NULL;

	if (b->data)
		free((uint8_t *)b->data - 64);
	if (size) {
		assert_int_equal(posix_memalign((void **)&pages, 4096, size + 64), 0);
		pages += 64;
	}
	*b = (struct h8l_buffer){ pages, size };
}

static void new_buffers(struct rig *r)
{
	r->inputs = h8l_network_inputs(r->network);
	r->outputs = h8l_network_outputs(r->network);
	for (unsigned int slot = 0; slot < DEPTH; slot++) {
		for (unsigned int i = 0; i < r->inputs; i++) {
			unsigned int size = size_of(r, H8L_INPUT, i);

			renew(&r->in[slot][i], size);
		}
		for (unsigned int i = 0; i < r->outputs; i++) {
			unsigned int size = size_of(r, H8L_OUTPUT, i);

			renew(&r->out[slot][i], size);
		}
	}
}

static struct rig *rig_hef(const char *text, struct blob *hef,
			   const struct h8l_network_options *options)
{
	struct rig *r = calloc(1, sizeof(*r));

	r->blob = *hef;			/* the rig's from now on */
	make_net(text, &r->net);
	for (size_t i = 0; i < r->net.stream_count; i++) {
		r->chip[i] = calloc(1, r->net.streams[i].device_size);
		r->mine[i] = calloc(1, r->net.streams[i].device_size);
	}
	r->drv = drv_new(1);
	r->drv->ctx = r;
	r->drv->on_input = on_input;
	r->drv->on_output = on_output;
	r->drv->more = more;
	if (h8l_hef_open_memory(hef->data, hef->size, &r->hef, &r->error) ||
	    device_open_os(&r->drv->os, NULL, &r->device, &r->error) ||
	    h8l_network_open(r->device, r->hef, options, &r->network, &r->error))
		fail_msg("%s", r->error.text);
	new_buffers(r);
	return r;
}

static struct rig *rig_new(const char *text, const struct h8l_network_options *options)
{
	struct blob hef = { 0 };

	make_hef(text, 1, DESC_HAILO8, NULL, &hef);
	return rig_hef(text, &hef, options);
}

static void rig_free(struct rig *r)
{
	for (unsigned int slot = 0; slot < DEPTH; slot++)
		for (unsigned int i = 0; i < MAX_PORTS; i++) {
			renew(&r->in[slot][i], 0);
			renew(&r->out[slot][i], 0);
		}
	for (size_t i = 0; i < r->net.stream_count; i++) {
		free(r->chip[i]);
		free(r->mine[i]);
	}
	h8l_network_close(r->network);
	h8l_hef_close(r->hef);
	h8l_device_close(r->device);
	assert_string_equal(r->drv->violation, "");
	assert_int_equal(drv_leftovers(r->drv), 0);
	drv_free(r->drv);
	refnet_free(&r->net);
	blob_free(&r->blob);
	free(r);
}

static void fill(struct rig *r, uint64_t frame)
{
	uint32_t state = 4711 + (uint32_t)frame;

	for (unsigned int i = 0; i < r->inputs; i++)
		for (size_t k = 0; k < r->in[frame % DEPTH][i].size; k++)
			((uint8_t *)r->in[frame % DEPTH][i].data)[k] =
				(uint8_t)(test_random(&state) >> 9);
	for (unsigned int i = 0; i < r->outputs; i++)
		memset(r->out[frame % DEPTH][i].data, 0xa5, r->out[frame % DEPTH][i].size);
}

/* Inputs stand in the order of the streams, planes one behind the other */
static void compute_mine(struct rig *r, uint64_t frame)
{
	unsigned int port = 0;
	size_t at = 0;

	for (size_t i = 0; i < r->net.stream_count; i++) {
		const struct h8l_buffer *b = &r->in[frame % DEPTH][port];

		if (r->net.streams[i].is_output)
			continue;
		refnet_to_device(&r->net.streams[i], (uint8_t *)b->data + at, r->mine[i]);
		at += r->net.streams[i].user_size;
		port += at == b->size;
		at %= b->size;
	}
	assert_int_equal(port, r->inputs);
	refnet_run(&r->net, r->mine);
}

static void check_output(struct rig *r, const struct ref_stream *s, const uint8_t *device,
			 const struct h8l_buffer *got)
{
	uint8_t *user;

	if (s->nms_chunks) {
		assert_true(got->size >= refnet_device_bytes(s, device));
		assert_memory_equal(got->data, device, refnet_device_bytes(s, device));
		return;
	}
	assert_int_equal(got->size, s->user_size);
	user = malloc(s->user_size);
	refnet_to_user(s, device, user);
	assert_memory_equal(got->data, user, s->user_size);
	free(user);
	(void)r;
}

static void check(struct rig *r, uint64_t frame)
{
	struct h8l_stream_info info;

	compute_mine(r, frame);
	for (unsigned int i = 0; i < r->outputs; i++) {
		int stream;

		h8l_network_stream(r->network, H8L_OUTPUT, i, &info);
		stream = refnet_find(&r->net, info.name, true);
		assert_true(stream >= 0);
		check_output(r, &r->net.streams[stream], r->mine[stream],
			     &r->out[frame % DEPTH][i]);
	}
}

static int submit(struct rig *r, uint64_t frame)
{
	uint64_t number;
	int err = h8l_network_submit(r->network, r->in[frame % DEPTH], r->inputs,
				     r->out[frame % DEPTH], r->outputs, &number, &r->error);

	assert_true(err || number == frame);
	return err;
}

static int take(struct rig *r, uint64_t frame)
{
	struct h8l_completion c;
	int got = h8l_network_wait(r->network, -1, &c, &r->error);

	if (got != 1)
		return got;
	assert_int_equal(c.frame, frame);
	return c.status ? c.status : 1;
}

static void run_frames(struct rig *r, uint64_t from, uint64_t to)
{
	unsigned int depth = h8l_network_queue_depth(r->network);

	for (uint64_t frame = from; frame < to + depth; frame++) {
		if (frame >= from + depth) {
			if (take(r, frame - depth) != 1)
				fail_msg("frame %u: %s", (unsigned int)(frame - depth),
					 r->error.text);
			check(r, frame - depth);
		}
		if (frame >= to)
			continue;
		fill(r, frame);
		if (submit(r, frame))
			fail_msg("%s", r->error.text);
	}
}

static const struct h8l_network_options deep = { .queue_depth = DEPTH };

static char *file_text(const char *path)
{
	char *text = calloc(1, 4096);
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	assert_true(fread(text, 1, 4095, file) > 0);
	fclose(file);
	return text;
}

static char *boxes_text(const char *find)
{
	char *text = calloc(1, sizeof(boxes) + strlen(find) + 1);

	strcpy(text, boxes);
	return strcat(text, find);
}

static void every_byte(char *text)
{
	const struct h8l_network_options batches = { .queue_depth = DEPTH, .batch_size = 2 };
	const struct h8l_network_options *options[] = { NULL, &deep, &batches };

	for (int i = 0; i < 3; i++) {
		struct rig *r = rig_new(text, options[i]);

		run_frames(r, 0, 12);
		assert_int_equal(h8l_network_stop(r->network, NULL), 0);
		run_frames(r, 12, 24);
		rig_free(r);
	}
	free(text);
}

static void mux_frames(void **state)
{
	(void)state;
	every_byte(file_text("tests/hef/nets/mux.net"));
}

static void planes_frames(void **state)
{
	(void)state;
	every_byte(file_text("tests/hef/nets/planes.net"));
	every_byte(strdup(I420));
}

static void boxes_frames(void **state)
{
	(void)state;
	every_byte(boxes_text(FIND(1, "")));
	every_byte(boxes_text(FIND(2, "")));
	every_byte(boxes_text(FIND(1, "burst=4")));
	every_byte(boxes_text(FIND(4, "burst=4")));
	every_byte(boxes_text(FIND(2, "burst=1")));
	every_byte(boxes_text(FIND(2, "burst=10")));
	every_byte(boxes_text(FIND(2, "burst=11")));	/* one transfer */
}

/* ---- a mux in a mux, and damaged ones ---- */

typedef void edit_fn(Hef__Edge *edge);

static void make_edited(const char *text, edit_fn *edit, struct blob *hef)
{
	struct blob old = { 0 };
	Hef__File *file;
	Hef__ContextInfo *info;
	size_t i = 0;

	make_hef(text, 1, DESC_HAILO8, NULL, &old);
	file = hef_unpack(&old);
	info = file->groups[0]->contexts[0]->info;
	while (info->edges[i]->kind == HEF__EDGE__KIND__LAYER)
		assert_true(++i < info->n_edges);
	edit(info->edges[i]);
	hef_pack(file, &old, hef);
	hef__file__free_unpacked(file, NULL);
	blob_free(&old);
}

static Hef__MuxRows *new_rows(uint32_t gcd, uint32_t first, uint32_t second)
{
	Hef__MuxRows *rows = calloc(1, sizeof(*rows));

	hef__mux_rows__init(rows);
	rows->height_gcd = gcd;
	rows->parts = rows->ratio_count = 2;
	rows->n_ratios = 2;
	rows->ratios = calloc(2, sizeof(*rows->ratios));
	rows->ratios[0] = first;
	rows->ratios[1] = second;
	return rows;
}

static Hef__InnerMuxPart *inner_part(Hef__MuxPart *part)
{
	Hef__InnerMuxPart *inner = calloc(1, sizeof(*inner));

	hef__inner_mux_part__init(inner);
	inner->layer = part->layer;
	free(part);
	return inner;
}

static Hef__InnerMux *new_inner(Hef__Mux *mux)
{
	Hef__InnerMux *inner = calloc(1, sizeof(*inner));

	hef__inner_mux__init(inner);
	inner->name = strdup("mux/inner");
	inner->shape = calloc(1, sizeof(*inner->shape));
	hef__shape__init(inner->shape);
	inner->shape->height = inner->shape->padded_height = 4;
	inner->shape->width = inner->shape->padded_width = 1;
	inner->shape->features = inner->shape->padded_features = 2 * 64 + 32;
	inner->shape->format = HEF__SHAPE__ORDER__FCR;
	inner->shape->data_bytes = 1;
	inner->rows = new_rows(4, 2, 1);
	inner->n_parts = 2;
	inner->parts = calloc(2, sizeof(*inner->parts));
	inner->parts[0] = inner_part(mux->parts[1]);
	inner->parts[1] = inner_part(mux->parts[2]);
	return inner;
}

/* "half" and "quarter" by themselves, and that beside "tall" */
static void nest(Hef__Mux *mux, uint32_t groups)
{
	Hef__MuxPart *part = calloc(1, sizeof(*part));

	hef__mux_part__init(part);
	part->body_case = HEF__MUX_PART__BODY_MUX;
	part->mux = new_inner(mux);
	mux->parts[1] = part;
	mux->n_parts = 2;
	free(mux->rows->ratios);
	free(mux->rows);
	mux->rows = new_rows(groups, 16 / groups, 4 / groups);
}

static void nest_in_4(Hef__Edge *edge)
{
	nest(edge->mux, 4);
}

static void nest_in_2(Hef__Edge *edge)
{
	nest(edge->mux, 2);
}

static void nest_in_1(Hef__Edge *edge)
{
	nest(edge->mux, 1);
}

static void nested_mux(void **state)
{
	edit_fn *const edits[] = { nest_in_1, nest_in_2, nest_in_4 };
	char *text = file_text("tests/hef/nets/mux.net");

	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		struct blob hef = { 0 };
		struct rig *r;

		make_edited(text, edits[i], &hef);
		r = rig_hef(text, &hef, &deep);
		r->nested = 1u << i;
		assert_int_equal(r->outputs, 4);
		run_frames(r, 0, 12);
		rig_free(r);
	}
	free(text);
}

static void no_groups(Hef__Edge *edge)
{
	edge->mux->rows->height_gcd = 0;
}

static void many_groups(Hef__Edge *edge)
{
	edge->mux->rows->height_gcd = 5;
}

static void huge_groups(Hef__Edge *edge)
{
	edge->mux->rows->height_gcd = UINT32_MAX;
}

static void wrong_count(Hef__Edge *edge)
{
	edge->mux->rows->parts = 2;
}

static void few_ratios(Hef__Edge *edge)
{
	edge->mux->rows->n_ratios = 2;
}

static void huge_ratio(Hef__Edge *edge)
{
	edge->mux->rows->ratios[1] = UINT32_MAX;
}

static void other_ratio(Hef__Edge *edge)
{
	edge->mux->rows->ratios[2] = 2;
}

static void other_size(Hef__Edge *edge)
{
	edge->mux->shape->padded_features += 8;
}

static void other_way(Hef__Edge *edge)
{
	edge->direction = 1 - edge->direction;
}

static void same_names(Hef__Edge *edge)
{
	memcpy(edge->mux->parts[1]->layer->name, "mux/tall", 8);
}

static void inner_rows(Hef__Edge *edge)
{
	nest(edge->mux, 4);
	edge->mux->parts[1]->mux->shape->padded_height = 3;
}

static void inner_size(Hef__Edge *edge)
{
	nest(edge->mux, 2);
	edge->mux->parts[1]->mux->shape->padded_features -= 1;
}

static void inner_deep(Hef__Edge *edge)
{
	nest(edge->mux, 2);
	hef__layer__free_unpacked(edge->mux->parts[1]->mux->parts[0]->layer, NULL);
	edge->mux->parts[1]->mux->parts[0]->layer = NULL;
}

static void three_planes(Hef__Edge *edge)
{
	edge->planes->format = HEF__PLANES__FORMAT__I420;
}

static void no_format(Hef__Edge *edge)
{
	edge->planes->format = (Hef__Planes__Format)7;
}

static void other_width(Hef__Edge *edge)
{
	edge->planes->width++;
}

static void other_plane(Hef__Edge *edge)
{
	edge->planes->planes[1]->layer->shape->width = 11;
}

static void other_type(Hef__Edge *edge)
{
	edge->planes->planes[1]->layer->shape->data_bytes = 2;
}

static void damaged(void **state)
{
	static const struct {
		edit_fn *edit;
		bool picture;
		const char *text;
	} cases[] = {
		{ no_groups, false, "3 outputs share it, and their rows" },
		{ wrong_count, false, "3 outputs share it, and their rows are described for 2" },
		{ few_ratios, false, "3 outputs share it, and their rows" },
		{ many_groups, false, "5 groups of 672 bytes do not fit into 2688" },
		{ huge_groups, false, "do not fit into 2688" },
		{ huge_ratio, false, "piece of an output" },
		{ other_ratio, false, "groups of 704 bytes do not fit" },
		{ other_size, false, "has 2720 bytes, its outputs 2688" },
		{ other_way, false, "inputs cannot share a stream" },
		{ same_names, false, "two inputs or outputs are called mux/tall" },
		{ inner_rows, false, "the outputs of mux/inner do not fit into it" },
		{ inner_size, false, "the outputs of mux/inner do not fit into it" },
		{ inner_deep, false, "a stream without a description" },
		{ other_way, true, "2 planes in the format 0 are no picture" },
		{ three_planes, true, "2 planes in the format 2 are no picture" },
		{ no_format, true, "in the format 7 are no picture" },
		{ other_width, true, "8x25x3 is not what its planes are" },
		{ other_plane, true, "8x24x3 is not what its planes are" },
		{ other_type, true, "its planes have several types" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *text = file_text(cases[i].picture ? "tests/hef/nets/planes.net" :
				       "tests/hef/nets/mux.net");
		struct h8l_error error = { 0 };
		struct blob hef = { 0 };
		struct h8l_hef *file;

		make_edited(text, cases[i].edit, &hef);
		assert_int_equal(h8l_hef_open_memory(hef.data, hef.size, &file, &error), -EINVAL);
		if (!strstr(error.text, cases[i].text))
			fail_msg("%s, not: %s", error.text, cases[i].text);
		blob_free(&hef);
		free(text);
	}
}

/* ---- boxes for a program ---- */

static const float *check_class(const struct h8l_post_result *got, unsigned int *at,
				uint32_t class_id, const float *wanted)
{
	unsigned int count = (unsigned int)*wanted++;

	for (unsigned int i = 0; i < count; i++, wanted += 5, ++*at) {
		const struct h8l_detection *d = &got->detections[*at];

		assert_true(*at < got->count);
		assert_int_equal(d->class_id, class_id);
		assert_true(d->y_min == wanted[0] && d->x_min == wanted[1] &&
			    d->y_max == wanted[2] && d->x_max == wanted[3] &&
			    d->score == wanted[4]);
	}
	return wanted;
}

/* Output i's boxes of class c are those of class c * parts + i */
static void check_boxes(struct rig *r, const struct h8l_post_result *got, unsigned int parts)
{
	const float *wanted[MAX_PORTS];
	float *user[MAX_PORTS];
	unsigned int at = 0;

	for (unsigned int i = 0; i < parts; i++) {
		const struct ref_stream *s = &r->net.streams[1 + i];

		user[i] = malloc(s->user_size);
		refnet_to_user(s, r->mine[1 + i], (uint8_t *)user[i]);
		wanted[i] = user[i];
	}
	for (uint32_t c = 0; c < 3 * parts; c++)
		wanted[c % parts] = check_class(got, &at, c, wanted[c % parts]);
	assert_int_equal(at, got->count);
	for (unsigned int i = 0; i < parts; i++)
		free(user[i]);
}

static unsigned int run_post(struct rig *r, unsigned int parts)
{
	struct h8l_post *post = NULL;
	struct h8l_post_result got;
	unsigned int found = 0;

	if (h8l_post_open(r->network, 0, NULL, &post, &r->error))
		fail_msg("%s", r->error.text);
	for (uint64_t frame = 0; frame < 4; frame++) {
		fill(r, frame);
		assert_int_equal(submit(r, frame), 0);
		assert_int_equal(take(r, frame), 1);
		compute_mine(r, frame);
		if (h8l_post_run(post, r->out[frame % DEPTH], r->outputs, &got, &r->error))
			fail_msg("%s", r->error.text);
		check_boxes(r, &got, parts);
		found += got.count;
	}
	h8l_post_close(post);
	return found;
}

static void boxes_found(void **state)
{
	char *texts[] = {
		boxes_text(FIND(1, "")), boxes_text(FIND(2, "burst=4")), boxes_text(FIND(2, "")),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct rig *r = rig_new(texts[i], NULL);

		assert_true(run_post(r, 1) > 10);
		rig_free(r);
		free(texts[i]);
	}
}

/* Two suppressions on the chip, whose classes are those of one output by turns */
#define TWO								\
	"conv more in features=3 kernel=3x3 stride=2x2 pad=1,1,0,0\n"	\
	"weights random 73 -127 127\nmult 100\nshift 16\n"		\
	"nms one boxes scores max=10 score=60 iou=128\nmult 12 1\nshift 0\n"	\
	"nms two boxes more max=10 score=60 iou=128\nmult 12 1\nshift 0\n"	\
	"output one scale=0.000244\noutput two scale=0.000244\n"

struct split {
	uint64_t part[2];
	uint64_t classes;
	bool used;
	const char *name;
};

static Hef__FusedOutputs *new_fused(const struct split *split)
{
	Hef__FusedOutputs *fused = calloc(1, sizeof(*fused));
	Hef__FusedLayer *layer = calloc(1, sizeof(*layer));

	hef__fused_outputs__init(fused);
	hef__fused_layer__init(layer);
	fused->used = split->used;
	fused->n_layers = 1;
	fused->layers = calloc(1, sizeof(*fused->layers));
	fused->layers[0] = layer;
	layer->layer = calloc(1, sizeof(*layer->layer));
	hef__layer__init(layer->layer);
	layer->layer->name = strdup("boxes/all");
	layer->nms = calloc(1, sizeof(*layer->nms));
	hef__nms__init(layer->nms);
	layer->nms->classes = split->classes;
	layer->nms->max_boxes = 10;
	return fused;
}

static void make_split(const char *text, const struct split *split, struct blob *hef)
{
	struct blob old = { 0 };
	Hef__NetworkGroup *group;
	Hef__File *file;
	unsigned int part = 0;

	make_hef(text, 1, DESC_HAILO8, NULL, &old);
	file = hef_unpack(&old);
	group = file->groups[0];
	for (size_t i = 0; i < group->contexts[0]->info->n_edges; i++) {
		Hef__Edge *edge = group->contexts[0]->info->edges[i];
		Hef__Nms *nms;

		if (edge->direction == HEF__EDGE__DIRECTION__INPUT)
			continue;
		nms = edge->layer->shape->extra->nms;
		nms->split = true;
		nms->split_info = calloc(1, sizeof(*nms->split_info));
		hef__nms_split__init(nms->split_info);
		nms->split_info->class_group = split->part[part++];
		nms->split_info->fused_name = strdup(split->name);
	}
	hef__fused_outputs__free_unpacked(group->fused, NULL);
	group->fused = new_fused(split);
	hef_pack(file, &old, hef);
	hef__file__free_unpacked(file, NULL);
	blob_free(&old);
}

static void split_boxes(void **state)
{
	static const struct split split = { { 0, 1 }, 6, true, "boxes/all" };
	char *text = boxes_text(TWO);
	struct blob hef = { 0 };
	struct h8l_post_info info;
	struct rig *r;

	(void)state;
	make_split(text, &split, &hef);
	r = rig_hef(text, &hef, NULL);
	assert_int_equal(h8l_hef_post(r->hef, 0, 0, &info), 0);
	assert_string_equal(info.name, "boxes/all");
	assert_int_equal(info.output_count, 2);
	assert_int_equal(info.class_count, 6);
	assert_int_equal(h8l_hef_post(r->hef, 0, 1, &info), -ENOENT);
	assert_true(run_post(r, 2) > 10);
	rig_free(r);
	free(text);
}

static void wrong_splits(void **state)
{
	static const struct {
		struct split split;
		const char *text;
	} cases[] = {
		{ { { 0, 0 }, 6, true, "boxes/all" }, "none has the number 1" },
		{ { { 0, 2 }, 6, true, "boxes/all" }, "none has the number 1" },
		{ { { 0, 9 }, 6, true, "boxes/all" }, "more than 9 NMS parts" },
		{ { { 0, 1 }, 6, true, "boxes/none" }, "an output that is not there" },
		{ { { 0, 1 }, 70000, true, "boxes/all" }, "NMS classes" },
	};
	static const struct split few = { { 0, 1 }, 7, true, "boxes/all" };
	static const struct split unused = { { 0, 1 }, 6, false, "boxes/all" };
	char *text = boxes_text(TWO);
	struct h8l_post_info info;
	struct h8l_hef *file;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct h8l_error error = { 0 };
		struct blob hef = { 0 };

		make_split(text, &cases[i].split, &hef);
		assert_int_equal(h8l_hef_open_memory(hef.data, hef.size, &file, &error), -EINVAL);
		if (!strstr(error.text, cases[i].text))
			fail_msg("%s, not: %s", error.text, cases[i].text);
		blob_free(&hef);
	}
	for (int i = 0; i < 2; i++) {
		struct blob hef = { 0 };

		make_split(text, i ? &few : &unused, &hef);
		assert_int_equal(h8l_hef_open_memory(hef.data, hef.size, &file, NULL), 0);
		assert_int_equal(h8l_hef_post(file, 0, 0, &info), 0);
		assert_int_equal(info.output_count, 1 + i);
		assert_int_equal(info.unsupported != NULL, i);
		h8l_hef_close(file);
		blob_free(&hef);
	}
	free(text);
}

/* ---- what a frame costs ---- */

static void costs(const char *text, unsigned int most_launches)
{
	struct rig *r = rig_new(text, &deep);
	unsigned long allocations;
	unsigned int launches, maps;
	struct h8l_completion c;

	run_frames(r, 0, 8);
	allocations = alloc_count;
	launches = r->drv->launches;
	maps = r->drv->map_calls;
	for (uint64_t frame = 8; frame < 16; frame++) {
		assert_int_equal(submit(r, frame), 0);
		assert_int_equal(h8l_network_wait(r->network, -1, &c, NULL), 1);
	}
	assert_int_equal(alloc_count, allocations);
	assert_int_equal(r->drv->map_calls, maps);
	assert_in_range(r->drv->launches - launches, 8, 8 * most_launches);
	rig_free(r);
}

static void steady(void **state)
{
	char *mux = file_text("tests/hef/nets/mux.net");
	char *burst = boxes_text(FIND(1, "burst=4"));

	(void)state;
	costs(mux, 3);
	costs(I420, 6);
	costs(burst, 1 + 3 * 3);
	free(mux);
	free(burst);
}

/* ---- formats ---- */

static void set(struct rig *r, enum h8l_direction direction, unsigned int i, int expected,
		enum h8l_type type, enum h8l_order order)
{
	assert_int_equal(h8l_network_set_format(r->network, direction, i,
						(struct h8l_format){ type, order }, &r->error),
			 expected);
}

/* Each output of a mux has its own */
static void mux_formats(void **state)
{
	char *text = file_text("tests/hef/nets/mux.net");
	struct rig *r = rig_new(text, NULL);
	const float *real;
	const uint8_t *q;

	(void)state;
	assert_int_equal(r->outputs, 4);
	fill(r, 0);
	assert_int_equal(submit(r, 0), 0);
	assert_int_equal(take(r, 0), 1);
	compute_mine(r, 0);
	set(r, H8L_OUTPUT, 1, 0, H8L_TYPE_FLOAT32, H8L_ORDER_AUTO);
	set(r, H8L_OUTPUT, 2, 0, H8L_TYPE_AUTO, H8L_ORDER_RAW);
	new_buffers(r);
	fill(r, 1);
	assert_int_equal(submit(r, 1), 0);
	assert_int_equal(take(r, 1), 1);
	compute_mine(r, 1);
	real = r->out[1][1].data;
	q = r->mine[2];
	assert_int_equal(r->out[1][1].size, 8 * 8 * 8 * sizeof(float));
	for (unsigned int i = 0; i < 8 * 8 * 8; i++)
		assert_true(real[i] == (float)q[i]);
	assert_int_equal(r->out[1][2].size, r->net.streams[3].device_size);
	assert_memory_equal(r->out[1][2].data, r->mine[3], r->out[1][2].size);
	rig_free(r);
	free(text);
}

static void picture_formats(void **state)
{
	struct rig *r = rig_new(I420, NULL);
	struct h8l_stream_info info;
	const uint8_t *device;
	float *real;

	(void)state;
	assert_int_equal(h8l_network_stream(r->network, H8L_INPUT, 0, &info), 0);
	assert_string_equal(info.name, "picture/p");
	assert_int_equal(info.default_format.order, H8L_ORDER_I420);
	assert_int_equal(info.device_frame_size, 16 * 24 * 3 / 2);
	assert_int_equal(h8l_network_stream(r->network, H8L_INPUT, 1, &info), -ENOENT);
	set(r, H8L_INPUT, 0, -ENOTSUP, H8L_TYPE_AUTO, H8L_ORDER_NHWC);
	assert_non_null(strstr(r->error.text, "takes I420, not NHWC"));
	set(r, H8L_INPUT, 0, 0, H8L_TYPE_AUTO, H8L_ORDER_I420);
	assert_int_equal(size_of(r, H8L_INPUT, 0), 16 * 24 * 3 / 2);
	set(r, H8L_INPUT, 0, 0, H8L_TYPE_FLOAT32, H8L_ORDER_AUTO);
	new_buffers(r);
	fill(r, 0);
	real = r->in[0][0].data;
	assert_int_equal(r->in[0][0].size, sizeof(float) * 16 * 24 * 3 / 2);
	for (unsigned int i = 0; i < 16 * 24 * 3 / 2; i++)
		real[i] = 10.0f;
	assert_int_equal(submit(r, 0), 0);
	assert_int_equal(take(r, 0), 1);
	/* every plane has its own scale: 0.5, 0.25, 1 */
	device = r->chip[0];
	assert_int_equal(device[100], 20);
	assert_int_equal(r->chip[1][50], 40);
	assert_int_equal(r->chip[2][50], 10);
	rig_free(r);
}

static void sizes_without_a_network(void **state)
{
	struct rig *r = rig_new(I420, NULL);
	static const struct {
		enum h8l_type type;
		enum h8l_order order;
		int64_t size;
	} wanted[] = {
		{ 0, 0, 576 }, { 0, H8L_ORDER_I420, 576 }, { 0, H8L_ORDER_RAW, 576 },
		{ H8L_TYPE_FLOAT32, 0, 2304 }, { H8L_TYPE_UINT8, 0, 576 },
		{ H8L_TYPE_UINT16, 0, -ENOTSUP }, { 0, H8L_ORDER_NV12, -ENOTSUP },
		{ H8L_TYPE_FLOAT32, H8L_ORDER_RAW, -ENOTSUP },
	};
	struct h8l_stream_info info;

	(void)state;
	assert_int_equal(h8l_hef_stream(r->hef, 0, H8L_INPUT, 0, &info), 0);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		struct h8l_format format = { wanted[i].type, wanted[i].order };

		assert_int_equal(h8l_frame_size(&info, format), wanted[i].size);
		assert_int_equal(!h8l_network_set_format(r->network, H8L_INPUT, 0, format, NULL),
				 wanted[i].size > 0);
	}
	rig_free(r);
}

static void no_bounce(void **state)
{
	const struct h8l_network_options options = { .flags = H8L_NETWORK_NO_BOUNCE };
	char *text = file_text("tests/hef/nets/mux.net");
	struct rig *r = rig_new(text, &options);

	(void)state;
	fill(r, 0);
	assert_int_equal(submit(r, 0), -EINVAL);
	assert_non_null(strstr(r->error.text, "taken apart"));
	rig_free(r);
	free(text);
}

/* ---- what goes wrong in the middle ---- */

/* Frame 1 gets the reason, those behind it are given up, the next runs */
static void broken(struct rig *r, int status, const char *text)
{
	for (uint64_t frame = 1; frame < 4; frame++) {
		fill(r, frame);
		assert_int_equal(submit(r, frame), 0);
	}
	assert_int_equal(take(r, 1), status);
	if (!strstr(r->error.text, text) || !strstr(r->error.text, "(frame 1)"))
		fail_msg("%s", r->error.text);
	assert_int_equal(take(r, 2), -ECANCELED);
	assert_int_equal(take(r, 3), -ECANCELED);
	assert_int_equal(r->drv->enabled_app, -1);
}

static void again(struct rig *r)
{
	r->stop_at = 0;
	r->stop_in = false;
	r->spoil = 0;
	r->drv->stuck = false;
	r->drv->irq_data = -1;
	r->drv->fail_ioctl = 0;
	run_frames(r, 4, 12);
	rig_free(r);
}

static struct rig *rig_broken(const char *text)
{
	struct rig *r = rig_new(text, &deep);

	fill(r, 0);
	assert_int_equal(submit(r, 0), 0);
	assert_int_equal(take(r, 0), 1);
	return r;
}

/* More than one transfer comes for a frame */
static bool has_more(const char *text)
{
	return !strstr(text, "planes=");
}

static void errors_of(const char *text)
{
	struct rig *r = rig_broken(text);

	r->stop_in = true;
	broken(r, -ETIMEDOUT, "no result within 10000 ms");
	again(r);
	if (has_more(text)) {
		r = rig_broken(text);
		r->stop_at = 64;	/* a part of what the program gets is there */
		broken(r, -ETIMEDOUT, "no result within 10000 ms");
		again(r);
	}
	r = rig_broken(text);
	r->drv->irq_data = HAILO8L_IRQ_DATA_ERROR;
	broken(r, -EIO, "DMA error");
	again(r);
	r = rig_broken(text);
	r->drv->irq_data = HAILO8L_IRQ_DATA_NOT_ACTIVE;
	broken(r, -ECONNRESET, "the chip has stopped stream");
	again(r);
}

static void errors_inside(void **state)
{
	char *texts[] = {
		file_text("tests/hef/nets/mux.net"), file_text("tests/hef/nets/planes.net"),
		boxes_text(FIND(1, "")), boxes_text(FIND(2, "burst=4")),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		errors_of(texts[i]);
		free(texts[i]);
	}
}

/* Boxes without end, and a driver that takes no more transfers in mid-frame */
static void bad_boxes(void **state)
{
	char *texts[] = { boxes_text(FIND(1, "")), boxes_text(FIND(1, "burst=4")) };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct rig *r = rig_broken(texts[i]);

		r->spoil = 0x11;
		broken(r, -EPROTO, "stream boxes/found: the chip sends more boxes of a class");
		again(r);
		r = rig_broken(texts[i]);
		fill(r, 1);
		assert_int_equal(submit(r, 1), 0);
		r->stop_at = 64;
		r->drv->fail_ioctl = HAILO8L_VDMA_LAUNCH_TRANSFER;
		r->drv->fail_errno = -EFAULT;
		assert_int_equal(take(r, 1), -EFAULT);
		assert_non_null(strstr(r->error.text, "(frame 1)"));
		r->drv->fail_ioctl = 0;
		r->drv->stuck = false;
		r->stop_at = 0;
		for (uint64_t frame = 2; frame < 4; frame++) {
			fill(r, frame);
			assert_int_equal(submit(r, frame), 0);
			assert_int_equal(take(r, frame), 1);
			check(r, frame);
		}
		again(r);
		free(texts[i]);
	}
}

/* A frame that the chip was not given */
static bool too_many(void *ctx, const struct drv_channel *channel)
{
	struct rig *r = ctx;
	unsigned int i = stream_at(r, true, channel->stream);

	if (r->sent[i] >= wire_of(r, i))
		memset(r->sent, 0, sizeof(r->sent));
	return true;
}

static void unasked_boxes(void **state)
{
	char *text = boxes_text(FIND(1, "burst=4"));
	struct rig *r = rig_new(text, &deep);

	(void)state;
	r->drv->more = too_many;
	fill(r, 0);
	assert_int_equal(submit(r, 0), 0);
	/* the frame itself is whole, what came behind it stops the network */
	assert_int_equal(take(r, 0), 1);
	check(r, 0);
	assert_int_equal(r->drv->enabled_app, -1);
	r->drv->more = more;
	run_frames(r, 1, 4);
	again(r);
	free(text);
}

/* From the file to the first frame, the n-th allocation fails, for all n */
static void no_memory_to_open(void **state)
{
	static const struct split split = { { 0, 1 }, 6, true, "boxes/all" };
	char *texts[] = { file_text("tests/hef/nets/mux.net"), strdup(I420), boxes_text(TWO) };

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct blob hef = { 0 };
		struct rig *r;
		int err = -ENOMEM;

		if (i < 2)
			make_hef(texts[i], 1, DESC_HAILO8, NULL, &hef);
		else
			make_split(texts[i], &split, &hef);
		r = rig_hef(texts[i], &hef, NULL);
		for (unsigned long n = 1; err == -ENOMEM; n++) {
			struct h8l_network *network = NULL;
			struct h8l_post *post = NULL;
			struct h8l_hef *file = NULL;

			alloc_fail_at = alloc_count + n;
			err = h8l_hef_open_memory(hef.data, hef.size, &file, &r->error) ?:
			      h8l_network_open(r->device, file, NULL, &network, &r->error);
			if (!err && i == 2)
				err = h8l_post_open(network, 0, NULL, &post, &r->error);
			alloc_fail_at = 0;
			h8l_post_close(post);
			h8l_network_close(network);
			h8l_hef_close(file);
		}
		assert_int_equal(err, 0);
		rig_free(r);
		free(texts[i]);
	}
}

static void no_memory(void **state)
{
	char *text = file_text("tests/hef/nets/mux.net");
	struct rig *r = rig_new(text, &deep);
	int err = -ENOMEM;

	(void)state;
	for (unsigned long n = 1; err == -ENOMEM; n++) {
		fill(r, 0);
		alloc_fail_at = alloc_count + n;
		err = h8l_network_run(r->network, r->in[0], r->inputs, r->out[0], r->outputs,
				      &r->error);
		alloc_fail_at = 0;
	}
	assert_int_equal(err, 0);
	check(r, 0);
	rig_free(r);
	free(text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(mux_frames),
		cmocka_unit_test(planes_frames),
		cmocka_unit_test(boxes_frames),
		cmocka_unit_test(nested_mux),
		cmocka_unit_test(damaged),
		cmocka_unit_test(boxes_found),
		cmocka_unit_test(split_boxes),
		cmocka_unit_test(wrong_splits),
		cmocka_unit_test(steady),
		cmocka_unit_test(mux_formats),
		cmocka_unit_test(picture_formats),
		cmocka_unit_test(sizes_without_a_network),
		cmocka_unit_test(no_bounce),
		cmocka_unit_test(errors_inside),
		cmocka_unit_test(bad_boxes),
		cmocka_unit_test(unasked_boxes),
		cmocka_unit_test(no_memory),
		cmocka_unit_test(no_memory_to_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
