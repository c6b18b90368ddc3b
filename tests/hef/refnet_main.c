// SPDX-License-Identifier: MIT
/*
 * refnet: computes what a network file of mkhef must answer, and compares.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "refnet.h"

static void help(void)
{
	puts("Computes on the CPU what a network file made by mkhef must answer.\n"
	     "\n"
	     "usage: refnet [option]... HEF\n"
	     "\n"
	     "  -i, --input [NAME=]FILE    frames of one input, one after the other\n"
	     "  -o, --output [NAME=]FILE   where to write the frames of one output\n"
	     "  -c, --compare [NAME=]FILE  frames that another gave for one output\n"
	     "  -u, --user                 files hold the user's format, not the device's\n"
	     "  -l, --layout BITMAP        cluster layout of a Hailo-8L, 0x33 or 0xcc\n"
	     "  -g, --group NAME           a network group of several in the file\n"
	     "  -s, --streams              only list the streams\n"
	     "  -h, --help                 this text\n"
	     "\n"
	     "Without -i, -o or -c, or with -s, lists the streams. NAME may be left out\n"
	     "where there is one stream only. Device format: frames as they cross the bus,\n"
	     "padded to 8 bytes. User format: height, width, features without padding; 16-bit\n"
	     "elements little-endian. What comes out of non-maximum suppression is always as\n"
	     "it crosses the bus, and only the part of a frame that does is compared.\n"
	     "Exit code: 0 all equal, 1 an error, 2 a comparison differs.");
}

enum use { INPUT, OUTPUT, COMPARE };

struct file {
	enum use use;
	char *name;			/* NULL: the only stream */
	const char *path;
	int stream;			/* of a picture: its first plane */
	size_t planes;			/* 0: one stream */
	struct blob bytes;
	size_t frame_size;
};

struct job {
	struct refnet net;
	bool user;
	bool list;
	struct ref_place place;
	const char *hef;
	struct file *files;
	size_t file_count;
	size_t frames;
	uint8_t **device;		/* a frame for each stream */
	struct pool pool;
	struct failure *failure;
};

/* ---- arguments ---- */

static void add_file(struct job *job, enum use use, char *argument)
{
	char *equals = strchr(argument, '=');
	struct file file = { .use = use, .path = argument };

	if (equals) {
		*equals = 0;
		file.name = argument;
		file.path = equals + 1;
	}
	job->files = pool_grow(&job->pool, job->files, job->file_count, sizeof(file));
	job->files[job->file_count++] = file;
}

static int parse_arguments(struct job *job, int argc, char **argv)
{
	static const struct option options[] = {
		{ "input", required_argument, NULL, 'i' },
		{ "output", required_argument, NULL, 'o' },
		{ "compare", required_argument, NULL, 'c' },
		{ "user", no_argument, NULL, 'u' },
		{ "layout", required_argument, NULL, 'l' },
		{ "group", required_argument, NULL, 'g' },
		{ "streams", no_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	int option;

	while ((option = getopt_long(argc, argv, "i:o:c:ul:g:sh", options, NULL)) != -1)
		switch (option) {
		case 'i':
			add_file(job, INPUT, optarg);
			break;
		case 'o':
			add_file(job, OUTPUT, optarg);
			break;
		case 'c':
			add_file(job, COMPARE, optarg);
			break;
		case 'u':
			job->user = true;
			break;
		case 'l':
			job->place.clusters = strtoul(optarg, NULL, 0);
			break;
		case 'g':
			job->place.group = optarg;
			break;
		case 's':
			job->list = true;
			break;
		case 'h':
			help();
			exit(0);
		default:
			return -1;
		}
	if (optind + 1 != argc)
		return -1;
	job->hef = argv[optind];
	return 0;
}

/* ---- files ---- */

/* Files of this stream hold the user's format */
static bool in_user(const struct job *job, const struct ref_stream *stream)
{
	return job->user && !stream->nms_chunks;
}

/* A picture of several planes, one behind the other in the file */
static bool bind_planes(struct job *job, struct file *file)
{
	const struct ref_stream *s = job->net.streams;

	if (file->use != INPUT || !file->name)
		return false;
	for (size_t i = 0; i < job->net.stream_count; i++) {
		if (!s[i].planes || strcmp(s[i].planes, file->name))
			continue;
		if (!file->planes++)
			file->stream = i;
		file->frame_size += job->user ? s[i].user_size : s[i].device_size;
	}
	return file->planes > 0;
}

static int bind_file(struct job *job, struct file *file)
{
	const struct ref_stream *stream;

	if (bind_planes(job, file))
		return 0;
	file->stream = refnet_find(&job->net, file->name, file->use != INPUT);
	if (file->stream < 0 && file->name)
		return hef_fail(job->failure, "%s: no such stream: %s; refnet -s lists them",
				file->path, file->name);
	if (file->stream < 0)
		return hef_fail(job->failure, "%s: which stream? NAME=FILE is needed", file->path);
	stream = &job->net.streams[file->stream];
	file->frame_size = in_user(job, stream) ? stream->user_size : stream->device_size;
	return 0;
}

static int load_file(struct job *job, struct file *file)
{
	if (file->use == OUTPUT)
		return 0;
	if (read_file(file->path, &file->bytes, job->failure))
		return -1;
	if (!file->bytes.size || file->bytes.size % file->frame_size)
		return hef_fail(job->failure,
				"%s: %zu bytes are no whole number of %zu-byte frames",
				file->path, file->bytes.size, file->frame_size);
	if (job->frames && job->frames != file->bytes.size / file->frame_size)
		return hef_fail(job->failure, "%s: %zu frames, the others have %zu", file->path,
				file->bytes.size / file->frame_size, job->frames);
	job->frames = file->bytes.size / file->frame_size;
	return 0;
}

static bool is_in(const struct file *file, size_t stream)
{
	size_t first = file->stream, count = file->planes ? file->planes : 1;

	return stream >= first && stream < first + count;
}

static int check_inputs(struct job *job)
{
	for (size_t i = 0; i < job->net.stream_count; i++) {
		size_t given = 0;

		if (job->net.streams[i].is_output)
			continue;
		for (size_t k = 0; k < job->file_count; k++)
			given += job->files[k].use == INPUT && is_in(&job->files[k], i);
		if (given != 1)
			return hef_fail(job->failure, "input '%s' is given %zu times",
					job->net.streams[i].name, given);
	}
	return 0;
}

static int open_files(struct job *job)
{
	for (size_t i = 0; i < job->file_count; i++)
		if (bind_file(job, &job->files[i]) || load_file(job, &job->files[i]))
			return -1;
	return check_inputs(job);
}

/* ---- frames ---- */

static size_t take_stream(struct job *job, size_t stream, const uint8_t *bytes)
{
	const struct ref_stream *s = &job->net.streams[stream];

	if (job->user)
		refnet_to_device(s, bytes, job->device[stream]);
	else
		memcpy(job->device[stream], bytes, s->device_size);
	return job->user ? s->user_size : s->device_size;
}

static void take_inputs(struct job *job, size_t frame)
{
	for (size_t i = 0; i < job->file_count; i++) {
		const struct file *file = &job->files[i];
		const uint8_t *bytes = file->bytes.data + frame * file->frame_size;

		for (size_t s = 0; file->use == INPUT && s < job->net.stream_count; s++)
			if (is_in(file, s))
				bytes += take_stream(job, s, bytes);
	}
}

static void describe_place(const struct job *job, const struct ref_stream *s, size_t byte)
{
	size_t element = byte / s->bytes;
	uint32_t features = s->shape.features, width = s->shape.width;

	if (in_user(job, s))
		printf(" (row %zu, column %zu, feature %zu)", element / features / width,
		       element / features % width, element % features);
}

static bool same_frame(const struct job *job, const struct file *file, const uint8_t *mine,
		       size_t frame)
{
	const struct ref_stream *stream = &job->net.streams[file->stream];
	const uint8_t *theirs = file->bytes.data + frame * file->frame_size;
	size_t bytes = in_user(job, stream) ? stream->user_size :
					      refnet_device_bytes(stream, mine);
	size_t first = bytes, count = 0;

	for (size_t i = bytes; i--; )
		if (mine[i] != theirs[i]) {
			first = i;
			count++;
		}
	if (!count)
		return true;
	printf("%s: frame %zu of %s: %zu of %zu bytes differ, first byte %zu", file->path,
	       frame, stream->name, count, file->frame_size, first);
	describe_place(job, stream, first);
	printf(": %u, the reference has %u\n", theirs[first], mine[first]);
	return false;
}

static bool give_outputs(struct job *job, size_t frame)
{
	bool equal = true;

	for (size_t i = 0; i < job->file_count; i++) {
		struct file *file = &job->files[i];
		const uint8_t *mine = job->device[file->stream];
		uint8_t *user = NULL;

		if (file->use == INPUT)
			continue;
		if (in_user(job, &job->net.streams[file->stream])) {
			user = malloc(file->frame_size);
			refnet_to_user(&job->net.streams[file->stream], mine, user);
			mine = user;
		}
		if (file->use == OUTPUT)
			blob_add(&file->bytes, mine, file->frame_size);
		else
			equal &= same_frame(job, file, mine, frame);
		free(user);
	}
	return equal;
}

static int write_outputs(struct job *job)
{
	for (size_t i = 0; i < job->file_count; i++) {
		const struct file *file = &job->files[i];

		if (file->use == OUTPUT && write_file(file->path, file->bytes.data,
						      file->bytes.size, job->failure))
			return -1;
	}
	return 0;
}

static void alloc_frames(struct job *job)
{
	job->device = pool_alloc(&job->pool, job->net.stream_count * sizeof(*job->device));
	for (size_t i = 0; i < job->net.stream_count; i++)
		job->device[i] = pool_alloc(&job->pool, job->net.streams[i].device_size);
}

/* 0 all equal, 2 something differs, -1 an error */
static int run_frames(struct job *job)
{
	bool equal = true;
	size_t compared = 0;

	alloc_frames(job);
	for (size_t frame = 0; frame < job->frames; frame++) {
		take_inputs(job, frame);
		refnet_run(&job->net, job->device);
		equal &= give_outputs(job, frame);
	}
	if (write_outputs(job))
		return -1;
	for (size_t i = 0; i < job->file_count; i++)
		compared += job->files[i].use == COMPARE;
	if (compared && equal)
		printf("%zu frames of %zu outputs: no byte differs\n", job->frames, compared);
	return equal ? 0 : 2;
}

static void list_streams(const struct job *job)
{
	static const char *const orders[] = {
		[0] = "nhwc", [1] = "nhcw", [2] = "nc", [3] = "fcr", [5] = "nhw", [6] = "nms",
		[7] = "f8cr",
	};

	for (size_t i = 0; i < job->net.stream_count; i++) {
		const struct ref_stream *s = &job->net.streams[i];

		printf("%s %s stream=%u type=u%d order=%s shape=%ux%ux%u padded=%ux%ux%u user_bytes=%zu device_bytes=%zu\n",
		       s->is_output ? "output" : "input", s->name, s->sys_index, s->bytes * 8,
		       orders[s->order], s->shape.height, s->shape.width, s->shape.features,
		       s->padded.height, s->padded.width, s->padded.features, s->user_size,
		       s->device_size);
	}
}

static int run(struct job *job)
{
	struct blob hef = { 0 };
	int result = read_file(job->hef, &hef, job->failure);
	struct failure why;

	if (!result && refnet_open_group(&job->net, hef.data, hef.size, &job->place, &why))
		result = hef_fail(job->failure, "%s: %.300s", job->hef, why.text);
	blob_free(&hef);
	if (result)
		return result;
	if (job->list || !job->file_count)
		list_streams(job);
	else
		result = open_files(job) ? -1 : run_frames(job);
	return result;
}

int main(int argc, char **argv)
{
	struct failure failure;
	struct job job = { .failure = &failure };
	int result;

	if (parse_arguments(&job, argc, argv)) {
		fputs("usage: refnet [option]... HEF; try refnet --help\n", stderr);
		return 1;
	}
	result = run(&job);
	if (result < 0)
		fprintf(stderr, "refnet: %s\n", failure.text);
	for (size_t i = 0; i < job.file_count; i++)
		blob_free(&job.files[i].bytes);
	refnet_free(&job.net);
	pool_free(&job.pool);
	return result < 0 ? 1 : result;
}
