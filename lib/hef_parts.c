// SPDX-License-Identifier: MIT
/*
 * Streams that are not one input or output: several outputs in one (mux), and
 * an input in several (planes). Reference hef.md 8.5 and 8.6, formats.md 4 and 8.
 */
#include <inttypes.h>

#include "hef_metadata.h"

#define MAX_MUX_PARTS	32	/* reference formats.md section 8 */

/* ---- several outputs in one stream ---- */

/* What is known of a mux while its parts are read. The wire has `gcd` groups;
 * each has one piece of every part, one behind the other.
 */
struct mux_reader {
	struct hef_parser *p;
	struct hef_edge *mux;
	struct hef_edge *parts;
	unsigned int count;
	uint64_t group;			/* bytes of a group so far */
};

static int check_rows(struct hef_parser *p, const Hef__MuxRows *rows, size_t parts,
		      const struct hef_edge *mux)
{
	if (!rows || !parts || rows->parts != parts || rows->n_ratios != parts ||
	    !rows->height_gcd || parts > MAX_MUX_PARTS)
		return hef_invalid(p, "stream %s: %zu outputs share it, and their rows are "
				   "described for %" PRIu32, mux->name, parts,
				   rows ? rows->parts : 0);
	return 0;
}

/* Bytes of a part in a group */
static uint64_t piece_bytes(const struct hef_edge *edge, uint32_t ratio)
{
	return (uint64_t)ratio * edge->device_shape.width * edge->device_shape.features *
	       edge->data_bytes;
}

/* `size`: of its pieces; the place is filled in by those who know it */
static int parse_part(struct mux_reader *r, const Hef__Layer *layer, uint32_t ratio,
		      struct hef_edge **part, uint64_t *size)
{
	struct hef_edge *edge;
	int err;

	edge = &r->parts[r->count++];
	*edge = (struct hef_edge){
		.direction = H8L_OUTPUT, .context = r->mux->context, .network = r->mux->network,
		.whole = r->mux,
	};
	err = hef_parse_layer(r->p, layer, edge);
	if (!err && edge->order == H8L_ORDER_NMS_ON_CHIP)
		err = hef_invalid(r->p, "stream %s: boxes share it with other outputs",
				  r->mux->name);
	*part = edge;
	*size = err ? 0 : piece_bytes(edge, ratio);
	return err ?: hef_check_max(r->p, "piece of an output", *size, r->mux->frame_size);
}

static int parse_inner_mux(struct mux_reader *r, const Hef__InnerMux *m, uint32_t ratio,
			   uint32_t gcd, uint64_t *size)
{
	struct hef_edge inner = { .direction = H8L_OUTPUT, .whole = r->mux };
	unsigned int first = r->count;
	struct hef_edge *part;
	uint64_t group = 0, piece;
	uint32_t groups;
	int err = hef_parse_mux_base(r->p, m->name, m->shape, &inner) ?:
		  check_rows(r->p, m->rows, m->n_parts, &inner);

	for (size_t i = 0; i < m->n_parts && !err; i++) {
		err = parse_part(r, m->parts[i]->layer, m->rows->ratios[i], &part, &piece);
		if (err)
			break;
		part->slices.offset = (uint32_t)(r->group + group);
		part->slices.size = (uint32_t)piece;
		group += piece;
	}
	if (err)
		return err;
	groups = inner.device_shape.height / gcd;
	*size = piece_bytes(&inner, ratio);
	if (!groups || group * groups > *size)
		return hef_invalid(r->p, "stream %s: the outputs of %s do not fit into it",
				   r->mux->name, inner.name);
	for (unsigned int i = first; i < r->count; i++) {
		struct hef_slices *s = &r->parts[i].slices;

		s->count[0] = gcd < m->rows->height_gcd ? gcd : m->rows->height_gcd;
		s->count[1] = groups;
		s->step[1] = (uint32_t)group;
	}
	return 0;
}

static int parse_mux_part(struct mux_reader *r, const Hef__MuxPart *proto, uint32_t ratio,
			  uint32_t gcd)
{
	struct hef_edge *part;
	uint64_t size = 0;
	int err;

	if (proto->body_case == HEF__MUX_PART__BODY_MUX) {
		err = parse_inner_mux(r, proto->mux, ratio, gcd, &size);
	} else {
		err = parse_part(r, proto->body_case == HEF__MUX_PART__BODY_LAYER ?
				 proto->layer : NULL, ratio, &part, &size);
		if (!err)
			part->slices = (struct hef_slices){
				.offset = (uint32_t)r->group, .size = (uint32_t)size,
				.count = { gcd, 1 },
			};
	}
	r->group += size;
	return err ?: hef_check_max(r->p, "group of outputs", r->group, r->mux->frame_size);
}

/* Everything must lie in the stream's frame, and every part in its own */
static int check_parts(struct mux_reader *r, uint32_t gcd)
{
	uint64_t total = 0;

	if (r->group * gcd > r->mux->frame_size)
		return hef_invalid(r->p, "stream %s: %" PRIu32 " groups of %" PRIu64 " bytes do "
				   "not fit into %" PRIu32, r->mux->name, gcd, r->group,
				   r->mux->frame_size);
	for (unsigned int i = 0; i < r->count; i++) {
		struct hef_edge *part = &r->parts[i];
		struct hef_slices *s = &part->slices;

		s->step[0] = (uint32_t)r->group;
		total += part->frame_size;
		if ((uint64_t)s->size * s->count[0] * s->count[1] > part->frame_size)
			return hef_invalid(r->p, "output %s: more rows than it has", part->name);
	}
	if (total != r->mux->frame_size)
		return hef_invalid(r->p, "stream %s has %" PRIu32 " bytes, its outputs %" PRIu64,
				   r->mux->name, r->mux->frame_size, total);
	return 0;
}

static size_t count_parts(const Hef__Mux *m)
{
	size_t count = 0;

	for (size_t i = 0; i < m->n_parts; i++)
		count += m->parts[i]->body_case == HEF__MUX_PART__BODY_MUX ?
			 m->parts[i]->mux->n_parts : 1;
	return count;
}

int hef_parse_mux(struct hef_parser *p, const Hef__Mux *m, struct hef_edge *edge)
{
	struct mux_reader r = { .p = p, .mux = edge };
	int err = hef_parse_mux_base(p, m->name, m->shape, edge);

	if (!err && edge->direction != H8L_OUTPUT)
		err = hef_invalid(p, "stream %s: inputs cannot share a stream", edge->name);
	err = err ?: check_rows(p, m->rows, m->n_parts, edge) ?:
	      hef_check_max(p, "outputs in one stream", count_parts(m), MAX_MUX_PARTS);
	if (err)
		return err;
	r.parts = arena_array(p->arena, count_parts(m), sizeof(*r.parts));
	if (!r.parts)
		return hef_no_memory(p);
	for (size_t i = 0; i < m->n_parts && !err; i++)
		err = parse_mux_part(&r, m->parts[i], m->rows->ratios[i], m->rows->height_gcd);
	edge->parts = r.parts;
	edge->part_count = r.count;
	return err ?: check_parts(&r, m->rows->height_gcd);
}

/* ---- one input in several streams ---- */

static uint64_t elements(const struct h8l_shape *shape)
{
	return (uint64_t)shape->height * shape->width * shape->features;
}

/* As many elements as the picture, two thirds of them brightness. Reference
 * formats.md section 4.
 */
static int check_planes(struct hef_parser *p, const struct hef_edge *picture)
{
	bool three = picture->order == H8L_ORDER_I420;
	uint64_t total = elements(&picture->shape);
	uint64_t second = elements(&picture->parts[1].shape);

	if (elements(&picture->parts[0].shape) * 3 != total * 2 ||
	    second * (three ? 6 : 3) != total ||
	    (three && elements(&picture->parts[2].shape) != second))
		return hef_invalid(p, "input %s: %" PRIu32 "x%" PRIu32 "x%" PRIu32 " is not what "
				   "its planes are", picture->name, picture->shape.height,
				   picture->shape.width, picture->shape.features);
	for (unsigned int i = 1; i < picture->part_count; i++)
		if (picture->parts[i].data_bytes != picture->data_bytes)
			return hef_invalid(p, "input %s: its planes have several types",
					   picture->name);
	return 0;
}

static int start_picture(struct hef_parser *p, const Hef__Planes *planes,
			 const struct hef_edge *model, struct hef_edge **result)
{
	static const enum h8l_order formats[] = {
		[HEF__PLANES__FORMAT__NV12]	= H8L_ORDER_NV12,
		[HEF__PLANES__FORMAT__NV21]	= H8L_ORDER_NV21,
		[HEF__PLANES__FORMAT__I420]	= H8L_ORDER_I420,
	};
	uint32_t format = (uint32_t)planes->format;
	struct hef_edge *picture = arena_alloc(p->arena, sizeof(*picture));

	if (!picture)
		return hef_no_memory(p);
	*picture = *model;
	*result = picture;
	picture->picture = true;
	picture->shape = (struct h8l_shape){ planes->height, planes->width, planes->features };
	picture->device_shape = picture->shape;
	picture->max_transfers = 1;
	if (format >= ARRAY_SIZE(formats) || picture->direction != H8L_INPUT ||
	    planes->n_planes != (format == HEF__PLANES__FORMAT__I420 ? 3 : 2))
		return hef_invalid(p, "%zu planes in the format %" PRIu32 " are no picture",
				   planes->n_planes, format);
	picture->order = formats[format];
	return hef_copy_name(p, planes->name, &picture->name);
}

int hef_parse_planes(struct hef_parser *p, const Hef__Planes *planes, struct hef_edge *edges,
			unsigned int *count)
{
	struct hef_edge model = edges[*count], *first = &edges[*count];
	struct hef_edge *picture = NULL;
	int err = start_picture(p, planes, &model, &picture);
	uint64_t total = 0;

	if (err)
		return err;
	model.whole = picture;
	for (size_t i = 0; i < planes->n_planes && !err; i++) {
		struct hef_edge *edge = &edges[(*count)++];

		*edge = model;
		err = hef_parse_layer(p, planes->planes[i]->layer, edge);
		total += edge->frame_size;
	}
	err = err ?: hef_check_max(p, "bytes of a picture", total, UINT32_MAX);
	if (err)
		return err;
	picture->frame_size = (uint32_t)total;
	picture->parts = first;
	picture->part_count = (unsigned int)planes->n_planes;
	picture->stream = first->stream;
	picture->data_bytes = first->data_bytes;
	picture->quant = first->quant;
	picture->quant_count = 1;
	return check_planes(p, picture);
}
