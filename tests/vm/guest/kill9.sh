#!/bin/sh
# SPDX-License-Identifier: MIT
# debug: kasan kcsan
# core: yes
#
# A program killed in any state leaves a chip that works.
. /t/guest/_lib
for pause in 0.1 0.2 0.4 0.7 1 1.5 2; do
	hailo8l run /t/hef/edges_small.hef -i /t/photo.jpg -n 100000 >/dev/null 2>&1 &
	sleep $pause
	kill -9 $!
	wait $! 2>/dev/null
	run_net /t/hef/edges_small.hef || die "after a kill at $pause s"
done
