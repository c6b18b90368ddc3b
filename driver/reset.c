// SPDX-License-Identifier: GPL-2.0-only
/*
 * Taking the chip out of use and back while files stay open: suspend, resets
 * of the PCI function, errors of its link, and a reset that an administrator
 * asks for. Mappings and lists survive; channels are found stopped, and the
 * firmware has forgotten all networks.
 */
#include <linux/pci.h>
#include <linux/pm.h>

#include "hailo8l.h"

static void tell_user_space(struct h8l_device *h, enum kobject_action action)
{
	kobject_uevent(&h->dev.kobj, action);
}

/**
 * h8l_pause() - nobody may use the chip until h8l_unpause()
 * @h: device
 * @reachable: the chip can be talked to
 *
 * Context: process, not inside the gate. Whoever sleeps inside leaves with
 * -ENODEV.
 */
void h8l_pause(struct h8l_device *h, bool reachable)
{
	WRITE_ONCE(h->state, H8L_STATE_PAUSING);
	h8l_wake_all(h);
	down_write(&h->gate);
	/* Alone now, and about to talk to firmware. */
	WRITE_ONCE(h->state, H8L_STATE_RUN);
	if (reachable && !READ_ONCE(h->lost) && h8l_present(h)) {
		h8l_quiesce(h, NULL);
		h8l_irq_off(h);
	} else {
		h8l_vdma_stopped(h);
	}
	WRITE_ONCE(h->state, H8L_STATE_OFF);
	up_write(&h->gate);
	tell_user_space(h, KOBJ_OFFLINE);
}

/**
 * h8l_unpause() - boot the chip again and let everybody in
 * @h: device, paused
 *
 * Return: 0, or an error after which the device is lost until it is reset.
 */
int h8l_unpause(struct h8l_device *h)
{
	int err;

	down_write(&h->gate);
	WRITE_ONCE(h->lost, false);
	pci_set_master(h->pdev);
	err = h8l_present(h) ? h8l_boot(h) : -ENODEV;
	if (!err) {
		h8l_dma_ended(h);
		h->configured_by = NULL;
		h->stale_networks = false;
	}
	WRITE_ONCE(h->lost, err);
	up_write(&h->gate);
	h8l_wake_all(h);
	if (err && !h8l_wants_file(err))
		pci_err(h->pdev, "chip does not come back: %d; try /sys/bus/pci/devices/%s/reset\n",
			err, pci_name(h->pdev));
	if (!err)
		tell_user_space(h, KOBJ_ONLINE);
	return err;
}

/**
 * h8l_reset() - boot the firmware anew, by force if it does not react
 * @h: device
 *
 * Return: 0, -EAGAIN while the function is being removed or reset by others,
 * or what went wrong.
 */
int h8l_reset(struct h8l_device *h)
{
	int err;

	if (!device_trylock(&h->pdev->dev))
		return -EAGAIN;
	if (h8l_state(h) >= H8L_STATE_CLOSING) {
		err = -ENODEV;
	} else {
		h->resets++;
		h8l_pause(h, true);
		err = h8l_unpause(h);
	}
	device_unlock(&h->pdev->dev);
	if (!err || err == -ENODEV || h8l_wants_file(err))
		return err;
	pci_warn(h->pdev, "resetting the PCI function\n");
	/* Comes back through reset_prepare() and reset_done(). */
	err = pci_try_reset_function(h->pdev);
	return err ?: READ_ONCE(h->lost) ? -EIO : 0;
}

static int h8l_suspend(struct device *dev)
{
	h8l_pause(dev_get_drvdata(dev), true);
	return 0;
}

/* Firmware may have survived or not: booting finds out. */
static int h8l_resume(struct device *dev)
{
	struct h8l_device *h = dev_get_drvdata(dev);

	h8l_unpause(h);
	return 0;
}

DEFINE_SIMPLE_DEV_PM_OPS(h8l_pm_ops, h8l_suspend, h8l_resume);

static pci_ers_result_t error_detected(struct pci_dev *pdev, pci_channel_state_t state)
{
	struct h8l_device *h = pci_get_drvdata(pdev);

	pci_err(pdev, "PCI error, link state %u\n", (__force unsigned int)state);
	h8l_pause(h, state == pci_channel_io_normal);
	if (state == pci_channel_io_perm_failure) {
		h8l_lose(h);
		return PCI_ERS_RESULT_DISCONNECT;
	}
	return PCI_ERS_RESULT_NEED_RESET;
}

static pci_ers_result_t slot_reset(struct pci_dev *pdev)
{
	struct h8l_device *h = pci_get_drvdata(pdev);

	pci_restore_state(pdev);
	pci_save_state(pdev);
	return h8l_present(h) ? PCI_ERS_RESULT_RECOVERED : PCI_ERS_RESULT_DISCONNECT;
}

static void error_resume(struct pci_dev *pdev)
{
	h8l_unpause(pci_get_drvdata(pdev));
}

static void reset_prepare(struct pci_dev *pdev)
{
	h8l_pause(pci_get_drvdata(pdev), true);
}

static void reset_done(struct pci_dev *pdev)
{
	h8l_unpause(pci_get_drvdata(pdev));
}

const struct pci_error_handlers h8l_err_handlers = {
	.error_detected = error_detected,
	.slot_reset = slot_reset,
	.resume = error_resume,
	.reset_prepare = reset_prepare,
	.reset_done = reset_done,
};
