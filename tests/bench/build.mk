# SPDX-License-Identifier: MIT
#
# make bench: what the library costs, counted. See tests/bench/run.

BENCH := $(O)/tests/bench/bench

$(BENCH): $(BENCH).o $(O)/tests/unit/lib_alloc.o $(O)/tests/unit/lib_driver.o $(LIB_A)
	$(CC) $(H8L_LDFLAGS) $(LDFLAGS) -o $@ $^ $(LIB_WRAP) $(LIB_LIBS)

.PHONY: bench
bench: $(BENCH) $(NETS)
	@tests/bench/run $(BENCH) $(O)/nets
