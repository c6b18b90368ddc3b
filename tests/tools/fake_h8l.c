// SPDX-License-Identifier: MIT
/*
 * The library's interface without a device, for tests of the tool alone. A
 * network file is text:
 *
 *	FAKEHEF
 *	group NAME [why it is not supported]
 *	input NAME HEIGHT WIDTH FEATURES TYPE ORDER ZERO_POINT SCALE
 *	output ...
 *	detections NAME (of the first output)
 *
 * Element i of an output is 255 minus element i (modulo its size) of the
 * first input. The environment variable FAKE_H8L says what is wrong: none,
 * denied, several, nofirmware, refused, timeout (at the third frame), gone (at
 * the second, or event), nopower, nohealth, noevents, slow (a tenth of a second a frame), stuck (no frame
 * ever comes), hangs (ten seconds to configure). At most 8 frames are under way.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "hailo8l.h"

#define MAX_STREAMS 16
#define MAX_DEPTH 8

struct h8l_hef {
	char path[256];
	char group[H8L_NAME_SIZE];
	char unsupported[128];
	struct h8l_stream_info stream[2][MAX_STREAMS];
	unsigned int count[2];
	char detections[H8L_NAME_SIZE];
};

struct h8l_device {
	int fd;
};

struct h8l_network {
	struct h8l_hef *hef;
	struct h8l_format format[2][MAX_STREAMS];
	struct h8l_buffer inputs[MAX_DEPTH][MAX_STREAMS], outputs[MAX_DEPTH][MAX_STREAMS];
	unsigned int depth;
	unsigned int submitted, taken;
};

static int mode(const char *name)
{
	const char *value = getenv("FAKE_H8L");

	return value && !strcmp(value, name);
}

static int fail(struct h8l_error *error, int code, const char *text)
{
	if (error) {
		error->code = code;
		snprintf(error->text, sizeof(error->text), "%s", text);
	}
	return code;
}

const char *h8l_version(void)
{
	return "0.0.0-fake";
}

const char *h8l_strerror(int error)
{
	return strerror(error < 0 ? -error : error);
}

int h8l_scan(struct h8l_scan_entry *entries, size_t max)
{
	int i, count = mode("none") ? 0 : mode("several") ? 2 : 1;

	for (i = 0; i < count && (size_t)i < max; i++) {
		/* a node that exists everywhere and may be opened by all */
		snprintf(entries[i].node, sizeof(entries[i].node), "/dev/null");
		snprintf(entries[i].location, sizeof(entries[i].location), "0000:0%d:00.0", i + 1);
	}
	return count;
}

int h8l_device_open(const char *name, struct h8l_device **device, struct h8l_error *error)
{
	if (mode("none") || (name && strcmp(name, "0")))
		return fail(error, -ENODEV, "no such device");
	if (mode("denied"))
		return fail(error, -EACCES, "/dev/hailo0: permission denied");
	if (mode("several") && !name)
		return fail(error, -ENOTUNIQ, "there are 2 devices");
	if (mode("nofirmware"))
		return fail(error, -ENOEXEC, "/dev/hailo0: no firmware is running");
	*device = calloc(1, sizeof(**device));
	if (!*device)
		return -ENOMEM;
	(*device)->fd = open("/dev/null", O_RDWR);
	return 0;
}

void h8l_device_close(struct h8l_device *device)
{
	if (!device)
		return;
	close(device->fd);
	free(device);
}

int h8l_device_fd(const struct h8l_device *device)
{
	return device->fd;
}

void h8l_device_identity(const struct h8l_device *device, struct h8l_identity *identity)
{
	static const struct h8l_identity fake = {
		.architecture = H8L_ARCH_HAILO8L,
		.protocol_version = 2,
		.firmware = { 4, 23, 0 },
		.firmware_is_release = 1,
		.driver = { 4, 23, 0 },
		.max_page_size = 4096,
		.board_name = "Hailo-8",
		.serial_number = "HLDDLBB00000001",
		.part_number = "HM21LB1C2LAE",
		.product_name = "evil \033[31m name",
	};

	(void)device;
	*identity = fake;
}

int h8l_device_read_info(struct h8l_device *device, struct h8l_device_info *info,
			 struct h8l_error *error)
{
	(void)device;
	if (mode("refused"))
		return fail(error, -EREMOTEIO, "the firmware refused: status 0x40030060");
	memset(info, 0, sizeof(*info));
	info->clock_hz = 400000000;
	info->boot_source = 1;
	info->features = H8L_FEATURE_PCIE | H8L_FEATURE_CURRENT_MONITOR;
	info->ethernet_mac[5] = 7;
	info->unit_tracking_id[11] = 0xcd;
	info->cluster_layout = 0x33;
	info->soc_id[0] = 0xab;
	return 0;
}

int h8l_device_read_temperature(struct h8l_device *device, struct h8l_temperature *temperature,
				struct h8l_error *error)
{
	(void)device;
	(void)error;
	temperature->sensor[0] = 41.5f;
	temperature->sensor[1] = 42.25f;
	temperature->sample_count = 3;
	return 0;
}

int h8l_device_read_power(struct h8l_device *device, float *watts, struct h8l_error *error)
{
	(void)device;
	if (mode("nopower"))
		return fail(error, -EOPNOTSUPP, "no current monitor");
	*watts = 1.5f;
	return 0;
}

int h8l_device_read_log(struct h8l_device *device, enum h8l_cpu cpu, void *buffer, size_t size)
{
	static int left = 2;

	(void)device;
	if (mode("refused"))
		return -EIO;
	if (!left--)
		return 0;
	memset(buffer, cpu == H8L_CPU_CORE ? 'C' : 'A', size);
	return left ? (int)size : 100;
}

int h8l_device_measure(struct h8l_device *device, enum h8l_power_point point,
		       enum h8l_quantity quantity, float *value, struct h8l_error *error)
{
	(void)device;
	(void)error;
	*value = point == H8L_POINT_AUTO && quantity == H8L_CURRENT ? 450 : -1;
	return 0;
}

int h8l_device_read_core_firmware(struct h8l_device *device, uint32_t version[3],
				  struct h8l_error *error)
{
	(void)device;
	(void)error;
	version[0] = 4;
	version[1] = 23;
	version[2] = 1;
	return 0;
}

int h8l_device_get_throttling(struct h8l_device *device, int *enabled, struct h8l_error *error)
{
	(void)device;
	(void)error;
	*enabled = 1;
	return 0;
}

int h8l_device_get_overcurrent(struct h8l_device *device, int *enabled, struct h8l_error *error)
{
	(void)device;
	(void)error;
	*enabled = 0;
	return 0;
}

const char *h8l_zone_name(enum h8l_zone zone)
{
	return zone == H8L_ZONE_ORANGE ? "orange" : "green";
}

int h8l_device_read_health(struct h8l_device *device, struct h8l_health *health,
			   struct h8l_error *error)
{
	(void)device;
	if (mode("nohealth"))
		return fail(error, -EOPNOTSUPP, "firmware 4.1.0 cannot do that");
	memset(health, 0, sizeof(*health));
	health->temperature_zone = H8L_ZONE_ORANGE;
	health->throttling_level = 0;
	health->levels[0].celsius = 104;
	health->levels[0].clock_hz = 300000000;
	health->orange_celsius = 104;
	health->red_celsius = 120;
	health->overcurrent_threshold = 6300;
	return 0;
}

int h8l_device_read_link(struct h8l_device *device, struct h8l_link *link,
			 struct h8l_error *error)
{
	(void)device;
	(void)error;
	*link = (struct h8l_link){ 5000, 8000, 1, 4 };
	return 0;
}

int h8l_device_reset(struct h8l_device *device, enum h8l_reset reset, struct h8l_error *error)
{
	(void)device;
	if (reset == H8L_RESET_SOFT)
		return fail(error, -EACCES, "no permission to reset");
	printf("reset %d\n", reset);
	return 0;
}

/* One event after the other, as fast as they are taken: an alarm, then one
 * that nobody knows
 */
struct h8l_events {
	unsigned int count;
};

int h8l_events_open(struct h8l_device *device, struct h8l_events **events,
		    struct h8l_error *error)
{
	(void)device;
	if (mode("noevents"))
		return fail(error, -EAGAIN, "no events today");
	*events = calloc(1, sizeof(**events));
	return *events ? 0 : -ENOMEM;
}

void h8l_events_close(struct h8l_events *events)
{
	free(events);
}

int h8l_events_next(struct h8l_events *events, int timeout_ms, struct h8l_event *event,
		    struct h8l_error *error)
{
	(void)timeout_ms;
	if (events->count++ >= 2 && mode("gone"))
		return fail(error, -ENODEV, "/dev/hailo0: the device is gone");
	memset(event, 0, sizeof(*event));
	event->id = events->count % 2 ? 2 : 77;
	event->priority = events->count % 2;
	event->payload_size = 3;
	memcpy(event->payload, "\x01\x02\xff", 3);
	if (timeout_ms > 0 && events->count > 2)
		usleep((unsigned int)timeout_ms * 1000);
	return timeout_ms < 0 || events->count <= 2;
}

const char *h8l_event_name(uint32_t id)
{
	return id == 2 ? "temperature" : "unknown";
}

int h8l_event_text(const struct h8l_event *event, char *text, size_t size)
{
	return snprintf(text, size, "event number %u", event->id);
}

static int add_stream(struct h8l_hef *hef, enum h8l_direction direction, const char *text)
{
	struct h8l_stream_info *info = &hef->stream[direction][hef->count[direction]];
	unsigned int type, order;

	if (hef->count[direction] == MAX_STREAMS)
		return -EBADMSG;
	info->direction = direction;
	info->index = hef->count[direction];
	if (sscanf(text, "%127s %u %u %u %u %u %f %f", info->name, &info->shape.height,
		   &info->shape.width, &info->shape.features, &type, &order,
		   &info->quant.zero_point, &info->quant.scale) != 8)
		return -EBADMSG;
	info->device_shape = info->shape;
	info->default_format.type = type;
	info->default_format.order = order;
	info->device_format = info->default_format;
	info->device_frame_size = (size_t)h8l_frame_size(info, info->default_format);
	info->quant_count = 1;
	hef->count[direction]++;
	return 0;
}

static int parse_line(struct h8l_hef *hef, char *line)
{
	line[strcspn(line, "\n")] = '\0';
	if (!strncmp(line, "group ", 6))
		return sscanf(line + 6, "%127s %127[^\n]", hef->group, hef->unsupported) >= 1 ?
		       0 : -EBADMSG;
	if (!strncmp(line, "input ", 6))
		return add_stream(hef, H8L_INPUT, line + 6);
	if (!strncmp(line, "output ", 7))
		return add_stream(hef, H8L_OUTPUT, line + 7);
	if (!strncmp(line, "detections ", 11))
		return sscanf(line + 11, "%127s", hef->detections) == 1 ? 0 : -EBADMSG;
	return -EBADMSG;
}

int h8l_hef_open(const char *path, struct h8l_hef **hef, struct h8l_error *error)
{
	FILE *file = fopen(path, "re");
	char line[256];
	int result = 0;

	if (!file)
		return fail(error, -errno, strerror(errno));
	if (!fgets(line, sizeof(line), file) || strcmp(line, "FAKEHEF\n")) {
		fclose(file);
		return fail(error, -ENOEXEC, "not a HEF: wrong magic");
	}
	*hef = calloc(1, sizeof(**hef));
	while (*hef && !result && fgets(line, sizeof(line), file))
		result = parse_line(*hef, line);
	fclose(file);
	if (!result)
		return 0;
	free(*hef);
	return fail(error, result, "damaged");
}

void h8l_hef_close(struct h8l_hef *hef)
{
	free(hef);
}

void h8l_hef_info(const struct h8l_hef *hef, struct h8l_hef_info *info)
{
	(void)hef;
	memset(info, 0, sizeof(*info));
	info->container_version = 1;
	info->architecture = H8L_HEF_HAILO8L;
	info->compiler_version = "3.29.0";
	info->timestamp_ms = 1700000000000;
	info->file_size = 123456;
	info->config_size = 789;
	info->hash = "00112233445566778899aabbccddeeff";
	info->group_count = 1;
}

const char *h8l_type_name(enum h8l_type type)
{
	static const char *const names[] = { "auto", "uint8", "uint16", "float32" };

	return names[type & 3];
}

const char *h8l_order_name(enum h8l_order order)
{
	static const char *const names[] = {
		[H8L_ORDER_NHWC] = "NHWC", [H8L_ORDER_NC] = "NC", [H8L_ORDER_NCHW] = "NCHW",
		[H8L_ORDER_NV12] = "NV12",
	};

	if (order == H8L_ORDER_RAW)
		return "raw";
	return order <= H8L_ORDER_NV12 && names[order] ? names[order] : "unknown";
}

int h8l_hef_group(const struct h8l_hef *hef, unsigned int group, struct h8l_group_info *info)
{
	if (group)
		return -ENOENT;
	memset(info, 0, sizeof(*info));
	snprintf(info->name, sizeof(info->name), "%s", hef->group);
	info->context_count = 1;
	info->network_count = 1;
	info->input_count = hef->count[H8L_INPUT];
	info->output_count = hef->count[H8L_OUTPUT];
	info->layout_count = 2;
	info->layouts[0] = 0x33;
	info->layouts[1] = 0xcc;
	info->unsupported = hef->unsupported[0] ? hef->unsupported : NULL;
	return 0;
}

int h8l_hef_stream(const struct h8l_hef *hef, unsigned int group, enum h8l_direction direction,
		   unsigned int stream, struct h8l_stream_info *info)
{
	if (group || stream >= hef->count[direction])
		return -ENOENT;
	*info = hef->stream[direction][stream];
	return 0;
}

int h8l_hef_quant(const struct h8l_hef *hef, unsigned int group, enum h8l_direction direction,
		  unsigned int stream, unsigned int feature, struct h8l_quant *quant)
{
	if (group || stream >= hef->count[direction] || feature)
		return -ENOENT;
	*quant = hef->stream[direction][stream].quant;
	return 0;
}

const char *h8l_post_kind_name(enum h8l_post_kind kind)
{
	return kind == H8L_POST_DETECTIONS ? "detections" : "?";
}

/* ---- one detection, whose class is the first byte of the output ---- */

int h8l_hef_post(const struct h8l_hef *hef, unsigned int group, unsigned int index,
		 struct h8l_post_info *info)
{
	if (group || index || !hef->detections[0])
		return -ENOENT;
	*info = (struct h8l_post_info){
		.kind = H8L_POST_DETECTIONS, .method = "YOLOv8", .output_count = 1,
	};
	snprintf(info->name, sizeof(info->name), "%s", hef->detections);
	return 0;
}

int h8l_post_open(struct h8l_network *network, unsigned int index,
		  const struct h8l_post_options *options, struct h8l_post **post,
		  struct h8l_error *error)
{
	(void)network;
	(void)options;
	if (index)
		return fail(error, -ENOENT, "no such step");
	*post = malloc(1);
	return *post ? 0 : fail(error, -ENOMEM, "out of memory");
}

void h8l_post_close(struct h8l_post *post)
{
	free(post);
}

int h8l_post_run(struct h8l_post *post, const struct h8l_buffer *outputs,
		 unsigned int output_count, struct h8l_post_result *result,
		 struct h8l_error *error)
{
	static struct h8l_detection found = { 0.25f, 0.125f, 0.75f, 0.5f, 0.875f, 0 };

	(void)post;
	(void)error;
	found.class_id = *(const uint8_t *)outputs[0].data;
	*result = (struct h8l_post_result){ .count = output_count ? 1 : 0,
					    .detections = &found };
	return 0;
}

int h8l_hef_compatible(const struct h8l_hef *hef, enum h8l_architecture architecture,
		       uint32_t layout, struct h8l_error *error)
{
	(void)hef;
	if (architecture == H8L_ARCH_HAILO8L && layout == 0xcc)
		return fail(error, -ENOEXEC, "no variant for layout 0xcc");
	return 0;
}

int64_t h8l_frame_size(const struct h8l_stream_info *info, struct h8l_format format)
{
	static const int bytes[] = { 1, 1, 2, 4 };

	if (format.order != info->default_format.order && format.order != H8L_ORDER_NCHW &&
	    format.order != H8L_ORDER_RAW)
		return -ENOTSUP;
	return (int64_t)info->shape.height * info->shape.width * info->shape.features *
	       bytes[format.type & 3];
}

int h8l_device_claim(struct h8l_device *device, int timeout_ms, struct h8l_error *error)
{
	(void)device;
	if (mode("busy"))
		return fail(error, -EBUSY, timeout_ms < 0 ? "busy for ever" : "busy all the time");
	return 0;
}

int h8l_network_open(struct h8l_device *device, struct h8l_hef *hef,
		     const struct h8l_network_options *options, struct h8l_network **network,
		     struct h8l_error *error)
{
	struct timespec tenth = { .tv_nsec = 100000000 };
	int i;

	(void)device;
	for (i = 0; i < 100 && mode("hangs"); i++)
		nanosleep(&tenth, NULL);
	if (mode("refused"))
		return fail(error, -EREMOTEIO, "the firmware refused: status 0x40030060");
	*network = calloc(1, sizeof(**network));
	if (!*network)
		return -ENOMEM;
	(*network)->hef = hef;
	(*network)->depth = options->queue_depth < MAX_DEPTH ? options->queue_depth : MAX_DEPTH;
	return 0;
}

void h8l_network_close(struct h8l_network *network)
{
	free(network);
}

int h8l_network_set_format(struct h8l_network *network, enum h8l_direction direction,
			   unsigned int stream, struct h8l_format format,
			   struct h8l_error *error)
{
	(void)error;
	network->format[direction][stream] = format;
	return 0;
}

int64_t h8l_network_frame_size(const struct h8l_network *network, enum h8l_direction direction,
			       unsigned int stream)
{
	return h8l_frame_size(&network->hef->stream[direction][stream],
			      network->format[direction][stream]);
}

int h8l_network_start(struct h8l_network *network, struct h8l_error *error)
{
	(void)network;
	(void)error;
	return 0;
}

static float element(const void *data, enum h8l_type type, size_t i)
{
	const uint8_t *bytes = data;
	uint16_t word;
	float real;

	if (type == H8L_TYPE_UINT8)
		return bytes[i];
	if (type == H8L_TYPE_UINT16) {
		memcpy(&word, bytes + 2 * i, 2);
		return word;
	}
	memcpy(&real, bytes + 4 * i, 4);
	return real;
}

static void set_element(void *data, enum h8l_type type, size_t i, float value)
{
	uint8_t *bytes = data;
	uint16_t word = (uint16_t)value;

	if (type == H8L_TYPE_UINT8)
		bytes[i] = (uint8_t)value;
	else if (type == H8L_TYPE_UINT16)
		memcpy(bytes + 2 * i, &word, 2);
	else
		memcpy(bytes + 4 * i, &value, 4);
}

static size_t elements(const struct h8l_stream_info *info)
{
	return (size_t)info->shape.height * info->shape.width * info->shape.features;
}

static void infer(const struct h8l_network *network, const struct h8l_buffer *inputs,
		  const struct h8l_buffer *outputs, unsigned int output)
{
	size_t count = elements(&network->hef->stream[H8L_OUTPUT][output]);
	size_t given = elements(&network->hef->stream[H8L_INPUT][0]);
	size_t i;

	for (i = 0; i < count; i++)
		set_element(outputs[output].data, network->format[H8L_OUTPUT][output].type, i,
			    255 - element(inputs[0].data, network->format[H8L_INPUT][0].type,
					  i % given));
}

unsigned int h8l_network_queue_depth(const struct h8l_network *network)
{
	return network->depth;
}

int h8l_network_submit(struct h8l_network *network, const struct h8l_buffer *inputs,
		       unsigned int input_count, const struct h8l_buffer *outputs,
		       unsigned int output_count, uint64_t *frame, struct h8l_error *error)
{
	unsigned int i;

	(void)frame;
	if (input_count != network->hef->count[H8L_INPUT] ||
	    output_count != network->hef->count[H8L_OUTPUT])
		return fail(error, -EINVAL, "wrong number of buffers");
	if (network->submitted - network->taken == network->depth)
		return fail(error, -EAGAIN, "the queue is full");
	if (mode("gone") && network->submitted == 1)
		return fail(error, -ENODEV, "the device is gone");
	/* what a program does not wait for, it must not see */
	for (i = 0; i < output_count; i++)
		memset(outputs[i].data, 0x5a, outputs[i].size);
	memcpy(network->inputs[network->submitted % network->depth], inputs,
	       input_count * sizeof(*inputs));
	memcpy(network->outputs[network->submitted % network->depth], outputs,
	       output_count * sizeof(*outputs));
	network->submitted++;
	return 0;
}

int h8l_network_wait(struct h8l_network *network, int timeout_ms,
		     struct h8l_completion *completion, struct h8l_error *error)
{
	struct timespec tenth = { .tv_nsec = 100000000 };
	unsigned int slot = network->taken % network->depth;
	unsigned int i;

	(void)timeout_ms;
	if (network->submitted == network->taken)
		return fail(error, -ENOENT, "no frame was submitted");
	if (mode("slow") || mode("stuck"))
		nanosleep(&tenth, NULL);
	if (mode("stuck"))
		return 0;
	completion->frame = network->taken;
	completion->status = 0;
	if (mode("timeout") && network->taken == 2)
		completion->status = fail(error, -ETIMEDOUT, "no result within 10 s");
	for (i = 0; i < network->hef->count[H8L_OUTPUT] && !completion->status; i++)
		infer(network, network->inputs[slot], network->outputs[slot], i);
	network->taken++;
	return 1;
}
