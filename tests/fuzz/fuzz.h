/* SPDX-License-Identifier: MIT */
/* Shared by the libFuzzer targets of this folder. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include "lib/device.h"
#include "tests/unit/lib_driver.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Takes bytes off the front; 0 when there are none left */
struct bytes {
	const uint8_t *data;
	size_t size;
};

uint8_t take_byte(struct bytes *in);
uint32_t take_number(struct bytes *in, unsigned int bytes);	/* little-endian */

/* A frame of zeros in the types of the chip, and one in float32 */
void run_frames(struct h8l_network *network);
/* One more, and its post-processing */
void run_post(struct h8l_network *network, unsigned int index);
/* Nothing may be left behind in the driver but applications; else abort() */
void check_driver(struct drv *drv);

#endif /* FUZZ_H */
