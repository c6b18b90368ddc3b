/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Mailboxes, doorbells and log rings behind BAR4 once firmware runs.
 * Source: reference hardware.md section 8.
 */
#ifndef _HW_MAILBOX_H
#define _HW_MAILBOX_H

#include <linux/types.h>

/* Offsets in BAR4 (window 0: mailboxes, 1: doorbell, 2 and 3: logs) */
#define HW_MBOX_REQUEST			0x0000
#define HW_MBOX_RESPONSE		0x0640
#define HW_MBOX_NOTIFICATION		0x0c80
#define HW_MBOX_DOORBELL		0x1684
#define HW_LOG_APP			0x2000
#define HW_LOG_CORE			0x3000

/* Device addresses of the same things */
#define HW_ADDR_MAILBOX			0x60000000u
#define HW_ADDR_PCIE_CONFIG		0x00200000u
#define HW_ADDR_DOORBELL		0x00200684u

#define HW_MBOX_MAX_LEN			1500

/* Doorbell bits */
#define HW_DOORBELL_APP_CONTROL		(1u << 0)
#define HW_DOORBELL_CORE_CONTROL	(1u << 1)
#define HW_DOORBELL_DRIVER_DOWN		(1u << 2)
#define HW_DOORBELL_SOFT_RESET		(1u << 3)

/* Control request and response: md5 is over data[0..len) */
struct hw_mbox_control {
	__u8 md5[16];
	__le32 len;
	__u8 data[HW_MBOX_MAX_LEN];
} __attribute__((packed));

#define HW_NOTIFICATION_MAX_LEN		0x370

struct hw_mbox_notification {
	__le16 in_use;			/* 1: valid; the host writes 0 */
	__le16 len;
	__u8 data[HW_NOTIFICATION_MAX_LEN];
} __attribute__((packed));

#define HW_LOG_DATA_SIZE		4088

struct hw_log_ring {
	__le32 host_offset;		/* read position, written by the host */
	__le32 chip_offset;		/* write position, written by firmware */
	__u8 data[HW_LOG_DATA_SIZE];
} __attribute__((packed));

_Static_assert(sizeof(struct hw_mbox_control) == 1520, "control mailbox");
_Static_assert(sizeof(struct hw_mbox_notification) == 0x374, "notification");
_Static_assert(sizeof(struct hw_log_ring) == 4096, "log ring");

#endif /* _HW_MAILBOX_H */
