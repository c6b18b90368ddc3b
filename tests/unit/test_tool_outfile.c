// SPDX-License-Identifier: MIT
/* Result files are complete or not there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tools/outfile.h"

static char folder[] = "/tmp/h8l-outfile-XXXXXX";

static int setup(void **state)
{
	(void)state;
	strcpy(folder + sizeof(folder) - 7, "XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int teardown(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

static const char *in_folder(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static unsigned int entries(void)
{
	struct dirent *entry;
	unsigned int count = 0;
	DIR *dir = opendir(folder);

	assert_non_null(dir);
	while ((entry = readdir(dir)))
		count += entry->d_name[0] != '.';
	closedir(dir);
	return count;
}

static void assert_content(const char *path, const char *content)
{
	struct problem problem;
	size_t size;
	void *data;

	assert_int_equal(infile_read(path, 1000, &data, &size, &problem), 0);
	assert_int_equal(size, strlen(content));
	assert_memory_equal(data, content, size);
	free(data);
}

static void put(const char *path, const char *content)
{
	struct outfile out;
	struct problem problem;

	assert_int_equal(outfile_open(&out, path, &problem), 0);
	assert_int_equal(outfile_write(&out, content, strlen(content), &problem), 0);
	assert_int_equal(outfile_commit(&out, &problem), 0);
	outfile_discard(&out);
}

static void appears_at_commit(void **state)
{
	struct outfile out;
	struct problem problem;
	struct stat st;

	(void)state;
	assert_int_equal(outfile_open(&out, in_folder("a"), &problem), 0);
	assert_int_equal(outfile_write(&out, "abc", 3, &problem), 0);
	assert_int_equal(stat(in_folder("a"), &st), -1);
	assert_int_equal(outfile_commit(&out, &problem), 0);
	assert_content(in_folder("a"), "abc");
	assert_int_equal(entries(), 1);
}

static void discard_leaves_nothing(void **state)
{
	struct outfile out;
	struct problem problem;

	(void)state;
	put(in_folder("old"), "old");
	assert_int_equal(outfile_open(&out, in_folder("old"), &problem), 0);
	assert_int_equal(outfile_write(&out, "new", 3, &problem), 0);
	outfile_discard(&out);
	outfile_discard(&out);
	assert_content(in_folder("old"), "old");
	assert_int_equal(entries(), 1);
}

/* Where another program has taken the temporary name. */
static void names_that_are_taken(void **state)
{
	struct outfile out;
	struct problem problem;
	char taken[32];

	(void)state;
	snprintf(taken, sizeof(taken), "a.%ld-0", (long)getpid());
	put(in_folder(taken), "other");
	put(in_folder("a"), "old");
	assert_int_equal(outfile_open(&out, in_folder("a"), &problem), 0);
	assert_int_equal(outfile_write(&out, "new", 3, &problem), 0);
	assert_int_equal(outfile_commit(&out, &problem), 0);
	assert_content(in_folder("a"), "new");
	assert_content(in_folder(taken), "other");
	assert_int_equal(entries(), 2);
}

/* A folder that goes away before the end. */
static void folder_goes_away(void **state)
{
	struct outfile out;
	struct problem problem;

	(void)state;
	assert_int_equal(mkdir(in_folder("sub"), 0700), 0);
	assert_int_equal(outfile_open(&out, in_folder("sub/a"), &problem), 0);
	teardown(NULL);
	assert_int_equal(outfile_commit(&out, &problem), -1);
	assert_non_null(strstr(problem.what, "sub/a: cannot write: No such file or directory"));
	assert_int_equal(mkdir(folder, 0700), 0);
}

static void rights_are_the_usual_ones(void **state)
{
	struct stat st;
	mode_t mask = umask(027);

	(void)state;
	put(in_folder("new"), "x");
	umask(mask);
	assert_int_equal(stat(in_folder("new"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_int_equal(chmod(in_folder("new"), 0604), 0);
	put(in_folder("new"), "y");
	assert_int_equal(stat(in_folder("new"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0604);
}

static void link_stays_a_link(void **state)
{
	char target[128];
	struct stat st;

	(void)state;
	snprintf(target, sizeof(target), "%s", in_folder("target"));
	put(target, "old");
	assert_int_equal(symlink(target, in_folder("link")), 0);
	put(in_folder("link"), "new");
	assert_content(target, "new");
	assert_int_equal(lstat(in_folder("link"), &st), 0);
	assert_true(S_ISLNK(st.st_mode));
}

/* As root, a rename onto /dev/null would replace it. */
static void special_files_are_not_replaced(void **state)
{
	struct stat st;

	(void)state;
	put("/dev/null", "x");
	assert_int_equal(stat("/dev/null", &st), 0);
	assert_true(S_ISCHR(st.st_mode));
	assert_int_equal(symlink("/dev/null", in_folder("null")), 0);
	put(in_folder("null"), "x");
	assert_int_equal(stat("/dev/null", &st), 0);
	assert_true(S_ISCHR(st.st_mode));
}

static void errors_say_what_to_do(void **state)
{
	struct outfile out;
	struct problem problem;

	(void)state;
	assert_int_equal(outfile_open(&out, in_folder("no/such"), &problem), -1);
	assert_non_null(strstr(problem.what, "no/such: cannot write: No such file or directory"));
	assert_non_null(strstr(problem.hint, "make the folder first"));
	assert_int_equal(outfile_open(&out, folder, &problem), -1);
	assert_non_null(strstr(problem.what, "Is a directory"));
	outfile_discard(&out);
}

static void full_disk_is_noticed(void **state)
{
	struct outfile out;
	struct problem problem;

	(void)state;
	assert_int_equal(outfile_open(&out, "/dev/full", &problem), 0);
	assert_int_equal(outfile_write(&out, "x", 1, &problem), 0);
	assert_int_equal(outfile_commit(&out, &problem), -1);
	assert_non_null(strstr(problem.what, "No space left"));
	assert_non_null(strstr(problem.hint, "free some space"));
}

static void reading(void **state)
{
	struct problem problem;
	size_t size;
	void *data;

	(void)state;
	put(in_folder("five"), "12345");
	assert_int_equal(infile_read(in_folder("five"), 4, &data, &size, &problem), -1);
	assert_null(data);
	assert_non_null(strstr(problem.what, "too large: 5 bytes, at most 4"));
	assert_int_equal(infile_read(in_folder("none"), 4, &data, &size, &problem), -1);
	assert_non_null(strstr(problem.what, "No such file"));
	assert_int_equal(infile_read(folder, 4, &data, &size, &problem), -1);
	assert_non_null(strstr(problem.what, "is a folder"));
	assert_int_equal(infile_read("/dev/zero", 4, &data, &size, &problem), 0);
	assert_int_equal(size, 4);
	free(data);
	assert_int_equal(infile_read("/dev/null", 4, &data, &size, &problem), -1);
	assert_null(data);
	assert_non_null(strstr(problem.what, "it ends after 0 of 4 bytes"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(appears_at_commit, setup, teardown),
		cmocka_unit_test_setup_teardown(discard_leaves_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(names_that_are_taken, setup, teardown),
		cmocka_unit_test_setup_teardown(folder_goes_away, setup, teardown),
		cmocka_unit_test_setup_teardown(rights_are_the_usual_ones, setup, teardown),
		cmocka_unit_test_setup_teardown(link_stays_a_link, setup, teardown),
		cmocka_unit_test_setup_teardown(special_files_are_not_replaced, setup, teardown),
		cmocka_unit_test_setup_teardown(errors_say_what_to_do, setup, teardown),
		cmocka_unit_test_setup_teardown(full_disk_is_noticed, setup, teardown),
		cmocka_unit_test_setup_teardown(reading, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
