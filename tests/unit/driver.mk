# SPDX-License-Identifier: MIT
#
# The parts of the driver that are pure functions on memory.

test_driver_desc_OBJS := $(O)/driver/desc.o
$(O)/driver/%.o: EXTRA_CFLAGS += -Idriver
