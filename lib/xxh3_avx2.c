// SPDX-License-Identifier: MIT
/* The same header once more, for processors with AVX2. */
#ifdef __x86_64__
#include <immintrin.h>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#else
#pragma GCC target("avx2")
#endif

#define XXH_VECTOR	2	/* XXH_AVX2: it is not told by the compiler's options */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "xxh3.h"

uint64_t xxh3_avx2(const void *data, size_t len)
{
	return XXH3_64bits(data, len);
}

#if defined(__clang__)
#pragma clang attribute pop
#endif

#endif
