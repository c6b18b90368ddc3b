/* SPDX-License-Identifier: MIT */
/*
 * A network group configured on a device. Who does what: links.c gives streams
 * their channels, lists and registers; contexts.c writes the action lists;
 * session.c opens, starts, stops and closes; streams.c knows what a program
 * gives and gets, and its formats; frames.c runs; bursts.c helps it where a frame
 * has many transfers.
 */
#ifndef H8L_NETWORK_H
#define H8L_NETWORK_H

#include "config.h"
#include "control.h"
#include "device.h"
#include "format.h"
#include "hef.h"
#include "holds.h"
#include "periph.h"
#include "resources.h"

#define DEFAULT_TIMEOUT_MS	10000
#define MAX_BATCH_SIZE		63	/* reference configure-and-run.md section 2 */

/* A boundary stream: one channel, one ring of descriptors */
struct stream {
	const struct hef_edge *edge;
	unsigned int index;		/* in network->streams */
	uint8_t channel;
	struct desc_list list;
	uint32_t queue;			/* transfers that fit, as the stock library counts */
	uint32_t descs_per_frame;	/* of a transfer */
	struct share *shares;		/* what it carries: one, or the parts of a mux */
	unsigned int share_count;
	struct dma_buffer bounce;	/* transfers; none before the first frame that
					 * needs it
					 */
	unsigned int slots;		/* transfers in it */
	size_t slot_step;		/* bytes between them */
	struct dma_buffer tails;	/* of frames that do not quite fit where they are */
	size_t tail_step;		/* converted, one per slot */
	void *scratch;			/* room for a part of a mux, or to convert in place */
	size_t scratch_size;

	/* Since the network was started */
	uint32_t head;			/* next descriptor */
	uint64_t launched;		/* transfers */
	uint64_t completed;
	uint64_t done;			/* frames */

	/* Boxes that come in bursts: the frame that is coming */
	struct pp_onchip onchip;
	struct pp_onchip_reader reader;
	size_t filled;			/* bytes */
};

/* What one stream carries of one input or output: all of it, a plane of a
 * picture, or a part of a mux
 */
struct share {
	const struct hef_edge *edge;
	struct stream *stream;
	unsigned int index;		/* in network->shares */
	size_t host_offset;		/* in the program's buffer */
	struct format_plan plan;
};

/* An input or output as a program sees it */
struct port {
	const struct hef_edge *edge;
	struct share *shares;		/* more than one: planes */
	unsigned int share_count;
	size_t host_size;
};

/* One share of a frame under way */
struct part {
	void *host;			/* the program's buffer, */
	const struct h8l_memory *memory;	/* and where it is registered, or NULL */
	uint64_t mapping;		/* made for this frame only, */
	bool mapped;			/* if there is one */
	bool bounced;			/* the chip's frame is in the stream's bounce buffer; */
	bool in_place;			/* or in `host`, to be converted there */
};

struct frame {
	int status;			/* if it failed */
	bool failed;
	struct part *parts;		/* one per share */
};

/* Memory between two streams on the chip: from context to context, or rows
 * of a DDR pair
 */
struct internal_buffer {
	const struct hef_edge *source;
	struct desc_list list;
	struct dma_buffer buffer;
	uint32_t pattern;		/* bytes of a transfer */
};

/* A stream in a context, with all that its actions say about it */
struct link {
	const struct hef_edge *edge;
	uint8_t channel;
	uint8_t peer_channel;		/* DDR: the other half */
	struct periph periph;
	struct hw_stream_reg reg;
	struct hw_host_buffer buffer;
};

/* Links of one context, in the order in which they are activated */
struct link_set {
	struct link *links;
	unsigned int count;
};

struct h8l_network {
	struct h8l_device *device;
	struct h8l_hef *hef;
	const struct hef_group *group;
	const struct hef_variant *variant;
	unsigned int batch_size;
	unsigned int timeout_ms;
	unsigned int flags;
	bool configured;		/* the firmware knows it as `application` */
	uint8_t application;
	struct hw_consts consts;

	channel_set channels;		/* config and boundary */
	uint32_t boundary_bitmap;
	struct stream *streams;		/* inputs, then outputs, as in the variant */
	unsigned int stream_count;
	struct share *shares;		/* stream by stream */
	unsigned int share_count;
	struct port *ports[2];		/* by direction, in the program's order */
	unsigned int port_count[2];
	struct holds *holds;		/* outputs that post-processing reads */

	struct link_set boundary;	/* all of them: outputs, then inputs */
	struct link_set *contexts;
	struct internal_buffer *internals;
	unsigned int internal_count;
	struct config_set preliminary_config;
	struct config_set *context_configs;

	/* Frames are numbered; the ring holds those not yet taken back. Frame n
	 * is transfer n - started_at of every stream.
	 */
	unsigned int queue_depth;
	struct frame *frames;
	struct part *parts;
	uint64_t submitted;
	uint64_t taken;
	uint64_t started_at;
	uint16_t running_batch;		/* as in CHANGE_CONTEXT_SWITCH_STATUS */
	bool interrupted;		/* by a signal, while waiting */
	uint64_t progress_us;		/* when the last frame came */
	uint64_t usual_wait_us;		/* how long one takes */
	struct h8l_error failure;	/* of the frame that failed */
	int timer_fd;			/* for poll() where the driver has none, or -1 */
	bool timer_wanted;		/* the program has asked for it: let it run */
};

/* ---- links.c ---- */

/* Channels and lists of all streams, registers of all links */
int links_create(struct h8l_network *network, struct h8l_error *error);
void links_release(struct h8l_network *network);

/* ---- contexts.c ---- */

/* Sends the header and the action lists of all contexts */
int contexts_send(struct h8l_network *network, struct h8l_error *error);

/* ---- session.c; the device's lock is held ---- */

/* `batch`: frames that the firmware collects, 0: as configured */
int session_start(struct h8l_network *network, uint16_t batch, struct h8l_error *error);
int session_stop(struct h8l_network *network, struct h8l_error *error);

/* ---- frames.c; the device's lock is held ---- */

int frames_create(struct h8l_network *network, struct h8l_error *error);
void frames_release(struct h8l_network *network);
/* Waits until nothing is under way, so that another network can run */
int frames_drain(struct h8l_network *network, struct h8l_error *error);
/* Gives up what is under way, once nothing can come any more: the oldest frame
 * gets `status`, those behind it -ECANCELED
 */
void frames_cancel(struct h8l_network *network, int status);
/* Gives a transfer from or to `data`, which may be in `memory`, to the chip */
int frames_launch(struct h8l_network *network, struct stream *stream,
		  const struct h8l_memory *memory, const void *data, struct h8l_error *error);
/* Before anything is put into the stream's bounce buffer */
int frames_need_bounce(struct h8l_network *network, struct stream *stream,
		       struct h8l_error *error);
/* `number`: not taken back yet */
struct frame *frames_find(const struct h8l_network *network, uint64_t number);

/* ---- bursts.c: a stream whose frames have as many transfers as the chip finds
 * boxes for; the device's lock is held ----
 */

static inline bool stream_has_bursts(const struct stream *stream)
{
	return stream->edge->max_transfers > 1;
}

/* How many transfers the chip gets at a time */
unsigned int bursts_slots(const struct h8l_network *network, const struct stream *stream);
/* Gives the chip all of them that it does not have */
int bursts_launch(struct h8l_network *network, struct stream *stream, struct h8l_error *error);
/* So many more transfers came: they go to the frames they belong to */
int bursts_take(struct h8l_network *network, struct stream *stream, unsigned int count,
		struct h8l_error *error);
/* The next transfer begins a frame */
void bursts_reset(struct stream *stream);

/* ---- streams.c ---- */

/* Ports and shares, with default formats */
int streams_create(struct h8l_network *network, struct h8l_error *error);
/* How many transfers of each stream fit into its bounce buffer */
void streams_size_bounces(struct h8l_network *network);
void *stream_slot(const struct stream *stream, uint64_t slot);
/* So many bytes more of each frame than the program's buffers hold */
int stream_need_tails(struct h8l_network *network, struct stream *stream, size_t size,
		      struct h8l_error *error);
void *stream_tail(const struct stream *stream, uint64_t slot);
/* At least so many bytes of stream->scratch */
int stream_need_scratch(struct stream *stream, size_t size, struct h8l_error *error);
/* Memory for frames that have to be converted or copied */
int stream_create_bounce(struct h8l_network *network, struct stream *stream,
			 struct h8l_error *error);
void streams_release(struct h8l_network *network);
struct port *find_network_port(const struct h8l_network *network, enum h8l_direction direction,
			       unsigned int index);
/* Takes the parts of a mux apart: `part` gets what `share` is of it */
void share_gather(const struct share *share, const void *transfer, void *part);

#endif /* H8L_NETWORK_H */
