# SPDX-License-Identifier: MIT
# debug: kasan
#
# A program that got its turn by waiting and does not use it loses it to the
# next; one that uses it does not.
# guests: amd64-6.12
echo 20000 >/sys/module/hailo8l/parameters/share_wait_ms || exit 1
abi_share idle
