#!/bin/sh
# SPDX-License-Identifier: MIT
# debug: kasan
# emu: --fault boot-never
# module: none
#
# Firmware that never comes up: probe gives up and says so.
. /t/guest/_lib
insmod /t/mod/hailo8l.ko
hailo8l identify >/dev/null 2>&1 && die "works without firmware"
dmesg | tail -n 15 | grep hailo8l | grep -iE 'firmware|boot' || die "no message"
[ "$(count faults)" -gt 0 ] || die "the fault did not happen"
