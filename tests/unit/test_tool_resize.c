// SPDX-License-Identifier: MIT
/* Pictures to the size of a network's input. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tools/picture.h"

static struct picture make(unsigned int width, unsigned int height, unsigned int channels)
{
	struct picture picture = { .width = width, .height = height, .channels = channels };
	struct problem problem;

	assert_int_equal(picture_alloc(&picture, &problem), 0);
	return picture;
}

static struct picture resize(const struct picture *from, unsigned int width, unsigned int height,
			     enum picture_fit fit)
{
	struct picture to = { .width = width, .height = height };
	struct problem problem;

	assert_int_equal(picture_resize(from, &to, fit, &problem), 0);
	assert_int_equal(to.channels, from->channels);
	return to;
}

/* Columns left..right and rows top..bottom in one colour. */
static void paint(struct picture *picture, unsigned int left, unsigned int right,
		  unsigned int top, unsigned int bottom, uint8_t value)
{
	unsigned int y;

	for (y = top; y < bottom; y++)
		memset(picture->pixels + (y * picture->width + left) * picture->channels, value,
		       (right - left) * picture->channels);
}

static uint8_t at(const struct picture *picture, unsigned int x, unsigned int y)
{
	return picture->pixels[(y * picture->width + x) * picture->channels];
}

static void same_size_is_a_copy(void **state)
{
	struct picture from = make(7, 5, 3), to;
	unsigned int i;

	(void)state;
	for (i = 0; i < 7 * 5 * 3; i++)
		from.pixels[i] = (uint8_t)(i * 37);
	to = resize(&from, 7, 5, PICTURE_EXACT);
	assert_memory_equal(to.pixels, from.pixels, 7 * 5 * 3);
	picture_free(&to);
	to = resize(&from, 7, 5, PICTURE_LETTERBOX);
	assert_memory_equal(to.pixels, from.pixels, 7 * 5 * 3);
	picture_free(&to);
	picture_free(&from);
}

static void exact_refuses_another_size(void **state)
{
	struct picture from = make(7, 5, 3), to = { .width = 5, .height = 7 };
	struct problem problem;

	(void)state;
	assert_int_equal(picture_resize(&from, &to, PICTURE_EXACT, &problem), -1);
	assert_null(to.pixels);
	assert_string_equal(problem.what, "picture of 7 x 5 pixels where 5 x 7 are needed");
	picture_free(&from);
}

/* No ratio makes one colour into another, at the edges neither. */
static void one_colour_stays(void **state)
{
	static const unsigned int sizes[] = { 1, 2, 3, 17, 64, 100, 641 };
	struct picture from = make(100, 64, 3), to;
	unsigned int i, j, k;

	(void)state;
	paint(&from, 0, 100, 0, 64, 201);
	for (i = 0; i < 7; i++) {
		for (j = 0; j < 7; j++) {
			to = resize(&from, sizes[i], sizes[j], PICTURE_STRETCH);
			for (k = 0; k < sizes[i] * sizes[j] * 3; k++)
				assert_in_range(to.pixels[k], 200, 202);
			picture_free(&to);
		}
	}
	picture_free(&from);
}

/* Half the size: each pixel is the mean of four. */
static void half_is_the_mean(void **state)
{
	struct picture from = make(4, 2, 1), to;

	(void)state;
	memcpy(from.pixels, (uint8_t[]){ 0, 40, 100, 200, 80, 120, 100, 200 }, 8);
	to = resize(&from, 2, 1, PICTURE_STRETCH);
	assert_in_range(to.pixels[0], 59, 61);
	assert_in_range(to.pixels[1], 149, 151);
	picture_free(&to);
	picture_free(&from);
}

/* A thousandth of the pixels, and still every source pixel counts. */
static void small_sees_everything(void **state)
{
	struct picture from = make(320, 320, 1), to;
	unsigned int x, y;

	(void)state;
	for (y = 0; y < 320; y++)
		for (x = 0; x < 320; x++)
			from.pixels[y * 320 + x] = (x ^ y) & 1 ? 255 : 0;
	to = resize(&from, 10, 10, PICTURE_STRETCH);
	for (x = 0; x < 100; x++)
		assert_in_range(to.pixels[x], 125, 130);
	picture_free(&to);
	picture_free(&from);
}

static void larger_is_smooth(void **state)
{
	struct picture from = make(2, 1, 1), to;
	unsigned int x;

	(void)state;
	memcpy(from.pixels, (uint8_t[]){ 0, 200 }, 2);
	to = resize(&from, 16, 1, PICTURE_STRETCH);
	assert_int_equal(to.pixels[0], 0);
	assert_int_equal(to.pixels[15], 200);
	for (x = 1; x < 16; x++)
		assert_true(to.pixels[x] >= to.pixels[x - 1]);
	assert_in_range(to.pixels[8], 110, 115);
	picture_free(&to);
	picture_free(&from);
}

static void letterbox_keeps_all(void **state)
{
	struct picture from = make(200, 100, 3), to;

	(void)state;
	paint(&from, 0, 100, 0, 100, 50);
	paint(&from, 100, 200, 0, 100, 250);
	to = resize(&from, 100, 100, PICTURE_LETTERBOX);
	assert_int_equal(at(&to, 10, 24), 0);
	assert_int_equal(at(&to, 10, 75), 0);
	assert_in_range(at(&to, 10, 25), 49, 51);
	assert_in_range(at(&to, 10, 74), 49, 51);
	assert_in_range(at(&to, 90, 50), 249, 251);
	picture_free(&to);
	to = resize(&from, 3, 200, PICTURE_LETTERBOX);
	assert_int_equal(at(&to, 1, 98), 0);
	assert_true(at(&to, 0, 99) > 0 || at(&to, 0, 100) > 0);
	picture_free(&to);
	picture_free(&from);
}

static void crop_keeps_the_middle(void **state)
{
	struct picture from = make(300, 100, 1), to;

	(void)state;
	paint(&from, 0, 100, 0, 100, 10);
	paint(&from, 100, 200, 0, 100, 120);
	paint(&from, 200, 300, 0, 100, 240);
	to = resize(&from, 50, 50, PICTURE_CROP);
	assert_in_range(at(&to, 0, 25), 119, 121);
	assert_in_range(at(&to, 49, 0), 119, 121);
	picture_free(&to);
	picture_free(&from);
}

static void channels_stay_in_order(void **state)
{
	struct picture from = make(40, 40, 3), to;
	unsigned int i;

	(void)state;
	for (i = 0; i < 1600; i++)
		memcpy(from.pixels + 3 * i, (uint8_t[]){ 10, 100, 200 }, 3);
	to = resize(&from, 9, 11, PICTURE_STRETCH);
	assert_in_range(to.pixels[0], 9, 11);
	assert_in_range(to.pixels[1], 99, 101);
	assert_in_range(to.pixels[2], 199, 201);
	picture_free(&to);
	picture_free(&from);
}

static void too_large_is_refused(void **state)
{
	struct picture from = make(2, 2, 1), to = { .width = 20000, .height = 4 };
	struct problem problem;

	(void)state;
	assert_int_equal(picture_resize(&from, &to, PICTURE_STRETCH, &problem), -1);
	assert_null(to.pixels);
	picture_free(&from);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_size_is_a_copy),
		cmocka_unit_test(exact_refuses_another_size),
		cmocka_unit_test(one_colour_stays),
		cmocka_unit_test(half_is_the_mean),
		cmocka_unit_test(small_sees_everything),
		cmocka_unit_test(larger_is_smooth),
		cmocka_unit_test(letterbox_keeps_all),
		cmocka_unit_test(crop_keeps_the_middle),
		cmocka_unit_test(channels_stay_in_order),
		cmocka_unit_test(too_large_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
