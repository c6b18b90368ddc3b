/* SPDX-License-Identifier: MIT */
/*
 * vfio-user server: lets an unmodified QEMU use the software chip as a PCI
 * device. The protocol as QEMU 11.1 speaks it is in reference vm.md; its
 * specification is docs/interop/vfio-user.rst of QEMU.
 *
 * One client at a time. Nothing that a client sends ends the process: a bad
 * request gets an error reply, and what cannot be understood as a message at
 * all ends the connection.
 *
 * Not thread-safe.
 */
#ifndef EMU_VFU_H
#define EMU_VFU_H

#include <stdbool.h>
#include <stdio.h>

#include "tests/emulator/emu.h"

struct vfu;

/* Complaints go to `log`. NULL: out of memory. Installs a handler for SIGBUS:
 * a client may shrink the memory that it shared.
 */
struct vfu *vfu_new(FILE *log);
void vfu_free(struct vfu *vfu);		/* NULL is fine; not the emu */

/* The callbacks for emu_new(). DMA blocks until done. */
void vfu_get_host(struct vfu *vfu, struct emu_host *host);

/* Serve `emu` to the client behind `sock`, which is closed by vfu_detach(). */
void vfu_attach(struct vfu *vfu, struct emu *emu, int sock);
/* Answers all that the client has sent and takes nothing more, which fails there
 * at once: QEMU would wait for the answer to a request that is in a closed
 * socket, with its clock running and its CPU standing still.
 */
void vfu_finish(struct vfu *vfu);
/* Closes the connection and forgets mappings and interrupts. */
void vfu_detach(struct vfu *vfu);
bool vfu_is_attached(const struct vfu *vfu);
int vfu_fd(const struct vfu *vfu);	/* poll it for POLLIN; -1: no client */

/* Handles what the client sent so far. 0, or -ENOTCONN: it is gone or has sent
 * something that is not a message; call vfu_detach().
 */
int vfu_process(struct vfu *vfu);
/* emu_run(), with whatever that needs from the client. Returns as vfu_process(),
 * and the next deadline through `next`.
 */
int vfu_run(struct vfu *vfu, uint64_t now, uint64_t *next);

/* Serve on a UNIX socket until SIGTERM or SIGINT (or, with `once`, until the
 * first client is gone). on_stats() is called on SIGUSR1. 0 or negative errno,
 * after a message to the log.
 */
struct vfu_server_options {
	const char *path;
	bool once;
	void (*on_stats)(void *ctx);
	void (*on_faults)(void *ctx);	/* SIGUSR2 */
	void *ctx;
};

int vfu_serve(struct vfu *vfu, struct emu *emu, const struct vfu_server_options *options);

#endif /* EMU_VFU_H */
