// SPDX-License-Identifier: MIT
/*
 * Decoding of every box without threshold or suppression (reference formats.md
 * 11.8).
 */
#include "postprocess.h"

#define YOLOV5_BOX	4	/* values before objectness and classes */

static void put_box(uint8_t **out, const struct pp_box *box)
{
	memcpy(*out, box, sizeof(*box));
	*out += sizeof(*box);
}

static void put_features(uint8_t **out, const struct pp_tensor *t, const void *data, size_t at,
			 uint32_t count)
{
	pp_read_pixel(t, data, at, count, *out);
	*out += count * sizeof(float);
}

static void yolov5_cell(const struct pp_nms *nms, const struct pp_decoder *decoder,
			const void *data, uint32_t row, uint32_t column, uint8_t **out)
{
	const struct pp_tensor *t = &nms->tensors[decoder->boxes];
	size_t pitch = t->device_shape.width;
	size_t at = pp_row(t, row) + column;

	for (uint32_t a = 0; a < decoder->anchor_count; a++) {
		struct pp_box box = pp_yolov5_box(nms, decoder, data, row, column, a);

		put_box(out, &box);
		put_features(out, t, data, at + YOLOV5_BOX * pitch, 1 + nms->classes);
		at += pp_entry_features(nms) * pitch;
	}
}

static void yolov8_cell(const struct pp_nms *nms, const struct pp_decoder *decoder,
			const struct pp_state *state, const struct pp_input *inputs, uint32_t row,
			uint32_t column, uint8_t **out)
{
	const struct pp_tensor *t = &nms->tensors[decoder->classes];
	struct pp_box box = pp_yolov8_box(nms, decoder, state, inputs[decoder->boxes].data, row,
					  column);

	put_box(out, &box);
	put_features(out, t, inputs[decoder->classes].data, pp_row(t, row) + column,
		     nms->classes);
}

void pp_write_boxes(const struct pp_nms *nms, struct pp_state *state,
		    const struct pp_input *inputs, uint8_t *out)
{
	for (unsigned int i = 0; i < nms->decoder_count; i++) {
		const struct pp_decoder *d = &nms->decoders[i];
		const struct h8l_shape *shape = &nms->tensors[d->boxes].shape;

		for (uint32_t row = 0; row < shape->height; row++)
			for (uint32_t column = 0; column < shape->width; column++)
				if (nms->head == PP_YOLOV8)
					yolov8_cell(nms, d, state, inputs, row, column, &out);
				else
					yolov5_cell(nms, d, inputs[d->boxes].data, row, column,
						    &out);
	}
}
