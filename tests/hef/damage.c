// SPDX-License-Identifier: MIT

#include <endian.h>
#include <string.h>
#include <zlib.h>

#include "damage.h"
#include "write.h"

/* ---- the network: the chip must refuse to run it ---- */

static void fix_crc(uint8_t *image)
{
	struct nn_header header;

	memcpy(&header, image, sizeof(header));
	header.crc32 = htole32(crc32(0, image + sizeof(header),
				     le32toh(header.image_size) - sizeof(header)));
	memcpy(image, &header, sizeof(header));
}

static uint8_t *first_layer(uint8_t *image)
{
	struct nn_header header;

	memcpy(&header, image, sizeof(header));
	return image + le32toh(header.layers_offset);
}

static void nn_crc(uint8_t *image)
{
	struct nn_header header;

	memcpy(&header, image, sizeof(header));
	header.crc32 ^= htole32(1);
	memcpy(image, &header, sizeof(header));
}

static void nn_version(uint8_t *image)
{
	struct nn_header header;

	memcpy(&header, image, sizeof(header));
	header.version = htole16(NN_VERSION + 1);
	memcpy(image, &header, sizeof(header));
}

static void nn_op(uint8_t *image)
{
	first_layer(image)[offsetof(struct nn_layer, op)] = 77;
	fix_crc(image);
}

static void nn_tensor(uint8_t *image)
{
	memset(first_layer(image) + offsetof(struct nn_layer, in0), 0xee, 2);
	fix_crc(image);
}

static void nn_offset(uint8_t *image)
{
	memset(first_layer(image) + offsetof(struct nn_layer, shift_offset), 0x7c, 4);
	fix_crc(image);
}

/* ---- metadata ---- */

/* fn for the operations and edges of every layout */
static void for_each_core(Hef__File *file, void (*fn)(Hef__Preliminary *, Hef__Context *))
{
	Hef__NetworkGroup *group = file->groups[0];

	if (group->n_contexts)
		fn(group->preliminary, group->contexts[0]);
	for (size_t i = 0; i < group->n_partials; i++)
		fn(group->partials[i]->core->preliminary, group->partials[i]->core->contexts[0]);
}

static void for_each_layer(Hef__File *file, void (*fn)(Hef__Layer *))
{
	Hef__NetworkGroup *group = file->groups[0];

	for (size_t p = 0; p < group->n_partials + group->n_contexts; p++) {
		Hef__Context *context = group->n_contexts ? group->contexts[0] :
				       group->partials[p]->core->contexts[0];

		for (size_t i = 0; i < context->info->n_edges; i++)
			fn(context->info->edges[i]->layer);
	}
}

static void no_periph(Hef__File *file, struct pool *pool)
{
	size_t kept = 0;

	(void)pool;
	for (size_t i = 0; i < file->n_required; i++)
		if (file->required[i]->id != HEF__FEATURE__ID__PERIPH_BY_HOST)
			file->required[kept++] = file->required[i];
	file->n_required = kept;
}

static void unknown_extension(Hef__File *file, struct pool *pool)
{
	(void)pool;
	file->required[0]->id = 999;
	file->required[0]->name = "from the future";
}

static void other_chip(Hef__File *file, struct pool *pool)
{
	(void)pool;
	file->header->arch = HEF__HEADER__ARCH__HAILO15H;
}

static void metadata_version(Hef__File *file, struct pool *pool)
{
	(void)pool;
	file->header->version = 0;
}

static void no_group(Hef__File *file, struct pool *pool)
{
	(void)pool;
	file->n_groups = 0;
}

static void no_preliminary_one(Hef__Preliminary *preliminary, Hef__Context *context)
{
	(void)context;
	preliminary->n_operations = 0;
}

static void no_preliminary(Hef__File *file, struct pool *pool)
{
	(void)pool;
	for_each_core(file, no_preliminary_one);
}

static void no_edges_one(Hef__Preliminary *preliminary, Hef__Context *context)
{
	(void)preliminary;
	context->info->n_edges = 0;
}

static void no_edges(Hef__File *file, struct pool *pool)
{
	(void)pool;
	for_each_core(file, no_edges_one);
}

static void wrong_input_one(Hef__Preliminary *preliminary, Hef__Context *context)
{
	Hef__Operation *operation = preliminary->operations[0];

	(void)context;
	for (size_t i = 0; i < operation->n_actions; i++)
		if (operation->actions[i]->body_case == HEF__ACTION__BODY_ALLOW_INPUT)
			operation->actions[i]->allow_input->stream = 31;
}

static void wrong_input(Hef__File *file, struct pool *pool)
{
	(void)pool;
	for_each_core(file, wrong_input_one);
}

static void ccw_range_one(Hef__Preliminary *preliminary, Hef__Context *context)
{
	Hef__Operation *operation = preliminary->operations[0];

	(void)context;
	for (size_t i = 0; i < operation->n_actions; i++)
		if (operation->actions[i]->body_case == HEF__ACTION__BODY_CCW_POINTER)
			operation->actions[i]->ccw_pointer->offset += 1ull << 40;
}

static void ccw_range(Hef__File *file, struct pool *pool)
{
	(void)pool;
	for_each_core(file, ccw_range_one);
}

static void action_less_one(Hef__Preliminary *preliminary, Hef__Context *context)
{
	(void)context;
	preliminary->operations[0]->actions[0]->body_case = HEF__ACTION__BODY__NOT_SET;
}

static void action_less(Hef__File *file, struct pool *pool)
{
	(void)pool;
	for_each_core(file, action_less_one);
}

static void data_bytes_one(Hef__Layer *layer)
{
	layer->shape->data_bytes = 3;
}

static void data_bytes(Hef__File *file, struct pool *pool)
{
	(void)pool;
	for_each_layer(file, data_bytes_one);
}

static void stream_index_one(Hef__Layer *layer)
{
	layer->shape->stream += 256;
}

static void stream_index(Hef__File *file, struct pool *pool)
{
	(void)pool;
	for_each_layer(file, stream_index_one);
}

static void format_code_one(Hef__Layer *layer)
{
	layer->shape->format = 12;
}

static void format_code(Hef__File *file, struct pool *pool)
{
	(void)pool;
	for_each_layer(file, format_code_one);
}

static void padding_small_one(Hef__Layer *layer)
{
	layer->shape->padded_width = layer->shape->width - 1;
}

static void padding_small(Hef__File *file, struct pool *pool)
{
	(void)pool;
	for_each_layer(file, padding_small_one);
}

static void same_names_one(Hef__Layer *layer)
{
	layer->name = "twin";
}

static void same_names(Hef__File *file, struct pool *pool)
{
	(void)pool;
	for_each_layer(file, same_names_one);
}

static void no_layout(Hef__File *file, struct pool *pool)
{
	Hef__NetworkGroup *group = file->groups[0];

	(void)pool;
	for (size_t i = 0; i < group->n_partials; i++)
		group->partials[i]->layout->clusters = 0x0f;
}

/* ---- bytes ---- */

static void bad_proto(struct blob *proto)
{
	memset(proto->data + proto->size / 2, 0xff, proto->size - proto->size / 2);
}

static void bad_magic(struct blob *file)
{
	file->data[0] ^= 0x80;
}

static void bad_container(struct blob *file)
{
	file->data[7] = 9;
}

static void bad_hash(struct blob *file)
{
	file->data[file->data[7] ? 15 : 31] ^= 1;
}

static void flipped_bit(struct blob *file)
{
	file->data[file->size - 1] ^= 0x10;
}

static void cut(struct blob *file)
{
	file->size -= file->size / 3;
}

static void cut_header(struct blob *file)
{
	file->size = 20;
}

static void empty(struct blob *file)
{
	file->size = 0;
}

static void longer(struct blob *file)
{
	blob_zeros(file, 8);
}

static void proto_size(struct blob *file)
{
	memset(file->data + 8, 0xff, 4);
}

static const struct damage damages[] = {
	{ "magic", "first byte of the file wrong", .file = bad_magic },
	{ "container", "container version 9", .file = bad_container },
	{ "hash", "stored hash wrong", .file = bad_hash },
	{ "bit", "one bit of the last byte flipped", .file = flipped_bit },
	{ "cut", "last third missing", .file = cut },
	{ "cut-header", "only 20 bytes left", .file = cut_header },
	{ "empty", "no bytes at all", .file = empty },
	{ "longer", "8 bytes too many", .file = longer },
	{ "proto-size", "metadata larger than the file", .file = proto_size },
	{ "proto", "metadata that cannot be decoded, hash right", .proto = bad_proto },
	{ "no-periph", "required extension 26 missing", .metadata = no_periph },
	{ "extension", "an unknown required extension", .metadata = unknown_extension },
	{ "arch", "compiled for a Hailo-15H", .metadata = other_chip },
	{ "metadata-version", "metadata version 0", .metadata = metadata_version },
	{ "no-group", "no network group", .metadata = no_group },
	{ "no-preliminary", "preliminary list without operation", .metadata = no_preliminary },
	{ "no-edges", "no input and no output", .metadata = no_edges },
	{ "no-layout", "cluster layouts that no chip has", .metadata = no_layout },
	{ "wrong-input", "an action that names a stream that is not", .metadata = wrong_input },
	{ "ccw-range", "configuration words behind the end", .metadata = ccw_range },
	{ "action", "an action without body", .metadata = action_less },
	{ "data-bytes", "elements of 3 bytes", .metadata = data_bytes },
	{ "stream-index", "stream index above 255", .metadata = stream_index },
	{ "format", "unknown format code", .metadata = format_code },
	{ "padding", "padded width below the width", .metadata = padding_small },
	{ "names", "two streams of one name", .metadata = same_names },
	{ "nn-crc", "network: checksum wrong", .image = nn_crc },
	{ "nn-version", "network: format version 2", .image = nn_version },
	{ "nn-op", "network: an unknown operation", .image = nn_op },
	{ "nn-tensor", "network: a layer that reads a tensor that is not", .image = nn_tensor },
	{ "nn-offset", "network: parameters outside of it", .image = nn_offset },
};

const struct damage *damage_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(damages); i++)
		if (!strcmp(damages[i].name, name))
			return &damages[i];
	return NULL;
}

const char *damage_name(size_t index)
{
	return index < ARRAY_SIZE(damages) ? damages[index].name : NULL;
}

const char *damage_text(size_t index)
{
	return index < ARRAY_SIZE(damages) ? damages[index].text : NULL;
}
