// SPDX-License-Identifier: MIT
/*
 * mkfw: makes a firmware image for the software chip: the documented headers
 * and sizes (hardware.md section 7) around filler of our own. It boots nowhere
 * but there.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/emulator/image.h"

/* As in the 4.23.0 release, so that a boot costs the host as much. */
#define APP_CODE_SIZE	0x1922c
#define CORE_CODE_SIZE	0xe98c

static const char help_text[] =
"Makes a firmware image for hailo8l-emu (hailo/hailo8_fw.bin in a guest).\n"
"Usage: mkfw [--fw-version MAJOR.MINOR.REVISION] FILE\n"
"\n"
"      --fw-version V   what the image says it is (4.23.0)\n"
"      --help\n";

struct image {
	struct hw_fw_header app;
	uint8_t app_code[APP_CODE_SIZE];
	struct hw_fw_cert_header cert_sizes;
	uint8_t key[IMAGE_KEY_SIZE];
	uint8_t content[IMAGE_CONTENT_SIZE];
	struct hw_fw_header core;
	uint8_t core_code[CORE_CODE_SIZE];
} __attribute__((packed));

_Static_assert(sizeof(struct image) == 164560, "as large as the release");

#define LINE	64

static void fill(uint8_t *to, size_t len, const char *what)
{
	char line[LINE + 1];

	for (size_t at = 0; at < len; at += LINE) {
		size_t part = len - at < LINE ? len - at : LINE;
		int n = snprintf(line, sizeof(line), "%-4.4s %05zx filler for the software chip, "
				 "not firmware", what, at & 0xfffff);

		memset(line + n, '.', LINE - n);
		line[LINE - 1] = '\n';
		memcpy(to + at, line, part);
	}
}

static void set_header(struct hw_fw_header *header, const unsigned int version[3],
		       uint32_t flags, uint32_t code_size)
{
	*header = (struct hw_fw_header){
		.magic = HW_FW_MAGIC,
		.header_version = HW_FW_HEADER_VERSION,
		.major = version[0],
		.minor = version[1],
		.revision = version[2] | flags,
		.code_size = code_size,
	};
}

static struct image_cert *set_cert(uint8_t *to, size_t len, const char *magic)
{
	struct image_cert *cert = (void *)to;

	fill(to, len, "cert");
	memcpy(cert->magic, magic, sizeof(cert->magic));
	memcpy(cert->maker, IMAGE_MAKER, sizeof(cert->maker));
	cert->length = len;
	cert->digest = image_digest(IMAGE_DIGEST_START, cert + 1, len - sizeof(*cert));
	return cert;
}

static void make(struct image *image, const unsigned int version[3])
{
	struct image_cert *content;

	set_header(&image->app, version, HW_FW_REVISION_EXT_CONTEXT, APP_CODE_SIZE);
	set_header(&image->core, version, HW_FW_REVISION_EXT_CONTEXT | HW_FW_REVISION_CORE,
		   CORE_CODE_SIZE);
	fill(image->app_code, sizeof(image->app_code), "app");
	fill(image->core_code, sizeof(image->core_code), "core");
	image->cert_sizes.key_size = sizeof(image->key);
	image->cert_sizes.content_size = sizeof(image->content);
	set_cert(image->key, sizeof(image->key), IMAGE_KEY_MAGIC);
	content = set_cert(image->content, sizeof(image->content), IMAGE_CONTENT_MAGIC);
	content->digest = image_content_digest(content, &image->app, image->app_code,
					       &image->core, image->core_code);
}

static int write_file(const char *path, const struct image *image)
{
	FILE *out = fopen(path, "wb");
	int error = out ? 0 : -errno;

	if (out && fwrite(image, sizeof(*image), 1, out) != 1)
		error = -errno;
	if (out && fclose(out) && !error)
		error = -errno;
	if (error)
		fprintf(stderr, "mkfw: %s: %s\n", path, strerror(-error));
	return error;
}

static int parse_version(const char *text, unsigned int version[3])
{
	char extra;

	if (sscanf(text, "%u.%u.%u%c", &version[0], &version[1], &version[2], &extra) == 3 &&
	    version[2] <= HW_FW_REVISION_NUMBER)
		return 0;
	fprintf(stderr, "mkfw: --fw-version %s: must be like 4.23.0\n", text);
	return -EINVAL;
}

static int parse(int argc, char **argv, unsigned int version[3])
{
	static const struct option options[] = {
		{ "fw-version", required_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option, error = 0;

	while (!error && (option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		if (option == 'h') {
			fputs(help_text, stdout);
			exit(0);
		}
		error = option == 'v' ? parse_version(optarg, version) : -EINVAL;
	}
	if (!error && optind == argc - 1)
		return 0;
	fprintf(stderr, "try 'mkfw --help'\n");
	return -EINVAL;
}

int main(int argc, char **argv)
{
	unsigned int version[3] = { 4, 23, 0 };
	static struct image image;

	if (parse(argc, argv, version))
		return EXIT_FAILURE;
	make(&image, version);
	return write_file(argv[optind], &image) ? EXIT_FAILURE : EXIT_SUCCESS;
}
