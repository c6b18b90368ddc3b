// SPDX-License-Identifier: MIT
/*
 * Memory that frames are in: the program's own, dma-bufs of other devices, and
 * memory that this library makes. Reference uapi-4.23.md sections 6.2, 6.3, 7.
 *
 * The interface of the stock driver names a dma-buf in a launch either by its
 * descriptor, and then a transfer begins with its first byte, or by an address
 * in a mapping of it. That mapping must begin with the dma-buf, because the
 * stock driver takes it to (W-12 there). So dma-bufs are mapped from their first
 * byte on and named by address; by descriptor only those that cannot be mapped.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "memory.h"

/* ---- where frames are ---- */

const struct h8l_memory *memory_of(const struct h8l_device *device,
				   const struct h8l_buffer *buffer)
{
	uintptr_t at = (uintptr_t)buffer->data;

	for (const struct h8l_memory *m = device->memories; m; m = m->next)
		if (at >= m->start && at - m->start <= m->size &&
		    buffer->size <= m->size - (at - m->start))
			return m;
	return NULL;
}

bool memory_reaches(const struct h8l_memory *memory, const struct h8l_buffer *buffer)
{
	uintptr_t offset = (uintptr_t)buffer->data - memory->start;

	return memory->by_fd ? offset == 0 : offset % DEVICE_MAX_PAGE_SIZE == 0;
}

int memory_check(const struct h8l_memory *memory, const struct h8l_buffer *buffer,
		 enum h8l_direction direction, bool as_is, struct h8l_error *error)
{
	if (memory->read_only && direction == H8L_OUTPUT)
		return fail(error, -EACCES, "%s: an output cannot be in a dma-buf that was opened "
			    "for reading only", device_node(memory->device));
	if (memory->fd < 0 || memory->visible || (as_is && memory_reaches(memory, buffer)))
		return 0;
	return fail(error, -EINVAL, "%s: this dma-buf is not for the processor, so a frame in it "
		    "must begin where it does and need no conversion", device_node(memory->device));
}

struct hailo8l_launch_buffer memory_name(const struct h8l_memory *memory, const void *data,
					 uint32_t size)
{
	bool by_fd = memory && memory->by_fd;

	return (struct hailo8l_launch_buffer){
		.type = by_fd ? HAILO8L_BUFFER_DMABUF : HAILO8L_BUFFER_USER_PTR,
		.addr_or_fd = by_fd ? (uint64_t)memory->fd : (uintptr_t)data,
		.size = size,
	};
}

void memory_begin_cpu(const struct h8l_memory *memory, bool write)
{
	if (memory && memory->fd >= 0)
		memory->device->os->dmabuf_sync(memory->device->os, memory->fd, true, write);
}

void memory_end_cpu(const struct h8l_memory *memory, bool write)
{
	if (memory && memory->fd >= 0)
		memory->device->os->dmabuf_sync(memory->device->os, memory->fd, false, write);
}

/* ---- life ---- */

static struct h8l_memory *new_memory(struct h8l_device *device)
{
	struct h8l_memory *memory = calloc(1, sizeof(*memory));

	if (!memory)
		return NULL;
	memory->device = device;
	memory->fd = -1;
	return memory;
}

static void free_memory(struct h8l_memory *memory)
{
	struct hailo8l_buffer_unmap u = { .mapped_handle = memory->mapping };

	if (memory->mapping)
		device_ioctl(memory->device, HAILO8L_VDMA_BUFFER_UNMAP, &u);
	dma_buffer_release(memory->device, &memory->own);
	if (memory->view)
		munmap(memory->view, memory->view_size);
	if (memory->fd >= 0)
		close(memory->fd);
	free(memory);
}

/* From now on frames can be in it, if nothing has failed so far */
static int publish(struct h8l_memory *memory, int err, struct h8l_memory **result)
{
	struct h8l_device *device = memory->device;

	if (err) {
		free_memory(memory);
		return err;
	}
	device_hold(device);
	pthread_mutex_lock(&device->lock);
	memory->next = device->memories;
	device->memories = memory;
	pthread_mutex_unlock(&device->lock);
	*result = memory;
	return 0;
}

void h8l_memory_unregister(struct h8l_memory *memory)
{
	struct h8l_device *device;
	struct h8l_memory **at;

	if (!memory)
		return;
	device = memory->device;
	pthread_mutex_lock(&device->lock);
	for (at = &device->memories; *at != memory;)
		at = &(*at)->next;
	*at = memory->next;
	pthread_mutex_unlock(&device->lock);
	free_memory(memory);
	h8l_device_close(device);
}

void *h8l_memory_data(const struct h8l_memory *memory)
{
	return (void *)memory->start;
}

/* ---- the program's own ---- */

static int map_range(struct h8l_memory *memory, uint32_t type, uint64_t address, uint64_t size)
{
	struct hailo8l_buffer_map m = {
		.user_address = address,
		.size = size,
		.data_direction = memory->read_only ? HAILO8L_DIR_TO_DEVICE : HAILO8L_DIR_BOTH,
		.buffer_type = type,
		.allocated_buffer_handle = HAILO8L_NO_ALLOCATED_BUFFER,
	};
	int err = device_ioctl(memory->device, HAILO8L_VDMA_BUFFER_MAP, &m);

	if (err >= 0)
		memory->mapping = m.mapped_handle;
	return err < 0 ? err : 0;
}

static int map_own(struct h8l_memory *memory, struct h8l_error *error)
{
	int err = map_range(memory, HAILO8L_BUFFER_USER_PTR, memory->start, memory->size);

	if (!err)
		return 0;
	return fail(error, err, "%s: %zu bytes of memory cannot be registered: %s%s",
		    device_node(memory->device), memory->size, h8l_strerror(err),
		    err == -ENOMEM ? ", or more than may be locked (ulimit -l)" : "");
}

int h8l_memory_register(struct h8l_device *device, void *data, size_t size,
			struct h8l_memory **result, struct h8l_error *error)
{
	struct h8l_memory *memory;

	if (!size || (uintptr_t)data % (uintptr_t)sysconf(_SC_PAGESIZE))
		return fail(error, -EINVAL, "memory to be registered does not begin with a page "
			    "(posix_memalign() or mmap() give such memory)");
	if (device->identity.driver_memory)
		return fail(error, -ENOTSUP, "%s: on this machine the chip reaches only memory of "
			    "the driver; h8l_memory_alloc() gives such memory",
			    device_node(device));
	memory = new_memory(device);
	if (!memory)
		return fail_memory(error, "registering memory");
	memory->start = (uintptr_t)data;
	memory->size = size;
	return publish(memory, map_own(memory, error), result);
}

/* ---- memory of ours ---- */

int h8l_memory_alloc(struct h8l_device *device, size_t size, struct h8l_memory **result,
		     struct h8l_error *error)
{
	struct h8l_memory *memory;
	int err;

	if (!size)
		return fail(error, -EINVAL, "%s: no memory was asked for", device_node(device));
	memory = new_memory(device);
	if (!memory)
		return fail_memory(error, "memory for frames");
	err = dma_buffer_create(device, size, HAILO8L_DIR_BOTH, &memory->own, error);
	memory->start = (uintptr_t)memory->own.data;
	memory->size = size;
	return publish(memory, err, result);
}

/* ---- dma-bufs ---- */

static int check_dmabuf(const struct h8l_device *device, int fd, size_t offset, size_t size,
			struct h8l_error *error)
{
	int64_t bytes = device->os->dmabuf_size(device->os, fd);

	if (bytes == -EBADF)
		return fail(error, -EBADF, "descriptor %d is not open", fd);
	if (bytes < 0)
		return fail(error, -EINVAL, "descriptor %d is not a dma-buf", fd);
	if (!size || offset % DEVICE_MAX_PAGE_SIZE)
		return fail(error, -EINVAL, "%zu bytes of a dma-buf from byte %zu on; needed are "
			    "more than none, from a multiple of %d on", size, offset,
			    DEVICE_MAX_PAGE_SIZE);
	if (offset > (uint64_t)bytes || size > (uint64_t)bytes - offset)
		return fail(error, -ERANGE, "dma-buf %d has %" PRId64 " bytes, it cannot hold %zu "
			    "from byte %zu on", fd, bytes, size, offset);
	return 0;
}

static int open_dmabuf(struct h8l_memory *memory, int fd, struct h8l_error *error)
{
	int flags = fcntl(fd, F_GETFL);

	memory->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (memory->fd < 0)
		return fail_errno(error, -errno, "another descriptor of a dma-buf");
	memory->read_only = (flags & O_ACCMODE) == O_RDONLY;
	return 0;
}

/* If the processor cannot have it, frames in it still need an address */
static int view_dmabuf(struct h8l_memory *memory, size_t size, struct h8l_error *error)
{
	const struct h8l_os *os = memory->device->os;
	void *view;

	memory->visible = !os->map(os, memory->fd, 0, size, !memory->read_only, &view);
	if (!memory->visible)
		view = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
			    0);
	if (view == MAP_FAILED)
		return fail_memory(error, "addresses for a dma-buf");
	memory->view = view;
	memory->view_size = size;
	return 0;
}

static int map_dmabuf(struct h8l_memory *memory, size_t offset, struct h8l_error *error)
{
	uintptr_t view = (uintptr_t)memory->view;
	int err = -EFAULT;

	if (memory->visible)
		err = map_range(memory, HAILO8L_BUFFER_USER_PTR, view, offset + memory->size);
	if (!err)
		return 0;
	if (!memory->visible && offset)
		return fail(error, -ENOTSUP, "%s: the owner of this dma-buf does not let programs "
			    "map it, and then the driver can only use it from its first byte on",
			    device_node(memory->device));
	if (!offset) {
		memory->by_fd = true;
		err = map_range(memory, HAILO8L_BUFFER_DMABUF, (uint64_t)memory->fd, memory->size);
	}
	if (!err)
		return 0;
	return fail(error, err, "%s: the driver cannot import %zu bytes of a dma-buf%s: %s",
		    device_node(memory->device), memory->size,
		    memory->read_only ? " that was opened for reading only" : "",
		    h8l_strerror(err));
}

int h8l_memory_import(struct h8l_device *device, int fd, size_t offset, size_t size,
		      struct h8l_memory **result, struct h8l_error *error)
{
	struct h8l_memory *memory;
	int err = check_dmabuf(device, fd, offset, size, error);

	if (err)
		return err;
	memory = new_memory(device);
	if (!memory)
		return fail_memory(error, "importing a dma-buf");
	memory->size = size;
	err = open_dmabuf(memory, fd, error) ?: view_dmabuf(memory, offset + size, error) ?:
	      map_dmabuf(memory, offset, error);
	memory->start = (uintptr_t)memory->view + offset;
	return publish(memory, err, result);
}
