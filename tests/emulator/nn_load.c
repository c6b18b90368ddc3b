// SPDX-License-Identifier: MIT
/*
 * Reads and validates the image of a synthetic network, completely: what passes
 * can be computed without a further check. Rules: tests/hef/nn_format.h.
 */
#include <endian.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/crc32.h"
#include "tests/emulator/nn_net.h"

struct image {
	struct net *net;
	const uint8_t *bytes;
	size_t size;
	bool written[NN_MAX_TENSORS];
};

__attribute__((format(printf, 2, 3)))
static int bad(struct net *net, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(net->error, sizeof(net->error), format, args);
	va_end(args);
	return -EINVAL;
}

/* An array of `count` elements at `offset`; NULL if it is not all in there. */
static const uint8_t *array_at(const struct image *image, uint32_t offset, uint64_t count,
			       size_t element)
{
	if (offset < sizeof(struct nn_header) || offset % 4 || offset > image->size ||
	    count * element > image->size - offset)
		return NULL;
	return image->bytes + offset;
}

/* ---- header ---- */

static int check_counts(struct net *net)
{
	if (!net->tensor_count || net->tensor_count > NN_MAX_TENSORS)
		return bad(net, "%u tensors", net->tensor_count);
	if (net->layer_count > NN_MAX_LAYERS)
		return bad(net, "%u layers", net->layer_count);
	if (!net->stream_count || net->stream_count > NN_MAX_STREAMS)
		return bad(net, "%u streams", net->stream_count);
	return 0;
}

static int check_header(struct image *image, const struct nn_header *h)
{
	struct net *net = image->net;
	size_t size = le32toh(h->image_size);
	uint32_t crc;

	if (le16toh(h->version) != NN_VERSION)
		return bad(net, "version %u, not %u", le16toh(h->version), NN_VERSION);
	if (le16toh(h->header_size) != sizeof(*h))
		return bad(net, "header of %u bytes", le16toh(h->header_size));
	if (size < sizeof(*h) || size > image->size)
		return bad(net, "image of %zu bytes", size);
	image->size = size;
	crc = crc32_digest(image->bytes + sizeof(*h), size - sizeof(*h));
	if (crc != le32toh(h->crc32))
		return bad(net, "checksum 0x%08x, not 0x%08x", crc, le32toh(h->crc32));
	if (h->reserved || h->reserved2)
		return bad(net, "a reserved field of the header is not zero");
	net->tensor_count = le16toh(h->tensor_count);
	net->layer_count = le16toh(h->layer_count);
	net->stream_count = le16toh(h->stream_count);
	return check_counts(net);
}

/* ---- tensors ---- */

static int load_tensor(struct net *net, uint32_t i, const struct nn_tensor *in, uint64_t *total)
{
	struct tensor *t = &net->tensors[i];
	uint64_t elements;

	t->height = le16toh(in->height);
	t->width = le16toh(in->width);
	t->features = le16toh(in->features);
	t->type = in->type;
	t->zero_point = (int32_t)le32toh(in->zero_point);
	elements = (uint64_t)t->height * t->width * t->features;
	if (!elements)
		return bad(net, "tensor %u is empty", i);
	if (t->type != NN_TYPE_U8 && t->type != NN_TYPE_U16)
		return bad(net, "tensor %u has type %u", i, t->type);
	if (t->zero_point < -0x10000 || t->zero_point > 0xffff)
		return bad(net, "tensor %u has zero point %d", i, t->zero_point);
	if (in->reserved)
		return bad(net, "a reserved field of tensor %u is not zero", i);
	*total += elements;
	if (*total > NN_MAX_ELEMENTS)
		return bad(net, "the tensors do not fit into the chip");
	t->data = calloc(elements, sizeof(*t->data));
	if (t->data)
		return 0;
	bad(net, "out of memory");
	return -ENOMEM;
}

static int load_tensors(struct image *image, uint32_t offset)
{
	const uint8_t *table = array_at(image, offset, image->net->tensor_count,
					sizeof(struct nn_tensor));
	struct nn_tensor in;
	uint64_t total = 0;
	uint32_t i;
	int err = 0;

	if (!table)
		return bad(image->net, "the tensor table is outside the image");
	for (i = 0; i < image->net->tensor_count && !err; i++) {
		memcpy(&in, table + i * sizeof(in), sizeof(in));
		err = load_tensor(image->net, i, &in, &total);
	}
	return err;
}

static struct tensor *tensor_at(struct net *net, uint32_t index)
{
	return index < net->tensor_count ? &net->tensors[index] : NULL;
}

/* ---- streams ---- */

static int check_order(struct net *net, uint32_t i, const struct stream *s)
{
	const struct tensor *t = s->tensor;

	switch (s->order) {
	case 0:				/* NHWC */
	case 1:				/* NHCW */
	case 3:				/* FCR */
		return 0;
	case 2:				/* NC */
		if (t->height == 1 && t->width == 1 && s->height == 1 && s->width == 1)
			return 0;
		break;
	case 5:				/* NHW */
		if (t->features == 1 && s->features == 1)
			return 0;
		break;
	case NN_ORDER_NMS:
		if (s->is_output && s->height == t->height && s->width == t->width &&
		    s->features && s->features <= NN_NMS_BURST_MAX)
			return 0;
		break;
	case 7:				/* F8CR */
		if (s->features % 8 == 0)
			return 0;
		break;
	default:
		return bad(net, "stream %u has order %u", i, s->order);
	}
	return bad(net, "stream %u has a shape that order %u cannot have", i, s->order);
}

/* Of a frame, without alignment */
static uint64_t frame_bytes(const struct stream *s)
{
	if (s->order != NN_ORDER_NMS)
		return (uint64_t)s->height * s->width * s->features * s->tensor->type;
	if (!s->features)
		return 0;
	return ((uint64_t)s->width + s->features - 1) / s->features * s->features *
	       NN_NMS_ITEM * s->height;
}

static bool can_share(const struct stream *a, const struct stream *b)
{
	return a->network == b->network && a->order != NN_ORDER_NMS &&
	       b->order != NN_ORDER_NMS && frame_bytes(a) % 8 == 0 && frame_bytes(b) % 8 == 0;
}

/* One index: parts of a mux, which must follow each other. The first one's
 * `bytes` are those of the whole frame.
 */
static int check_unique(struct net *net, uint32_t i, uint64_t bytes)
{
	struct stream *s = net->streams;
	uint32_t k;

	s[i].parts = 1;
	for (k = 0; k < i; k++)
		if (s[k].is_output == s[i].is_output && s[k].sys_index == s[i].sys_index)
			break;
	if (k == i)
		return 0;
	if (!s[i].is_output || k + s[k].parts != i || !can_share(&s[k], &s[i]))
		return bad(net, "streams %u and %u have one index", k, i);
	if (s[k].bytes + bytes > 2 * (uint64_t)NN_MAX_ELEMENTS)
		return bad(net, "the frames of stream %u are too large", i);
	s[k].parts++;
	s[k].bytes += bytes;
	s[i].parts = 0;
	return 0;
}

static int check_stream(struct image *image, uint32_t i, const struct nn_stream *in)
{
	struct net *net = image->net;
	struct stream *s = &net->streams[i];
	uint64_t bytes;

	if (in->is_output > 1 || in->network >= NN_MAX_NETWORKS)
		return bad(net, "stream %u is neither input nor output of a network", i);
	if (!s->tensor)
		return bad(net, "stream %u has no tensor", i);
	if (s->order != NN_ORDER_NMS &&
	    (s->height < s->tensor->height || s->width < s->tensor->width ||
	     s->features < s->tensor->features))
		return bad(net, "stream %u is smaller than its tensor", i);
	bytes = frame_bytes(s);
	if (bytes > 2 * (uint64_t)NN_MAX_ELEMENTS)
		return bad(net, "stream %u has frames of %llu bytes", i,
			   (unsigned long long)bytes);
	s->bytes = (bytes + 7) & ~7ull;
	if (check_order(net, i, s) || check_unique(net, i, bytes))
		return -EINVAL;
	if (s->is_output)
		return 0;
	s->tensor->network = s->network;
	if (image->written[s->tensor - net->tensors])
		return bad(net, "the tensor of stream %u is written twice", i);
	image->written[s->tensor - net->tensors] = true;
	return 0;
}

static int load_streams(struct image *image, uint32_t offset)
{
	struct net *net = image->net;
	const uint8_t *table = array_at(image, offset, net->stream_count,
					sizeof(struct nn_stream));
	struct nn_stream in;
	uint32_t i;
	int err = 0;

	if (!table)
		return bad(net, "the stream table is outside the image");
	for (i = 0; i < net->stream_count && !err; i++) {
		memcpy(&in, table + i * sizeof(in), sizeof(in));
		net->streams[i] = (struct stream){
			.is_output = in.is_output,
			.sys_index = in.sys_index,
			.order = in.order,
			.network = in.network,
			.height = le16toh(in.padded_height),
			.width = le16toh(in.padded_width),
			.features = le16toh(in.padded_features),
			.tensor = tensor_at(net, le16toh(in.tensor)),
		};
		err = check_stream(image, i, &in);
	}
	return err;
}

static int check_outputs(struct image *image)
{
	struct net *net = image->net;
	uint32_t i;

	for (i = 0; i < net->stream_count; i++) {
		const struct stream *s = &net->streams[i];

		if (!s->is_output)
			continue;
		if (!image->written[s->tensor - net->tensors])
			return bad(net, "nothing writes the tensor of stream %u", i);
		if (s->tensor->network != s->network)
			return bad(net, "stream %u belongs to another network", i);
		if (s->tensor->is_nms != (s->order == NN_ORDER_NMS))
			return bad(net, "stream %u: order NMS and an NMS layer belong together", i);
	}
	return 0;
}

/* ---- layers ---- */

static bool is_window_op(uint8_t op)
{
	return op >= NN_OP_CONV2D && op <= NN_OP_AVG_POOL;
}

static bool has_weights(uint8_t op)
{
	return op == NN_OP_CONV2D || op == NN_OP_DEPTHWISE || op == NN_OP_FULLY_CONNECTED;
}

static bool output_size_fits(uint32_t in, uint32_t pads, uint32_t kernel, uint32_t stride,
			     uint32_t out)
{
	return in + pads >= kernel && (in + pads - kernel) / stride + 1 == out;
}

/* Every window of a maximum needs an element. The first and last ones decide. */
static bool covers(uint32_t in, uint32_t pad, uint32_t kernel, uint32_t stride, uint32_t out)
{
	return pad < kernel && (int64_t)(out - 1) * stride - pad < in;
}

static int check_window(struct net *net, uint32_t i, const struct layer *l)
{
	const struct tensor *in = l->in0, *out = l->out;

	if (!l->kernel_h || !l->kernel_w || !l->stride_h || !l->stride_w)
		return bad(net, "layer %u has no window", i);
	if (!output_size_fits(in->height, l->pad_top + l->pad_bottom, l->kernel_h, l->stride_h,
			      out->height) ||
	    !output_size_fits(in->width, l->pad_left + l->pad_right, l->kernel_w, l->stride_w,
			      out->width))
		return bad(net, "layer %u: the output size does not follow from the input's", i);
	if (l->op != NN_OP_CONV2D && in->features != out->features)
		return bad(net, "layer %u changes the number of features", i);
	if (l->op != NN_OP_MAX_POOL)
		return 0;
	if (in->type != out->type || in->zero_point != out->zero_point)
		return bad(net, "layer %u: a maximum keeps type and zero point", i);
	if (!covers(in->height, l->pad_top, l->kernel_h, l->stride_h, out->height) ||
	    !covers(in->width, l->pad_left, l->kernel_w, l->stride_w, out->width))
		return bad(net, "layer %u: a window holds only padding", i);
	return 0;
}

static bool same_shape(const struct tensor *a, const struct tensor *b)
{
	return a->height == b->height && a->width == b->width && a->features == b->features;
}

/* Each stream of DDR rows belongs to one layer. */
static int check_ddr(struct net *net, uint32_t i, const struct layer *l)
{
	uint32_t k;

	if (!same_shape(l->in0, l->out) || l->in0->type != l->out->type ||
	    l->in0->zero_point != l->out->zero_point)
		return bad(net, "layer %u: what leaves through DDR comes back the same", i);
	if (l->stride_h | l->stride_w | l->pad_top | l->pad_left | l->pad_bottom | l->pad_right)
		return bad(net, "layer %u has a window and no use for it", i);
	for (k = 0; k < i; k++)
		if (net->layers[k].op == NN_OP_DDR && (net->layers[k].kernel_h == l->kernel_h ||
						       net->layers[k].kernel_w == l->kernel_w))
			return bad(net, "layers %u and %u use one DDR stream", k, i);
	for (k = 0; k < net->stream_count; k++)
		if (net->streams[k].sys_index ==
		    (net->streams[k].is_output ? l->kernel_h : l->kernel_w))
			return bad(net, "layer %u uses stream %u for DDR rows", i, k);
	return 0;
}

static int check_nms(struct net *net, uint32_t i, struct layer *l)
{
	const struct tensor *boxes = l->in0, *scores = l->in1, *out = l->out;

	if (l->kernel_w | l->stride_h | l->stride_w | l->pad_top | l->pad_left | l->pad_bottom |
	    l->pad_right)
		return bad(net, "layer %u has a window and no use for it", i);
	if (boxes->features != 4 || boxes->height != scores->height ||
	    boxes->width != scores->width)
		return bad(net, "layer %u: boxes and scores do not fit each other", i);
	if (!l->kernel_h || boxes->height % l->kernel_h)
		return bad(net, "layer %u cannot cut its boxes into %u chunks", i, l->kernel_h);
	if (out->height != l->kernel_h * scores->features || out->width < 2 ||
	    out->features != 4 || out->type != NN_TYPE_U16 || out->zero_point)
		return bad(net, "layer %u: no tensor for boxes", i);
	l->out->is_nms = true;
	return 0;
}

static int check_shapes(struct net *net, uint32_t i, struct layer *l)
{
	if (is_window_op(l->op))
		return check_window(net, i, l);
	if (l->op == NN_OP_DDR)
		return check_ddr(net, i, l);
	if (l->op == NN_OP_NMS)
		return check_nms(net, i, l);
	if (l->kernel_h | l->kernel_w | l->stride_h | l->stride_w | l->pad_top | l->pad_left |
	    l->pad_bottom | l->pad_right)
		return bad(net, "layer %u has a window and no use for it", i);
	if (l->op == NN_OP_ADD) {
		if (same_shape(l->in0, l->out) && same_shape(l->in1, l->out))
			return 0;
		return bad(net, "layer %u adds tensors of different shapes", i);
	}
	if (l->out->height != 1 || l->out->width != 1)
		return bad(net, "layer %u: a fully connected output is 1 x 1", i);
	return 0;
}

/* Weights per output feature. */
static uint64_t weights_per_feature(const struct layer *l)
{
	switch (l->op) {
	case NN_OP_CONV2D:
		return (uint64_t)l->kernel_h * l->kernel_w * l->in0->features;
	case NN_OP_FULLY_CONNECTED:
		return tensor_elements(l->in0);
	default:			/* DEPTHWISE; AVG_POOL's are all 1 */
		return (uint64_t)l->kernel_h * l->kernel_w;
	}
}

static uint32_t mult_count(const struct layer *l)
{
	switch (l->op) {
	case NN_OP_MAX_POOL:
	case NN_OP_DDR:
		return 0;
	case NN_OP_AVG_POOL:
		return 1;
	case NN_OP_ADD:
	case NN_OP_NMS:
		return 2;
	default:
		return l->out->features;
	}
}

static int take_array(const struct image *image, uint32_t i, const char *name, uint32_t offset,
		      uint64_t count, size_t element, const uint8_t **array)
{
	*array = NULL;
	if (!count && offset)
		return bad(image->net, "layer %u has %s and no use for them", i, name);
	if (!count)
		return 0;
	*array = array_at(image, offset, count, element);
	if (!*array)
		return bad(image->net, "layer %u: the %s are outside the image", i, name);
	return 0;
}

static int take_arrays(const struct image *image, uint32_t i, const struct nn_layer *in,
		       struct layer *l)
{
	uint32_t features = has_weights(l->op) ? l->out->features : 0;
	uint32_t mults = mult_count(l);
	uint32_t shifts = l->op == NN_OP_ADD ? 1 : mults, k;
	const uint8_t *weights;

	if (take_array(image, i, "weights", le32toh(in->weights_offset),
		       features * weights_per_feature(l), 1, &weights) ||
	    take_array(image, i, "biases", le32toh(in->bias_offset), features, 4, &l->bias) ||
	    take_array(image, i, "multipliers", le32toh(in->mult_offset), mults, 4, &l->mult) ||
	    take_array(image, i, "shifts", le32toh(in->shift_offset), shifts, 1, &l->shift))
		return -EINVAL;
	l->weights = (const int8_t *)weights;
	for (k = 0; k < shifts; k++)
		if (l->shift[k] > NN_SHIFT_MAX)
			return bad(image->net, "layer %u shifts by %u", i, l->shift[k]);
	return 0;
}

static uint64_t magnitude(int64_t v)
{
	return v < 0 ? -(uint64_t)v : (uint64_t)v;
}

static uint64_t largest_input(const struct tensor *t)
{
	uint64_t low = magnitude(t->zero_point);
	uint64_t high = magnitude((int64_t)tensor_max(t) - t->zero_point);

	return low > high ? low : high;
}

static uint64_t weight_sum(const struct layer *l, uint32_t feature)
{
	uint64_t n = weights_per_feature(l), sum = 0, k;

	if (!l->weights)
		return n;
	for (k = 0; k < n; k++)
		sum += magnitude(l->weights[feature * n + k]);
	return sum;
}

static uint64_t bias_magnitude(const struct layer *l, uint32_t feature)
{
	uint32_t v;

	if (!l->bias)
		return 0;
	memcpy(&v, l->bias + 4 * (size_t)feature, sizeof(v));
	return magnitude((int32_t)le32toh(v));
}

/* No sum may leave 32 bits, whatever the data. */
static int check_sums(struct net *net, uint32_t i, const struct layer *l)
{
	uint32_t features = l->op == NN_OP_AVG_POOL ? 1 : l->out->features, f;

	if (l->op != NN_OP_AVG_POOL && !has_weights(l->op))
		return 0;
	for (f = 0; f < features; f++)
		if (bias_magnitude(l, f) + largest_input(l->in0) * weight_sum(l, f) >= 1ull << 31)
			return bad(net, "layer %u: sum of feature %u may leave 32 bits", i, f);
	return 0;
}

static int check_clamp(struct net *net, uint32_t i, const struct layer *l)
{
	if (l->op == NN_OP_NMS && (l->clamp_min < 0 || l->clamp_min > 0xffff ||
				   l->clamp_max < 0 || l->clamp_max > 256))
		return bad(net, "layer %u: scores from %d, overlap to %d", i, l->clamp_min,
			   l->clamp_max);
	if (l->op == NN_OP_NMS)
		return 0;
	if (l->clamp_min < 0 || l->clamp_min > l->clamp_max || l->clamp_max > tensor_max(l->out))
		return bad(net, "layer %u clamps to %d..%d", i, l->clamp_min, l->clamp_max);
	return 0;
}

/* A tensor that a layer of this network may read */
static bool is_readable(const struct image *image, const struct layer *l, const struct tensor *t)
{
	return image->written[t - image->net->tensors] && t->network == l->network && !t->is_nms;
}

static int take_tensors(struct image *image, uint32_t i, const struct nn_layer *in,
			struct layer *l)
{
	struct net *net = image->net;
	bool two = l->op == NN_OP_ADD || l->op == NN_OP_NMS;

	if (l->op < NN_OP_CONV2D || l->op > NN_OP_NMS || l->network >= NN_MAX_NETWORKS)
		return bad(net, "layer %u has operation %u", i, l->op);
	l->in0 = tensor_at(net, le16toh(in->in0));
	l->out = tensor_at(net, le16toh(in->out));
	l->in1 = two ? tensor_at(net, le16toh(in->in1)) : NULL;
	if (!l->in0 || !l->out || (two && !l->in1))
		return bad(net, "layer %u has a tensor that does not exist", i);
	if (!two && le16toh(in->in1) != NN_NO_TENSOR)
		return bad(net, "layer %u has a second input and no use for it", i);
	if (!is_readable(image, l, l->in0) || (l->in1 && !is_readable(image, l, l->in1)))
		return bad(net, "layer %u reads a tensor that nothing has written", i);
	l->out->network = l->network;
	if (image->written[l->out - net->tensors])
		return bad(net, "the output of layer %u is written twice", i);
	image->written[l->out - net->tensors] = true;
	return 0;
}

static int load_layer(struct image *image, uint32_t i, const struct nn_layer *in)
{
	struct layer *l = &image->net->layers[i];

	*l = (struct layer){
		.op = in->op,
		.network = in->network,
		.kernel_h = in->kernel_h, .kernel_w = in->kernel_w,
		.stride_h = in->stride_h, .stride_w = in->stride_w,
		.pad_top = in->pad_top, .pad_left = in->pad_left,
		.pad_bottom = in->pad_bottom, .pad_right = in->pad_right,
		.clamp_min = (int32_t)le32toh(in->clamp_min),
		.clamp_max = (int32_t)le32toh(in->clamp_max),
	};
	if (take_tensors(image, i, in, l) || check_shapes(image->net, i, l) ||
	    check_clamp(image->net, i, l) || take_arrays(image, i, in, l))
		return -EINVAL;
	return check_sums(image->net, i, l);
}

static int load_layers(struct image *image, uint32_t offset)
{
	struct net *net = image->net;
	const uint8_t *table = array_at(image, offset, net->layer_count, sizeof(struct nn_layer));
	struct nn_layer in;
	uint32_t i;
	int err = 0;

	if (!table && net->layer_count)
		return bad(net, "the layer table is outside the image");
	for (i = 0; i < net->layer_count && !err; i++) {
		memcpy(&in, table + i * sizeof(in), sizeof(in));
		err = load_layer(image, i, &in);
	}
	return err;
}

int net_load(struct net *net, const uint8_t *bytes, size_t size)
{
	struct image image = { .net = net, .bytes = bytes, .size = size };
	struct nn_header h;
	int err;

	memset(net, 0, sizeof(*net));
	if (size < sizeof(h))
		return bad(net, "no room for a header");
	memcpy(&h, bytes, sizeof(h));
	err = check_header(&image, &h);
	if (!err)
		err = load_tensors(&image, le32toh(h.tensors_offset));
	if (!err)
		err = load_streams(&image, le32toh(h.streams_offset));
	if (!err)
		err = load_layers(&image, le32toh(h.layers_offset));
	return err ? err : check_outputs(&image);
}

void net_free(struct net *net)
{
	uint32_t i;

	for (i = 0; i < net->tensor_count && i < NN_MAX_TENSORS; i++)
		free(net->tensors[i].data);
	memset(net, 0, sizeof(*net));
}
