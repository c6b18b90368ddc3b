// SPDX-License-Identifier: MIT
/*
 * abi_recover MODE: a chip that hangs, and what others notice of it.
 *
 *	hang	asks for the temperature, which is not answered, then who the
 *		chip is until it says so
 *	monitor	asks who the chip is, and reads notifications, until standard
 *		input ends; nothing but success is expected
 *	fault	what no recovery may come of: requests that firmware refuses,
 *		and time-outs that are too short
 *	fwreset	lets the firmware reset itself
 *	still	a network that has all it needs and does not go on: it is told
 *	starved	one whose input does not come: it is left alone
 *	torn	programs that ask who the chip is, while it is reset again and
 *		again; a whole answer, with its MD5, is all that is expected
 *	dump	prints the text of a devcoredump, and checks its sections
 *	uevents	prints HAILO_EVENT of all uevents until it is killed
 */
#include <linux/netlink.h>
#include <poll.h>
#include <sys/socket.h>

#include "abi.h"

static int ask(int fd, uint32_t opcode, uint32_t timeout_ms)
{
	struct message m;

	begin(&m, opcode);
	return send_control(fd, &m, HAILO8L_CPU_APP, timeout_ms);
}

static void hang(int fd)
{
	int64_t end = now_ms() + 60000;
	int ret;

	EXPECT(ask(fd, HW_OP_GET_CHIP_TEMPERATURE, 300), -ETIMEDOUT);
	do {
		ret = ask(fd, HW_OP_IDENTIFY, 300);
		CHECK(!ret || ret == -ETIMEDOUT);
	} while (ret && now_ms() < end);
	EXPECT(ret, 0);
}

/* Sleeps until it is told to stop. */
static pid_t read_notifications(int fd)
{
	struct hailo8l_notification a;
	pid_t pid = fork();
	int ret;

	if (pid)
		return pid;
	do
		ret = call(fd, HAILO8L_READ_NOTIFICATION, &a);
	while (!ret);
	exit(ret == -ECANCELED ? 0 : 1);
}

static void monitor(int fd)
{
	struct pollfd input = { .fd = 0, .events = POLLIN };
	pid_t reader = read_notifications(fd);
	int status, asked = 0;

	while (!poll(&input, 1, 1)) {
		EXPECT(ask(fd, HW_OP_IDENTIFY, 10000), 0);
		asked++;
	}
	EXPECT(waitpid(reader, &status, WNOHANG), 0);
	EXPECT(call(fd, HAILO8L_DISABLE_NOTIFICATION, NULL), 0);
	EXPECT(waitpid(reader, &status, 0), reader);
	EXPECT(status, 0);
	CHECK(asked > 1);
}

static void fault(int fd)
{
	struct message m;
	int i;

	for (i = 0; i < 20; i++) {
		EXPECT(change_status(fd, HW_CS_ENABLED), -EPROTO);
		begin(&m, 0x7f);
		send_control(fd, &m, HAILO8L_CPU_APP, 1000);
		ask(fd, HW_OP_IDENTIFY, 0);
	}
	EXPECT(ask(fd, HW_OP_IDENTIFY, 1000), 0);
}

static void fwreset(int fd)
{
	uint32_t type = 0;
	struct message m;
	int i, ret;

	begin(&m, HW_OP_RESET);
	add(&m, &type, sizeof(type));
	/* What the stock tool takes for success */
	ret = send_control(fd, &m, HAILO8L_CPU_APP, 100);
	EXPECT(ret, -ETIMEDOUT);
	for (i = 0; i < 100 && ret; i++)
		ret = ask(fd, HW_OP_IDENTIFY, 1000);
	EXPECT(ret, 0);
}

/* The verdict on a channel, or 0 after so many seconds */
static int verdict_of(int fd, uint8_t channel, unsigned int seconds)
{
	struct hailo8l_interrupts_wait a;
	int ret;

	alarms_interrupt();
	alarm(seconds);
	ret = wait_channels(fd, 1u << channel, &a);
	alarm(0);
	if (ret == -EINTR)
		return 0;
	EXPECT(ret, 0);
	return a.channels_count == 1 ? a.irq_data[0].data : -1;
}

static void still(int fd)
{
	struct net n;
	int i;

	net_start(&n, fd, DESCS);
	if (system("host signal USR2 >/dev/null && host count faults >/dev/null"))
		CHECK(!"the faults are switched on");
	for (i = 0; i < DESCS / IN_DESCS - 1; i++) {
		EXPECT(launch_out(&n), 1);
		EXPECT(launch_in(&n), IN_DESCS);
	}
	EXPECT(verdict_of(fd, CH_OUT, 60), HAILO8L_IRQ_DATA_NOT_ACTIVE);
	EXPECT(launch_out(&n), -ECONNRESET);
	EXPECT(change_status(fd, HW_CS_ENABLED), -ENODEV);
	EXPECT(disable(fd, NET_CHANNELS), 0);
	if (system("host signal USR2 >/dev/null && host count faults >/dev/null"))
		CHECK(!"the faults are switched off");
	net_configure(&n);
	net_enable(&n);
	EXPECT(launch_out(&n), 1);
	EXPECT(launch_in(&n), IN_DESCS);
	EXPECT(wait_for(fd, CH_OUT, 1), 1);
}

static void starved(int fd)
{
	struct net n;

	net_start(&n, fd, DESCS);
	EXPECT(launch_out(&n), 1);
	EXPECT(launch_in(&n), IN_DESCS);
	EXPECT(wait_for(fd, CH_OUT, 1), 1);
	EXPECT(launch_out(&n), 1);
	EXPECT(verdict_of(fd, CH_OUT, 8), 0);
	EXPECT(launch_in(&n), IN_DESCS);
	EXPECT(wait_for(fd, CH_OUT, 1), 1);
}

/* Raw bytes of one section; the logs are those of firmware that ran. */
static void section(const char *head, FILE *in)
{
	static const char *const names[] = {
		"config-atr", "vdma", "request", "response", "log-app", "log-core",
	};
	static unsigned int next;
	static uint8_t data[8192];
	char name[32] = "";
	size_t len = 0;

	CHECK(sscanf(head, "section %31s %zu", name, &len) == 2 && len <= sizeof(data));
	CHECK(next < 6 && !strcmp(name, names[next]));
	next++;
	EXPECT((int)fread(data, 1, len, in), (int)len);
	if (!strcmp(name, "config-atr"))
		CHECK(len == 128 && data[8] == 0 && data[11] == 0x60);
	if (!strcmp(name, "log-app"))
		CHECK(len == 4096 && (data[4] || data[5]));
	if (next == 6)
		EXPECT(fgetc(in), EOF);
}

static void dump(int fd)
{
	char line[512];

	(void)fd;
	CHECK(fgets(line, sizeof(line), stdin) && !strcmp(line, "hailo8l firmware dump 1\n"));
	while (fgets(line, sizeof(line), stdin)) {
		fputs(line, stdout);
		if (!strncmp(line, "section ", 8))
			section(line, stdin);
		else
			CHECK(strstr(line, ": "));
	}
}

static int listen_to_uevents(void)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);

	EXPECT(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

#define ASKERS		4
#define LISTENERS	500
#define RESETS		8

/* Until it is killed */
static void ask_for_whole_answers(int fd)
{
	struct hailo8l_fw_control a;
	struct message m;
	uint8_t md5[16];
	int ret;

	begin(&m, HW_OP_IDENTIFY);
	for (;;) {
		a = (struct hailo8l_fw_control){ .buffer_len = m.len, .timeout_ms = 10000,
						 .cpu_id = HAILO8L_CPU_APP };
		memcpy(a.buffer, m.data, m.len);
		md5_digest(a.buffer, m.len, a.md5);
		ret = call(fd, HAILO8L_FW_CONTROL, &a);
		md5_digest(a.buffer, a.buffer_len, md5);
		if (ret || memcmp(md5, a.md5, sizeof(md5))) {
			printf("asker: %d, %u bytes, wrong MD5\n", ret, a.buffer_len);
			exit(1);
		}
	}
}

/*
 * After a reset the driver lets programs in, sends a uevent, and wakes all who
 * sleep. The more who listen to uevents, the longer a program has in between to
 * ask for something that is half answered when it is woken.
 */
static void torn(int fd)
{
	pid_t pid[ASKERS];
	int i, reset, status;

	for (i = 0; i < ASKERS; i++) {
		pid[i] = fork();
		if (!pid[i])
			ask_for_whole_answers(fd);
	}
	for (i = 0; i < LISTENERS; i++)
		listen_to_uevents();
	for (i = 0; i < RESETS && !failures; i++) {
		reset = open("/sys/class/hailo_chardev/hailo0/reset", O_WRONLY | O_CLOEXEC);
		EXPECT((int)write(reset, "1", 1), 1);
		close(reset);
		usleep(300000);
	}
	for (i = 0; i < ASKERS; i++) {
		kill(pid[i], SIGTERM);
		EXPECT(waitpid(pid[i], &status, 0), pid[i]);
		CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	}
}

static void uevents(int fd)
{
	char text[4096];
	ssize_t n, at;

	fd = listen_to_uevents();
	puts("ready");
	fflush(stdout);
	while ((n = recv(fd, text, sizeof(text) - 1, 0)) > 0) {
		text[n] = 0;
		for (at = 0; at < n; at += strlen(text + at) + 1)
			if (!strncmp(text + at, "HAILO_EVENT=", 12))
				printf("%.*s %s\n", (int)strcspn(text, "@"), text, text + at + 12);
		fflush(stdout);
	}
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(int fd);
	} modes[] = {
		{ "hang", hang }, { "monitor", monitor }, { "fault", fault },
		{ "fwreset", fwreset }, { "still", still }, { "starved", starved },
		{ "torn", torn }, { "dump", dump }, { "uevents", uevents },
	};
	size_t i;
	int fd;

	for (i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		if (argc < 2 || strcmp(modes[i].name, argv[1]))
			continue;
		fd = modes[i].run == dump || modes[i].run == uevents ? -1 : open_node();
		modes[i].run(fd);
		return verdict(argv[1]);
	}
	return 2;
}
