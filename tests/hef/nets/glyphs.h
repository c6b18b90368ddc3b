/* SPDX-License-Identifier: MIT */
/*
 * Digits drawn by strokes, in whole numbers only, so that every machine draws
 * the same pixels: white on black, 28 x 28.
 */
#ifndef GLYPHS_H
#define GLYPHS_H

#include <stdint.h>

#define GLYPH_SIZE	28
#define GLYPH_PIXELS	(GLYPH_SIZE * GLYPH_SIZE)

/* How a digit is drawn. All zero but `width` and `height`: plain, centred. */
struct glyph_style {
	unsigned int variant;		/* of the digit's shape; any number */
	int width, height;		/* 1/256 pixel per unit of a 60 x 100 box */
	int slant, tilt;		/* 1/256 pixel per unit, off the other axis */
	int dx, dy;			/* 1/256 pixel */
	int radius;			/* of the pen, 1/256 pixel */
	int noise;			/* 0..255: largest change of a pixel */
	int specks;			/* wrong pixels */
	uint32_t seed;			/* of noise and specks */
};

/* xorshift32. The state must not be 0. */
uint32_t glyph_random(uint32_t *state);
int glyph_between(uint32_t *state, int low, int high);

/* A style as a hurried but honest hand would choose it. `seed` not 0. */
struct glyph_style glyph_random_style(uint32_t seed);

void glyph_draw(unsigned int digit, const struct glyph_style *style,
		uint8_t pixels[GLYPH_PIXELS]);

#endif /* GLYPHS_H */
