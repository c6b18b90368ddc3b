// SPDX-License-Identifier: MIT
/*
 * abi_frames COUNT [COMMAND]: runs so many frames one after the other, and the
 * command before the first and after the last of them.
 */
#include "abi.h"

static void command(char **argv)
{
	if (argv[1] && argv[2])
		EXPECT(system(argv[2]), 0);
}

int main(int argc, char **argv)
{
	int i, count = argc > 1 ? atoi(argv[1]) : 0, fd = open_node();
	struct net n;

	net_start(&n, fd, DESCS);
	command(argv);
	for (i = 0; i < count && !failures; i++) {
		EXPECT(launch_out(&n), 1);
		EXPECT(launch_in(&n), IN_DESCS);
		EXPECT(wait_for(fd, CH_IN, 1), 1);
		EXPECT(wait_for(fd, CH_OUT, 1), 1);
	}
	command(argv);
	net_stop(&n);
	net_free(&n);
	close(fd);
	return failures != 0;
}
