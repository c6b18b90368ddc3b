/* SPDX-License-Identifier: MIT */
/*
 * Registers of the chip's periphery for a stream: in which portions a frame
 * goes between DMA and the neural core. Reference configure-and-run.md
 * section 7.
 */
#ifndef H8L_PERIPH_H
#define H8L_PERIPH_H

#include "hef.h"
#include "hw/control.h"

struct periph {
	uint16_t bytes_per_buffer;
	uint16_t buffers_per_frame;
	uint32_t padding_payload;	/* bytes of a frame before padding, or 0 */
	uint16_t padding;		/* bytes added to it */
	uint32_t fifo_size;		/* the file's or the firmware's */
};

/* `page_size` is that of the descriptors. -EINVAL: no solution. */
int periph_compute(const struct hef_edge *edge, const struct hef_features *features,
		   uint32_t page_size, const struct hw_consts *consts, struct periph *periph,
		   struct h8l_error *error);

/* As the firmware takes it */
struct hw_stream_reg periph_registers(const struct hef_edge *edge,
				      const struct hef_features *features,
				      const struct periph *periph);

#endif /* H8L_PERIPH_H */
