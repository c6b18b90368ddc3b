// SPDX-License-Identifier: MIT
/* hailo8l sensors: everything that a device measures, once. */
#include <errno.h>
#include <json.h>
#include <stdio.h>
#include <string.h>

#include "tools/sensors.h"

static const struct tool_option options[] = {
	TOOL_OPTION_DEVICE,
	TOOL_OPTION_FORMAT,
	TOOL_OPTION_HELP,
	TOOL_OPTION_END
};

struct report {
	struct h8l_scan_entry entry;
	struct reading reading;
	struct h8l_device_info info;
	struct h8l_link link;
	bool has_link;
	int throttling, overcurrent;
};

/* ---- reading ---- */

/* What a board cannot do is nothing to complain about. */
static int optional(int result, bool *has)
{
	*has = result >= 0;
	return result == -EOPNOTSUPP ? 0 : result;
}

static int read_power(struct h8l_device *device, struct reading *r, struct h8l_error *error)
{
	int result = optional(h8l_device_read_power(device, &r->watts, error), &r->has_power);

	if (result || !r->has_power)
		return result;
	return h8l_device_measure(device, H8L_POINT_AUTO, H8L_CURRENT, &r->milliampere, error);
}

int reading_take(struct h8l_device *device, struct reading *r, struct h8l_error *error)
{
	int result = h8l_device_read_temperature(device, &r->temperature, error);

	if (result)
		return result;
	result = optional(h8l_device_read_health(device, &r->health, error), &r->has_health);
	return result ? result : read_power(device, r, error);
}

static int take_report(struct h8l_device *device, struct report *report)
{
	struct h8l_error error = { .code = 0 };

	if (h8l_device_read_info(device, &report->info, &error) ||
	    h8l_device_get_throttling(device, &report->throttling, &error) ||
	    h8l_device_get_overcurrent(device, &report->overcurrent, &error) ||
	    reading_take(device, &report->reading, &error))
		return library_error(report->entry.node[0] ? report->entry.node : "sensors",
				     &error);
	report->has_link = !h8l_device_read_link(device, &report->link, NULL);
	return TOOL_OK;
}

/* ---- text ---- */

static void print_levels(const struct h8l_health *h)
{
	int i;

	printf("%-20sorange %d, red %d degrees Celsius (until %d, %d)\n", "Limits",
	       h->orange_celsius, h->red_celsius, h->orange_hysteresis_celsius,
	       h->red_hysteresis_celsius);
	for (i = 0; i < 4; i++)
		if (h->levels[i].clock_hz)
			printf("%-20s%u MHz from %.0f degrees Celsius%s\n", "Throttling level",
			       h->levels[i].clock_hz / 1000000, h->levels[i].celsius,
			       h->throttling_level == i ? ", now" : "");
}

static void print_health(const struct h8l_health *h)
{
	printf("%-20s%s\n", "Temperature zone", h8l_zone_name(h->temperature_zone));
	print_levels(h);
	printf("%-20s%s", "Current zone", h8l_zone_name(h->overcurrent_zone));
	if (h->overcurrent_threshold == h->overcurrent_threshold)
		printf(", red from %.0f mA", h->overcurrent_threshold);
	printf("\n");
}

static void print_link(const struct report *report)
{
	const struct h8l_link *l = &report->link;

	if (report->has_link && l->speed_mts)
		printf("%-20s%.1f GT/s x%u (can do %.1f GT/s x%u)\n", "PCIe link",
		       l->speed_mts / 1000.0, l->width, l->max_speed_mts / 1000.0, l->max_width);
}

static void print_text(const struct report *report)
{
	const struct reading *r = &report->reading;

	printf("%-20s%.1f and %.1f degrees Celsius\n", "Temperature", r->temperature.sensor[0],
	       r->temperature.sensor[1]);
	if (r->has_power)
		printf("%-20s%.2f W\n%-20s%.0f mA\n", "Power", r->watts, "Current",
		       r->milliampere);
	else
		printf("%-20s%s\n", "Power", "this board does not measure it");
	printf("%-20s%u MHz\n", "Core clock", report->info.clock_hz / 1000000);
	printf("%-20s%s\n", "Throttling", report->throttling ? "allowed" : "off");
	printf("%-20s%s\n", "Overcurrent", report->overcurrent ? "protected" : "not protected");
	if (r->has_health)
		print_health(&r->health);
	print_link(report);
}

/* ---- JSON ---- */

static void json_health(struct json_object *object, const struct h8l_health *h)
{
	json_set_string(object, "temperature_zone", h8l_zone_name(h->temperature_zone));
	json_set_number(object, "orange_celsius", h->orange_celsius);
	json_set_number(object, "red_celsius", h->red_celsius);
	json_set_number(object, "throttling_level", h->throttling_level);
	json_set_string(object, "current_zone", h8l_zone_name(h->overcurrent_zone));
	json_set_real(object, "current_red_milliampere", h->overcurrent_threshold);
}

void reading_json(struct json_object *object, const struct reading *r)
{
	struct json_object *temperatures = json_object_new_array();
	int i;

	for (i = 0; i < 2; i++)
		json_object_array_add(temperatures,
				      json_object_new_double(r->temperature.sensor[i]));
	json_object_object_add(object, "temperatures_celsius", temperatures);
	if (r->has_power) {
		json_set_real(object, "power_watts", r->watts);
		json_set_real(object, "current_milliampere", r->milliampere);
	} else {
		json_object_object_add(object, "power_watts", NULL);
		json_object_object_add(object, "current_milliampere", NULL);
	}
	if (r->has_health)
		json_health(object, &r->health);
}

static int print_json(const struct report *report)
{
	struct json_object *object = json_object_new_object();

	json_set_number(object, "version", TOOL_JSON_VERSION);
	json_set_string_or_null(object, "node", report->entry.node);
	reading_json(object, &report->reading);
	json_set_number(object, "clock_hz", report->info.clock_hz);
	json_set_bool(object, "throttling", report->throttling);
	json_set_bool(object, "overcurrent_protection", report->overcurrent);
	if (report->has_link) {
		json_set_number(object, "link_mts", report->link.speed_mts);
		json_set_number(object, "link_lanes", report->link.width);
		json_set_number(object, "link_max_mts", report->link.max_speed_mts);
		json_set_number(object, "link_max_lanes", report->link.max_width);
	}
	return json_print("sensors", object);
}

static int sensors_show(const char *name, bool json)
{
	struct report report = { .has_link = false };
	struct h8l_device *device;
	int result = device_open("sensors", name, &device);

	if (result)
		return result;
	device_entry(device, &report.entry);
	result = take_report(device, &report);
	h8l_device_close(device);
	if (result)
		return result;
	if (json)
		return print_json(&report);
	print_text(&report);
	return TOOL_OK;
}

static int sensors_run(const struct tool_command *command, int argc, char **argv)
{
	const char *name = NULL;
	const char *argument;
	bool json = false;
	int key;

	while ((key = args_next(command, argc, argv, &argument)) >= 0) {
		if (key == 'd')
			name = argument;
		else if (args_format(command, argument, &json))
			return TOOL_ERROR;
	}
	if (key != ARGS_END)
		return args_stop(key);
	return sensors_show(name, json);
}

const struct tool_command sensors_command = {
	.name = "sensors",
	.operands = "",
	.summary = "Show once what a device measures: temperature, power, health, link.",
	.options = options,
	.notes = "'hailo8l monitor' shows it again and again.",
	.run = sensors_run,
};
