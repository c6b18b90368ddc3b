// SPDX-License-Identifier: GPL-2.0-only
/*
 * The two temperature sensors of the chip, for `sensors` and whatever else
 * reads hwmon. Reading them never disturbs a running network.
 */
#include <linux/hwmon.h>

#include "hailo8l.h"
#include "hw/control.h"

#define ASLEEP_FOR	(60 * HZ)

static umode_t is_visible(const void *data, enum hwmon_sensor_types type, u32 attr, int channel)
{
	return 0444;
}

/* Little-endian binary32 in degrees to millidegrees, without an FPU. */
static long to_millidegrees(const u8 *bytes)
{
	u32 bits = bytes[0] | bytes[1] << 8 | bytes[2] << 16 | (u32)bytes[3] << 24;
	int exponent = (int)(bits >> 23 & 0xff) - 127;
	u64 value = ((bits & 0x7fffff) | 0x800000) * 1000ull;

	/* No sensor is at less than 2^-10 or more than 2^10 degrees. */
	if (exponent < -10)
		return 0;
	exponent = min(exponent, 10);
	value = exponent >= 0 ? value << exponent : value >> -exponent;
	value >>= 23;
	return bits >> 31 ? -(long)value : (long)value;
}

/*
 * Whoever looks every few seconds would never let the chip sleep. One that
 * sleeps is woken once a minute; it is idle and has cooled down in between.
 */
static int update(struct h8l_device *h)
{
	struct hw_temperature t;
	int err;

	if (READ_ONCE(h->asleep) && h->hwmon_until && time_before(jiffies, h->hwmon_until))
		return 0;
	err = h8l_read_temperature(h, &t);
	if (err)
		return err;
	h->hwmon_last[0] = to_millidegrees(t.ts0);
	h->hwmon_last[1] = to_millidegrees(t.ts1);
	h->hwmon_until = (jiffies + ASLEEP_FOR) | 1;
	return 0;
}

static int read_temperature(struct device *dev, enum hwmon_sensor_types type, u32 attr,
			    int channel, long *value)
{
	struct h8l_device *h = dev_get_drvdata(dev);
	int err;

	mutex_lock(&h->hwmon_lock);
	err = update(h);
	*value = h->hwmon_last[channel];
	mutex_unlock(&h->hwmon_lock);
	return err;
}

static int read_label(struct device *dev, enum hwmon_sensor_types type, u32 attr,
		      int channel, const char **text)
{
	static const char * const labels[] = { "ts0", "ts1" };

	*text = labels[channel];
	return 0;
}

static const struct hwmon_ops ops = {
	.is_visible = is_visible,
	.read = read_temperature,
	.read_string = read_label,
};

static const struct hwmon_channel_info *info[] = {
	HWMON_CHANNEL_INFO(temp, HWMON_T_INPUT | HWMON_T_LABEL, HWMON_T_INPUT | HWMON_T_LABEL),
	NULL
};

static const struct hwmon_chip_info chip = {
	.ops = &ops,
	.info = info,
};

/* A chip without sensors in sysfs still works. */
void h8l_hwmon_add(struct h8l_device *h)
{
	h->hwmon = hwmon_device_register_with_info(h8l_bus(h), H8L_DRIVER_NAME, h, &chip, NULL);
	if (!IS_ERR(h->hwmon))
		return;
	pci_warn(h->pdev, "no hwmon device: %ld\n", PTR_ERR(h->hwmon));
	h->hwmon = NULL;
}

void h8l_hwmon_remove(struct h8l_device *h)
{
	if (h->hwmon)
		hwmon_device_unregister(h->hwmon);
}
