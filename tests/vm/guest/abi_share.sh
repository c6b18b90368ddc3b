# SPDX-License-Identifier: MIT
# debug: kasan kcsan
#
# Several programs and one chip: turns are given in the order of asking, and a
# program that dies in whatever state gives its turn back.
. /t/guest/_lib
wait_ms=/sys/module/hailo8l/parameters/share_wait_ms
fail() { echo "$*"; exit 1; }

abi_share turns || fail "turns"
abi_share stock 0 || fail "stock programs, not waiting"
echo 20000 >$wait_ms || fail "share_wait_ms cannot be written"
abi_share stock 20000 || fail "stock programs, waiting"
echo 0 >$wait_ms
abi_share monitor || fail "monitoring"
abi_share turns || fail "turns, once more"

# A waiter is told when the device goes away.
abi_share remove &
watcher=$!
await [ -e /tmp/waiting ] || fail "nobody watches"
location=$(basename "$(readlink -f /sys/class/hailo_chardev/hailo0/device)")
echo 1 >"/sys/bus/pci/devices/$location/remove"
wait $watcher || fail "removal"
echo 1 >/sys/bus/pci/rescan
/t/guest/_wait_card /dev/hailo0 || fail "no node after a removal"
abi_share turns || fail "turns after a removal"
