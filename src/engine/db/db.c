/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/db/db.h"

#include <stdlib.h>

#include "base/num.h"
#include "crypto/hash.h"
#include "engine/db/gram.h"
#include "vitrine/engine.h"

static vt_err read_header(vt_span image, struct vt_image_header *out)
{
	uint8_t check[32], digest[32];

	if (!vt_db_is_image(image))
		return VT_EFORMAT;
	if (image.n < sizeof *out)
		return VT_ETRUNCATED;
	memcpy(out, image.p, sizeof *out);
	if (out->version != VT_IMAGE_VERSION || out->nsections != VT_SEC_END)
		return VT_EVERSION;
	memcpy(check, out->check, sizeof check);
	memset(out->check, 0, sizeof out->check);
	vt_sha256(vt_span_of(out, sizeof *out), digest);
	if (memcmp(check, digest, sizeof digest) != 0)
		return VT_ECHECKSUM;
	if (out->size > image.n)
		return VT_ETRUNCATED;
	return out->size == image.n ? VT_OK : VT_EFORMAT;
}

bool vt_db_is_image(vt_span bytes)
{
	return vt_span_at(bytes, 0, VT_IMAGE_MAGIC, 8);
}

vt_err vt_db_content_digest(vt_span image, uint8_t out[32])
{
	struct vt_image_header h;
	vt_err e = read_header(image, &h);

	if (!e)
		memcpy(out, h.content, sizeof h.content);
	return e;
}

vt_err vt_db_verify(vt_span image)
{
	struct vt_image_header h;
	uint8_t digest[32];
	vt_err e = read_header(image, &h);

	if (e)
		return e;
	vt_sha256(vt_span_of(image.p + sizeof h, image.n - sizeof h), digest);
	return memcmp(digest, h.content, sizeof digest) == 0 ? VT_OK : VT_ECHECKSUM;
}

/* The bytes of one section; alignment and bounds are checked here, once, for all its readers. */
static bool section(vt_span image, const struct vt_image_header *h, unsigned id, vt_span *out)
{
	const struct vt_image_section *s = &h->sections[id];

	if (s->size == 0) {
		*out = vt_span_of(image.p, 0);
		return true;
	}
	return s->offset % VT_IMAGE_ALIGN == 0 && s->offset >= sizeof *h &&
		vt_span_sub(image, s->offset, s->size, out);
}

static bool table(vt_span image, const struct vt_image_header *h, unsigned id, size_t size,
	struct vt_table *out)
{
	vt_span s;

	if (!section(image, h, id, &s) || s.n % size || s.n / size > UINT32_MAX - 1)
		return false;
	*out = (struct vt_table){.p = s.p, .n = (uint32_t)(s.n / size)};
	return true;
}

static bool load_hashes(
	vt_span image, const struct vt_image_header *h, unsigned id, struct vt_hash_table *out)
{
	struct vt_table sizes, starts, keys, lines;

	if (!table(image, h, id + VT_HASH_SIZES, 4, &sizes) ||
		!table(image, h, id + VT_HASH_STARTS, 4, &starts) ||
		!table(image, h, id + VT_HASH_KEYS, 4, &keys) ||
		!table(image, h, id + VT_HASH_LINES, 4, &lines))
		return false;
	if (keys.n != lines.n || (sizes.n && starts.n != sizes.n + 1))
		return false;
	*out = (struct vt_hash_table){
		.sizes = sizes.p,
		.starts = starts.p,
		.keys = keys.p,
		.lines = lines.p,
		.nsizes = sizes.n,
		.nkeys = keys.n,
	};
	return true;
}

/* A table of `count` elements of `size` bytes at `off` in a section. */
static const void *inner(vt_span s, uint64_t off, uint64_t count, size_t size)
{
	vt_span t;

	if (off % 8 || count > s.n / size || !vt_span_sub(s, off, count * size, &t))
		return NULL;
	return t.p;
}

static bool load_filter(const struct vt_image_filter *head, vt_span s, struct vt_filter *out)
{
	const struct vt_image_filter f = *head;

	*out = (struct vt_filter){0};
	if (s.n == 0)
		return true;
	if (f.long_bits > VT_LONG_BITS_MAX || f.short_bits > VT_SHORT_BITS_MAX)
		return false;
	if (f.long_bits)
		out->longs = inner(s, f.long_table, 1ull << f.long_bits, 8);
	if (f.short_bits)
		out->shorts = inner(s, f.short_table, 1ull << f.short_bits, 4);
	if (f.has_pairs)
		out->pairs = inner(s, f.pair_table, 65536 / 32, 4);
	if ((f.long_bits && !out->longs) || (f.short_bits && !out->shorts) ||
		(f.has_pairs && !out->pairs))
		return false;
	if (f.short_bits && f.short_stride != 1 && f.short_stride != 2)
		return false;
	out->long_bits = f.long_bits;
	out->short_bits = f.short_bits;
	out->short_stride = f.short_stride;
	return true;
}

static bool load_anchors(const struct vt_image_anchors *head, vt_span s, struct vt_anchors *out)
{
	const struct vt_image_anchors a = *head;

	*out = (struct vt_anchors){0};
	if (s.n == 0)
		return true;
	for (unsigned t = 0; t < VT_TIERS; t++) {
		struct vt_anchor_tier *d = &out->tiers[t];

		d->bits = a.tiers[t].bucket_bits;
		d->nentries = a.tiers[t].entries;
		if (!d->bits)
			continue;
		if (d->bits > (t < VT_TIER_PAIR ? VT_BUCKET_BITS_MAX : VT_PAIR_BITS_MAX))
			return false;
		d->buckets = inner(s, a.tiers[t].bucket_table, (1ull << d->bits) + 1, 4);
		d->entries =
			inner(s, a.tiers[t].entry_table, d->nentries, sizeof(struct vt_image_gram));
		if (!d->buckets || !d->entries)
			return false;
	}
	out->nliterals = a.literals;
	out->nrefs = a.refs;
	out->literals = inner(
		s, a.literal_table, (uint64_t)a.literals + 1, sizeof(struct vt_image_literal));
	out->refs = inner(s, a.ref_table, a.refs, sizeof(struct vt_image_ref));
	return out->literals && out->refs;
}

static bool load_targets(vt_span image, const struct vt_image_header *h, struct vt_db *db)
{
	const struct vt_image_target *heads;
	struct vt_table targets;

	if (!table(image, h, VT_SEC_TARGETS, sizeof *heads, &targets) || targets.n != VT_TARGETS)
		return false;
	heads = targets.p;
	for (unsigned t = 0; t < VT_TARGETS; t++) {
		vt_span f, a;

		if (!section(image, h, VT_SEC_FILTERS + t, &f) ||
			!load_filter(&heads[t].filter, f, &db->filters[t]) ||
			!section(image, h, VT_SEC_ANCHORS + t, &a) ||
			!load_anchors(&heads[t].anchors, a, &db->anchors[t]) ||
			!table(image, h, VT_SEC_ALWAYS + t, 4, &db->always[t]))
			return false;
	}
	return true;
}

static bool load_tables(vt_span image, const struct vt_image_header *h, struct vt_db *db)
{
	struct vt_table counts;

	if (!section(image, h, VT_SEC_CODE, &db->code) ||
		!section(image, h, VT_SEC_STRINGS, &db->strings) ||
		!section(image, h, VT_SEC_TEXT, &db->text) ||
		!table(image, h, VT_SEC_SETS, sizeof(struct vt_image_set), &db->sets) ||
		!table(image, h, VT_SEC_TEXT_INDEX, sizeof(struct vt_image_text),
			&db->text_index) ||
		!table(image, h, VT_SEC_ASIDES, sizeof(struct vt_image_aside), &db->asides) ||
		!table(image, h, VT_SEC_RULES, sizeof(struct vt_image_rule), &db->rules) ||
		!table(image, h, VT_SEC_SUBS, sizeof(struct vt_image_sub), &db->subs) ||
		!table(image, h, VT_SEC_PATTERNS, sizeof(struct vt_image_pattern), &db->patterns) ||
		!table(image, h, VT_SEC_TDBS, sizeof(struct vt_image_tdb), &db->tdbs) ||
		!table(image, h, VT_SEC_CONTAINERS, sizeof(struct vt_image_container),
			&db->containers) ||
		!table(image, h, VT_SEC_MACROS, 4, &db->macros) ||
		!table(image, h, VT_SEC_WITHDRAWN, sizeof(struct vt_image_withdrawn),
			&db->withdrawn) ||
		!table(image, h, VT_SEC_COUNTS, 8, &counts) || counts.n != VT_COUNT_KINDS)
		return false;
	db->counts = counts.p;
	for (unsigned k = 0; k < VT_HASH_KINDS; k++) {
		for (unsigned a = 0; a < VT_HASH_ALGOS; a++) {
			unsigned id = VT_SEC_HASHES + (k * VT_HASH_ALGOS + a) * VT_HASH_PARTS;

			if (!load_hashes(image, h, id, &db->hashes[k][a]))
				return false;
		}
	}
	return load_targets(image, h, db);
}

vt_err vt_db_open(vt_span image, struct vt_db **out)
{
	struct vt_image_header h;
	struct vt_db *db;
	vt_err e;

	if ((uintptr_t)image.p % VT_IMAGE_ALIGN)
		return VT_EARG;
	e = read_header(image, &h);
	if (e)
		return e;
	db = calloc(1, sizeof *db);
	if (!db)
		return VT_ENOMEM;
	db->image = image;
	if (!load_tables(image, &h, db)) {
		free(db);
		return VT_EFORMAT;
	}
	*out = db;
	return VT_OK;
}

void vt_db_close(struct vt_db *db)
{
	free(db);
}

vt_span vt_db_code(const struct vt_db *db, uint32_t off, uint32_t size)
{
	return vt_span_has(db->code, off, size) ? vt_span_of(db->code.p + off, size) : (vt_span){0};
}

vt_span vt_db_string(const struct vt_db *db, uint32_t off, uint32_t size)
{
	return vt_span_has(db->strings, off, size) ? vt_span_of(db->strings.p + off, size)
						   : (vt_span){0};
}
