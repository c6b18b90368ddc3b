// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of user space that the chip reads and writes: pinned pages, pages of
 * a low-memory buffer, dma-bufs.
 */
#include <linux/dma-buf.h>
#include <linux/magic.h>
#include <linux/overflow.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "hailo8l.h"

static const enum dma_data_direction directions[] = {
	[HAILO8L_DIR_BOTH] = DMA_BIDIRECTIONAL,
	[HAILO8L_DIR_TO_DEVICE] = DMA_TO_DEVICE,
	[HAILO8L_DIR_FROM_DEVICE] = DMA_FROM_DEVICE,
};

/*
 * Programs may map the same memory several times. The kernel wants that to be
 * said, by syncing as a step of its own: DMA_API_DEBUG warns otherwise.
 */
#define MAP_ATTRS	DMA_ATTR_SKIP_CPU_SYNC

static void unpin(struct h8l_mapping *map)
{
	bool dirty = map->dir != DMA_TO_DEVICE && !map->read_only;

	if (map->pages && !map->buffer)
		unpin_user_pages_dirty_lock(map->pages, map->npages, dirty);
	if (!map->buffer)
		kvfree(map->pages);
	map->pages = NULL;
}

static void release_dma_buf(struct h8l_mapping *map)
{
	struct dma_buf *buf = map->attach->dmabuf;

	if (map->sgt)
		dma_buf_unmap_attachment_unlocked(map->attach, map->sgt, map->dir);
	dma_buf_detach(buf, map->attach);
	dma_buf_put(buf);
	map->attach = NULL;
}

static void detach_mapping(struct h8l_dma *dma)
{
	struct h8l_mapping *map = container_of(dma, struct h8l_mapping, dma);

	if (map->attach) {
		release_dma_buf(map);
	} else {
		dma_sync_sgtable_for_cpu(h8l_bus(map->h), &map->table, map->dir);
		dma_unmap_sgtable(h8l_bus(map->h), &map->table, map->dir, MAP_ATTRS);
		sg_free_table(&map->table);
		unpin(map);
	}
	map->sgt = NULL;
}

static void mapping_free(struct h8l_mapping *map)
{
	struct h8l_device *h = map->h;

	h8l_dma_detach(h, &map->dma);
	unpin(map);
	if (map->buffer)
		h8l_buffer_put(map->buffer);
	h8l_uncharge(&map->charge);
	kvfree(map->chunks);
	kfree(map);
	put_device(&h->dev);
}

static void mapping_release(struct kref *ref)
{
	mapping_free(container_of(ref, struct h8l_mapping, ref));
}

/* Inside the gate, outside mem_lock. */
void h8l_mapping_put(struct h8l_mapping *map)
{
	kref_put(&map->ref, mapping_release);
}

static struct h8l_mapping *mapping_new(struct h8l_file *f, const struct hailo8l_buffer_map *a)
{
	struct h8l_mapping *map = kzalloc(sizeof(*map), GFP_KERNEL);

	if (!map)
		return NULL;
	kref_init(&map->ref);
	INIT_LIST_HEAD(&map->node);
	INIT_LIST_HEAD(&map->bindings);
	INIT_LIST_HEAD(&map->dma.node);
	map->h = f->h;
	map->addr = a->user_address;
	map->size = a->size;
	map->dir = directions[a->data_direction];
	get_device(&f->h->dev);
	return map;
}

static int check_args(const struct hailo8l_buffer_map *a)
{
	u64 end;

	if (a->data_direction >= ARRAY_SIZE(directions))
		return -EINVAL;
	if (a->buffer_type > HAILO8L_BUFFER_DMABUF)
		return -EINVAL;
	if (!a->size || a->size > U32_MAX)
		return -EINVAL;
	if (a->buffer_type == HAILO8L_BUFFER_DMABUF)
		return a->user_address > INT_MAX ? -EINVAL : 0;
	/* The chip drops the low bits of an address. */
	if (!IS_ALIGNED(a->user_address, HW_DESC_PAGE_MIN))
		return -EINVAL;
	return check_add_overflow(a->user_address, a->size, &end) ? -EINVAL : 0;
}

/* All of @npages, or an error and none. */
static long pin_all(unsigned long start, unsigned long npages, unsigned int flags,
		    struct page **pages)
{
	unsigned long done = 0;
	int got;

	while (done < npages) {
		got = pin_user_pages_fast(start + done * PAGE_SIZE,
					  min_t(unsigned long, npages - done, INT_MAX),
					  flags | FOLL_LONGTERM, pages + done);
		if (got <= 0) {
			unpin_user_pages(pages, done);
			return got ? got : -EFAULT;
		}
		done += got;
	}
	return 0;
}

/*
 * Pins are always for writing where the process itself may write: reading
 * pins of memory that a later write would copy go stale on older kernels.
 * What the process cannot write is read-only for the chip, too.
 */
static int pin(struct h8l_mapping *map)
{
	unsigned long start = map->addr & PAGE_MASK;
	long err;

	map->npages = DIV_ROUND_UP(offset_in_page(map->addr) + map->size, PAGE_SIZE);
	err = h8l_charge(&map->charge, map->npages);
	if (err)
		return err;
	map->pages = kvcalloc(map->npages, sizeof(*map->pages), GFP_KERNEL_ACCOUNT);
	if (!map->pages)
		return -ENOMEM;
	err = pin_all(start, map->npages, FOLL_WRITE, map->pages);
	if (err == -EFAULT && map->dir == DMA_TO_DEVICE) {
		map->read_only = true;
		err = pin_all(start, map->npages, 0, map->pages);
	}
	if (err) {
		kvfree(map->pages);
		map->pages = NULL;
	}
	return err;
}

/* The pages of a low-memory buffer, which are locked and counted already. */
static int borrow(struct h8l_mapping *map)
{
	map->npages = DIV_ROUND_UP(offset_in_page(map->addr) + map->size, PAGE_SIZE);
	if (map->npages != map->buffer->npages)
		return -EINVAL;
	map->pages = map->buffer->pages;
	return 0;
}

/**
 * dma_buf_at() - the dma-buf behind a user address
 * @addr: address
 * @size: bytes
 * @offset: set to the place of @addr in the dma-buf
 *
 * Memory of a dma-buf often has no pages that could be pinned.
 *
 * Return: a reference, or NULL if the range is not inside one mapped dma-buf.
 */
static struct dma_buf *dma_buf_at(u64 addr, u64 size, u64 *offset)
{
	struct mm_struct *mm = current->mm;
	struct dma_buf *buf = NULL;
	struct vm_area_struct *vma;

	mmap_read_lock(mm);
	vma = vma_lookup(mm, addr);
	if (vma && vma->vm_file && size <= vma->vm_end - addr &&
	    file_inode(vma->vm_file)->i_sb->s_magic == DMA_BUF_MAGIC) {
		buf = vma->vm_file->private_data;
		get_dma_buf(buf);
		*offset = ((u64)vma->vm_pgoff << PAGE_SHIFT) + (addr - vma->vm_start);
	}
	mmap_read_unlock(mm);
	return buf;
}

/* Takes over the reference on @buf. */
static int import(struct h8l_mapping *map, struct dma_buf *buf, u64 offset)
{
	struct dma_buf_attachment *attach;
	struct sg_table *sgt;

	map->read_only = !(buf->file->f_mode & FMODE_WRITE);
	if (offset > buf->size || map->size > buf->size - offset ||
	    (map->read_only && map->dir != DMA_TO_DEVICE)) {
		dma_buf_put(buf);
		return -EINVAL;
	}
	attach = dma_buf_attach(buf, h8l_bus(map->h));
	if (IS_ERR(attach)) {
		dma_buf_put(buf);
		return -EINVAL;
	}
	map->attach = attach;
	sgt = dma_buf_map_attachment_unlocked(attach, map->dir);
	if (IS_ERR(sgt)) {
		release_dma_buf(map);
		return -EINVAL;
	}
	map->sgt = sgt;
	h8l_dma_add(map->h, &map->dma, detach_mapping);
	return 0;
}

static int map_pages(struct h8l_mapping *map)
{
	struct device *dev = h8l_bus(map->h);
	size_t segment = min_t(size_t, dma_max_mapping_size(dev), UINT_MAX) & PAGE_MASK;
	int err;

	err = sg_alloc_table_from_pages_segment(&map->table, map->pages, map->npages,
						offset_in_page(map->addr), map->size,
						segment ?: PAGE_SIZE, GFP_KERNEL);
	if (err)
		return err;
	if (dma_map_sgtable(dev, &map->table, map->dir, MAP_ATTRS)) {
		sg_free_table(&map->table);
		return -ENXIO;
	}
	dma_sync_sgtable_for_device(dev, &map->table, map->dir);
	map->sgt = &map->table;
	h8l_dma_add(map->h, &map->dma, detach_mapping);
	return 0;
}

static void add_chunk(struct h8l_mapping *map, u64 addr, u64 start, u64 *expected)
{
	if (!map->nchunks || addr != *expected) {
		map->chunks[map->nchunks].addr = addr;
		map->chunks[map->nchunks].start = start;
		map->nchunks++;
	}
}

/* What the descriptors need: bus addresses from byte @skip of the table on. */
static int make_chunks(struct h8l_mapping *map, u64 skip)
{
	u64 start = 0, expected = 0;
	struct scatterlist *sg;
	unsigned int i;

	map->chunks = kvcalloc(map->sgt->nents + 1, sizeof(*map->chunks), GFP_KERNEL_ACCOUNT);
	if (!map->chunks)
		return -ENOMEM;
	for_each_sgtable_dma_sg(map->sgt, sg, i) {
		u64 addr = sg_dma_address(sg), len = sg_dma_len(sg);
		u64 cut = min(skip, len);

		skip -= cut;
		len = min(len - cut, map->size - start);
		if (!len)
			continue;
		add_chunk(map, addr + cut, start, &expected);
		expected = addr + cut + len;
		start += len;
		if (!map->attach && dma_need_sync(h8l_bus(map->h), addr))
			map->need_sync = true;
	}
	map->chunks[map->nchunks].start = start;
	return start == map->size ? 0 : -EINVAL;
}

/* Afterwards another thread may have guessed the handle and unmapped it. */
static u64 mapping_publish(struct h8l_file *f, struct h8l_mapping *map)
{
	u64 handle;

	mutex_lock(&f->lock);
	handle = f->next_mapping++;
	map->handle = handle;
	list_add(&map->node, &f->mappings);
	mutex_unlock(&f->lock);
	return handle;
}

/* Inside the gate. */
static int mapping_attach(struct h8l_mapping *map, struct dma_buf *buf, u64 offset)
{
	int err = buf ? import(map, buf, offset) : map_pages(map);

	return err ?: make_chunks(map, offset);
}

/* Find the memory; nothing of the bus is touched and no lock held. */
static int mapping_take(struct h8l_file *f, struct h8l_mapping *map,
			const struct hailo8l_buffer_map *a, struct dma_buf **buf, u64 *offset)
{
	if (a->buffer_type == HAILO8L_BUFFER_DMABUF) {
		map->by_fd = true;
		*buf = dma_buf_get(a->user_address);
		return IS_ERR(*buf) ? -EINVAL : 0;
	}
	if (a->allocated_buffer_handle != HAILO8L_NO_ALLOCATED_BUFFER) {
		map->buffer = h8l_buffer_get(f, a->allocated_buffer_handle);
		if (map->buffer)
			return borrow(map);
	}
	*buf = dma_buf_at(map->addr, map->size, offset);
	return *buf ? 0 : pin(map);
}

static int mapping_create(struct h8l_file *f, struct hailo8l_buffer_map *a)
{
	struct h8l_device *h = f->h;
	struct h8l_mapping *map = mapping_new(f, a);
	struct dma_buf *buf = NULL;
	u64 offset = 0;
	int err, state;

	if (!map)
		return -ENOMEM;
	err = mapping_take(f, map, a, &buf, &offset);
	state = h8l_enter(h);
	if (state)
		down_read(&h->gate);
	if (!err && state && buf)
		dma_buf_put(buf);
	if (!err)
		err = state;
	if (!err)
		err = mapping_attach(map, buf, offset);
	if (err)
		h8l_mapping_put(map);
	else
		a->mapped_handle = mapping_publish(f, map);
	up_read(&h->gate);
	if (!state)
		h8l_may_sleep(h);
	return err;
}

struct h8l_mapping *h8l_mapping_find(struct h8l_file *f, u64 handle)
{
	struct h8l_mapping *map;

	lockdep_assert_held(&f->lock);
	list_for_each_entry(map, &f->mappings, node)
		if (map->handle == handle)
			return map;
	return NULL;
}

static bool serves(const struct h8l_mapping *map, const struct hailo8l_launch_buffer *b,
		   enum dma_data_direction dir)
{
	bool by_fd = b->type == HAILO8L_BUFFER_DMABUF;

	if (map->by_fd != by_fd)
		return false;
	if (map->dir != dir && map->dir != DMA_BIDIRECTIONAL)
		return false;
	if (map->by_fd)
		return map->addr == b->addr_or_fd && b->size <= map->size;
	return b->addr_or_fd >= map->addr &&
		b->addr_or_fd - map->addr <= map->size &&
		b->size <= map->size - (b->addr_or_fd - map->addr);
}

/* The newest mapping that holds this buffer of a launch, or NULL. */
struct h8l_mapping *h8l_mapping_lookup(struct h8l_file *f, const struct hailo8l_launch_buffer *b,
				       enum dma_data_direction dir)
{
	struct h8l_mapping *map;

	lockdep_assert_held(&f->lock);
	list_for_each_entry(map, &f->mappings, node)
		if (serves(map, b, dir))
			return map;
	return NULL;
}

static int mapping_drop(struct h8l_file *f, u64 handle)
{
	struct h8l_mapping *map;

	mutex_lock(&f->lock);
	map = h8l_mapping_find(f, handle);
	if (map) {
		list_del_init(&map->node);
		h8l_list_forget(map);
	}
	mutex_unlock(&f->lock);
	if (!map)
		return -EINVAL;
	h8l_mapping_put(map);
	return 0;
}

/* The file is being closed; inside the gate. */
void h8l_mapping_release_all(struct h8l_file *f)
{
	struct h8l_mapping *map, *next;

	list_for_each_entry_safe(map, next, &f->mappings, node) {
		list_del_init(&map->node);
		h8l_mapping_put(map);
	}
}

static void sync_one(struct h8l_mapping *map, u64 addr, size_t len, bool for_cpu)
{
	struct device *dev = h8l_bus(map->h);

	if (for_cpu)
		dma_sync_single_for_cpu(dev, addr, len, map->dir);
	else
		dma_sync_single_for_device(dev, addr, len, map->dir);
}

/* One stretch of physically contiguous memory, [@from, @to) of the buffer. */
static u32 sync_stretch(struct h8l_mapping *map, u32 chunk, u64 from, u64 to, bool for_cpu)
{
	while (from < to) {
		const struct h8l_chunk *c;
		u64 end;

		while (map->chunks[chunk + 1].start <= from)
			chunk++;
		c = &map->chunks[chunk];
		end = min(to, c[1].start);
		sync_one(map, c->addr + (from - c->start), end - from, for_cpu);
		from = end;
	}
	return chunk;
}

/**
 * h8l_mapping_sync() - hand a part of a mapping to the CPU or to the chip
 * @map: mapping
 * @offset: first byte, inside the mapping
 * @size: bytes, inside the mapping
 * @for_cpu: or for the chip
 *
 * Exactly the range: its neighbours may be in use by the other side. An IOMMU
 * may join memory that is physically scattered, hence the two walks.
 */
void h8l_mapping_sync(struct h8l_mapping *map, u64 offset, u64 size, bool for_cpu)
{
	u64 start = 0, end = offset + size;
	struct scatterlist *sg;
	unsigned int i;
	u32 chunk = 0;

	if (!map->need_sync || !map->sgt)
		return;
	for_each_sgtable_sg(map->sgt, sg, i) {
		u64 next = start + sg->length;

		if (start >= end)
			break;
		if (next > offset)
			chunk = sync_stretch(map, chunk, max(start, offset),
					     min(next, end), for_cpu);
		start = next;
	}
}

int h8l_ioctl_map(struct h8l_file *f, void __user *arg)
{
	struct hailo8l_buffer_map a;
	int err;

	if (copy_from_user(&a, arg, sizeof(a)))
		return -EFAULT;
	err = check_args(&a);
	if (err)
		return err;
	err = mapping_create(f, &a);
	if (err)
		return err;
	if (!copy_to_user(arg, &a, sizeof(a)))
		return 0;
	if (!h8l_enter(f->h)) {
		mapping_drop(f, a.mapped_handle);
		h8l_leave(f->h);
	}
	return -EFAULT;
}

int h8l_ioctl_unmap(struct h8l_file *f, void __user *arg)
{
	struct hailo8l_buffer_unmap a;
	int err;

	if (copy_from_user(&a, arg, sizeof(a)))
		return -EFAULT;
	err = h8l_enter(f->h);
	if (err)
		return err;
	err = mapping_drop(f, a.mapped_handle);
	h8l_leave(f->h);
	return err;
}

static int mapping_sync_checked(struct h8l_file *f, const struct hailo8l_buffer_sync *a)
{
	struct h8l_mapping *map;
	int err = -EINVAL;
	u64 end;

	mutex_lock(&f->lock);
	map = h8l_mapping_find(f, a->handle);
	if (map && !check_add_overflow(a->offset, a->count, &end) && end <= map->size) {
		h8l_mapping_sync(map, a->offset, a->count, a->sync_type == HAILO8L_SYNC_FOR_CPU);
		err = 0;
	}
	mutex_unlock(&f->lock);
	return err;
}

int h8l_ioctl_sync(struct h8l_file *f, void __user *arg)
{
	struct hailo8l_buffer_sync a;
	int err;

	if (copy_from_user(&a, arg, sizeof(a)))
		return -EFAULT;
	if (a.sync_type > HAILO8L_SYNC_FOR_DEVICE)
		return -EINVAL;
	err = h8l_enter(f->h);
	if (err)
		return err;
	err = mapping_sync_checked(f, &a);
	h8l_leave(f->h);
	return err;
}
