// SPDX-License-Identifier: MIT
/*
 * other_name OLD NEW: standard input to standard output, with NEW, which is as
 * long, for each OLD. What busybox's sed does to zeros is not for modules.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SIZE (64u << 20)

int main(int argc, char **argv)
{
	char *all = malloc(MAX_SIZE);
	size_t size, len, i;

	if (!all || argc != 3 || strlen(argv[1]) != strlen(argv[2]))
		return 2;
	len = strlen(argv[1]);
	size = fread(all, 1, MAX_SIZE, stdin);
	for (i = 0; i + len <= size; i++)
		if (!memcmp(all + i, argv[1], len))
			memcpy(all + i, argv[2], len);
	if (!size || size == MAX_SIZE || fwrite(all, 1, size, stdout) != size)
		return 1;
	free(all);
	return fclose(stdout) != 0;
}
