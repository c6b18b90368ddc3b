#!/bin/sh
# SPDX-License-Identifier: MIT
# debug: kasan kcsan
# emu: --fault irq-lost:n=0,after=4
#
# Interrupts stop coming: the run ends with the right bytes or with an error,
# in bounded time, and the module goes.
. /t/guest/_lib
timeout 90 hailo8l run /t/hef/edges_small.hef -i /t/photo.jpg -n 20 --timeout 2000 \
	--save-input /tmp/in.raw --raw-output /tmp/out.raw >/tmp/log 2>&1
rc=$?
tail -n 3 /tmp/log
[ $rc -lt 124 ] || die "no end in 90 s"
[ "$(count interrupts.lost)" -gt 0 ] || die "no interrupt was lost, so nothing was tested"
[ $rc -ne 0 ] || refnet --user -i /tmp/in.raw -c /tmp/out.raw /t/hef/edges_small.hef
