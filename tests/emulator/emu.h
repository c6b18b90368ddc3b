/* SPDX-License-Identifier: MIT */
/*
 * The software chip: a model of the Hailo-8/8L as a PCIe endpoint.
 *
 * The core is plain C without I/O of its own. Everything it wants from the
 * outside goes through struct emu_host, so the same core runs behind the
 * vfio-user server (main.c, vfu_*.c), in unit tests and in fuzzers.
 *
 * Time is a parameter. Register and configuration accesses only change state;
 * DMA, firmware and the neural core work inside emu_run(), which does what is
 * due at `now` and says when it wants to be called again. So a run with the
 * same accesses at the same times is the same run, and no DMA is ever done
 * while the host waits for an access to be answered (with message DMA that
 * would deadlock, reference vm.md).
 *
 * Not thread-safe: one thread owns an emu.
 */
#ifndef EMU_H
#define EMU_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define EMU_IDLE UINT64_MAX		/* emu_run(): nothing is pending */

struct emu;

/* What the host side offers. Addresses are bus addresses. Both DMA calls
 * return 0 or a negative errno (-EFAULT: nothing is mapped there, which counts
 * as a mistake of the host; anything else: it is gone).
 */
struct emu_host {
	int (*dma_read)(void *ctx, uint64_t addr, void *buf, size_t len);
	int (*dma_write)(void *ctx, uint64_t addr, const void *buf, size_t len);
	void (*raise_irq)(void *ctx);	/* one MSI */
	void (*set_intx)(void *ctx, int level);	/* INTA; NULL: not wired */
	void *ctx;
};

enum emu_fault_kind {
	EMU_FAULT_BOOT_NEVER,		/* firmware never comes up */
	EMU_FAULT_BOOT_LATE,		/* value: extra ms */
	EMU_FAULT_BOOT_NO_IRQ,		/* comes up, but says nothing */
	EMU_FAULT_SOFT_RESET_NEVER,
	EMU_FAULT_CONTROL_NEVER,	/* key: opcode, -1 any */
	EMU_FAULT_CONTROL_LATE,		/* key: opcode; value: extra ms */
	EMU_FAULT_CONTROL_STATUS,	/* key: opcode; value: major, value2: minor */
	EMU_FAULT_CONTROL_BAD_MD5,	/* key: opcode */
	EMU_FAULT_CONTROL_LONG,		/* key: opcode; response says len > 1500 */
	EMU_FAULT_IRQ_LOST,		/* value: drop the n-th MSI (from 1) after count */
	EMU_FAULT_IRQ_SPURIOUS,		/* value: an extra MSI every n */
	EMU_FAULT_CHANNEL_STUCK,	/* key: channel; value: after n transfers */
	EMU_FAULT_DESC_ERROR,		/* key: channel; value: n-th transfer fails; value2: only its
					 * descriptor says so, the channel goes on */
	EMU_FAULT_FLIP_OUTPUT,		/* key: byte offset; value: xor mask; frame by after */
	EMU_FAULT_ALL_ONES,		/* value: after n BAR accesses reads are ~0 */
	EMU_FAULT_NOTIFY_STORM,		/* value: events per second; value2: id, 7 */
	EMU_FAULT_NOTIFY_LONG,		/* a notification with length > 0x370 */
	EMU_FAULT_LOG_OFFSET,		/* log ring offsets out of range */
	EMU_FAULT_DRIVER_DOWN_NEVER,
	EMU_FAULT_HANG,			/* value: after n controls; value2: enum emu_hang_end */
	EMU_FAULT_LINK_LOST,		/* value: after n BAR accesses; value2: powered again
					 * after so many ms, 0: until a reset of the bus
					 */
	EMU_FAULT_D3_FORGETS,		/* leaving D3hot is a reset */
	EMU_FAULT_IRQ_BETWEEN,		/* a notification comes between a read of the status that
					 * shows transfers and the clearing; value2: its event, 7
					 */
	EMU_FAULT_MASK_NO_EDGE,		/* opening the mask over a set status is no edge */
	EMU_FAULT_CONTROL_TORN,		/* key: opcode; value: half an answer, the rest and the
					 * interrupt so many ms later
					 */
	EMU_FAULT_IRQ_LATE,		/* the MSI arrives when its cause is gone; value: the n-th
					 * one after count
					 */
	EMU_FAULT_DMA_NO_STOP,		/* channels go on whoever stops them, until a reset */
	EMU_FAULT_KINDS,
};

/* The weakest reset that ends a hang. */
enum emu_hang_end {
	EMU_HANG_SOFT_RESET,
	EMU_HANG_FLR,
	EMU_HANG_BUS_RESET,
	EMU_HANG_POWER,
};

struct emu_fault {
	enum emu_fault_kind kind;
	int64_t key;
	uint64_t value;
	uint64_t value2;
	uint64_t after;			/* skip the first n matches */
	uint64_t count;			/* then hit n times; 0: for ever */
};

#define EMU_MAX_FAULTS 16

struct emu_config {
	uint32_t architecture;		/* enum hw_arch: 1 Hailo-8, 2 Hailo-8L */
	uint32_t layout;		/* cluster bitmap; 0x33 or 0xcc on 8L */
	const char *serial;		/* NULL: empty, as on the recorded card */
	const char *part_number;
	const char *product_name;
	float temperature[2];		/* degrees Celsius */
	float power_w;			/* < 0: no current monitor */
	uint64_t boot_delay_ns;		/* real card: 115.76 ms */
	unsigned int latency_percent;	/* of real firmware times; 0: at once */
	int noise;			/* ISTATUS bit 23 on BAR2/BAR4 accesses */
	unsigned int link_speed;	/* 1..3 (GT/s class), now */
	unsigned int link_width;	/* 1, 2 or 4 lanes, now */
	uint64_t dma_mask;		/* addresses beyond it are errors */
	FILE *trace;			/* NULL: no trace */
	FILE *log;			/* complaints; NULL: stderr */
	struct emu_fault faults[EMU_MAX_FAULTS];
	unsigned int fault_count;
	int faults_wait;		/* none hits until emu_switch_faults() */
};

enum emu_reset_kind {
	EMU_RESET_POWER,		/* cold: everything is lost */
	EMU_RESET_BUS,			/* hot reset */
	EMU_RESET_FLR,
};

/* Fills in a Hailo-8L as recorded on a Raspberry Pi 5 (real-device.md). */
void emu_config_init(struct emu_config *config);

/* NULL when out of memory or the configuration makes no sense (see log).
 * Copies what it needs from both arguments, strings too.
 */
struct emu *emu_new(const struct emu_config *config, const struct emu_host *host);
void emu_free(struct emu *emu);

/* PCI configuration space, 1, 2 or 4 bytes. 0 or -EINVAL. */
int emu_cfg_read(struct emu *emu, uint32_t offset, void *buf, size_t len);
int emu_cfg_write(struct emu *emu, uint32_t offset, const void *buf, size_t len);

/* BAR 0, 2 or 4; 1, 2, 4 or 8 bytes, aligned. 0 or -EINVAL (out of range). */
int emu_bar_read(struct emu *emu, unsigned int bar, uint64_t offset, void *buf, size_t len);
int emu_bar_write(struct emu *emu, unsigned int bar, uint64_t offset, const void *buf,
		  size_t len);

void emu_reset(struct emu *emu, enum emu_reset_kind kind);

/* Does what is due at time `now` (ns, never going back). Returns when to call
 * again at the latest, or EMU_IDLE; an access may make it want to run at once,
 * so call it after accesses too.
 */
uint64_t emu_run(struct emu *emu, uint64_t now);

/* What the host did so far, one JSON object and a newline. */
/* Faults of the configuration hit from now on, or do not any more. */
void emu_switch_faults(struct emu *emu);

void emu_print_stats(const struct emu *emu, FILE *out);

#endif /* EMU_H */
