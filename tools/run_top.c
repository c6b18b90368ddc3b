// SPDX-License-Identifier: MIT
/* hailo8l run: classifiers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/run.h"

#define MAX_LABEL_BYTES (16 * 1024 * 1024)

/* ---- names of classes ---- */

static unsigned int count_lines(const char *text)
{
	unsigned int lines = 0;

	while (*text) {
		text += strcspn(text, "\n");
		text += *text == '\n';
		lines++;
	}
	return lines;
}

static void split_lines(struct run_label_list *labels)
{
	char *line = labels->text;
	unsigned int i;

	for (i = 0; i < labels->count; i++) {
		char *end = line + strcspn(line, "\n");
		char *next = *end ? end + 1 : end;

		if (end > line && end[-1] == '\r')
			end--;
		*end = '\0';
		labels->name[i] = line;
		line = next;
	}
}

int run_labels_load(struct run *run)
{
	struct run_label_list *labels = &run->labels;
	struct problem *problem = &run->problem;
	size_t size;
	void *data;
	char *text;

	if (!run->options->labels)
		return 0;
	if (infile_read(run->options->labels, MAX_LABEL_BYTES, &data, &size, problem))
		return -1;
	text = realloc(data, size + 1);
	labels->text = text ? text : data;
	if (!text)
		return problem_set(problem, "out of memory");
	text[size] = '\0';
	if (strlen(text) != size)
		return problem_set(problem, "%s: not a text file", run->options->labels);
	labels->count = count_lines(text);
	labels->name = calloc(labels->count + 1, sizeof(*labels->name));
	if (!labels->name)
		return problem_set(problem, "out of memory");
	split_lines(labels);
	return 0;
}

void run_labels_free(struct run_label_list *labels)
{
	free(labels->text);
	free(labels->name);
	memset(labels, 0, sizeof(*labels));
}

/* ---- values ---- */

bool run_stream_is_list(const struct run_stream *stream)
{
	return stream->info.shape.height == 1 && stream->info.shape.width == 1 &&
	       stream->info.shape.features > 1;
}

int run_top_check(struct run *run)
{
	unsigned int classes = 0;
	unsigned int i;

	if (!run->options->top)
		return 0;
	for (i = 0; i < run->outputs.count; i++) {
		const struct run_stream *stream = &run->outputs.stream[i];

		if (run_stream_is_list(stream) && stream->info.shape.features > classes)
			classes = stream->info.shape.features;
	}
	if (!classes) {
		problem_set(&run->problem, "--top: no output is a list of values (1x1xN)");
		problem_hint(&run->problem, "'hailo8l hef %s' shows the outputs",
			     run->options->hef);
		return -1;
	}
	if (run->options->labels && run->labels.count < classes)
		return problem_set(&run->problem, "%s: %u names for %u classes",
				   run->options->labels, run->labels.count, classes);
	return 0;
}

static float raw_value(const struct run_stream *stream, unsigned int index)
{
	uint16_t word;
	float real;

	switch (stream->format.type) {
	case H8L_TYPE_FLOAT32:
		memcpy(&real, stream->result + 4 * index, 4);
		return real;
	case H8L_TYPE_UINT16:
		memcpy(&word, stream->result + 2 * index, 2);
		return word;
	default:
		return stream->result[index];
	}
}

static float real_value(const struct run *run, const struct run_stream *stream, unsigned int index)
{
	struct h8l_quant quant = stream->info.quant;
	float value = raw_value(stream, index);

	if (stream->format.type == H8L_TYPE_FLOAT32)
		return value;
	if (stream->info.quant_count > 1)
		h8l_hef_quant(run->hef, run->group, H8L_OUTPUT, stream->number, index, &quant);
	return (value - quant.zero_point) * quant.scale;
}

static int better_first(const void *a, const void *b)
{
	const struct run_class *x = a, *y = b;

	if (x->value != y->value)
		return x->value < y->value ? 1 : -1;
	return x->index < y->index ? -1 : x->index > y->index;
}

struct run_class *run_top(const struct run *run, const struct run_stream *stream,
			  unsigned int *count)
{
	unsigned int classes = stream->info.shape.features;
	struct run_class *list = calloc(classes, sizeof(*list));
	unsigned int i;

	if (!list)
		return NULL;
	for (i = 0; i < classes; i++) {
		list[i].index = i;
		list[i].value = real_value(run, stream, i);
	}
	qsort(list, classes, sizeof(*list), better_first);
	*count = run->options->top < classes ? (unsigned int)run->options->top : classes;
	return list;
}
