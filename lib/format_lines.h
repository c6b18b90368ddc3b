/* SPDX-License-Identifier: MIT */
/* The innermost loops of format.c, by type on either side. */
#ifndef H8L_FORMAT_LINES_H
#define H8L_FORMAT_LINES_H

#include "format.h"

typedef void format_line_fn(const struct format_line *line);

/* The loop from one type to another; NULL if there is none. `identity`: the
 * quantisation is scale 1, zero point 0, which is not computed with.
 */
format_line_fn *format_line_for(enum h8l_direction direction, enum h8l_type host,
				enum h8l_type device, bool identity);

#endif /* H8L_FORMAT_LINES_H */
