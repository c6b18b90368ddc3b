#!/bin/sh
# SPDX-License-Identifier: MIT
# module: none
#
# Without a firmware file there is one clear line with the path, and no node
# that does not work.
. /t/guest/_lib
mv /lib/firmware/hailo /lib/firmware/away
insmod /t/mod/hailo8l.ko
dmesg | tail -n 20 >/tmp/log
mv /lib/firmware/away /lib/firmware/hailo
rmmod hailo8l
grep 'hailo8l' /tmp/log
grep 'hailo8l' /tmp/log | grep -q 'hailo/hailo8_fw.bin' || die "the path is not named"
insmod /t/mod/hailo8l.ko || die "insmod with the file back"
[ -c /dev/hailo0 ] || die "no node with the file back"
