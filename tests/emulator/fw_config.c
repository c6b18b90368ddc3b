// SPDX-License-Identifier: MIT
/*
 * Configuration channels: the host has programmed their lists, firmware makes
 * descriptors available, and what they deliver is configuration words.
 */
#include <errno.h>
#include <stdlib.h>

#include "tests/emulator/fw.h"

#define CCW_HEAD	8		/* u32 words - 1, u32 address */
#define CCW_MAX_WORDS	0x10000u	/* ours; the longest in real files is 8192 */

static bool same_buffer(const struct hw_host_buffer *a, const struct hw_host_buffer *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

uint32_t fw_config_activate(struct fw *fw, const struct hw_activate_cfg_channel *action)
{
	struct fw_channel *ch;
	uint32_t status = fw_channel_lookup(fw, action->channel, true, &ch);

	if (status)
		return status;
	if (ch->role == FW_CONFIG && same_buffer(&ch->buf, &action->buf))
		return FW_CS_ALREADY_SET;
	if (le32toh(action->buf.bytes_in_pattern) % le16toh(action->buf.page_size))
		return FW_VDMA_PATTERN;
	status = fw_channel_open(fw, action->channel, FW_CONFIG, &action->buf);
	if (!status)
		ch->config_stream = action->config_stream;
	return status;
}

static uint32_t pattern_descs(const struct fw_channel *ch)
{
	return ch->frame_bytes / le16toh(ch->buf.page_size);
}

static uint32_t read_words(struct fw *fw, unsigned int channel, uint32_t room)
{
	struct fw_channel *ch = &fw->cs.channel[channel];
	uint8_t *bytes = realloc(ch->frame, ch->fill + room);
	ssize_t n;

	if (!bytes)
		return FW_CS_TIMEOUT_CONFIG;
	ch->frame = bytes;
	n = vdma_read(fw->emu, channel, ch->frame + ch->fill, room);
	if (n < 0) {
		fw_log(fw, 1, FW_LOG_ERROR, FW_LOG_CHANNEL_STOPPED, 2, channel, (uint32_t)-n);
		return FW_CS_TIMEOUT_CONFIG;
	}
	ch->fill += n;
	return 0;
}

/* Takes what has arrived. Words are parsed only when everything that was asked
 * for is there: a fetch holds whole words, a descriptor need not.
 */
static uint32_t receive(struct fw *fw, unsigned int channel, bool *done)
{
	struct fw_channel *ch = &fw->cs.channel[channel];
	ssize_t left = vdma_transfer_bytes(fw->emu, channel);
	uint32_t before, status;

	*done = false;
	while (left > 0) {
		before = ch->fill;
		status = read_words(fw, channel, left);
		if (status)
			return status;
		if (ch->fill == before)
			return 0;
		left = vdma_transfer_bytes(fw->emu, channel);
	}
	if (left < 0)
		return FW_CS_TIMEOUT_CONFIG;
	*done = true;
	status = fw_ccw_parse(fw, ch->frame, ch->fill);
	ch->fill = 0;
	return status;
}

uint32_t fw_config_fetch(struct fw *fw, const struct hw_fetch_cfg_descs *action)
{
	uint32_t count = le16toh(action->count);
	struct fw_channel *ch;
	uint32_t status = fw_channel_lookup(fw, action->channel, true, &ch);
	bool done;

	if (status)
		return status;
	if (ch->role != FW_CONFIG)
		return FW_CSM_NOT_ENABLED;
	if (!count || count > pattern_descs(ch) - ch->fetched)
		return FW_CS_TOO_MANY_DESCS;
	if (vdma_advance(fw->emu, HW_CHANNEL_OF(action->channel), count))
		return FW_CS_TOO_MANY_DESCS;
	ch->fetched += count;
	return receive(fw, HW_CHANNEL_OF(action->channel), &done);
}

bool fw_config_is_done(struct fw *fw)
{
	bool all = true, done;
	uint32_t status;
	unsigned int i;

	for (i = 0; i < HW_VDMA_FIRST_D2H; i++) {
		if (fw->cs.channel[i].role != FW_CONFIG)
			continue;
		status = receive(fw, i, &done);
		if (status)
			fw_cs_fail(fw, status);
		all = all && done && !status;
	}
	return all;
}

uint32_t fw_config_deactivate(struct fw *fw, const struct hw_deactivate_cfg_channel *action)
{
	struct fw_channel *ch;
	uint32_t status = fw_channel_lookup(fw, action->channel, true, &ch);

	if (status)
		return status;
	if (ch->role != FW_CONFIG || ch->config_stream != action->config_stream)
		return FW_CSM_NOT_ENABLED;
	if (!fw_config_is_done(fw))
		return fw->cs.phase == FW_CS_FAILED ? FW_CS_TIMEOUT_CONFIG : FW_WAIT;
	if (ch->fetched != pattern_descs(ch)) {
		emu_violation(fw->emu, "config channel %u: %u of %u descriptors fetched",
			      action->channel, ch->fetched, pattern_descs(ch));
		return FW_CS_DESC_MISMATCH;
	}
	fw_channel_close(fw, HW_CHANNEL_OF(action->channel));
	return 0;
}

/* ---- configuration words (reference hef.md section 7) ---- */

static uint32_t le32_at(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return le32toh(v);
}

/* Length of the word packet at p, padding included; 0 if it does not fit. */
static size_t ccw_length(const uint8_t *p, size_t left)
{
	uint64_t words;

	if (left < CCW_HEAD)
		return 0;
	words = (uint64_t)le32_at(p) + 1;
	if (words == 1 && !le32_at(p + 4))
		return CCW_HEAD;		/* no operation */
	if (words > CCW_MAX_WORDS || CCW_HEAD + 4 * words > left)
		return 0;
	return (CCW_HEAD + 4 * words + 7) & ~(size_t)7;
}

static int take_ccw(struct fw *fw, const uint8_t *p, size_t len)
{
	size_t bytes = 4 * ((size_t)le32_at(p) + 1);

	if (len == CCW_HEAD)
		return 0;
	if (CCW_HEAD + bytes < len && le32_at(p + CCW_HEAD + bytes))
		return -EINVAL;			/* padding must be zero */
	return nn_write(fw->nn, le32_at(p + 4), p + CCW_HEAD, bytes);
}

uint32_t fw_ccw_parse(struct fw *fw, const uint8_t *data, size_t len)
{
	size_t at = 0, n;

	while (at < len) {
		n = ccw_length(data + at, len - at);
		if (!n || n > len - at || take_ccw(fw, data + at, n)) {
			emu_violation(fw->emu, "configuration word at byte %zu of %zu is malformed",
				      at, len);
			return FW_CS_TIMEOUT_CONFIG;
		}
		at += n;
	}
	return 0;
}
