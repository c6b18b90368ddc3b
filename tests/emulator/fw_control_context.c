// SPDX-License-Identifier: MIT
/*
 * Context switching as the host controls it. Layouts: reference
 * firmware-control.md 2.7 and 3; statuses are inferred from their names.
 */
#include "tests/emulator/fw.h"

#define DOWNLOAD_MAX	1439		/* list bytes per answer */
#define LIST_BASE	0x20000000u	/* where the host is told that lists lie */

enum { BREAKPOINT_SET, BREAKPOINT_CONTINUE, BREAKPOINT_CLEAR };
enum { STATUS_CLEARED, STATUS_WAITING, STATUS_REACHED };

static uint32_t set_header(struct fw *fw, const struct fw_args *args, struct fw_reply *reply)
{
	uint32_t wanted = fw_is_old(fw) ? sizeof(struct hw_old_app_header) :
					  sizeof(struct hw_app_header);
	struct hw_app_header header;

	(void)reply;
	if (args->param[0].len != wanted)
		return HW_STATUS_APP_HEADER_LENGTH;
	if (fw_is_old(fw) && !fw_old_batches(args->param[0].data))
		return FW_CS_BATCH_SIZE;
	if (fw_is_old(fw))
		header = fw_old_header(args->param[0].data);
	else
		memcpy(&header, args->param[0].data, sizeof(header));
	return fw_app_add(fw, &header);
}

static uint32_t set_context(struct fw *fw, const struct fw_args *args, struct fw_reply *reply)
{
	(void)reply;
	return fw_app_chunk(fw, fw_u8(args, 0), fw_u8(args, 1), fw_u8(args, 2),
			    args->param[3].data, args->param[3].len);
}

static uint32_t clear_apps(struct fw *fw, const struct fw_args *args, struct fw_reply *reply)
{
	(void)args;
	(void)reply;
	if (fw->cs.phase != FW_CS_IDLE)
		return HW_STATUS_CS_CLEAR_WHILE_ACTIVE;
	fw_apps_clear(fw);
	return 0;
}

static uint32_t change_status(struct fw *fw, const struct fw_args *args, struct fw_reply *reply)
{
	(void)reply;
	switch (fw_u8(args, 0)) {
	case HW_CS_RESET:
		if (fw_u8(args, 1) != HW_CS_NO_APPLICATION)
			return HW_STATUS_CS_INVALID_APPLICATION;
		fw_cs_reset(fw);
		return 0;
	case HW_CS_ENABLED:
		return fw_cs_enable(fw, fw_u8(args, 1), fw_le16(args, 2), fw_le16(args, 3));
	default:			/* PAUSED: what it means is unknown */
		return FW_CS_BAD_STATE;
	}
}

static uint32_t main_header(struct fw *fw, const struct fw_args *args, struct fw_reply *reply)
{
	struct {
		uint8_t count;
		struct hw_app_header header[HW_MAX_APPLICATIONS];
	} __attribute__((packed)) table = { .count = fw->app_count };
	unsigned int i;

	(void)args;
	if (fw_is_old(fw))
		return HW_STATUS_UNSUPPORTED_OPCODE;
	for (i = 0; i < fw->app_count; i++)
		table.header[i] = fw->apps[i].header;
	fw_reply_bytes(reply, &table, sizeof(table));
	return 0;
}

static uint32_t download_list(struct fw *fw, const struct fw_args *args, struct fw_reply *reply)
{
	struct fw_app *app = fw_app_get(fw, fw_be32(args, 0));
	uint16_t offset = fw_be16(args, 3);
	struct fw_list *list;
	uint32_t len;

	if (fw_is_old(fw))
		return HW_STATUS_UNSUPPORTED_OPCODE;
	if (!app)
		return HW_STATUS_CS_INVALID_APPLICATION;
	list = fw_app_context(app, fw_u8(args, 1), fw_le16(args, 2));
	if (!list || !list->complete)
		return FW_CS_CONTEXT_INDEX;
	if (offset >= list->len)
		return FW_CS_LIST_OFFSET;
	len = list->len - offset;
	if (len > DOWNLOAD_MAX)
		len = DOWNLOAD_MAX;
	fw_reply_be32(reply, LIST_BASE + (list - app->contexts) * 0x1000u);
	fw_reply_u8(reply, offset + len == list->len);
	fw_reply_be32(reply, fw->cs.batches);
	fw_reply_be32(reply, 0);		/* idle time */
	fw_reply_bytes(reply, list->bytes + offset, len);
	return 0;
}

static uint32_t set_breakpoint(struct fw_breakpoint *bp, const uint8_t *data)
{
	if (bp->status == STATUS_WAITING)
		return FW_CS_BREAKPOINT_BUSY;
	bp->status = STATUS_WAITING;
	bp->passed = false;
	memcpy(bp->data, data, sizeof(bp->data));
	return 0;
}

static uint32_t config_breakpoint(struct fw *fw, const struct fw_args *args,
				  struct fw_reply *reply)
{
	struct fw_breakpoint *bp = &fw->cs.breakpoint;

	(void)reply;
	if (fw_le32(args, 0) != 0)		/* there is one */
		return FW_CS_BREAKPOINT_ID;
	switch (fw_u8(args, 1)) {
	case BREAKPOINT_SET:
		return set_breakpoint(bp, args->param[2].data);
	case BREAKPOINT_CONTINUE:
		if (bp->status != STATUS_REACHED)
			return FW_CS_BREAKPOINT_NOT_REACHED;
		bp->status = STATUS_WAITING;
		bp->passed = true;
		return 0;
	case BREAKPOINT_CLEAR:
		bp->status = STATUS_CLEARED;
		return 0;
	default:
		return FW_CS_BREAKPOINT_CONTROL;
	}
}

static uint32_t breakpoint_status(struct fw *fw, const struct fw_args *args,
				  struct fw_reply *reply)
{
	if (fw_le32(args, 0) != 0)
		return FW_CS_BREAKPOINT_ID;
	fw_reply_u8(reply, fw->cs.breakpoint.status);
	return 0;
}

static uint32_t config_timestamp(struct fw *fw, const struct fw_args *args,
				 struct fw_reply *reply)
{
	(void)reply;
	fw->cs.timestamp_batch = fw_be16(args, 0);
	fw->cs.timestamp = fw_u8(args, 1) != 0;
	return 0;
}

/* Caches do not exist on this chip, so nothing waits for the host's update. */
static uint32_t cache_updated(struct fw *fw, const struct fw_args *args, struct fw_reply *reply)
{
	(void)fw;
	(void)args;
	(void)reply;
	return 0;
}

static const struct fw_param header_params[] = {
	{ sizeof(struct hw_app_header), sizeof(struct hw_old_app_header),
	  HW_STATUS_APP_HEADER_LENGTH },
};
static const struct fw_param context_params[] = {
	{ 1, 1, FW_IS_FIRST_LENGTH }, { 1, 1, FW_IS_LAST_LENGTH },
	{ 1, 1, FW_CONTEXT_TYPE_LENGTH },
	{ 1, HW_CONTEXT_INFO_MAX_LIST, HW_STATUS_CONTEXT_DATA_TOO_LONG },
};
static const struct fw_param status_params[] = {
	{ 1, 1, HW_STATUS_STATE_LENGTH }, { 1, 1, FW_APPLICATION_LENGTH },
	{ 2, 2, FW_DYNAMIC_BATCH_LENGTH }, { 2, 2, FW_BATCH_COUNT_LENGTH },
};
static const struct fw_param download_params[] = {
	{ 4, 4, FW_GROUP_ID_LENGTH }, { 1, 1, FW_CONTEXT_TYPE_LENGTH },
	{ 2, 2, FW_CONTEXT_INDEX_LENGTH }, { 2, 2, FW_LIST_OFFSET_LENGTH },
};
static const struct fw_param breakpoint_params[] = {
	{ 4, 4, FW_BREAKPOINT_ID_LENGTH }, { 1, 1, FW_BREAKPOINT_CONTROL_LENGTH },
	{ 11, 11, FW_BREAKPOINT_DATA_LENGTH },
};
static const struct fw_param timestamp_params[] = {
	{ 2, 2, FW_BATCH_INDEX_LENGTH }, { 1, 1, FW_SHOULD_ENABLE_LENGTH },
};

static const struct fw_control controls[] = {
	{ HW_OP_SET_NETWORK_GROUP_HEADER, 1, 1, header_params, set_header },
	{ HW_OP_SET_CONTEXT_INFO, 1, 4, context_params, set_context },
	{ HW_OP_CLEAR_CONFIGURED_APPS, 1, 0, NULL, clear_apps },
	{ HW_OP_CHANGE_CONTEXT_SWITCH_STATUS, 1, 4, status_params, change_status },
	{ HW_OP_GET_MAIN_HEADER, 1, 0, NULL, main_header },
	{ HW_OP_DOWNLOAD_ACTION_LIST, 1, 4, download_params, download_list },
	{ HW_OP_CONFIG_BREAKPOINT, 1, 3, breakpoint_params, config_breakpoint },
	{ HW_OP_GET_BREAKPOINT_STATUS, 1, 1, breakpoint_params, breakpoint_status },
	{ HW_OP_CONFIG_TIMESTAMP, 1, 2, timestamp_params, config_timestamp },
	{ HW_OP_SIGNAL_CACHE_UPDATED, 1, 0, NULL, cache_updated },
};

const struct fw_control_family fw_context_controls = {
	controls, sizeof(controls) / sizeof(controls[0]),
};
