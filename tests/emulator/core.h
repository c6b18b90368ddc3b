/* SPDX-License-Identifier: MIT */
/*
 * Inside the software chip: what its two halves offer each other.
 *
 * Hardware half: emu.c (life, time, memory), pci.c (configuration space),
 * bar.c (registers, windows), irq.c, boot.c (boot ROM), mailbox.c (doorbells,
 * notifications, log rings), vdma.c (engine), dma.c, fault.c, stats.c,
 * trace.c; its state is in chip.h.
 * Firmware half: fw.c (life, controls), fw_control_*.c (one file per family),
 * fw_context.c (applications, contexts), fw_action.c (interpreter of the
 * action lists), nn_*.c (neural core).
 *
 * The firmware half sees the hardware only through this header; the hardware
 * half sees the firmware only through the fw_*() functions below.
 */
#ifndef EMU_CORE_H
#define EMU_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "hw/boot.h"
#include "hw/context.h"
#include "hw/control.h"
#include "hw/mailbox.h"
#include "hw/pci.h"
#include "hw/vdma.h"
#include "tests/emulator/emu.h"

struct fw;				/* firmware half, fw.c */

/* ---- offered by the hardware half ---- */

const struct emu_config *emu_get_config(const struct emu *emu);
struct fw *emu_get_fw(const struct emu *emu);
uint64_t emu_now(const struct emu *emu);

/* Device memory at [addr, addr + len); zero until written; NULL if the range
 * leaves the memory that the chip has. Stays valid until emu_free().
 */
uint8_t *emu_memory(struct emu *emu, uint32_t addr, size_t len);

/* The chip goes back to its boot ROM, as on doorbell bit 3, which includes
 * fw_stop(). For control RESET; call it from fw_run() only.
 */
void emu_soft_reset(struct emu *emu);

/* Latch software interrupt bits (HW_IRQ_CONTROL ...) and signal the host. */
void emu_raise_sw_irq(struct emu *emu, uint32_t bits);

/* Something the real chip would not have understood: trace, log, count. */
void emu_violation(struct emu *emu, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* One line of the trace, without newline; `what` is a short tag. */
void emu_trace(struct emu *emu, const char *what, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* True if a fault of this kind applies now (and counts the hit). `key` is
 * compared with the fault's; -1 on either side fits everything. The fault
 * itself comes back through `fault` when that is not NULL.
 */
bool emu_fault(struct emu *emu, enum emu_fault_kind kind, int64_t key,
	       const struct emu_fault **fault);

/* Append to a log ring; old bytes give way as on the real ring (the firmware
 * does not wait for a reader).
 */
void emu_log_write(struct emu *emu, unsigned int cpu, const void *data, size_t len);

/* Queue a notification (header and payload, at most HW_NOTIFICATION_MAX_LEN);
 * it is handed over when the mailbox is free. -ENOSPC: 64 are waiting.
 */
int emu_notify(struct emu *emu, const void *event, size_t len);

/* Counters of the firmware half, printed by emu_print_stats(). */
void emu_count_control(struct emu *emu, uint32_t opcode, uint32_t major_status);
void emu_count_frame(struct emu *emu);

/* vDMA, for the firmware. Channel 0..15 H2D, 16..31 D2H, as in the action
 * lists. `count` descriptors at bus address `list`; a power of two wraps
 * around, any other count is linear.
 */
struct vdma_list {
	uint64_t address;		/* 64 KiB aligned */
	uint32_t count;			/* 2..65536 */
	uint16_t page_size;		/* 64..4096, power of two */
};

/* Program both halves and start the host half: control 1, num_available 0,
 * num_processed 0. -EINVAL for a list that the engine cannot take.
 */
int vdma_start(struct emu *emu, unsigned int channel, const struct vdma_list *list);
void vdma_abort(struct emu *emu, unsigned int channel);
void vdma_abort_all(struct emu *emu);
void vdma_pause(struct emu *emu, unsigned int channel, bool pause);
bool vdma_is_running(const struct emu *emu, unsigned int channel);
/* Firmware-owned channels (configuration, intermediate): make n more
 * descriptors available. -EINVAL past the end of a linear list.
 */
int vdma_advance(struct emu *emu, unsigned int channel, uint32_t n);
/* Bytes that the descriptors now available hold (their own sizes summed),
 * up to and including the first one that ends a transfer for the host, i.e.
 * has a host interrupt; 0 when none is available. -EIO: DMA fault.
 */
ssize_t vdma_transfer_bytes(struct emu *emu, unsigned int channel);
/* Move up to `len` bytes by whole descriptors: from the host (H2D) into buf,
 * or from buf to the host (D2H). Returns the bytes moved, 0 when no descriptor
 * is available (back-pressure), -EPROTO when the next descriptor is larger
 * than what is left of `len` (a frame may not share a descriptor), -EIO after
 * a DMA fault or descriptor error (channel error byte set, status written
 * back). Counters, write-back and interrupts happen as the engine does them.
 */
ssize_t vdma_read(struct emu *emu, unsigned int channel, void *buf, size_t len);
ssize_t vdma_write(struct emu *emu, unsigned int channel, const void *buf, size_t len);

/* ---- offered by the firmware half ---- */

struct fw *fw_new(struct emu *emu);
void fw_free(struct fw *fw);
/* The ROM accepted an image and starts both CPUs (headers as in the image). */
void fw_start(struct fw *fw, const struct hw_fw_header *app, const struct hw_fw_header *core);
/* Soft reset, FLR, power: firmware is gone at once, nothing is answered. */
void fw_stop(struct fw *fw);
bool fw_is_running(const struct fw *fw);
/* The host rang for a control on cpu 0 (application) or 1 (core). */
void fw_control(struct fw *fw, unsigned int cpu);
/* The host announced to go (doorbell bit 2): abort all channels; the hardware
 * half acknowledges.
 */
void fw_driver_down(struct fw *fw);
/* Does what is due and as much data flow as buffers allow; returns the next
 * deadline or EMU_IDLE. Called by emu_run() after every host activity.
 */
uint64_t fw_run(struct fw *fw);

#endif /* EMU_CORE_H */
