/* SPDX-License-Identifier: MIT */
/*
 * What mkhef writes: a network, its streams and the HEF around it. Made from
 * a text (desc_parse; grammar in mkhef.c's help and nets/README.md), or filled
 * in by C code.
 */
#ifndef HEF_DESC_H
#define HEF_DESC_H

#include <stdbool.h>

#include "nn_format.h"
#include "util.h"

#define DESC_NAME_MAX		127	/* of a stream, "network/tensor" */
#define DESC_EXTENSIONS_MAX	32

struct desc_shape {
	uint32_t height, width, features;
};

struct desc_tensor {
	const char *name;
	struct desc_shape shape;
	uint8_t type;			/* enum nn_type */
	int32_t zero_point;
};

struct desc_numbers {
	int64_t *values;
	size_t count;
};

struct desc_doubles {
	double *values;
	size_t count;
};

enum desc_kind {
	DESC_BOUNDARY,			/* to or from the user */
	DESC_BETWEEN,			/* contexts */
	DESC_DDR,			/* rows that leave and come back */
};

struct desc_stream {
	const char *name;		/* without the network's */
	bool is_output;
	enum desc_kind kind;
	uint8_t network;		/* index in desc.networks */
	/* Not for boundary streams: the first that reads, or that writes */
	size_t peer_context, peer;
	uint32_t buffered_rows;		/* DDR */
	const char *mux;		/* the output stream that it is a part of, or NULL */
	const char *planes;		/* the input that it is a plane of, or NULL */
	uint32_t burst;			/* NMS, in items; 0: one by one */
	uint16_t tensor;
	uint8_t order;			/* HEF format code */
	struct desc_shape padded;
	int sys_index;			/* -1: mkhef chooses */
	float scale;			/* real = (q - zero point of tensor) * scale */
	struct desc_doubles scales;	/* per feature; empty: `scale` for each */
	struct desc_doubles zero_points;
	uint32_t core_bytes;		/* 0: one row, in words of 8 bytes */
	uint32_t core_buffers;		/* 0: padded height */
	uint32_t fifo_size;
	uint32_t data_bytes;		/* 0: the tensor's; else a lie, for tests */
};

struct desc_layer {
	int line;			/* of the text, for messages */
	const char *name;
	uint8_t op;			/* enum nn_op */
	uint16_t in0, in1, out;
	uint8_t network;
	uint8_t kernel_h, kernel_w, stride_h, stride_w;
	uint8_t pad[4];			/* top, left, bottom, right */
	size_t ddr_out, ddr_in;		/* DDR: its streams */
	struct desc_numbers weights, bias, mult, shift;
	int64_t clamp_min, clamp_max;
};

/* What is loaded and run as one. Contexts run in order, round and round. */
struct desc_context {
	struct desc_tensor *tensors;
	size_t tensor_count;
	struct desc_stream *streams;
	size_t stream_count;
	struct desc_layer *layers;
	size_t layer_count;
};

/* Post-processing on the host, as the file describes it: hef.md 5.8 */
enum desc_op_kind {
	DESC_YOLOV5,
	DESC_YOLOV8,
	DESC_YOLOX,
	DESC_SSD,
	DESC_IOU,
	DESC_ARGMAX,
	DESC_SOFTMAX,
};

struct desc_decoder {
	uint32_t stride;
	const char *streams[3];		/* boxes (and all else), scores, objectness */
	struct desc_doubles anchors;	/* pairs: width, height */
};

struct desc_op {
	int line;
	enum desc_op_kind kind;
	const char *name;		/* of what the user gets */
	double score, iou;
	uint32_t max_boxes, classes;
	double image[2];		/* height, width */
	uint32_t centre_scale, size_scale;	/* SSD */
	bool boxes_only;
	int background;			/* class to leave out, -1: none */
	struct desc_decoder *decoders;	/* IOU, ARGMAX, SOFTMAX: one */
	size_t decoder_count;
};

enum desc_chip {
	DESC_HAILO8L,			/* one program per cluster layout */
	DESC_HAILO8,
};

struct desc {
	struct pool pool;		/* owns everything below */
	const char *name;
	enum desc_chip chip;
	uint32_t container;		/* 0 to 3 */
	uint32_t config_channels;
	uint32_t required[DESC_EXTENSIONS_MAX];
	size_t required_count;
	uint32_t optional[DESC_EXTENSIONS_MAX];
	size_t optional_count;
	const char **networks;		/* none: one with the group's name */
	size_t network_count;
	struct desc_context *contexts;
	size_t context_count;
	struct desc_op *ops;
	size_t op_count;
};

/* An empty description with the values of a usual compiler: Hailo-8L,
 * container 1, two config channels, extensions 0, 3, 26, 12 and 8, 11.
 */
void desc_init(struct desc *desc);
/* Reads `text`, `size` bytes; `path` is for messages, which are
 * "path:line: what". On failure desc still wants desc_free().
 */
int desc_parse(struct desc *desc, const char *path, const char *text, size_t size,
	       struct failure *failure);
void desc_free(struct desc *desc);

bool desc_has_required(const struct desc *desc, uint32_t id);
bool desc_has_optional(const struct desc *desc, uint32_t id);
/* Adds a required extension that is not there yet */
void desc_require(struct desc *desc, uint32_t id);

/* For C code and the parser; return the index. */
size_t desc_add_tensor(struct desc *desc, struct desc_context *context,
		       const struct desc_tensor *tensor);
size_t desc_add_stream(struct desc *desc, struct desc_context *context,
		       const struct desc_stream *stream);
size_t desc_add_layer(struct desc *desc, struct desc_context *context,
		      const struct desc_layer *layer);
size_t desc_add_context(struct desc *desc);

/* How many factors (mult) and shifts a layer has */
size_t desc_factor_count(const struct desc_context *context, const struct desc_layer *layer);
size_t desc_shift_count(const struct desc_context *context, const struct desc_layer *layer);

static inline uint32_t desc_type_max(uint8_t type)
{
	return type == NN_TYPE_U16 ? 0xffff : 0xff;
}

#endif /* HEF_DESC_H */
