// SPDX-License-Identifier: MIT
/*
 * Network groups, their variants for cluster layouts, and contexts. Reference
 * hef.md sections 3.1, 5 and 6.
 */
#include <inttypes.h>
#include <string.h>

#include "hef_metadata.h"

static int parse_edges(struct hef_parser *p, const Hef__ContextInfo *info,
		       struct hef_context *context)
{
	size_t total = 0;
	int err = 0;

	for (size_t i = 0; i < info->n_edges; i++)
		total += hef_edge_streams(info->edges[i]);
	context->edges = arena_array(p->arena, total, sizeof(*context->edges));
	if (!context->edges)
		return hef_no_memory(p);
	for (size_t i = 0; i < info->n_edges && !err; i++)
		err = hef_parse_edge(p, info->edges[i], context->edges, &context->edge_count);
	return err;
}

/* A stream index may occur once per context and direction */
static int check_streams(struct hef_parser *p, const struct hef_context *context)
{
	bool seen[2][UINT8_MAX + 1] = { { false } };

	for (unsigned int i = 0; i < context->edge_count; i++) {
		const struct hef_edge *edge = &context->edges[i];

		if (seen[edge->direction][edge->stream])
			return hef_invalid(p, "stream index %u is used twice", edge->stream);
		seen[edge->direction][edge->stream] = true;
	}
	return 0;
}

static const struct hef_edge *ddr_input(const struct hef_context *context, uint8_t stream)
{
	for (unsigned int i = 0; i < context->edge_count; i++) {
		const struct hef_edge *edge = &context->edges[i];

		if (edge->connection == HEF_DDR && edge->direction == H8L_INPUT &&
		    edge->stream == stream)
			return edge;
	}
	return NULL;
}

/* Every DDR output goes into the DDR input that it names, rows of one size */
static int check_ddr_pairs(struct hef_parser *p, const struct hef_context *context)
{
	int balance = 0;

	for (unsigned int i = 0; i < context->edge_count; i++) {
		const struct hef_edge *edge = &context->edges[i];
		const struct hef_edge *input;

		if (edge->connection != HEF_DDR)
			continue;
		balance += edge->direction == H8L_OUTPUT ? 1 : -1;
		if (edge->direction == H8L_INPUT)
			continue;
		input = ddr_input(context, edge->peer_stream);
		if (!input || input->core_bytes != edge->core_bytes ||
		    input->core_buffers != edge->core_buffers)
			return hef_invalid(p, "DDR stream %s has no fitting input", edge->name);
	}
	return balance ? hef_invalid(p, "DDR inputs and outputs are not pairs") : 0;
}

static bool has_stream(const struct hef_context *context, enum h8l_direction direction,
		       uint8_t stream)
{
	for (unsigned int i = 0; i < context->edge_count; i++)
		if (context->edges[i].direction == direction &&
		    context->edges[i].stream == stream)
			return true;
	return false;
}

static int check_action(struct hef_parser *p, const struct hef_context *context,
			const struct hef_action *action)
{
	if (action->type == HEF_ACTION_ALLOW_INPUT &&
	    !has_stream(context, H8L_INPUT, action->stream))
		return hef_invalid(p, "input is let into stream %u, which is no input",
				   action->stream);
	if ((action->type == HW_ACTION_WAIT_OUTPUT_DONE ||
	     action->type == HW_ACTION_WAIT_DMA_IDLE) &&
	    !has_stream(context, H8L_OUTPUT, action->stream))
		return hef_invalid(p, "stream %u, which is no output, is waited for",
				   action->stream);
	return 0;
}

/* Streams are started where the input is let in: in one place, no more */
static int check_actions(struct hef_parser *p, const struct hef_context *context,
			 const struct hef_action_list *list)
{
	unsigned int runs = 0;
	bool inside = false;
	int err = 0;

	for (size_t i = 0; i < list->count && !err; i++) {
		bool input = list->items[i].type == HEF_ACTION_ALLOW_INPUT;

		runs += input && !inside;
		inside = input;
		err = check_action(p, context, &list->items[i]);
	}
	if (!err && runs != 1)
		err = hef_invalid(p, "input is let in at %u places, there must be one", runs);
	return err;
}

static int parse_context(struct hef_parser *p, const Hef__Context *proto,
			 struct hef_context *context)
{
	int err = hef_parse_operations(p, proto->operations, proto->n_operations,
				       &context->actions);

	if (!err && proto->info)
		err = parse_edges(p, proto->info, context);
	return err ?: check_streams(p, context) ?: check_ddr_pairs(p, context) ?:
	       check_actions(p, context, &context->actions);
}

/* The preliminary list starts the first context's streams, if anything */
static int check_preliminary(struct hef_parser *p, const struct hef_variant *v)
{
	p->context = -1;
	if (!p->hef->features.run_asap)
		return 0;
	return check_actions(p, &v->contexts[0], &v->preliminary);
}

static int parse_contexts(struct hef_parser *p, const struct hef_core *core,
			  struct hef_variant *variant)
{
	int err = 0;

	if (!core->context_count || core->context_count > HEF_MAX_DYNAMIC_CONTEXTS)
		return hef_invalid(p, "%zu contexts, from 1 to %d are possible",
				   core->context_count, HEF_MAX_DYNAMIC_CONTEXTS);
	variant->context_count = (unsigned int)core->context_count;
	variant->contexts = arena_array(p->arena, core->context_count,
					sizeof(*variant->contexts));
	if (!variant->contexts)
		return hef_no_memory(p);
	for (size_t i = 0; i < core->context_count && !err; i++) {
		p->context = (int)i;
		err = parse_context(p, core->contexts[i], &variant->contexts[i]);
	}
	return err;
}

/* ---- boundary streams of all contexts ---- */

static bool same_name(const struct hef_edge *const *edges, unsigned int count, const char *name)
{
	for (unsigned int i = 0; i < count; i++)
		if (!strcmp(edges[i]->name, name))
			return true;
	return false;
}

static int add_user_edge(struct hef_parser *p, struct hef_variant *v,
			 const struct hef_edge *edge)
{
	if (same_name(v->user_inputs, v->user_input_count, edge->name) ||
	    same_name(v->user_outputs, v->user_output_count, edge->name))
		return hef_invalid(p, "two inputs or outputs are called %s", edge->name);
	if (v->user_input_count + v->user_output_count == HEF_MAX_STREAMS)
		return hef_invalid(p, "more than %d inputs and outputs", HEF_MAX_STREAMS);
	if (edge->direction == H8L_INPUT)
		v->user_inputs[v->user_input_count++] = edge;
	else
		v->user_outputs[v->user_output_count++] = edge;
	return 0;
}

/* A picture comes with its first plane */
static int add_user_edges(struct hef_parser *p, struct hef_variant *v,
			  const struct hef_edge *edge)
{
	int err = 0;

	if (edge->whole)
		return edge == edge->whole->parts ? add_user_edge(p, v, edge->whole) : 0;
	if (!edge->mux)
		return add_user_edge(p, v, edge);
	for (unsigned int i = 0; i < edge->part_count && !err; i++)
		err = add_user_edge(p, v, &edge->parts[i]);
	return err;
}

static int add_boundary(struct hef_parser *p, struct hef_variant *v, const struct hef_edge *edge)
{
	if (same_name(v->inputs, v->input_count, edge->name) ||
	    same_name(v->outputs, v->output_count, edge->name))
		return hef_invalid(p, "two streams are called %s", edge->name);
	if (v->input_count + v->output_count == HEF_MAX_STREAMS)
		return hef_invalid(p, "more than %d streams", HEF_MAX_STREAMS);
	if (edge->direction == H8L_INPUT)
		v->inputs[v->input_count++] = edge;
	else
		v->outputs[v->output_count++] = edge;
	return add_user_edges(p, v, edge);
}

static const struct hef_edge **new_list(struct hef_parser *p)
{
	return arena_array(p->arena, HEF_MAX_STREAMS, sizeof(struct hef_edge *));
}

static int collect_boundaries(struct hef_parser *p, struct hef_variant *v)
{
	int err = 0;

	v->inputs = new_list(p);
	v->outputs = new_list(p);
	v->user_inputs = new_list(p);
	v->user_outputs = new_list(p);
	if (!v->inputs || !v->outputs || !v->user_inputs || !v->user_outputs)
		return hef_no_memory(p);
	for (unsigned int c = 0; c < v->context_count; c++) {
		p->context = (int)c;
		for (unsigned int i = 0; i < v->contexts[c].edge_count && !err; i++)
			if (v->contexts[c].edges[i].connection == HEF_BOUNDARY)
				err = add_boundary(p, v, &v->contexts[c].edges[i]);
	}
	if (!err && (!v->input_count || !v->output_count))
		err = hef_invalid(p, "%u inputs and %u outputs", v->input_count, v->output_count);
	return err;
}

static const struct hef_edge *find_output(const struct hef_variant *v, const char *name)
{
	for (unsigned int i = 0; i < v->user_output_count; i++)
		if (!strcmp(v->user_outputs[i]->name, name))
			return v->user_outputs[i];
	return NULL;
}

/* The order in which the compiler's user named the outputs. Where the names
 * are not those of streams (outputs of host operations), the order of the
 * streams stands.
 */
static void order_outputs(struct hef_variant *v, char *const *names, size_t count)
{
	const struct hef_edge *ordered[HEF_MAX_STREAMS];
	unsigned int found = 0;

	for (size_t i = 0; i < count && found < v->user_output_count; i++) {
		const struct hef_edge *edge = find_output(v, names[i]);

		if (edge && !same_name(ordered, found, names[i]))
			ordered[found++] = edge;
	}
	if (found == v->user_output_count && count == found)
		memcpy(v->user_outputs, ordered, found * sizeof(*ordered));
}

/* ---- variants ---- */

static int parse_config_channels(struct hef_parser *p, const Hef__GroupInfo *info)
{
	p->config_channels = info->config_channels ? info->config_channels : 1;
	for (size_t i = 0; i < info->n_config_engines; i++)
		if (info->config_engines[i]->engine)
			return hef_invalid(p, "a config channel on DMA engine %" PRIu32
					   ", this chip has one", info->config_engines[i]->engine);
	return hef_check_max(p, "config channels", p->config_channels, HW_MAX_CONFIG_CHANNELS);
}

static int parse_networks(struct hef_parser *p, const struct hef_core *core)
{
	p->network_count = 1;
	if (p->hef->features.multi_network && core->network_count)
		p->network_count = (unsigned int)core->network_count;
	return hef_check_max(p, "networks", core->network_count, HEF_MAX_NETWORKS);
}

static int parse_variant(struct hef_parser *p, const struct hef_core *core,
			 struct hef_variant *v)
{
	int err;

	p->context = -1;
	if (!core->info)
		return hef_invalid(p, "no description");
	p->transposed_net = core->info->transposed;
	p->fused = core->fused;
	err = parse_config_channels(p, core->info) ?: parse_networks(p, core);
	if (err)
		return err;
	v->layout = core->layout;
	v->config_channels = p->config_channels;
	v->network_count = p->network_count;
	if (core->preliminary)
		err = hef_parse_operations(p, core->preliminary->operations,
					   core->preliminary->n_operations, &v->preliminary);
	err = err ?: parse_contexts(p, core, v) ?: collect_boundaries(p, v) ?:
	      check_preliminary(p, v);
	if (err)
		return err;
	v->can_fast_batch_switch = !v->preliminary.writes_batch_size &&
				   !v->contexts[0].actions.writes_batch_size;
	order_outputs(v, core->output_order, core->output_order_count);
	return 0;
}

/* NetworkGroup, CoreOp and OpCore have the same first six fields */
#define CORE_OF(proto, clusters) (struct hef_core) {			\
		.info = (proto)->info,					\
		.preliminary = (proto)->preliminary,			\
		.contexts = (proto)->contexts,				\
		.context_count = (proto)->n_contexts,			\
		.output_order = (proto)->output_order,			\
		.output_order_count = (proto)->n_output_order,		\
		.fused = (proto)->fused,				\
		.network_count = (proto)->n_networks,			\
		.layout = (clusters),					\
	}

static const Hef__OpCore *op_core(const Hef__NetworkGroup *proto)
{
	for (size_t i = 0; i < proto->n_ops; i++)
		if (proto->ops[i]->body_case == HEF__OP__BODY_CORE)
			return proto->ops[i]->core;
	return NULL;
}

/* Names of outputs in the user's order: the first place that has some.
 * Reference hef.md 5.4.
 */
static void choose_output_order(const Hef__NetworkGroup *proto, bool net_flow,
				struct hef_core *core)
{
	const Hef__Context *last = core->context_count ?
				   core->contexts[core->context_count - 1] : NULL;

	if (core->fused && core->fused->used) {
		core->output_order = core->fused->output_order;
		core->output_order_count = core->fused->n_output_order;
	} else if (!net_flow && core->output_order_count) {
		return;
	} else if (proto->n_output_order) {
		core->output_order = proto->output_order;
		core->output_order_count = proto->n_output_order;
	} else if (last && last->info) {
		core->output_order = last->info->output_order;
		core->output_order_count = last->info->n_output_order;
	}
}

static int parse_partials(struct hef_parser *p, const Hef__NetworkGroup *proto,
			  Hef__PartialGroup *const *partials, size_t count,
			  struct hef_group *group)
{
	int err = hef_check_max(p, "cluster layouts", count, HEF_MAX_LAYOUTS);

	for (size_t i = 0; i < count && !err; i++) {
		const Hef__PartialGroup *partial = partials[i];
		struct hef_core core;

		if (!partial->core || !partial->layout)
			return hef_invalid(p, "a layout variant is empty");
		core = CORE_OF(partial->core, partial->layout->clusters);
		choose_output_order(proto, p->hef->features.net_flow, &core);
		err = parse_variant(p, &core, &group->variants[group->variant_count++]);
	}
	return err;
}

static int parse_variants(struct hef_parser *p, const Hef__NetworkGroup *proto,
			  struct hef_group *group)
{
	const Hef__OpCore *op = NULL;
	struct hef_core core;

	group->variants = arena_array(p->arena, HEF_MAX_LAYOUTS, sizeof(*group->variants));
	if (!group->variants)
		return hef_no_memory(p);
	if (p->hef->features.net_flow) {
		op = op_core(proto);
		if (!op)
			return hef_invalid(p, "no operation for the chip");
	}
	if (op ? op->n_partials : proto->n_partials)
		return parse_partials(p, proto, op ? op->partials : proto->partials,
				      op ? op->n_partials : proto->n_partials, group);
	core = op ? CORE_OF(op, 0) : CORE_OF(proto, 0);
	choose_output_order(proto, op != NULL, &core);
	return parse_variant(p, &core, &group->variants[group->variant_count++]);
}

/* Variants of one group look the same from outside, or a program could not
 * know what to feed before it knows the chip.
 */
static bool same_stream(const struct hef_edge *a, const struct hef_edge *b)
{
	return !strcmp(a->name, b->name) && hef_frame_bytes(a) == hef_frame_bytes(b) &&
	       a->order == b->order && a->data_bytes == b->data_bytes &&
	       !memcmp(&a->shape, &b->shape, sizeof(a->shape)) &&
	       !memcmp(&a->device_shape, &b->device_shape, sizeof(a->device_shape));
}

static bool same_streams(const struct hef_variant *a, const struct hef_variant *b)
{
	if (a->user_input_count != b->user_input_count ||
	    a->user_output_count != b->user_output_count)
		return false;
	for (unsigned int i = 0; i < a->user_input_count; i++)
		if (!same_stream(a->user_inputs[i], b->user_inputs[i]))
			return false;
	for (unsigned int i = 0; i < a->user_output_count; i++)
		if (!same_stream(a->user_outputs[i], b->user_outputs[i]))
			return false;
	return true;
}

static int check_variants(struct hef_parser *p, const struct hef_group *group)
{
	for (unsigned int i = 1; i < group->variant_count; i++)
		if (!same_streams(&group->variants[0], &group->variants[i]))
			return hef_invalid(p, "the variants for cluster layouts differ");
	return 0;
}

/* ---- what we cannot do yet ---- */

static const char *unsupported_edge(const struct hef_edge *edge)
{
	if (edge->connection == HEF_CACHE)
		return "it keeps data in caches between frames";
	if (edge->order == H8L_ORDER_NMS_ON_CHIP && edge->nms.box_size != HEF_NMS_ITEM_BYTES)
		return "it does non-maximum suppression on the chip with boxes of another size "
		       "than 8 bytes";
	return NULL;
}

static const char *unsupported(const struct hef_group *group)
{
	const struct hef_variant *v = &group->variants[0];
	const char *reason = NULL;

	for (unsigned int c = 0; c < v->context_count; c++)
		for (unsigned int i = 0; i < v->contexts[c].edge_count && !reason; i++)
			reason = unsupported_edge(&v->contexts[c].edges[i]);
	return reason;
}

static const Hef__GroupInfo *naming_info(const Hef__NetworkGroup *proto)
{
	if (proto->n_partials && proto->partials[0]->core)
		return proto->partials[0]->core->info;
	return proto->info;
}

int hef_parse_group(struct hef_parser *p, const Hef__NetworkGroup *proto,
		    struct hef_group *group)
{
	const Hef__GroupInfo *info = naming_info(proto);
	int err;

	p->group = NULL;
	p->context = -1;
	if (!info)
		return hef_invalid(p, "a network group without a name");
	err = hef_copy_name(p, info->name, &group->name);
	if (err)
		return err;
	p->group = group->name;
	err = parse_variants(p, proto, group) ?: check_variants(p, group);
	p->context = -1;
	for (unsigned int i = 0; i < group->variant_count && !err; i++)
		err = hef_parse_ops(p, proto, &group->variants[i]);
	if (!err)
		group->unsupported = unsupported(group);
	return err;
}
