/* SPDX-License-Identifier: MIT */
/* Private to the reader of the language of nets/README.md. */
#ifndef HEF_PARSE_H
#define HEF_PARSE_H

#include "desc.h"

/* What key=value pairs and flags of one statement said. */
struct options {
	struct desc_shape padded;
	const char *name;
	uint8_t type;
	uint8_t order;
	bool has_order;
	int64_t zp;
	int64_t stream;
	double scale;
	struct desc_doubles scales;
	struct desc_doubles zps;
	uint32_t features;
	uint32_t kernel[2];
	uint32_t stride[2];
	uint32_t pad[4];
	int64_t clamp[2];
	bool has_clamp;
	bool relu;
	uint32_t core[2];
	uint32_t fifo;
	uint32_t bytes;
	const char *mux, *planes;
	uint32_t burst;
	uint32_t rows;
	uint32_t max;
	uint32_t chunks;
	uint32_t score, iou;
};

struct parser {
	struct desc *desc;
	struct desc_context *context;
	const char *path;
	int line;
	uint8_t network;		/* of the group, that lines belong to */
	struct desc_op *op;		/* that decoder lines belong to */
	struct desc_layer *layer;	/* that parameter lines belong to */
	struct desc_numbers *list;	/* that number lines continue */
	struct options options;
	struct failure *failure;
};

/* Fails with "path:line: ..." */
int parse_wrong(struct parser *p, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
int parse_integer(struct parser *p, const char *text, int64_t min, int64_t max,
		  int64_t *value);
int parse_real(struct parser *p, const char *text, double *value);
int parse_doubles(struct parser *p, const char *text, struct desc_doubles *list);
/* Exactly `count` numbers with `separator` between them */
int parse_tuple(struct parser *p, const char *text, char separator, size_t count,
		int64_t min, int64_t max, int64_t *values);

/* parse_ops.c: a statement of post-processing on the host. 1: it is none. */
int parse_op(struct parser *p, char **words, size_t count);

#endif /* HEF_PARSE_H */
