// SPDX-License-Identifier: MIT

#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "refnet_priv.h"


static int64_t type_max(uint8_t type)
{
	return type == NN_TYPE_U16 ? 0xffff : 0xff;
}

static size_t elements(struct ref_shape shape)
{
	return (size_t)shape.height * shape.width * shape.features;
}

/* ---- reading the image ---- */

/* `count` things of `size` bytes at `offset`, or NULL if they are not there */
static const void *at(const struct ref_network *n, uint32_t offset, size_t count, size_t size)
{
	if (offset % 4 || offset < sizeof(struct nn_header) || offset > n->size)
		return NULL;
	if (count > (n->size - offset) / size)
		return NULL;
	return n->image + offset;
}

static int check_header(struct ref_network *n, size_t size, struct failure *failure)
{
	const struct nn_header *h = &n->header;

	if (size < sizeof(*h) || le32toh(h->magic) != NN_MAGIC)
		return hef_fail(failure, "the configuration words carry no network");
	if (le16toh(h->version) != NN_VERSION || le16toh(h->header_size) != sizeof(*h))
		return hef_fail(failure, "network format version %u is unknown",
				le16toh(h->version));
	n->size = le32toh(h->image_size);
	if (n->size < sizeof(*h) || n->size > size)
		return hef_fail(failure, "the network is cut");
	if (crc32(0, n->image + sizeof(*h), n->size - sizeof(*h)) != le32toh(h->crc32))
		return hef_fail(failure, "the network's checksum is wrong");
	if (h->reserved || h->reserved2)
		return hef_fail(failure, "reserved words of the network's header are not zero");
	if (le16toh(h->tensor_count) > NN_MAX_TENSORS || le16toh(h->layer_count) > NN_MAX_LAYERS ||
	    le16toh(h->stream_count) > NN_MAX_STREAMS)
		return hef_fail(failure, "the network has too many parts");
	return 0;
}

static int read_tensors(struct ref_network *n, struct failure *failure)
{
	const struct nn_tensor *raw = at(n, le32toh(n->header.tensors_offset),
					 le16toh(n->header.tensor_count), sizeof(*raw));

	uint64_t total = 0;

	n->tensor_count = le16toh(n->header.tensor_count);
	n->tensors = pool_alloc(&n->pool, (n->tensor_count + 1) * sizeof(*n->tensors));
	if (!raw)
		return hef_fail(failure, "the table of tensors lies outside");
	for (size_t i = 0; i < n->tensor_count; i++) {
		struct tensor *t = &n->tensors[i];

		t->shape = (struct ref_shape){ le16toh(raw[i].height), le16toh(raw[i].width),
					       le16toh(raw[i].features) };
		t->type = raw[i].type;
		t->zp = (int32_t)le32toh(raw[i].zero_point);
		total += elements(t->shape);
		if (!elements(t->shape) || total > NN_MAX_ELEMENTS ||
		    (t->type != NN_TYPE_U8 && t->type != NN_TYPE_U16) || raw[i].reserved ||
		    t->zp < -65536 || t->zp > 65535)
			return hef_fail(failure, "tensor %zu is not valid", i);
	}
	return 0;
}

static bool order_fits(const struct ref_stream *s)
{
	switch (s->order) {
	case 0: case 1: case 3:
		return true;
	case 2:
		return s->shape.height == 1 && s->shape.width == 1 && s->padded.height == 1 &&
		       s->padded.width == 1;
	case 5:
		return s->shape.features == 1;
	case NN_ORDER_NMS:
		return s->is_output && s->padded.height == s->shape.height &&
		       s->padded.width == s->shape.width && s->padded.features &&
		       s->padded.features <= NN_NMS_BURST_MAX;
	case 7:
		return s->padded.features % 8 == 0;
	}
	return false;
}

static size_t unaligned_size(const struct ref_stream *s)
{
	return elements(s->padded) * s->bytes;
}

/* `s`, the last one so far, shares its index with the one before it. */
static bool mux_valid(const struct refnet *net, const struct ref_stream *s)
{
	const struct ref_stream *before = s - 1;
	size_t total = 0;

	if (!net->stream_count || !s->is_output || !before->is_output ||
	    before->sys_index != s->sys_index || before->network != s->network ||
	    before->order == NN_ORDER_NMS || s->order == NN_ORDER_NMS ||
	    unaligned_size(before) % 8 || unaligned_size(s) % 8)
		return false;
	for (size_t i = 0; i <= net->stream_count; i++)
		if (net->streams[i].is_output && net->streams[i].sys_index == s->sys_index)
			total += unaligned_size(&net->streams[i]);
	return total <= 2 * (size_t)NN_MAX_ELEMENTS;
}

static bool stream_valid(const struct refnet *net, const struct ref_stream *s)
{
	if (!order_fits(s) || s->device_size > 2 * (size_t)NN_MAX_ELEMENTS)
		return false;
	if (s->order != NN_ORDER_NMS &&
	    (s->padded.height < s->shape.height || s->padded.width < s->shape.width ||
	     s->padded.features < s->shape.features))
		return false;
	for (size_t i = 0; i < net->stream_count; i++)
		if (net->streams[i].is_output == s->is_output &&
		    net->streams[i].sys_index == s->sys_index)
			return mux_valid(net, s);
	return true;
}

static void fill_stream(struct ref_stream *s, const struct nn_stream *raw,
			const struct tensor *tensor)
{
	*s = (struct ref_stream){
		.is_output = raw->is_output,
		.network = raw->network,
		.sys_index = raw->sys_index,
		.order = raw->order,
		.bytes = tensor->type,
		.tensor = le16toh(raw->tensor),
		.shape = tensor->shape,
		.padded = { le16toh(raw->padded_height), le16toh(raw->padded_width),
			    le16toh(raw->padded_features) },
	};
	s->user_size = elements(s->shape) * s->bytes;
	s->device_size = round_up(elements(s->padded) * s->bytes, 8);
	s->scale = 1;
	if (s->order == NN_ORDER_NMS)
		ref_nms_sizes(s);
}

static int read_streams(struct refnet *net, struct failure *failure)
{
	struct ref_network *n = net->network;
	size_t count = le16toh(n->header.stream_count);
	const struct nn_stream *raw = at(n, le32toh(n->header.streams_offset), count, sizeof(*raw));

	net->streams = pool_alloc(&n->pool, (count + 1) * sizeof(*net->streams));
	if (!raw)
		return hef_fail(failure, "the table of streams lies outside");
	for (size_t i = 0; i < count; i++) {
		struct ref_stream *s = &net->streams[i];
		struct tensor *tensor;

		if (raw[i].is_output > 1 || raw[i].network >= NN_MAX_NETWORKS ||
		    le16toh(raw[i].tensor) >= n->tensor_count)
			return hef_fail(failure, "stream entry %zu is not valid", i);
		tensor = &n->tensors[le16toh(raw[i].tensor)];
		fill_stream(s, &raw[i], tensor);
		if (!stream_valid(net, s) || (!s->is_output && tensor->written))
			return hef_fail(failure, "stream entry %zu is not valid", i);
		if (!s->is_output) {
			tensor->written = true;
			tensor->network = s->network;
		}
		net->stream_count++;
	}
	return 0;
}

static bool is_window(uint8_t op)
{
	return op == NN_OP_CONV2D || op == NN_OP_DEPTHWISE || op == NN_OP_MAX_POOL ||
	       op == NN_OP_AVG_POOL;
}

static bool has_weights(uint8_t op)
{
	return op == NN_OP_CONV2D || op == NN_OP_DEPTHWISE || op == NN_OP_FULLY_CONNECTED;
}

static uint32_t window_steps(uint32_t in, uint32_t pads, uint32_t kernel, uint32_t stride)
{
	return in + pads < kernel ? 0 : (in + pads - kernel) / stride + 1;
}

/* Out size, and that unused fields are zero */
static bool window_fits(const struct layer *l)
{
	const struct nn_layer *r = &l->raw;
	const struct ref_shape *in = &l->in0->shape, *out = &l->out->shape;

	if (!is_window(r->op))
		return !((r->op == NN_OP_DDR || r->op == NN_OP_NMS ? 0 : r->kernel_h) |
			 (r->op == NN_OP_DDR ? 0 : r->kernel_w) | r->stride_h | r->stride_w |
			 r->pad_top | r->pad_left | r->pad_bottom | r->pad_right);
	return r->kernel_h && r->kernel_w && r->stride_h && r->stride_w &&
	       out->height == window_steps(in->height, r->pad_top + r->pad_bottom, r->kernel_h,
					   r->stride_h) &&
	       out->width == window_steps(in->width, r->pad_left + r->pad_right, r->kernel_w,
					  r->stride_w);
}

static bool same_shape(const struct tensor *a, const struct tensor *b)
{
	return !memcmp(&a->shape, &b->shape, sizeof(a->shape));
}

/* No window of the pool may lie in the padding entirely. */
static bool windows_see(const struct layer *l)
{
	const struct nn_layer *r = &l->raw;
	const struct ref_shape *in = &l->in0->shape, *out = &l->out->shape;

	return r->pad_top < r->kernel_h && r->pad_left < r->kernel_w &&
	       (out->height - 1) * r->stride_h < in->height + r->pad_top &&
	       (out->width - 1) * r->stride_w < in->width + r->pad_left;
}

static bool shapes_fit(const struct layer *l)
{
	const struct ref_shape *in = &l->in0->shape, *out = &l->out->shape;

	if (!window_fits(l))
		return false;
	switch (l->raw.op) {
	case NN_OP_CONV2D:
		return true;
	case NN_OP_DEPTHWISE:
	case NN_OP_AVG_POOL:
		return in->features == out->features;
	case NN_OP_MAX_POOL:
		return in->features == out->features && l->in0->type == l->out->type &&
		       l->in0->zp == l->out->zp && windows_see(l);
	case NN_OP_ADD:
		return same_shape(l->in0, l->in1) && same_shape(l->in0, l->out);
	case NN_OP_FULLY_CONNECTED:
		return out->height == 1 && out->width == 1;
	case NN_OP_DDR:
		return same_shape(l->in0, l->out) && l->in0->type == l->out->type &&
		       l->in0->zp == l->out->zp;
	case NN_OP_NMS:
		return ref_nms_fits(l);
	}
	return false;
}

static size_t weights_per_feature(const struct layer *l)
{
	const struct ref_shape *in = &l->in0->shape;

	switch (l->raw.op) {
	case NN_OP_CONV2D:
		return (size_t)l->raw.kernel_h * l->raw.kernel_w * in->features;
	case NN_OP_FULLY_CONNECTED:
		return elements(*in);
	default:
		return (size_t)l->raw.kernel_h * l->raw.kernel_w;
	}
}

static size_t factors_wanted(const struct layer *l)
{
	switch (l->raw.op) {
	case NN_OP_MAX_POOL:
	case NN_OP_DDR:
		return 0;
	case NN_OP_AVG_POOL:
		return 1;
	case NN_OP_ADD:
	case NN_OP_NMS:
		return 2;
	default:
		return l->out->shape.features;
	}
}

static int32_t *words(struct ref_network *n, uint32_t offset, size_t count)
{
	const uint8_t *raw = at(n, offset, count, 4);
	int32_t *values = pool_alloc(&n->pool, count * sizeof(*values));

	if (!raw)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		uint32_t word;

		memcpy(&word, raw + 4 * i, 4);
		values[i] = le32toh(word);
	}
	return values;
}

static bool read_weights(struct ref_network *n, struct layer *l)
{
	size_t features = l->out->shape.features;

	if (!has_weights(l->raw.op))
		return !l->raw.weights_offset && !l->raw.bias_offset;
	l->weights = at(n, le32toh(l->raw.weights_offset), features * weights_per_feature(l), 1);
	l->bias = words(n, le32toh(l->raw.bias_offset), features);
	return l->weights && l->bias;
}

static bool read_factors(struct ref_network *n, struct layer *l)
{
	size_t count = factors_wanted(l);
	size_t shifts = l->raw.op == NN_OP_ADD ? 1 : count;

	l->factor_count = count;
	if (!count)
		return !l->raw.mult_offset && !l->raw.shift_offset;
	l->mult = words(n, le32toh(l->raw.mult_offset), count);
	l->shift = at(n, le32toh(l->raw.shift_offset), shifts, 1);
	if (!l->mult || !l->shift)
		return false;
	for (size_t i = 0; i < shifts; i++)
		if (l->shift[i] > NN_SHIFT_MAX)
			return false;
	return true;
}

static uint64_t magnitude(int64_t value)
{
	return value < 0 ? -(uint64_t)value : (uint64_t)value;
}

/* |bias| + reach * sum |weights| < 2^31 for each feature */
static bool sums_fit(const struct layer *l)
{
	uint64_t low = magnitude(l->in0->zp);
	uint64_t high = magnitude(type_max(l->in0->type) - l->in0->zp);
	uint64_t reach = low > high ? low : high;
	size_t per_feature = weights_per_feature(l);

	if (l->raw.op == NN_OP_AVG_POOL)
		return reach * per_feature <= INT32_MAX;
	if (!has_weights(l->raw.op))
		return true;
	for (size_t f = 0; f < l->out->shape.features; f++) {
		uint64_t sum = 0;

		for (size_t i = 0; i < per_feature; i++)
			sum += magnitude(l->weights[f * per_feature + i]);
		if (reach * sum + magnitude(l->bias[f]) > INT32_MAX)
			return false;
	}
	return true;
}

static bool readable(const struct layer *l, const struct tensor *t)
{
	return t->written && !t->nms && t->network == l->raw.network;
}

static bool clamp_fits(const struct layer *l)
{
	if (l->raw.op == NN_OP_NMS)
		return l->min >= 0 && l->min <= 0xffff && l->max >= 0 && l->max <= 256;
	return l->min >= 0 && l->min <= l->max && l->max <= type_max(l->out->type);
}

static bool link_layer(struct ref_network *n, struct layer *l)
{
	uint16_t in0 = le16toh(l->raw.in0), in1 = le16toh(l->raw.in1), out = le16toh(l->raw.out);

	bool two = l->raw.op == NN_OP_ADD || l->raw.op == NN_OP_NMS;

	if (in0 >= n->tensor_count || out >= n->tensor_count ||
	    l->raw.network >= NN_MAX_NETWORKS)
		return false;
	if (two ? in1 >= n->tensor_count : in1 != NN_NO_TENSOR)
		return false;
	l->in0 = &n->tensors[in0];
	l->in1 = two ? &n->tensors[in1] : NULL;
	l->out = &n->tensors[out];
	l->min = (int32_t)le32toh(l->raw.clamp_min);
	l->max = (int32_t)le32toh(l->raw.clamp_max);
	return readable(l, l->in0) && (!l->in1 || readable(l, l->in1)) && !l->out->written &&
	       clamp_fits(l);
}

/* Streams of DDR rows are named by no other layer, and not in the table. */
static bool ddr_alone(const struct refnet *net, const struct layer *l)
{
	const struct ref_network *n = net->network;

	for (const struct layer *other = n->layers; other < l; other++)
		if (other->raw.op == NN_OP_DDR && (other->raw.kernel_h == l->raw.kernel_h ||
						   other->raw.kernel_w == l->raw.kernel_w))
			return false;
	for (size_t i = 0; i < net->stream_count; i++)
		if (net->streams[i].sys_index ==
		    (net->streams[i].is_output ? l->raw.kernel_h : l->raw.kernel_w))
			return false;
	return true;
}

static int read_layers(struct refnet *net, struct failure *failure)
{
	struct ref_network *n = net->network;
	const struct nn_layer *raw;

	n->layer_count = le16toh(n->header.layer_count);
	n->layers = pool_alloc(&n->pool, (n->layer_count + 1) * sizeof(*n->layers));
	raw = at(n, le32toh(n->header.layers_offset), n->layer_count, sizeof(*raw));
	if (!raw)
		return hef_fail(failure, "the table of layers lies outside");
	for (size_t i = 0; i < n->layer_count; i++) {
		struct layer *l = &n->layers[i];

		l->raw = raw[i];
		if (!link_layer(n, l) || !shapes_fit(l) || !read_weights(n, l) ||
		    !read_factors(n, l) || !sums_fit(l) ||
		    (l->raw.op == NN_OP_DDR && !ddr_alone(net, l)))
			return hef_fail(failure, "layer %zu of the network is not valid", i);
		l->out->written = true;
		l->out->network = l->raw.network;
		l->out->nms = l->raw.op == NN_OP_NMS;
	}
	return 0;
}

/* ---- mux ---- */

static uint32_t divisor(uint32_t a, uint32_t b)
{
	while (b) {
		uint32_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* How many streams of the table from `first` on are one frame */
static size_t mux_parts(const struct refnet *net, size_t first)
{
	size_t count = 1;

	while (first + count < net->stream_count && net->streams[first].is_output &&
	       net->streams[first + count].is_output &&
	       net->streams[first + count].sys_index == net->streams[first].sys_index)
		count++;
	return count;
}

static void find_muxes(struct refnet *net)
{
	for (size_t i = 0; i < net->stream_count; i += mux_parts(net, i)) {
		size_t parts = mux_parts(net, i);
		uint32_t slices = 0;

		for (size_t k = 0; k < parts; k++)
			slices = divisor(net->streams[i + k].padded.height, slices);
		for (size_t k = 0; k < parts && parts > 1; k++)
			net->streams[i + k].mux_slices = slices;
	}
}

static const struct layer *writer_of(const struct ref_network *n, const struct tensor *tensor)
{
	for (size_t i = 0; i < n->layer_count; i++)
		if (n->layers[i].out == tensor)
			return &n->layers[i];
	return NULL;
}

static int check_outputs(struct refnet *net, struct failure *failure)
{
	for (size_t i = 0; i < net->stream_count; i++) {
		struct ref_stream *s = &net->streams[i];
		const struct tensor *tensor = &net->network->tensors[s->tensor];

		if (!tensor->written)
			return hef_fail(failure, "output stream %u is written by no layer",
					s->sys_index);
		if (s->is_output && (tensor->network != s->network ||
				     tensor->nms != (s->order == NN_ORDER_NMS)))
			return hef_fail(failure, "output stream %u has another's tensor",
					s->sys_index);
		if (tensor->nms) {
			s->nms_chunks = writer_of(net->network, tensor)->raw.kernel_h;
			ref_nms_sizes(s);
		}
	}
	find_muxes(net);
	return 0;
}

static void alloc_tensors(struct ref_network *n)
{
	for (size_t i = 0; i < n->tensor_count; i++) {
		struct tensor *t = &n->tensors[i];

		t->values = pool_alloc(&n->pool, elements(t->shape) * sizeof(*t->values));
	}
}

static int read_network(struct refnet *net, size_t size, struct failure *failure)
{
	struct ref_network *n = net->network;

	if (size >= sizeof(n->header))
		memcpy(&n->header, n->image, sizeof(n->header));
	if (check_header(n, size, failure) || read_tensors(n, failure) ||
	    read_streams(net, failure) || read_layers(net, failure))
		return -1;
	if (check_outputs(net, failure))
		return -1;
	alloc_tensors(n);
	return 0;
}

int refnet_open_image(struct refnet *net, const uint8_t *image, size_t size,
		      struct failure *failure)
{
	struct ref_network *n = calloc(1, sizeof(*n));

	if (!n)
		return hef_fail(failure, "out of memory");
	*net = (struct refnet){ .network = n };
	n->image = pool_alloc(&n->pool, size);
	if (size)
		memcpy(n->image, image, size);
	if (read_network(net, size, failure)) {
		refnet_free(net);
		return -1;
	}
	return 0;
}

static int open_one(struct refnet *net, const uint8_t *hef, size_t size,
		    const struct ref_place *place, struct failure *failure)
{
	struct blob image = { 0 };
	int result = refhef_image_at(hef, size, place, &image, failure);

	if (!result)
		result = refnet_open_image(net, image.data, image.size, failure);
	blob_free(&image);
	if (!result && refhef_names(hef, size, place, net, failure)) {
		refnet_free(net);
		result = -1;
	}
	return result;
}

int refnet_open_group(struct refnet *net, const uint8_t *hef, size_t size,
		      const struct ref_place *place, struct failure *failure)
{
	size_t contexts;

	if (refhef_context_count(hef, size, place, &contexts, failure))
		return -1;
	if (contexts == 1)
		return open_one(net, hef, size, place, failure);
	return refnet_open_parts(net, hef, size, place, contexts, failure);
}

int refnet_open(struct refnet *net, const uint8_t *hef, size_t size, uint32_t clusters,
		struct failure *failure)
{
	const struct ref_place place = { .clusters = clusters };

	return refnet_open_group(net, hef, size, &place, failure);
}

void refnet_free(struct refnet *net)
{
	for (size_t i = 0; i < net->stream_count; i++) {
		free(net->streams[i].name);
		free(net->streams[i].planes);
	}
	if (net->network)
		pool_free(&net->network->pool);
	free(net->network);
	refnet_free_parts(net);
	*net = (struct refnet){ 0 };
}

static bool name_matches(const char *full, const char *name)
{
	const char *last = full ? strrchr(full, '/') : NULL;

	return full && (!strcmp(full, name) || (last && !strcmp(last + 1, name)));
}

int refnet_find(const struct refnet *net, const char *name, bool is_output)
{
	int found = -1;

	for (size_t i = 0; i < net->stream_count; i++) {
		const struct ref_stream *s = &net->streams[i];

		if (s->is_output != is_output || (name && !name_matches(s->name, name)))
			continue;
		if (found >= 0)
			return -1;
		found = i;
	}
	return found;
}

/* ---- frames ---- */

static size_t device_index(const struct ref_stream *s, uint32_t r, uint32_t c, uint32_t f)
{
	size_t width = s->padded.width, features = s->padded.features;

	switch (s->order) {
	case 1:
		return (r * features + f) * width + c;
	case 7:
		return r * width * features + f / 8 * 8 * width + c * 8 + f % 8;
	default:
		return (r * width + c) * features + f;
	}
}

static uint32_t get_element(const uint8_t *frame, size_t index, uint8_t bytes)
{
	return bytes == 1 ? frame[index] : frame[2 * index] | frame[2 * index + 1] << 8;
}

static void put_element(uint8_t *frame, size_t index, uint8_t bytes, uint32_t value)
{
	frame[index * bytes] = value;
	if (bytes == 2)
		frame[2 * index + 1] = value >> 8;
}

size_t refnet_mux(const struct refnet *net, size_t first, uint8_t *const *frames, uint8_t *wire)
{
	uint32_t slices = net->streams[first].mux_slices;
	size_t parts = mux_parts(net, first), total = 0;

	for (uint32_t slice = 0; slice < slices; slice++)
		for (size_t i = first; i < first + parts; i++) {
			size_t bytes = net->streams[i].device_size / slices;

			if (wire)
				memcpy(wire + total, frames[i] + slice * bytes, bytes);
			total += bytes;
		}
	return total;
}

static void load_tensor(const struct ref_stream *s, const uint8_t *frame, int32_t *values)
{
	for (uint32_t r = 0; r < s->shape.height; r++)
		for (uint32_t c = 0; c < s->shape.width; c++)
			for (uint32_t f = 0; f < s->shape.features; f++)
				*values++ = get_element(frame, device_index(s, r, c, f), s->bytes);
}

static void store_tensor(const struct ref_stream *s, const int32_t *values, uint8_t *frame)
{
	if (s->order == NN_ORDER_NMS) {
		ref_nms_store(s, values, frame);
		return;
	}
	memset(frame, 0, s->device_size);
	for (uint32_t r = 0; r < s->shape.height; r++)
		for (uint32_t c = 0; c < s->shape.width; c++)
			for (uint32_t f = 0; f < s->shape.features; f++)
				put_element(frame, device_index(s, r, c, f), s->bytes, *values++);
}

void refnet_to_device(const struct ref_stream *s, const uint8_t *user, uint8_t *device)
{
	size_t i = 0;

	memset(device, 0, s->device_size);
	for (uint32_t r = 0; r < s->shape.height; r++)
		for (uint32_t c = 0; c < s->shape.width; c++)
			for (uint32_t f = 0; f < s->shape.features; f++)
				put_element(device, device_index(s, r, c, f), s->bytes,
					    get_element(user, i++, s->bytes));
}

void refnet_to_user(const struct ref_stream *s, const uint8_t *device, uint8_t *user)
{
	size_t i = 0;

	if (s->order == NN_ORDER_NMS) {
		ref_nms_to_user(s, device, user);
		return;
	}
	for (uint32_t r = 0; r < s->shape.height; r++)
		for (uint32_t c = 0; c < s->shape.width; c++)
			for (uint32_t f = 0; f < s->shape.features; f++)
				put_element(user, i++, s->bytes,
					    get_element(device, device_index(s, r, c, f),
							s->bytes));
}

/* ---- arithmetic ---- */

/* Rounded v / 2^s, halves up: floor((v + 2^(s-1)) / 2^s) */
int64_t ref_rshr(int64_t v, uint8_t s)
{
	int64_t divisor, quotient;

	if (!s)
		return v;
	divisor = (int64_t)1 << s;
	v += divisor / 2;
	quotient = v / divisor;
	return v % divisor < 0 ? quotient - 1 : quotient;
}

static int32_t clamp(const struct layer *l, int64_t value)
{
	return value < l->min ? l->min : value > l->max ? l->max : value;
}

static int32_t requantise(const struct layer *l, int64_t acc, size_t factor)
{
	return clamp(l, l->out->zp + ref_rshr(acc * l->mult[factor], l->shift[factor]));
}

static size_t tensor_index(const struct tensor *t, uint32_t r, uint32_t c, uint32_t f)
{
	return ((size_t)r * t->shape.width + c) * t->shape.features + f;
}

/* Element (row, column) of the window at (r, c) of the out tensor; false: padding */
static bool window_element(const struct layer *l, uint32_t r, uint32_t c, uint32_t row,
			   uint32_t column, uint32_t f, int64_t *value)
{
	int64_t y = (int64_t)r * l->raw.stride_h + row - l->raw.pad_top;
	int64_t x = (int64_t)c * l->raw.stride_w + column - l->raw.pad_left;

	if (y < 0 || x < 0 || y >= l->in0->shape.height || x >= l->in0->shape.width)
		return false;
	*value = l->in0->values[tensor_index(l->in0, y, x, f)];
	return true;
}

static int32_t conv_at(const struct layer *l, uint32_t r, uint32_t c, uint32_t out_f)
{
	const int8_t *w = l->weights + out_f * weights_per_feature(l);
	uint32_t features = l->in0->shape.features;
	int64_t acc = l->bias[out_f], x;

	for (uint32_t row = 0; row < l->raw.kernel_h; row++)
		for (uint32_t column = 0; column < l->raw.kernel_w; column++)
			for (uint32_t f = 0; f < features; f++, w++)
				if (window_element(l, r, c, row, column, f, &x))
					acc += (x - l->in0->zp) * *w;
	return requantise(l, acc, out_f);
}

static int32_t depthwise_at(const struct layer *l, uint32_t r, uint32_t c, uint32_t f)
{
	const int8_t *w = l->weights + f * weights_per_feature(l);
	int64_t acc = l->bias[f], x;

	for (uint32_t row = 0; row < l->raw.kernel_h; row++)
		for (uint32_t column = 0; column < l->raw.kernel_w; column++, w++)
			if (window_element(l, r, c, row, column, f, &x))
				acc += (x - l->in0->zp) * *w;
	return requantise(l, acc, f);
}

static int32_t max_at(const struct layer *l, uint32_t r, uint32_t c, uint32_t f)
{
	int64_t max = -1, x;

	for (uint32_t row = 0; row < l->raw.kernel_h; row++)
		for (uint32_t column = 0; column < l->raw.kernel_w; column++)
			if (window_element(l, r, c, row, column, f, &x) && x > max)
				max = x;
	return clamp(l, max);
}

static int32_t average_at(const struct layer *l, uint32_t r, uint32_t c, uint32_t f)
{
	int64_t acc = 0, x;

	for (uint32_t row = 0; row < l->raw.kernel_h; row++)
		for (uint32_t column = 0; column < l->raw.kernel_w; column++)
			if (window_element(l, r, c, row, column, f, &x))
				acc += x - l->in0->zp;
	return requantise(l, acc, 0);
}

static int32_t add_at(const struct layer *l, uint32_t r, uint32_t c, uint32_t f)
{
	size_t i = tensor_index(l->out, r, c, f);
	int64_t a = l->in0->values[i] - l->in0->zp;
	int64_t b = l->in1->values[i] - l->in1->zp;

	return clamp(l, l->out->zp + ref_rshr(a * l->mult[0] + b * l->mult[1], l->shift[0]));
}

static int32_t connected_at(const struct layer *l, uint32_t r, uint32_t c, uint32_t out_f)
{
	size_t count = elements(l->in0->shape);
	const int8_t *w = l->weights + out_f * count;
	int64_t acc = l->bias[out_f];

	(void)r;
	(void)c;
	for (size_t i = 0; i < count; i++)
		acc += (l->in0->values[i] - l->in0->zp) * w[i];
	return requantise(l, acc, out_f);
}

/* Host memory gives back what it got. */
static int32_t ddr_at(const struct layer *l, uint32_t r, uint32_t c, uint32_t f)
{
	return clamp(l, l->in0->values[tensor_index(l->in0, r, c, f)]);
}

static void run_layer(const struct layer *l)
{
	static int32_t (*const ops[])(const struct layer *, uint32_t, uint32_t, uint32_t) = {
		[NN_OP_CONV2D] = conv_at,
		[NN_OP_DEPTHWISE] = depthwise_at,
		[NN_OP_MAX_POOL] = max_at,
		[NN_OP_AVG_POOL] = average_at,
		[NN_OP_ADD] = add_at,
		[NN_OP_FULLY_CONNECTED] = connected_at,
		[NN_OP_DDR] = ddr_at,
	};
	const struct ref_shape *shape = &l->out->shape;
	int32_t *value = l->out->values;

	if (l->raw.op == NN_OP_NMS) {
		ref_nms_run(l);
		return;
	}
	for (uint32_t r = 0; r < shape->height; r++)
		for (uint32_t c = 0; c < shape->width; c++)
			for (uint32_t f = 0; f < shape->features; f++)
				*value++ = ops[l->raw.op](l, r, c, f);
}

void refnet_run(struct refnet *net, uint8_t *const *frames)
{
	struct ref_network *n = net->network;

	if (!n) {
		refnet_run_parts(net, frames);
		return;
	}
	for (size_t i = 0; i < net->stream_count; i++)
		if (!net->streams[i].is_output)
			load_tensor(&net->streams[i], frames[i],
				    n->tensors[net->streams[i].tensor].values);
	for (size_t i = 0; i < n->layer_count; i++)
		run_layer(&n->layers[i]);
	for (size_t i = 0; i < net->stream_count; i++)
		if (net->streams[i].is_output)
			store_tensor(&net->streams[i], n->tensors[net->streams[i].tensor].values,
				     frames[i]);
}
