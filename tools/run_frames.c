// SPDX-License-Identifier: MIT
/* hailo8l run: frames to the device and back, timed. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "tools/run.h"

#define SLICE_MS 100	/* how soon a signal is noticed */

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	(void)number;
	interrupted = 1;
}

/* A second signal ends the program as if this were not here. One that was
 * ignored from the start (nohup) stays so.
 */
void run_catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESETHAND };
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction old;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(signals); i++) {
		sigaction(signals[i], NULL, &old);
		if (old.sa_handler != SIG_IGN)
			sigaction(signals[i], &action, NULL);
	}
}

double run_clock(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* What is under way. Frame n uses the n-th piece of each output, modulo depth. */
struct flow {
	struct run *run;
	unsigned int depth;
	unsigned long submitted, taken;
	double start;
	double submit_time[RUN_MAX_QUEUE];
	double shown;
};

/* A line that rewrites itself, for people only and five times a second. */
static void show_progress(struct flow *flow, bool last)
{
	unsigned long frames = flow->run->options->frames;
	double time = run_clock();

	if (frames == 1 || !isatty(STDERR_FILENO) || (!last && time - flow->shown < 0.2))
		return;
	flow->shown = time;
	if (last)
		fprintf(stderr, "\r%*s\r", 60, "");
	else
		fprintf(stderr, "\r%lu of %lu frames, %.1f frames/s", flow->taken, frames,
			(double)flow->taken / (time - flow->start));
	fflush(stderr);
}

static int frame_error(unsigned long frame, int code, const struct h8l_error *error)
{
	tool_error("run", "frame %lu: %s", frame,
		   error->text[0] ? error->text : h8l_strerror(code));
	return code == -ENODEV ? TOOL_NO_DEVICE : TOOL_ERROR;
}

static int submit(struct flow *flow)
{
	struct h8l_buffer inputs[RUN_MAX_PAIRS], outputs[RUN_MAX_PAIRS];
	struct h8l_error error = { .code = 0 };
	struct run *run = flow->run;
	unsigned int slot = flow->submitted % flow->depth;
	struct run_stream *stream;
	unsigned int i;
	int result;

	for (i = 0; i < run->inputs.count; i++) {
		stream = &run->inputs.stream[i];
		inputs[i].data = stream->data +
				 flow->submitted % stream->frame_count * stream->size;
		inputs[i].size = stream->size;
	}
	for (i = 0; i < run->outputs.count; i++) {
		stream = &run->outputs.stream[i];
		outputs[i].data = stream->data + slot * stream->step;
		outputs[i].size = stream->size;
	}
	flow->submit_time[slot] = run_clock();
	result = h8l_network_submit(run->network, inputs, run->inputs.count, outputs,
				    run->outputs.count, NULL, &error);
	if (result < 0)
		return frame_error(flow->submitted, result, &error);
	flow->submitted++;
	return TOOL_OK;
}

/* The oldest frame has come: what there is to do with it. */
static int finish_frame(struct flow *flow)
{
	struct run *run = flow->run;
	unsigned int slot = flow->taken % flow->depth;
	double time = run_clock();
	unsigned int i;

	run->times.frame[flow->taken] = time - flow->submit_time[slot];
	run->times.total = time - flow->start;
	run->times.frames = ++flow->taken;
	for (i = 0; i < run->outputs.count; i++)
		run->outputs.stream[i].result = run->outputs.stream[i].data +
						slot * run->outputs.stream[i].step;
	if (run_outputs_frame(run))
		return problem_print("run", &run->problem);
	return TOOL_OK;
}

static int take(struct flow *flow)
{
	struct h8l_completion completion = { .status = 0 };
	struct h8l_error error = { .code = 0 };
	int result = 0;

	while (!result && !interrupted)
		result = h8l_network_wait(flow->run->network, SLICE_MS, &completion, &error);
	if (!result)
		return TOOL_OK;
	if (result < 0 || completion.status < 0)
		return frame_error(flow->taken, result < 0 ? result : completion.status, &error);
	return finish_frame(flow);
}

static int flow_run(struct flow *flow)
{
	unsigned long frames = flow->run->options->frames;
	int result = TOOL_OK;

	while (flow->taken < frames && !interrupted && !result) {
		while (!result && flow->submitted < frames &&
		       flow->submitted - flow->taken < flow->depth)
			result = submit(flow);
		if (!result)
			result = take(flow);
		show_progress(flow, result || flow->taken == frames);
	}
	if (!result && flow->taken < frames)
		result = tool_error("run", "interrupted after %lu frames: no result was written",
				    flow->taken);
	return result;
}

int run_frames(struct run *run)
{
	struct flow flow = {
		.run = run,
		.depth = h8l_network_queue_depth(run->network),
		.start = run_clock(),
	};

	if (flow.depth > run->options->queue)
		flow.depth = (unsigned int)run->options->queue;
	return flow_run(&flow);
}
