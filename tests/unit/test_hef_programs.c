// SPDX-License-Identifier: MIT
/*
 * mkhef and refnet as programs: exit codes, messages, files left behind.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hef_common.h"

static char folder[] = "/tmp/hef-programs-XXXXXX";
static char said[4096];

/* Runs a shell command in `folder` with mkhef and refnet on the path; what it
 * prints goes to `said`. Returns its exit code.
 */
static int __attribute__((format(printf, 1, 2)))
sh(const char *format, ...)
{
	char command[1024];
	va_list args;
	size_t got;
	FILE *pipe;
	int status;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	pipe = popen(command, "r");
	assert_non_null(pipe);
	got = fread(said, 1, sizeof(said) - 1, pipe);
	said[got] = 0;
	status = pclose(pipe);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void put(const char *name, const char *text, size_t size)
{
	struct failure failure;

	assert_int_equal(write_file(name, text, size, &failure), 0);
}

static bool exists(const char *name)
{
	return access(name, F_OK) == 0;
}

static int make_folder(void **state)
{
	char *programs = realpath(PROGRAM_FOLDER, NULL);
	char *path = NULL;

	(void)state;
	if (!programs || !mkdtemp(folder) || chdir(folder) ||
	    asprintf(&path, "%s:%s", programs, getenv("PATH")) < 0)
		return -1;
	setenv("PATH", path, 1);
	free(programs);
	free(path);
	put("sum.net", "network n\ninput a 1x1x8\ninput b 1x1x8\nadd o a b\noutput o\n", 57);
	put("a.raw", "\1\2\3\4\5\6\7\10ABCDEFGH", 16);
	put("b.raw", "\1\1\1\1\1\1\1\1\0\0\0\0\0\0\0\0", 16);
	return sh("mkhef sum.net -o sum.hef 2>&1");
}

static int remove_folder(void **state)
{
	(void)state;
	return chdir("/") || sh("rm -r %s", folder);
}

static void test_mkhef_usage(void **state)
{
	(void)state;
	assert_int_equal(sh("mkhef 2>&1"), 1);
	assert_non_null(strstr(said, "usage: mkhef"));
	assert_int_equal(sh("mkhef sum.net 2>&1"), 1);
	assert_int_equal(sh("mkhef --wrong sum.net -o x 2>&1"), 1);
	assert_int_equal(sh("mkhef --help"), 0);
	assert_non_null(strstr(said, "no-periph"));
	assert_false(exists("x"));
}

static void test_mkhef_errors(void **state)
{
	(void)state;
	put("bad.net", "network n\ninput a 1x1x8\nfc o a\n", 31);
	assert_int_equal(sh("mkhef bad.net -o bad.hef 2>&1"), 1);
	assert_string_equal(said, "mkhef: bad.net:3: features=N is missing\n");
	assert_int_equal(sh("mkhef none.net -o bad.hef 2>&1"), 1);
	assert_string_equal(said, "mkhef: none.net: No such file or directory\n");
	assert_int_equal(sh("mkhef -c 7 sum.net -o bad.hef 2>&1"), 1);
	assert_string_equal(said, "mkhef: container '7' is not 0, 1, 2 or 3\n");
	assert_int_equal(sh("mkhef -m hailo9 sum.net -o bad.hef 2>&1"), 1);
	assert_int_equal(sh("mkhef -d rust sum.net -o bad.hef 2>&1"), 1);
	assert_string_equal(said, "mkhef: 'rust' is no damage\n");
	assert_false(exists("bad.hef"));
	assert_false(exists("bad.hef.part"));
	assert_int_equal(sh("mkhef sum.net -o nowhere/x.hef 2>&1"), 1);
	assert_non_null(strstr(said, "nowhere/x.hef.part: No such file"));
}

static void test_mkhef_options(void **state)
{
	struct blob hef = { 0 };
	struct failure failure;

	(void)state;
	assert_int_equal(sh("mkhef -c 2 -m hailo8 sum.net -o two.hef 2>&1"), 0);
	assert_int_equal(read_file("two.hef", &hef, &failure), 0);
	assert_int_equal(hef.data[7], 2);
	blob_free(&hef);
	assert_int_equal(sh("refnet two.hef 2>&1"), 0);
	assert_int_equal(sh("refnet -l 0x33 sum.hef 2>&1"), 0);
	assert_int_equal(sh("refnet -l 0x0f sum.hef 2>&1"), 1);
	assert_string_equal(said, "refnet: sum.hef: no part for cluster layout 0xf\n");
}

static void test_refnet_lists(void **state)
{
	(void)state;
	assert_int_equal(sh("refnet sum.hef"), 0);
	assert_string_equal(said,
		"input n/a stream=1 type=u8 order=nhwc shape=1x1x8 padded=1x1x8 user_bytes=8 device_bytes=8\n"
		"input n/b stream=2 type=u8 order=nhwc shape=1x1x8 padded=1x1x8 user_bytes=8 device_bytes=8\n"
		"output n/o stream=0 type=u8 order=nc shape=1x1x8 padded=1x1x8 user_bytes=8 device_bytes=8\n");
}

static void test_refnet_runs(void **state)
{
	struct blob out = { 0 };
	struct failure failure;

	(void)state;
	assert_int_equal(sh("refnet -i a=a.raw -i n/b=b.raw -o o.raw sum.hef 2>&1"), 0);
	assert_string_equal(said, "");
	assert_int_equal(read_file("o.raw", &out, &failure), 0);
	assert_int_equal(out.size, 16);
	assert_memory_equal(out.data, "\2\3\4\5\6\7\10\11ABCDEFGH", 16);
	blob_free(&out);
}

static void test_refnet_compares(void **state)
{
	(void)state;
	assert_int_equal(sh("refnet -i a=a.raw -i b=b.raw -o same.raw sum.hef 2>&1"), 0);
	assert_int_equal(sh("refnet -u -i a=a.raw -i b=b.raw -c o=same.raw sum.hef 2>&1"), 0);
	assert_string_equal(said, "2 frames of 1 outputs: no byte differs\n");
	put("other.raw", "\2\3\4\5\6\7\10\11ABXDEFYH", 16);
	assert_int_equal(sh("refnet -u -i a=a.raw -i b=b.raw -c other.raw sum.hef 2>&1"), 2);
	assert_string_equal(said,
		"other.raw: frame 1 of n/o: 2 of 8 bytes differ, first byte 2 (row 0, column 0, feature 2): 88, the reference has 67\n");
}

static void test_refnet_errors(void **state)
{
	static const struct {
		const char *arguments, *says;
	} cases[] = {
		{ "", "usage: refnet" },
		{ "none.hef", "refnet: none.hef: No such file or directory" },
		{ "a.raw", "refnet: a.raw: not a HEF" },
		{ "-i a=a.raw -o o.raw sum.hef", "refnet: input 'n/b' is given 0 times" },
		{ "-i a=a.raw -i a=b.raw -o o.raw sum.hef", "input 'n/a' is given 2 times" },
		{ "-i a.raw -o o.raw sum.hef", "a.raw: which stream? NAME=FILE is needed" },
		{ "-i c=a.raw -o o.raw sum.hef", "a.raw: no such stream: c" },
		{ "-i a=sum.net -i b=b.raw -o o.raw sum.hef",
		  "sum.net: 57 bytes are no whole number of 8-byte frames" },
		{ "-i a=one.raw -i b=b.raw -o o.raw sum.hef", "b.raw: 2 frames, the others have 1" },
	};

	(void)state;
	put("one.raw", "12345678", 8);
	unlink("o.raw");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(sh("refnet %s 2>&1", cases[i].arguments), 1);
		if (!strstr(said, cases[i].says))
			fail_msg("%s\nsays: %s\nwanted: %s", cases[i].arguments, said,
				 cases[i].says);
		assert_false(exists("o.raw"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mkhef_usage),
		cmocka_unit_test(test_mkhef_errors),
		cmocka_unit_test(test_mkhef_options),
		cmocka_unit_test(test_refnet_lists),
		cmocka_unit_test(test_refnet_runs),
		cmocka_unit_test(test_refnet_compares),
		cmocka_unit_test(test_refnet_errors),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
