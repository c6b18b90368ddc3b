// SPDX-License-Identifier: MIT
/*
 * Applications and their contexts. Nothing in a SET_CONTEXT_INFO says which
 * context it is: the order does (reference firmware-control.md 3.2). Chunks are
 * joined before anything is parsed, because a repeated block may straddle them.
 */
#include <stdlib.h>

#include "tests/emulator/fw.h"

static void free_app(struct fw_app *app)
{
	uint32_t i;

	for (i = 0; i < app->context_count; i++)
		free(app->contexts[i].bytes);
	free(app->contexts);
	memset(app, 0, sizeof(*app));
}

void fw_apps_clear(struct fw *fw)
{
	while (fw->app_count)
		free_app(&fw->apps[--fw->app_count]);
	fw->sram_used = 0;
}

struct fw_app *fw_app_get(struct fw *fw, unsigned int index)
{
	return index < fw->app_count ? &fw->apps[index] : NULL;
}

/* A context without actions is never sent; only PRELIMINARY can be like that. */
bool fw_app_is_complete(const struct fw_app *app)
{
	return app->next == app->context_count;
}

static uint32_t check_header(const struct hw_app_header *header)
{
	uint32_t contexts = le16toh(header->dynamic_contexts);
	unsigned int i;

	if (!contexts)
		return HW_STATUS_CS_CONTEXT_COUNT;
	if (contexts + FW_FIXED_CONTEXTS > HW_MAX_CONTEXTS)
		return HW_STATUS_CS_TOO_MANY_CONTEXTS;
	if (!header->networks || header->networks > FW_MAX_NETWORKS)
		return FW_CS_NETWORK;
	if (!le16toh(header->batch_size))
		return FW_CS_BATCH_SIZE;
	if (header->external_action_list)
		return FW_CS_EXTERNAL_LIST;
	if (header->config_channels > HW_MAX_CONFIG_CHANNELS)
		return FW_CS_CONFIG_CHANNELS;
	for (i = 0; i < header->config_channels; i++)
		if (HW_ENGINE_OF(header->config_channel[i]) ||
		    !fw_is_input(HW_CHANNEL_OF(header->config_channel[i])))
			return FW_CS_CHANNEL;
	return 0;
}

uint32_t fw_app_add(struct fw *fw, const struct hw_app_header *header)
{
	uint32_t status = check_header(header);
	struct fw_app *app;

	if (fw->cs.phase != FW_CS_IDLE)
		return HW_STATUS_CS_CONFIGURE_WHILE_ACTIVE;
	if (fw->app_count == HW_MAX_APPLICATIONS)
		return HW_STATUS_CS_INVALID_APPLICATION;
	if (fw->app_count && !fw_app_is_complete(&fw->apps[fw->app_count - 1]))
		return HW_STATUS_CS_CONTEXT_ORDER;
	if (status)
		return status;
	app = &fw->apps[fw->app_count];
	app->header = *header;
	app->context_count = FW_FIXED_CONTEXTS + le16toh(header->dynamic_contexts);
	app->contexts = calloc(app->context_count, sizeof(*app->contexts));
	if (!app->contexts) {
		memset(app, 0, sizeof(*app));
		return HW_STATUS_CS_SRAM_FULL;
	}
	fw->app_count++;
	fw_log(fw, 1, FW_LOG_INFO, FW_LOG_APPLICATION, 3, fw->app_count - 1,
	       (uint32_t)le16toh(header->dynamic_contexts), (uint32_t)le16toh(header->batch_size));
	return 0;
}

static uint8_t expected_type(const struct fw_app *app)
{
	static const uint8_t fixed[FW_FIXED_CONTEXTS] = {
		HW_CONTEXT_ACTIVATION, HW_CONTEXT_BATCH_SWITCHING, HW_CONTEXT_PRELIMINARY,
	};

	return app->next < FW_FIXED_CONTEXTS ? fixed[app->next] : HW_CONTEXT_DYNAMIC;
}

/* Which context a chunk belongs to, or why it belongs to none. */
static uint32_t place_chunk(struct fw_app *app, bool first, uint8_t type)
{
	bool begun = app->next < app->context_count && app->contexts[app->next].len;

	if (type > HW_CONTEXT_ACTIVATION)
		return HW_STATUS_CS_INVALID_CONTEXT_TYPE;
	if (first == begun)
		return HW_STATUS_CS_CONTEXT_ORDER;
	if (app->next == FW_PRELIMINARY && type == HW_CONTEXT_DYNAMIC && !begun) {
		app->contexts[FW_PRELIMINARY].complete = true;
		app->next++;
	}
	if (app->next == app->context_count)
		return type == HW_CONTEXT_DYNAMIC ? FW_CS_CONTEXT_RANGE :
						    HW_STATUS_CS_CONTEXT_ORDER;
	return type == expected_type(app) ? 0 : HW_STATUS_CS_CONTEXT_ORDER;
}

static uint32_t append(struct fw *fw, struct fw_list *list, const uint8_t *data, uint32_t len)
{
	uint8_t *bytes;

	if (len > FW_LIST_SRAM - fw->sram_used)
		return HW_STATUS_CS_SRAM_FULL;
	bytes = realloc(list->bytes, list->len + len);
	if (!bytes)
		return HW_STATUS_CS_SRAM_FULL;
	memcpy(bytes + list->len, data, len);
	list->bytes = bytes;
	list->len += len;
	fw->sram_used += len;
	return 0;
}

uint32_t fw_app_chunk(struct fw *fw, bool first, bool last, uint8_t type,
		      const uint8_t *data, uint32_t len)
{
	struct fw_app *app;
	struct fw_list *list;
	uint32_t status;

	if (fw->cs.phase != FW_CS_IDLE)
		return HW_STATUS_CS_CONFIGURE_WHILE_ACTIVE;
	if (!fw->app_count)
		return HW_STATUS_CS_CONTEXT_BEFORE_HEADER;
	app = &fw->apps[fw->app_count - 1];
	status = place_chunk(app, first, type);
	if (status)
		return status;
	list = &app->contexts[app->next];
	status = append(fw, list, data, len);
	if (status || !last)
		return status;
	if (fw_is_old(fw))
		status = fw_old_list(list, fw_minor(fw));
	if (!status)
		status = fw_list_check(list, fw_is_old(fw) ? NULL : &app->header);
	if (status)
		return status;
	list->complete = true;
	app->next++;
	return 0;
}

struct fw_list *fw_app_context(struct fw_app *app, uint8_t type, unsigned int index)
{
	static const uint8_t fixed[] = {
		[HW_CONTEXT_PRELIMINARY] = FW_PRELIMINARY,
		[HW_CONTEXT_BATCH_SWITCHING] = FW_BATCH_SWITCHING,
		[HW_CONTEXT_ACTIVATION] = FW_ACTIVATION,
	};

	if (type > HW_CONTEXT_ACTIVATION)
		return NULL;
	if (type != HW_CONTEXT_DYNAMIC)
		return index ? NULL : &app->contexts[fixed[type]];
	if (index >= app->context_count - FW_FIXED_CONTEXTS)
		return NULL;
	return &app->contexts[FW_FIRST_DYNAMIC + index];
}
