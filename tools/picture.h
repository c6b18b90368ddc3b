/* SPDX-License-Identifier: MIT */
/*
 * Pictures: 8 bits a channel, grey or RGB, rows from the top without padding.
 * PNG through libpng, JPEG through libjpeg, resizing through pixman.
 */
#ifndef PICTURE_H
#define PICTURE_H

#include <stdint.h>
#include <stdio.h>

#include "tools/tool.h"

#define PICTURE_MAX_SIDE	16384
#define PICTURE_MAX_PIXELS	(100u * 1000 * 1000)

struct picture {
	unsigned int width, height;	/* pixels */
	unsigned int channels;		/* 1 grey or 3 RGB */
	uint8_t *pixels;		/* height * width * channels bytes */
};

enum picture_kind { PICTURE_NONE, PICTURE_PNG, PICTURE_JPEG };

/* By the first bytes of a file; PICTURE_NONE also if it cannot be read. */
enum picture_kind picture_kind_of_file(const char *path);
/* By the end of a file's name. */
enum picture_kind picture_kind_of_name(const char *path);

/* Reads a PNG or JPEG as grey (channels 1) or RGB (3). Transparent pixels
 * become those of a black background. The orientation that a camera notes in
 * a JPEG is not applied. 0, or -1 with a problem and nothing to free.
 */
int picture_load(const char *path, unsigned int channels, struct picture *picture,
		 struct problem *problem);

/* Writes to a stream; `name` is for messages. JPEG: quality 95, 4:4:4. */
int picture_save(FILE *file, const char *name, enum picture_kind kind,
		 const struct picture *picture, struct problem *problem);

enum picture_fit {
	PICTURE_STRETCH,	/* fill, the aspect may change */
	PICTURE_LETTERBOX,	/* whole picture, black bars */
	PICTURE_CROP,		/* fill, the edges may be lost */
	PICTURE_EXACT,		/* must have the size already */
};

/* Makes `to` of to->width x to->height from `from`; its pixels are allocated
 * here. The same size is copied unchanged; smaller: mean of the area; larger:
 * bilinear. 0 or -1.
 */
int picture_resize(const struct picture *from, struct picture *to, enum picture_fit fit,
		   struct problem *problem);

int picture_alloc(struct picture *picture, struct problem *problem);
void picture_free(struct picture *picture);

/* One file format each, used by picture.c */
int picture_load_png(FILE *file, const char *path, struct picture *picture,
		     struct problem *problem);
int picture_load_jpeg(FILE *file, const char *path, struct picture *picture,
		      struct problem *problem);
int picture_save_png(FILE *file, const char *name, const struct picture *picture,
		     struct problem *problem);
int picture_save_jpeg(FILE *file, const char *name, const struct picture *picture,
		      struct problem *problem);
/* Refuses sizes that no network needs and that would exhaust memory. */
int picture_check_size(const char *path, unsigned long width, unsigned long height,
		       struct problem *problem);

#endif /* PICTURE_H */
