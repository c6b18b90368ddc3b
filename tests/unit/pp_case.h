/* SPDX-License-Identifier: MIT */
/*
 * Detection heads for tests: sizes, parameters and device data at random, and
 * the same computed the naive way, straight from the reference.
 */
#ifndef PP_CASE_H
#define PP_CASE_H

#include "lib/postprocess.h"

#define CASE_DECODERS	4
#define CASE_TENSORS	(3 * CASE_DECODERS + 1)
#define CASE_ANCHORS	3

struct pp_case {
	struct pp_nms nms;
	struct pp_tensor tensors[CASE_TENSORS];
	struct pp_decoder decoders[CASE_DECODERS];
	struct pp_anchor anchors[CASE_DECODERS][CASE_ANCHORS];
	char names[CASE_TENSORS][16];
	struct pp_input inputs[CASE_TENSORS];	/* exactly as large as needed */
	void *workspace;
	uint8_t *output;			/* exactly one frame */
	size_t output_size;
	uint32_t seed;
};

uint32_t case_random(struct pp_case *c);			/* 32 bits */
uint32_t case_below(struct pp_case *c, uint32_t limit);		/* 0 .. limit - 1 */
float case_real(struct pp_case *c, float from, float to);

/* A valid head with parameters from the seed; no memory yet */
void case_make(struct pp_case *c, enum pp_head head, uint32_t seed);
/* Device data: uniform bytes, or mostly low scores if sparse */
void case_fill(struct pp_case *c);
/* Checks, allocates workspace and output, initialises; negative errno */
int case_prepare(struct pp_case *c);
/* Zeroes the output and runs a frame */
int case_run(struct pp_case *c);
void case_free(struct pp_case *c);

/* The naive twin: the same frame into `out` (zeroed) of output_size bytes.
 * Not for PP_BYTE_MASK.
 */
void case_twin(const struct pp_case *c, uint8_t *out);

/* Of a list of candidates that is naively sorted and suppressed */
struct twin_box {
	float y_min, x_min, y_max, x_max, score;
	uint32_t class_id;
};

struct twin_list {
	struct twin_box *boxes;
	size_t count, room;
};

void twin_add(struct twin_list *list, struct twin_box box);
/* In the order of libstdc++ (by pp_sort(), which has tests of its own) */
void twin_sort(struct twin_list *list);
/* Compares all pairs; removed ones get score 0 */
void twin_suppress(struct twin_list *list, float iou_threshold);
void twin_emit(const struct pp_nms *nms, const struct twin_list *list, uint8_t *out);

#endif /* PP_CASE_H */
