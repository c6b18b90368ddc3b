// SPDX-License-Identifier: MIT
/*
 * The detector finds what is in a picture, and where: the network as it comes out
 * of the build, with non-maximum suppression as on the chip, by the reference.
 */
#include <math.h>
#include <stdlib.h>

#include "hef_common.h"
#include "tests/hef/nets/squares.h"

#define PICTURES	40
#define TOLERANCE	(1.0 / SQUARES_SIZE)	/* a pixel */

struct found {
	unsigned int colour;
	float box[5];			/* top, left, bottom, right, score */
};

static int open_squares(void **state)
{
	static struct refnet net;
	struct failure failure;
	struct blob hef = { 0 };

	if (read_file(NETS_FOLDER "/squares_chip.hef", &hef, &failure) ||
	    refnet_open(&net, hef.data, hef.size, 0xcc, &failure)) {
		print_error("%s\n", failure.text);
		return -1;
	}
	blob_free(&hef);
	*state = &net;
	return 0;
}

static int close_squares(void **state)
{
	refnet_free(*state);
	return 0;
}

static unsigned int read_boxes(const uint8_t *user, struct found *found)
{
	unsigned int count = 0;
	float boxes;

	for (unsigned int colour = 0; colour < SQUARES_COLOURS; colour++) {
		memcpy(&boxes, user, sizeof(boxes));
		user += sizeof(boxes);
		for (; boxes > 0; boxes--, user += sizeof(found->box)) {
			assert_true(count < 30);
			found[count].colour = colour;
			memcpy(found[count++].box, user, sizeof(found->box));
		}
	}
	return count;
}

static bool is_at(const struct square *s, const struct found *found)
{
	const double wanted[] = { s->y, s->x, s->y + s->height, s->x + s->width };

	for (int i = 0; i < 4; i++)
		if (fabs(wanted[i] / SQUARES_SIZE - found->box[i]) > TOLERANCE)
			return false;
	return s->colour == found->colour;
}

static void check_picture(struct refnet *net, uint32_t seed, unsigned int *total)
{
	uint8_t *frames[2] = { malloc(net->streams[0].device_size),
			       malloc(net->streams[1].device_size) };
	uint8_t *user = malloc(net->streams[1].user_size);
	struct square squares[SQUARES_MAX];
	struct found found[30];
	unsigned int count, there;

	there = squares_draw(seed, frames[0], squares);
	refnet_run(net, frames);
	refnet_to_user(&net->streams[1], frames[1], user);
	count = read_boxes(user, found);
	assert_int_equal(count, there);
	for (unsigned int i = 0; i < there; i++) {
		unsigned int hits = 0;

		for (unsigned int k = 0; k < count; k++)
			hits += is_at(&squares[i], &found[k]);
		assert_int_equal(hits, 1);
	}
	*total += count;
	free(frames[0]);
	free(frames[1]);
	free(user);
}

static void test_finds_all_and_nothing_else(void **state)
{
	unsigned int total = 0;

	for (uint32_t seed = 1; seed <= PICTURES; seed++)
		check_picture(*state, seed, &total);
	assert_in_range(total, 2 * PICTURES, 4 * PICTURES);
}

static void test_shapes(void **state)
{
	const struct refnet *net = *state;

	assert_int_equal(net->stream_count, 2);
	assert_int_equal(net->streams[0].user_size, 3 * SQUARES_PIXELS);
	assert_string_equal(net->streams[1].name, "squares_chip/squares");
	/* A count, and 10 boxes of 5 floats, for each colour */
	assert_int_equal(net->streams[1].user_size, SQUARES_COLOURS * (4 + 10 * 20));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_finds_all_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, open_squares, close_squares);
}
