// SPDX-License-Identifier: MIT
/* hailo8l run: detections, where the file says how to compute them. */
#include <errno.h>
#include <json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/run.h"

#define MAX_SHOWN	40	/* lines of text; JSON has all */

static bool is_wanted(const struct run *run, const struct h8l_post_info *info)
{
	unsigned int i;

	if (info->unsupported ||
	    (info->kind != H8L_POST_DETECTIONS && info->kind != H8L_POST_MASKS))
		return false;
	for (i = 0; i < info->output_count; i++)
		if (info->outputs[i] >= run->outputs.count ||
		    run->outputs.stream[info->outputs[i]].format_given)
			return false;
	return true;
}

static void take_raw(struct run *run, const struct h8l_post_info *info)
{
	struct run_stream *stream;
	unsigned int i;

	for (i = 0; i < info->output_count; i++) {
		stream = &run->outputs.stream[info->outputs[i]];
		stream->format.type = stream->info.device_format.type;
		stream->format.order = H8L_ORDER_RAW;
	}
}

void run_post_init(struct run *run)
{
	struct run_post *post;
	unsigned int i;

	for (i = 0; run->post_count < RUN_MAX_POSTS; i++) {
		post = &run->post[run->post_count];
		if (h8l_hef_post(run->hef, run->group, i, &post->info))
			return;
		if (!is_wanted(run, &post->info))
			continue;
		post->index = i;
		take_raw(run, &post->info);
		run->post_count++;
	}
}

int run_post_open(struct run *run, struct h8l_error *error)
{
	struct h8l_post_options options = H8L_POST_DEFAULTS;
	unsigned int i;
	int result = 0;

	for (i = 0; i < run->post_count && !result; i++)
		result = h8l_post_open(run->network, run->post[i].index, &options,
				       &run->post[i].post, error);
	return result;
}

void run_post_close(struct run *run)
{
	unsigned int i;

	for (i = 0; i < run->post_count; i++)
		h8l_post_close(run->post[i].post);
	run->post_count = 0;
}

int run_post_compute(struct run *run)
{
	struct h8l_buffer outputs[RUN_MAX_PAIRS];
	struct h8l_error error = { .code = 0 };
	unsigned int i;

	for (i = 0; i < run->outputs.count; i++) {
		outputs[i].data = run->outputs.stream[i].result;
		outputs[i].size = run->outputs.stream[i].size;
	}
	for (i = 0; i < run->post_count; i++)
		if (h8l_post_run(run->post[i].post, outputs, run->outputs.count,
				 &run->post[i].result, &error))
			return problem_set(&run->problem, "%s", error.text);
	return 0;
}

/* ---- report ---- */

static const char *label(const struct run *run, unsigned int index)
{
	return index < run->labels.count ? run->labels.name[index] : "";
}

static void print_detection(const struct run *run, const struct h8l_detection *d)
{
	char safe[128];

	printf("  %5u  %6.3f  %6.3f %6.3f  %6.3f %6.3f  %s\n", d->class_id, d->score, d->x_min,
	       d->y_min, d->x_max, d->y_max,
	       printable(safe, sizeof(safe), label(run, d->class_id)));
}

void run_post_print(const struct run *run)
{
	const struct h8l_post_result *result;
	const struct run_post *post;
	char name[H8L_NAME_SIZE];
	unsigned int i, k;

	for (i = 0; i < run->post_count; i++) {
		post = &run->post[i];
		result = &post->result;
		printf("Detections of %s (%s): %u\n",
		       printable(name, sizeof(name), post->info.name), post->info.method,
		       result->count);
		if (result->count)
			printf("  class   score    left    top   right bottom\n");
		for (k = 0; k < result->count && k < MAX_SHOWN; k++)
			print_detection(run, &result->detections[k]);
		if (result->count > MAX_SHOWN)
			printf("  and %u more (-o json has all)\n", result->count - MAX_SHOWN);
	}
}

static struct json_object *json_detection(const struct run *run, const struct h8l_detection *d)
{
	struct json_object *object = json_object_new_object();

	json_set_number(object, "class", d->class_id);
	json_set_string_or_null(object, "label", label(run, d->class_id));
	json_set_real(object, "score", (double)d->score);
	json_set_real(object, "left", (double)d->x_min);
	json_set_real(object, "top", (double)d->y_min);
	json_set_real(object, "right", (double)d->x_max);
	json_set_real(object, "bottom", (double)d->y_max);
	return object;
}

static struct json_object *json_post(const struct run *run, const struct run_post *post)
{
	struct json_object *object = json_object_new_object();
	struct json_object *list = json_object_new_array();
	unsigned int i;

	json_set_string(object, "name", post->info.name);
	json_set_string(object, "method", post->info.method);
	for (i = 0; i < post->result.count; i++)
		json_object_array_add(list, json_detection(run, &post->result.detections[i]));
	json_object_object_add(object, "detections", list);
	return object;
}

struct json_object *run_post_json(const struct run *run)
{
	struct json_object *list = json_object_new_array();
	unsigned int i;

	for (i = 0; i < run->post_count; i++)
		json_object_array_add(list, json_post(run, &run->post[i]));
	return list;
}
