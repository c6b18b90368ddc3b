// SPDX-License-Identifier: MIT
#include <string.h>

#include "post_pack.h"

#define HEAD_BYTES 38

static uint8_t *put(uint8_t *out, const void *data, size_t size)
{
	memcpy(out, data, size);
	return out + size;
}

static uint8_t *put_box(uint8_t *out, const struct h8l_detection *d)
{
	float box[] = { d->y_min, d->x_min, d->y_max, d->x_max, d->score };

	return put(out, box, sizeof(box));
}

static uint8_t *put_scored(uint8_t *out, const struct h8l_detection *d)
{
	uint16_t class_id = (uint16_t)d->class_id;

	return put(put_box(out, d), &class_id, sizeof(class_id));
}

size_t post_pack_by_class(const struct h8l_post_result *result, unsigned int classes, uint8_t *out)
{
	uint8_t *at = out;
	unsigned int i = 0;

	for (unsigned int class_id = 0; class_id < classes; class_id++) {
		uint8_t *head = at;
		float count = 0;

		at += sizeof(count);
		for (; i < result->count && result->detections[i].class_id == class_id; i++) {
			at = put_box(at, &result->detections[i]);
			count++;
		}
		put(head, &count, sizeof(count));
	}
	return (size_t)(at - out);
}

size_t post_pack_by_score(const struct h8l_post_result *result, uint8_t *out)
{
	uint16_t count = (uint16_t)result->count;
	uint8_t *at = put(out, &count, sizeof(count));

	for (unsigned int i = 0; i < result->count; i++)
		at = put_scored(at, &result->detections[i]);
	return (size_t)(at - out);
}

size_t post_pack_heads(const struct h8l_post_result *result, uint8_t *out)
{
	uint64_t place = sizeof(uint16_t);
	uint8_t *at = out;

	for (unsigned int i = 0; i < result->count; i++) {
		const struct h8l_mask *m = &result->masks[i];
		uint64_t bytes = (uint64_t)m->height * m->width;

		place += HEAD_BYTES;
		at = put_scored(at, &result->detections[i]);
		at = put(put(at, &bytes, sizeof(bytes)), &place, sizeof(place));
		place += bytes;
	}
	return (size_t)(at - out);
}

static unsigned int edge(float position, float size)
{
	float up = position * size;
	unsigned int whole = up > 0 ? (unsigned int)up : 0;

	return whole + (up > (float)whole);
}

static size_t pack_mask(const struct h8l_detection *d, const struct h8l_mask *m, float h, float w,
			uint8_t *bits)
{
	unsigned int x0 = edge(d->x_min, w), x1 = edge(d->x_max, w);
	unsigned int y0 = edge(d->y_min, h), y1 = edge(d->y_max, h);
	size_t n = 0, size = (size_t)m->height * m->width;

	for (unsigned int y = y0; y <= y1 && y < (unsigned int)h; y++)
		for (unsigned int x = x0; x <= x1 && x < (unsigned int)w; x++) {
			size_t at = (size_t)(y - y0) * m->width + x - x0;

			if (x - x0 >= m->width || at >= size)
				continue;
			if (n % 8 == 0)
				bits[n / 8] = 0;
			bits[n / 8] |= (uint8_t)(m->pixels[at] << n % 8);
			n++;
		}
	return (n + 7) / 8;
}

size_t post_pack_masks(const struct h8l_post_result *result, float height, float width,
		       uint8_t *out)
{
	size_t size = 0;

	for (unsigned int i = 0; i < result->count; i++)
		size += pack_mask(&result->detections[i], &result->masks[i], height, width,
				  out + size);
	return size;
}
