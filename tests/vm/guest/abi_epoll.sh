# SPDX-License-Identifier: MIT
# debug: kasan kcsan
#
# epoll tells of completions and notifications, once or until they are fetched,
# and wakes who waits when the device goes; the tracepoints count the same.
# guests: amd64-6.12 amd64-7 arm64-6.12-16k
. /t/guest/_lib
node=/sys/class/hailo_chardev/hailo0
location=$(basename "$(readlink -f $node/device)")
tracing=/sys/kernel/tracing
[ -e $tracing/trace ] || mount -t tracefs trace $tracing || die "no tracefs in this kernel"
events=$tracing/events/hailo8l
traced() { grep -c " hailo8l_$1: .*$2" $tracing/trace; }

echo >$tracing/set_event_pid
echo >$tracing/trace
before=$(count notifications)
echo 1 >$events/enable
abi_epoll ready || die "ready"
echo 0 >$events/enable
sent=$(($(count notifications) - before))
# Each with its number and its beginning: who sent it, which event.
[ "$sent" = 3 ] || die "$sent notifications"
[ "$(traced notification 'bytes=[1-9]')" = 3 ] || die "$(grep notification $tracing/trace)"
[ "$(traced notification 'event=1 ')" = 3 ] || die "content: $(grep notification $tracing/trace)"
for channel in 2 16; do
	[ "$(traced submit "channel=$channel ")" = 4 ] || die "submissions of $channel"
	[ "$(traced complete "channel=$channel ")" = 4 ] || die "completions of $channel"
done

abi_epoll gone >/tmp/gone 2>&1 &
pid=$!
await grep -qs waiting /tmp/gone || die "nobody waits"
echo 1 >"/sys/bus/pci/devices/$location/remove"
wait $pid
status=$?
echo 1 >/sys/bus/pci/rescan
/t/guest/_wait_card /dev/hailo0
[ $status = 0 ] || die "gone: $(cat /tmp/gone)"
abi_epoll ready || die "ready again"
