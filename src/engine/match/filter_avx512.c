/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/match/filter.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include "engine/db/gram.h"

#define TARGET __attribute__((target("avx512f,avx512dq,avx512vl")))

/* Eight 5-grams at a time, four bytes apart; the gather is what bounds the speed. */
TARGET static size_t long_grams(
	const uint8_t *p, size_t n, const struct vt_filter *f, uint32_t *out)
{
	const __m512i mul = _mm512_set1_epi64((long long)VT_GRAM5_MUL);
	const __m512i fold = _mm512_set1_epi64((long long)VT_FOLD64);
	const __m512i mask = _mm512_set1_epi64((long long)VT_GRAM5_MASK);
	const __m512i one = _mm512_set1_epi64(1);
	const __m128i shift = _mm_cvtsi32_si128((int)(64 - f->long_bits));
	const __m256i step = _mm256_set1_epi32(32);
	__m256i at = _mm256_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28);
	size_t count = 0;

	for (size_t i = 0; i < n; i += 32) {
		__m512i lo = _mm512_cvtepu32_epi64(
			_mm256_loadu_si256((const __m256i *)(const void *)(p + i)));
		__m512i hi = _mm512_cvtepu32_epi64(
			_mm256_loadu_si256((const __m256i *)(const void *)(p + i + 4)));
		__m512i x = _mm512_or_si512(lo, _mm512_slli_epi64(hi, 32));
		__m512i h, w, t;
		__mmask8 hit;

		x = _mm512_and_si512(_mm512_or_si512(x, fold), mask);
		h = _mm512_mullo_epi64(x, mul);
		w = _mm512_i64gather_epi64(_mm512_srl_epi64(h, shift), f->longs, 8);
		t = _mm512_and_si512(_mm512_rorv_epi64(w, _mm512_srli_epi64(h, 8)),
			_mm512_rorv_epi64(w, _mm512_srli_epi64(h, 14)));
		t = _mm512_and_si512(t, _mm512_rorv_epi64(w, _mm512_srli_epi64(h, 20)));
		hit = _mm512_test_epi64_mask(t, one);
		if (__builtin_expect(hit, 0)) {
			_mm256_storeu_si256((__m256i *)(void *)(out + count),
				_mm256_maskz_compress_epi32(hit, at));
			count += (size_t)__builtin_popcount(hit);
		}
		at = _mm256_add_epi32(at, step);
	}
	return count;
}

/* Sixteen 4-grams at a time, four bytes apart, once for each position modulo four. */
TARGET static size_t short_grams(
	const uint8_t *p, size_t n, const struct vt_filter *f, uint32_t *out)
{
	const __m512i mul = _mm512_set1_epi32((int)VT_GRAM4_MUL);
	const __m512i fold = _mm512_set1_epi32((int)VT_FOLD32);
	const __m512i one = _mm512_set1_epi32(1);
	const __m128i shift = _mm_cvtsi32_si128((int)(32 - f->short_bits));
	const __m512i lanes =
		_mm512_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 52, 56, 60);
	size_t count = 0;

	for (size_t i = 0; i < n; i += 64) {
		for (unsigned o = 0; o < 4; o += f->short_stride) {
			__m512i x = _mm512_or_si512(_mm512_loadu_si512(p + i + o), fold);
			__m512i h, w, t;
			__mmask16 hit;

			x = _mm512_xor_si512(x, _mm512_srli_epi32(x, VT_GRAM4_SHIFT));
			h = _mm512_mullo_epi32(x, mul);
			w = _mm512_i32gather_epi32(_mm512_srl_epi32(h, shift), f->shorts, 4);
			t = _mm512_and_si512(_mm512_rorv_epi32(w, _mm512_srli_epi32(h, 1)),
				_mm512_rorv_epi32(w, _mm512_srli_epi32(h, 6)));
			t = _mm512_and_si512(t, _mm512_rorv_epi32(w, _mm512_srli_epi32(h, 11)));
			hit = _mm512_test_epi32_mask(t, one);
			if (__builtin_expect(hit, 0)) {
				__m512i at =
					_mm512_add_epi32(lanes, _mm512_set1_epi32((int)(i + o)));

				_mm512_storeu_si512(
					out + count, _mm512_maskz_compress_epi32(hit, at));
				count += (size_t)__builtin_popcount(hit);
			}
		}
	}
	return count;
}

TARGET static size_t pair_grams(
	const uint8_t *p, size_t n, const struct vt_filter *f, uint32_t *out)
{
	const __m512i fold = _mm512_set1_epi32((int)VT_FOLD32);
	const __m512i mask = _mm512_set1_epi32(0xffff);
	const __m512i one = _mm512_set1_epi32(1);
	const __m512i lanes =
		_mm512_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 52, 56, 60);
	size_t count = 0;

	for (size_t i = 0; i < n; i += 64) {
		for (unsigned o = 0; o < 4; o++) {
			__m512i x = _mm512_or_si512(_mm512_loadu_si512(p + i + o), fold), w;
			__mmask16 hit;

			x = _mm512_and_si512(x, mask);
			w = _mm512_i32gather_epi32(_mm512_srli_epi32(x, 5), f->pairs, 4);
			hit = _mm512_test_epi32_mask(_mm512_rorv_epi32(w, x), one);
			if (__builtin_expect(hit, 0)) {
				__m512i at =
					_mm512_add_epi32(lanes, _mm512_set1_epi32((int)(i + o)));

				_mm512_storeu_si512(
					out + count, _mm512_maskz_compress_epi32(hit, at));
				count += (size_t)__builtin_popcount(hit);
			}
		}
	}
	return count;
}

const struct vt_filter_impl vt_filter_avx512 = {
	.name = "avx512",
	.tiers = {long_grams, short_grams, pair_grams},
};
#else
const struct vt_filter_impl vt_filter_avx512 = {.name = "avx512"};
#endif
