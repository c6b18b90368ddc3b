/* SPDX-License-Identifier: MIT */
/*
 * Results of the library's post-processing as the packed frames of the stock
 * library (reference formats.md section 10), to be compared with recordings.
 */
#ifndef POST_PACK_H
#define POST_PACK_H

#include <stddef.h>
#include <stdint.h>

#include "hailo8l.h"

/* Each returns the bytes written; `out` has room for the frame. */
size_t post_pack_by_class(const struct h8l_post_result *result, unsigned int classes,
			  uint8_t *out);
size_t post_pack_by_score(const struct h8l_post_result *result, uint8_t *out);
/* The 38 bytes before every mask, with its place in the frame as the address */
size_t post_pack_heads(const struct h8l_post_result *result, uint8_t *out);
/* The defined part of the masks, one bit per pixel (golden/README.md 6.2) */
size_t post_pack_masks(const struct h8l_post_result *result, float height, float width,
		       uint8_t *out);

#endif /* POST_PACK_H */
