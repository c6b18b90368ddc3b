// SPDX-License-Identifier: MIT
/*
 * abi_dma: transfers on a running network, by ioctls: what completes, what is
 * refused, and what may be taken away while the chip uses it.
 */
#include <poll.h>
#include <pthread.h>

#include "abi.h"

static void frames_come_back(int fd)
{
	uint8_t first[OUT_BYTES];
	struct net n;
	int i;

	net_start(&n, fd, DESCS);
	for (i = 0; i < 40; i++) {
		uint8_t *out = n.out + n.next_out * OUT_PAGE;

		memset(n.in + n.next_in * IN_PAGE, i, IN_BYTES);
		memset(out, 0x5a, OUT_BYTES);
		EXPECT(launch_out(&n), 1);
		EXPECT(launch_in(&n), IN_DESCS);
		EXPECT(wait_for(fd, CH_IN, 1), 1);
		EXPECT(wait_for(fd, CH_OUT, 1), 1);
		if (i == 0)
			memcpy(first, out, OUT_BYTES);
		CHECK(i == 0 || memcmp(first, out, OUT_BYTES));
		CHECK(out[OUT_BYTES] == 0x5a);
	}
	net_stop(&n);
	net_free(&n);
}

static void ring_of_transfers_is_127_long(int fd)
{
	struct hailo8l_launch_transfer t;
	struct net n;
	int i;

	net_start(&n, fd, 256);
	for (i = 0; i < 127; i++)
		EXPECT(launch_out(&n), 1);
	EXPECT(launch_out(&n), -EFAULT);
	/* Reporting two transfers makes room for two. */
	for (i = 0; i < 2; i++) {
		EXPECT(launch_in(&n), IN_DESCS);
		EXPECT(wait_for(fd, CH_IN, 1), 1);
		EXPECT(wait_for(fd, CH_OUT, 1), 1);
	}
	EXPECT(launch_out(&n), 1);
	EXPECT(launch_out(&n), 1);
	EXPECT(launch_out(&n), -EFAULT);
	t = transfer(CH_IN, n.list_in, n.next_in + 1, n.in, IN_BYTES);
	EXPECT(launch(fd, &t), -EFAULT);
	EXPECT(launch_in(&n), IN_DESCS);
	net_stop(&n);
	net_free(&n);
}

/* One descriptor stays free, or the chip could not tell full from empty. */
static void list_is_never_full(int fd)
{
	struct net n;
	int i;

	net_start(&n, fd, DESCS);
	for (i = 0; i < DESCS - 1; i++)
		EXPECT(launch_out(&n), 1);
	EXPECT(launch_out(&n), -EFAULT);
	net_stop(&n);
	net_free(&n);
}

static void stopped_channel_is_reset(int fd)
{
	struct net n;

	net_start(&n, fd, DESCS);
	EXPECT(launch_out(&n), 1);
	EXPECT(change_status(fd, HW_CS_RESET), 0);
	EXPECT(launch_out(&n), -ECONNRESET);
	EXPECT(launch_in(&n), -ECONNRESET);
	EXPECT(disable(fd, NET_CHANNELS), 0);
	EXPECT(launch_in(&n), -ECONNRESET);
	net_free(&n);
}

static void *wait_in_thread(void *arg)
{
	struct net *n = arg;
	struct hailo8l_interrupts_wait a;
	int ret = wait_channels(n->fd, NET_CHANNELS, &a);

	return (void *)(intptr_t)(ret ? ret : a.channels_count);
}

/* L4: the interrupt thread of the stock library ends this way. */
static void disable_ends_a_wait(int fd)
{
	pthread_t thread;
	void *result;
	int64_t start;
	struct net n;

	net_start(&n, fd, DESCS);
	EXPECT(launch_out(&n), 1);
	pthread_create(&thread, NULL, wait_in_thread, &n);
	usleep(300000);
	start = now_ms();
	EXPECT(disable(fd, NET_CHANNELS), 0);
	pthread_join(thread, &result);
	CHECK(result == NULL);
	CHECK(now_ms() - start < 20000);
	EXPECT(change_status(fd, HW_CS_RESET), 0);
	net_free(&n);
}

/* Still as pages() left it? */
static bool is_untouched(const uint8_t *p, size_t size)
{
	size_t i;

	for (i = 0; i < size && p[i] == 0x5a; i++)
		;
	return i == size;
}

/* W-3: gone for the user, kept for the chip. */
static void unmap_in_flight(int fd)
{
	uint8_t *old;
	struct net n;
	int i;

	net_start(&n, fd, DESCS);
	for (i = 0; i < 8; i++)
		EXPECT(launch_out(&n), 1);
	EXPECT(unmap_buffer(fd, n.map_out), 0);
	EXPECT(unmap_buffer(fd, n.map_out), -EINVAL);
	EXPECT(launch_out(&n), -EFAULT);
	/* The memory goes to somebody else, if the driver lets it. */
	old = n.out;
	munmap(old, n.descs * OUT_PAGE);
	n.out = pages(n.descs * OUT_PAGE);
	for (i = 0; i < 8; i++) {
		EXPECT(launch_in(&n), IN_DESCS);
		EXPECT(wait_for(fd, CH_IN, 1), 1);
	}
	EXPECT(wait_for(fd, CH_OUT, 8), 8);
	for (i = 0; i < (int)(n.descs * OUT_PAGE); i++)
		CHECK(n.out[i] == 0x5a);
	net_stop(&n);
	n.map_out = map_buffer(fd, n.out, n.descs * OUT_PAGE, HAILO8L_DIR_FROM_DEVICE);
	net_free(&n);
}

/* W-4 */
static void release_list_in_use(int fd)
{
	int64_t other[4];
	struct net n;
	int i;

	net_start(&n, fd, DESCS);
	for (i = 0; i < 4; i++)
		EXPECT(launch_out(&n), 1);
	EXPECT(release_list(fd, n.list_out), 0);
	EXPECT(release_list(fd, n.list_out), -EINVAL);
	EXPECT(launch_out(&n), -EFAULT);
	/* The memory becomes that of another list, if the driver lets it. */
	for (i = 0; i < 4; i++)
		other[i] = create_list(fd, DESCS, OUT_PAGE, NULL);
	for (i = 0; i < 4; i++) {
		EXPECT(launch_in(&n), IN_DESCS);
		EXPECT(wait_for(fd, CH_IN, 1), 1);
	}
	EXPECT(wait_for(fd, CH_OUT, 4), 4);
	for (i = 0; i < 4; i++) {
		CHECK(!is_untouched(n.out + i * OUT_PAGE, OUT_BYTES));
		EXPECT(release_list(fd, other[i]), 0);
	}
	net_stop(&n);
	n.list_out = create_list(fd, DESCS, OUT_PAGE, NULL);
	net_free(&n);
}

/* W-5, W-6, W-9, W-10: nothing of a bad launch reaches the chip. */
static void bad_launches(int fd)
{
	struct hailo8l_launch_transfer good, t;
	struct net n;
	int64_t other;

	net_start(&n, fd, DESCS);
	good = transfer(CH_OUT, n.list_out, 0, n.out, OUT_BYTES);
#define BAD(change, error) do { t = good; change; EXPECT(launch(fd, &t), error); } while (0)
	BAD(t.engine = 1, -EINVAL);
	BAD(t.channel = 32, -EINVAL);
	BAD(t.channel = 255, -EINVAL);
	BAD(t.channel = 17, -ECONNRESET);
	BAD(t.desc_handle = 0, -EFAULT);
	BAD(t.desc_handle = n.list_in + 1, -EFAULT);
	BAD(t.buffers_count = 0, -EINVAL);
	BAD(t.buffers_count = 9, -EINVAL);
	BAD(t.buffers[0].type = 2, -EFAULT);
	BAD(t.buffers[0].size = 0, -EINVAL);
	BAD(t.buffers[0].size = UINT32_MAX, -EFAULT);
	BAD(t.buffers[0].addr_or_fd = UINT64_MAX, -EFAULT);
	BAD(t.buffers[0].addr_or_fd = (uintptr_t)n.in, -EFAULT);
	BAD(t.buffers[0].size = DESCS * OUT_PAGE, -ERANGE);
	BAD(t.starting_desc = 1, -EFAULT);
	BAD(t.starting_desc = 0x10000, -EFAULT);
	BAD(t.starting_desc = UINT32_MAX, -EFAULT);
	BAD(t.last_interrupts_domain = 4, -EINVAL);
	BAD((t.should_bind = 1, t.buffers[0].addr_or_fd += 1), -EINVAL);
	/* The second buffer is wrong: the first must not be launched. */
	BAD((t.buffers_count = 2, t.buffers[1] = t.buffers[0], t.buffers[1].size = 0), -EINVAL);
	EXPECT(launch(fd, &good), 1);
	/* Another list than the channel's */
	other = create_list(fd, DESCS, OUT_PAGE, NULL);
	good.starting_desc = 1;
	BAD(t.desc_handle = other, -EINVAL);
	EXPECT(release_list(fd, other), 0);
#undef BAD
	EXPECT(launch_in(&n), IN_DESCS);
	EXPECT(wait_for(fd, CH_OUT, 1), 1);
	net_stop(&n);
	net_free(&n);
}

/* The ring arithmetic of a channel is for powers of two. */
static void odd_list(int fd)
{
	struct hailo8l_desc_list_create a = { .desc_count = 24, .desc_page_size = OUT_PAGE };
	struct hailo8l_launch_transfer t;
	uint8_t *p = pages(4096);
	int64_t map = map_buffer(fd, p, 4096, HAILO8L_DIR_FROM_DEVICE);

	EXPECT(call(fd, HAILO8L_DESC_LIST_CREATE, &a), 0);
	EXPECT(bind_ring(fd, a.desc_handle, map, 24 * OUT_PAGE), 24);
	EXPECT(enable(fd, 1u << 17), 0);
	t = transfer(17, a.desc_handle, 0, p, OUT_BYTES);
	EXPECT(launch(fd, &t), -EINVAL);
	EXPECT(disable(fd, 1u << 17), 0);
	EXPECT(release_list(fd, a.desc_handle), 0);
	EXPECT(unmap_buffer(fd, map), 0);
	munmap(p, 4096);
}

/* W-49: an answer that could not be delivered is not lost. */
static void wait_with_bad_pointer(int fd)
{
	struct hailo8l_interrupts_wait *a = pages(4096);
	struct net n;

	net_start(&n, fd, DESCS);
	EXPECT(launch_out(&n), 1);
	EXPECT(launch_in(&n), IN_DESCS);
	memset(a, 0, sizeof(*a));
	a->bitmap[0] = 1u << CH_OUT;
	mprotect(a, 4096, PROT_READ);
	EXPECT(call(fd, HAILO8L_VDMA_INTERRUPTS_WAIT, a), -EFAULT);
	munmap(a, 4096);
	alarm(60);		/* which kills, if the completions are lost */
	EXPECT(wait_for(fd, CH_OUT, 1), 1);
	EXPECT(wait_for(fd, CH_IN, 1), 1);
	alarm(0);
	net_stop(&n);
	net_free(&n);
}

/* W-16, W-43: channels belong to the file that enabled them. */
static void others_keep_off(int fd)
{
	struct hailo8l_interrupts_wait a;
	struct hailo8l_launch_transfer t;
	struct net n, m;
	int other = open_node();

	net_start(&n, fd, DESCS);
	net_prepare(&m, other, DESCS);
	EXPECT(enable(other, 1u << CH_OUT), -EINVAL);
	EXPECT(enable(other, 1u << CH_OUT | 1u << 17), -EINVAL);
	EXPECT(enable(other, 1u << 17), 0);
	EXPECT(disable(other, UINT32_MAX), 0);
	EXPECT(wait_channels(other, NET_CHANNELS, &a), 0);
	CHECK(a.channels_count == 0);
	t = transfer(CH_OUT, m.list_out, 0, m.out, OUT_BYTES);
	EXPECT(launch(other, &t), -ECONNRESET);
	t.desc_handle = 999 << 12;
	EXPECT(launch(other, &t), -EFAULT);
	net_free(&m);
	close(other);
	EXPECT(launch_out(&n), 1);
	EXPECT(launch_in(&n), IN_DESCS);
	EXPECT(wait_for(fd, CH_OUT, 1), 1);
	net_stop(&n);
	net_free(&n);
}

/* Enabled and disabled by one, enabled by another: closing takes only one's own. */
static void channel_changes_hands(int fd)
{
	int other = open_node();

	EXPECT(enable(other, 1u << 20), 0);
	EXPECT(disable(other, 1u << 20), 0);
	EXPECT(enable(fd, 1u << 20), 0);
	close(other);
	other = open_node();
	EXPECT(enable(other, 1u << 20), -EINVAL);
	close(other);
	EXPECT(disable(fd, 1u << 20), 0);
}

/* What completed before belongs to the time before. */
static void stale_completions(int fd)
{
	struct hailo8l_interrupts_wait a;
	struct net n;

	alarms_interrupt();
	net_start(&n, fd, DESCS);
	EXPECT(launch_out(&n), 1);
	EXPECT(launch_in(&n), IN_DESCS);
	EXPECT(wait_for(fd, CH_IN, 1), 1);
	while (is_untouched(n.out, OUT_BYTES))
		usleep(1000);
	net_stop(&n);
	EXPECT(enable(fd, NET_CHANNELS), 0);
	alarm(1);
	EXPECT(wait_channels(fd, NET_CHANNELS, &a), -EINTR);
	alarm(0);
	EXPECT(disable(fd, NET_CHANNELS), 0);
	net_free(&n);
}

static void poll_tells(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct net n;

	net_start(&n, fd, DESCS);
	CHECK(poll(&p, 1, 0) == 0);
	EXPECT(launch_out(&n), 1);
	EXPECT(launch_in(&n), IN_DESCS);
	CHECK(poll(&p, 1, 20000) == 1 && p.revents & POLLIN);
	EXPECT(wait_for(fd, CH_OUT, 1), 1);
	EXPECT(wait_for(fd, CH_IN, 1), 1);
	CHECK(poll(&p, 1, 0) == 0);
	net_stop(&n);
	net_free(&n);
}

/* Buffers of the user's, bound at each launch and unmapped at each end */
static void bind_at_launch(int fd)
{
	struct hailo8l_launch_transfer t;
	struct net n;
	int i, frames = 3 * DESCS;

	net_start(&n, fd, DESCS);
	for (i = 0; i < frames; i++) {
		uint8_t *p = pages(4096);
		int64_t map = map_buffer(fd, p, 4096, HAILO8L_DIR_BOTH);

		CHECK(map > 0);
		t = transfer(CH_OUT, n.list_out, n.next_out, p, OUT_BYTES);
		t.should_bind = 1;
		EXPECT(launch(fd, &t), 1);
		n.next_out = (n.next_out + 1) % DESCS;
		t = transfer(CH_IN, n.list_in, n.next_in, p + 2048, IN_BYTES);
		t.should_bind = 1;
		EXPECT(launch(fd, &t), IN_DESCS);
		n.next_in = (n.next_in + IN_DESCS) % DESCS;
		EXPECT(wait_for(fd, CH_IN, 1), 1);
		EXPECT(wait_for(fd, CH_OUT, 1), 1);
		CHECK(p[0] != 0x5a || p[1] != 0x5a || p[2] != 0x5a);
		CHECK(p[OUT_BYTES] == 0x5a);
		EXPECT(unmap_buffer(fd, map), 0);
		munmap(p, 4096);
	}
	net_stop(&n);
	net_free(&n);
}

/* A list that points to nothing of ours any more carries nothing. */
static void unbound_descs_are_refused(int fd)
{
	struct net n;

	net_start(&n, fd, DESCS);
	EXPECT(launch_out(&n), 1);
	EXPECT(launch_in(&n), IN_DESCS);
	EXPECT(wait_for(fd, CH_OUT, 1), 1);
	EXPECT(unmap_buffer(fd, n.map_out), 0);
	n.map_out = map_buffer(fd, n.out, n.descs * OUT_PAGE, HAILO8L_DIR_FROM_DEVICE);
	EXPECT(launch_out(&n), -EFAULT);
	net_stop(&n);
	net_free(&n);
}

static void split_at_the_end(int fd)
{
	struct hailo8l_launch_transfer t;
	struct net n;
	int i;

	net_start(&n, fd, DESCS);
	for (i = 0; i < DESCS / 2 - 1; i++) {
		EXPECT(launch_out(&n), 1);
		EXPECT(launch_in(&n), IN_DESCS);
		EXPECT(wait_for(fd, CH_IN, 1), 1);
		EXPECT(wait_for(fd, CH_OUT, 1), 1);
	}
	/* Two descriptors are left; a transfer of two buffers takes them. */
	EXPECT(launch_out(&n), 1);
	t = transfer(CH_IN, n.list_in, n.next_in, n.in + n.next_in * IN_PAGE, IN_PAGE);
	t.buffers[1] = t.buffers[0];
	t.buffers[1].addr_or_fd += IN_PAGE;
	t.buffers[1].size = IN_BYTES - IN_PAGE;
	t.buffers_count = 2;
	EXPECT(launch(fd, &t), IN_DESCS);
	EXPECT(wait_for(fd, CH_IN, 1), 1);
	EXPECT(wait_for(fd, CH_OUT, 1), 1);
	net_stop(&n);
	net_free(&n);
}

static void timestamps(int fd)
{
	struct hailo8l_enable_channels e = { .bitmap = { NET_CHANNELS }, .enable_timestamps = 1 };
	struct hailo8l_read_timestamps *a = calloc(1, sizeof(*a));
	struct net n;

	net_prepare(&n, fd, DESCS);
	net_configure(&n);
	EXPECT(change_status(fd, HW_CS_ENABLED), 0);
	EXPECT(call(fd, HAILO8L_VDMA_ENABLE_CHANNELS, &e), 0);
	EXPECT(launch_out(&n), 1);
	EXPECT(launch_in(&n), IN_DESCS);
	EXPECT(wait_for(fd, CH_OUT, 1), 1);
	a->channel = CH_OUT;
	EXPECT(call(fd, HAILO8L_VDMA_READ_TIMESTAMPS, a), 0);
	CHECK(a->count == 1 && a->timestamps[0].num_processed == 1);
	CHECK(llabs((long long)a->timestamps[0].ns / 1000000 - now_ms()) < 60000);
	EXPECT(call(fd, HAILO8L_VDMA_READ_TIMESTAMPS, a), 0);
	CHECK(a->count == 0);
	net_stop(&n);
	net_free(&n);
	free(a);
}

/* 255 are kept, the newest are dropped, and nothing else is written to. */
static void many_timestamps(int fd)
{
	struct hailo8l_enable_channels e = { .bitmap = { NET_CHANNELS }, .enable_timestamps = 1 };
	struct hailo8l_read_timestamps *a = calloc(1, sizeof(*a));
	struct net n;
	int i;

	net_prepare(&n, fd, DESCS);
	net_configure(&n);
	EXPECT(change_status(fd, HW_CS_ENABLED), 0);
	EXPECT(call(fd, HAILO8L_VDMA_ENABLE_CHANNELS, &e), 0);
	for (i = 0; i < HAILO8L_MAX_TIMESTAMPS + 8; i++) {
		EXPECT(launch_out(&n), 1);
		EXPECT(launch_in(&n), IN_DESCS);
		EXPECT(wait_for(fd, CH_IN, 1), 1);
		EXPECT(wait_for(fd, CH_OUT, 1), 1);
	}
	a->channel = CH_OUT;
	EXPECT(call(fd, HAILO8L_VDMA_READ_TIMESTAMPS, a), 0);
	EXPECT((int)a->count, HAILO8L_MAX_TIMESTAMPS - 1);
	for (i = 1; i < HAILO8L_MAX_TIMESTAMPS - 1; i++)
		CHECK(a->timestamps[i].ns >= a->timestamps[i - 1].ns);
	EXPECT(a->timestamps[0].num_processed, 1);
	EXPECT(call(fd, HAILO8L_VDMA_READ_TIMESTAMPS, a), 0);
	EXPECT((int)a->count, 0);
	net_stop(&n);
	net_free(&n);
	free(a);
}

/* What others ask: is the chip usable? Enough where all is slow, see _run. */
static void short_cases(int fd)
{
	CASE("frames come back", frames_come_back(fd));
	CASE("a stopped channel is reset", stopped_channel_is_reset(fd));
	CASE("W-3 unmapped in flight", unmap_in_flight(fd));
	CASE("W-16 others keep off", others_keep_off(fd));
	CASE("W-46 nothing is left for the next owner", stale_completions(fd));
}

static void long_cases(int fd)
{
	CASE("127 transfers at a time", ring_of_transfers_is_127_long(fd));
	CASE("a list is never full", list_is_never_full(fd));
	CASE("disabling ends a wait", disable_ends_a_wait(fd));
	CASE("W-4 list released in use", release_list_in_use(fd));
	CASE("W-5 W-6 W-10 W-15 bad launches change nothing", bad_launches(fd));
	CASE("W-40 lists that no channel can run", odd_list(fd));
	CASE("W-49 completions are not lost", wait_with_bad_pointer(fd));
	CASE("W-43 a channel that changed hands", channel_changes_hands(fd));
	CASE("W-31 poll", poll_tells(fd));
	CASE("buffers bound at launch", bind_at_launch(fd));
	CASE("unbound descriptors are refused", unbound_descs_are_refused(fd));
	CASE("split at the end of a list", split_at_the_end(fd));
	CASE("time stamps", timestamps(fd));
	CASE("W-33 more time stamps than fit", many_timestamps(fd));
}

int main(void)
{
	int fd = open_node();

	short_cases(fd);
	if (!getenv("H8L_SHORT"))
		long_cases(fd);
	close(fd);
	return verdict("abi_dma");
}
