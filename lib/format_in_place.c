// SPDX-License-Identifier: MIT
/*
 * Outputs that are converted where they are. The chip writes its frame to the
 * beginning of the program's buffer; then, from the last row to the first, what
 * the chip wrote becomes what the program wants. That needs no second buffer as
 * long as no row of the program begins before the same row of the chip: what is
 * still to be read then lies before all that is written.
 */
#include <string.h>

#include "format.h"

/* The loop whose rounds are the rows */
static unsigned int row_dim(const struct format_nest *n)
{
	unsigned int d = 0;

	while (d + 1 < FORMAT_DIMS && n->count[d] == 1)
		d++;
	return d;
}

static size_t host_step(const struct format_plan *plan, unsigned int d)
{
	return (size_t)plan->nest[0].host[d] * plan->host_element;
}

static size_t device_step(const struct format_plan *plan, unsigned int d)
{
	return (size_t)plan->nest[0].device[d] * plan->device_element;
}

/* Bytes of the chip's frame from a row's first element to its last */
static size_t row_size(const struct format_plan *plan, unsigned int d)
{
	size_t size = plan->device_element;

	while (++d < FORMAT_DIMS)
		size += (plan->nest[0].count[d] - 1) * device_step(plan, d);
	return size;
}

static bool only_forward(const struct format_nest *n)
{
	for (unsigned int d = 0; d < FORMAT_DIMS; d++)
		if (n->host[d] < 0 || n->device[d] < 0)
			return false;
	return !n->host_base && !n->device_base;
}

size_t format_in_place_room(const struct format_plan *plan)
{
	unsigned int d = row_dim(&plan->nest[0]);
	size_t row = row_size(plan, d);

	if (plan->direction != H8L_OUTPUT || plan->nest_count != 1 ||
	    plan->host_size < plan->device_size || !only_forward(&plan->nest[0]) ||
	    device_step(plan, d) < row || host_step(plan, d) < device_step(plan, d))
		return 0;
	return row;
}

/* The first row that lies, on the host, behind the chip's row `last` */
static size_t first_clear(const struct format_plan *plan, unsigned int d, size_t last)
{
	size_t end = last * device_step(plan, d) + row_size(plan, d);

	return (end + host_step(plan, d) - 1) / host_step(plan, d);
}

static void convert_rows(const struct format_plan *plan, struct format_plan *piece,
			 unsigned int d, size_t first, size_t count, const void *device,
			 void *host)
{
	const struct format_nest *n = &plan->nest[0];

	piece->nest[0].count[d] = count;
	piece->nest[0].host_base = first * (size_t)n->host[d];
	piece->nest[0].device_base = device == host ? first * (size_t)n->device[d] : 0;
	piece->nest[0].quant_base = n->quant_base + first * (size_t)n->quant[d];
	format_to_host(piece, device, host);
}

/* Where elements grow, most rows do not reach into those that are to be read, and
 * go many at a time. One that would overwrite itself is set aside.
 */
void format_in_place(const struct format_plan *plan, void *frame, void *room)
{
	unsigned int d = row_dim(&plan->nest[0]);
	struct format_plan piece = *plan;
	size_t first;

	for (size_t end = plan->nest[0].count[d]; end; end = first) {
		first = first_clear(plan, d, end - 1);
		if (first < end) {
			convert_rows(plan, &piece, d, first, end - first, frame, frame);
			continue;
		}
		first = end - 1;
		memcpy(room, (uint8_t *)frame + first * device_step(plan, d), row_size(plan, d));
		convert_rows(plan, &piece, d, first, 1, room, frame);
	}
}
