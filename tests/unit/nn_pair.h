/* SPDX-License-Identifier: MIT */
/* The reference and the software chip's neural core, side by side. */
#ifndef NN_PAIR_H
#define NN_PAIR_H

#include "tests/emulator/nn.h"
#include "tests/hef/refnet.h"

/* Computes one frame of every network of the image by both; `frames` as for
 * refnet_run(). The test fails where a byte on the wire differs.
 */
void nn_pair_compare(struct nn *chip, struct refnet *ref, uint8_t *const *frames, uint32_t frame,
		     const char *what);

#endif /* NN_PAIR_H */
