// SPDX-License-Identifier: MIT
/* Measuring power. Reference firmware-control.md 2.6; numbers that the wire
 * carries as an index are what the vendor's library accepts.
 */
#include <endian.h>

#include "control.h"
#include "load.h"

#define AVERAGING	256		/* defaults, as the vendor's program has them */
#define SAMPLING_US	1100

/* The stock library computes this from the two indexes and always gets 1 */
#define DELAY_MS	1

static int check_monitor(struct h8l_device *device, struct h8l_error *error)
{
	struct h8l_device_info info;
	int err;

	if (!atomic_load(&device->monitor)) {
		err = h8l_device_read_info(device, &info, error);
		if (err)
			return err;
	}
	if (atomic_load(&device->monitor) > 0)
		return 0;
	return fail(error, -EOPNOTSUPP, "%s: this board cannot measure its power: it has no "
		    "current monitor", device_node(device));
}

int h8l_device_measure(struct h8l_device *device, enum h8l_power_point point,
		       enum h8l_quantity quantity, float *value, struct h8l_error *error)
{
	static const uint8_t lengths[] = { 4, 4, 4 };
	struct control_request request;
	struct hw_power_response body;
	int err = check_monitor(device, error);

	if (err)
		return err;
	control_begin(&request, HW_OP_POWER_MEASUREMENT);
	control_be32(&request, (uint32_t)point);
	control_be32(&request, (uint32_t)quantity);
	err = control_ask(device, &request, &body, lengths, ARRAY_SIZE(lengths), error);
	if (!err)
		*value = load_le_float(body.value);
	return err;
}

int h8l_device_read_power(struct h8l_device *device, float *watts, struct h8l_error *error)
{
	return h8l_device_measure(device, H8L_POINT_AUTO, H8L_QUANTITY_AUTO, watts, error);
}

/* ---- many samples ---- */

static const uint16_t averagings[] = { 1, 4, 16, 64, 128, 256, 512, 1024 };
static const uint16_t samplings_us[] = { 140, 204, 332, 588, 1100, 2116, 4156, 8244 };

static int index_of(const uint16_t list[8], unsigned int value)
{
	for (int i = 0; i < 8; i++)
		if (list[i] == value)
			return i;
	return -1;
}

int h8l_device_power_stop(struct h8l_device *device, struct h8l_error *error)
{
	struct control_request request;
	int err = check_monitor(device, error);

	if (err)
		return err;
	control_begin(&request, HW_OP_STOP_POWER_MEASUREMENT);
	return control_send(device, &request, NULL, error);
}

static int set_measurement(struct h8l_device *device, unsigned int index,
			   const struct h8l_measurement *m, struct h8l_error *error)
{
	struct control_request request;

	control_begin(&request, HW_OP_SET_POWER_MEASUREMENT);
	control_be32(&request, index);
	control_be32(&request, (uint32_t)m->point);
	control_be32(&request, (uint32_t)m->quantity);
	return control_send(device, &request, NULL, error);
}

static int start_measuring(struct h8l_device *device, int averaging, int sampling,
			   struct h8l_error *error)
{
	struct control_request request;

	control_begin(&request, HW_OP_START_POWER_MEASUREMENT);
	control_be32(&request, DELAY_MS);
	control_be16(&request, (uint16_t)averaging);
	control_be16(&request, (uint16_t)sampling);
	return control_send(device, &request, NULL, error);
}

int h8l_device_power_start(struct h8l_device *device, const struct h8l_measurement *measurements,
			   unsigned int count, unsigned int averaging, unsigned int sampling_us,
			   struct h8l_error *error)
{
	int average = index_of(averagings, averaging ? averaging : AVERAGING);
	int sampling = index_of(samplings_us, sampling_us ? sampling_us : SAMPLING_US);
	int err;

	if (!count || count > H8L_MAX_MEASUREMENTS)
		return fail(error, -EINVAL, "%u measurements: 1 to %d can be made at a time",
			    count, H8L_MAX_MEASUREMENTS);
	if (average < 0 || sampling < 0)
		return fail(error, -EINVAL, "averaging %u samples of %u us: the firmware has no "
			    "such step (see h8l_device_power_start(3))", averaging, sampling_us);
	err = h8l_device_power_stop(device, error);
	for (unsigned int i = 0; i < count && !err; i++)
		err = set_measurement(device, i, &measurements[i], error);
	return err ?: start_measuring(device, average, sampling, error);
}

int h8l_device_power_read(struct h8l_device *device, unsigned int index, int clear,
			  struct h8l_power_statistics *statistics, struct h8l_error *error)
{
	static const uint8_t lengths[] = { 4, 4, 4, 4, 4 };
	struct hw_power_statistics body;
	struct control_request request;
	int err;

	if (index >= H8L_MAX_MEASUREMENTS)
		return fail(error, -EINVAL, "measurement %u: they are numbered from 0 to %d",
			    index, H8L_MAX_MEASUREMENTS - 1);
	control_begin(&request, HW_OP_GET_POWER_MEASUREMENT);
	control_be32(&request, index);
	control_byte(&request, clear != 0);
	err = check_monitor(device, error) ?:
	      control_ask(device, &request, &body, lengths, ARRAY_SIZE(lengths), error);
	if (err)
		return err;
	*statistics = (struct h8l_power_statistics){
		.samples = be32toh(body.samples),
		.minimum = load_le_float(body.minimum),
		.maximum = load_le_float(body.maximum),
		.average = load_le_float(body.average),
		.sample_ms = load_le_float(body.sample_ms),
	};
	return 0;
}
