// SPDX-License-Identifier: MIT
/* hailo8l monitor: sensors at intervals, and events as they come. */
#include <errno.h>
#include <json.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tools/sensors.h"

static const struct tool_option options[] = {
	TOOL_OPTION_DEVICE,
	{ 'i', "interval", "SECONDS", "between two readings, 1 (default) to 86400" },
	{ 'n', "count", "COUNT", "stop after so many readings (default: when interrupted)" },
	{ 'e', "events", NULL, "only events, no readings; --count then counts events" },
	{ 'o', "output-format", "FORMAT", "text (default) or json, one object a line" },
	TOOL_OPTION_HELP,
	TOOL_OPTION_END
};

struct monitor {
	const char *name;
	unsigned long interval_s, count;	/* count 0: for ever */
	bool only_events, json;
	unsigned long seen;
	struct h8l_device *device;
	struct h8l_events *events;
};

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	(void)number;
	interrupted = 1;
}

/* Without restarting what waits: an interrupt ends it. */
static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

static unsigned long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (unsigned long long)now.tv_sec * 1000 + (unsigned long long)now.tv_nsec / 1000000;
}

/* ---- printing ---- */

static const char *clock_text(char out[16])
{
	time_t now = time(NULL);
	struct tm tm;

	localtime_r(&now, &tm);
	strftime(out, 16, "%H:%M:%S", &tm);
	return out;
}

/* A reader gets every line at once. */
static int line_done(void)
{
	if (fflush(stdout))
		return tool_error("monitor", "cannot write: %s", strerror(errno));
	return TOOL_OK;
}

static struct json_object *json_begin(const char *type)
{
	struct json_object *object = json_object_new_object();

	json_set_number(object, "version", TOOL_JSON_VERSION);
	json_set_string(object, "type", type);
	json_set_number(object, "time", (long long)time(NULL));
	return object;
}

static int json_end(struct json_object *object)
{
	const char *text = json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN |
							  JSON_C_TO_STRING_NOSLASHESCAPE);

	if (text)
		puts(text);
	json_object_put(object);
	return line_done();
}

static int print_reading(const struct monitor *m, const struct reading *r)
{
	char time[16];

	if (m->json) {
		struct json_object *object = json_begin("reading");

		reading_json(object, r);
		return json_end(object);
	}
	printf("%s  %5.1f %5.1f C", clock_text(time), r->temperature.sensor[0],
	       r->temperature.sensor[1]);
	if (r->has_power)
		printf("  %6.2f W  %6.0f mA", r->watts, r->milliampere);
	if (r->has_health)
		printf("  %s", h8l_zone_name(r->health.temperature_zone));
	printf("\n");
	return line_done();
}

static void json_payload(struct json_object *object, const struct h8l_event *event)
{
	char hex[2 * H8L_EVENT_MAX_PAYLOAD + 1] = "";
	size_t i;

	for (i = 0; i < event->payload_size; i++)
		snprintf(hex + 2 * i, 3, "%02x", event->payload[i]);
	json_set_string(object, "payload", hex);
}

static int print_event(const struct monitor *m, const struct h8l_event *event)
{
	char text[256], time[16];

	h8l_event_text(event, text, sizeof(text));
	if (m->json) {
		struct json_object *object = json_begin("event");

		json_set_number(object, "id", event->id);
		json_set_string(object, "name", h8l_event_name(event->id));
		json_set_bool(object, "critical", event->priority == 1);
		json_set_string(object, "text", text);
		json_payload(object, event);
		return json_end(object);
	}
	printf("%s  %s%s\n", clock_text(time), event->priority == 1 ? "CRITICAL " : "", text);
	return line_done();
}

/* ---- the loop ---- */

static bool is_over(const struct monitor *m)
{
	return interrupted || (m->count && m->seen >= m->count);
}

/* Events until the time is there; TOOL_OK also when interrupted */
static int watch(struct monitor *m, unsigned long long until)
{
	struct h8l_error error = { .code = 0 };
	struct h8l_event event;
	int result = 0;

	while (!is_over(m)) {
		unsigned long long now = now_ms();
		int left = m->only_events ? -1 : now < until ? (int)(until - now) : 0;

		result = h8l_events_next(m->events, left, &event, &error);
		if (result <= 0)
			break;
		m->seen += m->only_events;
		if (print_event(m, &event))
			return TOOL_ERROR;
	}
	return result >= 0 || result == -EINTR ? TOOL_OK : library_error("monitor", &error);
}

static int show_reading(struct monitor *m)
{
	struct h8l_error error = { .code = 0 };
	struct reading reading = { .has_power = false };

	if (reading_take(m->device, &reading, &error))
		return library_error("monitor", &error);
	m->seen++;
	return print_reading(m, &reading);
}

static int monitor_loop(struct monitor *m)
{
	unsigned long long next = now_ms();
	int result = TOOL_OK;

	while (!result && !is_over(m)) {
		if (!m->only_events)
			result = show_reading(m);
		next += m->interval_s * 1000;
		if (!result && !is_over(m))
			result = watch(m, next);
	}
	return result;
}

static int monitor_start(struct monitor *m)
{
	struct h8l_error error = { .code = 0 };
	int result = device_open("monitor", m->name, &m->device);

	if (result)
		return result;
	catch_signals();
	if (h8l_events_open(m->device, &m->events, &error))
		result = library_error("monitor", &error);
	else
		result = monitor_loop(m);
	h8l_events_close(m->events);
	h8l_device_close(m->device);
	return result;
}

static int set_option(const struct tool_command *command, struct monitor *m, int key,
		      const char *argument)
{
	switch (key) {
	case 'd':
		m->name = argument;
		return 0;
	case 'i':
		return args_number(command, "--interval", argument, 1, 86400, &m->interval_s);
	case 'n':
		return args_number(command, "--count", argument, 1, ULONG_MAX, &m->count);
	case 'e':
		m->only_events = true;
		return 0;
	default:
		return args_format(command, argument, &m->json);
	}
}

static int monitor_run(const struct tool_command *command, int argc, char **argv)
{
	struct monitor m = { .interval_s = 1 };
	const char *argument;
	int key;

	while ((key = args_next(command, argc, argv, &argument)) >= 0)
		if (set_option(command, &m, key, argument))
			return TOOL_ERROR;
	if (key != ARGS_END)
		return args_stop(key);
	return monitor_start(&m);
}

const struct tool_command monitor_command = {
	.name = "monitor",
	.operands = "",
	.summary = "Show temperature and power at intervals, and events as they come.",
	.options = options,
	.notes = "Events are what the firmware tells by itself: too hot, too much current, clock\n"
		 "changed, memory errors, a network that failed. Interrupt (Ctrl-C) ends it.",
	.run = monitor_run,
};
