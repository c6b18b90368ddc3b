// SPDX-License-Identifier: GPL-2.0-only
/*
 * vDMA channels: who has them, launching transfers, noticing their end.
 *
 * Firmware starts and stops the channels. The host writes one register of a
 * channel, num_available, and knows its value without reading it. That the
 * channel runs is checked when something has happened that may have stopped
 * it: h8l_device.epoch counts such events.
 */
#include <linux/delay.h>
#include <linux/ktime.h>
#include <linux/log2.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "hailo8l.h"
#include "trace.h"

#define H2D_CHANNELS (BIT(HW_VDMA_FIRST_D2H) - 1)
#define SLOT(ch, n) (&(ch)->ring[(n) % HAILO8L_MAX_ONGOING])

/* A network that is silent from one tick to the next is looked at. */
#define TICK		(HZ / 4)

/* After so many ticks without progress the firmware is asked whether it lives. */
#define SILENT_TICKS	8

/* No network takes so long for a frame whose input it has. */
#define STILL_MS	5000

static void watch(struct work_struct *work);

static void __iomem *host_half(struct h8l_device *h, const struct h8l_channel *ch)
{
	return h->vdma + HW_VDMA_HOST_HALF(ch->index);
}

static enum dma_data_direction direction(const struct h8l_channel *ch)
{
	return ch->index < HW_VDMA_FIRST_D2H ? DMA_TO_DEVICE : DMA_FROM_DEVICE;
}

static u32 ring_mask(const struct h8l_channel *ch)
{
	return ch->list->ring.count - 1;
}

void h8l_vdma_init(struct h8l_device *h)
{
	int i;

	for (i = 0; i < HW_VDMA_CHANNELS; i++)
		h->channel[i].index = i;
	INIT_DELAYED_WORK(&h->watch, watch);
}

void h8l_vdma_exit(struct h8l_device *h)
{
	int i;

	for (i = 0; i < HW_VDMA_CHANNELS; i++) {
		kvfree(h->channel[i].ring);
		kvfree(h->channel[i].stamps);
	}
}

/* Something may have stopped channels: look before the next launch. */
void h8l_vdma_doubt(struct h8l_device *h)
{
	unsigned long flags;

	spin_lock_irqsave(&h->irq_lock, flags);
	WRITE_ONCE(h->epoch, h->epoch + 1);
	spin_unlock_irqrestore(&h->irq_lock, flags);
}

/* Also while firmware has it paused: another context runs, frames may be queued. */
static bool running(u32 control)
{
	return control & HW_VDMA_CTRL_START;
}

/* --- completion ------------------------------------------------------- */

static void stamp(struct h8l_channel *ch, u32 proc)
{
	struct h8l_stamps *s = ch->stamps;

	/* One slot stays free, and the newest is dropped when it is full. */
	if (!ch->measure || s->head - s->tail >= HAILO8L_MAX_TIMESTAMPS - 1)
		return;
	s->stamp[s->head % HAILO8L_MAX_TIMESTAMPS] = (struct hailo8l_timestamp) {
		.ns = ktime_get_ns(),
		.num_processed = proc,
	};
	s->head++;
}

static bool is_complete(const struct h8l_channel *ch, const struct h8l_transfer *t, u32 proc)
{
	return proc == ch->num_avail || h8l_desc_in(ch->num_proc, proc, t->last);
}

/* The chip writes a status back on errors, and always when debugging. */
static bool went_wrong(const struct h8l_channel *ch, const struct h8l_transfer *t)
{
	u8 status = h8l_desc_status(&ch->list->ring, t->last);

	return status & HW_DESC_STATUS_ERROR || (t->debug && !(status & HW_DESC_STATUS_DONE));
}

static void give_verdict(struct h8l_channel *ch, u8 verdict)
{
	ch->verdict = verdict;
	ch->errors++;
}

static bool advance(struct h8l_device *h, struct h8l_channel *ch, u32 proc)
{
	u32 before = ch->done;

	while (ch->done != ch->head) {
		const struct h8l_transfer *t = SLOT(ch, ch->done);

		if (!is_complete(ch, t, proc))
			break;
		if (went_wrong(ch, t))
			give_verdict(ch, HAILO8L_IRQ_DATA_ERROR);
		ch->num_proc = (t->last + 1) & ring_mask(ch);
		ch->done++;
		trace_hailo8l_complete(h->index, ch->index, t->last, ch->done);
	}
	return ch->done != before;
}

/* An interrupt without progress: an error, or one that was served before. */
static void diagnose(struct h8l_device *h, struct h8l_channel *ch)
{
	u32 control = ioread32(host_half(h, ch) + HW_VDMA_REG_CONTROL);

	/* No chip any more is for those to find out who can sleep. */
	if (control == U32_MAX)
		return;
	if (!running(control))
		give_verdict(ch, HAILO8L_IRQ_DATA_NOT_ACTIVE);
	else if (ioread8(host_half(h, ch) + HW_VDMA_REG_ERROR))
		give_verdict(ch, HAILO8L_IRQ_DATA_ERROR);
}

static void channel_irq(struct h8l_device *h, struct h8l_channel *ch)
{
	u32 proc;

	if (!ch->owner || !ch->list)
		return;
	proc = ioread32(host_half(h, ch) + HW_VDMA_REG_NUM_PROC);
	/* A place in a list of 65536, or no chip at all: nothing is complete. */
	if (proc == U32_MAX && ioread32(host_half(h, ch) + HW_VDMA_REG_CONTROL) == U32_MAX)
		return;
	/* Reads 1 to count where the index is meant, see hardware.md 10.5. */
	proc &= U16_MAX & ring_mask(ch);
	stamp(ch, proc);
	if (!advance(h, ch, proc) && proc == ch->seen && ch->done != ch->head)
		diagnose(h, ch);
	ch->seen = proc;
	if (ch->done == ch->tail && !ch->verdict)
		return;
	WRITE_ONCE(ch->owner->silent, 0);
	wake_up_all(&ch->owner->wait);
}

/* In the interrupt handler, or when polling. */
void h8l_vdma_irq(struct h8l_device *h, u32 channels)
{
	unsigned long flags, bits = channels;
	int i;

	spin_lock_irqsave(&h->irq_lock, flags);
	for_each_set_bit(i, &bits, HW_VDMA_CHANNELS)
		channel_irq(h, &h->channel[i]);
	spin_unlock_irqrestore(&h->irq_lock, flags);
}

/* All channels were stopped: tell those who wait for them. */
void h8l_vdma_stopped(struct h8l_device *h)
{
	unsigned long flags;
	int i;

	spin_lock_irqsave(&h->irq_lock, flags);
	WRITE_ONCE(h->epoch, h->epoch + 1);
	for (i = 0; i < HW_VDMA_CHANNELS; i++) {
		struct h8l_channel *ch = &h->channel[i];

		if (!ch->owner)
			continue;
		ch->verdict = HAILO8L_IRQ_DATA_NOT_ACTIVE;
		wake_up_all(&ch->owner->wait);
	}
	spin_unlock_irqrestore(&h->irq_lock, flags);
}

/* --- stopping by register ----------------------------------------------- */

static bool is_idle(struct h8l_device *h, const struct h8l_channel *ch)
{
	u32 v = ioread32(host_half(h, ch) + HW_VDMA_REG_NUM_PROC);

	return (v & U16_MAX) == v >> 16;
}

static bool abort_channel(struct h8l_device *h, const struct h8l_channel *ch)
{
	void __iomem *control = host_half(h, ch) + HW_VDMA_REG_CONTROL;
	u32 v = ioread32(control);
	int tries = 100;

	if (v == U32_MAX)
		return false;
	if (!(v & HW_VDMA_CTRL_START))
		return true;
	iowrite32(v | HW_VDMA_CTRL_START | HW_VDMA_CTRL_PAUSE, control);
	while (!is_idle(h, ch) && --tries)
		usleep_range(10, 20);
	iowrite32(v & ~HW_VDMA_CTRL_MASK, control);
	return !(ioread32(control) & HW_VDMA_CTRL_START);
}

/* Stop the host half of every channel. False if one may still run. */
bool h8l_vdma_abort(struct h8l_device *h)
{
	bool all = true;
	int i;

	for (i = 0; i < HW_VDMA_CHANNELS; i++)
		all &= abort_channel(h, &h->channel[i]);
	return all;
}

/* --- ownership ------------------------------------------------------------ */

static int alloc_rings(struct h8l_device *h, unsigned long bits, bool measure)
{
	struct h8l_channel *ch;
	int i, err = 0;

	mutex_lock(&h->mem_lock);
	for_each_set_bit(i, &bits, HW_VDMA_CHANNELS) {
		ch = &h->channel[i];
		if (!ch->ring)
			ch->ring = kvcalloc(HAILO8L_MAX_ONGOING, sizeof(*ch->ring), GFP_KERNEL);
		if (!ch->stamps && measure)
			ch->stamps = kvzalloc(sizeof(*ch->stamps), GFP_KERNEL);
		if (!ch->ring || (measure && !ch->stamps))
			err = -ENOMEM;
	}
	mutex_unlock(&h->mem_lock);
	return err;
}

static void reset_channel(struct h8l_channel *ch)
{
	ch->list = NULL;
	ch->head = 0;
	ch->done = 0;
	ch->tail = 0;
	ch->unreported = 0;
	ch->num_avail = 0;
	ch->num_proc = 0;
	ch->seen = 0;
	ch->verdict = 0;
}

static void take_channel(struct h8l_file *f, struct h8l_channel *ch, bool measure)
{
	reset_channel(ch);
	ch->owner = f;
	ch->generation++;
	ch->epoch = f->h->epoch - 1;	/* not looked at yet */
	ch->measure = measure;
	if (measure)
		ch->stamps->tail = ch->stamps->head;
}

static int enable_channels(struct h8l_file *f, unsigned long bits, bool measure)
{
	struct h8l_device *h = f->h;
	int err = alloc_rings(h, bits, measure);
	unsigned long flags;
	int i;

	if (err)
		return err;
	spin_lock_irqsave(&h->irq_lock, flags);
	for_each_set_bit(i, &bits, HW_VDMA_CHANNELS)
		if (h->channel[i].owner)
			err = -EINVAL;
	if (!err) {
		for_each_set_bit(i, &bits, HW_VDMA_CHANNELS)
			take_channel(f, &h->channel[i], measure);
		WRITE_ONCE(f->channels, f->channels | bits);
		WRITE_ONCE(f->silent, 0);
	}
	spin_unlock_irqrestore(&h->irq_lock, flags);
	return err;
}

static void put_pieces(struct h8l_transfer *t)
{
	int i;

	for (i = 0; i < t->npieces; i++)
		h8l_mapping_put(t->piece[i].map);
	t->npieces = 0;
}

/*
 * The chip may still be running the channel. What it can reach stays: the
 * list holds it, and is itself held until the chip has stopped.
 */
static void free_channel(struct h8l_file *f, struct h8l_channel *ch)
{
	struct h8l_device *h = f->h;
	struct h8l_list *list;
	unsigned long flags;
	u32 n;

	spin_lock_irqsave(&h->irq_lock, flags);
	list = ch->list;
	ch->list = NULL;
	spin_unlock_irqrestore(&h->irq_lock, flags);

	for (n = ch->tail; n != ch->head; n++)
		put_pieces(SLOT(ch, n));
	if (list) {
		list->channel = NULL;
		h8l_list_put(list);
	}

	spin_lock_irqsave(&h->irq_lock, flags);
	reset_channel(ch);
	ch->owner = NULL;
	WRITE_ONCE(f->channels, f->channels & ~BIT(ch->index));
	spin_unlock_irqrestore(&h->irq_lock, flags);
}

/* Has any file channels? */
bool h8l_vdma_any(struct h8l_device *h)
{
	unsigned long flags;
	bool any = false;
	int i;

	spin_lock_irqsave(&h->irq_lock, flags);
	for (i = 0; i < HW_VDMA_CHANNELS; i++)
		any = any || h->channel[i].owner;
	spin_unlock_irqrestore(&h->irq_lock, flags);
	return any;
}

static void start_watch(struct h8l_device *h)
{
	/* Not while the system sleeps. */
	queue_delayed_work(system_freezable_wq, &h->watch, TICK);
}

/* Give up some of a file's channels. Inside the gate, under its lock. */
void h8l_vdma_release(struct h8l_file *f, u32 channels)
{
	unsigned long bits = channels & f->channels;
	int i;

	for_each_set_bit(i, &bits, HW_VDMA_CHANNELS)
		free_channel(f, &f->h->channel[i]);
	wake_up_all(&f->wait);
}

int h8l_ioctl_enable_channels(struct h8l_file *f, void __user *arg)
{
	struct hailo8l_enable_channels a;
	int err;

	if (copy_from_user(&a, arg, sizeof(a)))
		return -EFAULT;
	err = h8l_enter(f->h);
	if (err)
		return err;
	mutex_lock(&f->lock);
	err = enable_channels(f, a.bitmap[0], a.enable_timestamps);
	mutex_unlock(&f->lock);
	if (!err)
		start_watch(f->h);
	h8l_leave(f->h);
	return err;
}

int h8l_ioctl_disable_channels(struct h8l_file *f, void __user *arg)
{
	struct hailo8l_disable_channels a;
	int err;

	if (copy_from_user(&a, arg, sizeof(a)))
		return -EFAULT;
	err = h8l_enter(f->h);
	if (err)
		return err;
	mutex_lock(&f->lock);
	h8l_vdma_release(f, a.bitmap[0]);
	mutex_unlock(&f->lock);
	h8l_leave(f->h);
	return 0;
}

/* --- launching -------------------------------------------------------------- */

struct launch {
	struct h8l_channel *ch;
	struct h8l_list *list;
	u32 start, descs;
	bool bind, debug;
	u8 first_irq, last_irq;
	u64 bytes;
	u8 npieces;
	struct h8l_piece piece[HAILO8L_MAX_LAUNCH_BUFFERS];
};

static int check_launch(const struct hailo8l_launch_transfer *a)
{
	if (a->engine || a->channel >= HW_VDMA_CHANNELS)
		return -EINVAL;
	if (!a->buffers_count || a->buffers_count > HAILO8L_MAX_LAUNCH_BUFFERS)
		return -EINVAL;
	if ((a->first_interrupts_domain | a->last_interrupts_domain) &
	    ~(HAILO8L_IRQ_DEVICE | HAILO8L_IRQ_HOST))
		return -EINVAL;
	return 0;
}

static void get_span(const struct h8l_piece *piece, struct h8l_span *span)
{
	*span = (struct h8l_span) {
		.chunks = piece->map->chunks,
		.nchunks = piece->map->nchunks,
		.offset = piece->offset,
		.size = piece->size,
	};
}

static int find_piece(struct h8l_file *f, const struct hailo8l_launch_buffer *b,
		      struct launch *l, struct h8l_piece *piece)
{
	struct h8l_span span;

	if (b->type > HAILO8L_BUFFER_DMABUF)
		return -EFAULT;
	if (!b->size)
		return -EINVAL;
	piece->map = h8l_mapping_lookup(f, b, direction(l->ch));
	if (!piece->map)
		return -EFAULT;
	piece->offset = piece->map->by_fd ? 0 : b->addr_or_fd - piece->map->addr;
	piece->size = b->size;
	l->bytes += b->size;
	l->descs += h8l_desc_needed(b->size, l->list->ring.page);
	if (l->descs >= l->list->ring.count)
		return -ERANGE;
	if (!l->bind)
		return 0;
	get_span(piece, &span);
	return h8l_desc_check_span(&l->list->ring, &span);
}

static int find_pieces(struct h8l_file *f, const struct hailo8l_launch_transfer *a,
		       struct launch *l)
{
	int i, err = 0;

	l->npieces = a->buffers_count;
	for (i = 0; i < l->npieces && !err; i++)
		err = find_piece(f, &a->buffers[i], l, &l->piece[i]);
	return err;
}

/* Has the channel still room, in descriptors and in transfers? */
static int check_room(struct h8l_device *h, const struct launch *l)
{
	struct h8l_channel *ch = l->ch;
	unsigned long flags;
	u32 used;
	int err = 0;

	spin_lock_irqsave(&h->irq_lock, flags);
	used = ch->list ? (ch->num_avail - ch->num_proc) & ring_mask(ch) : 0;
	if (l->start != ch->num_avail)
		err = -EFAULT;
	if (ch->head - ch->tail >= HAILO8L_MAX_ONGOING - 1)
		err = -EFAULT;
	if (used + l->descs >= l->list->ring.count)
		err = -EFAULT;
	spin_unlock_irqrestore(&h->irq_lock, flags);
	return err;
}

static int check_list(struct launch *l)
{
	struct h8l_list *list = l->list;

	if (!is_power_of_2(list->ring.count))
		return -EINVAL;
	if ((l->ch->list && l->ch->list != list) || (list->channel && list->channel != l->ch))
		return -EINVAL;
	if (direction(l->ch) == DMA_FROM_DEVICE && list->read_only)
		return -EFAULT;
	return l->start < list->ring.count ? 0 : -EFAULT;
}

/*
 * Does firmware run this channel, from where we think it is? Asked once after
 * each event that may have changed it.
 */
static int check_running(struct h8l_device *h, struct h8l_channel *ch)
{
	u32 epoch = READ_ONCE(h->epoch);
	u32 control;

	if (ch->epoch == epoch)
		return 0;
	control = ioread32(host_half(h, ch) + HW_VDMA_REG_CONTROL);
	if (!running(control) || control == U32_MAX)
		return -ECONNRESET;
	if (control >> HW_VDMA_NUM_AVAIL_SHIFT != ch->num_avail)
		return -EFAULT;
	ch->epoch = epoch;
	return 0;
}

/* Everything that can be wrong, before anything is changed. */
static int prepare(struct h8l_file *f, const struct hailo8l_launch_transfer *a, struct launch *l)
{
	struct h8l_device *h = f->h;
	int err;

	l->ch = &h->channel[a->channel];
	l->start = a->starting_desc;
	l->bind = a->should_bind;
	l->debug = a->is_debug;
	l->first_irq = h8l_desc_irq(a->first_interrupts_domain, l->debug);
	l->last_irq = h8l_desc_irq(a->last_interrupts_domain, l->debug);
	l->list = h8l_list_find(f, a->desc_handle);
	if (!l->list)
		return -EFAULT;
	err = find_pieces(f, a, l);
	if (err)
		return err;
	/* A channel that was given up looks as if it had been stopped. */
	if (!(f->channels & BIT(a->channel)))
		return -ECONNRESET;
	err = check_list(l) ?: check_room(h, l) ?: check_running(h, l->ch);
	if (err)
		return err;
	if (!l->bind && !h8l_list_bound(l->list, l->start, l->descs))
		return -EFAULT;
	return 0;
}

/* Returns the index of the last descriptor, or an error. */
static int write_descs(struct launch *l)
{
	struct h8l_ring *ring = &l->list->ring;
	u32 start = l->start, last = start;
	int i, err;

	for (i = 0; i < l->npieces; i++) {
		struct h8l_piece *piece = &l->piece[i];
		u32 descs = h8l_desc_needed(piece->size, ring->page);
		struct h8l_span span;

		if (l->bind) {
			err = h8l_list_bind(l->list, start, descs, piece->map);
			if (err)
				return err;
			get_span(piece, &span);
			h8l_desc_bind(ring, start, &span);
		}
		last = h8l_desc_frame(ring, start, piece->size,
				      i == l->npieces - 1 ? l->last_irq : 0);
		start = h8l_desc_next(ring, start, descs);
	}
	if (l->first_irq)
		h8l_desc_request_irq(ring, l->start, l->first_irq);
	h8l_desc_clear_status(ring, last);
	return last;
}

static void attach_list(struct h8l_channel *ch, struct h8l_list *list)
{
	if (ch->list)
		return;
	kref_get(&list->ref);
	list->channel = ch;
	list->launched = true;
	list->written |= direction(ch) == DMA_FROM_DEVICE;
	ch->list = list;
}

static void push(struct h8l_device *h, const struct launch *l, u32 last)
{
	struct h8l_channel *ch = l->ch;
	struct h8l_transfer *t = SLOT(ch, ch->head);
	unsigned long flags;
	int i;

	t->last = last;
	t->debug = l->debug;
	t->npieces = l->npieces;
	for (i = 0; i < l->npieces; i++) {
		t->piece[i] = l->piece[i];
		kref_get(&t->piece[i].map->ref);
		h8l_mapping_sync(t->piece[i].map, t->piece[i].offset, t->piece[i].size, false);
	}
	spin_lock_irqsave(&h->irq_lock, flags);
	attach_list(ch, l->list);
	ch->head++;
	ch->num_avail = (last + 1) & ring_mask(ch);
	/*
	 * Sixteen bits, because firmware may be writing the other half of
	 * this word. Ordered after the descriptors by the accessor.
	 */
	iowrite16(ch->num_avail, host_half(h, ch) + HW_VDMA_REG_NUM_AVAIL);
	spin_unlock_irqrestore(&h->irq_lock, flags);
	trace_hailo8l_submit(h->index, ch->index, l->start, l->descs, l->bytes);
}

static void account(struct h8l_file *f, const struct launch *l)
{
	bool d2h = direction(l->ch) == DMA_FROM_DEVICE;

	f->usage.submitted[d2h]++;
	f->usage.bytes[d2h] += l->bytes;
}

static int launch(struct h8l_file *f, const struct hailo8l_launch_transfer *a)
{
	struct launch l = { };
	int last, err;

	lockdep_assert_held(&f->lock);
	err = prepare(f, a, &l);
	if (err)
		return err;
	last = write_descs(&l);
	if (last < 0)
		return last;
	push(f->h, &l, last);
	account(f, &l);
	return l.descs;
}

int h8l_ioctl_launch(struct h8l_file *f, void __user *arg)
{
	struct hailo8l_launch_transfer a;
	int ret;

	if (copy_from_user(&a, arg, sizeof(a)))
		return -EFAULT;
	ret = check_launch(&a);
	if (ret)
		return ret;
	ret = h8l_enter(f->h);
	if (ret)
		return ret;
	mutex_lock(&f->lock);
	ret = launch(f, &a);
	mutex_unlock(&f->lock);
	h8l_leave(f->h);
	return ret;
}

/* --- waiting ------------------------------------------------------------------ */

static bool has_news(const struct h8l_channel *ch)
{
	return ch->done != ch->tail || ch->unreported || ch->verdict;
}

/* Is there something to report on these channels, or no right to wait? */
bool h8l_vdma_ready(struct h8l_file *f, u32 channels)
{
	struct h8l_device *h = f->h;
	unsigned long flags, bits = channels;
	bool ready;
	int i;

	spin_lock_irqsave(&h->irq_lock, flags);
	ready = channels & ~f->channels;
	for_each_set_bit(i, &bits, HW_VDMA_CHANNELS)
		ready = ready || has_news(&h->channel[i]);
	spin_unlock_irqrestore(&h->irq_lock, flags);
	return ready;
}

static bool pop_done(struct h8l_device *h, struct h8l_channel *ch)
{
	struct h8l_transfer *t = SLOT(ch, ch->tail);
	unsigned long flags;
	bool any;
	int i;

	spin_lock_irqsave(&h->irq_lock, flags);
	any = ch->tail != ch->done;
	spin_unlock_irqrestore(&h->irq_lock, flags);
	if (!any)
		return false;
	for (i = 0; i < t->npieces; i++)
		h8l_mapping_sync(t->piece[i].map, t->piece[i].offset, t->piece[i].size, true);
	put_pieces(t);
	spin_lock_irqsave(&h->irq_lock, flags);
	ch->tail++;
	spin_unlock_irqrestore(&h->irq_lock, flags);
	return true;
}

/* False if there was nothing to report. */
static bool report_channel(struct h8l_file *f, struct h8l_channel *ch,
			   struct hailo8l_irq_data *data)
{
	struct h8l_device *h = f->h;
	unsigned long flags;
	u8 verdict;
	u32 n = 0;

	if (!h8l_vdma_ready(f, BIT(ch->index)))
		return false;
	while (pop_done(h, ch))
		n++;
	f->usage.completed[direction(ch) == DMA_FROM_DEVICE] += n;
	spin_lock_irqsave(&h->irq_lock, flags);
	n += ch->unreported;
	ch->unreported = 0;
	verdict = ch->verdict;
	ch->verdict = 0;
	spin_unlock_irqrestore(&h->irq_lock, flags);
	data->engine = 0;
	data->channel = ch->index;
	data->data = verdict ?: min_t(u32, n, HAILO8L_IRQ_DATA_MAX_COMPLETED);
	return true;
}

static void report(struct h8l_file *f, struct hailo8l_interrupts_wait *a)
{
	unsigned long bits = a->bitmap[0] & f->channels;
	int i;

	lockdep_assert_held(&f->lock);
	for_each_set_bit(i, &bits, HW_VDMA_CHANNELS)
		a->channels_count += report_channel(f, &f->h->channel[i],
						    &a->irq_data[a->channels_count]);
}

/* The user never saw it: say it again at the next wait. */
static void take_back(struct h8l_file *f, const struct hailo8l_interrupts_wait *a)
{
	struct h8l_device *h = f->h;
	unsigned long flags;
	int i;

	spin_lock_irqsave(&h->irq_lock, flags);
	for (i = 0; i < a->channels_count; i++) {
		struct h8l_channel *ch = &h->channel[a->irq_data[i].channel];
		u8 data = a->irq_data[i].data;

		if (ch->owner != f)
			continue;
		if (data > HAILO8L_IRQ_DATA_MAX_COMPLETED)
			ch->verdict = data;
		else
			ch->unreported += data;
	}
	spin_unlock_irqrestore(&h->irq_lock, flags);
}

/* Of one file: @quiet have something to do and nothing that was not fetched yet */
struct activity {
	u32 used;
	u32 quiet;
};

static struct activity activity_of(struct h8l_file *f)
{
	struct h8l_device *h = f->h;
	struct activity a = { };
	unsigned long flags, bits;
	int i;

	spin_lock_irqsave(&h->irq_lock, flags);
	bits = f->channels;
	for_each_set_bit(i, &bits, HW_VDMA_CHANNELS) {
		const struct h8l_channel *ch = &h->channel[i];

		a.used |= ch->list ? BIT(i) : 0;
		a.quiet |= ch->done != ch->head && !has_news(ch) ? BIT(i) : 0;
	}
	spin_unlock_irqrestore(&h->irq_lock, flags);
	return a;
}

/* Nothing is missing: all channels that it uses have something to do. */
static bool has_all_it_needs(const struct activity *a)
{
	return a->used == a->quiet && a->used & H2D_CHANNELS && a->used & ~H2D_CHANNELS;
}

/* What one tick found, over all files */
struct silence {
	u32 channels;			/* to look at */
	bool doubt;
	bool still;
};

/* It may wait for its input; or its firmware hangs; or a channel does. */
static void note_silence(struct h8l_file *f, struct silence *s)
{
	struct activity a = activity_of(f);

	if (!a.quiet) {
		WRITE_ONCE(f->silent, 0);
		return;
	}
	if (!READ_ONCE(f->silent))
		f->silent_since = jiffies;
	WRITE_ONCE(f->silent, READ_ONCE(f->silent) + 1);
	if (READ_ONCE(f->silent) == 1)
		return;
	s->channels |= a.quiet;
	s->doubt |= READ_ONCE(f->silent) % SILENT_TICKS == 0;
	s->still |= time_after(jiffies, f->silent_since + msecs_to_jiffies(STILL_MS)) &&
		has_all_it_needs(&a);
}

/*
 * Nothing came for a while. Neither a lost interrupt nor a channel that fails
 * in silence must hang a program, however it waits. Inside the gate.
 */
static void look_at_channels(struct h8l_device *h)
{
	struct silence s = { };
	struct h8l_file *f;

	mutex_lock(&h->files_lock);
	list_for_each_entry(f, &h->files, node)
		note_silence(f, &s);
	mutex_unlock(&h->files_lock);
	if (!s.channels || !h8l_present(h))
		return;
	h8l_irq_look(h);
	h8l_vdma_irq(h, s.channels);
	if (s.doubt)
		h8l_doubt(h, "a network stood still");
	if (s.still)
		h8l_stand_still(h);
}

/* Enabled channels keep the chip awake. A chip that is being reset is left alone. */
static void watch(struct work_struct *work)
{
	struct h8l_device *h = container_of(work, struct h8l_device, watch.work);

	if (down_read_trylock(&h->gate)) {
		if (h8l_usable(h))
			look_at_channels(h);
		up_read(&h->gate);
	}
	if (h8l_vdma_any(h))
		start_watch(h);
}

static int wait_for_news(struct h8l_file *f, u32 channels)
{
	struct h8l_device *h = f->h;

	if (wait_event_interruptible(f->wait, h8l_vdma_ready(f, channels) || h8l_is_gone(h)))
		return -ERESTARTSYS;
	return h8l_is_gone(h) ? -ENODEV : 0;
}

int h8l_ioctl_wait(struct h8l_file *f, void __user *arg)
{
	struct hailo8l_interrupts_wait a;
	int err;

	if (copy_from_user(&a, arg, sizeof(a)))
		return -EFAULT;
	if (!a.bitmap[0])
		return -EINVAL;
	err = wait_for_news(f, a.bitmap[0]);
	if (err)
		return err;
	err = h8l_enter(f->h);
	if (err)
		return err;
	memset(a.irq_data, 0, sizeof(a.irq_data));
	a.channels_count = 0;
	mutex_lock(&f->lock);
	report(f, &a);
	WRITE_ONCE(f->usage.waits, f->usage.waits + !!a.channels_count);
	mutex_unlock(&f->lock);
	h8l_leave(f->h);
	if (!copy_to_user(arg, &a, sizeof(a)))
		return 0;
	take_back(f, &a);
	return -EFAULT;
}

/* Stamps stay in the ring until the user has them: see drop_stamps(). */
static void peek_stamps(struct h8l_file *f, struct hailo8l_read_timestamps *a, u32 *tail)
{
	struct h8l_channel *ch = &f->h->channel[a->channel];
	unsigned long flags;
	struct h8l_stamps *s;

	a->count = 0;
	spin_lock_irqsave(&f->h->irq_lock, flags);
	s = ch->stamps;
	if (ch->owner == f && s) {
		*tail = s->tail;
		while (s->tail + a->count != s->head) {
			a->timestamps[a->count] =
				s->stamp[(s->tail + a->count) % HAILO8L_MAX_TIMESTAMPS];
			a->count++;
		}
	}
	spin_unlock_irqrestore(&f->h->irq_lock, flags);
}

static void drop_stamps(struct h8l_file *f, const struct hailo8l_read_timestamps *a, u32 tail)
{
	struct h8l_channel *ch = &f->h->channel[a->channel];
	unsigned long flags;

	spin_lock_irqsave(&f->h->irq_lock, flags);
	if (ch->owner == f && a->count && ch->stamps->tail == tail)
		ch->stamps->tail += a->count;
	spin_unlock_irqrestore(&f->h->irq_lock, flags);
}

int h8l_ioctl_read_timestamps(struct h8l_file *f, void __user *arg)
{
	struct hailo8l_read_timestamps *a = kzalloc(sizeof(*a), GFP_KERNEL);
	u32 tail = 0;
	int err = 0;

	if (!a)
		return -ENOMEM;
	if (copy_from_user(a, arg, offsetof(struct hailo8l_read_timestamps, count)))
		err = -EFAULT;
	else if (a->engine || a->channel >= HW_VDMA_CHANNELS)
		err = -EINVAL;
	if (!err) {
		peek_stamps(f, a, &tail);
		if (copy_to_user(arg, a, sizeof(*a)))
			err = -EFAULT;
		else
			drop_stamps(f, a, tail);
	}
	kfree(a);
	return err;
}
