// SPDX-License-Identifier: MIT
/*
 * The inputs that are kept, through a target, without libFuzzer: a unit test with
 * any compiler. Each folder named by CORPUS (separated by colons) is read. The
 * target runs in a child, so that the input which kills it can be named.
 */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

#define MOST_SECONDS	60	/* for one input, which takes milliseconds */

/* Shared with the child */
static struct progress {
	char path[PATH_MAX];
	unsigned int count;
} *progress;

static void run_file(const char *path)
{
	int fd = open(path, O_RDONLY);
	struct stat st;
	uint8_t *data;

	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode))
		abort();
	snprintf(progress->path, sizeof(progress->path), "%s", path);
	data = malloc((size_t)st.st_size);
	if (read(fd, data, (size_t)st.st_size) != st.st_size)
		abort();
	close(fd);
	alarm(MOST_SECONDS);
	LLVMFuzzerTestOneInput(data, (size_t)st.st_size);
	alarm(0);
	free(data);
	progress->count++;
}

static int is_input(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void run_folder(const char *folder)
{
	struct dirent **names;
	char path[PATH_MAX];
	int count = scandir(folder, &names, is_input, alphasort);

	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]->d_name);
		run_file(path);
		free(names[i]);
	}
	if (count >= 0)
		free(names);
}

static int child(int argc, char **argv)
{
	char folders[] = CORPUS;

	if (LLVMFuzzerInitialize(&argc, &argv))
		return 1;
	for (char *folder = strtok(folders, ":"); folder; folder = strtok(NULL, ":"))
		run_folder(folder);
	return 0;
}

int main(int argc, char **argv)
{
	pid_t pid;
	int status;

	progress = mmap(NULL, sizeof(*progress), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (progress == MAP_FAILED)
		return 1;
	printf("1..1\n");
	fflush(stdout);
	pid = fork();
	if (!pid)
		exit(child(argc, argv));
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 1;
	if (status || !progress->count)
		printf("# stopped with %#x at input %s\n", (unsigned int)status, progress->path);
	printf("%sok 1 - %u inputs\n", status || !progress->count ? "not " : "", progress->count);
	return status || !progress->count;
}
