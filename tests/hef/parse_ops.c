// SPDX-License-Identifier: MIT
/* What the host does with outputs: `yolov8 NAME ...` and its `decoder` lines. */
#include <stdlib.h>
#include <string.h>

#include "parse.h"

static const struct kind {
	const char *name;
	enum desc_op_kind kind;
	uint32_t extension;		/* hef.md 4 */
	size_t streams;			/* of a decoder */
	bool has_stride;
	bool has_anchors;
} kinds[] = {
	{ "yolov5",	DESC_YOLOV5,	14, 1, false, true },
	{ "yolov8",	DESC_YOLOV8,	27, 2, true, false },
	{ "yolox",	DESC_YOLOX,	15, 3, true, false },
	{ "ssd",	DESC_SSD,	16, 2, false, true },
	{ "iou",	DESC_IOU,	17, 1, false, false },
	{ "argmax",	DESC_ARGMAX,	21, 1, false, false },
	{ "softmax",	DESC_SOFTMAX,	22, 1, false, false },
};

#define NET_FLOW	13
#define BBOX_DECODING	29

static const struct kind *find_kind(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(kinds[i].name, name))
			return &kinds[i];
	return NULL;
}

static const struct kind *kind_of(const struct desc_op *op)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].kind == op->kind)
			return &kinds[i];
	abort();
}

static char *copy(struct parser *p, const char *text)
{
	return pool_format(&p->desc->pool, "%s", text);
}

/* ---- key=value ---- */

static int parse_image(struct parser *p, struct desc_op *op, const char *value)
{
	int64_t size[2];

	if (parse_tuple(p, value, 'x', 2, 1, 0xffff, size))
		return -1;
	op->image[0] = size[0];
	op->image[1] = size[1];
	return 0;
}

static int parse_scales(struct parser *p, struct desc_op *op, const char *value)
{
	int64_t scales[2];

	if (parse_tuple(p, value, ',', 2, 1, 0xffff, scales))
		return -1;
	op->centre_scale = scales[0];
	op->size_scale = scales[1];
	return 0;
}

static int parse_key(struct parser *p, struct desc_op *op, const char *key, const char *value)
{
	int64_t number = 0;
	int result;

	if (!strcmp(key, "score"))
		return parse_real(p, value, &op->score);
	if (!strcmp(key, "iou"))
		return parse_real(p, value, &op->iou);
	if (!strcmp(key, "image"))
		return parse_image(p, op, value);
	if (!strcmp(key, "scales"))
		return parse_scales(p, op, value);
	if (!strcmp(key, "bbox")) {
		op->boxes_only = true;
		return 0;
	}
	result = parse_integer(p, value, 0, 0xffff, &number);
	if (!strcmp(key, "classes"))
		op->classes = number;
	else if (!strcmp(key, "max"))
		op->max_boxes = number;
	else if (!strcmp(key, "background"))
		op->background = number;
	else
		return parse_wrong(p, "'%s' is no option of this operation", key);
	return result;
}

/* ---- statements ---- */

static int add_decoder(struct parser *p, struct desc_op *op, const struct desc_decoder *decoder)
{
	op->decoders = pool_grow(&p->desc->pool, op->decoders, op->decoder_count,
				 sizeof(*op->decoders));
	op->decoders[op->decoder_count++] = *decoder;
	return 0;
}

static int take_streams(struct parser *p, char ***words, size_t wanted,
			struct desc_decoder *decoder)
{
	for (size_t i = 0; i < wanted; i++) {
		if (!**words || strchr(**words, '='))
			return parse_wrong(p, "the name of an output is missing");
		decoder->streams[i] = copy(p, *(*words)++);
	}
	return 0;
}

static int do_decoder(struct parser *p, char **words)
{
	const struct kind *kind = kind_of(p->op);
	struct desc_decoder decoder = { 0 };
	int64_t stride;

	words++;
	if (kind->has_stride) {
		if (!*words || parse_integer(p, *words++, 1, 0xffff, &stride))
			return parse_wrong(p, "wanted: decoder STRIDE OUTPUT...");
		decoder.stride = stride;
	}
	if (take_streams(p, &words, kind->streams, &decoder))
		return -1;
	for (; *words; words++) {
		size_t before = decoder.anchors.count;

		if (!kind->has_anchors)
			return parse_wrong(p, "'%s': no anchors here", *words);
		if (parse_doubles(p, *words, &decoder.anchors))
			return -1;
		if (decoder.anchors.count != before + 2)
			return parse_wrong(p, "'%s' is not WIDTH,HEIGHT", *words);
	}
	return add_decoder(p, p->op, &decoder);
}

static int parse_keys(struct parser *p, struct desc_op *op, char **words)
{
	for (; *words; words++) {
		char *value = strchr(*words, '=');

		if (value)
			*value++ = 0;
		if (parse_key(p, op, *words, value ? value : ""))
			return -1;
	}
	return 0;
}

static int do_op(struct parser *p, const struct kind *kind, char **words, size_t count)
{
	bool alone = !kind->has_stride && !kind->has_anchors;
	struct desc_op op = { .line = p->line, .kind = kind->kind, .background = -1 };
	struct desc_decoder decoder = { 0 };
	char **rest = words + 2;

	if (count < (alone ? 3u : 2u))
		return parse_wrong(p, "wanted: %s NAME %s[key=value]...", kind->name,
				   alone ? "OUTPUT " : "");
	op.name = copy(p, words[1]);
	if (alone && (take_streams(p, &rest, 1, &decoder) || add_decoder(p, &op, &decoder)))
		return -1;
	if (parse_keys(p, &op, rest))
		return -1;
	desc_require(p->desc, NET_FLOW);
	desc_require(p->desc, kind->extension);
	if (op.boxes_only)
		desc_require(p->desc, BBOX_DECODING);
	p->desc->ops = pool_grow(&p->desc->pool, p->desc->ops, p->desc->op_count, sizeof(op));
	p->desc->ops[p->desc->op_count++] = op;
	p->op = &p->desc->ops[p->desc->op_count - 1];
	return 0;
}

int parse_op(struct parser *p, char **words, size_t count)
{
	const struct kind *kind = find_kind(words[0]);

	if (kind)
		return do_op(p, kind, words, count);
	if (strcmp(words[0], "decoder"))
		return 1;
	if (!p->op)
		return parse_wrong(p, "a decoder without an operation above this line");
	return do_decoder(p, words);
}
