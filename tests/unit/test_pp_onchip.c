// SPDX-License-Identifier: MIT
/*
 * NMS on the chip: items on the wire to detections (reference formats.md 9 and
 * 11.7).
 */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "pp_case.h"

#define END	UINT64_MAX
#define MOST	4096		/* items of a frame in these tests */

struct wire {
	uint64_t items[MOST];
	size_t count;
};

/* The boxes of a frame: lists[chunk * classes + class] */
struct lists {
	struct pp_onchip nms;
	uint64_t boxes[32][16];
	uint32_t counts[32];
};

static void *memory(const struct pp_onchip *nms)
{
	const char *reason = "";
	int64_t size = pp_onchip_workspace(nms, &reason);
	void *workspace;

	if (size < 0)
		fail_msg("%s", reason);
	workspace = malloc((size_t)size);
	assert_non_null(workspace);
	memset(workspace, 0xa5, (size_t)size);
	return workspace;
}

static float float_at(const uint8_t *data, size_t at)
{
	float x;

	memcpy(&x, data + at, sizeof(x));
	return x;
}

/* ---- by hand ---- */

static void test_reference_item(void **state)
{
	static const struct pp_onchip nms = {
		.classes = 3, .max_per_class = 2, .chunks = 1, .scale = 1.0f / 4096.0f,
	};
	static const uint64_t items[] = { END, 0xEA600640647D07D0, END, END };
	static const float wanted[] = { 0.0f, 1.0f, 0.0244140625f, 0.0244140625f, 0.48828125f,
					0.48828125f, 14.6484375f, 0.0f };
	struct pp_onchip_reader reader;
	void *workspace = memory(&nms);
	uint8_t out[132] = { 0 };

	(void)state;
	assert_int_equal(pp_onchip_frame_size(&nms), sizeof(out));
	pp_onchip_start(&reader, &nms, workspace);
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(pp_onchip_feed(&reader, &items[i], 8), i == 3);
	assert_int_equal(pp_onchip_merge(&nms, &reader, 1, out, sizeof(out)), 0);
	assert_memory_equal(out, wanted, sizeof(wanted));
	assert_int_equal(pp_onchip_merge(&nms, &reader, 1, out, sizeof(out) - 1), -EINVAL);
	free(workspace);
}

static void test_image_delimiter_is_skipped(void **state)
{
	static const struct pp_onchip nms = {
		.classes = 1, .max_per_class = 1, .chunks = 1, .scale = 1.0f,
	};
	static const uint64_t items[] = { END - 1, 0x0001002003004005, END - 1, END };
	struct pp_onchip_reader reader;
	void *workspace = memory(&nms);
	uint8_t out[24];

	(void)state;
	pp_onchip_start(&reader, &nms, workspace);
	assert_int_equal(pp_onchip_feed(&reader, items, sizeof(items)), 1);
	assert_int_equal(pp_onchip_merge(&nms, &reader, 1, out, sizeof(out)), 0);
	assert_true(float_at(out, 0) == 1.0f && float_at(out, 4) == 2.0f &&
		    float_at(out, 8) == 3.0f && float_at(out, 12) == 4.0f &&
		    float_at(out, 16) == 5.0f && float_at(out, 20) == 1.0f);
	free(workspace);
}

static void test_too_many_boxes(void **state)
{
	static const struct pp_onchip nms = {
		.classes = 2, .max_per_class = 2, .chunks = 1, .scale = 1.0f,
	};
	static const uint64_t items[] = { 1, 2, END, 3, 4, 5 };
	struct pp_onchip_reader reader;
	void *workspace = memory(&nms);
	uint8_t out[88];

	(void)state;
	pp_onchip_start(&reader, &nms, workspace);
	assert_int_equal(pp_onchip_feed(&reader, items, sizeof(items)), -EPROTO);
	assert_int_equal(pp_onchip_merge(&nms, &reader, 1, out, sizeof(out)), -EINVAL);
	pp_onchip_start(&reader, &nms, workspace);
	assert_int_equal(pp_onchip_feed(&reader, items, 5 * 8), 0);
	assert_int_equal(pp_onchip_feed(&reader, items + 2, 8), 1);
	assert_int_equal(pp_onchip_feed(&reader, items, 8), -EPROTO);
	free(workspace);
}

static void test_sizes(void **state)
{
	static const struct pp_onchip nms = {
		.classes = 2, .max_per_class = 2, .chunks = 1, .scale = 1.0f, .bursts = true,
		.burst = 4,
	};
	static const uint64_t items[] = { END, END, END, END, END, END, END, END };
	struct pp_onchip_reader reader;
	void *workspace = memory(&nms);

	(void)state;
	pp_onchip_start(&reader, &nms, workspace);
	assert_int_equal(pp_onchip_feed(&reader, items, 0), -EINVAL);
	assert_int_equal(pp_onchip_feed(&reader, items, 7), -EINVAL);
	assert_int_equal(pp_onchip_feed(&reader, items, 24), -EINVAL);
	assert_int_equal(pp_onchip_feed(&reader, items, 32), 0);
	assert_int_equal(pp_onchip_feed(&reader, items, 32), 1);
	free(workspace);
}

/* ---- random frames in all modes ---- */

static void make_lists(struct pp_case *c, struct lists *lists)
{
	struct pp_onchip *nms = &lists->nms;

	*nms = (struct pp_onchip){
		.classes = 1 + case_below(c, 9),
		.max_per_class = case_below(c, 12),
		.chunks = 1 + case_below(c, 3),
		.zero_point = (float)case_below(c, 3),
		.scale = case_real(c, 0.0001f, 0.01f),
		.bursts = case_below(c, 3) > 0,
	};
	nms->burst = case_below(c, 2) ? nms->max_per_class + 1 : 1 + case_below(c, 5);
	for (uint32_t r = 0; r < 32; r++) {
		lists->counts[r] = case_below(c, nms->max_per_class + 1);
		for (uint32_t i = 0; i < lists->counts[r]; i++)
			lists->boxes[r][i] = (uint64_t)case_below(c, 0xffff) << 48 |
					     (uint64_t)case_random(c) << 16 |
					     case_below(c, 0xffff);
	}
}

static void put_list(struct wire *wire, const struct lists *lists, uint32_t r)
{
	size_t burst = lists->nms.bursts ? lists->nms.burst : 1;

	for (uint32_t i = 0; i < lists->counts[r]; i++)
		wire->items[wire->count++] = lists->boxes[r][i];
	do
		wire->items[wire->count++] = END;
	while (wire->count % burst);
}

/* Record by record, or every count'th from `first` on */
static void put_frame(struct wire *wire, const struct lists *lists, uint32_t first,
		      uint32_t count)
{
	wire->count = 0;
	for (uint32_t r = first; r < lists->nms.classes * lists->nms.chunks; r += count)
		put_list(wire, lists, r);
}

static void feed(struct pp_case *c, struct pp_onchip_reader *reader, const struct wire *wire)
{
	size_t burst = reader->nms->bursts ? reader->nms->burst : 1, at = 0;

	while (at < wire->count) {
		size_t n = burst * (1 + case_below(c, 4));

		if (n > wire->count - at)
			n = wire->count - at;
		assert_int_equal(pp_onchip_feed(reader, wire->items + at, 8 * n),
				 at + n == wire->count);
		at += n;
	}
}

static float real_of(const struct pp_onchip *nms, uint64_t bits)
{
	return ((float)bits - nms->zero_point) * nms->scale;
}

static struct twin_box unpack(const struct pp_onchip *nms, uint64_t item, uint32_t class_id)
{
	return (struct twin_box){
		.y_min = real_of(nms, item >> 36 & 0xfff),
		.x_min = real_of(nms, item >> 24 & 0xfff),
		.y_max = real_of(nms, item >> 12 & 0xfff),
		.x_max = real_of(nms, item & 0xfff),
		.score = real_of(nms, item >> 48),
		.class_id = class_id,
	};
}

static struct twin_list all_boxes(const struct lists *lists)
{
	struct twin_list list = { 0 };

	for (uint32_t k = 0; k < lists->nms.classes; k++)
		for (uint32_t c = 0; c < lists->nms.chunks; c++) {
			uint32_t r = c * lists->nms.classes + k;

			for (uint32_t i = 0; i < lists->counts[r]; i++)
				twin_add(&list, unpack(&lists->nms, lists->boxes[r][i], k));
		}
	return list;
}

static void check_merged(const struct lists *lists, const struct pp_onchip_reader *readers,
			 unsigned int count)
{
	size_t size = (size_t)pp_onchip_frame_size(&lists->nms), at = 0;
	struct twin_list list = all_boxes(lists);
	uint8_t *out = calloc(1, size);

	assert_non_null(out);
	assert_int_equal(pp_onchip_merge(&lists->nms, readers, count, out, size), 0);
	for (size_t i = 0, k = 0; k < lists->nms.classes; k++) {
		float n = float_at(out, at);

		at += 4;
		for (; n > 0.0f; n--) {
			assert_true(i < list.count && list.boxes[i].class_id == k);
			assert_memory_equal(out + at, &list.boxes[i++], 20);
			at += 20;
		}
		assert_true(i == list.count || list.boxes[i].class_id > k);
	}
	free(list.boxes);
	free(out);
}

static void test_all_modes(void **state)
{
	static struct lists lists;
	static struct wire wire;
	struct pp_case c = { .seed = 17 };

	(void)state;
	for (unsigned int n = 0; n < 500; n++) {
		struct pp_onchip_reader reader;
		void *workspace;

		make_lists(&c, &lists);
		workspace = memory(&lists.nms);
		for (unsigned int frame = 0; frame < 2; frame++) {
			put_frame(&wire, &lists, 0, 1);
			pp_onchip_start(&reader, &lists.nms, workspace);
			feed(&c, &reader, &wire);
			check_merged(&lists, &reader, 1);
		}
		free(workspace);
	}
}

/* Several streams that take turns; classes of part i: every count'th record */
static void test_split_streams(void **state)
{
	static struct lists lists;
	static struct wire wire;
	struct pp_case c = { .seed = 23 };

	(void)state;
	for (unsigned int n = 0; n < 300; n++) {
		struct pp_onchip_reader readers[3];
		struct pp_onchip parts[3];
		void *workspaces[3];
		uint32_t count = 2 + case_below(&c, 2);

		make_lists(&c, &lists);
		lists.nms.classes = count * (1 + case_below(&c, 2));
		for (uint32_t i = 0; i < count; i++) {
			parts[i] = lists.nms;
			parts[i].classes /= count;
			workspaces[i] = memory(&parts[i]);
			put_frame(&wire, &lists, i, count);
			pp_onchip_start(&readers[i], &parts[i], workspaces[i]);
			feed(&c, &readers[i], &wire);
		}
		check_merged(&lists, readers, count);
		assert_int_equal(pp_onchip_merge(&lists.nms, readers, count - 1, NULL, 1u << 20),
				 -EINVAL);
		for (uint32_t i = 0; i < count; i++)
			free(workspaces[i]);
	}
}

/* ---- suppression ---- */

static void make_iou(struct pp_case *c, const struct lists *lists)
{
	c->nms = (struct pp_nms){
		.head = PP_IOU,
		.output = case_below(c, 2) ? PP_BY_CLASS : PP_BY_SCORE,
		.classes = lists->nms.classes,
		.chunks = lists->nms.chunks,
		.max_chip_boxes = lists->nms.max_per_class,
		.score_threshold = 100.0f,	/* not applied */
		.iou_threshold = case_real(c, 0.0f, 0.5f),
		.max_per_class = 1 + case_below(c, 12),
		.max_total = 1 + case_below(c, 60),
	};
}

static void check_iou(struct pp_case *c, const struct lists *lists,
		      const struct pp_onchip_reader *reader)
{
	struct twin_list list = all_boxes(lists);
	uint8_t *wanted;

	assert_int_equal(case_prepare(c), 0);
	wanted = calloc(1, c->output_size);
	assert_non_null(wanted);
	twin_sort(&list);
	twin_suppress(&list, c->nms.iou_threshold);
	if (c->nms.output == PP_BY_SCORE)
		twin_sort(&list);
	twin_emit(&c->nms, &list, wanted);
	memset(c->output, 0, c->output_size);
	assert_int_equal(pp_iou_run(&c->nms, c->workspace, &lists->nms, reader, 1, c->output,
				    c->output_size), 0);
	assert_memory_equal(c->output, wanted, c->output_size);
	assert_int_equal(pp_iou_run(&c->nms, c->workspace, &lists->nms, reader, 1, c->output,
				    c->output_size - 1), -EINVAL);
	case_free(c);
	free(wanted);
	free(list.boxes);
}

static void test_iou(void **state)
{
	static struct lists lists;
	static struct wire wire;
	uint32_t seed = 31;

	(void)state;
	for (unsigned int n = 0; n < 500; n++) {
		struct pp_case c = { .seed = seed };
		struct pp_onchip_reader reader;
		void *workspace;

		make_lists(&c, &lists);
		lists.nms.zero_point = 0.0f;
		make_iou(&c, &lists);
		workspace = memory(&lists.nms);
		put_frame(&wire, &lists, 0, 1);
		pp_onchip_start(&reader, &lists.nms, workspace);
		feed(&c, &reader, &wire);
		seed = c.seed;
		check_iou(&c, &lists, &reader);
		free(workspace);
	}
}

/* ---- refused and hostile ---- */

static void expect_refused(struct pp_onchip nms, int error)
{
	const char *reason = NULL;

	assert_int_equal(pp_onchip_workspace(&nms, &reason), error);
	assert_non_null(reason);
	assert_int_equal(pp_onchip_workspace(&nms, NULL), error);
}

static void test_refused(void **state)
{
	static const struct pp_onchip good = {
		.classes = 80, .max_per_class = 100, .chunks = 2, .burst = 101, .bursts = true,
		.scale = 1.0f,
	};
	struct pp_onchip bad;

	(void)state;
	assert_true(pp_onchip_workspace(&good, NULL) >= 80 * 2 * (100 * 8 + 4));
	bad = good, bad.classes = 0, expect_refused(bad, -EINVAL);
	bad = good, bad.classes = 1u << 16, expect_refused(bad, -EINVAL);
	bad = good, bad.chunks = 0, expect_refused(bad, -EINVAL);
	bad = good, bad.chunks = UINT32_MAX, expect_refused(bad, -EINVAL);
	bad = good, bad.max_per_class = 40000, expect_refused(bad, -EINVAL);
	bad = good, bad.burst = 0, expect_refused(bad, -EINVAL);
	bad = good, bad.scale = NAN, expect_refused(bad, -EINVAL);
	bad = good, bad.classes = 60000, bad.max_per_class = 30000, expect_refused(bad, -E2BIG);
}

static uint64_t random_item(struct pp_case *c)
{
	uint64_t item = (uint64_t)case_random(c) << 32 | case_random(c);

	switch (case_below(c, 6)) {
	case 0:
		return END;
	case 1:
		return END - case_below(c, 3);
	default:
		return item;
	}
}

/* Whatever the chip sends: a result, and nothing outside the buffers (ASan) */
static void test_random_items(void **state)
{
	static struct lists lists;
	static uint64_t items[64];
	struct pp_case c = { .seed = 41 };

	(void)state;
	for (unsigned int n = 0; n < 3000; n++) {
		struct pp_onchip_reader reader;
		void *workspace;
		int done = 0;

		make_lists(&c, &lists);
		workspace = memory(&lists.nms);
		pp_onchip_start(&reader, &lists.nms, workspace);
		for (unsigned int i = 0; i < 100 && done >= 0; i++) {
			for (unsigned int k = 0; k < 64; k++)
				items[k] = random_item(&c);
			done = pp_onchip_feed(&reader, items, case_below(&c, 65) * 8);
			assert_in_range(done + 200, 0, 201);
			if (done == 1)
				break;
			if (done == -EINVAL)
				done = 0;
		}
		if (done == 1) {
			uint8_t *out = malloc((size_t)pp_onchip_frame_size(&lists.nms));

			assert_non_null(out);
			assert_int_equal(pp_onchip_merge(&lists.nms, &reader, 1, out,
							 pp_onchip_frame_size(&lists.nms)), 0);
			free(out);
		}
		free(workspace);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reference_item),
		cmocka_unit_test(test_image_delimiter_is_skipped),
		cmocka_unit_test(test_too_many_boxes),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_all_modes),
		cmocka_unit_test(test_split_streams),
		cmocka_unit_test(test_iou),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_random_items),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
