// SPDX-License-Identifier: MIT
#include "squares.h"

#define LEAST		14		/* of a side; the grid of the networks is 8 */
#define MOST		30
#define QUARTER		(SQUARES_SIZE / 2)

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

static uint32_t between(uint32_t *state, uint32_t low, uint32_t high)
{
	return low + next_random(state) % (high - low + 1);
}

static void fill(uint8_t *rgb, const struct square *s)
{
	for (uint32_t y = s->y; y < s->y + s->height; y++)
		for (uint32_t x = s->x; x < s->x + s->width; x++)
			for (uint32_t c = 0; c < 3; c++)
				rgb[(y * SQUARES_SIZE + x) * 3 + c] = c == s->colour ? 255 : 0;
}

/* Far enough from the quarter's edges that no neighbour comes within the reach of
 * the networks' filters, 32 pixels in a row or column from a point inside.
 */
static struct square place(uint32_t *state, uint32_t quarter)
{
	struct square s = {
		.height = between(state, LEAST, MOST),
		.width = between(state, LEAST, MOST),
		.colour = between(state, 0, SQUARES_COLOURS - 1),
	};

	s.y = quarter / 2 * QUARTER + (quarter / 2 ? QUARTER - 2 - s.height : 2);
	s.x = quarter % 2 * QUARTER + (quarter % 2 ? QUARTER - 2 - s.width : 2);
	return s;
}

unsigned int squares_draw(uint32_t seed, uint8_t *rgb, struct square squares[SQUARES_MAX])
{
	uint32_t state = seed * 2654435761u + 1;
	unsigned int count = 0;

	for (uint32_t i = 0; i < SQUARES_PIXELS; i++) {
		uint8_t grey = between(&state, 0, 40);

		rgb[3 * i] = rgb[3 * i + 1] = rgb[3 * i + 2] = grey;
	}
	for (uint32_t quarter = 0; quarter < SQUARES_MAX; quarter++) {
		if (between(&state, 0, 3) == 0)
			continue;
		squares[count] = place(&state, quarter);
		fill(rgb, &squares[count++]);
	}
	return count;
}
