/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Firmware image and boot of the Hailo-8/8L.
 * Source: reference hardware.md sections 5.3, 6 and 7.
 */
#ifndef _HW_BOOT_H
#define _HW_BOOT_H

#include <linux/types.h>

/* Device addresses written while the boot ROM waits for an image */
#define HW_BOOT_APP_CODE		0x00060000u
#define HW_BOOT_CORE_HEADER		0x000a0000u
#define HW_BOOT_CORE_CODE		0x000c0000u
#define HW_BOOT_STATUS			0x000e0000u
#define HW_BOOT_APP_HEADER		0x000e0030u
#define HW_BOOT_KEY_CERT		0x000e0048u
#define HW_BOOT_CONTENT_CERT		0x000e0390u
#define HW_BOOT_TRIGGER			0x000e0980u
#define HW_BOOT_BOARD_CONFIG		0x60001000u
#define HW_BOOT_FW_CONFIG		0x60001500u

#define HW_BOOT_KEY_CERT_SLOT		(HW_BOOT_CONTENT_CERT - HW_BOOT_KEY_CERT)
#define HW_BOOT_CONTENT_CERT_SLOT	(HW_BOOT_TRIGGER - HW_BOOT_CONTENT_CERT)
#define HW_BOOT_CONFIG_FILE_MAX		0x500
#define HW_BOOT_STATUS_WAITING		1u	/* ROM waits for an image */
#define HW_BOOT_TRIGGER_VALUE		1u

/* Image: app header, app code, certificate header, key certificate,
 * content certificate, core header, core code; nothing else. Little-endian.
 */
#define HW_FW_MAGIC			0x1dd89de0u
#define HW_FW_HEADER_VERSION		0u
#define HW_FW_MAX_SIZE			0x50000
#define HW_FW_CODE_MIN			80
#define HW_FW_APP_CODE_MAX		0x40000
#define HW_FW_CORE_CODE_MAX		0x20000
#define HW_FW_CERT_MAX			0x1000

/* revision word */
#define HW_FW_REVISION_NUMBER		0x07ffffffu
#define HW_FW_REVISION_CORE		(1u << 27)
#define HW_FW_REVISION_EXT_CONTEXT	(1u << 29)
#define HW_FW_REVISION_DEVELOPER	(1u << 30)
#define HW_FW_REVISION_SECOND_STAGE	(1u << 31)

struct hw_fw_header {
	__le32 magic;
	__le32 header_version;
	__le32 major;
	__le32 minor;
	__le32 revision;
	__le32 code_size;
} __attribute__((packed));

struct hw_fw_cert_header {
	__le32 key_size;
	__le32 content_size;
} __attribute__((packed));

_Static_assert(sizeof(struct hw_fw_header) == 24, "firmware header");
_Static_assert(sizeof(struct hw_fw_cert_header) == 8, "certificate header");

#endif /* _HW_BOOT_H */
