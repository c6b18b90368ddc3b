// SPDX-License-Identifier: MIT
/* As kernels_sse2.c, eight at a time. No fused multiply-add: it rounds once. */
#ifdef __x86_64__
#include <immintrin.h>

#include "kernels_sse2.h"

#define AVX2 __attribute__((target("avx2")))

/* ---- to the chip ---- */

struct quantiser {
	__m256 zero_point, scale, limit_min, limit_max, most;
};

AVX2 static inline struct quantiser make_quantiser(const struct h8l_quant *q, float most)
{
	return (struct quantiser){
		_mm256_set1_ps(q->zero_point), _mm256_set1_ps(q->scale),
		_mm256_set1_ps(q->limit_min), _mm256_set1_ps(q->limit_max),
		_mm256_set1_ps(most),
	};
}

AVX2 static inline __m256i quantise(const float *from, const struct quantiser *q)
{
	__m256 x = _mm256_max_ps(_mm256_loadu_ps(from), q->limit_min);

	x = _mm256_div_ps(_mm256_min_ps(x, q->limit_max), q->scale);
	x = _mm256_max_ps(_mm256_add_ps(x, q->zero_point), _mm256_setzero_ps());
	return _mm256_cvtps_epi32(_mm256_min_ps(x, q->most));
}

/* Narrowing works within halves of 16 bytes: the fours come out shuffled */
AVX2 static size_t quantise_u8(const float *from, uint8_t *to, size_t count,
			       const struct h8l_quant *quant)
{
	const struct quantiser q = make_quantiser(quant, UINT8_MAX);
	const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
	size_t i;

	for (i = 0; i + 32 <= count; i += 32) {
		__m256i low = _mm256_packs_epi32(quantise(from + i, &q),
						 quantise(from + i + 8, &q));
		__m256i high = _mm256_packs_epi32(quantise(from + i + 16, &q),
						  quantise(from + i + 24, &q));
		__m256i x = _mm256_packus_epi16(low, high);

		_mm256_storeu_si256((__m256i *)(to + i), _mm256_permutevar8x32_epi32(x, order));
	}
	return i;
}

AVX2 static size_t quantise_u16(const float *from, uint16_t *to, size_t count,
				const struct h8l_quant *quant)
{
	const struct quantiser q = make_quantiser(quant, UINT16_MAX);
	size_t i;

	for (i = 0; i + 16 <= count; i += 16) {
		__m256i x = _mm256_packus_epi32(quantise(from + i, &q), quantise(from + i + 8, &q));

		_mm256_storeu_si256((__m256i *)(to + i),
				    _mm256_permute4x64_epi64(x, _MM_SHUFFLE(3, 1, 2, 0)));
	}
	return i;
}

/* ---- from the chip ---- */

AVX2 static inline __m256i load_u8(const uint8_t *from)
{
	return _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)from));
}

AVX2 static inline __m256i load_u16(const uint16_t *from)
{
	return _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)from));
}

AVX2 static inline void dequantise(__m256i x, __m256 zero_point, __m256 scale, float *to)
{
	__m256 centred = _mm256_sub_ps(_mm256_cvtepi32_ps(x), zero_point);

	_mm256_storeu_ps(to, _mm256_mul_ps(centred, scale));
}

AVX2 static size_t dequantise_u8(const uint8_t *from, float *to, size_t count,
				 const struct h8l_quant *quant)
{
	const __m256 zero_point = _mm256_set1_ps(quant->zero_point);
	const __m256 scale = _mm256_set1_ps(quant->scale);
	size_t i;

	for (i = 0; i + 32 <= count; i += 32)
		for (size_t k = i; k < i + 32; k += 8)
			dequantise(load_u8(from + k), zero_point, scale, to + k);
	return i;
}

AVX2 static size_t dequantise_u16(const uint16_t *from, float *to, size_t count,
				  const struct h8l_quant *quant)
{
	const __m256 zero_point = _mm256_set1_ps(quant->zero_point);
	const __m256 scale = _mm256_set1_ps(quant->scale);
	size_t i;

	for (i = 0; i + 32 <= count; i += 32)
		for (size_t k = i; k < i + 32; k += 8)
			dequantise(load_u16(from + k), zero_point, scale, to + k);
	return i;
}

AVX2 static inline __m256 two_quants(const struct h8l_quant *low, const struct h8l_quant *high)
{
	return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(&low->zero_point)),
				    _mm_loadu_ps(&high->zero_point), 1);
}

/* Eight quantisations, the second four in the upper halves */
AVX2 static inline void dequantise_each(__m256i x, const struct h8l_quant *q, float *to)
{
	__m256 low = _mm256_unpacklo_ps(two_quants(q, q + 4), two_quants(q + 1, q + 5));
	__m256 high = _mm256_unpacklo_ps(two_quants(q + 2, q + 6), two_quants(q + 3, q + 7));

	dequantise(x, _mm256_shuffle_ps(low, high, _MM_SHUFFLE(1, 0, 1, 0)),
		   _mm256_shuffle_ps(low, high, _MM_SHUFFLE(3, 2, 3, 2)), to);
}

AVX2 static size_t dequantise_u8_each(const uint8_t *from, float *to, size_t count,
				      const struct h8l_quant *quants)
{
	size_t i;

	for (i = 0; i + 8 <= count; i += 8)
		dequantise_each(load_u8(from + i), quants + i, to + i);
	return i;
}

AVX2 static size_t dequantise_u16_each(const uint16_t *from, float *to, size_t count,
				       const struct h8l_quant *quants)
{
	size_t i;

	for (i = 0; i + 8 <= count; i += 8)
		dequantise_each(load_u16(from + i), quants + i, to + i);
	return i;
}

/* ---- pictures ---- */

/* For row f: which bytes of each third of 48 belong to it, and where they go */
static const int8_t thirds[3][3][16] = {
	{
		{ 0, 3, 6, 9, 12, 15, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1 },
		{ -1, -1, -1, -1, -1, -1, 2, 5, 8, 11, 14, -1, -1, -1, -1, -1 },
		{ -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 1, 4, 7, 10, 13 },
	}, {
		{ 1, 4, 7, 10, 13, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1 },
		{ -1, -1, -1, -1, -1, 0, 3, 6, 9, 12, 15, -1, -1, -1, -1, -1 },
		{ -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 2, 5, 8, 11, 14 },
	}, {
		{ 2, 5, 8, 11, 14, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1 },
		{ -1, -1, -1, -1, -1, 1, 4, 7, 10, 13, -1, -1, -1, -1, -1, -1 },
		{ -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0, 3, 6, 9, 12, 15 },
	},
};

AVX2 static inline __m128i load_16(const void *from)
{
	return _mm_loadu_si128(from);
}

AVX2 static inline __m128i pick(const __m128i *x, unsigned int row)
{
	__m128i a = _mm_shuffle_epi8(x[0], load_16(thirds[row][0]));
	__m128i b = _mm_shuffle_epi8(x[1], load_16(thirds[row][1]));
	__m128i c = _mm_shuffle_epi8(x[2], load_16(thirds[row][2]));

	return _mm_or_si128(_mm_or_si128(a, b), c);
}

AVX2 static size_t split_u8(const uint8_t *from, uint8_t *to, ptrdiff_t to_pitch, size_t count)
{
	size_t i;

	for (i = 0; i + 16 <= count; i += 16) {
		const uint8_t *at = from + 3 * i;
		__m128i x[3] = { load_16(at), load_16(at + 16), load_16(at + 32) };

		_mm_storeu_si128((__m128i *)(to + i), pick(x, 0));
		_mm_storeu_si128((__m128i *)(to + to_pitch + i), pick(x, 1));
		_mm_storeu_si128((__m128i *)(to + 2 * to_pitch + i), pick(x, 2));
	}
	return i;
}

const struct kernels kernels_avx2 = {
	.name = "AVX2",
	.quantise_u8 = quantise_u8,
	.quantise_u16 = quantise_u16,
	.dequantise_u8 = dequantise_u8,
	.dequantise_u16 = dequantise_u16,
	.dequantise_u8_each = dequantise_u8_each,
	.dequantise_u16_each = dequantise_u16_each,
	.transpose_u8 = sse2_transpose_u8,
	.transpose_u16 = sse2_transpose_u16,
	.split_u8 = split_u8,
};
#endif /* __x86_64__ */
