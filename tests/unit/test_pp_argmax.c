// SPDX-License-Identifier: MIT
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "pp_case.h"

static struct pp_tensor random_tensor(struct pp_case *c)
{
	static const enum h8l_order orders[] = { H8L_ORDER_NHCW, H8L_ORDER_NHWC, H8L_ORDER_F8CR,
						 H8L_ORDER_NC };
	struct pp_tensor t = {
		.order = orders[case_below(c, 4)],
		.data_bytes = (uint8_t)(1 + case_below(c, 2)),
		.shape = { 1 + case_below(c, 6), 1 + case_below(c, 50), 1 + case_below(c, 40) },
		.scale = 1.0f,
	};

	if (case_below(c, 20) == 0)
		t.shape.features = 250 + case_below(c, 20);
	if (t.order == H8L_ORDER_NC)
		t.shape.height = t.shape.width = 1;
	t.device_shape = t.shape;
	t.device_shape.width += case_below(c, 3);
	t.device_shape.features += case_below(c, 3);
	if (t.order == H8L_ORDER_F8CR)
		t.device_shape.features = (t.shape.features + 7) / 8 * 8;
	return t;
}

static size_t element(const struct pp_tensor *t, uint32_t r, uint32_t f, uint32_t col)
{
	const struct h8l_shape *d = &t->device_shape;
	size_t start = (size_t)r * d->width * d->features;

	switch (t->order) {
	case H8L_ORDER_NHCW:
		return start + f * d->width + col;
	case H8L_ORDER_F8CR:
		return start + f / 8 * 8 * d->width + col * 8 + f % 8;
	default:
		return start + col * d->features + f;
	}
}

static uint32_t argmax_twin(const struct pp_tensor *t, const uint8_t *data, uint32_t r,
			    uint32_t col)
{
	uint32_t best = 0;

	for (uint32_t f = 1; f < t->shape.features; f++)
		if (pp_get(t, data, element(t, r, f, col)) >
		    pp_get(t, data, element(t, r, best, col)))
			best = f;
	return best;
}

static uint32_t index_at(const uint8_t *out, enum h8l_type type, size_t pixel)
{
	uint16_t wide;
	float real;

	if (type == H8L_TYPE_UINT8)
		return out[pixel];
	memcpy(&wide, out + 2 * pixel, sizeof(wide));
	if (type == H8L_TYPE_UINT16)
		return wide;
	memcpy(&real, out + 4 * pixel, sizeof(real));
	return (uint32_t)real;
}

static void compare(struct pp_case *c, const struct pp_tensor *t, enum h8l_type type)
{
	static const size_t bytes[] = { 0, 1, 2, 4 };
	size_t pixels = (size_t)t->shape.height * t->shape.width, pixel = 0;
	size_t size = pp_tensor_bytes(t), out_size = pixels * bytes[type];
	uint8_t *data = malloc(size), *out = malloc(out_size);
	struct pp_input input = { data, size };
	unsigned int levels = 1 + case_below(c, 255);

	assert_true(data && out);
	for (size_t i = 0; i < size; i++)
		data[i] = (uint8_t)case_below(c, levels);
	assert_int_equal(pp_argmax_check(t, type, NULL), 0);
	assert_int_equal(pp_argmax(t, &input, type, out, out_size), 0);
	for (uint32_t r = 0; r < t->shape.height; r++)
		for (uint32_t col = 0; col < t->shape.width; col++)
			assert_int_equal(index_at(out, type, pixel++),
					 argmax_twin(t, data, r, col));
	assert_int_equal(pp_argmax(t, &input, type, out, out_size - 1), -EINVAL);
	input.size--;
	assert_int_equal(pp_argmax(t, &input, type, out, out_size), -EINVAL);
	free(data);
	free(out);
}

static void test_twin(void **state)
{
	static const enum h8l_type types[] = { H8L_TYPE_UINT8, H8L_TYPE_UINT16,
					       H8L_TYPE_FLOAT32 };
	struct pp_case c = { .seed = 3 };

	(void)state;
	for (unsigned int i = 0; i < 1000; i++) {
		struct pp_tensor t = random_tensor(&c);

		if (pp_argmax_check(&t, types[i % 3], NULL) == 0)
			compare(&c, &t, types[i % 3]);
	}
}

/* Also the last lane of a byte */
static void test_last_feature(void **state)
{
	struct pp_tensor t = {
		.order = H8L_ORDER_NHCW, .data_bytes = 1, .shape = { 1, 16, 256 },
		.device_shape = { 1, 16, 257 }, .scale = 1.0f,
	};
	uint8_t *data = calloc(1, 16 * 257);
	struct pp_input input = { data, 16 * 257 };
	uint16_t out[16];

	(void)state;
	assert_non_null(data);
	data[255 * 16 + 15] = 1;
	for (uint32_t features = 255; features <= 257; features++) {
		t.shape.features = features;
		assert_int_equal(pp_argmax(&t, &input, H8L_TYPE_UINT16, out, 32), 0);
		assert_int_equal(out[15], features > 255 ? 255 : 0);
		assert_int_equal(out[14], 0);
	}
	free(data);
}

/* The stock library never looks at the last block of 8 here (defect 5) */
static void test_whole_blocks(void **state)
{
	const struct pp_tensor t = {
		.order = H8L_ORDER_F8CR, .data_bytes = 1, .shape = { 1, 1, 16 },
		.device_shape = { 1, 1, 16 }, .scale = 1.0f,
	};
	uint8_t data[16] = { [3] = 5, [13] = 9 }, out;
	struct pp_input input = { data, sizeof(data) };

	(void)state;
	assert_int_equal(pp_argmax(&t, &input, H8L_TYPE_UINT8, &out, 1), 0);
	assert_int_equal(out, 13);
}

static void expect_refused(struct pp_tensor t, enum h8l_type type)
{
	const char *reason = NULL;

	assert_int_equal(pp_argmax_check(&t, type, &reason), -EINVAL);
	assert_non_null(reason);
}

static void test_refused(void **state)
{
	const struct pp_tensor good = {
		.order = H8L_ORDER_NHCW, .data_bytes = 1, .shape = { 2, 2, 255 },
		.device_shape = { 2, 2, 256 }, .scale = 1.0f,
	};
	struct pp_tensor bad;

	(void)state;
	assert_int_equal(pp_argmax_check(&good, H8L_TYPE_UINT8, NULL), 0);
	bad = good, bad.shape.features = 256, expect_refused(bad, H8L_TYPE_UINT8);
	assert_int_equal(pp_argmax_check(&bad, H8L_TYPE_UINT16, NULL), 0);
	expect_refused(good, H8L_TYPE_AUTO);
	expect_refused(good, (enum h8l_type)17);
	bad = good, bad.order = H8L_ORDER_FCR, expect_refused(bad, H8L_TYPE_UINT8);
	bad = good, bad.order = H8L_ORDER_NC, expect_refused(bad, H8L_TYPE_UINT8);
	bad = good, bad.order = H8L_ORDER_F8CR, bad.device_shape.features = 255;
	expect_refused(bad, H8L_TYPE_UINT8);
	bad = good, bad.shape.features = 257, expect_refused(bad, H8L_TYPE_UINT16);
	bad = good, bad.data_bytes = 3, expect_refused(bad, H8L_TYPE_UINT16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_twin),
		cmocka_unit_test(test_last_feature),
		cmocka_unit_test(test_whole_blocks),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
