// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <zlib.h>

#include "png.h"

static void put_be32(struct blob *blob, uint32_t value)
{
	uint8_t bytes[] = { value >> 24, value >> 16, value >> 8, value };

	blob_add(blob, bytes, sizeof(bytes));
}

static void put_chunk(struct blob *png, const char *type, const void *data, size_t size)
{
	size_t start;

	put_be32(png, size);
	start = png->size;
	blob_add(png, type, 4);
	blob_add(png, data, size);
	put_be32(png, crc32_z(0, png->data + start, png->size - start));
}

/* 8 bits, no filter */
void png_write(const uint8_t *pixels, uint32_t height, uint32_t width, uint32_t channels,
	       struct blob *png)
{
	struct blob header = { 0 }, rows = { 0 }, packed = { 0 };
	const uint8_t format[] = { 8, channels == 3 ? 2 : 0, 0, 0, 0 };
	const uint8_t no_filter = 0;
	uLongf size;

	put_be32(&header, width);
	put_be32(&header, height);
	blob_add(&header, format, sizeof(format));
	for (uint32_t r = 0; r < height; r++) {
		blob_add(&rows, &no_filter, 1);
		blob_add(&rows, pixels + (size_t)r * width * channels, width * channels);
	}
	size = compressBound(rows.size);
	blob_zeros(&packed, size);
	if (compress(packed.data, &size, rows.data, rows.size) != Z_OK)
		abort();		/* only without memory */
	blob_add(png, "\x89PNG\r\n\x1a\n", 8);
	put_chunk(png, "IHDR", header.data, header.size);
	put_chunk(png, "IDAT", packed.data, size);
	put_chunk(png, "IEND", NULL, 0);
	blob_free(&header);
	blob_free(&rows);
	blob_free(&packed);
}
