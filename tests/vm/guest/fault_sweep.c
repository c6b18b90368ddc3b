// SPDX-License-Identifier: MIT
/*
 * fault_sweep PHASE FAULT ERRNO...: one phase of a program's life while the
 * chip's faults, switched off until now (--faults-wait), hit.
 *
 *	idle		open the node, ask and read
 *	configure	from an open file to a started network
 *	running		frames
 *	closing		close with transfers in flight
 *
 * With "faults" alone: all that there are, as the chip's --help has them.
 *
 * Prints a row of the table: what failed first, of what the errors that are
 * right here are ERRNO..., and what it took to make the chip run frames again:
 * nothing, a reset by sysfs, or a new card (which is for the caller to try).
 * Exit status 0 when all was right, 3 when a new card is needed, else 1.
 */
#include <poll.h>

#include "abi.h"
#include "tests/emulator/fault_option.h"
#include "tests/hef/pattern.h"

#define RESET "/sys/class/hailo_chardev/hailo0/reset"
#define LIMIT_S 60		/* nothing here may take longer */

/* First thing that went wrong, for whoever waits for the process */
struct outcome {
	int error;		/* -errno */
	char what[48];
};

static struct outcome *outcome;
static uint32_t next_frame;	/* counts from 0 since the network was enabled */

static int note(int ret, const char *what)
{
	if (ret < 0 && !outcome->error) {
		outcome->error = ret;
		snprintf(outcome->what, sizeof(outcome->what), "%s", what);
	}
	return ret;
}

/* The chip's faults on or off; the chip takes the signal before it answers. */
static void switch_faults(void)
{
	if (system("host signal USR2 >/dev/null && host count faults >/dev/null"))
		_exit(4);
}

static void prepare(struct net *n, int fd)
{
	net_prepare(n, fd, DESCS);
	note(failures ? -EPROTO : 0, "prepare");
}

/* Steps of configure, each with its own error */
static int configure(struct net *n)
{
	int fd = n->fd;

	next_frame = 0;
	if (note(change_status(fd, HW_CS_RESET), "reset state") < 0 ||
	    note(simple_control(fd, HW_OP_CLEAR_CONFIGURED_APPS, HAILO8L_CPU_CORE), "clear") < 0 ||
	    note(send_header(fd), "header") < 0 ||
	    note(send_activation(n), "activation") < 0 ||
	    note(send_batch_switching(n), "batch switching") < 0 ||
	    note(send_main(n, HW_CONTEXT_PRELIMINARY), "preliminary") < 0 ||
	    note(send_main(n, HW_CONTEXT_DYNAMIC), "dynamic") < 0 ||
	    note(change_status(fd, HW_CS_ENABLED), "enable state") < 0)
		return -1;
	return note(enable(fd, NET_CHANNELS), "enable channels");
}

/* One transfer of each channel, as a library waits: for all of them at once. */
static int wait_frame(int fd)
{
	struct hailo8l_interrupts_wait a;
	uint32_t missing = NET_CHANNELS;
	int ret = 0, i;

	alarms_interrupt();
	alarm(3);
	while (!ret && missing) {
		ret = wait_channels(fd, missing, &a);
		for (i = 0; !ret && i < a.channels_count; i++) {
			if (a.irq_data[i].data == HAILO8L_IRQ_DATA_ERROR)
				ret = -EIO;
			else if (a.irq_data[i].data == HAILO8L_IRQ_DATA_NOT_ACTIVE)
				ret = -ECONNRESET;
			missing &= ~(1u << a.irq_data[i].channel);
		}
	}
	alarm(0);
	return ret == -EINTR ? -ETIMEDOUT : ret;
}

/* What the software chip answers to the next frame since it was enabled */
static void expected_output(const uint8_t *in, uint8_t *out)
{
	uint64_t hash = pattern_combine(PATTERN_HASH_INIT, 1,
					pattern_hash(PATTERN_HASH_INIT, in, IN_BYTES));

	pattern_fill(pattern_seed(hash, 0, next_frame), out, OUT_BYTES);
}

static int frame(struct net *n)
{
	uint8_t *in = n->in + n->next_in * IN_PAGE, *out = n->out + n->next_out * OUT_PAGE;
	uint8_t expected[OUT_BYTES];

	memset(in, next_frame, IN_BYTES);
	memset(out, 0, OUT_BYTES);
	expected_output(in, expected);
	if (note(launch_out(n), "launch") < 0 || note(launch_in(n), "launch") < 0 ||
	    note(wait_frame(n->fd), "wait") < 0)
		return -1;
	next_frame++;
	return note(memcmp(expected, out, OUT_BYTES) ? -EBADMSG : 0, "bytes");
}

static int frames(struct net *n, int count)
{
	int ret = 0;

	while (!ret && count--)
		ret = frame(n);
	return ret;
}

static void read_log(int fd)
{
	struct hailo8l_read_log log = { .buffer_size = 512 };

	note(call(fd, HAILO8L_READ_LOG, &log), "log");
}

static void phase_idle(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLPRI };
	int i;

	switch_faults();
	for (i = 0; i < 4; i++)
		note(simple_control(fd, HW_OP_IDENTIFY, HAILO8L_CPU_APP), "identify");
	note(simple_control(fd, HW_OP_GET_CHIP_TEMPERATURE, HAILO8L_CPU_APP), "temperature");
	read_log(fd);
	poll(&p, 1, 200);
}

static void phase_configure(int fd)
{
	struct net n;

	prepare(&n, fd);
	switch_faults();
	if (configure(&n) >= 0)
		frames(&n, 2);
	read_log(fd);
}

static void phase_running(int fd)
{
	struct net n;

	prepare(&n, fd);
	if (configure(&n) < 0 || frames(&n, 2) < 0)
		_exit(5);
	switch_faults();
	frames(&n, 20);
	read_log(fd);
}

static void phase_closing(int fd)
{
	struct net n;
	int i;

	prepare(&n, fd);
	if (configure(&n) < 0 || frames(&n, 2) < 0)
		_exit(5);
	for (i = 0; i < 4; i++)
		launch_out(&n);
	switch_faults();
	/* Two frames whose ends nobody waits for, two more that never come */
	for (i = 0; i < 2; i++)
		note(launch_in(&n), "launch");
	usleep(100000);
	note(disable(fd, 1u << CH_IN), "disable");
	read_log(fd);
}

/* Three good frames from scratch */
static void phase_after(int fd)
{
	struct net n;

	prepare(&n, fd);
	if (configure(&n) >= 0)
		frames(&n, 3);
}

static int open_or_note(void)
{
	int fd = open(NODE, O_RDWR | O_CLOEXEC);

	note(fd < 0 ? -errno : 0, "open");
	return fd;
}

static int wait_until(pid_t pid, int seconds)
{
	int i, status;

	for (i = 0; i < seconds * 20; i++) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return status;
		usleep(50000);
	}
	return -1;
}

/* Runs a phase in a process of its own. Its wait status, or -1: it hangs. */
static int run(void (*phase)(int fd))
{
	pid_t pid;
	int fd, status;

	memset(outcome, 0, sizeof(*outcome));
	fflush(stdout);
	pid = fork();
	if (!pid) {
		if (!freopen("/dev/null", "w", stdout))
			_exit(4);
		fd = open_or_note();
		if (fd >= 0)
			phase(fd);
		_exit(fd < 0);
	}
	status = wait_until(pid, LIMIT_S);
	if (status >= 0)
		return status;
	kill(pid, SIGKILL);
	return wait_until(pid, LIMIT_S) < 0 ? -1 : 0x100;
}

static bool usable(void)
{
	return run(phase_after) == 0 && !outcome->error;
}

static bool reset_chip(void)
{
	int fd = open(RESET, O_WRONLY | O_CLOEXEC);
	bool good = fd >= 0 && write(fd, "1", 1) == 1;

	if (fd >= 0)
		close(fd);
	return good;
}

static const char *recover(void)
{
	if (usable())
		return "nothing";
	return reset_chip() && usable() ? "a reset" : "a new card";
}

static bool expected(int error, char **names)
{
	bool good = false;

	for (; *names; names++)
		good |= !strcmp(*names, error ? strerrorname_np(-error) : "ok");
	return good;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(int fd);
	} phases[] = {
		{ "idle", phase_idle }, { "configure", phase_configure },
		{ "running", phase_running }, { "closing", phase_closing },
	};
	struct outcome first;
	const char *needed;
	int status = 4;
	bool good;
	size_t i;

	outcome = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (argc == 2 && !strcmp(argv[1], "faults")) {
		fault_option_list(stdout);
		return 0;
	}
	if (argc < 4 || outcome == MAP_FAILED)
		return 2;
	for (i = 0; i < sizeof(phases) / sizeof(*phases); i++)
		if (!strcmp(phases[i].name, argv[1]))
			status = run(phases[i].run);
	first = *outcome;
	switch_faults();
	good = status == 0 && expected(first.error, argv + 3);
	needed = status == -1 ? "hangs" : recover();
	printf("%-4s %-10s %-24s %-14s %-16s %s%s\n", good ? "ok" : "FAIL", argv[1], argv[2],
	       first.error ? strerrorname_np(-first.error) : "ok", first.what, needed,
	       status > 0 ? ", ended badly" : "");
	if (!good || status)
		return 1;
	return strcmp(needed, "a new card") ? 0 : 3;
}
