// SPDX-License-Identifier: MIT
#include <math.h>
#include <string.h>

#include "format.h"
#include "format_lines.h"

/* ---- names and defaults ---- */

const char *h8l_type_name(enum h8l_type type)
{
	static const char *const names[] = {
		[H8L_TYPE_AUTO]		= "auto",
		[H8L_TYPE_UINT8]	= "uint8",
		[H8L_TYPE_UINT16]	= "uint16",
		[H8L_TYPE_FLOAT32]	= "float32",
	};

	return (size_t)type < ARRAY_SIZE(names) ? names[type] : "unknown";
}

const char *h8l_order_name(enum h8l_order order)
{
	static const char *const names[] = {
		[H8L_ORDER_AUTO]	= "auto",
		[H8L_ORDER_NHWC]	= "NHWC",
		[H8L_ORDER_NHCW]	= "NHCW",
		[H8L_ORDER_FCR]		= "FCR",
		[H8L_ORDER_F8CR]	= "F8CR",
		[H8L_ORDER_NHW]		= "NHW",
		[H8L_ORDER_NC]		= "NC",
		[H8L_ORDER_BAYER_RGB]	= "BAYER_RGB",
		[H8L_ORDER_RGB888]	= "RGB888",
		[H8L_ORDER_NCHW]	= "NCHW",
		[H8L_ORDER_YUY2]	= "YUY2",
		[H8L_ORDER_NV12]	= "NV12",
		[H8L_ORDER_NV21]	= "NV21",
		[H8L_ORDER_YYUV]	= "YYUV",
		[H8L_ORDER_YYVU]	= "YYVU",
		[H8L_ORDER_RGB4]	= "RGB4",
		[H8L_ORDER_I420]	= "I420",
		[H8L_ORDER_YYYYUV]	= "YYYYUV",
		[H8L_ORDER_NMS_ON_CHIP]	= "NMS_ON_CHIP",
	};
	const char *name = (size_t)order < ARRAY_SIZE(names) ? names[order] : NULL;

	if (order == H8L_ORDER_RAW)
		return "raw";
	return name ? name : "unknown";
}

enum h8l_order format_default_order(enum h8l_order device)
{
	switch (device) {
	case H8L_ORDER_NHCW:
	case H8L_ORDER_RGB888:
		return H8L_ORDER_NHWC;
	case H8L_ORDER_YYUV:
		return H8L_ORDER_NV12;
	case H8L_ORDER_YYVU:
		return H8L_ORDER_NV21;
	case H8L_ORDER_YYYYUV:
		return H8L_ORDER_I420;
	default:
		return device;
	}
}

/* ---- which pairs exist, reference formats.md 4 and 5 ---- */

struct pair {
	enum h8l_order host, device;
};

static const struct pair input_pairs[] = {
	{ H8L_ORDER_NHWC, H8L_ORDER_NHWC },
	{ H8L_ORDER_NHWC, H8L_ORDER_NHCW },
	{ H8L_ORDER_NHWC, H8L_ORDER_FCR },
	{ H8L_ORDER_NHWC, H8L_ORDER_F8CR },
	{ H8L_ORDER_NHWC, H8L_ORDER_RGB888 },
	{ H8L_ORDER_NHCW, H8L_ORDER_NHCW },
	{ H8L_ORDER_NCHW, H8L_ORDER_NHCW },
	{ H8L_ORDER_RGB4, H8L_ORDER_NHWC },
	{ H8L_ORDER_RGB4, H8L_ORDER_NHCW },
	{ H8L_ORDER_FCR, H8L_ORDER_FCR },
	{ H8L_ORDER_F8CR, H8L_ORDER_F8CR },
	{ H8L_ORDER_NC, H8L_ORDER_NC },
	{ H8L_ORDER_NHW, H8L_ORDER_NHW },
	{ H8L_ORDER_BAYER_RGB, H8L_ORDER_BAYER_RGB },
	{ H8L_ORDER_YUY2, H8L_ORDER_YUY2 },
	{ H8L_ORDER_NV12, H8L_ORDER_YYUV },
	{ H8L_ORDER_NV21, H8L_ORDER_YYVU },
	{ H8L_ORDER_I420, H8L_ORDER_YYYYUV },
};

static const struct pair output_pairs[] = {
	{ H8L_ORDER_NHWC, H8L_ORDER_NHWC },
	{ H8L_ORDER_NHWC, H8L_ORDER_NHCW },
	{ H8L_ORDER_NHWC, H8L_ORDER_FCR },
	{ H8L_ORDER_NHWC, H8L_ORDER_F8CR },
	{ H8L_ORDER_NHCW, H8L_ORDER_NHCW },
	{ H8L_ORDER_NCHW, H8L_ORDER_NHCW },
	{ H8L_ORDER_NCHW, H8L_ORDER_NHW },
	{ H8L_ORDER_FCR, H8L_ORDER_FCR },
	{ H8L_ORDER_F8CR, H8L_ORDER_F8CR },
	{ H8L_ORDER_NC, H8L_ORDER_NC },
	{ H8L_ORDER_NHW, H8L_ORDER_NHW },
	{ H8L_ORDER_BAYER_RGB, H8L_ORDER_BAYER_RGB },
};

static bool pair_exists(enum h8l_direction direction, enum h8l_order host, enum h8l_order device)
{
	const struct pair *pairs = direction == H8L_INPUT ? input_pairs : output_pairs;
	size_t count = direction == H8L_INPUT ? ARRAY_SIZE(input_pairs) :
						ARRAY_SIZE(output_pairs);

	for (size_t i = 0; i < count; i++)
		if (pairs[i].host == host && pairs[i].device == device)
			return true;
	return false;
}

/* ---- steps of an order ---- */

/* Between neighbours in height, width and feature */
struct steps {
	ptrdiff_t row, column, feature;
};

/* Elements of a row on the host: of RGB4 a multiple of 4, reference formats.md 2 */
static size_t row_of(enum h8l_order order, const struct h8l_shape *s)
{
	size_t row = (size_t)s->width * s->features;

	return order == H8L_ORDER_RGB4 ? align_up(row, 4) : row;
}

static struct steps steps_of(enum h8l_order order, const struct h8l_shape *s)
{
	ptrdiff_t w = s->width, f = s->features;

	switch (order) {
	case H8L_ORDER_NHCW:
		return (struct steps){ f * w, 1, w };
	case H8L_ORDER_NCHW:
		return (struct steps){ w, 1, w * s->height };
	case H8L_ORDER_RGB888:
		return (struct steps){ w * f, f, -1 };
	default:
		return (struct steps){ (ptrdiff_t)row_of(order, s), f, 1 };
	}
}

static void set_dim(struct format_nest *nest, unsigned int dim, size_t count, ptrdiff_t host,
		    ptrdiff_t device, ptrdiff_t quant)
{
	nest->count[dim] = count;
	nest->host[dim] = host;
	nest->device[dim] = device;
	nest->quant[dim] = quant;
}

static struct format_nest *add_nest(struct format_plan *plan)
{
	struct format_nest *nest = &plan->nest[plan->nest_count++];

	for (unsigned int d = 0; d < FORMAT_DIMS; d++)
		set_dim(nest, d, 1, 0, 0, 0);
	return nest;
}

/* Loops in the order in which the device has them, so that it is written or
 * read front to back. `shape` is the part that both sides have.
 */
static void nest_plain(struct format_plan *plan, const struct h8l_shape *shape,
		       struct steps host, struct steps device, bool columns_inside)
{
	struct format_nest *nest = add_nest(plan);

	set_dim(nest, 1, shape->height, host.row, device.row, 0);
	set_dim(nest, columns_inside ? 3 : 2, shape->width, host.column, device.column, 0);
	set_dim(nest, columns_inside ? 2 : 3, shape->features, host.feature, device.feature, 1);
}

#define BLOCK 8

/* F8CR: `blocks` blocks of `features` features from block `first` on */
static void nest_blocks(struct format_plan *plan, const struct h8l_shape *shape,
			struct steps host, const struct h8l_shape *device, size_t first,
			size_t blocks, size_t features)
{
	struct format_nest *nest;
	ptrdiff_t block = (ptrdiff_t)BLOCK * device->width;

	if (!blocks || !features)
		return;
	nest = add_nest(plan);
	set_dim(nest, 0, shape->height, host.row, (ptrdiff_t)device->width * device->features, 0);
	set_dim(nest, 1, blocks, BLOCK * host.feature, block, BLOCK);
	set_dim(nest, 2, shape->width, host.column, BLOCK, 0);
	set_dim(nest, 3, features, host.feature, 1, 1);
	nest->host_base = first * BLOCK;
	nest->device_base = first * (size_t)block;
	nest->quant_base = first * BLOCK;
}

static void nest_rows(struct format_plan *plan, size_t pairs, size_t per_pair, size_t width,
		      size_t host_base, size_t device_base, size_t device_width)
{
	struct format_nest *nest = add_nest(plan);

	set_dim(nest, 1, pairs, (ptrdiff_t)(per_pair * width), 3 * (ptrdiff_t)device_width, 0);
	set_dim(nest, 2, per_pair, (ptrdiff_t)width, (ptrdiff_t)device_width, 0);
	set_dim(nest, 3, width, 1, 1, 0);
	nest->host_base = host_base;
	nest->device_base = device_base;
}

/* 4:2:0: two rows of luma, then their chroma, where the host has the planes one
 * after the other. The shape counts luma and chroma rows, reference formats.md 4.
 */
static int nest_yuv(struct format_plan *plan, const struct h8l_stream_info *info)
{
	size_t rows = (size_t)info->shape.height * info->shape.features;
	size_t width = info->shape.width, device = info->device_shape.width;
	size_t pairs = rows / 3, luma = 2 * pairs * width;

	if (rows % 3 || width % 2 || device % 2)
		return -ENOTSUP;
	nest_rows(plan, pairs, 2, width, 0, 0, device);
	if (plan->host.order != H8L_ORDER_I420) {
		nest_rows(plan, pairs, 1, width, luma, 2 * device, device);
		return 0;
	}
	nest_rows(plan, pairs, 1, width / 2, luma, 2 * device, device);
	nest_rows(plan, pairs, 1, width / 2, luma + luma / 4, 2 * device + device / 2, device);
	return 0;
}

/* ---- making nests smaller ---- */

static bool continues(const ptrdiff_t *steps, unsigned int outer, size_t inner_count)
{
	return steps[outer] == steps[outer + 1] * (ptrdiff_t)inner_count;
}

static void remove_dim(struct format_nest *nest, unsigned int dim)
{
	for (; dim > 0; dim--)
		set_dim(nest, dim, nest->count[dim - 1], nest->host[dim - 1],
			nest->device[dim - 1], nest->quant[dim - 1]);
	set_dim(nest, 0, 1, 0, 0, 0);
}

/* Two loops that walk on without a jump are one */
static bool merge_once(struct format_nest *nest, bool per_feature)
{
	for (unsigned int d = 0; d + 1 < FORMAT_DIMS; d++) {
		size_t inner = nest->count[d + 1];

		if (nest->count[d] == 1)
			continue;
		if (inner == 1) {
			remove_dim(nest, d + 1);
			return true;
		}
		if (!continues(nest->host, d, inner) || !continues(nest->device, d, inner) ||
		    (per_feature && !continues(nest->quant, d, inner)))
			continue;
		nest->count[d + 1] *= nest->count[d];
		remove_dim(nest, d);
		return true;
	}
	return false;
}

static void simplify(struct format_plan *plan, bool per_feature)
{
	for (unsigned int n = 0; n < plan->nest_count; n++) {
		struct format_nest *nest = &plan->nest[n];

		if (!per_feature) {
			nest->quant_base = 0;
			memset(nest->quant, 0, sizeof(nest->quant));
		}
		while (merge_once(nest, per_feature))
			;
	}
}

/* ---- planning ---- */

static unsigned int element_size(enum h8l_type type)
{
	switch (type) {
	case H8L_TYPE_UINT8:
		return 1;
	case H8L_TYPE_UINT16:
		return 2;
	case H8L_TYPE_FLOAT32:
		return 4;
	default:
		return 0;
	}
}

static int resolve(struct format_plan *plan, const struct h8l_stream_info *info,
		   struct h8l_format host)
{
	if (host.type == H8L_TYPE_AUTO)
		host.type = info->device_format.type;
	if (host.order == H8L_ORDER_AUTO)
		host.order = format_default_order(info->device_format.order);
	plan->host = host;
	plan->host_element = element_size(host.type);
	plan->device_element = element_size(info->device_format.type);
	if (!plan->host_element || !plan->device_element ||
	    !pair_exists(info->direction, host.order, info->device_format.order))
		return -ENOTSUP;
	plan->host_size = info->shape.height * row_of(host.order, &info->shape) *
			  plan->host_element;
	plan->device_size = info->device_frame_size;
	return 0;
}

static bool is_yuv420(enum h8l_order device)
{
	return device == H8L_ORDER_YYUV || device == H8L_ORDER_YYVU ||
	       device == H8L_ORDER_YYYYUV;
}

static bool fits(const struct h8l_shape *inner, const struct h8l_shape *outer)
{
	return inner->height <= outer->height && inner->width <= outer->width &&
	       inner->features <= outer->features;
}

static int make_nests(struct format_plan *plan, const struct h8l_stream_info *info,
		      bool transposed)
{
	enum h8l_order order = info->device_format.order;
	const struct h8l_shape *device = &info->device_shape;
	struct h8l_shape shape = info->shape;
	struct steps host = steps_of(plan->host.order, &shape);
	size_t whole = shape.features / BLOCK;

	if (transposed) {
		shape = (struct h8l_shape){ shape.width, shape.height, shape.features };
		host = (struct steps){ host.column, host.row, host.feature };
	}
	if (!fits(&shape, device))
		return -ENOTSUP;
	if (is_yuv420(order))
		return transposed ? -ENOTSUP : nest_yuv(plan, info);
	if (order == H8L_ORDER_F8CR && device->features % BLOCK)
		return -ENOTSUP;
	if (order == H8L_ORDER_F8CR) {
		nest_blocks(plan, &shape, host, device, 0, whole, BLOCK);
		nest_blocks(plan, &shape, host, device, whole, 1, shape.features % BLOCK);
		return 0;
	}
	if (order == H8L_ORDER_RGB888 && (shape.features != 3 || device->features != 4))
		return -ENOTSUP;
	nest_plain(plan, &shape, host, steps_of(order, device), order == H8L_ORDER_NHCW);
	if (order == H8L_ORDER_RGB888)
		plan->nest[0].device_base = 2;
	return 0;
}

static bool is_identity(const struct h8l_quant *q)
{
	return q->zero_point == 0 && q->scale == 1;
}

/* Inputs take the first entry, and class maps none; reference formats.md
 * section 7
 */
static bool is_per_feature(const struct h8l_stream_info *info, const struct h8l_quant *quants)
{
	if (info->direction == H8L_INPUT || info->device_format.order == H8L_ORDER_NHW)
		return false;
	for (unsigned int i = 1; i < info->quant_count; i++)
		if (quants[i].zero_point != quants[0].zero_point ||
		    quants[i].scale != quants[0].scale)
			return true;
	return false;
}

/* Computing with it changes nothing, and it has no limits */
static const struct h8l_quant unquantised = { 0, 1, -INFINITY, INFINITY };

static int choose_line(struct format_plan *plan, const struct h8l_stream_info *info,
		       bool per_feature)
{
	bool identity = (!per_feature && is_identity(plan->quant)) ||
			(info->direction == H8L_OUTPUT &&
			 info->device_format.order == H8L_ORDER_NHW);

	if (plan->host.type == H8L_TYPE_FLOAT32 && !identity && plan->quant->scale == 0)
		return -ENOTSUP;
	if (identity)
		plan->quant = &unquantised;
	plan->kernels = kernels_best();
	plan->line = format_line_for(info->direction, plan->host.type, info->device_format.type);
	return plan->line ? 0 : -ENOTSUP;
}

static bool is_direct(const struct format_plan *plan)
{
	const struct format_nest *nest = &plan->nest[0];
	unsigned int last = FORMAT_DIMS - 1;

	return plan->nest_count == 1 && plan->host_element == plan->device_element &&
	       plan->host.type != H8L_TYPE_FLOAT32 && plan->host_size == plan->device_size &&
	       nest->host[last] == 1 && nest->device[last] == 1 && !nest->device_base &&
	       nest->count[last] * plan->host_element == plan->host_size;
}

/* The bytes of the wire: one line of them */
static int plan_raw(struct format_plan *plan, const struct h8l_stream_info *info,
		    struct h8l_format host)
{
	plan->host = host;
	if (host.type != H8L_TYPE_AUTO && host.type != info->device_format.type)
		return -ENOTSUP;
	plan->host.type = info->device_format.type;
	plan->host_size = info->device_frame_size;
	plan->device_size = info->device_frame_size;
	plan->host_element = 1;
	plan->device_element = 1;
	plan->line = format_line_for(info->direction, H8L_TYPE_UINT8, H8L_TYPE_UINT8);
	set_dim(add_nest(plan), FORMAT_DIMS - 1, plan->host_size, 1, 1, 0);
	return 0;
}

/* Boxes of the chip are not for conversion but for h8l_post_run() */
static bool is_raw(const struct h8l_stream_info *info, enum h8l_order host)
{
	return host == H8L_ORDER_RAW ||
	       (info->device_format.order == H8L_ORDER_NMS_ON_CHIP &&
		(host == H8L_ORDER_AUTO || host == H8L_ORDER_NMS_ON_CHIP));
}

static int plan_converted(struct format_plan *plan, const struct h8l_stream_info *info,
			  bool transposed, bool per_feature, struct h8l_format host)
{
	return resolve(plan, info, host) ?: make_nests(plan, info, transposed) ?:
	       choose_line(plan, info, per_feature);
}

int format_plan_init(struct format_plan *plan, const struct h8l_stream_info *info,
		     bool transposed, const struct h8l_quant *quants, struct h8l_format host,
		     struct h8l_error *error)
{
	bool per_feature = is_per_feature(info, quants);
	int err;

	*plan = (struct format_plan){ .direction = info->direction, .quant = quants };
	err = is_raw(info, host.order) ? plan_raw(plan, info, host) :
	      plan_converted(plan, info, transposed, per_feature, host);
	if (err)
		return fail(error, err, "stream %s: no conversion between %s %s on the host and "
			    "%s %s on the chip", info->name, h8l_type_name(plan->host.type),
			    h8l_order_name(plan->host.order),
			    h8l_type_name(info->device_format.type),
			    h8l_order_name(info->device_format.order));
	simplify(plan, per_feature);
	plan->direct = is_direct(plan);
	plan->in_place = plan->direct ? 0 : format_in_place_room(plan);
	return 0;
}

/* Its planes are converted one by one, see streams.c */
static int64_t picture_size(const struct h8l_stream_info *info, struct h8l_format format)
{
	enum h8l_order picture = info->device_format.order;

	if (format.type == H8L_TYPE_AUTO)
		format.type = info->device_format.type;
	if (format.order == H8L_ORDER_RAW)
		return format.type == info->device_format.type ?
		       (int64_t)info->device_frame_size : -ENOTSUP;
	if ((format.order != H8L_ORDER_AUTO && format.order != picture) ||
	    !element_size(format.type) ||
	    (format.type != H8L_TYPE_FLOAT32 && format.type > info->device_format.type))
		return -ENOTSUP;
	return (int64_t)info->shape.height * info->shape.width * info->shape.features *
	       element_size(format.type);
}

static bool is_picture(enum h8l_order device)
{
	return device == H8L_ORDER_NV12 || device == H8L_ORDER_NV21 || device == H8L_ORDER_I420;
}

int64_t h8l_frame_size(const struct h8l_stream_info *info, struct h8l_format format)
{
	struct h8l_stream_info one = *info;
	struct format_plan plan;
	int err;

	if (is_picture(info->device_format.order))
		return picture_size(info, format);
	one.quant_count = 1;
	err = format_plan_init(&plan, &one, false, &one.quant, format, NULL);
	return err ? err : (int64_t)plan.host_size;
}

/* ---- converting ---- */

/* The two innermost loops of a nest, where they are a matrix: features in rows
 * on the chip and in columns on the host
 */
struct plane {
	const struct format_plan *plan;
	const struct format_nest *nest;
	const struct h8l_quant *quant;
	uint8_t *host, *device;
};

static bool is_matrix(const struct format_nest *n)
{
	return n->host[2] == 1 && n->device[3] == 1 && n->host[3] > 0 && n->device[2] > 0 &&
	       n->count[2] > 1 && !n->quant[3];
}

/* A piece of a plane on its way: as on the host, but of the chip's type */
#define PIECE_FEATURES	128
#define PIECE_COLUMNS	64

struct piece {
	size_t feature, column, features, columns;
	void *host;			/* where it is on that side */
	void *device;
	uint16_t data[PIECE_FEATURES * PIECE_COLUMNS + KERNEL_TILE];
};

static void transpose_piece(const struct plane *p, const struct piece *piece, void *tight,
			    size_t tight_pitch, size_t slack)
{
	struct format_matrix m = {
		.kernels = p->plan->kernels, .from = tight, .to = piece->device,
		.from_pitch = tight_pitch, .to_pitch = (size_t)p->nest->device[2],
		.rows = piece->columns, .columns = piece->features, .slack = slack,
	};

	if (p->plan->direction == H8L_OUTPUT)
		m = (struct format_matrix){
			.kernels = p->plan->kernels, .from = piece->device, .to = tight,
			.from_pitch = (size_t)p->nest->device[2], .to_pitch = tight_pitch,
			.rows = piece->features, .columns = piece->columns,
		};
	format_transpose(&m, p->plan->device_element);
}

/* Between the tight piece and the host, column by column; all at once where the
 * host's are as tight
 */
static void convert_piece(const struct plane *p, struct piece *piece)
{
	bool output = p->plan->direction == H8L_OUTPUT;
	size_t pitch = (size_t)p->nest->host[3] * p->plan->host_element;
	size_t tight = piece->features * p->plan->device_element, columns = piece->columns;
	struct format_line line = {
		.from_step = 1, .to_step = 1, .count = piece->features,
		.quant = p->quant + (ptrdiff_t)piece->feature * p->nest->quant[2],
		.quant_step = p->nest->quant[2], .kernels = p->plan->kernels,
	};

	if (!line.quant_step && piece->features == (size_t)p->nest->host[3]) {
		line.count *= columns;
		columns = 1;
	}
	for (size_t c = 0; c < columns; c++) {
		uint8_t *host = (uint8_t *)piece->host + c * pitch;
		uint8_t *data = (uint8_t *)piece->data + c * tight;

		line.from = output ? data : host;
		line.to = output ? host : data;
		p->plan->line(&line);
	}
}

static void do_piece(const struct plane *p, struct piece *piece)
{
	const struct format_nest *n = p->nest;
	size_t host = piece->feature + piece->column * (size_t)n->host[3];
	size_t device = piece->feature * (size_t)n->device[2] + piece->column;

	piece->host = p->host + host * p->plan->host_element;
	piece->device = p->device + device * p->plan->device_element;
	if (p->plan->direction == H8L_INPUT)
		convert_piece(p, piece);
	transpose_piece(p, piece, piece->data, piece->features, KERNEL_TILE);
	if (p->plan->direction == H8L_OUTPUT)
		convert_piece(p, piece);
}

static void do_plane(const struct plane *p)
{
	size_t features = p->nest->count[2], columns = p->nest->count[3];
	struct piece piece;

	if (p->plan->host.type == H8L_TYPE_FLOAT32 ||
	    p->plan->host_element != p->plan->device_element) {
		for (size_t c = 0; c < columns; c += PIECE_COLUMNS)
			for (size_t f = 0; f < features; f += PIECE_FEATURES) {
				piece.feature = f;
				piece.column = c;
				piece.features = at_most(features - f, PIECE_FEATURES);
				piece.columns = at_most(columns - c, PIECE_COLUMNS);
				do_piece(p, &piece);
			}
		return;
	}
	piece.features = features;
	piece.columns = columns;
	piece.device = p->device;
	transpose_piece(p, &piece, p->host, (size_t)p->nest->host[3], 0);
}

static void do_lines(const struct plane *p)
{
	const struct format_plan *plan = p->plan;
	const struct format_nest *n = p->nest;
	bool output = plan->direction == H8L_OUTPUT;
	struct format_line line = {
		.from_step = output ? n->device[3] : n->host[3],
		.to_step = output ? n->host[3] : n->device[3],
		.count = n->count[3], .quant_step = n->quant[3], .kernels = plan->kernels,
	};

	for (ptrdiff_t k = 0; k < (ptrdiff_t)n->count[2]; k++) {
		uint8_t *host = p->host + k * n->host[2] * (ptrdiff_t)plan->host_element;
		uint8_t *device = p->device + k * n->device[2] * (ptrdiff_t)plan->device_element;

		line.from = output ? device : host;
		line.to = output ? host : device;
		line.quant = p->quant + k * n->quant[2];
		plan->line(&line);
	}
}

static void walk(const struct format_plan *plan, const struct format_nest *n, uint8_t *host,
		 uint8_t *device)
{
	struct plane p = { .plan = plan, .nest = n };
	bool matrix = is_matrix(n);

	host += n->host_base * plan->host_element;
	device += n->device_base * plan->device_element;
	for (ptrdiff_t i = 0; i < (ptrdiff_t)n->count[0]; i++)
		for (ptrdiff_t j = 0; j < (ptrdiff_t)n->count[1]; j++) {
			p.host = host + (i * n->host[0] + j * n->host[1]) *
				 (ptrdiff_t)plan->host_element;
			p.device = device + (i * n->device[0] + j * n->device[1]) *
				   (ptrdiff_t)plan->device_element;
			p.quant = plan->quant + n->quant_base + i * n->quant[0] +
				  j * n->quant[1];
			if (matrix)
				do_plane(&p);
			else
				do_lines(&p);
		}
}

/* Which side is read is plan->direction's business */
void format_to_device(const struct format_plan *plan, const void *host, void *device)
{
	for (unsigned int i = 0; i < plan->nest_count; i++)
		walk(plan, &plan->nest[i], (uint8_t *)(uintptr_t)host, device);
}

void format_to_host(const struct format_plan *plan, const void *device, void *host)
{
	for (unsigned int i = 0; i < plan->nest_count; i++)
		walk(plan, &plan->nest[i], host, (uint8_t *)(uintptr_t)device);
}
