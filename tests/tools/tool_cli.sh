#!/bin/bash
# SPDX-License-Identifier: MIT
# The program's words, files and exit codes, on a library without a device.
SOURCE=@SOURCE@
BUILD=@BUILD@
. "$SOURCE/tests/tools/lib.sh"

COMMANDS=(scan identify hef run log sensors monitor reset)

# A network that takes a picture and returns its negative, and ten classes.
network() {
	cat >net.hef <<'END'
FAKEHEF
group net
input net/in 8 12 3 1 1 0 1
output net/out 8 12 3 1 1 0 1
output net/classes 1 1 10 1 6 10 0.5
END
}

one_output() {
	cat >net.hef <<'END'
FAKEHEF
group net
input net/in 8 12 3 1 1 0 1
output net/out 8 12 3 1 1 0 1
END
}

# picture FILE WIDTH HEIGHT: a PNG, not made by the program under test
picture() {
	python3 - "$@" <<'END'
import struct, sys, zlib
name, w, h = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
rows = b"".join(b"\0" + bytes((x * 7 + y * 3 + c * 50) & 255 for x in range(w) for c in range(3))
                for y in range(h))
def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
open(name, "wb").write(b"\x89PNG\r\n\x1a\n" +
    chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, 8, 2, 0, 0, 0)) +
    chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
open(name + ".pixels", "wb").write(b"".join(bytes((x * 7 + y * 3 + c * 50) & 255
    for x in range(w) for c in range(3)) for y in range(h)))
END
}

# negative A B: every byte of B is 255 minus that of A, from the start of A
negative() {
	python3 - "$@" <<'END'
import sys
a, b = (open(name, "rb").read() for name in sys.argv[1:])
sys.exit(not b or any(b[i] != 255 - a[i % len(a)] for i in range(len(b))))
END
}

case_help_goes_to_stdout() {
	local command
	runs 0 hailo8l --help
	silent err
	says out "Usage: hailo8l COMMAND"
	mv out help
	for command in "${COMMANDS[@]}"; do
		says help "  $command"
		runs 0 hailo8l "$command" -h
		silent err
		says out "Usage: hailo8l $command"
		mv out short
		runs 0 hailo8l "$command" --help
		cmp short out
		awk 'length > 100 { print "# too long: " $0; bad = 1 } END { exit bad }' out ||
			fail "help of $command is too wide"
	done
	runs 0 hailo8l --version
	says out "hailo8l 0."
}

case_usage_errors_are_one_line() {
	local words
	while read -r words; do
		# shellcheck disable=SC2086
		runs 1 hailo8l $words
		silent out
		lines err 1
		says err "hailo8l: "
	done <<'END'

nonsense
--nonsense
scan --nonsense
scan -z
scan extra
scan -o xml
scan -F
identify extra
identify --device
hef
hef a b
run
run x
run x -i
run x -i y --fit round
run x -i y --frames 0
run x -i y --frames 1e3
run x -i y --top -1
run x -i y --labels z
run x -i NAME=
log -c gpu
sensors extra
monitor -i 0
monitor -n x
monitor -o xml
reset -k hard
END
}

case_a_full_disk_shows() {
	local rc=0
	hailo8l --help >/dev/full 2>err || rc=$?
	[[ $rc -eq 1 ]] || fail "exit code $rc"
	says err "standard output: cannot write: No space left on device"
}

case_a_closed_pipe_is_quiet() {
	network
	hailo8l hef net.hef -o json 2>err | head -n 1 >out
	silent err
}

case_identify() {
	runs 0 hailo8l identify
	says out "Architecture        Hailo-8L"
	says out "Serial number       HLDDLBB00000001"
	# a device cannot send commands to the terminal
	says out "Product             evil ?[31m name"
	! grep -q Temperature out || fail "not asked for"
	runs 0 hailo8l identify --extended
	says out "Cluster layout      0x33, clusters 0 1 4 5"
	says out "Power               1.50 W"
	says out "Core firmware       4.23.1"
	says out "Features            pcie current-monitor"
	says out "Unit tracking id    0000000000000000000000cd"
	says out "Ethernet address    00:00:00:00:00:07"
	FAKE_H8L=nopower runs 0 hailo8l identify -x
	says out "this board does not measure it"
	FAKE_H8L=nopower runs 0 hailo8l identify -x -o json
	python3 - <<'END' || fail "JSON is not as expected"
import json
report = json.load(open("out"))
assert report["version"] == 1 and report["firmware"] == "4.23.0"
assert report["power_watts"] is None and report["temperatures_celsius"] == [41.5, 42.25]
assert report["cluster_layout"] == 0x33 and report["chip_id"].startswith("ab00")
assert report["features"] == ["pcie", "current-monitor"] and report["core_firmware"] == "4.23.1"
assert report["ethernet_address"] == "00:00:00:00:00:07"
END
}

case_sensors() {
	runs 0 hailo8l sensors
	silent err
	says out "Temperature         41.5 and 42.2 degrees Celsius"
	says out "Power               1.50 W"
	says out "Current             450 mA"
	says out "Throttling level    300 MHz from 104 degrees Celsius, now"
	says out "Current zone        green, red from 6300 mA"
	says out "PCIe link           5.0 GT/s x1 (can do 8.0 GT/s x4)"
	FAKE_H8L=nopower runs 0 hailo8l sensors
	says out "this board does not measure it"
	FAKE_H8L=nohealth runs 0 hailo8l sensors
	! grep -q zone out || fail "there is no health"
	FAKE_H8L=nopower runs 0 hailo8l sensors -o json
	python3 - <<'END' || fail "JSON is not as expected"
import json
report = json.load(open("out"))
assert report["version"] == 1 and report["temperatures_celsius"] == [41.5, 42.25]
assert report["power_watts"] is None and report["temperature_zone"] == "orange"
assert report["link_mts"] == 5000 and report["throttling"] is True
END
	FAKE_H8L=refused runs 1 hailo8l sensors
	lines err 1
}

case_monitor() {
	runs 0 hailo8l monitor --count 2
	silent err
	lines out 4
	says out "41.5  42.2 C    1.50 W     450 mA  orange"
	says out "CRITICAL event number 2"
	runs 0 hailo8l monitor --events --count 3 -o json
	python3 - <<'END' || fail "JSON is not as expected"
import json
events = [json.loads(line) for line in open("out")]
assert [e["id"] for e in events] == [2, 77, 2], events
assert events[0]["name"] == "temperature" and events[0]["critical"] is True
assert events[1]["name"] == "unknown" and events[1]["payload"] == "0102ff"
assert all(e["type"] == "event" and e["version"] == 1 and e["time"] > 0 for e in events)
END
	runs 0 hailo8l monitor -n 1 -o json
	lines out 1
	says out '"type":"reading"'
	FAKE_H8L=noevents runs 1 hailo8l monitor
	says err "hailo8l: monitor: no events today"
	FAKE_H8L=gone runs 2 hailo8l monitor -n 2
	says err "the device is gone"
	lines out 3
}

# what is there is printed at once; a signal ends it and is no error
case_monitor_is_interrupted() {
	local pid rc=0 i
	hailo8l monitor --interval 3600 >out 2>err &
	pid=$!
	for ((i = 0; i < 100; i++)); do
		[[ $(wc -l <out) -lt 3 ]] || break
		sleep 0.1
	done
	lines out 3
	kill -TERM $pid
	wait $pid || rc=$?
	[[ $rc -eq 0 ]] || fail "exit code $rc"
	silent err
}

case_reset() {
	runs 0 hailo8l reset
	says out "reset 3"
	runs 0 hailo8l reset --kind core
	says out "reset 0"
	runs 1 hailo8l reset -k soft
	says err "hailo8l: reset: no permission to reset"
}

case_no_device() {
	local command
	network
	picture in.png 4 4
	for command in identify log sensors monitor reset "hef -d 0 net.hef" "run net.hef -i in.png -O out.d/"; do
		mkdir -p out.d
		# shellcheck disable=SC2086
		FAKE_H8L=none runs 2 hailo8l $command
		silent out
		says err "no such device"
		says err "hailo8l: hint: "
		lines err 2
		rmdir out.d || fail "something was left behind"
	done
	runs 2 hailo8l identify -d 7
	says err "hailo8l: identify: 7: no such device"
}

case_other_device_troubles() {
	FAKE_H8L=denied runs 1 hailo8l identify
	says err "permission denied"
	FAKE_H8L=several runs 1 hailo8l identify
	says err "there are 2 devices"
	says err "hint: choose one with --device: /dev/null (0000:01:00.0), /dev/null (0000:02:00.0)"
	FAKE_H8L=several runs 0 hailo8l identify --device 0
	FAKE_H8L=nofirmware runs 1 hailo8l identify
	says err "no firmware is running"
	says err "hint: 'sudo dmesg | grep -i hailo'"
	FAKE_H8L=refused runs 1 hailo8l identify -x
	says err "status 0x40030060"
}

case_hef() {
	network
	runs 0 hailo8l hef net.hef
	says out "8x12x3 uint8 NHWC, 288 bytes a frame"
	says out "Hailo-8L 0xcc   no: no variant for layout 0xcc"
	runs 0 hailo8l hef -v net.hef -d 0
	says out "  0               yes"
	runs 0 hailo8l hef net.hef -d 0 --output-format json
	python3 - <<'END' || fail "JSON is not as expected"
import json
report = json.load(open("out"))
assert report["version"] == 1 and report["device"]["fits"]
group, = report["groups"]
assert [s["name"] for s in group["outputs"]] == ["net/out", "net/classes"]
assert group["outputs"][1]["quantisation"][0]["scale"] == 0.5
assert group["inputs"][0]["program"]["shape"] == {"height": 8, "width": 12, "features": 3}
assert [fit["fits"] for fit in report["runs_on"]] == [True, True, False]
END
}

case_bad_network_files() {
	picture in.png 4 4
	echo GARBAGE >bad.hef
	for command in "hef bad.hef" "run bad.hef -i in.png -O result.png"; do
		# shellcheck disable=SC2086
		runs 1 hailo8l $command
		says err "bad.hef"
		says err "wrong magic"
		# shellcheck disable=SC2086
		runs 1 hailo8l ${command//bad/missing}
		says err "missing.hef"
	done
	printf 'FAKEHEF\ngroup net it has two contexts\ninput a 1 1 1 1 1 0 1\n' >net.hef
	runs 0 hailo8l hef net.hef
	says out "not supported by this version: it has two contexts"
	runs 1 hailo8l run net.hef -i in.png -O result.png
	says err "net.hef: group 'net' cannot be run: it has two contexts"
	only bad.hef net.hef in.png in.png.pixels
}

case_run_keeps_every_byte() {
	one_output
	picture in.png 12 8
	runs 0 hailo8l run net.hef -i in.png -O result.png --raw-output raw --save-input used
	cmp used in.png.pixels
	negative used raw
	runs 0 hailo8l run net.hef -i result.png --fit exact -O back
	cmp back in.png.pixels
	runs 0 hailo8l run net.hef --input net/in=used --output in-raw.raw
	cmp raw in-raw.raw
	silent err
}

case_run_resizes() {
	one_output
	picture in.png 100 50
	for fit in stretch letterbox crop; do
		runs 0 hailo8l run net.hef -i in.png --fit $fit --save-input $fit -O $fit.raw
		[[ $(stat -c %s $fit) -eq 288 ]] || fail "wrong size"
		negative $fit $fit.raw
	done
	! cmp -s stretch letterbox || fail "letterbox does nothing"
	! cmp -s stretch crop || fail "crop does nothing"
	says out "in.png (100 x 50 pixels)"
	runs 1 hailo8l run net.hef -i in.png --fit exact -O exact.png
	says err "in.png: picture of 100 x 50 pixels where 12 x 8 are needed"
	[[ ! -e exact.png ]]
}

case_run_formats() {
	one_output
	picture in.png 12 8
	runs 0 hailo8l run net.hef -i in.png -O u8
	runs 0 hailo8l run net.hef -i in.png -f f32 -O f32 --save-input used
	runs 0 hailo8l run net.hef -i in.png -f out=u16 -O u16
	python3 - <<'END' || fail "values differ"
import struct
u8 = list(open("u8", "rb").read())
assert list(struct.unpack("<288f", open("f32", "rb").read())) == u8
assert list(struct.unpack("<288H", open("u16", "rb").read())) == u8
pixels = list(open("in.png.pixels", "rb").read())
assert list(struct.unpack("<288f", open("used", "rb").read())) == pixels
END
	runs 1 hailo8l run net.hef -i in.png -f u32
	says err "--format u32: unknown format"
	runs 1 hailo8l run net.hef -i in.png -f other=u8
	says err "no stream has this name"
	runs 1 hailo8l run net.hef -i in.png -f out=u8:NV12
	says err "stream 'net/out' cannot be used as 8x12x3 uint8 NV12"
	runs 1 hailo8l run net.hef -i in.png -f u16
	says err "input 'net/in' takes no picture"
	runs 1 hailo8l run net.hef -i in.png -f out=f32 -O result.png
	says err "result.png: output 'net/out' is no picture"
	[[ ! -e result.png ]]
}

case_run_many_frames() {
	one_output
	head -c 288 /dev/urandom >one
	head -c 864 /dev/urandom >three
	runs 0 hailo8l run net.hef -i three -n 3 --all-frames -O all --raw-output too
	negative three all
	cmp all too
	[[ $(stat -c %s all) -eq 864 ]] || fail "not all frames"
	runs 0 hailo8l run net.hef -i three -n 3 -O last
	cmp last <(tail -c 288 all)
	runs 0 hailo8l run net.hef -i one -n 5 --all-frames -O all
	negative one all
	says out "5 frames in "
	runs 1 hailo8l run net.hef -i three -n 2
	says err "three: 864 bytes, and it is neither PNG nor JPEG; a frame of 'net/in' has 288"
	runs 0 hailo8l run net.hef -i one -n 100 -o json
	python3 - <<'END' || fail "JSON is not as expected"
import json
report = json.load(open("out"))
assert report["version"] == 1 and report["frames"] == 100
seconds = report["seconds"]
assert 0 < seconds["least"] <= seconds["median"] <= seconds["p99"] <= seconds["most"]
assert abs(report["frames_per_second"] * seconds["frames"] - 100) < 0.01
END
}

case_run_with_a_queue() {
	local queue
	one_output
	head -c 2880 /dev/urandom >ten
	for queue in 1 2 3 7 64; do
		runs 0 hailo8l run net.hef -i ten -n 10 --queue $queue --all-frames -O all$queue
		negative ten all$queue
		runs 0 hailo8l run net.hef -i ten -n 10 --queue $queue -O last
		cmp last <(tail -c 288 all$queue)
	done
	FAKE_H8L=timeout runs 1 hailo8l run net.hef -i ten -n 10 --queue 4 -O none
	says err "frame 2: no result within 10 s"
	[[ ! -e none ]]
	runs 1 hailo8l run net.hef -i ten --queue 65
}

case_run_names() {
	network
	picture in.png 12 8
	runs 1 hailo8l run net.hef -i in.png -O result.png
	says err "--output result.png: the network has 2 outputs, so a name is needed"
	says err "hint: write --output NAME=result.png; the outputs are: net/out, net/classes"
	runs 1 hailo8l run net.hef -i in.png -O other=result.png
	says err "no output has this name"
	runs 1 hailo8l run net.hef -i in.png -i in.png
	says err "'net/in' has one already"
	runs 1 hailo8l run net.hef -i in.png -O out=a -O net/out=b
	says err "'net/out' has one already"
	runs 1 hailo8l run net.hef -i in.png -O classes=result.png
	says err "result.png: output 'net/classes' is no picture: it is 1x1x10 uint8 NC"
	cp in.png a=b.png
	runs 1 hailo8l run net.hef -i a=b.png
	runs 0 hailo8l run net.hef -i =a=b.png -g net -O out=c
	runs 1 hailo8l run net.hef -i in.png -g other
	says err "net.hef: no group 'other'"
	only net.hef in.png in.png.pixels a=b.png c
}

case_run_into_a_folder() {
	network
	picture in.png 12 8
	mkdir results
	runs 0 hailo8l run net.hef -i in.png -O results -O classes=values
	only net.hef in.png in.png.pixels results results/net_out.png values
	runs 0 hailo8l run net.hef -i in.png -O results/
	[[ -s results/net_classes.raw ]]
	runs 1 hailo8l run net.hef -i in.png -O missing/
	says err "cannot write: No such file or directory"
}

case_run_top() {
	network
	printf '\377\376\375\0\001\002\003\004\005\006' >ten
	python3 -c 'open("raw", "wb").write(open("ten", "rb").read() + bytes(278))'
	printf 'zero\none\ntwo\nthree\r\nfour\nfive\nsix\nseven\neight\nnine' >labels
	runs 0 hailo8l run net.hef -i raw --top 3 --labels labels
	# 255 - 0, 255 - 1 ... of quantised values; (q - 10) * 0.5
	grep -qE '^ +3 +122.5  three$' out || fail "$(cat out)"
	grep -qE '^ +4 +122  four$' out
	grep -qE '^ +5 +121.5  five$' out
	! grep -q six out || fail "more than three"
	runs 0 hailo8l run net.hef -i raw --top 2 -o json -f classes=f32
	python3 - <<'END' || fail "JSON is not as expected"
import json
top = json.load(open("out"))["outputs"][1]["top"]
assert top == [{"class": 3, "value": 255, "label": None},
               {"class": 4, "value": 254, "label": None}]
END
	head -n 9 labels >short
	runs 1 hailo8l run net.hef -i raw --top 3 --labels short
	says err "short: 9 names for 10 classes"
	runs 1 hailo8l run net.hef -i raw --top 3 --labels raw
	says err "raw: not a text file"
	one_output
	runs 1 hailo8l run net.hef -i raw --top 3
	says err "--top: no output is a list of values"
}

case_run_detections() {
	one_output
	echo "detections boxes" >>net.hef
	python3 -c 'open("raw", "wb").write(bytes([254]) + bytes(287))'
	printf 'zero\none\ntwo' >labels
	runs 0 hailo8l run net.hef -i raw --labels labels
	grep -q '^Detections of boxes (YOLOv8): 1$' out || fail "$(cat out)"
	grep -qE '^ +1 +0.875 +0.125 +0.250 +0.500 +0.750  one$' out || fail "$(cat out)"
	runs 0 hailo8l run net.hef -i raw -o json
	python3 - <<'END' || fail "JSON is not as expected"
import json
assert json.load(open("out"))["results"] == [{"name": "boxes", "method": "YOLOv8",
    "detections": [{"class": 1, "label": None, "score": 0.875, "left": 0.125,
                    "top": 0.25, "right": 0.5, "bottom": 0.75}]}]
END
	runs 0 hailo8l run net.hef -i raw -f u8
	! grep -q Detections out || fail "computed from converted outputs"
	runs 1 hailo8l run net.hef -i raw -f u8 --labels labels
	says err "--labels says nothing without --top or detections"
}

case_bad_pictures_leave_nothing() {
	one_output
	picture in.png 12 8
	head -c 60 in.png >cut.png
	echo GIF89a >in.gif
	for input in cut.png in.gif missing.png .; do
		runs 1 hailo8l run net.hef -i $input -O result.png --save-input used
		silent out
		says err "$input: "
	done
	only net.hef in.png in.png.pixels cut.png in.gif
}

case_failures_while_running_leave_nothing() {
	one_output
	picture in.png 12 8
	echo old >result.png
	FAKE_H8L=refused runs 1 hailo8l run net.hef -i in.png -O result.png
	says err "hailo8l: run: the firmware refused: status 0x40030060"
	FAKE_H8L=timeout runs 1 hailo8l run net.hef -i in.png -O result.png -n 5 --raw-output raw \
		--all-frames --save-input used
	says err "frame 2: no result within 10 s"
	FAKE_H8L=gone runs 2 hailo8l run net.hef -i in.png -O result.png -n 5
	says err "frame 1: the device is gone"
	[[ $(cat result.png) == old ]] || fail "the old result is lost"
	only net.hef in.png in.png.pixels result.png
}

# catches_term PID: waits until a signal has a handler, on a slow machine too
catches_term() {
	local i caught
	for ((i = 0; i < 300; i++)); do
		caught=$(sed -n 's/^SigCgt:[[:space:]]*//p' "/proc/$1/status")
		((0x$caught & 0x4000)) && break
		sleep 0.1
	done
	sleep 0.5
}

case_an_interrupt_leaves_nothing() {
	one_output
	picture in.png 12 8
	FAKE_H8L=slow hailo8l run net.hef -i in.png -O result.png -n 1000 >out 2>err &
	catches_term $!
	kill -TERM $!
	wait $! && fail "it went on"
	says err "interrupted after "
	says err "no result was written"
	only net.hef in.png in.png.pixels
}

case_an_interrupt_need_not_wait_for_the_frame() {
	one_output
	picture in.png 12 8
	FAKE_H8L=stuck hailo8l run net.hef -i in.png -O result.png >out 2>err &
	catches_term $!
	kill -TERM $!
	wait $! && fail "it went on"
	says err "interrupted after 0 frames"
	only net.hef in.png in.png.pixels
}

case_a_second_interrupt_ends_at_once() {
	one_output
	picture in.png 12 8
	local start
	FAKE_H8L=hangs hailo8l run net.hef -i in.png -O result.png >out 2>err &
	catches_term $!
	start=$SECONDS
	kill -TERM $!
	sleep 0.5
	kill -TERM $!
	wait $! && fail "it went on"
	[[ $((SECONDS - start)) -lt 8 ]] || fail "not at once"
	silent err
	python3 -c 'import os; os.open(".", os.O_TMPFILE | os.O_WRONLY)' 2>/dev/null ||
		skip "this file system has no files without a name"
	only net.hef in.png in.png.pixels
}

case_results_cannot_be_written() {
	one_output
	picture in.png 12 8
	runs 1 hailo8l run net.hef -i in.png -O /dev/full
	says err "/dev/full: cannot write: No space left on device"
	runs 1 hailo8l run net.hef -i in.png -O no/such.png
	says err "no/such.png: cannot write: No such file or directory"
	says err "hint: make the folder first"
	runs 0 hailo8l run net.hef -i in.png -O /dev/null
	[[ -c /dev/null ]] || fail "/dev/null was replaced"
	runs 0 hailo8l run net.hef -i /dev/zero -O ones
	only net.hef in.png in.png.pixels ones
}

case_progress_is_for_terminals() {
	one_output
	picture in.png 12 8
	FAKE_H8L=slow runs 0 hailo8l run net.hef -i in.png -n 4
	silent err
	FAKE_H8L=slow script -qec "hailo8l run net.hef -i in.png -n 6" /dev/null >out </dev/null
	says out " of 6 frames, "
}

case_colours_are_for_terminals() {
	local dump=$SOURCE/tests/tools/dumps/pi5-gen2.txt
	TERM=xterm script -qec "hailo8l scan -F $dump" /dev/null >out </dev/null
	says out $'\033['
	NO_COLOR=1 TERM=xterm script -qec "hailo8l scan -F $dump" /dev/null >out </dev/null
	! grep -q $'\033' out || fail "NO_COLOR does nothing"
	TERM=dumb script -qec "hailo8l scan -F $dump" /dev/null >out </dev/null
	! grep -q $'\033' out || fail "TERM=dumb does nothing"
}

case_log() {
	runs 0 hailo8l log
	[[ $(wc -c <out) -eq 612 && $(tr -d A <out | wc -c) -eq 0 ]] || fail "wrong bytes"
	runs 0 hailo8l log --cpu core --output file
	silent out
	[[ $(wc -c <file) -eq 612 && $(tr -d C <file | wc -c) -eq 0 ]] || fail "wrong bytes"
	FAKE_H8L=refused runs 1 hailo8l log --output other
	says err "hailo8l: log: cannot read the firmware's log"
	only file
	script -qec "hailo8l log" /dev/null >out </dev/null
	says out "00000260  41 41 41 41"
}

run_cases
