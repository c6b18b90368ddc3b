/* SPDX-License-Identifier: MIT */
/*
 * What the software chip returns for a real HEF, whose weights nobody outside
 * the vendor can interpret: a function of the input bytes that arrived by DMA,
 * the output stream and the frame number, so that a wrong byte anywhere on the
 * way in or out shows, and any program can compute what must come back.
 *
 *	h(stream) = FNV-1a, 64 bit, over the device frame of that input stream
 *	c = FNV-1a over, for every input stream of the frame in ascending
 *	    sys_index: one byte sys_index, eight bytes h (little-endian)
 *	seed = splitmix64(c ^ (uint64_t)output sys_index << 32 ^ frame), 1 if 0
 *	bytes = successive outputs of xorshift64 (13, 7, 17) from that seed,
 *	        little-endian, the last one cut
 *
 * `frame` counts from 0 at every ENABLED. All T bytes of a device frame are
 * covered, padding too. splitmix64 and xorshift64 as in golden/README.md 4.
 */
#ifndef PATTERN_H
#define PATTERN_H

#include <stddef.h>
#include <stdint.h>

#define PATTERN_HASH_INIT 0xcbf29ce484222325ull

/* FNV-1a over len bytes, continuing from hash (start: PATTERN_HASH_INIT) */
uint64_t pattern_hash(uint64_t hash, const void *data, size_t len);
/* Adds one input stream's h to the combined hash c */
uint64_t pattern_combine(uint64_t combined, uint8_t sys_index, uint64_t stream_hash);
uint64_t pattern_seed(uint64_t combined, uint8_t sys_index, uint32_t frame);
void pattern_fill(uint64_t seed, void *out, size_t len);

#endif /* PATTERN_H */
