/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Collects rules from the front ends and writes the database image. Everything added is copied,
 * except the text of a set, which must stay readable until vt_builder_free(): the image keeps each
 * rule's line so that a report can show it.
 */
#ifndef VT_COMPILE_BUILDER_H
#define VT_COMPILE_BUILDER_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "engine/core/rule.h"

struct vt_builder;

VT_MUST_USE vt_err vt_builder_new(struct vt_builder **out);
/* NULL is fine. */
void vt_builder_free(struct vt_builder *b);

/*
 * Starts a set; what is added from now on belongs to it. For the same bytes whatever the order of
 * the sources, the caller starts sets in the order of vt_set_compare(). `name` is what reports
 * show ("main.ndb", "daily.cvd/daily.ldb").
 */
VT_MUST_USE vt_err vt_builder_begin_set(struct vt_builder *b, vt_span name, vt_span text);

/* VT_EARG if the rule breaks a bound that engine/core/rule.h gives; *why then has the cause. */
VT_MUST_USE vt_err vt_builder_add_rule(
	struct vt_builder *b, const struct vt_rule *r, const char **why);
VT_MUST_USE vt_err vt_builder_add_hash(struct vt_builder *b, const struct vt_hash_rule *h);
VT_MUST_USE vt_err vt_builder_add_container(
	struct vt_builder *b, const struct vt_container_rule *c, const char **why);
/*
 * From .ign and .ign2: rules with this name are left out, whatever set they are in; with has_md5
 * only the line whose text has that MD5.
 */
VT_MUST_USE vt_err vt_builder_add_ignore(
	struct vt_builder *b, vt_span name, bool has_md5, const uint8_t md5[16]);

/*
 * From .withdrawn: a line with this SHA-256 of the set of this name is not in force, in whatever
 * image it stands.
 */
VT_MUST_USE vt_err vt_builder_add_withdrawn(
	struct vt_builder *b, vt_span set_name, const uint8_t line_sha256[32]);

/* What became of a line that is not in the image. */
enum vt_aside {
	VT_ASIDE_BAD,         /* the line breaks its format's rules */
	VT_ASIDE_UNSUPPORTED, /* a form that is recognised but not matched yet */
	VT_ASIDE_REFUSED,     /* a form that is refused by design */
	VT_ASIDE_OTHER_LEVEL, /* meant for an older or newer engine (functionality level) */
	VT_ASIDE_COUNT
};

/*
 * `cause`: a short phrase without the line's own text, so that equal causes can be counted;
 * copied. Line 0 is the file as a whole.
 */
VT_MUST_USE vt_err vt_builder_set_aside(
	struct vt_builder *b, uint32_t line, enum vt_aside what, const char *cause);

/* What was set aside, in order of sets and lines; valid until the builder changes. */
struct vt_aside_entry {
	vt_span set;
	uint32_t line;
	enum vt_aside what;
	const char *cause;
};
size_t vt_builder_asides(struct vt_builder *b, const struct vt_aside_entry **out);

/* Writes the image's bytes in order; an error from `write` ends the emission with that error. */
typedef vt_err vt_image_write_fn(void *ctx, const void *p, size_t n);
VT_MUST_USE vt_err vt_builder_emit(struct vt_builder *b, vt_image_write_fn *write, void *ctx);

/*
 * Order of sets: ignore lists (.ign, .ign2) first, since the builder applies them as rules arrive;
 * then by name, then by text; <0, 0, >0.
 */
int vt_set_compare(vt_span name_a, vt_span text_a, vt_span name_b, vt_span text_b);

#endif
