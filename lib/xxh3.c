// SPDX-License-Identifier: MIT
/* The hash of a network file is most of what opening it costs. */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "xxh3.h"

uint64_t xxh3_plain(const void *data, size_t len)
{
	return XXH3_64bits(data, len);
}

#ifdef __x86_64__

uint64_t xxh3_digest(const void *data, size_t len)
{
	return __builtin_cpu_supports("avx2") ? xxh3_avx2(data, len) : xxh3_plain(data, len);
}

#else

uint64_t xxh3_digest(const void *data, size_t len)
{
	return xxh3_plain(data, len);
}

#endif
