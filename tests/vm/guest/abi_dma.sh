# SPDX-License-Identifier: MIT
#
# Transfers by ioctls on a running network.
abi_dma
