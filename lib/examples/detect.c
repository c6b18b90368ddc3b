// SPDX-License-Identifier: MIT
/* detect NETWORK.hef PICTURE.rgb: the objects that a network with detections
 * (YOLO, SSD ...) finds. The picture is raw RGB of the network's size:
 *	convert photo.jpg -resize 640x640! -depth 8 photo.rgb
 *	cc detect.c -o detect $(pkg-config --cflags --libs hailo8l)
 */
#include <hailo8l.h>
#include <stdio.h>
#include <stdlib.h>

#define MAX_OUTPUTS 40

struct detector {
	struct h8l_device *device;
	struct h8l_hef *hef;
	struct h8l_network *network;
	struct h8l_post *post;
	struct h8l_buffer input, outputs[MAX_OUTPUTS];
	unsigned int output_count;
};

/* Other thresholds than those of the file would go into options instead of NULL */
static int open_all(struct detector *d, const char *path, struct h8l_error *error)
{
	return h8l_device_open(NULL, &d->device, error) ||
	       h8l_hef_open(path, &d->hef, error) ||
	       h8l_network_open(d->device, d->hef, NULL, &d->network, error) ||
	       h8l_post_open(d->network, 0, NULL, &d->post, error);
}

/* After h8l_post_open(), which changes the sizes of outputs */
static int make_buffers(struct detector *d, const char *picture, struct h8l_error *error)
{
	FILE *file = fopen(picture, "rb");
	int failed = !file || h8l_network_inputs(d->network) != 1;

	d->input.size = h8l_network_frame_size(d->network, H8L_INPUT, 0);
	d->input.data = malloc(d->input.size);
	failed = failed || !d->input.data ||
		 fread(d->input.data, 1, d->input.size, file) != d->input.size;
	if (failed)
		snprintf(error->text, sizeof(error->text),
			 "%s: not a picture of %zu bytes, which the network needs", picture,
			 d->input.size);
	d->output_count = h8l_network_outputs(d->network);
	for (unsigned int i = 0; i < d->output_count && !failed; i++) {
		d->outputs[i].size = h8l_network_frame_size(d->network, H8L_OUTPUT, i);
		d->outputs[i].data = malloc(d->outputs[i].size);
		failed = !d->outputs[i].data;
	}
	if (file)
		fclose(file);
	return failed;
}

int main(int argc, char **argv)
{
	struct h8l_error error = { 0, "out of memory" };
	struct h8l_post_result found;
	struct detector d = { 0 };
	int failed;

	if (argc != 3)
		return fprintf(stderr, "usage: detect NETWORK.hef PICTURE.rgb\n"), 1;
	failed = open_all(&d, argv[1], &error) || make_buffers(&d, argv[2], &error) ||
		 h8l_network_run(d.network, &d.input, 1, d.outputs, d.output_count, &error) ||
		 h8l_post_run(d.post, d.outputs, d.output_count, &found, &error);
	if (failed)
		fprintf(stderr, "detect: %s\n", error.text);
	for (unsigned int i = 0; !failed && i < found.count; i++) {
		const struct h8l_detection *f = &found.detections[i];

		printf("class %u, score %.3f: from (%.3f, %.3f) to (%.3f, %.3f)\n", f->class_id,
		       f->score, f->x_min, f->y_min, f->x_max, f->y_max);
	}
	h8l_post_close(d.post);
	h8l_network_close(d.network);
	h8l_hef_close(d.hef);
	h8l_device_close(d.device);
	free(d.input.data);
	for (unsigned int i = 0; i < MAX_OUTPUTS; i++)
		free(d.outputs[i].data);
	return failed ? 1 : 0;
}
