// SPDX-License-Identifier: MIT
#include <ctype.h>
#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control.h"
#include "device.h"
#include "uapi/hailo8l.h"

#define MAX_SCAN	64

/* Layouts of the structures that we use are the same in these, reference
 * uapi-4.23.md section 11.
 */
#define DRIVER_MAJOR	4
#define DRIVER_MINOR	21

/* ---- which node ---- */

static bool is_index(const char *name)
{
	return *name && strspn(name, "0123456789") == strlen(name);
}

/* "0000:01:00.0" is also called "01:00.0" */
static bool same_location(const char *name, const char *location)
{
	if (!strcasecmp(name, location))
		return true;
	return !strncmp(location, "0000:", 5) && !strcasecmp(name, location + 5);
}

static int no_device(const struct h8l_os *os, struct h8l_error *error)
{
	return fail(error, -ENODEV, "no Hailo device: nothing in %s; check with lspci -d 1e60: "
		    "that the card is there, and with dmesg that its driver (hailo8l) is loaded",
		    os->class_dir);
}

static int only_device(const struct h8l_os *os, const struct h8l_scan_entry *entries, int count,
		       char *node, struct h8l_error *error)
{
	if (!count)
		return no_device(os, error);
	if (count > 1)
		return fail(error, -ENOTUNIQ,
			    "there are %d Hailo devices (%s at %s, %s at %s ...); "
			    "name one", count, entries[0].node, entries[0].location,
			    entries[1].node, entries[1].location);
	strcpy(node, entries[0].node);
	return 0;
}

static int located_device(const struct h8l_os *os, const struct h8l_scan_entry *entries,
			  int count, const char *name, char *node, struct h8l_error *error)
{
	if (!count)
		return no_device(os, error);
	for (int i = 0; i < count && i < MAX_SCAN; i++)
		if (same_location(name, entries[i].location)) {
			strcpy(node, entries[i].node);
			return 0;
		}
	return fail(error, -ENODEV, "no Hailo device called \"%.64s\": give a node (%s), an index "
		    "(0) or a PCI address (%s)", name, entries[0].node, entries[0].location);
}

static int find_node(const struct h8l_os *os, const char *name, char node[H8L_NODE_SIZE],
		     struct h8l_error *error)
{
	struct h8l_scan_entry entries[MAX_SCAN];
	int count;

	if (name && (*name == '/' || is_index(name))) {
		int size = *name == '/' ? snprintf(node, H8L_NODE_SIZE, "%s", name) :
			   snprintf(node, H8L_NODE_SIZE, "%s/hailo%s", os->dev_dir, name);

		if (size < H8L_NODE_SIZE)
			return 0;
		return fail(error, -ENODEV, "%.64s...: no Hailo device has a name that long", name);
	}
	count = scan_os(os, entries, MAX_SCAN);
	if (count < 0)
		return fail(error, count, "%s: %s", os->class_dir, h8l_strerror(count));
	if (!name)
		return only_device(os, entries, count, node, error);
	return located_device(os, entries, count, name, node, error);
}

/* ---- opening ---- */

static int open_failed(const char *node, int err, struct h8l_error *error)
{
	switch (err) {
	case -ENOEXEC:
		return fail(error, err, "%s: no firmware; dmesg says where the driver looked for it. "
			    "Install it, then write 1 to \"reset\" in its folder in "
			    "/sys/class/hailo_chardev", node);
	case -ENOENT:
	case -ENXIO:
	case -ENODEV:
		return fail(error, -ENODEV, "%s: no such device; \"hailo8l scan\" lists what there "
			    "is, dmesg tells whether the driver (hailo8l) found the card", node);
	case -EACCES:
	case -EPERM:
		return fail(error, -EACCES, "%s: no permission; add yourself to the group that "
			    "owns it (ls -l %s), then log in again", node, node);
	default:
		return fail(error, err, "%s: %s", node, h8l_strerror(err));
	}
}

static int check_driver(struct h8l_device *device, struct h8l_error *error)
{
	struct hailo8l_driver_info info = { 0 };
	int err = device_ioctl(device, HAILO8L_QUERY_DRIVER_INFO, &info);

	if (err == -ENOTTY || err == -EINVAL)
		return fail(error, -EPROTO, "%s: not a Hailo device, or its driver is older than "
			    "4.18; install the driver of this project", device->node);
	if (err < 0)
		return open_failed(device->node, err, error);
	if (info.major != DRIVER_MAJOR || info.minor < DRIVER_MINOR)
		return fail(error, -EPROTO, "%s: driver %" PRIu32 ".%" PRIu32 ".%" PRIu32
			    " is not one that this library can use (%d.%d and later %d.x are); "
			    "install the driver of this project", device->node, info.major,
			    info.minor, info.revision, DRIVER_MAJOR, DRIVER_MINOR, DRIVER_MAJOR);
	device->identity.driver[0] = info.major;
	device->identity.driver[1] = info.minor;
	device->identity.driver[2] = info.revision;
	return 0;
}

/* A power of two that chip and driver can do */
static uint32_t usable_page_size(uint32_t most)
{
	uint32_t page = DEVICE_MAX_PAGE_SIZE;

	while (page > most)
		page /= 2;
	return page;
}

static int check_properties(struct h8l_device *device, struct h8l_error *error)
{
	struct hailo8l_device_properties p = { 0 };
	int err = device_ioctl(device, HAILO8L_QUERY_DEVICE_PROPERTIES, &p);

	if (err < 0)
		return open_failed(device->node, err, error);
	if (p.board_type != HAILO8L_BOARD_HAILO8 || p.dma_type != HAILO8L_DMA_PCIE)
		return fail(error, -EPROTO, "%s: not a Hailo-8 or Hailo-8L on PCIe (board type %"
			    PRIu32 ", DMA type %" PRIu32 ")", device->node, p.board_type,
			    p.dma_type);
	if (!p.is_fw_loaded)
		return fail(error, -ENOEXEC, "%s: no firmware is running; put hailo/hailo8_fw.bin "
			    "into /lib/firmware and reload the driver (dmesg has the reason)",
			    device->node);
	if (p.desc_max_page_size < 64)
		return fail(error, -EPROTO, "%s: the driver reports descriptor pages of %u bytes",
			    device->node, p.desc_max_page_size);
	device->identity.max_page_size = usable_page_size(p.desc_max_page_size);
	device->identity.driver_memory = p.allocation_mode != HAILO8L_ALLOC_USER;
	return 0;
}

static void copy_text(char *to, const uint8_t *from, size_t size)
{
	memcpy(to, from, size);
	to[size] = '\0';
	for (char *c = to; *c; c++)
		if (!isprint((unsigned char)*c))
			*c = '?';
}

/* Revision word, reference firmware-control.md 2.3 */
#define REVISION_MASK	0x07ffffffu
#define REVISION_CORE	(1u << 27)
#define REVISION_DEVEL	(1u << 30)

static int check_identity(const struct h8l_device *device, const struct hw_identify *i,
			  struct h8l_error *error)
{
	uint32_t architecture = be32toh(i->architecture);

	if (architecture != HW_ARCH_HAILO8 && architecture != HW_ARCH_HAILO8L)
		return fail(error, -EPROTO, "%s: chip architecture %" PRIu32
			    " is not a Hailo-8 or Hailo-8L", device->node, architecture);
	if (le32toh(i->fw_version[2]) & REVISION_CORE)
		return fail(error, -EPROTO, "%s: the firmware is that of the wrong CPU; "
			    "install the firmware again", device->node);
	if (be32toh(i->protocol_version) != HW_CTRL_PROTOCOL_VERSION)
		return fail(error, -EPROTO, "%s: the firmware speaks control protocol %" PRIu32
			    ", this library %u; install firmware 4.x", device->node,
			    be32toh(i->protocol_version), HW_CTRL_PROTOCOL_VERSION);
	return 0;
}

static int identify(struct h8l_device *device, struct h8l_error *error)
{
	struct h8l_identity *id = &device->identity;
	struct hw_identify i;
	int err = control_identify(device, &i, error) ?: check_identity(device, &i, error);

	if (err)
		return err;
	id->architecture = (enum h8l_architecture)be32toh(i.architecture);
	id->protocol_version = be32toh(i.protocol_version);
	id->firmware[0] = le32toh(i.fw_version[0]);
	id->firmware[1] = le32toh(i.fw_version[1]);
	id->firmware[2] = le32toh(i.fw_version[2]) & REVISION_MASK;
	id->firmware_is_release = !(le32toh(i.fw_version[2]) & REVISION_DEVEL);
	copy_text(id->board_name, i.board_name, sizeof(i.board_name));
	copy_text(id->serial_number, i.serial_number, sizeof(i.serial_number));
	copy_text(id->part_number, i.part_number, sizeof(i.part_number));
	copy_text(id->product_name, i.product_name, sizeof(i.product_name));
	return 0;
}

int device_open_os(const struct h8l_os *os, const char *name, struct h8l_device **result,
		   struct h8l_error *error)
{
	struct h8l_device *device = calloc(1, sizeof(*device));
	int err;

	if (!device)
		return fail_memory(error, "a device");
	device->os = os;
	atomic_init(&device->references, 1);
	pthread_mutex_init(&device->lock, NULL);
	device->fd = -1;
	err = find_node(os, name, device->node, error);
	if (!err) {
		device->fd = os->open(os, device->node);
		if (device->fd < 0)
			err = open_failed(device->node, device->fd, error);
	}
	err = err ?: check_driver(device, error) ?: check_properties(device, error) ?:
	      identify(device, error);
	if (err) {
		h8l_device_close(device);
		return err;
	}
	device->can_poll = os->can_poll(os, device->fd);
	*result = device;
	return 0;
}

int h8l_device_open(const char *name, struct h8l_device **device, struct h8l_error *error)
{
	return device_open_os(&h8l_os_linux, name, device, error);
}

void device_hold(struct h8l_device *device)
{
	atomic_fetch_add(&device->references, 1);
}

void h8l_device_close(struct h8l_device *device)
{
	if (!device || atomic_fetch_sub(&device->references, 1) != 1)
		return;
	if (device->fd >= 0)
		device->os->close(device->os, device->fd);
	pthread_mutex_destroy(&device->lock);
	free(device);
}

int device_check_firmware(const struct h8l_device *device, struct h8l_error *error)
{
	const uint32_t *v = device->identity.firmware;

	if (v[0] == FIRMWARE_MAJOR && v[1] >= FIRMWARE_MIN && v[1] <= FIRMWARE_UNSEEN)
		return 0;
	return fail(error, -ENOTSUP, "%s: firmware %" PRIu32 ".%" PRIu32 ".%" PRIu32
		    " cannot run networks with this library, %u.%u to %u.%u can; install that "
		    "firmware and reload the driver", device->node, v[0], v[1], v[2],
		    FIRMWARE_MAJOR, FIRMWARE_MIN, FIRMWARE_MAJOR, FIRMWARE_MAX);
}

bool device_has_old_firmware(const struct h8l_device *device)
{
	return device->identity.firmware[1] < FIRMWARE_NEW_LAYOUT;
}

const char *device_class_name(const struct h8l_device *device)
{
	const char *slash = strrchr(device->node, '/');

	return slash ? slash + 1 : device->node;
}

int h8l_device_fd(const struct h8l_device *device)
{
	return device->fd;
}

void h8l_device_identity(const struct h8l_device *device, struct h8l_identity *identity)
{
	*identity = device->identity;
}

const char *device_node(const struct h8l_device *device)
{
	return device->node;
}

int device_ioctl(const struct h8l_device *device, unsigned long request, void *arg)
{
	return device->os->ioctl(device->os, device->fd, request, arg);
}
