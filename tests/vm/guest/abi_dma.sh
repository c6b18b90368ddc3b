# SPDX-License-Identifier: MIT
# subtests: yes
# core: yes
#
# Transfers by ioctls on a running network.
abi_dma
