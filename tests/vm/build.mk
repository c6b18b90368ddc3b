# SPDX-License-Identifier: MIT
#
# The bench: `make check` and `make demo`. See tests/vm/README.

# Programs that go into the guests: the tool, the CPU reference and
# tests/vm/guest/*.c, which may use the library's internals.
GUEST_TESTS := $(patsubst tests/vm/guest/%.c,$(O)/tests/vm/guest/%,$(wildcard tests/vm/guest/*.c))
GUEST_PROGRAMS := $(GUEST_TESTS) $(filter $(O)/tools/% %/refnet %/mkfw,$(PROGRAMS))

# What the programs of guests share with unit tests
GUEST_OBJS := $(O)/tests/hef/pattern.o $(O)/tests/unit/kernel_compare.o \
	$(O)/tests/emulator/fault_option.o

$(GUEST_TESTS): %: %.o $(GUEST_OBJS) $(LIB_A)
	$(CC) $(H8L_LDFLAGS) $(LDFLAGS) -o $@ $^ $(LIB_LIBS)

.PHONY: guest-programs list-guest-programs
guest-programs: $(GUEST_PROGRAMS)

list-guest-programs:
	@echo $(GUEST_PROGRAMS)

# All test programs, without running them.
.PHONY: unit-programs
unit-programs: $(UNIT_TESTS)

.PHONY: check
check:
	@O=$(O) tests/vm/check

.PHONY: check-debug
check-debug:
	@O=$(O) tests/vm/check-debug

.PHONY: demo
demo:
	@O=$(O) tests/vm/demo

# For `make demo` on a machine with a real card.
.PHONY: tool-only
tool-only: $(O)/tools/hailo8l
