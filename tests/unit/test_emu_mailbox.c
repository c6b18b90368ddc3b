// SPDX-License-Identifier: MIT
/* Doorbell, notifications, log rings, time and trace of the software chip. */
#include "tests/unit/emu_host.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/emu_stub_fw.h"

static void ring(struct host *host, uint32_t bits)
{
	bar_write(host, 4, HW_MBOX_DOORBELL, bits, 4);
	host_run(host, 0);
}

/* ---- doorbell ---- */

static void test_controls(void **state)
{
	struct host *host = *state;
	struct fw *fw = emu_get_fw(host->emu);

	ring(host, 1);
	assert_int_equal(fw->controls[0], 1);
	assert_int_equal(host->irqs, 1);
	assert_int_equal(reg(host, 0x18c), 0x04800000);
	set_reg(host, 0x18c, 0x04800000);
	assert_int_equal(reg(host, 0x18c), 0);
	ring(host, 2);
	assert_int_equal(fw->controls[0], 1);
	assert_int_equal(fw->controls[1], 1);
	assert_int_equal(host_count(host, "doorbells.app_control"), 1);
	assert_int_equal(host_count(host, "doorbells.core_control"), 1);
	assert_int_equal(host_count(host, "controls.0x00"), 2);
}

static void test_request_reads_back(void **state)
{
	struct host *host = *state;

	for (uint32_t i = 0; i < 1520; i += 4)
		bar_write(host, 4, i, i * 0x01010101, 4);
	for (uint32_t i = 0; i < 1520; i += 4)
		assert_int_equal(bar_read(host, 4, i, 4), i * 0x01010101);
	assert_int_equal(host_violations(host), 0);
}

/* Recognised by the device address, wherever the window is. */
static void test_doorbell_through_another_window(void **state)
{
	struct host *host = *state;
	struct fw *fw = emu_get_fw(host->emu);

	set_reg(host, HW_ATR_REG(3) + HW_ATR_ADDR_LOW, HW_ADDR_PCIE_CONFIG);
	bar_write(host, 4, 0x3684, 1, 4);
	host_run(host, 0);
	assert_int_equal(fw->controls[0], 1);
	set_reg(host, HW_ATR_REG(1) + HW_ATR_ADDR_LOW, 0x60001000);
	ring(host, 1);
	assert_int_equal(fw->controls[0], 1);
}

static void test_driver_down(void **state)
{
	struct host *host = *state;
	struct fw *fw = emu_get_fw(host->emu);
	const struct vdma_list list = { HOST_BASE, 32, 512 };

	assert_int_equal(vdma_start(host->emu, 2, &list), 0);
	ring(host, 4);
	assert_int_equal(fw->driver_downs, 1);
	assert_false(vdma_is_running(host->emu, 2));
	assert_int_equal(host->irqs, 0);
	host_run(host, 51000);
	assert_int_equal(host->irqs, 0);
	host_run(host, 2000);
	assert_int_equal(host->irqs, 1);
	assert_int_equal(reg(host, 0x18c), 0x08800000);
	assert_true(fw_is_running(fw));
}

static void test_senseless_doorbells(void **state)
{
	struct host *host = *state;
	struct fw *fw = emu_get_fw(host->emu);

	ring(host, 0x10);
	assert_int_equal(host_violations(host), 1);
	bar_write(host, 4, HW_MBOX_DOORBELL, 1, 1);
	bar_write(host, 4, HW_MBOX_DOORBELL + 4, 1, 4);
	host_run(host, 0);
	assert_int_equal(host_violations(host), 3);
	assert_int_equal(fw->controls[0] + fw->controls[1], 0);
	ring(host, 8);
	host_run(host, 20 * MS);
	ring(host, 1);				/* nobody is there */
	assert_int_equal(host_violations(host), 4);
	assert_int_equal(fw->controls[0], 0);
}

/* ---- notifications ---- */

static void notify(struct host *host, uint8_t first, size_t len)
{
	uint8_t event[HW_NOTIFICATION_MAX_LEN];

	memset(event, first, sizeof(event));
	assert_int_equal(emu_notify(host->emu, event, len), 0);
	host_run(host, 0);
}

static void free_record(struct host *host)
{
	uint32_t word = bar_read(host, 4, HW_MBOX_NOTIFICATION, 4);

	bar_write(host, 4, HW_MBOX_NOTIFICATION, word & 0xffff0000, 4);
	host_run(host, 0);
}

static void test_notification(void **state)
{
	struct host *host = *state;

	notify(host, 0xaa, 32);
	assert_int_equal(bar_read(host, 4, 0xc80, 4), 32 << 16 | 1);
	assert_int_equal(bar_read(host, 4, 0xc84, 4), 0xaaaaaaaa);
	assert_int_equal(bar_read(host, 4, 0xca4, 4), 0);
	assert_int_equal(host->irqs, 1);
	assert_int_equal(reg(host, 0x18c), 0x02800000);
}

static void test_notifications_wait_for_the_record(void **state)
{
	struct host *host = *state;

	notify(host, 1, 8);
	set_reg(host, 0x18c, 0xffffffff);
	notify(host, 2, HW_NOTIFICATION_MAX_LEN);
	assert_int_equal(host->irqs, 1);
	assert_int_equal(bar_read(host, 4, 0xc84, 1), 1);
	free_record(host);
	assert_int_equal(host->irqs, 2);
	assert_int_equal(bar_read(host, 4, 0xc80, 4), HW_NOTIFICATION_MAX_LEN << 16 | 1);
	assert_int_equal(bar_read(host, 4, 0xc84 + HW_NOTIFICATION_MAX_LEN - 4, 4), 0x02020202);
	free_record(host);
	assert_int_equal(bar_read(host, 4, 0xc80, 4), HW_NOTIFICATION_MAX_LEN << 16);
}

static void test_notification_queue(void **state)
{
	struct host *host = *state;
	uint8_t event[HW_NOTIFICATION_MAX_LEN + 1] = { 0 };

	assert_int_equal(emu_notify(host->emu, event, sizeof(event)), -EINVAL);
	for (unsigned int i = 0; i < 64; i++) {
		event[0] = i;
		assert_int_equal(emu_notify(host->emu, event, 4), 0);
	}
	assert_int_equal(emu_notify(host->emu, event, 4), -ENOSPC);
	host_run(host, 0);
	for (unsigned int i = 0; i < 64; i++) {
		assert_int_equal(bar_read(host, 4, 0xc84, 1), i);
		free_record(host);
	}
	assert_int_equal(bar_read(host, 4, 0xc80, 2), 0);
	assert_int_equal(host_count(host, "notifications"), 64);
	assert_int_equal(host_count(host, "notifications_dropped"), 1);
}

/* ---- log ---- */

static uint32_t log_word(struct host *host, unsigned int cpu, unsigned int offset)
{
	return bar_read(host, 4, (cpu ? HW_LOG_CORE : HW_LOG_APP) + offset, 4);
}

static void test_log(void **state)
{
	struct host *host = *state;
	uint8_t data[4088];

	memset(data, 0x11, sizeof(data));
	emu_log_write(host->emu, 0, data, 12);
	emu_log_write(host->emu, 1, data, 4);
	assert_int_equal(log_word(host, 0, 0), 0);
	assert_int_equal(log_word(host, 0, 4), 12);
	assert_int_equal(log_word(host, 1, 4), 4);
	assert_int_equal(log_word(host, 0, 16), 0x11111111);
	assert_int_equal(log_word(host, 0, 20), 0);
	emu_log_write(host->emu, 0, data, 4076);
	assert_int_equal(log_word(host, 0, 4), 0);	/* 4088 is 0 */
	memset(data, 0x22, sizeof(data));
	emu_log_write(host->emu, 0, data, 4084);
	emu_log_write(host->emu, 0, data, 8);
	assert_int_equal(log_word(host, 0, 4), 4);
	assert_int_equal(log_word(host, 0, 8), 0x22222222);
	assert_int_equal(log_word(host, 0, 4092), 0x22222222);
	bar_write(host, 4, HW_LOG_APP, 4, 4);
	assert_int_equal(log_word(host, 0, 0), 4);
}

/* The host can write the firmware's offset; nothing but the ring may suffer. */
static void test_log_offset_from_the_host(void **state)
{
	struct host *host = *state;
	const uint8_t data[16] = { 1 };

	bar_write(host, 4, HW_LOG_CORE + 4, 0xffffffff, 4);
	emu_log_write(host->emu, 1, data, sizeof(data));
	assert_true(log_word(host, 1, 4) < 4088);
}

/* ---- time, resets under way ---- */

static uint64_t reset_from_outside(struct fw *fw)
{
	struct host *host = fw->ctx;

	if (fw->runs != 1)
		return EMU_IDLE;
	cfg_write(host, 0x88, 0x8000, 2);
	assert_true(fw->running);		/* not under our feet */
	return EMU_IDLE;
}

static void test_reset_waits_for_the_end_of_a_run(void **state)
{
	struct host *host = *state;
	struct fw *fw = emu_get_fw(host->emu);

	fw->runs = 0;
	fw->ctx = host;
	fw->run = reset_from_outside;
	ring(host, 1);
	assert_false(fw->running);
	assert_int_equal(host_count(host, "resets.flr"), 1);
	fw->run = NULL;
}

/* Each run makes more work: the shell must get its turn all the same. */
static uint64_t busy_for_ever(struct fw *fw)
{
	bar_write(fw->ctx, 2, HW_VDMA_HOST_HALF(2) + 2, fw->runs % 32, 2);
	return EMU_IDLE;
}

static void test_a_run_ends(void **state)
{
	const struct vdma_list list = { HOST_BASE, 32, 512 };
	struct host *host = *state;
	struct fw *fw = emu_get_fw(host->emu);

	assert_int_equal(vdma_start(host->emu, 2, &list), 0);
	fw->ctx = host;
	fw->run = busy_for_ever;
	bar_write(host, 4, HW_MBOX_DOORBELL, 1, 4);
	assert_int_equal(emu_run(host->emu, host->now), host->now);
	assert_in_range(fw->runs, 2, 1000);
	fw->run = NULL;
}

static void test_time_does_not_go_back(void **state)
{
	struct host *host = *state;

	emu_run(host->emu, host->now + 5 * MS);
	emu_run(host->emu, host->now);
	assert_int_equal(emu_now(host->emu), host->now + 5 * MS);
}

/* ---- trace ---- */

static char *run_and_trace(void)
{
	struct host host;
	char *text = NULL;
	size_t len;

	host_init(&host);
	host.config.trace = open_memstream(&text, &len);
	host_power_on(&host);
	host_boot(&host);
	host_enable_irqs(&host);
	ring(&host, 1);
	emu_violation(host.emu, "%s", "on purpose");
	fclose(host.config.trace);
	host.config.trace = NULL;
	host_free(&host);
	return text;
}

static void test_trace_is_stable(void **state)
{
	char *first = run_and_trace(), *second = run_and_trace();

	(void)state;
	assert_string_equal(first, second);
	assert_non_null(strstr(first, "0.000 cfg W 0x0004 0x0006\n"));
	assert_non_null(strstr(first, "0.000 bar4 W 0x0980 0x00000001\n"));
	assert_non_null(strstr(first, "115760.000 irq software 06000000\n"));
	assert_non_null(strstr(first, "bar4 W 0x1684 0x00000001\n"));
	assert_non_null(strstr(first, "doorbell 00000001\n"));
	assert_non_null(strstr(first, "msi status 04800000\n"));
	assert_non_null(strstr(first, "violation on purpose\n"));
	free(first);
	free(second);
}

static void test_violations_do_not_flood(void **state)
{
	struct host host;
	char *text = NULL;
	size_t len;
	FILE *log = open_memstream(&text, &len);

	(void)state;
	host_init(&host);
	host.config.log = log;
	host_power_on(&host);
	for (unsigned int i = 0; i < 10000; i++)
		reg(&host, 0x3000);
	assert_int_equal(host_violations(&host), 10000);
	host_free(&host);
	fclose(log);
	assert_true(len > 1000 && len < 10000);
	free(text);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, host_setup_running, host_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_controls),
		TEST(test_request_reads_back),
		TEST(test_doorbell_through_another_window),
		TEST(test_driver_down),
		TEST(test_senseless_doorbells),
		TEST(test_notification),
		TEST(test_notifications_wait_for_the_record),
		TEST(test_notification_queue),
		TEST(test_log),
		TEST(test_log_offset_from_the_host),
		TEST(test_reset_waits_for_the_end_of_a_run),
		TEST(test_a_run_ends),
		TEST(test_time_does_not_go_back),
		cmocka_unit_test(test_trace_is_stable),
		cmocka_unit_test(test_violations_do_not_flood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
