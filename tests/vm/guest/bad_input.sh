#!/bin/sh
# SPDX-License-Identifier: MIT
# subtests: yes
# debug: no, the tool reads bad files; the driver sees nothing of it
#
# Bad input gets one message and leaves nothing behind.
. /t/guest/_lib
hef=/t/hef/edges_small.hef
head -c 100 $hef >/tmp/short.hef
head -c 4000 $hef >/tmp/cut.hef
{ printf 'XXXX'; tail -c +5 $hef; } >/tmp/magic.hef
size=$(wc -c <$hef)
{ head -c $((size - 9)) $hef; printf 'Z'; tail -c 8 $hef; } >/tmp/sum.hef
head -c 1000 /dev/zero >/tmp/raw
printf 'not a picture' >/tmp/text.png
head -c 3000 /t/photo.jpg >/tmp/cut.jpg

run() { fails_with "$@"; }
run "No such file" hailo8l run /tmp/none.hef -i /t/photo.jpg
run "short.hef" hailo8l run /tmp/short.hef -i /t/photo.jpg
run "cut.hef" hailo8l run /tmp/cut.hef -i /t/photo.jpg
run "magic.hef" hailo8l run /tmp/magic.hef -i /t/photo.jpg
run "sum.hef" hailo8l run /tmp/sum.hef -i /t/photo.jpg
run "none.jpg" hailo8l run $hef -i /tmp/none.jpg
run "1000" hailo8l run $hef -i /tmp/raw
run "text.png" hailo8l run $hef -i /tmp/text.png
run "cut.jpg" hailo8l run $hef -i /tmp/cut.jpg
run "160 x 120" hailo8l run $hef -i /t/photo.jpg --fit exact
run "/none/" hailo8l run $hef -i /t/photo.jpg -O /none/out.png
run "hailo7" hailo8l identify -d /dev/hailo7
run "unknown" hailo8l frobnicate

# Files of third parties, where this machine has them.
if [ -e /hefs/truncated_v2.hef ]; then
	run "truncated_v2.hef" hailo8l run /hefs/truncated_v2.hef -i /t/photo.jpg
	run "truncated_yolov8n" hailo8l run /hefs/truncated_yolov8n_v0.hef -i /t/photo.jpg
	run "other_chip" hailo8l run /hefs/other_chip_lightface_v3.hef -i /t/photo.jpg
fi

mkdir -p /etc
printf 'root:x:0:0::/root:/bin/sh\nnobody:x:99:99::/:/bin/sh\n' >/etc/passwd
chmod 600 /dev/hailo0
run "hailo8l: .*ermission" su nobody -s /bin/sh -c "LD_LIBRARY_PATH=/t/lib /t/bin/hailo8l identify"

# The chip still works, and nobody holds the module.
if run_net $hef >/tmp/log 2>&1; then ok "works afterwards"; else bad "works afterwards: $(cat /tmp/log)"; fi
rmmod hailo8l || bad "the module is held"
fails_with "no " hailo8l identify
insmod /t/mod/hailo8l.ko
exit "$worst"
