// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/magic.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "os.h"

static int os_open(const struct h8l_os *os, const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	(void)os;
	return fd < 0 ? -errno : fd;
}

static void os_close(const struct h8l_os *os, int fd)
{
	(void)os;
	close(fd);
}

static int os_ioctl(const struct h8l_os *os, int fd, unsigned long request, void *arg)
{
	int result = ioctl(fd, request, arg);

	(void)os;
	return result < 0 ? -errno : result;
}

static int os_poll(const struct h8l_os *os, int fd, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int result = poll(&p, 1, timeout_ms);

	(void)os;
	return result < 0 ? -errno : result > 0;
}

/* A file without a poll operation reports itself always writable; nothing is
 * ever written to a driver's node that has one.
 */
static bool os_can_poll(const struct h8l_os *os, int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	(void)os;
	return poll(&p, 1, 0) == 0;
}

/* An event loop knows readable and writable, hardly urgent: epoll translates */
static int os_urgent_fd(const struct h8l_os *os, int fd)
{
	struct epoll_event urgent = { .events = EPOLLPRI };
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	int err;

	(void)os;
	if (epoll < 0)
		return -errno;
	if (!epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &urgent))
		return epoll;
	err = -errno;
	close(epoll);
	return err;
}

static int os_map(const struct h8l_os *os, int fd, uint64_t offset, size_t size, bool writable,
		  void **data)
{
	void *at = mmap(NULL, size, PROT_READ | (writable ? PROT_WRITE : 0), MAP_SHARED, fd,
			(off_t)offset);

	(void)os;
	if (at == MAP_FAILED)
		return -errno;
	*data = at;
	return 0;
}

static int64_t os_dmabuf_size(const struct h8l_os *os, int fd)
{
	struct statfs fs;
	off_t size;

	(void)os;
	if (fstatfs(fd, &fs))
		return -errno;
	if (fs.f_type != DMA_BUF_MAGIC)
		return -EINVAL;
	size = lseek(fd, 0, SEEK_END);
	return size < 0 ? -EINVAL : size;
}

/* What else than a signal can go wrong, nobody could do anything about */
static void os_dmabuf_sync(const struct h8l_os *os, int fd, bool start, bool write)
{
	struct dma_buf_sync sync = {
		.flags = (start ? DMA_BUF_SYNC_START : DMA_BUF_SYNC_END) |
			 (write ? DMA_BUF_SYNC_WRITE : DMA_BUF_SYNC_READ),
	};

	(void)os;
	while (ioctl(fd, DMA_BUF_IOCTL_SYNC, &sync) && (errno == EINTR || errno == EAGAIN))
		;
}

static uint64_t os_now_us(const struct h8l_os *os)
{
	struct timespec now;

	(void)os;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static int os_sleep_us(const struct h8l_os *os, uint64_t us)
{
	struct timespec time = {
		.tv_sec = (time_t)(us / 1000000),
		.tv_nsec = (long)(us % 1000000) * 1000,
	};

	(void)os;
	return nanosleep(&time, NULL) ? -errno : 0;
}

const struct h8l_os h8l_os_linux = {
	.class_dir = "/sys/class/hailo_chardev",
	.dev_dir = "/dev",
	.open = os_open,
	.close = os_close,
	.ioctl = os_ioctl,
	.poll = os_poll,
	.can_poll = os_can_poll,
	.urgent_fd = os_urgent_fd,
	.map = os_map,
	.dmabuf_size = os_dmabuf_size,
	.dmabuf_sync = os_dmabuf_sync,
	.now_us = os_now_us,
	.sleep_us = os_sleep_us,
};
