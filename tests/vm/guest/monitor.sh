#!/bin/sh
# SPDX-License-Identifier: MIT
# debug: kasan kcsan
# emu: --temperature 105,41 --power 2.5
# subtests: yes
#
# What a device measures and tells, through driver and firmware.
. /t/guest/_lib

# shows TEXT COMMAND...: the output has the text
shows() {
	want=$1
	shift
	if "$@" >/tmp/stdout 2>&1 && grep -q -e "$want" /tmp/stdout; then
		ok "$*: $want"
	else
		bad "$*: no '$want' in: $(cat /tmp/stdout)"
	fi
}

# works WHAT COMMAND...: succeeds
works() {
	what=$1
	shift
	if "$@" >/tmp/stdout 2>&1; then ok "$what"; else bad "$what: $? $(cat /tmp/stdout)"; fi
}

# until TEXT FILE: waits for a line
until_line() {
	i=0
	while ! grep -q -e "$1" "$2" && [ $i -lt 60 ]; do
		sleep 0.5
		i=$((i + 1))
	done
	if grep -q -e "$1" "$2"; then ok "$2: $1"; else bad "$2: no '$1' in: $(cat "$2")"; fi
}

shows 'Core firmware  *4.23.0' hailo8l identify --extended
shows 'current-monitor' hailo8l identify --extended
shows '105.0 and 41.0 degrees' hailo8l sensors
shows '^Power  *2.50 W' hailo8l sensors
shows '^Current  *758 mA' hailo8l sensors
shows 'zone  *orange' hailo8l sensors
shows 'red from 6300 mA' hailo8l sensors
shows 'PCIe link  *[0-9.]* GT/s x' hailo8l sensors
shows '"temperature_zone": *"orange"' hailo8l sensors -o json

# two listeners; both hear everything, the slow one too
hailo8l monitor --events -n 3 >/tmp/text 2>&1 &
text=$!
hailo8l monitor --interval 1 -o json >/tmp/json 2>&1 &
json=$!
until_line '"type":"reading"' /tmp/json
sleep 1
works "an event" send_event 0
works "a critical event" send_event 1
until_line 'host: status 1, connection type 1, DMA active' /tmp/text
until_line 'CRITICAL host:' /tmp/text
until_line '"id":1,"name":"host-info","critical":true' /tmp/json
# a reset on the way: firmware that starts on a hot chip says so
if [ -e /sys/class/hailo_chardev/hailo0/reset ]; then
	works "reset by the driver" hailo8l reset
	until_line 'CRITICAL temperature zone orange: 105.0 and 41.0' /tmp/text
	until_line '"name":"temperature"' /tmp/json
else
	fails_with 'its driver has no reset' hailo8l reset
	works "an event" send_event 0
fi
works "three events were counted" wait $text
shows 'Power  *2.50 W' hailo8l sensors
works "reset of the core" hailo8l reset --kind core
works "a network after it" run_net /t/hef/add.hef
kill -TERM $json
works "a signal ends monitor" wait $json
exit "$worst"
