// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "crc32.h"
#include "hef_container.h"
#include "md5.h"
#include "xxh3.h"

#define MAGIC 0x01484546u
#define COMMON_SIZE 12
#define VERSIONS 4

static const uint32_t header_sizes[VERSIONS] = { 32, 28, 44, 56 };

static uint32_t load_be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint64_t load_be64(const uint8_t *p)
{
	return (uint64_t)load_be32(p) << 32 | load_be32(p + 4);
}

static void hex(char *text, const uint8_t *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
}

/* Hash of the bytes after the header, as big as the header field it is
 * compared with; returns the size of that field.
 */
static size_t digest(unsigned int version, const uint8_t *data, size_t len, uint8_t out[16])
{
	uint64_t xxh;
	uint32_t crc;

	switch (version) {
	case 0:
		md5_digest(data, len, out);
		return 16;
	case 1:
		crc = crc32_digest(data, len);
		for (int i = 0; i < 4; i++)
			out[i] = (uint8_t)(crc >> (24 - 8 * i));
		return 4;
	default:
		xxh = xxh3_digest(data, len);
		for (int i = 0; i < 8; i++)
			out[i] = (uint8_t)(xxh >> (56 - 8 * i));
		return 8;
	}
}

static int check_hash(const uint8_t *file, size_t size, const char *name,
		      struct hef_container *c, struct h8l_error *error)
{
	const uint8_t *stored = file + (c->version == 0 ? 16 : COMMON_SIZE);
	uint32_t header = header_sizes[c->version];
	uint8_t computed[16];
	size_t len = digest(c->version, file + header, size - header, computed);

	hex(c->hash, stored, len);
	if (memcmp(stored, computed, len))
		return fail(error, -EBADMSG,
			    "%s: wrong checksum, the file is damaged; copy or download it again",
			    name);
	return 0;
}

/* What the header says must be there, and what is */
static int check_size(uint64_t said, uint64_t there, const char *name, struct h8l_error *error)
{
	if (said == there)
		return 0;
	return fail(error, -EBADMSG,
		    "%s: the file is %s, its header tells of %" PRIu64 " bytes after it but %"
		    PRIu64 " are there; copy or download it again", name,
		    there < said ? "cut short" : "too long", said, there);
}

static int check_start(const uint8_t *file, size_t size, const char *name,
		       struct h8l_error *error)
{
	if (size < 4 || load_be32(file) != MAGIC)
		return fail(error, -ENOEXEC, "%s: not a HEF (it does not begin with 01 48 45 46)",
			    name);
	if (size < COMMON_SIZE)
		return fail(error, -EBADMSG, "%s: cut short inside the header", name);
	if (load_be32(file + 4) >= VERSIONS)
		return fail(error, -ENOEXEC, "%s: HEF container version %" PRIu32
			    " is not known here, the newest known is 3", name, load_be32(file + 4));
	if (size < header_sizes[load_be32(file + 4)])
		return fail(error, -EBADMSG, "%s: cut short inside the header", name);
	return 0;
}

/* The sizes in the header; false if they contradict each other */
static bool read_sizes(const uint8_t *file, struct hef_container *c, uint64_t *said)
{
	uint64_t config = 0, padding = 0, extra = 0;

	c->metadata_size = load_be32(file + 8);
	if (c->version > 0)
		config = load_be64(file + (c->version == 1 ? 16 : 20));
	if (c->version == 3) {
		padding = load_be32(file + 28);
		extra = load_be64(file + 32);
	}
	c->config_size = config - padding;
	c->config = file + header_sizes[c->version] + c->metadata_size + padding;
	return config >= padding && !__builtin_add_overflow(c->metadata_size, config, said) &&
	       !__builtin_add_overflow(*said, extra, said);
}

int hef_container_parse(const void *data, size_t size, const char *name,
			struct hef_container *c, struct h8l_error *error)
{
	const uint8_t *file = data;
	uint64_t said;
	uint32_t header;
	int err;

	err = check_start(file, size, name, error);
	if (err)
		return err;
	*c = (struct hef_container){ .version = load_be32(file + 4) };
	header = header_sizes[c->version];
	c->metadata = file + header;
	if (!read_sizes(file, c, &said))
		said = UINT64_MAX;
	err = check_size(said, size - header, name, error);
	if (err)
		return err;
	return check_hash(file, size, name, c, error);
}
