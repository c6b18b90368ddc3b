/* SPDX-License-Identifier: MIT */
#ifndef HEF_RANDOM_H
#define HEF_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* The text of some valid network; the same one for the same seed. free() it. */
char *random_network(uint32_t seed);

#endif /* HEF_RANDOM_H */
