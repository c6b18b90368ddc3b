// SPDX-License-Identifier: MIT
/*
 * Hostile parameters and data. A valid head gets some of its fields replaced;
 * either it is refused, or frames of random data run to their end. Buffers are
 * exactly as large as asked for, so that ASan sees every step outside. Stops
 * after PP_FUZZ_SECONDS (4) or 60,000 heads.
 */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "pp_case.h"

#define MOST_BYTES	(1u << 24)	/* per buffer, to stay fast */

static uint32_t odd_number(struct pp_case *c)
{
	static const uint32_t odd[] = { 0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 31, 64, 255, 256, 65535,
					65536, 1u << 24, 1u << 31, UINT32_MAX };

	return case_below(c, 3) ? odd[case_below(c, sizeof(odd) / sizeof(odd[0]))]
				: case_below(c, 40);
}

static float odd_real(struct pp_case *c)
{
	static const float odd[] = { 0.0f, -0.0f, 1.0f, -1.0f, 1e-45f, 1e30f, -1e30f, 3.4e38f,
				     INFINITY, -INFINITY, NAN, 0.5f, 255.0f };

	return case_below(c, 2) ? odd[case_below(c, sizeof(odd) / sizeof(odd[0]))]
				: case_real(c, -2.0f, 2.0f);
}

static void spoil_tensor(struct pp_case *c)
{
	struct pp_tensor *t = &c->tensors[case_below(c, c->nms.tensor_count)];
	uint32_t *sides[] = { &t->shape.height, &t->shape.width, &t->shape.features,
			      &t->device_shape.height, &t->device_shape.width,
			      &t->device_shape.features };

	switch (case_below(c, 6)) {
	case 0:
		t->zero_point = odd_real(c);
		break;
	case 1:
		t->scale = odd_real(c);
		break;
	case 2:
		t->data_bytes = (uint8_t)case_below(c, 4);
		break;
	case 3:
		t->order = (enum h8l_order)case_below(c, 24);
		break;
	default:
		*sides[case_below(c, 6)] = odd_number(c);
		break;
	}
}

static void spoil_decoder(struct pp_case *c)
{
	struct pp_decoder *d = &c->decoders[case_below(c, c->nms.decoder_count)];

	switch (case_below(c, 6)) {
	case 0:
		d->boxes = case_below(c, c->nms.tensor_count + 1);
		break;
	case 1:
		d->classes = case_below(c, c->nms.tensor_count + 1);
		break;
	case 2:
		d->objects = odd_number(c);
		break;
	case 3:
		d->stride = odd_number(c);
		break;
	case 4:
		d->anchor_count = case_below(c, CASE_ANCHORS + 1);
		break;
	default:
		c->anchors[d - c->decoders][0].width = odd_real(c);
		break;
	}
}

static void spoil_reals(struct pp_case *c)
{
	struct pp_nms *nms = &c->nms;
	float *reals[] = { &nms->score_threshold, &nms->iou_threshold, &nms->image_height,
			   &nms->image_width, &nms->centre_scale, &nms->size_scale,
			   &nms->mask_threshold };

	*reals[case_below(c, 7)] = odd_real(c);
}

static void spoil_numbers(struct pp_case *c)
{
	struct pp_nms *nms = &c->nms;
	uint32_t *numbers[] = { &nms->classes, &nms->background, &nms->max_per_class,
				&nms->max_total, &nms->ty, &nms->tx, &nms->th, &nms->tw,
				&nms->max_mask_bytes, &nms->chunks, &nms->max_chip_boxes,
				&nms->prototypes };

	*numbers[case_below(c, 12)] = odd_number(c);
}

static void spoil(struct pp_case *c)
{
	switch (case_below(c, 8)) {
	case 0:
	case 1:
		spoil_tensor(c);
		break;
	case 2:
		spoil_decoder(c);
		break;
	case 3:
		spoil_numbers(c);
		break;
	case 4:
		c->nms.head = (enum pp_head)case_below(c, 7);
		break;
	case 5:
		c->nms.output = (enum pp_output)case_below(c, 5);
		break;
	case 6:
		c->nms.background_removal = !c->nms.background_removal;
		break;
	default:
		spoil_reals(c);
		break;
	}
}

static bool small_enough(const struct pp_case *c)
{
	for (unsigned int i = 0; i < c->nms.tensor_count; i++)
		if (pp_tensor_bytes(&c->tensors[i]) > MOST_BYTES / 16)
			return false;
	return pp_nms_frame_size(&c->nms) <= MOST_BYTES;
}

/* What a frame says about itself must lie in it */
static void check_counts(const struct pp_case *c)
{
	const struct pp_nms *nms = &c->nms;
	uint16_t count;
	size_t at = 0;

	if (nms->output == PP_BY_CLASS) {
		for (uint32_t k = 0; k < pp_nms_classes(nms); k++) {
			float boxes;

			memcpy(&boxes, c->output + at, sizeof(boxes));
			assert_true(boxes >= 0.0f && boxes <= (float)nms->max_per_class);
			at += 4 + 20 * (size_t)boxes;
		}
		assert_true(at <= c->output_size);
	} else if (nms->output != PP_BOXES) {
		memcpy(&count, c->output, sizeof(count));
		assert_true(count <= nms->max_total);
	}
}

/* Data that a broken or hostile device might send */
static void spoil_data(struct pp_case *c)
{
	unsigned int i = case_below(c, c->nms.tensor_count);

	memset((void *)c->inputs[i].data, case_below(c, 2) ? 0xff : 0, c->inputs[i].size);
}

static bool run_one(struct pp_case *c)
{
	const char *reason = NULL;
	int64_t size = pp_nms_workspace(&c->nms, &reason);
	int status;

	if (size < 0) {
		assert_true(size == -EINVAL || size == -E2BIG);
		assert_non_null(reason);
		return false;
	}
	if (c->nms.head == PP_IOU || size > MOST_BYTES || !small_enough(c))
		return false;
	case_fill(c);
	assert_int_equal(case_prepare(c), 0);
	for (unsigned int frame = 0; frame < 2; frame++) {
		status = case_run(c);
		assert_true(status == 0 || (status == 1 && c->nms.output == PP_BYTE_MASK));
		check_counts(c);
		spoil_data(c);
	}
	return true;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void test_spoiled_heads(void **state)
{
	static const enum pp_head heads[] = { PP_YOLOV5, PP_YOLOV5_SEG, PP_YOLOV8, PP_YOLOX,
					      PP_SSD };
	const char *seconds = getenv("PP_FUZZ_SECONDS");
	double end = now() + (seconds ? atof(seconds) : 4.0);
	unsigned int made = 0, run = 0;

	(void)state;
	while (now() < end && (seconds || made < 60000)) {
		struct pp_case c;

		made++;
		case_make(&c, heads[made % 5], made);
		for (unsigned int n = case_below(&c, 4); n; n--)
			spoil(&c);
		run += run_one(&c);
		case_free(&c);
	}
	print_message("%u heads, %u of them run, the rest refused\n", made, run);
	assert_true(run > made / 10 && run < made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spoiled_heads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
