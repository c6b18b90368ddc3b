// SPDX-License-Identifier: MIT
/*
 * Interrupt registers of the bridge and the MSI.
 *
 * Events are latched whatever the mask says. The MSI is edge-like: one message
 * when `status & mask` leaves 0, none for events that come while it is not 0;
 * the host has to look again until it reads 0 (hardware.md 4.2, inferred; the
 * recorded traces fit). Group bits and per-channel bits are latched
 * and cleared independently (real-device.md 9, points 4 and 5).
 */
#include <string.h>

#include "tests/emulator/chip.h"

void irq_reset(struct emu *emu)
{
	emu->irq = (struct irq_state){ 0 };
}

static void deliver(struct emu *emu)
{
	emu_trace(emu, "msi", "status %08x", emu->irq.status);
	emu->stats.irq_delivered++;
	emu->host.raise_irq(emu->host.ctx);
}

static void spurious(struct emu *emu)
{
	const struct emu_fault *fault;

	if (!emu_fault(emu, EMU_FAULT_IRQ_SPURIOUS, -1, &fault))
		return;
	if (++emu->irq.since_spurious < fault->value)
		return;
	emu->irq.since_spurious = 0;
	emu->stats.irq_spurious++;
	deliver(emu);
}

static void send_msi(struct emu *emu)
{
	emu->stats.irq_raised++;
	if (emu->gone || !pci_msi_enabled(emu)) {
		emu->stats.irq_undeliverable++;
		emu_trace(emu, "msi", "not enabled");
		return;
	}
	if (emu_fault(emu, EMU_FAULT_IRQ_LOST, -1, NULL)) {
		emu->stats.irq_lost++;
		emu_trace(emu, "msi", "lost by fault");
		return;
	}
	deliver(emu);
	spurious(emu);
}

static void update(struct emu *emu)
{
	bool line = emu->irq.status & emu->irq.mask;
	bool rises = line && !emu->irq.line;

	emu->irq.line = line;
	if (rises)
		send_msi(emu);
}

void irq_latch(struct emu *emu, uint32_t bits)
{
	emu->irq.status |= bits;
	update(emu);
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

bool irq_reg_read(struct emu *emu, uint32_t offset, uint32_t *value)
{
	switch (offset) {
	case HW_REG_IMASK:
		*value = emu->irq.mask;
		return true;
	case HW_REG_ISTATUS:
		*value = emu->irq.status;
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
		emu->irq.mask = (emu->irq.mask & ~mask) | (value & mask);
		emu->work = true;	/* a fault may wait for a host that listens */
		break;
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
	update(emu);
	return true;
}
