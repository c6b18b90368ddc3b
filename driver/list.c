// SPDX-License-Identifier: GPL-2.0-only
/*
 * Descriptor lists: their memory, what their descriptors point to, and when
 * the chip has done with them.
 *
 * The chip reaches exactly what the descriptors of the lists point to. So a
 * list holds a reference on every mapping that one of its descriptors names
 * (a binding), and a list that firmware may still walk is not freed but
 * retired until firmware has answered that it stopped. Descriptors that name
 * nothing point to a page of the driver. A list that a context names is kept
 * until firmware has forgotten the context: it may be started again.
 */
#include <linux/interval_tree_generic.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "hailo8l.h"

#define BINDING_FIRST(b) ((b)->first)
#define BINDING_LAST(b) ((b)->last)

INTERVAL_TREE_DEFINE(struct h8l_binding, rb, u32, subtree_last, BINDING_FIRST, BINDING_LAST,
		     static inline, tree)

/* The part of a ring that a piece of work covers, without the wrap. */
struct extent {
	u32 first, last;
};

/* One or two ranges; @descs is 1 to the count of the list. */
static int split(const struct h8l_list *list, u32 start, u32 descs, struct extent *range)
{
	u32 room = list->ring.count - start;

	range[0].first = start;
	range[0].last = start + min(descs, room) - 1;
	if (descs <= room)
		return 1;
	range[1].first = 0;
	range[1].last = descs - room - 1;
	return 2;
}

/*
 * Take a binding out of its list. Its mapping may be let go now unless
 * firmware may be using the descriptors by itself.
 */
static void unbind(struct h8l_binding *b, struct list_head *gone)
{
	struct h8l_list *list = b->list;
	struct h8l_device *h = list->h;

	lockdep_assert_held(&h->mem_lock);
	tree_remove(b, &list->bindings);
	list->read_only -= b->map->read_only;
	b->list = NULL;
	if (h->dma_active && (list->firmware_driven || !list->channel))
		list_move(&b->of_mapping, &h->retired_bindings);
	else
		list_move(&b->of_mapping, gone);
}

static void bind(struct h8l_list *list, struct h8l_binding *b, struct h8l_mapping *map,
		 const struct extent *range)
{
	kref_get(&map->ref);
	b->map = map;
	b->list = list;
	b->first = range->first;
	b->last = range->last;
	list->read_only += map->read_only;
	tree_insert(b, &list->bindings);
	list_add(&b->of_mapping, &map->bindings);
}

/* Outside mem_lock: the last reference may unmap memory. */
static void free_bindings(struct list_head *gone)
{
	struct h8l_binding *b, *next;

	list_for_each_entry_safe(b, next, gone, of_mapping) {
		h8l_mapping_put(b->map);
		kfree(b);
	}
}

/* Shrink or remove what overlaps @range; @spare is used up by a split. */
static void cut_out(struct h8l_list *list, const struct extent *range,
		    struct h8l_binding **spare, struct list_head *gone)
{
	struct h8l_binding *b;

	while ((b = tree_iter_first(&list->bindings, range->first, range->last))) {
		struct extent right = { range->last + 1, b->last };
		bool keep_left = b->first < range->first;
		bool keep_right = b->last > range->last;

		if (!keep_left && !keep_right) {
			unbind(b, gone);
			continue;
		}
		if (keep_left && keep_right) {
			bind(list, *spare, b->map, &right);
			*spare = NULL;
		}
		tree_remove(b, &list->bindings);
		if (keep_left)
			b->last = range->first - 1;
		else
			b->first = right.first;
		tree_insert(b, &list->bindings);
	}
}

/* The usual case of a program that uses the same buffers again and again. */
static bool already_bound(struct h8l_list *list, const struct extent *range,
			  const struct h8l_mapping *map)
{
	struct h8l_binding *b;
	bool same;

	mutex_lock(&list->h->mem_lock);
	b = tree_iter_first(&list->bindings, range->first, range->last);
	same = b && b->map == map && b->first <= range->first && b->last >= range->last;
	mutex_unlock(&list->h->mem_lock);
	return same;
}

static int alloc_bindings(struct h8l_binding **b, int n)
{
	int i;

	for (i = 0; i < n; i++) {
		b[i] = kzalloc(sizeof(**b), GFP_KERNEL_ACCOUNT);
		if (!b[i])
			return -ENOMEM;
	}
	return 0;
}

/**
 * h8l_list_bind() - note that descriptors are going to point to a mapping
 * @list: list
 * @start: first descriptor
 * @descs: descriptors, over the end of the list if it is circular
 * @map: mapping
 *
 * Context: inside the gate, under h8l_file.lock.
 * Return: 0, -ENOMEM, or -EFAULT for memory that the chip must not write in
 * a list through which it does.
 */
int h8l_list_bind(struct h8l_list *list, u32 start, u32 descs, struct h8l_mapping *map)
{
	struct h8l_binding *spare[4] = { };
	struct extent range[2];
	int n = split(list, start, descs, range);
	LIST_HEAD(gone);
	int i, err;

	if (map->read_only && list->written)
		return -EFAULT;
	if (n == 1 && already_bound(list, range, map))
		return 0;
	err = alloc_bindings(spare, 2 * n);
	if (!err) {
		mutex_lock(&list->h->mem_lock);
		for (i = 0; i < n; i++) {
			cut_out(list, &range[i], &spare[2 * i + 1], &gone);
			bind(list, spare[2 * i], map, &range[i]);
			spare[2 * i] = NULL;
		}
		mutex_unlock(&list->h->mem_lock);
	}
	for (i = 0; i < ARRAY_SIZE(spare); i++)
		kfree(spare[i]);
	free_bindings(&gone);
	return err;
}

static bool extent_bound(struct h8l_list *list, struct extent range)
{
	struct h8l_binding *b;

	for (;;) {
		b = tree_iter_first(&list->bindings, range.first, range.first);
		if (!b)
			return false;
		if (b->last >= range.last)
			return true;
		range.first = b->last + 1;
	}
}

/* Do all of these descriptors point to memory of the caller? */
bool h8l_list_bound(struct h8l_list *list, u32 start, u32 descs)
{
	struct extent range[2];
	int n = split(list, start, descs, range);
	bool bound;

	mutex_lock(&list->h->mem_lock);
	bound = extent_bound(list, range[0]) && (n == 1 || extent_bound(list, range[1]));
	mutex_unlock(&list->h->mem_lock);
	return bound;
}

/* Is one of these descriptors part of a transfer that has not completed? */
static bool in_flight(struct h8l_list *list, u32 first, u32 descs)
{
	struct h8l_channel *ch = list->channel;
	unsigned long flags;
	bool busy = false;
	u32 ahead, length;

	if (!ch)
		return false;
	spin_lock_irqsave(&list->h->irq_lock, flags);
	if (ch->done != ch->head) {
		length = (ch->num_avail - ch->num_proc) & (list->ring.count - 1);
		ahead = (first - ch->num_proc) & (list->ring.count - 1);
		busy = ahead < length || ahead + descs > list->ring.count;
	}
	spin_unlock_irqrestore(&list->h->irq_lock, flags);
	return busy;
}

static bool may_forget(struct h8l_binding *b)
{
	struct h8l_list *list = b->list;

	if (!list->cpu)
		return false;
	if (list->h->dma_active && (list->firmware_driven || !list->channel))
		return false;
	return !in_flight(list, b->first, b->last - b->first + 1);
}

/**
 * h8l_list_forget() - the user gives up a mapping
 * @map: mapping
 *
 * Descriptors that the chip will not touch any more are pointed elsewhere, so
 * that the memory goes back now and not when the list does.
 *
 * Context: inside the gate, under h8l_file.lock.
 */
void h8l_list_forget(struct h8l_mapping *map)
{
	struct h8l_device *h = map->h;
	struct h8l_binding *b, *next;
	LIST_HEAD(gone);

	mutex_lock(&h->mem_lock);
	list_for_each_entry_safe(b, next, &map->bindings, of_mapping) {
		if (!b->list || !may_forget(b))
			continue;
		h8l_desc_park(&b->list->ring, b->first, b->last - b->first + 1, h->sink_bus);
		unbind(b, &gone);
	}
	mutex_unlock(&h->mem_lock);
	free_bindings(&gone);
}

static void detach_list(struct h8l_dma *dma)
{
	struct h8l_list *list = container_of(dma, struct h8l_list, dma);

	dma_free_coherent(h8l_bus(list->h), list->bytes, list->cpu, list->cpu_bus);
	list->cpu = NULL;
}

/* Nobody knows the list any more, and the chip does not walk it. */
static void list_free(struct h8l_list *list)
{
	struct h8l_device *h = list->h;
	struct h8l_binding *b, *next;
	LIST_HEAD(gone);

	/* First the bindings, or h8l_list_forget() could still write here. */
	mutex_lock(&h->mem_lock);
	rbtree_postorder_for_each_entry_safe(b, next, &list->bindings.rb_root, rb)
		list_move(&b->of_mapping, &gone);
	mutex_unlock(&h->mem_lock);
	h8l_dma_detach(h, &list->dma);
	free_bindings(&gone);
	h8l_uncharge(&list->charge);
	kvfree(list->ring.ctrl);
	kfree(list);
	put_device(&h->dev);
}

/* May the chip read this list, now or when firmware starts a network again? */
static bool may_be_read(const struct h8l_list *list)
{
	const struct h8l_device *h = list->h;

	lockdep_assert_held(&h->mem_lock);
	return h->dma_active || (list->named && h->lists_known);
}

static void list_release(struct kref *ref)
{
	struct h8l_list *list = container_of(ref, struct h8l_list, ref);
	struct h8l_device *h = list->h;
	bool retire;

	mutex_lock(&h->mem_lock);
	retire = list->cpu && may_be_read(list);
	if (retire)
		list_add(&list->node, &h->retired);
	mutex_unlock(&h->mem_lock);
	if (!retire)
		list_free(list);
}

/* Inside the gate. */
void h8l_list_put(struct h8l_list *list)
{
	kref_put(&list->ref, list_release);
}

/* From now on firmware may walk any list by itself; @named: it learns of some. */
void h8l_dma_begins(struct h8l_device *h, bool named)
{
	mutex_lock(&h->mem_lock);
	WRITE_ONCE(h->dma_active, true);
	h->lists_known |= named;
	mutex_unlock(&h->mem_lock);
}

static void free_retired(struct h8l_device *h)
{
	struct h8l_list *list, *next;
	LIST_HEAD(bindings);
	LIST_HEAD(lists);

	mutex_lock(&h->mem_lock);
	list_for_each_entry_safe(list, next, &h->retired, node)
		if (!may_be_read(list))
			list_move(&list->node, &lists);
	if (!h->dma_active)
		list_splice_init(&h->retired_bindings, &bindings);
	mutex_unlock(&h->mem_lock);
	list_for_each_entry_safe(list, next, &lists, node)
		list_free(list);
	free_bindings(&bindings);
}

/**
 * h8l_dma_ended() - the chip has provably stopped
 * @h: device
 *
 * Context: inside the gate.
 */
void h8l_dma_ended(struct h8l_device *h)
{
	mutex_lock(&h->mem_lock);
	WRITE_ONCE(h->dma_active, false);
	mutex_unlock(&h->mem_lock);
	free_retired(h);
}

/**
 * h8l_lists_forgotten() - firmware has no context any more, or none that it may start
 * @h: device
 *
 * Context: inside the gate.
 */
void h8l_lists_forgotten(struct h8l_device *h)
{
	mutex_lock(&h->mem_lock);
	h->lists_known = false;
	mutex_unlock(&h->mem_lock);
	free_retired(h);
}

int h8l_sink_init(struct h8l_device *h)
{
	h->sink = dma_alloc_coherent(h8l_bus(h), HW_DESC_PAGE_MAX, &h->sink_bus, GFP_KERNEL);
	return h->sink ? 0 : -ENOMEM;
}

void h8l_sink_exit(struct h8l_device *h)
{
	dma_free_coherent(h8l_bus(h), HW_DESC_PAGE_MAX, h->sink, h->sink_bus);
}

/*
 * Coherent memory is aligned to its size in nearly every case. Where it is
 * not, a larger piece contains an aligned one.
 */
static int alloc_coherent(struct h8l_list *list)
{
	gfp_t gfp = GFP_KERNEL | H8L_GFP_USER;
	struct device *dev = h8l_bus(list->h);

	list->cpu = dma_alloc_coherent(dev, list->bytes, &list->cpu_bus, gfp);
	if (list->cpu && !IS_ALIGNED(list->cpu_bus, HW_VDMA_LIST_ALIGN)) {
		dma_free_coherent(dev, list->bytes, list->cpu, list->cpu_bus);
		list->bytes += HW_VDMA_LIST_ALIGN;
		list->cpu = dma_alloc_coherent(dev, list->bytes, &list->cpu_bus, gfp);
	}
	if (!list->cpu)
		return -ENOBUFS;
	list->bus = ALIGN(list->cpu_bus, HW_VDMA_LIST_ALIGN);
	list->ring.desc = list->cpu + (list->bus - list->cpu_bus);
	return 0;
}

static int alloc_list_memory(struct h8l_list *list)
{
	int err = h8l_charge(&list->charge, list->bytes >> PAGE_SHIFT);

	if (err)
		return err;
	list->ring.ctrl = kvcalloc(list->ring.count, sizeof(*list->ring.ctrl), GFP_KERNEL_ACCOUNT);
	if (!list->ring.ctrl)
		return -ENOMEM;
	err = alloc_coherent(list);
	if (err)
		return err;
	h8l_dma_add(list->h, &list->dma, detach_list);
	h8l_desc_park(&list->ring, 0, list->ring.count, list->h->sink_bus);
	return 0;
}

static struct h8l_list *list_new(struct h8l_device *h, const struct hailo8l_desc_list_create *a)
{
	struct h8l_list *list = kzalloc(sizeof(*list), GFP_KERNEL_ACCOUNT);
	int err;

	if (!list)
		return ERR_PTR(-ENOMEM);
	kref_init(&list->ref);
	INIT_LIST_HEAD(&list->node);
	INIT_LIST_HEAD(&list->dma.node);
	list->bindings = RB_ROOT_CACHED;
	list->h = h;
	list->ring.count = a->desc_count;
	list->ring.page = a->desc_page_size;
	list->ring.circular = !!a->is_circular;
	list->bytes = ALIGN(list->ring.count * sizeof(struct hw_vdma_desc), HW_VDMA_LIST_ALIGN);
	get_device(&h->dev);
	err = alloc_list_memory(list);
	if (!err)
		return list;
	list_free(list);
	return ERR_PTR(err);
}

static int check_create(struct h8l_device *h, const struct hailo8l_desc_list_create *a)
{
	if (a->desc_count < HW_VDMA_MIN_DESCS || a->desc_count > HW_VDMA_MAX_DESCS)
		return -EINVAL;
	if (a->is_circular && !is_power_of_2(a->desc_count))
		return -EINVAL;
	if (!is_power_of_2(a->desc_page_size) || a->desc_page_size < HW_DESC_PAGE_MIN ||
	    a->desc_page_size > h->page_max)
		return -EINVAL;
	return 0;
}

struct h8l_list *h8l_list_find(struct h8l_file *f, u64 handle)
{
	struct h8l_list *list;

	lockdep_assert_held(&f->lock);
	list_for_each_entry(list, &f->lists, node)
		if (list->handle == handle)
			return list;
	return NULL;
}

static int list_drop(struct h8l_file *f, u64 handle)
{
	struct h8l_list *list;

	mutex_lock(&f->lock);
	list = h8l_list_find(f, handle);
	if (list) {
		list_del_init(&list->node);
		h8l_list_put(list);
	}
	mutex_unlock(&f->lock);
	return list ? 0 : -EINVAL;
}

/* The file is being closed; inside the gate. */
void h8l_list_release_all(struct h8l_file *f)
{
	struct h8l_list *list, *next;

	list_for_each_entry_safe(list, next, &f->lists, node) {
		list_del_init(&list->node);
		h8l_list_put(list);
	}
}

static int list_create(struct h8l_file *f, struct hailo8l_desc_list_create *a)
{
	struct h8l_list *list;
	int err = h8l_enter(f->h);

	if (err)
		return err;
	list = list_new(f->h, a);
	if (!IS_ERR(list)) {
		mutex_lock(&f->lock);
		list->handle = f->next_handle++ << PAGE_SHIFT;
		list_add(&list->node, &f->lists);
		a->desc_handle = list->handle;
		a->dma_address = list->bus;
		mutex_unlock(&f->lock);
	}
	h8l_leave(f->h);
	return PTR_ERR_OR_ZERO(list);
}

int h8l_ioctl_list_create(struct h8l_file *f, void __user *arg)
{
	struct hailo8l_desc_list_create a;
	int err;

	if (copy_from_user(&a, arg, sizeof(a)))
		return -EFAULT;
	err = check_create(f->h, &a);
	if (err)
		return err;
	err = list_create(f, &a);
	if (err)
		return err;
	if (!copy_to_user(arg, &a, sizeof(a)))
		return 0;
	if (!h8l_enter(f->h)) {
		list_drop(f, a.desc_handle);
		h8l_leave(f->h);
	}
	return -EFAULT;
}

int h8l_ioctl_list_release(struct h8l_file *f, void __user *arg)
{
	struct hailo8l_desc_list_release a;
	int err;

	if (copy_from_user(&a, arg, sizeof(a)))
		return -EFAULT;
	err = h8l_enter(f->h);
	if (err)
		return err;
	err = list_drop(f, a.desc_handle);
	h8l_leave(f->h);
	return err;
}

/* What a PROGRAM writes: @batch transfers of @descs descriptors each. */
struct program {
	struct h8l_list *list;
	struct h8l_mapping *map;
	struct h8l_span span;		/* of the first transfer */
	u32 start;
	u32 descs;
	u32 batch;
	u8 irq;				/* of the last transfer */
};

/*
 * All transfers together fit in the list once. Of transfers that only get
 * new ends, the descriptors must point to memory of the caller.
 */
static int check_extent(const struct program *p, bool should_bind)
{
	u64 total = (u64)p->descs * p->batch;
	struct h8l_span all = p->span;
	int err;

	err = h8l_desc_check_room(&p->list->ring, p->start, min_t(u64, total, U32_MAX));
	if (err)
		return err;
	if (in_flight(p->list, p->start, total))
		return -EBUSY;
	if (!should_bind)
		return h8l_list_bound(p->list, p->start, total) ? 0 : -EFAULT;
	/* Each transfer starts on a page, so the buffer is one long span. */
	all.size = (p->batch - 1) * p->descs * p->list->ring.page + p->span.size;
	return h8l_desc_check_span(&p->list->ring, &all);
}

static int program_prepare(struct h8l_file *f, const struct hailo8l_desc_list_program *a,
			   struct program *p)
{
	p->list = h8l_list_find(f, a->desc_handle);
	p->map = h8l_mapping_find(f, a->buffer_handle);
	if (!p->list || !p->map || a->buffer_size > p->map->size)
		return -EFAULT;
	if (!a->buffer_size || !a->batch_size ||
	    a->last_interrupts_domain > (HAILO8L_IRQ_DEVICE | HAILO8L_IRQ_HOST))
		return -EINVAL;
	p->span.chunks = p->map->chunks;
	p->span.nchunks = p->map->nchunks;
	p->span.offset = a->buffer_offset;
	p->span.size = a->buffer_size;
	p->span.stride = a->stride;
	p->start = a->starting_desc;
	p->descs = h8l_desc_needed(a->buffer_size, p->list->ring.page);
	p->batch = a->batch_size;
	p->irq = h8l_desc_irq(a->last_interrupts_domain, a->is_debug);
	return check_extent(p, a->should_bind);
}

static int program_write(struct program *p, bool should_bind)
{
	struct h8l_ring *ring = &p->list->ring;
	u32 i, start = p->start;
	int err = 0;

	if (should_bind)
		err = h8l_list_bind(p->list, start, p->descs * p->batch, p->map);
	if (err)
		return err;
	/* Not earlier: the chip may have been running these transfers still. */
	if (p->list->launched && !p->list->channel) {
		h8l_desc_restore(ring);
		p->list->launched = false;
	}
	for (i = 1; i <= p->batch; i++) {
		u8 irq = i == p->batch ? p->irq : 0;

		if (should_bind) {
			h8l_desc_bind(ring, start, &p->span);
			h8l_desc_request_irq(ring, h8l_desc_next(ring, start, p->descs - 1), irq);
		} else {
			h8l_desc_end(ring, start, p->span.size, irq);
		}
		p->span.offset += (u64)p->descs * ring->page;
		start = h8l_desc_next(ring, start, p->descs);
	}
	return p->batch * p->descs;
}

int h8l_ioctl_list_program(struct h8l_file *f, void __user *arg)
{
	struct hailo8l_desc_list_program a;
	struct program p;
	int ret;

	if (copy_from_user(&a, arg, sizeof(a)))
		return -EFAULT;
	ret = h8l_enter(f->h);
	if (ret)
		return ret;
	mutex_lock(&f->lock);
	ret = program_prepare(f, &a, &p);
	if (!ret)
		ret = program_write(&p, a.should_bind);
	mutex_unlock(&f->lock);
	h8l_leave(f->h);
	return ret;
}
