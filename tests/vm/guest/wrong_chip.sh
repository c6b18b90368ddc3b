#!/bin/sh
# SPDX-License-Identifier: MIT
# debug: no, the library refuses a file
# subtests: yes
#
# A file for the Hailo-8 on a Hailo-8L is refused with the reason.
. /t/guest/_lib
head -c 1024 /dev/zero >/tmp/in.raw
fails_with "Hailo-8" hailo8l run /t/hef8/identity.hef -i /tmp/in.raw
exit "$worst"
