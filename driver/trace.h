/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints, /sys/kernel/tracing/events/hailo8l. `node` is the number of
 * /dev/hailoN.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM hailo8l

#if !defined(_H8L_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _H8L_TRACE_H

#include <linux/tracepoint.h>

/* A transfer is given to a channel. */
TRACE_EVENT(hailo8l_submit,
	TP_PROTO(int node, unsigned int channel, u32 start, u32 descs, u64 bytes),
	TP_ARGS(node, channel, start, descs, bytes),
	TP_STRUCT__entry(
		__field(int, node)
		__field(unsigned int, channel)
		__field(u32, start)
		__field(u32, descs)
		__field(u64, bytes)
	),
	TP_fast_assign(
		__entry->node = node;
		__entry->channel = channel;
		__entry->start = start;
		__entry->descs = descs;
		__entry->bytes = bytes;
	),
	TP_printk("node=%d channel=%u start=%u descs=%u bytes=%llu",
		  __entry->node, __entry->channel, __entry->start, __entry->descs,
		  __entry->bytes)
);

/* A transfer was seen to have ended; @done of the channel so far. */
TRACE_EVENT(hailo8l_complete,
	TP_PROTO(int node, unsigned int channel, u32 last, u32 done),
	TP_ARGS(node, channel, last, done),
	TP_STRUCT__entry(
		__field(int, node)
		__field(unsigned int, channel)
		__field(u32, last)
		__field(u32, done)
	),
	TP_fast_assign(
		__entry->node = node;
		__entry->channel = channel;
		__entry->last = last;
		__entry->done = done;
	),
	TP_printk("node=%d channel=%u last=%u done=%u",
		  __entry->node, __entry->channel, __entry->last, __entry->done)
);

/* A request was answered with @status, or given up with @err. */
TRACE_EVENT(hailo8l_control,
	TP_PROTO(int node, u32 opcode, u32 cpu, int err, u32 status, u64 ns),
	TP_ARGS(node, opcode, cpu, err, status, ns),
	TP_STRUCT__entry(
		__field(int, node)
		__field(u32, opcode)
		__field(u32, cpu)
		__field(int, err)
		__field(u32, status)
		__field(u64, ns)
	),
	TP_fast_assign(
		__entry->node = node;
		__entry->opcode = opcode;
		__entry->cpu = cpu;
		__entry->err = err;
		__entry->status = status;
		__entry->ns = ns;
	),
	TP_printk("node=%d opcode=0x%02x cpu=%u err=%d status=0x%x ns=%llu",
		  __entry->node, __entry->opcode, __entry->cpu, __entry->err,
		  __entry->status, __entry->ns)
);

/* The status register had something to say. */
TRACE_EVENT(hailo8l_irq,
	TP_PROTO(int node, u32 status),
	TP_ARGS(node, status),
	TP_STRUCT__entry(
		__field(int, node)
		__field(u32, status)
	),
	TP_fast_assign(
		__entry->node = node;
		__entry->status = status;
	),
	TP_printk("node=%d status=0x%08x", __entry->node, __entry->status)
);

/* @words: as it came, little endian; @event: which, or all ones if it is too short to say */
TRACE_EVENT(hailo8l_notification,
	TP_PROTO(int node, u64 number, u32 event, const u32 *words, u32 bytes),
	TP_ARGS(node, number, event, words, bytes),
	TP_STRUCT__entry(
		__field(int, node)
		__field(u64, number)
		__field(u32, event)
		__field(u32, bytes)
		__dynamic_array(u8, data, bytes)
	),
	TP_fast_assign(
		__entry->node = node;
		__entry->number = number;
		__entry->event = event;
		__entry->bytes = bytes;
		memcpy(__get_dynamic_array(data), words, bytes);
	),
	TP_printk("node=%d number=%llu bytes=%u event=%u data=%s",
		  __entry->node, __entry->number, __entry->bytes, __entry->event,
		  __print_hex(__get_dynamic_array(data), __entry->bytes))
);

/* The chip is in use again after a reset, suspend or error, or is not. */
TRACE_EVENT(hailo8l_reset,
	TP_PROTO(int node, int err),
	TP_ARGS(node, err),
	TP_STRUCT__entry(
		__field(int, node)
		__field(int, err)
	),
	TP_fast_assign(
		__entry->node = node;
		__entry->err = err;
	),
	TP_printk("node=%d err=%d", __entry->node, __entry->err)
);

#endif /* _H8L_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
