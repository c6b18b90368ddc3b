// SPDX-License-Identifier: MIT
/*
 * Interrupt registers of the bridge, the MSI, and INTA.
 *
 * Events are latched whatever the mask says. The MSI is edge-like: one message
 * when `status & mask` leaves 0, none for events that come while it is not 0;
 * the host has to look again until it reads 0 (hardware.md 4.2, inferred; the
 * recorded traces fit). INTA, while MSI is off, is the level of `status & mask`
 * (inferred: the card advertises it, no recorded host used it). Group bits and per-channel bits are latched
 * and cleared independently (real-device.md 9, points 4 and 5).
 */
#include <string.h>

#include "tests/emulator/chip.h"

static void deliver(struct emu *emu)
{
	emu_trace(emu, "msi", "status %08x", emu->irq.status);
	emu->stats.irq_delivered++;
	emu->host.raise_irq(emu->host.ctx);
}

/* Later, when the host has served the one before: at once they would be merged. */
#define SPURIOUS_NS	(500 * NS_PER_US)

static void spurious(struct emu *emu)
{
	const struct emu_fault *fault;

	if (!emu_fault(emu, EMU_FAULT_IRQ_SPURIOUS, -1, &fault))
		return;
	if (++emu->irq.since_spurious < fault->value)
		return;
	emu->irq.since_spurious = 0;
	emu->irq.spurious_deadline = emu->now + SPURIOUS_NS;
	emu->work = true;
}

uint64_t irq_run(struct emu *emu)
{
	uint64_t *due = &emu->irq.spurious_deadline;

	if (emu->now < *due)
		return *due;
	*due = EMU_IDLE;
	if (!emu->gone && pci_msi_enabled(emu)) {
		emu->stats.irq_spurious++;
		deliver(emu);
	}
	return EMU_IDLE;
}

static void send_msi(struct emu *emu)
{
	deliver(emu);
	spurious(emu);
}

static void set_intx(struct emu *emu, bool level)
{
	if (level == emu->irq.intx)
		return;
	emu->irq.intx = level;
	emu_trace(emu, "intx", "%d", level);
	if (level)
		emu->stats.irq_delivered++;
	if (emu->host.set_intx)
		emu->host.set_intx(emu->host.ctx, level);
}

/* `status & mask` became other than 0. */
static void rise(struct emu *emu)
{
	emu->stats.irq_raised++;
	emu->irq.lost = emu_fault(emu, EMU_FAULT_IRQ_LOST, -1, NULL);
	if (emu->irq.lost) {
		emu->stats.irq_lost++;
		emu_trace(emu, "irq", "lost by fault");
	} else if (!emu->gone && pci_msi_enabled(emu)) {
		emu->irq.late = emu_fault(emu, EMU_FAULT_IRQ_LATE, -1, NULL);
		if (!emu->irq.late)
			send_msi(emu);
	} else if (emu->gone || !pci_intx_enabled(emu)) {
		emu->stats.irq_undeliverable++;
		emu_trace(emu, "irq", "not enabled");
	}
}

/* `status & mask` became 0: who was late looks in vain. */
static void fall(struct emu *emu)
{
	if (emu->irq.late && !emu->gone && pci_msi_enabled(emu))
		send_msi(emu);
	emu->irq.late = false;
}

static void update(struct emu *emu, bool may_rise)
{
	bool line = emu->irq.status & emu->irq.mask;
	bool rises = line && !emu->irq.line && may_rise;
	bool falls = !line && emu->irq.line;

	emu->irq.line = line;
	pci_set_interrupt_status(emu, line);
	if (rises)
		rise(emu);
	if (falls)
		fall(emu);
	set_intx(emu, line && !emu->irq.lost && !emu->gone && pci_intx_enabled(emu));
}

void irq_update(struct emu *emu)
{
	update(emu, true);
}

void irq_reset(struct emu *emu)
{
	set_intx(emu, false);
	emu->irq = (struct irq_state){ .spurious_deadline = EMU_IDLE };
}

void irq_latch(struct emu *emu, uint32_t bits)
{
	emu->irq.status |= bits;
	irq_update(emu);
}

void irq_channel(struct emu *emu, unsigned int channel)
{
	emu_trace(emu, "irq", "channel %u", channel);
	if (channel < HW_VDMA_FIRST_D2H)
		emu->irq.h2d |= 1u << channel;
	else
		emu->irq.d2h |= 1u << channel;
	/* 0..15 are groups 0..3, 16..31 groups 12..15. */
	irq_latch(emu, 1u << (channel / 4 + (channel < HW_VDMA_FIRST_D2H ? 0 : 8)));
}

void emu_raise_sw_irq(struct emu *emu, uint32_t bits)
{
	emu_trace(emu, "irq", "software %08x", bits);
	irq_latch(emu, bits);
}

/* Whether opening the mask over what is latched is an edge is inferred. */
static void write_mask(struct emu *emu, uint32_t value, uint32_t mask)
{
	uint32_t opened = value & mask & ~emu->irq.mask;
	bool silent;

	emu->irq.mask = (emu->irq.mask & ~mask) | (value & mask);
	silent = opened & emu->irq.status && emu_fault(emu, EMU_FAULT_MASK_NO_EDGE, -1, NULL);
	update(emu, !silent);
}

static uint32_t read_status(struct emu *emu)
{
	uint32_t status = emu->irq.status;

	if (status & (HW_IRQ_H2D_MASK | HW_IRQ_D2H_MASK))
		mailbox_between(emu);
	return status;
}

bool irq_reg_read(struct emu *emu, uint32_t offset, uint32_t *value)
{
	switch (offset) {
	case HW_REG_IMASK:
		*value = emu->irq.mask;
		return true;
	case HW_REG_ISTATUS:
		*value = read_status(emu);
		return true;
	case HW_REG_H2D_IRQ:
		*value = emu->irq.h2d;
		return true;
	case HW_REG_D2H_IRQ:
		*value = emu->irq.d2h;
		return true;
	default:
		return false;
	}
}

bool irq_reg_write(struct emu *emu, uint32_t offset, uint32_t value, uint32_t mask)
{
	switch (offset) {
	case HW_REG_IMASK:
		emu->work = true;	/* a fault may wait for a host that listens */
		write_mask(emu, value, mask);
		return true;
	case HW_REG_ISTATUS:
		emu->irq.status &= ~(value & mask);
		break;
	case HW_REG_H2D_IRQ:
		emu->irq.h2d &= ~(value & mask);
		break;
	case HW_REG_D2H_IRQ:
		emu->irq.d2h &= ~(value & mask);
		break;
	default:
		return false;
	}
	irq_update(emu);
	return true;
}
