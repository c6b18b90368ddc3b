// SPDX-License-Identifier: MIT
/*
 * abi_dmabuf udmabuf|system [hold]: frames from and to dma-bufs of another
 * driver, by their descriptors and by where they are mapped, give the bytes
 * that ordinary memory gives. `hold` leaves a transfer in one and sleeps.
 */
#include "abi.h"
#include "dmabuf.h"

#define FRAMES 12
#define PAGES 8

static const char *exporter;
static size_t page;

/*
 * Exporters sync for the direction of the CPU's access what was mapped for that
 * of the transfer, and udmabuf maps it once more for that. A kernel that checks
 * DMA reports both; it runs where memory is coherent, so there nothing is said.
 */
static bool checked;

static void sync_cpu(int fd, uint64_t flags)
{
	if (!checked)
		dmabuf_sync(fd, flags);
}

static int new_dmabuf(size_t size)
{
	return dmabuf_new(exporter, size, O_RDWR);
}

static int64_t import(int node, int fd, uint64_t size, uint32_t direction)
{
	struct hailo8l_buffer_map a = {
		.user_address = (uint64_t)(int64_t)fd, .size = size, .data_direction = direction,
		.buffer_type = HAILO8L_BUFFER_DMABUF,
		.allocated_buffer_handle = HAILO8L_NO_ALLOCATED_BUFFER,
	};
	int ret = call(node, HAILO8L_VDMA_BUFFER_MAP, &a);

	return ret < 0 ? ret : (int64_t)a.mapped_handle;
}

/* One buffer, by descriptor (addr == NULL) or by address */
static int launch_bound(struct net *n, bool in, int fd, const uint8_t *addr)
{
	struct hailo8l_launch_transfer t = in ?
		transfer(CH_IN, n->list_in, n->next_in, addr, IN_BYTES) :
		transfer(CH_OUT, n->list_out, n->next_out, addr, OUT_BYTES);
	uint32_t *next = in ? &n->next_in : &n->next_out;
	int ret;

	t.should_bind = 1;
	if (!addr) {
		t.buffers[0].type = HAILO8L_BUFFER_DMABUF;
		t.buffers[0].addr_or_fd = (uint64_t)fd;
	}
	ret = launch(n->fd, &t);
	if (ret > 0)
		*next = (*next + (uint32_t)ret) % n->descs;
	return ret;
}

/* Frame i: input bytes, and where the result is */
static void fill(uint8_t *in, int i)
{
	int k;

	for (k = 0; k < IN_BYTES; k++)
		in[k] = (uint8_t)(i * 7 + k * 13);
}

static uint8_t expected[FRAMES][OUT_BYTES];

static void with_ordinary_memory(int node)
{
	struct net n;
	int i;

	net_start(&n, node, DESCS);
	for (i = 0; i < FRAMES; i++) {
		uint8_t *out = n.out + n.next_out * OUT_PAGE;

		fill(n.in + n.next_in * IN_PAGE, i);
		EXPECT(launch_out(&n), 1);
		EXPECT(launch_in(&n), IN_DESCS);
		EXPECT(wait_for(node, CH_OUT, 1), 1);
		EXPECT(wait_for(node, CH_IN, 1), 1);
		memcpy(expected[i], out, OUT_BYTES);
	}
	net_stop(&n);
	net_free(&n);
}

/* What a frame needs: where the chip and where the CPU sees it */
struct side {
	int fd;
	uint8_t *cpu;			/* that the CPU uses */
	const uint8_t *addr;		/* that the launch names, or NULL */
};

static void one_frame(struct net *n, const struct side *in, const struct side *out, int i)
{
	sync_cpu(in->fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_WRITE);
	fill(in->cpu, i);
	sync_cpu(in->fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE);
	sync_cpu(out->fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_WRITE);
	memset(out->cpu, 0xa5, OUT_BYTES + 1);
	sync_cpu(out->fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE);
	EXPECT(launch_bound(n, false, out->fd, out->addr), 1);
	EXPECT(launch_bound(n, true, in->fd, in->addr), IN_DESCS);
	EXPECT(wait_for(n->fd, CH_OUT, 1), 1);
	EXPECT(wait_for(n->fd, CH_IN, 1), 1);
	sync_cpu(out->fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ);
	CHECK(!memcmp(out->cpu, expected[i], OUT_BYTES));
	CHECK(out->cpu[OUT_BYTES] == 0xa5);
	sync_cpu(out->fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ);
}

/* Their descriptors are closed halfway: what is mapped stays. */
static void by_descriptor(int node)
{
	size_t size = PAGES * page;
	struct side in = { .fd = new_dmabuf(size) }, out = { .fd = new_dmabuf(size) };
	int64_t map_in = import(node, in.fd, size, HAILO8L_DIR_TO_DEVICE);
	int64_t map_out = import(node, out.fd, OUT_BYTES, HAILO8L_DIR_FROM_DEVICE);
	struct net n;
	int i;

	CHECK(map_in > 0 && map_out > 0);
	in.cpu = dmabuf_see(in.fd, size, 0);
	out.cpu = dmabuf_see(out.fd, size, 0);
	net_start(&n, node, DESCS);
	for (i = 0; i < FRAMES; i++)
		one_frame(&n, &in, &out, i);
	net_stop(&n);
	net_enable(&n);
	fill(in.cpu, 0);
	close(in.fd);
	close(out.fd);
	EXPECT(launch_bound(&n, false, out.fd, NULL), 1);
	EXPECT(launch_bound(&n, true, in.fd, NULL), IN_DESCS);
	EXPECT(unmap_buffer(node, map_in), 0);
	EXPECT(unmap_buffer(node, map_out), 0);
	EXPECT(wait_for(node, CH_OUT, 1), 1);
	CHECK(!memcmp(out.cpu, expected[0], OUT_BYTES));
	EXPECT(launch_bound(&n, false, out.fd, NULL), -EFAULT);
	net_stop(&n);
	net_free(&n);
	munmap(in.cpu, size);
	munmap(out.cpu, size);
}

/* Mapped from its second page on, frames over the border of two pages */
static void by_address(int node)
{
	size_t size = (PAGES - 1) * page;
	struct side in = { .fd = new_dmabuf(PAGES * page) }, out = { .fd = new_dmabuf(PAGES * page) };
	uint8_t *in_base = dmabuf_see(in.fd, size, page), *out_base = dmabuf_see(out.fd, size, page);
	int64_t map_in = map_buffer(node, in_base, size, HAILO8L_DIR_TO_DEVICE);
	int64_t map_out = map_buffer(node, out_base + page, size - page, HAILO8L_DIR_FROM_DEVICE);
	struct net n;
	int i;

	CHECK(map_in > 0 && map_out > 0);
	net_start(&n, node, DESCS);
	for (i = 0; i < FRAMES; i++) {
		in.cpu = in_base + (size_t)(i % (PAGES - 2) + 1) * page - IN_PAGE;
		in.addr = in.cpu;
		out.cpu = out_base + page + i * 128;
		out.addr = out.cpu;
		one_frame(&n, &in, &out, i);
	}
	/* Larger than what is mapped there */
	EXPECT((int)map_buffer(node, in_base, size + page, HAILO8L_DIR_TO_DEVICE), -EFAULT);
	net_stop(&n);
	net_free(&n);
	EXPECT(unmap_buffer(node, map_in), 0);
	EXPECT(unmap_buffer(node, map_out), 0);
	munmap(in_base, size);
	munmap(out_base, size);
	close(in.fd);
	close(out.fd);
}

static void wrong(int node)
{
	int fd = new_dmabuf(PAGES * page), zero = open("/dev/zero", O_RDWR | O_CLOEXEC);
	int64_t map;

	EXPECT((int)import(node, 1000, page, HAILO8L_DIR_BOTH), -EINVAL);
	EXPECT((int)import(node, -1, page, HAILO8L_DIR_BOTH), -EINVAL);
	EXPECT((int)import(node, zero, page, HAILO8L_DIR_BOTH), -EINVAL);
	EXPECT((int)import(node, node, page, HAILO8L_DIR_BOTH), -EINVAL);
	EXPECT((int)import(node, fd, 0, HAILO8L_DIR_BOTH), -EINVAL);
	EXPECT((int)import(node, fd, PAGES * page + 1, HAILO8L_DIR_BOTH), -EINVAL);
	EXPECT((int)import(node, fd, page, HAILO8L_DIR_NONE), -EINVAL);
	map = import(node, fd, PAGES * page, HAILO8L_DIR_BOTH);
	CHECK(map > 0);
	EXPECT(unmap_buffer(node, map), 0);
	EXPECT(unmap_buffer(node, map), -EINVAL);
	close(zero);
	close(fd);
	if (strcmp(exporter, "system"))
		return;
	/* The chip must not write what the process itself may not. */
	fd = dmabuf_new(exporter, page, O_RDONLY);
	EXPECT((int)import(node, fd, page, HAILO8L_DIR_FROM_DEVICE), -EINVAL);
	EXPECT((int)import(node, fd, page, HAILO8L_DIR_BOTH), -EINVAL);
	map = import(node, fd, page, HAILO8L_DIR_TO_DEVICE);
	CHECK(map > 0);
	close(fd);
	EXPECT(unmap_buffer(node, map), 0);
}

/* Until somebody kills it or takes the device away */
static void hold(int node)
{
	int fd = new_dmabuf(PAGES * page);
	struct net n;

	CHECK(import(node, fd, PAGES * page, HAILO8L_DIR_BOTH) > 0);
	net_start(&n, node, DESCS);
	EXPECT(launch_bound(&n, false, fd, NULL), 1);
	close(fd);
	if (!failures)
		close(creat("/tmp/holding", 0600));
	pause();
}

int main(int argc, char **argv)
{
	int node = open_node();

	exporter = argc > 1 ? argv[1] : "udmabuf";
	checked = getenv("H8L_SHORT");
	page = (size_t)sysconf(_SC_PAGESIZE);
	if (argc > 2)
		hold(node);
	with_ordinary_memory(node);
	wrong(node);
	by_descriptor(node);
	by_address(node);
	close(node);
	return verdict(exporter);
}
