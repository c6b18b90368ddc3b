// SPDX-License-Identifier: MIT
/* What monitors a device: decoded values, and each thing that can go wrong. */
#include <endian.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hw/control.h"
#include "lib/device.h"
#include "tests/unit/lib_driver.h"

#include <cmocka.h>		/* last: it defines fail() */

/* What the firmware answers to one opcode, from P+0 on */
struct reply {
	uint32_t opcode;
	uint32_t params;
	size_t size;
	uint8_t body[160];
	uint32_t major, minor;
	int driver_errno;
};

static struct reply reply;
static uint8_t request[64];		/* the last one with that opcode, parameters only */
static size_t request_size;
static struct h8l_error error;
static struct drv *drv;
static struct h8l_device *device;
static int (*script)(const struct h8l_os *os, int fd, unsigned long nr, void *arg);

static int scripted_ioctl(const struct h8l_os *os, int fd, unsigned long nr, void *arg)
{
	struct hailo8l_fw_control *c = arg;
	uint32_t opcode;
	int err;

	if (nr != HAILO8L_FW_CONTROL)
		return script(os, fd, nr, arg);
	memcpy(&opcode, c->buffer + 12, sizeof(opcode));
	opcode = be32toh(opcode);
	request_size = c->buffer_len - HW_CTRL_REQUEST_HEAD;
	memcpy(request, c->buffer + HW_CTRL_REQUEST_HEAD, request_size);
	if (opcode != reply.opcode)
		return script(os, fd, nr, arg);
	err = reply.driver_errno;
	drv_respond(c, opcode, reply.major, reply.minor, reply.params, reply.body, reply.size);
	return err;
}

static void answers(uint32_t opcode)
{
	memset(&reply, 0, sizeof(reply));
	reply.opcode = opcode;
}

static void put(const void *value, uint32_t size)
{
	uint32_t length = htobe32(size);

	memcpy(reply.body + reply.size, &length, sizeof(length));
	memcpy(reply.body + reply.size + sizeof(length), value, size);
	reply.size += sizeof(length) + size;
	reply.params++;
}

static void put_u8(uint8_t value)
{
	put(&value, 1);
}

static void put_be32(uint32_t value)
{
	value = htobe32(value);
	put(&value, 4);
}

static void put_float(float value)
{
	put(&value, 4);
}

static int setup(void **state)
{
	(void)state;
	drv = drv_new(1);
	script = drv->os.ioctl;
	drv->os.ioctl = scripted_ioctl;
	answers(~0u);
	return device_open_os(&drv->os, NULL, &device, &error);
}

static int teardown(void **state)
{
	(void)state;
	h8l_device_close(device);
	drv_free(drv);
	return 0;
}

static void expect(int got, int err, const char *says)
{
	if (got != err || (err && (!strstr(error.text, says) || error.code != err)))
		fail_msg("%d \"%s\", expected %d \"%s\"", got, error.text, err, says);
}

static void expect_request(const void *bytes, size_t size)
{
	assert_int_equal(request_size, size);
	assert_memory_equal(request, bytes, size);
}

/* ---- information ---- */

static void information(void **state)
{
	struct h8l_device_info info;

	(void)state;
	assert_int_equal(h8l_device_read_info(device, &info, &error), 0);
	assert_int_equal(info.clock_hz, 400000000);
	assert_int_equal(info.features, H8L_FEATURE_PCIE | H8L_FEATURE_CURRENT_MONITOR);
	assert_int_equal(info.boot_source, H8L_BOOT_PCIE);
	assert_int_equal(info.life_cycle_state, 3);
}

/* The lengths add up, but the fields would be somewhere else */
static void other_lengths(void **state)
{
	struct h8l_device_info info;

	(void)state;
	answers(HW_OP_GET_DEVICE_INFORMATION);
	put_be32(400000000);
	put("\0\0\0\x0c\0\0\0", 7);
	put("\0\0\0\0\1", 5);
	put_u8(3);
	put((uint8_t[32]){ 0 }, 32);
	put((uint8_t[6]){ 0 }, 6);
	put((uint8_t[12]){ 0 }, 12);
	put((uint8_t[24]){ 0 }, 24);
	put_be32(0x33);
	assert_int_equal(reply.size, sizeof(struct hw_device_information));
	expect(h8l_device_read_info(device, &info, &error), -EPROTO, "fields of other lengths");
}

static void core_firmware(void **state)
{
	uint32_t version[3], wire[3] = { htole32(4), htole32(22), htole32(5 | 1u << 27) };

	(void)state;
	drv->os.ioctl = scripted_ioctl;
	answers(HW_OP_CORE_IDENTIFY);
	put(wire, sizeof(wire));
	assert_int_equal(h8l_device_read_core_firmware(device, version, &error), 0);
	assert_int_equal(version[0], 4);
	assert_int_equal(version[1], 22);
	assert_int_equal(version[2], 5);
	wire[2] = htole32(5);
	answers(HW_OP_CORE_IDENTIFY);
	put(wire, sizeof(wire));
	expect(h8l_device_read_core_firmware(device, version, &error), -EPROTO, "processor");
}

/* ---- power ---- */

static void power_answer(float value)
{
	answers(HW_OP_POWER_MEASUREMENT);
	put_float(value);
	put("\x09\0\0\0", 4);
	put("\3\0\0\0", 4);
}

static void one_sample(void **state)
{
	static const uint8_t current[] = {
		0, 0, 0, 4, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 4, 0, 0, 0, 3,
	};
	static const uint8_t core[] = { 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 1 };
	float value = 0;

	(void)state;
	power_answer(812.5f);
	assert_int_equal(h8l_device_measure(device, H8L_POINT_AUTO, H8L_CURRENT, &value, &error),
			 0);
	assert_true(value == 812.5f);
	expect_request(current, sizeof(current));
	assert_int_equal(h8l_device_measure(device, H8L_POINT_VDD_CORE, H8L_BUS_VOLTAGE, &value,
					    &error), 0);
	expect_request(core, sizeof(core));
}

static void many_samples(void **state)
{
	static const struct h8l_measurement what[] = {
		{ H8L_POINT_AUTO, H8L_POWER }, { H8L_POINT_VDD_CORE, H8L_CURRENT },
	};
	static const uint8_t start[] = {
		0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 2, 0, 2, 0, 0, 0, 2, 0, 7,
	};
	struct h8l_power_statistics s;
	unsigned int before;

	(void)state;
	device->monitor = 1;
	before = drv->control_count;
	/* the script knows none of these: the first, STOP, is refused */
	expect(h8l_device_power_start(device, what, 2, 16, 8244, &error), -EOPNOTSUPP,
	       "firmware 4.23.0 cannot do STOP_POWER_MEASUREMENT");
	assert_int_equal(drv->control_count, before + 1);
	answers(HW_OP_START_POWER_MEASUREMENT);
	drv->accept_opcode[0] = HW_OP_STOP_POWER_MEASUREMENT;
	drv->accept_opcode[1] = HW_OP_SET_POWER_MEASUREMENT;
	before = drv->control_count;
	assert_int_equal(h8l_device_power_start(device, what, 2, 16, 8244, &error), 0);
	assert_int_equal(drv->control_count, before + 3);
	expect_request(start, sizeof(start));
	answers(HW_OP_GET_POWER_MEASUREMENT);
	put_be32(123);
	put_float(1.25f);
	put_float(2.75f);
	put_float(1.875f);
	put_float(2.2f);
	assert_int_equal(h8l_device_power_read(device, 1, 1, &s, &error), 0);
	expect_request("\0\0\0\4\0\0\0\1\0\0\0\1\1", 13);
	assert_int_equal(s.samples, 123);
	assert_true(s.minimum == 1.25f && s.maximum == 2.75f && s.average == 1.875f &&
		    s.sample_ms == 2.2f);
	assert_int_equal(h8l_device_power_stop(device, &error), 0);
}

static void wrong_numbers(void **state)
{
	static const struct h8l_measurement what[5];
	struct h8l_power_statistics s;

	(void)state;
	expect(h8l_device_power_start(device, what, 0, 0, 0, &error), -EINVAL, "0 measurements");
	expect(h8l_device_power_start(device, what, 5, 0, 0, &error), -EINVAL, "5 measurements");
	expect(h8l_device_power_start(device, what, 1, 2, 0, &error), -EINVAL, "averaging 2");
	expect(h8l_device_power_start(device, what, 1, 0, 1000, &error), -EINVAL, "1000 us");
	expect(h8l_device_power_read(device, 4, 0, &s, &error), -EINVAL, "measurement 4");
	expect(h8l_device_reset(device, (enum h8l_reset)9, &error), -EINVAL, "no reset 9");
	assert_int_equal(drv->control_count, 1);	/* IDENTIFY */
}

static void information_without(const char *features)
{
	answers(HW_OP_GET_DEVICE_INFORMATION);
	put_be32(400000000);
	put(features, 8);
	put_be32(1);
	put_u8(3);
	put((uint8_t[32]){ 0 }, 32);
	put("\2\0\0\0\0\1", 6);
	put("lot12345diew", 12);
	put((uint8_t[24]){ 7 }, 24);
	put_be32(0x33);
}

static void no_monitor(void **state)
{
	struct h8l_device_info info;
	float watts;

	(void)state;
	information_without("\0\0\0\4\0\0\0");
	expect(h8l_device_read_power(device, &watts, &error), -EOPNOTSUPP, "current monitor");
	expect(h8l_device_power_stop(device, &error), -EOPNOTSUPP, "current monitor");
	assert_int_equal(h8l_device_read_info(device, &info, &error), 0);
	assert_false(info.has_current_monitor);
	assert_int_equal(info.ethernet_mac[5], 1);
	assert_memory_equal(info.unit_tracking_id, "lot12345diew", 12);
	assert_int_equal(info.process_monitor[0], 7);
	strcpy(device->identity.product_name, "HAILO-8 EVB");
	assert_int_equal(h8l_device_read_info(device, &info, &error), 0);
	assert_true(info.has_current_monitor);
	assert_int_equal(info.features, H8L_FEATURE_PCIE);
}

/* ---- states ---- */

static void states(void **state)
{
	int on = -1;

	(void)state;
	answers(HW_OP_GET_THROTTLING_STATE);
	put_u8(1);
	assert_int_equal(h8l_device_get_throttling(device, &on, &error), 0);
	assert_int_equal(on, 1);
	answers(HW_OP_GET_OVERCURRENT_STATE);
	put_u8(0);
	assert_int_equal(h8l_device_get_overcurrent(device, &on, &error), 0);
	assert_int_equal(on, 0);
	answers(HW_OP_SET_THROTTLING_STATE);
	assert_int_equal(h8l_device_set_throttling(device, 5, &error), 0);
	expect_request("\0\0\0\1\1", 5);
	answers(HW_OP_SET_OVERCURRENT_STATE);
	assert_int_equal(h8l_device_set_overcurrent(device, 0, &error), 0);
	expect_request("\0\0\0\1\0", 5);
	reply.major = 0x40030012;
	expect(h8l_device_set_overcurrent(device, 0, &error), -EREMOTEIO,
	       "SET_OVERCURRENT_STATE with status 0x40030012");
	reply.driver_errno = -ETIMEDOUT;
	expect(h8l_device_set_overcurrent(device, 0, &error), -ETIMEDOUT, "SET_OVERCURRENT_STATE");
}

/* ---- health ---- */

static void health_answer(const uint8_t threshold[4], uint8_t zone, int8_t level)
{
	struct hw_throttling_level levels[4] = { 0 };
	float celsius = 104, hysteresis = 100;

	memcpy(levels[3].threshold, &celsius, 4);
	memcpy(levels[3].hysteresis, &hysteresis, 4);
	levels[3].clock = htole32(100000000);
	answers(HW_OP_GET_HEALTH_INFORMATION);
	put_u8(1);
	put_u8(1);
	put(threshold, 4);
	put_u8(0);
	put_u8(1);
	put_u8(zone);
	put(&level, 1);
	put(levels, sizeof(levels));
	put_be32(104);
	put_be32((uint32_t)-5);
	put_be32(120);
	put_be32(116);
	put_be32(300000000);
	put_be32(200000000);
}

static void health(void **state)
{
	struct h8l_health h;

	(void)state;
	health_answer((const uint8_t[]){ 0x00, 0x18, 0x1c, 0x4f }, 1, 3);
	assert_int_equal(h8l_device_read_health(device, &h, &error), 0);
	assert_true(h.overcurrent_protection && !h.overcurrent_throttling &&
		    h.temperature_throttling);
	assert_int_equal(h.overcurrent_zone, H8L_ZONE_RED);
	assert_int_equal(h.temperature_zone, H8L_ZONE_ORANGE);
	assert_true(h.overcurrent_threshold == 6300.0f);
	assert_int_equal(h.throttling_level, 3);
	assert_true(h.levels[3].celsius == 104 && h.levels[3].hysteresis_celsius == 100);
	assert_int_equal(h.levels[3].clock_hz, 100000000);
	assert_int_equal(h.orange_celsius, 104);
	assert_int_equal(h.orange_hysteresis_celsius, -5);
	assert_int_equal(h.red_celsius, 120);
	assert_int_equal(h.red_hysteresis_celsius, 116);
	assert_int_equal(h.overcurrent_clock_hz, 300000000);
	assert_int_equal(h.temperature_clock_hz, 200000000);
	health_answer((const uint8_t[]){ 0, 0, 0, 0 }, 0, 9);
	assert_int_equal(h8l_device_read_health(device, &h, &error), 0);
	assert_int_equal(h.throttling_level, -1);
}

/* 6300 as the stock library reads it, as a float of either byte order, and
 * what cannot be a current
 */
static void threshold_encodings(void **state)
{
	static const struct {
		uint8_t bytes[4];
		float milliampere;
	} cases[] = {
		{ { 0x00, 0x18, 0x1c, 0x4f }, 6300 }, { { 0x00, 0xe0, 0xc4, 0x45 }, 6300 },
		{ { 0x45, 0xc4, 0xe0, 0x00 }, 6300 }, { { 0x00, 0x00, 0x00, 0x4d }, 8 },
		{ { 0xff, 0xff, 0xff, 0xff }, NAN }, { { 0x00, 0x00, 0x80, 0xff }, NAN },
		{ { 0xff, 0xff, 0x7f, 0x7f }, NAN }, { { 0, 0, 0, 0 }, NAN },
	};
	struct h8l_health h;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		health_answer(cases[i].bytes, 0, -1);
		assert_int_equal(h8l_device_read_health(device, &h, &error), 0);
		if (isnan(cases[i].milliampere) ? !isnan(h.overcurrent_threshold) :
		    h.overcurrent_threshold != cases[i].milliampere)
			fail_msg("case %u: %f", i, h.overcurrent_threshold);
	}
}

/* ---- link and reset ---- */

static void attribute(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/hailo0/%s", drv->class_dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void links(void **state)
{
	struct h8l_link link;
	char path[128];

	(void)state;
	expect(h8l_device_read_link(device, &link, &error), -ENODEV, "hailo0/device");
	snprintf(path, sizeof(path), "%s/hailo0/device", drv->class_dir);
	mkdir(path, 0755);
	attribute("device/current_link_speed", "2.5 GT/s PCIe\n");
	attribute("device/max_link_speed", "8.0 GT/s PCIe\n");
	attribute("device/current_link_width", "1\n");
	attribute("device/max_link_width", "4\n");
	assert_int_equal(h8l_device_read_link(device, &link, &error), 0);
	assert_int_equal(link.speed_mts, 2500);
	assert_int_equal(link.max_speed_mts, 8000);
	assert_int_equal(link.width, 1);
	assert_int_equal(link.max_width, 4);
	attribute("device/current_link_speed", "Unknown\n");
	attribute("device/max_link_speed", "16.0 GT/s PCIe\n");
	attribute("device/current_link_width", "63\n");
	attribute("device/max_link_width", "");
	assert_int_equal(h8l_device_read_link(device, &link, &error), 0);
	assert_int_equal(link.speed_mts, 0);
	assert_int_equal(link.max_speed_mts, 16000);
	assert_int_equal(link.width, 0);
	assert_int_equal(link.max_width, 0);
}

static void reset_by_firmware(void **state)
{
	(void)state;
	answers(HW_OP_RESET);
	assert_int_equal(h8l_device_reset(device, H8L_RESET_NN_CORE, &error), 0);
	expect_request("\0\0\0\4\0\0\0\1", 8);
	expect(h8l_device_reset(device, H8L_RESET_SOFT, &error), -EPROTO, "answers the reset");
	expect_request("\0\0\0\4\0\0\0\2", 8);
	reply.driver_errno = -ETIMEDOUT;
	assert_int_equal(h8l_device_reset(device, H8L_RESET_SOFT, &error), 0);
	assert_int_equal(h8l_device_reset(device, H8L_RESET_FORCED_SOFT, &error), 0);
	expect_request("\0\0\0\4\0\0\0\3", 8);
	expect(h8l_device_reset(device, H8L_RESET_NN_CORE, &error), -ETIMEDOUT, "RESET");
	assert_true(device->poisoned);
	device->networks = 2;
	expect(h8l_device_reset(device, H8L_RESET_NN_CORE, &error), -EBUSY, "2 networks");
	device->networks = 0;
}

static void reset_by_driver(void **state)
{
	char path[128], text[4] = "";
	FILE *f;

	(void)state;
	expect(h8l_device_reset(device, H8L_RESET_DRIVER, &error), -EOPNOTSUPP, "has no reset");
	attribute("reset", "");
	assert_int_equal(h8l_device_reset(device, H8L_RESET_DRIVER, &error), 0);
	snprintf(path, sizeof(path), "%s/hailo0/reset", drv->class_dir);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_int_equal(fread(text, 1, sizeof(text), f), 1);
	assert_int_equal(text[0], '1');
	fclose(f);
	unlink(path);
	symlink("/dev/full", path);
	expect(h8l_device_reset(device, H8L_RESET_DRIVER, &error), -ENOSPC, "cannot reset");
	assert_int_equal(drv->control_count, 1);
}

/* ---- firmware versions ---- */

static int open_with_firmware(uint32_t minor)
{
	h8l_device_close(device);
	drv->firmware[1] = minor;
	return device_open_os(&drv->os, NULL, &device, &error);
}

static void firmware_versions(void **state)
{
	struct h8l_temperature t;

	(void)state;
	for (uint32_t minor = 17; minor <= 23; minor++) {
		assert_int_equal(open_with_firmware(minor), 0);
		assert_int_equal(h8l_device_read_temperature(device, &t, &error), 0);
		assert_int_equal(device_check_firmware(device, &error), 0);
	}
	assert_int_equal(open_with_firmware(16), 0);
	expect(device_check_firmware(device, &error), -ENOTSUP, "4.17 to 4.23 can");
	drv->firmware[0] = 5;
	assert_int_equal(open_with_firmware(23), 0);
	expect(device_check_firmware(device, &error), -ENOTSUP, "firmware 5.23.0");
}

#define with_device(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_device(information),
		with_device(other_lengths),
		with_device(core_firmware),
		with_device(one_sample),
		with_device(many_samples),
		with_device(wrong_numbers),
		with_device(no_monitor),
		with_device(states),
		with_device(health),
		with_device(threshold_encodings),
		with_device(links),
		with_device(reset_by_firmware),
		with_device(reset_by_driver),
		with_device(firmware_versions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
