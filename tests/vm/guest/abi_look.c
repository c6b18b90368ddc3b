// SPDX-License-Identifier: MIT
/*
 * abi_look: what /proc/PID/fdinfo says of an open node is what was done.
 */
#include "abi.h"

#define FRAMES 5

static long long value_of(int fd, const char *key, char *text, size_t size)
{
	char path[64], line[256];
	size_t n = strlen(key);
	long long value = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = fopen(path, "r");
	while (file && fgets(line, sizeof(line), file)) {
		if (strncmp(line, key, n) || line[n] != ':')
			continue;
		CHECK(line[n + 1] == '\t');
		value = strtoll(line + n + 2, NULL, 0);
		if (text)
			snprintf(text, size, "%s", line + n + 2);
	}
	if (file)
		fclose(file);
	return value;
}

#define VALUE(key) ((int)value_of(fd, "hailo8l-" key, NULL, 0))

static void expect_claim(int fd, const char *want)
{
	char text[64] = "";

	value_of(fd, "hailo8l-claim", text, sizeof(text));
	text[strcspn(text, "\n")] = '\0';
	if (!strcmp(text, want))
		return;
	printf("claim is '%s', not '%s'\n", text, want);
	failures++;
}

static void expect_fresh(int fd)
{
	char text[64] = "";

	value_of(fd, "hailo8l-driver", text, sizeof(text));
	CHECK(!strcmp(text, "hailo8l\n"));
	EXPECT(VALUE("memory-pinned"), 0);
	EXPECT(VALUE("memory-imported"), 0);
	EXPECT(VALUE("mappings"), 0);
	EXPECT(VALUE("buffers"), 0);
	EXPECT(VALUE("lists"), 0);
	EXPECT(VALUE("channels"), 0);
	EXPECT(VALUE("submitted-h2d"), 0);
	EXPECT(VALUE("bytes-d2h"), 0);
	EXPECT(VALUE("waits"), 0);
	EXPECT(VALUE("controls"), 0);
	expect_claim(fd, "none");
}

static void memory(int fd)
{
	int page = getpagesize();
	int unit = 64 * 1024;
	struct hailo8l_low_memory_alloc low = { .buffer_size = 3 * page };
	int64_t map, list;
	void *p = pages(5 * page);

	map = map_buffer(fd, p, 5 * page, HAILO8L_DIR_BOTH);
	EXPECT(VALUE("mappings"), 1);
	EXPECT(VALUE("memory-pinned"), 5 * page / 1024);
	list = create_list(fd, 64, 512, NULL);
	EXPECT(VALUE("lists"), 1);
	EXPECT(VALUE("memory-pinned"), (5 * page + unit) / 1024);
	EXPECT(call(fd, HAILO8L_LOW_MEMORY_ALLOC, &low), 0);
	EXPECT(VALUE("buffers"), 1);
	EXPECT(VALUE("memory-pinned"), (8 * page + unit) / 1024);
	EXPECT(unmap_buffer(fd, map), 0);
	EXPECT(release_list(fd, list), 0);
	EXPECT(call(fd, HAILO8L_LOW_MEMORY_FREE, &low.buffer_handle), 0);
	munmap(p, 5 * page);
	EXPECT(VALUE("memory-pinned"), 0);
	expect_fresh(fd);
}

static void frames(int fd)
{
	struct net n;
	int i;

	net_start(&n, fd, DESCS);
	/* Reset, clear, header, four contexts, enable */
	EXPECT(VALUE("controls"), 8);
	EXPECT(VALUE("channels"), (int)NET_CHANNELS);
	expect_claim(fd, "held");
	for (i = 0; i < FRAMES; i++) {
		EXPECT(launch_out(&n), 1);
		EXPECT(launch_in(&n), IN_DESCS);
		EXPECT(VALUE("submitted-h2d"), i + 1);
		EXPECT(VALUE("completed-d2h"), i);
		EXPECT(wait_for(fd, CH_IN, 1), 1);
		EXPECT(wait_for(fd, CH_OUT, 1), 1);
	}
	EXPECT(VALUE("completed-h2d"), FRAMES);
	EXPECT(VALUE("completed-d2h"), FRAMES);
	EXPECT(VALUE("bytes-h2d"), FRAMES * IN_BYTES);
	EXPECT(VALUE("bytes-d2h"), FRAMES * OUT_BYTES);
	EXPECT(VALUE("waits"), 2 * FRAMES);
	net_stop(&n);
	EXPECT(VALUE("channels"), 0);
	EXPECT(simple_control(fd, HW_OP_CLEAR_CONFIGURED_APPS, HAILO8L_CPU_CORE), 0);
	EXPECT(VALUE("controls"), 10);
	expect_claim(fd, "none");
	net_free(&n);
}

int main(void)
{
	int fd = open_node(), other = open_node();

	expect_fresh(fd);
	memory(fd);
	frames(fd);
	/* What one file did is not another's. */
	expect_fresh(other);
	close(other);
	close(fd);
	return verdict("fdinfo");
}
