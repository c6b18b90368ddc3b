/* SPDX-License-Identifier: MIT */
/*
 * Sizes of actions without their heads, as firmware from 4.21 on has them.
 * Reference firmware-control.md 3.4.
 */
#ifndef EMU_ACTION_SIZE_H
#define EMU_ACTION_SIZE_H

#include <stdint.h>

#include "hw/context.h"

static const uint8_t action_size[HW_ACTION_COUNT] = {
	[HW_ACTION_FETCH_CFG_DESCS] = sizeof(struct hw_fetch_cfg_descs),
	[HW_ACTION_TRIGGER_SEQUENCER] = sizeof(struct hw_trigger_sequencer),
	[HW_ACTION_FETCH_DATA] = sizeof(struct hw_fetch_data),
	[HW_ACTION_ENABLE_LCU_DEFAULT] = sizeof(struct hw_enable_lcu_default),
	[HW_ACTION_ENABLE_LCU] = sizeof(struct hw_enable_lcu),
	[HW_ACTION_DISABLE_LCU] = 1,
	[HW_ACTION_ACTIVATE_BOUNDARY_INPUT] = sizeof(struct hw_activate_boundary_input),
	[HW_ACTION_ACTIVATE_BOUNDARY_OUTPUT] = sizeof(struct hw_activate_output),
	[HW_ACTION_ACTIVATE_INTER_INPUT] = sizeof(struct hw_activate_inter_input),
	[HW_ACTION_ACTIVATE_INTER_OUTPUT] = sizeof(struct hw_activate_output),
	[HW_ACTION_ACTIVATE_DDR_INPUT] = sizeof(struct hw_activate_ddr_input),
	[HW_ACTION_ACTIVATE_DDR_OUTPUT] = sizeof(struct hw_activate_ddr_output),
	[HW_ACTION_DEACTIVATE_CHANNEL] = sizeof(struct hw_deactivate_channel),
	[HW_ACTION_CHANGE_STREAM_MAPPING] = sizeof(struct hw_change_stream_mapping),
	[HW_ACTION_ADD_DDR_PAIR] = sizeof(struct hw_add_ddr_pair),
	[HW_ACTION_DDR_BUFFERING_START] = 0,
	[HW_ACTION_WAIT_LCU] = 1,
	[HW_ACTION_WAIT_SEQUENCER] = 1,
	[HW_ACTION_WAIT_INPUT_DONE] = sizeof(struct hw_wait_transfer_done),
	[HW_ACTION_WAIT_OUTPUT_DONE] = sizeof(struct hw_wait_transfer_done),
	[HW_ACTION_WAIT_MODULE_CONFIG] = 1,
	[HW_ACTION_WAIT_APP_CHANGE] = 0,
	[HW_ACTION_ACTIVATE_CFG_CHANNEL] = sizeof(struct hw_activate_cfg_channel),
	[HW_ACTION_DEACTIVATE_CFG_CHANNEL] = sizeof(struct hw_deactivate_cfg_channel),
	[HW_ACTION_REPEATED] = sizeof(struct hw_repeated),
	[HW_ACTION_WAIT_DMA_IDLE] = sizeof(struct hw_wait_dma_idle),
	[HW_ACTION_WAIT_NMS] = sizeof(struct hw_wait_nms),
	[HW_ACTION_FETCH_CCW_BURSTS] = 3,
	[HW_ACTION_VALIDATE_CHANNEL] = sizeof(struct hw_deactivate_channel),
	[HW_ACTION_BURST_CREDITS_START] = 0,
	[HW_ACTION_BURST_CREDITS_RESET] = 0,
	[HW_ACTION_DDR_BUFFERING_RESET] = 0,
	[HW_ACTION_OPEN_BOUNDARY_INPUT] = sizeof(struct hw_open_boundary_input),
	[HW_ACTION_OPEN_BOUNDARY_OUTPUT] = sizeof(struct hw_open_boundary_output),
	[HW_ACTION_ENABLE_NMS] = sizeof(struct hw_enable_nms),
	[HW_ACTION_WRITE_DATA_BY_TYPE] = sizeof(struct hw_write_data_by_type),
	[HW_ACTION_SWITCH_LCU_BATCH] = sizeof(struct hw_switch_lcu_batch),
	[HW_ACTION_CHANGE_INPUT_BATCH] = 1,
	[HW_ACTION_PAUSE_CHANNEL] = sizeof(struct hw_channel_direction),
	[HW_ACTION_RESUME_CHANNEL] = sizeof(struct hw_channel_direction),
	[HW_ACTION_ACTIVATE_CACHE_INPUT] = sizeof(struct hw_activate_inter_input),
	[HW_ACTION_ACTIVATE_CACHE_OUTPUT] = sizeof(struct hw_activate_cache_output),
	[HW_ACTION_WAIT_CACHE_UPDATED] = 0,
	[HW_ACTION_SLEEP] = 4,
	[HW_ACTION_HALT] = 0,
};

#endif
