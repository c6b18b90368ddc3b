#!/bin/sh
# SPDX-License-Identifier: MIT
# emu: --temperature 41.5,43 --serial HLTESTSERIAL0001
# debug: no, what the tool prints
#
# The tool finds and identifies the chip, for people and for machines.
. /t/guest/_lib
hailo8l scan || die "scan"
hailo8l scan | grep -q '0000:01:00.0' || die "scan does not show the address"
hailo8l scan | grep -q '/dev/hailo0' || die "scan does not show the node"
hailo8l scan -o json | grep -q '"node": *"/dev/hailo0"' || die "scan as JSON"
hailo8l identify || die "identify"
hailo8l identify | grep -qi 'hailo-8l' || die "identify does not say Hailo-8L"
hailo8l identify | grep -q 'HLTESTSERIAL0001' || die "identify does not show the serial number"
hailo8l identify -o json | grep -q '4.23.0' || die "identify as JSON"
hailo8l hef /t/hef/edges.hef || die "hef"
hailo8l hef -o json /t/hef/edges.hef | grep -q '480' || die "hef as JSON"
