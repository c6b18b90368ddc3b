# SPDX-License-Identifier: MIT
test_lib_md5_OBJS := $(O)/lib/md5.o

test_lib_crc32_OBJS := $(addprefix $(O)/lib/,crc32.o xxh3.o xxh3_avx2.o)
test_lib_crc32_LIBS := -lz

# A scripted driver and chip
LIB_TEST_OBJS := $(O)/tests/unit/lib_driver.o $(LIB_A)

test_lib_golden_OBJS := $(LIB_TEST_OBJS) $(O)/tests/unit/post_pack.o
test_lib_golden_LIBS := $(LIB_LIBS) -ljson-c -lcrypto

test_lib_format_OBJS := $(LIB_A)
test_lib_format_LIBS := $(LIB_LIBS)
$(O)/tests/unit/test_lib_format.o: EXTRA_CFLAGS += -ffp-contract=off

# The n-th allocation fails
LIB_WRAP := -Wl,--wrap=malloc,--wrap=calloc,--wrap=reallocarray,--wrap=strdup,--wrap=mmap,--wrap=aligned_alloc

test_lib_hef_OBJS := $(O)/tests/unit/lib_alloc.o $(O)/tests/unit/hef_common.o $(MKHEF_OBJS) \
	$(REFNET_EVAL) $(LIB_A)
test_lib_hef_LIBS := $(LIB_WRAP) $(HEF_LIBS) $(LIB_LIBS)

test_lib_device_OBJS := $(LIB_TEST_OBJS)
test_lib_device_LIBS := $(LIB_LIBS)

test_lib_real_OBJS := $(LIB_TEST_OBJS)
test_lib_real_LIBS := $(LIB_LIBS)

test_lib_sweep_OBJS := $(O)/tests/unit/lib_alloc.o $(LIB_TEST_OBJS)
test_lib_sweep_LIBS := $(LIB_WRAP) -Wl,--wrap=opendir,--wrap=fopen,--wrap=socketpair \
	-Wl,--wrap=pthread_create $(LIB_LIBS) -pthread

test_lib_monitor_OBJS := $(LIB_TEST_OBJS)
test_lib_monitor_LIBS := $(LIB_LIBS)

test_lib_events_OBJS := $(LIB_TEST_OBJS)
test_lib_events_LIBS := $(LIB_LIBS) -pthread

test_lib_traces_OBJS := $(O)/tests/unit/golden.o $(LIB_TEST_OBJS)
test_lib_traces_LIBS := $(LIB_LIBS) -ljson-c -lcrypto

LIB_BENCH_OBJS := $(O)/tests/unit/lib_bench.o $(O)/tests/unit/lib_driver.o \
	$(O)/tests/hef/pattern.o $(test_lib_hef_OBJS)

test_lib_run_OBJS := $(LIB_BENCH_OBJS)
test_lib_run_LIBS := $(test_lib_hef_LIBS)

test_lib_queue_OBJS := $(LIB_BENCH_OBJS)
test_lib_queue_LIBS := $(test_lib_hef_LIBS)

test_lib_memory_OBJS := $(LIB_BENCH_OBJS)
test_lib_memory_LIBS := $(test_lib_hef_LIBS)

test_lib_threads_OBJS := $(LIB_BENCH_OBJS)
test_lib_threads_LIBS := $(test_lib_hef_LIBS) -pthread

# The examples are called as programs are, but for their device
POST_EXAMPLE_OBJS := $(O)/lib/examples/classify.o $(O)/lib/examples/detect.o
$(O)/lib/examples/classify.o: EXTRA_CFLAGS += -Dmain=classify_main
$(O)/lib/examples/detect.o: EXTRA_CFLAGS += -Dmain=detect_main
test_lib_post_OBJS := $(O)/tests/unit/post_hef.o $(O)/tests/unit/lib_driver.o $(POST_EXAMPLE_OBJS) \
	$(test_lib_hef_OBJS)
test_lib_post_LIBS := -Wl,--wrap=h8l_device_open $(test_lib_hef_LIBS)

# Every recording of ../shared/golden beside this library, a line each
golden-table: $(O)/tests/unit/test_lib_golden
	H8L_GOLDEN_TABLE=1 $< 2>/dev/null | grep -E '^[a-z_]|^#'
.PHONY: golden-table

test_lib_steady_OBJS := $(LIB_BENCH_OBJS)
test_lib_steady_LIBS := $(test_lib_hef_LIBS) -Wl,--wrap=read

# Vector code and its scalar twin
test_lib_kernels_OBJS := $(O)/tests/unit/kernel_compare.o $(LIB_A)
test_lib_kernels_LIBS := $(LIB_LIBS)

test_lib_streams_OBJS := $(LIB_BENCH_OBJS)
test_lib_streams_LIBS := $(test_lib_hef_LIBS)
