// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attributes of /sys/class/hailo_chardev/hailoN. The first three are read by
 * the stock library, which refuses a device if one ends in a newline.
 */
#include <linux/sysfs.h>

#include "hailo8l.h"

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
	return sysfs_emit(buf, "%u\n", to_h8l(dev)->resets);
}
static DEVICE_ATTR_RO(reset_count);

static struct attribute *attrs[] = {
	&dev_attr_board_location.attr,
	&dev_attr_device_id.attr,
	&dev_attr_accelerator_type.attr,
	&dev_attr_reset.attr,
	&dev_attr_reset_count.attr,
	NULL
};

static const struct attribute_group group = {
	.attrs = attrs,
};

const struct attribute_group *h8l_groups[] = { &group, NULL };
