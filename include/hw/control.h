/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Firmware control messages and notifications.
 * Source: reference firmware-control.md sections 1, 2 and 4. Header words and
 * parameter lengths are big-endian; bodies say what they are.
 */
#ifndef _HW_CONTROL_H
#define _HW_CONTROL_H

#include <linux/types.h>

#define HW_CTRL_PROTOCOL_VERSION	2u
#define HW_CTRL_FLAG_ACK		(1u << 0)
#define HW_CTRL_MAX_LEN			1500
#define HW_CTRL_REQUEST_HEAD		20
#define HW_CTRL_RESPONSE_HEAD		28

struct hw_ctrl_request {
	__be32 version;
	__be32 flags;
	__be32 sequence;		/* 0 over PCIe: never filtered */
	__be32 opcode;
	__be32 param_count;
	/* then parameters: __be32 length, bytes */
} __attribute__((packed));

struct hw_ctrl_response {
	__be32 version;
	__be32 flags;			/* HW_CTRL_FLAG_ACK */
	__be32 sequence;
	__be32 opcode;
	__be32 major_status;
	__be32 minor_status;
	__be32 param_count;
} __attribute__((packed));

_Static_assert(sizeof(struct hw_ctrl_request) == HW_CTRL_REQUEST_HEAD, "request");
_Static_assert(sizeof(struct hw_ctrl_response) == HW_CTRL_RESPONSE_HEAD, "response");

/* A = application CPU, C = core CPU */
enum hw_ctrl_opcode {
	HW_OP_IDENTIFY				= 0x00,	/* A */
	HW_OP_WRITE_MEMORY			= 0x01,	/* A */
	HW_OP_READ_MEMORY			= 0x02,	/* A */
	HW_OP_CONFIG_STREAM			= 0x03,	/* A */
	HW_OP_OPEN_STREAM			= 0x04,	/* A */
	HW_OP_CLOSE_STREAM			= 0x05,	/* A */
	HW_OP_PHY_OPERATION			= 0x06,	/* A */
	HW_OP_RESET				= 0x07,	/* A */
	HW_OP_CONFIG_CORE_TOP			= 0x08,	/* A */
	HW_OP_POWER_MEASUREMENT			= 0x09,	/* A */
	HW_OP_SET_POWER_MEASUREMENT		= 0x0a,	/* A */
	HW_OP_GET_POWER_MEASUREMENT		= 0x0b,	/* A */
	HW_OP_START_POWER_MEASUREMENT		= 0x0c,	/* A */
	HW_OP_STOP_POWER_MEASUREMENT		= 0x0d,	/* A */
	HW_OP_START_FW_UPDATE			= 0x0e,	/* A */
	HW_OP_WRITE_FW_UPDATE			= 0x0f,	/* A */
	HW_OP_VALIDATE_FW_UPDATE		= 0x10,	/* A */
	HW_OP_FINISH_FW_UPDATE			= 0x11,	/* A */
	HW_OP_EXAMINE_USER_CONFIG		= 0x12,	/* A */
	HW_OP_READ_USER_CONFIG			= 0x13,	/* A */
	HW_OP_ERASE_USER_CONFIG			= 0x14,	/* A */
	HW_OP_WRITE_USER_CONFIG			= 0x15,	/* A */
	HW_OP_I2C_WRITE				= 0x16,	/* A */
	HW_OP_I2C_READ				= 0x17,	/* A */
	HW_OP_LATENCY_CONFIG			= 0x18,	/* A */
	HW_OP_LATENCY_READ			= 0x19,	/* A */
	HW_OP_SET_NETWORK_GROUP_HEADER		= 0x20,	/* C */
	HW_OP_SET_CONTEXT_INFO			= 0x21,	/* C */
	HW_OP_IDLE_TIME_SET			= 0x22,	/* A */
	HW_OP_IDLE_TIME_GET			= 0x23,	/* A */
	HW_OP_DOWNLOAD_ACTION_LIST		= 0x24,	/* C */
	HW_OP_CHANGE_CONTEXT_SWITCH_STATUS	= 0x25,	/* C */
	HW_OP_APP_WD_ENABLE			= 0x26,	/* A */
	HW_OP_APP_WD_CONFIG			= 0x27,	/* A */
	HW_OP_APP_PREVIOUS_STATE		= 0x28,	/* A */
	HW_OP_SET_DATAFLOW_INTERRUPT		= 0x29,	/* C */
	HW_OP_CORE_IDENTIFY			= 0x2a,	/* C */
	HW_OP_SET_HOST_INFO			= 0x2b,	/* A */
	HW_OP_SEND_HOST_INFO_EVENT		= 0x2c,	/* A */
	HW_OP_GET_CHIP_TEMPERATURE		= 0x2e,	/* A */
	HW_OP_READ_BOARD_CONFIG			= 0x2f,	/* A */
	HW_OP_WRITE_BOARD_CONFIG		= 0x30,	/* A */
	HW_OP_ENABLE_DEBUGGING			= 0x32,	/* A */
	HW_OP_GET_DEVICE_INFORMATION		= 0x33,	/* A */
	HW_OP_CONFIG_BREAKPOINT			= 0x34,	/* C */
	HW_OP_GET_BREAKPOINT_STATUS		= 0x35,	/* C */
	HW_OP_GET_MAIN_HEADER			= 0x36,	/* C */
	HW_OP_SET_FW_LOGGER			= 0x37,	/* A */
	HW_OP_WRITE_SECOND_STAGE		= 0x38,	/* A */
	HW_OP_COPY_SECOND_STAGE			= 0x39,	/* A */
	HW_OP_SET_PAUSE_FRAMES			= 0x3a,	/* A */
	HW_OP_CONFIG_TIMESTAMP			= 0x3b,	/* C */
	HW_OP_RUN_BIST_TEST			= 0x3c,	/* A */
	HW_OP_SET_CLOCK_FREQ			= 0x3d,	/* A */
	HW_OP_GET_HEALTH_INFORMATION		= 0x3e,	/* A */
	HW_OP_SET_THROTTLING_STATE		= 0x3f,	/* A */
	HW_OP_GET_THROTTLING_STATE		= 0x40,	/* A */
	HW_OP_SET_OVERCURRENT_STATE		= 0x42,	/* A */
	HW_OP_GET_OVERCURRENT_STATE		= 0x43,	/* A */
	HW_OP_CORE_PREVIOUS_STATE		= 0x44,	/* C */
	HW_OP_CORE_WD_ENABLE			= 0x45,	/* C */
	HW_OP_CORE_WD_CONFIG			= 0x46,	/* C */
	HW_OP_CLEAR_CONFIGURED_APPS		= 0x47,	/* C */
	HW_OP_GET_HW_CONSTS			= 0x48,	/* C */
	HW_OP_SET_SLEEP_STATE			= 0x49,	/* A */
	HW_OP_CHANGE_HW_INFER_STATUS		= 0x4a,	/* C */
	HW_OP_SIGNAL_DRIVER_DOWN		= 0x4b,	/* C */
	HW_OP_SIGNAL_CACHE_UPDATED		= 0x4f,	/* C */
	HW_OP_COUNT				= 0x50,
};

/* Status word: 31:28 component (4), 23:16 module, 15:0 value */
#define HW_STATUS(module, value)	(0x40000000u | (module) << 16 | (value))
#define HW_STATUS_INVALID_VERSION		0x40030003u
#define HW_STATUS_OVERRUN_BEFORE_PARAMS		0x40030004u
#define HW_STATUS_OVERRUN_AT_PARAM		0x40030005u
#define HW_STATUS_INVALID_OPCODE		0x40030007u
#define HW_STATUS_UNSUPPORTED_OPCODE		0x4003000fu
#define HW_STATUS_WRONG_PARAM_COUNT		0x40030012u
#define HW_STATUS_EXAMINE_USER_CONFIG		0x4003003bu
#define HW_STATUS_APP_HEADER_LENGTH		0x40030060u
#define HW_STATUS_CONTEXT_DATA_TOO_LONG		0x40030065u
#define HW_STATUS_STATE_LENGTH			0x4003006bu
#define HW_STATUS_NOT_PARSED			0x4003009cu
#define HW_STATUS_UNSUPPORTED_DEVICE		0x400300b4u
#define HW_STATUS_CONTROL_UNSUPPORTED		0x400300bcu
#define HW_STATUS_MD5_MISMATCH			0x400b0004u
#define HW_STATUS_CS_CONTEXT_BEFORE_HEADER	0x40130006u
#define HW_STATUS_CS_TOO_MANY_CONTEXTS		0x40130007u
#define HW_STATUS_CS_INVALID_ACTION		0x40130018u
#define HW_STATUS_CS_LIST_NOT_ALIGNED		0x40130038u
#define HW_STATUS_CS_INVALID_APPLICATION	0x40130041u
#define HW_STATUS_CS_CONFIGURE_WHILE_ACTIVE	0x40130056u
#define HW_STATUS_CS_CLEAR_WHILE_ACTIVE		0x4013006cu
#define HW_STATUS_CS_INVALID_CONTEXT_TYPE	0x4013006du
#define HW_STATUS_CS_CONTEXT_ORDER		0x4013006eu
#define HW_STATUS_CS_CONTEXT_COUNT		0x4013006fu
#define HW_STATUS_CS_SRAM_FULL			0x4013007au
#define HW_STATUS_USER_CONFIG_NOT_LOADED	0x401a0004u

enum hw_arch {
	HW_ARCH_HAILO8_A0	= 0,
	HW_ARCH_HAILO8		= 1,
	HW_ARCH_HAILO8L		= 2,
};

#define HW_LAYOUT_8L_LOW		0x33u	/* clusters 0, 1, 4, 5 */
#define HW_LAYOUT_8L_HIGH		0xccu	/* clusters 2, 3, 6, 7 */

/* Body of the IDENTIFY response: 8 parameters */
struct hw_identify {
	__be32 protocol_version_len;
	__be32 protocol_version;
	__be32 fw_version_len;
	__le32 fw_version[3];		/* major, minor, revision word */
	__be32 logger_version_len;
	__be32 logger_version;
	__be32 board_name_len;
	__u8 board_name[32];
	__be32 architecture_len;
	__be32 architecture;		/* enum hw_arch */
	__be32 serial_number_len;
	__u8 serial_number[16];
	__be32 part_number_len;
	__u8 part_number[16];
	__be32 product_name_len;
	__u8 product_name[42];
} __attribute__((packed));

struct hw_core_identify {
	__be32 fw_version_len;
	__le32 fw_version[3];
} __attribute__((packed));

/* Of the features only this byte is known to mean something */
#define HW_FEATURE_BYTE			3
#define HW_FEATURE_CURRENT_MONITOR	0x08

/* Body of the GET_DEVICE_INFORMATION response: 9 parameters */
struct hw_device_information {
	__be32 clock_len;
	__be32 clock;			/* Hz */
	__be32 features_len;
	__u8 features[8];		/* byte 3: bit 0 eth, 1 mipi, 2 pcie, 3 current, 4 mdio */
	__be32 boot_source_len;
	__be32 boot_source;		/* 1 PCIe, 2 flash */
	__be32 lcs_len;
	__u8 lcs;
	__be32 soc_id_len;
	__u8 soc_id[32];
	__be32 mac_len;
	__u8 mac[6];
	__be32 fuse_len;
	__u8 fuse[12];
	__be32 process_monitor_len;
	__u8 process_monitor[24];
	__be32 layout_len;
	__be32 layout;			/* bit n: cluster n works */
} __attribute__((packed));

struct hw_temperature {
	__be32 len;
	__u8 ts0[4];			/* little-endian binary32, degrees Celsius */
	__u8 ts1[4];
	__be16 sample_count;
} __attribute__((packed));

enum hw_power_type {
	HW_POWER_WATTS		= 2,
	HW_POWER_MILLIAMPERE	= 3,
};

struct hw_power_request {
	__be32 dvm_len;
	__be32 dvm;
	__be32 type_len;
	__be32 type;
} __attribute__((packed));

struct hw_power_response {
	__be32 value_len;
	__u8 value[4];			/* little-endian binary32 */
	__be32 dvm_len;
	__le32 dvm;
	__be32 type_len;
	__le32 type;
} __attribute__((packed));

struct hw_power_statistics {
	__be32 samples_len;
	__be32 samples;
	__be32 minimum_len;
	__u8 minimum[4];		/* little-endian binary32, as the next three */
	__be32 maximum_len;
	__u8 maximum[4];
	__be32 average_len;
	__u8 average[4];
	__be32 sample_ms_len;
	__u8 sample_ms[4];
} __attribute__((packed));

struct hw_throttling_level {
	__u8 threshold[4];		/* little-endian binary32, degrees Celsius */
	__u8 hysteresis[4];
	__le32 clock;			/* Hz */
} __attribute__((packed));

/* Body of the GET_HEALTH_INFORMATION response: 14 parameters */
struct hw_health {
	__be32 overcurrent_protection_len;
	__u8 overcurrent_protection;
	__be32 overcurrent_zone_len;
	__u8 overcurrent_zone;		/* 0 green, 1 red */
	__be32 overcurrent_threshold_len;
	__u8 overcurrent_threshold[4];
	__be32 overcurrent_throttling_len;
	__u8 overcurrent_throttling;
	__be32 temperature_throttling_len;
	__u8 temperature_throttling;
	__be32 temperature_zone_len;
	__u8 temperature_zone;		/* 0 green, 1 orange, 2 red */
	__be32 throttling_level_len;
	__s8 throttling_level;		/* -1: none */
	__be32 levels_len;
	struct hw_throttling_level levels[4];
	__be32 orange_len;
	__be32 orange;			/* degrees Celsius */
	__be32 orange_hysteresis_len;
	__be32 orange_hysteresis;
	__be32 red_len;
	__be32 red;
	__be32 red_hysteresis_len;
	__be32 red_hysteresis;
	__be32 overcurrent_clock_len;
	__be32 overcurrent_clock;	/* Hz */
	__be32 temperature_clock_len;
	__be32 temperature_clock;
} __attribute__((packed));

enum hw_reset {
	HW_RESET_CHIP		= 0,
	HW_RESET_NN_CORE	= 1,
	HW_RESET_SOFT		= 2,
	HW_RESET_FORCED_SOFT	= 3,
};

struct hw_consts {
	__le32 fifo_word_granularity;	/* bytes */
	__le16 max_periph_buffers_per_frame;
	__le16 max_periph_bytes_per_buffer;
	__le16 max_acceptable_bytes_per_buffer;
	__le32 outbound_data_stream_size;
	__u8 should_optimize_credits;
	__le32 default_initial_credit_size;
} __attribute__((packed));

enum hw_cs_state {
	HW_CS_RESET	= 0,
	HW_CS_ENABLED	= 1,
	HW_CS_PAUSED	= 2,
};

#define HW_CS_NO_APPLICATION		0xff

struct hw_change_status {
	__be32 state_len;
	__u8 state;
	__be32 application_len;
	__u8 application;
	__be32 dynamic_batch_len;
	__le16 dynamic_batch;		/* 0: as configured */
	__be32 batch_count_len;
	__le16 batch_count;		/* 0: no end */
} __attribute__((packed));

struct hw_context_info {		/* SET_CONTEXT_INFO, then list bytes */
	__be32 first_len;
	__u8 first;
	__be32 last_len;
	__u8 last;
	__be32 type_len;
	__u8 type;
	__be32 list_len;
} __attribute__((packed));

#define HW_CONTEXT_INFO_MAX_LIST	1461

_Static_assert(sizeof(struct hw_identify) == 162, "IDENTIFY");
_Static_assert(sizeof(struct hw_core_identify) == 16, "CORE_IDENTIFY");
_Static_assert(sizeof(struct hw_device_information) == 131, "DEVICE_INFORMATION");
_Static_assert(sizeof(struct hw_temperature) == 14, "TEMPERATURE");
_Static_assert(sizeof(struct hw_power_request) == 16, "POWER request");
_Static_assert(sizeof(struct hw_power_response) == 24, "POWER response");
_Static_assert(sizeof(struct hw_power_statistics) == 40, "POWER statistics");
_Static_assert(sizeof(struct hw_health) == 138, "HEALTH");
_Static_assert(sizeof(struct hw_consts) == 19, "HW_CONSTS");
_Static_assert(sizeof(struct hw_change_status) == 22, "CHANGE_STATUS");
_Static_assert(sizeof(struct hw_context_info) == 19, "CONTEXT_INFO");

/* Notification: header, then payload; all little-endian */
enum hw_event_id {
	HW_EVENT_RX_ERROR		= 0,
	HW_EVENT_HOST_INFO		= 1,
	HW_EVENT_TEMPERATURE_ALARM	= 2,
	HW_EVENT_CLOSED_STREAMS		= 3,
	HW_EVENT_OVERCURRENT		= 4,
	HW_EVENT_LCU_ECC_CORRECTABLE	= 5,
	HW_EVENT_LCU_ECC_UNCORRECTABLE	= 6,
	HW_EVENT_CPU_ECC_ERROR		= 7,
	HW_EVENT_CPU_ECC_FATAL		= 8,
	HW_EVENT_BREAKPOINT		= 9,
	HW_EVENT_CLOCK_CHANGED		= 10,
	HW_EVENT_HW_INFER_DONE		= 11,
	HW_EVENT_RUN_TIME_ERROR		= 12,
	HW_EVENT_CACHE_OFFSET		= 13,
};

struct hw_event {
	__le32 version;
	__le32 sequence;
	__le32 priority;		/* 0 info, 1 critical */
	__le32 module_id;
	__le32 event_id;
	__le32 param_count;
	__le32 payload_len;
} __attribute__((packed));

/* Of the event ids this is the only one that a driver has to know. */
#define HW_EVENT_CPU_ECC_FATAL		8

_Static_assert(sizeof(struct hw_event) == 28, "event header");

#endif /* _HW_CONTROL_H */
