// SPDX-License-Identifier: MIT
/*
 * What the host computes from the outputs: operations of "net_flow" files, to
 * parameters for lib/pp_*.c. Reference hef.md sections 5.7 and 5.8.
 */
#include <inttypes.h>
#include <string.h>

#include "hef_metadata.h"

#define MAX_OPS	HEF_MAX_STREAMS

/* One operation that is being read */
struct op_reader {
	struct hef_parser *p;
	const struct hef_variant *variant;
	struct hef_op *op;
	struct pp_decoder *decoders;
};

/* ---- inputs ---- */

/* Names of streams in operations lack the group's in some files */
static bool same_stream_name(const char *stream, const char *name)
{
	const char *slash = strchr(stream, '/');

	return !strcmp(stream, name) || (slash && !strcmp(slash + 1, name));
}

static struct pp_tensor tensor_of(const struct hef_edge *edge)
{
	return (struct pp_tensor){
		.name = edge->name,
		.order = edge->order,
		.data_bytes = edge->data_bytes,
		.shape = edge->shape,
		.device_shape = edge->device_shape,
		.zero_point = edge->quant[0].zero_point,
		.scale = edge->quant[0].scale,
	};
}

static bool has_one_quant(const struct hef_edge *edge)
{
	for (unsigned int i = 1; i < edge->quant_count; i++)
		if (memcmp(&edge->quant[i], &edge->quant[0], sizeof(*edge->quant)))
			return false;
	return true;
}

/* The number of this input among the operation's */
static unsigned int add_input(struct op_reader *r, const struct hef_edge *edge)
{
	struct hef_op *op = r->op;

	for (unsigned int i = 0; i < op->input_count; i++)
		if (op->inputs[i] == edge)
			return i;
	if (edge->transposed)
		op->unsupported = "it reads an output that is transposed";
	if (!has_one_quant(edge))
		op->unsupported = "it reads an output with several scales";
	op->inputs[op->input_count] = edge;
	op->tensors[op->input_count] = tensor_of(edge);
	return op->input_count++;
}

/* The pad of a mux stands for no output, so that an operation there is only named */
static int input_at_pad(struct op_reader *r, uint32_t pad, unsigned int *input)
{
	for (unsigned int i = 0; i < r->variant->output_count; i++) {
		const struct hef_edge *edge = r->variant->outputs[i];

		if (!edge->has_pad || edge->pad != pad)
			continue;
		*input = add_input(r, edge->mux ? edge->parts : edge);
		if (edge->mux)
			r->op->unsupported = "it reads an output that shares its stream with "
					     "others";
		return 0;
	}
	return hef_invalid(r->p, "%s reads the output pad %" PRIu32 ", which does not exist",
			   r->op->name, pad);
}

static int input_named(struct op_reader *r, const char *name, unsigned int *input)
{
	for (unsigned int i = 0; i < r->variant->user_output_count; i++)
		if (same_stream_name(r->variant->user_outputs[i]->name, name)) {
			*input = add_input(r, r->variant->user_outputs[i]);
			return 0;
		}
	return hef_invalid(r->p, "%s reads the stream %s, which does not exist", r->op->name,
			   name);
}

/* The only input of an operation, by way of the edges between pads */
static int only_input(struct op_reader *r, const Hef__NetworkGroup *proto, const Hef__Op *op)
{
	unsigned int input;

	if (op->n_inputs != 1)
		return hef_invalid(r->p, "%s has %zu inputs instead of one", r->op->name,
				   op->n_inputs);
	for (size_t i = 0; i < proto->n_pad_edges; i++)
		if (proto->pad_edges[i]->sink == op->inputs[0]->index)
			return input_at_pad(r, proto->pad_edges[i]->source, &input);
	return hef_invalid(r->p, "the input of %s leads nowhere", r->op->name);
}

/* ---- decoders ---- */

static int start_decoders(struct op_reader *r, size_t count)
{
	if (!count || count > HEF_MAX_STREAMS)
		return hef_invalid(r->p, "%s has %zu decoders", r->op->name, count);
	r->decoders = arena_array(r->p->arena, count, sizeof(*r->decoders));
	if (!r->decoders)
		return hef_no_memory(r->p);
	r->op->nms.decoders = r->decoders;
	r->op->nms.decoder_count = (unsigned int)count;
	return 0;
}

static struct pp_anchor *new_anchors(struct op_reader *r, struct pp_decoder *d, size_t widths,
				     size_t heights, int *err)
{
	struct pp_anchor *anchors = NULL;

	if (widths != heights || widths > UINT16_MAX) {
		*err = hef_invalid(r->p, "%s: a decoder with %zu widths and %zu heights",
				   r->op->name, widths, heights);
		return NULL;
	}
	anchors = arena_array(r->p->arena, widths, sizeof(*anchors));
	if (!anchors)
		*err = hef_no_memory(r->p);
	d->anchors = anchors;
	d->anchor_count = (unsigned int)widths;
	return anchors;
}

static int read_anchor_decoder(struct op_reader *r, const Hef__AnchorDecoder *proto,
			       struct pp_decoder *d)
{
	int err = input_at_pad(r, proto->pad, &d->boxes);
	struct pp_anchor *anchors;

	if (err)
		return err;
	anchors = new_anchors(r, d, proto->n_widths, proto->n_heights, &err);
	for (unsigned int i = 0; anchors && i < d->anchor_count; i++)
		anchors[i] = (struct pp_anchor){
			.width = (float)(int32_t)proto->widths[i],
			.height = (float)(int32_t)proto->heights[i],
		};
	return err;
}

static int read_anchor_decoders(struct op_reader *r, Hef__AnchorDecoder *const *protos,
				size_t count)
{
	int err = start_decoders(r, count);

	for (size_t i = 0; i < count && !err; i++)
		err = read_anchor_decoder(r, protos[i], &r->decoders[i]);
	return err;
}

/* ---- heads ---- */

static void set_head(struct pp_nms *nms, enum pp_head head, double height, double width)
{
	nms->head = head;
	nms->image_height = (float)height;
	nms->image_width = (float)width;
}

static int read_yolov5(struct op_reader *r, const Hef__Yolov5 *proto)
{
	set_head(&r->op->nms, PP_YOLOV5, proto->image_height, proto->image_width);
	return read_anchor_decoders(r, proto->decoders, proto->n_decoders);
}

/* Room for masks as in the stock library */
static uint32_t default_mask_bytes(const struct pp_nms *nms)
{
	float bytes = nms->image_height * nms->image_width * 2.0f;

	return bytes > 0.0f && bytes < 0x1p31f ? (uint32_t)bytes : 0;
}

static int read_yolov5_seg(struct op_reader *r, const Hef__Yolov5Seg *proto)
{
	struct pp_nms *nms = &r->op->nms;
	int err;

	set_head(nms, PP_YOLOV5_SEG, proto->image_height, proto->image_width);
	nms->output = PP_BYTE_MASK;
	nms->mask_threshold = (float)proto->mask_threshold;
	nms->max_mask_bytes = default_mask_bytes(nms);
	if (!proto->masks)
		return hef_invalid(r->p, "%s has no masks", r->op->name);
	err = read_anchor_decoders(r, proto->decoders, proto->n_decoders);
	return err ?: input_named(r, proto->masks->layer, &nms->prototypes);
}

static int read_yolov8(struct op_reader *r, const Hef__Yolov8 *proto)
{
	int err = start_decoders(r, proto->n_decoders);

	set_head(&r->op->nms, PP_YOLOV8, proto->image_height, proto->image_width);
	for (size_t i = 0; i < proto->n_decoders && !err; i++) {
		struct pp_decoder *d = &r->decoders[i];

		d->stride = proto->decoders[i]->stride;
		err = input_at_pad(r, proto->decoders[i]->box_pad, &d->boxes) ?:
		      input_at_pad(r, proto->decoders[i]->class_pad, &d->classes);
	}
	return err;
}

static int read_yolox(struct op_reader *r, const Hef__Yolox *proto)
{
	int err = start_decoders(r, proto->n_decoders);

	set_head(&r->op->nms, PP_YOLOX, proto->image_height, proto->image_width);
	for (size_t i = 0; i < proto->n_decoders && !err; i++) {
		struct pp_decoder *d = &r->decoders[i];

		err = input_at_pad(r, proto->decoders[i]->box_pad, &d->boxes) ?:
		      input_at_pad(r, proto->decoders[i]->class_pad, &d->classes) ?:
		      input_at_pad(r, proto->decoders[i]->object_pad, &d->objects);
	}
	return err;
}

/* All four 0 means the natural order */
static void read_ssd_places(struct pp_nms *nms, const Hef__Ssd *proto)
{
	bool none = !proto->ty && !proto->tx && !proto->th && !proto->tw;

	nms->ty = proto->ty;
	nms->tx = none ? 1 : proto->tx;
	nms->th = none ? 2 : proto->th;
	nms->tw = none ? 3 : proto->tw;
}

static int read_ssd_decoder(struct op_reader *r, const Hef__SsdDecoder *proto,
			    struct pp_decoder *d)
{
	int err = input_at_pad(r, proto->box_pad, &d->boxes) ?:
		  input_at_pad(r, proto->class_pad, &d->classes);
	struct pp_anchor *anchors;

	if (err)
		return err;
	anchors = new_anchors(r, d, proto->n_widths, proto->n_heights, &err);
	for (unsigned int i = 0; anchors && i < d->anchor_count; i++)
		anchors[i] = (struct pp_anchor){ proto->widths[i], proto->heights[i] };
	return err;
}

static int read_ssd(struct op_reader *r, const Hef__Ssd *proto)
{
	struct pp_nms *nms = &r->op->nms;
	int err = start_decoders(r, proto->n_decoders);

	set_head(nms, PP_SSD, proto->image_height, proto->image_width);
	nms->centre_scale = (float)proto->centre_scale;
	nms->size_scale = (float)proto->size_scale;
	read_ssd_places(nms, proto);
	for (size_t i = 0; i < proto->n_decoders && !err; i++)
		err = read_ssd_decoder(r, proto->decoders[i], &r->decoders[i]);
	return err;
}

static int read_head(struct op_reader *r, const Hef__OpNms *proto)
{
	switch (proto->head_case) {
	case HEF__OP_NMS__HEAD_YOLOV5:
		return read_yolov5(r, proto->yolov5);
	case HEF__OP_NMS__HEAD_YOLOV5_SEG:
		return read_yolov5_seg(r, proto->yolov5_seg);
	case HEF__OP_NMS__HEAD_YOLOV8:
		return read_yolov8(r, proto->yolov8);
	case HEF__OP_NMS__HEAD_YOLOX:
		return read_yolox(r, proto->yolox);
	case HEF__OP_NMS__HEAD_SSD:
		return read_ssd(r, proto->ssd);
	default:
		r->op->unsupported = "it is a kind of detection that this library does not know";
		return 0;
	}
}

static enum h8l_post_kind kind_of(const struct pp_nms *nms)
{
	switch (nms->output) {
	case PP_BYTE_MASK:
		return H8L_POST_MASKS;
	case PP_BOXES:
		return H8L_POST_BOXES;
	default:
		return H8L_POST_DETECTIONS;
	}
}

/* Everything is checked now, so that a file says at once what is wrong */
static void check_head(struct hef_op *op)
{
	const char *reason = NULL;

	op->nms.tensors = op->tensors;
	op->nms.tensor_count = op->input_count;
	if (!op->unsupported && pp_nms_workspace(&op->nms, &reason) < 0)
		op->unsupported = reason;
}

/* ---- boxes found on the chip ---- */

struct pp_onchip hef_onchip(const struct hef_edge *edge)
{
	return (struct pp_onchip){
		.classes = edge->nms.classes,
		.max_per_class = edge->nms.max_boxes,
		.chunks = edge->nms.chunks,
		.burst = edge->nms.burst,
		.bursts = edge->nms.per_class,
		.zero_point = edge->quant[0].zero_point,
		.scale = edge->quant[0].scale,
	};
}

/* Every such stream is of use only after its boxes were collected, so that
 * there is an operation for it, whether the file says so or not. `onchip`: its
 * inputs together.
 */
static int set_onchip(struct op_reader *r, const struct pp_onchip *onchip)
{
	struct hef_op *op = r->op;
	const char *reason = NULL;

	op->streams = arena_array(r->p->arena, op->input_count, sizeof(*op->streams));
	if (!op->streams)
		return hef_no_memory(r->p);
	op->kind = H8L_POST_DETECTIONS;
	op->on_chip = true;
	op->onchip = *onchip;
	op->nms.head = PP_IOU;
	op->nms.classes = onchip->classes;
	op->nms.chunks = onchip->chunks;
	op->nms.max_chip_boxes = onchip->max_per_class;
	for (unsigned int i = 0; i < op->input_count; i++) {
		op->streams[i] = hef_onchip(op->inputs[i]);
		if (pp_onchip_workspace(&op->streams[i], &reason) < 0)
			op->unsupported = reason;
	}
	if (pp_onchip_workspace(&op->onchip, &reason) < 0 ||
	    pp_nms_workspace(&op->nms, &reason) < 0)
		op->unsupported = reason;
	return 0;
}

static int read_iou(struct op_reader *r, const Hef__NetworkGroup *proto, const Hef__Op *op)
{
	int err = only_input(r, proto, op);
	struct pp_onchip onchip;

	if (err)
		return err;
	onchip = hef_onchip(r->op->inputs[0]);
	if (r->op->inputs[0]->order != H8L_ORDER_NMS_ON_CHIP)
		r->op->unsupported = "it suppresses boxes of a stream that has none";
	else if (r->op->inputs[0]->nms.fused)
		r->op->unsupported = "it suppresses boxes of one of several streams";
	else
		return set_onchip(r, &onchip);
	return 0;
}

static int read_nms(struct op_reader *r, const Hef__NetworkGroup *group, const Hef__Op *op)
{
	const Hef__OpNms *proto = op->nms;
	uint64_t total = (uint64_t)proto->max_boxes * proto->classes;
	struct pp_nms *nms = &r->op->nms;
	int err;

	*nms = (struct pp_nms){
		.output = proto->boxes_only ? PP_BOXES : PP_BY_CLASS,
		.score_threshold = (float)proto->score_threshold,
		.iou_threshold = (float)proto->iou_threshold,
		.classes = proto->classes,
		.background_removal = proto->background_removal,
		.background = proto->background_index,
		.max_per_class = proto->max_boxes,
		.max_total = total > UINT32_MAX ? UINT32_MAX : (uint32_t)total,
	};
	if (proto->head_case == HEF__OP_NMS__HEAD_IOU)
		return read_iou(r, group, op);
	err = read_head(r, proto);
	if (err)
		return err;
	r->op->kind = kind_of(nms);
	if (!r->op->unsupported)
		check_head(r->op);
	return 0;
}

/* ---- class maps and probabilities ---- */

static void check_logits(struct hef_op *op)
{
	const struct pp_tensor *tensor = &op->tensors[0];
	const char *reason = NULL;

	if (pp_tensor_check(tensor, &reason) ||
	    (op->kind == H8L_POST_ARGMAX &&
	     pp_argmax_check(tensor, H8L_TYPE_FLOAT32, &reason)))
		op->unsupported = reason;
}

static int read_logits(struct op_reader *r, const Hef__NetworkGroup *proto, const Hef__Op *op)
{
	int err = only_input(r, proto, op);

	if (err)
		return err;
	if (op->logits->kind == HEF__OP_LOGITS__KIND__SOFTMAX)
		r->op->kind = H8L_POST_SOFTMAX;
	else if (op->logits->kind == HEF__OP_LOGITS__KIND__ARGMAX)
		r->op->kind = H8L_POST_ARGMAX;
	else
		r->op->unsupported = "it is a computation that this library does not know";
	if (!r->op->unsupported)
		check_logits(r->op);
	return 0;
}

/* ---- the list ---- */

static int allocate_inputs(struct op_reader *r)
{
	r->op->inputs = arena_array(r->p->arena, HEF_MAX_STREAMS, sizeof(*r->op->inputs));
	r->op->tensors = arena_array(r->p->arena, HEF_MAX_STREAMS, sizeof(*r->op->tensors));
	return r->op->inputs && r->op->tensors ? 0 : hef_no_memory(r->p);
}

static int new_op(struct op_reader *r, const Hef__Op *proto)
{
	struct hef_op *op = r->op;

	if (!proto->n_outputs)
		return hef_invalid(r->p, "an operation without an output");
	return allocate_inputs(r) ?: hef_copy_name(r->p, proto->outputs[0]->name, &op->name);
}

static int read_op(struct op_reader *r, const Hef__NetworkGroup *proto, const Hef__Op *op)
{
	int err = new_op(r, op);

	if (err)
		return err;
	switch (op->body_case) {
	case HEF__OP__BODY_NMS:
		return read_nms(r, proto, op);
	case HEF__OP__BODY_LOGITS:
		return read_logits(r, proto, op);
	default:
		r->op->unsupported = "it is an operation that this library does not know";
		return 0;
	}
}

static bool has_op(const struct hef_variant *v, const struct hef_edge *edge)
{
	for (unsigned int i = 0; i < v->op_count; i++)
		for (unsigned int k = 0; k < v->ops[i].input_count; k++)
			if (v->ops[i].inputs[k] == edge)
				return true;
	return false;
}

static const struct hef_edge *find_fused_part(const struct hef_variant *v,
					      const struct hef_fused *fused, uint32_t part)
{
	for (unsigned int i = 0; i < v->output_count; i++) {
		const struct hef_nms *nms = &v->outputs[i]->nms;

		if (nms->fused && !strcmp(nms->fused->name, fused->name) && nms->part == part)
			return v->outputs[i];
	}
	return NULL;
}

static unsigned int count_fused_parts(const struct hef_variant *v, const struct hef_fused *fused)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < v->output_count; i++)
		count += v->outputs[i]->nms.fused &&
			 !strcmp(v->outputs[i]->nms.fused->name, fused->name);
	return count;
}

/* In the order of their numbers; a number twice leaves another one out */
static int add_fused_inputs(struct op_reader *r, const struct hef_fused *fused)
{
	unsigned int count = count_fused_parts(r->variant, fused);

	for (unsigned int i = 0; i < count; i++) {
		const struct hef_edge *part = find_fused_part(r->variant, fused, i);

		if (!part)
			return hef_invalid(r->p, "%s has %u parts, and none has the number %u",
					   fused->name, count, i);
		add_input(r, part);
	}
	return 0;
}

/* Classes of chunks take turns among the parts, reference formats.md section 8 */
static bool parts_make_whole(const struct hef_op *op, const struct hef_fused *fused)
{
	uint32_t records = fused->classes * fused->chunks, count = op->input_count;

	for (unsigned int i = 0; i < count; i++) {
		const struct hef_nms *part = &op->inputs[i]->nms;

		if (part->classes * part->chunks != (records + count - 1 - i) / count ||
		    part->max_boxes > fused->max_boxes)
			return false;
	}
	return true;
}

static int imply_op(struct op_reader *r, const struct hef_edge *edge)
{
	const struct hef_fused *fused = edge->nms.fused;
	struct pp_onchip onchip = hef_onchip(edge);
	struct hef_op *op = r->op;
	int err = allocate_inputs(r);

	if (err)
		return err;
	op->name = fused ? fused->name : edge->name;
	if (fused) {
		onchip.classes = fused->classes;
		onchip.max_per_class = fused->max_boxes;
		onchip.chunks = fused->chunks;
		err = add_fused_inputs(r, fused);
		if (!err && !parts_make_whole(op, fused))
			op->unsupported = "its streams do not add up to it";
	} else {
		add_input(r, edge);
	}
	op->merge_only = true;
	op->nms.max_per_class = onchip.max_per_class * onchip.chunks;
	op->nms.max_total = op->nms.max_per_class * onchip.classes;
	return err ?: set_onchip(r, &onchip);
}

static int imply_onchip(struct op_reader *r, struct hef_variant *v)
{
	int err = 0;

	for (unsigned int i = 0; i < v->output_count && !err; i++) {
		if (v->outputs[i]->order != H8L_ORDER_NMS_ON_CHIP || has_op(v, v->outputs[i]))
			continue;
		r->op = &v->ops[v->op_count++];
		err = imply_op(r, v->outputs[i]);
	}
	return err;
}

int hef_parse_ops(struct hef_parser *p, const Hef__NetworkGroup *proto,
		  struct hef_variant *variant)
{
	struct op_reader r = { .p = p, .variant = variant };
	int err = 0;

	size_t count = p->hef->features.net_flow ? proto->n_ops : 0;

	if (count > MAX_OPS)
		return hef_invalid(p, "%zu operations", count);
	variant->ops = arena_array(p->arena, count + variant->output_count,
				   sizeof(*variant->ops));
	if (!variant->ops)
		return hef_no_memory(p);
	for (size_t i = 0; i < count && !err; i++) {
		if (proto->ops[i]->body_case == HEF__OP__BODY_CORE)
			continue;
		r.op = &variant->ops[variant->op_count++];
		err = read_op(&r, proto, proto->ops[i]);
	}
	return err ?: imply_onchip(&r, variant);
}
