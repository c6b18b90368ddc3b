# SPDX-License-Identifier: MIT
#
# The program hailo8l, its man pages and its bash completion.

TOOL_NAMES := message args json outfile picture picture_png picture_jpeg resize buslist bushints \
	device scan identify hef run run_streams run_files run_frames run_top run_post run_report log \
	sensors monitor reset
# all but main(), for tests
TOOL_OBJS := $(TOOL_NAMES:%=$(O)/tools/%.o)
TOOL_MAIN := $(O)/tools/hailo8l.o
TOOL_PACKAGES := libpci libpng libjpeg pixman-1 json-c
TOOL_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(TOOL_PACKAGES) 2>/dev/null)
TOOL_LIBS := $(shell $(PKG_CONFIG) --libs $(TOOL_PACKAGES) 2>/dev/null) -lm

$(O)/tools/%.o: EXTRA_CFLAGS += $(TOOL_CFLAGS)

PROGRAMS += $(O)/tools/hailo8l

# Against the shared library, as users have it, found beside the program: in
# $(O) and, after an installation, in PREFIX.
$(O)/tools/hailo8l: $(TOOL_MAIN) $(TOOL_OBJS) | $(LIB_SO)
	$(CC) $(H8L_LDFLAGS) $(LDFLAGS) -o $@ $^ -L$(O)/lib -lhailo8l \
		-Wl,-rpath,'$$ORIGIN/../lib' $(TOOL_LIBS)

MAN1 := $(wildcard tools/man/*.1)

install-tools: $(O)/tools/hailo8l
	$(INSTALL) -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1 \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions
	$(INSTALL) -m 755 $(O)/tools/hailo8l $(DESTDIR)$(PREFIX)/bin/
	$(INSTALL) -m 644 $(MAN1) $(DESTDIR)$(PREFIX)/share/man/man1/
	$(INSTALL) -m 644 tools/hailo8l.bash \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/hailo8l

uninstall-tools:
	rm -f $(DESTDIR)$(PREFIX)/bin/hailo8l \
		$(MAN1:tools/man/%=$(DESTDIR)$(PREFIX)/share/man/man1/%) \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/hailo8l
