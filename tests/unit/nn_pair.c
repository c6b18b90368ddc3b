// SPDX-License-Identifier: MIT

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/hef/nn_format.h"
#include "tests/unit/nn_pair.h"

/* Host memory that works */
static int bring_back(void *context, uint8_t out_stream, uint8_t in_stream, const uint8_t *out,
		      uint8_t *in, uint32_t row, uint32_t rows)
{
	(void)context;
	(void)out_stream;
	(void)in_stream;
	memcpy(in, out, (size_t)row * rows);
	return 0;
}

static bool is_more_of_mux(const struct refnet *ref, size_t i)
{
	return i && ref->streams[i].mux_slices && ref->streams[i - 1].mux_slices &&
	       ref->streams[i].sys_index == ref->streams[i - 1].sys_index;
}

/* What the wire must carry; the caller frees. */
static uint8_t *wire_frame(const struct refnet *ref, size_t i, uint8_t *const *frames,
			   size_t *size)
{
	const struct ref_stream *s = &ref->streams[i];
	uint8_t *wire = malloc(s->mux_slices ? refnet_mux(ref, i, frames, NULL) : s->device_size);

	assert_non_null(wire);
	if (s->mux_slices) {
		*size = refnet_mux(ref, i, frames, wire);
		return wire;
	}
	memcpy(wire, frames[i], s->device_size);
	*size = refnet_device_bytes(s, wire);
	return wire;
}

static unsigned int collect(const struct refnet *ref, uint8_t network, bool output,
			    uint8_t *const *frames, struct nn_io *io)
{
	unsigned int count = 0;

	for (int index = 0; index < 256; index++)
		for (size_t i = 0; i < ref->stream_count; i++) {
			const struct ref_stream *s = &ref->streams[i];
			size_t room = s->mux_slices && output ?
				      refnet_mux(ref, i, frames, NULL) : s->device_size;

			if (s->sys_index != index || s->is_output != output ||
			    s->network != network || is_more_of_mux(ref, i))
				continue;
			io[count++] = (struct nn_io){
				index, output ? malloc(room) : frames[i], room, 0 };
		}
	return count;
}

static void compare_output(const struct refnet *ref, size_t i, uint8_t *const *frames,
			   const struct nn_io *io, const char *what)
{
	size_t size;
	uint8_t *wire = wire_frame(ref, i, frames, &size);

	if (io->used != size || memcmp(io->data, wire, size))
		fail_msg("output %zu differs (%u bytes, the reference has %zu):\n%s", i, io->used,
			 size, what);
	free(wire);
}

static void compare_network(struct nn *chip, struct refnet *ref, uint8_t network,
			    uint8_t *const *frames, uint32_t frame, const char *what)
{
	struct nn_io in[NN_MAX_STREAMS], out[NN_MAX_STREAMS];
	unsigned int ins = collect(ref, network, false, frames, in);
	unsigned int outs = collect(ref, network, true, frames, out);

	if (ins + outs && nn_run(chip, in, ins, out, outs, frame))
		fail_msg("%s\n%s", nn_error(chip), what);
	for (size_t i = 0; i < ref->stream_count; i++)
		for (unsigned int k = 0; k < outs; k++)
			if (ref->streams[i].is_output && !is_more_of_mux(ref, i) &&
			    ref->streams[i].network == network &&
			    ref->streams[i].sys_index == out[k].sys_index)
				compare_output(ref, i, frames, &out[k], what);
	for (unsigned int k = 0; k < outs; k++)
		free(out[k].data);
}

void nn_pair_compare(struct nn *chip, struct refnet *ref, uint8_t *const *frames, uint32_t frame,
		     const char *what)
{
	nn_set_ddr(chip, bring_back, NULL);
	refnet_run(ref, frames);
	for (uint8_t network = 0; network < NN_MAX_NETWORKS; network++)
		compare_network(chip, ref, network, frames, frame, what);
}
