/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * vDMA channels and descriptors.
 * Source: reference hardware.md section 10.
 */
#ifndef _HW_VDMA_H
#define _HW_VDMA_H

#include <linux/types.h>

#define HW_VDMA_CHANNELS		32
#define HW_VDMA_FIRST_D2H		16	/* 0..15 H2D, 16..31 D2H */

/* Registers in BAR2. Each channel has two halves; the host's is the first
 * for H2D channels (host memory is the source) and the second for D2H.
 */
#define HW_VDMA_CHANNEL(ch)		((ch) * 0x20)
#define HW_VDMA_SOURCE_HALF		0x00
#define HW_VDMA_DEST_HALF		0x10
#define HW_VDMA_HOST_HALF(ch)		\
	(HW_VDMA_CHANNEL(ch) + \
	 ((ch) < HW_VDMA_FIRST_D2H ? HW_VDMA_SOURCE_HALF : HW_VDMA_DEST_HALF))

#define HW_VDMA_REG_CONTROL		0x0	/* dword, fields below */
#define HW_VDMA_REG_NUM_AVAIL		0x2	/* u16, upper half of the above */
#define HW_VDMA_REG_NUM_PROC		0x4	/* u16 processed, u16 ongoing */
#define HW_VDMA_REG_ERROR		0x8	/* u8 error; 31:16 list address 31:16 */
#define HW_VDMA_REG_ADDR_HIGH		0xc	/* list address 63:32 */

#define HW_VDMA_CTRL_START		(1u << 0)
#define HW_VDMA_CTRL_PAUSE		(1u << 1)
#define HW_VDMA_CTRL_MASK		0x00000003u
#define HW_VDMA_DATA_ID_SHIFT		8
#define HW_VDMA_DATA_ID_MASK		0x00000700u
#define HW_VDMA_DEPTH_SHIFT		11	/* log2(count); 65536 is 0 */
#define HW_VDMA_DEPTH_MASK		0x00007800u
#define HW_VDMA_NUM_AVAIL_SHIFT		16

#define HW_VDMA_DATA_ID_HOST		0
#define HW_VDMA_DATA_ID_DEVICE		4	/* seen in the device half, real-device.md 6.1 */

#define HW_VDMA_MAX_DESCS		65536
#define HW_VDMA_MIN_DESCS		2
#define HW_VDMA_LIST_ALIGN		65536	/* address bits 15:0 are not stored */

/* Descriptor */
struct hw_vdma_desc {
	__le32 size_ctrl;		/* 31:8 bytes, 7:0 control */
	__le32 addr_low;		/* 31:6 address, 5:0 data id */
	__le32 addr_high;
	__le32 remaining_status;	/* written back: 31:8 remaining, 7:0 status */
} __attribute__((packed));

_Static_assert(sizeof(struct hw_vdma_desc) == 16, "descriptor");

#define HW_DESC_SIZE_SHIFT		8
#define HW_DESC_SIZE_MAX		0xffffffu
#define HW_DESC_STATUS_REQ		(1u << 0)	/* write the status back */
#define HW_DESC_STATUS_REQ_ERROR	(1u << 1)	/* write it back on error */
#define HW_DESC_IRQ_PROCESSED		(1u << 2)
#define HW_DESC_IRQ_ERROR		(1u << 3)
#define HW_DESC_IRQ_DEVICE		(1u << 4)
#define HW_DESC_IRQ_HOST		(1u << 5)
#define HW_DESC_CTRL_PLAIN		HW_DESC_STATUS_REQ_ERROR
#define HW_DESC_ADDR_LOW_MASK		0xffffffc0u
#define HW_DESC_STATUS_DONE		(1u << 0)
#define HW_DESC_STATUS_ERROR		(1u << 1)

#endif /* _HW_VDMA_H */
