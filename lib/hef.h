/* SPDX-License-Identifier: MIT */
/*
 * What a HEF says, checked and in our own terms. Filled in by hef_metadata.c
 * and its helpers, read by everything behind them; nobody else looks at the
 * file. All of it lives in the HEF's arena and never changes afterwards.
 */
#ifndef H8L_HEF_H
#define H8L_HEF_H

#include <stdatomic.h>
#include <stdbool.h>

#include "arena.h"
#include "error.h"
#include "hailo8l.h"
#include "hef_container.h"
#include "hw/context.h"
#include "postprocess.h"

#define HEF_MAX_NETWORKS	8	/* of a group, reference hef.md 1.5 */
#define HEF_MAX_STREAMS		40
#define HEF_MAX_LAYOUTS		8	/* struct h8l_group_info */
#define HEF_MAX_DYNAMIC_CONTEXTS (HW_MAX_CONTEXTS - 3)

/* From the lists of required and optional extensions */
struct hef_features {
	bool run_asap;
	bool net_flow;
	bool nms_burst;
	bool scale_per_feature;
	bool batch_register_config;
	bool padded_ddr;
	bool periph_by_host;		/* older files lack it and are refused */
	bool multi_network;		/* optional */
	bool hw_padding_in_dfc;		/* optional */
};

/* Types above those of the firmware: what the host replaces by others */
enum {
	HEF_ACTION_NONE		= 0x80,	/* nothing, but ends a run of equal actions */
	HEF_ACTION_CCW,			/* configuration words */
	HEF_ACTION_ALLOW_INPUT,		/* start an input stream */
};

struct hef_ccw {
	const uint8_t *data;		/* inside the file; v0: perhaps in the arena */
	uint32_t size;			/* bytes */
	uint8_t channel;		/* config stream */
};

/* An action that the firmware takes as it is has its body here. WAIT_OUTPUT_DONE
 * and WAIT_DMA_IDLE name a stream; channel and kind are added later.
 */
struct hef_action {
	uint8_t type;			/* enum hw_action_type or HEF_ACTION_* */
	uint8_t size;			/* of body */
	union {
		uint8_t body[sizeof(struct hw_trigger_sequencer)];
		struct hef_ccw ccw;
		uint8_t stream;
	};
};

struct hef_action_list {
	struct hef_action *items;
	size_t count;
	bool writes_batch_size;		/* forbids fast batch switching */
};

enum hef_connection {
	HEF_BOUNDARY,
	HEF_INTER_CONTEXT,
	HEF_DDR,
	HEF_CACHE,
};

#define HEF_NMS_ITEM_BYTES	8	/* of a box on the wire, reference formats.md 9.1 */

/* An output whose classes come in several streams */
struct hef_fused {
	const char *name;
	uint32_t classes;
	uint32_t max_boxes;
	uint32_t chunks;
};

struct hef_nms {
	uint32_t classes;
	uint32_t max_boxes;		/* per class */
	uint32_t box_size;		/* bytes on the wire */
	uint32_t chunks;		/* per frame */
	uint32_t burst;			/* boxes of one burst */
	bool per_class;			/* bursts of a class, else single boxes */
	const struct hef_fused *fused;	/* what it is a part of, or NULL; then ... */
	uint32_t part;			/* ... which */
};

/* Where a part of a mux lies in the frame of its stream: count[0] groups of
 * count[1] pieces. One behind the other they are the part's own frame.
 */
struct hef_slices {
	uint32_t offset;		/* bytes, of the first piece */
	uint32_t size;			/* of a piece */
	uint32_t count[2];
	uint32_t step[2];		/* from group to group, from piece to piece */
};

/* One stream of one context; or what only a program sees: a part of a mux, a
 * picture whose planes are streams.
 */
struct hef_edge {
	const char *name;
	enum h8l_direction direction;
	enum hef_connection connection;
	unsigned int context;
	uint8_t stream;			/* on the chip */
	uint8_t network;
	bool has_pad;
	uint32_t pad;			/* number of its output pad, if it has one */
	bool transposed;		/* shape is swapped against device_shape */
	bool mux;			/* several outputs in one */
	bool picture;			/* an input of several streams, its planes */
	/* Of a part of a mux: the mux. Of a plane: the picture. Else NULL */
	const struct hef_edge *whole;
	const struct hef_edge *parts;	/* of a mux, or planes of a picture */
	unsigned int part_count;
	struct hef_slices slices;	/* of a part of a mux */
	struct h8l_shape shape;
	struct h8l_shape device_shape;
	enum h8l_order order;		/* on the device */
	uint8_t data_bytes;		/* of an element, 1 or 2 */
	uint32_t frame_size;		/* bytes of a transfer, multiple of 8 */
	uint32_t max_transfers;		/* of a frame: 1, but for boxes in bursts */
	uint16_t core_bytes;		/* per buffer */
	uint16_t core_buffers;		/* per frame */
	uint16_t feature_padding;	/* payload register, 0 for none */
	uint32_t fifo_size;		/* of the stream on the chip; 0: ask firmware */
	const struct h8l_quant *quant;
	unsigned int quant_count;	/* at least 1 */
	struct hef_nms nms;		/* if order is NMS_ON_CHIP */
	uint16_t peer_context;		/* INTER_CONTEXT, DDR */
	uint8_t peer_stream;
	uint16_t buffered_rows;		/* DDR */
};

struct hef_context {
	struct hef_action_list actions;
	struct hef_edge *edges;
	unsigned int edge_count;
};

/* What the host computes from outputs */
struct hef_op {
	const char *name;		/* of the output that it makes */
	enum h8l_post_kind kind;
	const char *unsupported;	/* NULL, or why it cannot be computed */
	const struct hef_edge **inputs;
	struct pp_tensor *tensors;	/* of the inputs */
	unsigned int input_count;
	struct pp_nms nms;		/* detections, masks, boxes: as the file wants them */
	struct pp_onchip onchip;	/* what comes from the chip, if on_chip; and by input */
	struct pp_onchip *streams;
	bool on_chip;			/* boxes were found there */
	bool merge_only;		/* nothing is left to suppress */
};

/* A group for one cluster layout */
struct hef_variant {
	uint32_t layout;		/* cluster bitmap, 0 if it fits all */
	unsigned int config_channels;
	unsigned int network_count;
	struct hef_action_list preliminary;
	struct hef_context *contexts;
	unsigned int context_count;
	bool can_fast_batch_switch;
	/* Boundary edges, contexts in order, edges as they stand there */
	const struct hef_edge **inputs;
	unsigned int input_count;
	const struct hef_edge **outputs;
	unsigned int output_count;
	/* What a program gives and gets, outputs in its order: the same edges, but
	 * pictures instead of planes and the parts of a mux instead of it
	 */
	const struct hef_edge **user_inputs;
	unsigned int user_input_count;
	const struct hef_edge **user_outputs;
	unsigned int user_output_count;
	struct hef_op *ops;
	unsigned int op_count;
};

struct hef_group {
	const char *name;
	struct hef_variant *variants;
	unsigned int variant_count;
	const char *unsupported;	/* NULL, or what we cannot do yet */
};

struct h8l_hef {
	atomic_uint references;		/* the caller's and one per network */
	char *file;			/* for messages */
	void *mapping;			/* NULL if the memory is the caller's */
	size_t size;
	struct hef_container container;
	struct arena arena;
	struct hef_features features;
	uint32_t metadata_version;
	enum h8l_hef_architecture architecture;
	const char *compiler;
	uint64_t timestamp_ms;
	struct hef_group *groups;	/* in file order */
	unsigned int group_count;
};

/* The file's bytes are not needed for now: its pages leave the process, they
 * stay in the kernel's cache. Thread-safe.
 */
void hef_rest(const struct h8l_hef *hef);

/* Keeps a HEF alive for a network; undone by h8l_hef_close(). */
void hef_hold(struct h8l_hef *hef);

/* The variant for a chip, or NULL with *error. `layout` counts on a Hailo-8L. */
const struct hef_variant *hef_choose(const struct h8l_hef *hef, const struct hef_group *group,
				     enum h8l_architecture architecture, uint32_t layout,
				     struct h8l_error *error);

void hef_stream_info(const struct hef_edge *edge, struct h8l_stream_info *info);

/* How to read the boxes of a stream with order NMS_ON_CHIP */
struct pp_onchip hef_onchip(const struct hef_edge *edge);

/* Bytes of a frame on the wire, the most that it can have */
static inline size_t hef_frame_bytes(const struct hef_edge *edge)
{
	return (size_t)edge->frame_size * edge->max_transfers;
}

#endif /* H8L_HEF_H */
