// SPDX-License-Identifier: MIT

#include <endian.h>
#include <string.h>

#include "program.h"

/* Chip addresses that real files write to and this one writes like them; what
 * they do is inferred. SIGNAL: bit n ends a wait for module n.
 */
#define SIGNAL_ADDRESS		0x00200684u
#define SEQUENCER_ADDRESS(c)	(0x11800000u + ((c) << 25))
#define SEQUENCER_WORDS		62
#define LCU_ADDRESS(c, lcu)	(0x108001dcu + ((c) << 25) + ((lcu) << 17))

enum module {
	MODULE_SEQUENCER	= 5,	/* and the cluster's number */
	MODULE_INPUT		= 13,
	MODULE_OUTPUT		= 14,
	MODULE_LOADED		= 17,
	MODULE_CHANNEL		= 18,	/* and the config channel's number, 0 or 1 */
	MODULE_LCU_STEP		= 20,	/* and two for each step so far */
};

#define LCU_PER_CLUSTER		16
#define LCU_STEPS		4
#define CCW_WORDS		1024	/* of the network, in one CCW */
#define LCU_KERNEL_DONE_ADDRESS	1	/* with this count, the "default" form */
#define LCU_KERNEL_DONE_COUNT	2

struct list {
	struct program *program;
	Hef__Operation *operation;
};

struct operations {
	Hef__Operation **list;
	size_t count;
};

static uint32_t cluster_count(const struct program *program)
{
	return __builtin_popcount(program->clusters);
}

uint32_t program_cluster(const struct program *program, size_t index)
{
	uint32_t left = program->clusters;

	for (index %= cluster_count(program); index; index--)
		left &= left - 1;
	return __builtin_ctz(left);
}

/* ---- actions ---- */

static Hef__Action *add_action(struct list *list)
{
	struct program *program = list->program;
	Hef__Operation *operation = list->operation;
	Hef__Action *action = pool_alloc(program->pool, sizeof(*action));

	hef__action__init(action);
	action->unique_id = (*program->next_id)++;
	operation->actions = pool_grow(program->pool, operation->actions,
				       operation->n_actions, sizeof(*operation->actions));
	operation->actions[operation->n_actions++] = action;
	return action;
}

/* Adds an action whose body is the message `type` at the union member `name`. */
#define ADD(list, CASE, name, type)						\
({										\
	Hef__Action *added_ = add_action(list);					\
										\
	added_->body_case = HEF__ACTION__BODY_ ## CASE;				\
	added_->name = pool_alloc((list)->program->pool, sizeof(*added_->name)); \
	type ## __init(added_->name);						\
	added_->name;								\
})

static void wait_module(struct list *list, uint32_t module)
{
	ADD(list, WAIT_MODULE, wait_module, hef__wait_module)->module = module;
}

static void disable_lcu(struct list *list, uint32_t cluster, uint32_t lcu)
{
	Hef__Lcu *action = ADD(list, DISABLE_LCU, disable_lcu, hef__lcu);

	action->lcu = lcu;
	action->cluster = cluster;
	action->enable_address = LCU_ADDRESS(cluster, lcu);
}

static void enable_lcu(struct list *list, uint32_t cluster, uint32_t lcu, uint32_t network)
{
	Hef__EnableLcu *action = ADD(list, ENABLE_LCU, enable_lcu, hef__enable_lcu);

	action->lcu = lcu;
	action->cluster = cluster;
	action->kernel_done_address = LCU_KERNEL_DONE_ADDRESS;
	action->kernel_done_count = LCU_KERNEL_DONE_COUNT;
	action->network = network;
	action->enable_address = LCU_ADDRESS(cluster, lcu);
}

static void enable_sequencer(struct list *list, uint32_t cluster, uint32_t units)
{
	Hef__EnableSequencer *action = ADD(list, ENABLE_SEQUENCER, enable_sequencer,
					   hef__enable_sequencer);

	action->cluster = cluster;
	action->active_apu = units;
	action->active_sc = (uint64_t)units << 32 | units;
	action->active_l2 = (uint64_t)units << 16;
	action->active_ia = 1;
	action->l2_write_0 = units << 8;
	action->l2_write_3 = units;
	/* Cut 0, offset 32704 in both of its forms, as in every real file */
	action->initial_l3_legacy = 523264;
	action->initial_l3 = pool_alloc(list->program->pool, sizeof(*action->initial_l3));
	hef__initial_l3__init(action->initial_l3);
	action->initial_l3->offset = 32704;
	action->initial_l3->valid = true;
}

static void allow_inputs(struct list *list, const struct desc_context *context)
{
	for (size_t i = 0; i < context->stream_count; i++)
		if (!context->streams[i].is_output && context->streams[i].kind != DESC_DDR)
			ADD(list, ALLOW_INPUT, allow_input, hef__allow_input)->stream =
				context->streams[i].sys_index;
}

/* ---- configuration words ---- */

static void add_ccw_action(struct list *list, struct ccw *ccw)
{
	Hef__Ccw *whole;

	if (list->program->desc->container) {
		ccw->pointer = ADD(list, CCW_POINTER, ccw_pointer, hef__ccw_pointer);
		ccw->pointer->size = ccw->size;
		ccw->pointer->channel = ccw->channel;
		return;
	}
	whole = ADD(list, CCW, ccw, hef__ccw);
	whole->channel = ccw->channel;
	whole->data.data = (uint8_t *)ccw->data;
	whole->data.len = ccw->size;
}

/* One CCW: `words` words for `address`; `bytes` of data, zeros after it. */
static void add_ccw(struct list *list, uint32_t channel, uint32_t address, uint32_t words,
		    const void *data, size_t bytes)
{
	struct program *program = list->program;
	size_t size = round_up(8 + 4 * (size_t)words, 8);
	uint8_t *ccw = pool_alloc(program->pool, size);
	uint32_t header[2] = { htole32(words - 1), htole32(address) };

	memcpy(ccw, header, sizeof(header));
	if (bytes)
		memcpy(ccw + sizeof(header), data, bytes);
	program->ccws = pool_grow(program->pool, program->ccws, program->ccw_count,
				  sizeof(*program->ccws));
	program->ccws[program->ccw_count] = (struct ccw){ channel, ccw, size, NULL };
	add_ccw_action(list, &program->ccws[program->ccw_count]);
	program->ccw_count++;
}

static uint32_t channel_of(const struct list *list, size_t index)
{
	return index % list->program->desc->config_channels;
}

static void signal_module(struct list *list, uint32_t channel, uint32_t module)
{
	uint32_t word = htole32(1u << module);

	add_ccw(list, channel, SIGNAL_ADDRESS, 1, &word, sizeof(word));
}

static void load_network(struct list *list, const struct blob *image)
{
	size_t part = 4 * CCW_WORDS;

	for (size_t at = 0; at < image->size; at += part) {
		size_t left = image->size - at;
		size_t bytes = left < part ? left : part;

		add_ccw(list, channel_of(list, at / part), NN_MEMORY_BASE + at,
			(bytes + 3) / 4, image->data + at, bytes);
	}
}

static void load_sequencers(struct list *list)
{
	uint32_t clusters = cluster_count(list->program);

	for (uint32_t i = 0; i < clusters; i++) {
		uint32_t cluster = program_cluster(list->program, i);

		add_ccw(list, channel_of(list, i), SEQUENCER_ADDRESS(cluster), SEQUENCER_WORDS,
			NULL, 0);
		signal_module(list, channel_of(list, i), MODULE_SEQUENCER + cluster);
	}
}

/* ---- units: one LCU per layer, as far as there are enough ---- */

static uint32_t lcu_count(const struct list *list, const struct desc_context *context)
{
	uint32_t max = cluster_count(list->program) * LCU_PER_CLUSTER;

	return context->layer_count < max ? context->layer_count : max;
}

static void lcu_place(const struct list *list, uint32_t index, uint32_t *cluster, uint32_t *lcu)
{
	*cluster = program_cluster(list->program, index);
	*lcu = index / cluster_count(list->program);
}

static void disable_lcus(struct list *list, uint32_t from, uint32_t to)
{
	uint32_t cluster, lcu;

	for (; from < to; from++) {
		lcu_place(list, from, &cluster, &lcu);
		disable_lcu(list, cluster, lcu);
	}
}

static void wait_step(struct list *list, uint32_t step)
{
	wait_module(list, MODULE_LCU_STEP + 2 * step);
	wait_module(list, MODULE_LCU_STEP + 2 * step + 1);
}

/* In steps of equal size, with two waits between them */
static void enable_lcus(struct list *list, const struct desc_context *context)
{
	uint32_t count = lcu_count(list, context);
	uint32_t per_step = (count + LCU_STEPS - 1) / LCU_STEPS;
	uint32_t cluster, lcu;

	for (uint32_t i = 0; i < count; i++) {
		if (i && i % per_step == 0)
			wait_step(list, i / per_step - 1);
		lcu_place(list, i, &cluster, &lcu);
		enable_lcu(list, cluster, lcu, context->layers[i].network);
	}
}

static void start_sequencers(struct list *list, uint32_t lcus)
{
	uint32_t clusters = cluster_count(list->program);

	for (uint32_t i = 0; i < clusters; i++) {
		uint32_t cluster = program_cluster(list->program, i);
		uint32_t units = (lcus + clusters - 1 - i) / clusters;

		wait_module(list, MODULE_SEQUENCER + cluster);
		enable_sequencer(list, cluster, (1u << units) - 1);
	}
	for (uint32_t i = 0; i < clusters; i++)
		ADD(list, WAIT_SEQUENCER, wait_sequencer, hef__wait_sequencer)->cluster =
			program_cluster(list->program, i);
}

static void first_signals(struct list *list)
{
	for (uint32_t channel = list->program->desc->config_channels; channel--; )
		signal_module(list, channel, channel < 2 ? MODULE_CHANNEL + channel : 24 + channel);
	for (uint32_t step = 0; step + 1 < LCU_STEPS; step++) {
		signal_module(list, channel_of(list, 1), MODULE_LCU_STEP + 2 * step + 1);
		signal_module(list, channel_of(list, 0), MODULE_LCU_STEP + 2 * step);
	}
}

/* ---- operations ---- */

static Hef__Operation *new_operation(struct program *program)
{
	Hef__Operation *operation = pool_alloc(program->pool, sizeof(*operation));
	Hef__Trigger *trigger = pool_alloc(program->pool, sizeof(*trigger));
	Hef__Nothing *nothing = pool_alloc(program->pool, sizeof(*nothing));

	hef__operation__init(operation);
	hef__trigger__init(trigger);
	hef__nothing__init(nothing);
	trigger->unique_id = (*program->next_id)++;
	trigger->body_case = HEF__TRIGGER__BODY_NONE;
	trigger->none = nothing;
	operation->trigger = trigger;
	return operation;
}

static Hef__Operation *after_lcu(struct program *program, uint32_t cluster, uint32_t lcu)
{
	Hef__Operation *operation = new_operation(program);
	Hef__TriggerLcu *wait = pool_alloc(program->pool, sizeof(*wait));

	hef__trigger_lcu__init(wait);
	wait->cluster = cluster;
	wait->lcu = lcu;
	operation->trigger->body_case = HEF__TRIGGER__BODY_LCU;
	operation->trigger->lcu = wait;
	return operation;
}

static Hef__Operation *after_output(struct program *program, uint32_t stream)
{
	Hef__Operation *operation = new_operation(program);
	Hef__TriggerStream *wait = pool_alloc(program->pool, sizeof(*wait));

	hef__trigger_stream__init(wait);
	wait->stream = stream;
	operation->trigger->body_case = HEF__TRIGGER__BODY_OUTPUT_SENT;
	operation->trigger->output_sent = wait;
	return operation;
}

/* Each output that suppresses boxes is a unit. */
static void enable_nms(struct list *list, const struct desc_context *context)
{
	uint32_t unit = 0;

	for (size_t i = 0; i < context->layer_count; i++)
		for (size_t k = 0; k < context->stream_count; k++) {
			const struct desc_layer *layer = &context->layers[i];
			const struct desc_stream *stream = &context->streams[k];
			Hef__EnableNms *action;

			if (layer->op != NN_OP_NMS || stream->tensor != layer->out ||
			    !stream->is_output)
				continue;
			action = ADD(list, ENABLE_NMS, enable_nms, hef__enable_nms);
			action->unit = unit++;
			action->network = layer->network;
			action->classes = context->tensors[layer->in1].shape.features;
			action->burst = stream->burst ? stream->burst : 1;
			action->division_factor = layer->kernel_h;
		}
}

static void fill_preliminary(struct list *list, const struct blob *image)
{
	const struct desc *desc = list->program->desc;
	const struct desc_context *context = &desc->contexts[0];
	uint32_t lcus = lcu_count(list, context);

	/* Two groups of CCWs with units between them, as MNIST_CNN has */
	disable_lcus(list, 0, lcus ? 1 : 0);
	first_signals(list);
	disable_lcus(list, 1, lcus);
	load_sequencers(list);
	signal_module(list, channel_of(list, 1), MODULE_OUTPUT);
	load_network(list, image);
	signal_module(list, 0, MODULE_LOADED);
	signal_module(list, 0, MODULE_INPUT);

	start_sequencers(list, lcus);
	wait_module(list, MODULE_CHANNEL);
	if (desc->config_channels > 1)
		wait_module(list, MODULE_CHANNEL + 1);
	wait_module(list, MODULE_LOADED);
	allow_inputs(list, context);
	enable_nms(list, context);
	enable_lcus(list, context);
	wait_module(list, MODULE_INPUT);
	wait_module(list, MODULE_OUTPUT);
}

Hef__Preliminary *program_preliminary(struct program *program, const struct blob *image)
{
	Hef__Preliminary *preliminary = pool_alloc(program->pool, sizeof(*preliminary));
	struct list list = { program, new_operation(program) };

	hef__preliminary__init(preliminary);
	fill_preliminary(&list, image);
	preliminary->operations = pool_grow(program->pool, NULL, 0, sizeof(list.operation));
	preliminary->operations[0] = list.operation;
	preliminary->n_operations = 1;
	return preliminary;
}

static struct list next_operation(struct program *program, struct operations *operations,
				  Hef__Operation *operation)
{
	operations->list = pool_grow(program->pool, operations->list, operations->count,
				     sizeof(*operations->list));
	operations->list[operations->count++] = operation;
	return (struct list){ program, operation };
}

/* Units of a context that has run, one after the other */
static void stop_lcus(struct program *program, const struct desc_context *context,
		      struct operations *operations)
{
	struct list list = { program, NULL };
	uint32_t count = lcu_count(&list, context);
	uint32_t cluster, lcu;

	for (uint32_t i = 0; i < count; i++) {
		lcu_place(&list, i, &cluster, &lcu);
		list = next_operation(program, operations, after_lcu(program, cluster, lcu));
		disable_lcu(&list, cluster, lcu);
	}
}

/* Everything has left: start the units for the context that follows. */
static void start_next(struct list *list, const struct desc_context *next)
{
	load_sequencers(list);
	signal_module(list, channel_of(list, 1), MODULE_OUTPUT);
	signal_module(list, 0, MODULE_INPUT);
	start_sequencers(list, lcu_count(list, next));
	wait_module(list, MODULE_INPUT);
	wait_module(list, MODULE_OUTPUT);
	enable_nms(list, next);
	enable_lcus(list, next);
}

/* As contexts of real files: the words of the next one come while data flow. */
static void fill_dynamic(struct program *program, size_t index, const struct blob *images,
			 struct operations *operations)
{
	const struct desc *desc = program->desc;
	const struct desc_context *context = &desc->contexts[index];
	size_t next = (index + 1) % desc->context_count;
	struct list list = next_operation(program, operations, new_operation(program));

	allow_inputs(&list, context);
	if (desc->context_count == 1)
		return;
	load_network(&list, &images[next]);
	stop_lcus(program, context, operations);
	for (size_t i = 0; i < context->stream_count; i++) {
		const struct desc_stream *stream = &context->streams[i];

		/* Of a mux, the last part stands for all. */
		if (!stream->is_output || stream->kind == DESC_DDR ||
		    (i + 1 < context->stream_count && stream->mux &&
		     context->streams[i + 1].mux && !strcmp(stream->mux, stream[1].mux)))
			continue;
		list = next_operation(program, operations,
				      after_output(program, stream->sys_index));
	}
	start_next(&list, &desc->contexts[next]);
}

void program_dynamic(struct program *program, size_t index, const struct blob *images,
		     Hef__Context *context)
{
	struct operations operations = { 0 };

	fill_dynamic(program, index, images, &operations);
	context->operations = operations.list;
	context->n_operations = operations.count;
}

void program_place_ccws(struct program *program, struct blob *section)
{
	for (uint32_t channel = 0; channel < program->desc->config_channels; channel++)
		for (size_t i = 0; i < program->ccw_count; i++) {
			struct ccw *ccw = &program->ccws[i];

			if (ccw->channel != channel || !ccw->pointer)
				continue;
			ccw->pointer->offset = section->size;
			blob_add(section, ccw->data, ccw->size);
		}
}
