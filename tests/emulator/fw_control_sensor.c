// SPDX-License-Identifier: MIT
/*
 * Temperature, power, health and throttling. Layouts: reference
 * firmware-control.md 2.5 and 2.6.
 */
#include "tests/emulator/fw.h"

#define DVM_LAST		9
#define DVM_OVERCURRENT		9
#define DVM_EVB_TOTAL		0x7ffffffeu
#define DVM_AUTO		0x7fffffffu
#define TYPE_POWER		2u
#define TYPE_LAST		3
#define TYPE_AUTO		0x7fffffffu
#define BUS_VOLTAGE		3.3f

static uint32_t chip_temperature(struct fw *fw, const struct fw_args *args,
				 struct fw_reply *reply)
{
	struct hw_temperature t = { .sample_count = htobe16(++fw->set.temperature_samples) };

	(void)args;
	memcpy(t.ts0, &fw->config->temperature[0], sizeof(t.ts0));
	memcpy(t.ts1, &fw->config->temperature[1], sizeof(t.ts1));
	fw_reply_bytes(reply, t.ts0, sizeof(t) - sizeof(t.len));
	return 0;
}

/* The host turns the float into an integer, swaps its bytes and makes a float
 * of that again, so the wire carries the swapped number (reference 2.5).
 */
static float swapped_threshold(uint32_t milliampere)
{
	return __builtin_bswap32(milliampere);
}

static void reply_throttling_levels(struct fw_reply *reply)
{
	static const float threshold[4] = { 104, 108, 112, 116 };
	static const uint32_t clock[4] = { 300000000, 250000000, 200000000, 100000000 };
	struct {
		float threshold;
		float hysteresis;
		uint32_t clock;
	} level[4];
	unsigned int i;

	for (i = 0; i < 4; i++) {
		level[i].threshold = threshold[i];
		level[i].hysteresis = threshold[i] - 5;
		level[i].clock = htole32(clock[i]);
	}
	fw_reply_bytes(reply, level, sizeof(level));
}

static uint32_t health(struct fw *fw, const struct fw_args *args, struct fw_reply *reply)
{
	enum fw_zone zone = fw_temperature_zone(fw);

	(void)args;
	fw_reply_u8(reply, fw->set.overcurrent);
	fw_reply_u8(reply, 0);			/* overcurrent zone: green */
	fw_reply_float(reply, swapped_threshold(6300));
	fw_reply_u8(reply, 0);			/* overcurrent throttling */
	fw_reply_u8(reply, fw->set.throttling);
	fw_reply_u8(reply, zone);
	fw_reply_u8(reply, zone == FW_ZONE_GREEN ? (uint8_t)-1 : 0);
	reply_throttling_levels(reply);
	fw_reply_be32(reply, FW_ORANGE);
	fw_reply_be32(reply, FW_ORANGE_HYSTERESIS);
	fw_reply_be32(reply, FW_RED);
	fw_reply_be32(reply, FW_RED_HYSTERESIS);
	fw_reply_be32(reply, fw->set.clock);
	fw_reply_be32(reply, fw->set.clock);
	return 0;
}

/* ---- power ---- */

static uint32_t resolve(uint32_t *dvm, uint32_t *type)
{
	if (*dvm == DVM_AUTO)
		*dvm = DVM_OVERCURRENT;
	if (*type == TYPE_AUTO)
		*type = TYPE_POWER;
	if (*dvm > DVM_LAST)
		return FW_POWER_INVALID_DVM;	/* the evaluation board's too */
	return *type > TYPE_LAST ? FW_POWER_ARGUMENTS : 0;
}

/* Volts and amperes that give the configured power on a 3.3 V bus; the shunt
 * is taken to be 10 milliohm.
 */
static float measure(const struct fw *fw, uint32_t type)
{
	float ampere = fw->config->power_w / BUS_VOLTAGE;

	switch (type) {
	case 0:
		return ampere * 10;
	case 1:
		return BUS_VOLTAGE * 1000;
	case 3:
		return ampere * 1000;
	default:
		return fw->config->power_w;
	}
}

/* What this board cannot do: no current monitor. The statuses are inferred. */
static uint32_t power_failed(struct fw_reply *reply, uint32_t major, uint32_t minor)
{
	reply->minor = minor;
	return major;
}

static uint32_t power_once(struct fw *fw, const struct fw_args *args, struct fw_reply *reply)
{
	uint32_t dvm = fw_be32(args, 0), type = fw_be32(args, 1), status;

	if (fw->config->power_w < 0)
		return power_failed(reply, FW_SINGLE_POWER_FAILED, FW_POWER_NO_MONITOR);
	status = resolve(&dvm, &type);
	if (status)
		return power_failed(reply, FW_SINGLE_POWER_FAILED, status);
	fw_reply_float(reply, measure(fw, type));
	fw_reply_le32(reply, dvm);
	fw_reply_le32(reply, type);
	return 0;
}

static uint32_t power_set(struct fw *fw, const struct fw_args *args, struct fw_reply *reply)
{
	uint32_t slot = fw_be32(args, 0), dvm = fw_be32(args, 1), type = fw_be32(args, 2), status;

	if (slot >= 4)
		return FW_POWER_INDEX;
	if (fw->config->power_w < 0)
		return power_failed(reply, FW_SET_POWER_FAILED, FW_POWER_NO_MONITOR);
	if (fw->set.power_running)
		return power_failed(reply, FW_SET_POWER_FAILED, FW_POWER_STARTED);
	status = resolve(&dvm, &type);
	if (status)
		return power_failed(reply, FW_SET_POWER_FAILED, status);
	fw->set.power[slot] = (struct fw_power_slot){ .used = true, .dvm = dvm, .type = type };
	fw_reply_le32(reply, dvm);
	fw_reply_le32(reply, type);
	return 0;
}

/* Adds to every slot the samples that fall into the time since the last call. */
static void power_sample(struct fw *fw)
{
	uint64_t total;
	unsigned int i;

	if (!fw->set.power_running)
		return;
	total = (emu_now(fw->emu) - fw->set.power_start) / 1000 / fw->set.power_interval_us;
	for (i = 0; i < 4; i++)
		if (fw->set.power[i].used)
			fw->set.power[i].samples += total - fw->set.power_counted;
	fw->set.power_counted = total;
}

static uint32_t power_get(struct fw *fw, const struct fw_args *args, struct fw_reply *reply)
{
	uint32_t slot = fw_be32(args, 0);
	struct fw_power_slot *p;
	float value;

	if (slot >= 4)
		return FW_POWER_INDEX;
	p = &fw->set.power[slot];
	if (!p->used)
		return power_failed(reply, FW_GET_POWER_FAILED, FW_POWER_ARGUMENTS);
	power_sample(fw);
	value = p->samples ? measure(fw, p->type) : 0;
	fw_reply_be32(reply, p->samples);
	fw_reply_float(reply, value);		/* minimum, maximum, average */
	fw_reply_float(reply, value);
	fw_reply_float(reply, value);
	fw_reply_float(reply, p->samples ? fw->set.power_interval_us / 1000.f : 0);
	if (fw_u8(args, 1))
		p->samples = 0;
	return 0;
}

static uint32_t power_start(struct fw *fw, const struct fw_args *args, struct fw_reply *reply)
{
	static const uint16_t sampling_us[8] = { 140, 204, 332, 588, 1100, 2116, 4156, 8244 };
	static const uint16_t averaging[8] = { 1, 4, 16, 64, 128, 256, 512, 1024 };
	uint16_t average = fw_be16(args, 1), sampling = fw_be16(args, 2);

	if (fw->config->power_w < 0)
		return power_failed(reply, FW_START_POWER_FAILED, FW_POWER_NO_MONITOR);
	if (fw->set.power_running)
		return power_failed(reply, FW_START_POWER_FAILED, FW_POWER_STARTED);
	if (average > 7 || sampling > 7)
		return power_failed(reply, FW_START_POWER_FAILED, FW_POWER_ARGUMENTS);
	fw->set.power_running = true;
	fw->set.power_start = emu_now(fw->emu);
	fw->set.power_counted = 0;
	fw->set.power_interval_us = (uint32_t)sampling_us[sampling] * averaging[average] * 2;
	return 0;
}

/* Hosts send it before the first start too, to be sure. */
static uint32_t power_stop(struct fw *fw, const struct fw_args *args, struct fw_reply *reply)
{
	(void)args;
	if (fw->config->power_w < 0)
		return power_failed(reply, FW_STOP_POWER_FAILED, FW_POWER_NO_MONITOR);
	power_sample(fw);
	fw->set.power_running = false;
	return 0;
}

/* ---- throttling, overcurrent, clock ---- */

static uint32_t set_throttling(struct fw *fw, const struct fw_args *args, struct fw_reply *reply)
{
	(void)reply;
	fw->set.throttling = fw_u8(args, 0) != 0;
	return 0;
}

static uint32_t get_throttling(struct fw *fw, const struct fw_args *args, struct fw_reply *reply)
{
	(void)args;
	fw_reply_u8(reply, fw->set.throttling);
	return 0;
}

static uint32_t set_overcurrent(struct fw *fw, const struct fw_args *args, struct fw_reply *reply)
{
	(void)reply;
	fw->set.overcurrent = fw_u8(args, 0) != 0;
	return 0;
}

static uint32_t get_overcurrent(struct fw *fw, const struct fw_args *args, struct fw_reply *reply)
{
	(void)args;
	fw_reply_u8(reply, fw->set.overcurrent);
	return 0;
}

static uint32_t set_clock(struct fw *fw, const struct fw_args *args, struct fw_reply *reply)
{
	uint32_t clock[2] = { htole32(fw->set.clock), htole32(fw_be32(args, 0)) };

	(void)reply;
	if (clock[0] != clock[1])
		fw_notify(fw, 0, FW_MODULE_HEALTH, HW_EVENT_CLOCK_CHANGED, 2, clock,
			  sizeof(clock));
	fw->set.clock = fw_be32(args, 0);
	return 0;
}

static const struct fw_param two_u32[] = {
	{ 4, 4, FW_DATA_LENGTH }, { 4, 4, FW_DATA_LENGTH },
};
static const struct fw_param three_u32[] = {
	{ 4, 4, FW_DATA_LENGTH }, { 4, 4, FW_DATA_LENGTH }, { 4, 4, FW_DATA_LENGTH },
};
static const struct fw_param u32_u8[] = {
	{ 4, 4, FW_DATA_LENGTH }, { 1, 1, FW_DATA_LENGTH },
};
static const struct fw_param u32_u16_u16[] = {
	{ 4, 4, FW_DATA_LENGTH }, { 2, 2, FW_DATA_LENGTH }, { 2, 2, FW_DATA_LENGTH },
};
static const struct fw_param one_u8[] = { { 1, 1, FW_SHOULD_ENABLE_LENGTH } };
static const struct fw_param one_u32[] = { { 4, 4, FW_DATA_LENGTH } };

static const struct fw_control controls[] = {
	{ HW_OP_GET_CHIP_TEMPERATURE, 0, 0, NULL, chip_temperature },
	{ HW_OP_GET_HEALTH_INFORMATION, 0, 0, NULL, health },
	{ HW_OP_POWER_MEASUREMENT, 0, 2, two_u32, power_once },
	{ HW_OP_SET_POWER_MEASUREMENT, 0, 3, three_u32, power_set },
	{ HW_OP_GET_POWER_MEASUREMENT, 0, 2, u32_u8, power_get },
	{ HW_OP_START_POWER_MEASUREMENT, 0, 3, u32_u16_u16, power_start },
	{ HW_OP_STOP_POWER_MEASUREMENT, 0, 0, NULL, power_stop },
	{ HW_OP_SET_THROTTLING_STATE, 0, 1, one_u8, set_throttling },
	{ HW_OP_GET_THROTTLING_STATE, 0, 0, NULL, get_throttling },
	{ HW_OP_SET_OVERCURRENT_STATE, 0, 1, one_u8, set_overcurrent },
	{ HW_OP_GET_OVERCURRENT_STATE, 0, 0, NULL, get_overcurrent },
	{ HW_OP_SET_CLOCK_FREQ, 0, 1, one_u32, set_clock },
};

const struct fw_control_family fw_sensor_controls = {
	controls, sizeof(controls) / sizeof(controls[0]),
};
