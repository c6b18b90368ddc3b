// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "lib/crc32.h"
#include "lib/xxh3.h"

static uint8_t bytes[5000];

static void fill(void)
{
	uint32_t x = 12345;

	for (size_t i = 0; i < sizeof(bytes); i++) {
		x = x * 1103515245 + 12345;
		bytes[i] = (uint8_t)(x >> 16);
	}
}

static void known(void **state)
{
	(void)state;
	assert_int_equal(crc32_digest("123456789", 9), 0xcbf43926);
	assert_int_equal(crc32_digest("", 0), 0);
}

/* Every length and alignment, with the processor's help and without */
static void like_zlib(void **state)
{
	(void)state;
	fill();
	for (size_t len = 0; len < 600; len++)
		for (size_t at = 0; at < 17; at++) {
			uint32_t expected = (uint32_t)crc32(0, bytes + at, (uInt)len);

			assert_int_equal(crc32_digest(bytes + at, len), expected);
			if (at == 0)
				assert_int_equal(~crc32_plain(~0u, bytes, len), expected);
		}
	assert_int_equal(crc32_digest(bytes, sizeof(bytes)),
			 crc32(0, bytes, sizeof(bytes)));
}

/* ---- XXH3 ---- */

/* The empty message is in the specification of XXH3 */
static void known_xxh3(void **state)
{
	(void)state;
	assert_true(xxh3_digest("", 0) == 0x2d06800538d394c2);
	assert_true(xxh3_plain("", 0) == 0x2d06800538d394c2);
}

/* Short messages have ways of their own, and blocks of 1024 bytes end somewhere */
static void xxh3_twins(void **state)
{
	(void)state;
	fill();
	for (size_t len = 0; len <= sizeof(bytes) - 17; len += len < 600 ? 1 : 61)
		for (size_t at = 0; at < 17; at += 4)
			assert_true(xxh3_digest(bytes + at, len) == xxh3_plain(bytes + at, len));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known),
		cmocka_unit_test(like_zlib),
		cmocka_unit_test(known_xxh3),
		cmocka_unit_test(xxh3_twins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
