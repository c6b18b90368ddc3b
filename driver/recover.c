// SPDX-License-Identifier: GPL-2.0-only
/*
 * A chip that hangs or vanishes is put right without being told.
 *
 * Suspicion comes from whoever talks to the chip: a control without answer,
 * driver-down not acknowledged, a network that stands still. It costs nobody
 * anything: both CPUs are asked who they are, and only firmware that does not
 * answer is reset. So a process cannot reset what others use by what it asks
 * for, and a time-out that was merely short has no consequence. A network that
 * has input and room for output on all its channels, and moves none of it for
 * seconds, is reset, too; as its own program can bring that about, it does not
 * count towards giving up. Certainty is a link
 * that reads as all ones, DMA that does not stop, firmware that is gone or
 * says that its memory has a fatal error: then nobody may use the chip until
 * it has been reset.
 *
 * The reset is the weakest that helps: the doorbell, the PCI function, the
 * bus. After each one the firmware is loaded and has to answer. A link that
 * is down may come back by itself, as after under-voltage; if it does not, only
 * the bus can be reset. The function's configuration, lost with the power, is
 * written again.
 *
 * What programs see. Whoever opens the node or asks something meanwhile waits
 * until it is over; monitoring goes on as if nothing had been. A file with
 * channels or networks in the chip learns it where it would learn of an
 * overheated chip, in the way that the stock library expects: INTERRUPTS_WAIT
 * says once that the channels are not active, LAUNCH is -ECONNRESET until
 * they are enabled anew, and the first control that goes on with the old
 * networks is -ENODEV, once. Memory, lists and the file itself stay good: the
 * next thing to do is to configure again. A reset by hand and a suspend are
 * seen in the same way.
 *
 * uevents of the node: offline, then online with HAILO_EVENT=recovered, or
 * change with HAILO_EVENT=lost when it was given up.
 */
#include <linux/delay.h>
#include <linux/ktime.h>
#include <linux/moduleparam.h>
#include <linux/pci.h>

#include "hailo8l.h"

#define MAX_TRIES	4		/* recoveries in a row */
#define GOOD_MS		60000		/* it worked for so long: not in a row */
#define RETRY_MS	2000		/* times the number of the failed one */
#define LINK_MS		1000		/* PCIe: ready one second after a reset */
#define BUSY_MS		100		/* somebody else has the function */
#define BUSY_TRIES	50
#define VERDICT_MS	20000

static const char stood_still[] = "a network with input and room for output stood still";

static bool auto_recovery = true;
module_param(auto_recovery, bool, 0644);
MODULE_PARM_DESC(auto_recovery, "reset a chip that hangs or lost its link (default Y)");

static void queue(struct h8l_device *h, unsigned int ms)
{
	/* Not while the system sleeps. */
	mod_delayed_work(system_freezable_wq, &h->rec.work, msecs_to_jiffies(ms));
}

static bool may_recover(struct h8l_device *h)
{
	return READ_ONCE(auto_recovery) && READ_ONCE(h->rec.enabled);
}

/**
 * h8l_doubt() - something looks as if the firmware hung
 * @h: device
 * @why: what; a literal
 *
 * Context: any that may take a spinlock.
 */
void h8l_doubt(struct h8l_device *h, const char *why)
{
	if (!may_recover(h) || !h8l_usable(h))
		return;
	cmpxchg(&h->rec.why, NULL, why);
	queue(h, 0);
}

/* Nobody should ask firmware for something that it will not answer. */
bool h8l_in_doubt(struct h8l_device *h)
{
	return READ_ONCE(h->rec.why) && may_recover(h) && !READ_ONCE(h->lost) &&
		!READ_ONCE(h->rec.dead) && !READ_ONCE(h->closing);
}

/* Sleep, in bounded time, until it is known whether the firmware hangs. */
int h8l_await_verdict(struct h8l_device *h)
{
	long left = wait_event_interruptible_timeout(h->back, !h8l_in_doubt(h),
						     msecs_to_jiffies(VERDICT_MS));

	return left < 0 ? left : 0;
}

/**
 * h8l_lose() - the chip cannot be used any more as it is
 * @h: device
 * @why: what is wrong; a literal
 *
 * Context: process.
 */
void h8l_lose(struct h8l_device *h, const char *why)
{
	if (!may_recover(h)) {
		WRITE_ONCE(h->lost, true);
	} else if (!READ_ONCE(h->lost)) {
		cmpxchg(&h->rec.why, NULL, why);
		WRITE_ONCE(h->broken, true);
		queue(h, 0);
	}
	h8l_wake_all(h);
}

/**
 * h8l_stand_still() - a network has all it needs and does not go on
 * @h: device
 *
 * Its program may have brought that about: never a reason to give up the chip.
 *
 * Context: process.
 */
void h8l_stand_still(struct h8l_device *h)
{
	if (may_recover(h))
		h8l_lose(h, stood_still);
}

/* --- resets ------------------------------------------------------------------ */

/* A function that lost its power decodes nothing until this. */
void h8l_restore_config(struct h8l_device *h)
{
	if (!h->rec.saved || !pci_device_is_present(h->pdev))
		return;
	if (!pci_load_saved_state(h->pdev, h->rec.saved))
		pci_restore_state(h->pdev);
}

static int function_reset(struct h8l_device *h)
{
	/* Comes back through reset_prepare() and reset_done(). */
	int err = pci_try_reset_function(h->pdev);

	return err ?: h8l_usable(h) ? 0 : -EIO;
}

struct neighbours {
	struct pci_dev *self;
	int err;
};

static bool takes_reset(const struct pci_driver *driver)
{
	return !driver || (driver->err_handler && driver->err_handler->reset_prepare &&
			   driver->err_handler->reset_done);
}

/* Its driver cannot go while its device is locked; asked for by trying only. */
static int look_at_neighbour(struct pci_dev *pdev, void *data)
{
	struct neighbours *n = data;

	if (pdev == n->self)
		return 0;
	if (!device_trylock(&pdev->dev)) {
		n->err = -EAGAIN;
		return 1;
	}
	if (!takes_reset(pdev->driver)) {
		n->err = -EBUSY;
		pci_warn(n->self, "bus is not reset: the driver of %s would not survive it\n",
			 pci_name(pdev));
	}
	device_unlock(&pdev->dev);
	return n->err;
}

/* The bus has other functions, too: their drivers have to know of resets. */
static int check_neighbours(struct h8l_device *h)
{
	struct neighbours n = { .self = h->pdev };

	pci_walk_bus(h->pdev->bus, look_at_neighbour, &n);
	return n.err;
}

/*
 * The PCI core takes the locks of all functions of the bus, tells their
 * drivers, and keeps the hot-plug driver from taking it for a change of cards.
 */
static int bus_reset(struct h8l_device *h)
{
	int err = check_neighbours(h) ?: pci_reset_bus(h->pdev);

	/* What counts is whether the chip works, not what its port says. */
	return h8l_usable(h) ? 0 : err ?: -EIO;
}

static bool link_comes(struct h8l_device *h)
{
	unsigned long end = jiffies + msecs_to_jiffies(LINK_MS);

	while (!pci_device_is_present(h->pdev)) {
		if (time_after(jiffies, end) || READ_ONCE(h->closing))
			return false;
		msleep(50);
	}
	return true;
}

static int link_reset(struct h8l_device *h)
{
	int err = -ENODEV;

	if (!device_trylock(&h->pdev->dev))
		return -EAGAIN;
	if (!READ_ONCE(h->closing)) {
		h8l_pause(h, false);
		if (link_comes(h))
			err = h8l_unpause(h);
	}
	device_unlock(&h->pdev->dev);
	return err;
}

/* Nobody sleeps for a lock that remove() holds while it waits for us. */
static int patiently(struct h8l_device *h, int (*reset)(struct h8l_device *h))
{
	int i, err;

	for (i = 0; i < BUSY_TRIES; i++) {
		if (READ_ONCE(h->closing))
			return -ENODEV;
		err = reset(h);
		if (err != -EAGAIN)
			break;
		msleep(BUSY_MS);
	}
	return err;
}

/*
 * The PCI core waits up to a minute for a card that does not come back, with
 * its device locked: once is enough, until it worked or somebody asks for it.
 */
static int revive(struct h8l_device *h, const char **how)
{
	int err;

	*how = "return of the link";
	err = patiently(h, link_reset);
	if (!err || h->rec.bus_vain || READ_ONCE(h->closing) || h8l_wants_file(err))
		return err;
	*how = "reset of the bus";
	WRITE_ONCE(h->rec.dead, true);
	h8l_wake_all(h);
	err = patiently(h, bus_reset);
	WRITE_ONCE(h->rec.dead, false);
	h->rec.bus_vain = err;
	return err;
}

static int climb(struct h8l_device *h, const char **how)
{
	static const struct {
		const char *name;
		int (*reset)(struct h8l_device *h);
	} steps[] = {
		{ "soft reset", h8l_soft_reset },
		{ "reset of the function", function_reset },
		{ "reset of the bus", bus_reset },
	};
	int i, err = -ENODEV;

	if (!pci_device_is_present(h->pdev))
		return revive(h, how);
	for (i = 0; i < ARRAY_SIZE(steps) && err; i++) {
		if (READ_ONCE(h->closing) || h8l_wants_file(err))
			break;
		*how = steps[i].name;
		err = patiently(h, steps[i].reset);
	}
	return err;
}

/* All resets from the weakest on, until one helps. Users wait meanwhile. */
static int reset_until_it_works(struct h8l_device *h, const char **how)
{
	int err;

	h8l_awake(h);
	WRITE_ONCE(h->broken, true);
	WRITE_ONCE(h->lost, false);
	WRITE_ONCE(h->quiet, true);
	err = climb(h, how);
	WRITE_ONCE(h->quiet, false);
	if (err)
		WRITE_ONCE(h->lost, true);
	WRITE_ONCE(h->broken, false);
	h8l_wake_all(h);
	h8l_may_sleep(h);
	return err;
}

static void forget_tries(struct h8l_device *h)
{
	h->rec.tries = 0;
	h->rec.bus_vain = false;
}

/**
 * h8l_reset() - an administrator wants a reset
 * @h: device
 *
 * Return: 0, -EBUSY while one is on, -ENODEV while the device is being
 * removed, or what went wrong.
 */
int h8l_reset(struct h8l_device *h)
{
	const char *how;
	int err;

	if (!mutex_trylock(&h->reset_lock))
		return -EBUSY;
	WRITE_ONCE(h->resets, h->resets + 1);
	forget_tries(h);
	err = reset_until_it_works(h, &how);
	mutex_unlock(&h->reset_lock);
	if (err && !h8l_wants_file(err))
		pci_err(h->pdev, "no reset helps: %d; check power and seat\n", err);
	else if (!err)
		pci_notice(h->pdev, "%s by hand, firmware loaded\n", how);
	return err;
}

/* --- recovery ------------------------------------------------------------------ */

static void acquit(struct h8l_device *h)
{
	WRITE_ONCE(h->rec.why, NULL);
	h8l_wake_all(h);
}

static void give_up(struct h8l_device *h, const char *why)
{
	pci_err(h->pdev, "%s: given up after %u recoveries; check power and seat, then echo 1 >/sys/class/%s/%s/reset\n",
		why, h->rec.tries, HAILO8L_CLASS_NAME, dev_name(&h->dev));
	WRITE_ONCE(h->lost, true);
	WRITE_ONCE(h->broken, false);
	acquit(h);
	h8l_tell(h, KOBJ_CHANGE, "lost");
}

static void failed(struct h8l_device *h, const char *why, int err)
{
	unsigned int ms = RETRY_MS * h->rec.tries;

	if (READ_ONCE(h->closing))
		return;
	if (h->rec.tries >= MAX_TRIES || h8l_wants_file(err)) {
		give_up(h, why);
		return;
	}
	pci_warn(h->pdev, "%s: no reset helps (%d), trying again in %u s\n", why, err, ms / 1000);
	queue(h, ms);
}

static void recover(struct h8l_device *h, const char *why)
{
	ktime_t begin = ktime_get();
	const char *how;
	int err;

	if (time_after(jiffies, h->rec.last + msecs_to_jiffies(GOOD_MS)))
		forget_tries(h);
	if (h->rec.tries >= MAX_TRIES) {
		give_up(h, why);
		return;
	}
	h->rec.tries += why != stood_still;
	err = reset_until_it_works(h, &how);
	h->rec.last = jiffies;
	if (err) {
		failed(h, why, err);
		return;
	}
	WRITE_ONCE(h->rec.count, h->rec.count + 1);
	h->rec.bus_vain = false;
	acquit(h);
	pci_warn(h->pdev, "%s: recovered by a %s in %lld ms, networks have to be configured again\n",
		 why, how, ktime_ms_delta(ktime_get(), begin));
}

static bool is_well(struct h8l_device *h)
{
	int err;

	if (!h8l_usable(h) || h8l_enter(h))
		return false;
	err = h8l_check(h);
	h8l_leave(h);
	return !err;
}

static bool in_repair(struct h8l_device *h)
{
	unsigned long until = READ_ONCE(h->error_until);

	return until && time_before(jiffies, until);
}

static void recovery_work(struct work_struct *work)
{
	struct h8l_device *h = container_of(work, struct h8l_device, rec.work.work);
	const char *why = READ_ONCE(h->rec.why);

	if (!may_recover(h) || !why || READ_ONCE(h->closing))
		return;
	/* By hand, or the kernel repairs the link already. */
	if (in_repair(h) || !mutex_trylock(&h->reset_lock)) {
		queue(h, BUSY_MS);
		return;
	}
	if (is_well(h))
		acquit(h);
	else if (!READ_ONCE(h->closing))
		recover(h, why);
	mutex_unlock(&h->reset_lock);
}

void h8l_recovery_init(struct h8l_device *h)
{
	INIT_DELAYED_WORK(&h->rec.work, recovery_work);
	mutex_init(&h->reset_lock);
}

/* The device works: from now on it is kept so. */
void h8l_recovery_on(struct h8l_device *h)
{
	pci_save_state(h->pdev);
	h->rec.saved = pci_store_saved_state(h->pdev);
	h->rec.last = jiffies;
	WRITE_ONCE(h->rec.enabled, true);
}

/* In remove(), which has said so in h8l_device.closing. */
void h8l_recovery_off(struct h8l_device *h)
{
	WRITE_ONCE(h->rec.enabled, false);
	cancel_delayed_work_sync(&h->rec.work);
}

void h8l_recovery_free(struct h8l_device *h)
{
	kfree(h->rec.saved);
}
