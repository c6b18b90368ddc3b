/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * Character-device ABI of /dev/hailoN: number for number and byte for byte
 * that of the stock driver 4.23.0, so that either side can be exchanged; and
 * extensions, which have numbers of their own.
 *
 * The numbers and offsets are facts of reference uapi-4.23.md, sections 4
 * and 5. Two oddities are part of the ABI: every structure is packed, and
 * the direction bits say what the *driver* does (_IOW: driver writes to
 * user space), the opposite of the kernel's custom.
 *
 * All structures are for 64-bit user space; 32-bit programs get -ENOTTY.
 */
#ifndef _UAPI_HAILO8L_H
#define _UAPI_HAILO8L_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define HAILO8L_CLASS_NAME		"hailo_chardev"
#define HAILO8L_NODE_NAME		"hailo"

#define HAILO8L_MAX_ENGINES		3
#define HAILO8L_CHANNELS_PER_ENGINE	32
#define HAILO8L_FIRST_D2H_CHANNEL	16
#define HAILO8L_MAX_IRQ_DATA	(HAILO8L_MAX_ENGINES * HAILO8L_CHANNELS_PER_ENGINE)
#define HAILO8L_MAX_TIMESTAMPS		256
#define HAILO8L_MAX_ONGOING		128	/* slots per channel, one stays free */
#define HAILO8L_MAX_LAUNCH_BUFFERS	8
#define HAILO8L_MAX_CONTROL_LEN		1500
#define HAILO8L_MAX_NOTIFICATION_LEN	1500
#define HAILO8L_MAX_LOG_READ		512

/* data_direction of buffer_map */
enum hailo8l_direction {
	HAILO8L_DIR_BOTH,
	HAILO8L_DIR_TO_DEVICE,
	HAILO8L_DIR_FROM_DEVICE,
	HAILO8L_DIR_NONE,
};

/* buffer_type of buffer_map and of a launch's buffers */
enum hailo8l_buffer_type {
	HAILO8L_BUFFER_USER_PTR,
	HAILO8L_BUFFER_DMABUF,
};

enum hailo8l_sync_type {
	HAILO8L_SYNC_FOR_CPU,
	HAILO8L_SYNC_FOR_DEVICE,
};

/* bits of {first,last}_interrupts_domain */
#define HAILO8L_IRQ_NONE		0
#define HAILO8L_IRQ_DEVICE		1
#define HAILO8L_IRQ_HOST		2

enum hailo8l_cpu {
	HAILO8L_CPU_APP,
	HAILO8L_CPU_CORE,
};

#define HAILO8L_BOARD_HAILO8		0
#define HAILO8L_DMA_PCIE		0
#define HAILO8L_ALLOC_USER		0
#define HAILO8L_ALLOC_DRIVER		1
#define HAILO8L_NO_ALLOCATED_BUFFER	((__u64)-1)

/* irq_data.data of interrupts_wait: 0..127 transfers completed, or */
#define HAILO8L_IRQ_DATA_MAX_COMPLETED	127
#define HAILO8L_IRQ_DATA_ERROR		0xfe
#define HAILO8L_IRQ_DATA_NOT_ACTIVE	0xff

struct hailo8l_device_properties {
	__u16 desc_max_page_size;
	__u32 board_type;
	__u32 allocation_mode;
	__u32 dma_type;
	__u64 dma_engines_count;
	__u8 is_fw_loaded;
} __attribute__((packed));

struct hailo8l_driver_info {
	__u32 major;
	__u32 minor;
	__u32 revision;
} __attribute__((packed));

struct hailo8l_enable_channels {
	__u32 bitmap[HAILO8L_MAX_ENGINES];
	__u8 enable_timestamps;
} __attribute__((packed));

struct hailo8l_disable_channels {
	__u32 bitmap[HAILO8L_MAX_ENGINES];
} __attribute__((packed));

struct hailo8l_irq_data {
	__u8 engine;
	__u8 channel;
	__u8 data;
} __attribute__((packed));

struct hailo8l_interrupts_wait {
	__u32 bitmap[HAILO8L_MAX_ENGINES];		/* in */
	__u8 channels_count;				/* out */
	struct hailo8l_irq_data irq_data[HAILO8L_MAX_IRQ_DATA];	/* out */
} __attribute__((packed));

struct hailo8l_timestamp {
	__u64 ns;			/* CLOCK_MONOTONIC */
	__u16 num_processed;
} __attribute__((packed));

struct hailo8l_read_timestamps {
	__u8 engine;			/* in */
	__u8 channel;			/* in */
	__u32 count;			/* out */
	struct hailo8l_timestamp timestamps[HAILO8L_MAX_TIMESTAMPS];	/* out */
} __attribute__((packed));

struct hailo8l_buffer_map {
	__u64 user_address;		/* in: address, or dma-buf fd */
	__u64 size;			/* in: bytes */
	__u32 data_direction;		/* in: enum hailo8l_direction */
	__u32 buffer_type;		/* in: enum hailo8l_buffer_type */
	__u64 allocated_buffer_handle;	/* in: low-memory buffer, or none */
	__u64 mapped_handle;		/* out */
} __attribute__((packed));

struct hailo8l_buffer_unmap {
	__u64 mapped_handle;
} __attribute__((packed));

struct hailo8l_buffer_sync {
	__u64 handle;
	__u32 sync_type;		/* enum hailo8l_sync_type */
	__u64 offset;
	__u64 count;
} __attribute__((packed));

struct hailo8l_desc_list_create {
	__u64 desc_count;		/* in */
	__u16 desc_page_size;		/* in: bytes */
	__u8 is_circular;		/* in */
	__u64 desc_handle;		/* out */
	__u64 dma_address;		/* out */
} __attribute__((packed));

struct hailo8l_desc_list_release {
	__u64 desc_handle;
} __attribute__((packed));

struct hailo8l_desc_list_program {
	__u64 buffer_handle;
	__u64 buffer_size;		/* bytes of one transfer */
	__u64 buffer_offset;
	__u32 batch_size;		/* transfers */
	__u64 desc_handle;
	__u8 channel_index;
	__u32 starting_desc;
	__u8 should_bind;
	__u32 last_interrupts_domain;
	__u8 is_debug;
	__u32 stride;			/* 0: whole pages */
} __attribute__((packed));

struct hailo8l_low_memory_alloc {
	__u64 buffer_size;		/* in */
	__u64 buffer_handle;		/* out */
} __attribute__((packed));

struct hailo8l_low_memory_free {
	__u64 buffer_handle;
} __attribute__((packed));

struct hailo8l_mark_as_in_use {
	__u8 in_use;			/* out: 1 = somebody else has it */
} __attribute__((packed));

struct hailo8l_continuous_alloc {
	__u64 buffer_size;		/* in */
	__u64 buffer_handle;		/* out */
	__u64 dma_address;		/* out */
} __attribute__((packed));

struct hailo8l_continuous_free {
	__u64 buffer_handle;
} __attribute__((packed));

struct hailo8l_launch_buffer {
	__u32 type;			/* enum hailo8l_buffer_type */
	__u64 addr_or_fd;
	__u32 size;
} __attribute__((packed));

struct hailo8l_launch_transfer {
	__u8 engine;
	__u8 channel;
	__u64 desc_handle;
	__u32 starting_desc;
	__u8 should_bind;
	__u8 buffers_count;
	struct hailo8l_launch_buffer buffers[HAILO8L_MAX_LAUNCH_BUFFERS];
	__u32 first_interrupts_domain;
	__u32 last_interrupts_domain;
	__u8 is_debug;
} __attribute__((packed));

struct hailo8l_fw_control {
	__u8 md5[16];			/* in and out */
	__u32 buffer_len;		/* in and out */
	__u8 buffer[HAILO8L_MAX_CONTROL_LEN];	/* in and out */
	__u32 timeout_ms;		/* in */
	__u32 cpu_id;			/* in: enum hailo8l_cpu */
} __attribute__((packed));

struct hailo8l_notification {
	__u64 buffer_len;		/* out */
	__u8 buffer[HAILO8L_MAX_NOTIFICATION_LEN];	/* out */
} __attribute__((packed));

struct hailo8l_read_log {
	__u32 cpu_id;			/* in */
	__u8 buffer[HAILO8L_MAX_LOG_READ];	/* out */
	__u64 buffer_size;		/* in */
	__u64 read_bytes;		/* out */
} __attribute__((packed));

struct hailo8l_write_action_list {
	__u64 data;
	__u64 size;
	__u64 dma_address;
} __attribute__((packed));

struct hailo8l_soc_connect {
	__u16 port;
	__u8 input_channel;
	__u8 output_channel;
	__u64 input_desc_handle;
	__u64 output_desc_handle;
} __attribute__((packed));

#define HAILO8L_IOC_GENERAL	'g'
#define HAILO8L_IOC_VDMA	'v'
#define HAILO8L_IOC_NNC		'n'
#define HAILO8L_IOC_SOC		's'
#define HAILO8L_IOC_PCI_EP	'p'

#define HAILO8L_QUERY_DEVICE_PROPERTIES	_IOW('g', 1, struct hailo8l_device_properties)
#define HAILO8L_QUERY_DRIVER_INFO	_IOW('g', 2, struct hailo8l_driver_info)

#define HAILO8L_VDMA_ENABLE_CHANNELS	_IOR('v', 0, struct hailo8l_enable_channels)
#define HAILO8L_VDMA_DISABLE_CHANNELS	_IOR('v', 1, struct hailo8l_disable_channels)
#define HAILO8L_VDMA_INTERRUPTS_WAIT	_IOWR('v', 2, struct hailo8l_interrupts_wait)
#define HAILO8L_VDMA_READ_TIMESTAMPS	_IOWR('v', 3, struct hailo8l_read_timestamps)
#define HAILO8L_VDMA_BUFFER_MAP		_IOWR('v', 4, struct hailo8l_buffer_map)
#define HAILO8L_VDMA_BUFFER_UNMAP	_IOR('v', 5, struct hailo8l_buffer_unmap)
#define HAILO8L_VDMA_BUFFER_SYNC	_IOR('v', 6, struct hailo8l_buffer_sync)
#define HAILO8L_DESC_LIST_CREATE	_IOWR('v', 7, struct hailo8l_desc_list_create)
#define HAILO8L_DESC_LIST_RELEASE	_IOR('v', 8, struct hailo8l_desc_list_release)
#define HAILO8L_DESC_LIST_PROGRAM	_IOR('v', 9, struct hailo8l_desc_list_program)
#define HAILO8L_LOW_MEMORY_ALLOC	_IOWR('v', 10, struct hailo8l_low_memory_alloc)
#define HAILO8L_LOW_MEMORY_FREE		_IOR('v', 11, struct hailo8l_low_memory_free)
#define HAILO8L_MARK_AS_IN_USE		_IOW('v', 12, struct hailo8l_mark_as_in_use)
#define HAILO8L_CONTINUOUS_ALLOC	_IOWR('v', 13, struct hailo8l_continuous_alloc)
#define HAILO8L_CONTINUOUS_FREE		_IOR('v', 14, struct hailo8l_continuous_free)
#define HAILO8L_VDMA_LAUNCH_TRANSFER	_IOR('v', 15, struct hailo8l_launch_transfer)

#define HAILO8L_FW_CONTROL		_IOWR('n', 0, struct hailo8l_fw_control)
#define HAILO8L_READ_NOTIFICATION	_IOW('n', 1, struct hailo8l_notification)
#define HAILO8L_DISABLE_NOTIFICATION	_IO('n', 2)
#define HAILO8L_READ_LOG		_IOWR('n', 3, struct hailo8l_read_log)
#define HAILO8L_RESET_NN_CORE		_IO('n', 4)
#define HAILO8L_WRITE_ACTION_LIST	_IOW('n', 5, struct hailo8l_write_action_list)

#define HAILO8L_SOC_CONNECT		_IOWR('s', 0, struct hailo8l_soc_connect)
#define HAILO8L_PCI_EP_ACCEPT		_IOWR('p', 0, struct hailo8l_soc_connect)

/*
 * Extensions, not in the stock driver, which answers -ENOTTY or -EINVAL.
 *
 * Who runs networks. One open file at a time has the right to; all others may
 * still ask firmware for identity, sensors and logs, and read notifications.
 * The right is given in the order in which it was asked for, and a file that
 * gives it up and wants it again goes behind those who wait. A file has it
 *
 *	from HAILO8L_CLAIM to HAILO8L_UNCLAIM,
 *	from a VDMA_MARK_AS_IN_USE that was answered with 0 to its close,
 *	from its first message that configures a network to the one that clears
 *	its networks, or to a reset of the chip,
 *
 * whatever ends last; its close, by kill -9 too, ends all of them. Programs
 * that know only the stock interface do not wait: they are answered -EBUSY
 * (or "in use"), unless the module parameter share_wait_ms says how long.
 * One that got its turn so, and sends no network for 12 seconds, loses it to
 * the next who wants it.
 *
 * poll(), select() and epoll on the node:
 *
 *	POLLIN, POLLRDNORM	a transfer of this file has ended, or one of its
 *				channels failed: VDMA_INTERRUPTS_WAIT on all its
 *				channels returns at once
 *	POLLPRI			READ_NOTIFICATION returns at once: each file gets
 *				every notification since it was opened, the last
 *				32 of them if it is slow
 *	POLLMSG			this file has the right to run networks, and
 *				somebody waits for it. Never part of a set of
 *				select(), so that programs which do not know it
 *				are not woken for nothing
 *	POLLERR | POLLHUP	the device is gone; stays so for this file
 *
 * All are levels: they stay until the cause is gone. A completion whose
 * interrupt was lost shows within half a second, however a program waits.
 */
#define HAILO8L_IOC_EXT		0xE8

/* flags of claim */
#define HAILO8L_CLAIM_NONBLOCK	1	/* do not wait for one's turn */

/* state of claim */
enum hailo8l_claim_state {
	HAILO8L_CLAIM_FREE,
	HAILO8L_CLAIM_MINE,
	HAILO8L_CLAIM_OTHERS,
};

/**
 * struct hailo8l_claim - argument of CLAIM and CLAIM_QUERY
 * @size: in: sizeof(struct hailo8l_claim). A driver that knows fewer bytes
 *	answers -E2BIG if the others are not zero; fields that a program does
 *	not know are taken as zero.
 * @flags: in: HAILO8L_CLAIM_*; of CLAIM_QUERY: 0
 * @timeout_ms: in: how long to wait at most, 0: until a signal comes
 * @state: out: enum hailo8l_claim_state
 * @holder_pid: out: process that has the right, or 0 if nobody has it, or
 *	somebody of another PID namespace
 * @waiters: out: how many wait for it
 *
 * CLAIM returns 0 with the right; -EBUSY (NONBLOCK), -ETIMEDOUT or -EINTR (a
 * signal) without; -ENODEV when the device is gone. The output is written in
 * all these cases but the last. A thread that stopped waiting has lost its
 * place in the queue.
 *
 * UNCLAIM (no argument) first makes the chip stop and forget what networks
 * the file has still configured, and takes its channels. -EPERM: the right
 * belongs to somebody else or nobody.
 */
struct hailo8l_claim {
	__u32 size;
	__u32 flags;
	__u32 timeout_ms;
	__u32 state;
	__u32 holder_pid;
	__u32 waiters;
};

#define HAILO8L_CLAIM		_IO(HAILO8L_IOC_EXT, 0)
#define HAILO8L_UNCLAIM		_IO(HAILO8L_IOC_EXT, 1)
#define HAILO8L_CLAIM_QUERY	_IO(HAILO8L_IOC_EXT, 2)

#define HAILO8L_ABI_CHECK(what, nr, size_) \
	_Static_assert((what) == (nr), #what " has another number"); \
	_Static_assert(_IOC_SIZE(what) == (size_), #what " has another size")

HAILO8L_ABI_CHECK(HAILO8L_QUERY_DEVICE_PROPERTIES, 0x40176701, 23);
HAILO8L_ABI_CHECK(HAILO8L_QUERY_DRIVER_INFO, 0x400C6702, 12);
HAILO8L_ABI_CHECK(HAILO8L_VDMA_ENABLE_CHANNELS, 0x800D7600, 13);
HAILO8L_ABI_CHECK(HAILO8L_VDMA_DISABLE_CHANNELS, 0x800C7601, 12);
HAILO8L_ABI_CHECK(HAILO8L_VDMA_INTERRUPTS_WAIT, 0xC12D7602, 301);
HAILO8L_ABI_CHECK(HAILO8L_VDMA_READ_TIMESTAMPS, 0xCA067603, 2566);
HAILO8L_ABI_CHECK(HAILO8L_VDMA_BUFFER_MAP, 0xC0287604, 40);
HAILO8L_ABI_CHECK(HAILO8L_VDMA_BUFFER_UNMAP, 0x80087605, 8);
HAILO8L_ABI_CHECK(HAILO8L_VDMA_BUFFER_SYNC, 0x801C7606, 28);
HAILO8L_ABI_CHECK(HAILO8L_DESC_LIST_CREATE, 0xC01B7607, 27);
HAILO8L_ABI_CHECK(HAILO8L_DESC_LIST_RELEASE, 0x80087608, 8);
HAILO8L_ABI_CHECK(HAILO8L_DESC_LIST_PROGRAM, 0x80337609, 51);
HAILO8L_ABI_CHECK(HAILO8L_LOW_MEMORY_ALLOC, 0xC010760A, 16);
HAILO8L_ABI_CHECK(HAILO8L_LOW_MEMORY_FREE, 0x8008760B, 8);
HAILO8L_ABI_CHECK(HAILO8L_MARK_AS_IN_USE, 0x4001760C, 1);
HAILO8L_ABI_CHECK(HAILO8L_CONTINUOUS_ALLOC, 0xC018760D, 24);
HAILO8L_ABI_CHECK(HAILO8L_CONTINUOUS_FREE, 0x8008760E, 8);
HAILO8L_ABI_CHECK(HAILO8L_VDMA_LAUNCH_TRANSFER, 0x8099760F, 153);
HAILO8L_ABI_CHECK(HAILO8L_FW_CONTROL, 0xC5F86E00, 1528);
HAILO8L_ABI_CHECK(HAILO8L_READ_NOTIFICATION, 0x45E46E01, 1508);
HAILO8L_ABI_CHECK(HAILO8L_DISABLE_NOTIFICATION, 0x00006E02, 0);
HAILO8L_ABI_CHECK(HAILO8L_READ_LOG, 0xC2146E03, 532);
HAILO8L_ABI_CHECK(HAILO8L_RESET_NN_CORE, 0x00006E04, 0);
HAILO8L_ABI_CHECK(HAILO8L_WRITE_ACTION_LIST, 0x40186E05, 24);
HAILO8L_ABI_CHECK(HAILO8L_SOC_CONNECT, 0xC0147300, 20);
HAILO8L_ABI_CHECK(HAILO8L_PCI_EP_ACCEPT, 0xC0147000, 20);

#endif /* _UAPI_HAILO8L_H */
