/* SPDX-License-Identifier: MIT */
/*
 * A network of two outputs on the scripted driver, whose outputs are a
 * function of its input.
 */
#ifndef LIB_BENCH_H
#define LIB_BENCH_H

#include "lib/device.h"
#include "lib/hef.h"
#include "tests/unit/lib_driver.h"

#include "tests/unit/hef_common.h"	/* last: cmocka defines fail() */

#define BENCH_IN_SIZE		(16 * 32 * 8)	/* 4096 */
#define BENCH_OUT_SIZE		(16 * 32 * 8)
#define BENCH_SMALL_SIZE	(8 * 16 * 8)

struct bench {
	struct drv *drv;
	struct blob blob;
	struct h8l_device *device;
	struct h8l_hef *hef;
	struct h8l_network *network;
	struct h8l_error error;
	uint8_t *in, *out, *small;	/* one frame and a page */
	uint64_t input_hash;
};

struct bench *bench_new(enum desc_chip chip);
/* With another network; in, out and small are then for the caller to use or not */
struct bench *bench_new_net(enum desc_chip chip, const char *net);
/* Closes what is open; nothing may be left in the driver */
void bench_free(struct bench *b);
int bench_open_device(struct bench *b);
int bench_open_network(struct bench *b, const struct h8l_network_options *options);
/* Page aligned and zeroed */
void *bench_pages(size_t size);
/* Fails the test unless `got` is what comes out for `in` as frame `frame` */
void bench_check(const struct bench *b, const uint8_t *in, const uint8_t *got,
		 unsigned int output, uint32_t frame);

#endif /* LIB_BENCH_H */
