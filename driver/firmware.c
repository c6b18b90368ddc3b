// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bringing up firmware: find the image, check it, write it into the chip,
 * start it, and see it come up.
 */
#include <linux/delay.h>
#include <linux/firmware.h>
#include <linux/ktime.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>

#include "hailo8l.h"
#include "hw/boot.h"

#define BOOT_MS		5000	/* real chips need 116 */
#define RESET_MS	2000	/* real chips need 1 */
#define ROM_MS		200	/* real chips need 11 */
#define POLL_MS		10

/* Every so many words one is read back, and the last one always. */
#define CHECK_EVERY	64

static bool support_soft_reset = true;
module_param(support_soft_reset, bool, 0444);
MODULE_PARM_DESC(support_soft_reset, "load firmware anew when it already runs (default Y)");

static char *firmware;
module_param(firmware, charp, 0444);
MODULE_PARM_DESC(firmware, "firmware file to use, below /lib/firmware (default: look for known names)");

/*
 * Names of firmware files, in this order: the vendor's; Raspberry Pi OS's with
 * the version that the stock library is told, and with any other, newest
 * first; the software chip's.
 */
#define VENDOR_NAME	"hailo/hailo8_fw.bin"
#define VERSIONED_NAME	"hailo/hailo8_fw.%u.%u.%u.bin"
#define EMULATOR_NAME	"hailo/hailo8l_emu_fw.bin"

static const u32 versions[][3] = {
	{ 4, 24, 0 }, { 4, 23, 0 }, { 4, 22, 0 }, { 4, 21, 0 }, { 4, 20, 1 }, { 4, 20, 0 },
	{ 4, 19, 0 }, { 4, 18, 0 }, { 4, 17, 1 }, { 4, 17, 0 },
};

/* Of 5.x on, firmware is for other chips. */
#define FW_MAJOR	4

MODULE_FIRMWARE(VENDOR_NAME);
MODULE_FIRMWARE("hailo/hailo8_fw.4.23.0.bin");

/* Names that were looked for, to be named when there is none. */
struct search {
	size_t len;
	char names[640];
};

/* Pieces of an image, pointing into the file. */
struct image {
	const struct hw_fw_header *app, *core;
	const u8 *app_code, *core_code, *key_cert, *content_cert;
	u32 app_len, core_len, key_len, content_len;
};

/* Consume @len bytes of a file; NULL if it is shorter. */
static const void *take(const struct firmware *fw, size_t *pos, size_t len)
{
	const void *at = fw->data + *pos;

	if (len > fw->size - *pos)
		return NULL;
	*pos += len;
	return at;
}

static const struct hw_fw_header *take_header(const struct firmware *fw, size_t *pos,
					      u32 max, u32 *len)
{
	const struct hw_fw_header *hdr = take(fw, pos, sizeof(*hdr));

	if (!hdr || le32_to_cpu(hdr->magic) != HW_FW_MAGIC ||
	    le32_to_cpu(hdr->header_version) != HW_FW_HEADER_VERSION)
		return NULL;
	*len = le32_to_cpu(hdr->code_size);
	return *len >= HW_FW_CODE_MIN && *len <= max ? hdr : NULL;
}

static bool take_certs(const struct firmware *fw, size_t *pos, struct image *img)
{
	const struct hw_fw_cert_header *hdr = take(fw, pos, sizeof(*hdr));

	if (!hdr)
		return false;
	img->key_len = le32_to_cpu(hdr->key_size);
	img->content_len = le32_to_cpu(hdr->content_size);
	if (img->key_len > HW_BOOT_KEY_CERT_SLOT || img->content_len > HW_BOOT_CONTENT_CERT_SLOT)
		return false;
	img->key_cert = take(fw, pos, img->key_len);
	img->content_cert = take(fw, pos, img->content_len);
	return img->key_cert && img->content_cert;
}

/* Returns what is wrong with the file, or NULL. */
static const char *parse(const struct firmware *fw, struct image *img)
{
	size_t pos = 0;

	if (fw->size > HW_FW_MAX_SIZE)
		return "file too large";
	img->app = take_header(fw, &pos, HW_FW_APP_CODE_MAX, &img->app_len);
	if (!img->app)
		return "bad application header";
	img->app_code = take(fw, &pos, img->app_len);
	if (!img->app_code)
		return "cut in the application code";
	if (!take_certs(fw, &pos, img))
		return "bad certificates";
	img->core = take_header(fw, &pos, HW_FW_CORE_CODE_MAX, &img->core_len);
	if (!img->core)
		return "bad core header";
	img->core_code = take(fw, &pos, img->core_len);
	if (!img->core_code)
		return "cut in the core code";
	return pos == fw->size ? NULL : "bytes left over at the end";
}

/* --- device memory, through window 0 --------------------------------------- */

static void set_window(struct h8l_device *h, u32 addr)
{
	void __iomem *atr = h->config + HW_ATR_REG(0);

	iowrite32(HW_ATR_PARAM_VALUE(0), atr + HW_ATR_PARAM);
	iowrite32(0, atr + HW_ATR_SRC_HIGH);
	iowrite32(addr, atr + HW_ATR_ADDR_LOW);
	iowrite32(0, atr + HW_ATR_ADDR_HIGH);
	iowrite32(HW_ATR_TARGET_VALUE, atr + HW_ATR_TARGET);
}

static u32 get_window(struct h8l_device *h)
{
	return ioread32(h->config + HW_ATR_REG(0) + HW_ATR_ADDR_LOW);
}

static int check_words(void __iomem *at, const u32 *words, u32 n)
{
	u32 i;

	for (i = 0; i < n; i = i + CHECK_EVERY < n || i == n - 1 ? i + CHECK_EVERY : n - 1)
		if (__raw_readl(at + i * sizeof(u32)) != words[i])
			return -EIO;
	return 0;
}

/* Up to one window, from an aligned copy. */
static int write_piece(struct h8l_device *h, u32 addr, const void *data, u32 len, u32 *words)
{
	u32 n = DIV_ROUND_UP(len, sizeof(u32));
	void __iomem *at = h->fw + addr % HW_ATR_WINDOW_SIZE;

	words[n - 1] = 0;
	memcpy(words, data, len);
	set_window(h, round_down(addr, HW_ATR_WINDOW_SIZE));
	__iowrite32_copy(at, words, n);
	return check_words(at, words, n);
}

static int write_memory(struct h8l_device *h, u32 addr, const void *data, u32 len)
{
	u32 *words = kmalloc(HW_ATR_WINDOW_SIZE, GFP_KERNEL);
	u32 before = get_window(h);
	int err = 0;

	if (!words)
		return -ENOMEM;
	while (len && !err) {
		u32 room = HW_ATR_WINDOW_SIZE - addr % HW_ATR_WINDOW_SIZE;
		u32 n = min(len, room);

		err = write_piece(h, addr, data, n, words);
		addr += n;
		data += n;
		len -= n;
	}
	set_window(h, before);
	kfree(words);
	return err;
}

static u32 read_word(struct h8l_device *h, u32 addr)
{
	u32 before = get_window(h);
	u32 value;

	set_window(h, round_down(addr, HW_ATR_WINDOW_SIZE));
	value = ioread32(h->fw + addr % HW_ATR_WINDOW_SIZE);
	set_window(h, before);
	return value;
}

/* --- steps of a boot ----------------------------------------------------------- */

/* Firmware points window 0 at its mailbox. */
bool h8l_firmware_runs(struct h8l_device *h)
{
	return get_window(h) == HW_ATR0_FW_RUNNING;
}

static bool rom_waits(struct h8l_device *h)
{
	return read_word(h, HW_BOOT_STATUS) == HW_BOOT_STATUS_WAITING;
}

/* Sleep until the interrupt came or @done says so, which it does without. */
static bool wait_either(struct h8l_device *h, struct completion *irq,
			bool (*done)(struct h8l_device *h), unsigned int ms)
{
	unsigned long end = jiffies + msecs_to_jiffies(ms);
	bool is_done;

	do {
		if (wait_for_completion_timeout(irq, msecs_to_jiffies(POLL_MS)))
			return true;
		/* Asked first, so that its interrupt cannot come in between. */
		is_done = done && done(h);
		if (h8l_irq_poll(h))
			h8l_irq_doubt(h);
		if (is_done)
			return true;
	} while (time_before(jiffies, end));
	return try_wait_for_completion(irq);
}

static int soft_reset(struct h8l_device *h)
{
	unsigned long end;

	reinit_completion(&h->soft_reset);
	iowrite32(HW_DOORBELL_SOFT_RESET, h->fw + HW_MBOX_DOORBELL);
	if (!wait_either(h, &h->soft_reset, NULL, RESET_MS)) {
		h8l_log(h, KERN_ERR, "firmware does not answer a soft reset\n");
		return -ETIMEDOUT;
	}
	for (end = jiffies + msecs_to_jiffies(ROM_MS); !rom_waits(h); msleep(1)) {
		if (time_after(jiffies, end)) {
			h8l_log(h, KERN_ERR, "boot ROM does not wait for firmware after a reset\n");
			return -ETIMEDOUT;
		}
	}
	h8l_log(h, KERN_INFO, "soft reset finished\n");
	return 0;
}

/* The core header comes last, as the stock driver does it. */
static int write_image(struct h8l_device *h, const struct image *img)
{
	const struct {
		u32 addr;
		const void *data;
		u32 len;
	} part[] = {
		{ HW_BOOT_APP_HEADER, img->app, sizeof(*img->app) },
		{ HW_BOOT_APP_CODE, img->app_code, img->app_len },
		{ HW_BOOT_KEY_CERT, img->key_cert, img->key_len },
		{ HW_BOOT_CONTENT_CERT, img->content_cert, img->content_len },
		{ HW_BOOT_CORE_CODE, img->core_code, img->core_len },
		{ HW_BOOT_CORE_HEADER, img->core, sizeof(*img->core) },
	};
	int i, err = 0;

	for (i = 0; i < ARRAY_SIZE(part) && !err; i++)
		err = write_memory(h, part[i].addr, part[i].data, part[i].len);
	if (err)
		h8l_log(h, KERN_ERR, "firmware does not stay in device memory: %d\n", err);
	return err;
}

static void write_config(struct h8l_device *h, const char *name, u32 addr)
{
	const struct firmware *fw;

	if (firmware_request_nowarn(&fw, name, h8l_bus(h)))
		return;
	if (fw->size > HW_BOOT_CONFIG_FILE_MAX)
		h8l_log(h, KERN_WARNING, "%s is larger than %u bytes, not used\n",
			name, HW_BOOT_CONFIG_FILE_MAX);
	else if (write_memory(h, addr, fw->data, fw->size))
		h8l_log(h, KERN_WARNING, "%s could not be written, not used\n", name);
	release_firmware(fw);
}

static int trigger_boot(struct h8l_device *h)
{
	const __le32 trigger = cpu_to_le32(HW_BOOT_TRIGGER_VALUE);
	int err;

	reinit_completion(&h->booted);
	err = write_memory(h, HW_BOOT_TRIGGER, &trigger, sizeof(trigger));
	if (err)
		return err;
	if (!wait_either(h, &h->booted, h8l_firmware_runs, BOOT_MS)) {
		h8l_log(h, KERN_ERR, "firmware did not start in %u ms, boot status %#x\n",
			BOOT_MS, read_word(h, HW_BOOT_STATUS));
		return -ETIMEDOUT;
	}
	if (h8l_firmware_runs(h))
		return 0;
	h8l_log(h, KERN_ERR, "firmware reported a start but does not run\n");
	return -EIO;
}

static int load(struct h8l_device *h, const struct image *img, const char *name)
{
	ktime_t begin = ktime_get();
	int err;

	if (h8l_firmware_runs(h)) {
		err = soft_reset(h);
		if (err)
			return err;
	}
	err = write_image(h, img);
	if (err)
		return err;
	h8l_log(h, KERN_NOTICE, "File %s written successfully\n", name);
	write_config(h, "hailo/hailo8_board_cfg.bin", HW_BOOT_BOARD_CONFIG);
	write_config(h, "hailo/hailo8_fw_cfg.bin", HW_BOOT_FW_CONFIG);
	err = trigger_boot(h);
	if (err)
		return err;
	h8l_log(h, KERN_NOTICE, "NNC Firmware loaded successfully\n");
	h8l_log(h, KERN_NOTICE, "FW loaded, took %lld ms\n",
		ktime_ms_delta(ktime_get(), begin));
	return 0;
}

/* Minor version of the core CPU's firmware, or 0 if it is none of the known */
u8 h8l_core_minor(u32 major, u32 minor)
{
	return major == FW_MAJOR && minor >= H8L_MINOR_MIN && minor <= H8L_MINOR_MAX ? minor : 0;
}

static int load_file(struct h8l_device *h, const struct firmware *fw, const char *name)
{
	struct image img = { };
	const char *wrong = parse(fw, &img);
	int err;

	if (wrong) {
		pci_err(h->pdev, "/lib/firmware/%s is not Hailo-8 firmware: %s\n", name, wrong);
		return -ENOEXEC;
	}
	if (le32_to_cpu(img.app->major) != FW_MAJOR) {
		pci_err(h->pdev, "/lib/firmware/%s is version %u.%u, but Hailo-8 needs %u.x\n",
			name, le32_to_cpu(img.app->major), le32_to_cpu(img.app->minor), FW_MAJOR);
		return -ENOEXEC;
	}
	h8l_log(h, KERN_NOTICE, "Writing file %s, version %u.%u.%u\n", name,
		le32_to_cpu(img.app->major), le32_to_cpu(img.app->minor),
		le32_to_cpu(img.app->revision) & HW_FW_REVISION_NUMBER);
	h->fw_version[0] = le32_to_cpu(img.app->major);
	h->fw_version[1] = le32_to_cpu(img.app->minor);
	h->fw_version[2] = le32_to_cpu(img.app->revision) & HW_FW_REVISION_NUMBER;
	err = load(h, &img, name);
	if (!err)
		h->core_minor = h8l_core_minor(le32_to_cpu(img.core->major),
					       le32_to_cpu(img.core->minor));
	return err;
}

/* -ENOENT: there is no such file, look further. */
static int try_name(struct h8l_device *h, struct search *search, const char *name)
{
	const struct firmware *fw;
	int err;

	search->len += scnprintf(search->names + search->len,
				 sizeof(search->names) - search->len,
				 " /lib/firmware/%s", name);
	if (firmware_request_nowarn(&fw, name, h8l_bus(h)))
		return -ENOENT;
	err = load_file(h, fw, name);
	release_firmware(fw);
	return err;
}

static int try_version(struct h8l_device *h, struct search *search, const u32 *version)
{
	char name[sizeof(VERSIONED_NAME) + 24];

	snprintf(name, sizeof(name), VERSIONED_NAME, version[0], version[1], version[2]);
	return try_name(h, search, name);
}

static int try_names(struct h8l_device *h, struct search *search)
{
	int i, err;

	if (firmware && *firmware)
		return try_name(h, search, firmware);
	err = try_name(h, search, VENDOR_NAME);
	if (err == -ENOENT)
		err = try_version(h, search, h->version);
	for (i = 0; i < ARRAY_SIZE(versions) && err == -ENOENT; i++)
		if (memcmp(versions[i], h->version, sizeof(h->version)))
			err = try_version(h, search, versions[i]);
	return err == -ENOENT ? try_name(h, search, EMULATOR_NAME) : err;
}

static int find_and_load(struct h8l_device *h)
{
	struct search *search = kzalloc(sizeof(*search), GFP_KERNEL);
	int err;

	if (!search)
		return -ENOMEM;
	err = try_names(h, search);
	if (err == -ENOENT && h8l_firmware_runs(h)) {
		pci_warn(h->pdev, "no firmware file, using the firmware that runs already\n");
		err = 0;
	} else if (err == -ENOENT) {
		pci_err(h->pdev, "no firmware: install one of%s; then reload it by sysfs 'reset'\n",
			search->names);
	}
	kfree(search);
	return err;
}

/**
 * h8l_boot() - make firmware run
 * @h: device, its interrupt requested
 *
 * Leaves the device in state RUN with interrupts on, or OFF. See h8l_wants_file() for
 * what it returns when there is no file to boot from.
 *
 * Context: gate held for writing, or nobody else there yet. Sleeps.
 */
int h8l_boot(struct h8l_device *h)
{
	int err = 0;

	h->core_minor = 0;
	WRITE_ONCE(h->state, H8L_STATE_BOOT);
	h8l_irq_on(h);
	if (!h8l_firmware_runs(h) || support_soft_reset)
		err = find_and_load(h);
	else
		h8l_log(h, KERN_NOTICE, "firmware is running already, left alone\n");
	WRITE_ONCE(h->wants_file, h8l_wants_file(err));
	if (err) {
		WRITE_ONCE(h->state, H8L_STATE_OFF);
		h8l_irq_off(h);
		return err;
	}
	h->mbox.owed = false;
	WRITE_ONCE(h->state, H8L_STATE_RUN);
	/* Boot leaves events behind that would mean something else now. */
	h8l_irq_on(h);
	/* Firmware sends no further notification until this one is read. */
	h8l_read_notification(h);
	return 0;
}
