// SPDX-License-Identifier: MIT
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/format_lines.h"
#include "tests/unit/kernel_compare.h"

#define MOST	200			/* elements of a line */
#define GUARD	64			/* bytes behind it */

static uint32_t state = 2463534242u;

static uint32_t rnd(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state % below;
}

/* Halves, limits, what is no number, and all bit patterns */
static float odd_float(void)
{
	static const float odd[] = {
		0.0f, -0.0f, NAN, -NAN, INFINITY, -INFINITY, 1e-45f, -1e-45f, 3.4e38f, -3.4e38f,
		254.5f, 255.0f, 255.5f, 256.0f, 65534.5f, 65535.0f, 65535.5f, 65536.0f, 2147483648.0f,
		-0.5f, 0.49999997f, 0.5f, 0.50000006f,
	};
	uint32_t bits = rnd(UINT32_MAX);
	float value;

	switch (rnd(4)) {
	case 0:
		return odd[rnd(sizeof(odd) / sizeof(odd[0]))];
	case 1:
		memcpy(&value, &bits, sizeof(value));
		return value;
	case 2:
		return (float)rnd(140000) / 2 - 100;
	default:
		return ((float)rnd(40000) - 8000) / 32;
	}
}

static struct h8l_quant random_quant(void)
{
	switch (rnd(4)) {
	case 0:
		return (struct h8l_quant){ 0, 1, -INFINITY, INFINITY };
	case 1:
		return (struct h8l_quant){ odd_float(), odd_float(), odd_float(), odd_float() };
	default:
		return (struct h8l_quant){ (float)rnd(256), (float)(1 + rnd(4000)) / 2048,
					   -(float)rnd(300), (float)rnd(300) };
	}
}

static size_t size_of(enum h8l_type type)
{
	return type == H8L_TYPE_UINT8 ? 1 : type == H8L_TYPE_UINT16 ? 2 : 4;
}

static void fill(void *data, enum h8l_type type, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (type == H8L_TYPE_FLOAT32)
			((float *)data)[i] = odd_float();
		else
			((uint8_t *)data)[i * size_of(type)] = (uint8_t)rnd(256);
		if (type == H8L_TYPE_UINT16)
			((uint8_t *)data)[2 * i + 1] = (uint8_t)rnd(256);
	}
}

/* All NaN are one: which one an addition gives is the processor's affair */
static void one_nan(void *data, enum h8l_type type, size_t count)
{
	float *values = data;

	for (size_t i = 0; type == H8L_TYPE_FLOAT32 && i < count; i++)
		if (isnan(values[i]))
			values[i] = NAN;
}

static bool compare_line(const struct kernels *kernels, enum h8l_direction direction,
			 enum h8l_type host, enum h8l_type device)
{
	enum h8l_type from = direction == H8L_INPUT ? host : device;
	enum h8l_type to = direction == H8L_INPUT ? device : host;
	size_t count = rnd(MOST + 1);
	struct h8l_quant quants[MOST + 1];
	uint8_t results[2][MOST * 4 + GUARD];
	void *data = malloc(count * size_of(from) + 1);
	struct format_line line = {
		.from = data, .from_step = 1, .to_step = 1, .count = count, .quant = quants,
		.quant_step = direction == H8L_OUTPUT && rnd(2),
	};

	for (size_t i = 0; i <= MOST; i++)
		quants[i] = random_quant();
	fill(data, from, count);
	memset(results, 0xa5, sizeof(results));
	for (int i = 0; i < 2; i++) {
		line.to = results[i];
		line.kernels = i ? kernels : &kernels_scalar;
		format_line_for(direction, host, device)(&line);
		one_nan(results[i], to, count);
	}
	free(data);
	return !memcmp(results[0], results[1], sizeof(results[0]));
}

bool compare_conversions(const struct kernels *kernels, unsigned int rounds, char *what)
{
	static const enum h8l_type devices[] = { H8L_TYPE_UINT8, H8L_TYPE_UINT16 };

	for (unsigned int i = 0; i < rounds; i++)
		for (int k = 0; k < 4; k++) {
			enum h8l_direction direction = k / 2 ? H8L_OUTPUT : H8L_INPUT;
			enum h8l_type device = devices[k % 2];

			snprintf(what, 64, "%s: float32 %s %s, round %u", kernels->name,
				 direction == H8L_INPUT ? "to" : "from", h8l_type_name(device), i);
			if (!compare_line(kernels, direction, H8L_TYPE_FLOAT32, device))
				return false;
		}
	return true;
}

static void turn_over(const struct format_matrix *m, size_t element, uint8_t *to)
{
	for (size_t r = 0; r < m->rows; r++)
		for (size_t c = 0; c < m->columns; c++)
			memcpy(to + (c * m->to_pitch + r) * element,
			       (const uint8_t *)m->from + (r * m->from_pitch + c) * element,
			       element);
}

/* Memory ends where the matrices do, so that ASan sees a step outside */
static bool compare_transpose(const struct kernels *kernels, unsigned int element)
{
	struct format_matrix m = {
		.kernels = kernels, .rows = 1 + rnd(60),
		.columns = rnd(4) ? 1 + rnd(40) : 3,	/* pictures are split */
	};
	size_t from_size, to_size;
	uint8_t *from, *expected;
	bool same;

	m.from_pitch = m.columns + rnd(2) * rnd(9);
	m.to_pitch = m.rows + rnd(2) * rnd(9);
	from_size = ((m.rows - 1) * m.from_pitch + m.columns) * element;
	to_size = ((m.columns - 1) * m.to_pitch + m.rows) * element;
	m.from = from = malloc(from_size);
	m.to = calloc(1, to_size);
	expected = calloc(1, to_size);
	fill(from, H8L_TYPE_UINT8, from_size);
	turn_over(&m, element, expected);
	format_transpose(&m, element);
	same = !memcmp(m.to, expected, to_size);
	free(from);
	free(m.to);
	free(expected);
	return same;
}

bool compare_transposes(const struct kernels *kernels, unsigned int rounds, char *what)
{
	for (unsigned int i = 0; i < rounds; i++)
		for (unsigned int element = 1; element <= 2; element++) {
			snprintf(what, 64, "%s: a matrix of %u bytes each, round %u",
				 kernels->name, element, i);
			if (!compare_transpose(kernels, element))
				return false;
		}
	return true;
}
