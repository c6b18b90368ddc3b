// SPDX-License-Identifier: MIT
/*
 * Networks that nobody thought of: layers of every kind on tensors of every
 * kind, until a few of them are made outputs.
 */
#include <stdio.h>
#include <stdlib.h>

#include "hef_random.h"
#include "hef_common.h"

#define TENSORS_MAX	12

struct random_tensor {
	uint32_t h, w, f;
	bool wide;			/* 16 bits */
};

struct generator {
	FILE *out;
	uint32_t state;
	struct random_tensor tensors[TENSORS_MAX];
	uint32_t count;
};

static uint32_t pick(struct generator *g, uint32_t low, uint32_t high)
{
	return low + test_random(&g->state) % (high - low + 1);
}

static uint32_t weight_limit(const struct random_tensor *in)
{
	return in->wide ? 9 : 127;	/* so that sums fit 32 bits */
}

static void put_values(struct generator *g, struct random_tensor *out)
{
	out->wide = pick(g, 0, 3) == 0;
	fprintf(g->out, " type=%s zp=%u%s\n", out->wide ? "u16" : "u8",
		pick(g, 0, out->wide ? 65535 : 255), pick(g, 0, 2) ? "" : " relu");
}

static void put_factors(struct generator *g, const struct random_tensor *in,
			const struct random_tensor *out, uint32_t fan_in)
{
	int64_t range = (int64_t)(in->wide ? 65535 : 255) * weight_limit(in) * (fan_in + 1) / 4;
	int64_t wanted = out->wide ? 65535 : 255;
	int shift = pick(g, 12, 40);
	int64_t mult = (wanted << shift) / range;

	while (mult > 1000000 && shift) {
		mult >>= 1;
		shift--;
	}
	fprintf(g->out, "mult random %u %lld %lld\nshift %d\n", pick(g, 1, 1 << 30),
		(long long)(-mult / 3), (long long)(mult + 1), shift);
}

static void put_weights(struct generator *g, const struct random_tensor *in,
			const struct random_tensor *out, uint32_t fan_in)
{
	int limit = weight_limit(in);

	fprintf(g->out, "weights random %u %d %d\n", pick(g, 1, 1 << 30), -limit, limit);
	fprintf(g->out, "bias random %u -9999 9999\n", pick(g, 1, 1 << 30));
	put_factors(g, in, out, fan_in);
}

/* Writes a window that fits and gives its area. */
static uint32_t put_window(struct generator *g, const struct random_tensor *in,
			   struct random_tensor *out, bool pool)
{
	uint32_t kh = pick(g, 1, in->h < 4 ? in->h : 4), kw = pick(g, 1, in->w < 4 ? in->w : 4);
	uint32_t sh = pick(g, 1, 3), sw = pick(g, 1, 3);
	uint32_t top = pick(g, 0, kh - 1), left = pick(g, 0, kw - 1);
	uint32_t bottom = pool ? 0 : pick(g, 0, kh), right = pool ? 0 : pick(g, 0, kw);

	fprintf(g->out, " kernel=%ux%u stride=%ux%u pad=%u,%u,%u,%u", kh, kw, sh, sw, top, left,
		bottom, right);
	out->h = (in->h + top + bottom - kh) / sh + 1;
	out->w = (in->w + left + right - kw) / sw + 1;
	return kh * kw;
}

static void put_conv(struct generator *g, uint32_t from, struct random_tensor *out)
{
	const struct random_tensor *in = &g->tensors[from];
	uint32_t fan_in;

	out->f = pick(g, 1, 9);
	fprintf(g->out, "conv t%u t%u features=%u", g->count, from, out->f);
	fan_in = put_window(g, in, out, false) * in->f;
	put_values(g, out);
	put_weights(g, in, out, fan_in);
}

static void put_depthwise(struct generator *g, uint32_t from, struct random_tensor *out)
{
	const struct random_tensor *in = &g->tensors[from];
	uint32_t fan_in;

	fprintf(g->out, "depthwise t%u t%u", g->count, from);
	fan_in = put_window(g, in, out, false);
	put_values(g, out);
	put_weights(g, in, out, fan_in);
}

static void put_max_pool(struct generator *g, uint32_t from, struct random_tensor *out)
{
	fprintf(g->out, "max_pool t%u t%u", g->count, from);
	put_window(g, &g->tensors[from], out, true);
	fprintf(g->out, "\n");
}

static void put_avg_pool(struct generator *g, uint32_t from, struct random_tensor *out)
{
	fprintf(g->out, "avg_pool t%u t%u", g->count, from);
	put_window(g, &g->tensors[from], out, false);
	put_values(g, out);
}

static void put_add(struct generator *g, uint32_t from, struct random_tensor *out)
{
	const struct random_tensor *a = &g->tensors[from];
	uint32_t other = from;

	for (uint32_t i = 0; i < g->count; i++)
		if (g->tensors[i].h == a->h && g->tensors[i].w == a->w && g->tensors[i].f == a->f &&
		    pick(g, 0, 1))
			other = i;
	fprintf(g->out, "add t%u t%u t%u", g->count, from, other);
	put_values(g, out);
	fprintf(g->out, "mult random %u -900 900\nshift %u\n", pick(g, 1, 1 << 30),
		a->wide && !out->wide ? 18 : 10);
}

static void put_fc(struct generator *g, uint32_t from, struct random_tensor *out)
{
	const struct random_tensor *in = &g->tensors[from];
	uint32_t fan_in = in->h * in->w * in->f;

	out->h = out->w = 1;
	out->f = pick(g, 1, 20);
	fprintf(g->out, "fc t%u t%u features=%u", g->count, from, out->f);
	put_values(g, out);
	put_weights(g, in, out, fan_in);
}

static void put_layer(struct generator *g)
{
	static void (*const ops[])(struct generator *, uint32_t, struct random_tensor *) = {
		put_conv, put_conv, put_depthwise, put_max_pool, put_avg_pool, put_add, put_fc,
	};
	uint32_t from = pick(g, 0, g->count - 1);
	struct random_tensor out = g->tensors[from];

	ops[pick(g, 0, ARRAY_SIZE(ops) - 1)](g, from, &out);
	g->tensors[g->count++] = out;
}

/* An order that the tensor may have, and padding that any host can cut */
static void put_stream(struct generator *g, const struct random_tensor *t)
{
	static const char *const names[] = { "nhwc", "nhcw", "fcr", "f8cr" };
	uint32_t order = pick(g, 0, 3);
	uint32_t w = order == 1 ? round_up(t->w, 8) : t->w + pick(g, 0, 2);
	uint32_t f = order == 1 ? t->f : round_up(t->f, 8);

	fprintf(g->out, " order=%s padded=%ux%ux%u\n", names[order], t->h, w, f);
}

static void put_inputs(struct generator *g)
{
	uint32_t inputs = pick(g, 1, 3);

	while (g->count < inputs) {
		struct random_tensor t = {
			pick(g, 1, 12), pick(g, 1, 12), pick(g, 1, 10), pick(g, 0, 3) == 0
		};

		fprintf(g->out, "input t%u %ux%ux%u type=%s zp=%u", g->count, t.h, t.w, t.f,
			t.wide ? "u16" : "u8", pick(g, 0, t.wide ? 65535 : 255));
		put_stream(g, &t);
		g->tensors[g->count++] = t;
	}
}

char *random_network(uint32_t seed)
{
	struct generator g = { .state = seed * 2654435761u | 1 };
	uint32_t layers, inputs;
	char *text = NULL;
	size_t size;

	g.out = open_memstream(&text, &size);
	fprintf(g.out, "network random\n");
	put_inputs(&g);
	inputs = g.count;
	layers = pick(&g, 1, TENSORS_MAX - inputs);
	while (layers--)
		put_layer(&g);
	for (uint32_t i = inputs; i < g.count; i++)
		if (i + 1 == g.count || pick(&g, 0, 3) == 0) {
			fprintf(g.out, "output t%u", i);
			put_stream(&g, &g.tensors[i]);
		}
	fclose(g.out);
	return text;
}
