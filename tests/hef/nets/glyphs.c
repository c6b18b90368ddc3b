// SPDX-License-Identifier: MIT

#include <string.h>

#include "glyphs.h"

/* Not places: x says what to do. */
#define LIFT_PEN	127
#define LAST		126
#define UP		{ LIFT_PEN, 0 }
#define END		{ LAST, 0 }

struct point {
	int8_t x, y;		/* in a box 60 wide, 100 high; y goes down */
};

static const struct point shapes[][24] = {
	/* 0 */
	{ {30,0}, {45,6}, {56,25}, {60,50}, {56,75}, {45,94}, {30,100}, {15,94}, {4,75},
	  {0,50}, {4,25}, {15,6}, {30,0}, END },
	{ {20,0}, {40,0}, {54,10}, {58,30}, {58,70}, {54,90}, {40,100}, {20,100}, {6,90},
	  {2,70}, {2,30}, {6,10}, {20,0}, END },
	/* 1 */
	{ {12,22}, {32,0}, {32,100}, END },
	{ {10,18}, {32,0}, {32,100}, UP, {12,100}, {52,100}, END },
	/* 2 */
	{ {4,26}, {8,10}, {22,0}, {40,0}, {54,9}, {58,26}, {52,44}, {30,66}, {2,100},
	  {60,100}, END },
	{ {2,20}, {14,4}, {32,0}, {50,6}, {57,24}, {50,46}, {34,70}, {14,90}, {2,96},
	  {16,88}, {34,98}, {60,98}, END },
	/* 3 */
	{ {4,12}, {18,0}, {40,0}, {55,12}, {56,30}, {44,44}, {24,48}, {46,52}, {59,68},
	  {56,88}, {40,100}, {18,100}, {2,88}, END },
	{ {4,0}, {56,0}, {28,40}, {48,46}, {60,66}, {54,88}, {38,100}, {16,100}, {2,90}, END },
	/* 4 */
	{ {44,100}, {44,0}, {0,68}, {60,68}, END },
	{ {10,0}, {4,54}, {58,54}, UP, {46,20}, {44,100}, END },
	/* 5 */
	{ {54,0}, {10,0}, {6,44}, {26,36}, {46,42}, {59,60}, {57,82}, {42,98}, {20,100},
	  {2,90}, END },
	{ {56,2}, {14,2}, {8,46}, {34,44}, {54,56}, {56,80}, {40,98}, {4,98}, END },
	/* 6 */
	{ {50,4}, {30,8}, {12,28}, {2,58}, {6,84}, {22,100}, {40,100}, {56,86}, {58,66},
	  {48,50}, {30,45}, {12,54}, {3,70}, END },
	{ {44,0}, {14,42}, {2,70}, {8,90}, {26,100}, {46,96}, {58,78}, {52,58}, {34,50},
	  {12,58}, {3,72}, END },
	/* 7 */
	{ {0,0}, {60,0}, {24,100}, END },
	{ {2,2}, {58,0}, {40,44}, {26,100}, UP, {18,50}, {54,50}, END },
	/* 8 */
	{ {30,47}, {12,36}, {8,18}, {18,2}, {42,2}, {52,18}, {48,36}, {30,47}, {8,60}, {2,80},
	  {14,98}, {46,98}, {58,80}, {52,60}, {30,47}, END },
	{ {52,14}, {36,0}, {14,6}, {10,26}, {30,46}, {52,66}, {54,88}, {32,100}, {8,90},
	  {8,68}, {32,46}, {50,28}, {52,14}, END },
	/* 9 */
	{ {10,96}, {30,92}, {48,72}, {58,42}, {54,16}, {38,0}, {20,0}, {4,14}, {2,34}, {12,50},
	  {30,55}, {48,46}, {57,30}, END },
	{ {54,24}, {44,4}, {22,0}, {6,14}, {4,36}, {18,52}, {38,50}, {54,30}, {54,24}, {50,100},
	  END },
};

uint32_t glyph_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

int glyph_between(uint32_t *state, int low, int high)
{
	return low + (int)(glyph_random(state) % (uint32_t)(high - low + 1));
}

struct glyph_style glyph_random_style(uint32_t seed)
{
	uint32_t state = seed * 2654435761u | 1;	/* small seeds far apart */
	struct glyph_style style;

	glyph_random(&state);
	style.variant = glyph_between(&state, 0, 1);
	style.width = glyph_between(&state, 44, 66);
	style.height = glyph_between(&state, 43, 56);
	style.slant = glyph_between(&state, -12, 6);
	style.tilt = glyph_between(&state, -6, 6);
	style.dx = glyph_between(&state, -512, 512);
	style.dy = glyph_between(&state, -512, 512);
	style.radius = glyph_between(&state, 200, 420);
	style.noise = glyph_between(&state, 0, 60);
	style.specks = glyph_between(&state, 0, 6);
	style.seed = glyph_random(&state);
	return style;
}

static int64_t square(int64_t x)
{
	return x * x;
}

static int root(int64_t square_of)
{
	int64_t r = 0;

	for (int64_t bit = 1 << 15; bit; bit >>= 1)
		if (square(r + bit) <= square_of)
			r += bit;
	return r;
}

struct place {
	int64_t x, y;			/* 1/256 pixel */
};

static struct place transform(struct point p, const struct glyph_style *style)
{
	int64_t x = p.x - 30, y = p.y - 50;

	return (struct place){
		GLYPH_SIZE * 128 + style->dx + x * style->width + y * style->slant,
		GLYPH_SIZE * 128 + style->dy + y * style->height + x * style->tilt,
	};
}

/* Of p to the line from a to b, 1/256 pixel */
static int distance(struct place p, struct place a, struct place b)
{
	int64_t length = square(b.x - a.x) + square(b.y - a.y);
	int64_t along = (p.x - a.x) * (b.x - a.x) + (p.y - a.y) * (b.y - a.y);
	struct place foot = a;

	if (along >= length) {
		foot = b;
	} else if (along > 0) {
		foot.x = a.x + (b.x - a.x) * along / length;
		foot.y = a.y + (b.y - a.y) * along / length;
	}
	return root(square(p.x - foot.x) + square(p.y - foot.y));
}

static void draw_line(struct place a, struct place b, int radius, uint8_t *pixels)
{
	for (int i = 0; i < GLYPH_PIXELS; i++) {
		struct place centre = { i % GLYPH_SIZE * 256 + 128, i / GLYPH_SIZE * 256 + 128 };
		int light = radius + 128 - distance(centre, a, b);

		if (light > 255)
			light = 255;
		if (light > pixels[i])
			pixels[i] = light;
	}
}

static void draw_shape(const struct point *p, const struct glyph_style *style, uint8_t *pixels)
{
	for (; p[1].x != LAST; p++)
		if (p[0].x != LIFT_PEN && p[1].x != LIFT_PEN)
			draw_line(transform(p[0], style), transform(p[1], style),
				  style->radius ? style->radius : 300, pixels);
}

static void add_noise(const struct glyph_style *style, uint8_t *pixels)
{
	uint32_t state = style->seed | 1;

	for (int i = 0; i < GLYPH_PIXELS && style->noise; i++) {
		int value = pixels[i] + glyph_between(&state, -style->noise, style->noise);

		pixels[i] = value < 0 ? 0 : value > 255 ? 255 : value;
	}
	for (int i = 0; i < style->specks; i++)
		pixels[glyph_random(&state) % GLYPH_PIXELS] ^= 0xff;
}

void glyph_draw(unsigned int digit, const struct glyph_style *style,
		uint8_t pixels[GLYPH_PIXELS])
{
	memset(pixels, 0, GLYPH_PIXELS);
	draw_shape(shapes[2 * (digit % 10) + style->variant % 2], style, pixels);
	add_noise(style, pixels);
}
