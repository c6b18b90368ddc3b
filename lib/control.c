// SPDX-License-Identifier: MIT
#include <endian.h>
#include <inttypes.h>
#include <string.h>

#include "control.h"
#include "md5.h"
#include "uapi/hailo8l.h"

#define TIMEOUT_MS 1000		/* what the stock library waits */

/* Core CPU opcodes; the rest goes to the application CPU. Reference
 * firmware-control.md 2.1.
 */
static bool is_core_opcode(uint32_t opcode)
{
	switch (opcode) {
	case HW_OP_SET_NETWORK_GROUP_HEADER:
	case HW_OP_SET_CONTEXT_INFO:
	case HW_OP_CHANGE_CONTEXT_SWITCH_STATUS:
	case HW_OP_CORE_IDENTIFY:
	case HW_OP_CLEAR_CONFIGURED_APPS:
	case HW_OP_GET_HW_CONSTS:
		return true;
	default:
		return false;
	}
}

static const char *opcode_name(uint32_t opcode)
{
	switch (opcode) {
	case HW_OP_IDENTIFY:
		return "IDENTIFY";
	case HW_OP_POWER_MEASUREMENT:
		return "POWER_MEASUREMENT";
	case HW_OP_SET_NETWORK_GROUP_HEADER:
		return "SET_NETWORK_GROUP_HEADER";
	case HW_OP_SET_CONTEXT_INFO:
		return "SET_CONTEXT_INFO";
	case HW_OP_CHANGE_CONTEXT_SWITCH_STATUS:
		return "CHANGE_CONTEXT_SWITCH_STATUS";
	case HW_OP_GET_CHIP_TEMPERATURE:
		return "GET_CHIP_TEMPERATURE";
	case HW_OP_GET_DEVICE_INFORMATION:
		return "GET_DEVICE_INFORMATION";
	case HW_OP_CLEAR_CONFIGURED_APPS:
		return "CLEAR_CONFIGURED_APPS";
	case HW_OP_GET_HW_CONSTS:
		return "GET_HW_CONSTS";
	default:
		return "request";
	}
}

void control_begin(struct control_request *request, enum hw_ctrl_opcode opcode)
{
	request->opcode = opcode;
	request->params = 0;
	request->size = HW_CTRL_REQUEST_HEAD;
}

void control_param(struct control_request *request, const void *value, size_t size)
{
	uint32_t len = htobe32((uint32_t)size);

	memcpy(request->bytes + request->size, &len, sizeof(len));
	memcpy(request->bytes + request->size + sizeof(len), value, size);
	request->size += sizeof(len) + size;
	request->params++;
}

static void control_byte(struct control_request *request, uint8_t value)
{
	control_param(request, &value, sizeof(value));
}

static void control_le16(struct control_request *request, uint16_t value)
{
	value = htole16(value);
	control_param(request, &value, sizeof(value));
}

static void control_be32(struct control_request *request, uint32_t value)
{
	value = htobe32(value);
	control_param(request, &value, sizeof(value));
}

static void finish_request(struct control_request *request)
{
	struct hw_ctrl_request head = {
		.version = htobe32(HW_CTRL_PROTOCOL_VERSION),
		.opcode = htobe32(request->opcode),
		.param_count = htobe32(request->params),
	};

	memcpy(request->bytes, &head, sizeof(head));
}

/* ---- answers ---- */

static int bad_answer(const struct h8l_device *device, uint32_t opcode, const char *what,
		      struct h8l_error *error)
{
	return fail(error, -EPROTO, "%s: the answer to %s %s; reset the device, or install the "
		    "firmware that fits the driver", device_node(device), opcode_name(opcode),
		    what);
}

/* Some statuses deserve a sentence of their own */
static const char *status_hint(uint32_t major)
{
	switch (major) {
	case HW_STATUS_CS_SRAM_FULL:
		return " (the firmware's memory for networks is full; close another network)";
	case HW_STATUS_CS_CONFIGURE_WHILE_ACTIVE:
		return " (a network is running)";
	case HW_STATUS_MD5_MISMATCH:
		return " (the message was damaged on its way)";
	default:
		return "";
	}
}

static int refused(const struct h8l_device *device, uint32_t opcode, uint32_t major,
		   uint32_t minor, struct h8l_error *error)
{
	int code = -EREMOTEIO;

	if (major == HW_STATUS_UNSUPPORTED_OPCODE || minor == HW_STATUS_UNSUPPORTED_OPCODE ||
	    major == HW_STATUS_UNSUPPORTED_DEVICE || minor == HW_STATUS_UNSUPPORTED_DEVICE)
		code = -EOPNOTSUPP;
	if (major == HW_STATUS_CS_SRAM_FULL)
		code = -ENOSPC;
	return fail(error, code, "%s: the firmware refuses %s with status 0x%08" PRIx32
		    ", 0x%08" PRIx32 "%s", device_node(device), opcode_name(opcode), major, minor,
		    status_hint(major));
}

/* Walks the parameters: they must end exactly where the message ends */
static bool params_fit(const uint8_t *at, size_t size, uint32_t count)
{
	while (count--) {
		uint32_t len;

		if (size < sizeof(len))
			return false;
		memcpy(&len, at, sizeof(len));
		len = be32toh(len);
		if (len > size - sizeof(len))
			return false;
		at += sizeof(len) + len;
		size -= sizeof(len) + len;
	}
	return size == 0;
}

static int check_answer(const struct h8l_device *device, const struct hailo8l_fw_control *c,
			uint32_t opcode, struct h8l_error *error)
{
	struct hw_ctrl_response head = { 0 };
	uint8_t digest[16];

	if (c->buffer_len < HW_CTRL_RESPONSE_HEAD - sizeof(head.param_count) ||
	    c->buffer_len > HW_CTRL_MAX_LEN)
		return bad_answer(device, opcode, "has an impossible length", error);
	md5_digest(c->buffer, c->buffer_len, digest);
	if (memcmp(digest, c->md5, sizeof(digest)))
		return bad_answer(device, opcode, "is damaged (wrong MD5)", error);
	memcpy(&head, c->buffer, c->buffer_len < sizeof(head) ? c->buffer_len : sizeof(head));
	if (be32toh(head.version) != HW_CTRL_PROTOCOL_VERSION)
		return bad_answer(device, opcode, "has another protocol version", error);
	if (!(be32toh(head.flags) & HW_CTRL_FLAG_ACK) || be32toh(head.opcode) != opcode)
		return bad_answer(device, opcode, "belongs to another request", error);
	if (head.major_status)
		return refused(device, opcode, be32toh(head.major_status),
			       be32toh(head.minor_status), error);
	if (c->buffer_len >= sizeof(head) &&
	    !params_fit(c->buffer + sizeof(head), c->buffer_len - sizeof(head),
			be32toh(head.param_count)))
		return bad_answer(device, opcode, "has parameters that do not fit", error);
	return 0;
}

static int driver_failed(const struct h8l_device *device, uint32_t opcode, int err,
			 struct h8l_error *error)
{
	if (err == -ETIMEDOUT)
		return fail(error, err, "%s: the firmware does not answer %s within a second; "
			    "see the kernel log, reset the device", device_node(device),
			    opcode_name(opcode));
	if (err == -ENODEV)
		return fail(error, err, "%s: the device is gone, or its firmware does not run; "
			    "see the kernel log", device_node(device));
	return fail(error, err, "%s: the driver cannot send %s: %s", device_node(device),
		    opcode_name(opcode), h8l_strerror(err));
}

int control_send(struct h8l_device *device, struct control_request *request,
		 struct control_response *response, struct h8l_error *error)
{
	struct hailo8l_fw_control c;
	int err;

	finish_request(request);
	memset(&c, 0, sizeof(c));
	c.buffer_len = (uint32_t)request->size;
	memcpy(c.buffer, request->bytes, request->size);
	md5_digest(c.buffer, c.buffer_len, c.md5);
	c.timeout_ms = TIMEOUT_MS;
	c.cpu_id = is_core_opcode(request->opcode) ? HAILO8L_CPU_CORE : HAILO8L_CPU_APP;
	err = device_ioctl(device, HAILO8L_FW_CONTROL, &c);
	if (err < 0)
		return driver_failed(device, request->opcode, err, error);
	err = check_answer(device, &c, request->opcode, error);
	if (err || !response)
		return err;
	response->size = c.buffer_len > HW_CTRL_RESPONSE_HEAD ?
			 c.buffer_len - HW_CTRL_RESPONSE_HEAD : 0;
	memcpy(response->bytes, c.buffer + HW_CTRL_RESPONSE_HEAD, response->size);
	return 0;
}

int control_send_body(struct h8l_device *device, struct control_request *request, void *body,
		      size_t size, struct h8l_error *error)
{
	struct control_response response;
	int err = control_send(device, request, &response, error);

	if (err)
		return err;
	if (response.size != size)
		return bad_answer(device, request->opcode, "has another size than expected", error);
	memcpy(body, response.bytes, size);
	return 0;
}

/* ---- messages ---- */

int control_identify(struct h8l_device *device, struct hw_identify *identify,
		     struct h8l_error *error)
{
	struct control_request request;

	control_begin(&request, HW_OP_IDENTIFY);
	return control_send_body(device, &request, identify, sizeof(*identify), error);
}

int control_device_information(struct h8l_device *device, struct hw_device_information *info,
			       struct h8l_error *error)
{
	struct control_request request;

	control_begin(&request, HW_OP_GET_DEVICE_INFORMATION);
	return control_send_body(device, &request, info, sizeof(*info), error);
}

int control_change_status(struct h8l_device *device, enum hw_cs_state state,
			  uint8_t application, uint16_t batch, struct h8l_error *error)
{
	struct control_request request;

	control_begin(&request, HW_OP_CHANGE_CONTEXT_SWITCH_STATUS);
	control_byte(&request, (uint8_t)state);
	control_byte(&request, application);
	control_le16(&request, batch);
	control_le16(&request, 0);
	return control_send(device, &request, NULL, error);
}

int control_clear_applications(struct h8l_device *device, struct h8l_error *error)
{
	struct control_request request;

	control_begin(&request, HW_OP_CLEAR_CONFIGURED_APPS);
	return control_send(device, &request, NULL, error);
}

int control_hw_consts(struct h8l_device *device, struct hw_consts *consts,
		      struct h8l_error *error)
{
	struct {
		uint32_t len;
		struct hw_consts consts;
	} __attribute__((packed)) body;
	struct control_request request;
	int err;

	control_begin(&request, HW_OP_GET_HW_CONSTS);
	err = control_send_body(device, &request, &body, sizeof(body), error);
	if (!err)
		*consts = body.consts;
	return err;
}

int control_application_header(struct h8l_device *device, const struct hw_app_header *header,
			       struct h8l_error *error)
{
	struct control_request request;

	control_begin(&request, HW_OP_SET_NETWORK_GROUP_HEADER);
	control_param(&request, header, sizeof(*header));
	return control_send(device, &request, NULL, error);
}

int control_context_info(struct h8l_device *device, enum hw_context_type type, bool first,
			 bool last, const void *list, size_t size, struct h8l_error *error)
{
	struct control_request request;

	control_begin(&request, HW_OP_SET_CONTEXT_INFO);
	control_byte(&request, first);
	control_byte(&request, last);
	control_byte(&request, (uint8_t)type);
	control_param(&request, list, size);
	return control_send(device, &request, NULL, error);
}

/* ---- sensors and log ---- */

static float load_le_float(const uint8_t *bytes)
{
	uint32_t word;
	float value;

	memcpy(&word, bytes, sizeof(word));
	word = le32toh(word);
	memcpy(&value, &word, sizeof(value));
	return value;
}

int h8l_device_read_temperature(struct h8l_device *device, struct h8l_temperature *temperature,
				struct h8l_error *error)
{
	struct control_request request;
	struct hw_temperature body;
	int err;

	control_begin(&request, HW_OP_GET_CHIP_TEMPERATURE);
	err = control_send_body(device, &request, &body, sizeof(body), error);
	if (err)
		return err;
	temperature->sensor[0] = load_le_float(body.ts0);
	temperature->sensor[1] = load_le_float(body.ts1);
	temperature->sample_count = be16toh(body.sample_count);
	return 0;
}

#define POWER_AUTO 0x7fffffffu	/* measuring point and kind: power of the board */

int h8l_device_read_power(struct h8l_device *device, float *watts, struct h8l_error *error)
{
	struct control_request request;
	struct hw_power_response body;
	struct h8l_device_info info;
	int err = h8l_device_read_info(device, &info, error);

	if (err)
		return err;
	if (!info.has_current_monitor)
		return fail(error, -EOPNOTSUPP, "%s: this board cannot measure its power",
			    device_node(device));
	control_begin(&request, HW_OP_POWER_MEASUREMENT);
	control_be32(&request, POWER_AUTO);
	control_be32(&request, POWER_AUTO);
	err = control_send_body(device, &request, &body, sizeof(body), error);
	if (!err)
		*watts = load_le_float(body.value);
	return err;
}

/* Byte 3 of the feature word, reference firmware-control.md 2.4 */
#define FEATURE_CURRENT_MONITOR (1u << 3)

int h8l_device_read_info(struct h8l_device *device, struct h8l_device_info *info,
			 struct h8l_error *error)
{
	struct hw_device_information body;
	int err = control_device_information(device, &body, error);

	if (err)
		return err;
	*info = (struct h8l_device_info){
		.clock_hz = be32toh(body.clock),
		.has_current_monitor = !!(body.features[3] & FEATURE_CURRENT_MONITOR),
		.boot_source = be32toh(body.boot_source),
		.life_cycle_state = body.lcs,
		.cluster_layout = be32toh(body.layout),
	};
	memcpy(info->soc_id, body.soc_id, sizeof(info->soc_id));
	return 0;
}

int h8l_device_read_log(struct h8l_device *device, enum h8l_cpu cpu, void *buffer, size_t size)
{
	struct hailo8l_read_log log;
	int err;

	if (cpu != H8L_CPU_APP && cpu != H8L_CPU_CORE)
		return -EINVAL;
	memset(&log, 0, sizeof(log));
	log.cpu_id = (uint32_t)cpu;
	log.buffer_size = size < sizeof(log.buffer) ? size : sizeof(log.buffer);
	err = device_ioctl(device, HAILO8L_READ_LOG, &log);
	if (err < 0)
		return err;
	if (log.read_bytes > log.buffer_size)
		return -EPROTO;
	memcpy(buffer, log.buffer, log.read_bytes);
	return (int)log.read_bytes;
}
