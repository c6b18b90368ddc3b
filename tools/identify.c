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
	{ 'x', "extended", NULL, "also clock, clusters, features, ids, temperature and power" },
	TOOL_OPTION_FORMAT,
	TOOL_OPTION_HELP,
	TOOL_OPTION_END
};

struct report {
	struct h8l_scan_entry entry;
	struct h8l_identity identity;
	bool extended;
	struct h8l_device_info info;
	uint32_t core_firmware[3];
	struct h8l_temperature temperature;
	bool has_power;
	float watts;
};

/* `out` takes two letters a byte and the end */
static const char *hex_text(const uint8_t *bytes, size_t size, char *out)
{
	size_t i;

	for (i = 0; i < size; i++)
		sprintf(out + 2 * i, "%02x", bytes[i]);
	return out;
}

static const char *soc_id_text(const struct h8l_device_info *info, char out[65])
{
	return hex_text(info->soc_id, sizeof(info->soc_id), out);
}

static const struct {
	uint32_t bit;
	const char *name;
} features[] = {
	{ H8L_FEATURE_ETHERNET, "ethernet" }, { H8L_FEATURE_MIPI, "mipi" },
	{ H8L_FEATURE_PCIE, "pcie" }, { H8L_FEATURE_CURRENT_MONITOR, "current-monitor" },
	{ H8L_FEATURE_MDIO, "mdio" },
};

static const char *features_text(uint32_t set, char *out, size_t size)
{
	size_t used = 0;
	unsigned int i;

	out[0] = '\0';
	for (i = 0; i < ARRAY_SIZE(features); i++)
		if (set & features[i].bit && used < size)
			used += (size_t)snprintf(out + used, size - used, "%s%s",
						 used ? " " : "", features[i].name);
	return out;
}

static bool has_mac(const struct h8l_device_info *info)
{
	static const uint8_t none[sizeof(info->ethernet_mac)];

	return memcmp(info->ethernet_mac, none, sizeof(none)) != 0;
}

static const char *mac_text(const struct h8l_device_info *info, char out[18])
{
	const uint8_t *m = info->ethernet_mac;

	sprintf(out, "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5]);
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

static void print_ids(const struct h8l_device_info *info)
{
	char text[160];

	line("Features", features_text(info->features, text, sizeof(text)));
	printf("%-20s%s\n", "Chip id", soc_id_text(info, text));
	line("Unit tracking id", hex_text(info->unit_tracking_id,
					  sizeof(info->unit_tracking_id), text));
	if (has_mac(info))
		line("Ethernet address", mac_text(info, text));
	snprintf(text, sizeof(text), "%u", info->life_cycle_state);
	line("Life cycle state", info->life_cycle_state ? text : "");
}

static void print_extended(const struct report *report)
{
	char text[160];

	triple("Core firmware", report->core_firmware, "");
	snprintf(text, sizeof(text), "%u MHz", report->info.clock_hz / 1000000);
	line("Core clock", text);
	line("Cluster layout", layout_text(report->info.cluster_layout, text, sizeof(text)));
	line("Booted from", boot_source_text(report->info.boot_source));
	print_ids(&report->info);
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

static void json_ids(struct json_object *object, const struct report *report)
{
	const struct h8l_device_info *info = &report->info;
	struct json_object *list = json_object_new_array();
	char text[65];
	unsigned int i;

	json_triple(object, "core_firmware", report->core_firmware);
	for (i = 0; i < ARRAY_SIZE(features); i++)
		if (info->features & features[i].bit)
			json_object_array_add(list, json_object_new_string(features[i].name));
	json_object_object_add(object, "features", list);
	json_set_string(object, "unit_tracking_id",
			hex_text(info->unit_tracking_id, sizeof(info->unit_tracking_id), text));
	json_set_string_or_null(object, "ethernet_address",
				has_mac(info) ? mac_text(info, text) : "");
	json_set_string(object, "process_monitor",
			hex_text(info->process_monitor, sizeof(info->process_monitor), text));
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
	json_ids(object, report);
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
	    h8l_device_read_core_firmware(device, report->core_firmware, &error) >= 0 &&
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
