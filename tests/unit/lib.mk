# SPDX-License-Identifier: MIT
test_lib_md5_OBJS := $(O)/lib/md5.o
