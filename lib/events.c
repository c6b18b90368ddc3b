// SPDX-License-Identifier: MIT
/*
 * Listening to events. Each listener opens the node for itself: a driver keeps
 * account of what was read for every open file.
 *
 * Our driver can be polled. The stock driver cannot, and its READ_NOTIFICATION
 * sleeps until something comes: there a thread does nothing but that, and
 * passes everything on through a pair of sockets.
 */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "device.h"
#include "error.h"
#include "events.h"
#include "uapi/hailo8l.h"

struct h8l_events {
	struct h8l_device *device;
	int node;			/* a file of its own */
	int fd;				/* readable when there is something */
	bool has_thread;
	pthread_t thread;
	int thread_fd;			/* its end of the sockets */
};

static int events_ioctl(const struct h8l_events *events, unsigned long request, void *arg)
{
	return events->device->os->ioctl(events->device->os, events->node, request, arg);
}

/* ---- the thread, stock driver only ---- */

/* When nobody reads, the newest are dropped; the sockets hold dozens. */
static void *pass_on(void *arg)
{
	const struct h8l_events *events = arg;
	struct hailo8l_notification n;
	int err;

	do {
		memset(&n, 0, sizeof(n));
		err = events_ioctl(events, HAILO8L_READ_NOTIFICATION, &n);
		if (err >= 0 && n.buffer_len && n.buffer_len <= sizeof(n.buffer))
			send(events->thread_fd, n.buffer, n.buffer_len,
			     MSG_DONTWAIT | MSG_NOSIGNAL);
	} while (err >= 0 || err == -EINTR);
	shutdown(events->thread_fd, SHUT_RDWR);	/* the reader sees the end */
	return NULL;
}

/* Signals are the program's: none is delivered to this thread. */
static int create_thread(struct h8l_events *events)
{
	sigset_t all, before;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = -pthread_create(&events->thread, NULL, pass_on, events);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	events->has_thread = !err;
	return err;
}

static int start_thread(struct h8l_events *events)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -errno;
	events->fd = pair[0];
	events->thread_fd = pair[1];
	return create_thread(events);
}

static void stop_thread(struct h8l_events *events)
{
	if (!events->has_thread)
		return;
	events_ioctl(events, HAILO8L_DISABLE_NOTIFICATION, NULL);
	pthread_join(events->thread, NULL);
}

/* ---- life ---- */

static int prepare(struct h8l_events *events)
{
	const struct h8l_os *os = events->device->os;

	if (!events->device->can_poll)
		return start_thread(events);
	events->fd = os->urgent_fd(os, events->node);
	return events->fd < 0 ? events->fd : 0;
}

int h8l_events_open(struct h8l_device *device, struct h8l_events **result,
		    struct h8l_error *error)
{
	struct h8l_events *events = malloc(sizeof(*events));
	int err;

	if (!events)
		return fail_memory(error, "events");
	*events = (struct h8l_events){ .device = device, .fd = -1, .thread_fd = -1 };
	device_hold(device);
	events->node = device->os->open(device->os, device->node);
	err = events->node < 0 ? events->node : prepare(events);
	if (err) {
		h8l_events_close(events);
		return fail(error, err, "%s: its events cannot be read: %s", device->node,
			    h8l_strerror(err));
	}
	*result = events;
	return 0;
}

void h8l_events_close(struct h8l_events *events)
{
	if (!events)
		return;
	stop_thread(events);
	if (events->fd >= 0)
		close(events->fd);
	if (events->thread_fd >= 0)
		close(events->thread_fd);
	if (events->node >= 0)
		events->device->os->close(events->device->os, events->node);
	h8l_device_close(events->device);
	free(events);
}

int h8l_events_fd(const struct h8l_events *events)
{
	return events->fd;
}

/* ---- reading ---- */

/* One notification that is there: 0, or a negative errno */
static int take(struct h8l_events *events, struct hailo8l_notification *n)
{
	ssize_t got;

	if (!events->has_thread)
		return events_ioctl(events, HAILO8L_READ_NOTIFICATION, n);
	got = recv(events->fd, n->buffer, sizeof(n->buffer), MSG_DONTWAIT);
	if (got <= 0)
		return got < 0 ? -errno : -ECANCELED;
	n->buffer_len = (uint64_t)got;
	return 0;
}

static int take_failed(const struct h8l_events *events, int err, struct h8l_error *error)
{
	if (err == -ECANCELED || err == -ENODEV)
		return fail(error, -ENODEV, "%s: the device is gone", events->device->node);
	return fail(error, err, "%s: reading an event: %s", events->device->node,
		    h8l_strerror(err));
}

int h8l_events_next(struct h8l_events *events, int timeout_ms, struct h8l_event *event,
		    struct h8l_error *error)
{
	struct pollfd p = { .fd = events->fd, .events = POLLIN };
	struct hailo8l_notification n = { 0 };
	int err = poll(&p, 1, timeout_ms);

	if (err <= 0)
		return err ? fail_errno(error, -errno, events->device->node) : 0;
	err = take(events, &n);
	if (err < 0)
		return take_failed(events, err, error);
	if (n.buffer_len > sizeof(n.buffer) || event_decode(n.buffer, n.buffer_len, event))
		return fail(error, -EPROTO, "%s: the driver gives something that is no event",
			    events->device->node);
	return 1;
}
