// SPDX-License-Identifier: MIT
/* hailo8l run: options, and the order in which things happen. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/run.h"

enum {
	OPTION_RAW_OUTPUT = 256,
	OPTION_SAVE_INPUT,
	OPTION_FIT,
	OPTION_ALL_FRAMES,
	OPTION_LABELS,
	OPTION_TIMEOUT,
	OPTION_QUEUE,
	OPTION_WAIT,
};

static const struct tool_option options[] = {
	{ 'i', "input", "[NAME=]FILE", "what to feed: PNG, JPEG, or a raw frame" },
	{ 'O', "output", "[NAME=]FILE", "where to put a result: .png or .jpg, else raw;\n"
	  "a folder takes all outputs" },
	{ OPTION_RAW_OUTPUT, "raw-output", "[NAME=]FILE",
	  "put the result there as raw bytes (too)" },
	{ OPTION_SAVE_INPUT, "save-input", "[NAME=]FILE",
	  "put the bytes given to the library there" },
	{ 'f', "format", "[NAME=]TYPE[:ORDER]",
	  "of frames in memory and raw files: u8, u16, f32;\n"
	  "NHWC, NCHW ...; without NAME: of all streams" },
	{ OPTION_FIT, "fit", "MODE", "picture to input: stretch (default), letterbox,\n"
	  "crop, or exact" },
	{ 'g', "group", "GROUP", "network group by name or number (default 0)" },
	{ 'n', "frames", "COUNT", "run so many frames (default 1)" },
	{ OPTION_QUEUE, "queue", "COUNT", "so many frames under way at a time (default 1)" },
	{ OPTION_ALL_FRAMES, "all-frames", NULL, "raw outputs get every frame, not only the last" },
	{ 't', "top", "COUNT", "print the best classes of a classifier" },
	{ OPTION_LABELS, "labels", "FILE", "names of the classes, one a line" },
	{ OPTION_TIMEOUT, "timeout", "MS", "for one frame (default 10000)" },
	{ OPTION_WAIT, "wait", "[=SECONDS]", "while another program runs networks on the device,\n"
	  "wait for one's turn (default: as long as it takes)" },
	TOOL_OPTION_DEVICE,
	TOOL_OPTION_FORMAT,
	TOOL_OPTION_HELP,
	TOOL_OPTION_END
};

static int add_pair(const struct tool_command *command, struct run_pairs *pairs,
		    const char *option, const char *argument)
{
	const char *equals = strchr(argument, '=');
	struct run_pair *pair = &pairs->pair[pairs->count];

	pairs->option = option;
	if (pairs->count == RUN_MAX_PAIRS)
		return tool_error(command->name, "%s: given more than %d times", option,
				  RUN_MAX_PAIRS);
	pair->text = argument;
	pair->name_length = equals ? (size_t)(equals - argument) : 0;
	pair->value = equals ? equals + 1 : argument;
	if (!pair->value[0])
		return tool_error(command->name, "%s '%s': nothing after the name", option,
				  argument);
	pairs->count++;
	return 0;
}

static int set_fit(const struct tool_command *command, const char *argument, enum picture_fit *fit)
{
	static const char *const names[] = {
		[PICTURE_STRETCH] = "stretch",
		[PICTURE_LETTERBOX] = "letterbox",
		[PICTURE_CROP] = "crop",
		[PICTURE_EXACT] = "exact",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(argument, names[i]))
			continue;
		*fit = (enum picture_fit)i;
		return 0;
	}
	return tool_error(command->name, "--fit '%s': use stretch, letterbox, crop or exact",
			  argument);
}

static int set_stream_option(const struct tool_command *command, struct run_options *run, int key,
			     const char *argument)
{
	switch (key) {
	case 'i':
		return add_pair(command, &run->inputs, "--input", argument);
	case 'O':
		return add_pair(command, &run->outputs, "--output", argument);
	case OPTION_RAW_OUTPUT:
		return add_pair(command, &run->raw_outputs, "--raw-output", argument);
	case OPTION_SAVE_INPUT:
		return add_pair(command, &run->save_inputs, "--save-input", argument);
	default:
		return add_pair(command, &run->formats, "--format", argument);
	}
}

static int set_wait(const struct tool_command *command, const char *argument,
		    struct run_options *run)
{
	run->wait = true;
	return argument ? args_number(command, "--wait", argument, 1, RUN_MAX_WAIT,
				      &run->wait_s) : 0;
}

static int set_option(const struct tool_command *command, struct run_options *run, int key,
		      const char *argument)
{
	switch (key) {
	case 'd':
		run->device = argument;
		return 0;
	case 'g':
		run->group = argument;
		return 0;
	case 'o':
		return args_format(command, argument, &run->json);
	case 'n':
		return args_number(command, "--frames", argument, 1, RUN_MAX_FRAMES, &run->frames);
	case OPTION_QUEUE:
		return args_number(command, "--queue", argument, 1, RUN_MAX_QUEUE, &run->queue);
	case 't':
		return args_number(command, "--top", argument, 1, 1000000, &run->top);
	case OPTION_TIMEOUT:
		return args_number(command, "--timeout", argument, 1, 3600000, &run->timeout_ms);
	case OPTION_WAIT:
		return set_wait(command, argument, run);
	case OPTION_FIT:
		return set_fit(command, argument, &run->fit);
	case OPTION_LABELS:
		run->labels = argument;
		return 0;
	case OPTION_ALL_FRAMES:
		run->all_frames = true;
		return 0;
	default:
		return set_stream_option(command, run, key, argument);
	}
}

static int check_options(const struct tool_command *command, const struct run_options *run)
{
	if (!run->inputs.count)
		return tool_error(command->name,
				  "nothing to feed: give --input FILE (a picture or a raw frame)");
	return 0;
}

static int open_device(struct run *run)
{
	double start = run_clock();
	int result = device_open("run", run->options->device, &run->device);

	if (result)
		return result;
	run->times.open = run_clock() - start;
	device_entry(run->device, &run->entry);
	h8l_device_identity(run->device, &run->identity);
	return TOOL_OK;
}

/* The library may see a stream otherwise than the file said it. */
static int set_formats(struct run *run, const struct run_streams *streams,
		       struct h8l_error *error)
{
	const struct run_stream *stream;
	unsigned int i;
	int64_t size;
	int result;

	for (i = 0; i < streams->count; i++) {
		stream = &streams->stream[i];
		result = h8l_network_set_format(run->network, streams->direction, i,
						stream->format, error);
		if (result < 0)
			return result;
		size = h8l_network_frame_size(run->network, streams->direction, i);
		if (size == (int64_t)stream->size)
			continue;
		error->code = -EPROTO;
		snprintf(error->text, sizeof(error->text),
			 "stream '%s' has frames of %lld bytes once configured, %zu in the file",
			 stream->info.name, (long long)size, stream->size);
		return -EPROTO;
	}
	return 0;
}

/* -EBUSY: with whom, in the text */
static int claim_device(struct run *run)
{
	int timeout_ms = run->options->wait_s ? (int)run->options->wait_s * 1000 : -1;
	struct h8l_error error = { .code = 0 };
	int result;

	if (!run->options->wait)
		return TOOL_OK;
	result = h8l_device_claim(run->device, timeout_ms, &error);
	if (result >= 0)
		return TOOL_OK;
	error.code = result;
	return library_error("run", &error);
}

static int open_network(struct run *run)
{
	struct h8l_network_options network_options = {
		.group = run->group,
		.timeout_ms = (unsigned int)run->options->timeout_ms,
		.queue_depth = (unsigned int)run->options->queue,
	};
	struct h8l_error error = { .code = 0 };
	double start = run_clock();
	int result;

	result = h8l_network_open(run->device, run->hef, &network_options, &run->network, &error);
	if (result >= 0)
		result = set_formats(run, &run->inputs, &error);
	if (result >= 0)
		result = set_formats(run, &run->outputs, &error);
	if (result >= 0)
		result = run_post_open(run, &error);
	if (result >= 0)
		result = h8l_network_start(run->network, &error);
	run->times.configure = run_clock() - start;
	if (result >= 0)
		return TOOL_OK;
	error.code = result;
	return library_error("run", &error);
}

static int open_hef(struct run *run)
{
	struct h8l_error error = { .code = 0 };
	int result = h8l_hef_open(run->options->hef, &run->hef, &error);

	if (result >= 0)
		return TOOL_OK;
	error.code = result;
	return library_error(strstr(error.text, run->options->hef) ? "run" : run->options->hef,
			     &error);
}

/* Everything that can be wrong without a device is found before it is used. */
static int prepare(struct run *run)
{
	int result = open_hef(run);

	if (result)
		return result;
	if (run_streams_init(run) || run_inputs_load(run) || run_labels_load(run) ||
	    run_top_check(run) || run_outputs_open(run))
		return problem_print("run", &run->problem);
	if (run->options->labels && !run->options->top && !run->post_count)
		return tool_error("run", "--labels says nothing without --top or detections");
	run->times.frame = calloc(run->options->frames, sizeof(*run->times.frame));
	if (!run->times.frame)
		return tool_error("run", "out of memory for the times of %lu frames",
				  run->options->frames);
	return TOOL_OK;
}

static int use_device(struct run *run)
{
	int result = open_device(run);

	if (!result)
		result = claim_device(run);
	if (!result)
		result = open_network(run);
	if (!result)
		result = run_frames(run);
	h8l_network_close(run->network);
	h8l_device_close(run->device);
	if (result)
		return result;
	if (run_post_compute(run) || run_inputs_save(run) || run_outputs_finish(run))
		return problem_print("run", &run->problem);
	return run_report(run);
}

static int run_all(const struct run_options *run_options)
{
	struct run run = { .options = run_options };
	int result;

	run_catch_signals();
	result = prepare(&run);
	if (!result)
		result = use_device(&run);
	run_post_close(&run);
	run_streams_free(&run);
	run_labels_free(&run.labels);
	h8l_hef_close(run.hef);
	free(run.times.frame);
	return result;
}

static int run_run(const struct tool_command *command, int argc, char **argv)
{
	struct run_options run = { .frames = 1, .queue = 1, .fit = PICTURE_STRETCH };
	const char *argument;
	int key;

	while ((key = args_next(command, argc, argv, &argument)) >= 0)
		if (set_option(command, &run, key, argument))
			return TOOL_ERROR;
	if (key != ARGS_END)
		return args_stop(key);
	if (check_options(command, &run))
		return TOOL_ERROR;
	run.hef = argv[optind];
	return run_all(&run);
}

const struct tool_command run_command = {
	.name = "run",
	.operands = "FILE",
	.summary = "Run a network file (HEF) on pictures or raw frames.",
	.options = options,
	.notes = "NAME is the name of a stream, or what follows the last '/' in it; 'hailo8l hef\n"
		 "FILE' lists them. It may be left out where there is one stream. A file with '='\n"
		 "in its name needs NAME= (or just =) before it.",
	.run = run_run,
};
