// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attributes of /sys/class/hailo_chardev/hailoN. The first three are read by
 * the stock library, which refuses a device if one ends in a newline. The
 * others are ours, one value and a newline each:
 *
 *	reset			write 1: boot the firmware anew
 *	reset_count		how often that was done, by hand or to recover
 *	firmware_version	4.23.0
 *	architecture		hailo8 or hailo8l, as firmware says
 *	current_link_speed	8.0 GT/s
 *	current_link_width	lanes
 *	max_link_speed, max_link_width	what the chip could do
 */
#include <linux/sysfs.h>

#include "hailo8l.h"
#include "hw/control.h"

static struct h8l_device *to_h8l(struct device *dev)
{
	return container_of(dev, struct h8l_device, dev);
}

static ssize_t bare(char *buf, const char *text)
{
	return strscpy(buf, text, PAGE_SIZE);
}

static ssize_t board_location_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return bare(buf, pci_name(to_h8l(dev)->pdev));
}
static DEVICE_ATTR_RO(board_location);

static ssize_t device_id_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct pci_dev *pdev = to_h8l(dev)->pdev;

	char id[16];

	snprintf(id, sizeof(id), "%x:%x", pdev->vendor, pdev->device);
	return bare(buf, id);
}
static DEVICE_ATTR_RO(device_id);

/* 0: neural network core; the other kind is a whole computer. */
static ssize_t accelerator_type_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return bare(buf, "0");
}
static DEVICE_ATTR_RO(accelerator_type);

/* Boots the firmware anew; open files stay, their channels are stopped. */
static ssize_t reset_store(struct device *dev, struct device_attribute *attr,
			   const char *buf, size_t count)
{
	bool yes;
	int err = kstrtobool(buf, &yes);

	if (!err && yes)
		err = h8l_reset(to_h8l(dev));
	return err ?: count;
}
static DEVICE_ATTR_WO(reset);

static ssize_t reset_count_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct h8l_device *h = to_h8l(dev);

	return sysfs_emit(buf, "%u\n", READ_ONCE(h->resets) + READ_ONCE(h->rec.count));
}
static DEVICE_ATTR_RO(reset_count);

/* Asked now: another firmware may have been loaded. */
static ssize_t firmware_version_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct h8l_device *h = to_h8l(dev);
	int err = h8l_identify(h);

	return err ?: sysfs_emit(buf, "%u.%u.%u\n", READ_ONCE(h->fw_version[0]),
				 READ_ONCE(h->fw_version[1]), READ_ONCE(h->fw_version[2]));
}
static DEVICE_ATTR_RO(firmware_version);

static ssize_t architecture_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct h8l_device *h = to_h8l(dev);
	int err = h8l_identify(h);

	if (err)
		return err;
	switch (READ_ONCE(h->architecture)) {
	case HW_ARCH_HAILO8_A0:
	case HW_ARCH_HAILO8:
		return sysfs_emit(buf, "hailo8\n");
	case HW_ARCH_HAILO8L:
		return sysfs_emit(buf, "hailo8l\n");
	default:
		return sysfs_emit(buf, "unknown %u\n", READ_ONCE(h->architecture));
	}
}
static DEVICE_ATTR_RO(architecture);

/*
 * The link of the chip itself: bits 3:0 of both registers are the speed, bits
 * 9:4 the width. Inside the gate, or a sleeping chip would not answer.
 */
static ssize_t show_link(struct device *dev, int reg, bool width, char *buf)
{
	static const char * const speeds[] = { "unknown", "2.5 GT/s", "5.0 GT/s", "8.0 GT/s" };
	struct h8l_device *h = to_h8l(dev);
	u16 value = U16_MAX;
	int err = h8l_enter(h);

	if (err)
		return err;
	pcie_capability_read_word(h->pdev, reg, &value);
	h8l_leave(h);
	if (value == U16_MAX)
		return -ENODEV;
	if (width)
		return sysfs_emit(buf, "%u\n",
				  (value & PCI_EXP_LNKSTA_NLW) >> PCI_EXP_LNKSTA_NLW_SHIFT);
	value &= PCI_EXP_LNKSTA_CLS;
	return sysfs_emit(buf, "%s\n", speeds[value < ARRAY_SIZE(speeds) ? value : 0]);
}

static ssize_t current_link_speed_show(struct device *dev, struct device_attribute *attr,
				       char *buf)
{
	return show_link(dev, PCI_EXP_LNKSTA, false, buf);
}
static DEVICE_ATTR_RO(current_link_speed);

static ssize_t current_link_width_show(struct device *dev, struct device_attribute *attr,
				       char *buf)
{
	return show_link(dev, PCI_EXP_LNKSTA, true, buf);
}
static DEVICE_ATTR_RO(current_link_width);

static ssize_t max_link_speed_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return show_link(dev, PCI_EXP_LNKCAP, false, buf);
}
static DEVICE_ATTR_RO(max_link_speed);

static ssize_t max_link_width_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return show_link(dev, PCI_EXP_LNKCAP, true, buf);
}
static DEVICE_ATTR_RO(max_link_width);

static struct attribute *attrs[] = {
	&dev_attr_board_location.attr,
	&dev_attr_device_id.attr,
	&dev_attr_accelerator_type.attr,
	&dev_attr_reset.attr,
	&dev_attr_reset_count.attr,
	&dev_attr_firmware_version.attr,
	&dev_attr_architecture.attr,
	&dev_attr_current_link_speed.attr,
	&dev_attr_current_link_width.attr,
	&dev_attr_max_link_speed.attr,
	&dev_attr_max_link_width.attr,
	NULL
};

static const struct attribute_group group = {
	.attrs = attrs,
};

const struct attribute_group *h8l_groups[] = { &group, NULL };
