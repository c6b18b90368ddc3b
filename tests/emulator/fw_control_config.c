// SPDX-License-Identifier: MIT
/*
 * User and board configuration. A card without flash gets both from the host
 * at boot, at fixed device addresses (hw/boot.h); what is not there is not
 * loaded. Layouts: reference firmware-control.md 2.9.
 */
#include "tests/emulator/fw.h"

#define USER_CONFIG_MAGIC	0x1ff6a40bu
#define BOARD_CONFIG_SIZE	500
#define CHUNK_MAX		1024		/* per write */
#define ANSWER_MAX		1024		/* per read; the host asks again */

struct user_config {
	uint32_t magic;
	uint32_t version;
	uint32_t entries;
};

struct user_entry {
	uint16_t category;
	uint16_t id;
	uint32_t size;
};

static uint8_t *user_area(struct fw *fw)
{
	return emu_memory(fw->emu, HW_BOOT_FW_CONFIG, HW_BOOT_CONFIG_FILE_MAX);
}

static uint8_t *board_area(struct fw *fw)
{
	return emu_memory(fw->emu, HW_BOOT_BOARD_CONFIG, HW_BOOT_CONFIG_FILE_MAX);
}

/* Bytes of the user configuration, 0 if there is none or it is broken. */
static uint32_t user_size(const uint8_t *area, struct user_config *head)
{
	uint32_t at = sizeof(*head), i;
	struct user_entry entry;

	memcpy(head, area, sizeof(*head));
	if (le32toh(head->magic) != USER_CONFIG_MAGIC)
		return 0;
	for (i = 0; i < le32toh(head->entries); i++) {
		if (at + sizeof(entry) > HW_BOOT_CONFIG_FILE_MAX)
			return 0;
		memcpy(&entry, area + at, sizeof(entry));
		at += sizeof(entry);
		if (le32toh(entry.size) > HW_BOOT_CONFIG_FILE_MAX - at)
			return 0;
		at += le32toh(entry.size);
	}
	return at;
}

static uint32_t examine(struct fw *fw, const struct fw_args *args, struct fw_reply *reply)
{
	struct user_config head;
	uint32_t size = user_size(user_area(fw), &head);

	(void)args;
	if (!size) {
		reply->minor = HW_STATUS_USER_CONFIG_NOT_LOADED;
		return HW_STATUS_EXAMINE_USER_CONFIG;
	}
	fw_reply_be32(reply, le32toh(head.version));
	fw_reply_be32(reply, le32toh(head.entries));
	fw_reply_be32(reply, size);
	return 0;
}

static uint32_t reply_area(struct fw_reply *reply, const uint8_t *area, uint32_t size,
			   uint32_t offset, uint32_t count, uint32_t overrun)
{
	if (offset >= size || !count)
		return overrun;
	if (count > size - offset)
		count = size - offset;
	if (count > ANSWER_MAX)
		count = ANSWER_MAX;
	fw_reply_bytes(reply, area + offset, count);
	return 0;
}

static uint32_t read_user(struct fw *fw, const struct fw_args *args, struct fw_reply *reply)
{
	struct user_config head;

	return reply_area(reply, user_area(fw), user_size(user_area(fw), &head),
			  fw_be32(args, 0), fw_be32(args, 1), FW_USER_CONFIG_OVERRUN);
}

static uint32_t write_area(uint8_t *area, uint32_t size, const struct fw_args *args,
			   uint32_t overrun)
{
	uint32_t offset = fw_be32(args, 0), len = args->param[1].len;

	if (offset > size || len > size - offset)
		return overrun;
	memcpy(area + offset, args->param[1].data, len);
	return 0;
}

static uint32_t write_user(struct fw *fw, const struct fw_args *args, struct fw_reply *reply)
{
	(void)reply;
	return write_area(user_area(fw), HW_BOOT_CONFIG_FILE_MAX, args, FW_USER_CONFIG_OVERRUN);
}

static uint32_t erase_user(struct fw *fw, const struct fw_args *args, struct fw_reply *reply)
{
	(void)args;
	(void)reply;
	memset(user_area(fw), 0xff, HW_BOOT_CONFIG_FILE_MAX);
	return 0;
}

static uint32_t read_board(struct fw *fw, const struct fw_args *args, struct fw_reply *reply)
{
	return reply_area(reply, board_area(fw), BOARD_CONFIG_SIZE, fw_be32(args, 0),
			  fw_be32(args, 1), FW_BOARD_CONFIG_OVERRUN);
}

static uint32_t write_board(struct fw *fw, const struct fw_args *args, struct fw_reply *reply)
{
	(void)reply;
	return write_area(board_area(fw), BOARD_CONFIG_SIZE, args, FW_BOARD_CONFIG_OVERRUN);
}

static const struct fw_param read_params[] = {
	{ 4, 4, FW_ADDRESS_SIZE }, { 4, 4, FW_DATA_COUNT_SIZE },
};
static const struct fw_param write_params[] = {
	{ 4, 4, FW_ADDRESS_SIZE }, { 1, CHUNK_MAX, FW_DATA_LENGTH },
};

static const struct fw_control controls[] = {
	{ HW_OP_EXAMINE_USER_CONFIG, 0, 0, NULL, examine },
	{ HW_OP_READ_USER_CONFIG, 0, 2, read_params, read_user },
	{ HW_OP_ERASE_USER_CONFIG, 0, 0, NULL, erase_user },
	{ HW_OP_WRITE_USER_CONFIG, 0, 2, write_params, write_user },
	{ HW_OP_READ_BOARD_CONFIG, 0, 2, read_params, read_board },
	{ HW_OP_WRITE_BOARD_CONFIG, 0, 2, write_params, write_board },
};

const struct fw_control_family fw_config_controls = {
	controls, sizeof(controls) / sizeof(controls[0]),
};
