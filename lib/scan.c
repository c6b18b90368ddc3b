// SPDX-License-Identifier: MIT
/* Which devices a driver has bound. Reference uapi-4.23.md section 1. */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device.h"

#define NAME_PREFIX "hailo"

/* N of "hailoN", or -1 */
static long node_index(const char *name)
{
	char *end;
	long index;

	if (strncmp(name, NAME_PREFIX, strlen(NAME_PREFIX)) ||
	    !isdigit((unsigned char)name[strlen(NAME_PREFIX)]))
		return -1;
	index = strtol(name + strlen(NAME_PREFIX), &end, 10);
	return *end || index > 255 ? -1 : index;
}

/* The attribute has no newline with the stock driver; take either */
static void read_location(const struct h8l_os *os, const char *name, char *location, size_t size)
{
	char path[512];
	ssize_t got = 0;
	int fd;

	snprintf(path, sizeof(path), "%s/%s/board_location", os->class_dir, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		got = read(fd, location, size - 1);
		close(fd);
	}
	location[got > 0 ? got : 0] = '\0';
	location[strcspn(location, "\n")] = '\0';
}

struct found {
	long index[256];
	unsigned int count;
};

static int by_index(const void *a, const void *b)
{
	long left = *(const long *)a, right = *(const long *)b;

	return (left > right) - (left < right);
}

/* No such directory: no driver has bound anything yet */
static int list_nodes(const struct h8l_os *os, struct found *found)
{
	DIR *dir = opendir(os->class_dir);
	const struct dirent *entry;

	found->count = 0;
	if (!dir)
		return errno == ENOENT ? 0 : -errno;
	while ((entry = readdir(dir))) {
		long index = node_index(entry->d_name);

		if (index >= 0 && found->count < ARRAY_SIZE(found->index))
			found->index[found->count++] = index;
	}
	closedir(dir);
	qsort(found->index, found->count, sizeof(found->index[0]), by_index);
	return 0;
}

int scan_os(const struct h8l_os *os, struct h8l_scan_entry *entries, size_t max)
{
	struct found found;
	int err = list_nodes(os, &found);

	if (err)
		return err;
	for (unsigned int i = 0; i < found.count && i < max; i++) {
		char name[16];

		snprintf(name, sizeof(name), NAME_PREFIX "%ld", found.index[i]);
		snprintf(entries[i].node, sizeof(entries[i].node), "%s/%s", os->dev_dir, name);
		read_location(os, name, entries[i].location, sizeof(entries[i].location));
	}
	return (int)found.count;
}

int h8l_scan(struct h8l_scan_entry *entries, size_t max)
{
	return scan_os(&h8l_os_linux, entries, max);
}
