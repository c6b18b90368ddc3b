# SPDX-License-Identifier: MIT
# debug: kasan kcsan
#
# The tool beside a program that has the device: who has it is said, and one
# can wait, and look meanwhile.
# guests: amd64-6.12
. /t/guest/_lib
frames() { hailo8l run /t/hef/edges_small.hef -i /t/photo.jpg "$@"; }
state=/sys/kernel/debug/hailo8l/$(cat /sys/class/hailo_chardev/hailo0/board_location)/state
# Not by the function: that would be another process.
hailo8l run /t/hef/edges_small.hef -i /t/photo.jpg -n 1000000 >/dev/null 2>&1 &
holder=$!
await grep -q "^networks: of process $holder" "$state" || die "no network is held"
fails_with "another process, $holder, runs networks" frames
fails_with "another process, $holder, runs networks on it all the time" frames --wait=1
fails_with "wait 'soon'" frames --wait=soon
hailo8l identify >/dev/null || die "identify beside a network"
hailo8l run /t/hef/edges_small.hef -i /t/photo.jpg --wait -n 3 >/tmp/first 2>&1 &
waiter=$!
await grep -q "^waiting: process $waiter" "$state" || die "nobody waits"
kill -9 $holder
wait $waiter || die "who waited does not run: $(cat /tmp/first)"
run_net /t/hef/edges_small.hef || die "afterwards"
exit "$worst"
