// SPDX-License-Identifier: MIT
#include <endian.h>
#include <inttypes.h>

#include "periph.h"

#define STREAM_SIZE		0x10000	/* Hailo-8: largest buffer */
#define PAYLOAD_MAX		0xffff	/* Hailo-8: largest padding payload */
#define ALIGNMENT		8
#define DDR_ALIGNMENT		512

/* Firmware constants in the processor's byte order */
struct limits {
	uint32_t granularity;
	uint32_t max_buffers;
	uint32_t max_bytes;
	uint32_t max_acceptable;
	uint32_t outbound_size;
	bool optimise;
};

static struct limits read_limits(const struct hw_consts *consts)
{
	return (struct limits){
		.granularity = le32toh(consts->fifo_word_granularity),
		.max_buffers = le16toh(consts->max_periph_buffers_per_frame),
		.max_bytes = le16toh(consts->max_periph_bytes_per_buffer),
		.max_acceptable = le16toh(consts->max_acceptable_bytes_per_buffer),
		.outbound_size = le32toh(consts->outbound_data_stream_size),
		.optimise = consts->should_optimize_credits,
	};
}

static int no_solution(const struct hef_edge *edge, const char *why, struct h8l_error *error)
{
	return fail(error, -EINVAL, "stream %s: no way to cut its frames for the chip: %s",
		    edge->name, why);
}

static int nms_buffers(const struct hef_edge *edge, struct periph *periph,
		       struct h8l_error *error)
{
	uint32_t bytes = edge->nms.box_size * edge->nms.burst;

	if (bytes > UINT16_MAX || edge->frame_size / bytes > UINT16_MAX)
		return no_solution(edge, "NMS bursts are too large", error);
	periph->bytes_per_buffer = (uint16_t)bytes;
	periph->buffers_per_frame = (uint16_t)(edge->frame_size / bytes);
	return 0;
}

struct cut {
	bool ddr;
	uint32_t row;
	uint32_t frame;
	uint32_t fifo;
	uint32_t page;
	uint16_t core_bytes;
};

static bool is_valid(const struct cut *cut, uint32_t bytes)
{
	uint32_t most = cut->fifo < STREAM_SIZE ? cut->fifo : STREAM_SIZE;

	if (cut->ddr)
		return bytes < cut->fifo && bytes <= most && cut->core_bytes % bytes == 0;
	return bytes < cut->fifo - cut->page && cut->frame % bytes == 0 && bytes <= most;
}

/* The largest part of a row that is possible, at least one row if it is. No
 * candidate above the FIFO size is valid, so the search starts there.
 */
static uint32_t largest_part(const struct cut *cut)
{
	uint32_t alignment = cut->ddr ? DDR_ALIGNMENT : ALIGNMENT;
	uint32_t row = (uint32_t)align_up(cut->row, alignment);
	uint32_t bytes = row;

	if (bytes > STREAM_SIZE)
		bytes = STREAM_SIZE;
	while (bytes && !is_valid(cut, bytes))
		bytes -= alignment;
	return bytes;
}

static uint16_t clamp16(uint32_t value)
{
	return value > UINT16_MAX ? UINT16_MAX : (uint16_t)value;
}

/* The compiler may leave a frame that is no multiple of 8 to the periphery */
static int pad_frame(const struct hef_edge *edge, struct cut *cut, struct periph *periph,
		     struct h8l_error *error)
{
	if (cut->frame % ALIGNMENT == 0)
		return 0;
	if (cut->frame >= PAYLOAD_MAX)
		return no_solution(edge, "its frame is no multiple of 8 bytes and too large to pad",
				   error);
	periph->padding_payload = cut->frame;
	cut->frame = (uint32_t)align_up(cut->frame, ALIGNMENT);
	periph->padding = (uint16_t)(cut->frame - periph->padding_payload);
	return 0;
}

static int row_buffers(const struct hef_edge *edge, const struct hef_features *features,
		       uint32_t page, struct periph *periph, struct h8l_error *error)
{
	const struct h8l_shape *s = &edge->device_shape;
	struct cut cut = {
		.ddr = edge->connection == HEF_DDR,
		.row = s->width * s->features * edge->data_bytes,
		.frame = s->height * s->width * s->features * edge->data_bytes,
		.fifo = periph->fifo_size,
		.page = page,
		.core_bytes = edge->core_bytes,
	};
	uint32_t bytes;
	int err;

	if (page >= cut.fifo)
		return no_solution(edge, "a descriptor is larger than its FIFO", error);
	err = features->hw_padding_in_dfc ? pad_frame(edge, &cut, periph, error) : 0;
	if (err)
		return err;
	bytes = largest_part(&cut);
	if (!bytes || bytes > UINT16_MAX)
		return no_solution(edge, "no part of a row divides it", error);
	periph->bytes_per_buffer = (uint16_t)bytes;
	periph->buffers_per_frame =
		clamp16(cut.ddr ? (uint32_t)edge->core_bytes * edge->core_buffers / bytes :
				  cut.frame / bytes);
	return 0;
}

/* Larger portions need fewer credits: the fewest that divide the frame */
static uint16_t fewest_buffers(const struct limits *limits, const struct periph *periph,
			       uint32_t frame)
{
	uint32_t largest = limits->max_acceptable > periph->bytes_per_buffer ?
			   limits->max_acceptable : periph->bytes_per_buffer;
	uint32_t most = frame < limits->max_buffers ? frame : limits->max_buffers;
	uint32_t words = frame / limits->granularity;

	for (uint32_t i = (uint32_t)div_round_up(frame, largest); i < most; i++)
		if (words % i == 0 && frame / i <= limits->max_bytes)
			return (uint16_t)i;
	return limits->max_buffers < frame ? periph->buffers_per_frame : (uint16_t)frame;
}

static int apply_credits(const struct hef_edge *edge, const struct limits *limits, uint32_t page,
			 struct periph *periph, struct h8l_error *error)
{
	uint32_t frame = (uint32_t)periph->bytes_per_buffer * periph->buffers_per_frame;

	if (!limits->granularity || periph->bytes_per_buffer % limits->granularity)
		return no_solution(edge, "the firmware wants other portions", error);
	if (limits->optimise && edge->connection != HEF_DDR) {
		periph->buffers_per_frame = fewest_buffers(limits, periph, frame);
		periph->bytes_per_buffer = (uint16_t)(frame / periph->buffers_per_frame);
	}
	if (edge->direction == H8L_OUTPUT &&
	    (uint64_t)periph->bytes_per_buffer + 8 + page > limits->outbound_size)
		return no_solution(edge, "its rows are larger than the chip's output FIFO", error);
	return 0;
}

int periph_compute(const struct hef_edge *edge, const struct hef_features *features,
		   uint32_t page_size, const struct hw_consts *consts, struct periph *periph,
		   struct h8l_error *error)
{
	struct limits limits = read_limits(consts);
	int err;

	*periph = (struct periph){ .fifo_size = edge->fifo_size };
	if (!periph->fifo_size)
		periph->fifo_size = le32toh(consts->default_initial_credit_size);
	if (edge->order == H8L_ORDER_NMS_ON_CHIP)
		err = nms_buffers(edge, periph, error);
	else
		err = row_buffers(edge, features, page_size, periph, error);
	return err ?: apply_credits(edge, &limits, page_size, periph, error);
}

struct hw_stream_reg periph_registers(const struct hef_edge *edge,
				      const struct hef_features *features,
				      const struct periph *periph)
{
	return (struct hw_stream_reg){
		.core_bytes_per_buffer = htole16(edge->core_bytes),
		.core_buffers_per_frame = htole16(edge->core_buffers),
		.periph_bytes_per_buffer = htole16(periph->bytes_per_buffer),
		.periph_buffers_per_frame = htole16(periph->buffers_per_frame),
		.feature_padding_payload = htole16(edge->feature_padding),
		.buffer_padding_payload = htole32(periph->padding_payload),
		.buffer_padding = htole16(periph->padding),
		.core_hw_padding_in_dfc = features->hw_padding_in_dfc,
	};
}
