// SPDX-License-Identifier: MIT
/* Options of a command from its table: parsing and help. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/tool.h"

#define MAX_OPTIONS 32
#define HELP_COLUMN 30

struct getopt_tables {
	struct option longs[MAX_OPTIONS + 1];
	char shorts[2 + 2 * MAX_OPTIONS];
};

/* "[=NAME]": may be left out, then it is NULL */
static int argument_of(const struct tool_option *option)
{
	if (!option->argument)
		return no_argument;
	return strncmp(option->argument, "[=", 2) ? required_argument : optional_argument;
}

static void tables_build(const struct tool_option *options, struct getopt_tables *tables)
{
	char *letter = tables->shorts;
	unsigned int i;

	memset(tables, 0, sizeof(*tables));
	*letter++ = ':';	/* tells a missing argument from an unknown option */
	for (i = 0; options[i].name && i < MAX_OPTIONS; i++) {
		tables->longs[i].name = options[i].name;
		tables->longs[i].has_arg = argument_of(&options[i]);
		tables->longs[i].val = options[i].key;
		if (options[i].key >= 256)
			continue;
		*letter++ = (char)options[i].key;
		if (options[i].argument)
			*letter++ = ':';
	}
}

static const struct tool_option *option_by_key(const struct tool_option *options, int key)
{
	for (; options->name; options++)
		if (options->key == key)
			return options;
	return NULL;
}

/* getopt leaves the letter in optopt, and 0 for a long name it does not know. */
static void bad_option(const struct tool_command *command, char **argv, int result)
{
	const struct tool_option *option = option_by_key(command->options, optopt);
	const char *text = argv[optind - 1];
	char letter[3] = { '-', (char)optopt, '\0' };
	const char *what = "unknown option";

	if (result == ':')
		what = "no argument for option";
	else if (optopt && option)
		what = "an argument was given to option";
	if (optopt && !option)
		text = letter;
	tool_error(command->name, "%s '%s': try 'hailo8l %s --help'", what, text, command->name);
}

static int check_operands(const struct tool_command *command, int argc, char **argv)
{
	int count = command->operands[0] ? 1 : 0;

	if (argc - optind < count)
		tool_error(command->name, "%s is missing: try 'hailo8l %s --help'",
			   command->operands, command->name);
	else if (argc - optind > count)
		tool_error(command->name, "unexpected argument '%s': try 'hailo8l %s --help'",
			   argv[optind + count], command->name);
	else
		return ARGS_END;
	return ARGS_BAD;
}

int args_next(const struct tool_command *command, int argc, char **argv, const char **argument)
{
	struct getopt_tables tables;
	int result;

	tables_build(command->options, &tables);
	opterr = 0;
	result = getopt_long(argc, argv, tables.shorts, tables.longs, NULL);
	*argument = optarg;
	switch (result) {
	case -1:
		return check_operands(command, argc, argv);
	case '?':
	case ':':
		bad_option(command, argv, result);
		return ARGS_BAD;
	case 'h':
		args_help(command);
		return ARGS_HELP;
	default:
		return result;
	}
}

int args_stop(int result)
{
	return result == ARGS_HELP ? TOOL_OK : TOOL_ERROR;
}

int args_format(const struct tool_command *command, const char *argument, bool *json)
{
	*json = !strcmp(argument, "json");
	if (*json || !strcmp(argument, "text"))
		return 0;
	return tool_error(command->name, "unknown output format '%s': use text or json", argument);
}

int args_number(const struct tool_command *command, const char *option, const char *argument,
		unsigned long min, unsigned long max, unsigned long *value)
{
	char *end;

	errno = 0;
	*value = strtoul(argument, &end, 10);
	if (argument[0] < '0' || argument[0] > '9' || *end || errno || *value < min ||
	    *value > max)
		return tool_error(command->name, "%s '%s': must be a number from %lu to %lu",
				  option, argument, min, max);
	return 0;
}

/* Help of one option; further lines of its text stand under the first. */
static void option_help(const struct tool_option *option)
{
	const char *line = option->help;
	int width = 0;

	if (option->key < 256)
		width = printf("  -%c, --%s", option->key, option->name);
	else
		width = printf("      --%s", option->name);
	if (option->argument)
		width += printf("%s%s", argument_of(option) == optional_argument ? "" : " ",
				option->argument);
	if (width >= HELP_COLUMN) {
		putchar('\n');
		width = 0;
	}
	while (*line) {
		int length = (int)strcspn(line, "\n");

		printf("%*s%.*s\n", HELP_COLUMN - width, "", length, line);
		line += length + (line[length] == '\n');
		width = 0;
	}
}

void args_help(const struct tool_command *command)
{
	const struct tool_option *option;

	printf("Usage: hailo8l %s [OPTION]...%s%s\n", command->name,
	       command->operands[0] ? " " : "", command->operands);
	printf("%s\n\nOptions:\n", command->summary);
	for (option = command->options; option->name; option++)
		option_help(option);
	if (command->notes)
		printf("\n%s\n", command->notes);
}
