// SPDX-License-Identifier: MIT
/* Events as sentences. */
#include <inttypes.h>
#include <stdio.h>

#include "events.h"
#include "hw/control.h"

static int place_text(const char *what, const struct h8l_event_place *p, char *text, size_t size)
{
	return snprintf(text, size, "%s in application %u, batch %u, context %u, action %u", what,
			p->application, p->batch, p->context, p->action);
}

static int run_time_error_text(const struct h8l_event *event, char *text, size_t size)
{
	char what[64];

	snprintf(what, sizeof(what), "the network ended with status 0x%08" PRIx32,
		 event->data.run_time_error.status);
	return place_text(what, &event->data.run_time_error.place, text, size);
}

/* What happens to the chip itself */
static int health_text(const struct h8l_event *event, char *text, size_t size)
{
	const float *t = event->data.temperature.celsius;

	switch (event->id) {
	case HW_EVENT_TEMPERATURE_ALARM:
		return snprintf(text, size, "temperature zone %s: %.1f and %.1f degrees Celsius",
				h8l_zone_name(event->data.temperature.zone), t[0], t[1]);
	case HW_EVENT_CLOSED_STREAMS:
		t = event->data.closed_streams.celsius;
		return snprintf(text, size, "too hot, %.1f and %.1f degrees Celsius: the networks "
				"are stopped", t[0], t[1]);
	case HW_EVENT_OVERCURRENT:
		return snprintf(text, size, "current zone %s, threshold %.0f mA%s",
				h8l_zone_name(event->data.overcurrent.zone),
				event->data.overcurrent.threshold_ma,
				event->data.overcurrent.is_last ? ", the last time" : "");
	case HW_EVENT_CLOCK_CHANGED:
		return snprintf(text, size, "clock changed from %" PRIu32 " to %" PRIu32 " Hz",
				event->data.clock.before_hz, event->data.clock.now_hz);
	case HW_EVENT_LCU_ECC_CORRECTABLE:
	case HW_EVENT_LCU_ECC_UNCORRECTABLE:
		return snprintf(text, size, "%s memory error in clusters 0x%" PRIx32,
				event->id == HW_EVENT_LCU_ECC_CORRECTABLE ? "corrected" :
				"uncorrectable", event->data.ecc.bitmap);
	default:
		return snprintf(text, size, "%s error in memories 0x%" PRIx32 " of a processor",
				event->id == HW_EVENT_CPU_ECC_FATAL ? "fatal" : "corrected",
				event->data.ecc.bitmap);
	}
}

static int other_text(const struct h8l_event *event, char *text, size_t size)
{
	switch (event->id) {
	case HW_EVENT_RX_ERROR:
		return snprintf(text, size, "Ethernet error %" PRIu32 " of queue %" PRIu32
				", %" PRIu32 " times", event->data.rx_error.error,
				event->data.rx_error.queue, event->data.rx_error.count);
	case HW_EVENT_HOST_INFO:
		return snprintf(text, size, "host: status %" PRIu32 ", connection type %" PRIu32
				", DMA %s", event->data.host_info.status,
				event->data.host_info.type,
				event->data.host_info.dma_is_active ? "active" : "not active");
	case HW_EVENT_BREAKPOINT:
		return place_text("breakpoint", &event->data.place, text, size);
	case HW_EVENT_HW_INFER_DONE:
		return snprintf(text, size, "inference on the chip ended after %" PRIu32 " cycles",
				event->data.infer_done.cycles);
	case HW_EVENT_RUN_TIME_ERROR:
		return run_time_error_text(event, text, size);
	default:
		return snprintf(text, size, "caches 0x%" PRIx64 " move on",
				event->data.cache.bitmap);
	}
}

static int is_of_health(uint32_t id)
{
	return (id >= HW_EVENT_TEMPERATURE_ALARM && id <= HW_EVENT_CPU_ECC_FATAL) ||
	       id == HW_EVENT_CLOCK_CHANGED;
}

int h8l_event_text(const struct h8l_event *event, char *text, size_t size)
{
	if (!event->decoded)
		return snprintf(text, size, "event %" PRIu32 " with %zu bytes that are not known",
				event->id, event->payload_size);
	return is_of_health(event->id) ? health_text(event, text, size) :
					 other_text(event, text, size);
}
