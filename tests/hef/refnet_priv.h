/* SPDX-License-Identifier: MIT */
/* Private to the reference evaluator: a network that has been read. */
#ifndef REFNET_PRIV_H
#define REFNET_PRIV_H

#include "nn_format.h"
#include "refnet.h"

struct tensor {
	struct ref_shape shape;
	uint8_t type;
	int64_t zp;
	bool written;
	bool nms;			/* by an NMS layer */
	uint8_t network;
	int32_t *values;		/* height, width, features */
};

struct layer {
	struct nn_layer raw;		/* byte fields are used from here */
	const struct tensor *in0, *in1;
	struct tensor *out;
	const int8_t *weights;
	const uint8_t *shift;
	int32_t *bias;			/* NULL: none */
	int32_t *mult;
	size_t factor_count;
	int64_t min, max;
};

struct ref_network {
	struct pool pool;
	uint8_t *image;
	size_t size;
	struct nn_header header;	/* as in the image */
	struct tensor *tensors;
	size_t tensor_count;
	struct layer *layers;
	size_t layer_count;
};

int64_t ref_rshr(int64_t v, uint8_t s);

/* refnet_nms.c */
bool ref_nms_fits(const struct layer *l);
void ref_nms_run(const struct layer *l);
void ref_nms_sizes(struct ref_stream *s);
void ref_nms_store(const struct ref_stream *s, const int32_t *values, uint8_t *frame);
void ref_nms_to_user(const struct ref_stream *s, const uint8_t *device, uint8_t *user);

#endif /* REFNET_PRIV_H */
