// SPDX-License-Identifier: MIT
/*
 * mkhef: container, hashes, metadata, action lists, configuration words.
 */
#include <stdio.h>
#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "hef_common.h"
#include "lib/md5.h"

static const char text[] =
	"network small\n"
	"input a 8x8x3 zp=5 scale=0.5\n"
	"input b 8x8x3\n"
	"conv c a features=3\n"
	"weights 1 0 0 0 1 0 0 0 1\n"
	"add sum b c zp=9\n"
	"fc score sum features=5\n"
	"weights random 1 -9 9\n"
	"shift 6\n"
	"output sum order=nhwc scale=0.25\n"
	"output score\n";

static uint64_t be(const uint8_t *p, int bytes)
{
	uint64_t value = 0;

	while (bytes--)
		value = value << 8 | *p++;
	return value;
}

/* ---- container ---- */

static void test_v0(void **state)
{
	struct blob hef = { 0 };
	uint8_t digest[16];
	size_t size;

	(void)state;
	make_hef(text, 0, DESC_HAILO8L, NULL, &hef);
	assert_memory_equal(hef.data, "\001HEF\0\0\0\0", 8);
	hef_proto(&hef, &size);
	assert_int_equal(hef.size, 32 + size);
	assert_int_equal(be(hef.data + 12, 4), 0);
	md5_digest(hef.data + 32, size, digest);	/* the library's, not mkhef's */
	assert_memory_equal(hef.data + 16, digest, 16);
	blob_free(&hef);
}

static uint32_t slow_crc(const uint8_t *p, size_t size)
{
	uint32_t crc = 0xffffffff;

	while (size--) {
		crc ^= *p++;
		for (int i = 0; i < 8; i++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

static void test_v1(void **state)
{
	struct blob hef = { 0 };
	size_t size;

	(void)state;
	assert_int_equal(slow_crc((const uint8_t *)"123456789", 9), 0xcbf43926);
	make_hef(text, 1, DESC_HAILO8L, NULL, &hef);
	assert_memory_equal(hef.data, "\001HEF\0\0\0\1", 8);
	hef_proto(&hef, &size);
	assert_int_equal(be(hef.data + 12, 4), slow_crc(hef.data + 28, hef.size - 28));
	assert_int_equal(be(hef.data + 16, 8), hef.size - 28 - size);
	assert_int_equal(be(hef.data + 24, 4), 0);
	assert_true(be(hef.data + 16, 8) > 0);
	blob_free(&hef);
}

/* Published values of XXH3 64 bit; the byte order in the file is checked with a
 * real file below.
 */
static void test_v2(void **state)
{
	struct blob hef = { 0 };
	size_t size;

	(void)state;
	assert_true(XXH3_64bits("", 0) == 0x2d06800538d394c2);
	make_hef(text, 2, DESC_HAILO8L, NULL, &hef);
	assert_memory_equal(hef.data, "\001HEF\0\0\0\2", 8);
	hef_proto(&hef, &size);
	assert_true(be(hef.data + 12, 8) == XXH3_64bits(hef.data + 44, hef.size - 44));
	assert_int_equal(be(hef.data + 20, 8), hef.size - 44 - size);
	assert_int_equal(be(hef.data + 28, 8) | be(hef.data + 36, 8), 0);
	blob_free(&hef);
}

static void test_v3(void **state)
{
	struct blob hef = { 0 };
	size_t size, padding;

	(void)state;
	make_hef(text, 3, DESC_HAILO8L, NULL, &hef);
	assert_memory_equal(hef.data, "\001HEF\0\0\0\3", 8);
	hef_proto(&hef, &size);
	padding = be(hef.data + 28, 4);
	assert_true(be(hef.data + 12, 8) == XXH3_64bits(hef.data + 56, hef.size - 56));
	assert_int_equal((56 + size + padding) % 4096, 0);
	assert_int_equal(be(hef.data + 20, 8), hef.size - 56 - size);
	assert_int_equal(be(hef.data + 32, 8), 0);
	blob_free(&hef);
}

/* The same reading of the same fields holds for files of real compilers. */
static void test_real_files(void **state)
{
	static const char *const names[] = {
		"h8_mnist_cnn_v0", "h8l_normalize_640_v1", "h8_yolov8n_nms_v2",
	};
	const char *folder = getenv("H8L_HEFS") ? getenv("H8L_HEFS") : "../shared/hefs";
	uint8_t digest[16];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct blob hef = { 0 };
		struct failure failure;
		char path[512];

		snprintf(path, sizeof(path), "%s/%s.hef", folder, names[i]);
		if (read_file(path, &hef, &failure))
			skip();
		md5_digest(hef.data + 32, hef.size - 32, digest);
		if (i == 0)
			assert_memory_equal(hef.data + 16, digest, 16);
		if (i == 1)
			assert_int_equal(be(hef.data + 12, 4),
					 slow_crc(hef.data + 28, hef.size - 28));
		if (i == 2)
			assert_true(be(hef.data + 12, 8) ==
				    XXH3_64bits(hef.data + 44, hef.size - 44));
		blob_free(&hef);
	}
}

/* ---- metadata ---- */

static void check_edge(const Hef__Edge *edge, const char *name, int output, uint32_t stream)
{
	const Hef__Shape *shape = edge->layer->shape;

	assert_string_equal(edge->layer->name, name);
	assert_int_equal(edge->direction, output);
	assert_int_equal(edge->body_case, HEF__EDGE__BODY_LAYER);
	assert_int_equal(edge->pad_case, HEF__EDGE__PAD__NOT_SET);
	assert_int_equal(edge->connection->kind, HEF__CONNECTION__KIND__BOUNDARY);
	assert_int_equal(edge->connection->cache_id, -1);
	assert_int_equal(shape->stream, stream);
	assert_int_equal(shape->data_bytes, 1);
	assert_int_equal(shape->fifo_size, 65536);
	assert_int_equal(shape->n_buffers, 1);
}

static void check_core(const Hef__GroupInfo *info, const Hef__Context *context)
{
	const Hef__ContextInfo *edges = context->info;

	assert_string_equal(info->name, "small");
	assert_int_equal(info->config_channels, 2);
	assert_int_equal(edges->n_edges, 4);
	check_edge(edges->edges[0], "small/a", 0, 2);
	check_edge(edges->edges[1], "small/b", 0, 3);
	check_edge(edges->edges[2], "small/sum", 1, 0);
	check_edge(edges->edges[3], "small/score", 1, 1);
	assert_int_equal(edges->n_output_order, 2);
	assert_string_equal(edges->output_order[1], "small/score");
}

static void check_shapes(const Hef__Context *context)
{
	const Hef__Shape *a = context->info->edges[0]->layer->shape;
	const Hef__Shape *score = context->info->edges[3]->layer->shape;

	assert_int_equal(a->height, 8);
	assert_int_equal(a->padded_width, 8);
	assert_int_equal(a->features, 3);
	assert_int_equal(a->format, HEF__SHAPE__ORDER__NHWC);
	assert_int_equal(a->core_bytes, 24);
	assert_int_equal(a->core_buffers, 8);
	assert_int_equal(score->format, HEF__SHAPE__ORDER__NC);
	assert_int_equal(score->features, 5);
	assert_int_equal(score->padded_features, 8);
	assert_int_equal(score->core_bytes, 8);
	assert_int_equal(score->core_buffers, 1);
}

static void check_quant(const Hef__Context *context)
{
	const Hef__Quant *quant = context->info->edges[0]->layer->quant;

	assert_true(quant->zero_point == 5 && quant->scale == 0.5);
	assert_true(quant->min == -2.5 && quant->max == 125);
	assert_int_equal(quant->n_scales, 3);
	assert_int_equal(quant->n_zero_points, 3);
	assert_true(quant->scales[2] == 0.5 && quant->zero_points[2] == 5);
}

static void check_header(const Hef__File *file, Hef__Header__Arch arch)
{
	static const uint32_t required[] = { 0, 3, 26, 12 };

	assert_int_equal(file->header->arch, arch);
	assert_true(file->header->version > 0);
	assert_int_equal(file->n_groups, 1);
	assert_int_equal(file->n_required, 4);
	for (int i = 0; i < 4; i++)
		assert_int_equal(file->required[i]->id, required[i]);
	assert_int_equal(file->n_optional, 2);
	assert_int_equal(file->optional[1]->id, 11);
}

static void test_metadata_hailo8l(void **state)
{
	struct blob hef = { 0 };
	Hef__File *file;

	(void)state;
	make_hef(text, 1, DESC_HAILO8L, NULL, &hef);
	file = hef_unpack(&hef);
	check_header(file, HEF__HEADER__ARCH__HAILO8L);
	assert_int_equal(file->groups[0]->n_contexts, 0);
	assert_int_equal(file->groups[0]->n_partials, 2);
	assert_int_equal(file->groups[0]->partials[0]->layout->clusters, 0x33);
	assert_int_equal(file->groups[0]->partials[1]->layout->clusters, 0xcc);
	for (int i = 0; i < 2; i++) {
		const Hef__CoreOp *core = file->groups[0]->partials[i]->core;

		check_core(core->info, core->contexts[0]);
		check_shapes(core->contexts[0]);
		check_quant(core->contexts[0]);
		assert_string_equal(core->networks[0], "small");
		assert_string_equal(core->output_order[0], "small/sum");
	}
	hef__file__free_unpacked(file, NULL);
	blob_free(&hef);
}

static void test_metadata_hailo8(void **state)
{
	struct blob hef = { 0 };
	Hef__NetworkGroup *group;
	Hef__File *file;

	(void)state;
	make_hef(text, 1, DESC_HAILO8, NULL, &hef);
	file = hef_unpack(&hef);
	check_header(file, HEF__HEADER__ARCH__HAILO8P);
	group = file->groups[0];
	assert_int_equal(group->n_partials, 0);
	assert_int_equal(group->n_contexts, 1);
	check_core(group->info, group->contexts[0]);
	assert_string_equal(group->output_order[0], "small/sum");
	hef__file__free_unpacked(file, NULL);
	blob_free(&hef);
}

/* ---- action lists ---- */

static int runs_of_input(const Hef__Operation *operation)
{
	bool before = false;
	int runs = 0;

	for (size_t i = 0; i < operation->n_actions; i++) {
		bool now = operation->actions[i]->body_case == HEF__ACTION__BODY_ALLOW_INPUT;

		runs += now && !before;
		before = now;
	}
	return runs;
}

/* The number of the first action of a kind; of the last, from the end */
static size_t first(const Hef__Operation *operation, Hef__Action__BodyCase kind)
{
	size_t i = 0;

	while (i < operation->n_actions && operation->actions[i]->body_case != kind)
		i++;
	assert_true(i < operation->n_actions);
	return i;
}

static size_t last(const Hef__Operation *operation, Hef__Action__BodyCase kind)
{
	size_t i = operation->n_actions;

	while (i && operation->actions[i - 1]->body_case != kind)
		i--;
	assert_true(i > 0);
	return i - 1;
}

static void check_order(const Hef__Operation *operation)
{
	assert_int_equal(operation->trigger->body_case, HEF__TRIGGER__BODY_NONE);
	assert_int_equal(first(operation, HEF__ACTION__BODY_DISABLE_LCU), 0);
	assert_true(last(operation, HEF__ACTION__BODY_DISABLE_LCU) <
		    last(operation, HEF__ACTION__BODY_CCW_POINTER));
	assert_true(last(operation, HEF__ACTION__BODY_CCW_POINTER) <
		    first(operation, HEF__ACTION__BODY_ENABLE_SEQUENCER));
	assert_true(last(operation, HEF__ACTION__BODY_ENABLE_SEQUENCER) <
		    first(operation, HEF__ACTION__BODY_WAIT_SEQUENCER));
	assert_true(last(operation, HEF__ACTION__BODY_WAIT_SEQUENCER) <
		    first(operation, HEF__ACTION__BODY_ALLOW_INPUT));
	assert_true(last(operation, HEF__ACTION__BODY_ALLOW_INPUT) <
		    first(operation, HEF__ACTION__BODY_ENABLE_LCU));
	assert_int_equal(last(operation, HEF__ACTION__BODY_WAIT_MODULE),
			 operation->n_actions - 1);
	assert_int_equal(runs_of_input(operation), 1);
}

/* Clusters that an operation names, as bits */
static uint32_t clusters_of(const Hef__Operation *operation)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < operation->n_actions; i++) {
		const Hef__Action *action = operation->actions[i];

		if (action->body_case == HEF__ACTION__BODY_ENABLE_SEQUENCER)
			bits |= 1u << action->enable_sequencer->cluster;
		if (action->body_case == HEF__ACTION__BODY_ENABLE_LCU)
			bits |= 1u << action->enable_lcu->cluster;
		if (action->body_case == HEF__ACTION__BODY_DISABLE_LCU)
			bits |= 1u << action->disable_lcu->cluster;
	}
	return bits;
}

/* A sequencer starts after its own module has reported. */
static void check_sequencers(const Hef__Operation *operation)
{
	for (size_t i = 1; i < operation->n_actions; i++) {
		const Hef__Action *action = operation->actions[i], *prior = action;

		if (action->body_case != HEF__ACTION__BODY_ENABLE_SEQUENCER)
			continue;
		prior = operation->actions[i - 1];
		assert_int_equal(prior->body_case, HEF__ACTION__BODY_WAIT_MODULE);
		assert_int_equal(prior->wait_module->module,
				 5 + action->enable_sequencer->cluster);
	}
}

static void test_actions(void **state)
{
	struct blob hef = { 0 };
	Hef__File *file;

	(void)state;
	make_hef(text, 1, DESC_HAILO8L, NULL, &hef);
	file = hef_unpack(&hef);
	for (int i = 0; i < 2; i++) {
		const Hef__PartialGroup *partial = file->groups[0]->partials[i];
		const Hef__Operation *start = partial->core->preliminary->operations[0];
		const Hef__Operation *run = partial->core->contexts[0]->operations[0];

		assert_int_equal(partial->core->preliminary->n_operations, 1);
		check_order(start);
		check_sequencers(start);
		assert_int_equal(clusters_of(start), partial->layout->clusters);
		assert_int_equal(run->n_actions, 2);
		assert_int_equal(run->actions[0]->allow_input->stream, 2);
		assert_int_equal(run->actions[1]->allow_input->stream, 3);
	}
	hef__file__free_unpacked(file, NULL);
	blob_free(&hef);
}

/* More layers than a chip has units */
static void test_many_layers(void **state)
{
	char *long_text = NULL;
	struct blob hef = { 0 };
	size_t length;
	FILE *out = open_memstream(&long_text, &length);
	Hef__Operation *start;
	Hef__File *file;
	size_t units = 0;

	(void)state;
	fprintf(out, "network deep\ninput t0 1x1x8\n");
	for (int i = 1; i <= 100; i++)
		fprintf(out, "add t%d t%d t0\nshift 1\n", i, i - 1);
	fprintf(out, "output t100\n");
	fclose(out);
	make_hef(long_text, 1, DESC_HAILO8L, NULL, &hef);
	file = hef_unpack(&hef);
	start = file->groups[0]->partials[1]->core->preliminary->operations[0];
	for (size_t i = 0; i < start->n_actions; i++) {
		if (start->actions[i]->body_case != HEF__ACTION__BODY_ENABLE_LCU)
			continue;
		assert_in_range(start->actions[i]->enable_lcu->lcu, 0, 15);
		units++;
	}
	assert_int_equal(units, 64);
	hef__file__free_unpacked(file, NULL);
	blob_free(&hef);
	free(long_text);
}

/* ---- configuration words ---- */

struct channel_state {
	uint64_t next;			/* where the next pointer of the channel starts */
	bool used;
};

static void check_pointer(const Hef__CcwPointer *pointer, struct channel_state *channels,
			  const uint8_t *section)
{
	struct channel_state *channel = &channels[pointer->channel];
	const uint8_t *ccw = section + pointer->offset;
	uint32_t words = (ccw[0] | ccw[1] << 8) + 1;

	assert_in_range(pointer->channel, 0, 1);
	if (channel->used)
		assert_int_equal(pointer->offset, channel->next);
	assert_int_equal(pointer->size % 8, 0);
	assert_int_equal(round_up(8 + 4 * words, 8), pointer->size);	/* exactly one */
	channel->used = true;
	channel->next = pointer->offset + pointer->size;
}

/* Of each layout: one CCW per pointer, contiguous per channel, channel 1 behind
 * channel 0, the second layout behind the first.
 */
static void test_pointers(void **state)
{
	struct blob hef = { 0 };
	const uint8_t *section;
	uint64_t end = 0;
	Hef__File *file;
	size_t size;

	(void)state;
	make_hef(text, 1, DESC_HAILO8L, NULL, &hef);
	section = hef_proto(&hef, &size) + size;
	file = hef_unpack(&hef);
	for (int i = 0; i < 2; i++) {
		const Hef__Operation *start =
			file->groups[0]->partials[i]->core->preliminary->operations[0];
		struct channel_state channels[2] = { { end, true }, { 0, false } };

		for (size_t k = 0; k < start->n_actions; k++)
			if (start->actions[k]->body_case == HEF__ACTION__BODY_CCW_POINTER)
				check_pointer(start->actions[k]->ccw_pointer, channels, section);
		assert_true(channels[1].used && channels[1].next > channels[0].next);
		end = channels[1].next;
	}
	assert_int_equal(end, hef.size - (section - hef.data));
	hef__file__free_unpacked(file, NULL);
	blob_free(&hef);
}

/* Container 0 holds the words in the actions, and nothing behind them. */
static void test_inline_words(void **state)
{
	struct blob hef = { 0 };
	Hef__Operation *start;
	Hef__File *file;
	size_t count = 0;

	(void)state;
	make_hef(text, 0, DESC_HAILO8, NULL, &hef);
	file = hef_unpack(&hef);
	start = file->groups[0]->preliminary->operations[0];
	for (size_t i = 0; i < start->n_actions; i++) {
		const Hef__Action *action = start->actions[i];

		assert_int_not_equal(action->body_case, HEF__ACTION__BODY_CCW_POINTER);
		if (action->body_case != HEF__ACTION__BODY_CCW)
			continue;
		assert_true(action->ccw->data.len >= 16 && action->ccw->data.len % 8 == 0);
		count++;
	}
	assert_true(count > 10);
	hef__file__free_unpacked(file, NULL);
	blob_free(&hef);
}

/* What the evaluator finds in any container, for any layout, is the image. */
static void test_image_comes_back(void **state)
{
	static const uint32_t layouts[] = { 0x33, 0xcc };
	struct blob first_image = { 0 };
	struct failure failure;

	(void)state;
	for (uint32_t container = 0; container <= 3; container++)
		for (size_t i = 0; i < 3; i++) {
			struct blob hef = { 0 }, image = { 0 };

			make_hef(text, container, i < 2 ? DESC_HAILO8L : DESC_HAILO8, NULL,
				 &hef);
			assert_int_equal(refhef_image(hef.data, hef.size, i < 2 ? layouts[i] : 0,
						      &image, &failure), 0);
			assert_memory_equal(image.data, "H8NN", 4);
			if (!first_image.size)
				blob_add(&first_image, image.data, image.size);
			assert_int_equal(image.size, first_image.size);
			assert_memory_equal(image.data, first_image.data, image.size);
			blob_free(&image);
			blob_free(&hef);
		}
	blob_free(&first_image);
}

static void test_more_config_channels(void **state)
{
	struct blob hef = { 0 }, image = { 0 };
	struct failure failure;
	Hef__Operation *start;
	uint32_t used = 0;
	Hef__File *file;
	char all[600];

	(void)state;
	for (int channels = 1; channels <= 4; channels++) {
		snprintf(all, sizeof(all), "config_channels %d\n%s", channels, text);
		make_hef(all, 1, DESC_HAILO8, NULL, &hef);
		file = hef_unpack(&hef);
		start = file->groups[0]->preliminary->operations[0];
		used = 0;
		for (size_t i = 0; i < start->n_actions; i++)
			if (start->actions[i]->body_case == HEF__ACTION__BODY_CCW_POINTER)
				used |= 1u << start->actions[i]->ccw_pointer->channel;
		assert_int_equal(used, (1u << channels) - 1);
		assert_int_equal(refhef_image(hef.data, hef.size, 0, &image, &failure), 0);
		hef__file__free_unpacked(file, NULL);
		blob_free(&image);
		blob_free(&hef);
	}
}

/* The same text gives the same file, whenever and wherever. */
static void test_reproducible(void **state)
{
	struct blob a = { 0 }, b = { 0 };

	(void)state;
	make_hef(text, 2, DESC_HAILO8L, NULL, &a);
	make_hef(text, 2, DESC_HAILO8L, NULL, &b);
	assert_int_equal(a.size, b.size);
	assert_memory_equal(a.data, b.data, a.size);
	blob_free(&a);
	blob_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_v0),
		cmocka_unit_test(test_v1),
		cmocka_unit_test(test_v2),
		cmocka_unit_test(test_v3),
		cmocka_unit_test(test_real_files),
		cmocka_unit_test(test_metadata_hailo8l),
		cmocka_unit_test(test_metadata_hailo8),
		cmocka_unit_test(test_actions),
		cmocka_unit_test(test_many_layers),
		cmocka_unit_test(test_pointers),
		cmocka_unit_test(test_inline_words),
		cmocka_unit_test(test_image_comes_back),
		cmocka_unit_test(test_more_config_channels),
		cmocka_unit_test(test_reproducible),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
