# SPDX-License-Identifier: MIT
#
# Every tests/unit/test_X.c is one cmocka program. What it links besides
# itself is said in tests/unit/AREA.mk, one file per area:
#
#	test_X_OBJS := $(O)/lib/foo.o ...	objects (rebuilt when needed)
#	test_X_LIBS := -lm ...			linker flags
#
# One program only: make unit UNIT_TESTS=build/tests/unit/test_X

# The slow ones: the others run beside them
UNIT_FIRST := tool_hef test_lib_golden tool_cli test_fw_golden test_pp_golden tool_docs \
	test_lib_post test_hef_chip

UNIT_NAMES := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test_*.c))
UNIT_TESTS += $(UNIT_NAMES:%=$(O)/tests/unit/%)

CMOCKA_CFLAGS := $(shell $(PKG_CONFIG) --cflags cmocka 2>/dev/null)
CMOCKA_LIBS := $(or $(shell $(PKG_CONFIG) --libs cmocka 2>/dev/null),-lcmocka)

include $(filter-out tests/unit/build.mk,$(wildcard tests/unit/*.mk))

$(O)/tests/unit/%.o: EXTRA_CFLAGS += $(CMOCKA_CFLAGS)

define unit_rule
$(O)/tests/unit/$(1): $(O)/tests/unit/$(1).o $$($(1)_OBJS)
	$$(CC) $$(H8L_LDFLAGS) $$(LDFLAGS) -o $$@ $$^ $$($(1)_LIBS) $$(CMOCKA_LIBS)
endef
$(foreach name,$(UNIT_NAMES),$(eval $(call unit_rule,$(name))))
