// SPDX-License-Identifier: MIT
/*
 * What mkhef refuses and how it says so, what refnet refuses, and that each
 * damage is the one it says it is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#include "hef_common.h"

#define HEAD "network n\ninput i 4x4x2\n"
#define TAIL "output i\n"

/* ---- texts ---- */

static void test_texts(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "", "text:1: no 'network NAME' in the whole file" },
		{ "netwrk n\n", "text:1: 'netwrk' is no statement" },
		{ "network a b\n", "text:1: wanted: network NAME" },
		{ "network n\nnetwork m\n", "text:2: a second network" },
		{ "network n\ninput i 4x4x2\n", "a network needs an input and an output" },
		{ HEAD "chip hailo15\n" TAIL, "text:3: wanted: chip hailo8l, or chip hailo8" },
		{ HEAD "container 4\n" TAIL, "text:3: 4 is not between 0 and 3" },
		{ "input i 4x4\n", "text:1: '4x4' is not 3 numbers with 'x' between them" },
		{ "input i 4x4x0\n", "text:1: 0 is not between 1 and 65535" },
		{ "input i 4x4x2 zp=ten\n", "text:1: 'ten' is not a whole number" },
		{ "input i 4x4x2 type=u32\n", "type 'u32' is neither u8 nor u16" },
		{ "input i 4x4x2 order=chw\n", "order 'chw' is none of nhwc" },
		{ "input i 4x4x2 scale=nan\n", "'nan' is not a number" },
		{ "input i 4x4x2 stride=1x1\n", "input does not know 'stride'" },
		{ "input i 4x4x2 hello\n", "input does not know 'hello'" },
		{ "input i 4x4x2 zp\n", "zp wants a value: zp=..." },
		{ "input i 4x4x2 padded=4x3x2\n", "padded 4x3x2 is smaller than 4x4x2" },
		{ "input i 4x4x2 order=nc\n", "order nc is for 1x1xF only" },
		{ "input i 4x4x2 order=nhw\n", "order nhw is for one feature only" },
		{ "input i 4x4x2 order=f8cr padded=4x4x9\n", "multiples of 8" },
		{ "input i 4x4x2 scales=1,2,3\n", "2 features, but 3 scales and 0 zps" },
		{ HEAD "input i 4x4x2\n", "text:3: there is a tensor 'i' already" },
		{ HEAD "output o\n", "text:3: there is no tensor 'o' above this line" },
		{ HEAD "conv o i\n", "text:3: features=N is missing" },
		{ HEAD "conv o\n", "text:3: wanted: conv NAME TENSOR" },
		{ HEAD "conv o i kernel=3 features=1\n", "'3' is not 2 numbers with 'x'" },
		{ HEAD "max_pool o i kernel=5x1\n", "the kernel, 5, is larger than what it slides" },
		{ HEAD "max_pool o i zp=1\n", "max_pool does not know 'zp'" },
		{ HEAD "add o i\n", "text:3: wanted: add NAME A B" },
		{ HEAD "fc o i features=1 clamp=9,3\n", "clamp 9,3 is not within 0,255" },
		{ HEAD "weights 1 2\n", "text:3: 'weights' is no statement" },
		{ HEAD "fc o i features=1\nweights 1 x\n", "text:4: 'x' is not a whole number" },
		{ HEAD "fc o i features=1\nweights 1\nweights 2\n", "text:5: weights a second time" },
		{ HEAD "fc o i features=1\nweights random 1 2\n", "wanted: weights random SEED" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *said = refusal(cases[i].text);

		if (!strstr(said, cases[i].says))
			fail_msg("'%s'\nsays: %s\nwanted: %s", cases[i].text, said, cases[i].says);
	}
}

/* Refused when the file is written */
static void test_networks(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ HEAD "fc o i features=2\nweights 1 2 3\noutput o\n",
		  "fc 'o' (line 3): 3 weights given, 64 wanted" },
		{ HEAD "conv o i features=1\nweights 128 0\noutput o\n",
		  "weight 128 is not within -128..127" },
		{ HEAD "conv o i features=3\nweights 0 0 0 0 0 0\nbias 1 2\noutput o\n",
		  "2 numbers of bias given, 3 wanted" },
		{ HEAD "conv o i features=1\nweights 0 0\nshift 63\noutput o\n",
		  "shift 63 is not within 0..62" },
		{ HEAD "conv o i features=1\nweights 1 1\nbias 2147483647\noutput o\n",
		  "the sum for feature 0 may reach 2147484157, more than 32 bits" },
		{ HEAD "max_pool o i\nmult 3\noutput o\n", "1 numbers of mult given, 0 wanted" },
		{ HEAD "max_pool o i kernel=2x2 pad=2\noutput o\n",
		  "a window lies in the padding entirely" },
		{ HEAD "input k 4x4x3\nadd o i k\noutput o\n",
		  "4x4x2 and 4x4x3 cannot be added" },
		{ HEAD "input k 4x4x2 stream=1\nadd o i k\noutput o stream=1\n",
		  "'k' and 'o' both have stream=1" },
		{ HEAD "max_pool o i\noutput o name=i\n", "two streams are called 'i'" },
		{ "network n\ninput i 300x301x1\nmax_pool o i\noutput o\n",
		  "'i': no host can cut frames of 90300 bytes" },
		{ "network n\ninput i 9000x9000x1\nmax_pool o i\noutput o\n",
		  "tensors of 162000000 elements, the chip takes 67108864" },
		{ "network n\noptional 8\ninput i 3x3x1\nmax_pool o i\noutput o\n",
		  "multiples of 8" },
		{ "network n\ninput i 1x65535x2\nmax_pool o i\noutput o\n",
		  "core buffers 131072x1 need more than 16 bits" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *said = refusal(cases[i].text);

		if (!strstr(said, cases[i].says))
			fail_msg("'%s'\nsays: %s\nwanted: %s", cases[i].text, said, cases[i].says);
	}
}

static void test_long_names(void **state)
{
	char text[400];

	(void)state;
	snprintf(text, sizeof(text), "network %0100d\ninput i 4x4x2\noutput i name=%027d\n", 0, 0);
	assert_non_null(strstr(refusal(text), "is longer than 127 bytes"));
}

static void test_binary(void **state)
{
	struct failure failure;
	struct desc desc;

	(void)state;
	desc_init(&desc);
	assert_int_equal(desc_parse(&desc, "x", "network n\0more", 14, &failure), -1);
	assert_string_equal(failure.text, "x: not a text file");
	desc_free(&desc);
}

/* ---- damages ---- */

static const char small[] = HEAD "conv o i features=2 kernel=3x3\nweights random 1 -9 9\noutput o\n";

static void damaged(const char *damage, struct blob *hef)
{
	make_hef(small, 1, DESC_HAILO8L, damage, hef);
}

/* What refnet says of a damage, "" if nothing */
static const char *verdict(const char *damage)
{
	static struct failure failure;
	struct blob hef = { 0 };
	struct refnet net;

	failure.text[0] = 0;
	damaged(damage, &hef);
	if (!refnet_open(&net, hef.data, hef.size, 0, &failure))
		refnet_free(&net);
	blob_free(&hef);
	return failure.text;
}

static void test_damages_seen_by_refnet(void **state)
{
	static const struct {
		const char *damage, *says;
	} cases[] = {
		{ "magic", "not a HEF" },
		{ "container", "container version 9 is unknown" },
		{ "cut-header", "the file is cut" },
		{ "empty", "not a HEF" },
		{ "proto-size", "the file is cut" },
		{ "proto", "the metadata cannot be decoded" },
		{ "no-group", "no network group" },
		{ "no-preliminary", "carry no network" },
		{ "no-edges", "the network has a stream 1 that the metadata lacks" },
		{ "ccw-range", "configuration words behind the end of the file" },
		{ "data-bytes", "disagree on its shape" },
		{ "nn-crc", "the network's checksum is wrong" },
		{ "nn-version", "network format version 2 is unknown" },
		{ "nn-op", "layer 0 of the network is not valid" },
		{ "nn-tensor", "layer 0 of the network is not valid" },
		{ "nn-offset", "layer 0 of the network is not valid" },
	};

	(void)state;
	assert_string_equal(verdict(NULL), "");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (!strstr(verdict(cases[i].damage), cases[i].says))
			fail_msg("%s: '%s', wanted '%s'", cases[i].damage,
				 verdict(cases[i].damage), cases[i].says);
}

/* Every one changes the file; the sizes say which end it works on. */
static void test_damages_change_something(void **state)
{
	struct blob whole = { 0 };
	size_t count = 0;

	(void)state;
	damaged(NULL, &whole);
	for (; damage_name(count); count++) {
		struct blob hef = { 0 };

		assert_true(strlen(damage_text(count)) > 10);
		damaged(damage_name(count), &hef);
		assert_true(hef.size != whole.size || memcmp(hef.data, whole.data, hef.size));
		blob_free(&hef);
	}
	assert_true(count >= 30);
	blob_free(&whole);
}

static void test_unknown_damage(void **state)
{
	struct blob hef = { 0 };
	struct failure failure;
	struct desc desc;

	(void)state;
	desc_init(&desc);
	assert_int_equal(desc_parse(&desc, "x", small, strlen(small), &failure), 0);
	assert_int_equal(hef_write(&desc, "rust", &hef, &failure), -1);
	assert_string_equal(failure.text, "'rust' is no damage");
	assert_int_equal(hef.size, 0);
	desc_free(&desc);
}

static void test_layout_not_there(void **state)
{
	struct blob hef = { 0 };
	struct failure failure;
	struct refnet net;

	(void)state;
	damaged(NULL, &hef);
	assert_int_equal(refnet_open(&net, hef.data, hef.size, 0x0f, &failure), -1);
	assert_string_equal(failure.text, "no part for cluster layout 0xf");
	blob_free(&hef);
}

/* ---- images ---- */

static void get_image(const char *text, struct blob *image)
{
	struct blob hef = { 0 };
	struct failure failure;

	make_hef(text, 1, DESC_HAILO8L, NULL, &hef);
	assert_int_equal(refhef_image(hef.data, hef.size, 0, image, &failure), 0);
	blob_free(&hef);
}

static void seal(struct blob *image)
{
	struct nn_header *header = (struct nn_header *)image->data;

	header->crc32 = crc32(0, image->data + sizeof(*header), image->size - sizeof(*header));
}

/* Opens, and runs what it accepts on zeros: 1 accepted, 0 refused */
static int try_image(const struct blob *image)
{
	struct failure failure;
	struct refnet net;
	size_t sizes[2] = { 0, 0 };
	uint8_t *out, *in;

	if (refnet_open_image(&net, image->data, image->size, &failure))
		return 0;
	for (size_t i = 0; i < net.stream_count; i++)
		sizes[net.streams[i].is_output] += net.streams[i].user_size;
	in = calloc(1, sizes[0]);
	out = malloc(sizes[1]);
	run_user(&net, in, out);
	refnet_free(&net);
	free(out);
	free(in);
	return 1;
}

/* Whatever byte changes, the image is refused or still makes sense. */
static void test_changed_images(void **state)
{
	struct blob image = { 0 };
	uint32_t random = 4711;
	int refused = 0;

	(void)state;
	get_image(small, &image);
	assert_int_equal(try_image(&image), 1);
	for (int i = 0; i < 5000; i++) {
		size_t at = test_random(&random) % image.size;
		uint8_t before = image.data[at];

		image.data[at] = test_random(&random);
		seal(&image);
		refused += !try_image(&image);
		image.data[at] = before;
	}
	assert_true(refused > 2000);
	blob_free(&image);
}

/* The same for whole files, of which refnet trusts no byte */
static void test_changed_files(void **state)
{
	uint32_t random = 815;
	int refused = 0;

	(void)state;
	for (uint32_t container = 0; container < 4; container++) {
		struct blob hef = { 0 };

		make_hef(small, container, DESC_HAILO8L, NULL, &hef);
		for (int i = 0; i < 1500; i++) {
			size_t at = test_random(&random) % hef.size;
			uint8_t before = hef.data[at];
			struct failure failure;
			struct refnet net;

			hef.data[at] = test_random(&random);
			if (refnet_open(&net, hef.data, hef.size, 0, &failure))
				refused++;
			else
				refnet_free(&net);
			hef.data[at] = before;
		}
		blob_free(&hef);
	}
	assert_in_range(refused, 500, 5500);
}

static void test_cut_images(void **state)
{
	struct blob image = { 0 };
	size_t whole;

	(void)state;
	get_image(small, &image);
	whole = image.size;
	while (image.size--)
		assert_int_equal(try_image(&image), 0);
	image.size = whole;
	blob_free(&image);
}

static struct nn_layer *layer_of(struct blob *image)
{
	const struct nn_header *header = (const struct nn_header *)image->data;

	return (struct nn_layer *)(image->data + header->layers_offset);
}

/* One rule of nn_format.h after the other */
#define REFUSED(text, change)					\
do {								\
	struct blob image = { 0 };				\
	struct nn_layer *layer;					\
								\
	get_image(text, &image);				\
	layer = layer_of(&image);				\
	change;							\
	seal(&image);						\
	if (try_image(&image))					\
		fail_msg("accepted: %s", #change);		\
	blob_free(&image);					\
} while (0)

static void test_rules(void **state)
{
	static const char pool[] = HEAD "max_pool o i kernel=2x2\noutput o\n";
	static const char sum[] = HEAD "add o i i\noutput o\n";

	(void)state;
	REFUSED(small, layer->network = 1);
	REFUSED(small, layer->in1 = 0);
	REFUSED(small, layer->out = layer->in0);
	REFUSED(small, layer->in0 = layer->out);
	REFUSED(small, layer->clamp_max = 256);
	REFUSED(small, layer->clamp_min = -1);
	REFUSED(small, layer->clamp_min = layer->clamp_max + 1);
	REFUSED(small, layer->pad_right = 1);
	REFUSED(small, layer->kernel_h = 2);
	REFUSED(small, layer->stride_h = 0);
	REFUSED(small, layer->weights_offset += 1);
	REFUSED(small, layer->weights_offset = image.size);
	REFUSED(small, layer->bias_offset = 0);
	REFUSED(small, *(int32_t *)(image.data + layer->bias_offset) = INT32_MAX);
	REFUSED(small, image.data[layer->shift_offset] = 63);
	REFUSED(pool, layer->weights_offset = 40);
	REFUSED(pool, layer->mult_offset = 40);
	REFUSED(pool, layer->pad_top = 2);
	REFUSED(sum, layer->in1 = NN_NO_TENSOR);
	REFUSED(sum, layer->kernel_w = 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_networks),
		cmocka_unit_test(test_long_names),
		cmocka_unit_test(test_binary),
		cmocka_unit_test(test_damages_seen_by_refnet),
		cmocka_unit_test(test_damages_change_something),
		cmocka_unit_test(test_unknown_damage),
		cmocka_unit_test(test_layout_not_there),
		cmocka_unit_test(test_changed_images),
		cmocka_unit_test(test_changed_files),
		cmocka_unit_test(test_cut_images),
		cmocka_unit_test(test_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
