// SPDX-License-Identifier: MIT
#include <string.h>

#include "md5.h"

#define BLOCK 64

/* floor(2^32 * abs(sin(i + 1))), RFC 1321 section 3.4 */
static const uint32_t sines[64] = {
	0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613,
	0xfd469501, 0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193,
	0xa679438e, 0x49b40821, 0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d,
	0x02441453, 0xd8a1e681, 0xe7d3fbc8, 0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed,
	0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a, 0xfffa3942, 0x8771f681, 0x6d9d6122,
	0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70, 0x289b7ec6, 0xeaa127fa,
	0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665, 0xf4292244,
	0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
	0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb,
	0xeb86d391,
};

static uint32_t load_le32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint32_t turn_left(uint32_t x, unsigned int n)
{
	return x << n | x >> (32 - n);
}

/* One step: mixes word `k` of the block into `a`; `t` counts the steps */
#define STEP(mix, a, b, c, d, k, t, turns) do {				\
		(a) += mix(b, c, d) + w[k] + sines[t];			\
		(a) = (b) + turn_left(a, turns);			\
	} while (0)

#define MIX_1(b, c, d) ((d) ^ ((b) & ((c) ^ (d))))
#define MIX_2(b, c, d) ((c) ^ ((d) & ((b) ^ (c))))
#define MIX_3(b, c, d) ((b) ^ (c) ^ (d))
#define MIX_4(b, c, d) ((c) ^ ((b) | ~(d)))

/* 16 steps; the words are taken every `step` from `first` on */
#define ROUND(mix, round, first, step, s0, s1, s2, s3)						\
	for (unsigned int i = 0; i < 16; i += 4) {						\
		STEP(mix, a, b, c, d, (first + step * i) % 16, 16 * round + i, s0);		\
		STEP(mix, d, a, b, c, (first + step * (i + 1)) % 16, 16 * round + i + 1, s1);	\
		STEP(mix, c, d, a, b, (first + step * (i + 2)) % 16, 16 * round + i + 2, s2);	\
		STEP(mix, b, c, d, a, (first + step * (i + 3)) % 16, 16 * round + i + 3, s3);	\
	}

static void add_block(uint32_t state[4], const uint8_t *block)
{
	uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
	uint32_t w[16];

	for (int i = 0; i < 16; i++)
		w[i] = load_le32(block + 4 * i);
	ROUND(MIX_1, 0, 0, 1, 7, 12, 17, 22)
	ROUND(MIX_2, 1, 1, 5, 5, 9, 14, 20)
	ROUND(MIX_3, 2, 5, 3, 4, 11, 16, 23)
	ROUND(MIX_4, 3, 0, 7, 6, 10, 15, 21)
	state[0] += a;
	state[1] += b;
	state[2] += c;
	state[3] += d;
}

static void store_le(uint8_t *p, uint64_t value, unsigned int bytes)
{
	for (unsigned int i = 0; i < bytes; i++)
		p[i] = (uint8_t)(value >> (8 * i));
}

/* What is left after the whole blocks, a 1 bit, zeros, the length in bits */
static void add_tail(uint32_t state[4], const uint8_t *rest, size_t rest_len, uint64_t len)
{
	uint8_t tail[2 * BLOCK] = { 0 };
	size_t end = rest_len < BLOCK - 8 ? BLOCK : 2 * BLOCK;

	if (rest_len)
		memcpy(tail, rest, rest_len);
	tail[rest_len] = 0x80;
	store_le(tail + end - 8, len * 8, 8);
	for (size_t at = 0; at < end; at += BLOCK)
		add_block(state, tail + at);
}

void md5_digest(const void *data, size_t len, uint8_t out[16])
{
	uint32_t state[4] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476 };
	const uint8_t *bytes = data;
	size_t whole = len - len % BLOCK;

	for (size_t at = 0; at < whole; at += BLOCK)
		add_block(state, bytes + at);
	add_tail(state, len ? bytes + whole : NULL, len - whole, len);
	for (int i = 0; i < 4; i++)
		store_le(out + 4 * i, state[i], 4);
}
