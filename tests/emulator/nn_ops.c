// SPDX-License-Identifier: MIT
/*
 * The operations of a synthetic network, in exact integers as nn_format.h says.
 * Written for clarity: one output element at a time.
 */
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/emulator/nn_net.h"

static int32_t s32_at(const uint8_t *array, uint32_t i)
{
	uint32_t v;

	memcpy(&v, array + 4 * (size_t)i, sizeof(v));
	return (int32_t)le32toh(v);
}

static int64_t round_shift(int64_t v, unsigned int shift)
{
	return shift ? (v + (1ll << (shift - 1))) >> shift : v;
}

static uint16_t clamp(const struct layer *l, int64_t v)
{
	if (v < l->clamp_min)
		return l->clamp_min;
	return v > l->clamp_max ? l->clamp_max : v;
}

static uint16_t requantise(const struct layer *l, int64_t acc, uint32_t param)
{
	int64_t scaled = round_shift(acc * s32_at(l->mult, param), l->shift[param]);

	return clamp(l, l->out->zero_point + scaled);
}

/* ---- windows ---- */

struct window {			/* of one output pixel, cut to the image */
	uint32_t row_begin, row_end, col_begin, col_end;	/* in the image */
	uint32_t kernel_row, kernel_col;	/* of row_begin, col_begin */
};

static void cut(uint32_t at, uint32_t stride, uint32_t pad, uint32_t kernel, uint32_t size,
		uint32_t *begin, uint32_t *end, uint32_t *kernel_begin)
{
	int64_t first = (int64_t)at * stride - pad;
	int64_t last = first + kernel;

	*begin = first < 0 ? 0 : first;
	*end = last > size ? size : last < 0 ? 0 : last;
	*kernel_begin = *begin - first;
}

static struct window window_at(const struct layer *l, uint32_t r, uint32_t c)
{
	struct window w;

	cut(r, l->stride_h, l->pad_top, l->kernel_h, l->in0->height, &w.row_begin, &w.row_end,
	    &w.kernel_row);
	cut(c, l->stride_w, l->pad_left, l->kernel_w, l->in0->width, &w.col_begin, &w.col_end,
	    &w.kernel_col);
	return w;
}

static const uint16_t *pixel(const struct tensor *t, uint32_t r, uint32_t c)
{
	return t->data + ((size_t)r * t->width + c) * t->features;
}

static const int8_t *kernel_at(const struct layer *l, const struct window *w, uint32_t out,
			       uint32_t r, uint32_t c, uint32_t depth)
{
	uint32_t row = w->kernel_row + r - w->row_begin;
	uint32_t col = w->kernel_col + c - w->col_begin;

	return l->weights + (((size_t)out * l->kernel_h + row) * l->kernel_w + col) * depth;
}

static int64_t dot(const uint16_t *x, const int8_t *weights, uint32_t n, int32_t zero_point)
{
	int64_t acc = 0;
	uint32_t i;

	for (i = 0; i < n; i++)
		acc += ((int64_t)x[i] - zero_point) * weights[i];
	return acc;
}

static uint16_t conv_element(const struct layer *l, const struct window *w, uint32_t f)
{
	uint32_t depth = l->in0->features, r, c;
	int64_t acc = s32_at(l->bias, f);

	for (r = w->row_begin; r < w->row_end; r++)
		for (c = w->col_begin; c < w->col_end; c++)
			acc += dot(pixel(l->in0, r, c), kernel_at(l, w, f, r, c, depth), depth,
				   l->in0->zero_point);
	return requantise(l, acc, f);
}

static uint16_t depthwise_element(const struct layer *l, const struct window *w, uint32_t f)
{
	int64_t acc = s32_at(l->bias, f);
	uint32_t r, c;

	for (r = w->row_begin; r < w->row_end; r++)
		for (c = w->col_begin; c < w->col_end; c++)
			acc += dot(pixel(l->in0, r, c) + f, kernel_at(l, w, f, r, c, 1), 1,
				   l->in0->zero_point);
	return requantise(l, acc, f);
}

static uint16_t max_element(const struct layer *l, const struct window *w, uint32_t f)
{
	uint16_t max = 0;
	uint32_t r, c;

	for (r = w->row_begin; r < w->row_end; r++)
		for (c = w->col_begin; c < w->col_end; c++)
			if (pixel(l->in0, r, c)[f] > max)
				max = pixel(l->in0, r, c)[f];
	return clamp(l, max);
}

static uint16_t average_element(const struct layer *l, const struct window *w, uint32_t f)
{
	int64_t acc = 0;
	uint32_t r, c;

	for (r = w->row_begin; r < w->row_end; r++)
		for (c = w->col_begin; c < w->col_end; c++)
			acc += (int64_t)pixel(l->in0, r, c)[f] - l->in0->zero_point;
	return requantise(l, acc, 0);
}

static void run_windows(const struct layer *l,
			uint16_t (*element)(const struct layer *, const struct window *, uint32_t))
{
	uint16_t *out = l->out->data;
	struct window w;
	uint32_t r, c, f;

	for (r = 0; r < l->out->height; r++) {
		for (c = 0; c < l->out->width; c++) {
			w = window_at(l, r, c);
			for (f = 0; f < l->out->features; f++)
				*out++ = element(l, &w, f);
		}
	}
}

/* ---- the others ---- */

static void run_add(const struct layer *l)
{
	int64_t mult_a = s32_at(l->mult, 0), mult_b = s32_at(l->mult, 1), sum;
	uint32_t n = tensor_elements(l->out), i;

	for (i = 0; i < n; i++) {
		sum = ((int64_t)l->in0->data[i] - l->in0->zero_point) * mult_a +
		      ((int64_t)l->in1->data[i] - l->in1->zero_point) * mult_b;
		l->out->data[i] = clamp(l, l->out->zero_point + round_shift(sum, l->shift[0]));
	}
}

static void run_fully_connected(const struct layer *l)
{
	uint32_t n = tensor_elements(l->in0), f;

	for (f = 0; f < l->out->features; f++)
		l->out->data[f] = requantise(l, s32_at(l->bias, f) +
					     dot(l->in0->data, l->weights + (size_t)f * n, n,
						 l->in0->zero_point), f);
}

/* ---- rows by way of host memory ---- */

static void put_rows(const struct tensor *t, uint32_t row, uint8_t *bytes)
{
	const uint16_t *in = t->data;
	uint32_t r, c, f;

	for (r = 0; r < t->height; r++)
		for (c = 0; c < t->width; c++)
			for (f = 0; f < t->features; f++) {
				uint8_t *p = bytes + (size_t)r * row +
					     ((size_t)f * t->width + c) * t->type;

				p[0] = *in;
				if (t->type == NN_TYPE_U16)
					p[1] = *in >> 8;
				in++;
			}
}

static void get_rows(const struct layer *l, uint32_t row, const uint8_t *bytes)
{
	const struct tensor *t = l->out;
	uint16_t *out = t->data;
	uint32_t r, c, f;

	for (r = 0; r < t->height; r++)
		for (c = 0; c < t->width; c++)
			for (f = 0; f < t->features; f++) {
				const uint8_t *p = bytes + (size_t)r * row +
						   ((size_t)f * t->width + c) * t->type;

				*out++ = clamp(l, t->type == NN_TYPE_U16 ? p[0] | p[1] << 8 : p[0]);
			}
}

static int run_ddr(struct net *net, const struct layer *l, const struct net_ddr *ddr)
{
	uint32_t row = net_ddr_row(l->out), rows = l->out->height;
	uint8_t *out = calloc(rows, row), *in = calloc(rows, row);
	int err = out && in && ddr->move ? 0 : -EIO;

	if (!err) {
		put_rows(l->in0, row, out);
		err = ddr->move(ddr->context, l->kernel_h, l->kernel_w, out, in, row, rows);
	}
	if (!err)
		get_rows(l, row, in);
	else
		snprintf(net->error, sizeof(net->error),
			 "rows of stream %u do not come back through stream %u", l->kernel_h,
			 l->kernel_w);
	free(out);
	free(in);
	return err;
}

static int run_layer(struct net *net, const struct layer *l, const struct net_ddr *ddr)
{
	switch (l->op) {
	case NN_OP_DDR:
		return run_ddr(net, l, ddr);
	case NN_OP_NMS:
		net_run_nms(l);
		break;
	case NN_OP_CONV2D:
		run_windows(l, conv_element);
		break;
	case NN_OP_DEPTHWISE:
		run_windows(l, depthwise_element);
		break;
	case NN_OP_MAX_POOL:
		run_windows(l, max_element);
		break;
	case NN_OP_AVG_POOL:
		run_windows(l, average_element);
		break;
	case NN_OP_ADD:
		run_add(l);
		break;
	default:
		run_fully_connected(l);
		break;
	}
	return 0;
}

int net_run_layers(struct net *net, uint8_t network, const struct net_ddr *ddr)
{
	uint32_t i;
	int err = 0;

	for (i = 0; i < net->layer_count && !err; i++)
		if (net->layers[i].network == network)
			err = run_layer(net, &net->layers[i], ddr);
	return err;
}
