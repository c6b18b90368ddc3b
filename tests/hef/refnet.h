/* SPDX-License-Identifier: MIT */
/*
 * Reference evaluator: what the software chip must answer. Takes the network
 * out of a HEF's configuration words by itself and computes it slowly and
 * plainly. Shares with the writer and with the chip nothing but nn_format.h.
 */
#ifndef REFNET_H
#define REFNET_H

#include <stdbool.h>

#include "util.h"

struct ref_shape {
	uint32_t height, width, features;
};

struct ref_stream {
	char *name;			/* as in the HEF; NULL without one */
	bool is_output;
	uint8_t sys_index;
	uint8_t order;			/* HEF format code */
	uint8_t bytes;			/* per element, 1 or 2, little-endian */
	uint16_t tensor;
	struct ref_shape shape;
	struct ref_shape padded;
	uint8_t network;		/* of the group */
	size_t device_size;		/* of a frame on the wire, a multiple of 8; NMS: at most */
	size_t user_size;		/* of a frame as NHWC without padding */
	uint32_t mux_slices;		/* not 0: its frame shares a stream's, cut into these */
	char *planes;			/* the picture that it is a plane of, or NULL */
	uint32_t nms_chunks;		/* not 0: NMS; classes = shape.height / chunks */
	float scale, zero_point;	/* NMS: of coordinates and scores */
};

struct refnet {
	/* Of the table of the network, in its order; with several contexts those
	 * to and from the user, context by context.
	 */
	struct ref_stream *streams;
	size_t stream_count;
	struct ref_network *network;	/* NULL if there are several contexts */
	struct ref_part *parts;		/* and then these */
	size_t part_count;
};

/* Where in a file to look. Zeroed: the first layout, the first group (the last one
 * in the file), context 0.
 */
struct ref_place {
	uint32_t clusters;
	const char *group;
	size_t context;
};

/* The network of a whole HEF file. `clusters` chooses the layout of a file for
 * Hailo-8L, 0 takes the first. The file's checksum is not looked at (the network
 * has one of its own); everything else that is read must fit. Both want
 * refnet_free() if they return 0, and nothing otherwise.
 */
int refnet_open(struct refnet *net, const uint8_t *hef, size_t size, uint32_t clusters,
		struct failure *failure);
int refnet_open_group(struct refnet *net, const uint8_t *hef, size_t size,
		      const struct ref_place *place, struct failure *failure);
/* The same of a bare image as nn_format.h has it; streams have no names. */
int refnet_open_image(struct refnet *net, const uint8_t *image, size_t size,
		      struct failure *failure);
void refnet_free(struct refnet *net);

/* Index of the stream of that name, "group/tensor" or only "tensor"; -1: none.
 * A `name` of NULL finds the only stream of that direction, -1 if there are more.
 */
int refnet_find(const struct refnet *net, const char *name, bool is_output);

/* One frame. frames[i] belongs to streams[i], has device_size bytes in device
 * layout, and is read or written according to the stream's direction.
 */
void refnet_run(struct refnet *net, uint8_t *const *frames);

/* Bytes of a frame that count: of NMS frames only a part is sent. */
size_t refnet_device_bytes(const struct ref_stream *stream, const uint8_t *device);
size_t refnet_user_bytes(const struct ref_stream *stream, const uint8_t *user);
/* The wire's frame of the mux whose first part is streams[first]; returns its size.
 * `wire` may be NULL, to ask for it.
 */
size_t refnet_mux(const struct refnet *net, size_t first, uint8_t *const *frames, uint8_t *wire);

/* Between device layout and user format: elements in the order height, width,
 * features without padding, little-endian. Padding becomes zero. NMS: by class, a
 * float count and so many boxes of five floats, one class behind the other.
 */
void refnet_to_device(const struct ref_stream *stream, const uint8_t *user, uint8_t *device);
void refnet_to_user(const struct ref_stream *stream, const uint8_t *device, uint8_t *user);

/* From refhef.c: what the configuration words of `hef` put into the network's
 * memory for one context, and names (into the streams that have the same direction
 * and index).
 */
int refhef_image(const uint8_t *hef, size_t size, uint32_t clusters, struct blob *image,
		 struct failure *failure);
int refhef_image_at(const uint8_t *hef, size_t size, const struct ref_place *place,
		    struct blob *image, struct failure *failure);
int refhef_names(const uint8_t *hef, size_t size, const struct ref_place *place,
		 struct refnet *net, struct failure *failure);
int refhef_context_count(const uint8_t *hef, size_t size, const struct ref_place *place,
			 size_t *count, struct failure *failure);

/* A stream between contexts: who writes what an input reads. */
struct ref_link {
	bool between;			/* false: to or from the user */
	size_t context;
	uint8_t stream;
};

int refhef_link(const uint8_t *hef, size_t size, const struct ref_place *place,
		const struct ref_stream *stream, struct ref_link *link, struct failure *failure);

/* From refnet_contexts.c */
int refnet_open_parts(struct refnet *net, const uint8_t *hef, size_t size,
		      const struct ref_place *place, size_t count, struct failure *failure);
void refnet_run_parts(struct refnet *net, uint8_t *const *frames);
void refnet_free_parts(struct refnet *net);

#endif /* REFNET_H */
