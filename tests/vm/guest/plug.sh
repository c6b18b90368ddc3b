#!/bin/sh
# SPDX-License-Identifier: MIT
# debug: kasan
#
# The card is taken out in order and put in again.
. /t/guest/_lib
host unplug || die "unplug"
[ ! -e /dev/hailo0 ] || die "/dev/hailo0 stays without a card"
host plug || die "plug"
/t/guest/_wait_card /dev/hailo0 || die "no node for the new card"
run_net /t/hef/edges_small.hef
