// SPDX-License-Identifier: GPL-2.0-only
/*
 * Talking to firmware: controls, driver-down, notifications, logs.
 *
 * Firmware has one request and one response area and no tag that would tell
 * which request a response belongs to. So a control that is given up leaves
 * an answer owed, for which the next one waits first; the length of the old
 * response is wiped before each request; and the opcodes must agree.
 */
#include <linux/delay.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "hailo8l.h"
#include "hw/boot.h"
#include "hw/control.h"
#include "trace.h"

#define MAX_TIMEOUT_MS	10000	/* the stock library asks for 1000 */
#define OWED_MS		2000	/* after that an answer is taken as lost */
#define DOWN_MS		100	/* real chips need 0.05 */
#define COMMAND_MS	500	/* real chips need 5 */

/* Of a request that resets interrupted, perhaps while it waited for others */
#define MAX_TRIES	16
#define AGAIN_MS	20000

#define HEAD_LEN	offsetof(struct hw_mbox_control, data)
#define RESPONSE_LEN	(HW_MBOX_RESPONSE + offsetof(struct hw_mbox_control, len))

/* The mailbox, aligned and whole words as the bus wants it. */
union letter {
	struct hw_mbox_control box;
	u32 word[sizeof(struct hw_mbox_control) / sizeof(u32)];
};

void h8l_mailbox_init(struct h8l_device *h)
{
	struct h8l_mailbox *m = &h->mbox;

	mutex_init(&m->lock);
	mutex_init(&m->log_lock);
	mutex_init(&m->events_lock);
	init_completion(&m->answered);
	init_completion(&m->down);
	init_waitqueue_head(&m->event_wait);
}

/* What is wrong, unless it is that the chip has gone. */
static int unless_gone(struct h8l_device *h, int err)
{
	return h8l_present(h) ? err : -ENODEV;
}

static void ring(struct h8l_device *h, u32 doorbell)
{
	iowrite32(doorbell, h->fw + HW_MBOX_DOORBELL);
}

/* --- controls ------------------------------------------------------------ */

/*
 * Words are written without reading each back. The last one is read, which
 * also makes sure that all have arrived.
 */
static int post(struct h8l_device *h, const union letter *letter, u32 len, u32 cpu)
{
	u32 words = DIV_ROUND_UP(HEAD_LEN + len, sizeof(u32));
	u32 last;

	__iowrite32_copy(h->fw + HW_MBOX_REQUEST, letter->word, words);
	__raw_writel(0, h->fw + RESPONSE_LEN);
	last = __raw_readl(h->fw + HW_MBOX_REQUEST + (words - 1) * sizeof(u32));
	if (last != letter->word[words - 1])
		return unless_gone(h, -EIO);
	ring(h, cpu == HAILO8L_CPU_CORE ? HW_DOORBELL_CORE_CONTROL : HW_DOORBELL_APP_CONTROL);
	return 0;
}

static u32 opcode(const u8 *message, u32 len)
{
	const struct hw_ctrl_request *request = (const void *)message;

	return len < offsetofend(struct hw_ctrl_request, opcode) ? U32_MAX :
		be32_to_cpu(request->opcode);
}

/* Firmware answers what it does not understand with an opcode of all ones. */
static bool answers(const union letter *answer, u32 asked)
{
	u32 op = opcode(answer->box.data, le32_to_cpu(answer->box.len));

	return asked == U32_MAX || op == U32_MAX || op == asked;
}

static u32 status_of(const union letter *answer)
{
	const struct hw_ctrl_response *response = (const void *)answer->box.data;

	return le32_to_cpu(answer->box.len) < HW_CTRL_RESPONSE_HEAD ? U32_MAX :
		be32_to_cpu(response->major_status);
}

/* -EAGAIN: the interrupt was not for this request. */
static int collect(struct h8l_device *h, union letter *answer, u32 asked)
{
	u32 len;

	__ioread32_copy(answer->word, h->fw + HW_MBOX_RESPONSE, HEAD_LEN / sizeof(u32));
	len = le32_to_cpu(answer->box.len);
	if (!len)
		return -EAGAIN;
	if (len > HW_MBOX_MAX_LEN)
		return unless_gone(h, -EINVAL);
	__ioread32_copy(answer->word + HEAD_LEN / sizeof(u32),
			h->fw + HW_MBOX_RESPONSE + HEAD_LEN, DIV_ROUND_UP(len, sizeof(u32)));
	/* Ones may be the link that went while they were read. */
	if (status_of(answer) == U32_MAX && !h8l_present(h))
		return -ENODEV;
	return answers(answer, asked) ? 0 : -EAGAIN;
}

/*
 * Until firmware rang; the interrupt may have been lost, so look before giving
 * up. Whoever wakes all sleepers wakes this one, too, while half an answer may
 * be there: that counts only for a chip that is not to be used.
 */
static long sleep_for_answer(struct h8l_device *h, long left, bool interruptible)
{
	struct completion *answered = &h->mbox.answered;

	do {
		if (interruptible)
			left = wait_for_completion_interruptible_timeout(answered, left);
		else
			left = wait_for_completion_timeout(answered, left);
	} while (left > 0 && !xchg(&h->mbox.rang, false) && h8l_usable(h));
	if (left)
		return left < 0 ? -EINTR : left;
	if (h8l_irq_poll(h) && try_wait_for_completion(answered) && xchg(&h->mbox.rang, false)) {
		h8l_irq_doubt(h);
		return 1;
	}
	return unless_gone(h, -ETIMEDOUT);
}

static int await_answer(struct h8l_device *h, union letter *answer, u32 asked,
			u32 timeout_ms, bool interruptible)
{
	long left = msecs_to_jiffies(timeout_ms) + 1;
	int err;

	do {
		left = sleep_for_answer(h, left, interruptible);
		if (left < 0)
			return left;
		if (!h8l_usable(h))
			return -ENODEV;
		err = collect(h, answer, asked);
	} while (err == -EAGAIN);
	return err;
}

/*
 * An earlier request was given up. Its answer would look like ours, so let it
 * come first, but not for ever: some requests are never answered.
 */
static int settle(struct h8l_device *h, bool interruptible)
{
	struct h8l_mailbox *m = &h->mbox;
	long left = m->owed_until - jiffies;

	if (m->owed && left > 0) {
		left = sleep_for_answer(h, left, interruptible);
		if (left < 0 && left != -ETIMEDOUT)
			return left;
	}
	WRITE_ONCE(m->owed, false);
	reinit_completion(&m->answered);
	WRITE_ONCE(m->rang, false);
	return 0;
}

static bool succeeded(const union letter *answer)
{
	const struct hw_ctrl_response *response = (const void *)answer->box.data;

	return le32_to_cpu(answer->box.len) >= HW_CTRL_RESPONSE_HEAD && !response->major_status;
}

/* Whoever asked: so it is known without asking. */
static void note_identity(struct h8l_device *h, const union letter *answer)
{
	const struct hw_identify *id = (const void *)answer->box.data + HW_CTRL_RESPONSE_HEAD;

	if (le32_to_cpu(answer->box.len) != HW_CTRL_RESPONSE_HEAD + sizeof(*id))
		return;
	WRITE_ONCE(h->fw_version[0], le32_to_cpu(id->fw_version[0]));
	WRITE_ONCE(h->fw_version[1], le32_to_cpu(id->fw_version[1]));
	WRITE_ONCE(h->fw_version[2], le32_to_cpu(id->fw_version[2]) & HW_FW_REVISION_NUMBER);
	WRITE_ONCE(h->architecture, be32_to_cpu(id->architecture));
}

/* What became of a request, for those who look on. */
static void account(struct h8l_device *h, u32 op, u32 cpu, int err, const union letter *answer,
		    u64 begin)
{
	struct h8l_mailbox *m = &h->mbox;
	u32 status = err ? 0 : status_of(answer);

	trace_hailo8l_control(h->index, op, cpu, err, status, ktime_get_ns() - begin);
	WRITE_ONCE(m->controls, m->controls + 1);
	if (!err && !status) {
		if (op == HW_OP_IDENTIFY)
			note_identity(h, answer);
		return;
	}
	WRITE_ONCE(m->failed, m->failed + 1);
	WRITE_ONCE(m->failed_op, op);
	WRITE_ONCE(m->failed_err, err);
	WRITE_ONCE(m->failed_status, status);
}

/* One request and its answer. Inside the gate and the mailbox lock. */
static int transact(struct h8l_device *h, const union letter *request, u32 cpu,
		    u32 timeout_ms, bool interruptible, union letter *answer)
{
	u32 len = le32_to_cpu(request->box.len);
	u32 op = opcode(request->box.data, len);
	u64 begin = ktime_get_ns();
	int err = settle(h, interruptible);

	if (err)
		return err;
	err = post(h, request, len, cpu);
	if (err)
		return err;
	err = await_answer(h, answer, op, timeout_ms, interruptible);
	/* A firmware reset has no answer: nothing is owed then. */
	if (err == -EINTR || (err == -ETIMEDOUT && op != HW_OP_RESET)) {
		WRITE_ONCE(h->mbox.owed, true);
		h->mbox.owed_until = jiffies + msecs_to_jiffies(OWED_MS);
	}
	account(h, op, cpu, err, answer, begin);
	h8l_control_done(h, op, request->box.data, len, !err && succeeded(answer));
	return err;
}

/*
 * Requests that the driver sends itself are always the same, so with their MD5
 * from the start. Most have no parameters.
 */
#define REQUEST(op, md5_bytes...) { .box = {			\
	.md5 = { md5_bytes },					\
	.len = cpu_to_le32(HW_CTRL_REQUEST_HEAD),		\
	.data = { [3] = HW_CTRL_PROTOCOL_VERSION, [15] = (op) },		\
} }

static const union letter core_identify =
	REQUEST(HW_OP_CORE_IDENTIFY, 0xee, 0xa1, 0xe7, 0xfd, 0x1f, 0x8c, 0x4f, 0x1c,
		0xf1, 0x65, 0x24, 0x04, 0xe4, 0x75, 0x5f, 0x4c);

static const union letter clear_networks =
	REQUEST(HW_OP_CLEAR_CONFIGURED_APPS, 0x71, 0x95, 0x0c, 0x77, 0x7b, 0x1d, 0x52, 0x7b,
		0x57, 0xc5, 0x33, 0xf4, 0x49, 0x44, 0x0b, 0xc1);

/* The context switch; then clear_networks is understood. */
static const union letter reset_networks = { .box = {
	.md5 = { 0x98, 0x02, 0x84, 0x94, 0xc3, 0x5f, 0x17, 0x67,
		 0x4c, 0x42, 0xdd, 0xb2, 0x0e, 0xc4, 0x43, 0x6d },
	.len = cpu_to_le32(42),
	.data = { 0, 0, 0, HW_CTRL_PROTOCOL_VERSION, 0, 0, 0, 0, 0, 0, 0, 0,
		  0, 0, 0, HW_OP_CHANGE_CONTEXT_SWITCH_STATUS, 0, 0, 0, 4,
		  0, 0, 0, 1, HW_CS_RESET, 0, 0, 0, 1, HW_CS_NO_APPLICATION,
		  0, 0, 0, 2, 0, 0, 0, 0, 0, 2, 0, 0 },
} };

/* One measurement, of the supply that firmware chooses */
#define MEASURE(type, md5_bytes...) { .box = {			\
	.md5 = { md5_bytes },					\
	.len = cpu_to_le32(36),					\
	.data = { 0, 0, 0, HW_CTRL_PROTOCOL_VERSION, 0, 0, 0, 0, 0, 0, 0, 0,	\
		  0, 0, 0, HW_OP_POWER_MEASUREMENT, 0, 0, 0, 2,	\
		  0, 0, 0, 4, 0x7f, 0xff, 0xff, 0xff,		\
		  0, 0, 0, 4, 0, 0, 0, (type) },		\
} }

static const union letter questions[] = {
	[H8L_ASK_IDENTITY] =
		REQUEST(HW_OP_IDENTIFY, 0x6a, 0x3d, 0x1c, 0x7f, 0xe8, 0x4c, 0xfe, 0x2f,
			0x18, 0x4d, 0x69, 0xc2, 0x37, 0x6d, 0xcc, 0x43),
	[H8L_ASK_BOARD] =
		REQUEST(HW_OP_GET_DEVICE_INFORMATION,
			0x80, 0x5c, 0x66, 0x53, 0xe0, 0x7c, 0xf1, 0xb7,
			0xbd, 0xa2, 0x4e, 0xa4, 0x06, 0x25, 0xd6, 0xae),
	[H8L_ASK_TEMPERATURE] =
		REQUEST(HW_OP_GET_CHIP_TEMPERATURE,
			0x6f, 0x2f, 0x3a, 0x46, 0x62, 0x64, 0x12, 0x50,
			0x49, 0x23, 0xae, 0xff, 0x7d, 0xe7, 0x83, 0xeb),
	[H8L_ASK_HEALTH] =
		REQUEST(HW_OP_GET_HEALTH_INFORMATION,
			0xf0, 0x88, 0x1e, 0x27, 0x0d, 0x13, 0xb8, 0x00,
			0xc7, 0x89, 0x1a, 0xea, 0x91, 0xa3, 0x5e, 0x4e),
	[H8L_ASK_POWER] =
		MEASURE(HW_POWER_WATTS, 0x5c, 0x2e, 0x84, 0x5c, 0x4b, 0x56, 0xe0, 0x25,
			0xae, 0x07, 0xcb, 0xfc, 0xf9, 0xb7, 0xab, 0xbc),
	[H8L_ASK_CURRENT] =
		MEASURE(HW_POWER_MILLIAMPERE, 0x71, 0x24, 0x38, 0xce, 0x09, 0xd1, 0xc5, 0x32,
			0x85, 0x15, 0x96, 0xde, 0x4d, 0xf0, 0xe6, 0xf9),
};

static int command(struct h8l_device *h, const union letter *request, u32 cpu,
		   union letter *answer)
{
	int err = transact(h, request, cpu, COMMAND_MS, false, answer);

	if (err)
		return err;
	return succeeded(answer) ? 0 : -EREMOTEIO;
}

/* Minor version in an answer to CORE_IDENTIFY, 0 if it is none */
static u8 core_minor_of(const union letter *answer)
{
	const struct hw_core_identify *id = (const void *)answer->box.data + HW_CTRL_RESPONSE_HEAD;
	u32 len = le32_to_cpu(answer->box.len);

	if (len != HW_CTRL_RESPONSE_HEAD + sizeof(*id) ||
	    opcode(answer->box.data, len) != HW_OP_CORE_IDENTIFY)
		return 0;
	return h8l_core_minor(le32_to_cpu(id->fw_version[0]), le32_to_cpu(id->fw_version[1]));
}

/*
 * Firmware that ran already: what it reads is asked of the CPU that reads it, by
 * the driver itself, so that no program has a part in it.
 */
static int learn_version(struct h8l_device *h, union letter *answer)
{
	int err;

	if (h->core_minor)
		return 0;
	err = command(h, &core_identify, HAILO8L_CPU_CORE, answer);
	if (err == -ETIMEDOUT)
		h8l_doubt(h, "firmware did not answer a control");
	if (!err)
		h->core_minor = core_minor_of(answer);
	return err == -EREMOTEIO ? 0 : err;
}

static int exchange(struct h8l_file *f, const union letter *request, u32 cpu,
		    u32 timeout_ms, union letter *answer)
{
	u32 len = le32_to_cpu(request->box.len);
	u32 op = opcode(request->box.data, len);
	int err = 0;

	if (!h8l_usable(f->h))
		return -ENODEV;
	if (!h8l_firmware_runs(f->h)) {
		if (h8l_present(f->h))
			h8l_lose(f->h, "firmware did not run any more");
		return -ENODEV;
	}
	if (h8l_control_has_layout(op))
		err = learn_version(f->h, answer);
	err = err ?: h8l_control_check(f, op, request->box.data, len);
	if (err)
		return err;
	WRITE_ONCE(f->usage.controls, f->usage.controls + 1);
	memcpy(f->h->rec.record, request->box.data, min_t(u32, len, H8L_RECORD_LEN));
	f->h->rec.record_len = len;
	err = transact(f->h, request, cpu, timeout_ms, true, answer);
	if (!err && succeeded(answer))
		h8l_control_taken(f, op);
	if (err == -ETIMEDOUT)
		h8l_doubt(f->h, "firmware did not answer a control");
	return err;
}

static int exchange_locked(struct h8l_file *f, const union letter *request, u32 cpu,
			   u32 timeout_ms, union letter *answer)
{
	struct h8l_device *h = f->h;
	int err = h8l_await_verdict(h) ?: h8l_enter(h);

	if (err)
		return err;
	err = mutex_lock_interruptible(&h->mbox.lock) ? -ERESTARTSYS : 0;
	if (!err && h8l_in_doubt(h)) {
		mutex_unlock(&h->mbox.lock);
		err = -EAGAIN;
	}
	if (!err) {
		err = exchange(f, request, cpu, timeout_ms, answer);
		mutex_unlock(&h->mbox.lock);
	}
	h8l_leave(h);
	return err;
}

/* Who only asks does not notice a reset, which may be over by now. */
static bool try_again(u32 op, int err)
{
	return err == -EAGAIN || (err == -ENODEV && h8l_control_harmless(op));
}

static int control(struct h8l_file *f, struct hailo8l_fw_control *a, union letter *letters)
{
	union letter *request = &letters[0], *answer = &letters[1];
	unsigned long end = jiffies + msecs_to_jiffies(AGAIN_MS);
	int err, tries = MAX_TRIES;

	if (!a->buffer_len || a->buffer_len > HAILO8L_MAX_CONTROL_LEN)
		return -EINVAL;
	err = h8l_control_turn(f, opcode(a->buffer, a->buffer_len));
	if (err)
		return err;
	memcpy(request->box.md5, a->md5, sizeof(a->md5));
	memcpy(request->box.data, a->buffer, a->buffer_len);
	request->box.len = cpu_to_le32(a->buffer_len);
	do {
		err = exchange_locked(f, request, a->cpu_id,
				      min(a->timeout_ms, MAX_TIMEOUT_MS), answer);
	} while (try_again(opcode(a->buffer, a->buffer_len), err) && --tries &&
		 time_before(jiffies, end));
	if (err)
		return err;
	a->buffer_len = le32_to_cpu(answer->box.len);
	memcpy(a->md5, answer->box.md5, sizeof(a->md5));
	memcpy(a->buffer, answer->box.data, a->buffer_len);
	return 0;
}

int h8l_ioctl_control(struct h8l_file *f, void __user *arg)
{
	struct {
		struct hailo8l_fw_control a;
		union letter letters[2];
	} *work;
	int err = -EFAULT;

	work = kzalloc(sizeof(*work), GFP_KERNEL);
	if (!work)
		return -ENOMEM;
	if (!copy_from_user(&work->a, arg, sizeof(work->a)))
		err = control(f, &work->a, work->letters);
	if (!err && copy_to_user(arg, &work->a, sizeof(work->a)))
		err = -EFAULT;
	kfree(work);
	return err;
}

/* --- driver-down -------------------------------------------------------------- */

/* Firmware aborts all channels and says so. */
static int driver_down(struct h8l_device *h)
{
	/* Without firmware nobody hears the bell. */
	if (!h8l_firmware_runs(h))
		return -EIO;
	reinit_completion(&h->mbox.down);
	ring(h, HW_DOORBELL_DRIVER_DOWN);
	if (wait_for_completion_timeout(&h->mbox.down, msecs_to_jiffies(DOWN_MS) + 1))
		return 0;
	h8l_irq_poll(h);
	return try_wait_for_completion(&h->mbox.down) ? 0 : -ETIMEDOUT;
}

/*
 * The networks of a program that is gone name lists that are about to go: the
 * firmware must never run them again.
 */
static void forget_networks(struct h8l_device *h)
{
	union letter *answer = kzalloc(sizeof(*answer), GFP_KERNEL);
	int err = answer ? 0 : -ENOMEM;

	if (!err)
		err = command(h, &reset_networks, HAILO8L_CPU_CORE, answer);
	if (!err)
		err = command(h, &clear_networks, HAILO8L_CPU_CORE, answer);
	kfree(answer);
	h8l_share_networks_gone(h);
	WRITE_ONCE(h->stale_networks, err);
	if (!err)
		return;
	h8l_log(h, KERN_WARNING, "firmware did not forget the networks of a dead program: %d\n",
		err);
	h8l_doubt(h, "firmware did not forget networks");
}

/* Any answer is a sign of life. */
static int ping(struct h8l_device *h, const union letter *request, u32 cpu, union letter *answer)
{
	int err = command(h, request, cpu, answer);

	return err == -ETIMEDOUT || err == -EIO || err == -ENODEV ? err : 0;
}

static int check(struct h8l_device *h, union letter *answer)
{
	int err;

	if (!h8l_firmware_runs(h))
		return unless_gone(h, -EIO);
	mutex_lock(&h->mbox.lock);
	err = ping(h, &questions[H8L_ASK_IDENTITY], HAILO8L_CPU_APP, answer);
	if (!err)
		err = ping(h, &core_identify, HAILO8L_CPU_CORE, answer);
	/* A program died before; firmware has not forgotten its networks yet. */
	if (!err && h->stale_networks) {
		forget_networks(h);
		err = h->stale_networks ? -EIO : 0;
	}
	mutex_unlock(&h->mbox.lock);
	return err;
}

/**
 * h8l_check() - is the firmware alive?
 * @h: device
 *
 * Asks both CPUs. Nothing that anybody runs is disturbed.
 *
 * Context: inside the gate. Sleeps, for half a second or so if it is not.
 * Return: 0, or a negative errno.
 */
int h8l_check(struct h8l_device *h)
{
	union letter *answer = kzalloc(sizeof(*answer), GFP_KERNEL);
	int err;

	/* No memory says nothing about the chip. */
	if (!answer)
		return 0;
	err = check(h, answer);
	kfree(answer);
	return err;
}

static int ask(struct h8l_device *h, const union letter *request, union letter *answer)
{
	int err;

	mutex_lock(&h->mbox.lock);
	err = command(h, request, HAILO8L_CPU_APP, answer);
	mutex_unlock(&h->mbox.lock);
	if (err == -ETIMEDOUT)
		h8l_doubt(h, "firmware did not answer a control");
	return err;
}

/* Wakes the chip if need be, but does not keep it from falling asleep. */
static int ask_aside(struct h8l_device *h, const union letter *request, union letter *answer)
{
	int err = h8l_enter(h);

	if (err)
		return err;
	err = ask(h, request, answer);
	up_read(&h->gate);
	h8l_may_sleep_soon(h);
	return err;
}

/**
 * h8l_ask() - ask firmware something that disturbs nobody
 * @h: device
 * @what: question
 * @params: filled in with the parameters of the answer
 * @size: which must have exactly so many bytes
 *
 * Context: process, not inside the gate. Sleeps.
 * Return: 0, -EPROTO for an answer of another size, -EREMOTEIO if firmware
 * refuses, or what keeps it from answering.
 */
int h8l_ask(struct h8l_device *h, enum h8l_question what, void *params, size_t size)
{
	union letter *answer = kzalloc(sizeof(*answer), GFP_KERNEL);
	int err = answer ? ask_aside(h, &questions[what], answer) : -ENOMEM;

	if (!err && le32_to_cpu(answer->box.len) != HW_CTRL_RESPONSE_HEAD + size)
		err = -EPROTO;
	if (!err)
		memcpy(params, answer->box.data + HW_CTRL_RESPONSE_HEAD, size);
	kfree(answer);
	return err;
}

/* What firmware says is noted in passing, see note_identity(). */
int h8l_identify(struct h8l_device *h)
{
	struct hw_identify identity;

	return h8l_ask(h, H8L_ASK_IDENTITY, &identity, sizeof(identity));
}

static void stop_by_register(struct h8l_device *h)
{
	h8l_log(h, KERN_WARNING,
		"firmware did not acknowledge driver-down, stopping DMA by register\n");
	h8l_doubt(h, "firmware did not acknowledge driver-down");
	if (h8l_vdma_abort(h) || !h8l_present(h))
		return;
	h8l_log(h, KERN_ERR, "DMA does not stop, bus mastering switched off\n");
	h->runaway = true;
	pci_clear_master(h->pdev);
	h8l_lose(h, "DMA did not stop");
}

/**
 * h8l_quiesce() - stop all DMA of the chip
 * @h: device, not gone
 * @f: file whose networks firmware has to forget, or NULL for anybody's
 *
 * Firmware is asked first. If it does not answer, the host halves of the
 * channels are aborted by register; if that does not work either, the chip
 * loses the right to be bus master, and is taken as lost.
 *
 * Context: inside the gate. Sleeps.
 */
void h8l_quiesce(struct h8l_device *h, struct h8l_file *f)
{
	bool answered;

	mutex_lock(&h->mbox.lock);
	answered = !driver_down(h);
	if (!answered)
		stop_by_register(h);
	h8l_vdma_stopped(h);
	if (h->configured_by && (!f || h->configured_by == f)) {
		if (answered)
			forget_networks(h);
		WRITE_ONCE(h->stale_networks, h->stale_networks || !answered);
		h8l_share_networks_gone(h);
	}
	h8l_dma_ended(h);
	mutex_unlock(&h->mbox.lock);
}

/* --- notifications ---------------------------------------------------------------- */

static u32 event_id(const u32 *words, u16 len)
{
	const struct hw_event *event = (const void *)words;

	return len < sizeof(*event) ? U32_MAX : le32_to_cpu(event->event_id);
}

static void publish(struct h8l_device *h, const u32 *words, u16 len)
{
	struct h8l_mailbox *m = &h->mbox;
	struct h8l_event *event;

	mutex_lock(&m->events_lock);
	event = &m->event[m->event_seq % H8L_EVENTS];
	event->len = len;
	memset(event->data, 0, sizeof(event->data));
	memcpy(event->data, words, len);
	trace_hailo8l_notification(h->index, m->event_seq, event_id(words, len), words, len);
	WRITE_ONCE(m->event_seq, m->event_seq + 1);
	mutex_unlock(&m->events_lock);
	wake_up_all(&m->event_wait);
}

/*
 * Runs in the thread of the interrupt. The record is released in any case:
 * firmware never would.
 */
void h8l_read_notification(struct h8l_device *h)
{
	void __iomem *box = h->fw + HW_MBOX_NOTIFICATION;
	u32 words[HW_NOTIFICATION_MAX_LEN / sizeof(u32)];
	u32 head = ioread32(box);
	u32 len = head >> 16;

	if (head == U32_MAX || !(head & U16_MAX))
		return;
	if (len > HW_NOTIFICATION_MAX_LEN) {
		dev_warn_ratelimited(h8l_bus(h), "notification of %u bytes dropped\n", len);
	} else {
		__ioread32_copy(words, box + sizeof(u32), DIV_ROUND_UP(len, sizeof(u32)));
		publish(h, words, len);
	}
	iowrite32(head & ~U16_MAX, box);
	/* Nothing that such a CPU does or says can be relied on. */
	if (len <= HW_NOTIFICATION_MAX_LEN && event_id(words, len) == HW_EVENT_CPU_ECC_FATAL)
		h8l_lose(h, "firmware reported a fatal error of its memory");
}

/* Called without the lock by sleepers: a stale answer is asked again. */
bool h8l_event_pending(struct h8l_file *f)
{
	return READ_ONCE(f->h->mbox.event_seq) != READ_ONCE(f->event_seq);
}

static bool reader_wakes(struct h8l_file *f)
{
	return READ_ONCE(f->events_off) || h8l_event_pending(f) ||
		h8l_is_gone(f->h);
}

/* The oldest event that this file has not read; a slow reader loses some. */
static bool next_event(struct h8l_file *f, struct hailo8l_notification *a, u64 *seq)
{
	struct h8l_mailbox *m = &f->h->mbox;
	const struct h8l_event *event;
	bool any;

	mutex_lock(&m->events_lock);
	if (m->event_seq - f->event_seq > H8L_EVENTS)
		WRITE_ONCE(f->event_seq, m->event_seq - H8L_EVENTS);
	any = f->event_seq != m->event_seq;
	if (any) {
		*seq = f->event_seq;
		event = &m->event[*seq % H8L_EVENTS];
		a->buffer_len = event->len;
		memcpy(a->buffer, event->data, sizeof(event->data));
	}
	mutex_unlock(&m->events_lock);
	return any;
}

static void event_was_read(struct h8l_file *f, u64 seq)
{
	mutex_lock(&f->h->mbox.events_lock);
	if (f->event_seq == seq)
		WRITE_ONCE(f->event_seq, f->event_seq + 1);
	mutex_unlock(&f->h->mbox.events_lock);
}

static int read_notification(struct h8l_file *f, struct hailo8l_notification *a, void __user *arg)
{
	u64 seq;

	do {
		if (wait_event_interruptible(f->h->mbox.event_wait, reader_wakes(f)))
			return -ERESTARTSYS;
		if (READ_ONCE(f->events_off) || h8l_is_gone(f->h))
			return -ECANCELED;
	} while (!next_event(f, a, &seq));
	if (copy_to_user(arg, a, sizeof(*a)))
		return -EFAULT;
	event_was_read(f, seq);
	return 0;
}

int h8l_ioctl_read_notification(struct h8l_file *f, void __user *arg)
{
	struct hailo8l_notification *a = kzalloc(sizeof(*a), GFP_KERNEL);
	int err = a ? read_notification(f, a, arg) : -ENOMEM;

	kfree(a);
	return err;
}

int h8l_ioctl_disable_notification(struct h8l_file *f, void __user *arg)
{
	WRITE_ONCE(f->events_off, true);
	wake_up_all(&f->h->mbox.event_wait);
	return 0;
}

/* --- logs ------------------------------------------------------------------------------ */

static int copy_log(void __iomem *ring, u32 from, u32 to, u8 *out, u32 max)
{
	u32 n = 0;

	while (from != to && n < max) {
		out[n++] = ioread8(ring + offsetof(struct hw_log_ring, data) + from);
		from = from + 1 == HW_LOG_DATA_SIZE ? 0 : from + 1;
	}
	iowrite32(from, ring + offsetof(struct hw_log_ring, host_offset));
	return n;
}

/* Offsets come from the chip and are believed only inside the ring. */
static int read_log(struct h8l_device *h, struct hailo8l_read_log *a)
{
	void __iomem *ring = h->fw + (a->cpu_id == HAILO8L_CPU_CORE ? HW_LOG_CORE : HW_LOG_APP);
	u32 host, chip;

	if (!h8l_firmware_runs(h))
		return -ENODEV;
	host = ioread32(ring + offsetof(struct hw_log_ring, host_offset));
	chip = ioread32(ring + offsetof(struct hw_log_ring, chip_offset));
	if (host >= HW_LOG_DATA_SIZE || chip >= HW_LOG_DATA_SIZE)
		return unless_gone(h, -EIO);
	a->read_bytes = copy_log(ring, host, chip, a->buffer, a->buffer_size);
	return 0;
}

int h8l_ioctl_read_log(struct h8l_file *f, void __user *arg)
{
	struct hailo8l_read_log a;
	int err;

	if (copy_from_user(&a, arg, sizeof(a)))
		return -EFAULT;
	if (a.cpu_id > HAILO8L_CPU_CORE || a.buffer_size > HAILO8L_MAX_LOG_READ)
		return -EINVAL;
	err = h8l_enter(f->h);
	if (err)
		return err;
	memset(a.buffer, 0, sizeof(a.buffer));
	mutex_lock(&f->h->mbox.log_lock);
	err = read_log(f->h, &a);
	mutex_unlock(&f->h->mbox.log_lock);
	h8l_leave(f->h);
	if (!err && copy_to_user(arg, &a, sizeof(a)))
		err = -EFAULT;
	return err;
}
