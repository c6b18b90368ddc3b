/* SPDX-License-Identifier: MIT */
/*
 * From the protobuf of a HEF to struct h8l_hef. The stages, each in a file of
 * its own: hef_metadata.c (top level), hef_group.c (groups, layout variants,
 * contexts), hef_edges.c (streams), hef_parts.c (those of several outputs, or of
 * a part of an input), hef_actions.c (operations of the chip), hef_ops.c (those
 * of the host).
 */
#ifndef H8L_HEF_METADATA_H
#define H8L_HEF_METADATA_H

#include "hef.h"
#include "hef.pb-c.h"

struct hef_parser {
	struct h8l_hef *hef;
	struct arena *arena;		/* the HEF's, for what stays */
	struct h8l_error *error;
	/* The place we are at, for messages */
	const char *group;
	int context;			/* -1: preliminary */
	const uint8_t *words_at;	/* where in the metadata the next words may be */
	/* Facts of the variant that edges and actions need */
	unsigned int config_channels;
	unsigned int network_count;
	bool transposed_net;
	const Hef__FusedOutputs *fused;
};

/* The parts of a core op, wherever in the file they stand */
struct hef_core {
	const Hef__GroupInfo *info;
	const Hef__Preliminary *preliminary;
	Hef__Context **contexts;
	size_t context_count;
	char **output_order;
	size_t output_order_count;
	const Hef__FusedOutputs *fused;
	size_t network_count;
	uint32_t layout;
};

/* Reads hef->container.metadata into *hef. -EBADMSG not decodable; -EINVAL
 * contradicts itself; -ENOEXEC not for this kind of chip; -ENOMEM.
 */
int hef_metadata_parse(struct h8l_hef *hef, struct h8l_error *error);

int hef_parse_group(struct hef_parser *p, const Hef__NetworkGroup *proto,
		    struct hef_group *group);
int hef_parse_edge(struct hef_parser *p, const Hef__Edge *proto, struct hef_edge *edges,
		   unsigned int *count);
/* Of an edge that has its direction, connection and place */
int hef_parse_layer(struct hef_parser *p, const Hef__Layer *layer, struct hef_edge *edge);
/* Name and shape of a mux, outer or inner */
int hef_parse_mux_base(struct hef_parser *p, const char *name, const Hef__Shape *shape,
		       struct hef_edge *edge);
/* One stream with several outputs */
int hef_parse_mux(struct hef_parser *p, const Hef__Mux *mux, struct hef_edge *edge);
/* Several streams of one input. `edges` from *count on: one for each plane, the
 * first one filled in as for hef_parse_layer()
 */
int hef_parse_planes(struct hef_parser *p, const Hef__Planes *planes, struct hef_edge *edges,
		     unsigned int *count);
/* How many streams an edge of the file becomes */
size_t hef_edge_streams(const Hef__Edge *proto);
int hef_parse_operations(struct hef_parser *p, Hef__Operation *const *operations, size_t count,
			 struct hef_action_list *list);
/* Operations of the host on the outputs of a variant that is complete */
int hef_parse_ops(struct hef_parser *p, const Hef__NetworkGroup *proto,
		  struct hef_variant *variant);

/* -EINVAL with "FILE: group G, context C: " and the rest */
__attribute__((format(printf, 2, 3)))
int hef_invalid(struct hef_parser *p, const char *format, ...);
int hef_no_memory(struct hef_parser *p);

/* 0, or hef_invalid() naming the field if value > max */
int hef_check_max(struct hef_parser *p, const char *field, uint64_t value, uint64_t max);
/* A copy of a name in the arena; -EINVAL if too long or not printable */
int hef_copy_name(struct hef_parser *p, const char *name, const char **copy);

#endif /* H8L_HEF_METADATA_H */
