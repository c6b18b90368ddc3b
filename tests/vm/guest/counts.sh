#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What a frame costs, as the chip counted it: 50 frames after one.
# debug: no, counts of a frame, the same on every kernel
. /t/guest/_lib
now() {
	for path in frames bar0.reads bar0.writes bar2.reads bar2.writes bar4.reads bar4.writes \
		interrupts.delivered dma.read_bytes dma.write_bytes controls.total; do
		count "$path"
	done | tr '\n' ' '
}
head -c 57600 /dev/urandom >/tmp/in.raw
# The same run twice, of 1 and of 51 frames: the difference is 50 frames.
a=$(now)
hailo8l run /t/hef/edges_small.hef -i /tmp/in.raw -n 1 >/dev/null || die "one frame"
b=$(now)
hailo8l run /t/hef/edges_small.hef -i /tmp/in.raw -n 51 >/dev/null || die "51 frames"
c=$(now)
echo "$a $b $c" | awk '{
	n = split("frames bar0.reads bar0.writes bar2.reads bar2.writes bar4.reads bar4.writes " \
		  "interrupts dma.read_bytes dma.write_bytes controls", name, " ")
	for (i = 1; i <= n; i++)
		printf "%s %.2f\n", name[i], (($(2 * n + i) - $(n + i)) - ($(n + i) - $i)) / 50
}' | tee /tmp/per_frame
of() { sed -n "s/^$1 //p" /tmp/per_frame; }
[ "$(of frames)" = 1.00 ] || die "not one frame per frame"
[ "$(of controls)" = 0.00 ] || die "firmware messages per frame"
[ "$(of dma.write_bytes)" != 0.00 ] || die "no output by DMA"
awk -v i="$(of interrupts)" 'BEGIN { exit !(i >= 0.5 && i <= 2.1) }' || die "interrupts do not fit"
