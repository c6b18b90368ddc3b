/* SPDX-License-Identifier: MIT */
/* Pictures with coloured squares, for networks that find them. */
#ifndef HEF_NETS_SQUARES_H
#define HEF_NETS_SQUARES_H

#include <stdint.h>

#define SQUARES_SIZE	96		/* of the picture, pixels */
#define SQUARES_PIXELS	(SQUARES_SIZE * SQUARES_SIZE)
#define SQUARES_COLOURS	3		/* classes: red, green, blue */
#define SQUARES_MAX	4

struct square {
	uint32_t y, x, height, width;	/* pixels */
	uint32_t colour;
};

/* Draws 0 to 4 rectangles, one in each quarter at most, on a dark, noisy ground;
 * `rgb` has SQUARES_PIXELS of three bytes. Returns how many. The same seed is the
 * same picture.
 */
unsigned int squares_draw(uint32_t seed, uint8_t *rgb, struct square squares[SQUARES_MAX]);

#endif /* HEF_NETS_SQUARES_H */
