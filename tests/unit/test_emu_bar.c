// SPDX-License-Identifier: MIT
/* Registers, interrupts and windows of the software chip. */
#include "tests/unit/emu_host.h"

#include <errno.h>
#include <string.h>

#include "tests/emulator/chip.h"	/* irq_channel(): the event itself */

/* ---- accesses ---- */

static void test_ids(void **state)
{
	struct host *host = *state;

	assert_int_equal(reg(host, 0x98), 0x28641e60);
	assert_int_equal(bar_read(host, 0, 0x98, 2), 0x1e60);
	assert_int_equal(bar_read(host, 0, 0x9a, 2), 0x2864);
	assert_int_equal(bar_read(host, 0, 0x99, 1), 0x1e);
	assert_int_equal(host_violations(host), 0);
	set_reg(host, 0x98, 0);
	assert_int_equal(reg(host, 0x98), 0x28641e60);
	assert_int_equal(host_violations(host), 1);
}

static void test_bad_accesses(void **state)
{
	struct host *host = *state;
	uint64_t value = 0;

	assert_int_equal(emu_bar_read(host->emu, 1, 0, &value, 4), -EINVAL);
	assert_int_equal(emu_bar_read(host->emu, 3, 0, &value, 4), -EINVAL);
	assert_int_equal(emu_bar_read(host->emu, 6, 0, &value, 4), -EINVAL);
	assert_int_equal(emu_bar_read(host->emu, 0, 0x4000, &value, 4), -EINVAL);
	assert_int_equal(emu_bar_read(host->emu, 2, 0x1000, &value, 1), -EINVAL);
	assert_int_equal(emu_bar_read(host->emu, 0, 0x99, &value, 2), -EINVAL);
	assert_int_equal(emu_bar_read(host->emu, 0, 0x98, &value, 3), -EINVAL);
	assert_int_equal(emu_bar_write(host->emu, 4, UINT64_MAX - 3, &value, 4), -EINVAL);
	assert_int_equal(emu_bar_write(host->emu, 4, 0x3ffc, &value, 8), -EINVAL);
}

static void test_unknown_registers(void **state)
{
	struct host *host = *state;

	assert_int_equal(reg(host, 0x000), 0);
	assert_int_equal(reg(host, 0x714), 0);
	assert_int_equal(reg(host, 0x780), 0);
	assert_int_equal(bar_read(host, 2, 0x400, 4), 0);
	set_reg(host, 0x404, 0xffffffff);
	bar_write(host, 2, 0xffc, 1, 4);
	assert_int_equal(reg(host, 0x404), 0);
	assert_int_equal(host_violations(host), 7);
}

/* ---- interrupt registers ---- */

static void test_status_latches_without_mask(void **state)
{
	struct host *host = *state;

	assert_int_equal(reg(host, HW_REG_IMASK), 0);
	emu_raise_sw_irq(host->emu, HW_IRQ_CONTROL);
	irq_channel(host->emu, 2);
	irq_channel(host->emu, 22);
	assert_int_equal(reg(host, HW_REG_ISTATUS), 0x04002001);
	assert_int_equal(reg(host, HW_REG_H2D_IRQ), 0x00000004);
	assert_int_equal(reg(host, HW_REG_D2H_IRQ), 0x00400000);
	assert_int_equal(host->irqs, 0);
	set_reg(host, HW_REG_IMASK, HW_IRQ_CONTROL);
	assert_int_equal(host->irqs, 1);
}

/* real-device.md 6.6: group 13 is read and cleared, its channel register is
 * collected under group 12, and both kinds of bits live on their own.
 */
static void test_groups_and_channels_are_independent(void **state)
{
	struct host *host = *state;

	irq_channel(host->emu, 18);
	irq_channel(host->emu, 22);
	assert_int_equal(reg(host, HW_REG_ISTATUS), 0x00003000);
	set_reg(host, HW_REG_ISTATUS, 0x00001000);
	assert_int_equal(reg(host, HW_REG_ISTATUS), 0x00002000);
	assert_int_equal(reg(host, HW_REG_D2H_IRQ), 0x00440000);
	irq_channel(host->emu, 21);
	set_reg(host, HW_REG_D2H_IRQ, 0x00440000);
	assert_int_equal(reg(host, HW_REG_D2H_IRQ), 0x00200000);
	set_reg(host, HW_REG_D2H_IRQ, 0);
	assert_int_equal(reg(host, HW_REG_D2H_IRQ), 0x00200000);
	set_reg(host, HW_REG_D2H_IRQ, 0xffffffff);
	assert_int_equal(reg(host, HW_REG_D2H_IRQ), 0);
	assert_int_equal(reg(host, HW_REG_ISTATUS), 0x00002000);
}

static void test_every_group(void **state)
{
	struct host *host = *state;

	for (unsigned int ch = 0; ch < 32; ch++) {
		irq_channel(host->emu, ch);
		assert_int_equal(reg(host, HW_REG_ISTATUS),
				 ch < 16 ? 1u << ch / 4 : 0x100u << ch / 4);
		assert_int_equal(reg(host, ch < 16 ? HW_REG_H2D_IRQ : HW_REG_D2H_IRQ), 1u << ch);
		set_reg(host, HW_REG_ISTATUS, 0xffffffff);
		set_reg(host, HW_REG_H2D_IRQ, 0xffffffff);
		set_reg(host, HW_REG_D2H_IRQ, 0xffffffff);
	}
}

static void test_narrow_clear(void **state)
{
	struct host *host = *state;

	emu_raise_sw_irq(host->emu, HW_IRQ_CONTROL | HW_IRQ_DRIVER_DOWN);
	irq_channel(host->emu, 0);
	bar_write(host, 0, HW_REG_ISTATUS, 0xff, 1);
	assert_int_equal(reg(host, HW_REG_ISTATUS), 0x0c000000);
	bar_write(host, 0, HW_REG_ISTATUS + 2, 0x0400, 2);
	assert_int_equal(reg(host, HW_REG_ISTATUS), 0x08000000);
}

/* One message per rise of `status & mask`: a host that leaves something set
 * waits in vain.
 */
static void test_msi_is_edge_like(void **state)
{
	struct host *host = *state;

	set_reg(host, HW_REG_IMASK, HW_IRQ_ENABLE_MASK);
	irq_channel(host->emu, 16);
	assert_int_equal(host->irqs, 1);
	irq_channel(host->emu, 0);
	emu_raise_sw_irq(host->emu, HW_IRQ_CONTROL);
	assert_int_equal(host->irqs, 1);
	set_reg(host, HW_REG_ISTATUS, 0x00001000);	/* not all of it */
	irq_channel(host->emu, 16);
	assert_int_equal(host->irqs, 1);
	set_reg(host, HW_REG_ISTATUS, 0xffffffff);
	irq_channel(host->emu, 16);
	assert_int_equal(host->irqs, 2);
}

static void test_noise_bit(void **state)
{
	struct host *host = *state;

	set_reg(host, HW_REG_IMASK, HW_IRQ_ENABLE_MASK);
	assert_int_equal(reg(host, HW_REG_ISTATUS), 0);
	bar_read(host, HW_BAR_VDMA, 0, 4);
	assert_int_equal(reg(host, HW_REG_ISTATUS), HW_IRQ_HOST_ACCESS);
	set_reg(host, HW_REG_ISTATUS, HW_IRQ_HOST_ACCESS);
	assert_int_equal(reg(host, HW_REG_ISTATUS), 0);
	bar_write(host, HW_BAR_FW, 0, 0, 4);
	assert_int_equal(reg(host, HW_REG_ISTATUS), HW_IRQ_HOST_ACCESS);
	assert_int_equal(host->irqs, 0);
}

static void test_noise_off(void **state)
{
	struct host host;

	(void)state;
	host_init(&host);
	host.config.noise = 0;
	host_power_on(&host);
	bar_read(&host, HW_BAR_VDMA, 0, 4);
	assert_int_equal(reg(&host, HW_REG_ISTATUS), 0);
	host_free(&host);
}

static void try_msi(struct host *host, unsigned int irqs)
{
	emu_raise_sw_irq(host->emu, HW_IRQ_CONTROL);
	assert_int_equal(host->irqs, irqs);
	set_reg(host, HW_REG_ISTATUS, 0xffffffff);
}

static void test_msi_needs_all_it_needs(void **state)
{
	struct host *host = *state;

	set_reg(host, HW_REG_IMASK, HW_IRQ_CONTROL);
	cfg_write(host, 0x04, 0x0002, 2);		/* no bus master */
	try_msi(host, 0);
	cfg_write(host, 0x04, 0x0406, 2);
	cfg_write(host, 0xe2, 0, 2);			/* neither MSI nor INTx */
	try_msi(host, 0);
	cfg_write(host, 0xe2, 1, 2);
	cfg_write(host, 0xe4, 0, 4);			/* no address */
	try_msi(host, 0);
	cfg_write(host, 0xe4, 0xfee00000, 4);
	try_msi(host, 1);
	assert_int_equal(host->intx, 0);
	assert_int_equal(host_count(host, "interrupts.undeliverable"), 3);
	assert_int_equal(host_count(host, "interrupts.delivered"), 1);
}

static void test_intx_is_a_level(void **state)
{
	struct host *host = *state;

	set_reg(host, HW_REG_IMASK, HW_IRQ_ENABLE_MASK);
	cfg_write(host, 0xe2, 0, 2);
	emu_raise_sw_irq(host->emu, HW_IRQ_CONTROL);
	irq_channel(host->emu, 16);
	assert_int_equal(host->intx, 1);
	assert_int_equal(host->irqs, 0);
	assert_int_equal(cfg_read(host, 0x06, 2) & 8, 8);
	set_reg(host, HW_REG_ISTATUS, HW_IRQ_CONTROL);
	assert_int_equal(host->intx, 1);
	cfg_write(host, 0x04, 0x0406, 2);		/* INTx off */
	assert_int_equal(host->intx, 0);
	assert_int_equal(cfg_read(host, 0x06, 2) & 8, 8);
	cfg_write(host, 0x04, 0x0006, 2);
	assert_int_equal(host->intx, 1);
	set_reg(host, HW_REG_IMASK, 0);
	assert_int_equal(host->intx, 0);
	assert_int_equal(cfg_read(host, 0x06, 2) & 8, 0);
	set_reg(host, HW_REG_IMASK, HW_IRQ_ENABLE_MASK);
	assert_int_equal(host->intx, 1);
	emu_reset(host->emu, EMU_RESET_FLR);
	assert_int_equal(host->intx, 0);
}

/* ---- windows ---- */

static void test_atr_reads_back(void **state)
{
	struct host *host = *state;
	static const uint32_t words[5] = { 0x17, 0x89abcdef, 0x000a0123, 0x01234567, 0xfedcba98 };

	for (unsigned int table = 0; table < 4; table++) {
		for (unsigned int i = 0; i < 5; i++)
			set_reg(host, HW_ATR_REG(table) + 4 * i, words[i] ^ table);
		for (unsigned int i = 0; i < 5; i++)
			assert_int_equal(reg(host, HW_ATR_REG(table) + 4 * i), words[i] ^ table);
	}
	bar_write(host, 0, HW_ATR_REG(1) + 9, 0x55, 1);
	assert_int_equal(reg(host, HW_ATR_REG(1) + 8), (0x000a0123 ^ 1 ^ 0x0100) | 0x5500);
	assert_int_equal(host_violations(host), 0);
}

static void test_atr_before_boot(void **state)
{
	struct host *host = *state;
	static const uint32_t first[5] = { 0x17, 0, 0, 0, 6 };

	for (unsigned int i = 0; i < 5; i++)
		assert_int_equal(reg(host, 0x700 + 4 * i), first[i]);
}

static void test_windows_reach_memory(void **state)
{
	struct host *host = *state;
	static const uint32_t places[] = { 0x60000, 0x9fffc, 0xa0000, 0xc0000, 0xdfffc,
					   0xe0980, 0xffffc, 0x60001000, 0x600019fc };

	for (unsigned int i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		uint32_t word = 0x11111111 * (i + 1);

		assert_int_equal(device_word(host, places[i]), 0);
		device_write(host, places[i], &word, sizeof(word));
		assert_int_equal(device_word(host, places[i]), word);
	}
	assert_int_equal(host_violations(host), 0);
	for (unsigned int i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		assert_int_equal(device_word(host, places[i]), 0x11111111 * (i + 1));
}

static void test_window_widths(void **state)
{
	struct host *host = *state;

	set_reg(host, 0x708, 0x60000);
	bar_write(host, 4, 0x10, 0x8877665544332211, 8);
	assert_int_equal(bar_read(host, 4, 0x10, 8), 0x8877665544332211);
	assert_int_equal(bar_read(host, 4, 0x13, 1), 0x44);
	assert_int_equal(bar_read(host, 4, 0x16, 2), 0x8877);
	bar_write(host, 4, 0x12, 0xabcd, 2);
	bar_write(host, 4, 0x17, 0xef, 1);
	assert_int_equal(bar_read(host, 4, 0x10, 8), 0xef776655abcd2211);
}

static void expect_nothing_there(struct host *host, uint32_t offset)
{
	unsigned int before = host_violations(host);

	assert_int_equal(bar_read(host, 4, offset, 4), 0);
	bar_write(host, 4, offset, 1, 4);
	assert_int_equal(host_violations(host), before + 2);
}

static void test_windows_that_lead_nowhere(void **state)
{
	struct host *host = *state;

	expect_nothing_there(host, 0x1000);	/* table 1 is off before the boot */
	expect_nothing_there(host, 0x0000);	/* device address 0 */
	set_reg(host, 0x708, 0x60000);
	set_reg(host, 0x70c, 1);		/* beyond 4 GiB */
	expect_nothing_there(host, 0);
	set_reg(host, 0x70c, 0);
	set_reg(host, 0x710, 5);		/* another interface */
	expect_nothing_there(host, 0);
	set_reg(host, 0x710, 6);
	set_reg(host, 0x700, 0x16);		/* off */
	expect_nothing_there(host, 0);
	set_reg(host, 0x700, 0x17);
	set_reg(host, 0x708, 0x100000);		/* behind SRAM */
	expect_nothing_there(host, 0);
	set_reg(host, 0x708, 0x60000);
	bar_write(host, 4, 0, 0x77, 4);
	assert_int_equal(bar_read(host, 4, 0, 4), 0x77);
}

/* A table may serve any part of the BAR and be larger than 4 KiB. */
static void test_window_size_and_place(void **state)
{
	struct host *host = *state;

	set_reg(host, 0x700, 0);
	set_reg(host, 0x740, 0x2019);		/* 8 KiB at BAR offset 0x2000 */
	set_reg(host, 0x748, 0x00062000);
	set_reg(host, 0x750, 6);
	bar_write(host, 4, 0x3ffc, 0xcafe, 4);
	set_reg(host, 0x740, 0);
	assert_int_equal(device_word(host, 0x63ffc), 0xcafe);
}

static void test_window_address_is_aligned(void **state)
{
	struct host *host = *state;

	set_reg(host, 0x708, 0x60abc);
	bar_write(host, 4, 0x10, 0x1234, 4);
	set_reg(host, 0x708, 0);
	assert_int_equal(device_word(host, 0x60010), 0x1234);
}

static void test_access_counts(void **state)
{
	struct host *host = *state;

	reg(host, 0x98);
	set_reg(host, HW_REG_IMASK, 0);
	set_reg(host, HW_REG_IMASK, 0);
	bar_read(host, 2, 0, 4);
	bar_write(host, 4, 0, 0, 4);
	assert_int_equal(host_count(host, "bar0.reads"), 1);
	assert_int_equal(host_count(host, "bar0.writes"), 2);
	assert_int_equal(host_count(host, "bar2.reads"), 1);
	assert_int_equal(host_count(host, "bar4.writes"), 1);
	assert_int_equal(host_count(host, "config_space.writes"), 3);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, host_setup, host_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_ids),
		TEST(test_bad_accesses),
		TEST(test_unknown_registers),
		TEST(test_status_latches_without_mask),
		TEST(test_groups_and_channels_are_independent),
		TEST(test_every_group),
		TEST(test_narrow_clear),
		TEST(test_msi_is_edge_like),
		TEST(test_noise_bit),
		cmocka_unit_test(test_noise_off),
		TEST(test_msi_needs_all_it_needs),
		TEST(test_intx_is_a_level),
		TEST(test_atr_reads_back),
		TEST(test_atr_before_boot),
		TEST(test_windows_reach_memory),
		TEST(test_window_widths),
		TEST(test_windows_that_lead_nowhere),
		TEST(test_window_size_and_place),
		TEST(test_window_address_is_aligned),
		TEST(test_access_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
