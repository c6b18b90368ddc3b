#!/bin/sh
# SPDX-License-Identifier: MIT
# debug: kasan
# core: yes
# timeout: 600
# subtests: yes
#
# Every network of mkhef: three frames each, compared with the CPU.
. /t/guest/_lib
for hef in /t/hef/*.hef; do
	name=${hef##*/}
	if run_net "$hef" >/tmp/log 2>&1; then
		ok "$name"
	else
		bad "$name: $(cat /tmp/log)"
	fi
done
exit "$worst"
