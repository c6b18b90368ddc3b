# SPDX-License-Identifier: MIT
# debug: kasan kcsan
# subtests: yes
#
# Resets under a running network. One message is meant to be refused by firmware
# in each.
# guests: amd64-6.12 arm64-6.12-16k
# violations: yes
# timeout: 240
. /t/guest/_lib
fail() { echo "FAIL $*"; exit 1; }
node=/sys/class/hailo_chardev/hailo0
device=$(readlink -f $node/device)

under_network() { abi_reset "$1" || fail "after '$1'"; }

under_network "echo 1 >$node/reset"
under_network "echo 1 >$node/reset"
[ "$(cat $node/reset_count)" = 2 ] || fail "reset_count is $(cat $node/reset_count)"
under_network "echo 1 >$device/reset"

# Every method that the function has
for method in $(cat "$device/reset_method"); do
	echo "$method" >"$device/reset_method"
	under_network "echo 1 >$device/reset"
done

echo "ok   W-23 files survive that the chip is taken away and booted again"

# Errors of the link above, which the kernel recovers from: one that is not fatal,
# and one for which it resets the bus.
if [ "$(uname -m)" = x86_64 ]; then
	cat >/tmp/link <<-'L'
		#!/bin/sh
		. /t/guest/_lib
		recovered() { dmesg | grep -q 'device recovery successful'; }
		await recovered || die "the kernel did not recover the link"
	L
	chmod +x /tmp/link
	for error in COMP_ABORT DLP; do
		resets=$(host count resets.bus)
		dmesg -c >/dev/null
		under_network "host hmp pcie_aer_inject_error rp0 $error >/dev/null; /tmp/link"
		echo "$error: $(dmesg | grep -o 'PCI error, link state .*'), resets of the bus $resets, $(host count resets.bus)"
	done
	dmesg | grep -q 'PCI error, link state 2' || fail "DLP was not fatal"
	[ "$resets" != "$(host count resets.bus)" ] || fail "the bus was not reset"
	echo "ok   W-31 the link recovers"
fi

# Asleep programs notice, too, and nobody hangs.
for mode in wait control frames notify; do
	abi_victim $mode >/tmp/victim 2>&1 &
	pid=$!
	sleep 1
	echo 1 >$node/reset || fail "reset under $mode"
	sleep 1
	kill -9 $pid 2>/dev/null
	wait $pid 2>/dev/null
	abi_dma >/tmp/after || { cat /tmp/after; fail "unusable after a reset under $mode"; }
done
echo "ok   resets under programs"
