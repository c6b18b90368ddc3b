/* SPDX-License-Identifier: MIT */
/*
 * Network files with operations for the host, made from those of mkhef by
 * adding what its language has no words for.
 */
#ifndef POST_HEF_H
#define POST_HEF_H

#include "tests/unit/hef_common.h"

#define POST_HEF_OPS	4

/* Operations to be added; output n of the network has the pad n + 1. */
struct post_hef {
	Hef__Op ops[POST_HEF_OPS];
	unsigned int count;
	bool two_networks;	/* output 1 belongs to the second */
	bool onchip;		/* output 1 is NMS of the chip: 2 classes, bursts of 4 */
};

/* An operation with input pad 100 + its number, which reads output `output`,
 * and an output called `name`; its body is the caller's.
 */
Hef__Op *post_hef_add(struct post_hef *p, char *name, unsigned int output);
/* A file for a Hailo-8 */
void post_hef_make(struct post_hef *p, const char *text, struct blob *hef);
void post_hef_free(struct post_hef *p);
/* One decoder of YOLOv5: 32x32 pixels, 3 classes, one anchor of 16x8, reading
 * output 0 of 8 features. Static storage.
 */
Hef__OpNms *post_hef_yolov5(void);

#endif /* POST_HEF_H */
