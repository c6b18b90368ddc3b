/* SPDX-License-Identifier: MIT */
#ifndef HEF_DAMAGE_H
#define HEF_DAMAGE_H

#include "desc.h"
#include "hef.pb-c.h"

/* What is spoilt, at one of four moments; the others are NULL. */
struct damage {
	const char *name;
	const char *text;
	void (*image)(uint8_t *image);		/* network, before it goes into CCWs */
	void (*metadata)(Hef__File *file, struct pool *pool);
	void (*proto)(struct blob *proto);	/* metadata bytes, before the hash */
	void (*file)(struct blob *file);	/* the whole file */
};

/* NULL: there is none of that name. */
const struct damage *damage_find(const char *name);

#endif /* HEF_DAMAGE_H */
