# SPDX-License-Identifier: MIT
# debug: kasan
#
# Each fault of the chip in each phase: an error that fits, in bounded time,
# and a chip that works again, at the latest as a new card. The rows are the
# table of cases and results; what cannot happen says why.
# guests: amd64-6.12
# subtests: yes
# violations: yes
# timeout: 900
fail() { echo "FAIL $*"; exit 1; }

refused() { dmesg | grep -c 'probe.*failed with error'; }

# card OPTIONS: a new one, and whether the driver has made a node for it.
card() {
	before=$(refused)
	host emu "$@" >/dev/null || fail "the bench does not start a chip with $*"
	for _ in $(seq 150); do
		[ -c /dev/hailo0 ] && return 0
		[ "$(refused)" -gt "$before" ] && return 1
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

# sweep FAULT PHASE=ERRNO[,ERRNO]...: in each of these phases it has to happen
# and end so; all=ERRNO: in every phase. The new card that a phase needed comes
# before the next.
sweep() {
	fault=$1
	shift
	case $1 in all=*) set -- "idle=${1#*=}" "configure=${1#*=}" "running=${1#*=}" "closing=${1#*=}" ;; esac
	card --faults-wait --fault $fault || fail "no node with $fault switched off"
	for cell; do
		faults=$(faults)
		row=$(fault_sweep "${cell%%=*}" "$fault" $(echo "${cell#*=}" | tr , ' '))
		status=$?
		hits=$(($(faults) - faults))
		[ $hits -gt 0 ] || row="FAIL ${row#* }: did not happen"
		echo "$row, hit $hits times"
		[ "$status" = 0 ] || card --faults-wait --fault $fault || fail "no node with a new card"
	done
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
boot irq-late:n=0 node
boot irq-spurious:every=1 node
boot notify-storm:rate=50 node
boot notify-long node
boot log-offset node
boot all-ones:accesses=3000 none
boot link-lost:accesses=3000 none
# The probe asks one thing, and does without an answer.
for fault in control-never control-late:ms=300 control-status:major=5,minor=0 control-bad-md5 \
	control-long control-torn:ms=50 hang:controls=0,until=0; do
	boot $fault node
done
auto=/sys/module/hailo8l/parameters/auto_recovery
card || fail "no node after faults at boot"
for fault in channel-stuck desc-error flip-output irq-between mask-no-edge; do
	impossible $fault "boot idle" "no channel runs"
done
for fault in driver-down-never dma-no-stop; do
	impossible $fault "boot idle" "nothing has to be stopped"
done

# Firmware is asked nothing while frames run.
sweep control-never idle=ETIMEDOUT configure=ETIMEDOUT running=ok closing=ok
sweep control-late:ms=300 all=ok
sweep control-status:major=5,minor=0 idle=EPROTO configure=EPROTO running=ok closing=ok
sweep control-bad-md5 all=ok
sweep control-long idle=EINVAL configure=EINVAL running=ok closing=ok
sweep control-torn:ms=50 all=ok
for cell in idle=ETIMEDOUT configure=ETIMEDOUT running=ok closing=ok; do
	# Hits once: a new card for each
	sweep hang:controls=0,until=0 $cell
done
sweep irq-lost:n=0 all=ok
sweep irq-late:n=0 all=ok
sweep irq-spurious:every=2 all=ok
sweep irq-between configure=ok running=ok closing=ok
sweep "mask-no-edge --fault irq-between" configure=ok running=ok closing=ok
for cell in configure=ETIMEDOUT running=ETIMEDOUT closing=ok; do
	# Counted once for a chip
	sweep channel-stuck:channel=16,transfers=0 $cell
done
# When closing, nobody waits for the transfer that fails or looks at its bytes.
sweep desc-error:channel=2 configure=EIO running=EIO closing=ok,EIO
sweep flip-output:offset=0,mask=255 configure=EBADMSG running=EBADMSG closing=ok
# The PCI core waits for a minute after a reset of the bus: see recover_remove.
echo N >$auto
sweep all-ones all=ENODEV
echo Y >$auto
# Who only asks does so again after the reset; a launch may come before or after it.
for cell in idle=ok configure=ENODEV running=ECONNRESET,ENODEV closing=ECONNRESET,ENODEV; do
	sweep link-lost:ms=300 $cell
done
sweep notify-storm:rate=50 all=ok
sweep "notify-long --fault notify-storm:rate=50" all=ok
sweep log-offset all=EIO
sweep driver-down-never configure=ok running=ok closing=ok
sweep dma-no-stop configure=ok running=ok closing=ok

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
