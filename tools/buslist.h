/* SPDX-License-Identifier: MIT */
/* What libpci and sysfs say about the Hailo devices on the PCI bus. */
#ifndef BUSLIST_H
#define BUSLIST_H

#include <stdint.h>

#include "tools/tool.h"

struct bus_link {
	/* PCIe generation 1 (2.5 GT/s) ... 6, and lanes; 0: not known */
	unsigned int speed_now, speed_best;
	unsigned int width_now, width_best;
};

struct bus_port {
	char address[H8L_LOCATION_SIZE];	/* "" none */
	struct bus_link link;
};

struct bus_device {
	char address[H8L_LOCATION_SIZE];	/* "0000:01:00.0" */
	uint16_t vendor, device, subsystem_vendor, subsystem;
	uint8_t revision;
	bool answers;		/* false: reads as all ones, off the bus */
	bool config_denied;	/* only the first 64 bytes could be read */
	char driver[64];	/* "" none */
	bool driver_known;	/* false: from a dump */
	bool memory_assigned;	/* all BARs have an address */
	struct bus_link link;	/* best: of the device alone */
	struct bus_port port;	/* the other end of its link */
	struct bus_port narrow;	/* a slower link further up, if there is one */
	uint16_t root_vendor, root_device;	/* of the root port, 0: not found */
	unsigned int max_payload, max_read_request;	/* bytes, 0: not known */
	char node[H8L_NODE_SIZE];	/* "/dev/hailo0", "" none */
	bool node_usable;	/* this user may open it */
};

struct bus_list {
	struct bus_device *devices;
	unsigned int count;
};

/* Where to look; all NULL is this machine. */
struct bus_source {
	const char *dump;	/* text file made by lspci -xxxx */
	const char *sysfs;	/* instead of /sys/bus/pci, for tests */
};

/* Finds every device of the vendor, by address. 0 or -1 with a problem. */
int bus_list_read(struct bus_list *list, const struct bus_source *source,
		  struct problem *problem);
void bus_list_free(struct bus_list *list);

/* "Hailo-8 or Hailo-8L" ...; never NULL. */
const char *bus_device_name(const struct bus_device *device);
/* Is this a chip that the stack drives? */
bool bus_device_supported(const struct bus_device *device);

#define BUS_MAX_HINTS 8

/* Sentences about what is wrong or slow with a device, each with what to do.
 * Returns how many.
 */
unsigned int bus_device_hints(const struct bus_device *device,
			      char hints[BUS_MAX_HINTS][256]);

#endif /* BUSLIST_H */
