# SPDX-License-Identifier: MIT
#
# Firmware half of the software chip: tested on the whole chip without its shell.

FW_TEST_OBJS := $(O)/tests/unit/fw_host.o $(EMU_CORE_OBJS) $(EMU_FW_OBJS)

test_fw_control_OBJS := $(FW_TEST_OBJS)
test_fw_control_LIBS := $(EMU_LIBS)

test_fw_golden_OBJS := $(FW_TEST_OBJS)
test_fw_golden_LIBS := $(EMU_LIBS)
