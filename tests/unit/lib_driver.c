// SPDX-License-Identifier: MIT
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hw/context.h"
#include "hw/control.h"
#include "hw/vdma.h"
#include "lib/md5.h"
#include "tests/emulator/action_size.h"
#include "tests/unit/lib_driver.h"

#define NODE_FD 1000

static struct drv *self(const struct h8l_os *os)
{
	return os->ctx;
}

__attribute__((format(printf, 3, 4)))
static int violate(struct drv *drv, int err, const char *format, ...)
{
	va_list args;

	if (drv->violation[0])
		return err;
	va_start(args, format);
	vsnprintf(drv->violation, sizeof(drv->violation), format, args);
	va_end(args);
	return err;
}

/* ---- action lists ---- */

struct cursor {
	uint8_t *at;
	size_t left;
	bool old;			/* as firmware before 4.21 has them */
	uint8_t body[64];		/* then: one in today's layout */
};

static uint8_t *advance(struct cursor *c, size_t size)
{
	uint8_t *at = c->at;

	if (size > c->left)
		return NULL;
	c->at += size;
	c->left -= size;
	return at;
}

/* Before firmware 4.21 stream registers have one byte more, which must say that
 * the host has computed them.
 */
static uint8_t *old_body(struct cursor *c, uint8_t type)
{
	unsigned int registers = type == HW_ACTION_ACTIVATE_BOUNDARY_OUTPUT ||
				 type == HW_ACTION_ACTIVATE_INTER_INPUT ||
				 type == HW_ACTION_ACTIVATE_INTER_OUTPUT ? 3 : 2;
	unsigned int at = registers + HW_OLD_REG_BY_HOST_AT;
	const uint8_t *body = advance(c, action_size[type] + (size_t)1);

	if (!body || body[at] != 1)
		return NULL;
	memcpy(c->body, body, at);
	memcpy(c->body + at, body + at + 1, action_size[type] - at);
	return c->body;
}

static uint8_t *take_body(struct cursor *c, uint8_t type)
{
	if (c->old && type >= HW_ACTION_ACTIVATE_BOUNDARY_INPUT &&
	    type <= HW_ACTION_ACTIVATE_DDR_OUTPUT)
		return old_body(c, type);
	return advance(c, action_size[type]);
}

static int walk_one(struct cursor *c, void (*each)(void *ctx, uint8_t type, uint8_t *body),
		    void *ctx)
{
	const struct hw_action *head = (const void *)advance(c, sizeof(*head));
	const struct hw_repeated *block = NULL;
	unsigned int count = 1;
	uint8_t type;

	if (!head || le32toh(head->timestamp) != HW_ACTION_TIMESTAMP)
		return -1;
	type = head->type;
	if (type == HW_ACTION_REPEATED) {
		block = (const void *)advance(c, sizeof(*block));
		if (!block || block->count < 2 || block->last_executed)
			return -1;
		type = block->type;
		count = block->count;
	}
	for (; count && type < HW_ACTION_COUNT; count--) {
		uint8_t *body = take_body(c, type);

		if (!body)
			return -1;
		each(ctx, type, body);
	}
	return count ? -1 : 0;
}

static int walk(struct cursor *c, void (*each)(void *ctx, uint8_t type, uint8_t *body), void *ctx)
{
	while (c->left)
		if (walk_one(c, each, ctx))
			return -1;
	return 0;
}

int drv_walk(uint8_t *list, size_t size, void (*each)(void *ctx, uint8_t type, uint8_t *body),
	     void *ctx)
{
	struct cursor c = { .at = list, .left = size };

	return walk(&c, each, ctx);
}

/* ---- maps and lists ---- */

static struct drv_map *find_map(struct drv *drv, uint64_t handle)
{
	for (unsigned int i = 0; i < DRV_MAX_MAPS && handle; i++)
		if (drv->maps[i].handle == handle)
			return &drv->maps[i];
	return NULL;
}

static struct drv_list *find_list(struct drv *drv, uint64_t handle)
{
	for (unsigned int i = 0; i < DRV_MAX_LISTS && handle; i++)
		if (drv->lists[i].handle == handle)
			return &drv->lists[i];
	return NULL;
}

static struct drv_list *list_at(struct drv *drv, uint64_t dma)
{
	for (unsigned int i = 0; i < DRV_MAX_LISTS; i++)
		if (drv->lists[i].handle && drv->lists[i].dma == dma)
			return &drv->lists[i];
	return NULL;
}

static struct drv_pages *find_pages(struct drv *drv, uint64_t handle)
{
	for (unsigned int i = 0; i < DRV_MAX_PAGES && handle; i++)
		if (drv->pages[i].handle == handle)
			return &drv->pages[i];
	return NULL;
}

static int alloc_pages(struct drv *drv, struct hailo8l_low_memory_alloc *a)
{
	for (unsigned int i = 0; i < DRV_MAX_PAGES; i++)
		if (!drv->pages[i].handle) {
			a->buffer_handle = ++drv->next_pages << 20;
			drv->pages[i] = (struct drv_pages){
				.handle = a->buffer_handle, .size = a->buffer_size,
			};
			return 0;
		}
	return violate(drv, -ENOMEM, "too many buffers of the driver");
}

static int free_pages(struct drv *drv, const struct hailo8l_low_memory_free *f)
{
	struct drv_pages *pages = find_pages(drv, f->buffer_handle);

	if (!pages)
		return violate(drv, -EINVAL, "free of unknown memory");
	for (unsigned int i = 0; i < DRV_MAX_MAPS; i++)
		if (drv->maps[i].handle && drv->maps[i].data == pages->data)
			return violate(drv, -EINVAL, "free of memory that is mapped for the chip");
	pages->handle = 0;
	return 0;
}

/* Does it name all pages of a buffer of the driver? */
static bool is_pages(struct drv *drv, const struct hailo8l_buffer_map *m)
{
	const struct drv_pages *pages = find_pages(drv, m->allocated_buffer_handle);
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	return pages && pages->data == (uint8_t *)(uintptr_t)m->user_address &&
	       (m->size + page - 1) / page == (pages->size + page - 1) / page;
}

static bool in_view(const struct drv *drv, uint64_t address)
{
	return address == drv->last_view && address;
}

/* The host page may be larger than 4096, the buffer's start must still be one */
static int check_map(struct drv *drv, const struct hailo8l_buffer_map *m)
{
	if (!m->size || m->data_direction > HAILO8L_DIR_FROM_DEVICE ||
	    m->buffer_type > HAILO8L_BUFFER_DMABUF)
		return violate(drv, -EINVAL, "map of %llu bytes, direction %u",
			       (unsigned long long)m->size, m->data_direction);
	if (m->buffer_type == HAILO8L_BUFFER_DMABUF)
		return 0;
	if (m->user_address % (uint64_t)sysconf(_SC_PAGESIZE))
		return violate(drv, -EINVAL, "map of an address inside a page");
	if (in_view(drv, m->user_address))
		return drv->refuses_views ? -EFAULT : 0;
	if (drv->driver_memory != (m->allocated_buffer_handle != HAILO8L_NO_ALLOCATED_BUFFER) ||
	    (drv->driver_memory && !is_pages(drv, m)))
		return violate(drv, -EINVAL, "map of memory of the wrong side");
	return 0;
}

static uint8_t *mapped_data(const struct hailo8l_buffer_map *m)
{
	void *data;

	if (m->buffer_type == HAILO8L_BUFFER_USER_PTR)
		return (uint8_t *)(uintptr_t)m->user_address;
	data = mmap(NULL, m->size, PROT_READ | PROT_WRITE, MAP_SHARED, (int)m->user_address, 0);
	return data == MAP_FAILED ? NULL : data;
}

static int map(struct drv *drv, struct hailo8l_buffer_map *m)
{
	bool by_fd = m->buffer_type == HAILO8L_BUFFER_DMABUF;
	int err = check_map(drv, m);
	uint8_t *data;

	drv->map_calls++;
	if (err)
		return err;
	data = mapped_data(m);
	if (!data)
		return -EINVAL;
	for (unsigned int i = 0; i < DRV_MAX_MAPS; i++)
		if (!drv->maps[i].handle) {
			drv->maps[i] = (struct drv_map){
				++drv->next_map, data, m->size, m->data_direction,
				by_fd ? (int)m->user_address : -1,
			};
			m->mapped_handle = drv->next_map;
			return 0;
		}
	return violate(drv, -ENOMEM, "too many maps");
}

static int unmap(struct drv *drv, const struct hailo8l_buffer_unmap *u)
{
	struct drv_map *m = find_map(drv, u->mapped_handle);

	if (!m)
		return violate(drv, -EINVAL, "unmap of an unknown handle");
	if (m->fd >= 0)
		munmap(m->data, m->size);
	m->handle = 0;
	return 0;
}

static int sync_buffer(struct drv *drv, const struct hailo8l_buffer_sync *s)
{
	const struct drv_map *m = find_map(drv, s->handle);

	if (!m || s->sync_type > HAILO8L_SYNC_FOR_DEVICE || s->offset + s->count > m->size)
		return violate(drv, -EINVAL, "sync of an unknown part");
	return 0;
}

static bool is_power_of_2(uint64_t x)
{
	return x && !(x & (x - 1));
}

static int create_list(struct drv *drv, struct hailo8l_desc_list_create *c)
{
	uint64_t n = drv->next_list;
	struct drv_desc *descs;

	if (c->desc_count < HW_VDMA_MIN_DESCS || c->desc_count > HW_VDMA_MAX_DESCS ||
	    !is_power_of_2(c->desc_page_size) || c->desc_page_size < 64 ||
	    c->desc_page_size > 4096 || c->desc_page_size > drv->page_size ||
	    (c->is_circular && !is_power_of_2(c->desc_count)))
		return violate(drv, -EINVAL, "list of %llu descriptors of %u bytes",
			       (unsigned long long)c->desc_count, c->desc_page_size);
	for (unsigned int i = 0; i < DRV_MAX_LISTS; i++)
		if (!drv->lists[i].handle) {
			descs = calloc(c->desc_count, sizeof(*descs));
			if (!descs)
				return -ENOMEM;
			c->dma_address = DRV_FIRST_DMA + n * DRV_DMA_STEP;
			c->desc_handle = (n + 1) << 12;
			drv->lists[i] = (struct drv_list){
				c->desc_handle, c->dma_address, (uint32_t)c->desc_count,
				c->desc_page_size, c->is_circular, descs,
			};
			drv->next_list++;
			return 0;
		}
	return violate(drv, -ENOMEM, "too many lists");
}

static int release_list(struct drv *drv, const struct hailo8l_desc_list_release *r)
{
	struct drv_list *list = find_list(drv, r->desc_handle);

	if (!list)
		return violate(drv, -EINVAL, "release of an unknown list");
	for (unsigned int i = 0; i < DRV_CHANNELS; i++)
		if (drv->channels[i].enabled && drv->channels[i].list == r->desc_handle)
			return violate(drv, -EINVAL, "release of a list in use");
	free(list->descs);
	list->handle = 0;
	return 0;
}

/* One transfer; returns its descriptors, or a negative errno */
static int program_transfer(struct drv *drv, struct drv_list *list, uint8_t *data, uint64_t size,
			    uint32_t first, bool bind, uint32_t irq)
{
	uint32_t count = (uint32_t)((size + list->page - 1) / list->page);

	if (!count || (!list->circular && first + count > list->count) || count > list->count)
		return violate(drv, -ERANGE, "program of %u descriptors at %u of %u", count, first,
			       list->count);
	for (uint32_t i = 0; i < count; i++) {
		struct drv_desc *d = &list->descs[(first + i) % list->count];
		uint64_t at = (uint64_t)i * list->page;

		if (bind)
			*d = (struct drv_desc){ data + at, list->page, 0 };
		if (!d->data)
			return violate(drv, -EINVAL, "descriptor %u was never bound", first + i);
		if (i == count - 1) {
			d->size = (uint32_t)(size - at);
			d->irq = irq;
		}
	}
	return (int)count;
}

static int program(struct drv *drv, const struct hailo8l_desc_list_program *p)
{
	struct drv_list *list = find_list(drv, p->desc_handle);
	struct drv_map *m = find_map(drv, p->buffer_handle);
	uint64_t step, offset = p->buffer_offset;
	uint32_t first = p->starting_desc;
	int total = 0;

	if (!list || !m || p->is_debug || p->stride)
		return violate(drv, -EFAULT, "program of an unknown list or buffer");
	step = (p->buffer_size + list->page - 1) / list->page * list->page;
	if (p->buffer_size > m->size || offset % list->page || !p->batch_size ||
	    offset + step * (p->batch_size - 1) + p->buffer_size > m->size)
		return violate(drv, -EFAULT, "program of more than the buffer");
	for (uint32_t i = 0; i < p->batch_size; i++) {
		int n = program_transfer(drv, list, m->data + offset, p->buffer_size, first,
					 p->should_bind, i == p->batch_size - 1 ?
					 p->last_interrupts_domain : 0);

		if (n < 0)
			return n;
		first += (uint32_t)n;
		offset += step;
		total += n;
	}
	return total;
}

/* ---- channels ---- */

static int enable(struct drv *drv, const struct hailo8l_enable_channels *e)
{
	for (unsigned int i = 0; i < DRV_CHANNELS; i++)
		if (e->bitmap[0] & 1u << i && drv->channels[i].enabled)
			return violate(drv, -EINVAL, "channel %u is enabled twice", i);
	if (drv->enabled_app < 0)
		return violate(drv, -EINVAL, "channels are enabled before the network");
	for (unsigned int i = 0; i < DRV_CHANNELS; i++)
		if (e->bitmap[0] & 1u << i) {
			struct drv_channel *c = &drv->channels[i];

			*c = (struct drv_channel){ .enabled = true, .stream = c->stream,
						   .frame_size = c->frame_size };
		}
	return 0;
}

static int disable(struct drv *drv, const struct hailo8l_disable_channels *d)
{
	for (unsigned int i = 0; i < DRV_CHANNELS; i++)
		if (d->bitmap[0] & 1u << i) {
			drv->channels[i].enabled = false;
			drv->channels[i].open = false;
			drv->channels[i].queued = 0;
			drv->channels[i].done = 0;
			drv->channels[i].list = 0;
		}
	return 0;
}

static bool allows(const struct drv_map *m, uint32_t direction)
{
	return m->handle && (m->direction == direction || m->direction == HAILO8L_DIR_BOTH);
}

/* A dma-buf's descriptor means its first byte */
static const struct drv_map *launched_map(struct drv *drv, const struct hailo8l_launch_buffer *b,
					  uint32_t direction, uint8_t **data)
{
	uint8_t *at = (uint8_t *)(uintptr_t)b->addr_or_fd;

	for (unsigned int i = 0; i < DRV_MAX_MAPS; i++) {
		const struct drv_map *m = &drv->maps[i];

		if (!allows(m, direction))
			continue;
		if (b->type == HAILO8L_BUFFER_DMABUF && m->fd == (int)b->addr_or_fd &&
		    b->size <= m->size) {
			*data = m->data;
			return m;
		}
		if (b->type == HAILO8L_BUFFER_USER_PTR && m->fd < 0 && at >= m->data &&
		    at + b->size <= m->data + m->size) {
			*data = at;
			return m;
		}
	}
	return NULL;
}

static uint64_t launched_bytes(const struct hailo8l_launch_transfer *l)
{
	uint64_t bytes = 0;

	for (unsigned int i = 0; i < l->buffers_count; i++)
		bytes += l->buffers[i].size;
	return bytes;
}

static int check_launch(struct drv *drv, const struct hailo8l_launch_transfer *l)
{
	const struct drv_channel *c;

	if (l->engine || l->channel >= DRV_CHANNELS || !l->buffers_count || l->is_debug ||
	    l->buffers_count > HAILO8L_MAX_LAUNCH_BUFFERS || !l->should_bind ||
	    l->first_interrupts_domain ||
	    l->last_interrupts_domain != HAILO8L_IRQ_HOST)
		return violate(drv, -EINVAL, "launch with odd arguments");
	c = &drv->channels[l->channel];
	if (!c->enabled)
		return violate(drv, -ECONNRESET, "launch on channel %u, which is not enabled",
			       l->channel);
	if ((c->list && c->list != l->desc_handle) || !find_list(drv, l->desc_handle))
		return violate(drv, -EINVAL, "launch on another list");
	if (l->starting_desc != c->avail || c->queued == 127)
		return violate(drv, -EFAULT, "launch at descriptor %u, expected %u",
			       l->starting_desc, c->avail);
	if (launched_bytes(l) != c->frame_size)
		return violate(drv, -EINVAL, "channel %u: a transfer of %u bytes, announced %u",
			       l->channel, (uint32_t)launched_bytes(l), c->frame_size);
	return 0;
}

/* One buffer of a transfer, from descriptor `first` on */
static int launch_buffer(struct drv *drv, const struct hailo8l_launch_transfer *l, unsigned int i,
			 uint32_t first)
{
	uint32_t direction = l->channel < HW_VDMA_FIRST_D2H ? HAILO8L_DIR_TO_DEVICE :
							      HAILO8L_DIR_FROM_DEVICE;
	struct drv_list *list = find_list(drv, l->desc_handle);
	bool last = i + 1 == l->buffers_count;
	const struct drv_map *m;
	uint8_t *data = NULL;

	m = launched_map(drv, &l->buffers[i], direction, &data);
	if (!m)
		return violate(drv, -EFAULT, "launch of memory that is not mapped");
	if ((uint64_t)(data - m->data) % list->page)
		return violate(drv, -EINVAL, "launch inside a descriptor page");
	if (!last && l->buffers[i].size % list->page)
		return violate(drv, -EINVAL, "a buffer ends inside a descriptor page");
	return program_transfer(drv, list, data, l->buffers[i].size, first, true,
				last ? l->last_interrupts_domain : 0);
}

static int launch(struct drv *drv, const struct hailo8l_launch_transfer *l)
{
	struct drv_channel *c = &drv->channels[l->channel % DRV_CHANNELS];
	int n = check_launch(drv, l), total = 0;

	drv->launches++;
	if (n)
		return n;
	if (drv->cpu_now)
		return violate(drv, -EINVAL, "launch while the processor uses a dma-buf");
	for (unsigned int i = 0; i < l->buffers_count; i++, total += n) {
		n = launch_buffer(drv, l, i, c->avail + (uint32_t)total);
		if (n < 0)
			return n;
	}
	c->list = l->desc_handle;
	c->queue[c->queued].first = c->avail;
	c->queue[c->queued++].count = (uint32_t)total;
	c->avail = (c->avail + (uint32_t)total) % find_list(drv, l->desc_handle)->count;
	c->started++;
	return total;
}

/* ---- computing ---- */

static uint8_t *frame_buffer(struct drv *drv, struct drv_channel *c, bool gather)
{
	struct drv_list *list = find_list(drv, c->list);
	uint32_t at = 0;
	uint8_t *frame;

	/* Tests count allocations: the driver has none of its own per frame */
	if (c->frame_size > drv->scratch_size) {
		drv->scratch_size = c->frame_size;
		drv->scratch = realloc(drv->scratch, c->frame_size);
	}
	frame = drv->scratch;

	for (uint32_t i = 0; i < c->queue[0].count && gather; i++) {
		const struct drv_desc *d = &list->descs[(c->queue[0].first + i) % list->count];

		memcpy(frame + at, d->data, d->size);
		at += d->size;
	}
	return frame;
}

static void scatter(struct drv *drv, struct drv_channel *c, const uint8_t *frame)
{
	struct drv_list *list = find_list(drv, c->list);
	uint32_t at = 0;

	for (uint32_t i = 0; i < c->queue[0].count; i++) {
		const struct drv_desc *d = &list->descs[(c->queue[0].first + i) % list->count];

		memcpy(d->data, frame + at, d->size);
		at += d->size;
	}
}

static void finish(struct drv *drv, struct drv_channel *c, bool input)
{
	uint8_t *frame = frame_buffer(drv, c, input);

	if (input && drv->on_input)
		drv->on_input(drv->ctx, c, frame);
	if (!input) {
		memset(frame, 0, c->frame_size);
		if (drv->on_output)
			drv->on_output(drv->ctx, c, frame);
		scatter(drv, c, frame);
	}
	memmove(&c->queue[0], &c->queue[1], sizeof(c->queue) - sizeof(c->queue[0]));
	c->queued--;
	c->done++;
	c->frames++;
}

static bool can_begin(const struct drv *drv)
{
	for (unsigned int i = 0; i < DRV_CHANNELS; i++)
		if (drv->channels[i].enabled &&
		    (drv->channels[i].open || !drv->channels[i].queued))
			return false;
	return true;
}

static void take_inputs(struct drv *drv)
{
	for (unsigned int i = 0; i < DRV_CHANNELS; i++) {
		struct drv_channel *c = &drv->channels[i];

		if (c->enabled && i < HW_VDMA_FIRST_D2H)
			finish(drv, c, true);
		c->open = c->enabled && i >= HW_VDMA_FIRST_D2H;
	}
}

/* One frame, if all enabled channels have a transfer: inputs first. A frame with
 * more transfers than there is room for goes on when there is some.
 */
static void compute(struct drv *drv)
{
	if (drv->stuck)
		return;
	if (can_begin(drv))
		take_inputs(drv);
	for (unsigned int i = 0; i < DRV_CHANNELS; i++) {
		struct drv_channel *c = &drv->channels[i];

		while (c->open && c->queued && !drv->stuck) {
			finish(drv, c, false);
			c->open = drv->more && drv->more(drv->ctx, c);
		}
	}
}

static bool has_news(const struct drv *drv)
{
	for (unsigned int i = 0; i < DRV_CHANNELS; i++)
		if (drv->channels[i].enabled && drv->channels[i].done)
			return true;
	return false;
}

static bool all_enabled(const struct drv *drv, uint32_t bitmap)
{
	for (unsigned int i = 0; i < DRV_CHANNELS; i++)
		if (bitmap & 1u << i && !drv->channels[i].enabled)
			return false;
	return true;
}

static int wait_irq(struct drv *drv, struct hailo8l_interrupts_wait *w)
{
	drv->waits++;
	if (!w->bitmap[0])
		return violate(drv, -EINVAL, "wait for nothing");
	compute(drv);
	if (!has_news(drv) && all_enabled(drv, w->bitmap[0]))
		return violate(drv, -EINTR, "wait that never ends");
	w->channels_count = 0;
	for (unsigned int i = 0; i < DRV_CHANNELS; i++) {
		struct drv_channel *c = &drv->channels[i];

		if (!(w->bitmap[0] & 1u << i) || !c->enabled || !c->done)
			continue;
		w->irq_data[w->channels_count++] = (struct hailo8l_irq_data){
			0, (uint8_t)i,
			(uint8_t)(drv->irq_data >= 0 ? drv->irq_data : (int)c->done),
		};
		c->done = 0;
	}
	return 0;
}

/* ---- firmware ---- */

static void put_response(struct hailo8l_fw_control *c, uint32_t opcode, uint32_t major,
			 uint32_t minor, uint32_t params, const void *body, size_t size)
{
	struct hw_ctrl_response head = {
		.version = htobe32(HW_CTRL_PROTOCOL_VERSION),
		.flags = htobe32(HW_CTRL_FLAG_ACK),
		.opcode = htobe32(opcode),
		.major_status = htobe32(major),
		.minor_status = htobe32(minor),
		.param_count = htobe32(params),
	};

	memset(c->buffer, 0, sizeof(c->buffer));
	memcpy(c->buffer, &head, sizeof(head));
	if (size)
		memcpy(c->buffer + sizeof(head), body, size);
	c->buffer_len = (uint32_t)(sizeof(head) + size);
	md5_digest(c->buffer, c->buffer_len, c->md5);
}

void drv_respond(struct hailo8l_fw_control *c, uint32_t opcode, uint32_t major, uint32_t minor,
		 uint32_t params, const void *body, size_t size)
{
	put_response(c, opcode, major, minor, params, body, size);
}

static void answer_identify(const struct drv *drv, struct hailo8l_fw_control *c)
{
	struct hw_identify i = {
		.protocol_version_len = htobe32(4),
		.protocol_version = htobe32(2),
		.fw_version_len = htobe32(12),
		.fw_version = { htole32(drv->firmware[0]), htole32(drv->firmware[1]),
				htole32(drv->firmware[2]) },
		.logger_version_len = htobe32(4),
		.board_name_len = htobe32(32),
		.board_name = "Hailo-8",
		.architecture_len = htobe32(4),
		.architecture = htobe32(drv->architecture),
		.serial_number_len = htobe32(16),
		.part_number_len = htobe32(16),
		.product_name_len = htobe32(42),
	};

	memcpy(i.serial_number, "HLTEST0000000001", 16);
	memcpy(i.product_name, "SCRIPTED DRIVER WITH A NAME OF 42 LETTERS.", 42);
	put_response(c, HW_OP_IDENTIFY, 0, 0, 8, &i, sizeof(i));
}

static void answer_information(const struct drv *drv, struct hailo8l_fw_control *c)
{
	struct hw_device_information d = {
		.clock_len = htobe32(4),
		.clock = htobe32(400000000),
		.features_len = htobe32(8),
		.features = { 0, 0, 0, 0x0c },
		.boot_source_len = htobe32(4),
		.boot_source = htobe32(1),
		.lcs_len = htobe32(1),
		.lcs = 3,
		.soc_id_len = htobe32(32),
		.mac_len = htobe32(6),
		.fuse_len = htobe32(12),
		.process_monitor_len = htobe32(24),
		.layout_len = htobe32(4),
		.layout = htobe32(drv->layout),
	};

	put_response(c, HW_OP_GET_DEVICE_INFORMATION, 0, 0, 9, &d, sizeof(d));
}

static void answer_consts(const struct drv *drv, struct hailo8l_fw_control *c)
{
	struct {
		uint32_t len;
		struct hw_consts consts;
	} __attribute__((packed)) body = {
		htobe32(sizeof(struct hw_consts)),
		{
			.fifo_word_granularity = htole32(8),
			.max_periph_buffers_per_frame = htole16(0xffff),
			.max_periph_bytes_per_buffer = htole16(0xffff),
			.max_acceptable_bytes_per_buffer = htole16(0xa000),
			.outbound_data_stream_size = htole32(0x10000),
			.should_optimize_credits = drv->optimise_credits,
			.default_initial_credit_size = htole32(0x10000),
		},
	};

	put_response(c, HW_OP_GET_HW_CONSTS, 0, 0, 1, &body, sizeof(body));
}

static void answer_temperature(struct hailo8l_fw_control *c)
{
	struct hw_temperature t = {
		.len = htobe32(10),
		.ts0 = { 0x00, 0x00, 0x28, 0x42 },	/* 42.0 */
		.ts1 = { 0x00, 0x00, 0x2a, 0x42 },	/* 42.5 */
		.sample_count = htobe16(7),
	};

	put_response(c, HW_OP_GET_CHIP_TEMPERATURE, 0, 0, 1, &t, sizeof(t));
}

static void answer_power(struct hailo8l_fw_control *c)
{
	struct hw_power_response p = {
		.value_len = htobe32(4),
		.value = { 0x00, 0x00, 0x20, 0x40 },	/* 2.5 */
		.dvm_len = htobe32(4),
		.type_len = htobe32(4),
	};

	put_response(c, HW_OP_POWER_MEASUREMENT, 0, 0, 3, &p, sizeof(p));
}

/* Bytes of the n-th parameter, and its length */
static const uint8_t *param(const struct hailo8l_fw_control *c, unsigned int n, uint32_t *len)
{
	const uint8_t *at = c->buffer + HW_CTRL_REQUEST_HEAD;
	const uint8_t *end = c->buffer + c->buffer_len;

	for (;; n--) {
		if (end - at < 4)
			return NULL;
		memcpy(len, at, 4);
		*len = be32toh(*len);
		at += 4;
		if (*len > (uint32_t)(end - at))
			return NULL;
		if (!n)
			return at;
		at += *len;
	}
}

static uint8_t byte_param(struct drv *drv, const struct hailo8l_fw_control *c, unsigned int n)
{
	uint32_t len;
	const uint8_t *value = param(c, n, &len);

	if (value && len == 1)
		return *value;
	violate(drv, 0, "parameter %u is no byte", n);
	return 0;
}

static void forget_apps(struct drv *drv)
{
	for (unsigned int a = 0; a < drv->app_count; a++)
		for (unsigned int i = 0; i < drv->apps[a].context_count; i++)
			free(drv->apps[a].contexts[i].list);
	memset(drv->apps, 0, sizeof(drv->apps));
	drv->app_count = 0;
}

static bool has_old_firmware(const struct drv *drv)
{
	return drv->firmware[1] < 21;
}

static bool can_switch_fast(const struct drv *drv, const uint8_t *header)
{
	if (has_old_firmware(drv))
		return ((const struct hw_old_app_header *)header)->can_fast_batch_switch;
	return ((const struct hw_app_header *)header)->can_fast_batch_switch;
}

static void take_header(struct drv *drv, const struct hailo8l_fw_control *c)
{
	uint32_t len, wanted = has_old_firmware(drv) ? sizeof(struct hw_old_app_header) :
						       sizeof(struct hw_app_header);
	const uint8_t *header = param(c, 0, &len);

	if (!header || len != wanted || !drv->marked ||
	    drv->enabled_app >= 0 || drv->app_count == DRV_MAX_APPS)
		violate(drv, 0, "application header at the wrong time or of the wrong size");
	else
		drv->apps[drv->app_count++].fast_batch_switch = can_switch_fast(drv, header);
}

static const uint8_t context_types[] = {
	HW_CONTEXT_ACTIVATION, HW_CONTEXT_BATCH_SWITCHING, HW_CONTEXT_PRELIMINARY,
	HW_CONTEXT_DYNAMIC,
};

static void take_context(struct drv *drv, const struct hailo8l_fw_control *c)
{
	struct drv_app *app = &drv->apps[drv->app_count ? drv->app_count - 1 : 0];
	uint8_t type = byte_param(drv, c, 2);
	struct drv_context *context;
	const uint8_t *list;
	uint32_t len;

	list = param(c, 3, &len);
	if (!drv->app_count || !list || !len || len > HW_CONTEXT_INFO_MAX_LIST) {
		violate(drv, 0, "context without an application or list");
		return;
	}
	if (byte_param(drv, c, 0))
		app->context_count++;
	if (!app->context_count || app->context_count > DRV_MAX_CONTEXTS) {
		violate(drv, 0, "context without a first chunk");
		return;
	}
	context = &app->contexts[app->context_count - 1];
	context->type = type;
	if (type != context_types[app->context_count > 4 ? 3 : app->context_count - 1])
		violate(drv, 0, "context %u has type %u", app->context_count - 1, type);
	context->list = realloc(context->list, context->size + len);
	memcpy(context->list + context->size, list, len);
	context->size += len;
}

/* ---- what action lists say ---- */

struct reading {
	struct drv *drv;
	struct drv_list *config[HW_MAX_CONFIG_CHANNELS];
	uint32_t fetched[HW_MAX_CONFIG_CHANNELS];
};

static void check_list(struct drv *drv, const struct hw_host_buffer *b)
{
	const struct drv_list *list = list_at(drv, le64toh(b->dma_address));

	if (!list || list->count != le32toh(b->desc_count) ||
	    list->page != le16toh(b->page_size))
		violate(drv, 0, "an action names a list that does not exist");
}

static void read_boundary(struct drv *drv, uint8_t channel, uint8_t stream,
			  const struct hw_host_buffer *b)
{
	drv->channels[channel % DRV_CHANNELS].stream = stream;
	drv->channels[channel % DRV_CHANNELS].frame_size = le32toh(b->bytes_in_pattern);
	check_list(drv, b);
}

static void read_action(void *ctx, uint8_t type, uint8_t *body)
{
	const struct hw_activate_boundary_input *input = (const void *)body;
	const struct hw_activate_output *output = (const void *)body;
	const struct hw_activate_cfg_channel *config = (const void *)body;
	const struct hw_fetch_cfg_descs *fetch = (const void *)body;
	struct reading *r = ctx;

	if (type == HW_ACTION_ACTIVATE_BOUNDARY_INPUT)
		read_boundary(r->drv, input->channel, input->stream, &input->buf);
	if (type == HW_ACTION_ACTIVATE_BOUNDARY_OUTPUT)
		read_boundary(r->drv, output->channel, output->stream, &output->buf);
	if (type == HW_ACTION_ACTIVATE_CFG_CHANNEL && config->channel < HW_MAX_CONFIG_CHANNELS) {
		check_list(r->drv, &config->buf);
		r->config[config->channel] = list_at(r->drv, le64toh(config->buf.dma_address));
	}
	if (type == HW_ACTION_FETCH_CFG_DESCS && fetch->channel < HW_MAX_CONFIG_CHANNELS)
		r->fetched[fetch->channel] += le16toh(fetch->count);
}

static void fetch_config(struct reading *r, unsigned int context, unsigned int stream)
{
	const struct drv_list *list = r->config[stream];
	size_t size = 0;
	uint8_t *data;

	if (!list || r->fetched[stream] > list->count) {
		violate(r->drv, 0, "configuration words that are not there");
		return;
	}
	data = malloc((size_t)r->fetched[stream] * list->page + 1);
	for (uint32_t i = 0; i < r->fetched[stream]; i++) {
		const struct drv_desc *d = &list->descs[i];

		memcpy(data + size, d->data, d->size);
		size += d->size;
	}
	if (r->fetched[stream] && list->descs[r->fetched[stream] - 1].irq != HAILO8L_IRQ_DEVICE)
		violate(r->drv, 0, "the last configuration descriptor is silent");
	if (r->drv->on_config)
		r->drv->on_config(r->drv->ctx, context, stream, data, size);
	free(data);
}

static void read_contexts(struct drv *drv, struct drv_app *app)
{
	for (unsigned int i = 0; i < app->context_count; i++) {
		struct reading r = { .drv = drv };
		struct cursor c = {
			.at = app->contexts[i].list, .left = app->contexts[i].size,
			.old = has_old_firmware(drv),
		};

		if (walk(&c, read_action, &r))
			violate(drv, 0, "context %u is no list of actions", i);
		for (unsigned int s = 0; s < HW_MAX_CONFIG_CHANNELS; s++)
			if (r.config[s] || r.fetched[s])
				fetch_config(&r, i, s);
	}
}

/* The firmware begins all channels anew, but not for another batch of the same */
static void check_channels(struct drv *drv, bool go_on)
{
	bool any = false;

	for (unsigned int i = 0; i < DRV_CHANNELS; i++)
		any |= drv->channels[i].enabled;
	if (any != go_on)
		violate(drv, 0, go_on ? "the host's channels begin anew, the chip's go on" :
					"the chip's channels begin anew, the host's go on");
}

static void change_status(struct drv *drv, const struct hailo8l_fw_control *c)
{
	uint8_t state = byte_param(drv, c, 0), app = byte_param(drv, c, 1);

	if (state == HW_CS_RESET) {
		drv->enabled_app = -1;
		return;
	}
	if (state != HW_CS_ENABLED || app >= drv->app_count) {
		violate(drv, 0, "state %u, application %u", state, app);
		return;
	}
	check_channels(drv, drv->enabled_app == app && drv->apps[app].fast_batch_switch);
	drv->enabled_app = app;
	read_contexts(drv, &drv->apps[app]);
}

static void answer(struct drv *drv, struct hailo8l_fw_control *c, uint32_t opcode)
{
	switch (opcode) {
	case HW_OP_IDENTIFY:
		answer_identify(drv, c);
		return;
	case HW_OP_GET_DEVICE_INFORMATION:
		answer_information(drv, c);
		return;
	case HW_OP_GET_HW_CONSTS:
		answer_consts(drv, c);
		return;
	case HW_OP_GET_CHIP_TEMPERATURE:
		answer_temperature(c);
		return;
	case HW_OP_POWER_MEASUREMENT:
		answer_power(c);
		return;
	case HW_OP_CLEAR_CONFIGURED_APPS:
		if (drv->enabled_app >= 0)
			violate(drv, 0, "clearing while a network runs");
		forget_apps(drv);
		break;
	case HW_OP_SET_NETWORK_GROUP_HEADER:
		take_header(drv, c);
		break;
	case HW_OP_SET_CONTEXT_INFO:
		take_context(drv, c);
		break;
	case HW_OP_CHANGE_CONTEXT_SWITCH_STATUS:
		change_status(drv, c);
		break;
	default:
		if (opcode == drv->accept_opcode[0] || opcode == drv->accept_opcode[1])
			break;
		put_response(c, opcode, HW_STATUS_UNSUPPORTED_OPCODE, 0, 0, NULL, 0);
		return;
	}
	put_response(c, opcode, 0, 0, 0, NULL, 0);
}

static void damage(const struct drv *drv, struct hailo8l_fw_control *c)
{
	switch (drv->damage) {
	case DRV_BAD_MD5:
		c->md5[3] ^= 1;
		return;
	case DRV_BAD_OPCODE:
		c->buffer[15] ^= 1;
		break;
	case DRV_BAD_LENGTH:
		c->buffer_len = 1501;
		return;
	case DRV_BAD_PARAMS:
		c->buffer[27]++;
		break;
	case DRV_NO_ACK:
		c->buffer[7] = 0;
		break;
	case DRV_TOO_SHORT:
		c->buffer_len = HW_CTRL_RESPONSE_HEAD;
		c->buffer[27] = 0;
		break;
	}
	md5_digest(c->buffer, c->buffer_len, c->md5);
}

static bool right_cpu(uint32_t opcode, uint32_t cpu)
{
	bool core = opcode == HW_OP_SET_NETWORK_GROUP_HEADER ||
		    opcode == HW_OP_SET_CONTEXT_INFO ||
		    opcode == HW_OP_CHANGE_CONTEXT_SWITCH_STATUS ||
		    opcode == HW_OP_CLEAR_CONFIGURED_APPS || opcode == HW_OP_GET_HW_CONSTS ||
		    opcode == HW_OP_CORE_IDENTIFY;

	return cpu == (core ? HAILO8L_CPU_CORE : HAILO8L_CPU_APP);
}

static void record(struct drv *drv, const struct hailo8l_fw_control *c, uint32_t opcode)
{
	struct drv_control *r;

	if (drv->control_count == DRV_MAX_CONTROLS) {
		violate(drv, 0, "too many control messages");
		return;
	}
	r = &drv->controls[drv->control_count++];
	r->opcode = opcode;
	r->cpu = c->cpu_id;
	r->len = c->buffer_len;
	memcpy(r->bytes, c->buffer, c->buffer_len);
}

static int control(struct drv *drv, struct hailo8l_fw_control *c)
{
	struct hw_ctrl_request head;
	uint8_t digest[16];
	uint32_t opcode;

	if (c->buffer_len < sizeof(head) || c->buffer_len > HW_CTRL_MAX_LEN)
		return violate(drv, -EINVAL, "control of %u bytes", c->buffer_len);
	md5_digest(c->buffer, c->buffer_len, digest);
	memcpy(&head, c->buffer, sizeof(head));
	opcode = be32toh(head.opcode);
	if (memcmp(digest, c->md5, 16) || be32toh(head.version) != 2 || head.flags ||
	    head.sequence || c->timeout_ms != 1000 || !right_cpu(opcode, c->cpu_id))
		return violate(drv, -EINVAL, "control %u is badly framed", opcode);
	record(drv, c, opcode);
	if (drv->refuse_opcode == opcode)
		put_response(c, opcode, drv->refuse_major, drv->refuse_minor, 0, NULL, 0);
	else
		answer(drv, c, opcode);
	if (drv->damage_opcode == opcode)
		damage(drv, c);
	return 0;
}

/* ---- the ioctls ---- */

static int properties(const struct drv *drv, struct hailo8l_device_properties *p)
{
	*p = (struct hailo8l_device_properties){
		.desc_max_page_size = drv->page_size,
		.dma_engines_count = 1,
		.is_fw_loaded = drv->fw_loaded,
		.allocation_mode = drv->driver_memory ? HAILO8L_ALLOC_DRIVER : HAILO8L_ALLOC_USER,
	};
	return 0;
}

static int driver_info(const struct drv *drv, struct hailo8l_driver_info *i)
{
	*i = (struct hailo8l_driver_info){ drv->version[0], drv->version[1], drv->version[2] };
	return 0;
}

static int mark(struct drv *drv, struct hailo8l_mark_as_in_use *m)
{
	m->in_use = drv->in_use;
	drv->marked = !drv->in_use;
	return 0;
}

/* The stock driver has no such calls. */
static int claim(struct drv *drv, unsigned long request, struct hailo8l_claim *c)
{
	if (!drv->extended)
		return -ENOTTY;
	if (c->size != sizeof(*c))
		return violate(drv, -EINVAL, "claim of %u bytes", c->size);
	c->holder_pid = drv->in_use ? 4711 : 0;
	c->waiters = 3;
	if (request == HAILO8L_CLAIM_QUERY)
		return 0;
	if (drv->in_use)
		return c->flags & HAILO8L_CLAIM_NONBLOCK ? -EBUSY : -ETIMEDOUT;
	drv->marked = true;
	return 0;
}

static int unclaim(struct drv *drv)
{
	if (!drv->extended || !drv->marked)
		return violate(drv, -EPERM, "claim given back by who has none");
	drv->marked = false;
	return 0;
}

static int read_log(struct drv *drv, struct hailo8l_read_log *l)
{
	if (l->buffer_size > sizeof(l->buffer) || l->cpu_id > 1)
		return violate(drv, -EINVAL, "log of %llu bytes",
			       (unsigned long long)l->buffer_size);
	memcpy(l->buffer, "log", 3);
	l->read_bytes = l->buffer_size < 3 ? l->buffer_size : 3;
	return 0;
}

static int dispatch(struct drv *drv, unsigned long request, void *arg)
{
	switch (request) {
	case HAILO8L_QUERY_DEVICE_PROPERTIES:
		return properties(drv, arg);
	case HAILO8L_QUERY_DRIVER_INFO:
		return driver_info(drv, arg);
	case HAILO8L_MARK_AS_IN_USE:
		return mark(drv, arg);
	case HAILO8L_CLAIM:
	case HAILO8L_CLAIM_QUERY:
		return claim(drv, request, arg);
	case HAILO8L_UNCLAIM:
		return unclaim(drv);
	case HAILO8L_FW_CONTROL:
		return control(drv, arg);
	case HAILO8L_READ_LOG:
		return read_log(drv, arg);
	case HAILO8L_VDMA_BUFFER_MAP:
		return map(drv, arg);
	case HAILO8L_LOW_MEMORY_ALLOC:
		return alloc_pages(drv, arg);
	case HAILO8L_LOW_MEMORY_FREE:
		return free_pages(drv, arg);
	case HAILO8L_VDMA_BUFFER_UNMAP:
		return unmap(drv, arg);
	case HAILO8L_VDMA_BUFFER_SYNC:
		return sync_buffer(drv, arg);
	case HAILO8L_DESC_LIST_CREATE:
		return create_list(drv, arg);
	case HAILO8L_DESC_LIST_RELEASE:
		return release_list(drv, arg);
	case HAILO8L_DESC_LIST_PROGRAM:
		return program(drv, arg);
	case HAILO8L_VDMA_ENABLE_CHANNELS:
		return enable(drv, arg);
	case HAILO8L_VDMA_DISABLE_CHANNELS:
		return disable(drv, arg);
	case HAILO8L_VDMA_LAUNCH_TRANSFER:
		return launch(drv, arg);
	case HAILO8L_VDMA_INTERRUPTS_WAIT:
		return wait_irq(drv, arg);
	default:
		return violate(drv, -ENOTTY, "unknown ioctl 0x%lx", request);
	}
}

static _Thread_local bool called;

bool drv_is_called(void)
{
	return called;
}

static int do_ioctl(const struct h8l_os *os, int fd, unsigned long request, void *arg)
{
	struct drv *drv = self(os);

	if (drv->ioctl_count < DRV_FIRST_IOCTLS)
		drv->first_ioctls[drv->ioctl_count] = request;
	drv->ioctl_count++;
	if (fd != NODE_FD)
		return violate(drv, -EBADF, "ioctl on %d", fd);
	if (drv->fail_ioctl == request && !drv->fail_skip--)
		return drv->fail_errno;
	return dispatch(drv, request, arg);
}

static int os_ioctl(const struct h8l_os *os, int fd, unsigned long request, void *arg)
{
	int result;

	called = true;
	result = do_ioctl(os, fd, request, arg);
	called = false;
	return result;
}

static int os_open(const struct h8l_os *os, const char *path)
{
	struct drv *drv = self(os);

	drv->opens++;
	if (drv->open_errno)
		return drv->open_errno;
	if (strncmp(path, "/dev/hailo", 10))
		return -ENOENT;
	drv->open_fds++;
	return NODE_FD;
}

static void os_close(const struct h8l_os *os, int fd)
{
	struct drv *drv = self(os);

	if (fd != NODE_FD || --drv->open_fds < 0)
		violate(drv, 0, "close of %d", fd);
	drv->marked = false;
}

static int do_poll(const struct h8l_os *os, int fd, int timeout_ms)
{
	struct drv *drv = self(os);

	drv->polls++;
	if (fd != NODE_FD || !drv->has_poll)
		return violate(drv, -EBADF, "poll of %d", fd);
	compute(drv);
	if (!has_news(drv))
		drv->now_us += (uint64_t)timeout_ms * 1000;
	return has_news(drv);
}

static int os_poll(const struct h8l_os *os, int fd, int timeout_ms)
{
	int result;

	called = true;
	result = do_poll(os, fd, timeout_ms);
	called = false;
	return result;
}

static bool os_can_poll(const struct h8l_os *os, int fd)
{
	(void)fd;
	return self(os)->has_poll;
}

static int map_pages(struct drv *drv, uint64_t handle, size_t size, void **data)
{
	struct drv_pages *pages = find_pages(drv, handle);

	if (!pages || pages->size != size)
		return violate(drv, -EINVAL, "mmap of unknown memory");
	*data = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pages->data = *data;
	return 0;
}

static int do_map(struct drv *drv, int fd, uint64_t offset, size_t size, bool writable,
		  void **data)
{
	if (fd == NODE_FD)
		return map_pages(drv, offset, size, data);
	if (drv->hides_dmabufs)
		return -ENODEV;
	*data = mmap(NULL, size, PROT_READ | (writable ? PROT_WRITE : 0), MAP_SHARED, fd,
		     (off_t)offset);
	if (*data == MAP_FAILED || offset)
		return violate(drv, -EACCES, "a dma-buf is not mapped as it should be");
	drv->last_view = (uintptr_t)*data;
	return 0;
}

static int os_map(const struct h8l_os *os, int fd, uint64_t offset, size_t size, bool writable,
		  void **data)
{
	int result;

	called = true;
	result = do_map(self(os), fd, offset, size, writable, data);
	called = false;
	return result;
}

/* Every file is a dma-buf, pipes and nodes are not */
static int64_t os_dmabuf_size(const struct h8l_os *os, int fd)
{
	off_t size = lseek(fd, 0, SEEK_END);

	(void)os;
	return size >= 0 ? size : errno == EBADF ? -EBADF : -EINVAL;
}

static void os_dmabuf_sync(const struct h8l_os *os, int fd, bool start, bool write)
{
	struct drv *drv = self(os);

	drv->cpu_now += start ? 1 : -1;
	if (fcntl(fd, F_GETFD) < 0 || drv->cpu_now < 0 || drv->cpu_now > 1)
		violate(drv, 0, "sync of dma-buf %d out of turn", fd);
	if (!start)
		++*(write ? &drv->cpu_writes : &drv->cpu_reads);
}

static uint64_t os_now_us(const struct h8l_os *os)
{
	return self(os)->now_us;
}

static int os_sleep_us(const struct h8l_os *os, uint64_t us)
{
	self(os)->sleeps++;
	self(os)->now_us += us;
	return 0;
}

/* ---- life ---- */

static void make_node(struct drv *drv, unsigned int n)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/hailo%u", drv->class_dir, n);
	mkdir(path, 0755);
	strcat(path, "/board_location");
	f = fopen(path, "w");
	if (f) {
		fprintf(f, "0000:%02x:00.0", n + 1);
		fclose(f);
	}
}

struct drv *drv_new(unsigned int nodes)
{
	struct drv *drv = calloc(1, sizeof(*drv));

	drv->controls = calloc(DRV_MAX_CONTROLS, sizeof(*drv->controls));
	strcpy(drv->class_dir, "/tmp/h8l-class-XXXXXX");
	if (!mkdtemp(drv->class_dir))
		abort();
	for (unsigned int i = 0; i < nodes; i++)
		make_node(drv, i);
	drv->os = (struct h8l_os){
		.ctx = drv, .class_dir = drv->class_dir, .dev_dir = "/dev", .open = os_open,
		.close = os_close, .ioctl = os_ioctl, .poll = os_poll, .can_poll = os_can_poll,
		.map = os_map, .dmabuf_size = os_dmabuf_size, .dmabuf_sync = os_dmabuf_sync,
		.now_us = os_now_us, .sleep_us = os_sleep_us,
	};
	drv->version[0] = drv->firmware[0] = 4;
	drv->version[1] = drv->firmware[1] = 23;
	drv->page_size = 4096;
	drv->architecture = HW_ARCH_HAILO8;
	drv->layout = HW_LAYOUT_8L_LOW;
	drv->optimise_credits = true;
	drv->fw_loaded = true;
	drv->has_poll = true;
	drv->refuse_opcode = -1;
	drv->damage_opcode = -1;
	drv->irq_data = -1;
	drv->enabled_app = -1;
	return drv;
}

void drv_free(struct drv *drv)
{
	char command[128];

	forget_apps(drv);
	for (unsigned int i = 0; i < DRV_MAX_LISTS; i++)
		if (drv->lists[i].handle)
			free(drv->lists[i].descs);
	snprintf(command, sizeof(command), "rm -rf %s", drv->class_dir);
	if (system(command))
		abort();
	free(drv->scratch);
	free(drv->controls);
	free(drv);
}

unsigned int drv_leftovers(const struct drv *drv)
{
	unsigned int left = drv->app_count + (drv->enabled_app >= 0);

	for (unsigned int i = 0; i < DRV_MAX_MAPS; i++)
		left += drv->maps[i].handle != 0;
	for (unsigned int i = 0; i < DRV_MAX_PAGES; i++)
		left += drv->pages[i].handle != 0;
	for (unsigned int i = 0; i < DRV_MAX_LISTS; i++)
		left += drv->lists[i].handle != 0;
	for (unsigned int i = 0; i < DRV_CHANNELS; i++)
		left += drv->channels[i].enabled;
	return left;
}
