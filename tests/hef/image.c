// SPDX-License-Identifier: MIT

#include <endian.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "image.h"

struct image {
	const struct desc *desc;
	const struct desc_context *context;
	struct blob *blob;
	size_t base;			/* of the image in the blob */
	struct failure *failure;
};

static const char *op_name(uint8_t op)
{
	static const char *const names[] = {
		[NN_OP_CONV2D] = "conv", [NN_OP_DEPTHWISE] = "depthwise",
		[NN_OP_MAX_POOL] = "max_pool", [NN_OP_AVG_POOL] = "avg_pool",
		[NN_OP_ADD] = "add", [NN_OP_FULLY_CONNECTED] = "fc",
		[NN_OP_DDR] = "ddr", [NN_OP_NMS] = "nms",
	};

	return op < ARRAY_SIZE(names) && names[op] ? names[op] : "layer";
}

static int __attribute__((format(printf, 3, 4)))
bad_layer(struct image *image, const struct desc_layer *layer, const char *format, ...)
{
	struct failure what;
	va_list args;

	va_start(args, format);
	vsnprintf(what.text, sizeof(what.text), format, args);
	va_end(args);
	return hef_fail(image->failure, "%s '%s' (line %d): %.300s", op_name(layer->op),
			layer->name ? layer->name : "?", layer->line, what.text);
}

static const struct desc_tensor *tensor_of(struct image *image, uint16_t index)
{
	return &image->context->tensors[index];
}

static bool has_weights(const struct desc_layer *layer)
{
	return layer->op == NN_OP_CONV2D || layer->op == NN_OP_DEPTHWISE ||
	       layer->op == NN_OP_FULLY_CONNECTED;
}

/* ---- numbers of a layer, checked and with the usual values filled in ---- */

/* Weights that go into one output feature */
static size_t fan_in(struct image *image, const struct desc_layer *layer)
{
	const struct desc_shape *in = &tensor_of(image, layer->in0)->shape;
	size_t window = (size_t)layer->kernel_h * layer->kernel_w;

	switch (layer->op) {
	case NN_OP_CONV2D:
		return window * in->features;
	case NN_OP_FULLY_CONNECTED:
		return (size_t)in->height * in->width * in->features;
	default:
		return window;
	}
}

/* None given: `usual` for each. One given: it for each. */
static int fill(struct image *image, const struct desc_layer *layer, const char *what,
		const struct desc_numbers *given, size_t count, int64_t usual, int64_t min,
		int64_t max, int64_t *values)
{
	if (given->count != count && given->count > (count ? 1 : 0))
		return bad_layer(image, layer, "%zu numbers of %s given, %zu wanted", given->count,
				 what, count);
	for (size_t i = 0; i < count; i++) {
		values[i] = given->count ? given->values[given->count > 1 ? i : 0] : usual;
		if (values[i] < min || values[i] > max)
			return bad_layer(image, layer, "%s %lld is not within %lld..%lld", what,
					 (long long)values[i], (long long)min, (long long)max);
	}
	return 0;
}

static int check_weights(struct image *image, const struct desc_layer *layer, size_t count)
{
	if (layer->weights.count != count)
		return bad_layer(image, layer, "%zu weights given, %zu wanted",
				 layer->weights.count, count);
	for (size_t i = 0; i < count; i++)
		if (layer->weights.values[i] < -128 || layer->weights.values[i] > 127)
			return bad_layer(image, layer, "weight %lld is not within -128..127",
					 (long long)layer->weights.values[i]);
	return 0;
}

/* The largest |x - zero point| */
static uint64_t input_reach(const struct desc_tensor *tensor)
{
	int64_t zp = tensor->zero_point;
	int64_t up = desc_type_max(tensor->type) - zp;
	uint64_t below = zp < 0 ? -zp : zp, above = up < 0 ? -up : up;

	return below > above ? below : above;
}

/* See "decided without data" in nn_format.h */
static int check_sum(struct image *image, const struct desc_layer *layer, const int64_t *bias)
{
	uint64_t reach = input_reach(tensor_of(image, layer->in0));
	size_t features = tensor_of(image, layer->out)->shape.features;
	size_t per_feature = fan_in(image, layer);

	for (size_t f = 0; f < features; f++) {
		uint64_t sum = 0;

		for (size_t i = 0; i < per_feature; i++) {
			int64_t w = layer->weights.values[f * per_feature + i];

			sum += w < 0 ? -w : w;
		}
		sum = sum * reach + (bias[f] < 0 ? -bias[f] : bias[f]);
		if (sum > INT32_MAX)
			return bad_layer(image, layer,
					 "the sum for feature %zu may reach %llu, more than 32 bits",
					 f, (unsigned long long)sum);
	}
	return 0;
}

static uint32_t place(struct image *image)
{
	blob_align(image->blob, 4);
	return image->blob->size - image->base;
}

static __le32 add_words(struct image *image, const int64_t *values, size_t count)
{
	uint32_t offset = place(image);

	for (size_t i = 0; i < count; i++) {
		uint32_t word = htole32((uint32_t)values[i]);

		blob_add(image->blob, &word, sizeof(word));
	}
	return htole32(offset);
}

static __le32 add_bytes(struct image *image, const int64_t *values, size_t count)
{
	uint32_t offset = place(image);

	for (size_t i = 0; i < count; i++) {
		uint8_t byte = values[i];

		blob_add(image->blob, &byte, 1);
	}
	return htole32(offset);
}

static int add_weights(struct image *image, const struct desc_layer *layer,
		       struct nn_layer *out)
{
	size_t features = tensor_of(image, layer->out)->shape.features;
	size_t count = features * fan_in(image, layer);
	struct pool pool = { 0 };
	int64_t *bias = pool_alloc(&pool, features * sizeof(*bias));
	int result = -1;

	if (!check_weights(image, layer, count) &&
	    !fill(image, layer, "bias", &layer->bias, features, 0, INT32_MIN, INT32_MAX, bias) &&
	    !check_sum(image, layer, bias)) {
		out->weights_offset = add_bytes(image, layer->weights.values, count);
		out->bias_offset = add_words(image, bias, features);
		result = 0;
	}
	pool_free(&pool);
	return result;
}

/* 1/n of a window to 24 bits, if the text did not say otherwise */
static void usual_factor(const struct desc_layer *layer, int64_t *mult, int64_t *shift)
{
	uint32_t n = layer->kernel_h * layer->kernel_w;

	*mult = 1;
	*shift = 0;
	if (layer->op == NN_OP_AVG_POOL) {
		*shift = 24;
		*mult = ((1 << *shift) + n / 2) / n;
	}
}

static int add_factors(struct image *image, const struct desc_layer *layer,
		       struct nn_layer *out)
{
	size_t count = desc_factor_count(image->context, layer);
	size_t shifts = desc_shift_count(image->context, layer);
	struct pool pool = { 0 };
	int64_t *mult = pool_alloc(&pool, count * sizeof(*mult));
	int64_t *shift = pool_alloc(&pool, count * sizeof(*shift));
	int64_t usual[2];
	int result = -1;

	usual_factor(layer, &usual[0], &usual[1]);
	if (!fill(image, layer, "mult", &layer->mult, count, usual[0], INT32_MIN, INT32_MAX,
		  mult) &&
	    !fill(image, layer, "shift", &layer->shift, shifts, usual[1], 0, NN_SHIFT_MAX,
		  shift)) {
		if (count)
			out->mult_offset = add_words(image, mult, count);
		if (shifts)
			out->shift_offset = add_bytes(image, shift, shifts);
		result = 0;
	}
	pool_free(&pool);
	return result;
}

/* ---- tables ---- */

static struct nn_tensor image_tensor(const struct desc_tensor *tensor)
{
	return (struct nn_tensor){
		.height = htole16(tensor->shape.height),
		.width = htole16(tensor->shape.width),
		.features = htole16(tensor->shape.features),
		.type = tensor->type,
		.zero_point = htole32(tensor->zero_point),
	};
}

struct desc_shape stream_wire_shape(const struct desc *desc, const struct desc_context *context,
				    const struct desc_stream *stream)
{
	const struct desc_tensor *tensor = &context->tensors[stream->tensor];
	uint32_t line = tensor->shape.width * tensor->shape.features;
	uint32_t max = stream->fifo_size && stream->fifo_size < 0x10000 ? stream->fifo_size :
			0x10000;
	uint32_t buffers = stream->core_buffers ? stream->core_buffers : stream->padded.height;

	if (!desc_has_optional(desc, 11) && stream->order == 1 &&
	    buffers == tensor->shape.height && line % 8 == 0 && line * tensor->type <= max - 1)
		return tensor->shape;
	return stream->padded;
}

static struct nn_stream image_stream(struct image *image, const struct desc_stream *stream)
{
	struct desc_shape shape = stream_wire_shape(image->desc, image->context, stream);

	if (stream->order == NN_ORDER_NMS)
		shape.features = stream->burst ? stream->burst : 1;
	return (struct nn_stream){
		.is_output = stream->is_output,
		.sys_index = stream->sys_index,
		.order = stream->order,
		.network = stream->network,
		.tensor = htole16(stream->tensor),
		.padded_height = htole16(shape.height),
		.padded_width = htole16(shape.width),
		.padded_features = htole16(shape.features),
	};
}

/* Padding beyond half the windows can leave one without an element. */
static int check_max_pool(struct image *image, const struct desc_layer *layer)
{
	const struct desc_shape *in = &tensor_of(image, layer->in0)->shape;
	const struct desc_shape *out = &tensor_of(image, layer->out)->shape;
	uint32_t last_row = (out->height - 1) * layer->stride_h;
	uint32_t last_column = (out->width - 1) * layer->stride_w;

	if (layer->pad[0] >= layer->kernel_h || layer->pad[1] >= layer->kernel_w ||
	    last_row >= in->height + layer->pad[0] || last_column >= in->width + layer->pad[1])
		return bad_layer(image, layer, "a window lies in the padding entirely");
	return 0;
}

static int check_layer(struct image *image, const struct desc_layer *layer)
{
	const struct desc_tensor *in = tensor_of(image, layer->in0);
	uint64_t window = (uint64_t)layer->kernel_h * layer->kernel_w;

	if (layer->op == NN_OP_ADD) {
		const struct desc_shape *a = &in->shape;
		const struct desc_shape *b = &tensor_of(image, layer->in1)->shape;

		if (memcmp(a, b, sizeof(*a)))
			return bad_layer(image, layer, "%ux%ux%u and %ux%ux%u cannot be added",
					 a->height, a->width, a->features, b->height, b->width,
					 b->features);
	}
	if (layer->op == NN_OP_MAX_POOL)
		return check_max_pool(image, layer);
	if (layer->op == NN_OP_AVG_POOL && window * input_reach(in) > INT32_MAX)
		return bad_layer(image, layer, "the sum may need more than 32 bits");
	return 0;
}

static int image_layer(struct image *image, const struct desc_layer *layer,
		       struct nn_layer *out)
{
	*out = (struct nn_layer){
		.op = layer->op,
		.network = layer->network,
		.in0 = htole16(layer->in0),
		.in1 = htole16(layer->in1),
		.out = htole16(layer->out),
		.kernel_h = layer->kernel_h,
		.kernel_w = layer->kernel_w,
		.stride_h = layer->stride_h,
		.stride_w = layer->stride_w,
		.pad_top = layer->pad[0],
		.pad_left = layer->pad[1],
		.pad_bottom = layer->pad[2],
		.pad_right = layer->pad[3],
		.clamp_min = htole32(layer->clamp_min),
		.clamp_max = htole32(layer->clamp_max),
	};
	if (layer->op == NN_OP_DDR) {
		out->kernel_h = image->context->streams[layer->ddr_out].sys_index;
		out->kernel_w = image->context->streams[layer->ddr_in].sys_index;
	}
	if (check_layer(image, layer))
		return -1;
	if (has_weights(layer) && add_weights(image, layer, out))
		return -1;
	return add_factors(image, layer, out);
}

static uint32_t add_tensors(struct image *image)
{
	uint32_t offset = place(image);

	for (size_t i = 0; i < image->context->tensor_count; i++) {
		struct nn_tensor tensor = image_tensor(&image->context->tensors[i]);

		blob_add(image->blob, &tensor, sizeof(tensor));
	}
	return offset;
}

static uint32_t add_streams(struct image *image)
{
	uint32_t offset = place(image);

	for (size_t i = 0; i < image->context->stream_count; i++) {
		struct nn_stream stream = image_stream(image, &image->context->streams[i]);

		if (image->context->streams[i].kind == DESC_DDR)
			continue;
		blob_add(image->blob, &stream, sizeof(stream));
	}
	return offset;
}

static int add_layers(struct image *image, uint32_t *offset)
{
	*offset = place(image);
	blob_zeros(image->blob, image->context->layer_count * sizeof(struct nn_layer));
	for (size_t i = 0; i < image->context->layer_count; i++) {
		struct nn_layer layer;
		size_t at = image->base + *offset + i * sizeof(layer);

		if (image_layer(image, &image->context->layers[i], &layer))
			return -1;
		memcpy(image->blob->data + at, &layer, sizeof(layer));
	}
	return 0;
}

static void finish_header(struct image *image, struct nn_header *header)
{
	uint8_t *start = image->blob->data + image->base;
	uint32_t size = image->blob->size - image->base;

	header->magic = htole32(NN_MAGIC);
	header->version = htole16(NN_VERSION);
	header->header_size = htole16(sizeof(*header));
	header->image_size = htole32(size);
	header->crc32 = htole32(crc32(0, start + sizeof(*header), size - sizeof(*header)));
	memcpy(start, header, sizeof(*header));
}

static uint64_t elements(const struct desc_context *context)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < context->tensor_count; i++) {
		const struct desc_shape *shape = &context->tensors[i].shape;

		sum += (uint64_t)shape->height * shape->width * shape->features;
	}
	return sum;
}

/* DDR rows are the business of their layers. */
static size_t table_streams(const struct desc_context *context)
{
	size_t count = 0;

	for (size_t i = 0; i < context->stream_count; i++)
		count += context->streams[i].kind != DESC_DDR;
	return count;
}

int image_build(const struct desc *desc, const struct desc_context *context,
		struct blob *blob, struct failure *failure)
{
	struct image image = {
		.desc = desc,
		.context = context,
		.blob = blob,
		.base = blob->size,
		.failure = failure,
	};
	struct nn_header header = {
		.tensor_count = htole16(context->tensor_count),
		.layer_count = htole16(context->layer_count),
		.stream_count = htole16(table_streams(context)),
	};
	uint32_t layers;

	blob_zeros(blob, sizeof(header));
	header.tensors_offset = htole32(add_tensors(&image));
	header.streams_offset = htole32(add_streams(&image));
	if (add_layers(&image, &layers))
		return -1;
	header.layers_offset = htole32(layers);
	blob_align(blob, 4);
	if (elements(context) > NN_MAX_ELEMENTS)
		return hef_fail(failure, "tensors of %llu elements, the chip takes %u",
				(unsigned long long)elements(context), NN_MAX_ELEMENTS);
	if (blob->size - image.base > NN_MEMORY_SIZE)
		return hef_fail(failure, "the network takes %zu bytes, the chip has %u",
				blob->size - image.base, NN_MEMORY_SIZE);
	finish_header(&image, &header);
	return 0;
}
