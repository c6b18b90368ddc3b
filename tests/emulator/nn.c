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

void nn_free(struct nn *nn)
{
	if (!nn)
		return;
	net_free(&nn->net);
	free(nn->memory);
	free(nn);
}

void nn_reset(struct nn *nn)
{
	memset(nn->memory, 0, nn->used);
	nn->used = 0;
	nn->dirty = false;
	nn->is_network = false;
	net_free(&nn->net);
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

int nn_load(struct nn *nn)
{
	uint32_t magic;
	int err;

	nn->dirty = false;
	nn->is_network = false;
	net_free(&nn->net);
	memcpy(&magic, nn->memory, sizeof(magic));
	if (le32toh(magic) != NN_MAGIC)
		return 0;
	err = net_load(&nn->net, nn->memory, NN_MEMORY_SIZE);
	if (err) {
		memcpy(nn->error, nn->net.error, sizeof(nn->error));
		net_free(&nn->net);
		return err;
	}
	nn->is_network = true;
	return 0;
}

/* ---- real network: pattern ---- */

static void run_pattern(const struct nn_io *in, unsigned int in_count,
			const struct nn_io *out, unsigned int out_count, uint32_t frame)
{
	uint64_t combined = PATTERN_HASH_INIT;
	unsigned int i;

	for (i = 0; i < in_count; i++)
		combined = pattern_combine(combined, in[i].sys_index,
					   pattern_hash(PATTERN_HASH_INIT, in[i].data, in[i].len));
	for (i = 0; i < out_count; i++)
		pattern_fill(pattern_seed(combined, out[i].sys_index, frame), out[i].data,
			     out[i].len);
}

/* ---- synthetic network ---- */

static const struct nn_io *find_io(const struct nn_io *io, unsigned int count, uint8_t sys_index)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (io[i].sys_index == sys_index)
			return &io[i];
	return NULL;
}

/* The streams of the action lists and those of the network must be the same. */
static int check_io(struct nn *nn, bool output, const struct nn_io *io, unsigned int count)
{
	const char *kind = output ? "output" : "input";
	const struct nn_io *found;
	unsigned int i, seen = 0;

	for (i = 0; i < nn->net.stream_count; i++) {
		const struct stream *s = &nn->net.streams[i];

		if (s->is_output != output)
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

static void move_streams(const struct nn *nn, bool output, const struct nn_io *io,
			 unsigned int count)
{
	unsigned int i;

	for (i = 0; i < nn->net.stream_count; i++) {
		const struct stream *s = &nn->net.streams[i];

		if (s->is_output != output)
			continue;
		if (output)
			net_write_stream(s, find_io(io, count, s->sys_index)->data);
		else
			net_read_stream(s, find_io(io, count, s->sys_index)->data);
	}
}

int nn_run(struct nn *nn, const struct nn_io *in, unsigned int in_count,
	   const struct nn_io *out, unsigned int out_count, uint32_t frame)
{
	if (!nn->is_network) {
		run_pattern(in, in_count, out, out_count, frame);
		return 0;
	}
	if (check_io(nn, false, in, in_count) || check_io(nn, true, out, out_count))
		return -EINVAL;
	move_streams(nn, false, in, in_count);
	net_run_layers(&nn->net);
	move_streams(nn, true, out, out_count);
	return 0;
}
