// SPDX-License-Identifier: MIT
/*
 * Mutations of network files that keep the metadata a protobuf message: all lengths
 * around a change are made to fit. Bytes changed at random nearly always end in a
 * message that cannot be read, so nothing behind its reader would be tested.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "hef.pb-c.h"
#include "tests/fuzz/fuzz.h"

#define HEAD		3	/* version and size of the configuration, see fuzz_hef.c */
#define MOST_FIELDS	4096
#define DEEPEST		16

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);

static uint32_t dice_state;

static uint32_t dice(uint32_t below)
{
	dice_state ^= dice_state << 13;
	dice_state ^= dice_state >> 17;
	dice_state ^= dice_state << 5;
	return dice_state % below;
}

struct field {
	size_t start, body, end;	/* body: after tag and length */
	uint64_t tag;
};

static size_t load_varint(const uint8_t *data, size_t at, size_t end, uint64_t *value)
{
	*value = 0;
	for (unsigned int shift = 0; at < end && shift < 64; shift += 7) {
		*value |= (uint64_t)(data[at] & 0x7f) << shift;
		if (data[at++] < 0x80)
			return at;
	}
	return 0;
}

static size_t store_varint(uint8_t *to, uint64_t value)
{
	size_t n = 0;

	while (value >= 0x80) {
		to[n++] = (uint8_t)(value | 0x80);
		value >>= 7;
	}
	to[n++] = (uint8_t)value;
	return n;
}

/* One field from `at` on; false: there is none that can be read */
static bool load_field(const uint8_t *data, size_t at, size_t end, struct field *f)
{
	uint64_t value;

	f->start = at;
	f->body = at = load_varint(data, at, end, &f->tag);
	if (!at)
		return false;
	switch (f->tag & 7) {
	case 0:
		f->end = load_varint(data, at, end, &value);
		return f->end;
	case 1:
	case 5:
		f->end = at + ((f->tag & 7) == 1 ? 8 : 4);
		return f->end <= end;
	case 2:
		f->body = load_varint(data, at, end, &value);
		f->end = f->body + (size_t)value;
		return f->body && value <= end - f->body;
	default:
		return false;
	}
}

static size_t load_fields(const uint8_t *data, size_t size, struct field *fields)
{
	size_t count = 0, at = 0;

	while (count < MOST_FIELDS && at < size && load_field(data, at, size, &fields[count]))
		at = fields[count++].end;
	return count;
}

/* By number, or by size: large ones have more that can be changed */
static const struct field *any_field(const struct field *fields, size_t count, size_t size)
{
	size_t at = dice((uint32_t)size);

	if (dice(2))
		for (size_t i = 0; i < count; i++)
			if (at < fields[i].end)
				return &fields[i];
	return &fields[dice((uint32_t)count)];
}

static const ProtobufCMessageDescriptor *inside(const ProtobufCMessageDescriptor *message,
						uint64_t tag)
{
	const ProtobufCFieldDescriptor *d;

	if (!message || (tag & 7) != 2)
		return NULL;
	d = protobuf_c_message_descriptor_get_field(message, (unsigned int)(tag >> 3));
	return d && d->type == PROTOBUF_C_TYPE_MESSAGE ? d->descriptor : NULL;
}

/* ---- changes; all put the new field at `to`, which has room, and return its size ---- */

static uint64_t any_value(void)
{
	static const uint64_t special[] = { 0, 1, 2, 7, 8, 255, 256, 4096, 65535, 65536,
					    0x7fffffff, 0x80000000, 0xffffffff, UINT64_MAX };

	if (dice(2))
		return special[dice(sizeof(special) / sizeof(special[0]))];
	return dice(2) ? dice(64) : (uint64_t)1 << dice(64);
}

static uint32_t any_float(void)
{
	static const float special[] = { 0, 1, -1, 0.5f, 1e-38f, 1e38f, 255, 65535 };
	static const uint32_t odd[] = { 0x7f800000, 0xff800000, 0x7fc00000, 1 };
	uint32_t bits;

	memcpy(&bits, &special[dice(8)], sizeof(bits));
	return dice(4) ? bits : odd[dice(4)];
}

static size_t with_length(uint8_t *to, uint64_t tag, const uint8_t *body, size_t size)
{
	size_t n = store_varint(to, tag);

	n += store_varint(to + n, size);
	memcpy(to + n, body, size);
	return n + size;
}

static size_t change_bytes(const uint8_t *data, const struct field *f, uint8_t *to, size_t room)
{
	size_t size = f->end - f->body, most = size + 16;
	uint8_t *body = calloc(1, most);
	size_t n = 0;

	memcpy(body, data + f->body, size);
	size = LLVMFuzzerMutate(body, size, most);
	if (size + 20 <= room)
		n = with_length(to, f->tag, body, size);
	free(body);
	return n;
}

static size_t change_field(const uint8_t *data, const struct field *f, uint8_t *to, size_t room)
{
	uint32_t real = any_float();
	size_t n;

	if ((f->tag & 7) == 2)
		return change_bytes(data, f, to, room);
	if (room < 20)
		return 0;
	n = store_varint(to, f->tag);
	if ((f->tag & 7) == 0)
		return n + store_varint(to + n, any_value());
	memset(to + n, 0, 8);
	memcpy(to + n, &real, sizeof(real));
	return n + ((f->tag & 7) == 1 ? 8 : 4);
}

/* A field that the message may have, before `f` */
static size_t invent(const ProtobufCMessageDescriptor *message, const uint8_t *data,
		     const struct field *f, uint8_t *to, size_t room)
{
	static const uint8_t nothing[8];
	struct field made = { .end = 0 };
	const ProtobufCFieldDescriptor *d;
	size_t n, own = f->end - f->start;

	if (!message || room < own + 40)
		return 0;
	d = &message->fields[dice(message->n_fields)];
	made.tag = (uint64_t)d->id << 3;
	if (d->type == PROTOBUF_C_TYPE_FLOAT)
		made.tag |= 5;
	else if (d->type == PROTOBUF_C_TYPE_DOUBLE)
		made.tag |= 1;
	else if (d->type >= PROTOBUF_C_TYPE_STRING)
		made.tag |= 2;
	n = change_field(nothing, &made, to, 40);
	memcpy(to + n, data + f->start, own);
	return n + own;
}

/* The field that it becomes: another one of this message, nothing, itself twice */
static size_t exchange(const uint8_t *data, const struct field *f, const struct field *other,
		       uint8_t *to, size_t room)
{
	size_t own = f->end - f->start, size = other->end - other->start;

	switch (dice(3)) {
	case 0:
		return 0;
	case 1:
		if (size > room)
			return 0;
		memcpy(to, data + other->start, size);
		return size;
	default:
		if (own + size > room)
			return 0;
		memcpy(to, data + f->start, own);
		memcpy(to + own, data + other->start, size);
		return own + size;
	}
}

static size_t mutate_message(const ProtobufCMessageDescriptor *message, const uint8_t *data,
			     size_t size, uint8_t *to, size_t room, unsigned int depth);

static size_t mutate_inside(const ProtobufCMessageDescriptor *message, const uint8_t *data,
			    const struct field *f, uint8_t *to, size_t room, unsigned int depth)
{
	uint8_t *body = malloc(room + 1);
	size_t size = mutate_message(message, data + f->body, f->end - f->body, body, room - 20,
				     depth + 1);

	size = with_length(to, f->tag, body, size);
	free(body);
	return size;
}

static size_t mutate_field(const ProtobufCMessageDescriptor *message, const uint8_t *data,
			   const struct field *f, const struct field *other, uint8_t *to,
			   size_t room, unsigned int depth)
{
	const ProtobufCMessageDescriptor *sub = inside(message, f->tag);

	if (sub && depth < DEEPEST && room > f->end - f->start + 20 && dice(8))
		return mutate_inside(sub, data, f, to, room, depth);
	if (dice(3) && !sub)
		return change_field(data, f, to, room);
	if (!dice(4))
		return invent(message, data, f, to, room);
	return exchange(data, f, other, to, room);
}

/* The message with one field changed, at most `room` bytes, which is not less than
 * it had
 */
static size_t mutate_message(const ProtobufCMessageDescriptor *message, const uint8_t *data,
			     size_t size, uint8_t *to, size_t room, unsigned int depth)
{
	struct field *fields = calloc(MOST_FIELDS, sizeof(*fields));
	size_t count = load_fields(data, size, fields), n = 0, rest;
	const struct field *f;

	if (!count) {
		memcpy(to, data, size);
		n = size;
	} else {
		f = any_field(fields, count, size);
		rest = size - f->end;
		memcpy(to, data, f->start);
		n = f->start;
		n += mutate_field(message, data, f, &fields[dice((uint32_t)count)], to + n,
				  room - n - rest, depth);
		memcpy(to + n, data + f->end, rest);
		n += rest;
	}
	free(fields);
	return n;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	uint8_t *changed;
	size_t n;

	dice_state = seed | 1;
	dice(2);
	if (size <= HEAD || *data & 0x80 || size > max_size || !dice(8))
		return LLVMFuzzerMutate(data, size, max_size);
	changed = malloc(max_size);
	n = mutate_message(&hef__file__descriptor, data + HEAD, size - HEAD, changed,
			   max_size - HEAD, 0);
	memcpy(data + HEAD, changed, n);
	free(changed);
	return n + HEAD;
}
