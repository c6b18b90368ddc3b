// SPDX-License-Identifier: MIT
/* Non-maximum suppression, plainly: nn_format.h, NN_OP_NMS and order NMS. */
#include <stdlib.h>
#include <string.h>

#include "refnet_priv.h"

#define GRID		4096
#define BEST_SCORE	65534

enum side { TOP, LEFT, BOTTOM, RIGHT };

struct candidate {
	int64_t side[4];
	int64_t score;
	bool gone;			/* taken, or left out */
};

/* ---- what is valid ---- */

bool ref_nms_fits(const struct layer *l)
{
	const struct ref_shape *boxes = &l->in0->shape, *scores = &l->in1->shape;
	const struct ref_shape *out = &l->out->shape;
	uint32_t chunks = l->raw.kernel_h;

	return boxes->features == 4 && boxes->height == scores->height &&
	       boxes->width == scores->width && chunks && boxes->height % chunks == 0 &&
	       out->height == chunks * scores->features && out->width >= 2 &&
	       out->features == 4 && l->out->type == NN_TYPE_U16 && l->out->zp == 0;
}

/* ---- one class of one chunk ---- */

static int64_t limit(int64_t value, int64_t max)
{
	if (value > max)
		value = max;
	return value > 0 ? value : 0;
}

static int64_t score_of(const struct layer *l, uint32_t r, uint32_t c, uint32_t class)
{
	const struct ref_shape *s = &l->in1->shape;
	int64_t q = l->in1->values[((size_t)r * s->width + c) * s->features + class];

	return limit(ref_rshr((q - l->in1->zp) * l->mult[1], l->shift[1]), BEST_SCORE);
}

static void place_box(const struct layer *l, uint32_t r, uint32_t c, struct candidate *box)
{
	const struct ref_shape *s = &l->in0->shape;
	const int32_t *q = l->in0->values + ((size_t)r * s->width + c) * 4;
	int64_t centre[2] = {
		(2 * (int64_t)r + 1) * (GRID / 2) / s->height,
		(2 * (int64_t)c + 1) * (GRID / 2) / s->width,
	};

	for (int side = TOP; side <= RIGHT; side++) {
		int64_t away = ref_rshr((q[side] - l->in0->zp) * l->mult[0], l->shift[0]);

		if (side < BOTTOM)
			away = -away;
		box->side[side] = limit(centre[side % 2] + away, GRID - 1);
	}
}

static int64_t length(int64_t begin, int64_t end)
{
	return end > begin ? end - begin : 0;
}

static int64_t surface(const int64_t *side)
{
	return length(side[TOP], side[BOTTOM]) * length(side[LEFT], side[RIGHT]);
}

static bool too_close(const struct layer *l, const struct candidate *a,
		      const struct candidate *b)
{
	int64_t both[4], shared;

	for (int side = TOP; side <= RIGHT; side++) {
		bool first = side < BOTTOM ? a->side[side] > b->side[side] :
					     a->side[side] < b->side[side];

		both[side] = first ? a->side[side] : b->side[side];
	}
	shared = surface(both);
	return 256 * shared > l->max * (surface(a->side) + surface(b->side) - shared);
}

static struct candidate *best(struct candidate *list, size_t count)
{
	struct candidate *found = NULL;

	for (size_t i = 0; i < count; i++)
		if (!list[i].gone && (!found || list[i].score > found->score))
			found = &list[i];
	return found;
}

static void write_item(const struct candidate *box, int32_t *words)
{
	uint64_t item = (uint64_t)box->score << 48 | (uint64_t)box->side[TOP] << 36 |
			(uint64_t)box->side[LEFT] << 24 | (uint64_t)box->side[BOTTOM] << 12 |
			(uint64_t)box->side[RIGHT];

	for (int i = 0; i < 4; i++)
		words[i] = item >> 16 * i & 0xffff;
}

static size_t collect(const struct layer *l, uint32_t chunk, uint32_t class,
		      struct candidate *list)
{
	uint32_t rows = l->in0->shape.height / l->raw.kernel_h;
	size_t count = 0;

	for (uint32_t r = chunk * rows; r < (chunk + 1) * rows; r++)
		for (uint32_t c = 0; c < l->in0->shape.width; c++) {
			int64_t score = score_of(l, r, c, class);

			if (score < l->min)
				continue;
			list[count] = (struct candidate){ .score = score };
			place_box(l, r, c, &list[count++]);
		}
	return count;
}

static void run_class(const struct layer *l, uint32_t row, struct candidate *list)
{
	uint32_t classes = l->in1->shape.features;
	size_t count = collect(l, row / classes, row % classes, list);
	int32_t *words = l->out->values + (size_t)row * l->out->shape.width * 4;
	struct candidate *next;

	for (uint32_t taken = 0; taken + 1 < l->out->shape.width; taken++) {
		next = best(list, count);
		if (!next)
			break;
		for (size_t i = 0; i < count; i++)
			list[i].gone |= too_close(l, &list[i], next);
		next->gone = true;
		write_item(next, words + 4 * (size_t)taken);
	}
}

void ref_nms_run(const struct layer *l)
{
	size_t words = (size_t)l->out->shape.height * l->out->shape.width * 4;
	struct candidate *list = calloc((size_t)l->in0->shape.height * l->in0->shape.width,
					sizeof(*list));

	if (!list)
		abort();
	for (size_t i = 0; i < words; i++)
		l->out->values[i] = 0xffff;
	for (uint32_t row = 0; row < l->out->shape.height; row++)
		run_class(l, row, list);
	free(list);
}

/* ---- frames ---- */

static size_t burst_of(const struct ref_stream *s)
{
	return s->padded.features;
}

void ref_nms_sizes(struct ref_stream *s)
{
	size_t bursts = burst_of(s) ? round_up(s->shape.width, burst_of(s)) : 0;

	s->device_size = bursts * NN_NMS_ITEM * s->shape.height;
	s->user_size = s->shape.height * ((s->shape.width - 1) * 20);
	s->user_size += s->shape.height / (s->nms_chunks ? s->nms_chunks : 1) * 4;
}

static bool is_end(const uint8_t *item)
{
	for (int i = 0; i < NN_NMS_ITEM; i++)
		if (item[i] != 0xff)
			return false;
	return true;
}

/* Items of a row on the wire, with those that fill its last burst; and its boxes */
static size_t items_of(const struct ref_stream *s, const uint8_t *row, size_t *boxes)
{
	*boxes = 0;
	while (!is_end(row + *boxes * NN_NMS_ITEM))
		++*boxes;
	return round_up(*boxes + 1, burst_of(s));
}

void ref_nms_store(const struct ref_stream *s, const int32_t *values, uint8_t *frame)
{
	size_t at = 0;

	memset(frame, 0xff, s->device_size);
	for (uint32_t row = 0; row < s->shape.height; row++) {
		const int32_t *words = values + (size_t)row * s->shape.width * 4;
		size_t boxes;

		for (size_t i = 0; i < (size_t)s->shape.width * 4; i++) {
			frame[at + 2 * i] = words[i];
			frame[at + 2 * i + 1] = words[i] >> 8;
		}
		at += items_of(s, frame + at, &boxes) * NN_NMS_ITEM;
	}
	memset(frame + at, 0, s->device_size - at);
}

size_t refnet_device_bytes(const struct ref_stream *s, const uint8_t *device)
{
	size_t at = 0, boxes;

	if (s->order != NN_ORDER_NMS)
		return s->device_size;
	for (uint32_t row = 0; row < s->shape.height; row++)
		at += items_of(s, device + at, &boxes) * NN_NMS_ITEM;
	return at;
}

static float dequantise(const struct ref_stream *s, unsigned int value)
{
	return ((float)value - s->zero_point) * s->scale;
}

static size_t put_float(uint8_t *user, float value)
{
	memcpy(user, &value, sizeof(value));
	return sizeof(value);
}

static size_t put_box(const struct ref_stream *s, const uint8_t *item, uint8_t *user)
{
	static const uint8_t shifts[] = { 36, 24, 12, 0 };
	uint64_t bits = 0;
	size_t at = 0;

	for (int i = NN_NMS_ITEM; i--; )
		bits = bits << 8 | item[i];
	for (size_t i = 0; i < ARRAY_SIZE(shifts); i++)
		at += put_float(user + at, dequantise(s, bits >> shifts[i] & 0xfff));
	return at + put_float(user + at, dequantise(s, bits >> 48));
}

/* Boxes of row `wanted` of the frame, or only their number (`user` NULL) */
static size_t put_row(const struct ref_stream *s, const uint8_t *device, uint32_t wanted,
		      uint8_t *user, size_t *count)
{
	size_t at = 0;

	for (uint32_t row = 0; row < wanted; row++)
		device += items_of(s, device, count) * NN_NMS_ITEM;
	items_of(s, device, count);
	for (size_t i = 0; user && i < *count; i++)
		at += put_box(s, device + i * NN_NMS_ITEM, user + at);
	return at;
}

void ref_nms_to_user(const struct ref_stream *s, const uint8_t *device, uint8_t *user)
{
	uint32_t chunks = s->nms_chunks ? s->nms_chunks : 1;
	uint32_t classes = s->shape.height / chunks;
	size_t at = 0, count;

	memset(user, 0, s->user_size);
	for (uint32_t class = 0; class < classes; class++) {
		size_t total = 0, start = at;

		at += sizeof(float);
		for (uint32_t chunk = 0; chunk < chunks; chunk++) {
			at += put_row(s, device, chunk * classes + class, user + at, &count);
			total += count;
		}
		put_float(user + start, total);
	}
}

size_t refnet_user_bytes(const struct ref_stream *s, const uint8_t *user)
{
	uint32_t chunks = s->nms_chunks ? s->nms_chunks : 1;
	size_t at = 0;
	float count;

	if (s->order != NN_ORDER_NMS)
		return s->user_size;
	for (uint32_t class = 0; class < s->shape.height / chunks; class++) {
		memcpy(&count, user + at, sizeof(count));
		at += sizeof(count) + (size_t)count * 5 * sizeof(float);
	}
	return at;
}
