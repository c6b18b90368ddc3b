// SPDX-License-Identifier: MIT
/*
 * vfio-user: from bytes on a socket to messages, and back.
 *
 * Reads as much as there is at once: a guest that copies into a BAR sends very
 * many small messages. A file descriptor comes with a byte of the stream; the
 * kernel ends a read behind the piece that carried it, so it belongs to the
 * message that holds the last byte read.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/emulator/vfu_priv.h"

static void keep_fd(struct vfu *vfu, int fd)
{
	if (vfu->rx_fd_count == VFU_MAX_FDS) {
		vfu_log(vfu, "too many file descriptors, one is dropped");
		close(fd);
		return;
	}
	vfu->rx_fds[vfu->rx_fd_count].fd = fd;
	vfu->rx_fds[vfu->rx_fd_count++].at = vfu->rx_end - 1;
}

static void keep_fds(struct vfu *vfu, struct msghdr *header)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
		size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd), sizeof(fd));
			keep_fd(vfu, fd);
		}
	}
}

static void make_room(struct vfu *vfu)
{
	if (!vfu->rx_start)
		return;
	memmove(vfu->rx, vfu->rx + vfu->rx_start, vfu->rx_end - vfu->rx_start);
	for (unsigned int i = 0; i < vfu->rx_fd_count; i++)
		vfu->rx_fds[i].at -= vfu->rx_start;
	vfu->rx_end -= vfu->rx_start;
	vfu->rx_start = 0;
}

static int broken(struct vfu *vfu)
{
	vfu->broken = true;
	return -ENOTCONN;
}

int vfu_receive(struct vfu *vfu)
{
	char control[CMSG_SPACE(VFU_MAX_FDS * sizeof(int))];
	struct iovec iov;
	struct msghdr header = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n;

	make_room(vfu);
	iov.iov_base = vfu->rx + vfu->rx_end;
	iov.iov_len = VFU_RX_SIZE - vfu->rx_end;
	n = recvmsg(vfu->sock, &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0)
		return broken(vfu);
	vfu->rx_end += n;
	keep_fds(vfu, &header);
	return 0;
}

/* Hands the descriptors that came with bytes before `end` to the message. */
static void take_fds(struct vfu *vfu, size_t end, struct vfu_msg *msg)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < vfu->rx_fd_count; i++) {
		if (vfu->rx_fds[i].at < end)
			msg->fds[msg->fd_count++] = vfu->rx_fds[i].fd;
		else
			vfu->rx_fds[kept++] = vfu->rx_fds[i];
	}
	vfu->rx_fd_count = kept;
}

bool vfu_next_message(struct vfu *vfu, struct vfu_msg *msg)
{
	size_t there = vfu->rx_end - vfu->rx_start;

	if (vfu->broken || there < sizeof(msg->header))
		return false;
	memcpy(&msg->header, vfu->rx + vfu->rx_start, sizeof(msg->header));
	if (msg->header.size < sizeof(msg->header) || msg->header.size > VFU_MAX_MESSAGE) {
		vfu_log(vfu, "message of %u bytes: the connection is closed", msg->header.size);
		broken(vfu);
		return false;
	}
	if (there < msg->header.size)
		return false;
	msg->payload = vfu->rx + vfu->rx_start + sizeof(msg->header);
	msg->len = msg->header.size - sizeof(msg->header);
	msg->fd_count = 0;
	vfu->rx_start += msg->header.size;
	take_fds(vfu, vfu->rx_start, msg);
	return true;
}

static void advance(struct msghdr *header, size_t n)
{
	while (header->msg_iovlen && n >= header->msg_iov->iov_len) {
		n -= header->msg_iov->iov_len;
		header->msg_iov++;
		header->msg_iovlen--;
	}
	if (header->msg_iovlen) {
		header->msg_iov->iov_base = (char *)header->msg_iov->iov_base + n;
		header->msg_iov->iov_len -= n;
	}
}

int vfu_send(struct vfu *vfu, const void *head, size_t head_len, const void *data, size_t len)
{
	struct iovec iov[2] = {
		{ .iov_base = (void *)head, .iov_len = head_len },
		{ .iov_base = (void *)data, .iov_len = len },
	};
	struct msghdr header = { .msg_iov = iov, .msg_iovlen = len ? 2 : 1 };

	while (header.msg_iovlen && !vfu->broken) {
		/* Blocks at most for SO_SNDTIMEO. */
		ssize_t n = sendmsg(vfu->sock, &header, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return broken(vfu);
		advance(&header, n);
	}
	return vfu->broken ? -ENOTCONN : 0;
}

void vfu_close_fds(struct vfu_msg *msg)
{
	for (unsigned int i = 0; i < msg->fd_count; i++)
		if (msg->fds[i] >= 0)
			close(msg->fds[i]);
	msg->fd_count = 0;
}

void vfu_drop_input(struct vfu *vfu)
{
	for (unsigned int i = 0; i < vfu->rx_fd_count; i++)
		close(vfu->rx_fds[i].fd);
	vfu->rx_fd_count = 0;
	vfu->rx_start = 0;
	vfu->rx_end = 0;
}
