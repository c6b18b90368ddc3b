# SPDX-License-Identifier: MIT
# Hardware half of the software chip, with a stub for its firmware half.

EMU_UNIT_OBJS := $(EMU_CORE_OBJS) $(O)/tests/unit/emu_host.o $(O)/tests/unit/emu_stub_fw.o

$(foreach name,pci bar boot vdma mailbox fault,\
	$(eval test_emu_$(name)_OBJS := $(EMU_UNIT_OBJS)) \
	$(eval test_emu_$(name)_LIBS := $(EMU_LIBS)))

test_emu_vfu_OBJS := $(EMU_UNIT_OBJS) $(EMU_VFU_OBJS)
test_emu_vfu_LIBS := $(EMU_LIBS) -pthread
test_emu_fault_OBJS += $(O)/tests/emulator/fault_option.o

$(O)/tests/unit/test_emu_boot.o: EXTRA_CFLAGS += -DFW_IMAGE='"$(O)/tests/emulator/hailo8_fw.bin"'
$(O)/tests/unit/test_emu_boot: | $(O)/tests/emulator/hailo8_fw.bin
$(O)/tests/unit/emu_host.o: EXTRA_CFLAGS += $(EMU_CFLAGS)

# With the real firmware half.
test_emu_random_OBJS := $(EMU_CORE_OBJS) $(EMU_FW_OBJS) $(O)/tests/unit/emu_host.o
test_emu_random_LIBS := $(EMU_LIBS)
