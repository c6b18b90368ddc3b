// SPDX-License-Identifier: MIT
/*
 * Outputs that are converted where they are. The chip writes its frame to the
 * beginning of the program's buffer, and what does not fit there to a tail
 * elsewhere; then row by row what the chip wrote becomes what the program wants.
 *
 * Where the program's rows are larger, the last one goes first: no row of the
 * program begins before the same row of the chip, so what is still to be read lies
 * before all that is written. Where they are smaller, the first one goes first, and
 * what is still to be read lies behind. Rows that do not touch themselves or each
 * other go many at a time; others are set aside, a few at a time.
 */
#include <string.h>

#include "format.h"

#define ASIDE	2048			/* bytes of rows; small copies are cheap */

/* What there is to know of the rows of a plan: the outermost loop that has several
 * rounds, and in bytes how far the rows lie apart and how long they are
 */
struct rows {
	unsigned int dim;
	size_t count;
	size_t host_step, device_step;
	size_t host_size, device_size;
};

static struct rows rows_of(const struct format_plan *plan)
{
	const struct format_nest *n = &plan->nest[0];
	size_t h = plan->host_element, d = plan->device_element;
	struct rows r = { .host_size = h, .device_size = d };

	while (r.dim + 1 < FORMAT_DIMS && n->count[r.dim] == 1)
		r.dim++;
	for (unsigned int i = r.dim + 1; i < FORMAT_DIMS; i++) {
		r.host_size += (n->count[i] - 1) * (size_t)n->host[i] * h;
		r.device_size += (n->count[i] - 1) * (size_t)n->device[i] * d;
	}
	r.count = n->count[r.dim];
	r.host_step = (size_t)n->host[r.dim] * h;
	r.device_step = (size_t)n->device[r.dim] * d;
	return r;
}

static bool shrink(const struct rows *r)
{
	return r->host_step < r->device_step;
}

static bool only_forward(const struct format_nest *n)
{
	for (unsigned int d = 0; d < FORMAT_DIMS; d++)
		if (n->host[d] < 0 || n->device[d] < 0)
			return false;
	return !n->host_base && !n->device_base;
}

/* Rows that are set aside at a time; where they grow, these are few */
static size_t rows_aside(const struct rows *r)
{
	size_t fit = ASIDE / r->device_step;

	if (r->host_step > r->device_step || !fit)
		return 1;
	return at_most(fit, r->count);
}

static size_t device_bytes(const struct rows *r, size_t count)
{
	return (count - 1) * r->device_step + r->device_size;
}

size_t format_in_place_room(const struct format_plan *plan)
{
	struct rows r;

	if (plan->direction != H8L_OUTPUT || plan->nest_count != 1 ||
	    !only_forward(&plan->nest[0]))
		return 0;
	r = rows_of(plan);
	if (r.device_step < r.device_size || (shrink(&r) && r.host_step < r.host_size))
		return 0;
	return device_bytes(&r, rows_aside(&r));
}

/* ---- one frame ---- */

struct job {
	const struct format_place *place;
	struct rows rows;
	const struct format_nest *nest;	/* of the whole frame */
	struct format_plan piece;	/* of some rows */
};

static void convert(struct job *j, size_t first, size_t count, const void *device)
{
	struct format_nest *n = &j->piece.nest[0];
	size_t in_frame = device == j->place->frame ? first : 0;
	unsigned int d = j->rows.dim;

	n->count[d] = count;
	n->host_base = first * (size_t)j->nest->host[d];
	n->device_base = in_frame * (size_t)j->nest->device[d];
	n->quant_base = j->nest->quant_base + first * (size_t)j->nest->quant[d];
	format_to_host(&j->piece, device, j->place->frame);
}

static void convert_aside(struct job *j, size_t first, size_t count)
{
	const struct format_place *p = j->place;
	size_t from = first * j->rows.device_step, size = device_bytes(&j->rows, count), near = 0;

	if (from < p->head) {
		near = at_most(size, p->head - from);
		memcpy(p->room, (uint8_t *)p->frame + from, near);
	}
	if (near < size)
		memcpy((uint8_t *)p->room + near,
		       (const uint8_t *)p->tail + (from + near - p->head), size - near);
	convert(j, first, count, p->room);
}

/* Rows from `first` on that do not reach up to where they are read */
static size_t clear_after(const struct job *j, size_t first)
{
	const struct rows *r = &j->rows;
	size_t end = at_most(first * r->device_step / r->host_step, r->count);
	size_t in_head = j->place->head / r->device_step;

	end = at_most(end, in_head);
	return end > first ? end - first : 0;
}

static void convert_forward(struct job *j)
{
	size_t count, aside = rows_aside(&j->rows);

	for (size_t first = 0; first < j->rows.count; first += count) {
		count = clear_after(j, first);
		if (count) {
			convert(j, first, count, j->place->frame);
			continue;
		}
		count = at_most(aside, j->rows.count - first);
		convert_aside(j, first, count);
	}
}

/* The first of the rows up to `end` that do not reach down to where they are read */
static size_t clear_before(const struct job *j, size_t end)
{
	const struct rows *r = &j->rows;

	if (end * r->device_step > j->place->head)
		return end;
	return (device_bytes(r, end) + r->host_step - 1) / r->host_step;
}

static void convert_backward(struct job *j)
{
	size_t first, aside = rows_aside(&j->rows);

	for (size_t end = j->rows.count; end; end = first) {
		first = clear_before(j, end);
		if (first < end) {
			convert(j, first, end - first, j->place->frame);
			continue;
		}
		first = end - at_most(aside, end);
		convert_aside(j, first, end - first);
	}
}

void format_in_place(const struct format_plan *plan, const struct format_place *place)
{
	struct job j = {
		.place = place, .rows = rows_of(plan), .nest = &plan->nest[0], .piece = *plan,
	};

	if (shrink(&j.rows))
		convert_forward(&j);
	else
		convert_backward(&j);
}
