// SPDX-License-Identifier: MIT
/* first NETWORK.hef: one frame of zeros through a network with one input and
 * one output.	cc first.c -o first $(pkg-config --cflags --libs hailo8l)
 */
#include <hailo8l.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	struct h8l_device *device = NULL;
	struct h8l_network *network = NULL;
	struct h8l_hef *hef = NULL;
	struct h8l_buffer in, out;
	struct h8l_error error;
	int failed;

	if (argc != 2)
		return fprintf(stderr, "usage: first NETWORK.hef\n"), 1;
	failed = h8l_device_open(NULL, &device, &error) ||
		 h8l_hef_open(argv[1], &hef, &error) ||
		 h8l_network_open(device, hef, NULL, &network, &error);
	if (!failed) {
		in.size = h8l_network_frame_size(network, H8L_INPUT, 0);
		in.data = calloc(1, in.size);
		out.size = h8l_network_frame_size(network, H8L_OUTPUT, 0);
		out.data = calloc(1, out.size);
		failed = h8l_network_run(network, &in, 1, &out, 1, &error);
	}
	if (failed)
		fprintf(stderr, "first: %s\n", error.text);
	else
		printf("%zu bytes, the first is %d\n", out.size, *(unsigned char *)out.data);
	h8l_network_close(network);
	h8l_hef_close(hef);
	h8l_device_close(device);
	return failed ? 1 : 0;
}
