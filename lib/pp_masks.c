// SPDX-License-Identifier: MIT
/*
 * Masks of YOLOv5 segmentation (reference formats.md 11.9): a weighted sum of
 * prototypes, a sigmoid, a bilinear resize to the size of the image, a
 * threshold. Only what lies in the box of a detection is computed.
 *
 * The stock library computes the whole picture with Eigen's matrix product and
 * stb_image_resize; sums are in another order there, which can matter only for
 * a pixel that meets the threshold to the last bits.
 */
#include <math.h>

#include "postprocess.h"

#define HEAD_BYTES	38

/* ---- resize ---- */

/* Half the width of the triangle, in input pixels */
static double radius(uint32_t in, uint32_t out)
{
	return in > out ? (double)in / out : 1.0;
}

uint32_t pp_axis_taps(uint32_t in, uint32_t out)
{
	return (uint32_t)ceil(2.0 * radius(in, out));
}

/* Weights of one output: a triangle around its centre, with sum 1 */
static void axis_weights(const struct pp_axis *axis, uint32_t i)
{
	double r = radius(axis->in, axis->out), sum = 0.0;
	double centre = (i + 0.5) * axis->in / axis->out - 0.5;
	float *weights = axis->weights + (size_t)i * axis->taps;

	axis->first[i] = (int32_t)floor(centre - r) + 1;
	for (uint32_t t = 0; t < axis->taps; t++)
		sum += fmax(0.0, 1.0 - fabs(axis->first[i] + (double)t - centre) / r);
	for (uint32_t t = 0; t < axis->taps; t++)
		weights[t] = (float)(fmax(0.0, 1.0 - fabs(axis->first[i] + (double)t - centre) /
					  r) / sum);
}

void pp_axis_init(struct pp_axis *axis)
{
	for (uint32_t i = 0; i < axis->out; i++)
		axis_weights(axis, i);
}

/* Edge pixels go on for ever */
static uint32_t clamp_tap(const struct pp_axis *axis, uint32_t i, uint32_t tap)
{
	int64_t at = (int64_t)axis->first[i] + tap;

	if (at < 0)
		return 0;
	return at < axis->in ? (uint32_t)at : axis->in - 1;
}

/* ---- one mask ---- */

/* Pixels of the image, the ends not included */
struct region {
	uint32_t x0, x1, y0, y1;
};

struct mask {
	const struct pp_nms *nms;
	struct pp_state *state;
	const struct pp_tensor *prototypes;
	const void *data;
	float coefficients[PP_MASK_COEFFICIENTS];
	struct region region;
	uint32_t width, height;		/* of the mask */
};

/* The first pixel that is not left of an edge, in 0 .. count */
static uint32_t first_pixel(float edge, uint32_t count)
{
	float up = ceilf(edge);

	if (!(up > 0.0f))
		return 0;
	return up < (float)count ? (uint32_t)up : count;
}

/* The pixel at the far edge belongs to the box: the first one behind that */
static uint32_t end_pixel(float edge, uint32_t count)
{
	float up = ceilf(edge);

	if (!(up >= 0.0f))
		return 0;
	return up < (float)count ? (uint32_t)up + 1 : count;
}

static uint32_t lesser(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* What of the box lies in the image and in the mask */
static void find_region(struct mask *mask, const struct pp_box *box)
{
	float iw = mask->nms->image_width, ih = mask->nms->image_height;
	uint32_t width = mask->state->horizontal.out, height = mask->state->vertical.out;
	struct region *r = &mask->region;

	r->x0 = first_pixel(box->x_min * iw, width);
	r->y0 = first_pixel(box->y_min * ih, height);
	r->x1 = end_pixel(box->x_max * iw, width);
	r->y1 = end_pixel(box->y_max * ih, height);
	if (r->x1 > r->x0)
		r->x1 = r->x0 + lesser(r->x1 - r->x0, mask->width);
	if (r->y1 > r->y0)
		r->y1 = r->y0 + lesser(r->y1 - r->y0, mask->height);
}

static void read_coefficients(struct mask *mask, const struct pp_input *inputs,
			      const struct pp_candidate *c)
{
	const struct pp_nms *nms = mask->nms;
	const struct pp_origin *origin = &mask->state->origins[c->box];
	const struct pp_decoder *decoder = &nms->decoders[origin->decoder];
	const struct pp_tensor *t = &nms->tensors[decoder->boxes];
	const void *data = inputs[decoder->boxes].data;
	size_t pitch = t->device_shape.width;
	float object = pp_sigmoid(pp_real(t, data, origin->element + 4 * pitch));
	size_t at = origin->element + (5 + nms->classes) * pitch;

	for (unsigned int k = 0; k < PP_MASK_COEFFICIENTS; k++) {
		mask->coefficients[k] = pp_real(t, data, at) * object;
		at += pitch;
	}
}

/* Row `row` of the mask before resizing, columns from..to, into state->line */
static void prototype_row(const struct mask *mask, uint32_t row, uint32_t from, uint32_t to)
{
	const struct pp_tensor *t = mask->prototypes;
	size_t at = pp_row(t, row) + from, pitch = t->device_shape.width;
	float *line = mask->state->line;

	memset(line, 0, (to - from + 4) * sizeof(*line));
	for (unsigned int k = 0; k < PP_MASK_COEFFICIENTS; k++) {
		for (uint32_t x = 0; x < to - from; x++)
			line[x] += mask->coefficients[k] * pp_real(t, mask->data, at + x);
		at += pitch;
	}
	for (uint32_t x = 0; x < to - from; x += 4) {
		for (unsigned int i = 0; i < 4; i++)
			line[x + i] = -line[x + i];
		pp_exp4(line + x);
		for (unsigned int i = 0; i < 4; i++)
			line[x + i] = 1.0f / (1.0f + line[x + i]);
	}
}

/* state->line, which starts at column `from`, to the width of the image */
static void widen_row(const struct mask *mask, uint32_t row, uint32_t from)
{
	const struct pp_axis *axis = &mask->state->horizontal;
	float *wide = mask->state->wide + (size_t)row * axis->out;

	for (uint32_t x = mask->region.x0; x < mask->region.x1; x++) {
		const float *weights = axis->weights + (size_t)x * axis->taps;
		float sum = 0.0f;

		for (uint32_t t = 0; t < axis->taps; t++)
			sum += weights[t] * mask->state->line[clamp_tap(axis, x, t) - from];
		wide[x] = sum;
	}
}

static void widen_rows(const struct mask *mask)
{
	const struct pp_axis *h = &mask->state->horizontal, *v = &mask->state->vertical;
	const struct region *r = &mask->region;
	uint32_t from = clamp_tap(h, r->x0, 0);
	uint32_t to = clamp_tap(h, r->x1 - 1, h->taps - 1) + 1;
	uint32_t last = clamp_tap(v, r->y1 - 1, v->taps - 1);

	for (uint32_t row = clamp_tap(v, r->y0, 0); row <= last; row++) {
		prototype_row(mask, row, from, to);
		widen_row(mask, row, from);
	}
}

static uint8_t mask_pixel(const struct mask *mask, uint32_t x, uint32_t y)
{
	const struct pp_axis *axis = &mask->state->vertical;
	const float *weights = axis->weights + (size_t)y * axis->taps;
	float sum = 0.0f;

	for (uint32_t t = 0; t < axis->taps; t++)
		sum += weights[t] * mask->state->wide[(size_t)clamp_tap(axis, y, t) *
						      mask->state->horizontal.out + x];
	return sum > mask->nms->mask_threshold;
}

static void draw(const struct mask *mask, uint8_t *out)
{
	const struct region *r = &mask->region;

	memset(out, 0, (size_t)mask->width * mask->height);
	if (r->x1 <= r->x0 || r->y1 <= r->y0)
		return;
	widen_rows(mask);
	for (uint32_t y = r->y0; y < r->y1; y++)
		for (uint32_t x = r->x0; x < r->x1; x++)
			out[(size_t)(y - r->y0) * mask->width + x - r->x0] =
				mask_pixel(mask, x, y);
}

/* ---- the frame ---- */

/* Of the whole box, also where it leaves the image. False: more than any frame
 * can hold
 */
static bool mask_size(struct mask *mask, const struct pp_box *box)
{
	float w = ceilf((box->x_max - box->x_min) * mask->nms->image_width);
	float h = ceilf((box->y_max - box->y_min) * mask->nms->image_height);

	if (!(w >= 0.0f && w < 0x1p31f && h >= 0.0f && h < 0x1p31f))
		return false;
	mask->width = (uint32_t)w;
	mask->height = (uint32_t)h;
	return true;
}

static void put_head(uint8_t *out, const struct pp_state *state, const struct pp_candidate *c,
		     uint64_t bytes)
{
	uint16_t class_id = (uint16_t)c->class_id;
	uint64_t address = (uintptr_t)(out + HEAD_BYTES);

	memcpy(out, &state->boxes[c->box], 16);
	memcpy(out + 16, &c->score, 4);
	memcpy(out + 20, &class_id, 2);
	memcpy(out + 22, &bytes, 8);
	memcpy(out + 30, &address, 8);
}

int pp_emit_masks(const struct pp_nms *nms, struct pp_state *state,
		  const struct pp_input *inputs, uint8_t *out, size_t size)
{
	struct mask mask = {
		.nms = nms,
		.state = state,
		.prototypes = &nms->tensors[nms->prototypes],
		.data = inputs[nms->prototypes].data,
	};
	size_t used = sizeof(uint16_t);
	uint16_t count = 0;
	int err = 0;

	for (uint32_t i = 0; i < state->candidate_count && count < UINT16_MAX; i++) {
		const struct pp_candidate *c = &state->candidates[i];
		const struct pp_box *box = &state->boxes[c->box];
		uint64_t bytes;

		if (c->score == 0.0f)
			continue;
		err = !mask_size(&mask, box);
		bytes = (uint64_t)mask.width * mask.height;
		/* the stock library leaves the last byte of a frame unused */
		err = err || used + HEAD_BYTES + bytes >= size;
		if (err)
			break;
		find_region(&mask, box);
		read_coefficients(&mask, inputs, c);
		put_head(out + used, state, c, bytes);
		draw(&mask, out + used + HEAD_BYTES);
		used += HEAD_BYTES + bytes;
		count++;
	}
	memcpy(out, &count, sizeof(count));
	return err;
}
