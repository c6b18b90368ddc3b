// SPDX-License-Identifier: MIT
/* Streams of a configured network, as a program sees them. */
#include <string.h>

#include "network.h"

static int plan_stream(struct stream *stream, struct h8l_format format,
		       struct h8l_error *error)
{
	struct h8l_stream_info info;
	struct format_plan plan;
	int err;

	hef_stream_info(stream->edge, &info);
	err = format_plan_init(&plan, &info, stream->edge->transposed, stream->edge->quant, format,
			       error);
	if (err)
		return err;
	stream->plan = plan;
	/* Conversions leave padding alone; the chip wants zeros there */
	if (stream->edge->direction == H8L_INPUT && stream->bounce.data)
		memset(stream->bounce.data, 0, stream->bounce.size);
	return 0;
}

/* A frame begins with a page, so that none shares a cache line */
int stream_create_bounce(struct h8l_network *network, struct stream *stream,
			 struct h8l_error *error)
{
	size_t step = align_up(stream->edge->frame_size, DEVICE_MAX_PAGE_SIZE);

	stream->bounce_step = step;
	return dma_buffer_create(network->device,
				 step * (network->queue_depth - 1) + stream->edge->frame_size,
				 stream->edge->direction == H8L_INPUT ?
				 HAILO8L_DIR_TO_DEVICE : HAILO8L_DIR_FROM_DEVICE,
				 &stream->bounce, error);
}

/* The user's order of outputs is not that of channels */
static void order_outputs(struct h8l_network *network)
{
	const struct hef_variant *v = network->variant;

	for (unsigned int i = 0; i < v->output_count; i++)
		for (unsigned int s = v->input_count; s < network->stream_count; s++)
			if (network->streams[s].edge == v->user_outputs[i])
				network->user_outputs[i] = &network->streams[s];
}

int streams_create(struct h8l_network *network, struct h8l_error *error)
{
	static const struct h8l_format natural;
	int err = 0;

	order_outputs(network);
	for (unsigned int i = 0; i < network->stream_count && !err; i++)
		err = plan_stream(&network->streams[i], natural, error);
	return err;
}

void streams_release(struct h8l_network *network)
{
	for (unsigned int i = 0; i < network->stream_count; i++)
		dma_buffer_release(network->device, &network->streams[i].bounce);
}

struct stream *find_network_stream(const struct h8l_network *network,
				   enum h8l_direction direction, unsigned int index)
{
	if (direction == H8L_INPUT)
		return index < network->variant->input_count ? &network->streams[index] : NULL;
	return index < network->variant->output_count ? network->user_outputs[index] : NULL;
}

unsigned int h8l_network_inputs(const struct h8l_network *network)
{
	return network->variant->input_count;
}

unsigned int h8l_network_outputs(const struct h8l_network *network)
{
	return network->variant->output_count;
}

int h8l_network_stream(const struct h8l_network *network, enum h8l_direction direction,
		       unsigned int index, struct h8l_stream_info *info)
{
	const struct stream *stream = find_network_stream(network, direction, index);

	if (!stream)
		return -ENOENT;
	hef_stream_info(stream->edge, info);
	return 0;
}

int h8l_network_set_format(struct h8l_network *network, enum h8l_direction direction,
			   unsigned int index, struct h8l_format format,
			   struct h8l_error *error)
{
	struct stream *stream = find_network_stream(network, direction, index);

	if (!stream)
		return fail(error, -ENOENT, "%s has no %s %u", network->group->name,
			    direction == H8L_INPUT ? "input" : "output", index);
	if (network->submitted != network->taken)
		return fail(error, -EBUSY, "%s: frames are under way, take them first",
			    network->group->name);
	return plan_stream(stream, format, error);
}

int64_t h8l_network_frame_size(const struct h8l_network *network, enum h8l_direction direction,
			       unsigned int index)
{
	const struct stream *stream = find_network_stream(network, direction, index);

	return stream ? (int64_t)stream->plan.host_size : -ENOENT;
}
