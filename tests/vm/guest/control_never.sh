#!/bin/sh
# SPDX-License-Identifier: MIT
# debug: kasan
# emu: --fault control-never:opcode=0
#
# Firmware that does not answer: an error in bounded time.
. /t/guest/_lib
[ -c /dev/hailo0 ] || die "no node"
timeout 60 hailo8l identify >/tmp/log 2>&1
rc=$?
cat /tmp/log
[ $rc -ne 0 ] || die "identified a chip that does not answer"
[ $rc -lt 124 ] || die "no end in 60 s"
[ "$(count faults)" -gt 0 ] || die "the fault did not happen"
