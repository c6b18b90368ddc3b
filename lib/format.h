/* SPDX-License-Identifier: MIT */
/*
 * Between the frames of a program and the frames on the wire: order of
 * elements, padding, type, quantisation. Reference formats.md sections 2-7.
 *
 * Every order that this library knows is a nest of loops with constant steps
 * on both sides, so a conversion is a short list of nests, made once, and one
 * routine that walks them.
 */
#ifndef H8L_FORMAT_H
#define H8L_FORMAT_H

#include <stdbool.h>

#include "error.h"
#include "hailo8l.h"
#include "kernels.h"

#define FORMAT_DIMS	4
#define FORMAT_NESTS	3

/* Loops, outermost first; steps and bases in elements */
struct format_nest {
	size_t count[FORMAT_DIMS];
	ptrdiff_t host[FORMAT_DIMS];
	ptrdiff_t device[FORMAT_DIMS];
	ptrdiff_t quant[FORMAT_DIMS];
	size_t host_base;
	size_t device_base;
	size_t quant_base;
};

/* One innermost loop */
struct format_line {
	const void *from;
	void *to;
	ptrdiff_t from_step;
	ptrdiff_t to_step;
	size_t count;
	const struct h8l_quant *quant;
	ptrdiff_t quant_step;
	const struct kernels *kernels;
};

struct format_plan {
	bool direct;			/* both frames are the same bytes */
	size_t in_place;		/* not 0: bytes that format_in_place() needs aside */
	enum h8l_direction direction;
	struct h8l_format host;		/* AUTO resolved */
	size_t host_size;		/* bytes of a frame */
	size_t device_size;
	unsigned int host_element;	/* bytes */
	unsigned int device_element;
	void (*line)(const struct format_line *line);
	const struct kernels *kernels;	/* the best of this processor */
	const struct h8l_quant *quant;
	struct format_nest nest[FORMAT_NESTS];
	unsigned int nest_count;
};

static inline size_t at_most(size_t value, size_t limit)
{
	return value < limit ? value : limit;
}

/* What AUTO becomes on the host for a device order */
enum h8l_order format_default_order(enum h8l_order device);

/* Makes the plan for a stream and a host format. `transposed`: the device has
 * height and width of info->shape swapped. `quants` has quant_count entries
 * and must outlive the plan. -ENOTSUP: there is no such conversion.
 */
int format_plan_init(struct format_plan *plan, const struct h8l_stream_info *info,
		     bool transposed, const struct h8l_quant *quants, struct h8l_format host,
		     struct h8l_error *error);

/* Converts a frame. Padding of the device frame is not written: a buffer for
 * it is zeroed once. The buffers do not overlap. Thread-safe.
 */
void format_to_device(const struct format_plan *plan, const void *host, void *device);
void format_to_host(const struct format_plan *plan, const void *device, void *host);

/* A frame of the device where the host's is to be */
struct format_place {
	void *frame;			/* the host's buffer; there the device's begins, */
	size_t head;			/* so many bytes of it: all, or if rows do not grow, */
	const void *tail;		/* less, and this is the rest */
	void *room;			/* plan->in_place bytes elsewhere */
};

/* As format_to_host(). Thread-safe. */
void format_in_place(const struct format_plan *plan, const struct format_place *place);
/* What plan->in_place is to be; 0 if rows of the host would come to lie on rows of
 * the device that are still to be read.
 */
size_t format_in_place_room(const struct format_plan *plan);

#endif /* H8L_FORMAT_H */
