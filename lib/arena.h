/* SPDX-License-Identifier: MIT */
/*
 * Memory that is given back all at once, with a limit: what a network file
 * makes us allocate must stay in proportion to the file.
 */
#ifndef H8L_ARENA_H
#define H8L_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *blocks;	/* newest first */
	size_t left;			/* bytes in the newest */
	size_t budget;			/* bytes that may still be taken */
	int exhausted;			/* the budget, not the system, said no */
};

void arena_init(struct arena *arena, size_t budget);
void arena_free(struct arena *arena);

/* `size` bytes, aligned for any type, zeroed; NULL if there is no memory or
 * the budget is used up. Size 0 gives a valid pointer.
 */
void *arena_alloc(struct arena *arena, size_t size);
/* Not zeroed */
void *arena_alloc_raw(struct arena *arena, size_t size);
/* As arena_alloc() for an array; NULL also if count * size overflows. */
void *arena_array(struct arena *arena, size_t count, size_t size);
char *arena_strdup(struct arena *arena, const char *text);

#endif /* H8L_ARENA_H */
