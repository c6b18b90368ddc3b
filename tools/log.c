// SPDX-License-Identifier: MIT
/* hailo8l log: the bytes of the firmware's log. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/outfile.h"

#define CHUNK 512	/* most that one call of the library takes */
/* A log that never ends (written as fast as it is read) ends here; it is
 * far more than the rings of both processors hold.
 */
#define MAX_BYTES (1024 * 1024)

static const struct tool_option options[] = {
	TOOL_OPTION_DEVICE,
	{ 'c', "cpu", "CPU", "app (default) or core" },
	{ 'O', "output", "FILE", "write the bytes there instead of to standard output" },
	TOOL_OPTION_HELP,
	TOOL_OPTION_END
};

struct log_options {
	const char *device;
	const char *output;
	enum h8l_cpu cpu;
};

/* One line of 16 bytes, as hexdump -C prints it. */
static void hex_line(size_t offset, const unsigned char *data, size_t count)
{
	size_t i;

	printf("%08zx ", offset);
	for (i = 0; i < 16; i++) {
		if (i < count)
			printf(" %02x", data[i]);
		else
			printf("   ");
	}
	printf("  |");
	for (i = 0; i < count; i++)
		putchar(data[i] >= 0x20 && data[i] < 0x7f ? data[i] : '.');
	printf("|\n");
}

static void hex_print(size_t offset, const unsigned char *data, size_t count)
{
	size_t i;

	for (i = 0; i < count; i += 16)
		hex_line(offset + i, data + i, count - i < 16 ? count - i : 16);
}

static int log_write(struct outfile *out, size_t offset, const unsigned char *data, size_t count)
{
	struct problem problem;

	if (out->file) {
		if (outfile_write(out, data, count, &problem))
			return problem_print("log", &problem);
		return TOOL_OK;
	}
	if (isatty(STDOUT_FILENO))
		hex_print(offset, data, count);
	else
		fwrite(data, 1, count, stdout);
	return TOOL_OK;
}

static int log_copy(struct h8l_device *device, const struct log_options *log, struct outfile *out)
{
	unsigned char data[CHUNK];
	size_t offset = 0;
	int count;

	while (offset < MAX_BYTES) {
		count = h8l_device_read_log(device, log->cpu, data, sizeof(data));
		if (count < 0)
			return tool_error("log", "cannot read the firmware's log: %s",
					  h8l_strerror(count));
		if (!count)
			break;
		if (log_write(out, offset, data, (size_t)count))
			return TOOL_ERROR;
		offset += (size_t)count;
	}
	return TOOL_OK;
}

/* Reading takes the bytes away: the file is there before the first is read. */
static int log_to(const struct log_options *log, struct outfile *out)
{
	struct h8l_device *device;
	struct problem problem;
	int result = device_open("log", log->device, &device);

	if (result)
		return result;
	result = log_copy(device, log, out);
	h8l_device_close(device);
	if (!result && out->file && outfile_commit(out, &problem))
		result = problem_print("log", &problem);
	return result;
}

static int log_show(const struct log_options *log)
{
	struct outfile out = { .file = NULL };
	struct problem problem;
	int result;

	if (log->output && outfile_open(&out, log->output, &problem))
		return problem_print("log", &problem);
	result = log_to(log, &out);
	outfile_discard(&out);
	return result;
}

static int set_cpu(const struct tool_command *command, const char *name, enum h8l_cpu *cpu)
{
	*cpu = strcmp(name, "core") ? H8L_CPU_APP : H8L_CPU_CORE;
	if (!strcmp(name, "core") || !strcmp(name, "app"))
		return 0;
	return tool_error(command->name, "unknown processor '%s': use app or core", name);
}

static int log_run(const struct tool_command *command, int argc, char **argv)
{
	struct log_options log = { .cpu = H8L_CPU_APP };
	const char *argument;
	int key;

	while ((key = args_next(command, argc, argv, &argument)) >= 0) {
		if (key == 'd')
			log.device = argument;
		else if (key == 'O')
			log.output = argument;
		else if (set_cpu(command, argument, &log.cpu))
			return TOOL_ERROR;
	}
	if (key != ARGS_END)
		return args_stop(key);
	return log_show(&log);
}

const struct tool_command log_command = {
	.name = "log",
	.operands = "",
	.summary = "Take the new bytes of the firmware's log.",
	.options = options,
	.notes = "The format is the vendor's; the bytes are for support. Each byte is given out\n"
		 "once. On a terminal they are shown in hexadecimal.",
	.run = log_run,
};
