# SPDX-License-Identifier: MIT
# debug: kasan kcsan
# subtests: yes
#
# An interrupt is an edge, and its status is read once: what comes between
# reading and clearing it must ring all the same.
# guests: amd64-6.12 amd64-7 arm64-6.12-16k
. /t/guest/_lib
fail() { bad "$*"; }

chip() {
	dmesg -c >/dev/null
	host emu "$@" >/dev/null || die "the bench does not start a chip with $*"
	/t/guest/_wait_card /dev/hailo0 || die "no node with $*"
}
between() {
	before=$(count notifications)
	abi_epoll between >/tmp/between || fail "$1: $(cat /tmp/between)"
	got=$(sed -n 's/^notifications //p' /tmp/between)
	sent=$(($(count notifications) - before))
	[ "$got" = $sent ] || fail "$1: $got of $sent arrived"
}

chip --fault irq-between
between "a notification between"
[ "$(count faults)" -ge 20 ] || fail "came between $(count faults) times only"
dmesg | grep -q 'interrupt lost' && fail "an interrupt was lost"
[ $worst = 0 ] && ok "what comes between reading and clearing rings"

# What is found by looking was not lost if its interrupt comes after that.
chip --faults-wait --fault irq-late
abi_frames 4 'host signal USR2 >/dev/null && host count faults >/dev/null' || fail "late frames"
[ "$(count faults)" -ge 2 ] || fail "were late $(count faults) times only"
dmesg | grep -q 'interrupt lost' && fail "an interrupt that was late was taken for lost"
[ $worst = 0 ] && ok "an interrupt that is late is not lost"

# A bridge that takes an opened mask for no edge: found out at the second loss,
# and then read until clean. Only who waits for channels looks, so frames are
# run first; only what comes while the mask is closed is lost, which is chance.
lost() { dmesg | grep -c 'interrupt lost'; }
chip --fault irq-between --fault mask-no-edge
for _ in $(seq 50); do
	abi_frames 40 || fail "frames"
	[ "$(lost)" -lt 2 ] || break
done
[ "$(lost)" -ge 2 ] || fail "no two interrupts were lost"
between "after it was found out"
[ $worst = 0 ] && ok "a bridge without that edge"
exit "$worst"
