// SPDX-License-Identifier: MIT
#include "tests/hef/pattern.h"

#define FNV_PRIME	0x100000001b3ull

uint64_t pattern_hash(uint64_t hash, const void *data, size_t len)
{
	const uint8_t *p = data;

	while (len--)
		hash = (hash ^ *p++) * FNV_PRIME;
	return hash;
}

static void store_le64(uint8_t *p, uint64_t v)
{
	unsigned int i;

	for (i = 0; i < 8; i++)
		p[i] = v >> 8 * i;
}

uint64_t pattern_combine(uint64_t combined, uint8_t sys_index, uint64_t stream_hash)
{
	uint8_t bytes[9] = { sys_index };

	store_le64(bytes + 1, stream_hash);
	return pattern_hash(combined, bytes, sizeof(bytes));
}

static uint64_t splitmix64(uint64_t z)
{
	z += 0x9e3779b97f4a7c15ull;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

uint64_t pattern_seed(uint64_t combined, uint8_t sys_index, uint32_t frame)
{
	uint64_t seed = splitmix64(combined ^ (uint64_t)sys_index << 32 ^ frame);

	return seed ? seed : 1;
}

void pattern_fill(uint64_t seed, void *out, size_t len)
{
	uint8_t *p = out, word[8];
	size_t i;

	while (len) {
		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		store_le64(word, seed);
		for (i = 0; i < sizeof(word) && len; i++, len--)
			*p++ = word[i];
	}
}
