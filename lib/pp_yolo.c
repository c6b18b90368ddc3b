// SPDX-License-Identifier: MIT
/*
 * Candidates and boxes of the YOLO heads (reference formats.md 11.3 to 11.5
 * and 11.9). The order of every sum and product is that of the stock library.
 */
#include <math.h>

#include "postprocess.h"

/* Places in an entry of YOLOv5: x, y, w, h, objectness, classes, mask */
#define YOLOV5_OBJECT	4
#define YOLOV5_CLASSES	5

uint32_t pp_entry_features(const struct pp_nms *nms)
{
	return YOLOV5_CLASSES + nms->classes +
	       (nms->head == PP_YOLOV5_SEG ? PP_MASK_COEFFICIENTS : 0);
}

/* ---- YOLOv5 ---- */

static float yolov5_real(const struct pp_nms *nms, const struct pp_tensor *t, const void *data,
			 size_t element)
{
	float x = pp_real(t, data, element);

	return nms->head == PP_YOLOV5_SEG ? pp_sigmoid(x) : x;
}

/* Of the element that is x of an anchor */
static size_t yolov5_entry(const struct pp_nms *nms, const struct pp_tensor *t, uint32_t row,
			   uint32_t column, uint32_t anchor)
{
	return pp_row(t, row) + column +
	       (size_t)anchor * pp_entry_features(nms) * t->device_shape.width;
}

static float yolov5_size(float t, float anchor, float image)
{
	float twice = 2.0f * t;

	return twice * twice * anchor / image;
}

static float yolov5_centre(float t, uint32_t cell, uint32_t cells)
{
	return (t * 2.0f - 0.5f + (float)cell) / (float)cells;
}

struct pp_box pp_yolov5_box(const struct pp_nms *nms, const struct pp_decoder *decoder,
			    const void *data, uint32_t row, uint32_t column, uint32_t anchor)
{
	const struct pp_tensor *t = &nms->tensors[decoder->boxes];
	const struct pp_anchor *a = &decoder->anchors[anchor];
	size_t entry = yolov5_entry(nms, t, row, column, anchor);
	size_t pitch = t->device_shape.width;
	float tx = yolov5_real(nms, t, data, entry);
	float ty = yolov5_real(nms, t, data, entry + pitch);
	float w = yolov5_size(yolov5_real(nms, t, data, entry + 2 * pitch), a->width,
			      nms->image_width);
	float h = yolov5_size(yolov5_real(nms, t, data, entry + 3 * pitch), a->height,
			      nms->image_height);
	struct pp_box box;

	box.x_min = yolov5_centre(tx, column, t->shape.width) - w / 2.0f;
	box.y_min = yolov5_centre(ty, row, t->shape.height) - h / 2.0f;
	box.x_max = box.x_min + w;
	box.y_max = box.y_min + h;
	return box;
}

static void yolov5_add_box(struct pp_scan *scan, uint32_t row, uint32_t column, uint32_t anchor)
{
	struct pp_state *state = scan->state;
	uint32_t index = state->box_count++;

	state->boxes[index] = pp_yolov5_box(scan->nms, scan->decoder, scan->data, row, column,
					    anchor);
	if (state->origins)
		state->origins[index] = (struct pp_origin){
			.decoder = (uint32_t)(scan->decoder - scan->nms->decoders),
			.element = (uint32_t)yolov5_entry(scan->nms, scan->tensor, row, column,
							  anchor),
		};
}

static void yolov5_hit(struct pp_scan *scan, uint32_t row, uint32_t column, uint32_t feature)
{
	const struct pp_nms *nms = scan->nms;
	uint32_t anchor = feature / pp_entry_features(nms);
	size_t entry = yolov5_entry(nms, scan->tensor, row, column, anchor);
	size_t pitch = scan->tensor->device_shape.width;
	float object = yolov5_real(nms, scan->tensor, scan->data, entry + YOLOV5_OBJECT * pitch);
	bool have_box = false;

	if (object < nms->score_threshold)
		return;
	for (uint32_t k = 0; k < nms->classes; k++) {
		float score = yolov5_real(nms, scan->tensor, scan->data,
					  entry + (YOLOV5_CLASSES + k) * pitch) * object;

		if (!(score >= nms->score_threshold))
			continue;
		if (!have_box)
			yolov5_add_box(scan, row, column, anchor);
		have_box = true;
		pp_add(scan->state, score, k);
	}
}

void pp_yolov5_scan(struct pp_scan *scan)
{
	scan->tensor = &scan->nms->tensors[scan->decoder->boxes];
	scan->data = scan->inputs[scan->decoder->boxes].data;
	scan->first_feature = YOLOV5_OBJECT;
	scan->feature_step = pp_entry_features(scan->nms);
	scan->feature_count = scan->decoder->anchor_count;
	scan->hit = yolov5_hit;
}

/* ---- YOLOX ---- */

static struct pp_box yolox_box(const struct pp_tensor *t, const void *data, uint32_t row,
			       uint32_t column)
{
	size_t at = pp_row(t, row) + column, pitch = t->device_shape.width;
	float width = (float)t->shape.width, height = (float)t->shape.height;
	float xc = (pp_real(t, data, at) + (float)column) / width;
	float yc = (pp_real(t, data, at + pitch) + (float)row) / height;
	float w = expf(pp_real(t, data, at + 2 * pitch)) / width;
	float h = expf(pp_real(t, data, at + 3 * pitch)) / height;
	struct pp_box box;

	box.x_min = xc - w / 2.0f;
	box.y_min = yc - h / 2.0f;
	box.x_max = box.x_min + w;
	box.y_max = box.y_min + h;
	return box;
}

static void yolox_hit(struct pp_scan *scan, uint32_t row, uint32_t column, uint32_t feature)
{
	const struct pp_nms *nms = scan->nms;
	const struct pp_tensor *classes = &nms->tensors[scan->decoder->classes];
	const void *scores = scan->inputs[scan->decoder->classes].data;
	size_t at = pp_row(classes, row) + column;
	float object = pp_real(scan->tensor, scan->data, pp_row(scan->tensor, row) + column);
	bool have_box = false;

	(void)feature;		/* there is one */
	if (object < nms->score_threshold)
		return;
	for (uint32_t k = 0; k < nms->classes; k++) {
		float score = pp_real(classes, scores, at) * object;

		at += classes->device_shape.width;
		if (!(score >= nms->score_threshold))
			continue;
		if (!have_box)
			scan->state->boxes[scan->state->box_count++] =
				yolox_box(&nms->tensors[scan->decoder->boxes],
					  scan->inputs[scan->decoder->boxes].data, row, column);
		have_box = true;
		pp_add(scan->state, score, k);
	}
}

void pp_yolox_scan(struct pp_scan *scan)
{
	scan->tensor = &scan->nms->tensors[scan->decoder->objects];
	scan->data = scan->inputs[scan->decoder->objects].data;
	scan->first_feature = 0;
	scan->feature_step = 1;
	scan->feature_count = 1;
	scan->hit = yolox_hit;
}

/* ---- YOLOv8 ---- */

void pp_read_pixel(const struct pp_tensor *t, const void *data, size_t at, size_t count,
		   uint8_t *out)
{
	size_t pitch = t->device_shape.width;
	const uint8_t *bytes = data;

	if (t->data_bytes == 1) {
		for (size_t i = 0; i < count; i++)
			pp_put_f32(&out, pp_dequantise(t, bytes[at + i * pitch]));
		return;
	}
	for (size_t i = 0; i < count; i++)
		pp_put_f32(&out, pp_real(t, data, at + i * pitch));
}

#define TABLE	256

/* Only where every exponential is one of four lanes, and values are bytes */
static const float *yolov8_table(const struct pp_nms *nms, const struct pp_state *state,
				 const struct pp_decoder *decoder)
{
	const struct pp_tensor *t = &nms->tensors[decoder->boxes];

	if (t->data_bytes != 1 || t->shape.features % 16)
		return NULL;
	return state->exponentials + (size_t)(decoder - nms->decoders) * TABLE;
}

void pp_yolov8_tables(const struct pp_nms *nms, struct pp_state *state)
{
	for (unsigned int i = 0; i < nms->decoder_count; i++) {
		const struct pp_decoder *d = &nms->decoders[i];
		float *table = (float *)yolov8_table(nms, state, d);

		if (!table)
			continue;
		for (uint32_t q = 0; q < TABLE; q++)
			table[q] = pp_dequantise(&nms->tensors[d->boxes], q);
		pp_exponentials(table, TABLE, 0);
	}
}

/* A distance is the mean of a distribution over 0, 1, 2 ... strides */
static float yolov8_distance(const struct pp_tensor *t, const float *table, const void *data,
			     size_t at, size_t count, float *line)
{
	const uint8_t *bytes = (const uint8_t *)data + at;
	size_t pitch = t->device_shape.width;

	if (table) {
		for (size_t i = 0; i < count; i++)
			line[i] = table[bytes[i * pitch]];
	} else {
		pp_read_pixel(t, data, at, count, (uint8_t *)line);
		pp_exponentials(line, count, 0);
	}
	pp_normalise(line, count, 0);
	return pp_mean_index(line, count);
}

struct pp_box pp_yolov8_box(const struct pp_nms *nms, const struct pp_decoder *decoder,
			    const struct pp_state *state, const void *data, uint32_t row,
			    uint32_t column)
{
	const struct pp_tensor *t = &nms->tensors[decoder->boxes];
	const float *table = yolov8_table(nms, state, decoder);
	size_t count = t->shape.features / 4, run = count * t->device_shape.width;
	size_t at = pp_row(t, row) + column;
	float stride = (float)decoder->stride, d[4];
	float xc = ((float)column + 0.5f) * stride / nms->image_width;
	float yc = ((float)row + 0.5f) * stride / nms->image_height;

	for (unsigned int i = 0; i < 4; i++)
		d[i] = yolov8_distance(t, table, data, at + i * run, count, state->line) *
		       stride;
	return (struct pp_box){
		.y_min = yc - d[1] / nms->image_height,
		.x_min = xc - d[0] / nms->image_width,
		.y_max = yc + d[3] / nms->image_height,
		.x_max = xc + d[2] / nms->image_width,
	};
}

static void yolov8_hit(struct pp_scan *scan, uint32_t row, uint32_t column, uint32_t feature)
{
	struct pp_state *state = scan->state;
	size_t pitch = scan->tensor->device_shape.width;
	float score = pp_real(scan->tensor, scan->data,
			      pp_row(scan->tensor, row) + feature * pitch + column);
	uint64_t cell = (uint64_t)row << 32 | column;

	if (!(score >= scan->nms->score_threshold))
		return;
	if (cell != scan->last_cell)
		state->boxes[state->box_count++] =
			pp_yolov8_box(scan->nms, scan->decoder, state,
				      scan->inputs[scan->decoder->boxes].data, row, column);
	scan->last_cell = cell;
	pp_add(state, score, feature);
}

void pp_yolov8_scan(struct pp_scan *scan)
{
	scan->tensor = &scan->nms->tensors[scan->decoder->classes];
	scan->data = scan->inputs[scan->decoder->classes].data;
	scan->first_feature = 0;
	scan->feature_step = 1;
	scan->feature_count = scan->nms->classes;
	scan->hit = yolov8_hit;
}
