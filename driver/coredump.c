// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a chip looked like when its firmware hung, in /sys/class/devcoredump,
 * for five minutes or until it is read and dismissed.
 *
 * First text, one "name: value" a line, numbers in hexadecimal; then raw
 * sections, each after a line "section NAME LENGTH". The text ends with the
 * first of them. Sections:
 *
 *	config-atr	BAR0 0x700, translation tables 0 to 3; words of which nothing
 *			is known are not read, and 0
 *	vdma		BAR2, all channels
 *	request		request area of the control mailbox, first bytes
 *	response	response area
 *	log-app, log-core  rings of the firmware's logs with their two offsets,
 *			as in struct hw_log_ring
 *
 * The dump has bus addresses, and no data of networks. Only root can read it.
 */
#include <linux/devcoredump.h>
#include <linux/utsname.h>
#include <linux/vmalloc.h>

#include "hailo8l.h"

#define DUMP_SIZE	(32 * 1024)
#define ATR_STRIDE	(HW_ATR_REG(1) - HW_ATR_REG(0))
#define ATR_KNOWN	(HW_ATR_TARGET + sizeof(u32))
#define BOX_BYTES	64

struct dump {
	char *at;
	size_t len;
};

__printf(2, 3) static void say(struct dump *d, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	d->len += vscnprintf(d->at + d->len, DUMP_SIZE - d->len, format, args);
	va_end(args);
}

static void say_register(struct dump *d, const char *name, void __iomem *at)
{
	say(d, "%s: %08x\n", name, ioread32(at));
}

/* Word by word, as the chip wants it. */
static void add_words(struct dump *d, void __iomem *from, size_t bytes)
{
	u32 i, word;

	for (i = 0; i < bytes; i += sizeof(word)) {
		word = __raw_readl(from + i);
		memcpy(d->at + d->len, &word, sizeof(word));
		d->len += sizeof(word);
	}
}

static bool begin_section(struct dump *d, const char *name, size_t bytes)
{
	if (d->len + 64 + bytes > DUMP_SIZE)
		return false;
	say(d, "section %s %zu\n", name, bytes);
	return true;
}

static void add_section(struct dump *d, const char *name, void __iomem *from, size_t bytes)
{
	if (begin_section(d, name, bytes))
		add_words(d, from, bytes);
}

static void add_tables(struct h8l_device *h, struct dump *d)
{
	int i;

	if (!begin_section(d, "config-atr", HW_ATR_COUNT * ATR_STRIDE))
		return;
	for (i = 0; i < HW_ATR_COUNT; i++) {
		add_words(d, h->config + HW_ATR_REG(i), ATR_KNOWN);
		memset(d->at + d->len, 0, ATR_STRIDE - ATR_KNOWN);
		d->len += ATR_STRIDE - ATR_KNOWN;
	}
}

static void add_head(struct h8l_device *h, struct dump *d)
{
	say(d, "hailo8l firmware dump 1\n");
	say(d, "driver: " H8L_VERSION "\nkernel: %s\n", init_utsname()->release);
	say(d, "device: %s %s\n", pci_name(h->pdev), dev_name(&h->dev));
	say(d, "firmware: %u.%u.%u\n", h->fw_version[0], h->fw_version[1], h->fw_version[2]);
	say(d, "reason: %s\n", READ_ONCE(h->rec.why) ?: "none");
	say(d, "recoveries: %u\n", h->rec.count);
	say(d, "owed: %d\npolled: %d\nstale-networks: %d\n", h->mbox.owed, READ_ONCE(h->polled),
	    h->stale_networks);
	say(d, "last-control: length %u, %*ph\n", h->rec.record_len,
	    (int)min_t(u32, h->rec.record_len, H8L_RECORD_LEN), h->rec.record);
}

static void add_channels(struct h8l_device *h, struct dump *d)
{
	unsigned long flags;
	int i;

	spin_lock_irqsave(&h->irq_lock, flags);
	for (i = 0; i < HW_VDMA_CHANNELS; i++) {
		const struct h8l_channel *ch = &h->channel[i];

		if (ch->owner)
			say(d, "channel-%d: launched %u done %u available %u processed %u\n", i,
			    ch->head, ch->done, ch->num_avail, ch->num_proc);
	}
	spin_unlock_irqrestore(&h->irq_lock, flags);
}

static void add_registers(struct h8l_device *h, struct dump *d)
{
	say_register(d, "pci-id", h->config + HW_REG_PCI_ID);
	say_register(d, "interrupt-mask", h->config + HW_REG_IMASK);
	say_register(d, "interrupt-status", h->config + HW_REG_ISTATUS);
	say_register(d, "channels-h2d", h->config + HW_REG_H2D_IRQ);
	say_register(d, "channels-d2h", h->config + HW_REG_D2H_IRQ);
}

static void add_sections(struct h8l_device *h, struct dump *d)
{
	add_tables(h, d);
	add_section(d, "vdma", h->vdma, HW_VDMA_CHANNEL(HW_VDMA_CHANNELS));
	/* What is behind the windows is the firmware's business, if any runs. */
	if (!h8l_firmware_runs(h))
		return;
	add_section(d, "request", h->fw + HW_MBOX_REQUEST, BOX_BYTES);
	add_section(d, "response", h->fw + HW_MBOX_RESPONSE, BOX_BYTES);
	add_section(d, "log-app", h->fw + HW_LOG_APP, sizeof(struct hw_log_ring));
	add_section(d, "log-core", h->fw + HW_LOG_CORE, sizeof(struct hw_log_ring));
}

/**
 * h8l_coredump() - keep what can be seen of a chip that is about to be reset
 * @h: device, present
 *
 * Context: gate held for writing. Sleeps.
 */
void h8l_coredump(struct h8l_device *h)
{
	struct dump d = { .at = vzalloc(DUMP_SIZE) };

	if (!d.at)
		return;
	add_head(h, &d);
	add_channels(h, &d);
	add_registers(h, &d);
	add_sections(h, &d);
	dev_coredumpv(h8l_bus(h), d.at, d.len, GFP_KERNEL);
}
