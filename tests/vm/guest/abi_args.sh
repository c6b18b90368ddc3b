# SPDX-License-Identifier: MIT
# debug: kasan
# subtests: yes
#
# Every ioctl with good and bad arguments, one message of which the firmware
# does not understand.
# violations: yes
abi_args
