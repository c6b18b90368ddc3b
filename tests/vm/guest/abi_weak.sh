# SPDX-License-Identifier: MIT
# subtests: yes
# guests: amd64-6.12 amd64-6.1 arm64-6.12-16k
# append: init_on_alloc=0 slub_debug=FZP
# debug: kasan kcsan
#
# Weaknesses of the stock driver that no other test is for. Memory that nobody
# has cleared shows what was in it, here and nowhere else in Debian's kernels.
. /t/guest/_lib
abi_weak || worst=1

# lines COMMAND...: how much of the kernel's log a command causes
lines() {
	dmesg >/tmp/before
	"$@" >/dev/null 2>&1
	dmesg | tail -n +$(($(wc -l </tmp/before) + 1)) | grep -c hailo8l
}

# Thousands of bad calls, and an ordinary user may make them.
n=$(lines abi_args)
if [ "$n" -le 12 ]; then ok "W-42 $n lines in the log"; else bad "W-42 $n lines in the log"; fi

# A function without the BARs of the chip: no driver of the guest has it.
for card in /sys/bus/pci/devices/*; do
	[ -e "$card/driver" ] || break
done
id="$(cat "$card/vendor") $(cat "$card/device")"
echo "$id" >/sys/bus/pci/drivers/hailo8l/new_id
sleep 1
if [ -e "$card/driver" ] || [ -e /dev/hailo1 ]; then
	bad "W-45 takes a function without BARs"
elif dmesg | tail -n 5 | grep -q 'BAR0 has .* bytes, the chip needs'; then
	ok "W-45 BARs are checked"
else
	bad "W-45 does not say that BARs are short: $(dmesg | tail -n 5)"
fi
echo "$id" >/sys/bus/pci/drivers/hailo8l/remove_id

rmmod hailo8l || bad "rmmod"
host unplug >/dev/null
insmod /t/mod/hailo8l.ko
if grep -q hailo /proc/devices && [ ! -e /sys/class/hailo_chardev ]; then
	ok "W-21 a major and no class without a card"
else
	bad "W-21 no major, or a class, without a card"
fi
rmmod hailo8l
if grep hailo /proc/devices || [ -e /sys/class/hailo_chardev ]; then
	bad "W-21 something stays after rmmod without a card"
else
	ok "W-21 nothing stays after rmmod without a card"
fi
host plug >/dev/null
/t/guest/_wait_card

# Optional files that are too large: said so, and not used.
head -c 1281 /dev/zero >/lib/firmware/hailo/hailo8_board_cfg.bin
insmod /t/mod/hailo8l.ko
if dmesg | tail -n 20 | grep -q 'hailo8_board_cfg.bin is larger than 1280 bytes, not used'; then
	ok "W-25 a large optional file"
else
	bad "W-25 says nothing of a large optional file"
fi
exit "$worst"
