# SPDX-License-Identifier: MIT
#
# mkhef (writes network files), refnet (computes what they must give), and the
# networks of nets/ as HEFs under $(O)/nets.

include lib/hef-proto.mk

HEF_LIBS := -lprotobuf-c -lcrypto -lz

MKHEF_OBJS := $(addprefix $(O)/tests/hef/,util.o desc.o parse.o image.o program.o \
	damage.o write.o) $(HEF_PB_O)

$(O)/tests/hef/mkhef: $(O)/tests/hef/mkhef.o $(MKHEF_OBJS)
	$(CC) $(H8L_LDFLAGS) $(LDFLAGS) -o $@ $^ $(HEF_LIBS)

REFNET_OBJS := $(addprefix $(O)/tests/hef/,util.o refhef.o refnet.o) $(HEF_PB_O)

$(O)/tests/hef/refnet: $(O)/tests/hef/refnet_main.o $(REFNET_OBJS)
	$(CC) $(H8L_LDFLAGS) $(LDFLAGS) -o $@ $^ $(HEF_LIBS)

NETS := $(patsubst tests/hef/%.net,$(O)/%.hef,$(wildcard tests/hef/nets/*.net))

$(O)/nets/%.hef: tests/hef/nets/%.net $(O)/tests/hef/mkhef
	@mkdir -p $(@D)
	$(O)/tests/hef/mkhef -o $@ $<

PROGRAMS += $(O)/tests/hef/mkhef $(O)/tests/hef/refnet $(NETS)
