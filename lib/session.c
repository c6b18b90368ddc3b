// SPDX-License-Identifier: MIT
/*
 * Opening, starting, stopping and closing networks: the messages and what has
 * to be undone when one fails. Reference configure-and-run.md sections 1, 4,
 * 12 and 14.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "claim.h"
#include "network.h"
#include "uapi/hailo8l.h"

#define KNOWN_FLAGS	(H8L_NETWORK_STOCK_MESSAGES | H8L_NETWORK_NO_BOUNCE | \
			 H8L_NETWORK_ULTRA)

static bool sends_all(const struct h8l_network *network)
{
	return network->flags & H8L_NETWORK_STOCK_MESSAGES;
}

/* ---- the chip as a whole ---- */

static int reset_firmware(struct h8l_device *device, struct h8l_error *error)
{
	return control_change_status(device, HW_CS_RESET, HW_CS_NO_APPLICATION, 0, error);
}

static int clear_firmware(struct h8l_device *device, struct h8l_error *error)
{
	int err = control_clear_applications(device, error);

	device->poisoned = err != 0;
	if (!err)
		device->applications = 0;
	return err;
}

/* Nobody knows what an earlier process left in the firmware */
static int claim_device(struct h8l_device *device, struct h8l_error *error)
{
	int err = claim_take(device, 0, error);

	if (err || (device->claimed && !(device->poisoned && !device->networks)))
		return err;
	err = reset_firmware(device, error) ?: clear_firmware(device, error);
	if (!err)
		device->claimed = true;
	return err;
}

/* ---- which variant ---- */

static int choose_variant(struct h8l_network *network, struct h8l_error *error)
{
	enum h8l_architecture architecture = network->device->identity.architecture;
	struct h8l_device_info info = { 0 };
	int err = 0;

	if (architecture == H8L_ARCH_HAILO8L)
		err = h8l_device_read_info(network->device, &info, error);
	if (err)
		return err;
	network->variant = hef_choose(network->hef, network->group, architecture,
				      info.cluster_layout, error);
	return network->variant ? 0 : -ENOEXEC;
}

/* Before anything is sent: files for the other chip fit no layout */
static int check_chip(const struct h8l_network *network, struct h8l_error *error)
{
	enum h8l_architecture architecture = network->device->identity.architecture;

	if (architecture != H8L_ARCH_HAILO8L || network->hef->architecture == H8L_HEF_HAILO8L)
		return 0;
	return hef_choose(network->hef, network->group, architecture, 0, error) ? 0 : -ENOEXEC;
}

/* The stock library looks at clock and capabilities first, twice */
static int stock_preamble(const struct h8l_network *network, struct h8l_error *error)
{
	struct h8l_device_info info;

	if (!sends_all(network))
		return 0;
	return h8l_device_read_info(network->device, &info, error) ?:
	       h8l_device_read_info(network->device, &info, error);
}

/* Constants do not change; the stock library asks for every kind of context */
static int read_consts(struct h8l_network *network, struct h8l_error *error)
{
	unsigned int times = 1;
	int err = 0;

	if (sends_all(network))
		times = 2 + network->hef->features.run_asap + network->variant->context_count;
	for (unsigned int i = 0; i < times && !err; i++)
		err = control_hw_consts(network->device, &network->consts, error);
	if (network->flags & H8L_NETWORK_ULTRA)
		network->consts.should_optimize_credits = 0;
	return err;
}

/* ---- configuring ---- */

static int create_configs(struct h8l_network *network, struct h8l_error *error)
{
	const struct hef_variant *v = network->variant;
	unsigned int version = network->hef->container.version;
	int err;

	network->context_configs = calloc(v->context_count, sizeof(struct config_set));
	if (!network->context_configs)
		return fail_memory(error, "contexts");
	err = config_create(network->device, &v->preliminary, version,
			    &network->preliminary_config, error);
	for (unsigned int i = 0; i < v->context_count && !err; i++)
		err = config_create(network->device, &v->contexts[i].actions, version,
				    &network->context_configs[i], error);
	return err;
}

static void release_configs(struct h8l_network *network)
{
	config_release(network->device, &network->preliminary_config);
	for (unsigned int i = 0; network->context_configs &&
	     i < network->variant->context_count; i++)
		config_release(network->device, &network->context_configs[i]);
	free(network->context_configs);
}

static int take_application(struct h8l_network *network, struct h8l_error *error)
{
	struct h8l_device *device = network->device;

	if (device->applications == HW_MAX_APPLICATIONS)
		return fail(error, -ENOSPC, "%s: %d networks were configured since the last time "
			    "there was none; close them all first", device_node(device),
			    HW_MAX_APPLICATIONS);
	network->application = (uint8_t)device->applications++;
	return 0;
}

/* From the header on the firmware counts the application, also if a later
 * message fails: then everything is cleared as soon as that harms nobody.
 */
static int configure(struct h8l_network *network, struct h8l_error *error)
{
	struct h8l_device *device = network->device;
	int err = links_create(network, error) ?: create_configs(network, error) ?:
		  streams_create(network, error) ?: frames_create(network, error) ?:
		  take_application(network, error);

	if (err)
		return err;
	network->configured = true;
	device->networks++;
	err = contexts_send(network, error);
	hef_rest(network->hef);
	if (err)
		device->poisoned = true;
	return err;
}

static int open_locked(struct h8l_network *network, struct h8l_error *error)
{
	struct h8l_device *device = network->device;
	int err = check_chip(network, error) ?: stock_preamble(network, error) ?:
		  claim_device(device, error);

	if (!err && device->running)
		err = frames_drain(device->running, error) ?:
		      session_stop(device->running, error);
	return err ?: choose_variant(network, error) ?: read_consts(network, error) ?:
	       configure(network, error);
}

static int check_options(const struct h8l_network_options *options, const struct h8l_hef *hef,
			 struct h8l_error *error)
{
	const struct hef_group *group;

	for (size_t i = 0; i < ARRAY_SIZE(options->reserved); i++)
		if (options->reserved[i])
			return fail(error, -EINVAL, "reserved network options are not zero");
	if (options->flags & ~KNOWN_FLAGS)
		return fail(error, -EINVAL, "unknown network flags 0x%x", options->flags);
	if (options->batch_size > MAX_BATCH_SIZE)
		return fail(error, -EINVAL, "a batch of %u frames; from 1 to %d are possible",
			    options->batch_size, MAX_BATCH_SIZE);
	if (options->group >= hef->group_count)
		return fail(error, -EINVAL, "%s: no network group %u, there are %u", hef->file,
			    options->group, hef->group_count);
	group = &hef->groups[options->group];
	if (group->unsupported)
		return fail(error, -ENOTSUP, "%s: %s cannot be run by this library yet: %s",
			    hef->file, group->name, group->unsupported);
	return 0;
}

static struct h8l_network *new_network(struct h8l_device *device, struct h8l_hef *hef,
				       const struct h8l_network_options *options)
{
	struct h8l_network *network = calloc(1, sizeof(*network));

	if (!network)
		return NULL;
	network->holds = holds_new();
	if (!network->holds) {
		free(network);
		return NULL;
	}
	network->device = device;
	network->hef = hef;
	network->group = &hef->groups[options->group];
	network->batch_size = options->batch_size ? options->batch_size : 1;
	network->timeout_ms = options->timeout_ms ? options->timeout_ms : DEFAULT_TIMEOUT_MS;
	network->flags = options->flags;
	network->queue_depth = options->queue_depth ? options->queue_depth : 1;
	network->timer_fd = -1;
	device_hold(device);
	hef_hold(hef);
	return network;
}

int h8l_network_open(struct h8l_device *device, struct h8l_hef *hef,
		     const struct h8l_network_options *options, struct h8l_network **result,
		     struct h8l_error *error)
{
	static const struct h8l_network_options defaults;
	struct h8l_network *network;
	int err;

	if (!device || !hef || !result)
		return fail(error, -EINVAL, "h8l_network_open: device, file or result is missing");
	if (!options)
		options = &defaults;
	err = check_options(options, hef, error) ?: device_check_firmware(device, error);
	if (err)
		return err;
	network = new_network(device, hef, options);
	if (!network)
		return fail_memory(error, "a network");
	pthread_mutex_lock(&device->lock);
	err = open_locked(network, error);
	/* Of no use without a network */
	if (err && !network->configured && !device->networks && !device->keeps_claim)
		claim_give_back(device, NULL);
	pthread_mutex_unlock(&device->lock);
	if (err) {
		h8l_network_close(network);
		return err;
	}
	*result = network;
	return 0;
}

/* ---- closing ---- */

/* The last network leaves the firmware empty, so that no list points to
 * memory that is given back. Nothing more can be done if that fails.
 */
static void forget_application(struct h8l_network *network)
{
	struct h8l_device *device = network->device;

	if (!network->configured || --device->networks)
		return;
	if (sends_all(network) || device->poisoned)
		reset_firmware(device, NULL);
	clear_firmware(device, NULL);
	if (!device->keeps_claim)
		claim_give_back(device, NULL);
}

void h8l_network_close(struct h8l_network *network)
{
	struct h8l_device *device;

	if (!network)
		return;
	device = network->device;
	pthread_mutex_lock(&device->lock);
	if (device->running == network)
		session_stop(network, NULL);
	forget_application(network);
	streams_release(network);
	frames_release(network);
	release_configs(network);
	links_release(network);
	pthread_mutex_unlock(&device->lock);
	holds_put(network->holds);
	h8l_hef_close(network->hef);
	h8l_device_close(device);
	free(network);
}

/* ---- starting and stopping ---- */

static int enable_channels(struct h8l_network *network)
{
	struct hailo8l_enable_channels e = { .bitmap = { network->boundary_bitmap } };
	int err = device_ioctl(network->device, HAILO8L_VDMA_ENABLE_CHANNELS, &e);

	return err < 0 ? err : 0;
}

static int disable_channels(struct h8l_network *network)
{
	struct hailo8l_disable_channels d = { .bitmap = { network->boundary_bitmap } };
	int err = device_ioctl(network->device, HAILO8L_VDMA_DISABLE_CHANNELS, &d);

	return err < 0 ? err : 0;
}

/* Counting begins again with the next frame */
static void forget_transfers(struct h8l_network *network)
{
	network->started_at = network->submitted;
	for (unsigned int i = 0; i < network->stream_count; i++) {
		struct stream *stream = &network->streams[i];

		stream->head = 0;
		stream->launched = 0;
		stream->completed = 0;
		stream->done = 0;
		bursts_reset(stream);
	}
}

/* Another network's channels must rest before the firmware changes over */
static int rest_running(struct h8l_device *device, struct h8l_error *error)
{
	struct h8l_network *running = device->running;
	int err;

	if (!running)
		return 0;
	err = frames_drain(running, error);
	if (err || !device->running)
		return err;
	err = disable_channels(running);
	forget_transfers(running);
	device->running = NULL;
	return err ? fail_errno(error, err, device_node(device)) : 0;
}

/* Its channels go on running from where they are, and so do the host's. Nothing may be
 * under way. The stock library does the same for networks of several contexts, whenever
 * another number of frames waits than before (VdmaConfigManager::fast_batch_switch()).
 * Reference configure-and-run.md 14.6.
 */
static int switch_batch(struct h8l_network *network, uint16_t batch, struct h8l_error *error)
{
	int err = control_change_status(network->device, HW_CS_ENABLED, network->application,
					batch, error);

	if (err)
		session_stop(network, NULL);
	else
		network->running_batch = batch;
	return err;
}

int session_start(struct h8l_network *network, uint16_t batch, struct h8l_error *error)
{
	struct h8l_device *device = network->device;
	int err;

	if (device->running == network && network->running_batch == batch)
		return 0;
	if (device->running == network && network->variant->can_fast_batch_switch) {
		/* Frames that fail now stop the network, and it starts as any other */
		frames_drain(network, NULL);
		if (device->running == network)
			return switch_batch(network, batch, error);
	}
	err = rest_running(device, error) ?:
	      control_change_status(device, HW_CS_ENABLED, network->application, batch, error);
	if (err)
		return err;
	forget_transfers(network);
	err = enable_channels(network);
	if (!err) {
		device->running = network;
		network->running_batch = batch;
		return 0;
	}
	reset_firmware(device, NULL);
	return fail(error, err, "%s: the driver does not enable the network's channels "
		    "(0x%08" PRIx32 "): %s", device_node(device), network->boundary_bitmap,
		    h8l_strerror(err));
}

int session_stop(struct h8l_network *network, struct h8l_error *error)
{
	struct h8l_device *device = network->device;
	int err, reset_err;

	if (device->running != network)
		return 0;
	device->running = NULL;
	err = disable_channels(network);
	if (err)
		fail_errno(error, err, device_node(device));
	reset_err = reset_firmware(device, err ? NULL : error);
	if (reset_err)
		device->poisoned = true;
	frames_cancel(network, -ECANCELED);
	forget_transfers(network);
	return err ?: reset_err;
}

int h8l_network_start(struct h8l_network *network, struct h8l_error *error)
{
	int err;

	pthread_mutex_lock(&network->device->lock);
	err = session_start(network, 0, error);
	pthread_mutex_unlock(&network->device->lock);
	return err;
}

int h8l_network_stop(struct h8l_network *network, struct h8l_error *error)
{
	int err;

	pthread_mutex_lock(&network->device->lock);
	err = session_stop(network, error);
	pthread_mutex_unlock(&network->device->lock);
	return err;
}
