// SPDX-License-Identifier: MIT
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"

int fail(struct h8l_error *error, int code, const char *format, ...)
{
	va_list args;

	if (!error)
		return code;
	error->code = code;
	va_start(args, format);
	vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	return code;
}

int fail_memory(struct h8l_error *error, const char *for_what)
{
	return fail(error, -ENOMEM, "out of memory for %s", for_what);
}

int fail_errno(struct h8l_error *error, int code, const char *what)
{
	return fail(error, code, "%s: %s", what, h8l_strerror(code));
}

#define TEXT_OF(x) #x
#define VERSION_TEXT(major, minor, patch) TEXT_OF(major) "." TEXT_OF(minor) "." TEXT_OF(patch)

const char *h8l_version(void)
{
	return VERSION_TEXT(H8L_VERSION_MAJOR, H8L_VERSION_MINOR, H8L_VERSION_PATCH);
}

/* What an errno means where this library returns it */
static const struct {
	int code;
	const char *text;
} meanings[] = {
	{ 0, "success" },
	{ EACCES, "no permission; add yourself to the group that owns the file or node" },
	{ EBADMSG, "the network file is damaged; copy or download it again" },
	{ EBUSY, "another process uses the device; stop it first" },
	{ ECONNRESET, "the chip stopped the network (reset or overheating); start it again" },
	{ EINVAL, "invalid argument" },
	{ EIO, "a DMA transfer failed; see the kernel log" },
	{ ENOBUFS, "no memory that the chip can reach; free some, or enlarge CMA (cma= on the "
		   "kernel command line)" },
	{ ENODEV, "no such device; is the card plugged in and the driver loaded?" },
	{ ENOENT, "no such file or item" },
	{ ENOEXEC, "this file or firmware cannot run here" },
	{ ENOMEM, "out of memory" },
	{ ENOSPC, "no room on the chip: a free channel or firmware memory is missing" },
	{ ENOTSUP, "this library, driver, board or firmware cannot do that" },	/* EOPNOTSUPP */
	{ ENOTUNIQ, "there are several devices; name one" },
	{ EPROTO, "driver or firmware speak a protocol that this library does not know" },
	{ EREMOTEIO, "the firmware refused a request" },
	{ ETIMEDOUT, "no answer in time; see the kernel log, reset the device" },
};

const char *h8l_strerror(int error)
{
	const char *text;

	if (error < 0 && error != INT_MIN)
		error = -error;
	for (size_t i = 0; i < ARRAY_SIZE(meanings); i++)
		if (meanings[i].code == error)
			return meanings[i].text;
	text = strerrordesc_np(error);
	return text ? text : "unknown error";
}
