# SPDX-License-Identifier: MIT
test_lib_md5_OBJS := $(O)/lib/md5.o

# A scripted driver and chip
LIB_TEST_OBJS := $(O)/tests/unit/lib_driver.o $(LIB_A)

test_lib_golden_OBJS := $(LIB_TEST_OBJS)
test_lib_golden_LIBS := $(LIB_LIBS) -ljson-c -lcrypto

test_lib_format_OBJS := $(LIB_A)
test_lib_format_LIBS := $(LIB_LIBS)
$(O)/tests/unit/test_lib_format.o: EXTRA_CFLAGS += -ffp-contract=off
