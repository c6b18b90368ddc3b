# SPDX-License-Identifier: MIT
# guests: amd64-debug-kasan
# append: h8l.canary
# module: none
# provokes: KASAN: slab-out-of-bounds; UBSAN: shift-out-of-bounds; sleeping function called from invalid context; DMA-API:; list_add corruption; possible circular locking; kmemleak canary
#
# Every checker of this kernel reports what it is for, and the bench sees it.
. /t/guest/_lib
/t/guest/_wait_card
# Lockdep first: a report of KASAN switches it off.
for what in lock slab shift sleep dma leak; do
	insmod /t/mod/canary.ko what=$what || die "canary $what"
	rmmod canary
done
/t/guest/_leaks >/tmp/leaks
grep -q 'comm "insmod"' /tmp/leaks && echo "BUG: kmemleak canary" >/dev/kmsg
insmod /t/mod/canary.ko what=list && rmmod canary
exit 0
