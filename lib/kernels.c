// SPDX-License-Identifier: MIT
/* Which variant, and the one for processors that have none of the others. */
#include "kernels.h"

static size_t no_quantise_u8(const float *from, uint8_t *to, size_t count,
			     const struct h8l_quant *quant)
{
	(void)from, (void)to, (void)count, (void)quant;
	return 0;
}

static size_t no_quantise_u16(const float *from, uint16_t *to, size_t count,
			      const struct h8l_quant *quant)
{
	(void)from, (void)to, (void)count, (void)quant;
	return 0;
}

static size_t no_dequantise_u8(const uint8_t *from, float *to, size_t count,
			       const struct h8l_quant *quant)
{
	(void)from, (void)to, (void)count, (void)quant;
	return 0;
}

static size_t no_dequantise_u16(const uint16_t *from, float *to, size_t count,
				const struct h8l_quant *quant)
{
	(void)from, (void)to, (void)count, (void)quant;
	return 0;
}

static void transpose_u8(const uint8_t *from, ptrdiff_t from_pitch, uint8_t *to,
			 ptrdiff_t to_pitch, unsigned int stores)
{
	for (ptrdiff_t c = 0; c < (ptrdiff_t)stores; c++)
		for (ptrdiff_t r = 0; r < KERNEL_TILE; r++)
			to[c * to_pitch + r] = from[r * from_pitch + c];
}

static void transpose_u16(const uint16_t *from, ptrdiff_t from_pitch, uint16_t *to,
			  ptrdiff_t to_pitch, unsigned int stores)
{
	for (ptrdiff_t c = 0; c < (ptrdiff_t)stores; c++)
		for (ptrdiff_t r = 0; r < KERNEL_TILE; r++)
			to[c * to_pitch + r] = from[r * from_pitch + c];
}

size_t kernels_no_split_u8(const uint8_t *from, uint8_t *to, ptrdiff_t to_pitch, size_t count)
{
	(void)from, (void)to, (void)to_pitch, (void)count;
	return 0;
}

const struct kernels kernels_scalar = {
	.name = "scalar",
	.quantise_u8 = no_quantise_u8,
	.quantise_u16 = no_quantise_u16,
	.dequantise_u8 = no_dequantise_u8,
	.dequantise_u16 = no_dequantise_u16,
	.dequantise_u8_each = no_dequantise_u8,
	.dequantise_u16_each = no_dequantise_u16,
	.transpose_u8 = transpose_u8,
	.transpose_u16 = transpose_u16,
	.split_u8 = kernels_no_split_u8,
};

#if defined(__x86_64__)
const struct kernels *kernels_at(unsigned int index)
{
	switch (index) {
	case 0:
		return &kernels_scalar;
	case 1:
		return &kernels_sse2;
	case 2:
		return __builtin_cpu_supports("avx2") ? &kernels_avx2 : NULL;
	default:
		return NULL;
	}
}
#elif defined(__aarch64__)
const struct kernels *kernels_at(unsigned int index)
{
	switch (index) {
	case 0:
		return &kernels_scalar;
	case 1:
		return &kernels_neon;
	default:
		return NULL;
	}
}
#else
const struct kernels *kernels_at(unsigned int index)
{
	return index ? NULL : &kernels_scalar;
}
#endif

const struct kernels *kernels_best(void)
{
	unsigned int last = 0;

	while (kernels_at(last + 1))
		last++;
	return kernels_at(last);
}
