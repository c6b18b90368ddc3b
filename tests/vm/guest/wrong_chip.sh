#!/bin/sh
# SPDX-License-Identifier: MIT
# subtests: yes
#
# A file for the Hailo-8 on a Hailo-8L is refused with the reason.
. /t/guest/_lib
fails_with "Hailo-8" hailo8l run /t/hef8/identity.hef -i /t/photo.jpg
exit "$worst"
