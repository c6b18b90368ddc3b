# SPDX-License-Identifier: MIT
#
# The parts of the driver that are pure functions on memory.

test_driver_desc_OBJS := $(O)/driver/desc.o

# Read beside the software chip's firmware
test_driver_context_OBJS = $(O)/driver/context.o $(O)/tests/unit/seeded.o $(FW_TEST_OBJS)
test_driver_context_LIBS = $(EMU_LIBS)

$(O)/driver/%.o: EXTRA_CFLAGS += -Idriver -include stddef.h

# The library's frames and the firmware's
test_control_frame_OBJS = $(O)/tests/unit/seeded.o $(O)/tests/unit/lib_driver.o $(FW_TEST_OBJS) \
	$(LIB_A)
test_control_frame_LIBS = $(EMU_LIBS) $(LIB_LIBS)
