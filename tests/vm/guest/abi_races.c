// SPDX-License-Identifier: MIT
/*
 * abi_races SECONDS: everything at once and without a pause, so that data races
 * of the driver show where they are looked for: frames in flight, and threads
 * that poll, ask, listen, and read whatever the driver tells of itself.
 */
#include <glob.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>

#include "abi.h"

#define AT_ONCE 8		/* frames */

static atomic_bool enough;
static int fd, listener;

static bool frames(void)
{
	static struct net n;
	int i;

	if (!n.fd)
		net_start(&n, fd, DESCS);
	for (i = 0; i < AT_ONCE; i++) {
		EXPECT(launch_out(&n), 1);
		EXPECT(launch_in(&n), IN_DESCS);
	}
	EXPECT(wait_for(fd, CH_IN, AT_ONCE), AT_ONCE);
	EXPECT(wait_for(fd, CH_OUT, AT_ONCE), AT_ONCE);
	return !failures;
}

static bool polls(void)
{
	struct pollfd p[] = { { .fd = fd, .events = POLLIN | POLLPRI },
			      { .fd = listener, .events = POLLIN | POLLPRI } };

	return poll(p, 2, 0) >= 0;
}

static bool reads(const char *pattern)
{
	bool any = false;
	char text[8192];
	glob_t found;
	size_t i;
	int file;

	if (glob(pattern, 0, NULL, &found))
		return false;
	for (i = 0; i < found.gl_pathc; i++) {
		file = open(found.gl_pathv[i], O_RDONLY | O_CLOEXEC);
		any |= file >= 0 && read(file, text, sizeof(text)) > 0;
		if (file >= 0)
			close(file);
	}
	globfree(&found);
	return any;
}

static bool state(void)
{
	return reads("/sys/kernel/debug/hailo8l/*/state");
}

static bool fdinfo(void)
{
	return reads("/proc/self/fdinfo/*");
}

static bool sysfs(void)
{
	return reads("/sys/class/hailo_chardev/hailo0/[arf]*[!t]");
}

static bool hwmon(void)
{
	return reads("/sys/class/hailo_chardev/hailo0/device/hwmon/*/temp?_input");
}

static bool asks(void)
{
	return simple_control(listener, HW_OP_IDENTIFY, HAILO8L_CPU_APP) == 0;
}

/* One notification, and all that have come */
static bool listens(void)
{
	struct pollfd p = { .fd = listener, .events = POLLPRI };
	struct hailo8l_notification a;
	uint8_t priority = 0;
	struct message m;

	begin(&m, HW_OP_SEND_HOST_INFO_EVENT);
	add(&m, &priority, sizeof(priority));
	if (send_control(listener, &m, HAILO8L_CPU_APP, 5000) || poll(&p, 1, 5000) != 1)
		return false;
	return call(listener, HAILO8L_READ_NOTIFICATION, &a) == 0;
}

/* A file that comes and goes, and what it asks meanwhile */
static bool opens(void)
{
	int file = open(NODE, O_RDWR | O_CLOEXEC);
	struct hailo8l_claim a = { .size = sizeof(a) };
	int ret;

	if (file < 0)
		return false;
	ret = call(file, HAILO8L_CLAIM_QUERY, &a);
	close(file);
	return ret == 0 && a.state != HAILO8L_CLAIM_MINE;
}

static struct job {
	const char *name;
	bool (*once)(void);
	pthread_t thread;
	int done;
} jobs[] = {
	{ .name = "frames", .once = frames }, { .name = "poll", .once = polls },
	{ .name = "state", .once = state }, { .name = "fdinfo", .once = fdinfo },
	{ .name = "sysfs", .once = sysfs }, { .name = "hwmon", .once = hwmon },
	{ .name = "controls", .once = asks }, { .name = "notifications", .once = listens },
	{ .name = "open and close", .once = opens },
};
#define JOBS (sizeof(jobs) / sizeof(*jobs))

static void *work(void *data)
{
	struct job *job = data;

	while (!enough)
		job->done += job->once();
	return NULL;
}

int main(int argc, char **argv)
{
	size_t i;

	fd = open_node();
	listener = open_node();
	for (i = 0; i < JOBS; i++)
		if (pthread_create(&jobs[i].thread, NULL, work, &jobs[i]))
			return 1;
	sleep(argc > 1 ? atoi(argv[1]) : 10);
	enough = true;
	for (i = 0; i < JOBS; i++)
		pthread_join(jobs[i].thread, NULL);
	for (i = 0; i < JOBS; i++)
		printf("%-4s %s beside all others, %d times\n", jobs[i].done ? "ok" : "FAIL",
		       jobs[i].name, jobs[i].done);
	return failures != 0;
}
