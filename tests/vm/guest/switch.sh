#!/bin/sh
# SPDX-License-Identifier: MIT
# subtests: yes
# debug: no, the library with several networks; the driver sees one at a time
#
# Several networks configured at once, of one and of two contexts, with outputs that
# share a stream and with boxes of the chip. They take turns: every byte compared with
# the CPU, and a turn costs one message.
. /t/guest/_lib
nets="edges_small two_contexts mux nms_burst"

# in_turn BATCH FRAMES: runs and compares; prints how many messages it took.
in_turn() {
	rm -rf /tmp/frames && mkdir /tmp/frames
	before=$(count controls.total)
	# shellcheck disable=SC2046,SC2086 # one word each
	verify -t -b "$1" -n "$2" -d /tmp/frames $(printf '/t/hef/%s.hef ' $nets) >&2 || return
	after=$(count controls.total)
	i=0
	for name in $nets; do
		xargs refnet --user "/t/hef/$name.hef" <"/tmp/frames/$i/args" >&2 || return
		i=$((i + 1))
	done
	echo $((after - before))
}

for batch in 1 2 8; do
	if few=$(in_turn $batch $((2 * batch)) 2>/tmp/log) &&
	   many=$(in_turn $batch $((6 * batch)) 2>/tmp/log); then
		ok "in turn, batches of $batch"
		# Four turns more of each of the four
		if [ $((many - few)) = 16 ]; then
			ok "batches of $batch: a message for each turn"
		else
			bad "batches of $batch: $((many - few)) messages for 16 turns"
		fi
	else
		bad "in turn, batches of $batch: $(cat /tmp/log)"
	fi
done
[ "$(count violations)" = 0 ] || bad "the chip complains"
exit "$worst"
