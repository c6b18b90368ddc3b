/* SPDX-License-Identifier: MIT */
/*
 * Vector code against its scalar twin, on whatever processor this runs: in a
 * unit test, and in a guest of the other architecture (tests/vm/guest/kernels.c).
 */
#ifndef KERNEL_COMPARE_H
#define KERNEL_COMPARE_H

#include <stdbool.h>

#include "lib/kernels.h"

/* `rounds` random lines of every conversion, bit for bit, and nothing written
 * outside; false: `what` (64 bytes) says which one differs
 */
bool compare_conversions(const struct kernels *kernels, unsigned int rounds, char *what);
/* The same for matrices turned over */
bool compare_transposes(const struct kernels *kernels, unsigned int rounds, char *what);

#endif /* KERNEL_COMPARE_H */
