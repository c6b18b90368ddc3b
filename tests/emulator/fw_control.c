// SPDX-License-Identifier: MIT
/*
 * Control messages: framing, checks and dispatch. Layouts: reference
 * firmware-control.md sections 1 and 2; how real firmware refuses: real-device.md
 * 4.6. A message that cannot be parsed is answered with opcode 0xffffffff, major
 * PARSE_FAILED and the reason in minor (recorded for opcode 3 only, the rest is
 * inferred from it).
 */
#include "lib/md5.h"
#include "tests/emulator/fw.h"

#define NO_OPCODE	0xffffffffu

static const struct fw_control_family *const families[] = {
	&fw_device_controls,
	&fw_sensor_controls,
	&fw_config_controls,
	&fw_system_controls,
	&fw_context_controls,
};

uint32_t fw_request_opcode(const struct fw_request *request)
{
	uint32_t opcode;

	memcpy(&opcode, request->data + offsetof(struct hw_ctrl_request, opcode), sizeof(opcode));
	return be32toh(opcode);
}

/* ---- replies ---- */

void fw_reply_bytes(struct fw_reply *reply, const void *data, uint32_t len)
{
	uint32_t be = htobe32(len);

	memcpy(reply->body + reply->len, &be, sizeof(be));
	memcpy(reply->body + reply->len + sizeof(be), data, len);
	reply->len += sizeof(be) + len;
	reply->count++;
}

void fw_reply_u8(struct fw_reply *reply, uint8_t v)
{
	fw_reply_bytes(reply, &v, sizeof(v));
}

void fw_reply_be16(struct fw_reply *reply, uint16_t v)
{
	v = htobe16(v);
	fw_reply_bytes(reply, &v, sizeof(v));
}

void fw_reply_be32(struct fw_reply *reply, uint32_t v)
{
	v = htobe32(v);
	fw_reply_bytes(reply, &v, sizeof(v));
}

void fw_reply_le32(struct fw_reply *reply, uint32_t v)
{
	v = htole32(v);
	fw_reply_bytes(reply, &v, sizeof(v));
}

void fw_reply_float(struct fw_reply *reply, float v)
{
	uint32_t bits;

	memcpy(&bits, &v, sizeof(bits));
	fw_reply_le32(reply, bits);
}

/* ---- requests ---- */

static uint32_t be32_at(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return be32toh(v);
}

static uint32_t check_frame(const struct fw_request *request)
{
	uint8_t md5[16];

	if (request->len > HW_CTRL_MAX_LEN)
		return FW_REQUEST_TOO_LONG;
	if (request->len < HW_CTRL_REQUEST_HEAD)
		return HW_STATUS_OVERRUN_BEFORE_PARAMS;
	md5_digest(request->data, request->len, md5);
	if (memcmp(md5, request->md5, sizeof(md5)) != 0)
		return HW_STATUS_MD5_MISMATCH;
	if (be32_at(request->data) != HW_CTRL_PROTOCOL_VERSION)
		return HW_STATUS_INVALID_VERSION;
	if (be32_at(request->data + 4) & HW_CTRL_FLAG_ACK)
		return FW_UNEXPECTED_ACK;
	return 0;
}

static uint32_t parse_params(const struct fw_request *request, struct fw_args *args)
{
	uint32_t count = be32_at(request->data + 16);
	uint32_t at = HW_CTRL_REQUEST_HEAD;
	uint32_t i, len;

	for (i = 0; i < count; i++) {
		if (request->len - at < 4)
			return HW_STATUS_OVERRUN_BEFORE_PARAMS;
		len = be32_at(request->data + at);
		at += 4;
		if (len > request->len - at)
			return HW_STATUS_OVERRUN_AT_PARAM;
		if (i < FW_MAX_PARAMS) {
			args->param[i].data = request->data + at;
			args->param[i].len = len;
		}
		at += len;
	}
	args->count = count;
	return at == request->len ? 0 : HW_STATUS_NOT_PARSED;
}

static const struct fw_control *find_control(uint32_t opcode)
{
	size_t f, i;

	for (f = 0; f < sizeof(families) / sizeof(families[0]); f++)
		for (i = 0; i < families[f]->count; i++)
			if (families[f]->controls[i].opcode == opcode)
				return &families[f]->controls[i];
	return NULL;
}

static uint32_t check_params(const struct fw_control *control, const struct fw_args *args)
{
	const struct fw_param *want = control->params;
	unsigned int i;

	if (args->count != control->count)
		return HW_STATUS_WRONG_PARAM_COUNT;
	for (i = 0; i < control->count; i++)
		if (args->param[i].len < want[i].min || args->param[i].len > want[i].max)
			return want[i].status;
	return 0;
}

static void refuse(struct fw_reply *reply, uint32_t opcode, uint32_t major, uint32_t minor)
{
	reply->opcode = opcode;
	reply->major = major;
	reply->minor = minor;
	reply->count = 0;
	reply->len = 0;
}

/* Opcodes that exist and that this firmware does not serve. Memory access:
 * recorded. The others are not used over PCIe; their answer is inferred.
 */
static void refuse_unserved(struct fw_reply *reply, uint32_t opcode)
{
	if (opcode == HW_OP_WRITE_MEMORY || opcode == HW_OP_READ_MEMORY)
		refuse(reply, NO_OPCODE, FW_NOT_FOR_DEVICE, FW_NOT_FOR_DEVICE);
	else if (opcode >= HW_OP_COUNT)
		refuse(reply, NO_OPCODE, FW_PARSE_FAILED, HW_STATUS_INVALID_OPCODE);
	else
		refuse(reply, opcode, HW_STATUS_UNSUPPORTED_OPCODE, HW_STATUS_CONTROL_UNSUPPORTED);
}

static void dispatch(struct fw *fw, const struct fw_control *control, const struct fw_args *args,
		     struct fw_reply *reply)
{
	uint32_t status = check_params(control, args);

	reply->opcode = control->opcode;
	if (status) {
		refuse(reply, control->opcode, status, status);
		return;
	}
	status = control->handler(fw, args, reply);
	if (status)
		refuse(reply, control->opcode, status, reply->minor ? reply->minor : status);
}

void fw_control_execute(struct fw *fw, const struct fw_request *request, struct fw_reply *reply)
{
	uint32_t opcode = fw_request_opcode(request);
	const struct fw_control *control;
	struct fw_args args;
	uint32_t status;

	status = check_frame(request);
	if (!status)
		status = parse_params(request, &args);
	if (status) {
		emu_violation(fw->emu, "control 0x%02x: malformed, status 0x%08x", opcode, status);
		refuse(reply, NO_OPCODE, FW_PARSE_FAILED, status);
		return;
	}
	control = find_control(opcode);
	if (!control) {
		refuse_unserved(reply, opcode);
	} else if (control->cpu != request->cpu) {
		emu_violation(fw->emu, "control 0x%02x: sent to cpu %u", opcode, request->cpu);
		refuse(reply, NO_OPCODE, FW_PARSE_FAILED, HW_STATUS_INVALID_OPCODE);
	} else {
		dispatch(fw, control, &args, reply);
		if (reply->major)
			emu_violation(fw->emu, "control 0x%02x: refused, status 0x%08x 0x%08x",
				      opcode, reply->major, reply->minor);
	}
}

/* ---- time ---- */

/* Microseconds from doorbell to interrupt, real-device.md 4.2; opcodes that
 * were not recorded are given 100.
 */
static uint64_t latency_us(const struct fw *fw, const struct fw_request *request)
{
	switch (fw_request_opcode(request)) {
	case HW_OP_IDENTIFY:
		return 87;
	case HW_OP_GET_DEVICE_INFORMATION:
		return fw->set.info_read ? 108 : 457;
	case HW_OP_CHANGE_CONTEXT_SWITCH_STATUS:
		if (request->data[HW_CTRL_REQUEST_HEAD + 4] == HW_CS_ENABLED)
			return 89;
		return fw->cs.phase == FW_CS_IDLE ? 69 : 475;
	case HW_OP_CLEAR_CONFIGURED_APPS:
		return 4385;
	case HW_OP_GET_HW_CONSTS:
		return 65;
	case HW_OP_SET_NETWORK_GROUP_HEADER:
		return 72;
	case HW_OP_SET_CONTEXT_INFO:
		return 65 + (uint64_t)request->len * 21 / 100;
	default:
		return 100;
	}
}

uint64_t fw_control_latency(const struct fw *fw, const struct fw_request *request)
{
	return latency_us(fw, request) * 1000;
}
