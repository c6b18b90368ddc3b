#!/bin/sh
# SPDX-License-Identifier: MIT
# debug: kasan
# timeout: 300
#
# Frames in memory of the library, of the program and of other drivers (the
# kernel of bookworm has none that gives any to a program). Then the same where
# the chip reaches only what the driver allocates, and whole networks there.
. /t/guest/_lib

bufinfo=/sys/kernel/debug/dma_buf/bufinfo
exporters=
[ -c /dev/udmabuf ] && exporters=udmabuf
[ -c /dev/dma_heap/system ] && exporters="$exporters system"
case $(uname -r) in
6.1.*) ;;
# They sync the other way than they map: where that is checked, a flood.
*-h8l-kasan) exporters= ;;
*) [ -n "$exporters" ] || die "this kernel has no exporter" ;;
esac
frames() {
	memory /t/hef/many.hef || die "no exporter, $*"
	# Larger on the chip than for the program, by less than a fourth
	memory /t/hef/padded.hef || die "padded, $*"
	for exporter in $exporters; do
		memory /t/hef/many.hef "$exporter" || die "$exporter, $*"
	done
}
frames "memory of the program"
rmmod hailo8l
insmod /t/mod/hailo8l.ko force_allocation_from_driver=2 || die "cannot load"
/t/guest/_wait_card /dev/hailo0 || die "no node"
frames "memory of the driver"
for name in two_contexts contexts_ddr nms_frame; do
	run_net -b 2 -n 4 "/t/hef/$name.hef" || die "$name in memory of the driver"
done
if [ -e $bufinfo ]; then
	await grep -q '^Total 0 objects' $bufinfo || die "dma-bufs stay: $(cat $bufinfo)"
fi
