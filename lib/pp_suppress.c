// SPDX-License-Identifier: MIT
/*
 * Non-maximum suppression, and detections as the user sees them (reference
 * formats.md 10 and 11.1).
 *
 * The stock library compares every pair of candidates. Here a candidate is
 * compared with those kept before it in its class, which gives the same boxes,
 * and a class or the frame that is full is left alone.
 */
#include "postprocess.h"

static float minimum(float a, float b)
{
	return b < a ? b : a;
}

static float maximum(float a, float b)
{
	return a < b ? b : a;
}

static float overlap(const struct pp_box *a, const struct pp_box *b)
{
	float w = minimum(a->x_max, b->x_max) - maximum(a->x_min, b->x_min);
	float h = minimum(a->y_max, b->y_max) - maximum(a->y_min, b->y_min);
	float both, area_a, area_b;

	if (w <= 0.0f || h <= 0.0f)
		return 0.0f;
	both = w * h;
	area_a = (a->y_max - a->y_min) * (a->x_max - a->x_min);
	area_b = (b->y_max - b->y_min) * (b->x_max - b->x_min);
	return both / (area_a + area_b - both);
}

static bool overlaps_kept(const struct pp_nms *nms, const struct pp_state *state,
			  const struct pp_candidate *c)
{
	const struct pp_box *box = &state->boxes[c->box];

	for (uint32_t i = state->kept_last[c->class_id]; i != PP_NONE;
	     i = state->candidates[i].next)
		if (overlap(&state->boxes[state->candidates[i].box], box) >= nms->iou_threshold)
			return true;
	return false;
}

static bool keep(const struct pp_nms *nms, struct pp_state *state, uint32_t i, uint32_t per_class)
{
	struct pp_candidate *c = &state->candidates[i];

	if (c->score == 0.0f)
		return false;
	if (state->kept_count[c->class_id] >= per_class || overlaps_kept(nms, state, c)) {
		c->score = 0.0f;
		return false;
	}
	c->next = state->kept_last[c->class_id];
	state->kept_last[c->class_id] = i;
	state->kept_count[c->class_id]++;
	return true;
}

/* Removes by setting the score to 0; ends the list after `total` kept ones */
void pp_suppress(const struct pp_nms *nms, struct pp_state *state, uint32_t per_class,
		 uint32_t total)
{
	memset(state->kept_last, 0xff, nms->classes * sizeof(*state->kept_last));
	memset(state->kept_count, 0, nms->classes * sizeof(*state->kept_count));
	for (uint32_t i = 0; i < state->candidate_count; i++) {
		if (!total) {
			state->candidate_count = i;
			return;
		}
		if (keep(nms, state, i, per_class))
			total--;
	}
}

static void put_detection(uint8_t *out, const struct pp_state *state,
			  const struct pp_candidate *c)
{
	memcpy(out, &state->boxes[c->box], sizeof(struct pp_box));
	memcpy(out + sizeof(struct pp_box), &c->score, sizeof(c->score));
}

#define DETECTION_BYTES	(sizeof(struct pp_box) + sizeof(float))

/* kept_last becomes the place in the output where the next box of a class goes */
void pp_emit_by_class(const struct pp_nms *nms, struct pp_state *state, uint8_t *out)
{
	uint32_t *places = state->kept_last, place = 0;

	for (uint32_t k = 0; k < pp_nms_classes(nms); k++) {
		uint8_t *counter = out + place;

		pp_put_f32(&counter, (float)state->kept_count[k]);
		places[k] = place + (uint32_t)sizeof(float);
		place = places[k] + state->kept_count[k] * (uint32_t)DETECTION_BYTES;
	}
	for (uint32_t i = 0; i < state->candidate_count; i++) {
		const struct pp_candidate *c = &state->candidates[i];

		if (c->score == 0.0f)
			continue;
		put_detection(out + places[c->class_id], state, c);
		places[c->class_id] += DETECTION_BYTES;
	}
}

void pp_emit_by_score(const struct pp_nms *nms, struct pp_state *state, uint8_t *out)
{
	uint8_t *next = out + sizeof(uint16_t);
	uint16_t count = 0;

	for (uint32_t i = 0; i < state->candidate_count; i++) {
		const struct pp_candidate *c = &state->candidates[i];
		uint16_t class_id = (uint16_t)c->class_id;

		if (c->score == 0.0f)
			continue;
		if (count == UINT16_MAX || count == nms->max_total)
			break;
		count++;
		put_detection(next, state, c);
		memcpy(next + DETECTION_BYTES, &class_id, sizeof(class_id));
		next += DETECTION_BYTES + sizeof(class_id);
	}
	memcpy(out, &count, sizeof(count));
}
