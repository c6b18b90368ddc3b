// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runtime power management: a chip that nobody uses sleeps in D3hot, and the
 * next use wakes it.
 *
 * Everybody is inside the gate while he uses the chip, and awake there, see
 * h8l_enter(). It does not fall asleep while a file has channels or firmware
 * knows networks. Open files alone do not keep it awake, they notice nothing.
 *
 * What silicon keeps in D3hot is inferred: its configuration space has
 * NoSoftRst, and the stock driver parks the function there with firmware
 * loaded and uses that firmware afterwards (hardware.md, 1 and 14 Q14). So
 * firmware is asked after each sleep, and loaded again if it does not answer.
 * D3cold certainly loses it and is not used.
 */
#include <linux/moduleparam.h>
#include <linux/pci.h>
#include <linux/pm_runtime.h>

#include "hailo8l.h"

static bool no_power_mode;
module_param(no_power_mode, bool, 0444);
MODULE_PARM_DESC(no_power_mode, "never let the chip sleep (default N)");

/* The end of probe(). The usage count is that of the PCI core. */
void h8l_pm_on(struct h8l_device *h)
{
	struct device *dev = h8l_bus(h);

	pci_d3cold_disable(h->pdev);
	pm_runtime_set_autosuspend_delay(dev, H8L_AUTOSUSPEND_MS);
	pm_runtime_use_autosuspend(dev);
	if (!no_power_mode)
		pm_runtime_allow(dev);
	pm_runtime_mark_last_busy(dev);
	pm_runtime_put_autosuspend(dev);
}

/* The begin of remove(), with the chip awake. */
void h8l_pm_off(struct h8l_device *h)
{
	struct device *dev = h8l_bus(h);

	pm_runtime_get_noresume(dev);
	if (!no_power_mode)
		pm_runtime_forbid(dev);
	pm_runtime_dont_use_autosuspend(dev);
	pci_d3cold_enable(h->pdev);
}

/**
 * h8l_awake() - wake the chip, and keep it awake until h8l_may_sleep()
 * @h: device
 *
 * Context: process, not inside the gate.
 * Return: 0 or -ENODEV; h8l_may_sleep() is due in both cases.
 */
int h8l_awake(struct h8l_device *h)
{
	return pm_runtime_get_sync(h8l_bus(h)) < 0 ? -ENODEV : 0;
}

void h8l_may_sleep(struct h8l_device *h)
{
	pm_runtime_mark_last_busy(h8l_bus(h));
	pm_runtime_put_autosuspend(h8l_bus(h));
}

/* The same after something that is no reason to stay awake. */
void h8l_may_sleep_soon(struct h8l_device *h)
{
	pm_runtime_put(h8l_bus(h));
}

/* Nobody is inside the gate, and nobody enters before this has ended. */
static int runtime_suspend(struct device *dev)
{
	struct h8l_device *h = dev_get_drvdata(dev);

	if (no_power_mode || !h8l_usable(h) || READ_ONCE(h->polled))
		return -EBUSY;
	if (h->configured_by || h->stale_networks || READ_ONCE(h->dma_active) || h8l_vdma_any(h))
		return -EBUSY;
	h8l_irq_off(h);
	WRITE_ONCE(h->asleep, true);
	return 0;
}

static void wake_up_firmware(struct h8l_device *h)
{
	int err;

	if (h8l_firmware_runs(h)) {
		h8l_irq_on(h);
		/* One that came before the sleep would block all others. */
		h8l_read_notification(h);
		if (!h8l_check(h))
			return;
	}
	WRITE_ONCE(h->quiet, true);
	err = h8l_boot_checked(h);
	WRITE_ONCE(h->quiet, false);
	if (err)
		h8l_lose(h, "firmware did not come back from D3hot");
	else
		pci_info(h->pdev, "firmware was lost in D3hot, loaded again\n");
}

/* Never fails: a chip that does not wake is one to recover. */
static int runtime_resume(struct device *dev)
{
	struct h8l_device *h = dev_get_drvdata(dev);

	WRITE_ONCE(h->asleep, false);
	if (h8l_usable(h) && h8l_present(h))
		wake_up_firmware(h);
	return 0;
}

static int system_suspend(struct device *dev)
{
	h8l_pause(dev_get_drvdata(dev), true);
	return 0;
}

/* Firmware may have survived or not: booting finds out. */
static int system_resume(struct device *dev)
{
	h8l_unpause(dev_get_drvdata(dev));
	return 0;
}

const struct dev_pm_ops h8l_pm_ops = {
	SYSTEM_SLEEP_PM_OPS(system_suspend, system_resume)
	RUNTIME_PM_OPS(runtime_suspend, runtime_resume, NULL)
};
