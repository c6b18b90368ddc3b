#!/bin/sh
# SPDX-License-Identifier: MIT
# debug: kasan
# core: yes
# module: none
#
# The module finds the chip, boots its firmware and makes a node, again and
# again; every boot takes one interrupt from the chip.
. /t/guest/_lib
echo "page size: $(grep -m1 KernelPageSize /proc/self/smaps | tr -s ' ')"
for i in 1 2 3 4; do
	boots=$(count boots)
	irqs=$(count interrupts.delivered)
	insmod /t/mod/hailo8l.ko || die "insmod, round $i"
	[ -c /dev/hailo0 ] || die "no /dev/hailo0, round $i"
	[ -e /sys/class/hailo_chardev/hailo0 ] || die "no class device, round $i"
	grep -q hailo8l /proc/interrupts || die "no interrupt, round $i"
	[ "$(count boots)" -gt "$boots" ] || die "firmware was not booted, round $i"
	[ "$(count interrupts.delivered)" -gt "$irqs" ] || die "no interrupt came, round $i"
	rmmod hailo8l || die "rmmod, round $i"
	[ ! -e /dev/hailo0 ] || die "/dev/hailo0 stays, round $i"
done
dmesg | grep -q 'Added board' || die "no line about the board"
