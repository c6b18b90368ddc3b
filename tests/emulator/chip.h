/* SPDX-License-Identifier: MIT */
/*
 * State of the hardware half of the software chip. The firmware half does not
 * include this: it goes through core.h.
 *
 * Re-entrance: while emu_run() waits for a DMA the shell may serve accesses
 * of the host (it must, or both would wait for ever). So an access may change
 * any register here under emu_run(); what cannot be changed under it, a reset,
 * is put off until emu_run() is done (emu->reset_pending).
 */
#ifndef EMU_CHIP_H
#define EMU_CHIP_H

#include "tests/emulator/core.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	       "registers and device memory are kept in host order");

#define CFG_SIZE		4096
#define BAR_COUNT		6
#define NOTIFY_QUEUE_LEN	64
#define OPCODE_COUNT		0x60	/* larger ones are counted as one */

#define NS_PER_US		1000ull
#define NS_PER_MS		1000000ull

/* Memory of the chip: what the host and firmware use (hardware.md 5.3). */
#define SRAM_BASE		0x00060000u
#define SRAM_SIZE		0x000a0000u
#define CONTROL_BASE		HW_ADDR_MAILBOX
#define CONTROL_SIZE		0x00010000u
#define PCIE_BLOCK_BASE		HW_ADDR_PCIE_CONFIG
#define PCIE_BLOCK_SIZE		0x1000u
/* Where the log rings are is not known; these addresses are ours. */
#define LOG_APP_BASE		(CONTROL_BASE + 0x2000)
#define LOG_CORE_BASE		(CONTROL_BASE + 0x3000)
#define NOTIFICATION_BASE	(CONTROL_BASE + HW_MBOX_NOTIFICATION)

struct pci_state {
	uint8_t cfg[CFG_SIZE];
	uint8_t writable[CFG_SIZE];	/* bits that a write sets */
	uint8_t w1c[CFG_SIZE];		/* bits that a written 1 clears */
};

struct atr_table {
	uint32_t word[5];		/* as read and written at HW_ATR_REG() */
};

struct irq_state {
	uint32_t mask;
	uint32_t status;
	uint32_t h2d;			/* per channel, independent of status */
	uint32_t d2h;
	bool line;			/* status & mask is not 0 */
	bool lost;			/* this rise of it is not told, by fault */
	bool late;			/* it is told when it falls, by fault */
	bool intx;			/* level of INTA */
	uint64_t since_spurious;	/* MSIs since the last extra one */
	uint64_t spurious_deadline;	/* of the next extra one */
};

enum boot_phase {
	BOOT_ROM,			/* waits for an image */
	BOOT_STARTING,			/* image accepted, firmware comes up */
	BOOT_RUNNING,
	BOOT_RESETTING,			/* soft reset asked for, firmware still up */
	BOOT_ROM_STARTING,		/* firmware gone, ROM not yet ready */
};

struct boot_state {
	enum boot_phase phase;
	uint64_t deadline;		/* of the phase; EMU_IDLE: none */
	bool triggered;
	struct hw_fw_header app;
	struct hw_fw_header core;
	/* One bit per dword of SRAM that the host wrote since the ROM waits. */
	uint8_t written[SRAM_SIZE / 32];
};

struct notification {
	uint16_t len;
	uint8_t data[HW_NOTIFICATION_MAX_LEN];
};

struct mailbox_state {
	uint32_t doorbell;		/* rung, not yet seen by firmware */
	uint64_t driver_down_deadline;
	uint64_t storm_deadline;
	unsigned int queue_head;
	unsigned int queue_len;
	struct notification queue[NOTIFY_QUEUE_LEN];
	uint32_t sequence;		/* of the next event */
	bool long_sent;			/* EMU_FAULT_NOTIFY_LONG was served */
};

struct vdma_channel {
	uint8_t control;		/* HW_VDMA_CTRL_* of the host half */
	uint8_t device_control;
	uint8_t data_id;
	uint8_t depth;			/* log2(count), rounded up */
	uint8_t error;			/* 0: none; other values are ours */
	uint16_t num_avail;
	uint16_t num_proc;
	uint16_t page_size;		/* 0: started by the host, not known */
	bool linear;
	uint64_t address;
	uint32_t count;
	uint32_t next;			/* descriptor to process; count: at the end */
	uint32_t fetched;		/* so many from next on are in list[] */
	uint32_t scanned;		/* of these, vdma_transfer_bytes() saw */
	uint64_t scanned_bytes;
	bool scanned_end;
	uint32_t epoch;			/* changes when the host or a reset aborts */
	struct hw_vdma_desc *list;	/* copy of the host's, same indices */
	uint32_t list_size;
};

struct channel_stats {
	uint64_t bytes;
	uint64_t transfers;
	uint64_t descriptors;
	uint64_t fetches;
	uint64_t errors;
};

struct emu_stats {
	uint64_t cfg_reads, cfg_writes;
	uint64_t bar_reads[BAR_COUNT], bar_writes[BAR_COUNT];
	uint64_t doorbells[4];		/* by bit */
	uint64_t irq_raised, irq_delivered, irq_undeliverable, irq_lost, irq_spurious;
	uint64_t dma_read_bytes, dma_write_bytes, dma_reads, dma_writes, dma_faults;
	struct channel_stats channel[HW_VDMA_CHANNELS];
	uint64_t num_avail_writes;
	uint64_t controls[OPCODE_COUNT + 1], control_errors;
	uint64_t notifications, notifications_dropped;
	uint64_t log_bytes;
	uint64_t frames, boots, boot_failures;
	uint64_t resets[3];		/* by enum emu_reset_kind */
	uint64_t soft_resets, violations, faults;
	uint64_t without_master;	/* accesses to BARs then */
};

struct fault_state {
	struct emu_fault spec;
	uint64_t matches;
};

struct emu {
	struct emu_config config;
	struct emu_host host;
	struct fw *fw;
	uint64_t now;
	uint64_t deadline;		/* when emu_run() has something to do */
	bool work;			/* something to do at once */
	bool running;			/* inside emu_run() */
	bool gone;			/* reads are all ones: as if unplugged */
	bool link_lost;			/* EMU_FAULT_LINK_LOST */
	uint64_t link_back;		/* when it has power again, or EMU_IDLE */
	bool hung;			/* EMU_FAULT_HANG, until */
	uint64_t hung_until;		/* enum emu_hang_end */
	bool reset_pending;
	enum emu_reset_kind reset_kind;

	struct pci_state pci;
	struct atr_table atr[HW_ATR_COUNT];
	struct irq_state irq;
	struct boot_state boot;
	struct mailbox_state mbox;
	struct vdma_channel channel[HW_VDMA_CHANNELS];
	struct fault_state fault[EMU_MAX_FAULTS];
	uint32_t stuck;			/* channels that EMU_FAULT_CHANNEL_STUCK stopped */
	uint8_t *sram;
	uint8_t *control;
	struct emu_stats stats;
	char *strings[3];		/* copies for config */
};

/* pci.c */
void pci_init(struct emu *emu);
void pci_reset(struct emu *emu, enum emu_reset_kind kind);
bool pci_decodes_memory(const struct emu *emu);	/* BARs answer */
bool pci_is_master(const struct emu *emu);	/* may do DMA and MSI */
bool pci_msi_enabled(const struct emu *emu);
uint32_t pci_max_read_request(const struct emu *emu);	/* bytes */
bool pci_l0s_enabled(const struct emu *emu);
bool pci_intx_enabled(const struct emu *emu);
void pci_set_interrupt_status(struct emu *emu, bool pending);

/* bar.c */
void bar_reset(struct emu *emu);

/* irq.c */
void irq_reset(struct emu *emu);
void irq_update(struct emu *emu);	/* configuration space may have changed */
void irq_latch(struct emu *emu, uint32_t bits);
void irq_channel(struct emu *emu, unsigned int channel);
uint64_t irq_run(struct emu *emu);	/* next deadline */
/* false: not a register of this file. Writes carry the mask of bytes written. */
bool irq_reg_read(struct emu *emu, uint32_t offset, uint32_t *value);
bool irq_reg_write(struct emu *emu, uint32_t offset, uint32_t value, uint32_t mask);

/* boot.c */
void boot_reset(struct emu *emu);
void boot_note_write(struct emu *emu, uint32_t addr, size_t len);
uint64_t boot_run(struct emu *emu);

/* mailbox.c */
void mailbox_reset(struct emu *emu);		/* queue and doorbell; not memory */
void mailbox_clear_memory(struct emu *emu);	/* firmware starts */
void mailbox_ring(struct emu *emu, uint32_t value);
uint64_t mailbox_run(struct emu *emu);
void mailbox_between(struct emu *emu);		/* EMU_FAULT_IRQ_BETWEEN */

/* vdma.c */
void vdma_reset(struct emu *emu);
void vdma_free(struct emu *emu);
uint32_t vdma_reg_read(struct emu *emu, uint32_t offset);
void vdma_reg_write(struct emu *emu, uint32_t offset, uint32_t value, uint32_t mask);

/* dma.c: checks what a bus would check, counts, and asks the host. */
int dma_read(struct emu *emu, uint64_t addr, void *buf, size_t len);
int dma_write(struct emu *emu, uint64_t addr, const void *buf, size_t len);

/* fault.c */
int fault_init(struct emu *emu);		/* 0 or -EINVAL, see log */
/* One that is configured, without counting a hit, or NULL. */
const struct emu_fault *fault_find(const struct emu *emu, enum emu_fault_kind kind,
				   int64_t key);

/* trace.c */
#define trace_enabled(emu) ((emu)->config.trace != NULL)
void trace_access(struct emu *emu, const char *space, char direction, uint64_t offset,
		  const void *data, size_t len);

static inline uint64_t min_time(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Share of a real firmware time that config.latency_percent asks for. */
static inline uint64_t latency_ns(const struct emu *emu, uint64_t ns)
{
	return ns * emu->config.latency_percent / 100;
}

#endif /* EMU_CHIP_H */
