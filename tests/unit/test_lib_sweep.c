// SPDX-License-Identifier: MIT
/*
 * The n-th thing that the system gives - memory, a file, a pair of sockets, a
 * thread - is refused, for every n, in every call about a device: one clear
 * error, nothing is left behind, and the same call works afterwards. Calls that
 * only ask the firmware need nothing of the kind.
 */
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hw/control.h"
#include "lib/device.h"
#include "tests/unit/lib_alloc.h"
#include "tests/unit/lib_driver.h"

#include <cmocka.h>		/* last: it defines fail() */

static struct drv *drv;
static struct h8l_device *device;
static struct h8l_error error;

/* ---- what is refused, besides memory (lib_alloc.c) ---- */

static unsigned long gifts;
static unsigned long refuse_at;		/* 0: none */

static bool refused(int err)
{
	if (++gifts != refuse_at)
		return false;
	errno = err;
	return true;
}

DIR *__real_opendir(const char *path);
DIR *__wrap_opendir(const char *path);
FILE *__real_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode);
int __real_socketpair(int domain, int type, int protocol, int pair[2]);
int __wrap_socketpair(int domain, int type, int protocol, int pair[2]);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
			  void *(*start)(void *), void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
			  void *(*start)(void *), void *arg);

DIR *__wrap_opendir(const char *path)
{
	return refused(EMFILE) ? NULL : __real_opendir(path);
}

FILE *__wrap_fopen(const char *path, const char *mode)
{
	return refused(EMFILE) ? NULL : __real_fopen(path, mode);
}

int __wrap_socketpair(int domain, int type, int protocol, int pair[2])
{
	return refused(EMFILE) ? -1 : __real_socketpair(domain, type, protocol, pair);
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
			  void *(*start)(void *), void *arg)
{
	return refused(EAGAIN) ? EAGAIN : __real_pthread_create(thread, attributes, start, arg);
}

/* Notifications: none, until they are disabled, which stays so until the node is
 * opened again
 */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool disabled;
static struct h8l_os original;

static void set_disabled(bool value)
{
	pthread_mutex_lock(&lock);
	disabled = value;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

static int quiet_open(const struct h8l_os *os, const char *path)
{
	set_disabled(false);
	return original.open(os, path);
}

static int quiet_ioctl(const struct h8l_os *os, int fd, unsigned long request, void *arg)
{
	if (request == HAILO8L_DISABLE_NOTIFICATION)
		set_disabled(true);
	else if (request != HAILO8L_READ_NOTIFICATION)
		return original.ioctl(os, fd, request, arg);
	pthread_mutex_lock(&lock);
	while (!disabled)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
	return request == HAILO8L_DISABLE_NOTIFICATION ? 0 : -ECANCELED;
}

static int one_eventfd(const struct h8l_os *os, int fd)
{
	(void)os;
	(void)fd;
	return refused(EMFILE) ? -EMFILE : eventfd(0, EFD_CLOEXEC);
}

/* ---- calls ---- */

static int open_and_close(void)
{
	struct h8l_device *other;
	int err = device_open_os(&drv->os, NULL, &other, &error);

	if (!err)
		h8l_device_close(other);
	return err;
}

static int scan(void)
{
	struct h8l_scan_entry entries[2];
	int count = scan_os(&drv->os, entries, 2);

	if (count >= 0)
		return count == 1 ? 0 : -ENOENT;
	error.code = count;
	strcpy(error.text, "a scan has no text");
	return count;
}

static int events(void)
{
	struct h8l_events *e;
	int err = h8l_events_open(device, &e, &error);

	if (!err)
		h8l_events_close(e);
	return err;
}

static int reset_by_driver(void)
{
	return h8l_device_reset(device, H8L_RESET_DRIVER, &error);
}

static int claim(void)
{
	return h8l_device_claim(device, 0, &error) ?: h8l_device_unclaim(device, &error);
}

static int look(void)
{
	struct h8l_temperature t;
	struct h8l_device_info info;
	uint8_t log[64];
	float watts;

	return h8l_device_read_temperature(device, &t, &error) ?:
	       h8l_device_read_info(device, &info, &error) ?:
	       h8l_device_read_power(device, &watts, &error) ?:
	       (h8l_device_waiting(device, &error) == 3 &&
		h8l_device_read_log(device, H8L_CPU_CORE, log, sizeof(log)) == 3 ? 0 : -EIO);
}

/* The scripted chip does not know these: the refusal is what counts */
static int expect_refusal(int err)
{
	return err == -EOPNOTSUPP || err == -EREMOTEIO ? 0 : -EIO;
}

static int ask(void)
{
	struct h8l_power_statistics statistics;
	struct h8l_health health;
	uint32_t version[3];
	int on;

	return expect_refusal(h8l_device_read_health(device, &health, &error)) ?:
	       expect_refusal(h8l_device_read_core_firmware(device, version, &error)) ?:
	       expect_refusal(h8l_device_get_throttling(device, &on, &error)) ?:
	       expect_refusal(h8l_device_set_throttling(device, 1, &error)) ?:
	       expect_refusal(h8l_device_get_overcurrent(device, &on, &error)) ?:
	       expect_refusal(h8l_device_set_overcurrent(device, 1, &error)) ?:
	       expect_refusal(h8l_device_power_stop(device, &error)) ?:
	       expect_refusal(h8l_device_power_read(device, 0, 0, &statistics, &error));
}

static int power_start(void)
{
	static const struct h8l_measurement one = { H8L_POINT_AUTO, H8L_QUANTITY_AUTO };

	return expect_refusal(h8l_device_power_start(device, &one, 1, 0, 0, &error));
}

static int reset_core(void)
{
	return expect_refusal(h8l_device_reset(device, H8L_RESET_NN_CORE, &error));
}

/* ---- the sweep ---- */

static void start(bool can_poll)
{
	char path[128];
	FILE *f;

	drv = drv_new(1);
	drv->has_poll = can_poll;
	drv->extended = true;
	original = drv->os;
	drv->os.ioctl = quiet_ioctl;
	drv->os.open = quiet_open;
	drv->os.urgent_fd = one_eventfd;
	snprintf(path, sizeof(path), "%s/hailo0/reset", drv->class_dir);
	f = fopen(path, "w");
	fclose(f);
	assert_int_equal(device_open_os(&drv->os, NULL, &device, &error), 0);
}

static void stop(void)
{
	h8l_device_close(device);
	assert_int_equal(drv->open_fds, 0);
	assert_string_equal(drv->violation, "");
	drv_free(drv);
}

static int open_descriptors(void)
{
	DIR *dir = __real_opendir("/proc/self/fd");
	int count = 0;

	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

/* Returns how many refusals there were */
static unsigned long sweep(const char *name, int (*call)(void), unsigned long *counter,
			   unsigned long *fail_at)
{
	int before = open_descriptors(), nodes = drv->open_fds, err = -1;
	unsigned long n;

	for (n = 1; err; n++) {
		memset(&error, 0, sizeof(error));
		*fail_at = *counter + n;
		err = call();
		*fail_at = 0;
		if (err && (err != error.code || !error.text[0] ||
			    (err != -ENOMEM && err != -EMFILE && err != -EAGAIN)))
			fail_msg("%s, refusal %lu: %d \"%s\"", name, n, err, error.text);
		assert_int_equal(open_descriptors(), before);
		assert_int_equal(drv->open_fds, nodes);
		assert_int_equal(call(), 0);
	}
	return n - 2;
}

static void refusals(void **state)
{
	static const struct {
		const char *name;
		int (*call)(void);
		unsigned long memory, polled, asleep;	/* as many as can be refused */
	} calls[] = {
		{ "open", open_and_close, 1, 1, 1 },
		{ "scan", scan, 0, 1, 1 },
		{ "events", events, 1, 1, 2 },
		{ "reset by the driver", reset_by_driver, 0, 0, 0 },
		{ "claim", claim, 0, 0, 0 },
		{ "look", look, 0, 0, 0 },
		{ "ask", ask, 0, 0, 0 },
		{ "power", power_start, 0, 0, 0 },
		{ "reset", reset_core, 0, 0, 0 },
	};

	(void)state;
	for (int can_poll = 0; can_poll < 2; can_poll++) {
		start(can_poll);
		for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
			print_message("%s\n", calls[i].name);
			assert_int_equal(sweep(calls[i].name, calls[i].call, &alloc_count,
					       &alloc_fail_at), calls[i].memory);
			assert_int_equal(sweep(calls[i].name, calls[i].call, &gifts, &refuse_at),
					 can_poll ? calls[i].polled : calls[i].asleep);
		}
		stop();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
