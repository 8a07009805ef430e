/* SPDX-License-Identifier: Apache-2.0 */
/* Under AddressSanitizer each piece is a block of its own, so that an overrun is seen. */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define BLOCK_MIN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define BLOCK_MIN 1
#endif
#endif
#ifndef BLOCK_MIN
#define BLOCK_MIN 65536
#endif

struct vt_arena_block {
	struct vt_arena_block *next;
	size_t used, cap;
	alignas(max_align_t) uint8_t data[];
};

static struct vt_arena_block *block_add(vt_arena *a, size_t need)
{
	size_t cap = need > BLOCK_MIN ? need : BLOCK_MIN;
	struct vt_arena_block *b = malloc(sizeof *b + cap);

	if (!b)
		return NULL;
	b->next = a->blocks;
	b->used = 0;
	b->cap = cap;
	a->blocks = b;
	return b;
}

void *vt_arena_alloc(vt_arena *a, size_t n)
{
	const size_t align = alignof(max_align_t);
	struct vt_arena_block *b = a->blocks;
	void *p;

	if (n > SIZE_MAX / 2 || a->used > a->max || n > a->max - a->used)
		return NULL;
	a->used += n;
	n = (n + align - 1) / align * align;
	if (n == 0)
		n = align;
	if (!b || n > b->cap - b->used) {
		b = block_add(a, n);
		if (!b)
			return NULL;
	}
	p = b->data + b->used;
	b->used += n;
	memset(p, 0, n);
	return p;
}

void *vt_arena_array(vt_arena *a, size_t count, size_t size)
{
	size_t n;

	if (__builtin_mul_overflow(count, size, &n))
		return NULL;
	return vt_arena_alloc(a, n);
}

char *vt_arena_copy(vt_arena *a, vt_span s)
{
	char *p = vt_arena_alloc(a, s.n + 1);

	if (p && s.n)
		memcpy(p, s.p, s.n);
	return p;
}

void vt_arena_reset(vt_arena *a)
{
	struct vt_arena_block *b = a->blocks, *next, *keep = NULL;

	for (; b; b = next) {
		next = b->next;
		if (!keep && b->cap == BLOCK_MIN && BLOCK_MIN > 1) {
			keep = b;
			continue;
		}
		free(b);
	}
	if (keep) {
		keep->next = NULL;
		keep->used = 0;
	}
	a->blocks = keep;
	a->used = 0;
}

void vt_arena_free(vt_arena *a)
{
	struct vt_arena_block *b, *next;

	if (!a)
		return;
	for (b = a->blocks; b; b = next) {
		next = b->next;
		free(b);
	}
	a->blocks = NULL;
	a->used = 0;
}
