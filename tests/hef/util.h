/* SPDX-License-Identifier: MIT */
/*
 * Small helpers of the HEF writer and the reference evaluator. Programs of a
 * test bench: memory that runs out ends the program.
 */
#ifndef HEF_UTIL_H
#define HEF_UTIL_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Memory that is freed all at once. Zeroed: struct pool a = { 0 }; */
struct pool {
	struct pool_block *blocks;
};

void *pool_alloc(struct pool *pool, size_t size);	/* zeroed */
char *pool_format(struct pool *pool, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* `old`, with room for one more element than `count`. Old copies stay. */
void *pool_grow(struct pool *pool, void *old, size_t count, size_t element);
void pool_free(struct pool *pool);

/* Growing bytes; free(data). Zeroed: struct blob b = { 0 }; */
struct blob {
	uint8_t *data;
	size_t size;
	size_t room;
};

/* Both append; the address holds until the next one. */
uint8_t *blob_add(struct blob *blob, const void *data, size_t size);
uint8_t *blob_zeros(struct blob *blob, size_t size);
void blob_align(struct blob *blob, size_t alignment);
void blob_free(struct blob *blob);

/* One sentence about what is wrong. The functions that fill it return -1, so
 * that a caller can write `return hef_fail(failure, ...)`.
 */
struct failure {
	char text[400];
};

int hef_fail(struct failure *failure, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* A whole file; -1 and a failure if it cannot be read. */
int read_file(const char *path, struct blob *blob, struct failure *failure);
/* Written beside and renamed, so that no half file is ever seen. */
int write_file(const char *path, const void *data, size_t size, struct failure *failure);

static inline uint64_t round_up(uint64_t value, uint64_t alignment)
{
	return (value + alignment - 1) / alignment * alignment;
}

#endif /* HEF_UTIL_H */
