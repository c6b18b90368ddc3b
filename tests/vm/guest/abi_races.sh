# SPDX-License-Identifier: MIT
# guests: amd64-debug-kcsan
# subtests: yes
#
# Everything at once: where the driver's data races are looked for.
. /t/guest/_lib
abi_races 20 || bad "abi_races ended with $?"
exit "$worst"
