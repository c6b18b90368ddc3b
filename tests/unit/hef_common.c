// SPDX-License-Identifier: MIT

#include <stdlib.h>
#include <zlib.h>

#include "hef_common.h"

static void parse(struct desc *desc, const char *text)
{
	struct failure failure;

	desc_init(desc);
	if (desc_parse(desc, "text", text, strlen(text), &failure))
		fail_msg("%s", failure.text);
}

void make_hef(const char *text, uint32_t container, enum desc_chip chip, const char *damage,
	      struct blob *hef)
{
	struct failure failure;
	struct desc desc;

	parse(&desc, text);
	desc.container = container;
	desc.chip = chip;
	if (hef_write(&desc, damage, hef, &failure))
		fail_msg("%s", failure.text);
	desc_free(&desc);
}

void make_net(const char *text, struct refnet *net)
{
	struct blob hef = { 0 };
	struct failure failure;

	make_hef(text, 1, DESC_HAILO8L, NULL, &hef);
	if (refnet_open(net, hef.data, hef.size, 0, &failure))
		fail_msg("%s", failure.text);
	blob_free(&hef);
}

const char *refusal(const char *text)
{
	static struct failure failure;
	struct blob hef = { 0 };
	struct desc desc;
	int result;

	failure.text[0] = 0;
	desc_init(&desc);
	result = desc_parse(&desc, "text", text, strlen(text), &failure);
	if (!result)
		result = hef_write(&desc, NULL, &hef, &failure);
	blob_free(&hef);
	desc_free(&desc);
	assert_int_equal(result, -1);
	return failure.text;
}

const uint8_t *hef_proto(const struct blob *hef, size_t *size)
{
	static const uint8_t header[] = { 32, 28, 44, 56 };
	const uint8_t *b = hef->data;

	*size = (size_t)b[8] << 24 | b[9] << 16 | b[10] << 8 | b[11];
	return b + header[b[7]];
}

Hef__File *hef_unpack(const struct blob *hef)
{
	size_t size;
	const uint8_t *proto = hef_proto(hef, &size);
	Hef__File *file = hef__file__unpack(NULL, size, proto);

	assert_non_null(file);
	return file;
}

static void put_be32(uint8_t *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> (24 - 8 * i));
}

#define HEADER	28

void hef_pack(const Hef__File *file, const struct blob *old, struct blob *hef)
{
	size_t old_size, size = hef__file__get_packed_size(file);
	const uint8_t *words = hef_proto(old, &old_size) + old_size;
	uint8_t *bytes;

	blob_add(hef, old->data, HEADER);
	hef__file__pack(file, blob_zeros(hef, size));
	blob_add(hef, words, old->size - HEADER - old_size);
	bytes = (uint8_t *)hef->data;
	put_be32(bytes + 8, (uint32_t)size);
	put_be32(bytes + 12, (uint32_t)crc32(0, bytes + HEADER, (uInt)(hef->size - HEADER)));
}

void run_user(struct refnet *net, const uint8_t *in, uint8_t *out)
{
	uint8_t **frames = calloc(net->stream_count, sizeof(*frames));

	for (size_t i = 0; i < net->stream_count; i++) {
		const struct ref_stream *s = &net->streams[i];

		frames[i] = malloc(s->device_size);
		if (!s->is_output) {
			refnet_to_device(s, in, frames[i]);
			in += s->user_size;
		}
	}
	refnet_run(net, frames);
	for (size_t i = 0; i < net->stream_count; i++) {
		if (net->streams[i].is_output) {
			refnet_to_user(&net->streams[i], frames[i], out);
			out += net->streams[i].user_size;
		}
		free(frames[i]);
	}
	free(frames);
}

uint32_t test_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}
