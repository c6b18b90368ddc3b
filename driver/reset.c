// SPDX-License-Identifier: GPL-2.0-only
/*
 * Taking the chip out of use and back while files stay open: suspend, resets
 * of the PCI function, errors of its link, and recovery. Mappings and lists
 * survive; channels are found stopped, and the firmware has forgotten all
 * networks. What programs see of it is said in recover.c.
 */
#include <linux/delay.h>
#include <linux/pci.h>

#include "hailo8l.h"
#include "trace.h"

/* So long the PCI core may take to repair a link. */
#define ERROR_MS	20000

/* PCIe: so long after a reset of a function it may be silent. */
#define FLR_MS		100

void h8l_tell(struct h8l_device *h, enum kobject_action action, const char *what)
{
	char event[32];
	char *env[2] = { event };

	snprintf(event, sizeof(event), "HAILO_EVENT=%s", what);
	kobject_uevent_env(&h->dev.kobj, action, env);
}

/* Alone inside the gate: whose networks and channels are about to go? */
static void mark_stale(struct h8l_device *h)
{
	struct h8l_file *f;

	mutex_lock(&h->files_lock);
	list_for_each_entry(f, &h->files, node)
		f->stale |= f->channels || h->configured_by == f;
	mutex_unlock(&h->files_lock);
}

/* Alone inside the gate. */
static void stop(struct h8l_device *h, bool reachable)
{
	mark_stale(h);
	/* Nobody else, and about to talk to firmware. */
	WRITE_ONCE(h->state, H8L_STATE_RUN);
	if (reachable && !READ_ONCE(h->lost) && h8l_present(h)) {
		if (READ_ONCE(h->rec.why))
			h8l_coredump(h);
		h8l_quiesce(h, NULL);
		h8l_irq_off(h);
	} else {
		h8l_vdma_stopped(h);
	}
}

/**
 * h8l_pause() - nobody may use the chip until h8l_unpause()
 * @h: device
 * @reachable: the chip can be talked to
 *
 * Whoever sleeps inside leaves, and waits in h8l_enter() until it goes on.
 *
 * Context: process, not inside the gate.
 */
void h8l_pause(struct h8l_device *h, bool reachable)
{
	bool ran = h8l_state(h) == H8L_STATE_RUN;

	if (!h->paused)
		h8l_awake(h);
	h->paused = true;
	WRITE_ONCE(h->state, H8L_STATE_PAUSING);
	h8l_wake_all(h);
	down_write(&h->gate);
	if (ran)
		stop(h, reachable);
	WRITE_ONCE(h->state, H8L_STATE_OFF);
	up_write(&h->gate);
	if (ran)
		h8l_tell(h, KOBJ_OFFLINE, READ_ONCE(h->quiet) ? "recovering" : "paused");
}

/**
 * h8l_boot_checked() - make firmware run, and see that it answers
 * @h: device
 *
 * Context: as h8l_boot().
 */
int h8l_boot_checked(struct h8l_device *h)
{
	int err = h8l_boot(h);

	if (err)
		return err;
	h8l_dma_ended(h);
	h8l_share_networks_gone(h);
	WRITE_ONCE(h->stale_networks, false);
	err = h8l_check(h);
	if (!err)
		return 0;
	WRITE_ONCE(h->state, H8L_STATE_OFF);
	h8l_irq_off(h);
	return err;
}

/*
 * Also a function that lost its power, and with it its BARs. One whose DMA did
 * not stop would go on with memory that was freed meanwhile.
 */
static bool reachable_again(struct h8l_device *h)
{
	if (h->runaway)
		return false;
	if (ioread32(h->config + HW_REG_PCI_ID) == U32_MAX)
		h8l_restore_config(h);
	pci_set_master(h->pdev);
	return h8l_present(h);
}

/**
 * h8l_unpause() - boot the chip again and let everybody in
 * @h: device, paused
 *
 * Return: 0, or an error after which the device has to be recovered.
 */
int h8l_unpause(struct h8l_device *h)
{
	bool quiet = READ_ONCE(h->quiet);
	int err;

	down_write(&h->gate);
	WRITE_ONCE(h->lost, false);
	WRITE_ONCE(h->broken, false);
	err = reachable_again(h) ? h8l_boot_checked(h) : -ENODEV;
	if (h8l_wants_file(err))
		WRITE_ONCE(h->lost, true);
	else if (err)
		WRITE_ONCE(h->broken, true);
	trace_hailo8l_reset(h->index, err);
	up_write(&h->gate);
	if (h->paused)
		h8l_may_sleep(h);
	h->paused = false;
	if (err && !quiet && !h8l_wants_file(err))
		h8l_lose(h, "chip did not come back");
	h8l_wake_all(h);
	if (!err)
		h8l_tell(h, KOBJ_ONLINE, quiet ? "recovered" : "resumed");
	return err;
}

/**
 * h8l_soft_reset() - boot the firmware anew
 * @h: device
 *
 * Return: 0, -EAGAIN while the function is being removed or reset by others,
 * or what went wrong.
 */
int h8l_soft_reset(struct h8l_device *h)
{
	int err = -ENODEV;

	if (!device_trylock(&h->pdev->dev))
		return -EAGAIN;
	if (!READ_ONCE(h->closing)) {
		h8l_pause(h, true);
		err = h8l_unpause(h);
	}
	device_unlock(&h->pdev->dev);
	return err;
}

static pci_ers_result_t error_detected(struct pci_dev *pdev, pci_channel_state_t state)
{
	struct h8l_device *h = pci_get_drvdata(pdev);

	pci_err(pdev, "PCI error, link state %u\n", (__force unsigned int)state);
	h8l_pause(h, state == pci_channel_io_normal);
	if (state == pci_channel_io_perm_failure) {
		WRITE_ONCE(h->lost, true);
		h8l_wake_all(h);
		return PCI_ERS_RESULT_DISCONNECT;
	}
	/* The PCI core does not always say that it failed. */
	WRITE_ONCE(h->error_until, (jiffies + msecs_to_jiffies(ERROR_MS)) | 1);
	h8l_lose(h, "link had an error that was not repaired");
	return PCI_ERS_RESULT_NEED_RESET;
}

static pci_ers_result_t slot_reset(struct pci_dev *pdev)
{
	struct h8l_device *h = pci_get_drvdata(pdev);

	pci_restore_state(pdev);
	pci_save_state(pdev);
	h->runaway = false;
	return h8l_present(h) ? PCI_ERS_RESULT_RECOVERED : PCI_ERS_RESULT_DISCONNECT;
}

static void error_resume(struct pci_dev *pdev)
{
	struct h8l_device *h = pci_get_drvdata(pdev);

	h8l_unpause(h);
	WRITE_ONCE(h->error_until, 0);
}

static void reset_prepare(struct pci_dev *pdev)
{
	struct h8l_device *h = pci_get_drvdata(pdev);

	h->rec.blind = !pci_device_is_present(pdev);
	h8l_pause(h, !h->rec.blind);
}

static void reset_done(struct pci_dev *pdev)
{
	struct h8l_device *h = pci_get_drvdata(pdev);

	if (h->rec.blind) {
		/* The PCI core wrote back ones, among them the bit that resets. */
		msleep(FLR_MS);
		h8l_restore_config(h);
	}
	h->runaway = false;
	h8l_unpause(h);
}

const struct pci_error_handlers h8l_err_handlers = {
	.error_detected = error_detected,
	.slot_reset = slot_reset,
	.resume = error_resume,
	.reset_prepare = reset_prepare,
	.reset_done = reset_done,
};
