// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "tests/unit/kernel_compare.h"

#include <cmocka.h>

#define ROUNDS 3000

static void conversions(void **state)
{
	char what[64];

	(void)state;
	for (unsigned int i = 0; kernels_at(i); i++)
		if (!compare_conversions(kernels_at(i), ROUNDS, what))
			fail_msg("%s", what);
}

static void matrices(void **state)
{
	char what[64];

	(void)state;
	for (unsigned int i = 0; kernels_at(i); i++)
		if (!compare_transposes(kernels_at(i), ROUNDS, what))
			fail_msg("%s", what);
}

/* A comparison that cannot fail is none: every kernel, spoilt, is found out */
static size_t lazy_u8(const float *from, uint8_t *to, size_t count, const struct h8l_quant *quant)
{
	(void)from, (void)quant;
	memset(to, 7, count & ~(size_t)7);
	return count & ~(size_t)7;
}

static size_t off_by_one(const uint16_t *from, float *to, size_t count,
			 const struct h8l_quant *quant)
{
	(void)quant;
	for (size_t i = 0; i < count; i++)
		to[i] = (float)(from[i] + 1);
	return count;
}

static void idle(const uint8_t *from, ptrdiff_t from_pitch, uint8_t *to, ptrdiff_t to_pitch,
		 unsigned int stores)
{
	(void)from, (void)from_pitch, (void)to, (void)to_pitch, (void)stores;
}

static void differences_are_found(void **state)
{
	struct kernels spoilt = kernels_scalar;
	char what[64];

	(void)state;
	spoilt.quantise_u8 = lazy_u8;
	assert_false(compare_conversions(&spoilt, 100, what));
	assert_non_null(strstr(what, "to uint8"));
	spoilt = kernels_scalar;
	spoilt.dequantise_u16_each = off_by_one;
	assert_false(compare_conversions(&spoilt, 100, what));
	assert_non_null(strstr(what, "from uint16"));
	spoilt = kernels_scalar;
	spoilt.transpose_u8 = idle;
	assert_false(compare_transposes(&spoilt, 100, what));
}

static void vectors_are_used(void **state)
{
	(void)state;
	assert_string_equal(kernels_at(0)->name, "scalar");
	assert_ptr_equal(kernels_at(77), NULL);
#if defined(__x86_64__) || defined(__aarch64__)
	assert_string_not_equal(kernels_best()->name, "scalar");
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conversions),
		cmocka_unit_test(matrices),
		cmocka_unit_test(differences_are_found),
		cmocka_unit_test(vectors_are_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
