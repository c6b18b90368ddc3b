// SPDX-License-Identifier: MIT
/* Pictures from and to files, whole and damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jpeglib.h>
#include <png.h>

#include <cmocka.h>

#include "tools/picture.h"

#define WIDTH 37
#define HEIGHT 23

static char path[] = "/tmp/h8l-picture-XXXXXX";

static int setup(void **state)
{
	(void)state;
	strcpy(path + sizeof(path) - 7, "XXXXXX");
	close(mkstemp(path));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return unlink(path);
}

static void fill(struct picture *picture, unsigned int channels)
{
	struct problem problem;
	unsigned int x, y, c;

	picture->width = WIDTH;
	picture->height = HEIGHT;
	picture->channels = channels;
	assert_int_equal(picture_alloc(picture, &problem), 0);
	for (y = 0; y < HEIGHT; y++)
		for (x = 0; x < WIDTH; x++)
			for (c = 0; c < channels; c++)
				picture->pixels[(y * WIDTH + x) * channels + c] =
					(uint8_t)(x * 5 + y * (c + 2));
}

static void save(const struct picture *picture, enum picture_kind kind)
{
	struct problem problem;
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	assert_int_equal(picture_save(file, path, kind, picture, &problem), 0);
	assert_int_equal(fclose(file), 0);
}

static size_t file_bytes(uint8_t **data)
{
	FILE *file = fopen(path, "rb");
	size_t size;

	assert_non_null(file);
	*data = malloc(1 << 20);
	size = fread(*data, 1, 1 << 20, file);
	fclose(file);
	return size;
}

static void write_bytes(const void *data, size_t size)
{
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, size, file), size);
	fclose(file);
}

static void png_round_trip(unsigned int channels)
{
	struct picture out, in;
	struct problem problem;

	fill(&out, channels);
	save(&out, PICTURE_PNG);
	assert_int_equal(picture_kind_of_file(path), PICTURE_PNG);
	assert_int_equal(picture_load(path, channels, &in, &problem), 0);
	assert_int_equal(in.width, WIDTH);
	assert_int_equal(in.height, HEIGHT);
	assert_memory_equal(in.pixels, out.pixels, WIDTH * HEIGHT * channels);
	picture_free(&in);
	picture_free(&out);
}

static void png_keeps_every_byte(void **state)
{
	(void)state;
	png_round_trip(1);
	png_round_trip(3);
}

static void jpeg_round_trip(unsigned int channels)
{
	struct picture out, in;
	struct problem problem;
	long total = 0;
	size_t i;

	fill(&out, channels);
	/* a smooth picture, which JPEG is made for */
	for (i = 0; i < WIDTH * HEIGHT * channels; i++)
		out.pixels[i] = (uint8_t)(40 + i / channels / WIDTH * 6);
	save(&out, PICTURE_JPEG);
	assert_int_equal(picture_kind_of_file(path), PICTURE_JPEG);
	assert_int_equal(picture_load(path, channels, &in, &problem), 0);
	assert_int_equal(in.width, WIDTH);
	assert_int_equal(in.height, HEIGHT);
	for (i = 0; i < WIDTH * HEIGHT * channels; i++)
		total += labs((long)in.pixels[i] - out.pixels[i]);
	assert_true(total < 2L * WIDTH * HEIGHT * (long)channels);
	picture_free(&in);
	picture_free(&out);
}

static void jpeg_comes_close(void **state)
{
	(void)state;
	jpeg_round_trip(1);
	jpeg_round_trip(3);
}

/* Colour read as grey and grey read as colour. */
static void channels_are_converted(void **state)
{
	struct picture out, in;
	struct problem problem;
	size_t i;

	(void)state;
	fill(&out, 1);
	save(&out, PICTURE_PNG);
	assert_int_equal(picture_load(path, 3, &in, &problem), 0);
	for (i = 0; i < WIDTH * HEIGHT * 3; i++)
		assert_int_equal(in.pixels[i], out.pixels[i / 3]);
	picture_free(&in);
	save(&out, PICTURE_JPEG);
	assert_int_equal(picture_load(path, 3, &in, &problem), 0);
	assert_int_equal(in.pixels[0], in.pixels[1]);
	picture_free(&in);
	picture_free(&out);

	fill(&out, 3);
	memset(out.pixels, 200, WIDTH * HEIGHT * 3);
	save(&out, PICTURE_PNG);
	assert_int_equal(picture_load(path, 1, &in, &problem), 0);
	assert_int_equal(in.pixels[WIDTH * HEIGHT - 1], 200);
	picture_free(&in);
	picture_free(&out);
}

static void write_png(uint32_t format, const void *pixels)
{
	png_image image = {
		.version = PNG_IMAGE_VERSION, .width = 2, .height = 1, .format = format,
	};

	assert_true(png_image_write_to_file(&image, path, 0, pixels, 0, NULL));
}

/* A transparent pixel is black, half of one half as bright (in light). */
static void png_other_kinds(void **state)
{
	static const uint8_t alpha[] = { 255, 255, 255, 0, 10, 20, 30, 255 };
	static const uint16_t linear[] = { 0, 65535 };
	static const uint8_t from_alpha[] = { 0, 0, 0, 10, 20, 30 };
	static const uint8_t from_linear[] = { 0, 0, 0, 255, 255, 255 };
	struct problem problem;
	struct picture in;

	(void)state;
	write_png(PNG_FORMAT_RGBA, alpha);
	assert_int_equal(picture_load(path, 3, &in, &problem), 0);
	assert_memory_equal(in.pixels, from_alpha, 6);
	picture_free(&in);
	write_png(PNG_FORMAT_LINEAR_Y, linear);
	assert_int_equal(picture_load(path, 3, &in, &problem), 0);
	assert_memory_equal(in.pixels, from_linear, 6);
	picture_free(&in);
}

/* Every way to cut a file off: a message, no picture, nothing leaked. A JPEG's
 * last two bytes say only that it ends, which libjpeg misses all the same.
 */
static void cut_files(enum picture_kind kind)
{
	struct problem problem;
	struct picture out, in;
	uint8_t *data;
	size_t size, cut;

	fill(&out, 3);
	save(&out, kind);
	size = file_bytes(&data);
	for (cut = 0; cut < size; cut += cut < 700 || cut > size - 64 ? 1 : 37) {
		write_bytes(data, cut);
		/* PNG: the end chunk is 12 bytes, all pixels are there before */
		if (kind == PICTURE_PNG && cut >= size - 12)
			break;
		problem.what[0] = '\0';
		assert_int_equal(picture_load(path, 3, &in, &problem), -1);
		assert_null(in.pixels);
		assert_non_null(strstr(problem.what, path));
	}
	assert_true(cut > size / 2);
	free(data);
	picture_free(&out);
}

static void cut_png(void **state)
{
	(void)state;
	cut_files(PICTURE_PNG);
}

static void cut_jpeg(void **state)
{
	(void)state;
	cut_files(PICTURE_JPEG);
}

/* Every byte changed: a message or a picture, never a crash or a leak. */
static unsigned int damaged_files(enum picture_kind kind)
{
	struct problem problem;
	struct picture out, in;
	unsigned int refused = 0;
	uint8_t *data;
	size_t size, i;

	fill(&out, 3);
	save(&out, kind);
	size = file_bytes(&data);
	for (i = 0; i < size; i++) {
		data[i] ^= 0x5a;
		write_bytes(data, size);
		if (picture_load(path, 3, &in, &problem)) {
			assert_null(in.pixels);
			refused++;
		}
		picture_free(&in);
		data[i] ^= 0x5a;
	}
	free(data);
	picture_free(&out);
	return refused;
}

static void damaged_png(void **state)
{
	(void)state;
	/* the checksums of the chunks find all but some in the last one */
	assert_true(damaged_files(PICTURE_PNG) > 90);
}

static void damaged_jpeg(void **state)
{
	(void)state;
	assert_true(damaged_files(PICTURE_JPEG) > 100);
}

/* 20000 x 20000 pixels in the header of a PNG, with its checksum right. */
static void huge_png(void **state)
{
	static const uint8_t header[] = {
		0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0, 0, 0, 13, 'I', 'H', 'D', 'R',
		0, 0, 0x4e, 0x20, 0, 0, 0x4e, 0x20, 8, 2, 0, 0, 0, 0x6c, 0x12, 0xd1, 0x6e,
		0, 0, 0, 0, 'I', 'D', 'A', 'T', 0x35, 0xaf, 0x06, 0x1e,
	};
	struct problem problem;
	struct picture in;

	(void)state;
	write_bytes(header, sizeof(header));
	assert_int_equal(picture_load(path, 3, &in, &problem), -1);
	assert_non_null(strstr(problem.what, "20000 x 20000"));
	assert_non_null(strstr(problem.hint, "16384"));
}

/* Nothing here turns CMYK into RGB; libjpeg does not either. */
static void cmyk_jpeg(void **state)
{
	struct jpeg_compress_struct jpeg = { .err = NULL };
	struct jpeg_error_mgr errors;
	uint8_t row[4 * 8] = { 0 };
	JSAMPROW rows[1] = { row };
	struct problem problem;
	struct picture in;
	FILE *file = fopen(path, "wb");
	int i;

	(void)state;
	jpeg.err = jpeg_std_error(&errors);
	jpeg_create_compress(&jpeg);
	jpeg_stdio_dest(&jpeg, file);
	jpeg.image_width = 8;
	jpeg.image_height = 8;
	jpeg.input_components = 4;
	jpeg.in_color_space = JCS_CMYK;
	jpeg_set_defaults(&jpeg);
	jpeg_start_compress(&jpeg, TRUE);
	for (i = 0; i < 8; i++)
		jpeg_write_scanlines(&jpeg, rows, 1);
	jpeg_finish_compress(&jpeg);
	jpeg_destroy_compress(&jpeg);
	fclose(file);
	assert_int_equal(picture_load(path, 3, &in, &problem), -1);
	assert_non_null(strstr(problem.what, "CMYK"));
	assert_string_equal(problem.hint, "convert it to RGB");
}

static void other_files(void **state)
{
	struct problem problem;
	struct picture in;

	(void)state;
	write_bytes("GIF89a..........", 16);
	assert_int_equal(picture_kind_of_file(path), PICTURE_NONE);
	assert_int_equal(picture_load(path, 3, &in, &problem), -1);
	assert_non_null(strstr(problem.what, "neither PNG nor JPEG"));
	assert_int_equal(picture_load("/nonexistent/x.png", 3, &in, &problem), -1);
	assert_non_null(strstr(problem.what, "No such file"));
	assert_int_equal(picture_kind_of_file("/nonexistent/x.png"), PICTURE_NONE);
}

static void full_disk(void **state)
{
	struct problem problem;
	struct picture out;
	FILE *file;
	int i;

	(void)state;
	fill(&out, 3);
	for (i = PICTURE_PNG; i <= PICTURE_JPEG; i++) {
		file = fopen("/dev/full", "wb");
		assert_non_null(file);
		setbuf(file, NULL);
		assert_int_equal(picture_save(file, "there", (enum picture_kind)i, &out, &problem),
				 -1);
		assert_non_null(strstr(problem.what, "there: cannot write"));
		fclose(file);
	}
	picture_free(&out);
}

static void kinds_by_name(void **state)
{
	(void)state;
	assert_int_equal(picture_kind_of_name("a/b.png"), PICTURE_PNG);
	assert_int_equal(picture_kind_of_name("B.JPG"), PICTURE_JPEG);
	assert_int_equal(picture_kind_of_name("b.jpeg"), PICTURE_JPEG);
	assert_int_equal(picture_kind_of_name("b.raw"), PICTURE_NONE);
	assert_int_equal(picture_kind_of_name("png"), PICTURE_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(png_keeps_every_byte, setup, teardown),
		cmocka_unit_test_setup_teardown(jpeg_comes_close, setup, teardown),
		cmocka_unit_test_setup_teardown(channels_are_converted, setup, teardown),
		cmocka_unit_test_setup_teardown(png_other_kinds, setup, teardown),
		cmocka_unit_test_setup_teardown(cut_png, setup, teardown),
		cmocka_unit_test_setup_teardown(cut_jpeg, setup, teardown),
		cmocka_unit_test_setup_teardown(damaged_png, setup, teardown),
		cmocka_unit_test_setup_teardown(damaged_jpeg, setup, teardown),
		cmocka_unit_test_setup_teardown(huge_png, setup, teardown),
		cmocka_unit_test_setup_teardown(cmyk_jpeg, setup, teardown),
		cmocka_unit_test_setup_teardown(other_files, setup, teardown),
		cmocka_unit_test_setup_teardown(full_disk, setup, teardown),
		cmocka_unit_test(kinds_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
