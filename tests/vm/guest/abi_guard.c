// SPDX-License-Identifier: MIT
/*
 * abi_guard: W-37. Controls that would make the chip use memory of others, or
 * disturb their networks, do not reach firmware.
 */
#include "abi.h"

static struct actions one_input(uint64_t bus, uint32_t count, uint16_t page, uint8_t channel)
{
	struct hw_open_boundary_input in = {
		.channel = channel, .stream = 1,
		.buf = {
			.dma_address = htole64(bus), .page_size = htole16(page),
			.desc_count = htole32(count), .bytes_in_pattern = htole32(IN_BYTES),
		},
	};
	struct actions list = { 0 };

	action(&list, HW_ACTION_BURST_CREDITS_RESET, NULL, 0);
	action(&list, HW_ACTION_OPEN_BOUNDARY_INPUT, &in, sizeof(in));
	return list;
}

static int try_list(int fd, uint64_t bus, uint32_t count, uint16_t page, uint8_t channel)
{
	struct actions list = one_input(bus, count, page, channel);

	return send_context(fd, HW_CONTEXT_ACTIVATION, &list);
}

/* No driver, no device: what would be at these addresses is somebody's. */
static void lists_of_others(int fd)
{
	int other = open_node();
	struct net n, m;

	net_prepare(&n, fd, DESCS);
	net_prepare(&m, other, DESCS);
	EXPECT(try_list(fd, 0, DESCS, IN_PAGE, CH_IN), -EPERM);
	EXPECT(try_list(fd, 0x100000, DESCS, IN_PAGE, CH_IN), -EPERM);
	EXPECT(try_list(fd, m.bus_in, DESCS, IN_PAGE, CH_IN), -EPERM);
	EXPECT(try_list(fd, n.bus_in + 512, DESCS, IN_PAGE, CH_IN), -EPERM);
	EXPECT(try_list(fd, n.bus_in, DESCS * 2, IN_PAGE, CH_IN), -EPERM);
	EXPECT(try_list(fd, n.bus_in, UINT32_MAX, IN_PAGE, CH_IN), -EPERM);
	EXPECT(try_list(fd, n.bus_in, DESCS, 4096, CH_IN), -EPERM);
	EXPECT(release_list(fd, n.list_in), 0);
	EXPECT(try_list(fd, n.bus_in, DESCS, IN_PAGE, CH_IN), -EPERM);
	n.list_in = create_list(fd, DESCS, IN_PAGE, &n.bus_in);
	net_free(&n);
	net_free(&m);
	close(other);
}

static const struct {
	uint8_t type, channel, buf, size;
} ways[] = {
#define WAY(type, ch, of) { type, ch, offsetof(struct of, buf), sizeof(struct of) }
	WAY(HW_ACTION_ACTIVATE_BOUNDARY_INPUT, CH_IN, hw_activate_boundary_input),
	WAY(HW_ACTION_ACTIVATE_BOUNDARY_OUTPUT, CH_OUT, hw_activate_output),
	WAY(HW_ACTION_ACTIVATE_INTER_INPUT, CH_IN, hw_activate_inter_input),
	WAY(HW_ACTION_ACTIVATE_INTER_OUTPUT, CH_OUT, hw_activate_output),
	WAY(HW_ACTION_ACTIVATE_DDR_INPUT, CH_IN, hw_activate_ddr_input),
	WAY(HW_ACTION_ACTIVATE_DDR_OUTPUT, CH_OUT, hw_activate_ddr_output),
	WAY(HW_ACTION_ACTIVATE_CFG_CHANNEL, CH_IN, hw_activate_cfg_channel),
	WAY(HW_ACTION_OPEN_BOUNDARY_INPUT, CH_IN, hw_open_boundary_input),
	WAY(HW_ACTION_OPEN_BOUNDARY_OUTPUT, CH_OUT, hw_open_boundary_output),
#undef WAY
};

static int try_way(const struct net *n, size_t way, uint64_t bus)
{
	bool in = ways[way].channel == CH_IN;
	struct hw_host_buffer buf = host_buffer(n, bus, in ? IN_PAGE : OUT_PAGE, 1);
	struct actions list = { 0 };
	uint8_t body[64] = { ways[way].channel };

	memcpy(body + ways[way].buf, &buf, sizeof(buf));
	action(&list, ways[way].type, body, ways[way].size);
	return send_context(n->fd, HW_CONTEXT_ACTIVATION, &list);
}

/* Each action that has a list, in the layout of the firmware that runs and in the
 * other one, which this firmware would read otherwise. It has got no header yet and
 * takes none of them.
 */
static void every_way(int fd)
{
	uint32_t minor = firmware_minor, other = is_old() ? 23 : 20;
	struct net n;

	net_prepare(&n, fd, DESCS);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		uint64_t own = ways[i].channel == CH_IN ? n.bus_in : n.bus_out;
		bool differs = is_old() ? by_host_at(ways[i].type) : false;
		int ret;

		expect_(try_way(&n, i, own), -EPROTO, "own list", ways[i].type);
		expect_(try_way(&n, i, 0x100000), -EPERM, "foreign list", ways[i].type);
		firmware_minor = other;
		differs = differs || by_host_at(ways[i].type);
		ret = try_way(&n, i, 0x100000);
		check_(ret == -EPERM || ret == -EINVAL, "foreign, other layout", ways[i].type);
		ret = try_way(&n, i, own);
		check_(differs ? ret == -EPERM || ret == -EINVAL : ret == -EPROTO,
		       "own, other layout", ways[i].type);
		firmware_minor = minor;
	}
	net_free(&n);
}

/* Pages that the process may only read are not for an output. */
static void read_only_memory(int fd)
{
	void *text = (void *)((uintptr_t)read_only_memory & ~4095ul);
	int64_t map = map_buffer(fd, text, 4096, HAILO8L_DIR_TO_DEVICE);
	uint64_t bus;
	int64_t list = create_list(fd, DESCS, OUT_PAGE, &bus);

	CHECK(map > 0 && list > 0);
	EXPECT(bind_ring(fd, list, map, DESCS * OUT_PAGE), DESCS);
	EXPECT(try_list(fd, bus, DESCS, OUT_PAGE, CH_OUT), -EPERM);
	EXPECT(release_list(fd, list), 0);
	EXPECT(unmap_buffer(fd, map), 0);
}

/* The other way round: first an output's list, then memory not to write to */
static void written_list(int fd)
{
	void *text = (void *)((uintptr_t)written_list & ~4095ul);
	int64_t map = map_buffer(fd, text, 4096, HAILO8L_DIR_TO_DEVICE);
	struct net n;

	net_prepare(&n, fd, DESCS);
	net_configure(&n);
	EXPECT(bind_ring(fd, n.list_out, map, DESCS * OUT_PAGE), -EFAULT);
	EXPECT(bind_ring(fd, n.list_in, map, 4096), 8);
	EXPECT(change_status(fd, HW_CS_RESET), 0);
	net_free(&n);
	EXPECT(unmap_buffer(fd, map), 0);
	EXPECT(simple_control(fd, HW_OP_CLEAR_CONFIGURED_APPS, HAILO8L_CPU_CORE), 0);
}

static int send_raw_context(int fd, const void *data, uint32_t len, uint32_t first_len)
{
	uint8_t yes[4] = { 1 }, type = HW_CONTEXT_ACTIVATION;
	struct message m;

	begin(&m, HW_OP_SET_CONTEXT_INFO);
	add(&m, yes, first_len);
	add(&m, yes, 1);
	add(&m, &type, 1);
	add(&m, data, len);
	return send_control(fd, &m, HAILO8L_CPU_CORE, 1000);
}

/* What cannot be read cannot be checked. */
static void contexts_that_hide_something(int fd)
{
	struct actions list = one_input(0x100000, DESCS, IN_PAGE, CH_IN);
	uint8_t unknown[] = { HW_ACTION_COUNT, 0xff, 0xff, 0xff, 0xff };
	struct { struct hw_action head; struct hw_repeated block; } __attribute__((packed)) r = {
		{ HW_ACTION_REPEATED, UINT32_MAX },
		{ 1, 0, HW_ACTION_OPEN_BOUNDARY_INPUT },
	};
	struct actions block = { 0 };

	EXPECT(send_raw_context(fd, unknown, sizeof(unknown), 1), -EINVAL);
	EXPECT(send_raw_context(fd, list.data, list.len - 1, 1), -EINVAL);
	EXPECT(send_raw_context(fd, list.data, list.len, 4), -EINVAL);
	EXPECT(send_raw_context(fd, list.data, 3, 1), -EINVAL);
	memcpy(block.data, &r, sizeof(r));
	memcpy(block.data + sizeof(r), list.data + 10, sizeof(struct hw_open_boundary_input));
	EXPECT(send_raw_context(fd, block.data,
				sizeof(r) + sizeof(struct hw_open_boundary_input), 1), -EPERM);
	r.block.type = HW_ACTION_REPEATED;
	EXPECT(send_raw_context(fd, &r, sizeof(r), 1), -EINVAL);
}

static int send_piece(int fd, uint8_t first, uint8_t last, uint8_t type, const void *data,
		      uint32_t len)
{
	struct message m;

	begin(&m, HW_OP_SET_CONTEXT_INFO);
	add(&m, &first, 1);
	add(&m, &last, 1);
	add(&m, &type, 1);
	add(&m, data, len);
	return send_control(fd, &m, HAILO8L_CPU_CORE, 1000);
}

/*
 * The driver reads a message as what goes on after the one before. That one was
 * not taken by firmware, which reads the next one otherwise.
 */
static void message_that_firmware_refused(int fd)
{
	struct { struct hw_action head; struct hw_repeated block; uint8_t body; }
		__attribute__((packed)) r = {
		{ HW_ACTION_REPEATED, UINT32_MAX }, { 255, 0, HW_ACTION_DISABLE_LCU }, 0,
	};
	struct actions list = one_input(0x100000, DESCS, IN_PAGE, CH_IN);
	struct actions none = { 0 };

	action(&none, HW_ACTION_BURST_CREDITS_RESET, NULL, 0);
	EXPECT(change_status(fd, HW_CS_RESET), 0);
	EXPECT(send_header(fd), 0);
	EXPECT(send_piece(fd, 1, 0, HW_CONTEXT_ACTIVATION, none.data, none.len), 0);
	EXPECT(send_piece(fd, 0, 0, HW_CONTEXT_DYNAMIC, &r, sizeof(r)), -EPROTO);
	EXPECT(send_piece(fd, 0, 1, HW_CONTEXT_ACTIVATION, list.data, list.len), -EINVAL);
	EXPECT(send_piece(fd, 0, 1, HW_CONTEXT_ACTIVATION, none.data, none.len), -EINVAL);
	EXPECT(simple_control(fd, HW_OP_CLEAR_CONFIGURED_APPS, HAILO8L_CPU_CORE), 0);
	/* A block that does not end in its context */
	EXPECT(send_header(fd), 0);
	EXPECT(send_piece(fd, 1, 1, HW_CONTEXT_ACTIVATION, &r, sizeof(r)), -EINVAL);
	EXPECT(simple_control(fd, HW_OP_CLEAR_CONFIGURED_APPS, HAILO8L_CPU_CORE), 0);
	EXPECT(change_status(fd, HW_CS_RESET), 0);
}

static int send_header_bytes(int fd, const void *header, uint32_t len)
{
	struct message m;

	begin(&m, HW_OP_SET_NETWORK_GROUP_HEADER);
	if (len)
		add(&m, header, len);
	return send_control(fd, &m, HAILO8L_CPU_CORE, 1000);
}

static void list_in_the_header(int fd)
{
	struct hw_app_header today = {
		.dynamic_contexts = htole16(1), .networks = 1,
		.external_action_list = htole32(0x100000),
	};
	struct hw_old_app_header old = {
		.dynamic_contexts = htole16(1), .networks = 1,
		.external_action_list = htole32(0x100000),
	};

	EXPECT(send_header_bytes(fd, &today, sizeof(today)), is_old() ? -EINVAL : -EPERM);
	EXPECT(send_header_bytes(fd, &old, sizeof(old)), is_old() ? -EPERM : -EINVAL);
	EXPECT(send_header_bytes(fd, &old, sizeof(old) - 1), -EINVAL);
	EXPECT(send_header_bytes(fd, NULL, 0), -EINVAL);
}

/* Whatever others tried: a frame comes back. Then the network is cleared away. */
static void runs_and_goes(struct net *n)
{
	EXPECT(launch_out(n), 1);
	EXPECT(launch_in(n), IN_DESCS);
	EXPECT(wait_for(n->fd, CH_OUT, 1), 1);
	net_stop(n);
	net_free(n);
	EXPECT(simple_control(n->fd, HW_OP_CLEAR_CONFIGURED_APPS, HAILO8L_CPU_CORE), 0);
}

/* Who configured first has the chip until it clears or closes. */
static void networks_of_others(int fd)
{
	int other = open_node();
	struct net n;

	net_start(&n, fd, DESCS);
	EXPECT(change_status(other, HW_CS_RESET), -EBUSY);
	EXPECT(change_status(other, HW_CS_ENABLED), -EBUSY);
	EXPECT(simple_control(other, HW_OP_CLEAR_CONFIGURED_APPS, HAILO8L_CPU_CORE), -EBUSY);
	EXPECT(simple_control(other, HW_OP_RESET, HAILO8L_CPU_APP), -EBUSY);
	EXPECT(send_header(other), -EBUSY);
	/* Looking is free. */
	EXPECT(simple_control(other, HW_OP_IDENTIFY, HAILO8L_CPU_APP), 0);
	EXPECT(simple_control(other, HW_OP_GET_CHIP_TEMPERATURE, HAILO8L_CPU_APP), 0);
	close(other);
	runs_and_goes(&n);
}

/* A program dies without clearing: its networks must be dead, too. */
static void networks_of_the_dead(void)
{
	int fd = open_node(), other = open_node();
	struct net n;

	net_start(&n, fd, DESCS);
	EXPECT(launch_out(&n), 1);
	close(fd);
	EXPECT(change_status(other, HW_CS_RESET), 0);
	EXPECT(change_status(other, HW_CS_ENABLED), -EPROTO);
	EXPECT(change_status(other, HW_CS_RESET), 0);
	close(other);
}

/*
 * Firmware was stopped and can be started again, with the lists that it knows:
 * their memory is nobody else's until it has forgotten them.
 */
static void lists_that_firmware_knows(int fd)
{
	int64_t other[16];
	uint64_t bus;
	struct net n;
	int i;

	net_start(&n, fd, DESCS);
	net_stop(&n);
	EXPECT(release_list(fd, n.list_in), 0);
	EXPECT(release_list(fd, n.list_out), 0);
	for (i = 0; i < 16; i++) {
		other[i] = create_list(fd, DESCS, IN_PAGE, &bus);
		CHECK(other[i] > 0 && bus != n.bus_in && bus != n.bus_out);
	}
	EXPECT(change_status(fd, HW_CS_ENABLED), 0);
	EXPECT(change_status(fd, HW_CS_RESET), 0);
	EXPECT(simple_control(fd, HW_OP_CLEAR_CONFIGURED_APPS, HAILO8L_CPU_CORE), 0);
	for (i = 0; i < 16; i++)
		EXPECT(release_list(fd, other[i]), 0);
	n.list_in = create_list(fd, DESCS, IN_PAGE, NULL);
	n.list_out = create_list(fd, DESCS, IN_PAGE, NULL);
	net_free(&n);
}

static int try_register(int fd, uint32_t address)
{
	struct hw_write_data_by_type body = {
		.address = htole32(address), .data = htole32(1), .mask = htole32(UINT32_MAX),
	};
	struct actions list = { 0 };

	action(&list, HW_ACTION_WRITE_DATA_BY_TYPE, &body, sizeof(body));
	return send_context(fd, HW_CONTEXT_ACTIVATION, &list);
}

/* Firmware's memory, its mailboxes, and the block that talks to the host */
static void register_writes(void)
{
	static const uint32_t bad[] = {
		0x60000, 0x9fffc, 0xa0000, 0xdfffc, 0xe0980, 0x200000, 0x200684,
		0x60000000, 0x60001500, 0x5fffe, 0x1ffffe, 0x5ffffffd,
	};
	int fd = open_node(), status;
	size_t i;

	fflush(stdout);
	if (fork() == 0) {
		failures = 0;
		EXPECT(setgid(1000) | setuid(1000), 0);
		for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
			expect_(try_register(fd, bad[i]), -EPERM, "register write", (int)bad[i]);
		exit(failures != 0);
	}
	wait(&status);
	CHECK(status == 0);
	close(fd);
}

/* Raw access to chip and board, and what survives a power cycle */
static const uint8_t privileged[] = {
	HW_OP_WRITE_MEMORY, HW_OP_READ_MEMORY, HW_OP_START_FW_UPDATE, HW_OP_WRITE_FW_UPDATE,
	HW_OP_VALIDATE_FW_UPDATE, HW_OP_FINISH_FW_UPDATE, HW_OP_ERASE_USER_CONFIG,
	HW_OP_WRITE_USER_CONFIG, HW_OP_I2C_WRITE, HW_OP_WRITE_BOARD_CONFIG,
	HW_OP_ENABLE_DEBUGGING, HW_OP_WRITE_SECOND_STAGE, HW_OP_COPY_SECOND_STAGE,
};

/* What changes the network that runs */
static const uint8_t driving[] = {
	HW_OP_RESET, HW_OP_CONFIG_CORE_TOP, HW_OP_SET_NETWORK_GROUP_HEADER,
	HW_OP_SET_CONTEXT_INFO, HW_OP_CHANGE_CONTEXT_SWITCH_STATUS,
	HW_OP_SET_DATAFLOW_INTERRUPT, HW_OP_CONFIG_BREAKPOINT, HW_OP_RUN_BIST_TEST,
	HW_OP_CLEAR_CONFIGURED_APPS, HW_OP_SET_SLEEP_STATE, HW_OP_CHANGE_HW_INFER_STATUS,
	HW_OP_SIGNAL_DRIVER_DOWN, HW_OP_SIGNAL_CACHE_UPDATED,
};

static bool is_in(const uint8_t *list, size_t n, uint32_t op)
{
	return memchr(list, op, n);
}

/*
 * Every opcode, without parameters, so that firmware does nothing. Beside a
 * network of somebody else if there is one.
 */
static void try_opcodes(int fd, bool as_root, bool beside)
{
	uint32_t op;
	int ret;

	for (op = 0; op < HW_OP_COUNT; op++) {
		/* Without a network these two are refused for what is missing. */
		if (!beside && (op == HW_OP_SET_CONTEXT_INFO ||
				op == HW_OP_SET_NETWORK_GROUP_HEADER))
			continue;
		ret = simple_control(fd, op, HAILO8L_CPU_APP);
		if (!as_root && is_in(privileged, sizeof(privileged), op))
			expect_(ret, -EPERM, "opcode for root", op);
		else if (beside && is_in(driving, sizeof(driving), op))
			expect_(ret, -EBUSY, "opcode that drives", op);
		else
			check_(ret == 0 || ret == -EPROTO, "opcode for all was refused", op);
	}
}

static void as_user(int fd, bool beside)
{
	int status;

	fflush(stdout);
	if (fork() == 0) {
		failures = 0;
		EXPECT(setgid(1000) | setuid(1000), 0);
		try_opcodes(fd, false, beside);
		exit(failures != 0);
	}
	wait(&status);
	CHECK(status == 0);
}

static void raw_access(void)
{
	int fd = open_node();

	as_user(fd, false);
	try_opcodes(fd, true, false);
	close(fd);
}

static void opcodes_beside_a_network(int fd)
{
	int other = open_node();
	struct net n;

	net_start(&n, fd, DESCS);
	as_user(other, true);
	try_opcodes(other, true, true);
	runs_and_goes(&n);
	close(other);
}

/* What firmware of a version that is not known would read in these */
static void unknown_firmware(int fd)
{
	struct net n;

	net_prepare(&n, fd, DESCS);
	EXPECT(send_header(fd), -EOPNOTSUPP);
	EXPECT(try_list(fd, n.bus_in, DESCS, IN_PAGE, CH_IN), -EOPNOTSUPP);
	firmware_minor = 20;
	EXPECT(send_header(fd), -EOPNOTSUPP);
	net_free(&n);
}

int main(int argc, char **argv)
{
	int fd = open_node();

	if (argc == 2 && !strcmp(argv[1], "unknown")) {
		CASE("W-37 firmware of an unknown version", unknown_firmware(fd));
		return verdict("abi_guard");
	}
	find_firmware(fd);
	CASE("W-37 lists of others", lists_of_others(fd));
	CASE("W-37 every action that has a list", every_way(fd));
	CASE("W-13 memory that is read only", read_only_memory(fd));
	CASE("W-13 read-only memory for an output", written_list(fd));
	CASE("W-37 contexts that hide something", contexts_that_hide_something(fd));
	CASE("W-37 a message that firmware refused", message_that_firmware_refused(fd));
	CASE("W-4 lists that firmware knows", lists_that_firmware_knows(fd));
	CASE("W-37 a list in the header", list_in_the_header(fd));
	CASE("W-37 writes to the chip's registers", register_writes());
	CASE("W-16 networks of others", networks_of_others(fd));
	CASE("W-16 every opcode beside a network", opcodes_beside_a_network(fd));
	close(fd);
	CASE("W-4 networks of the dead", networks_of_the_dead());
	CASE("W-37 every opcode, for all or for root", raw_access());
	return verdict("abi_guard");
}
