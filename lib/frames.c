// SPDX-License-Identifier: MIT
/*
 * Running frames. In steady state nothing is allocated and no message is sent:
 * one launch per stream, then waiting. Where the program's buffer can be given
 * to the chip as it is, nothing is copied either. Reference
 * configure-and-run.md section 14.
 */
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "hw/vdma.h"
#include "network.h"
#include "uapi/hailo8l.h"

#define ALL_BYTES_OF_LINE 64	/* cache line of all machines with PCIe here */

/* ---- the program's own memory ---- */

/* Pages are mapped, so the buffer must begin with one. On machines where DMA
 * goes past the cache, a line that the chip writes must not be shared.
 */
static bool can_be_direct(const struct stream *stream, const struct h8l_buffer *buffer)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	return stream->plan.direct && (uintptr_t)buffer->data % page == 0 &&
	       (stream->edge->direction == H8L_INPUT || buffer->size % ALL_BYTES_OF_LINE == 0);
}

/* 0, or an error that only means: copy instead */
static int map_direct(const struct h8l_device *device, struct stream *stream,
		      const struct h8l_buffer *buffer)
{
	struct hailo8l_buffer_map m = {
		.user_address = (uintptr_t)buffer->data,
		.size = buffer->size,
		.data_direction = stream->edge->direction == H8L_INPUT ?
				  HAILO8L_DIR_TO_DEVICE : HAILO8L_DIR_FROM_DEVICE,
		.buffer_type = HAILO8L_BUFFER_USER_PTR,
		.allocated_buffer_handle = HAILO8L_NO_ALLOCATED_BUFFER,
	};
	int err = device_ioctl(device, HAILO8L_VDMA_BUFFER_MAP, &m);

	if (err < 0)
		return err;
	stream->direct = (struct dma_buffer){
		.data = buffer->data, .size = buffer->size, .mapping = m.mapped_handle,
	};
	return 0;
}

static void unmap_direct(const struct h8l_device *device, struct stream *stream)
{
	struct hailo8l_buffer_unmap u = { .mapped_handle = stream->direct.mapping };

	if (!stream->direct.data)
		return;
	device_ioctl(device, HAILO8L_VDMA_BUFFER_UNMAP, &u);
	stream->direct.data = NULL;
}

static void unmap_all(struct h8l_network *network)
{
	for (unsigned int i = 0; i < network->stream_count; i++)
		unmap_direct(network->device, &network->streams[i]);
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
static int launch(struct h8l_network *network, struct stream *stream, void *data,
		  struct h8l_error *error)
{
	struct hailo8l_launch_transfer l = {
		.channel = stream->channel,
		.desc_handle = stream->list.handle,
		.starting_desc = stream->head,
		.should_bind = 1,
		.buffers_count = 1,
		.buffers[0] = {
			.type = HAILO8L_BUFFER_USER_PTR,
			.addr_or_fd = (uintptr_t)data,
			.size = stream->edge->frame_size,
		},
		.last_interrupts_domain = HAILO8L_IRQ_HOST,
	};
	int err = device_ioctl(network->device, HAILO8L_VDMA_LAUNCH_TRANSFER, &l);

	if (err < 0)
		return launch_failed(network, stream, err, error);
	stream->head += (uint32_t)div_round_up(stream->edge->frame_size, stream->list.page_size);
	stream->head &= stream->list.desc_count - 1;
	stream->launched++;
	return 0;
}

static int launch_stream(struct h8l_network *network, struct stream *stream,
			 const struct h8l_buffer *buffer, struct h8l_error *error)
{
	if (can_be_direct(stream, buffer) &&
	    !map_direct(network->device, stream, buffer))
		return launch(network, stream, buffer->data, error);
	if (stream->edge->direction == H8L_INPUT)
		format_to_device(&stream->plan, buffer->data, stream->bounce.data);
	return launch(network, stream, stream->bounce.data, error);
}

/* Outputs first: the chip needs a place for its results before it has input */
static int launch_frame(struct h8l_network *network, const struct h8l_buffer *inputs,
			const struct h8l_buffer *outputs, struct h8l_error *error)
{
	int err = 0;

	for (unsigned int i = 0; i < network->variant->output_count && !err; i++)
		err = launch_stream(network, network->user_outputs[i], &outputs[i], error);
	for (unsigned int i = 0; i < network->variant->input_count && !err; i++)
		err = launch_stream(network, &network->streams[i], &inputs[i], error);
	return err;
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
	stream->completed += irq->data;
	if (stream->completed > stream->launched)
		return fail(error, -EPROTO, "%s: stream %s: the driver reports more transfers than "
			    "there were", network->group->name, stream->edge->name);
	return 0;
}

/* Asks the driver what is done. `extra`: channels besides ours. */
static int collect(struct h8l_network *network, uint32_t extra, struct h8l_error *error)
{
	struct hailo8l_interrupts_wait w = { .bitmap = { network->boundary_bitmap | extra } };
	int err = device_ioctl(network->device, HAILO8L_VDMA_INTERRUPTS_WAIT, &w);

	if (err == -EINTR)
		return 0;
	if (err < 0)
		return fail(error, err, "%s: waiting for results: %s", network->group->name,
			    h8l_strerror(err));
	if (w.channels_count > ARRAY_SIZE(w.irq_data))
		return fail(error, -EPROTO, "%s: the driver reports %u channels",
			    network->group->name, w.channels_count);
	err = 0;
	for (unsigned int i = 0; i < w.channels_count && !err; i++)
		err = count_completions(network, &w.irq_data[i], error);
	return err;
}

static bool is_done(const struct h8l_network *network)
{
	for (unsigned int i = 0; i < network->stream_count; i++)
		if (network->streams[i].completed != network->streams[i].launched)
			return false;
	return true;
}

static int timed_out(const struct h8l_network *network, struct h8l_error *error)
{
	const char *missing = "";

	for (unsigned int i = 0; i < network->stream_count; i++)
		if (network->streams[i].completed != network->streams[i].launched)
			missing = network->streams[i].edge->name;
	return fail(error, -ETIMEDOUT, "%s: no result within %u ms (stream %s); the network is "
		    "stopped and can be started again, see the kernel log",
		    network->group->name, network->timeout_ms, missing);
}

/* One turn of waiting where poll() works */
static int wait_by_poll(struct h8l_network *network, uint64_t left_us, struct h8l_error *error)
{
	const struct h8l_os *os = network->device->os;
	uint64_t ms = (left_us + 999) / 1000;
	int ready = os->poll(os, network->device->fd, ms > INT32_MAX ? INT32_MAX : (int)ms);

	if (ready < 0 && ready != -EINTR)
		return fail(error, ready, "%s: waiting for results: %s", network->group->name,
			    h8l_strerror(ready));
	return ready > 0 ? collect(network, 0, error) : 0;
}

#define MIN_SLEEP_US	20
#define MAX_SLEEP_US	1000

/* The stock driver can neither be polled nor told a time. But it does not
 * sleep if one of the channels it is asked for is not enabled, which makes
 * looking possible; between two looks we sleep, for about as long as the last
 * frame took, then in small steps.
 */
static int wait_by_looking(struct h8l_network *network, uint64_t waited_us,
			   struct h8l_error *error)
{
	const struct h8l_os *os = network->device->os;
	uint32_t not_ours = ~network->boundary_bitmap;
	uint64_t sleep = waited_us / 16;

	if (!waited_us)
		sleep = network->usual_wait_us * 7 / 8;
	if (sleep > MAX_SLEEP_US && waited_us)
		sleep = MAX_SLEEP_US;
	os->sleep_us(os, sleep < MIN_SLEEP_US ? MIN_SLEEP_US : sleep);
	return collect(network, not_ours & -not_ours, error);
}

static int wait_once(struct h8l_network *network, uint64_t waited_us, uint64_t limit_us,
		     struct h8l_error *error)
{
	if (limit_us == UINT64_MAX)
		return collect(network, 0, error);
	if (waited_us >= limit_us)
		return timed_out(network, error);
	if (network->device->can_poll)
		return wait_by_poll(network, limit_us - waited_us, error);
	return wait_by_looking(network, waited_us, error);
}

static int wait_frame(struct h8l_network *network, struct h8l_error *error)
{
	const struct h8l_os *os = network->device->os;
	bool for_ever = network->timeout_ms == UINT32_MAX;
	uint64_t limit = for_ever ? UINT64_MAX : (uint64_t)network->timeout_ms * 1000;
	uint64_t start = os->now_us(os), waited = 0;
	int err = 0;

	while (!err && !is_done(network)) {
		err = wait_once(network, waited, limit, error);
		if (!for_ever)
			waited = os->now_us(os) - start;
	}
	network->usual_wait_us = waited < MAX_SLEEP_US * 64 ? waited : MAX_SLEEP_US * 64;
	return err;
}

/* ---- a frame ---- */

static void take_outputs(struct h8l_network *network, const struct h8l_buffer *outputs)
{
	for (unsigned int i = 0; i < network->variant->output_count; i++) {
		struct stream *stream = network->user_outputs[i];

		if (!stream->direct.data)
			format_to_host(&stream->plan, stream->bounce.data, outputs[i].data);
	}
}

static int check_buffers(const struct h8l_network *network, enum h8l_direction direction,
			 const struct h8l_buffer *buffers, unsigned int count,
			 struct h8l_error *error)
{
	const char *what = direction == H8L_INPUT ? "input" : "output";
	unsigned int needed = direction == H8L_INPUT ? network->variant->input_count :
						       network->variant->output_count;

	if (count != needed || !buffers)
		return fail(error, -EINVAL, "%s has %u %ss, %u buffers were given",
			    network->group->name, needed, what, count);
	for (unsigned int i = 0; i < count; i++) {
		size_t size = find_network_stream(network, direction, i)->plan.host_size;

		if (!buffers[i].data || buffers[i].size != size)
			return fail(error, -EINVAL, "%s: %s %u takes %zu bytes, the buffer has %zu",
				    network->group->name, what, i, size, buffers[i].size);
	}
	return 0;
}

/* After an error nobody knows what is still under way: stopping ends it */
static int run_locked(struct h8l_network *network, const struct h8l_buffer *inputs,
		      const struct h8l_buffer *outputs, struct h8l_error *error)
{
	int err = session_start(network, error);

	if (err)
		return err;
	err = launch_frame(network, inputs, outputs, error) ?: wait_frame(network, error);
	if (err)
		session_stop(network, NULL);
	else
		take_outputs(network, outputs);
	unmap_all(network);
	return err;
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
