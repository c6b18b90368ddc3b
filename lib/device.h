/* SPDX-License-Identifier: MIT */
/*
 * An open device, and what its networks share.
 */
#ifndef H8L_DEVICE_H
#define H8L_DEVICE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "error.h"
#include "hailo8l.h"
#include "os.h"

#define DEVICE_MAX_PAGE_SIZE	4096	/* the chip's limit, whatever the driver says */

/* Reference firmware-control.md 7: what monitors is the same in all of these;
 * what runs networks has another layout before 4.21, see old_firmware.h.
 */
#define FIRMWARE_MAJOR		4u
#define FIRMWARE_MIN		17u
#define FIRMWARE_SLEEP		19u	/* has the actions SLEEP and HALT */
#define FIRMWARE_NEW_LAYOUT	21u
#define FIRMWARE_MAX		23u
#define FIRMWARE_UNSEEN		24u	/* is in the field, and taken to be as the one before */

struct h8l_network;

struct h8l_device {
	const struct h8l_os *os;
	atomic_uint references;		/* the caller's and one per network */
	int fd;
	bool can_poll;
	char node[H8L_NODE_SIZE];
	struct h8l_identity identity;
	atomic_int monitor;		/* of power: 0 not asked yet, 1 yes, -1 no */

	/* Protects what follows, and is held from the first to the last message
	 * of configuring, starting, stopping and of a frame: the chip runs one
	 * network at a time. Sensors do not take it.
	 */
	pthread_mutex_t lock;
	bool has_claim;			/* the driver gave it the right to run networks, */
	bool keeps_claim;		/* also while there are none: h8l_device_claim() */
	bool claimed;			/* applications cleared since then */
	bool poisoned;			/* the firmware's state is unknown: clear first */
	unsigned int applications;	/* configured since the last clearing */
	unsigned int networks;		/* open now */
	struct h8l_network *running;
	struct h8l_memory *memories;	/* registered */
};

/* h8l_device_open() on another system, for tests */
int device_open_os(const struct h8l_os *os, const char *name, struct h8l_device **device,
		   struct h8l_error *error);
/* Can this firmware run networks? 0, or -ENOTSUP with the versions that can */
int device_check_firmware(const struct h8l_device *device, struct h8l_error *error);
bool device_has_old_firmware(const struct h8l_device *device);
/* "hailo0": how sysfs calls the node */
const char *device_class_name(const struct h8l_device *device);
void device_hold(struct h8l_device *device);
const char *device_node(const struct h8l_device *device);
int device_ioctl(const struct h8l_device *device, unsigned long request, void *arg);

int scan_os(const struct h8l_os *os, struct h8l_scan_entry *entries, size_t max);

#endif /* H8L_DEVICE_H */
