#!/bin/sh
# SPDX-License-Identifier: MIT
# guests: amd64-6.12-iommu arm64-6.12-iommu
#
# There is an IOMMU, it translates for the chip, and an unmap takes effect at
# once: without that the other tests here would show nothing.
. /t/guest/_lib
device=$(readlink -f /sys/class/hailo_chardev/hailo0/device)
type=$(cat "$device/iommu_group/type") || die "the chip is in no IOMMU group"
[ "$type" = DMA ] || die "the chip's domain is '$type': not translated, or flushed late"
run_net /t/hef/edges_small.hef || die "does not run"
[ "$(count dma.reads)" -gt 0 ] || die "no DMA was seen"
[ "$(count dma.faults)" = 0 ] || die "DMA to memory that is not mapped"
