// SPDX-License-Identifier: MIT
/*
 * memory HEF [udmabuf|system]: frames in memory registered with the library give
 * the bytes that ordinary memory gives: in memory of the library and, if an
 * exporter is named, in dma-bufs of another driver. Frames that should not be
 * copied are in a network that has no memory to copy them to.
 */
#include <errno.h>

#include "abi.h"
#include "dmabuf.h"
#include "lib/network.h"

#define FRAMES 4
#define MAX_STREAMS 8
#define PAGE 4096
#define POISON 0xa5

static const char *exporter;
static struct h8l_os os;
static struct h8l_device *device;
static struct h8l_hef *hef;
static struct h8l_error error;
static bool driver_memory;
static bool padded;			/* the network whose one output is larger on the chip */

/* ---- the driver, listened to ---- */

static unsigned int maps;
static bool hides;			/* dma-bufs cannot be mapped by programs */

static int listen_ioctl(const struct h8l_os *o, int fd, unsigned long request, void *arg)
{
	maps += request == HAILO8L_VDMA_BUFFER_MAP;
	return h8l_os_linux.ioctl(o, fd, request, arg);
}

static int listen_map(const struct h8l_os *o, int fd, uint64_t offset, size_t size, bool writable,
		      void **data)
{
	if (hides && fd != h8l_device_fd(device))
		return -ENODEV;
	return h8l_os_linux.map(o, fd, offset, size, writable, data);
}

/* ---- frames ---- */

static void must(int err, const char *what)
{
	if (err >= 0)
		return;
	printf("FAIL %s: %s\n", what, error.text);
	exit(1);
}

/* A network and where the buffers of its frames are */
struct job {
	struct h8l_network *network;
	unsigned int count[2];		/* by enum h8l_direction */
	struct h8l_buffer buffers[FRAMES][2][MAX_STREAMS];
};

/* FLOATS: inputs as they are on the wire, outputs in float32 */
enum form { RAW, DEFAULT, FLOATS, FORMS };

static void set_format(struct job *job, enum h8l_direction d, enum form form)
{
	static const struct h8l_format raw = { H8L_TYPE_AUTO, H8L_ORDER_RAW };
	static const struct h8l_format floats = { H8L_TYPE_FLOAT32, H8L_ORDER_AUTO };
	const struct h8l_format *f = form == FLOATS && d == H8L_OUTPUT ? &floats : &raw;

	for (unsigned int i = 0; i < job->count[d] && form != DEFAULT; i++)
		must(h8l_network_set_format(job->network, d, i, *f, &error), "format");
}

static void open_job(struct job *job, enum form form, unsigned int flags)
{
	struct h8l_network_options options = { .queue_depth = FRAMES, .flags = flags };

	memset(job, 0, sizeof(*job));
	must(h8l_network_open(device, hef, &options, &job->network, &error), "open");
	job->count[H8L_INPUT] = h8l_network_inputs(job->network);
	job->count[H8L_OUTPUT] = h8l_network_outputs(job->network);
	for (enum h8l_direction d = H8L_INPUT; d <= H8L_OUTPUT; d++) {
		set_format(job, d, form);
		for (unsigned int f = 0; f < FRAMES; f++)
			for (unsigned int i = 0; i < job->count[d]; i++)
				job->buffers[f][d][i].size =
					(size_t)h8l_network_frame_size(job->network, d, i);
	}
	must(h8l_network_start(job->network, &error), "start");
}

/* Every buffer begins at a multiple of 4096 bytes plus `shift`, and bytes are
 * left behind it; returns bytes. `base` NULL: only counts.
 */
static size_t lay_out(struct job *job, uint8_t *base, size_t shift)
{
	size_t at = 0;

	for (unsigned int f = 0; f < FRAMES; f++)
		for (enum h8l_direction d = H8L_INPUT; d <= H8L_OUTPUT; d++)
			for (unsigned int i = 0; i < job->count[d]; i++) {
				struct h8l_buffer *b = &job->buffers[f][d][i];

				b->data = base ? base + at + shift : NULL;
				at += (b->size + shift) / PAGE * PAGE + PAGE;
			}
	return at;
}

static void fill(const struct job *job, unsigned int f)
{
	for (unsigned int i = 0; i < job->count[H8L_INPUT]; i++) {
		const struct h8l_buffer *b = &job->buffers[f][H8L_INPUT][i];

		for (size_t k = 0; k < b->size; k++)
			((uint8_t *)b->data)[k] = (uint8_t)(f * 7 + i * 31 + k * 13);
	}
	for (unsigned int i = 0; i < job->count[H8L_OUTPUT]; i++) {
		const struct h8l_buffer *b = &job->buffers[f][H8L_OUTPUT][i];

		memset(b->data, POISON, b->size + 1);
	}
}

static void run_frames(struct job *job)
{
	struct h8l_completion done;
	unsigned int before;

	for (unsigned int f = 0; f < FRAMES; f++) {
		before = maps;
		must(h8l_network_submit(job->network, job->buffers[f][H8L_INPUT],
					job->count[H8L_INPUT], job->buffers[f][H8L_OUTPUT],
					job->count[H8L_OUTPUT], NULL, &error), "submit");
		/* The first one may make buffers of the library's own */
		CHECK(!f || maps == before);
	}
	for (unsigned int f = 0; f < FRAMES; f++) {
		must(h8l_network_wait(job->network, -1, &done, &error), "wait");
		must(done.status, "frame");
	}
}

static bool same(const struct h8l_buffer *got, const struct h8l_buffer *wanted)
{
	return !memcmp(got->data, wanted->data, wanted->size) &&
	       ((uint8_t *)got->data)[wanted->size] == POISON;
}

static void compare(const struct job *job, const struct job *wanted)
{
	for (unsigned int f = 0; f < FRAMES; f++)
		for (unsigned int i = 0; i < job->count[H8L_OUTPUT]; i++)
			CHECK(same(&job->buffers[f][H8L_OUTPUT][i],
				   &wanted->buffers[f][H8L_OUTPUT][i]));
}

/* Of how many outputs only the ends went through memory of the library's */
static unsigned int count_tails(const struct job *job)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < job->network->stream_count; i++)
		count += job->network->streams[i].tails.data && !job->network->streams[i].bounce.data;
	return count;
}

static void fill_all(const struct job *job)
{
	for (unsigned int f = 0; f < FRAMES; f++)
		fill(job, f);
}

/* What comes out, in memory that nobody has registered, and always copied */
static void run_ordinary(struct job *job, enum form form)
{
	size_t size;
	uint8_t *base;

	open_job(job, form, 0);
	size = lay_out(job, NULL, 8);
	base = malloc(size);
	lay_out(job, base, 8);
	fill_all(job);
	run_frames(job);
	h8l_network_close(job->network);
}

static struct job wanted[FORMS];

/* ---- memory of the library ---- */

static void allocated(enum form form)
{
	struct h8l_memory *memory;
	struct job job;
	unsigned int before;
	size_t size;

	open_job(&job, form, form == DEFAULT ? 0 : H8L_NETWORK_NO_BOUNCE);
	size = lay_out(&job, NULL, 0);
	must(h8l_memory_alloc(device, size, &memory, &error), "alloc");
	lay_out(&job, h8l_memory_data(memory), 0);
	fill_all(&job);
	before = maps;
	run_frames(&job);
	CHECK(form == DEFAULT || maps == before);
	compare(&job, &wanted[form]);
	h8l_network_close(job.network);
	h8l_memory_unregister(memory);
}

/* Pages of the program: used as they are, or copied where that cannot be */
static void registered(enum form form)
{
	struct h8l_memory *memory = NULL;
	struct job job;
	size_t size;
	void *base;
	int err;

	open_job(&job, form, driver_memory || form == DEFAULT ? 0 : H8L_NETWORK_NO_BOUNCE);
	size = lay_out(&job, NULL, 0);
	if (posix_memalign(&base, (size_t)sysconf(_SC_PAGESIZE), size))
		exit(1);
	lay_out(&job, base, 0);
	err = h8l_memory_register(device, base, size, &memory, &error);
	EXPECT(err, driver_memory ? -ENOTSUP : 0);
	fill_all(&job);
	run_frames(&job);
	compare(&job, &wanted[form]);
	EXPECT((int)count_tails(&job), padded && form == DEFAULT && !driver_memory);
	h8l_network_close(job.network);
	h8l_memory_unregister(memory);
	free(base);
}

static void refused(void)
{
	struct h8l_buffer *in, *out;
	struct job job;
	uint8_t *base;
	int err;

	open_job(&job, RAW, H8L_NETWORK_NO_BOUNCE);
	base = calloc(1, lay_out(&job, NULL, 8));
	lay_out(&job, base, 8);
	in = job.buffers[0][H8L_INPUT];
	out = job.buffers[0][H8L_OUTPUT];
	err = h8l_network_run(job.network, in, job.count[H8L_INPUT], out, job.count[H8L_OUTPUT],
			      &error);
	EXPECT(err, -EINVAL);
	CHECK(!!strstr(error.text, "cannot be used as it is"));
	h8l_network_close(job.network);
	free(base);
}

/* ---- dma-bufs ---- */

/* All frames in one, from its second page on. Its descriptor is closed, and the
 * number belongs to another file when the frames run.
 */
static void one_dmabuf(enum form form)
{
	const uint64_t both = DMA_BUF_SYNC_READ | DMA_BUF_SYNC_WRITE;
	struct h8l_memory *memory;
	unsigned int before;
	struct job job;
	size_t size;
	int fd, mine, zero;

	open_job(&job, form, form == DEFAULT ? 0 : H8L_NETWORK_NO_BOUNCE);
	size = lay_out(&job, NULL, 0);
	fd = dmabuf_new(exporter, (size + PAGE + 0xffff) & ~(size_t)0xffff, O_RDWR);
	must(h8l_memory_import(device, fd, PAGE, size, &memory, &error), "import");
	mine = fcntl(fd, F_DUPFD_CLOEXEC, 100);
	zero = open("/dev/zero", O_RDWR | O_CLOEXEC);
	EXPECT(dup2(zero, fd), fd);
	lay_out(&job, h8l_memory_data(memory), 0);
	dmabuf_sync(mine, DMA_BUF_SYNC_START | both);
	fill_all(&job);
	dmabuf_sync(mine, DMA_BUF_SYNC_END | both);
	before = maps;
	run_frames(&job);
	CHECK(form == DEFAULT || maps == before);
	dmabuf_sync(mine, DMA_BUF_SYNC_START | both);
	compare(&job, &wanted[form]);
	dmabuf_sync(mine, DMA_BUF_SYNC_END | both);
	h8l_network_close(job.network);
	h8l_memory_unregister(memory);
	close(mine);
	close(zero);
	close(fd);
}

/* One buffer that programs cannot map: named to the driver by descriptor */
struct hidden {
	int fd;
	struct h8l_memory *memory;
	size_t size;
	uint8_t *seen;			/* by this test */
	void *name;			/* to the library */
};

static void import_hidden(struct hidden *h, struct h8l_buffer *b)
{
	h->size = (b->size + 1 + 0xffff) & ~(size_t)0xffff;
	h->fd = dmabuf_new(exporter, h->size, O_RDWR);
	h->seen = dmabuf_see(h->fd, h->size, 0);
	hides = true;
	must(h8l_memory_import(device, h->fd, 0, h->size, &h->memory, &error), "import");
	hides = false;
	h->name = h8l_memory_data(h->memory);
	b->data = h->seen;
}

static void free_hidden(struct hidden *h)
{
	h8l_memory_unregister(h->memory);
	munmap(h->seen, h->size);
	close(h->fd);
}

/* Seen by this test, or named to the library */
static void point_to(struct job *job, struct hidden hidden[FRAMES][2][MAX_STREAMS], bool named)
{
	for (unsigned int f = 0; f < FRAMES; f++)
		for (enum h8l_direction d = H8L_INPUT; d <= H8L_OUTPUT; d++)
			for (unsigned int i = 0; i < job->count[d]; i++)
				job->buffers[f][d][i].data = named ? (uint8_t *)hidden[f][d][i].name :
								     hidden[f][d][i].seen;
}

static void by_descriptor(void)
{
	static struct hidden hidden[FRAMES][2][MAX_STREAMS];
	struct job job;

	open_job(&job, RAW, H8L_NETWORK_NO_BOUNCE);
	for (unsigned int f = 0; f < FRAMES; f++)
		for (enum h8l_direction d = H8L_INPUT; d <= H8L_OUTPUT; d++)
			for (unsigned int i = 0; i < job.count[d]; i++)
				import_hidden(&hidden[f][d][i], &job.buffers[f][d][i]);
	fill_all(&job);
	point_to(&job, hidden, true);
	run_frames(&job);
	point_to(&job, hidden, false);
	compare(&job, &wanted[RAW]);
	h8l_network_close(job.network);
	for (unsigned int f = 0; f < FRAMES; f++)
		for (enum h8l_direction d = H8L_INPUT; d <= H8L_OUTPUT; d++)
			for (unsigned int i = 0; i < job.count[d]; i++)
				free_hidden(&hidden[f][d][i]);
}

static void expect_import(int fd, size_t offset, size_t size, int err)
{
	struct h8l_memory *memory;

	EXPECT(h8l_memory_import(device, fd, offset, size, &memory, &error), err);
	CHECK(error.text[0]);
}

static void wrong_dmabufs(void)
{
	int fd = dmabuf_new(exporter, 16 * PAGE, O_RDWR);
	int zero = open("/dev/zero", O_RDWR | O_CLOEXEC);
	int memfd = memfd_create("memory", MFD_CLOEXEC);

	expect_import(zero, 0, PAGE, -EINVAL);
	expect_import(memfd, 0, PAGE, -EINVAL);
	expect_import(h8l_device_fd(device), 0, PAGE, -EINVAL);
	expect_import(-1, 0, PAGE, -EBADF);
	expect_import(1000, 0, PAGE, -EBADF);
	expect_import(fd, 0, 16 * PAGE + 1, -ERANGE);
	expect_import(fd, 16 * PAGE, PAGE, -ERANGE);
	expect_import(fd, 100, PAGE, -EINVAL);
	expect_import(fd, 0, 0, -EINVAL);
	hides = true;
	expect_import(fd, PAGE, PAGE, -ENOTSUP);
	hides = false;
	close(fd);
	close(zero);
	close(memfd);
}

/* What the process may only read, the chip may, too */
static void read_only(void)
{
	int fd = dmabuf_new(exporter, 0x10000, O_RDONLY), err;
	struct h8l_memory *memory;
	struct h8l_buffer keep;
	struct job job;

	open_job(&job, RAW, 0);
	lay_out(&job, malloc(lay_out(&job, NULL, 0)), 0);
	fill_all(&job);
	must(h8l_memory_import(device, fd, 0, 0x10000, &memory, &error), "import");
	keep = job.buffers[0][H8L_OUTPUT][0];
	job.buffers[0][H8L_OUTPUT][0].data = h8l_memory_data(memory);
	err = h8l_network_run(job.network, job.buffers[0][H8L_INPUT], job.count[H8L_INPUT],
			      job.buffers[0][H8L_OUTPUT], job.count[H8L_OUTPUT], &error);
	EXPECT(err, -EACCES);
	job.buffers[0][H8L_OUTPUT][0] = keep;
	job.buffers[0][H8L_INPUT][0].data = h8l_memory_data(memory);
	err = h8l_network_run(job.network, job.buffers[0][H8L_INPUT], job.count[H8L_INPUT],
			      job.buffers[0][H8L_OUTPUT], job.count[H8L_OUTPUT], &error);
	EXPECT(err, 0);
	h8l_network_close(job.network);
	h8l_memory_unregister(memory);
	close(fd);
}

static void in_dmabufs(void)
{
	CASE("frames in one dma-buf", one_dmabuf(RAW));
	CASE("converted frames in a dma-buf", one_dmabuf(DEFAULT));
	CASE("frames converted in place in a dma-buf", one_dmabuf(FLOATS));
	CASE("dma-bufs by descriptor", by_descriptor());
	CASE("wrong dma-bufs", wrong_dmabufs());
	if (!strcmp(exporter, "system"))
		CASE("a dma-buf for reading only", read_only());
}

int main(int argc, char **argv)
{
	struct h8l_identity id;

	if (argc < 2)
		return 2;
	exporter = argc > 2 ? argv[2] : NULL;
	padded = strstr(argv[1], "padded") != NULL;
	os = h8l_os_linux;
	os.ioctl = listen_ioctl;
	os.map = listen_map;
	must(device_open_os(&os, NULL, &device, &error), "device");
	must(h8l_hef_open(argv[1], &hef, &error), "file");
	h8l_device_identity(device, &id);
	driver_memory = id.driver_memory;
	for (enum form form = RAW; form < FORMS; form++)
		run_ordinary(&wanted[form], form);
	CASE("memory of the library", allocated(RAW));
	CASE("memory of the program", registered(RAW));
	CASE("converted in memory of the library", allocated(DEFAULT));
	CASE("converted in memory of the program", registered(DEFAULT));
	CASE("converted in place in memory of the library", allocated(FLOATS));
	CASE("converted in place in memory of the program", registered(FLOATS));
	CASE("memory that cannot be used as it is", refused());
	if (exporter)
		in_dmabufs();
	h8l_hef_close(hef);
	h8l_device_close(device);
	return verdict(argv[1]);
}
