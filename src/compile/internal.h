/* SPDX-License-Identifier: Apache-2.0 */
/* The builder's state, shared by the files of this folder only. */
#ifndef VT_COMPILE_INTERNAL_H
#define VT_COMPILE_INTERNAL_H

#include "compile/anchor.h"
#include "compile/builder.h"
#include "compile/vec.h"
#include "engine/db/image.h"

struct vt_build_hash {
	uint32_t key;
	uint32_t size; /* VT_IMAGE_SIZE_ANY for any */
	uint32_t line; /* with VT_IMAGE_LINE_PUA */
};

struct vt_build_ignore {
	vt_span name;
	bool has_md5;
	uint8_t md5[16];
};

struct vt_build_set {
	vt_span name, text;
};

struct vt_builder {
	vt_buf sets;    /* struct vt_image_set */
	vt_buf texts;   /* struct vt_build_set, the same order */
	vt_buf strings; /* bytes */
	vt_buf asides;  /* struct vt_image_aside */
	vt_buf aside_views;
	vt_buf rules, subs, patterns, code, tdbs, containers;
	vt_buf macros; /* u32 subs with (group << 32) until they are sorted: u64 */
	vt_buf hashes[VT_HASH_KINDS][VT_HASH_ALGOS]; /* struct vt_build_hash */
	vt_buf ignores;                              /* struct vt_build_ignore */
	vt_buf withdrawn;                            /* struct vt_image_withdrawn */
	uint64_t counts[VT_COUNT_KINDS];
	uint32_t next_line;
	uint32_t *tdb_slots; /* open addressing over tdbs: index + 1 */
	size_t ntdb_slots;
	vt_span last_text; /* where the text of the line asked for last begins ... */
	uint32_t last_line;
};

/*
 * The subsignatures whose anchors together notice every object in which the rule can hold: bit i is
 * subsignature i. VT_COST_NONE: the rule can hold without any (or has no anchors): always evaluate.
 */
vt_cost vt_cover(const struct vt_builder *b, const struct vt_image_rule *r, uint64_t *out_subs);

/* The anchors of one of a content subsignature's patterns, and what they cost together. */
vt_cost vt_sub_anchors(const struct vt_builder *b, const struct vt_image_sub *s, uint32_t pattern,
	struct vt_anchor out[VT_ANCHORS_MAX], size_t *out_n);

/* NULL, or what is wrong with logic code over `nsubs` subsignatures. */
const char *vt_logic_check(vt_span code, unsigned nsubs);

/* Fills the filters, anchors and always lists of all targets: sections[VT_SEC_FILTERS..]. */
VT_MUST_USE vt_err vt_build_filters(struct vt_builder *b, vt_buf sections[VT_SEC_END]);

#endif
