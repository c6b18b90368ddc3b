#!/bin/sh
# SPDX-License-Identifier: MIT
# debug: kasan
# devices: 2
#
# Two cards, both at work at the same time.
. /t/guest/_lib
[ "$(hailo8l scan | grep -c /dev/hailo)" = 2 ] || die "scan does not show two cards"
head -c 57600 /dev/urandom >/tmp/in.raw
for d in 0 1; do
	(hailo8l run /t/hef/edges_small.hef -d /dev/hailo$d -i /tmp/in.raw -n 20 \
		--raw-output /tmp/out$d.raw >/tmp/log$d 2>&1; echo $? >/tmp/rc$d) &
done
wait
cat /tmp/log0 /tmp/log1
[ "$(cat /tmp/rc0 /tmp/rc1 | tr -d '\n')" = 00 ] || die "a run failed"
for d in 0 1; do
	refnet --user -i /tmp/in.raw -c /tmp/out$d.raw /t/hef/edges_small.hef || die "card $d is wrong"
	[ "$(host count $d frames)" = "ok 20" ] || die "card $d ran $(host count $d frames) frames"
done
