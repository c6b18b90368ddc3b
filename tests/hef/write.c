// SPDX-License-Identifier: MIT

#include <endian.h>
#include <openssl/evp.h>
#include <string.h>
#include <zlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "image.h"
#include "program.h"
#include "write.h"
#include "write_priv.h"

#define HEF_MAGIC		0x01484546u
#define METADATA_VERSION	5	/* what compiler 3.29 writes */
#define CCWS_ALIGNMENT		4096	/* container 3: where the CCWs start */

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

/* A part of a mux that is not its first */
static bool is_more_of_mux(const struct desc_context *context, size_t i)
{
	const struct desc_stream *s = &context->streams[i];

	return i && s->mux && s[-1].mux && !strcmp(s->mux, s[-1].mux);
}

/* Outputs first, as compilers number them */
static void number_streams(struct desc *desc, struct desc_context *context)
{
	bool separate = desc_has_required(desc, HEF__FEATURE__ID__DUAL_DIRECTION_STREAMS);

	for (int pass = 1; pass >= 0; pass--)
		for (size_t i = 0; i < context->stream_count; i++) {
			struct desc_stream *stream = &context->streams[i];
			int index = 0;

			if (stream->is_output != pass || stream->sys_index >= 0)
				continue;
			if (is_more_of_mux(context, i)) {
				stream->sys_index = stream[-1].sys_index;
				continue;
			}
			while (index_taken(context, stream->is_output, separate, index))
				index++;
			stream->sys_index = index;
		}
}

static int check_streams(struct writer *w, struct desc_context *context)
{
	bool separate = desc_has_required(w->desc, HEF__FEATURE__ID__DUAL_DIRECTION_STREAMS);

	for (size_t i = 0; i < context->stream_count; i++)
		for (size_t k = 0; k < i; k++) {
			const struct desc_stream *a = &context->streams[i];
			const struct desc_stream *b = &context->streams[k];

			if (!strcmp(a->name, b->name))
				return hef_fail(w->failure, "two streams are called '%s'", a->name);
			if (a->mux && b->mux && !strcmp(a->mux, b->mux)) {
				if (!is_more_of_mux(context, i))
					return hef_fail(w->failure,
							"the outputs of mux '%s' do not follow each other",
							a->mux);
				continue;
			}
			if (a->sys_index == b->sys_index &&
			    (!separate || a->is_output == b->is_output))
				return hef_fail(w->failure, "'%s' and '%s' both have stream=%d",
						b->name, a->name, a->sys_index);
		}
	return 0;
}

/* ---- groups ---- */

static char *stream_name(struct writer *w, const struct desc_stream *stream)
{
	return pool_format(&w->pool, "%s/%s", w->desc->name, stream->name);
}

static void add_names(struct writer *w, const struct desc_context *context, char ***names,
		      size_t *count)
{
	for (size_t i = 0; i < context->stream_count; i++) {
		const struct desc_stream *s = &context->streams[i];

		if (!s->is_output || s->kind == DESC_DDR)
			continue;
		*names = pool_grow(&w->pool, *names, *count, sizeof(**names));
		(*names)[(*count)++] = stream_name(w, s);
	}
}

/* Of the user */
static char **output_names(struct writer *w, size_t *count)
{
	char **names = NULL;

	*count = 0;
	for (size_t c = 0; c < w->desc->context_count; c++) {
		const struct desc_context *context = &w->desc->contexts[c];

		for (size_t i = 0; i < context->stream_count; i++) {
			if (!context->streams[i].is_output ||
			    context->streams[i].kind != DESC_BOUNDARY)
				continue;
			names = pool_grow(&w->pool, names, *count, sizeof(*names));
			names[(*count)++] = stream_name(w, &context->streams[i]);
		}
	}
	return names;
}

static int add_edges(struct writer *w, struct program *program, size_t index,
		     Hef__ContextInfo *info)
{
	const struct desc_context *source = &w->desc->contexts[index];

	info->edges = pool_alloc(&w->pool, source->stream_count * sizeof(*info->edges));
	for (size_t i = 0; i < source->stream_count; i += edge_streams(source, i)) {
		Hef__Edge *edge = make_edge(w, index, i, program_cluster(program, i));

		if (!edge)
			return -1;
		info->edges[info->n_edges++] = edge;
	}
	return 0;
}

static Hef__Context *make_context(struct writer *w, struct program *program, size_t index)
{
	Hef__Context *context = NEW(w, Hef__Context, hef__context__init);
	Hef__ContextInfo *info = NEW(w, Hef__ContextInfo, hef__context_info__init);

	if (add_edges(w, program, index, info))
		return NULL;
	add_names(w, &w->desc->contexts[index], &info->output_order, &info->n_output_order);
	context->index = index;
	context->info = info;
	program_dynamic(program, index, w->images, context);
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

static char **network_names(struct writer *w, size_t *count)
{
	char **names;

	*count = w->desc->network_count ? w->desc->network_count : 1;
	names = pool_alloc(&w->pool, *count * sizeof(*names));
	names[0] = (char *)w->desc->name;
	for (size_t i = 0; i < w->desc->network_count; i++)
		names[i] = (char *)w->desc->networks[i];
	return names;
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
	core->preliminary = program_preliminary(&program, &w->images[0]);
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
	core->networks = network_names(w, &core->n_networks);
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

	if (!result && w->desc->op_count)
		result = add_ops(w, group);
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

static void build_done(struct writer *w)
{
	for (size_t c = 0; w->images && c < w->desc->context_count; c++)
		blob_free(&w->images[c]);
	w->images = NULL;
}

static int build_images(struct writer *w)
{
	w->images = pool_alloc(&w->pool, w->desc->context_count * sizeof(*w->images));
	for (size_t c = 0; c < w->desc->context_count; c++)
		number_streams(w->desc, &w->desc->contexts[c]);
	for (size_t c = 0; c < w->desc->context_count; c++)
		if (check_streams(w, &w->desc->contexts[c]) ||
		    image_build(w->desc, &w->desc->contexts[c], &w->images[c], w->failure))
			return -1;
	if (w->damage && w->damage->image)
		w->damage->image(w->images[0].data);
	return 0;
}

static int add_group(struct writer *w, Hef__File *file, struct desc *desc)
{
	Hef__NetworkGroup *group;

	w->desc = desc;
	group = build_images(w) ? NULL : make_group(w);
	build_done(w);
	if (!group)
		return -1;
	file->groups[file->n_groups++] = group;
	return 0;
}

/* The last one in the file counts as the first. */
static int add_groups(struct writer *w, Hef__File *file)
{
	int result = 0;

	file->groups = pool_alloc(&w->pool, w->group_count * sizeof(*file->groups));
	for (size_t i = w->group_count; i-- && !result; )
		result = add_group(w, file, w->groups[i]);
	w->desc = w->groups[0];
	return result;
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
	return add_groups(w, file) ? NULL : file;
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

/* One file has one chip, one container, and what any of its groups needs. */
static int join_groups(struct writer *w)
{
	struct desc *first = w->groups[0];

	for (size_t i = 1; i < w->group_count; i++) {
		struct desc *other = w->groups[i];

		for (size_t k = 0; k < i; k++)
			if (!strcmp(w->groups[k]->name, other->name))
				return hef_fail(w->failure, "two networks are called '%s'",
						other->name);
		for (size_t k = 0; k < other->required_count; k++)
			desc_require(first, other->required[k]);
		other->chip = first->chip;
		other->container = first->container;
	}
	for (size_t i = 1; i < w->group_count; i++) {
		memcpy(w->groups[i]->required, first->required, sizeof(first->required));
		w->groups[i]->required_count = first->required_count;
		memcpy(w->groups[i]->optional, first->optional, sizeof(first->optional));
		w->groups[i]->optional_count = first->optional_count;
	}
	return 0;
}

int hef_write_groups(struct desc *const *groups, size_t count, const char *damage,
		     struct blob *hef, struct failure *failure)
{
	struct writer writer = {
		.groups = groups, .group_count = count, .desc = groups[0], .failure = failure,
	};
	Hef__File *file;
	int result = -1;

	if (damage) {
		writer.damage = damage_find(damage);
		if (!writer.damage)
			return hef_fail(failure, "'%s' is no damage", damage);
	}
	file = join_groups(&writer) ? NULL : make_file(&writer);
	if (file) {
		pack(&writer, file, hef);
		result = 0;
	}
	pool_free(&writer.pool);
	blob_free(&writer.section);
	return result;
}

int hef_write(struct desc *desc, const char *damage, struct blob *hef, struct failure *failure)
{
	return hef_write_groups(&desc, 1, damage, hef, failure);
}
