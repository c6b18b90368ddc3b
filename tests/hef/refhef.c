// SPDX-License-Identifier: MIT
/*
 * The evaluator's own way into a HEF; hef.md sections 1 and 7.
 */
#include <endian.h>
#include <string.h>

#include "hef.pb-c.h"
#include "nn_format.h"
#include "refnet.h"

struct hef {
	const uint8_t *bytes;
	size_t size;
	uint32_t version;
	size_t ccws;			/* where their section starts */
	Hef__File *file;
	const struct ref_place *place;
	Hef__Preliminary *preliminary;	/* of the chosen layout */
	Hef__Context **contexts;
	size_t context_count;
	const Hef__Context *context;	/* of these, the one looked at */
	struct failure *failure;
};

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

static uint32_t le32(const uint8_t *p)
{
	return (uint32_t)p[3] << 24 | p[2] << 16 | p[1] << 8 | p[0];
}

/* ---- metadata ---- */

static int open_container(struct hef *hef)
{
	static const uint8_t header_sizes[] = { 32, 28, 44, 56 };
	size_t header, proto;

	if (hef->size < 12 || be32(hef->bytes) != 0x01484546)
		return hef_fail(hef->failure, "not a HEF");
	hef->version = be32(hef->bytes + 4);
	if (hef->version >= ARRAY_SIZE(header_sizes))
		return hef_fail(hef->failure, "container version %u is unknown", hef->version);
	header = header_sizes[hef->version];
	proto = be32(hef->bytes + 8);
	if (hef->size < header || hef->size - header < proto)
		return hef_fail(hef->failure, "the file is cut");
	hef->ccws = header + proto;
	if (hef->version == 3)
		hef->ccws += be32(hef->bytes + 28);
	hef->file = hef__file__unpack(NULL, proto, hef->bytes + header);
	if (!hef->file)
		return hef_fail(hef->failure, "the metadata cannot be decoded");
	return 0;
}

static int take_core(struct hef *hef, Hef__Preliminary *preliminary, Hef__Context **contexts,
		     size_t count)
{
	if (!count)
		return hef_fail(hef->failure, "no context");
	if (hef->place->context >= count)
		return hef_fail(hef->failure, "no context %zu", hef->place->context);
	hef->preliminary = preliminary;
	hef->contexts = contexts;
	hef->context_count = count;
	hef->context = contexts[hef->place->context];
	return 0;
}

static int choose_layout(struct hef *hef, Hef__PartialGroup **partials, size_t count)
{
	uint32_t clusters = hef->place->clusters;

	for (size_t i = 0; i < count; i++) {
		Hef__PartialGroup *partial = partials[i];

		if (!partial->core || !partial->core->n_contexts)
			continue;
		if (clusters && (!partial->layout || partial->layout->clusters != clusters))
			continue;
		return take_core(hef, partial->core->preliminary, partial->core->contexts,
				 partial->core->n_contexts);
	}
	return hef_fail(hef->failure, "no part for cluster layout 0x%x", clusters);
}

static const char *group_name(const Hef__NetworkGroup *group)
{
	const Hef__GroupInfo *info = group->info;

	if (group->n_partials && group->partials[0]->core)
		info = group->partials[0]->core->info;
	return info && info->name ? info->name : "";
}

static Hef__NetworkGroup *find_group(const struct hef *hef)
{
	for (size_t i = hef->file->n_groups; i--; )
		if (!hef->place->group || !strcmp(group_name(hef->file->groups[i]),
						  hef->place->group))
			return hef->file->groups[i];
	return NULL;
}

/* With NET_FLOW (extension 13) the core is the operation that has one. */
static const Hef__OpCore *find_core(const Hef__NetworkGroup *group)
{
	for (size_t i = 0; i < group->n_ops; i++)
		if (group->ops[i]->body_case == HEF__OP__BODY_CORE)
			return group->ops[i]->core;
	return NULL;
}

static int choose_group(struct hef *hef)
{
	Hef__NetworkGroup *group = find_group(hef);
	const Hef__OpCore *core;

	if (!group)
		return hef_fail(hef->failure, "no network group %s",
				hef->place->group ? hef->place->group : "");
	core = find_core(group);
	if (core && core->n_partials)
		return choose_layout(hef, core->partials, core->n_partials);
	if (core)
		return take_core(hef, core->preliminary, core->contexts, core->n_contexts);
	if (group->n_partials)
		return choose_layout(hef, group->partials, group->n_partials);
	return take_core(hef, group->preliminary, group->contexts, group->n_contexts);
}

static int hef_open(struct hef *hef)
{
	if (open_container(hef))
		return -1;
	return choose_group(hef);
}

static void hef_close(struct hef *hef)
{
	if (hef->file)
		hef__file__free_unpacked(hef->file, NULL);
}

/* ---- configuration words ---- */

static void store_words(struct blob *memory, uint32_t at, const uint8_t *data, size_t size)
{
	if (memory->size < at + size)
		blob_zeros(memory, at + size - memory->size);
	memcpy(memory->data + at, data, size);
}

/* `data` holds CCWs one after the other. */
static int apply_ccws(struct hef *hef, const uint8_t *data, size_t size, struct blob *memory)
{
	while (size) {
		uint64_t words, bytes;
		uint32_t address;

		if (size < 8)
			return hef_fail(hef->failure, "%zu bytes left of configuration words",
					size);
		words = (uint64_t)le32(data) + 1;
		address = le32(data + 4);
		bytes = round_up(8 + 4 * words, 8);
		if (bytes > size)
			return hef_fail(hef->failure, "a configuration word is cut");
		if (address >= NN_MEMORY_BASE && address - NN_MEMORY_BASE < NN_MEMORY_SIZE) {
			if (4 * words > NN_MEMORY_SIZE - (address - NN_MEMORY_BASE))
				return hef_fail(hef->failure, "a write to 0x%x is too long",
						address);
			store_words(memory, address - NN_MEMORY_BASE, data + 8, 4 * words);
		}
		data += bytes;
		size -= bytes;
	}
	return 0;
}

static int apply_action(struct hef *hef, const Hef__Action *action, struct blob *memory)
{
	const Hef__CcwPointer *pointer;

	if (action->body_case == HEF__ACTION__BODY_CCW)
		return apply_ccws(hef, action->ccw->data.data, action->ccw->data.len, memory);
	if (action->body_case != HEF__ACTION__BODY_CCW_POINTER)
		return 0;
	pointer = action->ccw_pointer;
	if (pointer->offset > hef->size - hef->ccws ||
	    pointer->size > hef->size - hef->ccws - pointer->offset)
		return hef_fail(hef->failure, "configuration words behind the end of the file");
	return apply_ccws(hef, hef->bytes + hef->ccws + pointer->offset, pointer->size, memory);
}

static int apply_operations(struct hef *hef, Hef__Operation **operations, size_t count,
			    struct blob *memory)
{
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < operations[i]->n_actions; k++)
			if (apply_action(hef, operations[i]->actions[k], memory))
				return -1;
	return 0;
}

static int apply_context(struct hef *hef, const Hef__Context *context, struct blob *memory)
{
	return apply_operations(hef, context->operations, context->n_operations, memory);
}

/* What one context finds in the memory: the preliminary list loads the first, and
 * each loads the one that follows it.
 */
static int collect(struct hef *hef, struct blob *memory)
{
	size_t wanted = hef->context_count == 1 ? 1 : hef->place->context;

	if (hef->preliminary &&
	    apply_operations(hef, hef->preliminary->operations,
			     hef->preliminary->n_operations, memory))
		return -1;
	for (size_t i = 0; i < wanted; i++)
		if (apply_context(hef, hef->contexts[i], memory))
			return -1;
	return 0;
}

int refhef_image_at(const uint8_t *bytes, size_t size, const struct ref_place *place,
		    struct blob *image, struct failure *failure)
{
	struct hef hef = { .bytes = bytes, .size = size, .place = place, .failure = failure };
	int result = hef_open(&hef);

	if (!result && hef.ccws > size)
		result = hef_fail(failure, "the file is cut");
	if (!result)
		result = collect(&hef, image);
	hef_close(&hef);
	return result;
}

int refhef_image(const uint8_t *bytes, size_t size, uint32_t clusters, struct blob *image,
		 struct failure *failure)
{
	const struct ref_place place = { .clusters = clusters };

	return refhef_image_at(bytes, size, &place, image, failure);
}

int refhef_context_count(const uint8_t *bytes, size_t size, const struct ref_place *place,
			 size_t *count, struct failure *failure)
{
	struct hef hef = { .bytes = bytes, .size = size, .place = place, .failure = failure };
	int result = hef_open(&hef);

	*count = hef.context_count;
	hef_close(&hef);
	return result;
}

/* ---- streams ---- */

struct found {
	const Hef__Edge *edge;
	const Hef__Layer *layer;	/* of a mux: the part */
};

static const Hef__Layer *mux_layer(const Hef__Mux *mux, size_t part)
{
	return part < mux->n_parts && mux->parts[part]->body_case == HEF__MUX_PART__BODY_LAYER ?
	       mux->parts[part]->layer : NULL;
}

static const Hef__Layer *plane_layer(const Hef__Planes *planes, const struct ref_stream *stream)
{
	for (size_t i = 0; i < planes->n_planes; i++)
		if (planes->planes[i]->layer && planes->planes[i]->layer->shape &&
		    planes->planes[i]->layer->shape->stream == stream->sys_index)
			return planes->planes[i]->layer;
	return NULL;
}

static const Hef__Layer *layer_of(const Hef__Edge *edge, const struct ref_stream *stream,
				  size_t part)
{
	switch (edge->body_case) {
	case HEF__EDGE__BODY_LAYER:
		return edge->layer->shape && edge->layer->shape->stream == stream->sys_index ?
		       edge->layer : NULL;
	case HEF__EDGE__BODY_MUX:
		return edge->mux->shape && edge->mux->shape->stream == stream->sys_index ?
		       mux_layer(edge->mux, part) : NULL;
	case HEF__EDGE__BODY_PLANES:
		return plane_layer(edge->planes, stream);
	default:
		return NULL;
	}
}

/* `part`: of a mux, which one */
static struct found find_layer(const struct hef *hef, const struct ref_stream *stream, size_t part)
{
	const Hef__ContextInfo *info = hef->context->info;
	struct found found = { 0 };

	for (size_t i = 0; info && i < info->n_edges && !found.layer; i++) {
		const Hef__Edge *edge = info->edges[i];

		if (edge->direction != (Hef__Edge__Direction)stream->is_output ||
		    (edge->connection && edge->connection->kind == HEF__CONNECTION__KIND__DDR))
			continue;
		found = (struct found){ edge, layer_of(edge, stream, part) };
	}
	return found;
}

static bool same_nms(const Hef__Shape *shape, const struct ref_stream *stream)
{
	const Hef__Nms *nms = shape->extra ? shape->extra->nms : NULL;
	uint64_t chunks = nms && nms->division_factor ? nms->division_factor : 1;

	return nms && chunks == stream->nms_chunks && nms->box_size == 8 &&
	       nms->classes * chunks == stream->shape.height &&
	       nms->max_boxes + 1 == stream->shape.width &&
	       (nms->burst_size ? nms->burst_size : 1) == stream->padded.features;
}

static bool same_frame(const Hef__Shape *shape, const struct ref_stream *stream)
{
	if (shape->format != stream->order || shape->data_bytes != stream->bytes)
		return false;
	if (stream->order == NN_ORDER_NMS)
		return same_nms(shape, stream);
	return shape->height == stream->shape.height && shape->width == stream->shape.width &&
	       shape->features == stream->shape.features;
}

static int name_stream(struct hef *hef, struct ref_stream *stream, size_t part)
{
	const Hef__Layer *layer = find_layer(hef, stream, part).layer;

	if (!layer)
		return hef_fail(hef->failure,
				"the network has a stream %u that the metadata lacks",
				stream->sys_index);
	if (!layer->shape || !same_frame(layer->shape, stream))
		return hef_fail(hef->failure, "'%s': network and metadata disagree on its shape",
				layer->name);
	stream->name = strdup(layer->name);
	if (find_layer(hef, stream, part).edge->body_case == HEF__EDGE__BODY_PLANES)
		stream->planes = strdup(find_layer(hef, stream, part).edge->planes->name);
	if (layer->quant) {
		stream->scale = layer->quant->scale;
		stream->zero_point = layer->quant->zero_point;
	}
	return 0;
}

static int name_streams(struct hef *hef, struct refnet *net)
{
	size_t part = 0;

	for (size_t i = 0; i < net->stream_count; i++) {
		struct ref_stream *s = &net->streams[i];

		part = s->mux_slices && i && s[-1].mux_slices &&
		       s[-1].sys_index == s->sys_index ? part + 1 : 0;
		if (name_stream(hef, s, part))
			return -1;
	}
	return 0;
}

int refhef_names(const uint8_t *bytes, size_t size, const struct ref_place *place,
		 struct refnet *net, struct failure *failure)
{
	struct hef hef = { .bytes = bytes, .size = size, .place = place, .failure = failure };
	int result = hef_open(&hef);

	if (!result)
		result = name_streams(&hef, net);
	hef_close(&hef);
	return result;
}

int refhef_link(const uint8_t *bytes, size_t size, const struct ref_place *place,
		const struct ref_stream *stream, struct ref_link *link, struct failure *failure)
{
	struct hef hef = { .bytes = bytes, .size = size, .place = place, .failure = failure };
	const Hef__Connection *c;
	int result = hef_open(&hef);

	*link = (struct ref_link){ 0 };
	if (!result) {
		c = find_layer(&hef, stream, 0).edge->connection;
		link->between = c && c->kind == HEF__CONNECTION__KIND__INTERMEDIATE;
		if (link->between && !c->n_peers)
			result = hef_fail(failure, "'%s' is connected to nothing", stream->name);
		else if (link->between) {
			link->context = c->peers[0]->context;
			link->stream = c->peers[0]->stream;
		}
	}
	hef_close(&hef);
	return result;
}
