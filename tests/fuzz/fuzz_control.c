// SPDX-License-Identifier: MIT
/*
 * Answers of the firmware and of the driver. A device is opened, asked everything,
 * measured and runs a network, or some of that; each answer is spoilt as the input
 * says: a byte with what to do, then what that needs. With the input's end answers
 * are good again. The first byte has a bit for each of: the driver cannot be polled,
 * ask, measure, run.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/md5.h"
#include "tests/fuzz/fuzz.h"

#define MOST_BYTES (1u << 20)

static struct drv *drv;
static struct h8l_os os;
static struct h8l_hef *hef;
static struct bytes script;

/* ---- spoiling ---- */

static void change_bytes(struct hailo8l_fw_control *c, bool seal)
{
	for (unsigned int n = 1 + take_byte(&script) % 8; n; n--) {
		uint32_t at = take_number(&script, 2) % sizeof(c->buffer);

		c->buffer[at] = take_byte(&script);
	}
	if (seal && c->buffer_len <= sizeof(c->buffer))
		md5_digest(c->buffer, c->buffer_len, c->md5);
}

static void replace_all(struct hailo8l_fw_control *c)
{
	c->buffer_len = take_number(&script, 2) % (sizeof(c->buffer) + 1);
	for (uint32_t i = 0; i < c->buffer_len; i++)
		c->buffer[i] = take_byte(&script);
	md5_digest(c->buffer, c->buffer_len, c->md5);
}

static int spoil_control(struct hailo8l_fw_control *c)
{
	switch (take_byte(&script) % 8) {
	case 1:
		change_bytes(c, true);
		return 0;
	case 2:
		change_bytes(c, false);
		return 0;
	case 3:
		replace_all(c);
		return 0;
	case 4:
		c->buffer_len = take_number(&script, 4);
		return 0;
	case 5:
		return -(int)take_byte(&script);
	default:
		return 0;
	}
}

static void spoil_bytes(void *data, size_t size)
{
	for (unsigned int n = take_byte(&script) % 4; n; n--) {
		size_t at = take_number(&script, 2) % size;

		((uint8_t *)data)[at] = take_byte(&script);
	}
}

/* Addresses and handles are the driver's own and go back to it: left alone */
static int spoilt_ioctl(const struct h8l_os *self, int fd, unsigned long request, void *arg)
{
	int result = drv->os.ioctl(&drv->os, fd, request, arg);

	(void)self;
	if (!script.size || result < 0)
		return result;
	switch (request) {
	case HAILO8L_FW_CONTROL:
		return spoil_control(arg);
	case HAILO8L_QUERY_DEVICE_PROPERTIES:
		spoil_bytes(arg, sizeof(struct hailo8l_device_properties));
		return result;
	case HAILO8L_QUERY_DRIVER_INFO:
		spoil_bytes(arg, sizeof(struct hailo8l_driver_info));
		return result;
	case HAILO8L_VDMA_INTERRUPTS_WAIT:
		spoil_bytes(arg, sizeof(struct hailo8l_interrupts_wait));
		return result;
	case HAILO8L_READ_LOG:
		spoil_bytes(arg, sizeof(struct hailo8l_read_log));
		return result;
	default:
		return result;
	}
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct h8l_error error;

	(void)argc;
	(void)argv;
	drv = drv_new(1);
	os = drv->os;
	os.ioctl = spoilt_ioctl;
	return h8l_hef_open(NETS_FOLDER "/split.hef", &hef, &error);
}

/* ---- what a program asks ---- */

static void ask(struct h8l_device *device)
{
	struct h8l_temperature temperature;
	struct h8l_device_info info;
	struct h8l_identity identity;
	struct h8l_health health;
	struct h8l_error error;
	uint32_t version[3];
	uint8_t log[64];
	float watts;
	int enabled;

	h8l_device_identity(device, &identity);
	if (strlen(identity.board_name) >= sizeof(identity.board_name) ||
	    strlen(identity.product_name) >= sizeof(identity.product_name))
		abort();
	h8l_device_read_info(device, &info, &error);
	h8l_device_read_temperature(device, &temperature, &error);
	h8l_device_read_power(device, &watts, &error);
	h8l_device_read_core_firmware(device, version, &error);
	h8l_device_read_health(device, &health, &error);
	h8l_device_get_throttling(device, &enabled, &error);
	h8l_device_get_overcurrent(device, &enabled, &error);
	if (h8l_device_read_log(device, H8L_CPU_APP, log, sizeof(log)) > (int)sizeof(log))
		abort();
}

static void measure(struct h8l_device *device)
{
	static const struct h8l_measurement both[] = {
		{ H8L_POINT_AUTO, H8L_QUANTITY_AUTO }, { H8L_POINT_VDD_CORE, H8L_CURRENT },
	};
	struct h8l_power_statistics statistics;
	struct h8l_error error;

	if (h8l_device_power_start(device, both, 2, 0, 0, &error))
		return;
	h8l_device_power_read(device, 1, 1, &statistics, &error);
	h8l_device_power_stop(device, &error);
}

static void run(struct h8l_device *device)
{
	struct h8l_network *network;
	struct h8l_error error;

	if (h8l_network_open(device, hef, NULL, &network, &error))
		return;
	run_frames(network);
	h8l_network_close(network);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct h8l_device *device;
	struct h8l_error error;
	uint8_t what;

	script = (struct bytes){ data, size };
	drv->violation[0] = '\0';
	drv->control_count = 0;
	what = take_byte(&script);
	drv->has_poll = !(what & 1);
	if (device_open_os(&os, NULL, &device, &error))
		return 0;
	if (what & 2)
		ask(device);
	if (what & 4)
		measure(device);
	if (what & 8)
		run(device);
	h8l_device_close(device);
	check_driver(drv);
	if (drv->open_fds)
		abort();
	return 0;
}
