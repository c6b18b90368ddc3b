// SPDX-License-Identifier: MIT
/*
 * What a real Hailo-8L answered, as recorded in ../shared/reference (the folder
 * `H8L_SHARED`, if it is set): the library asks byte for byte what was asked
 * then, takes every answer, and decodes it to what is documented beside the
 * recording. Without the recording the test is skipped.
 */
#include <endian.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/control.h"
#include "lib/md5.h"
#include "tests/unit/lib_driver.h"

#include <cmocka.h>		/* last: it defines fail() */

#define LINE	8192

struct row {
	char name[8];
	uint32_t cpu, opcode;
	size_t request_size, response_size;
	uint8_t request[HW_CTRL_MAX_LEN], response[HW_CTRL_MAX_LEN];
};

static struct row row;
static struct drv *drv;
static struct h8l_device *device;
static struct h8l_error error;
static int (*script)(const struct h8l_os *os, int fd, unsigned long nr, void *arg);
static unsigned int asked;

/* ---- the recording ---- */

static size_t from_hex(const char *hex, uint8_t *bytes)
{
	size_t size = strlen(hex) / 2;

	assert_true(size <= HW_CTRL_MAX_LEN);
	for (size_t i = 0; i < size; i++) {
		unsigned int value;

		assert_int_equal(sscanf(hex + 2 * i, "%2x", &value), 1);
		bytes[i] = (uint8_t)value;
	}
	return size;
}

/* A cell may be empty */
static void read_row(char *line)
{
	snprintf(row.name, sizeof(row.name), "%s", strsep(&line, "\t"));
	row.cpu = (uint32_t)strtoul(strsep(&line, "\t"), NULL, 0);
	row.opcode = (uint32_t)strtoul(strsep(&line, "\t"), NULL, 0);
	row.request_size = from_hex(strsep(&line, "\t"), row.request);
	row.response_size = from_hex(strsep(&line, "\t"), row.response);
}

/* The device that was recorded answers */
static int replay(const struct h8l_os *os, int fd, unsigned long nr, void *arg)
{
	struct hailo8l_fw_control *c = arg;

	if (nr != HAILO8L_FW_CONTROL)
		return script(os, fd, nr, arg);
	if (c->buffer_len != row.request_size || c->cpu_id != row.cpu ||
	    memcmp(c->buffer, row.request, row.request_size) != 0)
		fail_msg("%s: not asked as recorded", row.name);
	memcpy(c->buffer, row.response, row.response_size);
	c->buffer_len = (uint32_t)row.response_size;
	md5_digest(c->buffer, c->buffer_len, c->md5);
	asked++;
	return 0;
}

/* ---- what each answer means: real-device.md 4.3 to 4.5 ---- */

static void check_identity(void)
{
	struct h8l_device *again;
	struct h8l_identity id;

	if (device_open_os(&drv->os, NULL, &again, &error))
		fail_msg("%s: %s", row.name, error.text);
	h8l_device_identity(again, &id);
	assert_int_equal(id.architecture, H8L_ARCH_HAILO8L);
	assert_int_equal(id.protocol_version, 2);
	assert_int_equal(id.firmware[0], 4);
	assert_int_equal(id.firmware[1], 23);
	assert_int_equal(id.firmware[2], 0);
	assert_int_equal(id.firmware_is_release, 1);
	assert_string_equal(id.board_name, "Hailo-8");
	assert_string_equal(id.serial_number, "");
	assert_string_equal(id.part_number, "");
	assert_string_equal(id.product_name, "");
	assert_int_equal(device_check_firmware(again, &error), 0);
	h8l_device_close(again);
}

static void check_information(void)
{
	const uint8_t *body = row.response + HW_CTRL_RESPONSE_HEAD;
	static const uint8_t no_mac[6];
	struct h8l_device_info info;

	if (h8l_device_read_info(device, &info, &error))
		fail_msg("%s: %s", row.name, error.text);
	assert_int_equal(info.clock_hz, 400000000);
	assert_int_equal(info.features, H8L_FEATURE_PCIE);
	assert_int_equal(info.has_current_monitor, 0);
	assert_int_equal(info.boot_source, H8L_BOOT_PCIE);
	assert_int_equal(info.life_cycle_state, 3);
	assert_int_equal(info.cluster_layout, 0x33);
	assert_memory_equal(info.soc_id, body + 37, sizeof(info.soc_id));
	assert_memory_equal(info.ethernet_mac, no_mac, sizeof(no_mac));
	assert_memory_equal(info.unit_tracking_id, body + 83, sizeof(info.unit_tracking_id));
	assert_memory_equal(info.process_monitor, body + 99, sizeof(info.process_monitor));
}

static void check_consts(void)
{
	struct hw_consts consts;

	if (control_hw_consts(device, &consts, &error))
		fail_msg("%s: %s", row.name, error.text);
	assert_int_equal(le32toh(consts.fifo_word_granularity), 8);
	assert_int_equal(le16toh(consts.max_periph_buffers_per_frame), 0xffff);
	assert_int_equal(le16toh(consts.max_periph_bytes_per_buffer), 0xffff);
	assert_int_equal(le16toh(consts.max_acceptable_bytes_per_buffer), 0xa000);
	assert_int_equal(le32toh(consts.outbound_data_stream_size), 0x10000);
	assert_int_equal(consts.should_optimize_credits, 1);
	assert_int_equal(le32toh(consts.default_initial_credit_size), 0x10000);
}

/* ---- messages that are only taken ---- */

static void check_status(void)
{
	const uint8_t *p = row.request + HW_CTRL_REQUEST_HEAD;

	if (control_change_status(device, p[4], p[9], 0, &error))
		fail_msg("%s: %s", row.name, error.text);
}

static void check_clear(void)
{
	if (control_clear_applications(device, &error))
		fail_msg("%s: %s", row.name, error.text);
}

static void check_header(void)
{
	struct hw_app_header header;

	assert_int_equal(row.request_size, HW_CTRL_REQUEST_HEAD + 4 + sizeof(header));
	memcpy(&header, row.request + HW_CTRL_REQUEST_HEAD + 4, sizeof(header));
	if (control_application_header(device, &header, &error))
		fail_msg("%s: %s", row.name, error.text);
}

/* Three parameters of a byte, then the list */
static void check_context(void)
{
	const uint8_t *p = row.request + HW_CTRL_REQUEST_HEAD;
	size_t list = HW_CTRL_REQUEST_HEAD + 3 * 5 + 4;

	if (control_context_info(device, p[14], p[4], p[9], row.request + list,
				 row.request_size - list, &error))
		fail_msg("%s: %s", row.name, error.text);
}

static void check_row(void)
{
	unsigned int before = asked;

	switch (row.opcode) {
	case HW_OP_IDENTIFY:
		check_identity();
		break;
	case HW_OP_GET_DEVICE_INFORMATION:
		check_information();
		break;
	case HW_OP_GET_HW_CONSTS:
		check_consts();
		break;
	case HW_OP_CHANGE_CONTEXT_SWITCH_STATUS:
		check_status();
		break;
	case HW_OP_CLEAR_CONFIGURED_APPS:
		check_clear();
		break;
	case HW_OP_SET_NETWORK_GROUP_HEADER:
		check_header();
		break;
	case HW_OP_SET_CONTEXT_INFO:
		check_context();
		break;
	default:
		fail_msg("%s: opcode 0x%x has no check", row.name, row.opcode);
	}
	assert_int_equal(asked, before + 1);
}

/* ---- */

static FILE *open_recording(void)
{
	const char *folder = getenv("H8L_SHARED");
	char path[512];

	snprintf(path, sizeof(path), "%s/reference/real-device-controls.tsv",
		 folder ? folder : "../shared");
	return fopen(path, "r");
}

static void real_device(void **state)
{
	FILE *file = open_recording();
	unsigned int rows = 0;
	static char line[LINE];

	(void)state;
	if (!file) {
		print_message("../shared/reference/real-device-controls.tsv is not there\n");
		skip();
	}
	drv = drv_new(1);
	assert_int_equal(device_open_os(&drv->os, NULL, &device, &error), 0);
	script = drv->os.ioctl;
	drv->os.ioctl = replay;
	assert_non_null(fgets(line, sizeof(line), file));
	while (fgets(line, sizeof(line), file)) {
		read_row(line);
		if (!row.response_size)		/* was not recorded */
			continue;
		check_row();
		rows++;
	}
	fclose(file);
	assert_int_equal(rows, 48);
	assert_int_equal(asked, rows);
	h8l_device_close(device);
	drv_free(drv);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(real_device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
