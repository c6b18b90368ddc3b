// SPDX-License-Identifier: MIT
/* Firmware log, see fw_log.h for the format. */
#include <stdarg.h>

#include "tests/emulator/fw.h"

void fw_log(struct fw *fw, unsigned int cpu, enum fw_log_level level,
	    enum fw_log_message message, unsigned int count, ...)
{
	uint32_t record[2 + FW_LOG_MAX_ARGS];
	unsigned int i;
	va_list args;

	if (!fw->running || level < fw->set.log_level || !(fw->set.log_interfaces & 1))
		return;
	record[0] = htole32(FW_LOG_MARK | count << 8 | message);
	record[1] = htole32((emu_now(fw->emu) - fw->started) / 1000);
	va_start(args, count);
	for (i = 0; i < count; i++)
		record[2 + i] = htole32(va_arg(args, uint32_t));
	va_end(args);
	emu_log_write(fw->emu, cpu, record, (2 + count) * sizeof(record[0]));
}
