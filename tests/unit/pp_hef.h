/* SPDX-License-Identifier: MIT */
/*
 * The first host op of a network file as parameters of lib/postprocess.h, with
 * the device's outputs taken from a trace. Support code for tests: no checks
 * beyond what a good file needs.
 */
#ifndef PP_HEF_H
#define PP_HEF_H

#include "hef.pb-c.h"
#include "lib/postprocess.h"

#define PP_HEF_OUTPUTS	16
#define PP_HEF_ANCHORS	64

enum pp_hef_kind {
	PP_HEF_NMS,
	PP_HEF_ARGMAX,
	PP_HEF_SOFTMAX,
};

struct pp_hef {
	Hef__File *file;
	const Hef__Op *op, *core;
	const Hef__NetworkGroup *group;
	enum pp_hef_kind kind;
	char output[H8L_NAME_SIZE];	/* "group/name" of the op's output */
	/* All outputs of the device, as added by pp_hef_add_stream() */
	struct pp_tensor streams[PP_HEF_OUTPUTS];
	unsigned int stream_index[PP_HEF_OUTPUTS];	/* on the chip */
	char names[PP_HEF_OUTPUTS][H8L_NAME_SIZE];
	unsigned int stream_count;
	unsigned int logits_stream;
	struct pp_nms nms;
	struct pp_decoder decoders[PP_HEF_OUTPUTS];
	struct pp_anchor anchors[PP_HEF_OUTPUTS][PP_HEF_ANCHORS];
};

/* false: not a file with a host op */
bool pp_hef_open(struct pp_hef *hef, const char *path);
void pp_hef_close(struct pp_hef *hef);
/* A "stream_info" line */
void pp_hef_add_stream(struct pp_hef *hef, const char *line);
/* After all streams */
bool pp_hef_finish(struct pp_hef *hef);

#endif /* PP_HEF_H */
