# SPDX-License-Identifier: MIT
#
# Firmware half of the software chip: tested on the whole chip without its shell.

FW_TEST_OBJS := $(O)/tests/unit/fw_host.o $(EMU_CORE_OBJS) $(EMU_FW_OBJS)

test_fw_control_OBJS := $(FW_TEST_OBJS)
test_fw_control_LIBS := $(EMU_LIBS)

test_fw_golden_OBJS := $(FW_TEST_OBJS)
test_fw_golden_LIBS := $(EMU_LIBS)

NN_OBJS := $(patsubst %.c,$(O)/%.o,$(wildcard tests/emulator/nn*.c)) $(O)/lib/crc32.o \
	$(O)/tests/hef/pattern.o

test_nn_pattern_OBJS := $(NN_OBJS)

# The image is made by the writer of HEFs, and judged by its own evaluator.
test_nn_net_OBJS := $(NN_OBJS) $(O)/tests/unit/nn_pair.o $(MKHEF_OBJS) $(REFNET_EVAL)
test_nn_net_LIBS := $(HEF_LIBS)

test_fw_run_OBJS := $(FW_TEST_OBJS)
test_fw_run_LIBS := $(EMU_LIBS)

test_fw_contexts_OBJS := $(FW_TEST_OBJS)
test_fw_contexts_LIBS := $(EMU_LIBS)
