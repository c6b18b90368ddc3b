#!/bin/bash
# SPDX-License-Identifier: MIT
# hailo8l scan on saved dumps of config space, with the words expected.
SOURCE=@SOURCE@
BUILD=@BUILD@
. "$SOURCE/tests/tools/lib.sh"

DUMPS=$SOURCE/tests/tools/dumps

case_dumps_give_the_expected_words() {
	local dump count=0
	for dump in "$DUMPS"/*.expected; do
		runs 0 hailo8l scan -F "${dump%.expected}.txt"
		diff -u "$dump" out || fail "$dump differs"
		silent err
		count=$((count + 1))
	done
	[[ $count -ge 8 ]] || fail "only $count dumps"
}

case_json_has_the_same_facts() {
	runs 0 hailo8l scan --dump "$DUMPS/pi5-switch.txt" -o json
	python3 - <<'END' || fail "JSON is not as expected"
import json
report = json.load(open("out"))
assert report["version"] == 1
device, = report["devices"]
assert device["address"] == "0001:03:00.0" and device["id"] == "1e60:2864"
assert device["link"] == {"generation": 3, "lanes": 1, "best_generation": 3, "best_lanes": 4}
assert device["slowest_link"]["generation"] == 2
assert device["slowest_link"]["address"] == "0001:01:00.0"
assert device["driver"] is None and device["node"] is None
assert "pciex1_gen=3" in device["hints"][0]
END
}

case_json_without_a_device() {
	runs 2 hailo8l scan -F "$DUMPS/none.txt" -o json
	python3 -c 'import json; assert json.load(open("out")) == {"version": 1, "devices": []}'
	says err "no Hailo device in it"
}

case_no_device_is_exit_2() {
	runs 2 hailo8l scan -F "$DUMPS/none.txt"
	silent out
	lines err 1
	mkdir -p bus/devices
	runs 2 hailo8l scan --sysfs "$PWD/bus"
	says err "hailo8l: scan: no Hailo device on the PCI bus"
	says err "hailo8l: hint: check that the board sits firmly"
	lines err 2
}

case_other_files_are_no_dump() {
	echo nonsense >file
	runs 1 hailo8l scan -F file
	says err "hailo8l: scan: file: not a bus dump"
	says err "hint: make such a file with 'sudo lspci -xxxx >FILE'"
	runs 1 hailo8l scan -F missing
	says err "missing"
	says err "No such file or directory"
	printf '00:00.0 x\n00: zz\n' >file
	runs 1 hailo8l scan -F file
	head -c 200000 /dev/urandom >file
	runs 1 hailo8l scan -F file
}

case_cut_dumps_do_no_harm() {
	local size rc
	for size in $(seq 10 97 1200); do
		head -c "$size" "$DUMPS/pi5-gen2.txt" >file
		echo >>file
		rc=0
		hailo8l scan -F file >out 2>err || rc=$?
		[[ $rc -le 2 ]] || fail "exit code $rc when cut at $size"
		! grep -q Sanitizer err || fail "$(cat err)"
	done
}

run_cases
