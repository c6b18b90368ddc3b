// SPDX-License-Identifier: MIT
/*
 * abi_gate: calls of every kind that need the device, each in a loop without a
 * pause on a thread of its own, until the device goes away. Says "running"
 * when each has succeeded; ends well if all that any got then is that the
 * device is gone.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "abi.h"

#define SIZE 16384		/* whole pages on every host here */

static int fd;

/* Each of these is 0, or why it did not succeed. */

static int asks(void)
{
	struct hailo8l_device_properties a;
	int ret = call(fd, HAILO8L_QUERY_DEVICE_PROPERTIES, &a);

	return ret ? ret : a.is_fw_loaded ? 0 : -EPROTO;
}

static int logs(void)
{
	struct hailo8l_read_log a = { .buffer_size = 512 };

	return call(fd, HAILO8L_READ_LOG, &a);
}

static int controls(void)
{
	struct message m;

	begin(&m, HW_OP_IDENTIFY);
	/* As long as the busiest machine may take */
	return send_control(fd, &m, HAILO8L_CPU_APP, 10000);
}

static int lists(void)
{
	int64_t list = create_list(fd, DESCS, IN_PAGE, NULL);

	return list < 0 ? list : release_list(fd, list);
}

static int maps(void)
{
	static void *p;
	int64_t map;
	int ret;

	if (!p)
		p = pages(SIZE);
	map = map_buffer(fd, p, SIZE, HAILO8L_DIR_TO_DEVICE);
	if (map < 0)
		return map;
	ret = call(fd, HAILO8L_VDMA_BUFFER_SYNC, &(struct hailo8l_buffer_sync) {
		.handle = map, .sync_type = HAILO8L_SYNC_FOR_DEVICE, .count = SIZE });
	return ret ? ret : unmap_buffer(fd, map);
}

static int low_memory(void)
{
	struct hailo8l_low_memory_alloc a = { .buffer_size = SIZE };
	int ret = call(fd, HAILO8L_LOW_MEMORY_ALLOC, &a);
	void *p;

	if (ret)
		return ret;
	p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, a.buffer_handle);
	if (p == MAP_FAILED)
		return -errno;
	munmap(p, SIZE);
	return call(fd, HAILO8L_LOW_MEMORY_FREE, &(struct hailo8l_low_memory_free) {
		.buffer_handle = a.buffer_handle });
}

static int channels(void)
{
	int ret = enable(fd, 1u << 20);

	return ret ? ret : disable(fd, 1u << 20);
}

static int frames(void)
{
	static struct net n;
	int ret;

	if (!n.fd)
		net_start(&n, open_node(), DESCS);
	ret = run_frame(&n);
	return ret > 0 ? 0 : ret;
}

/* The node goes first. */
static int opens(void)
{
	int file = open(NODE, O_RDWR | O_CLOEXEC);

	if (file < 0)
		return errno == ENOENT || errno == ENXIO ? -ENODEV : -errno;
	close(file);
	return 0;
}

static struct job {
	const char *name;
	int (*once)(void);
	pthread_t thread;
	atomic_int done;
	int end;
} jobs[] = {
	{ .name = "frames", .once = frames }, { .name = "properties", .once = asks },
	{ .name = "logs", .once = logs }, { .name = "controls", .once = controls },
	{ .name = "lists", .once = lists }, { .name = "mappings", .once = maps },
	{ .name = "low memory", .once = low_memory }, { .name = "channels", .once = channels },
	{ .name = "open and close", .once = opens },
};
#define JOBS (sizeof(jobs) / sizeof(*jobs))

static void *work(void *data)
{
	struct job *job = data;

	while (!(job->end = job->once()))
		job->done++;
	return NULL;
}

int main(void)
{
	size_t i;

	fd = open_node();
	for (i = 0; i < JOBS; i++)
		if (pthread_create(&jobs[i].thread, NULL, work, &jobs[i]))
			return 1;
	for (i = 0; i < JOBS; i++)
		while (!jobs[i].done && !jobs[i].end)
			usleep(1000);
	puts("running");
	fflush(stdout);
	for (i = 0; i < JOBS; i++) {
		pthread_join(jobs[i].thread, NULL);
		printf("%s: %d times, then %s\n", jobs[i].name, jobs[i].done,
		       strerror(-jobs[i].end));
		CHECK(jobs[i].done && jobs[i].end == -ENODEV);
	}
	return verdict("abi_gate");
}
