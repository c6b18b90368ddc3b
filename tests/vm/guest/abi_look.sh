# SPDX-License-Identifier: MIT
# debug: kasan kcsan
#
# Looking on: fdinfo, sysfs, tracepoints, the state in debugfs.
. /t/guest/_lib

node=/sys/class/hailo_chardev/hailo0
location=$(basename "$(readlink -f $node/device)")
state=/sys/kernel/debug/hailo8l/$location/state

abi_look || die "fdinfo"

# --- sysfs: one value and a newline ---
same() {
	[ "$(cat "$node/$1" && echo .)" = "$2
." ] || die "$1 is '$(cat "$node/$1")', not '$2'"
}
same firmware_version 4.23.0
same architecture hailo8l
same reset_count 0
for name in current_link_speed current_link_width max_link_speed max_link_width; do
	# The PCI core says the same, in more words.
	want=$(cat "$node/device/$name")
	same "$name" "${want% PCIe}"
done
echo 1 >$node/reset || die "reset"
same reset_count 1
same firmware_version 4.23.0

# --- tracepoints ---
tracing=/sys/kernel/tracing
[ -e $tracing/trace ] || mount -t tracefs trace $tracing || die "no tracefs in this kernel"
events=$tracing/events/hailo8l
echo >$tracing/set_event_pid
for name in submit complete control irq notification reset; do
	[ -d $events/hailo8l_$name ] || die "no event hailo8l_$name"
done
traced() { grep -c " hailo8l_$1: .*$2" $tracing/trace; }
echo >$tracing/trace
abi_frames 20 || die "frames without tracing"
[ "$(traced '[a-z]*')" = 0 ] || die "traces although it is off"
echo 1 >$events/enable
abi_frames 20 || die "frames with tracing"
hailo8l identify >/dev/null || die "identify"
send_event 0 || die "send_event"
echo 1 >$node/reset
echo 0 >$events/enable
[ "$(traced submit 'node=0 channel=2 .*descs=2 bytes=784$')" = 20 ] || die "submit, to the device"
[ "$(traced submit 'channel=16 .*descs=1 bytes=16$')" = 20 ] || die "submit, from the device"
[ "$(traced complete 'channel=2 .*done=20$')" = 1 ] || die "complete, to the device"
[ "$(traced complete 'channel=16 ')" = 20 ] || die "complete, from the device"
[ "$(traced irq 'node=0 status=0x')" -ge 20 ] || die "irq"
for bits in '......\([^0].\|.[^0]\)' '....\([^0].\|.[^0]\)..' '.[4-7c-f]......' '.[2367abef]......'; do
	[ "$(traced irq "status=0x$bits\$")" -ge 1 ] || die "no irq with 0x$bits"
done
[ "$(traced notification 'node=0 number=[0-9]* bytes=[1-9][0-9]* event=1 data=[0-9a-f]')" = 1 ] ||
	die "notification"
[ "$(traced control 'opcode=0x00 cpu=0 err=0 status=0x0 ns=[1-9]')" -ge 1 ] || die "control"
[ "$(traced control 'opcode=0x21 cpu=1 err=0 ')" = 4 ] || die "control of contexts"
[ "$(traced reset 'err=0$')" = 1 ] || die "reset"

# --- debugfs ---
in_state() { grep -q "$1" "$state" || { cat "$state"; die "the state has no '$1'"; }; }
in_state '^state: run$'
in_state '^firmware: 4.23.0 architecture 2$'
in_state '^networks: of nobody$'
in_state '^resets: 2$'
abi_victim queued >/tmp/victim 2>&1 &
victim=$!
await grep -q '^networks: of process' $state
in_state "^networks: of process $victim configured$"
in_state "^file: opened by $victim, "
kill -9 $victim
wait $victim 2>/dev/null
in_state '^networks: of nobody$'

# Read it without pause while everything else happens.
(while [ ! -e /tmp/enough ]; do cat /sys/kernel/debug/hailo8l/*/state; done >/tmp/states 2>/dev/null) &
reader=$!
# On a busy machine the reader may miss all of them.
for _ in 1 2 3 4 5 6; do
	abi_frames 50 || die "frames beside a reader of the state"
	grep -q '^channel 16: enabled' /tmp/states && break
done
echo 1 >$node/reset
echo 1 >"/sys/bus/pci/devices/$location/remove"
echo 1 >/sys/bus/pci/rescan
/t/guest/_wait_card /dev/hailo0 || die "no node after a removal"
abi_frames 5 || die "frames after all that"
: >/tmp/enough
wait $reader
grep -q '^state: run$' /tmp/states || die "never seen running"
grep -q '^channel 16: enabled' /tmp/states || die "never seen a channel"
grep -q '^state: boot$' /tmp/states || die "never seen booting"
rmmod hailo8l || die "rmmod"
[ ! -e /sys/kernel/debug/hailo8l ] || die "the debugfs directory stays"
