// SPDX-License-Identifier: MIT
/*
 * What events mean. Reference firmware-control.md 4.3; firmware 4.17 aligned
 * the fields of some payloads (section 7), which shows in their size.
 */
#include <stdio.h>
#include <string.h>

#include "error.h"
#include "events.h"
#include "hw/control.h"
#include "load.h"

static enum h8l_zone zone_of(uint32_t wire, uint32_t red)
{
	return wire == red ? H8L_ZONE_RED : (enum h8l_zone)wire;
}

static void load_celsius(float celsius[2], const uint8_t *p)
{
	celsius[0] = load_le_float(p);
	celsius[1] = load_le_float(p + 4);
}

static void rx_error(struct h8l_event *e, const uint8_t *p, bool old)
{
	(void)old;
	e->data.rx_error.error = load_le32(p);
	e->data.rx_error.queue = load_le32(p + 4);
	e->data.rx_error.count = load_le32(p + 8);
}

static void host_info(struct h8l_event *e, const uint8_t *p, bool old)
{
	(void)old;
	e->data.host_info.status = load_le32(p);
	e->data.host_info.type = load_le32(p + 4);
	e->data.host_info.dma_is_active = load_le32(p + 8);
	e->data.host_info.port = load_le32(p + 12);
	e->data.host_info.ipv4 = load_le32(p + 16);
}

static void temperature(struct h8l_event *e, const uint8_t *p, bool old)
{
	(void)old;
	e->data.temperature.zone = zone_of(load_le32(p), 2);
	e->data.temperature.sensor = load_le32(p + 4);
	load_celsius(e->data.temperature.celsius, p + 8);
}

/* Before 4.21 two words, the closed inputs and outputs, came first */
static void closed_streams(struct h8l_event *e, const uint8_t *p, bool old)
{
	load_celsius(e->data.closed_streams.celsius, old ? p + 8 : p);
}

static void overcurrent(struct h8l_event *e, const uint8_t *p, bool old)
{
	(void)old;
	e->data.overcurrent.zone = zone_of(load_le32(p), 1);
	e->data.overcurrent.threshold_ma = load_le_float(p + 4);
	e->data.overcurrent.is_last = p[8] != 0;
}

static void ecc_clusters(struct h8l_event *e, const uint8_t *p, bool old)
{
	(void)old;
	e->data.ecc.bitmap = load_le16(p);
}

static void ecc_memories(struct h8l_event *e, const uint8_t *p, bool old)
{
	(void)old;
	e->data.ecc.bitmap = load_le32(p);
}

/* A byte, which 4.17 padded to two, and three words of 16 bits */
static struct h8l_event_place place_at(const uint8_t *p, bool old)
{
	const uint8_t *words = p + (old ? 2 : 1);

	return (struct h8l_event_place){
		.application = p[0], .batch = load_le16(words),
		.context = load_le16(words + 2), .action = load_le16(words + 4),
	};
}

static void breakpoint(struct h8l_event *e, const uint8_t *p, bool old)
{
	e->data.place = place_at(p, old);
}

static void clock_changed(struct h8l_event *e, const uint8_t *p, bool old)
{
	(void)old;
	e->data.clock.before_hz = load_le32(p);
	e->data.clock.now_hz = load_le32(p + 4);
}

static void infer_done(struct h8l_event *e, const uint8_t *p, bool old)
{
	(void)old;
	e->data.infer_done.cycles = load_le32(p);
}

static void run_time_error(struct h8l_event *e, const uint8_t *p, bool old)
{
	e->data.run_time_error.status = load_le32(p);
	e->data.run_time_error.place = place_at(p + 4, old);
}

static void cache_offset(struct h8l_event *e, const uint8_t *p, bool old)
{
	(void)old;
	e->data.cache.bitmap = load_le64(p);
}

static const struct {
	const char *name;
	void (*decode)(struct h8l_event *event, const uint8_t *payload, bool old);
	uint8_t size, old_size;		/* of the payload; 0: the same as ever */
} kinds[] = {
	[HW_EVENT_RX_ERROR] = { "rx-error", rx_error, 12, 0 },
	[HW_EVENT_HOST_INFO] = { "host-info", host_info, 20, 0 },
	[HW_EVENT_TEMPERATURE_ALARM] = { "temperature", temperature, 16, 0 },
	[HW_EVENT_CLOSED_STREAMS] = { "closed-streams", closed_streams, 8, 16 },
	[HW_EVENT_OVERCURRENT] = { "overcurrent", overcurrent, 9, 12 },
	[HW_EVENT_LCU_ECC_CORRECTABLE] = { "ecc-corrected", ecc_clusters, 2, 0 },
	[HW_EVENT_LCU_ECC_UNCORRECTABLE] = { "ecc-uncorrected", ecc_clusters, 2, 0 },
	[HW_EVENT_CPU_ECC_ERROR] = { "cpu-ecc-error", ecc_memories, 4, 0 },
	[HW_EVENT_CPU_ECC_FATAL] = { "cpu-ecc-fatal", ecc_memories, 4, 0 },
	[HW_EVENT_BREAKPOINT] = { "breakpoint", breakpoint, 7, 8 },
	[HW_EVENT_CLOCK_CHANGED] = { "clock-changed", clock_changed, 8, 0 },
	[HW_EVENT_HW_INFER_DONE] = { "infer-done", infer_done, 4, 0 },
	[HW_EVENT_RUN_TIME_ERROR] = { "run-time-error", run_time_error, 11, 12 },
	[HW_EVENT_CACHE_OFFSET] = { "cache-offset", cache_offset, 8, 0 },
};

const char *h8l_event_name(uint32_t id)
{
	return id < ARRAY_SIZE(kinds) ? kinds[id].name : "unknown";
}

static void decode_payload(struct h8l_event *event)
{
	size_t size = event->payload_size;
	uint32_t id = event->id;
	bool old;

	if (id >= ARRAY_SIZE(kinds) || !size)
		return;
	old = size == kinds[id].old_size;
	if (!old && size != kinds[id].size)
		return;
	event->decoded = 1;
	kinds[id].decode(event, event->payload, old);
}

int event_decode(const uint8_t *bytes, size_t size, struct h8l_event *event)
{
	struct hw_event head;
	size_t payload;

	if (size < sizeof(head) || size - sizeof(head) > H8L_EVENT_MAX_PAYLOAD)
		return -EPROTO;
	memcpy(&head, bytes, sizeof(head));
	payload = le32toh(head.payload_len);
	if (payload > size - sizeof(head))	/* what follows may be padding */
		return -EPROTO;
	memset(event, 0, sizeof(*event));
	event->id = le32toh(head.event_id);
	event->sequence = le32toh(head.sequence);
	event->priority = le32toh(head.priority);
	event->module = le32toh(head.module_id);
	event->payload_size = payload;
	memcpy(event->payload, bytes + sizeof(head), payload);
	decode_payload(event);
	return 0;
}
