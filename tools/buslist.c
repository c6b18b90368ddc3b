// SPDX-License-Identifier: MIT
/*
 * The PCI bus through libpci. What only root may read from config space (all
 * beyond 64 bytes) is taken from sysfs for others, as far as it is there.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pci/pci.h>

#include "include/hw/pci.h"
#include "tools/buslist.h"

#define MAX_DEPTH 16	/* bridges above a device; a loop in a dump ends too */
#define MAX_NODES 64

struct reader {
	struct pci_access *access;
	const struct bus_source *source;
	struct bus_list *list;
	struct problem *problem;
	struct h8l_scan_entry nodes[MAX_NODES];
	int node_count;
};

/* libpci's error function must not return and gets no pointer of ours. */
static jmp_buf libpci_jump;
static char libpci_text[256];

static void PCI_NONRET libpci_error(char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(libpci_text, sizeof(libpci_text), format, args);
	va_end(args);
	longjmp(libpci_jump, 1);
}

static void libpci_quiet(char *format, ...)
{
	(void)format;
}

static void address_text(const struct pci_dev *dev, char out[H8L_LOCATION_SIZE])
{
	snprintf(out, H8L_LOCATION_SIZE, "%04x:%02x:%02x.%x", dev->domain & 0xffff, dev->bus,
		 dev->dev, dev->func & 7);
}

static const char *sysfs_root(const struct reader *reader)
{
	return reader->source->sysfs ? reader->source->sysfs : "/sys/bus/pci";
}

/* First line of devices/ADDRESS/NAME; false without sysfs or such a file. */
static bool sysfs_line(const struct reader *reader, const struct pci_dev *dev, const char *name,
		       char *out, int size)
{
	char address[H8L_LOCATION_SIZE];
	char path[512];
	bool found;
	FILE *file;

	if (reader->source->dump)
		return false;
	address_text(dev, address);
	snprintf(path, sizeof(path), "%s/devices/%s/%s", sysfs_root(reader), address, name);
	file = fopen(path, "re");
	if (!file)
		return false;
	found = fgets(out, size, file);
	fclose(file);
	return found;
}

/* "8.0 GT/s PCIe" and, from old kernels, "8 GT/s"; 0 for "Unknown". */
static unsigned int sysfs_speed(const struct reader *reader, const struct pci_dev *dev,
				const char *name)
{
	static const double speeds[] = { 2.5, 5, 8, 16, 32, 64 };
	char line[64];
	unsigned int i;

	if (!sysfs_line(reader, dev, name, line, sizeof(line)))
		return 0;
	for (i = 0; i < ARRAY_SIZE(speeds); i++)
		if (strtod(line, NULL) == speeds[i])
			return i + 1;
	return 0;
}

static unsigned int sysfs_width(const struct reader *reader, const struct pci_dev *dev,
				const char *name)
{
	unsigned long width;
	char line[64];

	if (!sysfs_line(reader, dev, name, line, sizeof(line)))
		return 0;
	width = strtoul(line, NULL, 10);
	return width <= 32 ? (unsigned int)width : 0;
}

static void link_from_sysfs(const struct reader *reader, const struct pci_dev *dev,
			    struct bus_link *link)
{
	link->speed_now = sysfs_speed(reader, dev, "current_link_speed");
	link->speed_best = sysfs_speed(reader, dev, "max_link_speed");
	link->width_now = sysfs_width(reader, dev, "current_link_width");
	link->width_best = sysfs_width(reader, dev, "max_link_width");
}

static bool config_readable(struct pci_dev *dev)
{
	u8 byte;

	return pci_read_block(dev, 0x40, &byte, 1);
}

static struct pci_cap *express_cap(struct pci_dev *dev)
{
	pci_fill_info(dev, PCI_FILL_CAPS);
	return pci_find_cap(dev, PCI_CAP_ID_EXP, PCI_CAP_NORMAL);
}

/* A port can be told to go no faster than its target speed (LnkCtl2); this is
 * how a Raspberry Pi's firmware and kernel keep the link at Gen 2.
 */
static unsigned int limit_speed(struct pci_dev *dev, const struct pci_cap *cap, unsigned int best)
{
	unsigned int version = pci_read_word(dev, cap->addr + PCI_EXP_FLAGS) & PCI_EXP_FLAGS_VERS;
	unsigned int type = pci_read_word(dev, cap->addr + PCI_EXP_FLAGS) >> 4 & 0xf;
	unsigned int target;

	if (version < 2 || (type != PCI_EXP_TYPE_ROOT_PORT && type != PCI_EXP_TYPE_DOWNSTREAM))
		return best;
	target = pci_read_word(dev, cap->addr + PCI_EXP_LNKCTL2) & 0xf;
	return target && target < best ? target : best;
}

static void link_read(const struct reader *reader, struct pci_dev *dev, struct bus_link *link)
{
	struct pci_cap *cap = express_cap(dev);
	u32 best;
	u16 now;

	memset(link, 0, sizeof(*link));
	if (!cap) {
		link_from_sysfs(reader, dev, link);
		return;
	}
	best = pci_read_long(dev, cap->addr + PCI_EXP_LNKCAP);
	now = pci_read_word(dev, cap->addr + PCI_EXP_LNKSTA);
	link->speed_best = limit_speed(dev, cap, best & PCI_EXP_LNKCAP_SPEED);
	link->width_best = (best & PCI_EXP_LNKCAP_WIDTH) >> 4;
	link->speed_now = now & PCI_EXP_LNKSTA_SPEED;
	link->width_now = (now & PCI_EXP_LNKSTA_WIDTH) >> 4;
}

/* Relative bandwidth; Gen 1 and 2 lose a fifth to their coding. */
static double bandwidth(const struct bus_link *link)
{
	static const double per_lane[] = { 0, 2, 4, 7.88, 15.75, 31.5, 63 };

	return link->speed_now < 7 ? per_lane[link->speed_now] * link->width_now : 0;
}

static struct pci_dev *bridge_above(const struct reader *reader, const struct pci_dev *below)
{
	struct pci_dev *dev;

	for (dev = reader->access->devices; dev; dev = dev->next) {
		if (dev->domain != below->domain || dev == below)
			continue;
		if ((pci_read_byte(dev, PCI_HEADER_TYPE) & 0x7f) != PCI_HEADER_TYPE_BRIDGE)
			continue;
		if (pci_read_byte(dev, PCI_SECONDARY_BUS) == below->bus)
			return dev;
	}
	return NULL;
}

/* From the device up to the root port. */
static void path_read(const struct reader *reader, struct pci_dev *dev, struct bus_device *out)
{
	double slowest = bandwidth(&out->link);
	struct pci_dev *bridge = bridge_above(reader, dev);
	struct bus_port port;
	int depth;

	for (depth = 0; bridge && depth < MAX_DEPTH; depth++) {
		address_text(bridge, port.address);
		link_read(reader, bridge, &port.link);
		if (depth == 0) {
			out->port = port;
		} else if (bandwidth(&port.link) > 0 && bandwidth(&port.link) < slowest) {
			slowest = bandwidth(&port.link);
			out->narrow = port;
		}
		pci_fill_info(bridge, PCI_FILL_IDENT);
		out->root_vendor = bridge->vendor_id;
		out->root_device = bridge->device_id;
		bridge = bridge_above(reader, bridge);
	}
}

static void control_read(struct pci_dev *dev, struct bus_device *out)
{
	struct pci_cap *cap = express_cap(dev);
	u16 control;

	if (!cap)
		return;
	control = pci_read_word(dev, cap->addr + PCI_EXP_DEVCTL);
	out->max_payload = 128u << ((control & PCI_EXP_DEVCTL_PAYLOAD) >> 5);
	out->max_read_request = 128u << ((control & PCI_EXP_DEVCTL_READRQ) >> 12);
}

static void driver_read(const struct reader *reader, struct pci_dev *dev, struct bus_device *out)
{
	char address[H8L_LOCATION_SIZE];
	char path[512], target[512];
	const char *slash;
	ssize_t length;

	out->driver_known = !reader->source->dump;
	if (!out->driver_known)
		return;
	address_text(dev, address);
	snprintf(path, sizeof(path), "%s/devices/%s/driver", sysfs_root(reader), address);
	length = readlink(path, target, sizeof(target) - 1);
	if (length < 0)
		return;
	target[length] = '\0';
	slash = strrchr(target, '/');
	snprintf(out->driver, sizeof(out->driver), "%.63s", slash ? slash + 1 : target);
}

static void node_find(const struct reader *reader, struct bus_device *out)
{
	int i;

	for (i = 0; i < reader->node_count; i++) {
		if (strcmp(reader->nodes[i].location, out->address))
			continue;
		snprintf(out->node, sizeof(out->node), "%s", reader->nodes[i].node);
		out->node_usable = !access(out->node, R_OK | W_OK);
	}
}

static bool bars_assigned(struct pci_dev *dev)
{
	pci_fill_info(dev, PCI_FILL_BASES);
	return (dev->base_addr[HW_BAR_CONFIG] & PCI_ADDR_MEM_MASK) &&
	       (dev->base_addr[HW_BAR_VDMA] & PCI_ADDR_MEM_MASK) &&
	       (dev->base_addr[HW_BAR_FW] & PCI_ADDR_MEM_MASK);
}

static void device_read(const struct reader *reader, struct pci_dev *dev, struct bus_device *out)
{
	address_text(dev, out->address);
	out->vendor = dev->vendor_id;
	out->device = dev->device_id;
	driver_read(reader, dev, out);
	node_find(reader, out);
	out->answers = pci_read_long(dev, PCI_VENDOR_ID) != 0xffffffff;
	if (!out->answers)
		return;
	out->subsystem_vendor = pci_read_word(dev, PCI_SUBSYSTEM_VENDOR_ID);
	out->subsystem = pci_read_word(dev, PCI_SUBSYSTEM_ID);
	out->revision = pci_read_byte(dev, PCI_REVISION_ID);
	out->config_denied = !config_readable(dev);
	out->memory_assigned = bars_assigned(dev);
	link_read(reader, dev, &out->link);
	control_read(dev, out);
	path_read(reader, dev, out);
}

static int by_address(const void *a, const void *b)
{
	return strcmp(((const struct bus_device *)a)->address,
		      ((const struct bus_device *)b)->address);
}

static int devices_read(struct reader *reader)
{
	struct bus_list *list = reader->list;
	unsigned int found = 0;
	struct pci_dev *dev;

	pci_scan_bus(reader->access);
	/* libpci skips what it does not understand in a dump */
	if (reader->source->dump && !reader->access->devices)
		libpci_error((char *)"not a bus dump");
	for (dev = reader->access->devices; dev; dev = dev->next) {
		pci_fill_info(dev, PCI_FILL_IDENT);
		found += dev->vendor_id == HW_PCI_VENDOR_ID;
	}
	list->devices = calloc(found ? found : 1, sizeof(*list->devices));
	if (!list->devices)
		return problem_set(reader->problem, "out of memory");
	for (dev = reader->access->devices; dev; dev = dev->next)
		if (dev->vendor_id == HW_PCI_VENDOR_ID)
			device_read(reader, dev, &list->devices[list->count++]);
	qsort(list->devices, list->count, sizeof(*list->devices), by_address);
	return 0;
}

static void access_configure(struct reader *reader)
{
	struct pci_access *access = reader->access;
	const struct bus_source *source = reader->source;

	access->error = libpci_error;
	access->warning = libpci_quiet;
	/* never the methods that poke at I/O ports */
	access->method = source->dump ? PCI_ACCESS_DUMP : PCI_ACCESS_SYS_BUS_PCI;
	if (source->dump)
		pci_set_param(access, (char *)"dump.name", (char *)source->dump);
	if (source->sysfs)
		pci_set_param(access, (char *)"sysfs.path", (char *)source->sysfs);
}

/* The part that libpci may leave by longjmp(); no locals live across it. */
static int access_use(struct reader *reader)
{
	if (setjmp(libpci_jump)) {
		problem_set(reader->problem, "%s: %s",
			    reader->source->dump ? reader->source->dump : "PCI bus", libpci_text);
		if (reader->source->dump)
			problem_hint(reader->problem,
				     "make such a file with 'sudo lspci -xxxx >FILE'");
		return -1;
	}
	pci_init(reader->access);
	return devices_read(reader);
}

/* A machine without PCI is one without devices, not an error. */
static bool bus_missing(const struct reader *reader)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/devices", sysfs_root(reader));
	return !reader->source->dump && access(path, F_OK);
}

int bus_list_read(struct bus_list *list, const struct bus_source *source,
		  struct problem *problem)
{
	struct reader reader = { .source = source, .list = list, .problem = problem };
	int result;

	memset(list, 0, sizeof(*list));
	if (bus_missing(&reader))
		return 0;
	if (!source->dump)
		reader.node_count = h8l_scan(reader.nodes, MAX_NODES);
	if (reader.node_count > MAX_NODES)
		reader.node_count = MAX_NODES;
	reader.access = pci_alloc();
	access_configure(&reader);
	result = access_use(&reader);
	pci_cleanup(reader.access);
	if (result)
		bus_list_free(list);
	return result;
}

void bus_list_free(struct bus_list *list)
{
	free(list->devices);
	memset(list, 0, sizeof(*list));
}
