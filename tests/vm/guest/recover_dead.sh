# SPDX-License-Identifier: MIT
#
# A link that stays down, DMA that does not stop, a network that stands still,
# and a card that goes while it is being put right.
# guests: amd64-6.12 arm64-6.12-16k amd64-6.1 amd64-7
# subtests: yes
# violations: yes
# timeout: 900
. /t/guest/_recover

# in_time SECONDS COMMAND...: succeeds, and not later
in_time() {
	limit=$1
	shift
	begin=$(cut -d. -f1 /proc/uptime)
	"$@" || fail "$*"
	took=$(($(cut -d. -f1 /proc/uptime) - begin))
	[ $took -le "$limit" ] || fail "$* took $took s"
}

mkfifo /tmp/stop

chip "a dead link under a monitor" --faults-wait --fault link-lost
abi_recover monitor </tmp/stop >/tmp/monitor 2>&1 &
pid=$!
exec 4>/tmp/stop
switch_faults
says 'did not answer: recovered by a reset of the bus'
sleep 1
exec 4>&-
wait $pid || fail "$(cat /tmp/monitor)"
[ "$(lines | wc -l)" = 2 ] || fail "not two lines: $(lines)"
reset_was bus
works

chip "a dead link under a network" --faults-wait --fault link-lost
# The old networks are refused once; see abi_reset.c.
abi_reset 'host signal USR2 >/dev/null; hailo8l identify >/dev/null' >/tmp/net 2>&1 ||
	fail "$(cat /tmp/net)"
says 'recovered by a reset of the bus'
works

# By hand, after the recovery has been switched off.
chip "a dead link, switched off" --faults-wait --fault link-lost
echo N >/sys/module/hailo8l/parameters/auto_recovery
switch_faults
hailo8l identify >/dev/null 2>&1 && fail "identified"
echo 1 >$node/reset || fail "reset by hand"
says 'reset of the bus by hand'
echo Y >/sys/module/hailo8l/parameters/auto_recovery
works

chip "a network that stands still" --faults-wait --fault channel-stuck:channel=2
abi_recover still >/tmp/still 2>&1 || fail "$(cat /tmp/still)"
one_line 'room for output stood still: recovered by a soft reset'
reset_was soft
works

chip "a network that waits for its input"
abi_recover starved >/tmp/starved 2>&1 || fail "$(cat /tmp/starved)"
[ "$(count boots)" = 1 ] || fail "was reset: $(lines)"
works

chip "DMA that does not stop" --faults-wait --fault dma-no-stop
abi_victim frames >/tmp/victim 2>&1 &
pid=$!
while ! grep -qs running /tmp/victim; do sleep 0.1; done
host signal USR2 >/dev/null
kill -9 $pid
wait $pid 2>/dev/null
says 'DMA does not stop, bus mastering switched off'
says 'recovered by a reset of the function'
[ "$(count dma.faults)" = 0 ] || fail "DMA to memory that was gone"
switch_faults
works

# Removed by rmmod, unbind, hot-unplug, in each of the steps
card() { basename "$(readlink -f $node/device)"; }
for after in 0 1 3; do
	for how in rmmod unbind unplug; do
		chip "$how ${after} s into a recovery" --fault hang:controls=2,until=3
		where=$(card)
		hailo8l identify >/dev/null 2>&1 &
		first=$!
		hailo8l monitor >/dev/null 2>&1 &
		second=$!
		sleep $after
		case $how in
		rmmod)
			# They keep the module, also while they die.
			kill -9 $first $second
			wait $first $second
			in_time 60 rmmod hailo8l
			# The chip hangs for this driver, too.
			insmod /t/mod/hailo8l.ko || fail "insmod" ;;
		unbind)
			in_time 60 sh -c "echo $where >/sys/bus/pci/drivers/hailo8l/unbind"
			[ ! -e $node ] || fail "a node without a driver" ;;
		unplug)
			in_time 60 host unplug >/dev/null
			host plug >/dev/null ;;
		esac
		kill -9 $first $second 2>/dev/null
		wait $first $second
		ok "$name"
	done
done

# The PCI core waits a minute for a card that does not come back.
chip "a card that is gone for good"
host kill >/dev/null
hailo8l identify >/dev/null 2>&1 && fail "identified"
in_time 90 rmmod hailo8l
add_nothing=$(insmod /t/mod/hailo8l.ko 2>&1) || fail "$add_nothing"
[ ! -e $node ] || fail "a node without a card"
chip "a new card"
works
exit "$worst"
