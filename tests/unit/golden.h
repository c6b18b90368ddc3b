/* SPDX-License-Identifier: MIT */
/*
 * Reading recorded traces of the stock library and the network files they were
 * made with (../shared/golden/README.md). Support code for tests.
 */
#ifndef GOLDEN_H
#define GOLDEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Folders: $H8L_GOLDEN and $H8L_HEFS, or ../shared/golden and ../shared/hefs;
 * NULL if there is none.
 */
const char *golden_traces(void);
const char *golden_hefs(void);

/* A whole file (freed by the caller), or NULL */
uint8_t *golden_read(const char *path, size_t *size);

/* ---- JSON, as the recorder writes it: one object per line, no spaces ---- */

/* The value after "key": inside `line`, or NULL */
const char *json_find(const char *line, const char *key);
/* Its text without quotes into `text`; "" if there is none */
void json_string(const char *line, const char *key, char *text, size_t size);
double json_number(const char *line, const char *key, double otherwise);
uint64_t json_hex(const char *line, const char *key);

/* ---- device data ---- */

/* Fills `data` with the pattern of a "d2h" line */
void golden_fill(const char *line, uint8_t *data, size_t size);

#define SHA256_TEXT	65

/* Lower-case hex of the SHA-256 of `data` */
void sha256_text(const void *data, size_t size, char text[SHA256_TEXT]);

#endif /* GOLDEN_H */
