// SPDX-License-Identifier: MIT
/*
 * BAR accesses: bridge registers (BAR0), vDMA registers (BAR2), and windows
 * into device memory through the address translation tables (BAR4).
 * hardware.md sections 2, 3 and 5.
 *
 * What is not there reads 0, ignores writes and counts as a violation.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "tests/emulator/chip.h"

#define ATR_ENABLE		1u
#define ATR_SIZE_CODE(word)	((word) >> 1 & 0x3f)	/* window: 2^(code + 1) */
#define ATR_SRC(word)		((word) & 0xfffff000u)
#define ATR_STRIDE		0x20u
#define ATR_BASE		HW_ATR_REG(0)

/* Table 0 reads like this while the ROM waits (real-device.md 3; the driver
 * had written it before, the true reset value is unknown). The others are
 * unknown too, and off here.
 */
void bar_reset(struct emu *emu)
{
	memset(emu->atr, 0, sizeof(emu->atr));
	emu->atr[0].word[0] = HW_ATR_PARAM_VALUE(0);
	emu->atr[0].word[4] = HW_ATR_TARGET_VALUE;
}

static const uint32_t bar_size[BAR_COUNT] = {
	[HW_BAR_CONFIG] = HW_BAR_CONFIG_SIZE,
	[HW_BAR_VDMA] = HW_BAR_VDMA_SIZE,
	[HW_BAR_FW] = HW_BAR_FW_SIZE,
};

static bool good_access(unsigned int bar, uint64_t offset, size_t len)
{
	if (bar >= BAR_COUNT || (len != 1 && len != 2 && len != 4 && len != 8))
		return false;
	return offset % len == 0 && offset < bar_size[bar] && len <= bar_size[bar] - offset;
}

/* ---- registers: dwords with a mask of the bytes concerned ---- */

static uint32_t *atr_word(struct emu *emu, uint32_t offset)
{
	uint32_t at = offset - ATR_BASE;

	if (offset < ATR_BASE || at / ATR_STRIDE >= HW_ATR_COUNT || at % ATR_STRIDE >= 20)
		return NULL;
	return &emu->atr[at / ATR_STRIDE].word[at % ATR_STRIDE / 4];
}

static uint32_t config_read(struct emu *emu, uint32_t offset)
{
	uint32_t *atr = atr_word(emu, offset);
	uint32_t value;

	if (atr)
		return *atr;
	if (irq_reg_read(emu, offset, &value))
		return value;
	if (offset == HW_REG_PCI_ID)
		return HW_PCI_DEVICE_ID << 16 | HW_PCI_VENDOR_ID;
	emu_violation(emu, "BAR0 0x%03x read: no such register", offset);
	return 0;
}

static void config_write(struct emu *emu, uint32_t offset, uint32_t value, uint32_t mask)
{
	uint32_t *atr = atr_word(emu, offset);

	if (atr)
		*atr = (*atr & ~mask) | (value & mask);
	else if (!irq_reg_write(emu, offset, value, mask))
		emu_violation(emu, "BAR0 0x%03x written (0x%08x): %s", offset, value,
			      offset == HW_REG_PCI_ID ? "read-only" : "no such register");
}

static uint32_t reg_read(struct emu *emu, unsigned int bar, uint32_t offset)
{
	return bar == HW_BAR_CONFIG ? config_read(emu, offset) : vdma_reg_read(emu, offset);
}

static void reg_write(struct emu *emu, unsigned int bar, uint32_t offset, uint32_t value,
		      uint32_t mask)
{
	if (bar == HW_BAR_CONFIG)
		config_write(emu, offset, value, mask);
	else
		vdma_reg_write(emu, offset, value, mask);
}

static uint32_t byte_mask(size_t len)
{
	return len >= 4 ? UINT32_MAX : (1u << len * 8) - 1;
}

static uint64_t regs_read(struct emu *emu, unsigned int bar, uint32_t offset, size_t len)
{
	unsigned int shift = offset % 4 * 8;
	uint64_t value = reg_read(emu, bar, offset & ~3u);

	if (len == 8)
		value |= (uint64_t)reg_read(emu, bar, offset + 4) << 32;
	return value >> shift;
}

static void regs_write(struct emu *emu, unsigned int bar, uint32_t offset, uint64_t value,
		       size_t len)
{
	unsigned int shift = offset % 4 * 8;

	reg_write(emu, bar, offset & ~3u, (uint32_t)value << shift, byte_mask(len) << shift);
	if (len == 8)
		reg_write(emu, bar, offset + 4, value >> 32, UINT32_MAX);
}

/* ---- windows ---- */

static bool covers(const struct atr_table *table, uint32_t offset, uint32_t *addr)
{
	uint64_t size = 2ull << ATR_SIZE_CODE(table->word[0]);
	uint32_t base = ATR_SRC(table->word[0]);

	if (!(table->word[0] & ATR_ENABLE) || offset < base || offset - base >= size)
		return false;
	*addr = (table->word[2] & ~(uint32_t)(size - 1)) | (offset - base);
	return true;
}

/* Device address behind BAR4 + offset, or false (and a violation). */
static bool translate(struct emu *emu, uint32_t offset, uint32_t *addr)
{
	for (unsigned int i = 0; i < HW_ATR_COUNT; i++) {
		const struct atr_table *table = &emu->atr[i];

		if (!covers(table, offset, addr))
			continue;
		if (!table->word[1] && !table->word[3] && table->word[4] == HW_ATR_TARGET_VALUE)
			return true;
		emu_violation(emu, "BAR4 0x%04x: table %u does not lead to device memory",
			      offset, i);
		return false;
	}
	emu_violation(emu, "BAR4 0x%04x: no window is open there", offset);
	return false;
}

static bool is_pcie_block(uint32_t addr)
{
	return addr >= PCIE_BLOCK_BASE && addr - PCIE_BLOCK_BASE < PCIE_BLOCK_SIZE;
}

static void window_read(struct emu *emu, uint32_t offset, void *buf, size_t len)
{
	const uint8_t *memory;
	uint32_t addr;

	memset(buf, 0, len);
	if (!translate(emu, offset, &addr))
		return;
	memory = emu_memory(emu, addr, len);
	if (memory)
		memcpy(buf, memory, len);
	else if (addr != HW_ADDR_DOORBELL)	/* write-only; 8-bit writes read it first */
		emu_violation(emu, "device address 0x%08x read: nothing there", addr);
}

static void pcie_block_write(struct emu *emu, uint32_t addr, uint64_t value, size_t len)
{
	if (addr == HW_ADDR_DOORBELL && len == 4)
		mailbox_ring(emu, value);
	else
		emu_violation(emu, "device address 0x%08x written (%zu bytes): no such register",
			      addr, len);
}

static void memory_write(struct emu *emu, uint32_t addr, const void *buf, size_t len)
{
	uint8_t *memory = emu_memory(emu, addr, len);

	if (!memory) {
		emu_violation(emu, "device address 0x%08x written: nothing there", addr);
		return;
	}
	memcpy(memory, buf, len);
	if (addr < CONTROL_BASE)
		boot_note_write(emu, addr, len);
	else if (addr <= NOTIFICATION_BASE && addr + len > NOTIFICATION_BASE)
		emu->work = true;	/* the host may have freed it */
}

static void window_write(struct emu *emu, uint32_t offset, const void *buf, size_t len)
{
	uint64_t value = 0;
	uint32_t addr;

	if (!translate(emu, offset, &addr))
		return;
	memcpy(&value, buf, len);
	if (is_pcie_block(addr))
		pcie_block_write(emu, addr, value, len);
	else
		memory_write(emu, addr, buf, len);
}

/* ---- entry points ---- */

/* The card has no power, or its link is stuck: nothing runs any more. */
static void lose_link(struct emu *emu, const struct emu_fault *fault)
{
	emu->link_lost = true;
	emu->link_back = fault->value2 ? emu->now + fault->value2 * NS_PER_MS : EMU_IDLE;
	fw_stop(emu->fw);
	vdma_reset(emu);
	mailbox_reset(emu);
	emu->work = true;
}

static bool is_gone(struct emu *emu)
{
	const struct emu_fault *fault;

	if (!emu->link_lost && emu_fault(emu, EMU_FAULT_LINK_LOST, -1, &fault))
		lose_link(emu, fault);
	return emu_fault(emu, EMU_FAULT_ALL_ONES, -1, NULL) || emu->link_lost;
}

/* False: the function does not answer; reads are all ones. */
static bool answers(struct emu *emu)
{
	bool gone = is_gone(emu);

	if (gone && !emu->gone)
		emu_trace(emu, "fault", "unplugged");
	emu->gone = gone;
	if (gone)
		return false;
	emu->stats.without_master += !pci_is_master(emu);
	if (pci_decodes_memory(emu))
		return true;
	emu_violation(emu, "BAR access while memory decoding is off or not in D0");
	return false;
}

static void note_host_access(struct emu *emu, unsigned int bar)
{
	if (bar != HW_BAR_CONFIG && emu->config.noise)
		irq_latch(emu, HW_IRQ_HOST_ACCESS);
}

static void do_read(struct emu *emu, unsigned int bar, uint32_t offset, void *buf, size_t len)
{
	uint64_t value;

	if (!answers(emu)) {
		memset(buf, 0xff, len);
		return;
	}
	note_host_access(emu, bar);
	if (bar == HW_BAR_FW) {
		window_read(emu, offset, buf, len);
		return;
	}
	value = regs_read(emu, bar, offset, len);
	memcpy(buf, &value, len);
}

static const char *bar_name(unsigned int bar)
{
	return bar == HW_BAR_CONFIG ? "bar0" : bar == HW_BAR_VDMA ? "bar2" : "bar4";
}

int emu_bar_read(struct emu *emu, unsigned int bar, uint64_t offset, void *buf, size_t len)
{
	if (!good_access(bar, offset, len))
		return -EINVAL;
	emu->stats.bar_reads[bar]++;
	do_read(emu, bar, offset, buf, len);
	if (trace_enabled(emu))
		trace_access(emu, bar_name(bar), 'R', offset, buf, len);
	return 0;
}

int emu_bar_write(struct emu *emu, unsigned int bar, uint64_t offset, const void *buf,
		  size_t len)
{
	uint64_t value = 0;

	if (!good_access(bar, offset, len))
		return -EINVAL;
	emu->stats.bar_writes[bar]++;
	if (trace_enabled(emu))
		trace_access(emu, bar_name(bar), 'W', offset, buf, len);
	if (!answers(emu))
		return 0;
	note_host_access(emu, bar);
	if (bar == HW_BAR_FW) {
		window_write(emu, offset, buf, len);
		return 0;
	}
	memcpy(&value, buf, len);
	regs_write(emu, bar, offset, value, len);
	return 0;
}
