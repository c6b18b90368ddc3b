# SPDX-License-Identifier: MIT
#
# make            library, tool, software chip and test programs, into $(O)
# make install    DESTDIR= PREFIX=      library, header, pkg-config file, tool, man pages
# make uninstall  DESTDIR= PREFIX=      takes them away again
# make module     KDIR=                 hailo8l.ko for one kernel
# make dkms-install, make dkms-remove   hailo8l.ko for all kernels (root)
# make unit       unit tests (SAN=1: with ASan and UBSan; use another O for it)
# make check      everything that can be tested; installs what it needs (root)
# make check-debug  the guests' tests on kernels with KASAN, lockdep, kmemleak, KCSAN ...
# make demo       a network run end to end on the software chip, or on a real one
# make bench      what the library costs, counted by callgrind
# make fuzz       SECONDS=60: libFuzzer on everything that reads what others wrote (clang)
# make clean
#
# Other settings: O= output folder, CC=, CROSS_COMPILE=, CFLAGS=, PKG_CONFIG=,
# WERROR=1 (as CI does).

VERSION := 0.1.0

O ?= build
# One name for each file, however the folder is called: .d files have names, too.
override O := $(patsubst $(CURDIR)/%,%,$(abspath $(O)))
PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
CROSS_COMPILE ?=
ifeq ($(origin CC),default)
CC := $(CROSS_COMPILE)gcc
endif
ifeq ($(origin AR),default)
AR := $(CROSS_COMPILE)ar
endif
PKG_CONFIG ?= $(CROSS_COMPILE)pkg-config
INSTALL ?= install
CFLAGS ?= -O2 -g

H8L_CFLAGS := -std=c11 -D_GNU_SOURCE -Wall -Wextra -Wshadow -Iinclude -I.
H8L_LDFLAGS :=
ifdef WERROR
H8L_CFLAGS += -Werror
endif
ifdef SAN
H8L_CFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
H8L_LDFLAGS += -fsanitize=address,undefined
endif

ifdef FUZZ
H8L_CFLAGS += -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
H8L_LDFLAGS += -fsanitize=address,undefined
endif

# Each folder adds to these.
PROGRAMS :=
UNIT_TESTS :=
GENERATED :=

.PHONY: all
all:

include lib/build.mk
include $(wildcard tools/build.mk tests/hef/build.mk tests/emulator/build.mk)
include $(wildcard tests/unit/build.mk tests/bench/build.mk tests/fuzz/build.mk tests/vm/build.mk)

all: $(PROGRAMS)

# How every user-space object is made. A folder sets CFLAGS of its own with
# a target-specific EXTRA_CFLAGS.
$(O)/%.o: %.c | $(GENERATED)
	@mkdir -p $(@D)
	$(CC) $(H8L_CFLAGS) $(EXTRA_CFLAGS) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(O)/%.pic.o: %.c | $(GENERATED)
	@mkdir -p $(@D)
	$(CC) $(H8L_CFLAGS) $(EXTRA_CFLAGS) $(CPPFLAGS) $(CFLAGS) -fPIC -MMD -MP -c -o $@ $<

-include $(shell find $(O) -name '*.d' 2>/dev/null)

.PHONY: unit
unit: $(UNIT_TESTS)
	@UNIT_FIRST="$(UNIT_FIRST)" tests/unit/run $(UNIT_TESTS)

.PHONY: module
KDIR ?= /lib/modules/$(shell uname -r)/build
module:
	@test -e $(KDIR)/Makefile || { \
		echo "make module: no kernel headers in $(KDIR): install the package" \
		"linux-headers of your kernel, or name another folder with KDIR=" >&2; exit 1; }
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

.PHONY: dkms-install dkms-remove
dkms-install dkms-remove: dkms-%:
	@driver/dkms-setup $*

.PHONY: install
install: install-lib install-tools
.PHONY: install-lib install-tools
install-lib install-tools:

.PHONY: uninstall uninstall-lib uninstall-tools
uninstall: uninstall-lib uninstall-tools
uninstall-lib uninstall-tools:

.PHONY: clean
clean:
	rm -rf $(O)
	rm -f Module.symvers modules.order hailo8l.ko hailo8l.mod hailo8l.mod.c
	find driver . -maxdepth 1 -name '*.o' -o -maxdepth 1 -name '.*.cmd' | xargs -r rm -f
