// SPDX-License-Identifier: MIT
/* hailo8l identify: what a device says about itself. */
#include <errno.h>
#include <getopt.h>
#include <json.h>
#include <stdio.h>
#include <string.h>

#include "tools/tool.h"

static const struct tool_option options[] = {
	TOOL_OPTION_DEVICE,
	{ 'x', "extended", NULL, "also clock, cluster layout, temperature and power" },
	TOOL_OPTION_FORMAT,
	TOOL_OPTION_HELP,
	TOOL_OPTION_END
};

struct report {
	struct h8l_scan_entry entry;
	struct h8l_identity identity;
	bool extended;
	struct h8l_device_info info;
	struct h8l_temperature temperature;
	bool has_power;
	float watts;
};

static const char *soc_id_text(const struct h8l_device_info *info, char out[65])
{
	unsigned int i;

	for (i = 0; i < sizeof(info->soc_id); i++)
		sprintf(out + 2 * i, "%02x", info->soc_id[i]);
	return out;
}

static const char *boot_source_text(uint32_t source)
{
	switch (source) {
	case 1:
		return "PCIe";
	case 2:
		return "flash";
	default:
		return "unknown";
	}
}

/* "0x33: 0 1 4 5" */
static const char *layout_text(uint32_t layout, char *out, size_t size)
{
	int used = snprintf(out, size, "0x%02x, clusters", layout);
	unsigned int i;

	for (i = 0; i < 32 && (size_t)used < size; i++)
		if (layout & 1u << i)
			used += snprintf(out + used, size - (size_t)used, " %u", i);
	return out;
}

static void line(const char *label, const char *value)
{
	char safe[128];

	if (value[0])
		printf("%-20s%s\n", label, printable(safe, sizeof(safe), value));
}

static void triple(const char *label, const uint32_t v[3], const char *more)
{
	char text[64];

	snprintf(text, sizeof(text), "%u.%u.%u%s", v[0], v[1], v[2], more);
	line(label, text);
}

static void print_extended(const struct report *report)
{
	char text[160];

	snprintf(text, sizeof(text), "%u MHz", report->info.clock_hz / 1000000);
	line("Core clock", text);
	line("Cluster layout", layout_text(report->info.cluster_layout, text, sizeof(text)));
	line("Booted from", boot_source_text(report->info.boot_source));
	printf("%-20s%s\n", "Chip id", soc_id_text(&report->info, text));
	snprintf(text, sizeof(text), "%.1f and %.1f degrees Celsius",
		 report->temperature.sensor[0], report->temperature.sensor[1]);
	line("Temperature", text);
	snprintf(text, sizeof(text), "%.2f W", report->watts);
	line("Power", report->has_power ? text : "this board does not measure it");
}

static void print_text(const struct report *report)
{
	const struct h8l_identity *id = &report->identity;

	line("Device", report->entry.node);
	line("PCI address", report->entry.location);
	line("Architecture", architecture_name(id->architecture));
	triple("Firmware", id->firmware, id->firmware_is_release ? "" : " (developer build)");
	triple("Driver", id->driver, "");
	line("Board", id->board_name);
	line("Product", id->product_name);
	line("Part number", id->part_number);
	line("Serial number", id->serial_number);
	if (report->extended)
		print_extended(report);
}

static void json_triple(struct json_object *object, const char *key, const uint32_t v[3])
{
	char text[64];

	snprintf(text, sizeof(text), "%u.%u.%u", v[0], v[1], v[2]);
	json_set_string(object, key, text);
}

static void json_extended(struct json_object *object, const struct report *report)
{
	struct json_object *temperatures = json_object_new_array();
	char text[65];
	int i;

	json_set_number(object, "clock_hz", report->info.clock_hz);
	json_set_number(object, "cluster_layout", report->info.cluster_layout);
	json_set_string(object, "boot_source", boot_source_text(report->info.boot_source));
	json_set_number(object, "life_cycle_state", report->info.life_cycle_state);
	json_set_string(object, "chip_id", soc_id_text(&report->info, text));
	for (i = 0; i < 2; i++) {
		snprintf(text, sizeof(text), "%.3f", report->temperature.sensor[i]);
		json_object_array_add(temperatures,
				      json_object_new_double_s(report->temperature.sensor[i],
							       text));
	}
	json_object_object_add(object, "temperatures_celsius", temperatures);
	if (report->has_power)
		json_set_real(object, "power_watts", report->watts);
	else
		json_object_object_add(object, "power_watts", NULL);
}

static int print_json(const struct report *report)
{
	const struct h8l_identity *id = &report->identity;
	struct json_object *object = json_object_new_object();

	json_set_number(object, "version", TOOL_JSON_VERSION);
	json_set_string_or_null(object, "node", report->entry.node);
	json_set_string_or_null(object, "address", report->entry.location);
	json_set_string(object, "architecture", architecture_name(id->architecture));
	json_triple(object, "firmware", id->firmware);
	json_set_bool(object, "firmware_is_release", id->firmware_is_release);
	json_set_number(object, "protocol_version", id->protocol_version);
	json_triple(object, "driver", id->driver);
	json_set_number(object, "max_page_size", id->max_page_size);
	json_set_string_or_null(object, "board_name", id->board_name);
	json_set_string_or_null(object, "product_name", id->product_name);
	json_set_string_or_null(object, "part_number", id->part_number);
	json_set_string_or_null(object, "serial_number", id->serial_number);
	if (report->extended)
		json_extended(object, report);
	return json_print("identify", object);
}

/* A board without a current monitor is nothing to complain about. */
static int read_power(struct h8l_device *device, struct report *report, struct h8l_error *error)
{
	int result = h8l_device_read_power(device, &report->watts, error);

	report->has_power = result >= 0;
	return result == -EOPNOTSUPP ? 0 : result;
}

static int read_extended(struct h8l_device *device, struct report *report)
{
	struct h8l_error error = { .code = 0 };

	if (h8l_device_read_info(device, &report->info, &error) >= 0 &&
	    h8l_device_read_temperature(device, &report->temperature, &error) >= 0 &&
	    read_power(device, report, &error) >= 0)
		return TOOL_OK;
	return library_error(report->entry.node[0] ? report->entry.node : "identify", &error);
}

static int identify(const char *name, struct report *report)
{
	struct h8l_device *device;
	int result = device_open("identify", name, &device);

	if (result)
		return result;
	device_entry(device, &report->entry);
	h8l_device_identity(device, &report->identity);
	if (report->extended)
		result = read_extended(device, report);
	h8l_device_close(device);
	return result;
}

static int identify_run(const struct tool_command *command, int argc, char **argv)
{
	struct report report = { .extended = false };
	const char *name = NULL;
	const char *argument;
	bool json = false;
	int key, result;

	while ((key = args_next(command, argc, argv, &argument)) >= 0) {
		if (key == 'd')
			name = argument;
		else if (key == 'x')
			report.extended = true;
		else if (args_format(command, argument, &json))
			return TOOL_ERROR;
	}
	if (key != ARGS_END)
		return args_stop(key);
	if (args_operands(command, argc, argv, 0))
		return TOOL_ERROR;
	result = identify(name, &report);
	if (result)
		return result;
	if (json)
		return print_json(&report);
	print_text(&report);
	return TOOL_OK;
}

const struct tool_command identify_command = {
	.name = "identify",
	.operands = "",
	.summary = "Show what a device says about itself: chip, firmware, driver, serial number.",
	.options = options,
	.notes = "Without --device there must be exactly one device.",
	.run = identify_run,
};
