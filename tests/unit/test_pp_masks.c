// SPDX-License-Identifier: MIT
/*
 * Segmentation masks against a model in double precision of what the reference
 * says (formats.md 11.9): whole pictures, every pixel by itself.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "pp_case.h"

struct entry {
	float box[4];
	float score;
	uint16_t class_id;
	uint64_t bytes;
	uint64_t address;
};

static struct entry read_entry(const uint8_t *at)
{
	struct entry e;

	memcpy(e.box, at, 16);
	memcpy(&e.score, at + 16, 4);
	memcpy(&e.class_id, at + 20, 2);
	memcpy(&e.bytes, at + 22, 8);
	memcpy(&e.address, at + 30, 8);
	return e;
}

static double value(const struct pp_case *c, unsigned int t, uint32_t r, uint32_t f,
		    uint32_t col)
{
	const struct pp_tensor *tensor = &c->tensors[t];

	return pp_real(tensor, c->inputs[t].data,
		       pp_row(tensor, r) + (size_t)f * tensor->device_shape.width + col);
}

static double sigmoid(double x)
{
	return 1.0 / (1.0 + exp(-x));
}

/* ---- finding the cell that a detection came from ---- */

struct source {
	const struct pp_decoder *d;
	uint32_t r, col, first;		/* feature */
};

/* Exactly the same box and score: random data make that unique enough; equal
 * ones with other masks would show as a failure
 */
static bool is_source(const struct pp_case *c, const struct source *s, uint32_t anchor,
		      const struct entry *e)
{
	const void *data = c->inputs[s->d->boxes].data;
	struct pp_box box = pp_yolov5_box(&c->nms, s->d, data, s->r, s->col, anchor);
	float object = pp_sigmoid((float)value(c, s->d->boxes, s->r, s->first + 4, s->col));
	float score = pp_sigmoid((float)value(c, s->d->boxes, s->r, s->first + 5 + e->class_id,
					      s->col));

	return !memcmp(&box, e->box, 16) && score * object == e->score;
}

static bool find_source(const struct pp_case *c, const struct entry *e, struct source *s)
{
	for (unsigned int i = 0; i < c->nms.decoder_count; i++) {
		const struct h8l_shape *shape;

		s->d = &c->decoders[i];
		shape = &c->tensors[s->d->boxes].shape;
		for (s->r = 0; s->r < shape->height; s->r++)
			for (s->col = 0; s->col < shape->width; s->col++)
				for (uint32_t a = 0; a < s->d->anchor_count; a++) {
					s->first = a * pp_entry_features(&c->nms);
					if (is_source(c, s, a, e))
						return true;
				}
	}
	return false;
}

/* ---- the model ---- */

static double prototype(const struct pp_case *c, const struct source *s, uint32_t y, uint32_t x)
{
	double object = sigmoid(value(c, s->d->boxes, s->r, s->first + 4, s->col)), sum = 0.0;

	for (uint32_t k = 0; k < PP_MASK_COEFFICIENTS; k++)
		sum += value(c, s->d->boxes, s->r, s->first + 5 + c->nms.classes + k, s->col) *
		       object * value(c, c->nms.prototypes, y, k, x);
	return sigmoid(sum);
}

static double triangle(double distance, uint32_t in, uint32_t out)
{
	double r = in > out ? (double)in / out : 1.0;

	return fmax(0.0, 1.0 - fabs(distance) / r);
}

static uint32_t clamp(long i, uint32_t count)
{
	return i < 0 ? 0 : i < (long)count ? (uint32_t)i : count - 1;
}

static double resized(const struct pp_case *c, const double *small, uint32_t y, uint32_t x)
{
	const struct h8l_shape *p = &c->tensors[c->nms.prototypes].shape;
	uint32_t h = (uint32_t)c->nms.image_height, w = (uint32_t)c->nms.image_width;
	double cy = (y + 0.5) * p->height / h - 0.5, cx = (x + 0.5) * p->width / w - 0.5;
	double sum = 0.0, weights = 0.0;

	for (long i = -20; i < (long)p->height + 20; i++)
		for (long k = -20; k < (long)p->width + 20; k++) {
			double weight = triangle(i - cy, p->height, h) *
					triangle(k - cx, p->width, w);

			if (weight == 0.0)
				continue;
			sum += weight * small[clamp(i, p->height) * p->width +
					      clamp(k, p->width)];
			weights += weight;
		}
	return sum / weights;
}

static double *small_mask(const struct pp_case *c, const struct source *s)
{
	const struct h8l_shape *p = &c->tensors[c->nms.prototypes].shape;
	double *small = malloc((size_t)p->height * p->width * sizeof(*small));

	assert_non_null(small);
	for (uint32_t y = 0; y < p->height; y++)
		for (uint32_t x = 0; x < p->width; x++)
			small[y * p->width + x] = prototype(c, s, y, x);
	return small;
}

/* A pixel of the mask, at (y, x) of the image; too close to call: -1 */
static int model_pixel(const struct pp_case *c, const double *small, double y, double x,
		       double y_end, double x_end)
{
	double v;

	if (y > y_end || x > x_end || y >= floor(c->nms.image_height) ||
	    x >= floor(c->nms.image_width))
		return 0;
	v = resized(c, small, (uint32_t)y, (uint32_t)x);
	return fabs(v - c->nms.mask_threshold) < 1e-5 ? -1 : v > c->nms.mask_threshold;
}

static void check_mask(const struct pp_case *c, const struct entry *e, const uint8_t *mask)
{
	float ih = c->nms.image_height, iw = c->nms.image_width;
	uint32_t width = (uint32_t)ceilf((e->box[3] - e->box[1]) * iw);
	double y0 = fmax(ceilf(e->box[0] * ih), 0), x0 = fmax(ceilf(e->box[1] * iw), 0);
	struct source s = { 0 };
	double *small;

	assert_int_equal(e->bytes, width * (uint64_t)ceilf((e->box[2] - e->box[0]) * ih));
	assert_true(find_source(c, e, &s));
	small = small_mask(c, &s);
	for (uint64_t i = 0; i < e->bytes; i++) {
		int wanted = model_pixel(c, small, y0 + (double)(i / width),
					 x0 + (double)(i % width), ceilf(e->box[2] * ih),
					 ceilf(e->box[3] * iw));

		assert_true(wanted < 0 || mask[i] == wanted);
	}
	free(small);
}

static void check_frame(const struct pp_case *c, int status)
{
	size_t at = 2;
	uint16_t count;

	memcpy(&count, c->output, sizeof(count));
	assert_true(count <= c->nms.max_total);
	for (uint16_t i = 0; i < count; i++) {
		struct entry e = read_entry(c->output + at);

		assert_int_equal(e.address, (uintptr_t)(c->output + at + 38));
		assert_true(e.class_id < c->nms.classes);
		assert_true(e.score >= c->nms.score_threshold);
		check_mask(c, &e, c->output + at + 38);
		at += 38 + e.bytes;
	}
	assert_true(at <= c->output_size);
	assert_true(status == 0 || count < c->nms.max_total);
}

static void test_model(void **state)
{
	unsigned int full = 0;

	(void)state;
	for (uint32_t seed = 1; seed <= 60; seed++) {
		struct pp_case c;
		int status;

		case_make(&c, PP_YOLOV5_SEG, seed);
		c.nms.max_total = 1 + seed % 12;
		case_fill(&c);
		assert_int_equal(case_prepare(&c), 0);
		status = case_run(&c);
		assert_in_range(status, 0, 1);
		check_frame(&c, status);
		full += (unsigned int)status;
		case_free(&c);
	}
	/* both ends were seen */
	assert_in_range(full, 1, 59);
}

/* Also where the image is smaller than the prototypes */
static void test_weights(void **state)
{
	(void)state;
	for (uint32_t in = 1; in < 30; in++)
		for (uint32_t out = 1; out < 90; out += 7) {
			struct pp_axis axis = { .in = in, .out = out };
			int32_t first[90];
			float weights[90 * 64];

			axis.taps = pp_axis_taps(in, out);
			axis.first = first;
			axis.weights = weights;
			assert_true(axis.taps >= 2 && axis.taps <= 64);
			pp_axis_init(&axis);
			for (uint32_t i = 0; i < out; i++) {
				double sum = 0.0;

				for (uint32_t t = 0; t < axis.taps; t++)
					sum += weights[i * axis.taps + t];
				assert_true(fabs(sum - 1.0) < 1e-5);
			}
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_weights),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
