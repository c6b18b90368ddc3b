// SPDX-License-Identifier: MIT
/* What does not depend on the file format of a picture. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tools/picture.h"

enum picture_kind picture_kind_of_file(const char *path)
{
	static const uint8_t png[4] = { 0x89, 'P', 'N', 'G' };
	static const uint8_t jpeg[3] = { 0xff, 0xd8, 0xff };
	uint8_t start[4] = { 0 };
	FILE *file = fopen(path, "rbe");
	size_t got;

	if (!file)
		return PICTURE_NONE;
	got = fread(start, 1, sizeof(start), file);
	fclose(file);
	if (got < sizeof(start))
		return PICTURE_NONE;
	if (!memcmp(start, png, sizeof(png)))
		return PICTURE_PNG;
	return memcmp(start, jpeg, sizeof(jpeg)) ? PICTURE_NONE : PICTURE_JPEG;
}

enum picture_kind picture_kind_of_name(const char *path)
{
	const char *dot = strrchr(path, '.');

	if (!dot)
		return PICTURE_NONE;
	if (!strcasecmp(dot, ".png"))
		return PICTURE_PNG;
	if (!strcasecmp(dot, ".jpg") || !strcasecmp(dot, ".jpeg"))
		return PICTURE_JPEG;
	return PICTURE_NONE;
}

int picture_check_size(const char *path, unsigned long width, unsigned long height,
		       struct problem *problem)
{
	if (width && height && width <= PICTURE_MAX_SIDE && height <= PICTURE_MAX_SIDE &&
	    (unsigned long long)width * height <= PICTURE_MAX_PIXELS)
		return 0;
	problem_set(problem, "%s: picture of %lu x %lu pixels", path, width, height);
	problem_hint(problem, "at most %d pixels a side and %u million in all are read",
		     PICTURE_MAX_SIDE, PICTURE_MAX_PIXELS / 1000000);
	return -1;
}

int picture_alloc(struct picture *picture, struct problem *problem)
{
	size_t size = (size_t)picture->width * picture->height * picture->channels;

	picture->pixels = malloc(size);
	if (picture->pixels)
		return 0;
	return problem_set(problem, "out of memory for a picture of %zu bytes", size);
}

void picture_free(struct picture *picture)
{
	free(picture->pixels);
	picture->pixels = NULL;
}

int picture_load(const char *path, unsigned int channels, struct picture *picture,
		 struct problem *problem)
{
	enum picture_kind kind = picture_kind_of_file(path);
	FILE *file = fopen(path, "rbe");
	int result;

	memset(picture, 0, sizeof(*picture));
	picture->channels = channels;
	if (!file)
		return problem_set(problem, "%s: cannot open: %s", path, strerror(errno));
	switch (kind) {
	case PICTURE_PNG:
		result = picture_load_png(file, path, picture, problem);
		break;
	case PICTURE_JPEG:
		result = picture_load_jpeg(file, path, picture, problem);
		break;
	default:
		result = problem_set(problem, "%s: neither PNG nor JPEG", path);
	}
	fclose(file);
	return result;
}

int picture_save(FILE *file, const char *name, enum picture_kind kind,
		 const struct picture *picture, struct problem *problem)
{
	if (kind == PICTURE_JPEG)
		return picture_save_jpeg(file, name, picture, problem);
	return picture_save_png(file, name, picture, problem);
}
