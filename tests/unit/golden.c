// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "golden.h"

static const char *folder(const char *variable, const char *otherwise)
{
	const char *path = getenv(variable);

	if (!path)
		path = otherwise;
	return access(path, R_OK) ? NULL : path;
}

const char *golden_traces(void)
{
	return folder("H8L_GOLDEN", "../shared/golden");
}

const char *golden_hefs(void)
{
	return folder("H8L_HEFS", "../shared/hefs");
}

static uint8_t *read_stream(FILE *file, size_t *size)
{
	uint8_t *data = NULL, *more;
	size_t room = 0, got;

	*size = 0;
	do {
		room = 2 * room + 65536;
		more = realloc(data, room + 1);
		if (!more) {
			free(data);
			return NULL;
		}
		data = more;
		got = fread(data + *size, 1, room - *size, file);
		*size += got;
	} while (*size == room);
	data[*size] = 0;
	return data;
}

uint8_t *golden_read(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data;

	if (!file)
		return NULL;
	data = read_stream(file, size);
	fclose(file);
	return data;
}

/* ---- JSON ---- */

const char *json_find(const char *line, const char *key)
{
	char quoted[64];
	const char *at;

	snprintf(quoted, sizeof(quoted), "\"%s\":", key);
	at = strstr(line, quoted);
	return at ? at + strlen(quoted) : NULL;
}

void json_string(const char *line, const char *key, char *text, size_t size)
{
	const char *at = json_find(line, key);
	size_t length;

	text[0] = 0;
	if (!at || *at != '"')
		return;
	length = strcspn(at + 1, "\"");
	snprintf(text, size, "%.*s", (int)length, at + 1);
}

double json_number(const char *line, const char *key, double otherwise)
{
	const char *at = json_find(line, key);

	return at ? strtod(at, NULL) : otherwise;
}

uint64_t json_hex(const char *line, const char *key)
{
	const char *at = json_find(line, key);

	return at && *at == '"' ? strtoull(at + 1, NULL, 16) : 0;
}

/* ---- patterns ---- */

struct sparse {
	unsigned int k, high, high_shift, low, low_shift;
};

static struct sparse read_sparse(const char *json)
{
	return (struct sparse){
		.k = (unsigned int)json_number(json, "k", 0),
		.high = (unsigned int)json_number(json, "hi", 0),
		.high_shift = (unsigned int)json_number(json, "hs", 0),
		.low = (unsigned int)json_number(json, "lo", 0),
		.low_shift = (unsigned int)json_number(json, "ls", 0),
	};
}

static uint64_t next_word(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

static uint8_t sparse_byte(const struct sparse *s, unsigned int lane)
{
	unsigned int t = lane & 1023, v = lane >> 10, high;

	if (t >= s->k)
		return (uint8_t)(s->low + (v >> s->low_shift));
	high = s->high + (v << s->high_shift);
	return (uint8_t)(high > 255 ? 255 : high);
}

static void fill_uniform(uint64_t x, uint8_t *data, size_t size)
{
	for (size_t i = 0; i < size; i += 8) {
		uint64_t word = next_word(&x);

		memcpy(data + i, &word, size - i < 8 ? size - i : 8);
	}
}

static void fill_sparse(uint64_t x, const struct sparse *s, uint8_t *data, size_t size)
{
	uint64_t word = 0;

	for (size_t i = 0; i < size; i++) {
		if (i % 4 == 0)
			word = next_word(&x);
		data[i] = sparse_byte(s, word >> 16 * (i % 4) & 0xffff);
	}
}

/* Parameters a for the first and last channels of an entry, else b */
static void fill_channels(uint64_t x, const char *line, uint8_t *data, size_t size)
{
	size_t row = (size_t)json_number(line, "row_bytes", 1);
	size_t features = (size_t)json_number(line, "features", 1);
	size_t entry = (size_t)json_number(line, "entry", 1);
	size_t head = (size_t)json_number(line, "head", 0);
	size_t tail = (size_t)json_number(line, "tail", 0);
	struct sparse a = read_sparse(json_find(line, "a"));
	struct sparse b = read_sparse(json_find(line, "b"));
	uint64_t word = 0;

	for (size_t i = 0; i < size; i++) {
		size_t e = i / row % features % entry;

		if (i % 4 == 0)
			word = next_word(&x);
		data[i] = sparse_byte(e < head || e >= entry - tail ? &a : &b,
				      word >> 16 * (i % 4) & 0xffff);
	}
}

void golden_fill(const char *line, uint8_t *data, size_t size)
{
	const char *pattern = json_find(line, "pattern");
	uint64_t seed = json_hex(line, "seed");
	struct sparse s;
	char mode[8];

	json_string(pattern, "mode", mode, sizeof(mode));
	s = read_sparse(pattern);
	if (mode[0] == 'U')
		fill_uniform(seed, data, size);
	else if (mode[0] == 'S')
		fill_sparse(seed, &s, data, size);
	else
		fill_channels(seed, pattern, data, size);
}

/* ---- SHA-256 (FIPS 180-4) ---- */

/* The first 32 bits of the fractional part of the n-th root of x */
static uint32_t fraction_of_root(uint32_t x, unsigned int n)
{
	unsigned __int128 low = 0, high = (unsigned __int128)1 << 36, wanted;

	/* the integer part has at most 5 bits: floor(root * 2^32) by bisection */
	while (high - low > 1) {
		unsigned __int128 middle = (low + high) / 2;

		if (n == 2)
			wanted = ((unsigned __int128)x << 64) / middle;
		else
			wanted = (((unsigned __int128)x << 96) / middle) / middle;
		if (middle <= wanted)
			low = middle;
		else
			high = middle;
	}
	return (uint32_t)low;
}

static bool is_prime(uint32_t x)
{
	for (uint32_t d = 2; d * d <= x; d++)
		if (x % d == 0)
			return false;
	return true;
}

static void make_constants(uint32_t k[64], uint32_t h[8])
{
	unsigned int count = 0;

	for (uint32_t x = 2; count < 64; x++) {
		if (!is_prime(x))
			continue;
		k[count] = fraction_of_root(x, 3);
		if (count < 8)
			h[count] = fraction_of_root(x, 2);
		count++;
	}
}

static uint32_t rotate(uint32_t x, unsigned int by)
{
	return x >> by | x << (32 - by);
}

static void expand(const uint8_t *block, uint32_t w[64])
{
	for (unsigned int i = 0; i < 16; i++)
		w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
		       (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
	for (unsigned int i = 16; i < 64; i++) {
		uint32_t a = w[i - 15], b = w[i - 2];

		w[i] = w[i - 16] + w[i - 7] + (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) +
		       (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10);
	}
}

static void compress(const uint32_t k[64], uint32_t h[8], const uint8_t *block)
{
	uint32_t w[64], s[8];

	expand(block, w);
	memcpy(s, h, sizeof(s));
	for (unsigned int i = 0; i < 64; i++) {
		uint32_t t1 = s[7] + (rotate(s[4], 6) ^ rotate(s[4], 11) ^ rotate(s[4], 25)) +
			      ((s[4] & s[5]) ^ (~s[4] & s[6])) + k[i] + w[i];
		uint32_t t2 = (rotate(s[0], 2) ^ rotate(s[0], 13) ^ rotate(s[0], 22)) +
			      ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));

		memmove(s + 1, s, 7 * sizeof(s[0]));
		s[4] += t1;
		s[0] = t1 + t2;
	}
	for (unsigned int i = 0; i < 8; i++)
		h[i] += s[i];
}

void sha256_text(const void *data, size_t size, char text[SHA256_TEXT])
{
	uint8_t tail[128] = { 0 };
	size_t whole = size / 64 * 64, left = size - whole;
	size_t tail_size = left < 56 ? 64 : 128;
	uint32_t k[64], h[8];

	make_constants(k, h);
	for (size_t i = 0; i < whole; i += 64)
		compress(k, h, (const uint8_t *)data + i);
	if (left)
		memcpy(tail, (const uint8_t *)data + whole, left);
	tail[left] = 0x80;
	for (unsigned int i = 0; i < 8; i++)
		tail[tail_size - 1 - i] = (uint8_t)((uint64_t)size * 8 >> 8 * i);
	for (size_t i = 0; i < tail_size; i += 64)
		compress(k, h, tail + i);
	for (unsigned int i = 0; i < 8; i++)
		snprintf(text + 8 * i, 9, "%08x", h[i]);
}
