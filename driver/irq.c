// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupts: one MSI, else INTx, else looking every tick.
 *
 * Channels are served in the handler itself, because that is one register
 * each; notifications, which are hundreds of bytes, in its thread.
 *
 * The MSI is an edge: one when `status & mask` leaves 0. What comes between
 * reading the status and clearing what was read keeps it from ever being 0
 * again, so it would never ring. Reading until it is clean loses nothing, but
 * is a second read of each interrupt. Instead the mask is closed while the
 * status is served, and opened afterwards: if something is left, that is the
 * next edge. Both are posted writes and cost the CPU nothing.
 *
 * That the bridge takes a mask that opens over a set status for an edge is
 * inferred (hardware.md 4.2: gated by the mask; PLDA's bridges latch always).
 * So the driver does not depend on it: when completions are found by looking,
 * see h8l_irq_look(), it reads until clean from then on.
 */
#include <linux/delay.h>
#include <linux/interrupt.h>

#include "hailo8l.h"
#include "trace.h"

/* A chip that never becomes quiet must not keep the CPU. */
#define MAX_ROUNDS	16

/* An interrupt that was only on its way has come after so long. */
#define LATE_MS		100

static u32 fetch(struct h8l_device *h, u32 reg)
{
	u32 bits = ioread32(h->config + reg);

	if (bits)
		iowrite32(bits, h->config + reg);
	return bits;
}

static void serve_channels(struct h8l_device *h, u32 events)
{
	u32 channels = 0;

	if (events & HW_IRQ_H2D_MASK)
		channels |= fetch(h, HW_REG_H2D_IRQ);
	if (events & HW_IRQ_D2H_MASK)
		channels |= fetch(h, HW_REG_D2H_IRQ);
	if (channels)
		h8l_vdma_irq(h, channels);
}

static void serve_boot(struct h8l_device *h, u32 events)
{
	if (events & HW_IRQ_SOFT_RESET)
		complete(&h->soft_reset);
	if (events & HW_IRQ_BOOT)
		complete(&h->booted);
}

static void serve_run(struct h8l_device *h, u32 events)
{
	if (events & (HW_IRQ_H2D_MASK | HW_IRQ_D2H_MASK))
		serve_channels(h, events);
	if (events & HW_IRQ_CONTROL) {
		WRITE_ONCE(h->mbox.rang, true);
		complete(&h->mbox.answered);
	}
	if (events & HW_IRQ_DRIVER_DOWN)
		complete(&h->mbox.down);
	if (events & HW_IRQ_NOTIFICATION)
		WRITE_ONCE(h->notified, true);
}

/* A powered-down chip reads as all-ones, on a shared line any time. */
static bool may_look(struct h8l_device *h)
{
	return h8l_state(h) != H8L_STATE_OFF && h8l_state(h) != H8L_STATE_GONE &&
		!READ_ONCE(h->asleep);
}

/* No edge from now on until open_mask(), whatever comes. */
static void close_mask(struct h8l_device *h)
{
	iowrite32(0, h->config + HW_REG_IMASK);
}

static void open_mask(struct h8l_device *h)
{
	if (READ_ONCE(h->irq_on))
		iowrite32(HW_IRQ_ENABLE_MASK, h->config + HW_REG_IMASK);
}

/*
 * One look. Bit 23 is set by our own accesses and is not ours to wait for;
 * other bits are cleared as read, never more.
 */
static bool serve_once(struct h8l_device *h)
{
	u32 status = ioread32(h->config + HW_REG_ISTATUS);

	/* Gone, which is for those to find out who can sleep. */
	if (status == U32_MAX)
		return false;
	status &= HW_IRQ_ENABLE_MASK;
	if (!status)
		return false;
	iowrite32(status, h->config + HW_REG_ISTATUS);
	trace_hailo8l_irq(h->index, status);
	if (h8l_state(h) == H8L_STATE_BOOT)
		serve_boot(h, status);
	else
		serve_run(h, status);
	return true;
}

static bool serve_until_clean(struct h8l_device *h)
{
	int round = 0;

	while (round < MAX_ROUNDS && serve_once(h))
		round++;
	return round;
}

/* In the interrupt handler. */
static bool serve(struct h8l_device *h)
{
	bool any;

	if (!may_look(h))
		return false;
	if (READ_ONCE(h->irq_careful))
		return serve_until_clean(h);
	close_mask(h);
	any = serve_once(h);
	open_mask(h);
	return any;
}

static irqreturn_t irq_handler(int irq, void *data)
{
	struct h8l_device *h = data;
	bool any = serve(h);

	if (!any)
		WRITE_ONCE(h->irq_idle, h->irq_idle + 1);
	/* An MSI whose cause was served by the last round is not spurious. */
	any = any || h->pdev->msi_enabled;
	if (any)
		WRITE_ONCE(h->irq_seen, true);
	if (READ_ONCE(h->notified))
		return IRQ_WAKE_THREAD;
	return any ? IRQ_HANDLED : IRQ_NONE;
}

static irqreturn_t irq_thread(int irq, void *data)
{
	struct h8l_device *h = data;

	if (xchg(&h->notified, false))
		h8l_read_notification(h);
	return IRQ_HANDLED;
}

/* Look without an interrupt. Inside the gate. True if something was found. */
bool h8l_irq_poll(struct h8l_device *h)
{
	bool any = may_look(h) && serve_until_clean(h);

	irq_thread(0, h);
	return any;
}

/*
 * What was found by looking leaves nothing for its interrupt: if one comes that
 * finds nothing, it was only late.
 */
static bool was_late(struct h8l_device *h, u32 idle)
{
	int waited = 0;

	while (READ_ONCE(h->irq_idle) == idle && waited < LATE_MS) {
		msleep(20);
		waited += 20;
	}
	return READ_ONCE(h->irq_idle) != idle;
}

static void note_loss(struct h8l_device *h)
{
	dev_warn_ratelimited(h8l_bus(h), "interrupt lost, completion found by polling\n");
	h8l_irq_doubt(h);
	/* Once may be chance. */
	if (++h->irq_losses == 2)
		WRITE_ONCE(h->irq_careful, true);
}

/*
 * Nothing came for longer than it should take. What is found now was lost:
 * maybe opening the mask is no edge here. Inside the gate.
 */
void h8l_irq_look(struct h8l_device *h)
{
	u32 idle = READ_ONCE(h->irq_idle);

	if (!h8l_irq_poll(h) || READ_ONCE(h->polled))
		return;
	if (h->irq_careful || !was_late(h, idle))
		note_loss(h);
}

static void poll_work(struct work_struct *work)
{
	struct h8l_device *h = container_of(work, struct h8l_device, poll.work);

	h8l_irq_poll(h);
	if (READ_ONCE(h->irq_seen)) {
		pci_notice(h->pdev, "interrupts arrive, no more polling\n");
		WRITE_ONCE(h->polled, false);
		return;
	}
	schedule_delayed_work(&h->poll, 1);
}

/* Something was found by looking that should have interrupted. Sleeps. */
void h8l_irq_doubt(struct h8l_device *h)
{
	/* It may be on its way. */
	if (!READ_ONCE(h->irq_seen))
		msleep(20);
	if (READ_ONCE(h->irq_seen) || READ_ONCE(h->polled))
		return;
	pci_warn(h->pdev, "interrupts do not arrive, polling instead: slow\n");
	WRITE_ONCE(h->polled, true);
	schedule_delayed_work(&h->poll, 1);
}

int h8l_irq_init(struct h8l_device *h)
{
	struct pci_dev *pdev = h->pdev;
	int err;

	INIT_DELAYED_WORK(&h->poll, poll_work);
	if (pci_alloc_irq_vectors(pdev, 1, 1, PCI_IRQ_ALL_TYPES) < 0) {
		pci_warn(pdev, "no interrupt available, polling instead: slow\n");
		h->polled = true;
		return 0;
	}
	if (!pdev->msi_enabled)
		pci_warn(pdev, "no MSI available, using a shared interrupt line\n");
	h->irq = pci_irq_vector(pdev, 0);
	err = request_threaded_irq(h->irq, irq_handler, irq_thread,
				   pdev->msi_enabled ? 0 : IRQF_SHARED, H8L_DRIVER_NAME, h);
	if (err) {
		h->irq = 0;
		pci_free_irq_vectors(pdev);
	}
	return err;
}

void h8l_irq_exit(struct h8l_device *h)
{
	cancel_delayed_work_sync(&h->poll);
	if (!h->irq)
		return;
	free_irq(h->irq, h);
	h->irq = 0;
	pci_free_irq_vectors(h->pdev);
}

/* Let the chip interrupt, and forget what it wanted before. */
void h8l_irq_on(struct h8l_device *h)
{
	WRITE_ONCE(h->irq_on, true);
	iowrite32(HW_IRQ_ENABLE_MASK, h->config + HW_REG_IMASK);
	iowrite32(U32_MAX, h->config + HW_REG_ISTATUS);
	iowrite32(U32_MAX, h->config + HW_REG_D2H_IRQ);
	iowrite32(U32_MAX, h->config + HW_REG_H2D_IRQ);
	if (READ_ONCE(h->polled))
		schedule_delayed_work(&h->poll, 1);
}

void h8l_irq_off(struct h8l_device *h)
{
	WRITE_ONCE(h->irq_on, false);
	/* A handler that still saw it on has opened the mask after this. */
	if (h->irq)
		synchronize_irq(h->irq);
	close_mask(h);
	/* The mask is posted: read something so that it has arrived. */
	ioread32(h->config + HW_REG_IMASK);
	if (h->irq)
		synchronize_irq(h->irq);
	cancel_delayed_work_sync(&h->poll);
}
