// SPDX-License-Identifier: MIT
/*
 * Notifications to the host. Layouts: reference firmware-control.md section 4.
 * Parameter counts and payload lengths must be exact, the host drops others.
 */
#include "tests/emulator/fw.h"

void fw_notify(struct fw *fw, uint32_t priority, uint32_t module, enum hw_event_id id,
	       uint32_t params, const void *payload, uint32_t len)
{
	struct hw_event head = {
		.version = htole32(0),
		.sequence = htole32(fw->event_sequence),
		.priority = htole32(priority),
		.module_id = htole32(module),
		.event_id = htole32(id),
		.param_count = htole32(params),
		.payload_len = htole32(len),
	};
	uint8_t event[sizeof(head) + 20];

	memcpy(event, &head, sizeof(head));
	memcpy(event + sizeof(head), payload, len);
	fw->event_sequence++;
	fw_log(fw, 0, FW_LOG_DEBUG, FW_LOG_EVENT, 1, (uint32_t)id);
	if (emu_notify(fw->emu, event, sizeof(head) + len) < 0)
		fw_log(fw, 0, FW_LOG_WARN, FW_LOG_EVENT, 1, (uint32_t)id);
}

enum fw_zone fw_temperature_zone(const struct fw *fw)
{
	float t = fw->config->temperature[0];

	if (fw->config->temperature[1] > t)
		t = fw->config->temperature[1];
	if (t >= FW_RED)
		return FW_ZONE_RED;
	return t >= FW_ORANGE ? FW_ZONE_ORANGE : FW_ZONE_GREEN;
}

static uint32_t float_le32(float v)
{
	uint32_t bits;

	memcpy(&bits, &v, sizeof(bits));
	return htole32(bits);
}

void fw_notify_temperature(struct fw *fw, uint32_t zone)
{
	const float *t = fw->config->temperature;
	uint32_t payload[4] = {
		htole32(zone), htole32(t[1] > t[0]), float_le32(t[0]), float_le32(t[1]),
	};

	fw_notify(fw, zone != FW_ZONE_GREEN, FW_MODULE_HEALTH, HW_EVENT_TEMPERATURE_ALARM, 4,
		  payload, sizeof(payload));
}

#define PLACE_MAX	8

/* Of events 9 and 12; 4.17 still had its words at even addresses */
static uint32_t put_place(const struct fw *fw, uint8_t *to)
{
	const uint16_t words[3] = {
		htole16(fw->cs.batches), htole16(fw->cs.context), htole16(fw->cs.cursor.index),
	};
	uint32_t at = fw_minor(fw) < 18 ? 2 : 1;

	to[0] = fw->cs.app;
	to[1] = 0;
	memcpy(to + at, words, sizeof(words));
	return at + sizeof(words);
}

void fw_notify_run_time_error(struct fw *fw, uint32_t status)
{
	const uint32_t word = htole32(status);
	uint8_t payload[sizeof(word) + PLACE_MAX];
	uint32_t len;

	memcpy(payload, &word, sizeof(word));
	len = put_place(fw, payload + sizeof(word));
	fw_notify(fw, 1, FW_MODULE_CONTEXT_SWITCH, HW_EVENT_RUN_TIME_ERROR, 5, payload,
		  sizeof(word) + len);
}

void fw_notify_breakpoint(struct fw *fw)
{
	uint8_t payload[PLACE_MAX];
	uint32_t len = put_place(fw, payload);

	fw_notify(fw, 0, FW_MODULE_CONTEXT_SWITCH, HW_EVENT_BREAKPOINT, 4, payload, len);
}

void fw_notify_host_info(struct fw *fw, uint32_t priority)
{
	uint32_t payload[5] = {
		htole32(1),		/* connected */
		htole32(1),		/* connection type vDMA */
		htole32(1),		/* vDMA is active */
	};

	fw_notify(fw, priority, FW_MODULE_D2H_EVENTS, HW_EVENT_HOST_INFO, 5, payload,
		  sizeof(payload));
}
