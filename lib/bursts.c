// SPDX-License-Identifier: MIT
/*
 * Boxes found on the chip that come burst by burst, or one by one: nobody knows
 * how many transfers a frame has before its end has come (reference formats.md
 * 9.2, configure-and-run.md 14.1). So the chip always has a ring of transfers to
 * fill, and what came is handed to the frames in their order: the transfers of
 * one frame, one behind the other, are its host frame.
 */
#include <inttypes.h>
#include <string.h>

#include "memory.h"
#include "network.h"

#define MAX_UNDER_WAY	(HAILO8L_MAX_ONGOING - 1)

unsigned int bursts_slots(const struct h8l_network *network, const struct stream *stream)
{
	uint64_t wanted = (uint64_t)stream->edge->max_transfers * network->queue_depth;
	uint32_t fit = (stream->list.desc_count - 1) / stream->descs_per_frame;

	if (fit > MAX_UNDER_WAY)
		fit = MAX_UNDER_WAY;
	return wanted < fit ? (unsigned int)wanted : fit;
}

void bursts_reset(struct stream *stream)
{
	stream->filled = 0;
	if (!stream_has_bursts(stream))
		return;
	stream->onchip = hef_onchip(stream->edge);
	pp_onchip_start(&stream->reader, &stream->onchip, NULL);
}

int bursts_launch(struct h8l_network *network, struct stream *stream, struct h8l_error *error)
{
	int err = frames_need_bounce(network, stream, error);

	while (!err && stream->launched - stream->completed < stream->slots)
		err = frames_launch(network, stream, NULL,
				    stream_slot(stream, stream->launched), error);
	return err;
}

static int cannot_be(const struct h8l_network *network, const struct stream *stream,
		     const char *what, struct h8l_error *error)
{
	return fail(error, -EPROTO, "%s: stream %s: %s", network->group->name,
		    stream->edge->name, what);
}

/* The frame that this stream is at, or NULL: none is under way */
static struct frame *coming(const struct h8l_network *network, const struct stream *stream)
{
	uint64_t number = network->started_at + stream->done;

	return number < network->submitted ? frames_find(network, number) : NULL;
}

static int take_one(struct h8l_network *network, struct stream *stream, const void *data,
		    struct h8l_error *error)
{
	const struct share *share = stream->shares;
	const struct frame *frame = coming(network, stream);
	size_t size = stream->edge->frame_size;
	const struct part *part;
	int end;

	if (!frame)
		return cannot_be(network, stream, "the chip sends boxes of a frame that it was "
				 "not given", error);
	end = pp_onchip_feed(&stream->reader, data, size);
	if (end < 0 || stream->filled + size > share->plan.host_size)
		return cannot_be(network, stream, "the chip sends more boxes of a class than "
				 "there can be", error);
	part = &frame->parts[share->index];
	memory_begin_cpu(part->memory, true);
	memcpy((uint8_t *)part->host + stream->filled, data, size);
	memory_end_cpu(part->memory, true);
	stream->filled += size;
	if (!end)
		return 0;
	stream->done++;
	bursts_reset(stream);
	return 0;
}

int bursts_take(struct h8l_network *network, struct stream *stream, unsigned int count,
		struct h8l_error *error)
{
	int err = 0;

	for (unsigned int i = 0; i < count && !err; i++)
		err = take_one(network, stream, stream_slot(stream, stream->completed++), error);
	return err ?: bursts_launch(network, stream, error);
}
