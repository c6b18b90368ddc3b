# SPDX-License-Identifier: MIT
#
# A chip that misbehaves: one line in the kernel's log, an error for the
# program, never a hang, and a chip that works again is used again.
# guests: amd64-6.12
# debug: kasan
# timeout: 600
# violations: yes
# subtests: yes
. /t/guest/_lib
fails=0
n=0
seen=0
fail() { echo "FAIL $*"; fails=$((fails + 1)); }

# end TEXT: as fail, but something is stuck and nothing else can be tried
end() {
	echo "FAIL $name: $*"
	exit 1
}

# passed NAME: nothing has failed since the last time.
passed() {
	if [ $fails = $seen ]; then echo "ok   $*"; else echo "FAIL $*"; fi
	seen=$fails
}

# chip OPTIONS: the card is exchanged for one with these faults.
chip() {
	name=$*
	echo "$name"
	dmesg -c >/dev/null
	host emu "$@" >/dev/null || fail "the bench does not start a chip with $name"
	for _ in $(seq 600); do
		[ -c /dev/hailo0 ] && return 0
		dmesg | grep -q 'probe.*failed with error' && return 1
		sleep 0.1
	done
	return 1
}

works() { abi_dma >/tmp/works 2>&1 || { cat /tmp/works; fail "$name: does not work"; }; }
recovery() { echo "$1" >/sys/module/hailo8l/parameters/auto_recovery; }
does() { abi_fault "$1" >/tmp/does 2>&1 || { cat /tmp/does; fail "$name: $1"; }; }

# starts: how the host half of channel 16 is, as the chip has it
starts() {
	bar2=$(sed -n 3p /sys/class/hailo_chardev/hailo0/device/resource | cut -d' ' -f1)
	control=$(host hmp "xp /1wx $(printf 0x%x $((bar2 + 0x210)))")
	echo $((0x${control##*0x} & 1))
}
says() { dmesg | grep -q "$1" || fail "$name: does not say '$1'"; }

chip --fault boot-never && fail "$name: there is a node"
says 'firmware did not start'
passed "firmware that never starts"
chip --fault boot-no-irq || fail "$name: no node"
works
passed "W-48 firmware that starts in silence"
chip --fault irq-lost:n=0 || fail "$name: no node"
says 'interrupts do not arrive'
works
# The boot leaves no trace either: the first control has to find out.
chip --fault boot-no-irq --fault irq-lost:n=0 || fail "$name: no node"
hailo8l identify >/dev/null || fail "$name: does not answer"
works
says 'interrupts do not arrive'
chip --fault irq-lost:n=30 || fail "$name: no node"
works
says 'interrupt lost'
passed "lost interrupts"
chip --fault irq-spurious:every=1 || fail "$name: no node"
works
# Those of a soft reset come while the firmware is being written.
spurious=$(count interrupts.spurious)
echo 1 >/sys/class/hailo_chardev/hailo0/reset || fail "$name: cannot be reset"
[ "$(count interrupts.spurious)" -gt "$spurious" ] || fail "$name: no interrupt came"
works
passed "W-24 interrupts without a cause, also while booting"
# The other question is answered late as well: who takes any answer has a wrong one.
chip --fault control-late:opcode=46,ms=300 --fault control-late:opcode=0,ms=100 ||
	fail "$name: no node"
does late
# The driver asks for a sign of life then, which would take the late answer.
recovery N
does late
does late_same
recovery Y
passed "W-26 a late answer is nobody's"
chip --fault control-never:opcode=46 || fail "$name: no node"
does late
does forever
passed "W-1 time-outs have an end"
chip --fault control-long:opcode=46 || fail "$name: no node"
does long
passed "answers that are too long"
chip --fault notify-storm:rate=50 || fail "$name: no node"
does events
works
passed "W-27 W-49 each notification once"
chip --fault notify-long || fail "$name: no node"
does noevents
says 'notification of'
chip --fault notify-long:count=1 --fault notify-storm:rate=50 || fail "$name: no node"
does events
says 'notification of'
passed "W-27 notifications that are too long"
chip --fault log-offset || fail "$name: no node"
does logs
passed "W-11 log offsets of the chip"
chip --fault desc-error:channel=2,n=3 || fail "$name: no node"
does error
chip --fault desc-error:channel=2,n=3,goes-on=1 || fail "$name: no node"
does error
passed "W-34 transfers that fail"
chip --fault channel-stuck:channel=16,transfers=0 || fail "$name: no node"
does stuck
passed "a channel that is stuck"
chip --fault driver-down-never || fail "$name: no node"
works
# Nothing but what the close does stops it then.
recovery N
does running
recovery Y
[ "$(starts)" = 0 ] || fail "$name: channel 16 still runs: $(host hmp "xp /1wx $bar2")"
says 'did not acknowledge driver-down'
passed "W-22 driver-down without an answer"

chip --fault soft-reset-never || fail "$name: no node"
rmmod hailo8l
insmod /t/mod/hailo8l.ko
[ ! -c /dev/hailo0 ] || fail "$name: there is a node"
says 'does not answer a soft reset'
passed "W-25 a soft reset that fails is no success"

# An open that fails holds nothing: what works again can be reset, and sleeps.
recovery N
chip --faults-wait --fault all-ones || fail "$name: no node"
device=$(readlink -f /sys/class/hailo_chardev/hailo0/device)
switch_faults
abi_info 4096 4.23.0 >/dev/null && fail "$name: can be opened"
says 'device does not answer'
switch_faults
# Its configuration answers again from the next access to a BAR on.
host hmp "xp /1wx $(sed -n '1s/ .*//p' "$device/resource")" >/dev/null
echo 1 >/sys/class/hailo_chardev/hailo0/reset &
ends_in 60 $! || end "a failed open keeps the gate"
works
echo 300 >"$device/power/autosuspend_delay_ms"
for _ in $(seq 300); do
	[ "$(cat "$device/power/runtime_status")" = suspended ] && break
	sleep 0.1
done
[ "$(cat "$device/power/runtime_status")" = suspended ] ||
	fail "$name: a failed open keeps the chip awake"
passed "W-39 an open that fails"

# The link goes down under a program, and the card is taken out under one.
# Without a recovery, which takes a minute there: see recover_remove.
for mode in frames wait control notify; do
	recovery N
	chip --faults-wait --fault all-ones || fail "$name: no node"
	abi_victim $mode >/tmp/victim 2>&1 &
	pid=$!
	await grep -q running /tmp/victim || end "$mode does not start"
	switch_faults
	while [ -c /dev/hailo0 ] && kill -0 $pid 2>/dev/null; do
		# Something has to notice.
		abi_info 4096 4.23.0 >/dev/null 2>&1
		n=$((n + 1))
		[ $n -lt 3000 ] || break
	done
	ends_in 90 $pid || end "$mode goes on without a chip"
	wait $pid || { cat /tmp/victim; fail "$name: $mode"; }
	# Who asks first says it, or the recovery that does not succeed.
	for _ in $(seq 100); do
		dmesg | grep -q 'device does not answer\|no reset helps' && break
		sleep 0.1
	done
	says 'device does not answer\|no reset helps'
	abi_info 4096 4.23.0 >/dev/null && fail "$name: can be opened"
	rmmod hailo8l || fail "$name: a failed open keeps the module"
	insmod /t/mod/hailo8l.ko
done
passed "W-39 W-20 a chip that is gone"
recovery Y
chip || fail "no node without faults"
abi_victim frames >/tmp/victim 2>&1 &
pid=$!
await grep -q running /tmp/victim || end "no frames"
host unplug >/dev/null
ends_in 60 $pid || end "unplugged under a program, which goes on"
wait $pid || { cat /tmp/victim; fail "unplugged under a program"; }
[ ! -c /dev/hailo0 ] || fail "a node without a card"
host plug >/dev/null
/t/guest/_wait_card /dev/hailo0
name="plugged again"
works
passed "W-17 unplugged under a network"

[ $fails = 0 ]
