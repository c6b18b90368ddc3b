/* SPDX-License-Identifier: MIT */
#ifndef HEF_NETS_PNG_H
#define HEF_NETS_PNG_H

#include "tests/hef/util.h"

/* Appends a picture file; rows of `channels` bytes per pixel: 1 grey, 3 RGB */
void png_write(const uint8_t *pixels, uint32_t height, uint32_t width, uint32_t channels,
	       struct blob *png);

#endif /* HEF_NETS_PNG_H */
