// SPDX-License-Identifier: MIT
/*
 * All arithmetic in binary32, one rounding per operation, so that results are
 * the stock library's bit for bit; compiled without contraction (build.mk).
 * Reference formats.md section 7.
 */
#include <string.h>

#include "format_lines.h"

/* As many elements as no kernel leaves a part of undone */
#define KERNEL_BLOCK 32

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

/* Where both sides are contiguous, the processor's vector instructions do all
 * of it, or, of less than KERNEL_BLOCK, some. What is left over at the end is done
 * as one more block, which partly does the same again.
 */
#define DEFINE_KERNEL(name, FROM, TO, kernel, kernel_each)			\
static size_t name##_kernel(const struct format_line *l, size_t first)		\
{										\
	const struct kernels *k = l->kernels;					\
	const FROM *from = (const FROM *)l->from + first;			\
	TO *to = (TO *)l->to + first;						\
										\
	if (!l->quant_step)							\
		return k->kernel(from, to, l->count - first, l->quant);		\
	return k->kernel_each(from, to, l->count - first, l->quant + first);	\
}										\
										\
static void name(const struct format_line *l)					\
{										\
	struct format_line rest = *l;						\
	size_t done = 0;							\
										\
	if (is_contiguous(l))							\
		done = name##_kernel(l, 0);					\
	if (done && done < l->count && l->count >= KERNEL_BLOCK) {		\
		name##_kernel(l, l->count - KERNEL_BLOCK);			\
		done = l->count;						\
	}									\
	rest.from = (const FROM *)l->from + done;				\
	rest.to = (TO *)l->to + done;						\
	rest.quant += (ptrdiff_t)done * l->quant_step;				\
	rest.count -= done;							\
	name##_strided(&rest);							\
}

#define DEFINE_CONVERSION(name, FROM, TO, EXPR, kernel, kernel_each)		\
	DEFINE_LINE(name##_strided, FROM, TO, EXPR)				\
	DEFINE_KERNEL(name, FROM, TO, kernel, kernel_each)

DEFINE_LINE(u8_strided, uint8_t, uint8_t, x)
DEFINE_LINE(u16_strided, uint16_t, uint16_t, x)
DEFINE_LINE(u8_to_u16, uint8_t, uint16_t, x)
/* Inputs have one quantisation for all features */
DEFINE_CONVERSION(f32_to_u8, float, uint8_t, to_u8(quantise(x, q, UINT8_MAX)), quantise_u8,
		  quantise_u8)
DEFINE_CONVERSION(f32_to_u16, float, uint16_t, to_u16(quantise(x, q, UINT16_MAX)), quantise_u16,
		  quantise_u16)
DEFINE_CONVERSION(u8_to_f32, uint8_t, float, dequantise((float)x, q), dequantise_u8,
		  dequantise_u8_each)
DEFINE_CONVERSION(u16_to_f32, uint16_t, float, dequantise((float)x, q), dequantise_u16,
		  dequantise_u16_each)

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
	format_line_fn *line;
} lines[] = {
	{ H8L_TYPE_UINT8, H8L_TYPE_UINT8, u8_copy },
	{ H8L_TYPE_UINT16, H8L_TYPE_UINT16, u16_copy },
	{ H8L_TYPE_UINT8, H8L_TYPE_UINT16, u8_to_u16 },
	{ H8L_TYPE_FLOAT32, H8L_TYPE_UINT8, f32_to_u8 },
	{ H8L_TYPE_FLOAT32, H8L_TYPE_UINT16, f32_to_u16 },
	{ H8L_TYPE_UINT8, H8L_TYPE_FLOAT32, u8_to_f32 },
	{ H8L_TYPE_UINT16, H8L_TYPE_FLOAT32, u16_to_f32 },
};

format_line_fn *format_line_for(enum h8l_direction direction, enum h8l_type host,
				enum h8l_type device)
{
	enum h8l_type from = direction == H8L_INPUT ? host : device;
	enum h8l_type to = direction == H8L_INPUT ? device : host;

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		if (lines[i].from == from && lines[i].to == to)
			return lines[i].line;
	return NULL;
}

/* ---- matrices ---- */

/* Tiles that do not fit any more are moved back over those before them. With
 * fewer columns than a tile has, a tile reads on into the next rows, so the last
 * rows are left to the loop.
 */
#define DEFINE_TRANSPOSE(name, T, tile)						\
static void name##_loop(const struct format_matrix *m, size_t first)		\
{										\
	const T *from = m->from;						\
	T *to = m->to;								\
										\
	for (size_t c = 0; c < m->columns; c++)					\
		for (size_t r = first; r < m->rows; r++)			\
			to[c * m->to_pitch + r] = from[r * m->from_pitch + c];	\
}										\
										\
static void name##_rows(const struct format_matrix *m, size_t r)		\
{										\
	const T *from = (const T *)m->from + r * m->from_pitch;			\
	T *to = (T *)m->to + r;							\
	size_t columns = m->columns, last = columns - KERNEL_TILE, c;		\
	ptrdiff_t from_pitch = (ptrdiff_t)m->from_pitch;			\
	ptrdiff_t to_pitch = (ptrdiff_t)m->to_pitch;				\
										\
	if (columns < KERNEL_TILE) {						\
		m->kernels->tile(from, from_pitch, to, to_pitch,		\
				 (unsigned int)columns);			\
		return;								\
	}									\
	for (c = 0; c <= last; c += KERNEL_TILE)				\
		m->kernels->tile(from + c, from_pitch, to + c * m->to_pitch,	\
				 to_pitch, KERNEL_TILE);			\
	if (c != columns)							\
		m->kernels->tile(from + last, from_pitch,			\
				 to + last * m->to_pitch, to_pitch, KERNEL_TILE);	\
}										\
										\
static void name(const struct format_matrix *m)					\
{										\
	size_t r, end;								\
										\
	if (m->rows < KERNEL_TILE || m->columns < 2) {				\
		name##_loop(m, 0);						\
		return;								\
	}									\
	end = (m->rows - 1) * m->from_pitch + m->columns + m->slack;		\
	for (r = 0; r + KERNEL_TILE <= m->rows; r += KERNEL_TILE) {		\
		if ((r + KERNEL_TILE - 1) * m->from_pitch + KERNEL_TILE > end)	\
			break;							\
		name##_rows(m, r);						\
	}									\
	if (r < m->rows && m->columns >= KERNEL_TILE)				\
		name##_rows(m, m->rows - KERNEL_TILE);				\
	else									\
		name##_loop(m, r);						\
}

DEFINE_TRANSPOSE(transpose_8, uint8_t, transpose_u8)
DEFINE_TRANSPOSE(transpose_16, uint16_t, transpose_u16)

void format_transpose(const struct format_matrix *matrix, unsigned int element)
{
	struct format_matrix rest = *matrix;
	size_t done = 0;

	if (element != 1) {
		transpose_16(matrix);
		return;
	}
	if (matrix->columns == 3 && matrix->from_pitch == 3)
		done = matrix->kernels->split_u8(matrix->from, matrix->to,
						 (ptrdiff_t)matrix->to_pitch, matrix->rows);
	rest.from = (const uint8_t *)matrix->from + 3 * done;
	rest.to = (uint8_t *)matrix->to + done;
	rest.rows -= done;
	if (rest.rows)
		transpose_8(&rest);
}
