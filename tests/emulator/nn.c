// SPDX-License-Identifier: MIT
/* The neural core: configuration memory, and which of two ways to compute. */
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/emulator/nn.h"
#include "tests/emulator/nn_net.h"
#include "tests/hef/pattern.h"

struct nn {
	uint8_t *memory;		/* NN_MEMORY_SIZE */
	size_t used;			/* bytes that were written, from the start */
	uint8_t *image;			/* what runs; memory may hold the next context's */
	struct net_ddr ddr;
	bool dirty;
	bool is_network;
	struct net net;
	char error[NN_ERROR_SIZE];
};

struct nn *nn_new(void)
{
	struct nn *nn = calloc(1, sizeof(*nn));

	if (!nn)
		return NULL;
	nn->memory = calloc(1, NN_MEMORY_SIZE);
	if (!nn->memory) {
		free(nn);
		return NULL;
	}
	return nn;
}

static void forget_network(struct nn *nn)
{
	nn->is_network = false;
	net_free(&nn->net);
	free(nn->image);
	nn->image = NULL;
}

void nn_free(struct nn *nn)
{
	if (!nn)
		return;
	forget_network(nn);
	free(nn->memory);
	free(nn);
}

void nn_reset(struct nn *nn)
{
	memset(nn->memory, 0, nn->used);
	nn->used = 0;
	nn->dirty = false;
	forget_network(nn);
}

void nn_set_ddr(struct nn *nn, nn_ddr_fn *move, void *context)
{
	nn->ddr = (struct net_ddr){ move, context };
}

int nn_write(struct nn *nn, uint32_t addr, const void *data, size_t len)
{
	size_t at = addr - NN_MEMORY_BASE;

	nn->dirty = true;
	if (addr < NN_MEMORY_BASE || at >= NN_MEMORY_SIZE)
		return 0;
	if (len > NN_MEMORY_SIZE - at)
		return -EINVAL;
	memcpy(nn->memory + at, data, len);
	if (at + len > nn->used)
		nn->used = at + len;
	return 0;
}

bool nn_is_dirty(const struct nn *nn)
{
	return nn->dirty;
}

bool nn_is_network(const struct nn *nn)
{
	return nn->is_network;
}

const char *nn_error(const struct nn *nn)
{
	return nn->error;
}

/* A copy: the words of the next context arrive while this one runs. */
static int copy_image(struct nn *nn)
{
	nn->image = malloc(nn->used);
	if (!nn->image) {
		snprintf(nn->error, sizeof(nn->error), "out of memory");
		return -ENOMEM;
	}
	memcpy(nn->image, nn->memory, nn->used);
	return 0;
}

int nn_load(struct nn *nn)
{
	uint32_t magic;
	int err;

	nn->dirty = false;
	forget_network(nn);
	memcpy(&magic, nn->memory, sizeof(magic));
	if (le32toh(magic) != NN_MAGIC)
		return 0;
	err = copy_image(nn);
	if (err)
		return err;
	err = net_load(&nn->net, nn->image, nn->used);
	if (err) {
		memcpy(nn->error, nn->net.error, sizeof(nn->error));
		forget_network(nn);
		return err;
	}
	nn->is_network = true;
	return 0;
}

/* ---- real network: pattern ---- */

static void run_pattern(const struct nn_io *in, unsigned int in_count,
			struct nn_io *out, unsigned int out_count, uint32_t frame)
{
	uint64_t combined = PATTERN_HASH_INIT;
	unsigned int i;

	for (i = 0; i < in_count; i++)
		combined = pattern_combine(combined, in[i].sys_index,
					   pattern_hash(PATTERN_HASH_INIT, in[i].data, in[i].len));
	for (i = 0; i < out_count; i++) {
		pattern_fill(pattern_seed(combined, out[i].sys_index, frame), out[i].data,
			     out[i].len);
		out[i].used = out[i].len;
	}
}

/* ---- synthetic network ---- */

static struct nn_io *find_io(const struct nn_io *io, unsigned int count, uint8_t sys_index)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (io[i].sys_index == sys_index)
			return (struct nn_io *)&io[i];
	return NULL;
}

static bool takes_part(const struct stream *s, bool output, uint8_t network)
{
	return s->is_output == output && s->network == network && s->parts;
}

/* The streams of the action lists and those of the network must be the same. */
static int check_io(struct nn *nn, uint8_t network, bool output, const struct nn_io *io,
		    unsigned int count)
{
	const char *kind = output ? "output" : "input";
	const struct nn_io *found;
	unsigned int i, seen = 0;

	for (i = 0; i < nn->net.stream_count; i++) {
		const struct stream *s = &nn->net.streams[i];

		if (!takes_part(s, output, network))
			continue;
		found = find_io(io, count, s->sys_index);
		if (!found || found->len != s->bytes) {
			snprintf(nn->error, sizeof(nn->error),
				 "%s stream %u: the network has %u bytes per frame, the channel %u",
				 kind, s->sys_index, s->bytes, found ? found->len : 0);
			return -EINVAL;
		}
		seen++;
	}
	if (seen == count)
		return 0;
	snprintf(nn->error, sizeof(nn->error), "%u %s channels for a network with %u", count,
		 kind, seen);
	return -EINVAL;
}

static void read_streams(const struct nn *nn, uint8_t network, const struct nn_io *in,
			 unsigned int count)
{
	unsigned int i;

	for (i = 0; i < nn->net.stream_count; i++) {
		const struct stream *s = &nn->net.streams[i];

		if (takes_part(s, false, network))
			net_read_stream(s, find_io(in, count, s->sys_index)->data);
	}
}

static void write_streams(const struct nn *nn, uint8_t network, struct nn_io *out,
			  unsigned int count)
{
	unsigned int i;

	for (i = 0; i < nn->net.stream_count; i++) {
		const struct stream *s = &nn->net.streams[i];
		struct nn_io *io;

		if (!takes_part(s, true, network))
			continue;
		io = find_io(out, count, s->sys_index);
		io->used = net_write_stream(s, io->data);
	}
}

/* The network of the first input; check_io() sees whether the others fit it. */
static uint8_t network_of(const struct nn *nn, const struct nn_io *in, unsigned int count)
{
	unsigned int i;

	for (i = 0; count && i < nn->net.stream_count; i++)
		if (!nn->net.streams[i].is_output &&
		    nn->net.streams[i].sys_index == in[0].sys_index)
			return nn->net.streams[i].network;
	return 0;
}

int nn_run(struct nn *nn, const struct nn_io *in, unsigned int in_count,
	   struct nn_io *out, unsigned int out_count, uint32_t frame)
{
	uint8_t network;
	int err;

	if (!nn->is_network) {
		run_pattern(in, in_count, out, out_count, frame);
		return 0;
	}
	network = network_of(nn, in, in_count);
	if (check_io(nn, network, false, in, in_count) ||
	    check_io(nn, network, true, out, out_count))
		return -EINVAL;
	read_streams(nn, network, in, in_count);
	err = net_run_layers(&nn->net, network, &nn->ddr);
	if (err) {
		memcpy(nn->error, nn->net.error, sizeof(nn->error));
		return err;
	}
	write_streams(nn, network, out, out_count);
	return 0;
}

static uint8_t chunks_of(const struct nn *nn, const struct tensor *tensor)
{
	unsigned int i;

	for (i = 0; i < nn->net.layer_count; i++)
		if (nn->net.layers[i].out == tensor)
			return nn->net.layers[i].kernel_h;
	return 0;
}

bool nn_find_output(const struct nn *nn, uint8_t sys_index, struct nn_output *output)
{
	const struct stream *s = nn->net.streams;
	unsigned int i;

	for (i = 0; i < nn->net.stream_count; i++, s++)
		if (s->is_output && s->parts && s->sys_index == sys_index)
			break;
	if (!nn->is_network || i == nn->net.stream_count)
		return false;
	*output = (struct nn_output){ s->bytes, net_transfer_bytes(s), 0, 0, 0 };
	if (s->order == NN_ORDER_NMS) {
		output->nms_chunks = chunks_of(nn, s->tensor);
		output->nms_classes = s->height / output->nms_chunks;
		output->nms_burst = s->features;
	}
	return true;
}
