/* SPDX-License-Identifier: MIT */
/*
 * What the configuration words of a synthetic HEF carry: a small quantised
 * network that the software chip really computes. (The weight format of real
 * networks is not public.) This header is the contract between the writer
 * (tests/hef/mkhef), the chip's neural core (tests/emulator/nn_*.c) and the
 * reference evaluator (tests/hef/refnet.c), which share nothing else: two
 * evaluations written apart must agree bit for bit.
 *
 * Configuration words (CCW, reference hef.md section 7): u32 words - 1, u32
 * address, data, zero padding to 8 bytes. A CCW whose address lies in
 * [NN_MEMORY_BASE, NN_MEMORY_BASE + NN_MEMORY_SIZE) writes its words there,
 * whatever the config channel. After all configuration of a context is
 * fetched, a memory that starts with NN_MAGIC is a network; anything else is
 * a real HEF and gets the pattern of tests/hef/pattern.h instead.
 *
 * The image: header, then the three tables and the parameter arrays anywhere
 * behind it, at offsets from the start of the image, 4-byte aligned. All
 * integers little-endian. Unused fields are zero; a reader refuses anything
 * else, and any offset, index or size that does not fit (as a chip it then
 * raises a run-time error and runs nothing).
 *
 * Arithmetic, exact in integers:
 *	RSHR(v, s) = s ? (v + (1 << (s - 1))) >> s : v	64 bit, floor
 *	out = min(max(zp_out + RSHR(acc * mult, shift), clamp_min), clamp_max)
 * acc must fit 32 bits signed, else the network is invalid (no wrap-around).
 * This is decided without data, for each output feature:
 *	|bias| + max(|zp|, |type max - zp|) * sum |weights| < 2^31
 * (average pool: weights 1, no bias). ADD sums in 64 bit and has no such limit:
 * zero points lie within -65536..65535.
 * Padding contributes zero *after* subtraction of the zero point.
 * The clamp applies to every op, to a maximum too, and lies in the out type:
 * 0 <= clamp_min <= clamp_max <= type max.
 *
 * A tensor is written exactly once, by one input stream or by one layer, and
 * every output stream's tensor is written. ADD: three tensors of one shape.
 * MAX_POOL: in and out have one type and one zero point. Pools, ADD and
 * DEPTHWISE keep the number of features. Every window of a MAX_POOL holds at
 * least one element inside the image.
 */
#ifndef NN_FORMAT_H
#define NN_FORMAT_H

#include <linux/types.h>

#define NN_MEMORY_BASE		0x4e000000u
#define NN_MEMORY_SIZE		0x01000000u	/* 16 MiB */
#define NN_MAGIC		0x4e4e3848u	/* "H8NN" */
#define NN_VERSION		1
#define NN_MAX_TENSORS		256
#define NN_MAX_LAYERS		256
#define NN_MAX_STREAMS		32
#define NN_NO_TENSOR		0xffff
#define NN_SHIFT_MAX		62
#define NN_MAX_ELEMENTS		0x4000000u	/* of all tensors together */

struct nn_header {
	__le32 magic;
	__le16 version;
	__le16 header_size;		/* sizeof(struct nn_header) */
	__le32 image_size;		/* bytes, header included */
	__le32 crc32;			/* zlib crc32 of everything after the header */
	__le16 tensor_count;
	__le16 layer_count;
	__le16 stream_count;
	__le16 reserved;
	__le32 tensors_offset;
	__le32 layers_offset;
	__le32 streams_offset;
	__le32 reserved2;
} __attribute__((packed));

enum nn_type {
	NN_TYPE_U8	= 1,		/* value = bytes per element */
	NN_TYPE_U16	= 2,
};

/* Inside the chip a tensor is height x width x features, features fastest. */
struct nn_tensor {
	__le16 height;
	__le16 width;
	__le16 features;
	__u8 type;			/* enum nn_type */
	__u8 reserved;
	__le32 zero_point;		/* signed */
} __attribute__((packed));

/* A boundary stream: how a tensor lies in a device frame. `order` is the
 * HEF's edge layer format code (hef.md 8.3): 0 NHWC, 1 NHCW, 2 NC, 3 FCR,
 * 5 NHW, 7 F8CR. Frame bytes = align8(padded h * w * f * type). On input
 * padding is ignored, on output it is zero. No padded size is below the
 * tensor's own. NC is a 1 x 1 x f tensor (padded height and width 1 too), NHW has
 * one feature, padded or not; padded features of F8CR are a multiple of 8.
 * Index of the element (r, c, f) in a frame, with W, F the padded width, features:
 *	NHWC, FCR, NC, NHW	(r * W + c) * F + f
 *	NHCW			(r * F + f) * W + c
 *	F8CR			r * W * F + (f / 8) * 8 * W + c * 8 + f % 8
 * A sys_index occurs at most once per direction.
 */
struct nn_stream {
	__u8 is_output;
	__u8 sys_index;			/* stream index in HEF and action lists */
	__u8 order;
	__u8 reserved;
	__le16 tensor;
	__le16 padded_height;
	__le16 padded_width;
	__le16 padded_features;
} __attribute__((packed));

enum nn_op {
	NN_OP_CONV2D		= 1,	/* weights s8 [out f][kh][kw][in f] */
	NN_OP_DEPTHWISE		= 2,	/* weights s8 [f][kh][kw]; in f == out f */
	NN_OP_MAX_POOL		= 3,	/* of the elements inside the image; as they are */
	NN_OP_AVG_POOL		= 4,	/* acc = sum(x - zp); mult[0], shift[0] hold 1/n */
	NN_OP_ADD		= 5,	/* RSHR((a - zpa) * mult[0] + (b - zpb) * mult[1],
					 * shift[0])
					 */
	NN_OP_FULLY_CONNECTED	= 6,	/* weights s8 [out f][h][w][in f]; out is 1 x 1 x f */
};

/* Layers run in table order; `in0` and `in1` must be written before. Output
 * size of a window op: (in + pads - kernel) / stride + 1, rounded down, and
 * must equal the out tensor's.
 */
struct nn_layer {
	__u8 op;			/* enum nn_op */
	__u8 reserved;
	__le16 in0;
	__le16 in1;			/* ADD only, else NN_NO_TENSOR */
	__le16 out;
	__u8 kernel_h, kernel_w;	/* window ops, else 0 */
	__u8 stride_h, stride_w;
	__u8 pad_top, pad_left, pad_bottom, pad_right;
	__le32 weights_offset;		/* s8, see enum nn_op; 0 where none */
	__le32 bias_offset;		/* s32 per output feature; CONV2D, DEPTHWISE, FC */
	__le32 mult_offset;		/* s32; per output feature there, else see above */
	__le32 shift_offset;		/* u8; the same count as mult (ADD: one) */
	__le32 clamp_min;		/* signed */
	__le32 clamp_max;
} __attribute__((packed));

_Static_assert(sizeof(struct nn_header) == 40, "header");
_Static_assert(sizeof(struct nn_tensor) == 12, "tensor");
_Static_assert(sizeof(struct nn_stream) == 12, "stream");
_Static_assert(sizeof(struct nn_layer) == 40, "layer");

#endif /* NN_FORMAT_H */
