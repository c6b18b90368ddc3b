# SPDX-License-Identifier: MIT
#
# mkhef (writes network files), refnet (computes what they must give), and the
# networks of nets/ as HEFs under $(O)/nets.

include lib/hef-proto.mk

REFNET_LIBS := -lprotobuf-c -lz
HEF_LIBS := $(REFNET_LIBS) -lcrypto

MKHEF_OBJS := $(addprefix $(O)/tests/hef/,util.o desc.o parse.o image.o program.o \
	damage.o write.o) $(HEF_PB_O)

$(O)/tests/hef/mkhef: $(O)/tests/hef/mkhef.o $(MKHEF_OBJS)
	$(CC) $(H8L_LDFLAGS) $(LDFLAGS) -o $@ $^ $(HEF_LIBS)

REFNET_OBJS := $(addprefix $(O)/tests/hef/,util.o refhef.o refnet.o) $(HEF_PB_O)

$(O)/tests/hef/refnet: $(O)/tests/hef/refnet_main.o $(REFNET_OBJS)
	$(CC) $(H8L_LDFLAGS) $(LDFLAGS) -o $@ $^ $(REFNET_LIBS)

# The one network that is computed instead of written down
DIGITS_OBJS := $(addprefix $(O)/tests/hef/,util.o desc.o parse.o image.o refhef.o refnet.o \
	nets/glyphs.o) $(HEF_PB_O)

$(O)/tests/hef/nets/digits: $(O)/tests/hef/nets/digits.o $(DIGITS_OBJS)
	$(CC) $(H8L_LDFLAGS) $(LDFLAGS) -o $@ $^ $(REFNET_LIBS)

$(O)/nets/digits.net: $(O)/tests/hef/nets/digits
	@mkdir -p $(@D)
	$< net >$@.part && mv $@.part $@

$(O)/nets/digits.hef: $(O)/nets/digits.net $(O)/tests/hef/mkhef
	$(O)/tests/hef/mkhef -o $@ $<

NETS := $(O)/nets/digits.hef $(patsubst tests/hef/%.net,$(O)/%.hef,$(wildcard tests/hef/nets/*.net))

$(O)/nets/%.hef: tests/hef/nets/%.net $(O)/tests/hef/mkhef
	@mkdir -p $(@D)
	$(O)/tests/hef/mkhef -o $@ $<

PROGRAMS += $(O)/tests/hef/refnet

# These run where they are made: nothing of it in a cross build.
ifeq ($(CROSS_COMPILE),)
PROGRAMS += $(addprefix $(O)/tests/hef/,mkhef nets/digits) $(NETS)
endif
