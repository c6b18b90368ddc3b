// SPDX-License-Identifier: MIT

#include <endian.h>
#include <openssl/evp.h>
#include <string.h>
#include <zlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "damage.h"
#include "image.h"
#include "program.h"
#include "write.h"

#define HEF_MAGIC		0x01484546u
#define METADATA_VERSION	5	/* what compiler 3.29 writes */
#define CCWS_ALIGNMENT		4096	/* container 3: where the CCWs start */

#define NO_BUFFERS		0xffffffffu	/* "buffers" of a boundary, real files */

struct writer {
	struct desc *desc;
	const struct damage *damage;
	struct pool pool;
	struct blob image;
	struct blob section;		/* of configuration words */
	uint32_t next_id;
	struct failure *failure;
};

#define NEW(writer, type, init)						\
({									\
	type *new_ = pool_alloc(&(writer)->pool, sizeof(*new_));	\
									\
	init(new_);							\
	new_;								\
})

/* ---- stream indices ---- */

static bool index_taken(const struct desc_context *context, bool is_output, bool separate,
			int index)
{
	for (size_t i = 0; i < context->stream_count; i++) {
		const struct desc_stream *stream = &context->streams[i];

		if (stream->sys_index == index && (!separate || stream->is_output == is_output))
			return true;
	}
	return false;
}

static bool has_required(const struct desc *desc, uint32_t id)
{
	for (size_t i = 0; i < desc->required_count; i++)
		if (desc->required[i] == id)
			return true;
	return false;
}

/* Outputs first, as compilers number them */
static void number_streams(struct desc *desc, struct desc_context *context)
{
	bool separate = has_required(desc, HEF__FEATURE__ID__DUAL_DIRECTION_STREAMS);

	for (int pass = 1; pass >= 0; pass--)
		for (size_t i = 0; i < context->stream_count; i++) {
			struct desc_stream *stream = &context->streams[i];
			int index = 0;

			if (stream->is_output != pass || stream->sys_index >= 0)
				continue;
			while (index_taken(context, stream->is_output, separate, index))
				index++;
			stream->sys_index = index;
		}
}

static int check_streams(struct writer *w, struct desc_context *context)
{
	bool separate = has_required(w->desc, HEF__FEATURE__ID__DUAL_DIRECTION_STREAMS);

	for (size_t i = 0; i < context->stream_count; i++)
		for (size_t k = 0; k < i; k++) {
			const struct desc_stream *a = &context->streams[i];
			const struct desc_stream *b = &context->streams[k];

			if (!strcmp(a->name, b->name))
				return hef_fail(w->failure, "two streams are called '%s'", a->name);
			if (a->sys_index == b->sys_index &&
			    (!separate || a->is_output == b->is_output))
				return hef_fail(w->failure, "'%s' and '%s' both have stream=%d",
						b->name, a->name, a->sys_index);
		}
	return 0;
}

/* ---- edges ---- */

/* Whether a host finds a periphery buffer size: configure-and-run.md 7, with
 * the largest descriptor page, 512.
 */
static int check_periph(struct writer *w, const struct desc_stream *stream,
			struct desc_shape wire, uint32_t bytes)
{
	uint64_t row = (uint64_t)wire.width * wire.features * bytes;
	uint64_t frame = row * wire.height;
	uint64_t fifo = stream->fifo_size ? stream->fifo_size : 65536;

	if (frame % 8 && desc_has_optional(w->desc, HEF__FEATURE__ID__HW_PADDING) &&
	    frame < 0xffff)
		frame = round_up(frame, 8);
	for (uint64_t size = round_up(row, 8); size; size -= 8)
		if (size < fifo - 512 && frame % size == 0 && size <= 0x10000)
			return 0;
	return hef_fail(w->failure,
			"'%s': no host can cut frames of %llu bytes (rows of %llu) into equal parts that are multiples of 8 and below %llu; pad it",
			stream->name, (unsigned long long)frame, (unsigned long long)row,
			(unsigned long long)(fifo - 512));
}

static int check_core(struct writer *w, const struct desc_stream *stream, Hef__Shape *shape)
{
	if (shape->core_bytes > 0xffff || shape->core_buffers > 0xffff)
		return hef_fail(w->failure, "'%s': core buffers %ux%u need more than 16 bits",
				stream->name, shape->core_bytes, shape->core_buffers);
	return 0;
}

static Hef__Shape *make_shape(struct writer *w, const struct desc_stream *stream,
			      const struct desc_tensor *tensor, uint32_t cluster)
{
	Hef__Shape *shape = NEW(w, Hef__Shape, hef__shape__init);
	Hef__BufferIndex *buffer = NEW(w, Hef__BufferIndex, hef__buffer_index__init);
	uint32_t row = stream->padded.width * stream->padded.features * tensor->type;

	shape->height = tensor->shape.height;
	shape->width = tensor->shape.width;
	shape->features = tensor->shape.features;
	shape->padded_height = stream->padded.height;
	shape->padded_width = stream->padded.width;
	shape->padded_features = stream->padded.features;
	shape->format = stream->order;
	shape->stream = stream->sys_index;
	shape->core_bytes = stream->core_bytes ? stream->core_bytes : round_up(row, 8);
	shape->core_buffers = stream->core_buffers ? stream->core_buffers :
			      stream->padded.height;
	shape->data_bytes = tensor->type;
	shape->fifo_size = stream->fifo_size;
	buffer->index = stream->sys_index;
	buffer->cluster = cluster;
	shape->buffers = pool_grow(&w->pool, NULL, 0, sizeof(buffer));
	shape->buffers[0] = buffer;
	shape->n_buffers = 1;
	return shape;
}

static Hef__Quant *make_quant(struct writer *w, const struct desc_stream *stream,
			      const struct desc_tensor *tensor)
{
	Hef__Quant *quant = NEW(w, Hef__Quant, hef__quant__init);
	uint32_t count = tensor->shape.features;
	double zp = tensor->zero_point, scale = stream->scale;

	quant->zero_point = zp;
	quant->scale = scale;
	quant->min = (0 - zp) * scale;
	quant->max = (desc_type_max(tensor->type) - zp) * scale;
	quant->n_scales = quant->n_zero_points = count;
	quant->scales = pool_alloc(&w->pool, count * sizeof(double));
	quant->zero_points = pool_alloc(&w->pool, count * sizeof(double));
	for (uint32_t i = 0; i < count; i++) {
		quant->scales[i] = stream->scales.count ? stream->scales.values[i] : scale;
		quant->zero_points[i] = stream->zero_points.count ?
					stream->zero_points.values[i] : zp;
	}
	return quant;
}

static Hef__Connection *make_connection(struct writer *w, size_t context)
{
	Hef__Connection *connection = NEW(w, Hef__Connection, hef__connection__init);

	connection->context = context;
	connection->context_name = pool_format(&w->pool, "context_%zu", context);
	connection->kind = HEF__CONNECTION__KIND__BOUNDARY;
	connection->buffers = NO_BUFFERS;
	connection->cache_id = -1;
	return connection;
}

static char *stream_name(struct writer *w, const struct desc_stream *stream)
{
	return pool_format(&w->pool, "%s/%s", w->desc->name, stream->name);
}

static Hef__Edge *make_edge(struct writer *w, size_t context, const struct desc_stream *stream,
			    uint32_t cluster)
{
	const struct desc_context *owner = &w->desc->contexts[context];
	const struct desc_tensor *tensor = &owner->tensors[stream->tensor];
	struct desc_shape wire = stream_wire_shape(w->desc, owner, stream);
	Hef__Edge *edge = NEW(w, Hef__Edge, hef__edge__init);
	Hef__Layer *layer = NEW(w, Hef__Layer, hef__layer__init);

	layer->name = stream_name(w, stream);
	layer->source_name = layer->name;
	if (strlen(layer->name) > DESC_NAME_MAX) {
		hef_fail(w->failure, "'%s' is longer than %d bytes", layer->name, DESC_NAME_MAX);
		return NULL;
	}
	layer->shape = make_shape(w, stream, tensor, cluster);
	layer->quant = make_quant(w, stream, tensor);
	if (check_core(w, stream, layer->shape) || check_periph(w, stream, wire, tensor->type))
		return NULL;
	edge->direction = stream->is_output ? HEF__EDGE__DIRECTION__OUTPUT :
					      HEF__EDGE__DIRECTION__INPUT;
	edge->kind = HEF__EDGE__KIND__LAYER;
	edge->body_case = HEF__EDGE__BODY_LAYER;
	edge->layer = layer;
	edge->connection = make_connection(w, context);
	return edge;
}

/* ---- groups ---- */

static char **output_names(struct writer *w, size_t *count)
{
	const struct desc_context *last = &w->desc->contexts[w->desc->context_count - 1];
	char **names = NULL;

	*count = 0;
	for (size_t i = 0; i < last->stream_count; i++) {
		if (!last->streams[i].is_output)
			continue;
		names = pool_grow(&w->pool, names, *count, sizeof(*names));
		names[(*count)++] = stream_name(w, &last->streams[i]);
	}
	return names;
}

static Hef__Context *make_context(struct writer *w, struct program *program, size_t index)
{
	const struct desc_context *source = &w->desc->contexts[index];
	Hef__Context *context = NEW(w, Hef__Context, hef__context__init);
	Hef__ContextInfo *info = NEW(w, Hef__ContextInfo, hef__context_info__init);

	info->edges = pool_alloc(&w->pool, source->stream_count * sizeof(*info->edges));
	for (size_t i = 0; i < source->stream_count; i++) {
		info->edges[i] = make_edge(w, index, &source->streams[i],
					   program_cluster(program, i));
		if (!info->edges[i])
			return NULL;
		info->n_edges++;
	}
	info->output_order = output_names(w, &info->n_output_order);
	context->index = index;
	context->operations = pool_alloc(&w->pool, sizeof(*context->operations));
	context->operations[0] = program_dynamic(program, index);
	context->n_operations = 1;
	context->info = info;
	return context;
}

static Hef__GroupInfo *make_info(struct writer *w)
{
	Hef__GroupInfo *info = NEW(w, Hef__GroupInfo, hef__group_info__init);
	size_t count = w->desc->config_channels;

	info->name = (char *)w->desc->name;
	info->config_channels = count;
	info->config_engines = pool_alloc(&w->pool, count * sizeof(*info->config_engines));
	for (size_t i = 0; i < count; i++) {
		info->config_engines[i] = NEW(w, Hef__ConfigChannel, hef__config_channel__init);
		info->config_engines[i]->channel = i;
	}
	info->n_config_engines = count;
	return info;
}

/* What runs on the clusters of one layout */
static Hef__CoreOp *make_core(struct writer *w, uint32_t clusters)
{
	struct program program = {
		.desc = w->desc,
		.pool = &w->pool,
		.clusters = clusters,
		.next_id = &w->next_id,
	};
	Hef__CoreOp *core = NEW(w, Hef__CoreOp, hef__core_op__init);
	size_t count = w->desc->context_count;

	core->info = make_info(w);
	core->preliminary = program_preliminary(&program, &w->image);
	core->contexts = pool_alloc(&w->pool, count * sizeof(*core->contexts));
	for (size_t i = 0; i < count; i++) {
		core->contexts[i] = make_context(w, &program, i);
		if (!core->contexts[i])
			return NULL;
	}
	core->n_contexts = count;
	core->output_order = output_names(w, &core->n_output_order);
	core->fused = NEW(w, Hef__FusedOutputs, hef__fused_outputs__init);
	core->fused->output_order = core->output_order;
	core->fused->n_output_order = core->n_output_order;
	core->networks = pool_alloc(&w->pool, sizeof(*core->networks));
	core->networks[0] = (char *)w->desc->name;
	core->n_networks = 1;
	program_place_ccws(&program, &w->section);
	return core;
}

/* Hailo-8: the group is the core. */
static int fill_whole(struct writer *w, Hef__NetworkGroup *group)
{
	Hef__CoreOp *core = make_core(w, 0xff);

	if (!core)
		return -1;
	group->info = core->info;
	group->preliminary = core->preliminary;
	group->n_contexts = core->n_contexts;
	group->contexts = core->contexts;
	group->n_output_order = core->n_output_order;
	group->output_order = core->output_order;
	group->fused = core->fused;
	group->n_networks = core->n_networks;
	group->networks = core->networks;
	return 0;
}

/* Hailo-8L: one core for each pair of cluster rows that may be good. */
static int fill_partials(struct writer *w, Hef__NetworkGroup *group)
{
	static const uint32_t layouts[] = { 0x33, 0xcc };

	group->partials = pool_alloc(&w->pool, ARRAY_SIZE(layouts) * sizeof(*group->partials));
	for (size_t i = 0; i < ARRAY_SIZE(layouts); i++) {
		Hef__PartialGroup *partial = NEW(w, Hef__PartialGroup,
						 hef__partial_group__init);

		partial->layout = NEW(w, Hef__Layout, hef__layout__init);
		partial->layout->clusters = layouts[i];
		partial->core = make_core(w, layouts[i]);
		if (!partial->core)
			return -1;
		group->partials[group->n_partials++] = partial;
	}
	return 0;
}

static Hef__NetworkGroup *make_group(struct writer *w)
{
	Hef__NetworkGroup *group = NEW(w, Hef__NetworkGroup, hef__network_group__init);
	int result = w->desc->chip == DESC_HAILO8 ? fill_whole(w, group) :
						    fill_partials(w, group);

	return result ? NULL : group;
}

/* ---- the file's own fields ---- */

static char *feature_name(struct writer *w, uint32_t id)
{
	const ProtobufCEnumValue *value =
		protobuf_c_enum_descriptor_get_value(&hef__feature__id__descriptor, id);

	return pool_format(&w->pool, "%s", value ? value->name : "unknown");
}

static Hef__Feature **make_features(struct writer *w, const uint32_t *ids, size_t count)
{
	Hef__Feature **features = pool_alloc(&w->pool, count * sizeof(*features));

	for (size_t i = 0; i < count; i++) {
		features[i] = NEW(w, Hef__Feature, hef__feature__init);
		features[i]->id = ids[i];
		features[i]->name = feature_name(w, ids[i]);
	}
	return features;
}

static Hef__Header *make_header(struct writer *w)
{
	Hef__Header *header = NEW(w, Hef__Header, hef__header__init);

	header->arch = w->desc->chip == DESC_HAILO8 ? HEF__HEADER__ARCH__HAILO8P :
						      HEF__HEADER__ARCH__HAILO8L;
	header->compiler = "mkhef";
	header->version = METADATA_VERSION;
	return header;
}

/* Real files of the current metadata version still carry these. */
static Hef__LegacyFeatures *make_legacy(struct writer *w)
{
	Hef__LegacyFeatures *legacy = NEW(w, Hef__LegacyFeatures, hef__legacy_features__init);

	legacy->abbale = true;
	legacy->padded_ddr_buffers = true;
	legacy->sequencer = true;
	return legacy;
}

static Hef__File *make_file(struct writer *w)
{
	Hef__File *file = NEW(w, Hef__File, hef__file__init);

	file->header = make_header(w);
	file->legacy_features = make_legacy(w);
	file->n_required = w->desc->required_count;
	file->required = make_features(w, w->desc->required, file->n_required);
	file->n_optional = w->desc->optional_count;
	file->optional = make_features(w, w->desc->optional, file->n_optional);
	file->groups = pool_alloc(&w->pool, sizeof(*file->groups));
	file->groups[0] = make_group(w);
	file->n_groups = 1;
	return file->groups[0] ? file : NULL;
}

/* ---- container ---- */

static void put_be(struct blob *blob, uint64_t value, size_t bytes)
{
	while (bytes--) {
		uint8_t byte = value >> 8 * bytes;

		blob_add(blob, &byte, 1);
	}
}

static void put_md5(struct blob *file, const struct blob *rest)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned int size;

	if (EVP_Digest(rest->data, rest->size, digest, &size, EVP_md5(), NULL) != 1)
		abort();		/* only if the library has no MD5 */
	blob_add(file, digest, 16);
}

/* hef.md 1; `rest` is everything after the header */
static void put_container_header(const struct writer *w, struct blob *file,
				 const struct blob *rest, size_t proto, size_t padding)
{
	put_be(file, HEF_MAGIC, 4);
	put_be(file, w->desc->container, 4);
	put_be(file, proto, 4);
	switch (w->desc->container) {
	case 0:
		put_be(file, 0, 4);
		put_md5(file, rest);
		break;
	case 1:
		put_be(file, crc32_z(0, rest->data, rest->size), 4);
		put_be(file, w->section.size, 8);
		put_be(file, 0, 4);
		break;
	case 2:
		put_be(file, XXH3_64bits(rest->data, rest->size), 8);
		put_be(file, w->section.size, 8);
		blob_zeros(file, 16);
		break;
	case 3:
		put_be(file, XXH3_64bits(rest->data, rest->size), 8);
		put_be(file, w->section.size + padding, 8);
		put_be(file, padding, 4);
		blob_zeros(file, 8);	/* no additional information */
		blob_zeros(file, 16);
		break;
	}
}

#define V3_HEADER	56

static void put_container(struct writer *w, const struct blob *proto, struct blob *file)
{
	struct blob rest = { 0 };
	size_t padding = 0;

	if (w->desc->container == 3)
		padding = round_up(V3_HEADER + proto->size, CCWS_ALIGNMENT) -
			  (V3_HEADER + proto->size);
	blob_add(&rest, proto->data, proto->size);
	blob_zeros(&rest, padding);
	blob_add(&rest, w->section.data, w->section.size);
	put_container_header(w, file, &rest, proto->size, padding);
	blob_add(file, rest.data, rest.size);
	blob_free(&rest);
}

static void pack(struct writer *w, Hef__File *file, struct blob *hef)
{
	struct blob proto = { 0 };

	if (w->damage && w->damage->metadata)
		w->damage->metadata(file, &w->pool);
	hef__file__pack(file, blob_zeros(&proto, hef__file__get_packed_size(file)));
	if (w->damage && w->damage->proto)
		w->damage->proto(&proto);
	put_container(w, &proto, hef);
	if (w->damage && w->damage->file)
		w->damage->file(hef);
	blob_free(&proto);
}

static int write_all(struct writer *w, struct blob *hef)
{
	struct desc_context *context = &w->desc->contexts[0];
	Hef__File *file;

	number_streams(w->desc, context);
	if (check_streams(w, context) || image_build(w->desc, context, &w->image, w->failure))
		return -1;
	if (w->damage && w->damage->image)
		w->damage->image(w->image.data);
	file = make_file(w);
	if (!file)
		return -1;
	pack(w, file, hef);
	return 0;
}

int hef_write(struct desc *desc, const char *damage, struct blob *hef, struct failure *failure)
{
	struct writer writer = { .desc = desc, .failure = failure };
	int result;

	if (damage) {
		writer.damage = damage_find(damage);
		if (!writer.damage)
			return hef_fail(failure, "'%s' is no damage", damage);
	}
	result = write_all(&writer, hef);
	pool_free(&writer.pool);
	blob_free(&writer.image);
	blob_free(&writer.section);
	return result;
}
