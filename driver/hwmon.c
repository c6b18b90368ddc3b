// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sensors, for `sensors` and whatever else reads hwmon. Reading them never
 * disturbs a running network.
 *
 *	temp1, temp2	the two sensors of the chip. What firmware calls the orange
 *			zone, where it lowers the clock, is max, the red one,
 *			where it closes streams, is crit. The zone is that of the
 *			chip, so both have its alarms.
 *	power1, curr1	of the board, where it can measure them. A single
 *			measurement keeps the protection against overcurrent off
 *			only while it lasts, says the vendor's library. The limit
 *			is not shown: how firmware writes it is not known for sure.
 *
 * Whether the board measures is asked once, in probe(): without a firmware file
 * it is taken not to. Evaluation boards do so without saying it, and are not
 * recognised.
 */
#include <linux/hwmon.h>

#include "hailo8l.h"
#include "hw/control.h"

/* Values are this old at most; one look at all of them is four questions. */
#define FRESH_FOR	HZ
#define ASLEEP_FOR	(60 * HZ)

static umode_t is_visible(const void *data, enum hwmon_sensor_types type, u32 attr, int channel)
{
	const struct h8l_device *h = data;

	return type == hwmon_temp || h->sensors.has_monitor ? 0444 : 0;
}

/* Little-endian binary32 in units to their @parts-th parts, without an FPU. */
static long to_parts(const u8 *bytes, u32 parts)
{
	u32 bits = bytes[0] | bytes[1] << 8 | bytes[2] << 16 | (u32)bytes[3] << 24;
	int exponent = (int)(bits >> 23 & 0xff) - 127;
	u64 value = (u64)((bits & 0x7fffff) | 0x800000) * parts;

	/* No sensor is at less than 2^-10 or more than 2^15 units. */
	if (exponent < -10)
		return 0;
	exponent = min(exponent, 15);
	value = exponent >= 0 ? value << exponent : value >> -exponent;
	value >>= 23;
	value = min_t(u64, value, LONG_MAX);
	return bits >> 31 ? -(long)value : (long)value;
}

static long to_millidegrees(__be32 degrees)
{
	return clamp((int)be32_to_cpu(degrees), -1000, 1000) * 1000L;
}

union answer {
	struct hw_temperature temperature;
	struct hw_health health;
	struct hw_power_response power;
};

static void take_temperature(struct h8l_sensors *s, const union answer *a)
{
	s->temperature[0] = to_parts(a->temperature.ts0, 1000);
	s->temperature[1] = to_parts(a->temperature.ts1, 1000);
}

static void take_health(struct h8l_sensors *s, const union answer *a)
{
	s->zone = a->health.temperature_zone;
	s->overcurrent = a->health.overcurrent_zone;
	s->limit[0] = to_millidegrees(a->health.orange);
	s->limit[1] = to_millidegrees(a->health.orange_hysteresis);
	s->limit[2] = to_millidegrees(a->health.red);
	s->limit[3] = to_millidegrees(a->health.red_hysteresis);
}

static void take_power(struct h8l_sensors *s, const union answer *a)
{
	s->microwatt = to_parts(a->power.value, 1000000);
}

static void take_current(struct h8l_sensors *s, const union answer *a)
{
	s->milliampere = to_parts(a->power.value, 1);
}

static const struct {
	size_t size;
	void (*take)(struct h8l_sensors *s, const union answer *a);
} answers[H8L_QUESTIONS] = {
	[H8L_ASK_TEMPERATURE] = { sizeof(struct hw_temperature), take_temperature },
	[H8L_ASK_HEALTH] = { sizeof(struct hw_health), take_health },
	[H8L_ASK_POWER] = { sizeof(struct hw_power_response), take_power },
	[H8L_ASK_CURRENT] = { sizeof(struct hw_power_response), take_current },
};

/*
 * Whoever looks every few seconds would never let the chip sleep. One that
 * sleeps is woken once a minute; it is idle and has cooled down in between.
 */
static bool is_fresh(const struct h8l_device *h, enum h8l_question what)
{
	unsigned long asked = h->sensors.asked[what];

	return asked &&
		time_before(jiffies, asked + (READ_ONCE(h->asleep) ? ASLEEP_FOR : FRESH_FOR));
}

static int update(struct h8l_device *h, enum h8l_question what)
{
	struct h8l_sensors *s = &h->sensors;
	union answer a;
	int err;

	lockdep_assert_held(&s->lock);
	if (is_fresh(h, what))
		return 0;
	err = h8l_ask(h, what, &a, answers[what].size);
	if (err)
		return err;
	answers[what].take(s, &a);
	s->asked[what] = jiffies | 1;
	return 0;
}

static enum h8l_question question_of(enum hwmon_sensor_types type, u32 attr)
{
	switch (type) {
	case hwmon_power:
		return H8L_ASK_POWER;
	case hwmon_curr:
		return attr == hwmon_curr_input ? H8L_ASK_CURRENT : H8L_ASK_HEALTH;
	default:
		return attr == hwmon_temp_input ? H8L_ASK_TEMPERATURE : H8L_ASK_HEALTH;
	}
}

static long temperature_of(const struct h8l_sensors *s, u32 attr, int channel)
{
	switch (attr) {
	case hwmon_temp_max:
		return s->limit[0];
	case hwmon_temp_max_hyst:
		return s->limit[1];
	case hwmon_temp_crit:
		return s->limit[2];
	case hwmon_temp_crit_hyst:
		return s->limit[3];
	case hwmon_temp_max_alarm:
		return s->zone >= 1;
	case hwmon_temp_crit_alarm:
		return s->zone >= 2;
	default:
		return s->temperature[channel];
	}
}

static long value_of(const struct h8l_sensors *s, enum hwmon_sensor_types type, u32 attr,
		     int channel)
{
	switch (type) {
	case hwmon_power:
		return s->microwatt;
	case hwmon_curr:
		return attr == hwmon_curr_input ? s->milliampere : s->overcurrent;
	default:
		return temperature_of(s, attr, channel);
	}
}

static int read_value(struct device *dev, enum hwmon_sensor_types type, u32 attr,
		      int channel, long *value)
{
	struct h8l_device *h = dev_get_drvdata(dev);
	int err;

	mutex_lock(&h->sensors.lock);
	err = update(h, question_of(type, attr));
	*value = value_of(&h->sensors, type, attr, channel);
	mutex_unlock(&h->sensors.lock);
	return err;
}

static int read_label(struct device *dev, enum hwmon_sensor_types type, u32 attr,
		      int channel, const char **text)
{
	static const char * const labels[] = { "ts0", "ts1" };

	*text = type == hwmon_temp ? labels[channel] : "board";
	return 0;
}

static const struct hwmon_ops ops = {
	.is_visible = is_visible,
	.read = read_value,
	.read_string = read_label,
};

#define TEMPERATURE	(HWMON_T_INPUT | HWMON_T_LABEL | HWMON_T_MAX | HWMON_T_MAX_HYST | \
			 HWMON_T_CRIT | HWMON_T_CRIT_HYST | HWMON_T_MAX_ALARM | \
			 HWMON_T_CRIT_ALARM)

static const struct hwmon_channel_info *info[] = {
	HWMON_CHANNEL_INFO(temp, TEMPERATURE, TEMPERATURE),
	HWMON_CHANNEL_INFO(power, HWMON_P_INPUT | HWMON_P_LABEL),
	HWMON_CHANNEL_INFO(curr, HWMON_C_INPUT | HWMON_C_LABEL | HWMON_C_CRIT_ALARM),
	NULL
};

static const struct hwmon_chip_info chip = {
	.ops = &ops,
	.info = info,
};

static bool has_monitor(struct h8l_device *h)
{
	struct hw_device_information board;

	return !h8l_ask(h, H8L_ASK_BOARD, &board, sizeof(board)) &&
		board.features[HW_FEATURE_BYTE] & HW_FEATURE_CURRENT_MONITOR;
}

/* A chip without sensors in sysfs still works. */
void h8l_hwmon_add(struct h8l_device *h)
{
	struct h8l_sensors *s = &h->sensors;

	s->has_monitor = has_monitor(h);
	s->dev = hwmon_device_register_with_info(h8l_bus(h), H8L_DRIVER_NAME, h, &chip, NULL);
	if (!IS_ERR(s->dev))
		return;
	pci_warn(h->pdev, "no hwmon device: %ld\n", PTR_ERR(s->dev));
	s->dev = NULL;
}

void h8l_hwmon_remove(struct h8l_device *h)
{
	if (h->sensors.dev)
		hwmon_device_unregister(h->sensors.dev);
}
