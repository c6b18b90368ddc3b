# SPDX-License-Identifier: MIT

HEF_TEST_OBJS := $(O)/tests/unit/hef_common.o $(MKHEF_OBJS) $(REFNET_EVAL)

test_hef_eval_OBJS := $(HEF_TEST_OBJS)
test_hef_eval_LIBS := $(HEF_LIBS)

test_hef_write_OBJS := $(HEF_TEST_OBJS) $(O)/lib/md5.o
test_hef_write_LIBS := $(HEF_LIBS)

test_hef_refuse_OBJS := $(HEF_TEST_OBJS)
test_hef_refuse_LIBS := $(HEF_LIBS)

# Against the software chip's neural core
test_hef_chip_OBJS := $(HEF_TEST_OBJS) $(O)/tests/unit/hef_random.o $(O)/tests/unit/nn_pair.o \
	$(patsubst %.c,$(O)/%.o,$(wildcard tests/emulator/nn*.c)) $(O)/tests/hef/pattern.o \
	$(O)/lib/crc32.o
test_hef_chip_LIBS := $(HEF_LIBS)

# The network that the build has learnt
test_hef_digits_OBJS := $(HEF_TEST_OBJS) $(O)/tests/hef/nets/glyphs.o
test_hef_digits_LIBS := $(HEF_LIBS)
$(O)/tests/unit/test_hef_digits.o: EXTRA_CFLAGS += -DNETS_FOLDER='"$(O)/nets"'
$(O)/tests/unit/test_hef_digits: | $(O)/nets/digits.hef

test_hef_contexts_OBJS := $(HEF_TEST_OBJS)
test_hef_contexts_LIBS := $(HEF_LIBS)

# The network that finds squares
test_hef_squares_OBJS := $(HEF_TEST_OBJS) $(O)/tests/hef/nets/squares_draw.o
test_hef_squares_LIBS := $(HEF_LIBS) -lm
$(O)/tests/unit/test_hef_squares.o: EXTRA_CFLAGS += -DNETS_FOLDER='"$(O)/nets"'
$(O)/tests/unit/test_hef_squares: | $(O)/nets/squares_chip.hef

# The programs themselves
test_hef_programs_OBJS := $(HEF_TEST_OBJS)
test_hef_programs_LIBS := $(HEF_LIBS)
$(O)/tests/unit/test_hef_programs.o: EXTRA_CFLAGS += -DPROGRAM_FOLDER='"$(O)/tests/hef"'
$(O)/tests/unit/test_hef_programs: | $(O)/tests/hef/mkhef $(O)/tests/hef/refnet
