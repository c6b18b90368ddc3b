# SPDX-License-Identifier: MIT
#
# The bench: `make check` and `make demo`. See tests/vm/README.

# Programs that go into the guests: the tool and tests/vm/guest/*.c.
GUEST_TESTS := $(patsubst tests/vm/guest/%.c,$(O)/tests/vm/guest/%,$(wildcard tests/vm/guest/*.c))
GUEST_PROGRAMS := $(GUEST_TESTS) $(filter $(O)/tools/%,$(PROGRAMS))

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

.PHONY: demo
demo:
	@O=$(O) tests/vm/demo
