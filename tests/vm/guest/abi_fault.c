// SPDX-License-Identifier: MIT
/*
 * abi_fault MODE: what the driver makes of a chip that misbehaves.
 *
 *	late	temperature is answered late, or never
 *	late_same  temperature is answered 300 ms late
 *	forever	temperature is never answered
 *	long	temperature is answered with more than fits
 *	events	notifications come
 *	running	ends with transfers queued, as they are
 *	noevents  none comes
 *	logs	offsets in the log rings are nonsense
 *	error	a transfer of channel 2 fails
 *	stuck	a channel stands still
 *	gone	the chip does not answer any more
 */
#include <poll.h>

#include "abi.h"

static int temperature(int fd, uint32_t timeout_ms)
{
	struct message m;

	begin(&m, HW_OP_GET_CHIP_TEMPERATURE);
	return send_control(fd, &m, HAILO8L_CPU_APP, timeout_ms);
}

static void identify(int fd)
{
	const struct hw_ctrl_response *head;
	struct message m;

	begin(&m, HW_OP_IDENTIFY);
	EXPECT(send_control(fd, &m, HAILO8L_CPU_APP, 5000), 0);
	head = (void *)m.data;
	EXPECT(be32toh(head->opcode), HW_OP_IDENTIFY);
	EXPECT(m.len, HW_CTRL_RESPONSE_HEAD + sizeof(struct hw_identify));
}

/* W-26: never the answer to another question */
static void late(int fd)
{
	int i;

	for (i = 0; i < 3; i++) {
		EXPECT(temperature(fd, 50), -ETIMEDOUT);
		identify(fd);
	}
}

/* The same question again: its answer is as late as the first one's. */
static void late_same(int fd)
{
	int64_t start = now_ms();

	EXPECT(temperature(fd, 50), -ETIMEDOUT);
	EXPECT(temperature(fd, 5000), 0);
	CHECK(now_ms() - start >= 2 * 300 - 50);
	identify(fd);
}

static void forever(int fd)
{
	int64_t start = now_ms();

	EXPECT(temperature(fd, UINT32_MAX), -ETIMEDOUT);
	CHECK(now_ms() - start < 60000);
}

static void too_long(int fd)
{
	EXPECT(temperature(fd, 1000), -EINVAL);
	identify(fd);
}

static uint32_t sequence(const struct hailo8l_notification *a)
{
	const struct hw_event *event = (const void *)a->buffer;

	CHECK(a->buffer_len >= sizeof(*event) && a->buffer_len <= 48);
	return le32toh(event->sequence);
}

/* Number of the first of five notifications that another file reads */
static uint32_t read_by_another(void)
{
	struct hailo8l_notification a;
	int i, fd = open_node();
	uint32_t first = 0;

	for (i = 0; i < 5 && !failures; i++) {
		EXPECT(call(fd, HAILO8L_READ_NOTIFICATION, &a), 0);
		if (i == 0)
			first = sequence(&a);
	}
	close(fd);
	return first;
}

/* W-27: each in its turn, and none twice; what nobody read for a while is kept. */
static void events(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLPRI };
	void *nowhere = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct hailo8l_notification a;
	uint32_t kept, last = 0, now;
	int i;

	alarms_interrupt();
	alarm(60);
	kept = read_by_another();
	CHECK(poll(&p, 1, 20000) == 1 && p.revents & POLLPRI);
	for (i = 0; i < 20 && !failures; i++) {
		/* W-49: what could not be delivered is not lost. */
		EXPECT(call(fd, HAILO8L_READ_NOTIFICATION, nowhere), -EFAULT);
		EXPECT(call(fd, HAILO8L_READ_NOTIFICATION, &a), 0);
		now = sequence(&a);
		CHECK(i ? now == last + 1 : now <= kept);
		last = now;
	}
	alarm(0);
	identify(fd);
}

static void no_events(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLPRI };

	CHECK(poll(&p, 1, 1000) == 0);
	identify(fd);
}

/* W-11 */
static void logs(int fd)
{
	struct hailo8l_read_log a = { .buffer_size = 512 };

	EXPECT(call(fd, HAILO8L_READ_LOG, &a), -EIO);
	identify(fd);
}

/* W-34: also without debugging */
static void error(int fd)
{
	struct hailo8l_interrupts_wait a;
	struct net n;
	int i, failed = 0;

	alarms_interrupt();
	net_start(&n, fd, DESCS);
	for (i = 0; i < 8; i++)
		EXPECT(launch_out(&n), 1);
	alarm(20);
	for (i = 0; i < 8 && !failed && !failures; i++) {
		EXPECT(launch_in(&n), IN_DESCS);
		EXPECT(wait_channels(fd, 1u << CH_IN, &a), 0);
		CHECK(a.channels_count == 1);
		failed = a.irq_data[0].data == HAILO8L_IRQ_DATA_ERROR;
	}
	alarm(0);
	CHECK(failed);
	net_stop(&n);
	net_free(&n);
}

/* Nothing hangs: a wait can be interrupted, the file be closed. */
static void stuck(int fd)
{
	struct hailo8l_interrupts_wait a;
	struct net n;

	alarms_interrupt();
	net_start(&n, fd, DESCS);
	EXPECT(launch_out(&n), 1);
	EXPECT(launch_in(&n), IN_DESCS);
	alarm(3);
	EXPECT(wait_channels(fd, 1u << CH_OUT, &a), -EINTR);
	net_stop(&n);
	net_free(&n);
}

/* As a program that dies: the driver has to stop the chip. */
static void running(int fd)
{
	struct net n;
	int i;

	net_start(&n, fd, DESCS);
	for (i = 0; i < 8; i++)
		EXPECT(launch_out(&n), 1);
}

static void gone(int fd)
{
	int ret = temperature(fd, 1000);

	CHECK(ret == -ENODEV || ret == -ETIMEDOUT || ret == -EIO);
	CHECK(open(NODE, O_RDWR) < 0 && (errno == ENXIO || errno == ENODEV));
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(int fd);
	} modes[] = {
		{ "late", late }, { "late_same", late_same }, { "forever", forever },
		{ "long", too_long }, { "events", events },
		{ "noevents", no_events }, { "logs", logs }, { "error", error },
		{ "stuck", stuck }, { "running", running }, { "gone", gone },
	};
	int fd = open_node();
	size_t i;

	for (i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		if (argc < 2 || strcmp(modes[i].name, argv[1]))
			continue;
		modes[i].run(fd);
		close(fd);
		return verdict(argv[1]);
	}
	return 2;
}
