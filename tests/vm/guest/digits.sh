#!/bin/sh
# SPDX-License-Identifier: MIT
# subtests: yes
# debug: no, the network, not the driver
#
# The chip reads digits: a classifier that is right.
. /t/guest/_lib
for digit in 0 1 2 3 4 5 6 7 8 9; do
	best=$(hailo8l run /t/hef/digits.hef -i "/t/digits/$digit.png" --top 1 -o json |
		tr -d ' \n' | sed 's/.*"class":\([0-9]*\).*/\1/')
	if [ "$best" = "$digit" ]; then
		ok "read a $digit"
	else
		bad "took a $digit for '$best'"
	fi
done
exit "$worst"
