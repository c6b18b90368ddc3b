/* SPDX-License-Identifier: MIT */
#ifndef H8L_EVENTS_H
#define H8L_EVENTS_H

#include "hailo8l.h"

/* Fills *event from `size` bytes as the driver gave them; 0, or -EPROTO if
 * that is no event.
 */
int event_decode(const uint8_t *bytes, size_t size, struct h8l_event *event);

#endif /* H8L_EVENTS_H */
