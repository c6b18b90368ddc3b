/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Descriptor lists as plain memory: no device, no locks, no allocation.
 * Compiled into the module and into a unit test in user space, so only
 * headers that both sides have are used here.
 */
#ifndef _H8L_DESC_H
#define _H8L_DESC_H

#include <linux/types.h>

#include "hw/vdma.h"

/**
 * struct h8l_chunk - one stretch of contiguous bus addresses of a buffer
 * @addr: bus address of the first byte
 * @start: offset of that byte in the buffer
 *
 * A buffer of n chunks has an array of n + 1; the last one holds only the
 * size of the buffer, in @start.
 */
struct h8l_chunk {
	__u64 addr;
	__u64 start;
};

/**
 * struct h8l_ring - a descriptor list
 * @desc: the descriptors that the chip reads
 * @ctrl: copy of each descriptor's first word in the CPU's own memory
 * @count: descriptors, 2 to 65536
 * @page: bytes of a full descriptor
 * @circular: a transfer may go over the end to the beginning
 *
 * @ctrl saves reads of memory that may be uncached, and writes of words that
 * already have the right value.
 */
struct h8l_ring {
	struct hw_vdma_desc *desc;
	__u32 *ctrl;
	__u32 count;
	__u32 page;
	__u8 circular;
};

/**
 * struct h8l_span - a part of a buffer that one transfer carries
 * @chunks: the chunks of the whole buffer
 * @nchunks: their number
 * @offset: first byte
 * @size: bytes, at least 1
 * @stride: bytes in a full descriptor if less than the page, else 0
 */
struct h8l_span {
	const struct h8l_chunk *chunks;
	__u32 nchunks;
	__u64 offset;
	__u32 size;
	__u32 stride;
};

__u32 h8l_desc_needed(__u32 size, __u32 page);
__u32 h8l_desc_next(const struct h8l_ring *ring, __u32 index, __u32 step);
__u8 h8l_desc_irq(__u32 domains, __u8 debug);
int h8l_desc_in(__u32 begin, __u32 end, __u32 index);
int h8l_desc_check_room(const struct h8l_ring *ring, __u32 start, __u32 descs);
int h8l_desc_check_span(const struct h8l_ring *ring, const struct h8l_span *span);
void h8l_desc_park(struct h8l_ring *ring, __u32 start, __u32 descs, __u64 sink);
void h8l_desc_bind(struct h8l_ring *ring, __u32 start, const struct h8l_span *span);
__u32 h8l_desc_end(struct h8l_ring *ring, __u32 start, __u32 size, __u8 irq);
__u32 h8l_desc_frame(struct h8l_ring *ring, __u32 start, __u32 size, __u8 irq);
void h8l_desc_restore(struct h8l_ring *ring);
void h8l_desc_request_irq(struct h8l_ring *ring, __u32 index, __u8 irq);
void h8l_desc_clear_status(struct h8l_ring *ring, __u32 index);
__u8 h8l_desc_status(const struct h8l_ring *ring, __u32 index);

#endif /* _H8L_DESC_H */
