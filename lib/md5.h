/* SPDX-License-Identifier: MIT */
/*
 * MD5 (RFC 1321). The firmware checks every control message with it and
 * container v0 of a HEF carries it; it protects against accidents only.
 */
#ifndef H8L_MD5_H
#define H8L_MD5_H

#include <stddef.h>
#include <stdint.h>

/* Digest of `len` bytes at `data` (may be NULL if len is 0). Thread-safe. */
void md5_digest(const void *data, size_t len, uint8_t out[16]);

#endif /* H8L_MD5_H */
