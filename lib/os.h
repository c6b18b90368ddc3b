/* SPDX-License-Identifier: MIT */
/*
 * Everything the library asks of the operating system about a device, behind
 * one table, so that tests can play the driver.
 */
#ifndef H8L_OS_H
#define H8L_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct h8l_os {
	void *ctx;
	const char *class_dir;		/* "/sys/class/hailo_chardev" */
	const char *dev_dir;		/* "/dev" */
	/* All return a negative errno on failure. */
	int (*open)(const struct h8l_os *os, const char *path);
	void (*close)(const struct h8l_os *os, int fd);
	int (*ioctl)(const struct h8l_os *os, int fd, unsigned long request, void *arg);
	/* Waits for something to read; 1 yes, 0 time is up, -EINTR a signal.
	 * timeout_ms < 0: for ever
	 */
	int (*poll)(const struct h8l_os *os, int fd, int timeout_ms);
	/* Does poll() on this node tell anything? (The stock driver has none.) */
	bool (*can_poll)(const struct h8l_os *os, int fd);
	/* A descriptor that is readable while the node has something urgent (a
	 * notification); only where can_poll() says yes. To be closed with close(2).
	 */
	int (*urgent_fd)(const struct h8l_os *os, int fd);
	/* mmap() of a node or dma-buf, shared; 0 and *data, to be given to munmap() */
	int (*map)(const struct h8l_os *os, int fd, uint64_t offset, size_t size, bool writable,
		   void **data);
	/* Bytes; -EBADF: not open; -EINVAL: not a dma-buf */
	int64_t (*dmabuf_size)(const struct h8l_os *os, int fd);
	/* The processor begins (`start`) or ends to read or write */
	void (*dmabuf_sync)(const struct h8l_os *os, int fd, bool start, bool write);
	uint64_t (*now_us)(const struct h8l_os *os);
	int (*sleep_us)(const struct h8l_os *os, uint64_t us);	/* 0, or -EINTR */
};

/* The real one */
extern const struct h8l_os h8l_os_linux;

#endif /* H8L_OS_H */
