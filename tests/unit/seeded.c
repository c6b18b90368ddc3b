// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "seeded.h"

static uint64_t seed;

int seeded_setup(void **state)
{
	const char *text = getenv("H8L_SEED");

	(void)state;
	seed = text ? strtoull(text, NULL, 0) : (uint64_t)time(NULL);
	printf("H8L_SEED=%llu\n", (unsigned long long)seed);
	return 0;
}

uint32_t seeded(uint32_t below)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(seed >> 33) % below;
}
