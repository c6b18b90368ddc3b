// SPDX-License-Identifier: MIT
/*
 * vfio-user: memory of the guest. Mapped where the client gave a file, by
 * message where it did not.
 */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/emulator/vfu_priv.h"

/* ---- table of mappings ---- */

/* Index of the first mapping that ends behind `addr`. */
static size_t find_slot(const struct vfu *vfu, uint64_t addr)
{
	size_t low = 0, high = vfu->map_count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct vfu_map *map = &vfu->maps[middle];

		if (map->addr + (map->size - 1) < addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static const struct vfu_map *find_map(const struct vfu *vfu, uint64_t addr)
{
	size_t slot = find_slot(vfu, addr);

	if (slot == vfu->map_count || vfu->maps[slot].addr > addr)
		return NULL;
	return &vfu->maps[slot];
}

static int insert_map(struct vfu *vfu, size_t slot, const struct vfu_map *map)
{
	if (vfu->map_count == VFU_MAX_MAPS)
		return -ENOSPC;
	if (vfu->map_count == vfu->map_room) {
		size_t room = vfu->map_room ? 2 * vfu->map_room : 16;
		struct vfu_map *maps = realloc(vfu->maps, room * sizeof(*maps));

		if (!maps)
			return -ENOMEM;
		vfu->maps = maps;
		vfu->map_room = room;
	}
	memmove(vfu->maps + slot + 1, vfu->maps + slot,
		(vfu->map_count - slot) * sizeof(*map));
	vfu->maps[slot] = *map;
	vfu->map_count++;
	return 0;
}

static void remove_maps(struct vfu *vfu, size_t first, size_t last)
{
	for (size_t i = first; i < last; i++)
		if (vfu->maps[i].memory)
			munmap(vfu->maps[i].memory, vfu->maps[i].size);
	if (first == last)
		return;
	memmove(vfu->maps + first, vfu->maps + last,
		(vfu->map_count - last) * sizeof(*vfu->maps));
	vfu->map_count -= last - first;
}

void vfu_drop_maps(struct vfu *vfu)
{
	remove_maps(vfu, 0, vfu->map_count);
}

/* ---- messages ---- */

static bool good_range(uint64_t addr, uint64_t size)
{
	return size && addr + (size - 1) >= addr;
}

/* Reading behind the end of a file would be a SIGBUS later. */
static bool file_holds(int fd, uint64_t offset, uint64_t size)
{
	struct stat st;

	if (fstat(fd, &st))
		return false;
	if (!S_ISREG(st.st_mode))
		return true;
	return offset <= (uint64_t)st.st_size && size <= (uint64_t)st.st_size - offset;
}

static int map_file(const struct vfu_dma_map *request, int fd, struct vfu_map *map)
{
	int prot = request->flags & VFU_DMA_FLAG_WRITE ? PROT_READ | PROT_WRITE : PROT_READ;

	if (!file_holds(fd, request->offset, request->size))
		return -EINVAL;
	map->memory = mmap(NULL, request->size, prot, MAP_SHARED, fd, request->offset);
	if (map->memory != MAP_FAILED)
		return 0;
	map->memory = NULL;
	/* Behind an IOMMU there may be more mappings than a process can have:
	 * the rest goes by message.
	 */
	return errno == ENOMEM ? 0 : -errno;
}

int vfu_dma_map(struct vfu *vfu, struct vfu_msg *msg, struct vfu_reply *reply)
{
	const struct vfu_dma_map *request = (const void *)msg->payload;
	struct vfu_map map = {
		.addr = request->addr, .size = request->size, .flags = request->flags,
	};
	size_t slot;
	int error = 0;

	(void)reply;
	if (request->argsz < sizeof(*request) || !good_range(request->addr, request->size) ||
	    request->flags & ~(VFU_DMA_FLAG_READ | VFU_DMA_FLAG_WRITE))
		return -EINVAL;
	slot = find_slot(vfu, request->addr);
	if (slot < vfu->map_count &&
	    vfu->maps[slot].addr <= request->addr + (request->size - 1))
		return -EEXIST;
	if (msg->fd_count)
		error = map_file(request, msg->fds[0], &map);
	if (error)
		return error;
	error = insert_map(vfu, slot, &map);
	if (error && map.memory)
		munmap(map.memory, map.size);
	return error;
}

static int unmap_range(struct vfu *vfu, uint64_t addr, uint64_t size)
{
	size_t first, last;

	if (!good_range(addr, size))
		return -EINVAL;
	first = find_slot(vfu, addr);
	last = first;
	while (last < vfu->map_count && vfu->maps[last].addr <= addr + (size - 1))
		last++;
	if (first == last)
		return -ENOENT;
	/* No mapping is cut in two. */
	if (vfu->maps[first].addr < addr ||
	    vfu->maps[last - 1].addr + (vfu->maps[last - 1].size - 1) > addr + (size - 1))
		return -EINVAL;
	remove_maps(vfu, first, last);
	return 0;
}

int vfu_dma_unmap(struct vfu *vfu, struct vfu_msg *msg, struct vfu_reply *reply)
{
	const struct vfu_dma_unmap *request = (const void *)msg->payload;
	int error = 0;

	if (request->argsz < sizeof(*request))
		return -EINVAL;
	if (request->flags & ~VFU_UNMAP_ALL)
		return -ENOTSUP;
	if (request->flags & VFU_UNMAP_ALL)
		vfu_drop_maps(vfu);
	else
		error = unmap_range(vfu, request->addr, request->size);
	memcpy(reply->data, request, sizeof(*request));
	reply->len = sizeof(*request);
	return error;
}

/* ---- access to mapped memory ---- */

static sigjmp_buf bus_error;
static volatile sig_atomic_t copying;

static void on_bus_error(int signal)
{
	if (copying)
		siglongjmp(bus_error, 1);
	/* Not ours: die of it, as without this handler. */
	sigaction(signal, &(struct sigaction){ .sa_handler = SIG_DFL }, NULL);
	raise(signal);
}

int vfu_dma_catch_bus_errors(void)
{
	/* SA_NODEFER: the jump leaves the handler without restoring the mask. */
	const struct sigaction action = { .sa_handler = on_bus_error, .sa_flags = SA_NODEFER };

	return sigaction(SIGBUS, &action, NULL);
}

static int copy(void *to, const void *from, size_t len)
{
	if (sigsetjmp(bus_error, 0)) {
		copying = 0;
		return -EFAULT;
	}
	copying = 1;
	memcpy(to, from, len);
	copying = 0;
	return 0;
}

/* ---- access by message ---- */

void vfu_dma_answered(struct vfu *vfu, const struct vfu_msg *msg)
{
	const struct vfu_dma_access *answer = (const void *)msg->payload;
	struct vfu_wait *wait = &vfu->wait;

	if (!wait->pending || msg->header.id != wait->id ||
	    msg->header.command != wait->command) {
		vfu_log(vfu, "reply %u to nothing that was asked", msg->header.id);
		return;
	}
	wait->pending = false;
	wait->error = msg->header.flags & VFU_ERROR ? -EFAULT : 0;
	if (wait->error || !wait->data)
		return;
	if (msg->len < sizeof(*answer) || msg->len - sizeof(*answer) != wait->len)
		wait->error = -EFAULT;
	else
		memcpy(wait->data, answer->data, wait->len);
}

/* Serves the client meanwhile: it may be waiting for us as well. */
static int wait_for_answer(struct vfu *vfu)
{
	struct vfu_msg msg;

	while (vfu->wait.pending) {
		struct pollfd poll_fd = { .fd = vfu->sock, .events = POLLIN };

		if (vfu_next_message(vfu, &msg)) {
			vfu_dispatch(vfu, &msg);
			continue;
		}
		if (vfu->broken)
			return -ENOTCONN;
		if (poll(&poll_fd, 1, VFU_REPLY_TIMEOUT_MS) == 0) {
			vfu_log(vfu, "no answer to a DMA message: the connection is closed");
			vfu->broken = true;
			return -ENOTCONN;
		}
		if (vfu_receive(vfu))
			return -ENOTCONN;
	}
	return vfu->wait.error;
}

static int message(struct vfu *vfu, uint16_t command, uint64_t addr, void *in, const void *out,
		   size_t len)
{
	struct {
		struct vfu_header header;
		struct vfu_dma_access access;
	} request = {
		.header = {
			.id = vfu->next_id++,
			.command = command,
			.size = sizeof(request) + (out ? len : 0),
		},
		.access = { .addr = addr, .count = len },
	};
	int error;

	vfu->wait = (struct vfu_wait){
		.pending = true,
		.id = request.header.id,
		.command = command,
		.data = in,
		.len = len,
	};
	error = vfu_send(vfu, &request, sizeof(request), out, out ? len : 0);
	if (!error)
		error = wait_for_answer(vfu);
	vfu->wait.pending = false;
	return error;
}

/* ---- for the core ---- */

/* Bytes of [addr, addr + len) that can be had in one go; 0: none. Looks the
 * mapping up each time, because a message may change the table.
 */
static size_t reach(struct vfu *vfu, uint64_t addr, size_t len, uint32_t flag,
		    struct vfu_map *map)
{
	const struct vfu_map *found = find_map(vfu, addr);
	uint64_t there;

	if (!found || !(found->flags & flag))
		return 0;
	*map = *found;
	there = map->size - (addr - map->addr);
	if (!map->memory && there > vfu->max_data)
		there = vfu->max_data;
	return there < len ? there : len;
}

int vfu_dma_read_host(void *ctx, uint64_t addr, void *buf, size_t len)
{
	struct vfu *vfu = ctx;
	struct vfu_map map;

	while (len) {
		size_t part = reach(vfu, addr, len, VFU_DMA_FLAG_READ, &map);
		int error = -EFAULT;

		if (vfu->broken)
			return -ENOTCONN;
		if (part && map.memory)
			error = copy(buf, map.memory + (addr - map.addr), part);
		else if (part)
			error = message(vfu, VFU_DMA_READ, addr, buf, NULL, part);
		if (error)
			return error;
		buf = (uint8_t *)buf + part;
		addr += part;
		len -= part;
	}
	return 0;
}

int vfu_dma_write_host(void *ctx, uint64_t addr, const void *buf, size_t len)
{
	struct vfu *vfu = ctx;
	struct vfu_map map;

	while (len) {
		size_t part = reach(vfu, addr, len, VFU_DMA_FLAG_WRITE, &map);
		int error = -EFAULT;

		if (vfu->broken)
			return -ENOTCONN;
		if (part && map.memory)
			error = copy(map.memory + (addr - map.addr), buf, part);
		else if (part)
			error = message(vfu, VFU_DMA_WRITE, addr, NULL, buf, part);
		if (error)
			return error;
		buf = (const uint8_t *)buf + part;
		addr += part;
		len -= part;
	}
	return 0;
}
