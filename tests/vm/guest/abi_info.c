// SPDX-License-Identifier: MIT
/*
 * abi_info PAGE VERSION [ALLOCATION]: does the driver report these?
 */
#include "abi.h"

int main(int argc, char **argv)
{
	struct hailo8l_device_properties p = { 0 };
	struct hailo8l_driver_info d = { 0 };
	int fd = open_node();
	char version[64];

	if (argc < 3)
		return 2;
	EXPECT(call(fd, HAILO8L_QUERY_DEVICE_PROPERTIES, &p), 0);
	EXPECT(call(fd, HAILO8L_QUERY_DRIVER_INFO, &d), 0);
	snprintf(version, sizeof(version), "%u.%u.%u", d.major, d.minor, d.revision);
	EXPECT(p.desc_max_page_size, atoi(argv[1]));
	CHECK(!strcmp(version, argv[2]));
	if (argc > 3)
		EXPECT((int)p.allocation_mode, atoi(argv[3]));
	close(fd);
	return verdict("abi_info");
}
