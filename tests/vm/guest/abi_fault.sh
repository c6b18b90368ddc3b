# SPDX-License-Identifier: MIT
#
# A chip that misbehaves: one line in the kernel's log, an error for the
# program, never a hang, and a chip that works again is used again.
# guests: amd64-6.12
# timeout: 600
# violations: yes
fails=0
n=0
fail() { echo "FAIL $*"; fails=$((fails + 1)); }

# chip OPTIONS: the card is exchanged for one with these faults.
chip() {
	name=$*
	echo "$name"
	dmesg -c >/dev/null
	host emu "$@" >/dev/null || fail "the bench does not start a chip with $name"
	for _ in $(seq 200); do
		[ -c /dev/hailo0 ] && return 0
		dmesg | grep -q 'probe.*failed with error' && return 1
		sleep 0.1
	done
	return 1
}

works() { abi_dma >/tmp/works 2>&1 || { cat /tmp/works; fail "$name: does not work"; }; }
does() { abi_fault "$1" >/tmp/does 2>&1 || { cat /tmp/does; fail "$name: $1"; }; }
says() { dmesg | grep -q "$1" || fail "$name: does not say '$1'"; }

chip --fault boot-never && fail "$name: there is a node"
says 'firmware did not start'
chip --fault boot-no-irq || fail "$name: no node"
works
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
chip --fault irq-spurious:every=3 && works
chip --fault control-late:opcode=46,ms=300 && does late
chip --fault control-never:opcode=46 && does late
chip --fault control-long:opcode=46 && does long
chip --fault notify-storm:rate=50 && does events && works
chip --fault notify-long && does noevents
says 'notification of'
chip --fault log-offset && does logs
chip --fault desc-error:channel=2,n=3 && does error
chip --fault channel-stuck:channel=16,transfers=0 && does stuck
chip --fault driver-down-never && works
says 'did not acknowledge driver-down'

chip --fault soft-reset-never || fail "$name: no node"
rmmod hailo8l
insmod /t/mod/hailo8l.ko
[ ! -c /dev/hailo0 ] || fail "$name: there is a node"
says 'does not answer a soft reset'

# The link goes down under a program, and the card is taken out under one.
for mode in frames wait control notify; do
	chip --fault all-ones:accesses=45000 || fail "$name: no node"
	abi_victim $mode >/tmp/victim 2>&1 &
	pid=$!
	while [ -c /dev/hailo0 ] && kill -0 $pid 2>/dev/null; do
		# Something has to notice.
		abi_info 4096 4.23.0 >/dev/null 2>&1
		n=$((n + 1))
		[ $n -lt 3000 ] || break
	done
	wait $pid || { cat /tmp/victim; fail "$name: $mode"; }
	says 'device does not answer'
	abi_info 4096 4.23.0 >/dev/null && fail "$name: can be opened"
done
chip || fail "no node without faults"
abi_victim frames >/tmp/victim 2>&1 &
pid=$!
sleep 1
host unplug >/dev/null
wait $pid || { cat /tmp/victim; fail "unplugged under a program"; }
[ ! -c /dev/hailo0 ] || fail "a node without a card"
host plug >/dev/null
for _ in $(seq 200); do
	[ -c /dev/hailo0 ] && break
	sleep 0.1
done
name="plugged again"
works

[ $fails = 0 ]
