// SPDX-License-Identifier: MIT
/*
 * Reset, watchdogs, self test, logger, sleep, measurements and host
 * information. Layouts: reference firmware-control.md 2.8 and 2.10, 5.
 */
#include "tests/emulator/fw.h"

#define BYPASS_ALL		0x7ffffu	/* one bit per memory block */
#define TOP_BLOCK_FIRST		1
#define TOP_BLOCK_LAST		4

enum reset_type { RESET_CHIP, RESET_NN_CORE, RESET_SOFT, RESET_FORCED_SOFT };

static uint32_t reset(struct fw *fw, const struct fw_args *args, struct fw_reply *reply)
{
	switch (fw_be32(args, 0)) {
	case RESET_NN_CORE:
		fw_cs_reset(fw);
		return 0;
	case RESET_CHIP:		/* hosts refuse it on PCIe */
	case RESET_SOFT:
	case RESET_FORCED_SOFT:
		reply->silent = true;
		return 0;
	default:
		return FW_RESET_TYPE;
	}
}

static uint32_t wd_enable(struct fw *fw, const struct fw_args *args, unsigned int cpu)
{
	fw->set.watchdog[cpu] = fw_u8(args, 0) != 0;
	return 0;
}

static uint32_t app_wd_enable(struct fw *fw, const struct fw_args *args, struct fw_reply *reply)
{
	(void)reply;
	return wd_enable(fw, args, 0);
}

static uint32_t core_wd_enable(struct fw *fw, const struct fw_args *args, struct fw_reply *reply)
{
	(void)reply;
	return wd_enable(fw, args, 1);
}

static uint32_t wd_config(struct fw *fw, const struct fw_args *args, unsigned int cpu)
{
	fw->set.watchdog_cycles[cpu] = fw_be32(args, 0);
	fw->set.watchdog_mode[cpu] = fw_u8(args, 1);
	return 0;
}

static uint32_t app_wd_config(struct fw *fw, const struct fw_args *args, struct fw_reply *reply)
{
	(void)reply;
	return wd_config(fw, args, 0);
}

static uint32_t core_wd_config(struct fw *fw, const struct fw_args *args, struct fw_reply *reply)
{
	(void)reply;
	return wd_config(fw, args, 1);
}

static uint32_t previous_state(struct fw *fw, const struct fw_args *args, struct fw_reply *reply)
{
	(void)fw;
	(void)args;
	fw_reply_be32(reply, 0);	/* ended in order */
	return 0;
}

/* Memory self test: every block passes; blocks that a host may not test are
 * refused with the status that was recorded (real-device.md 4.6).
 */
static uint32_t bist(struct fw *fw, const struct fw_args *args, struct fw_reply *reply)
{
	uint32_t tested = ~fw_be32(args, 1) & BYPASS_ALL;
	uint32_t allowed = ((2u << TOP_BLOCK_LAST) - 1) & ~((1u << TOP_BLOCK_FIRST) - 1);

	(void)fw;
	(void)reply;
	if (fw_u8(args, 0))
		return tested & ~allowed ? FW_BIST_SELECTION : 0;
	return fw_u8(args, 2) < FW_CLUSTERS ? 0 : FW_BIST_SELECTION;
}

static uint32_t set_logger(struct fw *fw, const struct fw_args *args, struct fw_reply *reply)
{
	(void)reply;
	if (fw_u8(args, 0) > FW_LOG_FATAL)
		return FW_LOGGER_LEVEL;
	if (fw_u8(args, 1) > 3)
		return FW_LOGGER_INTERFACE;
	fw->set.log_level = fw_u8(args, 0);
	fw->set.log_interfaces = fw_u8(args, 1);
	return 0;
}

static uint32_t set_sleep(struct fw *fw, const struct fw_args *args, struct fw_reply *reply)
{
	(void)reply;
	if (fw_u8(args, 0) > 1)
		return FW_SLEEP_STATE;
	fw->set.awake = fw_u8(args, 0);
	return 0;
}

static uint32_t latency_config(struct fw *fw, const struct fw_args *args, struct fw_reply *reply)
{
	(void)reply;
	fw->set.latency = fw_u8(args, 0) != 0;
	fw->set.latency_start = 0;
	fw->set.latency_ns = 0;
	return 0;
}

static uint32_t latency_read(struct fw *fw, const struct fw_args *args, struct fw_reply *reply)
{
	(void)args;
	fw_reply_be32(reply, fw->set.latency_ns);
	return 0;
}

static uint32_t idle_time_set(struct fw *fw, const struct fw_args *args, struct fw_reply *reply)
{
	(void)reply;
	fw->set.idle_time = fw_u8(args, 0) != 0;
	fw->set.idle_since = emu_now(fw->emu);
	return 0;
}

static uint32_t idle_time_get(struct fw *fw, const struct fw_args *args, struct fw_reply *reply)
{
	uint64_t idle = fw->set.idle_time ? emu_now(fw->emu) - fw->set.idle_since : 0;
	uint64_t wire = htobe64(idle);

	(void)args;
	fw_reply_bytes(reply, &wire, sizeof(wire));
	return 0;
}

static uint32_t set_host_info(struct fw *fw, const struct fw_args *args, struct fw_reply *reply)
{
	(void)fw;
	(void)reply;
	return fw_u8(args, 0) > 1 ? FW_DATA_LENGTH : 0;
}

static uint32_t send_host_info(struct fw *fw, const struct fw_args *args, struct fw_reply *reply)
{
	(void)reply;
	fw_notify_host_info(fw, fw_u8(args, 0));
	return 0;
}

static uint32_t set_pause_frames(struct fw *fw, const struct fw_args *args,
				 struct fw_reply *reply)
{
	(void)fw;
	(void)args;
	(void)reply;
	return 0;			/* no Ethernet: nothing changes */
}

static const struct fw_param one_u8[] = { { 1, 1, FW_SHOULD_ENABLE_LENGTH } };
static const struct fw_param reset_params[] = { { 4, 4, FW_DATA_LENGTH } };
static const struct fw_param wd_params[] = {
	{ 4, 4, FW_WD_CYCLES_LENGTH }, { 1, 1, FW_DATA_LENGTH },
};
static const struct fw_param bist_params[] = {
	{ 1, 1, FW_BIST_LENGTH }, { 4, 4, FW_BIST_LENGTH + 1 }, { 1, 1, FW_BIST_LENGTH + 2 },
	{ 4, 4, FW_BIST_LENGTH + 3 }, { 4, 4, FW_BIST_LENGTH + 4 },
};
static const struct fw_param logger_params[] = {
	{ 1, 1, FW_LOGGER_LEVEL }, { 1, 1, FW_LOGGER_INTERFACE },
};
static const struct fw_param sleep_params[] = { { 1, 1, FW_SLEEP_STATE_SIZE } };
static const struct fw_param latency_params[] = {
	{ 1, 1, FW_DATA_LENGTH }, { 4, 4, FW_DATA_LENGTH }, { 4, 4, FW_DATA_LENGTH },
	{ 4, 4, FW_DATA_LENGTH }, { 4, 4, FW_DATA_LENGTH },
};
static const struct fw_param host_params[] = {
	{ 1, 1, FW_DATA_LENGTH }, { 4, 4, FW_DATA_LENGTH }, { 2, 2, FW_DATA_LENGTH },
};

static const struct fw_control controls[] = {
	{ HW_OP_RESET, 0, 1, reset_params, reset },
	{ HW_OP_APP_WD_ENABLE, 0, 1, one_u8, app_wd_enable },
	{ HW_OP_APP_WD_CONFIG, 0, 2, wd_params, app_wd_config },
	{ HW_OP_APP_PREVIOUS_STATE, 0, 0, NULL, previous_state },
	{ HW_OP_CORE_WD_ENABLE, 1, 1, one_u8, core_wd_enable },
	{ HW_OP_CORE_WD_CONFIG, 1, 2, wd_params, core_wd_config },
	{ HW_OP_CORE_PREVIOUS_STATE, 1, 0, NULL, previous_state },
	{ HW_OP_RUN_BIST_TEST, 0, 5, bist_params, bist },
	{ HW_OP_SET_FW_LOGGER, 0, 2, logger_params, set_logger },
	{ HW_OP_SET_SLEEP_STATE, 0, 1, sleep_params, set_sleep },
	{ HW_OP_LATENCY_CONFIG, 0, 5, latency_params, latency_config },
	{ HW_OP_LATENCY_READ, 0, 0, NULL, latency_read },
	{ HW_OP_IDLE_TIME_SET, 0, 1, one_u8, idle_time_set },
	{ HW_OP_IDLE_TIME_GET, 0, 0, NULL, idle_time_get },
	{ HW_OP_SET_HOST_INFO, 0, 3, host_params, set_host_info },
	{ HW_OP_SEND_HOST_INFO_EVENT, 0, 1, one_u8, send_host_info },
	{ HW_OP_SET_PAUSE_FRAMES, 0, 1, one_u8, set_pause_frames },
};

const struct fw_control_family fw_system_controls = {
	controls, sizeof(controls) / sizeof(controls[0]),
};
