// SPDX-License-Identifier: MIT
/* Messages to people: one line that says what failed, one that helps. */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/tool.h"

int problem_set(struct problem *problem, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(problem->what, sizeof(problem->what), format, args);
	va_end(args);
	problem->hint[0] = '\0';
	return -1;
}

void problem_hint(struct problem *problem, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(problem->hint, sizeof(problem->hint), format, args);
	va_end(args);
}

/* A line of our own on stderr; file names and device strings are made safe. */
static void message_line(const char *prefix, const char *where, const char *text)
{
	char safe[512];
	char place[256];

	fprintf(stderr, "%s", prefix);
	if (where)
		fprintf(stderr, "%s: ", printable(place, sizeof(place), where));
	fprintf(stderr, "%s\n", printable(safe, sizeof(safe), text));
}

int problem_print(const char *where, const struct problem *problem)
{
	fflush(stdout);
	message_line("hailo8l: ", where, problem->what);
	if (problem->hint[0])
		message_line("hailo8l: hint: ", NULL, problem->hint);
	return TOOL_ERROR;
}

int tool_error(const char *where, const char *format, ...)
{
	struct problem problem = { .hint = "" };
	va_list args;

	va_start(args, format);
	vsnprintf(problem.what, sizeof(problem.what), format, args);
	va_end(args);
	return problem_print(where, &problem);
}

void tool_hint(const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	message_line("hailo8l: hint: ", NULL, text);
}

static bool wants_colour(FILE *stream)
{
	const char *no_colour = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");

	if (no_colour && no_colour[0])
		return false;
	if (!terminal || !strcmp(terminal, "dumb"))
		return false;
	return isatty(fileno(stream));
}

const char *colour(void *stream, enum tool_colour which)
{
	static const char *const codes[] = {
		[COLOUR_NONE] = "\033[0m",
		[COLOUR_BOLD] = "\033[1m",
		[COLOUR_HINT] = "\033[33m",
	};

	return wants_colour(stream) ? codes[which] : "";
}

char *printable(char *out, size_t size, const char *text)
{
	size_t i;

	for (i = 0; text[i] && i + 1 < size; i++) {
		unsigned char c = text[i];

		/* bytes from 0x80 up are UTF-8, which names may well be */
		out[i] = c < 0x20 || c == 0x7f ? '?' : (char)c;
	}
	out[i] = '\0';
	return out;
}

char *bytes_text(char *out, size_t size, unsigned long long bytes)
{
	static const char *const units[] = { "kB", "MB", "GB" };
	double value = bytes / 1000.0;
	unsigned int unit = 0;

	if (bytes < 1000) {
		snprintf(out, size, "%llu bytes", bytes);
		return out;
	}
	while (value >= 1000.0 && unit < 2) {
		value /= 1000.0;
		unit++;
	}
	snprintf(out, size, "%.1f %s (%llu bytes)", value, units[unit], bytes);
	return out;
}
