/* SPDX-License-Identifier: MIT */
/*
 * Firmware control messages: framing, sending, checking answers. Reference
 * firmware-control.md sections 1 and 2.
 */
#ifndef H8L_CONTROL_H
#define H8L_CONTROL_H

#include "device.h"
#include "error.h"
#include "hw/context.h"
#include "hw/control.h"

/* A request being put together */
struct control_request {
	uint32_t opcode;
	uint32_t params;		/* how many */
	size_t size;			/* bytes so far, header included */
	uint8_t bytes[HW_CTRL_MAX_LEN];
};

/* The parameter area of an answer */
struct control_response {
	size_t size;
	uint8_t bytes[HW_CTRL_MAX_LEN];
};

void control_begin(struct control_request *request, enum hw_ctrl_opcode opcode);
/* Adds a parameter. The caller sees to it that the whole fits. */
void control_param(struct control_request *request, const void *value, size_t size);
void control_byte(struct control_request *request, uint8_t value);
void control_be16(struct control_request *request, uint16_t value);
void control_be32(struct control_request *request, uint32_t value);

/* Sends a request and checks everything about the answer but its content.
 * -ETIMEDOUT no answer; -EPROTO not an answer; -EREMOTEIO refused, with the
 * status in *error; -EOPNOTSUPP the firmware does not know the request; others
 * from the driver. `response` may be NULL. Thread-safe.
 */
int control_send(struct h8l_device *device, struct control_request *request,
		 struct control_response *response, struct h8l_error *error);

/* The same for an answer that must have exactly `size` bytes of parameters,
 * which are copied to `body`
 */
int control_send_body(struct h8l_device *device, struct control_request *request, void *body,
		      size_t size, struct h8l_error *error);

/* The same, and the answer must have `count` parameters of these lengths */
int control_ask(struct h8l_device *device, struct control_request *request, void *body,
		const uint8_t *lengths, unsigned int count, struct h8l_error *error);

/* ---- the messages that running a network needs ---- */

int control_identify(struct h8l_device *device, struct hw_identify *identify,
		     struct h8l_error *error);
int control_device_information(struct h8l_device *device, struct hw_device_information *info,
			       struct h8l_error *error);
/* `application` and `batch` as in struct hw_change_status */
int control_change_status(struct h8l_device *device, enum hw_cs_state state,
			  uint8_t application, uint16_t batch, struct h8l_error *error);
int control_clear_applications(struct h8l_device *device, struct h8l_error *error);
int control_hw_consts(struct h8l_device *device, struct hw_consts *consts,
		      struct h8l_error *error);
int control_application_header(struct h8l_device *device, const struct hw_app_header *header,
			       struct h8l_error *error);
/* One chunk of an action list, at most HW_CONTEXT_INFO_MAX_LIST bytes */
int control_context_info(struct h8l_device *device, enum hw_context_type type, bool first,
			 bool last, const void *list, size_t size, struct h8l_error *error);

#endif /* H8L_CONTROL_H */
