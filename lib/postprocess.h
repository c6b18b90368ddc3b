/* SPDX-License-Identifier: MIT */
/*
 * What the host computes from the outputs of a network: detections, class
 * maps, probabilities. Pure functions: everything they need comes in as an
 * argument, the caller allocates a workspace once, and nothing is allocated
 * per frame. The results are those of the stock library 4.23.0 on x86-64, bit
 * for bit (reference formats.md, sections 9 to 12), save where it reads or
 * writes out of bounds; differences are written at the functions.
 *
 * Use: fill in a struct pp_nms from the metadata; pp_nms_workspace() checks it
 * and says how much memory is needed; pp_nms_init() once; pp_nms_run() per
 * frame. One workspace serves one frame at a time. Nothing here is
 * thread-safe on the same workspace; different ones are independent.
 *
 * No content of a tensor and no parameter that passed the check can make these
 * functions read or write out of bounds or run without end.
 */
#ifndef H8L_POSTPROCESS_H
#define H8L_POSTPROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "hailo8l.h"

/* An output of the device, as the DMA delivers it */
struct pp_tensor {
	const char *name;		/* of the stream: sorts the decoders of some heads */
	enum h8l_order order;		/* of the device */
	uint8_t data_bytes;		/* 1 or 2 */
	struct h8l_shape shape;		/* what counts */
	struct h8l_shape device_shape;	/* with padding: the pitch */
	float zero_point;		/* real = (q - zero_point) * scale */
	float scale;
};

struct pp_input {
	const void *data;
	size_t size;			/* bytes, at least what the tensor needs */
};

/* ---- detection heads with non-maximum suppression ---- */

enum pp_head {
	PP_YOLOV5,
	PP_YOLOV5_SEG,
	PP_YOLOV8,
	PP_YOLOX,
	PP_SSD,
	PP_IOU,				/* on-chip NMS, suppression on the host */
};

enum pp_output {
	PP_BY_CLASS,			/* formats.md 10 */
	PP_BY_SCORE,
	PP_BYTE_MASK,			/* PP_YOLOV5_SEG only, and nothing else for it */
	PP_BOXES,			/* every box decoded, no threshold: YOLOv5, YOLOv8 */
};

struct pp_anchor {
	float width, height;		/* YOLOv5: pixels; SSD: fractions of the image */
};

/* One scale of a head. Tensors are indices into pp_nms.tensors. */
struct pp_decoder {
	unsigned int boxes;		/* YOLOv5: everything is in this one */
	unsigned int classes;		/* YOLOv8, YOLOX, SSD */
	unsigned int objects;		/* YOLOX */
	uint32_t stride;		/* YOLOv8, pixels */
	const struct pp_anchor *anchors;	/* YOLOv5, SSD */
	unsigned int anchor_count;
};

struct pp_nms {
	enum pp_head head;
	enum pp_output output;
	const struct pp_tensor *tensors;
	unsigned int tensor_count;
	struct pp_decoder *decoders;	/* sorted by pp_nms_workspace() if the head wants it */
	unsigned int decoder_count;
	float score_threshold;		/* a score passes if it is >= */
	float iou_threshold;		/* a box goes if its overlap is >= */
	uint32_t classes;		/* the background counts */
	bool background_removal;	/* SSD: class `background` is never reported */
	uint32_t background;		/* the first or the last class */
	uint32_t max_per_class;		/* PP_BY_CLASS */
	uint32_t max_total;		/* PP_BY_SCORE, PP_BYTE_MASK; above 65535 means 65535 */
	float image_height, image_width;	/* pixels: YOLOv5, YOLOv8 */
	/* SSD: divisors, and where in a box the four values lie */
	float centre_scale, size_scale;
	uint32_t ty, tx, th, tw;
	/* YOLOv5-seg */
	unsigned int prototypes;	/* tensor */
	float mask_threshold;		/* of the sigmoid */
	uint32_t max_mask_bytes;	/* of all masks of a frame */
	uint32_t chunks;		/* PP_IOU: as in struct pp_onchip; 0 means 1 */
	uint32_t max_chip_boxes;	/* PP_IOU: pp_onchip.max_per_class */
};

/* From the metadata of a HEF (reference hef.md 5.8, lib/hef.proto), with doubles
 * rounded to float first:
 *   tensors	the streams that the op's input pads lead to, any order; names with
 *		"group/" or without, but all alike
 *   decoders	as they stand there. Anchors of YOLOv5 are int32 made float
 *   max_total	max_per_class * classes, unless the user says otherwise
 *   ty, tx, th, tw	0, 1, 2, 3 if all four are 0
 *   max_mask_bytes	2 * image_height * image_width in float, unless the user says otherwise
 *   output	PP_BOXES with boxes_only, else PP_BYTE_MASK with a mask head, else
 *		PP_BY_CLASS or what the user says
 */

#define PP_MASK_COEFFICIENTS	32

/* Checks everything, sorts the decoders, and returns the bytes of workspace
 * (any alignment malloc() gives; contents do not matter; for the worst frame,
 * so most pages are never touched), or -EINVAL and one sentence in *reason,
 * -E2BIG if it would be more than 1 GiB. tensors, decoders and anchors must
 * outlive the use of *nms.
 */
int64_t pp_nms_workspace(struct pp_nms *nms, const char **reason);

/* Bytes of an output frame of a *nms that was checked */
uint64_t pp_nms_frame_size(const struct pp_nms *nms);

/* Classes in the output: without the background that is removed */
uint32_t pp_nms_classes(const struct pp_nms *nms);

/* Boxes of a PP_BOXES frame, and floats of each */
uint32_t pp_nms_boxes(const struct pp_nms *nms);
uint32_t pp_nms_box_floats(const struct pp_nms *nms);

/* Again after any change of *nms */
void pp_nms_init(const struct pp_nms *nms, void *workspace);

/* One frame: inputs[i] is the content of tensors[i]. Bytes of the output that
 * formats.md 10 does not define are left alone, but masks are written in full
 * (0 outside the image). Returns 0; 1 if PP_BYTE_MASK ended early because
 * max_mask_bytes ran out (what is there is valid, highest scores first);
 * -EINVAL if a buffer is too small.
 *
 * Other than the stock library: PP_BY_SCORE never writes more than max_total
 * detections; PP_BYTE_MASK counts only what it wrote and never writes outside
 * a mask; a detection with score 0 is not counted (it never had a box).
 */
int pp_nms_run(const struct pp_nms *nms, void *workspace, const struct pp_input *inputs,
	       void *output, size_t size);

/* ---- NMS on the chip ---- */

/* A stream, or the sum of several streams that make one output (their classes
 * added up, everything else equal).
 */
struct pp_onchip {
	uint32_t classes;
	uint32_t max_per_class;		/* per chunk */
	uint32_t chunks;		/* per frame, at least 1 */
	uint32_t burst;			/* items of a burst; unused without bursts */
	bool bursts;			/* a class starts at a burst, else items follow each other */
	float zero_point, scale;	/* of coordinates and scores */
};

/* Collects the items of one frame of one stream */
struct pp_onchip_reader {
	const struct pp_onchip *nms;
	uint64_t *items;
	uint32_t *starts;		/* of record r (chunk by chunk, class by class) */
	uint32_t records;		/* complete */
	uint32_t count;			/* items */
	uint32_t in_record;		/* items of the one that is not complete */
};

/* Bytes of workspace for a reader, or -EINVAL with *reason, -E2BIG */
int64_t pp_onchip_workspace(const struct pp_onchip *nms, const char **reason);
/* Before the first frame and after every complete or broken one. Without a
 * workspace items are only counted: where does the frame end?
 */
void pp_onchip_start(struct pp_onchip_reader *reader, const struct pp_onchip *nms,
		     void *workspace);
/* Takes a transfer: items of 8 bytes, with bursts a multiple of one burst.
 * Returns 1 when the frame is complete (the rest of the transfer is ignored),
 * 0 when more is needed, -EINVAL for a size that cannot be, -EPROTO for a class
 * with too many boxes or data after the end.
 */
int pp_onchip_feed(struct pp_onchip_reader *reader, const void *transfer, size_t size);

/* Bytes of a PP_BY_CLASS frame of on-chip NMS without PP_IOU */
uint64_t pp_onchip_frame_size(const struct pp_onchip *nms);
/* Complete frames of `count` streams (1, or the parts of one output in order)
 * to PP_BY_CLASS. `nms` describes the sum. -EINVAL: they do not fit together or
 * a frame is not complete, or the output is too small.
 */
int pp_onchip_merge(const struct pp_onchip *nms, const struct pp_onchip_reader *readers,
		    unsigned int count, void *output, size_t size);
/* The same, then suppression and output as in pp_nms_run(), for head PP_IOU.
 * The score threshold is not applied, as in the stock library.
 */
int pp_iou_run(const struct pp_nms *nms, void *workspace, const struct pp_onchip *onchip,
	       const struct pp_onchip_reader *readers, unsigned int count, void *output,
	       size_t size);

/* ---- class maps and probabilities ---- */

/* 0, or -EINVAL with *reason. type: UINT8, UINT16 or FLOAT32. */
int pp_argmax_check(const struct pp_tensor *tensor, enum h8l_type type, const char **reason);
/* The feature with the highest value of each pixel, the first of equals;
 * height * width elements of `type`. Unlike the stock library, also right for
 * F8CR with a multiple of 8 features.
 */
int pp_argmax(const struct pp_tensor *tensor, const struct pp_input *input, enum h8l_type type,
	      void *output, size_t size);

/* Softmax over the features of each pixel, in place, of a dequantised NHWC or
 * NC frame. No maximum is subtracted first: real values above 88 overflow, as
 * in the stock library.
 */
void pp_softmax_frame(float *values, size_t pixels, size_t features);

/* ---- shared by lib/pp_*.c ---- */

#define PP_NONE		UINT32_MAX

struct pp_box {
	float y_min, x_min, y_max, x_max;
};

struct pp_candidate {
	float score;			/* 0: removed */
	uint32_t box;
	uint32_t class_id;
	uint32_t next;			/* kept one of the same class */
};

/* Quantised values between which all those lie that pass the threshold */
struct pp_span {
	uint32_t low;
	uint32_t width;			/* high - low */
	bool empty;
};

/* Where a box came from, to find its mask coefficients */
struct pp_origin {
	uint32_t decoder;
	uint32_t element;		/* its x value */
};

/* A resize along one axis: output i is the sum of weights[i * taps + t] times
 * input clamp(first[i] + t)
 */
struct pp_axis {
	uint32_t in, out, taps;
	int32_t *first;
	float *weights;
};

/* The workspace starts with this; the arrays lie behind it. */
struct pp_state {
	struct pp_candidate *candidates;
	uint32_t candidate_count;
	struct pp_box *boxes;
	uint32_t box_count;
	struct pp_origin *origins;	/* PP_YOLOV5_SEG */
	struct pp_span *spans;		/* of each decoder */
	/* One row of a tensor: values that pass, by column */
	uint32_t *found;		/* positions in the row */
	uint32_t *links;		/* next in the same column */
	uint32_t *columns;		/* first of each column */
	/* Per class */
	uint32_t *kept_last;
	uint32_t *kept_count;
	float *line;			/* distances of a box, or values of a row of prototypes */
	float *exponentials;		/* YOLOv8: of all 256 values of each decoder's boxes */
	float *wide;			/* rows of prototypes resized to the image's width */
	struct pp_axis vertical, horizontal;
};

static inline uint32_t pp_get(const struct pp_tensor *tensor, const void *data, size_t element)
{
	uint16_t wide;

	if (tensor->data_bytes == 1)
		return ((const uint8_t *)data)[element];
	memcpy(&wide, (const uint8_t *)data + 2 * element, sizeof(wide));
	return wide;
}

static inline float pp_dequantise(const struct pp_tensor *tensor, uint32_t q)
{
	return ((float)(int32_t)q - tensor->zero_point) * tensor->scale;
}

static inline float pp_real(const struct pp_tensor *tensor, const void *data, size_t element)
{
	return pp_dequantise(tensor, pp_get(tensor, data, element));
}

/* The element of (row, feature 0, column 0) of an NHCW frame */
static inline size_t pp_row(const struct pp_tensor *tensor, uint32_t row)
{
	return (size_t)row * tensor->device_shape.features * tensor->device_shape.width;
}

static inline void pp_put_f32(uint8_t **out, float value)
{
	memcpy(*out, &value, sizeof(value));
	*out += sizeof(value);
}

/* Bytes of the rows that count */
size_t pp_tensor_bytes(const struct pp_tensor *tensor);
int pp_tensor_check(const struct pp_tensor *tensor, const char **reason);

/* pp_check.c, pp_nms.c */
int pp_nms_check(struct pp_nms *nms, const char **reason);
uint32_t pp_entry_features(const struct pp_nms *nms);	/* YOLOv5: of an anchor */

/* pp_scan.c: the span of values that pass, through a sigmoid or not */
struct pp_span pp_span(const struct pp_tensor *tensor, float threshold, bool sigmoid);
uint32_t pp_find(const struct pp_tensor *tensor, const void *data, size_t first, size_t count,
		 const struct pp_span *span, uint32_t base, uint32_t *found);

/* A pass over one tensor of a decoder: calls `hit` for every value in the
 * span, rows, then columns, then features ascending.
 */
struct pp_scan {
	const struct pp_nms *nms;
	struct pp_state *state;
	const struct pp_input *inputs;
	const struct pp_decoder *decoder;
	const struct pp_tensor *tensor;	/* that is scanned */
	const void *data;
	uint32_t first_feature, feature_step, feature_count;
	void (*hit)(struct pp_scan *scan, uint32_t row, uint32_t column, uint32_t feature);
	uint64_t last_cell;		/* of the last box decoded */
};

void pp_scan_tensor(struct pp_scan *scan, const struct pp_span *span);
void pp_add(struct pp_state *state, float score, uint32_t class_id);

/* pp_yolo.c, pp_ssd.c: decode the candidates of one decoder */
void pp_yolov5_scan(struct pp_scan *scan);
void pp_yolov8_scan(struct pp_scan *scan);
void pp_yolox_scan(struct pp_scan *scan);
void pp_ssd_scan(struct pp_scan *scan);
/* pp_boxes.c */
void pp_write_boxes(const struct pp_nms *nms, struct pp_state *state,
		    const struct pp_input *inputs, uint8_t *out);
struct pp_box pp_yolov5_box(const struct pp_nms *nms, const struct pp_decoder *decoder,
			    const void *data, uint32_t row, uint32_t column, uint32_t anchor);
struct pp_box pp_yolov8_box(const struct pp_nms *nms, const struct pp_decoder *decoder,
			    const struct pp_state *state, const void *data, uint32_t row,
			    uint32_t column);
/* Real values of `count` features from element `at` on, as bytes of floats */
void pp_read_pixel(const struct pp_tensor *tensor, const void *data, size_t at, size_t count,
		   uint8_t *out);
/* For pp_state.exponentials */
void pp_yolov8_tables(const struct pp_nms *nms, struct pp_state *state);

/* pp_suppress.c */
void pp_suppress(const struct pp_nms *nms, struct pp_state *state, uint32_t per_class,
		 uint32_t total);
void pp_emit_by_class(const struct pp_nms *nms, struct pp_state *state, uint8_t *out);
void pp_emit_by_score(const struct pp_nms *nms, struct pp_state *state, uint8_t *out);

/* pp_sort.c: descending scores, in the order of ties of libstdc++'s std::sort() */
void pp_sort(struct pp_candidate *candidates, size_t count);

/* pp_masks.c */
void pp_axis_init(struct pp_axis *axis);
uint32_t pp_axis_taps(uint32_t in, uint32_t out);
int pp_emit_masks(const struct pp_nms *nms, struct pp_state *state,
		  const struct pp_input *inputs, uint8_t *out, size_t size);

/* pp_math.c */
float pp_sigmoid(float x);
void pp_exp4(float *x);		/* 4 values, as Eigen 3.4 with SSE2 */
/* The two halves of a softmax. `head` (at most `count`) elements come before the
 * first that is 16-byte aligned in the stock library: they are taken apart.
 */
void pp_exponentials(float *values, size_t count, size_t head);
void pp_normalise(float *values, size_t count, size_t head);
/* The sum of i * values[i]; spoils the values */
float pp_mean_index(float *values, size_t count);

#endif /* H8L_POSTPROCESS_H */
