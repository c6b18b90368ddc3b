// SPDX-License-Identifier: MIT
/*
 * What a program gives and gets (ports), what streams carry, and what a stream
 * carries of a port (shares). Mostly these are one and the same; a picture in
 * planes is one port and several streams, a mux one stream and several ports.
 */
#include <stdlib.h>
#include <string.h>

#include "network.h"

#define MAX_PLANES	3

/* ---- formats ---- */

static int make_plan(const struct share *share, struct h8l_format format,
		     struct format_plan *plan, struct h8l_error *error)
{
	struct h8l_stream_info info;

	hef_stream_info(share->edge, &info);
	return format_plan_init(plan, &info, share->edge->transposed, share->edge->quant, format,
				error);
}

/* A picture's format is that of the whole; its planes lie there as on the chip,
 * one behind the other. Reference formats.md section 4.
 */
static int plane_format(const struct port *port, const struct share *share,
			struct h8l_format *format, struct h8l_error *error)
{
	if (!port->edge->picture || format->order == H8L_ORDER_RAW)
		return 0;
	if (format->order != H8L_ORDER_AUTO && format->order != port->edge->order)
		return fail(error, -ENOTSUP, "input %s takes %s, not %s", port->edge->name,
			    h8l_order_name(port->edge->order), h8l_order_name(format->order));
	format->order = share->edge->order;
	return 0;
}

static int plan_port(struct port *port, struct h8l_format format, struct h8l_error *error)
{
	struct format_plan plans[MAX_PLANES];
	size_t size = 0;

	for (unsigned int i = 0; i < port->share_count; i++) {
		struct h8l_format one = format;
		int err = plane_format(port, &port->shares[i], &one, error) ?:
			  make_plan(&port->shares[i], one, &plans[i], error);

		if (err)
			return err;
	}
	for (unsigned int i = 0; i < port->share_count; i++) {
		port->shares[i].plan = plans[i];
		port->shares[i].host_offset = size;
		size += plans[i].host_size;
	}
	port->host_size = size;
	return 0;
}

/* ---- ports and shares ---- */

static unsigned int count_shares(const struct stream *stream)
{
	return stream->edge->mux ? stream->edge->part_count : 1;
}

static void add_shares(struct h8l_network *network, struct stream *stream)
{
	stream->shares = &network->shares[network->share_count];
	stream->share_count = count_shares(stream);
	for (unsigned int i = 0; i < stream->share_count; i++) {
		struct share *share = &stream->shares[i];

		share->stream = stream;
		share->edge = stream->edge->mux ? &stream->edge->parts[i] : stream->edge;
		share->index = network->share_count++;
	}
}

static struct share *share_of(const struct h8l_network *network, const struct hef_edge *edge)
{
	unsigned int i = 0;

	while (network->shares[i].edge != edge)
		i++;
	return &network->shares[i];
}

/* Planes are neighbours, as their streams are */
static int create_port(struct h8l_network *network, const struct hef_edge *edge,
		       struct port *port, struct h8l_error *error)
{
	static const struct h8l_format natural;

	port->edge = edge;
	port->shares = share_of(network, edge->picture ? edge->parts : edge);
	port->share_count = edge->picture ? edge->part_count : 1;
	return plan_port(port, natural, error);
}

static int create_ports(struct h8l_network *network, enum h8l_direction direction,
			const struct hef_edge *const *edges, unsigned int count,
			struct h8l_error *error)
{
	int err = 0;

	network->ports[direction] = calloc(count, sizeof(struct port));
	if (!network->ports[direction])
		return fail_memory(error, "streams");
	network->port_count[direction] = count;
	for (unsigned int i = 0; i < count && !err; i++)
		err = create_port(network, edges[i], &network->ports[direction][i], error);
	return err;
}

int streams_create(struct h8l_network *network, struct h8l_error *error)
{
	const struct hef_variant *v = network->variant;
	unsigned int count = 0;

	for (unsigned int i = 0; i < network->stream_count; i++)
		count += count_shares(&network->streams[i]);
	network->shares = calloc(count, sizeof(*network->shares));
	if (!network->shares)
		return fail_memory(error, "streams");
	for (unsigned int i = 0; i < network->stream_count; i++)
		add_shares(network, &network->streams[i]);
	return create_ports(network, H8L_INPUT, v->user_inputs, v->user_input_count, error) ?:
	       create_ports(network, H8L_OUTPUT, v->user_outputs, v->user_output_count, error);
}

/* ---- bounce buffers ---- */

/* A frame begins with a page, so that none shares a cache line. Bursts are small
 * and many: they share pages, but no descriptor.
 */
void streams_size_bounces(struct h8l_network *network)
{
	for (unsigned int i = 0; i < network->stream_count; i++) {
		struct stream *stream = &network->streams[i];
		bool bursts = stream_has_bursts(stream);

		stream->slots = bursts ? bursts_slots(network, stream) : network->queue_depth;
		stream->slot_step = align_up(stream->edge->frame_size, bursts ?
					     stream->list.page_size : DEVICE_MAX_PAGE_SIZE);
	}
}

void *stream_slot(const struct stream *stream, uint64_t slot)
{
	return (uint8_t *)stream->bounce.data + slot % stream->slots * stream->slot_step;
}

void *stream_tail(const struct stream *stream, uint64_t slot)
{
	return (uint8_t *)stream->tails.data + slot % stream->slots * stream->tail_step;
}

/* Another format has other tails, but then no frame is under way */
int stream_need_tails(struct h8l_network *network, struct stream *stream, size_t size,
		      struct h8l_error *error)
{
	size_t step = align_up(size, stream->list.page_size);

	if (stream->tails.data && step <= stream->tail_step)
		return 0;
	dma_buffer_release(network->device, &stream->tails);
	stream->tail_step = step;
	return dma_buffer_create(network->device, step * stream->slots, HAILO8L_DIR_FROM_DEVICE,
				 &stream->tails, error);
}

static size_t largest_share(const struct stream *stream)
{
	size_t size = 0;

	for (unsigned int i = 0; i < stream->share_count; i++)
		if (stream->shares[i].edge->frame_size > size)
			size = stream->shares[i].edge->frame_size;
	return size;
}

int stream_need_scratch(struct stream *stream, size_t size, struct h8l_error *error)
{
	void *scratch;

	if (size <= stream->scratch_size)
		return 0;
	scratch = calloc(1, size);
	if (!scratch)
		return fail_memory(error, "frames");
	free(stream->scratch);
	stream->scratch = scratch;
	stream->scratch_size = size;
	return 0;
}

int stream_create_bounce(struct h8l_network *network, struct stream *stream,
			 struct h8l_error *error)
{
	int err = stream->edge->mux ? stream_need_scratch(stream, largest_share(stream), error) : 0;

	if (err)
		return err;
	return dma_buffer_create(network->device,
				 stream->slot_step * (stream->slots - 1) + stream->edge->frame_size,
				 stream->edge->direction == H8L_INPUT ?
				 HAILO8L_DIR_TO_DEVICE : HAILO8L_DIR_FROM_DEVICE,
				 &stream->bounce, error);
}

void streams_release(struct h8l_network *network)
{
	for (unsigned int i = 0; i < network->stream_count; i++) {
		dma_buffer_release(network->device, &network->streams[i].bounce);
		dma_buffer_release(network->device, &network->streams[i].tails);
		free(network->streams[i].scratch);
	}
	free(network->ports[H8L_INPUT]);
	free(network->ports[H8L_OUTPUT]);
	free(network->shares);
}

/* Reference formats.md section 8 */
void share_gather(const struct share *share, const void *transfer, void *part)
{
	const struct hef_slices *s = &share->edge->slices;
	uint8_t *to = part;

	for (uint32_t group = 0; group < s->count[0]; group++) {
		const uint8_t *from = (const uint8_t *)transfer + s->offset +
				      (size_t)group * s->step[0];

		for (uint32_t i = 0; i < s->count[1]; i++, from += s->step[1], to += s->size)
			memcpy(to, from, s->size);
	}
	memset(to, 0, share->edge->frame_size - (size_t)(to - (uint8_t *)part));
}

/* ---- questions of programs ---- */

struct port *find_network_port(const struct h8l_network *network, enum h8l_direction direction,
			       unsigned int index)
{
	if (direction != H8L_INPUT)
		direction = H8L_OUTPUT;
	return index < network->port_count[direction] ? &network->ports[direction][index] : NULL;
}

unsigned int h8l_network_inputs(const struct h8l_network *network)
{
	return network->port_count[H8L_INPUT];
}

unsigned int h8l_network_outputs(const struct h8l_network *network)
{
	return network->port_count[H8L_OUTPUT];
}

int h8l_network_stream(const struct h8l_network *network, enum h8l_direction direction,
		       unsigned int index, struct h8l_stream_info *info)
{
	const struct port *port = find_network_port(network, direction, index);

	if (!port)
		return -ENOENT;
	hef_stream_info(port->edge, info);
	return 0;
}

/* Conversions leave padding alone; the chip wants zeros there */
static void clear_padding(const struct port *port)
{
	for (unsigned int i = 0; i < port->share_count; i++) {
		struct dma_buffer *bounce = &port->shares[i].stream->bounce;

		if (bounce->data)
			memset(bounce->data, 0, bounce->size);
	}
}

/* Post-processing would take converted values for those of the chip */
static int check_held(const struct h8l_network *network, enum h8l_direction direction,
		      unsigned int index, struct h8l_format format, struct h8l_error *error)
{
	if (direction == H8L_INPUT || format.order == H8L_ORDER_RAW ||
	    !atomic_load(&network->holds->output[index]))
		return 0;
	return fail(error, -EBUSY, "%s: post-processing reads output %u as it comes from the chip; "
		    "h8l_post_close() it before the output gets another format",
		    network->group->name, index);
}

int h8l_network_set_format(struct h8l_network *network, enum h8l_direction direction,
			   unsigned int index, struct h8l_format format,
			   struct h8l_error *error)
{
	struct port *port = find_network_port(network, direction, index);
	int err;

	if (!port)
		return fail(error, -ENOENT, "%s has no %s %u", network->group->name,
			    direction == H8L_INPUT ? "input" : "output", index);
	if (network->submitted != network->taken)
		return fail(error, -EBUSY, "%s: frames are under way, take them first",
			    network->group->name);
	err = check_held(network, direction, index, format, error) ?:
	      plan_port(port, format, error);
	if (!err && direction == H8L_INPUT)
		clear_padding(port);
	return err;
}

int64_t h8l_network_frame_size(const struct h8l_network *network, enum h8l_direction direction,
			       unsigned int index)
{
	const struct port *port = find_network_port(network, direction, index);

	return port ? (int64_t)port->host_size : -ENOENT;
}
