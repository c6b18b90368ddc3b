# SPDX-License-Identifier: MIT
#
# Each fault of the chip in each phase: an error that fits, in bounded time,
# and a chip that works again, at the latest as a new card. The rows are the
# table of cases and results.
# guests: amd64-6.12
# subtests: yes
# violations: yes
# timeout: 900
fail() { echo "FAIL $*"; exit 1; }

# card OPTIONS: a new one, and whether the driver has made a node for it.
card() {
	host emu "$@" >/dev/null || fail "the bench does not start a chip with $*"
	for _ in $(seq 150); do
		[ -c /dev/hailo0 ] && return 0
		dmesg | tail -n 5 | grep -q 'probe.*failed with error' && return 1
		sleep 0.1
	done
	return 1
}

faults() { host count faults | sed 's/^ok //'; }

# boot FAULT node|none: the fault hits from power-on
boot() {
	got=none
	card --fault "$1" && got=node
	[ "$(faults)" -gt 0 ] || echo "FAIL boot $1: the fault did not happen"
	verdict=FAIL
	[ "$got" = "$2" ] && verdict=ok
	printf '%-4s %-10s %-24s %s\n' $verdict boot "$1" "$got"
}

# sweep FAULT PHASES ERRNO...: in each of these phases. The new card that a
# phase needed comes before the next; a fault that hit in none is a failure.
sweep() {
	fault=$1
	phases=$2
	shift 2
	hits=0
	card --faults-wait --fault "$fault" || fail "no node with $fault switched off"
	for phase in $phases; do
		fault_sweep "$phase" "$fault" "$@"
		status=$?
		n=$(faults)
		hits=$((hits + ${n:-0}))
		[ "$status" = 0 ] || card --faults-wait --fault "$fault" || fail "no node with a new card"
	done
	[ $hits -gt 0 ] || echo "FAIL $fault: did not happen in $phases"
}

all="idle configure running closing"

boot boot-never none
boot boot-late:ms=300 node
boot boot-no-irq node
boot irq-lost:n=0 node
boot irq-spurious:every=1 node
boot notify-storm:rate=50 node
boot all-ones:accesses=3000 none
card || fail "no node after faults at boot"

sweep control-never "$all" ETIMEDOUT ok
sweep control-late:ms=300 "$all" ETIMEDOUT ok
sweep control-status:major=5,minor=0 "$all" EPROTO ok
sweep control-bad-md5 "$all" EIO EBADMSG ETIMEDOUT EINVAL ok
sweep control-long "$all" EINVAL EIO ok
sweep irq-lost:n=0 "$all" ok ETIMEDOUT
sweep irq-spurious:every=2 "$all" ok
sweep channel-stuck:channel=16,transfers=0 "running closing" ETIMEDOUT ok
# The waiter is on the output, which does not come when the input fails.
sweep desc-error:channel=2 "configure running closing" EIO ETIMEDOUT ok
sweep flip-output:offset=0,mask=255 "running closing" EBADMSG ok
# The PCI core waits for a minute after a reset of the bus: see recover_remove.
echo N >/sys/module/hailo8l/parameters/auto_recovery
sweep all-ones "$all" ENODEV ENXIO EIO ECANCELED ETIMEDOUT ok
echo Y >/sys/module/hailo8l/parameters/auto_recovery
sweep notify-storm:rate=50 "$all" ok
sweep notify-long "$all" ok
sweep log-offset "idle" EIO
sweep driver-down-never "closing" ok

# The last file of the phase closing does it; here at the end of the module.
card --faults-wait --fault soft-reset-never || fail "no node"
host signal USR2 >/dev/null
rmmod hailo8l
insmod /t/mod/hailo8l.ko
verdict=FAIL
[ ! -c /dev/hailo0 ] && [ "$(faults)" -gt 0 ] && verdict=ok
printf '%-4s %-10s %-24s %s\n' $verdict boot soft-reset-never none
card || fail "no node after the last fault"
