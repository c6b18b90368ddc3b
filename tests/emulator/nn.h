/* SPDX-License-Identifier: MIT */
/*
 * The neural core: what the configuration words have loaded, computed frame
 * by frame. Two kinds of network exist (tests/hef/nn_format.h, pattern.h).
 */
#ifndef NN_H
#define NN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nn;

struct nn *nn_new(void);		/* NULL: out of memory */
void nn_free(struct nn *nn);
/* Forgets all configuration. */
void nn_reset(struct nn *nn);

/* One configuration word packet: `len` bytes (a multiple of 4) for chip
 * address `addr`. Outside the network memory it goes nowhere: opaque
 * configuration of a real network. -EINVAL if it straddles the end.
 */
int nn_write(struct nn *nn, uint32_t addr, const void *data, size_t len);
/* Configuration arrived since the last nn_load(). */
bool nn_is_dirty(const struct nn *nn);
/* Takes the configuration into use. 0, or -EINVAL (-ENOMEM) for an image that
 * says it is a network and is not a valid one; nn_error() says what is wrong.
 */
int nn_load(struct nn *nn);
const char *nn_error(const struct nn *nn);
bool nn_is_network(const struct nn *nn);

struct nn_io {
	uint8_t sys_index;
	uint8_t *data;
	uint32_t len;			/* device frame, bytes */
};

/* Computes one frame. Inputs in ascending sys_index. -EINVAL if the network
 * that was loaded has other streams or frame sizes (nn_error()).
 */
int nn_run(struct nn *nn, const struct nn_io *in, unsigned int in_count,
	   const struct nn_io *out, unsigned int out_count, uint32_t frame);

#endif /* NN_H */
