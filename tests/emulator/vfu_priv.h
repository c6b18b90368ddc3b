/* SPDX-License-Identifier: MIT */
/*
 * Messages of vfio-user (all little-endian; packed, because they are read where
 * they arrived, at any address) and the state of a connection.
 */
#ifndef EMU_VFU_PRIV_H
#define EMU_VFU_PRIV_H

#include <stdint.h>
#include <sys/types.h>

#include "tests/emulator/vfu.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "messages are used in place");

enum vfu_command {
	VFU_VERSION = 1,
	VFU_DMA_MAP = 2,
	VFU_DMA_UNMAP = 3,
	VFU_GET_INFO = 4,
	VFU_GET_REGION_INFO = 5,
	VFU_GET_IRQ_INFO = 7,
	VFU_SET_IRQS = 8,
	VFU_REGION_READ = 9,
	VFU_REGION_WRITE = 10,
	VFU_DMA_READ = 11,
	VFU_DMA_WRITE = 12,
	VFU_DEVICE_RESET = 13,
	VFU_REGION_WRITE_MULTI = 15,
	VFU_COMMANDS,
};

#define VFU_TYPE_MASK		0xfu
#define VFU_TYPE_COMMAND	0u
#define VFU_TYPE_REPLY		1u
#define VFU_NO_REPLY		0x10u
#define VFU_ERROR		0x20u

struct vfu_header {
	uint16_t id;
	uint16_t command;
	uint32_t size;			/* of the whole message */
	uint32_t flags;
	uint32_t error;
} __attribute__((packed));

struct vfu_version {
	uint16_t major;
	uint16_t minor;
	char json[];			/* with its NUL; may be missing */
} __attribute__((packed));

#define VFU_DMA_FLAG_READ	1u
#define VFU_DMA_FLAG_WRITE	2u

struct vfu_dma_map {
	uint32_t argsz;
	uint32_t flags;
	uint64_t offset;
	uint64_t addr;
	uint64_t size;
} __attribute__((packed));

#define VFU_UNMAP_ALL		2u

struct vfu_dma_unmap {
	uint32_t argsz;
	uint32_t flags;
	uint64_t addr;
	uint64_t size;
} __attribute__((packed));

struct vfu_device_info {
	uint32_t argsz;
	uint32_t flags;
	uint32_t regions;
	uint32_t irqs;
} __attribute__((packed));

struct vfu_region_info {
	uint32_t argsz;
	uint32_t flags;
	uint32_t index;
	uint32_t cap_offset;
	uint64_t size;
	uint64_t offset;
} __attribute__((packed));

struct vfu_irq_info {
	uint32_t argsz;
	uint32_t flags;
	uint32_t index;
	uint32_t count;
} __attribute__((packed));

struct vfu_set_irqs {
	uint32_t argsz;
	uint32_t flags;
	uint32_t index;
	uint32_t start;
	uint32_t count;
} __attribute__((packed));

struct vfu_access {			/* REGION_READ, REGION_WRITE */
	uint64_t offset;
	uint32_t region;
	uint32_t count;
	uint8_t data[];
} __attribute__((packed));

struct vfu_write_one {
	uint64_t offset;
	uint32_t region;
	uint32_t count;
	uint8_t data[8];
} __attribute__((packed));

struct vfu_write_multi {
	uint64_t count;
	struct vfu_write_one write[];
} __attribute__((packed));

struct vfu_dma_access {			/* DMA_READ, DMA_WRITE */
	uint64_t addr;
	uint64_t count;
	uint8_t data[];
} __attribute__((packed));

_Static_assert(sizeof(struct vfu_header) == 16, "header");
_Static_assert(sizeof(struct vfu_dma_map) == 32, "DMA map");
_Static_assert(sizeof(struct vfu_dma_unmap) == 24, "DMA unmap");
_Static_assert(sizeof(struct vfu_region_info) == 32, "region info");
_Static_assert(sizeof(struct vfu_set_irqs) == 20, "set irqs");
_Static_assert(sizeof(struct vfu_write_one) == 24, "write multi");

#define VFU_MAX_DATA		(1u << 20)
/* Per DMA message of ours. QEMU 11.1 offers 1 MiB, but its answer to one of
 * 744 KiB never came; 64 KiB fits in the socket's buffer and works.
 */
#define VFU_MAX_DMA_MESSAGE	(64u << 10)
#define VFU_MAX_MESSAGE		(VFU_MAX_DATA + 4096)
#define VFU_RX_SIZE		(2 * VFU_MAX_MESSAGE)
#define VFU_MAX_REPLY		(64u << 10)
#define VFU_MAX_FDS		16
#define VFU_MAX_MAPS		65535
#define VFU_MAX_WRITE_MULTI	200
#define VFU_REPLY_TIMEOUT_MS	10000

/* Indices of VFIO for a PCI device */
enum { VFU_REGION_CONFIG = 7, VFU_REGIONS = 9 };
enum { VFU_IRQ_INTX, VFU_IRQ_MSI, VFU_IRQ_MSIX, VFU_IRQ_ERR, VFU_IRQ_REQ, VFU_IRQS };

struct vfu_map {
	uint64_t addr;
	uint64_t size;
	uint32_t flags;
	uint8_t *memory;		/* NULL: by message only */
};

/* A message within the receive buffer, good until the next vfu_receive(). */
struct vfu_msg {
	struct vfu_header header;
	const uint8_t *payload;
	size_t len;
	int fds[VFU_MAX_FDS];		/* closed after the handler, unless set to -1 */
	unsigned int fd_count;
};

struct vfu_reply {
	uint8_t *data;			/* room for VFU_MAX_REPLY bytes */
	size_t len;
};

/* A DMA message of ours that the client has to answer. */
struct vfu_wait {
	bool pending;
	uint16_t id;
	uint16_t command;
	int error;
	uint8_t *data;			/* DMA_READ: where the bytes go */
	size_t len;
};

struct vfu {
	FILE *log;
	struct emu *emu;
	int sock;
	bool negotiated;
	bool broken;			/* cannot go on with this client */
	size_t max_data;		/* what the client takes per message */

	uint8_t *rx;
	size_t rx_start, rx_end;	/* unread bytes */
	struct {
		int fd;
		size_t at;		/* came with this byte of rx */
	} rx_fds[VFU_MAX_FDS];
	unsigned int rx_fd_count;
	uint8_t *tx;			/* header and VFU_MAX_REPLY */

	struct vfu_map *maps;		/* sorted by address, not overlapping */
	size_t map_count, map_room;
	struct vfu_wait wait;
	uint16_t next_id;
	int irq_fd[VFU_IRQS];
	bool intx_level;
	bool intx_masked;		/* by the client, or until it has seen one */
};

/* vfu_socket.c: bytes to messages and back */
int vfu_receive(struct vfu *vfu);	/* 0, or -ENOTCONN and broken */
bool vfu_next_message(struct vfu *vfu, struct vfu_msg *msg);
int vfu_send(struct vfu *vfu, const void *head, size_t head_len, const void *data, size_t len);
void vfu_close_fds(struct vfu_msg *msg);
void vfu_drop_input(struct vfu *vfu);

/* vfu_process.c */
void vfu_dispatch(struct vfu *vfu, struct vfu_msg *msg);
void vfu_log(struct vfu *vfu, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Handlers: 0 or a negative errno for the error reply. */
typedef int vfu_handler(struct vfu *vfu, struct vfu_msg *msg, struct vfu_reply *reply);

/* vfu_info.c */
vfu_handler vfu_version, vfu_get_info, vfu_get_region_info, vfu_get_irq_info, vfu_set_irqs;
void vfu_signal_msi(struct vfu *vfu);
void vfu_set_intx(struct vfu *vfu, bool level);
void vfu_drop_irqs(struct vfu *vfu);
/* vfu_region.c */
vfu_handler vfu_region_read, vfu_region_write, vfu_region_write_multi, vfu_device_reset;
uint64_t vfu_region_size(uint32_t index);
/* vfu_dma.c */
vfu_handler vfu_dma_map, vfu_dma_unmap;
void vfu_drop_maps(struct vfu *vfu);
void vfu_dma_answered(struct vfu *vfu, const struct vfu_msg *msg);
int vfu_dma_read_host(void *ctx, uint64_t addr, void *buf, size_t len);
int vfu_dma_write_host(void *ctx, uint64_t addr, const void *buf, size_t len);
int vfu_dma_catch_bus_errors(void);

#endif /* EMU_VFU_PRIV_H */
