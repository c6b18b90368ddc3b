// SPDX-License-Identifier: MIT
/*
 * All arithmetic in binary32, one rounding per operation, so that results are
 * the stock library's bit for bit; compiled without contraction (build.mk).
 * Reference formats.md section 7.
 */
#include <string.h>

#include "format_lines.h"

static bool is_contiguous(const struct format_line *l)
{
	return l->from_step == 1 && l->to_step == 1;
}

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

/* Choices in the form that processors have instructions for: NaN becomes the
 * lower limit
 */
static inline float clip(float x, const struct h8l_quant *q)
{
	x = x > q->limit_min ? x : q->limit_min;
	return x < q->limit_max ? x : q->limit_max;
}

/* Rounds to the nearest integer, halves to even, as rintf() does, for values
 * between 0 and 2^22: the sum has no bits left for a fraction. Unlike rintf()
 * it can be done on several values at once on every machine.
 */
static inline float round_small(float x)
{
	const float magic = 12582912.0f;	/* 1.5 * 2^23 */

	return x + magic - magic;
}

/* Out of range is out of contract: it saturates, and NaN becomes 0 */
static inline float saturate(float x, float most)
{
	x = x > 0 ? x : 0;
	return round_small(x < most ? x : most);
}

static inline float quantise(float x, const struct h8l_quant *q, float most)
{
	return saturate(clip(x, q) / q->scale + q->zero_point, most);
}

static inline uint8_t to_u8(float x)
{
	return (uint8_t)(int32_t)x;
}

static inline uint16_t to_u16(float x)
{
	return (uint16_t)(int32_t)x;
}

static inline float dequantise(float x, const struct h8l_quant *q)
{
	return (x - q->zero_point) * q->scale;
}

/* The same where both sides are contiguous and one quantisation counts: whole
 * blocks of a fixed length, which compilers turn into vector code
 */
#define BLOCK 32

#define DEFINE_BLOCKS(name, FROM, TO, EXPR)					\
static void name##_block(const FROM *restrict from, TO *restrict to,		\
			 struct h8l_quant quant)				\
{										\
	const struct h8l_quant *q = &quant;					\
										\
	for (int i = 0; i < BLOCK; i++) {					\
		FROM x = from[i];						\
										\
		to[i] = EXPR;							\
	}									\
	(void)q;								\
}										\
										\
static void name(const struct format_line *l)					\
{										\
	struct format_line rest = *l;						\
	const FROM *from = l->from;						\
	TO *to = l->to;								\
										\
	if (is_contiguous(l) && !l->quant_step)					\
		for (; rest.count >= BLOCK; rest.count -= BLOCK) {		\
			name##_block(from, to, *l->quant);			\
			from += BLOCK;						\
			to += BLOCK;						\
		}								\
	rest.from = from;							\
	rest.to = to;								\
	name##_strided(&rest);							\
}

#define DEFINE_CONVERSION(name, FROM, TO, EXPR)					\
	DEFINE_LINE(name##_strided, FROM, TO, EXPR)				\
	DEFINE_BLOCKS(name, FROM, TO, EXPR)

DEFINE_LINE(u8_strided, uint8_t, uint8_t, x)
DEFINE_LINE(u16_strided, uint16_t, uint16_t, x)
DEFINE_CONVERSION(u8_to_u16, uint8_t, uint16_t, x)
DEFINE_CONVERSION(f32_to_u8, float, uint8_t, to_u8(quantise(x, q, UINT8_MAX)))
DEFINE_CONVERSION(f32_to_u16, float, uint16_t, to_u16(quantise(x, q, UINT16_MAX)))
DEFINE_CONVERSION(f32_as_u8, float, uint8_t, to_u8(saturate(x, UINT8_MAX)))
DEFINE_CONVERSION(f32_as_u16, float, uint16_t, to_u16(saturate(x, UINT16_MAX)))
DEFINE_CONVERSION(u8_to_f32, uint8_t, float, dequantise((float)x, q))
DEFINE_CONVERSION(u16_to_f32, uint16_t, float, dequantise((float)x, q))
DEFINE_CONVERSION(u8_as_f32, uint8_t, float, (float)x)
DEFINE_CONVERSION(u16_as_f32, uint16_t, float, (float)x)

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
