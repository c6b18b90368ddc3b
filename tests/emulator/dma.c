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

/* Only -EFAULT is a mistake of the host; else it is gone. */
static int host_error(struct emu *emu, const char *what, uint64_t addr, size_t len, int error)
{
	if (error == -EFAULT)
		emu_violation(emu, "DMA %s of %zu bytes at 0x%" PRIx64 ": not mapped", what,
			      len, addr);
	return refuse(emu, what, addr, len);
}

int dma_read(struct emu *emu, uint64_t addr, void *buf, size_t len)
{
	int error;

	if (check(emu, addr, len))
		return -EFAULT;
	error = emu->host.dma_read(emu->host.ctx, addr, buf, len);
	if (error)
		return host_error(emu, "read", addr, len, error);
	emu->stats.dma_reads++;
	emu->stats.dma_read_bytes += len;
	if (trace_enabled(emu))
		emu_trace(emu, "dma", "R 0x%" PRIx64 " %zu", addr, len);
	return 0;
}

int dma_write(struct emu *emu, uint64_t addr, const void *buf, size_t len)
{
	int error;

	if (check(emu, addr, len))
		return -EFAULT;
	error = emu->host.dma_write(emu->host.ctx, addr, buf, len);
	if (error)
		return host_error(emu, "write", addr, len, error);
	emu->stats.dma_writes++;
	emu->stats.dma_write_bytes += len;
	if (trace_enabled(emu))
		emu_trace(emu, "dma", "W 0x%" PRIx64 " %zu", addr, len);
	return 0;
}
