// SPDX-License-Identifier: MIT
/*
 * Post-processing: heads with spoilt parameters on arbitrary data, and the
 * detections of a chip that does NMS itself. Buffers are exactly as large as
 * asked for.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tests/unit/pp_case.h"

#define MOST_BYTES (1u << 20)

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

static uint32_t any_number(struct bytes *in)
{
	uint8_t kind = take_byte(in);

	return kind & 1 ? take_number(in, 1) : kind & 2 ? take_number(in, 2) : take_number(in, 4);
}

static float any_real(struct bytes *in)
{
	uint32_t bits = take_number(in, 4);
	float value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

/* ---- heads ---- */

static void spoil_tensor(struct pp_case *c, struct bytes *in)
{
	struct pp_tensor *t = &c->tensors[take_byte(in) % c->nms.tensor_count];
	uint32_t *sides[] = { &t->shape.height, &t->shape.width, &t->shape.features,
			      &t->device_shape.height, &t->device_shape.width,
			      &t->device_shape.features };
	uint8_t which = take_byte(in) % 10;

	if (which < 6)
		*sides[which] = any_number(in);
	else if (which == 6)
		t->zero_point = any_real(in);
	else if (which == 7)
		t->scale = any_real(in);
	else if (which == 8)
		t->data_bytes = take_byte(in) % 4;
	else
		t->order = (enum h8l_order)(take_byte(in) % 24);
}

static void spoil_decoder(struct pp_case *c, struct bytes *in)
{
	struct pp_decoder *d = &c->decoders[take_byte(in) % c->nms.decoder_count];
	uint32_t tensors = c->nms.tensor_count + 1;

	switch (take_byte(in) % 6) {
	case 0:
		d->boxes = take_byte(in) % tensors;
		break;
	case 1:
		d->classes = take_byte(in) % tensors;
		break;
	case 2:
		d->objects = any_number(in);
		break;
	case 3:
		d->stride = any_number(in);
		break;
	case 4:
		d->anchor_count = take_byte(in) % (CASE_ANCHORS + 1);
		break;
	default:
		c->anchors[d - c->decoders][0].width = any_real(in);
		break;
	}
}

static void spoil_head(struct pp_case *c, struct bytes *in)
{
	struct pp_nms *nms = &c->nms;
	uint32_t *numbers[] = { &nms->classes, &nms->background, &nms->max_per_class,
				&nms->max_total, &nms->ty, &nms->tx, &nms->th, &nms->tw,
				&nms->max_mask_bytes, &nms->chunks, &nms->max_chip_boxes,
				&nms->prototypes };
	float *reals[] = { &nms->score_threshold, &nms->iou_threshold, &nms->image_height,
			   &nms->image_width, &nms->centre_scale, &nms->size_scale,
			   &nms->mask_threshold };
	uint8_t which = take_byte(in) % 22;

	if (which < 12)
		*numbers[which] = any_number(in);
	else if (which < 19)
		*reals[which - 12] = any_real(in);
	else if (which == 19)
		nms->head = (enum pp_head)(take_byte(in) % 7);
	else if (which == 20)
		nms->output = (enum pp_output)(take_byte(in) % 5);
	else
		nms->background_removal = !nms->background_removal;
}

static void spoil(struct pp_case *c, struct bytes *in)
{
	switch (take_byte(in) % 3) {
	case 0:
		spoil_tensor(c, in);
		break;
	case 1:
		spoil_decoder(c, in);
		break;
	default:
		spoil_head(c, in);
		break;
	}
}

static bool is_small(const struct pp_case *c)
{
	for (unsigned int i = 0; i < c->nms.tensor_count; i++)
		if (pp_tensor_bytes(&c->tensors[i]) > MOST_BYTES / 16)
			return false;
	return pp_nms_frame_size(&c->nms) <= MOST_BYTES;
}

/* What is left of the input is the data of the first tensors, over and over */
static void put_data(struct pp_case *c, struct bytes in)
{
	if (!in.size)
		return;
	for (unsigned int i = 0; i < c->nms.tensor_count; i++) {
		uint8_t *data = (uint8_t *)(uintptr_t)c->inputs[i].data;

		for (size_t k = 0; k < c->inputs[i].size; k++)
			data[k] = in.data[(k + i) % in.size];
	}
}

static void run_head(struct bytes *in)
{
	static const enum pp_head heads[] = { PP_YOLOV5, PP_YOLOV5_SEG, PP_YOLOV8, PP_YOLOX,
					      PP_SSD };
	enum pp_head head = heads[take_byte(in) % 5];
	const char *reason = NULL;
	struct pp_case c;
	int64_t size;

	case_make(&c, head, take_number(in, 2));
	for (unsigned int n = take_byte(in) % 6; n; n--)
		spoil(&c, in);
	size = pp_nms_workspace(&c.nms, &reason);
	if (size < 0 && !reason)
		abort();
	if (size >= 0 && size <= MOST_BYTES && c.nms.head != PP_IOU && is_small(&c)) {
		case_fill(&c);
		put_data(&c, *in);
		if (case_prepare(&c) || case_run(&c) < 0)
			abort();
	}
	case_free(&c);
}

/* ---- NMS on the chip ---- */

static bool feed_frame(struct pp_onchip_reader *reader, struct bytes *in)
{
	while (in->size) {
		size_t size = take_byte(in) * 8u + (in->size > 4000);
		uint8_t *transfer;
		int done;

		if (size > in->size)
			size = in->size;
		transfer = malloc(size ? size : 1);
		memcpy(transfer, in->data, size);
		in->data += size;
		in->size -= size;
		done = pp_onchip_feed(reader, transfer, size);
		free(transfer);
		if (done)
			return done > 0;
	}
	return false;
}

static void run_onchip(struct bytes *in)
{
	struct pp_onchip nms = {
		.classes = any_number(in), .max_per_class = any_number(in),
		.chunks = any_number(in), .burst = any_number(in), .bursts = take_byte(in) & 1,
		.zero_point = any_real(in), .scale = any_real(in),
	};
	struct pp_onchip_reader reader;
	const char *reason = NULL;
	int64_t size = pp_onchip_workspace(&nms, &reason);
	uint64_t frame = size < 0 ? 0 : pp_onchip_frame_size(&nms);
	void *workspace, *output;

	if (size < 0 && !reason)
		abort();
	if (size < 0 || size > MOST_BYTES || frame > MOST_BYTES)
		return;
	workspace = malloc((size_t)size);
	output = malloc(frame ? frame : 1);
	pp_onchip_start(&reader, &nms, workspace);
	if (feed_frame(&reader, in) && pp_onchip_merge(&nms, &reader, 1, output, frame))
		abort();
	free(output);
	free(workspace);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = { data, size };

	if (take_byte(&in) % 4)
		run_head(&in);
	else
		run_onchip(&in);
	return 0;
}
