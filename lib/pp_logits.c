// SPDX-License-Identifier: MIT
/*
 * Argmax over the features of each pixel (reference formats.md 11.10).
 */
#include <errno.h>

#include "postprocess.h"

#define BLOCK	8	/* features of a block of F8CR */

static int wrong(const char **reason, const char *text)
{
	if (reason)
		*reason = text;
	return -EINVAL;
}

static uint32_t largest_index(enum h8l_type type)
{
	switch (type) {
	case H8L_TYPE_UINT8:
		return UINT8_MAX;
	case H8L_TYPE_UINT16:
		return UINT16_MAX;
	case H8L_TYPE_FLOAT32:
		return 1u << 24;	/* every integer up to here is a float */
	default:
		return 0;
	}
}

static size_t type_bytes(enum h8l_type type)
{
	return type == H8L_TYPE_UINT8 ? 1 : type == H8L_TYPE_UINT16 ? 2 : 4;
}

int pp_argmax_check(const struct pp_tensor *t, enum h8l_type type, const char **reason)
{
	int err = pp_tensor_check(t, reason);

	if (err)
		return err;
	if (!largest_index(type))
		return wrong(reason, "argmax gives uint8, uint16 or float32");
	if (t->shape.features > largest_index(type))
		return wrong(reason, "there are more classes than the output type can number");
	switch (t->order) {
	case H8L_ORDER_NHCW:
	case H8L_ORDER_NHWC:
		return 0;
	case H8L_ORDER_NC:
		if (t->shape.height != 1 || t->shape.width != 1)
			return wrong(reason, "an NC output has more than one pixel");
		return 0;
	case H8L_ORDER_F8CR:
		if (t->device_shape.features % BLOCK)
			return wrong(reason, "F8CR features are not padded to a multiple of 8");
		return 0;
	default:
		return wrong(reason, "argmax is possible for NHCW, NHWC, NC and F8CR");
	}
}

/* Where the features of a pixel lie: `run` of them `step` elements apart, then
 * the next run `next` elements after the start of this one
 */
struct pixel {
	size_t first, step, next;
	uint32_t run;
};

static struct pixel find_pixel(const struct pp_tensor *t, uint32_t row, uint32_t column)
{
	size_t width = t->device_shape.width, features = t->device_shape.features;
	size_t start = pp_row(t, row);

	switch (t->order) {
	case H8L_ORDER_NHCW:
		return (struct pixel){ start + column, width, 0, t->shape.features };
	case H8L_ORDER_F8CR:
		return (struct pixel){ start + (size_t)column * BLOCK, 1, width * BLOCK, BLOCK };
	default:
		return (struct pixel){ start + column * features, 1, 0, t->shape.features };
	}
}

static uint32_t argmax_pixel(const struct pp_tensor *t, const void *data, struct pixel p)
{
	uint32_t best = 0, most = pp_get(t, data, p.first);

	for (uint32_t first = 0; first < t->shape.features; first += p.run) {
		uint32_t end = t->shape.features - first;
		size_t at = p.first;

		for (uint32_t i = 0; i < end && i < p.run; i++) {
			uint32_t value = pp_get(t, data, at);

			if (value > most) {
				most = value;
				best = first + i;
			}
			at += p.step;
		}
		p.first += p.next;
	}
	return best;
}

static void put_index(uint8_t *out, enum h8l_type type, size_t pixel, uint32_t index)
{
	uint16_t wide = (uint16_t)index;
	float real = (float)index;

	if (type == H8L_TYPE_UINT8)
		out[pixel] = (uint8_t)index;
	else if (type == H8L_TYPE_UINT16)
		memcpy(out + 2 * pixel, &wide, sizeof(wide));
	else
		memcpy(out + 4 * pixel, &real, sizeof(real));
}

int pp_argmax(const struct pp_tensor *t, const struct pp_input *input, enum h8l_type type,
	      void *output, size_t size)
{
	size_t pixels = (size_t)t->shape.height * t->shape.width, pixel = 0;

	if (input->size < pp_tensor_bytes(t) || size < pixels * type_bytes(type))
		return -EINVAL;
	for (uint32_t row = 0; row < t->shape.height; row++)
		for (uint32_t column = 0; column < t->shape.width; column++)
			put_index(output, type, pixel++,
				  argmax_pixel(t, input->data, find_pixel(t, row, column)));
	return 0;
}
