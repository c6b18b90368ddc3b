# SPDX-License-Identifier: MIT

include lib/hef-proto.mk

LIB_ABI := 0
LIB_SRCS := $(filter-out lib/examples/%,$(wildcard lib/*.c))
LIB_OBJS := $(LIB_SRCS:%.c=$(O)/%.o) $(HEF_PB_O)
LIB_PIC_OBJS := $(LIB_SRCS:%.c=$(O)/%.pic.o) $(HEF_PB_PIC_O)
LIB_A := $(O)/lib/libhailo8l.a
LIB_SO := $(O)/lib/libhailo8l.so
LIB_SONAME := libhailo8l.so.$(LIB_ABI)
LIB_REAL := $(LIB_SONAME).$(VERSION:0.%=%)
LIB_LIBS := -lprotobuf-c -lm

PROGRAMS += $(LIB_A) $(LIB_SO)

# Results must not depend on fused multiply-add, see format_lines.c
$(O)/lib/%.o: EXTRA_CFLAGS += -fvisibility=hidden -ffp-contract=off
# No flags of the floating-point unit are read: lets the compiler compute both
# sides of a choice, and several values at a time
$(O)/lib/format_lines.o $(O)/lib/format_lines.pic.o: EXTRA_CFLAGS += -fno-trapping-math

$(LIB_A): $(LIB_OBJS)
	rm -f $@
	$(AR) rcs $@ $^

$(O)/lib/$(LIB_REAL): $(LIB_PIC_OBJS) lib/libhailo8l.map
	$(CC) -shared -Wl,-soname,$(LIB_SONAME) -Wl,--version-script,lib/libhailo8l.map \
		-Wl,-z,defs -Wl,--as-needed $(H8L_LDFLAGS) $(LDFLAGS) -o $@ \
		$(LIB_PIC_OBJS) $(LIB_LIBS)

$(O)/lib/$(LIB_SONAME): $(O)/lib/$(LIB_REAL)
	ln -sf $(LIB_REAL) $@

$(LIB_SO): $(O)/lib/$(LIB_SONAME)
	ln -sf $(LIB_SONAME) $@

# As users build them: with the header and the shared library only
EXAMPLES := $(patsubst lib/examples/%.c,$(O)/examples/%,$(wildcard lib/examples/*.c))
PROGRAMS += $(EXAMPLES)

$(O)/examples/%: lib/examples/%.c include/hailo8l.h | $(LIB_SO)
	@mkdir -p $(@D)
	$(CC) -std=c11 -Wall -Wextra -Wpedantic -Wshadow $(if $(WERROR),-Werror) -Iinclude \
		$(if $(SAN),-fsanitize=address$(comma)undefined) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) \
		-o $@ $< -L$(O)/lib -lhailo8l -Wl,-rpath,'$$ORIGIN/../lib'
comma := ,

$(O)/lib/hailo8l.pc: lib/hailo8l.pc.in always
	@mkdir -p $(@D)
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@VERSION@|$(VERSION)|' \
		$< >$@

# The two CMake files find the rest from where they are themselves.
CMAKEDIR = $(LIBDIR)/cmake/hailo8l
CMAKE_FILES := $(O)/lib/hailo8lConfig.cmake $(O)/lib/hailo8lConfigVersion.cmake

$(O)/lib/hailo8lConfigVersion.cmake: lib/hailo8lConfigVersion.cmake.in always
	@mkdir -p $(@D)
	sed -e 's|@VERSION@|$(VERSION)|g' \
		-e 's|@VERSION_MAJOR@|$(firstword $(subst ., ,$(VERSION)))|g' \
		-e 's|@VERSION_MINOR@|$(basename $(VERSION))|g' $< >$@

$(O)/lib/hailo8lConfig.cmake: lib/hailo8lConfig.cmake.in always
	@mkdir -p $(@D)
	sed -e 's|@CMAKE_TO_LIB@|../..|' -e 's|@LIB_SONAME@|$(LIB_SONAME)|g' \
		-e "s|@CMAKE_TO_INCLUDE@|$$(realpath -m --relative-to=$(CMAKEDIR) $(PREFIX)/include)|" \
		$< >$@

MAN3 := $(wildcard lib/man/*.3)
MAN3DIR = $(DESTDIR)$(PREFIX)/share/man/man3
EXAMPLEDIR = $(DESTDIR)$(PREFIX)/share/doc/hailo8l/examples

# What depends on PREFIX and LIBDIR, which make does not see, is always made
.PHONY: always

install-lib: $(LIB_A) $(LIB_SO) $(O)/lib/hailo8l.pc $(CMAKE_FILES)
	$(INSTALL) -d $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(CMAKEDIR) $(DESTDIR)$(PREFIX)/include $(MAN3DIR)
	$(INSTALL) -m 755 $(O)/lib/$(LIB_REAL) $(DESTDIR)$(LIBDIR)/
	ln -sf $(LIB_REAL) $(DESTDIR)$(LIBDIR)/$(LIB_SONAME)
	ln -sf $(LIB_SONAME) $(DESTDIR)$(LIBDIR)/libhailo8l.so
	$(INSTALL) -m 644 $(LIB_A) $(DESTDIR)$(LIBDIR)/
	$(INSTALL) -m 644 $(O)/lib/hailo8l.pc $(DESTDIR)$(LIBDIR)/pkgconfig/
	$(INSTALL) -m 644 $(CMAKE_FILES) $(DESTDIR)$(CMAKEDIR)/
	$(INSTALL) -m 644 include/hailo8l.h $(DESTDIR)$(PREFIX)/include/
	$(INSTALL) -m 644 $(MAN3) $(MAN3DIR)/
	$(INSTALL) -d $(EXAMPLEDIR)
	$(INSTALL) -m 644 $(wildcard lib/examples/*.c) $(EXAMPLEDIR)/
	# Every function has a page, if only one that leads to where it is described
	for page in $(notdir $(MAN3)); do \
		sed -n '/^\.SH NAME/{n;s/ \\- .*//;s/,/ /g;p;q}' lib/man/$$page | \
		tr -s ' ' '\n' | while read name; do \
			[ "$$name.3" = $$page ] || echo ".so man3/$$page" >$(MAN3DIR)/$$name.3; \
		done; \
	done

# The pages that lead to another go with it
uninstall-lib:
	rm -f $(DESTDIR)$(LIBDIR)/$(LIB_REAL) $(DESTDIR)$(LIBDIR)/$(LIB_SONAME) \
		$(DESTDIR)$(LIBDIR)/libhailo8l.so $(DESTDIR)$(LIBDIR)/libhailo8l.a \
		$(DESTDIR)$(LIBDIR)/pkgconfig/hailo8l.pc $(DESTDIR)$(PREFIX)/include/hailo8l.h \
		$(MAN3:lib/man/%=$(MAN3DIR)/%)
	rm -f $$(grep -lsE '^\.so man3/(h8l_|hailo8l)' $(MAN3DIR)/h8l_*.3)
	rm -f $(patsubst lib/examples/%,$(EXAMPLEDIR)/%,$(wildcard lib/examples/*.c))
	-rmdir $(EXAMPLEDIR) $(dir $(EXAMPLEDIR)) 2>/dev/null
	rm -f $(addprefix $(DESTDIR)$(CMAKEDIR)/,$(notdir $(CMAKE_FILES)))
	-rmdir $(DESTDIR)$(CMAKEDIR) 2>/dev/null
