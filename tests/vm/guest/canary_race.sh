# SPDX-License-Identifier: MIT
# guests: amd64-debug-kcsan
# module: none
# provokes: KCSAN: data-race
#
# A race is reported, and the bench sees it.
. /t/guest/_lib
/t/guest/_wait_card
insmod /t/mod/canary.ko what=race || die "canary race"
rmmod canary
