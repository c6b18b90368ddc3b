// SPDX-License-Identifier: MIT
/* hailo8l: finds, describes and uses Hailo-8L and Hailo-8 devices. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "tools/tool.h"

#define TEXT(number) TEXT2(number)
#define TEXT2(number) #number
#define TOOL_VERSION TEXT(H8L_VERSION_MAJOR) "." TEXT(H8L_VERSION_MINOR) "." \
	TEXT(H8L_VERSION_PATCH)

static const struct tool_command *const commands[] = {
	&scan_command,
	&identify_command,
	&hef_command,
	&run_command,
	&log_command,
	&sensors_command,
	&monitor_command,
	&reset_command,
};

static int help(void)
{
	unsigned int i;

	printf("Usage: hailo8l COMMAND [OPTION]... [ARGUMENT]...\n"
	       "Find, describe and use Hailo-8L and Hailo-8 neural accelerators.\n\n"
	       "Commands:\n");
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		printf("  %-10s %s\n", commands[i]->name, commands[i]->summary);
	printf("\nOptions:\n"
	       "  -h, --help     show this help, or that of a command, and exit\n"
	       "      --version  show the versions of program and library, and exit\n\n"
	       "'hailo8l COMMAND --help' and the man page hailo8l-COMMAND(1) say more.\n"
	       "Exit codes: 0 done, 1 something failed, 2 there is no (such) device.\n");
	return TOOL_OK;
}

static int version(void)
{
	printf("hailo8l %s (library %s)\n", TOOL_VERSION, h8l_version());
	return TOOL_OK;
}

static const struct tool_command *command_by_name(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}

static int dispatch(int argc, char **argv)
{
	const struct tool_command *command;

	if (argc < 2)
		return tool_error(NULL, "no command given: try 'hailo8l --help'");
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return help();
	if (!strcmp(argv[1], "--version"))
		return version();
	command = command_by_name(argv[1]);
	if (command)
		return command->run(command, argc - 1, argv + 1);
	return tool_error(NULL, "unknown %s '%s': try 'hailo8l --help'",
			  argv[1][0] == '-' ? "option" : "command", argv[1]);
}

int main(int argc, char **argv)
{
	int result;

	/* a reader that goes away (head) shows as a failed write */
	signal(SIGPIPE, SIG_IGN);
	result = dispatch(argc, argv);
	if (fflush(stdout) || ferror(stdout)) {
		if (errno != EPIPE)
			tool_error("standard output", "cannot write: %s", strerror(errno));
		return TOOL_ERROR;
	}
	return result;
}
