// SPDX-License-Identifier: MIT
/*
 * What a network is made of besides layers: several contexts, rows in host memory,
 * non-maximum suppression, multiplexed outputs. The reference must compute the same
 * whether tensors stay on the chip or not, and files must have the real form.
 */
#include <stdio.h>
#include <stdlib.h>

#include "hef.pb-c.h"
#include "hef_common.h"
#include "tests/hef/nn_format.h"

#define HEAD	"network n\ninput i 8x12x3\n"
#define LAYERS1	"conv a i features=8 kernel=3x3 pad=1 zp=70\nweights random 5 -99 99\n" \
		"mult 60\nshift 16\n"
#define LAYERS2	"conv b a features=8 zp=60\nweights random 6 -99 99\nmult 60\nshift 16\n" \
		"add c a b zp=50\nmult 40 -30\nshift 6\n"
#define OUTPUT	"output c\n"

static const char plain[] = HEAD LAYERS1 LAYERS2 OUTPUT;
static const char two[] = HEAD LAYERS1 "context\nread a\n" LAYERS2 OUTPUT;

/* The only output of one frame of noise; the caller frees. */
static uint8_t *run(const char *text, size_t *size)
{
	uint8_t *frames[NN_MAX_STREAMS];
	uint32_t random = 77;
	struct refnet net;
	uint8_t *out;
	int index;

	make_net(text, &net);
	for (size_t i = 0; i < net.stream_count; i++) {
		frames[i] = malloc(net.streams[i].device_size);
		for (size_t k = 0; k < net.streams[i].device_size; k++)
			frames[i][k] = test_random(&random) >> 8;
	}
	refnet_run(&net, frames);
	index = refnet_find(&net, NULL, true);
	assert_true(index >= 0);
	out = frames[index];
	*size = refnet_device_bytes(&net.streams[index], out);
	for (size_t i = 0; i < net.stream_count; i++)
		if ((int)i != index)
			free(frames[i]);
	refnet_free(&net);
	return out;
}

static void same_result(const char *a, const char *b)
{
	size_t a_size, b_size;
	uint8_t *x = run(a, &a_size), *y = run(b, &b_size);

	assert_int_equal(a_size, b_size);
	assert_memory_equal(x, y, a_size);
	free(x);
	free(y);
}

static void test_contexts_change_nothing(void **state)
{
	(void)state;
	same_result(plain, two);
	same_result(plain, HEAD LAYERS1 "context\nread a order=f8cr padded=8x16x16\n" LAYERS2
			   OUTPUT);
	/* Read by two, one of them two contexts later */
	same_result(plain, HEAD LAYERS1
		    "context\nread a\nconv b a features=8 zp=60\nweights random 6 -99 99\n"
		    "mult 60\nshift 16\n"
		    "context\nread a\nread b\nadd c a b zp=50\nmult 40 -30\nshift 6\n" OUTPUT);
}

static void test_ddr_changes_nothing(void **state)
{
	(void)state;
	same_result(plain, HEAD LAYERS1 "ddr d a rows=3\n"
		    "conv b d features=8 zp=60\nweights random 6 -99 99\nmult 60\nshift 16\n"
		    "add c d b zp=50\nmult 40 -30\nshift 6\n" OUTPUT);
}

/* ---- the form of files ---- */

static Hef__File *unpack(const char *text)
{
	struct blob hef = { 0 };
	Hef__File *file;

	make_hef(text, 0, DESC_HAILO8, NULL, &hef);
	file = hef__file__unpack(NULL, hef.size - 32, hef.data + 32);
	assert_non_null(file);
	blob_free(&hef);
	return file;
}

static bool requires(const Hef__File *file, uint32_t id)
{
	for (size_t i = 0; i < file->n_required; i++)
		if (file->required[i]->id == id)
			return true;
	return false;
}

static const Hef__Edge *find_edge(const Hef__Context *context, int kind, int direction)
{
	for (size_t i = 0; i < context->info->n_edges; i++) {
		const Hef__Edge *e = context->info->edges[i];

		if ((int)e->connection->kind == kind && (int)e->direction == direction)
			return e;
	}
	fail_msg("no edge of kind %d", kind);
	return NULL;
}

static void test_form_of_contexts(void **state)
{
	Hef__File *file = unpack(two);
	Hef__NetworkGroup *group = file->groups[0];
	const Hef__Edge *out, *in;

	(void)state;
	assert_true(requires(file, HEF__FEATURE__ID__MULTI_CONTEXT));
	assert_int_equal(group->n_contexts, 2);
	out = find_edge(group->contexts[0], HEF__CONNECTION__KIND__INTERMEDIATE, 1);
	in = find_edge(group->contexts[1], HEF__CONNECTION__KIND__INTERMEDIATE, 0);
	assert_int_equal(out->connection->n_peers, 1);
	assert_int_equal(out->connection->peers[0]->context, 1);
	assert_int_equal(out->connection->peers[0]->stream, in->layer->shape->stream);
	assert_int_equal(in->connection->peers[0]->context, 0);
	assert_int_equal(in->connection->peers[0]->stream, out->layer->shape->stream);
	/* As in real files: data may come, then units stop, then outputs have left */
	assert_int_equal(group->contexts[0]->operations[0]->actions[0]->body_case,
			 HEF__ACTION__BODY_ALLOW_INPUT);
	assert_int_equal(group->contexts[0]->operations[1]->trigger->body_case,
			 HEF__TRIGGER__BODY_LCU);
	assert_int_equal(group->contexts[0]->operations[2]->trigger->body_case,
			 HEF__TRIGGER__BODY_OUTPUT_SENT);
	assert_int_equal(group->contexts[0]->n_operations, 3);
	hef__file__free_unpacked(file, NULL);
}

static void test_form_of_ddr(void **state)
{
	Hef__File *file = unpack(HEAD LAYERS1 "ddr d a rows=3\nmax_pool e d\noutput e\n");
	const Hef__Context *context = file->groups[0]->contexts[0];
	const Hef__Edge *out = find_edge(context, HEF__CONNECTION__KIND__DDR, 1);
	const Hef__Edge *in = find_edge(context, HEF__CONNECTION__KIND__DDR, 0);

	(void)state;
	assert_true(requires(file, HEF__FEATURE__ID__DDR));
	assert_int_equal(out->connection->buffers, 3);
	assert_int_equal(out->layer->shape->core_bytes, 512);
	assert_int_equal(out->layer->shape->core_buffers, 8);
	assert_int_equal(out->connection->peers[0]->stream, in->layer->shape->stream);
	assert_int_equal(in->connection->peers[0]->stream, out->layer->shape->stream);
	hef__file__free_unpacked(file, NULL);
}

#define NMS_HEAD "network n\ninput boxes 1x3x4\ninput scores 1x3x2\n"

static void test_form_of_nms(void **state)
{
	Hef__File *file = unpack(NMS_HEAD "nms o boxes scores max=5\nmult 1\n"
				 "output o burst=4 scale=0.5\n");
	const Hef__Edge *edge = find_edge(file->groups[0]->contexts[0],
					  HEF__CONNECTION__KIND__BOUNDARY, 1);
	const Hef__Nms *nms = edge->layer->shape->extra->nms;

	(void)state;
	assert_true(requires(file, HEF__FEATURE__ID__NMS_OUTPUT_BURST));
	assert_int_equal(edge->layer->shape->format, HEF__SHAPE__ORDER__NMS);
	assert_int_equal(nms->classes, 2);
	assert_int_equal(nms->max_boxes, 5);
	assert_int_equal(nms->box_size, 8);
	assert_int_equal(nms->burst, HEF__NMS__BURST__H8_PER_CLASS);
	assert_int_equal(nms->burst_size, 4);
	assert_int_equal(edge->layer->quant->n_scales, 2);
	hef__file__free_unpacked(file, NULL);
}

static void test_form_of_post_processing(void **state)
{
	Hef__File *file = unpack("network n\ninput i 4x4x8\nconv r i features=16\n"
				 "weights random 1 -9 9\nconv s i features=3\n"
				 "weights random 2 -9 9\noutput r order=nhcw\n"
				 "output s order=nhcw padded=4x8x3\n"
				 "yolov8 d image=32x32 classes=3 score=0.5 iou=0.25 max=7\n"
				 "decoder 8 r s\n");
	const Hef__NetworkGroup *group = file->groups[0];
	const Hef__OpNms *nms;

	(void)state;
	assert_true(requires(file, HEF__FEATURE__ID__NET_FLOW));
	assert_true(requires(file, HEF__FEATURE__ID__YOLOV8_NMS));
	assert_int_equal(group->n_ops, 2);
	assert_int_equal(group->ops[0]->body_case, HEF__OP__BODY_CORE);
	assert_int_equal(group->ops[0]->core->n_contexts, 1);
	assert_int_equal(group->n_contexts, 0);
	assert_int_equal(group->ops[1]->body_case, HEF__OP__BODY_NMS);
	nms = group->ops[1]->nms;
	assert_true(nms->score_threshold == 0.5 && nms->iou_threshold == 0.25);
	assert_int_equal(nms->max_boxes, 7);
	assert_int_equal(nms->yolov8->decoders[0]->stride, 8);
	assert_int_equal(nms->yolov8->decoders[0]->box_pad, 1);
	assert_int_equal(nms->yolov8->decoders[0]->class_pad, 2);
	assert_int_equal(group->n_pad_edges, 2);
	assert_int_equal(group->pad_edges[1]->source, 2);
	assert_int_equal(group->pad_edges[1]->sink, group->ops[1]->inputs[1]->index);
	assert_int_equal(group->n_output_order, 1);
	assert_string_equal(group->output_order[0], "n/d");
	hef__file__free_unpacked(file, NULL);
}

static void test_several_groups(void **state)
{
	static const char other[] = "network m\ninput x 4x4x8\nmax_pool o x\noutput o\n";
	struct blob hef = { 0 };
	struct failure failure;
	struct desc first, second;
	struct desc *both[] = { &first, &second };
	struct ref_place place = { 0 };
	struct refnet net;

	(void)state;
	desc_init(&first);
	desc_init(&second);
	assert_int_equal(desc_parse(&first, "a", plain, strlen(plain), &failure), 0);
	assert_int_equal(desc_parse(&second, "b", other, strlen(other), &failure), 0);
	assert_int_equal(hef_write_groups(both, 2, NULL, &hef, &failure), 0);
	assert_int_equal(refnet_open_group(&net, hef.data, hef.size, &place, &failure), 0);
	assert_int_equal(refnet_find(&net, "n/i", false), 0);	/* the first is the first */
	refnet_free(&net);
	place.group = "m";
	assert_int_equal(refnet_open_group(&net, hef.data, hef.size, &place, &failure), 0);
	assert_int_equal(refnet_find(&net, "m/x", false), 0);
	refnet_free(&net);
	place.group = "k";
	assert_int_equal(refnet_open_group(&net, hef.data, hef.size, &place, &failure), -1);
	both[1] = &first;
	blob_free(&hef);
	assert_int_equal(hef_write_groups(both, 2, NULL, &hef, &failure), -1);
	assert_non_null(strstr(failure.text, "two networks are called 'n'"));
	desc_free(&first);
	desc_free(&second);
}

/* ---- suppression, worked out by hand ---- */

static uint64_t item(unsigned int score, unsigned int y0, unsigned int x0, unsigned int y1,
		     unsigned int x1)
{
	return (uint64_t)score << 48 | (uint64_t)y0 << 36 | (uint64_t)x0 << 24 |
	       (uint64_t)y1 << 12 | x1;
}

/* For networks of three streams */
static void make_frames(const struct refnet *net, uint8_t *frames[3])
{
	for (size_t i = 0; i < 3; i++)
		frames[i] = calloc(1, net->streams[i].device_size);
}

static void free_frames(uint8_t *frames[3])
{
	for (size_t i = 0; i < 3; i++)
		free(frames[i]);
}

#define CELLS	3

/* One frame of a network with NMS_HEAD: four bytes of box and two scores a cell */
static void suppress(struct refnet *net, uint8_t *frames[3], const uint8_t boxes[4 * CELLS],
		     const uint8_t scores[2 * CELLS])
{
	make_frames(net, frames);
	memcpy(frames[0], boxes, 4 * CELLS);
	memcpy(frames[1], scores, 2 * CELLS);
	refnet_run(net, frames);
}

/* Three cells in a row, centres at y 2048 and x 682, 2048, 3413 */
static void test_suppression(void **state)
{
	static const uint8_t boxes[] = { 100, 100, 100, 100, 100, 101, 100, 102,
					 100, 100, 100, 100 };
	static const uint8_t scores[] = { 50, 9, 60, 9, 60, 8 };
	uint8_t *frames[3];
	uint64_t words[10];
	struct refnet net;

	(void)state;
	make_net(NMS_HEAD "nms o boxes scores max=2 score=9 iou=100\nmult 10 1\noutput o burst=2\n",
		 &net);
	suppress(&net, frames, boxes, scores);
	/* Class 0: the second and third cell (60) come first, the first one is too
	 * many; two boxes fill a burst, so the delimiter takes another. Class 1: the
	 * first two cells, the third is below 9.
	 */
	assert_int_equal(refnet_device_bytes(&net.streams[2], frames[2]), 8 * 8);
	memcpy(words, frames[2], 8 * 8);
	assert_true(words[0] == item(60, 1048, 1038, 3048, 3068));
	assert_true(words[1] == item(60, 1048, 2413, 3048, 4095));
	assert_true(words[2] == UINT64_MAX && words[3] == UINT64_MAX);
	assert_true(words[4] == item(9, 1048, 0, 3048, 1682));
	assert_true(words[5] == item(9, 1048, 1038, 3048, 3068));
	assert_true(words[6] == UINT64_MAX && words[7] == UINT64_MAX);
	free_frames(frames);
	refnet_free(&net);
}

static void test_overlap_is_left_out(void **state)
{
	static const uint8_t boxes[] = { 200, 200, 200, 200, 200, 200, 200, 200,
					 200, 200, 200, 200 };
	static const uint8_t scores[] = { 50, 0, 60, 0, 40, 0 };
	uint8_t *frames[3];
	uint64_t words[4];
	struct refnet net;

	(void)state;
	/* Squares of 4000: neighbours share 2634 of 4000, less at the border */
	make_net(NMS_HEAD "nms o boxes scores max=2 score=9 iou=80\nmult 10 1\noutput o burst=3\n",
		 &net);
	suppress(&net, frames, boxes, scores);
	memcpy(words, frames[2], sizeof(words));
	assert_true(words[0] == item(60, 48, 48, 4048, 4048));
	assert_true(words[1] == UINT64_MAX && words[3] == UINT64_MAX);
	free_frames(frames);
	refnet_free(&net);
}

/* However it is sent, the user gets the same. */
static void test_bursts(void **state)
{
	static const char *const bursts[] = { "", " burst=1", " burst=2", " burst=3", " burst=7" };
	uint8_t *first = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bursts); i++) {
		uint32_t random = 5;
		struct refnet net;
		uint8_t *frames[3], *user;
		char text[400];

		snprintf(text, sizeof(text), "network n\ninput b 4x4x4\ninput s 4x4x3\n"
			 "nms o b s max=5 score=60 iou=200 chunks=2\nmult 4 1\noutput o%s\n",
			 bursts[i]);
		make_net(text, &net);
		for (size_t k = 0; k < 3; k++) {
			frames[k] = calloc(1, net.streams[k].device_size);
			for (size_t n = 0; n < net.streams[k].device_size; n++)
				frames[k][n] = test_random(&random) >> 8;
			if (k == 1)
				random = 5;
		}
		user = malloc(net.streams[2].user_size);
		refnet_run(&net, frames);
		refnet_to_user(&net.streams[2], frames[2], user);
		assert_int_equal(net.streams[2].user_size, 3 * (4 + 2 * 5 * 20));
		if (!first)
			first = memcpy(malloc(3 * 204), user, 3 * 204);
		assert_memory_equal(first, user, 3 * 204);
		assert_true(refnet_user_bytes(&net.streams[2], user) > 100);
		for (size_t k = 0; k < 3; k++)
			free(frames[k]);
		free(user);
		refnet_free(&net);
	}
	free(first);
}

/* ---- mux: the example of formats.md 8, heights 4 and 2 ---- */

static void test_mux(void **state)
{
	uint8_t *frames[3], wire[128];
	struct refnet net;

	(void)state;
	make_net("network n\ninput i 4x2x8\nmax_pool a i\nmax_pool b i kernel=2x2 stride=2x2\n"
		 "output a mux=m order=nhwc\noutput b mux=m order=nhwc\n", &net);
	make_frames(&net, frames);
	for (size_t i = 0; i < 64; i++)
		frames[0][i] = i;
	refnet_run(&net, frames);
	assert_int_equal(refnet_mux(&net, 1, frames, NULL), 64 + 16);
	refnet_mux(&net, 1, frames, wire);
	assert_memory_equal(wire, frames[1], 32);		/* rows 0 and 1 of a */
	assert_memory_equal(wire + 32, frames[2], 8);		/* row 0 of b */
	assert_memory_equal(wire + 40, frames[1] + 32, 32);
	assert_memory_equal(wire + 72, frames[2] + 8, 8);
	free_frames(frames);
	refnet_free(&net);
}

/* ---- what is no network ---- */

static void test_refused(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ HEAD LAYERS1 "context\noutput a\n", "there is no tensor 'a'" },
		{ HEAD LAYERS1 "read a\n", "no layer of an earlier context is called 'a'" },
		{ HEAD LAYERS1 "output a\ncontext\nread a\n", "context 1 reads nothing, or leaves" },
		{ "network n\ncontext\n", "a context without streams" },
		{ HEAD "ddr d i rows=0\n", "0 is not between 1" },
		{ HEAD LAYERS1 "nms o a i max=3\n", "boxes HxWx4" },
		{ NMS_HEAD "nms o boxes scores\n", "max=N" },
		{ NMS_HEAD "nms o boxes scores max=3 chunks=2\n", "cannot be cut into 2 chunks" },
		{ HEAD LAYERS1 "output a burst=3\n", "output of an nms layer" },
		{ HEAD LAYERS1 "subnet x\n", "belong to none" },
		{ HEAD LAYERS1 OUTPUT, "there is no tensor 'c'" },
		{ HEAD "decoder 8 a b\n", "a decoder without an operation" },
		{ HEAD "softmax s\n", "wanted: softmax NAME OUTPUT" },
		{ HEAD "yolov8 y colour=3\n", "no option of this operation" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct failure failure = { "" };
		struct desc desc;

		desc_init(&desc);
		assert_int_equal(desc_parse(&desc, "t", cases[i].text, strlen(cases[i].text),
					    &failure), -1);
		if (!strstr(failure.text, cases[i].why))
			fail_msg("case %zu says: %s", i, failure.text);
		desc_free(&desc);
	}
}

static void test_refused_when_written(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ "network n\ninput i 3x3x3\nmax_pool a i\noutput a order=nhwc mux=m\n"
		  "output a name=b mux=m\n", "no multiple of 8" },
		{ "network n\ninput i 8x8x8\nmax_pool a i\noutput a mux=m\noutput a name=b\n"
		  "output a name=c mux=m\n", "do not follow each other" },
		{ "network n\ninput y 8x8x1 planes=p\ninput u 8x8x2 planes=p\nmax_pool a y\n"
		  "output a order=nhwc\n", "planes 'p' are neither" },
		{ HEAD LAYERS1 "output a\nsoftmax s b\n", "there is no output 'b'" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct failure failure = { "" };
		struct blob hef = { 0 };
		struct desc desc;

		desc_init(&desc);
		assert_int_equal(desc_parse(&desc, "t", cases[i].text, strlen(cases[i].text),
					    &failure), 0);
		assert_int_equal(hef_write(&desc, NULL, &hef, &failure), -1);
		if (!strstr(failure.text, cases[i].why))
			fail_msg("case %zu says: %s", i, failure.text);
		desc_free(&desc);
		blob_free(&hef);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_contexts_change_nothing),
		cmocka_unit_test(test_ddr_changes_nothing),
		cmocka_unit_test(test_form_of_contexts),
		cmocka_unit_test(test_form_of_ddr),
		cmocka_unit_test(test_form_of_nms),
		cmocka_unit_test(test_form_of_post_processing),
		cmocka_unit_test(test_several_groups),
		cmocka_unit_test(test_suppression),
		cmocka_unit_test(test_overlap_is_left_out),
		cmocka_unit_test(test_bursts),
		cmocka_unit_test(test_mux),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_refused_when_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
