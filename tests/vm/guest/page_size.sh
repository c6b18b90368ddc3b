#!/bin/sh
# SPDX-License-Identifier: MIT
# guests: arm64-6.12-16k
#
# This guest is here for its pages; descriptor pages stay at 4096 bytes or less.
. /t/guest/_lib
grep -m1 KernelPageSize /proc/self/smaps
grep -m1 KernelPageSize /proc/self/smaps | grep -q ' 16 kB' || die "pages are not 16 KiB"
run_net /t/hef/edges_small.hef
