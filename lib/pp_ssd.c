// SPDX-License-Identifier: MIT
/*
 * Candidates and boxes of the SSD head (reference formats.md 11.6).
 */
#include <math.h>

#include "postprocess.h"

#define BOX_VALUES	4

static float ssd_anchor_centre(uint32_t cell, uint32_t cells)
{
	float step = 1.0f / (float)cells;

	return (float)cell * step + 0.5f * step;
}

static struct pp_box ssd_box(const struct pp_scan *scan, uint32_t row, uint32_t column,
			     uint32_t anchor)
{
	const struct pp_nms *nms = scan->nms;
	const struct pp_tensor *t = &nms->tensors[scan->decoder->boxes];
	const void *data = scan->inputs[scan->decoder->boxes].data;
	const struct pp_anchor *a = &scan->decoder->anchors[anchor];
	size_t pitch = t->device_shape.width;
	size_t at = pp_row(t, row) + column + (size_t)anchor * BOX_VALUES * pitch;
	float tx = pp_real(t, data, at + nms->tx * pitch) / nms->centre_scale;
	float ty = pp_real(t, data, at + nms->ty * pitch) / nms->centre_scale;
	float tw = pp_real(t, data, at + nms->tw * pitch) / nms->size_scale;
	float th = pp_real(t, data, at + nms->th * pitch) / nms->size_scale;
	float w = expf(tw) * a->width, h = expf(th) * a->height;
	float xc = tx * a->width + ssd_anchor_centre(column, t->shape.width);
	float yc = ty * a->height + ssd_anchor_centre(row, t->shape.height);

	return (struct pp_box){
		.y_min = yc - h / 2.0f,
		.x_min = xc - w / 2.0f,
		.y_max = yc + h / 2.0f,
		.x_max = xc + w / 2.0f,
	};
}

static void ssd_hit(struct pp_scan *scan, uint32_t row, uint32_t column, uint32_t feature)
{
	const struct pp_nms *nms = scan->nms;
	struct pp_state *state = scan->state;
	uint32_t anchor = feature / nms->classes, k = feature % nms->classes;
	size_t at = pp_row(scan->tensor, row) + column +
		    (size_t)feature * scan->tensor->device_shape.width;
	float score = pp_real(scan->tensor, scan->data, at);
	uint64_t cell = ((uint64_t)row << 16 | column) << 32 | anchor;

	if (score < nms->score_threshold)
		return;
	if (nms->background_removal && k == nms->background)
		return;
	if (nms->background_removal && !nms->background)
		k--;
	if (cell != scan->last_cell)
		state->boxes[state->box_count++] = ssd_box(scan, row, column, anchor);
	scan->last_cell = cell;
	pp_add(state, score, k);
}

void pp_ssd_scan(struct pp_scan *scan)
{
	scan->tensor = &scan->nms->tensors[scan->decoder->classes];
	scan->data = scan->inputs[scan->decoder->classes].data;
	scan->first_feature = 0;
	scan->feature_step = 1;
	scan->feature_count = scan->nms->classes * scan->decoder->anchor_count;
	scan->hit = ssd_hit;
}
