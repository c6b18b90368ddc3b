# SPDX-License-Identifier: MIT
# debug: kasan kcsan
# subtests: yes
# core: yes
#
# Transfers by ioctls on a running network.
abi_dma
