/* SPDX-License-Identifier: MIT */
/*
 * Random numbers of a test: others in every run, the same ones where H8L_SEED
 * is set to what an earlier run printed.
 */
#ifndef H8L_TESTS_SEEDED_H
#define H8L_TESTS_SEEDED_H

#include <stdint.h>

/* A group setup of cmocka: chooses and prints the seed */
int seeded_setup(void **state);
/* 0 to below - 1 */
uint32_t seeded(uint32_t below);

#endif /* H8L_TESTS_SEEDED_H */
