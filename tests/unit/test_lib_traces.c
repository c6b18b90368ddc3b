// SPDX-License-Identifier: MIT
/*
 * What the stock library sends to a device that it does not run networks on:
 * its recordings are played back strictly, control by control, byte by byte,
 * and our decoded answers compared with those of its client. A check for
 * developers: skipped where the recordings are not.
 */
#include <endian.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hw/control.h"
#include "lib/device.h"
#include "lib/md5.h"
#include "tests/unit/golden.h"
#include "tests/unit/lib_driver.h"

#include <cmocka.h>		/* last: it defines fail() */

#define MAX_STEPS	32

struct step {
	uint32_t cpu, timeout_ms;
	uint8_t md5[16];
	uint8_t request[1500];
	size_t request_size;
	int result;
	uint8_t response[1500];
	size_t response_size;
	bool used;
};

static struct {
	struct step steps[MAX_STEPS];
	unsigned int count, next;
	char result[4096];		/* what the client got, last */
	char problem[256];
	bool any_order;
} trace;

static struct drv *drv;
static struct h8l_device *device;
static struct h8l_error error;
static int (*script)(const struct h8l_os *os, int fd, unsigned long nr, void *arg);

/* ---- reading ---- */

static size_t bytes_of(const char *hex, uint8_t *bytes, size_t room)
{
	size_t size = 0;
	unsigned int byte;

	while (size < room && sscanf(hex + 2 * size, "%2x", &byte) == 1)
		bytes[size++] = (uint8_t)byte;
	return size;
}

static size_t field_bytes(const char *line, const char *key, uint8_t *bytes, size_t room)
{
	static char hex[4096];

	json_string(line, key, hex, sizeof(hex));
	return bytes_of(hex, bytes, room);
}

static void read_line(const char *line)
{
	struct step *s = &trace.steps[trace.count];
	char event[32], name[64];

	json_string(line, "ev", event, sizeof(event));
	json_string(line, "name", name, sizeof(name));
	if (!strcmp(event, "ioctl") && !strcmp(name, "HAILO_FW_CONTROL")) {
		assert_true(trace.count < MAX_STEPS);
		s->cpu = (uint32_t)json_number(line, "cpu", 9);
		s->timeout_ms = (uint32_t)json_number(line, "timeout_ms", 0);
		field_bytes(line, "md5", s->md5, sizeof(s->md5));
		s->request_size = field_bytes(line, "req", s->request, sizeof(s->request));
	} else if (!strcmp(event, "fw_reply")) {
		s->result = (int)json_number(line, "rc", -1);
		s->response_size = field_bytes(line, "rsp", s->response, sizeof(s->response));
		trace.count++;
	} else if (strstr(line, "\"what\":\"result\"")) {
		snprintf(trace.result, sizeof(trace.result), "%s", line);
	}
}

static void load(const char *name)
{
	char path[512], *text, *line, *rest;
	size_t size;

	memset(&trace, 0, sizeof(trace));
	snprintf(path, sizeof(path), "%s/_device/%s.jsonl", golden_traces(), name);
	text = (char *)golden_read(path, &size);
	if (!text)
		fail_msg("%s cannot be read", path);
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		read_line(line);
	free(text);
	assert_true(trace.count > 0);
}

/* ---- playing ---- */

static int problem(const struct hailo8l_fw_control *c, const char *what)
{
	if (!trace.problem[0])
		snprintf(trace.problem, sizeof(trace.problem), "control %u (opcode 0x%02x): %s",
			 trace.next, c->buffer[15], what);
	return -EINVAL;
}

static bool is_same(const struct step *s, const struct hailo8l_fw_control *c)
{
	return !s->used && s->request_size == c->buffer_len &&
	       !memcmp(s->request, c->buffer, c->buffer_len);
}

static struct step *next_step(const struct hailo8l_fw_control *c)
{
	unsigned int from = trace.any_order ? 0 : trace.next;

	for (unsigned int i = from; i < trace.count; i++) {
		if (is_same(&trace.steps[i], c))
			return &trace.steps[i];
		if (!trace.any_order)
			break;
	}
	return NULL;
}

static int play(const struct h8l_os *os, int fd, unsigned long nr, void *arg)
{
	struct hailo8l_fw_control *c = arg;
	struct step *s;

	if (nr != HAILO8L_FW_CONTROL)
		return script(os, fd, nr, arg);
	s = next_step(c);
	if (!s)
		return problem(c, "not what the stock library sends here");
	if (s->cpu != c->cpu_id || s->timeout_ms != c->timeout_ms)
		return problem(c, "another processor or time-out");
	if (memcmp(s->md5, c->md5, sizeof(s->md5)))
		return problem(c, "another MD5");
	s->used = true;
	trace.next++;
	if (s->result)
		return s->result;
	memcpy(c->buffer, s->response, s->response_size);
	c->buffer_len = (uint32_t)s->response_size;
	md5_digest(c->buffer, c->buffer_len, c->md5);
	return 0;
}

static void start(const char *name)
{
	load(name);
	drv = drv_new(1);
	script = drv->os.ioctl;
	drv->os.ioctl = play;
	if (device_open_os(&drv->os, NULL, &device, &error))
		fail_msg("%s", trace.problem[0] ? trace.problem : error.text);
	device->monitor = 1;	/* the stock client does not ask whether there is one */
}

/* Everything that was recorded was sent */
static void end(void)
{
	if (trace.problem[0])
		fail_msg("%s", trace.problem);
	if (trace.next != trace.count)
		fail_msg("%u of %u controls were sent", trace.next, trace.count);
	h8l_device_close(device);
	drv_free(drv);
}

static void good(int result)
{
	if (result)
		fail_msg("%s", trace.problem[0] ? trace.problem : error.text);
}

static void expect_number(const char *key, double value)
{
	double expected = json_number(trace.result, key, -12345);

	if (expected != value)
		fail_msg("%s: %g, the stock client has %g", key, value, expected);
}

static void expect_text(const char *key, const char *value)
{
	char expected[256];

	json_string(trace.result, key, expected, sizeof(expected));
	assert_string_equal(value, expected);
}

/* ---- the recordings ---- */

static void identify(void **state)
{
	const char *names[] = { "hailo8_api_identify", "hailo8l_api_identify" };
	struct h8l_identity id;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
		start(names[i]);
		/* the stock client asks a second time; we know it since opening */
		trace.next = trace.count;
		h8l_device_identity(device, &id);
		expect_number("arch", id.architecture);
		expect_number("protocol_version", id.protocol_version);
		expect_number("is_release", id.firmware_is_release);
		expect_text("board_name", id.board_name);
		expect_text("serial", id.serial_number);
		expect_text("part", id.part_number);
		expect_text("product", id.product_name);
		end();
	}
}

static void extended(void **state)
{
	const char *names[] = { "hailo8_api_extended", "hailo8l_api_extended" };
	struct h8l_device_info info;
	char soc[SHA256_TEXT];		/* what the client noted instead of the id */

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
		start(names[i]);
		good(h8l_device_read_info(device, &info, &error));
		sha256_text(info.soc_id, sizeof(info.soc_id), soc);
		expect_text("soc_id", soc);
		expect_number("clock", info.clock_hz);
		expect_number("boot_source", info.boot_source);
		expect_number("lcs", info.life_cycle_state);
		expect_number("pcie", !!(info.features & H8L_FEATURE_PCIE));
		expect_number("mipi", !!(info.features & H8L_FEATURE_MIPI));
		expect_number("ethernet", !!(info.features & H8L_FEATURE_ETHERNET));
		expect_number("mdio", !!(info.features & H8L_FEATURE_MDIO));
		expect_number("current_monitoring", info.has_current_monitor);
		end();
	}
}

static void core_identify(void **state)
{
	uint32_t version[3];

	(void)state;
	start("hailo8_api_core_identify");
	good(h8l_device_read_core_firmware(device, version, &error));
	assert_int_equal(version[0], 4);
	assert_int_equal(version[1], 23);
	assert_int_equal(version[2], 0);
	end();
}

static void temperature(void **state)
{
	struct h8l_temperature t;

	(void)state;
	start("hailo8_api_temperature");
	good(h8l_device_read_temperature(device, &t, &error));
	expect_number("ts0", t.sensor[0]);
	expect_number("ts1", t.sensor[1]);
	expect_number("sample_count", t.sample_count);
	end();
}

static void power(void **state)
{
	float value;

	(void)state;
	start("hailo8_api_power");
	good(h8l_device_read_power(device, &value, &error));
	assert_true(value == 4);
	good(h8l_device_measure(device, H8L_POINT_VDD_CORE, H8L_CURRENT, &value, &error));
	assert_true(value == 1.875f);
	good(h8l_device_measure(device, H8L_POINT_OVERCURRENT, H8L_BUS_VOLTAGE, &value, &error));
	expect_number("value", value);
	end();
}

/* As `hailortcli measure-power --duration 1` does it */
static void averaged_power(void **state)
{
	static const struct h8l_measurement what = { H8L_POINT_AUTO, H8L_QUANTITY_AUTO };
	struct h8l_power_statistics s;

	(void)state;
	start("hailo8_hailortcli_measure_power_1s");
	good(h8l_device_power_start(device, &what, 1, 0, 0, &error));
	good(h8l_device_power_stop(device, &error));
	good(h8l_device_power_read(device, 0, 1, &s, &error));
	end();
	start("hailo8_api_power_long");
	trace.any_order = true;		/* no STOP first there */
	good(h8l_device_power_start(device, &what, 1, 256, 1100, &error));
	good(h8l_device_power_read(device, 0, 0, &s, &error));
	good(h8l_device_power_read(device, 0, 1, &s, &error));
	assert_int_equal(s.samples, 123);
	assert_true(s.minimum == 1.25f && s.maximum == 2.75f && s.average == 1.875f &&
		    s.sample_ms == 2.2f);
	end();
}

static void states(void **state)
{
	int on = -1;

	(void)state;
	start("hailo8_api_throttling");
	good(h8l_device_set_throttling(device, 0, &error));
	good(h8l_device_get_throttling(device, &on, &error));
	expect_number("value", on);
	end();
	start("hailo8_api_overcurrent");
	good(h8l_device_set_overcurrent(device, 1, &error));
	good(h8l_device_get_overcurrent(device, &on, &error));
	expect_number("value", on);
	end();
}

static void health(void **state)
{
	struct h8l_health h;

	(void)state;
	start("hailo8_api_health");
	good(h8l_device_read_health(device, &h, &error));
	expect_number("orange", h.orange_celsius);
	expect_number("red", h.red_celsius);
	expect_number("red_oc", h.overcurrent_threshold);
	expect_number("lvl", h.throttling_level);
	expect_number("req_oc_clk", h.overcurrent_clock_hz);
	expect_number("thr0", h.levels[0].celsius);
	end();
}

static void resets(void **state)
{
	(void)state;
	start("hailo8_api_reset_nn_core");
	good(h8l_device_reset(device, H8L_RESET_NN_CORE, &error));
	end();
	start("hailo8_api_reset_soft");
	good(h8l_device_reset(device, H8L_RESET_SOFT, &error));
	end();
	start("hailo8_api_reset_forced_soft");
	good(h8l_device_reset(device, H8L_RESET_FORCED_SOFT, &error));
	end();
}

static void no_recordings(void **state)
{
	(void)state;
	print_message("no recordings\n");
	skip();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(identify),
		cmocka_unit_test(extended),
		cmocka_unit_test(core_identify),
		cmocka_unit_test(temperature),
		cmocka_unit_test(power),
		cmocka_unit_test(averaged_power),
		cmocka_unit_test(states),
		cmocka_unit_test(health),
		cmocka_unit_test(resets),
	};
	const struct CMUnitTest none[] = { cmocka_unit_test(no_recordings) };

	if (!golden_traces())
		return cmocka_run_group_tests(none, NULL, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
