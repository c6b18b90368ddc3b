// SPDX-License-Identifier: MIT
/* PNG files, through libpng's simplified interface: no longjmp here. */
#include <png.h>
#include <string.h>

#include "tools/picture.h"

static int png_problem(png_image *image, const char *path, const char *what,
		       struct problem *problem)
{
	problem_set(problem, "%s: %s: %s", path, what, image->message);
	png_image_free(image);
	return -1;
}

static int damaged_png(png_image *image, const char *path, struct problem *problem)
{
	png_problem(image, path, "damaged PNG", problem);
	problem_hint(problem, "get the file again, or convert it with another program");
	return -1;
}

int picture_load_png(FILE *file, const char *path, struct picture *picture,
		     struct problem *problem)
{
	static const png_color black = { 0, 0, 0 };
	png_image image = { .version = PNG_IMAGE_VERSION };

	if (!png_image_begin_read_from_stdio(&image, file))
		return damaged_png(&image, path, problem);
	picture->width = image.width;
	picture->height = image.height;
	if (picture_check_size(path, image.width, image.height, problem) ||
	    picture_alloc(picture, problem)) {
		png_image_free(&image);
		return -1;
	}
	image.format = picture->channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
	if (png_image_finish_read(&image, &black, picture->pixels, 0, NULL))
		return 0;
	picture_free(picture);
	return damaged_png(&image, path, problem);
}

int picture_save_png(FILE *file, const char *name, const struct picture *picture,
		     struct problem *problem)
{
	png_image image = {
		.version = PNG_IMAGE_VERSION,
		.width = picture->width,
		.height = picture->height,
		.format = picture->channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB,
	};

	if (png_image_write_to_stdio(&image, file, 0, picture->pixels, 0, NULL))
		return 0;
	return png_problem(&image, name, "cannot write PNG", problem);
}
