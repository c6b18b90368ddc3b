// SPDX-License-Identifier: MIT
#include <string.h>

#include "crc32.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <sys/auxv.h>

#include <arm_acle.h>
#include <asm/hwcap.h>
#endif

#define POLYNOMIAL 0xedb88320u
#define SLICES 8

/* slice[s][b]: what byte b does to the remainder s bytes later. Made once per
 * digest, on the stack: 8 KiB of work are little beside the megabytes of a
 * network file, and a library without globals needs no lock for it.
 */
struct tables {
	uint32_t slice[SLICES][256];
};

static uint32_t eight_bits(uint32_t crc)
{
	for (int i = 0; i < 8; i++)
		crc = crc >> 1 ^ (crc & 1 ? POLYNOMIAL : 0);
	return crc;
}

static void make_tables(struct tables *t)
{
	for (uint32_t b = 0; b < 256; b++)
		t->slice[0][b] = eight_bits(b);
	for (int s = 1; s < SLICES; s++)
		for (int b = 0; b < 256; b++) {
			uint32_t before = t->slice[s - 1][b];

			t->slice[s][b] = before >> 8 ^ t->slice[0][before & 0xff];
		}
}

static uint32_t one_byte(const struct tables *t, uint32_t crc, uint8_t byte)
{
	return crc >> 8 ^ t->slice[0][(crc ^ byte) & 0xff];
}

static uint32_t eight_bytes(const struct tables *t, uint32_t crc, const uint8_t *p)
{
	return t->slice[7][p[0] ^ (crc & 0xff)] ^ t->slice[6][p[1] ^ (crc >> 8 & 0xff)] ^
	       t->slice[5][p[2] ^ (crc >> 16 & 0xff)] ^ t->slice[4][p[3] ^ crc >> 24] ^
	       t->slice[3][p[4]] ^ t->slice[2][p[5]] ^ t->slice[1][p[6]] ^ t->slice[0][p[7]];
}

uint32_t crc32_plain(uint32_t crc, const uint8_t *data, size_t len)
{
	struct tables t;

	make_tables(&t);
	for (; len >= SLICES; len -= SLICES, data += SLICES)
		crc = eight_bytes(&t, crc, data);
	for (; len; len--)
		crc = one_byte(&t, crc, *data++);
	return crc;
}

/*
 * With the processor's help: carry-less multiplication on x86-64, the CRC
 * instructions on AArch64. fast() takes as many bytes from the front as it can,
 * perhaps none, and returns how many.
 */
#if defined(__x86_64__)

#define WIDE __attribute__((target("pclmul,sse4.1")))

/* Remainders of powers of x, bit-reflected: multiplying by them moves a piece of
 * the message by so many bits. V. Gopal et al., "Fast CRC Computation for
 * Generic Polynomials Using PCLMULQDQ Instruction", Intel 2009.
 */
static const uint64_t move_512[2] = { 0x154442bd4, 0x1c6e41596 };
static const uint64_t move_128[2] = { 0x1751997d0, 0x0ccaa009e };
static const uint64_t move_32[2] = { 0x163cd6124, 0 };
static const uint64_t barrett[2] = { 0x1db710641, 0x1f7011641 };

WIDE static __m128i load(const void *p)
{
	return _mm_loadu_si128(p);
}

WIDE static __m128i fold(__m128i x, __m128i by, __m128i next)
{
	__m128i low = _mm_clmulepi64_si128(x, by, 0x00);
	__m128i high = _mm_clmulepi64_si128(x, by, 0x11);

	return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

/* 128 bits to the remainder */
WIDE static uint32_t reduce(__m128i x)
{
	const __m128i low_32 = _mm_setr_epi32(-1, 0, 0, 0);
	__m128i t = _mm_clmulepi64_si128(x, load(move_128), 0x10);

	x = _mm_xor_si128(_mm_srli_si128(x, 8), t);
	t = _mm_clmulepi64_si128(_mm_and_si128(x, low_32), load(move_32), 0x00);
	x = _mm_xor_si128(_mm_srli_si128(x, 4), t);
	t = _mm_clmulepi64_si128(_mm_and_si128(x, low_32), load(barrett), 0x10);
	t = _mm_clmulepi64_si128(_mm_and_si128(t, low_32), load(barrett), 0x00);
	return (uint32_t)_mm_extract_epi32(_mm_xor_si128(x, t), 1);
}

/* Four pieces of 128 bits side by side; at least 64 bytes */
WIDE static uint32_t fold_all(uint32_t crc, const uint8_t *p, size_t len)
{
	__m128i a = _mm_xor_si128(load(p), _mm_cvtsi32_si128((int)crc));
	__m128i b = load(p + 16), c = load(p + 32), d = load(p + 48);
	const __m128i far = load(move_512), near = load(move_128);

	for (p += 64, len -= 64; len >= 64; p += 64, len -= 64) {
		a = fold(a, far, load(p));
		b = fold(b, far, load(p + 16));
		c = fold(c, far, load(p + 32));
		d = fold(d, far, load(p + 48));
	}
	a = fold(fold(fold(a, near, b), near, c), near, d);
	for (; len; p += 16, len -= 16)
		a = fold(a, near, load(p));
	return reduce(a);
}

static size_t fast(uint32_t *crc, const uint8_t *data, size_t len)
{
	len -= len % 16;
	if (len < 64 || !__builtin_cpu_supports("pclmul") || !__builtin_cpu_supports("sse4.1"))
		return 0;
	*crc = fold_all(*crc, data, len);
	return len;
}

#elif defined(__aarch64__)

__attribute__((target("+crc")))
static uint32_t by_instruction(uint32_t crc, const uint8_t *p, size_t len)
{
	for (; len; len -= 8, p += 8) {
		uint64_t word;

		memcpy(&word, p, sizeof(word));
		crc = __crc32d(crc, word);
	}
	return crc;
}

static size_t fast(uint32_t *crc, const uint8_t *data, size_t len)
{
	len -= len % 8;
	if (!(getauxval(AT_HWCAP) & HWCAP_CRC32))
		return 0;
	*crc = by_instruction(*crc, data, len);
	return len;
}

#else

static size_t fast(uint32_t *crc, const uint8_t *data, size_t len)
{
	(void)crc;
	(void)data;
	(void)len;
	return 0;
}

#endif

uint32_t crc32_digest(const void *data, size_t len)
{
	const uint8_t *bytes = data;
	uint32_t crc = ~0u;
	size_t done = fast(&crc, bytes, len);

	return ~(done < len ? crc32_plain(crc, bytes + done, len - done) : crc);
}
