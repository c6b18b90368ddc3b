// SPDX-License-Identifier: MIT
/*
 * A detection head from its workspace to its frames: sizes, layout, and the
 * steps of a frame (reference formats.md 10 and 11.1).
 */
#include <errno.h>

#include "postprocess.h"

#define MAX_WORKSPACE	(1ull << 30)
#define BOX_BYTES	20		/* box and score */
#define SCORED_BYTES	22		/* and class */
#define MASKED_BYTES	38		/* and size and address of the mask */
#define COUNT_BYTES	2

uint32_t pp_nms_classes(const struct pp_nms *nms)
{
	return nms->classes - (nms->background_removal ? 1 : 0);
}

static uint32_t anchors(const struct pp_nms *nms, const struct pp_decoder *d)
{
	return nms->head == PP_YOLOV8 || nms->head == PP_YOLOX ? 1 : d->anchor_count;
}

static uint64_t decoder_boxes(const struct pp_nms *nms, const struct pp_decoder *d)
{
	const struct h8l_shape *shape = &nms->tensors[d->boxes].shape;

	return (uint64_t)shape->height * shape->width * anchors(nms, d);
}

static uint64_t all_boxes(const struct pp_nms *nms)
{
	uint64_t sum = 0;

	if (nms->head == PP_IOU)
		return (uint64_t)nms->classes * (nms->chunks ? nms->chunks : 1) *
		       nms->max_chip_boxes;
	for (unsigned int i = 0; i < nms->decoder_count; i++)
		sum += decoder_boxes(nms, &nms->decoders[i]);
	return sum;
}

uint32_t pp_nms_boxes(const struct pp_nms *nms)
{
	return (uint32_t)all_boxes(nms);
}

uint32_t pp_nms_box_floats(const struct pp_nms *nms)
{
	return 4 + nms->classes + (nms->head == PP_YOLOV5 ? 1 : 0);
}

uint64_t pp_nms_frame_size(const struct pp_nms *nms)
{
	switch (nms->output) {
	case PP_BY_CLASS:
		return (uint64_t)pp_nms_classes(nms) *
		       (sizeof(float) + (uint64_t)BOX_BYTES * nms->max_per_class);
	case PP_BY_SCORE:
		return COUNT_BYTES + (uint64_t)SCORED_BYTES * nms->max_total;
	case PP_BYTE_MASK:
		return COUNT_BYTES + (uint64_t)MASKED_BYTES * nms->max_total +
		       nms->max_mask_bytes;
	default:
		return all_boxes(nms) * pp_nms_box_floats(nms) * sizeof(float);
	}
}

/* ---- layout of the workspace ---- */

struct layout {
	uint8_t *base;		/* NULL to count only */
	uint64_t used;
};

static void *take(struct layout *layout, uint64_t count, size_t size)
{
	void *place = layout->base ? layout->base + layout->used : NULL;

	layout->used += (count * size + 15) / 16 * 16;
	return place;
}

/* The largest over all decoders */
struct row_size {
	uint64_t elements, columns, line;
};

static void grow(uint64_t *value, uint64_t at_least)
{
	if (*value < at_least)
		*value = at_least;
}

static unsigned int scanned_tensor(const struct pp_nms *nms, const struct pp_decoder *d)
{
	if (nms->head == PP_YOLOX)
		return d->objects;
	return nms->head == PP_YOLOV5 || nms->head == PP_YOLOV5_SEG ? d->boxes : d->classes;
}

/* Lines of a row that are scanned: of YOLOv5 and YOLOX, objectness alone */
static uint32_t scanned_lines(const struct pp_nms *nms, const struct pp_decoder *d)
{
	switch (nms->head) {
	case PP_YOLOV5:
	case PP_YOLOV5_SEG:
		return d->anchor_count;
	case PP_YOLOX:
		return 1;
	case PP_SSD:
		return d->anchor_count * nms->classes;
	default:
		return nms->classes;
	}
}

static struct row_size largest_row(const struct pp_nms *nms)
{
	struct row_size row = { 0 };

	for (unsigned int i = 0; i < nms->decoder_count; i++) {
		const struct pp_decoder *d = &nms->decoders[i];
		uint32_t width = nms->tensors[scanned_tensor(nms, d)].device_shape.width;

		grow(&row.elements, (uint64_t)scanned_lines(nms, d) * width);
		grow(&row.columns, width);
		if (nms->head == PP_YOLOV8)
			grow(&row.line, nms->tensors[d->boxes].shape.features / 4);
	}
	return row;
}

static void lay_out_axis(struct pp_axis *axis, struct layout *layout, uint32_t in, float out)
{
	axis->in = in;
	axis->out = (uint32_t)out;
	axis->taps = pp_axis_taps(in, axis->out);
	axis->first = take(layout, axis->out, sizeof(*axis->first));
	axis->weights = take(layout, (uint64_t)axis->out * axis->taps, sizeof(*axis->weights));
}

static void lay_out_masks(const struct pp_nms *nms, struct pp_state *state, struct layout *layout,
			  uint64_t boxes)
{
	const struct h8l_shape *shape = &nms->tensors[nms->prototypes].shape;

	state->origins = take(layout, boxes, sizeof(*state->origins));
	lay_out_axis(&state->vertical, layout, shape->height, nms->image_height);
	lay_out_axis(&state->horizontal, layout, shape->width, nms->image_width);
	state->line = take(layout, shape->width + 4ull, sizeof(*state->line));
	state->wide = take(layout, (uint64_t)shape->height * state->horizontal.out,
			   sizeof(*state->wide));
}

static void lay_out(const struct pp_nms *nms, struct pp_state *state, struct layout *layout)
{
	struct row_size row = largest_row(nms);
	uint64_t boxes = all_boxes(nms);
	uint64_t scores = nms->head == PP_IOU ? boxes : boxes * nms->classes;

	take(layout, 1, sizeof(*state));
	state->line = take(layout, row.line, sizeof(*state->line));
	if (nms->head == PP_YOLOV8)
		state->exponentials = take(layout, (uint64_t)nms->decoder_count << 8,
					   sizeof(*state->exponentials));
	if (nms->output == PP_BOXES)
		return;
	state->boxes = take(layout, boxes, sizeof(*state->boxes));
	state->candidates = take(layout, scores, sizeof(*state->candidates));
	state->spans = take(layout, nms->decoder_count, sizeof(*state->spans));
	state->found = take(layout, row.elements, sizeof(*state->found));
	state->links = take(layout, row.elements, sizeof(*state->links));
	state->columns = take(layout, row.columns, sizeof(*state->columns));
	state->kept_last = take(layout, nms->classes, sizeof(*state->kept_last));
	state->kept_count = take(layout, nms->classes, sizeof(*state->kept_count));
	if (nms->head == PP_YOLOV5_SEG)
		lay_out_masks(nms, state, layout, boxes);
}

int64_t pp_nms_workspace(struct pp_nms *nms, const char **reason)
{
	struct layout layout = { 0 };
	struct pp_state state = { 0 };
	int err = pp_nms_check(nms, reason);

	if (err)
		return err;
	lay_out(nms, &state, &layout);
	if (layout.used > MAX_WORKSPACE) {
		if (reason)
			*reason = "post-processing would need more than 1 GiB of memory";
		return -E2BIG;
	}
	return (int64_t)layout.used;
}

void pp_nms_init(const struct pp_nms *nms, void *workspace)
{
	struct layout layout = { .base = workspace };
	struct pp_state *state = workspace;

	*state = (struct pp_state){ 0 };
	lay_out(nms, state, &layout);
	if (nms->head == PP_YOLOV8)
		pp_yolov8_tables(nms, state);
	if (nms->output == PP_BOXES)
		return;
	for (unsigned int i = 0; i < nms->decoder_count; i++) {
		unsigned int t = scanned_tensor(nms, &nms->decoders[i]);

		state->spans[i] = pp_span(&nms->tensors[t], nms->score_threshold,
					  nms->head == PP_YOLOV5_SEG);
	}
	if (nms->head != PP_YOLOV5_SEG)
		return;
	pp_axis_init(&state->vertical);
	pp_axis_init(&state->horizontal);
}

/* ---- a frame ---- */

static void scan_decoder(const struct pp_nms *nms, struct pp_state *state,
			 const struct pp_input *inputs, unsigned int index)
{
	struct pp_scan scan = {
		.nms = nms,
		.state = state,
		.inputs = inputs,
		.decoder = &nms->decoders[index],
		.last_cell = UINT64_MAX,
	};

	switch (nms->head) {
	case PP_YOLOV8:
		pp_yolov8_scan(&scan);
		break;
	case PP_YOLOX:
		pp_yolox_scan(&scan);
		break;
	case PP_SSD:
		pp_ssd_scan(&scan);
		break;
	default:
		pp_yolov5_scan(&scan);
		break;
	}
	pp_scan_tensor(&scan, &state->spans[index]);
}

static bool inputs_ok(const struct pp_nms *nms, const struct pp_input *inputs)
{
	for (unsigned int i = 0; i < nms->tensor_count; i++)
		if (inputs[i].size < pp_tensor_bytes(&nms->tensors[i]))
			return false;
	return true;
}

/* The count in the frame has 16 bits */
static uint32_t most_detections(const struct pp_nms *nms)
{
	return nms->max_total < UINT16_MAX ? nms->max_total : UINT16_MAX;
}

static int finish(const struct pp_nms *nms, struct pp_state *state,
		  const struct pp_input *inputs, void *output)
{
	pp_sort(state->candidates, state->candidate_count);
	switch (nms->output) {
	case PP_BY_CLASS:
		pp_suppress(nms, state, nms->max_per_class, UINT32_MAX);
		pp_emit_by_class(nms, state, output);
		return 0;
	case PP_BY_SCORE:
		pp_suppress(nms, state, UINT32_MAX, most_detections(nms));
		pp_emit_by_score(nms, state, output);
		return 0;
	default:
		pp_suppress(nms, state, UINT32_MAX, most_detections(nms));
		return pp_emit_masks(nms, state, inputs, output,
				     (size_t)pp_nms_frame_size(nms));
	}
}

int pp_nms_run(const struct pp_nms *nms, void *workspace, const struct pp_input *inputs,
	       void *output, size_t size)
{
	struct pp_state *state = workspace;

	if (nms->head == PP_IOU || size < pp_nms_frame_size(nms) || !inputs_ok(nms, inputs))
		return -EINVAL;
	if (nms->output == PP_BOXES) {
		pp_write_boxes(nms, state, inputs, output);
		return 0;
	}
	state->candidate_count = 0;
	state->box_count = 0;
	for (unsigned int i = 0; i < nms->decoder_count; i++)
		scan_decoder(nms, state, inputs, i);
	return finish(nms, state, inputs, output);
}
