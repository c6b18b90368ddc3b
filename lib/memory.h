/* SPDX-License-Identifier: MIT */
/*
 * Memory that was registered once, and what may be done with frames in it.
 */
#ifndef H8L_MEMORY_H
#define H8L_MEMORY_H

#include "resources.h"

struct h8l_memory {
	struct h8l_memory *next;
	struct h8l_device *device;
	uintptr_t start;		/* frames are at multiples of 4096 bytes from here */
	size_t size;
	uint64_t mapping;
	struct dma_buffer own;		/* h8l_memory_alloc(): this is it */

	/* A dma-buf; fd is -1 otherwise */
	int fd;				/* our own */
	void *view;			/* from the dma-buf's first byte on */
	size_t view_size;
	bool visible;			/* to the processor; else only a range of addresses */
	bool by_fd;			/* the driver knows it by `fd`, not by address */
	bool read_only;
};

/* All: the device's lock is held. */

/* Registered memory that holds the whole buffer, or NULL */
const struct h8l_memory *memory_of(const struct h8l_device *device,
				   const struct h8l_buffer *buffer);
/* Can descriptors point to the buffer, which is in it? */
bool memory_reaches(const struct h8l_memory *memory, const struct h8l_buffer *buffer);
/* May a frame be in the buffer at all? `as_is`: the stream needs no conversion. */
int memory_check(const struct h8l_memory *memory, const struct h8l_buffer *buffer,
		 enum h8l_direction direction, bool as_is, struct h8l_error *error);
/* How a launch names the buffer. `memory` may be NULL, here and below. */
struct hailo8l_launch_buffer memory_name(const struct h8l_memory *memory, const void *data,
					 uint32_t size);
/* Around what the processor reads or writes (`write`) */
void memory_begin_cpu(const struct h8l_memory *memory, bool write);
void memory_end_cpu(const struct h8l_memory *memory, bool write);

#endif /* H8L_MEMORY_H */
