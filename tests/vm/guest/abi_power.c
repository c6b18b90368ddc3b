// SPDX-License-Identifier: MIT
/*
 * abi_power FOLDER: a program that keeps its file open while the chip sleeps
 * and wakes. FOLDER is .../power of the PCI device in sysfs.
 */
#include "abi.h"

static char status_file[256];

static bool asleep(void)
{
	char text[32] = "";
	FILE *in = fopen(status_file, "re");

	if (in && !fgets(text, sizeof(text), in))
		text[0] = 0;
	if (in)
		fclose(in);
	return !strncmp(text, "suspended", 9);
}

static bool falls_asleep(int ms)
{
	int64_t end = now_ms() + ms;

	while (!asleep() && now_ms() < end)
		usleep(20000);
	return asleep();
}

static void run_frames(struct net *n, int frames)
{
	int i;

	for (i = 0; i < frames; i++) {
		EXPECT(launch_out(n), 1);
		EXPECT(launch_in(n), IN_DESCS);
		EXPECT(wait_for(n->fd, CH_OUT, 1), 1);
		EXPECT(wait_for(n->fd, CH_IN, 1), 1);
	}
}

int main(int argc, char **argv)
{
	struct net n;
	int i, fd;

	if (argc < 2)
		return 2;
	snprintf(status_file, sizeof(status_file), "%s/runtime_status", argv[1]);
	fd = open_node();
	for (i = 0; i < 3; i++) {
		EXPECT(simple_control(fd, HW_OP_IDENTIFY, HAILO8L_CPU_APP), 0);
		CHECK(!asleep());
		CHECK(falls_asleep(20000));
	}
	/* Memory and lists alone keep nothing awake, and survive. */
	net_prepare(&n, fd, DESCS);
	CHECK(falls_asleep(20000));
	net_configure(&n);
	CHECK(!falls_asleep(1500));
	net_enable(&n);
	run_frames(&n, 3);
	CHECK(!falls_asleep(1500));
	run_frames(&n, 40);
	net_stop(&n);
	EXPECT(simple_control(fd, HW_OP_CLEAR_CONFIGURED_APPS, HAILO8L_CPU_CORE), 0);
	CHECK(falls_asleep(20000));
	net_free(&n);
	close(fd);
	CHECK(falls_asleep(20000));
	return verdict("abi_power");
}
