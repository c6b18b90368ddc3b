// SPDX-License-Identifier: MIT
/*
 * Who the chip is: IDENTIFY, CORE_IDENTIFY, GET_DEVICE_INFORMATION,
 * GET_HW_CONSTS. Bytes as recorded on a Hailo-8L, real-device.md 4.3-4.5.
 */
#include "tests/emulator/fw.h"

static void reply_version(struct fw_reply *reply, const struct hw_fw_header *image)
{
	const uint32_t version[3] = { image->major, image->minor, image->revision };

	fw_reply_bytes(reply, version, sizeof(version));
}

/* A fixed-size string field: zero-padded, not terminated when full. */
static void reply_string(struct fw_reply *reply, const char *text, uint32_t size)
{
	char field[64] = "";

	if (text)
		memcpy(field, text, strnlen(text, size));
	fw_reply_bytes(reply, field, size);
}

static uint32_t identify(struct fw *fw, const struct fw_args *args, struct fw_reply *reply)
{
	(void)args;
	fw_reply_be32(reply, HW_CTRL_PROTOCOL_VERSION);
	reply_version(reply, &fw->image[0]);
	fw_reply_be32(reply, 0);		/* logger version */
	reply_string(reply, "Hailo-8", 32);	/* on a Hailo-8L too */
	fw_reply_be32(reply, fw->config->architecture);
	reply_string(reply, fw->config->serial, 16);
	reply_string(reply, fw->config->part_number, 16);
	reply_string(reply, fw->config->product_name, 42);
	return 0;
}

static uint32_t core_identify(struct fw *fw, const struct fw_args *args, struct fw_reply *reply)
{
	(void)args;
	reply_version(reply, &fw->image[1]);
	return 0;
}

static const uint8_t soc_id[32] = {
	0xe8, 0xc9, 0xe8, 0xa2, 0x8c, 0x63, 0x4b, 0x96, 0x34, 0xd6, 0xe4, 0xd1, 0xf8, 0x95, 0x5e,
	0x37, 0xfd, 0x10, 0x8a, 0xe4, 0x24, 0x73, 0xce, 0x97, 0xe2, 0xb9, 0x31, 0x87, 0xa8, 0x9a,
	0x79, 0x83,
};

static const uint8_t fuse_info[12] = {
	0x00, 0x60, 0xc1, 0x8b, 0x2a, 0xb4, 0xd8, 0x50, 0xfb, 0xfa, 0xa3, 0x15,
};

/* Three counters and two temperatures, measured once per boot (the split is
 * inferred): constant until the next boot, different then.
 */
static void reply_process_monitor(const struct fw *fw, struct fw_reply *reply)
{
	struct {
		struct {
			uint8_t id;
			uint32_t value;
		} __attribute__((packed)) counter[3];
		float temperature[2];
		uint8_t valid;
	} __attribute__((packed)) pm = {
		.counter = {
			{ 2, htole32(0x144) },
			{ 2, htole32(0x193) },
			{ 2, htole32(0x20e + fw->set.process_monitor % 4) },
		},
		.temperature = { fw->config->temperature[0], fw->config->temperature[1] },
		.valid = 1,
	};

	_Static_assert(sizeof(pm) == 24, "process monitor");
	fw_reply_bytes(reply, &pm, sizeof(pm));
}

static uint32_t device_information(struct fw *fw, const struct fw_args *args,
				   struct fw_reply *reply)
{
	uint8_t features[8] = { [3] = 0x04 | (fw->config->power_w >= 0 ? 0x08 : 0) };
	const uint8_t mac[6] = { 0 };

	(void)args;
	fw->set.info_read = true;
	fw_reply_be32(reply, fw->set.clock);
	fw_reply_bytes(reply, features, sizeof(features));
	fw_reply_be32(reply, 1);		/* booted over PCIe */
	fw_reply_u8(reply, 3);			/* life-cycle state */
	fw_reply_bytes(reply, soc_id, sizeof(soc_id));
	fw_reply_bytes(reply, mac, sizeof(mac));
	fw_reply_bytes(reply, fuse_info, sizeof(fuse_info));
	reply_process_monitor(fw, reply);
	fw_reply_be32(reply, fw->config->layout);
	return 0;
}

static uint32_t hw_consts(struct fw *fw, const struct fw_args *args, struct fw_reply *reply)
{
	static const struct hw_consts consts = {
		.fifo_word_granularity = 8,
		.max_periph_buffers_per_frame = 0xffff,
		.max_periph_bytes_per_buffer = 0xffff,
		.max_acceptable_bytes_per_buffer = 0xa000,
		.outbound_data_stream_size = 0x10000,
		.should_optimize_credits = 1,
		.default_initial_credit_size = 0x10000,
	};

	(void)fw;
	(void)args;
	fw_reply_bytes(reply, &consts, sizeof(consts));
	return 0;
}

static const struct fw_control controls[] = {
	{ HW_OP_IDENTIFY, 0, 0, NULL, identify },
	{ HW_OP_CORE_IDENTIFY, 1, 0, NULL, core_identify },
	{ HW_OP_GET_DEVICE_INFORMATION, 0, 0, NULL, device_information },
	{ HW_OP_GET_HW_CONSTS, 1, 0, NULL, hw_consts },
};

const struct fw_control_family fw_device_controls = {
	controls, sizeof(controls) / sizeof(controls[0]),
};
