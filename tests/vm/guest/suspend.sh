# SPDX-License-Identifier: MIT
# debug: kasan
#
# The whole system sleeps, with a network on the chip: it is stopped before,
# the firmware is loaded again after, and the program goes on with the same
# file when it has configured again. In S3 the chip has no power.
# guests: amd64-6.12
# violations: yes
# append: h8l.sleep no_console_suspend suspend.pm_test_delay=1
# timeout: 300
. /t/guest/_lib
power=/sys/power

cat >/tmp/nap <<'N'
#!/bin/sh
# nap MODE: devices (all but the CPUs), or the sleep state of /sys/power/mem_sleep
before=$(cat /sys/power/suspend_stats/success)
case $1 in
devices)
	echo devices >/sys/power/pm_test
	;;
*)
	echo none >/sys/power/pm_test
	echo "$1" >/sys/power/mem_sleep || exit 1
	# Not an alarm: one that comes before the sleep wakes nobody.
	host wake >/dev/null || exit 1
	;;
esac
echo mem >/sys/power/state || exit 1
[ "$(cat /sys/power/suspend_stats/success)" -gt "$before" ]
N
chmod +x /tmp/nap

works() { abi_dma >/tmp/works 2>&1 || { bad "$1: $(cat /tmp/works)"; return 1; }; }

nap() {
	boots=$(count boots)
	abi_reset "/tmp/nap $1" >/tmp/net 2>&1 || bad "$1: $(cat /tmp/net)"
	[ "$(count boots)" -gt "$boots" ] || bad "$1: the firmware was not loaded again"
	works "$1" && ok "W-23 $1 with a network"

	# One that only looks does not notice.
	abi_victim notify >/tmp/victim 2>&1 &
	pid=$!
	/tmp/nap "$1" || bad "$1: does not sleep beside a reader"
	kill -0 $pid || bad "$1: $(cat /tmp/victim)"
	kill -9 $pid
	wait $pid 2>/dev/null
	works "$1" && ok "$1 with a reader of notifications"
}

nap devices

# A chip that sleeps already
device=$(readlink -f /sys/class/hailo_chardev/hailo0/device)
echo 300 >"$device/power/autosuspend_delay_ms"
asleep() { [ "$(cat "$device/power/runtime_status")" = suspended ]; }
await asleep || bad "the chip does not sleep"
/tmp/nap devices || bad "a sleeping chip is in the way"
works "after a nap in D3hot" && ok "devices with a sleeping chip"

if grep -q deep $power/mem_sleep; then
	resets=$(count resets.bus)
	nap deep
	[ "$(count resets.bus)" -gt "$resets" ] || bad "the chip did not lose its power"
fi
exit "$worst"
