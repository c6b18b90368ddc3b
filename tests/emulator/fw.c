// SPDX-License-Identifier: MIT
/*
 * Life of the firmware: start and stop, the control mailbox, and fw_run(),
 * in which everything happens that takes time or moves data.
 */
#include <stdlib.h>

#include "lib/md5.h"
#include "tests/emulator/fw.h"

/* A chip that boots without images (unit tests) runs what was recorded. */
static struct hw_fw_header recorded_image(unsigned int cpu)
{
	return (struct hw_fw_header) {
		.major = htole32(4),
		.minor = htole32(23),
		.revision = htole32(HW_FW_REVISION_EXT_CONTEXT |
				    (cpu ? HW_FW_REVISION_CORE : 0)),
	};
}

struct fw *fw_new(struct emu *emu)
{
	struct fw *fw = calloc(1, sizeof(*fw));

	if (!fw)
		return NULL;
	fw->nn = nn_new();
	if (!fw->nn) {
		free(fw);
		return NULL;
	}
	fw->emu = emu;
	fw->torn_due = EMU_IDLE;
	nn_set_ddr(fw->nn, fw_ddr_rows, fw);
	return fw;
}

void fw_free(struct fw *fw)
{
	if (!fw)
		return;
	fw_stop(fw);
	nn_free(fw->nn);
	free(fw);
}

static void reset_settings(struct fw *fw)
{
	memset(&fw->set, 0, sizeof(fw->set));
	fw->set.throttling = true;
	fw->set.overcurrent = fw->config->power_w >= 0;
	fw->set.awake = true;
	fw->set.clock = 400000000;
	fw->set.log_level = FW_LOG_INFO;
	fw->set.log_interfaces = 1;
	fw->set.watchdog[0] = true;
	fw->set.watchdog[1] = true;
	fw->set.process_monitor = fw->boots;
}

void fw_start(struct fw *fw, const struct hw_fw_header *app, const struct hw_fw_header *core)
{
	fw_stop(fw);
	fw->config = emu_get_config(fw->emu);
	fw->image[0] = app ? *app : recorded_image(0);
	fw->image[1] = core ? *core : recorded_image(1);
	fw->boots++;
	fw->started = emu_now(fw->emu);
	fw->running = true;
	fw->resetting = false;
	fw->event_sequence = 0;
	reset_settings(fw);
	fw_log(fw, 0, FW_LOG_INFO, FW_LOG_STARTED, 3, le32toh(fw->image[0].major),
	       le32toh(fw->image[0].minor), le32toh(fw->image[0].revision));
	fw_log(fw, 1, FW_LOG_INFO, FW_LOG_STARTED, 3, le32toh(fw->image[1].major),
	       le32toh(fw->image[1].minor), le32toh(fw->image[1].revision));
	if (fw_temperature_zone(fw) != FW_ZONE_GREEN)
		fw_notify_temperature(fw, fw_temperature_zone(fw));
}

void fw_stop(struct fw *fw)
{
	if (!fw->running)
		return;
	fw->running = false;
	fw->queued = 0;
	fw->torn_due = EMU_IDLE;
	fw_channels_close(fw);
	memset(&fw->cs, 0, sizeof(fw->cs));
	fw_apps_clear(fw);
	nn_reset(fw->nn);
}

bool fw_is_running(const struct fw *fw)
{
	return fw->running;
}

void fw_driver_down(struct fw *fw)
{
	fw->queued = 0;
	fw_cs_reset(fw);
	vdma_abort_all(fw->emu);
}

/* ---- control mailbox ---- */

static uint64_t queue_end(const struct fw *fw)
{
	uint64_t now = emu_now(fw->emu);

	if (fw->queued && fw->queue[fw->queued - 1].due > now)
		return fw->queue[fw->queued - 1].due;
	return now;
}

static uint64_t answer_delay(const struct fw *fw, const struct fw_request *request)
{
	const struct emu_fault *fault;
	uint64_t delay = fw_control_latency(fw, request) / 100 * fw->config->latency_percent;

	if (emu_fault(fw->emu, EMU_FAULT_CONTROL_LATE, fw_request_opcode(request), &fault))
		delay += fault->value * 1000000;
	return delay;
}

void fw_control(struct fw *fw, unsigned int cpu)
{
	const struct hw_mbox_control *mbox;
	struct fw_request *request;

	if (!fw->running || fw->resetting)
		return;
	if (fw->queued == FW_QUEUE) {
		emu_violation(fw->emu, "control: %u requests are waiting, one is lost", FW_QUEUE);
		return;
	}
	mbox = (const void *)emu_memory(fw->emu, HW_ADDR_MAILBOX + HW_MBOX_REQUEST, sizeof(*mbox));
	request = &fw->queue[fw->queued];
	request->cpu = cpu;
	request->len = le32toh(mbox->len);
	memcpy(request->md5, mbox->md5, sizeof(request->md5));
	memcpy(request->data, mbox->data, sizeof(request->data));
	request->due = queue_end(fw) + answer_delay(fw, request);
	fw->queued++;
}

static uint32_t assemble(uint8_t *out, const struct fw_request *request,
			 const struct fw_reply *reply)
{
	struct hw_ctrl_response head = {
		.version = htobe32(HW_CTRL_PROTOCOL_VERSION),
		.flags = htobe32(HW_CTRL_FLAG_ACK),
		.opcode = htobe32(reply->opcode),
		.major_status = htobe32(reply->major),
		.minor_status = htobe32(reply->minor),
		.param_count = htobe32(reply->count),
	};

	memcpy(&head.sequence, request->data + offsetof(struct hw_ctrl_request, sequence),
	       sizeof(head.sequence));
	memcpy(out, &head, sizeof(head));
	memcpy(out + sizeof(head), reply->body, reply->len);
	return sizeof(head) + reply->len;
}

static struct hw_mbox_control *response(struct fw *fw)
{
	return (void *)emu_memory(fw->emu, HW_ADDR_MAILBOX + HW_MBOX_RESPONSE,
				  sizeof(struct hw_mbox_control));
}

/* The host sees a length and half of the bytes, and is not told yet. */
static bool tear(struct fw *fw, uint32_t opcode, uint32_t len)
{
	const struct emu_fault *fault;

	if (!emu_fault(fw->emu, EMU_FAULT_CONTROL_TORN, opcode, &fault))
		return false;
	fw->torn = *response(fw);
	fw->torn_due = emu_now(fw->emu) + fault->value * 1000000;
	memset(response(fw)->data + len / 2, 0, len - len / 2);
	return true;
}

static uint64_t mend(struct fw *fw)
{
	if (fw->torn_due != EMU_IDLE && fw->torn_due <= emu_now(fw->emu)) {
		*response(fw) = fw->torn;
		fw->torn_due = EMU_IDLE;
		emu_raise_sw_irq(fw->emu, HW_IRQ_CONTROL);
	}
	return fw->torn_due;
}

static void answer(struct fw *fw, const struct fw_request *request, const struct fw_reply *reply)
{
	struct hw_mbox_control *mbox = response(fw);
	uint32_t len;

	memset(mbox->data, 0, sizeof(mbox->data));
	len = assemble(mbox->data, request, reply);
	md5_digest(mbox->data, len, mbox->md5);
	if (emu_fault(fw->emu, EMU_FAULT_CONTROL_BAD_MD5, reply->opcode, NULL))
		mbox->md5[0] ^= 0xff;
	if (emu_fault(fw->emu, EMU_FAULT_CONTROL_LONG, reply->opcode, NULL))
		len = HW_CTRL_MAX_LEN + 1;
	mbox->len = htole32(len);
	if (len > HW_CTRL_MAX_LEN || !tear(fw, reply->opcode, len))
		emu_raise_sw_irq(fw->emu, HW_IRQ_CONTROL);
}

static void faulty_status(struct fw *fw, uint32_t opcode, struct fw_reply *reply)
{
	const struct emu_fault *fault;

	if (!emu_fault(fw->emu, EMU_FAULT_CONTROL_STATUS, opcode, &fault))
		return;
	reply->major = fault->value;
	reply->minor = fault->value2;
	reply->count = 0;
	reply->len = 0;
}

/* Ends in fw_stop(), now or later; nothing is answered any more. */
static void reset_chip(struct fw *fw)
{
	fw->resetting = true;
	fw->queued = 0;
	emu_soft_reset(fw->emu);
}

static void execute(struct fw *fw, const struct fw_request *request)
{
	uint32_t opcode = fw_request_opcode(request);
	struct fw_reply reply = { 0 };

	if (emu_fault(fw->emu, EMU_FAULT_CONTROL_NEVER, opcode, NULL))
		return;
	fw_control_execute(fw, request, &reply);
	faulty_status(fw, opcode, &reply);
	emu_count_control(fw->emu, opcode, reply.major);
	fw_log(fw, request->cpu, reply.major ? FW_LOG_WARN : FW_LOG_INFO, FW_LOG_CONTROL, 3,
	       opcode, reply.major, reply.minor);
	emu_trace(fw->emu, "control", "cpu %u opcode 0x%02x len %u status 0x%08x 0x%08x",
		  request->cpu, opcode, request->len, reply.major, reply.minor);
	if (reply.silent)
		reset_chip(fw);
	else
		answer(fw, request, &reply);
}

static bool run_controls(struct fw *fw)
{
	struct fw_request request;

	if (mend(fw) != EMU_IDLE || !fw->queued || fw->queue[0].due > emu_now(fw->emu))
		return false;
	request = fw->queue[0];
	fw->queued--;
	memmove(fw->queue, fw->queue + 1, fw->queued * sizeof(fw->queue[0]));
	execute(fw, &request);
	return true;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t fw_run(struct fw *fw)
{
	uint64_t deadline;
	bool busy = true;

	if (!fw->running)
		return EMU_IDLE;
	while (run_controls(fw) && fw->running)
		;
	if (!fw->running)
		return EMU_IDLE;
	while (busy) {
		busy = fw_cs_run(fw);
		busy = fw_flow_turn(fw) || busy;
	}
	deadline = fw_cs_deadline(fw);
	if (fw->torn_due != EMU_IDLE)
		return earlier(deadline, fw->torn_due);
	if (fw->queued)
		deadline = earlier(deadline, fw->queue[0].due);
	return deadline;
}
