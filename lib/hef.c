// SPDX-License-Identifier: MIT
/* Opening network files, and looking at them. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "format.h"
#include "hef.h"
#include "hef_metadata.h"

/* ---- opening ---- */

static int check_file(int fd, const char *path, size_t *size, struct h8l_error *error)
{
	struct stat st;

	if (fstat(fd, &st))
		return fail_errno(error, -errno, path);
	if (!S_ISREG(st.st_mode))
		return fail(error, -ENOEXEC, "%s: not a regular file", path);
	if (!st.st_size)
		return fail(error, -ENOEXEC, "%s: the file is empty, not a HEF", path);
	if ((uint64_t)st.st_size > SIZE_MAX)
		return fail(error, -EFBIG, "%s: too large for this machine", path);
	*size = (size_t)st.st_size;
	return 0;
}

static int map_file(const char *path, void **mapping, size_t *size, struct h8l_error *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int err;

	if (fd < 0)
		return fail(error, -errno, "%s: %s", path, strerrordesc_np(errno));
	err = check_file(fd, path, size, error);
	if (!err) {
		*mapping = mmap(NULL, *size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (*mapping == MAP_FAILED)
			err = fail_errno(error, -errno, path);
	}
	close(fd);
	return err;
}

static int parse(struct h8l_hef *hef, const void *data, struct h8l_error *error)
{
	int err = hef_container_parse(data, hef->size, hef->file, &hef->container, error);

	return err ?: hef_metadata_parse(hef, error);
}

static int new_hef(const char *name, struct h8l_hef **hef, struct h8l_error *error)
{
	*hef = calloc(1, sizeof(**hef));
	if (!*hef)
		return fail_memory(error, name);
	atomic_init(&(*hef)->references, 1);
	(*hef)->file = strdup(name);
	if ((*hef)->file)
		return 0;
	free(*hef);
	*hef = NULL;
	return fail_memory(error, name);
}

static int finish_open(struct h8l_hef *new, const void *data, struct h8l_hef **hef,
		       struct h8l_error *error)
{
	int err = parse(new, data, error);

	if (err) {
		h8l_hef_close(new);
		return err;
	}
	hef_rest(new);
	*hef = new;
	return 0;
}

int h8l_hef_open(const char *path, struct h8l_hef **hef, struct h8l_error *error)
{
	struct h8l_hef *new;
	int err;

	if (!path || !hef)
		return fail(error, -EINVAL, "h8l_hef_open: no path, or nowhere to put the result");
	err = new_hef(path, &new, error);
	if (err)
		return err;
	err = map_file(path, &new->mapping, &new->size, error);
	if (err) {
		new->mapping = NULL;
		h8l_hef_close(new);
		return err;
	}
	return finish_open(new, new->mapping, hef, error);
}

int h8l_hef_open_memory(const void *data, size_t size, struct h8l_hef **hef,
			struct h8l_error *error)
{
	struct h8l_hef *new;
	int err;

	if (!data || !hef)
		return fail(error, -EINVAL,
			    "h8l_hef_open_memory: no data, or nowhere to put the result");
	err = new_hef("(memory)", &new, error);
	if (err)
		return err;
	new->size = size;
	return finish_open(new, data, hef, error);
}

void hef_rest(const struct h8l_hef *hef)
{
	if (hef->mapping)
		madvise(hef->mapping, hef->size, MADV_DONTNEED);
}

void hef_hold(struct h8l_hef *hef)
{
	atomic_fetch_add(&hef->references, 1);
}

void h8l_hef_close(struct h8l_hef *hef)
{
	if (!hef || atomic_fetch_sub(&hef->references, 1) != 1)
		return;
	arena_free(&hef->arena);
	if (hef->mapping)
		munmap(hef->mapping, hef->size);
	free(hef->file);
	free(hef);
}

/* ---- looking ---- */

static uint64_t list_config_size(const struct hef_action_list *list)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].type == HEF_ACTION_CCW)
			sum += list->items[i].ccw.size;
	return sum;
}

static uint64_t variant_config_size(const struct hef_variant *v)
{
	uint64_t sum = list_config_size(&v->preliminary);

	for (unsigned int i = 0; i < v->context_count; i++)
		sum += list_config_size(&v->contexts[i].actions);
	return sum;
}

/* Newer containers say it; in version 0 the words are among the metadata */
static uint64_t config_size(const struct h8l_hef *hef)
{
	uint64_t sum = 0;

	if (hef->container.version > 0)
		return hef->container.config_size;
	for (unsigned int g = 0; g < hef->group_count; g++)
		for (unsigned int v = 0; v < hef->groups[g].variant_count; v++)
			sum += variant_config_size(&hef->groups[g].variants[v]);
	return sum;
}

void h8l_hef_info(const struct h8l_hef *hef, struct h8l_hef_info *info)
{
	*info = (struct h8l_hef_info){
		.container_version = hef->container.version,
		.metadata_version = hef->metadata_version,
		.architecture = hef->architecture,
		.compiler_version = hef->compiler,
		.timestamp_ms = hef->timestamp_ms,
		.file_size = hef->size,
		.config_size = config_size(hef),
		.hash = hef->container.hash,
		.group_count = hef->group_count,
	};
}

int h8l_hef_group(const struct h8l_hef *hef, unsigned int index, struct h8l_group_info *info)
{
	const struct hef_group *group;
	const struct hef_variant *v;

	if (index >= hef->group_count)
		return -ENOENT;
	group = &hef->groups[index];
	v = &group->variants[0];
	*info = (struct h8l_group_info){
		.context_count = v->context_count,
		.network_count = v->network_count,
		.input_count = v->user_input_count,
		.output_count = v->user_output_count,
		.layout_count = group->variant_count,
		.unsupported = group->unsupported,
	};
	snprintf(info->name, sizeof(info->name), "%s", group->name);
	for (unsigned int i = 0; i < group->variant_count; i++)
		info->layouts[i] = group->variants[i].layout;
	return 0;
}

void hef_stream_info(const struct hef_edge *edge, struct h8l_stream_info *info)
{
	*info = (struct h8l_stream_info){
		.direction = edge->direction,
		.index = edge->stream,
		.shape = edge->shape,
		.device_shape = edge->device_shape,
		.device_format.type = edge->data_bytes == 1 ? H8L_TYPE_UINT8 : H8L_TYPE_UINT16,
		.device_format.order = edge->order,
		.device_frame_size = hef_frame_bytes(edge),
		.quant = edge->quant[0],
		.quant_count = edge->quant_count,
	};
	info->default_format = info->device_format;
	info->default_format.order = format_default_order(edge->order);
	snprintf(info->name, sizeof(info->name), "%s", edge->name);
}

static const struct hef_edge *find_stream(const struct h8l_hef *hef, unsigned int group,
					  enum h8l_direction direction, unsigned int stream)
{
	const struct hef_variant *v;

	if (group >= hef->group_count)
		return NULL;
	v = &hef->groups[group].variants[0];
	if (direction == H8L_INPUT)
		return stream < v->user_input_count ? v->user_inputs[stream] : NULL;
	return stream < v->user_output_count ? v->user_outputs[stream] : NULL;
}

int h8l_hef_stream(const struct h8l_hef *hef, unsigned int group, enum h8l_direction direction,
		   unsigned int stream, struct h8l_stream_info *info)
{
	const struct hef_edge *edge = find_stream(hef, group, direction, stream);

	if (!edge)
		return -ENOENT;
	hef_stream_info(edge, info);
	return 0;
}

int h8l_hef_quant(const struct h8l_hef *hef, unsigned int group, enum h8l_direction direction,
		  unsigned int stream, unsigned int feature, struct h8l_quant *quant)
{
	const struct hef_edge *edge = find_stream(hef, group, direction, stream);

	if (!edge || feature >= edge->quant_count)
		return -ENOENT;
	*quant = edge->quant[feature];
	return 0;
}

/* ---- which chip ---- */

static const struct hef_variant *wrong_layout(const struct h8l_hef *hef,
					      const struct hef_group *group, uint32_t layout,
					      struct h8l_error *error)
{
	fail(error, -ENOEXEC, "%s: %s has no variant for this chip's clusters (layout 0x%02" PRIx32
	     "); compile the network for hailo8l again", hef->file, group->name, layout);
	return NULL;
}

/* A Hailo-8 has all clusters: it takes the lowest layout there is */
static const struct hef_variant *lowest_layout(const struct hef_group *group)
{
	const struct hef_variant *lowest = &group->variants[0];

	for (unsigned int i = 1; i < group->variant_count; i++)
		if (group->variants[i].layout < lowest->layout)
			lowest = &group->variants[i];
	return lowest;
}

const struct hef_variant *hef_choose(const struct h8l_hef *hef, const struct hef_group *group,
				     enum h8l_architecture architecture, uint32_t layout,
				     struct h8l_error *error)
{
	if (architecture == H8L_ARCH_HAILO8)
		return lowest_layout(group);
	if (hef->architecture != H8L_HEF_HAILO8L) {
		fail(error, -ENOEXEC, "%s: compiled for Hailo-8, but this chip is a Hailo-8L; "
		     "compile the network for hailo8l", hef->file);
		return NULL;
	}
	for (unsigned int i = 0; i < group->variant_count; i++)
		if (group->variants[i].layout == layout)
			return &group->variants[i];
	return wrong_layout(hef, group, layout, error);
}

int h8l_hef_compatible(const struct h8l_hef *hef, enum h8l_architecture architecture,
		       uint32_t layout, struct h8l_error *error)
{
	if (architecture != H8L_ARCH_HAILO8 && architecture != H8L_ARCH_HAILO8L)
		return fail(error, -ENOEXEC, "chip architecture %d is not one that this library "
			    "runs networks on", (int)architecture);
	for (unsigned int i = 0; i < hef->group_count; i++)
		if (!hef_choose(hef, &hef->groups[i], architecture, layout, error))
			return -ENOEXEC;
	return 0;
}
