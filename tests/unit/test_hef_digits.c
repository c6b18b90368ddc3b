// SPDX-License-Identifier: MIT
/*
 * The classifier reads digits that it has not learnt from: the network as it
 * comes out of the build, evaluated by the reference.
 */
#include "hef_common.h"
#include "tests/hef/nets/glyphs.h"

#define UNSEEN	1000000		/* digits.c learns from the seeds 1 to 6000 */

static int open_digits(void **state)
{
	static struct refnet net;
	struct failure failure;
	struct blob hef = { 0 };

	if (read_file(NETS_FOLDER "/digits.hef", &hef, &failure) ||
	    refnet_open(&net, hef.data, hef.size, 0xcc, &failure)) {
		print_error("%s\n", failure.text);
		return -1;
	}
	blob_free(&hef);
	*state = &net;
	return 0;
}

static int close_digits(void **state)
{
	refnet_free(*state);
	return 0;
}

static void test_shape(void **state)
{
	const struct refnet *net = *state;

	assert_int_equal(net->stream_count, 2);
	assert_string_equal(net->streams[0].name, "digits/picture");
	assert_int_equal(net->streams[0].user_size, GLYPH_PIXELS);
	assert_string_equal(net->streams[1].name, "digits/digit");
	assert_int_equal(net->streams[1].user_size, 10);
}

/* What the network takes this drawing for */
static unsigned int read_digit(struct refnet *net, unsigned int digit,
			       const struct glyph_style *style)
{
	uint8_t pixels[GLYPH_PIXELS], scores[10];
	unsigned int best = 0;

	glyph_draw(digit, style, pixels);
	run_user(net, pixels, scores);
	for (unsigned int i = 1; i < 10; i++)
		if (scores[i] > scores[best])
			best = i;
	return best;
}

static void test_plain(void **state)
{
	struct glyph_style style = { .width = 56, .height = 50 };

	for (unsigned int digit = 0; digit < 10; digit++)
		for (style.variant = 0; style.variant < 2; style.variant++)
			assert_int_equal(read_digit(*state, digit, &style), digit);
}

static void test_shifted(void **state)
{
	struct glyph_style style = { .width = 54, .height = 48 };

	for (unsigned int digit = 0; digit < 10; digit++)
		for (style.dx = -512; style.dx <= 512; style.dx += 256)
			for (style.dy = -512; style.dy <= 512; style.dy += 256)
				assert_int_equal(read_digit(*state, digit, &style), digit);
}

static void test_noisy(void **state)
{
	struct glyph_style style = { .width = 56, .height = 50, .noise = 70, .specks = 5 };

	for (unsigned int digit = 0; digit < 10; digit++)
		for (style.seed = 1; style.seed <= 10; style.seed++)
			assert_int_equal(read_digit(*state, digit, &style), digit);
}

/* Any hand: at most one in a hundred may be misread. */
static void test_unseen_hands(void **state)
{
	int wrong = 0;

	for (uint32_t seed = UNSEEN; seed < UNSEEN + 500; seed++) {
		struct glyph_style style = glyph_random_style(seed);

		wrong += read_digit(*state, seed % 10, &style) != seed % 10;
	}
	assert_in_range(wrong, 0, 5);
}

/* The answer depends on the picture: an empty one is no digit for sure. */
static void test_blank(void **state)
{
	uint8_t pixels[GLYPH_PIXELS] = { 0 }, blank[10], seven[10];
	struct glyph_style style = { .width = 56, .height = 50 };

	run_user(*state, pixels, blank);
	glyph_draw(7, &style, pixels);
	run_user(*state, pixels, seven);
	assert_memory_not_equal(blank, seven, sizeof(blank));
	assert_true(seven[7] > 128);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shape),
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_shifted),
		cmocka_unit_test(test_noisy),
		cmocka_unit_test(test_unseen_hands),
		cmocka_unit_test(test_blank),
	};

	return cmocka_run_group_tests(tests, open_digits, close_digits);
}
