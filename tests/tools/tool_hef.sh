#!/bin/bash
# SPDX-License-Identifier: MIT
# hailo8l hef with the library itself: good files, and each kind of bad one.
SOURCE=@SOURCE@
BUILD=@BUILD@
. "$SOURCE/tests/tools/lib.sh"

PATH=$BUILD/tools:$BUILD/tests/hef:$PATH
NETS=$SOURCE/tests/hef/nets
HEFS=${H8L_HEFS:-$SOURCE/../shared/hefs}

# What may show only when the network is configured, or to the chip.
LATER="no-preliminary no-layout wrong-input padding nn-.*"

damages() {
	mkhef --help | sed -n '/^KIND is/,$s/^  \([a-z-]*\) .*/\1/p'
}

case_this_is_the_real_program() {
	hailo8l --version >out
	! grep -q fake out || fail "$(cat out)"
}

case_every_network_is_shown() {
	local net count=0
	for net in "$NETS"/*.net; do
		mkhef -o net.hef "$net"
		runs 0 hailo8l hef -v net.hef
		silent err
		says out "Group 0: "
		says out "  input  "
		says out "  output "
		runs 0 hailo8l hef net.hef -o json
		python3 -c '
import json
report = json.load(open("out"))
group, = report["groups"]
streams = group["inputs"] + group["outputs"]
assert streams and all(s["program"]["frame_size"] > 0 and s["quantisation"] for s in streams)
reason = group["unsupported"]
assert reason is None, reason'
		count=$((count + 1))
	done
	[[ $count -ge 10 ]] || fail "only $count networks"
}

case_post_processing_is_shown() {
	runs 0 hailo8l hef "$BUILD/nets/squares_host.hef"
	says out "  computes squares_host/squares"
	says out "    method        YOLOv8, detections, 3 classes"
	says out "    reads         outputs 0 1"
	says out "    keeps         score from 0.6, IoU up to 0.5, 10 a class, 30 in all"
	runs 0 hailo8l hef "$BUILD/nets/squares_host.hef" -o json
	python3 -c '
import json
post, = json.load(open("out"))["groups"][0]["post_processing"]
assert post["name"] == "squares_host/squares" and post["kind"] == "detections", post
assert post["outputs"] == [0, 1] and post["classes"] == 3 and post["unsupported"] is None, post
assert abs(post["score_threshold"] - 0.6) < 1e-6 and post["max_per_class"] == 10, post'
	runs 0 hailo8l hef "$BUILD/nets/squares_chip.hef"
	says out "    keeps         10 a class, 30 in all"
	runs 0 hailo8l hef "$BUILD/nets/digits.hef" -o json
	python3 -c '
import json
assert json.load(open("out"))["groups"][0]["post_processing"] == []'
}

case_containers_and_chips() {
	local version
	for version in 0 1 2; do
		mkhef -c $version -m hailo8 -o net.hef "$NETS/split.net"
		runs 0 hailo8l hef net.hef
		says out "HEF version     $version"
		says out "Compiled for    Hailo-8"
		grep -q '^  Hailo-8L  *no: compiled for Hailo-8, but' out || fail "fits an 8L"
		mkhef -c $version -m hailo8l -o net.hef "$NETS/split.net"
		runs 0 hailo8l hef net.hef
		says out "Compiled for    Hailo-8L"
		grep -q '^  Hailo-8L  *yes$' out || fail "does not fit an 8L"
		says out "cluster layouts 0x33 0xcc"
	done
}

case_damaged_files_give_one_line() {
	local kind rc=0 count=0
	for kind in $(damages); do
		mkhef -d "$kind" -o "$kind.hef" "$NETS/split.net"
		rc=0
		hailo8l hef "$kind.hef" >out 2>err || rc=$?
		[[ $rc -eq 0 && $kind =~ ^(${LATER// /|})$ ]] && continue
		[[ $rc -eq 1 ]] || fail "$kind: exit code $rc"
		silent out
		lines err 1
		says err "hailo8l: hef: $kind.hef: "
		# the same before a device is looked for
		runs 1 hailo8l run "$kind.hef" -i /dev/zero -O result
		lines err 1
		[[ ! -e result ]]
		count=$((count + 1))
	done
	[[ $count -ge 15 ]] || fail "only $count kinds"
}

# Cuts all over the file; test_lib_hef has hundreds of them.
case_cuts_are_refused() {
	local size cut
	mkhef -o net.hef "$NETS/split.net"
	size=$(stat -c %s net.hef)
	for ((cut = 0; cut < size; cut += 163)); do
		head -c $cut net.hef >cut.hef
		runs 1 hailo8l hef cut.hef
		lines err 1
	done
}

case_other_files() {
	echo text >text.hef
	runs 1 hailo8l hef text.hef
	says err "not a HEF"
	runs 1 hailo8l hef missing.hef
	says err "missing.hef: No such file or directory"
	runs 1 hailo8l hef .
	lines err 1
	runs 1 hailo8l hef /dev/null
	lines err 1
}

case_real_files() {
	local file
	[[ -d $HEFS ]] || skip "no folder with third-party network files"
	for file in "$HEFS"/h8*.hef "$HEFS"/syn_*.hef; do
		# the vendor's library refuses this old one, too
		[[ $file == *mlp_softmax* ]] && continue
		runs 0 hailo8l hef -o json "$file"
		python3 -m json.tool out >/dev/null
	done
	for file in "$HEFS"/truncated*.hef "$HEFS"/other_chip*.hef "$HEFS"/*mlp_softmax*.hef; do
		runs 1 hailo8l hef "$file"
		lines err 1
	done
}

run_cases
