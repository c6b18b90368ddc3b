// SPDX-License-Identifier: MIT
/*
 * All arithmetic in binary32, one rounding per operation, so that results are
 * the stock library's bit for bit; compiled without contraction (build.mk).
 * Reference formats.md section 7.
 */
#include <math.h>
#include <string.h>

#include "format_lines.h"

/* One loop; EXPR makes a value of type TO from `x` and the quantisation `q` */
#define DEFINE_LINE(name, FROM, TO, EXPR)					\
static void name(const struct format_line *l)					\
{										\
	const FROM *from = l->from;						\
	TO *to = l->to;								\
	const struct h8l_quant *q = l->quant;					\
										\
	for (size_t i = 0; i < l->count; i++) {					\
		FROM x = *from;							\
										\
		*to = EXPR;							\
		from += l->from_step;						\
		to += l->to_step;						\
		q += l->quant_step;						\
	}									\
	(void)q;								\
}

static inline float clip(float x, const struct h8l_quant *q)
{
	if (x >= q->limit_max)
		return q->limit_max;
	return x <= q->limit_min ? q->limit_min : x;
}

static inline float quantise(float x, const struct h8l_quant *q)
{
	return rintf(clip(x, q) / q->scale + q->zero_point);
}

/* Out of range is out of contract: it saturates, and NaN becomes 0 */
static inline uint8_t to_u8(float x)
{
	return x > 0 ? (x < UINT8_MAX ? (uint8_t)x : UINT8_MAX) : 0;
}

static inline uint16_t to_u16(float x)
{
	return x > 0 ? (x < UINT16_MAX ? (uint16_t)x : UINT16_MAX) : 0;
}

static inline float dequantise(float x, const struct h8l_quant *q)
{
	return (x - q->zero_point) * q->scale;
}

DEFINE_LINE(u8_strided, uint8_t, uint8_t, x)
DEFINE_LINE(u16_strided, uint16_t, uint16_t, x)
DEFINE_LINE(u8_to_u16, uint8_t, uint16_t, x)
DEFINE_LINE(f32_to_u8, float, uint8_t, to_u8(quantise(x, q)))
DEFINE_LINE(f32_to_u16, float, uint16_t, to_u16(quantise(x, q)))
DEFINE_LINE(f32_as_u8, float, uint8_t, to_u8(rintf(x)))
DEFINE_LINE(f32_as_u16, float, uint16_t, to_u16(rintf(x)))
DEFINE_LINE(u8_to_f32, uint8_t, float, dequantise((float)x, q))
DEFINE_LINE(u16_to_f32, uint16_t, float, dequantise((float)x, q))
DEFINE_LINE(u8_as_f32, uint8_t, float, (float)x)
DEFINE_LINE(u16_as_f32, uint16_t, float, (float)x)

static bool is_contiguous(const struct format_line *l)
{
	return l->from_step == 1 && l->to_step == 1;
}

static void u8_copy(const struct format_line *l)
{
	if (is_contiguous(l))
		memcpy(l->to, l->from, l->count);
	else
		u8_strided(l);
}

static void u16_copy(const struct format_line *l)
{
	if (is_contiguous(l))
		memcpy(l->to, l->from, l->count * sizeof(uint16_t));
	else
		u16_strided(l);
}

static const struct {
	enum h8l_type from, to;
	format_line_fn *quantised;
	format_line_fn *identity;
} lines[] = {
	{ H8L_TYPE_UINT8, H8L_TYPE_UINT8, u8_copy, u8_copy },
	{ H8L_TYPE_UINT16, H8L_TYPE_UINT16, u16_copy, u16_copy },
	{ H8L_TYPE_UINT8, H8L_TYPE_UINT16, u8_to_u16, u8_to_u16 },
	{ H8L_TYPE_FLOAT32, H8L_TYPE_UINT8, f32_to_u8, f32_as_u8 },
	{ H8L_TYPE_FLOAT32, H8L_TYPE_UINT16, f32_to_u16, f32_as_u16 },
	{ H8L_TYPE_UINT8, H8L_TYPE_FLOAT32, u8_to_f32, u8_as_f32 },
	{ H8L_TYPE_UINT16, H8L_TYPE_FLOAT32, u16_to_f32, u16_as_f32 },
};

format_line_fn *format_line_for(enum h8l_direction direction, enum h8l_type host,
				enum h8l_type device, bool identity)
{
	enum h8l_type from = direction == H8L_INPUT ? host : device;
	enum h8l_type to = direction == H8L_INPUT ? device : host;

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		if (lines[i].from == from && lines[i].to == to)
			return identity ? lines[i].identity : lines[i].quantised;
	return NULL;
}
