// SPDX-License-Identifier: MIT
/* Resizing through pixman, which works on 32-bit pixels. */
#include <math.h>
#include <pixman.h>
#include <stdlib.h>
#include <string.h>

#include "tools/picture.h"

/* Where the source lies in the destination, and how it is scaled. */
struct placement {
	double scale_x, scale_y;	/* source pixels per destination pixel */
	double source_x, source_y;	/* upper left corner used */
	int x, y, width, height;	/* in the destination */
};

static struct placement place(const struct picture *from, const struct picture *to,
			      enum picture_fit fit)
{
	struct placement p = { .width = (int)to->width, .height = (int)to->height };
	double x = (double)from->width / to->width;
	double y = (double)from->height / to->height;

	if (fit == PICTURE_LETTERBOX) {
		p.width = (int)fmax(1.0, round(from->width / fmax(x, y)));
		p.height = (int)fmax(1.0, round(from->height / fmax(x, y)));
		p.x = ((int)to->width - p.width) / 2;
		p.y = ((int)to->height - p.height) / 2;
	}
	p.scale_x = (double)from->width / p.width;
	p.scale_y = (double)from->height / p.height;
	if (fit == PICTURE_CROP) {
		p.scale_x = fmin(x, y);
		p.scale_y = p.scale_x;
		p.source_x = (from->width - to->width * p.scale_x) / 2;
		p.source_y = (from->height - to->height * p.scale_y) / 2;
	}
	return p;
}

/* pixman's pixel is a number 0xXXRRGGBB of the machine, whatever its endian. */
static pixman_image_t *to_pixman(const struct picture *picture)
{
	pixman_image_t *image = pixman_image_create_bits(PIXMAN_x8r8g8b8, (int)picture->width,
							 (int)picture->height, NULL, 0);
	const uint8_t *in = picture->pixels;
	unsigned int stride, x, y;
	uint32_t *out;

	if (!image)
		return NULL;
	out = pixman_image_get_data(image);
	stride = (unsigned int)pixman_image_get_stride(image) / 4;
	for (y = 0; y < picture->height; y++, out += stride) {
		for (x = 0; x < picture->width; x++, in += picture->channels) {
			uint32_t green = in[picture->channels == 3 ? 1 : 0];
			uint32_t blue = in[picture->channels == 3 ? 2 : 0];

			out[x] = (uint32_t)in[0] << 16 | green << 8 | blue;
		}
	}
	return image;
}

static void from_pixman(pixman_image_t *image, struct picture *picture)
{
	const uint32_t *in = pixman_image_get_data(image);
	unsigned int stride = (unsigned int)pixman_image_get_stride(image) / 4;
	uint8_t *out = picture->pixels;
	unsigned int x, y;

	for (y = 0; y < picture->height; y++, in += stride) {
		for (x = 0; x < picture->width; x++, out += picture->channels) {
			out[0] = (uint8_t)(in[x] >> 16);
			if (picture->channels == 1)
				continue;
			out[1] = (uint8_t)(in[x] >> 8);
			out[2] = (uint8_t)in[x];
		}
	}
}

static bool set_filter(pixman_image_t *image, const struct placement *p)
{
	pixman_kernel_t x = p->scale_x > 1.0 ? PIXMAN_KERNEL_BOX : PIXMAN_KERNEL_LINEAR;
	pixman_kernel_t y = p->scale_y > 1.0 ? PIXMAN_KERNEL_BOX : PIXMAN_KERNEL_LINEAR;
	pixman_kernel_t sample_x = p->scale_x > 1.0 ? PIXMAN_KERNEL_BOX : PIXMAN_KERNEL_IMPULSE;
	pixman_kernel_t sample_y = p->scale_y > 1.0 ? PIXMAN_KERNEL_BOX : PIXMAN_KERNEL_IMPULSE;
	pixman_fixed_t *params;
	bool done;
	int count;

	params = pixman_filter_create_separable_convolution(&count,
							    pixman_double_to_fixed(p->scale_x),
							    pixman_double_to_fixed(p->scale_y),
							    x, y, sample_x, sample_y, 4, 4);
	if (!params)
		return false;
	done = pixman_image_set_filter(image, PIXMAN_FILTER_SEPARABLE_CONVOLUTION, params, count);
	free(params);
	return done;
}

static bool transform(pixman_image_t *from, pixman_image_t *to, const struct placement *p)
{
	pixman_transform_t matrix;

	pixman_transform_init_scale(&matrix, pixman_double_to_fixed(p->scale_x),
				    pixman_double_to_fixed(p->scale_y));
	matrix.matrix[0][2] = pixman_double_to_fixed(p->source_x);
	matrix.matrix[1][2] = pixman_double_to_fixed(p->source_y);
	if (!pixman_image_set_transform(from, &matrix) || !set_filter(from, p))
		return false;
	/* at the edge, the last pixel counts on, not a black outside */
	pixman_image_set_repeat(from, PIXMAN_REPEAT_PAD);
	pixman_image_composite32(PIXMAN_OP_SRC, from, NULL, to, 0, 0, 0, 0, p->x, p->y,
				 p->width, p->height);
	return true;
}

static int scale(const struct picture *from, struct picture *to, enum picture_fit fit,
		 struct problem *problem)
{
	struct placement p = place(from, to, fit);
	pixman_image_t *source = to_pixman(from);
	/* zeroed by pixman: black bars */
	pixman_image_t *result = pixman_image_create_bits(PIXMAN_x8r8g8b8, (int)to->width,
							  (int)to->height, NULL, 0);
	int ret = -1;

	if (source && result && transform(source, result, &p)) {
		from_pixman(result, to);
		ret = 0;
	}
	if (source)
		pixman_image_unref(source);
	if (result)
		pixman_image_unref(result);
	return ret ? problem_set(problem, "out of memory for resizing a picture") : 0;
}

int picture_resize(const struct picture *from, struct picture *to, enum picture_fit fit,
		   struct problem *problem)
{
	bool same = from->width == to->width && from->height == to->height;

	to->channels = from->channels;
	to->pixels = NULL;
	if (fit == PICTURE_EXACT && !same)
		return problem_set(problem, "picture of %u x %u pixels where %u x %u are needed",
				   from->width, from->height, to->width, to->height);
	if (picture_check_size("network input", to->width, to->height, problem) ||
	    picture_alloc(to, problem))
		return -1;
	if (same) {
		memcpy(to->pixels, from->pixels,
		       (size_t)to->width * to->height * to->channels);
		return 0;
	}
	if (scale(from, to, fit, problem)) {
		picture_free(to);
		return -1;
	}
	return 0;
}
