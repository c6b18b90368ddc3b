/* SPDX-License-Identifier: MIT */
#ifndef HEF_WRITE_H
#define HEF_WRITE_H

#include "desc.h"

/* Makes a HEF of `desc` (whose unset sys_index fields it fills in) and appends
 * it to `hef`. `damage` is NULL, or one of damage_name(0), (1) ...: what to
 * spoil for a test of somebody's error message.
 */
int hef_write(struct desc *desc, const char *damage, struct blob *hef,
	      struct failure *failure);

/* Several networks in one file, each a group; the first one decides chip and
 * container. A reader's first group is the first one here.
 */
int hef_write_groups(struct desc *const *groups, size_t count, const char *damage,
		     struct blob *hef, struct failure *failure);

const char *damage_name(size_t index);		/* NULL after the last */
const char *damage_text(size_t index);		/* what it does, for --help */

#endif /* HEF_WRITE_H */
