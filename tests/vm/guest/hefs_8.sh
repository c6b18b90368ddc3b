#!/bin/sh
# SPDX-License-Identifier: MIT
# debug: no, networks of third parties, as nets
# timeout: 900
# subtests: yes
# emu: --arch hailo8
#
# Network files of third parties for the Hailo-8, where this machine has
# them: every byte of three frames.
. /t/guest/_lib
set -- /hefs/h8_*.hef /hefs/syn_*.hef
if [ ! -e "$1" ]; then
	echo "SKIP no network files in /hefs (../shared/hefs or \$H8L_HEFS)"
	exit 77
fi
for hef; do
	case $hef in
	*mnist_mlp_softmax*)
		# Compiled too long ago; the stock library refuses it too.
		fails_with "too old" hailo8l run "$hef" -i /t/photo.jpg ;;
	*) verify "$hef" || worst=1 ;;
	esac
done
verify -s "$1" || worst=1
exit "$worst"
