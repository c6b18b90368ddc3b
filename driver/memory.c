// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of the driver that user space may map, what the bus knows of any
 * memory, and who answers for how much of it.
 */
#include <linux/capability.h>
#include <linux/gfp.h>
#include <linux/moduleparam.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "hailo8l.h"

static bool memlock = true;
module_param(memlock, bool, 0444);
MODULE_PARM_DESC(memlock, "memory of the driver counts against RLIMIT_MEMLOCK (default Y)");

/**
 * h8l_charge() - count locked memory against the limit of this process
 * @charge: filled in
 * @pages: how many
 *
 * Return: 0, or -ENOMEM when RLIMIT_MEMLOCK would be exceeded.
 */
int h8l_charge(struct h8l_charge *charge, unsigned long pages)
{
	unsigned long limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;
	struct mm_struct *mm = current->mm;
	u64 total = atomic64_add_return(pages, &mm->pinned_vm);

	if (memlock && total > limit && !capable(CAP_IPC_LOCK)) {
		atomic64_sub(pages, &mm->pinned_vm);
		pr_notice_once(H8L_DRIVER_NAME ": %s[%d] needs more locked memory than its limit of %lu KiB; raise it with 'ulimit -l' or LimitMEMLOCK=\n",
			       current->comm, current->pid, limit << (PAGE_SHIFT - 10));
		return -ENOMEM;
	}
	mmgrab(mm);
	charge->mm = mm;
	charge->pages = pages;
	return 0;
}

void h8l_uncharge(struct h8l_charge *charge)
{
	if (!charge->mm)
		return;
	atomic64_sub(charge->pages, &charge->mm->pinned_vm);
	mmdrop(charge->mm);
	charge->mm = NULL;
}

void h8l_dma_add(struct h8l_device *h, struct h8l_dma *dma, void (*detach)(struct h8l_dma *dma))
{
	dma->detach = detach;
	mutex_lock(&h->mem_lock);
	list_add(&dma->node, &h->dma_objects);
	mutex_unlock(&h->mem_lock);
}

/* Take one object off the bus, unless remove() did so. Inside the gate. */
void h8l_dma_detach(struct h8l_device *h, struct h8l_dma *dma)
{
	bool attached;

	lockdep_assert_held(&h->gate);
	mutex_lock(&h->mem_lock);
	attached = !list_empty(&dma->node);
	list_del_init(&dma->node);
	mutex_unlock(&h->mem_lock);
	if (attached)
		dma->detach(dma);
}

/* The device goes away: nothing of ours may stay on the bus. */
void h8l_dma_detach_all(struct h8l_device *h)
{
	struct h8l_dma *dma, *next;
	LIST_HEAD(all);

	lockdep_assert_held_write(&h->gate);
	mutex_lock(&h->mem_lock);
	list_splice_init(&h->dma_objects, &all);
	mutex_unlock(&h->mem_lock);
	list_for_each_entry_safe(dma, next, &all, node) {
		list_del_init(&dma->node);
		dma->detach(dma);
	}
}

static void free_pages_of(struct h8l_buffer *b)
{
	unsigned long i;

	for (i = 0; b->pages && i < b->npages; i++)
		if (b->pages[i])
			put_page(b->pages[i]);
	kvfree(b->pages);
}

static void buffer_free(struct h8l_buffer *b)
{
	struct h8l_device *h = b->h;

	h8l_dma_detach(h, &b->dma);
	free_pages_of(b);
	h8l_uncharge(&b->charge);
	kfree(b);
	put_device(&h->dev);
}

static void buffer_release(struct kref *ref)
{
	buffer_free(container_of(ref, struct h8l_buffer, ref));
}

/* Inside the gate. */
void h8l_buffer_put(struct h8l_buffer *b)
{
	kref_put(&b->ref, buffer_release);
}

static struct h8l_buffer *buffer_new(struct h8l_file *f, u64 size)
{
	struct h8l_buffer *b;
	int err;

	if (!size || size > U32_MAX)
		return ERR_PTR(-EINVAL);
	b = kzalloc(sizeof(*b), GFP_KERNEL);
	if (!b)
		return ERR_PTR(-ENOMEM);
	b->size = size;
	b->npages = DIV_ROUND_UP(size, PAGE_SIZE);
	err = h8l_charge(&b->charge, b->npages);
	if (err) {
		kfree(b);
		return ERR_PTR(err);
	}
	kref_init(&b->ref);
	INIT_LIST_HEAD(&b->node);
	INIT_LIST_HEAD(&b->dma.node);
	b->h = f->h;
	b->mapping = f->mapping;
	get_device(&f->h->dev);
	return b;
}

/* More would be refused in the end, but only after others were killed. */
static bool too_many(unsigned long pages)
{
	return pages > totalram_pages() / 2;
}

/* Pages that every DMA mask reaches, zeroed because user space sees them. */
static int alloc_low_pages(struct h8l_buffer *b)
{
	gfp_t gfp = GFP_KERNEL_ACCOUNT | H8L_GFP_USER | __GFP_ZERO | __GFP_DMA32;
	unsigned long i;

	if (too_many(b->npages))
		return -ENOMEM;
	b->pages = kvcalloc(b->npages, sizeof(*b->pages), GFP_KERNEL_ACCOUNT);
	if (!b->pages)
		return -ENOMEM;
	for (i = 0; i < b->npages; i++) {
		b->pages[i] = alloc_page(gfp);
		if (!b->pages[i])
			return -ENOMEM;
		cond_resched();
	}
	return 0;
}

static void detach_continuous(struct h8l_dma *dma)
{
	struct h8l_buffer *b = container_of(dma, struct h8l_buffer, dma);

	/*
	 * At removal only: otherwise there is no VMA left, and another open
	 * of the node has a buffer with the same handle.
	 */
	if (b->h->removing)
		unmap_mapping_range(b->mapping, b->handle, PAGE_ALIGN(b->size), 1);
	dma_free_coherent(h8l_bus(b->h), PAGE_ALIGN(b->size), b->cpu, b->bus);
	b->cpu = NULL;
}

/* -ENOBUFS tells the stock library to do without. */
static int alloc_continuous(struct h8l_buffer *b)
{
	if (too_many(b->npages))
		return -ENOBUFS;
	b->cpu = dma_alloc_coherent(h8l_bus(b->h), PAGE_ALIGN(b->size), &b->bus,
				    GFP_KERNEL | H8L_GFP_USER);
	if (!b->cpu)
		return -ENOBUFS;
	h8l_dma_add(b->h, &b->dma, detach_continuous);
	return 0;
}

/* What a program is told of a new buffer */
struct receipt {
	u64 handle;
	u64 bus;
};

/* Once it is in the list another thread may guess its handle and free it. */
static int buffer_create(struct h8l_file *f, u64 size, int (*alloc)(struct h8l_buffer *b),
			 struct receipt *receipt)
{
	struct h8l_buffer *b = buffer_new(f, size);
	int err;

	if (IS_ERR(b))
		return PTR_ERR(b);
	/* Detaching at removal needs it before anybody can map the buffer. */
	mutex_lock(&f->lock);
	b->handle = f->next_handle++ << PAGE_SHIFT;
	mutex_unlock(&f->lock);
	err = alloc(b);
	if (err) {
		h8l_buffer_put(b);
		return err;
	}
	receipt->handle = b->handle;
	receipt->bus = b->bus;
	mutex_lock(&f->lock);
	list_add(&b->node, &f->buffers);
	mutex_unlock(&f->lock);
	return 0;
}

static struct h8l_buffer *buffer_find(struct h8l_file *f, u64 handle)
{
	struct h8l_buffer *b;

	lockdep_assert_held(&f->lock);
	list_for_each_entry(b, &f->buffers, node)
		if (b->handle == handle)
			return b;
	return NULL;
}

/* A reference on the low-memory buffer with this handle, or NULL. */
struct h8l_buffer *h8l_buffer_get(struct h8l_file *f, u64 handle)
{
	struct h8l_buffer *b;

	mutex_lock(&f->lock);
	b = buffer_find(f, handle);
	if (b && b->pages)
		kref_get(&b->ref);
	else
		b = NULL;
	mutex_unlock(&f->lock);
	return b;
}

static int buffer_drop(struct h8l_file *f, u64 handle, bool low)
{
	struct h8l_buffer *b;

	mutex_lock(&f->lock);
	b = buffer_find(f, handle);
	if (b && !b->pages == low)
		b = NULL;
	if (b)
		list_del_init(&b->node);
	mutex_unlock(&f->lock);
	if (!b)
		return -EINVAL;
	h8l_buffer_put(b);
	return 0;
}

/* The file is being closed; inside the gate. */
void h8l_buffer_release_all(struct h8l_file *f)
{
	struct h8l_buffer *b, *next;

	list_for_each_entry_safe(b, next, &f->buffers, node) {
		list_del_init(&b->node);
		h8l_buffer_put(b);
	}
}

static int free_ioctl(struct h8l_file *f, u64 handle, bool low)
{
	int err = h8l_enter(f->h);

	if (err)
		return err;
	err = buffer_drop(f, handle, low);
	h8l_leave(f->h);
	return err;
}

static int alloc_ioctl(struct h8l_file *f, u64 size, int (*alloc)(struct h8l_buffer *b),
		       struct receipt *receipt)
{
	int err = h8l_enter(f->h);

	if (err)
		return err;
	err = buffer_create(f, size, alloc, receipt);
	h8l_leave(f->h);
	return err;
}

int h8l_ioctl_low_alloc(struct h8l_file *f, void __user *arg)
{
	struct hailo8l_low_memory_alloc a;
	struct receipt receipt;
	int err;

	if (copy_from_user(&a, arg, sizeof(a)))
		return -EFAULT;
	err = alloc_ioctl(f, a.buffer_size, alloc_low_pages, &receipt);
	if (err)
		return err;
	a.buffer_handle = receipt.handle;
	if (!copy_to_user(arg, &a, sizeof(a)))
		return 0;
	free_ioctl(f, a.buffer_handle, true);
	return -EFAULT;
}

int h8l_ioctl_continuous_alloc(struct h8l_file *f, void __user *arg)
{
	struct hailo8l_continuous_alloc a;
	struct receipt receipt;
	int err;

	if (copy_from_user(&a, arg, sizeof(a)))
		return -EFAULT;
	err = alloc_ioctl(f, a.buffer_size, alloc_continuous, &receipt);
	if (err)
		return err;
	a.buffer_handle = receipt.handle;
	a.dma_address = receipt.bus;
	if (!copy_to_user(arg, &a, sizeof(a)))
		return 0;
	free_ioctl(f, a.buffer_handle, false);
	return -EFAULT;
}

int h8l_ioctl_low_free(struct h8l_file *f, void __user *arg)
{
	struct hailo8l_low_memory_free a;

	if (copy_from_user(&a, arg, sizeof(a)))
		return -EFAULT;
	return free_ioctl(f, a.buffer_handle, true);
}

int h8l_ioctl_continuous_free(struct h8l_file *f, void __user *arg)
{
	struct hailo8l_continuous_free a;

	if (copy_from_user(&a, arg, sizeof(a)))
		return -EFAULT;
	return free_ioctl(f, a.buffer_handle, false);
}

static void vma_open(struct vm_area_struct *vma)
{
	struct h8l_buffer *b = vma->vm_private_data;

	kref_get(&b->ref);
}

static void vma_close(struct vm_area_struct *vma)
{
	struct h8l_buffer *b = vma->vm_private_data;
	struct h8l_device *h = b->h;

	/* The VMA's file is still open and keeps the device. */
	down_read(&h->gate);
	h8l_buffer_put(b);
	up_read(&h->gate);
}

static const struct vm_operations_struct buffer_vm_ops = {
	.open = vma_open,
	.close = vma_close,
};

static int map_low(struct h8l_buffer *b, struct vm_area_struct *vma)
{
	if (vma_pages(vma) != b->npages)
		return -EINVAL;
	return vm_map_pages_zero(vma, b->pages, b->npages);
}

static int map_continuous(struct h8l_buffer *b, struct vm_area_struct *vma)
{
	unsigned long pgoff = vma->vm_pgoff;
	int err;

	if (vma->vm_end - vma->vm_start > PAGE_ALIGN(b->size))
		return -EINVAL;
	/* Here the offset means the handle, there a place in the buffer. */
	vma->vm_pgoff = 0;
	err = dma_mmap_coherent(h8l_bus(b->h), vma, b->cpu, b->bus, PAGE_ALIGN(b->size));
	vma->vm_pgoff = pgoff;
	return err;
}

/* mmap of a buffer by its handle; inside the gate and mmap_lock. */
int h8l_buffer_mmap(struct h8l_file *f, struct vm_area_struct *vma)
{
	struct h8l_buffer *b;
	int err;

	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	mutex_lock(&f->lock);
	b = buffer_find(f, (u64)vma->vm_pgoff << PAGE_SHIFT);
	if (b)
		kref_get(&b->ref);
	mutex_unlock(&f->lock);
	if (!b)
		return -EINVAL;
	vm_flags_set(vma, VM_DONTEXPAND | VM_DONTDUMP);
	err = b->pages ? map_low(b, vma) : map_continuous(b, vma);
	if (err) {
		h8l_buffer_put(b);
		return err;
	}
	vma->vm_private_data = b;
	vma->vm_ops = &buffer_vm_ops;
	return 0;
}
