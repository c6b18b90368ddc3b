/* SPDX-License-Identifier: MIT */
/*
 * Records in the firmware log rings. Real firmware writes binary records of a
 * program counter, a time stamp and arguments (reference hardware.md 8.5)
 * whose texts are not public. The software chip writes the same kind with a
 * format of its own; every record is a multiple of 4 bytes, little-endian:
 *
 *	u32 place	bit 31:16 always 0x4857 ("WH"), 15:8 number of
 *			arguments, 7:0 message (enum fw_log_message)
 *	u32 time	microseconds since this firmware started
 *	u32 argument[]	see the enum
 */
#ifndef FW_LOG_H
#define FW_LOG_H

#include <stdint.h>

#define FW_LOG_MARK		0x48570000u
#define FW_LOG_MAX_ARGS		4

enum fw_log_level {
	FW_LOG_TRACE, FW_LOG_DEBUG, FW_LOG_INFO, FW_LOG_WARN, FW_LOG_ERROR, FW_LOG_FATAL,
};

enum fw_log_message {
	FW_LOG_STARTED		= 1,	/* major, minor, revision word */
	FW_LOG_CONTROL		= 2,	/* opcode, major status, minor status */
	FW_LOG_APPLICATION	= 3,	/* application, dynamic contexts, batch */
	FW_LOG_ENABLED		= 4,	/* application, batch */
	FW_LOG_RESET		= 5,
	FW_LOG_CONTEXT		= 6,	/* application, context */
	FW_LOG_RUN_TIME_ERROR	= 7,	/* status, application, context, action */
	FW_LOG_EVENT		= 8,	/* event id */
	FW_LOG_NETWORK		= 9,	/* 1: a network of ours, 0: pattern */
	FW_LOG_CHANNEL_STOPPED	= 10,	/* channel, positive errno */
};

struct fw;

/* Writes a record to the ring of cpu 0 or 1 if the level is not below what
 * SET_FW_LOGGER asked for. `count` u32 arguments follow.
 */
void fw_log(struct fw *fw, unsigned int cpu, enum fw_log_level level,
	    enum fw_log_message message, unsigned int count, ...);

#endif /* FW_LOG_H */
