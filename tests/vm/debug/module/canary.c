// SPDX-License-Identifier: MIT
/*
 * Provokes one report of each checker of a debug kernel, to see that it
 * reports and that the bench notices.
 */
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

static char *what = "none";
module_param(what, charp, 0);

static volatile int shift = 40;
static volatile int result;

static void out_of_bounds(void)
{
	volatile char *p = kmalloc(40, GFP_KERNEL);

	if (p)
		result = p[40 + shift - 40];
	kfree((void *)p);
}

static void bad_shift(void)
{
	result = 1 << shift;
}

static void sleep_in_atomic(void)
{
	static DEFINE_SPINLOCK(lock);

	spin_lock(&lock);
	might_sleep();
	spin_unlock(&lock);
}

/* Memory that was never mapped is unmapped. */
static void bad_unmap(void)
{
	struct pci_dev *pdev = pci_get_device(0x1e60, PCI_ANY_ID, NULL);

	if (!pdev)
		return;
	dma_unmap_single(&pdev->dev, 0x1000, 64, DMA_TO_DEVICE);
	pci_dev_put(pdev);
}

/* The neighbour does not point back. */
static void bad_list(void)
{
	static struct list_head head, other, entry;

	INIT_LIST_HEAD(&head);
	INIT_LIST_HEAD(&other);
	head.next->prev = &other;
	__list_add_valid(&entry, &head, head.next);
}

static void leak(void)
{
	int i;

	for (i = 0; i < 16; i++)
		result += !!kmalloc(333, GFP_KERNEL);
}

static void two_orders(void)
{
	static DEFINE_MUTEX(a);
	static DEFINE_MUTEX(b);

	mutex_lock(&a);
	mutex_lock(&b);
	mutex_unlock(&b);
	mutex_unlock(&a);
	mutex_lock(&b);
	mutex_lock(&a);
	mutex_unlock(&a);
	mutex_unlock(&b);
}

static int shared;

static int racer(void *unused)
{
	int i;

	for (i = 0; i < 20000000 && !kthread_should_stop(); i++) {
		shared++;
		barrier();
		if (i % 10000 == 0)
			cond_resched();
	}
	while (!kthread_should_stop())
		msleep(20);
	return 0;
}

static void race(void)
{
	struct task_struct *one = kthread_run(racer, NULL, "canary1");
	struct task_struct *two = kthread_run(racer, NULL, "canary2");

	msleep(3000);
	if (!IS_ERR(one))
		kthread_stop(one);
	if (!IS_ERR(two))
		kthread_stop(two);
}

static int __init canary_init(void)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} all[] = {
		{ "slab", out_of_bounds }, { "shift", bad_shift }, { "sleep", sleep_in_atomic },
		{ "dma", bad_unmap }, { "list", bad_list }, { "leak", leak },
		{ "lock", two_orders }, { "race", race },
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		if (!strcmp(all[i].name, what)) {
			all[i].run();
			return 0;
		}
	}
	return -EINVAL;
}
module_init(canary_init);

static void __exit canary_exit(void)
{
}
module_exit(canary_exit);

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Provokes reports of a debug kernel");
