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

void net_write_stream(const struct stream *s, uint8_t *frame)
{
	const struct tensor *t = s->tensor;
	const uint16_t *in = t->data;
	uint32_t r, c, f;

	memset(frame, 0, s->bytes);
	for (r = 0; r < t->height; r++)
		for (c = 0; c < t->width; c++)
			for (f = 0; f < t->features; f++)
				store_element(frame, element_index(s, r, c, f), t->type, *in++);
}
