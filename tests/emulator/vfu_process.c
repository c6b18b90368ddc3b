// SPDX-License-Identifier: MIT
/*
 * vfio-user: life of a connection, and which message goes where.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "tests/emulator/vfu_priv.h"

void vfu_log(struct vfu *vfu, const char *format, ...)
{
	va_list args;

	fputs("vfio-user: ", vfu->log);
	va_start(args, format);
	vfprintf(vfu->log, format, args);
	va_end(args);
	fputc('\n', vfu->log);
}

static const struct {
	vfu_handler *handle;
	size_t payload;			/* at least */
	unsigned int fds;		/* at most */
} commands[VFU_COMMANDS] = {
	[VFU_VERSION] = { vfu_version, sizeof(struct vfu_version), 0 },
	[VFU_DMA_MAP] = { vfu_dma_map, sizeof(struct vfu_dma_map), 1 },
	[VFU_DMA_UNMAP] = { vfu_dma_unmap, sizeof(struct vfu_dma_unmap), 0 },
	[VFU_GET_INFO] = { vfu_get_info, sizeof(struct vfu_device_info), 0 },
	[VFU_GET_REGION_INFO] = { vfu_get_region_info, sizeof(struct vfu_region_info), 0 },
	[VFU_GET_IRQ_INFO] = { vfu_get_irq_info, sizeof(struct vfu_irq_info), 0 },
	[VFU_SET_IRQS] = { vfu_set_irqs, sizeof(struct vfu_set_irqs), 1 },
	[VFU_REGION_READ] = { vfu_region_read, sizeof(struct vfu_access), 0 },
	[VFU_REGION_WRITE] = { vfu_region_write, sizeof(struct vfu_access), 0 },
	[VFU_DEVICE_RESET] = { vfu_device_reset, 0, 0 },
	[VFU_REGION_WRITE_MULTI] = { vfu_region_write_multi, sizeof(struct vfu_write_multi), 0 },
};

static int handle(struct vfu *vfu, struct vfu_msg *msg, struct vfu_reply *reply)
{
	unsigned int command = msg->header.command;

	if (command >= VFU_COMMANDS || !commands[command].handle)
		return -ENOTSUP;
	if (vfu->negotiated == (command == VFU_VERSION))
		return -EINVAL;
	if (msg->len < commands[command].payload || msg->fd_count > commands[command].fds)
		return -EINVAL;
	return commands[command].handle(vfu, msg, reply);
}

static void answer(struct vfu *vfu, const struct vfu_msg *msg, size_t len, int error)
{
	struct vfu_header header = {
		.id = msg->header.id,
		.command = msg->header.command,
		.size = sizeof(header) + len,
		.flags = VFU_TYPE_REPLY | (error ? VFU_ERROR : 0),
		.error = -error,
	};

	memcpy(vfu->tx, &header, sizeof(header));
	vfu_send(vfu, vfu->tx, sizeof(header) + len, NULL, 0);
}

void vfu_dispatch(struct vfu *vfu, struct vfu_msg *msg)
{
	struct vfu_reply reply = { .data = vfu->tx + sizeof(struct vfu_header) };
	int error = -EINVAL;

	if ((msg->header.flags & VFU_TYPE_MASK) == VFU_TYPE_REPLY) {
		vfu_dma_answered(vfu, msg);
		vfu_close_fds(msg);
		return;
	}
	if ((msg->header.flags & VFU_TYPE_MASK) == VFU_TYPE_COMMAND)
		error = handle(vfu, msg, &reply);
	vfu_close_fds(msg);
	if (error)
		vfu_log(vfu, "command %u of %zu bytes: %s", msg->header.command, msg->len,
			strerror(-error));
	if (!(msg->header.flags & VFU_NO_REPLY))
		answer(vfu, msg, error ? 0 : reply.len, error);
}

/* Handles what has been read. True if there was anything. */
static bool handle_input(struct vfu *vfu)
{
	struct vfu_msg msg;
	bool any = false;

	while (vfu_next_message(vfu, &msg)) {
		vfu_dispatch(vfu, &msg);
		any = true;
	}
	return any;
}

int vfu_process(struct vfu *vfu)
{
	if (vfu->sock < 0 || vfu->broken || vfu_receive(vfu))
		return -ENOTCONN;
	handle_input(vfu);
	return vfu->broken ? -ENOTCONN : 0;
}

int vfu_run(struct vfu *vfu, uint64_t now, uint64_t *next)
{
	/* With the answer to a DMA message others may have come, and nobody
	 * will poll for what is already here.
	 */
	do {
		*next = emu_run(vfu->emu, now);
	} while (handle_input(vfu));
	return vfu->broken ? -ENOTCONN : 0;
}

static void raise_irq(void *ctx)
{
	vfu_signal_msi(ctx);
}

static void set_intx(void *ctx, int level)
{
	vfu_set_intx(ctx, level);
}

void vfu_get_host(struct vfu *vfu, struct emu_host *host)
{
	*host = (struct emu_host){
		.dma_read = vfu_dma_read_host,
		.dma_write = vfu_dma_write_host,
		.raise_irq = raise_irq,
		.set_intx = set_intx,
		.ctx = vfu,
	};
}

struct vfu *vfu_new(FILE *log)
{
	struct vfu *vfu = calloc(1, sizeof(*vfu));

	if (!vfu)
		return NULL;
	vfu->log = log;
	vfu->sock = -1;
	for (int i = 0; i < VFU_IRQS; i++)
		vfu->irq_fd[i] = -1;
	vfu->rx = malloc(VFU_RX_SIZE);
	vfu->tx = malloc(sizeof(struct vfu_header) + VFU_MAX_REPLY);
	if (vfu->rx && vfu->tx && !vfu_dma_catch_bus_errors())
		return vfu;
	vfu_free(vfu);
	return NULL;
}

void vfu_free(struct vfu *vfu)
{
	if (!vfu)
		return;
	vfu_detach(vfu);
	free(vfu->maps);
	free(vfu->rx);
	free(vfu->tx);
	free(vfu);
}

void vfu_attach(struct vfu *vfu, struct emu *emu, int sock)
{
	const struct timeval limit = { .tv_sec = VFU_REPLY_TIMEOUT_MS / 1000 };

	vfu_detach(vfu);
	vfu->emu = emu;
	vfu->sock = sock;
	vfu->negotiated = false;
	vfu->broken = false;
	vfu->max_data = VFU_MAX_DMA_MESSAGE;
	/* A client that no longer reads must not stop us for ever. */
	setsockopt(sock, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
}

void vfu_finish(struct vfu *vfu)
{
	if (vfu->sock < 0 || shutdown(vfu->sock, SHUT_RD))
		return;
	/* Ends with the end of the stream, behind what was already sent. */
	while (!vfu_process(vfu))
		;
}

/* A socket that is closed with unread bytes resets the connection; the client
 * gets a plain end of it.
 */
static void close_gently(int sock)
{
	char bytes[4096];

	shutdown(sock, SHUT_RDWR);
	while (recv(sock, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
	close(sock);
}

void vfu_detach(struct vfu *vfu)
{
	vfu_drop_input(vfu);
	vfu_drop_maps(vfu);
	vfu_drop_irqs(vfu);
	if (vfu->sock >= 0)
		close_gently(vfu->sock);
	vfu->sock = -1;
}

bool vfu_is_attached(const struct vfu *vfu)
{
	return vfu->sock >= 0;
}

int vfu_fd(const struct vfu *vfu)
{
	return vfu->sock;
}
