// SPDX-License-Identifier: MIT
/* hailo8l run: files to frames, and frames to files. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tools/run.h"

/* ---- input ---- */

static int not_a_picture_input(struct run *run, const struct run_stream *stream)
{
	char text[64];

	problem_set(&run->problem, "%s: input '%s' takes no picture: it is %s", stream->source,
		    stream->info.name, run_stream_text(stream, text));
	problem_hint(&run->problem,
		     "only u8 and f32 inputs with 1 or 3 features in rows of pixels do; give a raw file of %zu bytes",
		     stream->size);
	return -1;
}

/* Pixels become bytes as they are, or floats of the same value. */
static void pixels_to_frame(const struct picture *picture, struct run_stream *stream)
{
	size_t count = (size_t)picture->width * picture->height * picture->channels;
	size_t i;

	if (stream->format.type != H8L_TYPE_FLOAT32) {
		memcpy(stream->data, picture->pixels, count);
		return;
	}
	for (i = 0; i < count; i++) {
		float value = picture->pixels[i];

		memcpy(stream->data + i * sizeof(value), &value, sizeof(value));
	}
}

static int frame_from_picture(struct run *run, struct run_stream *stream,
			      const struct picture *picture)
{
	struct picture resized = {
		.width = stream->info.shape.width,
		.height = stream->info.shape.height,
	};
	size_t bytes = stream->format.type == H8L_TYPE_FLOAT32 ? 4 : 1;
	struct problem problem;

	stream->picture_width = picture->width;
	stream->picture_height = picture->height;
	if (picture_resize(picture, &resized, run->options->fit, &problem)) {
		problem_set(&run->problem, "%s: %s", stream->source, problem.what);
		problem_hint(&run->problem, "resize it, or use another --fit");
		return -1;
	}
	if (bytes * resized.width * resized.height * resized.channels == stream->size)
		pixels_to_frame(&resized, stream);
	picture_free(&resized);
	return 0;
}

static int load_picture(struct run *run, struct run_stream *stream)
{
	size_t bytes = stream->format.type == H8L_TYPE_FLOAT32 ? 4 : 1;
	struct h8l_shape shape = stream->info.shape;
	struct picture picture;
	int result;

	if (!run_stream_is_picture(stream) ||
	    bytes * shape.width * shape.height * shape.features != stream->size)
		return not_a_picture_input(run, stream);
	if (picture_load(stream->source, shape.features, &picture, &run->problem))
		return -1;
	stream->data = aligned_alloc(RUN_ALIGNMENT, (stream->size + RUN_ALIGNMENT - 1) /
				     RUN_ALIGNMENT * RUN_ALIGNMENT);
	result = stream->data ? frame_from_picture(run, stream, &picture) :
				problem_set(&run->problem, "out of memory");
	stream->frame_count = 1;
	picture_free(&picture);
	return result;
}

static int wrong_raw_size(struct run *run, const struct run_stream *stream,
			  unsigned long long size)
{
	char text[64];

	problem_set(&run->problem, "%s: %llu bytes, and it is neither PNG nor JPEG; a frame of '%s' has %zu",
		    stream->source, size, stream->info.name, stream->size);
	problem_hint(&run->problem,
		     "give a picture, or a raw file of one frame (%s) or as many as --frames says",
		     run_stream_text(stream, text));
	return -1;
}

/* One frame, or all of them. What is not a regular file gives one frame. */
static int load_raw(struct run *run, struct run_stream *stream)
{
	size_t wanted = stream->size;
	struct stat st;
	void *data;
	size_t size;

	if (stat(stream->source, &st))
		return problem_set(&run->problem, "%s: cannot open: %s", stream->source,
				   strerror(errno));
	stream->frame_count = 1;
	if (S_ISREG(st.st_mode) && (unsigned long long)st.st_size != wanted) {
		if (st.st_size % (off_t)wanted ||
		    (unsigned long)(st.st_size / (off_t)wanted) != run->options->frames)
			return wrong_raw_size(run, stream, (unsigned long long)st.st_size);
		stream->frame_count = (unsigned int)run->options->frames;
		wanted = (size_t)st.st_size;
	}
	if (infile_read(stream->source, wanted, &data, &size, &run->problem))
		return -1;
	stream->data = data;
	if (size != wanted)
		return wrong_raw_size(run, stream, size);
	return 0;
}

int run_inputs_load(struct run *run)
{
	struct run_stream *stream;
	unsigned int i;

	for (i = 0; i < run->inputs.count; i++) {
		stream = &run->inputs.stream[i];
		if (picture_kind_of_file(stream->source) == PICTURE_NONE) {
			if (load_raw(run, stream))
				return -1;
		} else if (load_picture(run, stream)) {
			return -1;
		}
	}
	return 0;
}

int run_inputs_save(struct run *run)
{
	struct run_stream *stream;
	unsigned int i;

	for (i = 0; i < run->inputs.count; i++) {
		stream = &run->inputs.stream[i];
		if (stream->raw.file &&
		    outfile_write(&stream->raw, stream->data, stream->size * stream->frame_count,
				  &run->problem))
			return -1;
	}
	return 0;
}

/* ---- output ---- */

static int not_a_picture_output(struct run *run, const struct run_stream *stream)
{
	char text[64];

	problem_set(&run->problem, "%s: output '%s' is no picture: it is %s", stream->file_name,
		    stream->info.name, run_stream_text(stream, text));
	problem_hint(&run->problem,
		     "a picture needs u8 and 1 or 3 features; give a file name that does not end in .png or .jpg for raw bytes, or --top for a classifier");
	return -1;
}

/* Memory for all frames under way, each where the chip can write it itself. */
static int alloc_output(struct run *run, struct run_stream *stream)
{
	stream->step = (stream->size + RUN_ALIGNMENT - 1) / RUN_ALIGNMENT * RUN_ALIGNMENT;
	stream->data = aligned_alloc(RUN_ALIGNMENT, stream->step * run->options->queue);
	stream->result = stream->data;
	if (stream->data)
		return 0;
	return problem_set(&run->problem, "out of memory for %lu frames of %zu bytes",
			   run->options->queue, stream->size);
}

static int open_output(struct run *run, struct run_stream *stream)
{
	if (alloc_output(run, stream))
		return -1;
	stream->kind = stream->file_name ? picture_kind_of_name(stream->file_name) : PICTURE_NONE;
	if (stream->kind != PICTURE_NONE && (!run_stream_is_picture(stream) ||
					     stream->format.type != H8L_TYPE_UINT8))
		return not_a_picture_output(run, stream);
	if (stream->file_name && outfile_open(&stream->file, stream->file_name, &run->problem))
		return -1;
	if (stream->raw_name && outfile_open(&stream->raw, stream->raw_name, &run->problem))
		return -1;
	return 0;
}

int run_outputs_open(struct run *run)
{
	struct run_stream *stream;
	unsigned int i;

	for (i = 0; i < run->outputs.count; i++)
		if (open_output(run, &run->outputs.stream[i]))
			return -1;
	for (i = 0; i < run->inputs.count; i++) {
		stream = &run->inputs.stream[i];
		if (stream->raw_name && outfile_open(&stream->raw, stream->raw_name, &run->problem))
			return -1;
	}
	return 0;
}

static int write_raw(struct run *run, struct run_stream *stream)
{
	if (stream->file.file && stream->kind == PICTURE_NONE &&
	    outfile_write(&stream->file, stream->result, stream->size, &run->problem))
		return -1;
	if (stream->raw.file &&
	    outfile_write(&stream->raw, stream->result, stream->size, &run->problem))
		return -1;
	return 0;
}

int run_outputs_frame(struct run *run)
{
	unsigned int i;

	if (!run->options->all_frames)
		return 0;
	for (i = 0; i < run->outputs.count; i++)
		if (write_raw(run, &run->outputs.stream[i]))
			return -1;
	return 0;
}

static int write_picture(struct run *run, struct run_stream *stream)
{
	struct picture picture = {
		.width = stream->info.shape.width,
		.height = stream->info.shape.height,
		.channels = stream->info.shape.features,
		.pixels = stream->result,
	};

	return picture_save(stream->file.file, stream->file_name, stream->kind, &picture,
			    &run->problem);
}

static int write_results(struct run *run)
{
	struct run_stream *stream;
	unsigned int i;

	for (i = 0; i < run->outputs.count; i++) {
		stream = &run->outputs.stream[i];
		if (!run->options->all_frames && write_raw(run, stream))
			return -1;
		if (stream->kind != PICTURE_NONE && write_picture(run, stream))
			return -1;
	}
	return 0;
}

static int commit(struct run *run, struct run_streams *streams)
{
	struct run_stream *stream;
	unsigned int i;

	for (i = 0; i < streams->count; i++) {
		stream = &streams->stream[i];
		if (stream->file.file && outfile_commit(&stream->file, &run->problem))
			return -1;
		if (stream->raw.file && outfile_commit(&stream->raw, &run->problem))
			return -1;
	}
	return 0;
}

int run_outputs_finish(struct run *run)
{
	if (write_results(run) || commit(run, &run->outputs) || commit(run, &run->inputs))
		return -1;
	return 0;
}
