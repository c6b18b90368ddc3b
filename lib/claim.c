// SPDX-License-Identifier: MIT
/*
 * The right to run networks on a device, which one process at a time has. The
 * driver of this project hands it on in the order of asking; the stock driver
 * knows only a mark that is given back when the device is closed.
 */
#include <inttypes.h>

#include "claim.h"
#include "uapi/hailo8l.h"

/* The stock driver does not know the call: -ENOTTY; the number is another
 * one's in no version.
 */
static int ask(struct h8l_device *device, int timeout_ms, struct hailo8l_claim *claim)
{
	*claim = (struct hailo8l_claim){ .size = sizeof(*claim) };
	if (!timeout_ms)
		claim->flags = HAILO8L_CLAIM_NONBLOCK;
	else if (timeout_ms > 0)
		claim->timeout_ms = (uint32_t)timeout_ms;
	return device_ioctl(device, HAILO8L_CLAIM, claim);
}

static int mark_in_use(struct h8l_device *device, struct h8l_error *error)
{
	struct hailo8l_mark_as_in_use mark = { 0 };
	int err = device_ioctl(device, HAILO8L_MARK_AS_IN_USE, &mark);

	if (err < 0)
		return fail_errno(error, err, device_node(device));
	if (mark.in_use)
		return fail(error, -EBUSY, "%s: another process runs networks on it; stop that one "
			    "first (fuser -v %s names it)", device_node(device),
			    device_node(device));
	return 0;
}

static int busy(const struct h8l_device *device, int err, const struct hailo8l_claim *claim,
		struct h8l_error *error)
{
	if (err == -EINTR)
		return fail(error, err, "%s: a signal ended the wait for another process",
			    device_node(device));
	return fail(error, -EBUSY, "%s: another process, %" PRIu32 ", runs networks on it%s, and %"
		    PRIu32 " more wait%s for it; stop that one, or wait longer for one's turn",
		    device_node(device), claim->holder_pid,
		    err == -ETIMEDOUT ? " all the time" : "", claim->waiters,
		    claim->waiters == 1 ? "s" : "");
}

int claim_take(struct h8l_device *device, int timeout_ms, struct h8l_error *error)
{
	struct hailo8l_claim claim;
	int err;

	if (device->has_claim)
		return 0;
	err = ask(device, timeout_ms, &claim);
	if (err == -ENOTTY)
		return mark_in_use(device, error);
	if (err == -EBUSY || err == -ETIMEDOUT || err == -EINTR)
		return busy(device, err, &claim, error);
	if (err < 0)
		return fail_errno(error, err, device_node(device));
	device->has_claim = true;
	return 0;
}

int claim_give_back(struct h8l_device *device, struct h8l_error *error)
{
	int err;

	if (!device->has_claim)
		return 0;
	device->has_claim = false;
	/* Whoever comes next may leave anything in the firmware */
	device->claimed = false;
	err = device_ioctl(device, HAILO8L_UNCLAIM, NULL);
	return err < 0 ? fail_errno(error, err, device_node(device)) : 0;
}

int h8l_device_claim(struct h8l_device *device, int timeout_ms, struct h8l_error *error)
{
	int err;

	pthread_mutex_lock(&device->lock);
	err = claim_take(device, timeout_ms, error);
	if (!err)
		device->keeps_claim = true;
	pthread_mutex_unlock(&device->lock);
	return err;
}

int h8l_device_unclaim(struct h8l_device *device, struct h8l_error *error)
{
	int err = 0;

	pthread_mutex_lock(&device->lock);
	if (device->networks)
		err = fail(error, -EBUSY, "%s: %u networks are still open; close them first",
			   device_node(device), device->networks);
	else
		err = claim_give_back(device, error);
	if (!err)
		device->keeps_claim = false;
	pthread_mutex_unlock(&device->lock);
	return err;
}

int h8l_device_waiting(struct h8l_device *device, struct h8l_error *error)
{
	struct hailo8l_claim claim = { .size = sizeof(claim) };
	int err = device_ioctl(device, HAILO8L_CLAIM_QUERY, &claim);

	if (err == -ENOTTY)
		return fail(error, -ENOTSUP, "%s: the stock driver does not say who waits",
			    device_node(device));
	return err < 0 ? fail_errno(error, err, device_node(device)) : (int)claim.waiters;
}
