// SPDX-License-Identifier: MIT
/*
 * Post-processing for programs: the parameters come from the file
 * (hef_ops.c), the computing is that of pp_*.c, and here its packed frames
 * become arrays that are pleasant in C. Reference formats.md sections 10 and 11.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "network.h"

#define BOX_BYTES	20	/* four edges and a score */
#define SCORED_BYTES	22	/* and 16 bits of class */
#define MASKED_BYTES	38	/* and size and address of the mask */

struct h8l_post {
	struct h8l_hef *hef;		/* held */
	const struct hef_op *op;
	const struct hef_group *group;
	struct pp_nms nms;
	struct pp_decoder *decoders;
	void *workspace;
	struct pp_onchip_reader *readers;	/* boxes found on the chip, by input */
	void **boxes;			/* their workspaces */
	unsigned int output_count;	/* of the network */
	unsigned int *output_of;	/* by input of the operation */
	struct pp_input *inputs;
	uint8_t *frame;			/* packed, or values */
	size_t frame_size;
	struct h8l_detection *detections;
	struct h8l_mask *masks;
	size_t max_detections;
	enum h8l_type type;
	struct format_plan to_float;	/* softmax */
	struct holds *holds;		/* of the network, once its outputs are raw */
};

/* ---- looking ---- */

const char *h8l_post_kind_name(enum h8l_post_kind kind)
{
	static const char *const names[] = {
		[H8L_POST_DETECTIONS]	= "detections",
		[H8L_POST_MASKS]	= "masks",
		[H8L_POST_BOXES]	= "boxes",
		[H8L_POST_ARGMAX]	= "argmax",
		[H8L_POST_SOFTMAX]	= "softmax",
	};

	return (size_t)kind < ARRAY_SIZE(names) ? names[kind] : "unknown";
}

static const char *method_of(const struct hef_op *op)
{
	static const char *const heads[] = {
		[PP_YOLOV5]	= "YOLOv5",
		[PP_YOLOV5_SEG]	= "YOLOv5-seg",
		[PP_YOLOV8]	= "YOLOv8",
		[PP_YOLOX]	= "YOLOX",
		[PP_SSD]	= "SSD",
		[PP_IOU]	= "NMS on the chip",
	};

	if (op->kind == H8L_POST_ARGMAX || op->kind == H8L_POST_SOFTMAX)
		return h8l_post_kind_name(op->kind);
	return heads[op->nms.head];
}

static bool has_boxes(const struct hef_op *op)
{
	return op->kind != H8L_POST_ARGMAX && op->kind != H8L_POST_SOFTMAX;
}

/* As the program counts outputs */
static unsigned int output_index(const struct hef_variant *v, const struct hef_edge *edge)
{
	unsigned int i = 0;

	while (i < v->user_output_count && v->user_outputs[i] != edge)
		i++;
	return i;
}

static struct h8l_shape shape_of(const struct hef_op *op)
{
	struct h8l_shape shape = { 0 };

	if (op->unsupported)
		return shape;
	if (op->kind == H8L_POST_BOXES)
		return (struct h8l_shape){ 1, pp_nms_boxes(&op->nms),
					   pp_nms_box_floats(&op->nms) };
	if (!has_boxes(op))
		shape = op->tensors[0].shape;
	if (op->kind == H8L_POST_ARGMAX)
		shape.features = 1;
	return shape;
}

static void fill_info(const struct hef_variant *v, const struct hef_op *op,
		      struct h8l_post_info *info)
{
	*info = (struct h8l_post_info){
		.kind = op->kind,
		.method = method_of(op),
		.unsupported = op->unsupported,
		.output_count = op->input_count,
		.shape = shape_of(op),
	};
	snprintf(info->name, sizeof(info->name), "%s", op->name);
	for (unsigned int i = 0; i < op->input_count; i++)
		info->outputs[i] = output_index(v, op->inputs[i]);
	if (!has_boxes(op))
		return;
	info->class_count = pp_nms_classes(&op->nms);
	info->max_per_class = op->nms.max_per_class;
	info->max_total = op->nms.max_total;
	info->score_threshold = op->nms.score_threshold;
	info->iou_threshold = op->nms.iou_threshold;
}

int h8l_hef_post(const struct h8l_hef *hef, unsigned int group, unsigned int index,
		 struct h8l_post_info *info)
{
	const struct hef_variant *v;

	if (group >= hef->group_count)
		return -ENOENT;
	v = &hef->groups[group].variants[0];
	if (index >= v->op_count)
		return -ENOENT;
	fill_info(v, &v->ops[index], info);
	return 0;
}

/* ---- options ---- */

static int check_options(const struct h8l_post_options *options, struct h8l_error *error)
{
	for (size_t i = 0; i < ARRAY_SIZE(options->reserved); i++)
		if (options->reserved[i])
			return fail(error, -EINVAL, "reserved post-processing options are not zero");
	if (options->order != H8L_POST_BY_CLASS && options->order != H8L_POST_BY_SCORE)
		return fail(error, -EINVAL, "unknown order of detections %d",
			    (int)options->order);
	if (isnan(options->score_threshold) || isnan(options->iou_threshold))
		return fail(error, -EINVAL, "a threshold is not a number");
	if (options->max_mask_bytes > UINT32_MAX)
		return fail(error, -EINVAL, "masks of more than 4 GiB");
	return 0;
}

static void apply_options(struct pp_nms *nms, const struct h8l_post_options *options)
{
	if (nms->output == PP_BY_CLASS && options->order == H8L_POST_BY_SCORE)
		nms->output = PP_BY_SCORE;
	if (options->score_threshold >= 0.0f)
		nms->score_threshold = options->score_threshold;
	if (options->iou_threshold >= 0.0f)
		nms->iou_threshold = options->iou_threshold;
	if (options->max_per_class)
		nms->max_per_class = options->max_per_class;
	if (options->max_total)
		nms->max_total = options->max_total;
	if (options->max_mask_bytes)
		nms->max_mask_bytes = (uint32_t)options->max_mask_bytes;
}

static enum h8l_type smallest_type(uint32_t classes)
{
	if (classes <= UINT8_MAX)
		return H8L_TYPE_UINT8;
	return classes <= UINT16_MAX ? H8L_TYPE_UINT16 : H8L_TYPE_FLOAT32;
}

/* ---- memory ---- */

static int cannot(const struct h8l_post *post, int code, const char *reason,
		  struct h8l_error *error)
{
	return fail(error, code, "%s: %s: %s cannot be computed: %s", post->hef->file,
		    post->group->name, post->op->name, reason);
}

static size_t detection_bytes(const struct pp_nms *nms)
{
	switch (nms->output) {
	case PP_BY_CLASS:
		return BOX_BYTES;
	case PP_BY_SCORE:
		return SCORED_BYTES;
	default:
		return MASKED_BYTES;
	}
}

/* One more than the worst frame needs is never written, but keeps sizes from 0 */
static int allocate_boxes(struct h8l_post *post)
{
	size_t room = post->frame_size / detection_bytes(&post->nms) + 1;

	if (post->nms.output == PP_BOXES)
		return 0;
	if (post->nms.output == PP_BYTE_MASK && room > post->nms.max_total)
		room = post->nms.max_total + (size_t)1;
	post->max_detections = room;
	post->detections = calloc(room, sizeof(*post->detections));
	if (post->nms.output == PP_BYTE_MASK)
		post->masks = calloc(room, sizeof(*post->masks));
	return post->detections && (post->masks || post->nms.output != PP_BYTE_MASK) ?
	       0 : -ENOMEM;
}

/* Sizes were checked when the file was opened */
static int prepare_readers(struct h8l_post *post, struct h8l_error *error)
{
	unsigned int count = post->op->input_count;

	post->readers = calloc(count, sizeof(*post->readers));
	post->boxes = calloc(count, sizeof(*post->boxes));
	if (!post->readers || !post->boxes)
		return fail_memory(error, "post-processing");
	for (unsigned int i = 0; i < count; i++) {
		int64_t size = pp_onchip_workspace(&post->op->streams[i], NULL);

		post->boxes[i] = malloc((size_t)size + 1);
		if (!post->boxes[i])
			return fail_memory(error, "post-processing");
	}
	return 0;
}

static int prepare_boxes(struct h8l_post *post, const struct h8l_post_options *options,
			 struct h8l_error *error)
{
	const struct pp_nms *model = &post->op->nms;
	const char *reason = "";
	int64_t size;

	post->nms = *model;
	apply_options(&post->nms, options);
	post->decoders = calloc(model->decoder_count + (size_t)1, sizeof(*post->decoders));
	if (!post->decoders)
		return fail_memory(error, "post-processing");
	if (model->decoder_count)
		memcpy(post->decoders, model->decoders,
		       model->decoder_count * sizeof(*post->decoders));
	post->nms.decoders = post->decoders;
	size = pp_nms_workspace(&post->nms, &reason);
	if (size < 0)
		return cannot(post, (int)size, reason, error);
	post->frame_size = (size_t)pp_nms_frame_size(&post->nms);
	if (post->op->merge_only)
		post->frame_size = (size_t)pp_onchip_frame_size(&post->op->onchip);
	post->workspace = malloc((size_t)size + 1);
	post->frame = calloc(1, post->frame_size + 1);
	if (!post->workspace || !post->frame || allocate_boxes(post))
		return fail_memory(error, "post-processing");
	pp_nms_init(&post->nms, post->workspace);
	return post->op->on_chip ? prepare_readers(post, error) : 0;
}

static int prepare_argmax(struct h8l_post *post, const struct h8l_post_options *options,
			  struct h8l_error *error)
{
	const struct pp_tensor *tensor = &post->op->tensors[0];
	const char *reason = "";

	post->type = options->type ? options->type : smallest_type(tensor->shape.features);
	if (pp_argmax_check(tensor, post->type, &reason))
		return cannot(post, -EINVAL, reason, error);
	post->frame_size = (size_t)tensor->shape.height * tensor->shape.width * sizeof(float);
	if (post->type != H8L_TYPE_FLOAT32)
		post->frame_size /= post->type == H8L_TYPE_UINT8 ? 4 : 2;
	post->frame = calloc(1, post->frame_size);
	return post->frame ? 0 : fail_memory(error, "post-processing");
}

static int prepare_softmax(struct h8l_post *post, struct h8l_error *error)
{
	const struct hef_edge *edge = post->op->inputs[0];
	struct h8l_format format = { H8L_TYPE_FLOAT32, H8L_ORDER_NHWC };
	struct h8l_stream_info info;
	int err;

	hef_stream_info(edge, &info);
	if (edge->order == H8L_ORDER_NC)
		format.order = H8L_ORDER_NC;
	err = format_plan_init(&post->to_float, &info, false, edge->quant, format, error);
	if (err)
		return err;
	post->type = H8L_TYPE_FLOAT32;
	post->frame_size = post->to_float.host_size;
	/* The order of additions depends on the alignment */
	post->frame = aligned_alloc(64, align_up(post->frame_size, 64));
	return post->frame ? 0 : fail_memory(error, "post-processing");
}

static int prepare(struct h8l_post *post, const struct h8l_post_options *options,
		   struct h8l_error *error)
{
	unsigned int count = post->op->input_count;

	post->output_of = calloc(count + (size_t)1, sizeof(*post->output_of));
	post->inputs = calloc(count + (size_t)1, sizeof(*post->inputs));
	if (!post->output_of || !post->inputs)
		return fail_memory(error, "post-processing");
	if (post->op->merge_only && options->order == H8L_POST_BY_SCORE)
		return cannot(post, -ENOTSUP, "boxes that the chip has sorted out already come "
			      "by class only", error);
	if (post->op->kind == H8L_POST_ARGMAX)
		return prepare_argmax(post, options, error);
	if (post->op->kind == H8L_POST_SOFTMAX)
		return prepare_softmax(post, error);
	return prepare_boxes(post, options, error);
}

/* ---- life ---- */

/* All outputs of the operation come raw, or none changes */
static int set_formats(struct h8l_post *post, struct h8l_network *network,
		       struct h8l_error *error)
{
	static const struct h8l_format raw = { H8L_TYPE_AUTO, H8L_ORDER_RAW };
	int err = 0;

	for (unsigned int i = 0; i < post->op->input_count && !err; i++) {
		post->output_of[i] = output_index(network->variant, post->op->inputs[i]);
		err = h8l_network_set_format(network, H8L_OUTPUT, post->output_of[i], raw, error);
	}
	if (err)
		return err;
	post->holds = holds_get(network->holds);
	for (unsigned int i = 0; i < post->op->input_count; i++)
		atomic_fetch_add(&post->holds->output[post->output_of[i]], 1);
	return 0;
}

static void let_go(const struct h8l_post *post)
{
	if (!post->holds)
		return;
	for (unsigned int i = 0; i < post->op->input_count; i++)
		atomic_fetch_sub(&post->holds->output[post->output_of[i]], 1);
	holds_put(post->holds);
}

static struct h8l_post *new_post(const struct h8l_network *network, const struct hef_op *op)
{
	struct h8l_post *post = calloc(1, sizeof(*post));

	if (!post)
		return NULL;
	post->hef = network->hef;
	post->op = op;
	post->group = network->group;
	post->output_count = network->variant->user_output_count;
	hef_hold(post->hef);
	return post;
}

int h8l_post_open(struct h8l_network *network, unsigned int index,
		  const struct h8l_post_options *options, struct h8l_post **result,
		  struct h8l_error *error)
{
	static const struct h8l_post_options defaults = H8L_POST_DEFAULTS;
	struct h8l_post *post;
	int err;

	if (!network || !result)
		return fail(error, -EINVAL, "h8l_post_open: network or result is missing");
	if (!options)
		options = &defaults;
	err = check_options(options, error);
	if (err)
		return err;
	if (index >= network->variant->op_count)
		return fail(error, -ENOENT, "%s has no post-processing step %u, there are %u",
			    network->group->name, index, network->variant->op_count);
	post = new_post(network, &network->variant->ops[index]);
	if (!post)
		return fail_memory(error, "post-processing");
	err = post->op->unsupported ? cannot(post, -ENOTSUP, post->op->unsupported, error) :
	      prepare(post, options, error) ?: set_formats(post, network, error);
	if (err) {
		h8l_post_close(post);
		return err;
	}
	*result = post;
	return 0;
}

void h8l_post_close(struct h8l_post *post)
{
	if (!post)
		return;
	let_go(post);
	free(post->masks);
	free(post->detections);
	free(post->frame);
	free(post->workspace);
	for (unsigned int i = 0; post->boxes && i < post->op->input_count; i++)
		free(post->boxes[i]);
	free(post->boxes);
	free(post->readers);
	free(post->decoders);
	free(post->inputs);
	free(post->output_of);
	h8l_hef_close(post->hef);
	free(post);
}

/* ---- packed frames to arrays ---- */

static void read_box(const uint8_t *at, struct h8l_detection *d)
{
	memcpy(&d->y_min, at, 4);
	memcpy(&d->x_min, at + 4, 4);
	memcpy(&d->y_max, at + 8, 4);
	memcpy(&d->x_max, at + 12, 4);
	memcpy(&d->score, at + 16, 4);
}

static unsigned int unpack_by_class(struct h8l_post *post)
{
	const uint8_t *at = post->frame;
	unsigned int count = 0;

	for (uint32_t class_id = 0; class_id < pp_nms_classes(&post->nms); class_id++) {
		float boxes;

		memcpy(&boxes, at, sizeof(boxes));
		at += sizeof(boxes);
		for (uint32_t i = 0; i < (uint32_t)boxes; i++, at += BOX_BYTES) {
			read_box(at, &post->detections[count]);
			post->detections[count++].class_id = class_id;
		}
	}
	return count;
}

static unsigned int read_count(const uint8_t *frame)
{
	uint16_t count;

	memcpy(&count, frame, sizeof(count));
	return count;
}

static void read_class(const uint8_t *at, struct h8l_detection *d)
{
	uint16_t class_id;

	memcpy(&class_id, at + BOX_BYTES, sizeof(class_id));
	d->class_id = class_id;
}

static unsigned int unpack_by_score(struct h8l_post *post)
{
	unsigned int count = read_count(post->frame);
	const uint8_t *at = post->frame + sizeof(uint16_t);

	for (unsigned int i = 0; i < count; i++, at += SCORED_BYTES) {
		read_box(at, &post->detections[i]);
		read_class(at, &post->detections[i]);
	}
	return count;
}

static struct h8l_mask read_mask(const struct h8l_post *post, const uint8_t *at,
				 const struct h8l_detection *d)
{
	return (struct h8l_mask){
		.pixels = at + MASKED_BYTES,
		.height = (uint32_t)ceilf((d->y_max - d->y_min) * post->nms.image_height),
		.width = (uint32_t)ceilf((d->x_max - d->x_min) * post->nms.image_width),
	};
}

static unsigned int unpack_masks(struct h8l_post *post)
{
	unsigned int count = read_count(post->frame);
	const uint8_t *at = post->frame + sizeof(uint16_t);

	for (unsigned int i = 0; i < count; i++) {
		struct h8l_detection *d = &post->detections[i];

		read_box(at, d);
		read_class(at, d);
		post->masks[i] = read_mask(post, at, d);
		at += MASKED_BYTES + (size_t)post->masks[i].height * post->masks[i].width;
	}
	return count;
}

/* ---- running ---- */

static int find_inputs(struct h8l_post *post, const struct h8l_buffer *outputs,
		       unsigned int output_count, struct h8l_error *error)
{
	if (!outputs || output_count != post->output_count)
		return fail(error, -EINVAL, "%s has %u outputs, %u buffers were given",
			    post->group->name, post->output_count, output_count);
	for (unsigned int i = 0; i < post->op->input_count; i++) {
		const struct h8l_buffer *b = &outputs[post->output_of[i]];
		size_t size = hef_frame_bytes(post->op->inputs[i]);

		if (!b->data || b->size != size)
			return fail(error, -EINVAL, "%s: output %u has %zu bytes raw, the buffer "
				    "has %zu", post->op->name, post->output_of[i], size, b->size);
		post->inputs[i] = (struct pp_input){ b->data, size };
	}
	return 0;
}

/* A frame is complete, or what the chip sent is none */
static int read_onchip(struct h8l_post *post, unsigned int input)
{
	struct pp_onchip_reader *reader = &post->readers[input];
	int status;

	pp_onchip_start(reader, &post->op->streams[input], post->boxes[input]);
	status = pp_onchip_feed(reader, post->inputs[input].data, post->inputs[input].size);
	return status == 1 ? 0 : status < 0 ? status : -EPROTO;
}

static int run_onchip(struct h8l_post *post)
{
	const struct pp_onchip *onchip = &post->op->onchip;
	unsigned int count = post->op->input_count;
	int err = 0;

	for (unsigned int i = 0; i < count && !err; i++)
		err = read_onchip(post, i);
	if (err)
		return err;
	if (post->op->merge_only)
		return pp_onchip_merge(onchip, post->readers, count, post->frame,
				       post->frame_size);
	return pp_iou_run(&post->nms, post->workspace, onchip, post->readers, count, post->frame,
			  post->frame_size);
}

static int run_nms(struct h8l_post *post)
{
	return post->op->on_chip ? run_onchip(post) :
	       pp_nms_run(&post->nms, post->workspace, post->inputs, post->frame,
			  post->frame_size);
}

static int run_boxes(struct h8l_post *post, struct h8l_post_result *result,
		     struct h8l_error *error)
{
	int status = run_nms(post);

	if (status < 0)
		return fail(error, status, "%s: %s", post->op->name, h8l_strerror(status));
	if (post->nms.output == PP_BOXES) {
		result->values = post->frame;
		result->size = post->frame_size;
		result->type = H8L_TYPE_FLOAT32;
		return 0;
	}
	result->truncated = status == 1;
	result->detections = post->detections;
	result->masks = post->masks;
	if (post->nms.output == PP_BY_CLASS)
		result->count = unpack_by_class(post);
	else if (post->nms.output == PP_BY_SCORE)
		result->count = unpack_by_score(post);
	else
		result->count = unpack_masks(post);
	return 0;
}

static int run_values(struct h8l_post *post, struct h8l_post_result *result,
		      struct h8l_error *error)
{
	const struct pp_tensor *tensor = &post->op->tensors[0];
	int err = 0;

	if (post->op->kind == H8L_POST_ARGMAX) {
		err = pp_argmax(tensor, &post->inputs[0], post->type, post->frame,
				post->frame_size);
	} else {
		format_to_host(&post->to_float, post->inputs[0].data, post->frame);
		pp_softmax_frame((float *)post->frame,
				 (size_t)tensor->shape.height * tensor->shape.width,
				 tensor->shape.features);
	}
	if (err)
		return fail(error, err, "%s: %s", post->op->name, h8l_strerror(err));
	result->values = post->frame;
	result->size = post->frame_size;
	result->type = post->type;
	return 0;
}

int h8l_post_run(struct h8l_post *post, const struct h8l_buffer *outputs,
		 unsigned int output_count, struct h8l_post_result *result,
		 struct h8l_error *error)
{
	int err = find_inputs(post, outputs, output_count, error);

	*result = (struct h8l_post_result){ 0 };
	if (err)
		return err;
	return has_boxes(post->op) ? run_boxes(post, result, error) :
				     run_values(post, result, error);
}
