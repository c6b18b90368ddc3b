// SPDX-License-Identifier: MIT
/*
 * DMA as the bus allows it: only while the function is a bus master, and only
 * to addresses below the mask.
 */
#include <errno.h>
#include <inttypes.h>

#include "tests/emulator/chip.h"

static int refuse(struct emu *emu, const char *what, uint64_t addr, size_t len)
{
	emu->stats.dma_faults++;
	emu_trace(emu, "dma", "fault %s 0x%" PRIx64 " %zu", what, addr, len);
	return -EFAULT;
}

static int check(struct emu *emu, uint64_t addr, size_t len)
{
	if (emu->gone || emu->reset_pending)
		return refuse(emu, "unplugged", addr, len);
	if (!pci_is_master(emu)) {
		emu_violation(emu, "DMA of %zu bytes at 0x%" PRIx64
			      " while bus mastering is off", len, addr);
		return refuse(emu, "master", addr, len);
	}
	if (!len || addr + (len - 1) < addr || addr + (len - 1) > emu->config.dma_mask) {
		emu_violation(emu, "DMA of %zu bytes at 0x%" PRIx64 " outside the DMA mask",
			      len, addr);
		return refuse(emu, "mask", addr, len);
	}
	return 0;
}

int dma_read(struct emu *emu, uint64_t addr, void *buf, size_t len)
{
	if (check(emu, addr, len))
		return -EFAULT;
	if (emu->host.dma_read(emu->host.ctx, addr, buf, len)) {
		emu_violation(emu, "DMA read of %zu bytes at 0x%" PRIx64 ": not mapped",
			      len, addr);
		return refuse(emu, "read", addr, len);
	}
	emu->stats.dma_reads++;
	emu->stats.dma_read_bytes += len;
	if (trace_enabled(emu))
		emu_trace(emu, "dma", "R 0x%" PRIx64 " %zu", addr, len);
	return 0;
}

int dma_write(struct emu *emu, uint64_t addr, const void *buf, size_t len)
{
	if (check(emu, addr, len))
		return -EFAULT;
	if (emu->host.dma_write(emu->host.ctx, addr, buf, len)) {
		emu_violation(emu, "DMA write of %zu bytes at 0x%" PRIx64 ": not mapped",
			      len, addr);
		return refuse(emu, "write", addr, len);
	}
	emu->stats.dma_writes++;
	emu->stats.dma_write_bytes += len;
	if (trace_enabled(emu))
		emu_trace(emu, "dma", "W 0x%" PRIx64 " %zu", addr, len);
	return 0;
}
