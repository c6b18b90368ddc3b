// SPDX-License-Identifier: MIT
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "pp_case.h"

/* ---- random ---- */

uint32_t case_random(struct pp_case *c)
{
	c->seed ^= c->seed << 13;
	c->seed ^= c->seed >> 17;
	c->seed ^= c->seed << 5;
	return c->seed;
}

uint32_t case_below(struct pp_case *c, uint32_t limit)
{
	return (uint32_t)((uint64_t)case_random(c) * limit >> 32);
}

float case_real(struct pp_case *c, float from, float to)
{
	return from + (to - from) * (float)(case_random(c) >> 8) / 16777216.0f;
}

/* ---- making one ---- */

static unsigned int add_tensor(struct pp_case *c, uint32_t height, uint32_t width,
			       uint32_t features)
{
	unsigned int i = c->nms.tensor_count++;
	struct pp_tensor *t = &c->tensors[i];

	snprintf(c->names[i], sizeof(c->names[i]), "n/%c%u", 'a' + (int)case_below(c, 26), i);
	*t = (struct pp_tensor){
		.name = c->names[i],
		.order = H8L_ORDER_NHCW,
		.data_bytes = c->tensors[0].data_bytes ? c->tensors[0].data_bytes
						       : (uint8_t)(1 + case_below(c, 2)),
		.shape = { height, width, features },
		.device_shape = { height + case_below(c, 2), width + case_below(c, 5),
				  features + case_below(c, 3) * case_below(c, 3) },
		.zero_point = case_below(c, 3) ? (float)case_below(c, 200) : 0.0f,
		.scale = 0.005f,
	};
	if (t->data_bytes == 2)
		t->zero_point *= 256.0f;
	return i;
}

/* Real values between about -limit and limit */
static void set_range(struct pp_case *c, unsigned int tensor, float limit)
{
	struct pp_tensor *t = &c->tensors[tensor];
	float levels = t->data_bytes == 1 ? 256.0f : 65536.0f;

	t->zero_point = floorf(levels / 2.0f) + (float)case_below(c, 3);
	t->scale = 2.0f * limit / levels;
}

/* Real values from 0 to 1 */
static void set_score(struct pp_case *c, unsigned int tensor)
{
	struct pp_tensor *t = &c->tensors[tensor];

	t->zero_point = case_below(c, 2) ? 0.0f : 1.5f;
	t->scale = 1.0f / (t->data_bytes == 1 ? 255.0f : 65535.0f);
	if (case_below(c, 8) == 0) {	/* upside down */
		t->zero_point = t->data_bytes == 1 ? 255.0f : 65535.0f;
		t->scale = -t->scale;
	}
}

static void make_anchors(struct pp_case *c, struct pp_decoder *d, float limit)
{
	struct pp_anchor *a = c->anchors[d - c->decoders];

	d->anchors = a;
	d->anchor_count = 1 + case_below(c, CASE_ANCHORS);
	for (unsigned int i = 0; i < d->anchor_count; i++)
		a[i] = (struct pp_anchor){ ceilf(case_real(c, 0.02f, 1.0f) * limit),
					   ceilf(case_real(c, 0.02f, 1.0f) * limit) };
	if (limit <= 1.0f)
		for (unsigned int i = 0; i < d->anchor_count; i++)
			a[i] = (struct pp_anchor){ case_real(c, 0.02f, 1.0f),
						   case_real(c, 0.02f, 1.0f) };
}

static void make_yolov5(struct pp_case *c, struct pp_decoder *d, uint32_t h, uint32_t w)
{
	make_anchors(c, d, 60.0f);
	d->boxes = add_tensor(c, h, w, d->anchor_count * pp_entry_features(&c->nms));
	if (c->nms.head == PP_YOLOV5_SEG)
		set_range(c, d->boxes, 4.0f);
	else
		set_score(c, d->boxes);
}

static void make_yolov8(struct pp_case *c, struct pp_decoder *d, uint32_t h, uint32_t w)
{
	static const uint32_t lengths[] = { 16, 16, 4, 8, 1, 7 };

	d->stride = 8u << case_below(c, 3);
	d->boxes = add_tensor(c, h, w, 4 * lengths[case_below(c, 6)]);
	d->classes = add_tensor(c, h, w, c->nms.classes);
	set_range(c, d->boxes, 9.0f);
	set_score(c, d->classes);
}

static void make_yolox(struct pp_case *c, struct pp_decoder *d, uint32_t h, uint32_t w)
{
	d->boxes = add_tensor(c, h, w, 4);
	d->objects = add_tensor(c, h, w, 1);
	d->classes = add_tensor(c, h, w, c->nms.classes);
	set_range(c, d->boxes, 2.0f);
	set_score(c, d->objects);
	set_score(c, d->classes);
}

static void make_ssd(struct pp_case *c, struct pp_decoder *d, uint32_t h, uint32_t w)
{
	make_anchors(c, d, 1.0f);
	d->boxes = add_tensor(c, h, w, 4 * d->anchor_count);
	d->classes = add_tensor(c, h, w, d->anchor_count * c->nms.classes);
	set_range(c, d->boxes, 5.0f);
	set_score(c, d->classes);
}

static void make_decoder(struct pp_case *c)
{
	struct pp_decoder *d = &c->decoders[c->nms.decoder_count++];
	uint32_t h = 1 + case_below(c, 9), w = 1 + case_below(c, 12);

	switch (c->nms.head) {
	case PP_YOLOV8:
		make_yolov8(c, d, h, w);
		break;
	case PP_YOLOX:
		make_yolox(c, d, h, w);
		break;
	case PP_SSD:
		make_ssd(c, d, h, w);
		break;
	default:
		make_yolov5(c, d, h, w);
		break;
	}
}

static void make_output(struct pp_case *c)
{
	struct pp_nms *nms = &c->nms;

	nms->output = case_below(c, 2) ? PP_BY_CLASS : PP_BY_SCORE;
	if ((nms->head == PP_YOLOV5 || nms->head == PP_YOLOV8) && case_below(c, 4) == 0)
		nms->output = PP_BOXES;
	if (nms->head == PP_SSD && nms->classes > 1 && case_below(c, 2)) {
		nms->background_removal = true;
		nms->background = case_below(c, 2) ? 0 : nms->classes - 1;
	}
	if (nms->head != PP_YOLOV5_SEG)
		return;
	nms->output = PP_BYTE_MASK;
	nms->prototypes = add_tensor(c, 1 + case_below(c, 12), 1 + case_below(c, 12),
				     PP_MASK_COEFFICIENTS);
	set_range(c, nms->prototypes, 1.0f);
	nms->mask_threshold = 0.5f;
	nms->max_mask_bytes = case_below(c, 40000);
}

void case_make(struct pp_case *c, enum pp_head head, uint32_t seed)
{
	unsigned int decoders;

	*c = (struct pp_case){ .seed = seed * 2654435761u | 1 };
	decoders = 1 + case_below(c, CASE_DECODERS);
	c->nms = (struct pp_nms){
		.head = head,
		.tensors = c->tensors,
		.decoders = c->decoders,
		.score_threshold = case_real(c, 0.1f, 0.9f),
		.iou_threshold = case_real(c, 0.1f, 1.0f),
		.classes = 1 + case_below(c, 7),
		.max_per_class = 1 + case_below(c, 40),
		.max_total = 1 + case_below(c, 120),
		.image_height = (float)(16 + case_below(c, 80)),
		.image_width = (float)(16 + case_below(c, 80)),
		.centre_scale = (float)(1 + case_below(c, 12)),
		.size_scale = (float)(1 + case_below(c, 12)),
		.ty = case_below(c, 4),
		.tx = case_below(c, 4),
		.th = case_below(c, 4),
		.tw = case_below(c, 4),
	};
	for (unsigned int i = 0; i < decoders; i++)
		make_decoder(c);
	make_output(c);
}

void case_fill(struct pp_case *c)
{
	for (unsigned int i = 0; i < c->nms.tensor_count; i++) {
		size_t size = pp_tensor_bytes(&c->tensors[i]);
		uint8_t *data = malloc(size);

		assert_non_null(data);
		for (size_t k = 0; k < size; k++)
			data[k] = (uint8_t)(case_random(c) >> 11);
		free((void *)c->inputs[i].data);
		c->inputs[i] = (struct pp_input){ data, size };
	}
}

int case_prepare(struct pp_case *c)
{
	const char *reason = NULL;
	int64_t size = pp_nms_workspace(&c->nms, &reason);

	if (size < 0) {
		assert_non_null(reason);
		return (int)size;
	}
	c->workspace = malloc((size_t)size);
	c->output_size = (size_t)pp_nms_frame_size(&c->nms);
	c->output = malloc(c->output_size);
	assert_true(c->workspace && c->output);
	memset(c->workspace, 0xa5, (size_t)size);
	pp_nms_init(&c->nms, c->workspace);
	return 0;
}

int case_run(struct pp_case *c)
{
	memset(c->output, 0, c->output_size);
	return pp_nms_run(&c->nms, c->workspace, c->inputs, c->output, c->output_size);
}

void case_free(struct pp_case *c)
{
	for (unsigned int i = 0; i < CASE_TENSORS; i++)
		free((void *)c->inputs[i].data);
	free(c->workspace);
	free(c->output);
}

/* ---- the naive twin: suppression and output ---- */

void twin_add(struct twin_list *list, struct twin_box box)
{
	if (list->count == list->room) {
		list->room = 2 * list->room + 64;
		list->boxes = realloc(list->boxes, list->room * sizeof(*list->boxes));
		assert_non_null(list->boxes);
	}
	list->boxes[list->count++] = box;
}

void twin_sort(struct twin_list *list)
{
	struct pp_candidate *c = calloc(list->count + 1, sizeof(*c));
	struct twin_box *sorted = calloc(list->count + 1, sizeof(*sorted));

	assert_true(c && sorted);
	for (size_t i = 0; i < list->count; i++)
		c[i] = (struct pp_candidate){ .score = list->boxes[i].score, .box = (uint32_t)i };
	pp_sort(c, list->count);
	for (size_t i = 0; i < list->count; i++)
		sorted[i] = list->boxes[c[i].box];
	free(list->boxes);
	free(c);
	list->boxes = sorted;
	list->room = list->count + 1;
}

static float twin_iou(const struct twin_box *a, const struct twin_box *b)
{
	float w = (a->x_max < b->x_max ? a->x_max : b->x_max) -
		  (a->x_min > b->x_min ? a->x_min : b->x_min);
	float h = (a->y_max < b->y_max ? a->y_max : b->y_max) -
		  (a->y_min > b->y_min ? a->y_min : b->y_min);
	float inter = w * h;
	float area_a = (a->y_max - a->y_min) * (a->x_max - a->x_min);
	float area_b = (b->y_max - b->y_min) * (b->x_max - b->x_min);

	return w <= 0.0f || h <= 0.0f ? 0.0f : inter / (area_a + area_b - inter);
}

void twin_suppress(struct twin_list *list, float iou_threshold)
{
	for (size_t i = 0; i < list->count; i++)
		for (size_t j = i + 1; j < list->count; j++) {
			struct twin_box *a = &list->boxes[i], *b = &list->boxes[j];

			if (a->score != 0.0f && b->score != 0.0f &&
			    a->class_id == b->class_id && twin_iou(a, b) >= iou_threshold)
				b->score = 0.0f;
		}
}

static void emit_by_class(const struct pp_nms *nms, const struct twin_list *list, uint8_t *out)
{
	for (uint32_t k = 0; k < pp_nms_classes(nms); k++) {
		uint8_t *counter = out;
		uint32_t count = 0;

		out += 4;
		for (size_t i = 0; i < list->count; i++) {
			if (list->boxes[i].class_id != k || list->boxes[i].score == 0.0f ||
			    count == nms->max_per_class)
				continue;
			memcpy(out, &list->boxes[i], 20);
			out += 20;
			count++;
		}
		pp_put_f32(&counter, (float)count);
	}
}

static void emit_by_score(const struct pp_nms *nms, const struct twin_list *list, uint8_t *out)
{
	uint16_t count = 0;

	for (size_t i = 0; i < list->count && count < nms->max_total; i++) {
		uint16_t class_id = (uint16_t)list->boxes[i].class_id;

		if (list->boxes[i].score == 0.0f)
			continue;
		memcpy(out + 2 + 22 * count, &list->boxes[i], 20);
		memcpy(out + 2 + 22 * count + 20, &class_id, 2);
		count++;
	}
	memcpy(out, &count, sizeof(count));
}

void twin_emit(const struct pp_nms *nms, const struct twin_list *list, uint8_t *out)
{
	if (nms->output == PP_BY_CLASS)
		emit_by_class(nms, list, out);
	else
		emit_by_score(nms, list, out);
}

/* ---- the naive twin: heads ---- */

/* A value of tensor `t` at (row, feature, column) */
static float value(const struct pp_case *c, unsigned int t, uint32_t r, uint32_t f, uint32_t col)
{
	const struct pp_tensor *tensor = &c->tensors[t];
	const uint8_t *data = c->inputs[t].data;
	size_t at = ((size_t)r * tensor->device_shape.features + f) *
		    tensor->device_shape.width + col;
	unsigned int q = tensor->data_bytes == 1 ? data[at]
						 : data[2 * at] | data[2 * at + 1] << 8;

	return ((float)q - tensor->zero_point) * tensor->scale;
}

static struct twin_box from_centre(float xc, float yc, float w, float h)
{
	struct twin_box b = { .y_min = yc - h / 2.0f, .x_min = xc - w / 2.0f };

	b.y_max = b.y_min + h;
	b.x_max = b.x_min + w;
	return b;
}

struct cell {
	const struct pp_case *c;
	const struct pp_decoder *d;
	const struct h8l_shape *shape;
	uint32_t r, col;
};

static struct twin_box yolov5_twin(const struct cell *x, uint32_t b, const struct pp_anchor *a)
{
	const struct pp_nms *nms = &x->c->nms;
	float tx = value(x->c, x->d->boxes, x->r, b, x->col);
	float ty = value(x->c, x->d->boxes, x->r, b + 1, x->col);
	float tw = value(x->c, x->d->boxes, x->r, b + 2, x->col);
	float th = value(x->c, x->d->boxes, x->r, b + 3, x->col);

	return from_centre((tx * 2.0f - 0.5f + (float)x->col) / (float)x->shape->width,
			   (ty * 2.0f - 0.5f + (float)x->r) / (float)x->shape->height,
			   2.0f * tw * (2.0f * tw) * a->width / nms->image_width,
			   2.0f * th * (2.0f * th) * a->height / nms->image_height);
}

static void yolov5_cell(const struct cell *x, struct twin_list *list)
{
	const struct pp_nms *nms = &x->c->nms;

	for (uint32_t a = 0; a < x->d->anchor_count; a++) {
		uint32_t b = a * (5 + nms->classes);
		float object = value(x->c, x->d->boxes, x->r, b + 4, x->col);

		if (object < nms->score_threshold)
			continue;
		for (uint32_t k = 0; k < nms->classes; k++) {
			struct twin_box box = yolov5_twin(x, b, &x->d->anchors[a]);

			box.score = value(x->c, x->d->boxes, x->r, b + 5 + k, x->col) * object;
			box.class_id = k;
			if (box.score >= nms->score_threshold)
				twin_add(list, box);
		}
	}
}

static void yolox_cell(const struct cell *x, struct twin_list *list)
{
	const struct pp_nms *nms = &x->c->nms;
	float object = value(x->c, x->d->objects, x->r, 0, x->col);
	float w = (float)x->shape->width, h = (float)x->shape->height, t[4];
	struct twin_box box;

	if (object < nms->score_threshold)
		return;
	for (uint32_t i = 0; i < 4; i++)
		t[i] = value(x->c, x->d->boxes, x->r, i, x->col);
	box = from_centre((t[0] + (float)x->col) / w, (t[1] + (float)x->r) / h, expf(t[2]) / w,
			  expf(t[3]) / h);
	for (uint32_t k = 0; k < nms->classes; k++) {
		box.score = value(x->c, x->d->classes, x->r, k, x->col) * object;
		box.class_id = k;
		if (box.score >= nms->score_threshold)
			twin_add(list, box);
	}
}

static struct twin_box yolov8_twin(const struct cell *x)
{
	const struct pp_nms *nms = &x->c->nms;
	uint32_t n = x->shape->features / 4;
	float d[4], v[64], s = (float)x->d->stride;
	float xc = ((float)x->col + 0.5f) * s / nms->image_width;
	float yc = ((float)x->r + 0.5f) * s / nms->image_height;

	for (uint32_t t = 0; t < 4; t++) {
		float sum = 0.0f;

		for (uint32_t i = 0; i < n; i++)
			v[i] = value(x->c, x->d->boxes, x->r, t * n + i, x->col);
		pp_softmax_frame(v, 1, n);
		for (uint32_t i = 0; i < n; i++)
			sum += (float)i * v[i];
		d[t] = sum;
	}
	return (struct twin_box){
		.y_min = yc - d[1] * s / nms->image_height,
		.x_min = xc - d[0] * s / nms->image_width,
		.y_max = yc + d[3] * s / nms->image_height,
		.x_max = xc + d[2] * s / nms->image_width,
	};
}

static void yolov8_cell(const struct cell *x, struct twin_list *list)
{
	const struct pp_nms *nms = &x->c->nms;

	for (uint32_t k = 0; k < nms->classes; k++) {
		float score = value(x->c, x->d->classes, x->r, k, x->col);
		struct twin_box box;

		if (!(score >= nms->score_threshold))
			continue;
		box = yolov8_twin(x);
		box.score = score;
		box.class_id = k;
		twin_add(list, box);
	}
}

static struct twin_box ssd_twin(const struct cell *x, uint32_t a)
{
	const struct pp_nms *nms = &x->c->nms;
	float wa = x->d->anchors[a].width, ha = x->d->anchors[a].height, t[4];
	float step_x = 1.0f / (float)x->shape->width, step_y = 1.0f / (float)x->shape->height;
	float xa = (float)x->col * step_x + 0.5f * step_x;
	float ya = (float)x->r * step_y + 0.5f * step_y;
	float w, h, xc, yc;

	for (uint32_t i = 0; i < 4; i++)
		t[i] = value(x->c, x->d->boxes, x->r, 4 * a + i, x->col);
	w = expf(t[nms->tw] / nms->size_scale) * wa;
	h = expf(t[nms->th] / nms->size_scale) * ha;
	xc = t[nms->tx] / nms->centre_scale * wa + xa;
	yc = t[nms->ty] / nms->centre_scale * ha + ya;
	return (struct twin_box){
		.y_min = yc - h / 2.0f,
		.x_min = xc - w / 2.0f,
		.y_max = yc + h / 2.0f,
		.x_max = xc + w / 2.0f,
	};
}

static void ssd_cell(const struct cell *x, struct twin_list *list)
{
	const struct pp_nms *nms = &x->c->nms;

	for (uint32_t a = 0; a < x->d->anchor_count; a++)
		for (uint32_t k = 0; k < nms->classes; k++) {
			struct twin_box box = ssd_twin(x, a);

			box.score = value(x->c, x->d->classes, x->r, a * nms->classes + k,
					  x->col);
			box.class_id = k;
			if (nms->background_removal && nms->background == 0)
				box.class_id--;
			if (nms->background_removal && nms->background == k)
				continue;
			if (box.score >= nms->score_threshold)
				twin_add(list, box);
		}
}

static void put_boxes(const struct cell *x, uint8_t **out)
{
	const struct pp_nms *nms = &x->c->nms;
	uint32_t anchors = nms->head == PP_YOLOV8 ? 1 : x->d->anchor_count;
	unsigned int tensor = nms->head == PP_YOLOV8 ? x->d->classes : x->d->boxes;

	for (uint32_t a = 0; a < anchors; a++) {
		uint32_t b = a * (5 + nms->classes);
		struct twin_box box = nms->head == PP_YOLOV8
					      ? yolov8_twin(x)
					      : yolov5_twin(x, b, &x->d->anchors[a]);
		uint32_t first = nms->head == PP_YOLOV8 ? 0 : b + 4;
		uint32_t count = nms->classes + (nms->head == PP_YOLOV8 ? 0 : 1);

		memcpy(*out, &box, 16);
		*out += 16;
		for (uint32_t k = 0; k < count; k++)
			pp_put_f32(out, value(x->c, tensor, x->r, first + k, x->col));
	}
}

static void twin_cell(const struct cell *x, struct twin_list *list, uint8_t **out)
{
	if (x->c->nms.output == PP_BOXES)
		put_boxes(x, out);
	else if (x->c->nms.head == PP_YOLOV8)
		yolov8_cell(x, list);
	else if (x->c->nms.head == PP_YOLOX)
		yolox_cell(x, list);
	else if (x->c->nms.head == PP_SSD)
		ssd_cell(x, list);
	else
		yolov5_cell(x, list);
}

void case_twin(const struct pp_case *c, uint8_t *out)
{
	struct twin_list list = { 0 };

	for (unsigned int i = 0; i < c->nms.decoder_count; i++) {
		struct cell x = { .c = c, .d = &c->decoders[i] };

		x.shape = &c->tensors[x.d->boxes].shape;
		for (x.r = 0; x.r < x.shape->height; x.r++)
			for (x.col = 0; x.col < x.shape->width; x.col++)
				twin_cell(&x, &list, &out);
	}
	if (c->nms.output == PP_BOXES)
		return;
	twin_sort(&list);
	twin_suppress(&list, c->nms.iou_threshold);
	twin_emit(&c->nms, &list, out);
	free(list.boxes);
}
