// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hw/vdma.h"
#include "resources.h"

#define DEFAULT_PAGE_SIZE	512
#define MIN_PAGE_SIZE		64
#define MAX_DESCS		HW_VDMA_MAX_DESCS
#define MIN_DESCS		HW_VDMA_MIN_DESCS
/* Queue depth of a boundary stream, in transfers: as many as fit into
 * QUEUE_BYTES, within limits
 */
#define QUEUE_BYTES		(32u << 20)
#define QUEUE_MIN_SCALE		2
#define QUEUE_MAX_SCALE		32

/* ---- channels ---- */

int channel_take(channel_set *taken, enum h8l_direction direction)
{
	unsigned int first = direction == H8L_INPUT ? 0 : HW_VDMA_FIRST_D2H;

	for (unsigned int i = first; i < first + HW_VDMA_FIRST_D2H; i++)
		if (!(*taken & 1u << i)) {
			*taken |= 1u << i;
			return (int)i;
		}
	return -ENOSPC;
}

/* ---- sizes ---- */

static uint32_t min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static uint32_t max_u32(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static uint64_t power_of_2_up(uint64_t value)
{
	uint64_t power = 1;

	while (power < value)
		power *= 2;
	return power;
}

/* A list for up to `most` transfers of one size, at least for `least` */
struct list_wish {
	uint32_t max_page;
	uint32_t transfer_size;
	uint32_t least, most;
	bool circular;
	bool must_hold_least;		/* else fewer will do */
	uint32_t spare;			/* descriptors per transfer, for unaligned buffers */
	uint32_t margin;		/* descriptors of the list that stay free */
};

static uint32_t first_page_size(const struct list_wish *wish)
{
	uint32_t page = min_u32(DEFAULT_PAGE_SIZE, wish->max_page);

	if (page <= wish->transfer_size)
		return page;
	return max_u32(MIN_PAGE_SIZE, (uint32_t)power_of_2_up(wish->transfer_size));
}

/* Small pages cost descriptors, large ones memory: the smallest that will do */
static uint32_t choose_page_size(const struct list_wish *wish)
{
	uint32_t page = first_page_size(wish);
	uint64_t descs = div_round_up(wish->transfer_size, page) + wish->margin;

	while (descs * wish->least > MAX_DESCS - 1) {
		if (page * 2 > wish->max_page)
			return wish->must_hold_least ? 0 : wish->max_page;
		page *= 2;
		descs = div_round_up(wish->transfer_size, page) + wish->margin;
	}
	return page;
}

static int plan_list(const struct list_wish *wish, struct dma_geometry *geometry)
{
	uint64_t most = div_round_up(wish->transfer_size, wish->max_page) + wish->margin;
	uint32_t page = choose_page_size(wish);
	uint64_t descs;

	if (!page || most > MAX_DESCS)
		return -ENOTSUP;
	descs = div_round_up(wish->transfer_size, page) + wish->margin;
	if (wish->circular && power_of_2_up(descs) > MAX_DESCS)
		return -ENOTSUP;
	descs = (div_round_up(wish->transfer_size, page) + wish->spare) * wish->most + 1;
	if (descs > MAX_DESCS)
		descs = MAX_DESCS;
	if (descs < MIN_DESCS)
		descs = MIN_DESCS;
	geometry->page_size = page;
	geometry->desc_count = (uint32_t)(wish->circular ? power_of_2_up(descs) : descs);
	return 0;
}

static uint32_t queue_depth(uint32_t transfer_size, uint32_t per_frame, uint32_t batch)
{
	uint32_t least = per_frame * QUEUE_MIN_SCALE * batch;
	uint32_t most = max_u32(least, per_frame * QUEUE_MAX_SCALE);
	uint64_t depth = QUEUE_BYTES / ((uint64_t)per_frame * transfer_size);

	return min_u32(max_u32((uint32_t)depth, least), most);
}

int geometry_boundary(uint32_t max_page, uint32_t transfer_size, uint32_t transfers_per_frame,
		      uint32_t batch, uint32_t fifo_size, struct dma_geometry *geometry)
{
	struct list_wish wish = {
		.max_page = min_u32(DEFAULT_PAGE_SIZE, max_page),
		.transfer_size = transfer_size,
		.least = QUEUE_MIN_SCALE,
		.circular = true,
		.spare = 1,
		.margin = 1,
	};

	geometry->queue = queue_depth(transfer_size, transfers_per_frame, batch);
	wish.most = geometry->queue;
	for (; wish.max_page <= max_page; wish.max_page *= 2) {
		/* A page as large as the chip's FIFO could never be sent */
		if (wish.max_page == fifo_size)
			wish.max_page /= 2;
		if (!plan_list(&wish, geometry))
			return 0;
		if (wish.max_page * 2 == fifo_size)
			break;
	}
	return -ENOTSUP;
}

int geometry_inter_context(uint32_t max_page, uint32_t transfer_size, uint32_t batch,
			   struct dma_geometry *geometry)
{
	struct list_wish wish = {
		.max_page = max_page,
		.transfer_size = transfer_size,
		.least = batch, .most = batch,
		.must_hold_least = true,
		.margin = 1,
	};

	geometry->queue = batch;
	return plan_list(&wish, geometry);
}

int geometry_ddr(uint32_t max_page, uint32_t row_size, uint32_t rows,
		 struct dma_geometry *geometry)
{
	struct list_wish wish = {
		.max_page = max_page,
		.transfer_size = row_size,
		.least = rows, .most = rows,
		.circular = true,
		.must_hold_least = true,
	};

	geometry->queue = rows;
	return plan_list(&wish, geometry);
}

/* ---- descriptor lists ---- */

static int driver_failed(const struct h8l_device *device, int err, const char *what,
			 uint64_t bytes, struct h8l_error *error)
{
	return fail(error, err, "%s: the driver has no %s (%" PRIu64 " bytes): %s",
		    device_node(device), what, bytes, h8l_strerror(err));
}

int desc_list_create(const struct h8l_device *device, uint32_t desc_count, uint32_t page_size,
		     bool circular, struct desc_list *list, struct h8l_error *error)
{
	struct hailo8l_desc_list_create c = {
		.desc_count = desc_count,
		.desc_page_size = (uint16_t)page_size,
		.is_circular = circular,
	};
	int err = device_ioctl(device, HAILO8L_DESC_LIST_CREATE, &c);

	if (err < 0)
		return driver_failed(device, err, "descriptor list",
				     desc_count * sizeof(struct hw_vdma_desc), error);
	*list = (struct desc_list){ c.desc_handle, c.dma_address, desc_count, page_size };
	return 0;
}

void desc_list_release(const struct h8l_device *device, struct desc_list *list)
{
	struct hailo8l_desc_list_release r = { .desc_handle = list->handle };

	if (list->handle)
		device_ioctl(device, HAILO8L_DESC_LIST_RELEASE, &r);
	list->handle = 0;
}

int desc_list_program(const struct h8l_device *device, const struct desc_list *list,
		      const struct dma_buffer *buffer, const struct program *program,
		      struct h8l_error *error)
{
	struct hailo8l_desc_list_program p = {
		.buffer_handle = buffer->mapping,
		.buffer_size = program->size,
		.buffer_offset = program->offset,
		.batch_size = program->transfers,
		.desc_handle = list->handle,
		.channel_index = program->channel,
		.starting_desc = program->first_desc,
		.should_bind = program->bind,
		.last_interrupts_domain = program->irq,
	};
	int err = device_ioctl(device, HAILO8L_DESC_LIST_PROGRAM, &p);

	if (err >= 0)
		return 0;
	return fail(error, err, "%s: the driver cannot program %" PRIu64 " bytes at descriptor %"
		    PRIu32 " of channel %u: %s", device_node(device), program->size,
		    program->first_desc, program->channel, h8l_strerror(err));
}

/* ---- buffers ---- */

static int map_buffer(const struct h8l_device *device, enum hailo8l_direction direction,
		      struct dma_buffer *buffer)
{
	struct hailo8l_buffer_map m = {
		.user_address = (uintptr_t)buffer->data,
		.size = buffer->size,
		.data_direction = direction,
		.buffer_type = HAILO8L_BUFFER_USER_PTR,
		.allocated_buffer_handle = buffer->pages ? buffer->pages :
					   HAILO8L_NO_ALLOCATED_BUFFER,
	};
	int err = device_ioctl(device, HAILO8L_VDMA_BUFFER_MAP, &m);

	if (err >= 0)
		buffer->mapping = m.mapped_handle;
	return err < 0 ? err : 0;
}

static int own_pages(struct dma_buffer *buffer)
{
	void *data = mmap(NULL, buffer->mapped_size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (data == MAP_FAILED)
		return -ENOMEM;
	buffer->data = data;
	return 0;
}

static void free_driver_pages(const struct h8l_device *device, struct dma_buffer *buffer)
{
	struct hailo8l_low_memory_free f = { .buffer_handle = buffer->pages };

	if (buffer->pages)
		device_ioctl(device, HAILO8L_LOW_MEMORY_FREE, &f);
	buffer->pages = 0;
}

/* Where the chip reaches no others */
static int driver_pages(const struct h8l_device *device, struct dma_buffer *buffer)
{
	struct hailo8l_low_memory_alloc a = { .buffer_size = buffer->mapped_size };
	int err = device_ioctl(device, HAILO8L_LOW_MEMORY_ALLOC, &a);

	if (err < 0)
		return err;
	buffer->pages = a.buffer_handle;
	err = device->os->map(device->os, device->fd, a.buffer_handle, buffer->mapped_size, true,
			      &buffer->data);
	if (err)
		free_driver_pages(device, buffer);
	return err;
}

static int get_pages(const struct h8l_device *device, struct dma_buffer *buffer)
{
	return device->identity.driver_memory ? driver_pages(device, buffer) : own_pages(buffer);
}

static void give_pages_back(const struct h8l_device *device, struct dma_buffer *buffer)
{
	munmap(buffer->data, buffer->mapped_size);
	free_driver_pages(device, buffer);
	buffer->data = NULL;
}

int dma_buffer_create(const struct h8l_device *device, size_t size,
		      enum hailo8l_direction direction, struct dma_buffer *buffer,
		      struct h8l_error *error)
{
	int err;

	buffer->size = size;
	buffer->mapped_size = align_up(size, (size_t)sysconf(_SC_PAGESIZE));
	err = get_pages(device, buffer);
	if (!err) {
		err = map_buffer(device, direction, buffer);
		if (!err)
			return 0;
		give_pages_back(device, buffer);
	}
	if (err == -ENOMEM)
		return fail(error, err, "%s: out of memory for a DMA buffer of %zu bytes, or more "
			    "than may be locked (ulimit -l)", device_node(device), size);
	return driver_failed(device, err, "memory or mapping for a buffer", size, error);
}

void dma_buffer_release(const struct h8l_device *device, struct dma_buffer *buffer)
{
	struct hailo8l_buffer_unmap u = { .mapped_handle = buffer->mapping };

	if (!buffer->data)
		return;
	device_ioctl(device, HAILO8L_VDMA_BUFFER_UNMAP, &u);
	give_pages_back(device, buffer);
}

int dma_buffer_flush(const struct h8l_device *device, const struct dma_buffer *buffer)
{
	struct hailo8l_buffer_sync s = {
		.handle = buffer->mapping,
		.sync_type = HAILO8L_SYNC_FOR_DEVICE,
		.count = buffer->size,
	};
	int err = device_ioctl(device, HAILO8L_VDMA_BUFFER_SYNC, &s);

	return err < 0 ? err : 0;
}
