// SPDX-License-Identifier: MIT
/* hailo8l run: the streams of the network and what the options say of them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "tools/run.h"

const char *run_stream_text(const struct run_stream *stream, char out[64])
{
	snprintf(out, 64, "%ux%ux%u %s %s", stream->info.shape.height, stream->info.shape.width,
		 stream->info.shape.features, h8l_type_name(stream->format.type),
		 h8l_order_name(stream->format.order));
	return out;
}

/* Orders that are rows of pixels in a program's memory. */
static bool order_is_pixels(enum h8l_order order)
{
	return order == H8L_ORDER_NHWC || order == H8L_ORDER_FCR || order == H8L_ORDER_NHW;
}

bool run_stream_is_picture(const struct run_stream *stream)
{
	unsigned int features = stream->info.shape.features;

	return (features == 1 || features == 3) && order_is_pixels(stream->format.order) &&
	       stream->format.type != H8L_TYPE_UINT16;
}

/* ---- which group ---- */

static int group_problem(struct run *run, const struct h8l_hef_info *info)
{
	struct h8l_group_info group;
	char names[300] = "";
	size_t used = 0;
	unsigned int i;

	for (i = 0; i < info->group_count && used < sizeof(names) - H8L_NAME_SIZE - 8; i++) {
		if (h8l_hef_group(run->hef, i, &group) < 0)
			break;
		used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s",
					 i ? ", " : "", group.name);
	}
	problem_set(&run->problem, "%s: no group '%s'", run->options->hef, run->options->group);
	problem_hint(&run->problem, "there %s: %s", info->group_count == 1 ? "is" : "are", names);
	return -1;
}

static int find_group(struct run *run)
{
	const char *wanted = run->options->group;
	struct h8l_group_info group;
	struct h8l_hef_info info;
	unsigned long number;
	unsigned int i;
	char *end;

	if (!wanted)
		return 0;
	h8l_hef_info(run->hef, &info);
	for (i = 0; i < info.group_count; i++) {
		if (h8l_hef_group(run->hef, i, &group) < 0 || strcmp(group.name, wanted))
			continue;
		run->group = i;
		return 0;
	}
	number = strtoul(wanted, &end, 10);
	if (end == wanted || *end || number >= info.group_count)
		return group_problem(run, &info);
	run->group = (unsigned int)number;
	return 0;
}

/* ---- options that name a stream ---- */

static bool name_matches(const struct run_stream *stream, const struct run_pair *pair)
{
	const char *name = stream->info.name;
	const char *last = strrchr(name, '/');

	if (strlen(name) == pair->name_length && !strncmp(name, pair->text, pair->name_length))
		return true;
	return last && strlen(last + 1) == pair->name_length &&
	       !strncmp(last + 1, pair->text, pair->name_length);
}

static int pair_problem(struct run *run, const struct run_streams *streams,
			const struct run_pairs *pairs, const struct run_pair *pair,
			unsigned int matches)
{
	const char *kind = streams->direction == H8L_INPUT ? "input" : "output";
	char names[400] = "";
	size_t used = 0;
	unsigned int i;

	for (i = 0; i < streams->count && used < sizeof(names) - H8L_NAME_SIZE - 4; i++)
		used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s",
					 i ? ", " : "", streams->stream[i].info.name);
	if (!pair->name_length)
		problem_set(&run->problem, "%s %s: the network has %u %ss, so a name is needed",
			    pairs->option, pair->text, streams->count, kind);
	else
		problem_set(&run->problem, "%s %s: %s %s has this name", pairs->option, pair->text,
			    matches ? "more than one" : "no", kind);
	problem_hint(&run->problem, "write %s NAME=%s; the %ss are: %s", pairs->option,
		     pair->value, kind, names);
	return -1;
}

/* The one stream that a pair means, or NULL with a problem. */
static struct run_stream *find_stream(struct run *run, struct run_streams *streams,
				      const struct run_pairs *pairs, const struct run_pair *pair)
{
	struct run_stream *found = NULL;
	unsigned int matches = 0;
	unsigned int i;

	for (i = 0; i < streams->count; i++) {
		if (pair->name_length && !name_matches(&streams->stream[i], pair))
			continue;
		found = &streams->stream[i];
		matches++;
	}
	if (matches == 1)
		return found;
	pair_problem(run, streams, pairs, pair, matches);
	return NULL;
}

/* Every stream at most once for one option. */
static int set_once(struct run *run, const struct run_pairs *pairs, const struct run_pair *pair,
		    const struct run_stream *stream, char **field)
{
	if (*field)
		return problem_set(&run->problem, "%s %s: '%s' has one already", pairs->option,
				   pair->text, stream->info.name);
	*field = strdup(pair->value);
	return *field ? 0 : problem_set(&run->problem, "out of memory");
}

/* ---- formats ---- */

static int parse_type(const char *text, size_t length, enum h8l_type *type)
{
	static const struct {
		const char *name;
		enum h8l_type type;
	} types[] = {
		{ "u8", H8L_TYPE_UINT8 }, { "uint8", H8L_TYPE_UINT8 },
		{ "u16", H8L_TYPE_UINT16 }, { "uint16", H8L_TYPE_UINT16 },
		{ "f32", H8L_TYPE_FLOAT32 }, { "float32", H8L_TYPE_FLOAT32 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		if (strlen(types[i].name) != length || strncasecmp(types[i].name, text, length))
			continue;
		*type = types[i].type;
		return 0;
	}
	return -1;
}

static int parse_order(const char *text, enum h8l_order *order)
{
	int i;

	for (i = H8L_ORDER_NHWC; i <= H8L_ORDER_NMS_ON_CHIP; i++) {
		if (strcasecmp(h8l_order_name((enum h8l_order)i), text))
			continue;
		*order = (enum h8l_order)i;
		return 0;
	}
	return -1;
}

static int set_format(struct run *run, struct run_stream *stream, const struct run_pair *pair)
{
	size_t length = strcspn(pair->value, ":");

	stream->format_given = true;
	if (parse_type(pair->value, length, &stream->format.type) ||
	    (pair->value[length] && parse_order(pair->value + length + 1, &stream->format.order))) {
		problem_set(&run->problem, "--format %s: unknown format", pair->text);
		problem_hint(&run->problem,
			     "TYPE is u8, u16 or f32; ORDER is a name that 'hailo8l hef' prints, or NCHW");
		return -1;
	}
	return 0;
}

static int frame_size(struct run *run, struct run_stream *stream)
{
	int64_t size = h8l_frame_size(&stream->info, stream->format);
	char text[64];

	if (size > 0) {
		stream->size = (size_t)size;
		return 0;
	}
	problem_set(&run->problem, "stream '%s' cannot be used as %s", stream->info.name,
		    run_stream_text(stream, text));
	problem_hint(&run->problem, "leave --format out for the stream's own format, %s %s",
		     h8l_type_name(stream->info.default_format.type),
		     h8l_order_name(stream->info.default_format.order));
	return -1;
}

/* A format without a name is for all streams, one with a name wins over it. */
static int apply_formats(struct run *run, struct run_streams *streams, bool named)
{
	const struct run_pairs *pairs = &run->options->formats;
	unsigned int i, j;

	for (i = 0; i < pairs->count; i++) {
		const struct run_pair *pair = &pairs->pair[i];

		if (!pair->name_length == named)
			continue;
		for (j = 0; j < streams->count; j++)
			if ((!named || name_matches(&streams->stream[j], pair)) &&
			    set_format(run, &streams->stream[j], pair))
				return -1;
	}
	return 0;
}

static bool format_name_known(const struct run *run, const struct run_pair *pair)
{
	unsigned int i;

	for (i = 0; i < run->inputs.count; i++)
		if (name_matches(&run->inputs.stream[i], pair))
			return true;
	for (i = 0; i < run->outputs.count; i++)
		if (name_matches(&run->outputs.stream[i], pair))
			return true;
	return false;
}

static int check_format_names(struct run *run)
{
	const struct run_pairs *pairs = &run->options->formats;
	unsigned int i;

	for (i = 0; i < pairs->count; i++) {
		if (!pairs->pair[i].name_length || format_name_known(run, &pairs->pair[i]))
			continue;
		problem_set(&run->problem, "--format %s: no stream has this name",
			    pairs->pair[i].text);
		problem_hint(&run->problem, "'hailo8l hef %s' lists the streams",
			     run->options->hef);
		return -1;
	}
	return 0;
}

/* ---- file names ---- */

static int assign_inputs(struct run *run)
{
	const struct run_pairs *pairs = &run->options->inputs;
	struct run_stream *stream;
	unsigned int i;

	for (i = 0; i < pairs->count; i++) {
		stream = find_stream(run, &run->inputs, pairs, &pairs->pair[i]);
		if (!stream)
			return -1;
		if (stream->source)
			return problem_set(&run->problem, "--input %s: '%s' has one already",
					   pairs->pair[i].text, stream->info.name);
		stream->source = pairs->pair[i].value;
	}
	for (i = 0; i < run->inputs.count; i++) {
		if (run->inputs.stream[i].source)
			continue;
		problem_set(&run->problem, "nothing to feed to input '%s'",
			    run->inputs.stream[i].info.name);
		problem_hint(&run->problem, "give --input %s=FILE",
			     run->inputs.stream[i].info.name);
		return -1;
	}
	return 0;
}

static bool is_folder(const char *path)
{
	size_t length = strlen(path);
	struct stat st;

	return (length && path[length - 1] == '/') || (!stat(path, &st) && S_ISDIR(st.st_mode));
}

/* FOLDER/NAME.png or .raw; a '/' in a name becomes '_'. */
static int name_in_folder(struct run *run, struct run_stream *stream, const char *folder)
{
	bool slash = folder[strlen(folder) - 1] == '/';
	bool picture = run_stream_is_picture(stream) && stream->format.type == H8L_TYPE_UINT8 &&
		       stream->info.shape.height > 1 && stream->info.shape.width > 1;
	char name[H8L_NAME_SIZE];
	char *c;

	printable(name, sizeof(name), stream->info.name);
	for (c = name; *c; c++)
		if (*c == '/')
			*c = '_';
	if (asprintf(&stream->file_name, "%s%s%s.%s", folder, slash ? "" : "/", name,
		     picture ? "png" : "raw") >= 0)
		return 0;
	stream->file_name = NULL;
	return problem_set(&run->problem, "out of memory");
}

static int assign_folder(struct run *run, const struct run_pair *pair)
{
	struct run_stream *stream;
	unsigned int i;

	for (i = 0; i < run->outputs.count; i++) {
		stream = &run->outputs.stream[i];
		if (pair->name_length && !name_matches(stream, pair))
			continue;
		if (!stream->file_name && name_in_folder(run, stream, pair->value))
			return -1;
	}
	return 0;
}

static int assign_pairs(struct run *run, struct run_streams *streams,
			const struct run_pairs *pairs, bool raw)
{
	struct run_stream *stream;
	unsigned int i;

	for (i = 0; i < pairs->count; i++) {
		const struct run_pair *pair = &pairs->pair[i];

		if (!raw && !pair->name_length && is_folder(pair->value))
			continue;
		stream = find_stream(run, streams, pairs, pair);
		if (!stream)
			return -1;
		if (!raw && is_folder(pair->value))
			continue;
		if (set_once(run, pairs, pair, stream,
			     raw ? &stream->raw_name : &stream->file_name))
			return -1;
	}
	return 0;
}

/* Files by name first, so that folders take what is left. */
static int assign_outputs(struct run *run)
{
	const struct run_pairs *pairs = &run->options->outputs;
	unsigned int i;

	if (assign_pairs(run, &run->outputs, pairs, false) ||
	    assign_pairs(run, &run->outputs, &run->options->raw_outputs, true) ||
	    assign_pairs(run, &run->inputs, &run->options->save_inputs, true))
		return -1;
	for (i = 0; i < pairs->count; i++)
		if (is_folder(pairs->pair[i].value) && assign_folder(run, &pairs->pair[i]))
			return -1;
	return 0;
}

/* ---- all together ---- */

static int init_direction(struct run *run, struct run_streams *streams,
			  enum h8l_direction direction, unsigned int count)
{
	unsigned int i;

	streams->direction = direction;
	if (count > RUN_MAX_PAIRS)
		return problem_set(&run->problem, "%s: %u streams, at most %d are supported",
				   run->options->hef, count, RUN_MAX_PAIRS);
	streams->stream = calloc(count ? count : 1, sizeof(*streams->stream));
	if (!streams->stream)
		return problem_set(&run->problem, "out of memory");
	streams->count = count;
	for (i = 0; i < count; i++) {
		struct run_stream *stream = &streams->stream[i];

		stream->number = i;
		if (h8l_hef_stream(run->hef, run->group, direction, i, &stream->info) < 0)
			return problem_set(&run->problem, "%s: stream %u is missing",
					   run->options->hef, i);
		stream->format = stream->info.default_format;
	}
	return apply_formats(run, streams, false) || apply_formats(run, streams, true) ? -1 : 0;
}

static int frame_sizes(struct run *run, struct run_streams *streams)
{
	unsigned int i;

	for (i = 0; i < streams->count; i++)
		if (frame_size(run, &streams->stream[i]))
			return -1;
	return 0;
}

int run_streams_init(struct run *run)
{
	struct h8l_group_info group;

	if (find_group(run))
		return -1;
	if (h8l_hef_group(run->hef, run->group, &group) < 0)
		return problem_set(&run->problem, "%s: has no network group", run->options->hef);
	if (group.unsupported)
		return problem_set(&run->problem, "%s: group '%s' cannot be run: %s",
				   run->options->hef, group.name, group.unsupported);
	if (init_direction(run, &run->inputs, H8L_INPUT, group.input_count) ||
	    init_direction(run, &run->outputs, H8L_OUTPUT, group.output_count) ||
	    check_format_names(run))
		return -1;
	run_post_init(run);
	if (frame_sizes(run, &run->inputs) || frame_sizes(run, &run->outputs))
		return -1;
	return assign_inputs(run) || assign_outputs(run) ? -1 : 0;
}

static void free_direction(struct run_streams *streams)
{
	struct run_stream *stream;
	unsigned int i;

	for (i = 0; i < streams->count; i++) {
		stream = &streams->stream[i];
		outfile_discard(&stream->file);
		outfile_discard(&stream->raw);
		free(stream->file_name);
		free(stream->raw_name);
		free(stream->data);
	}
	free(streams->stream);
	memset(streams, 0, sizeof(*streams));
}

void run_streams_free(struct run *run)
{
	free_direction(&run->inputs);
	free_direction(&run->outputs);
}
