// SPDX-License-Identifier: MIT
/* Information and sensors. Reference firmware-control.md 2.3 to 2.6. */
#include <endian.h>
#include <string.h>

#include "control.h"
#include "load.h"
#include "uapi/hailo8l.h"

/* Evaluation boards have a monitor without saying so; the stock library knows
 * them by their name, too.
 */
static bool is_evaluation_board(const struct h8l_device *device)
{
	return strstr(device->identity.product_name, "EVB") != NULL;
}

int h8l_device_read_info(struct h8l_device *device, struct h8l_device_info *info,
			 struct h8l_error *error)
{
	struct hw_device_information body;
	int err = control_device_information(device, &body, error);

	if (err)
		return err;
	*info = (struct h8l_device_info){
		.clock_hz = be32toh(body.clock),
		.features = body.features[HW_FEATURE_BYTE],
		.has_current_monitor =
			(body.features[HW_FEATURE_BYTE] & H8L_FEATURE_CURRENT_MONITOR) ||
			is_evaluation_board(device),
		.boot_source = be32toh(body.boot_source),
		.life_cycle_state = body.lcs,
		.cluster_layout = be32toh(body.layout),
	};
	memcpy(info->soc_id, body.soc_id, sizeof(info->soc_id));
	memcpy(info->ethernet_mac, body.mac, sizeof(info->ethernet_mac));
	memcpy(info->unit_tracking_id, body.fuse, sizeof(info->unit_tracking_id));
	memcpy(info->process_monitor, body.process_monitor, sizeof(info->process_monitor));
	atomic_store(&device->monitor, info->has_current_monitor ? 1 : -1);
	return 0;
}

#define REVISION_MASK	0x07ffffffu	/* the rest of the word are flags */
#define REVISION_CORE	(1u << 27)

int h8l_device_read_core_firmware(struct h8l_device *device, uint32_t version[3],
				  struct h8l_error *error)
{
	static const uint8_t lengths[] = { 12 };
	struct control_request request;
	struct hw_core_identify body;
	int err;

	control_begin(&request, HW_OP_CORE_IDENTIFY);
	err = control_ask(device, &request, &body, lengths, ARRAY_SIZE(lengths), error);
	if (err)
		return err;
	if (!(le32toh(body.fw_version[2]) & REVISION_CORE))
		return fail(error, -EPROTO, "%s: the firmware of the second processor is that of "
			    "the first; install the firmware again", device_node(device));
	version[0] = le32toh(body.fw_version[0]);
	version[1] = le32toh(body.fw_version[1]);
	version[2] = le32toh(body.fw_version[2]) & REVISION_MASK;
	return 0;
}

int h8l_device_read_temperature(struct h8l_device *device, struct h8l_temperature *temperature,
				struct h8l_error *error)
{
	static const uint8_t lengths[] = { 10 };
	struct control_request request;
	struct hw_temperature body;
	int err;

	control_begin(&request, HW_OP_GET_CHIP_TEMPERATURE);
	err = control_ask(device, &request, &body, lengths, ARRAY_SIZE(lengths), error);
	if (err)
		return err;
	temperature->sensor[0] = load_le_float(body.ts0);
	temperature->sensor[1] = load_le_float(body.ts1);
	temperature->sample_count = be16toh(body.sample_count);
	return 0;
}

/* ---- the two protections ---- */

struct byte_answer {
	uint32_t len;
	uint8_t value;
} __attribute__((packed));

static int get_state(struct h8l_device *device, enum hw_ctrl_opcode opcode, int *enabled,
		     struct h8l_error *error)
{
	static const uint8_t lengths[] = { 1 };
	struct control_request request;
	struct byte_answer body;
	int err;

	control_begin(&request, opcode);
	err = control_ask(device, &request, &body, lengths, ARRAY_SIZE(lengths), error);
	if (!err)
		*enabled = body.value != 0;
	return err;
}

static int set_state(struct h8l_device *device, enum hw_ctrl_opcode opcode, int enabled,
		     struct h8l_error *error)
{
	struct control_request request;

	control_begin(&request, opcode);
	control_byte(&request, enabled != 0);
	return control_send(device, &request, NULL, error);
}

int h8l_device_get_throttling(struct h8l_device *device, int *enabled, struct h8l_error *error)
{
	return get_state(device, HW_OP_GET_THROTTLING_STATE, enabled, error);
}

int h8l_device_set_throttling(struct h8l_device *device, int enabled, struct h8l_error *error)
{
	return set_state(device, HW_OP_SET_THROTTLING_STATE, enabled, error);
}

int h8l_device_get_overcurrent(struct h8l_device *device, int *enabled, struct h8l_error *error)
{
	return get_state(device, HW_OP_GET_OVERCURRENT_STATE, enabled, error);
}

int h8l_device_set_overcurrent(struct h8l_device *device, int enabled, struct h8l_error *error)
{
	return set_state(device, HW_OP_SET_OVERCURRENT_STATE, enabled, error);
}

/* ---- log ---- */

int h8l_device_read_log(struct h8l_device *device, enum h8l_cpu cpu, void *buffer, size_t size)
{
	struct hailo8l_read_log log;
	size_t room = size < sizeof(log.buffer) ? size : sizeof(log.buffer);
	int err;

	if (cpu != H8L_CPU_APP && cpu != H8L_CPU_CORE)
		return -EINVAL;
	memset(&log, 0, sizeof(log));
	log.cpu_id = (uint32_t)cpu;
	log.buffer_size = room;
	err = device_ioctl(device, HAILO8L_READ_LOG, &log);
	if (err < 0)
		return err;
	/* Not log.buffer_size: the driver writes that, too. */
	if (log.read_bytes > room)
		return -EPROTO;
	memcpy(buffer, log.buffer, log.read_bytes);
	return (int)log.read_bytes;
}
