// SPDX-License-Identifier: MIT
/*
 * verify: runs network files whose weights nobody outside the vendor can
 * interpret, and checks every byte that the software chip answers. The chip
 * derives its outputs from the input bytes that reached it by DMA
 * (tests/hef/pattern.h), so the expected answer is computed here from the same
 * inputs, with the library's own conversions, which have unit tests. Where there
 * are several contexts, what one leaves in a buffer is the next one's input.
 *
 *	verify [-n FRAMES] [-b BATCH] [-g GROUP] [-s] [-d FOLDER [-t]] HEF...
 *
 * -b configures for batches of so many frames, which are under way together; what
 * is left of -n is run frame by frame after the first of them. -s sends the
 * messages of the stock library. With -d it is for network files of mkhef: nothing is
 * compared here; all frames go to files in FOLDER, and FOLDER/args gets the arguments
 * with which refnet compares them. -t configures all files at once and runs a batch
 * of each in turn, all under way before the first is waited for; the folders are then
 * FOLDER/0 and so on.
 * Prints "ok", "FAIL" or "SKIP" and the reason for each file. Exit code: 1 if one
 * failed, else 77 if the library cannot run one.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/format.h"
#include "lib/hef.h"
#include "tests/hef/pattern.h"

#define MAX_STREAMS HEF_MAX_STREAMS
#define MAX_BATCH 63
#define MAX_TOGETHER 8
#define SKIPPED 77

struct stream {
	struct h8l_stream_info info;
	struct format_plan plan;
	const struct hef_edge *edge;	/* the wire's side */
	size_t size;			/* of a host frame */
	void *hosts[MAX_BATCH];		/* for the frames under way */
	void *host;			/* that of the frame in hand */
	void *device;			/* expected, or as sent */
	void *wanted;			/* outputs: expected host frame */
};

struct test {
	const char *path;
	const char *folder;		/* for frames, or NULL */
	unsigned int frames;
	unsigned int batch;
	unsigned int together;		/* the next so many frames */
	unsigned int group;
	unsigned int flags;
	struct h8l_device *chip;
	bool shares_chip;
	struct h8l_hef *hef;
	const struct hef_variant *variant;
	struct h8l_network *network;
	struct stream stream[2][MAX_STREAMS];	/* by enum h8l_direction */
	unsigned int count[2];
	struct wire *wires;
	unsigned int wire_count;
	struct h8l_error error;
};

/* What crosses the chip's border at one edge of one context in this frame */
struct wire {
	const struct hef_edge *edge;
	uint8_t *data;
	bool borrowed;			/* belongs to a stream or to another wire */
};

static int failed(struct test *test, const char *what)
{
	printf("FAIL %s: %s: %s\n", test->path, what, test->error.text);
	return 1;
}

/* The wire's side of a stream of the same name, or NULL */
static const struct hef_edge *find_edge(const struct test *test, enum h8l_direction direction,
					const char *name)
{
	const struct hef_variant *v = test->variant;
	const struct hef_edge **edges = direction == H8L_INPUT ? v->inputs : v->outputs;
	unsigned int count = direction == H8L_INPUT ? v->input_count : v->output_count;

	for (unsigned int i = 0; i < count; i++)
		if (!strcmp(edges[i]->name, name))
			return edges[i];
	return NULL;
}

static int add_hosts(struct test *test, struct stream *stream, int64_t size)
{
	if (size <= 0)
		return -1;
	stream->size = size;
	for (unsigned int slot = 0; slot < test->batch; slot++) {
		stream->hosts[slot] = calloc(1, size);
		if (!stream->hosts[slot])
			return -1;
	}
	stream->host = stream->hosts[0];
	return 0;
}

static int add_stream(struct test *test, enum h8l_direction direction, unsigned int i)
{
	struct stream *stream = &test->stream[direction][i];
	const struct hef_edge *edge;
	struct h8l_format automatic = { 0 };
	int result;

	result = h8l_network_stream(test->network, direction, i, &stream->info);
	if (result < 0)
		return result;
	result = add_hosts(test, stream, h8l_network_frame_size(test->network, direction, i));
	if (result < 0 || test->folder)
		return result;
	edge = find_edge(test, direction, stream->info.name);
	if (!edge)
		return -1;
	stream->edge = edge;
	result = format_plan_init(&stream->plan, &stream->info, edge->transposed, edge->quant,
				  automatic, &test->error);
	if (result < 0)
		return result;
	stream->device = calloc(1, stream->plan.device_size);
	stream->wanted = calloc(1, stream->size);
	return stream->device && stream->wanted ? 0 : -1;
}

static int add_streams(struct test *test, enum h8l_direction direction, unsigned int count)
{
	test->count[direction] = count;
	for (unsigned int i = 0; i < count; i++)
		if (add_stream(test, direction, i) < 0)
			return -1;
	return 0;
}

/* DDR buffers return what went in, and the core does not see them. */
static bool is_io(const struct hef_edge *edge)
{
	return edge->connection == HEF_BOUNDARY || edge->connection == HEF_INTER_CONTEXT;
}

static uint8_t *boundary_data(const struct test *test, const struct hef_edge *edge)
{
	const struct stream *streams = test->stream[edge->direction];

	for (unsigned int i = 0; i < test->count[edge->direction]; i++)
		if (streams[i].edge == edge)
			return streams[i].device;
	return NULL;
}

/* The output of an earlier context that this input reads */
static uint8_t *peer_data(const struct test *test, const struct hef_edge *edge)
{
	for (unsigned int i = 0; i < test->wire_count; i++) {
		const struct hef_edge *other = test->wires[i].edge;

		if (other->direction == H8L_OUTPUT && other->context == edge->peer_context &&
		    other->stream == edge->peer_stream && other->frame_size == edge->frame_size)
			return test->wires[i].data;
	}
	return NULL;
}

static int add_wire(struct test *test, const struct hef_edge *edge)
{
	struct wire wire = { .edge = edge, .borrowed = true };

	if (edge->connection == HEF_BOUNDARY) {
		wire.data = boundary_data(test, edge);
	} else if (edge->direction == H8L_INPUT) {
		wire.data = peer_data(test, edge);
	} else {
		wire.data = calloc(1, edge->frame_size);
		wire.borrowed = false;
	}
	test->wires[test->wire_count++] = wire;
	return wire.data ? 0 : -1;
}

/* Contexts in order, so that whoever writes a buffer comes first */
static int add_wires(struct test *test)
{
	const struct hef_variant *v = test->variant;
	size_t edges = 0;

	if (test->folder)
		return 0;
	for (unsigned int c = 0; c < v->context_count; c++)
		edges += v->contexts[c].edge_count;
	test->wires = calloc(edges, sizeof(*test->wires));
	if (!test->wires)
		return -1;
	for (unsigned int c = 0; c < v->context_count; c++)
		for (unsigned int i = 0; i < v->contexts[c].edge_count; i++)
			if (is_io(&v->contexts[c].edges[i]) &&
			    add_wire(test, &v->contexts[c].edges[i]) < 0)
				return -1;
	return 0;
}

/* Every frame has other bytes, and no two streams have the same. */
static void fill_inputs(struct test *test, unsigned int frame)
{
	for (unsigned int i = 0; i < test->count[H8L_INPUT]; i++) {
		struct stream *s = &test->stream[H8L_INPUT][i];

		pattern_fill(0x9e3779b97f4a7c15ull * (frame + 1) + i, s->host, s->size);
		if (!test->folder)
			format_to_device(&s->plan, s->host, s->device);
	}
}

static void spoil_outputs(struct test *test)
{
	for (unsigned int i = 0; i < test->count[H8L_OUTPUT]; i++)
		memset(test->stream[H8L_OUTPUT][i].host, 0xa5, test->stream[H8L_OUTPUT][i].size);
}

static uint64_t hash_inputs(const struct test *test, unsigned int context)
{
	uint64_t combined = PATTERN_HASH_INIT;

	for (unsigned int index = 0; index < 256; index++)
		for (unsigned int i = 0; i < test->wire_count; i++) {
			const struct hef_edge *e = test->wires[i].edge;

			if (e->context == context && e->direction == H8L_INPUT &&
			    e->stream == index)
				combined = pattern_combine(combined, index,
						pattern_hash(PATTERN_HASH_INIT,
							     test->wires[i].data,
							     e->frame_size));
		}
	return combined;
}

static void run_context(struct test *test, unsigned int context, unsigned int frame)
{
	uint64_t combined = hash_inputs(test, context);

	for (unsigned int i = 0; i < test->wire_count; i++) {
		const struct hef_edge *e = test->wires[i].edge;

		if (e->context == context && e->direction == H8L_OUTPUT)
			pattern_fill(pattern_seed(combined, e->stream, frame),
				     test->wires[i].data, e->frame_size);
	}
}

static void expect_outputs(struct test *test, unsigned int frame)
{
	for (unsigned int c = 0; c < test->variant->context_count; c++)
		run_context(test, c, frame);
	for (unsigned int i = 0; i < test->count[H8L_OUTPUT]; i++) {
		struct stream *s = &test->stream[H8L_OUTPUT][i];

		format_to_host(&s->plan, s->device, s->wanted);
	}
}

static size_t first_difference(const struct stream *s)
{
	const uint8_t *got = s->host;
	const uint8_t *wanted = s->wanted;
	size_t at = 0;

	while (at < s->size && got[at] == wanted[at])
		at++;
	return at;
}

static int compare_outputs(struct test *test, unsigned int frame)
{
	int bad = 0;

	for (unsigned int i = 0; i < test->count[H8L_OUTPUT]; i++) {
		struct stream *s = &test->stream[H8L_OUTPUT][i];
		size_t at = first_difference(s);

		if (at == s->size)
			continue;
		printf("FAIL %s: frame %u, output %s: byte %zu of %zu differs\n", test->path,
		       frame, s->info.name, at, s->size);
		bad = 1;
	}
	return bad;
}

static int save_frame(const struct test *test, enum h8l_direction direction, unsigned int i)
{
	const struct stream *s = &test->stream[direction][i];
	char path[4096];
	FILE *file;
	size_t written;

	snprintf(path, sizeof(path), "%s/%d.%u", test->folder, direction, i);
	file = fopen(path, "ab");
	if (!file)
		return -1;
	written = fwrite(s->host, 1, s->size, file);
	return fclose(file) || written != s->size ? -1 : 0;
}

static int save_frames(struct test *test)
{
	for (int d = H8L_INPUT; d <= H8L_OUTPUT; d++)
		for (unsigned int i = 0; i < test->count[d]; i++)
			if (save_frame(test, d, i) < 0) {
				printf("FAIL %s: cannot write to %s\n", test->path, test->folder);
				return 1;
			}
	return 0;
}

static int save_arguments(const struct test *test)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/args", test->folder);
	file = fopen(path, "w");
	if (!file)
		return 1;
	for (int d = H8L_INPUT; d <= H8L_OUTPUT; d++)
		for (unsigned int i = 0; i < test->count[d]; i++)
			fprintf(file, "-%c %s=%s/%d.%u\n", d == H8L_INPUT ? 'i' : 'c',
				test->stream[d][i].info.name, test->folder, d, i);
	return fclose(file) != 0;
}

static void list_buffers(const struct test *test, enum h8l_direction direction,
			 struct h8l_buffer *buffers)
{
	for (unsigned int i = 0; i < test->count[direction]; i++) {
		const struct stream *s = &test->stream[direction][i];

		buffers[i] = (struct h8l_buffer){ s->host, s->size };
	}
}

static void select_slot(struct test *test, unsigned int slot)
{
	for (int d = H8L_INPUT; d <= H8L_OUTPUT; d++)
		for (unsigned int i = 0; i < test->count[d]; i++)
			test->stream[d][i].host = test->stream[d][i].hosts[slot];
}

static int submit_frame(struct test *test)
{
	struct h8l_buffer in[MAX_STREAMS], out[MAX_STREAMS];

	list_buffers(test, H8L_INPUT, in);
	list_buffers(test, H8L_OUTPUT, out);
	if (test->together == 1)
		return h8l_network_run(test->network, in, test->count[H8L_INPUT], out,
				       test->count[H8L_OUTPUT], &test->error);
	return h8l_network_submit(test->network, in, test->count[H8L_INPUT], out,
				  test->count[H8L_OUTPUT], NULL, &test->error);
}

static int wait_frames(struct test *test)
{
	struct h8l_completion done = { 0 };

	for (unsigned int i = 0; i < test->together && test->together > 1; i++)
		if (h8l_network_wait(test->network, -1, &done, &test->error) != 1 || done.status)
			return -1;
	return 0;
}

static int start_batch(struct test *test, unsigned int first)
{
	for (unsigned int slot = 0; slot < test->together; slot++) {
		select_slot(test, slot);
		fill_inputs(test, first + slot);
		spoil_outputs(test);
		if (submit_frame(test) < 0)
			return failed(test, "run");
	}
	return 0;
}

static int finish_batch(struct test *test, unsigned int first)
{
	if (wait_frames(test) < 0)
		return failed(test, "wait");
	for (unsigned int slot = 0; slot < test->together; slot++) {
		select_slot(test, slot);
		fill_inputs(test, first + slot);
		if (test->folder) {
			if (save_frames(test))
				return 1;
			continue;
		}
		expect_outputs(test, first + slot);
		if (compare_outputs(test, first + slot))
			return 1;
	}
	return 0;
}

/* So many frames at a time: the chip may hold the first until it has the last. */
static int run_batch(struct test *test, unsigned int first)
{
	return start_batch(test, first) || finish_batch(test, first);
}

static int run_frames(struct test *test)
{
	unsigned int odd = test->frames % test->batch, frame = 0;

	while (frame < test->frames) {
		bool alone = odd && (frame >= test->batch || test->frames < test->batch);

		test->together = alone ? 1 : test->batch;
		odd -= alone;
		if (run_batch(test, frame))
			return 1;
		frame += test->together;
	}
	return test->folder ? save_arguments(test) : 0;
}

static int configure(struct test *test)
{
	struct h8l_network_options options = {
		.group = test->group,
		.flags = test->flags,
		.batch_size = test->batch,
		.queue_depth = test->batch,
	};

	if (h8l_network_open(test->chip, test->hef, &options, &test->network, &test->error) < 0)
		return failed(test, "configure");
	if (add_streams(test, H8L_INPUT, h8l_network_inputs(test->network)) < 0 ||
	    add_streams(test, H8L_OUTPUT, h8l_network_outputs(test->network)) < 0 ||
	    add_wires(test) < 0)
		return failed(test, "streams");
	return 0;
}

static int run_network(struct test *test)
{
	if (configure(test) || run_frames(test))
		return 1;
	printf("ok   %s: %u frames, %u contexts\n", test->path, test->frames,
	       test->variant->context_count);
	return 0;
}

static int choose(struct test *test)
{
	struct h8l_device_info info;
	struct h8l_identity identity;

	h8l_device_identity(test->chip, &identity);
	if (h8l_device_read_info(test->chip, &info, &test->error) < 0)
		return failed(test, "device information");
	test->variant = hef_choose(test->hef, &test->hef->groups[test->group], identity.architecture,
				   info.cluster_layout, &test->error);
	return test->variant ? 0 : failed(test, "compatible");
}

static int open_file(struct test *test)
{
	struct h8l_group_info group;

	if (!test->chip && h8l_device_open(NULL, &test->chip, &test->error) < 0)
		return failed(test, "open the device");
	if (h8l_hef_open(test->path, &test->hef, &test->error) < 0)
		return failed(test, "open the file");
	if (h8l_hef_group(test->hef, test->group, &group) < 0)
		return failed(test, "no such group");
	if (group.unsupported) {
		printf("SKIP %s: %s\n", test->path, group.unsupported);
		return SKIPPED;
	}
	return choose(test);
}

static void clean(struct test *test)
{
	h8l_network_close(test->network);
	h8l_hef_close(test->hef);
	h8l_device_close(test->shares_chip ? NULL : test->chip);
	for (unsigned int i = 0; i < test->wire_count; i++)
		if (!test->wires[i].borrowed)
			free(test->wires[i].data);
	free(test->wires);
	for (int d = H8L_INPUT; d <= H8L_OUTPUT; d++)
		for (unsigned int i = 0; i < MAX_STREAMS; i++) {
			for (unsigned int slot = 0; slot < MAX_BATCH; slot++)
				free(test->stream[d][i].hosts[slot]);
			free(test->stream[d][i].device);
			free(test->stream[d][i].wanted);
		}
}

static int verify(const char *path, const struct test *how)
{
	struct test *test = malloc(sizeof(*test));
	int result;

	if (!test)
		return 1;
	*test = *how;
	test->path = path;
	result = open_file(test) ?: run_network(test);
	clean(test);
	free(test);
	return result;
}

/* ---- several networks on the chip ---- */

static int open_together(struct test *tests, unsigned int i, const struct test *how,
			 const char *path)
{
	static char folders[MAX_TOGETHER][256];
	struct h8l_device *chip = tests[0].chip;
	struct test *test = &tests[i];

	*test = *how;
	test->path = path;
	test->folder = folders[i];
	test->chip = chip;
	test->shares_chip = i > 0;
	test->together = test->batch;
	snprintf(folders[i], sizeof(folders[i]), "%s/%u", how->folder, i);
	if (mkdir(folders[i], 0777))
		return 1;
	return open_file(test) ?: configure(test);
}

/* Whoever begins waits until those before are done, and the chip changes over. */
static int run_in_turn(struct test *tests, unsigned int count, unsigned int first)
{
	for (unsigned int i = 0; i < count; i++)
		if (start_batch(&tests[i], first))
			return 1;
	for (unsigned int i = 0; i < count; i++)
		if (finish_batch(&tests[i], first))
			return 1;
	return 0;
}

static int verify_together(char **paths, unsigned int count, const struct test *how)
{
	struct test *tests = calloc(count, sizeof(*tests));
	int result = !tests;

	for (unsigned int i = 0; i < count && !result; i++)
		result = open_together(tests, i, how, paths[i]);
	for (unsigned int frame = 0; frame < how->frames && !result; frame += how->batch)
		result = run_in_turn(tests, count, frame);
	for (unsigned int i = 0; i < count && !result; i++)
		result = save_arguments(&tests[i]);
	for (unsigned int i = count; i-- > 0 && tests;)
		clean(&tests[i]);
	free(tests);
	if (!result)
		printf("ok   %u networks in turn: %u frames of each\n", count, how->frames);
	return result;
}

int main(int argc, char **argv)
{
	bool together = false;
	static struct test how = { .frames = 3, .batch = 1 };
	int option, result, worst = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	while ((option = getopt(argc, argv, "n:b:g:sd:t")) != -1) {
		if (option == 'n')
			how.frames = strtoul(optarg, NULL, 0);
		else if (option == 'b')
			how.batch = strtoul(optarg, NULL, 0);
		else if (option == 'g')
			how.group = strtoul(optarg, NULL, 0);
		else if (option == 's')
			how.flags = H8L_NETWORK_STOCK_MESSAGES;
		else if (option == 'd')
			how.folder = optarg;
		else if (option == 't')
			together = true;
		else
			return 1;
	}
	if (!how.batch || how.batch > MAX_BATCH || optind == argc)
		return 1;
	if (together)
		return how.folder && argc - optind <= MAX_TOGETHER ?
		       verify_together(argv + optind, argc - optind, &how) : 1;
	for (int i = optind; i < argc; i++) {
		result = verify(argv[i], &how);
		if (result == 1 || !worst)
			worst = result;
	}
	return worst;
}
