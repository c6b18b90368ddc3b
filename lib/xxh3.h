/* SPDX-License-Identifier: MIT */
#ifndef H8L_XXH3_H
#define H8L_XXH3_H

#include <stddef.h>
#include <stdint.h>

/* XXH3, 64 bits, no seed. Thread-safe. */
uint64_t xxh3_digest(const void *data, size_t len);

/* For any processor, and for those with AVX2: what tests compare */
uint64_t xxh3_plain(const void *data, size_t len);
#ifdef __x86_64__
uint64_t xxh3_avx2(const void *data, size_t len);
#endif

#endif /* H8L_XXH3_H */
