// SPDX-License-Identifier: MIT
#include "tests/unit/emu_host.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "tests/emulator/image.h"

/* ---- host side of the chip ---- */

static uint8_t *find(struct host *host, uint64_t addr, size_t len)
{
	if (addr < HOST_BASE || len > HOST_SIZE || addr - HOST_BASE > HOST_SIZE - len)
		return NULL;
	if (host->on_dma)
		host->on_dma(host, addr, len);
	return host->memory + (addr - HOST_BASE);
}

static int dma_read_memory(void *ctx, uint64_t addr, void *buf, size_t len)
{
	uint8_t *from = find(ctx, addr, len);

	if (!from)
		return -EFAULT;
	memcpy(buf, from, len);
	return 0;
}

static int dma_write_memory(void *ctx, uint64_t addr, const void *buf, size_t len)
{
	uint8_t *to = find(ctx, addr, len);

	if (!to)
		return -EFAULT;
	memcpy(to, buf, len);
	return 0;
}

static void count_irq(void *ctx)
{
	struct host *host = ctx;

	host->irqs++;
}

static void set_intx(void *ctx, int level)
{
	struct host *host = ctx;

	host->intx = level;
}

/* ---- life ---- */

void host_init(struct host *host)
{
	*host = (struct host){ 0 };
	emu_config_init(&host->config);
	host->log = fopen("/dev/null", "w");
	assert_non_null(host->log);
	host->config.log = host->log;
}

void host_power_on(struct host *host)
{
	const struct emu_host callbacks = {
		.dma_read = dma_read_memory,
		.dma_write = dma_write_memory,
		.raise_irq = count_irq,
		.set_intx = set_intx,
		.ctx = host,
	};

	host->memory = calloc(1, HOST_SIZE);
	assert_non_null(host->memory);
	host->emu = emu_new(&host->config, &callbacks);
	assert_non_null(host->emu);
	cfg_write(host, 0x04, 0x0006, 2);
	cfg_write(host, HW_CAP_MSI + 4, 0xfee00000, 4);
	cfg_write(host, HW_CAP_MSI + 2, 0x0081, 2);
}

void host_free(struct host *host)
{
	emu_free(host->emu);
	free(host->memory);
	if (host->log)
		fclose(host->log);
}

int host_setup(void **state)
{
	struct host *host = malloc(sizeof(*host));

	host_init(host);
	host_power_on(host);
	*state = host;
	return 0;
}

int host_setup_running(void **state)
{
	host_setup(state);
	host_boot(*state);
	host_enable_irqs(*state);
	return 0;
}

int host_teardown(void **state)
{
	host_free(*state);
	free(*state);
	return 0;
}

uint64_t host_run(struct host *host, uint64_t ns)
{
	uint64_t end = host->now + ns;
	uint64_t next = emu_run(host->emu, host->now);

	while (next <= end && host->now < end) {
		host->now = next > host->now ? next : host->now + 1;
		next = emu_run(host->emu, host->now);
	}
	host->now = end;
	return emu_run(host->emu, end);
}

/* ---- accesses ---- */

uint32_t cfg_read(struct host *host, uint32_t offset, size_t len)
{
	uint32_t value = 0;

	assert_int_equal(emu_cfg_read(host->emu, offset, &value, len), 0);
	return value;
}

void cfg_write(struct host *host, uint32_t offset, uint32_t value, size_t len)
{
	assert_int_equal(emu_cfg_write(host->emu, offset, &value, len), 0);
}

uint64_t bar_read(struct host *host, unsigned int bar, uint32_t offset, size_t len)
{
	uint64_t value = 0;

	assert_int_equal(emu_bar_read(host->emu, bar, offset, &value, len), 0);
	return value;
}

void bar_write(struct host *host, unsigned int bar, uint32_t offset, uint64_t value, size_t len)
{
	assert_int_equal(emu_bar_write(host->emu, bar, offset, &value, len), 0);
}

uint32_t reg(struct host *host, uint32_t offset)
{
	return bar_read(host, HW_BAR_CONFIG, offset, 4);
}

void set_reg(struct host *host, uint32_t offset, uint32_t value)
{
	bar_write(host, HW_BAR_CONFIG, offset, value, 4);
}

/* ---- device memory ---- */

static void set_window(struct host *host, uint32_t addr)
{
	const uint32_t words[5] = { HW_ATR_PARAM_VALUE(0), 0, addr, 0, HW_ATR_TARGET_VALUE };

	for (unsigned int i = 0; i < 5; i++) {
		set_reg(host, HW_ATR_REG(0) + 4 * i, words[i]);
		assert_int_equal(reg(host, HW_ATR_REG(0) + 4 * i), words[i]);
	}
}

void device_write(struct host *host, uint32_t addr, const void *data, size_t len)
{
	uint32_t saved = reg(host, HW_ATR_REG(0) + HW_ATR_ADDR_LOW);
	const uint8_t *bytes = data;

	for (size_t at = 0; at < len; at += 4) {
		uint32_t word = 0;

		memcpy(&word, bytes + at, len - at < 4 ? len - at : 4);
		if (!at || !((addr + at) & 0xfff))
			set_window(host, (addr + at) & ~0xfffu);
		bar_write(host, HW_BAR_FW, (addr + at) & 0xfff, word, 4);
		assert_int_equal(bar_read(host, HW_BAR_FW, (addr + at) & 0xfff, 4), word);
	}
	set_window(host, saved);
}

void device_read(struct host *host, uint32_t addr, void *data, size_t len)
{
	uint32_t saved = reg(host, HW_ATR_REG(0) + HW_ATR_ADDR_LOW);
	uint8_t *bytes = data;

	for (size_t at = 0; at < len; at++) {
		set_window(host, (addr + at) & ~0xfffu);
		bytes[at] = bar_read(host, HW_BAR_FW, (addr + at) & 0xfff, 1);
	}
	set_window(host, saved);
}

uint32_t device_word(struct host *host, uint32_t addr)
{
	uint32_t word;

	device_read(host, addr, &word, sizeof(word));
	return word;
}

/* ---- boot ---- */

static struct image_cert *seal_cert(uint8_t *bytes, size_t len, const char *magic)
{
	struct image_cert *cert = (void *)bytes;

	memcpy(cert->magic, magic, sizeof(cert->magic));
	memcpy(cert->maker, IMAGE_MAKER, sizeof(cert->maker));
	cert->length = len;
	cert->digest = image_digest(IMAGE_DIGEST_START, cert + 1, len - sizeof(*cert));
	return cert;
}

void image_seal(struct host_image *image)
{
	struct image_cert *content;

	seal_cert(image->key, sizeof(image->key), IMAGE_KEY_MAGIC);
	content = seal_cert(image->content, sizeof(image->content), IMAGE_CONTENT_MAGIC);
	content->digest = image_content_digest(content, &image->app, image->app_code,
					       &image->core, image->core_code);
}

void image_make(struct host_image *image)
{
	const struct hw_fw_header header = { HW_FW_MAGIC, HW_FW_HEADER_VERSION, 4, 23, 0, 0 };

	memset(image, 0x5a, sizeof(*image));
	image->app = header;
	image->app.revision = 0x20000000;
	image->app.code_size = sizeof(image->app_code);
	image->core = header;
	image->core.revision = 0x28000000;
	image->core.code_size = sizeof(image->core_code);
	image_seal(image);
}

void image_write(struct host *host, const struct host_image *image)
{
	device_write(host, HW_BOOT_APP_HEADER, &image->app, sizeof(image->app));
	device_write(host, HW_BOOT_APP_CODE, image->app_code, sizeof(image->app_code));
	device_write(host, HW_BOOT_KEY_CERT, image->key, sizeof(image->key));
	device_write(host, HW_BOOT_CONTENT_CERT, image->content, sizeof(image->content));
	device_write(host, HW_BOOT_CORE_CODE, image->core_code, sizeof(image->core_code));
	device_write(host, HW_BOOT_CORE_HEADER, &image->core, sizeof(image->core));
}

void host_trigger(struct host *host)
{
	const uint32_t one = HW_BOOT_TRIGGER_VALUE;

	device_write(host, HW_BOOT_TRIGGER, &one, sizeof(one));
	host_run(host, 0);
}

void host_boot(struct host *host)
{
	struct host_image image;

	image_make(&image);
	image_write(host, &image);
	host_trigger(host);
	host_run(host, 200 * MS);
}

void host_enable_irqs(struct host *host)
{
	set_reg(host, HW_REG_IMASK, reg(host, HW_REG_IMASK) | HW_IRQ_ENABLE_MASK);
	set_reg(host, HW_REG_ISTATUS, 0xffffffff);
	set_reg(host, HW_REG_D2H_IRQ, 0xffffffff);
	set_reg(host, HW_REG_H2D_IRQ, 0xffffffff);
	host->irqs = 0;
}

/* ---- counts ---- */

uint64_t host_count(struct host *host, const char *path)
{
	char *text = NULL, *copy = strdup(path), *rest = copy, *part;
	struct json_object *root, *at;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	uint64_t value;

	emu_print_stats(host->emu, out);
	fclose(out);
	root = json_tokener_parse(text);
	assert_non_null(root);
	at = root;
	while ((part = strsep(&rest, ".")))
		assert_true(json_object_object_get_ex(at, part, &at));
	value = json_object_get_uint64(at);
	json_object_put(root);
	free(copy);
	free(text);
	return value;
}

unsigned int host_violations(struct host *host)
{
	return host_count(host, "violations");
}
