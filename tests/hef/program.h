/* SPDX-License-Identifier: MIT */
/*
 * The action lists of a HEF: how a compiler's output brings a core up. The
 * order is that of real files (SDK 3.27 and 3.29, hef.md section 14): disable
 * the units, load, start each sequencer, wait, admit input, enable the units.
 */
#ifndef HEF_PROGRAM_H
#define HEF_PROGRAM_H

#include "desc.h"
#include "hef.pb-c.h"

struct ccw {
	uint32_t channel;
	const uint8_t *data;
	size_t size;
	Hef__CcwPointer *pointer;	/* containers 1 and later */
};

/* What belongs to one cluster layout. */
struct program {
	const struct desc *desc;
	struct pool *pool;
	uint32_t clusters;		/* bit n: cluster n may be used */
	uint32_t *next_id;		/* of actions and triggers, one count per file */
	struct ccw *ccws;
	size_t ccw_count;
};

/* `image`: what image_build() made for the first context */
Hef__Preliminary *program_preliminary(struct program *program, const struct blob *image);
/* The operations of a context that has been started already, by the preliminary
 * list or at the end of the context before. `images`: those of all contexts.
 */
void program_dynamic(struct program *program, size_t index, const struct blob *images,
		     Hef__Context *context);

/* Moves the configuration words to `section`, those of channel 0 first, and
 * sets the pointers that stand in the lists.
 */
void program_place_ccws(struct program *program, struct blob *section);

/* Cluster number `index`, counted over the bits that are set, wrapping */
uint32_t program_cluster(const struct program *program, size_t index);

#endif /* HEF_PROGRAM_H */
