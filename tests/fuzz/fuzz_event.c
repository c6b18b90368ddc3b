// SPDX-License-Identifier: MIT
/*
 * Notifications, as a driver hands them over and as a program reads them: through
 * poll(), or, as with the stock driver, through a thread of the library.
 *
 * Input: a byte (bit 0: the driver cannot be polled), then for each notification a
 * byte with what it is and what that needs, see next_notification(). At the end of
 * the input the device is gone.
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "hw/control.h"
#include "lib/error.h"
#include "lib/events.h"
#include "tests/fuzz/fuzz.h"

#define MOST_NOTIFICATIONS	12	/* fewer than the sockets of a thread hold */

enum {
	RAW	= 1 << 7,	/* the bytes that follow, whatever they are */
	LENGTH	= 1 << 6,	/* the driver says another length than there is */
	PAYLOAD	= 1 << 5,	/* the header says another size than there is */
};

static struct drv *drv;
static struct h8l_os os;
static struct h8l_device *devices[2];	/* can be polled, cannot */
static struct bytes script;
static unsigned int given;		/* notifications so far */
static struct hailo8l_notification last;

/* ---- what the driver gives ---- */

static uint64_t put_event(uint8_t kind, uint8_t *to)
{
	struct hw_event head = {
		.sequence = htole32(given), .priority = htole32(kind & 1),
		.module_id = htole32(kind), .event_id = htole32(kind & 0x1f),
	};
	uint32_t size = take_byte(&script);

	head.payload_len = htole32(kind & PAYLOAD ? take_number(&script, 4) : size);
	memcpy(to, &head, sizeof(head));
	for (uint32_t i = 0; i < size; i++)
		to[sizeof(head) + i] = take_byte(&script);
	return sizeof(head) + size;
}

static uint64_t put_raw(uint8_t *to)
{
	uint64_t size = take_number(&script, 2) % (HAILO8L_MAX_NOTIFICATION_LEN + 1);

	for (uint64_t i = 0; i < size; i++)
		to[i] = take_byte(&script);
	return size;
}

static int next_notification(struct hailo8l_notification *n)
{
	uint8_t kind;

	if (!script.size || given++ == MOST_NOTIFICATIONS)
		return -ECANCELED;
	kind = take_byte(&script);
	memset(n->buffer, 0, sizeof(n->buffer));
	n->buffer_len = kind & RAW ? put_raw(n->buffer) : put_event(kind, n->buffer);
	if (kind & LENGTH)
		n->buffer_len = take_number(&script, 4);
	last = *n;
	return 0;
}

static int event_ioctl(const struct h8l_os *self, int fd, unsigned long request, void *arg)
{
	(void)self;
	switch (request) {
	case HAILO8L_READ_NOTIFICATION:
		return next_notification(arg);
	case HAILO8L_DISABLE_NOTIFICATION:
		return 0;
	default:
		return drv->os.ioctl(&drv->os, fd, request, arg);
	}
}

/* There is always something: the next notification, or that the device is gone */
static int event_urgent_fd(const struct h8l_os *self, int fd)
{
	(void)self;
	(void)fd;
	return eventfd(1, EFD_CLOEXEC);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	drv = drv_new(1);
	os = drv->os;
	os.ioctl = event_ioctl;
	os.urgent_fd = event_urgent_fd;
	for (int i = 0; i < 2; i++) {
		drv->has_poll = !i;
		if (device_open_os(&os, NULL, &devices[i], NULL))
			abort();
	}
	return 0;
}

/* ---- what a program makes of it ---- */

static void expect(bool fact)
{
	if (!fact)
		abort();
}

static void check_text(const struct h8l_event *event)
{
	static const size_t sizes[] = { 1, 2, 40, 400 };
	int length = h8l_event_text(event, NULL, 0);

	expect(length > 0 && h8l_event_name(event->id));
	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		char *text = malloc(sizes[i]);
		size_t most = sizes[i] - 1;

		memset(text, 'x', sizes[i]);
		expect(h8l_event_text(event, text, sizes[i]) == length);
		expect(strnlen(text, sizes[i]) == ((size_t)length < most ? (size_t)length : most));
		free(text);
	}
}

/* Without a thread `last` is what the event was made of */
static void check_event(const struct h8l_event *event, bool has_thread)
{
	struct hw_event head;

	expect(event->payload_size <= H8L_EVENT_MAX_PAYLOAD);
	for (size_t i = event->payload_size; i < H8L_EVENT_MAX_PAYLOAD; i++)
		expect(!event->payload[i]);
	if (has_thread)
		return;
	memcpy(&head, last.buffer, sizeof(head));
	expect(sizeof(head) + event->payload_size <= last.buffer_len);
	expect(event->id == le32toh(head.event_id) && event->module == le32toh(head.module_id) &&
	       event->sequence == le32toh(head.sequence) &&
	       event->priority == le32toh(head.priority) &&
	       event->payload_size == le32toh(head.payload_len));
	expect(!memcmp(event->payload, last.buffer + sizeof(head), event->payload_size));
}

static void read_all(struct h8l_events *events, bool has_thread)
{
	struct h8l_event event;
	struct h8l_error error;
	int got;

	do {
		memset(&event, 0xa5, sizeof(event));
		got = h8l_events_next(events, -1, &event, &error);
		if (got == 1) {
			check_event(&event, has_thread);
			check_text(&event);
		}
	} while (got != -ENODEV);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct h8l_events *events;
	struct h8l_error error;
	bool has_thread;

	script = (struct bytes){ data, size };
	given = 0;
	has_thread = take_byte(&script) & 1;
	expect(!h8l_events_open(devices[has_thread], &events, &error));
	read_all(events, has_thread);
	h8l_events_close(events);
	expect(drv->open_fds == 2 && !drv->violation[0]);
	return 0;
}
