/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/match/filter.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include "engine/db/gram.h"

#define TARGET __attribute__((target("avx2")))

TARGET static inline __m256i load256(const uint8_t *p)
{
	return _mm256_loadu_si256((const __m256i *)(const void *)p);
}

/* x * VT_GRAM5_MUL modulo 2^64 in each lane: AVX2 multiplies 32-bit halves only. */
TARGET static inline __m256i mul64(__m256i x)
{
	const __m256i mul_lo = _mm256_set1_epi64x((long long)(VT_GRAM5_MUL & 0xffffffff));
	const __m256i mul_hi = _mm256_set1_epi64x((long long)(VT_GRAM5_MUL >> 32));
	__m256i cross = _mm256_add_epi64(
		_mm256_mul_epu32(x, mul_hi), _mm256_mul_epu32(_mm256_srli_epi64(x, 32), mul_lo));

	return _mm256_add_epi64(_mm256_mul_epu32(x, mul_lo), _mm256_slli_epi64(cross, 32));
}

/* Bit (h >> at) & 63 of each word of w, in bit 0. */
TARGET static inline __m256i pick64(__m256i w, __m256i h, int at)
{
	__m256i bit = _mm256_and_si256(
		_mm256_srl_epi64(h, _mm_cvtsi32_si128(at)), _mm256_set1_epi64x(63));

	return _mm256_srlv_epi64(w, bit);
}

TARGET static inline __m256i pick32(__m256i w, __m256i h, int at)
{
	__m256i bit =
		_mm256_and_si256(_mm256_srl_epi32(h, _mm_cvtsi32_si128(at)), _mm256_set1_epi32(31));

	return _mm256_srlv_epi32(w, bit);
}

TARGET static size_t long_grams(
	const uint8_t *p, size_t n, const struct vt_filter *f, uint32_t *out)
{
	const __m256i fold = _mm256_set1_epi64x((long long)VT_FOLD64);
	const __m256i mask = _mm256_set1_epi64x((long long)VT_GRAM5_MASK);
	const __m128i shift = _mm_cvtsi32_si128((int)(64 - f->long_bits));
	const long long *table = (const long long *)(const void *)f->longs;
	size_t count = 0;

	for (size_t i = 0; i < n; i += 16) {
		__m128i four = _mm_loadu_si128((const __m128i *)(const void *)(p + i));
		__m128i next = _mm_loadu_si128((const __m128i *)(const void *)(p + i + 4));
		__m256i x = _mm256_or_si256(_mm256_cvtepu32_epi64(four),
			_mm256_slli_epi64(_mm256_cvtepu32_epi64(next), 32));
		__m256i h = mul64(_mm256_and_si256(_mm256_or_si256(x, fold), mask));
		__m256i w = _mm256_i64gather_epi64(table, _mm256_srl_epi64(h, shift), 8);
		__m256i t = _mm256_and_si256(
			_mm256_and_si256(pick64(w, h, 8), pick64(w, h, 14)), pick64(w, h, 20));
		unsigned hit =
			(unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(_mm256_slli_epi64(t, 63)));

		for (; __builtin_expect(hit, 0); hit &= hit - 1)
			out[count++] = (uint32_t)i + 4 * (uint32_t)__builtin_ctz(hit);
	}
	return count;
}

/* One vector of eight 4-byte grams, four bytes apart, from p: the lanes that may hit. */
TARGET static inline unsigned short_hits(const uint8_t *p, const struct vt_filter *f, __m128i shift)
{
	__m256i x = _mm256_or_si256(load256(p), _mm256_set1_epi32((int)VT_FOLD32));
	__m256i h = _mm256_mullo_epi32(_mm256_xor_si256(x, _mm256_srli_epi32(x, VT_GRAM4_SHIFT)),
		_mm256_set1_epi32((int)VT_GRAM4_MUL));
	const int *table = (const int *)(const void *)f->shorts;
	__m256i w = _mm256_i32gather_epi32(table, _mm256_srl_epi32(h, shift), 4);
	__m256i t = _mm256_and_si256(
		_mm256_and_si256(pick32(w, h, 1), pick32(w, h, 6)), pick32(w, h, 11));

	return (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(_mm256_slli_epi32(t, 31)));
}

TARGET static size_t short_grams(
	const uint8_t *p, size_t n, const struct vt_filter *f, uint32_t *out)
{
	const __m128i shift = _mm_cvtsi32_si128((int)(32 - f->short_bits));
	size_t count = 0;

	for (size_t i = 0; i < n; i += 32) {
		for (uint32_t o = 0; o < 4; o += f->short_stride) {
			unsigned hit = short_hits(p + i + o, f, shift);

			for (; __builtin_expect(hit, 0); hit &= hit - 1)
				out[count++] = (uint32_t)i + o + 4 * (uint32_t)__builtin_ctz(hit);
		}
	}
	return count;
}

TARGET static size_t pair_grams(
	const uint8_t *p, size_t n, const struct vt_filter *f, uint32_t *out)
{
	const int *table = (const int *)(const void *)f->pairs;
	size_t count = 0;

	for (size_t i = 0; i < n; i += 32) {
		for (uint32_t o = 0; o < 4; o++) {
			__m256i x = _mm256_and_si256(_mm256_or_si256(load256(p + i + o),
							     _mm256_set1_epi32((int)VT_FOLD32)),
				_mm256_set1_epi32(0xffff));
			__m256i w = _mm256_i32gather_epi32(table, _mm256_srli_epi32(x, 5), 4);
			__m256i t = pick32(w, x, 0);
			unsigned hit = (unsigned)_mm256_movemask_ps(
				_mm256_castsi256_ps(_mm256_slli_epi32(t, 31)));

			for (; __builtin_expect(hit, 0); hit &= hit - 1)
				out[count++] = (uint32_t)i + o + 4 * (uint32_t)__builtin_ctz(hit);
		}
	}
	return count;
}

const struct vt_filter_impl vt_filter_avx2 = {
	.name = "avx2",
	.tiers = {long_grams, short_grams, pair_grams},
};
#else
const struct vt_filter_impl vt_filter_avx2 = {.name = "avx2"};
#endif
