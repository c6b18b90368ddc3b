/* SPDX-License-Identifier: MIT */
/*
 * Result files that are complete or not there: written without a name, or
 * where the file system has no such files under another name, and renamed at
 * the end. What is not a regular file (a pipe, /dev/null) is written to
 * directly.
 */
#ifndef OUTFILE_H
#define OUTFILE_H

#include <stddef.h>
#include <stdio.h>

#include "tools/tool.h"

struct outfile {
	FILE *file;
	char *path;		/* final name, symbolic links resolved */
	char *temporary;	/* name until the end, NULL: none */
	bool unnamed;		/* gets a temporary name at the end */
};

/* Makes the file, so that a folder that cannot be written to shows
 * before any work is done. 0 or -1 with a problem.
 */
int outfile_open(struct outfile *out, const char *path, struct problem *problem);
int outfile_write(struct outfile *out, const void *data, size_t size, struct problem *problem);
/* Flushes and gives the file its name. After a failure nothing is left. */
int outfile_commit(struct outfile *out, struct problem *problem);
/* Forgets the file; also after a commit, or on one that is all zero. */
void outfile_discard(struct outfile *out);

/* Reads a whole file of at most `limit` bytes into memory of the caller. From
 * what is not a regular file exactly `limit` bytes are read. 0 or -1.
 */
int infile_read(const char *path, size_t limit, void **data, size_t *size,
		struct problem *problem);

#endif /* OUTFILE_H */
