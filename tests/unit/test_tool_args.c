// SPDX-License-Identifier: MIT
/* Options from a table. What goes to stderr is tested in tests/tools. */
#include <getopt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tools/tool.h"

enum { KEY_LONG = 300 };

static const struct tool_option options[] = {
	{ 'n', "number", "N", "a number" },
	{ 'q', "quiet", NULL, "say less" },
	{ KEY_LONG, "only-long", "TEXT", "no short form" },
	TOOL_OPTION_HELP,
	TOOL_OPTION_END
};

static const struct tool_command command = {
	.name = "test", .operands = "FILE", .summary = "Test.", .options = options,
};

/* Starts getopt anew with these words. */
static int begin(char **argv)
{
	int argc = 0;

	while (argv[argc])
		argc++;
	optind = 0;
	return argc;
}

static void all_forms(void **state)
{
	char *argv[] = { "test", "-n5", "file", "--number=6", "-qn", "7", "--only-long", "x",
			 "--quiet", NULL };
	int argc = begin(argv);
	const char *argument;

	(void)state;
	assert_int_equal(args_next(&command, argc, argv, &argument), 'n');
	assert_string_equal(argument, "5");
	assert_int_equal(args_next(&command, argc, argv, &argument), 'n');
	assert_string_equal(argument, "6");
	assert_int_equal(args_next(&command, argc, argv, &argument), 'q');
	assert_int_equal(args_next(&command, argc, argv, &argument), 'n');
	assert_string_equal(argument, "7");
	assert_int_equal(args_next(&command, argc, argv, &argument), KEY_LONG);
	assert_string_equal(argument, "x");
	assert_int_equal(args_next(&command, argc, argv, &argument), 'q');
	assert_int_equal(args_next(&command, argc, argv, &argument), ARGS_END);
	assert_string_equal(argv[optind], "file");
}

static void assert_first_of(const struct tool_command *of, char **argv, int expected)
{
	const char *argument;
	int argc = begin(argv);

	assert_int_equal(args_next(of, argc, argv, &argument), expected);
}

static void assert_first(char **argv, int expected)
{
	assert_first_of(&command, argv, expected);
}

static void bad_words(void **state)
{
	(void)state;
	assert_first((char *[]){ "test", "--nonsense", NULL }, ARGS_BAD);
	assert_first((char *[]){ "test", "-z", NULL }, ARGS_BAD);
	assert_first((char *[]){ "test", "-n", NULL }, ARGS_BAD);
	assert_first((char *[]){ "test", "--number", NULL }, ARGS_BAD);
	assert_first((char *[]){ "test", "--quiet=1", NULL }, ARGS_BAD);
	assert_first((char *[]){ "test", "--", "-n", NULL }, ARGS_END);
	assert_int_equal(args_stop(ARGS_HELP), TOOL_OK);
	assert_int_equal(args_stop(ARGS_BAD), TOOL_ERROR);
}

static void operands(void **state)
{
	struct tool_command bare = command;

	(void)state;
	bare.operands = "";
	assert_first((char *[]){ "test", "a", NULL }, ARGS_END);
	assert_first((char *[]){ "test", NULL }, ARGS_BAD);
	assert_first((char *[]){ "test", "a", "b", NULL }, ARGS_BAD);
	assert_first_of(&bare, (char *[]){ "test", NULL }, ARGS_END);
	assert_first_of(&bare, (char *[]){ "test", "a", NULL }, ARGS_BAD);
}

static void assert_bad_number(const char *text)
{
	unsigned long value;

	assert_int_equal(args_number(&command, "--n", text, 1, 100, &value), TOOL_ERROR);
}

static void numbers(void **state)
{
	unsigned long value;

	(void)state;
	assert_int_equal(args_number(&command, "--n", "100", 1, 100, &value), 0);
	assert_int_equal(value, 100);
	assert_bad_number("101");
	assert_bad_number("0");
	assert_bad_number("-1");
	assert_bad_number(" 5");
	assert_bad_number("5x");
	assert_bad_number("");
	assert_bad_number("99999999999999999999999999");
	assert_bad_number("0x10");
}

static void output_formats(void **state)
{
	bool json = false;

	(void)state;
	assert_int_equal(args_format(&command, "json", &json), 0);
	assert_true(json);
	assert_int_equal(args_format(&command, "text", &json), 0);
	assert_false(json);
	assert_int_equal(args_format(&command, "xml", &json), TOOL_ERROR);
}

static void texts(void **state)
{
	char out[64], small[5];

	(void)state;
	assert_string_equal(printable(out, sizeof(out), "a\033[1mb\nc\177"), "a?[1mb?c?");
	assert_string_equal(printable(out, sizeof(out), "K\xc3\xa4se"), "K\xc3\xa4se");
	assert_string_equal(printable(small, sizeof(small), "123456"), "1234");
	assert_string_equal(bytes_text(out, sizeof(out), 999), "999 bytes");
	assert_string_equal(bytes_text(out, sizeof(out), 1500000), "1.5 MB (1500000 bytes)");
	assert_string_equal(bytes_text(out, sizeof(out), 5000000000000), "5000.0 GB (5000000000000 bytes)");
}

static void colours_are_for_terminals(void **state)
{
	FILE *file = tmpfile();

	(void)state;
	assert_non_null(file);
	assert_string_equal(colour(file, COLOUR_BOLD), "");
	fclose(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_forms),
		cmocka_unit_test(bad_words),
		cmocka_unit_test(operands),
		cmocka_unit_test(numbers),
		cmocka_unit_test(output_formats),
		cmocka_unit_test(texts),
		cmocka_unit_test(colours_are_for_terminals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
