// SPDX-License-Identifier: MIT
/*
 * vfio-user: negotiation, what the device has, interrupts.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>
#include <linux/vfio.h>

#include "tests/emulator/vfu_priv.h"

/* ---- version ---- */

static struct json_object *get(struct json_object *object, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(object, key, &value) ? value : NULL;
}

/* Looks at what the client can do. False: its text is not a JSON object. */
static bool read_capabilities(struct vfu *vfu, const char *json, bool *write_multiple)
{
	struct json_object *root = json_tokener_parse(json);
	struct json_object *caps = get(root, "capabilities");
	struct json_object *max = get(caps, "max_data_xfer_size");
	bool good = json_object_is_type(root, json_type_object);
	int64_t bytes = max ? json_object_get_int64(max) : 0;

	*write_multiple = json_object_get_boolean(get(caps, "write_multiple"));
	if (bytes > 0 && bytes < VFU_MAX_DMA_MESSAGE)
		vfu->max_data = bytes;
	json_object_put(root);
	return good;
}

#define LIMITS	"\"max_msg_fds\":1,\"max_data_xfer_size\":1048576"
#define MULTI	"\"write_multiple\":true"

static const char *const answers_multi[] = {
	"{\"capabilities\":{" LIMITS "," MULTI "}}",
	"{\"capabilities\":{" MULTI "}}",
	"{}",
};

static const char *const answers_plain[] = {
	"{\"capabilities\":{" LIMITS "}}",
	"{}",
};

/* QEMU reads the reply into the space of its request: the longest answer that
 * is not longer than that.
 */
static size_t choose_answer(const char *const *answers, size_t count, size_t room, char *out)
{
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(answers[i]) + 1;

		if (len > room)
			continue;
		memcpy(out, answers[i], len);
		return len;
	}
	return 0;
}

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

int vfu_version(struct vfu *vfu, struct vfu_msg *msg, struct vfu_reply *reply)
{
	const struct vfu_version *request = (const void *)msg->payload;
	struct vfu_version *version = (void *)reply->data;
	size_t room = msg->len - sizeof(*request);
	bool multi = false;

	if (request->major != 0)
		return -ENOTSUP;
	if (room && request->json[room - 1])
		return -EINVAL;
	if (room && !read_capabilities(vfu, request->json, &multi))
		return -EINVAL;
	version->major = 0;
	version->minor = 0;
	reply->len = sizeof(*version);
	if (multi)
		reply->len += choose_answer(answers_multi, COUNT(answers_multi), room,
					    version->json);
	else
		reply->len += choose_answer(answers_plain, COUNT(answers_plain), room,
					    version->json);
	vfu->negotiated = true;
	return 0;
}

/* ---- device ---- */

int vfu_get_info(struct vfu *vfu, struct vfu_msg *msg, struct vfu_reply *reply)
{
	const struct vfu_device_info *request = (const void *)msg->payload;
	const struct vfu_device_info info = {
		.argsz = sizeof(info),
		.flags = VFIO_DEVICE_FLAGS_RESET | VFIO_DEVICE_FLAGS_PCI,
		.regions = VFU_REGIONS,
		.irqs = VFU_IRQS,
	};

	(void)vfu;
	if (request->argsz < sizeof(info))
		return -EINVAL;
	memcpy(reply->data, &info, sizeof(info));
	reply->len = sizeof(info);
	return 0;
}

int vfu_get_region_info(struct vfu *vfu, struct vfu_msg *msg, struct vfu_reply *reply)
{
	const struct vfu_region_info *request = (const void *)msg->payload;
	struct vfu_region_info info = { .argsz = sizeof(info), .index = request->index };

	(void)vfu;
	if (request->argsz < sizeof(info) || request->index >= VFU_REGIONS)
		return -EINVAL;
	info.size = vfu_region_size(request->index);
	if (info.size)
		info.flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
	memcpy(reply->data, &info, sizeof(info));
	reply->len = sizeof(info);
	return 0;
}

/* ---- interrupts ---- */

static uint32_t irq_count(uint32_t index)
{
	return index == VFU_IRQ_MSIX ? 0 : 1;
}

static uint32_t irq_flags(uint32_t index)
{
	switch (index) {
	case VFU_IRQ_INTX:
		return VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_MASKABLE | VFIO_IRQ_INFO_AUTOMASKED;
	case VFU_IRQ_MSI:
		return VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_NORESIZE;
	case VFU_IRQ_MSIX:
		return 0;
	default:
		return VFIO_IRQ_INFO_EVENTFD;
	}
}

int vfu_get_irq_info(struct vfu *vfu, struct vfu_msg *msg, struct vfu_reply *reply)
{
	const struct vfu_irq_info *request = (const void *)msg->payload;
	struct vfu_irq_info info = { .argsz = sizeof(info), .index = request->index };

	(void)vfu;
	if (request->argsz < sizeof(info) || request->index >= VFU_IRQS)
		return -EINVAL;
	info.count = irq_count(request->index);
	info.flags = irq_flags(request->index);
	memcpy(reply->data, &info, sizeof(info));
	reply->len = sizeof(info);
	return 0;
}

static void set_irq_fd(struct vfu *vfu, uint32_t index, int fd)
{
	if (vfu->irq_fd[index] >= 0)
		close(vfu->irq_fd[index]);
	vfu->irq_fd[index] = fd;
}

static void signal_irq(struct vfu *vfu, uint32_t index)
{
	const uint64_t one = 1;

	if (vfu->irq_fd[index] < 0)
		return;
	if (write(vfu->irq_fd[index], &one, sizeof(one)) != sizeof(one))
		vfu_log(vfu, "interrupt %u: eventfd: %s", index, strerror(errno));
}

void vfu_signal_msi(struct vfu *vfu)
{
	signal_irq(vfu, VFU_IRQ_MSI);
}

/* A level through an eventfd: told once, and again when the client unmasks it
 * and it is still there.
 */
static void tell_intx(struct vfu *vfu)
{
	if (!vfu->intx_level || vfu->intx_masked || vfu->irq_fd[VFU_IRQ_INTX] < 0)
		return;
	vfu->intx_masked = true;
	signal_irq(vfu, VFU_IRQ_INTX);
}

void vfu_set_intx(struct vfu *vfu, bool level)
{
	vfu->intx_level = level;
	tell_intx(vfu);
}

static void mask_intx(struct vfu *vfu, bool mask)
{
	vfu->intx_masked = mask;
	tell_intx(vfu);
}

void vfu_drop_irqs(struct vfu *vfu)
{
	vfu->intx_masked = false;
	for (uint32_t i = 0; i < VFU_IRQS; i++)
		set_irq_fd(vfu, i, -1);
}

static int trigger(struct vfu *vfu, const struct vfu_set_irqs *request, struct vfu_msg *msg)
{
	switch (request->flags & VFIO_IRQ_SET_DATA_TYPE_MASK) {
	case VFIO_IRQ_SET_DATA_EVENTFD:
		if (request->count != 1 || msg->fd_count > 1)
			return -EINVAL;
		set_irq_fd(vfu, request->index, msg->fd_count ? msg->fds[0] : -1);
		msg->fd_count = 0;
		if (request->index == VFU_IRQ_INTX)
			mask_intx(vfu, false);
		return 0;
	case VFIO_IRQ_SET_DATA_NONE:
		if (request->count)
			signal_irq(vfu, request->index);
		else
			set_irq_fd(vfu, request->index, -1);
		return 0;
	case VFIO_IRQ_SET_DATA_BOOL:
		if (msg->len != sizeof(*request) + request->count)
			return -EINVAL;
		if (request->count && msg->payload[sizeof(*request)])
			signal_irq(vfu, request->index);
		return 0;
	default:
		return -EINVAL;
	}
}

int vfu_set_irqs(struct vfu *vfu, struct vfu_msg *msg, struct vfu_reply *reply)
{
	const struct vfu_set_irqs *request = (const void *)msg->payload;
	uint32_t action = request->flags & VFIO_IRQ_SET_ACTION_TYPE_MASK;

	(void)reply;
	if (request->argsz < sizeof(*request) || request->index >= VFU_IRQS ||
	    request->start > irq_count(request->index) ||
	    request->count > irq_count(request->index) - request->start)
		return -EINVAL;
	if (action == VFIO_IRQ_SET_ACTION_TRIGGER)
		return trigger(vfu, request, msg);
	/* MSI without masking, and events that need none. */
	if (request->index != VFU_IRQ_INTX || msg->fd_count)
		return -ENOTSUP;
	if (action != VFIO_IRQ_SET_ACTION_MASK && action != VFIO_IRQ_SET_ACTION_UNMASK)
		return -EINVAL;
	mask_intx(vfu, action == VFIO_IRQ_SET_ACTION_MASK);
	return 0;
}
