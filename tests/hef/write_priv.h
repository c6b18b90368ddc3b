/* SPDX-License-Identifier: MIT */
/* Private to the writer of HEFs. */
#ifndef HEF_WRITE_PRIV_H
#define HEF_WRITE_PRIV_H

#include "damage.h"
#include "desc.h"
#include "hef.pb-c.h"

struct writer {
	struct desc *const *groups;
	size_t group_count;
	struct desc *desc;		/* the group that is being written */
	const struct damage *damage;
	struct pool pool;
	struct blob *images;		/* of its contexts */
	struct blob section;		/* of configuration words */
	uint32_t next_id;
	struct failure *failure;
};
#define NEW(writer, type, init)						\
({									\
	type *new_ = pool_alloc(&(writer)->pool, sizeof(*new_));	\
									\
	init(new_);							\
	new_;								\
})

/* write_edges.c: the edge of stream `first` and of those behind it that belong to
 * the same mux or planes; NULL and a failure if a host could not use it.
 */
Hef__Edge *make_edge(struct writer *w, size_t context, size_t first, uint32_t cluster);
/* How many streams that edge has */
size_t edge_streams(const struct desc_context *context, size_t first);

/* write_ops.c: what the host does with the outputs. */
uint32_t stream_pad(const struct desc *desc, const struct desc_stream *stream);
/* `group` has the core's fields: they move into an operation of their own. */
int add_ops(struct writer *w, Hef__NetworkGroup *group);

#endif /* HEF_WRITE_PRIV_H */
