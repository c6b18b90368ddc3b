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
	uint32_t len;			/* device frame, bytes; outputs: of room */
	uint32_t used;			/* outputs: of this frame, set by nn_run() */
};

/* Computes one frame of the network that has these streams. Inputs in ascending
 * sys_index. -EINVAL if what was loaded has other streams or frame sizes, -EIO if
 * rows that left through DDR did not come back (nn_error()).
 */
int nn_run(struct nn *nn, const struct nn_io *in, unsigned int in_count,
	   struct nn_io *out, unsigned int out_count, uint32_t frame);

/* How an output stream leaves the chip; false if the network that is loaded has
 * no such stream, or is a real one.
 */
struct nn_output {
	uint32_t max_bytes;		/* of a frame */
	uint32_t transfer_bytes;	/* the frame is cut into these */
	/* non-maximum suppression, else 0 */
	uint16_t nms_classes, nms_burst;	/* rows, burst in items */
	uint8_t nms_chunks;
};

bool nn_find_output(const struct nn *nn, uint8_t sys_index, struct nn_output *output);

/* Rows of `row` bytes that leave through one stream and come back through
 * another. 0, or -EIO when they do not. What comes back is what is computed with.
 */
typedef int nn_ddr_fn(void *context, uint8_t out_stream, uint8_t in_stream,
		      const uint8_t *out, uint8_t *in, uint32_t row, uint32_t rows);

/* Without one, a network with DDR layers cannot run. */
void nn_set_ddr(struct nn *nn, nn_ddr_fn *move, void *context);

#endif /* NN_H */
