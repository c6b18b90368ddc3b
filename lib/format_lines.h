/* SPDX-License-Identifier: MIT */
/* The innermost loops of format.c, by type on either side. */
#ifndef H8L_FORMAT_LINES_H
#define H8L_FORMAT_LINES_H

#include "format.h"

typedef void format_line_fn(const struct format_line *line);

/* The loop from one type to another; NULL if there is none */
format_line_fn *format_line_for(enum h8l_direction direction, enum h8l_type host,
				enum h8l_type device);

/* Rows become columns; pitches in elements */
struct format_matrix {
	const struct kernels *kernels;
	const void *from;
	void *to;
	size_t from_pitch, to_pitch;
	size_t rows, columns;		/* of `from`; at least 2 columns */
	size_t slack;			/* elements behind the last that may be read */
};

/* `element`: bytes, 1 or 2 */
void format_transpose(const struct format_matrix *matrix, unsigned int element);

#endif /* H8L_FORMAT_LINES_H */
