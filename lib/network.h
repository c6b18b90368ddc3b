/* SPDX-License-Identifier: MIT */
/*
 * A network group configured on a device. Who does what: links.c gives streams
 * their channels, lists and registers; contexts.c writes the action lists;
 * session.c opens, starts, stops and closes; frames.c runs; streams.c answers
 * questions.
 */
#ifndef H8L_NETWORK_H
#define H8L_NETWORK_H

#include "config.h"
#include "control.h"
#include "device.h"
#include "format.h"
#include "hef.h"
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
	uint32_t descs_per_frame;
	struct format_plan plan;
	struct dma_buffer bounce;	/* queue_depth device frames; none before the
					 * first frame that needs it
					 */
	size_t bounce_step;		/* bytes between them */

	/* Since the network was started */
	uint32_t head;			/* next descriptor */
	uint64_t launched;		/* transfers */
	uint64_t completed;
};

/* One stream's part of a frame under way */
struct part {
	void *host;			/* the program's buffer, */
	const struct h8l_memory *memory;	/* and where it is registered, or NULL */
	uint64_t mapping;		/* made for this frame only, */
	bool mapped;			/* if there is one */
	bool bounced;
};

struct frame {
	int status;			/* if it failed */
	bool failed;
	struct part *parts;		/* one per stream */
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
	struct stream *user_outputs[HEF_MAX_STREAMS];	/* in the user's order */

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

/* ---- streams.c ---- */

/* Default formats for all streams */
int streams_create(struct h8l_network *network, struct h8l_error *error);
/* Memory for frames that have to be converted or copied */
int stream_create_bounce(struct h8l_network *network, struct stream *stream,
			 struct h8l_error *error);
void streams_release(struct h8l_network *network);
struct stream *find_network_stream(const struct h8l_network *network,
				   enum h8l_direction direction, unsigned int index);

#endif /* H8L_NETWORK_H */
