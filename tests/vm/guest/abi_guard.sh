# SPDX-License-Identifier: MIT
# debug: kasan
# subtests: yes
#
# Controls that are not for the caller to send. One is meant to be refused by
# firmware, which the chip counts.
# violations: yes
abi_guard
