/* SPDX-License-Identifier: MIT */
/*
 * An in-process host for the software chip: memory for DMA, an interrupt
 * counter, and the register sequences that a driver makes. Helpers that fail
 * are cmocka failures.
 */
#ifndef EMU_HOST_H
#define EMU_HOST_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/emulator/core.h"

#define HOST_BASE	0x1000000000ull	/* where a Pi 5 shows its memory to the device */
#define HOST_SIZE	(4u << 20)

#define MS		1000000ull

struct host {
	struct emu *emu;
	struct emu_config config;
	uint64_t now;
	unsigned int irqs;
	int intx;		/* level of INTA */
	uint8_t *memory;	/* HOST_SIZE bytes at HOST_BASE */
	FILE *log;		/* complaints of the chip go nowhere */
	/* Called before a DMA is done, when not NULL. */
	void (*on_dma)(struct host *host, uint64_t addr, size_t len);
};

/* What mkfw makes, only smaller. */
struct host_image {
	struct hw_fw_header app;
	uint8_t app_code[256];
	uint8_t key[0x100];
	uint8_t content[0x100];
	struct hw_fw_header core;
	uint8_t core_code[128];
};

/* Sets the defaults; tests may change host->config before host_power_on(). */
void host_init(struct host *host);
void host_power_on(struct host *host);	/* chip, bus mastering, memory decoding, MSI */
void host_free(struct host *host);

/* cmocka set-up and tear-down: a struct host that is powered on. */
int host_setup(void **state);
int host_setup_running(void **state);	/* and has firmware, interrupts enabled */
int host_teardown(void **state);

uint64_t host_run(struct host *host, uint64_t ns);	/* let time pass */

uint32_t cfg_read(struct host *host, uint32_t offset, size_t len);
void cfg_write(struct host *host, uint32_t offset, uint32_t value, size_t len);
uint64_t bar_read(struct host *host, unsigned int bar, uint32_t offset, size_t len);
void bar_write(struct host *host, unsigned int bar, uint32_t offset, uint64_t value, size_t len);
uint32_t reg(struct host *host, uint32_t offset);		/* BAR0, 32 bits */
void set_reg(struct host *host, uint32_t offset, uint32_t value);

/* Device memory through window 0, as the driver does it at boot (the table's
 * address is put back); every word is read back and compared.
 */
void device_write(struct host *host, uint32_t addr, const void *data, size_t len);
void device_read(struct host *host, uint32_t addr, void *data, size_t len);
uint32_t device_word(struct host *host, uint32_t addr);

void image_make(struct host_image *image);
/* Recomputes the certificates after a change of the parts. */
void image_seal(struct host_image *image);
void image_write(struct host *host, const struct host_image *image);
void host_trigger(struct host *host);
/* image_make(), image_write(), trigger, and time for it. */
void host_boot(struct host *host);
/* As the driver does it: mask on, everything cleared. */
void host_enable_irqs(struct host *host);

/* The chip's counts as emu_print_stats() prints them; path like "dma.faults". */
uint64_t host_count(struct host *host, const char *path);
unsigned int host_violations(struct host *host);

#endif /* EMU_HOST_H */
