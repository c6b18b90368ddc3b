// SPDX-License-Identifier: MIT
/*
 * Detection heads: what the stock library returned for small networks
 * (reference formats.md 12.1), examples worked out by hand, and random networks
 * against the naive twin.
 */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/crc32.h"
#include "pp_case.h"

/* ---- the reference's examples ---- */

/* u8, NHCW, padded to a width of 8; filled from the number of the stream */
static unsigned int stream(struct pp_case *c, const char *name, uint32_t height, uint32_t width,
			   uint32_t features, float scale, float zero_point)
{
	unsigned int i = c->nms.tensor_count++;
	struct pp_tensor *t = &c->tensors[i];
	uint32_t x = i + 1;
	uint8_t *data;

	*t = (struct pp_tensor){
		.name = name,
		.order = H8L_ORDER_NHCW,
		.data_bytes = 1,
		.shape = { height, width, features },
		.device_shape = { height, (width + 7) / 8 * 8, features },
		.zero_point = zero_point,
		.scale = scale,
	};
	c->inputs[i].size = pp_tensor_bytes(t);
	c->inputs[i].data = data = malloc(c->inputs[i].size);
	assert_non_null(data);
	for (size_t k = 0; k < c->inputs[i].size; k++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		data[k] = (uint8_t)x;
	}
	return i;
}

static struct pp_decoder *decoder(struct pp_case *c, uint32_t stride, unsigned int boxes,
				  unsigned int classes, unsigned int objects)
{
	struct pp_decoder *d = &c->decoders[c->nms.decoder_count++];

	d->stride = stride;
	d->boxes = boxes;
	d->classes = classes;
	d->objects = objects;
	return d;
}

static void anchors(struct pp_case *c, struct pp_decoder *d, const float *sizes,
		    unsigned int count)
{
	d->anchors = c->anchors[d - c->decoders];
	d->anchor_count = count;
	for (unsigned int i = 0; i < count; i++)
		c->anchors[d - c->decoders][i] =
			(struct pp_anchor){ sizes[2 * i], sizes[2 * i + 1] };
}

static void start(struct pp_case *c, enum pp_head head, uint32_t classes, float score, float iou,
		  uint32_t per_class)
{
	*c = (struct pp_case){ .nms = {
		.head = head,
		.tensors = c->tensors,
		.decoders = c->decoders,
		.classes = classes,
		.score_threshold = score,
		.iou_threshold = iou,
		.max_per_class = per_class,
		.max_total = per_class * classes,
	} };
}

static void expect_crc(struct pp_case *c, size_t used, uint32_t crc)
{
	assert_int_equal(case_prepare(c), 0);
	assert_int_equal(case_run(c), 0);
	assert_int_equal(crc32_digest(c->output, used), crc);
	/* and nothing behind */
	for (size_t i = used; i < c->output_size; i++)
		assert_int_equal(c->output[i], 0);
	case_free(c);
}

static void make_yolov8(struct pp_case *c)
{
	unsigned int r, k;

	start(c, PP_YOLOV8, 6, 0.6f, 0.45f, 20);
	c->nms.image_height = 64.0f;
	c->nms.image_width = 64.0f;
	r = stream(c, "reg0", 8, 8, 64, 0.05f, 100.0f);
	k = stream(c, "cls0", 8, 8, 6, 0.00392f, 0.0f);
	decoder(c, 8, r, k, 0);
	r = stream(c, "reg1", 4, 4, 64, 0.061f, 90.5f);
	k = stream(c, "cls1", 4, 4, 6, 0.0038f, 2.0f);
	decoder(c, 16, r, k, 0);
}

static void test_reference_yolov8(void **state)
{
	struct pp_case c;

	(void)state;
	make_yolov8(&c);
	expect_crc(&c, 1204, 0xdd6db3da);
	make_yolov8(&c);
	c.nms.output = PP_BY_SCORE;
	expect_crc(&c, 1300, 0x28a56950);
}

static void test_reference_yolov5(void **state)
{
	static const float large[] = { 10, 13, 16, 30, 33, 23 };
	static const float small[] = { 30, 61, 62, 45, 59, 119 };
	struct pp_case c;
	unsigned int b, a;

	(void)state;
	start(&c, PP_YOLOV5, 4, 0.3f, 0.5f, 30);
	c.nms.image_height = 64.0f;
	c.nms.image_width = 80.0f;
	b = stream(&c, "conv_b", 8, 8, 27, 0.0039f, 0.0f);
	anchors(&c, decoder(&c, 8, b, 0, 0), large, 3);
	a = stream(&c, "conv_a", 5, 5, 27, 0.0041f, 1.0f);
	anchors(&c, decoder(&c, 16, a, 0, 0), small, 3);
	expect_crc(&c, 2416, 0x16ac57b3);
}

static void test_reference_yolox(void **state)
{
	struct pp_case c;

	(void)state;
	start(&c, PP_YOLOX, 5, 0.25f, 0.4f, 30);
	stream(&c, "r0", 8, 8, 4, 0.03f, 100.0f);
	stream(&c, "o0", 8, 8, 1, 0.0039f, 0.0f);
	stream(&c, "c0", 8, 8, 5, 0.0039f, 0.0f);
	stream(&c, "r1", 4, 4, 4, 0.021f, 90.0f);
	stream(&c, "o1", 4, 4, 1, 0.0038f, 1.0f);
	stream(&c, "c1", 4, 4, 5, 0.0037f, 0.0f);
	decoder(&c, 8, 0, 2, 1);
	decoder(&c, 16, 3, 5, 4);
	expect_crc(&c, 2840, 0x9aa2e7c4);
}

static void make_ssd(struct pp_case *c)
{
	static const float first[] = { 0.1f, 0.2f, 0.35f, 0.15f, 0.5f, 0.5f };
	static const float second[] = { 0.7f, 0.4f, 0.3f, 0.9f };

	start(c, PP_SSD, 4, 0.7f, 0.5f, 60);
	c->nms.centre_scale = 10.0f;
	c->nms.size_scale = 5.0f;
	c->nms.tx = 1;
	c->nms.th = 2;
	c->nms.tw = 3;
	stream(c, "reg0", 8, 8, 12, 0.05f, 128.0f);
	stream(c, "cls0", 8, 8, 12, 0.0039f, 0.0f);
	stream(c, "reg1", 4, 4, 8, 0.04f, 100.0f);
	stream(c, "cls1", 4, 4, 8, 0.0039f, 0.0f);
	anchors(c, decoder(c, 0, 0, 1, 0), first, 3);
	anchors(c, decoder(c, 0, 2, 3, 0), second, 2);
}

static void test_reference_ssd(void **state)
{
	struct pp_case c;

	(void)state;
	make_ssd(&c);
	expect_crc(&c, 4816, 0xa29b1215);
	make_ssd(&c);
	c.nms.background_removal = true;
	expect_crc(&c, 3612, 0x40113a81);
}

/* ---- by hand ---- */

/* One YOLOX cell grid of 2 rows and 4 columns, three classes, all zero: boxes
 * fill their cell, score = objectness * class, each q / 256
 */
static void make_grid(struct pp_case *c)
{
	start(c, PP_YOLOX, 3, 0.25f, 0.5f, 2);
	for (unsigned int i = 0; i < 3; i++) {
		static const uint32_t features[] = { 4, 1, 3 };

		stream(c, "t", 2, 4, features[i], 1.0f / 256.0f, 0.0f);
		memset((void *)c->inputs[i].data, 0, c->inputs[i].size);
	}
	decoder(c, 0, 0, 2, 1);
}

static void set(struct pp_case *c, unsigned int tensor, uint32_t row, uint32_t feature,
		uint32_t column, uint8_t q)
{
	const struct h8l_shape *s = &c->tensors[tensor].device_shape;

	((uint8_t *)c->inputs[tensor].data)[(row * s->features + feature) * s->width + column] = q;
}

static void set_cell(struct pp_case *c, uint32_t row, uint32_t column, uint32_t class_id,
		     uint8_t score)
{
	set(c, 1, row, 0, column, 128);
	set(c, 2, row, class_id, column, score);
}

static float float_at(const struct pp_case *c, size_t at)
{
	float x;

	memcpy(&x, c->output + at, sizeof(x));
	return x;
}

static void expect_box(const struct pp_case *c, size_t at, float y, float x, float score)
{
	assert_true(float_at(c, at) == y - 0.25f);
	assert_true(float_at(c, at + 4) == x - 0.125f);
	assert_true(float_at(c, at + 8) == y + 0.25f);
	assert_true(float_at(c, at + 12) == x + 0.125f);
	assert_true(float_at(c, at + 16) == score);
}

static void test_by_class_by_hand(void **state)
{
	struct pp_case c;

	(void)state;
	make_grid(&c);
	set_cell(&c, 0, 1, 2, 200);
	set_cell(&c, 1, 3, 2, 220);
	set_cell(&c, 1, 0, 0, 128);	/* exactly the threshold: 0.5 * 0.5 */
	set_cell(&c, 0, 0, 0, 127);	/* just below */
	assert_int_equal(case_prepare(&c), 0);
	assert_int_equal(c.output_size, 3 * (4 + 2 * 20));
	assert_int_equal(case_run(&c), 0);
	assert_true(float_at(&c, 0) == 1.0f);
	expect_box(&c, 4, 0.5f, 0.0f, 0.25f);
	assert_true(float_at(&c, 24) == 0.0f);
	assert_true(float_at(&c, 28) == 2.0f);
	expect_box(&c, 32, 0.5f, 0.75f, 220.0f / 512.0f);
	expect_box(&c, 52, 0.0f, 0.25f, 200.0f / 512.0f);
	case_free(&c);
}

/* Padding columns must not be seen, whatever is in them */
static void test_padding_is_ignored(void **state)
{
	struct pp_case c;

	(void)state;
	make_grid(&c);
	for (uint32_t row = 0; row < 2; row++)
		for (uint32_t column = 4; column < 8; column++)
			for (uint32_t k = 0; k < 3; k++)
				set_cell(&c, row, column, k, 255);
	assert_int_equal(case_prepare(&c), 0);
	assert_int_equal(case_run(&c), 0);
	for (size_t i = 0; i < c.output_size; i++)
		assert_int_equal(c.output[i], 0);
	case_free(&c);
}

/* The stock library writes one detection behind the buffer here (defect 1) */
static void test_by_score_stops_at_the_maximum(void **state)
{
	struct pp_case c;
	uint16_t count, class_id;

	(void)state;
	make_grid(&c);
	c.nms.output = PP_BY_SCORE;
	c.nms.max_total = 2;
	for (uint32_t column = 0; column < 4; column++)
		set_cell(&c, 0, column, column % 3, (uint8_t)(200 + column));
	assert_int_equal(case_prepare(&c), 0);
	assert_int_equal(c.output_size, 2 + 2 * 22);
	assert_int_equal(case_run(&c), 0);
	memcpy(&count, c.output, sizeof(count));
	assert_int_equal(count, 2);
	expect_box(&c, 2, 0.0f, 0.75f, 203.0f / 512.0f);
	memcpy(&class_id, c.output + 22, sizeof(class_id));
	assert_int_equal(class_id, 0);
	expect_box(&c, 24, 0.0f, 0.5f, 202.0f / 512.0f);
	memcpy(&class_id, c.output + 44, sizeof(class_id));
	assert_int_equal(class_id, 2);
	case_free(&c);
}

/* Two boxes side by side moved over each other by half: overlap is 1/3 */
static void test_overlap_threshold(void **state)
{
	struct pp_case c;

	(void)state;
	for (unsigned int step = 0; step < 2; step++) {
		make_grid(&c);
		c.nms.iou_threshold = step ? 1.0f / 3.0f : nextafterf(1.0f / 3.0f, 1.0f);
		set_cell(&c, 0, 0, 1, 250);
		set_cell(&c, 0, 1, 1, 240);
		set(&c, 0, 0, 0, 0, 128);	/* half a cell to the right */
		assert_int_equal(case_prepare(&c), 0);
		assert_int_equal(case_run(&c), 0);
		assert_true(float_at(&c, 4) == (step ? 1.0f : 2.0f));
		case_free(&c);
	}
}

/* With threshold 0 everything is a candidate, but score 0 is no detection */
static void test_zero_scores_do_not_count(void **state)
{
	struct pp_case c;

	(void)state;
	make_grid(&c);
	c.nms.score_threshold = 0.0f;
	c.nms.max_per_class = 8;
	set_cell(&c, 1, 1, 1, 1);
	assert_int_equal(case_prepare(&c), 0);
	assert_int_equal(case_run(&c), 0);
	assert_true(float_at(&c, 0) == 0.0f);
	assert_true(float_at(&c, 4) == 1.0f);
	expect_box(&c, 8, 0.5f, 0.25f, 1.0f / 512.0f);
	assert_true(float_at(&c, 28) == 0.0f);
	case_free(&c);
}

static void test_thresholds_out_of_reach(void **state)
{
	struct pp_case c;

	(void)state;
	make_grid(&c);
	c.nms.score_threshold = 1.5f;
	set_cell(&c, 0, 0, 0, 255);
	assert_int_equal(case_prepare(&c), 0);
	assert_int_equal(case_run(&c), 0);
	assert_true(float_at(&c, 0) == 0.0f && float_at(&c, 4) == 0.0f);
	case_free(&c);
}

/* ---- spans and scanning ---- */

static void check_span(const struct pp_tensor *t, float threshold, bool sigmoid)
{
	struct pp_span span = pp_span(t, threshold, sigmoid);
	uint32_t values = t->data_bytes == 1 ? 256 : 65536;

	for (uint32_t q = 0; q < values; q++) {
		float real = pp_dequantise(t, q);
		bool passes = (sigmoid ? pp_sigmoid(real) : real) >= threshold;
		bool inside = !span.empty && q - span.low <= span.width;

		assert_true(inside == passes);
	}
}

static void test_spans(void **state)
{
	struct pp_case c = { .seed = 99 };

	(void)state;
	for (unsigned int i = 0; i < 60; i++) {
		struct pp_tensor t = {
			.data_bytes = (uint8_t)(1 + i % 2),
			.zero_point = case_real(&c, -10.0f, 400.0f),
			.scale = i % 7 ? case_real(&c, -0.1f, 0.1f) : 0.0f,
		};

		check_span(&t, case_real(&c, -1.0f, 2.0f), i % 3 == 0);
	}
}

static void check_find(struct pp_case *c, const struct pp_tensor *t)
{
	uint8_t data[1024];
	uint32_t found[512], n, wanted = 0;
	size_t first = case_below(c, 20), count = case_below(c, 480);
	uint32_t top = t->data_bytes == 1 ? 256 : 65536;
	struct pp_span span = { .low = case_below(c, top) };

	span.width = case_below(c, top - span.low);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(case_random(c) >> 8);
	n = pp_find(t, data, first, count, &span, 7, found);
	for (size_t i = 0; i < count; i++) {
		uint32_t q = pp_get(t, data, first + i);

		if (q >= span.low && q - span.low <= span.width)
			assert_int_equal(found[wanted++], 7 + i);
	}
	assert_int_equal(n, wanted);
}

static void test_find(void **state)
{
	struct pp_case c = { .seed = 5 };

	(void)state;
	for (unsigned int i = 0; i < 2000; i++) {
		struct pp_tensor t = { .data_bytes = (uint8_t)(1 + i % 2) };

		check_find(&c, &t);
	}
}

/* ---- against the twin ---- */

static void compare_with_twin(enum pp_head head, uint32_t seed)
{
	struct pp_case c;
	uint8_t *wanted;

	case_make(&c, head, seed);
	case_fill(&c);
	if (case_prepare(&c))
		fail_msg("head %d seed %u is refused", head, seed);
	/* the twin goes through decoders as pp_nms_workspace() sorted them */
	wanted = calloc(1, c.output_size);
	assert_non_null(wanted);
	case_twin(&c, wanted);
	for (unsigned int frame = 0; frame < 2; frame++) {
		assert_int_equal(case_run(&c), 0);
		if (memcmp(c.output, wanted, c.output_size))
			fail_msg("head %d seed %u frame %u differs", head, seed, frame);
	}
	free(wanted);
	case_free(&c);
}

static void test_twin(void **state)
{
	static const enum pp_head heads[] = { PP_YOLOV5, PP_YOLOV8, PP_YOLOX, PP_SSD };

	(void)state;
	for (uint32_t seed = 1; seed <= 400; seed++)
		for (unsigned int i = 0; i < 4; i++)
			compare_with_twin(heads[i], seed);
}

/* ---- what is refused ---- */

static void expect_refused(struct pp_case *c, int error)
{
	const char *reason = NULL;

	assert_int_equal(pp_nms_workspace(&c->nms, &reason), error);
	assert_true(reason && strlen(reason) > 10);
	assert_int_equal(pp_nms_workspace(&c->nms, NULL), error);
	case_free(c);
}

#define REFUSED(change) do {			\
	struct pp_case c;			\
						\
	make_ssd(&c);				\
	change;					\
	expect_refused(&c, -EINVAL);		\
} while (0)

static void test_refused_parameters(void **state)
{
	(void)state;
	REFUSED(c.nms.classes = 0);
	REFUSED(c.nms.classes = 5);
	REFUSED(c.nms.classes = 70000);
	REFUSED(c.nms.decoder_count = 0);
	REFUSED(c.nms.score_threshold = NAN);
	REFUSED(c.nms.iou_threshold = NAN);
	REFUSED(c.nms.centre_scale = 0.0f);
	REFUSED(c.nms.size_scale = INFINITY);
	REFUSED(c.nms.tx = 4);
	REFUSED(c.nms.output = PP_BYTE_MASK);
	REFUSED(c.nms.output = PP_BOXES);
	REFUSED(c.nms.output = (enum pp_output)9);
	REFUSED(c.nms.head = (enum pp_head)77);
	REFUSED(c.nms.head = PP_YOLOV8);
	REFUSED(c.nms.head = PP_IOU);
	REFUSED(c.nms.max_per_class = UINT32_MAX);
	REFUSED((c.nms.background_removal = true, c.nms.background = 2));
}

static void test_refused_decoders(void **state)
{
	(void)state;
	REFUSED(c.decoders[1].boxes = 4);
	REFUSED(c.decoders[1].boxes = 0);
	REFUSED(c.decoders[0].classes = UINT32_MAX);
	REFUSED(c.decoders[0].anchor_count = 0);
	REFUSED(c.decoders[0].anchor_count = UINT32_MAX);
	REFUSED(c.decoders[0].anchors = NULL);
	REFUSED(c.anchors[1][0].height = NAN);
	REFUSED(c.tensors[2].name = "reg0");
	REFUSED(c.tensors[2].name = NULL);
}

static void test_refused_tensors(void **state)
{
	(void)state;
	REFUSED(c.tensors[1].order = H8L_ORDER_FCR);
	REFUSED(c.tensors[1].data_bytes = 4);
	REFUSED(c.tensors[1].scale = NAN);
	REFUSED(c.tensors[1].zero_point = INFINITY);
	REFUSED(c.tensors[1].shape.height = 7);
	REFUSED(c.tensors[1].shape.features = 11);
	REFUSED(c.tensors[1].device_shape.features = 11);
	REFUSED(c.tensors[1].device_shape.width = 7);
	REFUSED(c.tensors[1].device_shape.width = UINT32_MAX);
	REFUSED(c.tensors[1].shape.width = 0);
}

static void test_refused_size(void **state)
{
	struct pp_case c;

	(void)state;
	start(&c, PP_YOLOX, 1000, 0.5f, 0.5f, 1);
	for (unsigned int i = 0; i < 3; i++) {
		static const uint32_t features[] = { 4, 1, 1000 };

		c.tensors[i] = (struct pp_tensor){
			.order = H8L_ORDER_NHCW,
			.data_bytes = 1,
			.shape = { 512, 512, features[i] },
			.device_shape = { 512, 512, features[i] },
			.scale = 1.0f,
		};
	}
	c.nms.tensor_count = 3;
	decoder(&c, 0, 0, 2, 1);
	expect_refused(&c, -E2BIG);
}

static void test_refused_buffers(void **state)
{
	struct pp_case c;

	(void)state;
	make_yolov8(&c);
	assert_int_equal(case_prepare(&c), 0);
	assert_int_equal(pp_nms_run(&c.nms, c.workspace, c.inputs, c.output, c.output_size - 1),
			 -EINVAL);
	c.inputs[3].size--;
	assert_int_equal(case_run(&c), -EINVAL);
	case_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reference_yolov8),
		cmocka_unit_test(test_reference_yolov5),
		cmocka_unit_test(test_reference_yolox),
		cmocka_unit_test(test_reference_ssd),
		cmocka_unit_test(test_by_class_by_hand),
		cmocka_unit_test(test_padding_is_ignored),
		cmocka_unit_test(test_by_score_stops_at_the_maximum),
		cmocka_unit_test(test_overlap_threshold),
		cmocka_unit_test(test_zero_scores_do_not_count),
		cmocka_unit_test(test_thresholds_out_of_reach),
		cmocka_unit_test(test_spans),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_twin),
		cmocka_unit_test(test_refused_parameters),
		cmocka_unit_test(test_refused_decoders),
		cmocka_unit_test(test_refused_tensors),
		cmocka_unit_test(test_refused_size),
		cmocka_unit_test(test_refused_buffers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
