/* SPDX-License-Identifier: MIT */
/*
 * The hot loops of conversions in the vector instructions of the processor. Each
 * has a scalar twin in format_lines.c, with the same results bit for bit; tests
 * compare them.
 */
#ifndef H8L_KERNELS_H
#define H8L_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "hailo8l.h"

#define KERNEL_TILE	8

/* Conversions take `count` contiguous elements and return how many they did, a
 * multiple of their width; the rest is the caller's. Those "each" have a
 * quantisation per element.
 */
struct kernels {
	const char *name;
	size_t (*quantise_u8)(const float *from, uint8_t *to, size_t count,
			      const struct h8l_quant *quant);
	size_t (*quantise_u16)(const float *from, uint16_t *to, size_t count,
			       const struct h8l_quant *quant);
	size_t (*dequantise_u8)(const uint8_t *from, float *to, size_t count,
				const struct h8l_quant *quant);
	size_t (*dequantise_u16)(const uint16_t *from, float *to, size_t count,
				 const struct h8l_quant *quant);
	size_t (*dequantise_u8_each)(const uint8_t *from, float *to, size_t count,
				     const struct h8l_quant *quants);
	size_t (*dequantise_u16_each)(const uint16_t *from, float *to, size_t count,
				      const struct h8l_quant *quants);
	/* Rows of a square of KERNEL_TILE become columns; only the first `stores`
	 * (2 or more) of the new rows are written. Pitches in elements.
	 */
	void (*transpose_u8)(const uint8_t *from, ptrdiff_t from_pitch, uint8_t *to,
			     ptrdiff_t to_pitch, unsigned int stores);
	void (*transpose_u16)(const uint16_t *from, ptrdiff_t from_pitch, uint16_t *to,
			      ptrdiff_t to_pitch, unsigned int stores);
	/* Pixels of three bytes, without gaps, become three rows; returns how many
	 * pixels it did
	 */
	size_t (*split_u8)(const uint8_t *from, uint8_t *to, ptrdiff_t to_pitch, size_t count);
};

/* The best ones that this processor has. Never NULL: the last resort does
 * nothing, so that everything is left to the scalar code.
 */
const struct kernels *kernels_best(void);
/* Variant `index` of those that this processor has, the last resort first; NULL:
 * no more. For tests.
 */
const struct kernels *kernels_at(unsigned int index);

/* For variants that leave it to transpose_u8 */
size_t kernels_no_split_u8(const uint8_t *from, uint8_t *to, ptrdiff_t to_pitch, size_t count);

extern const struct kernels kernels_scalar;
#ifdef __x86_64__
extern const struct kernels kernels_sse2;
extern const struct kernels kernels_avx2;
#endif
#ifdef __aarch64__
extern const struct kernels kernels_neon;
#endif

#endif /* H8L_KERNELS_H */
