// SPDX-License-Identifier: MIT
/* hailo8l hef: what is in a network file. */
#include <getopt.h>
#include <json.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tools/tool.h"

static const struct tool_option options[] = {
	{ 'd', "device", "DEVICE", "also say whether this device can run it:\n"
	  "index (0), PCI address (01:00.0) or node (/dev/hailo0)" },
	{ 'v', "verbose", NULL, "also the quantisation of every feature" },
	TOOL_OPTION_FORMAT,
	TOOL_OPTION_HELP,
	TOOL_OPTION_END
};

/* Cluster layouts that Hailo-8L chips have (reference hef.md 3.1). */
static const uint32_t layouts[] = { 0x33, 0xcc };

#define LAYOUTS ARRAY_SIZE(layouts)

/* Can a chip run it, and if not, why. */
struct fit {
	bool fits;
	char reason[H8L_ERROR_TEXT];
};

struct hef_report {
	const char *path;
	struct h8l_hef *hef;
	struct h8l_hef_info info;
	bool verbose;
	struct fit hailo8, hailo8l[LAYOUTS];
	const char *device;	/* as named by the user, NULL: not asked */
	struct fit device_fit;
};

/* The library's sentence, without the name of the file that stands above. */
static void set_reason(const struct hef_report *report, const char *text, struct fit *fit)
{
	size_t length = strlen(report->path);

	if (!strncmp(text, report->path, length) && !strncmp(text + length, ": ", 2))
		text += length + 2;
	snprintf(fit->reason, sizeof(fit->reason), "%s", text);
}

static void check_fit(const struct hef_report *report, enum h8l_architecture architecture,
		      uint32_t layout, struct fit *fit)
{
	struct h8l_error error = { .code = 0 };

	fit->fits = h8l_hef_compatible(report->hef, architecture, layout, &error) >= 0;
	set_reason(report, fit->fits ? "" : error.text, fit);
}

static void check_fits(struct hef_report *report)
{
	unsigned int i;

	check_fit(report, H8L_ARCH_HAILO8, 0, &report->hailo8);
	for (i = 0; i < LAYOUTS; i++)
		check_fit(report, H8L_ARCH_HAILO8L, layouts[i], &report->hailo8l[i]);
}

static int check_device(struct hef_report *report)
{
	struct h8l_error error = { .code = 0 };
	struct h8l_device_info info = { .cluster_layout = 0 };
	struct h8l_identity identity;
	struct h8l_device *device;
	int result = device_open("hef", report->device, &device);

	if (result)
		return result;
	h8l_device_identity(device, &identity);
	if (h8l_device_read_info(device, &info, &error) < 0)
		result = library_error(report->device, &error);
	else
		check_fit(report, identity.architecture, info.cluster_layout,
			  &report->device_fit);
	h8l_device_close(device);
	return result;
}

static const char *time_text(uint64_t timestamp_ms, char *out, size_t size)
{
	time_t seconds = (time_t)(timestamp_ms / 1000);
	struct tm tm;

	out[0] = '\0';
	if (timestamp_ms && gmtime_r(&seconds, &tm))
		strftime(out, size, "%Y-%m-%d %H:%M:%S UTC", &tm);
	return out;
}

static void field(const char *label, const char *value)
{
	char safe[H8L_ERROR_TEXT];

	if (value && value[0])
		printf("  %-16s%s\n", label, printable(safe, sizeof(safe), value));
}

static void print_fit(const char *label, const struct fit *fit)
{
	char text[H8L_ERROR_TEXT + 8];

	snprintf(text, sizeof(text), "no: %s", fit->reason);
	field(label, fit->fits ? "yes" : text);
}

static bool same_fit(const struct fit *a, const struct fit *b)
{
	return a->fits == b->fits && !strcmp(a->reason, b->reason);
}

static void print_fits(const struct hef_report *report)
{
	char label[40];
	unsigned int i;

	print_fit("Hailo-8", &report->hailo8);
	if (same_fit(&report->hailo8l[0], &report->hailo8l[1])) {
		print_fit("Hailo-8L", &report->hailo8l[0]);
	} else {
		for (i = 0; i < LAYOUTS; i++) {
			snprintf(label, sizeof(label), "Hailo-8L 0x%02x", layouts[i]);
			print_fit(label, &report->hailo8l[i]);
		}
	}
	if (report->device)
		print_fit(report->device, &report->device_fit);
}

static void print_head(const struct hef_report *report)
{
	const struct h8l_hef_info *info = &report->info;
	char text[80];

	printf("%s\n", report->path);
	snprintf(text, sizeof(text), "%u", info->container_version);
	field("HEF version", text);
	field("Compiled for", hef_architecture_name(info->architecture));
	field("Compiler", info->compiler_version);
	field("Compiled at", time_text(info->timestamp_ms, text, sizeof(text)));
	field("Size", bytes_text(text, sizeof(text), info->file_size));
	field("Configuration", bytes_text(text, sizeof(text), info->config_size));
	field("Hash", info->hash);
	printf("Fits\n");
	print_fits(report);
}

static const char *shape_text(const struct h8l_shape *shape, char out[40])
{
	snprintf(out, 40, "%ux%ux%u", shape->height, shape->width, shape->features);
	return out;
}

static void print_quant(const struct h8l_quant *quant)
{
	printf("zero point %g, scale %.9g, range %g to %g\n", quant->zero_point, quant->scale,
	       quant->limit_min, quant->limit_max);
}

static void print_features(const struct hef_report *report, unsigned int group,
			   unsigned int stream, const struct h8l_stream_info *info)
{
	struct h8l_quant quant;
	unsigned int i;

	for (i = 0; i < info->quant_count; i++) {
		if (h8l_hef_quant(report->hef, group, info->direction, stream, i, &quant) < 0)
			continue;
		printf("      feature %-6u ", i);
		print_quant(&quant);
	}
}

static void print_stream(const struct hef_report *report, unsigned int group,
			 unsigned int stream, const struct h8l_stream_info *info)
{
	char name[H8L_NAME_SIZE], shape[40], padded[40];

	printf("  %s %s\n", info->direction == H8L_INPUT ? "input " : "output",
	       printable(name, sizeof(name), info->name));
	printf("    program       %s %s %s, %lld bytes a frame\n",
	       shape_text(&info->shape, shape), h8l_type_name(info->default_format.type),
	       h8l_order_name(info->default_format.order),
	       (long long)h8l_frame_size(info, info->default_format));
	printf("    chip          %s %s %s, %zu bytes a frame, stream %u\n",
	       shape_text(&info->device_shape, padded), h8l_type_name(info->device_format.type),
	       h8l_order_name(info->device_format.order), info->device_frame_size, info->index);
	printf("    quantisation  ");
	if (info->quant_count > 1)
		printf("per feature; of the first: ");
	print_quant(&info->quant);
	if (report->verbose && info->quant_count > 1)
		print_features(report, group, stream, info);
}

static void print_streams(const struct hef_report *report, unsigned int group,
			  enum h8l_direction direction, unsigned int count)
{
	struct h8l_stream_info info;
	unsigned int i;

	for (i = 0; i < count; i++)
		if (h8l_hef_stream(report->hef, group, direction, i, &info) >= 0)
			print_stream(report, group, i, &info);
}

static bool has_limits(const struct h8l_post_info *info)
{
	return info->kind == H8L_POST_DETECTIONS || info->kind == H8L_POST_MASKS;
}

/* The chip's own suppression has its thresholds in the network. */
static void print_limits(const struct h8l_post_info *info)
{
	printf("    keeps         ");
	if (info->score_threshold > 0 || info->iou_threshold > 0)
		printf("score from %g, IoU up to %g, ", info->score_threshold,
		       info->iou_threshold);
	printf("%u a class, %u in all\n", info->max_per_class, info->max_total);
}

static void print_post(const struct h8l_post_info *info)
{
	char name[H8L_NAME_SIZE], shape[40];
	unsigned int i;

	printf("  computes %s\n", printable(name, sizeof(name), info->name));
	printf("    method        %s", info->method);
	if (strcmp(info->method, h8l_post_kind_name(info->kind)))
		printf(", %s", h8l_post_kind_name(info->kind));
	if (info->class_count)
		printf(", %u classes", info->class_count);
	if (!has_limits(info))
		printf(", %s", shape_text(&info->shape, shape));
	printf("\n    reads         output%s", info->output_count == 1 ? "" : "s");
	for (i = 0; i < info->output_count; i++)
		printf(" %u", info->outputs[i]);
	putchar('\n');
	if (has_limits(info))
		print_limits(info);
	if (info->unsupported)
		printf("    %snot supported by this version:%s %s\n", colour(stdout, COLOUR_HINT),
		       colour(stdout, COLOUR_NONE), info->unsupported);
}

static void print_posts(const struct hef_report *report, unsigned int group)
{
	struct h8l_post_info info;
	unsigned int i;

	for (i = 0; !h8l_hef_post(report->hef, group, i, &info); i++)
		print_post(&info);
}

static void print_layouts(const struct h8l_group_info *info)
{
	unsigned int i;

	if (info->layout_count == 1 && !info->layouts[0])
		return;
	printf("  cluster layouts");
	for (i = 0; i < info->layout_count && i < 8; i++)
		printf(" 0x%02x", info->layouts[i]);
	putchar('\n');
}

static void print_group(const struct hef_report *report, unsigned int group)
{
	struct h8l_group_info info;
	char name[H8L_NAME_SIZE];
	char reason[256];

	if (h8l_hef_group(report->hef, group, &info) < 0)
		return;
	printf("Group %u: %s\n", group, printable(name, sizeof(name), info.name));
	printf("  %u network%s, %u context%s\n", info.network_count,
	       info.network_count == 1 ? "" : "s", info.context_count,
	       info.context_count == 1 ? "" : "s");
	print_layouts(&info);
	if (info.unsupported)
		printf("  %snot supported by this version:%s %s\n", colour(stdout, COLOUR_HINT),
		       colour(stdout, COLOUR_NONE),
		       printable(reason, sizeof(reason), info.unsupported));
	print_streams(report, group, H8L_INPUT, info.input_count);
	print_streams(report, group, H8L_OUTPUT, info.output_count);
	print_posts(report, group);
}

static void print_text(const struct hef_report *report)
{
	unsigned int i;

	print_head(report);
	for (i = 0; i < report->info.group_count; i++)
		print_group(report, i);
}

static struct json_object *json_shape(const struct h8l_shape *shape)
{
	struct json_object *object = json_object_new_object();

	json_set_number(object, "height", shape->height);
	json_set_number(object, "width", shape->width);
	json_set_number(object, "features", shape->features);
	return object;
}

static struct json_object *json_layer(const struct h8l_shape *shape,
				      const struct h8l_format *format, long long bytes)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "shape", json_shape(shape));
	json_set_string(object, "type", h8l_type_name(format->type));
	json_set_string(object, "order", h8l_order_name(format->order));
	json_set_number(object, "frame_size", bytes);
	return object;
}

static struct json_object *json_quants(const struct hef_report *report, unsigned int group,
				       unsigned int stream, const struct h8l_stream_info *info)
{
	struct json_object *list = json_object_new_array();
	struct json_object *object;
	struct h8l_quant quant;
	unsigned int i;

	for (i = 0; i < info->quant_count; i++) {
		if (h8l_hef_quant(report->hef, group, info->direction, stream, i, &quant) < 0)
			continue;
		object = json_object_new_object();
		json_set_real(object, "zero_point", quant.zero_point);
		json_set_real(object, "scale", quant.scale);
		json_set_real(object, "min", quant.limit_min);
		json_set_real(object, "max", quant.limit_max);
		json_object_array_add(list, object);
	}
	return list;
}

static struct json_object *json_stream(const struct hef_report *report, unsigned int group,
				       unsigned int stream, const struct h8l_stream_info *info)
{
	struct json_object *object = json_object_new_object();

	json_set_string(object, "name", info->name);
	json_set_number(object, "index", info->index);
	json_object_object_add(object, "program",
			       json_layer(&info->shape, &info->default_format,
					  h8l_frame_size(info, info->default_format)));
	json_object_object_add(object, "chip",
			       json_layer(&info->device_shape, &info->device_format,
					  (long long)info->device_frame_size));
	json_object_object_add(object, "quantisation", json_quants(report, group, stream, info));
	return object;
}

static struct json_object *json_streams(const struct hef_report *report, unsigned int group,
					enum h8l_direction direction, unsigned int count)
{
	struct json_object *list = json_object_new_array();
	struct h8l_stream_info info;
	unsigned int i;

	for (i = 0; i < count; i++)
		if (h8l_hef_stream(report->hef, group, direction, i, &info) >= 0)
			json_object_array_add(list, json_stream(report, group, i, &info));
	return list;
}

static struct json_object *json_post(const struct h8l_post_info *info)
{
	struct json_object *object = json_object_new_object();
	struct json_object *outputs = json_object_new_array();
	unsigned int i;

	json_set_string(object, "name", info->name);
	json_set_string(object, "kind", h8l_post_kind_name(info->kind));
	json_set_string(object, "method", info->method);
	json_set_string_or_null(object, "unsupported", info->unsupported);
	for (i = 0; i < info->output_count; i++)
		json_object_array_add(outputs, json_object_new_int((int)info->outputs[i]));
	json_object_object_add(object, "outputs", outputs);
	json_set_number(object, "classes", info->class_count);
	if (!has_limits(info)) {
		json_object_object_add(object, "shape", json_shape(&info->shape));
		return object;
	}
	json_set_real(object, "score_threshold", info->score_threshold);
	json_set_real(object, "iou_threshold", info->iou_threshold);
	json_set_number(object, "max_per_class", info->max_per_class);
	json_set_number(object, "max_total", info->max_total);
	return object;
}

static struct json_object *json_posts(const struct hef_report *report, unsigned int group)
{
	struct json_object *list = json_object_new_array();
	struct h8l_post_info info;
	unsigned int i;

	for (i = 0; !h8l_hef_post(report->hef, group, i, &info); i++)
		json_object_array_add(list, json_post(&info));
	return list;
}

static struct json_object *json_group(const struct hef_report *report, unsigned int group)
{
	struct json_object *object = json_object_new_object();
	struct json_object *list = json_object_new_array();
	struct h8l_group_info info = { .name = "" };
	unsigned int i;

	h8l_hef_group(report->hef, group, &info);
	json_set_string(object, "name", info.name);
	json_set_number(object, "contexts", info.context_count);
	json_set_number(object, "networks", info.network_count);
	for (i = 0; i < info.layout_count && i < 8; i++)
		if (info.layouts[i])
			json_object_array_add(list, json_object_new_int((int)info.layouts[i]));
	json_object_object_add(object, "cluster_layouts", list);
	json_set_string_or_null(object, "unsupported", info.unsupported);
	json_object_object_add(object, "inputs",
			       json_streams(report, group, H8L_INPUT, info.input_count));
	json_object_object_add(object, "outputs",
			       json_streams(report, group, H8L_OUTPUT, info.output_count));
	json_object_object_add(object, "post_processing", json_posts(report, group));
	return object;
}

static struct json_object *json_fit(const char *chip, const struct fit *fit)
{
	struct json_object *object = json_object_new_object();

	json_set_string(object, "chip", chip);
	json_set_bool(object, "fits", fit->fits);
	json_set_string_or_null(object, "reason", fit->reason);
	return object;
}

static struct json_object *json_fits(const struct hef_report *report)
{
	struct json_object *list = json_object_new_array();
	struct json_object *object;
	unsigned int i;

	json_object_array_add(list, json_fit("Hailo-8", &report->hailo8));
	for (i = 0; i < LAYOUTS; i++) {
		object = json_fit("Hailo-8L", &report->hailo8l[i]);
		json_set_number(object, "cluster_layout", layouts[i]);
		json_object_array_add(list, object);
	}
	return list;
}

static int print_json(const struct hef_report *report)
{
	struct json_object *object = json_object_new_object();
	struct json_object *groups = json_object_new_array();
	const struct h8l_hef_info *info = &report->info;
	unsigned int i;

	json_set_number(object, "version", TOOL_JSON_VERSION);
	json_set_string(object, "file", report->path);
	json_set_number(object, "hef_version", info->container_version);
	json_set_string(object, "compiled_for", hef_architecture_name(info->architecture));
	json_set_string_or_null(object, "compiler", info->compiler_version);
	json_set_number(object, "timestamp_ms", (long long)info->timestamp_ms);
	json_set_number(object, "file_size", (long long)info->file_size);
	json_set_number(object, "configuration_size", (long long)info->config_size);
	json_set_string(object, "hash", info->hash);
	json_object_object_add(object, "runs_on", json_fits(report));
	if (report->device)
		json_object_object_add(object, "device",
				       json_fit(report->device, &report->device_fit));
	for (i = 0; i < info->group_count; i++)
		json_object_array_add(groups, json_group(report, i));
	json_object_object_add(object, "groups", groups);
	return json_print("hef", object);
}

static int hef_show(struct hef_report *report, bool json)
{
	struct h8l_error error = { .code = 0 };
	int result = h8l_hef_open(report->path, &report->hef, &error);

	if (result < 0) {
		error.code = result;
		return library_error(strstr(error.text, report->path) ? "hef" : report->path,
				     &error);
	}
	h8l_hef_info(report->hef, &report->info);
	check_fits(report);
	result = report->device ? check_device(report) : TOOL_OK;
	if (!result && json)
		result = print_json(report);
	else if (!result)
		print_text(report);
	h8l_hef_close(report->hef);
	return result;
}

static int hef_run(const struct tool_command *command, int argc, char **argv)
{
	struct hef_report report = { .path = NULL };
	const char *argument;
	bool json = false;
	int key;

	while ((key = args_next(command, argc, argv, &argument)) >= 0) {
		if (key == 'd')
			report.device = argument;
		else if (key == 'v')
			report.verbose = true;
		else if (args_format(command, argument, &json))
			return TOOL_ERROR;
	}
	if (key != ARGS_END)
		return args_stop(key);
	report.path = argv[optind];
	return hef_show(&report, json);
}

const struct tool_command hef_command = {
	.name = "hef",
	.operands = "FILE",
	.summary = "Show what is in a network file (HEF), and which chips can run it.",
	.options = options,
	.notes = "Needs no device, unless --device asks for one.",
	.run = hef_run,
};
