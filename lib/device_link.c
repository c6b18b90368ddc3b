// SPDX-License-Identifier: MIT
/* What sysfs has about a device: its link, and our driver's reset. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "control.h"

/* ---- link ---- */

static bool class_path(const struct h8l_device *device, const char *attribute, char *path,
		       size_t size)
{
	int used = snprintf(path, size, "%s/%s/%s", device->os->class_dir,
			    device_class_name(device), attribute);

	return used > 0 && (size_t)used < size;
}

static bool read_text(const struct h8l_device *device, const char *attribute, char *text,
		      size_t size)
{
	char path[256];
	ssize_t got = -1;
	int fd = -1;

	if (class_path(device, attribute, path, sizeof(path)))
		fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		got = read(fd, text, size - 1);
		close(fd);
	}
	text[got > 0 ? got : 0] = '\0';
	return got > 0;
}

/* "8.0 GT/s PCIe"; "Unknown" where there is no link */
static unsigned int read_speed(const struct h8l_device *device, const char *attribute)
{
	unsigned int whole = 0, tenth = 0;
	char text[64];

	if (!read_text(device, attribute, text, sizeof(text)) ||
	    sscanf(text, "%3u.%1u", &whole, &tenth) < 1)
		return 0;
	return whole * 1000 + tenth * 100;
}

static unsigned int read_width(const struct h8l_device *device, const char *attribute)
{
	unsigned int lanes = 0;
	char text[64];

	if (!read_text(device, attribute, text, sizeof(text)) ||
	    sscanf(text, "%3u", &lanes) < 1)
		return 0;
	return lanes <= 32 ? lanes : 0;		/* 63 and 255: not known */
}

int h8l_device_read_link(struct h8l_device *device, struct h8l_link *link,
			 struct h8l_error *error)
{
	char path[256];

	if (!class_path(device, "device", path, sizeof(path)) || access(path, F_OK))
		return fail(error, -ENODEV, "%s: the system does not show its PCI device (%s); it "
			    "is gone", device_node(device), path);
	*link = (struct h8l_link){
		.speed_mts = read_speed(device, "device/current_link_speed"),
		.max_speed_mts = read_speed(device, "device/max_link_speed"),
		.width = read_width(device, "device/current_link_width"),
		.max_width = read_width(device, "device/max_link_width"),
	};
	return 0;
}

/* ---- reset ---- */

static int reset_failed(const struct h8l_device *device, int err, const char *path,
			struct h8l_error *error)
{
	switch (err) {
	case -ENOENT:
		return fail(error, -EOPNOTSUPP, "%s: its driver has no reset (the driver of this "
			    "project has); reload the driver instead", device_node(device));
	case -EACCES:
	case -EPERM:
		return fail(error, -EACCES, "%s: no permission to reset the device; run this as "
			    "root", path);
	default:
		return fail(error, err, "%s: the driver cannot reset the device: %s; see the "
			    "kernel log", device_node(device), h8l_strerror(err));
	}
}

static int write_one(const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, "1", 1) != 1)
		err = -errno;
	close(fd);
	return err;
}

static int reset_by_driver(struct h8l_device *device, struct h8l_error *error)
{
	char path[256];
	int err = -ENOENT;

	if (class_path(device, "reset", path, sizeof(path)))
		err = write_one(path);
	return err ? reset_failed(device, err, path, error) : 0;
}

/* Reference firmware-control.md 2.10: to a reset of the whole chip no answer
 * comes, so the driver's time-out is the success.
 */
static int reset_by_firmware(struct h8l_device *device, enum hw_reset type,
			     struct h8l_error *error)
{
	struct control_request request;
	struct h8l_error refused = { 0 };
	int err;

	control_begin(&request, HW_OP_RESET);
	control_be32(&request, type);
	err = control_send(device, &request, NULL, &refused);
	if (type != HW_RESET_NN_CORE && err == -ETIMEDOUT)
		return 0;
	if (type != HW_RESET_NN_CORE && !err)
		return fail(error, -EPROTO, "%s: the firmware answers the reset instead of doing "
			    "it", device_node(device));
	return err ? fail(error, err, "%s", refused.text) : 0;
}

static int reset_locked(struct h8l_device *device, enum h8l_reset reset, struct h8l_error *error)
{
	if (device->networks)
		return fail(error, -EBUSY, "%s: %u networks are open; close them before a reset",
			    device_node(device), device->networks);
	device->poisoned = true;	/* what was configured is lost */
	switch (reset) {
	case H8L_RESET_NN_CORE:
		return reset_by_firmware(device, HW_RESET_NN_CORE, error);
	case H8L_RESET_SOFT:
		return reset_by_firmware(device, HW_RESET_SOFT, error);
	case H8L_RESET_FORCED_SOFT:
		return reset_by_firmware(device, HW_RESET_FORCED_SOFT, error);
	case H8L_RESET_DRIVER:
		return reset_by_driver(device, error);
	}
	return fail(error, -EINVAL, "%s: there is no reset %d", device_node(device), (int)reset);
}

int h8l_device_reset(struct h8l_device *device, enum h8l_reset reset, struct h8l_error *error)
{
	int err;

	pthread_mutex_lock(&device->lock);
	err = reset_locked(device, reset, error);
	pthread_mutex_unlock(&device->lock);
	return err;
}
