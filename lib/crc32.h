/* SPDX-License-Identifier: MIT */
#ifndef H8L_CRC32_H
#define H8L_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* CRC-32 as of zlib and Ethernet: reflected polynomial 0xedb88320, start and
 * final value inverted. Thread-safe.
 */
uint32_t crc32_digest(const void *data, size_t len);

/* Goes on from `crc` (not inverted) by tables only: the rest of a digest, and
 * what tests compare with
 */
uint32_t crc32_plain(uint32_t crc, const uint8_t *data, size_t len);

#endif /* H8L_CRC32_H */
