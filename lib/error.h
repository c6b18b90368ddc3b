/* SPDX-License-Identifier: MIT */
/*
 * Filling in struct h8l_error, and small helpers that every layer uses.
 */
#ifndef H8L_ERROR_H
#define H8L_ERROR_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hailo8l.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Puts `code` (a negative errno) and the sentence into *error, which may be
 * NULL, and returns `code`.
 */
__attribute__((format(printf, 3, 4)))
int fail(struct h8l_error *error, int code, const char *format, ...);

/* -ENOMEM with its sentence */
int fail_memory(struct h8l_error *error, const char *for_what);

/* "what: strerror": for errors that come from the system as they are */
int fail_errno(struct h8l_error *error, int code, const char *what);

static inline uint64_t align_up(uint64_t value, uint64_t alignment)
{
	return (value + alignment - 1) / alignment * alignment;
}

static inline uint64_t div_round_up(uint64_t value, uint64_t by)
{
	return (value + by - 1) / by;
}

#endif /* H8L_ERROR_H */
