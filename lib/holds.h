/* SPDX-License-Identifier: MIT */
/*
 * Outputs whose format must stay as it is, because post-processing reads them.
 * Shared by a network and its h8l_post, which are closed in any order, perhaps
 * by different threads.
 */
#ifndef H8L_HOLDS_H
#define H8L_HOLDS_H

#include <stdatomic.h>
#include <stdbool.h>

#include "hef.h"

struct holds {
	atomic_uint references;
	atomic_uint output[HEF_MAX_STREAMS];	/* as the program counts */
};

struct holds *holds_new(void);			/* NULL: no memory */
struct holds *holds_get(struct holds *holds);
void holds_put(struct holds *holds);		/* may be NULL */

#endif /* H8L_HOLDS_H */
