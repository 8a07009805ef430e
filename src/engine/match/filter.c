/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/match/filter.h"

#include "engine/db/gram.h"

static uint64_t load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof v);
	return v;
}

static uint32_t load32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof v);
	return v;
}

static size_t long_grams(const uint8_t *p, size_t n, const struct vt_filter *f, uint32_t *out)
{
	const unsigned shift = 64 - f->long_bits;
	size_t count = 0;

	for (size_t i = 0; i < n; i += 4) {
		uint64_t h = vt_gram5_hash(load64(p + i)), bits = vt_gram5_bits(h);

		out[count] = (uint32_t)i;
		count += (f->longs[h >> shift] & bits) == bits;
	}
	return count;
}

static size_t short_grams(const uint8_t *p, size_t n, const struct vt_filter *f, uint32_t *out)
{
	const unsigned shift = 32 - f->short_bits;
	size_t count = 0;

	for (size_t i = 0; i < n; i += f->short_stride) {
		uint32_t h = vt_gram4_hash(load32(p + i)), bits = vt_gram4_bits(h);

		out[count] = (uint32_t)i;
		count += (f->shorts[h >> shift] & bits) == bits;
	}
	return count;
}

static size_t pair_grams(const uint8_t *p, size_t n, const struct vt_filter *f, uint32_t *out)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		uint32_t g = vt_gram2(load32(p + i));

		out[count] = (uint32_t)i;
		count += f->pairs[g >> 5] >> (g & 31) & 1;
	}
	return count;
}

const struct vt_filter_impl vt_filter_portable = {
	.name = "portable",
	.tiers = {long_grams, short_grams, pair_grams},
};

const struct vt_filter_impl *const *vt_filter_impls(void)
{
#if defined(__x86_64__)
	static const struct vt_filter_impl *const all[] = {
		&vt_filter_avx512, &vt_filter_avx2, &vt_filter_portable, NULL};

	if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
		__builtin_cpu_supports("avx512vl"))
		return all;
	return __builtin_cpu_supports("avx2") ? all + 1 : all + 2;
#else
	static const struct vt_filter_impl *const all[] = {&vt_filter_portable, NULL};

	return all;
#endif
}
