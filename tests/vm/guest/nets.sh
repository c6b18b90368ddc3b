#!/bin/sh
# SPDX-License-Identifier: MIT
# core: yes
# timeout: 600
# subtests: yes
#
# Every network of mkhef: three frames each, compared with the CPU.
. /t/guest/_lib
for hef in /t/hef/*.hef; do
	name=${hef##*/}
	run_net "$hef" >/tmp/log 2>&1
	case $? in
	0) ok "$name" ;;
	77) echo "SKIP $name: $(cat /tmp/log)" ;;
	*) bad "$name: $(cat /tmp/log)" ;;
	esac
done
exit "$worst"
