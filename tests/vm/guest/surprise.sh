#!/bin/sh
# SPDX-License-Identifier: MIT
# debug: kasan
# core: amd64-6.12-iommu arm64-6.12
#
# The card vanishes, idle and in the middle of a run: programs get an error,
# the module goes, and a new card works.
. /t/guest/_lib
# The PCI core waits for a minute after a reset of the bus: see recover_remove.
echo N >/sys/module/hailo8l/parameters/auto_recovery
hailo8l run /t/hef/edges_small.hef -i /t/photo.jpg -n 100000 --timeout 3000 >/tmp/log 2>&1 &
sleep 3
host kill || die "kill"
wait $! && die "the run went on without a card"
cat /tmp/log
timeout 60 hailo8l identify && die "identify without a card"
rmmod hailo8l || die "rmmod without a card"
host emu || die "a new card"
/t/guest/_wait_card || die "no new card"
insmod /t/mod/hailo8l.ko || die "insmod"
run_net /t/hef/edges_small.hef
