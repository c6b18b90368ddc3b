/* SPDX-License-Identifier: MIT */
/* dma-bufs of the two exporters that need no hardware; errors end the program. */
#ifndef DMABUF_H
#define DMABUF_H

#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/dma-heap.h>
#include <linux/udmabuf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

/* -1 on failure */
static inline int dmabuf_of_memfd(size_t size)
{
	struct udmabuf_create create = { .flags = UDMABUF_FLAGS_CLOEXEC, .size = size };
	int dev = open("/dev/udmabuf", O_RDWR | O_CLOEXEC);
	int fd;

	create.memfd = memfd_create("dmabuf", MFD_ALLOW_SEALING | MFD_CLOEXEC);
	if (ftruncate((int)create.memfd, (off_t)size) ||
	    fcntl((int)create.memfd, F_ADD_SEALS, F_SEAL_SHRINK))
		perror("memfd");
	fd = ioctl(dev, UDMABUF_CREATE, &create);
	close((int)create.memfd);
	close(dev);
	return fd;
}

/* -1 on failure. `flags`: of open() */
static inline int dmabuf_of_heap(size_t size, unsigned int flags)
{
	struct dma_heap_allocation_data a = { .len = size, .fd_flags = flags | O_CLOEXEC };
	int heap = open("/dev/dma_heap/system", O_RDWR | O_CLOEXEC);
	int ret = ioctl(heap, DMA_HEAP_IOCTL_ALLOC, &a);

	close(heap);
	return ret ? -1 : (int)a.fd;
}

/* `exporter`: "udmabuf" (always O_RDWR) or "system" */
static inline int dmabuf_new(const char *exporter, size_t size, unsigned int flags)
{
	int fd = strcmp(exporter, "system") ? dmabuf_of_memfd(size) : dmabuf_of_heap(size, flags);

	if (fd >= 0)
		return fd;
	perror(exporter);
	exit(1);
}

static inline uint8_t *dmabuf_see(int fd, size_t size, size_t offset)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)offset);

	if (p != MAP_FAILED)
		return p;
	perror("mmap of a dma-buf");
	exit(1);
}

static inline void dmabuf_sync(int fd, uint64_t flags)
{
	struct dma_buf_sync sync = { .flags = flags };

	if (!ioctl(fd, DMA_BUF_IOCTL_SYNC, &sync))
		return;
	perror("DMA_BUF_IOCTL_SYNC");
	exit(1);
}

#endif /* DMABUF_H */
