// SPDX-License-Identifier: MIT
/* How a tensor lies in a device frame: tests/hef/nn_format.h, struct nn_stream. */
#include <string.h>

#include "tests/emulator/nn_net.h"

enum { NHWC, NHCW, NC, FCR, NHW = 5, F8CR = 7 };

static size_t element_index(const struct stream *s, uint32_t r, uint32_t c, uint32_t f)
{
	size_t w = s->width, n = s->features;

	switch (s->order) {
	case NHCW:
		return (r * n + f) * w + c;
	case F8CR:
		return r * w * n + f / 8 * 8 * w + c * 8 + f % 8;
	default:
		return (r * w + c) * n + f;
	}
}

static uint16_t load_element(const uint8_t *frame, size_t index, uint32_t type)
{
	const uint8_t *p = frame + index * type;

	return type == NN_TYPE_U8 ? p[0] : p[0] | p[1] << 8;
}

static void store_element(uint8_t *frame, size_t index, uint32_t type, uint16_t v)
{
	uint8_t *p = frame + index * type;

	p[0] = v;
	if (type != NN_TYPE_U8)
		p[1] = v >> 8;
}

void net_read_stream(const struct stream *s, const uint8_t *frame)
{
	const struct tensor *t = s->tensor;
	uint16_t *out = t->data;
	uint32_t r, c, f;

	for (r = 0; r < t->height; r++)
		for (c = 0; c < t->width; c++)
			for (f = 0; f < t->features; f++)
				*out++ = load_element(frame, element_index(s, r, c, f), t->type);
}

static void write_rows(const struct stream *s, uint32_t first, uint32_t rows, uint8_t *frame)
{
	const struct tensor *t = s->tensor;
	size_t row_bytes = (size_t)s->width * s->features * t->type;
	uint32_t r, c, f;

	memset(frame, 0, rows * row_bytes);
	for (r = 0; r < rows && first + r < t->height; r++) {
		const uint16_t *in = t->data + (size_t)(first + r) * t->width * t->features;

		for (c = 0; c < t->width; c++)
			for (f = 0; f < t->features; f++)
				store_element(frame, element_index(s, r, c, f), t->type, *in++);
	}
}

static uint32_t common_divisor(uint32_t a, uint32_t b)
{
	return b ? common_divisor(b, a % b) : a;
}

static void write_mux(const struct stream *parts, uint8_t *frame)
{
	uint32_t slices = 0, i, k;

	for (k = 0; k < parts->parts; k++)
		slices = common_divisor(slices, parts[k].height);
	for (i = 0; i < slices; i++)
		for (k = 0; k < parts->parts; k++) {
			const struct stream *s = &parts[k];
			uint32_t rows = s->height / slices;

			write_rows(s, i * rows, rows, frame);
			frame += (size_t)rows * s->width * s->features * s->tensor->type;
		}
}

/* ---- non-maximum suppression: boxes, then delimiters to the end of a burst ---- */

static bool is_delimiter(const uint16_t *item)
{
	return (item[0] & item[1] & item[2] & item[3]) == 0xffff;
}

static uint32_t write_class(const struct stream *s, uint32_t row, uint8_t *frame)
{
	const uint16_t *item = s->tensor->data + (size_t)row * s->width * 4;
	uint32_t count = 0, k;

	for (; !is_delimiter(item); item += 4, count++)
		for (k = 0; k < 4; k++)
			store_element(frame, 4 * (size_t)count + k, NN_TYPE_U16, item[k]);
	k = (count / s->features + 1) * s->features;
	memset(frame + (size_t)count * NN_NMS_ITEM, 0xff, (size_t)(k - count) * NN_NMS_ITEM);
	return k * NN_NMS_ITEM;
}

static uint32_t write_nms(const struct stream *s, uint8_t *frame)
{
	uint32_t at = 0, row;

	for (row = 0; row < s->height; row++)
		at += write_class(s, row, frame + at);
	return at;
}

uint32_t net_write_stream(const struct stream *s, uint8_t *frame)
{
	if (s->order == NN_ORDER_NMS)
		return write_nms(s, frame);
	if (s->parts > 1) {
		write_mux(s, frame);
		return s->bytes;
	}
	memset(frame, 0, s->bytes);
	write_rows(s, 0, s->height, frame);
	return s->bytes;
}
