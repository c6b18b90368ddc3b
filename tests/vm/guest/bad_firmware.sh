#!/bin/sh
# SPDX-License-Identifier: MIT
# debug: kasan
# module: none
#
# Damaged firmware files are refused, and the module survives them.
. /t/guest/_lib
host emu || die "a chip that has not booted yet"
/t/guest/_wait_card
fw=/lib/firmware/hailo/hailo8_fw.bin
cp $fw /tmp/good
try() {
	insmod /t/mod/hailo8l.ko
	hailo8l identify >/dev/null 2>&1 && die "works with $1"
	rmmod hailo8l
}
: >$fw && try "an empty file"
head -c 10 /tmp/good >$fw && try "a header cut short"
head -c 100000 /tmp/good >$fw && try "a file cut short"
{ printf 'XXXX'; tail -c +5 /tmp/good; } >$fw && try "a wrong magic"
insmod /t/mod/hailo8l.ko
cp /tmp/good $fw
echo 1 >/sys/class/hailo_chardev/hailo0/reset || die "reset with a good file"
hailo8l identify >/dev/null || die "good firmware does not work after it"
rmmod hailo8l
