// SPDX-License-Identifier: MIT
/* hailo8l scan: every Hailo device on the PCI bus. */
#include <getopt.h>
#include <json.h>
#include <stdio.h>
#include <string.h>

#include "tools/buslist.h"

enum { OPTION_SYSFS = 256 };

static const struct tool_option options[] = {
	{ 'F', "dump", "FILE", "read a bus dump made with 'sudo lspci -xxxx'\n"
	  "instead of this machine's bus" },
	{ OPTION_SYSFS, "sysfs", "FOLDER", "look there instead of in /sys/bus/pci" },
	TOOL_OPTION_FORMAT,
	TOOL_OPTION_HELP,
	TOOL_OPTION_END
};

static const char *speed_text(unsigned int generation)
{
	static const char *const texts[] = {
		"unknown", "2.5 GT/s", "5 GT/s", "8 GT/s", "16 GT/s", "32 GT/s", "64 GT/s",
	};

	return texts[generation < 7 ? generation : 0];
}

/* "Gen 3 (8 GT/s) x4" */
static const char *link_text(char *out, size_t size, unsigned int speed, unsigned int width,
			     bool denied)
{
	if (!speed || !width)
		snprintf(out, size, denied ? "<access denied>" : "unknown");
	else
		snprintf(out, size, "Gen %u (%s) x%u", speed, speed_text(speed), width);
	return out;
}

static void link_line(const char *label, unsigned int speed, unsigned int width,
		      const struct bus_device *device, const char *at)
{
	char text[64];

	printf("  %-12s %s%s%s\n", label,
	       link_text(text, sizeof(text), speed, width, device->config_denied),
	       at[0] ? ", " : "", at);
}

static void link_print(const struct bus_device *device)
{
	const struct bus_port *port = &device->port;
	const struct bus_port *narrow = &device->narrow;

	link_line("link", device->link.speed_now, device->link.width_now, device, "");
	link_line("device can", device->link.speed_best, device->link.width_best, device, "");
	if (port->address[0])
		link_line("port can", port->link.speed_best, port->link.width_best, device,
			  port->address);
	if (narrow->address[0])
		link_line("slowest link", narrow->link.speed_now, narrow->link.width_now, device,
			  narrow->address);
}

static void details_print(const struct bus_device *device)
{
	link_print(device);
	if (device->max_read_request)
		printf("  transfers    payload %u, read request %u bytes\n", device->max_payload,
		       device->max_read_request);
	else if (device->config_denied)
		printf("  transfers    <access denied>\n");
}

static void device_print(const struct bus_device *device)
{
	char hints[BUS_MAX_HINTS][256];
	unsigned int count = bus_device_hints(device, hints);
	unsigned int i;

	printf("%s%s%s  %s [%04x:%04x]", colour(stdout, COLOUR_BOLD), device->address,
	       colour(stdout, COLOUR_NONE), bus_device_name(device), device->vendor,
	       device->device);
	if (device->answers)
		printf(" subsystem %04x:%04x rev %02x", device->subsystem_vendor,
		       device->subsystem, device->revision);
	putchar('\n');
	if (device->answers)
		details_print(device);
	if (device->driver_known)
		printf("  driver       %s\n", device->driver[0] ? device->driver : "none");
	if (device->node[0])
		printf("  node         %s%s\n", device->node,
		       device->node_usable ? "" : " <access denied>");
	for (i = 0; i < count; i++)
		printf("  %shint:%s %s\n", colour(stdout, COLOUR_HINT),
		       colour(stdout, COLOUR_NONE), hints[i]);
}

/* 0, which means "not known", becomes null. */
static void number_or_null(struct json_object *object, const char *key, unsigned int value)
{
	json_object_object_add(object, key, value ? json_object_new_int((int)value) : NULL);
}

static struct json_object *link_json(const struct bus_link *link)
{
	struct json_object *object = json_object_new_object();

	number_or_null(object, "generation", link->speed_now);
	number_or_null(object, "lanes", link->width_now);
	number_or_null(object, "best_generation", link->speed_best);
	number_or_null(object, "best_lanes", link->width_best);
	return object;
}

static struct json_object *port_json(const struct bus_port *port)
{
	struct json_object *object;

	if (!port->address[0])
		return NULL;
	object = link_json(&port->link);
	json_set_string(object, "address", port->address);
	return object;
}

static void id_json(struct json_object *object, const char *key, unsigned int a, unsigned int b)
{
	char text[16];

	snprintf(text, sizeof(text), "%04x:%04x", a, b);
	json_set_string(object, key, text);
}

static struct json_object *device_json(const struct bus_device *device)
{
	struct json_object *object = json_object_new_object();
	struct json_object *list = json_object_new_array();
	char hints[BUS_MAX_HINTS][256];
	unsigned int count = bus_device_hints(device, hints);
	unsigned int i;

	json_set_string(object, "address", device->address);
	json_set_string(object, "name", bus_device_name(device));
	id_json(object, "id", device->vendor, device->device);
	id_json(object, "subsystem", device->subsystem_vendor, device->subsystem);
	json_set_number(object, "revision", device->revision);
	json_set_bool(object, "supported", bus_device_supported(device));
	json_set_bool(object, "answers", device->answers);
	json_object_object_add(object, "link", link_json(&device->link));
	json_object_object_add(object, "port", port_json(&device->port));
	json_object_object_add(object, "slowest_link", port_json(&device->narrow));
	number_or_null(object, "max_payload", device->max_payload);
	number_or_null(object, "max_read_request", device->max_read_request);
	json_set_string_or_null(object, "driver", device->driver);
	json_set_string_or_null(object, "node", device->node);
	json_set_bool(object, "node_usable", device->node_usable);
	for (i = 0; i < count; i++)
		json_object_array_add(list, json_object_new_string(hints[i]));
	json_object_object_add(object, "hints", list);
	return object;
}

static int list_json(const struct bus_list *list)
{
	struct json_object *object = json_object_new_object();
	struct json_object *devices = json_object_new_array();
	unsigned int i;

	for (i = 0; i < list->count; i++)
		json_object_array_add(devices, device_json(&list->devices[i]));
	json_set_number(object, "version", TOOL_JSON_VERSION);
	json_object_object_add(object, "devices", devices);
	return json_print("scan", object);
}

static int no_device(const struct bus_source *source)
{
	if (source->dump) {
		tool_error("scan", "%s: no Hailo device in it", source->dump);
		return TOOL_NO_DEVICE;
	}
	tool_error("scan", "no Hailo device on the PCI bus");
	tool_hint("check that the board sits firmly, has power, and that PCIe is enabled; 'lspci -nn | grep 1e60' must show it");
	return TOOL_NO_DEVICE;
}

static int list_print(const struct bus_list *list, const struct bus_source *source, bool json)
{
	unsigned int i;

	for (i = 0; i < list->count && !json; i++)
		device_print(&list->devices[i]);
	if (json && list_json(list))
		return TOOL_ERROR;
	return list->count ? TOOL_OK : no_device(source);
}

static int scan_run(const struct tool_command *command, int argc, char **argv)
{
	struct bus_source source = { .dump = NULL };
	struct problem problem;
	struct bus_list list;
	const char *argument;
	bool json = false;
	int result, key;

	while ((key = args_next(command, argc, argv, &argument)) >= 0) {
		if (key == 'F')
			source.dump = argument;
		else if (key == OPTION_SYSFS)
			source.sysfs = argument;
		else if (args_format(command, argument, &json))
			return TOOL_ERROR;
	}
	if (key != ARGS_END)
		return args_stop(key);
	if (bus_list_read(&list, &source, &problem))
		return problem_print("scan", &problem);
	result = list_print(&list, &source, json);
	bus_list_free(&list);
	return result;
}

const struct tool_command scan_command = {
	.name = "scan",
	.operands = "",
	.summary = "List every Hailo device on the PCI bus, with its link, driver and node.",
	.options = options,
	.notes = "Needs no root; root sees more. Exit code 2: there is no device.",
	.run = scan_run,
};
