// SPDX-License-Identifier: MIT
/*
 * vfio-user: accesses to BARs and configuration space, device reset.
 */
#include <errno.h>
#include <string.h>

#include <linux/pci_regs.h>

#include "hw/pci.h"
#include "tests/emulator/vfu_priv.h"

#define CONFIG_SIZE	4096

uint64_t vfu_region_size(uint32_t index)
{
	switch (index) {
	case HW_BAR_CONFIG:
		return HW_BAR_CONFIG_SIZE;
	case HW_BAR_VDMA:
		return HW_BAR_VDMA_SIZE;
	case HW_BAR_FW:
		return HW_BAR_FW_SIZE;
	case VFU_REGION_CONFIG:
		return CONFIG_SIZE;
	default:
		return 0;
	}
}

static bool in_region(uint32_t region, uint64_t offset, uint64_t count)
{
	uint64_t size = vfu_region_size(region);

	return count && offset < size && count <= size - offset;
}

/* The largest aligned access that `offset` and `count` allow. */
static size_t piece(uint32_t region, uint64_t offset, size_t count)
{
	size_t len = region == VFU_REGION_CONFIG ? 4 : 8;

	while (len > count || offset % len)
		len /= 2;
	return len;
}

static int read_piece(struct vfu *vfu, uint32_t region, uint64_t offset, void *data, size_t len)
{
	if (region == VFU_REGION_CONFIG)
		return emu_cfg_read(vfu->emu, offset, data, len);
	return emu_bar_read(vfu->emu, region, offset, data, len);
}

static int write_piece(struct vfu *vfu, uint32_t region, uint64_t offset, const void *data,
		       size_t len)
{
	if (region == VFU_REGION_CONFIG)
		return emu_cfg_write(vfu->emu, offset, data, len);
	return emu_bar_write(vfu->emu, region, offset, data, len);
}

/* QEMU (11.1) reads the interrupt pin again whenever MSI is switched off, and
 * ends itself with a failed assertion when it is 255. So this one byte stays
 * what it was even of a card that is gone; a guest asks for more than a byte.
 */
static void keep_qemu_alive(const struct vfu_access *request, uint8_t *data)
{
	if (request->region == VFU_REGION_CONFIG && request->offset == PCI_INTERRUPT_PIN &&
	    request->count == 1 && *data == 0xff)
		*data = 1;
}

int vfu_region_read(struct vfu *vfu, struct vfu_msg *msg, struct vfu_reply *reply)
{
	const struct vfu_access *request = (const void *)msg->payload;
	struct vfu_access *answer = (void *)reply->data;
	int error = 0;

	if (msg->len != sizeof(*request) ||
	    !in_region(request->region, request->offset, request->count))
		return -EINVAL;
	*answer = *request;
	for (size_t done = 0; done < request->count && !error;) {
		uint64_t at = request->offset + done;
		size_t len = piece(request->region, at, request->count - done);

		error = read_piece(vfu, request->region, at, answer->data + done, len);
		done += len;
	}
	keep_qemu_alive(request, answer->data);
	reply->len = sizeof(*answer) + request->count;
	return error;
}

static int write_region(struct vfu *vfu, uint32_t region, uint64_t offset, const uint8_t *data,
			size_t count)
{
	int error = 0;

	if (!in_region(region, offset, count))
		return -EINVAL;
	for (size_t done = 0; done < count && !error;) {
		size_t len = piece(region, offset + done, count - done);

		error = write_piece(vfu, region, offset + done, data + done, len);
		done += len;
	}
	return error;
}

int vfu_region_write(struct vfu *vfu, struct vfu_msg *msg, struct vfu_reply *reply)
{
	const struct vfu_access *request = (const void *)msg->payload;

	if (msg->len - sizeof(*request) != request->count)
		return -EINVAL;
	memcpy(reply->data, request, sizeof(*request));
	reply->len = sizeof(*request);
	return write_region(vfu, request->region, request->offset, request->data,
			    request->count);
}

int vfu_region_write_multi(struct vfu *vfu, struct vfu_msg *msg, struct vfu_reply *reply)
{
	const struct vfu_write_multi *request = (const void *)msg->payload;
	int error = 0;

	if (request->count > VFU_MAX_WRITE_MULTI ||
	    msg->len != sizeof(*request) + request->count * sizeof(request->write[0]))
		return -EINVAL;
	memcpy(reply->data, &request->count, sizeof(request->count));
	reply->len = sizeof(request->count);
	for (uint64_t i = 0; i < request->count && !error; i++) {
		const struct vfu_write_one *one = &request->write[i];

		if (one->count > sizeof(one->data))
			return -EINVAL;
		error = write_region(vfu, one->region, one->offset, one->data, one->count);
	}
	return error;
}

int vfu_device_reset(struct vfu *vfu, struct vfu_msg *msg, struct vfu_reply *reply)
{
	(void)msg;
	(void)reply;
	emu_reset(vfu->emu, EMU_RESET_BUS);
	return 0;
}
