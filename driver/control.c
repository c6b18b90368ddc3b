// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a control may ask firmware for.
 *
 * Controls are between user space and firmware, but some of them tell the
 * chip where to read and write host memory, or disturb the network of
 * somebody else. Here: whose networks firmware knows; that lists named in
 * them are the caller's own; and that raw access to the chip is for those who
 * could have it anyway. An action may write to registers of the chip
 * (WRITE_DATA_BY_TYPE, which network files use for the neural core): not where
 * firmware and the way to the host are known to be. The rest of the chip's
 * map is unknown, so that only an IOMMU makes it safe.
 */
#include <linux/capability.h>

#include "hailo8l.h"
#include "hw/boot.h"
#include "hw/context.h"
#include "hw/control.h"

#define NO_BUFFER	0xff

/* Size of each action's body, and where it has a channel and a host buffer. */
struct shape {
	u8 size;
	u8 channel;
	u8 buffer;
	bool firmware_driven;
};

#define PLAIN(bytes)	{ .size = (bytes), .buffer = NO_BUFFER }
#define BUFFER(type, driven) {				\
	.size = sizeof(struct type),			\
	.channel = offsetof(struct type, channel),	\
	.buffer = offsetof(struct type, buf),		\
	.firmware_driven = driven,			\
}

static const struct shape shapes[HW_ACTION_COUNT] = {
	[HW_ACTION_FETCH_CFG_DESCS] = PLAIN(sizeof(struct hw_fetch_cfg_descs)),
	[HW_ACTION_TRIGGER_SEQUENCER] = PLAIN(sizeof(struct hw_trigger_sequencer)),
	[HW_ACTION_FETCH_DATA] = PLAIN(sizeof(struct hw_fetch_data)),
	[HW_ACTION_ENABLE_LCU_DEFAULT] = PLAIN(sizeof(struct hw_enable_lcu_default)),
	[HW_ACTION_ENABLE_LCU] = PLAIN(sizeof(struct hw_enable_lcu)),
	[HW_ACTION_DISABLE_LCU] = PLAIN(1),
	[HW_ACTION_ACTIVATE_BOUNDARY_INPUT] = BUFFER(hw_activate_boundary_input, false),
	[HW_ACTION_ACTIVATE_BOUNDARY_OUTPUT] = BUFFER(hw_activate_output, false),
	[HW_ACTION_ACTIVATE_INTER_INPUT] = BUFFER(hw_activate_inter_input, true),
	[HW_ACTION_ACTIVATE_INTER_OUTPUT] = BUFFER(hw_activate_output, true),
	[HW_ACTION_ACTIVATE_DDR_INPUT] = BUFFER(hw_activate_ddr_input, true),
	[HW_ACTION_ACTIVATE_DDR_OUTPUT] = BUFFER(hw_activate_ddr_output, true),
	[HW_ACTION_DEACTIVATE_CHANNEL] = PLAIN(sizeof(struct hw_deactivate_channel)),
	[HW_ACTION_CHANGE_STREAM_MAPPING] = PLAIN(sizeof(struct hw_change_stream_mapping)),
	[HW_ACTION_ADD_DDR_PAIR] = PLAIN(sizeof(struct hw_add_ddr_pair)),
	[HW_ACTION_DDR_BUFFERING_START] = PLAIN(0),
	[HW_ACTION_WAIT_LCU] = PLAIN(1),
	[HW_ACTION_WAIT_SEQUENCER] = PLAIN(1),
	[HW_ACTION_WAIT_INPUT_DONE] = PLAIN(sizeof(struct hw_wait_transfer_done)),
	[HW_ACTION_WAIT_OUTPUT_DONE] = PLAIN(sizeof(struct hw_wait_transfer_done)),
	[HW_ACTION_WAIT_MODULE_CONFIG] = PLAIN(1),
	[HW_ACTION_WAIT_APP_CHANGE] = PLAIN(0),
	[HW_ACTION_ACTIVATE_CFG_CHANNEL] = BUFFER(hw_activate_cfg_channel, true),
	[HW_ACTION_DEACTIVATE_CFG_CHANNEL] = PLAIN(sizeof(struct hw_deactivate_cfg_channel)),
	[HW_ACTION_WAIT_DMA_IDLE] = PLAIN(sizeof(struct hw_wait_dma_idle)),
	[HW_ACTION_WAIT_NMS] = PLAIN(sizeof(struct hw_wait_nms)),
	[HW_ACTION_FETCH_CCW_BURSTS] = PLAIN(3),
	[HW_ACTION_VALIDATE_CHANNEL] = PLAIN(sizeof(struct hw_deactivate_channel)),
	[HW_ACTION_BURST_CREDITS_START] = PLAIN(0),
	[HW_ACTION_BURST_CREDITS_RESET] = PLAIN(0),
	[HW_ACTION_DDR_BUFFERING_RESET] = PLAIN(0),
	[HW_ACTION_OPEN_BOUNDARY_INPUT] = BUFFER(hw_open_boundary_input, false),
	[HW_ACTION_OPEN_BOUNDARY_OUTPUT] = BUFFER(hw_open_boundary_output, false),
	[HW_ACTION_ENABLE_NMS] = PLAIN(sizeof(struct hw_enable_nms)),
	[HW_ACTION_WRITE_DATA_BY_TYPE] = PLAIN(sizeof(struct hw_write_data_by_type)),
	[HW_ACTION_SWITCH_LCU_BATCH] = PLAIN(sizeof(struct hw_switch_lcu_batch)),
	[HW_ACTION_CHANGE_INPUT_BATCH] = PLAIN(1),
	[HW_ACTION_PAUSE_CHANNEL] = PLAIN(sizeof(struct hw_channel_direction)),
	[HW_ACTION_RESUME_CHANNEL] = PLAIN(sizeof(struct hw_channel_direction)),
	[HW_ACTION_ACTIVATE_CACHE_INPUT] = BUFFER(hw_activate_inter_input, true),
	[HW_ACTION_ACTIVATE_CACHE_OUTPUT] = BUFFER(hw_activate_cache_output, true),
	[HW_ACTION_WAIT_CACHE_UPDATED] = PLAIN(0),
	[HW_ACTION_SLEEP] = PLAIN(4),
	[HW_ACTION_HALT] = PLAIN(0),
};

static struct h8l_list *list_at(struct h8l_file *f, u64 bus)
{
	struct h8l_list *list;

	list_for_each_entry(list, &f->lists, node)
		if (list->bus == bus)
			return list;
	return NULL;
}

/* The chip is going to walk this list: it must be the caller's, as it is. */
static int check_buffer(struct h8l_file *f, const struct shape *shape, const u8 *body)
{
	const struct hw_host_buffer *buf = (const void *)body + shape->buffer;
	bool written = HW_CHANNEL_OF(body[shape->channel]) >= HW_VDMA_FIRST_D2H;
	struct h8l_list *list;

	/* Type 1 has no list but one stretch of memory; only tools measure so. */
	if (buf->type)
		return capable(CAP_SYS_RAWIO) ? 0 : -EPERM;
	list = list_at(f, le64_to_cpu(buf->dma_address));
	if (!list || le32_to_cpu(buf->desc_count) > list->ring.count ||
	    le16_to_cpu(buf->page_size) != list->ring.page)
		return -EPERM;
	if (written && list->read_only)
		return -EPERM;
	list->written |= written;
	list->firmware_driven |= shape->firmware_driven;
	return 0;
}

/* What no network has to do with: reference hardware.md 5.3 */
static const struct {
	u32 first, last;
} not_for_networks[] = {
	{ HW_BOOT_APP_CODE, HW_BOOT_TRIGGER + 3 },	/* firmware */
	{ HW_ADDR_PCIE_CONFIG, HW_ADDR_PCIE_CONFIG + HW_ATR_WINDOW_SIZE - 1 },
	{ HW_ADDR_MAILBOX, HW_BOOT_FW_CONFIG + HW_BOOT_CONFIG_FILE_MAX - 1 },
};

static int check_write(const u8 *body)
{
	const struct hw_write_data_by_type *write = (const void *)body;
	u64 first = le32_to_cpu(write->address), last = first + sizeof(u32) - 1;
	int i;

	for (i = 0; i < ARRAY_SIZE(not_for_networks); i++)
		if (last >= not_for_networks[i].first && first <= not_for_networks[i].last)
			return capable(CAP_SYS_RAWIO) ? 0 : -EPERM;
	return 0;
}

/* One body; a block of repeated ones may go on in the next message. */
static int check_body(struct h8l_file *f, u8 type, const u8 **at, const u8 *end)
{
	const struct shape *shape = &shapes[type];
	const u8 *body = *at;

	if (shape->size > end - body)
		return -EINVAL;
	*at += shape->size;
	if (type == HW_ACTION_WRITE_DATA_BY_TYPE)
		return check_write(body);
	return shape->buffer == NO_BUFFER ? 0 : check_buffer(f, shape, body);
}

static int begin_block(struct h8l_file *f, const u8 **at, const u8 *end)
{
	const struct hw_repeated *block = (const void *)*at;

	if (sizeof(*block) > end - *at)
		return -EINVAL;
	if (block->type >= HW_ACTION_COUNT || block->type == HW_ACTION_REPEATED)
		return -EINVAL;
	*at += sizeof(*block);
	f->repeat_type = block->type;
	f->repeat_left = block->count;
	return 0;
}

static int check_action(struct h8l_file *f, const u8 **at, const u8 *end)
{
	const struct hw_action *head = (const void *)*at;

	if (f->repeat_left) {
		f->repeat_left--;
		return check_body(f, f->repeat_type, at, end);
	}
	if (sizeof(*head) > end - *at || head->type >= HW_ACTION_COUNT)
		return -EINVAL;
	*at += sizeof(*head);
	if (head->type == HW_ACTION_REPEATED)
		return begin_block(f, at, end);
	return check_body(f, head->type, at, end);
}

/*
 * The frame must be exactly what is parsed here, or firmware could find
 * another list in the message than this driver.
 */
static int check_context(struct h8l_file *f, const u8 *data, u32 len)
{
	const struct hw_ctrl_request *head = (const void *)data;
	const struct hw_context_info *info = (const void *)(head + 1);
	const u8 *at = (const void *)(info + 1), *end = data + len;
	int err = 0;

	if (len < sizeof(*head) + sizeof(*info) || be32_to_cpu(head->param_count) != 4)
		return -EINVAL;
	if (be32_to_cpu(info->first_len) != 1 || be32_to_cpu(info->last_len) != 1 ||
	    be32_to_cpu(info->type_len) != 1 || be32_to_cpu(info->list_len) != end - at)
		return -EINVAL;
	if (info->first)
		f->repeat_left = 0;
	mutex_lock(&f->lock);
	while (at < end && !err)
		err = check_action(f, &at, end);
	mutex_unlock(&f->lock);
	return err;
}

/* Another way to give firmware a list, for chips with memory of their own */
static int check_header(const u8 *data, u32 len)
{
	const struct hw_app_header *header = (const void *)data + HW_CTRL_REQUEST_HEAD + 4;

	if (len < HW_CTRL_REQUEST_HEAD + 4 + sizeof(*header))
		return -EINVAL;
	return header->external_action_list ? -EPERM : 0;
}

/* Raw access to chip and board, and what survives a power cycle */
static bool is_privileged(u32 op)
{
	switch (op) {
	case HW_OP_WRITE_MEMORY:
	case HW_OP_READ_MEMORY:
	case HW_OP_START_FW_UPDATE:
	case HW_OP_WRITE_FW_UPDATE:
	case HW_OP_VALIDATE_FW_UPDATE:
	case HW_OP_FINISH_FW_UPDATE:
	case HW_OP_ERASE_USER_CONFIG:
	case HW_OP_WRITE_USER_CONFIG:
	case HW_OP_WRITE_BOARD_CONFIG:
	case HW_OP_WRITE_SECOND_STAGE:
	case HW_OP_COPY_SECOND_STAGE:
	case HW_OP_ENABLE_DEBUGGING:
	case HW_OP_I2C_WRITE:
		return true;
	default:
		return false;
	}
}

/* Changes what runs on the chip */
static bool drives(u32 op)
{
	switch (op) {
	case HW_OP_RESET:
	case HW_OP_SET_NETWORK_GROUP_HEADER:
	case HW_OP_SET_CONTEXT_INFO:
	case HW_OP_CHANGE_CONTEXT_SWITCH_STATUS:
	case HW_OP_CLEAR_CONFIGURED_APPS:
	case HW_OP_CHANGE_HW_INFER_STATUS:
	case HW_OP_SIGNAL_DRIVER_DOWN:
	case HW_OP_SIGNAL_CACHE_UPDATED:
	case HW_OP_SET_DATAFLOW_INTERRUPT:
	case HW_OP_CONFIG_BREAKPOINT:
	case HW_OP_CONFIG_CORE_TOP:
	case HW_OP_RUN_BIST_TEST:
	case HW_OP_SET_SLEEP_STATE:
		return true;
	default:
		return false;
	}
}

/* After these firmware may start to use lists whenever it likes. */
static bool starts_dma(u32 op, const u8 *data, u32 len)
{
	const struct hw_change_status *cs = (const void *)data + HW_CTRL_REQUEST_HEAD;

	switch (op) {
	case HW_OP_SET_NETWORK_GROUP_HEADER:
	case HW_OP_SET_CONTEXT_INFO:
	case HW_OP_CHANGE_HW_INFER_STATUS:
		return true;
	case HW_OP_CHANGE_CONTEXT_SWITCH_STATUS:
		return len < HW_CTRL_REQUEST_HEAD + sizeof(*cs) || cs->state != HW_CS_RESET;
	default:
		return false;
	}
}

/* Requests that say nothing about channels; all others may stop some. */
bool h8l_control_harmless(u32 op)
{
	switch (op) {
	case HW_OP_IDENTIFY:
	case HW_OP_CORE_IDENTIFY:
	case HW_OP_POWER_MEASUREMENT:
	case HW_OP_IDLE_TIME_GET:
	case HW_OP_GET_CHIP_TEMPERATURE:
	case HW_OP_GET_DEVICE_INFORMATION:
	case HW_OP_GET_HEALTH_INFORMATION:
	case HW_OP_GET_THROTTLING_STATE:
	case HW_OP_GET_OVERCURRENT_STATE:
	case HW_OP_GET_HW_CONSTS:
		return true;
	default:
		return false;
	}
}

/**
 * h8l_control_turn() - wait until this file may send this request
 * @f: file
 * @op: opcode
 *
 * Context: outside the gate.
 * Return: 0, or why waiting ended otherwise.
 */
int h8l_control_turn(struct h8l_file *f, u32 op)
{
	return drives(op) ? h8l_share_turn(f) : 0;
}

/**
 * h8l_control_check() - may this file send this request?
 * @f: file
 * @op: opcode
 * @data: message
 * @len: its length
 *
 * Context: inside the gate and the mailbox lock.
 * Return: 0; -ENODEV, once, for a file that goes on with networks which
 * firmware lost in a reset; -EPERM for what is not the caller's; -EBUSY while somebody else's
 * networks are on the chip; -EIO while networks of a dead program are, which
 * only clearing helps; -EINVAL for a context that cannot be understood.
 */
int h8l_control_check(struct h8l_file *f, u32 op, const u8 *data, u32 len)
{
	struct h8l_device *h = f->h;
	int err = 0;

	if (is_privileged(op) && !capable(CAP_SYS_RAWIO))
		return -EPERM;
	if (drives(op) && h8l_share_busy(f))
		return -EBUSY;
	if (starts_dma(op, data, len) && f->stale) {
		f->stale = false;
		return -ENODEV;
	}
	if (starts_dma(op, data, len) && h->stale_networks)
		return -EIO;
	/* Starts over by itself. */
	if (drives(op))
		f->stale = false;
	if (op == HW_OP_SET_CONTEXT_INFO)
		err = check_context(f, data, len);
	else if (op == HW_OP_SET_NETWORK_GROUP_HEADER)
		err = check_header(data, len);
	if (err)
		return err;
	if (starts_dma(op, data, len)) {
		err = h8l_share_take(f, H8L_CLAIM_NETWORKS);
		if (err)
			return err;
		h->configured_by = f;
		h8l_dma_begins(h);
	}
	return 0;
}

/**
 * h8l_control_done() - a request was answered, or given up
 * @h: device
 * @op: opcode of the request
 * @data: request
 * @len: its length
 * @success: firmware did what it was asked for
 *
 * Context: inside the gate and the mailbox lock.
 */
void h8l_control_done(struct h8l_device *h, u32 op, const u8 *data, u32 len, bool success)
{
	if (!h8l_control_harmless(op))
		h8l_vdma_doubt(h);
	if (!success)
		return;
	if (op == HW_OP_CHANGE_CONTEXT_SWITCH_STATUS && !starts_dma(op, data, len))
		h8l_dma_ended(h);
	if (op == HW_OP_CLEAR_CONFIGURED_APPS) {
		h8l_share_networks_gone(h);
		h->stale_networks = false;
	}
}
