// SPDX-License-Identifier: MIT
/*
 * mkhef: a HEF from a description. Language: nets/README.md.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "desc.h"
#include "write.h"

static void help(void)
{
	puts("Writes a network file (HEF) that the software chip can run.\n"
	     "\n"
	     "usage: mkhef [option]... DESCRIPTION... -o FILE\n"
	     "\n"
	     "Several descriptions become network groups of one file; the first decides its\n"
	     "chip and container.\n"
	     "\n"
	     "  -o, --output FILE      what to write\n"
	     "  -c, --container N      container version 0, 1, 2 or 3 instead of the text's\n"
	     "  -m, --chip NAME        hailo8l or hailo8 instead of the text's\n"
	     "  -d, --damage KIND      spoil it, to test what others say about it\n"
	     "  -h, --help             this text\n"
	     "\n"
	     "KIND is one of:");
	for (size_t i = 0; damage_name(i); i++)
		printf("  %-20s %s\n", damage_name(i), damage_text(i));
}

struct arguments {
	char **inputs;
	size_t input_count;
	const char *output, *container, *chip, *damage;
};

static int parse_arguments(int argc, char **argv, struct arguments *arguments)
{
	static const struct option options[] = {
		{ "output", required_argument, NULL, 'o' },
		{ "container", required_argument, NULL, 'c' },
		{ "chip", required_argument, NULL, 'm' },
		{ "damage", required_argument, NULL, 'd' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	int option;

	while ((option = getopt_long(argc, argv, "o:c:m:d:h", options, NULL)) != -1)
		switch (option) {
		case 'o':
			arguments->output = optarg;
			break;
		case 'c':
			arguments->container = optarg;
			break;
		case 'm':
			arguments->chip = optarg;
			break;
		case 'd':
			arguments->damage = optarg;
			break;
		case 'h':
			help();
			exit(0);
		default:
			return -1;
		}
	if (optind >= argc || !arguments->output)
		return -1;
	arguments->inputs = argv + optind;
	arguments->input_count = argc - optind;
	return 0;
}

/* Options are statements that come after the text's own. */
static int apply(struct desc *desc, const struct arguments *arguments, struct failure *failure)
{
	if (arguments->container) {
		if (strlen(arguments->container) != 1 || *arguments->container < '0' ||
		    *arguments->container > '3')
			return hef_fail(failure, "container '%s' is not 0, 1, 2 or 3",
					arguments->container);
		desc->container = *arguments->container - '0';
	}
	if (!arguments->chip)
		return 0;
	if (!strcmp(arguments->chip, "hailo8"))
		desc->chip = DESC_HAILO8;
	else if (!strcmp(arguments->chip, "hailo8l"))
		desc->chip = DESC_HAILO8L;
	else
		return hef_fail(failure, "chip '%s' is neither hailo8l nor hailo8",
				arguments->chip);
	return 0;
}

static int read_desc(const struct arguments *arguments, size_t i, struct desc *desc,
		     struct failure *failure)
{
	const char *path = arguments->inputs[i];
	struct blob text = { 0 };
	int result = read_file(path, &text, failure);

	if (!result)
		result = desc_parse(desc, path, (char *)text.data, text.size, failure);
	if (!result)
		result = apply(desc, arguments, failure);
	blob_free(&text);
	return result;
}

static int convert(const struct arguments *arguments, struct failure *failure)
{
	size_t count = arguments->input_count;
	struct pool pool = { 0 };
	struct desc **descs = pool_alloc(&pool, count * sizeof(*descs));
	struct blob hef = { 0 };
	int result = 0;

	for (size_t i = 0; i < count; i++) {
		descs[i] = pool_alloc(&pool, sizeof(**descs));
		desc_init(descs[i]);
		if (!result)
			result = read_desc(arguments, i, descs[i], failure);
	}
	if (!result)
		result = hef_write_groups(descs, count, arguments->damage, &hef, failure);
	if (!result)
		result = write_file(arguments->output, hef.data, hef.size, failure);
	for (size_t i = 0; i < count; i++)
		desc_free(descs[i]);
	blob_free(&hef);
	pool_free(&pool);
	return result;
}

int main(int argc, char **argv)
{
	struct arguments arguments = { 0 };
	struct failure failure;

	if (parse_arguments(argc, argv, &arguments)) {
		fputs("usage: mkhef [option]... DESCRIPTION... -o FILE; try mkhef --help\n", stderr);
		return 1;
	}
	if (convert(&arguments, &failure)) {
		fprintf(stderr, "mkhef: %s\n", failure.text);
		return 1;
	}
	return 0;
}
