// SPDX-License-Identifier: MIT
/*
 * Text to struct desc. The language is described in nets/README.md.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parse.h"

int parse_wrong(struct parser *p, const char *format, ...)
{
	struct failure what;
	va_list args;

	va_start(args, format);
	vsnprintf(what.text, sizeof(what.text), format, args);
	va_end(args);
	return hef_fail(p->failure, "%s:%d: %.300s", p->path, p->line, what.text);
}

/* ---- values ---- */

int parse_integer(struct parser *p, const char *text, int64_t min, int64_t max,
		  int64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoll(text, &end, 0);
	if (errno || end == text || *end)
		return parse_wrong(p, "'%s' is not a whole number", text);
	if (*value < min || *value > max)
		return parse_wrong(p, "%s is not between %lld and %lld", text, (long long)min,
			     (long long)max);
	return 0;
}

int parse_real(struct parser *p, const char *text, double *value)
{
	char *end;

	*value = strtod(text, &end);
	if (end == text || *end || !isfinite(*value))
		return parse_wrong(p, "'%s' is not a number", text);
	return 0;
}

int parse_tuple(struct parser *p, const char *text, char separator, size_t count,
		int64_t min, int64_t max, int64_t *values)
{
	char *copy = pool_format(&p->desc->pool, "%s", text);
	char *rest = copy;

	for (size_t i = 0; i < count; i++) {
		char *end = strchr(rest, separator);

		if (!end != (i + 1 == count))
			return parse_wrong(p, "'%s' is not %zu numbers with '%c' between them", text,
				     count, separator);
		if (end)
			*end = 0;
		if (parse_integer(p, rest, min, max, &values[i]))
			return -1;
		if (end)
			rest = end + 1;
	}
	return 0;
}

static int parse_pair(struct parser *p, const char *text, uint32_t *pair, int64_t max)
{
	int64_t values[2];

	if (parse_tuple(p, text, 'x', 2, 1, max, values))
		return -1;
	pair[0] = values[0];
	pair[1] = values[1];
	return 0;
}

static int parse_shape(struct parser *p, const char *text, struct desc_shape *shape)
{
	int64_t values[3];

	if (parse_tuple(p, text, 'x', 3, 1, 0xffff, values))
		return -1;
	*shape = (struct desc_shape){ values[0], values[1], values[2] };
	return 0;
}

int parse_doubles(struct parser *p, const char *text, struct desc_doubles *list)
{
	char *copy = pool_format(&p->desc->pool, "%s", text);
	char *state;

	for (char *part = strtok_r(copy, ",", &state); part; part = strtok_r(NULL, ",", &state)) {
		list->values = pool_grow(&p->desc->pool, list->values, list->count,
					 sizeof(*list->values));
		if (parse_real(p, part, &list->values[list->count++]))
			return -1;
	}
	return list->count ? 0 : parse_wrong(p, "an empty list");
}

/* ---- key=value ---- */

static int key_type(struct parser *p, const char *value)
{
	if (!strcmp(value, "u8"))
		p->options.type = NN_TYPE_U8;
	else if (!strcmp(value, "u16"))
		p->options.type = NN_TYPE_U16;
	else
		return parse_wrong(p, "type '%s' is neither u8 nor u16", value);
	return 0;
}

/* HEF format codes, hef.md 8.3 */
static const struct {
	const char *name;
	uint8_t code;
} orders[] = {
	{ "nhwc", 0 }, { "nhcw", 1 }, { "nc", 2 }, { "fcr", 3 }, { "nhw", 5 }, { "nms", NN_ORDER_NMS },
	{ "f8cr", 7 },
};

static int key_order(struct parser *p, const char *value)
{
	for (size_t i = 0; i < ARRAY_SIZE(orders); i++)
		if (!strcmp(orders[i].name, value)) {
			p->options.order = orders[i].code;
			p->options.has_order = true;
			return 0;
		}
	return parse_wrong(p, "order '%s' is none of nhwc, nhcw, nc, fcr, nhw, nms, f8cr", value);
}

static int key_zp(struct parser *p, const char *value)
{
	return parse_integer(p, value, -65536, 65535, &p->options.zp);	/* nn_format.h */
}

static int key_stream(struct parser *p, const char *value)
{
	return parse_integer(p, value, 0, NN_MAX_STREAMS - 1, &p->options.stream);
}

static int key_scale(struct parser *p, const char *value)
{
	return parse_real(p, value, &p->options.scale);
}

static int key_scales(struct parser *p, const char *value)
{
	return parse_doubles(p, value, &p->options.scales);
}

static int key_zps(struct parser *p, const char *value)
{
	return parse_doubles(p, value, &p->options.zps);
}

static int key_padded(struct parser *p, const char *value)
{
	return parse_shape(p, value, &p->options.padded);
}

static int key_name(struct parser *p, const char *value)
{
	p->options.name = pool_format(&p->desc->pool, "%s", value);
	return 0;
}

static int key_features(struct parser *p, const char *value)
{
	int64_t number;

	if (parse_integer(p, value, 1, 0xffff, &number))
		return -1;
	p->options.features = number;
	return 0;
}

static int key_kernel(struct parser *p, const char *value)
{
	return parse_pair(p, value, p->options.kernel, 255);
}

static int key_stride(struct parser *p, const char *value)
{
	return parse_pair(p, value, p->options.stride, 255);
}

static int key_pad(struct parser *p, const char *value)
{
	int64_t pads[4];

	if (!strchr(value, ',')) {
		if (parse_integer(p, value, 0, 255, &pads[0]))
			return -1;
		pads[1] = pads[2] = pads[3] = pads[0];
	} else if (parse_tuple(p, value, ',', 4, 0, 255, pads)) {
		return -1;
	}
	for (size_t i = 0; i < 4; i++)
		p->options.pad[i] = pads[i];
	return 0;
}

static int key_clamp(struct parser *p, const char *value)
{
	p->options.has_clamp = true;
	return parse_tuple(p, value, ',', 2, 0, 0xffff, p->options.clamp);
}

static int key_core(struct parser *p, const char *value)
{
	return parse_pair(p, value, p->options.core, 0xffff);
}

static int key_fifo(struct parser *p, const char *value)
{
	int64_t number;

	if (parse_integer(p, value, 0, UINT32_MAX, &number))
		return -1;
	p->options.fifo = number;
	return 0;
}

static int key_number(struct parser *p, const char *value, int64_t min, int64_t max,
		      uint32_t *number)
{
	int64_t wide;

	if (parse_integer(p, value, min, max, &wide))
		return -1;
	*number = wide;
	return 0;
}

static int key_burst(struct parser *p, const char *value)
{
	return key_number(p, value, 1, NN_NMS_BURST_MAX, &p->options.burst);
}

static int key_rows(struct parser *p, const char *value)
{
	return key_number(p, value, 1, 0xffff, &p->options.rows);
}

static int key_max(struct parser *p, const char *value)
{
	return key_number(p, value, 1, 0xfffe, &p->options.max);
}

static int key_chunks(struct parser *p, const char *value)
{
	return key_number(p, value, 1, 255, &p->options.chunks);
}

static int key_score(struct parser *p, const char *value)
{
	return key_number(p, value, 0, 0xffff, &p->options.score);
}

static int key_iou(struct parser *p, const char *value)
{
	return key_number(p, value, 0, 256, &p->options.iou);
}

static int key_mux(struct parser *p, const char *value)
{
	p->options.mux = pool_format(&p->desc->pool, "%s", value);
	return 0;
}

static int key_planes(struct parser *p, const char *value)
{
	p->options.planes = pool_format(&p->desc->pool, "%s", value);
	return 0;
}

static int key_relu(struct parser *p, const char *value)
{
	if (*value)
		return parse_wrong(p, "relu takes no value");
	p->options.relu = true;
	return 0;
}

enum {
	FOR_STREAM	= 1,
	FOR_INPUT	= 2,
	FOR_LAYER	= 4,		/* that computes values, not MAX_POOL */
	FOR_WINDOW	= 8,
	FOR_FEATURES	= 16,
	FOR_OUTPUT	= 32,
	FOR_DDR		= 64,
	FOR_NMS		= 128,
};

static const struct key {
	const char *name;
	unsigned int statements;
	int (*parse)(struct parser *p, const char *value);
} keys[] = {
	{ "type",	FOR_INPUT | FOR_LAYER,	key_type },
	{ "zp",		FOR_INPUT | FOR_LAYER,	key_zp },
	{ "order",	FOR_STREAM,		key_order },
	{ "padded",	FOR_STREAM,		key_padded },
	{ "stream",	FOR_STREAM,		key_stream },
	{ "scale",	FOR_STREAM,		key_scale },
	{ "scales",	FOR_STREAM,		key_scales },
	{ "zps",	FOR_STREAM,		key_zps },
	{ "core",	FOR_STREAM,		key_core },
	{ "fifo",	FOR_STREAM,		key_fifo },
	{ "name",	FOR_OUTPUT,		key_name },
	{ "mux",	FOR_OUTPUT,		key_mux },
	{ "burst",	FOR_OUTPUT,		key_burst },
	{ "planes",	FOR_INPUT,		key_planes },
	{ "rows",	FOR_DDR,		key_rows },
	{ "max",	FOR_NMS,		key_max },
	{ "score",	FOR_NMS,		key_score },
	{ "iou",	FOR_NMS,		key_iou },
	{ "chunks",	FOR_NMS,		key_chunks },
	{ "features",	FOR_FEATURES,		key_features },
	{ "kernel",	FOR_WINDOW,		key_kernel },
	{ "stride",	FOR_WINDOW,		key_stride },
	{ "pad",	FOR_WINDOW,		key_pad },
	{ "clamp",	FOR_LAYER,		key_clamp },
	{ "relu",	FOR_LAYER,		key_relu },
};

static int parse_option(struct parser *p, char *word, unsigned int statement, const char *what)
{
	char *value = strchr(word, '=');

	if (value)
		*value++ = 0;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (!strcmp(keys[i].name, word) && keys[i].statements & statement) {
			if (!value && keys[i].parse != key_relu)
				return parse_wrong(p, "%s wants a value: %s=...", word, word);
			return keys[i].parse(p, value ? value : "");
		}
	return parse_wrong(p, "%s does not know '%s'", what, word);
}

/* `words` of a statement, of which the first `positional` are no options */
static int parse_options(struct parser *p, char **words, size_t positional,
			 unsigned int statement)
{
	const char *what = words[0];

	p->options = (struct options){
		.type = NN_TYPE_U8,
		.stream = -1,
		.scale = 1,
		.chunks = 1,
		.iou = 256,
		.kernel = { 1, 1 },
		.stride = { 1, 1 },
		.fifo = 65536,		/* in every real file, hef.md 8.2 */
	};
	for (words += positional; *words; words++)
		if (parse_option(p, *words, statement, what))
			return -1;
	return 0;
}

/* ---- tensors ---- */

static int find_tensor(struct parser *p, const char *name, uint16_t *index)
{
	for (size_t i = 0; i < p->context->tensor_count; i++)
		if (!strcmp(p->context->tensors[i].name, name)) {
			*index = i;
			return 0;
		}
	return parse_wrong(p, "there is no tensor '%s' above this line", name);
}

static int add_tensor(struct parser *p, const char *name, struct desc_shape shape,
		      uint8_t type, int64_t zero_point, uint16_t *index)
{
	struct desc_tensor tensor = {
		.name = pool_format(&p->desc->pool, "%s", name),
		.shape = shape,
		.type = type,
		.zero_point = zero_point,
	};

	if (strchr(name, '=') || strchr(name, '/'))
		return parse_wrong(p, "'%s' is no name for a tensor", name);
	for (size_t i = 0; i < p->context->tensor_count; i++)
		if (!strcmp(p->context->tensors[i].name, name))
			return parse_wrong(p, "there is a tensor '%s' already", name);
	if (p->context->tensor_count == NN_MAX_TENSORS)
		return parse_wrong(p, "more than %d tensors", NN_MAX_TENSORS);
	*index = desc_add_tensor(p->desc, p->context, &tensor);
	return 0;
}

/* ---- statements ---- */

/* How compilers pad: flat and feature-fastest outputs to 8 features. */
static struct desc_shape usual_padding(struct desc_shape shape, uint8_t order, bool is_output)
{
	bool pads = order == 7 || order == 2 || (order == 3 && is_output);

	if (pads)
		shape.features = round_up(shape.features, 8);
	return shape;
}

/* Width padded until a frame between contexts is a whole number of words */
static struct desc_shape whole_words(const struct desc_tensor *tensor)
{
	struct desc_shape shape = tensor->shape;

	while (shape.width * shape.features * tensor->type % 8)
		shape.width++;
	return shape;
}

static int check_padding(struct parser *p, struct desc_shape shape, struct desc_shape padded,
			 uint8_t order)
{
	if (padded.height < shape.height || padded.width < shape.width ||
	    padded.features < shape.features)
		return parse_wrong(p, "padded %ux%ux%u is smaller than %ux%ux%u", padded.height,
			     padded.width, padded.features, shape.height, shape.width,
			     shape.features);
	if (order == 2 && (padded.height != 1 || padded.width != 1))
		return parse_wrong(p, "order nc is for 1x1xF only");
	if (order == 5 && shape.features != 1)
		return parse_wrong(p, "order nhw is for one feature only");
	if (order == 7 && padded.features % 8)
		return parse_wrong(p, "order f8cr wants padded features in multiples of 8");
	return 0;
}

static int check_scales(struct parser *p, uint32_t features)
{
	size_t scales = p->options.scales.count, zps = p->options.zps.count;

	if ((scales && scales != features) || (zps && zps != features))
		return parse_wrong(p, "%u features, but %zu scales and %zu zps", features, scales, zps);
	return 0;
}

static bool is_nms(const struct parser *p, uint16_t tensor)
{
	for (size_t i = 0; i < p->context->layer_count; i++)
		if (p->context->layers[i].out == tensor)
			return p->context->layers[i].op == NN_OP_NMS;
	return false;
}

/* Without burst=, the chip sends one item at a time. */
static int add_nms_stream(struct parser *p, struct desc_stream *stream)
{
	if (stream->scales.count || stream->zero_points.count || stream->mux ||
	    p->options.padded.height)
		return parse_wrong(p, "the output of an nms layer takes no scales, zps, mux or padded");
	stream->order = NN_ORDER_NMS;
	stream->padded = p->context->tensors[stream->tensor].shape;
	if (stream->burst)
		desc_require(p->desc, 19);	/* NMS_OUTPUT_BURST, hef.md 4 */
	desc_add_stream(p->desc, p->context, stream);
	return 0;
}

static int add_stream(struct parser *p, const char *name, uint16_t tensor, bool is_output)
{
	const struct desc_tensor *t = &p->context->tensors[tensor];
	struct options *o = &p->options;
	struct desc_stream stream = {
		.name = pool_format(&p->desc->pool, "%s", name),
		.is_output = is_output,
		.tensor = tensor,
		.order = o->order,
		.padded = o->padded,
		.sys_index = o->stream,
		.scale = o->scale,
		.scales = o->scales,
		.zero_points = o->zps,
		.core_bytes = o->core[0],
		.core_buffers = o->core[1],
		.fifo_size = o->fifo,
		.network = p->network,
		.mux = o->mux,
		.planes = o->planes,
		.burst = o->burst,
	};

	if (p->context->stream_count == NN_MAX_STREAMS)
		return parse_wrong(p, "more than %d streams", NN_MAX_STREAMS);
	if (is_nms(p, tensor))
		return add_nms_stream(p, &stream);
	if (stream.order == NN_ORDER_NMS || stream.burst)
		return parse_wrong(p, "order nms and burst= are for the output of an nms layer");
	if (!o->has_order && is_output)
		stream.order = t->shape.height * t->shape.width == 1 ? 2 : 3;
	if (!stream.padded.height)
		stream.padded = usual_padding(t->shape, stream.order, is_output);
	if (check_padding(p, t->shape, stream.padded, stream.order) ||
	    check_scales(p, t->shape.features))
		return -1;
	desc_add_stream(p->desc, p->context, &stream);
	return 0;
}

static int do_input(struct parser *p, char **words, size_t count)
{
	struct desc_shape shape;
	uint16_t tensor;

	if (count < 3)
		return parse_wrong(p, "wanted: input NAME HxWxF [key=value]...");
	if (parse_shape(p, words[2], &shape) ||
	    parse_options(p, words, 3, FOR_INPUT | FOR_STREAM) ||
	    add_tensor(p, words[1], shape, p->options.type, p->options.zp, &tensor))
		return -1;
	return add_stream(p, words[1], tensor, false);
}

static int do_output(struct parser *p, char **words, size_t count)
{
	uint16_t tensor;

	if (count < 2)
		return parse_wrong(p, "wanted: output TENSOR [key=value]...");
	if (find_tensor(p, words[1], &tensor) ||
	    parse_options(p, words, 2, FOR_STREAM | FOR_OUTPUT))
		return -1;
	return add_stream(p, p->options.name ? p->options.name : words[1], tensor, true);
}

/* ---- contexts and what passes between them ---- */

static int do_context(struct parser *p, char **words, size_t count)
{
	(void)words;
	if (count != 1)
		return parse_wrong(p, "context takes nothing");
	if (!p->context->stream_count)
		return parse_wrong(p, "a context without streams above this line");
	desc_add_context(p->desc);
	p->context = &p->desc->contexts[p->desc->context_count - 1];
	desc_require(p->desc, 4);	/* MULTI_CONTEXT */
	return 0;
}

/* The latest earlier context that has the tensor computed, not read */
static int find_writer(struct parser *p, const char *name, size_t *context, uint16_t *tensor)
{
	size_t own = p->context - p->desc->contexts;

	while (own--) {
		const struct desc_context *c = &p->desc->contexts[own];

		for (size_t i = 0; i < c->layer_count; i++)
			if (!strcmp(c->layers[i].name, name) &&
			    c->layers[i].op != NN_OP_NMS && c->layers[i].network == p->network) {
				*context = own;
				*tensor = c->layers[i].out;
				return 0;
			}
	}
	return parse_wrong(p, "no layer of an earlier context is called '%s'", name);
}

/* One stream out serves all that read it, if they take it as it is. */
static struct desc_stream *find_between(struct desc_context *context,
					const struct desc_stream *wanted)
{
	for (size_t i = 0; i < context->stream_count; i++) {
		struct desc_stream *s = &context->streams[i];

		if (s->kind == DESC_BETWEEN && s->is_output && s->tensor == wanted->tensor &&
		    s->order == wanted->order &&
		    !memcmp(&s->padded, &wanted->padded, sizeof(s->padded)))
			return s;
	}
	return NULL;
}

static int add_between(struct parser *p, size_t writer, uint16_t from, uint16_t to,
		       const char *name)
{
	struct desc_context *source = &p->desc->contexts[writer];
	size_t reader = p->context - p->desc->contexts;
	struct desc_stream stream;
	struct desc_stream *out;

	if (add_stream(p, name, to, false))
		return -1;
	stream = p->context->streams[p->context->stream_count - 1];
	stream.tensor = from;
	out = find_between(source, &stream);
	if (!out) {
		if (source->stream_count == NN_MAX_STREAMS)
			return parse_wrong(p, "more than %d streams in context %zu",
					   NN_MAX_STREAMS, writer);
		stream.name = pool_format(&p->desc->pool, "%s_to_%zu", name, reader);
		stream.kind = DESC_BETWEEN;
		stream.is_output = true;
		stream.sys_index = -1;
		stream.peer_context = reader;
		stream.peer = p->context->stream_count - 1;
		desc_add_stream(p->desc, source, &stream);
		out = &source->streams[source->stream_count - 1];
	}
	p->context->streams[p->context->stream_count - 1].kind = DESC_BETWEEN;
	p->context->streams[p->context->stream_count - 1].peer_context = writer;
	p->context->streams[p->context->stream_count - 1].peer = out - source->streams;
	return 0;
}

static int do_read(struct parser *p, char **words, size_t count)
{
	const struct desc_tensor *from;
	uint16_t source = 0, tensor;
	size_t writer = 0;

	if (count < 2)
		return parse_wrong(p, "wanted: read TENSOR [key=value]...");
	if (find_writer(p, words[1], &writer, &source) ||
	    parse_options(p, words, 2, FOR_STREAM))
		return -1;
	if (!p->options.has_order)
		p->options.order = 1;	/* NHCW, as between contexts of real files */
	from = &p->desc->contexts[writer].tensors[source];
	if (add_tensor(p, words[1], from->shape, from->type, from->zero_point, &tensor))
		return -1;
	if (!p->options.padded.height)
		p->options.padded = whole_words(from);
	return add_between(p, writer, source, tensor, words[1]);
}

static size_t ddr_stream(struct parser *p, uint16_t tensor, const char *name, bool is_output)
{
	const struct desc_tensor *t = &p->context->tensors[tensor];
	struct desc_stream stream = {
		.name = pool_format(&p->desc->pool, "%s_ddr_%s", name, is_output ? "out" : "in"),
		.is_output = is_output,
		.kind = DESC_DDR,
		.network = p->network,
		.tensor = tensor,
		.order = 1,
		.padded = t->shape,
		.sys_index = -1,
		.scale = 1,
		.core_bytes = round_up(t->shape.width * t->shape.features * t->type, NN_DDR_ROW),
		.core_buffers = t->shape.height,
		.fifo_size = 65536,
		.buffered_rows = p->options.rows ? p->options.rows : t->shape.height,
		.peer_context = p->context - p->desc->contexts,
	};

	return desc_add_stream(p->desc, p->context, &stream);
}

static int add_ddr(struct parser *p, struct desc_layer *layer)
{
	struct desc_stream *streams;

	if (p->context->stream_count + 2 > NN_MAX_STREAMS)
		return parse_wrong(p, "more than %d streams", NN_MAX_STREAMS);
	layer->ddr_out = ddr_stream(p, layer->in0, layer->name, true);
	layer->ddr_in = ddr_stream(p, layer->out, layer->name, false);
	streams = p->context->streams;
	if (streams[layer->ddr_out].core_bytes > 0xffff)
		return parse_wrong(p, "a row of %u bytes is too long for DDR",
				   streams[layer->ddr_out].core_bytes);
	streams[layer->ddr_out].peer = layer->ddr_in;
	streams[layer->ddr_in].peer = layer->ddr_out;
	desc_require(p->desc, 2);	/* DDR */
	return 0;
}

static int do_subnet(struct parser *p, char **words, size_t count)
{
	size_t i;

	if (count != 2 || strchr(words[1], '/'))
		return parse_wrong(p, "wanted: subnet NAME");
	for (i = 0; i < p->desc->network_count; i++)
		if (!strcmp(p->desc->networks[i], words[1]))
			break;
	p->network = i;
	if (i < p->desc->network_count)
		return 0;
	if (i == NN_MAX_NETWORKS)
		return parse_wrong(p, "more than %d networks in one group", NN_MAX_NETWORKS);
	if (!i && p->context->stream_count)
		return parse_wrong(p, "streams above the first subnet belong to none");
	p->desc->networks = pool_grow(&p->desc->pool, p->desc->networks, i,
				      sizeof(*p->desc->networks));
	p->desc->networks[p->desc->network_count++] = pool_format(&p->desc->pool, "%s",
								  words[1]);
	return 0;
}

static int do_network(struct parser *p, char **words, size_t count)
{
	if (count != 2 || strchr(words[1], '/'))
		return parse_wrong(p, "wanted: network NAME");
	if (p->desc->name)
		return parse_wrong(p, "a second network");
	p->desc->name = pool_format(&p->desc->pool, "%s", words[1]);
	return 0;
}

static int do_chip(struct parser *p, char **words, size_t count)
{
	if (count == 2 && !strcmp(words[1], "hailo8l"))
		p->desc->chip = DESC_HAILO8L;
	else if (count == 2 && !strcmp(words[1], "hailo8"))
		p->desc->chip = DESC_HAILO8;
	else
		return parse_wrong(p, "wanted: chip hailo8l, or chip hailo8");
	return 0;
}

static int do_container(struct parser *p, char **words, size_t count)
{
	int64_t number;

	if (count != 2)
		return parse_wrong(p, "wanted: container 0, 1, 2 or 3");
	if (parse_integer(p, words[1], 0, 3, &number))
		return -1;
	p->desc->container = number;
	return 0;
}

static int do_config_channels(struct parser *p, char **words, size_t count)
{
	int64_t number;

	if (count != 2)
		return parse_wrong(p, "wanted: config_channels N");
	if (parse_integer(p, words[1], 1, 4, &number))
		return -1;
	p->desc->config_channels = number;
	return 0;
}

static int parse_extensions(struct parser *p, char **words, size_t count, uint32_t *ids,
			    size_t *id_count)
{
	int64_t number;

	if (count - 1 > DESC_EXTENSIONS_MAX)
		return parse_wrong(p, "more than %d extensions", DESC_EXTENSIONS_MAX);
	for (size_t i = 1; i < count; i++) {
		if (parse_integer(p, words[i], 0, 0xffff, &number))
			return -1;
		ids[i - 1] = number;
	}
	*id_count = count - 1;
	return 0;
}

static int do_required(struct parser *p, char **words, size_t count)
{
	return parse_extensions(p, words, count, p->desc->required, &p->desc->required_count);
}

static int do_optional(struct parser *p, char **words, size_t count)
{
	return parse_extensions(p, words, count, p->desc->optional, &p->desc->optional_count);
}

/* ---- layers ---- */

static const struct op {
	const char *name;
	uint8_t code;
	uint8_t inputs;
	unsigned int options;
} ops[] = {
	{ "conv",	NN_OP_CONV2D,		1, FOR_LAYER | FOR_WINDOW | FOR_FEATURES },
	{ "depthwise",	NN_OP_DEPTHWISE,	1, FOR_LAYER | FOR_WINDOW },
	{ "max_pool",	NN_OP_MAX_POOL,		1, FOR_WINDOW },
	{ "avg_pool",	NN_OP_AVG_POOL,		1, FOR_LAYER | FOR_WINDOW },
	{ "add",	NN_OP_ADD,		2, FOR_LAYER },
	{ "fc",		NN_OP_FULLY_CONNECTED,	1, FOR_LAYER | FOR_FEATURES },
	{ "ddr",	NN_OP_DDR,		1, FOR_DDR },
	{ "nms",	NN_OP_NMS,		2, FOR_NMS },
};

static const struct op *find_op(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++)
		if (!strcmp(ops[i].name, name))
			return &ops[i];
	return NULL;
}

static int window_size(struct parser *p, uint32_t in, uint32_t pads, uint32_t kernel,
		       uint32_t stride, uint32_t *out)
{
	if (in + pads < kernel)
		return parse_wrong(p, "the kernel, %u, is larger than what it slides over, %u",
			     kernel, in + pads);
	*out = (in + pads - kernel) / stride + 1;
	return 0;
}

/* A row of items for each class of each chunk: boxes and a delimiter */
static int nms_shape(struct parser *p, const struct desc_shape *in, struct desc_shape *out)
{
	const struct options *o = &p->options;

	if (!o->max)
		return parse_wrong(p, "max=N, the boxes of a class, is missing");
	if (in[0].features != 4 || in[0].height != in[1].height || in[0].width != in[1].width)
		return parse_wrong(p, "nms wants boxes HxWx4 and scores HxWxCLASSES");
	if (in[0].height % o->chunks)
		return parse_wrong(p, "%u rows cannot be cut into %u chunks", in[0].height,
				   o->chunks);
	if (in[1].features * o->chunks > 0xffff)
		return parse_wrong(p, "%u classes in %u chunks are too many", in[1].features,
				   o->chunks);
	*out = (struct desc_shape){ in[1].features * o->chunks, o->max + 1, 4 };
	return 0;
}

/* `inputs`: two shapes, the second one for operations that have two inputs */
static int out_shape(struct parser *p, const struct op *op, const struct desc_shape *inputs,
		     struct desc_shape *out)
{
	const struct options *o = &p->options;
	struct desc_shape in = inputs[0];

	*out = in;
	if (op->options & FOR_FEATURES) {
		if (!o->features)
			return parse_wrong(p, "features=N is missing");
		out->features = o->features;
	}
	if (op->code == NN_OP_FULLY_CONNECTED)
		out->height = out->width = 1;
	if (op->code == NN_OP_NMS)
		return nms_shape(p, inputs, out);
	if (!(op->options & FOR_WINDOW))
		return 0;
	if (window_size(p, in.height, o->pad[0] + o->pad[2], o->kernel[0], o->stride[0],
			&out->height))
		return -1;
	return window_size(p, in.width, o->pad[1] + o->pad[3], o->kernel[1], o->stride[1],
			   &out->width);
}

static void set_window(struct desc_layer *layer, const struct options *o)
{
	layer->kernel_h = o->kernel[0];
	layer->kernel_w = o->kernel[1];
	layer->stride_h = o->stride[0];
	layer->stride_w = o->stride[1];
	for (size_t i = 0; i < 4; i++)
		layer->pad[i] = o->pad[i];
}

static int set_clamp(struct parser *p, struct desc_layer *layer)
{
	const struct options *o = &p->options;
	int64_t max = desc_type_max(o->type);

	if (layer->op == NN_OP_NMS) {
		layer->clamp_min = o->score;
		layer->clamp_max = o->iou;
		return 0;
	}
	layer->clamp_min = o->has_clamp ? o->clamp[0] : 0;
	layer->clamp_max = o->has_clamp ? o->clamp[1] : max;
	if (o->relu && o->zp > layer->clamp_min)
		layer->clamp_min = o->zp;
	if (layer->clamp_min > layer->clamp_max || layer->clamp_max > max)
		return parse_wrong(p, "clamp %lld,%lld is not within 0,%lld",
			     (long long)layer->clamp_min, (long long)layer->clamp_max,
			     (long long)max);
	return 0;
}

static int layer_inputs(struct parser *p, const struct op *op, char **words, size_t count,
			struct desc_layer *layer)
{
	if (count < 2u + op->inputs)
		return parse_wrong(p, "wanted: %s NAME %s [key=value]...", op->name,
			     op->inputs == 2 ? "A B" : "TENSOR");
	if (find_tensor(p, words[2], &layer->in0))
		return -1;
	layer->in1 = NN_NO_TENSOR;
	return op->inputs == 2 ? find_tensor(p, words[3], &layer->in1) : 0;
}

/* A maximum stays what it was. */
static void keep_quantisation(struct parser *p, const struct desc_tensor *in)
{
	p->options.type = in->type;
	p->options.zp = in->zero_point;
}

static int do_layer(struct parser *p, const struct op *op, char **words, size_t count)
{
	struct desc_layer layer = { .line = p->line, .op = op->code, .network = p->network };
	const struct desc_tensor *in;
	struct desc_shape shape, inputs[2] = { 0 };

	if (layer_inputs(p, op, words, count, &layer) ||
	    parse_options(p, words, 2 + op->inputs, op->options))
		return -1;
	in = &p->context->tensors[layer.in0];
	inputs[0] = in->shape;
	if (op->inputs == 2)
		inputs[1] = p->context->tensors[layer.in1].shape;
	if (op->code == NN_OP_MAX_POOL || op->code == NN_OP_DDR)
		keep_quantisation(p, in);
	if (op->code == NN_OP_NMS) {
		p->options.type = NN_TYPE_U16;
		layer.kernel_h = p->options.chunks;
	}
	if (op->options & FOR_WINDOW)
		set_window(&layer, &p->options);
	if (p->context->layer_count == NN_MAX_LAYERS)
		return parse_wrong(p, "more than %d layers", NN_MAX_LAYERS);
	if (out_shape(p, op, inputs, &shape) || set_clamp(p, &layer) ||
	    add_tensor(p, words[1], shape, p->options.type, p->options.zp, &layer.out))
		return -1;
	layer.name = p->context->tensors[layer.out].name;
	if (op->code == NN_OP_DDR && add_ddr(p, &layer))
		return -1;
	desc_add_layer(p->desc, p->context, &layer);
	p->layer = &p->context->layers[p->context->layer_count - 1];
	return 0;
}

/* ---- parameters of a layer ---- */

static void add_number(struct parser *p, struct desc_numbers *list, int64_t number)
{
	list->values = pool_grow(&p->desc->pool, list->values, list->count,
				 sizeof(*list->values));
	list->values[list->count++] = number;
}

static int add_numbers(struct parser *p, char **words)
{
	int64_t number;

	for (; *words; words++) {
		if (parse_integer(p, *words, INT32_MIN, INT32_MAX, &number))
			return -1;
		add_number(p, p->list, number);
	}
	return 0;
}

/* xorshift32; good enough to make every weight matter */
static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static size_t weight_count(const struct parser *p)
{
	const struct desc_layer *l = p->layer;
	const struct desc_shape *in = &p->context->tensors[l->in0].shape;
	const struct desc_shape *out = &p->context->tensors[l->out].shape;
	size_t window = (size_t)l->kernel_h * l->kernel_w;

	switch (l->op) {
	case NN_OP_CONV2D:
		return out->features * window * in->features;
	case NN_OP_DEPTHWISE:
		return out->features * window;
	case NN_OP_FULLY_CONNECTED:
		return (size_t)out->features * in->height * in->width * in->features;
	}
	return 0;
}

/* NAME random SEED LOW HIGH */
static int random_numbers(struct parser *p, char **words, size_t count, size_t wanted)
{
	int64_t seed, low, high;
	uint32_t state;

	if (count != 5)
		return parse_wrong(p, "wanted: %s random SEED LOW HIGH", words[0]);
	if (parse_integer(p, words[2], 1, UINT32_MAX, &seed) ||
	    parse_integer(p, words[3], INT32_MIN, INT32_MAX, &low) ||
	    parse_integer(p, words[4], low, INT32_MAX, &high))
		return -1;
	state = seed;
	while (wanted--)
		add_number(p, p->list, low + next_random(&state) % (uint64_t)(high - low + 1));
	return 0;
}

/* How many numbers of this kind the layer has */
static size_t wanted_count(const struct parser *p, const struct desc_numbers *list)
{
	if (list == &p->layer->weights)
		return weight_count(p);
	if (list == &p->layer->mult)
		return desc_factor_count(p->context, p->layer);
	if (list == &p->layer->shift)
		return desc_shift_count(p->context, p->layer);
	return p->context->tensors[p->layer->out].shape.features;
}

static int do_parameter(struct parser *p, struct desc_numbers *list, char **words, size_t count)
{
	if (list->count)
		return parse_wrong(p, "%s a second time", words[0]);
	p->list = list;
	if (count > 1 && !strcmp(words[1], "random"))
		return random_numbers(p, words, count, wanted_count(p, list));
	return add_numbers(p, words + 1);
}

static struct desc_numbers *find_parameter(struct parser *p, const char *name)
{
	if (!p->layer)
		return NULL;
	if (!strcmp(name, "weights"))
		return &p->layer->weights;
	if (!strcmp(name, "bias"))
		return &p->layer->bias;
	if (!strcmp(name, "mult"))
		return &p->layer->mult;
	if (!strcmp(name, "shift"))
		return &p->layer->shift;
	return NULL;
}

/* ---- lines ---- */

static const struct statement {
	const char *name;
	int (*parse)(struct parser *p, char **words, size_t count);
} statements[] = {
	{ "network",		do_network },
	{ "chip",		do_chip },
	{ "container",		do_container },
	{ "config_channels",	do_config_channels },
	{ "required",		do_required },
	{ "optional",		do_optional },
	{ "input",		do_input },
	{ "output",		do_output },
	{ "context",		do_context },
	{ "read",		do_read },
	{ "subnet",		do_subnet },
};

static int parse_statement(struct parser *p, char **words, size_t count)
{
	const struct op *op = find_op(words[0]);

	int result;

	p->layer = NULL;
	p->list = NULL;
	if (op)
		return do_layer(p, op, words, count);
	result = parse_op(p, words, count);
	if (result <= 0)
		return result;
	for (size_t i = 0; i < ARRAY_SIZE(statements); i++)
		if (!strcmp(statements[i].name, words[0]))
			return statements[i].parse(p, words, count);
	return parse_wrong(p, "'%s' is no statement", words[0]);
}

static int parse_words(struct parser *p, char **words, size_t count)
{
	struct desc_numbers *parameter = find_parameter(p, words[0]);

	if (parameter)
		return do_parameter(p, parameter, words, count);
	if (p->list && strspn(words[0], "-+0123456789"))
		return add_numbers(p, words);
	return parse_statement(p, words, count);
}

static int parse_line(struct parser *p, char *line)
{
	char **words = NULL;
	size_t count = 0;
	char *state;

	line[strcspn(line, "#")] = 0;
	for (char *word = strtok_r(line, " \t\r", &state); word;
	     word = strtok_r(NULL, " \t\r", &state)) {
		words = pool_grow(&p->desc->pool, words, count, sizeof(*words));
		words[count++] = word;
	}
	if (!count)
		return 0;
	words = pool_grow(&p->desc->pool, words, count, sizeof(*words));
	words[count] = NULL;
	return parse_words(p, words, count);
}

/* Each begins with something to read and leaves something behind. */
static int check_contexts(struct parser *p)
{
	for (size_t c = 0; c < p->desc->context_count; c++) {
		bool in = false, out = false;

		for (size_t i = 0; i < p->desc->contexts[c].stream_count; i++) {
			const struct desc_stream *s = &p->desc->contexts[c].streams[i];

			in |= !s->is_output && s->kind != DESC_DDR;
			out |= s->is_output && s->kind != DESC_DDR;
		}
		if (!in || !out)
			return parse_wrong(p, "context %zu reads nothing, or leaves nothing", c);
	}
	return 0;
}

static int check_whole(struct parser *p)
{
	bool in = false, out = false;

	for (size_t c = 0; c < p->desc->context_count; c++)
		for (size_t i = 0; i < p->desc->contexts[c].stream_count; i++) {
			const struct desc_stream *s = &p->desc->contexts[c].streams[i];

			in |= !s->is_output && s->kind == DESC_BOUNDARY;
			out |= s->is_output && s->kind == DESC_BOUNDARY;
		}
	if (!p->desc->name)
		return parse_wrong(p, "no 'network NAME' in the whole file");
	if (!in || !out)
		return parse_wrong(p, "a network needs an input and an output");
	return check_contexts(p);
}

int desc_parse(struct desc *desc, const char *path, const char *text, size_t size,
	       struct failure *failure)
{
	char *copy = pool_alloc(&desc->pool, size + 1);
	struct parser parser = {
		.desc = desc,
		.context = &desc->contexts[0],
		.path = path,
		.failure = failure,
	};
	char *next = copy;

	memcpy(copy, text, size);
	if (strlen(copy) != size)
		return hef_fail(failure, "%s: not a text file", path);
	while (next) {
		char *line = strsep(&next, "\n");

		parser.line++;
		if (parse_line(&parser, line))
			return -1;
	}
	return check_whole(&parser);
}
