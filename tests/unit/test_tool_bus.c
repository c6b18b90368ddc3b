// SPDX-License-Identifier: MIT
/*
 * The bus as libpci and sysfs show it: a sysfs tree of files, and what is said
 * about each state of a device. Saved dumps are compared in tests/tools.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tools/buslist.h"

static char root[] = "/tmp/h8l-bus-XXXXXX";

static int setup(void **state)
{
	(void)state;
	strcpy(root + sizeof(root) - 7, "XXXXXX");
	return mkdtemp(root) ? 0 : -1;
}

static int teardown(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

static void make_folder(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	assert_int_equal(mkdir(path, 0755), 0);
}

static void put(const char *device, const char *name, const void *data, size_t size)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/devices/%s/%s", root, device, name);
	file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, size, file), size);
	fclose(file);
}

static void put_text(const char *device, const char *name, const char *text)
{
	put(device, name, text, strlen(text));
}

/* What any user may read of a device: 64 bytes of config space and text files.
 * libpci wants vendor, device, class, irq and resource.
 */
static void make_device(const char *address, uint16_t vendor, uint16_t device, uint8_t header,
			uint8_t secondary)
{
	uint8_t config[64] = { (uint8_t)vendor, (uint8_t)(vendor >> 8), (uint8_t)device,
			       (uint8_t)(device >> 8), 6, 0, 0x10, 0, 1 };
	char text[800] = "";
	char path[128];
	int i;

	snprintf(path, sizeof(path), "devices/%s", address);
	make_folder(path);
	config[0x0e] = header;
	config[0x19] = secondary;
	config[0x34] = 0x80;
	put(address, "config", config, sizeof(config));
	snprintf(text, sizeof(text), "0x%04x\n", vendor);
	put_text(address, "vendor", text);
	snprintf(text, sizeof(text), "0x%04x\n", device);
	put_text(address, "device", text);
	put_text(address, "class", "0x0b4000\n");
	put_text(address, "irq", "0\n");
	text[0] = '\0';
	for (i = 0; i < 13; i++)
		strcat(text, "0x0000001800000000 0x0000001800003fff 0x000000000014220c\n");
	put_text(address, "resource", text);
}

static void put_link(const char *address, const char *now, const char *best, const char *width)
{
	put_text(address, "current_link_speed", now);
	put_text(address, "max_link_speed", best);
	put_text(address, "current_link_width", width);
	put_text(address, "max_link_width", "4\n");
}

static void bind_driver(const char *address, const char *driver)
{
	char target[128], path[256];

	snprintf(target, sizeof(target), "../../../bus/pci/drivers/%s", driver);
	snprintf(path, sizeof(path), "%s/devices/%s/driver", root, address);
	assert_int_equal(symlink(target, path), 0);
}

static void make_bus(void)
{
	make_folder("devices");
	make_device("0000:00:01.0", 0x8086, 0x1901, 1, 1);
	make_device("0000:01:00.0", 0x1e60, 0x2864, 0, 0);
	make_device("0000:02:00.0", 0x10ec, 0x8168, 0, 0);
	put_link("0000:00:01.0", "8.0 GT/s PCIe\n", "16.0 GT/s PCIe\n", "4\n");
	put_link("0000:01:00.0", "5 GT/s\n", "8.0 GT/s PCIe\n", "2\n");
	bind_driver("0000:01:00.0", "hailo8l");
}

/* Everything that needs no root is found without being root. */
static void without_root(void **state)
{
	struct bus_source source = { .sysfs = root };
	const struct bus_device *device;
	struct problem problem;
	struct bus_list list;

	(void)state;
	make_bus();
	assert_int_equal(bus_list_read(&list, &source, &problem), 0);
	assert_int_equal(list.count, 1);
	device = &list.devices[0];
	assert_string_equal(device->address, "0000:01:00.0");
	assert_int_equal(device->device, 0x2864);
	assert_true(device->answers);
	assert_true(device->config_denied);
	assert_true(device->memory_assigned);
	assert_string_equal(device->driver, "hailo8l");
	assert_int_equal(device->link.speed_now, 2);
	assert_int_equal(device->link.speed_best, 3);
	assert_int_equal(device->link.width_now, 2);
	assert_int_equal(device->link.width_best, 4);
	assert_string_equal(device->port.address, "0000:00:01.0");
	assert_int_equal(device->port.link.speed_best, 4);
	assert_int_equal(device->max_read_request, 0);
	/* the library without a device calls /dev/null a node at 01:00.0 */
	assert_string_equal(device->node, "/dev/null");
	assert_true(device->node_usable);
	bus_list_free(&list);
}

static void no_pci_at_all(void **state)
{
	struct bus_source source = { .sysfs = "/nonexistent" };
	struct problem problem;
	struct bus_list list;

	(void)state;
	assert_int_equal(bus_list_read(&list, &source, &problem), 0);
	assert_int_equal(list.count, 0);
	bus_list_free(&list);
}

static void empty_bus(void **state)
{
	struct bus_source source = { .sysfs = root };
	struct problem problem;
	struct bus_list list;

	(void)state;
	make_folder("devices");
	assert_int_equal(bus_list_read(&list, &source, &problem), 0);
	assert_int_equal(list.count, 0);
	bus_list_free(&list);
}

/* A card that fell off the bus: all config space reads as ones. */
static void dead_device(void **state)
{
	struct bus_source source = { .sysfs = root };
	struct problem problem;
	struct bus_list list;
	uint8_t ones[64];

	(void)state;
	make_bus();
	memset(ones, 0xff, sizeof(ones));
	put("0000:01:00.0", "config", ones, sizeof(ones));
	assert_int_equal(bus_list_read(&list, &source, &problem), 0);
	assert_int_equal(list.count, 1);
	assert_false(list.devices[0].answers);
	bus_list_free(&list);
}

/* ---- hints: each state of a device, and that a good one has none ---- */

static const struct bus_device good = {
	.address = "0000:01:00.0",
	.vendor = 0x1e60,
	.device = 0x2864,
	.answers = true,
	.driver = "hailo8l",
	.driver_known = true,
	.memory_assigned = true,
	.link = { 3, 3, 4, 4 },
	.port = { "0000:00:01.0", { 3, 3, 4, 4 } },
	.root_vendor = 0x8086,
	.max_payload = 256,
	.max_read_request = 512,
	.node = "/dev/null",
	.node_usable = true,
};

static void assert_hint(const struct bus_device *device, const char *part)
{
	char hints[BUS_MAX_HINTS][256];

	assert_int_equal(bus_device_hints(device, hints), 1);
	if (!strstr(hints[0], part))
		fail_msg("'%s' is not in '%s'", part, hints[0]);
}

static void assert_no_hint(const struct bus_device *device)
{
	char hints[BUS_MAX_HINTS][256];

	assert_int_equal(bus_device_hints(device, hints), 0);
}

static void good_device_has_no_hint(void **state)
{
	(void)state;
	assert_no_hint(&good);
}

static void driver_hints(void **state)
{
	struct bus_device device = good;

	(void)state;
	device.node[0] = '\0';
	assert_hint(&device, "there is no /dev/hailoN");
	strcpy(device.driver, "");
	assert_hint(&device, "modprobe hailo8l");
	strcpy(device.driver, "vfio-pci");
	assert_hint(&device, "driver 'vfio-pci' has the device");
	device.driver_known = false;
	strcpy(device.node, "/dev/null");
	strcpy(device.driver, "");
	assert_no_hint(&device);
	device = good;
	strcpy(device.driver, "hailo");
	device.node[0] = '\0';
	assert_hint(&device, "there is no /dev/hailoN");
}

static void state_hints(void **state)
{
	struct bus_device device = good;

	(void)state;
	device.node_usable = false;
	assert_hint(&device, "no permission for /dev/null");
	device = good;
	device.memory_assigned = false;
	assert_hint(&device, "no memory addresses");
	device = good;
	device.answers = false;
	assert_hint(&device, "does not answer");
	device = good;
	device.device = 0x45c4;
	assert_hint(&device, "Hailo-8 and Hailo-8L only");
	assert_string_equal(bus_device_name(&device), "Hailo-10H");
	device = good;
	device.max_read_request = 128;
	assert_hint(&device, "read requests of 128 bytes");
}

static void link_hints(void **state)
{
	struct bus_device device = good;

	(void)state;
	device.link.speed_now = 1;
	assert_hint(&device, "runs at Gen 1 though both ends can do Gen 3");
	device = good;
	device.link.width_now = 1;
	assert_hint(&device, "1 of 4 lanes");
	/* the port can no more: nothing to do about it */
	device.port.link.width_best = 1;
	assert_no_hint(&device);
	device = good;
	device.link.speed_now = 2;
	device.link.width_now = 1;
	device.port = (struct bus_port){ "0001:00:00.0", { 2, 2, 1, 1 } };
	device.root_vendor = 0x14e4;
	device.root_device = 0x2712;
	assert_hint(&device, "dtparam=pciex1_gen=3");
	/* a Pi 4 cannot */
	device.root_device = 0x2711;
	assert_no_hint(&device);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(without_root, setup, teardown),
		cmocka_unit_test(no_pci_at_all),
		cmocka_unit_test_setup_teardown(empty_bus, setup, teardown),
		cmocka_unit_test_setup_teardown(dead_device, setup, teardown),
		cmocka_unit_test(good_device_has_no_hint),
		cmocka_unit_test(driver_hints),
		cmocka_unit_test(state_hints),
		cmocka_unit_test(link_hints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
