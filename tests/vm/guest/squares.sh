#!/bin/sh
# SPDX-License-Identifier: MIT
# subtests: yes
# debug: no, the network, not the driver
#
# The chip finds coloured squares in pictures, where they are and nothing else, with
# non-maximum suppression on the host (as for YOLOv8) and on the chip. Boxes may be
# wrong by two pixels of 96.
. /t/guest/_lib
by_place() { sort -k1,1n -k2,2n -k3,3n; }
for net in squares_host squares_chip; do
	for seed in 1 2 3 4 5 6; do
		if ! detect "/t/hef/$net.hef" "/t/squares/$seed.rgb" >/tmp/found 2>&1; then
			bad "$net, picture $seed: $(cat /tmp/found)"
			continue
		fi
		by_place <"/t/squares/$seed.txt" >/tmp/wanted
		# class 0, score 0.996: from (x, y) to (x, y)
		tr -d ',():' </tmp/found | awk '{ print $2, $7, $6, $10, $9 }' | by_place >/tmp/boxes
		if awk 'NR == FNR { wanted[NR] = $0; n = NR; next }
			{
				split(wanted[FNR], w)
				ok = $1 == w[1]
				for (i = 2; i <= 5; i++)
					if ($i * 96 < w[i] - 2 || $i * 96 > w[i] + 2)
						ok = 0
				good += ok
				m = FNR
			}
			END { exit !(n == m && good == n) }' /tmp/wanted /tmp/boxes; then
			ok "$net, picture $seed: $(wc -l </tmp/wanted) squares"
		else
			bad "$net, picture $seed: $(cat /tmp/found)"
		fi
	done
done
exit "$worst"
