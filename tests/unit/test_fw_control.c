// SPDX-License-Identifier: MIT
/*
 * Control messages of the software chip: what was recorded on a real Hailo-8L
 * (reference real-device.md), the worked examples, and what is refused and how.
 */
#include <endian.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/md5.h"
#include "tests/emulator/fw.h"
#include "tests/unit/fw_fixture.h"



/* A Hailo-8 evaluation-like card with names and a current monitor. */
static int start_named(void **state)
{
	struct emu_config config;

	(void)state;
	host_config(&config);
	config.serial = "HLDDLBB234500054";
	config.part_number = "HM21LB1C2LAE";
	config.product_name = "HAILO-8L AI ACC M.2 B+M KEY MODULE EXT TMP";
	config.temperature[0] = 43.25f;
	config.temperature[1] = 44.5f;
	config.power_w = 2.25f;
	host_start(&host, &config, HOST_BASE, HOST_SIZE);
	return 0;
}

static size_t send_hex(unsigned int cpu, const char *request, uint8_t *response)
{
	uint8_t bytes[HW_CTRL_MAX_LEN];

	return host_control(&host, cpu, bytes, from_hex(request, bytes, sizeof(bytes)), response);
}

static void expect_hex(unsigned int cpu, const char *request, const char *response)
{
	uint8_t got[HW_CTRL_MAX_LEN], want[HW_CTRL_MAX_LEN];
	size_t len = from_hex(response, want, sizeof(want));

	assert_int_equal(send_hex(cpu, request, got), len);
	assert_memory_equal(got, want, len);
}

static void expect_status(unsigned int cpu, const char *request, uint32_t opcode, uint32_t major,
			  uint32_t minor)
{
	uint8_t got[HW_CTRL_MAX_LEN];
	struct hw_ctrl_response head;

	assert_int_equal(send_hex(cpu, request, got), sizeof(head));
	memcpy(&head, got, sizeof(head));
	assert_int_equal(be32toh(head.opcode), opcode);
	assert_int_equal(be32toh(head.major_status), major);
	assert_int_equal(be32toh(head.minor_status), minor);
	assert_int_equal(be32toh(head.flags), HW_CTRL_FLAG_ACK);
	assert_int_equal(be32toh(head.param_count), 0);
}

#define HEAD		"000000020000000000000000"
#define ACK		"000000020000000100000000"
#define ZEROS16		"00000000000000000000000000000000"

/* ---- recorded replies ---- */

static void identify(void **state)
{
	(void)state;
	expect_hex(0, HEAD "0000000000000000",
		   ACK "00000000" "0000000000000000" "00000008"
		   "0000000400000002" "0000000c040000001700000000000020" "0000000400000000"
		   "00000020" "4861696c6f2d38000000000000000000" ZEROS16
		   "0000000400000002" "00000010" ZEROS16 "00000010" ZEROS16
		   "0000002a" ZEROS16 ZEROS16 "00000000000000000000");
}

static void core_identify(void **state)
{
	(void)state;
	expect_hex(1, HEAD "0000002a00000000",
		   ACK "0000002a" "0000000000000000" "00000001"
		   "0000000c040000001700000000000028");
}

static void device_information(void **state)
{
	static const char *want =
		ACK "00000033" "0000000000000000" "00000009"
		"0000000417d78400" "000000080000000400000000" "0000000400000001" "0000000103"
		"00000020e8c9e8a28c634b9634d6e4d1f8955e37fd108ae42473ce97e2b93187a89a7983"
		"00000006000000000000" "0000000c0060c18b2ab4d850fbfaa315" "00000018";
	uint8_t got[HW_CTRL_MAX_LEN], fixed[159];
	size_t head = from_hex(want, fixed, sizeof(fixed));

	(void)state;
	assert_int_equal(send_hex(0, HEAD "0000003300000000", got), 159);
	assert_int_equal(head, 159 - 8 - 24);
	assert_memory_equal(got, fixed, head);
	from_hex("0000000400000033", fixed, 8);
	assert_memory_equal(got + 159 - 8, fixed, 8);
}

/* The process monitor is measured once per boot. */
static void process_monitor_changes(void **state)
{
	uint8_t first[HW_CTRL_MAX_LEN], second[HW_CTRL_MAX_LEN];

	(void)state;
	send_hex(0, HEAD "0000003300000000", first);
	send_hex(0, HEAD "0000003300000000", second);
	assert_memory_equal(first, second, 159);
	fw_start(emu_get_fw(host.emu), NULL, NULL);
	send_hex(0, HEAD "0000003300000000", second);
	assert_memory_not_equal(first + 127, second + 127, 24);
	assert_memory_equal(first, second, 127);
}

static void hw_consts(void **state)
{
	(void)state;
	expect_hex(1, HEAD "0000004800000000",
		   ACK "00000048" "0000000000000000" "00000001" "00000013"
		   "08000000ffffffff00a0000001000100000100");
}

static void state_controls(void **state)
{
	(void)state;
	expect_hex(1, HEAD "0000002500000004000000010000000001ff000000020000000000020000",
		   ACK "00000025" "000000000000000000000000");
	expect_hex(1, HEAD "0000004700000000", ACK "00000047" "000000000000000000000000");
	expect_hex(1, HEAD "000000200000000100000020010001000100010002010000"
		   "0000000000000000000000000000000200010000",
		   ACK "00000020" "000000000000000000000000");
}

/* real-device.md 4.6 */
static void recorded_refusals(void **state)
{
	(void)state;
	expect_status(0, HEAD "0000000200000002" "0000000400000000" "0000000400000004",
		      0xffffffff, 0x40000058, 0x40000058);
	expect_status(0, HEAD "0000000100000002" "0000000400000000" "0000000400000000",
		      0xffffffff, 0x40000058, 0x40000058);
	expect_status(0, HEAD "0000000300000007" "0000000100",
		      0xffffffff, 0x40030050, 0x40030004);
	expect_status(0, HEAD "0000000300000001" "0000000801",
		      0xffffffff, 0x40030050, 0x40030005);
	expect_status(0, HEAD "0000003c00000005" "0000000101" "0000000400000000"
		      "0000000100" "0000000400000000" "0000000400000001",
		      0x3c, 0x400300b2, 0x400300b2);
}

/* ---- worked examples of firmware-control.md section 8 ---- */

static void identify_example(void **state)
{
	uint8_t got[HW_CTRL_MAX_LEN], md5[16], want[16];
	size_t len = send_hex(0, HEAD "0000000000000000", got);

	(void)state;
	from_hex("8f07a51902eca4991218493f380bdc2f", want, sizeof(want));
	md5_digest(got, len, md5);
	assert_int_equal(len, 190);
	assert_memory_equal(md5, want, sizeof(md5));
}

static void temperature_example(void **state)
{
	uint8_t got[HW_CTRL_MAX_LEN], want[64];

	(void)state;
	assert_int_equal(send_hex(0, HEAD "0000002e00000000", got), 42);
	from_hex("0000000a00002d4200003242", want, sizeof(want));
	assert_memory_equal(got + 28, want, 12);
	assert_memory_equal(got + 40, "\0\1", 2);
	send_hex(0, HEAD "0000002e00000000", got);
	assert_memory_equal(got + 40, "\0\2", 2);
}

static void power_example(void **state)
{
	(void)state;
	expect_hex(0, HEAD "0000000900000002" "000000047fffffff" "000000047fffffff",
		   ACK "00000009" "0000000000000000" "00000003"
		   "0000000400001040" "0000000409000000" "0000000402000000");
}

/* Ex. 11 */
static void hw_infer_is_unsupported(void **state)
{
	(void)state;
	expect_status(1, HEAD "0000004a00000000", 0x4a, 0x4003000f, 0x400300bc);
}

/* ---- power ---- */

static void no_current_monitor(void **state)
{
	(void)state;
	expect_status(0, HEAD "0000000900000002" "000000047fffffff" "000000047fffffff",
		      9, 0x40030032, 0x40040001);
	expect_status(0, HEAD "0000000d00000000", 0x0d, 0x40030031, 0x40040001);
}

static float float_at(const uint8_t *p)
{
	float v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static void power_over_time(void **state)
{
	uint8_t got[HW_CTRL_MAX_LEN];
	uint32_t samples;

	(void)state;
	expect_hex(0, HEAD "0000000a00000003" "0000000400000000" "000000047fffffff"
		   "0000000400000002",
		   ACK "0000000a" "0000000000000000" "00000002"
		   "0000000409000000" "0000000402000000");
	/* 256 samples averaged, 1100 us each, twice because of two conversions */
	expect_hex(0, HEAD "0000000c00000003" "0000000400000001" "000000020005" "000000020004",
		   ACK "0000000c" "000000000000000000000000");
	expect_status(0, HEAD "0000000c00000003" "0000000400000001" "000000020004" "000000020004",
		      0x0c, 0x40030030, 0x4004000a);
	host.now += 10ull * 1000000000;
	assert_int_equal(send_hex(0, HEAD "0000000b00000002" "0000000400000000" "0000000101", got),
			 68);
	memcpy(&samples, got + 32, sizeof(samples));
	assert_int_equal(be32toh(samples), 10000000 / (1100 * 256 * 2));
	assert_true(fabsf(float_at(got + 40) - 2.25f) < 1e-6f);
	assert_true(fabsf(float_at(got + 64) - 1100 * 256 * 2 / 1000.f) < 1e-3f);
	send_hex(0, HEAD "0000000b00000002" "0000000400000000" "0000000101", got);
	memcpy(&samples, got + 32, sizeof(samples));
	assert_int_equal(samples, 0);
	expect_status(0, HEAD "0000000b00000002" "0000000400000007" "0000000101",
		      0x0b, 0x40030033, 0x40030033);
}

/* ---- health, throttling ---- */

static void health(void **state)
{
	uint8_t got[HW_CTRL_MAX_LEN], want[4];

	(void)state;
	assert_int_equal(send_hex(0, HEAD "0000003e00000000", got), 28 + 138);
	from_hex("00181c4f", want, 4);		/* 6300 mA, swapped: reference 2.5 */
	assert_memory_equal(got + 28 + 14, want, 4);
	assert_int_equal(got[28 + 32], 0);
	assert_int_equal(got[28 + 37], 0xff);
	assert_int_equal(got[28 + 97], 104);
	assert_int_equal(got[28 + 113], 120);
}

static void throttling_is_remembered(void **state)
{
	(void)state;
	expect_hex(0, HEAD "0000003f00000001" "0000000100", ACK "0000003f000000000000000000000000");
	expect_hex(0, HEAD "0000004000000000",
		   ACK "00000040" "0000000000000000" "00000001" "0000000100");
	expect_hex(0, HEAD "0000003f00000001" "0000000101", ACK "0000003f000000000000000000000000");
	expect_hex(0, HEAD "0000004000000000",
		   ACK "00000040" "0000000000000000" "00000001" "0000000101");
}

/* ---- user configuration ---- */

static void no_user_config(void **state)
{
	(void)state;
	expect_status(0, HEAD "0000001200000000", 0x12, 0x4003003b, 0x401a0004);
}

static void user_config_from_boot(void **state)
{
	uint8_t *area = emu_memory(host.emu, HW_BOOT_FW_CONFIG, HW_BOOT_CONFIG_FILE_MAX);
	uint8_t got[HW_CTRL_MAX_LEN];
	/* magic, version 0, one entry: category 1, id 1, size 1, value 1 */
	size_t len = from_hex("0ba4f61f" "00000000" "01000000" "01000100" "01000000" "01",
			      area, HW_BOOT_CONFIG_FILE_MAX);

	(void)state;
	expect_hex(0, HEAD "0000001200000000",
		   ACK "00000012" "0000000000000000" "00000003"
		   "0000000400000000" "0000000400000001" "0000000400000015");
	assert_int_equal(len, 0x15);
	assert_int_equal(send_hex(0, HEAD "0000001300000002" "0000000400000000"
				  "0000000400000015", got), 28 + 4 + len);
	assert_memory_equal(got + 32, area, len);
	expect_status(0, HEAD "0000001300000002" "0000000400000015" "0000000400000004",
		      0x13, 0x401a0006, 0x401a0006);
	area[4 + 4 + 4 + 4] = 0xff;		/* an entry of 255 bytes is fine */
	expect_hex(0, HEAD "0000001400000000", ACK "00000014" "000000000000000000000000");
	expect_status(0, HEAD "0000001200000000", 0x12, 0x4003003b, 0x401a0004);
}

static void board_config(void **state)
{
	uint8_t got[HW_CTRL_MAX_LEN];

	(void)state;
	assert_int_equal(send_hex(0, HEAD "0000002f00000002" "0000000400000000"
				  "00000004000001f4", got), 28 + 4 + 500);
	expect_status(0, HEAD "0000002f00000002" "00000004000001f4" "0000000400000001",
		      0x2f, 0x401a0005, 0x401a0005);
}

/* ---- strictness ---- */

static void malformed(void **state)
{
	(void)state;
	expect_status(0, "00000001000000000000000000000000" "00000000",
		      0xffffffff, 0x40030050, 0x40030003);
	expect_status(0, "00000002000000010000000000000000" "00000000",
		      0xffffffff, 0x40030050, 0x4003009b);
	expect_status(0, HEAD "00000000", 0xffffffff, 0x40030050, 0x40030004);
	expect_status(0, HEAD "0000000000000000" "00", 0xffffffff, 0x40030050, 0x4003009c);
	expect_status(0, HEAD "0000000000000001" "0000", 0xffffffff, 0x40030050, 0x40030004);
	expect_status(0, HEAD "0000005000000000", 0xffffffff, 0x40030050, 0x40030007);
	expect_status(0, HEAD "ffffffff00000000", 0xffffffff, 0x40030050, 0x40030007);
}

static void wrong_parameters(void **state)
{
	(void)state;
	expect_status(0, HEAD "0000000000000001" "0000000100", 0, 0x40030012, 0x40030012);
	expect_status(1, HEAD "0000002000000001" "0000000100", 0x20, 0x40030060, 0x40030060);
	expect_status(1, HEAD "0000002500000004" "000000020000" "00000001ff" "000000020000"
		      "000000020000", 0x25, 0x4003006b, 0x4003006b);
	expect_status(1, HEAD "0000002500000003" "0000000100" "00000001ff" "000000020000",
		      0x25, 0x40030012, 0x40030012);
	expect_status(1, HEAD "0000002100000004" "0000000101" "0000000101" "000000020300"
		      "000000051effffffff", 0x21, 0x400300c4, 0x400300c4);
}

static void wrong_cpu(void **state)
{
	(void)state;
	expect_status(1, HEAD "0000000000000000", 0xffffffff, 0x40030050, 0x40030007);
	expect_status(0, HEAD "0000004800000000", 0xffffffff, 0x40030050, 0x40030007);
}

static void wrong_md5(void **state)
{
	struct hw_mbox_control *in, *out;
	struct hw_ctrl_response head;

	(void)state;
	in = (void *)emu_memory(host.emu, HW_ADDR_MAILBOX + HW_MBOX_REQUEST, sizeof(*in));
	out = (void *)emu_memory(host.emu, HW_ADDR_MAILBOX + HW_MBOX_RESPONSE, sizeof(*out));
	in->len = htole32(host_build(in->data, HW_OP_IDENTIFY, 0, NULL, 0));
	emu_bar_write(host.emu, HW_BAR_FW, HW_MBOX_DOORBELL, &(uint32_t){ 1 }, 4);
	host_run(&host);
	memcpy(&head, out->data, sizeof(head));
	assert_int_equal(be32toh(head.minor_status), 0x400b0004);
	in->len = htole32(HW_CTRL_MAX_LEN + 1);
	emu_bar_write(host.emu, HW_BAR_FW, HW_MBOX_DOORBELL, &(uint32_t){ 1 }, 4);
	host_run(&host);
	memcpy(&head, out->data, sizeof(head));
	assert_int_equal(be32toh(head.minor_status), 0x40030099);
}

/* ---- reset: nobody is left to answer ---- */

static void soft_reset_is_silent(void **state)
{
	uint8_t got[HW_CTRL_MAX_LEN];

	(void)state;
	assert_int_equal(send_hex(0, HEAD "0000000700000001" "0000000400000002", got), 0);
	assert_int_equal(send_hex(0, HEAD "0000000000000000", got), 0);
}

static void nn_core_reset_answers(void **state)
{
	(void)state;
	expect_hex(0, HEAD "0000000700000001" "0000000400000001",
		   ACK "00000007" "000000000000000000000000");
	expect_status(0, HEAD "0000000700000001" "0000000400000009", 7, 0x40030022, 0x40030022);
}

/* ---- time ---- */

static uint64_t time_of(unsigned int cpu, const char *request)
{
	uint8_t got[HW_CTRL_MAX_LEN];
	uint64_t before = host.now;

	assert_true(send_hex(cpu, request, got) > 0);
	return (host.now - before) / 1000;
}

static void latencies(void **state)
{
	struct emu_config config;

	(void)state;
	host_config(&config);
	config.latency_percent = 100;
	host_start(&host, &config, HOST_BASE, HOST_SIZE);
	assert_int_equal(time_of(0, HEAD "0000000000000000"), 87);
	assert_int_equal(time_of(0, HEAD "0000003300000000"), 457);
	assert_int_equal(time_of(0, HEAD "0000003300000000"), 108);
	assert_int_equal(time_of(1, HEAD "0000004700000000"), 4385);
	host_stop(&host);
	config.latency_percent = 1000;
	host_start(&host, &config, HOST_BASE, HOST_SIZE);
	assert_int_equal(time_of(1, HEAD "0000004800000000"), 650);
	host_stop(&host);
}

/* ---- faults ---- */

static void fault_never(void **state)
{
	uint8_t got[HW_CTRL_MAX_LEN];

	(void)state;
	start_with_fault(&(struct emu_fault){ .kind = EMU_FAULT_CONTROL_NEVER,
					      .key = HW_OP_GET_HW_CONSTS, .count = 1 });
	assert_int_equal(send_hex(0, HEAD "0000000000000000", got), 190);
	assert_int_equal(send_hex(1, HEAD "0000004800000000", got), 0);
	assert_int_equal(send_hex(1, HEAD "0000004800000000", got), 51);
	host_stop(&host);
}

static void fault_late(void **state)
{
	(void)state;
	start_with_fault(&(struct emu_fault){ .kind = EMU_FAULT_CONTROL_LATE, .key = -1,
					      .value = 20 });
	assert_int_equal(time_of(0, HEAD "0000000000000000"), 20000);
	host_stop(&host);
}

static void fault_status(void **state)
{
	(void)state;
	start_with_fault(&(struct emu_fault){ .kind = EMU_FAULT_CONTROL_STATUS,
					      .key = HW_OP_SET_NETWORK_GROUP_HEADER,
					      .value = 0x4013007a, .value2 = 0x11 });
	expect_status(1, HEAD "000000200000000100000020010001000100010002010000"
		      "0000000000000000000000000000000200010000", 0x20, 0x4013007a, 0x11);
	host_stop(&host);
}

/* Puts IDENTIFY into the mailbox and rings; where the answer is going to be. */
static const struct hw_mbox_control *ask_who(void)
{
	struct hw_mbox_control *in = (void *)emu_memory(host.emu, HW_ADDR_MAILBOX, sizeof(*in));

	in->len = htole32(host_build(in->data, HW_OP_IDENTIFY, 0, NULL, 0));
	md5_digest(in->data, 20, in->md5);
	emu_bar_write(host.emu, HW_BAR_FW, HW_MBOX_DOORBELL, &(uint32_t){ 1 }, 4);
	return (void *)emu_memory(host.emu, HW_ADDR_MAILBOX + HW_MBOX_RESPONSE,
				  sizeof(struct hw_mbox_control));
}

static void fault_bad_md5(void **state)
{
	const struct hw_mbox_control *out;
	uint8_t md5[16];

	(void)state;
	start_with_fault(&(struct emu_fault){ .kind = EMU_FAULT_CONTROL_BAD_MD5, .key = -1 });
	out = ask_who();
	host_run(&host);
	assert_int_equal(le32toh(out->len), 190);
	md5_digest(out->data, 190, md5);
	assert_memory_not_equal(md5, out->md5, 16);
	host_stop(&host);
}

/* Half of it, and nobody is told; then all of it. */
static void fault_torn(void **state)
{
	uint8_t whole[HW_CTRL_MAX_LEN];
	const struct hw_mbox_control *out;

	(void)state;
	start_with_fault(&(struct emu_fault){ .kind = EMU_FAULT_CONTROL_TORN, .key = -1,
					      .value = 20 });
	out = ask_who();
	emu_run(host.emu, host.now);
	assert_int_equal(le32toh(out->len), 190);
	memcpy(whole, out->data, 190);
	assert_int_equal(time_of(0, HEAD "0000000000000000"), 40000);
	assert_memory_equal(whole, out->data, 95);
	assert_memory_not_equal(whole + 95, out->data + 95, 95);
	host_stop(&host);
}

/* More than a host may copy: the length word only. */
static void fault_long(void **state)
{
	const struct hw_mbox_control *out;

	(void)state;
	start_with_fault(&(struct emu_fault){ .kind = EMU_FAULT_CONTROL_LONG, .key = -1 });
	out = ask_who();
	host_run(&host);
	assert_int_equal(le32toh(out->len), HW_CTRL_MAX_LEN + 1);
	host_stop(&host);
}

/* ---- notifications and log ---- */

static void hot_chip_says_so(void **state)
{
	uint8_t event[HW_NOTIFICATION_MAX_LEN];
	struct emu_config config;
	struct hw_event head;

	(void)state;
	host_config(&config);
	config.temperature[1] = 105.5f;
	host_start(&host, &config, HOST_BASE, HOST_SIZE);
	host.now = 1;
	host_run(&host);
	assert_int_equal(host_take_event(&host, event), 44);
	memcpy(&head, event, sizeof(head));
	assert_int_equal(head.priority, 1);
	assert_int_equal(head.event_id, HW_EVENT_TEMPERATURE_ALARM);
	assert_int_equal(head.param_count, 4);
	assert_int_equal(head.payload_len, 16);
	assert_int_equal(event[28], FW_ZONE_ORANGE);
	assert_int_equal(event[32], 1);		/* the second sensor */
	assert_true(float_at(event + 40) == 105.5f);
	host_stop(&host);
}

static void host_info_event(void **state)
{
	uint8_t event[HW_NOTIFICATION_MAX_LEN];
	struct hw_event head;

	(void)state;
	expect_hex(0, HEAD "0000002c00000001" "0000000101",
		   ACK "0000002c" "000000000000000000000000");
	assert_int_equal(host_take_event(&host, event), 48);
	memcpy(&head, event, sizeof(head));
	assert_int_equal(head.event_id, HW_EVENT_HOST_INFO);
	assert_int_equal(head.param_count, 5);
	assert_int_equal(head.payload_len, 20);
}

static const struct hw_log_ring *app_log(void)
{
	/* where window 2 of BAR4 points after boot, tests/emulator/chip.h */
	return (const void *)emu_memory(host.emu, HW_ADDR_MAILBOX + 0x2000,
					sizeof(struct hw_log_ring));
}

static void log_is_written(void **state)
{
	uint32_t before = app_log()->chip_offset, record[5];
	uint8_t got[HW_CTRL_MAX_LEN];

	(void)state;
	assert_true(before > 0);		/* firmware started */
	send_hex(0, HEAD "0000000000000000", got);
	assert_int_equal(app_log()->chip_offset - before, sizeof(record));
	memcpy(record, app_log()->data + before, sizeof(record));
	assert_int_equal(record[0], FW_LOG_MARK | 3 << 8 | FW_LOG_CONTROL);
	assert_int_equal(record[2], HW_OP_IDENTIFY);
	assert_int_equal(record[3], 0);
}

static void log_level_is_heeded(void **state)
{
	uint32_t before;
	uint8_t got[HW_CTRL_MAX_LEN];

	(void)state;
	expect_hex(0, HEAD "0000003700000002" "0000000104" "0000000101",
		   ACK "00000037" "000000000000000000000000");
	before = app_log()->chip_offset;
	send_hex(0, HEAD "0000000000000000", got);
	assert_int_equal(app_log()->chip_offset, before);
	expect_status(0, HEAD "0000003700000002" "0000000106" "0000000101",
		      0x37, 0x400300aa, 0x400300aa);
}

#define WITH_HOST(f)	cmocka_unit_test_setup_teardown(f, start, stop)
#define WITH_NAMED(f)	cmocka_unit_test_setup_teardown(f, start_named, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_HOST(identify),
		WITH_HOST(core_identify),
		WITH_HOST(device_information),
		WITH_HOST(process_monitor_changes),
		WITH_HOST(hw_consts),
		WITH_HOST(state_controls),
		WITH_HOST(recorded_refusals),
		WITH_NAMED(identify_example),
		WITH_NAMED(temperature_example),
		WITH_NAMED(power_example),
		WITH_HOST(hw_infer_is_unsupported),
		WITH_HOST(no_current_monitor),
		WITH_NAMED(power_over_time),
		WITH_HOST(health),
		WITH_HOST(throttling_is_remembered),
		WITH_HOST(no_user_config),
		WITH_HOST(user_config_from_boot),
		WITH_HOST(board_config),
		WITH_HOST(malformed),
		WITH_HOST(wrong_parameters),
		WITH_HOST(wrong_cpu),
		WITH_HOST(wrong_md5),
		WITH_HOST(soft_reset_is_silent),
		WITH_HOST(nn_core_reset_answers),
		cmocka_unit_test(latencies),
		cmocka_unit_test(fault_never),
		cmocka_unit_test(fault_late),
		cmocka_unit_test(fault_status),
		cmocka_unit_test(fault_bad_md5),
		cmocka_unit_test(fault_torn),
		cmocka_unit_test(fault_long),
		cmocka_unit_test(hot_chip_says_so),
		WITH_HOST(host_info_event),
		WITH_HOST(log_is_written),
		WITH_HOST(log_level_is_heeded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
