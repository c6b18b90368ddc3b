// SPDX-License-Identifier: MIT
/* hailo8l reset: a chip that does not do what it should starts anew. */
#include <string.h>

#include "tools/tool.h"

static const struct tool_option options[] = {
	TOOL_OPTION_DEVICE,
	{ 'k', "kind", "KIND",
	  "driver (default): the driver boots the firmware anew, needs root\n"
	  "core: the part that runs networks\n"
	  "soft, forced: the chip; then the driver has to be loaded again" },
	TOOL_OPTION_HELP,
	TOOL_OPTION_END
};

static const struct {
	const char *name;
	enum h8l_reset reset;
} kinds[] = {
	{ "driver", H8L_RESET_DRIVER },
	{ "core", H8L_RESET_NN_CORE },
	{ "soft", H8L_RESET_SOFT },
	{ "forced", H8L_RESET_FORCED_SOFT },
};

static int set_kind(const struct tool_command *command, const char *name, enum h8l_reset *reset)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(name, kinds[i].name)) {
			*reset = kinds[i].reset;
			return 0;
		}
	return tool_error(command->name, "unknown kind '%s': use driver, core, soft or forced",
			  name);
}

static int reset_device(const char *name, enum h8l_reset reset)
{
	struct h8l_error error = { .code = 0 };
	struct h8l_device *device;
	int result = device_open("reset", name, &device);

	if (result)
		return result;
	if (h8l_device_reset(device, reset, &error))
		result = library_error("reset", &error);
	h8l_device_close(device);
	return result;
}

static int reset_run(const struct tool_command *command, int argc, char **argv)
{
	enum h8l_reset reset = H8L_RESET_DRIVER;
	const char *name = NULL;
	const char *argument;
	int key;

	while ((key = args_next(command, argc, argv, &argument)) >= 0) {
		if (key == 'd')
			name = argument;
		else if (set_kind(command, argument, &reset))
			return TOOL_ERROR;
	}
	if (key != ARGS_END)
		return args_stop(key);
	return reset_device(name, reset);
}

const struct tool_command reset_command = {
	.name = "reset",
	.operands = "",
	.summary = "Let a chip that does not do what it should start anew.",
	.options = options,
	.notes = "Networks that run on it, of any program, end. A firmware that does not even\n"
		 "answer 'hailo8l identify' is reset with\n"
		 "  echo 1 | sudo tee /sys/class/hailo_chardev/hailo0/reset",
	.run = reset_run,
};
