/* SPDX-License-Identifier: MIT */
/*
 * A synthetic network (tests/hef/nn_format.h) after validation. Every number in
 * here has been checked: offsets lie in the image, shapes fit each other, no
 * sum can overflow.
 */
#ifndef NN_NET_H
#define NN_NET_H

#include "tests/emulator/nn.h"
#include "tests/hef/nn_format.h"
#include <stddef.h>
#include <stdint.h>

#define NN_ERROR_SIZE		160

struct tensor {
	uint32_t height, width, features;
	uint32_t type;			/* bytes per element */
	int32_t zero_point;
	uint8_t network;		/* of what writes it */
	bool is_nms;			/* written by an NMS layer */
	uint16_t *data;			/* one element each, whatever the type */
};

struct stream {
	uint8_t is_output;
	uint8_t sys_index;
	uint8_t order;
	uint8_t network;
	uint32_t parts;			/* in the frame; 0: in that of one before it */
	uint32_t height, width, features;	/* padded */
	uint32_t bytes;			/* device frame; NMS: at most */
	struct tensor *tensor;
};

struct layer {
	uint8_t op;
	uint8_t network;
	const struct tensor *in0, *in1;
	struct tensor *out;
	uint32_t kernel_h, kernel_w, stride_h, stride_w;
	uint32_t pad_top, pad_left, pad_bottom, pad_right;
	const int8_t *weights;
	const uint8_t *bias, *mult;	/* s32, unaligned */
	const uint8_t *shift;
	int32_t clamp_min, clamp_max;
};

struct net {
	uint32_t tensor_count, layer_count, stream_count;
	struct tensor tensors[NN_MAX_TENSORS];
	struct layer layers[NN_MAX_LAYERS];
	struct stream streams[NN_MAX_STREAMS];
	char error[NN_ERROR_SIZE];
};

/* Rows of a DDR layer: out to host memory, and what came back of them. */
struct net_ddr {
	nn_ddr_fn *move;
	void *context;
};

static inline uint32_t tensor_elements(const struct tensor *t)
{
	return t->height * t->width * t->features;
}

static inline int32_t tensor_max(const struct tensor *t)
{
	return t->type == NN_TYPE_U8 ? 0xff : 0xffff;
}

/* Reads an image of at most `size` bytes, which must stay in place. 0, or
 * -EINVAL (-ENOMEM) with net->error set. The caller frees in any case.
 */
int net_load(struct net *net, const uint8_t *image, size_t size);
void net_free(struct net *net);

/* The network's own memory to and from a device frame. Writing returns the
 * frame's bytes, which vary for NMS.
 */
void net_read_stream(const struct stream *s, const uint8_t *frame);
uint32_t net_write_stream(const struct stream *s, uint8_t *frame);
/* The layers of one network; -EIO if rows of a DDR layer are lost. */
int net_run_layers(struct net *net, uint8_t network, const struct net_ddr *ddr);
void net_run_nms(const struct layer *l);

/* A frame's NMS transfers are all of one size. */
static inline uint32_t net_transfer_bytes(const struct stream *s)
{
	return s->order == NN_ORDER_NMS && s->features < s->width ?
	       s->features * NN_NMS_ITEM : s->bytes;
}

static inline uint32_t net_ddr_row(const struct tensor *t)
{
	return (t->width * t->features * t->type + NN_DDR_ROW - 1) / NN_DDR_ROW * NN_DDR_ROW;
}

#endif /* NN_NET_H */
