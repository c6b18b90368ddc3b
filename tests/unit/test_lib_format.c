// SPDX-License-Identifier: MIT
/*
 * Conversions against a plain model that computes the place of every element by
 * itself, straight from the tables of reference formats.md 4 to 7.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/format.h"

#include <cmocka.h>

static uint32_t random_state = 1;

static uint32_t rnd(uint32_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state % below;
}

/* ---- the model ---- */

/* Where element (row, column, feature) of a frame is */
static size_t place(enum h8l_order order, const struct h8l_shape *s, size_t r, size_t c, size_t f)
{
	switch (order) {
	case H8L_ORDER_NHCW:
		return (r * s->features + f) * s->width + c;
	case H8L_ORDER_NCHW:
		return (f * s->height + r) * s->width + c;
	case H8L_ORDER_RGB888:
		return (r * s->width + c) * 4 + 2 - f;
	case H8L_ORDER_RGB4:
		return r * ((s->width * s->features + 3) / 4 * 4) + c * s->features + f;
	default:
		return (r * s->width + c) * s->features + f;
	}
}

static size_t device_place(enum h8l_order order, const struct h8l_shape *s, size_t r, size_t c,
			   size_t f)
{
	if (order == H8L_ORDER_F8CR)
		return r * s->width * s->features + f / 8 * 8 * s->width + c * 8 + f % 8;
	return place(order, s, r, c, f);
}

static double load(const void *data, enum h8l_type type, size_t at)
{
	switch (type) {
	case H8L_TYPE_UINT8:
		return ((const uint8_t *)data)[at];
	case H8L_TYPE_UINT16:
		return ((const uint16_t *)data)[at];
	default:
		return (double)((const float *)data)[at];
	}
}

static void store(void *data, enum h8l_type type, size_t at, double value)
{
	switch (type) {
	case H8L_TYPE_UINT8:
		((uint8_t *)data)[at] = (uint8_t)value;
		break;
	case H8L_TYPE_UINT16:
		((uint16_t *)data)[at] = (uint16_t)value;
		break;
	default:
		((float *)data)[at] = (float)value;
		break;
	}
}

static bool same_identity(const struct h8l_quant *q)
{
	return q->zero_point == 0 && q->scale == 1;
}

static double model_quantise(float x, const struct h8l_quant *q, double max)
{
	volatile float divided;
	float rounded;

	if (same_identity(q)) {
		rounded = rintf(x);
	} else {
		if (x >= q->limit_max)
			x = q->limit_max;
		else if (x <= q->limit_min)
			x = q->limit_min;
		divided = x / q->scale;
		rounded = rintf(divided + q->zero_point);
	}
	return rounded < 0 ? 0 : (double)rounded > max ? max : (double)rounded;
}

static double model_dequantise(double q, const struct h8l_quant *quant)
{
	volatile float centred = (float)q - quant->zero_point;

	return (double)(centred * quant->scale);
}

/* ---- one case ---- */

struct example {
	struct h8l_stream_info info;
	struct h8l_format host;
	bool transposed;
	struct h8l_quant quants[64];
	struct format_plan plan;
	uint8_t *user, *device, *expected;
	size_t user_size;
};

static double convert(const struct example *e, double x, size_t feature)
{
	const struct h8l_quant *q = &e->quants[e->info.quant_count > 1 ? feature : 0];
	double max = e->info.device_format.type == H8L_TYPE_UINT8 ? 255 : 65535;

	if (e->host.type != H8L_TYPE_FLOAT32)
		return x;
	if (e->info.direction == H8L_INPUT)
		return model_quantise((float)x, &e->quants[0], max);
	return e->info.device_format.order == H8L_ORDER_NHW ? x : model_dequantise(x, q);
}

static void check_element(const struct example *e, size_t r, size_t c, size_t f)
{
	size_t dr = e->transposed ? c : r, dc = e->transposed ? r : c;
	size_t u = place(e->host.order, &e->info.shape, r, c, f);
	size_t d = device_place(e->info.device_format.order, &e->info.device_shape, dr, dc, f);
	enum h8l_type device = e->info.device_format.type;

	if (e->info.direction == H8L_INPUT)
		store(e->expected, device, d, convert(e, load(e->user, e->host.type, u), f));
	else
		store(e->expected, e->host.type, u, convert(e, load(e->device, device, d), f));
}

static void each_element(const struct example *e)
{
	const struct h8l_shape *s = &e->info.shape;

	for (size_t r = 0; r < s->height; r++)
		for (size_t c = 0; c < s->width; c++)
			for (size_t f = 0; f < s->features; f++)
				check_element(e, r, c, f);
}

static void fill(uint8_t *data, size_t size, enum h8l_type type)
{
	if (type != H8L_TYPE_FLOAT32) {
		for (size_t i = 0; i < size; i++)
			data[i] = (uint8_t)rnd(256);
		return;
	}
	for (size_t i = 0; i < size / sizeof(float); i++)
		((float *)data)[i] = ((float)rnd(40000) - 8000) / 32;
}

static unsigned int in_place;		/* examples that were */

/* What of the device's frame is in the host's: all, or less. (On a wire of pages
 * the head is whole pages; here it may end anywhere.)
 */
static size_t random_head(const struct example *e)
{
	size_t device = e->info.device_frame_size;
	size_t most = device < e->user_size ? device : e->user_size;

	return rnd(2) ? most : rnd((uint32_t)most + 1);
}

/* In a buffer that is not a byte larger, nor are the tail and the room */
static void run_in_place(const struct example *e)
{
	struct format_place place = {
		.frame = malloc(e->user_size), .head = random_head(e),
		.room = malloc(e->plan.in_place),
	};
	size_t tail = e->info.device_frame_size - place.head;
	void *rest = tail ? malloc(tail) : NULL;

	memset(place.frame, 0xa5, e->user_size);
	memcpy(place.frame, e->device, place.head);
	if (tail)
		memcpy(rest, e->device + place.head, tail);
	place.tail = rest;
	format_in_place(&e->plan, &place);
	assert_memory_equal(place.frame, e->expected, e->user_size);
	free(place.frame);
	free(place.room);
	free(rest);
	in_place++;
}

static void run_example(struct example *e)
{
	size_t device_size = e->info.device_frame_size;
	bool input = e->info.direction == H8L_INPUT;

	e->user_size = e->plan.host_size;
	e->user = calloc(1, e->user_size);
	e->device = calloc(1, device_size);
	e->expected = calloc(1, input ? device_size : e->user_size);
	if (input) {
		fill(e->user, e->user_size, e->host.type);
		each_element(e);
		format_to_device(&e->plan, e->user, e->device);
		assert_memory_equal(e->device, e->expected, device_size);
	} else {
		fill(e->device, device_size, e->info.device_format.type);
		each_element(e);
		format_to_host(&e->plan, e->device, e->user);
		assert_memory_equal(e->user, e->expected, e->user_size);
		if (e->plan.in_place)
			run_in_place(e);
	}
	if (e->plan.direct)
		assert_memory_equal(e->user, e->device, device_size);
	free(e->user);
	free(e->device);
	free(e->expected);
}

/* ---- making cases ---- */

static size_t element(enum h8l_type type)
{
	return type == H8L_TYPE_UINT8 ? 1 : type == H8L_TYPE_UINT16 ? 2 : 4;
}

static void random_quants(struct example *e, bool per_feature)
{
	e->info.quant_count = per_feature ? e->info.shape.features : 1;
	for (unsigned int i = 0; i < e->info.quant_count; i++)
		e->quants[i] = (struct h8l_quant){
			(float)rnd(200), (float)(1 + rnd(1000)) / 512, -100, 300,
		};
	if (rnd(4) == 0 && !per_feature)
		e->quants[0] = (struct h8l_quant){ 0, 1, 0, 255 };
	e->info.quant = e->quants[0];
}

static void random_shapes(struct example *e, enum h8l_order device)
{
	struct h8l_shape *u = &e->info.shape, *d = &e->info.device_shape;

	*u = (struct h8l_shape){ 1 + rnd(6), 1 + rnd(9), 1 + rnd(20) };
	if (device == H8L_ORDER_NC)
		u->height = u->width = 1;
	if (device == H8L_ORDER_NHW || device == H8L_ORDER_BAYER_RGB)
		u->features = 1;
	if (device == H8L_ORDER_RGB888)
		u->features = 3;
	*d = *u;
	if (e->transposed) {
		d->height = u->width;
		d->width = u->height;
	}
	if (rnd(2))
		d->width += rnd(4);
	if ((device == H8L_ORDER_FCR || device == H8L_ORDER_NC) && rnd(2))
		d->features += rnd(9);
	if (device == H8L_ORDER_F8CR)
		d->features = (uint32_t)align_up(u->features, 8);
	if (device == H8L_ORDER_RGB888)
		d->features = 4;
}

/* A random case of a pair of orders; true if the library has it */
static bool make_example(struct example *e, enum h8l_direction direction, enum h8l_order host,
			 enum h8l_order device)
{
	static const enum h8l_type hosts[] = { H8L_TYPE_UINT8, H8L_TYPE_UINT16,
					       H8L_TYPE_FLOAT32 };

	memset(e, 0, sizeof(*e));
	e->info.direction = direction;
	e->info.device_format.order = device;
	e->info.device_format.type = rnd(2) ? H8L_TYPE_UINT8 : H8L_TYPE_UINT16;
	e->host = (struct h8l_format){ hosts[rnd(3)], host };
	e->transposed = rnd(4) == 0 && device != H8L_ORDER_NC;
	random_shapes(e, device);
	random_quants(e, rnd(3) == 0);
	e->info.device_frame_size =
		align_up((uint64_t)e->info.device_shape.height * e->info.device_shape.width *
			 e->info.device_shape.features * element(e->info.device_format.type), 8);
	return !format_plan_init(&e->plan, &e->info, e->transposed, e->quants, e->host, NULL);
}

/* Types that lose nothing: the same, wider, or float */
static bool types_fit(const struct example *e)
{
	enum h8l_type device = e->info.device_format.type, host = e->host.type;

	if (host == H8L_TYPE_FLOAT32 || host == device)
		return true;
	return e->info.direction == H8L_INPUT ? host == H8L_TYPE_UINT8 :
						device == H8L_TYPE_UINT8;
}

static void check_pair(enum h8l_direction direction, enum h8l_order host, enum h8l_order device)
{
	unsigned int done = 0;

	for (int i = 0; i < 400; i++) {
		struct example e;
		bool made = make_example(&e, direction, host, device);

		assert_int_equal(made, types_fit(&e));
		if (made)
			run_example(&e);
		done += made;
	}
	assert_true(done > 100);
}

static void inputs(void **state)
{
	(void)state;
	check_pair(H8L_INPUT, H8L_ORDER_NHWC, H8L_ORDER_NHWC);
	check_pair(H8L_INPUT, H8L_ORDER_NHWC, H8L_ORDER_NHCW);
	check_pair(H8L_INPUT, H8L_ORDER_NHWC, H8L_ORDER_FCR);
	check_pair(H8L_INPUT, H8L_ORDER_FCR, H8L_ORDER_FCR);
	check_pair(H8L_INPUT, H8L_ORDER_NHWC, H8L_ORDER_F8CR);
	check_pair(H8L_INPUT, H8L_ORDER_F8CR, H8L_ORDER_F8CR);
	check_pair(H8L_INPUT, H8L_ORDER_NHWC, H8L_ORDER_RGB888);
	check_pair(H8L_INPUT, H8L_ORDER_NHCW, H8L_ORDER_NHCW);
	check_pair(H8L_INPUT, H8L_ORDER_NCHW, H8L_ORDER_NHCW);
	check_pair(H8L_INPUT, H8L_ORDER_RGB4, H8L_ORDER_NHWC);
	check_pair(H8L_INPUT, H8L_ORDER_RGB4, H8L_ORDER_NHCW);
	check_pair(H8L_INPUT, H8L_ORDER_NC, H8L_ORDER_NC);
	check_pair(H8L_INPUT, H8L_ORDER_NHW, H8L_ORDER_NHW);
	check_pair(H8L_INPUT, H8L_ORDER_BAYER_RGB, H8L_ORDER_BAYER_RGB);
	check_pair(H8L_INPUT, H8L_ORDER_YUY2, H8L_ORDER_YUY2);
}

static void outputs(void **state)
{
	(void)state;
	check_pair(H8L_OUTPUT, H8L_ORDER_NHWC, H8L_ORDER_NHWC);
	check_pair(H8L_OUTPUT, H8L_ORDER_NHWC, H8L_ORDER_NHCW);
	check_pair(H8L_OUTPUT, H8L_ORDER_NCHW, H8L_ORDER_NHCW);
	check_pair(H8L_OUTPUT, H8L_ORDER_NHCW, H8L_ORDER_NHCW);
	check_pair(H8L_OUTPUT, H8L_ORDER_FCR, H8L_ORDER_FCR);
	check_pair(H8L_OUTPUT, H8L_ORDER_NHWC, H8L_ORDER_FCR);
	check_pair(H8L_OUTPUT, H8L_ORDER_NHWC, H8L_ORDER_F8CR);
	check_pair(H8L_OUTPUT, H8L_ORDER_F8CR, H8L_ORDER_F8CR);
	check_pair(H8L_OUTPUT, H8L_ORDER_NC, H8L_ORDER_NC);
	check_pair(H8L_OUTPUT, H8L_ORDER_NHW, H8L_ORDER_NHW);
	check_pair(H8L_OUTPUT, H8L_ORDER_NCHW, H8L_ORDER_NHW);
	check_pair(H8L_OUTPUT, H8L_ORDER_BAYER_RGB, H8L_ORDER_BAYER_RGB);
	assert_in_range(in_place, 1000, 12 * 400);
}

/* ---- what there is not ---- */

static bool is_one_of(const enum h8l_order (*pairs)[2], size_t count, enum h8l_order host,
		      enum h8l_order device)
{
	for (size_t i = 0; i < count; i++)
		if (pairs[i][0] == host && pairs[i][1] == device)
			return true;
	return false;
}

/* Shapes that fit every order */
static bool exists(enum h8l_direction direction, unsigned int host, unsigned int device)
{
	struct h8l_stream_info info = {
		.direction = direction, .shape = { 2, 4, 3 }, .device_shape = { 2, 8, 8 },
		.device_format = { H8L_TYPE_UINT8, (enum h8l_order)device },
		.device_frame_size = 128, .quant = { 0, 1, 0, 255 }, .quant_count = 1,
	};

	if (device == H8L_ORDER_RGB888)
		info.device_shape.features = 4;
	return h8l_frame_size(&info, (struct h8l_format){ 0, (enum h8l_order)host }) > 0;
}

/* The items of the chip as they are, and pictures whose planes are streams of their own */
static bool is_no_conversion(unsigned int order)
{
	return order == H8L_ORDER_NMS_ON_CHIP || order == H8L_ORDER_NV12 ||
	       order == H8L_ORDER_NV21 || order == H8L_ORDER_I420;
}

static void check_pairs(enum h8l_direction direction, const enum h8l_order (*pairs)[2],
			size_t count)
{
	unsigned int found = 0;

	for (unsigned int host = 1; host < 24; host++)
		for (unsigned int device = 1; device < 24; device++) {
			bool has = exists(direction, host, device);

			if (host == device && is_no_conversion(device))
				continue;
			if (has != is_one_of(pairs, count, (enum h8l_order)host,
					     (enum h8l_order)device))
				fail_msg("from order %u of the host and %u of the chip", host,
					 device);
			found += has;
		}
	assert_int_equal(found, count);
}

/* All orders of formats.md 1 in pairs, among them the 12-bit Bayer pattern (8), those of
 * detections (9, 20, 22, 23), and unlisted pairs
 */
static void all_pairs(void **state)
{
	static const enum h8l_order inputs[][2] = {
		{ H8L_ORDER_NHWC, H8L_ORDER_NHWC }, { H8L_ORDER_NHWC, H8L_ORDER_NHCW },
		{ H8L_ORDER_NHWC, H8L_ORDER_FCR }, { H8L_ORDER_NHWC, H8L_ORDER_F8CR },
		{ H8L_ORDER_NHWC, H8L_ORDER_RGB888 }, { H8L_ORDER_NHCW, H8L_ORDER_NHCW },
		{ H8L_ORDER_NCHW, H8L_ORDER_NHCW }, { H8L_ORDER_FCR, H8L_ORDER_FCR },
		{ H8L_ORDER_F8CR, H8L_ORDER_F8CR }, { H8L_ORDER_NC, H8L_ORDER_NC },
		{ H8L_ORDER_NHW, H8L_ORDER_NHW }, { H8L_ORDER_BAYER_RGB, H8L_ORDER_BAYER_RGB },
		{ H8L_ORDER_YUY2, H8L_ORDER_YUY2 }, { H8L_ORDER_NV12, H8L_ORDER_YYUV },
		{ H8L_ORDER_NV21, H8L_ORDER_YYVU }, { H8L_ORDER_I420, H8L_ORDER_YYYYUV },
		{ H8L_ORDER_RGB4, H8L_ORDER_NHWC }, { H8L_ORDER_RGB4, H8L_ORDER_NHCW },
	};
	static const enum h8l_order outputs[][2] = {
		{ H8L_ORDER_NHWC, H8L_ORDER_NHWC }, { H8L_ORDER_NHWC, H8L_ORDER_NHCW },
		{ H8L_ORDER_NHWC, H8L_ORDER_FCR }, { H8L_ORDER_NHWC, H8L_ORDER_F8CR },
		{ H8L_ORDER_NHCW, H8L_ORDER_NHCW }, { H8L_ORDER_NCHW, H8L_ORDER_NHCW },
		{ H8L_ORDER_NCHW, H8L_ORDER_NHW }, { H8L_ORDER_FCR, H8L_ORDER_FCR },
		{ H8L_ORDER_F8CR, H8L_ORDER_F8CR }, { H8L_ORDER_NC, H8L_ORDER_NC },
		{ H8L_ORDER_NHW, H8L_ORDER_NHW }, { H8L_ORDER_BAYER_RGB, H8L_ORDER_BAYER_RGB },
	};

	(void)state;
	check_pairs(H8L_INPUT, inputs, ARRAY_SIZE(inputs));
	check_pairs(H8L_OUTPUT, outputs, ARRAY_SIZE(outputs));
}

/* A chip that computes the wrong way round, reference formats.md 6: 2 rows of 3 pixels are
 * 3 rows of 2 there, padded to 4
 */
static void transposed(void **state)
{
	static const char picture[] = "aAbBcCdDeEfF", wire[] = "aAdD....bBeE....cCfF....";
	struct h8l_stream_info info = {
		.direction = H8L_INPUT, .shape = { 2, 3, 2 }, .device_shape = { 3, 4, 2 },
		.device_format = { H8L_TYPE_UINT8, H8L_ORDER_NHWC },
		.device_frame_size = 24, .quant = { 0, 1, 0, 255 }, .quant_count = 1,
	};
	struct h8l_format format = { H8L_TYPE_UINT8, H8L_ORDER_NHWC };
	char frame[25] = "........................", back[13] = "";
	struct format_plan plan;

	(void)state;
	assert_int_equal(format_plan_init(&plan, &info, true, &info.quant, format, NULL), 0);
	format_to_device(&plan, picture, frame);
	assert_string_equal(frame, wire);
	info.direction = H8L_OUTPUT;
	assert_int_equal(format_plan_init(&plan, &info, true, &info.quant, format, NULL), 0);
	format_to_host(&plan, wire, back);
	assert_string_equal(back, picture);
	/* A frame that is the chip's already has no second meaning for the program */
	info.device_format.order = H8L_ORDER_YYUV;
	assert_int_equal(format_plan_init(&plan, &info, true, &info.quant,
					  (struct h8l_format){ 0 }, NULL), -ENOTSUP);
}

/* Rows of 5 elements stand 8 apart, in floats too; what is between them is not read */
static void rgb4(void **state)
{
	static const char picture[] = "abcdexxxfghijxx";	/* its end is not read either */
	struct h8l_stream_info info = {
		.direction = H8L_INPUT, .shape = { 2, 5, 1 }, .device_shape = { 2, 6, 1 },
		.device_format = { H8L_TYPE_UINT8, H8L_ORDER_NHWC },
		.device_frame_size = 16, .quant = { 0, 1, 0, 255 }, .quant_count = 1,
	};
	struct h8l_format format = { H8L_TYPE_UINT8, H8L_ORDER_RGB4 };
	char frame[17] = "................";
	struct format_plan plan;
	float real[16];

	(void)state;
	assert_int_equal(h8l_frame_size(&info, format), 16);
	assert_int_equal(format_plan_init(&plan, &info, false, &info.quant, format, NULL), 0);
	format_to_device(&plan, picture, frame);
	assert_string_equal(frame, "abcde.fghij.....");
	format.type = H8L_TYPE_FLOAT32;
	assert_int_equal(h8l_frame_size(&info, format), 64);
	for (int i = 0; i < 16; i++)
		real[i] = (float)"ABCDExxxFGHIJxxx"[i];
	assert_int_equal(format_plan_init(&plan, &info, false, &info.quant, format, NULL), 0);
	format_to_device(&plan, real, frame);
	assert_string_equal(frame, "ABCDE.FGHIJ.....");
	assert_string_equal(h8l_order_name(H8L_ORDER_RGB4), "RGB4");
}

/* An input with a scale for each feature: the first counts for all, formats.md 7 */
static void first_entry(void **state)
{
	static const struct h8l_quant quants[] = { { 10, 0.5f, -99, 99 }, { 20, 2, -99, 99 } };
	struct h8l_stream_info info = {
		.direction = H8L_INPUT, .shape = { 1, 1, 2 }, .device_shape = { 1, 1, 2 },
		.device_format = { H8L_TYPE_UINT8, H8L_ORDER_NC }, .device_frame_size = 8,
		.quant = quants[0], .quant_count = 2,
	};
	struct h8l_format format = { H8L_TYPE_FLOAT32, H8L_ORDER_NC };
	const float x[] = { 4, 4 };
	uint8_t q[8] = { 0 }, wire[8] = { 18, 22 };
	struct format_plan plan;
	float y[2];

	(void)state;
	assert_int_equal(format_plan_init(&plan, &info, false, quants, format, NULL), 0);
	format_to_device(&plan, x, q);
	assert_int_equal(q[0], 18);
	assert_int_equal(q[1], 18);
	info.direction = H8L_OUTPUT;
	assert_int_equal(format_plan_init(&plan, &info, false, quants, format, NULL), 0);
	format_to_host(&plan, wire, y);
	assert_true(y[0] == 4 && y[1] == 4);
}

/* ---- pictures in planes ---- */

static struct h8l_stream_info yuv_info(enum h8l_order device, uint32_t padded)
{
	struct h8l_stream_info info = {
		.direction = H8L_INPUT, .shape = { 2, 4, 3 }, .device_shape = { 2, padded, 3 },
		.device_format = { H8L_TYPE_UINT8, device }, .quant = { 0, 1, 0, 255 },
		.quant_count = 1,
	};

	info.device_frame_size = align_up(2 * padded * 3, 8);
	return info;
}

static void check_yuv_as(struct h8l_format format, const struct h8l_stream_info *info,
			 const void *picture, const char *expected)
{
	char frame[64] = { 0 };
	struct format_plan plan;

	assert_int_equal(format_plan_init(&plan, info, false, &info->quant, format, NULL), 0);
	assert_int_equal(plan.host_size, 24 * element(format.type));
	format_to_device(&plan, picture, frame);
	for (size_t i = 0; i < info->device_frame_size; i++)
		if (!frame[i])
			frame[i] = '.';
	frame[info->device_shape.width * 6] = 0;
	assert_string_equal(frame, expected);
}

/* As bytes, and the same numbers as floats */
static void check_yuv(enum h8l_order host, enum h8l_order device, uint32_t padded,
		      const char *expected)
{
	static const char picture[] = "AAAABBBBCCCCDDDDuvUVwxWX";
	struct h8l_stream_info info = yuv_info(device, padded);
	float real[24];

	for (int i = 0; i < 24; i++)
		real[i] = (float)picture[i];
	check_yuv_as((struct h8l_format){ H8L_TYPE_UINT8, host }, &info, picture, expected);
	check_yuv_as((struct h8l_format){ H8L_TYPE_FLOAT32, host }, &info, real, expected);
}

/* 4x4 pixels: two luma rows, then their chroma */
static void planes(void **state)
{
	(void)state;
	check_yuv(H8L_ORDER_NV12, H8L_ORDER_YYUV, 4, "AAAABBBBuvUVCCCCDDDDwxWX");
	check_yuv(H8L_ORDER_NV21, H8L_ORDER_YYVU, 6,
		  "AAAA..BBBB..uvUV..CCCC..DDDD..wxWX..");
	/* U plane "uvUV", V plane "wxWX", rows of two */
	check_yuv(H8L_ORDER_I420, H8L_ORDER_YYYYUV, 4, "AAAABBBBuvwxCCCCDDDDUVWX");
	check_yuv(H8L_ORDER_I420, H8L_ORDER_YYYYUV, 6,
		  "AAAA..BBBB..uv.wx.CCCC..DDDD..UV.WX.");
}

/* ---- values, formats.md 7 ---- */

static struct h8l_stream_info flat_info(enum h8l_direction direction, uint32_t features)
{
	return (struct h8l_stream_info){
		.direction = direction, .shape = { 1, 1, features },
		.device_shape = { 1, 1, features },
		.device_format = { H8L_TYPE_UINT8, H8L_ORDER_NC },
		.device_frame_size = align_up(features, 8), .quant_count = 1,
	};
}

static void quantise_flat(const struct h8l_quant *quant, const float *x, uint8_t *q,
			  uint32_t count)
{
	struct h8l_stream_info info = flat_info(H8L_INPUT, count);
	struct h8l_format format = { H8L_TYPE_FLOAT32, H8L_ORDER_AUTO };
	struct format_plan plan;

	info.quant = *quant;
	assert_int_equal(format_plan_init(&plan, &info, false, quant, format, NULL), 0);
	format_to_device(&plan, x, q);
}

/* Half goes to even; without scale nothing is clipped to the limits */
static void rounding(void **state)
{
	static const struct h8l_quant identity = { 0, 1, 10, 20 };
	static const struct h8l_quant half = { 10, 0.5f, -4, 4 };
	static const float x[] = { 0.5f, 1.5f, 2.5f, 254.5f, 255.0f, 300.0f, -1.0f, NAN };
	static const uint8_t expected[] = { 0, 2, 2, 254, 255, 255, 0, 0 };
	static const float y[] = { 0, 0.25f, -0.25f, 3.9f, 4.0f, 100, -4.1f, -100 };
	static const uint8_t clipped[] = { 10, 10, 10, 18, 18, 18, 2, 2 };
	float many[72];
	uint8_t q[72];

	(void)state;
	/* 72: blocks for vector code, and a rest */
	for (int i = 0; i < 72; i++)
		many[i] = x[i % 8];
	quantise_flat(&identity, many, q, 72);
	for (int i = 0; i < 72; i++)
		assert_int_equal(q[i], expected[i % 8]);
	for (int i = 0; i < 72; i++)
		many[i] = y[i % 8];
	quantise_flat(&half, many, q, 72);
	for (int i = 0; i < 72; i++)
		assert_int_equal(q[i], clipped[i % 8]);
}

static void refused(void **state)
{
	static const struct h8l_quant none;
	struct h8l_stream_info info = flat_info(H8L_OUTPUT, 4);
	struct h8l_error error = { 0 };
	struct format_plan plan;

	(void)state;
	assert_int_equal(format_plan_init(&plan, &info, false, &none,
					  (struct h8l_format){ H8L_TYPE_FLOAT32, 0 }, &error),
			 -ENOTSUP);
	assert_non_null(strstr(error.text, "float32"));
	assert_int_equal(h8l_frame_size(&info, (struct h8l_format){ 0, H8L_ORDER_NCHW }),
			 -ENOTSUP);
	assert_int_equal(h8l_frame_size(&info, (struct h8l_format){ 77, 0 }), -ENOTSUP);
	assert_int_equal(h8l_frame_size(&info, (struct h8l_format){ 0, 77 }), -ENOTSUP);
	assert_int_equal(h8l_frame_size(&info, (struct h8l_format){ H8L_TYPE_UINT16, 0 }), 8);
	info.shape.features = 5;
	assert_int_equal(h8l_frame_size(&info, (struct h8l_format){ 0 }), -ENOTSUP);
}

/* Blocks of 8 features, pixels of 4 bytes of which 3 are the host's */
static void refused_features(void **state)
{
	struct h8l_stream_info info = flat_info(H8L_INPUT, 8);

	(void)state;
	info.device_format.order = H8L_ORDER_F8CR;
	assert_int_equal(h8l_frame_size(&info, (struct h8l_format){ 0 }), 8);
	info.device_shape.features = 12;
	assert_int_equal(h8l_frame_size(&info, (struct h8l_format){ 0 }), -ENOTSUP);
	info = flat_info(H8L_INPUT, 3);
	info.device_format.order = H8L_ORDER_RGB888;
	info.device_shape.features = 4;
	assert_int_equal(h8l_frame_size(&info, (struct h8l_format){ 0 }), 3);
	info.shape.features = 2;
	assert_int_equal(h8l_frame_size(&info, (struct h8l_format){ 0 }), -ENOTSUP);
}

static void direct_frames(void **state)
{
	struct h8l_stream_info info = flat_info(H8L_INPUT, 16);
	struct format_plan plan;

	(void)state;
	info.quant.scale = 1;
	assert_int_equal(format_plan_init(&plan, &info, false, &info.quant,
					  (struct h8l_format){ 0 }, NULL), 0);
	assert_true(plan.direct);
	info = flat_info(H8L_INPUT, 15);	/* the wire has a multiple of 8 */
	assert_int_equal(format_plan_init(&plan, &info, false, &info.quant,
					  (struct h8l_format){ 0 }, NULL), 0);
	assert_false(plan.direct);
}

/* Whether a frame of that shape is converted where it is */
static size_t room_of(enum h8l_order host, enum h8l_type type, enum h8l_order device,
		      struct h8l_shape shape, struct h8l_shape device_shape)
{
	struct h8l_stream_info info = {
		.direction = H8L_OUTPUT, .shape = shape, .device_shape = device_shape,
		.device_format = { H8L_TYPE_UINT8, device }, .quant = { 3, 2, 0, 100 },
		.quant_count = 1, .device_frame_size = device_shape.height * device_shape.width *
						       device_shape.features,
	};
	struct h8l_format format = { type, host };
	struct format_plan plan;

	assert_int_equal(format_plan_init(&plan, &info, false, &info.quant, format, NULL), 0);
	return plan.in_place;
}

#define NHWC	H8L_ORDER_NHWC
#define NHCW	H8L_ORDER_NHCW
#define U8	H8L_TYPE_UINT8
#define F32	H8L_TYPE_FLOAT32

static void converted_in_place(void **state)
{
	const struct h8l_shape s = { 10, 6, 5 }, wide = { 10, 8, 5 }, deep = { 10, 6, 16 };
	const struct h8l_shape large = { 300, 40, 10 };

	(void)state;
	/* Elements grow: a row of one, or of what lies together */
	assert_int_equal(room_of(NHWC, F32, NHWC, s, s), 1);
	assert_int_equal(room_of(NHWC, F32, H8L_ORDER_FCR, s, deep), 5);
	assert_int_equal(room_of(NHWC, F32, NHCW, s, s), 30);
	assert_int_equal(room_of(NHWC, F32, NHCW, s, wide), 38);
	assert_int_equal(room_of(NHWC, H8L_TYPE_UINT16, NHCW, s, wide), 38);
	assert_int_equal(room_of(NHWC, F32, H8L_ORDER_F8CR, deep, deep), 96);
	/* They stay as they are in another order, or shrink: many rows at a time */
	assert_int_equal(room_of(NHWC, U8, NHCW, s, s), 300);
	assert_int_equal(room_of(NHWC, U8, NHCW, s, wide), 398);
	assert_int_equal(room_of(NHWC, U8, NHCW, large, large), 2000);
	assert_int_equal(room_of(NHWC, U8, H8L_ORDER_FCR, s, deep), (60 - 1) * 16 + 5);
	/* Nothing to do, or rows that go all over the frame */
	assert_int_equal(room_of(NHWC, U8, NHWC, s, s), 0);
	assert_int_equal(room_of(H8L_ORDER_NCHW, F32, NHCW, s, s), 0);
	assert_int_equal(room_of(H8L_ORDER_NCHW, U8, NHCW, s, s), 0);
}

static void names(void **state)
{
	(void)state;
	assert_string_equal(h8l_type_name(H8L_TYPE_UINT16), "uint16");
	assert_string_equal(h8l_type_name((enum h8l_type)99), "unknown");
	assert_string_equal(h8l_order_name(H8L_ORDER_I420), "I420");
	assert_string_equal(h8l_order_name((enum h8l_order)8), "unknown");
	assert_string_equal(h8l_order_name((enum h8l_order)-1), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inputs),
		cmocka_unit_test(outputs),
		cmocka_unit_test(all_pairs),
		cmocka_unit_test(transposed),
		cmocka_unit_test(rgb4),
		cmocka_unit_test(first_entry),
		cmocka_unit_test(planes),
		cmocka_unit_test(rounding),
		cmocka_unit_test(refused),
		cmocka_unit_test(refused_features),
		cmocka_unit_test(direct_frames),
		cmocka_unit_test(converted_in_place),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
