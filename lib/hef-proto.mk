# SPDX-License-Identifier: MIT
#
# The decoder of HEF metadata, generated into $(O)/lib. Used by the library and
# by the HEF writer of tests/hef: whoever includes this first defines it.

ifndef HEF_PB_H

PROTOC_C ?= protoc-c

HEF_PB_H := $(O)/lib/hef.pb-c.h
HEF_PB_C := $(O)/lib/hef.pb-c.c
HEF_PB_O := $(O)/lib/hef.pb-c.o
HEF_PB_PIC_O := $(O)/lib/hef.pb-c.pic.o
GENERATED += $(HEF_PB_H)

$(HEF_PB_C) $(HEF_PB_H) &: lib/hef.proto
	@mkdir -p $(O)/lib
	$(PROTOC_C) -Ilib --c_out=$(O)/lib $<

# The generated source is not ours to keep free of warnings.
$(HEF_PB_O): $(HEF_PB_C) $(HEF_PB_H)
	$(CC) $(H8L_CFLAGS) -w $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

$(HEF_PB_PIC_O): $(HEF_PB_C) $(HEF_PB_H)
	$(CC) $(H8L_CFLAGS) -w $(CPPFLAGS) $(CFLAGS) -fPIC -c -o $@ $<

H8L_CFLAGS += -I$(O)/lib

endif
