#!/bin/sh
# SPDX-License-Identifier: MIT
# debug: kasan
# append: swiotlb=force
#
# All DMA goes through bounce buffers: a missing sync shows as wrong bytes.
. /t/guest/_lib
for net in edges_small split u16 wide; do
	run_net /t/hef/$net.hef || die "$net"
done
abi_weak sync || die "a sync is not exact"
