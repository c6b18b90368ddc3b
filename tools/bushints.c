// SPDX-License-Identifier: MIT
/* What is wrong or slow with a device on the bus, and what to do about it. */
#include <grp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "include/hw/pci.h"
#include "tools/buslist.h"

#define BROADCOM	0x14e4
#define BCM2712_PORT	0x2712	/* Raspberry Pi 5 and Compute Module 5 */

struct hints {
	char (*text)[256];
	unsigned int count;
};

__attribute__((format(printf, 2, 3)))
static void add(struct hints *hints, const char *format, ...)
{
	va_list args;

	if (hints->count == BUS_MAX_HINTS)
		return;
	va_start(args, format);
	vsnprintf(hints->text[hints->count++], sizeof(hints->text[0]), format, args);
	va_end(args);
}

/* Ids from the vendor's public driver header (pcie_common.h). */
const char *bus_device_name(const struct bus_device *device)
{
	switch (device->device) {
	case HW_PCI_DEVICE_ID:
		return "Hailo-8 or Hailo-8L";
	case 0x45c4:
		return "Hailo-10H";
	case 0x43a2:
		return "Hailo-15L";
	case 0x26a2:
		return "Hailo Mars";
	default:
		return "unknown Hailo chip";
	}
}

bool bus_device_supported(const struct bus_device *device)
{
	return device->device == HW_PCI_DEVICE_ID;
}

static bool driver_is_ours_or_stock(const char *driver)
{
	return !strcmp(driver, "hailo8l") || !strcmp(driver, "hailo") ||
	       !strcmp(driver, "hailo_pci");
}

static void driver_hints(const struct bus_device *device, struct hints *hints)
{
	if (!device->driver_known)
		return;
	if (!device->driver[0])
		add(hints, "no driver is bound: run 'sudo modprobe hailo8l'; if it is loaded already, 'sudo dmesg | grep -i hailo' says why it did not take the device");
	else if (!driver_is_ours_or_stock(device->driver))
		add(hints, "driver '%s' has the device (vfio-pci: it is meant for a virtual machine): unbind it, then 'sudo modprobe hailo8l'",
		    device->driver);
	else if (!device->node[0])
		add(hints, "the driver is bound but there is no /dev/hailoN: see 'sudo dmesg | grep -i hailo'");
}

static void permission_hint(const struct bus_device *device, struct hints *hints)
{
	struct group *group;
	struct stat st;

	if (!device->node[0] || device->node_usable || stat(device->node, &st))
		return;
	group = st.st_gid ? getgrgid(st.st_gid) : NULL;
	if (group && (st.st_mode & 0060) == 0060)
		add(hints, "no permission for %s: run 'sudo usermod -aG %s $USER' and log in again",
		    device->node, group->gr_name);
	else
		add(hints, "no permission for %s: run as root, or install the udev rule that gives it to a group",
		    device->node);
}

static unsigned int least(unsigned int a, unsigned int b)
{
	if (!a || !b)
		return a ? a : b;
	return a < b ? a : b;
}

/* The Pi keeps its connector at Gen 2 unless it is told otherwise. */
static bool is_slow_pi(const struct bus_device *device)
{
	const struct bus_link *slow = device->narrow.address[0] ? &device->narrow.link :
								  &device->link;

	return device->root_vendor == BROADCOM && device->root_device == BCM2712_PORT &&
	       slow->speed_now == 2 && device->link.speed_best >= 3;
}

static void link_hints(const struct bus_device *device, struct hints *hints)
{
	const struct bus_link *link = &device->link;
	unsigned int speed = least(link->speed_best, device->port.link.speed_best);
	unsigned int width = least(link->width_best, device->port.link.width_best);

	if (is_slow_pi(device))
		add(hints, "PCIe runs at Gen 2: add 'dtparam=pciex1_gen=3' to /boot/firmware/config.txt and reboot");
	else if (link->speed_now && link->speed_now < speed)
		add(hints, "the link runs at Gen %u though both ends can do Gen %u: check cable and connector",
		    link->speed_now, speed);
	if (link->width_now && link->width_now < width)
		add(hints, "the link has %u of %u lanes that both ends can do: check cable and connector",
		    link->width_now, width);
}

/* Chip erratum: with small read requests descriptors may not have larger pages
 * (reference hardware.md 10.6).
 */
static void request_hint(const struct bus_device *device, struct hints *hints)
{
	if (device->max_read_request == 128 || device->max_read_request == 256)
		add(hints, "PCIe read requests of %u bytes limit DMA pages to that size, which is slow: boot without pci=pcie_bus_perf, or 'setpci -s %s CAP_EXP+8.w=2000:7000' and load the driver again",
		    device->max_read_request, device->address);
}

unsigned int bus_device_hints(const struct bus_device *device, char text[BUS_MAX_HINTS][256])
{
	struct hints hints = { .text = text };

	if (!device->answers) {
		add(&hints, "the device does not answer (all ones): it lost power or its link; check the board and the power supply, then switch the machine off and on");
		return hints.count;
	}
	if (!bus_device_supported(device)) {
		add(&hints, "this stack drives Hailo-8 and Hailo-8L only");
		return hints.count;
	}
	if (!device->memory_assigned)
		add(&hints, "the kernel gave the device no memory addresses: see 'sudo dmesg | grep BAR'");
	driver_hints(device, &hints);
	permission_hint(device, &hints);
	link_hints(device, &hints);
	request_hint(device, &hints);
	return hints.count;
}
