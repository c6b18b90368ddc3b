/* SPDX-License-Identifier: MIT */
/*
 * The right to run networks on a device. The device's lock is held.
 */
#ifndef H8L_CLAIM_H
#define H8L_CLAIM_H

#include "device.h"
#include "error.h"

/* Waits for at most so long, 0: not at all, negative: without limit. */
int claim_take(struct h8l_device *device, int timeout_ms, struct h8l_error *error);
/* Nothing with a driver that has no such call. */
int claim_give_back(struct h8l_device *device, struct h8l_error *error);

#endif /* H8L_CLAIM_H */
