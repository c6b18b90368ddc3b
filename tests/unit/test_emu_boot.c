// SPDX-License-Identifier: MIT
/* Boot ROM of the software chip. */
#include "tests/unit/emu_host.h"

#include <string.h>

#include "tests/unit/emu_stub_fw.h"

static bool is_loaded(struct host *host)
{
	return reg(host, 0x708) == HW_ATR0_FW_RUNNING;
}

/* real-device.md 3, from the core header on. */
static void test_recorded_sequence(void **state)
{
	struct host *host = *state;
	struct host_image image;

	assert_int_equal(device_word(host, HW_BOOT_STATUS), 1);
	host_enable_irqs(host);
	image_make(&image);
	image_write(host, &image);
	assert_int_equal(reg(host, 0x708), 0);
	host_trigger(host);
	assert_int_equal(reg(host, 0x708), 0);
	assert_int_equal(host_run(host, 115 * MS), 115760000);
	assert_int_equal(host->irqs, 0);
	assert_false(is_loaded(host));
	host_run(host, 1 * MS);
	assert_int_equal(host->irqs, 1);
	assert_int_equal(reg(host, 0x18c), 0x06800000);
	set_reg(host, 0x18c, 0x06800000);
	assert_int_equal(reg(host, 0x18c), 0);
	set_reg(host, 0x188, 0);
	assert_int_equal(reg(host, 0x188), 0);
	host_enable_irqs(host);
	assert_int_equal(reg(host, 0x188), 0xff00ffff);
	assert_int_equal(reg(host, 0x708), 0x60000000);
	assert_int_equal(host_violations(host), 0);
}

static void test_firmware_gets_the_headers(void **state)
{
	struct host *host = *state;
	struct fw *fw = emu_get_fw(host->emu);

	host_boot(host);
	assert_int_equal(fw->starts, 1);
	assert_int_equal(fw->app.major, 4);
	assert_int_equal(fw->app.minor, 23);
	assert_int_equal(fw->app.revision, 0x20000000);
	assert_int_equal(fw->core.revision, 0x28000000);
}

static void test_windows_after_boot(void **state)
{
	struct host *host = *state;
	static const uint32_t address[4] = { 0x60000000, 0x00200000 };

	host_boot(host);
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(reg(host, 0x700 + 0x20 * i), 0x17 | i << 12);
		if (address[i])
			assert_int_equal(reg(host, 0x708 + 0x20 * i), address[i]);
		assert_int_equal(reg(host, 0x710 + 0x20 * i), 6);
	}
	for (unsigned int i = 0; i < 0x4000; i += 0x1000)
		bar_read(host, 4, i + (i == 0x1000 ? 0x684 : 0), 4);
	assert_int_equal(host_violations(host), 0);
}

static void test_boot_clears_mailboxes_keeps_configuration(void **state)
{
	struct host *host = *state;
	const uint32_t word = 0x12345678;

	device_write(host, 0x60000000, &word, 4);
	device_write(host, 0x60000c80, &word, 4);
	device_write(host, HW_BOOT_BOARD_CONFIG, &word, 4);
	device_write(host, HW_BOOT_FW_CONFIG, &word, 4);
	host_boot(host);
	assert_int_equal(bar_read(host, 4, 0, 4), 0);
	assert_int_equal(bar_read(host, 4, 0xc80, 4), 0);
	assert_int_equal(*(uint32_t *)emu_memory(host->emu, HW_BOOT_BOARD_CONFIG, 4), word);
	assert_int_equal(*(uint32_t *)emu_memory(host->emu, HW_BOOT_FW_CONFIG, 4), word);
}

/* The parts of a file, where the driver puts them (hardware.md 6.2 and 7). */
static void write_file(struct host *host, const uint8_t *file, size_t len)
{
	const struct hw_fw_header *app = (const void *)file, *core;
	const uint8_t *at = file + sizeof(*app);
	const struct hw_fw_cert_header *certs;

	device_write(host, HW_BOOT_APP_HEADER, app, sizeof(*app));
	device_write(host, HW_BOOT_APP_CODE, at, app->code_size);
	at += app->code_size;
	certs = (const void *)at;
	at += sizeof(*certs);
	device_write(host, HW_BOOT_KEY_CERT, at, certs->key_size);
	at += certs->key_size;
	device_write(host, HW_BOOT_CONTENT_CERT, at, certs->content_size);
	at += certs->content_size;
	core = (const void *)at;
	at += sizeof(*core);
	device_write(host, HW_BOOT_CORE_CODE, at, core->code_size);
	device_write(host, HW_BOOT_CORE_HEADER, core, sizeof(*core));
	assert_int_equal(at + core->code_size - file, len);
}

static void test_image_of_mkfw(void **state)
{
	static uint8_t file[HW_FW_MAX_SIZE + 1];
	struct host *host = *state;
	FILE *in = fopen(FW_IMAGE, "rb");
	size_t len;

	assert_non_null(in);
	len = fread(file, 1, sizeof(file), in);
	fclose(in);
	assert_in_range(len, 1000, HW_FW_MAX_SIZE);
	write_file(host, file, len);
	host_trigger(host);
	host_run(host, 200 * MS);
	assert_true(is_loaded(host));
	assert_int_equal(((struct fw *)emu_get_fw(host->emu))->app.minor, 23);
}

static void test_l0s_is_noticed(void **state)
{
	struct host *host = *state;

	cfg_write(host, 0x90, 0x0003, 2);
	host_boot(host);
	assert_true(is_loaded(host));
	assert_int_equal(host_violations(host), 1);
}

/* ---- images that must not boot ---- */

enum damage {
	APP_MAGIC, APP_VERSION, APP_SMALL, APP_LARGE, CORE_MAGIC, CORE_VERSION, CORE_SMALL,
	CORE_LARGE, KEY_MAGIC, CONTENT_MAGIC, KEY_LENGTH, CONTENT_LENGTH, APP_BYTE, CORE_BYTE,
	KEY_BYTE, CONTENT_BYTE, DAMAGES,
};

static void damage_header(struct hw_fw_header *header, unsigned int how, uint32_t max)
{
	if (how == 0)
		header->magic ^= 1;
	else if (how == 1)
		header->header_version = 1;
	else
		header->code_size = how == 2 ? HW_FW_CODE_MIN - 1 : max + 1;
}

static void damage_cert(struct host_image *image, enum damage damage)
{
	switch (damage) {
	case KEY_MAGIC:
		image->key[0]++;
		break;
	case CONTENT_MAGIC:
		image->content[3]++;
		break;
	case KEY_LENGTH:
		image->key[13] = 0x10;		/* longer than its place */
		break;
	case CONTENT_LENGTH:
		image->content[12] = 4;		/* shorter than its head */
		image->content[13] = 0;
		break;
	case KEY_BYTE:
		image->key[sizeof(image->key) - 1]++;
		break;
	default:
		image->content[sizeof(image->content) - 1]++;
	}
}

static void apply(struct host_image *image, enum damage damage)
{
	if (damage < CORE_MAGIC)
		damage_header(&image->app, damage, HW_FW_APP_CODE_MAX);
	else if (damage < KEY_MAGIC)
		damage_header(&image->core, damage - CORE_MAGIC, HW_FW_CORE_CODE_MAX);
	else if (damage == APP_BYTE)
		image->app_code[100]++;
	else if (damage == CORE_BYTE)
		image->core_code[127]++;
	else
		damage_cert(image, damage);
}

static void expect_no_boot(struct host *host, unsigned int what)
{
	host_trigger(host);
	host_run(host, 10000 * MS);
	if (is_loaded(host) || fw_is_running(emu_get_fw(host->emu)) || host->irqs ||
	    device_word(host, HW_BOOT_STATUS) == HW_BOOT_STATUS_WAITING)
		fail_msg("damage %u boots", what);
}

static void test_damaged_images(void **state)
{
	struct host *host = *state;

	for (unsigned int damage = 0; damage < DAMAGES; damage++) {
		struct host_image image;

		emu_reset(host->emu, EMU_RESET_FLR);
		cfg_write(host, 0x04, 0x0006, 2);
		host_enable_irqs(host);
		image_make(&image);
		apply(&image, damage);
		image_write(host, &image);
		expect_no_boot(host, damage);
	}
	assert_int_equal(host_count(host, "boot_failures"), DAMAGES);
	assert_int_equal(host_count(host, "boots"), 0);
}

#define PARTS	6

/* Leaves the last `cut` bytes of one part out. */
static void write_without(struct host *host, const struct host_image *image, unsigned int part,
			  size_t cut)
{
	const struct {
		uint32_t addr;
		const void *data;
		size_t len;
	} parts[PARTS] = {
		{ HW_BOOT_APP_HEADER, &image->app, sizeof(image->app) },
		{ HW_BOOT_APP_CODE, image->app_code, sizeof(image->app_code) },
		{ HW_BOOT_KEY_CERT, image->key, sizeof(image->key) },
		{ HW_BOOT_CONTENT_CERT, image->content, sizeof(image->content) },
		{ HW_BOOT_CORE_HEADER, &image->core, sizeof(image->core) },
		{ HW_BOOT_CORE_CODE, image->core_code, sizeof(image->core_code) },
	};

	for (unsigned int i = 0; i < PARTS; i++) {
		size_t less = i != part ? 0 : cut < parts[i].len ? cut : parts[i].len;

		device_write(host, parts[i].addr, parts[i].data, parts[i].len - less);
	}
}

static void test_incomplete_images(void **state)
{
	static const size_t cuts[] = { 4, SIZE_MAX };
	struct host *host = *state;
	struct host_image image;

	image_make(&image);
	for (unsigned int part = 0; part < PARTS; part++) {
		for (unsigned int i = 0; i < 2; i++) {
			/* What an earlier image left in memory must not help. */
			write_without(host, &image, PARTS, 0);
			emu_reset(host->emu, EMU_RESET_FLR);
			cfg_write(host, 0x04, 0x0006, 2);
			host_enable_irqs(host);
			write_without(host, &image, part, cuts[i]);
			expect_no_boot(host, part);
		}
	}
}

static void test_good_image_after_a_bad_one(void **state)
{
	struct host *host = *state;
	struct host_image image;

	image_make(&image);
	image.app_code[0]++;
	image_write(host, &image);
	expect_no_boot(host, 0);
	host_boot(host);
	assert_true(is_loaded(host));
}

/* An image of another maker is taken by its magics: it is not ours to judge. */
static void test_unknown_certificates(void **state)
{
	struct host *host = *state;
	struct host_image image;

	image_make(&image);
	memset(image.key + 4, 0xee, sizeof(image.key) - 4);
	memset(image.content + 4, 0xdd, sizeof(image.content) - 4);
	image_write(host, &image);
	host_trigger(host);
	host_run(host, 200 * MS);
	assert_true(is_loaded(host));
}

static void test_trigger_needs_its_value(void **state)
{
	struct host *host = *state;
	const uint32_t two = 2;
	struct host_image image;

	image_make(&image);
	image_write(host, &image);
	device_write(host, HW_BOOT_TRIGGER, &two, 4);
	host_run(host, 1000 * MS);
	assert_false(is_loaded(host));
	assert_int_equal(device_word(host, HW_BOOT_STATUS), 1);
}

/* ---- resets ---- */

static void ring_soft_reset(struct host *host)
{
	bar_write(host, 4, HW_MBOX_DOORBELL, HW_DOORBELL_SOFT_RESET, 4);
	host_run(host, 0);
}

static void test_soft_reset(void **state)
{
	struct host *host = *state;
	struct fw *fw = emu_get_fw(host->emu);
	const struct vdma_list list = { HOST_BASE, 32, 512 };

	assert_int_equal(vdma_start(host->emu, 2, &list), 0);
	ring_soft_reset(host);
	host_run(host, 1 * MS);
	assert_int_equal(host->irqs, 1);
	assert_int_equal(reg(host, 0x18c), 0x01800000);
	assert_int_equal(fw->stops, 1);
	assert_false(vdma_is_running(host->emu, 2));
	assert_int_not_equal(device_word(host, HW_BOOT_STATUS), 1);
	host_run(host, 11 * MS);
	assert_int_equal(device_word(host, HW_BOOT_STATUS), 1);
	assert_false(is_loaded(host));
	host_boot(host);
	assert_true(is_loaded(host));
	assert_int_equal(fw->starts, 2);
	assert_int_equal(host_violations(host), 0);
}

static void test_soft_reset_asks_for_a_whole_image(void **state)
{
	struct host *host = *state;

	ring_soft_reset(host);
	host_run(host, 20 * MS);
	set_reg(host, HW_REG_ISTATUS, 0xffffffff);
	host->irqs = 0;
	expect_no_boot(host, 0);
}

static void test_flr_and_bus_reset_lose_firmware(void **state)
{
	struct host *host = *state;
	struct fw *fw = emu_get_fw(host->emu);

	emu_reset(host->emu, EMU_RESET_BUS);
	assert_false(fw_is_running(fw));
	cfg_write(host, 0x04, 0x0006, 2);
	assert_int_equal(device_word(host, HW_BOOT_STATUS), 1);
	host_boot(host);
	cfg_write(host, 0x89, 0xa8, 1);		/* FLR by a byte write */
	assert_false(fw_is_running(fw));
	assert_int_equal(fw->starts, 2);
	assert_int_equal(fw->stops, 2);
}

static void test_d3_keeps_firmware(void **state)
{
	struct host *host = *state;

	cfg_write(host, 0xfc, 3, 2);
	host_run(host, 1000 * MS);
	cfg_write(host, 0xfc, 0, 2);
	assert_true(is_loaded(host));
	assert_true(fw_is_running(emu_get_fw(host->emu)));
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, host_setup, host_teardown)
#define RUNNING(name)	cmocka_unit_test_setup_teardown(name, host_setup_running, host_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_recorded_sequence),
		TEST(test_firmware_gets_the_headers),
		TEST(test_windows_after_boot),
		TEST(test_boot_clears_mailboxes_keeps_configuration),
		TEST(test_image_of_mkfw),
		TEST(test_l0s_is_noticed),
		TEST(test_damaged_images),
		TEST(test_incomplete_images),
		TEST(test_good_image_after_a_bad_one),
		TEST(test_unknown_certificates),
		TEST(test_trigger_needs_its_value),
		RUNNING(test_soft_reset),
		RUNNING(test_soft_reset_asks_for_a_whole_image),
		RUNNING(test_flr_and_bus_reset_lose_firmware),
		RUNNING(test_d3_keeps_firmware),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
