// SPDX-License-Identifier: MIT
/* Reference configure-and-run.md sections 5, 6, 9.1 and 11. */
#include <endian.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "network.h"

/* ---- channels ---- */

static int take_channel(channel_set *taken, enum h8l_direction direction, uint8_t *channel,
			struct h8l_error *error)
{
	int got = channel_take(taken, direction);

	if (got < 0)
		return fail(error, got, "the network needs more than 16 channels %s the chip",
			    direction == H8L_INPUT ? "to" : "from");
	*channel = (uint8_t)got;
	return 0;
}

/* Config stream n is channel n: they are taken first */
static int take_config_channels(struct h8l_network *network, struct h8l_error *error)
{
	uint8_t channel;
	int err = 0;

	for (unsigned int i = 0; i < network->variant->config_channels && !err; i++)
		err = take_channel(&network->channels, H8L_INPUT, &channel, error);
	return err;
}

/* ---- boundary streams ---- */

/* On-chip NMS may need many transfers for a frame */
static uint32_t transfers_per_frame(const struct hef_edge *edge)
{
	const struct hef_nms *nms = &edge->nms;

	if (edge->order != H8L_ORDER_NMS_ON_CHIP)
		return 1;
	if (!nms->per_class)
		return nms->classes * nms->max_boxes * nms->chunks;
	return (uint32_t)div_round_up(nms->max_boxes + 1, nms->burst) * nms->classes * nms->chunks;
}

static int create_stream_list(struct h8l_network *network, struct stream *stream,
			      struct h8l_error *error)
{
	const struct hef_edge *edge = stream->edge;
	struct dma_geometry geometry;
	int err = geometry_boundary(network->device->identity.max_page_size, edge->frame_size,
				    transfers_per_frame(edge), network->batch_size,
				    edge->fifo_size, &geometry);

	if (err)
		return fail(error, err, "stream %s: frames of %" PRIu32 " bytes are too large for "
			    "the descriptors of this driver", edge->name, edge->frame_size);
	stream->queue = geometry.queue;
	stream->descs_per_frame = (uint32_t)div_round_up(edge->frame_size, geometry.page_size);
	return desc_list_create(network->device, geometry.desc_count, geometry.page_size, true,
				&stream->list, error);
}

static int create_stream(struct h8l_network *network, const struct hef_edge *edge,
			 struct h8l_error *error)
{
	struct stream *stream = &network->streams[network->stream_count++];
	int err;

	stream->edge = edge;
	stream->index = network->stream_count - 1;
	err = take_channel(&network->channels, edge->direction, &stream->channel, error);
	if (err)
		return err;
	network->boundary_bitmap |= 1u << stream->channel;
	return create_stream_list(network, stream, error);
}

static int create_streams(struct h8l_network *network, struct h8l_error *error)
{
	const struct hef_variant *v = network->variant;
	int err = 0;

	network->streams = calloc(v->input_count + v->output_count, sizeof(*network->streams));
	if (!network->streams)
		return fail_memory(error, "streams");
	for (unsigned int i = 0; i < v->input_count && !err; i++)
		err = create_stream(network, v->inputs[i], error);
	for (unsigned int i = 0; i < v->output_count && !err; i++)
		err = create_stream(network, v->outputs[i], error);
	return err;
}

static struct stream *stream_of(const struct h8l_network *network, const struct hef_edge *edge)
{
	for (unsigned int i = 0; i < network->stream_count; i++)
		if (network->streams[i].edge == edge)
			return &network->streams[i];
	return NULL;
}

/* ---- internal buffers ---- */

static struct internal_buffer *internal_of(const struct h8l_network *network,
					   unsigned int context, uint8_t stream)
{
	for (unsigned int i = 0; i < network->internal_count; i++) {
		struct internal_buffer *b = &network->internals[i];

		if (b->source->context == context && b->source->stream == stream)
			return b;
	}
	return NULL;
}

/* Between contexts every transfer ends with an interrupt for the firmware; a
 * ring of rows needs none.
 */
static int program_internal(struct h8l_network *network, struct internal_buffer *b,
			    uint8_t channel, struct h8l_error *error)
{
	bool ddr = b->source->connection == HEF_DDR;
	struct program program = {
		.size = ddr ? (uint64_t)b->list.desc_count * b->list.page_size : b->pattern,
		.transfers = ddr ? 1 : network->batch_size,
		.channel = channel,
		.bind = true,
		.irq = ddr ? HAILO8L_IRQ_NONE : HAILO8L_IRQ_DEVICE,
	};

	return desc_list_program(network->device, &b->list, &b->buffer, &program, error);
}

static int internal_geometry(struct h8l_network *network, const struct hef_edge *edge,
			     struct dma_geometry *geometry)
{
	uint32_t page = network->device->identity.max_page_size;

	if (edge->connection == HEF_DDR)
		return geometry_ddr(page, edge->core_bytes, edge->buffered_rows, geometry);
	return geometry_inter_context(page, edge->frame_size, network->batch_size, geometry);
}

#define DDR_ROW_ALIGNMENT 512

static int check_ddr(const struct h8l_network *network, const struct hef_edge *edge,
		     struct h8l_error *error)
{
	if (edge->connection != HEF_DDR)
		return 0;
	if (!network->hef->features.padded_ddr)
		return fail(error, -ENOEXEC, "stream %s buffers rows in the way of compilers "
			    "before 3.11; compile the network again", edge->name);
	if (!edge->core_bytes || edge->core_bytes % DDR_ROW_ALIGNMENT || !edge->buffered_rows)
		return fail(error, -EINVAL, "stream %s: %u rows of %u bytes cannot be buffered",
			    edge->name, edge->buffered_rows, edge->core_bytes);
	return 0;
}

static int create_internal(struct h8l_network *network, const struct hef_edge *edge,
			   uint8_t channel, struct h8l_error *error)
{
	struct internal_buffer *b = &network->internals[network->internal_count++];
	struct dma_geometry g;
	int err = check_ddr(network, edge, error);

	b->source = edge;
	b->pattern = edge->connection == HEF_DDR ? edge->core_bytes : edge->frame_size;
	if (err)
		return err;
	if (internal_geometry(network, edge, &g))
		return fail(error, -ENOTSUP, "stream %s: the descriptors of this driver cannot "
			    "carry %u frames of %" PRIu32 " bytes", edge->name,
			    network->batch_size, edge->frame_size);
	err = dma_buffer_create(network->device, (size_t)g.desc_count * g.page_size,
				HAILO8L_DIR_BOTH, &b->buffer, error) ?:
	      desc_list_create(network->device, g.desc_count, g.page_size,
			       edge->connection == HEF_DDR, &b->list, error);
	return err ?: program_internal(network, b, channel, error);
}

/* ---- links ---- */

static struct hw_host_buffer host_buffer(const struct desc_list *list, uint32_t pattern)
{
	return (struct hw_host_buffer){
		.dma_address = htole64(list->dma_address),
		.page_size = htole16((uint16_t)list->page_size),
		.desc_count = htole32(list->desc_count),
		.bytes_in_pattern = htole32(pattern),
	};
}

static int finish_link(struct h8l_network *network, struct link *link,
		       const struct desc_list *list, uint32_t pattern, struct h8l_error *error)
{
	const struct hef_features *features = &network->hef->features;
	int err = periph_compute(link->edge, features, list->page_size, &network->consts,
				 &link->periph, error);

	link->buffer = host_buffer(list, pattern);
	link->reg = periph_registers(link->edge, features, &link->periph);
	return err;
}

static int boundary_link(struct h8l_network *network, const struct hef_edge *edge,
			 struct link_set *set, struct h8l_error *error)
{
	struct link *link = &set->links[set->count++];
	struct stream *stream = stream_of(network, edge);

	link->edge = edge;
	link->channel = stream->channel;
	return finish_link(network, link, &stream->list, edge->frame_size, error);
}

static int source_link(struct h8l_network *network, const struct hef_edge *edge,
		       struct link_set *set, channel_set *taken, struct h8l_error *error)
{
	struct link *link = &set->links[set->count++];
	struct internal_buffer *b;
	int err = 0;

	link->edge = edge;
	if (edge->connection == HEF_DDR)
		err = take_channel(taken, H8L_INPUT, &link->peer_channel, error);
	err = err ?: take_channel(taken, H8L_OUTPUT, &link->channel, error);
	err = err ?: create_internal(network, edge, link->channel, error);
	if (err)
		return err;
	b = &network->internals[network->internal_count - 1];
	return finish_link(network, link, &b->list, b->pattern, error);
}

static const struct link *ddr_source(const struct link_set *set, uint8_t stream)
{
	for (unsigned int i = 0; i < set->count; i++) {
		const struct hef_edge *edge = set->links[i].edge;

		if (edge->connection == HEF_DDR && edge->direction == H8L_OUTPUT &&
		    edge->stream == stream)
			return &set->links[i];
	}
	return NULL;
}

static int ddr_sink_channel(const struct link_set *set, struct link *link)
{
	const struct link *source = ddr_source(set, link->edge->peer_stream);

	if (!source || source->edge->peer_stream != link->edge->stream ||
	    source->edge->network != link->edge->network)
		return -EINVAL;
	link->channel = source->peer_channel;
	link->peer_channel = source->channel;
	return 0;
}

static int sink_link(struct h8l_network *network, const struct hef_edge *edge,
		     struct link_set *set, channel_set *taken, struct h8l_error *error)
{
	struct internal_buffer *b = internal_of(network, edge->peer_context, edge->peer_stream);
	struct link *link = &set->links[set->count++];
	int err;

	link->edge = edge;
	err = edge->connection == HEF_DDR ? ddr_sink_channel(set, link) :
	      take_channel(taken, H8L_INPUT, &link->channel, error);
	if (err == -ENOSPC)
		return err;
	if (err || !b || b->source->connection != edge->connection)
		return fail(error, -EINVAL, "stream %s: nothing is written to context %u, stream "
			    "%u before it is read", edge->name, edge->peer_context,
			    edge->peer_stream);
	return finish_link(network, link, &b->list, b->pattern, error);
}

static int add_link(struct h8l_network *network, const struct hef_edge *edge,
		    struct link_set *set, channel_set *taken, struct h8l_error *error)
{
	if (edge->connection == HEF_BOUNDARY)
		return boundary_link(network, edge, set, error);
	if (edge->direction == H8L_OUTPUT)
		return source_link(network, edge, set, taken, error);
	return sink_link(network, edge, set, taken, error);
}

/* Outputs before inputs, so that data enter the chip only when everything
 * behind them is ready; DDR before the rest.
 */
static const struct {
	enum hef_connection connection;
	enum h8l_direction direction;
} link_order[] = {
	{ HEF_DDR, H8L_OUTPUT },
	{ HEF_BOUNDARY, H8L_OUTPUT },
	{ HEF_INTER_CONTEXT, H8L_OUTPUT },
	{ HEF_DDR, H8L_INPUT },
	{ HEF_BOUNDARY, H8L_INPUT },
	{ HEF_INTER_CONTEXT, H8L_INPUT },
};

static int create_context_links(struct h8l_network *network, const struct hef_context *context,
				struct link_set *set, struct h8l_error *error)
{
	channel_set taken = network->channels;
	int err = 0;

	set->links = calloc(context->edge_count + 1, sizeof(*set->links));
	if (!set->links)
		return fail_memory(error, "streams");
	for (size_t o = 0; o < ARRAY_SIZE(link_order); o++)
		for (unsigned int i = 0; i < context->edge_count && !err; i++) {
			const struct hef_edge *edge = &context->edges[i];

			if (edge->connection == link_order[o].connection &&
			    edge->direction == link_order[o].direction)
				err = add_link(network, edge, set, &taken, error);
		}
	return err;
}

static int create_boundary_links(struct h8l_network *network, struct h8l_error *error)
{
	const struct hef_variant *v = network->variant;
	int err = 0;

	network->boundary.links = calloc(network->stream_count, sizeof(struct link));
	if (!network->boundary.links)
		return fail_memory(error, "streams");
	for (unsigned int i = 0; i < v->output_count && !err; i++)
		err = boundary_link(network, v->outputs[i], &network->boundary, error);
	for (unsigned int i = 0; i < v->input_count && !err; i++)
		err = boundary_link(network, v->inputs[i], &network->boundary, error);
	return err;
}

static size_t count_internals(const struct hef_variant *v)
{
	size_t count = 0;

	for (unsigned int c = 0; c < v->context_count; c++)
		for (unsigned int i = 0; i < v->contexts[c].edge_count; i++)
			count += v->contexts[c].edges[i].connection != HEF_BOUNDARY &&
				 v->contexts[c].edges[i].direction == H8L_OUTPUT;
	return count;
}

static int allocate(struct h8l_network *network, struct h8l_error *error)
{
	network->contexts = calloc(network->variant->context_count, sizeof(struct link_set));
	network->internals = calloc(count_internals(network->variant) + 1,
				    sizeof(*network->internals));
	if (network->contexts && network->internals)
		return 0;
	return fail_memory(error, "contexts");
}

int links_create(struct h8l_network *network, struct h8l_error *error)
{
	const struct hef_variant *v = network->variant;
	int err = allocate(network, error) ?: take_config_channels(network, error) ?:
		  create_streams(network, error) ?: create_boundary_links(network, error);

	for (unsigned int i = 0; i < v->context_count && !err; i++)
		err = create_context_links(network, &v->contexts[i], &network->contexts[i], error);
	return err;
}

void links_release(struct h8l_network *network)
{
	for (unsigned int i = 0; i < network->internal_count; i++) {
		desc_list_release(network->device, &network->internals[i].list);
		dma_buffer_release(network->device, &network->internals[i].buffer);
	}
	for (unsigned int i = 0; i < network->stream_count; i++)
		desc_list_release(network->device, &network->streams[i].list);
	for (unsigned int i = 0; network->contexts && i < network->variant->context_count; i++)
		free(network->contexts[i].links);
	free(network->contexts);
	free(network->internals);
	free(network->boundary.links);
	free(network->streams);
}
