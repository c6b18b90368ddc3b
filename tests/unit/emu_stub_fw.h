/* SPDX-License-Identifier: MIT */
/*
 * A firmware half that does nothing but remember what it was told, for tests
 * of the hardware half. A test may hook its fw_run().
 */
#ifndef EMU_STUB_FW_H
#define EMU_STUB_FW_H

#include "tests/emulator/core.h"

struct fw {
	struct emu *emu;
	bool running;
	unsigned int starts;
	unsigned int stops;
	unsigned int controls[2];
	unsigned int driver_downs;
	unsigned int runs;
	struct hw_fw_header app;
	struct hw_fw_header core;
	uint64_t (*run)(struct fw *fw);	/* NULL: idle */
	void *ctx;
};

#endif /* EMU_STUB_FW_H */
