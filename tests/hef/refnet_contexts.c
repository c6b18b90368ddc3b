// SPDX-License-Identifier: MIT
/*
 * Several contexts: one network after the other, each with its own streams; what
 * one leaves for another stays here between them.
 */
#include <stdlib.h>
#include <string.h>

#include "refnet.h"

struct part_stream {
	int outer;			/* index in the whole's streams, -1: between contexts */
	uint8_t *frame;			/* of an output between contexts */
	const struct part_stream *source;	/* of an input between contexts */
};

struct ref_part {
	struct refnet net;
	struct part_stream *streams;
	uint8_t **frames;
};

static const struct part_stream *find_source(const struct refnet *net, size_t parts,
					     const struct ref_link *link,
					     const struct ref_stream *reader)
{
	const struct ref_part *part;

	if (link->context >= parts)
		return NULL;
	part = &net->parts[link->context];
	for (size_t i = 0; i < part->net.stream_count; i++) {
		const struct ref_stream *s = &part->net.streams[i];

		if (s->is_output && s->sys_index == link->stream && part->streams[i].frame &&
		    s->device_size == reader->device_size)
			return &part->streams[i];
	}
	return NULL;
}

static void add_outer(struct refnet *net, struct ref_part *part, size_t i)
{
	net->streams = realloc(net->streams, (net->stream_count + 1) * sizeof(*net->streams));
	if (!net->streams)
		abort();
	net->streams[net->stream_count] = part->net.streams[i];
	net->streams[net->stream_count].name = strdup(part->net.streams[i].name);
	if (part->net.streams[i].planes)
		net->streams[net->stream_count].planes = strdup(part->net.streams[i].planes);
	part->streams[i].outer = net->stream_count++;
}

static int link_stream(struct refnet *net, struct ref_part *part, size_t i,
		       const struct ref_link *link, struct failure *failure)
{
	const struct ref_stream *s = &part->net.streams[i];

	if (!link->between) {
		add_outer(net, part, i);
		return 0;
	}
	part->streams[i].outer = -1;
	if (s->is_output) {
		part->streams[i].frame = calloc(1, s->device_size);
		return part->streams[i].frame ? 0 : hef_fail(failure, "out of memory");
	}
	part->streams[i].source = find_source(net, part - net->parts, link, s);
	if (part->streams[i].source)
		return 0;
	return hef_fail(failure, "'%s' reads what no context before has written", s->name);
}

static int open_part(struct refnet *net, const uint8_t *hef, size_t size,
		     const struct ref_place *place, struct failure *failure)
{
	struct ref_part *part = &net->parts[place->context];
	struct blob image = { 0 };
	struct ref_link link;
	int result = refhef_image_at(hef, size, place, &image, failure);

	if (!result)
		result = refnet_open_image(&part->net, image.data, image.size, failure);
	blob_free(&image);
	if (result || refhef_names(hef, size, place, &part->net, failure))
		return -1;
	part->streams = calloc(part->net.stream_count + 1, sizeof(*part->streams));
	part->frames = calloc(part->net.stream_count + 1, sizeof(*part->frames));
	if (!part->streams || !part->frames)
		return hef_fail(failure, "out of memory");
	for (size_t i = 0; i < part->net.stream_count; i++)
		if (refhef_link(hef, size, place, &part->net.streams[i], &link, failure) ||
		    link_stream(net, part, i, &link, failure))
			return -1;
	return 0;
}

int refnet_open_parts(struct refnet *net, const uint8_t *hef, size_t size,
		      const struct ref_place *place, size_t count, struct failure *failure)
{
	struct ref_place at = *place;

	*net = (struct refnet){ .parts = calloc(count, sizeof(*net->parts)) };
	if (!net->parts)
		return hef_fail(failure, "out of memory");
	net->part_count = count;
	for (at.context = 0; at.context < count; at.context++)
		if (open_part(net, hef, size, &at, failure)) {
			refnet_free(net);
			return -1;
		}
	return 0;
}

static uint8_t *frame_of(const struct part_stream *stream, uint8_t *const *frames)
{
	if (stream->outer >= 0)
		return frames[stream->outer];
	return stream->source ? stream->source->frame : stream->frame;
}

void refnet_run_parts(struct refnet *net, uint8_t *const *frames)
{
	for (size_t p = 0; p < net->part_count; p++) {
		struct ref_part *part = &net->parts[p];

		for (size_t i = 0; i < part->net.stream_count; i++)
			part->frames[i] = frame_of(&part->streams[i], frames);
		refnet_run(&part->net, part->frames);
	}
}

void refnet_free_parts(struct refnet *net)
{
	if (!net->parts)
		return;
	for (size_t p = 0; p < net->part_count; p++) {
		struct ref_part *part = &net->parts[p];

		for (size_t i = 0; part->streams && i < part->net.stream_count; i++)
			free(part->streams[i].frame);
		free(part->streams);
		free(part->frames);
		refnet_free(&part->net);
	}
	free(net->parts);
	free(net->streams);
}
