// SPDX-License-Identifier: MIT
/*
 * The top level of the metadata. It is taken apart here by hand, and only the
 * parts that we want go to the decoder: most of a file can be the compiler's
 * notes, which the decoder would copy.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "hef_metadata.h"

/* Memory for decoding in proportion to what is decoded. A real file needs
 * about 12 bytes per byte; an empty message costs 2 bytes in the file and up
 * to 88 in memory.
 */
#define DECODE_FACTOR	64
#define DECODE_SLACK	65536

/* ---- messages ---- */

int hef_invalid(struct hef_parser *p, const char *format, ...)
{
	char where[64] = "";
	char text[H8L_ERROR_TEXT];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (p->context >= 0)
		snprintf(where, sizeof(where), "context %d: ", p->context);
	return fail(p->error, -EINVAL, "%s: %s%s%s%s; the file is inconsistent, compile it again",
		    p->hef->file, p->group ? p->group : "", p->group ? ": " : "", where, text);
}

int hef_no_memory(struct hef_parser *p)
{
	if (p->arena->exhausted)
		return fail(p->error, -EBADMSG, "%s: the metadata ask for more memory than "
			    "a file of this size can need; the file is damaged", p->hef->file);
	return fail_memory(p->error, p->hef->file);
}

int hef_check_max(struct hef_parser *p, const char *field, uint64_t value, uint64_t max)
{
	if (value <= max)
		return 0;
	return hef_invalid(p, "%s %" PRIu64 " is larger than %" PRIu64, field, value, max);
}

int hef_copy_name(struct hef_parser *p, const char *name, const char **copy)
{
	for (const char *c = name; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return hef_invalid(p, "a name has control characters");
	if (!*name || strlen(name) >= H8L_NAME_SIZE)
		return hef_invalid(p, "a name of %zu characters, from 1 to %d are possible",
				   strlen(name), H8L_NAME_SIZE - 1);
	*copy = arena_strdup(p->arena, name);
	return *copy ? 0 : hef_no_memory(p);
}

/* ---- the decoder's memory ---- */

static void *decoder_alloc(void *data, size_t size)
{
	return arena_alloc_raw(data, size);
}

static void decoder_free(void *data, void *pointer)
{
	(void)data;
	(void)pointer;
}

static ProtobufCAllocator decoder_memory(struct arena *arena)
{
	return (ProtobufCAllocator){ decoder_alloc, decoder_free, arena };
}

static int undecodable(struct hef_parser *p, const struct arena *arena, const char *what)
{
	if (arena->budget && !arena->exhausted && errno == ENOMEM)
		return fail_memory(p->error, p->hef->file);
	return fail(p->error, -EBADMSG, "%s: %s cannot be decoded; the file is damaged",
		    p->hef->file, what);
}

/* ---- fields of the top level ---- */

struct field {
	uint32_t number;
	const uint8_t *bytes;		/* NULL if it is a number */
	size_t size;
};

struct reader {
	const uint8_t *at;
	const uint8_t *end;
};

static bool read_varint(struct reader *r, uint64_t *value)
{
	*value = 0;
	for (unsigned int shift = 0; shift < 64 && r->at < r->end; shift += 7) {
		uint8_t byte = *r->at++;

		*value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return true;
	}
	return false;
}

static bool skip(struct reader *r, uint64_t size)
{
	if (size > (uint64_t)(r->end - r->at))
		return false;
	r->at += size;
	return true;
}

/* Reads one field; false if the bytes are no message */
static bool read_field(struct reader *r, struct field *field)
{
	uint64_t key, value;

	*field = (struct field){ 0 };
	if (!read_varint(r, &key) || key >> 3 == 0 || key >> 3 > UINT32_MAX)
		return false;
	field->number = (uint32_t)(key >> 3);
	switch (key & 7) {
	case 0:
		return read_varint(r, &value);
	case 1:
		return skip(r, 8);
	case 2:
		if (!read_varint(r, &value))
			return false;
		field->bytes = r->at;
		field->size = (size_t)value;
		return skip(r, value);
	case 5:
		return skip(r, 4);
	default:
		return false;
	}
}

enum {
	FIELD_HEADER	= 1,
	FIELD_GROUP	= 2,
	FIELD_REQUIRED	= 5,
	FIELD_OPTIONAL	= 6,
};

static struct reader metadata_reader(const struct h8l_hef *hef)
{
	const uint8_t *start = hef->container.metadata;

	return (struct reader){ start, start + hef->container.metadata_size };
}

/* Calls `each` for every field `number`; 0, or the first error */
static int for_each_field(struct hef_parser *p, uint32_t number,
			  int (*each)(struct hef_parser *p, const struct field *field))
{
	struct reader r = metadata_reader(p->hef);
	struct field field;
	int err;

	while (r.at < r.end) {
		if (!read_field(&r, &field))
			return fail(p->error, -EBADMSG, "%s: the metadata are no protobuf message; "
				    "the file is damaged", p->hef->file);
		if (field.number != number || !field.bytes)
			continue;
		err = each(p, &field);
		if (err)
			return err;
	}
	return 0;
}

/* ---- header ---- */

static const struct {
	int arch;
	const char *name;
} foreign_chips[] = {
	{ HEF__HEADER__ARCH__HAILO8, "a pre-release Hailo-8" },
	{ HEF__HEADER__ARCH__HAILO15M, "Hailo-15M" },
	{ HEF__HEADER__ARCH__HAILO10H, "Hailo-10H" },
	{ HEF__HEADER__ARCH__HAILO15L, "Hailo-15L" },
	{ HEF__HEADER__ARCH__HAILO15H, "Hailo-15H" },
	{ HEF__HEADER__ARCH__GINGER, "Hailo-15M" },
	{ HEF__HEADER__ARCH__LAVENDER, "Hailo-10H" },
	{ HEF__HEADER__ARCH__PLUTO, "Hailo-15L" },
};

static int check_arch(struct hef_parser *p, int arch)
{
	const char *name = "an unknown chip";

	if (arch == HEF__HEADER__ARCH__HAILO8P || arch == HEF__HEADER__ARCH__HAILO8R ||
	    arch == HEF__HEADER__ARCH__HAILO8L) {
		p->hef->architecture = (enum h8l_hef_architecture)arch;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(foreign_chips); i++)
		if (foreign_chips[i].arch == arch)
			name = foreign_chips[i].name;
	return fail(p->error, -ENOEXEC, "%s: compiled for %s (%d); this library runs files for "
		    "Hailo-8 and Hailo-8L, compile it for one of them", p->hef->file, name, arch);
}

static int parse_header(struct hef_parser *p, const Hef__Header *header)
{
	const char *compiler = header->compiler;

	for (const char *c = compiler; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			compiler = "";
	p->hef->compiler = arena_strdup(p->arena, compiler);
	if (!p->hef->compiler)
		return hef_no_memory(p);
	p->hef->timestamp_ms = header->compiled_ms;
	p->hef->metadata_version = (uint32_t)header->version;
	return check_arch(p, (int)header->arch);
}

static int each_header(struct hef_parser *p, const struct field *field)
{
	struct arena arena;
	ProtobufCAllocator memory = decoder_memory(&arena);
	Hef__Header *header;
	int err;

	arena_init(&arena, DECODE_SLACK + field->size * 2);
	header = hef__header__unpack(&memory, field->size, field->bytes);
	err = header ? parse_header(p, header) : undecodable(p, &arena, "the header");
	arena_free(&arena);
	return err;
}

/* ---- features ---- */

/* Required ones that change nothing on this chip, or are read from the
 * content. Reference hef.md section 4.
 */
static bool is_known_feature(uint32_t id)
{
	return id <= HEF__FEATURE__ID__SHARED_CONFIG && id != HEF__FEATURE__ID__TEST_ONE &&
	       id != HEF__FEATURE__ID__MULTI_NETWORK_BATCH;
}

static int unknown_feature(struct hef_parser *p, const Hef__Feature *feature)
{
	return fail(p->error, -ENOEXEC, "%s: needs the feature %" PRIu32 ", which this library "
		    "does not know; compile the network with an older compiler", p->hef->file,
		    feature->id);
}

static int require_feature(struct hef_parser *p, const Hef__Feature *feature)
{
	struct hef_features *f = &p->hef->features;

	switch (feature->id) {
	case HEF__FEATURE__ID__RUN_ASAP:
		f->run_asap = true;
		return 0;
	case HEF__FEATURE__ID__NET_FLOW:
		f->net_flow = true;
		return 0;
	case HEF__FEATURE__ID__NMS_OUTPUT_BURST:
		f->nms_burst = true;
		return 0;
	case HEF__FEATURE__ID__SCALE_PER_FEATURE:
		f->scale_per_feature = true;
		return 0;
	case HEF__FEATURE__ID__BATCH_REGISTER_CONFIG:
		f->batch_register_config = true;
		return 0;
	case HEF__FEATURE__ID__PADDED_DDR_BUFFERS:
		f->padded_ddr = true;
		return 0;
	case HEF__FEATURE__ID__PERIPH_BY_HOST:
		f->periph_by_host = true;
		return 0;
	case HEF__FEATURE__ID__SHARED_CONFIG:
		return fail(p->error, -ENOEXEC, "%s: shares configuration words in the way of "
			    "Hailo-10 and Hailo-15", p->hef->file);
	default:
		return is_known_feature(feature->id) ? 0 : unknown_feature(p, feature);
	}
}

static int optional_feature(struct hef_parser *p, const Hef__Feature *feature)
{
	p->hef->features.multi_network |= feature->id == HEF__FEATURE__ID__MULTI_NETWORK_BATCH;
	p->hef->features.hw_padding_in_dfc |= feature->id == HEF__FEATURE__ID__HW_PADDING;
	return 0;
}

static int with_feature(struct hef_parser *p, const struct field *field,
			int (*use)(struct hef_parser *p, const Hef__Feature *feature))
{
	struct arena arena;
	ProtobufCAllocator memory = decoder_memory(&arena);
	Hef__Feature *feature;
	int err;

	arena_init(&arena, DECODE_SLACK + field->size * 2);
	feature = hef__feature__unpack(&memory, field->size, field->bytes);
	err = feature ? use(p, feature) : undecodable(p, &arena, "the list of features");
	arena_free(&arena);
	return err;
}

static int each_required(struct hef_parser *p, const struct field *field)
{
	return with_feature(p, field, require_feature);
}

static int each_optional(struct hef_parser *p, const struct field *field)
{
	return with_feature(p, field, optional_feature);
}

static int parse_features(struct hef_parser *p)
{
	int err = for_each_field(p, FIELD_REQUIRED, each_required) ?:
		  for_each_field(p, FIELD_OPTIONAL, each_optional);

	if (err)
		return err;
	if (!p->hef->metadata_version || !p->hef->features.periph_by_host)
		return fail(p->error, -ENOEXEC, "%s: made by a compiler that is too old (%s); "
			    "compile the network again", p->hef->file,
			    *p->hef->compiler ? p->hef->compiler : "version unknown");
	if (p->hef->container.version == 3)
		return fail(p->error, -ENOEXEC, "%s: HEF container version 3 is for Hailo-10 and "
			    "Hailo-15; compile the network for hailo8 or hailo8l", p->hef->file);
	return 0;
}

/* ---- groups ---- */

static int count_group(struct hef_parser *p, const struct field *field)
{
	(void)field;
	p->hef->group_count++;
	return 0;
}

static int each_group(struct hef_parser *p, const struct field *field)
{
	struct arena arena;
	ProtobufCAllocator memory = decoder_memory(&arena);
	Hef__NetworkGroup *proto;
	int err;

	arena_init(&arena, DECODE_SLACK + field->size * DECODE_FACTOR);
	proto = hef__network_group__unpack(&memory, field->size, field->bytes);
	if (proto)
		err = hef_parse_group(p, proto, &p->hef->groups[p->hef->group_count++]);
	else
		err = undecodable(p, &arena, "a network group");
	arena_free(&arena);
	return err;
}

static int parse_groups(struct hef_parser *p)
{
	struct h8l_hef *hef = p->hef;
	int err = for_each_field(p, FIELD_GROUP, count_group);

	if (err)
		return err;
	if (!hef->group_count)
		return fail(p->error, -EBADMSG, "%s: no network in it; the file is damaged",
			    hef->file);
	hef->groups = arena_array(p->arena, hef->group_count, sizeof(*hef->groups));
	if (!hef->groups)
		return hef_no_memory(p);
	hef->group_count = 0;
	return for_each_field(p, FIELD_GROUP, each_group);
}

int hef_metadata_parse(struct h8l_hef *hef, struct h8l_error *error)
{
	struct hef_parser p = {
		.hef = hef, .arena = &hef->arena, .error = error, .context = -1,
		.words_at = hef->container.metadata,
	};
	int err;

	arena_init(&hef->arena, DECODE_SLACK + hef->container.metadata_size * DECODE_FACTOR);
	err = for_each_field(&p, FIELD_HEADER, each_header);
	if (err)
		return err;
	if (!hef->compiler)
		return fail(error, -EBADMSG, "%s: the metadata have no header; "
			    "the file is damaged", hef->file);
	return parse_features(&p) ?: parse_groups(&p);
}
