// SPDX-License-Identifier: MIT
/*
 * The whole software chip, with its real firmware half, under a host gone wild:
 * random accesses to everything, random messages and descriptors. It must
 * neither crash nor hang (the sanitizers watch), nor touch memory outside of
 * the host's, and after a reset it must work as new.
 */
#include "tests/unit/emu_host.h"

#include <stdlib.h>
#include <string.h>

#include "lib/md5.h"

#define ROUNDS		40
#define ACCESSES	3000

struct random {
	uint64_t state;
};

static uint32_t next_random(struct random *random)
{
	random->state = random->state * 6364136223846793005ull + 1442695040888963407ull;
	return random->state >> 33;
}

static uint32_t below(struct random *random, uint32_t limit)
{
	return next_random(random) % limit;
}

static uint32_t likely_value(struct random *random)
{
	static const uint32_t values[] = {
		0, 1, 2, 4, 8, 6, 0x17, 0x60000000, 0x00200000, 0xe0000, 0x60000, 0xffffffff,
		0x00010001, 0x00022801, 0x2801, 0x80000000, HOST_BASE & 0xffffffff, 0x10,
	};
	const uint32_t count = sizeof(values) / sizeof(values[0]);

	return below(random, 3) ? values[below(random, count)] : next_random(random);
}

static uint32_t likely_offset(struct random *random, unsigned int bar)
{
	static const uint32_t config[] = { 0x98, 0x188, 0x18c, 0x400, 0x500, 0x700, 0x708, 0x710,
					   0x728, 0x748, 0x768 };
	static const uint32_t fw[] = { 0, 0x10, 0x640, 0xc80, 0x980, 0x1684, 0x2000, 0x2004,
				       0x3000, 0x3004 };

	if (!below(random, 4))
		return below(random, bar == 2 ? 0x1000 : 0x4000);
	if (bar == 0)
		return config[below(random, sizeof(config) / sizeof(config[0]))];
	if (bar == 4)
		return fw[below(random, sizeof(fw) / sizeof(fw[0]))];
	return below(random, 32) * 0x20 + below(random, 8) * 4;
}

static void random_bar_access(struct host *host, struct random *random)
{
	unsigned int bar = 2 * below(random, 3);
	size_t len = 1u << below(random, 4);
	uint32_t offset = likely_offset(random, bar) & ~(uint32_t)(len - 1);
	uint64_t value = likely_value(random);

	if (below(random, 3))
		emu_bar_write(host->emu, bar, offset, &value, len);
	else
		emu_bar_read(host->emu, bar, offset, &value, len);
}

static void random_cfg_access(struct host *host, struct random *random)
{
	size_t len = 1u << below(random, 3);
	uint32_t offset = below(random, 0x120) & ~(uint32_t)(len - 1);
	uint32_t value = likely_value(random);

	if (below(random, 4))
		emu_cfg_read(host->emu, offset, &value, len);
	else
		emu_cfg_write(host->emu, offset, &value, len);
}

static void put_be32(uint8_t *to, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		to[i] = value >> (24 - 8 * i);
}

/* A control with a good head and MD5, and parameters of any kind. */
static void random_control(struct host *host, struct random *random)
{
	uint8_t record[1520] = { 0 };
	uint32_t len = 20 + below(random, 120);

	put_be32(record + 20, 2);
	put_be32(record + 32, below(random, 0x50));
	put_be32(record + 36, below(random, 6));
	for (uint32_t i = 20; i < len; i++)
		record[20 + i] = below(random, 3) ? below(random, 5) : next_random(random);
	md5_digest(record + 20, len, record);
	memcpy(record + 16, &len, sizeof(len));
	if (!below(random, 8))
		record[below(random, 20)] ^= 1 << below(random, 8);
	for (uint32_t i = 0; i < len + 20; i += 4) {
		uint32_t word;

		memcpy(&word, record + i, 4);
		bar_write(host, 4, i, word, 4);
	}
	bar_write(host, 4, HW_MBOX_DOORBELL, 1 + below(random, 2), 4);
}

static void random_memory(struct host *host, struct random *random)
{
	uint32_t at = below(random, HOST_SIZE - 4096) & ~15u;

	for (unsigned int i = 0; i < 256; i++) {
		struct hw_vdma_desc desc = {
			likely_value(random), below(random, HOST_SIZE) & ~63u,
			below(random, 20) ? HOST_BASE >> 32 : 0, 0,
		};

		memcpy(host->memory + at + 16 * i, &desc, sizeof(desc));
	}
}

static void random_channel(struct host *host, struct random *random)
{
	const struct vdma_list list = {
		HOST_BASE + 65536 * below(random, HOST_SIZE / 65536 - 16),
		2 + below(random, 300), 64u << below(random, 7),
	};
	static uint8_t data[65536];
	unsigned int channel = below(random, 32);

	vdma_start(host->emu, channel, &list);
	vdma_advance(host->emu, channel, below(random, 200));
	if (channel < HW_VDMA_FIRST_D2H)
		vdma_read(host->emu, channel, data, below(random, sizeof(data)));
	else
		vdma_write(host->emu, channel, data, below(random, sizeof(data)));
}

static void random_step(struct host *host, struct random *random)
{
	switch (below(random, 40)) {
	case 0:
		random_cfg_access(host, random);
		break;
	case 1:
		random_control(host, random);
		break;
	case 2:
		random_memory(host, random);
		break;
	case 3:
		random_channel(host, random);
		break;
	case 4:
		host_run(host, below(random, 20) * MS);
		break;
	default:
		random_bar_access(host, random);
	}
}

static void wake_up(struct host *host)
{
	emu_reset(host->emu, EMU_RESET_POWER);
	cfg_write(host, 0x04, 0x0006, 2);
	cfg_write(host, HW_CAP_MSI + 4, 0xfee00000, 4);
	cfg_write(host, HW_CAP_MSI + 2, 0x0081, 2);
	host_boot(host);
	assert_int_equal(reg(host, 0x708), HW_ATR0_FW_RUNNING);
	host_enable_irqs(host);
}

static void identify(struct host *host)
{
	static const uint8_t md5_of_request[16] = {
		0x6a, 0x3d, 0x1c, 0x7f, 0xe8, 0x4c, 0xfe, 0x2f,
		0x18, 0x4d, 0x69, 0xc2, 0x37, 0x6d, 0xcc, 0x43,
	};
	uint32_t words[10] = { [4] = 20, [5] = 0x02000000 };

	memcpy(words, md5_of_request, sizeof(md5_of_request));
	for (unsigned int i = 0; i < 10; i++)
		bar_write(host, 4, 4 * i, words[i], 4);
	bar_write(host, 4, HW_MBOX_DOORBELL, HW_DOORBELL_APP_CONTROL, 4);
	host_run(host, 10 * MS);
	assert_int_equal(host->irqs, 1);
	assert_int_equal(bar_read(host, 4, HW_MBOX_RESPONSE + 16, 4), 190);
}

static void test_wild_host(void **state)
{
	struct random random = { 2864 };
	struct host host;

	(void)state;
	host_init(&host);
	host_power_on(&host);
	for (unsigned int round = 0; round < ROUNDS; round++) {
		wake_up(&host);
		identify(&host);
		for (unsigned int i = 0; i < ACCESSES; i++)
			random_step(&host, &random);
	}
	wake_up(&host);
	identify(&host);
	assert_true(host_count(&host, "violations") > 1000);
	assert_true(host_count(&host, "controls.total") > ROUNDS);
	host_free(&host);
}

/* The same accesses at the same times are the same run, to the byte. */
static char *traced_run(void)
{
	struct random random = { 1 };
	struct host host;
	char *text = NULL;
	size_t len;

	host_init(&host);
	host.config.trace = open_memstream(&text, &len);
	assert_non_null(host.config.trace);
	host_power_on(&host);
	wake_up(&host);
	for (unsigned int i = 0; i < ACCESSES; i++)
		random_step(&host, &random);
	fclose(host.config.trace);
	host.config.trace = NULL;
	host_free(&host);
	return text;
}

static void test_runs_repeat(void **state)
{
	char *first = traced_run(), *second = traced_run();

	(void)state;
	assert_true(strlen(first) > 10000);
	assert_string_equal(first, second);
	free(first);
	free(second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wild_host),
		cmocka_unit_test(test_runs_repeat),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
