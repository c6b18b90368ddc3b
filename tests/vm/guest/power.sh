# SPDX-License-Identifier: MIT
# debug: kasan
#
# A chip that nobody uses sleeps, programs do not notice, and sensors that are
# looked at again and again neither fail nor keep it awake.
# guests: amd64-6.12
# timeout: 300
. /t/guest/_lib
node=/sys/class/hailo_chardev/hailo0
device=$(readlink -f $node/device)

status() { cat "$device/power/runtime_status"; }
sleeps() {
	for _ in $(seq 300); do
		[ "$(status)" = suspended ] && return
		sleep 0.1
	done
	die "$1: does not sleep but is $(status)"
}
works() { abi_dma >/tmp/works 2>&1 || die "$1: does not work: $(cat /tmp/works)"; }
short_delay() { echo 300 >"$device/power/autosuspend_delay_ms"; }

[ "$(cat "$device/power/control")" = auto ] || die "power/control is $(cat "$device/power/control")"
[ "$(cat "$device/power/autosuspend_delay_ms")" = 5000 ] || die "another default delay"
boots=$(count boots)
short_delay
sleeps "after probe"
[ "$(cat "$device/power_state")" = D3hot ] || die "is in $(cat "$device/power_state")"
abi_power "$device/power" || die "abi_power"
hailo8l identify >/dev/null || die "identify"
[ "$(count boots)" = "$boots" ] || die "firmware was loaded again"

# A look every 0.2 s: all succeed, and the chip sleeps for nearly all of it.
hwmon=$(echo "$device"/hwmon/hwmon*)
cat "$hwmon/temp1_input" >/dev/null || die "sensor"
asked=$(count controls.0x2e)
sleeps "beside a sensor"
for _ in $(seq 30); do
	t=$(cat "$hwmon/temp1_input") || die "sensor of a sleeping chip"
	[ "$t" -gt 20000 ] || die "sensor reads $t"
	sleep 0.2
done
[ $(($(count controls.0x2e) - asked)) -le 1 ] || die "sensors keep the chip awake"

# Resets, deaths and removals while it sleeps
abi_victim notify >/dev/null 2>&1 &
pid=$!
sleep 1
sleeps "beside a reader of notifications"
kill -9 $pid
wait $pid 2>/dev/null
[ "$(status)" = suspended ] || sleeps "after a kill"
echo 1 >$node/reset || die "reset of a sleeping chip"
works "after a reset"
sleeps "after a reset"
echo 1 >"$device/reset" || die "reset of a sleeping function"
works "after a reset of the function"
sleeps "before rmmod"
rmmod hailo8l || die "rmmod of a sleeping chip"
insmod /t/mod/hailo8l.ko no_power_mode=Y || die "insmod"
[ "$(cat "$device/power/control")" = on ] || die "no_power_mode is not obeyed"
echo auto >"$device/power/control"
short_delay
sleep 2
[ "$(status)" = active ] || die "sleeps with no_power_mode"
rmmod hailo8l
insmod /t/mod/hailo8l.ko
short_delay
sleeps "before the unplugging"
host unplug >/dev/null || die "unplug of a sleeping chip"
[ ! -e /dev/hailo0 ] || die "a node without a card"

# Silicon is said to keep its firmware in D3hot. One that does not:
host plug --fault d3-forgets >/dev/null || die "plug"
/t/guest/_wait_card /dev/hailo0 || die "no node"
device=$(readlink -f $node/device)
short_delay
sleeps "a forgetful chip"
hailo8l identify >/dev/null || die "identify after D3hot forgot all"
[ "$(count boots)" = 2 ] || die "booted $(count boots) times"
dmesg | grep -q 'firmware was lost in D3hot, loaded again' || die "no word of it"
abi_power "$device/power" || die "abi_power on a forgetful chip"

# And one that vanishes asleep. No recovery: that takes a minute, see recover_remove.
echo N >/sys/module/hailo8l/parameters/auto_recovery
host kill || die "kill"
timeout 60 hailo8l identify >/dev/null 2>&1 && die "identify without a card"
host emu || die "a new card"
/t/guest/_wait_card /dev/hailo0 || die "no new card"
works "a new card"
