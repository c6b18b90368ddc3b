/* SPDX-License-Identifier: MIT */
/*
 * A scripted driver and chip for tests of the library: behaves like the stock
 * driver as far as reference uapi-4.23.md describes it, is strict about what
 * it is asked (`violation`), records control messages, and computes a frame
 * whenever every enabled channel has a transfer.
 */
#ifndef LIB_DRIVER_H
#define LIB_DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/os.h"
#include "uapi/hailo8l.h"

#define DRV_MAX_MAPS		4096
#define DRV_MAX_PAGES		64
#define DRV_MAX_LISTS		64
#define DRV_MAX_CONTROLS	8192
#define DRV_MAX_APPS		32
#define DRV_MAX_CONTEXTS	16
#define DRV_CHANNELS		32
#define DRV_FIRST_DMA		0x100000000ull	/* as in golden/README.md 3 */
#define DRV_DMA_STEP		0x1000000ull

struct drv_control {
	uint32_t opcode;
	uint32_t cpu;
	size_t len;
	uint8_t bytes[1500];
};

struct drv_map {
	uint64_t handle;		/* 0: none */
	uint8_t *data;
	uint64_t size;
	uint32_t direction;
	int fd;				/* of a dma-buf that is named by it, or -1 */
};

/* Memory of the driver */
struct drv_pages {
	uint64_t handle;		/* 0: none */
	uint64_t size;
	uint8_t *data;			/* once a program has mapped it */
};

struct drv_desc {
	uint8_t *data;
	uint32_t size;
	uint32_t irq;			/* HAILO8L_IRQ_* */
};

struct drv_list {
	uint64_t handle;		/* 0: none */
	uint64_t dma;
	uint32_t count;
	uint32_t page;
	bool circular;
	struct drv_desc *descs;
};

struct drv_channel {
	bool enabled;
	uint64_t list;			/* bound by the first launch */
	uint32_t avail;
	unsigned int queued;		/* transfers */
	struct {
		uint32_t first, count;
	} queue[128];
	unsigned int done;		/* not yet reported */
	bool open;			/* output: the frame is not all out yet */
	uint8_t stream;			/* from the action lists */
	uint32_t frame_size;
	uint64_t started, frames;	/* transfers launched and done since ENABLED */
};

struct drv_context {
	uint8_t type;
	uint8_t *list;
	size_t size;
};

#define DRV_FIRST_IOCTLS	4	/* that are kept in order */

struct drv_app {
	bool fast_batch_switch;
	unsigned int context_count;
	struct drv_context contexts[DRV_MAX_CONTEXTS];
};

struct drv {
	struct h8l_os os;		/* give this to device_open_os() */

	/* Behaviour, may be changed at any time */
	uint32_t version[3];
	uint32_t firmware[3];
	uint16_t page_size;
	uint32_t architecture;
	uint32_t layout;
	bool optimise_credits;
	bool fw_loaded;
	bool in_use;			/* by another process */
	bool extended;			/* has the calls of this project's driver */
	bool has_poll;
	bool stuck;			/* computes nothing */
	bool driver_memory;		/* memory of the process cannot be mapped */
	bool hides_dmabufs;		/* dma-bufs (memfds here) cannot be mapped by programs, */
	bool refuses_views;		/* or only by their descriptor by the driver */
	unsigned long fail_ioctl;	/* this one fails ... */
	unsigned int fail_skip;		/* ... after so many */
	int fail_errno;
	int open_errno;
	int64_t refuse_opcode;		/* -1: none */
	uint32_t refuse_major, refuse_minor;
	uint32_t accept_opcode[2];	/* answered with success though not known, 0: none */
	int64_t damage_opcode;		/* -1: none; answer with ... */
	enum { DRV_BAD_MD5, DRV_BAD_OPCODE, DRV_BAD_LENGTH, DRV_BAD_PARAMS, DRV_NO_ACK,
	       DRV_TOO_SHORT } damage;
	int irq_data;			/* >= 0: reported instead of a count */

	/* Data; may be NULL */
	void *ctx;
	void (*on_input)(void *ctx, const struct drv_channel *channel, const uint8_t *data);
	void (*on_output)(void *ctx, const struct drv_channel *channel, uint8_t *data);
	/* Has the frame of this output another transfer? NULL: a frame is one */
	bool (*more)(void *ctx, const struct drv_channel *channel);
	void (*on_config)(void *ctx, unsigned int context, unsigned int stream,
			  const uint8_t *data, size_t size);

	/* Records */
	char violation[256];		/* "" or the first one */
	struct drv_control *controls;
	unsigned int control_count;
	unsigned long first_ioctls[DRV_FIRST_IOCTLS];
	unsigned int ioctl_count;
	unsigned int opens;
	unsigned int launches, waits, polls, sleeps, map_calls;
	int open_fds;
	unsigned int cpu_reads, cpu_writes;	/* of dma-bufs, announced and ended */
	int cpu_now;			/* announced, not ended */
	uint64_t now_us;

	/* State */
	char class_dir[64];
	struct drv_map maps[DRV_MAX_MAPS];
	struct drv_list lists[DRV_MAX_LISTS];
	struct drv_pages pages[DRV_MAX_PAGES];
	uint64_t next_map, next_list, next_pages;
	uint64_t last_view;		/* of a dma-buf, in the program */
	struct drv_channel channels[DRV_CHANNELS];
	struct drv_app apps[DRV_MAX_APPS];
	unsigned int app_count;
	int enabled_app;		/* -1: none */
	uint8_t *scratch;		/* one frame */
	size_t scratch_size;
	bool marked;
};

/* Is a driver being called by this thread? For lib_alloc.c. */
bool drv_is_called(void);

/* A Hailo-8, one node. `nodes` entries in the class directory. */
struct drv *drv_new(unsigned int nodes);
void drv_free(struct drv *drv);
/* Maps, lists and enabled channels that are left */
unsigned int drv_leftovers(const struct drv *drv);

/* An answer to a control, for tests that know more of them */
void drv_respond(struct hailo8l_fw_control *c, uint32_t opcode, uint32_t major, uint32_t minor,
		 uint32_t params, const void *body, size_t size);

/* Calls `each` for every action of a list, those in repeated blocks too; 0,
 * or -1 if the list does not end where its last action does
 */
int drv_walk(uint8_t *list, size_t size, void (*each)(void *ctx, uint8_t type, uint8_t *body),
	     void *ctx);

#endif /* LIB_DRIVER_H */
