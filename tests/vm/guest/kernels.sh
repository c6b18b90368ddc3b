#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Conversions in the vector instructions of this processor give the same bytes
# as the scalar code.
# module: none
# debug: no, conversions in user space, no driver
set -e
kernels | tee /tmp/kernels.log
case $(uname -m) in
aarch64) grep -q '^NEON is right' /tmp/kernels.log ;;
*) grep -q '^SSE2 is right' /tmp/kernels.log ;;
esac
