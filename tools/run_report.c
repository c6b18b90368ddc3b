// SPDX-License-Identifier: MIT
/* hailo8l run: what is said at the end. */
#include <json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/run.h"

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Of sorted times; the value that so many of a hundred do not exceed. */
static double percentile(const struct run_times *times, unsigned int percent)
{
	unsigned long rank = (times->frames * percent + 99) / 100;

	return times->frame[rank ? rank - 1 : 0];
}

static double frames_per_second(const struct run_times *times)
{
	return times->total > 0 ? (double)times->frames / times->total : 0;
}

static void print_stream(const struct run_stream *stream)
{
	char name[H8L_NAME_SIZE], text[64];

	printf("  %s %s: %s, %zu bytes\n",
	       stream->info.direction == H8L_INPUT ? "input " : "output",
	       printable(name, sizeof(name), stream->info.name), run_stream_text(stream, text),
	       stream->size);
	if (stream->source)
		printf("         from %s", stream->source);
	if (stream->picture_width)
		printf(" (%u x %u pixels)", stream->picture_width, stream->picture_height);
	if (stream->source)
		putchar('\n');
	if (stream->file_name)
		printf("         in %s\n", stream->file_name);
	if (stream->raw_name)
		printf("         raw in %s\n", stream->raw_name);
}

static void print_times(const struct run_times *times)
{
	printf("  open %.1f ms, configure %.1f ms\n", times->open * 1e3, times->configure * 1e3);
	if (times->frames == 1) {
		printf("  1 frame in %.2f ms\n", times->total * 1e3);
		return;
	}
	printf("  %lu frames in %.3f s: %.1f frames/s\n", times->frames, times->total,
	       frames_per_second(times));
	printf("  a frame: least %.2f, median %.2f, 99 %% within %.2f, most %.2f ms\n",
	       times->frame[0] * 1e3, percentile(times, 50) * 1e3, percentile(times, 99) * 1e3,
	       times->frame[times->frames - 1] * 1e3);
}

static const char *label(const struct run *run, unsigned int index)
{
	return index < run->labels.count ? run->labels.name[index] : "";
}

static void print_top(const struct run *run, const struct run_stream *stream)
{
	unsigned int count, i;
	struct run_class *list = run_top(run, stream, &count);
	char name[128], safe[128];

	if (!list)
		return;
	printf("Best of %s\n", printable(name, sizeof(name), stream->info.name));
	for (i = 0; i < count; i++)
		printf("  %6u  %12.6g  %s\n", list[i].index, list[i].value,
		       printable(safe, sizeof(safe), label(run, list[i].index)));
	free(list);
}

static void print_text(const struct run *run)
{
	unsigned int i;

	printf("%s on %s%s%s\n", run->options->hef,
	       architecture_name(run->identity.architecture), run->entry.node[0] ? " at " : "",
	       run->entry.node);
	for (i = 0; i < run->inputs.count; i++)
		print_stream(&run->inputs.stream[i]);
	for (i = 0; i < run->outputs.count; i++)
		print_stream(&run->outputs.stream[i]);
	print_times(&run->times);
	for (i = 0; run->options->top && i < run->outputs.count; i++)
		if (run_stream_is_list(&run->outputs.stream[i]))
			print_top(run, &run->outputs.stream[i]);
	run_post_print(run);
}

static struct json_object *json_top(const struct run *run, const struct run_stream *stream)
{
	unsigned int count, i;
	struct run_class *list = run_top(run, stream, &count);
	struct json_object *array = json_object_new_array();
	struct json_object *object;

	for (i = 0; list && i < count; i++) {
		object = json_object_new_object();
		json_set_number(object, "class", list[i].index);
		json_set_real(object, "value", list[i].value);
		json_set_string_or_null(object, "label", label(run, list[i].index));
		json_object_array_add(array, object);
	}
	free(list);
	return array;
}

static struct json_object *json_stream(const struct run *run, const struct run_stream *stream)
{
	struct json_object *object = json_object_new_object();

	json_set_string(object, "name", stream->info.name);
	json_set_number(object, "height", stream->info.shape.height);
	json_set_number(object, "width", stream->info.shape.width);
	json_set_number(object, "features", stream->info.shape.features);
	json_set_string(object, "type", h8l_type_name(stream->format.type));
	json_set_string(object, "order", h8l_order_name(stream->format.order));
	json_set_number(object, "frame_size", (long long)stream->size);
	if (stream->info.direction == H8L_INPUT)
		json_set_string(object, "source", stream->source);
	json_set_string_or_null(object, "file", stream->file_name);
	json_set_string_or_null(object, "raw_file", stream->raw_name);
	if (run->options->top && stream->info.direction == H8L_OUTPUT &&
	    run_stream_is_list(stream))
		json_object_object_add(object, "top", json_top(run, stream));
	return object;
}

static struct json_object *json_streams(const struct run *run, const struct run_streams *streams)
{
	struct json_object *list = json_object_new_array();
	unsigned int i;

	for (i = 0; i < streams->count; i++)
		json_object_array_add(list, json_stream(run, &streams->stream[i]));
	return list;
}

static struct json_object *json_times(const struct run_times *times)
{
	struct json_object *object = json_object_new_object();

	json_set_real(object, "open", times->open);
	json_set_real(object, "configure", times->configure);
	json_set_real(object, "frames", times->total);
	json_set_real(object, "least", times->frame[0]);
	json_set_real(object, "median", percentile(times, 50));
	json_set_real(object, "p99", percentile(times, 99));
	json_set_real(object, "most", times->frame[times->frames - 1]);
	return object;
}

static int print_json(const struct run *run)
{
	struct json_object *object = json_object_new_object();

	json_set_number(object, "version", TOOL_JSON_VERSION);
	json_set_string(object, "file", run->options->hef);
	json_set_string(object, "architecture", architecture_name(run->identity.architecture));
	json_set_string_or_null(object, "node", run->entry.node);
	json_set_number(object, "frames", (long long)run->times.frames);
	json_set_real(object, "frames_per_second", frames_per_second(&run->times));
	json_object_object_add(object, "seconds", json_times(&run->times));
	json_object_object_add(object, "inputs", json_streams(run, &run->inputs));
	json_object_object_add(object, "outputs", json_streams(run, &run->outputs));
	if (run->post_count)
		json_object_object_add(object, "results", run_post_json(run));
	return json_print("run", object);
}

int run_report(const struct run *run)
{
	qsort(run->times.frame, run->times.frames, sizeof(*run->times.frame), by_size);
	if (run->options->json)
		return print_json(run);
	print_text(run);
	return TOOL_OK;
}
