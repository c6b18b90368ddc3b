// SPDX-License-Identifier: MIT
/* Opening a device, and explaining why it cannot be opened. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "tools/buslist.h"

#define MAX_ENTRIES 64

const char *architecture_name(enum h8l_architecture architecture)
{
	switch (architecture) {
	case H8L_ARCH_HAILO8:
		return "Hailo-8";
	case H8L_ARCH_HAILO8L:
		return "Hailo-8L";
	}
	return "unknown";
}

const char *hef_architecture_name(enum h8l_hef_architecture architecture)
{
	switch (architecture) {
	case H8L_HEF_HAILO8P:	/* what a file for "hailo8" carries */
		return "Hailo-8";
	case H8L_HEF_HAILO8R:
		return "Hailo-8R";
	case H8L_HEF_HAILO8L:
		return "Hailo-8L";
	}
	return "unknown";
}

int library_error(const char *where, const struct h8l_error *error)
{
	tool_error(where, "%s", error->text[0] ? error->text : h8l_strerror(error->code));
	return error->code == -ENODEV ? TOOL_NO_DEVICE : TOOL_ERROR;
}

/* What the bus says about a device that could not be opened. */
static void bus_hint(void)
{
	struct bus_source source = { .dump = NULL };
	char hints[BUS_MAX_HINTS][256];
	struct problem problem;
	struct bus_list list;
	unsigned int i;

	if (bus_list_read(&list, &source, &problem))
		return;
	for (i = 0; i < list.count; i++) {
		if (bus_device_hints(&list.devices[i], hints)) {
			tool_hint("%s: %s", list.devices[i].address, hints[0]);
			break;
		}
	}
	if (!list.count)
		tool_hint("there is no Hailo device on the PCI bus: check that the board sits firmly and has power");
	else if (i == list.count)
		tool_hint("'hailo8l scan' lists the devices that there are");
	bus_list_free(&list);
}

static void several_hint(void)
{
	struct h8l_scan_entry entries[MAX_ENTRIES];
	int count = h8l_scan(entries, MAX_ENTRIES);
	char text[400] = "";
	size_t used = 0;
	int i;

	for (i = 0; i < count && i < MAX_ENTRIES && used < sizeof(text) - 80; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s %s (%s)",
					 i ? "," : "", entries[i].node, entries[i].location);
	tool_hint("choose one with --device:%s", text);
}

int device_open(const char *where, const char *name, struct h8l_device **device)
{
	struct h8l_error error = { .code = 0 };
	int result = h8l_device_open(name, device, &error);

	if (result >= 0)
		return TOOL_OK;
	error.code = result;
	if (name && !strstr(error.text, name) && error.text[0])
		tool_error(where, "%s: %s", name, error.text);
	else
		library_error(where, &error);
	switch (result) {
	case -ENODEV:
	case -EACCES:
		bus_hint();
		break;
	case -ENOTUNIQ:
		several_hint();
		break;
	case -ENOEXEC:
		tool_hint("'sudo dmesg | grep -i hailo' says why the firmware did not start");
		break;
	}
	return result == -ENODEV ? TOOL_NO_DEVICE : TOOL_ERROR;
}

void device_entry(const struct h8l_device *device, struct h8l_scan_entry *entry)
{
	struct h8l_scan_entry entries[MAX_ENTRIES];
	int count = h8l_scan(entries, MAX_ENTRIES);
	struct stat opened, node;
	int i;

	memset(entry, 0, sizeof(*entry));
	if (fstat(h8l_device_fd(device), &opened))
		return;
	for (i = 0; i < count && i < MAX_ENTRIES; i++) {
		if (stat(entries[i].node, &node) || node.st_rdev != opened.st_rdev)
			continue;
		*entry = entries[i];
		return;
	}
}
