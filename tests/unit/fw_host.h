/* SPDX-License-Identifier: MIT */
/*
 * A host for tests of the chip's firmware: memory on a bus, descriptor lists,
 * control messages, launches. The chip under it is the whole software chip
 * without its vfio-user shell; firmware is started without booting.
 */
#ifndef FW_HOST_H
#define FW_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/emulator/core.h"

struct host {
	struct emu *emu;
	uint64_t base;			/* bus address of mem */
	size_t size;
	uint8_t *mem;
	size_t used;			/* host_alloc() */
	uint64_t now;
	unsigned int irqs;
	FILE *log;			/* complaints of the chip */
	char *log_text;
	size_t log_size;
	uint16_t avail[HW_VDMA_CHANNELS];
};

/* A recorded Hailo-8L without latencies and noise; change it before host_start(). */
void host_config(struct emu_config *config);
/* `base`: bus address where `size` bytes of host memory are (taken on demand). */
void host_start(struct host *host, const struct emu_config *config, uint64_t base, size_t size);
void host_stop(struct host *host);
/* Lets the chip work until it has nothing to do, at most one second. */
void host_run(struct host *host);

/* Memory of the host; asserts that the address is in it. */
void *host_at(struct host *host, uint64_t addr, size_t len);
uint64_t host_alloc(struct host *host, size_t len, size_t align);

/* A control: writes the mailbox, rings, waits. Returns the length of the
 * response, 0 if there was none.
 */
size_t host_control(struct host *host, unsigned int cpu, const void *request, size_t len,
		    uint8_t response[HW_CTRL_MAX_LEN]);
/* The same with a request built from opcode, parameter count and area. Returns
 * the major status.
 */
uint32_t host_request(struct host *host, unsigned int cpu, uint32_t opcode, uint32_t count,
		      const void *params, size_t len);
size_t host_build(uint8_t *request, uint32_t opcode, uint32_t count, const void *params,
		  size_t len);
uint32_t host_set_header(struct host *host, const struct hw_app_header *header);
uint32_t host_set_context(struct host *host, uint8_t type, const void *list, size_t len);
uint32_t host_set_chunk(struct host *host, bool first, bool last, uint8_t type, const void *list,
			size_t len);
uint32_t host_change_status(struct host *host, uint8_t state, uint8_t app, uint16_t batch);

/* Programs descriptors [first, ...) of a list for `len` bytes at `data`, page by
 * page, the last one with control byte `last`. Returns their number.
 */
uint32_t host_program(struct host *host, uint64_t list, uint32_t first, uint32_t count,
		      uint16_t page, uint64_t data, uint32_t len, uint8_t last);
/* A launch: num_available of the channel. */
void host_set_avail(struct host *host, unsigned int channel, uint16_t avail);
uint32_t host_channel_word(struct host *host, unsigned int channel, unsigned int offset);

/* The event that waits in the notification mailbox: its length, 0 if none; takes it. */
size_t host_take_event(struct host *host, uint8_t event[HW_NOTIFICATION_MAX_LEN]);
/* Complaints of the chip since the start: true if `text` is in them. */
bool host_log_has(struct host *host, const char *text);

/* Hex text to bytes; returns their number. */
size_t from_hex(const char *hex, uint8_t *out, size_t max);

#endif /* FW_HOST_H */
