# SPDX-License-Identifier: MIT
# debug: no, what the kernel says of the name would hide other reports
# subtests: yes
# guests: amd64-6.12
# provokes: sysfs: cannot create duplicate filename '/class/hailo_chardev'
#
# The name of our class belongs to another driver, as the vendor's for another
# chip: here a copy of our own module with another name. The kernel itself says
# a lot about it; the driver has to fail once, clearly, and hold nothing.
. /t/guest/_lib
card=$(basename "$(readlink -f /sys/class/hailo_chardev/hailo0/device)")
drivers=/sys/bus/pci/drivers

said="hailo8l $card: class hailo_chardev: -17; is the vendor's module"

# refused TEXT N: there is no node, and the driver has said why N times
refused() {
	[ ! -e /dev/hailo0 ] || bad "$1: there is a node"
	[ "$(dmesg | grep -c "$said")" = "$2" ] ||
		bad "$1: not said $2 times: $(dmesg | grep "hailo8l $card")"
	[ ! -e "$drivers/hailo8l/$card" ] || bad "$1: bound without a class"
}

rmmod hailo8l || die "rmmod"
other_name hailo8l hailo9l </t/mod/hailo8l.ko >/tmp/hailo9l.ko || die "other_name"
insmod /tmp/hailo9l.ko || die "another module"
/t/guest/_wait_card /dev/hailo0 || die "the other module does not take the card"
echo "$card" >$drivers/hailo9l/unbind
[ -e /sys/class/hailo_chardev ] || die "the other module gave the class back"
insmod /t/mod/hailo8l.ko || die "insmod"
for _ in $(seq 600); do
	dmesg | grep -q "$said" && break
	sleep 0.1
done
refused "class in use" 1

# A lock that was kept would hold this one for ever, in the kernel.
(echo "$card" >$drivers/hailo8l/bind) 2>/dev/null &
pid=$!
ends_in 30 $pid || { bad "W-21 a class that cannot be made keeps its lock"; exit 1; }
refused "class in use, again" 2
[ "$worst" = 0 ] && ok "W-21 a class that cannot be made"

rmmod hailo9l || die "rmmod of the other module"
echo "$card" >$drivers/hailo8l/bind || bad "bind"
/t/guest/_wait_card /dev/hailo0 || die "no node, though the name is free"
abi_info 4096 4.23.0 >/tmp/info || bad "does not work: $(cat /tmp/info)"
rmmod hailo8l || die "rmmod"
if grep hailo /proc/devices || [ -e /sys/class/hailo_chardev ]; then
	bad "W-21 something stays after a class that could not be made"
else
	ok "W-21 nothing stays after a class that could not be made"
fi
exit "$worst"
