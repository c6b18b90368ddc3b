// SPDX-License-Identifier: MIT
/*
 * Network files that the library opens, and all the ways in which it must not.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/crc32.h"
#include "lib/hef.h"
#include "tests/unit/lib_alloc.h"

#include "tests/unit/hef_common.h"	/* last: cmocka defines fail() */

#define NET								\
	"network little\n"						\
	"input in 6x10x3 scale=0.5\n"					\
	"conv out in features=5 kernel=3x3 pad=1 zp=7\n"		\
	"weights random 3 -100 100\n"					\
	"shift 9\n"							\
	"output out order=fcr scale=0.25\n"

/* With an entry for each feature (extension 25) */
#define INPUT_NET(scales)						\
	"network many\n"						\
	"required 0 3 26 12 25\n"					\
	"input in 4x4x3 " scales "\n"					\
	"conv out in features=1\n"					\
	"weights 1 1 1\n"						\
	"output out order=nhwc scales=1 zps=0\n"

static int open_blob(const struct blob *blob, struct h8l_hef **hef, struct h8l_error *error)
{
	/* Exactly as large as it says, so that a byte too far is seen */
	uint8_t *copy = malloc(blob->size ? blob->size : 1);
	int err;

	memcpy(copy, blob->data, blob->size);
	memset(error, 0, sizeof(*error));
	err = h8l_hef_open_memory(copy, blob->size, hef, error);
	if (err)
		free(copy);
	return err;
}

static void close_blob(struct h8l_hef *hef)
{
	uint8_t header = (uint8_t[]){ 32, 28, 44, 56 }[hef->container.version];
	void *copy = (uint8_t *)(uintptr_t)hef->container.metadata - header;

	h8l_hef_close(hef);
	free(copy);
}

/* ---- good files ---- */

static void check_streams(const struct h8l_hef *hef)
{
	struct h8l_stream_info in, out;
	struct h8l_quant quant;

	assert_int_equal(h8l_hef_stream(hef, 0, H8L_INPUT, 0, &in), 0);
	assert_int_equal(h8l_hef_stream(hef, 0, H8L_OUTPUT, 0, &out), 0);
	assert_string_equal(in.name, "little/in");
	assert_int_equal(in.shape.height, 6);
	assert_int_equal(in.shape.width, 10);
	assert_int_equal(in.shape.features, 3);
	assert_int_equal(in.device_format.order, H8L_ORDER_NHWC);
	assert_int_equal(in.device_frame_size, 184);	/* 180 to a multiple of 8 */
	assert_true(in.quant.scale == 0.5f);
	assert_string_equal(out.name, "little/out");
	assert_int_equal(out.device_shape.features, 8);
	assert_int_equal(out.default_format.order, H8L_ORDER_FCR);
	assert_int_equal(out.device_frame_size, 480);
	assert_int_equal(h8l_hef_quant(hef, 0, H8L_OUTPUT, 0, 0, &quant), 0);
	assert_true(quant.zero_point == 7 && quant.scale == 0.25f);
	assert_int_equal(h8l_hef_quant(hef, 0, H8L_OUTPUT, 0, 1, &quant), -ENOENT);
	assert_int_equal(h8l_hef_stream(hef, 0, H8L_INPUT, 1, &in), -ENOENT);
	assert_int_equal(h8l_hef_stream(hef, 0, H8L_OUTPUT, 1, &in), -ENOENT);
	assert_int_equal(h8l_hef_stream(hef, 1, H8L_INPUT, 0, &in), -ENOENT);
}

static void check_good(uint32_t container, enum desc_chip chip)
{
	struct blob blob = { 0 };
	struct h8l_group_info group;
	struct h8l_hef_info info;
	struct h8l_error error;
	struct h8l_hef *hef;

	make_hef(NET, container, chip, NULL, &blob);
	if (open_blob(&blob, &hef, &error))
		fail_msg("container %u: %s", container, error.text);
	h8l_hef_info(hef, &info);
	assert_int_equal(info.container_version, container);
	assert_int_equal(info.file_size, blob.size);
	assert_int_equal(info.group_count, 1);
	assert_true(info.config_size > 0);
	assert_int_equal(strlen(info.hash), container == 0 ? 32 : container == 1 ? 8 : 16);
	assert_int_equal(info.architecture, chip == DESC_HAILO8L ? H8L_HEF_HAILO8L :
								   H8L_HEF_HAILO8P);
	assert_int_equal(h8l_hef_group(hef, 0, &group), 0);
	assert_string_equal(group.name, "little");
	assert_int_equal(group.context_count, 1);
	assert_int_equal(group.layout_count, chip == DESC_HAILO8L ? 2 : 1);
	assert_null(group.unsupported);
	assert_int_equal(h8l_hef_group(hef, 1, &group), -ENOENT);
	check_streams(hef);
	close_blob(hef);
	blob_free(&blob);
}

static void good_files(void **state)
{
	(void)state;
	for (uint32_t container = 0; container < 3; container++) {
		check_good(container, DESC_HAILO8L);
		check_good(container, DESC_HAILO8);
	}
}

/* Scales for each feature of an input: the conversion has only one, hef.md 9 */
static void scales_of_inputs(void **state)
{
	static const struct { const char *net; int err; } cases[] = {
		{ INPUT_NET("scales=0.5,0.5,0.5 zps=3,3,3"), 0 },
		{ INPUT_NET("scales=0.5,0.5,0.25 zps=3,3,3"), -EINVAL },
		{ INPUT_NET("scales=0.5,0.5,0.5 zps=3,3,4"), -EINVAL },
	};
	struct h8l_stream_info in;
	struct h8l_error error;
	struct h8l_hef *hef;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct blob blob = { 0 };

		make_hef(cases[i].net, 1, DESC_HAILO8, NULL, &blob);
		assert_int_equal(open_blob(&blob, &hef, &error), cases[i].err);
		if (cases[i].err) {
			assert_non_null(strstr(error.text, "input many/in has several scales"));
		} else {
			assert_int_equal(h8l_hef_stream(hef, 0, H8L_INPUT, 0, &in), 0);
			assert_int_equal(in.quant_count, 1);
			assert_true(in.quant.scale == 0.5f && in.quant.zero_point == 3);
			close_blob(hef);
		}
		blob_free(&blob);
	}
}

static void compatible(void **state)
{
	struct blob blob = { 0 };
	struct h8l_error error;
	struct h8l_hef *hef;

	(void)state;
	make_hef(NET, 1, DESC_HAILO8L, NULL, &blob);
	assert_int_equal(open_blob(&blob, &hef, &error), 0);
	assert_int_equal(h8l_hef_compatible(hef, H8L_ARCH_HAILO8L, 0x33, &error), 0);
	assert_int_equal(h8l_hef_compatible(hef, H8L_ARCH_HAILO8L, 0xcc, &error), 0);
	assert_int_equal(h8l_hef_compatible(hef, H8L_ARCH_HAILO8, 0, &error), 0);
	assert_int_equal(h8l_hef_compatible(hef, H8L_ARCH_HAILO8L, 0x0f, &error), -ENOEXEC);
	assert_non_null(strstr(error.text, "0x0f"));
	assert_int_equal(h8l_hef_compatible(hef, (enum h8l_architecture)3, 0, &error), -ENOEXEC);
	assert_int_equal(hef_choose(hef, hef->groups, H8L_ARCH_HAILO8, 0, &error)->layout, 0x33);
	close_blob(hef);
	blob_free(&blob);
	make_hef(NET, 1, DESC_HAILO8, NULL, &blob);
	assert_int_equal(open_blob(&blob, &hef, &error), 0);
	assert_int_equal(h8l_hef_compatible(hef, H8L_ARCH_HAILO8, 0, &error), 0);
	assert_int_equal(h8l_hef_compatible(hef, H8L_ARCH_HAILO8L, 0x33, &error), -ENOEXEC);
	assert_non_null(strstr(error.text, "hailo8l"));
	close_blob(hef);
	blob_free(&blob);
}

/* ---- bad files ---- */

static const struct {
	const char *damage;
	int err;
	const char *says;
} bad_files[] = {
	{ "magic", -ENOEXEC, "not a HEF" },
	{ "container", -ENOEXEC, "container version 9" },
	{ "hash", -EBADMSG, "wrong checksum" },
	{ "bit", -EBADMSG, "wrong checksum" },
	{ "cut", -EBADMSG, "cut short" },
	{ "cut-header", -EBADMSG, "cut short inside the header" },
	{ "empty", -ENOEXEC, "not a HEF" },
	{ "longer", -EBADMSG, "too long" },
	{ "proto-size", -EBADMSG, "cut short" },
	{ "proto", -EBADMSG, "damaged" },
	{ "no-periph", -ENOEXEC, "too old" },
	{ "extension", -ENOEXEC, "feature 999" },
	{ "arch", -ENOEXEC, "Hailo-15H" },
	{ "metadata-version", -ENOEXEC, "too old" },
	{ "no-group", -EBADMSG, "no network" },
	{ "no-preliminary", -EINVAL, "0 places" },
	{ "no-edges", -EINVAL, "no input" },
	{ "wrong-input", -EINVAL, "stream 31" },
	{ "ccw-range", -EINVAL, "outside the file" },
	{ "action", -EINVAL, "unknown action" },
	{ "data-bytes", -EINVAL, "elements of 3 bytes" },
	{ "stream-index", -EINVAL, "larger than 255" },
	{ "format", -EINVAL, "unknown format 12" },
	{ "padding", -EINVAL, "padded to" },
	{ "names", -EINVAL, "twin" },
};

static void check_bad(unsigned int i, uint32_t container)
{
	struct blob blob = { 0 };
	struct h8l_error error;
	struct h8l_hef *hef;
	int err;

	make_hef(NET, container, DESC_HAILO8L, bad_files[i].damage, &blob);
	err = open_blob(&blob, &hef, &error);
	if (err != bad_files[i].err || error.code != err ||
	    !strstr(error.text, bad_files[i].says) || strncmp(error.text, "(memory): ", 10))
		fail_msg("%s in container %u: %d \"%s\"", bad_files[i].damage, container, err,
			 error.text);
	blob_free(&blob);
}

static void damaged(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(bad_files); i++)
		for (uint32_t container = 0; container < 3; container++)
			if (container || strcmp(bad_files[i].damage, "ccw-range"))
				check_bad(i, container);
}

/* Parsed, then refused: version 3 is for other chips */
static void container_3(void **state)
{
	struct blob blob = { 0 };
	struct h8l_error error;
	struct h8l_hef *hef;

	(void)state;
	make_hef(NET, 3, DESC_HAILO8L, NULL, &blob);
	assert_int_equal(open_blob(&blob, &hef, &error), -ENOEXEC);
	assert_non_null(strstr(error.text, "container version 3"));
	blob_free(&blob);
	make_hef(NET, 3, DESC_HAILO8L, "bit", &blob);
	assert_int_equal(open_blob(&blob, &hef, &error), -EBADMSG);
	blob_free(&blob);
}

static void every_cut(void **state)
{
	struct blob blob = { 0 }, part;
	struct h8l_error error;
	struct h8l_hef *hef;

	(void)state;
	for (uint32_t container = 0; container < 3; container++) {
		make_hef(NET, container, DESC_HAILO8L, NULL, &blob);
		part = blob;
		for (part.size = 0; part.size < blob.size; part.size += 1 + part.size / 64) {
			int err = open_blob(&part, &hef, &error);

			assert_int_equal(err, part.size < 4 ? -ENOEXEC : -EBADMSG);
		}
		blob_free(&blob);
	}
}

/* The hash is made right again, so that the metadata are looked at */
static void rehash(struct blob *blob)
{
	uint32_t crc = crc32_digest((const uint8_t *)blob->data + 28, blob->size - 28);

	for (int i = 0; i < 4; i++)
		((uint8_t *)blob->data)[12 + i] = (uint8_t)(crc >> (24 - 8 * i));
}

static void mutate(struct blob *blob, size_t metadata, uint32_t *seed)
{
	uint8_t *bytes = blob->data;

	for (uint32_t n = 1 + test_random(seed) % 4; n; n--) {
		size_t at = 28 + test_random(seed) % metadata;

		if (test_random(seed) % 2)
			bytes[at] ^= (uint8_t)(1u << test_random(seed) % 8);
		else
			bytes[at] = (uint8_t)test_random(seed);
	}
	rehash(blob);
}

/* Nothing in the metadata can do harm: ASan and UBSan watch */
static void random_metadata(void **state)
{
	struct blob blob = { 0 }, copy = { 0 };
	struct h8l_error error;
	struct h8l_hef *hef;
	unsigned int good = 0;
	uint32_t seed = 42;
	size_t metadata;

	(void)state;
	make_hef(NET, 1, DESC_HAILO8L, NULL, &blob);
	hef_proto(&blob, &metadata);
	copy = blob;
	copy.data = malloc(blob.size);
	for (int i = 0; i < 3000; i++) {
		int err;

		memcpy(copy.data, blob.data, blob.size);
		mutate(&copy, metadata, &seed);
		err = open_blob(&copy, &hef, &error);
		if (!err)
			close_blob(hef);
		good += !err;
		assert_true(!err || err == -EBADMSG || err == -EINVAL || err == -ENOEXEC);
		assert_true(!err || error.text[0]);
	}
	assert_true(good > 10 && good < 2900);
	free(copy.data);
	blob_free(&blob);
}

/* 100 bytes that ask for gigabytes: many empty messages inside each other */
static void memory_bomb(void **state)
{
	size_t count = 200000, size = 28 + 3 + 5 + 4 + 2 * count;
	struct blob blob = { .data = calloc(1, size + 16) };
	uint8_t *b = blob.data, *at = b + 28;
	struct h8l_error error;
	struct h8l_hef *hef;

	(void)state;
	memcpy(b, "\1HEF\0\0\0\1", 8);
	memcpy(at, "\x0a\x04\x08\x03\x20\x05\x2a\x02\x08\x1a\x12", 11);	/* header, 26, group */
	at += 11;
	for (size_t len = 2 * count; len; len >>= 7)
		*at++ = (uint8_t)((len & 0x7f) | (len > 0x7f ? 0x80 : 0));
	for (size_t i = 0; i < count; i++, at += 2)
		memcpy(at, "\x3a\0", 2);	/* an empty partial group */
	blob.size = (size_t)(at - b);
	for (int i = 0; i < 4; i++)
		b[8 + i] = (uint8_t)((blob.size - 28) >> (24 - 8 * i));
	rehash(&blob);
	assert_true(open_blob(&blob, &hef, &error) < 0);
	assert_non_null(strstr(error.text, "(memory)"));
	free(blob.data);
}

/* ---- files ---- */

static void no_file(void **state)
{
	struct h8l_error error = { 0 };
	struct h8l_hef *hef;

	(void)state;
	assert_int_equal(h8l_hef_open("/nonexistent.hef", &hef, &error), -ENOENT);
	assert_string_equal(error.text, "/nonexistent.hef: No such file or directory");
	assert_int_equal(h8l_hef_open("/tmp", &hef, &error), -ENOEXEC);
	assert_int_equal(h8l_hef_open("/dev/null", &hef, &error), -ENOEXEC);
	assert_int_equal(h8l_hef_open(NULL, &hef, &error), -EINVAL);
	assert_int_equal(h8l_hef_open_memory(NULL, 1, &hef, NULL), -EINVAL);
	h8l_hef_close(NULL);
}

static void from_file(void **state)
{
	char path[] = "/tmp/h8l-hef-XXXXXX";
	struct blob blob = { 0 };
	struct h8l_error error;
	struct h8l_hef *hef;
	int fd = mkstemp(path);

	(void)state;
	make_hef(NET, 2, DESC_HAILO8L, NULL, &blob);
	assert_int_equal(write(fd, blob.data, blob.size), (ssize_t)blob.size);
	assert_int_equal(h8l_hef_open(path, &hef, &error), 0);
	check_streams(hef);
	h8l_hef_close(hef);
	assert_int_equal(ftruncate(fd, (off_t)blob.size - 1), 0);
	assert_int_equal(h8l_hef_open(path, &hef, &error), -EBADMSG);
	assert_int_equal(strncmp(error.text, path, strlen(path)), 0);
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(h8l_hef_open(path, &hef, &error), -ENOEXEC);
	close(fd);
	unlink(path);
	blob_free(&blob);
}

static void held(void **state)
{
	struct blob blob = { 0 };
	struct h8l_error error;
	struct h8l_hef *hef;

	(void)state;
	make_hef(NET, 1, DESC_HAILO8L, NULL, &blob);
	assert_int_equal(open_blob(&blob, &hef, &error), 0);
	hef_hold(hef);
	h8l_hef_close(hef);
	check_streams(hef);
	close_blob(hef);
	blob_free(&blob);
}

/* ---- no memory ---- */

static void allocation_failures(void **state)
{
	struct blob blob = { 0 };
	struct h8l_error error;
	struct h8l_hef *hef;
	unsigned long n;
	int err = -1;

	(void)state;
	make_hef(NET, 0, DESC_HAILO8L, NULL, &blob);
	for (n = 1; err; n++) {
		alloc_fail_at = alloc_count + n;
		err = h8l_hef_open_memory(blob.data, blob.size, &hef, &error);
		alloc_fail_at = 0;
		if (err && (err != -ENOMEM || !strstr(error.text, "out of memory")))
			fail_msg("allocation %lu: %d %s", n, err, error.text);
	}
	assert_true(n > 5);
	h8l_hef_close(hef);
	blob_free(&blob);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_files),
		cmocka_unit_test(scales_of_inputs),
		cmocka_unit_test(compatible),
		cmocka_unit_test(damaged),
		cmocka_unit_test(container_3),
		cmocka_unit_test(every_cut),
		cmocka_unit_test(random_metadata),
		cmocka_unit_test(memory_bomb),
		cmocka_unit_test(no_file),
		cmocka_unit_test(from_file),
		cmocka_unit_test(held),
		cmocka_unit_test(allocation_failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
