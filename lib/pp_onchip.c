// SPDX-License-Identifier: MIT
/*
 * Non-maximum suppression done on the chip: reading its items, adding up
 * chunks and streams, and suppression between classes' boxes on the host
 * (reference formats.md 9 and 11.7).
 */
#include <errno.h>
#include <math.h>

#include "postprocess.h"

#define ITEM_BYTES	8
#define MAX_RECORDS	(1u << 24)
#define MAX_WORKSPACE	(1ull << 30)

#define END_OF_CLASS	UINT64_MAX		/* also padding */
#define END_OF_IMAGE	(UINT64_MAX - 1)
#define PADDING		(UINT64_MAX - 2)

static int wrong(const char **reason, const char *text)
{
	if (reason)
		*reason = text;
	return -EINVAL;
}

static uint32_t all_records(const struct pp_onchip *nms)
{
	return nms->classes * nms->chunks;
}

static uint64_t starts_bytes(const struct pp_onchip *nms)
{
	return ((uint64_t)all_records(nms) + 1) * sizeof(uint32_t) / ITEM_BYTES * ITEM_BYTES +
	       ITEM_BYTES;
}

static uint64_t most_items(const struct pp_onchip *nms)
{
	return (uint64_t)all_records(nms) * nms->max_per_class;
}

int64_t pp_onchip_workspace(const struct pp_onchip *nms, const char **reason)
{
	if (!nms->classes || nms->classes > UINT16_MAX || !nms->chunks ||
	    (uint64_t)nms->classes * nms->chunks > MAX_RECORDS)
		return wrong(reason, "NMS on the chip has no classes or too many");
	if (nms->max_per_class > UINT16_MAX ||
	    (uint64_t)nms->max_per_class * nms->chunks > UINT16_MAX)
		return wrong(reason, "NMS on the chip may give more than 65535 boxes of a class");
	if (nms->bursts && (!nms->burst || nms->burst > UINT16_MAX))
		return wrong(reason, "a burst of NMS on the chip has no items or too many");
	if (!isfinite(nms->zero_point) || !isfinite(nms->scale))
		return wrong(reason, "scale or zero point of NMS on the chip is not a number");
	if (most_items(nms) * ITEM_BYTES > MAX_WORKSPACE) {
		wrong(reason, "NMS on the chip would need more than 1 GiB of memory");
		return -E2BIG;
	}
	return (int64_t)(starts_bytes(nms) + most_items(nms) * ITEM_BYTES);
}

void pp_onchip_start(struct pp_onchip_reader *reader, const struct pp_onchip *nms,
		     void *workspace)
{
	*reader = (struct pp_onchip_reader){ .nms = nms };
	if (!workspace)
		return;
	reader->starts = workspace;
	reader->items = (uint64_t *)((uint8_t *)workspace + starts_bytes(nms));
	reader->starts[0] = 0;
}

static bool complete(const struct pp_onchip_reader *reader)
{
	return reader->records == all_records(reader->nms);
}

static int add_item(struct pp_onchip_reader *reader, uint64_t item)
{
	if (reader->in_record == reader->nms->max_per_class)
		return -EPROTO;
	if (reader->items)
		reader->items[reader->count] = item;
	reader->count++;
	reader->in_record++;
	return 0;
}

static void end_class(struct pp_onchip_reader *reader)
{
	reader->in_record = 0;
	reader->records++;
	if (reader->starts)
		reader->starts[reader->records] = reader->count;
}

static uint64_t item_at(const uint8_t *data, size_t index)
{
	uint64_t item;

	memcpy(&item, data + index * ITEM_BYTES, sizeof(item));
	return item;
}

static int feed_items(struct pp_onchip_reader *reader, const uint8_t *data, size_t count)
{
	int err = 0;

	for (size_t i = 0; i < count && !err && !complete(reader); i++) {
		uint64_t item = item_at(data, i);

		if (item == END_OF_CLASS)
			end_class(reader);
		else if (item != END_OF_IMAGE)
			err = add_item(reader, item);
	}
	return err;
}

/* Nothing of a burst counts after the end of the class. A burst without one
 * goes on in the next. The other two markers are of Hailo-15; the stock library
 * takes them as it does there, so that no box can look like them.
 */
static int feed_burst(struct pp_onchip_reader *reader, const uint8_t *data)
{
	int err = 0;

	for (uint32_t i = 0; i < reader->nms->burst && !err; i++) {
		uint64_t item = item_at(data, i);

		if (item == END_OF_CLASS)
			end_class(reader);
		if (item == END_OF_CLASS || item == END_OF_IMAGE)
			return 0;
		if (item != PADDING)
			err = add_item(reader, item);
	}
	return err;
}

static int feed_bursts(struct pp_onchip_reader *reader, const uint8_t *data, size_t size)
{
	size_t burst = (size_t)reader->nms->burst * ITEM_BYTES;
	int err = 0;

	if (size % burst)
		return -EINVAL;
	for (size_t at = 0; at < size && !err && !complete(reader); at += burst)
		err = feed_burst(reader, data + at);
	return err;
}

int pp_onchip_feed(struct pp_onchip_reader *reader, const void *transfer, size_t size)
{
	int err;

	if (!size || size % ITEM_BYTES)
		return -EINVAL;
	if (complete(reader))
		return -EPROTO;
	if (reader->nms->bursts)
		err = feed_bursts(reader, transfer, size);
	else
		err = feed_items(reader, transfer, size / ITEM_BYTES);
	return err ? err : complete(reader);
}

/* ---- records of one or several streams as one ---- */

uint64_t pp_onchip_frame_size(const struct pp_onchip *nms)
{
	return (uint64_t)nms->classes * sizeof(float) *
	       (1 + 5 * (uint64_t)nms->max_per_class * nms->chunks);
}

struct record {
	const uint64_t *items;
	uint32_t count;
};

/* Streams take turns, record by record */
static struct record find_record(const struct pp_onchip_reader *readers, unsigned int count,
				 uint32_t index)
{
	const struct pp_onchip_reader *reader = &readers[index % count];
	uint32_t r = index / count;

	return (struct record){
		.items = reader->items + reader->starts[r],
		.count = reader->starts[r + 1] - reader->starts[r],
	};
}

/* Every record that find_record() is asked for is there, and no others */
static bool parts_fit(const struct pp_onchip *nms, const struct pp_onchip_reader *readers,
		      unsigned int count)
{
	uint64_t records = (uint64_t)nms->classes * nms->chunks;

	for (unsigned int i = 0; i < count; i++) {
		const struct pp_onchip_reader *r = &readers[i];

		if (!complete(r) || r->nms->max_per_class > nms->max_per_class ||
		    r->records != (records + count - 1 - i) / count)
			return false;
	}
	return count > 0;
}

struct chip_box {
	struct pp_box box;
	float score;
};

static float chip_real(const struct pp_onchip *nms, uint64_t bits)
{
	return ((float)(uint32_t)bits - nms->zero_point) * nms->scale;
}

static struct chip_box decode_item(const struct pp_onchip *nms, uint64_t item)
{
	return (struct chip_box){
		.box = {
			.y_min = chip_real(nms, item >> 36 & 0xfff),
			.x_min = chip_real(nms, item >> 24 & 0xfff),
			.y_max = chip_real(nms, item >> 12 & 0xfff),
			.x_max = chip_real(nms, item & 0xfff),
		},
		.score = chip_real(nms, item >> 48),
	};
}

_Static_assert(sizeof(struct chip_box) == 20, "a box of the output");

static uint8_t *put_record(const struct pp_onchip *nms, struct record record, uint8_t *out)
{
	for (uint32_t i = 0; i < record.count; i++) {
		struct chip_box box = decode_item(nms, record.items[i]);

		memcpy(out, &box, sizeof(box));
		out += sizeof(box);
	}
	return out;
}

int pp_onchip_merge(const struct pp_onchip *nms, const struct pp_onchip_reader *readers,
		    unsigned int count, void *output, size_t size)
{
	uint8_t *out = output;

	if (size < pp_onchip_frame_size(nms) || !parts_fit(nms, readers, count))
		return -EINVAL;
	for (uint32_t k = 0; k < nms->classes; k++) {
		uint8_t *counter = out;
		uint32_t boxes = 0;

		out += sizeof(float);
		for (uint32_t c = 0; c < nms->chunks; c++) {
			struct record record = find_record(readers, count, c * nms->classes + k);

			boxes += record.count;
			out = put_record(nms, record, out);
		}
		pp_put_f32(&counter, (float)boxes);
	}
	return 0;
}

/* ---- suppression on the host ---- */

static void add_record(struct pp_state *state, const struct pp_onchip *nms, struct record record,
		       uint32_t class_id)
{
	for (uint32_t i = 0; i < record.count; i++) {
		struct chip_box box = decode_item(nms, record.items[i]);

		state->boxes[state->box_count++] = box.box;
		pp_add(state, box.score, class_id);
	}
}

static bool iou_fits(const struct pp_nms *nms, const struct pp_onchip *onchip)
{
	return nms->head == PP_IOU && nms->classes == onchip->classes &&
	       (nms->chunks ? nms->chunks : 1) == onchip->chunks &&
	       nms->max_chip_boxes >= onchip->max_per_class;
}

int pp_iou_run(const struct pp_nms *nms, void *workspace, const struct pp_onchip *onchip,
	       const struct pp_onchip_reader *readers, unsigned int count, void *output,
	       size_t size)
{
	struct pp_state *state = workspace;

	if (!iou_fits(nms, onchip) || size < pp_nms_frame_size(nms) ||
	    !parts_fit(onchip, readers, count))
		return -EINVAL;
	state->box_count = 0;
	state->candidate_count = 0;
	for (uint32_t k = 0; k < onchip->classes; k++)
		for (uint32_t c = 0; c < onchip->chunks; c++)
			add_record(state, onchip,
				   find_record(readers, count, c * onchip->classes + k), k);
	pp_sort(state->candidates, state->candidate_count);
	if (nms->output == PP_BY_CLASS) {
		pp_suppress(nms, state, nms->max_per_class, UINT32_MAX);
		pp_emit_by_class(nms, state, output);
		return 0;
	}
	/* Sorted again with the removed ones, which can change the order of ties */
	pp_suppress(nms, state, UINT32_MAX, UINT32_MAX);
	pp_sort(state->candidates, state->candidate_count);
	pp_emit_by_score(nms, state, output);
	return 0;
}
