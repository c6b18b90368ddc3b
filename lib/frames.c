// SPDX-License-Identifier: MIT
/*
 * Frames: given to the chip, waited for, given back. In steady state (after the
 * first frame that needed a buffer of the library's) nothing is allocated and no
 * message is sent: one launch per transfer, one wait for as many as are done.
 * Where the program's buffer can be given to the chip as it is, nothing is copied
 * either. Reference configure-and-run.md section 14.
 */
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "memory.h"
#include "network.h"

/* Where DMA goes past the cache, the chip must not write to a line that holds
 * other data of the program. (A Raspberry Pi 5 is such a machine, PCs are not.)
 */
#ifdef __x86_64__
#define OUTPUT_MULTIPLE	1
#else
#define OUTPUT_MULTIPLE	64
#endif
#define MAX_UNDER_WAY	(HAILO8L_MAX_ONGOING - 1)

struct frame *frames_find(const struct h8l_network *network, uint64_t number)
{
	return &network->frames[number % network->queue_depth];
}

/* ---- life ---- */

/* One descriptor of a ring always stays free */
static unsigned int possible_depth(const struct h8l_network *network)
{
	unsigned int depth = MAX_UNDER_WAY;

	for (unsigned int i = 0; i < network->stream_count; i++) {
		const struct stream *stream = &network->streams[i];
		uint32_t fit = (stream->list.desc_count - 1) / stream->descs_per_frame;

		/* Bursts are not launched frame by frame */
		if (stream_has_bursts(stream) && fit)
			continue;
		if (fit < depth)
			depth = fit;
	}
	return depth;
}

/* Where the driver cannot be polled, a timer says "look" now and then */
static int create_timer(struct h8l_network *network, struct h8l_error *error)
{
	if (network->device->can_poll)
		return 0;
	network->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	return network->timer_fd < 0 ? fail_errno(error, -errno, "a timer") : 0;
}

int frames_create(struct h8l_network *network, struct h8l_error *error)
{
	unsigned int most = possible_depth(network);

	if (!most)
		return fail(error, -ENOTSUP, "%s: not even one frame fits into the descriptors of "
			    "this driver", network->group->name);
	if (network->queue_depth > most)
		network->queue_depth = most;
	network->frames = calloc(network->queue_depth, sizeof(*network->frames));
	network->parts = calloc((size_t)network->queue_depth * network->share_count,
				sizeof(*network->parts));
	if (!network->frames || !network->parts)
		return fail_memory(error, "frames");
	for (unsigned int i = 0; i < network->queue_depth; i++)
		network->frames[i].parts = &network->parts[(size_t)i * network->share_count];
	streams_size_bounces(network);
	return create_timer(network, error);
}

/* ---- the program's own memory ---- */

static bool needs_no_conversion(const struct share *share)
{
	const struct stream *stream = share->stream;

	return !stream->edge->mux && !stream_has_bursts(stream) && share->plan.direct &&
	       (stream->edge->direction == H8L_INPUT ||
		share->plan.host_size % OUTPUT_MULTIPLE == 0);
}

/* Bytes of the chip's frame that the program's buffer can take: all, or as many as
 * fill descriptors
 */
static size_t head_size(const struct share *share)
{
	size_t size = share->plan.host_size;

	if (align_up(share->plan.device_size, OUTPUT_MULTIPLE) <= size)
		return share->plan.device_size;
	return size - size % share->stream->list.page_size;
}

/* Into a buffer that holds what the chip writes, or nearly so, and becomes what the
 * program wants. Registered memory only: to map and unmap it for each frame costs
 * more than a copy.
 */
static bool converts_in_place(const struct h8l_network *network, const struct share *share,
			      const struct part *part, const struct h8l_buffer *buffer)
{
	const struct stream *stream = share->stream;
	size_t tail = share->plan.device_size - head_size(share);

	if (stream->edge->mux || stream_has_bursts(stream) || !share->plan.in_place ||
	    !part->memory || !memory_reaches(part->memory, buffer))
		return false;
	return !tail || (tail < head_size(share) / 4 && !part->memory->by_fd &&
			 !(network->flags & H8L_NETWORK_NO_BOUNCE));
}

/* For this frame only. Pages are mapped, so the buffer must begin with one. 0,
 * or an error that only means: copy instead.
 */
static int map_part(const struct h8l_device *device, const struct stream *stream,
		    const struct h8l_buffer *buffer, struct part *part)
{
	struct hailo8l_buffer_map m = {
		.user_address = (uintptr_t)buffer->data,
		.size = buffer->size,
		.data_direction = stream->edge->direction == H8L_INPUT ?
				  HAILO8L_DIR_TO_DEVICE : HAILO8L_DIR_FROM_DEVICE,
		.buffer_type = HAILO8L_BUFFER_USER_PTR,
		.allocated_buffer_handle = HAILO8L_NO_ALLOCATED_BUFFER,
	};
	int err;

	if (device->identity.driver_memory ||
	    (uintptr_t)buffer->data % (uintptr_t)sysconf(_SC_PAGESIZE))
		return -EINVAL;
	err = device_ioctl(device, HAILO8L_VDMA_BUFFER_MAP, &m);
	if (err < 0)
		return err;
	part->mapping = m.mapped_handle;
	part->mapped = true;
	return 0;
}

static void unmap_part(const struct h8l_device *device, struct part *part)
{
	struct hailo8l_buffer_unmap u = { .mapped_handle = part->mapping };

	if (part->mapped)
		device_ioctl(device, HAILO8L_VDMA_BUFFER_UNMAP, &u);
	part->mapped = false;
}

static void unmap_frame(const struct h8l_network *network, const struct frame *frame)
{
	for (unsigned int i = 0; i < network->share_count; i++)
		unmap_part(network->device, &frame->parts[i]);
}

void frames_release(struct h8l_network *network)
{
	for (uint64_t n = network->taken; n < network->submitted; n++)
		unmap_frame(network, frames_find(network, n));
	if (network->timer_fd >= 0)
		close(network->timer_fd);
	free(network->parts);
	free(network->frames);
}

static void *bounce_of(const struct h8l_network *network, const struct stream *stream,
		       const struct frame *frame)
{
	return stream_slot(stream, (size_t)(frame - network->frames));
}

/* ---- launching ---- */

static int launch_failed(const struct h8l_network *network, const struct stream *stream, int err,
			 struct h8l_error *error)
{
	if (err == -ECONNRESET)
		return fail(error, err, "%s: the chip has stopped stream %s (reset or "
			    "overheating); start the network again", network->group->name,
			    stream->edge->name);
	return fail(error, err, "%s: stream %s: the driver does not take a frame: %s",
		    network->group->name, stream->edge->name, h8l_strerror(err));
}

/* The last descriptor interrupts the host */
static int launch(const struct h8l_network *network, struct stream *stream,
		  const struct hailo8l_launch_buffer *buffers, uint8_t count,
		  struct h8l_error *error)
{
	struct hailo8l_launch_transfer l = {
		.channel = stream->channel,
		.desc_handle = stream->list.handle,
		.starting_desc = stream->head,
		.should_bind = 1,
		.buffers_count = count,
		.last_interrupts_domain = HAILO8L_IRQ_HOST,
	};
	int err;

	memcpy(l.buffers, buffers, count * sizeof(*buffers));
	err = device_ioctl(network->device, HAILO8L_VDMA_LAUNCH_TRANSFER, &l);
	if (err < 0)
		return launch_failed(network, stream, err, error);
	stream->head = (stream->head + stream->descs_per_frame) & (stream->list.desc_count - 1);
	stream->launched++;
	return 0;
}

int frames_launch(struct h8l_network *network, struct stream *stream,
		  const struct h8l_memory *memory, const void *data, struct h8l_error *error)
{
	struct hailo8l_launch_buffer buffer = memory_name(memory, data, stream->edge->frame_size);

	return launch(network, stream, &buffer, 1, error);
}

int frames_need_bounce(struct h8l_network *network, struct stream *stream,
		       struct h8l_error *error)
{
	if (stream->bounce.data)
		return 0;
	if (network->flags & H8L_NETWORK_NO_BOUNCE)
		return fail(error, -EINVAL, "%s: the buffer of stream %s cannot be used as it is "
			    "(%s, or its frames must be converted, taken apart or collected), and "
			    "the network was opened without buffers of its own",
			    network->group->name, stream->edge->name,
			    network->device->identity.driver_memory ?
			    "it is not from h8l_memory_alloc()" : "no page begins there");
	return stream_create_bounce(network, stream, error);
}

static int launch_bounced(struct h8l_network *network, struct stream *stream,
			  const struct frame *frame, struct h8l_error *error)
{
	int err = frames_need_bounce(network, stream, error);
	void *bounce;

	if (err)
		return err;
	bounce = bounce_of(network, stream, frame);
	for (unsigned int i = 0; i < stream->share_count; i++) {
		const struct share *share = &stream->shares[i];
		struct part *part = &frame->parts[share->index];

		part->bounced = true;
		if (stream->edge->direction != H8L_INPUT)
			continue;
		memory_begin_cpu(part->memory, false);
		format_to_device(&share->plan, part->host, bounce);
		memory_end_cpu(part->memory, false);
	}
	return frames_launch(network, stream, NULL, bounce, error);
}

static void *tail_of(const struct h8l_network *network, const struct stream *stream,
		     const struct frame *frame)
{
	return stream_tail(stream, (size_t)(frame - network->frames));
}

static int launch_in_place(struct h8l_network *network, struct stream *stream,
			   const struct frame *frame, struct h8l_error *error)
{
	const struct share *share = stream->shares;
	struct part *part = &frame->parts[share->index];
	size_t head = head_size(share), tail = stream->edge->frame_size - head;
	struct hailo8l_launch_buffer buffers[2];
	int err = stream_need_scratch(stream, share->plan.in_place, error);

	if (!err && tail)
		err = stream_need_tails(network, stream, tail, error);
	if (err)
		return err;
	part->in_place = true;
	buffers[0] = memory_name(part->memory, part->host, (uint32_t)head);
	if (tail)
		buffers[1] = memory_name(NULL, tail_of(network, stream, frame), (uint32_t)tail);
	return launch(network, stream, buffers, tail ? 2 : 1, error);
}

static int launch_stream(struct h8l_network *network, struct stream *stream,
			 const struct frame *frame, struct h8l_error *error)
{
	struct part *part = &frame->parts[stream->shares->index];
	const struct h8l_buffer buffer = { part->host, stream->shares->plan.host_size };

	if (stream_has_bursts(stream))
		return bursts_launch(network, stream, error);
	if (needs_no_conversion(stream->shares) &&
	    (part->memory ? memory_reaches(part->memory, &buffer) :
	     !map_part(network->device, stream, &buffer, part)))
		return frames_launch(network, stream, part->memory, buffer.data, error);
	if (converts_in_place(network, stream->shares, part, &buffer))
		return launch_in_place(network, stream, frame, error);
	return launch_bounced(network, stream, frame, error);
}

/* What of the program's buffer belongs to a share */
static struct h8l_buffer share_buffer(const struct share *share, const struct h8l_buffer *whole)
{
	return (struct h8l_buffer){
		.data = (uint8_t *)whole->data + share->host_offset,
		.size = share->plan.host_size,
	};
}

static int set_part(const struct h8l_network *network, const struct share *share,
		    struct part *part, const struct h8l_buffer *buffer, struct h8l_error *error)
{
	*part = (struct part){
		.host = buffer->data, .memory = memory_of(network->device, buffer),
	};
	return part->memory ? memory_check(part->memory, buffer, share->stream->edge->direction,
					   needs_no_conversion(share), error) : 0;
}

/* What can never be is refused before it disturbs frames under way */
static int set_parts(const struct h8l_network *network, enum h8l_direction direction,
		     const struct frame *frame, const struct h8l_buffer *buffers,
		     struct h8l_error *error)
{
	int err = 0;

	for (unsigned int i = 0; i < network->port_count[direction] && !err; i++) {
		const struct port *port = &network->ports[direction][i];

		for (unsigned int k = 0; k < port->share_count && !err; k++) {
			const struct share *share = &port->shares[k];
			const struct h8l_buffer b = share_buffer(share, &buffers[i]);

			err = set_part(network, share, &frame->parts[share->index], &b, error);
		}
	}
	return err;
}

/* Outputs first: the chip needs a place for its results before it has input */
static int launch_frame(struct h8l_network *network, const struct frame *frame,
			struct h8l_error *error)
{
	unsigned int first = network->variant->input_count;
	int err = 0;

	for (unsigned int i = first; i < network->stream_count && !err; i++)
		err = launch_stream(network, &network->streams[i], frame, error);
	for (unsigned int i = 0; i < first && !err; i++)
		err = launch_stream(network, &network->streams[i], frame, error);
	return err;
}

/* ---- what is done ---- */

/* Frames since the start that all streams have completed */
static uint64_t done_since_start(const struct h8l_network *network)
{
	uint64_t done = UINT64_MAX;

	for (unsigned int i = 0; i < network->stream_count; i++)
		if (network->streams[i].done < done)
			done = network->streams[i].done;
	return done;
}

/* What was before the start was done or given up by then */
static bool is_done(const struct h8l_network *network, uint64_t number)
{
	return frames_find(network, number)->failed || number < network->started_at ||
	       number - network->started_at < done_since_start(network);
}

static bool under_way(const struct h8l_network *network)
{
	return network->submitted != network->taken &&
	       !is_done(network, network->submitted - 1);
}

void frames_cancel(struct h8l_network *network, int status)
{
	for (uint64_t n = network->taken; n < network->submitted; n++) {
		struct frame *frame = frames_find(network, n);

		if (is_done(network, n))
			continue;
		frame->failed = true;
		frame->status = status;
		status = -ECANCELED;
	}
}

/* After an error nobody knows what is still under way: stopping ends it */
static void give_up(struct h8l_network *network, int status)
{
	frames_cancel(network, status);
	session_stop(network, NULL);
}

/* ---- waiting ---- */

static struct stream *stream_of_channel(struct h8l_network *network, uint8_t channel)
{
	for (unsigned int i = 0; i < network->stream_count; i++)
		if (network->streams[i].channel == channel)
			return &network->streams[i];
	return NULL;
}

static int count_completions(struct h8l_network *network, const struct hailo8l_irq_data *irq,
			     struct h8l_error *error)
{
	struct stream *stream = stream_of_channel(network, irq->channel);

	if (!stream)
		return fail(error, -EPROTO, "%s: the driver reports channel %u, which is not ours",
			    network->group->name, irq->channel);
	if (irq->data == HAILO8L_IRQ_DATA_NOT_ACTIVE)
		return launch_failed(network, stream, -ECONNRESET, error);
	if (irq->data > HAILO8L_IRQ_DATA_MAX_COMPLETED)
		return fail(error, -EIO, "%s: stream %s: DMA error; see the kernel log",
			    network->group->name, stream->edge->name);
	if (irq->data > stream->launched - stream->completed)
		return fail(error, -EPROTO, "%s: stream %s: the driver reports more transfers than "
			    "there were", network->group->name, stream->edge->name);
	if (stream_has_bursts(stream))
		return bursts_take(network, stream, irq->data, error);
	stream->completed += irq->data;
	stream->done = stream->completed;
	return 0;
}

static int count_all(struct h8l_network *network, const struct hailo8l_interrupts_wait *w,
		     struct h8l_error *error)
{
	uint64_t before = done_since_start(network);
	int err = 0;

	if (w->channels_count > ARRAY_SIZE(w->irq_data))
		return fail(error, -EPROTO, "%s: the driver reports %u channels",
			    network->group->name, w->channels_count);
	for (unsigned int i = 0; i < w->channels_count && !err; i++)
		err = count_completions(network, &w->irq_data[i], error);
	if (done_since_start(network) != before)
		network->progress_us = network->device->os->now_us(network->device->os);
	return err;
}

/* Asks the driver what is done. `extra`: channels besides ours. */
static int collect(struct h8l_network *network, uint32_t extra, struct h8l_error *error)
{
	struct hailo8l_interrupts_wait w = { .bitmap = { network->boundary_bitmap | extra } };
	int err = device_ioctl(network->device, HAILO8L_VDMA_INTERRUPTS_WAIT, &w);

	if (err == -EINTR) {
		network->interrupted = true;
		return 0;
	}
	if (err < 0)
		return fail(error, err, "%s: waiting for results: %s", network->group->name,
			    h8l_strerror(err));
	return count_all(network, &w, error);
}

/* The stock driver can neither be polled nor told a time. But it does not
 * sleep if one of the channels it is asked for is not enabled.
 */
static int look(struct h8l_network *network, struct h8l_error *error)
{
	uint32_t not_ours = ~network->boundary_bitmap;

	return collect(network, not_ours & -not_ours, error);
}

static int poll_driver(struct h8l_network *network, uint64_t left_us, struct h8l_error *error)
{
	const struct h8l_os *os = network->device->os;
	uint64_t ms = (left_us + 999) / 1000;
	int ready = os->poll(os, network->device->fd, ms > INT_MAX ? INT_MAX : (int)ms);

	if (ready == -EINTR)
		network->interrupted = true;
	else if (ready < 0)
		return fail(error, ready, "%s: waiting for results: %s", network->group->name,
			    h8l_strerror(ready));
	return ready > 0 ? collect(network, 0, error) : 0;
}

#define MIN_SLEEP_US	20
#define MAX_SLEEP_US	1000

/* Between two looks we sleep: first about as long as the last frame took (not at
 * all if it was there already), then in small steps
 */
static int sleep_and_look(struct h8l_network *network, bool looked, uint64_t waited_us,
			  uint64_t left_us, struct h8l_error *error)
{
	const struct h8l_os *os = network->device->os;
	uint64_t sleep = looked ? waited_us / 16 : network->usual_wait_us * 7 / 8;

	if (sleep > MAX_SLEEP_US && looked)
		sleep = MAX_SLEEP_US;
	if (sleep < MIN_SLEEP_US)
		sleep = looked ? MIN_SLEEP_US : 0;
	if (left_us && sleep &&
	    os->sleep_us(os, sleep < left_us ? sleep : left_us) == -EINTR)
		network->interrupted = true;
	return look(network, error);
}

static int timed_out(const struct h8l_network *network, struct h8l_error *error)
{
	const char *missing = "";

	for (unsigned int i = 0; i < network->stream_count; i++)
		if (network->streams[i].done == done_since_start(network))
			missing = network->streams[i].edge->name;
	return fail(error, -ETIMEDOUT, "%s: no result within %u ms (stream %s); the network is "
		    "stopped and can be started again, see the kernel log",
		    network->group->name, network->timeout_ms, missing);
}

/* Time until the network's own timeout; UINT64_MAX if it has none */
static uint64_t patience_us(const struct h8l_network *network, uint64_t now)
{
	uint64_t limit = (uint64_t)network->timeout_ms * 1000;
	uint64_t passed = now - network->progress_us;

	if (network->timeout_ms == UINT_MAX)
		return UINT64_MAX;
	return passed < limit ? limit - passed : 0;
}

/* One turn of waiting: at most `left` us, which may be 0 */
static int wait_once(struct h8l_network *network, bool looked, uint64_t waited, uint64_t left,
		     struct h8l_error *error)
{
	const struct h8l_os *os = network->device->os;
	uint64_t patience = patience_us(network, os->now_us(os));

	if (left == UINT64_MAX && patience == UINT64_MAX)
		return collect(network, 0, error);
	if (!patience)
		return timed_out(network, error);
	if (left > patience)
		left = patience;
	if (network->device->can_poll)
		return poll_driver(network, left, error);
	return sleep_and_look(network, looked, waited, left, error);
}

/* Until frame `number` is done, at most `limit` us: 1 done, 0 not yet. An error
 * stops the network; then it is done, too. A signal ends the wait if `signals`.
 */
static int wait_frame(struct h8l_network *network, uint64_t number, uint64_t limit, bool signals)
{
	const struct h8l_os *os = network->device->os;
	uint64_t start = os->now_us(os), waited = 0;
	bool looked = false;

	network->interrupted = false;
	while (!is_done(network, number)) {
		int err;

		if ((looked && waited >= limit) || (signals && network->interrupted))
			return 0;
		err = wait_once(network, looked, waited,
				limit == UINT64_MAX ? limit : limit - waited, &network->failure);
		if (err)
			give_up(network, err);
		looked = true;
		waited = os->now_us(os) - start;
	}
	network->usual_wait_us = waited < MAX_SLEEP_US * 64 ? waited : MAX_SLEEP_US * 64;
	return 1;
}

int frames_drain(struct h8l_network *network, struct h8l_error *error)
{
	if (under_way(network))
		wait_frame(network, network->submitted - 1, UINT64_MAX, false);
	(void)error;
	return 0;
}

/* ---- giving and taking ---- */

static void arm_timer(const struct h8l_network *network, long ns)
{
	struct itimerspec when = {
		.it_interval.tv_nsec = ns, .it_value.tv_nsec = ns,
	};

	if (network->timer_wanted)
		timerfd_settime(network->timer_fd, 0, &when, NULL);
}

/* It stays readable until it is read */
static void calm_timer(const struct h8l_network *network)
{
	uint64_t ticks;

	if (network->timer_wanted && read(network->timer_fd, &ticks, sizeof(ticks)) < 0)
		return;
}

/* A part of a mux is put together first, at once where it goes if no conversion
 * follows
 */
static void take_share(const struct stream *stream, const struct share *share,
		       const void *transfer, void *host)
{
	void *whole = share->plan.direct ? host : stream->scratch;

	if (stream->edge->mux) {
		share_gather(share, transfer, whole);
		transfer = whole;
	}
	if (transfer != host)
		format_to_host(&share->plan, transfer, host);
}

static void take_in_place(const struct h8l_network *network, const struct frame *frame,
			  const struct share *share)
{
	const struct stream *stream = share->stream;
	struct format_place place = {
		.frame = frame->parts[share->index].host, .head = head_size(share),
		.room = stream->scratch,
	};

	if (place.head < stream->edge->frame_size)
		place.tail = tail_of(network, stream, frame);
	format_in_place(&share->plan, &place);
}

static void take_part(const struct h8l_network *network, const struct frame *frame,
		      const struct share *share)
{
	const struct part *part = &frame->parts[share->index];
	const struct stream *stream = share->stream;

	if (!part->bounced && !part->in_place)
		return;
	memory_begin_cpu(part->memory, true);
	if (part->in_place)
		take_in_place(network, frame, share);
	else
		take_share(stream, share, bounce_of(network, stream, frame), part->host);
	memory_end_cpu(part->memory, true);
}

static void take_outputs(const struct h8l_network *network, const struct frame *frame)
{
	for (unsigned int i = network->variant->input_count; i < network->stream_count; i++)
		for (unsigned int k = 0; k < network->streams[i].share_count; k++)
			take_part(network, frame, &network->streams[i].shares[k]);
}

/* The oldest frame, which is done */
static int take_frame(struct h8l_network *network, struct h8l_completion *completion,
		      struct h8l_error *error)
{
	struct frame *frame = frames_find(network, network->taken);
	int status = frame->failed ? frame->status : 0;

	unmap_frame(network, frame);
	if (!status)
		take_outputs(network, frame);
	else if (status == -ECANCELED)
		fail(error, status, "%s: frame %" PRIu64 " was given up when the network was "
		     "stopped", network->group->name, network->taken);
	else
		fail(error, status, "%.*s (frame %" PRIu64 ")", H8L_ERROR_TEXT - 40,
		     network->failure.text, network->taken);
	frame->failed = false;
	*completion = (struct h8l_completion){ network->taken++, status };
	if (network->taken == network->submitted)
		arm_timer(network, 0);
	return 1;
}

/* Nothing of a frame that cannot be launched as a whole may stay behind */
static int submit_locked(struct h8l_network *network, const struct h8l_buffer *inputs,
			 const struct h8l_buffer *outputs, uint16_t batch,
			 struct h8l_error *error)
{
	const struct h8l_os *os = network->device->os;
	struct frame *frame = frames_find(network, network->submitted);
	int err = set_parts(network, H8L_INPUT, frame, inputs, error) ?:
		  set_parts(network, H8L_OUTPUT, frame, outputs, error) ?:
		  session_start(network, batch, error);

	if (err)
		return err;
	if (network->submitted == network->taken) {
		network->progress_us = os->now_us(os);
		arm_timer(network, MAX_SLEEP_US * 1000);
	}
	err = launch_frame(network, frame, error);
	if (!err) {
		network->submitted++;
		return 0;
	}
	session_stop(network, NULL);
	unmap_frame(network, frame);
	return err;
}

/* ---- for programs ---- */

static int check_buffers(const struct h8l_network *network, enum h8l_direction direction,
			 const struct h8l_buffer *buffers, unsigned int count,
			 struct h8l_error *error)
{
	const char *what = direction == H8L_INPUT ? "input" : "output";
	unsigned int needed = network->port_count[direction];

	if (count != needed || !buffers)
		return fail(error, -EINVAL, "%s has %u %ss, %u buffers were given",
			    network->group->name, needed, what, count);
	for (unsigned int i = 0; i < count; i++) {
		size_t size = network->ports[direction][i].host_size;

		if (!buffers[i].data || buffers[i].size != size)
			return fail(error, -EINVAL, "%s: %s %u takes %zu bytes, the buffer has %zu",
				    network->group->name, what, i, size, buffers[i].size);
	}
	return 0;
}

int h8l_network_submit(struct h8l_network *network, const struct h8l_buffer *inputs,
		       unsigned int input_count, const struct h8l_buffer *outputs,
		       unsigned int output_count, uint64_t *frame, struct h8l_error *error)
{
	int err = check_buffers(network, H8L_INPUT, inputs, input_count, error) ?:
		  check_buffers(network, H8L_OUTPUT, outputs, output_count, error);

	if (err)
		return err;
	pthread_mutex_lock(&network->device->lock);
	if (network->submitted - network->taken == network->queue_depth)
		err = fail(error, -EAGAIN, "%s: %u frames are under way, take one first",
			   network->group->name, network->queue_depth);
	err = err ?: submit_locked(network, inputs, outputs, 0, error);
	if (!err && frame)
		*frame = network->submitted - 1;
	pthread_mutex_unlock(&network->device->lock);
	return err;
}

static int wait_locked(struct h8l_network *network, int timeout_ms,
		       struct h8l_completion *completion, struct h8l_error *error)
{
	uint64_t limit = timeout_ms < 0 ? UINT64_MAX : (uint64_t)timeout_ms * 1000;

	if (network->submitted == network->taken)
		return fail(error, -ENOENT, "%s: no frame was submitted", network->group->name);
	calm_timer(network);
	if (!wait_frame(network, network->taken, limit, true))
		return 0;
	return take_frame(network, completion, error);
}

int h8l_network_wait(struct h8l_network *network, int timeout_ms,
		     struct h8l_completion *completion, struct h8l_error *error)
{
	int got;

	pthread_mutex_lock(&network->device->lock);
	got = wait_locked(network, timeout_ms, completion, error);
	pthread_mutex_unlock(&network->device->lock);
	return got;
}

/* Frames come one by one: the firmware must not wait for a full batch */
static int run_locked(struct h8l_network *network, const struct h8l_buffer *inputs,
		      const struct h8l_buffer *outputs, struct h8l_error *error)
{
	struct h8l_completion completion;
	int err;

	if (network->submitted != network->taken)
		return fail(error, -EBUSY, "%s: %" PRIu64 " submitted frames were not taken back",
			    network->group->name, network->submitted - network->taken);
	err = submit_locked(network, inputs, outputs, network->batch_size > 1, error);
	if (err)
		return err;
	wait_frame(network, network->taken, UINT64_MAX, false);
	take_frame(network, &completion, error);
	return completion.status;
}

int h8l_network_run(struct h8l_network *network, const struct h8l_buffer *inputs,
		    unsigned int input_count, const struct h8l_buffer *outputs,
		    unsigned int output_count, struct h8l_error *error)
{
	int err = check_buffers(network, H8L_INPUT, inputs, input_count, error) ?:
		  check_buffers(network, H8L_OUTPUT, outputs, output_count, error);

	if (err)
		return err;
	pthread_mutex_lock(&network->device->lock);
	err = run_locked(network, inputs, outputs, error);
	pthread_mutex_unlock(&network->device->lock);
	return err;
}

unsigned int h8l_network_queue_depth(const struct h8l_network *network)
{
	return network->queue_depth;
}

int h8l_network_fd(struct h8l_network *network)
{
	if (network->timer_fd < 0)
		return network->device->fd;
	pthread_mutex_lock(&network->device->lock);
	network->timer_wanted = true;
	if (network->submitted != network->taken)
		arm_timer(network, MAX_SLEEP_US * 1000);
	pthread_mutex_unlock(&network->device->lock);
	return network->timer_fd;
}
