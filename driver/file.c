// SPDX-License-Identifier: GPL-2.0-only
/*
 * The node /dev/hailoN: open, release, ioctl, mmap, poll.
 */
#include <linux/fs.h>
#include <linux/idr.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/pid.h>
#include <linux/poll.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "hailo8l.h"

#define MAX_DEVICES	256

static char *compat_version = "4.23.0";
module_param(compat_version, charp, 0444);
MODULE_PARM_DESC(compat_version, "version that the stock library is told, which must be its own (default 4.23.0)");

static dev_t first_node;
static DEFINE_IDA(indices);

static struct class node_class = {
	.name = HAILO8L_CLASS_NAME,
	.dev_groups = h8l_groups,
};

static DEFINE_MUTEX(class_lock);	/* protects @class_made */
static bool class_made;

static struct h8l_file *file_new(struct h8l_device *h, struct file *filp)
{
	struct h8l_file *f = kzalloc(sizeof(*f), GFP_KERNEL);

	if (!f)
		return NULL;
	f->h = h;
	f->mapping = filp->f_mapping;
	mutex_init(&f->lock);
	INIT_LIST_HEAD(&f->mappings);
	INIT_LIST_HEAD(&f->lists);
	INIT_LIST_HEAD(&f->buffers);
	init_waitqueue_head(&f->wait);
	f->next_mapping = 1;
	f->next_handle = 1;
	f->event_seq = READ_ONCE(h->mbox.event_seq);
	f->opener = get_pid(task_tgid(current));
	get_device(&h->dev);
	return f;
}

static int node_open(struct inode *inode, struct file *filp)
{
	struct h8l_device *h = container_of(inode->i_cdev, struct h8l_device, cdev);
	struct h8l_file *f;
	int err;

	if (READ_ONCE(h->lost))
		return READ_ONCE(h->wants_file) ? -ENOEXEC : -ENXIO;
	err = h8l_enter(h);
	if (err)
		return err;
	if (!h8l_present(h)) {
		h8l_leave(h);
		/* Waits, if it is going to be recovered. */
		err = h8l_enter(h);
		if (err)
			return err == -ENODEV ? -ENXIO : err;
	}
	f = file_new(h, filp);
	err = f ? 0 : -ENOMEM;
	if (!err) {
		mutex_lock(&h->files_lock);
		list_add(&f->node, &h->files);
		mutex_unlock(&h->files_lock);
		filp->private_data = f;
	}
	h8l_leave(h);
	return err ?: nonseekable_open(inode, filp);
}

/*
 * Before memory goes back the chip must have stopped using it. A file that
 * neither marked the device nor drove it leaves others alone.
 */
static void stop_dma_of(struct h8l_file *f)
{
	struct h8l_device *h = f->h;
	bool marked = h8l_share_closing(f);

	mutex_lock(&h->files_lock);
	list_del(&f->node);
	mutex_unlock(&h->files_lock);
	if (h8l_state(h) != H8L_STATE_RUN)
		return;
	if (marked || READ_ONCE(h->configured_by) == f)
		h8l_quiesce(h, f);
}

static int node_release(struct inode *inode, struct file *filp)
{
	struct h8l_file *f = filp->private_data;
	struct h8l_device *h = f->h;

	/* Whether it runs or not: it must not fall asleep in between. */
	h8l_awake(h);
	down_read(&h->gate);
	stop_dma_of(f);
	mutex_lock(&f->lock);
	h8l_vdma_release(f, U32_MAX);
	h8l_list_release_all(f);
	h8l_mapping_release_all(f);
	h8l_buffer_release_all(f);
	mutex_unlock(&f->lock);
	h8l_share_leave(f);
	up_read(&h->gate);
	h8l_may_sleep(h);
	put_pid(f->opener);
	kfree(f);
	put_device(&h->dev);
	return 0;
}

static int query_properties(struct h8l_file *f, void __user *arg)
{
	struct h8l_device *h = f->h;
	struct hailo8l_device_properties a = {
		.desc_max_page_size = h->page_max,
		.board_type = HAILO8L_BOARD_HAILO8,
		.allocation_mode = h->alloc_mode,
		.dma_type = HAILO8L_DMA_PCIE,
		.dma_engines_count = 1,
	};
	int err = h8l_enter(h);

	if (err)
		return err;
	a.is_fw_loaded = h8l_firmware_runs(h);
	h8l_leave(h);
	return copy_to_user(arg, &a, sizeof(a)) ? -EFAULT : 0;
}

static int query_driver(struct h8l_file *f, void __user *arg)
{
	struct hailo8l_driver_info a = {
		.major = f->h->version[0],
		.minor = f->h->version[1],
		.revision = f->h->version[2],
	};

	return copy_to_user(arg, &a, sizeof(a)) ? -EFAULT : 0;
}

static const struct {
	unsigned int cmd;
	int (*handler)(struct h8l_file *f, void __user *arg);
} ioctls[] = {
	{ HAILO8L_VDMA_LAUNCH_TRANSFER, h8l_ioctl_launch },
	{ HAILO8L_VDMA_INTERRUPTS_WAIT, h8l_ioctl_wait },
	{ HAILO8L_VDMA_BUFFER_SYNC, h8l_ioctl_sync },
	{ HAILO8L_VDMA_BUFFER_MAP, h8l_ioctl_map },
	{ HAILO8L_VDMA_BUFFER_UNMAP, h8l_ioctl_unmap },
	{ HAILO8L_FW_CONTROL, h8l_ioctl_control },
	{ HAILO8L_VDMA_READ_TIMESTAMPS, h8l_ioctl_read_timestamps },
	{ HAILO8L_DESC_LIST_PROGRAM, h8l_ioctl_list_program },
	{ HAILO8L_DESC_LIST_CREATE, h8l_ioctl_list_create },
	{ HAILO8L_DESC_LIST_RELEASE, h8l_ioctl_list_release },
	{ HAILO8L_VDMA_ENABLE_CHANNELS, h8l_ioctl_enable_channels },
	{ HAILO8L_VDMA_DISABLE_CHANNELS, h8l_ioctl_disable_channels },
	{ HAILO8L_READ_NOTIFICATION, h8l_ioctl_read_notification },
	{ HAILO8L_DISABLE_NOTIFICATION, h8l_ioctl_disable_notification },
	{ HAILO8L_READ_LOG, h8l_ioctl_read_log },
	{ HAILO8L_LOW_MEMORY_ALLOC, h8l_ioctl_low_alloc },
	{ HAILO8L_LOW_MEMORY_FREE, h8l_ioctl_low_free },
	{ HAILO8L_CONTINUOUS_ALLOC, h8l_ioctl_continuous_alloc },
	{ HAILO8L_CONTINUOUS_FREE, h8l_ioctl_continuous_free },
	{ HAILO8L_MARK_AS_IN_USE, h8l_ioctl_mark },
	{ HAILO8L_QUERY_DEVICE_PROPERTIES, query_properties },
	{ HAILO8L_QUERY_DRIVER_INFO, query_driver },
	{ HAILO8L_CLAIM, h8l_ioctl_claim },
	{ HAILO8L_UNCLAIM, h8l_ioctl_unclaim },
	{ HAILO8L_CLAIM_QUERY, h8l_ioctl_claim_query },
};

/*
 * Most frequent first. A wrong size or direction is another number. Calls for
 * other chips of the family are refused as the stock driver does.
 */
static long node_ioctl(struct file *filp, unsigned int cmd, unsigned long arg)
{
	struct h8l_file *f = filp->private_data;
	int i;

	if (h8l_is_gone(f->h))
		return -ENODEV;
	for (i = 0; i < ARRAY_SIZE(ioctls); i++)
		if (ioctls[i].cmd == cmd)
			return ioctls[i].handler(f, (void __user *)arg);
	return _IOC_TYPE(cmd) == HAILO8L_IOC_SOC ? -EINVAL : -ENOTTY;
}

static int node_mmap(struct file *filp, struct vm_area_struct *vma)
{
	struct h8l_file *f = filp->private_data;
	int err = h8l_enter(f->h);

	if (err)
		return err;
	err = h8l_buffer_mmap(f, vma);
	h8l_leave(f->h);
	return err;
}

/* What the bits mean is said in include/uapi/hailo8l.h. */
static __poll_t node_poll(struct file *filp, struct poll_table_struct *table)
{
	struct h8l_file *f = filp->private_data;
	__poll_t events = 0;

	poll_wait(filp, &f->wait, table);
	poll_wait(filp, &f->h->mbox.event_wait, table);
	if (h8l_is_gone(f->h))
		return EPOLLERR | EPOLLHUP;
	if (h8l_vdma_ready(f, READ_ONCE(f->channels)))
		events |= EPOLLIN | EPOLLRDNORM;
	if (h8l_event_pending(f))
		events |= EPOLLPRI;
	if (h8l_share_wanted(f))
		events |= EPOLLMSG;
	return events;
}

struct objects {
	u64 pinned, imported;		/* KiB */
	u64 mappings, lists, buffers;
};

static void count_objects(struct h8l_file *f, struct objects *n)
{
	struct h8l_mapping *map;
	struct h8l_buffer *b;
	struct h8l_list *list;

	lockdep_assert_held(&f->lock);
	list_for_each_entry(map, &f->mappings, node) {
		n->mappings++;
		if (map->attach)
			n->imported += DIV_ROUND_UP(map->size, SZ_1K);
		else if (!map->buffer)
			n->pinned += map->npages << (PAGE_SHIFT - 10);
	}
	list_for_each_entry(b, &f->buffers, node) {
		n->buffers++;
		n->pinned += b->npages << (PAGE_SHIFT - 10);
	}
	list_for_each_entry(list, &f->lists, node) {
		n->lists++;
		n->pinned += list->bytes >> 10;
	}
}

static void show_direction(struct seq_file *m, const struct h8l_usage *u, const char *name, int i)
{
	seq_printf(m, "hailo8l-submitted-%s:\t%llu\n", name, u->submitted[i]);
	seq_printf(m, "hailo8l-completed-%s:\t%llu\n", name, u->completed[i]);
	seq_printf(m, "hailo8l-bytes-%s:\t%llu\n", name, u->bytes[i]);
}

/* /proc/PID/fdinfo/N, in the manner of graphics drivers: only ever more lines */
static void node_show_fdinfo(struct seq_file *m, struct file *filp)
{
	struct h8l_file *f = filp->private_data;
	struct objects n = { };

	mutex_lock(&f->lock);
	count_objects(f, &n);
	seq_printf(m, "hailo8l-driver:\t%s\n", H8L_DRIVER_NAME);
	seq_printf(m, "hailo8l-pdev:\t%s\n", pci_name(f->h->pdev));
	seq_printf(m, "hailo8l-memory-pinned:\t%llu KiB\n", n.pinned);
	seq_printf(m, "hailo8l-memory-imported:\t%llu KiB\n", n.imported);
	seq_printf(m, "hailo8l-mappings:\t%llu\n", n.mappings);
	seq_printf(m, "hailo8l-buffers:\t%llu\n", n.buffers);
	seq_printf(m, "hailo8l-lists:\t%llu\n", n.lists);
	seq_printf(m, "hailo8l-channels:\t0x%08x\n", f->channels);
	show_direction(m, &f->usage, "h2d", 0);
	show_direction(m, &f->usage, "d2h", 1);
	seq_printf(m, "hailo8l-waits:\t%llu\n", f->usage.waits);
	seq_printf(m, "hailo8l-controls:\t%llu\n", READ_ONCE(f->usage.controls));
	mutex_unlock(&f->lock);
	seq_printf(m, "hailo8l-claim:\t%s\n", h8l_share_state(f));
}

/* No compat_ioctl: structures have 64-bit layout only, so -ENOTTY is right. */
static const struct file_operations node_fops = {
	.owner = THIS_MODULE,
	.open = node_open,
	.release = node_release,
	.unlocked_ioctl = node_ioctl,
	.mmap = node_mmap,
	.poll = node_poll,
	.show_fdinfo = node_show_fdinfo,
};

static void device_release(struct device *dev)
{
	struct h8l_device *h = container_of(dev, struct h8l_device, dev);

	h8l_vdma_exit(h);
	h8l_recovery_free(h);
	pci_dev_put(h->pdev);
	kfree(h);
}

static int parse_version(struct h8l_device *h)
{
	if (sscanf(compat_version, "%u.%u.%u", &h->version[0], &h->version[1],
		   &h->version[2]) == 3)
		return 0;
	pci_err(h->pdev, "compat_version=%s is not of the form 4.23.0\n", compat_version);
	return -EINVAL;
}

/* Returns a device with one reference, not on any bus yet. */
struct h8l_device *h8l_device_alloc(struct pci_dev *pdev)
{
	struct h8l_device *h = kzalloc(sizeof(*h), GFP_KERNEL);
	int err;

	if (!h)
		return ERR_PTR(-ENOMEM);
	device_initialize(&h->dev);
	h->dev.class = &node_class;
	h->dev.parent = &pdev->dev;
	h->dev.release = device_release;
	h->pdev = pci_dev_get(pdev);
	h->state = H8L_STATE_OFF;
	init_rwsem(&h->gate);
	mutex_init(&h->files_lock);
	mutex_init(&h->mem_lock);
	spin_lock_init(&h->irq_lock);
	INIT_LIST_HEAD(&h->files);
	INIT_LIST_HEAD(&h->dma_objects);
	INIT_LIST_HEAD(&h->retired);
	INIT_LIST_HEAD(&h->retired_bindings);
	init_waitqueue_head(&h->back);
	mutex_init(&h->sensors.lock);
	h8l_recovery_init(h);
	init_completion(&h->soft_reset);
	init_completion(&h->booted);
	h8l_share_init(h);
	h8l_mailbox_init(h);
	h8l_vdma_init(h);
	err = parse_version(h);
	if (!err)
		return h;
	put_device(&h->dev);
	return ERR_PTR(err);
}

/*
 * Made for the first device, as the stock driver does: in a machine that has
 * none for us the vendor's module may want the name for another chip.
 */
static int make_class(struct h8l_device *h)
{
	int err = 0;

	mutex_lock(&class_lock);
	if (!class_made)
		err = class_register(&node_class);
	class_made = !err;
	mutex_unlock(&class_lock);
	if (err)
		pci_err(h->pdev, "class %s: %d; is the vendor's module loaded for another chip?\n",
			node_class.name, err);
	return err;
}

int h8l_node_add(struct h8l_device *h)
{
	int err = make_class(h);

	if (err)
		return err;
	h->index = ida_alloc_max(&indices, MAX_DEVICES - 1, GFP_KERNEL);
	if (h->index < 0)
		return h->index;
	h->dev.devt = MKDEV(MAJOR(first_node), h->index);
	cdev_init(&h->cdev, &node_fops);
	h->cdev.owner = THIS_MODULE;
	err = dev_set_name(&h->dev, HAILO8L_NODE_NAME "%d", h->index) ?:
		cdev_device_add(&h->cdev, &h->dev);
	if (err)
		ida_free(&indices, h->index);
	return err;
}

/* Open files stay; the number is free for the device's next appearance. */
void h8l_node_remove(struct h8l_device *h)
{
	cdev_device_del(&h->cdev, &h->dev);
	ida_free(&indices, h->index);
}

int h8l_file_init(void)
{
	int err;

	pr_notice(H8L_DRIVER_NAME ": Init module. driver version %s (reported: %s)\n",
		  THIS_MODULE->version, compat_version);
	err = alloc_chrdev_region(&first_node, 0, MAX_DEVICES, HAILO8L_NODE_NAME);
	if (!err)
		h8l_debugfs_init();
	return err;
}

void h8l_file_exit(void)
{
	h8l_debugfs_exit();
	unregister_chrdev_region(first_node, MAX_DEVICES);
	if (class_made)
		class_unregister(&node_class);
}
