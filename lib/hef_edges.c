// SPDX-License-Identifier: MIT
/*
 * The streams of a context. Reference hef.md sections 8 and 9.
 */
#include <inttypes.h>
#include <string.h>

#include "hef_metadata.h"

#define MAX_PERIPH_BYTES	0x10000	/* Hailo-8, reference hef.md 8.4 */
#define MAX_NMS_BURST_BYTES	65536
#define MAX_NMS_PARTS		9
#define NMS_BOX_PARAMS		5
#define NMS_QUANTS		2
#define MAX_STREAM_INDEX	UINT8_MAX

static const enum h8l_order orders[] = {
	[HEF__SHAPE__ORDER__NHWC]	= H8L_ORDER_NHWC,
	[HEF__SHAPE__ORDER__NHCW]	= H8L_ORDER_NHCW,
	[HEF__SHAPE__ORDER__NC]		= H8L_ORDER_NC,
	[HEF__SHAPE__ORDER__FCR]	= H8L_ORDER_FCR,
	[HEF__SHAPE__ORDER__BAYER_RGB]	= H8L_ORDER_BAYER_RGB,
	[HEF__SHAPE__ORDER__NHW]	= H8L_ORDER_NHW,
	[HEF__SHAPE__ORDER__NMS]	= H8L_ORDER_NMS_ON_CHIP,
	[HEF__SHAPE__ORDER__F8CR]	= H8L_ORDER_F8CR,
	[HEF__SHAPE__ORDER__RGB888]	= H8L_ORDER_RGB888,
	[HEF__SHAPE__ORDER__YUY2]	= H8L_ORDER_YUY2,
	[HEF__SHAPE__ORDER__NHWC_TOO]	= H8L_ORDER_NHWC,
	[HEF__SHAPE__ORDER__YYUV]	= H8L_ORDER_YYUV,
	[HEF__SHAPE__ORDER__YYVU]	= H8L_ORDER_YYVU,
	[HEF__SHAPE__ORDER__YYYYUV]	= H8L_ORDER_YYYYUV,
};

static int parse_order(struct hef_parser *p, uint32_t format, struct hef_edge *edge)
{
	edge->order = format < ARRAY_SIZE(orders) ? orders[format] : H8L_ORDER_AUTO;
	if (edge->order == H8L_ORDER_AUTO)
		return hef_invalid(p, "stream %s has the unknown format %" PRIu32, edge->name,
				   format);
	return 0;
}

/* Bytes of a shape, at most 32 bits; 0 if there are none or too many */
static uint32_t shape_bytes(const struct h8l_shape *shape, uint32_t element)
{
	uint32_t bytes;

	if (__builtin_mul_overflow(shape->height, shape->width, &bytes) ||
	    __builtin_mul_overflow(bytes, shape->features, &bytes) ||
	    __builtin_mul_overflow(bytes, element, &bytes) || bytes > UINT32_MAX - 8)
		return 0;
	return bytes;
}

static int parse_burst(struct hef_parser *p, const Hef__Nms *n, struct hef_edge *edge)
{
	edge->nms.per_class = p->hef->features.nms_burst;
	edge->nms.burst = edge->nms.per_class ? n->burst_size : 1;
	if (n->burst != (edge->nms.per_class ? HEF__NMS__BURST__H8_PER_CLASS :
					       HEF__NMS__BURST__NONE))
		return hef_invalid(p, "stream %s: NMS burst type %d is not one of this chip",
				   edge->name, n->burst);
	if (!edge->nms.burst || edge->nms.burst > MAX_NMS_BURST_BYTES / edge->nms.box_size)
		return hef_invalid(p, "stream %s: NMS bursts of %" PRIu32 " boxes of %" PRIu32
				   " bytes", edge->name, edge->nms.burst, edge->nms.box_size);
	return 0;
}

/* One transfer: a box, a burst, or all bursts of a frame if each class fits
 * into one (a delimiter ends it). Reference configure-and-run.md 14.1.
 */
static int nms_transfers(struct hef_parser *p, struct hef_edge *edge)
{
	const struct hef_nms *nms = &edge->nms;
	uint64_t size = (uint64_t)nms->box_size * nms->burst;
	uint64_t count = (uint64_t)nms->classes * nms->chunks *
			 (((uint64_t)nms->max_boxes + nms->burst) / nms->burst);

	if (nms->per_class && nms->burst > nms->max_boxes) {
		size *= count;
		count = 1;
	}
	edge->frame_size = (uint32_t)size;
	edge->max_transfers = (uint32_t)count;
	return hef_check_max(p, "NMS transfer size", size, INT32_MAX) ?:
	       hef_check_max(p, "NMS frame size", size * count, INT32_MAX);
}

static const Hef__FusedLayer *find_fused(const struct hef_parser *p, const char *name)
{
	for (size_t i = 0; i < p->fused->n_layers; i++) {
		const Hef__FusedLayer *layer = p->fused->layers[i];

		if (layer->layer && layer->nms && !strcmp(layer->layer->name, name))
			return layer;
	}
	return NULL;
}

/* One of several streams with the classes of one output; without the output it
 * is one of its own. Reference hef.md 5.6 and 8.7.
 */
static int parse_split(struct hef_parser *p, const Hef__Nms *n, struct hef_edge *edge)
{
	const Hef__FusedLayer *layer;
	struct hef_fused *fused;

	if (!n->split || !p->fused || !p->fused->used)
		return 0;
	layer = n->split_info ? find_fused(p, n->split_info->fused_name) : NULL;
	if (!layer)
		return hef_invalid(p, "stream %s is a part of an output that is not there",
				   edge->name);
	if (n->split_info->class_group >= MAX_NMS_PARTS)
		return hef_invalid(p, "stream %s: more than %d NMS parts", edge->name,
				   MAX_NMS_PARTS);
	fused = arena_alloc(p->arena, sizeof(*fused));
	if (!fused)
		return hef_no_memory(p);
	fused->classes = (uint32_t)layer->nms->classes;
	fused->max_boxes = (uint32_t)layer->nms->max_boxes;
	fused->chunks = layer->nms->division_factor ? (uint32_t)layer->nms->division_factor : 1;
	edge->nms.fused = fused;
	edge->nms.part = (uint32_t)n->split_info->class_group;
	return hef_check_max(p, "NMS classes", layer->nms->classes, UINT16_MAX) ?:
	       hef_check_max(p, "NMS boxes per class", layer->nms->max_boxes, UINT16_MAX) ?:
	       hef_check_max(p, "NMS chunks", layer->nms->division_factor, UINT8_MAX) ?:
	       hef_copy_name(p, layer->layer->name, &fused->name);
}

static int parse_nms(struct hef_parser *p, const Hef__Nms *n, struct hef_edge *edge)
{
	int err;

	if (!n)
		return hef_invalid(p, "stream %s: NMS without parameters", edge->name);
	err = hef_check_max(p, "NMS classes", n->classes, UINT16_MAX) ?:
	      hef_check_max(p, "NMS boxes per class", n->max_boxes, UINT16_MAX) ?:
	      hef_check_max(p, "NMS box size", n->box_size, UINT16_MAX) ?:
	      hef_check_max(p, "NMS chunks", n->division_factor, UINT8_MAX);
	if (err)
		return err;
	if (!n->classes || !n->max_boxes || !n->box_size)
		return hef_invalid(p, "stream %s: NMS of nothing", edge->name);
	edge->nms.classes = (uint32_t)n->classes;
	edge->nms.max_boxes = (uint32_t)n->max_boxes;
	edge->nms.box_size = (uint32_t)n->box_size;
	edge->nms.chunks = n->division_factor ? (uint32_t)n->division_factor : 1;
	edge->shape = (struct h8l_shape){ edge->nms.classes, NMS_BOX_PARAMS,
					  edge->nms.max_boxes * edge->nms.chunks };
	return parse_burst(p, n, edge) ?: nms_transfers(p, edge) ?: parse_split(p, n, edge);
}

/* Itself or a part of it */
static bool in_mux(const struct hef_edge *edge)
{
	return edge->mux || (edge->whole && edge->whole->mux);
}

/* Does the periphery take off the row padding? Then the frames on the wire
 * have none. Newer files have the compiler decide (extension 11).
 * Reference hef.md 8.4.
 */
static bool periphery_strips_padding(const struct hef_parser *p, const Hef__Shape *s,
				     const struct hef_edge *edge)
{
	uint32_t limit = MAX_PERIPH_BYTES;
	uint64_t row = (uint64_t)s->width * s->features;

	if (s->fifo_size && s->fifo_size < limit)
		limit = s->fifo_size;
	return !p->hef->features.hw_padding_in_dfc && edge->connection == HEF_BOUNDARY &&
	       !in_mux(edge) && edge->order == H8L_ORDER_NHCW && s->core_buffers == s->height &&
	       row % 8 == 0 && row <= UINT32_MAX / 2 && row * s->data_bytes <= limit - 1;
}

/* Padding can only add. (Streams inside the chip have no shape of the user's.) */
static int check_padding(struct hef_parser *p, const Hef__Shape *s, const struct hef_edge *edge)
{
	if (edge->connection != HEF_BOUNDARY || edge->mux ||
	    (s->height <= s->padded_height && s->width <= s->padded_width &&
	     s->features <= s->padded_features))
		return 0;
	return hef_invalid(p, "stream %s: %" PRIu32 "x%" PRIu32 "x%" PRIu32 " padded to %" PRIu32
			   "x%" PRIu32 "x%" PRIu32, edge->name, s->height, s->width, s->features,
			   s->padded_height, s->padded_width, s->padded_features);
}

static int parse_shapes(struct hef_parser *p, const Hef__Shape *s, struct hef_edge *edge)
{
	bool strips = periphery_strips_padding(p, s, edge);
	uint32_t bytes;

	edge->shape = (struct h8l_shape){ s->height, s->width, s->features };
	edge->device_shape = (struct h8l_shape){ s->padded_height, s->padded_width,
						 s->padded_features };
	if (strips)
		edge->device_shape = edge->shape;
	edge->feature_padding = strips ? (uint16_t)(s->width * s->data_bytes) : 0;
	if (edge->transposed) {
		edge->shape.height = s->width;
		edge->shape.width = s->height;
	}
	if (edge->order == H8L_ORDER_NMS_ON_CHIP)
		return parse_nms(p, s->extra ? s->extra->nms : NULL, edge);
	bytes = shape_bytes(&edge->device_shape, edge->data_bytes);
	if (!bytes || !shape_bytes(&edge->shape, sizeof(float)))
		return hef_invalid(p, "stream %s: a frame of %" PRIu32 "x%" PRIu32 "x%" PRIu32
				   " elements is empty or too large", edge->name,
				   s->padded_height, s->padded_width, s->padded_features);
	edge->frame_size = (uint32_t)align_up(bytes, 8);
	edge->max_transfers = 1;
	if (strips)
		return hef_check_max(p, "row width", (uint64_t)s->width * s->data_bytes,
				     UINT16_MAX);
	return check_padding(p, s, edge);
}

static int parse_base(struct hef_parser *p, const Hef__Shape *s, bool transposed,
		      struct hef_edge *edge)
{
	int err;

	if (!s)
		return hef_invalid(p, "stream %s has no shape", edge->name);
	err = parse_order(p, s->format, edge) ?:
	      hef_check_max(p, "stream index", s->stream, MAX_STREAM_INDEX) ?:
	      hef_check_max(p, "core bytes per buffer", s->core_bytes, UINT16_MAX) ?:
	      hef_check_max(p, "core buffers per frame", s->core_buffers, UINT16_MAX);
	if (err)
		return err;
	if (s->data_bytes != 1 && s->data_bytes != 2)
		return hef_invalid(p, "stream %s: elements of %" PRIu32 " bytes", edge->name,
				   s->data_bytes);
	if (s->host_argmax)
		return hef_invalid(p, "stream %s uses the old argmax on the host; "
				   "compile the network again", edge->name);
	edge->stream = (uint8_t)s->stream;
	edge->data_bytes = (uint8_t)s->data_bytes;
	edge->core_bytes = (uint16_t)s->core_bytes;
	edge->core_buffers = (uint16_t)s->core_buffers;
	edge->fifo_size = s->fifo_size;
	edge->transposed = (p->transposed_net || transposed) && edge->order != H8L_ORDER_NC &&
			   edge->connection == HEF_BOUNDARY;
	return parse_shapes(p, s, edge);
}

static struct h8l_quant *tensor_quant(struct hef_parser *p, const Hef__Quant *q)
{
	struct h8l_quant *quant = arena_alloc(p->arena, sizeof(*quant));

	if (quant && q)
		*quant = (struct h8l_quant){ q->zero_point, q->scale, q->min, q->max };
	return quant;
}

static int feature_quants(struct hef_parser *p, const Hef__Quant *q, size_t count,
			  struct hef_edge *edge)
{
	struct h8l_quant *quants;

	if (!q || q->n_zero_points != count || q->n_scales != count)
		return hef_invalid(p, "stream %s: %zu zero points and %zu scales for %zu features",
				   edge->name, q ? q->n_zero_points : 0, q ? q->n_scales : 0,
				   count);
	quants = arena_array(p->arena, count, sizeof(*quants));
	if (!quants)
		return hef_no_memory(p);
	for (size_t i = 0; i < count; i++)
		quants[i] = (struct h8l_quant){ (float)q->zero_points[i], (float)q->scales[i],
						q->min, q->max };
	edge->quant = quants;
	edge->quant_count = (unsigned int)count;
	return 0;
}

/* One entry, or one per feature; inputs have only one kind, for their
 * conversion takes the first. Reference hef.md section 9.
 */
static int parse_quant(struct hef_parser *p, const Hef__Quant *q, struct hef_edge *edge)
{
	size_t count = edge->order == H8L_ORDER_NMS_ON_CHIP ? NMS_QUANTS : edge->shape.features;
	int err;

	if (p->hef->features.scale_per_feature && edge->connection == HEF_BOUNDARY && !edge->mux) {
		err = feature_quants(p, q, count, edge);
		if (err || edge->direction == H8L_OUTPUT)
			return err;
		for (size_t i = 1; i < count; i++)
			if (memcmp(&edge->quant[i], &edge->quant[0], sizeof(*edge->quant)))
				return hef_invalid(p, "input %s has several scales", edge->name);
		edge->quant_count = 1;
		return 0;
	}
	edge->quant = tensor_quant(p, q);
	edge->quant_count = 1;
	return edge->quant ? 0 : hef_no_memory(p);
}

int hef_parse_layer(struct hef_parser *p, const Hef__Layer *l, struct hef_edge *edge)
{
	if (!l)
		return hef_invalid(p, "a stream without a description");
	return hef_copy_name(p, l->name, &edge->name) ?:
	       parse_base(p, l->shape, l->transposed, edge) ?:
	       parse_quant(p, l->quant, edge);
}

int hef_parse_mux_base(struct hef_parser *p, const char *name, const Hef__Shape *shape,
			  struct hef_edge *edge)
{
	edge->mux = true;
	return hef_copy_name(p, name, &edge->name) ?: parse_base(p, shape, false, edge) ?:
	       parse_quant(p, NULL, edge);
}

static int parse_peer(struct hef_parser *p, const Hef__Connection *c, struct hef_edge *edge)
{
	const Hef__Peer *peer;

	if (!c->n_peers || (edge->connection == HEF_DDR && c->n_peers != 1))
		return hef_invalid(p, "stream %s is connected to %zu others", edge->name,
				   c->n_peers);
	peer = c->peers[0];
	edge->peer_context = (uint16_t)peer->context;
	edge->peer_stream = (uint8_t)peer->stream;
	edge->buffered_rows = (uint16_t)c->buffers;
	if (edge->connection == HEF_DDR && peer->context != edge->context)
		return hef_invalid(p, "DDR stream %s leads to another context", edge->name);
	return hef_check_max(p, "peer stream", peer->stream, MAX_STREAM_INDEX) ?:
	       hef_check_max(p, "peer context", peer->context, UINT16_MAX) ?:
	       (edge->connection != HEF_DDR ? 0 :
		hef_check_max(p, "buffered rows", c->buffers, UINT16_MAX));
}

static int parse_connection(struct hef_parser *p, const Hef__Edge *proto, struct hef_edge *edge)
{
	static const enum hef_connection connections[] = {
		[HEF__CONNECTION__KIND__BOUNDARY]	= HEF_BOUNDARY,
		[HEF__CONNECTION__KIND__INTERMEDIATE]	= HEF_INTER_CONTEXT,
		[HEF__CONNECTION__KIND__DDR]		= HEF_DDR,
		[HEF__CONNECTION__KIND__CACHE]		= HEF_CACHE,
	};
	uint32_t kind = proto->connection ? (uint32_t)proto->connection->kind : 0;

	edge->context = (unsigned int)p->context;
	edge->has_pad = proto->pad_case == HEF__EDGE__PAD_PAD_INDEX;
	edge->pad = proto->pad_index;
	if (kind >= ARRAY_SIZE(connections))
		return hef_invalid(p, "a stream with an unknown kind of connection");
	edge->connection = connections[kind];
	if (edge->connection != HEF_BOUNDARY && proto->body_case != HEF__EDGE__BODY_LAYER)
		return hef_invalid(p, "only network inputs and outputs can be mux or planes");
	if (proto->direction != HEF__EDGE__DIRECTION__INPUT &&
	    proto->direction != HEF__EDGE__DIRECTION__OUTPUT)
		return hef_invalid(p, "a stream with an unknown direction");
	edge->direction = proto->direction == HEF__EDGE__DIRECTION__INPUT ? H8L_INPUT : H8L_OUTPUT;
	if (!p->hef->features.multi_network)
		return 0;
	edge->network = (uint8_t)proto->network;
	return hef_check_max(p, "network index", proto->network, p->network_count - 1);
}

size_t hef_edge_streams(const Hef__Edge *proto)
{
	return proto->body_case == HEF__EDGE__BODY_PLANES ? proto->planes->n_planes : 1;
}

static int parse_body(struct hef_parser *p, const Hef__Edge *proto, struct hef_edge *edges,
		      unsigned int *count)
{
	switch (proto->body_case) {
	case HEF__EDGE__BODY_LAYER:
		return hef_parse_layer(p, proto->layer, &edges[(*count)++]);
	case HEF__EDGE__BODY_MUX:
		return hef_parse_mux(p, proto->mux, &edges[(*count)++]);
	case HEF__EDGE__BODY_PLANES:
		return hef_parse_planes(p, proto->planes, edges, count);
	default:
		return hef_invalid(p, "a stream without a description");
	}
}

int hef_parse_edge(struct hef_parser *p, const Hef__Edge *proto, struct hef_edge *edges,
		   unsigned int *count)
{
	struct hef_edge model = { 0 };
	unsigned int first = *count;
	int err = parse_connection(p, proto, &model);

	if (err || !hef_edge_streams(proto))
		return err;
	edges[first] = model;
	err = parse_body(p, proto, edges, count);
	if (err || (model.connection != HEF_INTER_CONTEXT && model.connection != HEF_DDR))
		return err;
	return parse_peer(p, proto->connection, &edges[first]);
}
