// SPDX-License-Identifier: MIT
/*
 * What the host does with the outputs, as a graph: the core is one operation,
 * each post-processing another. Numbers of pads as in real files: outputs of the
 * core, its inputs, then inputs and output of each other operation.
 */
#include <string.h>

#include "write_priv.h"

#define REGRESSION_LENGTH	16	/* yolov8, not read by anyone */

/* ---- pads of the core ---- */

static bool is_pad(const struct desc_context *context, size_t i, bool is_output)
{
	const struct desc_stream *s = &context->streams[i];

	return s->kind == DESC_BOUNDARY && s->is_output == is_output;
}

static uint32_t count_pads(const struct desc *desc, bool is_output,
			   const struct desc_stream *until)
{
	uint32_t count = 0;

	for (size_t c = 0; c < desc->context_count; c++)
		for (size_t i = 0; i < desc->contexts[c].stream_count; i++) {
			if (&desc->contexts[c].streams[i] == until)
				return count;
			count += is_pad(&desc->contexts[c], i, is_output);
		}
	return count;
}

uint32_t stream_pad(const struct desc *desc, const struct desc_stream *stream)
{
	uint32_t first = stream->is_output ? 1 : 1 + count_pads(desc, true, NULL);

	return first + count_pads(desc, stream->is_output, stream);
}

static Hef__Pad *core_pad(struct writer *w, const struct desc_context *context,
			  const struct desc_stream *stream)
{
	const struct desc_shape *shape = &context->tensors[stream->tensor].shape;
	Hef__Pad *pad = NEW(w, Hef__Pad, hef__pad__init);

	pad->index = stream_pad(w->desc, stream);
	pad->name = pool_format(&w->pool, "%s/%s", w->desc->name, stream->name);
	pad->shape_case = HEF__PAD__SHAPE_TENSOR;
	pad->tensor = NEW(w, Hef__PadShape, hef__pad_shape__init);
	pad->tensor->height = shape->height;
	pad->tensor->width = shape->width;
	pad->tensor->features = shape->features;
	pad->tensor->padded_height = stream->padded.height;
	pad->tensor->padded_width = stream->padded.width;
	pad->tensor->padded_features = stream->padded.features;
	pad->type = context->tensors[stream->tensor].type;
	return pad;
}

static Hef__Pad **core_pads(struct writer *w, bool is_output, size_t *count)
{
	Hef__Pad **pads = NULL;

	*count = 0;
	for (size_t c = 0; c < w->desc->context_count; c++) {
		const struct desc_context *context = &w->desc->contexts[c];

		for (size_t i = 0; i < context->stream_count; i++) {
			if (!is_pad(context, i, is_output))
				continue;
			pads = pool_grow(&w->pool, pads, *count, sizeof(*pads));
			pads[(*count)++] = core_pad(w, context, &context->streams[i]);
		}
	}
	return pads;
}

static Hef__Op *core_op(struct writer *w, Hef__NetworkGroup *group)
{
	Hef__Op *op = NEW(w, Hef__Op, hef__op__init);
	Hef__OpCore *core = NEW(w, Hef__OpCore, hef__op_core__init);

	core->info = group->info;
	core->preliminary = group->preliminary;
	core->contexts = group->contexts;
	core->n_contexts = group->n_contexts;
	core->output_order = group->output_order;
	core->n_output_order = group->n_output_order;
	core->fused = group->fused;
	core->networks = group->networks;
	core->n_networks = group->n_networks;
	core->partials = group->partials;
	core->n_partials = group->n_partials;
	op->body_case = HEF__OP__BODY_CORE;
	op->core = core;
	op->inputs = core_pads(w, false, &op->n_inputs);
	op->outputs = core_pads(w, true, &op->n_outputs);
	return op;
}

/* ---- decoders ---- */

struct op_writer {
	struct writer *w;
	const struct desc_op *source;
	Hef__NetworkGroup *group;
	Hef__Op *op;
	uint32_t *next_pad;
	bool failed;
};

static const struct desc_stream *find_stream(const struct desc *desc, const char *name,
					     const struct desc_context **owner)
{
	for (size_t c = 0; c < desc->context_count; c++)
		for (size_t i = 0; i < desc->contexts[c].stream_count; i++) {
			const struct desc_stream *s = &desc->contexts[c].streams[i];

			*owner = &desc->contexts[c];
			if (s->is_output && s->kind == DESC_BOUNDARY && !strcmp(s->name, name))
				return s;
		}
	return NULL;
}

/* Wires an output of the core to the operation; its pad there */
static uint32_t take_output(struct op_writer *o, const char *name)
{
	const struct desc_context *owner;
	const struct desc_stream *stream = find_stream(o->w->desc, name, &owner);
	Hef__Pad *pad = NEW(o->w, Hef__Pad, hef__pad__init);
	Hef__PadEdge *edge = NEW(o->w, Hef__PadEdge, hef__pad_edge__init);

	if (!stream) {
		o->failed = true;
		hef_fail(o->w->failure, "'%s' (line %d): there is no output '%s'",
			 o->source->name, o->source->line, name);
		return 0;
	}
	pad->index = (*o->next_pad)++;
	pad->name = pool_format(&o->w->pool, "%s_%u", o->op->name, pad->index);
	o->op->inputs = pool_grow(&o->w->pool, o->op->inputs, o->op->n_inputs,
				  sizeof(*o->op->inputs));
	o->op->inputs[o->op->n_inputs++] = pad;
	edge->source = stream_pad(o->w->desc, stream);
	edge->sink = pad->index;
	o->group->pad_edges = pool_grow(&o->w->pool, o->group->pad_edges,
					o->group->n_pad_edges, sizeof(*o->group->pad_edges));
	o->group->pad_edges[o->group->n_pad_edges++] = edge;
	return edge->source;
}

/* Numbers `which` (0 widths, 1 heights) of an anchor list */
static double anchor(const struct desc_decoder *decoder, size_t i, int which)
{
	return decoder->anchors.values[2 * i + which];
}

static uint32_t *whole_anchors(struct op_writer *o, const struct desc_decoder *decoder, int which)
{
	size_t count = decoder->anchors.count / 2;
	uint32_t *list = pool_alloc(&o->w->pool, count * sizeof(*list));

	for (size_t i = 0; i < count; i++)
		list[i] = anchor(decoder, i, which);
	return list;
}

static float *real_anchors(struct op_writer *o, const struct desc_decoder *decoder, int which)
{
	size_t count = decoder->anchors.count / 2;
	float *list = pool_alloc(&o->w->pool, count * sizeof(*list));

	for (size_t i = 0; i < count; i++)
		list[i] = anchor(decoder, i, which);
	return list;
}

static void *decoder_list(struct op_writer *o)
{
	return pool_alloc(&o->w->pool, o->source->decoder_count * sizeof(void *));
}

static void fill_yolov5(struct op_writer *o, Hef__OpNms *nms)
{
	Hef__Yolov5 *head = NEW(o->w, Hef__Yolov5, hef__yolov5__init);

	head->image_height = o->source->image[0];
	head->image_width = o->source->image[1];
	head->decoders = decoder_list(o);
	for (size_t i = 0; i < o->source->decoder_count; i++) {
		const struct desc_decoder *from = &o->source->decoders[i];
		Hef__AnchorDecoder *to = NEW(o->w, Hef__AnchorDecoder, hef__anchor_decoder__init);

		to->n_widths = to->n_heights = from->anchors.count / 2;
		to->widths = whole_anchors(o, from, 0);
		to->heights = whole_anchors(o, from, 1);
		to->pad = take_output(o, from->streams[0]);
		head->decoders[head->n_decoders++] = to;
	}
	nms->head_case = HEF__OP_NMS__HEAD_YOLOV5;
	nms->yolov5 = head;
}

static void fill_yolov8(struct op_writer *o, Hef__OpNms *nms)
{
	Hef__Yolov8 *head = NEW(o->w, Hef__Yolov8, hef__yolov8__init);

	head->image_height = o->source->image[0];
	head->image_width = o->source->image[1];
	head->regression_length = REGRESSION_LENGTH;
	head->decoders = decoder_list(o);
	for (size_t i = 0; i < o->source->decoder_count; i++) {
		const struct desc_decoder *from = &o->source->decoders[i];
		Hef__Yolov8Decoder *to = NEW(o->w, Hef__Yolov8Decoder, hef__yolov8_decoder__init);

		to->stride = from->stride;
		to->box_pad = take_output(o, from->streams[0]);
		to->class_pad = take_output(o, from->streams[1]);
		head->decoders[head->n_decoders++] = to;
	}
	nms->head_case = HEF__OP_NMS__HEAD_YOLOV8;
	nms->yolov8 = head;
}

static void fill_yolox(struct op_writer *o, Hef__OpNms *nms)
{
	Hef__Yolox *head = NEW(o->w, Hef__Yolox, hef__yolox__init);

	head->image_height = o->source->image[0];
	head->image_width = o->source->image[1];
	head->decoders = decoder_list(o);
	for (size_t i = 0; i < o->source->decoder_count; i++) {
		const struct desc_decoder *from = &o->source->decoders[i];
		Hef__YoloxDecoder *to = NEW(o->w, Hef__YoloxDecoder, hef__yolox_decoder__init);

		to->stride = from->stride;
		to->box_pad = take_output(o, from->streams[0]);
		to->class_pad = take_output(o, from->streams[1]);
		to->object_pad = take_output(o, from->streams[2]);
		head->decoders[head->n_decoders++] = to;
	}
	nms->head_case = HEF__OP_NMS__HEAD_YOLOX;
	nms->yolox = head;
}

static void fill_ssd(struct op_writer *o, Hef__OpNms *nms)
{
	Hef__Ssd *head = NEW(o->w, Hef__Ssd, hef__ssd__init);

	head->image_height = o->source->image[0];
	head->image_width = o->source->image[1];
	head->centre_scale = o->source->centre_scale;
	head->size_scale = o->source->size_scale;
	head->decoders = decoder_list(o);
	for (size_t i = 0; i < o->source->decoder_count; i++) {
		const struct desc_decoder *from = &o->source->decoders[i];
		Hef__SsdDecoder *to = NEW(o->w, Hef__SsdDecoder, hef__ssd_decoder__init);

		to->n_widths = to->n_heights = from->anchors.count / 2;
		to->widths = real_anchors(o, from, 0);
		to->heights = real_anchors(o, from, 1);
		to->box_pad = take_output(o, from->streams[0]);
		to->class_pad = take_output(o, from->streams[1]);
		head->decoders[head->n_decoders++] = to;
	}
	nms->head_case = HEF__OP_NMS__HEAD_SSD;
	nms->ssd = head;
}

static void fill_iou(struct op_writer *o, Hef__OpNms *nms)
{
	take_output(o, o->source->decoders[0].streams[0]);
	nms->head_case = HEF__OP_NMS__HEAD_IOU;
	nms->iou = NEW(o->w, Hef__Nothing, hef__nothing__init);
}

static void fill_nms(struct op_writer *o, Hef__Pad *result)
{
	static void (*const heads[])(struct op_writer *, Hef__OpNms *) = {
		[DESC_YOLOV5] = fill_yolov5, [DESC_YOLOV8] = fill_yolov8,
		[DESC_YOLOX] = fill_yolox, [DESC_SSD] = fill_ssd, [DESC_IOU] = fill_iou,
	};
	Hef__OpNms *nms = NEW(o->w, Hef__OpNms, hef__op_nms__init);

	nms->score_threshold = o->source->score;
	nms->iou_threshold = o->source->iou;
	nms->max_boxes = o->source->max_boxes;
	nms->classes = o->source->classes;
	nms->boxes_only = o->source->boxes_only;
	nms->background_removal = o->source->background >= 0;
	if (nms->background_removal)
		nms->background_index = o->source->background;
	heads[o->source->kind](o, nms);
	o->op->body_case = HEF__OP__BODY_NMS;
	o->op->nms = nms;
	result->order = HEF__PAD__ORDER__NMS;
	result->shape_case = HEF__PAD__SHAPE_NMS;
	result->nms = NEW(o->w, Hef__PadNms, hef__pad_nms__init);
	result->nms->classes = nms->classes;
	result->nms->max_boxes = nms->max_boxes;
}

/* ---- argmax, softmax ---- */

static void fill_logits(struct op_writer *o, Hef__Pad *result)
{
	bool argmax = o->source->kind == DESC_ARGMAX;
	const struct desc_context *owner;
	const char *name = o->source->decoders[0].streams[0];
	const struct desc_stream *stream = find_stream(o->w->desc, name, &owner);
	const struct desc_shape *shape;

	take_output(o, name);
	if (o->failed)
		return;
	shape = &owner->tensors[stream->tensor].shape;
	o->op->body_case = HEF__OP__BODY_LOGITS;
	o->op->logits = NEW(o->w, Hef__OpLogits, hef__op_logits__init);
	o->op->logits->kind = argmax ? HEF__OP_LOGITS__KIND__ARGMAX :
				       HEF__OP_LOGITS__KIND__SOFTMAX;
	result->order = stream->order == 2 ? HEF__PAD__ORDER__NC :
			argmax ? HEF__PAD__ORDER__NHW : HEF__PAD__ORDER__NHWC;
	result->type = NN_TYPE_U8;
	result->quant = NEW(o->w, Hef__Quant, hef__quant__init);
	result->quant->scale = argmax ? 1 : 1 / 255.0f;
	result->shape_case = HEF__PAD__SHAPE_TENSOR;
	result->tensor = NEW(o->w, Hef__PadShape, hef__pad_shape__init);
	result->tensor->height = result->tensor->padded_height = shape->height;
	result->tensor->width = result->tensor->padded_width = shape->width;
	result->tensor->features = result->tensor->padded_features = argmax ? 1 : shape->features;
}

/* ---- the graph ---- */

static int add_op(struct writer *w, Hef__NetworkGroup *group, const struct desc_op *source,
		  uint32_t *next_pad)
{
	struct op_writer o = { .w = w, .source = source, .group = group, .next_pad = next_pad };
	Hef__Pad *result = NEW(w, Hef__Pad, hef__pad__init);
	bool logits = source->kind == DESC_ARGMAX || source->kind == DESC_SOFTMAX;

	if (!source->decoder_count)
		return hef_fail(w->failure, "'%s' (line %d): no decoder", source->name, source->line);
	o.op = NEW(w, Hef__Op, hef__op__init);
	o.op->name = pool_format(&w->pool, "%s/%s", w->desc->name, source->name);
	if (logits)
		fill_logits(&o, result);
	else
		fill_nms(&o, result);
	result->index = (*next_pad)++;
	result->name = o.op->name;
	o.op->outputs = pool_grow(&w->pool, NULL, 0, sizeof(result));
	o.op->outputs[0] = result;
	o.op->n_outputs = 1;
	group->ops = pool_grow(&w->pool, group->ops, group->n_ops, sizeof(*group->ops));
	group->ops[group->n_ops++] = o.op;
	return o.failed ? -1 : 0;
}

/* What the user sees: results of operations, and outputs that none of them takes */
static void order_outputs(struct writer *w, Hef__NetworkGroup *group)
{
	char **names = NULL;
	size_t count = 0;

	for (size_t i = 1; i < group->n_ops; i++) {
		names = pool_grow(&w->pool, names, count, sizeof(*names));
		names[count++] = group->ops[i]->name;
	}
	for (size_t i = 0; i < group->ops[0]->n_outputs; i++) {
		const Hef__Pad *pad = group->ops[0]->outputs[i];
		bool taken = false;

		for (size_t k = 0; k < group->n_pad_edges; k++)
			taken |= group->pad_edges[k]->source == pad->index;
		if (taken)
			continue;
		names = pool_grow(&w->pool, names, count, sizeof(*names));
		names[count++] = pad->name;
	}
	group->output_order = names;
	group->n_output_order = count;
}

/* Names are looked for in the partials of the group, whatever else is there. */
static void keep_names(struct writer *w, Hef__NetworkGroup *group)
{
	Hef__PartialGroup **partials = pool_alloc(&w->pool, group->n_partials * sizeof(*partials));

	for (size_t i = 0; i < group->n_partials; i++) {
		partials[i] = NEW(w, Hef__PartialGroup, hef__partial_group__init);
		partials[i]->layout = group->partials[i]->layout;
		partials[i]->core = NEW(w, Hef__CoreOp, hef__core_op__init);
		partials[i]->core->info = group->partials[i]->core->info;
		partials[i]->core->networks = group->partials[i]->core->networks;
		partials[i]->core->n_networks = group->partials[i]->core->n_networks;
		group->info = group->partials[i]->core->info;
		group->networks = group->partials[i]->core->networks;
		group->n_networks = group->partials[i]->core->n_networks;
	}
	if (group->n_partials)
		group->partials = partials;
}

int add_ops(struct writer *w, Hef__NetworkGroup *group)
{
	uint32_t next_pad = 1 + count_pads(w->desc, true, NULL) + count_pads(w->desc, false, NULL);

	group->ops = pool_grow(&w->pool, NULL, 0, sizeof(*group->ops));
	group->ops[group->n_ops++] = core_op(w, group);
	for (size_t i = 0; i < w->desc->op_count; i++)
		if (add_op(w, group, &w->desc->ops[i], &next_pad))
			return -1;
	order_outputs(w, group);
	keep_names(w, group);
	group->preliminary = NULL;
	group->contexts = NULL;
	group->n_contexts = 0;
	group->fused = NULL;
	return 0;
}
