# SPDX-License-Identifier: MIT
# debug: kasan
#
# The driver, or the card, goes while the chip is being put right.
# guests: amd64-6.12
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
insmod /t/mod/hailo8l.ko || fail "insmod"
[ ! -e $node ] || fail "a node without a card"
ok "$name"
chip "a new card"
works
exit "$worst"
