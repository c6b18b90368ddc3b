# SPDX-License-Identifier: MIT
#
# mkhef (writes network files), refnet (computes what they must give), and the
# networks of nets/ as HEFs under $(O)/nets.

include lib/hef-proto.mk

REFNET_LIBS := -lprotobuf-c -lz
HEF_LIBS := $(REFNET_LIBS) -lcrypto

MKHEF_OBJS := $(addprefix $(O)/tests/hef/,util.o desc.o parse.o parse_ops.o image.o \
	program.o damage.o write.o write_edges.o write_ops.o) $(HEF_PB_O)

$(O)/tests/hef/mkhef: $(O)/tests/hef/mkhef.o $(MKHEF_OBJS)
	$(CC) $(H8L_LDFLAGS) $(LDFLAGS) -o $@ $^ $(HEF_LIBS)

REFNET_EVAL := $(addprefix $(O)/tests/hef/,refhef.o refnet.o refnet_nms.o refnet_contexts.o)
REFNET_OBJS := $(O)/tests/hef/util.o $(REFNET_EVAL) $(HEF_PB_O)

$(O)/tests/hef/refnet: $(O)/tests/hef/refnet_main.o $(REFNET_OBJS)
	$(CC) $(H8L_LDFLAGS) $(LDFLAGS) -o $@ $^ $(REFNET_LIBS)

# The one network that is computed instead of written down
DIGITS_OBJS := $(addprefix $(O)/tests/hef/,util.o desc.o parse.o parse_ops.o image.o \
	nets/glyphs.o \
	nets/png.o) $(REFNET_EVAL) $(HEF_PB_O)

$(O)/tests/hef/nets/digits: $(O)/tests/hef/nets/digits.o $(DIGITS_OBJS)
	$(CC) $(H8L_LDFLAGS) $(LDFLAGS) -o $@ $^ $(REFNET_LIBS)

$(O)/nets/digits.net: $(O)/tests/hef/nets/digits
	@mkdir -p $(@D)
	$< net >$@.part && mv $@.part $@

$(O)/nets/digits.hef: $(O)/nets/digits.net $(O)/tests/hef/mkhef
	$(O)/tests/hef/mkhef -o $@ $<

# The networks that find squares, made by a program because of their large filters
SQUARES_OBJS := $(addprefix $(O)/tests/hef/,util.o nets/png.o nets/squares_draw.o)

$(O)/tests/hef/nets/squares: $(O)/tests/hef/nets/squares.o $(SQUARES_OBJS)
	$(CC) $(H8L_LDFLAGS) $(LDFLAGS) -o $@ $^ -lz

$(O)/nets/squares_%.net: $(O)/tests/hef/nets/squares
	@mkdir -p $(@D)
	$< $* >$@.part && mv $@.part $@

$(O)/nets/squares_%.hef: $(O)/nets/squares_%.net $(O)/tests/hef/mkhef
	$(O)/tests/hef/mkhef -o $@ $<

.PRECIOUS: $(O)/nets/squares_%.net

NETS := $(addprefix $(O)/nets/,digits.hef squares_host.hef squares_chip.hef) $(patsubst tests/hef/%.net,$(O)/%.hef,$(wildcard tests/hef/nets/*.net))

$(O)/nets/%.hef: tests/hef/nets/%.net $(O)/tests/hef/mkhef
	@mkdir -p $(@D)
	$(O)/tests/hef/mkhef -o $@ $<

PROGRAMS += $(O)/tests/hef/refnet

.PHONY: nets
nets: $(NETS)

# These run where they are made: nothing of it in a cross build.
ifeq ($(CROSS_COMPILE),)
PROGRAMS += $(addprefix $(O)/tests/hef/,mkhef nets/digits nets/squares) $(NETS)
endif
