#!/bin/sh
# SPDX-License-Identifier: MIT
# debug: no, recover lets the firmware reset itself there
#
# The firmware resets the chip because a program asked for it: the driver loads it
# anew, and does nothing on the way that a chip without firmware does not know (the
# chip counts that, and the bench looks).
# guests: amd64-6.12
. /t/guest/_lib
boots=$(count boots)
for kind in soft forced; do
	hailo8l reset --kind $kind || die "reset --kind $kind"
	run_net /t/hef/edges_small.hef || die "after reset --kind $kind"
	boots=$((boots + 1))
	[ "$(count boots)" = $boots ] || die "$(count boots) boots, not $boots"
done
for dump in /sys/class/devcoredump/devcd*; do
	grep -aq '^section config-atr 128$' "$dump/data" || die "no tables in the dump"
done
[ "$(count violations)" = 0 ] || die "the chip complains"
