// SPDX-License-Identifier: MIT
/*
 * Life of the software chip: making, resetting, time, memory.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/emulator/chip.h"

void emu_config_init(struct emu_config *config)
{
	*config = (struct emu_config){
		.architecture = HW_ARCH_HAILO8L,
		.layout = 0x33,
		.temperature = { 37.42f, 37.32f },
		.power_w = -1,
		.boot_delay_ns = 115760 * NS_PER_US,
		.latency_percent = 100,
		.noise = 1,
		.link_speed = 2,
		.link_width = 1,
		.dma_mask = UINT64_MAX,
	};
}

static const char *config_problem(const struct emu_config *config)
{
	if (config->architecture != HW_ARCH_HAILO8 && config->architecture != HW_ARCH_HAILO8L)
		return "architecture: must be that of a Hailo-8 or Hailo-8L";
	if (!config->layout || config->layout > 0xff)
		return "layout: must be a bitmap of 1 to 8 clusters";
	if (config->link_speed < 1 || config->link_speed > 3)
		return "link speed: must be 1, 2 or 3";
	if (config->link_width != 1 && config->link_width != 2 && config->link_width != 4)
		return "link width: must be 1, 2 or 4";
	if (!config->dma_mask)
		return "DMA mask: must not be 0";
	if (config->fault_count > EMU_MAX_FAULTS)
		return "faults: too many";
	return NULL;
}

static int copy_strings(struct emu *emu)
{
	const char **field[] = {
		&emu->config.serial, &emu->config.part_number, &emu->config.product_name,
	};

	for (size_t i = 0; i < sizeof(field) / sizeof(field[0]); i++) {
		if (!*field[i])
			continue;
		emu->strings[i] = strdup(*field[i]);
		if (!emu->strings[i])
			return -ENOMEM;
		*field[i] = emu->strings[i];
	}
	return 0;
}

static int emu_setup(struct emu *emu)
{
	emu->sram = calloc(1, SRAM_SIZE);
	emu->control = calloc(1, CONTROL_SIZE);
	if (!emu->sram || !emu->control || copy_strings(emu))
		return -ENOMEM;
	if (fault_init(emu))
		return -EINVAL;
	pci_init(emu);
	emu->fw = fw_new(emu);
	if (!emu->fw)
		return -ENOMEM;
	emu_reset(emu, EMU_RESET_POWER);
	emu->stats = (struct emu_stats){ 0 };
	return 0;
}

struct emu *emu_new(const struct emu_config *config, const struct emu_host *host)
{
	const char *problem = config_problem(config);
	struct emu *emu;

	if (problem) {
		fprintf(config->log ? config->log : stderr, "configuration: %s\n", problem);
		return NULL;
	}
	emu = calloc(1, sizeof(*emu));
	if (!emu)
		return NULL;
	emu->config = *config;
	emu->host = *host;
	if (!emu->config.log)
		emu->config.log = stderr;
	if (emu_setup(emu)) {
		emu_free(emu);
		return NULL;
	}
	return emu;
}

void emu_free(struct emu *emu)
{
	if (!emu)
		return;
	if (emu->fw)
		fw_free(emu->fw);
	vdma_free(emu);
	for (size_t i = 0; i < sizeof(emu->strings) / sizeof(emu->strings[0]); i++)
		free(emu->strings[i]);
	free(emu->control);
	free(emu->sram);
	free(emu);
}

/* What was wrong until a reset of this kind. */
static void end_faults(struct emu *emu, enum emu_reset_kind kind)
{
	uint64_t strength = EMU_HANG_POWER - (uint64_t)kind;

	if (emu->hung && strength >= emu->hung_until)
		emu->hung = false;
	if (!emu->link_lost || kind == EMU_RESET_FLR)
		return;
	if (kind == EMU_RESET_POWER || emu->link_back == EMU_IDLE) {
		emu->link_lost = false;
		emu->gone = false;
	}
}

static void reset_now(struct emu *emu, enum emu_reset_kind kind)
{
	emu_trace(emu, "reset", "%s", kind == EMU_RESET_POWER ? "power" :
		  kind == EMU_RESET_BUS ? "bus" : "flr");
	emu->stats.resets[kind]++;
	fw_stop(emu->fw);
	pci_reset(emu, kind);
	bar_reset(emu);
	irq_reset(emu);
	vdma_reset(emu);
	mailbox_reset(emu);
	if (kind == EMU_RESET_POWER) {
		memset(emu->sram, 0, SRAM_SIZE);
		memset(emu->control, 0, CONTROL_SIZE);
		emu->gone = false;
	}
	end_faults(emu, kind);
	boot_reset(emu);
	emu->deadline = EMU_IDLE;
	emu->work = true;
}

void emu_reset(struct emu *emu, enum emu_reset_kind kind)
{
	if (!emu->running) {
		reset_now(emu, kind);
		return;
	}
	/* The strongest of several wins. */
	if (!emu->reset_pending || kind < emu->reset_kind)
		emu->reset_kind = kind;
	emu->reset_pending = true;
}

static uint64_t run_once(struct emu *emu)
{
	uint64_t next;

	if (emu->link_lost) {
		if (emu->now >= emu->link_back)
			emu_reset(emu, EMU_RESET_POWER);
		return emu->link_back;
	}
	next = min_time(boot_run(emu), irq_run(emu));
	next = min_time(next, mailbox_run(emu));
	if (fw_is_running(emu->fw) && !emu->hung)
		next = min_time(next, fw_run(emu->fw));
	return next;
}

uint64_t emu_run(struct emu *emu, uint64_t now)
{
	/* One part may give another something to do; what goes on for ever
	 * must let the shell serve the host in between.
	 */
	unsigned int rounds = 16;

	if (now > emu->now)
		emu->now = now;
	if (emu->running || (!emu->work && emu->now < emu->deadline))
		return emu->deadline;
	emu->running = true;
	do {
		emu->work = false;
		emu->deadline = run_once(emu);
	} while (emu->work && !emu->reset_pending && --rounds);
	emu->running = false;
	if (emu->reset_pending) {
		emu->reset_pending = false;
		reset_now(emu, emu->reset_kind);
	}
	if (emu->work)
		emu->deadline = emu->now;
	return emu->deadline;
}

const struct emu_config *emu_get_config(const struct emu *emu)
{
	return &emu->config;
}

struct fw *emu_get_fw(const struct emu *emu)
{
	return emu->fw;
}

uint64_t emu_now(const struct emu *emu)
{
	return emu->now;
}

static bool in_range(uint32_t addr, size_t len, uint32_t base, uint32_t size)
{
	return addr >= base && len <= size && addr - base <= size - len;
}

uint8_t *emu_memory(struct emu *emu, uint32_t addr, size_t len)
{
	if (in_range(addr, len, SRAM_BASE, SRAM_SIZE))
		return emu->sram + (addr - SRAM_BASE);
	if (in_range(addr, len, CONTROL_BASE, CONTROL_SIZE))
		return emu->control + (addr - CONTROL_BASE);
	return NULL;
}
