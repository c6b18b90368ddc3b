// SPDX-License-Identifier: MIT
/* kernels: the library's vector code gives what its scalar twin gives, here. */
#include <stdio.h>

#include "tests/unit/kernel_compare.h"

#define ROUNDS 300

int main(void)
{
	char what[64];

	for (unsigned int i = 0; kernels_at(i); i++) {
		if (!compare_conversions(kernels_at(i), ROUNDS, what) ||
		    !compare_transposes(kernels_at(i), ROUNDS, what)) {
			printf("differs from the scalar code: %s\n", what);
			return 1;
		}
		printf("%s is right\n", kernels_at(i)->name);
	}
	return 0;
}
