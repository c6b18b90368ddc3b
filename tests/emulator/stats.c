// SPDX-License-Identifier: MIT
/*
 * What the host did, as one JSON object on one line. Counts, not times: on the machines
 * that run the software chip only counts mean something.
 */
#include <string.h>

#include <json-c/json.h>

#include "tests/emulator/chip.h"

void emu_count_control(struct emu *emu, uint32_t opcode, uint32_t major_status)
{
	emu->stats.controls[opcode < OPCODE_COUNT ? opcode : OPCODE_COUNT]++;
	if (major_status)
		emu->stats.control_errors++;
}

void emu_count_frame(struct emu *emu)
{
	emu->stats.frames++;
}

static void add(struct json_object *to, const char *key, uint64_t value)
{
	json_object_object_add(to, key, json_object_new_uint64(value));
}

static struct json_object *sub(struct json_object *to, const char *key)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(to, key, object);
	return object;
}

static void add_access(struct json_object *to, const char *key, uint64_t reads, uint64_t writes)
{
	struct json_object *object = sub(to, key);

	add(object, "reads", reads);
	add(object, "writes", writes);
}

static void add_accesses(struct json_object *to, const struct emu_stats *stats)
{
	static const struct {
		const char *key;
		unsigned int bar;
	} bars[] = {
		{ "bar0", HW_BAR_CONFIG }, { "bar2", HW_BAR_VDMA }, { "bar4", HW_BAR_FW },
	};

	add_access(to, "config_space", stats->cfg_reads, stats->cfg_writes);
	for (size_t i = 0; i < sizeof(bars) / sizeof(bars[0]); i++)
		add_access(to, bars[i].key, stats->bar_reads[bars[i].bar],
			   stats->bar_writes[bars[i].bar]);
}

static void add_doorbells(struct json_object *to, const struct emu_stats *stats)
{
	static const char *const names[] = { "app_control", "core_control", "driver_down",
					     "soft_reset" };
	struct json_object *object = sub(to, "doorbells");

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		add(object, names[i], stats->doorbells[i]);
	add(object, "num_available", stats->num_avail_writes);
}

static void add_interrupts(struct json_object *to, const struct emu_stats *stats)
{
	struct json_object *object = sub(to, "interrupts");

	add(object, "raised", stats->irq_raised);
	add(object, "delivered", stats->irq_delivered);
	add(object, "undeliverable", stats->irq_undeliverable);
	add(object, "lost", stats->irq_lost);
	add(object, "spurious", stats->irq_spurious);
}

static void add_channel(struct json_object *to, unsigned int channel,
			const struct channel_stats *stats)
{
	struct json_object *object;
	char key[8];

	if (!stats->fetches && !stats->errors)
		return;
	snprintf(key, sizeof(key), "%u", channel);
	object = sub(to, key);
	add(object, "bytes", stats->bytes);
	add(object, "transfers", stats->transfers);
	add(object, "descriptors", stats->descriptors);
	add(object, "descriptor_fetches", stats->fetches);
	add(object, "errors", stats->errors);
}

static void add_dma(struct json_object *to, const struct emu_stats *stats)
{
	struct json_object *object = sub(to, "dma");
	struct json_object *channels = sub(to, "channels");

	add(object, "reads", stats->dma_reads);
	add(object, "read_bytes", stats->dma_read_bytes);
	add(object, "writes", stats->dma_writes);
	add(object, "write_bytes", stats->dma_write_bytes);
	add(object, "faults", stats->dma_faults);
	for (unsigned int i = 0; i < HW_VDMA_CHANNELS; i++)
		add_channel(channels, i, &stats->channel[i]);
}

static void add_controls(struct json_object *to, const struct emu_stats *stats)
{
	struct json_object *object = sub(to, "controls");
	uint64_t sum = 0;
	char key[8];

	for (unsigned int i = 0; i < OPCODE_COUNT; i++) {
		if (!stats->controls[i])
			continue;
		snprintf(key, sizeof(key), "0x%02x", i);
		add(object, key, stats->controls[i]);
		sum += stats->controls[i];
	}
	add(object, "unknown", stats->controls[OPCODE_COUNT]);
	add(object, "errors", stats->control_errors);
	add(object, "total", sum + stats->controls[OPCODE_COUNT]);
}

static void add_life(struct json_object *to, const struct emu_stats *stats)
{
	struct json_object *resets = sub(to, "resets");

	add(resets, "power", stats->resets[EMU_RESET_POWER]);
	add(resets, "bus", stats->resets[EMU_RESET_BUS]);
	add(resets, "flr", stats->resets[EMU_RESET_FLR]);
	add(resets, "soft", stats->soft_resets);
	add(to, "boots", stats->boots);
	add(to, "boot_failures", stats->boot_failures);
	add(to, "frames", stats->frames);
	add(to, "notifications", stats->notifications);
	add(to, "notifications_dropped", stats->notifications_dropped);
	add(to, "log_bytes", stats->log_bytes);
	add(to, "faults", stats->faults);
	add(to, "violations", stats->violations);
	add(to, "without_master", stats->without_master);
}

void emu_print_stats(const struct emu *emu, FILE *out)
{
	struct json_object *root = json_object_new_object();

	if (!root)
		return;
	add_accesses(root, &emu->stats);
	add_doorbells(root, &emu->stats);
	add_interrupts(root, &emu->stats);
	add_dma(root, &emu->stats);
	add_controls(root, &emu->stats);
	add_life(root, &emu->stats);
	fprintf(out, "%s\n", json_object_to_json_string_ext(root, JSON_C_TO_STRING_SPACED));
	fflush(out);
	json_object_put(root);
}
