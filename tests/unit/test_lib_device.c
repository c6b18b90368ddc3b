// SPDX-License-Identifier: MIT
/* Scanning, opening, identifying, sensors: what can go wrong, one by one. */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "hw/control.h"
#include "lib/device.h"
#include "tests/unit/lib_driver.h"

#include <cmocka.h>		/* last: it defines fail() */

static struct h8l_error error;

static int try_open(struct drv *drv, const char *name, struct h8l_device **device)
{
	int err;

	memset(&error, 0, sizeof(error));
	err = device_open_os(&drv->os, name, device, &error);
	assert_int_equal(error.code, err);
	if (err)
		assert_int_equal(drv->open_fds, 0);
	return err;
}

static void expect_failure(struct drv *drv, const char *name, int err, const char *says)
{
	struct h8l_device *device;
	int got = try_open(drv, name, &device);

	if (got != err || !strstr(error.text, says))
		fail_msg("%d \"%s\", expected %d \"%s\"", got, error.text, err, says);
	assert_string_equal(drv->violation, "");
	drv_free(drv);
}

static void expect_node(struct drv *drv, const char *name, const char *node)
{
	struct h8l_device *device;

	if (try_open(drv, name, &device))
		fail_msg("%s", error.text);
	assert_string_equal(device_node(device), node);
	h8l_device_close(device);
	assert_int_equal(drv->open_fds, 0);
}

static void scan(void **state)
{
	struct h8l_scan_entry entries[4];
	struct drv *drv = drv_new(12);

	(void)state;
	assert_int_equal(scan_os(&drv->os, entries, 4), 12);
	assert_string_equal(entries[0].node, "/dev/hailo0");
	assert_string_equal(entries[0].location, "0000:01:00.0");
	assert_string_equal(entries[2].node, "/dev/hailo2");	/* not 10 */
	assert_int_equal(scan_os(&drv->os, NULL, 0), 12);
	drv_free(drv);
	drv = drv_new(0);
	assert_int_equal(scan_os(&drv->os, entries, 4), 0);
	drv->os.class_dir = "/nonexistent";
	assert_int_equal(scan_os(&drv->os, entries, 4), 0);
	drv_free(drv);
}

static void names(void **state)
{
	struct drv *drv = drv_new(1);

	(void)state;
	expect_node(drv, NULL, "/dev/hailo0");
	expect_node(drv, "0", "/dev/hailo0");
	expect_node(drv, "/dev/hailo0", "/dev/hailo0");
	expect_node(drv, "0000:01:00.0", "/dev/hailo0");
	expect_node(drv, "01:00.0", "/dev/hailo0");
	drv_free(drv);
	drv = drv_new(2);
	expect_node(drv, "02:00.0", "/dev/hailo1");
	drv_free(drv);
}

static void no_device(void **state)
{
	(void)state;
	expect_failure(drv_new(0), NULL, -ENODEV, "no Hailo device");
	expect_failure(drv_new(0), "01:00.0", -ENODEV, "no Hailo device");
	expect_failure(drv_new(1), "07:00.0", -ENODEV, "0000:01:00.0");
	expect_failure(drv_new(1), "/dev/null", -ENODEV, "/dev/null");
	expect_failure(drv_new(1), "/dev/hailo-with-a-name-that-is-too-long", -ENODEV, "long");
	expect_failure(drv_new(2), NULL, -ENOTUNIQ, "/dev/hailo1 at 0000:02:00.0");
}

static void open_errors(void **state)
{
	struct drv *drv = drv_new(1);

	(void)state;
	drv->open_errno = -EACCES;
	expect_failure(drv, NULL, -EACCES, "no permission");
	drv = drv_new(1);
	drv->open_errno = -ENXIO;
	expect_failure(drv, NULL, -ENODEV, "no such device");
	drv = drv_new(1);
	drv->open_errno = -EMFILE;
	expect_failure(drv, NULL, -EMFILE, "/dev/hailo0");
}

static void wrong_driver(void **state)
{
	struct drv *drv = drv_new(1);

	(void)state;
	drv->version[1] = 20;
	expect_failure(drv, NULL, -EPROTO, "driver 4.20.0");
	drv = drv_new(1);
	drv->version[0] = 5;
	expect_failure(drv, NULL, -EPROTO, "driver 5.23.0");
	drv = drv_new(1);
	drv->fail_ioctl = HAILO8L_QUERY_DRIVER_INFO;
	drv->fail_errno = -ENOTTY;
	expect_failure(drv, NULL, -EPROTO, "not a Hailo device");
	drv = drv_new(1);
	drv->fail_ioctl = HAILO8L_QUERY_DEVICE_PROPERTIES;
	drv->fail_errno = -ENODEV;
	expect_failure(drv, NULL, -ENODEV, "no such device");
}

static void no_firmware(void **state)
{
	struct drv *drv = drv_new(1);

	(void)state;
	drv->fw_loaded = false;
	expect_failure(drv, NULL, -ENOEXEC, "hailo8_fw.bin");
}

/* ---- control answers ---- */

static void bad_answers(void **state)
{
	static const struct {
		int damage;
		const char *says;
	} cases[] = {
		{ DRV_BAD_MD5, "wrong MD5" },
		{ DRV_BAD_OPCODE, "another request" },
		{ DRV_BAD_LENGTH, "impossible length" },
		{ DRV_BAD_PARAMS, "do not fit" },
		{ DRV_NO_ACK, "another request" },
		{ DRV_TOO_SHORT, "another size" },
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		struct drv *drv = drv_new(1);

		drv->damage_opcode = HW_OP_IDENTIFY;
		drv->damage = cases[i].damage;
		expect_failure(drv, NULL, -EPROTO, cases[i].says);
	}
}

static void refused(void **state)
{
	struct drv *drv = drv_new(1);

	(void)state;
	drv->refuse_opcode = HW_OP_IDENTIFY;
	drv->refuse_major = 0x40030060;
	drv->refuse_minor = 7;
	expect_failure(drv, NULL, -EREMOTEIO, "0x40030060, 0x00000007");
	drv = drv_new(1);
	drv->refuse_opcode = HW_OP_IDENTIFY;
	drv->refuse_major = HW_STATUS_UNSUPPORTED_OPCODE;
	expect_failure(drv, NULL, -EOPNOTSUPP, "IDENTIFY");
	drv = drv_new(1);
	drv->fail_ioctl = HAILO8L_FW_CONTROL;
	drv->fail_errno = -ETIMEDOUT;
	expect_failure(drv, NULL, -ETIMEDOUT, "does not answer IDENTIFY");
	drv = drv_new(1);
	drv->fail_ioctl = HAILO8L_FW_CONTROL;
	drv->fail_errno = -ENODEV;
	expect_failure(drv, NULL, -ENODEV, "gone");
	drv = drv_new(1);
	drv->architecture = HW_ARCH_HAILO8_A0;
	expect_failure(drv, NULL, -EPROTO, "architecture 0");
}

static void identity(void **state)
{
	struct drv *drv = drv_new(1);
	struct h8l_identity id;
	struct h8l_device *device;

	(void)state;
	drv->architecture = HW_ARCH_HAILO8L;
	drv->page_size = 16384;		/* as on a Pi 5: the chip cannot do that */
	assert_int_equal(try_open(drv, NULL, &device), 0);
	h8l_device_identity(device, &id);
	assert_int_equal(id.architecture, H8L_ARCH_HAILO8L);
	assert_int_equal(id.firmware[0], 4);
	assert_int_equal(id.firmware[1], 23);
	assert_true(id.firmware_is_release);
	assert_int_equal(id.driver[1], 23);
	assert_int_equal(id.max_page_size, 4096);
	assert_string_equal(id.board_name, "Hailo-8");
	assert_string_equal(id.serial_number, "HLTEST0000000001");
	assert_string_equal(id.product_name, "SCRIPTED DRIVER WITH A NAME OF 42 LETTERS.");
	assert_string_equal(id.part_number, "");
	assert_int_equal(drv->control_count, 1);
	assert_true(h8l_device_fd(device) >= 0);
	h8l_device_close(device);
	drv_free(drv);
}

static void sensors(void **state)
{
	struct drv *drv = drv_new(1);
	struct h8l_temperature t;
	struct h8l_device_info info;
	struct h8l_device *device;
	float watts = 0;

	(void)state;
	assert_int_equal(try_open(drv, NULL, &device), 0);
	assert_int_equal(h8l_device_read_temperature(device, &t, &error), 0);
	assert_true(t.sensor[0] == 42.0f && t.sensor[1] == 42.5f);
	assert_int_equal(t.sample_count, 7);
	assert_int_equal(h8l_device_read_info(device, &info, &error), 0);
	assert_int_equal(info.clock_hz, 400000000);
	assert_true(info.has_current_monitor);
	assert_int_equal(info.cluster_layout, 0x33);
	assert_int_equal(h8l_device_read_power(device, &watts, &error), 0);
	assert_true(watts == 2.5f);
	drv->refuse_opcode = HW_OP_GET_CHIP_TEMPERATURE;
	drv->refuse_major = 0x40030083;
	assert_int_equal(h8l_device_read_temperature(device, &t, &error), -EREMOTEIO);
	assert_string_equal(drv->violation, "");
	h8l_device_close(device);
	drv_free(drv);
}

static void firmware_log(void **state)
{
	struct drv *drv = drv_new(1);
	struct h8l_device *device;
	char text[1024];

	(void)state;
	assert_int_equal(try_open(drv, NULL, &device), 0);
	assert_int_equal(h8l_device_read_log(device, H8L_CPU_APP, text, sizeof(text)), 3);
	assert_int_equal(h8l_device_read_log(device, H8L_CPU_CORE, text, 2), 2);
	assert_memory_equal(text, "lo", 2);
	assert_int_equal(h8l_device_read_log(device, (enum h8l_cpu)2, text, 2), -EINVAL);
	drv->fail_ioctl = HAILO8L_READ_LOG;
	drv->fail_errno = -EIO;
	assert_int_equal(h8l_device_read_log(device, H8L_CPU_APP, text, 2), -EIO);
	h8l_device_close(device);
	drv_free(drv);
}

static void texts(void **state)
{
	static const int codes[] = {
		EACCES, EBADMSG, EBUSY, ECONNRESET, EINVAL, EIO, ENOBUFS, ENODEV, ENOENT, ENOEXEC,
		ENOMEM, ENOSPC, ENOTSUP, ENOTUNIQ, EPROTO, EREMOTEIO, ETIMEDOUT, EPIPE, 99999,
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(codes); i++) {
		assert_true(strlen(h8l_strerror(codes[i])) > 5);
		assert_string_equal(h8l_strerror(codes[i]), h8l_strerror(-codes[i]));
	}
	/* One number on Linux, so the words must do for both */
	assert_non_null(strstr(h8l_strerror(-ENOTSUP), "library"));
	assert_non_null(strstr(h8l_strerror(-EOPNOTSUPP), "board"));
	assert_string_equal(h8l_strerror(INT_MIN), "unknown error");
	assert_string_equal(h8l_version(), "0.1.0");
	h8l_device_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scan),
		cmocka_unit_test(names),
		cmocka_unit_test(no_device),
		cmocka_unit_test(open_errors),
		cmocka_unit_test(wrong_driver),
		cmocka_unit_test(no_firmware),
		cmocka_unit_test(bad_answers),
		cmocka_unit_test(refused),
		cmocka_unit_test(identity),
		cmocka_unit_test(sensors),
		cmocka_unit_test(firmware_log),
		cmocka_unit_test(texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
