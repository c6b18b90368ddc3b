/* SPDX-License-Identifier: MIT */
/*
 * Counts the allocations of the program under test, and lets one of them fail.
 * Linked with --wrap, see lib.mk. What the scripted driver allocates while it is
 * called does not count.
 */
#ifndef LIB_ALLOC_H
#define LIB_ALLOC_H

extern unsigned long alloc_count;	/* calls so far */
extern unsigned long alloc_fail_at;	/* this one fails, 0: none */

#endif /* LIB_ALLOC_H */
