/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Multi-buffer MD5: a message's blocks depend on each other, so one message can't go faster than
 * the latency of 64 dependent steps; several side by side share those steps. The transposition of
 * the lanes' blocks into words is the only part that is the processor's own.
 */
#include "crypto/hash.h"

#include "base/num.h"

#if defined(__x86_64__)
#include <immintrin.h>

typedef uint32_t vec8 __attribute__((vector_size(32)));
typedef uint32_t vec16 __attribute__((vector_size(64)));

#define MAX_LANES 16

__attribute__((target("avx2"), always_inline)) static inline void load8(
	vec8 w[16], const uint8_t *const p[8])
{
	for (size_t half = 0; half < 2; half++) {
		__m256i r[8], t[8];

		for (size_t i = 0; i < 8; i++)
			r[i] = _mm256_loadu_si256(
				(const __m256i *)(const void *)(p[i] + 32 * half));
		for (size_t i = 0; i < 8; i += 2) {
			t[i] = _mm256_unpacklo_epi32(r[i], r[i + 1]);
			t[i + 1] = _mm256_unpackhi_epi32(r[i], r[i + 1]);
		}
		for (size_t i = 0; i < 8; i += 4) {
			r[i] = _mm256_unpacklo_epi64(t[i], t[i + 2]);
			r[i + 1] = _mm256_unpackhi_epi64(t[i], t[i + 2]);
			r[i + 2] = _mm256_unpacklo_epi64(t[i + 1], t[i + 3]);
			r[i + 3] = _mm256_unpackhi_epi64(t[i + 1], t[i + 3]);
		}
		for (size_t i = 0; i < 4; i++) {
			w[8 * half + i] = (vec8)_mm256_permute2x128_si256(r[i], r[i + 4], 0x20);
			w[8 * half + i + 4] = (vec8)_mm256_permute2x128_si256(r[i], r[i + 4], 0x31);
		}
	}
}

__attribute__((target("avx512f"), always_inline)) static inline void load16(
	vec16 w[16], const uint8_t *const p[16])
{
	__m512i r[16], t[16];

	for (size_t i = 0; i < 16; i++)
		r[i] = _mm512_loadu_si512(p[i]);
	for (size_t i = 0; i < 16; i += 2) {
		t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
		t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
	}
	for (size_t i = 0; i < 16; i += 4) {
		r[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
		r[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
		r[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
		r[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
	}
	/* now r[4g + j] holds, in 128-bit part q, word 4q + j of messages 4g .. 4g + 3 */
	for (size_t j = 0; j < 4; j++) {
		__m512i lo01 = _mm512_shuffle_i32x4(r[j], r[4 + j], 0x88);
		__m512i hi01 = _mm512_shuffle_i32x4(r[j], r[4 + j], 0xdd);
		__m512i lo23 = _mm512_shuffle_i32x4(r[8 + j], r[12 + j], 0x88);
		__m512i hi23 = _mm512_shuffle_i32x4(r[8 + j], r[12 + j], 0xdd);

		w[j] = (vec16)_mm512_shuffle_i32x4(lo01, lo23, 0x88);
		w[4 + j] = (vec16)_mm512_shuffle_i32x4(hi01, hi23, 0x88);
		w[8 + j] = (vec16)_mm512_shuffle_i32x4(lo01, lo23, 0xdd);
		w[12 + j] = (vec16)_mm512_shuffle_i32x4(hi01, hi23, 0xdd);
	}
}

#define LANES 8
#define VEC vec8
#define TARGET __attribute__((target("avx2")))
#define NAME blocks8
#define LOAD_BLOCK load8
#include "crypto/md5_lanes.inc"

#define LANES 16
#define VEC vec16
#define TARGET __attribute__((target("avx512f")))
#define NAME blocks16
#define LOAD_BLOCK load16
#include "crypto/md5_lanes.inc"

/* One message in a lane: whole blocks in place, then one or two padded ones in `tail`. */
struct lane {
	size_t job;
	size_t left; /* blocks left in the current stretch; 0: the lane is idle */
	bool in_tail;
	uint8_t tail[128];
	size_t tail_blocks;
};

struct lanes {
	unsigned count;
	size_t active, next_job, njobs;
	const vt_span *in;
	uint32_t state[4][MAX_LANES];
	const uint8_t *p[MAX_LANES];
	size_t stride[MAX_LANES];
	struct lane lane[MAX_LANES];
};

static const uint8_t idle_block[64];

/* The state is [4][count] to the vector code, whichever count is in use. */
static uint32_t *word(struct lanes *l, unsigned w, unsigned i)
{
	return &l->state[0][0] + (size_t)w * l->count + i;
}

static void lane_start(struct lanes *l, unsigned i)
{
	static const uint32_t initial[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
	struct lane *n = &l->lane[i];
	vt_span s;
	size_t rest;
	uint64_t bits;

	n->left = 0;
	l->p[i] = idle_block;
	l->stride[i] = 0;
	if (l->next_job == l->njobs)
		return;
	n->job = l->next_job++;
	s = l->in[n->job];
	for (unsigned w = 0; w < 4; w++)
		*word(l, w, i) = initial[w];
	rest = s.n % 64;
	memset(n->tail, 0, sizeof n->tail);
	if (rest)
		memcpy(n->tail, s.p + (s.n - rest), rest);
	n->tail[rest] = 0x80;
	n->tail_blocks = rest < 56 ? 1 : 2;
	bits = (uint64_t)s.n * 8;
	memcpy(n->tail + 64 * n->tail_blocks - 8, &bits, sizeof bits);
	n->in_tail = s.n < 64;
	n->left = n->in_tail ? n->tail_blocks : s.n / 64;
	l->p[i] = n->in_tail ? n->tail : s.p;
	l->stride[i] = 64;
	l->active++;
}

/* A stretch has ended: go on to the tail, or hand out the digest and take the next job. */
static void lane_turn(struct lanes *l, unsigned i, uint8_t (*out)[16])
{
	struct lane *n = &l->lane[i];

	if (!n->in_tail) {
		n->in_tail = true;
		n->left = n->tail_blocks;
		l->p[i] = n->tail;
		return;
	}
	for (unsigned w = 0; w < 4; w++)
		memcpy(out[n->job] + 4 * w, word(l, w, i), 4);
	l->active--;
	lane_start(l, i);
}

static void run(struct lanes *l, size_t blocks)
{
	if (l->count == 16)
		blocks16(l->state, l->p, l->stride, blocks);
	else
		blocks8((uint32_t(*)[8])(void *)l->state, l->p, l->stride, blocks);
}

static void md5_lanes(unsigned count, const vt_span *in, size_t n, uint8_t (*out)[16])
{
	struct lanes l = {.count = count, .in = in, .njobs = n};

	for (unsigned i = 0; i < count; i++)
		lane_start(&l, i);
	while (l.active) {
		size_t blocks = SIZE_MAX;

		for (unsigned i = 0; i < count; i++) {
			if (l.lane[i].left)
				blocks = vt_min_size(blocks, l.lane[i].left);
		}
		run(&l, blocks);
		for (unsigned i = 0; i < count; i++) {
			if (!l.lane[i].left)
				continue;
			l.lane[i].left -= blocks;
			if (!l.lane[i].left)
				lane_turn(&l, i, out);
		}
	}
}

void vt_md5_many(const vt_span *in, size_t n, uint8_t (*out)[16])
{
	if (n > 1 && __builtin_cpu_supports("avx512f")) {
		md5_lanes(16, in, n, out);
	} else if (n > 1 && __builtin_cpu_supports("avx2")) {
		md5_lanes(8, in, n, out);
	} else {
		for (size_t i = 0; i < n; i++)
			vt_md5(in[i], out[i]);
	}
}
#else
void vt_md5_many(const vt_span *in, size_t n, uint8_t (*out)[16])
{
	for (size_t i = 0; i < n; i++)
		vt_md5(in[i], out[i]);
}
#endif
