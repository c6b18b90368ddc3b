// SPDX-License-Identifier: MIT
/*
 * digits: makes a network that reads handwritten digits, and pictures of them.
 *
 *	digits net			the description, to standard output
 *	digits picture DIGIT SEED FILE	a 28 x 28 PNG; SEED 0: plain and clean
 *	digits frames COUNT SEED FILE	raw u8 frames of random digits, one after the
 *					other; their digits to standard output
 *
 * The network: eight fixed edge filters, two poolings, one fully connected
 * layer. Only the last one learns: an averaged perceptron with a margin, in
 * whole numbers, on digits that glyphs.c draws with seeds 1 to SAMPLES. So the
 * network is the same on every machine, and seeds above are never seen.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "glyphs.h"
#include "png.h"
#include "tests/hef/image.h"
#include "tests/hef/refnet.h"

#define SAMPLES		6000
#define EPOCHS		12
#define DIGITS		10

static const char features_text[] =
	"network digits\n"
	"input picture 28x28x1 order=nhcw scale=0.00392156862745098\n"
	"\n"
	"# Where it gets brighter: to the right, left, down, up, and between\n"
	"conv edges picture features=8 kernel=3x3 pad=1 relu\n"
	"weights\n"
	"	-1 0 1	-2 0 2	-1 0 1\n"
	"	1 0 -1	2 0 -2	1 0 -1\n"
	"	-1 -2 -1	0 0 0	1 2 1\n"
	"	1 2 1	0 0 0	-1 -2 -1\n"
	"	-2 -1 0	-1 0 1	0 1 2\n"
	"	2 1 0	1 0 -1	0 -1 -2\n"
	"	0 -1 -2	1 0 -1	2 1 0\n"
	"	0 1 2	-1 0 1	-2 -1 0\n"
	"shift 2\n"
	"max_pool halves edges kernel=2x2 stride=2x2\n"
	"avg_pool quarters halves kernel=2x2 stride=2x2\n";

struct trainer {
	struct refnet net;
	size_t features;
	uint8_t *samples;		/* features of each */
	uint8_t *labels;
	int64_t *weights;		/* [DIGITS][features + 1], the last a bias */
	int64_t *sums;			/* of the weights after each sample */
};

/* ---- features ---- */

static int open_features(struct refnet *net, struct failure *failure)
{
	struct pool pool = { 0 };
	char *text = pool_format(&pool, "%soutput quarters order=nhwc\n", features_text);
	struct blob image = { 0 };
	struct desc desc;
	int result;

	desc_init(&desc);
	result = desc_parse(&desc, "digits", text, strlen(text), failure);
	if (!result) {
		for (size_t i = 0; i < desc.contexts[0].stream_count; i++)
			desc.contexts[0].streams[i].sys_index = i;
		result = image_build(&desc, &desc.contexts[0], &image, failure);
	}
	if (!result)
		result = refnet_open_image(net, image.data, image.size, failure);
	blob_free(&image);
	desc_free(&desc);
	pool_free(&pool);
	return result;
}

static void draw_sample(uint32_t seed, uint8_t *digit, uint8_t *pixels)
{
	struct glyph_style style = glyph_random_style(seed);

	*digit = style.seed / 7 % DIGITS;
	glyph_draw(*digit, &style, pixels);
}

static void make_samples(struct trainer *t)
{
	uint8_t pixels[GLYPH_PIXELS];

	for (uint32_t i = 0; i < SAMPLES; i++) {
		uint8_t *frames[] = { pixels, t->samples + i * t->features };

		draw_sample(i + 1, &t->labels[i], pixels);
		refnet_run(&t->net, frames);
	}
}

/* ---- learning ---- */

static int64_t score(const struct trainer *t, const int64_t *weights, const uint8_t *x)
{
	int64_t sum = weights[t->features] * 256;

	for (size_t i = 0; i < t->features; i++)
		sum += weights[i] * x[i];
	return sum;
}

static void move(struct trainer *t, int64_t *weights, const uint8_t *x, int sign)
{
	for (size_t i = 0; i < t->features; i++)
		weights[i] += sign * x[i];
	weights[t->features] += sign * 256;
}

/* How sure it must be: about what one step moves a score */
#define MARGIN	((int64_t)4 << 20)

static void learn_one(struct trainer *t, const uint8_t *x, uint8_t label)
{
	size_t row = t->features + 1;
	int64_t best = 0, right = score(t, t->weights + label * row, x);
	int rival = -1;

	for (int digit = 0; digit < DIGITS; digit++) {
		int64_t s = score(t, t->weights + digit * row, x);

		if (digit != label && (rival < 0 || s > best)) {
			best = s;
			rival = digit;
		}
	}
	if (right - best > MARGIN)
		return;
	move(t, t->weights + label * row, x, 1);
	move(t, t->weights + rival * row, x, -1);
}

static void learn(struct trainer *t)
{
	for (int epoch = 0; epoch < EPOCHS; epoch++)
		for (size_t i = 0; i < SAMPLES; i++) {
			learn_one(t, t->samples + i * t->features, t->labels[i]);
			if (i % 16)
				continue;
			for (size_t k = 0; k < DIGITS * (t->features + 1); k++)
				t->sums[k] += t->weights[k];
		}
}

/* ---- the network as text ---- */

static int64_t largest(const struct trainer *t)
{
	int64_t max = 1;

	for (size_t k = 0; k < DIGITS * (t->features + 1); k++)
		if (k % (t->features + 1) != t->features && llabs(t->sums[k]) > max)
			max = llabs(t->sums[k]);
	return max;
}

/* To -127..127, and the bias to what a sum of weights x features has */
static void quantise(struct trainer *t)
{
	int64_t max = largest(t);

	for (size_t k = 0; k < DIGITS * (t->features + 1); k++) {
		bool bias = k % (t->features + 1) == t->features;
		int64_t scaled = t->sums[k] * 127;

		t->weights[k] = (scaled + (scaled < 0 ? -max : max) / 2) / max;
		if (bias)
			t->weights[k] = scaled * 256 / max / 256;
	}
}

static int64_t largest_score(const struct trainer *t)
{
	int64_t max = 1;

	for (size_t i = 0; i < SAMPLES; i++)
		for (int digit = 0; digit < DIGITS; digit++) {
			int64_t s = score(t, t->weights + digit * (t->features + 1),
					  t->samples + i * t->features);

			if (llabs(s) > max)
				max = llabs(s);
		}
	return max;
}

static void print_network(const struct trainer *t)
{
	size_t row = t->features + 1;

	printf("# Made by tests/hef/nets/digits.c.\n%s\n", features_text);
	printf("# How much it looks like each digit; 128 is undecided.\n"
	       "fc digit quarters features=%d zp=128\nweights\n", DIGITS);
	for (int digit = 0; digit < DIGITS; digit++)
		for (size_t i = 0; i < t->features; i++)
			printf("%lld%c", (long long)t->weights[digit * row + i],
			       i % 28 == 27 ? '\n' : ' ');
	printf("bias");
	for (int digit = 0; digit < DIGITS; digit++)
		printf(" %lld", (long long)t->weights[digit * row + t->features] * 256);
	printf("\nmult %lld\nshift 24\noutput digit scale=0.0625\n",
	       (long long)(127 * (1ll << 24) / largest_score(t)));
}

static int make_network(void)
{
	struct trainer t = { 0 };
	struct pool pool = { 0 };
	struct failure failure;

	if (open_features(&t.net, &failure)) {
		fprintf(stderr, "digits: %s\n", failure.text);
		return 1;
	}
	t.features = t.net.streams[1].user_size;
	t.samples = pool_alloc(&pool, SAMPLES * t.features);
	t.labels = pool_alloc(&pool, SAMPLES);
	t.weights = pool_alloc(&pool, DIGITS * (t.features + 1) * sizeof(*t.weights));
	t.sums = pool_alloc(&pool, DIGITS * (t.features + 1) * sizeof(*t.sums));
	make_samples(&t);
	learn(&t);
	quantise(&t);
	print_network(&t);
	refnet_free(&t.net);
	pool_free(&pool);
	return 0;
}

/* ---- pictures ---- */

static int finish(const char *path, struct blob *bytes)
{
	struct failure failure;
	int result = write_file(path, bytes->data, bytes->size, &failure);

	if (result)
		fprintf(stderr, "digits: %s\n", failure.text);
	blob_free(bytes);
	return result ? 1 : 0;
}

static int make_picture(unsigned int digit, uint32_t seed, const char *path)
{
	struct glyph_style style = { .width = 56, .height = 50 };
	uint8_t pixels[GLYPH_PIXELS];
	struct blob png = { 0 };

	if (seed)
		style = glyph_random_style(seed);
	glyph_draw(digit, &style, pixels);
	png_write(pixels, GLYPH_SIZE, GLYPH_SIZE, 1, &png);
	return finish(path, &png);
}

static int make_frames(uint32_t count, uint32_t seed, const char *path)
{
	struct blob frames = { 0 };
	uint8_t digit;

	for (uint32_t i = 0; i < count; i++) {
		draw_sample(seed + i, &digit, blob_zeros(&frames, GLYPH_PIXELS));
		printf("%u\n", digit);
	}
	return finish(path, &frames);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "net"))
		return make_network();
	if (argc == 5 && !strcmp(argv[1], "picture"))
		return make_picture(atoi(argv[2]), strtoul(argv[3], NULL, 0), argv[4]);
	if (argc == 5 && !strcmp(argv[1], "frames"))
		return make_frames(strtoul(argv[2], NULL, 0), strtoul(argv[3], NULL, 0), argv[4]);
	fputs("usage: digits net | picture DIGIT SEED FILE.png | frames COUNT SEED FILE\n", stderr);
	return 1;
}
