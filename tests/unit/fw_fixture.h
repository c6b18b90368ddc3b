/* SPDX-License-Identifier: MIT */
/*
 * One chip for each test of a program, with or without a fault.
 */
#ifndef FW_FIXTURE_H
#define FW_FIXTURE_H

#include "tests/unit/fw_host.h"

#define HOST_BASE	0x1000000000ull
#define HOST_SIZE	0x4000000u

static struct host host;

static inline int start(void **state)
{
	struct emu_config config;

	(void)state;
	host_config(&config);
	host_start(&host, &config, HOST_BASE, HOST_SIZE);
	return 0;
}

/* For tests that are not started by start(); host_stop() ends it */
static inline void start_with_fault(const struct emu_fault *fault)
{
	struct emu_config config;

	host_config(&config);
	config.faults[0] = *fault;
	config.fault_count = 1;
	host_start(&host, &config, HOST_BASE, HOST_SIZE);
}

static inline int stop(void **state)
{
	(void)state;
	host_stop(&host);
	return 0;
}

#endif /* FW_FIXTURE_H */
