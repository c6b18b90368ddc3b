// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/outfile.h"

static void write_problem(struct problem *problem, const char *path, int error)
{
	problem_set(problem, "%s: cannot write: %s", path, strerror(error));
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		problem_hint(problem, "make the folder first, or give another file name");
		break;
	case EACCES:
	case EPERM:
	case EROFS:
		problem_hint(problem, "choose a folder that you may write to");
		break;
	case ENOSPC:
	case EDQUOT:
		problem_hint(problem, "free some space, or choose another disk");
		break;
	}
}

/* A file that stands for something else must not be replaced by a file. */
static bool write_directly(const char *path)
{
	struct stat st;

	if (!strncmp(path, "/dev/", 5) || !strncmp(path, "/proc/", 6))
		return true;
	return !stat(path, &st) && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

/* Rights that creat() would give: mkstemp() is stricter, and the umask can
 * only be read by setting it.
 */
static void usual_rights(int fd, const char *path)
{
	struct stat st;
	mode_t mask = umask(0);

	umask(mask);
	if (stat(path, &st) < 0)
		st.st_mode = 0666 & ~mask;
	/* on file systems without rights this fails and does not matter */
	if (fchmod(fd, st.st_mode & 0777) < 0)
		return;
}

static int use_fd(struct outfile *out, int fd)
{
	usual_rights(fd, out->path);
	out->file = fdopen(fd, "wb");
	if (!out->file)
		close(fd);
	return out->file ? 0 : -1;
}

/* A file without a name is gone with the process, however that ends. Not every
 * file system has such files, and naming them needs /proc.
 */
static int open_unnamed(struct outfile *out)
{
	char *copy = strdup(out->path);
	int fd = -1;

	if (copy && !access("/proc/self/fd", X_OK))
		fd = open(dirname(copy), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	free(copy);
	out->unnamed = fd >= 0;
	return out->unnamed ? use_fd(out, fd) : -1;
}

static int open_temporary(struct outfile *out)
{
	int fd;

	if (asprintf(&out->temporary, "%s.XXXXXX", out->path) < 0) {
		out->temporary = NULL;
		return -1;
	}
	fd = mkostemp(out->temporary, O_CLOEXEC);
	if (fd >= 0)
		return use_fd(out, fd);
	free(out->temporary);
	out->temporary = NULL;
	return -1;
}

#define MAX_NAMES 100	/* left by others with our process id */

/* Gives a file without a name a temporary one: a link cannot replace a file,
 * but a rename can.
 */
static int name_file(struct outfile *out)
{
	char self[64];
	int i;

	snprintf(self, sizeof(self), "/proc/self/fd/%d", fileno(out->file));
	for (i = 0; i < MAX_NAMES; i++) {
		if (asprintf(&out->temporary, "%s.%ld-%d", out->path, (long)getpid(), i) < 0) {
			out->temporary = NULL;
			return ENOMEM;
		}
		if (!linkat(AT_FDCWD, self, AT_FDCWD, out->temporary, AT_SYMLINK_FOLLOW))
			return 0;
		free(out->temporary);
		out->temporary = NULL;
		if (errno != EEXIST)
			return errno;
	}
	return EEXIST;
}

static int open_any(struct outfile *out)
{
	struct stat st;

	if (write_directly(out->path)) {
		out->file = fopen(out->path, "wbe");
		return out->file ? 0 : -1;
	}
	if (!stat(out->path, &st) && S_ISDIR(st.st_mode)) {
		errno = EISDIR;
		return -1;
	}
	return open_unnamed(out) ? open_temporary(out) : 0;
}

int outfile_open(struct outfile *out, const char *path, struct problem *problem)
{
	memset(out, 0, sizeof(*out));
	/* a link keeps its place: what it points to is replaced */
	if (!write_directly(path))
		out->path = realpath(path, NULL);
	if (!out->path)
		out->path = strdup(path);
	if (out->path && !open_any(out))
		return 0;
	write_problem(problem, path, errno);
	outfile_discard(out);
	return -1;
}

int outfile_write(struct outfile *out, const void *data, size_t size, struct problem *problem)
{
	if (fwrite(data, 1, size, out->file) == size)
		return 0;
	write_problem(problem, out->path, errno);
	return -1;
}

/* Everything to the disk, under a temporary name. 0 or an errno. */
static int complete(struct outfile *out)
{
	int error = 0;

	if (ferror(out->file) || fflush(out->file))
		error = errno ? errno : EIO;
	if (!error && out->unnamed)
		error = name_file(out);
	if (fclose(out->file) && !error)
		error = errno;
	out->file = NULL;
	return error;
}

int outfile_commit(struct outfile *out, struct problem *problem)
{
	int error = complete(out);

	if (!error && out->temporary && rename(out->temporary, out->path))
		error = errno;
	if (!error) {
		free(out->temporary);
		out->temporary = NULL;
	} else {
		write_problem(problem, out->path, error);
	}
	outfile_discard(out);
	return error ? -1 : 0;
}

void outfile_discard(struct outfile *out)
{
	if (out->file)
		fclose(out->file);
	if (out->temporary)
		unlink(out->temporary);
	free(out->temporary);
	free(out->path);
	memset(out, 0, sizeof(*out));
}

/* Bytes to read: what the file has, or the limit where that is not known. */
static int wanted_size(FILE *file, const char *path, size_t limit, size_t *size,
		       struct problem *problem)
{
	struct stat st;

	*size = limit;
	if (fstat(fileno(file), &st) < 0)
		return problem_set(problem, "%s: cannot read: %s", path, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return problem_set(problem, "%s: cannot read: is a folder", path);
	if (!S_ISREG(st.st_mode))
		return 0;
	if ((unsigned long long)st.st_size > limit)
		return problem_set(problem, "%s: too large: %llu bytes, at most %zu expected", path,
				   (unsigned long long)st.st_size, limit);
	*size = (size_t)st.st_size;
	return 0;
}

static int read_into(FILE *file, const char *path, size_t size, void **data,
		     struct problem *problem)
{
	size_t got;

	*data = malloc(size ? size : 1);
	if (!*data)
		return problem_set(problem, "%s: cannot read: out of memory for %zu bytes",
				   path, size);
	got = fread(*data, 1, size, file);
	if (got == size)
		return 0;
	free(*data);
	*data = NULL;
	return problem_set(problem, "%s: cannot read: %s after %zu of %zu bytes", path,
			   ferror(file) ? strerror(errno) : "it ends", got, size);
}

int infile_read(const char *path, size_t limit, void **data, size_t *size,
		struct problem *problem)
{
	FILE *file = fopen(path, "rbe");
	int result;

	*data = NULL;
	if (!file)
		return problem_set(problem, "%s: cannot open: %s", path, strerror(errno));
	result = wanted_size(file, path, limit, size, problem);
	if (!result)
		result = read_into(file, path, *size, data, problem);
	fclose(file);
	return result;
}
