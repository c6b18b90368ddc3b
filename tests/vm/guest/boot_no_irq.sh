#!/bin/sh
# SPDX-License-Identifier: MIT
# debug: kasan
# emu: --fault boot-no-irq
#
# Firmware that comes up without an interrupt is found all the same.
. /t/guest/_lib
run_net /t/hef/edges_small.hef || die "does not run"
[ "$(count faults)" -gt 0 ] || die "the fault did not happen"
