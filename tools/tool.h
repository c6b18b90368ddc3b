/* SPDX-License-Identifier: MIT */
/*
 * What every subcommand of the program hailo8l shares: exit codes, messages,
 * options, JSON, and access to the library's devices.
 */
#ifndef TOOL_H
#define TOOL_H

#include <stdbool.h>
#include <stddef.h>

#include "hailo8l.h"

struct json_object;

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

enum tool_exit {
	TOOL_OK		= 0,
	TOOL_ERROR	= 1,	/* usage, or anything else that failed */
	TOOL_NO_DEVICE	= 2,
};

/* ---- messages (message.c) ---- */

/* What went wrong and what to do about it; either may be empty. */
struct problem {
	char what[512];
	char hint[512];
};

/* Both fill one half of a problem; the first returns -1 for use in a return. */
int problem_set(struct problem *problem, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void problem_hint(struct problem *problem, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* "hailo8l: WHERE: WHAT" and, if there is a hint, "hailo8l: hint: HINT" on
 * stderr. Returns TOOL_ERROR.
 */
int problem_print(const char *where, const struct problem *problem);

/* The same in one call, without a hint. */
int tool_error(const char *where, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void tool_hint(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Terminal colour for a stream that is a terminal and wants it, else "". */
enum tool_colour { COLOUR_NONE, COLOUR_BOLD, COLOUR_HINT };
const char *colour(void *stream, enum tool_colour which);

/* Copies a string that came from a file or a device, with everything that a
 * terminal could take for a command replaced by '?'. Returns `out`.
 */
char *printable(char *out, size_t size, const char *text);

/* "1.5 MB (1572864 bytes)" into out; returns out. */
char *bytes_text(char *out, size_t size, unsigned long long bytes);

/* ---- options (args.c) ---- */

struct tool_option {
	int key;		/* short letter, or a number from 256 up */
	const char *name;	/* long name */
	const char *argument;	/* name of its argument, NULL: takes none; "[=NAME]":
				 * long name only, may be left out
				 */
	const char *help;	/* lines separated by \n */
};

struct tool_command {
	const char *name;
	const char *operands;	/* after the options, "" if none */
	const char *summary;	/* one sentence */
	const struct tool_option *options;	/* ends with name NULL */
	const char *notes;	/* after the options in the help, may be NULL */
	int (*run)(const struct tool_command *command, int argc, char **argv);
};

/* Entries that look the same in every command. */
#define TOOL_OPTION_DEVICE	{ 'd', "device", "DEVICE", \
	"index (0), PCI address (01:00.0) or node (/dev/hailo0)" }
#define TOOL_OPTION_FORMAT	{ 'o', "output-format", "FORMAT", \
	"text (default) or json" }
#define TOOL_OPTION_HELP	{ 'h', "help", NULL, "show this help and exit" }
#define TOOL_OPTION_END		{ 0, NULL, NULL, NULL }

enum { ARGS_END = -1, ARGS_HELP = -2, ARGS_BAD = -3 };

/* One option after the other: its key, with its argument in *argument;
 * ARGS_END when there are no more, and as many operands as the command has: one,
 * at optind, or none; ARGS_HELP after the help was printed; ARGS_BAD after an
 * error was printed.
 */
int args_next(const struct tool_command *command, int argc, char **argv, const char **argument);

/* Exit code of a command that stops after one of the two last. */
int args_stop(int result);

/* -o: sets *json. 0, or TOOL_ERROR with a message. */
int args_format(const struct tool_command *command, const char *argument, bool *json);

/* A decimal number between min and max. 0, or TOOL_ERROR with a message. */
int args_number(const struct tool_command *command, const char *option, const char *argument,
		unsigned long min, unsigned long max, unsigned long *value);

/* Prints the help of one command to stdout. */
void args_help(const struct tool_command *command);

/* ---- JSON (json.c) ---- */

#define TOOL_JSON_VERSION 1

/* Prints an object with the field "version" set and gives it back to json-c.
 * Returns TOOL_OK, or TOOL_ERROR with a message.
 */
int json_print(const char *where, struct json_object *object);
void json_set_string(struct json_object *object, const char *key, const char *value);
void json_set_number(struct json_object *object, const char *key, long long value);
/* Three digits after the point more than a float has are noise. */
void json_set_real(struct json_object *object, const char *key, double value);
void json_set_bool(struct json_object *object, const char *key, bool value);
/* NULL for "" and NULL, as a machine would expect it. */
void json_set_string_or_null(struct json_object *object, const char *key, const char *value);

/* ---- devices (device.c) ---- */

/* Opens a device for a command. On failure prints why, and looks at the PCI
 * bus to say what would help; returns the exit code. `name` may be NULL.
 */
int device_open(const char *where, const char *name, struct h8l_device **device);

/* Node and PCI address of an open device, "" where unknown. */
void device_entry(const struct h8l_device *device, struct h8l_scan_entry *entry);

const char *architecture_name(enum h8l_architecture architecture);
const char *hef_architecture_name(enum h8l_hef_architecture architecture);

/* A failed call of the library: prints its text, and returns the exit code. */
int library_error(const char *where, const struct h8l_error *error);

/* ---- commands ---- */

extern const struct tool_command scan_command;
extern const struct tool_command identify_command;
extern const struct tool_command hef_command;
extern const struct tool_command run_command;
extern const struct tool_command log_command;
extern const struct tool_command sensors_command;
extern const struct tool_command monitor_command;
extern const struct tool_command reset_command;

#endif /* TOOL_H */
