// SPDX-License-Identifier: MIT
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"

#define BLOCK_SIZE 65536

struct arena_block {
	struct arena_block *next;
	size_t size;
	alignas(max_align_t) unsigned char bytes[];
};

void arena_init(struct arena *arena, size_t budget)
{
	*arena = (struct arena){ .budget = budget };
}

void arena_free(struct arena *arena)
{
	while (arena->blocks) {
		struct arena_block *block = arena->blocks;

		arena->blocks = block->next;
		free(block);
	}
	arena->left = 0;
}

static struct arena_block *new_block(size_t size)
{
	struct arena_block *block = malloc(sizeof(*block) + size);

	if (block)
		block->size = size;
	return block;
}

/* A block of its own, behind the newest, whose rest stays usable */
static void *alloc_large(struct arena *arena, size_t size)
{
	struct arena_block *block = new_block(size);

	if (!block)
		return NULL;
	if (arena->blocks) {
		block->next = arena->blocks->next;
		arena->blocks->next = block;
	} else {
		arena->blocks = block;
	}
	return block->bytes;
}

static int add_block(struct arena *arena)
{
	struct arena_block *block = new_block(BLOCK_SIZE);

	if (!block)
		return -1;
	block->next = arena->blocks;
	arena->blocks = block;
	arena->left = BLOCK_SIZE;
	return 0;
}

static void *take(struct arena *arena, size_t size)
{
	struct arena_block *block = arena->blocks;
	void *bytes = block->bytes + block->size - arena->left;

	arena->left -= size;
	return bytes;
}

void *arena_alloc_raw(struct arena *arena, size_t size)
{
	const size_t unit = alignof(max_align_t);

	if (size > arena->budget || size > SIZE_MAX - unit) {
		arena->exhausted = 1;
		return NULL;
	}
	arena->budget -= size;
	size = (size + unit - 1) / unit * unit;
	if (size > BLOCK_SIZE / 4)
		return alloc_large(arena, size);
	if (size > arena->left && add_block(arena))
		return NULL;
	return take(arena, size);
}

void *arena_alloc(struct arena *arena, size_t size)
{
	void *bytes = arena_alloc_raw(arena, size);

	return bytes ? memset(bytes, 0, size) : NULL;
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes)) {
		arena->exhausted = 1;
		return NULL;
	}
	return arena_alloc(arena, bytes);
}

char *arena_strdup(struct arena *arena, const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = arena_alloc_raw(arena, size);

	return copy ? memcpy(copy, text, size) : NULL;
}
