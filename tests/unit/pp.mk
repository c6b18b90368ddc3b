# SPDX-License-Identifier: MIT
#
# Post-processing. The golden tests read op parameters with the decoder that
# the library uses.

PP_OBJS := $(patsubst lib/%.c,$(O)/lib/%.o,$(wildcard lib/pp_*.c))
PP_GOLDEN_OBJS := $(O)/tests/unit/golden.o $(O)/tests/unit/pp_hef.o $(HEF_PB_O)

test_pp_golden_OBJS := $(PP_OBJS) $(PP_GOLDEN_OBJS)
test_pp_golden_LIBS := -lprotobuf-c -lm
