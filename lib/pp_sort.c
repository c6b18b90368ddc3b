// SPDX-License-Identifier: MIT
/*
 * Sorting by descending score. Scores of quantised outputs tie all the time,
 * and the order of ties decides which box survives, so this is the very
 * sequence of moves of std::sort() in libstdc++, which the stock library uses:
 * quicksort with the median of three, heap sort when that goes too deep,
 * insertion sort at the end (reference formats.md 11.2). The heap part, never
 * seen in the reference's tests, was compared with libstdc++ 12.
 *
 * Scores are never NaN, on which the unguarded loops rely: NaN passes no
 * threshold.
 */
#include "postprocess.h"

#define SMALL	16

static bool before(const struct pp_candidate *a, const struct pp_candidate *b)
{
	return a->score > b->score;
}

static void swap(struct pp_candidate *a, struct pp_candidate *b)
{
	struct pp_candidate t = *a;

	*a = *b;
	*b = t;
}

/* ---- heap ---- */

static void sift_up(struct pp_candidate *heap, size_t hole, size_t top, struct pp_candidate value)
{
	while (hole > top) {
		size_t parent = (hole - 1) / 2;

		if (!before(&heap[parent], &value))
			break;
		heap[hole] = heap[parent];
		hole = parent;
	}
	heap[hole] = value;
}

static void sift_down(struct pp_candidate *heap, size_t hole, size_t count,
		      struct pp_candidate value)
{
	size_t top = hole, child = hole;

	while (child < (count - 1) / 2) {
		child = 2 * (child + 1);
		if (before(&heap[child], &heap[child - 1]))
			child--;
		heap[hole] = heap[child];
		hole = child;
	}
	if (count % 2 == 0 && child == (count - 2) / 2) {
		child = 2 * child + 1;
		heap[hole] = heap[child];
		hole = child;
	}
	sift_up(heap, hole, top, value);
}

static void heap_sort(struct pp_candidate *heap, size_t count)
{
	for (size_t i = count / 2; i-- > 0;)
		sift_down(heap, i, count, heap[i]);
	while (count > 1) {
		struct pp_candidate last = heap[--count];

		heap[count] = heap[0];
		sift_down(heap, 0, count, last);
	}
}

/* ---- quicksort ---- */

static size_t median(const struct pp_candidate *c, size_t a, size_t b, size_t d)
{
	if (before(&c[a], &c[b])) {
		if (before(&c[b], &c[d]))
			return b;
		return before(&c[a], &c[d]) ? d : a;
	}
	if (before(&c[a], &c[d]))
		return a;
	return before(&c[b], &c[d]) ? d : b;
}

/* c[0] is the pivot, and a median: both inner loops meet their end */
static size_t partition(struct pp_candidate *c, size_t count)
{
	size_t low = 1, high = count;

	for (;;) {
		while (before(&c[low], &c[0]))
			low++;
		high--;
		while (before(&c[0], &c[high]))
			high--;
		if (low >= high)
			return low;
		swap(&c[low], &c[high]);
		low++;
	}
}

static void quicksort(struct pp_candidate *c, size_t count, unsigned int depth)
{
	while (count > SMALL) {
		size_t cut;

		if (!depth--) {
			heap_sort(c, count);
			return;
		}
		swap(&c[0], &c[median(c, 1, count / 2, count - 1)]);
		cut = partition(c, count);
		quicksort(c + cut, count - cut, depth);
		count = cut;
	}
}

/* Somewhere before c[i] is one that stays, or c[i] is to be first */
static void insert(struct pp_candidate *c, size_t i)
{
	struct pp_candidate value = c[i];

	for (; i > 0 && before(&value, &c[i - 1]); i--)
		c[i] = c[i - 1];
	c[i] = value;
}

void pp_sort(struct pp_candidate *candidates, size_t count)
{
	unsigned int depth = 0;

	for (size_t n = count; n > 1; n /= 2)
		depth += 2;
	quicksort(candidates, count, depth);
	for (size_t i = 1; i < count; i++)
		insert(candidates, i);
}
