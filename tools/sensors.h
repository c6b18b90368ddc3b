/* SPDX-License-Identifier: MIT */
/* What `hailo8l sensors` and `hailo8l monitor` read alike. */
#ifndef SENSORS_H
#define SENSORS_H

#include "tools/tool.h"

struct reading {
	struct h8l_temperature temperature;
	struct h8l_health health;
	bool has_health;		/* an old firmware may not know */
	bool has_power;			/* else the next two are not measured */
	float watts, milliampere;
};

/* All sensors once. 0, or a negative errno with *error. */
int reading_take(struct h8l_device *device, struct reading *reading, struct h8l_error *error);
void reading_json(struct json_object *object, const struct reading *reading);

#endif /* SENSORS_H */
