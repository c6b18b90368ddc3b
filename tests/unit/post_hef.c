// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "tests/unit/post_hef.h"

#define FIRST_PAD	100

Hef__Op *post_hef_add(struct post_hef *p, char *name, unsigned int output)
{
	Hef__Op *op = &p->ops[p->count];
	Hef__Pad *pads = calloc(2, sizeof(*pads));
	Hef__Pad **lists = calloc(2, sizeof(*lists));

	hef__op__init(op);
	hef__pad__init(&pads[0]);
	hef__pad__init(&pads[1]);
	pads[0].index = FIRST_PAD + p->count;
	pads[0].name = "input";
	pads[1].index = output + 1;	/* kept here until the edge is made */
	pads[1].name = name;
	lists[0] = &pads[0];
	lists[1] = &pads[1];
	op->n_inputs = 1;
	op->inputs = &lists[0];
	op->n_outputs = 1;
	op->outputs = &lists[1];
	p->count++;
	return op;
}

void post_hef_free(struct post_hef *p)
{
	for (unsigned int i = 0; i < p->count; i++) {
		free(p->ops[i].inputs[0]);
		free(p->ops[i].inputs);
	}
	p->count = 0;
}

static void number_pads(Hef__Context *context)
{
	uint32_t pad = 1;

	for (size_t i = 0; i < context->info->n_edges; i++) {
		Hef__Edge *edge = context->info->edges[i];

		if (edge->direction != HEF__EDGE__DIRECTION__OUTPUT)
			continue;
		edge->pad_case = HEF__EDGE__PAD_PAD_INDEX;
		edge->pad_index = pad++;
	}
}

/* At most 3 boxes of a class, which with the mark at its end make a burst of 4 */
static void make_onchip(Hef__Context *context, Hef__ShapeExtra *extra, Hef__Nms *nms)
{
	hef__shape_extra__init(extra);
	hef__nms__init(nms);
	extra->nms = nms;
	nms->classes = 2;
	nms->max_boxes = 3;
	nms->box_size = 8;
	nms->burst_size = 4;
	nms->burst = HEF__NMS__BURST__H8_PER_CLASS;
	for (size_t i = 0; i < context->info->n_edges; i++)
		if (context->info->edges[i]->pad_index == 2) {
			context->info->edges[i]->layer->shape->format = HEF__SHAPE__ORDER__NMS;
			context->info->edges[i]->layer->shape->extra = extra;
		}
}

static void make_two_networks(Hef__OpCore *core)
{
	static char *names[] = { "net/first", "net/second" };
	Hef__ContextInfo *info = core->contexts[0]->info;

	core->networks = names;
	core->n_networks = 2;
	for (size_t i = 0; i < info->n_edges; i++)
		info->edges[i]->network = info->edges[i]->pad_index == 2;
}

static void forget_onchip(Hef__Context *context)
{
	for (size_t i = 0; i < context->info->n_edges; i++)
		context->info->edges[i]->layer->shape->extra = NULL;
}

static void add_ops(struct post_hef *p, Hef__File *file, const struct blob *old, struct blob *hef)
{
	Hef__NetworkGroup *group = file->groups[0];
	Hef__Op core_op = HEF__OP__INIT, *ops[POST_HEF_OPS + 1];
	Hef__PadEdge edges[POST_HEF_OPS], *edge_list[POST_HEF_OPS];
	Hef__OpCore core = HEF__OP_CORE__INIT;
	Hef__ShapeExtra extra;
	Hef__Nms nms;

	core.info = group->info;
	core.preliminary = group->preliminary;
	core.contexts = group->contexts;
	core.n_contexts = group->n_contexts;
	core_op.body_case = HEF__OP__BODY_CORE;
	core_op.core = &core;
	number_pads(core.contexts[0]);
	if (p->two_networks)
		make_two_networks(&core);
	if (p->onchip)
		make_onchip(core.contexts[0], &extra, &nms);
	ops[0] = &core_op;
	for (unsigned int i = 0; i < p->count; i++) {
		ops[i + 1] = &p->ops[i];
		hef__pad_edge__init(&edges[i]);
		edges[i].source = p->ops[i].outputs[0]->index;
		edges[i].sink = p->ops[i].inputs[0]->index;
		edge_list[i] = &edges[i];
	}
	group->ops = ops;
	group->n_ops = p->count + 1;
	group->pad_edges = edge_list;
	group->n_pad_edges = p->count;
	hef_pack(file, old, hef);
	forget_onchip(core.contexts[0]);
	group->n_ops = 0;
	group->ops = NULL;
	group->n_pad_edges = 0;
	group->pad_edges = NULL;
}

void post_hef_make(struct post_hef *p, const char *text, struct blob *hef)
{
	Hef__Feature net_flow = HEF__FEATURE__INIT, bursts = net_flow, several = net_flow;
	Hef__Feature *optional_list[1] = { &several }, **required, **optional;
	struct blob old = { 0 };
	Hef__File *file;
	size_t count, optional_count;

	make_hef(text, 1, DESC_HAILO8, NULL, &old);
	file = hef_unpack(&old);
	required = file->required;
	count = file->n_required;
	net_flow.id = HEF__FEATURE__ID__NET_FLOW;
	bursts.id = HEF__FEATURE__ID__NMS_OUTPUT_BURST;
	file->required = calloc(count + 2, sizeof(*required));
	memcpy(file->required, required, count * sizeof(*required));
	file->required[count] = &net_flow;
	file->required[count + 1] = &bursts;
	file->n_required = count + 1 + p->onchip;
	several.id = HEF__FEATURE__ID__MULTI_NETWORK_BATCH;
	optional = file->optional;
	optional_count = file->n_optional;
	if (p->two_networks) {
		file->optional = optional_list;
		file->n_optional = 1;
	}
	add_ops(p, file, &old, hef);
	free(file->required);
	file->required = required;
	file->n_required = count;
	file->optional = optional;
	file->n_optional = optional_count;
	hef__file__free_unpacked(file, NULL);
	blob_free(&old);
}

Hef__OpNms *post_hef_yolov5(void)
{
	static uint32_t height[1], width[1];
	static Hef__AnchorDecoder decoder, *decoders[1];
	static Hef__Yolov5 yolov5;
	static Hef__OpNms nms;

	hef__anchor_decoder__init(&decoder);
	hef__yolov5__init(&yolov5);
	hef__op_nms__init(&nms);
	height[0] = 8;
	width[0] = 16;
	decoder.heights = height;
	decoder.widths = width;
	decoder.n_heights = decoder.n_widths = 1;
	decoder.pad = 1;
	decoders[0] = &decoder;
	yolov5.image_height = yolov5.image_width = 32;
	yolov5.decoders = decoders;
	yolov5.n_decoders = 1;
	nms.head_case = HEF__OP_NMS__HEAD_YOLOV5;
	nms.yolov5 = &yolov5;
	nms.score_threshold = 0.3;
	nms.iou_threshold = 0.5;
	nms.max_boxes = 10;
	nms.classes = 3;
	return &nms;
}
