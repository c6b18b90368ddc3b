# SPDX-License-Identifier: MIT
#
# Post-processing. The golden tests read op parameters with the decoder that
# the library uses.

PP_OBJS := $(patsubst lib/%.c,$(O)/lib/%.o,$(wildcard lib/pp_*.c))
PP_GOLDEN_OBJS := $(O)/tests/unit/golden.o $(O)/tests/unit/pp_hef.o $(HEF_PB_O)

test_pp_golden_OBJS := $(PP_OBJS) $(PP_GOLDEN_OBJS)
test_pp_golden_LIBS := -lprotobuf-c -lm

$(foreach name,sort math heads masks onchip argmax fuzz,\
	$(eval test_pp_$(name)_OBJS := $(PP_OBJS) $(O)/tests/unit/pp_case.o $(O)/lib/crc32.o) \
	$(eval test_pp_$(name)_LIBS := -lm))

# The naive twins must round as the code that they are compared with.
$(O)/tests/unit/pp_case.o $(O)/tests/unit/test_pp_%.o: EXTRA_CFLAGS += -ffp-contract=off
