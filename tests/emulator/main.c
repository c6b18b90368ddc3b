// SPDX-License-Identifier: MIT
/*
 * hailo8l-emu: the software chip as a process that QEMU uses through vfio-user.
 */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "hw/control.h"
#include "tests/emulator/fault_option.h"
#include "tests/emulator/vfu.h"

struct options {
	struct emu_config config;
	const char *socket;
	const char *trace;
	const char *stats;
	bool layout_given;
	bool once;
};

struct program {
	struct options options;
	struct vfu *vfu;
	struct emu *emu;
};

enum {
	OPT_SOCKET = 256, OPT_ARCH, OPT_LAYOUT, OPT_SERIAL, OPT_TEMPERATURE, OPT_POWER,
	OPT_BOOT_DELAY, OPT_LATENCY, OPT_NOISE, OPT_TRACE, OPT_STATS, OPT_ONCE, OPT_FAULT,
	OPT_FAULTS_WAIT, OPT_LINK, OPT_DMA_MASK, OPT_VERSION, OPT_HELP,
};

static const struct option long_options[] = {
	{ "socket", required_argument, NULL, OPT_SOCKET },
	{ "arch", required_argument, NULL, OPT_ARCH },
	{ "layout", required_argument, NULL, OPT_LAYOUT },
	{ "serial", required_argument, NULL, OPT_SERIAL },
	{ "temperature", required_argument, NULL, OPT_TEMPERATURE },
	{ "power", required_argument, NULL, OPT_POWER },
	{ "boot-delay-ms", required_argument, NULL, OPT_BOOT_DELAY },
	{ "latency-percent", required_argument, NULL, OPT_LATENCY },
	{ "noise", required_argument, NULL, OPT_NOISE },
	{ "trace", required_argument, NULL, OPT_TRACE },
	{ "stats", required_argument, NULL, OPT_STATS },
	{ "once", no_argument, NULL, OPT_ONCE },
	{ "fault", required_argument, NULL, OPT_FAULT },
	{ "faults-wait", no_argument, NULL, OPT_FAULTS_WAIT },
	{ "link", required_argument, NULL, OPT_LINK },
	{ "dma-mask", required_argument, NULL, OPT_DMA_MASK },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ "help", no_argument, NULL, OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

static const char help_text[] =
"A software Hailo-8L for QEMU's vfio-user-pci device.\n"
"Usage: hailo8l-emu --socket PATH [OPTION]...\n"
"\n"
"      --socket PATH          where QEMU connects\n"
"      --once                 end when the first client is gone\n"
"      --arch NAME            hailo8l (default) or hailo8\n"
"      --layout BITMAP        clusters there are (0x33; 0xff with hailo8)\n"
"      --serial TEXT          serial number (none, as on most cards)\n"
"      --temperature T[,T]    degrees Celsius of the two sensors\n"
"      --power W              there is a current monitor, and it reads this\n"
"      --boot-delay-ms N      from image to running firmware (115; at least 1)\n"
"      --latency-percent N    of the real firmware's times (100; 0: at once)\n"
"      --noise 0|1            accesses show in the interrupt status (1)\n"
"      --link SPEEDxWIDTH     as in 2x1, the default: 5 GT/s, one lane\n"
"      --dma-mask BITS        address bits that reach memory (64)\n"
"      --trace FILE           every access, transfer, interrupt and control\n"
"      --stats FILE           counts as JSON, at the end and on SIGUSR1\n"
"                             (standard output)\n"
"      --fault NAME[:KEY=NUMBER,...]\n"
"                             may be given several times\n"
"      --faults-wait          no fault hits until SIGUSR2, which switches\n"
"      --version\n"
"      --help\n"
"\n"
"Faults and their keys; with each also after= (skip so many) and count= (then\n"
"hit so many, for ever without it):\n";

static int bad(const char *option, const char *text, const char *wanted)
{
	fprintf(stderr, "hailo8l-emu: --%s %s: must be %s\n", option, text, wanted);
	return -EINVAL;
}

static bool number(const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 0);
	return !errno && end != text && !*end && *text != '-' && *value >= min && *value <= max;
}

static int parse_arch(struct options *options, const char *text)
{
	if (!strcmp(text, "hailo8l"))
		options->config.architecture = HW_ARCH_HAILO8L;
	else if (!strcmp(text, "hailo8"))
		options->config.architecture = HW_ARCH_HAILO8;
	else
		return bad("arch", text, "hailo8l or hailo8");
	return 0;
}

static int parse_layout(struct options *options, const char *text)
{
	uint64_t value;

	if (!number(text, 1, 0xff, &value))
		return bad("layout", text, "a bitmap of 1 to 8 clusters");
	options->config.layout = value;
	options->layout_given = true;
	return 0;
}

static int parse_temperature(struct options *options, const char *text)
{
	float *t = options->config.temperature;
	char extra;
	int n = sscanf(text, "%f,%f%c", &t[0], &t[1], &extra);

	if (n != 1 && n != 2)
		return bad("temperature", text, "one or two numbers");
	if (n == 1)
		t[1] = t[0];
	return 0;
}

static int parse_power(struct options *options, const char *text)
{
	char extra;

	if (sscanf(text, "%f%c", &options->config.power_w, &extra) != 1)
		return bad("power", text, "a number of watts");
	return 0;
}

static int parse_boot_delay(struct options *options, const char *text)
{
	uint64_t ms;

	/* The stock driver puts window 0 back after the trigger, which must not
	 * undo what the firmware sets: hardware.md 6.2.
	 */
	if (!number(text, 1, 3600000, &ms))
		return bad("boot-delay-ms", text, "1 to 3600000");
	options->config.boot_delay_ns = ms * 1000000;
	return 0;
}

static int parse_latency(struct options *options, const char *text)
{
	uint64_t percent;

	if (!number(text, 0, 100000, &percent))
		return bad("latency-percent", text, "0 to 100000");
	options->config.latency_percent = percent;
	return 0;
}

static int parse_noise(struct options *options, const char *text)
{
	uint64_t noise;

	if (!number(text, 0, 1, &noise))
		return bad("noise", text, "0 or 1");
	options->config.noise = noise;
	return 0;
}

static int parse_fault(struct options *options, const char *text)
{
	struct emu_config *config = &options->config;

	if (config->fault_count == EMU_MAX_FAULTS)
		return bad("fault", text, "one of at most 16");
	return fault_option_parse(text, &config->faults[config->fault_count++]);
}

static int parse_link(struct options *options, const char *text)
{
	char extra;

	if (sscanf(text, "%ux%u%c", &options->config.link_speed, &options->config.link_width,
		   &extra) != 2)
		return bad("link", text, "SPEEDxWIDTH, for example 3x4");
	return 0;
}

static int parse_dma_mask(struct options *options, const char *text)
{
	uint64_t bits;

	if (!number(text, 32, 64, &bits))
		return bad("dma-mask", text, "32 to 64");
	options->config.dma_mask = UINT64_MAX >> (64 - bits);
	return 0;
}

static int parse_value(struct options *options, int option, const char *text)
{
	switch (option) {
	case OPT_ARCH:
		return parse_arch(options, text);
	case OPT_LAYOUT:
		return parse_layout(options, text);
	case OPT_TEMPERATURE:
		return parse_temperature(options, text);
	case OPT_POWER:
		return parse_power(options, text);
	case OPT_BOOT_DELAY:
		return parse_boot_delay(options, text);
	case OPT_LATENCY:
		return parse_latency(options, text);
	case OPT_NOISE:
		return parse_noise(options, text);
	case OPT_FAULT:
		return parse_fault(options, text);
	case OPT_LINK:
		return parse_link(options, text);
	case OPT_DMA_MASK:
		return parse_dma_mask(options, text);
	default:
		fprintf(stderr, "try 'hailo8l-emu --help'\n");
		return -EINVAL;
	}
}

static void print_help(void)
{
	fputs(help_text, stdout);
	fault_option_list(stdout);
}

static int set_option(struct options *options, int option, const char *text)
{
	switch (option) {
	case OPT_SOCKET:
		options->socket = text;
		return 0;
	case OPT_SERIAL:
		options->config.serial = text;
		return 0;
	case OPT_TRACE:
		options->trace = text;
		return 0;
	case OPT_STATS:
		options->stats = text;
		return 0;
	case OPT_FAULTS_WAIT:
		options->config.faults_wait = 1;
		return 0;
	case OPT_ONCE:
		options->once = true;
		return 0;
	case OPT_VERSION:
		puts("hailo8l-emu " H8L_VERSION);
		exit(0);
	case OPT_HELP:
		print_help();
		exit(0);
	default:
		return parse_value(options, option, text);
	}
}

static int parse(struct options *options, int argc, char **argv)
{
	int option, error = 0;

	emu_config_init(&options->config);
	while (!error && (option = getopt_long(argc, argv, "", long_options, NULL)) >= 0)
		error = set_option(options, option, optarg);
	if (error)
		return error;
	if (optind < argc || !options->socket) {
		fprintf(stderr, "hailo8l-emu: %s; try 'hailo8l-emu --help'\n",
			options->socket ? "too many arguments" : "--socket is missing");
		return -EINVAL;
	}
	if (options->config.architecture == HW_ARCH_HAILO8 && !options->layout_given)
		options->config.layout = 0xff;
	return 0;
}

/* Through a second file, so that a reader never sees half of it. */
static void write_stats(void *ctx)
{
	struct program *program = ctx;
	const char *path = program->options.stats;
	char *part = NULL;
	FILE *out;

	if (!path) {
		emu_print_stats(program->emu, stdout);
		return;
	}
	if (asprintf(&part, "%s.part", path) < 0)
		return;
	out = fopen(part, "we");
	if (out)
		emu_print_stats(program->emu, out);
	if (!out || fclose(out) || rename(part, path))
		fprintf(stderr, "hailo8l-emu: %s: %s\n", path, strerror(errno));
	free(part);
}

static void switch_faults(void *ctx)
{
	struct program *program = ctx;

	emu_switch_faults(program->emu);
}

static int open_trace(struct options *options)
{
	if (!options->trace)
		return 0;
	options->config.trace = fopen(options->trace, "we");
	if (options->config.trace)
		return 0;
	fprintf(stderr, "hailo8l-emu: %s: %s\n", options->trace, strerror(errno));
	return -errno;
}

static int setup(struct program *program)
{
	struct emu_host host;

	if (open_trace(&program->options))
		return -EIO;
	program->vfu = vfu_new(stderr);
	if (!program->vfu)
		return -ENOMEM;
	vfu_get_host(program->vfu, &host);
	program->emu = emu_new(&program->options.config, &host);
	return program->emu ? 0 : -EINVAL;
}

static int serve(struct program *program)
{
	struct vfu_server_options options = {
		.path = program->options.socket,
		.once = program->options.once,
		.on_stats = write_stats,
		.on_faults = switch_faults,
		.ctx = program,
	};
	int error = vfu_serve(program->vfu, program->emu, &options);

	if (!error)
		write_stats(program);
	return error;
}

int main(int argc, char **argv)
{
	static struct program program;
	int error = parse(&program.options, argc, argv);

	if (!error)
		error = setup(&program);
	if (!error)
		error = serve(&program);
	emu_free(program.emu);
	vfu_free(program.vfu);
	if (program.options.config.trace && fclose(program.options.config.trace)) {
		fprintf(stderr, "hailo8l-emu: %s: %s\n", program.options.trace, strerror(errno));
		error = -EIO;
	}
	return error ? EXIT_FAILURE : EXIT_SUCCESS;
}
