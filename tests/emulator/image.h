/* SPDX-License-Identifier: MIT */
/*
 * Certificates of a firmware image made by mkfw. The real ones are opaque
 * to the host; ours start with the same four letters (hardware.md 7) and carry a
 * digest, so that the ROM of the software chip notices a wrong byte in what
 * the host wrote, as the real one must. Little-endian.
 */
#ifndef EMU_IMAGE_H
#define EMU_IMAGE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "hw/boot.h"

#define IMAGE_KEY_MAGIC		"ckBS"
#define IMAGE_CONTENT_MAGIC	"ccBS"
#define IMAGE_MAKER		"h8l-emu"

/* Sizes in released images */
#define IMAGE_KEY_SIZE		0x348
#define IMAGE_CONTENT_SIZE	0x398

struct image_cert {
	char magic[4];
	char maker[8];			/* IMAGE_MAKER with its NUL */
	uint32_t length;		/* of the whole certificate */
	uint64_t digest;		/* key: of what follows; content: see below */
	/* filler up to length */
} __attribute__((packed));

#define IMAGE_DIGEST_START	0xcbf29ce484222325ull

/* FNV-1a, 64 bits, to be continued. */
static inline uint64_t image_digest(uint64_t digest, const void *data, size_t len)
{
	const uint8_t *bytes = data;

	for (size_t i = 0; i < len; i++)
		digest = (digest ^ bytes[i]) * 0x100000001b3ull;
	return digest;
}

/* Digest of the content certificate: its filler, then the parts of the image. */
static inline uint64_t image_content_digest(const struct image_cert *cert,
					    const struct hw_fw_header *app, const void *app_code,
					    const struct hw_fw_header *core, const void *core_code)
{
	uint64_t digest = image_digest(IMAGE_DIGEST_START, cert + 1,
				       cert->length - sizeof(*cert));

	digest = image_digest(digest, app, sizeof(*app));
	digest = image_digest(digest, app_code, app->code_size);
	digest = image_digest(digest, core, sizeof(*core));
	return image_digest(digest, core_code, core->code_size);
}

#endif /* EMU_IMAGE_H */
