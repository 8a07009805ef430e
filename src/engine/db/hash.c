/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hash rules: per kind and algorithm, the sizes that occur, and under each size the sorted first
 * four bytes of the digests. A candidate is settled by its source line.
 */
#include "engine/db/db.h"

#include "base/num.h"

/* Each costs the unpacking of a block of text; of chance, hardly two digests share a key. */
#define CANDIDATES_MAX 1024

/* Keys [*first, *end) of a size; false if the size does not occur. */
static bool keys_of_size(
	const struct vt_hash_table *t, uint32_t size, uint32_t *first, uint32_t *end)
{
	uint32_t lo = 0, hi = t->nsizes;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (t->sizes[mid] < size)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == t->nsizes || t->sizes[lo] != size)
		return false;
	*first = t->starts[lo];
	*end = t->starts[lo + 1];
	return *first < *end && *end <= t->nkeys;
}

static bool wanted(const struct vt_hash_table *t, uint32_t size, bool pua)
{
	uint32_t first, end;

	if (!keys_of_size(t, size, &first, &end))
		return false;
	if (pua)
		return true;
	for (; first < end; first++) {
		if (!(t->lines[first] & VT_IMAGE_LINE_PUA))
			return true;
	}
	return false;
}

bool vt_db_hash_wanted(const struct vt_db *db, enum vt_hash_kind kind, enum vt_hash_algo algo,
	uint64_t size, bool pua)
{
	const struct vt_hash_table *t = &db->hashes[kind][algo];

	if (t->nsizes == 0)
		return false;
	if (size < VT_IMAGE_SIZE_ANY && wanted(t, (uint32_t)size, pua))
		return true;
	return wanted(t, VT_IMAGE_SIZE_ANY, pua);
}

static int hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool hex_equals(vt_span hex, const uint8_t *digest, unsigned n)
{
	if (hex.n != 2 * (size_t)n)
		return false;
	for (size_t i = 0; i < n; i++) {
		int hi = hex_value(hex.p[2 * i]), lo = hex_value(hex.p[2 * i + 1]);

		if (hi < 0 || lo < 0 || digest[i] != (hi << 4 | lo))
			return false;
	}
	return true;
}

struct find {
	const struct vt_db *db;
	enum vt_hash_kind kind;
	enum vt_hash_algo algo;
	const uint8_t *digest;
	bool pua, stop;
	vt_buf *storage;
	vt_hash_hit_fn *fn;
	void *ctx;
};

static vt_err candidate(struct find *f, uint32_t line)
{
	/* "hash:size:name", but "size:hash:name" for sections (ClamAV manual) */
	unsigned field = f->kind == VT_HASH_SECTION ? 1 : 0;
	vt_span text;
	vt_err e;

	if (line & VT_IMAGE_LINE_PUA && !f->pua)
		return VT_OK;
	line &= VT_IMAGE_LINE_MASK;
	e = vt_db_line(f->db, line, f->storage, &text);
	if (e)
		return e;
	if (hex_equals(vt_line_field(text, ':', field), f->digest, vt_hash_size(f->algo)))
		f->stop = !f->fn(f->ctx, line, text);
	return VT_OK;
}

static vt_err find_size(struct find *f, uint32_t size)
{
	const struct vt_hash_table *t = &f->db->hashes[f->kind][f->algo];
	uint32_t lo, hi, end, key;
	vt_err e = VT_OK;

	memcpy(&key, f->digest, sizeof key);
	if (!keys_of_size(t, size, &lo, &end))
		return VT_OK;
	hi = end;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (t->keys[mid] < key)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (uint32_t i = lo; i < end && t->keys[i] == key && !f->stop && !e; i++)
		e = i - lo < CANDIDATES_MAX ? candidate(f, t->lines[i]) : VT_ELIMIT;
	return e;
}

vt_err vt_db_hash_find(const struct vt_db *db, enum vt_hash_kind kind, enum vt_hash_algo algo,
	uint64_t size, const uint8_t *digest, bool pua, vt_buf *storage, vt_hash_hit_fn *fn,
	void *ctx)
{
	struct find f = {
		.db = db,
		.kind = kind,
		.algo = algo,
		.digest = digest,
		.pua = pua,
		.storage = storage,
		.fn = fn,
		.ctx = ctx,
	};
	vt_err e = VT_OK;

	if (size < VT_IMAGE_SIZE_ANY)
		e = find_size(&f, (uint32_t)size);
	if (!e && !f.stop)
		e = find_size(&f, VT_IMAGE_SIZE_ANY);
	return e;
}
