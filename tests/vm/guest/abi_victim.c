// SPDX-License-Identifier: MIT
/*
 * abi_victim MODE [SECONDS]: keeps the device in use until it is killed or the
 * device goes away.
 *
 *	frames	runs frames as fast as it can; says "running" after the first
 *	queued	has transfers queued that nothing completes
 *	wait	sleeps in INTERRUPTS_WAIT
 *	notify	sleeps in READ_NOTIFICATION
 *	control	sends controls
 *	hold	holds memory of every kind and sleeps
 *	shared	as queued, with another process that has the same open file
 *
 * Exit status 0 when all that happened to it is that the device is gone.
 */
#include "abi.h"

static bool gone(int error)
{
	return error == -ENODEV || error == -ECANCELED;
}

static void say_running(void)
{
	puts("running");
	fflush(stdout);
}

static int frames(int fd)
{
	struct net n;
	int ret;

	net_start(&n, fd, DESCS);
	ret = run_frame(&n);
	say_running();
	while (ret > 0)
		ret = run_frame(&n);
	return ret;
}

static void queue(struct net *n, int fd)
{
	int i;

	net_start(n, fd, DESCS);
	for (i = 0; i < 8; i++)
		EXPECT(launch_out(n), 1);
}

static int queued_wait(int fd)
{
	struct hailo8l_interrupts_wait a;
	struct net n;
	int ret;

	queue(&n, fd);
	say_running();
	/* A look may find the channels dead before anybody knows why: that is 0. */
	do
		ret = wait_channels(fd, NET_CHANNELS, &a);
	while (!ret);
	return ret;
}

static int queued(int fd)
{
	struct net n;

	queue(&n, fd);
	say_running();
	while (pause())
		;
	return 0;
}

static int shared(int fd)
{
	struct net n;

	queue(&n, fd);
	fork();
	say_running();
	while (pause())
		;
	return 0;
}

static int notify(int fd)
{
	struct hailo8l_notification a;

	say_running();
	return call(fd, HAILO8L_READ_NOTIFICATION, &a);
}

static int control(int fd)
{
	int ret;

	say_running();
	do
		ret = simple_control(fd, HW_OP_IDENTIFY, HAILO8L_CPU_APP);
	while (!ret);
	return ret;
}

static int hold(int fd)
{
	struct hailo8l_low_memory_alloc low = { .buffer_size = 65536 };
	struct hailo8l_continuous_alloc cont = { .buffer_size = 65536 };
	struct net n;
	volatile uint8_t *p;

	net_prepare(&n, fd, DESCS);
	EXPECT(call(fd, HAILO8L_LOW_MEMORY_ALLOC, &low), 0);
	p = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_SHARED, fd, low.buffer_handle);
	CHECK(p != MAP_FAILED);
	p[0] = 1;
	EXPECT(call(fd, HAILO8L_CONTINUOUS_ALLOC, &cont), 0);
	p = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_SHARED, fd, cont.buffer_handle);
	CHECK(p != MAP_FAILED);
	p[0] = 1;
	say_running();
	/* Until the memory is taken away, which is a SIGBUS. */
	while (!failures && !call(fd, HAILO8L_VDMA_DISABLE_CHANNELS,
				  &(struct hailo8l_disable_channels){ 0 })) {
		usleep(1000);
		p[1]++;
	}
	return -ENODEV;
}

static void on_bus_error(int sig)
{
	(void)sig;
	_exit(0);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(int fd);
	} modes[] = {
		{ "frames", frames }, { "queued", queued }, { "wait", queued_wait },
		{ "notify", notify }, { "control", control }, { "hold", hold },
		{ "shared", shared },
	};
	size_t i;
	int fd, ret;

	signal(SIGBUS, on_bus_error);
	fd = open_node();
	for (i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		if (argc < 2 || strcmp(modes[i].name, argv[1]))
			continue;
		ret = modes[i].run(fd);
		if (!gone(ret))
			printf("%s ended with %d (%s)\n", argv[1], ret, strerror(-ret));
		close(fd);
		return failures || !gone(ret);
	}
	return 2;
}
