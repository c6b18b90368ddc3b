// SPDX-License-Identifier: MIT
/*
 * Two evaluations written apart, the reference and the software chip's neural
 * core, agree bit for bit: on the networks of tests/hef/nets, on random ones,
 * and on what is a network at all.
 */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#include "hef_common.h"
#include "hef_random.h"
#include "nn_pair.h"

#define STREAMS_MAX	NN_MAX_STREAMS

struct pair {
	struct refnet ref;
	struct nn *chip;
	uint8_t *ref_frames[STREAMS_MAX];
};

static void get_image(const char *text, struct blob *image)
{
	struct blob hef = { 0 };
	struct failure failure;

	make_hef(text, 1, DESC_HAILO8, NULL, &hef);
	assert_int_equal(refhef_image(hef.data, hef.size, 0, image, &failure), 0);
	blob_free(&hef);
}

static int load_chip(struct nn *chip, const struct blob *image)
{
	nn_reset(chip);
	for (size_t at = 0; at < image->size; at += 4096) {
		size_t left = image->size - at;

		assert_int_equal(nn_write(chip, NN_MEMORY_BASE + at, image->data + at,
					  left < 4096 ? left : 4096), 0);
	}
	return nn_load(chip);
}

static void open_pair(struct pair *pair, const char *text)
{
	struct blob image = { 0 };
	struct failure failure;

	get_image(text, &image);
	if (refnet_open_image(&pair->ref, image.data, image.size, &failure))
		fail_msg("%s\n%s", text, failure.text);
	pair->chip = nn_new();
	if (load_chip(pair->chip, &image))
		fail_msg("%s\n%s", text, nn_error(pair->chip));
	assert_true(nn_is_network(pair->chip));
	for (size_t i = 0; i < pair->ref.stream_count; i++)
		pair->ref_frames[i] = malloc(pair->ref.streams[i].device_size);
	blob_free(&image);
}

static void close_pair(struct pair *pair)
{
	for (size_t i = 0; i < pair->ref.stream_count; i++)
		free(pair->ref_frames[i]);
	refnet_free(&pair->ref);
	nn_free(pair->chip);
}

/* Also garbage in the padding: it must not matter. */
static void fill_inputs(struct pair *pair, uint32_t *random)
{
	for (size_t i = 0; i < pair->ref.stream_count; i++) {
		size_t size = pair->ref.streams[i].device_size;

		for (size_t k = 0; k < size; k++)
			pair->ref_frames[i][k] = test_random(random) >> 8;
	}
}

static size_t distinct_bytes(const uint8_t *data, size_t size)
{
	uint8_t seen[256] = { 0 };
	size_t count = 0;

	for (size_t i = 0; i < size; i++)
		if (!seen[data[i]]++)
			count++;
	return count;
}

/* One frame through both; the most different bytes in an output */
static size_t compare(struct pair *pair, const char *text, uint32_t frame)
{
	size_t distinct = 0;

	nn_pair_compare(pair->chip, &pair->ref, pair->ref_frames, frame, text);
	for (size_t i = 0; i < pair->ref.stream_count; i++) {
		const struct ref_stream *s = &pair->ref.streams[i];
		size_t here = distinct_bytes(pair->ref_frames[i],
					     refnet_device_bytes(s, pair->ref_frames[i]));

		if (s->is_output)
			distinct = here > distinct ? here : distinct;
	}
	return distinct;
}

static size_t check_text(const char *text, uint32_t frames, uint32_t seed)
{
	uint32_t random = seed | 1;
	struct pair pair = { 0 };
	size_t distinct = 0;

	open_pair(&pair, text);
	for (uint32_t i = 0; i < frames; i++) {
		size_t here;

		fill_inputs(&pair, &random);
		here = compare(&pair, text, i);
		distinct = here > distinct ? here : distinct;
	}
	close_pair(&pair);
	return distinct;
}

static void test_nets(void **state)
{
	struct failure failure;
	glob_t found;

	(void)state;
	assert_int_equal(glob("tests/hef/nets/*.net", 0, NULL, &found), 0);
	assert_true(found.gl_pathc >= 20);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		bool large = strstr(found.gl_pathv[i], "/edges.net");
		struct blob text = { 0 };

		assert_int_equal(read_file(found.gl_pathv[i], &text, &failure), 0);
		blob_zeros(&text, 1);
		/* An output that hardly changes would prove nothing. */
		assert_true(check_text((char *)text.data, large ? 1 : 4, 99) >= 8);
		blob_free(&text);
	}
	globfree(&found);
}

static void test_random_nets(void **state)
{
	size_t lively = 0;

	(void)state;
	for (uint32_t seed = 1; seed <= 400; seed++) {
		char *text = random_network(seed);

		lively += check_text(text, 2, seed) >= 8;
		free(text);
	}
	assert_true(lively > 200);
}

/* Frames of the wrong size are refused, not read over. */
static void test_wrong_frames(void **state)
{
	struct pair pair = { 0 };
	uint8_t frame[2][128];
	struct nn_io in[1], out[1];

	(void)state;
	open_pair(&pair, "network n\ninput i 4x4x2\nmax_pool o i kernel=2x2\noutput o\n");
	in[0] = (struct nn_io){ pair.ref.streams[0].sys_index, frame[0],
				pair.ref.streams[0].device_size, 0 };
	out[0] = (struct nn_io){ pair.ref.streams[1].sys_index, frame[1],
				 pair.ref.streams[1].device_size, 0 };
	assert_int_equal(nn_run(pair.chip, in, 1, out, 1, 0), 0);
	in[0].len -= 8;
	assert_true(nn_run(pair.chip, in, 1, out, 1, 0) < 0);
	in[0].len += 8;
	assert_true(nn_run(pair.chip, in, 1, out, 0, 0) < 0);
	assert_true(nn_run(pair.chip, in, 0, out, 1, 0) < 0);
	close_pair(&pair);
}

/* ---- what is a network ---- */

static void seal(struct blob *image)
{
	struct nn_header *header = (struct nn_header *)image->data;

	header->crc32 = crc32(0, image->data + sizeof(*header), image->size - sizeof(*header));
}

/* Both say yes or both say no, whatever byte changes. */
static void agree_on_changes(const char *text, uint32_t seed, int rounds, int *refused)
{
	struct nn *chip = nn_new();
	struct blob image = { 0 };

	get_image(text, &image);
	for (int i = 0; i < rounds; i++) {
		size_t at = 16 + 4 + test_random(&seed) % (image.size - 20);
		uint8_t before = image.data[at];
		struct failure failure;
		struct refnet ref;
		bool ref_takes, chip_takes;

		image.data[at] = test_random(&seed);
		seal(&image);
		ref_takes = !refnet_open_image(&ref, image.data, image.size, &failure);
		chip_takes = !load_chip(chip, &image);
		if (ref_takes != chip_takes)
			fail_msg("byte %zu %02x -> %02x: the reference %s it, the chip %s (%s)\n%s",
				 at, before, image.data[at], ref_takes ? "takes" : "refuses",
				 chip_takes ? "takes it" : nn_error(chip),
				 ref_takes ? "-" : failure.text, text);
		*refused += !ref_takes;
		if (ref_takes)
			refnet_free(&ref);
		image.data[at] = before;
	}
	blob_free(&image);
	nn_free(chip);
}

static void test_agree_what_is_valid(void **state)
{
	int refused = 0;

	(void)state;
	for (uint32_t seed = 1; seed <= 40; seed++) {
		char *text = random_network(seed + 1000);

		agree_on_changes(text, seed, 200, &refused);
		free(text);
	}
	assert_in_range(refused, 1000, 7500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nets),
		cmocka_unit_test(test_random_nets),
		cmocka_unit_test(test_wrong_frames),
		cmocka_unit_test(test_agree_what_is_valid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
