// SPDX-License-Identifier: MIT
/* Resizing through pixman, which works on 32-bit pixels. */
#include <math.h>
#include <pixman.h>
#include <stdlib.h>
#include <string.h>

#include "tools/picture.h"

#define FILTER_BITS 6	/* positions between pixels: 1/64 */

/* One axis: where the source lies in the destination, and how it is scaled. */
struct axis {
	double scale;		/* source pixels per destination pixel */
	double source;		/* first source pixel used, may lie within one */
	int first, count;	/* destination pixels that get any of it */
};

struct placement {
	struct axis x, y;
};

static struct axis place_axis(unsigned int from, unsigned int to, double scale,
			      enum picture_fit fit)
{
	struct axis axis = { .scale = (double)from / to, .count = (int)to };

	if (fit == PICTURE_LETTERBOX) {
		axis.count = (int)fmax(1.0, round(from / scale));
		axis.first = ((int)to - axis.count) / 2;
		axis.scale = (double)from / axis.count;
	}
	if (fit == PICTURE_CROP) {
		axis.scale = scale;
		axis.source = (from - to * scale) / 2;
	}
	return axis;
}

static struct placement place(const struct picture *from, const struct picture *to,
			      enum picture_fit fit)
{
	double x = (double)from->width / to->width;
	double y = (double)from->height / to->height;
	double scale = fit == PICTURE_CROP ? fmin(x, y) : fmax(x, y);
	struct placement p = {
		.x = place_axis(from->width, to->width, scale, fit),
		.y = place_axis(from->height, to->height, scale, fit),
	};

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

/* Mean of the area when it gets smaller, bilinear when larger. */
static bool set_filter(pixman_image_t *image, double x, double y)
{
	static const pixman_kernel_t reconstruct[] = { PIXMAN_KERNEL_LINEAR, PIXMAN_KERNEL_IMPULSE };
	static const pixman_kernel_t sample[] = { PIXMAN_KERNEL_IMPULSE, PIXMAN_KERNEL_BOX };
	pixman_fixed_t *params;
	bool done;
	int count;

	params = pixman_filter_create_separable_convolution(&count, pixman_double_to_fixed(x),
							    pixman_double_to_fixed(y),
							    reconstruct[x > 1], reconstruct[y > 1],
							    sample[x > 1], sample[y > 1],
							    FILTER_BITS, FILTER_BITS);
	if (!params)
		return false;
	done = pixman_image_set_filter(image, PIXMAN_FILTER_SEPARABLE_CONVOLUTION, params, count);
	free(params);
	return done;
}

static struct axis unchanged(int count)
{
	struct axis axis = { .scale = 1, .count = count };

	return axis;
}

static bool transform(pixman_image_t *from, pixman_image_t *to, struct axis x, struct axis y)
{
	pixman_transform_t matrix;

	pixman_transform_init_scale(&matrix, pixman_double_to_fixed(x.scale),
				    pixman_double_to_fixed(y.scale));
	matrix.matrix[0][2] = pixman_double_to_fixed(x.source);
	matrix.matrix[1][2] = pixman_double_to_fixed(y.source);
	if (!pixman_image_set_transform(from, &matrix) || !set_filter(from, x.scale, y.scale))
		return false;
	/* at the edge, the last pixel counts on, not a black outside */
	pixman_image_set_repeat(from, PIXMAN_REPEAT_PAD);
	pixman_image_composite32(PIXMAN_OP_SRC, from, NULL, to, 0, 0, 0, 0, x.first, y.first,
				 x.count, y.count);
	return true;
}

/* One axis after the other: pixman multiplies the weights of both in 16 bits,
 * which darkens a picture that gets much smaller in both at once.
 */
static bool transform_axes(pixman_image_t *source, pixman_image_t *between,
			   pixman_image_t *result, const struct placement *p)
{
	return transform(source, between, p->x, unchanged(pixman_image_get_height(source))) &&
	       transform(between, result, unchanged(pixman_image_get_width(between)), p->y);
}

/* Zeroed: where nothing is drawn, black bars stay. */
static pixman_image_t *new_image(unsigned int width, unsigned int height)
{
	return pixman_image_create_bits(PIXMAN_x8r8g8b8, (int)width, (int)height, NULL, 0);
}

static int scale(const struct picture *from, struct picture *to, enum picture_fit fit,
		 struct problem *problem)
{
	struct placement p = place(from, to, fit);
	pixman_image_t *images[3] = {
		to_pixman(from),
		new_image(to->width, from->height),
		new_image(to->width, to->height),
	};
	int ret = -1;
	int i;

	if (images[0] && images[1] && images[2] &&
	    transform_axes(images[0], images[1], images[2], &p)) {
		from_pixman(images[2], to);
		ret = 0;
	}
	for (i = 0; i < 3; i++)
		if (images[i])
			pixman_image_unref(images[i]);
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
