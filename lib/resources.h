/* SPDX-License-Identifier: MIT */
/*
 * What a network needs from driver and chip: channels, descriptor lists,
 * buffers that the chip can reach, and how large each has to be. Sizes are
 * those of the stock library, reference configure-and-run.md sections 5, 6, 8
 * and 11.
 */
#ifndef H8L_RESOURCES_H
#define H8L_RESOURCES_H

#include "device.h"
#include "error.h"
#include "hef.h"
#include "uapi/hailo8l.h"

#define CONFIG_PAGE_SIZE 512	/* unless the driver wants less */

/* ---- channels ---- */

/* Bit n: channel n is taken. 0-15 to the device, 16-31 from it. */
typedef uint32_t channel_set;

/* The lowest free channel, or -ENOSPC */
int channel_take(channel_set *taken, enum h8l_direction direction);

/* ---- sizes ---- */

struct dma_geometry {
	uint32_t page_size;		/* bytes of one descriptor */
	uint32_t desc_count;
	uint32_t queue;			/* transfers; boundary streams only */
};

/* All return 0 or -ENOTSUP: no list of this chip can carry it. `max_page` is
 * the device's largest page.
 */
int geometry_boundary(uint32_t max_page, uint32_t transfer_size, uint32_t transfers_per_frame,
		      uint32_t batch, uint32_t fifo_size, struct dma_geometry *geometry);
/* Between contexts: `batch` transfers one after the other */
int geometry_inter_context(uint32_t max_page, uint32_t transfer_size, uint32_t batch,
			   struct dma_geometry *geometry);
/* A ring of rows */
int geometry_ddr(uint32_t max_page, uint32_t row_size, uint32_t rows,
		 struct dma_geometry *geometry);

/* ---- descriptor lists ---- */

struct desc_list {
	uint64_t handle;		/* 0: none */
	uint64_t dma_address;
	uint32_t desc_count;
	uint32_t page_size;
};

/* -ENOBUFS no memory that the chip can reach; others from the driver */
int desc_list_create(const struct h8l_device *device, uint32_t desc_count, uint32_t page_size,
		     bool circular, struct desc_list *list, struct h8l_error *error);
void desc_list_release(const struct h8l_device *device, struct desc_list *list);

/* ---- buffers ---- */

struct dma_buffer {
	void *data;			/* page aligned, zeroed; NULL: none */
	size_t size;			/* as asked for */
	size_t mapped_size;		/* whole pages */
	uint64_t mapping;
	uint64_t pages;			/* the driver's handle, 0: memory of the process */
};

int dma_buffer_create(const struct h8l_device *device, size_t size,
		      enum hailo8l_direction direction, struct dma_buffer *buffer,
		      struct h8l_error *error);
void dma_buffer_release(const struct h8l_device *device, struct dma_buffer *buffer);
/* The processor has written to it */
int dma_buffer_flush(const struct h8l_device *device, const struct dma_buffer *buffer);

/* Lets descriptors point to a buffer. `bind` false: only the last descriptor
 * of each transfer gets its size and interrupt.
 */
struct program {
	uint64_t offset;		/* bytes in the buffer */
	uint64_t size;			/* bytes of a transfer */
	uint32_t transfers;
	uint32_t first_desc;
	uint8_t channel;
	bool bind;
	uint32_t irq;			/* HAILO8L_IRQ_* of the last one */
};

int desc_list_program(const struct h8l_device *device, const struct desc_list *list,
		      const struct dma_buffer *buffer, const struct program *program,
		      struct h8l_error *error);

#endif /* H8L_RESOURCES_H */
