/* SPDX-License-Identifier: MIT */
#ifndef EMU_FAULT_OPTION_H
#define EMU_FAULT_OPTION_H

#include <stdio.h>

#include "tests/emulator/emu.h"

/* Reads NAME[:key=value,...]. 0, or -EINVAL after a message to stderr. */
int fault_option_parse(const char *text, struct emu_fault *fault);
/* All names with their keys, one per line. */
void fault_option_list(FILE *out);

#endif /* EMU_FAULT_OPTION_H */
