/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the driver share.
 *
 * Order of locks, outermost first:
 *
 *	mmap_lock (the kernel's)
 *	h8l_device.gate
 *	h8l_mailbox.lock
 *	h8l_file.lock
 *	h8l_device.mem_lock
 *	h8l_device.irq_lock
 *
 * h8l_device.files_lock, h8l_share.lock, h8l_mailbox.log_lock and .events_lock
 * nest inside the gate and h8l_mailbox.lock and have nothing inside.
 * h8l_device.reset_lock and h8l_sensors.lock are outside the gate, and the former is
 * only ever tried.
 * No user memory is touched and no page pinned under any of them, because
 * that takes mmap_lock.
 */
#ifndef _H8L_HAILO8L_H
#define _H8L_HAILO8L_H

#include <linux/cdev.h>
#include <linux/completion.h>
#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/io.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/rbtree.h>
#include <linux/rwsem.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "context.h"
#include "desc.h"
#include "hw/mailbox.h"
#include "hw/pci.h"
#include "hw/vdma.h"
#include "uapi/hailo8l.h"

#define H8L_DRIVER_NAME		"hailo8l"
#define H8L_VERSION		"0.1.0"
#define H8L_EVENTS		32	/* notifications kept for slow readers */

/* Between the last use of the chip and its sleep; users may change it. */
#define H8L_AUTOSUSPEND_MS	5000

/* Memory by the size that a user asks for: fail, and kill nobody for it. */
#define H8L_GFP_USER		(__GFP_RETRY_MAYFAIL | __GFP_NOWARN)

struct dma_buf_attachment;
struct dentry;
struct firmware;
struct h8l_device;
struct h8l_file;
struct seq_file;

/*
 * What the chip can be used for. Written with the gate held for writing, but
 * for PAUSING and CLOSING, which are what makes readers leave the gate.
 * Whoever changes it holds the lock of the PCI function's device, or is the
 * PM core while nobody uses the chip.
 */
enum h8l_state {
	H8L_STATE_OFF,		/* no firmware runs: probe, pause, failed boot */
	H8L_STATE_BOOT,		/* interrupts have their boot meaning */
	H8L_STATE_RUN,
	H8L_STATE_PAUSING,	/* h8l_pause() waits for users to leave */
	H8L_STATE_CLOSING,	/* remove() waits for users to leave */
	H8L_STATE_GONE,		/* removed; stays so */
};

/**
 * struct h8l_charge - locked memory that a process answers for
 * @mm: whose pinned_vm counts it, referenced; NULL if nothing is charged
 * @pages: how many
 */
struct h8l_charge {
	struct mm_struct *mm;
	unsigned long pages;
};

/**
 * struct h8l_dma - the part of a memory object that the bus knows
 * @node: in h8l_device.dma_objects while the bus knows it
 * @detach: takes it off the bus
 *
 * Embedded in mappings, lists and buffers. remove() detaches them all while
 * files that own the objects stay open.
 */
struct h8l_dma {
	struct list_head node;
	void (*detach)(struct h8l_dma *dma);
};

/**
 * struct h8l_buffer - memory of the driver that user space may map
 *
 * References: its handle, each VMA, each mapping of its pages.
 */
struct h8l_buffer {
	struct kref ref;
	struct h8l_device *h;
	struct h8l_dma dma;		/* coherent memory only */
	struct list_head node;		/* in h8l_file.buffers */
	struct h8l_charge charge;
	struct address_space *mapping;	/* of the node, to take VMAs away */
	u64 handle;
	size_t size;			/* as asked for */
	unsigned long npages;
	struct page **pages;		/* low memory */
	void *cpu;			/* coherent memory */
	dma_addr_t bus;
};

/**
 * struct h8l_mapping - memory of a process that the chip may reach
 *
 * References: its handle, each transfer that names it, each binding in a
 * list. So it outlives BUFFER_UNMAP for as long as a descriptor points to it.
 */
struct h8l_mapping {
	struct kref ref;
	struct h8l_device *h;
	struct h8l_dma dma;
	struct list_head node;		/* in h8l_file.mappings */
	struct list_head bindings;	/* of_mapping of each, under mem_lock */
	struct h8l_charge charge;
	u64 handle;
	u64 addr;			/* user address, or dma-buf fd */
	u64 size;
	bool by_fd;			/* launches name it by the fd */
	bool read_only;			/* the chip must not write to it */
	bool need_sync;
	enum dma_data_direction dir;
	struct h8l_chunk *chunks;
	u32 nchunks;
	struct sg_table table;		/* of pages */
	struct sg_table *sgt;		/* &table, or the dma-buf's */
	struct page **pages;		/* pinned, or those of @buffer */
	unsigned long npages;
	struct h8l_buffer *buffer;	/* low memory that it maps, or NULL */
	struct dma_buf_attachment *attach;
};

/**
 * struct h8l_binding - descriptors of a list that point to a mapping
 *
 * Protected by mem_lock. Holds a reference on the mapping, none on the list:
 * it dies with it. Once out of the list's tree it may wait, for its mapping's
 * sake, in h8l_device.retired_bindings.
 */
struct h8l_binding {
	struct rb_node rb;		/* in h8l_list.bindings */
	u32 first, last, subtree_last;
	struct h8l_mapping *map;
	struct h8l_list *list;
	struct list_head of_mapping;
};

/**
 * struct h8l_list - a descriptor list
 *
 * References: its handle, the channel that runs it. When the last one goes
 * while the chip may still walk the list, it waits in h8l_device.retired.
 */
struct h8l_list {
	struct kref ref;
	struct h8l_device *h;
	struct h8l_dma dma;
	struct list_head node;		/* h8l_file.lists, then h8l_device.retired */
	struct h8l_charge charge;
	u64 handle;
	void *cpu;			/* NULL once detached */
	dma_addr_t cpu_bus;
	size_t bytes;
	dma_addr_t bus;			/* 64 KiB aligned */
	struct h8l_ring ring;
	struct rb_root_cached bindings;	/* under mem_lock */
	u32 read_only;			/* bindings of read-only mappings */
	bool named;			/* by a context, perhaps */
	bool firmware_driven;		/* firmware decides how far the chip goes */
	bool launched;			/* transfers left their ends in it */
	bool written;			/* firmware lets the chip write through it */
	struct h8l_channel *channel;	/* that runs it; under h8l_file.lock */
};

/* One buffer of a transfer, for cache maintenance. Holds a reference. */
struct h8l_piece {
	struct h8l_mapping *map;
	u64 offset;
	u32 size;
};

struct h8l_transfer {
	u16 last;			/* index of its last descriptor */
	u8 npieces;
	bool debug;
	struct h8l_piece piece[HAILO8L_MAX_LAUNCH_BUFFERS];
};

struct h8l_stamps {
	u32 head, tail;			/* free-running */
	struct hailo8l_timestamp stamp[HAILO8L_MAX_TIMESTAMPS];
};

/**
 * struct h8l_channel - host side of a vDMA channel
 *
 * Everything but @ring's slots is under irq_lock. The slots [tail, head) are
 * written by the owner's thread before @head moves and read after @tail has
 * not moved yet, both under h8l_file.lock of the owner.
 */
struct h8l_channel {
	u8 index;
	struct h8l_file *owner;
	struct h8l_list *list;		/* since the first launch; referenced */
	struct h8l_transfer *ring;	/* HAILO8L_MAX_ONGOING, kept for ever */
	struct h8l_stamps *stamps;
	u32 generation;			/* one more at each enable */
	u32 head;			/* transfers launched, */
	u32 done;			/* of these completed, */
	u32 tail;			/* of these reported; all free-running */
	u32 unreported;			/* reported to a bad user address */
	u32 num_avail;
	u32 num_proc;
	u32 seen;			/* progress at the last interrupt */
	u32 epoch;			/* of the last look at the registers */
	u32 errors;			/* verdicts since the module was loaded */
	bool measure;
	u8 verdict;			/* HAILO8L_IRQ_DATA_* to report, or 0 */
};

struct h8l_event {
	u16 len;
	u8 data[HW_NOTIFICATION_MAX_LEN];
};

/**
 * struct h8l_mailbox - controls, notifications and logs
 * @lock: one control at a time; protects @owed and @owed_until. Driver-down
 *	counts as one.
 * @log_lock: the read offsets of the log rings
 * @answered: SW interrupt of a control came
 * @owed: a control was given up whose answer may still come
 * @owed_until: jiffies when it is taken as lost
 * @down: driver-down was acknowledged
 * @controls: that were sent, under @lock
 * @failed: of these without an answer or refused; the last one's opcode,
 *	error and status of firmware
 * @events_lock: protects @event and @event_seq
 * @event: the last notifications; number n is in slot n % H8L_EVENTS
 * @event_seq: number of the next one
 * @event_wait: readers
 */
struct h8l_mailbox {
	struct mutex lock;		/* see above */
	struct mutex log_lock;		/* see above */
	struct completion answered;
	bool rang;			/* by interrupt or polling */
	bool owed;
	unsigned long owed_until;
	struct completion down;
	u64 controls;
	u64 failed;
	u32 failed_op;
	int failed_err;
	u32 failed_status;
	struct mutex events_lock;	/* see above */
	struct h8l_event event[H8L_EVENTS];
	u64 event_seq;
	wait_queue_head_t event_wait;
};

#define H8L_RECORD_LEN	64

/**
 * struct h8l_recovery - a chip that hangs or vanishes, see recover.c
 * @work: looks whether something is wrong, and puts it right
 * @why: what was noticed; a literal, or NULL
 * @enabled: not while probe() or remove() run
 * @saved: configuration space of the function as probe() left it
 * @tries: recoveries since it last worked for a while
 * @last: jiffies when the last one ended
 * @dead: the link is down, and its bus is being reset
 * @bus_vain: that did not help
 * @blind: the PCI core saved the configuration of a function that did not answer
 * @count: that succeeded
 * @record: head of the last control of a program, under h8l_mailbox.lock
 * @record_len: its whole length
 */
struct h8l_recovery {
	struct delayed_work work;
	const char *why;
	bool enabled;
	struct pci_saved_state *saved;
	unsigned int tries;
	unsigned long last;
	bool dead;
	bool bus_vain;
	bool blind;
	unsigned int count;
	u8 record[H8L_RECORD_LEN];
	u32 record_len;
};

/* Why a file has the right to run networks; any of these. */
#define H8L_CLAIM_ASKED		1	/* it asked for it, until it gives it up */
#define H8L_CLAIM_MARKED	2	/* it has the "in use" mark, until its close */
#define H8L_CLAIM_NETWORKS	4	/* it configured, until it clears its networks */

/**
 * struct h8l_share - who may run networks
 * @lock: protects all of it
 * @holder: file, or NULL
 * @why: H8L_CLAIM_* of @holder
 * @since: jiffies when it last did something that shows that it wants the right
 * @pid: process that claimed it, referenced, NULL without a holder
 * @queue: struct h8l_claimer, the first is next; empty without a holder
 * @waiters: in @queue
 * @wait: they sleep here
 */
struct h8l_share {
	struct mutex lock;		/* see above */
	struct h8l_file *holder;
	u32 why;
	unsigned long since;
	struct pid *pid;
	struct list_head queue;
	u32 waiters;
	wait_queue_head_t wait;
};

/* What the driver asks firmware on its own account */
enum h8l_question {
	H8L_ASK_IDENTITY,
	H8L_ASK_BOARD,
	H8L_ASK_TEMPERATURE,
	H8L_ASK_HEALTH,
	H8L_ASK_POWER,
	H8L_ASK_CURRENT,
	H8L_QUESTIONS,
};

/**
 * struct h8l_sensors - what was measured last, for hwmon
 * @lock: protects the rest but @dev and @has_monitor; outside the gate
 * @dev: or NULL
 * @has_monitor: the board measures power and current
 * @asked: jiffies of the last answer to each question, 0 for never
 * @temperature: millidegrees
 * @limit: orange, its hysteresis, red, its hysteresis; millidegrees
 * @zone: 0 green, 1 orange, 2 red
 * @overcurrent: the supply is beyond its limit
 * @microwatt: of the board, as @milliampere
 */
struct h8l_sensors {
	struct mutex lock;		/* see above */
	struct device *dev;
	bool has_monitor;
	unsigned long asked[H8L_QUESTIONS];
	long temperature[2];
	long limit[4];
	u8 zone;
	bool overcurrent;
	long microwatt;
	long milliampere;
};

/**
 * struct h8l_device - one chip
 *
 * References (get_device): the bound PCI function, each open file, each
 * memory object. It outlives the PCI function when files stay open.
 */
struct h8l_device {
	struct device dev;		/* in class hailo_chardev */
	struct cdev cdev;
	struct pci_dev *pdev;		/* referenced */
	int index;
	void __iomem *config;		/* BAR0 */
	void __iomem *vdma;		/* BAR2 */
	void __iomem *fw;		/* BAR4 */
	u32 page_max;			/* of a descriptor */
	u32 alloc_mode;			/* HAILO8L_ALLOC_* */
	u32 fw_version[3];		/* of the file loaded last or the last IDENTIFY, or 0 */
	/*
	 * Of the core CPU's firmware 4.x, which reads contexts: from the file
	 * that was loaded, else asked of that CPU. 0: not known (yet), or none
	 * that is. Gate for writing or mailbox lock.
	 */
	u8 core_minor;
	u32 version[3];			/* that QUERY_DRIVER_INFO reports */

	/*
	 * Held for reading around every use of the chip and of its bus: in
	 * state RUN it stays so meanwhile, with @pdev bound. Whoever changes
	 * the state holds it for writing, after waking all sleepers.
	 */
	struct rw_semaphore gate;
	enum h8l_state state;
	bool lost;			/* given up: only a reset by hand helps */
	bool wants_file;		/* lost for want of a firmware file */
	bool broken;			/* must not be used, but is going to be recovered */
	bool closing;			/* remove() has begun */
	bool quiet;			/* whoever boots it says what came of it */
	bool asleep;			/* in D3hot */
	bool runaway;			/* its DMA did not stop: no bus master before a reset of
					 * the function
					 */
	unsigned long error_until;	/* the PCI core repairs the link: jiffies, or 0 */
	bool removing;			/* all memory is taken off the bus */
	wait_queue_head_t back;		/* for those who want to enter */
	struct h8l_recovery rec;

	struct mutex files_lock;	/* protects @files */
	struct list_head files;

	struct h8l_share share;

	/*
	 * Protects @dma_objects, @dma_active, @lists_known, @retired, and all
	 * bindings between lists and mappings.
	 */
	struct mutex mem_lock;
	struct list_head dma_objects;
	bool dma_active;		/* firmware may use lists by itself */
	bool lists_known;		/* it has contexts that name some */
	struct list_head retired;	/* lists without owner, until it may not */
	struct list_head retired_bindings;	/* of_mapping */
	void *sink;			/* where unbound descriptors point to */
	dma_addr_t sink_bus;

	/* Protects the channels and what the interrupt handler shares. */
	spinlock_t irq_lock;
	struct h8l_channel channel[HW_VDMA_CHANNELS];
	u32 epoch;			/* one more when channels may have stopped */
	bool notified;			/* for the threaded handler */
	int irq;			/* 0: there is none */
	bool irq_seen;			/* one has come */
	bool irq_on;			/* the handler may open the mask */
	bool irq_careful;		/* read until clean, for some were lost */
	u32 irq_losses;
	u32 irq_idle;			/* handler runs that found nothing */
	bool polled;			/* look every tick: none comes */
	struct delayed_work poll;
	struct delayed_work watch;	/* over channels, while any is enabled */
	struct completion soft_reset;
	struct completion booted;

	struct h8l_mailbox mbox;

	struct dentry *debugfs;
	u32 architecture;		/* enum hw_arch */

	struct h8l_sensors sensors;
	struct mutex reset_lock;	/* one reset at a time; taken by trying only */
	unsigned int resets;		/* asked for, under reset_lock */
	bool paused;			/* and kept awake; under the PCI device's lock */

	/* Under h8l_mailbox.lock. */
	struct h8l_file *configured_by;	/* whose networks firmware knows */
	bool stale_networks;		/* it knows some of a closed file */
};

/* What a file made the chip do; by direction, to the device first */
struct h8l_usage {
	u64 submitted[2];		/* transfers, under h8l_file.lock */
	u64 completed[2];		/* of these reported to the file */
	u64 bytes[2];			/* of the submitted ones */
	u64 controls;			/* under h8l_mailbox.lock */
	u64 waits;			/* INTERRUPTS_WAIT that had news, under h8l_file.lock */
};

/**
 * struct h8l_file - one open of the node
 * @lock: protects the three lists of objects, the handle counters, and
 *	launching on, reaping from and disabling of its channels
 * @channels: those that it enabled, under irq_lock
 * @wait: its waiters for completions
 */
struct h8l_file {
	struct h8l_device *h;		/* referenced */
	struct list_head node;		/* in h8l_device.files */
	struct address_space *mapping;
	struct pid *opener;		/* referenced */
	struct h8l_usage usage;
	struct mutex lock;		/* see above */
	struct list_head mappings;	/* newest first */
	struct list_head lists;
	struct list_head buffers;
	u64 next_mapping;
	u64 next_handle;		/* of lists and buffers */
	u32 channels;
	wait_queue_head_t wait;
	u64 event_seq;			/* next to read, under events_lock */
	bool events_off;
	bool stale;			/* firmware lost its networks; under mbox.lock */
	u32 silent;			/* ticks without progress */
	unsigned long silent_since;	/* jiffies of the first of them */
	struct h8l_block block;		/* under h8l_mailbox.lock */
};

/* pci.c */
int h8l_enter(struct h8l_device *h);
void h8l_leave(struct h8l_device *h);
bool h8l_present(struct h8l_device *h);
void h8l_wake_all(struct h8l_device *h);
__printf(3, 4) void h8l_log(struct h8l_device *h, const char *level, const char *format, ...);

/* firmware.c */
int h8l_boot(struct h8l_device *h);
u8 h8l_core_minor(u32 major, u32 minor);
bool h8l_firmware_runs(struct h8l_device *h);

/* irq.c */
int h8l_irq_init(struct h8l_device *h);
void h8l_irq_exit(struct h8l_device *h);
void h8l_irq_on(struct h8l_device *h);
void h8l_irq_off(struct h8l_device *h);
bool h8l_irq_poll(struct h8l_device *h);
void h8l_irq_doubt(struct h8l_device *h);
void h8l_irq_look(struct h8l_device *h);

/* mailbox.c */
void h8l_mailbox_init(struct h8l_device *h);
void h8l_read_notification(struct h8l_device *h);
void h8l_quiesce(struct h8l_device *h, struct h8l_file *f);
int h8l_ioctl_control(struct h8l_file *f, void __user *arg);
int h8l_ioctl_read_notification(struct h8l_file *f, void __user *arg);
int h8l_ioctl_disable_notification(struct h8l_file *f, void __user *arg);
int h8l_ioctl_read_log(struct h8l_file *f, void __user *arg);
bool h8l_event_pending(struct h8l_file *f);

int h8l_check(struct h8l_device *h);
int h8l_identify(struct h8l_device *h);
int h8l_ask(struct h8l_device *h, enum h8l_question what, void *params, size_t size);

/* reset.c */
extern const struct pci_error_handlers h8l_err_handlers;
void h8l_pause(struct h8l_device *h, bool reachable);
int h8l_unpause(struct h8l_device *h);
int h8l_boot_checked(struct h8l_device *h);
int h8l_soft_reset(struct h8l_device *h);
void h8l_tell(struct h8l_device *h, enum kobject_action action, const char *what);

/* recover.c */
void h8l_recovery_init(struct h8l_device *h);
void h8l_recovery_on(struct h8l_device *h);
void h8l_recovery_off(struct h8l_device *h);
void h8l_recovery_free(struct h8l_device *h);
void h8l_doubt(struct h8l_device *h, const char *why);
void h8l_lose(struct h8l_device *h, const char *why);
void h8l_stand_still(struct h8l_device *h);
bool h8l_in_doubt(struct h8l_device *h);
int h8l_await_verdict(struct h8l_device *h);
int h8l_reset(struct h8l_device *h);
void h8l_restore_config(struct h8l_device *h);

/* pm.c */
void h8l_pm_on(struct h8l_device *h);
void h8l_pm_off(struct h8l_device *h);
int h8l_awake(struct h8l_device *h);
void h8l_may_sleep(struct h8l_device *h);
void h8l_may_sleep_soon(struct h8l_device *h);
extern const struct dev_pm_ops h8l_pm_ops;

/* coredump.c, where the kernel has it */
#if IS_ENABLED(CONFIG_DEV_COREDUMP)
void h8l_coredump(struct h8l_device *h);
#else
static inline void h8l_coredump(struct h8l_device *h) { }
#endif

/* hwmon.c, where the kernel has hwmon */
#if IS_REACHABLE(CONFIG_HWMON)
void h8l_hwmon_add(struct h8l_device *h);
void h8l_hwmon_remove(struct h8l_device *h);
#else
static inline void h8l_hwmon_add(struct h8l_device *h) { }
static inline void h8l_hwmon_remove(struct h8l_device *h) { }
#endif

/* control.c */
bool h8l_control_harmless(u32 op);
bool h8l_control_has_layout(u32 op);
int h8l_control_turn(struct h8l_file *f, u32 op);
int h8l_control_check(struct h8l_file *f, u32 op, const u8 *data, u32 len);
void h8l_control_taken(struct h8l_file *f, u32 op);
void h8l_control_done(struct h8l_device *h, u32 op, const u8 *data, u32 len, bool success);

/* share.c */
void h8l_share_init(struct h8l_device *h);
int h8l_share_turn(struct h8l_file *f);
int h8l_share_take(struct h8l_file *f, u32 why);
bool h8l_share_busy(struct h8l_file *f);
bool h8l_share_wanted(struct h8l_file *f);
bool h8l_share_closing(struct h8l_file *f);
void h8l_share_leave(struct h8l_file *f);
void h8l_share_networks_gone(struct h8l_device *h);
void h8l_share_show(struct seq_file *m, struct h8l_device *h);
const char *h8l_share_state(struct h8l_file *f);
int h8l_ioctl_claim(struct h8l_file *f, void __user *arg);
int h8l_ioctl_unclaim(struct h8l_file *f, void __user *arg);
int h8l_ioctl_claim_query(struct h8l_file *f, void __user *arg);
int h8l_ioctl_mark(struct h8l_file *f, void __user *arg);

/* vdma.c */
void h8l_vdma_init(struct h8l_device *h);
void h8l_vdma_exit(struct h8l_device *h);
void h8l_vdma_irq(struct h8l_device *h, u32 channels);
void h8l_vdma_doubt(struct h8l_device *h);
bool h8l_vdma_any(struct h8l_device *h);
bool h8l_vdma_abort(struct h8l_device *h);
void h8l_vdma_stopped(struct h8l_device *h);
void h8l_vdma_release(struct h8l_file *f, u32 channels);
bool h8l_vdma_ready(struct h8l_file *f, u32 channels);
int h8l_ioctl_enable_channels(struct h8l_file *f, void __user *arg);
int h8l_ioctl_disable_channels(struct h8l_file *f, void __user *arg);
int h8l_ioctl_wait(struct h8l_file *f, void __user *arg);
int h8l_ioctl_read_timestamps(struct h8l_file *f, void __user *arg);
int h8l_ioctl_launch(struct h8l_file *f, void __user *arg);

/* list.c */
struct h8l_list *h8l_list_find(struct h8l_file *f, u64 handle);
void h8l_list_put(struct h8l_list *list);
int h8l_list_bind(struct h8l_list *list, u32 start, u32 descs, struct h8l_mapping *map);
bool h8l_list_bound(struct h8l_list *list, u32 start, u32 descs);
void h8l_list_forget(struct h8l_mapping *map);
void h8l_list_release_all(struct h8l_file *f);
void h8l_dma_begins(struct h8l_device *h, bool named);
void h8l_dma_ended(struct h8l_device *h);
void h8l_lists_forgotten(struct h8l_device *h);
int h8l_sink_init(struct h8l_device *h);
void h8l_sink_exit(struct h8l_device *h);
int h8l_ioctl_list_create(struct h8l_file *f, void __user *arg);
int h8l_ioctl_list_release(struct h8l_file *f, void __user *arg);
int h8l_ioctl_list_program(struct h8l_file *f, void __user *arg);

/* buffer.c: memory of the user's */
struct h8l_mapping *h8l_mapping_find(struct h8l_file *f, u64 handle);
struct h8l_mapping *h8l_mapping_lookup(struct h8l_file *f, const struct hailo8l_launch_buffer *b,
				       enum dma_data_direction dir);
void h8l_mapping_put(struct h8l_mapping *map);
void h8l_mapping_sync(struct h8l_mapping *map, u64 offset, u64 size, bool for_cpu);
void h8l_mapping_release_all(struct h8l_file *f);
int h8l_ioctl_map(struct h8l_file *f, void __user *arg);
int h8l_ioctl_unmap(struct h8l_file *f, void __user *arg);
int h8l_ioctl_sync(struct h8l_file *f, void __user *arg);

/* memory.c: memory of ours, accounting */
int h8l_charge(struct h8l_charge *charge, unsigned long pages);
void h8l_uncharge(struct h8l_charge *charge);
void h8l_dma_add(struct h8l_device *h, struct h8l_dma *dma, void (*detach)(struct h8l_dma *dma));
void h8l_dma_detach(struct h8l_device *h, struct h8l_dma *dma);
void h8l_dma_detach_all(struct h8l_device *h);
struct h8l_buffer *h8l_buffer_get(struct h8l_file *f, u64 handle);
void h8l_buffer_put(struct h8l_buffer *buffer);
void h8l_buffer_release_all(struct h8l_file *f);
int h8l_buffer_mmap(struct h8l_file *f, struct vm_area_struct *vma);
int h8l_ioctl_low_alloc(struct h8l_file *f, void __user *arg);
int h8l_ioctl_low_free(struct h8l_file *f, void __user *arg);
int h8l_ioctl_continuous_alloc(struct h8l_file *f, void __user *arg);
int h8l_ioctl_continuous_free(struct h8l_file *f, void __user *arg);

/* file.c */
int h8l_file_init(void);
void h8l_file_exit(void);
int h8l_node_add(struct h8l_device *h);
void h8l_node_remove(struct h8l_device *h);
struct h8l_device *h8l_device_alloc(struct pci_dev *pdev);

/* debugfs.c */
void h8l_debugfs_init(void);
void h8l_debugfs_exit(void);
void h8l_debugfs_add(struct h8l_device *h);
void h8l_debugfs_remove(struct h8l_device *h);

/* sysfs.c */
extern const struct attribute_group *h8l_groups[];

static inline enum h8l_state h8l_state(const struct h8l_device *h)
{
	return READ_ONCE(h->state);
}

static inline bool h8l_usable(const struct h8l_device *h)
{
	return h8l_state(h) == H8L_STATE_RUN && !READ_ONCE(h->lost) && !READ_ONCE(h->broken);
}

/* Removed, about to be, or dead: sleepers give up. */
static inline bool h8l_is_gone(const struct h8l_device *h)
{
	return h8l_state(h) >= H8L_STATE_CLOSING || READ_ONCE(h->lost);
}

/* A boot that failed for want of a usable firmware file, and of nothing else */
static inline bool h8l_wants_file(int err)
{
	return err == -ENOENT || err == -ENOEXEC;
}

static inline struct device *h8l_bus(struct h8l_device *h)
{
	return &h->pdev->dev;
}

#endif /* _H8L_HAILO8L_H */
