#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 600
# module: none
# debug: kasan
# guests: amd64-6.12
# subtests: yes
#
# Networks on firmware before 4.21, whose messages have another layout: the chip
# knows only that of the version it runs. Also where the driver finds firmware
# running, and a version whose layout nobody knows. abi_guard sends what firmware
# is meant to refuse.
# violations: yes
. /t/guest/_lib
file=/lib/firmware/hailo/of_test.bin
mkdir -p /lib/firmware/hailo

# load VERSION OPTIONS...: the driver, with a file of this version
load() {
	mkfw --fw-version "$1" $file || die "mkfw $1"
	shift
	insmod /t/mod/hailo8l.ko firmware=hailo/of_test.bin "$@" || die "insmod $*"
	await [ -c /dev/hailo0 ] || die "no node"
}

# works VERSION TEXT: this firmware runs and networks do on it
works() {
	if hailo8l identify | grep -qF "$1"; then ok "$2 is $1"; else bad "$2 is not $1"; fi
	before=$(count violations)
	for net in identity contexts_ddr; do
		if run_net -b 2 -n 4 "/t/hef/$net.hef" >/tmp/log 2>&1; then
			ok "$2 $net"
		else
			bad "$2 $net: $(cat /tmp/log)"
		fi
	done
	[ "$(count violations)" = "$before" ] || bad "$2: the chip complains"
}

guard() {
	if abi_guard >/tmp/log; then ok "$1 abi_guard"; else bad "$1 abi_guard: $(cat /tmp/log)"; fi
}

load 4.17.1
works 4.17.1 old
guard old
rmmod hailo8l
# What the file says is not what runs.
load 4.23.0 support_soft_reset=0
works 4.17.1 "running already"
guard "running already"
rmmod hailo8l
load 4.20.1
works 4.20.1 newer
mkfw --fw-version 4.23.0 $file
echo 1 >/sys/class/hailo_chardev/hailo0/reset || bad "reset"
works 4.23.0 "after a reset"
rmmod hailo8l
head -c 800 /tmp/frames/0.0 >/tmp/frame
for version in 4.16.0 4.25.0; do
	load $version
	fails_with "firmware $version cannot run networks" \
		hailo8l run -i /tmp/frame /t/hef/contexts_ddr.hef
	if abi_guard unknown >/tmp/log; then
		ok "$version is refused"
	else
		bad "$version: $(cat /tmp/log)"
	fi
	rmmod hailo8l
done
exit "$worst"
