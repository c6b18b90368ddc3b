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

struct best {
	uint32_t value, index;
};

static void run_u8(const uint8_t *p, size_t step, uint32_t first, uint32_t end, struct best *best)
{
	for (uint32_t i = first; i < end; i++) {
		if (*p > best->value)
			*best = (struct best){ *p, i };
		p += step;
	}
}

static void run_u16(const uint8_t *p, size_t step, uint32_t first, uint32_t end,
		    struct best *best)
{
	for (uint32_t i = first; i < end; i++) {
		uint16_t value;

		memcpy(&value, p, sizeof(value));
		if (value > best->value)
			*best = (struct best){ value, i };
		p += 2 * step;
	}
}

static uint32_t argmax_pixel(const struct pp_tensor *t, const void *data, struct pixel p)
{
	struct best best = { pp_get(t, data, p.first), 0 };

	for (uint32_t first = 0; first < t->shape.features; first += p.run) {
		const uint8_t *at = (const uint8_t *)data + p.first * t->data_bytes;
		uint32_t end = t->shape.features;

		if (end - first > p.run)
			end = first + p.run;
		if (t->data_bytes == 1)
			run_u8(at, p.step, first, end, &best);
		else
			run_u16(at, p.step, first, end, &best);
		p.first += p.next;
	}
	return best.index;
}

/* ---- columns side by side: NHCW ---- */

typedef uint8_t u8x16 __attribute__((vector_size(16)));
typedef uint16_t u16x8 __attribute__((vector_size(16)));

#define VECTOR_BYTES	16

static void block_u8(const uint8_t *p, size_t pitch, uint32_t features, uint16_t *best)
{
	u8x16 most, index = { 0 }, now = { 0 };

	memcpy(&most, p, sizeof(most));
	for (uint32_t f = 1; f < features; f++) {
		u8x16 v, more;

		p += pitch;
		memcpy(&v, p, sizeof(v));
		now += 1;
		more = (u8x16)(v > most);
		most = (v & more) | (most & ~more);
		index = (now & more) | (index & ~more);
	}
	for (unsigned int i = 0; i < sizeof(index); i++)
		best[i] = index[i];
}

static void block_u16(const uint8_t *p, size_t pitch, uint32_t features, uint16_t *best)
{
	u16x8 most, index = { 0 }, now = { 0 };

	memcpy(&most, p, sizeof(most));
	for (uint32_t f = 1; f < features; f++) {
		u16x8 v, more;

		p += 2 * pitch;
		memcpy(&v, p, sizeof(v));
		now += 1;
		more = (u16x8)(v > most);
		most = (v & more) | (most & ~more);
		index = (now & more) | (index & ~more);
	}
	memcpy(best, &index, sizeof(index));
}

/* Columns that are done at once; 0 if that is not possible */
static uint32_t block_columns(const struct pp_tensor *t)
{
	uint32_t columns = VECTOR_BYTES / t->data_bytes;

	if (t->order != H8L_ORDER_NHCW || columns > t->device_shape.width ||
	    (t->data_bytes == 1 && t->shape.features > UINT8_MAX + 1))
		return 0;
	return columns;
}

static void argmax_block(const struct pp_tensor *t, const void *data, uint32_t row,
			 uint32_t column, uint16_t *best)
{
	const uint8_t *p = (const uint8_t *)data + (pp_row(t, row) + column) * t->data_bytes;

	if (t->data_bytes == 1)
		block_u8(p, t->device_shape.width, t->shape.features, best);
	else
		block_u16(p, t->device_shape.width, t->shape.features, best);
}

/* ---- a frame ---- */

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

/* The last block starts earlier if it would leave the line */
static void argmax_row_blocks(const struct pp_tensor *t, const void *data, uint32_t row,
			      enum h8l_type type, uint8_t *out)
{
	uint32_t columns = block_columns(t), last = t->device_shape.width - columns;
	uint32_t width = t->shape.width, column = 0;
	uint16_t best[VECTOR_BYTES];

	while (column < width) {
		uint32_t start = column < last ? column : last;

		argmax_block(t, data, row, start, best);
		for (; column < width && column < start + columns; column++)
			put_index(out, type, (size_t)row * width + column, best[column - start]);
	}
}

static void argmax_row(const struct pp_tensor *t, const void *data, uint32_t row,
		       enum h8l_type type, uint8_t *out)
{
	uint32_t width = t->shape.width;

	if (block_columns(t)) {
		argmax_row_blocks(t, data, row, type, out);
		return;
	}
	for (uint32_t column = 0; column < width; column++)
		put_index(out, type, (size_t)row * width + column,
			  argmax_pixel(t, data, find_pixel(t, row, column)));
}

int pp_argmax(const struct pp_tensor *t, const struct pp_input *input, enum h8l_type type,
	      void *output, size_t size)
{
	size_t pixels = (size_t)t->shape.height * t->shape.width;

	if (input->size < pp_tensor_bytes(t) || size < pixels * type_bytes(type))
		return -EINVAL;
	for (uint32_t row = 0; row < t->shape.height; row++)
		argmax_row(t, input->data, row, type, output);
	return 0;
}
