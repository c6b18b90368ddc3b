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
	Hef__Preliminary *preliminary;	/* of the chosen layout */
	Hef__Context *context;
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

static int choose_layout(struct hef *hef, Hef__NetworkGroup *group, uint32_t clusters)
{
	for (size_t i = 0; i < group->n_partials; i++) {
		Hef__PartialGroup *partial = group->partials[i];

		if (!partial->core || !partial->core->n_contexts)
			continue;
		if (clusters && (!partial->layout || partial->layout->clusters != clusters))
			continue;
		hef->preliminary = partial->core->preliminary;
		hef->context = partial->core->contexts[0];
		return 0;
	}
	return hef_fail(hef->failure, "no part for cluster layout 0x%x", clusters);
}

static int choose_group(struct hef *hef, uint32_t clusters)
{
	Hef__NetworkGroup *group;

	if (!hef->file->n_groups)
		return hef_fail(hef->failure, "no network group");
	group = hef->file->groups[hef->file->n_groups - 1];
	if (group->n_partials)
		return choose_layout(hef, group, clusters);
	if (!group->n_contexts)
		return hef_fail(hef->failure, "no context");
	hef->preliminary = group->preliminary;
	hef->context = group->contexts[0];
	return 0;
}

static int hef_open(struct hef *hef, uint32_t clusters)
{
	if (open_container(hef))
		return -1;
	return choose_group(hef, clusters);
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

static int collect(struct hef *hef, struct blob *memory)
{
	if (hef->preliminary &&
	    apply_operations(hef, hef->preliminary->operations,
			     hef->preliminary->n_operations, memory))
		return -1;
	return apply_operations(hef, hef->context->operations, hef->context->n_operations,
				memory);
}

int refhef_image(const uint8_t *bytes, size_t size, uint32_t clusters, struct blob *image,
		 struct failure *failure)
{
	struct hef hef = { .bytes = bytes, .size = size, .failure = failure };
	int result = hef_open(&hef, clusters);

	if (!result && hef.ccws > size)
		result = hef_fail(failure, "the file is cut");
	if (!result)
		result = collect(&hef, image);
	hef_close(&hef);
	return result;
}

/* ---- names ---- */

static const Hef__Layer *find_layer(const struct hef *hef, const struct ref_stream *stream)
{
	const Hef__ContextInfo *info = hef->context->info;

	for (size_t i = 0; info && i < info->n_edges; i++) {
		const Hef__Edge *edge = info->edges[i];

		if (edge->body_case == HEF__EDGE__BODY_LAYER && edge->layer->shape &&
		    edge->layer->shape->stream == stream->sys_index &&
		    edge->direction == (Hef__Edge__Direction)stream->is_output)
			return edge->layer;
	}
	return NULL;
}

static bool same_frame(const Hef__Shape *shape, const struct ref_stream *stream)
{
	return shape->height == stream->shape.height && shape->width == stream->shape.width &&
	       shape->features == stream->shape.features && shape->format == stream->order &&
	       shape->data_bytes == stream->bytes;
}

static int name_streams(struct hef *hef, struct refnet *net)
{
	for (size_t i = 0; i < net->stream_count; i++) {
		struct ref_stream *stream = &net->streams[i];
		const Hef__Layer *layer = find_layer(hef, stream);

		if (!layer)
			return hef_fail(hef->failure,
					"the network has a stream %u that the metadata lacks",
					stream->sys_index);
		if (!same_frame(layer->shape, stream))
			return hef_fail(hef->failure,
					"'%s': network and metadata disagree on its shape",
					layer->name);
		stream->name = strdup(layer->name);
	}
	return 0;
}

int refhef_names(const uint8_t *bytes, size_t size, uint32_t clusters, struct refnet *net,
		 struct failure *failure)
{
	struct hef hef = { .bytes = bytes, .size = size, .failure = failure };
	int result = hef_open(&hef, clusters);

	if (!result)
		result = name_streams(&hef, net);
	hef_close(&hef);
	return result;
}
