/* SPDX-License-Identifier: Apache-2.0 */
/* All implementations of the filter that this processor has give the same positions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "engine/db/gram.h"
#include "engine/match/filter.h"

#define N 4096

static uint8_t bytes[N + VT_FILTER_AHEAD];
static uint64_t longs[1 << 10];
static uint32_t shorts[1 << 11], pairs[65536 / 32];
static uint32_t got[N + 64], want[N + 64];

static uint32_t next_random(uint32_t *x)
{
	*x = *x * 1664525 + 1013904223;
	return *x >> 8;
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* A table with a few grams from the bytes, and noise. */
static struct vt_filter make_filter(uint32_t seed, unsigned stride)
{
	struct vt_filter f = {.long_bits = 10,
		.short_bits = 11,
		.short_stride = stride,
		.longs = longs,
		.shorts = shorts,
		.pairs = pairs};
	uint32_t x = seed;

	memset(longs, 0, sizeof longs);
	memset(shorts, 0, sizeof shorts);
	memset(pairs, 0, sizeof pairs);
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(next_random(&x) % (seed % 2 ? 256 : 7));
	for (unsigned i = 0; i < 300; i++) {
		uint64_t v;
		uint64_t h;
		uint32_t g;

		memcpy(&v, bytes + next_random(&x) % N, sizeof v);
		h = vt_gram5_hash(v);
		longs[h >> 54] |= vt_gram5_bits(h);
		g = vt_gram4_hash((uint32_t)v);
		shorts[g >> 21] |= vt_gram4_bits(g);
		g = vt_gram2((uint32_t)v);
		pairs[g >> 5] |= 1u << (g & 31);
	}
	return f;
}

static void check_same(const struct vt_filter *f, size_t n)
{
	for (unsigned tier = 0; tier < VT_FILTER_TIERS; tier++) {
		size_t k = vt_filter_portable.tiers[tier](bytes, n, f, want);

		assert_true(k > 0);
		for (const struct vt_filter_impl *const *i = vt_filter_impls(); *i; i++) {
			assert_int_equal((*i)->tiers[tier](bytes, n, f, got), k);
			qsort(got, k, sizeof *got, compare);
			assert_memory_equal(got, want, k * sizeof *got);
		}
	}
}

static void test_implementations_agree(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 40; seed++) {
		struct vt_filter f = make_filter(seed, 1 + seed % 2);

		check_same(&f, seed % 3 ? N : 64 * seed);
	}
}

/* A gram of the table is never missed at its stride. */
static void test_no_gram_is_missed(void **state)
{
	struct vt_filter f = make_filter(3, 2);
	size_t k, found = 0;

	(void)state;
	k = vt_filter_impls()[0]->tiers[VT_TIER_LONG](bytes, N, &f, got);
	for (uint32_t i = 0; i < N; i += 4) {
		uint64_t v, h;

		memcpy(&v, bytes + i, sizeof v);
		h = vt_gram5_hash(v);
		if ((longs[h >> 54] & vt_gram5_bits(h)) == vt_gram5_bits(h))
			found++;
	}
	assert_int_equal(k, found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_implementations_agree),
		cmocka_unit_test(test_no_gram_is_missed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
