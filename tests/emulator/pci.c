// SPDX-License-Identifier: MIT
/*
 * PCI configuration space of a real card: hardware.md section 1, real-device.md
 * section 2 and, for what neither records, the reset values that the PCI
 * Express base specification gives.
 */
#include <errno.h>
#include <string.h>

#include <linux/pci_regs.h>

#include "tests/emulator/chip.h"

#define DEVCTL		(HW_CAP_PCIE + PCI_EXP_DEVCTL)
#define LNKCTL		(HW_CAP_PCIE + PCI_EXP_LNKCTL)
#define LNKSTA		(HW_CAP_PCIE + PCI_EXP_LNKSTA)
#define LNKCTL2		(HW_CAP_PCIE + PCI_EXP_LNKCTL2)
#define MSI_FLAGS	(HW_CAP_MSI + PCI_MSI_FLAGS)
#define PMCSR		(HW_CAP_PM + PCI_PM_CTRL)

struct cfg_reg {
	uint16_t offset;
	uint32_t reset;
	uint32_t writable;
	uint32_t w1c;
};

#define ECAP(id, version, next)	((id) | (version) << 16 | (uint32_t)(next) << 20)

static const struct cfg_reg cfg_regs[] = {
	{ PCI_VENDOR_ID, HW_PCI_DEVICE_ID << 16 | HW_PCI_VENDOR_ID, 0, 0 },
	{ PCI_COMMAND, PCI_STATUS_CAP_LIST << 16,
	  PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_PARITY | PCI_COMMAND_SERR |
	  PCI_COMMAND_INTX_DISABLE, 0xf9000000 },
	{ PCI_CLASS_REVISION, HW_PCI_CLASS << 8 | HW_PCI_REVISION, 0, 0 },
	{ PCI_CACHE_LINE_SIZE, 0, 0x000000ff, 0 },
	{ PCI_BASE_ADDRESS_0, 0xc, ~(HW_BAR_CONFIG_SIZE - 1u), 0 },
	{ PCI_BASE_ADDRESS_1, 0, 0xffffffff, 0 },
	{ PCI_BASE_ADDRESS_2, 0xc, ~(HW_BAR_VDMA_SIZE - 1u), 0 },
	{ PCI_BASE_ADDRESS_3, 0, 0xffffffff, 0 },
	{ PCI_BASE_ADDRESS_4, 0xc, ~(HW_BAR_FW_SIZE - 1u), 0 },
	{ PCI_BASE_ADDRESS_5, 0, 0xffffffff, 0 },
	{ PCI_SUBSYSTEM_VENDOR_ID, HW_PCI_DEVICE_ID << 16 | HW_PCI_VENDOR_ID, 0, 0 },
	{ PCI_CAPABILITY_LIST, HW_CAP_PCIE, 0, 0 },
	{ PCI_INTERRUPT_LINE, 1 << 8 /* INTA */, 0x000000ff, 0 },

	/* v2 endpoint; MPS 256, extended tags, L1 unlimited, role-based errors, FLR */
	{ HW_CAP_PCIE, 0x00020000 | HW_CAP_MSI << 8 | PCI_CAP_ID_EXP, 0, 0 },
	{ HW_CAP_PCIE + PCI_EXP_DEVCAP, 0x10008e21, 0, 0 },
	/* MPS 128, MRRS 512; device status in the upper half */
	{ DEVCTL, 0x00002810, 0x000079ff, 0x000f0000 },
	/* 8 GT/s x4, L0s < 1 us, L1 < 2 us, ASPM optionality */
	{ HW_CAP_PCIE + PCI_EXP_LNKCAP, 0x0040cc43, 0, 0 },
	{ LNKCTL, 0, 0x000000cb, 0 },	/* link status: pci_reset() */
	/* time-out disable, LTR, extended format */
	{ HW_CAP_PCIE + PCI_EXP_DEVCAP2, 0x00100810, 0, 0 },
	{ HW_CAP_PCIE + PCI_EXP_DEVCTL2, 0, 0x00000410, 0 },
	{ HW_CAP_PCIE + PCI_EXP_LNKCAP2, 0x0000000e, 0, 0 },
	{ LNKCTL2, 0x00000003, 0x0000ffff, 0 },

	/* one vector, 64-bit address, no masking */
	{ HW_CAP_MSI, PCI_MSI_FLAGS_64BIT << 16 | HW_CAP_PM << 8 | PCI_CAP_ID_MSI,
	  PCI_MSI_FLAGS_ENABLE << 16, 0 },
	{ HW_CAP_MSI + PCI_MSI_ADDRESS_LO, 0, 0xfffffffc, 0 },
	{ HW_CAP_MSI + PCI_MSI_ADDRESS_HI, 0, 0xffffffff, 0 },
	{ HW_CAP_MSI + PCI_MSI_DATA_64, 0, 0x0000ffff, 0 },

	/* version 3, PME from D3hot only; PMCSR reads 0x2008 in D0 (NoSoftRst) */
	{ HW_CAP_PM, 0x40030000 | PCI_CAP_ID_PM, 0, 0 },
	{ PMCSR, 0x00002008, PCI_PM_CTRL_PME_ENABLE | PCI_PM_CTRL_STATE_MASK,
	  PCI_PM_CTRL_PME_STATUS },

	{ HW_ECAP_VSEC, ECAP(PCI_EXT_CAP_ID_VNDR, 1, HW_ECAP_LTR), 0, 0 },
	{ HW_ECAP_VSEC + 4, 0x00811556, 0, 0 },	/* id 0x1556, rev 1, length 8 */
	{ HW_ECAP_LTR, ECAP(PCI_EXT_CAP_ID_LTR, 1, HW_ECAP_L1SS), 0, 0 },
	{ HW_ECAP_LTR + 4, 0, 0x1fff1fff, 0 },
	{ HW_ECAP_L1SS, ECAP(PCI_EXT_CAP_ID_L1SS, 1, HW_ECAP_ARI), 0, 0 },
	/* all four substates, common mode 10 us, T_power_on 10 us */
	{ HW_ECAP_L1SS + PCI_L1SS_CAP, 0x00280a1f, 0, 0 },
	{ HW_ECAP_L1SS + PCI_L1SS_CTL1, 0, 0xe3ffff0f, 0 },
	{ HW_ECAP_L1SS + PCI_L1SS_CTL2, 0x00000028, 0x000000fb, 0 },
	{ HW_ECAP_ARI, ECAP(PCI_EXT_CAP_ID_ARI, 1, HW_ECAP_AER), 0, 0 },
	{ HW_ECAP_AER, ECAP(PCI_EXT_CAP_ID_ERR, 2, HW_ECAP_SECPCI), 0, 0 },
	{ HW_ECAP_AER + PCI_ERR_UNCOR_STATUS, 0, 0, 0x007ff030 },
	{ HW_ECAP_AER + PCI_ERR_UNCOR_MASK, 0, 0x007ff030, 0 },
	{ HW_ECAP_AER + PCI_ERR_UNCOR_SEVER, 0x00062010, 0x007ff030, 0 },
	{ HW_ECAP_AER + PCI_ERR_COR_STATUS, 0, 0, 0x0000f1c1 },
	{ HW_ECAP_AER + PCI_ERR_COR_MASK, PCI_ERR_COR_ADV_NFAT, 0x0000f1c1, 0 },
	{ HW_ECAP_AER + PCI_ERR_CAP, 0x000000a0, 0x00000140, 0 },
	{ HW_ECAP_SECPCI, ECAP(PCI_EXT_CAP_ID_SECPCI, 1, 0), 0, 0 },
	{ HW_ECAP_SECPCI + 4, 0, 0x00000003, 0 },
	{ HW_ECAP_SECPCI + 8, 0, 0, 0x0000000f },
};

#define CFG_REGS	(sizeof(cfg_regs) / sizeof(cfg_regs[0]))

/* What a function level reset leaves alone: sticky error registers and the
 * fields that belong to the link (PCIe base specification, 6.6.2).
 */
static const struct {
	uint16_t offset;
	uint32_t mask;
} flr_keeps[] = {
	{ DEVCTL, PCI_EXP_DEVCTL_PAYLOAD },
	{ LNKCTL, 0x000000cb },
	{ LNKCTL2, 0x0000ffff },
	{ HW_ECAP_AER + PCI_ERR_UNCOR_STATUS, 0xffffffff },
	{ HW_ECAP_AER + PCI_ERR_UNCOR_MASK, 0xffffffff },
	{ HW_ECAP_AER + PCI_ERR_UNCOR_SEVER, 0xffffffff },
	{ HW_ECAP_AER + PCI_ERR_COR_STATUS, 0xffffffff },
	{ HW_ECAP_AER + PCI_ERR_COR_MASK, 0xffffffff },
	{ HW_ECAP_AER + PCI_ERR_CAP, 0xffffffff },
};

#define FLR_KEEPS	(sizeof(flr_keeps) / sizeof(flr_keeps[0]))

static uint32_t get32(const uint8_t *bytes)
{
	return bytes[0] | bytes[1] << 8 | bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static void put32(uint8_t *bytes, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		bytes[i] = value >> 8 * i;
}

static uint16_t cfg16(const struct emu *emu, unsigned int offset)
{
	return emu->pci.cfg[offset] | emu->pci.cfg[offset + 1] << 8;
}

void pci_init(struct emu *emu)
{
	for (size_t i = 0; i < CFG_REGS; i++) {
		put32(emu->pci.writable + cfg_regs[i].offset, cfg_regs[i].writable);
		put32(emu->pci.w1c + cfg_regs[i].offset, cfg_regs[i].w1c);
	}
}

static void set_link_status(struct emu *emu)
{
	uint16_t status = emu->config.link_speed | emu->config.link_width << 4 |
			  PCI_EXP_LNKSTA_SLC;

	emu->pci.cfg[LNKSTA] = status & 0xff;
	emu->pci.cfg[LNKSTA + 1] = status >> 8;
}

void pci_reset(struct emu *emu, enum emu_reset_kind kind)
{
	uint32_t kept[FLR_KEEPS];

	for (size_t i = 0; i < FLR_KEEPS; i++)
		kept[i] = get32(emu->pci.cfg + flr_keeps[i].offset);
	memset(emu->pci.cfg, 0, sizeof(emu->pci.cfg));
	for (size_t i = 0; i < CFG_REGS; i++)
		put32(emu->pci.cfg + cfg_regs[i].offset, cfg_regs[i].reset);
	set_link_status(emu);
	if (kind != EMU_RESET_FLR)
		return;
	for (size_t i = 0; i < FLR_KEEPS; i++) {
		uint32_t value = get32(emu->pci.cfg + flr_keeps[i].offset);

		value = (value & ~flr_keeps[i].mask) | (kept[i] & flr_keeps[i].mask);
		put32(emu->pci.cfg + flr_keeps[i].offset, value);
	}
}

static bool in_d0(const struct emu *emu)
{
	return (cfg16(emu, PMCSR) & PCI_PM_CTRL_STATE_MASK) == 0;
}

bool pci_decodes_memory(const struct emu *emu)
{
	return in_d0(emu) && (cfg16(emu, PCI_COMMAND) & PCI_COMMAND_MEMORY);
}

bool pci_is_master(const struct emu *emu)
{
	return in_d0(emu) && (cfg16(emu, PCI_COMMAND) & PCI_COMMAND_MASTER);
}

bool pci_msi_enabled(const struct emu *emu)
{
	return pci_is_master(emu) && (cfg16(emu, MSI_FLAGS) & PCI_MSI_FLAGS_ENABLE) &&
	       (get32(emu->pci.cfg + HW_CAP_MSI + PCI_MSI_ADDRESS_LO) ||
		get32(emu->pci.cfg + HW_CAP_MSI + PCI_MSI_ADDRESS_HI));
}

bool pci_intx_enabled(const struct emu *emu)
{
	return in_d0(emu) && !(cfg16(emu, PCI_COMMAND) & PCI_COMMAND_INTX_DISABLE) &&
	       !(cfg16(emu, MSI_FLAGS) & PCI_MSI_FLAGS_ENABLE);
}

uint32_t pci_max_read_request(const struct emu *emu)
{
	return 128u << ((cfg16(emu, DEVCTL) & PCI_EXP_DEVCTL_READRQ) >> 12);
}

bool pci_l0s_enabled(const struct emu *emu)
{
	return cfg16(emu, LNKCTL) & PCI_EXP_LNKCTL_ASPM_L0S;
}

void pci_set_interrupt_status(struct emu *emu, bool pending)
{
	uint8_t *status = &emu->pci.cfg[PCI_STATUS];

	*status = pending ? *status | PCI_STATUS_INTERRUPT : *status & ~PCI_STATUS_INTERRUPT;
}

static bool good_access(uint64_t offset, size_t len)
{
	return (len == 1 || len == 2 || len == 4) && offset % len == 0 &&
	       offset < CFG_SIZE && len <= CFG_SIZE - offset;
}

int emu_cfg_read(struct emu *emu, uint32_t offset, void *buf, size_t len)
{
	if (!good_access(offset, len))
		return -EINVAL;
	emu->stats.cfg_reads++;
	if (emu->gone)
		memset(buf, 0xff, len);
	else
		memcpy(buf, emu->pci.cfg + offset, len);
	if (trace_enabled(emu))
		trace_access(emu, "cfg", 'R', offset, buf, len);
	return 0;
}

/* D1 and D2 do not exist: such a write is discarded, as the specification
 * asks for.
 */
static uint8_t allowed_pmcsr(uint8_t old, uint8_t value)
{
	unsigned int state = value & PCI_PM_CTRL_STATE_MASK;

	if (state != 1 && state != 2)
		return value;
	return (value & ~PCI_PM_CTRL_STATE_MASK) | (old & PCI_PM_CTRL_STATE_MASK);
}

static void write_byte(struct emu *emu, uint32_t offset, uint8_t value)
{
	struct pci_state *pci = &emu->pci;
	uint8_t writable = pci->writable[offset];

	if (offset == PMCSR)
		value = allowed_pmcsr(pci->cfg[offset], value);
	pci->cfg[offset] = (pci->cfg[offset] & ~writable) | (value & writable);
	pci->cfg[offset] &= ~(value & pci->w1c[offset]);
}

/* The FLR bit is in the upper byte of the device control register. */
static bool asks_for_flr(uint32_t offset, const uint8_t *bytes, size_t len)
{
	const uint32_t at = DEVCTL + 1;

	return offset <= at && at < offset + len &&
	       (bytes[at - offset] & (PCI_EXP_DEVCTL_BCR_FLR >> 8));
}

int emu_cfg_write(struct emu *emu, uint32_t offset, const void *buf, size_t len)
{
	const uint8_t *bytes = buf;
	bool slept;

	if (!good_access(offset, len))
		return -EINVAL;
	emu->stats.cfg_writes++;
	if (trace_enabled(emu))
		trace_access(emu, "cfg", 'W', offset, buf, len);
	if (emu->gone)
		return 0;
	slept = !in_d0(emu);
	for (size_t i = 0; i < len; i++)
		write_byte(emu, offset + i, bytes[i]);
	if (slept && in_d0(emu) && emu_fault(emu, EMU_FAULT_D3_FORGETS, -1, NULL))
		emu_reset(emu, EMU_RESET_BUS);
	if (asks_for_flr(offset, bytes, len))
		emu_reset(emu, EMU_RESET_FLR);
	irq_update(emu);
	emu->work = true;	/* bus mastering may have changed */
	return 0;
}
