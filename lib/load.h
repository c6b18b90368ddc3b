/* SPDX-License-Identifier: MIT */
/* Numbers in the bytes that firmware sends. */
#ifndef H8L_LOAD_H
#define H8L_LOAD_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t load_le16(const uint8_t *bytes)
{
	uint16_t value;

	memcpy(&value, bytes, sizeof(value));
	return le16toh(value);
}

static inline uint32_t load_le32(const uint8_t *bytes)
{
	uint32_t value;

	memcpy(&value, bytes, sizeof(value));
	return le32toh(value);
}

static inline uint64_t load_le64(const uint8_t *bytes)
{
	uint64_t value;

	memcpy(&value, bytes, sizeof(value));
	return le64toh(value);
}

static inline float float_of_bits(uint32_t bits)
{
	float value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

static inline float load_le_float(const uint8_t *bytes)
{
	return float_of_bits(load_le32(bytes));
}

#endif /* H8L_LOAD_H */
