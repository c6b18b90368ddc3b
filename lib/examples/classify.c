// SPDX-License-Identifier: MIT
/* classify NETWORK.hef PICTURE.ppm: the five best classes of a picture, with
 * their probabilities or whatever the network gives.
 *	cc classify.c -o classify $(pkg-config --cflags --libs hailo8l)
 */
#include <hailo8l.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A binary PPM (P6, made by "convert photo.jpg photo.ppm") as height x width
 * RGB pixels, nearest ones; NULL if it is none
 */
static unsigned char *read_picture(const char *path, unsigned int height, unsigned int width)
{
	unsigned char *to = (unsigned char *)malloc((size_t)height * width * 3), *from = NULL;
	FILE *file = fopen(path, "rb");
	unsigned int w = 0, h = 0;

	if (file && fscanf(file, "P6 %5u %5u 255", &w, &h) == 2 && fgetc(file) != EOF && w && h)
		from = (unsigned char *)malloc((size_t)w * h * 3);
	if (!to || !from || fread(from, 3, (size_t)w * h, file) != (size_t)w * h) {
		free(to);
		to = NULL;
	}
	for (unsigned int y = 0; to && y < height; y++)
		for (unsigned int x = 0; x < width; x++)
			memcpy(to + ((size_t)y * width + x) * 3,
			       from + ((size_t)y * h / height * w + (size_t)x * w / width) * 3, 3);
	free(from);
	if (file)
		fclose(file);
	return to;
}

static void print_best(float *values, size_t count)
{
	for (int i = 0; i < 5 && count; i++) {
		size_t best = 0;

		for (size_t k = 1; k < count; k++)
			if (values[k] > values[best])
				best = k;
		if (values[best] == -1e38f)
			return;
		printf("class %zu: %g\n", best, values[best]);
		values[best] = -1e38f;
	}
}

int main(int argc, char **argv)
{
	struct h8l_format real = { H8L_TYPE_FLOAT32, H8L_ORDER_AUTO };
	struct h8l_device *device = NULL;
	struct h8l_network *network = NULL;
	struct h8l_hef *hef = NULL;
	struct h8l_stream_info in;
	struct h8l_buffer input = { 0 }, output = { 0 };
	struct h8l_error error = { 0 };
	int failed;

	if (argc != 3)
		return fprintf(stderr, "usage: classify NETWORK.hef PICTURE.ppm\n"), 1;
	failed = h8l_device_open(NULL, &device, &error) ||
		 h8l_hef_open(argv[1], &hef, &error) ||
		 h8l_network_open(device, hef, NULL, &network, &error) ||
		 h8l_network_set_format(network, H8L_OUTPUT, 0, real, &error);
	if (!failed) {
		h8l_network_stream(network, H8L_INPUT, 0, &in);
		input.size = h8l_network_frame_size(network, H8L_INPUT, 0);
		output.size = h8l_network_frame_size(network, H8L_OUTPUT, 0);
		output.data = malloc(output.size);
		if (in.shape.features == 3 && input.size == 3u * in.shape.height * in.shape.width)
			input.data = read_picture(argv[2], in.shape.height, in.shape.width);
		failed = !input.data || !output.data;
		if (failed)
			snprintf(error.text, sizeof(error.text),
				 "%s is no RGB picture in a P6 file, or the network takes none",
				 argv[2]);
	}
	failed = failed || h8l_network_run(network, &input, 1, &output, 1, &error);
	if (failed)
		fprintf(stderr, "classify: %s\n", error.text);
	else
		print_best((float *)output.data, output.size / sizeof(float));
	h8l_network_close(network);
	h8l_hef_close(hef);
	h8l_device_close(device);
	free(input.data);
	free(output.data);
	return failed ? 1 : 0;
}
