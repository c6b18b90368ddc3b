#!/bin/sh
# SPDX-License-Identifier: MIT
# debug: no, networks of third parties, as nets
# core: amd64-6.12-iommu
# timeout: 900
# subtests: yes
#
# Network files of third parties for the Hailo-8L, where this machine has
# them: every byte of three frames.
. /t/guest/_lib
set -- /hefs/h8l_*.hef
if [ ! -e "$1" ]; then
	echo "SKIP no network files in /hefs (../shared/hefs or \$H8L_HEFS)"
	exit 77
fi
verify "$@" || worst=1
verify -s "$1" || worst=1
exit "$worst"
