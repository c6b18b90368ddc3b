// SPDX-License-Identifier: MIT
/*
 * Doorbell, notifications and log rings: hardware.md section 8.
 */
#include <errno.h>
#include <string.h>

#include "tests/emulator/chip.h"

/* Time from doorbell to answer on a real card, real-device.md 4.2. */
#define DRIVER_DOWN_NS	(52 * NS_PER_US)
/* Says so long a data part that no host may believe it. */
#define LONG_NOTIFICATION_LEN	0x1000

void mailbox_reset(struct emu *emu)
{
	emu->mbox.doorbell = 0;
	emu->mbox.driver_down_deadline = EMU_IDLE;
	emu->mbox.storm_deadline = EMU_IDLE;
	emu->mbox.queue_len = 0;
	emu->mbox.long_sent = false;
}

void mailbox_clear_memory(struct emu *emu)
{
	size_t mailboxes = HW_MBOX_NOTIFICATION + sizeof(struct hw_mbox_notification);

	memset(emu_memory(emu, CONTROL_BASE, mailboxes), 0, mailboxes);
	memset(emu_memory(emu, LOG_APP_BASE, sizeof(struct hw_log_ring)), 0,
	       sizeof(struct hw_log_ring));
	memset(emu_memory(emu, LOG_CORE_BASE, sizeof(struct hw_log_ring)), 0,
	       sizeof(struct hw_log_ring));
}

void mailbox_ring(struct emu *emu, uint32_t value)
{
	const uint32_t known = HW_DOORBELL_APP_CONTROL | HW_DOORBELL_CORE_CONTROL |
			       HW_DOORBELL_DRIVER_DOWN | HW_DOORBELL_SOFT_RESET;

	emu_trace(emu, "doorbell", "%08x", value);
	for (unsigned int bit = 0; bit < 4; bit++)
		emu->stats.doorbells[bit] += value >> bit & 1;
	if (value & ~known)
		emu_violation(emu, "doorbell 0x%08x: unknown bits", value);
	if (!fw_is_running(emu->fw)) {
		emu_violation(emu, "doorbell 0x%08x: no firmware is running", value);
		return;
	}
	emu->mbox.doorbell |= value & known;
	emu->work = true;
}

static bool hangs(struct emu *emu, uint32_t bits)
{
	const uint32_t controls = HW_DOORBELL_APP_CONTROL | HW_DOORBELL_CORE_CONTROL;
	const struct emu_fault *fault;

	if (!emu->hung && bits & controls && emu_fault(emu, EMU_FAULT_HANG, -1, &fault)) {
		emu_trace(emu, "fault", "firmware hangs");
		emu->hung = true;
		emu->hung_until = fault->value2;
	}
	return emu->hung;
}

static void answer_doorbell(struct emu *emu)
{
	uint32_t bits = emu->mbox.doorbell;

	emu->mbox.doorbell = 0;
	if (bits & HW_DOORBELL_SOFT_RESET)
		emu_soft_reset(emu);
	if (hangs(emu, bits))
		return;
	if (bits & HW_DOORBELL_APP_CONTROL)
		fw_control(emu->fw, 0);
	if (bits & HW_DOORBELL_CORE_CONTROL)
		fw_control(emu->fw, 1);
	if (!(bits & HW_DOORBELL_DRIVER_DOWN) ||
	    emu_fault(emu, EMU_FAULT_DRIVER_DOWN_NEVER, -1, NULL) ||
	    emu_fault(emu, EMU_FAULT_DMA_NO_STOP, -1, NULL))
		return;
	fw_driver_down(emu->fw);
	emu->mbox.driver_down_deadline = emu->now + latency_ns(emu, DRIVER_DOWN_NS);
}

/* ---- notifications ---- */

int emu_notify(struct emu *emu, const void *event, size_t len)
{
	struct mailbox_state *mbox = &emu->mbox;
	struct notification *slot;

	if (len > HW_NOTIFICATION_MAX_LEN)
		return -EINVAL;
	if (mbox->queue_len == NOTIFY_QUEUE_LEN) {
		emu->stats.notifications_dropped++;
		return -ENOSPC;
	}
	slot = &mbox->queue[(mbox->queue_head + mbox->queue_len++) % NOTIFY_QUEUE_LEN];
	memcpy(slot->data, event, len);
	slot->len = len;
	emu->work = true;
	return 0;
}

static struct hw_mbox_notification *record(struct emu *emu)
{
	return (void *)emu_memory(emu, NOTIFICATION_BASE, sizeof(struct hw_mbox_notification));
}

static void hand_over(struct emu *emu)
{
	struct hw_mbox_notification *to = record(emu);
	struct mailbox_state *mbox = &emu->mbox;
	struct notification *from = &mbox->queue[mbox->queue_head];

	if (!mbox->queue_len || to->in_use)
		return;
	memcpy(to->data, from->data, from->len);
	to->len = from->len;
	if (emu_fault(emu, EMU_FAULT_NOTIFY_LONG, -1, NULL))
		to->len = LONG_NOTIFICATION_LEN;
	to->in_use = 1;
	emu_trace(emu, "notify", "%u bytes", to->len);
	mbox->queue_head = (mbox->queue_head + 1) % NOTIFY_QUEUE_LEN;
	mbox->queue_len--;
	emu->stats.notifications++;
	emu_raise_sw_irq(emu, HW_IRQ_NOTIFICATION);
}

/* Event 7 as a real card was once seen to send it (hardware.md 9.6): CPU ECC
 * error, version 0, sequence, priority 1, module 22, 1 parameter of 4 bytes.
 * Event 8, the fatal one, has the same form.
 */
#define CPU_ECC_ERROR	7

static void notify_ecc(struct emu *emu, uint32_t id)
{
	uint32_t event[8] = { 0, emu->mbox.sequence++, 1, 22, id, 1, 4, 1u << 12 };

	emu_notify(emu, event, sizeof(event));
}

/* One notification by itself, for a host that listens, so that the fault
 * shows without another one.
 */
static uint64_t run_long(struct emu *emu)
{
	if (!fault_find(emu, EMU_FAULT_NOTIFY_LONG, -1) || emu->mbox.long_sent ||
	    !(emu->irq.mask & HW_IRQ_NOTIFICATION))
		return EMU_IDLE;
	emu->mbox.long_sent = true;
	notify_ecc(emu, CPU_ECC_ERROR);
	return EMU_IDLE;
}

static uint64_t run_storm(struct emu *emu)
{
	const struct emu_fault *fault;
	uint64_t *deadline = &emu->mbox.storm_deadline;
	uint64_t interval;

	if (*deadline != EMU_IDLE && emu->now < *deadline)
		return *deadline;
	if (!emu_fault(emu, EMU_FAULT_NOTIFY_STORM, -1, &fault))
		return EMU_IDLE;
	interval = 1000 * NS_PER_MS / (fault->value ? fault->value : 1);
	/* Only for a host that listens: it forgets what came before it opened
	 * the card, and the record would be taken for ever.
	 */
	if (*deadline != EMU_IDLE && (emu->irq.mask & HW_IRQ_NOTIFICATION))
		notify_ecc(emu, fault->value2 ? fault->value2 : CPU_ECC_ERROR);
	*deadline = emu->now + interval;
	return *deadline;
}

void mailbox_between(struct emu *emu)
{
	const struct emu_fault *fault;

	if (!fw_is_running(emu->fw) || !emu_fault(emu, EMU_FAULT_IRQ_BETWEEN, -1, &fault))
		return;
	notify_ecc(emu, fault->value2 ? fault->value2 : CPU_ECC_ERROR);
	hand_over(emu);
}

/* ---- log ---- */

static struct hw_log_ring *log_ring(struct emu *emu, unsigned int cpu)
{
	return (void *)emu_memory(emu, cpu ? LOG_CORE_BASE : LOG_APP_BASE,
				  sizeof(struct hw_log_ring));
}

static uint32_t append(struct hw_log_ring *ring, uint32_t at, const uint8_t *data, size_t len)
{
	while (len) {
		size_t part = HW_LOG_DATA_SIZE - at;

		if (part > len)
			part = len;
		memcpy(ring->data + at, data, part);
		at = (at + part) % HW_LOG_DATA_SIZE;
		data += part;
		len -= part;
	}
	return at;
}

void emu_log_write(struct emu *emu, unsigned int cpu, const void *data, size_t len)
{
	struct hw_log_ring *ring = log_ring(emu, cpu);

	/* The host can write here too; firmware keeps its offset elsewhere,
	 * the model just does not go beyond the ring.
	 */
	ring->chip_offset = append(ring, ring->chip_offset % HW_LOG_DATA_SIZE, data, len);
	emu->stats.log_bytes += len;
	emu_trace(emu, "log", "cpu %u %zu bytes", cpu, len);
	if (emu_fault(emu, EMU_FAULT_LOG_OFFSET, -1, NULL))
		ring->chip_offset = 0xfffffff0u;
}

uint64_t mailbox_run(struct emu *emu)
{
	uint64_t *down = &emu->mbox.driver_down_deadline;
	uint64_t next;

	if (!fw_is_running(emu->fw))
		return EMU_IDLE;
	answer_doorbell(emu);
	if (emu->hung)
		return EMU_IDLE;
	if (emu->now >= *down) {
		*down = EMU_IDLE;
		emu_raise_sw_irq(emu, HW_IRQ_DRIVER_DOWN);
	}
	next = min_time(run_storm(emu), run_long(emu));
	hand_over(emu);
	return min_time(next, *down);
}
