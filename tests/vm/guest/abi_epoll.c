// SPDX-License-Identifier: MIT
/*
 * abi_epoll MODE: an epoll set beside the driver, without any thread.
 *
 *	ready	level and edge for completions and for notifications, with
 *		several files in one set
 *	between	each frame brings a notification, which comes between the
 *		driver's look at the interrupt status and its clearing
 *	gone	waits until the device goes away; says "waiting" before
 */
#include <sys/epoll.h>

#include "abi.h"

static void watch(int epoll, int fd, uint32_t events)
{
	struct epoll_event e = { .events = events, .data.fd = fd };

	EXPECT(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e), 0);
}

/* What one wait says of a file, 0 for nothing; what it says of others is kept. */
static uint32_t told(int epoll, int fd, int ms)
{
	struct epoll_event e[8];
	int i, n = epoll_wait(epoll, e, 8, ms);

	for (i = 0; i < n; i++)
		if (e[i].data.fd == fd)
			return e[i].events;
	return 0;
}

/*
 * Whether a file says all of that within 10 s. One interrupt wakes file after
 * file, and a transfer may end long after another: what the set says first is
 * not all that it will say, nor is it always of this file.
 */
static bool tells(int epoll, int fd, uint32_t events)
{
	int i;

	for (i = 0; i < 1000; i++) {
		if ((told(epoll, fd, 10) & events) == events)
			return true;
		usleep(10000);
	}
	return false;
}

static void send_event(int fd)
{
	uint8_t priority = 0;
	struct message m;

	begin(&m, HW_OP_SEND_HOST_INFO_EVENT);
	add(&m, &priority, sizeof(priority));
	EXPECT(send_control(fd, &m, HAILO8L_CPU_APP, 1000), 0);
}

static int read_event(int fd)
{
	struct hailo8l_notification a;

	return call(fd, HAILO8L_READ_NOTIFICATION, &a);
}

static void one_frame(struct net *n)
{
	EXPECT(launch_out(n), 1);
	EXPECT(launch_in(n), IN_DESCS);
}

static void collect(struct net *n, int frames)
{
	EXPECT(wait_for(n->fd, CH_OUT, frames), frames);
	EXPECT(wait_for(n->fd, CH_IN, frames), frames);
}

/* Until both transfers of a frame are there to be reported */
static void let_finish(int epoll, int fd)
{
	CHECK(tells(epoll, fd, EPOLLIN));
	usleep(1000000);
}

static void level(struct net *n, int other)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	watch(epoll, n->fd, EPOLLIN | EPOLLPRI);
	watch(epoll, other, EPOLLIN | EPOLLPRI);
	EXPECT((int)told(epoll, n->fd, 0), 0);
	one_frame(n);
	CHECK(tells(epoll, n->fd, EPOLLIN));
	/* Level: said again until it was fetched, and to its file only. */
	EXPECT((int)told(epoll, n->fd, 0), EPOLLIN);
	EXPECT((int)told(epoll, other, 0), 0);
	collect(n, 1);
	EXPECT((int)told(epoll, n->fd, 0), 0);
	/* A notification is for every file, each until it has read it. */
	send_event(other);
	CHECK(tells(epoll, other, EPOLLPRI));
	CHECK(tells(epoll, n->fd, EPOLLPRI));
	EXPECT((int)told(epoll, other, 0), EPOLLPRI);
	EXPECT((int)told(epoll, n->fd, 0), EPOLLPRI);
	EXPECT(read_event(other), 0);
	EXPECT((int)told(epoll, other, 0), 0);
	EXPECT((int)told(epoll, n->fd, 0), EPOLLPRI);
	one_frame(n);
	CHECK(tells(epoll, n->fd, EPOLLIN | EPOLLPRI));
	EXPECT(read_event(n->fd), 0);
	collect(n, 1);
	EXPECT((int)told(epoll, n->fd, 0), 0);
	close(epoll);
}

static void edge(struct net *n, int other)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	watch(epoll, n->fd, EPOLLIN | EPOLLPRI | EPOLLET);
	watch(epoll, other, EPOLLPRI | EPOLLET);
	one_frame(n);
	let_finish(epoll, n->fd);
	told(epoll, n->fd, 0);
	/* Edge: not said again, until something new comes. */
	EXPECT((int)told(epoll, n->fd, 0), 0);
	one_frame(n);
	CHECK(tells(epoll, n->fd, EPOLLIN));
	collect(n, 2);
	told(epoll, n->fd, 0);
	send_event(n->fd);
	CHECK(tells(epoll, other, EPOLLPRI));
	EXPECT((int)told(epoll, other, 0), 0);
	send_event(n->fd);
	CHECK(tells(epoll, other, EPOLLPRI));
	EXPECT(read_event(other), 0);
	EXPECT(read_event(other), 0);
	EXPECT(read_event(n->fd), 0);
	EXPECT(read_event(n->fd), 0);
	close(epoll);
}

static void ready(int fd)
{
	int other = open_node();
	struct net n;

	net_start(&n, fd, DESCS);
	level(&n, other);
	edge(&n, other);
	net_stop(&n);
	close(other);
}

static void between(int fd)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	int other = open_node(), i, got = 0;
	struct net n;

	watch(epoll, other, EPOLLPRI);
	net_start(&n, fd, DESCS);
	for (i = 0; i < 20; i++) {
		one_frame(&n);
		/* Nobody waits for channels, so nobody looks by himself. */
		CHECK(told(epoll, other, 10000) & EPOLLPRI);
		while (told(epoll, other, 200)) {
			EXPECT(read_event(other), 0);
			got++;
		}
		collect(&n, 1);
	}
	net_stop(&n);
	close(other);
	printf("notifications %d\n", got);
}

static void gone(int fd)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC), edge = epoll_create1(EPOLL_CLOEXEC);
	int other = open_node();
	uint32_t events;
	struct net n;

	net_start(&n, fd, DESCS);
	watch(epoll, fd, EPOLLIN);
	watch(edge, other, EPOLLPRI | EPOLLET);
	puts("waiting");
	fflush(stdout);
	/* A channel that was stopped is news, too; the end comes after it. */
	do
		events = told(epoll, fd, 20000);
	while (events == EPOLLIN);
	CHECK(events & EPOLLHUP && events & EPOLLERR);
	CHECK(told(edge, other, 10000) & EPOLLHUP);
	EXPECT(launch_out(&n), -ENODEV);
	close(other);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(int fd);
	} modes[] = { { "ready", ready }, { "between", between }, { "gone", gone } };
	size_t i;
	int fd;

	for (i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		if (argc < 2 || strcmp(modes[i].name, argv[1]))
			continue;
		fd = open_node();
		modes[i].run(fd);
		close(fd);
		return verdict(argv[1]);
	}
	return 2;
}
