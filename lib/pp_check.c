// SPDX-License-Identifier: MIT
/*
 * Whether the parameters of a head fit together and to its tensors: after this
 * nothing that a frame contains can lead out of bounds. Parameters come from a
 * file that anybody may have written.
 */
#include <errno.h>
#include <math.h>

#include "postprocess.h"

#define MAX_SIDE	(1u << 16)
#define MAX_ELEMENTS	(1ull << 28)
#define MAX_ANCHORS	1024
#define MAX_DECODERS	64
#define MAX_CLASSES	UINT16_MAX	/* class ids are 16 bits in the output */
#define MAX_FRAME	(1ull << 30)	/* bytes of output */
#define MAX_IMAGE	16384.0f	/* pixels of a side of a mask */

static int wrong(const char **reason, const char *text)
{
	if (reason)
		*reason = text;
	return -EINVAL;
}

static bool side_ok(uint32_t side, uint32_t padded)
{
	return side && side <= padded && padded <= MAX_SIDE;
}

int pp_tensor_check(const struct pp_tensor *t, const char **reason)
{
	const struct h8l_shape *d = &t->device_shape;

	if (t->data_bytes != 1 && t->data_bytes != 2)
		return wrong(reason, "an element of the tensor is neither one nor two bytes");
	if (!side_ok(t->shape.height, d->height) || !side_ok(t->shape.width, d->width) ||
	    !side_ok(t->shape.features, d->features))
		return wrong(reason, "the tensor is empty, too large, or larger than its padding");
	if ((uint64_t)d->height * d->width * d->features > MAX_ELEMENTS)
		return wrong(reason, "the tensor has more than 2^28 elements");
	if (!isfinite(t->zero_point) || !isfinite(t->scale))
		return wrong(reason, "scale or zero point of the tensor is not a number");
	return 0;
}

size_t pp_tensor_bytes(const struct pp_tensor *t)
{
	return (size_t)t->shape.height * t->device_shape.features * t->device_shape.width *
	       t->data_bytes;
}

/* A tensor of a head: NHCW with so many features */
static int check_input(const struct pp_nms *nms, unsigned int index, uint64_t features,
		       const char **reason)
{
	const struct pp_tensor *t;

	if (index >= nms->tensor_count)
		return wrong(reason, "a decoder names an output that does not exist");
	t = &nms->tensors[index];
	if (t->order != H8L_ORDER_NHCW)
		return wrong(reason, "an output of the head is not NHCW");
	if (t->shape.features != features)
		return wrong(reason, "an output of the head has the wrong number of features");
	return 0;
}

static int check_same_size(const struct pp_nms *nms, unsigned int a, unsigned int b,
			   const char **reason)
{
	const struct h8l_shape *x = &nms->tensors[a].shape, *y = &nms->tensors[b].shape;

	if (x->height != y->height || x->width != y->width)
		return wrong(reason, "outputs of one decoder differ in height or width");
	return 0;
}

static int check_anchors(const struct pp_decoder *d, const char **reason)
{
	if (!d->anchor_count || d->anchor_count > MAX_ANCHORS || !d->anchors)
		return wrong(reason, "a decoder has no anchors, or more than 1024");
	for (unsigned int i = 0; i < d->anchor_count; i++)
		if (!isfinite(d->anchors[i].width) || !isfinite(d->anchors[i].height))
			return wrong(reason, "an anchor is not a number");
	return 0;
}

static int check_yolov5(const struct pp_nms *nms, const struct pp_decoder *d, const char **reason)
{
	int err = check_anchors(d, reason);

	if (err)
		return err;
	return check_input(nms, d->boxes, (uint64_t)d->anchor_count * pp_entry_features(nms),
			   reason);
}

static int check_yolov8(const struct pp_nms *nms, const struct pp_decoder *d, const char **reason)
{
	uint32_t features = 0;
	int err;

	if (d->boxes < nms->tensor_count)
		features = nms->tensors[d->boxes].shape.features & ~3u;
	err = check_input(nms, d->boxes, features, reason);
	if (!err)
		err = check_input(nms, d->classes, nms->classes, reason);
	if (!err)
		err = check_same_size(nms, d->boxes, d->classes, reason);
	return err;
}

static int check_yolox(const struct pp_nms *nms, const struct pp_decoder *d, const char **reason)
{
	int err = check_input(nms, d->boxes, 4, reason);

	if (!err)
		err = check_input(nms, d->objects, 1, reason);
	if (!err)
		err = check_input(nms, d->classes, nms->classes, reason);
	if (!err)
		err = check_same_size(nms, d->boxes, d->classes, reason);
	if (!err)
		err = check_same_size(nms, d->boxes, d->objects, reason);
	return err;
}

static int check_ssd(const struct pp_nms *nms, const struct pp_decoder *d, const char **reason)
{
	int err = check_anchors(d, reason);

	if (!err)
		err = check_input(nms, d->boxes, 4ull * d->anchor_count, reason);
	if (!err)
		err = check_input(nms, d->classes, (uint64_t)d->anchor_count * nms->classes,
				  reason);
	if (!err)
		err = check_same_size(nms, d->boxes, d->classes, reason);
	return err;
}

static int check_decoder(const struct pp_nms *nms, const struct pp_decoder *d,
			 const char **reason)
{
	switch (nms->head) {
	case PP_YOLOV5:
	case PP_YOLOV5_SEG:
		return check_yolov5(nms, d, reason);
	case PP_YOLOV8:
		return check_yolov8(nms, d, reason);
	case PP_YOLOX:
		return check_yolox(nms, d, reason);
	case PP_SSD:
		return check_ssd(nms, d, reason);
	default:
		return wrong(reason, "a head without decoders has decoders");
	}
}

static int check_decoders(const struct pp_nms *nms, const char **reason)
{
	int err = 0;

	if (nms->head == PP_IOU ? nms->decoder_count : !nms->decoder_count)
		return wrong(reason, "the head has the wrong number of decoders");
	if (nms->decoder_count > MAX_DECODERS)
		return wrong(reason, "the head has more than 64 decoders");
	for (unsigned int i = 0; i < nms->tensor_count && !err; i++)
		err = pp_tensor_check(&nms->tensors[i], reason);
	if (err)
		return err;
	for (unsigned int i = 0; i < nms->decoder_count && !err; i++)
		err = check_decoder(nms, &nms->decoders[i], reason);
	return err;
}

/* The stock library keeps these in maps ordered by the name of the stream */
static bool sorted_by_name(const struct pp_nms *nms)
{
	return nms->head == PP_YOLOV5 || nms->head == PP_YOLOV5_SEG || nms->head == PP_SSD;
}

static int sort_decoders(struct pp_nms *nms, const char **reason)
{
	if (!sorted_by_name(nms))
		return 0;
	for (unsigned int i = 0; i < nms->decoder_count; i++)
		if (!nms->tensors[nms->decoders[i].boxes].name)
			return wrong(reason, "an output of the head has no name");
	for (unsigned int i = 1; i < nms->decoder_count; i++) {
		struct pp_decoder d = nms->decoders[i];
		unsigned int k = i;

		for (; k > 0 && strcmp(nms->tensors[nms->decoders[k - 1].boxes].name,
				       nms->tensors[d.boxes].name) > 0; k--)
			nms->decoders[k] = nms->decoders[k - 1];
		nms->decoders[k] = d;
	}
	for (unsigned int i = 1; i < nms->decoder_count; i++)
		if (!strcmp(nms->tensors[nms->decoders[i - 1].boxes].name,
			    nms->tensors[nms->decoders[i].boxes].name))
			return wrong(reason, "two decoders read the same output");
	return 0;
}

static int check_classes(const struct pp_nms *nms, const char **reason)
{
	if (!nms->classes || nms->classes > MAX_CLASSES)
		return wrong(reason, "the head has no classes, or more than 65535");
	if (!nms->background_removal)
		return 0;
	if (nms->head != PP_SSD)
		return wrong(reason, "only SSD can remove a background class");
	if (nms->classes < 2)
		return wrong(reason, "the background is the only class");
	if (nms->background && nms->background != nms->classes - 1)
		return wrong(reason, "the background is neither the first nor the last class");
	return 0;
}

static int check_output(const struct pp_nms *nms, const char **reason)
{
	bool masks = nms->head == PP_YOLOV5_SEG;

	if ((nms->output == PP_BYTE_MASK) != masks)
		return wrong(reason, "masks go with the segmentation head, and only with it");
	if (nms->output == PP_BOXES && nms->head != PP_YOLOV5 && nms->head != PP_YOLOV8)
		return wrong(reason, "this head cannot give all boxes");
	if (nms->output > PP_BOXES)
		return wrong(reason, "unknown output format");
	return 0;
}

static bool image_side_ok(float side)
{
	return isfinite(side) && side > 0.0f;
}

static int check_numbers(const struct pp_nms *nms, const char **reason)
{
	if (isnan(nms->score_threshold) || isnan(nms->iou_threshold) ||
	    isnan(nms->mask_threshold))
		return wrong(reason, "a threshold is not a number");
	if (nms->head == PP_SSD) {
		if (!isfinite(nms->centre_scale) || !isfinite(nms->size_scale) ||
		    nms->centre_scale == 0.0f || nms->size_scale == 0.0f)
			return wrong(reason, "a scale factor of the boxes is 0 or not a number");
		if (nms->tx > 3 || nms->ty > 3 || nms->tw > 3 || nms->th > 3)
			return wrong(reason, "a box has four values");
	} else if (nms->head != PP_YOLOX && nms->head != PP_IOU) {
		if (!image_side_ok(nms->image_height) || !image_side_ok(nms->image_width))
			return wrong(reason, "the size of the image is not a positive number");
	}
	return 0;
}

static int check_masks(const struct pp_nms *nms, const char **reason)
{
	const struct pp_tensor *t;
	int err;

	if (nms->head != PP_YOLOV5_SEG)
		return 0;
	err = check_input(nms, nms->prototypes, PP_MASK_COEFFICIENTS, reason);
	if (err)
		return err;
	t = &nms->tensors[nms->prototypes];
	if (nms->image_height < 1.0f || nms->image_height > MAX_IMAGE ||
	    nms->image_width < 1.0f || nms->image_width > MAX_IMAGE)
		return wrong(reason, "masks are possible for images from 1 to 16384 pixels");
	if (t->shape.height > MAX_IMAGE || t->shape.width > MAX_IMAGE)
		return wrong(reason, "the prototypes of the masks are too large");
	return 0;
}

static int check_chip(const struct pp_nms *nms, const char **reason)
{
	uint64_t records = (uint64_t)nms->classes * (nms->chunks ? nms->chunks : 1);

	if (nms->head == PP_IOU && (nms->chunks > MAX_SIDE || records > MAX_ELEMENTS ||
				    nms->max_chip_boxes > UINT16_MAX))
		return wrong(reason, "the chip reports too many boxes");
	return 0;
}

static int check_frame(const struct pp_nms *nms, const char **reason)
{
	uint64_t most = nms->output == PP_BY_CLASS ? nms->max_per_class : nms->max_total;

	/* also bounds the time of a frame: candidates times boxes kept */
	if (nms->output == PP_BY_CLASS && nms->max_per_class > UINT16_MAX)
		return wrong(reason, "more than 65535 boxes of a class");
	if (most * nms->classes > MAX_FRAME || pp_nms_frame_size(nms) > MAX_FRAME)
		return wrong(reason, "an output frame would be larger than 1 GiB");
	return 0;
}

int pp_nms_check(struct pp_nms *nms, const char **reason)
{
	int err = check_classes(nms, reason);

	if (!err)
		err = check_output(nms, reason);
	if (!err)
		err = check_numbers(nms, reason);
	if (!err)
		err = check_decoders(nms, reason);
	if (!err)
		err = check_masks(nms, reason);
	if (!err)
		err = check_chip(nms, reason);
	if (!err)
		err = check_frame(nms, reason);
	if (!err)
		err = sort_decoders(nms, reason);
	return err;
}
