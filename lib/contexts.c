// SPDX-License-Identifier: MIT
/*
 * The action lists of a network: what the file says, with everything around
 * it that only the host knows. Reference configure-and-run.md section 9.
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "actions.h"
#include "network.h"
#include "old_firmware.h"

/* The list being written, and for which context */
struct writer {
	struct h8l_network *network;
	struct action_list list;
	struct h8l_error *error;
	unsigned int context;		/* dynamic context whose streams are meant */
	const struct link_set *links;	/* of that context */
};

#define ADD(w, type, body) actions_add(&(w)->list, type, &(body), sizeof(body))

static bool is_internal(const struct link *link)
{
	return link->edge->connection != HEF_BOUNDARY;
}

static bool is_boundary_input(const struct link *link)
{
	return !is_internal(link) && link->edge->direction == H8L_INPUT;
}

static bool has_boundary_inputs(const struct link_set *set)
{
	for (unsigned int i = 0; i < set->count; i++)
		if (is_boundary_input(&set->links[i]))
			return true;
	return false;
}

static uint8_t direction_code(const struct link *link)
{
	return link->edge->direction == H8L_INPUT ? HW_DIR_H2D : HW_DIR_D2H;
}

/* Bytes that the periphery counts for a frame */
static uint32_t frame_periph_size(const struct link *link)
{
	return (uint32_t)link->periph.bytes_per_buffer * link->periph.buffers_per_frame;
}

/* ---- opening channels, in ACTIVATION ---- */

static void open_output(struct writer *w, const struct link *link)
{
	struct hw_open_boundary_output body = { .channel = link->channel, .buf = link->buffer };

	ADD(w, HW_ACTION_OPEN_BOUNDARY_OUTPUT, body);
}

static void open_input(struct writer *w, const struct link *link)
{
	struct hw_open_boundary_input body = {
		.channel = link->channel,
		.buf = link->buffer,
		.stream = link->edge->stream,
		.network = link->edge->network,
		.periph_bytes_per_buffer = htole16(link->periph.bytes_per_buffer),
		.frame_periph_size = htole32(frame_periph_size(link)),
	};

	ADD(w, HW_ACTION_OPEN_BOUNDARY_INPUT, body);
}

/* ---- activating streams ---- */

static void activate_output(struct writer *w, const struct link *link, uint8_t type)
{
	struct hw_activate_output body = {
		.channel = link->channel,
		.stream = link->edge->stream,
		.network = link->edge->network,
		.reg = link->reg,
		.buf = link->buffer,
	};

	ADD(w, type, body);
}

static void activate_boundary_input(struct writer *w, const struct link *link)
{
	struct hw_activate_boundary_input body = {
		.channel = link->channel,
		.stream = link->edge->stream,
		.reg = link->reg,
		.buf = link->buffer,
		.initial_credit = htole32(link->periph.fifo_size),
	};

	ADD(w, HW_ACTION_ACTIVATE_BOUNDARY_INPUT, body);
}

/* The stock library leaves the network index zero here */
static void activate_inter_input(struct writer *w, const struct link *link)
{
	struct hw_activate_inter_input body = {
		.channel = link->channel,
		.stream = link->edge->stream,
		.reg = link->reg,
		.buf = link->buffer,
		.initial_credit = htole32(link->periph.fifo_size),
	};

	ADD(w, HW_ACTION_ACTIVATE_INTER_INPUT, body);
}

static void activate_ddr_input(struct writer *w, const struct link *link)
{
	struct hw_activate_ddr_input body = {
		.channel = link->channel,
		.stream = link->edge->stream,
		.reg = link->reg,
		.buf = link->buffer,
		.initial_credit = htole32(link->periph.fifo_size),
		.d2h_channel = link->peer_channel,
	};

	ADD(w, HW_ACTION_ACTIVATE_DDR_INPUT, body);
}

static void activate_ddr_output(struct writer *w, const struct link *link)
{
	struct hw_activate_ddr_output body = {
		.channel = link->channel,
		.stream = link->edge->stream,
		.reg = link->reg,
		.buf = link->buffer,
		.buffered_rows = htole32(link->edge->buffered_rows),
	};

	ADD(w, HW_ACTION_ACTIVATE_DDR_OUTPUT, body);
}

static void activate(struct writer *w, const struct link *link)
{
	bool output = link->edge->direction == H8L_OUTPUT;

	switch (link->edge->connection) {
	case HEF_BOUNDARY:
		if (output)
			activate_output(w, link, HW_ACTION_ACTIVATE_BOUNDARY_OUTPUT);
		else
			activate_boundary_input(w, link);
		break;
	case HEF_INTER_CONTEXT:
		if (output)
			activate_output(w, link, HW_ACTION_ACTIVATE_INTER_OUTPUT);
		else
			activate_inter_input(w, link);
		break;
	case HEF_DDR:
		if (output)
			activate_ddr_output(w, link);
		else
			activate_ddr_input(w, link);
		break;
	case HEF_CACHE:
		break;
	}
}

static void deactivate(struct writer *w, const struct link *link, bool check_host_empty)
{
	struct hw_deactivate_channel body = {
		.channel = link->channel,
		.direction = direction_code(link),
		.check_host_empty = check_host_empty,
		.initial_credit = htole32(link->periph.fifo_size),
	};

	ADD(w, HW_ACTION_DEACTIVATE_CHANNEL, body);
}

static void pause_or_resume(struct writer *w, uint8_t type)
{
	for (unsigned int i = 0; i < w->links->count; i++) {
		const struct link *link = &w->links->links[i];
		struct hw_channel_direction body = { link->channel, direction_code(link) };

		if (is_boundary_input(link))
			ADD(w, type, body);
	}
}

/* ---- DDR ---- */

static void add_ddr_pairs(struct writer *w)
{
	bool any = false;

	for (unsigned int i = 0; i < w->links->count; i++) {
		const struct link *link = &w->links->links[i];
		const struct hef_edge *edge = link->edge;
		uint32_t page = le16toh(link->buffer.page_size);
		struct hw_add_ddr_pair body = {
			.h2d_channel = link->peer_channel,
			.d2h_channel = link->channel,
			.network = edge->network,
			.descs_per_frame = htole32(edge->core_bytes / page * edge->core_buffers),
			.programmed_descs = htole16((uint16_t)le32toh(link->buffer.desc_count)),
		};

		if (edge->connection != HEF_DDR || edge->direction != H8L_OUTPUT)
			continue;
		ADD(w, HW_ACTION_ADD_DDR_PAIR, body);
		any = true;
	}
	if (any)
		actions_add_plain(&w->list, HW_ACTION_DDR_BUFFERING_START);
}

/* ---- which stream a boundary channel serves in this context ---- */

/* A channel that rests is tied to the first stream of the other direction */
static int resting_stream(const struct writer *w, enum h8l_direction direction)
{
	for (unsigned int i = 0; i < w->links->count; i++)
		if (w->links->links[i].edge->direction != direction)
			return w->links->links[i].edge->stream;
	return -1;
}

static int map_streams(struct writer *w)
{
	for (unsigned int i = 0; i < w->network->stream_count; i++) {
		const struct stream *s = &w->network->streams[i];
		bool rests = s->edge->context != w->context;
		int stream = rests ? resting_stream(w, s->edge->direction) : s->edge->stream;
		struct hw_change_stream_mapping body = { s->channel, (uint8_t)stream, rests };

		if (stream < 0)
			return fail(w->error, -EINVAL, "context %u has no stream in one direction",
				    w->context);
		ADD(w, HW_ACTION_CHANGE_STREAM_MAPPING, body);
	}
	return 0;
}

/* ---- letting input in ---- */

static int before_inputs(struct writer *w)
{
	int err = 0;

	for (unsigned int i = 0; i < w->links->count; i++)
		activate(w, &w->links->links[i]);
	if (w->network->variant->context_count > 1)
		err = map_streams(w);
	add_ddr_pairs(w);
	pause_or_resume(w, HW_ACTION_RESUME_CHANNEL);
	return err;
}

static void after_inputs(struct writer *w)
{
	if (has_boundary_inputs(w->links))
		actions_add_plain(&w->list, HW_ACTION_BURST_CREDITS_START);
}

static const struct link *find_link(const struct writer *w, enum h8l_direction direction,
				    uint8_t stream)
{
	for (unsigned int i = 0; w->links && i < w->links->count; i++) {
		const struct link *link = &w->links->links[i];

		if (link->edge->direction == direction && link->edge->stream == stream)
			return link;
	}
	return NULL;
}

/* Boundary streams count bytes, streams between contexts descriptors */
static int fetch_data(struct writer *w, uint8_t stream)
{
	const struct link *link = find_link(w, H8L_INPUT, stream);
	struct hw_fetch_data body;
	uint32_t size;

	if (!link || link->edge->connection == HEF_DDR)
		return fail(w->error, -EINVAL, "context %u lets in stream %u, which is no input of "
			    "it; the file is inconsistent", w->context, stream);
	size = is_internal(link) ? (uint32_t)div_round_up(le32toh(link->buffer.bytes_in_pattern),
							  le16toh(link->buffer.page_size)) :
				   frame_periph_size(link);
	body = (struct hw_fetch_data){
		.channel = link->channel,
		.stream = link->edge->stream,
		.network = link->edge->network,
		.frame_periph_size = htole32(size),
		.credit_type = is_internal(link) ? HW_CREDIT_DESCS : HW_CREDIT_BYTES,
	};
	ADD(w, HW_ACTION_FETCH_DATA, body);
	return 0;
}

/* ---- the actions of the file ---- */

static int no_output(struct writer *w, uint8_t stream)
{
	return fail(w->error, -EINVAL, "context %u waits for stream %u, which is no output of it; "
		    "the file is inconsistent", w->context, stream);
}

static int wait_output(struct writer *w, uint8_t stream)
{
	const struct link *link = find_link(w, H8L_OUTPUT, stream);
	struct hw_wait_transfer_done body;

	if (!link)
		return no_output(w, stream);
	body = (struct hw_wait_transfer_done){
		.channel = link->channel,
		.stream = stream,
		.network = link->edge->network,
		.is_inter = link->edge->connection == HEF_INTER_CONTEXT,
	};
	ADD(w, HW_ACTION_WAIT_OUTPUT_DONE, body);
	return 0;
}

static int wait_dma_idle(struct writer *w, uint8_t stream)
{
	const struct link *link = find_link(w, H8L_OUTPUT, stream);
	struct hw_wait_dma_idle body;

	if (!link)
		return no_output(w, stream);
	body = (struct hw_wait_dma_idle){
		.channel = link->channel,
		.stream = stream,
		.is_inter = link->edge->connection == HEF_INTER_CONTEXT,
	};
	ADD(w, HW_ACTION_WAIT_DMA_IDLE, body);
	return 0;
}

static int add_words(struct writer *w, struct config_set *config, const struct hef_action *actions,
		     size_t length)
{
	struct config_group group;
	int err = config_add_group(w->network->device, config, actions, length,
				   w->network->hef->container.version, &group, w->error);

	for (unsigned int i = 0; i < group.count && !err; i++) {
		struct hw_fetch_cfg_descs body = { htole16(group.descs[i]), group.channel[i] };

		ADD(w, HW_ACTION_FETCH_CFG_DESCS, body);
	}
	return err;
}

static int add_action(struct writer *w, const struct hef_action *action)
{
	switch (action->type) {
	case HEF_ACTION_ALLOW_INPUT:
		return fetch_data(w, action->stream);
	case HW_ACTION_WAIT_OUTPUT_DONE:
		return wait_output(w, action->stream);
	case HW_ACTION_WAIT_DMA_IDLE:
		return wait_dma_idle(w, action->stream);
	default:
		actions_add(&w->list, action->type, action->body, action->size);
		return 0;
	}
}

static size_t input_run(const struct hef_action_list *list, size_t first)
{
	size_t length = 0;

	while (first + length < list->count &&
	       list->items[first + length].type == HEF_ACTION_ALLOW_INPUT)
		length++;
	return length;
}

static int add_inputs(struct writer *w, const struct hef_action *actions, size_t length)
{
	int err = before_inputs(w);

	for (size_t i = 0; i < length && !err; i++)
		err = fetch_data(w, actions[i].stream);
	after_inputs(w);
	return err;
}

/* Where streams are to be started there is exactly one run of ALLOW_INPUT */
static int check_input_runs(struct writer *w, unsigned int runs)
{
	if (runs == 1)
		return 0;
	return fail(w->error, -EINVAL, "a context lets in its inputs in %u places, there must be "
		    "one; the file is inconsistent", runs);
}

static int add_file_actions(struct writer *w, const struct hef_action_list *list,
			    struct config_set *config, bool starts_streams)
{
	unsigned int runs = 0;
	int err = 0;

	for (size_t i = 0; i < list->count && !err;) {
		size_t words = config_group_length(list, i);
		size_t inputs = starts_streams ? input_run(list, i) : 0;

		if (words)
			err = add_words(w, config, &list->items[i], words);
		else if (inputs)
			err = add_inputs(w, &list->items[i], inputs);
		else
			err = add_action(w, &list->items[i]);
		runs += inputs != 0;
		i += words + inputs ? words + inputs : 1;
	}
	return err ?: (starts_streams ? check_input_runs(w, runs) : 0);
}

/* ---- config channels around a context ---- */

static void activate_config(struct writer *w, const struct config_set *config)
{
	for (uint8_t i = 0; i < HW_MAX_CONFIG_CHANNELS; i++) {
		const struct config_stream *s = &config->stream[i];
		struct hw_activate_cfg_channel body = {
			.channel = i,
			.config_stream = i,
			.buf = {
				.dma_address = htole64(s->list.dma_address),
				.page_size = htole16((uint16_t)s->list.page_size),
				.desc_count = htole32(s->list.desc_count),
				.bytes_in_pattern = htole32(s->desc_used * s->list.page_size),
			},
		};

		if (s->list.handle)
			ADD(w, HW_ACTION_ACTIVATE_CFG_CHANNEL, body);
	}
}

static void deactivate_config(struct writer *w, const struct config_set *config)
{
	for (uint8_t i = 0; i < HW_MAX_CONFIG_CHANNELS; i++) {
		struct hw_deactivate_cfg_channel body = { i, i };

		if (config->stream[i].list.handle)
			ADD(w, HW_ACTION_DEACTIVATE_CFG_CHANNEL, body);
	}
}

/* How much a config channel carries is known only after its words were added,
 * but stands in front: the file's actions are written first, then moved behind.
 */
static void put_in_front(struct writer *w, const struct config_set *config)
{
	struct action_list body = w->list;

	w->list = (struct action_list){ .failed = body.failed };
	activate_config(w, config);
	for (size_t i = 0; i < body.count; i++)
		actions_add(&w->list, body.items[i].type, body.items[i].body,
			    body.items[i].size);
	actions_free(&body);
}

/* ---- the four kinds of context ---- */

static int write_activation(struct writer *w)
{
	const struct link_set *set = &w->network->boundary;

	actions_add_plain(&w->list, HW_ACTION_BURST_CREDITS_RESET);
	for (unsigned int i = 0; i < set->count; i++) {
		if (is_boundary_input(&set->links[i]))
			open_input(w, &set->links[i]);
		else
			open_output(w, &set->links[i]);
	}
	return 0;
}

#define DEFAULT_KERNEL_COUNT 2

static void switch_lcu(struct writer *w, const struct hef_action *action)
{
	struct hw_switch_lcu_batch body;
	const struct hw_enable_lcu *enable = (const void *)action->body;

	if (action->type == HW_ACTION_SWITCH_LCU_BATCH)
		memcpy(&body, action->body, sizeof(body));
	else if (action->type == HW_ACTION_ENABLE_LCU_DEFAULT)
		body = (struct hw_switch_lcu_batch){ enable->lcu, enable->network,
						     htole32(DEFAULT_KERNEL_COUNT) };
	else if (action->type == HW_ACTION_ENABLE_LCU)
		body = (struct hw_switch_lcu_batch){ enable->lcu, enable->network,
						     enable->kernel_done_count };
	else
		return;
	ADD(w, HW_ACTION_SWITCH_LCU_BATCH, body);
}

/* For another batch size while the group stays: what counts frames is set
 * again, streams inside the chip are closed and opened.
 */
static int write_batch_switching(struct writer *w)
{
	const struct hef_action_list *preliminary = &w->network->variant->preliminary;
	const struct link_set *all = &w->network->boundary;

	for (size_t i = 0; i < preliminary->count; i++)
		switch_lcu(w, &preliminary->items[i]);
	for (unsigned int i = 0; i < w->links->count; i++)
		if (is_internal(&w->links->links[i]))
			deactivate(w, &w->links->links[i], false);
	actions_add_plain(&w->list, HW_ACTION_DDR_BUFFERING_RESET);
	for (unsigned int i = 0; i < w->links->count; i++)
		if (is_internal(&w->links->links[i]))
			activate(w, &w->links->links[i]);
	add_ddr_pairs(w);
	for (unsigned int i = 0; i < all->count; i++)
		if (is_boundary_input(&all->links[i]))
			ADD(w, HW_ACTION_CHANGE_INPUT_BATCH, all->links[i].channel);
	actions_add_plain(&w->list, HW_ACTION_BURST_CREDITS_START);
	return 0;
}

static int write_preliminary(struct writer *w)
{
	struct config_set *config = &w->network->preliminary_config;
	int err = add_file_actions(w, &w->network->variant->preliminary, config,
				   w->network->hef->features.run_asap);

	put_in_front(w, config);
	deactivate_config(w, config);
	return err;
}

static void end_of_context(struct writer *w)
{
	if (w->network->variant->context_count == 1) {
		actions_add_plain(&w->list, HW_ACTION_WAIT_APP_CHANGE);
		return;
	}
	for (unsigned int i = 0; i < w->links->count; i++) {
		const struct link *link = &w->links->links[i];

		if (is_internal(link))
			deactivate(w, link, link->edge->connection == HEF_INTER_CONTEXT);
	}
	pause_or_resume(w, HW_ACTION_PAUSE_CHANNEL);
}

static int write_dynamic(struct writer *w)
{
	struct config_set *config = &w->network->context_configs[w->context];
	int err = add_file_actions(w, &w->network->variant->contexts[w->context].actions, config,
				   true);

	put_in_front(w, config);
	deactivate_config(w, config);
	end_of_context(w);
	return err;
}

/* ---- sending ---- */

struct sender {
	struct h8l_network *network;
	enum hw_context_type type;
	struct h8l_error *error;
};

static int send_chunk(void *ctx, bool first, bool last, const void *bytes, size_t size)
{
	const struct sender *s = ctx;

	return control_context_info(s->network->device, s->type, first, last, bytes, size,
				    s->error);
}

static int write_and_send(struct h8l_network *network, enum hw_context_type type,
			  unsigned int context, int (*write)(struct writer *w),
			  struct h8l_error *error)
{
	struct sender sender = { network, type, error };
	struct writer w = {
		.network = network,
		.error = error,
		.context = context,
		.links = &network->contexts[context],
	};
	int err = write(&w);

	if (!err && w.list.failed)
		err = fail_memory(error, "action lists");
	if (!err && device_has_old_firmware(network->device))
		err = old_actions(network->device, &w.list, error);
	err = err ?: actions_serialise(&w.list, type != HW_CONTEXT_ACTIVATION, send_chunk, &sender);
	actions_free(&w.list);
	return err;
}

static int send_header(struct h8l_network *network, struct h8l_error *error)
{
	const struct hef_features *features = &network->hef->features;
	const struct hef_variant *v = network->variant;
	uint32_t page = network->device->identity.max_page_size;
	struct hw_app_header header = {
		.dynamic_contexts = htole16((uint16_t)v->context_count),
		.preliminary_run_asap = features->run_asap,
		.batch_register_config = features->batch_register_config,
		.can_fast_batch_switch = v->can_fast_batch_switch,
		.networks = (uint8_t)v->network_count,
		.csm_buffer_size = htole16((uint16_t)(page < CONFIG_PAGE_SIZE ? page :
									CONFIG_PAGE_SIZE)),
		.batch_size = htole16((uint16_t)network->batch_size),
		.config_channels = (uint8_t)v->config_channels,
	};

	for (uint8_t i = 0; i < v->config_channels; i++)
		header.config_channel[i] = i;
	return control_application_header(network->device, &header, error);
}

static int flush_configs(struct h8l_network *network, struct h8l_error *error)
{
	int err = config_flush(network->device, &network->preliminary_config, error);

	for (unsigned int i = 0; i < network->variant->context_count && !err; i++)
		err = config_flush(network->device, &network->context_configs[i], error);
	return err;
}

int contexts_send(struct h8l_network *network, struct h8l_error *error)
{
	int err = send_header(network, error) ?:
		  write_and_send(network, HW_CONTEXT_ACTIVATION, 0, write_activation, error) ?:
		  write_and_send(network, HW_CONTEXT_BATCH_SWITCHING, 0, write_batch_switching,
				 error) ?:
		  write_and_send(network, HW_CONTEXT_PRELIMINARY, 0, write_preliminary, error);

	for (unsigned int i = 0; i < network->variant->context_count && !err; i++)
		err = write_and_send(network, HW_CONTEXT_DYNAMIC, i, write_dynamic, error);
	return err ?: flush_configs(network, error);
}
