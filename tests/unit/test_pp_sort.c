// SPDX-License-Identifier: MIT
/*
 * The order of ties must be that of std::sort() in libstdc++. The checksums
 * were computed with g++ 12.2: CRC-32 of the permutation, 4 bytes per element.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/crc32.h"
#include "lib/postprocess.h"

static uint32_t next_random(uint32_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 17;
	*x ^= *x << 5;
	return *x;
}

static struct pp_candidate *make(size_t count)
{
	struct pp_candidate *c = calloc(count ? count : 1, sizeof(*c));

	assert_non_null(c);
	for (size_t i = 0; i < count; i++)
		c[i].box = (uint32_t)i;
	return c;
}

static void fill_random(struct pp_candidate *c, size_t count, uint32_t seed, uint32_t levels)
{
	for (size_t i = 0; i < count; i++)
		c[i].score = (float)(next_random(&seed) % levels);
}

static uint32_t order_crc(const struct pp_candidate *c, size_t count)
{
	uint32_t *order = malloc(count * sizeof(*order)), crc;

	assert_non_null(order);
	for (size_t i = 0; i < count; i++)
		order[i] = c[i].box;
	crc = crc32_digest(order, count * sizeof(*order));
	free(order);
	return crc;
}

static void test_ties_as_libstdcxx(void **state)
{
	static const struct {
		uint32_t count, levels, crc;
	} known[] = {
		{ 16, 4, 0x78f77793 },		/* insertion sort alone */
		{ 17, 4, 0x32bb392b },
		{ 200, 3, 0xf47d542f },
		{ 3000, 37, 0x84d524f6 },
		{ 100000, 255, 0x6ff74f7c },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct pp_candidate *c = make(known[i].count);

		fill_random(c, known[i].count, known[i].count, known[i].levels);
		pp_sort(c, known[i].count);
		assert_int_equal(order_crc(c, known[i].count), known[i].crc);
		free(c);
	}
}

/* Every median of three is nearly the smallest: ends in the heap sort */
static void test_killer_sequence(void **state)
{
	enum { COUNT = 2000, HALF = COUNT / 2 };
	struct pp_candidate *c = make(COUNT);
	int place[COUNT];

	(void)state;
	for (int i = 1; i <= HALF; i++) {
		if (i % 2) {
			place[i - 1] = i;
			place[i] = HALF + i;
		}
		place[HALF + i - 1] = 2 * i;
	}
	for (int i = 0; i < COUNT; i++)
		c[i].score = (float)-(place[i] / 3);
	pp_sort(c, COUNT);
	assert_int_equal(order_crc(c, COUNT), 0x0ae6acf3);
	free(c);
}

static void check_sorted(const struct pp_candidate *c, size_t count)
{
	uint8_t *seen = calloc(count + 1, 1);

	assert_non_null(seen);
	for (size_t i = 0; i < count; i++) {
		assert_true(c[i].box < count && !seen[c[i].box]);
		seen[c[i].box] = 1;
		assert_true(i == 0 || c[i - 1].score >= c[i].score);
	}
	free(seen);
}

static void test_any_input_is_sorted(void **state)
{
	uint32_t seed = 7;

	(void)state;
	for (size_t count = 0; count < 200; count++) {
		struct pp_candidate *c = make(count);

		fill_random(c, count, count + 1, 1 + next_random(&seed) % 40);
		pp_sort(c, count);
		check_sorted(c, count);
		pp_sort(c, count);
		check_sorted(c, count);
		free(c);
	}
}

static void test_infinite_scores(void **state)
{
	struct pp_candidate *c = make(100);

	(void)state;
	for (unsigned int i = 0; i < 100; i++)
		c[i].score = i % 3 ? (i % 2 ? 1.0f / 0.0f : -1.0f / 0.0f) : (float)i;
	pp_sort(c, 100);
	check_sorted(c, 100);
	free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ties_as_libstdcxx),
		cmocka_unit_test(test_killer_sequence),
		cmocka_unit_test(test_any_input_is_sorted),
		cmocka_unit_test(test_infinite_scores),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
