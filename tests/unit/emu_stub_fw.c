// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "tests/unit/emu_stub_fw.h"

struct fw *fw_new(struct emu *emu)
{
	struct fw *fw = calloc(1, sizeof(*fw));

	if (fw)
		fw->emu = emu;
	return fw;
}

void fw_free(struct fw *fw)
{
	free(fw);
}

void fw_start(struct fw *fw, const struct hw_fw_header *app, const struct hw_fw_header *core)
{
	fw->running = true;
	fw->starts++;
	fw->app = *app;
	fw->core = *core;
}

void fw_stop(struct fw *fw)
{
	if (fw->running)
		fw->stops++;
	fw->running = false;
}

bool fw_is_running(const struct fw *fw)
{
	return fw->running;
}

void fw_control(struct fw *fw, unsigned int cpu)
{
	fw->controls[cpu]++;
	emu_count_control(fw->emu, HW_OP_IDENTIFY, 0);
	emu_raise_sw_irq(fw->emu, HW_IRQ_CONTROL);
}

void fw_driver_down(struct fw *fw)
{
	fw->driver_downs++;
	vdma_abort_all(fw->emu);
}

uint64_t fw_run(struct fw *fw)
{
	fw->runs++;
	return fw->run ? fw->run(fw) : EMU_IDLE;
}
