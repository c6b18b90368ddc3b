// SPDX-License-Identifier: MIT

#include <string.h>

#include "desc.h"

void desc_init(struct desc *desc)
{
	/* What compilers 3.27 to 3.29 write; hef.md section 4. */
	static const uint32_t required[] = { 0, 3, 26, 12 };
	static const uint32_t optional[] = { 8, 11 };

	*desc = (struct desc){
		.chip = DESC_HAILO8L,
		.container = 1,
		.config_channels = 2,
		.required_count = ARRAY_SIZE(required),
		.optional_count = ARRAY_SIZE(optional),
		.context_count = 1,
	};
	memcpy(desc->required, required, sizeof(required));
	memcpy(desc->optional, optional, sizeof(optional));
	desc->contexts = pool_alloc(&desc->pool, sizeof(*desc->contexts));
}

void desc_free(struct desc *desc)
{
	pool_free(&desc->pool);
}

static bool has(const uint32_t *ids, size_t count, uint32_t id)
{
	for (size_t i = 0; i < count; i++)
		if (ids[i] == id)
			return true;
	return false;
}

bool desc_has_required(const struct desc *desc, uint32_t id)
{
	return has(desc->required, desc->required_count, id);
}

bool desc_has_optional(const struct desc *desc, uint32_t id)
{
	return has(desc->optional, desc->optional_count, id);
}

void desc_require(struct desc *desc, uint32_t id)
{
	if (!desc_has_required(desc, id) && desc->required_count < DESC_EXTENSIONS_MAX)
		desc->required[desc->required_count++] = id;
}

size_t desc_add_context(struct desc *desc)
{
	desc->contexts = pool_grow(&desc->pool, desc->contexts, desc->context_count,
				   sizeof(*desc->contexts));
	desc->contexts[desc->context_count] = (struct desc_context){ 0 };
	return desc->context_count++;
}

size_t desc_add_tensor(struct desc *desc, struct desc_context *context,
		       const struct desc_tensor *tensor)
{
	context->tensors = pool_grow(&desc->pool, context->tensors, context->tensor_count,
				     sizeof(*tensor));
	context->tensors[context->tensor_count] = *tensor;
	return context->tensor_count++;
}

size_t desc_add_stream(struct desc *desc, struct desc_context *context,
		       const struct desc_stream *stream)
{
	context->streams = pool_grow(&desc->pool, context->streams, context->stream_count,
				     sizeof(*stream));
	context->streams[context->stream_count] = *stream;
	return context->stream_count++;
}

size_t desc_add_layer(struct desc *desc, struct desc_context *context,
		      const struct desc_layer *layer)
{
	context->layers = pool_grow(&desc->pool, context->layers, context->layer_count,
				    sizeof(*layer));
	context->layers[context->layer_count] = *layer;
	return context->layer_count++;
}

size_t desc_factor_count(const struct desc_context *context, const struct desc_layer *layer)
{
	switch (layer->op) {
	case NN_OP_MAX_POOL:
	case NN_OP_DDR:
		return 0;
	case NN_OP_AVG_POOL:
		return 1;
	case NN_OP_ADD:
	case NN_OP_NMS:
		return 2;
	default:
		return context->tensors[layer->out].shape.features;
	}
}

size_t desc_shift_count(const struct desc_context *context, const struct desc_layer *layer)
{
	return layer->op == NN_OP_ADD ? 1 : desc_factor_count(context, layer);
}
