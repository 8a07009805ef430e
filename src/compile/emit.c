/* SPDX-License-Identifier: Apache-2.0 */
/* Laying out the image: sections are made in memory, then written in order behind the header. */
#include <stdlib.h>

#include <zstd.h>

#include "base/num.h"
#include "compile/internal.h"
#include "crypto/hash.h"

#define TEXT_LEVEL 3

static int by_size_key_line(const void *a, const void *b)
{
	const struct vt_build_hash *x = a, *y = b;

	if (x->size != y->size)
		return x->size < y->size ? -1 : 1;
	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->line < y->line ? -1 : x->line > y->line;
}

static vt_err emit_hashes(vt_buf *hashes, vt_buf parts[VT_HASH_PARTS])
{
	size_t n = vt_vec_count(hashes, struct vt_build_hash);
	struct vt_build_hash *h = vt_vec_data(hashes, struct vt_build_hash);
	uint32_t end = (uint32_t)n;
	vt_err e = VT_OK;

	if (n == 0)
		return VT_OK;
	if (n > UINT32_MAX - 1)
		return VT_ELIMIT;
	qsort(h, n, sizeof *h, by_size_key_line);
	for (unsigned p = VT_HASH_KEYS; p <= VT_HASH_LINES && !e; p++)
		e = vt_buf_reserve(&parts[p], n * sizeof(uint32_t));
	if (e)
		return e;
	for (uint32_t i = 0; i < n && !e; i++) {
		vt_vec_data(&parts[VT_HASH_KEYS], uint32_t)[i] = h[i].key;
		vt_vec_data(&parts[VT_HASH_LINES], uint32_t)[i] = h[i].line;
		if (i && h[i].size == h[i - 1].size)
			continue;
		e = vt_vec_add(&parts[VT_HASH_SIZES], &h[i].size);
		if (!e)
			e = vt_vec_add(&parts[VT_HASH_STARTS], &i);
	}
	parts[VT_HASH_KEYS].n = parts[VT_HASH_LINES].n = n * sizeof(uint32_t);
	if (!e)
		e = vt_vec_add(&parts[VT_HASH_STARTS], &end);
	vt_buf_free(hashes); /* the largest of all tables: not twice */
	return e;
}

/* How much of `text` makes one block: whole lines, at least one; *lines of them. */
static size_t block_size(vt_span text, uint32_t *lines)
{
	size_t n = 0;

	*lines = 0;
	while (n < text.n && n < VT_IMAGE_TEXT_BLOCK) {
		const uint8_t *lf = memchr(text.p + n, '\n', text.n - n);

		n = lf ? (size_t)(lf + 1 - text.p) : text.n;
		++*lines;
	}
	return n;
}

static vt_err emit_block(ZSTD_CCtx *z, vt_span block, vt_buf *out, struct vt_image_text *t)
{
	size_t bound = ZSTD_compressBound(block.n), n;
	vt_err e = vt_buf_reserve(out, bound);

	if (e)
		return e;
	n = ZSTD_compressCCtx(z, out->p + out->n, bound, block.p, block.n, TEXT_LEVEL);
	if (ZSTD_isError(n) || n > UINT32_MAX)
		return VT_ENOMEM;
	t->offset = out->n;
	t->packed = (uint32_t)n;
	t->size = (uint32_t)block.n;
	out->n += n;
	return VT_OK;
}

static vt_err emit_text(struct vt_builder *b, vt_buf *index, vt_buf *out)
{
	size_t nsets = vt_vec_count(&b->sets, struct vt_image_set);
	ZSTD_CCtx *z = ZSTD_createCCtx();
	vt_err e = z ? VT_OK : VT_ENOMEM;

	for (size_t i = 0; i < nsets && !e; i++) {
		const struct vt_image_set *s = vt_vec_data(&b->sets, struct vt_image_set) + i;
		vt_span rest = vt_vec_data(&b->texts, struct vt_build_set)[i].text;
		uint32_t line = s->first_line;

		while (rest.n && !e) {
			struct vt_image_text t = {.first_line = line};
			size_t n = block_size(rest, &t.lines);

			if (n > VT_IMAGE_TEXT_MAX) {
				e = VT_ELIMIT;
				break;
			}
			e = emit_block(z, vt_span_of(rest.p, n), out, &t);
			if (!e)
				e = vt_vec_add(index, &t);
			line += t.lines;
			rest = vt_span_clip(rest, n, rest.n);
		}
	}
	ZSTD_freeCCtx(z);
	return e;
}

static int by_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static vt_err emit_macros(struct vt_builder *b, vt_buf *out)
{
	size_t n = vt_vec_count(&b->macros, uint64_t);
	uint64_t *m = vt_vec_data(&b->macros, uint64_t);
	vt_err e = VT_OK;

	if (n)
		qsort(m, n, sizeof *m, by_u64);
	for (size_t i = 0; i < n && !e; i++) {
		uint32_t sub = (uint32_t)m[i];

		e = vt_vec_add(out, &sub);
	}
	return e;
}

static int by_key(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct vt_image_withdrawn));
}

/* Ascending, each once. */
static vt_err emit_withdrawn(struct vt_builder *b, vt_buf *out)
{
	size_t n = vt_vec_count(&b->withdrawn, struct vt_image_withdrawn);
	struct vt_image_withdrawn *w = vt_vec_data(&b->withdrawn, struct vt_image_withdrawn);
	vt_err e = VT_OK;

	if (n)
		qsort(w, n, sizeof *w, by_key);
	for (size_t i = 0; i < n && !e; i++) {
		if (i == 0 || by_key(&w[i - 1], &w[i]) != 0)
			e = vt_vec_add(out, &w[i]);
	}
	return e;
}

static vt_err make_sections(struct vt_builder *b, vt_buf s[VT_SEC_END])
{
	const struct {
		unsigned id;
		const vt_buf *from;
	} plain[] = {
		{VT_SEC_STRINGS, &b->strings},
		{VT_SEC_ASIDES, &b->asides},
		{VT_SEC_SETS, &b->sets},
		{VT_SEC_RULES, &b->rules},
		{VT_SEC_SUBS, &b->subs},
		{VT_SEC_PATTERNS, &b->patterns},
		{VT_SEC_CODE, &b->code},
		{VT_SEC_TDBS, &b->tdbs},
		{VT_SEC_CONTAINERS, &b->containers},
	};
	vt_err e = vt_build_filters(b, s);

	for (size_t i = 0; i < VT_COUNT(plain) && !e; i++)
		e = vt_buf_add(&s[plain[i].id], plain[i].from->p, plain[i].from->n);
	if (!e)
		e = vt_buf_add(&s[VT_SEC_COUNTS], b->counts, sizeof b->counts);
	if (!e)
		e = emit_macros(b, &s[VT_SEC_MACROS]);
	if (!e)
		e = emit_withdrawn(b, &s[VT_SEC_WITHDRAWN]);
	for (unsigned k = 0; k < VT_HASH_KINDS && !e; k++) {
		for (unsigned a = 0; a < VT_HASH_ALGOS && !e; a++)
			e = emit_hashes(&b->hashes[k][a],
				&s[VT_SEC_HASHES + (k * VT_HASH_ALGOS + a) * VT_HASH_PARTS]);
	}
	return e ? e : emit_text(b, &s[VT_SEC_TEXT_INDEX], &s[VT_SEC_TEXT]);
}

static const uint8_t zeros[VT_IMAGE_ALIGN];

static size_t padding(size_t n)
{
	return (VT_IMAGE_ALIGN - n % VT_IMAGE_ALIGN) % VT_IMAGE_ALIGN;
}

/* Offsets, sizes and digests; everything behind the header starts aligned. */
static void make_header(const vt_buf s[VT_SEC_END], struct vt_image_header *h)
{
	uint64_t at = sizeof *h + padding(sizeof *h);
	struct vt_sha256_stream sha;

	*h = (struct vt_image_header){.version = VT_IMAGE_VERSION, .nsections = VT_SEC_END};
	memcpy(h->magic, VT_IMAGE_MAGIC, sizeof h->magic);
	vt_sha256_start(&sha);
	vt_sha256_add(&sha, vt_span_of(zeros, padding(sizeof *h)));
	for (unsigned i = 0; i < VT_SEC_END; i++) {
		h->sections[i] = (struct vt_image_section){.offset = at, .size = s[i].n};
		vt_sha256_add(&sha, vt_buf_span(&s[i]));
		vt_sha256_add(&sha, vt_span_of(zeros, padding(s[i].n)));
		at += s[i].n + padding(s[i].n);
	}
	/* a target without anchors of its own has the filter of target 0 */
	for (unsigned t = 1; t < VT_TARGETS; t++) {
		if (s[VT_SEC_FILTERS + t].n == 0)
			h->sections[VT_SEC_FILTERS + t] = h->sections[VT_SEC_FILTERS];
	}
	vt_sha256_finish(&sha, h->content);
	h->size = at;
	vt_sha256(vt_span_of(h, sizeof *h), h->check);
}

static vt_err write_sections(const vt_buf s[VT_SEC_END], const struct vt_image_header *h,
	vt_image_write_fn *write, void *ctx)
{
	vt_err e = write(ctx, h, sizeof *h);

	if (!e)
		e = write(ctx, zeros, padding(sizeof *h));
	for (unsigned i = 0; i < VT_SEC_END && !e; i++) {
		if (s[i].n)
			e = write(ctx, s[i].p, s[i].n);
		if (!e)
			e = write(ctx, zeros, padding(s[i].n));
	}
	return e;
}

vt_err vt_builder_emit(struct vt_builder *b, vt_image_write_fn *write, void *ctx)
{
	const vt_buf empty = VT_VEC_INIT;
	vt_buf *s = calloc(VT_SEC_END, sizeof *s);
	struct vt_image_header h;
	vt_err e;

	if (!s)
		return VT_ENOMEM;
	for (unsigned i = 0; i < VT_SEC_END; i++)
		s[i] = empty;
	e = make_sections(b, s);
	if (!e) {
		make_header(s, &h);
		e = write_sections(s, &h, write, ctx);
	}
	for (unsigned i = 0; i < VT_SEC_END; i++)
		vt_buf_free(&s[i]);
	free(s);
	return e;
}
