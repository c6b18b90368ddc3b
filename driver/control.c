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

static struct h8l_list *list_at(struct h8l_file *f, u64 bus)
{
	struct h8l_list *list;

	list_for_each_entry(list, &f->lists, node)
		if (list->bus == bus)
			return list;
	return NULL;
}

/* The chip is going to walk this list: it must be the caller's, as it is. */
static int check_buffer(struct h8l_file *f, const struct h8l_step *step)
{
	const struct hw_host_buffer *buf = step->buf;
	bool written = HW_CHANNEL_OF(step->channel) >= HW_VDMA_FIRST_D2H;
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
	list->named = true;
	list->written |= written;
	list->firmware_driven |= step->firmware_driven;
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

static int check_step(struct h8l_file *f, const struct h8l_step *step)
{
	if (step->type == HW_ACTION_WRITE_DATA_BY_TYPE)
		return check_write(step->body);
	return step->buf ? check_buffer(f, step) : 0;
}

static int check_context(struct h8l_file *f, const u8 *data, u32 len)
{
	struct h8l_step step;
	struct h8l_walk walk;
	int err = h8l_context_begin(&walk, &f->block, data, len, f->h->core_minor);

	if (err)
		return err;
	mutex_lock(&f->lock);
	do {
		err = h8l_context_next(&walk, &step);
		if (err <= 0)
			break;
		err = check_step(f, &step);
	} while (!err);
	mutex_unlock(&f->lock);
	return err;
}

/* Another way to give firmware a list, for chips with memory of their own */
static int check_header(const struct h8l_device *h, const u8 *data, u32 len)
{
	const struct hw_ctrl_request *head = (const void *)data;
	const __be32 *size = (const void *)(head + 1);
	const struct hw_app_header *header = (const void *)(size + 1);
	const struct hw_old_app_header *old = (const void *)header;
	bool is_old = h->core_minor < H8L_NEW_LAYOUT;
	u32 want = is_old ? sizeof(*old) : sizeof(*header);

	if (len != sizeof(*head) + sizeof(*size) + want || be32_to_cpu(*size) != want)
		return -EINVAL;
	if (be32_to_cpu(head->param_count) != 1 || head->sequence)
		return -EINVAL;
	return (is_old ? old->external_action_list : header->external_action_list) ? -EPERM : 0;
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

/* Is read in the way of the firmware's version: h8l_device.core_minor */
bool h8l_control_has_layout(u32 op)
{
	return op == HW_OP_SET_NETWORK_GROUP_HEADER || op == HW_OP_SET_CONTEXT_INFO;
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

static int check_contents(struct h8l_file *f, u32 op, const u8 *data, u32 len)
{
	int err;

	if (!h8l_control_has_layout(op))
		return 0;
	/* No telling what this firmware would read */
	if (!f->h->core_minor)
		return -EOPNOTSUPP;
	if (op == HW_OP_SET_NETWORK_GROUP_HEADER)
		return check_header(f->h, data, len);
	err = check_context(f, data, len);
	/* Until firmware says that it took it */
	f->block.lost = true;
	return err;
}

/*
 * From before the lists are looked at, none of them is freed: another thread
 * may be releasing one.
 */
static int check_start(struct h8l_file *f, u32 op, const u8 *data, u32 len)
{
	struct h8l_device *h = f->h;
	bool known = h->lists_known, active = h->dma_active;
	int err;

	h8l_dma_begins(h, op == HW_OP_SET_CONTEXT_INFO);
	err = check_contents(f, op, data, len) ?: h8l_share_take(f, H8L_CLAIM_NETWORKS);
	if (!err) {
		WRITE_ONCE(h->configured_by, f);
		return 0;
	}
	if (!known)
		h8l_lists_forgotten(h);
	if (!active)
		h8l_dma_ended(h);
	return err;
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
 * only clearing helps; -EINVAL for a context that cannot be understood;
 * -EOPNOTSUPP for one to firmware of a version that is not known here.
 */
int h8l_control_check(struct h8l_file *f, u32 op, const u8 *data, u32 len)
{
	struct h8l_device *h = f->h;

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
	return starts_dma(op, data, len) ? check_start(f, op, data, len) : 0;
}

/* Firmware did what this file asked it for. Inside the mailbox lock. */
void h8l_control_taken(struct h8l_file *f, u32 op)
{
	if (op == HW_OP_SET_CONTEXT_INFO)
		f->block.lost = false;
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
		WRITE_ONCE(h->stale_networks, false);
	}
}
