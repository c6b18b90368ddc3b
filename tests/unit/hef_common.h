/* SPDX-License-Identifier: MIT */
#ifndef HEF_COMMON_H
#define HEF_COMMON_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hef.pb-c.h"
#include "tests/hef/desc.h"
#include "tests/hef/image.h"
#include "tests/hef/refnet.h"
#include "tests/hef/write.h"

/* A HEF of this text; the test fails if it cannot be made. */
void make_hef(const char *text, uint32_t container, enum desc_chip chip, const char *damage,
	      struct blob *hef);
/* Only the network of this text, evaluated. */
void make_net(const char *text, struct refnet *net);
/* What mkhef says about a text that it refuses */
const char *refusal(const char *text);

/* Where the metadata starts and how long it is */
const uint8_t *hef_proto(const struct blob *hef, size_t *size);
Hef__File *hef_unpack(const struct blob *hef);
/* Other metadata in the container, of version 1, of `old` */
void hef_pack(const Hef__File *file, const struct blob *old, struct blob *hef);
/* One run; frames as for refnet_run(), as bytes of the user's format */
void run_user(struct refnet *net, const uint8_t *in, uint8_t *out);

uint32_t test_random(uint32_t *state);

#endif /* HEF_COMMON_H */
