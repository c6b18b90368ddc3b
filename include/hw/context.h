/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Context-switch data sent to the core CPU: the application header and the
 * action lists. Everything is packed and little-endian.
 * Source: reference firmware-control.md section 3.
 */
#ifndef _HW_CONTEXT_H
#define _HW_CONTEXT_H

#include <linux/types.h>

#define HW_MAX_APPLICATIONS		32
#define HW_MAX_CONTEXTS			1024	/* of a group, with the 3 static ones */
#define HW_MAX_CONFIG_CHANNELS		4

struct hw_app_header {
	__le16 dynamic_contexts;
	__u8 preliminary_run_asap;
	__u8 batch_register_config;
	__u8 can_fast_batch_switch;
	__u8 is_abbale_supported;
	__u8 networks;
	__le16 csm_buffer_size;
	__le16 batch_size;
	__le32 external_action_list;
	__le32 boundary_channels[3];	/* zero in 4.23 */
	__u8 config_channels;
	__u8 config_channel[HW_MAX_CONFIG_CHANNELS];	/* packed channel id */
} __attribute__((packed));

/* Before firmware 4.21 */
#define HW_OLD_HEADER_NETWORKS		8

struct hw_old_app_header {
	__le16 dynamic_contexts;
	__u8 preliminary_run_asap;
	__u8 batch_register_config;
	__u8 can_fast_batch_switch;
	__u8 is_abbale_supported;
	__u8 networks;
	__le16 csm_buffer_size;
	__le16 batch_size[HW_OLD_HEADER_NETWORKS];
	__le32 external_action_list;
	__le32 boundary_channels[3];
} __attribute__((packed));

enum hw_context_type {
	HW_CONTEXT_PRELIMINARY		= 0,
	HW_CONTEXT_DYNAMIC		= 1,
	HW_CONTEXT_BATCH_SWITCHING	= 2,
	HW_CONTEXT_ACTIVATION		= 3,
};

enum hw_action_type {
	HW_ACTION_FETCH_CFG_DESCS		= 0,
	HW_ACTION_TRIGGER_SEQUENCER		= 1,
	HW_ACTION_FETCH_DATA			= 2,
	HW_ACTION_ENABLE_LCU_DEFAULT		= 3,
	HW_ACTION_ENABLE_LCU			= 4,
	HW_ACTION_DISABLE_LCU			= 5,
	HW_ACTION_ACTIVATE_BOUNDARY_INPUT	= 6,
	HW_ACTION_ACTIVATE_BOUNDARY_OUTPUT	= 7,
	HW_ACTION_ACTIVATE_INTER_INPUT		= 8,
	HW_ACTION_ACTIVATE_INTER_OUTPUT		= 9,
	HW_ACTION_ACTIVATE_DDR_INPUT		= 10,
	HW_ACTION_ACTIVATE_DDR_OUTPUT		= 11,
	HW_ACTION_DEACTIVATE_CHANNEL		= 12,
	HW_ACTION_CHANGE_STREAM_MAPPING		= 13,
	HW_ACTION_ADD_DDR_PAIR			= 14,
	HW_ACTION_DDR_BUFFERING_START		= 15,
	HW_ACTION_WAIT_LCU			= 16,
	HW_ACTION_WAIT_SEQUENCER		= 17,
	HW_ACTION_WAIT_INPUT_DONE		= 18,	/* never sent by 4.23 */
	HW_ACTION_WAIT_OUTPUT_DONE		= 19,
	HW_ACTION_WAIT_MODULE_CONFIG		= 20,
	HW_ACTION_WAIT_APP_CHANGE		= 21,
	HW_ACTION_ACTIVATE_CFG_CHANNEL		= 22,
	HW_ACTION_DEACTIVATE_CFG_CHANNEL	= 23,
	HW_ACTION_REPEATED			= 24,
	HW_ACTION_WAIT_DMA_IDLE			= 25,
	HW_ACTION_WAIT_NMS			= 26,
	HW_ACTION_FETCH_CCW_BURSTS		= 27,	/* Hailo-15 only */
	HW_ACTION_VALIDATE_CHANNEL		= 28,	/* debug builds */
	HW_ACTION_BURST_CREDITS_START		= 29,
	HW_ACTION_BURST_CREDITS_RESET		= 30,
	HW_ACTION_DDR_BUFFERING_RESET		= 31,
	HW_ACTION_OPEN_BOUNDARY_INPUT		= 32,
	HW_ACTION_OPEN_BOUNDARY_OUTPUT		= 33,
	HW_ACTION_ENABLE_NMS			= 34,
	HW_ACTION_WRITE_DATA_BY_TYPE		= 35,
	HW_ACTION_SWITCH_LCU_BATCH		= 36,
	HW_ACTION_CHANGE_INPUT_BATCH		= 37,
	HW_ACTION_PAUSE_CHANNEL			= 38,
	HW_ACTION_RESUME_CHANNEL		= 39,
	HW_ACTION_ACTIVATE_CACHE_INPUT		= 40,
	HW_ACTION_ACTIVATE_CACHE_OUTPUT		= 41,
	HW_ACTION_WAIT_CACHE_UPDATED		= 42,
	HW_ACTION_SLEEP				= 43,
	HW_ACTION_HALT				= 44,
	HW_ACTION_COUNT				= 45,
};

#define HW_ACTION_TIMESTAMP		0xffffffffu
#define HW_REPEATED_MAX			255

struct hw_action {
	__u8 type;
	__le32 timestamp;
} __attribute__((packed));

struct hw_repeated {			/* then count bodies without headers */
	__u8 count;
	__u8 last_executed;
	__u8 type;
} __attribute__((packed));

#define HW_CHANNEL_ID(engine, ch)	((ch) | (engine) << 5)
#define HW_CHANNEL_OF(id)		((id) & 0x1f)
#define HW_ENGINE_OF(id)		((id) >> 5 & 3)
#define HW_LCU_ID(cluster, lcu)		(((lcu) & 0xf) | ((cluster) & 7) << 4)

#define HW_DIR_H2D			1
#define HW_DIR_D2H			2
#define HW_CREDIT_BYTES			1
#define HW_CREDIT_DESCS			2

struct hw_host_buffer {
	__u8 type;			/* 0 external descriptors, 1 CCB */
	__le64 dma_address;		/* of the descriptor list */
	__le16 page_size;
	__le32 desc_count;
	__le32 bytes_in_pattern;
} __attribute__((packed));

struct hw_stream_reg {
	__le16 core_bytes_per_buffer;
	__le16 core_buffers_per_frame;
	__le16 periph_bytes_per_buffer;
	__le16 periph_buffers_per_frame;
	__le16 feature_padding_payload;
	__le32 buffer_padding_payload;
	__le16 buffer_padding;
	__u8 core_hw_padding_in_dfc;
} __attribute__((packed));

/* Before firmware 4.21 one byte more, in front of the last: does the host say
 * what the periphery's portions are (1), or does the firmware compute them?
 */
#define HW_OLD_REG_BY_HOST_AT		16

struct hw_fetch_cfg_descs {
	__le16 count;
	__u8 channel;
} __attribute__((packed));

struct hw_trigger_sequencer {
	__u8 cluster;
	__u8 l3_cut;
	__le16 l3_offset;
	__le32 apu;
	__le32 ia;
	__le64 sc;
	__le64 l2;
	__le64 l2_offset_0;
	__le64 l2_offset_1;
} __attribute__((packed));

struct hw_fetch_data {
	__u8 channel;
	__u8 stream;
	__u8 network;
	__le32 frame_periph_size;
	__u8 credit_type;
	__u8 buffer_type;
} __attribute__((packed));

struct hw_enable_lcu_default {
	__u8 lcu;
	__u8 network;
} __attribute__((packed));

struct hw_enable_lcu {
	__u8 lcu;
	__u8 network;
	__le16 kernel_done_address;
	__le32 kernel_done_count;
} __attribute__((packed));

struct hw_activate_boundary_input {
	__u8 channel;
	__u8 stream;
	struct hw_stream_reg reg;
	struct hw_host_buffer buf;
	__le32 initial_credit;
} __attribute__((packed));

struct hw_activate_output {		/* boundary and inter-context */
	__u8 channel;
	__u8 stream;
	__u8 network;
	struct hw_stream_reg reg;
	struct hw_host_buffer buf;
} __attribute__((packed));

struct hw_activate_inter_input {
	__u8 channel;
	__u8 stream;
	__u8 network;
	struct hw_stream_reg reg;
	struct hw_host_buffer buf;
	__le32 initial_credit;
} __attribute__((packed));

struct hw_activate_ddr_input {
	__u8 channel;
	__u8 stream;
	struct hw_stream_reg reg;
	struct hw_host_buffer buf;
	__le32 initial_credit;
	__u8 d2h_channel;
} __attribute__((packed));

struct hw_activate_ddr_output {
	__u8 channel;
	__u8 stream;
	struct hw_stream_reg reg;
	struct hw_host_buffer buf;
	__le32 buffered_rows;
} __attribute__((packed));

struct hw_deactivate_channel {		/* also VALIDATE_CHANNEL */
	__u8 channel;
	__u8 direction;
	__u8 check_host_empty;
	__u8 buffer_type;
	__le32 initial_credit;
} __attribute__((packed));

struct hw_change_stream_mapping {
	__u8 channel;
	__u8 stream;
	__u8 is_dummy;
} __attribute__((packed));

struct hw_add_ddr_pair {
	__u8 h2d_channel;
	__u8 d2h_channel;
	__u8 network;
	__le32 descs_per_frame;
	__le16 programmed_descs;
} __attribute__((packed));

struct hw_wait_transfer_done {		/* WAIT_INPUT_DONE, WAIT_OUTPUT_DONE */
	__u8 channel;
	__u8 stream;
	__u8 network;
	__u8 is_inter;
	__u8 buffer_type;
} __attribute__((packed));

struct hw_activate_cfg_channel {
	__u8 channel;
	__u8 config_stream;
	struct hw_host_buffer buf;
} __attribute__((packed));

struct hw_deactivate_cfg_channel {
	__u8 channel;
	__u8 config_stream;
} __attribute__((packed));

struct hw_wait_dma_idle {
	__u8 channel;
	__u8 stream;
	__u8 is_inter;
	__u8 buffer_type;
} __attribute__((packed));

struct hw_wait_nms {
	__u8 aggregator;
	__u8 pred_ob;
	__u8 pred_ob_cluster;
	__u8 pred_ob_interface;
	__u8 succ_ob;
	__u8 succ_ob_interface;
} __attribute__((packed));

struct hw_open_boundary_input {
	__u8 channel;
	struct hw_host_buffer buf;
	__u8 stream;
	__u8 network;
	__le16 periph_bytes_per_buffer;
	__le32 frame_periph_size;
} __attribute__((packed));

struct hw_open_boundary_output {
	__u8 channel;
	struct hw_host_buffer buf;
} __attribute__((packed));

struct hw_enable_nms {
	__u8 unit;
	__u8 network;
	__le16 classes;
	__le16 burst;
	__u8 division_factor;
} __attribute__((packed));

struct hw_write_data_by_type {
	__le32 address;
	__u8 data_type;			/* 0 literal, 1 batch size */
	__le32 data;
	__u8 shift;
	__le32 mask;
	__u8 network;
} __attribute__((packed));

struct hw_switch_lcu_batch {
	__u8 lcu;
	__u8 network;
	__le32 kernel_done_count;
} __attribute__((packed));

struct hw_channel_direction {		/* PAUSE_CHANNEL, RESUME_CHANNEL */
	__u8 channel;
	__u8 direction;
} __attribute__((packed));

struct hw_activate_cache_output {
	struct hw_stream_reg reg;
	struct hw_host_buffer buf;
	__le16 batch_size;
	__u8 channel;
	__u8 stream;
	__u8 network;
} __attribute__((packed));

_Static_assert(sizeof(struct hw_app_header) == 32, "application header");
_Static_assert(sizeof(struct hw_old_app_header) == 41, "application header before 4.21");
_Static_assert(sizeof(struct hw_action) == 5, "action");
_Static_assert(sizeof(struct hw_host_buffer) == 19, "host buffer");
_Static_assert(sizeof(struct hw_stream_reg) == 17, "stream registers");
_Static_assert(sizeof(struct hw_trigger_sequencer) == 44, "1");
_Static_assert(sizeof(struct hw_fetch_data) == 9, "2");
_Static_assert(sizeof(struct hw_enable_lcu) == 8, "4");
_Static_assert(sizeof(struct hw_activate_boundary_input) == 42, "6");
_Static_assert(sizeof(struct hw_activate_output) == 39, "7, 9");
_Static_assert(sizeof(struct hw_activate_inter_input) == 43, "8");
_Static_assert(sizeof(struct hw_activate_ddr_input) == 43, "10");
_Static_assert(sizeof(struct hw_activate_ddr_output) == 42, "11");
_Static_assert(sizeof(struct hw_deactivate_channel) == 8, "12");
_Static_assert(sizeof(struct hw_add_ddr_pair) == 9, "14");
_Static_assert(sizeof(struct hw_wait_transfer_done) == 5, "19");
_Static_assert(sizeof(struct hw_activate_cfg_channel) == 21, "22");
_Static_assert(sizeof(struct hw_wait_dma_idle) == 4, "25");
_Static_assert(sizeof(struct hw_wait_nms) == 6, "26");
_Static_assert(sizeof(struct hw_open_boundary_input) == 28, "32");
_Static_assert(sizeof(struct hw_open_boundary_output) == 20, "33");
_Static_assert(sizeof(struct hw_enable_nms) == 7, "34");
_Static_assert(sizeof(struct hw_write_data_by_type) == 15, "35");
_Static_assert(sizeof(struct hw_switch_lcu_batch) == 6, "36");
_Static_assert(sizeof(struct hw_activate_cache_output) == 41, "41");

#endif /* _HW_CONTEXT_H */
