/* SPDX-License-Identifier: MIT */
/*
 * What firmware before 4.21 wants otherwise, made from what later firmware
 * wants. Reference firmware-control.md section 7, from the headers of the stock
 * library's versions 4.17.0 to 4.20.1; never seen on a chip. That firmware takes
 * no list of config channels from the header, it learns them from the actions
 * that open them (inferred there). It is also inferred that it takes what only
 * the library of its time did otherwise: how a dynamic context ends and from
 * which context a batch switch has its inputs.
 */
#ifndef H8L_OLD_FIRMWARE_H
#define H8L_OLD_FIRMWARE_H

#include "actions.h"
#include "device.h"
#include "hw/context.h"

struct hw_old_app_header old_header(const struct hw_app_header *header);
/* Changes the bodies of actions that carry stream registers; -ENOTSUP, which names
 * the versions, for an action that this firmware does not have.
 */
int old_actions(const struct h8l_device *device, struct action_list *list,
		struct h8l_error *error);

#endif /* H8L_OLD_FIRMWARE_H */
