/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The read side of a database image: checked access to its tables. Nothing here trusts a number
 * from the image: an index out of range gives NULL, a span out of range is empty.
 */
#ifndef VT_ENGINE_DB_DB_H
#define VT_ENGINE_DB_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "engine/core/rule.h"
#include "engine/db/image.h"

/* A table of fixed-size records inside of the image. */
struct vt_table {
	const void *p;
	uint32_t n;
};

struct vt_hash_table {
	const uint32_t *sizes, *starts, *keys, *lines;
	uint32_t nsizes, nkeys;
};

struct vt_anchor_tier {
	unsigned bits;
	const uint32_t *buckets;
	const struct vt_image_gram *entries;
	uint32_t nentries;
};

struct vt_anchors {
	struct vt_anchor_tier tiers[VT_TIERS];
	const struct vt_image_literal *literals;
	const struct vt_image_ref *refs;
	uint32_t nliterals, nrefs;
};

struct vt_filter {
	unsigned long_bits, short_bits, short_stride;
	const uint64_t *longs;
	const uint32_t *shorts;
	const uint32_t *pairs; /* NULL: no anchors of two bytes */
};

struct vt_db {
	vt_span image;
	vt_span code, strings, text;
	struct vt_table sets, text_index, asides, rules, subs, patterns, tdbs, containers, macros;
	struct vt_table withdrawn;
	const uint64_t *counts; /* VT_COUNT_KINDS of them */
	struct vt_hash_table hashes[VT_HASH_KINDS][VT_HASH_ALGOS];
	struct vt_filter filters[VT_TARGETS];
	struct vt_anchors anchors[VT_TARGETS];
	struct vt_table always[VT_TARGETS];
};

/* vt_db_open() and vt_db_close(): include/vitrine/engine.h declares them for users. */

/* True if `bytes` starts like an image (whatever its version or state). */
bool vt_db_is_image(vt_span bytes);
/* The digest of the content as the header gives it, and whether the content has it. */
VT_MUST_USE vt_err vt_db_content_digest(vt_span image, uint8_t out[32]);
/* Reads everything: VT_ECHECKSUM if one bit behind the header differs. */
VT_MUST_USE vt_err vt_db_verify(vt_span image);

#define VT_TABLE_GETTER(name, T, field)                                                            \
	static inline const T *vt_db_##name(const struct vt_db *db, uint32_t i)                    \
	{                                                                                          \
		return i < db->field.n ? (const T *)db->field.p + i : NULL;                        \
	}
VT_TABLE_GETTER(set, struct vt_image_set, sets)
VT_TABLE_GETTER(text_block, struct vt_image_text, text_index)
VT_TABLE_GETTER(aside, struct vt_image_aside, asides)
VT_TABLE_GETTER(rule, struct vt_image_rule, rules)
VT_TABLE_GETTER(sub, struct vt_image_sub, subs)
VT_TABLE_GETTER(pattern, struct vt_image_pattern, patterns)
VT_TABLE_GETTER(tdb, struct vt_image_tdb, tdbs)
VT_TABLE_GETTER(container, struct vt_image_container, containers)
#undef VT_TABLE_GETTER

/* A part of CODE or STRINGS; empty if it does not lie inside. */
vt_span vt_db_code(const struct vt_db *db, uint32_t off, uint32_t size);
vt_span vt_db_string(const struct vt_db *db, uint32_t off, uint32_t size);

/* The set that a line (counted over all sets, from 0) belongs to; NULL if none. */
const struct vt_image_set *vt_db_set_of_line(const struct vt_db *db, uint32_t line);
vt_span vt_db_set_name(const struct vt_db *db, const struct vt_image_set *set);

/*
 * The source text of a line, without its line end, unpacked into *storage (cleared first; its max
 * must allow VT_IMAGE_TEXT_MAX). VT_EARG if there is no such line, VT_EFORMAT for a broken block.
 */
VT_MUST_USE vt_err vt_db_line(const struct vt_db *db, uint32_t line, vt_buf *storage, vt_span *out);
/* All lines of one text block, in order, through `fn`; an error from it ends the walk. */
typedef vt_err vt_line_fn(void *ctx, uint32_t line, vt_span text);
VT_MUST_USE vt_err vt_db_each_line(const struct vt_db *db, vt_line_fn *fn, void *ctx);

/* The key of struct vt_image_withdrawn. */
void vt_withdrawn_key(vt_span set_name, const uint8_t line_sha256[32], uint8_t out[16]);
/* Does this image take back that line, wherever it stands? */
bool vt_db_withdraws(const struct vt_db *db, const uint8_t key[16]);

/* The n-th field (from 0) of a line split at `sep`; empty if there are fewer. */
vt_span vt_line_field(vt_span line, char sep, unsigned n);

/* Does any hash rule of this kind and algorithm have this size, or any size? */
bool vt_db_hash_wanted(const struct vt_db *db, enum vt_hash_kind kind, enum vt_hash_algo algo,
	uint64_t size, bool pua);
/*
 * Lines of rules for exactly this digest and size, through `fn` (false: stop). The key's tail is
 * compared with the source line, so a hit is exact.
 */
typedef bool vt_hash_hit_fn(void *ctx, uint32_t line, vt_span text);
VT_MUST_USE vt_err vt_db_hash_find(const struct vt_db *db, enum vt_hash_kind kind,
	enum vt_hash_algo algo, uint64_t size, const uint8_t *digest, bool pua, vt_buf *storage,
	vt_hash_hit_fn *fn, void *ctx);

#endif
