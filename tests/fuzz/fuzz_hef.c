// SPDX-License-Identifier: MIT
/*
 * Network files: looked at, configured and run. Input: a byte with the container's
 * version (bit 7: what follows is a file as it is), two bytes with the size of the
 * configuration words, the metadata. Header and checksum are put around it, or
 * no damaged file would get any further.
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "lib/crc32.h"
#include "lib/md5.h"
#include "tests/fuzz/fuzz.h"

#define MOST_BYTES	(1u << 20)	/* of a frame, to stay fast */
#define MOST_BOXES	1000
#define MOST_CONFIG	4096

static struct drv *drv;
static struct h8l_device *device;
static struct bytes frame;		/* what the chip computes, over and over */

static void fill_output(void *ctx, const struct drv_channel *channel, uint8_t *data)
{
	(void)ctx;
	for (uint32_t i = 0; frame.size && i < channel->frame_size; i++)
		data[i] = frame.data[i % frame.size];
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	drv = drv_new(1);
	drv->on_output = fill_output;
	return device_open_os(&drv->os, NULL, &device, NULL);
}

/* ---- a file around the metadata ---- */

static void put_be(uint8_t *to, uint64_t value, unsigned int bytes)
{
	while (bytes--) {
		to[bytes] = (uint8_t)value;
		value >>= 8;
	}
}

static void put_hash(uint8_t *file, unsigned int version, const uint8_t *body, size_t size)
{
	switch (version) {
	case 0:
		md5_digest(body, size, file + 16);
		break;
	case 1:
		put_be(file + 12, crc32_digest(body, size), 4);
		break;
	default:
		put_be(file + 12, XXH3_64bits(body, size), 8);
		break;
	}
}

static uint8_t *make_file(struct bytes in, size_t *size)
{
	static const size_t headers[] = { 32, 28, 44, 56 };
	unsigned int version = take_byte(&in) & 3;
	size_t config = take_number(&in, 2) % MOST_CONFIG, header = headers[version];
	uint8_t *file;

	if (version == 0)
		config = 0;
	*size = header + in.size + config;
	file = calloc(1, *size);
	memcpy(file, "\1HEF", 4);
	put_be(file + 4, version, 4);
	put_be(file + 8, in.size, 4);
	if (version)
		put_be(file + (version == 1 ? 16 : 20), config, 8);
	memcpy(file + header, in.data, in.size);
	put_hash(file, version, file + header, *size - header);
	return file;
}

/* ---- what a program does with it ---- */

static bool is_small(const struct h8l_hef *hef, unsigned int group)
{
	struct h8l_stream_info s;
	struct h8l_quant quant;

	for (int d = 0; d < 2; d++)
		for (unsigned int i = 0;
		     !h8l_hef_stream(hef, group, (enum h8l_direction)d, i, &s); i++) {
			int64_t size = h8l_frame_size(&s, (struct h8l_format){ 0 });

			h8l_hef_quant(hef, group, (enum h8l_direction)d, i, s.quant_count - 1,
				      &quant);
			if (size > MOST_BYTES || s.device_frame_size > MOST_BYTES)
				return false;
		}
	return true;
}

static void use_network(const struct h8l_hef *hef, unsigned int group,
			struct h8l_network *network)
{
	struct h8l_post_info post;

	run_frames(network);
	for (unsigned int i = 0; !h8l_hef_post(hef, group, i, &post); i++)
		if (!post.unsupported && post.max_total <= MOST_BOXES &&
		    post.max_per_class <= MOST_BOXES)
			run_post(network, i);
}

static void use_group(struct h8l_hef *hef, unsigned int group)
{
	struct h8l_network_options options = { .group = group };
	struct h8l_network *network;
	struct h8l_group_info info;
	struct h8l_error error;

	h8l_hef_group(hef, group, &info);
	if (!is_small(hef, group))
		return;
	drv->violation[0] = '\0';
	drv->control_count = 0;
	if (!h8l_network_open(device, hef, &options, &network, &error)) {
		use_network(hef, group, network);
		h8l_network_close(network);
	}
	check_driver(drv);
}

static void use_file(const uint8_t *file, size_t size)
{
	struct h8l_hef_info info;
	struct h8l_error error;
	struct h8l_hef *hef;

	if (h8l_hef_open_memory(file, size, &hef, &error))
		return;
	h8l_hef_info(hef, &info);
	drv->architecture = info.architecture == H8L_HEF_HAILO8L ? H8L_ARCH_HAILO8L :
								   H8L_ARCH_HAILO8;
	for (unsigned int i = 0; i < info.group_count; i++)
		use_group(hef, i);
	h8l_hef_close(hef);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = { data, size };
	uint8_t *file;

	frame = in;
	if (size && *data & 0x80) {
		use_file(data + 1, size - 1);
		return 0;
	}
	file = make_file(in, &size);
	use_file(file, size);
	free(file);
	return 0;
}
