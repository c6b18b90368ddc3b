// SPDX-License-Identifier: MIT
/* Configuration space of the software chip. */
#include "tests/unit/emu_host.h"

#include <errno.h>
#include <string.h>

static const struct {
	uint16_t offset;
	uint32_t value;
} golden[] = {
	/* Written from hardware.md section 1 and real-device.md section 2. */
	{ 0x000, 0x28641e60 }, { 0x004, 0x00100000 }, { 0x008, 0x0b400001 },
	{ 0x00c, 0x00000000 }, { 0x010, 0x0000000c }, { 0x014, 0x00000000 },
	{ 0x018, 0x0000000c }, { 0x01c, 0x00000000 }, { 0x020, 0x0000000c },
	{ 0x024, 0x00000000 }, { 0x02c, 0x28641e60 }, { 0x030, 0x00000000 },
	{ 0x034, 0x00000080 }, { 0x03c, 0x00000100 },
	{ 0x080, 0x0002e010 }, { 0x084, 0x10008e21 }, { 0x088, 0x00002810 },
	{ 0x08c, 0x0040cc43 }, { 0x090, 0x10120000 }, { 0x0a4, 0x00100810 },
	{ 0x0a8, 0x00000000 }, { 0x0ac, 0x0000000e }, { 0x0b0, 0x00000003 },
	{ 0x0e0, 0x0080f805 }, { 0x0f8, 0x40030001 }, { 0x0fc, 0x00002008 },
	{ 0x100, 0x1081000b }, { 0x104, 0x00811556 }, { 0x108, 0x11010018 },
	{ 0x110, 0x1281001e }, { 0x114, 0x00280a1f }, { 0x128, 0x2001000e },
	{ 0x200, 0x30020001 }, { 0x20c, 0x00062010 }, { 0x214, 0x00002000 },
	{ 0x218, 0x000000a0 }, { 0x300, 0x00010019 },
};

static void cold(struct host *host)
{
	emu_reset(host->emu, EMU_RESET_POWER);
}

static void test_golden_bytes(void **state)
{
	struct host *host = *state;

	cold(host);
	for (size_t i = 0; i < sizeof(golden) / sizeof(golden[0]); i++)
		if (cfg_read(host, golden[i].offset, 4) != golden[i].value)
			fail_msg("0x%03x is 0x%08x, not 0x%08x", golden[i].offset,
				 cfg_read(host, golden[i].offset, 4), golden[i].value);
}

static void test_capability_chain(void **state)
{
	struct host *host = *state;
	static const uint8_t order[] = { 0x80, 0xe0, 0xf8, 0 };
	static const uint16_t extended[] = { 0x100, 0x108, 0x110, 0x128, 0x200, 0x300, 0 };
	uint32_t at = cfg_read(host, 0x34, 1);

	for (size_t i = 0; i < sizeof(order); i++) {
		assert_int_equal(at, order[i]);
		if (at)
			at = cfg_read(host, at + 1, 1);
	}
	at = 0x100;
	for (size_t i = 0; i < sizeof(extended) / sizeof(extended[0]); i++) {
		assert_int_equal(at, extended[i]);
		if (at)
			at = cfg_read(host, at, 4) >> 20;
	}
}

static void test_bar_sizing(void **state)
{
	static const uint32_t size[6] = { 0x4000, 0, 0x1000, 0, 0x4000, 0 };
	struct host *host = *state;

	for (unsigned int i = 0; i < 6; i += 2) {
		uint32_t low;

		cfg_write(host, 0x10 + 4 * i, 0xffffffff, 4);
		cfg_write(host, 0x14 + 4 * i, 0xffffffff, 4);
		low = cfg_read(host, 0x10 + 4 * i, 4);
		assert_int_equal(low & 0xf, 0xc);	/* 64 bits, prefetchable */
		assert_int_equal(~(low & ~0xfu) + 1, size[i]);
		assert_int_equal(cfg_read(host, 0x14 + 4 * i, 4), 0xffffffff);
		cfg_write(host, 0x10 + 4 * i, 0x80004000, 4);
		assert_int_equal(cfg_read(host, 0x10 + 4 * i, 4), 0x8000400c);
	}
	cfg_write(host, 0x30, 0xffffffff, 4);
	assert_int_equal(cfg_read(host, 0x30, 4), 0);
}

static void test_read_only(void **state)
{
	struct host *host = *state;
	static const uint16_t offsets[] = { 0x00, 0x08, 0x2c, 0x34, 0x80, 0x84, 0x8c, 0xa4, 0xac,
					    0xf8, 0x100, 0x104, 0x114, 0x128, 0x200, 0x300 };

	cold(host);
	for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
		uint32_t before = cfg_read(host, offsets[i], 4);

		cfg_write(host, offsets[i], ~before, 4);
		assert_int_equal(cfg_read(host, offsets[i], 4), before);
	}
}

static void test_writable(void **state)
{
	struct host *host = *state;

	cold(host);
	cfg_write(host, 0x04, 0xffff, 2);
	assert_int_equal(cfg_read(host, 0x04, 2), 0x0546);
	cfg_write(host, 0x0c, 0x10, 1);
	assert_int_equal(cfg_read(host, 0x0c, 4), 0x10);
	cfg_write(host, 0x3c, 0x0b, 1);
	assert_int_equal(cfg_read(host, 0x3c, 2), 0x010b);
	cfg_write(host, 0x88, 0x5830, 2);	/* MRRS 4096, MPS 256 */
	assert_int_equal(cfg_read(host, 0x88, 2), 0x5830);
	cfg_write(host, 0x90, 0x0042, 2);	/* L1, common clock */
	assert_int_equal(cfg_read(host, 0x90, 4), 0x10120042);
	cfg_write(host, 0xe2, 0xffff, 2);
	assert_int_equal(cfg_read(host, 0xe2, 2), 0x0081);
	cfg_write(host, 0xe4, 0xfee00fff, 4);
	assert_int_equal(cfg_read(host, 0xe4, 4), 0xfee00ffc);
	cfg_write(host, 0xe8, 1, 4);
	assert_int_equal(cfg_read(host, 0xe8, 4), 1);
	cfg_write(host, 0xec, 0xffff4021, 4);
	assert_int_equal(cfg_read(host, 0xec, 4), 0x4021);
}

static void test_error_bits_clear_by_one(void **state)
{
	struct host *host = *state;

	/* Nothing sets them here; that writing ones leaves them 0 is all. */
	cfg_write(host, 0x04, 0xffff0006, 4);
	assert_int_equal(cfg_read(host, 0x06, 2), 0x0010);
	cfg_write(host, 0x204, 0xffffffff, 4);
	assert_int_equal(cfg_read(host, 0x204, 4), 0);
	cfg_write(host, 0x208, 0x00400000, 4);
	assert_int_equal(cfg_read(host, 0x208, 4), 0x00400000);
}

static void test_bad_accesses(void **state)
{
	struct host *host = *state;
	uint8_t bytes[8] = { 0 };

	assert_int_equal(emu_cfg_read(host->emu, 4096, bytes, 1), -EINVAL);
	assert_int_equal(emu_cfg_read(host->emu, 4094, bytes, 4), -EINVAL);
	assert_int_equal(emu_cfg_read(host->emu, 2, bytes, 4), -EINVAL);
	assert_int_equal(emu_cfg_read(host->emu, 0, bytes, 8), -EINVAL);
	assert_int_equal(emu_cfg_write(host->emu, 0, bytes, 3), -EINVAL);
	assert_int_equal(emu_cfg_write(host->emu, UINT32_MAX, bytes, 1), -EINVAL);
	assert_int_equal(emu_cfg_read(host->emu, 4095, bytes, 1), 0);
}

static void test_power_states(void **state)
{
	struct host *host = *state;

	set_reg(host, HW_REG_IMASK, 0x1234);
	cfg_write(host, 0xfc, 1, 2);		/* D1 does not exist */
	assert_int_equal(cfg_read(host, 0xfc, 2), 0x2008);
	cfg_write(host, 0xfc, 3, 2);
	assert_int_equal(cfg_read(host, 0xfc, 2), 0x200b);
	assert_int_equal(host_violations(host), 0);
	assert_int_equal(reg(host, HW_REG_PCI_ID), 0xffffffff);
	set_reg(host, HW_REG_IMASK, 0);
	assert_int_equal(host_violations(host), 2);
	cfg_write(host, 0xfc, 0, 2);		/* NoSoftRst: nothing is lost */
	assert_int_equal(reg(host, HW_REG_PCI_ID), 0x28641e60);
	assert_int_equal(reg(host, HW_REG_IMASK), 0x1234);
}

static void test_memory_decoding(void **state)
{
	struct host *host = *state;

	cfg_write(host, 0x04, 0x0004, 2);
	assert_int_equal(reg(host, HW_REG_PCI_ID), 0xffffffff);
	cfg_write(host, 0x04, 0x0006, 2);
	assert_int_equal(reg(host, HW_REG_PCI_ID), 0x28641e60);
}

/* Allowed, as at the start of a driver, but counted. */
static void test_accesses_without_mastering(void **state)
{
	struct host *host = *state;

	assert_int_equal(reg(host, HW_REG_PCI_ID), 0x28641e60);
	assert_int_equal(host_count(host, "without_master"), 0);
	cfg_write(host, 0x04, 0x0002, 2);
	assert_int_equal(reg(host, HW_REG_PCI_ID), 0x28641e60);
	set_reg(host, HW_REG_IMASK, 0);
	assert_int_equal(host_count(host, "without_master"), 2);
	assert_int_equal(host_violations(host), 0);
	cfg_write(host, 0x04, 0x0006, 2);
	assert_int_equal(reg(host, HW_REG_IMASK), 0);
	assert_int_equal(host_count(host, "without_master"), 2);
}

static void test_link_option(void **state)
{
	struct host host;

	(void)state;
	host_init(&host);
	host.config.link_speed = 3;
	host.config.link_width = 4;
	host_power_on(&host);
	assert_int_equal(cfg_read(&host, 0x92, 2), 0x1043);
	host_free(&host);
}

static void test_flr(void **state)
{
	struct host *host = *state;

	cfg_write(host, 0x88, 0x5830, 2);
	cfg_write(host, 0x90, 0x0002, 2);
	set_reg(host, HW_REG_IMASK, 0xff);
	cfg_write(host, 0x88, 0x5830 | 0x8000, 2);
	host_run(host, 0);
	assert_int_equal(cfg_read(host, 0x04, 2), 0);
	assert_int_equal(cfg_read(host, 0xe2, 2), 0x80);
	assert_int_equal(cfg_read(host, 0x88, 2), 0x2830);	/* MPS stays, MRRS not */
	assert_int_equal(cfg_read(host, 0x90, 2), 0x0002);
	cfg_write(host, 0x04, 0x0006, 2);
	assert_int_equal(reg(host, HW_REG_IMASK), 0);
	assert_int_equal(host_count(host, "resets.flr"), 1);
}

static void test_bad_configuration(void **state)
{
	struct emu_host none = { 0 };
	struct emu_config config;
	FILE *log = fopen("/dev/null", "w");

	(void)state;
	for (unsigned int i = 0; i < 6; i++) {
		emu_config_init(&config);
		config.log = log;
		if (i == 0)
			config.architecture = 7;
		else if (i == 1)
			config.layout = 0;
		else if (i == 2)
			config.link_width = 3;
		else if (i == 3)
			config.dma_mask = 0;
		else if (i == 4)
			config.fault_count = EMU_MAX_FAULTS + 1;
		else
			config.faults[config.fault_count++].kind = EMU_FAULT_KINDS;
		assert_null(emu_new(&config, &none));
	}
	fclose(log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_golden_bytes, host_setup, host_teardown),
		cmocka_unit_test_setup_teardown(test_capability_chain, host_setup, host_teardown),
		cmocka_unit_test_setup_teardown(test_bar_sizing, host_setup, host_teardown),
		cmocka_unit_test_setup_teardown(test_read_only, host_setup, host_teardown),
		cmocka_unit_test_setup_teardown(test_writable, host_setup, host_teardown),
		cmocka_unit_test_setup_teardown(test_error_bits_clear_by_one, host_setup,
						host_teardown),
		cmocka_unit_test_setup_teardown(test_bad_accesses, host_setup, host_teardown),
		cmocka_unit_test_setup_teardown(test_power_states, host_setup, host_teardown),
		cmocka_unit_test_setup_teardown(test_memory_decoding, host_setup, host_teardown),
		cmocka_unit_test_setup_teardown(test_accesses_without_mastering, host_setup, host_teardown),
		cmocka_unit_test(test_link_option),
		cmocka_unit_test_setup_teardown(test_flr, host_setup, host_teardown),
		cmocka_unit_test(test_bad_configuration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
