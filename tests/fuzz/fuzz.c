// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>

#include "tests/fuzz/fuzz.h"

#define STREAMS 40

uint8_t take_byte(struct bytes *in)
{
	if (!in->size)
		return 0;
	in->size--;
	return *in->data++;
}

uint32_t take_number(struct bytes *in, unsigned int bytes)
{
	uint32_t value = 0;

	for (unsigned int i = 0; i < bytes; i++)
		value |= (uint32_t)take_byte(in) << (8 * i);
	return value;
}

static struct h8l_buffer new_buffer(struct h8l_network *network, enum h8l_direction direction,
				    unsigned int index)
{
	struct h8l_buffer buffer;

	buffer.size = (size_t)h8l_network_frame_size(network, direction, index);
	buffer.data = calloc(1, buffer.size ? buffer.size : 1);
	return buffer;
}

static void as_float(struct h8l_network *network)
{
	static const struct h8l_format real = { H8L_TYPE_FLOAT32, H8L_ORDER_AUTO };

	for (unsigned int i = 0; i < h8l_network_inputs(network); i++)
		h8l_network_set_format(network, H8L_INPUT, i, real, NULL);
	for (unsigned int i = 0; i < h8l_network_outputs(network); i++)
		h8l_network_set_format(network, H8L_OUTPUT, i, real, NULL);
}

static void run_frame(struct h8l_network *network, struct h8l_post *post)
{
	unsigned int inputs = h8l_network_inputs(network), outputs = h8l_network_outputs(network);
	struct h8l_buffer in[STREAMS], out[STREAMS];
	struct h8l_post_result result;
	struct h8l_error error;

	for (unsigned int i = 0; i < inputs; i++)
		in[i] = new_buffer(network, H8L_INPUT, i);
	for (unsigned int i = 0; i < outputs; i++)
		out[i] = new_buffer(network, H8L_OUTPUT, i);
	if (!h8l_network_run(network, in, inputs, out, outputs, &error) && post)
		h8l_post_run(post, out, outputs, &result, &error);
	for (unsigned int i = 0; i < inputs; i++)
		free(in[i].data);
	for (unsigned int i = 0; i < outputs; i++)
		free(out[i].data);
}

void run_frames(struct h8l_network *network)
{
	run_frame(network, NULL);
	as_float(network);
	run_frame(network, NULL);
}

void run_post(struct h8l_network *network, unsigned int index)
{
	struct h8l_error error;
	struct h8l_post *post;

	if (h8l_post_open(network, index, NULL, &post, &error))
		return;
	run_frame(network, post);
	h8l_post_close(post);
}

void check_driver(struct drv *drv)
{
	unsigned int left = 0;

	for (unsigned int i = 0; i < DRV_MAX_MAPS; i++)
		left += drv->maps[i].handle != 0;
	for (unsigned int i = 0; i < DRV_MAX_LISTS; i++)
		left += drv->lists[i].handle != 0;
	for (unsigned int i = 0; i < DRV_CHANNELS; i++)
		left += drv->channels[i].enabled;
	if (!left)
		return;
	fprintf(stderr, "%u maps, lists and channels are left in the driver\n", left);
	abort();
}
