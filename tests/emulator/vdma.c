// SPDX-License-Identifier: MIT
/*
 * vDMA engine: hardware.md section 10.
 *
 * A list whose count is a power of two wraps around; any other is linear, and
 * ends (configuration lists, real-device.md 5.5). Descriptors are copied
 * once they are available, and neighbours that continue each other move in one
 * DMA.
 *
 * Unknown on the real chip, chosen here: the values of the error byte, and that
 * a channel stands still after an error until it is started again.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/emulator/chip.h"

#define ERROR_BUS		1	/* data or list could not be reached */
#define ERROR_DESCRIPTOR	2	/* descriptor makes no sense */
#define ERROR_FAULT		4	/* asked for by EMU_FAULT_DESC_ERROR */

#define REGS_SIZE		(HW_VDMA_CHANNELS * 0x20)
#define DEPTH_BITS		(HW_VDMA_DEPTH_MASK >> HW_VDMA_DEPTH_SHIFT)
#define UNKNOWN_CONTROL		0x80fcu	/* dword 0 bits that must stay 0 */

static unsigned int channel_number(const struct emu *emu, const struct vdma_channel *ch)
{
	return ch - emu->channel;
}

static struct vdma_channel *get_channel(struct emu *emu, unsigned int channel)
{
	return channel < HW_VDMA_CHANNELS ? &emu->channel[channel] : NULL;
}

static bool is_started(const struct vdma_channel *ch)
{
	return ch->control & HW_VDMA_CTRL_START;
}

static uint32_t available(const struct vdma_channel *ch)
{
	if (ch->control != HW_VDMA_CTRL_START)
		return 0;
	if (ch->linear)
		return ch->num_avail > ch->next ? ch->num_avail - ch->next : 0;
	return (ch->num_avail - ch->next) & (ch->count - 1);
}

/* ---- start and stop ---- */

static unsigned int log2_up(uint32_t count)
{
	unsigned int bits = 0;

	while (1u << bits < count)
		bits++;
	return bits;
}

static void forget_list(struct vdma_channel *ch)
{
	ch->fetched = 0;
	ch->scanned = 0;
	ch->scanned_bytes = 0;
	ch->scanned_end = false;
	ch->epoch++;
}

static void restart(struct vdma_channel *ch)
{
	forget_list(ch);
	ch->next = 0;
	ch->num_proc = 0;
	ch->error = 0;
}

static bool is_power_of_two(uint32_t value)
{
	return value && !(value & (value - 1));
}

static bool good_list(const struct vdma_list *list)
{
	return list->address % HW_VDMA_LIST_ALIGN == 0 && list->count >= HW_VDMA_MIN_DESCS &&
	       list->count <= HW_VDMA_MAX_DESCS && is_power_of_two(list->page_size) &&
	       list->page_size >= HW_DESC_PAGE_MIN && list->page_size <= HW_DESC_PAGE_MAX;
}

/* The chip reads wrongly when a descriptor is larger than a small maximum read
 * request: hardware.md 10.6 and 14 Q1. Here it reads well, and complains.
 */
static void check_read_request(struct emu *emu, const struct vdma_channel *ch)
{
	uint32_t limit = pci_max_read_request(emu);

	if (limit < 512 && ch->page_size > limit && channel_number(emu, ch) < HW_VDMA_FIRST_D2H)
		emu_violation(emu, "ch%u: pages of %u with a maximum read request of %u",
			      channel_number(emu, ch), ch->page_size, limit);
}

int vdma_start(struct emu *emu, unsigned int channel, const struct vdma_list *list)
{
	struct vdma_channel *ch = get_channel(emu, channel);

	if (!ch || !good_list(list))
		return -EINVAL;
	ch->address = list->address;
	ch->count = list->count;
	ch->page_size = list->page_size;
	ch->linear = !is_power_of_two(list->count);
	ch->depth = log2_up(list->count);
	ch->data_id = HW_VDMA_DATA_ID_HOST;
	ch->num_avail = 0;
	ch->device_control = HW_VDMA_CTRL_START;
	ch->control = HW_VDMA_CTRL_START;
	check_read_request(emu, ch);
	restart(ch);
	emu_trace(emu, "vdma", "ch%u start list 0x%llx count %u page %u", channel,
		  (unsigned long long)list->address, list->count, list->page_size);
	return 0;
}

static void abort_channel(struct emu *emu, struct vdma_channel *ch)
{
	if (is_started(ch))
		emu_trace(emu, "vdma", "ch%u abort", channel_number(emu, ch));
	ch->control = 0;
	ch->device_control = 0;
	forget_list(ch);
}

void vdma_abort(struct emu *emu, unsigned int channel)
{
	struct vdma_channel *ch = get_channel(emu, channel);

	if (ch)
		abort_channel(emu, ch);
}

void vdma_abort_all(struct emu *emu)
{
	for (unsigned int i = 0; i < HW_VDMA_CHANNELS; i++)
		abort_channel(emu, &emu->channel[i]);
}

void vdma_pause(struct emu *emu, unsigned int channel, bool pause)
{
	struct vdma_channel *ch = get_channel(emu, channel);

	if (!ch)
		return;
	emu_trace(emu, "vdma", "ch%u %s", channel, pause ? "pause" : "resume");
	if (pause)
		ch->control |= HW_VDMA_CTRL_PAUSE;
	else
		ch->control &= ~HW_VDMA_CTRL_PAUSE;
}

bool vdma_is_running(const struct emu *emu, unsigned int channel)
{
	return channel < HW_VDMA_CHANNELS && is_started(&emu->channel[channel]);
}

/* The list copies stay: emu_run() may be in the middle of one. */
void vdma_reset(struct emu *emu)
{
	for (unsigned int i = 0; i < HW_VDMA_CHANNELS; i++) {
		struct vdma_channel *ch = &emu->channel[i];
		struct vdma_channel empty = {
			.epoch = ch->epoch + 1,
			.list = ch->list,
			.list_size = ch->list_size,
		};

		*ch = empty;
	}
}

void vdma_free(struct emu *emu)
{
	for (unsigned int i = 0; i < HW_VDMA_CHANNELS; i++)
		free(emu->channel[i].list);
}

int vdma_advance(struct emu *emu, unsigned int channel, uint32_t n)
{
	struct vdma_channel *ch = get_channel(emu, channel);

	if (!ch || !is_started(ch))
		return -EINVAL;
	if (ch->linear) {
		if (n > ch->count - ch->num_avail)
			return -EINVAL;
		ch->num_avail += n;
	} else {
		uint32_t outstanding = (ch->num_avail - ch->next) & (ch->count - 1);

		if (n > ch->count - 1 - outstanding)
			return -EINVAL;
		ch->num_avail = (ch->num_avail + n) & (ch->count - 1);
	}
	emu_trace(emu, "vdma", "ch%u available %u", channel, ch->num_avail);
	return 0;
}

/* ---- descriptors ---- */

static uint32_t index_after(const struct vdma_channel *ch, uint32_t n)
{
	return ch->linear ? ch->next + n : (ch->next + n) & (ch->count - 1);
}

static const struct hw_vdma_desc *desc_at(const struct vdma_channel *ch, uint32_t n)
{
	return &ch->list[index_after(ch, n)];
}

static uint32_t desc_size(const struct hw_vdma_desc *desc)
{
	return desc->size_ctrl >> HW_DESC_SIZE_SHIFT;
}

static uint64_t desc_addr(const struct hw_vdma_desc *desc)
{
	return (uint64_t)desc->addr_high << 32 | (desc->addr_low & HW_DESC_ADDR_LOW_MASK);
}

static int grow_list(struct vdma_channel *ch)
{
	struct hw_vdma_desc *list;

	if (ch->list_size >= ch->count)
		return 0;
	list = realloc(ch->list, ch->count * sizeof(*list));
	if (!list)
		return -ENOMEM;
	ch->list = list;
	ch->list_size = ch->count;
	return 0;
}

static void note_fetch(struct emu *emu, struct vdma_channel *ch)
{
	emu->stats.channel[channel_number(emu, ch)].fetches++;
}

/* Copies what is available and not yet here. -EIO: out of reach; the channel
 * has the error. -ECANCELED: stopped by the host meanwhile.
 */
static int fetch(struct emu *emu, struct vdma_channel *ch)
{
	uint32_t wanted = available(ch);
	uint32_t epoch = ch->epoch;

	if (ch->fetched < wanted && grow_list(ch))
		return -EIO;
	while (ch->fetched < wanted) {
		uint32_t at = index_after(ch, ch->fetched);
		uint32_t n = wanted - ch->fetched;
		int error;

		if (n > ch->count - at)
			n = ch->count - at;
		note_fetch(emu, ch);
		error = dma_read(emu, ch->address + at * sizeof(*ch->list), &ch->list[at],
				 n * sizeof(*ch->list));
		if (ch->epoch != epoch)
			return -ECANCELED;
		if (error) {
			ch->error = ERROR_BUS;
			emu->stats.channel[channel_number(emu, ch)].errors++;
			return -EIO;
		}
		ch->fetched += n;
	}
	return 0;
}

static bool good_desc(struct emu *emu, const struct vdma_channel *ch,
		      const struct hw_vdma_desc *desc)
{
	const char *problem = NULL;

	if (!desc_size(desc))
		problem = "is empty";
	else if (ch->page_size && desc_size(desc) > ch->page_size)
		problem = "is larger than a page";
	else if (desc->addr_low & ~HW_DESC_ADDR_LOW_MASK)
		problem = "has a data id that is not the host's";
	if (problem)
		emu_violation(emu, "ch%u: descriptor %08x %08x %08x %s", channel_number(emu, ch),
			      desc->size_ctrl, desc->addr_low, desc->addr_high, problem);
	return !problem;
}

/* ---- moving data ---- */

struct span {
	uint64_t addr;
	size_t len;
	uint32_t descs;
	const struct hw_vdma_desc *last;
};

static bool needs_attention(const struct hw_vdma_desc *desc)
{
	return desc->size_ctrl & (HW_DESC_STATUS_REQ | HW_DESC_IRQ_PROCESSED);
}

/* The longest run of descriptors, at most `max`, that is one piece of memory,
 * fits in `room` and asks for nothing before its last.
 */
static void gather(const struct vdma_channel *ch, size_t room, uint32_t max, struct span *span)
{
	*span = (struct span){ .addr = desc_addr(desc_at(ch, 0)) };
	while (span->descs < ch->fetched && span->descs < max) {
		const struct hw_vdma_desc *desc = desc_at(ch, span->descs);
		uint32_t size = desc_size(desc);

		if (size > room - span->len || desc_addr(desc) != span->addr + span->len)
			return;
		/* A bad one is judged when it is the first. */
		if (span->descs && (!size || size > (ch->page_size ?: HW_DESC_SIZE_MAX) ||
				    desc->addr_low & ~HW_DESC_ADDR_LOW_MASK))
			return;
		span->len += size;
		span->descs++;
		span->last = desc;
		if (needs_attention(desc))
			return;
	}
}

static void write_status(struct emu *emu, struct vdma_channel *ch, uint32_t index,
			 uint32_t remaining, uint32_t status)
{
	uint32_t word = remaining << HW_DESC_SIZE_SHIFT | status;
	uint64_t addr = ch->address + index * sizeof(struct hw_vdma_desc) +
			offsetof(struct hw_vdma_desc, remaining_status);

	if (dma_write(emu, addr, &word, sizeof(word)))
		ch->error = ERROR_BUS;
}

/* Descriptor `next` cannot be done. */
static void fail(struct emu *emu, struct vdma_channel *ch, uint8_t error)
{
	struct hw_vdma_desc desc = *desc_at(ch, 0);
	uint32_t epoch = ch->epoch;

	ch->error = error;
	emu->stats.channel[channel_number(emu, ch)].errors++;
	emu_trace(emu, "vdma", "ch%u error %u at %u", channel_number(emu, ch), error, ch->next);
	if (desc.size_ctrl & (HW_DESC_STATUS_REQ | HW_DESC_STATUS_REQ_ERROR))
		write_status(emu, ch, ch->next, desc_size(&desc), HW_DESC_STATUS_ERROR);
	if (ch->epoch != epoch)
		return;
	if ((desc.size_ctrl & HW_DESC_IRQ_ERROR) && (desc.size_ctrl & HW_DESC_IRQ_HOST))
		irq_channel(emu, channel_number(emu, ch));
}

static void consume(struct vdma_channel *ch, const struct span *span)
{
	uint32_t end = ch->next + span->descs;

	/* Reported as last index + 1: `count`, not 0, at the wrap. */
	if (!ch->linear && end > ch->count)
		end -= ch->count;
	ch->num_proc = end;
	ch->next = index_after(ch, span->descs);
	ch->fetched -= span->descs;
	ch->scanned = 0;
	ch->scanned_bytes = 0;
	ch->scanned_end = false;
}

/* What the last descriptor of a span is told, or 0: it did not ask. */
static uint32_t status_of(uint32_t control, bool good)
{
	if (good)
		return control & HW_DESC_STATUS_REQ ? HW_DESC_STATUS_DONE : 0;
	return control & (HW_DESC_STATUS_REQ | HW_DESC_STATUS_REQ_ERROR) ? HW_DESC_STATUS_ERROR : 0;
}

/* The span is over: status, counters, interrupt, in this order. */
static int complete(struct emu *emu, struct vdma_channel *ch, const struct span *span, bool good)
{
	struct channel_stats *stats = &emu->stats.channel[channel_number(emu, ch)];
	uint32_t control = span->last->size_ctrl;
	uint32_t status = status_of(control, good);
	uint32_t epoch = ch->epoch;

	if (status)
		write_status(emu, ch, index_after(ch, span->descs - 1), 0, status);
	if (ch->epoch != epoch)
		return -ECANCELED;
	consume(ch, span);
	stats->bytes += span->len;
	stats->descriptors += span->descs;
	stats->errors += !good;
	if (!(control & HW_DESC_IRQ_PROCESSED))
		return 0;
	stats->transfers++;
	emu_trace(emu, "vdma", "ch%u processed %u", channel_number(emu, ch), ch->num_proc);
	if (control & HW_DESC_IRQ_HOST)
		irq_channel(emu, channel_number(emu, ch));
	return 0;
}

static int move_data(struct emu *emu, struct vdma_channel *ch, const struct span *span,
		     uint8_t *data)
{
	uint32_t epoch = ch->epoch;
	int error;

	if (channel_number(emu, ch) < HW_VDMA_FIRST_D2H)
		error = dma_read(emu, span->addr, data, span->len);
	else
		error = dma_write(emu, span->addr, data, span->len);
	return ch->epoch != epoch ? -ECANCELED : error;
}

static const struct emu_fault *transfer_fails(struct emu *emu, const struct vdma_channel *ch,
					      const struct span *span)
{
	const struct emu_fault *fault = NULL;

	if (span->last->size_ctrl & HW_DESC_IRQ_PROCESSED)
		emu_fault(emu, EMU_FAULT_DESC_ERROR, channel_number(emu, ch), &fault);
	return fault;
}

/* One span. Returns its bytes, 0 when the next descriptor is too large for
 * `room`, -EIO (channel has the error), -ECANCELED (stopped by the host).
 */
static ssize_t move_span(struct emu *emu, struct vdma_channel *ch, uint8_t *data, size_t room)
{
	const struct emu_fault *fault;
	struct span span;
	int error;

	if (!good_desc(emu, ch, desc_at(ch, 0))) {
		fail(emu, ch, ERROR_DESCRIPTOR);
		return -EIO;
	}
	gather(ch, room, UINT32_MAX, &span);
	if (!span.descs)
		return 0;
	error = move_data(emu, ch, &span, data);
	if (error == -EFAULT && span.descs > 1) {
		/* Get as far as the engine would. */
		gather(ch, room, 1, &span);
		error = move_data(emu, ch, &span, data);
	}
	if (error == -ECANCELED)
		return error;
	fault = error ? NULL : transfer_fails(emu, ch, &span);
	if (error || (fault && !fault->value2)) {
		fail(emu, ch, error ? ERROR_BUS : ERROR_FAULT);
		return -EIO;
	}
	error = complete(emu, ch, &span, !fault);
	return error ? error : (ssize_t)span.len;
}

static bool is_stuck(struct emu *emu, const struct vdma_channel *ch)
{
	unsigned int number = channel_number(emu, ch);
	const struct emu_fault *fault = fault_find(emu, EMU_FAULT_CHANNEL_STUCK, number);

	if (!fault || emu->stats.channel[number].transfers < fault->value)
		return false;
	if (!(emu->stuck & 1u << number))
		emu->stats.faults++;
	emu->stuck |= 1u << number;
	return true;
}

/* Descriptors ready to be moved: 0, or -EIO. */
static ssize_t prepare(struct emu *emu, struct vdma_channel *ch)
{
	int error;

	if (ch->error)
		return -EIO;
	if (!available(ch))
		return 0;
	error = fetch(emu, ch);
	if (error)
		return error == -ECANCELED ? 0 : error;
	return ch->fetched;
}

static ssize_t move(struct emu *emu, struct vdma_channel *ch, uint8_t *data, size_t len)
{
	ssize_t ready = prepare(emu, ch);
	size_t moved = 0;
	ssize_t n = 1;

	if (ready <= 0)
		return ready;
	while (n > 0 && moved < len && ch->fetched && available(ch) && !is_stuck(emu, ch)) {
		n = move_span(emu, ch, data + moved, len - moved);
		if (n > 0)
			moved += n;
	}
	if (moved || n == -ECANCELED || n > 0)
		return moved;
	return n ? n : -EPROTO;
}

ssize_t vdma_read(struct emu *emu, unsigned int channel, void *buf, size_t len)
{
	if (channel >= HW_VDMA_FIRST_D2H)
		return -EINVAL;
	return move(emu, &emu->channel[channel], buf, len);
}

ssize_t vdma_write(struct emu *emu, unsigned int channel, const void *buf, size_t len)
{
	if (channel < HW_VDMA_FIRST_D2H || channel >= HW_VDMA_CHANNELS)
		return -EINVAL;
	/* move() only reads from it on such a channel. */
	return move(emu, &emu->channel[channel], (uint8_t *)buf, len);
}

ssize_t vdma_transfer_bytes(struct emu *emu, unsigned int channel)
{
	struct vdma_channel *ch = get_channel(emu, channel);
	ssize_t ready;

	if (!ch)
		return -EINVAL;
	ready = prepare(emu, ch);
	if (ready <= 0)
		return ready;
	while (!ch->scanned_end && ch->scanned < ch->fetched) {
		const struct hw_vdma_desc *desc = desc_at(ch, ch->scanned++);

		ch->scanned_bytes += desc_size(desc);
		ch->scanned_end = (desc->size_ctrl & HW_DESC_IRQ_PROCESSED) &&
				  (desc->size_ctrl & HW_DESC_IRQ_HOST);
	}
	return ch->scanned_bytes;
}

/* ---- registers ---- */

static bool is_host_half(uint32_t offset)
{
	bool second = offset & HW_VDMA_DEST_HALF;

	return second == (offset / 0x20 >= HW_VDMA_FIRST_D2H);
}

static uint32_t host_control(const struct vdma_channel *ch)
{
	return ch->control | (uint32_t)ch->data_id << HW_VDMA_DATA_ID_SHIFT |
	       (ch->depth & DEPTH_BITS) << HW_VDMA_DEPTH_SHIFT |
	       (uint32_t)ch->num_avail << HW_VDMA_NUM_AVAIL_SHIFT;
}

static uint32_t host_read(const struct vdma_channel *ch, uint32_t reg)
{
	switch (reg) {
	case HW_VDMA_REG_CONTROL:
		return host_control(ch);
	case HW_VDMA_REG_ERROR:
		return ch->error | ((uint32_t)ch->address & 0xffff0000u);
	default:
		return ch->address >> 32;
	}
}

/* As dumped once on a real card: real-device.md 6.1. */
static uint32_t device_read(const struct vdma_channel *ch, uint32_t reg)
{
	if (reg != HW_VDMA_REG_CONTROL || !ch->device_control)
		return 0;
	return ch->device_control | HW_VDMA_DATA_ID_DEVICE << HW_VDMA_DATA_ID_SHIFT |
	       (ch->depth & DEPTH_BITS) << HW_VDMA_DEPTH_SHIFT |
	       (ch->count - 1) << HW_VDMA_NUM_AVAIL_SHIFT;
}

uint32_t vdma_reg_read(struct emu *emu, uint32_t offset)
{
	const struct vdma_channel *ch;
	uint32_t reg = offset % 0x10;

	if (offset >= REGS_SIZE) {
		emu_violation(emu, "BAR2 0x%03x read: no such register", offset);
		return 0;
	}
	ch = &emu->channel[offset / 0x20];
	/* Processed and ongoing read the same in both halves when idle, and
	 * the engine is idle whenever the host looks.
	 */
	if (reg == HW_VDMA_REG_NUM_PROC)
		return (uint32_t)ch->num_proc << 16 | ch->num_proc;
	return is_host_half(offset) ? host_read(ch, reg) : device_read(ch, reg);
}

static void host_set_avail(struct emu *emu, struct vdma_channel *ch, uint32_t avail)
{
	uint32_t limit = ch->linear ? ch->count : ch->count - 1;

	if (!is_started(ch)) {
		if (avail != ch->num_avail)
			emu_violation(emu, "ch%u: num_available %u on a stopped channel",
				      channel_number(emu, ch), avail);
		ch->num_avail = avail;
		return;
	}
	if (avail > limit) {
		emu_violation(emu, "ch%u: num_available %u beyond the list of %u",
			      channel_number(emu, ch), avail, ch->count);
		avail = ch->linear ? limit : avail & limit;
	}
	ch->num_avail = avail;
	emu->work = true;
}

static void host_set_mode(struct emu *emu, struct vdma_channel *ch, uint32_t value)
{
	uint8_t data_id = (value & HW_VDMA_DATA_ID_MASK) >> HW_VDMA_DATA_ID_SHIFT;
	uint8_t depth = (value & HW_VDMA_DEPTH_MASK) >> HW_VDMA_DEPTH_SHIFT;

	if (value & UNKNOWN_CONTROL)
		emu_violation(emu, "ch%u: unknown control bits 0x%08x", channel_number(emu, ch),
			      value);
	if (data_id == ch->data_id && depth == (ch->depth & DEPTH_BITS))
		return;
	if (is_started(ch)) {
		emu_violation(emu, "ch%u: depth or data id changed while it runs",
			      channel_number(emu, ch));
		return;
	}
	ch->data_id = data_id;
	ch->depth = depth;
}

/* Stop and start as hardware.md 10.3 has it, from the host. */
static void host_set_control(struct emu *emu, struct vdma_channel *ch, uint8_t control)
{
	bool was_started = is_started(ch);

	if (control == ch->control)
		return;
	if (is_started(ch) && emu_fault(emu, EMU_FAULT_DMA_NO_STOP, -1, NULL))
		return;
	emu_trace(emu, "vdma", "ch%u host control %u", channel_number(emu, ch), control);
	ch->control = control;
	emu->work = true;
	if (was_started && !is_started(ch)) {
		forget_list(ch);
	} else if (!was_started && is_started(ch)) {
		ch->count = (ch->depth & DEPTH_BITS) ? 1u << ch->depth : HW_VDMA_MAX_DESCS;
		ch->page_size = 0;
		ch->linear = false;
		restart(ch);
	}
}

static void host_set_address(struct emu *emu, struct vdma_channel *ch, uint64_t value,
			     uint64_t mask)
{
	uint64_t address = (ch->address & ~mask) | (value & mask);

	if (address == ch->address)
		return;
	if (is_started(ch))
		emu_violation(emu, "ch%u: list address changed while it runs",
			      channel_number(emu, ch));
	else
		ch->address = address;
}

static void host_write(struct emu *emu, struct vdma_channel *ch, uint32_t reg, uint32_t value,
		       uint32_t mask)
{
	uint32_t merged;

	switch (reg) {
	case HW_VDMA_REG_CONTROL:
		merged = (host_control(ch) & ~mask) | (value & mask);
		host_set_mode(emu, ch, merged);
		host_set_control(emu, ch, merged & HW_VDMA_CTRL_MASK);
		if (mask >> 16) {
			emu->stats.num_avail_writes++;
			host_set_avail(emu, ch, merged >> HW_VDMA_NUM_AVAIL_SHIFT);
		}
		break;
	case HW_VDMA_REG_ERROR:
		host_set_address(emu, ch, value, mask & 0xffff0000u);
		break;
	case HW_VDMA_REG_ADDR_HIGH:
		host_set_address(emu, ch, (uint64_t)value << 32, (uint64_t)mask << 32);
		break;
	default:
		emu_violation(emu, "ch%u: num_processed is read-only", channel_number(emu, ch));
	}
}

void vdma_reg_write(struct emu *emu, uint32_t offset, uint32_t value, uint32_t mask)
{
	if (offset >= REGS_SIZE)
		emu_violation(emu, "BAR2 0x%03x written: no such register", offset);
	else if (!is_host_half(offset))
		emu_violation(emu, "BAR2 0x%03x written: this half belongs to the firmware",
			      offset);
	else
		host_write(emu, &emu->channel[offset / 0x20], offset % 0x10, value, mask);
}
