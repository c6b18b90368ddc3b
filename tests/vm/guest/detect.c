// SPDX-License-Identifier: MIT
/* The example as it is, as a program of the guests. */
#include "lib/examples/detect.c"
