# SPDX-License-Identifier: MIT
# debug: kasan kcsan
#
# A chip that hangs or loses its link is put right by the driver: one line in
# the kernel's log, an error for who had a network, nothing for who only looks.
# guests: amd64-6.12
# violations: yes
# timeout: 600
. /t/guest/_recover

abi_recover uevents >/tmp/uevents &
events=$!

# One control is of the probe, eight configure and start the network, the tenth
# finds the hang.
chip "hang until a soft reset" --fault hang:controls=9,until=0
under_network "abi_recover hang"
one_line 'did not answer a control: recovered by a soft reset'
reset_was soft
[ "$(cat $node/reset_count)" = 1 ] || fail "reset_count is $(cat $node/reset_count)"
works
for dump in /sys/class/devcoredump/devcd*; do
	cp "$dump/data" /tmp/dump && echo 1 >"$dump/data"
done
abi_recover dump </tmp/dump >/tmp/text || fail "dump: $(cat /tmp/text)"
grep -q '^reason: firmware did not answer a control$' /tmp/text || fail "dump: no reason"
grep -q '^last-control: length 20, 00 00 00 02 .* 2e 00 00 00 00$' /tmp/text ||
	fail "dump: $(grep last-control /tmp/text)"
grep -q '^channel-16: launched 9 done 1 ' /tmp/text || fail "dump: $(grep channel /tmp/text)"
grep -q '^pci-id: 28641e60$' /tmp/text || fail "dump: no registers"
grep -q '^offline recovering' /tmp/uevents || fail "no offline event: $(cat /tmp/uevents)"
grep -q '^online recovered' /tmp/uevents || fail "no online event: $(cat /tmp/uevents)"

# The one who asks first is told; all others only wait.
chip "hang beside a monitor" --fault hang:controls=40,until=1
mkfifo /tmp/stop
abi_recover monitor </tmp/stop >/tmp/monitor 2>&1 &
pid=$!
exec 4>/tmp/stop
while ! lines | grep -q recovered; do
	timeout 60 abi_recover hang >/dev/null
done
sleep 1
exec 4>&-
wait $pid
# At most the one control that hung, which nobody can answer.
[ "$(grep -c line /tmp/monitor)" -le 1 ] || fail "$(cat /tmp/monitor)"
one_line 'recovered by a reset of the function'
reset_was flr
works

chip "hang until a reset of the bus" --fault hang:controls=9,until=2
under_network "abi_recover hang"
one_line 'recovered by a reset of the bus'
reset_was bus
works

chip "firmware that resets itself"
abi_recover fwreset || fail "fwreset"
one_line 'did not answer a control: recovered by a soft reset'
works

chip "a fatal error of its memory" --fault notify-storm:rate=1,event=8,count=2
says 'fatal error of its memory: recovered by a soft reset'
works

chip "no fault of the chip's"
abi_recover fault >/tmp/fault || fail "$(cat /tmp/fault)"
[ "$(count boots)" = 1 ] || fail "a process caused a reset: $(lines)"
works

# Down, and up again without a configuration, as after under-voltage
chip "accesses of a start"
accesses=3000
for bar in 0 2 4; do
	accesses=$((accesses + $(count bar$bar.reads) + $(count bar$bar.writes)))
done
chip "a lost link" --fault "link-lost:accesses=$accesses,ms=700"
abi_recover monitor </tmp/stop >/tmp/monitor 2>&1 &
pid=$!
exec 4>/tmp/stop
# A busy machine may look when it is back already, without a configuration.
says 'did not answer: recovered by a \(return of the link\|soft reset\)'
sleep 1
exec 4>&-
wait $pid || fail "$(cat /tmp/monitor)"
[ "$(lines | wc -l)" = 2 ] || fail "not two lines: $(lines)"
works

# Never answers again: in the end it is left alone, until somebody asks.
chip "hopeless" --fault control-never:opcode=0,count=14
timeout 60 hailo8l identify >/dev/null 2>&1 && fail "identified"
says 'given up after 4 recoveries'
[ "$(lines | grep -c 'no reset helps')" = 3 ] || fail "$(lines)"
hailo8l identify >/dev/null 2>&1 && fail "can be used when given up"
grep -q '^change lost' /tmp/uevents || fail "no event: $(cat /tmp/uevents)"
echo 1 >$node/reset || fail "reset by hand"
works

echo N >/sys/module/hailo8l/parameters/auto_recovery
chip "switched off" --fault hang:controls=1,until=0
timeout 60 hailo8l identify >/dev/null 2>&1
timeout 60 hailo8l identify >/dev/null 2>&1 && fail "recovered although switched off"
echo 1 >$node/reset || fail "reset by hand"
works

kill $events
exit "$worst"
