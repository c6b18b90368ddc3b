#!/bin/sh
# SPDX-License-Identifier: MIT
# debug: kasan
# module: none
# subtests: yes
#
# Firmware files: under which names they are found and in which order, and
# what happens without any.
. /t/guest/_lib
dir=/lib/firmware/hailo
node=/sys/class/hailo_chardev/hailo0
cp $dir/hailo8_fw.bin /tmp/good

# What the driver said since the last mark; lines of Debian's loader are not ours.
said() {
	dmesg | awk '/BEGIN no_firmware/ { text = ""; next } { text = text $0 "\n" }
		END { printf "%s", text }' | grep hailo8l | grep -v 'firmware: failed to load'
}
mark() { echo "BEGIN no_firmware" >/dev/kmsg; }

# A chip without firmware for each part: what runs already would be used.
without_files() {
	rmmod hailo8l 2>/dev/null
	host emu >/dev/null
	/t/guest/_wait_card
	rm -f $dir/*.bin
	mark
}

# loads WANT [PARAMETER...]: the file that is said to be written
loads() {
	want=$1
	shift
	mark
	insmod /t/mod/hailo8l.ko "$@" || bad "insmod for $want"
	if said | grep -q "Writing file $want, version 4.23.0" && hailo8l identify >/dev/null; then
		ok "finds $want"
	else
		bad "does not load $want: $(said)"
	fi
	rmmod hailo8l
}

without_files
insmod /t/mod/hailo8l.ko || bad "insmod without firmware"
sleep 1
said | tee /tmp/log
missing=
for name in hailo8_fw.bin hailo8_fw.4.23.0.bin hailo8_fw.4.20.0.bin hailo8l_emu_fw.bin; do
	grep -q "$dir/$name" /tmp/log || missing="$missing $name"
done
if [ "$missing" ]; then bad "paths not named:$missing"; else ok "all paths are named"; fi
if [ "$(grep -c 'no firmware' /tmp/log)" = 1 ] && ! grep -q 'failed with error' /tmp/log; then
	ok "and once"
else
	bad "not one line: $(cat /tmp/log)"
fi
fails_with "/dev/hailo0: no firmware; dmesg" hailo8l identify
# -ENOENT, and nothing else is tried
if (echo 1 >$node/reset) 2>/tmp/err; then bad "reset without a file"; fi
if grep -q 'No such file' /tmp/err; then ok "reset says why"; else bad "reset: $(cat /tmp/err)"; fi
cp /tmp/good $dir/hailo8_fw.bin
(echo 1 >$node/reset) || bad "reset with a file"
if run_net /t/hef/edges_small.hef >/tmp/out 2>&1; then
	ok "works after reset with the file installed"
else
	bad "after reset: $(cat /tmp/out)"
fi
rmmod hailo8l || bad "rmmod"

# One name more, and still all of them in the line
without_files
insmod /t/mod/hailo8l.ko compat_version=4.21.7 || bad "insmod without firmware"
if said | grep "$dir/hailo8_fw.4.21.7.bin" | grep -q "$dir/hailo8l_emu_fw.bin; then reload"; then
	ok "none is cut off"
else
	bad "a name is cut off: $(said)"
fi
rmmod hailo8l || bad "rmmod without firmware"
cp /tmp/good $dir/hailo8l_emu_fw.bin && loads hailo/hailo8l_emu_fw.bin
cp /tmp/good $dir/hailo8_fw.4.20.0.bin && loads hailo/hailo8_fw.4.20.0.bin
cp /tmp/good $dir/hailo8_fw.4.22.0.bin && loads hailo/hailo8_fw.4.22.0.bin
cp /tmp/good $dir/hailo8_fw.4.21.7.bin && loads hailo/hailo8_fw.4.21.7.bin compat_version=4.21.7
cp /tmp/good $dir/hailo8_fw.4.23.0.bin && loads hailo/hailo8_fw.4.23.0.bin
loads hailo/hailo8_fw.4.22.0.bin compat_version=4.22.0
cp /tmp/good $dir/hailo8_fw.bin && loads hailo/hailo8_fw.bin
cp /tmp/good $dir/mine.bin && loads hailo/mine.bin firmware=hailo/mine.bin

# The name that is asked for, and no other
without_files
cp /tmp/good $dir/hailo8_fw.bin
insmod /t/mod/hailo8l.ko firmware=hailo/other.bin
if said | grep -q 'no firmware: install one of /lib/firmware/hailo/other.bin;'; then
	ok "only the name that is asked for"
else
	bad "firmware=hailo/other.bin: $(said)"
fi
rmmod hailo8l

# The major version, in the ninth byte: firmware for other chips
mark
{ head -c 8 /tmp/good; printf '\005'; tail -c +10 /tmp/good; } >$dir/hailo8_fw.bin
insmod /t/mod/hailo8l.ko
if said | grep -q 'hailo8_fw.bin is version 5.23, but Hailo-8 needs 4.x'; then
	ok "firmware for other chips"
else
	bad "firmware 5.x: $(said)"
fi
rmmod hailo8l
exit "$worst"
