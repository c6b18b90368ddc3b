// SPDX-License-Identifier: MIT
/*
 * Finding the few values of an output that pass a threshold. Comparing is done
 * on the quantised values, 64 bytes at a time; only hits are dequantised. An
 * NHCW row is one run of memory, scanned feature by feature; the stock library
 * goes through columns and then features, which matters for the order of ties,
 * so the hits of a row are put in that order before they are used.
 */
#include "postprocess.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	       "quantised values are little-endian in memory, as on the device");

typedef uint8_t u8x16 __attribute__((vector_size(16)));
typedef uint16_t u16x8 __attribute__((vector_size(16)));
typedef uint64_t u64x2 __attribute__((vector_size(16)));

#define VECTORS	4		/* per step */
#define STEP	(VECTORS * 16)	/* bytes */

struct masks {
	u64x2 vector[VECTORS];	/* ones in every element that passes */
};

static bool any(const struct masks *m)
{
	u64x2 all = (m->vector[0] | m->vector[1]) | (m->vector[2] | m->vector[3]);

	return all[0] | all[1];
}

/* The positions of all elements of `bits` bits that are ones */
static uint32_t drain(const struct masks *m, unsigned int bits, uint32_t base, uint32_t *found)
{
	uint64_t element = (1ull << bits) - 1;
	uint32_t count = 0;

	for (unsigned int i = 0; i < 2 * VECTORS; i++) {
		uint64_t word = m->vector[i / 2][i % 2];

		while (word) {
			unsigned int at = (unsigned int)__builtin_ctzll(word);

			found[count++] = base + (64 * i + at) / bits;
			word &= ~(element << at);
		}
	}
	return count;
}

static u64x2 pass_u8(const uint8_t *data, u8x16 low, u8x16 width)
{
	u8x16 v;

	memcpy(&v, data, sizeof(v));
	return (u64x2)(v - low <= width);
}

static uint32_t find_u8(const uint8_t *data, size_t count, uint8_t low, uint8_t width,
			uint32_t base, uint32_t *found)
{
	const u8x16 lows = (u8x16){ 0 } + low, widths = (u8x16){ 0 } + width;
	uint32_t hits = 0;
	size_t i = 0;

	for (; i + STEP <= count; i += STEP) {
		const uint8_t *p = data + i;
		struct masks m = { {
			pass_u8(p, lows, widths), pass_u8(p + 16, lows, widths),
			pass_u8(p + 32, lows, widths), pass_u8(p + 48, lows, widths),
		} };

		if (any(&m))
			hits += drain(&m, 8, base + (uint32_t)i, found + hits);
	}
	for (; i < count; i++)
		if ((uint8_t)(data[i] - low) <= width)
			found[hits++] = base + (uint32_t)i;
	return hits;
}

static u64x2 pass_u16(const uint8_t *data, u16x8 low, u16x8 width)
{
	u16x8 v;

	memcpy(&v, data, sizeof(v));
	return (u64x2)(v - low <= width);
}

static uint32_t find_u16(const uint8_t *data, size_t count, uint16_t low, uint16_t width,
			 uint32_t base, uint32_t *found)
{
	const u16x8 lows = (u16x8){ 0 } + low, widths = (u16x8){ 0 } + width;
	uint32_t hits = 0;
	size_t i = 0;

	for (; i + STEP / 2 <= count; i += STEP / 2) {
		const uint8_t *p = data + 2 * i;
		struct masks m = { {
			pass_u16(p, lows, widths), pass_u16(p + 16, lows, widths),
			pass_u16(p + 32, lows, widths), pass_u16(p + 48, lows, widths),
		} };

		if (any(&m))
			hits += drain(&m, 16, base + (uint32_t)i, found + hits);
	}
	for (; i < count; i++) {
		uint16_t v;

		memcpy(&v, data + 2 * i, sizeof(v));
		if ((uint16_t)(v - low) <= width)
			found[hits++] = base + (uint32_t)i;
	}
	return hits;
}

/* Positions (counted from `base` at element `first`) of what lies in the span;
 * `found` has room for `count`.
 */
uint32_t pp_find(const struct pp_tensor *tensor, const void *data, size_t first, size_t count,
		 const struct pp_span *span, uint32_t base, uint32_t *found)
{
	const uint8_t *bytes = (const uint8_t *)data + first * tensor->data_bytes;

	if (tensor->data_bytes == 1)
		return find_u8(bytes, count, (uint8_t)span->low, (uint8_t)span->width, base, found);
	return find_u16(bytes, count, (uint16_t)span->low, (uint16_t)span->width, base, found);
}

/* Tries every value: dequantising is monotonic, but a libm's exponential need
 * not be. What lies inside is tested again by whoever finds it.
 */
struct pp_span pp_span(const struct pp_tensor *tensor, float threshold, bool sigmoid)
{
	uint32_t values = tensor->data_bytes == 1 ? 1u << 8 : 1u << 16;
	struct pp_span span = { .empty = true };

	for (uint32_t q = 0; q < values; q++) {
		float real = pp_dequantise(tensor, q);

		if (!((sigmoid ? pp_sigmoid(real) : real) >= threshold))
			continue;
		if (span.empty)
			span.low = q;
		span.empty = false;
		span.width = q - span.low;
	}
	return span;
}

static uint32_t find_in_row(const struct pp_scan *scan, const struct pp_span *span, uint32_t row)
{
	const struct pp_tensor *t = scan->tensor;
	size_t start = pp_row(t, row), pitch = t->device_shape.width;
	uint32_t feature = scan->first_feature, count = 0;

	if (scan->feature_step == 1)
		return pp_find(t, scan->data, start + feature * pitch,
			       scan->feature_count * pitch, span, (uint32_t)(feature * pitch),
			       scan->state->found);
	for (uint32_t i = 0; i < scan->feature_count; i++) {
		count += pp_find(t, scan->data, start + feature * pitch, t->shape.width, span,
				 (uint32_t)(feature * pitch), scan->state->found + count);
		feature += scan->feature_step;
	}
	return count;
}

/* One list per column, features ascending. Padding columns are dropped. */
static void sort_by_column(const struct pp_scan *scan, uint32_t count)
{
	struct pp_state *state = scan->state;

	memset(state->columns, 0xff, scan->tensor->shape.width * sizeof(*state->columns));
	for (uint32_t i = count; i-- > 0;) {
		uint32_t column = state->found[i] % scan->tensor->device_shape.width;

		if (column >= scan->tensor->shape.width)
			continue;
		state->links[i] = state->columns[column];
		state->columns[column] = i;
	}
}

static void visit_row(struct pp_scan *scan, uint32_t row)
{
	const struct pp_state *state = scan->state;

	for (uint32_t column = 0; column < scan->tensor->shape.width; column++)
		for (uint32_t i = state->columns[column]; i != PP_NONE; i = state->links[i])
			scan->hit(scan, row, column,
				  state->found[i] / scan->tensor->device_shape.width);
}

void pp_scan_tensor(struct pp_scan *scan, const struct pp_span *span)
{
	if (span->empty)
		return;
	for (uint32_t row = 0; row < scan->tensor->shape.height; row++) {
		uint32_t count = find_in_row(scan, span, row);

		if (!count)
			continue;
		sort_by_column(scan, count);
		visit_row(scan, row);
	}
}

/* For the box decoded last */
void pp_add(struct pp_state *state, float score, uint32_t class_id)
{
	state->candidates[state->candidate_count++] = (struct pp_candidate){
		.score = score,
		.box = state->box_count - 1,
		.class_id = class_id,
	};
}
