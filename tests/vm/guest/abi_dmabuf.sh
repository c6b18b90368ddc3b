# SPDX-License-Identifier: MIT
#
# Frames from and to memory of other drivers, and what becomes of it when
# programs die or the device goes. The kernel of bookworm has no driver that
# gives any to a program.
# guests: amd64-6.12 amd64-7 arm64-6.12-16k
# debug: kasan
. /t/guest/_lib

bufinfo=/sys/kernel/debug/dma_buf/bufinfo
[ -e $bufinfo ] || die "this kernel does not count dma-bufs"
left() { sed -n 's/^Total \([0-9]*\) objects.*/\1/p' $bufinfo; }
none() { [ "$(left)" = 0 ]; }
none_left() {
	await none && return
	cat $bufinfo
	die "dma-bufs stay $*"
}
hold() {
	rm -f /tmp/holding
	abi_dmabuf "$1" hold &
	holder=$!
	await [ -e /tmp/holding ] && [ "$(left)" = 1 ] || die "nothing is held"
}
none_left "before the test"
exporters=
[ -c /dev/udmabuf ] && exporters=udmabuf
[ -c /dev/dma_heap/system ] && exporters="$exporters system"
[ -n "$exporters" ] || die "this kernel has no exporter"
for exporter in $exporters; do
	abi_dmabuf $exporter || die "$exporter"
	none_left "after $exporter"
	hold $exporter
	kill -9 $holder
	wait $holder 2>/dev/null
	none_left "after a kill, $exporter"
	abi_dmabuf $exporter || die "$exporter after a kill"
done
hold "${exporters##* }"
location=$(basename "$(readlink -f /sys/class/hailo_chardev/hailo0/device)")
echo 1 >"/sys/bus/pci/devices/$location/remove"
none_left "after the removal"
kill -9 $holder
wait $holder 2>/dev/null
echo 1 >/sys/bus/pci/rescan
/t/guest/_wait_card /dev/hailo0 || die "no node after the removal"
abi_dmabuf "${exporters%% *}" || die "after the removal"
