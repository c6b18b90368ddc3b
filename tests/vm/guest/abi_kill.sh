# SPDX-License-Identifier: MIT
# debug: kasan kcsan
#
# Programs that die in the middle of something: the chip must have stopped
# before their memory goes back, and be usable at once.
fail() { echo "$*"; exit 1; }

victim() {
	rm -f /tmp/victim
	abi_victim "$1" >/tmp/victim 2>&1 &
	pid=$!
	for _ in $(seq 100); do
		grep -qs running /tmp/victim && return
		sleep 0.05
	done
	cat /tmp/victim
	fail "$1 does not start"
}

rounds="1 2 3"
[ ! "$H8L_SHORT" ] || rounds=1
for round in $rounds; do
	for mode in frames queued wait notify control hold; do
		victim $mode
		kill -9 $pid
		wait $pid 2>/dev/null

		abi_dma >/tmp/after || { cat /tmp/after; fail "unusable after $mode was killed"; }
	done
done

# The file is open until its last holder is gone.
victim shared
kill -9 $pid
wait $pid 2>/dev/null
abi_info 4096 4.23.0 >/dev/null || fail "monitoring does not work beside"
killall -9 abi_victim
sleep 0.2
abi_dma || fail "unusable after the last holder"
