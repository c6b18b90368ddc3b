# SPDX-License-Identifier: MIT
# debug: kasan kcsan
#
# Half an answer, and something that wakes who waits for it: only an interrupt
# of the chip brings an answer.
# guests: amd64-6.12 amd64-7 arm64-6.12-16k
# emu: --fault control-torn:opcode=0,ms=60
. /t/guest/_lib
abi_recover torn || die "half an answer"
[ "$(count faults)" -gt 16 ] || die "no answer was torn"
