// SPDX-License-Identifier: MIT

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util.h"

struct pool_block {
	struct pool_block *next;
	_Alignas(max_align_t) char data[];
};

static void *must(void *memory)
{
	if (!memory) {
		fputs("out of memory\n", stderr);
		exit(1);
	}
	return memory;
}

void *pool_alloc(struct pool *pool, size_t size)
{
	struct pool_block *block = must(calloc(1, sizeof(*block) + size));

	block->next = pool->blocks;
	pool->blocks = block;
	return block->data;
}

char *pool_format(struct pool *pool, const char *format, ...)
{
	va_list args;
	char *text;
	int size;

	va_start(args, format);
	size = vsnprintf(NULL, 0, format, args);
	va_end(args);

	text = pool_alloc(pool, size + 1);
	va_start(args, format);
	vsnprintf(text, size + 1, format, args);
	va_end(args);
	return text;
}

void *pool_grow(struct pool *pool, void *old, size_t count, size_t element)
{
	void *grown = old;

	if (!(count & (count - 1))) {	/* full at 0 and at powers of two */
		grown = pool_alloc(pool, (count ? 2 * count : 1) * element);
		if (count)
			memcpy(grown, old, count * element);
	}
	return grown;
}

void pool_free(struct pool *pool)
{
	struct pool_block *next;

	for (struct pool_block *block = pool->blocks; block; block = next) {
		next = block->next;
		free(block);
	}
	pool->blocks = NULL;
}

uint8_t *blob_zeros(struct blob *blob, size_t size)
{
	uint8_t *place;

	if (blob->room - blob->size < size) {
		blob->room = 2 * blob->room + size + 64;
		blob->data = must(realloc(blob->data, blob->room));
	}
	place = blob->data + blob->size;
	memset(place, 0, size);
	blob->size += size;
	return place;
}

uint8_t *blob_add(struct blob *blob, const void *data, size_t size)
{
	uint8_t *place = blob_zeros(blob, size);

	if (size)
		memcpy(place, data, size);
	return place;
}

void blob_align(struct blob *blob, size_t alignment)
{
	blob_zeros(blob, round_up(blob->size, alignment) - blob->size);
}

void blob_free(struct blob *blob)
{
	free(blob->data);
	*blob = (struct blob){ 0 };
}

int hef_fail(struct failure *failure, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(failure->text, sizeof(failure->text), format, args);
	va_end(args);
	return -1;
}

int read_file(const char *path, struct blob *blob, struct failure *failure)
{
	FILE *file = fopen(path, "rb");
	char part[65536];
	size_t got;
	int bad;

	if (!file)
		return hef_fail(failure, "%s: %s", path, strerror(errno));
	while ((got = fread(part, 1, sizeof(part), file)))
		blob_add(blob, part, got);
	bad = ferror(file);
	fclose(file);
	if (bad)
		return hef_fail(failure, "%s: cannot be read", path);
	return 0;
}

int write_file(const char *path, const void *data, size_t size, struct failure *failure)
{
	char *part = NULL;
	FILE *file;
	int bad;

	if (asprintf(&part, "%s.part", path) < 0)
		return hef_fail(failure, "%s: out of memory", path);
	file = fopen(part, "wb");
	if (!file) {
		hef_fail(failure, "%s: %s", part, strerror(errno));
		free(part);
		return -1;
	}
	bad = fwrite(data, 1, size, file) != size;
	bad |= fclose(file);
	if (bad || rename(part, path)) {
		hef_fail(failure, "%s: %s", path, strerror(errno));
		unlink(part);
		bad = 1;
	}
	free(part);
	return bad ? -1 : 0;
}
