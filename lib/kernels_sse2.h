/* SPDX-License-Identifier: MIT */
/* Shared by the x86 variants: tiles gain nothing from wider registers. */
#ifndef H8L_KERNELS_SSE2_H
#define H8L_KERNELS_SSE2_H

#include "kernels.h"

void sse2_transpose_u8(const uint8_t *from, ptrdiff_t from_pitch, uint8_t *to,
		       ptrdiff_t to_pitch, unsigned int stores);
void sse2_transpose_u16(const uint16_t *from, ptrdiff_t from_pitch, uint16_t *to,
			ptrdiff_t to_pitch, unsigned int stores);

#endif /* H8L_KERNELS_SSE2_H */
