// SPDX-License-Identifier: MIT
/* monitor [DEVICE]: temperature and power every second, and every event at
 * once, until interrupted.	cc monitor.c -o monitor $(pkg-config --cflags --libs hailo8l)
 */
#include <errno.h>
#include <hailo8l.h>
#include <stdio.h>
#include <time.h>

static struct h8l_error error;

static int failed(void)
{
	return fprintf(stderr, "monitor: %s\n", error.text), 1;
}

static int print_sensors(struct h8l_device *device)
{
	struct h8l_temperature t;
	float watts;
	int result = h8l_device_read_temperature(device, &t, &error);

	if (result)
		return result;
	printf("%.1f and %.1f degrees Celsius", t.sensor[0], t.sensor[1]);
	result = h8l_device_read_power(device, &watts, &error);
	if (!result)
		printf(", %.2f W", watts);
	printf("\n");
	fflush(stdout);
	return result == -EOPNOTSUPP ? 0 : result;	/* not every board can */
}

static void print_event(const struct h8l_event *event)
{
	char text[200];

	h8l_event_text(event, text, sizeof(text));
	printf("%s: %s\n", event->priority ? "critical" : "event", text);
	fflush(stdout);
}

/* What comes within a second */
static int print_events(struct h8l_events *events)
{
	time_t end = time(NULL) + 1;
	struct h8l_event event;
	int result;

	do {
		result = h8l_events_next(events, 1000, &event, &error);
		if (result > 0)
			print_event(&event);
	} while (result > 0 && time(NULL) < end);
	return result;
}

int main(int argc, char **argv)
{
	struct h8l_device *device = NULL;
	struct h8l_events *events = NULL;
	int result;

	if (h8l_device_open(argc > 1 ? argv[1] : NULL, &device, &error))
		return failed();
	result = h8l_events_open(device, &events, &error);
	while (result >= 0) {
		result = print_sensors(device);
		if (!result)
			result = print_events(events);
	}
	h8l_events_close(events);
	h8l_device_close(device);
	return failed();
}
