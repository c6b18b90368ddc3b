# SPDX-License-Identifier: MIT
#
# Each fault of the chip in each phase: an error that fits, in bounded time,
# and a chip that works again, at the latest as a new card. The rows are the
# table of cases and results; what cannot happen says why.
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
	card --faults-wait --fault $fault || fail "no node with $fault switched off"
	for phase in $phases; do
		fault_sweep "$phase" "$fault" "$@"
		status=$?
		n=$(faults)
		hits=$((hits + ${n:-0}))
		[ "$status" = 0 ] || card --faults-wait --fault $fault || fail "no node with a new card"
	done
	[ $hits -gt 0 ] || echo "FAIL $fault: did not happen in $phases"
}

# impossible FAULT PHASES REASON: a row for each that cannot happen
impossible() {
	for phase in $2; do
		printf '%-4s %-10s %-24s %s\n' n/a "$phase" "$1" "$3"
	done
}

all="idle configure running closing"
later="configure running closing"

exec 3>&1 >/tmp/rows
trap 'cat /tmp/rows >&3' EXIT

boot boot-never none
impossible boot-never "$all" "firmware boots once"
boot boot-late:ms=300 node
impossible boot-late "$all" "firmware boots once"
boot boot-no-irq node
impossible boot-no-irq "$all" "firmware boots once"
boot irq-lost:n=0 node
boot irq-spurious:every=1 node
boot notify-storm:rate=50 node
boot notify-long node
boot log-offset node
boot all-ones:accesses=3000 none
boot link-lost:accesses=3000 none
auto=/sys/module/hailo8l/parameters/auto_recovery
card || fail "no node after faults at boot"
for fault in control-never control-late control-status control-bad-md5 control-long control-torn \
	hang; do
	impossible $fault boot "probe asks firmware nothing"
done
for fault in channel-stuck desc-error flip-output irq-between mask-no-edge; do
	impossible $fault "boot idle" "no channel runs"
done
for fault in driver-down-never dma-no-stop; do
	impossible $fault "boot idle" "nothing has to be stopped"
done

sweep control-never "$all" ETIMEDOUT ok
sweep control-late:ms=300 "$all" ETIMEDOUT ok
sweep control-status:major=5,minor=0 "$all" EPROTO ok
sweep control-bad-md5 "$all" EIO EBADMSG ETIMEDOUT EINVAL ok
sweep control-long "$all" EINVAL EIO ok
sweep control-torn:ms=50 "$all" ok
for phase in $all; do
	# Hits once: a new card for each
	sweep hang:controls=0,until=0 $phase ETIMEDOUT ok
done
sweep irq-lost:n=0 "$all" ok ETIMEDOUT
sweep irq-spurious:every=2 "$all" ok
sweep irq-between "$later" ok
sweep "mask-no-edge --fault irq-between" "$later" ok
sweep channel-stuck:channel=16,transfers=0 "$later" ETIMEDOUT ok
sweep desc-error:channel=2 "$later" EIO ok
sweep flip-output:offset=0,mask=255 "$later" EBADMSG ok
# The PCI core waits for a minute after a reset of the bus: see recover_remove.
echo N >$auto
sweep all-ones "$all" ENODEV ENXIO EIO ECANCELED ETIMEDOUT ok
echo Y >$auto
for phase in $all; do
	sweep link-lost:ms=300 $phase ENODEV ECONNRESET ok
done
sweep notify-storm:rate=50 "$all" ok
sweep notify-long "$all" ok
sweep log-offset "$all" EIO ok
sweep driver-down-never "$later" ok
sweep dma-no-stop "$later" ok

# Asleep at once, and awake for each control
card --faults-wait --fault d3-forgets || fail "no node"
echo 0 >/sys/class/hailo_chardev/hailo0/device/power/autosuspend_delay_ms
fault_sweep idle d3-forgets ok
[ "$(faults)" -gt 0 ] || echo "FAIL d3-forgets: did not happen"
impossible d3-forgets "boot $later" "a chip in use does not sleep"

# The last file of the phase closing does it; here at the end of the module.
card --faults-wait --fault soft-reset-never || fail "no node"
host signal USR2 >/dev/null
rmmod hailo8l
insmod /t/mod/hailo8l.ko
verdict=FAIL
[ ! -c /dev/hailo0 ] && [ "$(faults)" -gt 0 ] && verdict=ok
printf '%-4s %-10s %-24s %s\n' $verdict boot soft-reset-never none
impossible soft-reset-never "$all" "asked for once, by the next driver"
card || fail "no node after the last fault"

# No blank cell
fault_sweep faults | while read -r fault _; do
	for phase in boot $all; do
		grep -Eq "^(ok|FAIL|n/a) +$phase +$fault(:| )" /tmp/rows ||
			echo "FAIL $fault in phase $phase was not tried"
	done
done
