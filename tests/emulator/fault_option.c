// SPDX-License-Identifier: MIT
/*
 * The --fault option: names of the faults and of their parameters.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "tests/emulator/fault_option.h"

static const struct fault_name {
	const char *name;
	const char *key;		/* names of struct emu_fault's members; */
	const char *value;		/* NULL: not used by this fault */
	const char *value2;
	const char *help;
} names[EMU_FAULT_KINDS] = {
	[EMU_FAULT_BOOT_NEVER] = { "boot-never", NULL, NULL, NULL, "firmware never comes up" },
	[EMU_FAULT_BOOT_LATE] = { "boot-late", NULL, "ms", NULL, "so much later" },
	[EMU_FAULT_BOOT_NO_IRQ] = { "boot-no-irq", NULL, NULL, NULL, "comes up in silence" },
	[EMU_FAULT_SOFT_RESET_NEVER] = { "soft-reset-never", NULL, NULL, NULL,
					 "soft reset is ignored" },
	[EMU_FAULT_CONTROL_NEVER] = { "control-never", "opcode", NULL, NULL, "no answer" },
	[EMU_FAULT_CONTROL_LATE] = { "control-late", "opcode", "ms", NULL, "late answer" },
	[EMU_FAULT_CONTROL_STATUS] = { "control-status", "opcode", "major", "minor",
				       "answer with this status" },
	[EMU_FAULT_CONTROL_BAD_MD5] = { "control-bad-md5", "opcode", NULL, NULL,
					"answer with a wrong MD5" },
	[EMU_FAULT_CONTROL_LONG] = { "control-long", "opcode", NULL, NULL,
				     "answer longer than the mailbox" },
	[EMU_FAULT_IRQ_LOST] = { "irq-lost", NULL, "n", NULL, "drop the n-th MSI; 0: all" },
	[EMU_FAULT_IRQ_LATE] = { "irq-late", NULL, "n", NULL,
				 "the n-th MSI arrives once its cause is gone; 0: all" },
	[EMU_FAULT_IRQ_SPURIOUS] = { "irq-spurious", NULL, "every", NULL,
				     "one more MSI after so many" },
	[EMU_FAULT_CHANNEL_STUCK] = { "channel-stuck", "channel", "transfers", NULL,
				      "stands still after so many" },
	[EMU_FAULT_DESC_ERROR] = { "desc-error", "channel", "n", "goes-on",
				   "n-th transfer fails; goes-on=1: the channel does not stop" },
	[EMU_FAULT_FLIP_OUTPUT] = { "flip-output", "offset", "mask", NULL,
				    "change a byte of an output frame" },
	[EMU_FAULT_ALL_ONES] = { "all-ones", NULL, "accesses", NULL,
				 "after so many BAR accesses the card is gone" },
	[EMU_FAULT_NOTIFY_STORM] = { "notify-storm", NULL, "rate", "event",
				     "notifications per second" },
	[EMU_FAULT_NOTIFY_LONG] = { "notify-long", NULL, NULL, NULL,
				    "a notification longer than its mailbox" },
	[EMU_FAULT_LOG_OFFSET] = { "log-offset", NULL, NULL, NULL,
				   "log ring offsets out of range" },
	[EMU_FAULT_DRIVER_DOWN_NEVER] = { "driver-down-never", NULL, NULL, NULL,
					  "driver shutdown is ignored" },
	[EMU_FAULT_HANG] = { "hang", NULL, "controls", "until",
			     "firmware stops; until 0 soft reset, 1 FLR, 2 bus, 3 power" },
	[EMU_FAULT_LINK_LOST] = { "link-lost", NULL, "accesses", "ms",
				  "card gone until powered again, or a bus reset" },
	[EMU_FAULT_D3_FORGETS] = { "d3-forgets", NULL, NULL, NULL, "D3hot loses everything" },
	[EMU_FAULT_IRQ_BETWEEN] = { "irq-between", NULL, NULL, "event",
				    "notification between reading and clearing the status" },
	[EMU_FAULT_MASK_NO_EDGE] = { "mask-no-edge", NULL, NULL, NULL,
				     "opening the mask sends nothing" },
	[EMU_FAULT_CONTROL_TORN] = { "control-torn", "opcode", "ms", NULL,
				     "half an answer, the rest and the interrupt later" },
	[EMU_FAULT_DMA_NO_STOP] = { "dma-no-stop", NULL, NULL, NULL,
				    "channels go on whoever stops them" },
};

static int find_kind(const char *name, size_t len)
{
	for (int i = 0; i < EMU_FAULT_KINDS; i++)
		if (strlen(names[i].name) == len && !strncmp(names[i].name, name, len))
			return i;
	return -1;
}

static bool is_key(const char *name, const char *text, size_t len)
{
	return name && strlen(name) == len && !strncmp(name, text, len);
}

static bool parse_number(const char *text, long long *number)
{
	char *end;

	errno = 0;
	*number = strtoll(text, &end, 0);
	return !errno && end != text && !*end;
}

static int set_member(struct emu_fault *fault, const char *text)
{
	const struct fault_name *name = &names[fault->kind];
	const char *equals = strchr(text, '=');
	size_t len = equals ? (size_t)(equals - text) : strlen(text);
	long long number;

	if (!equals || !parse_number(equals + 1, &number))
		return -EINVAL;
	if (is_key(name->key, text, len))
		fault->key = number;
	else if (is_key(name->value, text, len))
		fault->value = number;
	else if (is_key(name->value2, text, len))
		fault->value2 = number;
	else if (is_key("after", text, len))
		fault->after = number;
	else if (is_key("count", text, len))
		fault->count = number;
	else
		return -EINVAL;
	return 0;
}

static int set_members(struct emu_fault *fault, const char *text)
{
	char *copy = strdup(text), *rest = copy, *member;
	int error = copy ? 0 : -ENOMEM;

	while (!error && (member = strsep(&rest, ",")))
		error = set_member(fault, member);
	free(copy);
	return error;
}

int fault_option_parse(const char *text, struct emu_fault *fault)
{
	size_t len = strcspn(text, ":");
	int kind = find_kind(text, len);
	int error = 0;

	if (kind < 0) {
		fprintf(stderr, "fault '%s' is not known; try --help\n", text);
		return -EINVAL;
	}
	*fault = (struct emu_fault){ .kind = kind, .key = -1 };
	if (text[len])
		error = set_members(fault, text + len + 1);
	if (error)
		fprintf(stderr, "fault '%s': parameters are NAME=NUMBER,...; try --help\n", text);
	return error;
}

static void print_key(FILE *out, const char *key)
{
	if (key)
		fprintf(out, "%s= ", key);
}

void fault_option_list(FILE *out)
{
	for (int i = 0; i < EMU_FAULT_KINDS; i++) {
		fprintf(out, "  %-18s ", names[i].name);
		print_key(out, names[i].key);
		print_key(out, names[i].value);
		print_key(out, names[i].value2);
		fprintf(out, "(%s)\n", names[i].help);
	}
}
