// SPDX-License-Identifier: MIT
/* vDMA engine of the software chip, with the worked examples of hardware.md 10. */
#include "tests/unit/emu_host.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/emu_stub_fw.h"

#define LIST		HOST_BASE		/* descriptor list, 1 MiB reserved */
#define DATA		(HOST_BASE + (2u << 20))
#define DATA_OFFSET	(2u << 20)
#define IN		2			/* channels as in the recorded runs */
#define OUT		16

static uint8_t buffer[1 << 20];

static struct hw_vdma_desc *desc(struct host *host, uint32_t index)
{
	return (struct hw_vdma_desc *)host->memory + index;
}

static void set_desc(struct host *host, uint32_t index, uint32_t size_ctrl, uint64_t addr)
{
	*desc(host, index) = (struct hw_vdma_desc){ size_ctrl, addr, addr >> 32, 0 };
}

/* A transfer over contiguous memory; the last descriptor has control `last`. */
static uint32_t program(struct host *host, uint32_t index, uint32_t mask, uint64_t addr,
			size_t len, uint32_t page, uint8_t last)
{
	while (len) {
		uint32_t size = len < page ? len : page;
		uint32_t ctrl = size == len ? last : HW_DESC_CTRL_PLAIN;

		set_desc(host, index & mask, size << 8 | ctrl, addr);
		addr += size;
		len -= size;
		index++;
	}
	return index & mask;
}

static void start(struct host *host, unsigned int channel, uint32_t count, uint16_t page)
{
	const struct vdma_list list = { LIST, count, page };

	assert_int_equal(vdma_start(host->emu, channel, &list), 0);
}

static uint32_t half(unsigned int channel)
{
	return channel * 0x20 + (channel < 16 ? 0 : 0x10);
}

static uint32_t word(struct host *host, unsigned int channel, unsigned int reg_offset)
{
	return bar_read(host, 2, half(channel) + reg_offset, 4);
}

static void launch(struct host *host, unsigned int channel, uint32_t num_avail)
{
	uint32_t control = word(host, channel, 0);

	bar_write(host, 2, half(channel), (control & 0xffff) | num_avail << 16, 4);
}

static void fill(uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		data[i] = i * 7 + (i >> 8);
}

/* ---- registers ---- */

static void test_start_values(void **state)
{
	static const struct {
		uint32_t count, dword;
	} seen[] = { { 32, 0x2801 }, { 64, 0x3001 }, { 128, 0x3801 }, { 512, 0x4801 },
		     { 1024, 0x5001 }, { 2048, 0x5801 }, { 8192, 0x6801 }, { 32768, 0x7801 },
		     { 65536, 0x0001 }, { 126, 0x3801 } };
	struct host *host = *state;

	for (unsigned int i = 0; i < sizeof(seen) / sizeof(seen[0]); i++) {
		for (unsigned int channel = 2; channel < 32; channel += 29) {
			start(host, channel, seen[i].count, 512);
			assert_int_equal(word(host, channel, 0), seen[i].dword);
			assert_int_equal(word(host, channel, 4), 0);
			assert_int_equal(word(host, channel, 8), LIST & 0xffff0000);
			assert_int_equal(word(host, channel, 12), LIST >> 32);
		}
	}
}

/* Dumped once on a real card: real-device.md 6.1. */
static void test_device_half(void **state)
{
	struct host *host = *state;

	start(host, IN, 32, 512);
	assert_int_equal(bar_read(host, 2, IN * 0x20 + 0x10, 4), 0x001f2c01);
	bar_write(host, 2, IN * 0x20 + 0x10, 0, 4);
	assert_int_equal(bar_read(host, 2, IN * 0x20 + 0x10, 4), 0x001f2c01);
	assert_int_equal(host_violations(host), 1);
}

static void test_bad_lists(void **state)
{
	static const struct vdma_list bad[] = {
		{ LIST + 0x100, 32, 512 }, { LIST, 1, 512 }, { LIST, 65537, 512 },
		{ LIST, 32, 32 }, { LIST, 32, 8192 }, { LIST, 32, 500 }, { LIST, 0, 512 },
	};
	const struct vdma_list good = { LIST, 32, 512 };
	struct host *host = *state;

	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(vdma_start(host->emu, IN, &bad[i]), -EINVAL);
	assert_int_equal(vdma_start(host->emu, 32, &good), -EINVAL);
	assert_false(vdma_is_running(host->emu, IN));
}

/* hardware.md 10.6: 128 and 256 limit the page, 512 does not. */
static void test_small_read_requests(void **state)
{
	static const struct {
		uint16_t devctl;
		uint16_t page;
		unsigned int channel;
		unsigned int violations;
	} cases[] = { { 0x2810, 4096, 2, 0 }, { 0x1810, 256, 2, 0 }, { 0x1810, 512, 2, 1 },
		      { 0x0810, 128, 2, 1 }, { 0x0810, 256, 2, 2 }, { 0x0810, 4096, 16, 2 } };
	struct host *host = *state;

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cfg_write(host, 0x88, cases[i].devctl, 2);
		start(host, cases[i].channel, 32, cases[i].page);
		assert_int_equal(host_violations(host), cases[i].violations);
	}
}

/* ---- transfers ---- */

/* 784 bytes of a page of 512 into a list of 32, as captured. */
static void test_mnist_input(void **state)
{
	struct host *host = *state;
	const uint32_t next = program(host, 0, 31, DATA, 784, 512, 0x2e);

	assert_int_equal(desc(host, 0)->size_ctrl, 0x00020002);
	assert_int_equal(desc(host, 1)->size_ctrl, 0x0001102e);
	fill(host->memory + DATA_OFFSET, 784);
	start(host, IN, 32, 512);
	assert_int_equal(vdma_read(host->emu, IN, buffer, 784), 0);
	launch(host, IN, next);
	assert_int_equal(word(host, IN, 0), 0x00022801);
	assert_int_equal(vdma_transfer_bytes(host->emu, IN), 784);
	assert_int_equal(host->irqs, 0);
	assert_int_equal(vdma_read(host->emu, IN, buffer, 784), 784);
	assert_memory_equal(buffer, host->memory + DATA_OFFSET, 784);
	assert_int_equal(host->irqs, 1);
	assert_int_equal(reg(host, 0x18c), 0x00800001);
	assert_int_equal(reg(host, 0x400), 0x00000004);
	assert_int_equal(word(host, IN, 4), 0x00020002);
	assert_int_equal(bar_read(host, 2, IN * 0x20 + 0x14, 4), 0x00020002);
	assert_int_equal(vdma_transfer_bytes(host->emu, IN), 0);
	assert_int_equal(host_count(host, "channels.2.bytes"), 784);
	assert_int_equal(host_count(host, "channels.2.transfers"), 1);
	assert_int_equal(host_count(host, "channels.2.descriptors"), 2);
	assert_int_equal(host_count(host, "channels.2.descriptor_fetches"), 1);
}

/* Eight outputs of 16 bytes queued one by one, the first one done. */
static void test_mnist_output(void **state)
{
	struct host *host = *state;

	start(host, OUT, 32, 64);
	for (unsigned int i = 0; i < 8; i++) {
		program(host, i, 31, DATA + 64 * i, 16, 64, 0x2e);
		launch(host, OUT, i + 1);
	}
	assert_int_equal(desc(host, 0)->size_ctrl, 0x0000102e);
	fill(buffer, 16);
	assert_int_equal(vdma_write(host->emu, OUT, buffer, 16), 16);
	assert_memory_equal(host->memory + DATA_OFFSET, buffer, 16);
	assert_int_equal(word(host, OUT, 0), 0x00082801);
	assert_int_equal(word(host, OUT, 4), 0x00010001);
	assert_int_equal(reg(host, 0x18c), 0x00801000);
	assert_int_equal(reg(host, 0x500), 0x00010000);
	for (unsigned int i = 1; i < 8; i++)
		assert_int_equal(vdma_write(host->emu, OUT, buffer, 16), 16);
	assert_int_equal(vdma_write(host->emu, OUT, buffer, 16), 0);
	assert_int_equal(host_count(host, "channels.16.transfers"), 8);
}

/* The example of hardware.md 10.4: 10 000 bytes. */
static void test_worked_example(void **state)
{
	struct host *host = *state;

	for (unsigned int page = 512; page <= 4096; page += 4096 - 512) {
		const uint32_t next = program(host, 0, 31, DATA, 10000, page, 0x2e);

		assert_int_equal(next, page == 512 ? 20 : 3);
		assert_int_equal(desc(host, next - 1)->size_ctrl,
				 page == 512 ? 0x0001102e : 0x0007102e);
		fill(host->memory + DATA_OFFSET, 10000);
		start(host, IN, 32, page);
		launch(host, IN, next);
		assert_int_equal(vdma_read(host->emu, IN, buffer, sizeof(buffer)), 10000);
		assert_memory_equal(buffer, host->memory + DATA_OFFSET, 10000);
	}
}

/* num_processed reads `count`, not 0, at the end of the list. */
static void test_wrap_reports_count(void **state)
{
	struct host *host = *state;
	uint32_t index = 0;

	start(host, IN, 32, 512);
	for (unsigned int i = 0; i < 40; i++) {
		index = program(host, index, 31, DATA, 784, 512, 0x2e);
		launch(host, IN, index);
		assert_int_equal(vdma_read(host->emu, IN, buffer, 784), 784);
		assert_int_equal(word(host, IN, 4) & 0xffff, index ? index : 32);
	}
	assert_int_equal(host_violations(host), 0);
}

static void test_list_of_65536(void **state)
{
	struct host *host = *state;
	uint32_t index = 0, moved = 0;

	start(host, IN, 65536, 64);
	while (moved < 70000) {
		uint32_t first = index;

		index = program(host, index, 0xffff, DATA, 1000 * 64, 64, 0x2e);
		launch(host, IN, index);
		assert_int_equal(vdma_read(host->emu, IN, buffer, sizeof(buffer)), 64000);
		assert_int_equal(word(host, IN, 4) & 0xffff, index);
		assert_int_equal(word(host, IN, 0), index << 16 | 1);
		moved += (index - first) & 0xffff;
	}
	/* Exactly to the end: 0 here, because 65536 does not fit. */
	while (index < 65536)
		set_desc(host, index++, 16 << 8 | 0x2e, DATA);
	launch(host, IN, 0);
	assert_true(vdma_read(host->emu, IN, buffer, sizeof(buffer)) > 0);
	assert_int_equal(word(host, IN, 4), 0);
	assert_int_equal(host_violations(host), 0);
}

static void test_full_ring(void **state)
{
	struct host *host = *state;

	start(host, IN, 32, 512);
	for (unsigned int i = 0; i < 31; i++)
		set_desc(host, i, 64 << 8 | 0x2e, DATA + 64 * i);
	launch(host, IN, 31);
	for (unsigned int i = 0; i < 31; i++)
		assert_int_equal(vdma_read(host->emu, IN, buffer, 64), 64);
	assert_int_equal(vdma_read(host->emu, IN, buffer, 64), 0);
}

/* A configuration list: 126 descriptors, advanced by firmware, no interrupts. */
static void test_linear_list(void **state)
{
	struct host *host = *state;

	for (unsigned int i = 0; i < 126; i++)
		set_desc(host, i, 512 << 8 | (i == 125 ? 0x1e : 0x02), DATA + 512 * i);
	fill(host->memory + DATA_OFFSET, 126 * 512);
	start(host, 0, 126, 512);
	assert_int_equal(vdma_read(host->emu, 0, buffer, 512), 0);
	assert_int_equal(vdma_advance(host->emu, 0, 1), 0);
	assert_int_equal(vdma_advance(host->emu, 0, 108), 0);
	assert_int_equal(vdma_transfer_bytes(host->emu, 0), 109 * 512);
	assert_int_equal(vdma_read(host->emu, 0, buffer, sizeof(buffer)), 109 * 512);
	assert_int_equal(word(host, 0, 4), 109 << 16 | 109);
	assert_int_equal(vdma_advance(host->emu, 0, 18), -EINVAL);
	assert_int_equal(vdma_advance(host->emu, 0, 17), 0);
	assert_int_equal(vdma_read(host->emu, 0, buffer + 109 * 512, sizeof(buffer)), 17 * 512);
	assert_memory_equal(buffer, host->memory + DATA_OFFSET, 126 * 512);
	assert_int_equal(word(host, 0, 4) & 0xffff, 126);
	assert_int_equal(vdma_advance(host->emu, 0, 1), -EINVAL);
	assert_int_equal(vdma_read(host->emu, 0, buffer, 512), 0);
	assert_int_equal(host->irqs, 0);
	assert_int_equal(reg(host, 0x400), 0);
}

static void test_advance_circular(void **state)
{
	struct host *host = *state;

	assert_int_equal(vdma_advance(host->emu, 1, 1), -EINVAL);
	start(host, 1, 32, 512);
	assert_int_equal(vdma_advance(host->emu, 1, 32), -EINVAL);
	assert_int_equal(vdma_advance(host->emu, 1, 31), 0);
	assert_int_equal(vdma_advance(host->emu, 1, 1), -EINVAL);
}

static void test_frames_do_not_share_descriptors(void **state)
{
	struct host *host = *state;

	program(host, 0, 31, DATA, 1024, 512, 0x2e);
	start(host, IN, 32, 512);
	launch(host, IN, 2);
	assert_int_equal(vdma_read(host->emu, IN, buffer, 784), 512);
	assert_int_equal(vdma_read(host->emu, IN, buffer, 272), -EPROTO);
	assert_int_equal(vdma_read(host->emu, IN, buffer, 0), 0);
	assert_int_equal(vdma_read(host->emu, IN, buffer, 512), 512);
}

static void test_wrong_direction(void **state)
{
	struct host *host = *state;

	assert_int_equal(vdma_read(host->emu, OUT, buffer, 16), -EINVAL);
	assert_int_equal(vdma_write(host->emu, IN, buffer, 16), -EINVAL);
	assert_int_equal(vdma_write(host->emu, 32, buffer, 16), -EINVAL);
	assert_int_equal(vdma_transfer_bytes(host->emu, 32), -EINVAL);
}

/* Pages that do not follow each other, and one that crosses the list's end. */
static void test_scattered(void **state)
{
	struct host *host = *state;

	start(host, IN, 32, 512);
	fill(host->memory + DATA_OFFSET, 64 * 512);
	for (uint32_t round = 0; round < 4; round++) {
		for (uint32_t i = 0; i < 24; i++)
			set_desc(host, (round * 24 + i) & 31, 512 << 8 | (i == 23 ? 0x2e : 2),
				 DATA + 512 * ((i * 5) & 31));
		launch(host, IN, (round * 24 + 24) & 31);
		assert_int_equal(vdma_transfer_bytes(host->emu, IN), 24 * 512);
		assert_int_equal(vdma_read(host->emu, IN, buffer, sizeof(buffer)), 24 * 512);
		for (uint32_t i = 0; i < 24; i++)
			assert_memory_equal(buffer + 512 * i,
					    host->memory + DATA_OFFSET + 512 * ((i * 5) & 31),
					    512);
	}
	assert_int_equal(host_count(host, "channels.2.transfers"), 4);
}

/* Two transfers side by side in memory are still two. */
static void test_neighbouring_transfers(void **state)
{
	struct host *host = *state;

	start(host, IN, 32, 512);
	for (unsigned int i = 0; i < 4; i++)
		set_desc(host, i, 64 << 8 | (i % 2 ? 0x2f : 2), DATA + 64 * i);
	launch(host, IN, 4);
	assert_int_equal(vdma_read(host->emu, IN, buffer, 256), 256);
	assert_int_equal(host_count(host, "channels.2.transfers"), 2);
	assert_int_equal(desc(host, 1)->remaining_status, HW_DESC_STATUS_DONE);
	assert_int_equal(desc(host, 3)->remaining_status, HW_DESC_STATUS_DONE);
}

static void test_transfer_bytes_stops_at_host_interrupt(void **state)
{
	struct host *host = *state;

	start(host, IN, 32, 512);
	set_desc(host, 0, 100 << 8 | 0x1e, DATA);	/* device interrupt only */
	set_desc(host, 1, 200 << 8 | 0x3e, DATA);	/* both */
	set_desc(host, 2, 300 << 8 | 0x2e, DATA);
	launch(host, IN, 1);
	assert_int_equal(vdma_transfer_bytes(host->emu, IN), 100);
	launch(host, IN, 3);
	assert_int_equal(vdma_transfer_bytes(host->emu, IN), 300);
	assert_int_equal(vdma_read(host->emu, IN, buffer, 300), 300);
	assert_int_equal(host->irqs, 1);
	assert_int_equal(vdma_transfer_bytes(host->emu, IN), 300);
}

/* ---- status and interrupts ---- */

static void test_status_write_back(void **state)
{
	struct host *host = *state;

	start(host, OUT, 32, 512);
	set_desc(host, 0, 64 << 8 | 0x02, DATA);
	set_desc(host, 1, 64 << 8 | 0x2f, DATA + 64);
	desc(host, 0)->remaining_status = 0xffffffff;
	desc(host, 1)->remaining_status = 0xffffffff;
	launch(host, OUT, 2);
	assert_int_equal(vdma_write(host->emu, OUT, buffer, 128), 128);
	assert_int_equal(desc(host, 0)->remaining_status, 0xffffffff);
	assert_int_equal(desc(host, 1)->remaining_status, HW_DESC_STATUS_DONE);
}

/* What the host sees in the handler of the interrupt must be complete. */
static void check_order(struct host *host, uint64_t addr, size_t len)
{
	(void)addr;
	(void)len;
	assert_int_equal(host->irqs, 0);
	assert_int_equal(word(host, OUT, 4), 0);
}

static void test_order_of_completion(void **state)
{
	struct host *host = *state;

	start(host, OUT, 32, 512);
	set_desc(host, 0, 64 << 8 | 0x2f, DATA);
	launch(host, OUT, 1);
	host->on_dma = check_order;
	assert_int_equal(vdma_write(host->emu, OUT, buffer, 64), 64);
	host->on_dma = NULL;
	assert_int_equal(host->irqs, 1);
	assert_int_equal(word(host, OUT, 4), 0x00010001);
}

static void test_no_interrupt_without_host_bit(void **state)
{
	struct host *host = *state;

	start(host, IN, 32, 512);
	set_desc(host, 0, 64 << 8 | 0x06, DATA);
	set_desc(host, 1, 64 << 8 | 0x22, DATA);
	set_desc(host, 2, 64 << 8 | 0x1e, DATA);
	launch(host, IN, 3);
	assert_int_equal(vdma_read(host->emu, IN, buffer, 192), 192);
	assert_int_equal(host->irqs, 0);
	assert_int_equal(reg(host, 0x400), 0);
}

/* ---- errors ---- */

static void expect_error(struct host *host, unsigned int channel)
{
	assert_int_not_equal(word(host, channel, 8) & 0xff, 0);
	assert_int_equal(vdma_transfer_bytes(host->emu, channel), -EIO);
}

static void test_unmapped_data(void **state)
{
	struct host *host = *state;

	start(host, IN, 32, 512);
	/* One stretch of memory that ends inside of the second descriptor. */
	program(host, 0, 31, HOST_BASE + HOST_SIZE - 512, 1024, 512, 0x2f);
	launch(host, IN, 2);
	assert_int_equal(vdma_read(host->emu, IN, buffer, 1024), 512);
	assert_int_equal(word(host, IN, 4), 0x00010001);
	expect_error(host, IN);
	assert_int_equal(vdma_read(host->emu, IN, buffer, 512), -EIO);
	assert_int_equal(desc(host, 1)->remaining_status, 512 << 8 | HW_DESC_STATUS_ERROR);
	assert_int_equal(host->irqs, 1);	/* bits 3 and 5 */
	assert_int_equal(host_count(host, "channels.2.errors"), 1);
	start(host, IN, 32, 512);		/* a new start forgets it */
	assert_int_equal(word(host, IN, 8) & 0xff, 0);
}

static void test_unmapped_plain_descriptor_is_silent(void **state)
{
	struct host *host = *state;

	start(host, OUT, 32, 512);
	set_desc(host, 0, 64 << 8 | 0x02, 0x1000);
	set_desc(host, 1, 64 << 8 | 0x2e, DATA);
	launch(host, OUT, 2);
	assert_int_equal(vdma_write(host->emu, OUT, buffer, 128), -EIO);
	assert_int_equal(desc(host, 0)->remaining_status, 64 << 8 | HW_DESC_STATUS_ERROR);
	assert_int_equal(host->irqs, 0);
	expect_error(host, OUT);
}

static void test_error_interrupt_must_be_asked_for(void **state)
{
	struct host *host = *state;

	start(host, OUT, 32, 512);
	set_desc(host, 0, 64 << 8 | 0x26, 0x1000);
	launch(host, OUT, 1);
	assert_int_equal(vdma_write(host->emu, OUT, buffer, 64), -EIO);
	assert_int_equal(host->irqs, 0);
	set_desc(host, 0, 64 << 8 | 0x28, 0x1000);
	start(host, OUT, 32, 512);
	launch(host, OUT, 1);
	assert_int_equal(vdma_write(host->emu, OUT, buffer, 64), -EIO);
	assert_int_equal(host->irqs, 1);
}

static void test_unmapped_list(void **state)
{
	const struct vdma_list list = { 0x10000, 32, 512 };
	struct host *host = *state;

	assert_int_equal(vdma_start(host->emu, IN, &list), 0);
	launch(host, IN, 1);
	assert_int_equal(vdma_read(host->emu, IN, buffer, 512), -EIO);
	expect_error(host, IN);
}

static void test_no_dma_without_bus_master(void **state)
{
	struct host *host = *state;

	start(host, IN, 32, 512);
	program(host, 0, 31, DATA, 512, 512, 0x2e);
	launch(host, IN, 1);
	cfg_write(host, 0x04, 0x0002, 2);
	assert_int_equal(vdma_read(host->emu, IN, buffer, 512), -EIO);
	assert_int_equal(host_count(host, "dma.faults"), 1);
	assert_int_equal(host_violations(host), 1);
	expect_error(host, IN);
}

static void test_dma_mask(void **state)
{
	struct host host;

	(void)state;
	host_init(&host);
	host.config.dma_mask = UINT32_MAX;
	host_power_on(&host);
	start(&host, IN, 32, 512);
	program(&host, 0, 31, DATA, 512, 512, 0x2e);
	launch(&host, IN, 1);
	assert_int_equal(vdma_read(host.emu, IN, buffer, 512), -EIO);
	assert_int_equal(host_violations(&host), 1);
	host_free(&host);
}

static void test_senseless_descriptors(void **state)
{
	static const struct {
		uint32_t size_ctrl;
		uint64_t addr;
	} bad[] = { { 0x2e, DATA }, { 513 << 8 | 0x2e, DATA }, { 64 << 8 | 0x2e, DATA | 6 } };
	struct host *host = *state;

	for (unsigned int i = 0; i < 3; i++) {
		start(host, IN, 32, 512);
		set_desc(host, 0, 64 << 8 | 2, DATA);
		set_desc(host, 1, bad[i].size_ctrl, bad[i].addr);
		launch(host, IN, 2);
		assert_int_equal(vdma_read(host->emu, IN, buffer, 4096), 64);
		expect_error(host, IN);
		assert_int_equal(host_violations(host), i + 1);
	}
}

/* ---- what the host may do to a channel ---- */

static void test_narrow_num_available(void **state)
{
	struct host *host = *state;

	start(host, OUT, 32, 512);
	bar_write(host, 2, half(OUT) + 2, 5, 2);
	assert_int_equal(word(host, OUT, 0), 0x00052801);
	assert_int_equal(bar_read(host, 2, half(OUT) + 2, 2), 5);
	assert_int_equal(bar_read(host, 2, half(OUT), 1), 1);
	assert_int_equal(host_violations(host), 0);
}

static void test_host_writes_that_make_no_sense(void **state)
{
	struct host *host = *state;

	bar_write(host, 2, half(IN), 0x00030000, 4);	/* not started */
	assert_int_equal(host_violations(host), 1);
	start(host, IN, 32, 512);
	bar_write(host, 2, half(IN), 0x00202801, 4);	/* 32 of 32 */
	assert_int_equal(host_violations(host), 2);
	bar_write(host, 2, half(IN), 0x00003001, 4);	/* another depth */
	assert_int_equal(host_violations(host), 3);
	assert_int_equal(word(host, IN, 0), 0x00002801);
	bar_write(host, 2, half(IN) + 8, 0x12340000, 4);
	assert_int_equal(host_violations(host), 4);
	assert_int_equal(word(host, IN, 8), LIST & 0xffff0000);
	bar_write(host, 2, half(IN) + 4, 7, 4);
	assert_int_equal(host_violations(host), 5);
	assert_int_equal(word(host, IN, 4), 0);
}

static void test_host_abort_and_pause(void **state)
{
	struct host *host = *state;

	program(host, 0, 31, DATA, 512, 512, 0x2e);
	start(host, IN, 32, 512);
	launch(host, IN, 1);
	bar_write(host, 2, half(IN), 3, 1);
	assert_int_equal(vdma_read(host->emu, IN, buffer, 512), 0);
	assert_true(vdma_is_running(host->emu, IN));
	bar_write(host, 2, half(IN), 1, 1);
	assert_int_equal(vdma_read(host->emu, IN, buffer, 512), 512);
	bar_write(host, 2, half(IN), 0, 1);
	assert_false(vdma_is_running(host->emu, IN));
	assert_int_equal(vdma_read(host->emu, IN, buffer, 512), 0);
}

/* The stop and start of hardware.md 10.3, from the host. */
static void test_host_start(void **state)
{
	struct host *host = *state;
	const uint32_t at = half(IN);

	program(host, 0, 63, DATA, 784, 512, 0x2e);
	bar_write(host, 2, at + 8, LIST & 0xffff0000, 4);
	bar_write(host, 2, at + 12, LIST >> 32, 4);
	bar_write(host, 2, at, 6 << 11, 4);
	bar_write(host, 2, at, 6 << 11 | 1, 4);
	launch(host, IN, 2);
	assert_int_equal(vdma_read(host->emu, IN, buffer, 784), 784);
	assert_int_equal(word(host, IN, 4), 0x00020002);
	bar_write(host, 2, at, 2 << 16 | 6 << 11, 4);
	bar_write(host, 2, at, 6 << 11, 4);
	bar_write(host, 2, at, 6 << 11 | 1, 4);
	assert_int_equal(word(host, IN, 4), 0);
}

static void abort_meanwhile(struct host *host, uint64_t addr, size_t len)
{
	(void)len;
	if (addr == DATA)
		bar_write(host, 2, half(IN), 0, 1);
}

/* The host may write while a DMA message is under way. */
static void test_abort_during_dma(void **state)
{
	struct host *host = *state;

	start(host, IN, 32, 512);
	set_desc(host, 0, 64 << 8 | 2, DATA + 4096);
	set_desc(host, 1, 64 << 8 | 0x2e, DATA);
	launch(host, IN, 2);
	host->on_dma = abort_meanwhile;
	assert_int_equal(vdma_read(host->emu, IN, buffer, 128), 64);
	host->on_dma = NULL;
	assert_int_equal(host->irqs, 0);
	assert_false(vdma_is_running(host->emu, IN));
	assert_int_equal(vdma_read(host->emu, IN, buffer, 128), 0);
}

static void abort_at_status(struct host *host, uint64_t addr, size_t len)
{
	if (addr == LIST + 12 && len == 4)
		bar_write(host, 2, half(IN), 0, 1);
}

static void test_abort_during_write_back(void **state)
{
	struct host *host = *state;

	start(host, IN, 32, 512);
	set_desc(host, 0, 64 << 8 | 0x2f, DATA);
	launch(host, IN, 1);
	host->on_dma = abort_at_status;
	assert_int_equal(vdma_read(host->emu, IN, buffer, 64), 0);
	host->on_dma = NULL;
	assert_int_equal(host->irqs, 0);
	assert_int_equal(word(host, IN, 4), 0);
}

static void test_launch_wakes_the_firmware(void **state)
{
	struct host *host = *state;
	struct fw *fw = emu_get_fw(host->emu);

	start(host, IN, 32, 512);
	host_run(host, 0);
	fw->runs = 0;
	host_run(host, 0);
	assert_int_equal(fw->runs, 0);
	launch(host, IN, 1);
	host_run(host, 0);
	assert_int_equal(fw->runs, 1);
}

static void test_firmware_pause_and_abort(void **state)
{
	struct host *host = *state;

	start(host, IN, 32, 512);
	start(host, OUT, 32, 512);
	vdma_pause(host->emu, IN, true);
	assert_int_equal(word(host, IN, 0), 0x2803);
	vdma_pause(host->emu, IN, false);
	assert_int_equal(word(host, IN, 0), 0x2801);
	vdma_abort(host->emu, IN);
	assert_int_equal(word(host, IN, 0) & 3, 0);
	assert_true(vdma_is_running(host->emu, OUT));
	vdma_abort_all(host->emu);
	assert_false(vdma_is_running(host->emu, OUT));
	assert_int_equal(bar_read(host, 2, OUT * 0x20, 4), 0);
}

/* A large frame is one DMA, not one per descriptor. */
static void test_neighbours_move_together(void **state)
{
	struct host *host = *state;
	const uint32_t next = program(host, 0, 4095, DATA, 1 << 20, 512, 0x2e);

	fill(host->memory + DATA_OFFSET, 1 << 20);
	start(host, IN, 4096, 512);
	launch(host, IN, next);
	assert_int_equal(vdma_read(host->emu, IN, buffer, 1 << 20), 1 << 20);
	assert_memory_equal(buffer, host->memory + DATA_OFFSET, 1 << 20);
	assert_int_equal(host_count(host, "dma.reads"), 2);
	assert_int_equal(host_count(host, "channels.2.descriptors"), 2048);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, host_setup_running, host_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_start_values),
		TEST(test_device_half),
		TEST(test_bad_lists),
		TEST(test_small_read_requests),
		TEST(test_mnist_input),
		TEST(test_mnist_output),
		TEST(test_worked_example),
		TEST(test_wrap_reports_count),
		TEST(test_list_of_65536),
		TEST(test_full_ring),
		TEST(test_linear_list),
		TEST(test_advance_circular),
		TEST(test_frames_do_not_share_descriptors),
		TEST(test_wrong_direction),
		TEST(test_scattered),
		TEST(test_neighbouring_transfers),
		TEST(test_transfer_bytes_stops_at_host_interrupt),
		TEST(test_status_write_back),
		TEST(test_order_of_completion),
		TEST(test_no_interrupt_without_host_bit),
		TEST(test_unmapped_data),
		TEST(test_unmapped_plain_descriptor_is_silent),
		TEST(test_error_interrupt_must_be_asked_for),
		TEST(test_unmapped_list),
		TEST(test_no_dma_without_bus_master),
		cmocka_unit_test(test_dma_mask),
		TEST(test_senseless_descriptors),
		TEST(test_narrow_num_available),
		TEST(test_host_writes_that_make_no_sense),
		TEST(test_host_abort_and_pause),
		TEST(test_host_start),
		TEST(test_abort_during_dma),
		TEST(test_abort_during_write_back),
		TEST(test_launch_wakes_the_firmware),
		TEST(test_firmware_pause_and_abort),
		TEST(test_neighbours_move_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
