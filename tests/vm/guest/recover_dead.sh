# SPDX-License-Identifier: MIT
# debug: kasan
#
# A link that stays down, DMA that does not stop, a network that stands still.
# guests: amd64-6.12
# subtests: yes
# violations: yes
# timeout: 600
. /t/guest/_recover

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
exit "$worst"
