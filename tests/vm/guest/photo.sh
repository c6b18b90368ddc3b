#!/bin/sh
# SPDX-License-Identifier: MIT
# debug: no, one more network, as nets
# core: yes
#
# A real photograph through a network; every byte as computed on the CPU.
. /t/guest/_lib
hailo8l run /t/hef/edges.hef --input /t/photo.jpg --output /out/drawing.png \
	--save-input /tmp/in.raw --raw-output /tmp/out.raw || die "run"
[ -s /out/drawing.png ] || die "no picture"
refnet --user --input /tmp/in.raw --compare /tmp/out.raw /t/hef/edges.hef || die "wrong answer"
[ "$(count frames)" -ge 1 ] || die "the chip ran no frame"
