// SPDX-License-Identifier: MIT
/*
 * Lets the n-th call of any function of the kernel fail, when the driver makes
 * it for one process: fail_function can do that only to functions marked
 * ALLOW_ERROR_INJECTION, of which the driver calls none. Parameters, written
 * in this order: value, from, to, pid, nth, function; hits and calls are read.
 */
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/sched.h>

static long value;		/* what the function returns instead */
static unsigned long from, to;	/* where the driver is: only its calls count */
static int pid;
static int nth;
static int calls;
static int hits;
module_param(value, long, 0600);
module_param(from, ulong, 0600);
module_param(to, ulong, 0600);
module_param(pid, int, 0600);
module_param(nth, int, 0600);
module_param(calls, int, 0400);
module_param(hits, int, 0400);

static char name[64];

/* At the first instruction: the return address is on top of the stack. */
static int at_entry(struct kprobe *p, struct pt_regs *regs)
{
	unsigned long caller = *(unsigned long *)regs->sp;

	if (current->tgid != pid || caller < from || caller >= to || ++calls != nth)
		return 0;
	hits++;
	regs->ax = value;
	regs->ip = caller;
	regs->sp += sizeof(long);
	return 1;
}
NOKPROBE_SYMBOL(at_entry);

/* Being there it keeps the probe from becoming a jump, which cannot return. */
static void after_entry(struct kprobe *p, struct pt_regs *regs, unsigned long flags)
{
}

static struct kprobe probe = { .pre_handler = at_entry, .post_handler = after_entry };

static void stop(void)
{
	if (name[0])
		unregister_kprobe(&probe);
	name[0] = 0;
}

static int set_function(const char *text, const struct kernel_param *param)
{
	int err;

	stop();
	calls = 0;
	hits = 0;
	if (!text[0] || text[0] == '\n')
		return 0;
	strscpy(name, text, sizeof(name));
	strim(name);
	probe = (struct kprobe) {
		.symbol_name = name, .pre_handler = at_entry, .post_handler = after_entry,
	};
	err = register_kprobe(&probe);
	if (err)
		name[0] = 0;
	return err;
}

static const struct kernel_param_ops function_ops = { .set = set_function };
module_param_cb(function, &function_ops, NULL, 0200);

static int __init inject_init(void)
{
	return 0;
}
module_init(inject_init);

static void __exit inject_exit(void)
{
	stop();
}
module_exit(inject_exit);

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Makes calls of the driver fail, for tests");
