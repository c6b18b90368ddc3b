# SPDX-License-Identifier: MIT
# debug: kasan
# subtests: yes
#
# What user space sees in sysfs and /dev, byte for byte.
fail() { echo "FAIL $*"; exit 1; }

node=/sys/class/hailo_chardev/hailo0
[ "$(ls /sys/class/hailo_chardev)" = hailo0 ] || fail "the class has other entries than hailo0"
[ -c /dev/hailo0 ] || fail "no /dev/hailo0"

# same FILE TEXT: no newline at the end, or the stock library sees no device.
same() {
	printf %s "$2" >/tmp/want
	cmp -s /tmp/want "$node/$1" || fail "$1 is '$(cat "$node/$1")', not '$2' without newline"
}
location=$(basename "$(readlink -f "$node/device")")
same board_location "$location"
same device_id 1e60:2864
same accelerator_type 0
[ "$(cat "/sys/bus/pci/devices/$location/vendor")" = 0x1e60 ] || fail "parent is another device"

for name in no_power_mode force_desc_page_size support_soft_reset \
	force_allocation_from_driver o_dbg force_hailo10h_legacy_mode \
	force_boot_linux_from_eemc compat_version; do
	[ -e "/sys/module/hailo8l/parameters/$name" ] || fail "no parameter $name"
done

# What people look for in the log
for line in 'Init module. driver version' 'Probing on: 1e60:2864' 'Writing file hailo/hailo8_fw.bin' \
	'File hailo/hailo8_fw.bin written successfully' 'NNC Firmware loaded successfully' \
	'FW loaded, took [0-9]* ms' 'Probing: Added board 1e60-2864, /dev/hailo0'; do
	dmesg | grep -q "hailo8l.*: $line" || fail "no line '$line' in the log"
done

rmmod hailo8l || fail "rmmod"
[ ! -e /dev/hailo0 ] || fail "/dev/hailo0 stays"
[ ! -e /sys/class/hailo_chardev ] || fail "the class stays"

# What is in people's modprobe.d, and what is wrong
insmod /t/mod/hailo8l.ko no_power_mode=Y force_desc_page_size=512 support_soft_reset=N o_dbg=7 \
	force_hailo10h_legacy_mode=Y force_boot_linux_from_eemc=1 compat_version=4.22.1 ||
	fail "insmod with parameters"
[ -c /dev/hailo0 ] || fail "no node with parameters"
abi_info 512 4.22.1 || fail "parameters are not obeyed"
rmmod hailo8l
insmod /t/mod/hailo8l.ko force_allocation_from_driver=2 || fail "insmod with driver allocation"
abi_info 4096 4.23.0 1 || fail "allocation is not from the driver"
rmmod hailo8l

echo "ok   names, texts and parameters"

for wrong in force_desc_page_size=-1 force_desc_page_size=1 force_desc_page_size=32 \
	force_desc_page_size=8192 force_desc_page_size=1000 force_allocation_from_driver=3 \
	compat_version=new; do
	insmod /t/mod/hailo8l.ko $wrong || fail "module does not load with $wrong"
	[ ! -e /dev/hailo0 ] || fail "device accepts $wrong"
	rmmod hailo8l
done
echo "ok   W-47 values that cannot be meant"
