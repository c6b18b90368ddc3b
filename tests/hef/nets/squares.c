// SPDX-License-Identifier: MIT
/*
 * squares: makes networks that find coloured squares in a picture.
 *
 *	squares host			a description, to standard output: a head as
 *					that of YOLOv8, for suppression on the host
 *	squares chip			the same with suppression on the chip
 *	squares picture SEED FILE	a 96 x 96 PNG; what is in it to standard output,
 *					one line each: colour, top, left, bottom, right
 *	squares frame SEED FILE		the same, as a raw frame
 *
 * Nothing is learnt. Each colour is what a pixel has more of than the others.
 * Where pixels are coloured, a row of them to the left of a cell's centre sums up
 * to the distance of the left edge, and so on: one filter per side. The score of a
 * colour is its mean in the cell. All cells inside of a square find the same box,
 * and the suppression of overlapping ones leaves the best.
 *
 * YOLOv8 wants a distribution for each distance. For d the one whose logarithm is
 * K (2 i d - i^2) at i has its mean at d (it is -K (i - d)^2 and a constant).
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "png.h"
#include "squares.h"

#define CELL		8		/* pixels */
#define CENTRE		(CELL / 2)
#define REACH		32
#define BINS		8		/* of a distribution, in cells */
#define ZERO		10000		/* zero point of the logarithms, in hundredths */

enum side { LEFT, TOP, RIGHT, BOTTOM };

static const char *const names[] = { "left", "top", "right", "bottom" };

static void print_colours(const char *network)
{
	printf("network %s\n"
	       "input picture %dx%dx3\n"
	       "conv colours picture features=3\n"
	       "weights 2 -1 -1  -1 2 -1  -1 -1 2\n"
	       "shift 1\n"
	       "conv coloured colours features=1\n"
	       "weights 1 1 1\n"
	       "avg_pool scores colours kernel=%dx%d stride=%dx%d type=u16\n",
	       network, SQUARES_SIZE, SQUARES_SIZE, CELL, CELL, CELL, CELL);
}

/* Coloured pixels on one side of the centre, times 255 */
static void print_side(enum side side)
{
	bool before = side == LEFT || side == TOP, across = side == LEFT || side == RIGHT;
	uint32_t length = before ? REACH : REACH + CENTRE;
	uint32_t rows = across ? CENTRE + 1 : length, columns = across ? length : CENTRE + 1;
	uint32_t pad[4] = { 0 };

	pad[side == TOP ? 0 : side == LEFT ? 1 : side == BOTTOM ? 2 : 3] = REACH - CENTRE;
	printf("conv %s coloured features=1 kernel=%ux%u stride=%dx%d pad=%u,%u,%u,%u type=u16\n"
	       "weights", names[side], rows, columns, CELL, CELL, pad[0], pad[1], pad[2], pad[3]);
	for (uint32_t r = 0; r < rows; r++)
		for (uint32_t c = 0; c < columns; c++) {
			uint32_t along = across ? c : r, beside = across ? r : c;

			printf(" %d", beside == CENTRE && (before || along >= CENTRE));
		}
	putchar('\n');
}

/* Adds up the four tensors that `form` makes of one side each. */
static void print_sum(const char *name, uint32_t zero, void (*form)(enum side side))
{
	for (enum side side = LEFT; side <= BOTTOM; side++)
		form(side);
	printf("add across of_left of_right type=u16 zp=%u\nmult 1 1\n"
	       "add along of_top of_bottom type=u16 zp=%u\nmult 1 1\n"
	       "add %s across along type=u16 zp=%u\nmult 1 1\n", zero, zero, name, zero);
}

/* K = 2; a pixel is 255, a cell 8 of them, the scale 0.01. */
static void print_logarithms(enum side side)
{
	printf("conv of_%s %s features=%d type=u16 zp=%d\nweights", names[side], names[side],
	       4 * BINS, ZERO);
	for (int i = 0; i < 4 * BINS; i++)
		printf(" %d", i / BINS == (int)side ? 16 * (i % BINS) : 0);
	printf("\nbias");
	for (int i = 0; i < 4 * BINS; i++)
		printf(" %d", i / BINS == (int)side ? -16321 * (i % BINS) * (i % BINS) : 0);
	printf("\nmult 12850\nshift 20\n");
}

/* The chip wants the upper side first. */
static void print_distance(enum side side)
{
	static const int place[] = { [TOP] = 0, [LEFT] = 1, [BOTTOM] = 2, [RIGHT] = 3 };

	printf("conv of_%s %s features=4 type=u16\nweights", names[side], names[side]);
	for (int i = 0; i < 4; i++)
		printf(" %d", i == place[side]);
	putchar('\n');
}

static int print_host(void)
{
	uint32_t cells = SQUARES_SIZE / CELL;

	print_colours("squares_host");
	for (enum side side = LEFT; side <= BOTTOM; side++)
		print_side(side);
	print_sum("boxes", ZERO, print_logarithms);
	/* A host takes padding for another class or side: rows are padded instead. */
	printf("output boxes order=nhcw padded=%ux%ux%d scale=0.01\n", cells,
	       (cells + 7) / 8 * 8, 4 * BINS);
	printf("output scores order=nhcw padded=%ux%ux%d scale=0.00392156862745098\n", cells,
	       (cells + 7) / 8 * 8, SQUARES_COLOURS);
	printf("yolov8 squares image=%dx%d classes=%d score=0.6 iou=0.5 max=10\n"
	       "decoder %d boxes scores\n", SQUARES_SIZE, SQUARES_SIZE, SQUARES_COLOURS, CELL);
	return 0;
}

/* 4096ths of the picture, of 255ths of a pixel; scores too, for they have one scale */
static int print_chip(void)
{
	print_colours("squares_chip");
	for (enum side side = LEFT; side <= BOTTOM; side++)
		print_side(side);
	print_sum("boxes", 0, print_distance);
	printf("nms squares boxes scores max=10 score=2448 iou=128\n"
	       "mult %d 16\nshift 18 0\n", (4096 << 18) / (255 * SQUARES_SIZE));
	printf("output squares burst=16 scale=0.000244140625\n");
	return 0;
}

static int make_picture(uint32_t seed, const char *path, bool raw)
{
	struct square squares[SQUARES_MAX];
	uint8_t *rgb = malloc(3 * SQUARES_PIXELS);
	struct blob png = { 0 };
	struct failure failure;
	unsigned int count;
	int result;

	if (!rgb)
		return 1;
	count = squares_draw(seed, rgb, squares);
	for (unsigned int i = 0; i < count; i++)
		printf("%u %u %u %u %u\n", squares[i].colour, squares[i].y, squares[i].x,
		       squares[i].y + squares[i].height, squares[i].x + squares[i].width);
	if (raw)
		blob_add(&png, rgb, 3 * SQUARES_PIXELS);
	else
		png_write(rgb, SQUARES_SIZE, SQUARES_SIZE, 3, &png);
	result = write_file(path, png.data, png.size, &failure);
	if (result)
		fprintf(stderr, "squares: %s\n", failure.text);
	blob_free(&png);
	free(rgb);
	return result ? 1 : 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "host"))
		return print_host();
	if (argc == 2 && !strcmp(argv[1], "chip"))
		return print_chip();
	if (argc == 4 && (!strcmp(argv[1], "picture") || !strcmp(argv[1], "frame")))
		return make_picture(strtoul(argv[2], NULL, 0), argv[3], argv[1][0] == 'f');
	fputs("usage: squares host | chip | picture SEED FILE.png | frame SEED FILE\n", stderr);
	return 1;
}
