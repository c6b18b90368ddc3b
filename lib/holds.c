// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "holds.h"

struct holds *holds_new(void)
{
	struct holds *holds = calloc(1, sizeof(*holds));

	return holds ? holds_get(holds) : NULL;
}

struct holds *holds_get(struct holds *holds)
{
	atomic_fetch_add(&holds->references, 1);
	return holds;
}

void holds_put(struct holds *holds)
{
	if (holds && atomic_fetch_sub(&holds->references, 1) == 1)
		free(holds);
}
