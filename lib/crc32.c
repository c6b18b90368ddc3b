// SPDX-License-Identifier: MIT
#include <string.h>

#include "crc32.h"

#define POLYNOMIAL 0xedb88320u
#define SLICES 16

/* table[s][b]: what byte b does to the remainder s bytes later. Made once per
 * digest, on the stack: 16 KiB of work are little beside the megabytes of a
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

static uint32_t sixteen_bytes(const struct tables *t, uint32_t crc, const uint8_t *p)
{
	uint32_t next = 0;

	for (int i = 0; i < 4; i++)
		next ^= t->slice[15 - i][p[i] ^ (crc >> 8 * i & 0xff)];
	for (int i = 4; i < SLICES; i++)
		next ^= t->slice[15 - i][p[i]];
	return next;
}

uint32_t crc32_digest(const void *data, size_t len)
{
	const uint8_t *p = data;
	struct tables t;
	uint32_t crc = ~0u;

	make_tables(&t);
	for (; len >= SLICES; len -= SLICES, p += SLICES)
		crc = sixteen_bytes(&t, crc, p);
	for (; len; len--)
		crc = one_byte(&t, crc, *p++);
	return ~crc;
}
