// SPDX-License-Identifier: MIT
#include <endian.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "lib/md5.h"
#include "tests/unit/fw_host.h"

#define FIRST_ALLOC	0x10000

static int out_of_bounds(const struct host *host, uint64_t addr, size_t len)
{
	return addr < host->base || addr - host->base > host->size ||
	       len > host->size - (addr - host->base);
}

static int dma_read(void *ctx, uint64_t addr, void *buf, size_t len)
{
	struct host *host = ctx;

	if (out_of_bounds(host, addr, len))
		return -EFAULT;
	memcpy(buf, host->mem + (addr - host->base), len);
	return 0;
}

static int dma_write(void *ctx, uint64_t addr, const void *buf, size_t len)
{
	struct host *host = ctx;

	if (out_of_bounds(host, addr, len))
		return -EFAULT;
	memcpy(host->mem + (addr - host->base), buf, len);
	return 0;
}

static void raise_irq(void *ctx)
{
	((struct host *)ctx)->irqs++;
}

void host_config(struct emu_config *config)
{
	emu_config_init(config);
	config->latency_percent = 0;
	config->noise = 0;
}

static void write_config(struct host *host, uint32_t offset, uint32_t value)
{
	emu_bar_write(host->emu, HW_BAR_CONFIG, offset, &value, sizeof(value));
}

/* The windows that a boot leaves behind: mailboxes and doorbell. */
static void open_windows(struct host *host)
{
	static const uint32_t address[] = { HW_ADDR_MAILBOX, HW_ADDR_PCIE_CONFIG };

	for (unsigned int i = 0; i < 2; i++) {
		write_config(host, HW_ATR_REG(i) + HW_ATR_PARAM, HW_ATR_PARAM_VALUE(i));
		write_config(host, HW_ATR_REG(i) + HW_ATR_ADDR_LOW, address[i]);
		write_config(host, HW_ATR_REG(i) + HW_ATR_TARGET, HW_ATR_TARGET_VALUE);
	}
}

void host_start(struct host *host, const struct emu_config *config, uint64_t base, size_t size)
{
	struct emu_host callbacks = {
		.dma_read = dma_read,
		.dma_write = dma_write,
		.raise_irq = raise_irq,
		.ctx = host,
	};
	struct emu_config with_log = *config;
	uint16_t command = 0x6;		/* memory, bus master */

	memset(host, 0, sizeof(*host));
	host->base = base;
	host->size = size;
	host->used = FIRST_ALLOC;
	host->mem = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	assert_ptr_not_equal(host->mem, MAP_FAILED);
	host->log = open_memstream(&host->log_text, &host->log_size);
	assert_non_null(host->log);
	with_log.log = host->log;
	host->emu = emu_new(&with_log, &callbacks);
	assert_non_null(host->emu);
	emu_cfg_write(host->emu, 4, &command, sizeof(command));
	write_config(host, HW_REG_IMASK, HW_IRQ_ENABLE_MASK);
	open_windows(host);
	fw_start(emu_get_fw(host->emu), NULL, NULL);
}

void host_stop(struct host *host)
{
	emu_free(host->emu);
	fclose(host->log);
	free(host->log_text);
	munmap(host->mem, host->size);
}

void host_run(struct host *host)
{
	uint64_t end = host->now + 1000000000, next;
	unsigned int turns = 0;

	for (;;) {
		next = emu_run(host->emu, host->now);
		if (next == EMU_IDLE || next > end || ++turns == 10000)
			return;
		if (next > host->now)
			host->now = next;
	}
}

void *host_at(struct host *host, uint64_t addr, size_t len)
{
	assert_false(out_of_bounds(host, addr, len));
	return host->mem + (addr - host->base);
}

uint64_t host_alloc(struct host *host, size_t len, size_t align)
{
	size_t at = (host->used + align - 1) / align * align;

	assert_true(at + len <= host->size);
	host->used = at + len;
	return host->base + at;
}

/* ---- controls ---- */

size_t host_control(struct host *host, unsigned int cpu, const void *request, size_t len,
		    uint8_t response[HW_CTRL_MAX_LEN])
{
	struct hw_mbox_control *in, *out;
	uint8_t md5[16];

	in = (void *)emu_memory(host->emu, HW_ADDR_MAILBOX + HW_MBOX_REQUEST, sizeof(*in));
	out = (void *)emu_memory(host->emu, HW_ADDR_MAILBOX + HW_MBOX_RESPONSE, sizeof(*out));
	md5_digest(request, len, in->md5);
	in->len = htole32(len);
	memcpy(in->data, request, len);
	out->len = 0;
	emu_bar_write(host->emu, HW_BAR_FW, HW_MBOX_DOORBELL,
		      &(uint32_t){ cpu ? HW_DOORBELL_CORE_CONTROL : HW_DOORBELL_APP_CONTROL }, 4);
	host_run(host);
	if (!out->len)
		return 0;
	md5_digest(out->data, le32toh(out->len), md5);
	assert_memory_equal(md5, out->md5, sizeof(md5));
	memcpy(response, out->data, le32toh(out->len));
	return le32toh(out->len);
}

size_t host_build(uint8_t *request, uint32_t opcode, uint32_t count, const void *params,
		  size_t len)
{
	struct hw_ctrl_request head = {
		.version = htobe32(HW_CTRL_PROTOCOL_VERSION),
		.opcode = htobe32(opcode),
		.param_count = htobe32(count),
	};

	assert_true(sizeof(head) + len <= HW_CTRL_MAX_LEN);
	memcpy(request, &head, sizeof(head));
	if (len)
		memcpy(request + sizeof(head), params, len);
	return sizeof(head) + len;
}

uint32_t host_request(struct host *host, unsigned int cpu, uint32_t opcode, uint32_t count,
		      const void *params, size_t len)
{
	uint8_t request[HW_CTRL_MAX_LEN], response[HW_CTRL_MAX_LEN];
	size_t size = host_build(request, opcode, count, params, len);
	struct hw_ctrl_response head;

	assert_true(host_control(host, cpu, request, size, response) >= sizeof(head));
	memcpy(&head, response, sizeof(head));
	if (!head.major_status)
		assert_int_equal(be32toh(head.opcode), opcode);
	return be32toh(head.major_status);
}

uint32_t host_set_header(struct host *host, const struct hw_app_header *header)
{
	struct {
		uint32_t len;
		struct hw_app_header header;
	} __attribute__((packed)) params = { htobe32(sizeof(*header)), *header };

	return host_request(host, 1, HW_OP_SET_NETWORK_GROUP_HEADER, 1, &params, sizeof(params));
}

uint32_t host_set_chunk(struct host *host, bool first, bool last, uint8_t type, const void *list,
			size_t len)
{
	struct {
		struct hw_context_info info;
		uint8_t list[HW_CONTEXT_INFO_MAX_LIST];
	} __attribute__((packed)) params = { .info = {
		.first_len = htobe32(1), .first = first,
		.last_len = htobe32(1), .last = last,
		.type_len = htobe32(1), .type = type,
		.list_len = htobe32(len),
	} };

	assert_true(len <= sizeof(params.list));
	memcpy(params.list, list, len);
	return host_request(host, 1, HW_OP_SET_CONTEXT_INFO, 4, &params, sizeof(params.info) + len);
}

uint32_t host_set_context(struct host *host, uint8_t type, const void *list, size_t len)
{
	return host_set_chunk(host, true, true, type, list, len);
}

uint32_t host_change_status(struct host *host, uint8_t state, uint8_t app, uint16_t batch)
{
	struct hw_change_status params = {
		.state_len = htobe32(1), .state = state,
		.application_len = htobe32(1), .application = app,
		.dynamic_batch_len = htobe32(2), .dynamic_batch = htole16(batch),
		.batch_count_len = htobe32(2),
	};

	return host_request(host, 1, HW_OP_CHANGE_CONTEXT_SWITCH_STATUS, 4, &params,
			    sizeof(params));
}

/* ---- DMA ---- */

uint32_t host_program(struct host *host, uint64_t list, uint32_t first, uint32_t count,
		      uint16_t page, uint64_t data, uint32_t len, uint8_t last)
{
	struct hw_vdma_desc *descs = host_at(host, list, count * sizeof(*descs));
	uint32_t n = 0, size;

	for (; len; len -= size, data += size, n++) {
		size = len < page ? len : page;
		descs[(first + n) % count] = (struct hw_vdma_desc){
			.size_ctrl = htole32(size << HW_DESC_SIZE_SHIFT |
					     (len == size ? last : HW_DESC_CTRL_PLAIN)),
			.addr_low = htole32(data & HW_DESC_ADDR_LOW_MASK),
			.addr_high = htole32(data >> 32),
		};
	}
	return n;
}

void host_set_avail(struct host *host, unsigned int channel, uint16_t avail)
{
	host->avail[channel] = avail;
	emu_bar_write(host->emu, HW_BAR_VDMA, HW_VDMA_HOST_HALF(channel) + HW_VDMA_REG_NUM_AVAIL,
		      &avail, sizeof(avail));
}

uint32_t host_channel_word(struct host *host, unsigned int channel, unsigned int offset)
{
	uint32_t word = 0;

	emu_bar_read(host->emu, HW_BAR_VDMA, HW_VDMA_HOST_HALF(channel) + offset, &word,
		     sizeof(word));
	return word;
}

/* ---- what the chip says ---- */

size_t host_take_event(struct host *host, uint8_t event[HW_NOTIFICATION_MAX_LEN])
{
	struct hw_mbox_notification *box;
	size_t len;

	box = (void *)emu_memory(host->emu, HW_ADDR_MAILBOX + HW_MBOX_NOTIFICATION, sizeof(*box));
	if (!box->in_use)
		return 0;
	len = le16toh(box->len);
	memcpy(event, box->data, len);
	box->in_use = 0;
	return len;
}

bool host_log_has(struct host *host, const char *text)
{
	fflush(host->log);
	return host->log_text && strstr(host->log_text, text);
}

static int nibble(char c)
{
	const char *digits = "0123456789abcdef", *p = strchr(digits, c);

	return c && p ? p - digits : -1;
}

size_t from_hex(const char *hex, uint8_t *out, size_t max)
{
	size_t n = 0;

	while (n < max && nibble(hex[0]) >= 0 && nibble(hex[1]) >= 0) {
		out[n++] = nibble(hex[0]) << 4 | nibble(hex[1]);
		hex += 2;
	}
	return n;
}
