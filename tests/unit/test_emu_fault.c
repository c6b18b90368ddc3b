// SPDX-License-Identifier: MIT
/* Faults of the software chip's hardware half, and the option that asks for them. */
#include "tests/unit/emu_host.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "tests/emulator/chip.h"
#include "tests/emulator/fault_option.h"
#include "tests/unit/emu_stub_fw.h"

#define DATA	(HOST_BASE + 0x100000)

/* A chip with one fault. */
static void power_on_with(struct host *host, struct emu_fault fault)
{
	host_init(host);
	host->config.faults[host->config.fault_count++] = fault;
	host_power_on(host);
}

static void test_switch(void **state)
{
	struct host host;

	(void)state;
	power_on_with(&host, (struct emu_fault){ .kind = EMU_FAULT_CONTROL_NEVER, .key = -1 });
	emu_switch_faults(host.emu);
	assert_false(emu_fault(host.emu, EMU_FAULT_CONTROL_NEVER, 0x47, NULL));
	assert_null(fault_find(host.emu, EMU_FAULT_CONTROL_NEVER, -1));
	emu_switch_faults(host.emu);
	assert_true(emu_fault(host.emu, EMU_FAULT_CONTROL_NEVER, 0x47, NULL));
	host_free(&host);
}

static void run_with(struct host *host, struct emu_fault fault)
{
	power_on_with(host, fault);
	host_boot(host);
	host_enable_irqs(host);
}

static bool is_up(struct host *host)
{
	return reg(host, 0x708) == HW_ATR0_FW_RUNNING && fw_is_running(emu_get_fw(host->emu));
}

static void test_after_and_count(void **state)
{
	static const bool expected[] = { false, false, true, true, true, false, false };
	const struct emu_fault *fault;
	struct host host;

	(void)state;
	power_on_with(&host, (struct emu_fault){ .kind = EMU_FAULT_CONTROL_STATUS, .key = 0x21,
						 .value = 7, .after = 2, .count = 3 });
	for (unsigned int i = 0; i < 7; i++) {
		assert_false(emu_fault(host.emu, EMU_FAULT_CONTROL_STATUS, 0x20, NULL));
		assert_false(emu_fault(host.emu, EMU_FAULT_CONTROL_NEVER, 0x21, NULL));
		assert_int_equal(emu_fault(host.emu, EMU_FAULT_CONTROL_STATUS, 0x21, &fault),
				 expected[i]);
	}
	assert_int_equal(fault->value, 7);
	assert_int_equal(host_count(&host, "faults"), 3);
	host_free(&host);
}

static void test_any_key(void **state)
{
	struct host host;

	(void)state;
	power_on_with(&host, (struct emu_fault){ .kind = EMU_FAULT_CONTROL_NEVER, .key = -1 });
	assert_true(emu_fault(host.emu, EMU_FAULT_CONTROL_NEVER, 0x47, NULL));
	assert_true(emu_fault(host.emu, EMU_FAULT_CONTROL_NEVER, -1, NULL));
	host_free(&host);
}

/* ---- boot ---- */

static void test_boot_never(void **state)
{
	struct host host;

	(void)state;
	run_with(&host, (struct emu_fault){ .kind = EMU_FAULT_BOOT_NEVER });
	assert_int_equal(host_run(&host, 100000 * MS), EMU_IDLE);
	assert_false(is_up(&host));
	host_free(&host);
}

static void test_boot_late(void **state)
{
	struct host host;

	(void)state;
	run_with(&host, (struct emu_fault){ .kind = EMU_FAULT_BOOT_LATE, .value = 3000 });
	host_run(&host, 2900 * MS);
	assert_false(is_up(&host));
	host_run(&host, 100 * MS);
	assert_true(is_up(&host));
	assert_int_equal(host.irqs, 1);
	host_free(&host);
}

static void test_boot_no_irq(void **state)
{
	struct host host;

	(void)state;
	power_on_with(&host, (struct emu_fault){ .kind = EMU_FAULT_BOOT_NO_IRQ });
	host_enable_irqs(&host);
	host_boot(&host);
	assert_true(is_up(&host));
	assert_int_equal(host.irqs, 0);
	assert_int_equal(reg(&host, 0x18c) & 0xff000000, 0);
	host_free(&host);
}

static void test_soft_reset_never(void **state)
{
	struct host host;

	(void)state;
	run_with(&host, (struct emu_fault){ .kind = EMU_FAULT_SOFT_RESET_NEVER });
	bar_write(&host, 4, HW_MBOX_DOORBELL, 8, 4);
	host_run(&host, 10000 * MS);
	assert_true(is_up(&host));
	assert_int_equal(host.irqs, 0);
	host_free(&host);
}

static void test_driver_down_never(void **state)
{
	struct host host;

	(void)state;
	run_with(&host, (struct emu_fault){ .kind = EMU_FAULT_DRIVER_DOWN_NEVER });
	bar_write(&host, 4, HW_MBOX_DOORBELL, 4, 4);
	host_run(&host, 10000 * MS);
	assert_int_equal(host.irqs, 0);
	assert_int_equal(((struct fw *)emu_get_fw(host.emu))->driver_downs, 0);
	host_free(&host);
}

/* ---- interrupts ---- */

static void event(struct host *host)
{
	emu_raise_sw_irq(host->emu, HW_IRQ_CONTROL);
	set_reg(host, 0x18c, 0xffffffff);
}

/* The second interrupt has this fault: it is not told, and its status is cleared. */
static void miss_second(struct host *host, enum emu_fault_kind kind)
{
	power_on_with(host, (struct emu_fault){ .kind = kind, .key = -1, .value = 2 });
	host_enable_irqs(host);
	event(host);
	assert_int_equal(host->irqs, 1);
	emu_raise_sw_irq(host->emu, HW_IRQ_CONTROL);
	assert_int_equal(host->irqs, 1);
	assert_int_equal(reg(host, 0x18c), HW_IRQ_CONTROL);	/* the status stays */
	set_reg(host, 0x18c, 0xffffffff);
}

static void test_irq_lost(void **state)
{
	struct host host;

	(void)state;
	miss_second(&host, EMU_FAULT_IRQ_LOST);
	event(&host);
	assert_int_equal(host.irqs, 2);
	assert_int_equal(host_count(&host, "interrupts.lost"), 1);
	host_free(&host);
}

static void test_irq_late(void **state)
{
	struct host host;

	(void)state;
	miss_second(&host, EMU_FAULT_IRQ_LATE);
	assert_int_equal(host.irqs, 2);
	assert_int_equal(reg(&host, 0x18c), 0);	/* nothing is left for it */
	event(&host);
	assert_int_equal(host.irqs, 3);
	host_free(&host);
}

static void test_irq_spurious(void **state)
{
	struct host host;

	(void)state;
	power_on_with(&host, (struct emu_fault){ .kind = EMU_FAULT_IRQ_SPURIOUS, .key = -1,
						 .value = 3 });
	host_enable_irqs(&host);
	for (unsigned int i = 0; i < 9; i++) {
		event(&host);
		/* Not at once: it is one of its own. */
		assert_int_equal(host.irqs, i + 1 + i / 3);
		host_run(&host, 1000000);
	}
	assert_int_equal(host.irqs, 12);
	assert_int_equal(host_count(&host, "interrupts.spurious"), 3);
	host_free(&host);
}

/* The mask opens over a set status: an edge, unless the fault says no. */
static void open_mask_over_status(struct host *host)
{
	host_enable_irqs(host);
	set_reg(host, 0x188, 0);
	emu_raise_sw_irq(host->emu, HW_IRQ_CONTROL);
	assert_int_equal(host->irqs, 0);
	set_reg(host, 0x188, HW_IRQ_ENABLE_MASK);
}

static void test_mask_is_edge(void **state)
{
	struct host host;

	(void)state;
	host_init(&host);
	host_power_on(&host);
	open_mask_over_status(&host);
	assert_int_equal(host.irqs, 1);
	/* Once: what is open already does not rise again. */
	set_reg(&host, 0x188, HW_IRQ_ENABLE_MASK);
	assert_int_equal(host.irqs, 1);
	host_free(&host);
}

static void test_mask_no_edge(void **state)
{
	struct host host;

	(void)state;
	power_on_with(&host, (struct emu_fault){ .kind = EMU_FAULT_MASK_NO_EDGE, .key = -1 });
	open_mask_over_status(&host);
	assert_int_equal(host.irqs, 0);
	assert_int_equal(host_count(&host, "faults"), 1);
	/* The next rise from 0 is told as ever. */
	set_reg(&host, 0x18c, 0xffffffff);
	event(&host);
	assert_int_equal(host.irqs, 1);
	host_free(&host);
}

/* A second source comes after the status was read, and before it is cleared. */
static void test_irq_between(void **state)
{
	struct host host;

	(void)state;
	run_with(&host, (struct emu_fault){ .kind = EMU_FAULT_IRQ_BETWEEN, .key = -1,
					    .count = 1 });
	assert_int_equal(reg(&host, 0x18c) & HW_IRQ_ENABLE_MASK, 0);
	assert_int_equal(host_count(&host, "faults"), 0);
	irq_channel(host.emu, 16);
	assert_int_equal(host.irqs, 1);
	assert_int_equal(reg(&host, 0x18c) & HW_IRQ_ENABLE_MASK, 1 << 12);
	assert_int_equal(host_count(&host, "notifications"), 1);
	/* The naive host clears what it read and never hears of the other. */
	set_reg(&host, 0x18c, 1 << 12);
	assert_int_equal(host.irqs, 1);
	set_reg(&host, 0x188, 0);
	set_reg(&host, 0x188, HW_IRQ_ENABLE_MASK);
	assert_int_equal(host.irqs, 2);
	assert_int_equal(reg(&host, 0x18c) & HW_IRQ_ENABLE_MASK, HW_IRQ_NOTIFICATION);
	host_free(&host);
}

/* ---- channels ---- */

static void queue_transfers(struct host *host, unsigned int channel, unsigned int count)
{
	const struct vdma_list list = { HOST_BASE, 32, 512 };
	struct hw_vdma_desc *desc = (void *)host->memory;

	assert_int_equal(vdma_start(host->emu, channel, &list), 0);
	for (unsigned int i = 0; i < count; i++)
		desc[i] = (struct hw_vdma_desc){ 64 << 8 | 0x2e, (uint32_t)DATA, DATA >> 32, 0 };
	bar_write(host, 2, HW_VDMA_HOST_HALF(channel) + 2, count, 2);
}

static void test_channel_stuck(void **state)
{
	uint8_t data[64];
	struct host host;

	(void)state;
	run_with(&host, (struct emu_fault){ .kind = EMU_FAULT_CHANNEL_STUCK, .key = 2,
					    .value = 3 });
	queue_transfers(&host, 2, 8);
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(vdma_read(host.emu, 2, data, sizeof(data)), 64);
	assert_int_equal(vdma_read(host.emu, 2, data, sizeof(data)), 0);
	assert_int_equal(vdma_transfer_bytes(host.emu, 2), 64);	/* still to be moved */
	assert_int_equal(bar_read(&host, 2, 0x44, 4), 0x00030003);
	assert_int_equal(host_count(&host, "faults"), 1);
	queue_transfers(&host, 3, 8);
	for (unsigned int i = 0; i < 8; i++)
		assert_int_equal(vdma_read(host.emu, 3, data, sizeof(data)), 64);
	host_free(&host);
}

static void test_desc_error(void **state)
{
	const struct hw_vdma_desc *desc;
	uint8_t data[64] = { 0 };
	struct host host;

	(void)state;
	run_with(&host, (struct emu_fault){ .kind = EMU_FAULT_DESC_ERROR, .key = 16,
					    .value = 2 });
	queue_transfers(&host, 16, 8);
	assert_int_equal(vdma_write(host.emu, 16, data, sizeof(data)), 64);
	set_reg(&host, 0x18c, 0xffffffff);
	assert_int_equal(vdma_write(host.emu, 16, data, sizeof(data)), -EIO);
	desc = (void *)host.memory;
	assert_int_equal(desc[1].remaining_status, 64 << 8 | HW_DESC_STATUS_ERROR);
	assert_int_equal(bar_read(&host, 2, 16 * 0x20 + 0x14, 4), 0x00010001);
	assert_int_not_equal(bar_read(&host, 2, 16 * 0x20 + 0x18, 1), 0);
	assert_int_equal(host.irqs, 2);
	queue_transfers(&host, 16, 8);		/* hit once only */
	for (unsigned int i = 0; i < 8; i++)
		assert_int_equal(vdma_write(host.emu, 16, data, sizeof(data)), 64);
	host_free(&host);
}

/* The descriptor says that it failed, and nothing else does. */
static void test_desc_error_goes_on(void **state)
{
	const struct hw_vdma_desc *desc;
	uint8_t data[64] = { 0 };
	struct host host;

	(void)state;
	run_with(&host, (struct emu_fault){ .kind = EMU_FAULT_DESC_ERROR, .key = 16,
					    .value = 2, .value2 = 1 });
	queue_transfers(&host, 16, 8);
	for (unsigned int i = 0; i < 8; i++)
		assert_int_equal(vdma_write(host.emu, 16, data, sizeof(data)), 64);
	desc = (void *)host.memory;
	assert_int_equal(desc[0].remaining_status, 0);
	assert_int_equal(desc[1].remaining_status, HW_DESC_STATUS_ERROR);
	assert_int_equal(desc[2].remaining_status, 0);
	assert_int_equal(bar_read(&host, 2, 16 * 0x20 + 0x18, 1), 0);
	host_free(&host);
}

/* ---- the whole card ---- */

static void test_all_ones(void **state)
{
	struct host host;

	(void)state;
	power_on_with(&host, (struct emu_fault){ .kind = EMU_FAULT_ALL_ONES, .key = -1,
						 .value = 4 });
	host_enable_irqs(&host);		/* five accesses */
	assert_int_equal(reg(&host, 0x98), 0xffffffff);
	assert_int_equal(bar_read(&host, 4, 0, 8), UINT64_MAX);
	assert_int_equal(cfg_read(&host, 0, 4), 0xffffffff);
	emu_raise_sw_irq(host.emu, HW_IRQ_CONTROL);
	assert_int_equal(host.irqs, 0);
	assert_int_equal(host_violations(&host), 0);
	emu_reset(host.emu, EMU_RESET_POWER);
	assert_int_equal(cfg_read(&host, 0, 4), 0x28641e60);
	host_free(&host);
}

static void test_all_ones_for_a_while(void **state)
{
	struct host host;

	(void)state;
	power_on_with(&host, (struct emu_fault){ .kind = EMU_FAULT_ALL_ONES, .key = -1,
						 .value = 1, .count = 2 });
	assert_int_equal(reg(&host, 0x98), 0x28641e60);
	assert_int_equal(reg(&host, 0x98), 0xffffffff);
	assert_int_equal(reg(&host, 0x98), 0xffffffff);
	assert_int_equal(reg(&host, 0x98), 0x28641e60);
	host_free(&host);
}

/* ---- what a reset ends ---- */

static void ring(struct host *host, uint32_t bits)
{
	bar_write(host, 4, HW_MBOX_DOORBELL, bits, 4);
	host_run(host, 100 * MS);
}

static void hang(struct host *host, enum emu_hang_end until)
{
	run_with(host, (struct emu_fault){ .kind = EMU_FAULT_HANG, .key = -1, .value = 1,
					   .value2 = until });
	set_reg(host, 0x18c, UINT32_MAX);
	ring(host, HW_DOORBELL_APP_CONTROL);
	ring(host, HW_DOORBELL_DRIVER_DOWN);
	assert_int_equal(host->irqs, 1);
	set_reg(host, 0x18c, UINT32_MAX);
	ring(host, HW_DOORBELL_CORE_CONTROL);
	ring(host, HW_DOORBELL_DRIVER_DOWN);
	assert_int_equal(host->irqs, 1);
	assert_true(is_up(host));			/* and looks as before */
}

static void test_hang(void **state)
{
	struct host host;

	(void)state;
	hang(&host, EMU_HANG_SOFT_RESET);
	ring(&host, HW_DOORBELL_SOFT_RESET);
	assert_false(is_up(&host));
	host_boot(&host);
	assert_true(is_up(&host));
	set_reg(&host, 0x18c, UINT32_MAX);
	ring(&host, HW_DOORBELL_DRIVER_DOWN);		/* once only */
	assert_int_not_equal(reg(&host, 0x18c) & HW_IRQ_DRIVER_DOWN, 0);
	host_free(&host);
}

static void revive(struct host *host)
{
	cfg_write(host, 4, 6, 2);
	host_boot(host);
}

static void test_hang_until_reset(void **state)
{
	struct host host;

	(void)state;
	hang(&host, EMU_HANG_BUS_RESET);
	ring(&host, HW_DOORBELL_SOFT_RESET);
	assert_true(is_up(&host));
	emu_reset(host.emu, EMU_RESET_FLR);
	revive(&host);
	assert_false(is_up(&host));
	emu_reset(host.emu, EMU_RESET_BUS);
	revive(&host);
	assert_true(is_up(&host));
	host_free(&host);
}

static void test_link_lost(void **state)
{
	struct host host;

	(void)state;
	power_on_with(&host, (struct emu_fault){ .kind = EMU_FAULT_LINK_LOST, .key = -1,
						 .value = 1, .value2 = 300 });
	assert_int_equal(reg(&host, 0x98), 0x28641e60);
	assert_int_equal(reg(&host, 0x98), 0xffffffff);
	emu_reset(host.emu, EMU_RESET_BUS);		/* no power, no reset */
	host_run(&host, 290 * MS);
	assert_int_equal(cfg_read(&host, 0, 4), 0xffffffff);
	host_run(&host, 20 * MS);
	assert_int_equal(cfg_read(&host, 0, 4), 0x28641e60);
	assert_int_equal(cfg_read(&host, 4, 2), 0);	/* and not configured */
	revive(&host);
	assert_true(is_up(&host));
	assert_int_equal(reg(&host, 0x98), 0x28641e60);	/* once only */
	host_free(&host);
}

static void test_link_stuck(void **state)
{
	struct host host;

	(void)state;
	power_on_with(&host, (struct emu_fault){ .kind = EMU_FAULT_LINK_LOST, .key = -1 });
	assert_int_equal(reg(&host, 0x98), 0xffffffff);
	host_run(&host, 100000 * MS);
	emu_reset(host.emu, EMU_RESET_FLR);
	assert_int_equal(cfg_read(&host, 0, 4), 0xffffffff);
	emu_reset(host.emu, EMU_RESET_BUS);
	assert_int_equal(cfg_read(&host, 0, 4), 0x28641e60);
	revive(&host);
	assert_true(is_up(&host));
	host_free(&host);
}

static void test_d3_forgets(void **state)
{
	struct host host;

	(void)state;
	run_with(&host, (struct emu_fault){ .kind = EMU_FAULT_D3_FORGETS, .key = -1 });
	cfg_write(&host, 0xfc, 3, 2);
	assert_int_equal(cfg_read(&host, 0xfc, 2), 0x200b);
	cfg_write(&host, 0xfc, 0, 2);
	assert_int_equal(cfg_read(&host, 0xfc, 2), 0x2008);
	assert_int_equal(cfg_read(&host, 4, 2), 0);
	cfg_write(&host, 4, 6, 2);
	assert_false(is_up(&host));
	host_free(&host);
}

/* ---- mailboxes ---- */

static unsigned int take_notifications(struct host *host, uint64_t ns)
{
	unsigned int taken = 0;

	for (uint64_t at = 0; at < ns; at += MS) {
		uint32_t word;

		host_run(host, MS);
		word = bar_read(host, 4, HW_MBOX_NOTIFICATION, 4);
		if (!(word & 1))
			continue;
		assert_int_equal(word >> 16, 32);
		bar_write(host, 4, HW_MBOX_NOTIFICATION, word & 0xffff0000, 4);
		taken++;
	}
	return taken;
}

static void test_notify_storm(void **state)
{
	struct host host;

	(void)state;
	run_with(&host, (struct emu_fault){ .kind = EMU_FAULT_NOTIFY_STORM, .value = 100 });
	host_run(&host, 0);
	bar_write(&host, 4, HW_MBOX_NOTIFICATION, 0, 4);
	assert_in_range(take_notifications(&host, 1000 * MS), 95, 110);
	assert_int_equal(bar_read(&host, 4, HW_MBOX_NOTIFICATION + 4 + 16, 4), 7);
	set_reg(&host, HW_REG_IMASK, 0);	/* nobody listens any more */
	assert_int_equal(take_notifications(&host, 1000 * MS), 0);
	host_free(&host);
}

static void test_notify_long(void **state)
{
	struct host host;

	(void)state;
	run_with(&host, (struct emu_fault){ .kind = EMU_FAULT_NOTIFY_LONG, .key = -1 });
	assert_int_equal(bar_read(&host, 4, HW_MBOX_NOTIFICATION, 2), 0);
	host_run(&host, 0);
	assert_int_equal(host.irqs, 1);
	assert_int_equal(bar_read(&host, 4, HW_MBOX_NOTIFICATION, 2), 1);
	assert_true(bar_read(&host, 4, HW_MBOX_NOTIFICATION + 2, 2) > HW_NOTIFICATION_MAX_LEN);
	host_free(&host);
}

static void test_log_offset(void **state)
{
	struct host host;

	(void)state;
	run_with(&host, (struct emu_fault){ .kind = EMU_FAULT_LOG_OFFSET, .key = -1 });
	emu_log_write(host.emu, 0, "record", 6);
	assert_true(bar_read(&host, 4, HW_LOG_APP + 4, 4) >= HW_LOG_DATA_SIZE);
	host_free(&host);
}

/* ---- the option ---- */

static void test_option(void **state)
{
	struct emu_fault fault;

	(void)state;
	assert_int_equal(fault_option_parse("boot-never", &fault), 0);
	assert_int_equal(fault.kind, EMU_FAULT_BOOT_NEVER);
	assert_int_equal(fault.key, -1);
	assert_int_equal(fault_option_parse("control-status:opcode=0x21,major=0x40130001,"
					    "minor=2,after=3,count=4", &fault), 0);
	assert_int_equal(fault.kind, EMU_FAULT_CONTROL_STATUS);
	assert_int_equal(fault.key, 0x21);
	assert_int_equal(fault.value, 0x40130001);
	assert_int_equal(fault.value2, 2);
	assert_int_equal(fault.after, 3);
	assert_int_equal(fault.count, 4);
	assert_int_equal(fault_option_parse("channel-stuck:channel=16,transfers=9", &fault), 0);
	assert_int_equal(fault.key, 16);
	assert_int_equal(fault.value, 9);
}

static void test_bad_options(void **state)
{
	static const char *const bad[] = {
		"", "no-such", "boot", "boot-never:ms=1", "boot-late:ms", "boot-late:ms=",
		"boot-late:ms=1x", "boot-late:ms=1,", "boot-late:,ms=1", "control-late:channel=1",
		"irq-lost:n=99999999999999999999", ":", "irq-lost:",
	};
	struct emu_fault fault;
	int saved = dup(2), null = open("/dev/null", O_WRONLY);

	(void)state;
	dup2(null, 2);
	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(fault_option_parse(bad[i], &fault), -EINVAL);
	dup2(saved, 2);
	close(saved);
	close(null);
}

/* Every kind has a name: what --help prints can be given to --fault. */
static void test_option_names(void **state)
{
	FILE *list = tmpfile();
	unsigned int count = 0;
	char line[256], name[64];
	struct emu_fault fault;

	(void)state;
	fault_option_list(list);
	rewind(list);
	while (fgets(line, sizeof(line), list)) {
		assert_int_equal(sscanf(line, " %63s", name), 1);
		assert_int_equal(fault_option_parse(name, &fault), 0);
		assert_int_equal(fault.kind, count++);
	}
	assert_int_equal(count, EMU_FAULT_KINDS);
	fclose(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_after_and_count),
		cmocka_unit_test(test_switch),
		cmocka_unit_test(test_any_key),
		cmocka_unit_test(test_boot_never),
		cmocka_unit_test(test_boot_late),
		cmocka_unit_test(test_boot_no_irq),
		cmocka_unit_test(test_soft_reset_never),
		cmocka_unit_test(test_driver_down_never),
		cmocka_unit_test(test_irq_lost),
		cmocka_unit_test(test_irq_late),
		cmocka_unit_test(test_irq_spurious),
		cmocka_unit_test(test_mask_is_edge),
		cmocka_unit_test(test_mask_no_edge),
		cmocka_unit_test(test_irq_between),
		cmocka_unit_test(test_channel_stuck),
		cmocka_unit_test(test_desc_error),
		cmocka_unit_test(test_desc_error_goes_on),
		cmocka_unit_test(test_all_ones),
		cmocka_unit_test(test_all_ones_for_a_while),
		cmocka_unit_test(test_hang),
		cmocka_unit_test(test_hang_until_reset),
		cmocka_unit_test(test_link_lost),
		cmocka_unit_test(test_link_stuck),
		cmocka_unit_test(test_d3_forgets),
		cmocka_unit_test(test_notify_storm),
		cmocka_unit_test(test_notify_long),
		cmocka_unit_test(test_log_offset),
		cmocka_unit_test(test_option),
		cmocka_unit_test(test_bad_options),
		cmocka_unit_test(test_option_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
