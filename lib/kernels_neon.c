// SPDX-License-Identifier: MIT
/*
 * Every 64-bit ARM has NEON. Its minimum and maximum give NaN when one operand
 * is; the choice "greater than" does not, so NaN becomes the lower limit as in
 * the scalar code. Its conversion "n" rounds halves to even.
 */
#ifdef __aarch64__
#include <arm_neon.h>

#include "kernels.h"

/* ---- to the chip ---- */

struct quantiser {
	float32x4_t zero_point, scale, limit_min, limit_max, most;
};

static inline struct quantiser make_quantiser(const struct h8l_quant *q, float most)
{
	return (struct quantiser){
		vdupq_n_f32(q->zero_point), vdupq_n_f32(q->scale), vdupq_n_f32(q->limit_min),
		vdupq_n_f32(q->limit_max), vdupq_n_f32(most),
	};
}

static inline float32x4_t at_least(float32x4_t x, float32x4_t limit)
{
	return vbslq_f32(vcgtq_f32(x, limit), x, limit);
}

static inline float32x4_t at_most(float32x4_t x, float32x4_t limit)
{
	return vbslq_f32(vcltq_f32(x, limit), x, limit);
}

static inline uint16x4_t quantise(const float *from, const struct quantiser *q)
{
	float32x4_t x = at_most(at_least(vld1q_f32(from), q->limit_min), q->limit_max);

	x = vaddq_f32(vdivq_f32(x, q->scale), q->zero_point);
	x = at_most(at_least(x, vdupq_n_f32(0)), q->most);
	return vqmovn_u32(vcvtnq_u32_f32(x));
}

static size_t quantise_u8(const float *from, uint8_t *to, size_t count,
			  const struct h8l_quant *quant)
{
	const struct quantiser q = make_quantiser(quant, UINT8_MAX);
	size_t i;

	for (i = 0; i + 8 <= count; i += 8)
		vst1_u8(to + i, vqmovn_u16(vcombine_u16(quantise(from + i, &q),
							quantise(from + i + 4, &q))));
	return i;
}

static size_t quantise_u16(const float *from, uint16_t *to, size_t count,
			   const struct h8l_quant *quant)
{
	const struct quantiser q = make_quantiser(quant, UINT16_MAX);
	size_t i;

	for (i = 0; i + 4 <= count; i += 4)
		vst1_u16(to + i, quantise(from + i, &q));
	return i;
}

/* ---- from the chip ---- */

static inline void dequantise(uint16x4_t x, float32x4_t zero_point, float32x4_t scale, float *to)
{
	float32x4_t real = vcvtq_f32_u32(vmovl_u16(x));

	vst1q_f32(to, vmulq_f32(vsubq_f32(real, zero_point), scale));
}

static size_t dequantise_u8(const uint8_t *from, float *to, size_t count,
			    const struct h8l_quant *quant)
{
	const float32x4_t zero_point = vdupq_n_f32(quant->zero_point);
	const float32x4_t scale = vdupq_n_f32(quant->scale);
	size_t i;

	for (i = 0; i + 8 <= count; i += 8) {
		uint16x8_t x = vmovl_u8(vld1_u8(from + i));

		dequantise(vget_low_u16(x), zero_point, scale, to + i);
		dequantise(vget_high_u16(x), zero_point, scale, to + i + 4);
	}
	return i;
}

static size_t dequantise_u16(const uint16_t *from, float *to, size_t count,
			     const struct h8l_quant *quant)
{
	const float32x4_t zero_point = vdupq_n_f32(quant->zero_point);
	const float32x4_t scale = vdupq_n_f32(quant->scale);
	size_t i;

	for (i = 0; i + 8 <= count; i += 8) {
		dequantise(vld1_u16(from + i), zero_point, scale, to + i);
		dequantise(vld1_u16(from + i + 4), zero_point, scale, to + i + 4);
	}
	return i;
}

static inline void dequantise_each(uint16x4_t x, const struct h8l_quant *quants, float *to)
{
	float32x4x4_t q = vld4q_f32(&quants->zero_point);

	dequantise(x, q.val[0], q.val[1], to);
}

static size_t dequantise_u8_each(const uint8_t *from, float *to, size_t count,
				 const struct h8l_quant *quants)
{
	size_t i;

	for (i = 0; i + 8 <= count; i += 8) {
		uint16x8_t x = vmovl_u8(vld1_u8(from + i));

		dequantise_each(vget_low_u16(x), quants + i, to + i);
		dequantise_each(vget_high_u16(x), quants + i + 4, to + i + 4);
	}
	return i;
}

static size_t dequantise_u16_each(const uint16_t *from, float *to, size_t count,
				  const struct h8l_quant *quants)
{
	size_t i;

	for (i = 0; i + 4 <= count; i += 4)
		dequantise_each(vld1_u16(from + i), quants + i, to + i);
	return i;
}

/* ---- tiles ---- */

static inline uint8x8x2_t pairs_8(uint8x8_t a, uint8x8_t b)
{
	return vtrn_u8(a, b);
}

static inline uint16x4x2_t pairs_16(uint8x8_t a, uint8x8_t b)
{
	return vtrn_u16(vreinterpret_u16_u8(a), vreinterpret_u16_u8(b));
}

static inline uint32x2x2_t pairs_32(uint16x4_t a, uint16x4_t b)
{
	return vtrn_u32(vreinterpret_u32_u16(a), vreinterpret_u32_u16(b));
}

static void transpose_u8(const uint8_t *from, ptrdiff_t from_pitch, uint8_t *to,
			 ptrdiff_t to_pitch, unsigned int stores)
{
	uint8x8x2_t two[4];
	uint8x8_t column[8];

	for (int i = 0; i < 4; i++)
		two[i] = pairs_8(vld1_u8(from + 2 * i * from_pitch),
				 vld1_u8(from + (2 * i + 1) * from_pitch));
	for (int k = 0; k < 2; k++) {
		uint16x4x2_t upper = pairs_16(two[0].val[k], two[1].val[k]);
		uint16x4x2_t lower = pairs_16(two[2].val[k], two[3].val[k]);

		for (int i = 0; i < 2; i++) {
			uint32x2x2_t four = pairs_32(upper.val[i], lower.val[i]);

			column[2 * i + k] = vreinterpret_u8_u32(four.val[0]);
			column[2 * i + k + 4] = vreinterpret_u8_u32(four.val[1]);
		}
	}
	for (unsigned int i = 0; i < stores; i++)
		vst1_u8(to + (ptrdiff_t)i * to_pitch, column[i]);
}

static inline uint32x4x2_t pairs_q32(uint16x8_t a, uint16x8_t b)
{
	return vtrnq_u32(vreinterpretq_u32_u16(a), vreinterpretq_u32_u16(b));
}

static inline uint16x8_t halves(uint64x2_t x)
{
	return vreinterpretq_u16_u64(x);
}

static void transpose_u16(const uint16_t *from, ptrdiff_t from_pitch, uint16_t *to,
			  ptrdiff_t to_pitch, unsigned int stores)
{
	uint16x8x2_t two[4];
	uint16x8_t column[8];

	for (int i = 0; i < 4; i++)
		two[i] = vtrnq_u16(vld1q_u16(from + 2 * i * from_pitch),
				   vld1q_u16(from + (2 * i + 1) * from_pitch));
	for (int k = 0; k < 2; k++) {
		uint32x4x2_t upper = pairs_q32(two[0].val[k], two[1].val[k]);
		uint32x4x2_t lower = pairs_q32(two[2].val[k], two[3].val[k]);

		for (int i = 0; i < 2; i++) {
			uint64x2_t a = vreinterpretq_u64_u32(upper.val[i]);
			uint64x2_t b = vreinterpretq_u64_u32(lower.val[i]);

			column[2 * i + k] = halves(vtrn1q_u64(a, b));
			column[2 * i + k + 4] = halves(vtrn2q_u64(a, b));
		}
	}
	for (unsigned int i = 0; i < stores; i++)
		vst1q_u16(to + (ptrdiff_t)i * to_pitch, column[i]);
}

/* ---- pictures ---- */

static size_t split_u8(const uint8_t *from, uint8_t *to, ptrdiff_t to_pitch, size_t count)
{
	size_t i;

	for (i = 0; i + 16 <= count; i += 16) {
		uint8x16x3_t x = vld3q_u8(from + 3 * i);

		vst1q_u8(to + i, x.val[0]);
		vst1q_u8(to + to_pitch + i, x.val[1]);
		vst1q_u8(to + 2 * to_pitch + i, x.val[2]);
	}
	return i;
}

const struct kernels kernels_neon = {
	.name = "NEON",
	.quantise_u8 = quantise_u8,
	.quantise_u16 = quantise_u16,
	.dequantise_u8 = dequantise_u8,
	.dequantise_u16 = dequantise_u16,
	.dequantise_u8_each = dequantise_u8_each,
	.dequantise_u16_each = dequantise_u16_each,
	.transpose_u8 = transpose_u8,
	.transpose_u16 = transpose_u16,
	.split_u8 = split_u8,
};
#endif /* __aarch64__ */
