// SPDX-License-Identifier: MIT
/*
 * vfio-user: the listening socket and the main loop.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "tests/emulator/vfu_priv.h"

struct server {
	struct vfu *vfu;
	struct emu *emu;
	const struct vfu_server_options *options;
	int listener;
	int signals;
	bool stop;
	struct timespec start;
};

static int complain(struct server *server, const char *what, int error)
{
	vfu_log(server->vfu, "%s: %s: %s", server->options->path, what, strerror(error));
	return -error;
}

static uint64_t now_ns(const struct server *server)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - server->start.tv_sec) * 1000000000ll + now.tv_nsec -
	       server->start.tv_nsec;
}

/* A socket that a killed predecessor left is removed, anything else is not. */
static int remove_stale(struct server *server)
{
	struct stat st;

	if (lstat(server->options->path, &st))
		return errno == ENOENT ? 0 : complain(server, "cannot look at it", errno);
	if (!S_ISSOCK(st.st_mode))
		return complain(server, "is not a socket", EEXIST);
	if (unlink(server->options->path))
		return complain(server, "cannot remove", errno);
	return 0;
}

static int start_listening(struct server *server)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int error = remove_stale(server);

	if (error)
		return error;
	if (strlen(server->options->path) >= sizeof(addr.sun_path))
		return complain(server, "path", ENAMETOOLONG);
	strcpy(addr.sun_path, server->options->path);
	server->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (server->listener < 0)
		return complain(server, "socket", errno);
	if (bind(server->listener, (struct sockaddr *)&addr, sizeof(addr)) ||
	    listen(server->listener, 1))
		return complain(server, "cannot listen", errno);
	return 0;
}

static int catch_signals(struct server *server)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	server->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return server->signals < 0 ? complain(server, "signalfd", errno) : 0;
}

static void take_signals(struct server *server)
{
	struct signalfd_siginfo info;

	while (read(server->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGUSR1)
			server->options->on_stats(server->options->ctx);
		else if (info.ssi_signo == SIGUSR2)
			server->options->on_faults(server->options->ctx);
		else
			server->stop = true;
	}
}

static void take_client(struct server *server)
{
	int sock = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);

	if (sock >= 0)
		vfu_attach(server->vfu, server->emu, sock);
}

/* The next client finds a chip that was just powered on. */
static void drop_client(struct server *server)
{
	vfu_detach(server->vfu);
	emu_reset(server->emu, EMU_RESET_POWER);
	server->stop |= server->options->once;
}

/* Time until `deadline`; NULL: for ever. */
static const struct timespec *time_left(const struct server *server, uint64_t deadline,
					struct timespec *left)
{
	uint64_t now = now_ns(server);
	uint64_t ns = deadline > now ? deadline - now : 0;

	if (deadline == EMU_IDLE)
		return NULL;
	left->tv_sec = ns / 1000000000u;
	left->tv_nsec = ns % 1000000000u;
	return left;
}

static void serve_client(struct server *server, bool readable, uint64_t *deadline)
{
	int error = readable ? vfu_process(server->vfu) : 0;

	if (!error)
		error = vfu_run(server->vfu, now_ns(server), deadline);
	if (error) {
		drop_client(server);
		*deadline = EMU_IDLE;
	}
}

static void loop(struct server *server)
{
	uint64_t deadline = EMU_IDLE;

	while (!server->stop) {
		bool attached = vfu_is_attached(server->vfu);
		struct pollfd fds[2] = {
			{ .fd = server->signals, .events = POLLIN },
			{ .fd = attached ? vfu_fd(server->vfu) : server->listener,
			  .events = POLLIN },
		};
		struct timespec left;

		if (ppoll(fds, 2, time_left(server, deadline, &left), NULL) < 0)
			continue;
		if (fds[0].revents)
			take_signals(server);
		if (attached)
			serve_client(server, fds[1].revents, &deadline);
		else if (fds[1].revents)
			take_client(server);
	}
}

int vfu_serve(struct vfu *vfu, struct emu *emu, const struct vfu_server_options *options)
{
	struct server server = {
		.vfu = vfu, .emu = emu, .options = options, .listener = -1, .signals = -1,
	};
	int error;

	clock_gettime(CLOCK_MONOTONIC, &server.start);
	error = catch_signals(&server);
	if (!error)
		error = start_listening(&server);
	if (!error) {
		loop(&server);
		vfu_finish(vfu);
		unlink(options->path);
	}
	vfu_detach(vfu);
	if (server.listener >= 0)
		close(server.listener);
	if (server.signals >= 0)
		close(server.signals);
	return error;
}
