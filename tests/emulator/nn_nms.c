// SPDX-License-Identifier: MIT
/* Non-maximum suppression: tests/hef/nn_format.h, NN_OP_NMS. */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "tests/emulator/nn_net.h"

#define UNITS		4096
#define SCORE_MAX	65534

struct box {
	int32_t y_min, x_min, y_max, x_max;
	int32_t score;
	uint32_t cell;
};

static int64_t scaled(const struct layer *l, int32_t value, unsigned int i)
{
	uint32_t mult;

	memcpy(&mult, l->mult + 4 * i, sizeof(mult));
	if (!l->shift[i])
		return (int64_t)value * (int32_t)le32toh(mult);
	return ((int64_t)value * (int32_t)le32toh(mult) + (1ll << (l->shift[i] - 1))) >>
	       l->shift[i];
}

static int32_t within(int64_t value, int32_t max)
{
	return value < 0 ? 0 : value > max ? max : value;
}

static int32_t score_at(const struct layer *l, uint32_t cell, uint32_t class)
{
	const struct tensor *t = l->in1;

	return within(scaled(l, t->data[(size_t)cell * t->features + class] - t->zero_point, 1),
		      SCORE_MAX);
}

static struct box box_at(const struct layer *l, uint32_t cell)
{
	const struct tensor *t = l->in0;
	const uint16_t *q = t->data + 4 * (size_t)cell;
	uint32_t r = cell / t->width, c = cell % t->width;
	int64_t y = (2 * (int64_t)r + 1) * (UNITS / 2) / t->height;
	int64_t x = (2 * (int64_t)c + 1) * (UNITS / 2) / t->width;
	int64_t d[4];
	unsigned int i;

	for (i = 0; i < 4; i++)
		d[i] = scaled(l, q[i] - t->zero_point, 0);
	return (struct box){
		.y_min = within(y - d[0], UNITS - 1),
		.x_min = within(x - d[1], UNITS - 1),
		.y_max = within(y + d[2], UNITS - 1),
		.x_max = within(x + d[3], UNITS - 1),
		.cell = cell,
	};
}

static int64_t area(const struct box *b)
{
	if (b->y_max <= b->y_min || b->x_max <= b->x_min)
		return 0;
	return (int64_t)(b->y_max - b->y_min) * (b->x_max - b->x_min);
}

static bool overlap(const struct box *a, const struct box *b, int32_t threshold)
{
	struct box both = {
		.y_min = a->y_min > b->y_min ? a->y_min : b->y_min,
		.x_min = a->x_min > b->x_min ? a->x_min : b->x_min,
		.y_max = a->y_max < b->y_max ? a->y_max : b->y_max,
		.x_max = a->x_max < b->x_max ? a->x_max : b->x_max,
	};
	int64_t shared = area(&both);

	return 256 * shared > threshold * (area(a) + area(b) - shared);
}

static int by_score(const void *a, const void *b)
{
	const struct box *x = a, *y = b;

	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	return x->cell < y->cell ? -1 : x->cell > y->cell;
}

static uint32_t candidates(const struct layer *l, uint32_t chunk, uint32_t class,
			   struct box *boxes)
{
	uint32_t cells = l->in0->height / l->kernel_h * l->in0->width;
	uint32_t cell, count = 0;

	for (cell = chunk * cells; cell < (chunk + 1) * cells; cell++) {
		int32_t score = score_at(l, cell, class);

		if (score < l->clamp_min)
			continue;
		boxes[count] = box_at(l, cell);
		boxes[count++].score = score;
	}
	qsort(boxes, count, sizeof(*boxes), by_score);
	return count;
}

/* The taken ones move to the front. */
static uint32_t suppress(const struct layer *l, struct box *boxes, uint32_t count)
{
	uint32_t max = l->out->width - 1, taken = 0, i, k;

	for (i = 0; i < count && taken < max; i++) {
		for (k = 0; k < taken; k++)
			if (overlap(&boxes[i], &boxes[k], l->clamp_max))
				break;
		if (k == taken)
			boxes[taken++] = boxes[i];
	}
	return taken;
}

static void put_item(const struct box *b, uint16_t *item)
{
	item[0] = b->x_max | b->y_max << 12;
	item[1] = b->y_max >> 4 | b->x_min << 8;
	item[2] = b->x_min >> 8 | b->y_min << 4;
	item[3] = b->score;
}

void net_run_nms(const struct layer *l)
{
	uint32_t classes = l->in1->features, row, i;
	struct box *boxes = calloc(l->in0->height * l->in0->width, sizeof(*boxes));

	memset(l->out->data, 0xff, tensor_elements(l->out) * sizeof(*l->out->data));
	for (row = 0; boxes && row < l->out->height; row++) {
		uint16_t *out = l->out->data + (size_t)row * l->out->width * 4;
		uint32_t count = candidates(l, row / classes, row % classes, boxes);

		count = suppress(l, boxes, count);
		for (i = 0; i < count; i++)
			put_item(&boxes[i], out + 4 * i);
	}
	free(boxes);
}
