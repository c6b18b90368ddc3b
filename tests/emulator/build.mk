# SPDX-License-Identifier: MIT
#
# hailo8l-emu, the software chip, and mkfw, which makes its firmware image.

EMU_FW_SRCS := $(wildcard tests/emulator/fw*.c tests/emulator/nn*.c) tests/hef/pattern.c
EMU_CORE_SRCS := $(addprefix tests/emulator/,emu.c pci.c bar.c irq.c boot.c mailbox.c \
		   vdma.c dma.c fault.c stats.c trace.c)
EMU_VFU_SRCS := $(wildcard tests/emulator/vfu_*.c)
EMU_MAIN_SRCS := tests/emulator/main.c tests/emulator/fault_option.c

EMU_FW_OBJS := $(EMU_FW_SRCS:%.c=$(O)/%.o)
EMU_CORE_OBJS := $(EMU_CORE_SRCS:%.c=$(O)/%.o)
EMU_VFU_OBJS := $(EMU_VFU_SRCS:%.c=$(O)/%.o)
EMU_MAIN_OBJS := $(EMU_MAIN_SRCS:%.c=$(O)/%.o)

# Messages carry an MD5, networks a CRC; the pattern is what real ones return.
EMU_FW_OBJS += $(O)/lib/md5.o $(O)/lib/crc32.o $(O)/tests/hef/pattern.o

EMU_CFLAGS := $(shell $(PKG_CONFIG) --cflags json-c 2>/dev/null)
EMU_LIBS := $(or $(shell $(PKG_CONFIG) --libs json-c 2>/dev/null),-ljson-c) -lm

$(O)/tests/emulator/%.o: EXTRA_CFLAGS += $(EMU_CFLAGS)
$(O)/tests/emulator/main.o: EXTRA_CFLAGS += -DH8L_VERSION='"$(VERSION)"'

PROGRAMS += $(O)/tests/emulator/hailo8l-emu $(O)/tests/emulator/mkfw \
	    $(O)/tests/emulator/hailo8_fw.bin

$(O)/tests/emulator/hailo8l-emu: $(EMU_MAIN_OBJS) $(EMU_VFU_OBJS) $(EMU_CORE_OBJS) $(EMU_FW_OBJS)
	$(CC) $(H8L_LDFLAGS) $(LDFLAGS) -o $@ $^ $(EMU_LIBS)

$(O)/tests/emulator/mkfw: $(O)/tests/emulator/mkfw.o
	$(CC) $(H8L_LDFLAGS) $(LDFLAGS) -o $@ $^

$(O)/tests/emulator/hailo8_fw.bin: $(O)/tests/emulator/mkfw
	$< $@
