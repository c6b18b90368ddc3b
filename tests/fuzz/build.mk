# SPDX-License-Identifier: MIT
#
# make fuzz SECONDS=60: each libFuzzer target of this folder for so long, two at
# a time. Needs clang. See tests/fuzz/run.

FUZZ_NAMES := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_PROGRAMS := $(FUZZ_NAMES:%=$(O)/tests/fuzz/%)
SECONDS ?= 60

FUZZ_OBJS := $(addprefix $(O)/tests/,fuzz/fuzz.o unit/lib_driver.o unit/pp_case.o) $(LIB_A)

$(FUZZ_PROGRAMS): %: %.o $(FUZZ_OBJS)
	$(CC) $(H8L_LDFLAGS) -fsanitize=fuzzer $(LDFLAGS) -o $@ $^ $(LIB_LIBS) $(CMOCKA_LIBS)

$(O)/tests/fuzz/fuzz_control.o: EXTRA_CFLAGS += -DNETS_FOLDER='"$(NETS_FOLDER)"'

.PHONY: fuzz-programs list-fuzz-programs fuzz
fuzz-programs: $(FUZZ_PROGRAMS)

list-fuzz-programs:
	@echo $(FUZZ_PROGRAMS)

fuzz:
	@O=$(O) tests/fuzz/run $(SECONDS)
