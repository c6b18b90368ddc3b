# SPDX-License-Identifier: MIT
#
# Everything that reads what others wrote, fed with arbitrary bytes.
#
# make fuzz SECONDS=60 SEED=1: each libFuzzer target of this folder for so long,
# two at a time; without SEED no two runs are the same. Needs clang. See
# tests/fuzz/run.
#
# The inputs that are kept (corpus/, and those that `seeds` makes of our own
# networks) also run as unit tests, with any compiler: replay_X.

FUZZ_TARGETS := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_PROGRAMS := $(FUZZ_TARGETS:%=$(O)/tests/fuzz/fuzz_%)
FUZZ_REPLAYS := $(FUZZ_TARGETS:%=$(O)/tests/fuzz/replay_%)
SECONDS ?= 60
NETS_FOLDER ?= $(O)/nets

FUZZ_OBJS := $(addprefix $(O)/tests/,fuzz/fuzz.o unit/lib_driver.o unit/pp_case.o) $(LIB_A)
FUZZ_LIBS := $(LIB_LIBS) $(CMOCKA_LIBS)

# Changes that keep the input what the target reads
$(O)/tests/fuzz/fuzz_hef: $(O)/tests/fuzz/mutate_hef.o

$(FUZZ_PROGRAMS): %: %.o $(FUZZ_OBJS)
	$(CC) $(H8L_LDFLAGS) -fsanitize=fuzzer $(LDFLAGS) -o $@ $^ $(FUZZ_LIBS)

$(O)/tests/fuzz/fuzz_control.o: EXTRA_CFLAGS += -DNETS_FOLDER='"$(NETS_FOLDER)"'

define replay_rule
$(O)/tests/fuzz/replay_$(1).o: tests/fuzz/replay.c | $$(GENERATED)
	@mkdir -p $$(@D)
	$$(CC) $$(H8L_CFLAGS) -DCORPUS='"tests/fuzz/corpus/$(1):$$(O)/fuzz-seeds/$(1)"' \
		$$(CPPFLAGS) $$(CFLAGS) -MMD -MP -c -o $$@ $$<

$(O)/tests/fuzz/replay_$(1): $(O)/tests/fuzz/replay_$(1).o $(O)/tests/fuzz/fuzz_$(1).o \
		$$(FUZZ_OBJS) | $(O)/fuzz-seeds/made
	$$(CC) $$(H8L_LDFLAGS) $$(LDFLAGS) -o $$@ $$^ $$(FUZZ_LIBS)
endef
$(foreach name,$(FUZZ_TARGETS),$(eval $(call replay_rule,$(name))))

FUZZ_HEFS := $(NETS) $(O)/tests/fuzz/heads.hef

$(O)/tests/fuzz/heads.hef: tests/fuzz/heads.net $(O)/tests/hef/mkhef
	@mkdir -p $(@D)
	$(O)/tests/hef/mkhef -o $@ $<

$(O)/fuzz-seeds/made: tests/fuzz/seeds $(FUZZ_HEFS)
	rm -rf $(@D)
	tests/fuzz/seeds $(@D) $(FUZZ_HEFS)
	touch $@

.PHONY: fuzz-seeds
fuzz-seeds: $(O)/fuzz-seeds/made

UNIT_TESTS += $(FUZZ_REPLAYS)

.PHONY: fuzz-programs list-fuzz-programs fuzz
fuzz-programs: $(FUZZ_PROGRAMS)

list-fuzz-programs:
	@echo $(FUZZ_PROGRAMS)

fuzz:
	@O=$(O) tests/fuzz/run $(SECONDS) $(SEED)
