// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/md5.h"

static void expect(const char *text, const char *hex)
{
	uint8_t digest[16];
	char got[33];

	md5_digest(text, strlen(text), digest);
	for (int i = 0; i < 16; i++)
		snprintf(got + 2 * i, 3, "%02x", digest[i]);
	assert_string_equal(got, hex);
}

/* The test suite of RFC 1321, appendix A.5 */
static void rfc_suite(void **state)
{
	(void)state;
	expect("", "d41d8cd98f00b204e9800998ecf8427e");
	expect("a", "0cc175b9c0f1b6a831c399e269772661");
	expect("abc", "900150983cd24fb0d6963f7d28e17f72");
	expect("message digest", "f96b697d7cb7938d525a2f31aaf161d0");
	expect("abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b");
	expect("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
	       "d174ab98d277d9f5a5611c2c9f419d9f");
	expect("1234567890123456789012345678901234567890123456789012345678901234567890"
	       "1234567890", "57edf4a22be3c955ac49da2e2107b67a");
}

/* Lengths around the padding boundary; digests from coreutils' md5sum */
static void padding_boundaries(void **state)
{
	(void)state;
	expect("0000000000000000000000000000000000000000000000000000000",
	       "d7fe636bd28e2ee2ba4d6c5898318699");
	expect("00000000000000000000000000000000000000000000000000000000",
	       "ce992c2ad906967c63c3f9ab0c2294a9");
	expect("0000000000000000000000000000000000000000000000000000000000000000",
	       "10eab6008d5642cf42abd2aa41f847cb");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc_suite),
		cmocka_unit_test(padding_boundaries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
