# SPDX-License-Identifier: MIT
# subtests: yes
# debug: no, counts of a frame, the same on every kernel
#
# What a frame costs on the bus, one input and one output, by the chip's own
# counts. The stock driver on a real card needs 22 reads and 8 writes
# (reference real-device.md 7).
. /t/guest/_lib
fail() { echo "FAIL $*"; exit 1; }
frames=400

# Exactly, in frames (two transfers) and interrupts; both directions may share
# an interrupt. To submit: one write for each channel, nothing is read. Of an
# interrupt: the status, once; its clearing; closing and opening of the mask,
# so that what comes in between rings (driver/irq.c); for each direction that
# fired which channels did, and their clearing; the progress of each channel.
budget="bar0.reads=interrupts+2*frames bar0.writes=3*interrupts+2*frames
	bar2.reads=2*frames bar2.writes=2*frames bar4.reads=0 bar4.writes=0
	doorbells.num_available=2*frames interrupts.delivered=2*frames controls.total=0"

counts() {
	for item in $budget; do
		set -- $(host count "${item%=*}")
		echo "$2"
	done
}

abi_frames 0 || fail "no frames"
counts >/tmp/before
abi_frames 0
counts >/tmp/empty
abi_frames $frames || fail "frames fail"
counts >/tmp/after

exceeded=0
interrupts=$((2 * frames))
i=0
for item in $budget; do
	i=$((i + 1))
	[ "${item%=*}" = interrupts.delivered ] || continue
	a=$(sed -n ${i}p /tmp/before) b=$(sed -n ${i}p /tmp/empty) c=$(sed -n ${i}p /tmp/after)
	interrupts=$((c - b - (b - a)))
done
i=0
for item in $budget; do
	i=$((i + 1))
	a=$(sed -n ${i}p /tmp/before) b=$(sed -n ${i}p /tmp/empty) c=$(sed -n ${i}p /tmp/after)
	used=$((c - b - (b - a)))
	allowed=$((${item#*=}))
	# A wait that found nothing for half a second looks at the chip; an
	# interrupt may come for what the last one served.
	slack=$((frames / 100))
	echo "${item%=*}: $used for $frames frames, allowed $allowed"
	[ $used -le $((allowed + slack)) ] || exceeded=1
done
[ $exceeded = 0 ] || fail "more than the budget"

# Firmware is written without reading each word back: of 64 words one, and
# those of the boot itself.
words() { count bar4.writes; count bar4.reads; }
words >/tmp/before
echo 1 >/sys/class/hailo_chardev/hailo0/reset || fail "reset"
words >/tmp/after
written=$(($(sed -n 1p /tmp/after) - $(sed -n 1p /tmp/before)))
read=$(($(sed -n 2p /tmp/after) - $(sed -n 2p /tmp/before)))
echo "firmware: $written words written, $read read"
[ $written -gt 1000 ] || fail "no firmware was written"
[ $((read * 32)) -le $written ] || fail "too much is read back"

# Nothing is allocated for a frame: calls from the module to the allocators.
tracing=/sys/kernel/tracing
[ -e $tracing/trace ] || mount -t tracefs trace $tracing || fail "no tracefs"
echo 16384 >$tracing/buffer_size_kb
for name in kmalloc kmem_cache_alloc mm_page_alloc; do
	echo 1 >$tracing/events/kmem/$name/enable || fail "no event $name"
done
allocations() {
	echo >$tracing/trace
	sh -c "echo \$\$ >$tracing/set_event_pid; exec abi_frames $1" || fail "frames, traced"
	grep -c '\[hailo8l\]' $tracing/trace
}
few=$(allocations 5)
many=$(allocations 105)
echo 0 >$tracing/events/kmem/enable
# Other tests trace too.
echo >$tracing/set_event_pid
echo "allocations of the driver: $few for 5 frames, $many for 105"
[ "$few" -gt 5 ] || fail "allocations are not seen"
# A look at a silent network, on a busy machine, is one or two.
[ "$many" -lt $((few + 10)) ] || fail "frames allocate"
echo "ok   W-28 launches write 16 bits and read nothing"
echo "ok   W-38 an interrupt looks once"
