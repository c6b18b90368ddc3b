#!/bin/sh
# SPDX-License-Identifier: MIT
# emu: --fault flip-output:offset=1000,mask=16
# debug: no, checks the test programs
#
# The tests above can fail: one changed bit of an output is found.
. /t/guest/_lib
run_net /t/hef/edges_small.hef >/tmp/log 2>&1 && die "a wrong output was not noticed"
cat /tmp/log
grep -q 'differ' /tmp/log || die "it failed for another reason"
[ "$(count faults)" -gt 0 ] || die "the fault did not happen"
