// SPDX-License-Identifier: MIT
#include <endian.h>
#include <inttypes.h>
#include <string.h>

#include "control.h"
#include "md5.h"
#include "old_firmware.h"
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

static const char *const opcode_names[HW_OP_COUNT] = {
	[HW_OP_IDENTIFY] = "IDENTIFY",
	[HW_OP_RESET] = "RESET",
	[HW_OP_POWER_MEASUREMENT] = "POWER_MEASUREMENT",
	[HW_OP_SET_POWER_MEASUREMENT] = "SET_POWER_MEASUREMENT",
	[HW_OP_GET_POWER_MEASUREMENT] = "GET_POWER_MEASUREMENT",
	[HW_OP_START_POWER_MEASUREMENT] = "START_POWER_MEASUREMENT",
	[HW_OP_STOP_POWER_MEASUREMENT] = "STOP_POWER_MEASUREMENT",
	[HW_OP_SET_NETWORK_GROUP_HEADER] = "SET_NETWORK_GROUP_HEADER",
	[HW_OP_SET_CONTEXT_INFO] = "SET_CONTEXT_INFO",
	[HW_OP_CHANGE_CONTEXT_SWITCH_STATUS] = "CHANGE_CONTEXT_SWITCH_STATUS",
	[HW_OP_CORE_IDENTIFY] = "CORE_IDENTIFY",
	[HW_OP_GET_CHIP_TEMPERATURE] = "GET_CHIP_TEMPERATURE",
	[HW_OP_GET_DEVICE_INFORMATION] = "GET_DEVICE_INFORMATION",
	[HW_OP_GET_HEALTH_INFORMATION] = "GET_HEALTH_INFORMATION",
	[HW_OP_SET_THROTTLING_STATE] = "SET_THROTTLING_STATE",
	[HW_OP_GET_THROTTLING_STATE] = "GET_THROTTLING_STATE",
	[HW_OP_SET_OVERCURRENT_STATE] = "SET_OVERCURRENT_STATE",
	[HW_OP_GET_OVERCURRENT_STATE] = "GET_OVERCURRENT_STATE",
	[HW_OP_CLEAR_CONFIGURED_APPS] = "CLEAR_CONFIGURED_APPS",
	[HW_OP_GET_HW_CONSTS] = "GET_HW_CONSTS",
};

static const char *opcode_name(uint32_t opcode)
{
	return opcode < HW_OP_COUNT && opcode_names[opcode] ? opcode_names[opcode] : "request";
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

void control_byte(struct control_request *request, uint8_t value)
{
	control_param(request, &value, sizeof(value));
}

static void control_le16(struct control_request *request, uint16_t value)
{
	value = htole16(value);
	control_param(request, &value, sizeof(value));
}

void control_be16(struct control_request *request, uint16_t value)
{
	value = htobe16(value);
	control_param(request, &value, sizeof(value));
}

void control_be32(struct control_request *request, uint32_t value)
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

static int unsupported(const struct h8l_device *device, uint32_t opcode, struct h8l_error *error)
{
	const uint32_t *v = device->identity.firmware;

	return fail(error, -EOPNOTSUPP, "%s: firmware %" PRIu32 ".%" PRIu32 ".%" PRIu32
		    " cannot do %s on this board; firmware %u.%u to %u.%u is known to",
		    device_node(device), v[0], v[1], v[2], opcode_name(opcode), FIRMWARE_MAJOR,
		    FIRMWARE_MIN, FIRMWARE_MAJOR, FIRMWARE_MAX);
}

static bool is_unsupported(uint32_t status)
{
	return status == HW_STATUS_UNSUPPORTED_OPCODE || status == HW_STATUS_INVALID_OPCODE ||
	       status == HW_STATUS_UNSUPPORTED_DEVICE || status == HW_STATUS_CONTROL_UNSUPPORTED;
}

static int refused(const struct h8l_device *device, uint32_t opcode, uint32_t major,
		   uint32_t minor, struct h8l_error *error)
{
	int code = -EREMOTEIO;

	if (is_unsupported(major) || is_unsupported(minor))
		return unsupported(device, opcode, error);
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

/* Fields are found by their place, so every length must be as expected */
int control_ask(struct h8l_device *device, struct control_request *request, void *body,
		const uint8_t *lengths, unsigned int count, struct h8l_error *error)
{
	const uint8_t *at = body;
	size_t size = 0;
	int err;

	for (unsigned int i = 0; i < count; i++)
		size += sizeof(uint32_t) + lengths[i];
	err = control_send_body(device, request, body, size, error);
	for (unsigned int i = 0; i < count && !err; i++) {
		uint32_t length;

		memcpy(&length, at, sizeof(length));
		if (be32toh(length) != lengths[i])
			return bad_answer(device, request->opcode, "has fields of other lengths",
					  error);
		at += sizeof(length) + lengths[i];
	}
	return err;
}

/* ---- messages ---- */

int control_identify(struct h8l_device *device, struct hw_identify *identify,
		     struct h8l_error *error)
{
	static const uint8_t lengths[] = { 4, 12, 4, 32, 4, 16, 16, 42 };
	struct control_request request;

	control_begin(&request, HW_OP_IDENTIFY);
	return control_ask(device, &request, identify, lengths, ARRAY_SIZE(lengths), error);
}

int control_device_information(struct h8l_device *device, struct hw_device_information *info,
			       struct h8l_error *error)
{
	static const uint8_t lengths[] = { 4, 8, 4, 1, 32, 6, 12, 24, 4 };
	struct control_request request;

	control_begin(&request, HW_OP_GET_DEVICE_INFORMATION);
	return control_ask(device, &request, info, lengths, ARRAY_SIZE(lengths), error);
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
	struct hw_old_app_header old = old_header(header);
	struct control_request request;

	control_begin(&request, HW_OP_SET_NETWORK_GROUP_HEADER);
	if (device_has_old_firmware(device))
		control_param(&request, &old, sizeof(old));
	else
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
