// SPDX-License-Identifier: GPL-2.0-only
/*
 * The PCI function: probe, remove, and the gate that both sides of a removal
 * meet at.
 */
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/sizes.h>

#include "compat.h"
#include "hailo8l.h"

static int force_desc_page_size;
module_param(force_desc_page_size, int, 0444);
MODULE_PARM_DESC(force_desc_page_size, "largest descriptor page, power of two from 64 to 4096 (default 0: what host and chip can do)");

static int force_allocation_from_driver;
module_param(force_allocation_from_driver, int, 0444);
MODULE_PARM_DESC(force_allocation_from_driver, "0: automatic, 1: buffers from user space, 2: from the driver (default 0)");

/* Parameters of the stock driver that are in people's modprobe.d. */
static int o_dbg;
module_param(o_dbg, int, 0644);
MODULE_PARM_DESC(o_dbg, "ignored, use dynamic debug");

static bool force_hailo10h_legacy_mode;
module_param(force_hailo10h_legacy_mode, bool, 0444);
MODULE_PARM_DESC(force_hailo10h_legacy_mode, "ignored, for other chips");

static bool force_boot_linux_from_eemc;
module_param(force_boot_linux_from_eemc, bool, 0444);
MODULE_PARM_DESC(force_boot_linux_from_eemc, "ignored, for other chips");

/* A recovery takes this long at worst; real ones take a fraction of a second. */
#define BACK_MS		30000
/* One whose link is down may never: a reset of the bus takes a second or two. */
#define DEAD_MS		5000

/* Paused, reset or about to be recovered: it is going to be usable again. */
static bool comes_back(struct h8l_device *h)
{
	if (READ_ONCE(h->lost) || READ_ONCE(h->closing) || h8l_state(h) >= H8L_STATE_CLOSING)
		return false;
	return READ_ONCE(h->broken) || h8l_state(h) != H8L_STATE_RUN;
}

static unsigned long patience(struct h8l_device *h)
{
	return msecs_to_jiffies(READ_ONCE(h->rec.dead) ? DEAD_MS : BACK_MS);
}

static int wait_until_back(struct h8l_device *h)
{
	unsigned long begin = jiffies;
	long left = 0;

	while (comes_back(h) && left >= 0) {
		if (time_after(jiffies, begin + patience(h)))
			return -ENODEV;
		left = wait_event_interruptible_timeout(h->back, !comes_back(h), HZ);
	}
	return left < 0 ? left : h8l_usable(h) ? 0 : -ENODEV;
}

/**
 * h8l_enter() - begin to use the chip or its bus
 * @h: device
 *
 * Wakes a chip that sleeps, and waits, in bounded time, for one that is being
 * reset or recovered.
 *
 * Context: process, not inside the gate, no locks of this driver held.
 * Return: 0 with the gate held for reading, -ENODEV or -ERESTARTSYS without.
 */
int h8l_enter(struct h8l_device *h)
{
	int err = h8l_awake(h);

	while (!err) {
		down_read(&h->gate);
		if (h8l_usable(h))
			return 0;
		up_read(&h->gate);
		err = wait_until_back(h);
	}
	h8l_may_sleep(h);
	return err;
}

void h8l_leave(struct h8l_device *h)
{
	up_read(&h->gate);
	h8l_may_sleep(h);
}

/* To the kernel's log, unless whoever boots the chip is going to sum up. */
void h8l_log(struct h8l_device *h, const char *level, const char *format, ...)
{
	struct va_format text = { .fmt = format };
	va_list args;

	va_start(args, format);
	text.va = &args;
	if (READ_ONCE(h->quiet))
		pci_dbg(h->pdev, "%pV", &text);
	else
		dev_printk(level, h8l_bus(h), "%pV", &text);
	va_end(args);
}

/* The state has changed: everybody who sleeps has to look. */
void h8l_wake_all(struct h8l_device *h)
{
	struct h8l_file *f;

	complete(&h->mbox.answered);
	complete(&h->mbox.down);
	wake_up_all(&h->mbox.event_wait);
	wake_up_all(&h->back);
	wake_up_all(&h->share.wait);
	mutex_lock(&h->files_lock);
	list_for_each_entry(f, &h->files, node)
		wake_up_all(&f->wait);
	mutex_unlock(&h->files_lock);
}

/**
 * h8l_present() - does the chip still answer?
 * @h: device
 *
 * Context: inside the gate. Sleeps.
 */
bool h8l_present(struct h8l_device *h)
{
	u32 id = ioread32(h->config + HW_REG_PCI_ID);

	if ((id & U16_MAX) == HW_PCI_VENDOR_ID)
		return true;
	if (!READ_ONCE(h->lost) && !READ_ONCE(h->broken))
		h8l_log(h, KERN_ERR, "device does not answer, reads %08x: check power and seat\n",
			id);
	h8l_lose(h, "device did not answer");
	return false;
}

static void __iomem *map_bar(struct pci_dev *pdev, int bar, resource_size_t size)
{
	if (pci_resource_len(pdev, bar) < size) {
		pci_err(pdev, "BAR%d has %llu bytes, the chip needs %llu\n", bar,
			(u64)pci_resource_len(pdev, bar), (u64)size);
		return IOMEM_ERR_PTR(-EINVAL);
	}
	return devm_ioremap_resource(&pdev->dev, &pdev->resource[bar]);
}

static int map_bars(struct h8l_device *h)
{
	struct pci_dev *pdev = h->pdev;

	h->config = map_bar(pdev, HW_BAR_CONFIG, HW_BAR_CONFIG_SIZE);
	if (IS_ERR(h->config))
		return PTR_ERR(h->config);
	h->vdma = map_bar(pdev, HW_BAR_VDMA, HW_BAR_VDMA_SIZE);
	if (IS_ERR(h->vdma))
		return PTR_ERR(h->vdma);
	h->fw = map_bar(pdev, HW_BAR_FW, HW_BAR_FW_SIZE);
	return PTR_ERR_OR_ZERO(h->fw);
}

static int set_dma_mask(struct pci_dev *pdev)
{
	static const u8 bits[] = { 64, 48, 40, 36, 32 };
	int i;

	for (i = 0; i < ARRAY_SIZE(bits); i++)
		if (!dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(bits[i])))
			break;
	if (i == ARRAY_SIZE(bits)) {
		pci_err(pdev, "no DMA possible\n");
		return -EIO;
	}
	dma_set_max_seg_size(&pdev->dev, UINT_MAX);
	/* A bounce buffer must keep what the descriptor pages look like. */
	dma_set_min_align_mask(&pdev->dev, HW_DESC_PAGE_MAX - 1);
	return 0;
}

/*
 * The stock library picks pages for configuration data by this number and
 * fails above 4096, whatever the page size of the host. Small read requests
 * limit the chip, see hardware.md 14, Q1.
 */
static int choose_page_max(struct h8l_device *h)
{
	int mrrs = pcie_get_readrq(h->pdev);
	int forced = force_desc_page_size;

	h->page_max = min_t(unsigned long, PAGE_SIZE, HW_DESC_PAGE_MAX);
	if (mrrs == 128 || mrrs == 256)
		h->page_max = mrrs;
	if (!forced)
		return 0;
	if (forced < HW_DESC_PAGE_MIN || forced > HW_DESC_PAGE_MAX || !is_power_of_2(forced)) {
		pci_err(h->pdev, "force_desc_page_size=%d is not a power of two from %d to %d\n",
			forced, HW_DESC_PAGE_MIN, HW_DESC_PAGE_MAX);
		return -EINVAL;
	}
	h->page_max = forced;
	return 0;
}

static int choose_allocation(struct h8l_device *h)
{
	switch (force_allocation_from_driver) {
	case 0:
		h->alloc_mode = dma_addressing_limited(h8l_bus(h)) ?
			HAILO8L_ALLOC_DRIVER : HAILO8L_ALLOC_USER;
		return 0;
	case 1:
		h->alloc_mode = HAILO8L_ALLOC_USER;
		return 0;
	case 2:
		h->alloc_mode = HAILO8L_ALLOC_DRIVER;
		return 0;
	default:
		pci_err(h->pdev, "force_allocation_from_driver=%d is not 0, 1 or 2\n",
			force_allocation_from_driver);
		return -EINVAL;
	}
}

static bool has_l0s(struct pci_dev *pdev)
{
	u16 control = 0;

	if (pdev)
		pcie_capability_read_word(pdev, PCI_EXP_LNKCTL, &control);
	return control & PCI_EXP_LNKCTL_ASPM_L0S;
}

/* The chip does not work with L0s at either end of its link (Q2). */
static void disable_l0s(struct pci_dev *pdev)
{
	struct pci_dev *port = pci_upstream_bridge(pdev);

	pci_disable_link_state(pdev, PCIE_LINK_STATE_L0S);
	if (!has_l0s(pdev) && !has_l0s(port))
		return;
	/* The PCI core is not allowed to: the firmware kept ASPM to itself. */
	pci_info(pdev, "switching ASPM L0s off at the link itself\n");
	pcie_capability_clear_word(pdev, PCI_EXP_LNKCTL, PCI_EXP_LNKCTL_ASPM_L0S);
	if (port)
		pcie_capability_clear_word(port, PCI_EXP_LNKCTL, PCI_EXP_LNKCTL_ASPM_L0S);
}

static int init_pci(struct h8l_device *h)
{
	struct pci_dev *pdev = h->pdev;
	int err;

	err = pcim_enable_device(pdev);
	if (err)
		return err;
	err = map_bars(h);
	if (err)
		return err;
	if (!h8l_present(h))
		return -ENODEV;
	err = set_dma_mask(pdev) ?: choose_page_max(h) ?: choose_allocation(h);
	if (err)
		return err;
	disable_l0s(pdev);
	pci_set_master(pdev);
	return 0;
}

/* The chip's side: memory, interrupt, firmware. */
static int init_chip(struct h8l_device *h)
{
	int err = h8l_sink_init(h);

	if (err)
		return err;
	err = h8l_irq_init(h);
	if (err)
		goto free_sink;
	err = h8l_boot(h);
	/* A firmware file may be installed later: see sysfs "reset". */
	WRITE_ONCE(h->lost, h8l_wants_file(err));
	if (err && !h8l_wants_file(err))
		goto free_irq;
	return 0;

free_irq:
	h8l_irq_exit(h);
free_sink:
	h8l_sink_exit(h);
	return err;
}

/* The next driver, or the next kernel, makes the chip bus master again. */
static void stop_runaway(struct h8l_device *h)
{
	if (!h->runaway || !pci_device_is_present(h->pdev))
		return;
	if (__pci_reset_function_locked(h->pdev))
		pci_err(h->pdev, "DMA does not stop, and the function cannot be reset\n");
	h8l_restore_config(h);
	pci_clear_master(h->pdev);
}

/* Nobody can enter any more: stop the chip and take all memory from it. */
static void exit_chip(struct h8l_device *h, bool present)
{
	if (present) {
		h8l_quiesce(h, NULL);
		h8l_irq_off(h);
	}
	pci_clear_master(h->pdev);
	stop_runaway(h);
	h8l_irq_exit(h);
	h->removing = true;
	h8l_lists_forgotten(h);
	h8l_dma_ended(h);
	h8l_dma_detach_all(h);
	h8l_sink_exit(h);
}

static void shut_down(struct h8l_device *h)
{
	bool present = h8l_state(h) == H8L_STATE_RUN;

	WRITE_ONCE(h->state, H8L_STATE_CLOSING);
	h8l_wake_all(h);
	down_write(&h->gate);
	/* Alone now, and about to talk to firmware a last time. */
	WRITE_ONCE(h->state, H8L_STATE_RUN);
	present = present && !READ_ONCE(h->lost) && h8l_present(h);
	exit_chip(h, present);
	WRITE_ONCE(h->state, H8L_STATE_GONE);
	up_write(&h->gate);
	h8l_wake_all(h);
	/* Nobody can enable channels any more, which starts it. */
	cancel_delayed_work_sync(&h->watch);
}

static int h8l_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct h8l_device *h;
	int err;

	pci_notice(pdev, "Probing on: %04x:%04x...\n", pdev->vendor, pdev->device);
	h = h8l_device_alloc(pdev);
	if (IS_ERR(h))
		return PTR_ERR(h);
	h8l_debugfs_add(h);
	err = init_pci(h);
	if (err)
		goto put;
	err = init_chip(h);
	if (err)
		goto put;
	pci_set_drvdata(pdev, h);
	/* Who sees the node finds the sensors, too. */
	h8l_hwmon_add(h);
	err = h8l_node_add(h);
	if (err)
		goto stop;
	h8l_recovery_on(h);
	h8l_pm_on(h);
	pci_notice(pdev, "Probing: Added board %04x-%04x, /dev/%s\n", pdev->vendor,
		   pdev->device, dev_name(&h->dev));
	return 0;

stop:
	h8l_hwmon_remove(h);
	pci_set_drvdata(pdev, NULL);
	shut_down(h);
put:
	h8l_debugfs_remove(h);
	put_device(&h->dev);
	return err;
}

static void h8l_remove(struct pci_dev *pdev)
{
	struct h8l_device *h = pci_get_drvdata(pdev);

	h8l_pm_off(h);
	WRITE_ONCE(h->closing, true);
	h8l_wake_all(h);
	h8l_recovery_off(h);
	h8l_hwmon_remove(h);
	h8l_node_remove(h);
	shut_down(h);
	h8l_debugfs_remove(h);
	pci_set_drvdata(pdev, NULL);
	pci_notice(pdev, "removed /dev/%s\n", dev_name(&h->dev));
	put_device(&h->dev);
}

/* The next kernel must not find a chip that writes into its memory. */
static void h8l_shutdown(struct pci_dev *pdev)
{
	struct h8l_device *h = pci_get_drvdata(pdev);

	WRITE_ONCE(h->closing, true);
	h8l_recovery_off(h);
	h8l_pause(h, true);
	pci_clear_master(pdev);
}

static const struct pci_device_id h8l_ids[] = {
	{ PCI_DEVICE(HW_PCI_VENDOR_ID, HW_PCI_DEVICE_ID) },
	{ }
};
MODULE_DEVICE_TABLE(pci, h8l_ids);

static struct pci_driver h8l_driver = {
	.name = H8L_DRIVER_NAME,
	.id_table = h8l_ids,
	.probe = h8l_probe,
	.remove = h8l_remove,
	.shutdown = h8l_shutdown,
	.err_handler = &h8l_err_handlers,
	.driver.pm = pm_ptr(&h8l_pm_ops),
	.driver.probe_type = PROBE_PREFER_ASYNCHRONOUS,
};

static int __init h8l_init(void)
{
	int err = h8l_file_init();

	if (err)
		return err;
	err = pci_register_driver(&h8l_driver);
	if (err)
		h8l_file_exit();
	return err;
}
module_init(h8l_init);

static void __exit h8l_exit(void)
{
	pci_unregister_driver(&h8l_driver);
	h8l_file_exit();
}
module_exit(h8l_exit);

MODULE_DESCRIPTION("Hailo-8 and Hailo-8L neural network accelerators");
MODULE_LICENSE("GPL");
MODULE_VERSION(H8L_VERSION);
H8L_IMPORT_DMA_BUF;
