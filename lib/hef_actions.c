// SPDX-License-Identifier: MIT
/*
 * Operations of a HEF (a trigger, then actions) become one flat list; values
 * are checked to fit what the firmware takes. Reference hef.md section 6.
 */
#include <endian.h>
#include <inttypes.h>
#include <string.h>

#include "hef_metadata.h"

#define SLEEP_MIN_US 1000

static void set_body(struct hef_action *action, uint8_t type, const void *body, size_t size)
{
	action->type = type;
	action->size = (uint8_t)size;
	if (size)
		memcpy(action->body, body, size);
}

static int set_byte(struct hef_parser *p, struct hef_action *action, uint8_t type,
		    const char *field, uint32_t value)
{
	uint8_t byte = (uint8_t)value;

	set_body(action, type, &byte, 1);
	return hef_check_max(p, field, value, UINT8_MAX);
}

/* The firmware packs cluster and unit into one byte */
static int lcu_id(struct hef_parser *p, uint32_t cluster, uint32_t lcu, uint8_t *id)
{
	*id = (uint8_t)HW_LCU_ID(cluster, lcu);
	return hef_check_max(p, "cluster index", cluster, 7) ?:
	       hef_check_max(p, "LCU index", lcu, 15);
}

static int network_index(struct hef_parser *p, uint32_t value, uint8_t *index)
{
	*index = p->hef->features.multi_network ? (uint8_t)value : 0;
	if (!p->hef->features.multi_network)
		return 0;
	return hef_check_max(p, "network index", value, p->network_count - 1);
}

static int trigger_nms(struct hef_parser *p, const Hef__TriggerNms *t, struct hef_action *action)
{
	struct hw_wait_nms body = {
		.aggregator = (uint8_t)t->aggregator,
		.pred_ob = (uint8_t)t->pred_ob,
		.pred_ob_cluster = (uint8_t)t->pred_ob_cluster,
		.pred_ob_interface = (uint8_t)t->pred_ob_interface,
		.succ_ob = (uint8_t)t->succ_ob,
		.succ_ob_interface = (uint8_t)t->succ_ob_interface,
	};
	uint32_t all = t->aggregator | t->pred_ob | t->pred_ob_cluster | t->pred_ob_interface |
		       t->succ_ob | t->succ_ob_interface;

	set_body(action, HW_ACTION_WAIT_NMS, &body, sizeof(body));
	return hef_check_max(p, "NMS trigger index", all, UINT8_MAX);
}

static int trigger_stream(struct hef_parser *p, uint8_t type, uint32_t stream,
			  struct hef_action *action)
{
	action->type = type;
	action->stream = (uint8_t)stream;
	return hef_check_max(p, "trigger stream", stream, UINT8_MAX);
}

static int trigger_lcu(struct hef_parser *p, const Hef__TriggerLcu *t, struct hef_action *action)
{
	uint8_t id;
	int err = lcu_id(p, t->cluster, t->lcu, &id);

	set_body(action, HW_ACTION_WAIT_LCU, &id, 1);
	return err;
}

static int parse_trigger(struct hef_parser *p, const Hef__Trigger *t, struct hef_action *action)
{
	if (!t)
		return hef_invalid(p, "an operation has no trigger");
	switch (t->body_case) {
	case HEF__TRIGGER__BODY_LCU:
		return trigger_lcu(p, t->lcu, action);
	case HEF__TRIGGER__BODY_NONE:
		action->type = HEF_ACTION_NONE;
		return 0;
	case HEF__TRIGGER__BODY_OUTPUT_SENT:
		return trigger_stream(p, HW_ACTION_WAIT_OUTPUT_DONE, t->output_sent->stream,
				      action);
	case HEF__TRIGGER__BODY_DMA_IDLE:
		return trigger_stream(p, HW_ACTION_WAIT_DMA_IDLE, t->dma_idle->stream, action);
	case HEF__TRIGGER__BODY_NMS:
		return trigger_nms(p, t->nms, action);
	case HEF__TRIGGER__BODY_INPUT_RECEIVED:
		return hef_invalid(p, "the trigger \"all data was received\" exists on no chip");
	default:
		return hef_invalid(p, "unknown trigger");
	}
}

static int check_ccw(struct hef_parser *p, const struct hef_ccw *ccw)
{
	if (!ccw->size)
		return hef_invalid(p, "empty configuration words");
	return hef_check_max(p, "config channel", ccw->channel, p->config_channels - 1);
}

#define PREFIX		16
#define TRIES		4

/* The words are a few bytes behind those before: the place is found by how they
 * begin. Gives up soon, so that nobody can make this slow.
 */
static const uint8_t *find_near(const uint8_t *from, const uint8_t *end,
				const ProtobufCBinaryData *data)
{
	size_t prefix = data->len < PREFIX ? data->len : PREFIX;

	for (int i = 0; i < TRIES; i++) {
		from = memmem(from, (size_t)(end - from), data->data, prefix);
		if (!from || data->len > (size_t)(end - from))
			return NULL;
		if (!memcmp(from, data->data, data->len))
			return from;
		from++;
	}
	return NULL;
}

/* The decoder gives a copy, which soon goes; the original is in the file. Where
 * it is not found at once, a copy is kept.
 */
static const uint8_t *keep_words(struct hef_parser *p, const ProtobufCBinaryData *data)
{
	const struct hef_container *file = &p->hef->container;
	const uint8_t *end = file->metadata + file->metadata_size;
	const uint8_t *words = find_near(p->words_at, end, data);
	uint8_t *copy;

	if (words) {
		p->words_at = words + data->len;
		return words;
	}
	copy = arena_alloc_raw(p->arena, data->len);
	return copy ? memcpy(copy, data->data, data->len) : NULL;
}

static int ccw_inline(struct hef_parser *p, const Hef__Ccw *c, struct hef_action *action)
{
	const uint8_t *words = NULL;

	if (p->hef->container.version != 0)
		return hef_invalid(p, "configuration words inside the metadata, "
				   "which only container version 0 has");
	action->type = HEF_ACTION_CCW;
	if (c->data.len) {
		words = keep_words(p, &c->data);
		if (!words)
			return hef_no_memory(p);
	}
	action->ccw = (struct hef_ccw){ words, (uint32_t)c->data.len, (uint8_t)c->channel };
	return hef_check_max(p, "config channel", c->channel, UINT8_MAX) ?:
	       check_ccw(p, &action->ccw);
}

static int ccw_pointer(struct hef_parser *p, const Hef__CcwPointer *c, struct hef_action *action)
{
	const struct hef_container *file = &p->hef->container;

	if (file->version == 0)
		return hef_invalid(p, "a pointer to configuration words, "
				   "which container version 0 does not have");
	if (c->size > file->config_size || c->offset > file->config_size - c->size)
		return hef_invalid(p, "configuration words at %" PRIu64 ", %" PRIu32
				   " bytes, lie outside the file", c->offset, c->size);
	action->type = HEF_ACTION_CCW;
	action->ccw = (struct hef_ccw){ file->config + c->offset, c->size, (uint8_t)c->channel };
	return hef_check_max(p, "config channel", c->channel, UINT8_MAX) ?:
	       check_ccw(p, &action->ccw);
}

/* Cut and offset of the L3 memory, in the new form or the old bit field */
static int initial_l3(struct hef_parser *p, const Hef__EnableSequencer *s,
		      struct hw_trigger_sequencer *body)
{
	uint32_t cut = s->initial_l3_legacy & 0x7f;
	uint32_t offset = (s->initial_l3_legacy >> 7 & 0xfff) * 8;

	if (s->initial_l3 && s->initial_l3->valid) {
		cut = s->initial_l3->cut;
		offset = s->initial_l3->offset;
	}
	body->l3_cut = (uint8_t)cut;
	body->l3_offset = htole16((uint16_t)offset);
	return hef_check_max(p, "L3 cut", cut, UINT8_MAX) ?:
	       hef_check_max(p, "L3 offset", offset, UINT16_MAX);
}

static int enable_sequencer(struct hef_parser *p, const Hef__EnableSequencer *s,
			    struct hef_action *action)
{
	struct hw_trigger_sequencer body = {
		.cluster = (uint8_t)s->cluster,
		.apu = htole32(s->active_apu),
		.ia = htole32(s->active_ia),
		.sc = htole64(s->active_sc),
		.l2 = htole64(s->active_l2),
		.l2_offset_0 = htole64(s->l2_write_0 | (uint64_t)s->l2_write_1 << 32),
		.l2_offset_1 = htole64(s->l2_write_2 | (uint64_t)s->l2_write_3 << 32),
	};
	int err = initial_l3(p, s, &body);

	set_body(action, HW_ACTION_TRIGGER_SEQUENCER, &body, sizeof(body));
	return err ?: hef_check_max(p, "cluster index", s->cluster, UINT8_MAX);
}

static int disable_lcu(struct hef_parser *p, const Hef__Lcu *l, struct hef_action *action)
{
	uint8_t id;
	int err = lcu_id(p, l->cluster, l->lcu, &id);

	set_body(action, HW_ACTION_DISABLE_LCU, &id, 1);
	return err;
}

/* The common case has a short form, reference configure-and-run.md 10.1 */
#define DEFAULT_KERNEL_ADDRESS	1
#define DEFAULT_KERNEL_COUNT	2

static int enable_lcu(struct hef_parser *p, const Hef__EnableLcu *l, struct hef_action *action)
{
	struct hw_enable_lcu body = {
		.kernel_done_address = htole16((uint16_t)l->kernel_done_address),
		.kernel_done_count = htole32(l->kernel_done_count),
	};
	bool is_default = l->kernel_done_address == DEFAULT_KERNEL_ADDRESS &&
			  l->kernel_done_count == DEFAULT_KERNEL_COUNT;
	int err = lcu_id(p, l->cluster, l->lcu, &body.lcu) ?:
		  network_index(p, l->network, &body.network);

	set_body(action, is_default ? HW_ACTION_ENABLE_LCU_DEFAULT : HW_ACTION_ENABLE_LCU, &body,
		 is_default ? sizeof(struct hw_enable_lcu_default) : sizeof(body));
	return err ?: hef_check_max(p, "kernel done address", l->kernel_done_address, UINT16_MAX);
}

static int switch_lcu_batch(struct hef_parser *p, const Hef__SwitchLcuBatch *l,
			    struct hef_action *action)
{
	struct hw_switch_lcu_batch body = { 0 };
	int err = lcu_id(p, l->cluster, l->lcu, &body.lcu) ?:
		  network_index(p, l->network, &body.network);

	set_body(action, HW_ACTION_SWITCH_LCU_BATCH, &body, sizeof(body));
	return err;
}

static int allow_input(struct hef_parser *p, const Hef__AllowInput *a, struct hef_action *action)
{
	action->type = HEF_ACTION_ALLOW_INPUT;
	action->stream = (uint8_t)a->stream;
	return hef_check_max(p, "input stream", a->stream, UINT8_MAX);
}

static int debug_action(struct hef_parser *p, const Hef__Debug *d, struct hef_action *action)
{
	uint32_t us;

	if (d->body_case == HEF__DEBUG__BODY_HALT) {
		set_body(action, HW_ACTION_HALT, NULL, 0);
		return 0;
	}
	if (d->body_case != HEF__DEBUG__BODY_SLEEP)
		return hef_invalid(p, "a debug action that neither sleeps nor halts");
	if (d->sleep->microseconds < SLEEP_MIN_US)
		return hef_invalid(p, "a sleep of less than %d microseconds", SLEEP_MIN_US);
	us = d->sleep->microseconds > UINT32_MAX ? UINT32_MAX : (uint32_t)d->sleep->microseconds;
	us = htole32(us);
	set_body(action, HW_ACTION_SLEEP, &us, sizeof(us));
	return 0;
}

static int enable_nms(struct hef_parser *p, const Hef__EnableNms *n, struct hef_action *action)
{
	struct hw_enable_nms body = {
		.unit = (uint8_t)n->unit,
		.classes = htole16((uint16_t)n->classes),
		.burst = htole16((uint16_t)n->burst),
		.division_factor = n->division_factor ? (uint8_t)n->division_factor : 1,
	};
	int err = network_index(p, n->network, &body.network);

	if (!n->classes || !n->burst)
		return hef_invalid(p, "NMS with no classes or a burst of 0");
	set_body(action, HW_ACTION_ENABLE_NMS, &body, sizeof(body));
	return err ?: hef_check_max(p, "NMS unit", n->unit, UINT8_MAX) ?:
	       hef_check_max(p, "NMS division factor", n->division_factor, UINT8_MAX);
}

static int write_by_type(struct hef_parser *p, const Hef__WriteDataByType *w,
			 struct hef_action *action)
{
	struct hw_write_data_by_type body = {
		.address = htole32((uint32_t)w->address),
		.data_type = (uint8_t)w->source,
		.shift = (uint8_t)w->shift,
		.mask = htole32(w->mask),
	};
	int err = network_index(p, w->network, &body.network);

	if (w->source != HEF__WRITE_DATA_BY_TYPE__SOURCE__LITERAL &&
	    w->source != HEF__WRITE_DATA_BY_TYPE__SOURCE__BATCH_SIZE)
		return hef_invalid(p, "a register write from an unknown source");
	if (w->address % 4)
		return hef_invalid(p, "a register write to an odd address");
	if (w->data.len && w->data.len <= sizeof(body.data))
		memcpy(&body.data, w->data.data, w->data.len);
	set_body(action, HW_ACTION_WRITE_DATA_BY_TYPE, &body, sizeof(body));
	return err ?: hef_check_max(p, "register write size", w->data.len, sizeof(body.data)) ?:
	       hef_check_max(p, "register address", w->address, UINT32_MAX) ?:
	       hef_check_max(p, "register shift", w->shift, UINT8_MAX);
}

static int parse_action(struct hef_parser *p, const Hef__Action *a, struct hef_action *action)
{
	switch (a->body_case) {
	case HEF__ACTION__BODY_CCW:
		return ccw_inline(p, a->ccw, action);
	case HEF__ACTION__BODY_CCW_POINTER:
		return ccw_pointer(p, a->ccw_pointer, action);
	case HEF__ACTION__BODY_ENABLE_SEQUENCER:
		return enable_sequencer(p, a->enable_sequencer, action);
	case HEF__ACTION__BODY_WAIT_SEQUENCER:
		return set_byte(p, action, HW_ACTION_WAIT_SEQUENCER, "sequencer",
				a->wait_sequencer->cluster);
	case HEF__ACTION__BODY_DISABLE_LCU:
		return disable_lcu(p, a->disable_lcu, action);
	case HEF__ACTION__BODY_ENABLE_LCU:
		return enable_lcu(p, a->enable_lcu, action);
	case HEF__ACTION__BODY_SWITCH_LCU_BATCH:
		return switch_lcu_batch(p, a->switch_lcu_batch, action);
	case HEF__ACTION__BODY_NONE:
		action->type = HEF_ACTION_NONE;
		return 0;
	case HEF__ACTION__BODY_ALLOW_INPUT:
		return allow_input(p, a->allow_input, action);
	case HEF__ACTION__BODY_WAIT_MODULE:
		return set_byte(p, action, HW_ACTION_WAIT_MODULE_CONFIG, "module",
				a->wait_module->module);
	case HEF__ACTION__BODY_DEBUG:
		return debug_action(p, a->debug, action);
	case HEF__ACTION__BODY_ENABLE_NMS:
		return enable_nms(p, a->enable_nms, action);
	case HEF__ACTION__BODY_WRITE_BY_TYPE:
		return write_by_type(p, a->write_by_type, action);
	case HEF__ACTION__BODY_WRITE_DATA:
	case HEF__ACTION__BODY_WRITE_COMPRESSED:
		return hef_invalid(p, "a write that works only over Ethernet");
	default:
		return hef_invalid(p, "unknown action");
	}
}

static bool is_batch_write(const Hef__Action *a)
{
	return a->body_case == HEF__ACTION__BODY_WRITE_BY_TYPE &&
	       a->write_by_type->source == HEF__WRITE_DATA_BY_TYPE__SOURCE__BATCH_SIZE;
}

static int parse_operation(struct hef_parser *p, const Hef__Operation *o,
			   struct hef_action_list *list)
{
	int err = parse_trigger(p, o->trigger, &list->items[list->count++]);

	for (size_t i = 0; i < o->n_actions && !err; i++) {
		err = parse_action(p, o->actions[i], &list->items[list->count++]);
		list->writes_batch_size |= is_batch_write(o->actions[i]);
	}
	return err;
}

int hef_parse_operations(struct hef_parser *p, Hef__Operation *const *operations, size_t count,
			 struct hef_action_list *list)
{
	size_t total = 0;
	int err = 0;

	for (size_t i = 0; i < count; i++)
		total += 1 + operations[i]->n_actions;
	*list = (struct hef_action_list){ 0 };
	list->items = arena_array(p->arena, total, sizeof(*list->items));
	if (!list->items)
		return hef_no_memory(p);
	for (size_t i = 0; i < count && !err; i++)
		err = parse_operation(p, operations[i], list);
	return err;
}
