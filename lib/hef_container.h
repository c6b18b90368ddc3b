/* SPDX-License-Identifier: MIT */
/*
 * The outer shell of a HEF: header, hash, where metadata and configuration
 * words lie. Layout and rules: reference hef.md section 1.
 */
#ifndef H8L_HEF_CONTAINER_H
#define H8L_HEF_CONTAINER_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"

#define HEF_HASH_TEXT 33	/* lower-case hex of at most 16 bytes, NUL */

struct hef_container {
	unsigned int version;		/* 0 to 3 */
	const uint8_t *metadata;	/* protobuf, inside the file */
	size_t metadata_size;
	const uint8_t *config;		/* configuration words; empty in version 0 */
	uint64_t config_size;
	char hash[HEF_HASH_TEXT];
};

/* Checks the shell of `size` bytes at `data`, of which all pointers in
 * *container stay a part. `name` is for messages. Errors: -ENOEXEC not a HEF,
 * or of a version that no Hailo-8 can run; -EBADMSG cut or damaged.
 */
int hef_container_parse(const void *data, size_t size, const char *name,
			struct hef_container *container, struct h8l_error *error);

#endif /* H8L_HEF_CONTAINER_H */
