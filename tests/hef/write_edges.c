// SPDX-License-Identifier: MIT
/* The streams of a context: hef.md section 8. */
#include <string.h>

#include "image.h"
#include "write_priv.h"

#define NO_BUFFERS		0xffffffffu	/* "buffers" of a boundary, real files */

/* ---- shapes ---- */

/* Whether a host finds a periphery buffer size: configure-and-run.md 7, with
 * the largest descriptor page, 512.
 */
static int check_periph(struct writer *w, const struct desc_stream *stream,
			struct desc_shape wire, uint32_t bytes)
{
	uint64_t row = (uint64_t)wire.width * wire.features * bytes;
	uint64_t frame = row * wire.height;
	uint64_t fifo = stream->fifo_size ? stream->fifo_size : 65536;

	if (stream->kind == DESC_DDR || stream->order == NN_ORDER_NMS)
		return 0;
	if (frame % 8 && desc_has_optional(w->desc, HEF__FEATURE__ID__HW_PADDING) &&
	    frame < 0xffff)
		frame = round_up(frame, 8);
	for (uint64_t size = round_up(row, 8); size; size -= 8)
		if (size < fifo - 512 && frame % size == 0 && size <= 0x10000)
			return 0;
	return hef_fail(w->failure,
			"'%s': no host can cut frames of %llu bytes (rows of %llu) into equal parts that are multiples of 8 and below %llu; pad it",
			stream->name, (unsigned long long)frame, (unsigned long long)row,
			(unsigned long long)(fifo - 512));
}

static int check_core(struct writer *w, const struct desc_stream *stream, Hef__Shape *shape)
{
	if (shape->core_bytes > 0xffff || shape->core_buffers > 0xffff)
		return hef_fail(w->failure, "'%s': core buffers %ux%u need more than 16 bits",
				stream->name, shape->core_bytes, shape->core_buffers);
	return 0;
}

/* One count of items is one row of the tensor with a delimiter behind it. */
static void add_nms(struct writer *w, const struct desc_stream *stream,
		    const struct desc_context *context, Hef__Shape *shape)
{
	Hef__Nms *nms = NEW(w, Hef__Nms, hef__nms__init);
	const struct desc_layer *layer = NULL;

	for (size_t i = 0; i < context->layer_count; i++)
		if (context->layers[i].out == stream->tensor)
			layer = &context->layers[i];
	nms->classes = context->tensors[layer->in1].shape.features;
	nms->max_boxes = shape->width - 1;
	nms->box_size = NN_NMS_ITEM;
	nms->division_factor = layer->kernel_h;
	if (desc_has_required(w->desc, HEF__FEATURE__ID__NMS_OUTPUT_BURST)) {
		nms->burst = HEF__NMS__BURST__H8_PER_CLASS;
		nms->burst_size = stream->burst ? stream->burst : 1;
	}
	shape->extra = NEW(w, Hef__ShapeExtra, hef__shape_extra__init);
	shape->extra->nms = nms;
}

static Hef__Shape *make_shape(struct writer *w, const struct desc_stream *stream,
			      const struct desc_tensor *tensor, uint32_t cluster)
{
	Hef__Shape *shape = NEW(w, Hef__Shape, hef__shape__init);
	Hef__BufferIndex *buffer = NEW(w, Hef__BufferIndex, hef__buffer_index__init);
	uint32_t row = stream->padded.width * stream->padded.features * tensor->type;

	shape->height = tensor->shape.height;
	shape->width = tensor->shape.width;
	shape->features = tensor->shape.features;
	shape->padded_height = stream->padded.height;
	shape->padded_width = stream->padded.width;
	shape->padded_features = stream->padded.features;
	shape->format = stream->order;
	shape->stream = stream->sys_index;
	shape->core_bytes = stream->core_bytes ? stream->core_bytes : round_up(row, 8);
	shape->core_buffers = stream->core_buffers ? stream->core_buffers :
			      stream->padded.height;
	shape->data_bytes = tensor->type;
	shape->fifo_size = stream->fifo_size;
	buffer->index = stream->sys_index;
	buffer->cluster = cluster;
	shape->buffers = pool_grow(&w->pool, NULL, 0, sizeof(buffer));
	shape->buffers[0] = buffer;
	shape->n_buffers = 1;
	return shape;
}

static Hef__Quant *make_quant(struct writer *w, const struct desc_stream *stream,
			      const struct desc_tensor *tensor)
{
	Hef__Quant *quant = NEW(w, Hef__Quant, hef__quant__init);
	/* hef.md 9: of coordinates and of scores */
	uint32_t count = stream->order == NN_ORDER_NMS ? 2 : tensor->shape.features;
	double zp = tensor->zero_point, scale = stream->scale;

	quant->zero_point = zp;
	quant->scale = scale;
	quant->min = (0 - zp) * scale;
	quant->max = (desc_type_max(tensor->type) - zp) * scale;
	quant->n_scales = quant->n_zero_points = count;
	quant->scales = pool_alloc(&w->pool, count * sizeof(double));
	quant->zero_points = pool_alloc(&w->pool, count * sizeof(double));
	for (uint32_t i = 0; i < count; i++) {
		quant->scales[i] = stream->scales.count ? stream->scales.values[i] : scale;
		quant->zero_points[i] = stream->zero_points.count ?
					stream->zero_points.values[i] : zp;
	}
	return quant;
}

static char *context_name(struct writer *w, size_t context)
{
	return pool_format(&w->pool, "context_%zu", context);
}

static void add_peer(struct writer *w, Hef__Connection *connection, size_t context,
		     uint32_t stream)
{
	Hef__Peer *peer = NEW(w, Hef__Peer, hef__peer__init);

	peer->context = context;
	peer->context_name = context_name(w, context);
	peer->stream = stream;
	connection->peers = pool_grow(&w->pool, connection->peers, connection->n_peers,
				      sizeof(*connection->peers));
	connection->peers[connection->n_peers++] = peer;
	if (connection->n_peers > 1)
		return;
	connection->legacy_context = context;
	connection->legacy_context_name = peer->context_name;
	connection->legacy_stream = stream;
}

/* Whoever reads what `stream` of `context` leaves */
static void add_readers(struct writer *w, Hef__Connection *connection, size_t context,
			const struct desc_stream *stream)
{
	const struct desc *desc = w->desc;
	size_t own = stream - desc->contexts[context].streams;

	for (size_t c = context + 1; c < desc->context_count; c++)
		for (size_t i = 0; i < desc->contexts[c].stream_count; i++) {
			const struct desc_stream *s = &desc->contexts[c].streams[i];

			if (s->kind == DESC_BETWEEN && !s->is_output &&
			    s->peer_context == context && s->peer == own)
				add_peer(w, connection, c, s->sys_index);
		}
}

static Hef__Connection *make_connection(struct writer *w, size_t context,
					const struct desc_stream *stream)
{
	static const Hef__Connection__Kind kinds[] = {
		[DESC_BOUNDARY] = HEF__CONNECTION__KIND__BOUNDARY,
		[DESC_BETWEEN] = HEF__CONNECTION__KIND__INTERMEDIATE,
		[DESC_DDR] = HEF__CONNECTION__KIND__DDR,
	};
	Hef__Connection *connection = NEW(w, Hef__Connection, hef__connection__init);
	const struct desc_context *peers = &w->desc->contexts[stream->peer_context];

	connection->context = context;
	connection->context_name = context_name(w, context);
	connection->kind = kinds[stream->kind];
	connection->buffers = stream->kind == DESC_DDR ? stream->buffered_rows : NO_BUFFERS;
	connection->cache_id = -1;
	if (stream->kind == DESC_BETWEEN && stream->is_output)
		add_readers(w, connection, context, stream);
	else if (stream->kind != DESC_BOUNDARY)
		add_peer(w, connection, stream->peer_context,
			 peers->streams[stream->peer].sys_index);
	return connection;
}

static char *full_name(struct writer *w, const char *name)
{
	return pool_format(&w->pool, "%s/%s", w->desc->name, name);
}

static Hef__Layer *make_layer(struct writer *w, const struct desc_context *owner,
			      const struct desc_stream *stream, uint32_t cluster)
{
	const struct desc_tensor *tensor = &owner->tensors[stream->tensor];
	struct desc_shape wire = stream_wire_shape(w->desc, owner, stream);
	Hef__Layer *layer = NEW(w, Hef__Layer, hef__layer__init);

	layer->name = full_name(w, stream->name);
	layer->source_name = layer->name;
	if (strlen(layer->name) > DESC_NAME_MAX) {
		hef_fail(w->failure, "'%s' is longer than %d bytes", layer->name, DESC_NAME_MAX);
		return NULL;
	}
	layer->shape = make_shape(w, stream, tensor, cluster);
	layer->quant = make_quant(w, stream, tensor);
	if (stream->order == NN_ORDER_NMS)
		add_nms(w, stream, owner, layer->shape);
	if (check_core(w, stream, layer->shape) || check_periph(w, stream, wire, tensor->type))
		return NULL;
	return layer;
}

/* ---- several outputs on one stream ---- */

static uint32_t common_divisor(uint32_t a, uint32_t b)
{
	return b ? common_divisor(b, a % b) : a;
}

static uint32_t part_bytes(const struct desc_context *context, const struct desc_stream *stream)
{
	return stream->padded.height * stream->padded.width * stream->padded.features *
	       context->tensors[stream->tensor].type;
}

static void add_ratios(struct writer *w, const struct desc_stream *first, size_t count,
		       Hef__MuxRows *rows)
{
	for (size_t i = 0; i < count; i++)
		rows->height_gcd = common_divisor(first[i].padded.height, rows->height_gcd);
	rows->parts = rows->ratio_count = rows->n_ratios = count;
	rows->ratios = pool_alloc(&w->pool, count * sizeof(*rows->ratios));
	for (size_t i = 0; i < count; i++)
		rows->ratios[i] = first[i].padded.height / rows->height_gcd;
}

/* What the wire carries, in bytes: as many rows as the parts have in common */
static Hef__Shape *mux_shape(struct writer *w, const struct desc_stream *first, uint32_t rows,
			     uint32_t bytes, uint32_t cluster)
{
	const struct desc_tensor tensor = {
		.shape = { rows, 1, bytes / rows }, .type = NN_TYPE_U8,
	};
	struct desc_stream stream = *first;

	stream.order = 3;		/* FCR */
	stream.padded = tensor.shape;
	return make_shape(w, &stream, &tensor, cluster);
}

static int add_parts(struct writer *w, const struct desc_context *owner,
		     const struct desc_stream *first, size_t count, uint32_t cluster,
		     Hef__Mux *mux)
{
	mux->parts = pool_alloc(&w->pool, count * sizeof(*mux->parts));
	for (size_t i = 0; i < count; i++) {
		Hef__MuxPart *part = NEW(w, Hef__MuxPart, hef__mux_part__init);

		if (part_bytes(owner, &first[i]) % 8)
			return hef_fail(w->failure, "'%s': %u bytes in a mux are no multiple of 8",
					first[i].name, part_bytes(owner, &first[i]));
		part->body_case = HEF__MUX_PART__BODY_LAYER;
		part->layer = make_layer(w, owner, &first[i], cluster);
		if (!part->layer)
			return -1;
		mux->parts[mux->n_parts++] = part;
	}
	return 0;
}

static Hef__Mux *make_mux(struct writer *w, const struct desc_context *owner,
			  const struct desc_stream *first, size_t count, uint32_t cluster)
{
	Hef__Mux *mux = NEW(w, Hef__Mux, hef__mux__init);
	uint32_t bytes = 0;

	for (size_t i = 0; i < count; i++)
		bytes += part_bytes(owner, &first[i]);
	mux->name = full_name(w, first->mux);
	mux->source_name = mux->name;
	mux->rows = NEW(w, Hef__MuxRows, hef__mux_rows__init);
	add_ratios(w, first, count, mux->rows);
	mux->shape = mux_shape(w, first, mux->rows->height_gcd, bytes, cluster);
	if (add_parts(w, owner, first, count, cluster, mux) || check_core(w, first, mux->shape))
		return NULL;
	return mux;
}

/* ---- one input of several planes ---- */

static int plane_format(struct writer *w, const struct desc_context *owner,
			const struct desc_stream *first, size_t count, Hef__Planes *planes)
{
	const struct desc_shape *y = &owner->tensors[first->tensor].shape;
	uint32_t wanted = count == 2 ? 2 : 1;

	for (size_t i = 1; i < count; i++) {
		const struct desc_shape *s = &owner->tensors[first[i].tensor].shape;

		if (count > 3 || s->height != y->height / 2 || s->width != y->width / 2 ||
		    s->features != wanted || y->features != 1)
			return hef_fail(w->failure,
					"planes '%s' are neither HxWx1 and H/2xW/2x2 nor HxWx1 and two H/2xW/2x1",
					first->planes);
	}
	if (count == 1)
		return hef_fail(w->failure, "planes '%s' need two or three", first->planes);
	planes->format = count == 2 ? HEF__PLANES__FORMAT__NV12 : HEF__PLANES__FORMAT__I420;
	/* As many elements as all planes have: of a picture's rows, half */
	planes->height = y->height / 2;
	planes->width = y->width;
	planes->features = 3;
	return 0;
}

static Hef__Planes *make_planes(struct writer *w, const struct desc_context *owner,
				const struct desc_stream *first, size_t count, uint32_t cluster)
{
	Hef__Planes *planes = NEW(w, Hef__Planes, hef__planes__init);

	planes->name = full_name(w, first->planes);
	if (plane_format(w, owner, first, count, planes))
		return NULL;
	planes->planes = pool_alloc(&w->pool, count * sizeof(*planes->planes));
	for (size_t i = 0; i < count; i++) {
		planes->planes[i] = NEW(w, Hef__InnerMuxPart, hef__inner_mux_part__init);
		planes->planes[i]->layer = make_layer(w, owner, &first[i], cluster);
		if (!planes->planes[i]->layer)
			return NULL;
		planes->n_planes++;
	}
	return planes;
}

/* ---- edges ---- */

static bool same_name(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

size_t edge_streams(const struct desc_context *context, size_t first)
{
	const struct desc_stream *s = &context->streams[first];
	size_t count = 1;

	while (first + count < context->stream_count &&
	       (same_name(s->mux, s[count].mux) || same_name(s->planes, s[count].planes)))
		count++;
	return count;
}

static int fill_body(struct writer *w, const struct desc_context *owner,
		     const struct desc_stream *first, size_t count, uint32_t cluster,
		     Hef__Edge *edge)
{
	if (first->mux) {
		edge->kind = HEF__EDGE__KIND__MUX;
		edge->body_case = HEF__EDGE__BODY_MUX;
		edge->mux = make_mux(w, owner, first, count, cluster);
	} else if (first->planes) {
		edge->kind = HEF__EDGE__KIND__PLANES;
		edge->body_case = HEF__EDGE__BODY_PLANES;
		edge->planes = make_planes(w, owner, first, count, cluster);
	} else {
		edge->kind = HEF__EDGE__KIND__LAYER;
		edge->body_case = HEF__EDGE__BODY_LAYER;
		edge->layer = make_layer(w, owner, first, cluster);
	}
	return edge->layer ? 0 : -1;
}

Hef__Edge *make_edge(struct writer *w, size_t context, size_t first, uint32_t cluster)
{
	const struct desc_context *owner = &w->desc->contexts[context];
	const struct desc_stream *stream = &owner->streams[first];
	Hef__Edge *edge = NEW(w, Hef__Edge, hef__edge__init);

	if (fill_body(w, owner, stream, edge_streams(owner, first), cluster, edge))
		return NULL;
	edge->direction = stream->is_output ? HEF__EDGE__DIRECTION__OUTPUT :
					      HEF__EDGE__DIRECTION__INPUT;
	edge->connection = make_connection(w, context, stream);
	edge->network = stream->network;
	if (w->desc->op_count && stream->kind == DESC_BOUNDARY) {
		edge->pad_case = HEF__EDGE__PAD_PAD_INDEX;
		edge->pad_index = stream_pad(w->desc, stream);
	}
	return edge;
}
