// SPDX-License-Identifier: MIT
/*
 * Known answers of the pattern that the software chip returns for a real HEF.
 * FNV-1a, splitmix64 and xorshift64 have public test values; the rest was
 * computed with a second implementation written from pattern.h (in Python).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/emulator/nn.h"
#include "tests/hef/pattern.h"

/* Published FNV-1a 64 vectors. */
static void fnv1a(void **state)
{
	(void)state;
	assert_true(pattern_hash(PATTERN_HASH_INIT, "", 0) == 0xcbf29ce484222325ull);
	assert_true(pattern_hash(PATTERN_HASH_INIT, "a", 1) == 0xaf63dc4c8601ec8cull);
	assert_true(pattern_hash(PATTERN_HASH_INIT, "foobar", 6) == 0x85944171f73967e8ull);
	assert_true(pattern_hash(pattern_hash(PATTERN_HASH_INIT, "foo", 3), "bar", 3) ==
		    0x85944171f73967e8ull);
}

/* splitmix64 of state 0 starts with 0xe220a8397b1dcdaf (published). */
static void seed(void **state)
{
	(void)state;
	assert_true(pattern_seed(0, 0, 0) == 0xe220a8397b1dcdafull);
	assert_true(pattern_seed(0x0000000300000005ull, 3, 5) == 0xe220a8397b1dcdafull);
	assert_true(pattern_seed(0, 0, 1) != pattern_seed(0, 1, 0));
}

static void combine(void **state)
{
	const uint8_t bytes[9] = { 7, 0xef, 0xcd, 0xab, 0x89, 0x67, 0x45, 0x23, 0x01 };

	(void)state;
	assert_true(pattern_combine(PATTERN_HASH_INIT, 7, 0x0123456789abcdefull) ==
		    pattern_hash(PATTERN_HASH_INIT, bytes, sizeof(bytes)));
}

static void fill(void **state)
{
	/* xorshift64 (13, 7, 17) from 1: 0x40822041, 0x100041060c011441 */
	static const uint8_t want[16] = {
		0x41, 0x20, 0x82, 0x40, 0x00, 0x00, 0x00, 0x00,
		0x41, 0x14, 0x01, 0x0c, 0x06, 0x41, 0x00, 0x10,
	};
	uint8_t got[17] = { 0 };

	(void)state;
	pattern_fill(1, got, 16);
	assert_memory_equal(got, want, 16);
	memset(got, 0xee, sizeof(got));
	pattern_fill(1, got, 11);
	assert_memory_equal(got, want, 11);
	assert_int_equal(got[11], 0xee);
}

/* Two inputs (given in ascending order), two outputs, frame 3. */
static void whole(void **state)
{
	static const uint8_t want_a[8] = { 0x13, 0x91, 0xcd, 0x37, 0x60, 0x36, 0x50, 0xfe };
	static const uint8_t want_b[5] = { 0xfd, 0xde, 0x37, 0x73, 0x3c };
	uint8_t one[4] = { 1, 2, 3, 4 }, two[3] = { 5, 6, 7 }, a[8], b[5];
	const struct nn_io in[] = { { 1, one, sizeof(one), 0 }, { 6, two, sizeof(two), 0 } };
	struct nn_io out[] = { { 0, a, sizeof(a), 0 }, { 2, b, sizeof(b), 0 } };
	struct nn *nn = nn_new();

	(void)state;
	assert_non_null(nn);
	assert_int_equal(nn_load(nn), 0);
	assert_false(nn_is_network(nn));
	assert_int_equal(nn_run(nn, in, 2, out, 2, 3), 0);
	assert_memory_equal(a, want_a, sizeof(a));
	assert_memory_equal(b, want_b, sizeof(b));
	nn_free(nn);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fnv1a),
		cmocka_unit_test(seed),
		cmocka_unit_test(combine),
		cmocka_unit_test(fill),
		cmocka_unit_test(whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
