// SPDX-License-Identifier: MIT
/*
 * Post-processing through the public functions: what a file says, results
 * worked out by hand, options, errors, no memory, and the examples, which are
 * real programs, on the scripted driver. (Bit-exact results of real heads:
 * test_lib_golden.)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hw/context.h"
#include "hw/control.h"
#include "lib/crc32.h"
#include "lib/device.h"
#include "lib/hef.h"
#include "tests/unit/lib_alloc.h"
#include "tests/unit/lib_driver.h"

#include "tests/unit/post_hef.h"	/* last: cmocka defines fail() */

/* 8 features are 4 of a box, its objectness and 3 classes */
#define NET								\
	"network net\n"							\
	"input in 32x32x3\n"						\
	"max_pool small in kernel=8x8 stride=8x8\n"			\
	"conv head small features=8\n"					\
	"weights random 3 -100 100\n"					\
	"shift 7\n"							\
	"conv map small features=4\n"					\
	"weights random 3 -100 100\n"					\
	"shift 7\n"							\
	"output head order=nhcw padded=4x8x8 scale=0.004\n"		\
	"output map order=nhwc scale=0.5\n"
#define HEAD_PITCH	8
#define HEAD_SIZE	(4 * 8 * 8)
#define MAP_SIZE	(4 * 4 * 4)

struct fixture {
	struct drv *drv;
	struct post_hef ops;
	struct blob blob;
	struct h8l_device *device;
	struct h8l_hef *hef;
	struct h8l_network *network;
	struct h8l_error error;
	uint8_t head[HEAD_SIZE], map[MAP_SIZE];	/* what the chip gives */
	uint8_t *in, *out[2];
	struct h8l_buffer outputs[2];
};

static Hef__OpLogits argmax_body, softmax_body;

static void on_output(void *ctx, const struct drv_channel *channel, uint8_t *data)
{
	const struct fixture *f = ctx;

	if (channel->frame_size == HEAD_SIZE)
		memcpy(data, f->head, HEAD_SIZE);
	else
		memcpy(data, f->map, MAP_SIZE);
}

static void add_detections(struct post_hef *p, Hef__OpNms *nms)
{
	Hef__Op *op = post_hef_add(p, "net/boxes", 0);

	op->body_case = HEF__OP__BODY_NMS;
	op->nms = nms;
}

static void add_logits(struct post_hef *p, Hef__OpLogits *body, Hef__OpLogits__Kind kind,
		       char *name)
{
	Hef__Op *op = post_hef_add(p, name, 1);

	hef__op_logits__init(body);
	body->kind = kind;
	op->body_case = HEF__OP__BODY_LOGITS;
	op->logits = body;
}

static struct fixture *new_fixture(Hef__OpNms *nms)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->drv = drv_new(1);
	f->drv->ctx = f;
	f->drv->on_output = on_output;
	add_detections(&f->ops, nms);
	add_logits(&f->ops, &argmax_body, HEF__OP_LOGITS__KIND__ARGMAX, "net/classes");
	add_logits(&f->ops, &softmax_body, HEF__OP_LOGITS__KIND__SOFTMAX, "net/shares");
	post_hef_make(&f->ops, NET, &f->blob);
	return f;
}

static int open_hef(struct fixture *f)
{
	return h8l_hef_open_memory(f->blob.data, f->blob.size, &f->hef, &f->error);
}

static void *new_pages(size_t size)
{
	void *data = NULL;

	assert_int_equal(posix_memalign(&data, (size_t)sysconf(_SC_PAGESIZE), size), 0);
	memset(data, 0, size);
	return data;
}

static void start(struct fixture *f)
{
	if (open_hef(f) || device_open_os(&f->drv->os, NULL, &f->device, &f->error) ||
	    h8l_network_open(f->device, f->hef, NULL, &f->network, &f->error))
		fail_msg("%s", f->error.text);
	f->in = new_pages(32 * 32 * 3);
	f->out[0] = new_pages(HEAD_SIZE);
	f->out[1] = new_pages(MAP_SIZE);
	f->outputs[0] = (struct h8l_buffer){ f->out[0], HEAD_SIZE };
	f->outputs[1] = (struct h8l_buffer){ f->out[1], MAP_SIZE };
}

static struct fixture *running(void)
{
	struct fixture *f = new_fixture(post_hef_yolov5());

	start(f);
	return f;
}

static void free_fixture(struct fixture *f)
{
	h8l_network_close(f->network);
	h8l_device_close(f->device);
	h8l_hef_close(f->hef);
	assert_string_equal(f->drv->violation, "");
	assert_int_equal(drv_leftovers(f->drv), 0);
	drv_free(f->drv);
	post_hef_free(&f->ops);
	blob_free(&f->blob);
	free(f->in);
	free(f->out[0]);
	free(f->out[1]);
	free(f);
}

/* Values of the cell in row 1, column 2: in the middle, as large as the anchor */
static void put_box(struct fixture *f, unsigned int column, uint8_t objectness,
		    unsigned int class_id, uint8_t score)
{
	uint8_t *cell = f->head + HEAD_PITCH * 8 + column;

	for (int i = 0; i < 4; i++)
		cell[i * HEAD_PITCH] = 125;
	cell[4 * HEAD_PITCH] = objectness;
	cell[(5 + class_id) * HEAD_PITCH] = score;
}

static void run(struct fixture *f, struct h8l_post *post, struct h8l_post_result *result)
{
	struct h8l_buffer in = { f->in, 32 * 32 * 3 };

	if (h8l_network_run(f->network, &in, 1, f->outputs, 2, &f->error) ||
	    h8l_post_run(post, f->outputs, 2, result, &f->error))
		fail_msg("%s", f->error.text);
}

static struct h8l_post *open_post(struct fixture *f, unsigned int index,
				  const struct h8l_post_options *options)
{
	struct h8l_post *post = NULL;

	if (h8l_post_open(f->network, index, options, &post, &f->error))
		fail_msg("%s", f->error.text);
	return post;
}

static void expect_refused(struct fixture *f, unsigned int index,
			   const struct h8l_post_options *options, int err, const char *says)
{
	struct h8l_post *post = NULL;

	assert_int_equal(h8l_post_open(f->network, index, options, &post, &f->error), err);
	assert_null(post);
	if (!strstr(f->error.text, says))
		fail_msg("%s", f->error.text);
}

/* ---- what the file says ---- */

static void described(void **state)
{
	struct fixture *f = new_fixture(post_hef_yolov5());
	struct h8l_post_info info;

	(void)state;
	assert_int_equal(open_hef(f), 0);
	assert_int_equal(h8l_hef_post(f->hef, 0, 0, &info), 0);
	assert_string_equal(info.name, "net/boxes");
	assert_string_equal(info.method, "YOLOv5");
	assert_int_equal(info.kind, H8L_POST_DETECTIONS);
	assert_null(info.unsupported);
	assert_int_equal(info.output_count, 1);
	assert_int_equal(info.outputs[0], 0);
	assert_int_equal(info.class_count, 3);
	assert_int_equal(info.max_per_class, 10);
	assert_int_equal(info.max_total, 30);
	assert_true(info.score_threshold == 0.3f && info.iou_threshold == 0.5f);
	assert_int_equal(h8l_hef_post(f->hef, 0, 1, &info), 0);
	assert_int_equal(info.kind, H8L_POST_ARGMAX);
	assert_int_equal(info.outputs[0], 1);
	assert_int_equal(info.shape.features, 1);
	assert_int_equal(h8l_hef_post(f->hef, 0, 2, &info), 0);
	assert_string_equal(info.method, "softmax");
	assert_int_equal(info.shape.features, 4);
	assert_int_equal(h8l_hef_post(f->hef, 0, 3, &info), -ENOENT);
	assert_int_equal(h8l_hef_post(f->hef, 1, 0, &info), -ENOENT);
	free_fixture(f);
}

static void expect_bad(Hef__OpNms *nms, const char *says)
{
	struct fixture *f = new_fixture(nms);

	assert_int_equal(open_hef(f), -EINVAL);
	if (!strstr(f->error.text, says))
		fail_msg("%s", f->error.text);
	free_fixture(f);
}

static void inconsistent(void **state)
{
	Hef__OpNms *nms = post_hef_yolov5();

	(void)state;
	nms->yolov5->decoders[0]->pad = 77;
	expect_bad(nms, "net/boxes reads the output pad 77");
	nms = post_hef_yolov5();
	nms->yolov5->decoders[0]->n_heights = 0;
	expect_bad(nms, "1 widths and 0 heights");
	nms = post_hef_yolov5();
	nms->yolov5->n_decoders = 0;
	expect_bad(nms, "0 decoders");
}

/* The network itself can be run nevertheless */
static void unsupported(void **state)
{
	Hef__OpNms *nms = post_hef_yolov5();
	struct h8l_post_info info;
	struct fixture *f;

	(void)state;
	nms->classes = 4;		/* the output has features for 3 */
	f = new_fixture(nms);
	assert_int_equal(open_hef(f), 0);
	assert_int_equal(h8l_hef_post(f->hef, 0, 0, &info), 0);
	assert_non_null(strstr(info.unsupported, "wrong number of features"));
	assert_int_equal(device_open_os(&f->drv->os, NULL, &f->device, &f->error), 0);
	assert_int_equal(h8l_network_open(f->device, f->hef, NULL, &f->network, &f->error), 0);
	assert_int_equal(h8l_post_open(f->network, 0, NULL, &(struct h8l_post *){ NULL },
				       &f->error), -ENOTSUP);
	assert_non_null(strstr(f->error.text, "wrong number of features"));
	free_fixture(f);
}

/* ---- results ---- */

static void one_box(void **state)
{
	struct fixture *f = running();
	struct h8l_post *post = open_post(f, 0, NULL);
	struct h8l_post_result result;
	const struct h8l_detection *d;

	(void)state;
	run(f, post, &result);
	assert_int_equal(result.count, 0);
	put_box(f, 2, 250, 1, 200);
	run(f, post, &result);
	assert_int_equal(result.count, 1);
	assert_null(result.masks);
	d = result.detections;
	assert_int_equal(d->class_id, 1);
	assert_true(d->score > 0.799f && d->score < 0.801f);
	assert_true(d->x_min > 0.374f && d->x_min < 0.376f && d->x_max > 0.874f &&
		    d->x_max < 0.876f);
	assert_true(d->y_min > 0.249f && d->y_min < 0.251f && d->y_max > 0.499f &&
		    d->y_max < 0.501f);
	/* The raw frame is still there */
	assert_memory_equal(f->out[0], f->head, HEAD_SIZE);
	h8l_post_close(post);
	free_fixture(f);
}

/* Boxes of columns 0 and 3 do not overlap */
static void orders_and_limits(void **state)
{
	struct h8l_post_options options = H8L_POST_DEFAULTS;
	struct h8l_post *by_class, *by_score, *strict;
	struct fixture *f = running();
	struct h8l_post_result result;

	(void)state;
	put_box(f, 0, 250, 2, 250);
	put_box(f, 3, 250, 0, 200);
	by_class = open_post(f, 0, &options);
	options.order = H8L_POST_BY_SCORE;
	by_score = open_post(f, 0, &options);
	options.score_threshold = 0.9f;
	strict = open_post(f, 0, &options);
	run(f, by_class, &result);
	assert_int_equal(result.count, 2);
	assert_int_equal(result.detections[0].class_id, 0);
	run(f, by_score, &result);
	assert_int_equal(result.count, 2);
	assert_int_equal(result.detections[0].class_id, 2);
	run(f, strict, &result);
	assert_int_equal(result.count, 1);
	h8l_post_close(strict);
	h8l_post_close(by_score);
	h8l_post_close(by_class);
	free_fixture(f);
}

static void maps(void **state)
{
	struct fixture *f = running();
	struct h8l_post *argmax = open_post(f, 1, NULL), *softmax = open_post(f, 2, NULL);
	struct h8l_post_result result;
	const float *share;

	(void)state;
	f->outputs[0].size = 4 * 4 * 8;		/* nothing reads it, so it is converted */
	f->map[4 * 5 + 3] = 2;
	run(f, argmax, &result);
	assert_int_equal(result.type, H8L_TYPE_UINT8);
	assert_int_equal(result.size, 16);
	for (int i = 0; i < 16; i++)
		assert_int_equal(((const uint8_t *)result.values)[i], i == 5 ? 3 : 0);
	run(f, softmax, &result);
	assert_int_equal(result.size, 16 * 4 * sizeof(float));
	share = result.values;
	assert_true(share[0] == 0.25f);
	/* 2 * 0.5 = 1: e / (e + 3) */
	assert_true(share[4 * 5 + 3] > 0.4753f && share[4 * 5 + 3] < 0.4754f);
	h8l_post_close(argmax);
	h8l_post_close(softmax);
	free_fixture(f);
}

/* ---- boxes found on the chip ---- */

/* `host`: the file wants suppression on the host, too */
static struct fixture *running_onchip(bool host)
{
	struct fixture *f = calloc(1, sizeof(*f));
	static Hef__OpNms nms;
	static Hef__Nothing nothing;
	Hef__Op *op;

	hef__op_nms__init(&nms);
	hef__nothing__init(&nothing);
	nms.head_case = HEF__OP_NMS__HEAD_IOU;
	nms.iou = &nothing;
	nms.iou_threshold = 0.5;
	nms.max_boxes = 3;
	nms.classes = 2;
	f->drv = drv_new(1);
	f->drv->ctx = f;
	f->drv->on_output = on_output;
	f->ops.onchip = true;
	if (host) {
		op = post_hef_add(&f->ops, "net/boxes", 1);
		op->body_case = HEF__OP__BODY_NMS;
		op->nms = &nms;
	}
	post_hef_make(&f->ops, NET, &f->blob);
	start(f);
	f->outputs[0].size = 4 * 4 * 8;
	return f;
}

/* Reference formats.md 9.1; scale 0.5 */
static void put_item(struct fixture *f, unsigned int class_id, unsigned int item, uint64_t score,
		     uint64_t y_max)
{
	uint64_t bits = score << 48 | 10ull << 36 | 20ull << 24 | y_max << 12 | 60;

	memcpy(f->map + class_id * 32 + item * 8, &bits, 8);
}

static void chip_boxes(void **state)
{
	struct h8l_post_options options = H8L_POST_DEFAULTS;
	struct fixture *f = running_onchip(false);
	struct h8l_post *post = open_post(f, 0, NULL);
	struct h8l_post_result result;
	struct h8l_post_info info;

	(void)state;
	h8l_hef_post(f->hef, 0, 0, &info);
	assert_string_equal(info.name, "net/map");
	assert_string_equal(info.method, "NMS on the chip");
	memset(f->map, 0xff, MAP_SIZE);
	run(f, post, &result);
	assert_int_equal(result.count, 0);
	put_item(f, 0, 0, 200, 40);
	put_item(f, 1, 0, 100, 41);
	put_item(f, 1, 1, 90, 42);
	run(f, post, &result);
	assert_int_equal(result.count, 3);
	assert_int_equal(result.detections[0].class_id, 0);
	assert_true(result.detections[0].score == 100 && result.detections[0].y_min == 5 &&
		    result.detections[0].x_min == 10 && result.detections[0].x_max == 30);
	assert_int_equal(result.detections[2].class_id, 1);
	assert_true(result.detections[2].y_max == 21);
	options.order = H8L_POST_BY_SCORE;
	expect_refused(f, 0, &options, -ENOTSUP, "by class only");
	h8l_post_close(post);
	free_fixture(f);
}

static void chip_boxes_suppressed(void **state)
{
	struct h8l_post_options options = H8L_POST_DEFAULTS;
	struct fixture *f = running_onchip(true);
	struct h8l_post_result result;
	struct h8l_post *post;

	(void)state;
	options.order = H8L_POST_BY_SCORE;
	post = open_post(f, 0, &options);
	memset(f->map, 0xff, MAP_SIZE);
	put_item(f, 0, 0, 100, 40);
	put_item(f, 1, 0, 90, 41);	/* nearly the same box as the next */
	put_item(f, 1, 1, 120, 42);
	run(f, post, &result);
	assert_int_equal(result.count, 2);
	assert_true(result.detections[0].score == 60 && result.detections[1].score == 50);
	h8l_post_close(post);
	free_fixture(f);
}

/* Four boxes of a class that can have three, and no end */
static void chip_nonsense(void **state)
{
	struct fixture *f = running_onchip(false);
	struct h8l_post *post = open_post(f, 0, NULL);
	struct h8l_buffer in = { f->in, 32 * 32 * 3 };
	struct h8l_post_result result;

	(void)state;
	memset(f->map, 0, MAP_SIZE);
	assert_int_equal(h8l_network_run(f->network, &in, 1, f->outputs, 2, NULL), 0);
	assert_int_equal(h8l_post_run(post, f->outputs, 2, &result, &f->error), -EPROTO);
	assert_int_equal(result.count, 0);
	h8l_post_close(post);
	free_fixture(f);
}

static void nothing_is_allocated(void **state)
{
	struct fixture *f = running();
	struct h8l_post *post = open_post(f, 0, NULL);
	struct h8l_post_result result;
	unsigned long before;

	(void)state;
	put_box(f, 2, 250, 1, 200);
	run(f, post, &result);
	before = alloc_count;
	for (int i = 0; i < 10; i++)
		assert_int_equal(h8l_post_run(post, f->outputs, 2, &result, NULL), 0);
	assert_int_equal(alloc_count, before);
	/* Results stay after everything else is gone */
	h8l_network_close(f->network);
	f->network = NULL;
	h8l_hef_close(f->hef);
	f->hef = NULL;
	assert_int_equal(h8l_post_run(post, f->outputs, 2, &result, NULL), 0);
	assert_int_equal(result.count, 1);
	h8l_post_close(post);
	free_fixture(f);
}

/* ---- errors ---- */

static void bad_options(void **state)
{
	struct h8l_post_options options = H8L_POST_DEFAULTS, good = options;
	struct fixture *f = running();

	(void)state;
	expect_refused(f, 3, NULL, -ENOENT, "no post-processing step 3, there are 3");
	options.reserved[1] = 1;
	expect_refused(f, 0, &options, -EINVAL, "reserved");
	options = good;
	options.order = (enum h8l_post_order)7;
	expect_refused(f, 0, &options, -EINVAL, "order of detections 7");
	options = good;
	options.iou_threshold = (float)strtod("nan", NULL);
	expect_refused(f, 0, &options, -EINVAL, "not a number");
	options = good;
	options.max_per_class = 70000;
	expect_refused(f, 0, &options, -EINVAL, "65535 boxes");
	options = good;
	options.type = (enum h8l_type)9;
	expect_refused(f, 1, &options, -EINVAL, "uint8, uint16 or float32");
	assert_int_equal(h8l_post_open(NULL, 0, NULL, NULL, &f->error), -EINVAL);
	free_fixture(f);
}

static void bad_buffers(void **state)
{
	struct fixture *f = running();
	struct h8l_post *post = open_post(f, 0, NULL);
	struct h8l_post_result result;

	(void)state;
	assert_int_equal(h8l_post_run(post, f->outputs, 1, &result, &f->error), -EINVAL);
	assert_non_null(strstr(f->error.text, "2 outputs"));
	f->outputs[0].size--;
	assert_int_equal(h8l_post_run(post, f->outputs, 2, &result, &f->error), -EINVAL);
	assert_non_null(strstr(f->error.text, "256 bytes raw"));
	assert_int_equal(result.count, 0);
	h8l_post_close(post);
	free_fixture(f);
}

/* Every allocation from the file to the result fails once */
static int open_run_close(struct fixture *f)
{
	struct h8l_buffer in = { f->in, 32 * 32 * 3 };
	struct h8l_post_result result;
	struct h8l_post *posts[3] = { NULL };
	int err;

	err = open_hef(f);
	err = err ?: device_open_os(&f->drv->os, NULL, &f->device, &f->error);
	err = err ?: h8l_network_open(f->device, f->hef, NULL, &f->network, &f->error);
	for (unsigned int i = 0; i < 3 && !err; i++)
		err = h8l_post_open(f->network, i, NULL, &posts[i], &f->error);
	err = err ?: h8l_network_run(f->network, &in, 1, f->outputs, 2, &f->error);
	for (unsigned int i = 0; i < 3 && !err; i++)
		err = h8l_post_run(posts[i], f->outputs, 2, &result, &f->error);
	for (unsigned int i = 0; i < 3; i++)
		h8l_post_close(posts[i]);
	h8l_network_close(f->network);
	h8l_device_close(f->device);
	h8l_hef_close(f->hef);
	f->network = NULL;
	f->device = NULL;
	f->hef = NULL;
	return err;
}

/* An output that a step reads stays raw until the last such step is closed */
static void held_formats(void **state)
{
	static const struct h8l_format raw = { H8L_TYPE_AUTO, H8L_ORDER_RAW };
	static const struct h8l_format same_size = { H8L_TYPE_UINT8, H8L_ORDER_NHWC };
	struct fixture *f = running();
	struct h8l_network *network = f->network;
	struct h8l_post *argmax, *softmax;

	(void)state;
	argmax = open_post(f, 1, NULL);
	softmax = open_post(f, 2, NULL);
	assert_int_equal(h8l_network_set_format(network, H8L_OUTPUT, 1, same_size, &f->error),
			 -EBUSY);
	assert_non_null(strstr(f->error.text, "post-processing reads output 1"));
	assert_int_equal(h8l_network_set_format(network, H8L_OUTPUT, 1, raw, &f->error), 0);
	assert_int_equal(h8l_network_set_format(network, H8L_OUTPUT, 0, same_size, &f->error), 0);
	assert_int_equal(h8l_network_set_format(network, H8L_INPUT, 0, same_size, &f->error), 0);
	h8l_post_close(argmax);
	assert_int_equal(h8l_network_set_format(network, H8L_OUTPUT, 1, same_size, &f->error),
			 -EBUSY);
	h8l_post_close(softmax);
	assert_int_equal(h8l_network_set_format(network, H8L_OUTPUT, 1, same_size, &f->error), 0);
	softmax = open_post(f, 2, NULL);
	h8l_network_close(network);
	f->network = NULL;
	h8l_post_close(softmax);
	free_fixture(f);
}

static void no_memory(void **state)
{
	struct fixture *f = running();
	unsigned long n = 1;
	int err;

	(void)state;
	h8l_network_close(f->network);
	h8l_device_close(f->device);
	h8l_hef_close(f->hef);
	f->network = NULL;
	f->device = NULL;
	f->hef = NULL;
	do {
		alloc_fail_at = alloc_count + n;
		err = open_run_close(f);
		if (alloc_fail_at > alloc_count) {
			alloc_fail_at = 0;
			break;
		}
		alloc_fail_at = 0;
		if (err != -ENOMEM)
			fail_msg("allocation %lu: %d %s", n, err, f->error.text);
		assert_int_equal(drv_leftovers(f->drv), 0);
		n++;
	} while (n < 2000);
	assert_int_equal(err, 0);
	assert_true(n > 30);
	free_fixture(f);
}

/* Real networks, where they are (H8L_SHARED): two contexts; many detections */
static int open_run_real(struct drv *drv, const char *path, struct h8l_error *error)
{
	struct h8l_buffer in = { 0 }, out[40] = { { 0 } };
	struct h8l_network *network = NULL;
	struct h8l_post_result result;
	struct h8l_device *device = NULL;
	struct h8l_post *post = NULL;
	struct h8l_post_info info;
	struct h8l_hef *hef = NULL;
	unsigned int outputs = 0;
	unsigned long fail_at;
	int err = h8l_hef_open(path, &hef, error) ?:
		  device_open_os(&drv->os, NULL, &device, error) ?:
		  h8l_network_open(device, hef, NULL, &network, error);

	if (!err && !h8l_hef_post(hef, 0, 0, &info))
		err = h8l_post_open(network, 0, NULL, &post, error);
	fail_at = alloc_fail_at;
	alloc_fail_at = 0;		/* these are the test's */
	if (!err) {
		outputs = h8l_network_outputs(network);
		in.size = (size_t)h8l_network_frame_size(network, H8L_INPUT, 0);
		in.data = new_pages(in.size);
		for (unsigned int i = 0; i < outputs; i++) {
			out[i].size = (size_t)h8l_network_frame_size(network, H8L_OUTPUT, i);
			out[i].data = new_pages(out[i].size);
		}
	}
	alloc_fail_at = fail_at;
	err = err ?: h8l_network_run(network, &in, 1, out, outputs, error);
	if (!err && post)
		err = h8l_post_run(post, out, outputs, &result, error);
	h8l_post_close(post);
	h8l_network_close(network);
	h8l_device_close(device);
	h8l_hef_close(hef);
	free(in.data);
	for (unsigned int i = 0; i < outputs; i++)
		free(out[i].data);
	return err;
}

static void sweep(const char *path)
{
	struct h8l_error error = { 0 };
	unsigned long n, start;
	int err = -1;

	for (n = 1; err; n++) {
		struct drv *drv = drv_new(1);

		start = alloc_count;
		alloc_fail_at = start + n;
		err = open_run_real(drv, path, &error);
		if (err && alloc_count < start + n)
			fail_msg("%s: %s", path, error.text);
		alloc_fail_at = 0;
		if (err && err != -ENOMEM)
			fail_msg("%s: allocation %lu: %d %s", path, n, err, error.text);
		assert_string_equal(drv->violation, "");
		assert_int_equal(drv_leftovers(drv), 0);
		drv_free(drv);
	}
	print_message("# %s: each of %lu allocations failed once\n", path, n - 2);
	assert_true(n > 30);
}

static void no_memory_real(void **state)
{
	static const char *const names[] = {
		"h8_xfeat_2contexts_v0", "h8_yolov8n_nms_v2", "h8_fast_depth_ddr_v1",
	};
	const char *shared = getenv("H8L_SHARED");
	char path[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "%s/hefs/%s.hef", shared ? shared : "../shared",
			 names[i]);
		if (access(path, R_OK))
			skip();
		sweep(path);
	}
}

/* ---- files with any content ---- */

static void rehash(struct blob *blob)
{
	uint32_t crc = crc32_digest((const uint8_t *)blob->data + 28, blob->size - 28);

	for (int i = 0; i < 4; i++)
		((uint8_t *)blob->data)[12 + i] = (uint8_t)(crc >> (24 - 8 * i));
}

/* Operations are at the end of the metadata: there most bytes are changed */
static void random_operations(void **state)
{
	struct fixture *f = new_fixture(post_hef_yolov5());
	uint8_t *good = malloc(f->blob.size), *bytes = (uint8_t *)f->blob.data;
	unsigned int opened = 0, computable = 0;
	struct h8l_post_info info;
	uint32_t seed = 7;
	size_t size;

	(void)state;
	memcpy(good, bytes, f->blob.size);
	hef_proto(&f->blob, &size);
	for (int i = 0; i < 2000; i++) {
		memcpy(bytes, good, f->blob.size);
		for (uint32_t k = 1 + test_random(&seed) % 3; k; k--)
			bytes[28 + size - 1 - test_random(&seed) % 300] = (uint8_t)test_random(&seed);
		rehash(&f->blob);
		if (open_hef(f))
			continue;
		opened++;
		for (unsigned int k = 0; !h8l_hef_post(f->hef, 0, k, &info); k++)
			computable += !info.unsupported;
		h8l_hef_close(f->hef);
		f->hef = NULL;
	}
	assert_true(opened > 20 && opened < 1990 && computable > 20);
	free(good);
	free_fixture(f);
}

/* ---- several networks in a group ---- */

static void two_networks(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct h8l_buffer in = { 0 };
	struct h8l_group_info group;
	unsigned int headers = 0;

	(void)state;
	f->drv = drv_new(1);
	f->drv->ctx = f;
	f->drv->on_output = on_output;
	f->ops.two_networks = true;
	post_hef_make(&f->ops, NET, &f->blob);
	start(f);
	h8l_hef_group(f->hef, 0, &group);
	assert_int_equal(group.network_count, 2);
	assert_null(group.unsupported);
	in = (struct h8l_buffer){ f->in, 32 * 32 * 3 };
	f->outputs[0].size = 4 * 4 * 8;
	memset(f->map, 77, MAP_SIZE);
	if (h8l_network_run(f->network, &in, 1, f->outputs, 2, &f->error))
		fail_msg("%s", f->error.text);
	assert_memory_equal(f->out[1], f->map, MAP_SIZE);
	for (unsigned int i = 0; i < f->drv->control_count; i++) {
		const struct drv_control *c = &f->drv->controls[i];
		const uint8_t *parameter = c->bytes + HW_CTRL_REQUEST_HEAD;
		/* behind its length */
		const struct hw_app_header *h = (const void *)(parameter + sizeof(uint32_t));

		if (c->opcode != HW_OP_SET_NETWORK_GROUP_HEADER)
			continue;
		assert_int_equal(h->networks, 2);
		headers++;
	}
	assert_int_equal(headers, 1);
	free_fixture(f);
}

/* ---- the examples ---- */

int __wrap_h8l_device_open(const char *name, struct h8l_device **device,
			   struct h8l_error *error);
int classify_main(int argc, char **argv);
int detect_main(int argc, char **argv);

static struct drv *example_driver;

int __wrap_h8l_device_open(const char *name, struct h8l_device **device, struct h8l_error *error)
{
	return device_open_os(&example_driver->os, name, device, error);
}

static void put_file(const char *path, const void *head, size_t head_size, const void *data,
		       size_t size)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(head, 1, head_size, f), head_size);
	assert_int_equal(fwrite(data, 1, size, f), size);
	fclose(f);
}

/* What the program prints, both streams */
static int run_main(int (*program)(int argc, char **argv), char *argv[3], char *text, size_t size)
{
	int result, out = dup(1), err = dup(2);
	FILE *file = tmpfile();
	size_t got;

	fflush(stdout);
	dup2(fileno(file), 1);
	dup2(fileno(file), 2);
	result = program(3, argv);
	fflush(stdout);
	dup2(out, 1);
	dup2(err, 2);
	close(out);
	close(err);
	rewind(file);
	got = fread(text, 1, size - 1, file);
	text[got] = '\0';
	fclose(file);
	return result;
}

struct example {
	char folder[32], hef[64], picture[64], text[1024];
	char *argv[3];
};

static void make_example(struct example *e, struct fixture *f, const char *head)
{
	snprintf(e->folder, sizeof(e->folder), "/tmp/h8l-post-XXXXXX");
	assert_non_null(mkdtemp(e->folder));
	snprintf(e->hef, sizeof(e->hef), "%s/net.hef", e->folder);
	snprintf(e->picture, sizeof(e->picture), "%s/picture", e->folder);
	put_file(e->hef, "", 0, f->blob.data, f->blob.size);
	put_file(e->picture, head, strlen(head), f->in, 32 * 32 * 3);
	e->argv[0] = "example";
	e->argv[1] = e->hef;
	e->argv[2] = e->picture;
	example_driver = f->drv;
}

static void free_example(struct example *e)
{
	unlink(e->hef);
	unlink(e->picture);
	rmdir(e->folder);
}

static void example_detect(void **state)
{
	struct fixture *f = running();
	struct example e;

	(void)state;
	make_example(&e, f, "");
	put_box(f, 2, 250, 1, 200);
	assert_int_equal(run_main(detect_main, e.argv, e.text, sizeof(e.text)), 0);
	assert_string_equal(e.text, "class 1, score 0.800: from (0.375, 0.250) to (0.875, 0.500)\n");
	assert_int_equal(truncate(e.picture, 100), 0);
	assert_int_equal(run_main(detect_main, e.argv, e.text, sizeof(e.text)), 1);
	assert_non_null(strstr(e.text, "not a picture of 3072 bytes"));
	e.argv[1] = "/nowhere.hef";
	assert_int_equal(run_main(detect_main, e.argv, e.text, sizeof(e.text)), 1);
	assert_string_equal(e.text, "detect: /nowhere.hef: No such file or directory\n");
	free_example(&e);
	free_fixture(f);
}

#define CLASSES								\
	"network net\n"							\
	"input in 32x32x3\n"						\
	"max_pool small in kernel=8x8 stride=8x8\n"			\
	"conv map small features=4\n"					\
	"weights random 3 -100 100\n"					\
	"shift 7\n"							\
	"output map order=nhwc scale=0.5\n"

static void example_classify(void **state)
{
	struct fixture *f = running();
	struct example e;

	(void)state;
	blob_free(&f->blob);
	f->blob = (struct blob){ 0 };
	make_hef(CLASSES, 1, DESC_HAILO8, NULL, &f->blob);
	make_example(&e, f, "P6 32 32 255\n");
	f->map[7] = 6;
	f->map[2] = 3;
	assert_int_equal(run_main(classify_main, e.argv, e.text, sizeof(e.text)), 0);
	assert_int_equal(strncmp(e.text, "class 7: 3\nclass 2: 1.5\nclass 0: 0\n", 35), 0);
	put_file(e.picture, "P5 32 32 255\n", 13, f->in, 3072);
	assert_int_equal(run_main(classify_main, e.argv, e.text, sizeof(e.text)), 1);
	assert_non_null(strstr(e.text, "is no RGB picture in a P6 file"));
	free_example(&e);
	free_fixture(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(described),
		cmocka_unit_test(inconsistent),
		cmocka_unit_test(unsupported),
		cmocka_unit_test(one_box),
		cmocka_unit_test(orders_and_limits),
		cmocka_unit_test(maps),
		cmocka_unit_test(chip_boxes),
		cmocka_unit_test(chip_boxes_suppressed),
		cmocka_unit_test(chip_nonsense),
		cmocka_unit_test(nothing_is_allocated),
		cmocka_unit_test(bad_options),
		cmocka_unit_test(bad_buffers),
		cmocka_unit_test(held_formats),
		cmocka_unit_test(no_memory),
		cmocka_unit_test(no_memory_real),
		cmocka_unit_test(random_operations),
		cmocka_unit_test(two_networks),
		cmocka_unit_test(example_detect),
		cmocka_unit_test(example_classify),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
