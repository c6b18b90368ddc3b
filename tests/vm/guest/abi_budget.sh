# SPDX-License-Identifier: MIT
# subtests: yes
#
# What a frame costs on the bus, one input and one output, by the chip's own
# counts. The stock driver on a real card needs 22 reads and 8 writes
# (reference real-device.md 7).
fail() { echo "FAIL $*"; exit 1; }
frames=400

# At most, for each frame: an interrupt per direction, with two reads of the
# status (the second finds it clean: the interrupt is an edge), one of the
# channels, one of the progress; none to submit.
budget="bar0.reads=6 bar0.writes=4 bar2.reads=2 bar2.writes=2 bar4.reads=0 bar4.writes=0
	doorbells.num_available=2 interrupts.delivered=2 controls.total=0"

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
i=0
for item in $budget; do
	i=$((i + 1))
	a=$(sed -n ${i}p /tmp/before) b=$(sed -n ${i}p /tmp/empty) c=$(sed -n ${i}p /tmp/after)
	used=$((c - b - (b - a)))
	allowed=$((${item#*=} * frames))
	# A wait that found nothing for half a second looks at the chip.
	slack=$((frames / 50))
	echo "${item%=*}: $used for $frames frames, allowed $allowed"
	[ $used -le $((allowed + slack)) ] || exceeded=1
done
[ $exceeded = 0 ] || fail "more than the budget"
echo "ok   W-28 launches write 16 bits and read nothing"
echo "ok   W-38 an interrupt looks twice at most"
