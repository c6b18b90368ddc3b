#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 300
# subtests: yes
# debug: no, the library with many frames; abi_dma does the same to the driver
#
# Several frames at a time through networks with buffers between contexts, rows in
# host memory, outputs that share a stream, pictures in planes, and boxes of the
# chip in as many transfers as there are. After the first batch one frame by itself:
# the chip must not wait for others. Every byte compared with the CPU, nothing wrong
# for the chip.
. /t/guest/_lib
for name in two_contexts four_contexts ddr contexts_ddr mux planes subnets many \
	nms_boxes nms_burst nms_frame; do
	for batch in 1 2 8; do
		if run_net -b $batch -n $((2 * batch + 1)) "/t/hef/$name.hef" >/tmp/log 2>&1; then
			ok "$name, batches of $batch"
		else
			bad "$name, batches of $batch: $(cat /tmp/log)"
		fi
	done
done
[ "$(count violations)" = 0 ] || bad "the chip complains"
exit "$worst"
