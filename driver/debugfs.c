// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/kernel/debug/hailo8l/PCI-ADDRESS/state: what the driver knows, for bug
 * reports. Not an interface: it may change any day.
 *
 * It waits for no other user of the chip and touches no register, so it can
 * be read in whatever state the chip is; debugfs lets removal wait for readers.
 */
#include <linux/debugfs.h>
#include <linux/pid.h>
#include <linux/seq_file.h>

#include "hailo8l.h"

static struct dentry *root;

static void show_device(struct seq_file *m, const struct h8l_device *h)
{
	static const char * const states[] = {
		[H8L_STATE_OFF] = "off",
		[H8L_STATE_BOOT] = "boot",
		[H8L_STATE_RUN] = "run",
		[H8L_STATE_PAUSING] = "pausing",
		[H8L_STATE_CLOSING] = "closing",
		[H8L_STATE_GONE] = "gone",
	};

	seq_printf(m, "device: %s %s\n", pci_name(h->pdev), dev_name(&h->dev) ?: "(no node)");
	seq_printf(m, "state: %s%s\n", states[h8l_state(h)],
		   READ_ONCE(h->lost) ? ", lost" : "");
	seq_printf(m, "firmware: %u.%u.%u architecture %u%s\n", READ_ONCE(h->fw_version[0]),
		   READ_ONCE(h->fw_version[1]), READ_ONCE(h->fw_version[2]),
		   READ_ONCE(h->architecture),
		   READ_ONCE(h->fw_version[0]) ? "" : " (nobody has asked yet)");
	seq_printf(m, "interrupts: %s%s, epoch %u\n",
		   READ_ONCE(h->irq_seen) ? "arrive" : "none seen",
		   READ_ONCE(h->polled) ? ", polled" : "", READ_ONCE(h->epoch));
	seq_printf(m, "resets: %u\n", READ_ONCE(h->resets));
	seq_printf(m, "dma: %s, %s\n", READ_ONCE(h->dma_active) ? "possible" : "stopped",
		   READ_ONCE(h->stale_networks) ? "networks of a dead program" : "clean");
}

static void show_mailbox(struct seq_file *m, struct h8l_device *h)
{
	struct h8l_mailbox *mbox = &h->mbox;

	seq_printf(m, "mailbox: %s%s\n", mutex_is_locked(&mbox->lock) ? "busy" : "idle",
		   READ_ONCE(mbox->owed) ? ", an answer is owed" : "");
	seq_printf(m, "controls: %llu, failed %llu", READ_ONCE(mbox->controls),
		   READ_ONCE(mbox->failed));
	if (READ_ONCE(mbox->failed))
		seq_printf(m, ", the last with opcode 0x%02x: %d, status 0x%x",
			   READ_ONCE(mbox->failed_op), READ_ONCE(mbox->failed_err),
			   READ_ONCE(mbox->failed_status));
	seq_printf(m, "\nnotifications: %llu\n", READ_ONCE(mbox->event_seq));
}

static void show_channel(struct seq_file *m, const struct h8l_channel *ch)
{
	seq_printf(m, "channel %u: %s, submitted %u done %u reported %u, available %u processed %u, errors %u",
		   ch->index, ch->owner ? "enabled" : "free", ch->head, ch->done, ch->tail,
		   ch->num_avail, ch->num_proc, ch->errors);
	if (ch->list)
		seq_printf(m, ", list of %u x %u", ch->list->ring.count, ch->list->ring.page);
	seq_putc(m, '\n');
}

static void show_channels(struct seq_file *m, struct h8l_device *h)
{
	unsigned long flags;
	int i;

	for (i = 0; i < HW_VDMA_CHANNELS; i++) {
		const struct h8l_channel *ch = &h->channel[i];

		spin_lock_irqsave(&h->irq_lock, flags);
		if (ch->owner || ch->errors)
			show_channel(m, ch);
		spin_unlock_irqrestore(&h->irq_lock, flags);
	}
}

static void show_files(struct seq_file *m, struct h8l_device *h)
{
	struct h8l_file *f;

	mutex_lock(&h->files_lock);
	list_for_each_entry(f, &h->files, node)
		seq_printf(m, "file: opened by %d, channels 0x%08x, controls %llu, waits %llu, events to read %llu\n",
			   pid_vnr(f->opener), READ_ONCE(f->channels),
			   READ_ONCE(f->usage.controls), READ_ONCE(f->usage.waits),
			   READ_ONCE(h->mbox.event_seq) - READ_ONCE(f->event_seq));
	mutex_unlock(&h->files_lock);
}

static int state_show(struct seq_file *m, void *unused)
{
	struct h8l_device *h = m->private;

	show_device(m, h);
	show_mailbox(m, h);
	h8l_share_show(m, h);
	show_files(m, h);
	show_channels(m, h);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(state);

/* Works without debugfs: then there is none. */
void h8l_debugfs_add(struct h8l_device *h)
{
	h->debugfs = debugfs_create_dir(pci_name(h->pdev), root);
	debugfs_create_file("state", 0400, h->debugfs, h, &state_fops);
}

void h8l_debugfs_remove(struct h8l_device *h)
{
	debugfs_remove(h->debugfs);
}

void h8l_debugfs_init(void)
{
	root = debugfs_create_dir(H8L_DRIVER_NAME, NULL);
}

void h8l_debugfs_exit(void)
{
	debugfs_remove(root);
}
