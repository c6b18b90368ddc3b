// SPDX-License-Identifier: MIT
/* Events: what each payload means, and listening with and without poll(). */
#include <endian.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "hw/control.h"
#include "lib/device.h"
#include "lib/events.h"
#include "tests/unit/lib_driver.h"

#include <cmocka.h>		/* last: it defines fail() */

static size_t make_event(uint8_t *bytes, uint32_t id, const void *payload, size_t size)
{
	struct hw_event head = {
		.sequence = htole32(7), .priority = htole32(1), .module_id = htole32(0x16),
		.event_id = htole32(id), .payload_len = htole32((uint32_t)size),
	};

	memcpy(bytes, &head, sizeof(head));
	if (size)
		memcpy(bytes + sizeof(head), payload, size);
	return sizeof(head) + size;
}

/* ---- meaning ---- */

static struct h8l_event event;
static char text[256];

static void decode(uint32_t id, const void *payload, size_t size)
{
	uint8_t bytes[1024];
	int length;

	assert_int_equal(event_decode(bytes, make_event(bytes, id, payload, size), &event), 0);
	assert_int_equal(event.id, id);
	assert_int_equal(event.sequence, 7);
	assert_int_equal(event.priority, 1);
	assert_int_equal(event.module, 0x16);
	assert_int_equal(event.payload_size, size);
	if (size)
		assert_memory_equal(event.payload, payload, size);
	length = h8l_event_text(&event, text, sizeof(text));
	assert_int_equal(length, strlen(text));
}

static void expect_text(const char *says)
{
	if (!event.decoded || !strstr(text, says))
		fail_msg("%d \"%s\", expected \"%s\"", event.decoded, text, says);
}

static void alarms(void **state)
{
	static const uint8_t orange[] = {	/* the reference's example 12 */
		1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xd3, 0x42, 0, 0x80, 0xd0, 0x42,
	};
	static const uint8_t current[] = { 1, 0, 0, 0, 0, 0xe0, 0xc4, 0x45, 1 };
	static const uint8_t clock[] = { 0, 0x84, 0xd7, 0x17, 0, 0xc2, 0xeb, 0x0b };

	(void)state;
	decode(H8L_EVENT_TEMPERATURE, orange, sizeof(orange));
	assert_int_equal(event.data.temperature.zone, H8L_ZONE_ORANGE);
	assert_int_equal(event.data.temperature.sensor, 0);
	assert_true(event.data.temperature.celsius[0] == 105.5f &&
		    event.data.temperature.celsius[1] == 104.25f);
	expect_text("zone orange: 105.5 and 104.2");
	decode(H8L_EVENT_OVERCURRENT, current, sizeof(current));
	assert_int_equal(event.data.overcurrent.zone, H8L_ZONE_RED);
	assert_true(event.data.overcurrent.threshold_ma == 6300);
	assert_int_equal(event.data.overcurrent.is_last, 1);
	expect_text("zone red, threshold 6300 mA, the last");
	decode(H8L_EVENT_CLOCK_CHANGED, clock, sizeof(clock));
	assert_int_equal(event.data.clock.before_hz, 400000000);
	assert_int_equal(event.data.clock.now_hz, 200000000);
	expect_text("from 400000000 to 200000000 Hz");
}

static void memory_errors(void **state)
{
	(void)state;
	decode(H8L_EVENT_LCU_ECC_CORRECTABLE, "\x34\x12", 2);
	assert_int_equal(event.data.ecc.bitmap, 0x1234);
	expect_text("corrected memory error in clusters 0x1234");
	decode(H8L_EVENT_LCU_ECC_UNCORRECTABLE, "\1\0", 2);
	expect_text("uncorrectable");
	decode(H8L_EVENT_CPU_ECC_ERROR, "\x78\x56\x34\x12", 4);
	assert_int_equal(event.data.ecc.bitmap, 0x12345678);
	expect_text("memories 0x12345678");
	decode(H8L_EVENT_CPU_ECC_FATAL, "\1\0\0\0", 4);
	expect_text("fatal");
}

static void expect_place(const struct h8l_event_place *p)
{
	assert_int_equal(p->application, 3);
	assert_int_equal(p->batch, 0x201);
	assert_int_equal(p->context, 4);
	assert_int_equal(p->action, 5);
}

static void of_networks(void **state)
{
	(void)state;
	decode(H8L_EVENT_BREAKPOINT, "\3\1\2\4\0\5\0", 7);
	expect_place(&event.data.place);
	expect_text("breakpoint in application 3, batch 513, context 4, action 5");
	decode(H8L_EVENT_RUN_TIME_ERROR, "\x7b\0\x13\x40\3\1\2\4\0\5\0", 11);
	assert_int_equal(event.data.run_time_error.status, 0x4013007b);
	expect_place(&event.data.run_time_error.place);
	expect_text("status 0x4013007b in application 3");
	decode(H8L_EVENT_HW_INFER_DONE, "\1\2\0\0", 4);
	assert_int_equal(event.data.infer_done.cycles, 513);
	expect_text("513 cycles");
	decode(H8L_EVENT_CACHE_OFFSET, "\1\0\0\0\0\0\0\x80", 8);
	assert_true(event.data.cache.bitmap == 0x8000000000000001ull);
	expect_text("0x8000000000000001");
	decode(H8L_EVENT_CLOSED_STREAMS, "\0\0\xf0\x42\0\0\xf2\x42", 8);
	assert_true(event.data.closed_streams.celsius[1] == 121);
	expect_text("120.0 and 121.0");
}

static void of_the_host(void **state)
{
	static const uint32_t host[5] = { 1, 2, 1, 4, 5 }, rx[3] = { 9, 8, 7 };

	(void)state;
	decode(H8L_EVENT_HOST_INFO, host, sizeof(host));
	assert_int_equal(event.data.host_info.type, 2);
	assert_int_equal(event.data.host_info.port, 4);
	assert_int_equal(event.data.host_info.ipv4, 5);
	expect_text("DMA active");
	decode(H8L_EVENT_RX_ERROR, rx, sizeof(rx));
	assert_int_equal(event.data.rx_error.count, 7);
	expect_text("error 9 of queue 8, 7 times");
}

/* Firmware 4.17 aligned fields; before 4.21 two words stood before the degrees */
static void of_old_firmware(void **state)
{
	static const uint8_t current[] = { 0, 0, 0, 0, 0, 0xe0, 0xc4, 0x45, 0, 0, 0, 0 };

	(void)state;
	decode(H8L_EVENT_BREAKPOINT, "\3\0\1\2\4\0\5\0", 8);
	expect_place(&event.data.place);
	decode(H8L_EVENT_RUN_TIME_ERROR, "\x7b\0\x13\x40\3\0\1\2\4\0\5\0", 12);
	expect_place(&event.data.run_time_error.place);
	decode(H8L_EVENT_CLOSED_STREAMS, "\1\0\0\0\2\0\0\0\0\0\xf0\x42\0\0\xf2\x42", 16);
	assert_true(event.data.closed_streams.celsius[0] == 120);
	decode(H8L_EVENT_OVERCURRENT, current, sizeof(current));
	expect_text("zone green, threshold 6300 mA");
}

static void expect_raw(uint32_t id, const void *payload, size_t size)
{
	decode(id, payload, size);
	assert_false(event.decoded);
	assert_non_null(strstr(text, "not known"));
}

static void not_known(void **state)
{
	uint8_t bytes[1024] = { 0 };
	char small[8];

	(void)state;
	expect_raw(14, "abc", 3);
	expect_raw(0xffffffff, "", 0);
	for (uint32_t id = 0; id <= 13; id++) {
		expect_raw(id, "abc", 3);
		expect_raw(id, "", 0);
		expect_raw(id, bytes, H8L_EVENT_MAX_PAYLOAD);
		assert_string_not_equal(h8l_event_name(id), "unknown");
	}
	assert_string_equal(h8l_event_name(14), "unknown");
	assert_int_equal(event_decode(bytes, 27, &event), -EPROTO);
	assert_int_equal(event_decode(bytes, 28 + H8L_EVENT_MAX_PAYLOAD + 1, &event), -EPROTO);
	make_event(bytes, 5, "\1\0", 2);
	assert_int_equal(event_decode(bytes, 29, &event), -EPROTO);
	assert_int_equal(event_decode(bytes, 32, &event), 0);	/* padded */
	assert_true(event.decoded);
	assert_true(h8l_event_text(&event, small, sizeof(small)) > 8);
	assert_int_equal(strlen(small), 7);
}

/* ---- listening ---- */

/* The driver's side: a queue, and its two ways of waiting */
static struct {
	struct h8l_os os;
	struct drv *drv;
	pthread_mutex_t lock;
	pthread_cond_t news;
	uint8_t queue[4][64];
	size_t sizes[4];
	unsigned int count;
	bool disabled, gone;
	int urgent;		/* an eventfd: count of what is there */
	unsigned int disables;
} node = { .lock = PTHREAD_MUTEX_INITIALIZER, .news = PTHREAD_COND_INITIALIZER };

static int read_notification(struct hailo8l_notification *n)
{
	uint64_t one;

	pthread_mutex_lock(&node.lock);
	while (!node.count && !node.disabled && !node.gone)
		pthread_cond_wait(&node.news, &node.lock);
	if (node.disabled || node.gone) {
		pthread_mutex_unlock(&node.lock);
		return -ECANCELED;
	}
	n->buffer_len = node.sizes[0];
	memcpy(n->buffer, node.queue[0], sizeof(node.queue[0]));
	memmove(node.queue[0], node.queue[1], sizeof(node.queue) - sizeof(node.queue[0]));
	memmove(node.sizes, node.sizes + 1, sizeof(node.sizes) - sizeof(node.sizes[0]));
	node.count--;
	if (node.urgent >= 0)
		assert_int_equal(read(node.urgent, &one, sizeof(one)), sizeof(one));
	pthread_mutex_unlock(&node.lock);
	return 0;
}

static int disable(void)
{
	pthread_mutex_lock(&node.lock);
	node.disabled = true;
	node.disables++;
	pthread_cond_broadcast(&node.news);
	pthread_mutex_unlock(&node.lock);
	return 0;
}

static int node_ioctl(const struct h8l_os *os, int fd, unsigned long request, void *arg)
{
	if (request == HAILO8L_READ_NOTIFICATION)
		return read_notification(arg);
	if (request == HAILO8L_DISABLE_NOTIFICATION)
		return disable();
	return node.os.ioctl(os, fd, request, arg);
}

static int urgent_fd(const struct h8l_os *os, int fd)
{
	(void)os;
	(void)fd;
	node.urgent = eventfd(0, EFD_SEMAPHORE | EFD_NONBLOCK);
	return dup(node.urgent);
}

static void wake(void)
{
	static const uint64_t one = 1;

	pthread_cond_broadcast(&node.news);
	if (node.urgent >= 0)
		assert_int_equal(write(node.urgent, &one, sizeof(one)), sizeof(one));
}

static void send_clock(uint32_t now)
{
	uint32_t payload[2] = { htole32(400000000), htole32(now) };

	pthread_mutex_lock(&node.lock);
	node.sizes[node.count] = make_event(node.queue[node.count], H8L_EVENT_CLOCK_CHANGED,
					    payload, sizeof(payload));
	node.count++;
	wake();
	pthread_mutex_unlock(&node.lock);
}

static void vanish(void)
{
	pthread_mutex_lock(&node.lock);
	node.gone = true;
	wake();
	pthread_mutex_unlock(&node.lock);
}

static struct h8l_device *new_device(bool can_poll)
{
	struct h8l_device *device = NULL;

	node.drv = drv_new(1);
	node.os = node.drv->os;
	node.drv->os.ioctl = node_ioctl;
	node.drv->os.urgent_fd = urgent_fd;
	node.drv->has_poll = can_poll;
	node.count = node.disables = 0;
	node.disabled = node.gone = false;
	node.urgent = -1;
	assert_int_equal(device_open_os(&node.drv->os, NULL, &device, NULL), 0);
	return device;
}

static void free_device(void)
{
	assert_int_equal(node.drv->open_fds, 0);
	assert_string_equal(node.drv->violation, "");
	if (node.urgent >= 0)
		close(node.urgent);
	drv_free(node.drv);
}

static void expect_clock(struct h8l_events *events, uint32_t now)
{
	struct h8l_error error = { 0 };

	if (h8l_events_next(events, 10000, &event, &error) != 1)
		fail_msg("no event: %s", error.text);
	assert_int_equal(event.id, H8L_EVENT_CLOCK_CHANGED);
	assert_true(event.decoded);
	assert_int_equal(event.data.clock.now_hz, now);
}

static bool is_readable(const struct h8l_events *events, int timeout_ms)
{
	struct pollfd p = { .fd = h8l_events_fd(events), .events = POLLIN };

	return poll(&p, 1, timeout_ms) == 1;
}

/* The device may go first; nothing is left behind */
static void listen_to(bool can_poll)
{
	struct h8l_device *device = new_device(can_poll);
	struct h8l_error error = { 0 };
	struct h8l_events *events;

	assert_int_equal(h8l_events_open(device, &events, &error), 0);
	h8l_device_close(device);
	assert_int_equal(h8l_events_next(events, 0, &event, &error), 0);
	assert_false(is_readable(events, 0));
	send_clock(1);
	send_clock(2);
	assert_true(is_readable(events, 10000));
	expect_clock(events, 1);
	expect_clock(events, 2);
	assert_int_equal(h8l_events_next(events, 1, &event, &error), 0);
	send_clock(3);
	expect_clock(events, 3);
	vanish();
	assert_int_equal(h8l_events_next(events, 10000, &event, &error), -ENODEV);
	assert_non_null(strstr(error.text, "gone"));
	h8l_events_close(events);
	free_device();
}

static void with_poll(void **state)
{
	(void)state;
	listen_to(true);
	assert_int_equal(node.disables, 0);
}

static void with_a_thread(void **state)
{
	(void)state;
	listen_to(false);
}

static void closing_wakes_the_thread(void **state)
{
	struct h8l_device *device = new_device(false);
	struct h8l_events *events;

	(void)state;
	for (int i = 0; i < 20; i++) {
		node.disabled = false;
		assert_int_equal(h8l_events_open(device, &events, NULL), 0);
		if (i % 2)
			usleep(1000);
		h8l_events_close(events);
	}
	assert_int_equal(node.disables, 20);
	h8l_events_close(NULL);
	h8l_device_close(device);
	free_device();
}

static void opening_fails(void **state)
{
	struct h8l_device *device = new_device(false);
	struct h8l_events *events = NULL;
	struct h8l_error error;

	(void)state;
	node.drv->open_errno = -EMFILE;
	assert_int_equal(h8l_events_open(device, &events, &error), -EMFILE);
	assert_non_null(strstr(error.text, "/dev/hailo0: its events"));
	assert_null(events);
	h8l_device_close(device);
	free_device();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alarms),
		cmocka_unit_test(memory_errors),
		cmocka_unit_test(of_networks),
		cmocka_unit_test(of_the_host),
		cmocka_unit_test(of_old_firmware),
		cmocka_unit_test(not_known),
		cmocka_unit_test(with_poll),
		cmocka_unit_test(with_a_thread),
		cmocka_unit_test(closing_wakes_the_thread),
		cmocka_unit_test(opening_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
