# SPDX-License-Identifier: MIT
# The parts of the program hailo8l, and the whole program on a library without
# a device (tests/tools/fake_h8l.c).

FAKE_H8L := $(O)/tests/tools/fake_h8l.o
TOOL_PICTURE_OBJS := $(addprefix $(O)/tools/,picture.o picture_png.o picture_jpeg.o resize.o message.o)

$(O)/tests/unit/test_tool_%.o: EXTRA_CFLAGS += $(TOOL_CFLAGS)

test_tool_picture_OBJS := $(TOOL_PICTURE_OBJS)
test_tool_picture_LIBS := $(TOOL_LIBS)
test_tool_resize_OBJS := $(TOOL_PICTURE_OBJS)
test_tool_resize_LIBS := $(TOOL_LIBS)
test_tool_outfile_OBJS := $(addprefix $(O)/tools/,outfile.o message.o)
test_tool_args_OBJS := $(addprefix $(O)/tools/,args.o message.o)
test_tool_bus_OBJS := $(addprefix $(O)/tools/,buslist.o bushints.o message.o) $(FAKE_H8L)
test_tool_bus_LIBS := $(TOOL_LIBS)

# The program itself: called, and its words and files compared.
$(O)/tests/tools/hailo8l: $(TOOL_MAIN) $(TOOL_OBJS) $(FAKE_H8L)
	$(CC) $(H8L_LDFLAGS) $(LDFLAGS) -o $@ $^ $(TOOL_LIBS)

$(O)/tests/tools/tool_%: tests/tools/tool_%.sh tests/tools/lib.sh $(O)/tests/tools/hailo8l
	@mkdir -p $(@D)
	sed -e 's|@SOURCE@|$(CURDIR)|g' -e 's|@BUILD@|$(abspath $(O))|g' $< >$@
	chmod +x $@

# This one runs the real program, on files made by mkhef.
$(O)/tests/tools/tool_hef: $(O)/tools/hailo8l $(O)/tests/hef/mkhef \
		$(addprefix $(O)/nets/,digits.hef squares_host.hef squares_chip.hef)

UNIT_TESTS += $(patsubst tests/tools/%.sh,$(O)/tests/tools/%,$(wildcard tests/tools/tool_*.sh))
