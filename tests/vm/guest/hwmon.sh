#!/bin/sh
# SPDX-License-Identifier: MIT
# debug: kasan kcsan
# emu: --temperature 105.25,41 --power 2.5
#
# What the kernel's hwmon says of a hot chip on a board that measures power, of
# one in the red zone, and of one on a board that does not.
. /t/guest/_lib

find_hwmon() {
	device=$(readlink -f /sys/class/hailo_chardev/hailo0/device)
	hwmon=$(echo "$device"/hwmon/hwmon*)
}

# has FILE VALUE...: one line in each
has() {
	while [ $# -gt 0 ]; do
		[ "$(cat "$hwmon/$1")" = "$2" ] || die "$1 is '$(cat "$hwmon/$1")', not '$2'"
		shift 2
	done
}

has_limits() {
	for sensor in temp1 temp2; do
		has ${sensor}_max 104000 ${sensor}_max_hyst 99000 \
			${sensor}_crit 120000 ${sensor}_crit_hyst 116000
	done
}

find_hwmon
asked=$(count controls.total)
has name hailo8l temp1_label ts0 temp2_label ts1 power1_label board curr1_label board
[ "$(count controls.total)" = "$asked" ] || die "labels are asked of firmware"
has temp1_input 105250 temp2_input 41000 power1_input 2500000 curr1_input 757 \
	temp1_max_alarm 1 temp2_max_alarm 1 temp1_crit_alarm 0 curr1_crit_alarm 0
has_limits
# All of them again: four questions, and again if the look takes longer than a second
sleep 1.2
asked=$(count controls.total)
begin=$(cut -d. -f1 /proc/uptime)
cat "$hwmon"/temp?_* "$hwmon"/power1_* "$hwmon"/curr1_* >/dev/null || die "not all can be read"
took=$(($(cut -d. -f1 /proc/uptime) - begin))
asked=$(($(count controls.total) - asked))
[ "$asked" -ge 4 ] || die "only $asked questions for one look"
[ "$asked" -le $((4 * (took + 2))) ] || die "$asked questions in $took seconds"

host emu --temperature 41,121 >/dev/null || die "another chip"
/t/guest/_wait_card /dev/hailo0 || die "no other chip"
find_hwmon
has temp1_input 41000 temp2_input 121000 temp1_max_alarm 1 temp1_crit_alarm 1
has_limits
for name in power1_input power1_label curr1_input curr1_crit_alarm; do
	[ ! -e "$hwmon/$name" ] || die "$name on a board that measures nothing"
done

host emu >/dev/null || die "a third chip"
/t/guest/_wait_card /dev/hailo0 || die "no third chip"
find_hwmon
has temp1_max_alarm 0 temp2_max_alarm 0 temp1_crit_alarm 0 temp2_crit_alarm 0
