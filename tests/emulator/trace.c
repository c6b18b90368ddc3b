// SPDX-License-Identifier: MIT
/*
 * The trace: one line per event, `TIME TAG ...`, time in microseconds. Two
 * runs with the same accesses at the same times give the same trace.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "tests/emulator/chip.h"

#define MAX_LOGGED_VIOLATIONS	100

static void start_line(struct emu *emu, const char *what)
{
	fprintf(emu->config.trace, "%" PRIu64 ".%03u %s ", emu->now / 1000,
		(unsigned int)(emu->now % 1000), what);
}

void emu_trace(struct emu *emu, const char *what, const char *format, ...)
{
	va_list args;

	if (!trace_enabled(emu))
		return;
	start_line(emu, what);
	va_start(args, format);
	vfprintf(emu->config.trace, format, args);
	va_end(args);
	fputc('\n', emu->config.trace);
}

void trace_access(struct emu *emu, const char *space, char direction, uint64_t offset,
		  const void *data, size_t len)
{
	uint64_t value = 0;

	memcpy(&value, data, len < sizeof(value) ? len : sizeof(value));
	start_line(emu, space);
	fprintf(emu->config.trace, "%c 0x%04" PRIx64 " 0x%0*" PRIx64 "\n", direction, offset,
		(int)len * 2, value);
}

void emu_violation(struct emu *emu, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	emu_trace(emu, "violation", "%s", text);
	/* A host gone wild must not fill the disk. */
	if (++emu->stats.violations <= MAX_LOGGED_VIOLATIONS)
		fprintf(emu->config.log, "violation: %s\n", text);
	if (emu->stats.violations == MAX_LOGGED_VIOLATIONS)
		fprintf(emu->config.log, "violation: more are only counted\n");
}
