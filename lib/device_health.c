// SPDX-License-Identifier: MIT
/* Health of the chip. Reference firmware-control.md 2.5. */
#include <endian.h>
#include <math.h>

#include "control.h"
#include "load.h"

const char *h8l_zone_name(enum h8l_zone zone)
{
	switch (zone) {
	case H8L_ZONE_GREEN:
		return "green";
	case H8L_ZONE_ORANGE:
		return "orange";
	case H8L_ZONE_RED:
		return "red";
	}
	return "unknown";
}

#define MAX_PLAUSIBLE_MA	1e6f

static bool is_plausible(float milliampere)
{
	return milliampere >= 1 && milliampere <= MAX_PLAUSIBLE_MA;
}

/* The stock library takes the float's value for an integer, swaps its bytes
 * and makes a float of that. Whether firmware really sends such numbers is not
 * known (the reference calls it inferred); a plain float of either byte order
 * is taken, too, where only that makes sense.
 */
static float current_threshold(const uint8_t *bytes)
{
	float plain = load_le_float(bytes);
	float swapped = float_of_bits(__builtin_bswap32(load_le32(bytes)));

	if (plain >= 0 && plain < 4294967296.0f) {
		float stock = (float)__builtin_bswap32((uint32_t)plain);

		if (is_plausible(stock))
			return stock;
	}
	if (is_plausible(plain))
		return plain;
	return is_plausible(swapped) ? swapped : NAN;
}

static void decode_protection(const struct hw_health *from, struct h8l_health *to)
{
	to->overcurrent_protection = from->overcurrent_protection != 0;
	to->overcurrent_zone = from->overcurrent_zone ? H8L_ZONE_RED : H8L_ZONE_GREEN;
	to->overcurrent_threshold = current_threshold(from->overcurrent_threshold);
	to->overcurrent_throttling = from->overcurrent_throttling != 0;
	to->overcurrent_clock_hz = be32toh(from->overcurrent_clock);
}

static void decode_levels(const struct hw_health *from, struct h8l_health *to)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(to->levels); i++)
		to->levels[i] = (struct h8l_throttling_level){
			.celsius = load_le_float(from->levels[i].threshold),
			.hysteresis_celsius = load_le_float(from->levels[i].hysteresis),
			.clock_hz = le32toh(from->levels[i].clock),
		};
	to->throttling_level = from->throttling_level;
	if (to->throttling_level < 0 || to->throttling_level >= (int)ARRAY_SIZE(to->levels))
		to->throttling_level = -1;
}

static void decode_temperature(const struct hw_health *from, struct h8l_health *to)
{
	to->temperature_throttling = from->temperature_throttling != 0;
	to->temperature_zone = (enum h8l_zone)from->temperature_zone;
	to->orange_celsius = (int32_t)be32toh(from->orange);
	to->orange_hysteresis_celsius = (int32_t)be32toh(from->orange_hysteresis);
	to->red_celsius = (int32_t)be32toh(from->red);
	to->red_hysteresis_celsius = (int32_t)be32toh(from->red_hysteresis);
	to->temperature_clock_hz = be32toh(from->temperature_clock);
}

int h8l_device_read_health(struct h8l_device *device, struct h8l_health *health,
			   struct h8l_error *error)
{
	static const uint8_t lengths[] = { 1, 1, 4, 1, 1, 1, 1, 48, 4, 4, 4, 4, 4, 4 };
	struct control_request request;
	struct hw_health body;
	int err;

	control_begin(&request, HW_OP_GET_HEALTH_INFORMATION);
	err = control_ask(device, &request, &body, lengths, ARRAY_SIZE(lengths), error);
	if (err)
		return err;
	decode_protection(&body, health);
	decode_levels(&body, health);
	decode_temperature(&body, health);
	return 0;
}
