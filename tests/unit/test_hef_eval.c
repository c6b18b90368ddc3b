// SPDX-License-Identifier: MIT
/*
 * The reference evaluator against answers worked out by hand.
 */
#include <stdio.h>

#include "hef_common.h"

/* Runs a text's network on bytes and compares its output bytes. */
#define EXPECT(text, in_bytes, ...)						\
do {										\
	static const uint8_t in_[] = in_bytes;					\
	static const uint8_t want_[] = { __VA_ARGS__ };				\
	uint8_t out_[sizeof(want_)];						\
	struct refnet net_;							\
										\
	make_net(text, &net_);							\
	assert_int_equal(user_bytes(&net_, false), sizeof(in_));		\
	assert_int_equal(user_bytes(&net_, true), sizeof(want_));		\
	run_user(&net_, in_, out_);						\
	refnet_free(&net_);							\
	assert_memory_equal(out_, want_, sizeof(want_));			\
} while (0)

#define BYTES(...) { __VA_ARGS__ }

static size_t user_bytes(const struct refnet *net, bool output)
{
	size_t sum = 0;

	for (size_t i = 0; i < net->stream_count; i++)
		if (net->streams[i].is_output == output)
			sum += net->streams[i].user_size;
	return sum;
}

static void test_conv_plain(void **state)
{
	(void)state;
	/* 1 2 3 / 4 5 6 / 7 8 9 under 1 2 / 3 4: 1+4+12+20 = 37 ... */
	EXPECT("network n\ninput i 3x3x1 padded=3x8x1\nconv o i features=1 kernel=2x2\n"
	       "weights 1 2 3 4\noutput o order=nhwc padded=2x8x1\n",
	       BYTES(1, 2, 3, 4, 5, 6, 7, 8, 9), 37, 47, 67, 77);
}

static void test_conv_padding_and_zero_point(void **state)
{
	(void)state;
	/* Minus 10: 1 2 / 3 4; padded by a row above and a column to the left,
	 * and the padding counts 0, not -10. Kernel of ones, 2x2, zp 100.
	 */
	EXPECT("network n\ninput i 2x2x1 zp=10 padded=2x8x1\n"
	       "conv o i features=1 kernel=2x2 pad=1,1,0,0 zp=100\nweights 1 1 1 1\n"
	       "output o order=nhwc padded=2x8x1\n",
	       BYTES(11, 12, 13, 14), 101, 103, 104, 110);
}

static void test_conv_stride(void **state)
{
	(void)state;
	/* A 1x1 kernel with stride 2x3 picks rows 0, 2 and columns 0, 3 */
	EXPECT("network n\ninput i 4x5x1 padded=4x8x1\nconv o i features=1 stride=2x3\n"
	       "weights 1\noutput o order=nhwc padded=2x8x1\n",
	       BYTES(0, 1, 2, 3, 4, 10, 11, 12, 13, 14, 20, 21, 22, 23, 24, 30, 31, 32, 33, 34),
	       0, 3, 20, 23);
}

static void test_conv_channels_have_their_own_factors(void **state)
{
	(void)state;
	/* in (10, 20); sums 10 + 2 * 20 = 50 + bias 6, and 3 * 10 - 20 = 10 */
	EXPECT("network n\ninput i 1x1x2 order=nc\nconv o i features=2\n"
	       "weights 1 2 3 -1\nbias 6 0\nmult 3 5\nshift 2 1\noutput o\n",
	       BYTES(10, 20), 42, 25);
}

/* Halves go up, also below zero: floor(v / 2 + 1/2) */
static void test_rounding(void **state)
{
	(void)state;
	EXPECT("network n\ninput i 1x8x1 zp=100\nconv o i features=1 zp=100\nweights 1\nshift 1\n"
	       "output o order=nhwc\n",
	       BYTES(95, 97, 98, 99, 100, 101, 102, 103),
	       98, 99, 99, 100, 100, 101, 101, 102);
	EXPECT("network n\ninput i 1x8x1 zp=100\nconv o i features=1 zp=100\nweights 1\nmult -3\n"
	       "shift 2\noutput o order=nhwc\n",	/* -3/4 x: 3.75 2.25 1.5 .75 0 ... */
	       BYTES(95, 97, 98, 99, 100, 101, 102, 103),
	       104, 102, 102, 101, 100, 99, 99, 98);
}

static void test_clamps(void **state)
{
	(void)state;
	/* Type range, relu at the zero point, and a clamp of its own */
	EXPECT("network n\ninput i 1x8x1\nconv a i features=1 zp=50\nweights 2\nbias -100\n"
	       "conv b i features=1 zp=50 relu\nweights 2\nbias -100\n"
	       "conv c i features=1 zp=50 clamp=20,90\nweights 2\nbias -100\n"
	       "output a order=nhwc\noutput b order=nhwc\noutput c order=nhwc\n",
	       BYTES(0, 25, 49, 50, 51, 80, 150, 255),
	       0, 0, 48, 50, 52, 110, 250, 255,
	       50, 50, 50, 50, 52, 110, 250, 255,
	       20, 20, 48, 50, 52, 90, 90, 90);
}

static void test_depthwise(void **state)
{
	(void)state;
	/* Two features side by side, a 1x3 kernel each, padded by one */
	EXPECT("network n\ninput i 1x4x2\ndepthwise o i kernel=1x3 pad=0,1,0,1 zp=10\n"
	       "weights 1 0 -1 0 2 1\noutput o order=nhwc\n",
	       BYTES(1, 10, 2, 20, 3, 30, 4, 40),
	       10 - 2, 10 + 40, 10 + 1 - 3, 10 + 70, 10 + 2 - 4, 10 + 100, 10 + 3, 10 + 80);
}

static void test_max_pool(void **state)
{
	(void)state;
	/* Padding is left out; the zero point 200 would win otherwise */
	EXPECT("network n\ninput i 2x4x1 zp=200\nmax_pool o i kernel=2x2 stride=2x2 pad=1,0,1,0\n"
	       "output o order=nhwc padded=2x4x1\n",
	       BYTES(1, 5, 3, 2, 9, 4, 7, 8), 5, 3, 9, 8);
}

static void test_avg_pool(void **state)
{
	(void)state;
	/* 4 of (1 2 / 3 5): 11/4 = 2.75 -> 3; with zp 1 -> out zp 7: (11 - 4)/4 + 7 */
	EXPECT("network n\ninput i 2x4x1 zp=1\navg_pool o i kernel=2x2 stride=2x2 zp=7\n"
	       "output o order=nhwc padded=1x8x1\n",
	       BYTES(1, 2, 10, 20, 3, 5, 30, 41), 9, 31);
	/* Divides by the whole window even at the border */
	EXPECT("network n\ninput i 1x4x2\navg_pool o i kernel=1x2 stride=1x2 pad=0,1,0,1\n"
	       "output o order=nhwc padded=1x4x2\n",
	       BYTES(10, 20, 30, 40, 50, 60, 70, 80), 5, 10, 40, 50, 35, 40);
}

static void test_add(void **state)
{
	(void)state;
	/* (a - 10) * 3 - (b - 20) * 2, half of it, from 100 */
	EXPECT("network n\ninput a 1x4x1 zp=10 padded=1x8x1\ninput b 1x4x1 zp=20 padded=1x8x1\n"
	       "add o a b zp=100\nmult 3 -2\nshift 1\noutput o order=nhwc padded=1x8x1\n",
	       BYTES(10, 12, 11, 0, 20, 20, 21, 25),
	       100, 103, 101, 80);
}

static void test_fully_connected(void **state)
{
	(void)state;
	/* Order of the weights: row, column, feature */
	EXPECT("network n\ninput i 2x2x2 zp=1\nfc o i features=2 zp=5\n"
	       "weights 1 0 0 0 0 0 0 2  0 1 0 0 -1 0 0 0\nbias 3 0\noutput o\n",
	       BYTES(2, 3, 4, 5, 6, 7, 8, 9),
	       5 + 3 + 1 + 16, 5 + 2 - 5);
}

static void test_sixteen_bits(void **state)
{
	(void)state;
	/* 0x0102 = 258; 2 * (258 - 200) + 1000 = 1116 = 0x045c; 65535 clips */
	EXPECT("network n\ninput i 1x4x1 type=u16 zp=200\n"
	       "conv o i features=1 type=u16 zp=1000\nweights 2\noutput o order=nhwc\n",
	       BYTES(0x02, 0x01, 200, 0, 0, 0, 0xff, 0xff),
	       0x5c, 0x04, 0xe8, 0x03, 0x58, 0x02, 0xff, 0xff);
}

static void test_chain(void **state)
{
	(void)state;
	/* The second layer reads the first one's clamped and rounded values */
	EXPECT("network n\ninput i 1x8x1\nconv a i features=1\nweights 3\nshift 1\n"
	       "conv o a features=1\nweights 1\nshift 1\noutput o order=nhwc\n",
	       BYTES(0, 1, 2, 3, 100, 170, 171, 255),
	       0, 1, 2, 3, 75, 128, 128, 128);
}

/* ---- device layout ---- */

static void check_layout(const char *order, const char *padded, const uint8_t *device,
			 size_t size)
{
	static const uint8_t user[] = {		/* 2x2x3: row, column, feature */
		111, 112, 113, 121, 122, 123, 211, 212, 213, 221, 222, 223,
	};
	uint8_t packed[128], back[sizeof(user)], dirty[128];
	struct ref_stream *s;
	struct refnet net;
	char text[200];

	snprintf(text, sizeof(text),
		 "network n\ninput i 2x2x3 order=%s padded=%s\nconv o i features=1\n"
		 "weights 0 0 0\noutput o\n", order, padded);
	make_net(text, &net);
	s = &net.streams[0];
	assert_int_equal(s->device_size, size);
	memset(packed, 0xee, sizeof(packed));
	refnet_to_device(s, user, packed);
	assert_memory_equal(packed, device, size);
	assert_int_equal(packed[size], 0xee);
	for (size_t i = 0; i < size; i++)	/* what is in the padding does not matter */
		dirty[i] = device[i] ? device[i] : 0x77;
	refnet_to_user(s, dirty, back);
	assert_memory_equal(back, user, sizeof(user));
	refnet_free(&net);
}

static void test_nhwc(void **state)
{
	static const uint8_t device[] = {
		111, 112, 113, 121, 122, 123, 0, 0, 0, 0, 0, 0,
		211, 212, 213, 221, 222, 223, 0, 0, 0, 0, 0, 0,
	};

	(void)state;
	check_layout("nhwc", "2x4x3", device, sizeof(device));
}

static void test_nhcw(void **state)
{
	static const uint8_t device[] = {
		111, 121, 0, 0, 112, 122, 0, 0, 113, 123, 0, 0,
		211, 221, 0, 0, 212, 222, 0, 0, 213, 223, 0, 0,
	};

	(void)state;
	check_layout("nhcw", "2x4x3", device, sizeof(device));
}

static void test_fcr(void **state)
{
	static const uint8_t device[] = {
		111, 112, 113, 0, 121, 122, 123, 0, 211, 212, 213, 0, 221, 222, 223, 0,
		0, 0, 0, 0, 0, 0, 0, 0,
	};

	(void)state;
	check_layout("fcr", "3x2x4", device, sizeof(device));
}

static void test_f8cr(void **state)
{
	static const uint8_t device[] = {
		111, 112, 113, 0, 0, 0, 0, 0, 121, 122, 123, 0, 0, 0, 0, 0,
		211, 212, 213, 0, 0, 0, 0, 0, 221, 222, 223, 0, 0, 0, 0, 0,
	};

	(void)state;
	check_layout("f8cr", "2x2x8", device, sizeof(device));
}

/* The second block of eight follows all columns of the first. */
static void test_f8cr_blocks(void **state)
{
	uint8_t user[20], device[32], want[32] = { 0 };
	struct refnet net;

	(void)state;
	make_net("network n\ninput i 1x2x10 order=f8cr\nconv o i features=1\n"
		 "weights 0 0 0 0 0 0 0 0 0 0\noutput o\n", &net);
	for (int i = 0; i < 20; i++)
		user[i] = i + 1;
	for (int c = 0; c < 2; c++)
		for (int f = 0; f < 10; f++)
			want[f / 8 * 16 + c * 8 + f % 8] = user[c * 10 + f];
	refnet_to_device(&net.streams[0], user, device);
	assert_memory_equal(device, want, sizeof(want));
	refnet_free(&net);
}

/* A frame that is no multiple of 8 bytes is filled up with zeros. */
static void test_frame_tail(void **state)
{
	uint8_t in[16], out[16], *frames[] = { in, out };
	struct refnet net;

	(void)state;
	make_net("network n\ninput i 3x3x1\nconv o i features=1\nweights 1\n"
		 "output o order=nhwc\n", &net);
	assert_int_equal(net.streams[0].user_size, 9);
	assert_int_equal(net.streams[1].device_size, 16);
	memset(in, 0x5a, sizeof(in));
	memset(out, 0xff, sizeof(out));
	refnet_run(&net, frames);
	assert_memory_equal(out, in, 9);
	for (int i = 9; i < 16; i++)
		assert_int_equal(out[i], 0);
	refnet_free(&net);
}

static void test_find(void **state)
{
	struct refnet net;

	(void)state;
	make_net("network n\ninput a 1x1x8\ninput b 1x1x8\nadd o a b\noutput o\n", &net);
	assert_int_equal(refnet_find(&net, "b", false), 1);
	assert_int_equal(refnet_find(&net, "n/a", false), 0);
	assert_int_equal(refnet_find(&net, NULL, true), 2);
	assert_int_equal(refnet_find(&net, NULL, false), -1);
	assert_int_equal(refnet_find(&net, "o", false), -1);
	refnet_free(&net);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conv_plain),
		cmocka_unit_test(test_conv_padding_and_zero_point),
		cmocka_unit_test(test_conv_stride),
		cmocka_unit_test(test_conv_channels_have_their_own_factors),
		cmocka_unit_test(test_rounding),
		cmocka_unit_test(test_clamps),
		cmocka_unit_test(test_depthwise),
		cmocka_unit_test(test_max_pool),
		cmocka_unit_test(test_avg_pool),
		cmocka_unit_test(test_add),
		cmocka_unit_test(test_fully_connected),
		cmocka_unit_test(test_sixteen_bits),
		cmocka_unit_test(test_chain),
		cmocka_unit_test(test_nhwc),
		cmocka_unit_test(test_nhcw),
		cmocka_unit_test(test_fcr),
		cmocka_unit_test(test_f8cr),
		cmocka_unit_test(test_f8cr_blocks),
		cmocka_unit_test(test_frame_tail),
		cmocka_unit_test(test_find),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
