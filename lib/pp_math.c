// SPDX-License-Identifier: MIT
/*
 * Exponentials and softmax with the roundings of the stock library on x86-64:
 * Eigen 3.4 with SSE2, four lanes (reference formats.md 12). Every product and
 * sum is rounded apart: these files are compiled with -ffp-contract=off.
 */
#include <math.h>

#include "postprocess.h"

typedef float f32x4 __attribute__((vector_size(16)));
typedef int32_t i32x4 __attribute__((vector_size(16)));

#define LANES	4

static f32x4 choose(i32x4 mask, f32x4 yes, f32x4 no)
{
	return (f32x4)(((i32x4)yes & mask) | ((i32x4)no & ~mask));
}

/* For |x| below 2^31 */
static i32x4 floor_to_int(f32x4 x)
{
	i32x4 truncated = __builtin_convertvector(x, i32x4);

	/* a comparison that holds is -1 */
	return truncated + (__builtin_convertvector(truncated, f32x4) > x);
}

/* 2^n for -127 < n < 128 */
static f32x4 power_of_two(i32x4 n)
{
	return (f32x4)((n + 127) << 23);
}

/* n is in -128 .. 128: in two steps, so that neither factor overflows */
static f32x4 scale_by_power(f32x4 x, i32x4 n)
{
	i32x4 first = n >> 1;

	return x * power_of_two(first) * power_of_two(n - first);
}

#define ALL(x)	{ (x), (x), (x), (x) }

/* Cody-Waite reduction by multiples of ln 2, then a polynomial */
static const f32x4 limit = ALL(88.723f), minus_limit = ALL(-88.723f);
static const f32x4 log2_e = ALL(1.44269504088896341f);
static const f32x4 minus_ln2_high = ALL(-0.693359375f), minus_ln2_low = ALL(2.12194440e-4f);
static const f32x4 one = ALL(1.0f), half = ALL(0.5f);
static const f32x4 p0 = ALL(1.9875691500e-4f), p1 = ALL(1.3981999507e-3f);
static const f32x4 p2 = ALL(8.3334519073e-3f), p3 = ALL(4.1665795894e-2f);
static const f32x4 p4 = ALL(1.6666665459e-1f), p5 = ALL(5.0000001201e-1f);

static f32x4 exponential(f32x4 x)
{
	f32x4 y = choose(x < limit, x, limit);
	f32x4 m, r, r2, r3, p, q, e;
	i32x4 n;

	y = choose(y > minus_limit, y, minus_limit);
	n = floor_to_int(y * log2_e + half);
	m = __builtin_convertvector(n, f32x4);
	r = m * minus_ln2_high + y;
	r = m * minus_ln2_low + r;
	r2 = r * r;
	r3 = r2 * r;
	p = p0 * r + p1;
	q = p3 * r + p4;
	p = p * r + p2;
	q = q * r + p5;
	e = scale_by_power((p * r3 + q) * r2 + (r + one), n);
	return choose(e > x, e, x);
}

void pp_exp4(float *x)
{
	f32x4 v;

	memcpy(&v, x, sizeof(v));
	v = exponential(v);
	memcpy(x, &v, sizeof(v));
}

float pp_sigmoid(float x)
{
	return 1.0f / (1.0f + expf(-x));
}

static f32x4 load(const float *x)
{
	f32x4 v;

	memcpy(&v, x, sizeof(v));
	return v;
}

/* Two accumulators take the vectors in turn; an odd last one comes after */
static float sum_vectors(const float *values, size_t vectors)
{
	f32x4 a = load(values), b;

	if (vectors > 1) {
		size_t pairs = vectors / 2;

		b = load(values + LANES);
		for (size_t i = 1; i < pairs; i++) {
			a += load(values + 2 * LANES * i);
			b += load(values + 2 * LANES * i + LANES);
		}
		a += b;
		if (vectors % 2)
			a += load(values + LANES * (vectors - 1));
	}
	return (a[0] + a[2]) + (a[1] + a[3]);
}

static float sum(const float *values, size_t count, size_t head, size_t vectors)
{
	size_t tail = head + LANES * vectors;
	float total;

	if (!vectors) {
		total = values[0];
		for (size_t i = 1; i < count; i++)
			total += values[i];
		return total;
	}
	total = sum_vectors(values + head, vectors);
	for (size_t i = 0; i < head; i++)
		total += values[i];
	for (size_t i = tail; i < count; i++)
		total += values[i];
	return total;
}

void pp_exponentials(float *values, size_t count, size_t head)
{
	size_t tail = head + (count - head) / LANES * LANES;

	for (size_t i = 0; i < head; i++)
		values[i] = expf(values[i]);
	for (size_t i = head; i < tail; i += LANES)
		pp_exp4(values + i);
	for (size_t i = tail; i < count; i++)
		values[i] = expf(values[i]);
}

void pp_normalise(float *values, size_t count, size_t head)
{
	float total = sum(values, count, head, (count - head) / LANES);
	f32x4 totals = ALL(total);
	size_t i = 0;

	for (; i + LANES <= count; i += LANES) {
		f32x4 v = load(values + i) / totals;

		memcpy(values + i, &v, sizeof(v));
	}
	for (; i < count; i++)
		values[i] /= total;
}

float pp_mean_index(float *values, size_t count)
{
	f32x4 index = { 0.0f, 1.0f, 2.0f, 3.0f };
	float mean = 0.0f;
	size_t i = 0;

	for (; i + LANES <= count; i += LANES) {
		f32x4 v = load(values + i) * index;

		memcpy(values + i, &v, sizeof(v));
		index += (float)LANES;
	}
	for (; i < count; i++)
		values[i] *= (float)i;
	for (i = 0; i < count; i++)
		mean += values[i];
	return mean;
}

static void softmax(float *values, size_t count, size_t head)
{
	if (head > count)
		head = count;
	pp_exponentials(values, count, head);
	pp_normalise(values, count, head);
}

/* The frame counts as 16-byte aligned, whatever it is */
void pp_softmax_frame(float *values, size_t pixels, size_t features)
{
	if (!features)
		return;
	for (size_t p = 0; p < pixels; p++)
		softmax(values + p * features, features, (0 - p * features) % LANES);
}
