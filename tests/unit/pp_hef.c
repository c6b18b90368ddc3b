// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "golden.h"
#include "pp_hef.h"

/* ---- the file ---- */

/* By version: v0 MD5, v1 CRC, v2 XXH3 (reference hef.md 1.2) */
static const size_t header_sizes[] = { 32, 28, 44 };

static uint32_t big_endian(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static Hef__File *unpack(const uint8_t *data, size_t size)
{
	uint32_t version, length;

	if (size < 44)
		return NULL;
	version = big_endian(data + 4);
	length = big_endian(data + 8);
	if (version > 2 || length > size - header_sizes[version])
		return NULL;
	return hef__file__unpack(NULL, length, data + header_sizes[version]);
}

static void find_ops(struct pp_hef *hef)
{
	for (size_t i = 0; i < hef->group->n_ops; i++) {
		const Hef__Op *op = hef->group->ops[i];

		if (op->body_case == HEF__OP__BODY_CORE)
			hef->core = op;
		else if (!hef->op)
			hef->op = op;
	}
}

bool pp_hef_open(struct pp_hef *hef, const char *path)
{
	size_t size;
	uint8_t *data = golden_read(path, &size);

	memset(hef, 0, sizeof(*hef));
	if (!data)
		return false;
	hef->file = unpack(data, size);
	free(data);
	if (!hef->file || !hef->file->n_groups)
		return false;
	hef->group = hef->file->groups[0];
	find_ops(hef);
	return hef->op && hef->core;
}

void pp_hef_close(struct pp_hef *hef)
{
	if (hef->file)
		hef__file__free_unpacked(hef->file, NULL);
	hef->file = NULL;
}

/* ---- streams ---- */

static enum h8l_order order_of(const char *name)
{
	static const struct {
		const char *name;
		enum h8l_order order;
	} orders[] = {
		{ "NHWC", H8L_ORDER_NHWC }, { "NHCW", H8L_ORDER_NHCW }, { "FCR", H8L_ORDER_FCR },
		{ "F8CR", H8L_ORDER_F8CR }, { "NC", H8L_ORDER_NC }, { "NHW", H8L_ORDER_NHW },
	};

	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++)
		if (!strcmp(orders[i].name, name))
			return orders[i].order;
	return H8L_ORDER_AUTO;
}

static struct h8l_shape shape_of(const char *line, const char *key)
{
	const char *at = json_find(line, key);
	struct h8l_shape shape = { 0 };

	if (at && sscanf(at, "[%u,%u,%u]", &shape.height, &shape.width, &shape.features) != 3)
		shape.height = 0;
	return shape;
}

void pp_hef_add_stream(struct pp_hef *hef, const char *line)
{
	unsigned int i = hef->stream_count;
	struct pp_tensor *t = &hef->streams[i];
	char direction[8], order[16];

	json_string(line, "direction", direction, sizeof(direction));
	if (strcmp(direction, "out") || i == PP_HEF_OUTPUTS)
		return;
	json_string(line, "order", order, sizeof(order));
	json_string(line, "name", hef->names[i], sizeof(hef->names[i]));
	hef->stream_index[i] = (unsigned int)json_number(line, "index", 0);
	t->name = hef->names[i];
	t->order = order_of(order);
	t->data_bytes = (uint8_t)json_number(line, "hw_data_bytes", 1);
	t->shape = shape_of(line, "shape");
	t->device_shape = shape_of(line, "hw_shape");
	t->zero_point = (float)json_number(line, "zp", 0);
	t->scale = (float)json_number(line, "scale", 1);
	hef->stream_count++;
}

static unsigned int find_stream(const struct pp_hef *hef, const char *name)
{
	for (unsigned int i = 0; i < hef->stream_count; i++)
		if (!strcmp(hef->names[i], name))
			return i;
	return PP_HEF_OUTPUTS;
}

/* Which stream is an output pad of the core? */
static unsigned int pad_stream(const struct pp_hef *hef, uint32_t pad)
{
	const Hef__OpCore *core = hef->core->core;

	for (size_t c = 0; c < core->n_contexts; c++) {
		const Hef__ContextInfo *info = core->contexts[c]->info;

		for (size_t i = 0; info && i < info->n_edges; i++) {
			const Hef__Edge *edge = info->edges[i];

			if (edge->direction == HEF__EDGE__DIRECTION__OUTPUT &&
			    edge->body_case == HEF__EDGE__BODY_LAYER &&
			    edge->pad_case == HEF__EDGE__PAD_PAD_INDEX && edge->pad_index == pad)
				return find_stream(hef, edge->layer->name);
		}
	}
	return PP_HEF_OUTPUTS;
}

/* ---- heads ---- */

static void set_image(struct pp_nms *nms, double height, double width)
{
	nms->image_height = (float)height;
	nms->image_width = (float)width;
}

static struct pp_decoder *add_decoder(struct pp_hef *hef)
{
	return &hef->decoders[hef->nms.decoder_count++];
}

static void add_anchors(struct pp_hef *hef, struct pp_decoder *d, size_t count)
{
	d->anchors = hef->anchors[d - hef->decoders];
	d->anchor_count = (unsigned int)count;
}

static void read_anchor_decoders(struct pp_hef *hef, Hef__AnchorDecoder *const *decoders,
				 size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct pp_decoder *d = add_decoder(hef);

		d->boxes = pad_stream(hef, decoders[i]->pad);
		add_anchors(hef, d, decoders[i]->n_widths);
		for (size_t k = 0; k < d->anchor_count && k < PP_HEF_ANCHORS; k++)
			hef->anchors[d - hef->decoders][k] = (struct pp_anchor){
				.width = (float)(int32_t)decoders[i]->widths[k],
				.height = (float)(int32_t)decoders[i]->heights[k],
			};
	}
}

static void read_yolov5(struct pp_hef *hef, const Hef__Yolov5 *op)
{
	hef->nms.head = PP_YOLOV5;
	set_image(&hef->nms, op->image_height, op->image_width);
	read_anchor_decoders(hef, op->decoders, op->n_decoders);
}

static void read_yolov5_seg(struct pp_hef *hef, const Hef__Yolov5Seg *op)
{
	hef->nms.head = PP_YOLOV5_SEG;
	hef->nms.output = PP_BYTE_MASK;
	set_image(&hef->nms, op->image_height, op->image_width);
	read_anchor_decoders(hef, op->decoders, op->n_decoders);
	hef->nms.prototypes = find_stream(hef, op->masks->layer);
	hef->nms.mask_threshold = (float)op->mask_threshold;
	hef->nms.max_mask_bytes =
		(uint32_t)(hef->nms.image_height * hef->nms.image_width * 2.0f);
}

static void read_yolov8(struct pp_hef *hef, const Hef__Yolov8 *op)
{
	hef->nms.head = PP_YOLOV8;
	set_image(&hef->nms, op->image_height, op->image_width);
	for (size_t i = 0; i < op->n_decoders; i++) {
		struct pp_decoder *d = add_decoder(hef);

		d->boxes = pad_stream(hef, op->decoders[i]->box_pad);
		d->classes = pad_stream(hef, op->decoders[i]->class_pad);
		d->stride = op->decoders[i]->stride;
	}
}

static void read_yolox(struct pp_hef *hef, const Hef__Yolox *op)
{
	hef->nms.head = PP_YOLOX;
	for (size_t i = 0; i < op->n_decoders; i++) {
		struct pp_decoder *d = add_decoder(hef);

		d->boxes = pad_stream(hef, op->decoders[i]->box_pad);
		d->classes = pad_stream(hef, op->decoders[i]->class_pad);
		d->objects = pad_stream(hef, op->decoders[i]->object_pad);
	}
}

static void read_ssd_places(struct pp_nms *nms, const Hef__Ssd *op)
{
	bool none = !op->ty && !op->tx && !op->th && !op->tw;

	nms->ty = op->ty;
	nms->tx = none ? 1 : op->tx;
	nms->th = none ? 2 : op->th;
	nms->tw = none ? 3 : op->tw;
}

static void read_ssd(struct pp_hef *hef, const Hef__Ssd *op)
{
	hef->nms.head = PP_SSD;
	hef->nms.centre_scale = (float)op->centre_scale;
	hef->nms.size_scale = (float)op->size_scale;
	read_ssd_places(&hef->nms, op);
	for (size_t i = 0; i < op->n_decoders; i++) {
		struct pp_decoder *d = add_decoder(hef);

		d->boxes = pad_stream(hef, op->decoders[i]->box_pad);
		d->classes = pad_stream(hef, op->decoders[i]->class_pad);
		add_anchors(hef, d, op->decoders[i]->n_widths);
		for (size_t k = 0; k < d->anchor_count && k < PP_HEF_ANCHORS; k++)
			hef->anchors[i][k] = (struct pp_anchor){
				.width = op->decoders[i]->widths[k],
				.height = op->decoders[i]->heights[k],
			};
	}
}

static bool read_head(struct pp_hef *hef, const Hef__OpNms *op)
{
	switch (op->head_case) {
	case HEF__OP_NMS__HEAD_YOLOV5:
		read_yolov5(hef, op->yolov5);
		return true;
	case HEF__OP_NMS__HEAD_YOLOV5_SEG:
		read_yolov5_seg(hef, op->yolov5_seg);
		return true;
	case HEF__OP_NMS__HEAD_YOLOV8:
		read_yolov8(hef, op->yolov8);
		return true;
	case HEF__OP_NMS__HEAD_YOLOX:
		read_yolox(hef, op->yolox);
		return true;
	case HEF__OP_NMS__HEAD_SSD:
		read_ssd(hef, op->ssd);
		return true;
	default:
		return false;
	}
}

static bool read_nms(struct pp_hef *hef, const Hef__OpNms *op)
{
	struct pp_nms *nms = &hef->nms;

	*nms = (struct pp_nms){
		.output = op->boxes_only ? PP_BOXES : PP_BY_CLASS,
		.tensors = hef->streams,
		.tensor_count = hef->stream_count,
		.decoders = hef->decoders,
		.score_threshold = (float)op->score_threshold,
		.iou_threshold = (float)op->iou_threshold,
		.classes = op->classes,
		.background_removal = op->background_removal,
		.background = op->background_index,
		.max_per_class = op->max_boxes,
		.max_total = op->max_boxes * op->classes,
	};
	return read_head(hef, op);
}

static bool read_logits(struct pp_hef *hef, const Hef__OpLogits *op)
{
	for (size_t i = 0; i < hef->group->n_pad_edges; i++)
		if (hef->group->pad_edges[i]->sink == hef->op->inputs[0]->index)
			hef->logits_stream =
				pad_stream(hef, hef->group->pad_edges[i]->source);
	hef->kind = op->kind == HEF__OP_LOGITS__KIND__SOFTMAX ? PP_HEF_SOFTMAX : PP_HEF_ARGMAX;
	return hef->logits_stream < hef->stream_count;
}

bool pp_hef_finish(struct pp_hef *hef)
{
	const Hef__Op *op = hef->op;

	snprintf(hef->output, sizeof(hef->output), "%s", op->outputs[0]->name);
	if (op->body_case == HEF__OP__BODY_LOGITS)
		return read_logits(hef, op->logits);
	hef->kind = PP_HEF_NMS;
	return op->body_case == HEF__OP__BODY_NMS && read_nms(hef, op->nms);
}
