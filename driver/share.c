// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who may run networks: one open file at a time, in the order of asking.
 *
 * The right is handed from one file to the next under the lock, so nobody can
 * overtake those who wait. include/uapi/hailo8l.h says when it begins and ends.
 */
#include <linux/list.h>
#include <linux/moduleparam.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

#include "hailo8l.h"

#define MAX_STOCK_WAIT_MS	600000u

/* Longer than any control takes. */
#define IDLE_MS			12000

static unsigned int share_wait_ms;
module_param(share_wait_ms, uint, 0644);
MODULE_PARM_DESC(share_wait_ms, "how long programs with the stock library wait for their turn to run networks, up to 600000 (default 0: not at all)");

/* On the stack of a thread that waits for its turn */
struct h8l_claimer {
	struct list_head node;		/* in h8l_share.queue */
	struct h8l_file *file;
	struct pid *pid;
	u32 why;
	bool granted;
};

void h8l_share_init(struct h8l_device *h)
{
	mutex_init(&h->share.lock);
	INIT_LIST_HEAD(&h->share.queue);
	init_waitqueue_head(&h->share.wait);
}

static void remove_claimer(struct h8l_share *s, struct h8l_claimer *c)
{
	list_del(&c->node);
	WRITE_ONCE(s->waiters, s->waiters - 1);
}

static void give(struct h8l_share *s, struct h8l_file *f, struct pid *pid, u32 why)
{
	lockdep_assert_held(&s->lock);
	if (s->holder != f) {
		put_pid(s->pid);
		s->pid = get_pid(pid);
		s->why = 0;
	}
	WRITE_ONCE(s->holder, f);
	s->why |= why;
	WRITE_ONCE(s->since, jiffies);
}

/* The first in the queue is next, with all other threads of its file. */
static void hand_over(struct h8l_share *s)
{
	struct h8l_claimer *c, *next;

	lockdep_assert_held(&s->lock);
	WRITE_ONCE(s->holder, NULL);
	put_pid(s->pid);
	s->pid = NULL;
	s->why = 0;
	list_for_each_entry_safe(c, next, &s->queue, node) {
		if (s->holder && s->holder != c->file)
			continue;
		give(s, c->file, c->pid, c->why);
		remove_claimer(s, c);
		WRITE_ONCE(c->granted, true);
	}
	if (!s->holder)
		return;
	wake_up_all(&s->wait);
	/* Its poll() may have to tell of those behind it. */
	wake_up_all(&s->holder->wait);
}

static void drop(struct h8l_share *s, struct h8l_file *f, u32 why)
{
	lockdep_assert_held(&s->lock);
	if (s->holder != f)
		return;
	s->why &= ~why;
	if (!s->why)
		hand_over(s);
}

/*
 * A stock program's turn begins with its first message, and ends with its
 * networks. One that then sends no network loses it to whoever wants it. A
 * mark or a claim is kept: who has one asked for it, and gives it back.
 */
static void take_from_the_idle(struct h8l_device *h)
{
	struct h8l_share *s = &h->share;

	lockdep_assert_held(&s->lock);
	if (s->holder && s->why == H8L_CLAIM_NETWORKS && READ_ONCE(h->configured_by) != s->holder &&
	    time_after(jiffies, READ_ONCE(s->since) + msecs_to_jiffies(IDLE_MS)))
		hand_over(s);
}

/* Takes the right if it is free or the caller's already. */
static bool try_take(struct h8l_file *f, u32 why)
{
	struct h8l_share *s = &f->h->share;

	lockdep_assert_held(&s->lock);
	if (s->holder != f)
		take_from_the_idle(f->h);
	if (s->holder && s->holder != f)
		return false;
	give(s, f, task_tgid(current), why);
	return true;
}

/**
 * h8l_share_take() - take the right to run networks, without waiting
 * @f: file
 * @why: H8L_CLAIM_*
 *
 * Return: 0, or -EBUSY while somebody else has it.
 */
int h8l_share_take(struct h8l_file *f, u32 why)
{
	struct h8l_share *s = &f->h->share;
	bool taken;

	mutex_lock(&s->lock);
	taken = try_take(f, why);
	mutex_unlock(&s->lock);
	return taken ? 0 : -EBUSY;
}

/* Does somebody else run networks? */
bool h8l_share_busy(struct h8l_file *f)
{
	struct h8l_file *holder = READ_ONCE(f->h->share.holder);

	return holder && holder != f;
}

/* Does somebody wait for what this file has? */
bool h8l_share_wanted(struct h8l_file *f)
{
	struct h8l_share *s = &f->h->share;

	return READ_ONCE(s->holder) == f && READ_ONCE(s->waiters);
}

/* Joins the queue. True if that was not necessary. */
static bool join(struct h8l_share *s, struct h8l_claimer *c)
{
	bool taken;

	mutex_lock(&s->lock);
	taken = try_take(c->file, c->why);
	if (!taken) {
		list_add_tail(&c->node, &s->queue);
		WRITE_ONCE(s->waiters, s->waiters + 1);
		wake_up_all(&s->holder->wait);
	}
	mutex_unlock(&s->lock);
	return taken;
}

/* What came in the last moment counts, and @err only without it. */
static int leave_queue(struct h8l_share *s, struct h8l_claimer *c, int err)
{
	mutex_lock(&s->lock);
	if (c->granted)
		err = 0;
	else
		remove_claimer(s, c);
	mutex_unlock(&s->lock);
	return err;
}

/* As wait_event_interruptible_timeout(), and looks at the holder meanwhile. */
static long queue(struct h8l_device *h, struct h8l_claimer *c, long timeout)
{
	long left, slice;

	do {
		slice = min_t(long, timeout, HZ);
		left = wait_event_interruptible_timeout(h->share.wait, READ_ONCE(c->granted) ||
							h8l_is_gone(h), slice);
		if (left)
			return left;
		mutex_lock(&h->share.lock);
		take_from_the_idle(h);
		mutex_unlock(&h->share.lock);
		if (timeout != MAX_SCHEDULE_TIMEOUT)
			timeout -= slice;
	} while (timeout > 0);
	return 0;
}

static int wait_for_turn(struct h8l_file *f, u32 why, long timeout)
{
	struct h8l_device *h = f->h;
	struct h8l_claimer c = { .file = f, .pid = task_tgid(current), .why = why };
	long left;
	int err;

	if (join(&h->share, &c))
		return 0;
	left = queue(h, &c, timeout);
	if (left < 0)
		err = -EINTR;
	else
		err = left ? -ENODEV : -ETIMEDOUT;
	return leave_queue(&h->share, &c, err);
}

/* For programs that do not know of turns: -EBUSY is what they know. */
static int stock_wait(struct h8l_file *f, u32 why)
{
	unsigned int ms = min(READ_ONCE(share_wait_ms), MAX_STOCK_WAIT_MS);
	int err;

	if (!ms)
		return h8l_share_take(f, why);
	err = wait_for_turn(f, why, msecs_to_jiffies(ms) + 1);
	return err == -ETIMEDOUT ? -EBUSY : err;
}

/**
 * h8l_share_turn() - wait before a message that changes what the chip runs
 * @f: file
 *
 * Context: outside the gate. What happens if it is still not the file's turn
 * is decided when the message is sent.
 * Return: 0, -EINTR, or -ENODEV when the device went away meanwhile.
 */
int h8l_share_turn(struct h8l_file *f)
{
	struct h8l_share *s = &f->h->share;
	int err;

	if (READ_ONCE(s->holder) == f)
		WRITE_ONCE(s->since, jiffies);
	if (!h8l_share_busy(f) || !READ_ONCE(share_wait_ms))
		return 0;
	err = stock_wait(f, H8L_CLAIM_NETWORKS);
	return err == -EBUSY ? 0 : err;
}

/**
 * h8l_share_closing() - a file begins to be closed
 * @f: file
 *
 * It keeps the right, whatever ends, until h8l_share_leave().
 *
 * Return: whether it has the mark.
 */
bool h8l_share_closing(struct h8l_file *f)
{
	struct h8l_share *s = &f->h->share;
	bool marked;

	mutex_lock(&s->lock);
	marked = s->holder == f && s->why & H8L_CLAIM_MARKED;
	if (s->holder == f)
		s->why |= H8L_CLAIM_ASKED;
	mutex_unlock(&s->lock);
	return marked;
}

/* The chip has done with everything of this file. Inside the gate. */
void h8l_share_leave(struct h8l_file *f)
{
	struct h8l_share *s = &f->h->share;

	/* Still there only if the chip was off, and forgot them so. */
	if (READ_ONCE(f->h->configured_by) == f)
		WRITE_ONCE(f->h->configured_by, NULL);
	mutex_lock(&s->lock);
	drop(s, f, U32_MAX);
	mutex_unlock(&s->lock);
}

/* Firmware has forgotten all networks. Inside the gate, under h8l_mailbox.lock. */
void h8l_share_networks_gone(struct h8l_device *h)
{
	struct h8l_share *s = &h->share;

	h8l_lists_forgotten(h);
	if (!h->configured_by)
		return;
	mutex_lock(&s->lock);
	drop(s, h->configured_by, H8L_CLAIM_NETWORKS);
	mutex_unlock(&s->lock);
	WRITE_ONCE(h->configured_by, NULL);
}

/* --- for people --------------------------------------------------------- */

const char *h8l_share_state(struct h8l_file *f)
{
	struct h8l_share *s = &f->h->share;
	const struct h8l_claimer *c;
	const char *state = "none";

	mutex_lock(&s->lock);
	if (s->holder == f)
		state = "held";
	list_for_each_entry(c, &s->queue, node)
		if (c->file == f)
			state = "waiting";
	mutex_unlock(&s->lock);
	return state;
}

void h8l_share_show(struct seq_file *m, struct h8l_device *h)
{
	struct h8l_share *s = &h->share;
	const struct h8l_claimer *c;

	mutex_lock(&s->lock);
	if (s->holder)
		seq_printf(m, "networks: of process %d%s%s%s\n", pid_vnr(s->pid),
			   s->why & H8L_CLAIM_ASKED ? " claimed" : "",
			   s->why & H8L_CLAIM_MARKED ? " marked" : "",
			   s->why & H8L_CLAIM_NETWORKS ? " configured" : "");
	else
		seq_puts(m, "networks: of nobody\n");
	list_for_each_entry(c, &s->queue, node)
		seq_printf(m, "waiting: process %d\n", pid_vnr(c->pid));
	mutex_unlock(&s->lock);
}

/* --- the extensions ----------------------------------------------------- */

static void describe(struct h8l_file *f, struct hailo8l_claim *a)
{
	struct h8l_share *s = &f->h->share;

	mutex_lock(&s->lock);
	a->holder_pid = pid_vnr(s->pid);
	a->waiters = s->waiters;
	if (!s->holder)
		a->state = HAILO8L_CLAIM_FREE;
	else
		a->state = s->holder == f ? HAILO8L_CLAIM_MINE : HAILO8L_CLAIM_OTHERS;
	mutex_unlock(&s->lock);
}

static int get_claim(struct hailo8l_claim *a, void __user *arg)
{
	u32 size;

	if (get_user(size, (u32 __user *)arg))
		return -EFAULT;
	if (size < offsetofend(struct hailo8l_claim, timeout_ms) || size > PAGE_SIZE)
		return -EINVAL;
	return copy_struct_from_user(a, sizeof(*a), arg, size);
}

/* As much of it as the program knows. */
static int put_claim(const struct hailo8l_claim *a, u32 size, void __user *arg)
{
	return copy_to_user(arg, a, min_t(size_t, size, sizeof(*a))) ? -EFAULT : 0;
}

static int claim(struct h8l_file *f, const struct hailo8l_claim *a)
{
	if (a->flags & HAILO8L_CLAIM_NONBLOCK)
		return h8l_share_take(f, H8L_CLAIM_ASKED);
	return wait_for_turn(f, H8L_CLAIM_ASKED, a->timeout_ms ?
			     msecs_to_jiffies(a->timeout_ms) + 1 : MAX_SCHEDULE_TIMEOUT);
}

int h8l_ioctl_claim(struct h8l_file *f, void __user *arg)
{
	struct hailo8l_claim a;
	int err = get_claim(&a, arg);

	if (err)
		return err;
	if (a.flags & ~HAILO8L_CLAIM_NONBLOCK)
		return -EINVAL;
	err = claim(f, &a);
	if (err == -ENODEV)
		return err;
	describe(f, &a);
	return put_claim(&a, a.size, arg) ?: err;
}

int h8l_ioctl_claim_query(struct h8l_file *f, void __user *arg)
{
	struct hailo8l_claim a;
	int err = get_claim(&a, arg);

	if (err)
		return err;
	if (a.flags || a.timeout_ms)
		return -EINVAL;
	describe(f, &a);
	return put_claim(&a, a.size, arg);
}

/* What the chip could still do for this file ends here. */
static void end_networks(struct h8l_file *f)
{
	if (READ_ONCE(f->h->configured_by) == f)
		h8l_quiesce(f->h, f);
	mutex_lock(&f->lock);
	h8l_vdma_release(f, U32_MAX);
	mutex_unlock(&f->lock);
}

/* Inside the gate. -EBUSY if another thread went on configuring meanwhile. */
static int unclaim(struct h8l_file *f)
{
	struct h8l_device *h = f->h;
	int err = -EBUSY;

	end_networks(f);
	mutex_lock(&h->mbox.lock);
	if (h->configured_by != f) {
		mutex_lock(&h->share.lock);
		drop(&h->share, f, H8L_CLAIM_ASKED | H8L_CLAIM_NETWORKS);
		mutex_unlock(&h->share.lock);
		err = 0;
	}
	mutex_unlock(&h->mbox.lock);
	return err;
}

int h8l_ioctl_unclaim(struct h8l_file *f, void __user *arg)
{
	int err;

	if (READ_ONCE(f->h->share.holder) != f)
		return -EPERM;
	err = h8l_enter(f->h);
	if (err)
		return err;
	err = unclaim(f);
	h8l_leave(f->h);
	return err;
}

/* --- the stock "in use" mark ---------------------------------------------- */

int h8l_ioctl_mark(struct h8l_file *f, void __user *arg)
{
	struct h8l_share *s = &f->h->share;
	struct hailo8l_mark_as_in_use a = { };
	int err = stock_wait(f, H8L_CLAIM_MARKED);

	if (err && err != -EBUSY)
		return err;
	a.in_use = !!err;
	if (!copy_to_user(arg, &a, sizeof(a)))
		return 0;
	mutex_lock(&s->lock);
	if (!a.in_use)
		drop(s, f, H8L_CLAIM_MARKED);
	mutex_unlock(&s->lock);
	return -EFAULT;
}
