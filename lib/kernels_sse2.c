// SPDX-License-Identifier: MIT
/*
 * Every x86-64 has SSE2. Its minimum and maximum give the second operand when
 * one is not a number, which is what makes NaN the lower limit as in the scalar
 * code; its conversion to integers rounds halves to even.
 */
#ifdef __x86_64__
#include <emmintrin.h>

#include "kernels_sse2.h"

/* ---- to the chip ---- */

struct quantiser {
	__m128 zero_point, scale, limit_min, limit_max, most;
};

static inline struct quantiser make_quantiser(const struct h8l_quant *q, float most)
{
	return (struct quantiser){
		_mm_set1_ps(q->zero_point), _mm_set1_ps(q->scale), _mm_set1_ps(q->limit_min),
		_mm_set1_ps(q->limit_max), _mm_set1_ps(most),
	};
}

static inline __m128i quantise(const float *from, const struct quantiser *q)
{
	__m128 x = _mm_max_ps(_mm_loadu_ps(from), q->limit_min);

	x = _mm_div_ps(_mm_min_ps(x, q->limit_max), q->scale);
	x = _mm_max_ps(_mm_add_ps(x, q->zero_point), _mm_setzero_ps());
	return _mm_cvtps_epi32(_mm_min_ps(x, q->most));
}

static size_t quantise_u8(const float *from, uint8_t *to, size_t count,
			  const struct h8l_quant *quant)
{
	const struct quantiser q = make_quantiser(quant, UINT8_MAX);
	size_t i;

	for (i = 0; i + 16 <= count; i += 16) {
		__m128i low = _mm_packs_epi32(quantise(from + i, &q), quantise(from + i + 4, &q));
		__m128i high = _mm_packs_epi32(quantise(from + i + 8, &q),
					       quantise(from + i + 12, &q));

		_mm_storeu_si128((__m128i *)(to + i), _mm_packus_epi16(low, high));
	}
	return i;
}

/* There is only a signed narrowing */
static size_t quantise_u16(const float *from, uint16_t *to, size_t count,
			   const struct h8l_quant *quant)
{
	const struct quantiser q = make_quantiser(quant, UINT16_MAX);
	const __m128i middle = _mm_set1_epi32(0x8000), flip = _mm_set1_epi16((short)0x8000);
	size_t i;

	for (i = 0; i + 8 <= count; i += 8) {
		__m128i low = _mm_sub_epi32(quantise(from + i, &q), middle);
		__m128i high = _mm_sub_epi32(quantise(from + i + 4, &q), middle);

		_mm_storeu_si128((__m128i *)(to + i),
				 _mm_xor_si128(_mm_packs_epi32(low, high), flip));
	}
	return i;
}

/* ---- from the chip ---- */

static inline void dequantise(__m128i x, __m128 zero_point, __m128 scale, float *to)
{
	_mm_storeu_ps(to, _mm_mul_ps(_mm_sub_ps(_mm_cvtepi32_ps(x), zero_point), scale));
}

static size_t dequantise_u8(const uint8_t *from, float *to, size_t count,
			    const struct h8l_quant *quant)
{
	const __m128 zero_point = _mm_set1_ps(quant->zero_point), scale = _mm_set1_ps(quant->scale);
	const __m128i zero = _mm_setzero_si128();
	size_t i;

	for (i = 0; i + 16 <= count; i += 16) {
		__m128i x = _mm_loadu_si128((const __m128i *)(from + i));
		__m128i low = _mm_unpacklo_epi8(x, zero), high = _mm_unpackhi_epi8(x, zero);

		dequantise(_mm_unpacklo_epi16(low, zero), zero_point, scale, to + i);
		dequantise(_mm_unpackhi_epi16(low, zero), zero_point, scale, to + i + 4);
		dequantise(_mm_unpacklo_epi16(high, zero), zero_point, scale, to + i + 8);
		dequantise(_mm_unpackhi_epi16(high, zero), zero_point, scale, to + i + 12);
	}
	return i;
}

static size_t dequantise_u16(const uint16_t *from, float *to, size_t count,
			     const struct h8l_quant *quant)
{
	const __m128 zero_point = _mm_set1_ps(quant->zero_point), scale = _mm_set1_ps(quant->scale);
	const __m128i zero = _mm_setzero_si128();
	size_t i;

	for (i = 0; i + 16 <= count; i += 16) {
		__m128i x = _mm_loadu_si128((const __m128i *)(from + i));
		__m128i y = _mm_loadu_si128((const __m128i *)(from + i + 8));

		dequantise(_mm_unpacklo_epi16(x, zero), zero_point, scale, to + i);
		dequantise(_mm_unpackhi_epi16(x, zero), zero_point, scale, to + i + 4);
		dequantise(_mm_unpacklo_epi16(y, zero), zero_point, scale, to + i + 8);
		dequantise(_mm_unpackhi_epi16(y, zero), zero_point, scale, to + i + 12);
	}
	return i;
}

/* Four quantisations have their zero points in the first column */
static inline void dequantise_each(__m128i x, const struct h8l_quant *q, float *to)
{
	__m128 low = _mm_unpacklo_ps(_mm_loadu_ps(&q[0].zero_point), _mm_loadu_ps(&q[1].zero_point));
	__m128 high = _mm_unpacklo_ps(_mm_loadu_ps(&q[2].zero_point),
				      _mm_loadu_ps(&q[3].zero_point));

	dequantise(x, _mm_movelh_ps(low, high), _mm_movehl_ps(high, low), to);
}

static size_t dequantise_u8_each(const uint8_t *from, float *to, size_t count,
				 const struct h8l_quant *quants)
{
	const __m128i zero = _mm_setzero_si128();
	size_t i;

	for (i = 0; i + 8 <= count; i += 8) {
		__m128i x = _mm_unpacklo_epi8(_mm_loadl_epi64((const __m128i *)(from + i)), zero);

		dequantise_each(_mm_unpacklo_epi16(x, zero), quants + i, to + i);
		dequantise_each(_mm_unpackhi_epi16(x, zero), quants + i + 4, to + i + 4);
	}
	return i;
}

static size_t dequantise_u16_each(const uint16_t *from, float *to, size_t count,
				  const struct h8l_quant *quants)
{
	const __m128i zero = _mm_setzero_si128();
	size_t i;

	for (i = 0; i + 8 <= count; i += 8) {
		__m128i x = _mm_loadu_si128((const __m128i *)(from + i));

		dequantise_each(_mm_unpacklo_epi16(x, zero), quants + i, to + i);
		dequantise_each(_mm_unpackhi_epi16(x, zero), quants + i + 4, to + i + 4);
	}
	return i;
}

/* ---- tiles ---- */

static inline __m128i load_row(const uint8_t *from, ptrdiff_t pitch, ptrdiff_t row)
{
	return _mm_loadl_epi64((const __m128i *)(from + row * pitch));
}

static inline void store_half(uint8_t *to, __m128i x)
{
	_mm_storel_epi64((__m128i *)to, x);
}

static inline void store_pair(uint8_t *to, ptrdiff_t pitch, __m128i pair)
{
	store_half(to, pair);
	store_half(to + pitch, _mm_srli_si128(pair, 8));
}

/* Whole tiles, and pictures of three colours */
static inline void store_columns(uint8_t *to, ptrdiff_t pitch, const __m128i *column,
				 unsigned int stores)
{
	store_pair(to, pitch, column[0]);
	if (stores > 3)
		store_pair(to + 2 * pitch, pitch, column[1]);
	if (stores > 5)
		store_pair(to + 4 * pitch, pitch, column[2]);
	if (stores > 7)
		store_pair(to + 6 * pitch, pitch, column[3]);
	else if (stores % 2)
		store_half(to + (stores - 1) * pitch, column[stores / 2]);
}

/* Pairs of rows are interleaved, then pairs of pairs, then quadruples */
void sse2_transpose_u8(const uint8_t *from, ptrdiff_t from_pitch, uint8_t *to,
		       ptrdiff_t to_pitch, unsigned int stores)
{
	__m128i pair[4], quad[4], column[4];

	for (int i = 0; i < 4; i++)
		pair[i] = _mm_unpacklo_epi8(load_row(from, from_pitch, 2 * i),
					    load_row(from, from_pitch, 2 * i + 1));
	quad[0] = _mm_unpacklo_epi16(pair[0], pair[1]);
	quad[1] = _mm_unpackhi_epi16(pair[0], pair[1]);
	quad[2] = _mm_unpacklo_epi16(pair[2], pair[3]);
	quad[3] = _mm_unpackhi_epi16(pair[2], pair[3]);
	column[0] = _mm_unpacklo_epi32(quad[0], quad[2]);
	column[1] = _mm_unpackhi_epi32(quad[0], quad[2]);
	column[2] = _mm_unpacklo_epi32(quad[1], quad[3]);
	column[3] = _mm_unpackhi_epi32(quad[1], quad[3]);
	store_columns(to, to_pitch, column, stores);
}

void sse2_transpose_u16(const uint16_t *from, ptrdiff_t from_pitch, uint16_t *to,
			ptrdiff_t to_pitch, unsigned int stores)
{
	__m128i row[8], pair[8], quad[8], column[8];

	for (int i = 0; i < 8; i++)
		row[i] = _mm_loadu_si128((const __m128i *)(from + i * from_pitch));
	for (int i = 0; i < 4; i++) {
		pair[2 * i] = _mm_unpacklo_epi16(row[2 * i], row[2 * i + 1]);
		pair[2 * i + 1] = _mm_unpackhi_epi16(row[2 * i], row[2 * i + 1]);
	}
	for (int i = 0; i < 2; i++) {
		const __m128i *p = pair + 4 * i;
		__m128i *q = quad + 4 * i;

		q[0] = _mm_unpacklo_epi32(p[0], p[2]);
		q[1] = _mm_unpackhi_epi32(p[0], p[2]);
		q[2] = _mm_unpacklo_epi32(p[1], p[3]);
		q[3] = _mm_unpackhi_epi32(p[1], p[3]);
	}
	for (int i = 0; i < 4; i++) {
		column[2 * i] = _mm_unpacklo_epi64(quad[i], quad[4 + i]);
		column[2 * i + 1] = _mm_unpackhi_epi64(quad[i], quad[4 + i]);
	}
	for (unsigned int i = 0; i < stores; i++)
		_mm_storeu_si128((__m128i *)(to + (ptrdiff_t)i * to_pitch), column[i]);
}

const struct kernels kernels_sse2 = {
	.name = "SSE2",
	.quantise_u8 = quantise_u8,
	.quantise_u16 = quantise_u16,
	.dequantise_u8 = dequantise_u8,
	.dequantise_u16 = dequantise_u16,
	.dequantise_u8_each = dequantise_u8_each,
	.dequantise_u16_each = dequantise_u16_each,
	.transpose_u8 = sse2_transpose_u8,
	.transpose_u16 = sse2_transpose_u16,
	.split_u8 = kernels_no_split_u8,
};
#endif /* __x86_64__ */
