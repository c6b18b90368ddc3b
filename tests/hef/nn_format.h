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
 * Several contexts: each has an image of its own, which replaces the one before
 * when the context begins. What one leaves for another are streams like others.
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
 * DDR: in and out have one shape, one type and one zero point.
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
#define NN_MAX_NETWORKS		8
#define NN_ORDER_NMS		6
#define NN_NMS_ITEM		8	/* bytes of a box or delimiter */
#define NN_NMS_BURST_MAX	8192	/* items, 64 KiB */
#define NN_DDR_ROW		512	/* rows in host memory are a multiple of it */
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

/* A stream of the context, from or to the network's user or another context: how
 * a tensor lies in a device frame. `order` is the HEF's edge layer format code
 * (hef.md 8.3): 0 NHWC, 1 NHCW, 2 NC, 3 FCR, 5 NHW, 6 NMS (below), 7 F8CR.
 * Frame bytes = align8(padded h * w * f * type). On input
 * padding is ignored, on output it is zero. No padded size is below the
 * tensor's own. NC is a 1 x 1 x f tensor (padded height and width 1 too), NHW has
 * one feature, padded or not; padded features of F8CR are a multiple of 8.
 * Index of the element (r, c, f) in a frame, with W, F the padded width, features:
 *	NHWC, FCR, NC, NHW	(r * W + c) * F + f
 *	NHCW			(r * F + f) * W + c
 *	F8CR			r * W * F + (f / 8) * 8 * W + c * 8 + f % 8
 *
 * A sys_index occurs at most once per direction, except that output streams
 * which follow each other in the table and share it are a mux: one frame
 * carries all of them (formats.md 8). With g the greatest common divisor of their
 * padded heights, it is g times: of each part in turn, (its padded height / g)
 * rows. The parts belong to one network, have no order NMS, and each one's
 * padded h * w * f * type is a multiple of 8.
 *
 * Order NMS (outputs only): the tensor is that of an NMS layer; padded height and
 * width are the tensor's, padded features is the burst in items (1..8192). A
 * frame is a sequence of items of 8 bytes, little-endian: for each row of the
 * tensor its boxes, then at least one delimiter (all ones), and more of them up to
 * a multiple of the burst. A burst of the tensor's width and more: every row is
 * one burst, and the frame is one transfer. Otherwise each burst is a transfer.
 */
struct nn_stream {
	__u8 is_output;
	__u8 sys_index;			/* stream index in HEF and action lists */
	__u8 order;
	__u8 network;			/* of the group; each runs by itself */
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
	NN_OP_DDR		= 7,	/* out = in, by way of host memory */
	NN_OP_NMS		= 8,	/* in0 boxes h x w x 4, in1 scores h x w x classes */
};

/* DDR: row by row, each as [features][width] with zeros behind it up to
 * align512(w * f * type), the tensor leaves through stream kernel_h and comes
 * back through stream kernel_w (sys_index, both of the HEF's DDR kind and not in the
 * table of streams, and each named by one layer only).
 *
 * NMS: non-maximum suppression. Coordinates are 4096ths of the picture. With
 *	centre = ((2 r + 1) * 2048 / h, (2 c + 1) * 2048 / w)		floor
 *	d[i] = RSHR((box[i] - zp of in0) * mult[0], shift[0])
 *	box = centre - (d[0], d[1]) to centre + (d[2], d[3]), each within 0..4095
 *	score = RSHR((s - zp of in1) * mult[1], shift[1]), within 0..65534
 * each class of each chunk takes, from the highest score to the lowest and from the
 * first cell to the last where they are equal, the cells whose score is at least
 * clamp_min (0..65535), leaves out those that overlap one already taken,
 *	256 * |A and B| > clamp_max * |A or B|		clamp_max 0..256, areas in
 *							units^2, ends - begins
 * and stops at `max`. kernel_h is the number of chunks: chunk k looks at rows
 * k * h / chunks up to (k + 1) * h / chunks; it divides h. out is a u16 tensor,
 * zero point 0, chunks * classes high (class fastest), max + 1 wide, max >= 1, 4
 * features: the item, bits 0-15 first:
 *	score << 48 | y_min << 36 | x_min << 24 | y_max << 12 | x_max
 * and all ones behind the last one taken. No other layer reads it.
 */

/* Layers run in table order; `in0` and `in1` must be written before. Output
 * size of a window op: (in + pads - kernel) / stride + 1, rounded down, and
 * must equal the out tensor's.
 */
struct nn_layer {
	__u8 op;			/* enum nn_op */
	__u8 network;			/* that of the streams it serves */
	__le16 in0;
	__le16 in1;			/* ADD and NMS, else NN_NO_TENSOR */
	__le16 out;
	__u8 kernel_h, kernel_w;	/* window ops, DDR and NMS, else 0 */
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
