/* SPDX-License-Identifier: MIT */
/* hailo8l run, in parts: options, streams and their files, frames, report. */
#ifndef RUN_H
#define RUN_H

#include <stdint.h>

#include "tools/outfile.h"
#include "tools/picture.h"

#define RUN_MAX_PAIRS	64	/* options that name a stream, of one kind */
#define RUN_MAX_FRAMES	10000000
#define RUN_MAX_QUEUE	64
#define RUN_MAX_WAIT	1000000	/* seconds */
#define RUN_ALIGNMENT	4096	/* what the library takes without a copy */

/* "[NAME=]VALUE"; an empty name means the only stream there is. */
struct run_pair {
	const char *text;
	size_t name_length;
	const char *value;
};

struct run_pairs {
	const char *option;	/* for messages */
	struct run_pair pair[RUN_MAX_PAIRS];
	unsigned int count;
};

struct run_options {
	const char *hef;
	const char *device;
	const char *group;
	struct run_pairs inputs, outputs, raw_outputs, save_inputs, formats;
	const char *labels;
	enum picture_fit fit;
	unsigned long frames, queue, timeout_ms, top;
	bool all_frames;
	bool wait;			/* for one's turn, */
	unsigned long wait_s;		/* so long at most, 0: without limit */
	bool json;
};

struct run_stream {
	struct h8l_stream_info info;
	unsigned int number;		/* within its direction */
	struct h8l_format format;	/* in memory, no AUTO in it */
	bool format_given;		/* by an option */
	size_t size;			/* bytes of one frame */
	uint8_t *data;			/* input: frame_count frames */
	unsigned int frame_count;
	size_t step;			/* output: bytes from one frame of data to the next */
	uint8_t *result;		/* output: the newest frame, in data */
	const char *source;		/* input: file given */
	unsigned int picture_width, picture_height;	/* before resizing, or 0 */
	enum picture_kind kind;		/* of `file`; NONE: raw */
	struct outfile file;		/* output: result */
	struct outfile raw;		/* output: raw bytes; input: bytes used */
	char *file_name, *raw_name;	/* of these, NULL if not wanted */
};

struct run_streams {
	enum h8l_direction direction;
	struct run_stream *stream;
	unsigned int count;
};

struct run_times {
	double open, configure;		/* seconds */
	double *frame;			/* of each frame, sorted in the end */
	unsigned long frames;
	double total;			/* from the first given to the last taken */
};

struct run_label_list {
	char *text;
	const char **name;
	unsigned int count;
};

struct run_post {
	struct h8l_post_info info;
	unsigned int index;		/* in the group */
	struct h8l_post *post;
	struct h8l_post_result result;	/* of the last frame */
};

#define RUN_MAX_POSTS	8

struct run {
	const struct run_options *options;
	struct h8l_hef *hef;
	unsigned int group;
	struct run_streams inputs, outputs;
	struct run_label_list labels;
	struct run_post post[RUN_MAX_POSTS];
	unsigned int post_count;
	struct h8l_device *device;
	struct h8l_scan_entry entry;
	struct h8l_identity identity;
	struct h8l_network *network;
	struct run_times times;
	struct problem problem;
};

/* All return 0, or -1 with run->problem set, unless they say otherwise. */

/* run_streams.c: streams of the group, their formats and their files' names */
int run_streams_init(struct run *run);
void run_streams_free(struct run *run);
/* "1x1x10 uint8 NC" of a stream as the program sees it. */
const char *run_stream_text(const struct run_stream *stream, char out[64]);
/* Is a frame the pixels of a grey or RGB picture? */
bool run_stream_is_picture(const struct run_stream *stream);

/* run_files.c: what is read before and written after the frames */
int run_inputs_load(struct run *run);
int run_inputs_save(struct run *run);
/* Makes the (still nameless) result files. */
int run_outputs_open(struct run *run);
/* After a frame: what --all-frames wants of it. */
int run_outputs_frame(struct run *run);
/* Writes the results and gives all files their names. */
int run_outputs_finish(struct run *run);

/* run_frames.c: running. A first signal ends it after a moment, a second one at
 * once. Returns an exit code after a message.
 */
void run_catch_signals(void);
double run_clock(void);			/* seconds, of no particular zero */
int run_frames(struct run *run);

/* run_top.c: the best classes of an output that is a list of values */
struct run_class {
	unsigned int index;
	float value;		/* real, not quantised */
};

int run_labels_load(struct run *run);
void run_labels_free(struct run_label_list *labels);
bool run_stream_is_list(const struct run_stream *stream);
/* Is there an output, and are there enough labels, for --top? */
int run_top_check(struct run *run);
/* The best classes, best first, equal ones by number: an array of *count to
 * be freed, NULL without memory.
 */
struct run_class *run_top(const struct run *run, const struct run_stream *stream,
			  unsigned int *count);

/* run_post.c: detections. What they are computed from comes as the chip has it,
 * unless --format says otherwise; then they are not computed.
 */
struct json_object;

void run_post_init(struct run *run);
/* Once the network is open. 0, or a negative errno with *error. */
int run_post_open(struct run *run, struct h8l_error *error);
void run_post_close(struct run *run);
/* Of the newest frame */
int run_post_compute(struct run *run);
void run_post_print(const struct run *run);
struct json_object *run_post_json(const struct run *run);

/* run_report.c: returns an exit code */
int run_report(const struct run *run);

#endif /* RUN_H */
