/* SPDX-License-Identifier: MIT */
/*
 * Private to the firmware half of the software chip. See core.h for how the
 * two halves meet.
 *
 * The firmware lives in fw_run(): a doorbell only copies the request out of
 * the mailbox; it is executed and answered when its time has come. Context
 * switching is an interpreter (fw_action.c) that executes one action after
 * the other until one has to wait; data moves (fw_flow.c) only while it does.
 */
#ifndef FW_H
#define FW_H

#include <endian.h>
#include <errno.h>
#include <string.h>

#include "tests/emulator/core.h"
#include "tests/emulator/fw_status.h"
#include "tests/emulator/nn.h"

#define FW_MAX_PARAMS		14
#define FW_QUEUE		4	/* controls that wait: the host should have one */
#define FW_MAX_NETWORKS		8
#define FW_FIXED_CONTEXTS	3	/* activation, batch switching, preliminary */
#define FW_CHANNELS		HW_VDMA_CHANNELS
#define FW_CLUSTERS		8
#define FW_MAX_DDR_PAIRS	8
#define FW_MAX_INTER		32	/* intermediate buffers of a round */
#define FW_MAX_BATCH		64	/* a host sends at most 63 */
#define FW_NMS_UNITS		8	/* the real number is unknown */
/* SRAM for action lists. The real size is unknown; this holds 32 applications
 * of the largest single-context networks seen.
 */
#define FW_LIST_SRAM		0x40000u

/* ---- controls: fw.c, fw_control*.c ---- */

struct fw_request {
	unsigned int cpu;
	uint64_t due;
	uint32_t len;
	uint8_t md5[16];
	uint8_t data[HW_CTRL_MAX_LEN];
};

struct fw_args {
	uint32_t count;
	struct {
		const uint8_t *data;
		uint32_t len;
	} param[FW_MAX_PARAMS];
};

struct fw_reply {
	bool silent;			/* reset: nobody is left to answer */
	uint32_t opcode;
	uint32_t major;
	uint32_t minor;
	uint32_t count;
	uint32_t len;			/* of body */
	uint8_t body[HW_CTRL_MAX_LEN - HW_CTRL_RESPONSE_HEAD];
};

struct fw;

/* Executes one control whose parameters have the right count and lengths.
 * Returns the major status, 0 for success; may set reply->minor.
 */
typedef uint32_t fw_handler(struct fw *fw, const struct fw_args *args, struct fw_reply *reply);

struct fw_param {
	uint16_t min;
	uint16_t max;
	uint32_t status;		/* when the length is something else */
};

struct fw_control {
	uint8_t opcode;
	uint8_t cpu;			/* 0 application, 1 core */
	uint8_t count;
	const struct fw_param *params;
	fw_handler *handler;
};

struct fw_control_family {
	const struct fw_control *controls;
	size_t count;
};

extern const struct fw_control_family fw_device_controls;	/* fw_control_device.c */
extern const struct fw_control_family fw_sensor_controls;	/* fw_control_sensor.c */
extern const struct fw_control_family fw_config_controls;	/* fw_control_config.c */
extern const struct fw_control_family fw_system_controls;	/* fw_control_system.c */
extern const struct fw_control_family fw_context_controls;	/* fw_control_context.c */

void fw_control_execute(struct fw *fw, const struct fw_request *request,
			struct fw_reply *reply);
/* Time real firmware takes for this request, in nanoseconds. */
uint64_t fw_control_latency(const struct fw *fw, const struct fw_request *request);
uint32_t fw_request_opcode(const struct fw_request *request);

static inline uint8_t fw_u8(const struct fw_args *args, unsigned int i)
{
	return args->param[i].data[0];
}

static inline uint16_t fw_be16(const struct fw_args *args, unsigned int i)
{
	uint16_t v;

	memcpy(&v, args->param[i].data, sizeof(v));
	return be16toh(v);
}

static inline uint16_t fw_le16(const struct fw_args *args, unsigned int i)
{
	uint16_t v;

	memcpy(&v, args->param[i].data, sizeof(v));
	return le16toh(v);
}

static inline uint32_t fw_be32(const struct fw_args *args, unsigned int i)
{
	uint32_t v;

	memcpy(&v, args->param[i].data, sizeof(v));
	return be32toh(v);
}

static inline uint32_t fw_le32(const struct fw_args *args, unsigned int i)
{
	uint32_t v;

	memcpy(&v, args->param[i].data, sizeof(v));
	return le32toh(v);
}

void fw_reply_bytes(struct fw_reply *reply, const void *data, uint32_t len);
void fw_reply_u8(struct fw_reply *reply, uint8_t v);
void fw_reply_be16(struct fw_reply *reply, uint16_t v);
void fw_reply_be32(struct fw_reply *reply, uint32_t v);
void fw_reply_le32(struct fw_reply *reply, uint32_t v);
void fw_reply_float(struct fw_reply *reply, float v);

/* ---- state set by controls that only remember something ---- */

struct fw_power_slot {
	bool used;
	uint32_t dvm;
	uint32_t type;
	uint32_t samples;
};

struct fw_settings {
	bool info_read;			/* the first GET_DEVICE_INFORMATION is slow */
	bool throttling;
	bool overcurrent;
	bool awake;
	uint32_t clock;
	uint8_t log_level;		/* 0 trace ... 5 fatal */
	uint8_t log_interfaces;		/* bit 0: PCIe */
	bool watchdog[2];
	uint32_t watchdog_cycles[2];
	uint8_t watchdog_mode[2];
	bool latency;			/* NN core latency is being measured */
	uint64_t latency_start;		/* first input frame since then, 0: none */
	uint32_t latency_ns;
	bool idle_time;
	uint64_t idle_since;
	struct fw_power_slot power[4];
	bool power_running;
	uint64_t power_start;
	uint32_t power_interval_us;
	uint64_t power_counted;
	uint16_t temperature_samples;
	uint32_t process_monitor;	/* differs from boot to boot */
};

/* ---- applications: fw_context.c ---- */

struct fw_list {
	uint8_t *bytes;
	uint32_t len;
	bool complete;
};

struct fw_app {
	struct hw_app_header header;
	uint32_t context_count;		/* FW_FIXED_CONTEXTS + dynamic ones */
	uint32_t next;			/* context that is being or will be filled */
	struct fw_list *contexts;
};

/* Where contexts lie in fw_app.contexts */
#define FW_ACTIVATION		0
#define FW_BATCH_SWITCHING	1
#define FW_PRELIMINARY		2
#define FW_FIRST_DYNAMIC	3

void fw_apps_clear(struct fw *fw);
uint32_t fw_app_add(struct fw *fw, const struct hw_app_header *header);
uint32_t fw_app_chunk(struct fw *fw, bool first, bool last, uint8_t type,
		      const uint8_t *data, uint32_t len);
bool fw_app_is_complete(const struct fw_app *app);
struct fw_app *fw_app_get(struct fw *fw, unsigned int index);
/* Context `index` within its type; NULL if there is none. */
struct fw_list *fw_app_context(struct fw_app *app, uint8_t type, unsigned int index);

/* ---- action lists: fw_list.c ---- */

struct fw_cursor {
	uint32_t offset;		/* of the next header or repeated body */
	uint32_t action;		/* offset of the header it belongs to */
	uint16_t index;			/* number of that action in the list */
	uint8_t repeat_type;
	uint8_t repeat_left;
};

struct fw_step {
	uint8_t type;
	uint8_t repeat;			/* number within a repeated block */
	uint16_t index;
	uint32_t action;		/* offset of the action's header */
	const uint8_t *body;
};

/* Takes one step. 1: `step` filled in; 0: end of list; else a status word. */
uint32_t fw_list_next(const struct fw_list *list, struct fw_cursor *cursor,
		      struct fw_step *step);
/* Bytes of the body of an action, -1 if there is no such type. */
int fw_action_size(uint8_t type);
bool fw_action_repeats(uint8_t type);
/* Everything that can be said about a list without executing it. `header` NULL:
 * it did not say which config channels there are.
 */
uint32_t fw_list_check(const struct fw_list *list, const struct hw_app_header *header);
uint32_t fw_buffer_check(const struct hw_host_buffer *buf);

/* ---- firmware before 4.21: fw_old.c ---- */

uint32_t fw_minor(const struct fw *fw);	/* of the core CPU's firmware 4.x */
bool fw_is_old(const struct fw *fw);
/* Both take the 41 bytes of a header. Are the batches of all networks the same? */
struct hw_app_header fw_old_header(const void *bytes);
bool fw_old_batches(const void *bytes);
/* Gives the list today's layout; 0 or a status word */
uint32_t fw_old_list(struct fw_list *list, uint32_t minor);
/* Does so step by step, as fw_list_next() */
uint32_t fw_old_next(struct fw_list *list, uint32_t minor, struct fw_cursor *cursor,
		     struct fw_step *step);

/* ---- channels and data flow: fw_channel.c, fw_config.c, fw_flow.c ---- */

enum fw_role {
	FW_CLOSED,
	FW_CONFIG,
	FW_BOUNDARY,
	FW_INTER,
	FW_DDR,
};

struct fw_channel {
	enum fw_role role;
	struct hw_host_buffer buf;	/* as in the action that opened it */
	uint32_t frame_bytes;		/* of a transfer; only NMS frames have several */
	uint8_t stream;
	uint8_t network;
	uint8_t config_stream;
	uint8_t peer;			/* DDR: the other direction */
	uint32_t buffered_rows;		/* DDR output */
	bool active;			/* ACTIVATE_* of the running context */
	bool allowed;			/* input: FETCH_DATA */
	bool paused;
	bool dummy;			/* not in this context (CHANGE_STREAM_MAPPING) */
	bool mapped;			/* CHANGE_STREAM_MAPPING seen in this context */
	bool broken;			/* no data moves any more */
	uint8_t *frame;			/* room */
	uint32_t room;			/* frame_bytes, or all transfers of an NMS frame */
	uint32_t used;			/* output: bytes of this frame */
	uint32_t fill;			/* input: bytes received; output: sent */
	bool pending;			/* output: frame is not sent completely */
	uint32_t frames;		/* of this pass: received, or sent */
	uint32_t requested;		/* inter-context: frames made available */
	uint32_t frame_descs;		/* inter-context: descriptors per frame */
	uint32_t fetched;		/* config: descriptors requested */
	struct hw_stream_reg reg;
};

static inline bool fw_is_input(unsigned int channel)
{
	return channel < HW_VDMA_FIRST_D2H;
}

/* Each returns 0 or a status word. */
uint32_t fw_channel_open(struct fw *fw, uint8_t id, enum fw_role role,
			 const struct hw_host_buffer *buf);
uint32_t fw_channel_lookup(struct fw *fw, uint8_t id, bool input, struct fw_channel **channel);
void fw_channel_close(struct fw *fw, unsigned int channel);
void fw_channels_close(struct fw *fw);

uint32_t fw_config_activate(struct fw *fw, const struct hw_activate_cfg_channel *action);
uint32_t fw_config_fetch(struct fw *fw, const struct hw_fetch_cfg_descs *action);
uint32_t fw_config_deactivate(struct fw *fw, const struct hw_deactivate_cfg_channel *action);
bool fw_config_is_done(struct fw *fw);
/* Parses whole configuration words and hands them to the neural core. */
uint32_t fw_ccw_parse(struct fw *fw, const uint8_t *data, size_t len);

/* One turn of the data flow of the running context; true if anything moved. */
bool fw_flow_turn(struct fw *fw);
/* All frames of this pass have gone through the context. */
bool fw_flow_pass_done(const struct fw *fw);
bool fw_flow_channel_done(const struct fw *fw, unsigned int channel);
bool fw_flow_has_passes(const struct fw *fw);
/* Takes new configuration into use; 0 or a status word. */
uint32_t fw_flow_load(struct fw *fw);
/* Starts a new pass: a context gets its next batch. */
void fw_flow_next_pass(struct fw *fw);
/* fw_ddr.c: rows of DDR buffers. Those of a real network, or nothing to do. */
bool fw_ddr_move(struct fw *fw, unsigned int network);
/* All pairs of the network were used by what was computed. */
bool fw_ddr_used(struct fw *fw, unsigned int network);
nn_ddr_fn fw_ddr_rows;
/* fw_inter.c: a frame has gone to an intermediate buffer, or come from one. */
void fw_inter_wrote(struct fw *fw, const struct fw_channel *ch);
void fw_inter_read(struct fw *fw, const struct fw_channel *ch, unsigned int channel);

/* ---- interpreter: fw_action.c ---- */

enum fw_cs_phase {
	FW_CS_IDLE,
	FW_CS_RUNNING,
	FW_CS_FAILED,			/* run-time error: stands still until RESET */
};

struct fw_network {
	uint32_t frame;			/* since ENABLED */
	uint32_t computed;		/* of this pass */
};

struct fw_ddr_pair {
	uint8_t h2d;
	uint8_t d2h;
	uint8_t network;
	uint32_t frame_descs;
	bool moved;			/* in this frame */
};

/* What was written to an intermediate buffer in this round: whoever reads it must
 * find the same.
 */
struct fw_inter {
	uint64_t address;		/* of its descriptor list; 0: unused */
	uint32_t frames;
	uint64_t hash[FW_MAX_BATCH];
};

struct fw_nms {				/* as in ENABLE_NMS */
	bool enabled;
	uint8_t network;
	uint16_t classes;
	uint16_t burst;
	uint8_t chunks;
};

struct fw_breakpoint {
	uint8_t status;			/* 0 cleared, 1 waiting, 2 reached */
	uint8_t data[11];		/* as in the control */
	bool passed;			/* continued: do not stop here again */
};

struct fw_batch {			/* as in CHANGE_CONTEXT_SWITCH_STATUS */
	bool wanted;
	uint16_t frames;		/* 0: as configured */
	uint16_t count;
};

struct fw_cs {
	enum fw_cs_phase phase;
	unsigned int app;
	uint32_t context;		/* index in fw_app.contexts */
	struct fw_cursor cursor;
	uint16_t batch;			/* frames per pass */
	uint16_t batch_count;		/* passes to do, 0: no end */
	uint16_t batches;		/* passes done */
	struct fw_batch next;		/* when the first context waits for input */
	struct fw_cursor left;		/* where that goes on after BATCH_SWITCHING */
	bool endless;			/* parked: frames flow without passes */
	bool waiting;			/* on data: let it flow */
	uint64_t enabled_at;
	uint64_t sleep_until;
	uint16_t lcu[FW_CLUSTERS];	/* enabled LCUs, one bit each */
	uint8_t sequencers;		/* triggered, one bit per cluster */
	bool burst_credits;
	bool ddr_running;
	unsigned int ddr_count;
	struct fw_ddr_pair ddr[FW_MAX_DDR_PAIRS];
	struct fw_inter inter[FW_MAX_INTER];
	struct fw_nms nms[FW_NMS_UNITS];
	struct fw_network network[FW_MAX_NETWORKS];
	struct fw_channel channel[FW_CHANNELS];
	struct fw_breakpoint breakpoint;
	bool timestamp;			/* actions are stamped in one batch only */
	uint16_t timestamp_batch;
};

uint32_t fw_cs_enable(struct fw *fw, unsigned int app, uint16_t dynamic_batch,
		      uint16_t batch_count);
void fw_cs_reset(struct fw *fw);
/* Executes what can be executed; true if anything happened. */
bool fw_cs_run(struct fw *fw);
uint64_t fw_cs_deadline(const struct fw *fw);
/* Run-time error: event 12, and the interpreter stands still. */
void fw_cs_fail(struct fw *fw, uint32_t status);
uint32_t fw_cs_execute(struct fw *fw, const struct fw_step *step);
#define FW_WAIT			1u	/* fw_cs_execute(): try again later */

/* ---- notifications and log: fw_notify.c, fw_log.c ---- */

void fw_notify(struct fw *fw, uint32_t priority, uint32_t module, enum hw_event_id id,
	       uint32_t params, const void *payload, uint32_t len);
void fw_notify_temperature(struct fw *fw, uint32_t zone);
void fw_notify_run_time_error(struct fw *fw, uint32_t status);
void fw_notify_breakpoint(struct fw *fw);
void fw_notify_host_info(struct fw *fw, uint32_t priority);

enum fw_zone { FW_ZONE_GREEN, FW_ZONE_ORANGE, FW_ZONE_RED };
#define FW_ORANGE		104	/* degrees Celsius: firmware-control.md 2.5 */
#define FW_ORANGE_HYSTERESIS	99
#define FW_RED			120
#define FW_RED_HYSTERESIS	116
enum fw_zone fw_temperature_zone(const struct fw *fw);

#include "tests/emulator/fw_log.h"

/* ---- the whole ---- */

struct fw {
	struct emu *emu;
	const struct emu_config *config;
	bool running;
	bool resetting;			/* by control: deaf until it has happened */
	uint64_t started;
	uint32_t boots;
	struct hw_fw_header image[2];
	struct fw_request queue[FW_QUEUE];
	unsigned int queued;
	struct hw_mbox_control torn;	/* an answer of which the host sees half */
	uint64_t torn_due;		/* until then; EMU_IDLE: none */
	uint32_t event_sequence;
	struct fw_settings set;
	struct fw_app apps[HW_MAX_APPLICATIONS];
	unsigned int app_count;
	uint32_t sram_used;
	struct fw_cs cs;
	struct nn *nn;
};

#endif /* FW_H */
