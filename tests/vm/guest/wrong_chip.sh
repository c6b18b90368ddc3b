#!/bin/sh
# SPDX-License-Identifier: MIT
# emu: --arch hailo8
# subtests: yes
#
# A file for the Hailo-8L on a Hailo-8 is refused with the reason.
. /t/guest/_lib
fails_with "Hailo-8" hailo8l run /t/hef/edges_small.hef -i /t/photo.jpg
exit "$worst"
