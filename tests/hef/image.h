/* SPDX-License-Identifier: MIT */
#ifndef HEF_IMAGE_H
#define HEF_IMAGE_H

#include "desc.h"

/* Appends the network of one context as nn_format.h says. Streams must have
 * their sys_index. Refuses, with the layer's name, whatever a reader would
 * refuse: parameters of the wrong number or range, sums that may not fit.
 */
int image_build(const struct desc *desc, const struct desc_context *context,
		struct blob *image, struct failure *failure);

/* What the host puts on the wire for this stream: `padded`, unless it leaves
 * the padding to the chip (hef.md 8.4).
 */
struct desc_shape stream_wire_shape(const struct desc *desc, const struct desc_context *context,
				    const struct desc_stream *stream);

#endif /* HEF_IMAGE_H */
