// SPDX-License-Identifier: MIT
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/postprocess.h"

static uint32_t bits(float x)
{
	uint32_t u;

	memcpy(&u, &x, sizeof(u));
	return u;
}

static float exp_one(float x)
{
	float v[4] = { 0.0f, 1.0f, x, -1.0f };

	pp_exp4(v);
	return v[2];
}

/* Distance in units of the last place of the right answer */
static double error_ulp(float x)
{
	double right = exp(x), unit = nextafterf((float)right, INFINITY) - (float)right;

	return fabs(exp_one(x) - right) / unit;
}

static void test_exponential_is_close(void **state)
{
	(void)state;
	for (float x = -87.0f; x < 88.0f; x += 0.00137f)
		assert_true(error_ulp(x) < 2.0);
	assert_int_equal(bits(exp_one(0.0f)), bits(1.0f));
	assert_int_equal(bits(exp_one(-0.0f)), bits(1.0f));
}

static void test_exponential_ends(void **state)
{
	(void)state;
	assert_true(exp_one(INFINITY) == INFINITY);
	assert_true(exp_one(1000.0f) == INFINITY);
	assert_true(exp_one(88.72f) < INFINITY);
	assert_true(exp_one(88.72f) > 3.39e38f);
	/* clamped, and not flushed to zero */
	assert_true(exp_one(-1000.0f) > 0.0f);
	assert_true(exp_one(-1000.0f) < 3.0e-39f);
	assert_int_equal(bits(exp_one(-1000.0f)), bits(exp_one(-89.0f)));
}

/* The formula of the reference again, one lane */
static float exponential_twin(float x)
{
	float y = x < 88.723f ? x : 88.723f, m, r, r2, r3, p, q, e;
	volatile float t;	/* every step rounded to float */

	y = y > -88.723f ? y : -88.723f;
	t = y * 1.44269504088896341f;
	t = t + 0.5f;
	m = floorf(t);
	t = m * -0.693359375f;
	r = t + y;
	t = m * 2.12194440e-4f;
	r = t + r;
	r2 = r * r;
	r3 = r2 * r;
	t = 1.9875691500e-4f * r;
	p = t + 1.3981999507e-3f;
	t = 4.1665795894e-2f * r;
	q = t + 1.6666665459e-1f;
	t = p * r;
	p = t + 8.3334519073e-3f;
	t = q * r;
	q = t + 5.0000001201e-1f;
	t = p * r3;
	t = t + q;
	t = t * r2;
	e = r + 1.0f;
	t = t + e;
	e = ldexpf(t, (int)m);
	return e > x ? e : x;
}

static void test_exponential_twin(void **state)
{
	(void)state;
	for (float x = -90.0f; x < 90.0f; x += 0.00311f)
		assert_int_equal(bits(exp_one(x)), bits(exponential_twin(x)));
}

/* Softmax as the reference tells it, scalar */
static void softmax_twin(float *v, size_t n, size_t head)
{
	float lanes[2][4] = { { 0 } }, s;
	size_t vectors = n > head ? (n - head) / 4 : 0;

	head = head < n ? head : n;
	for (size_t i = 0; i < n; i++)
		v[i] = i >= head && i < head + 4 * vectors ? exponential_twin(v[i]) : expf(v[i]);
	s = 0.0f;
	for (size_t k = 0; k < vectors; k++)
		for (size_t l = 0; l < 4; l++) {
			float x = v[head + 4 * k + l];
			int last = vectors % 2 && k == vectors - 1 && vectors > 1;

			if (!last)
				lanes[k % 2][l] = k < 2 ? x : lanes[k % 2][l] + x;
		}
	for (size_t l = 0; l < 4 && vectors > 1; l++) {
		lanes[0][l] += lanes[1][l];
		if (vectors % 2)
			lanes[0][l] += v[head + 4 * (vectors - 1) + l];
	}
	if (vectors)
		s = (lanes[0][0] + lanes[0][2]) + (lanes[0][1] + lanes[0][3]);
	for (size_t i = 0; i < n; i++)
		if (i < head || i >= head + 4 * vectors)
			s = vectors || i ? s + v[i] : v[i];
	for (size_t i = 0; i < n; i++)
		v[i] /= s;
}

static float random_float(uint32_t *x, float from, float to)
{
	*x = *x * 1664525u + 1013904223u;
	return from + (to - from) * (float)(*x >> 8) / 16777216.0f;
}

static void compare_softmax(size_t pixels, size_t features, uint32_t seed)
{
	float *a = malloc(pixels * features * sizeof(*a));
	float *b = malloc(pixels * features * sizeof(*b));

	assert_true(a && b);
	for (size_t i = 0; i < pixels * features; i++)
		a[i] = b[i] = random_float(&seed, -100.0f, 80.0f);
	pp_softmax_frame(a, pixels, features);
	for (size_t p = 0; p < pixels; p++)
		softmax_twin(b + p * features, features, (4 - p * features % 4) % 4);
	assert_memory_equal(a, b, pixels * features * sizeof(*a));
	free(a);
	free(b);
}

static void test_softmax_twin(void **state)
{
	(void)state;
	for (size_t features = 1; features < 40; features++)
		compare_softmax(9, features, (uint32_t)features);
	compare_softmax(1, 1000, 1);
	compare_softmax(3, 1001, 2);
}

static void test_softmax_by_hand(void **state)
{
	float same[5] = { 3.0f, 3.0f, 3.0f, 3.0f, 3.0f }, one[1] = { -7.0f };

	(void)state;
	pp_softmax_frame(same, 1, 5);
	for (unsigned int i = 0; i < 5; i++)
		assert_true(fabsf(same[i] - 0.2f) < 1e-7f);
	pp_softmax_frame(one, 1, 1);
	assert_true(one[0] == 1.0f);
	pp_softmax_frame(one, 0, 1);
	pp_softmax_frame(one, 1, 0);
	assert_true(one[0] == 1.0f);
}

static void test_softmax_of_anything_stays_inside(void **state)
{
	float v[7] = { INFINITY, -INFINITY, NAN, 3e38f, -3e38f, 0.0f, 1.0f };

	(void)state;
	pp_softmax_frame(v, 1, 7);
	pp_softmax_frame(v, 7, 1);
}

static void test_mean_index(void **state)
{
	(void)state;
	for (size_t n = 1; n < 20; n++) {
		float v[20], wanted = 0.0f;
		uint32_t seed = (uint32_t)n;

		for (size_t i = 0; i < n; i++) {
			v[i] = random_float(&seed, 0.0f, 1.0f);
			wanted += (float)i * v[i];
		}
		assert_int_equal(bits(pp_mean_index(v, n)), bits(wanted));
	}
}

static void test_sigmoid(void **state)
{
	(void)state;
	assert_true(pp_sigmoid(0.0f) == 0.5f);
	assert_true(pp_sigmoid(INFINITY) == 1.0f);
	assert_true(pp_sigmoid(-INFINITY) == 0.0f);
	assert_int_equal(bits(pp_sigmoid(1.5f)), bits(1.0f / (1.0f + expf(-1.5f))));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exponential_is_close),
		cmocka_unit_test(test_exponential_ends),
		cmocka_unit_test(test_exponential_twin),
		cmocka_unit_test(test_softmax_twin),
		cmocka_unit_test(test_softmax_by_hand),
		cmocka_unit_test(test_softmax_of_anything_stays_inside),
		cmocka_unit_test(test_mean_index),
		cmocka_unit_test(test_sigmoid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
