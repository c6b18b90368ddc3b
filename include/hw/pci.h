/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Hailo-8/8L as seen on the PCI bus: ids, BARs, bridge registers.
 * Source: reference hardware.md sections 1 to 5.
 */
#ifndef _HW_PCI_H
#define _HW_PCI_H

#define HW_PCI_VENDOR_ID		0x1e60
#define HW_PCI_DEVICE_ID		0x2864	/* Hailo-8 and Hailo-8L alike */
#define HW_PCI_REVISION			0x01
#define HW_PCI_CLASS			0x0b4000	/* co-processor */

#define HW_BAR_CONFIG			0	/* bridge registers */
#define HW_BAR_VDMA			2	/* vDMA channel registers */
#define HW_BAR_FW			4	/* windows into device memory */
#define HW_BAR_CONFIG_SIZE		0x4000
#define HW_BAR_VDMA_SIZE		0x1000
#define HW_BAR_FW_SIZE			0x4000

/* Capabilities and extended capabilities, at the offsets of a real card */
#define HW_CAP_PCIE			0x80
#define HW_CAP_MSI			0xe0
#define HW_CAP_PM			0xf8
#define HW_ECAP_VSEC			0x100
#define HW_ECAP_LTR			0x108
#define HW_ECAP_L1SS			0x110
#define HW_ECAP_ARI			0x128
#define HW_ECAP_AER			0x200
#define HW_ECAP_SECPCI			0x300

/* BAR0: bridge registers */
#define HW_REG_PCI_ID			0x098	/* mirror of vendor (15:0) and device id */
#define HW_REG_IMASK			0x188	/* 1 = may raise the MSI */
#define HW_REG_ISTATUS			0x18c	/* write 1 to clear */
#define HW_REG_H2D_IRQ			0x400	/* bit n: channel n; write 1 to clear */
#define HW_REG_D2H_IRQ			0x500	/* bit n: channel n; write 1 to clear */

/* ISTATUS and IMASK */
#define HW_IRQ_H2D_MASK			0x000000ff	/* bit = channel / 4 */
#define HW_IRQ_D2H_MASK			0x0000ff00	/* bit = 8 + channel / 4 */
#define HW_IRQ_BRIDGE_ERRORS		0x007f0000	/* inferred, hardware.md 4.1 */
#define HW_IRQ_HOST_ACCESS		(1u << 23)	/* noise: host touched BAR2/BAR4 */
#define HW_IRQ_SOFT_RESET		(1u << 24)	/* boot: soft reset done */
#define HW_IRQ_BOOT			(1u << 25)	/* boot: firmware is up */
#define HW_IRQ_NOTIFICATION		(1u << 25)	/* run: notification waits */
#define HW_IRQ_CONTROL			(1u << 26)	/* control response ready */
#define HW_IRQ_DRIVER_DOWN		(1u << 27)	/* driver shutdown acknowledged */
#define HW_IRQ_ENABLE_MASK		0xff00ffffu	/* what the driver enables */

/* Address translation tables (ATR): window i of BAR4 is [i * 4 KiB, +4 KiB) */
#define HW_ATR_COUNT			4
#define HW_ATR_REG(i)			(0x700 + 0x20 * (i))
#define HW_ATR_PARAM			0x00	/* see HW_ATR_PARAM_VALUE */
#define HW_ATR_SRC_HIGH			0x04
#define HW_ATR_ADDR_LOW			0x08	/* device address, 4 KiB aligned */
#define HW_ATR_ADDR_HIGH		0x0c
#define HW_ATR_TARGET			0x10	/* see HW_ATR_TARGET_VALUE */
#define HW_ATR_PARAM_VALUE(i)		(0x17u | (unsigned int)(i) << 12)
#define HW_ATR_TARGET_VALUE		6u
#define HW_ATR_WINDOW_SIZE		0x1000

/* ATR 0 points here while firmware runs: "is the firmware loaded?" */
#define HW_ATR0_FW_RUNNING		0x60000000u

/* Largest page of a descriptor, and what small read requests limit it to */
#define HW_DESC_PAGE_MIN		64
#define HW_DESC_PAGE_MAX		4096

#endif /* _HW_PCI_H */
