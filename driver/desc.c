// SPDX-License-Identifier: GPL-2.0-only
/*
 * Filling descriptor lists. Everything is validated by the h8l_desc_check_*
 * functions first; those that write cannot fail.
 */
#include <asm/byteorder.h>
#include <linux/errno.h>

#include "desc.h"
#include "uapi/hailo8l.h"

#define HW_DESC_ADDR_GRAIN	((__u64)(__u32)~HW_DESC_ADDR_LOW_MASK)

__u32 h8l_desc_needed(__u32 size, __u32 page)
{
	return size / page + (size % page != 0);
}

/* @index and @step are at most the count, so one subtraction is enough. */
__u32 h8l_desc_next(const struct h8l_ring *ring, __u32 index, __u32 step)
{
	index += step;
	return index >= ring->count ? index - ring->count : index;
}

/* Control bits that ask for interrupts in @domains (HAILO8L_IRQ_*). */
__u8 h8l_desc_irq(__u32 domains, __u8 debug)
{
	__u8 bits = 0;

	if (domains & HAILO8L_IRQ_DEVICE)
		bits |= HW_DESC_IRQ_DEVICE;
	if (domains & HAILO8L_IRQ_HOST)
		bits |= HW_DESC_IRQ_HOST;
	if (!bits)
		return 0;
	bits |= HW_DESC_IRQ_PROCESSED | HW_DESC_IRQ_ERROR;
	return debug ? bits | HW_DESC_STATUS_REQ | HW_DESC_STATUS_REQ_ERROR : bits;
}

/* Is @index in [@begin, @end) on a ring? Empty when both are equal. */
int h8l_desc_in(__u32 begin, __u32 end, __u32 index)
{
	if (begin <= end)
		return begin <= index && index < end;
	return begin <= index || index < end;
}

int h8l_desc_check_room(const struct h8l_ring *ring, __u32 start, __u32 descs)
{
	if (start >= ring->count)
		return -EINVAL;
	if (descs > ring->count)
		return -ERANGE;
	if (!ring->circular && descs > ring->count - start)
		return -ERANGE;
	return 0;
}

/* The chunk that holds byte @offset, which the buffer has. */
static __u32 find_chunk(const struct h8l_span *span, __u64 offset)
{
	__u32 low = 0, high = span->nchunks;

	while (high - low > 1) {
		__u32 mid = low + (high - low) / 2;

		if (span->chunks[mid].start <= offset)
			low = mid;
		else
			high = mid;
	}
	return low;
}

static int check_stride(const struct h8l_ring *ring, const struct h8l_span *span)
{
	if (span->stride % ring->page == 0)
		return 0;
	if (span->stride > ring->page || span->size % ring->page)
		return -EINVAL;
	return 0;
}

/*
 * A descriptor holds one address, so a page must not reach over the end of a
 * chunk, and the chip drops the six low bits of an address.
 */
static int check_chunk(const struct h8l_ring *ring, const struct h8l_span *span,
		       __u32 i, __u64 end)
{
	const struct h8l_chunk *chunk = &span->chunks[i];
	__u64 from = chunk->start < span->offset ? span->offset : chunk->start;

	if ((chunk->addr + (from - chunk->start)) & HW_DESC_ADDR_GRAIN)
		return -EINVAL;
	if (chunk[1].start < end && (chunk[1].start - span->offset) & (ring->page - 1))
		return -EINVAL;
	return 0;
}

/* Can the descriptors of @ring hold this part of a buffer? */
int h8l_desc_check_span(const struct h8l_ring *ring, const struct h8l_span *span)
{
	__u64 total = span->chunks[span->nchunks].start;
	__u64 end = span->offset + span->size;
	__u32 i;
	int err;

	if (!span->size || span->offset & (ring->page - 1))
		return -EINVAL;
	if (span->offset > total || span->size > total - span->offset)
		return -EFAULT;
	err = check_stride(ring, span);
	if (err)
		return err;
	for (i = find_chunk(span, span->offset); i < span->nchunks; i++) {
		if (span->chunks[i].start >= end)
			break;
		err = check_chunk(ring, span, i, end);
		if (err)
			return err;
	}
	return 0;
}

static void set_ctrl(struct h8l_ring *ring, __u32 index, __u32 value)
{
	if (ring->ctrl[index] == value)
		return;
	ring->ctrl[index] = value;
	ring->desc[index].size_ctrl = __cpu_to_le32(value);
}

static void set_desc(struct h8l_ring *ring, __u32 index, __u64 addr, __u32 size)
{
	struct hw_vdma_desc *desc = &ring->desc[index];

	desc->addr_low = __cpu_to_le32(((__u32)addr & HW_DESC_ADDR_LOW_MASK) |
				       HW_VDMA_DATA_ID_HOST);
	desc->addr_high = __cpu_to_le32((__u32)(addr >> 32));
	desc->remaining_status = 0;
	set_ctrl(ring, index, size << HW_DESC_SIZE_SHIFT | HW_DESC_CTRL_PLAIN);
}

/* Let descriptors that belong to no buffer point to memory of the driver. */
void h8l_desc_park(struct h8l_ring *ring, __u32 start, __u32 descs, __u64 sink)
{
	while (descs--) {
		set_desc(ring, start, sink, ring->page);
		start = h8l_desc_next(ring, start, 1);
	}
}

void h8l_desc_bind(struct h8l_ring *ring, __u32 start, const struct h8l_span *span)
{
	__u32 full = span->stride % ring->page ? span->stride : ring->page;
	__u32 i = find_chunk(span, span->offset);
	__u64 offset = span->offset;
	__u32 left = span->size;

	while (left) {
		__u32 bytes = left < ring->page ? left : ring->page;

		while (span->chunks[i + 1].start <= offset)
			i++;
		set_desc(ring, start, span->chunks[i].addr + (offset - span->chunks[i].start),
			 bytes == ring->page ? full : bytes);
		start = h8l_desc_next(ring, start, 1);
		offset += bytes;
		left -= bytes;
	}
}

static __u32 full_page(const struct h8l_ring *ring)
{
	return ring->page << HW_DESC_SIZE_SHIFT | HW_DESC_CTRL_PLAIN;
}

/*
 * Only the last descriptor of a transfer of @size bytes from @start on: what
 * is left for it, and which interrupts it asks for. Returns its index.
 */
__u32 h8l_desc_end(struct h8l_ring *ring, __u32 start, __u32 size, __u8 irq)
{
	__u32 descs = h8l_desc_needed(size, ring->page);
	__u32 last = h8l_desc_next(ring, start, descs - 1);
	__u32 rest = size - (descs - 1) * ring->page;

	set_ctrl(ring, last, rest << HW_DESC_SIZE_SHIFT | HW_DESC_CTRL_PLAIN | irq);
	return last;
}

/*
 * A whole transfer: full pages, then the last descriptor. Only words that
 * differ are written: in steady state none, or those where an earlier
 * transfer ended. Returns the index of the last descriptor.
 */
__u32 h8l_desc_frame(struct h8l_ring *ring, __u32 start, __u32 size, __u8 irq)
{
	__u32 full = full_page(ring);
	__u32 left = h8l_desc_needed(size, ring->page) - 1;
	__u32 i = start;

	while (left--) {
		set_ctrl(ring, i, full);
		i = h8l_desc_next(ring, i, 1);
	}
	return h8l_desc_end(ring, start, size, irq);
}

/* Undo what transfers left in a list: no ends, no interrupts. */
void h8l_desc_restore(struct h8l_ring *ring)
{
	__u32 i;

	for (i = 0; i < ring->count; i++)
		set_ctrl(ring, i, full_page(ring));
}

void h8l_desc_request_irq(struct h8l_ring *ring, __u32 index, __u8 irq)
{
	set_ctrl(ring, index, ring->ctrl[index] | irq);
}

void h8l_desc_clear_status(struct h8l_ring *ring, __u32 index)
{
	ring->desc[index].remaining_status = 0;
}

/* Status bits that the chip wrote back, HW_DESC_STATUS_*. */
__u8 h8l_desc_status(const struct h8l_ring *ring, __u32 index)
{
	return (__u8)__le32_to_cpu(ring->desc[index].remaining_status);
}
