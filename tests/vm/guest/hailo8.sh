#!/bin/sh
# SPDX-License-Identifier: MIT
# emu: --arch hailo8
# debug: no, the other chip, the same code of the driver
#
# The other chip: identified as what it is, runs files for both.
. /t/guest/_lib
hailo8l identify | tee /tmp/log
grep -q 'Architecture *Hailo-8$' /tmp/log || die "not identified as a Hailo-8"
run_net /t/hef8/identity.hef || die "file for the Hailo-8"
run_net /t/hef/edges_small.hef || die "file for the Hailo-8L"
