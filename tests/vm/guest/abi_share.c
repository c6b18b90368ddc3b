// SPDX-License-Identifier: MIT
/*
 * abi_share turns|idle|monitor|remove, abi_share stock MS: who may run networks.
 *
 * Children are told by a byte on a pipe when to go on, and say by another
 * what came of it, so nothing here depends on speed; a wait that has to be
 * seen in the driver is seen through the number of waiters that it reports.
 */
#include <poll.h>
#include <sys/epoll.h>

#include "abi.h"

#define FRAMES 300

static int claim(int fd, uint32_t flags, uint32_t timeout_ms, struct hailo8l_claim *out)
{
	struct hailo8l_claim a = { .size = sizeof(a), .flags = flags, .timeout_ms = timeout_ms };
	int ret = call(fd, HAILO8L_CLAIM, &a);

	if (out)
		*out = a;
	return ret;
}

static int try_claim(int fd)
{
	return claim(fd, HAILO8L_CLAIM_NONBLOCK, 0, NULL);
}

static int unclaim(int fd)
{
	return call(fd, HAILO8L_UNCLAIM, NULL);
}

static struct hailo8l_claim query(int fd)
{
	struct hailo8l_claim a = { .size = sizeof(a) };

	EXPECT(call(fd, HAILO8L_CLAIM_QUERY, &a), 0);
	return a;
}

/* The queue has this length, soon. */
static void await_waiters(int fd, uint32_t number)
{
	int64_t end = now_ms() + 20000;

	while (query(fd).waiters != number && now_ms() < end)
		usleep(1000);
	EXPECT(query(fd).waiters, (int)number);
}

struct child {
	pid_t pid;
	int go, said;
};

static char hear(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char c = 0;

	if (poll(&p, 1, 60000) != 1 || read(fd, &c, 1) != 1)
		return 0;
	return c;
}

static void say(int fd, char c)
{
	if (write(fd, &c, 1) != 1)
		exit(1);
}

static struct child spawn(void (*run)(int fd, int go, int said))
{
	int go[2], said[2];
	struct child c;

	if (pipe(go) || pipe(said))
		exit(1);
	fflush(stdout);
	c.pid = fork();
	if (!c.pid) {
		close(go[1]);
		close(said[0]);
		failures = 0;
		run(open_node(), go[0], said[1]);
		exit(failures != 0);
	}
	close(go[0]);
	close(said[1]);
	c.go = go[1];
	c.said = said[0];
	return c;
}

static void end(struct child *c, bool by_kill)
{
	int status = 0;

	/* Its brothers have that pipe too, so closing it would say nothing. */
	if (by_kill)
		kill(c->pid, SIGKILL);
	else if (write(c->go, "x", 1) != 1)
		CHECK(errno == EPIPE);
	close(c->go);
	close(c->said);
	CHECK(waitpid(c->pid, &status, 0) == c->pid);
	if (by_kill)
		CHECK(WIFSIGNALED(status));
	else
		CHECK(WIFEXITED(status) && !WEXITSTATUS(status));
}

/* ---- turns ---- */

/* 'w' before the wait, 'c' with the claim; until told, then gives it back. */
static void claimer(int fd, int go, int said)
{
	say(said, 'w');
	EXPECT(claim(fd, 0, 60000, NULL), 0);
	say(said, 'c');
	hear(go);
	EXPECT(unclaim(fd), 0);
	say(said, 'u');
	hear(go);
}

/* The same with a network that runs meanwhile, of which nothing is cleared. */
static void runner(int fd, int go, int said)
{
	struct net n;

	say(said, 'w');
	EXPECT(claim(fd, 0, 60000, NULL), 0);
	net_start(&n, fd, DESCS);
	EXPECT(launch_out(&n), 1);
	EXPECT(launch_in(&n), IN_DESCS);
	EXPECT(wait_for(fd, CH_OUT, 1), 1);
	EXPECT(launch_out(&n), 1);
	say(said, 'c');
	hear(go);
	EXPECT(unclaim(fd), 0);
	EXPECT(launch_in(&n), -ECONNRESET);
	say(said, 'u');
	hear(go);
}

static struct child queue_up(int fd, void (*run)(int fd, int go, int said), uint32_t place)
{
	struct child c = spawn(run);

	CHECK(hear(c.said) == 'w');
	await_waiters(fd, place);
	return c;
}

static bool silent(const struct child *c)
{
	struct pollfd p = { .fd = c->said, .events = POLLIN };

	return poll(&p, 1, 0) == 0;
}

static void arguments(int fd)
{
	struct hailo8l_claim a = { .size = 8 }, later[2] = { { .size = sizeof(later) } };

	EXPECT(call(fd, HAILO8L_CLAIM, &a), -EINVAL);
	a = (struct hailo8l_claim) { .size = sizeof(a), .flags = 0x80 };
	EXPECT(call(fd, HAILO8L_CLAIM, &a), -EINVAL);
	a = (struct hailo8l_claim) { .size = sizeof(a), .flags = HAILO8L_CLAIM_NONBLOCK };
	EXPECT(call(fd, HAILO8L_CLAIM_QUERY, &a), -EINVAL);
	EXPECT(call(fd, HAILO8L_CLAIM, NULL), -EFAULT);
	EXPECT(call(fd, HAILO8L_CLAIM_QUERY, later), 0);
	later[1].size = 1;
	EXPECT(call(fd, HAILO8L_CLAIM_QUERY, later), -E2BIG);
	a = (struct hailo8l_claim) { .size = 12, .waiters = 77 };
	EXPECT(call(fd, HAILO8L_CLAIM_QUERY, &a), 0);
	EXPECT(a.waiters, 77);
	EXPECT(unclaim(fd), -EPERM);
}

static void alone(int fd, int other)
{
	struct hailo8l_claim a;

	EXPECT(query(fd).state, HAILO8L_CLAIM_FREE);
	EXPECT(query(fd).holder_pid, 0);
	EXPECT(try_claim(fd), 0);
	EXPECT(try_claim(fd), 0);
	EXPECT(query(fd).state, HAILO8L_CLAIM_MINE);
	EXPECT(query(other).state, HAILO8L_CLAIM_OTHERS);
	EXPECT(query(other).holder_pid, getpid());
	EXPECT(claim(other, HAILO8L_CLAIM_NONBLOCK, 0, &a), -EBUSY);
	EXPECT(a.holder_pid, getpid());
	EXPECT(claim(other, 0, 50, &a), -ETIMEDOUT);
	EXPECT(a.holder_pid, getpid());
	EXPECT(a.waiters, 0);
	EXPECT(unclaim(other), -EPERM);
	EXPECT(send_header(other), -EBUSY);
	EXPECT(unclaim(fd), 0);
	EXPECT(query(fd).state, HAILO8L_CLAIM_FREE);
}

/* First come, first served; who gives up and wants again is the last. */
static void in_order(int fd, void (*run)(int fd, int go, int said))
{
	struct child a, b, c;

	EXPECT(try_claim(fd), 0);
	a = queue_up(fd, run, 1);
	b = queue_up(fd, run, 2);
	c = queue_up(fd, run, 3);
	EXPECT(unclaim(fd), 0);
	CHECK(hear(a.said) == 'c');
	EXPECT(query(fd).holder_pid, a.pid);
	EXPECT(query(fd).waiters, 2);
	EXPECT(try_claim(fd), -EBUSY);
	CHECK(silent(&b) && silent(&c));
	say(a.go, 'x');
	CHECK(hear(b.said) == 'c');
	CHECK(silent(&c));
	/* Dies with the claim */
	end(&b, true);
	CHECK(hear(c.said) == 'c');
	EXPECT(query(fd).holder_pid, c.pid);
	CHECK(hear(a.said) == 'u');
	end(&a, false);
	say(c.go, 'x');
	CHECK(hear(c.said) == 'u');
	end(&c, false);
	EXPECT(try_claim(fd), 0);
	EXPECT(unclaim(fd), 0);
}

/* Who dies while waiting is skipped. */
static void dead_waiter(int fd)
{
	struct child a, b;

	EXPECT(try_claim(fd), 0);
	a = queue_up(fd, claimer, 1);
	b = queue_up(fd, claimer, 2);
	end(&a, true);
	await_waiters(fd, 1);
	EXPECT(unclaim(fd), 0);
	CHECK(hear(b.said) == 'c');
	say(b.go, 'x');
	CHECK(hear(b.said) == 'u');
	end(&b, false);
}

static int level(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	return poll(&p, 1, 0) == 1 ? p.revents : 0;
}

/* The holder is woken when somebody waits, and nobody else is. */
static void wanted(int fd, int other)
{
	struct pollfd p = { .fd = fd, .events = POLLMSG };
	struct child a;

	EXPECT(try_claim(fd), 0);
	EXPECT(level(fd, POLLMSG | POLLIN | POLLPRI), 0);
	a = spawn(claimer);
	EXPECT(poll(&p, 1, 20000), 1);
	EXPECT(p.revents, POLLMSG);
	EXPECT(level(fd, POLLIN | POLLPRI | POLLRDBAND | POLLRDNORM), 0);
	EXPECT(level(other, POLLMSG), 0);
	EXPECT(unclaim(fd), 0);
	EXPECT(level(fd, POLLMSG), 0);
	CHECK(hear(a.said) == 'w' && hear(a.said) == 'c');
	end(&a, true);
}

static int turns(void)
{
	int fd = open_node(), other = open_node();

	arguments(fd);
	alone(fd, other);
	in_order(fd, claimer);
	in_order(fd, runner);
	dead_waiter(fd);
	wanted(fd, other);
	close(other);
	close(fd);
	return verdict("turns");
}

/* ---- programs that know only the stock interface ---- */

static int mark(int fd)
{
	struct hailo8l_mark_as_in_use a = { 0 };
	int ret = call(fd, HAILO8L_MARK_AS_IN_USE, &a);

	return ret ?: a.in_use;
}

/* The turn comes with the mark, which stays. */
static void marker(int fd, int go, int said)
{
	say(said, 'w');
	EXPECT(mark(fd), 0);
	say(said, 'c');
	hear(go);
}

/* It comes with the first message, and goes when the networks are cleared. */
static void configurer(int fd, int go, int said)
{
	struct net n;

	say(said, 'w');
	net_start(&n, fd, DESCS);
	say(said, 'c');
	hear(go);
	net_stop(&n);
	EXPECT(simple_control(fd, HW_OP_CLEAR_CONFIGURED_APPS, HAILO8L_CPU_CORE), 0);
	say(said, 'u');
	hear(go);
}

static void stock_refused(int fd)
{
	int other = open_node();

	EXPECT(mark(fd), 0);
	EXPECT(mark(other), 1);
	EXPECT(send_header(other), -EBUSY);
	EXPECT(try_claim(other), -EBUSY);
	close(fd);
	EXPECT(mark(other), 0);
	close(other);
}

static void stock_waits(int fd)
{
	struct child a, b, c;

	EXPECT(try_claim(fd), 0);
	a = queue_up(fd, configurer, 1);
	b = queue_up(fd, marker, 2);
	c = queue_up(fd, configurer, 3);
	EXPECT(unclaim(fd), 0);
	CHECK(hear(a.said) == 'c');
	CHECK(silent(&b));
	say(a.go, 'x');
	CHECK(hear(a.said) == 'u');
	CHECK(hear(b.said) == 'c');
	CHECK(silent(&c));
	end(&b, false);
	CHECK(hear(c.said) == 'c');
	end(&c, true);
	end(&a, false);
	EXPECT(try_claim(fd), 0);
	close(fd);
}

/* Its turn comes with its first message, which stays the only one. */
static void idler(int fd, int go, int said)
{
	say(said, 'w');
	EXPECT(simple_control(fd, HW_OP_CLEAR_CONFIGURED_APPS, HAILO8L_CPU_CORE), 0);
	say(said, 'c');
	hear(go);
}

/* A turn that is not used goes to who wants it, one that is used does not. */
static int idle(void)
{
	int fd = open_node();
	int64_t begin;
	struct child a;

	EXPECT(try_claim(fd), 0);
	a = queue_up(fd, idler, 1);
	EXPECT(unclaim(fd), 0);
	CHECK(hear(a.said) == 'c');
	EXPECT(try_claim(fd), -EBUSY);
	begin = now_ms();
	EXPECT(claim(fd, 0, 60000, NULL), 0);
	CHECK(now_ms() - begin > 5000 && now_ms() - begin < 40000);
	EXPECT((int)query(fd).state, HAILO8L_CLAIM_MINE);
	end(&a, false);
	a = queue_up(fd, configurer, 1);
	EXPECT(unclaim(fd), 0);
	CHECK(hear(a.said) == 'c');
	EXPECT(claim(fd, 0, 16000, NULL), -ETIMEDOUT);
	end(&a, true);
	EXPECT(try_claim(fd), 0);
	close(fd);
	return verdict("idle");
}

static int stock(int wait_ms)
{
	int fd = open_node();

	if (wait_ms)
		stock_waits(fd);
	else
		stock_refused(fd);
	return verdict("stock");
}

/* ---- monitoring beside a network ---- */

/* Until told to stop; says how it went. */
static void monitor(int fd, int go, int said)
{
	struct hailo8l_read_log log = { .buffer_size = sizeof(log.buffer) };
	struct pollfd p = { .fd = go, .events = POLLIN };
	int rounds = 0;

	while (!poll(&p, 1, 0)) {
		EXPECT(simple_control(fd, HW_OP_IDENTIFY, HAILO8L_CPU_APP), 0);
		EXPECT(simple_control(fd, HW_OP_GET_CHIP_TEMPERATURE, HAILO8L_CPU_APP), 0);
		log.cpu_id = rounds % 2;
		EXPECT(call(fd, HAILO8L_READ_LOG, &log), 0);
		if (!rounds++)
			say(said, 'w');
		if (rounds % 8 == 0) {
			close(fd);
			fd = open_node();
		}
	}
	printf("%d rounds of monitoring\n", rounds);
	close(fd);
}

/* The pattern that the chip gives for a network without weights depends on
 * the number of the frame and on its input.
 */
static void frame(struct net *n, int i, uint8_t result[OUT_BYTES])
{
	uint8_t *in = n->in + n->next_in * IN_PAGE;
	uint8_t *out = n->out + n->next_out * OUT_PAGE;

	memset(in, i, IN_BYTES);
	memset(out, 0xee, OUT_BYTES);
	EXPECT(launch_out(n), 1);
	EXPECT(launch_in(n), IN_DESCS);
	EXPECT(wait_for(n->fd, CH_IN, 1), 1);
	EXPECT(wait_for(n->fd, CH_OUT, 1), 1);
	memcpy(result, out, OUT_BYTES);
}

static uint8_t quiet[FRAMES][OUT_BYTES], beside[FRAMES][OUT_BYTES];

static void run_frames(int fd, uint8_t results[FRAMES][OUT_BYTES])
{
	struct net n;
	int i;

	net_start(&n, fd, DESCS);
	for (i = 0; i < FRAMES && !failures; i++)
		frame(&n, i, results[i]);
	net_stop(&n);
	net_free(&n);
}

static int monitoring(void)
{
	int fd = open_node();
	struct child a, b;

	run_frames(fd, quiet);
	a = spawn(monitor);
	b = spawn(monitor);
	CHECK(hear(a.said) == 'w' && hear(b.said) == 'w');
	run_frames(fd, beside);
	end(&a, false);
	end(&b, false);
	CHECK(!memcmp(quiet, beside, sizeof(quiet)));
	CHECK(memcmp(quiet[0], quiet[1], OUT_BYTES));
	close(fd);
	return verdict("monitor");
}

/* ---- the device goes away ---- */

static void lost_claimer(int fd, int go, int said)
{
	struct epoll_event e = { .events = EPOLLIN };
	int epoll = epoll_create1(0);

	(void)go;
	CHECK(!epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e));
	say(said, 'w');
	EXPECT(claim(fd, 0, 0, NULL), -ENODEV);
	EXPECT(epoll_wait(epoll, &e, 1, 20000), 1);
	EXPECT((int)e.events, EPOLLHUP | EPOLLERR);
	say(said, 'c');
}

static int removed(void)
{
	int fd = open_node();
	struct child a;
	int64_t end_at;

	EXPECT(try_claim(fd), 0);
	a = queue_up(fd, lost_claimer, 1);
	close(creat("/tmp/waiting", 0600));
	CHECK(hear(a.said) == 'c');
	end(&a, false);
	end_at = now_ms() + 20000;
	while (unclaim(fd) != -ENODEV && now_ms() < end_at)
		usleep(1000);
	EXPECT(unclaim(fd), -ENODEV);
	EXPECT(try_claim(fd), -ENODEV);
	EXPECT(level(fd, POLLIN), POLLERR | POLLHUP);
	close(fd);
	return verdict("remove");
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	signal(SIGPIPE, SIG_IGN);
	if (!strcmp(what, "turns"))
		return turns();
	if (!strcmp(what, "stock"))
		return stock(argc > 2 ? atoi(argv[2]) : 0);
	if (!strcmp(what, "idle"))
		return idle();
	if (!strcmp(what, "monitor"))
		return monitoring();
	return removed();
}
