# SPDX-License-Identifier: MIT
# debug: kasan kcsan
# subtests: yes
#
# The device goes away under programs in every state, and comes back. What is
# freed is overwritten, so that its use shows.
# append: init_on_alloc=0 slub_debug=FZP
. /t/guest/_lib
fail() { echo "FAIL $*"; exit 1; }
device=$(readlink -f /sys/class/hailo_chardev/hailo0/device)
bus=/sys/bus/pci

# under NAME COMMAND...: begins it, and waits until it is busy
under() {
	rm -f /tmp/victim
	name=$1
	shift
	"$@" >/tmp/victim 2>&1 &
	pid=$!
	for _ in $(seq 1200); do
		grep -qs running /tmp/victim && return
		sleep 0.05
	done
	cat /tmp/victim
	fail "$name does not start"
}

victim() { under "$1" abi_victim "$1"; }

gone() {
	ends_in 60 $pid || { cat /tmp/victim; fail "$1 goes on without a device"; }
	wait $pid || { cat /tmp/victim; fail "$1 did not end well"; }
	[ ! -e /dev/hailo0 ] || fail "/dev/hailo0 stays after $1"
}

node_comes() {
	for _ in $(seq 200); do
		[ -c /dev/hailo0 ] && return
		sleep 0.1
	done
	fail "no /dev/hailo0 after a rescan"
}

for mode in hold wait notify control frames; do
	victim $mode
	echo 1 >"$device/remove"
	gone $mode
	echo 1 >$bus/rescan
	node_comes
	abi_dma >/tmp/after || { cat /tmp/after; fail "unusable after removal under $mode"; }
done
echo "ok   W-17 W-20 removed under programs in every state"

# Nobody is let in after the end: the driver's last act is to switch bus mastering
# off, and the chip counts who comes later. Each kind of call is under way then.
for _ in 1 2 3 4 5; do
	under abi_gate abi_gate
	late=$(count without_master)
	echo 1 >"$device/remove"
	gone abi_gate
	late=$(($(count without_master) - late))
	[ $late = 0 ] || { cat /tmp/victim; fail "$late accesses to a chip that was removed"; }
	echo 1 >$bus/rescan
	node_comes
done
abi_dma >/tmp/after || { cat /tmp/after; fail "unusable after removals under calls"; }
echo "ok   W-17 nobody is let in after the end"

# The number is free again while an old file is still open.
victim queued
echo 1 >"$device/remove"
echo 1 >$bus/rescan
node_comes
abi_dma >/dev/null || fail "the new device does not work beside an old file"
rmmod hailo8l 2>/dev/null && fail "the module went with a file open"
kill -9 $pid
wait $pid 2>/dev/null
abi_dma >/dev/null || fail "closing an old file disturbs the new device"
echo "ok   W-18 a file closed after the device is gone"

# Opened and closed all the time, as it goes and comes; mostly one is open.
(while [ ! -e /tmp/enough ]; do
	abi_info 4096 4.23.0 >/dev/null 2>&1
	(exec 3</dev/hailo0 && sleep 0.1) 2>/dev/null
done) &
pid=$!
for _ in 1 2 3 4; do
	echo 1 >"$device/remove"
	sleep 0.2
	echo 1 >$bus/rescan
	node_comes
	sleep 0.2
done
touch /tmp/enough
wait $pid
abi_dma >/dev/null || fail "unusable after removals under opens"
echo "ok   W-19 removal against open and close"

# Unbinding by hand
victim wait
echo "$(basename "$device")" >$bus/drivers/hailo8l/unbind
gone wait
echo "$(basename "$device")" >$bus/drivers/hailo8l/bind
abi_dma >/dev/null || fail "unusable after binding again"
echo "ok   unbound by hand"
