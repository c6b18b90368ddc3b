// SPDX-License-Identifier: MIT
/*
 * bench HEF FORMAT FRAMES [stock]: what the library costs, beside a driver and
 * a chip that take no time (tests/unit/lib_driver.c). FORMAT, of all streams, is
 * auto or f32; raw: of outputs, as the chip gives them; post: raw, and detections
 * are made of each frame. "stock": the driver cannot be polled. As many frames are under
 * way as the queue holds (at most 32, the stock library's depth), the oldest is
 * waited for. Prints "name value" lines.
 *
 * Under callgrind every phase ends with a dump (open, configure, frames), with
 * the driver's own work left out; tests/bench/run reads them. Without
 * callgrind the macros do nothing.
 */
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <valgrind/callgrind.h>

#include "lib/network.h"
#include "tests/unit/lib_alloc.h"
#include "tests/unit/lib_driver.h"

#define DEPTH	32
#define STREAMS	40

struct run {
	struct drv *drv;
	struct h8l_os os;		/* the driver's, with the counting stopped inside */
	struct h8l_device *device;
	struct h8l_hef *hef;
	struct h8l_network *network;
	struct h8l_error error;
	unsigned int depth, inputs, outputs;
	struct h8l_buffer in[DEPTH][STREAMS], out[DEPTH][STREAMS];
	uint8_t *buffers;
	size_t bytes;			/* of the program's own buffers */
	struct h8l_memory *memory;
	unsigned int ioctls, naps;
	struct h8l_post *post;
	unsigned int detections;
	uint8_t *patterns[256];		/* what comes out of a stream */
};

static void die(const struct run *r)
{
	fprintf(stderr, "bench: %s\n", r->error.text);
	exit(1);
}

/* ---- the driver, uncounted ---- */

static struct run *run_of(const struct h8l_os *os)
{
	return os->ctx;
}

static int uncounted_ioctl(const struct h8l_os *os, int fd, unsigned long request, void *arg)
{
	struct run *r = run_of(os);
	unsigned long allocations = alloc_count;
	int result;

	CALLGRIND_TOGGLE_COLLECT;
	r->ioctls++;
	result = r->drv->os.ioctl(&r->drv->os, fd, request, arg);
	alloc_count = allocations;
	CALLGRIND_TOGGLE_COLLECT;
	return result;
}

static int uncounted_poll(const struct h8l_os *os, int fd, int timeout_ms)
{
	struct run *r = run_of(os);
	unsigned long allocations = alloc_count;
	int result;

	CALLGRIND_TOGGLE_COLLECT;
	result = r->drv->os.poll(&r->drv->os, fd, timeout_ms);
	alloc_count = allocations;
	CALLGRIND_TOGGLE_COLLECT;
	return result;
}

static int bench_open(const struct h8l_os *os, const char *path)
{
	return run_of(os)->drv->os.open(&run_of(os)->drv->os, path);
}

static void bench_close(const struct h8l_os *os, int fd)
{
	run_of(os)->drv->os.close(&run_of(os)->drv->os, fd);
}

static bool bench_can_poll(const struct h8l_os *os, int fd)
{
	return run_of(os)->drv->os.can_poll(&run_of(os)->drv->os, fd);
}

static uint64_t bench_now(const struct h8l_os *os)
{
	return run_of(os)->drv->now_us;
}

static int bench_sleep(const struct h8l_os *os, uint64_t us)
{
	run_of(os)->naps++;
	run_of(os)->drv->now_us += us;
	return 0;
}

/* ---- what the chip computes ---- */

static uint64_t next_random(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

/* Where values are probabilities, few are high: as in the runs that the figures of
 * the stock library come from (golden/README.md section 4, pattern S)
 */
static void fill(uint8_t *data, size_t size, bool sparse)
{
	uint64_t x = 0x48414c4f38474f4cull;

	for (size_t i = 0; i < size; i++) {
		uint32_t w = next_random(&x) & 0xffff, v = w >> 10;

		if (!sparse)
			data[i] = (uint8_t)w;
		else
			data[i] = (uint8_t)(w & 1023 ? v >> 1 : 128 + (v << 1));
	}
}

static bool is_sparse(const struct run *r, unsigned int index)
{
	struct h8l_stream_info info;

	for (unsigned int i = 0; !h8l_network_stream(r->network, H8L_OUTPUT, i, &info); i++)
		if (info.index == index)
			return info.quant.zero_point == 0 && info.quant.scale * 255 < 1.2f;
	return false;
}

static void on_output(void *ctx, const struct drv_channel *channel, uint8_t *data)
{
	struct run *r = ctx;
	uint8_t **pattern = &r->patterns[channel->stream];

	if (!*pattern) {
		*pattern = malloc(channel->frame_size);
		fill(*pattern, channel->frame_size, is_sparse(r, channel->stream));
	}
	memcpy(data, *pattern, channel->frame_size);
}

/* ---- what a process has ---- */

static long rss_kib(void)
{
	long pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	if (f && fscanf(f, "%*d %ld", &pages) != 1)
		pages = 0;
	if (f)
		fclose(f);
	return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

/* The driver's records of messages are its own, not the library's */
static long driver_kib(const struct run *r)
{
	size_t bytes = r->drv->control_count * sizeof(*r->drv->controls) + r->drv->scratch_size;

	for (unsigned int i = 0; i < 256; i++)
		if (r->patterns[i])
			bytes += malloc_usable_size(r->patterns[i]);

	for (unsigned int i = 0; i < DRV_MAX_LISTS; i++)
		if (r->drv->lists[i].handle)
			bytes += r->drv->lists[i].count * sizeof(struct drv_desc);
	return (long)(bytes / 1024);
}

/* ---- phases ---- */

static void start_phase(struct run *r)
{
	alloc_count = 0;
	r->ioctls = 0;
	r->naps = 0;
	CALLGRIND_ZERO_STATS;
	CALLGRIND_TOGGLE_COLLECT;
}

#define END_PHASE(name) do {		\
	CALLGRIND_TOGGLE_COLLECT;	\
	CALLGRIND_DUMP_STATS_AT(name);	\
} while (0)

static void prepare_driver(struct run *r)
{
	r->os = (struct h8l_os){
		.ctx = r, .class_dir = r->drv->class_dir, .dev_dir = "/dev",
		.open = bench_open, .close = bench_close, .ioctl = uncounted_ioctl,
		.poll = uncounted_poll, .can_poll = bench_can_poll, .now_us = bench_now,
		.sleep_us = bench_sleep,
	};
}

static void open_hef(struct run *r, const char *file)
{
	struct h8l_hef_info info;
	long before = rss_kib();

	start_phase(r);
	if (h8l_hef_open(file, &r->hef, &r->error))
		die(r);
	END_PHASE("open");
	h8l_hef_info(r->hef, &info);
	r->drv->architecture = info.architecture == H8L_HEF_HAILO8L ? H8L_ARCH_HAILO8L :
								      H8L_ARCH_HAILO8;
	printf("open_allocations %lu\nopen_rss_kib %ld\n", alloc_count, rss_kib() - before);
}

static void set_formats(struct run *r, const char *name)
{
	struct h8l_format format = {
		strcmp(name, "f32") ? H8L_TYPE_AUTO : H8L_TYPE_FLOAT32,
		strcmp(name, "raw") ? H8L_ORDER_AUTO : H8L_ORDER_RAW,
	};

	if (!strcmp(name, "post")) {
		if (h8l_post_open(r->network, 0, NULL, &r->post, &r->error))
			die(r);
		return;
	}
	for (unsigned int i = 0; i < r->inputs; i++)
		if (h8l_network_set_format(r->network, H8L_INPUT, i, format, &r->error))
			die(r);
	for (unsigned int i = 0; i < r->outputs; i++)
		if (h8l_network_set_format(r->network, H8L_OUTPUT, i, format, &r->error))
			die(r);
}

static void open_network(struct run *r, const char *format)
{
	struct h8l_network_options options = { .queue_depth = DEPTH };

	start_phase(r);
	if (h8l_network_open(r->device, r->hef, &options, &r->network, &r->error))
		die(r);
	r->inputs = h8l_network_inputs(r->network);
	r->outputs = h8l_network_outputs(r->network);
	set_formats(r, format);
	END_PHASE("configure");
	r->depth = h8l_network_queue_depth(r->network);
	printf("configure_allocations %lu\nconfigure_ioctls %u\nqueue_depth %u\n", alloc_count,
	       r->ioctls, r->depth);
}

static size_t buffer_step(const struct run *r, enum h8l_direction direction, unsigned int index)
{
	return align_up((size_t)h8l_network_frame_size(r->network, direction, index), 4096);
}

static void place_buffers(struct run *r, enum h8l_direction direction, unsigned int count,
			  struct h8l_buffer *buffers, uint8_t **at)
{
	for (unsigned int i = 0; i < count; i++) {
		buffers[i].data = *at;
		buffers[i].size = (size_t)h8l_network_frame_size(r->network, direction, i);
		*at += buffer_step(r, direction, i);
	}
}

/* One piece of memory, registered once */
static void make_buffers(struct run *r)
{
	uint8_t *at;

	for (unsigned int i = 0; i < r->inputs; i++)
		r->bytes += r->depth * buffer_step(r, H8L_INPUT, i);
	for (unsigned int i = 0; i < r->outputs; i++)
		r->bytes += r->depth * buffer_step(r, H8L_OUTPUT, i);
	at = aligned_alloc(4096, r->bytes);
	memset(at, 77, r->bytes);
	if (h8l_memory_register(r->device, at, r->bytes, &r->memory, &r->error))
		die(r);
	r->buffers = at;
	for (unsigned int d = 0; d < r->depth; d++) {
		place_buffers(r, H8L_INPUT, r->inputs, r->in[d], &at);
		place_buffers(r, H8L_OUTPUT, r->outputs, r->out[d], &at);
	}
}

static void submit(struct run *r, unsigned int n)
{
	unsigned int d = n % r->depth;

	if (h8l_network_submit(r->network, r->in[d], r->inputs, r->out[d], r->outputs, NULL,
			       &r->error))
		die(r);
}

static void take(struct run *r)
{
	struct h8l_completion completion;
	struct h8l_post_result result;
	const struct h8l_buffer *out;

	if (h8l_network_wait(r->network, -1, &completion, &r->error) != 1 || completion.status)
		die(r);
	if (!r->post)
		return;
	out = r->out[completion.frame % r->depth];
	if (h8l_post_run(r->post, out, r->outputs, &result, &r->error))
		die(r);
	r->detections = result.count;
}

static void run_frames(struct run *r, unsigned int frames)
{
	for (unsigned int n = 0; n < frames; n++) {
		if (n >= r->depth)
			take(r);
		submit(r, n);
	}
	for (unsigned int n = 0; n < r->depth && n < frames; n++)
		take(r);
}

/* Streams whose frames go, as a whole or their ends, through memory of the library's */
static unsigned int count_copies(const struct run *r)
{
	unsigned int copies = 0;

	for (unsigned int i = 0; i < r->network->stream_count; i++)
		copies += r->network->streams[i].bounce.data || r->network->streams[i].tails.data;
	return copies;
}

static void count_frames(struct run *r, unsigned int frames)
{
	unsigned int launches = r->drv->launches, waits = r->drv->waits, polls = r->drv->polls;
	double f = frames;

	start_phase(r);
	run_frames(r, frames);
	END_PHASE("frames");
	printf("frames %u\nallocations %.2f\nioctls %.2f\nlaunches %.2f\nwaits %.2f\npolls %.2f\n"
	       "sleeps %.2f\ncopies %u\n", frames, (double)alloc_count / f, r->ioctls / f,
	       (r->drv->launches - launches) / f, (r->drv->waits - waits) / f,
	       (r->drv->polls - polls) / f, r->naps / f,
	       count_copies(r));
}

static void finish(struct run *r)
{
	long rss = rss_kib();

	printf("detections %u\nrss_kib %ld\nprogram_kib %zu\ndriver_kib %ld\n", r->detections, rss,
	       r->bytes / 1024, driver_kib(r));
	h8l_post_close(r->post);
	h8l_network_close(r->network);
	h8l_memory_unregister(r->memory);
	free(r->buffers);
	h8l_hef_close(r->hef);
	h8l_device_close(r->device);
	if (*r->drv->violation) {
		fprintf(stderr, "bench: %s\n", r->drv->violation);
		exit(1);
	}
	drv_free(r->drv);
}

int main(int argc, char **argv)
{
	static struct run r;
	unsigned int frames = argc > 3 ? (unsigned int)atoi(argv[3]) : 0;

	if (argc < 4 || !frames) {
		fprintf(stderr, "usage: bench HEF auto|f32|raw|post FRAMES [stock]\n");
		return 2;
	}
	/* What the driver frees is gone at once, and no part of the figures */
	mallopt(M_MMAP_THRESHOLD, 65536);
	r.drv = drv_new(1);
	r.drv->has_poll = argc == 4;
	r.drv->ctx = &r;
	r.drv->on_output = on_output;
	prepare_driver(&r);
	printf("start_rss_kib %ld\n", rss_kib());
	open_hef(&r, argv[1]);
	if (device_open_os(&r.os, NULL, &r.device, &r.error))
		die(&r);
	open_network(&r, argv[2]);
	printf("configured_rss_kib %ld\n", rss_kib());
	make_buffers(&r);
	run_frames(&r, r.depth);
	count_frames(&r, frames);
	finish(&r);
	return 0;
}
