// SPDX-License-Identifier: MIT
/*
 * Boot ROM: waits for an image, checks it, starts the firmware, and gets the
 * chip back on a soft reset. hardware.md sections 6 and 7, real-device.md 3.
 */
#include <stddef.h>
#include <string.h>

#include "tests/emulator/chip.h"
#include "tests/emulator/image.h"

/* Only 1 is known (HW_BOOT_STATUS_WAITING); these are ours. */
#define STATUS_ROM_STARTING	0u
#define STATUS_IMAGE_ACCEPTED	2u
#define STATUS_IMAGE_REFUSED	3u

/* A real card took up to 0.7 ms to acknowledge and up to 11 ms until the ROM
 * was ready (real-device.md 2).
 */
#define SOFT_RESET_NS		(700 * NS_PER_US)
#define ROM_START_NS		(5 * NS_PER_MS)

static void set_status(struct emu *emu, uint32_t status)
{
	memcpy(emu_memory(emu, HW_BOOT_STATUS, sizeof(status)), &status, sizeof(status));
}

static void rom_ready(struct emu *emu)
{
	emu->boot.phase = BOOT_ROM;
	emu->boot.deadline = EMU_IDLE;
	emu->boot.triggered = false;
	memset(emu->boot.written, 0, sizeof(emu->boot.written));
	set_status(emu, HW_BOOT_STATUS_WAITING);
}

void boot_reset(struct emu *emu)
{
	rom_ready(emu);
}

void boot_note_write(struct emu *emu, uint32_t addr, size_t len)
{
	uint32_t first = (addr - SRAM_BASE) / 4;
	uint32_t last = (addr - SRAM_BASE + len - 1) / 4;
	uint32_t trigger;

	if (emu->boot.phase != BOOT_ROM)
		return;
	for (uint32_t i = first; i <= last; i++)
		emu->boot.written[i / 8] |= 1u << i % 8;
	if (addr > HW_BOOT_TRIGGER || addr + len <= HW_BOOT_TRIGGER)
		return;
	memcpy(&trigger, emu_memory(emu, HW_BOOT_TRIGGER, 4), 4);
	if (trigger == HW_BOOT_TRIGGER_VALUE) {
		emu->boot.triggered = true;
		emu->work = true;
	}
}

/* ---- image ---- */

static bool was_written(const struct emu *emu, uint32_t addr, uint32_t len)
{
	uint32_t first = (addr - SRAM_BASE) / 4;
	uint32_t last = (addr - SRAM_BASE + len - 1) / 4;

	for (uint32_t i = first; i <= last; i++)
		if (!(emu->boot.written[i / 8] & 1u << i % 8))
			return false;
	return true;
}

static const char *check_header(struct emu *emu, uint32_t addr, uint32_t code_max,
				struct hw_fw_header *header)
{
	memcpy(header, emu_memory(emu, addr, sizeof(*header)), sizeof(*header));
	if (!was_written(emu, addr, sizeof(*header)))
		return "header is not there";
	if (header->magic != HW_FW_MAGIC)
		return "header has a wrong magic";
	if (header->header_version != HW_FW_HEADER_VERSION)
		return "header has an unknown version";
	if (header->code_size < HW_FW_CODE_MIN || header->code_size > code_max)
		return "code size is out of range";
	return NULL;
}

static const char *check_cpu(struct emu *emu, uint32_t header_addr, uint32_t code_addr,
			     uint32_t code_max, struct hw_fw_header *header)
{
	const char *problem = check_header(emu, header_addr, code_max, header);

	if (!problem && !was_written(emu, code_addr, header->code_size))
		problem = "code has holes";
	return problem;
}

/* What is not from mkfw cannot be read beyond its magic. */
static bool is_ours(const struct image_cert *cert)
{
	return !memcmp(cert->maker, IMAGE_MAKER, sizeof(cert->maker));
}

static const char *check_cert(struct emu *emu, uint32_t addr, uint32_t slot, const char *magic,
			      const struct image_cert **cert)
{
	*cert = (const void *)emu_memory(emu, addr, slot);
	if (!was_written(emu, addr, sizeof(**cert)))
		return "certificate is not there";
	if (memcmp((*cert)->magic, magic, sizeof((*cert)->magic)))
		return "certificate has a wrong magic";
	if (!is_ours(*cert))
		return NULL;
	if ((*cert)->length < sizeof(**cert) || (*cert)->length > slot)
		return "certificate does not fit its place";
	if (!was_written(emu, addr, (*cert)->length))
		return "certificate has holes";
	return NULL;
}

static const char *check_certs(struct emu *emu)
{
	const struct image_cert *key, *content;
	const char *problem = check_cert(emu, HW_BOOT_KEY_CERT, HW_BOOT_KEY_CERT_SLOT,
					 IMAGE_KEY_MAGIC, &key);

	if (!problem)
		problem = check_cert(emu, HW_BOOT_CONTENT_CERT, HW_BOOT_CONTENT_CERT_SLOT,
				     IMAGE_CONTENT_MAGIC, &content);
	if (problem)
		return problem;
	if (is_ours(key) && image_digest(IMAGE_DIGEST_START, key + 1,
					 key->length - sizeof(*key)) != key->digest)
		return "key certificate is damaged";
	if (is_ours(content) &&
	    image_content_digest(content, &emu->boot.app,
				 emu_memory(emu, HW_BOOT_APP_CODE, emu->boot.app.code_size),
				 &emu->boot.core,
				 emu_memory(emu, HW_BOOT_CORE_CODE, emu->boot.core.code_size)) !=
	    content->digest)
		return "image is damaged";
	return NULL;
}

static const char *check_image(struct emu *emu)
{
	const char *problem = check_cpu(emu, HW_BOOT_APP_HEADER, HW_BOOT_APP_CODE,
					HW_FW_APP_CODE_MAX, &emu->boot.app);

	if (!problem)
		problem = check_cpu(emu, HW_BOOT_CORE_HEADER, HW_BOOT_CORE_CODE,
				    HW_FW_CORE_CODE_MAX, &emu->boot.core);
	return problem ? problem : check_certs(emu);
}

/* ---- phases ---- */

static void accept_image(struct emu *emu)
{
	const struct emu_fault *late;

	emu->boot.phase = BOOT_STARTING;
	emu->boot.deadline = emu->now + emu->config.boot_delay_ns;
	set_status(emu, STATUS_IMAGE_ACCEPTED);
	if (emu_fault(emu, EMU_FAULT_BOOT_LATE, -1, &late))
		emu->boot.deadline += late->value * NS_PER_MS;
	if (emu_fault(emu, EMU_FAULT_BOOT_NEVER, -1, NULL))
		emu->boot.deadline = EMU_IDLE;
}

static void see_trigger(struct emu *emu)
{
	const char *problem = check_image(emu);

	emu->boot.triggered = false;
	emu_trace(emu, "boot", "trigger: %s", problem ? problem : "image accepted");
	if (!problem) {
		accept_image(emu);
		return;
	}
	fprintf(emu->config.log, "boot: firmware image refused: %s\n", problem);
	emu->stats.boot_failures++;
	set_status(emu, STATUS_IMAGE_REFUSED);
}

static void open_windows(struct emu *emu)
{
	static const uint32_t address[HW_ATR_COUNT] = {
		HW_ATR0_FW_RUNNING, HW_ADDR_PCIE_CONFIG, LOG_APP_BASE, LOG_CORE_BASE,
	};

	for (unsigned int i = 0; i < HW_ATR_COUNT; i++)
		emu->atr[i] = (struct atr_table){
			{ HW_ATR_PARAM_VALUE(i), 0, address[i], 0, HW_ATR_TARGET_VALUE },
		};
}

static void start_firmware(struct emu *emu)
{
	emu->boot.phase = BOOT_RUNNING;
	emu->boot.deadline = EMU_IDLE;
	emu->stats.boots++;
	mailbox_reset(emu);
	mailbox_clear_memory(emu);
	open_windows(emu);
	fw_start(emu->fw, &emu->boot.app, &emu->boot.core);
	emu_trace(emu, "boot", "firmware runs");
	if (pci_l0s_enabled(emu))	/* hardware.md 14 Q2 */
		emu_violation(emu, "firmware starts while ASPM L0s is on");
	/* Both bits, in every recorded boot. */
	if (!emu_fault(emu, EMU_FAULT_BOOT_NO_IRQ, -1, NULL))
		emu_raise_sw_irq(emu, HW_IRQ_BOOT | HW_IRQ_CONTROL);
}

void emu_soft_reset(struct emu *emu)
{
	if (emu->boot.phase != BOOT_RUNNING || (emu->hung && emu->hung_until) ||
	    emu_fault(emu, EMU_FAULT_SOFT_RESET_NEVER, -1, NULL))
		return;
	emu->boot.phase = BOOT_RESETTING;
	emu->boot.deadline = emu->now + latency_ns(emu, SOFT_RESET_NS);
	emu->work = true;
}

static void stop_firmware(struct emu *emu)
{
	emu->stats.soft_resets++;
	emu->hung = false;
	fw_stop(emu->fw);
	vdma_reset(emu);
	mailbox_reset(emu);
	emu->atr[0].word[2] = 0;	/* "not loaded", hardware.md 6.3, inferred */
	set_status(emu, STATUS_ROM_STARTING);
	emu->boot.phase = BOOT_ROM_STARTING;
	emu->boot.deadline = emu->now + latency_ns(emu, ROM_START_NS);
	emu_trace(emu, "boot", "soft reset");
	emu_raise_sw_irq(emu, HW_IRQ_SOFT_RESET);
}

uint64_t boot_run(struct emu *emu)
{
	struct boot_state *boot = &emu->boot;

	if (emu->hung && boot->phase != BOOT_RESETTING)
		return EMU_IDLE;
	if (boot->phase == BOOT_ROM && boot->triggered)
		see_trigger(emu);
	if (emu->now < boot->deadline || boot->deadline == EMU_IDLE)
		return boot->deadline;
	if (boot->phase == BOOT_STARTING)
		start_firmware(emu);
	else if (boot->phase == BOOT_RESETTING)
		stop_firmware(emu);
	else
		rom_ready(emu);
	emu->work = true;
	return boot->deadline;
}
