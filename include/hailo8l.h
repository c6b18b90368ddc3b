/* SPDX-License-Identifier: MIT */
/*
 * libhailo8l: run neural networks on a Hailo-8L or Hailo-8.
 *
 * The objects, from the outside in:
 *
 *	h8l_device	an open /dev/hailoN
 *	h8l_hef		a network file (HEF) in memory, no device needed
 *	h8l_network	one network group of a HEF, configured on a device
 *
 * A frame is one inference: one buffer for every input stream and one for
 * every output stream of the network.
 *
 * Rules that hold everywhere:
 *   - Functions that can fail return 0 or a positive number on success and a
 *     negative errno otherwise. Where a function takes a struct h8l_error *,
 *     it may be NULL; on failure it receives one sentence that says what
 *     failed, where, and what to do about it.
 *   - The library starts no threads (but see h8l_events_open()), keeps no
 *     global state, reads no environment variables, prints nothing and never
 *     exits.
 *   - Different objects may be used by different threads at the same time.
 *     One object is used by one thread at a time, unless its comment says
 *     otherwise.
 *   - *_close(NULL) and *_free(NULL) do nothing. Objects are closed in any
 *     order: a device that still has networks lives until the last one is
 *     closed, and so does the HEF behind a network.
 *   - Strings returned belong to the object they were asked of.
 */
#ifndef HAILO8L_H
#define HAILO8L_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

#define H8L_VERSION_MAJOR	0
#define H8L_VERSION_MINOR	1
#define H8L_VERSION_PATCH	0

#define H8L_ERROR_TEXT		384

struct h8l_error {
	int code;			/* the negative errno, 0 if none */
	char text[H8L_ERROR_TEXT];	/* NUL-terminated */
};

/* "major.minor.patch" of the library in use. Thread-safe. */
const char *h8l_version(void);

/* What a negative (or positive) errno of this library means, and what to do
 * about it, in general words; never NULL. Thread-safe.
 */
const char *h8l_strerror(int error);

/* ---- devices ---- */

struct h8l_device;

#define H8L_NODE_SIZE		32
#define H8L_LOCATION_SIZE	32

struct h8l_scan_entry {
	char node[H8L_NODE_SIZE];		/* "/dev/hailo0" */
	char location[H8L_LOCATION_SIZE];	/* PCI address, "0000:01:00.0" */
};

/* Devices that a driver (ours or the stock one) has bound, by index of their
 * node. Fills at most `max` entries and returns how many there are in all;
 * 0 when there is none. -errno: sysfs cannot be read. Thread-safe.
 */
int h8l_scan(struct h8l_scan_entry *entries, size_t max);

/* Opens a device. `name` is a node ("/dev/hailo0"), an index ("0"), a PCI
 * address ("0000:01:00.0" or "01:00.0"), or NULL for the only one there is.
 * Sends one IDENTIFY. Errors: -ENODEV no such device, or none at all;
 * -ENOTUNIQ several devices and no name; -EACCES no permission; -ENOEXEC
 * no firmware is running; -EPROTO the driver or firmware speaks a version
 * that this library does not; -ETIMEDOUT, -EREMOTEIO the firmware does not
 * answer, or refuses.
 */
int h8l_device_open(const char *name, struct h8l_device **device, struct h8l_error *error);
void h8l_device_close(struct h8l_device *device);

/* The file descriptor of the node, for use with other programs' event loops
 * and for tests. Closed by h8l_device_close().
 */
int h8l_device_fd(const struct h8l_device *device);

/* Who runs networks: one process at a time. h8l_network_open() asks for the
 * right without waiting (-EBUSY), and it goes back when the last network is
 * closed. A program that wants to wait for its turn, or to keep it while it
 * has no network open, claims it before. Turns come in the order of asking.
 *
 * h8l_device_claim() waits up to `timeout_ms`, 0: not at all, negative: without
 * limit. -EBUSY: still not (the text names the process); -EINTR: a signal
 * came. With the stock driver it never waits, and the right stays until the
 * device is closed.
 *
 * h8l_device_unclaim() gives it back; -EBUSY while networks are open. A program
 * that has it for long looks from time to time, between frames, how many
 * others wait (h8l_device_waiting(), 0 or more; -ENOTSUP: the stock driver), or
 * polls the node for POLLMSG, closes its networks, gives the right back and
 * claims it again: then it is the last in the queue.
 *
 * Thread-safe; one claim serves all threads that use the device. While
 * h8l_device_claim() waits, other calls that need the device's networks do.
 */
int h8l_device_claim(struct h8l_device *device, int timeout_ms, struct h8l_error *error);
int h8l_device_unclaim(struct h8l_device *device, struct h8l_error *error);
int h8l_device_waiting(struct h8l_device *device, struct h8l_error *error);

enum h8l_architecture {
	H8L_ARCH_HAILO8		= 1,
	H8L_ARCH_HAILO8L	= 2,
};

struct h8l_identity {
	enum h8l_architecture architecture;
	uint32_t protocol_version;
	uint32_t firmware[3];		/* major, minor, revision number */
	int firmware_is_release;	/* 0: developer build */
	uint32_t driver[3];		/* as the driver reports itself */
	uint32_t max_page_size;		/* bytes, largest descriptor page */
	/* 1: on this machine the chip reaches only memory that the driver allocates;
	 * frames elsewhere are copied, see h8l_memory_alloc()
	 */
	int driver_memory;
	char board_name[33];		/* strings may be empty */
	char serial_number[17];
	char part_number[17];
	char product_name[43];
};

/* Known since h8l_device_open(); sends nothing. Thread-safe. */
void h8l_device_identity(const struct h8l_device *device, struct h8l_identity *identity);

/* ---- what a device says about itself and its health ----
 *
 * Every function here sends one firmware control unless it says otherwise, may
 * be called by several threads and processes at any time, also while networks
 * run, and returns -ETIMEDOUT: firmware does not answer; -EPROTO: it answers
 * something else; -EREMOTEIO: it refuses (the text has the status);
 * -EOPNOTSUPP: board or firmware cannot do that (the text says what can);
 * -ENODEV: the device is gone. Known to be the same with firmware 4.17 to 4.23.
 */

#define H8L_FEATURE_ETHERNET		(1u << 0)
#define H8L_FEATURE_MIPI		(1u << 1)
#define H8L_FEATURE_PCIE		(1u << 2)
#define H8L_FEATURE_CURRENT_MONITOR	(1u << 3)
#define H8L_FEATURE_MDIO		(1u << 4)

enum h8l_boot_source {
	H8L_BOOT_PCIE	= 1,		/* from the host */
	H8L_BOOT_FLASH	= 2,
};

struct h8l_device_info {
	uint32_t clock_hz;		/* of the neural core */
	uint32_t features;		/* H8L_FEATURE_* */
	int has_current_monitor;	/* or it is an evaluation board, which has one */
	uint32_t boot_source;		/* enum h8l_boot_source; others are not known */
	uint8_t life_cycle_state;	/* the vendor's number; 3 on boards sold */
	uint8_t soc_id[32];
	uint8_t ethernet_mac[6];	/* zeros: none */
	uint8_t unit_tracking_id[12];	/* lot (8 bytes), die and wafer */
	uint8_t process_monitor[24];	/* the vendor's numbers */
	uint32_t cluster_layout;	/* bit n: cluster n works */
};

int h8l_device_read_info(struct h8l_device *device, struct h8l_device_info *info,
			 struct h8l_error *error);

/* Version of the firmware of the second processor, which runs the networks:
 * major, minor, revision number. h8l_identity has that of the first.
 */
int h8l_device_read_core_firmware(struct h8l_device *device, uint32_t version[3],
				  struct h8l_error *error);

struct h8l_temperature {
	float sensor[2];		/* degrees Celsius */
	uint32_t sample_count;
};

int h8l_device_read_temperature(struct h8l_device *device, struct h8l_temperature *temperature,
				struct h8l_error *error);

/* Where power is measured. AUTO is what every board with a monitor has. On
 * M.2 modules that is the monitor of the overcurrent protection, which does
 * not protect while it measures.
 */
enum h8l_power_point {
	H8L_POINT_VDD_CORE		= 0,
	H8L_POINT_VDD_IO		= 1,
	H8L_POINT_MIPI_AVDD		= 2,
	H8L_POINT_MIPI_AVDD_H		= 3,
	H8L_POINT_USB_AVDD_IO		= 4,
	H8L_POINT_VDD_TOP		= 5,
	H8L_POINT_USB_AVDD_IO_HV	= 6,
	H8L_POINT_AVDD_H		= 7,
	H8L_POINT_SDIO_VDD_IO		= 8,
	H8L_POINT_OVERCURRENT		= 9,
	H8L_POINT_EVB_TOTAL		= 0x7ffffffe,	/* evaluation boards */
	H8L_POINT_AUTO			= 0x7fffffff,
};

enum h8l_quantity {
	H8L_SHUNT_VOLTAGE	= 0,	/* mV */
	H8L_BUS_VOLTAGE		= 1,	/* mV */
	H8L_POWER		= 2,	/* W */
	H8L_CURRENT		= 3,	/* mA */
	H8L_QUANTITY_AUTO	= 0x7fffffff,	/* power */
};

/* One sample. -EOPNOTSUPP: this board has no current monitor (the M.2 modules
 * of the AI Kit have none). The first call for a device also asks for
 * h8l_device_info.
 */
int h8l_device_measure(struct h8l_device *device, enum h8l_power_point point,
		       enum h8l_quantity quantity, float *value, struct h8l_error *error);
/* Power of the whole chip, in watts, one sample: both AUTO. */
int h8l_device_read_power(struct h8l_device *device, float *watts, struct h8l_error *error);

#define H8L_MAX_MEASUREMENTS	4

struct h8l_measurement {
	enum h8l_power_point point;
	enum h8l_quantity quantity;
};

/* Lets the firmware measure by itself, up to four things in turn, until
 * h8l_device_power_stop(); a measurement under way, also another program's, is
 * stopped first. Every value is the mean of `averaging` samples (1, 4, 16, 64,
 * 128, 256, 512 or 1024; 0: 256) that take `sampling_us` microseconds each
 * (140, 204, 332, 588, 1100, 2116, 4156 or 8244; 0: 1100). -EINVAL: other
 * numbers, or none or too many measurements. 2 + count controls.
 */
int h8l_device_power_start(struct h8l_device *device, const struct h8l_measurement *measurements,
			   unsigned int count, unsigned int averaging, unsigned int sampling_us,
			   struct h8l_error *error);

struct h8l_power_statistics {
	uint32_t samples;		/* 0: the rest means nothing */
	float minimum, maximum, average;	/* unit of the quantity */
	float sample_ms;		/* mean time between samples */
};

/* What measurement `index` (of h8l_device_power_start()) gave so far, also
 * after the stop; `clear` starts it anew.
 */
int h8l_device_power_read(struct h8l_device *device, unsigned int index, int clear,
			  struct h8l_power_statistics *statistics, struct h8l_error *error);
int h8l_device_power_stop(struct h8l_device *device, struct h8l_error *error);

/* May the chip lower its clock when it gets hot? 0 no, 1 yes. */
int h8l_device_get_throttling(struct h8l_device *device, int *enabled, struct h8l_error *error);
int h8l_device_set_throttling(struct h8l_device *device, int enabled, struct h8l_error *error);
/* Is the chip protected against too much current? 0 no, 1 yes. */
int h8l_device_get_overcurrent(struct h8l_device *device, int *enabled, struct h8l_error *error);
int h8l_device_set_overcurrent(struct h8l_device *device, int enabled, struct h8l_error *error);

enum h8l_zone {
	H8L_ZONE_GREEN,
	H8L_ZONE_ORANGE,		/* too hot: the clock is lowered */
	H8L_ZONE_RED,			/* much too hot, or too much current: networks end */
};

const char *h8l_zone_name(enum h8l_zone zone);	/* "green" ..., never NULL */

struct h8l_throttling_level {
	float celsius;			/* reached from here on */
	float hysteresis_celsius;	/* left below this */
	uint32_t clock_hz;
};

struct h8l_health {
	int overcurrent_protection;	/* is on */
	enum h8l_zone overcurrent_zone;	/* green or red */
	/* mA; the wire format is not certain: NAN if it makes no sense */
	float overcurrent_threshold;
	int overcurrent_throttling;	/* is on */
	int temperature_throttling;	/* is on */
	enum h8l_zone temperature_zone;
	int throttling_level;		/* index into levels, -1: none */
	struct h8l_throttling_level levels[4];
	int32_t orange_celsius, orange_hysteresis_celsius;
	int32_t red_celsius, red_hysteresis_celsius;
	uint32_t overcurrent_clock_hz;	/* asked for by the two protections */
	uint32_t temperature_clock_hz;
};

int h8l_device_read_health(struct h8l_device *device, struct h8l_health *health,
			   struct h8l_error *error);

struct h8l_link {			/* 0: not known */
	unsigned int speed_mts, max_speed_mts;	/* megatransfers a second: 2500, 5000, 8000 */
	unsigned int width, max_width;	/* lanes */
};

/* The PCIe link as the kernel sees it; sends nothing. -ENODEV: it is gone. */
int h8l_device_read_link(struct h8l_device *device, struct h8l_link *link,
			 struct h8l_error *error);

enum h8l_cpu {
	H8L_CPU_APP,
	H8L_CPU_CORE,
};

/* Takes up to `size` (at most 512) bytes of the firmware's log; returns how
 * many, 0 when there is nothing new. The format is the vendor's secret; the
 * bytes are for support. Readers steal from each other.
 */
int h8l_device_read_log(struct h8l_device *device, enum h8l_cpu cpu, void *buffer, size_t size);

enum h8l_reset {
	H8L_RESET_NN_CORE,	/* the part that runs networks */
	/* All of the chip; a card that boots over PCIe then waits for its driver
	 * to be loaded again. FORCED: also while it is busy.
	 */
	H8L_RESET_SOFT,
	H8L_RESET_FORCED_SOFT,
	/* The driver boots the firmware anew, and all goes on. The driver of this
	 * project can; it also helps when the firmware does not answer. Needs the
	 * right to write to the sysfs attribute "reset", normally root's.
	 */
	H8L_RESET_DRIVER,
};

/* -EBUSY: this device object still has networks, close them; -EOPNOTSUPP: this
 * driver cannot; -EACCES: no permission. Networks of other programs end with
 * -ECONNRESET. Sends one control, none for H8L_RESET_DRIVER.
 */
int h8l_device_reset(struct h8l_device *device, enum h8l_reset reset, struct h8l_error *error);

/* ---- events: what the firmware tells without being asked ---- */

struct h8l_events;

enum h8l_event_id {
	H8L_EVENT_RX_ERROR		= 0,	/* rx_error */
	H8L_EVENT_HOST_INFO		= 1,	/* host_info */
	H8L_EVENT_TEMPERATURE		= 2,	/* temperature: another zone */
	H8L_EVENT_CLOSED_STREAMS	= 3,	/* closed_streams: too hot, networks end */
	H8L_EVENT_OVERCURRENT		= 4,	/* overcurrent: another zone */
	H8L_EVENT_LCU_ECC_CORRECTABLE	= 5,	/* ecc: clusters */
	H8L_EVENT_LCU_ECC_UNCORRECTABLE	= 6,	/* ecc: clusters */
	H8L_EVENT_CPU_ECC_ERROR		= 7,	/* ecc: memories */
	H8L_EVENT_CPU_ECC_FATAL		= 8,	/* ecc: memories */
	H8L_EVENT_BREAKPOINT		= 9,	/* place */
	H8L_EVENT_CLOCK_CHANGED		= 10,	/* clock: throttling shows so */
	H8L_EVENT_HW_INFER_DONE		= 11,	/* infer_done */
	H8L_EVENT_RUN_TIME_ERROR	= 12,	/* run_time_error: the network ended */
	H8L_EVENT_CACHE_OFFSET		= 13,	/* cache */
};

#define H8L_EVENT_MAX_PAYLOAD	848

struct h8l_event_place {		/* in the actions of a network */
	unsigned int application, batch, context, action;
};

struct h8l_event {
	uint32_t id;			/* enum h8l_event_id, or one not known here */
	uint32_t sequence;		/* of the firmware's events */
	uint32_t priority;		/* 0 information, 1 critical */
	uint32_t module;		/* of the firmware */
	int decoded;			/* 0: only `payload`; the id or its size is not known */
	union {
		struct { uint32_t error, queue, count; } rx_error;
		struct { uint32_t status, type, dma_is_active, port, ipv4; } host_info;
		struct { enum h8l_zone zone; uint32_t sensor; float celsius[2]; } temperature;
		struct { float celsius[2]; } closed_streams;
		struct { enum h8l_zone zone; float threshold_ma; int is_last; } overcurrent;
		struct { uint32_t bitmap; } ecc;
		struct { uint32_t before_hz, now_hz; } clock;
		struct { uint32_t cycles; } infer_done;
		struct { uint32_t status; struct h8l_event_place place; } run_time_error;
		struct { uint64_t bitmap; } cache;
		struct h8l_event_place place;
	} data;
	size_t payload_size;		/* bytes */
	uint8_t payload[H8L_EVENT_MAX_PAYLOAD];	/* as the firmware sent it */
};

/* Listens to the events of a device from now on; every listener gets all. The
 * device may be closed before. An object is for one thread at a time, and for
 * the process that made it. With the stock driver, which cannot be polled, the
 * library starts one thread per listener that sleeps in the driver: the only
 * thread it ever starts. Errors: as h8l_device_open(), -EAGAIN no thread.
 */
int h8l_events_open(struct h8l_device *device, struct h8l_events **events,
		    struct h8l_error *error);
void h8l_events_close(struct h8l_events *events);

/* For poll() and friends: readable (POLLIN) while an event waits. */
int h8l_events_fd(const struct h8l_events *events);

/* The oldest event; waits at most `timeout_ms` for one, -1: for ever. 1:
 * *event is filled in; 0: none in time. Who is slow loses events: the driver
 * of this project keeps the last 32, the stock driver the last. The stock driver
 * also drops what the firmware tells while it starts, and leaves its place
 * taken: on a chip that is hot then, nothing comes until it is loaded again on a
 * cool one (seen with the software chip; a real one may overwrite it). -EINTR: a
 * signal came; -ENODEV: the device is gone.
 */
int h8l_events_next(struct h8l_events *events, int timeout_ms, struct h8l_event *event,
		    struct h8l_error *error);

/* "temperature" ..., "unknown"; never NULL. Thread-safe, as the next. */
const char *h8l_event_name(uint32_t id);
/* A sentence about the event into `text`, always with NUL; returns its length
 * as snprintf() does.
 */
int h8l_event_text(const struct h8l_event *event, char *text, size_t size);

/* ---- network files ---- */

struct h8l_hef;

/* Reads a HEF (container v0, v1 or v2) and checks its hash and every field
 * that matters. The file stays mapped until the HEF and all its networks are
 * closed; it must not change meanwhile. Errors: -ENOENT, -EACCES ... from the
 * file; -ENOEXEC not a HEF, or a kind this library does not run (the text says
 * which); -EBADMSG damaged (cut, wrong checksum, broken metadata); -EINVAL the
 * metadata contradicts itself.
 */
int h8l_hef_open(const char *path, struct h8l_hef **hef, struct h8l_error *error);

/* The same from memory, which stays the caller's and must outlive the HEF and
 * all its networks.
 */
int h8l_hef_open_memory(const void *data, size_t size, struct h8l_hef **hef,
			struct h8l_error *error);
void h8l_hef_close(struct h8l_hef *hef);

enum h8l_hef_architecture {		/* for which chip a file was compiled */
	H8L_HEF_HAILO8P		= 1,
	H8L_HEF_HAILO8R		= 2,
	H8L_HEF_HAILO8L		= 3,
};

struct h8l_hef_info {
	uint32_t container_version;
	uint32_t metadata_version;
	enum h8l_hef_architecture architecture;
	const char *compiler_version;	/* "3.29.0", may be "" */
	uint64_t timestamp_ms;		/* since 1970, 0 if unknown */
	uint64_t file_size;		/* bytes */
	uint64_t config_size;		/* bytes of configuration words */
	const char *hash;		/* lower-case hex of the file's own hash */
	unsigned int group_count;
};

/* Thread-safe, as all functions that only look at a HEF. */
void h8l_hef_info(const struct h8l_hef *hef, struct h8l_hef_info *info);

enum h8l_direction {
	H8L_INPUT,			/* host to device */
	H8L_OUTPUT,			/* device to host */
};

enum h8l_type {
	H8L_TYPE_AUTO,			/* as the device has it */
	H8L_TYPE_UINT8,
	H8L_TYPE_UINT16,
	H8L_TYPE_FLOAT32,		/* host only: (q - zero point) * scale */
};

/* How a frame lies in memory. Values as in the reference, formats.md 1. */
enum h8l_order {
	H8L_ORDER_AUTO		= 0,	/* the natural one of the stream */
	H8L_ORDER_NHWC		= 1,
	H8L_ORDER_NHCW		= 2,
	H8L_ORDER_FCR		= 3,	/* on the host the same bytes as NHWC */
	H8L_ORDER_F8CR		= 4,
	H8L_ORDER_NHW		= 5,
	H8L_ORDER_NC		= 6,
	H8L_ORDER_BAYER_RGB	= 7,
	H8L_ORDER_RGB888	= 10,
	H8L_ORDER_NCHW		= 11,	/* host only */
	H8L_ORDER_YUY2		= 12,
	H8L_ORDER_NV12		= 13,
	H8L_ORDER_NV21		= 14,
	H8L_ORDER_YYUV		= 15,
	H8L_ORDER_YYVU		= 16,
	H8L_ORDER_RGB4		= 17,	/* inputs, host only: NHWC whose rows are padded to
					 * a multiple of 4 elements
					 */
	H8L_ORDER_I420		= 18,
	H8L_ORDER_YYYYUV	= 19,
	H8L_ORDER_NMS_ON_CHIP	= 21,
	/* host only: the bytes as they come over the wire, with all padding */
	H8L_ORDER_RAW		= 255,
};

const char *h8l_type_name(enum h8l_type type);		/* "uint8" ..., never NULL */
const char *h8l_order_name(enum h8l_order order);	/* "NHWC" ..., never NULL */

struct h8l_format {
	enum h8l_type type;
	enum h8l_order order;
};

struct h8l_shape {
	uint32_t height, width, features;	/* elements */
};

struct h8l_quant {			/* real = (q - zero_point) * scale */
	float zero_point;
	float scale;
	float limit_min, limit_max;	/* real values; input clips to them */
};

#define H8L_NAME_SIZE	128

struct h8l_stream_info {
	char name[H8L_NAME_SIZE];
	enum h8l_direction direction;
	unsigned int index;		/* on the chip */
	struct h8l_shape shape;		/* what a program sees */
	struct h8l_shape device_shape;	/* with padding */
	struct h8l_format device_format;
	struct h8l_format default_format;	/* what AUTO becomes on the host */
	size_t device_frame_size;	/* bytes on the wire; boxes in bursts: at most */
	struct h8l_quant quant;		/* of the whole tensor, or of feature 0 */
	unsigned int quant_count;	/* 1, or one per feature */
};

struct h8l_group_info {
	char name[H8L_NAME_SIZE];
	unsigned int context_count;	/* dynamic contexts */
	unsigned int network_count;	/* side by side; a frame is one of each */
	unsigned int input_count;
	unsigned int output_count;
	unsigned int layout_count;	/* variants for cluster layouts, 1 if one fits all */
	uint32_t layouts[8];		/* cluster bitmaps; layouts[0] is 0 if one fits all */
	/* NULL if this library can run the group, else the reason why not */
	const char *unsupported;
};

/* Group `group` (0 .. group_count - 1), in file order. -ENOENT: no such. */
int h8l_hef_group(const struct h8l_hef *hef, unsigned int group, struct h8l_group_info *info);
/* Stream `stream` (0 .. input_count or output_count - 1) of a group, in the
 * order in which frames are given and returned. -ENOENT: no such.
 */
int h8l_hef_stream(const struct h8l_hef *hef, unsigned int group, enum h8l_direction direction,
		   unsigned int stream, struct h8l_stream_info *info);
/* Quantisation of one feature of a stream (feature < quant_count). */
int h8l_hef_quant(const struct h8l_hef *hef, unsigned int group, enum h8l_direction direction,
		  unsigned int stream, unsigned int feature, struct h8l_quant *quant);

/* ---- detections, classes, probabilities: what the host makes of outputs ---- */

enum h8l_post_kind {
	H8L_POST_DETECTIONS,	/* boxes after non-maximum suppression */
	H8L_POST_MASKS,		/* the same, each with the pixels of its object */
	H8L_POST_BOXES,		/* all boxes, nothing left out */
	H8L_POST_ARGMAX,	/* per pixel, the feature with the highest value */
	H8L_POST_SOFTMAX,	/* per pixel, probabilities of the features */
};

const char *h8l_post_kind_name(enum h8l_post_kind kind);	/* never NULL */

struct h8l_post_info {
	char name[H8L_NAME_SIZE];	/* of the output that a program sees */
	enum h8l_post_kind kind;
	const char *method;		/* "YOLOv8", "argmax" ..., never NULL */
	const char *unsupported;	/* NULL, or why this library cannot compute it */
	/* Which outputs of the network it reads, as h8l_network_stream() counts */
	unsigned int output_count;
	unsigned int outputs[40];
	/* Detections, masks, boxes */
	unsigned int class_count;	/* classes are numbered from 0 */
	unsigned int max_per_class;	/* the defaults of the file, see h8l_post_options */
	unsigned int max_total;
	float score_threshold;
	float iou_threshold;
	/* Argmax: height x width x 1; softmax: as the output it reads; boxes: 1 x
	 * boxes x floats of each (y_min, x_min, y_max, x_max, of YOLOv5 the
	 * objectness, then the classes)
	 */
	struct h8l_shape shape;
};

/* Post-processing step `index` of a group, from 0 on: the compiler writes into
 * the file which outputs become detections, classes or probabilities, and how.
 * Many files have none; then programs decode outputs themselves. -ENOENT: no
 * such. Thread-safe.
 */
int h8l_hef_post(const struct h8l_hef *hef, unsigned int group, unsigned int index,
		 struct h8l_post_info *info);

/* Can this chip run the file? 0, or -ENOEXEC with the reason. `layout` is the
 * cluster bitmap of a Hailo-8L (h8l_device_info), ignored on a Hailo-8.
 */
int h8l_hef_compatible(const struct h8l_hef *hef, enum h8l_architecture architecture,
		       uint32_t layout, struct h8l_error *error);

/* ---- formats, without a device ---- */

/* Bytes of one frame of a stream in a host format (AUTO is resolved), or
 * -ENOTSUP if the stream cannot be converted to or from it.
 */
int64_t h8l_frame_size(const struct h8l_stream_info *info, struct h8l_format format);

/* ---- running ---- */

struct h8l_network;

struct h8l_network_options {
	unsigned int group;		/* index in the HEF */
	unsigned int batch_size;	/* 0: 1; at most 63 */
	unsigned int timeout_ms;	/* per frame; 0: 10000; UINT_MAX: for ever */
	unsigned int flags;		/* H8L_NETWORK_* */
	unsigned int queue_depth;	/* frames under way at a time; 0: 1 */
	unsigned int reserved[3];	/* zero */
};

/* Send exactly the messages of the stock library 4.23.0, also those that
 * change nothing (default: only what is needed).
 */
#define H8L_NETWORK_STOCK_MESSAGES	(1u << 0)
/* No buffers of the library's own for frames: every frame buffer must be one
 * that the chip can use without a copy (see h8l_network_run), else -EINVAL. Saves
 * the memory of queue_depth frames.
 */
#define H8L_NETWORK_NO_BOUNCE		(1u << 1)
/* The chip's streams in smaller pieces, as the stock library has it in its power
 * mode "ultra performance". What it gains is not documented.
 */
#define H8L_NETWORK_ULTRA		(1u << 2)

/* Configures a group of `hef` on `device`: picks the variant for the chip's
 * cluster layout, allocates channels and descriptor lists, loads the
 * configuration words and sends the action lists. `options` may be NULL. The
 * caller keeps both arguments; either may be closed before the network.
 * Firmware 4.17 to 4.23 runs networks; that older than 4.21 does is known from
 * public headers and the software chip only.
 * Errors: -ENOEXEC the file is not for this chip; -ENOTSUP it needs something
 * this library or the firmware cannot do (the text says what); -EBUSY another
 * process uses the device; -ENOBUFS no memory for DMA; -ENOSPC no free channel, or the
 * firmware's memory is full; -EREMOTEIO the firmware refuses (the text has the
 * message and the status).
 */
int h8l_network_open(struct h8l_device *device, struct h8l_hef *hef,
		     const struct h8l_network_options *options, struct h8l_network **network,
		     struct h8l_error *error);

/* Stops the network if it runs and gives everything back, in any state. */
void h8l_network_close(struct h8l_network *network);

/* Streams of each direction, as a program sees them; they do not change.
 * Thread-safe, as h8l_network_stream().
 */
unsigned int h8l_network_inputs(const struct h8l_network *network);
unsigned int h8l_network_outputs(const struct h8l_network *network);
/* As h8l_hef_stream(), for the variant that was chosen.
 *
 * What a program sees is not always what the chip has: outputs that share a
 * stream of the chip (mux) are streams of their own here, each with its shape,
 * quantisation and format. A picture in planes is one input; its order is NV12,
 * NV21 or I420, its planes lie one behind the other, and set_format takes this
 * order only (as UINT8 or FLOAT32), or RAW. Outputs of a mux are copied, a plane
 * is not if it begins with a page. An output with order NMS_ON_CHIP, whose boxes the chip sends in
 * bursts, holds the bursts as they came; behind the last one nothing is written.
 * h8l_post_run() reads it.
 */
int h8l_network_stream(const struct h8l_network *network, enum h8l_direction direction,
		       unsigned int stream, struct h8l_stream_info *info);

/* Sets the host format of a stream; before the first frame every stream has
 * its default format. -ENOTSUP: no such conversion; -ENOENT: no such stream;
 * -EBUSY: frames are under way, or an h8l_post reads this output.
 */
int h8l_network_set_format(struct h8l_network *network, enum h8l_direction direction,
			   unsigned int stream, struct h8l_format format,
			   struct h8l_error *error);
/* Bytes of one frame of a stream in the format set, or -ENOENT: no such stream. */
int64_t h8l_network_frame_size(const struct h8l_network *network, enum h8l_direction direction,
			       unsigned int stream);

/* Starts the network on the chip; another one running there through the same
 * device is stopped first, when its frames are done. Not needed: the first frame
 * does it. Stopping keeps the configuration, so starting again is one message.
 * Frames under way are cancelled: h8l_network_wait() gives them back with
 * -ECANCELED, and their buffers with them. Errors: from the driver or, as
 * h8l_network_open(), from the firmware. Thread-safe; they wait for their turn.
 */
int h8l_network_start(struct h8l_network *network, struct h8l_error *error);
int h8l_network_stop(struct h8l_network *network, struct h8l_error *error);

struct h8l_buffer {
	void *data;
	size_t size;			/* bytes, exactly the frame size */
};

/* Runs one frame: inputs[i] and outputs[i] belong to stream i of that
 * direction and stay the caller's. (A stream here is what a program sees, see
 * h8l_network_stream().) Returns when all outputs are there. A
 * buffer goes to the chip as it is, without a copy, if the stream needs no
 * conversion and the buffer begins with a page or lies in registered memory
 * (only that counts where h8l_identity.driver_memory is set);
 * where DMA is not coherent with caches (arm64), outputs must also be a multiple
 * of 64 bytes. An output whose rows are converted one by one (all that the library
 * has but to NCHW, and some in blocks of features) needs no copy either if its
 * buffer lies in registered memory: the chip writes to the buffer, and the frame is
 * converted there. Of a frame that is larger on the chip, because that pads it, the
 * end goes to memory of the library's. Until its frame is done, a buffer holds
 * anything; after an error its contents are not defined.
 * Errors: -EINVAL wrong number or size of buffers; -ETIMEDOUT no result in
 * time (the network is stopped; starting it again is allowed); -ECONNRESET
 * the chip stopped the network (reset, overheating); -EIO a DMA error;
 * -ENODEV the device is gone; -EBUSY submitted frames are not taken yet.
 * A signal does not end it: a frame that the chip has cannot be taken back. A
 * program that must react at once submits and waits instead.
 */
int h8l_network_run(struct h8l_network *network, const struct h8l_buffer *inputs,
		    unsigned int input_count, const struct h8l_buffer *outputs,
		    unsigned int output_count, struct h8l_error *error);

/* ---- several frames at a time ---- */

/* How many frames can be under way: options.queue_depth, or less if the
 * descriptor lists hold less.
 */
unsigned int h8l_network_queue_depth(const struct h8l_network *network);

/* Starts a frame and returns. The buffers (not the arrays) belong to the
 * library until h8l_network_wait() gives the frame back. Frames are numbered
 * from 0 at h8l_network_open() on; `frame` may be NULL. With a batch_size of n
 * the chip may wait for n frames; what is left at the end of a stream goes frame by
 * frame with h8l_network_run(), which does not wait for others. Errors: -EAGAIN
 * queue_depth frames are under way or not taken; others as h8l_network_run().
 *
 * Submit, wait, run and h8l_network_fd() of one network are thread-safe. They
 * take turns, and h8l_network_wait() keeps its turn while it waits: threads that
 * share a network, or that must go on submitting, poll the descriptor and wait
 * with a timeout of 0.
 */
int h8l_network_submit(struct h8l_network *network, const struct h8l_buffer *inputs,
		       unsigned int input_count, const struct h8l_buffer *outputs,
		       unsigned int output_count, uint64_t *frame, struct h8l_error *error);

struct h8l_completion {
	uint64_t frame;
	int status;			/* 0, or a negative errno: outputs are not valid */
};

/* Gives back the oldest frame submitted: waits at most `timeout_ms` for it, 0:
 * not at all, -1: until it is there or the network's own timeout is over, which
 * counts from the last frame that came. 1: `completion` is filled in; if its
 * status is an error, *error says why, the network is stopped, and the frames
 * behind it come back with -ECANCELED. 0: nothing yet, because the time is over
 * or a signal handler ran (also with -1); no frame is lost, wait again. -ENOENT:
 * no frame was submitted.
 */
int h8l_network_wait(struct h8l_network *network, int timeout_ms,
		     struct h8l_completion *completion, struct h8l_error *error);

/* A descriptor for poll() and friends: becomes readable (POLLIN) when frames may
 * have come. One look can find several: call h8l_network_wait() with a timeout
 * of 0 until it returns 0 or -ENOENT before polling again. It may be shared
 * with other networks of the device. Belongs to the network.
 */
int h8l_network_fd(struct h8l_network *network);

/* ---- post-processing of frames ---- */

struct h8l_post;

enum h8l_post_order {
	H8L_POST_BY_CLASS,	/* class by class, within a class by score (boxes that were
				 * sorted out on the chip: as it sends them); at most
				 * max_per_class of each
				 */
	H8L_POST_BY_SCORE,	/* highest score first, at most max_total */
};

/* Start from H8L_POST_DEFAULTS. A field with its default value takes what the
 * file says.
 */
struct h8l_post_options {
	enum h8l_post_order order;	/* of detections; masks are always by score */
	float score_threshold;		/* a score must be at least this; negative: default */
	float iou_threshold;		/* of two boxes of a class that overlap by this or
					 * more (0 to 1), the worse goes; negative: default
					 */
	unsigned int max_per_class;	/* 0: default */
	unsigned int max_total;		/* 0: default */
	size_t max_mask_bytes;		/* of all masks of a frame, a byte per pixel; 0: default */
	enum h8l_type type;		/* of argmax: UINT8, UINT16, FLOAT32; AUTO: the
					 * smallest that holds all classes
					 */
	unsigned int reserved[4];	/* zero */
};

#define H8L_POST_DEFAULTS { H8L_POST_BY_CLASS, -1.0f, -1.0f, 0, 0, 0, H8L_TYPE_AUTO, { 0 } }

/* Coordinates are fractions of the network's input: 0 is the upper or left
 * edge, 1 the lower or right one. They are not clipped.
 */
struct h8l_detection {
	float y_min, x_min, y_max, x_max;
	float score;
	uint32_t class_id;
};

/* Pixels of the network's input that belong to an object: 1, others 0. Its
 * upper left pixel is that of the box, moved into the image if the box begins
 * outside of it.
 */
struct h8l_mask {
	const uint8_t *pixels;		/* height rows of width bytes */
	uint32_t height, width;
};

/* What h8l_post_run() found. All memory belongs to the h8l_post and is valid
 * until its next use.
 */
struct h8l_post_result {
	unsigned int count;		/* of detections */
	const struct h8l_detection *detections;
	const struct h8l_mask *masks;	/* one per detection, or NULL */
	int truncated;			/* 1: max_mask_bytes left out the worst */
	/* Argmax, softmax, boxes: elements of `type`, in the shape of h8l_post_info */
	const void *values;
	size_t size;			/* bytes */
	enum h8l_type type;
};

/* Prepares post-processing step `index` of the network, and sets the formats of
 * the outputs it reads to H8L_ORDER_RAW, so that no conversion is done for
 * nothing; they stay so until it is closed. All memory is allocated here, none
 * per frame. It may be closed before or after the network. `options` may be
 * NULL. Several may be open for the same step, each for a thread of its own.
 * Errors: -ENOENT no such step; -ENOTSUP a step this library cannot compute
 * (the text says why); -EINVAL bad options; -EBUSY frames are under way.
 */
int h8l_post_open(struct h8l_network *network, unsigned int index,
		  const struct h8l_post_options *options, struct h8l_post **post,
		  struct h8l_error *error);
void h8l_post_close(struct h8l_post *post);

/* Computes one frame. `outputs` are the network's output buffers, as given to
 * h8l_network_run() or h8l_network_submit(), after the frame is back. They are
 * only read. -EINVAL: wrong number or size of buffers; -EPROTO: boxes from the
 * chip that cannot be.
 */
int h8l_post_run(struct h8l_post *post, const struct h8l_buffer *outputs,
		 unsigned int output_count, struct h8l_post_result *result,
		 struct h8l_error *error);

/* ---- memory registered once ---- */

struct h8l_memory;

/* Registered memory is known to the device: frame buffers anywhere in it, at
 * multiples of 4096 bytes from its start, go to and from the chip without a copy
 * and without being mapped for every frame. One memory holds as many frames as
 * fit, of any networks of the device. It keeps the device alive. All functions
 * here are thread-safe but for one thing: h8l_memory_unregister() only when no
 * frame is under way in it.
 */

/* Registers memory of the program. It stays the program's and must not be freed
 * before h8l_memory_unregister(). Errors: -EINVAL it does not begin with a page;
 * -ENOMEM more than may be locked (ulimit -l); -ENOTSUP the chip reaches only
 * what the driver allocates (h8l_identity.driver_memory); others from the driver.
 */
int h8l_memory_register(struct h8l_device *device, void *data, size_t size,
			struct h8l_memory **memory, struct h8l_error *error);

/* Allocates memory, zeroed, that every chip reaches, and registers it; it is at
 * h8l_memory_data() and freed by h8l_memory_unregister(). Where
 * h8l_identity.driver_memory is set, only frames in such memory or in a dma-buf
 * go without a copy. -ENOMEM: there is no more, or no more may be locked.
 */
int h8l_memory_alloc(struct h8l_device *device, size_t size, struct h8l_memory **memory,
		     struct h8l_error *error);

/* Registers `size` bytes from byte `offset` (a multiple of 4096) on of a dma-buf:
 * memory of a camera, a video decoder, a graphics card. A frame in it is named
 * by its place from h8l_memory_data() on.
 *
 * `fd` stays the program's and may be closed at once; the dma-buf lives until
 * h8l_memory_unregister(). Opened for reading only, it can hold inputs only.
 *
 * Whose turn it is, the program must know: a frame is submitted when whoever
 * fills the buffer is done with it, and the buffer is free again when
 * h8l_network_wait() has given the frame back (the driver neither waits for
 * fences of the dma-buf nor sets any). Before the program itself reads or writes
 * at h8l_memory_data() (h8l_post_run() reads, too) it must say so with
 * DMA_BUF_IOCTL_SYNC of <linux/dma-buf.h>, and again when it has; not while a
 * frame is under way there. The library does it where it has to convert or copy.
 *
 * A dma-buf that programs cannot map: h8l_memory_data() is then an address
 * nobody may use but to name a frame; `offset` must be 0, a frame must begin
 * there, and its stream must need no conversion (h8l_network_run() says -EINVAL).
 *
 * Errors: -EBADF, -EINVAL not an open descriptor, not a dma-buf, or a bad offset;
 * -ERANGE it is smaller; -ENOTSUP cannot be mapped, and offset is not 0; others
 * from the driver, when the owner of the memory does not let the chip have it.
 * An output in a dma-buf opened for reading: -EACCES from h8l_network_run() and
 * h8l_network_submit().
 */
int h8l_memory_import(struct h8l_device *device, int fd, size_t offset, size_t size,
		      struct h8l_memory **memory, struct h8l_error *error);

/* Where it begins for the program; the same until it is unregistered */
void *h8l_memory_data(const struct h8l_memory *memory);

/* Undoes either of the three. No frame may be under way in it. */
void h8l_memory_unregister(struct h8l_memory *memory);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif /* HAILO8L_H */
