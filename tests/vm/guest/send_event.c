// SPDX-License-Identifier: MIT
/* send_event PRIORITY: asks the firmware to send event 1. */
#include <stdio.h>
#include <stdlib.h>

#include "lib/control.h"

int main(int argc, char **argv)
{
	struct control_request request;
	struct h8l_device *device;
	struct h8l_error error;
	int err = h8l_device_open(NULL, &device, &error);

	if (!err) {
		control_begin(&request, HW_OP_SEND_HOST_INFO_EVENT);
		control_byte(&request, argc > 1 ? (uint8_t)atoi(argv[1]) : 0);
		err = control_send(device, &request, NULL, &error);
		h8l_device_close(device);
	}
	if (err)
		fprintf(stderr, "send_event: %s\n", error.text);
	return err ? 1 : 0;
}
