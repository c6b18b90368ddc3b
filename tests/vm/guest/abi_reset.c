// SPDX-License-Identifier: MIT
/*
 * abi_reset COMMAND: runs the command, which resets the chip, while a network
 * has transfers queued, and goes on with the same file, memory and lists.
 */
#include "abi.h"

int main(int argc, char **argv)
{
	struct hailo8l_interrupts_wait a;
	int i, fd = open_node();
	struct net n;

	if (argc < 2)
		return 2;
	net_start(&n, fd, DESCS);
	EXPECT(launch_out(&n), 1);
	EXPECT(launch_in(&n), IN_DESCS);
	EXPECT(wait_for(fd, CH_OUT, 1), 1);
	EXPECT(wait_for(fd, CH_IN, 1), 1);
	for (i = 0; i < 8; i++)
		EXPECT(launch_out(&n), 1);

	/* Then nothing was reset, and a wait would have no end. */
	if (system(argv[1])) {
		CHECK(!"the command succeeds");
		return verdict(argv[1]);
	}

	EXPECT(wait_channels(fd, 1u << CH_OUT, &a), 0);
	CHECK(a.channels_count == 1 && a.irq_data[0].data == HAILO8L_IRQ_DATA_NOT_ACTIVE);
	EXPECT(launch_out(&n), -ECONNRESET);
	EXPECT(launch_in(&n), -ECONNRESET);
	EXPECT(disable(fd, NET_CHANNELS), 0);
	/* The firmware is new: it knows no network any more. Said once. */
	EXPECT(change_status(fd, HW_CS_ENABLED), -ENODEV);
	EXPECT(change_status(fd, HW_CS_ENABLED), -EPROTO);
	net_configure(&n);
	net_enable(&n);
	for (i = 0; i < 40; i++) {
		EXPECT(launch_out(&n), 1);
		EXPECT(launch_in(&n), IN_DESCS);
		EXPECT(wait_for(fd, CH_OUT, 1), 1);
		EXPECT(wait_for(fd, CH_IN, 1), 1);
	}
	net_stop(&n);
	net_free(&n);
	close(fd);
	return verdict(argv[1]);
}
